"""DeleteRecords (D7, D8)."""

from raw.batch import Rec, batch
from raw.case import Context, Topic, case


def delete(topic: Topic | str, *offsets: int, partition: int = 0) -> dict:
    """A request of offsets for one partition."""
    return {"timeout": 5000, "topics": [{"name": topic if isinstance(topic, str) else topic.name, "partitions": [
        {"partition_index": partition, "offset": offset} for offset in offsets]}]}


def filled(c: Context, **configs) -> Topic:
    """Six offsets in two batches."""
    topic = c.topic(**configs)
    c.put(topic, batch([Rec(b"%d" % i) for i in range(4)]), batch([Rec(), Rec()]))
    return topic


@case("D7")
def offsets_of_delete_records(c: Context) -> None:
    """Up to the watermark; -1 is the watermark; above it or otherwise negative is OFFSET_OUT_OF_RANGE."""
    topic = filled(c)
    for offset in (0, 7, 2**62, -2, -(2**63)):
        c.call(f"{offset}", "delete_records", 1, delete(topic, offset), error=0 if offset == 0 else 1)
    c.call("to 3", "delete_records", 1, delete(topic, 3), error=0, says={"low_watermark": 3})
    c.call("back to 1", "delete_records", 1, delete(topic, 1), error=0, says={"low_watermark": 3})
    c.call("again 3", "delete_records", 1, delete(topic, 3), error=0, says={"low_watermark": 3})
    c.call("all", "delete_records", 1, delete(topic, -1), error=0, says={"low_watermark": 6})
    c.call("all again", "delete_records", 2, delete(topic, -1), error=0, says={"low_watermark": 6})
    c.produce("goes on", topic, batch(), error=0, says={"base_offset": 6, "log_start_offset": 6})


@case("D7")
def a_partition_twice(c: Context) -> None:
    """One answer, the last entry counts."""
    topic = filled(c)
    c.call("twice", "delete_records", 1, delete(topic, 5, 2), error=0, says={"low_watermark": 2})
    c.fetch("start", topic, 2, error=0, says={"log_start_offset": 2})


@case("D7")
def topics_whose_records_are_not_deleted(c: Context) -> None:
    """compact alone is POLICY_VIOLATION, internal topics INVALID_TOPIC_EXCEPTION, unknown ones 3."""
    compact, both = filled(c, cleanup_policy="compact"), c.topic("both", cleanup_policy="compact,delete")
    c.put(both, batch())
    c.call("compact", "delete_records", 1, delete(compact, 2), error=44)
    c.call("compact and delete", "delete_records", 1, delete(both, 1), error=0)
    c.call("internal", "delete_records", 1, delete("__consumer_offsets", 0), error=17)
    c.call("unknown topic", "delete_records", 1, delete(c.name("absent"), 0), error=3)
    c.call("unknown partition", "delete_records", 1, delete(both, 0, partition=7), error=3)
    c.call("empty name", "delete_records", 1, delete("", 0), error=3)
    c.call("nothing", "delete_records", 1, {"timeout": 1, "topics": []}, says={"topics": []})
    c.call("no partitions", "delete_records", 1, {"timeout": 1, "topics": [{"name": both.name, "partitions": []}]})


@case("D8")
def the_start_may_lie_inside_a_batch(c: Context) -> None:
    """EARLIEST is exactly the offset; a fetch below is out of range, at it the whole batch comes."""
    topic = filled(c)
    c.call("to 2", "delete_records", 1, delete(topic, 2), error=0)
    for time in (-2, -1, -4):
        c.call(f"offsets {time}", "list_offsets", 8, {"replica_id": -1, "topics": [
            {"name": topic.name, "partitions": [{"partition_index": 0, "timestamp": time}]}]}, error=0)
    c.fetch("1", topic, 1, error=1)
    c.fetch("2", topic, 2, error=0, says={"base_offset": 0})


@case("D7")
def whole_segments_go(c: Context) -> None:
    """Deleting over segment borders keeps every later offset."""
    topic = c.topic(segment_bytes=1_048_576)
    for index in range(6):
        c.put(topic, batch([Rec(b"%d" % index * 400_000), Rec()]))
    c.call("to 7", "delete_records", 1, delete(topic, 7), error=0, says={"low_watermark": 7})
    for offset in (6, 7, 8, 11, 12):
        c.fetch(f"{offset}", topic, offset, max_bytes=1, drop=("records",), error=1 if offset < 7 else 0)
