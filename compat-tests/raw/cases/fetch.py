"""Fetch (F1-F21)."""

import uuid

from raw.batch import CODECS, Rec, batch, parse
from raw.case import Context, case, errors, fetch_body

STRANGER = uuid.UUID(int=0xABCDEF)


def filled(c: Context, batches: int = 3, size: int = 100, partitions: int = 1, **configs):
    """A topic with so many equal batches of one record in each partition."""
    topic = c.topic(partitions=partitions, **configs)
    for partition in range(partitions):
        c.put(topic, *[batch([Rec(b"x" * size)]) for _ in range(batches)], partition=partition)
    return topic, len(batch([Rec(b"x" * size)]))


def trim(c: Context, topic, offset: int) -> None:
    """DeleteRecords up to an offset."""
    answer = c.quiet("delete_records", 1, {"timeout": 5000, "topics": [
        {"name": topic.name, "partitions": [{"partition_index": 0, "offset": offset}]}]})
    assert errors(answer) == [0], answer


@case("F1")
def the_first_batch_comes_whole_whatever_the_limits(c: Context) -> None:
    """Limits of 0 or 1 still give one whole batch; more follow only as far as they fit."""
    topic, size = filled(c, size=1000)
    for limit in (0, 1, 100, size - 1, size, size + 1, 2 * size, 2 * size + 1, 3 * size):
        for version in (4, 11):
            c.call(f"max_bytes {limit} v{version}", "fetch", version,
                   fetch_body(topic, {0: 0}, max_bytes=limit), error=0)
            c.call(f"partition_max_bytes {limit} v{version}", "fetch", version,
                   fetch_body(topic, {0: 0}, partition_max_bytes=limit), error=0)
    c.fetch("at the second", topic, 1, max_bytes=1, error=0)


@case("F1")
def a_negative_limit(c: Context) -> None:
    """A negative max_bytes is UNKNOWN_SERVER_ERROR per partition."""
    topic, _ = filled(c)
    c.call("max_bytes -1", "fetch", 11, fetch_body(topic, {0: 0}, max_bytes=-1), error=[0, -1])
    c.call("partition_max_bytes -1", "fetch", 11, fetch_body(topic, {0: 0}, partition_max_bytes=-1))
    c.call("min_bytes -1", "fetch", 11, fetch_body(topic, {0: 0}, min_bytes=-1), error=0)


@case("F1")
def later_partitions_get_what_is_left(c: Context) -> None:
    """Partitions are read in the order of the request; a first batch that does not fit the rest is left out."""
    topic, size = filled(c, partitions=3, size=500)
    for limit in (1, size, 3 * size, 4 * size, 9 * size):
        c.call(f"limit {limit}", "fetch", 11, fetch_body(topic, {0: 0, 1: 0, 2: 0}, max_bytes=limit), error=0)
        c.call(f"backwards {limit}", "fetch", 11, fetch_body(topic, {2: 0, 1: 0, 0: 0}, max_bytes=limit), error=0)
    c.call("first at its end", "fetch", 11, fetch_body(topic, {0: 3, 1: 0, 2: 0}, max_bytes=1), error=0)


@case("F3")
def records_start_at_the_batch_that_contains_the_offset(c: Context) -> None:
    """A fetch inside a batch returns it from its beginning."""
    topic = c.topic()
    for codec in CODECS.values():
        c.put(topic, batch([Rec(b"%d" % i) for i in range(4)], codec))
    for offset in (0, 1, 3, 4, 7, 13, 18, 19, 20):
        c.fetch(f"offset {offset}", topic, offset, error=0, drop=("crc", "length"))


@case("F4")
def what_is_answered_at_once(c: Context) -> None:
    """No wait, no partitions, enough bytes or an error of the log read: no waiting whatever max_wait says."""
    topic, size = filled(c)
    for name, body, error in (
            ("max_wait 0", fetch_body(topic, {0: 3}, max_wait=0, min_bytes=1), 0),
            ("negative max_wait", fetch_body(topic, {0: 3}, max_wait=-1, min_bytes=1), 0),
            ("min_bytes 0", fetch_body(topic, {0: 3}, max_wait=60_000, min_bytes=0), 0),
            ("no topics", {"max_wait": 60_000, "min_bytes": 1, "topics": []}, 0),
            ("enough", fetch_body(topic, {0: 0}, max_wait=60_000, min_bytes=3 * size), 0),
            ("out of range", fetch_body(topic, {0: 99}, max_wait=60_000, min_bytes=1), 1),
            ("wrong epoch", {"max_wait": 60_000, "min_bytes": 1, "max_bytes": 1000, "topics": [{
                "topic": topic.name, "partitions": [{"partition": 0, "current_leader_epoch": 9,
                                                     "partition_max_bytes": 100}]}]}, 75),
            ("only unknown", fetch_body(c.name("absent"), {0: 0}, max_wait=60_000, min_bytes=1), 3),
            ("min above max", fetch_body(topic, {0: 0}, max_wait=60_000, min_bytes=10**6, max_bytes=10), 0)):
        conn = c.connect()
        c.timed(name, conn, conn.send("fetch", 11, body), 60_000, error=error, came="at once")


