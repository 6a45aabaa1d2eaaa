"""Fetch sessions (S1-S6, KIP-227)."""

import uuid

from raw.batch import Rec, batch
from raw.case import Context, case, fetch_body

STRANGER = uuid.UUID(int=0xFEDCBA)


def ask(topic, offsets, session: int, epoch: int, version: int = 11, **more):
    """A fetch within a session."""
    body = fetch_body(topic, offsets, version=version, **more) if offsets else {"max_bytes": 10**7, "topics": [], **more}
    return {**body, "session_id": session, "session_epoch": epoch}


def ready(c: Context, partitions: int = 3, version: int = 11):
    """A topic with one batch in each partition, and a session over all of them."""
    topic = c.topic(partitions=partitions)
    for partition in range(partitions):
        c.put(topic, batch(), partition=partition)
    answer = c.call("create", "fetch", version, ask(topic, dict.fromkeys(range(partitions), 0), 0, 0, version), error=0)
    assert answer["session_id"] > 0
    return topic, answer["session_id"]


@case("S1")
def sessions_are_created_and_closed(c: Context) -> None:
    """(0, -1) has none, (0, 0) creates, (id, 0) closes and creates, (id, -1) closes."""
    topic, session = ready(c)
    c.call("sessionless", "fetch", 11, ask(topic, {0: 0}, 0, -1), says={"session_id": 0})
    again = c.call("create anew", "fetch", 11, ask(topic, {0: 0}, session, 0), error=0)
    c.add("another id", again["session_id"] not in (0, session), says=True)
    c.call("the old one is gone", "fetch", 11, ask(topic, {}, session, 1), error=70)
    c.call("the new one lives", "fetch", 11, ask(topic, {}, again["session_id"], 1), error=0)
    c.call("close", "fetch", 11, ask(topic, {0: 0}, again["session_id"], -1), says={"session_id": 0}, error=0)
    c.call("closed", "fetch", 11, ask(topic, {}, again["session_id"], 2), error=70)


@case("S1")
def an_empty_session_is_none(c: Context) -> None:
    """A creation without partitions."""
    c.call("create of nothing", "fetch", 11, {"topics": [], "session_id": 0, "session_epoch": 0})
    c.call("v13 create of nothing", "fetch", 13, {"topics": [], "session_id": 0, "session_epoch": 0})


@case("S2")
def wrong_ids_and_epochs(c: Context) -> None:
    """Unknown id 70, wrong epoch 71 with session id 0; the session goes on with the right epoch, from any connection."""
    topic, session = ready(c)
    c.call("epoch 2", "fetch", 11, ask(topic, {}, session, 2), error=71, says={"session_id": 0, "responses": []})
    c.call("epoch 2^31-1", "fetch", 11, ask(topic, {}, session, 2**31 - 1), error=71)
    c.call("right", "fetch", 11, ask(topic, {}, session, 1), error=0)
    c.call("repeated", "fetch", 11, ask(topic, {}, session, 1), error=71)
    c.call("right again", "fetch", 11, ask(topic, {}, session, 2), conn=c.connect(), error=0)
    c.call("unknown id", "fetch", 11, ask(topic, {0: 0}, 12345, 1), error=70, says={"responses": []})
    c.call("id 0 epoch 1", "fetch", 11, ask(topic, {0: 0}, 0, 1), error=70)
    c.call("unknown id epoch 0", "fetch", 11, ask(topic, {0: 0}, 12345, 0), error=0, says={"session_id": "<session 2>"})
    c.call("unknown id epoch -1", "fetch", 11, ask(topic, {0: 0}, 12345, -1), error=0, says={"session_id": 0})
    c.call("epoch -2", "fetch", 11, ask(topic, {0: 0}, session, -2))
    c.call("negative id", "fetch", 11, ask(topic, {0: 0}, -5, 3))


@case("S3")
def ids_and_names_do_not_mix(c: Context) -> None:
    """A session by ids used by name, or the reverse, is FETCH_SESSION_TOPIC_ID_ERROR and stays as it was."""
    topic, session = ready(c)
    c.call("by id", "fetch", 13, ask(topic, {}, session, 1, 13), error=106)
    c.call("stays", "fetch", 11, ask(topic, {}, session, 1), error=0)
    by_id = c.call("create by id", "fetch", 13, ask(topic, {0: 0}, 0, 0, 13), error=0)["session_id"]
    c.call("by name", "fetch", 12, ask(topic, {}, by_id, 1, 12), error=106)
    c.call("stays too", "fetch", 13, ask(topic, {}, by_id, 1, 13), error=0)


