"""Cases over a restart: each is a generator that yields once, and what comes behind the yield happens after the restart."""

from __future__ import annotations

import time
from typing import Callable, Iterator

from raw.batch import Rec, batch
from raw.case import Context, errors
from raw.cases.groups import Member
from raw.cases.idempotence import numbered
from raw.cases.list_offsets import ask
from raw.cases.offsets import commit, fetch

RESTARTS: dict[str, Callable[[Context], Iterator[None]]] = {}

EPOCHS = ("leader_epoch", "current_leader")
"""Kafka raises leader epochs at a restart; klamm may."""


def over_restart(statement: str) -> Callable:
    """Registers a case over a restart."""

    def register(function: Callable[[Context], Iterator[None]]) -> Callable:
        RESTARTS[f"{statement}-{function.__name__}"] = function
        return function

    return register


@over_restart("B8")
def topics_and_their_records(c: Context) -> Iterator[None]:
    """Everything acknowledged is there: topic id, partitions, configs, records; leader epochs do not go back."""
    topic = c.topic(partitions=2, retention_ms=123_456_789)
    for index in range(5):
        c.put(topic, batch([Rec(b"%d" % index), Rec(None)], index))
    before = c.quiet("metadata", 12, {"topics": [{"name": topic.name}]})["topics"][0]
    yield
    c.await_leaders(topic.name)
    after = c.quiet("metadata", 12, {"topics": [{"name": topic.name}]})["topics"][0]
    c.add("same id", after["topic_id"] == before["topic_id"], says=True)
    rose = [new["leader_epoch"] >= old["leader_epoch"] for old, new in zip(before["partitions"], after["partitions"])]
    c.add("epochs do not go back", rose, says=[True, True])
    c.content("records", topic, says={"high_watermark": 10})
    c.call("config", "describe_configs", 4, {"resources": [
        {"resource_type": 2, "resource_name": topic.name, "configuration_keys": ["retention.ms"]}]}, says={"value": "123456789"})
    c.produce("goes on", topic, batch(), error=0, says={"base_offset": 10})


@over_restart("D6")
def deleted_records_stay_deleted(c: Context) -> Iterator[None]:
    """An acknowledged DeleteRecords is not undone; Kafka writes its checkpoint once a minute and may undo it by a crash."""
    topic = c.topic()
    c.put(topic, batch([Rec(b"%d" % i) for i in range(6)]), batch())
    c.call("delete", "delete_records", 1, {"timeout": 5000, "topics": [
        {"name": topic.name, "partitions": [{"partition_index": 0, "offset": 4}]}]}, error=0)
    yield
    c.await_leaders(topic.name)
    c.call("earliest", "list_offsets", 2, ask(topic, -2))
    c.fetch("below", topic, 2)
    c.fetch("at it", topic, 4, error=0)


@over_restart("I11")
def the_last_batch_of_a_producer_is_known(c: Context) -> Iterator[None]:
    """A duplicate of the last batch is recognised after a restart, the next sequence accepted, a gap refused."""
    topic, (pid, epoch) = c.topic(), c.producer()
    now = int(time.time() * 1000)  # a producer of 2020 would have expired by the restart
    for index in range(7):
        c.put(topic, numbered(pid, epoch, index, time=now))
    yield
    c.await_leaders(topic.name)
    c.produce("again", topic, numbered(pid, epoch, 6, time=now), error=0, says={"base_offset": 6})
    c.produce("gap", topic, numbered(pid, epoch, 9, time=now), error=45)
    c.produce("older than five", topic, numbered(pid, epoch, 0, time=now), error=45)
    c.produce("next", topic, numbered(pid, epoch, 7, time=now), error=0, says={"base_offset": 7})
    c.produce("newer epoch", topic, numbered(pid, epoch + 1, 0, time=now), error=0)


@over_restart("I14")
def producer_ids_are_not_given_again(c: Context) -> Iterator[None]:
    """No producer id of before the restart is handed out after it."""
    before = {c.producer()[0] for _ in range(20)}
    yield
    after = {c.producer()[0] for _ in range(20)}
    c.add("distinct", len(before | after), says=40)


