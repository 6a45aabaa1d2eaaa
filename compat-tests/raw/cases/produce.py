"""Produce (P1-P29): what is refused, what is stored, and how it is stored."""

import gzip
import struct
import time

from raw import batch as b
from raw.batch import BASE_TIME, CODECS, GZIP, LZ4, NONE, SNAPPY, ZSTD, Rec, batch, message_set, varint
from raw.case import ANSWER_S, CLOSED, SILENT, Context, case, produce_body

THREE = [Rec(b"one"), Rec(b"two"), Rec(b"three")]
HOUR_MS = 3_600_000


@case("P1")
def a_transactional_batch_without_transactional_id(c: Context) -> None:
    """Any transactional batch and no transactional id: every partition of the request is refused with 53."""
    topic = c.topic(partitions=2)
    txn = batch(attributes=0x10, producer_id=1, producer_epoch=0, base_sequence=0)
    c.produce("alone", topic, txn, error=53)
    c.call("beside a plain one", "produce", 9, produce_body(topic, {0: txn, 1: batch()}), error=[53, 53])
    c.content("nothing 0", topic)
    c.content("nothing 1", topic, partition=1)


@case("P2")
def a_topic_id_that_nobody_has(c: Context) -> None:
    """v13 names topics by id: an unknown or zero id is UNKNOWN_TOPIC_ID for its partitions, others succeed."""
    import uuid
    topic = c.topic()
    stranger = uuid.UUID(int=0x1234567890ABCDEF1234567890ABCDEF)
    rows = [{"topic_id": i, "partition_data": [{"index": 0, "records": batch()}]} for i in (stranger, topic.id)]
    c.call("stranger and known", "produce", 13, {"acks": -1, "timeout": 1000, "topic_data": rows}, error=100)
    c.call("zero", "produce", 13, {"acks": 1, "timeout": 1000, "topic_data": [
        {"topic_id": None, "partition_data": [{"index": 0, "records": batch()}]}]}, error=100)
    c.produce("unknown partition", topic, batch(), version=13, partition=5, error=3)
    c.content("one batch", topic, says={"high_watermark": 1})


@case("P2")
def a_topic_made_anew_is_another_topic(c: Context) -> None:
    """By name a producer writes into the new topic, by the old id it gets UNKNOWN_TOPIC_ID."""
    old = c.topic()
    c.put(old, batch(THREE))
    c.call("delete", "delete_topics", 5, {"topic_names": [old.name], "timeout": 10_000}, error=0)
    new = c.topic()
    c.produce("by name", old, batch(), version=12, error=0, says={"base_offset": 0})
    c.produce("by the old id", old, batch(), version=13, error=100)
    c.produce("by the new id", new, batch(), version=13, error=0, says={"base_offset": 1})


@case("P3")
def partial_success_is_normal(c: Context) -> None:
    """An unknown topic or partition is UNKNOWN_TOPIC_OR_PARTITION for its own entry only."""
    topic = c.topic(partitions=2)
    rows = [{"name": name, "partition_data": [{"index": index, "records": batch()}]}
            for name, index in ((c.name("absent"), 0), (topic.name, 0))]
    c.call("unknown topic", "produce", 9, {"acks": -1, "timeout": 1000, "topic_data": rows}, error=3)
    c.call("unknown partition", "produce", 9, produce_body(topic, {0: batch(), 7: batch(), 1: batch()}), error=3)
    c.produce("negative partition", topic, batch(), partition=-1, error=3)
    c.produce("empty name", "", batch(), error=3)
    c.produce("bad name", "a b/c", batch(), error=3)
    c.content("0", topic, says={"high_watermark": 2})
    c.content("1", topic, partition=1, says={"high_watermark": 1})


@case("P4")
def what_is_not_exactly_one_whole_batch(c: Context) -> None:
    """No complete batch, two batches, an old message format: INVALID_RECORD and nothing is appended."""
    topic = c.topic()
    good = batch()
    for name, data in (("empty", b""), ("1 byte", b"\0"), ("16 bytes", good[:16]), ("17 bytes", good[:17]),
                       ("60 bytes", good[:60]), ("cut by 1", good[:-1]), ("length past the end", batch(length=5000)),
                       ("two", good + good), ("magic 0", message_set(0)), ("magic 1", message_set(1)),
                       ("magic 0 gzip", message_set(0, 1)), ("magic 1 bad codec", message_set(1, 7)),
                       ("three", good * 3)):
        c.produce(name, topic, data, error=87)
    c.content("nothing", topic, says={"high_watermark": 0})


