"""ListOffsets (L0-L5) and OffsetForLeaderEpoch (L6)."""

from raw.batch import BASE_TIME, CODECS, GZIP, Rec, batch
from raw.case import Context, Topic, case

SPECIALS = {-1: "latest", -2: "earliest", -3: "max timestamp", -4: "earliest local", -5: "latest tiered",
            -6: "earliest pending upload"}


def ask(topic: Topic | str, *times: int, partition: int = 0, epoch: int = -1, **more):
    """A request for one partition at each of the times."""
    return {"replica_id": -1, "topics": [
        {"name": topic if isinstance(topic, str) else topic.name, "partitions": [
            {"partition_index": partition, "timestamp": time, "current_leader_epoch": epoch} for time in times]}], **more}


def timed(c: Context, *times: int, codec: int = 0, **configs) -> Topic:
    """A topic with a batch per pair of times."""
    topic = c.topic(**configs)
    for start in range(0, len(times), 2):
        c.put(topic, batch([Rec(time=BASE_TIME + time) for time in times[start:start + 2]], codec))
    return topic


@case("L1")
def special_times_at_every_version(c: Context) -> None:
    """Latest, earliest, largest timestamp and the tiered ones, each from its version on, else UNSUPPORTED_VERSION."""
    topic = timed(c, 10, 20, 90, 30, 90, 40)
    first = {-1: 1, -2: 1, -3: 7, -4: 8, -5: 9, -6: 11}
    for version in range(1, 12):
        for time, name in SPECIALS.items():
            c.call(f"v{version} {name}", "list_offsets", version, ask(topic, time),
                   error=0 if version >= first[time] else 35)
        for time in (-7, -100, -(2**63)):
            c.call(f"v{version} {time}", "list_offsets", version, ask(topic, time), error=35)


@case("L0")
def an_empty_log(c: Context) -> None:
    """Offset 0 for latest and earliest, -1 for the others; a topic without partitions is absent."""
    topic = c.topic()
    for version in (1, 4, 11):
        for time in (-1, -2, -3, -4, -5, -6, 0, BASE_TIME):
            c.call(f"v{version} {time}", "list_offsets", version, ask(topic, time))
    c.call("no partitions", "list_offsets", 7, ask(topic), says={"topics": []})
    c.call("no topics", "list_offsets", 7, {"topics": []}, says={"topics": []})


@case("L0")
def isolation_levels(c: Context) -> None:
    """0 and 1 are served, others are UNKNOWN_SERVER_ERROR."""
    topic = timed(c, 1, 2)
    for level in (0, 1, 2, -1):
        for time in (-1, -2, BASE_TIME):
            c.call(f"level {level} {time}", "list_offsets", 7, ask(topic, time, isolation_level=level),
                   error=0 if level in (0, 1) else -1)


@case("L2")
def the_largest_timestamp(c: Context) -> None:
    """The first record with the largest timestamp, in every codec; deleted records count in Kafka."""
    for name, codec in CODECS.items():
        topic = c.topic(name)
        c.put(topic, batch([Rec(time=BASE_TIME + t) for t in (5, 9, 9, 2)], codec),
              batch([Rec(time=BASE_TIME + t) for t in (1, 9)], codec))
        c.call(name, "list_offsets", 7, ask(topic, -3), error=0)
    c.call("delete some", "delete_records", 1, {"timeout": 5000, "topics": [
        {"name": topic.name, "partitions": [{"partition_index": 0, "offset": 4}]}]}, error=0)
    c.call("some are deleted", "list_offsets", 7, ask(topic, -3), error=0)
    c.call("delete all", "delete_records", 1, {"timeout": 5000, "topics": [
        {"name": topic.name, "partitions": [{"partition_index": 0, "offset": -1}]}]}, error=0)
    c.call("all are deleted", "list_offsets", 7, ask(topic, -3), error=0)
    for time in (-1, -2, -4, BASE_TIME, BASE_TIME + 9):
        c.call(f"{time} of a log without records", "list_offsets", 8, ask(topic, time), error=0)


@case("L3")
def the_first_record_at_or_after_a_time(c: Context) -> None:
    """A record, not a batch, is found, in every codec; none is -1 and -1."""
    for name, codec in CODECS.items():
        topic = c.topic(name)
        c.put(topic, batch([Rec(time=BASE_TIME + t) for t in (10, 50, 20)], codec),
              batch([Rec(time=BASE_TIME + t) for t in (40, 60, 55)], codec),
              batch([Rec(time=BASE_TIME + t) for t in (100,)], codec))
        for time in (-BASE_TIME, 0, 10, 11, 20, 21, 50, 51, 56, 60, 61, 100, 101):
            c.call(f"{name} {time}", "list_offsets", 5, ask(topic, BASE_TIME + time), error=0)
    c.call("far future", "list_offsets", 5, ask(topic, 2**62), error=0, says={"offset": -1, "timestamp": -1})
    c.call("v1", "list_offsets", 1, ask(topic, BASE_TIME + 51), error=0, says={"offset": 4})


@case("L3")
def a_time_that_a_later_batch_undercuts(c: Context) -> None:
    """Times that go back: the first record in the order of the log counts."""
    topic = timed(c, 100, 90, 10, 20, 95, 105)
    for time in (5, 15, 92, 100, 101, 105, 106):
        c.call(f"{time}", "list_offsets", 5, ask(topic, BASE_TIME + time), error=0)
    c.call("delete", "delete_records", 1, {"timeout": 5000, "topics": [
        {"name": topic.name, "partitions": [{"partition_index": 0, "offset": 1}]}]}, error=0)
    for time in (5, 15, 92, 100, 106):
        c.call(f"{time} after delete", "list_offsets", 5, ask(topic, BASE_TIME + time), error=0)