@over_restart("O6")
def committed_offsets(c: Context) -> Iterator[None]:
    """Acknowledged commits come back with metadata and epoch, deleted groups do not."""
    topic, group, gone = c.topic(partitions=2), c.name("g"), c.name("gone")
    for offset in (1, 5, 9):
        c.call(f"commit {offset}", "offset_commit", 7, commit(group, topic, offset, partitions=(0, 1), epoch=2), error=0)
    c.call("commit gone", "offset_commit", 7, commit(gone, topic), error=0)
    c.call("delete gone", "delete_groups", 2, {"groups_names": [gone]}, error=0)
    yield
    c.call("fetched", "offset_fetch", 7, fetch(group), error=0, says={"committed_offset": 9})
    c.call("gone", "offset_fetch", 7, fetch(gone), error=0, says={"topics": []})
    c.call("gone described", "describe_groups", 6, {"groups": [gone]}, error=69)


@over_restart("G18")
def a_group_survives_without_a_rebalance(c: Context) -> Iterator[None]:
    """Members, generation and assignment are kept; session timers start anew; heartbeats and commits go on."""
    topic = c.topic()
    a, s = Member(c, c.name("g"), "a", session_ms=60_000), Member(c, c.name("s"), "s", session_ms=60_000, instance="i")
    for m in (a, s):
        m.join()
        m.sync(assignments={m.id: b"work"})
    yield
    for m in (a, s):
        m.conn = c.connect()
        c.call(f"{m.label} described", "describe_groups", 6, {"groups": [m.group]}, error=0, says={"group_state": "Stable"})
        m.beat("beats on")
        m.sync("syncs again", says={"assignment": repr(b"work")})
        c.call(f"{m.label} commit", "offset_commit", 7, commit(m.group, topic, 3, generation=1, member=m.id, instance=m.instance),
               error=0)
    s.id = ""
    s.join("back", says={"generation_id": 1})
    a.leave()


@over_restart("T4")
def deleted_topics_stay_away(c: Context) -> Iterator[None]:
    """A deleted topic is not back; one made anew has its new id and none of the old records."""
    gone, again = c.topic("gone"), c.topic("again")
    for topic in (gone, again):
        c.put(topic, batch([Rec(b"old")]))
        answer = c.quiet("delete_topics", 5, {"topic_names": [topic.name], "timeout": 10_000})
        assert errors(answer) == [0]
    new = c.topic("again")
    c.put(new, batch([Rec(b"new"), Rec(b"new")]))
    yield
    c.await_leaders(new.name)
    c.call("gone", "metadata", 12, {"topics": [{"name": gone.name}], "allow_auto_topic_creation": False}, error=3)
    found = c.quiet("metadata", 12, {"topics": [{"name": new.name}]})["topics"][0]["topic_id"]
    c.add("the new id", found == new.id, says=True)
    c.content("the new records", new, says={"high_watermark": 2})


@over_restart("V2")
def dynamic_configs(c: Context) -> Iterator[None]:
    """Configs set on topics and brokers are there after a restart."""
    topic, me = c.topic(), str(c.broker.node_id)
    rows = [(2, topic.name, "max.message.bytes", "4321"), (4, me, "log.cleaner.threads", "1")]
    for kind, name, key, value in rows:
        c.call(f"set {key}", "incremental_alter_configs", 1, {"resources": [{
            "resource_type": kind, "resource_name": name, "configs": [
                {"name": key, "config_operation": 0, "value": value}]}]}, error=0)
    yield
    c.await_leaders(topic.name)
    for kind, name, key, _ in rows:
        c.call(f"described {key}", "describe_configs", 4, {"include_synonyms": True, "resources": [
            {"resource_type": kind, "resource_name": name, "configuration_keys": [key]}]}, error=0)
    c.produce("in force", topic, batch([Rec(b"x" * 5000)]), error=10)


@over_restart("P25")
def unfinished_bytes_at_the_end(c: Context) -> Iterator[None]:
    """Offsets go on densely over several segments."""
    topic = c.topic(segment_bytes=1_048_576)
    for index in range(9):
        c.put(topic, batch([Rec(b"%d" % index * 300_000)]))
    yield
    c.await_leaders(topic.name)
    for offset in range(0, 10, 3):
        c.fetch(f"at {offset}", topic, offset, max_bytes=1, drop=("records",), error=0)
    c.produce("next", topic, batch(), error=0, says={"base_offset": 9})
    for special in (-1, -2, -3):
        c.call(f"time {special}", "list_offsets", 7, ask(topic, special), error=0, drop=EPOCHS)
