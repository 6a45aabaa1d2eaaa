"""The idempotent producer's state per partition (I2-I7, I14) and InitProducerId (X1)."""

from raw.batch import BASE_TIME, GZIP, Rec, batch
from raw.case import Context, case, produce_body

MAX = 2**31 - 1


def numbered(pid: int, epoch: int, sequence: int, count: int = 1, text: bytes = b"v", time: int = BASE_TIME,
             codec: int = 0) -> bytes:
    """A batch of an idempotent producer."""
    return batch([Rec(text, time=time) for _ in range(count)], codec, producer_id=pid, producer_epoch=epoch,
                 base_sequence=sequence)


@case("I2")
def a_duplicate_gets_the_original_answer(c: Context) -> None:
    """Any of the last five batches again: success with the original offset and its time; nothing is appended."""
    topic, (pid, epoch) = c.topic(), c.producer()
    for i in range(6):
        c.produce(f"first {i}", topic, numbered(pid, epoch, 2 * i, 2, time=BASE_TIME + i), error=0,
                  says={"base_offset": 2 * i, "log_append_time": -1})
    for i in (5, 4, 3, 2, 1, 5):
        c.produce(f"again {i} {len(c.answers)}", topic, numbered(pid, epoch, 2 * i, 2, b"other", BASE_TIME + 100), error=0,
                  says={"base_offset": 2 * i, "log_append_time": BASE_TIME + i})
    c.produce("older than five", topic, numbered(pid, epoch, 0, 2), error=45, says={"base_offset": -1})
    c.produce("goes on", topic, numbered(pid, epoch, 12), error=0, says={"base_offset": 12})
    c.produce("acks 1 again", topic, numbered(pid, epoch, 12), acks=1, error=0, says={"base_offset": 12})
    c.content("log", topic, says={"high_watermark": 13})


@case("I2")
def part_of_a_known_batch_is_no_duplicate(c: Context) -> None:
    """Only the same first and last sequence make a duplicate."""
    topic, (pid, epoch) = c.topic(), c.producer()
    c.produce("five", topic, numbered(pid, epoch, 0, 5), error=0)
    for first, count in ((0, 4), (1, 4), (0, 6), (2, 2), (4, 1)):
        c.produce(f"{first}+{count}", topic, numbered(pid, epoch, first, count), error=45)
    c.content("log", topic, says={"high_watermark": 5})


@case("I2")
def a_compressed_duplicate(c: Context) -> None:
    """Compression does not matter to the sequence check."""
    topic, (pid, epoch) = c.topic(), c.producer()
    c.produce("gzip", topic, numbered(pid, epoch, 0, 3, codec=GZIP), error=0)
    c.produce("plain again", topic, numbered(pid, epoch, 0, 3), error=0, says={"base_offset": 0})
    c.produce("zstd next", topic, numbered(pid, epoch, 3, 3, codec=4), error=0, says={"base_offset": 3})


@case("I2")
def a_duplicate_on_a_log_append_time_topic(c: Context) -> None:
    """The original time of append comes back."""
    topic, (pid, epoch) = c.topic(message_timestamp_type="LogAppendTime"), c.producer()
    one = c.produce("first", topic, numbered(pid, epoch, 0), error=0)
    two = c.produce("again", topic, numbered(pid, epoch, 0), error=0)
    times = [answer["responses"][0]["partition_responses"][0]["log_append_time"] for answer in (one, two)]
    c.add("same time", times[0] == times[1], says=True)


@case("I3")
def an_older_epoch_is_refused(c: Context) -> None:
    """An epoch below the known one is INVALID_PRODUCER_EPOCH."""
    topic, (pid, _) = c.topic(), c.producer()
    c.produce("epoch 5", topic, numbered(pid, 5, 0), error=0)
    c.produce("epoch 4", topic, numbered(pid, 4, 1), error=47)
    c.produce("epoch 4 sequence 0", topic, numbered(pid, 4, 0), error=47)
    c.produce("epoch 5 goes on", topic, numbered(pid, 5, 1), error=0)