@case("L3")
def records_without_a_time(c: Context) -> None:
    """Records of time -1 are never found by time."""
    topic = c.topic()
    c.put(topic, batch([Rec(time=-1)]), batch([Rec(time=5)]), batch([Rec(time=-1)]))
    for time in (0, 5, 6, -1, -3):
        c.call(f"{time}", "list_offsets", 7, ask(topic, time), error=0)


@case("L3")
def a_log_append_time_batch_is_found_by_its_base_offset(c: Context) -> None:
    """In such a batch all records have the batch's time."""
    topic = c.topic(message_timestamp_type="LogAppendTime")
    c.put(topic, batch([Rec(), Rec(), Rec()]), batch([Rec(), Rec()], GZIP))
    for time in (1, BASE_TIME, 2**62):
        c.call(f"{time}", "list_offsets", 7, ask(topic, time), error=0)


@case("L3")
def a_time_over_many_segments_and_batches(c: Context) -> None:
    """Sparse indexes find the same record as a scan would."""
    topic = c.topic(segment_bytes=1_048_576)
    for index in range(12):
        c.put(topic, batch([Rec(b"x" * 200_000, time=BASE_TIME + 100 * index), Rec(time=BASE_TIME + 100 * index + 50)]))
    for time in (*range(0, 1200, 75), 1100, 1150, 1151):
        c.call(f"{time}", "list_offsets", 5, ask(topic, BASE_TIME + time), error=0)
    c.call("largest", "list_offsets", 7, ask(topic, -3), error=0)


@case("L5")
def a_partition_twice(c: Context) -> None:
    """INVALID_REQUEST for it, once; others are served."""
    topic = c.topic(partitions=2)
    body = ask(topic, -1, -2)
    body["topics"][0]["partitions"].append({"partition_index": 1, "timestamp": -1})
    c.call("twice", "list_offsets", 5, body, error=42)
    c.call("topic twice", "list_offsets", 5, {"replica_id": -1, "topics": [ask(topic, -1)["topics"][0], ask(topic, -1)["topics"][0]]})


@case("L5")
def unknown_topics_and_partitions(c: Context) -> None:
    """UNKNOWN_TOPIC_OR_PARTITION, per partition."""
    topic = timed(c, 1, 2)
    for time in (-1, -2, -3, 5):
        c.call(f"topic {time}", "list_offsets", 7, ask(c.name("absent"), time), error=3)
        c.call(f"partition {time}", "list_offsets", 7, ask(topic, time, partition=6), error=3)
    c.call("bad name", "list_offsets", 7, ask("a b", -1), error=3)
    c.call("empty name", "list_offsets", 7, ask("", -1), error=3)
    c.call("negative partition", "list_offsets", 7, ask(topic, -1, partition=-1), error=3)


@case("L5")
def the_leader_epoch_of_the_client(c: Context) -> None:
    """-1 is no check, 0 fits, above is UNKNOWN_LEADER_EPOCH, -2 is FENCED_LEADER_EPOCH (F11)."""
    topic = timed(c, 1, 2)
    for epoch, error in ((-1, 0), (0, 0), (1, 75), (2**31 - 1, 75), (-2, 74)):
        for time in (-1, -2, BASE_TIME):
            c.call(f"epoch {epoch} {time}", "list_offsets", 5, ask(topic, time, epoch=epoch), error=error)


@case("L1")
def replica_ids(c: Context) -> None:
    """A debugging consumer (-2) sees the log end; a replica id of a broker too."""
    topic = timed(c, 1, 2, 3, 4)
    for replica in (-1, -2, -3, 0, 7):
        for time in (-1, -2, BASE_TIME + 3):
            c.call(f"replica {replica} {time}", "list_offsets", 5, {**ask(topic, time), "replica_id": replica})


@case("L6")
def the_end_of_an_epoch(c: Context) -> None:
    """The latest epoch ends at the log end; a later one or -1 is -1 and -1; a log without records too."""
    topic, empty = timed(c, 1, 2, 3, 4), c.topic("empty")
    for version in (2, 3, 4):
        for name, one in (("records", topic), ("empty", empty)):
            for epoch in (-1, -2, 0, 1, 5):
                for current in (-1, -2, 0, 3):
                    c.call(f"v{version} {name} epoch {epoch} current {current}", "offset_for_leader_epoch", version, {
                        "replica_id": -2, "topics": [{"topic": one.name, "partitions": [
                            {"partition": 0, "current_leader_epoch": current, "leader_epoch": epoch}]}]})
        c.call(f"v{version} unknown", "offset_for_leader_epoch", version, {"replica_id": -1, "topics": [
            {"topic": c.name("absent"), "partitions": [{"partition": 0, "leader_epoch": 0}]},
            {"topic": topic.name, "partitions": [{"partition": 8, "leader_epoch": 0}]}]}, error=3)
    c.call("twice", "offset_for_leader_epoch", 4, {"replica_id": -1, "topics": [{"topic": topic.name, "partitions": [
        {"partition": 0, "leader_epoch": 0}, {"partition": 0, "leader_epoch": 3}]}]})