@case("P4")
def a_length_of_two_to_the_31(c: Context) -> None:
    """A batch length of 2147483647 overflows Kafka's sum."""
    topic = c.topic()
    c.produce("length", topic, batch(length=2**31 - 1), error=-1)
    c.content("nothing", topic, says={"high_watermark": 0})


@case("P4")
def null_records(c: Context) -> None:
    """Kafka never answers a produce request with null records and mutes the connection for ever."""
    topic = c.topic(partitions=2)
    c.produce("alone", topic, None, wait_s=c.mute_s, says=SILENT)
    c.call("beside a good one", "produce", 9, produce_body(topic, {0: None, 1: batch()}), wait_s=c.mute_s, says=SILENT)


@case("P4")
def bytes_of_an_unfinished_second_batch_are_dropped(c: Context) -> None:
    """A good batch followed by an incomplete one: the first is appended."""
    topic = c.topic()
    c.produce("cut second", topic, batch() + batch()[:-1], error=0)
    c.produce("few bytes", topic, batch() + b"\0" * 10, error=0)
    c.content("log", topic, says={"high_watermark": 2})


@case("P4")
def zstd_needs_version_7(c: Context) -> None:
    """zstd with a request older than v7 is UNSUPPORTED_COMPRESSION_TYPE."""
    topic = c.topic()
    for version in (3, 6, 7, 12):
        c.produce(f"v{version}", topic, batch(THREE, ZSTD), version=version, error=76 if version < 7 else 0)
    c.content("log", topic, says={"high_watermark": 6})


@case("P5")
def acks_that_do_not_exist(c: Context) -> None:
    """acks outside -1, 0, 1 is INVALID_REQUIRED_ACKS for every partition; nothing is appended."""
    topic = c.topic(partitions=2)
    for acks in (2, -2, 32767, -32768):
        c.call(f"acks {acks}", "produce", 9, produce_body(topic, {0: batch(), 1: batch()}, acks=acks), error=[21, 21],
               says={"base_offset": -1})
    c.call("beside an unknown topic", "produce", 9, produce_body(c.name("absent"), {0: batch()}, acks=2), error=3)
    c.content("nothing", topic, says={"high_watermark": 0})


@case("P6")
def acks_0_is_never_answered(c: Context) -> None:
    """A successful produce with acks=0 has no answer; the next request of the connection is served."""
    topic = c.topic()
    conn = c.connect()
    conn.send("produce", 9, produce_body(topic, {0: batch()}, acks=0))
    conn.send("produce", 3, produce_body(topic, {0: batch()}, acks=0))
    c.call("next", "list_offsets", 5, {"replica_id": -1, "topics": [
        {"name": topic.name, "partitions": [{"partition_index": 0, "timestamp": -1}]}]}, conn=conn, says={"offset": 2})
    c.silence("silence", conn)


@case("P6")
def acks_0_with_an_error_closes(c: Context) -> None:
    """With acks=0 any partition's error ends the connection; good partitions are appended all the same."""
    topic = c.topic(partitions=2)
    for name, body in (("bad crc", produce_body(topic, {0: batch(crc=1)}, acks=0)),
                       ("unknown topic", produce_body(c.name("absent"), {0: batch()}, acks=0)),
                       ("half", produce_body(topic, {0: batch(crc=1), 1: batch()}, acks=0)),
                       ("empty records", produce_body(topic, {0: b""}, acks=0))):
        conn = c.connect()
        conn.send("produce", 9, body)
        c.silence(name, conn, wait_s=ANSWER_S, says=CLOSED)
    c.content("0", topic, says={"high_watermark": 0})
    c.content("1", topic, partition=1, says={"high_watermark": 1})


@case("P7")
def internal_topics_are_not_written(c: Context) -> None:
    """A produce to __consumer_offsets is INVALID_TOPIC_EXCEPTION."""
    for acks in (1, -1):
        c.produce(f"acks {acks}", "__consumer_offsets", batch(), acks=acks, error=17)