@case("I4")
def a_newer_epoch_starts_at_0(c: Context) -> None:
    """A higher epoch must start with sequence 0 and forgets the batches before it."""
    topic, (pid, _) = c.topic(), c.producer()
    c.produce("epoch 0", topic, numbered(pid, 0, 0), error=0)
    c.produce("epoch 1 sequence 1", topic, numbered(pid, 1, 1), error=45)
    c.produce("epoch 1 sequence 0", topic, numbered(pid, 1, 0), error=0, says={"base_offset": 1})
    c.produce("epoch 0 again", topic, numbered(pid, 0, 0), error=47)
    c.produce("epoch 1 again", topic, numbered(pid, 1, 0), error=0, says={"base_offset": 1})
    c.produce("epoch 32767", topic, numbered(pid, 32767, 0), error=0, says={"base_offset": 2})


@case("I5")
def a_gap_is_refused(c: Context) -> None:
    """The next sequence is the last one plus 1; the answers before and after show that a refusal changes nothing."""
    topic, (pid, epoch) = c.topic(), c.producer()
    c.produce("0", topic, numbered(pid, epoch, 0, 3), error=0)
    for sequence in (4, 2, 1000, MAX):
        c.produce(f"gap to {sequence}", topic, numbered(pid, epoch, sequence), error=45)
    c.produce("3", topic, numbered(pid, epoch, 3), error=0, says={"base_offset": 3})
    c.produce("5 refused", topic, numbered(pid, epoch, 5), error=45)
    c.produce("4 bad crc", topic, numbered(pid, epoch, 4)[:-1] + b"\x7f", error=2)
    c.produce("4 good", topic, numbered(pid, epoch, 4), error=0, says={"base_offset": 4})


@case("I5")
def sequences_wrap_to_0(c: Context) -> None:
    """2147483647 is followed by 0, and a batch may wrap inside (I7)."""
    topic, (pid, epoch) = c.topic(), c.producer()
    c.produce("max", topic, numbered(pid, epoch, MAX), error=0)
    c.produce("0", topic, numbered(pid, epoch, 0), error=0, says={"base_offset": 1})
    c.produce("max again", topic, numbered(pid, epoch, MAX), error=0, says={"base_offset": 0})
    other, (pid, epoch) = c.topic("other"), c.producer()
    c.produce("max-1, three records", other, numbered(pid, epoch, MAX - 1, 3), error=0)
    c.produce("next is 1", other, numbered(pid, epoch, 1), error=0, says={"base_offset": 3})
    c.produce("wrapped batch again", other, numbered(pid, epoch, MAX - 1, 3), error=0, says={"base_offset": 0})
    c.content("log", other)


@case("I6")
def an_unknown_producer_may_start_anywhere(c: Context) -> None:
    """Without state any first sequence and epoch are accepted."""
    topic = c.topic()
    for index, sequence in enumerate((7, MAX, 0)):
        pid, _ = c.producer()
        c.produce(f"{sequence}", topic, numbered(pid, 3, sequence), error=0, says={"base_offset": index})
    c.produce("a producer id that nobody gave out", topic, numbered(987_654_321_000, 0, 0), error=0)


@case("I6")
def deleting_the_records_keeps_the_state(c: Context) -> None:
    """After DeleteRecords to the end duplicates are still known and gaps still refused."""
    topic, (pid, epoch) = c.topic(), c.producer()
    c.produce("0", topic, numbered(pid, epoch, 0, 3), error=0)
    c.call("delete", "delete_records", 1, {"timeout": 5000, "topics": [
        {"name": topic.name, "partitions": [{"partition_index": 0, "offset": -1}]}]}, error=0)
    c.produce("again", topic, numbered(pid, epoch, 0, 3), error=0, says={"base_offset": 0})
    c.produce("gap", topic, numbered(pid, epoch, 7), error=45)
    c.produce("next", topic, numbered(pid, epoch, 3), error=0, says={"base_offset": 3})