@case("F4")
def an_unknown_partition_beside_a_good_one_does_not_end_the_wait(c: Context) -> None:
    """Errors found before the log is read do not end the wait of the others."""
    topic, _ = filled(c)
    conn = c.connect()
    body = fetch_body(topic, {0: 3, 9: 0}, max_wait=1000, min_bytes=1)
    c.timed("unknown partition", conn, conn.send("fetch", 11, body), 1000, error=3, came="after the wait")


@case("F4")
def too_few_bytes_are_returned_after_the_wait(c: Context) -> None:
    """On timeout the answer has what there is."""
    topic, size = filled(c)
    conn = c.connect()
    c.timed("two batches of three asked", conn,
            conn.send("fetch", 11, fetch_body(topic, {0: 1}, max_wait=1000, min_bytes=3 * size)), 1000, error=0,
            came="after the wait")


@case("F5")
def a_parked_fetch_wakes_when_there_is_enough(c: Context) -> None:
    """It waits for min_bytes over all of its partitions, and no longer."""
    topic, size = filled(c, partitions=2, batches=1)
    conn = c.connect()
    sent = conn.send("fetch", 11, fetch_body(topic, {0: 1, 1: 1}, max_wait=60_000, min_bytes=2 * size))
    c.silence("parked", conn, wait_s=0.15)
    c.put(topic, batch([Rec(b"x" * 100)]))
    c.silence("not enough", conn, wait_s=0.15)
    c.put(topic, batch([Rec(b"x" * 100)]), partition=1)
    c.timed("enough", conn, sent, 60_000, error=0, came="at once")


@case("F5")
def a_parked_fetch_wakes_when_its_topic_is_deleted(c: Context) -> None:
    """A partition that goes away ends the wait."""
    topic, _ = filled(c)
    conn = c.connect()
    sent = conn.send("fetch", 11, fetch_body(topic, {0: 3}, max_wait=60_000, min_bytes=1))
    c.silence("parked", conn, wait_s=0.15)
    c.quiet("delete_topics", 5, {"topic_names": [topic.name], "timeout": 10_000})
    c.timed("deleted", conn, sent, 60_000, came="at once")


@case("F5")
def many_parked_fetches_wake_at_one_append(c: Context) -> None:
    """Every waiter of a partition is released by the same append, at both isolation levels."""
    topic, _ = filled(c)
    conns = [c.connect() for _ in range(10)]
    sent = [conn.send("fetch", 11, fetch_body(topic, {0: 3}, max_wait=60_000, min_bytes=1, isolation_level=i % 2))
            for i, conn in enumerate(conns)]
    c.silence("parked", conns[0], wait_s=0.15)
    c.put(topic, batch())
    for index, (conn, one) in enumerate(zip(conns, sent)):
        c.timed(f"{index}", conn, one, 60_000, error=0, says={"high_watermark": 4}, came="at once")


@case("F6")
def offsets_outside_the_log(c: Context) -> None:
    """Below the start or above the end is OFFSET_OUT_OF_RANGE, at the end is an empty success."""
    topic, _ = filled(c, batches=5)
    trim(c, topic, 2)
    for offset in (-1, -2, -(2**63), 0, 1, 6, 7, 2**62, 2**63 - 1):
        for version in (4, 11, 12):
            c.fetch(f"{offset} v{version}", topic, offset, version=version, error=1,
                    says={"high_watermark": -1, "last_stable_offset": -1, "records": []})
    for offset in (2, 4, 5):
        c.fetch(f"{offset}", topic, offset, error=0, says={"high_watermark": 5, "log_start_offset": 2})


@case("F6")
def a_fetch_inside_a_batch_after_delete_records(c: Context) -> None:
    """The log start may lie inside a batch: a fetch at it returns the whole batch (D8)."""
    topic = c.topic()
    c.put(topic, batch([Rec(b"%d" % i) for i in range(5)]), batch())
    trim(c, topic, 3)
    c.fetch("below", topic, 2, error=1)
    c.fetch("at the start", topic, 3, error=0, says={"base_offset": 0, "log_start_offset": 3})
    c.fetch("next batch", topic, 5, error=0, says={"base_offset": 5})