@case("P9")
def min_insync_replicas_counts_no_more_than_there_are(c: Context) -> None:
    """min.insync.replicas above the replication factor is accepted and counts as the factor (V5)."""
    topic = c.topic(min_insync_replicas=3)
    for acks in (-1, 1):
        c.produce(f"acks {acks}", topic, batch(), acks=acks, error=0)
    c.content("log", topic, says={"high_watermark": 2})


@case("P14")
def a_base_offset_that_is_not_0(c: Context) -> None:
    """A batch from a client starts at offset 0."""
    topic = c.topic()
    for offset in (1, -1, 2**62, -(2**63)):
        c.produce(f"{offset}", topic, batch(base_offset=offset), error=87)
    c.content("nothing", topic, says={"high_watermark": 0})


@case("P15")
def the_size_limit_is_that_of_the_batch(c: Context) -> None:
    """max.message.bytes counts the compressed batch with its 61 + 12 - 12 bytes of header."""
    topic = c.topic(max_message_bytes=1000)
    empty = len(batch([Rec(b"x" * 900)])) - 900
    for size in (1000, 1001, 1002, 5000):
        data = batch([Rec(b"x" * (size - empty))])
        c.add(f"size {size}", len(data), says=size)
        c.produce(f"produce {size}", topic, data, error=0 if size <= 1000 else 10)
    c.produce("large but compressed small", topic, batch([Rec(b"x" * 5000)], GZIP), error=0)
    c.content("log", topic, says={"high_watermark": 2})


@case("P15")
def the_default_limit_is_1048588(c: Context) -> None:
    """A batch of 1048588 bytes passes, one of 1048589 is MESSAGE_TOO_LARGE."""
    topic = c.topic()
    empty = len(batch([Rec(b"x" * 1_048_000)])) - 1_048_000
    for size in (1_048_588, 1_048_589):
        data = batch([Rec(b"x" * (size - empty))])
        c.add(f"size {size}", len(data), says=size)
        c.produce(f"produce {size}", topic, data, error=0 if size == 1_048_588 else 10)


@case("P16")
def a_damaged_batch(c: Context) -> None:
    """A wrong CRC, an unknown magic or a length below 49 is CORRUPT_MESSAGE."""
    topic = c.topic()
    good = batch(THREE)
    flipped = good[:-1] + bytes([good[-1] ^ 1])
    for name, data in (("crc 0", batch(crc=0)), ("last bit flipped", flipped), ("magic 3", batch(magic=3)),
                       ("magic 127", batch(magic=127)), ("magic -1", batch(magic=-1)),
                       ("length 48", batch(length=48)), ("length 14", batch(length=14)),
                       ("gzip bad crc", batch(THREE, GZIP, crc=7))):
        c.produce(name, topic, data, error=2)
    for length in (13, 5, 0, -1, -12, -(2**31)):
        c.produce(f"length {length}", topic, batch(length=length))
    c.produce("attribute changed after the crc", topic, good[:22] + b"\x08" + good[23:], error=2)
    c.content("nothing", topic, says={"high_watermark": 0})


@case("P16")
def a_damaged_batch_beside_good_ones(c: Context) -> None:
    """A damaged batch in one partition: a wrong CRC fails that partition only, a wrong magic in Kafka the whole request."""
    for name, bad in (("crc", batch(crc=0)), ("cut", batch()[:-1]), ("magic 3", batch(magic=3)), ("magic -1", batch(magic=-1))):
        topic = c.topic(name.replace(" ", "-"), partitions=2)
        c.call(name, "produce", 9, produce_body(topic, {0: bad, 1: batch()}))
        c.content(f"good ones {name}", topic, partition=1)


@case("P17")
def a_batch_larger_than_a_segment(c: Context) -> None:
    """A batch above segment.bytes is RECORD_LIST_TOO_LARGE."""
    topic = c.topic(segment_bytes=1_048_576, max_message_bytes=3_000_000)
    c.produce("too large", topic, batch([Rec(b"x" * 1_100_000)]), error=18)
    c.produce("fits", topic, batch([Rec(b"x" * 1_000_000)]), error=0)
    c.produce("rolls", topic, batch([Rec(b"x" * 1_000_000)]), error=0, says={"base_offset": 1})