@case("I1")
def each_partition_keeps_its_own_state(c: Context) -> None:
    """The same sequences are fresh in another partition; one request may carry both."""
    topic, (pid, epoch) = c.topic(partitions=2), c.producer()
    both = {0: numbered(pid, epoch, 0), 1: numbered(pid, epoch, 0)}
    c.call("both", "produce", 9, produce_body(topic, both), error=[0, 0])
    c.call("one gap, one good", "produce", 9, produce_body(topic, {0: numbered(pid, epoch, 5),
           1: numbered(pid, epoch, 1)}), error=[45, 0])
    c.call("both again", "produce", 9, produce_body(topic, both), error=[0, 0])


@case("I5")
def five_in_flight_keep_their_order(c: Context) -> None:
    """Pipelined batches of an idempotent producer succeed in order (N7)."""
    topic, (pid, epoch), conn = c.topic(), c.producer(), c.connect()
    sent = [conn.send("produce", 9, produce_body(topic, {0: numbered(pid, epoch, i)})) for i in range(20)]
    for index, one in enumerate(sent):
        c.add(f"{index}", conn.recv(one), error=0, says={"base_offset": index})


@case("I14")
def producer_ids_are_never_given_twice(c: Context) -> None:
    """Every InitProducerId without a transactional id has a fresh id and epoch 0, whatever else it says (X1)."""
    found = []
    for version in range(6):
        for pid, epoch in ((-1, -1), (5, 3), (2**62, 32767)):
            answer = c.call(f"v{version} {pid}", "init_producer_id", version, {
                "transactional_id": None, "transaction_timeout": 0, "producer_id": pid, "producer_epoch": epoch},
                error=0, says={"producer_epoch": 0})
            found.append(answer["producer_id"])
    c.add("distinct", len(set(found)) == len(found) and min(found) >= 0, says=True)


@case("X1")
def half_a_producer_id_is_invalid(c: Context) -> None:
    """Exactly one of producer id and epoch being -1 is INVALID_REQUEST; any timeout is fine without transactional id."""
    for pid, epoch in ((-1, 0), (5, -1)):
        for version in (3, 4, 5):
            c.call(f"v{version} {pid} {epoch}", "init_producer_id", version, {
                "transactional_id": None, "transaction_timeout": 1, "producer_id": pid, "producer_epoch": epoch}, error=42)
    c.call("negative timeout", "init_producer_id", 4, {"transactional_id": None, "transaction_timeout": -5}, error=0)
    c.call("empty transactional id", "init_producer_id", 4, {"transactional_id": "", "transaction_timeout": 1000}, error=42)


@case("I1")
def describe_producers_shows_the_state(c: Context) -> None:
    """One row per active producer with its epoch and last sequence; unknown partitions have their error."""
    topic, (pid, epoch) = c.topic(partitions=2), c.producer()
    ask = {"topics": [{"name": topic.name, "partition_indexes": [0]}]}
    c.call("none yet", "describe_producers", 0, ask, error=0, says={"active_producers": []})
    c.put(topic, numbered(pid, epoch, 0, 3))
    c.call("after three", "describe_producers", 0, ask, error=0, says={"last_sequence": 2, "producer_epoch": 0})
    c.put(topic, numbered(pid, epoch + 2, 0, time=BASE_TIME + 9))
    c.call("after the epoch", "describe_producers", 0, ask, error=0, says={"last_sequence": 0, "producer_epoch": 2})
    c.call("unknown partition", "describe_producers", 0, {"topics": [{"name": topic.name, "partition_indexes": [1, 7]}]},
           error=3)
    c.call("unknown topic", "describe_producers", 0, {"topics": [{"name": c.name("absent"), "partition_indexes": [0]}]},
           error=3)
    c.call("bad name", "describe_producers", 0, {"topics": [{"name": "a b", "partition_indexes": [0]}]}, error=17)