@case("F7")
def isolation_levels(c: Context) -> None:
    """0 and 1 are served, others are UNKNOWN_SERVER_ERROR."""
    topic, _ = filled(c)
    for version in (4, 6, 7, 12):
        for level in (0, 1, 2, -1):
            c.fetch(f"v{version} level {level}", topic, version=version, isolation_level=level)
    for level in (1, 2):
        c.fetch(f"v13 level {level}", topic, version=13, isolation_level=level)


@case("F7")
def an_empty_partition(c: Context) -> None:
    """Records are empty bytes, never null, watermarks are 0."""
    topic = c.topic()
    for version in (4, 5, 7, 11, 12, 13, 17, 18):
        c.fetch(f"v{version}", topic, version=version, error=0, says={"high_watermark": 0, "records": []})


@case("F9")
def aborted_transactions_of_errors(c: Context) -> None:
    """Null for read_uncommitted and [] for read_committed, but [] for errors found before the read at any level."""
    topic, _ = filled(c)
    for level in (0, 1):
        c.fetch(f"level {level} good", topic, isolation_level=level, says={"aborted_transactions": [] if level else None})
        c.fetch(f"level {level} out of range", topic, 99, isolation_level=level, error=1)
        c.fetch(f"level {level} unknown partition", topic, partition=9, isolation_level=level, error=3,
                says={"aborted_transactions": []})
        c.call(f"level {level} unknown topic", "fetch", 11, fetch_body(c.name("absent"), {0: 0}, isolation_level=level),
               error=3)
        c.call(f"level {level} unknown id", "fetch", 13, {"isolation_level": level, "topics": [
            {"topic_id": STRANGER, "partitions": [{"partition": 0, "partition_max_bytes": 1}]}]}, error=100)


@case("F11")
def the_leader_epoch_of_the_client(c: Context) -> None:
    """Equal or negative passes, above is UNKNOWN_LEADER_EPOCH."""
    topic, _ = filled(c)
    for version in (9, 11, 12, 13):
        for epoch in (-1, -2, -(2**31), 0, 1, 2**31 - 1):
            body = fetch_body(topic, {0: 0}, version=version)
            body["topics"][0]["partitions"][0]["current_leader_epoch"] = epoch
            c.call(f"v{version} epoch {epoch}", "fetch", version, body, error=75 if epoch > 0 else 0)


@case("F12")
def the_last_fetched_epoch(c: Context) -> None:
    """An epoch above the leader's is OFFSET_OUT_OF_RANGE; a fitting one changes nothing."""
    topic, _ = filled(c)
    for epoch in (-1, -2, 0, 1, 7):
        for offset in (0, 3):
            body = fetch_body(topic, {0: offset}, version=12)
            body["topics"][0]["partitions"][0]["last_fetched_epoch"] = epoch
            c.call(f"epoch {epoch} offset {offset}", "fetch", 12, body)


@case("F15")
def topic_ids(c: Context) -> None:
    """v13 and later name topics by id: unknown, zero and bygone ids are UNKNOWN_TOPIC_ID."""
    topic, _ = filled(c)
    parts = [{"partition": 0, "partition_max_bytes": 1000}]
    for version in range(13, 19):
        c.fetch(f"v{version} known", topic, version=version, error=0)
        c.call(f"v{version} stranger", "fetch", version, {"max_bytes": 100, "topics": [
            {"topic_id": STRANGER, "partitions": parts}]}, error=100)
        c.call(f"v{version} zero", "fetch", version, {"max_bytes": 100, "topics": [{"partitions": parts}]}, error=100)
        c.call(f"v{version} mixed", "fetch", version, {"max_bytes": 1000, "topics": [
            {"topic_id": STRANGER, "partitions": parts}, {"topic_id": topic.id, "partitions": parts}]}, error=100)
        c.fetch(f"v{version} unknown partition", topic, version=version, partition=4, error=3)
    c.quiet("delete_topics", 5, {"topic_names": [topic.name], "timeout": 10_000})
    c.await_gone(topic.name)
    c.topic()
    c.fetch("bygone id", topic, version=13, error=100)
    c.fetch("by name", topic, version=12, error=0)


@case("F19b")
def a_partition_twice_in_one_fetch(c: Context) -> None:
    """One answer, the last entry counts."""
    topic, _ = filled(c, batches=4)
    parts = [{"partition": 0, "fetch_offset": offset, "partition_max_bytes": 1} for offset in (0, 2)]
    c.call("v11", "fetch", 11, {"max_bytes": 10**6, "topics": [{"topic": topic.name, "partitions": parts}]},
           error=0, says={"base_offset": 2})
    c.call("two topic entries", "fetch", 11, {"max_bytes": 10**6, "topics": [
        {"topic": topic.name, "partitions": parts[1:]}, {"topic": topic.name, "partitions": parts[:1]}]},
        error=0, says={"base_offset": 0})