@case("P18")
def a_header_that_contradicts_itself(c: Context) -> None:
    """A count of 0 or less, a count that does not fit the last offset, a control bit, a producer without sequence."""
    topic = c.topic()
    for name, data in (("count 0", batch(THREE, count=0)), ("count -1", batch(THREE, count=-1)),
                       ("count 2 of 3", batch(THREE, count=2)), ("count 4 of 3", batch(THREE, count=4)),
                       ("count 2^31-1", batch(THREE, count=2**31 - 1, last_offset_delta=2**31 - 2)),
                       ("last offset 5", batch(THREE, last_offset_delta=5)),
                       ("last offset -1", batch(THREE, last_offset_delta=-1)),
                       ("empty batch", batch([], last_offset_delta=-1)), ("empty batch 0", batch([], count=0)),
                       ("control", batch(attributes=0x20)),
                       ("sequence -1", batch(producer_id=5, producer_epoch=0, base_sequence=-1)),
                       ("sequence -5", batch(producer_id=5, producer_epoch=0, base_sequence=-5))):
        c.produce(name, topic, data, error=87)
    c.content("nothing", topic, says={"high_watermark": 0})


@case("P18")
def oddities_that_are_stored_as_sent(c: Context) -> None:
    """Sequences without a producer, unknown attribute bits, record attributes, lengths of -2 are stored as sent."""
    topic = c.topic()
    for name, data in (("sequence without producer", batch(base_sequence=5)),
                       ("epoch without producer", batch(producer_epoch=3)),
                       ("producer -2", batch(producer_id=-2)),
                       ("bit 6", batch(attributes=0x40)), ("bit 7", batch(attributes=0x80)),
                       ("bit 15", batch(attributes=0x8000)), ("record attributes", batch([Rec(attributes=0x55)])),
                       ("key length -2", batch([Rec(key=None, lie_key_length=-2)])),
                       ("value length -2", batch([Rec(value=None, lie_value_length=-2)]))):
        c.produce(name, topic, data, error=0)
    c.content("log", topic)


@case("P18")
def a_producer_with_epoch_minus_1(c: Context) -> None:
    """A producer id with epoch -1 is accepted and its duplicates are known, but a gap is not refused."""
    topic = c.topic()
    data = batch(producer_id=77, producer_epoch=-1, base_sequence=0)
    c.produce("first", topic, data, error=0, says={"base_offset": 0})
    c.produce("again", topic, data, error=0, says={"base_offset": 0})
    c.produce("gap", topic, batch(producer_id=77, producer_epoch=-1, base_sequence=9), error=0)


BAD_RECORDS = {
    "null header key": [Rec(headers=[(None, b"x")])],
    "header count -1": [Rec(lie_header_count=-1)],
    "header count 5 of 0": [Rec(lie_header_count=5)],
    "header count 2^31-1": [Rec(lie_header_count=2**31 - 1)],
    "length too long": [Rec(lie_length=100)],
    "length too short": [Rec(lie_length=3), Rec()],
    "length -1": [Rec(lie_length=-1)],
    "length 2^31-1": [Rec(lie_length=2**31 - 1)],
    "bytes after the headers": [Rec(tail=b"xx")],
    "key length 1000": [Rec(lie_key_length=1000)],
    "key length 2^31-1": [Rec(lie_key_length=2**31 - 1)],
    "value length 1000": [Rec(lie_value_length=1000)],
    "second is bad": [Rec(), Rec(tail=b"x")],
}


@case("P19")
def records_that_lie_about_their_sizes(c: Context) -> None:
    """Records whose sizes do not add up are INVALID_RECORD, in every codec; nothing is appended."""
    topic = c.topic()
    for codec_name, codec in CODECS.items():
        for name, records in BAD_RECORDS.items():
            c.produce(f"{codec_name} {name}", topic, batch(records, codec))
        c.produce(f"{codec_name} fewer than counted", topic, batch([Rec()], codec, count=2, last_offset_delta=1))
        c.produce(f"{codec_name} bytes after the last", topic, batch([Rec()], codec, extra_payload=b"\x05abc"))
        c.produce(f"{codec_name} record after the last", topic,
                  batch([Rec(), Rec()], codec, count=1, last_offset_delta=0))
        c.produce(f"{codec_name} varint of six bytes", topic, batch([Rec(lie_length=b"\x80\x80\x80\x80\x80\x01")], codec))
    c.content("what Kafka takes all the same", topic, drop=("crc", "length"))