@case("S4")
def an_incremental_answer_has_only_what_is_new(c: Context) -> None:
    """Partitions without news are left out: news are records, a moved watermark or log start, an error."""
    topic, session = ready(c)
    c.call("records again at the old offset", "fetch", 11, ask(topic, {}, session, 1), error=0)
    c.call("offsets moved on", "fetch", 11, ask(topic, {0: 1, 1: 1, 2: 1}, session, 2), error=0)
    c.call("nothing new", "fetch", 11, ask(topic, {}, session, 3), error=0, says={"responses": []})
    c.put(topic, batch([Rec(b"new")]), partition=1)
    c.call("one has records", "fetch", 11, ask(topic, {}, session, 4), error=0)
    c.call("moved behind them", "fetch", 11, ask(topic, {1: 2}, session, 5), error=0, says={"responses": []})
    c.call("an error", "fetch", 11, ask(topic, {2: 99}, session, 6), error=1)
    c.call("the error again", "fetch", 11, ask(topic, {}, session, 7), error=1)
    c.call("mended", "fetch", 11, ask(topic, {2: 1}, session, 8), error=0)
    c.call("nothing new again", "fetch", 11, ask(topic, {}, session, 9), error=0, says={"responses": []})
    c.quiet("delete_records", 1, {"timeout": 5000, "topics": [
        {"name": topic.name, "partitions": [{"partition_index": 0, "offset": 1}]}]})
    c.call("log start moved", "fetch", 11, ask(topic, {}, session, 10), error=0)
    c.call("quiet", "fetch", 11, ask(topic, {}, session, 11), error=0, says={"responses": []})


@case("S4")
def a_session_fetch_waits_for_its_partitions(c: Context) -> None:
    """An incremental fetch without topics parks on all partitions of its session and wakes on any of them."""
    topic, session = ready(c)
    c.call("to the end", "fetch", 11, ask(topic, {0: 1, 1: 1, 2: 1}, session, 1), error=0)
    conn = c.connect()
    sent = conn.send("fetch", 11, ask(topic, {}, session, 2, max_wait=60_000, min_bytes=1))
    c.silence("parked", conn, wait_s=0.15)
    c.put(topic, batch([Rec(b"wake")]), partition=2)
    c.timed("woken", conn, sent, 60_000, error=0, came="at once")


@case("S5")
def who_got_data_moves_to_the_end(c: Context) -> None:
    """Under a small limit the partitions take turns; the creating fetch does not rotate."""
    topic = c.topic(partitions=3)
    for partition in range(3):
        c.put(topic, *[batch([Rec(b"x" * 500)]) for _ in range(4)], partition=partition)
    session = c.call("create", "fetch", 11, ask(topic, {0: 0, 1: 0, 2: 0}, 0, 0, max_bytes=1), error=0)["session_id"]
    for epoch in range(1, 7):
        c.call(f"turn {epoch}", "fetch", 11, {"max_bytes": 1, "session_id": session, "session_epoch": epoch,
                                              "topics": []}, error=0)


@case("S6")
def partitions_are_forgotten(c: Context) -> None:
    """Forgotten partitions are served no more; a session that becomes empty answers with id 0."""
    topic, session = ready(c)
    forget = {"forgotten_topics_data": [{"topic": topic.name, "partitions": [0, 2]}]}
    c.call("two forgotten", "fetch", 11, ask(topic, {}, session, 1, **forget), error=0)
    c.put(topic, batch([Rec(b"unseen")]), partition=0)
    c.call("only the third", "fetch", 11, ask(topic, {1: 0}, session, 2), error=0)
    c.call("the last forgotten", "fetch", 11, ask(topic, {}, session, 3, forgotten_topics_data=[
        {"topic": topic.name, "partitions": [1]}]), says={"session_id": 0})
    c.call("is the session gone", "fetch", 11, ask(topic, {}, session, 4))


@case("S6")
def partitions_are_added_and_changed(c: Context) -> None:
    """An incremental fetch adds partitions and changes offsets of those it names."""
    topic, session = ready(c, partitions=2)
    other = c.topic("other")
    c.put(other, batch([Rec(b"other")]))
    c.call("add another topic", "fetch", 11, ask(other, {0: 0}, session, 1), error=0)
    c.call("add an unknown topic", "fetch", 11, ask(c.name("absent"), {0: 0}, session, 2), error=3)
    c.call("still told", "fetch", 11, ask(topic, {}, session, 3), error=3)


@case("S6")
def unknown_ids_are_resolved_again(c: Context) -> None:
    """An unknown topic id stays in the session; a deleted topic shows its error in the session that knew it."""
    topic, session = ready(c, partitions=1, version=13)
    c.call("stranger", "fetch", 13, {"max_bytes": 10**6, "session_id": session, "session_epoch": 1, "topics": [
        {"topic_id": STRANGER, "partitions": [{"partition": 0, "partition_max_bytes": 9}]}]}, error=100)
    c.call("stranger again", "fetch", 13, ask(topic, {}, session, 2, 13), error=100)
    c.call("stranger forgotten", "fetch", 13, {"max_bytes": 10**6, "session_id": session, "session_epoch": 3, "topics": [],
           "forgotten_topics_data": [{"topic_id": STRANGER, "partitions": [0]}]}, error=0)
    c.quiet("delete_topics", 5, {"topic_names": [topic.name], "timeout": 10_000})
    c.await_gone(topic.name)
    c.call("deleted", "fetch", 13, ask(topic, {}, session, 4, 13), error=3)
    c.call("deleted, without session", "fetch", 13, ask(topic, {0: 0}, 0, -1, 13), error=100)