@case("F19b")
def replica_ids_of_strangers(c: Context) -> None:
    """Below -2 is a consumer; one that is no assigned replica, the leader itself too, is NOT_LEADER_OR_FOLLOWER."""
    topic, _ = filled(c)
    for version in (4, 11, 12, 14):
        for replica in (-1, -2, -3, -(2**31), c.broker.node_id, 7777):
            name = "self" if replica == c.broker.node_id else replica
            c.fetch(f"v{version} replica {name}", topic, version=version, replica_id=replica)
    for replica in (-1, -2, -3, 7777):
        c.fetch(f"v15 replica {replica}", topic, version=15, replica_state={"replica_id": replica, "replica_epoch": 5})
    c.fetch("offsets are not moved", topic, error=0, says={"high_watermark": 3})


@case("F19b")
def the_cluster_id_is_not_compared(c: Context) -> None:
    """A wrong cluster id tag does no harm on a broker listener."""
    topic, _ = filled(c)
    c.fetch("v12", topic, version=12, cluster_id="another", error=0)
    c.fetch("v17", topic, version=17, cluster_id="another", rack_id="r1", error=0)


@case("F19")
def unknown_topics_and_partitions(c: Context) -> None:
    """Each has its own error, the good ones beside them their records."""
    topic, _ = filled(c)
    body = fetch_body(topic, {0: 0, 1: 0, -1: 0})
    body["topics"].append(fetch_body(c.name("absent"), {0: 0, 5: 1})["topics"][0])
    c.call("v11", "fetch", 11, body, error=3)
    c.call("bad names", "fetch", 11, {"max_bytes": 100, "topics": [
        {"topic": name, "partitions": [{"partition": 0, "partition_max_bytes": 5}]} for name in ("", "a b", "..")]}, error=3)
    c.call("no partitions", "fetch", 11, {"max_bytes": 100, "topics": [{"topic": topic.name, "partitions": []}]})


@case("F21")
def fetched_bytes_are_those_that_were_produced(c: Context) -> None:
    """What comes back equals what was sent behind the two fields that the broker writes."""
    topic = c.topic()
    sent = [batch([Rec(bytes([i]) * 50, None, [(b"h", b"1"), (b"h", b"2")])], i % 5) for i in range(20)]
    c.put(topic, *sent)
    answer = c.quiet("fetch", 11, fetch_body(topic, {0: 0}))
    data = answer["responses"][0]["partitions"][0]["records"]
    at = 0
    for index, one in enumerate(sent):
        piece = data[at:at + len(one)]
        c.add(f"{index}", piece[16:] == one[16:] and int.from_bytes(piece[:8]) == index, says=True)
        at += len(one)
    c.add("no more", len(data) - at, says=0)


@case("F3")
def a_fetch_over_segments(c: Context) -> None:
    """Every offset is found again after the log has rolled; the last batch too."""
    topic = c.topic(segment_bytes=1_048_576)
    for index in range(8):
        c.put(topic, batch([Rec(b"%d" % index * 300_000), Rec(b"second")]))
    for offset in range(0, 17):
        c.fetch(f"offset {offset}", topic, offset, max_bytes=1, error=0, drop=("records",))
        answer = c.quiet("fetch", 11, fetch_body(topic, {0: offset}, max_bytes=1))
        data = answer["responses"][0]["partitions"][0]["records"]
        c.add(f"base of {offset}", int.from_bytes(data[:8]) if data else None, says=offset // 2 * 2 if offset < 16 else None)


@case("F2")
def a_large_answer_is_whole(c: Context) -> None:
    """Twenty megabytes: in one answer to one that asks alone, and in as many as it takes to several that ask at once."""
    topic = c.topic(partitions=4)
    for partition in range(4):
        c.put(topic, *[batch([Rec(b"%d" % i * 900_000)]) for i in range(6)], partition=partition)
    body = fetch_body(topic, dict.fromkeys(range(4), 0))
    alone = c.connect().call("fetch", 11, body)
    c.add("alone", [len(p["records"]) for p in alone["responses"][0]["partitions"]])
    conns = [c.connect() for _ in range(3)]
    sent = [conn.send("fetch", 11, body) for conn in conns]
    for index, (conn, one) in enumerate(zip(conns, sent)):
        read = dict.fromkeys(range(4), b"")
        answer = conn.recv(one)
        while True:
            for part in answer["responses"][0]["partitions"]:
                read[part["partition_index"]] += part["records"]
            behind = {partition: len(parse(records)) for partition, records in read.items() if len(parse(records)) < 6}
            if not behind:
                break
            answer = conn.call("fetch", 11, fetch_body(topic, behind))
        c.add(f"{index}", [len(records) for records in read.values()])