@case("P19")
def offset_deltas_that_are_not_dense(c: Context) -> None:
    """Kafka stores an uncompressed batch with wrong offset deltas as sent, and fails on a compressed one."""
    for name, deltas in (("gap", (0, 2, 2)), ("backwards", (2, 1, 0)), ("all 0", (0, 0, 0)), ("negative", (-1, 1, 2))):
        records = [Rec(b"%d" % i, lie_offset_delta=delta) for i, delta in enumerate(deltas)]
        for codec_name, codec in (("none", NONE), ("gzip", GZIP), ("zstd", ZSTD)):
            topic = c.topic(f"{name.replace(' ', '-')}-{codec_name}")
            c.produce(f"{name} {codec_name}", topic, batch(records, codec))
            c.content(f"{name} {codec_name} log", topic)


@case("P19")
def compressed_bytes_that_do_not_decompress(c: Context) -> None:
    """Junk, cut and empty payloads are refused by decompressing, never stored."""
    topic = c.topic()
    plain = b"".join(r.encode(i, BASE_TIME) for i, r in enumerate([Rec(b"x" * 200), Rec(b"y" * 200)]))
    for name, codec in list(CODECS.items())[1:]:
        whole = b.compress(codec, plain)
        for what, payload in (("junk", b"\x11" * 40), ("cut", whole[:len(whole) // 2]), ("cut by 1", whole[:-1]),
                              ("empty", b""), ("another codec", b.compress(GZIP if codec != GZIP else ZSTD, plain)),
                              ("of nothing", b.compress(codec, b"")), ("plain", plain)):
            c.produce(f"{name} {what}", topic, batch([Rec(), Rec()], codec, payload=payload))
    c.content("nothing or what Kafka takes", topic, drop=("crc", "length"))


@case("P20")
def a_compacted_topic_needs_keys(c: Context) -> None:
    """A null key in a compacted topic refuses the whole batch with INVALID_RECORD and names the records (v8)."""
    for policy in ("compact", "compact,delete"):
        topic = c.topic(policy.replace(",", "-"), partitions=2, cleanup_policy=policy)
        bad = [Rec(), Rec(key=None), Rec(), Rec(key=None)]
        for version in (7, 8, 9):
            c.produce(f"{policy} v{version}", topic, batch(bad), version=version, error=87)
        c.produce(f"{policy} gzip", topic, batch(bad, GZIP), error=87)
        c.call(f"{policy} others go on", "produce", 9, produce_body(topic, {0: batch(bad), 1: batch()}), error=[87, 0])
        c.produce(f"{policy} empty key", topic, batch([Rec(key=b"")]), error=0)


@case("P21")
def a_timestamp_out_of_range(c: Context) -> None:
    """More than an hour ahead is INVALID_TIMESTAMP with the records out of range; -1, -2 and 0 are accepted."""
    topic = c.topic()
    now = int(time.time() * 1000)
    c.produce("ahead", topic, batch([Rec(time=now), Rec(time=now + 2 * HOUR_MS), Rec(time=now)]), error=32)
    c.produce("ahead gzip", topic, batch([Rec(time=now), Rec(time=now + 2 * HOUR_MS)], GZIP), error=32)
    c.produce("ahead v7", topic, batch([Rec(time=now + 2 * HOUR_MS)]), version=7, error=32)
    c.produce("nearly an hour ahead", topic, batch([Rec(time=now + HOUR_MS - 60_000)]), error=0)
    for moment in (-1, -2, 0, 1):
        c.produce(f"time {moment}", topic, batch([Rec(time=moment)]), error=0)
    c.content("log", topic, drop=("crc",))


@case("P21")
def a_timestamp_before_the_allowed_range(c: Context) -> None:
    """message.timestamp.before.max.ms and .after.max.ms bound the times of records."""
    topic = c.topic(message_timestamp_before_max_ms=HOUR_MS, message_timestamp_after_max_ms=1000 * HOUR_MS)
    now = int(time.time() * 1000)
    c.produce("long ago", topic, batch(), error=32)
    c.produce("two hours ahead", topic, batch([Rec(time=now + 2 * HOUR_MS)]), error=0)
    c.produce("one of three", topic, batch([Rec(time=now), Rec(time=now - 2 * HOUR_MS), Rec(time=now)]), error=32)
    c.produce("no time", topic, batch([Rec(time=-1)]), error=0)


@case("P21")
def the_bit_of_log_append_time_from_a_client(c: Context) -> None:
    """On a CreateTime topic the bit is cleared on append (with time -1 refused), on a LogAppendTime topic refused."""
    create, append = c.topic("create"), c.topic("append", message_timestamp_type="LogAppendTime")
    c.produce("create", create, batch(THREE, attributes=8), error=0)
    c.produce("create gzip", create, batch(THREE, GZIP, attributes=8), error=0)
    c.produce("create time -1", create, batch([Rec(time=-1)], attributes=8), error=32)
    c.produce("append", append, batch(THREE, attributes=8), error=32)
    c.content("create log", create, drop=("crc", "length"))
    c.content("append log", append, says={"high_watermark": 0})


@case("P22")
def log_append_time_is_written_into_the_header(c: Context) -> None:
    """A LogAppendTime topic has bit 3, the time of append and a fresh CRC; deltas of records stay."""
    topic = c.topic(message_timestamp_type="LogAppendTime")
    records = [Rec(time=BASE_TIME), Rec(time=BASE_TIME + 50), Rec(time=1)]
    c.produce("plain", topic, batch(records), error=0, says={"log_append_time": "<now>"})
    c.produce("zstd", topic, batch(records, ZSTD), error=0, says={"log_append_time": "<now>"})
    c.produce("ahead", topic, batch([Rec(time=2**50)]), error=0)
    c.content("log", topic, says={"crc_holds": True, "max_timestamp": "<now>"}, drop=("length",))


@case("P23")
def a_batch_is_stored_as_it_came(c: Context) -> None:
    """Only base offset and leader epoch are rewritten: same CRC, same bytes, in every codec."""
    topic = c.topic()
    records = [Rec(b"x" * 300, b"key", [(b"h", b"1"), (b"h", b"2"), (b"", None)]), Rec(None, None), Rec(b"", b"")]
    for codec in CODECS.values():
        data = batch(records, codec, leader_epoch=99)
        c.put(topic, data)
        answer = c.quiet("fetch", 11, {"max_bytes": 10**7, "topics": [{"topic": topic.name, "partitions": [
            {"partition": 0, "fetch_offset": 3 * codec, "partition_max_bytes": 10**7}]}]})
        stored = answer["responses"][0]["partitions"][0]["records"]
        c.add(f"codec {codec} bytes kept", stored[16:] == data[16:], says=True)
        c.add(f"codec {codec} head", stored[:16].hex())
    c.content("log", topic, says={"high_watermark": 15})


@case("P23")
def a_topic_with_its_own_compression(c: Context) -> None:
    """compression.type other than producer makes the broker recompress, uncompressed makes it decompress."""
    for kind in ("gzip", "snappy", "lz4", "zstd", "uncompressed"):
        topic = c.topic(kind, compression_type=kind)
        for codec in CODECS.values():
            c.produce(f"{kind} from {codec}", topic, batch([Rec(b"a" * 500), Rec(b"b", None, [(b"h", b"v")])], codec),
                      error=0, says={"base_offset": 2 * codec})
        c.content(f"{kind} log", topic, drop=("crc", "length"), says={"crc_holds": True})


@case("P24")
def the_largest_time_in_the_header_is_not_believed(c: Context) -> None:
    """max_timestamp is computed from the records."""
    topic = c.topic()
    for name, codec in (("none", NONE), ("lz4", LZ4)):
        c.produce(name, topic, batch([Rec(time=BASE_TIME + 5), Rec(time=BASE_TIME + 70), Rec(time=BASE_TIME)], codec,
                                     max_timestamp=5), error=0)
        c.produce(f"{name} ahead", topic, batch(THREE, codec, max_timestamp=2**60), error=0)
    c.produce("base time apart", topic, batch([Rec(time=BASE_TIME + 5)], base_timestamp=BASE_TIME - 1000), error=0)
    c.content("log", topic, says={"max_timestamp": BASE_TIME + 70})


@case("P25")
def what_is_refused_uses_no_offsets(c: Context) -> None:
    """Offsets are dense over refused batches; the answer names the first offset and the log start."""
    topic = c.topic()
    c.produce("three", topic, batch(THREE), error=0, says={"base_offset": 0, "log_start_offset": 0})
    c.produce("bad", topic, batch(THREE, crc=3), error=2, says={"base_offset": -1})
    c.produce("one", topic, batch(), error=0, says={"base_offset": 3})
    c.call("delete", "delete_records", 1, {"timeout": 5000, "topics": [
        {"name": topic.name, "partitions": [{"partition_index": 0, "offset": 2}]}]}, error=0)
    c.produce("after delete", topic, batch(), error=0, says={"base_offset": 4, "log_start_offset": 2})
    c.produce("bad after delete", topic, batch(crc=3), error=2)


@case("P26")
def a_partition_twice_in_one_request(c: Context) -> None:
    """Kafka keeps the last entry and drops the earlier one's records without a word."""
    topic = c.topic(partitions=2)
    rows = [{"index": 0, "records": batch([Rec(b"first")])}, {"index": 1, "records": batch([Rec(b"other")])},
            {"index": 0, "records": batch([Rec(b"last")])}]
    c.call("in one topic entry", "produce", 9,
           {"acks": -1, "timeout": 1000, "topic_data": [{"name": topic.name, "partition_data": rows}]}, error=[0, 0])
    c.content("log 0", topic)
    c.content("log 1", topic, partition=1)


@case("P28")
def an_empty_request(c: Context) -> None:
    """No topics: an empty success, with acks=0 nothing. A topic without partitions is absent from the answer."""
    for version in (3, 9, 13):
        c.call(f"v{version}", "produce", version, {"acks": 1, "timeout": 1000, "topic_data": []}, says={"responses": []})
    topic = c.topic()
    c.call("no partitions", "produce", 9, {"acks": -1, "timeout": 1000, "topic_data": [
        {"name": topic.name, "partition_data": []}]}, says={"responses": []})
    conn = c.connect()
    conn.send("produce", 9, {"acks": 0, "topic_data": []})
    c.silence("acks 0", conn)
    c.call("and on", "metadata", 12, {"topics": []}, conn=conn, drop=("controller_id",))


@case("P29")
def an_unknown_codec(c: Context) -> None:
    """Codec ids 5 to 7 are refused and nothing is appended."""
    topic = c.topic()
    for codec in (5, 6, 7):
        c.produce(f"codec {codec}", topic, batch(THREE, NONE, attributes=codec), error=-1)
    c.content("nothing", topic, says={"high_watermark": 0})


@case("P29")
def framings_that_clients_write(c: Context) -> None:
    """snappy with and without the framing of snappy-java, gzip of several members, lz4 with a bad header checksum."""
    topic = c.topic()
    import cramjam
    plain = b"".join(r.encode(i, BASE_TIME) for i, r in enumerate([Rec(b"x" * 200), Rec(b"y" * 200)]))
    half = len(plain) // 2
    two = [Rec(), Rec()]
    c.produce("snappy raw", topic, batch(two, SNAPPY, payload=bytes(cramjam.snappy.compress_raw(plain))), error=0)
    c.produce("snappy xerial", topic, batch(two, SNAPPY, payload=b.xerial(plain)), error=0)
    c.produce("snappy xerial small blocks", topic, batch(two, SNAPPY, payload=b.xerial(plain, 50)), error=0)
    c.produce("gzip members", topic, batch(two, GZIP, payload=gzip.compress(plain[:half], mtime=0) +
                                           gzip.compress(plain[half:], mtime=0)), error=0)
    c.produce("lz4 good", topic, batch(two, LZ4, payload=b.lz4_frame(plain)), error=0)
    c.produce("lz4 bad checksum", topic, batch(two, LZ4, payload=b.lz4_frame(plain, good_checksum=False)))
    c.produce("zstd frames", topic, batch(two, ZSTD, payload=b.compress(ZSTD, plain[:half]) +
                                          b.compress(ZSTD, plain[half:])), error=0)
    c.content("log", topic)


@case("P19")
def varints_of_records_at_their_limits(c: Context) -> None:
    """Overlong but legal varints pass; a time delta of 64 bits passes."""
    topic = c.topic()
    body = struct.pack(">b", 0) + varint(0) + varint(0) + varint(1) + b"k" + varint(1) + b"v" + varint(0)
    c.produce("overlong length", topic, batch([Rec()], payload=bytes([len(body) * 2 | 0x80, 0x80, 0]) + body))
    c.produce("old time", topic, batch([Rec(time=-(2**62))], base_timestamp=2**62 - 1))
    c.content("log", topic)
