"""The cases: what each makes ready on the broker, runs in an engine's driver, and expects of any Kafka.

Each takes a `World` (one broker as these tests see it) and an engine, asserts what every broker must answer, and returns the
result with what may differ (names, times, timestamps) left out, so that two brokers' results can be compared as a whole.
"""

import base64
import random
import time
import uuid

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from clients.batches import batches

SETUP_TIMEOUT_S = 30
LARGE_BYTES = 900_000
SEED = 20_260
HEADERS = [("a", b"1"), ("b", b"2"), ("a", b"3"), ("null", None), ("empty", b""), ("\u00fc", b"4")]


def pack(data):
    return None if data is None else base64.b64encode(data).decode()


def record(value, key=None, headers=(), partition=0, timestamp=None):
    return {"partition": partition, "key": pack(key), "value": pack(value), "timestamp": timestamp,
            "headers": [[name, pack(data)] for name, data in headers]}


def values(records):
    return [base64.b64decode(r["value"]).decode() for r in records]


class World:
    """One broker: its address, and the helpers that make a case ready."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap

    def topic(self, partitions=1, **configs):
        """Creates a topic of a name that no other test uses, and waits until its partitions have leaders."""
        name = f"engine-{uuid.uuid4().hex[:12]}"
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        admin.create_topics([NewTopic(name, partitions, 1, config=configs)])[name].result(SETUP_TIMEOUT_S)
        end = time.monotonic() + SETUP_TIMEOUT_S
        while True:
            found = admin.list_topics(timeout=SETUP_TIMEOUT_S).topics.get(name)
            if found and len(found.partitions) == partitions and all(p.leader >= 0 for p in found.partitions.values()):
                return name
            assert time.monotonic() < end, f"topic {name} has no leaders after {SETUP_TIMEOUT_S} s: {found}"

    def fill(self, topic, records):
        """Writes records that a case then reads, by librdkafka in this process."""
        producer, failures = Producer({"bootstrap.servers": self.bootstrap, "acks": "all"}), []
        for r in records:
            stamp = {} if r["timestamp"] is None else {"timestamp": r["timestamp"]}
            producer.produce(topic, base64.b64decode(r["value"]), partition=r["partition"], **stamp,
                             on_delivery=lambda error, _: failures.append(error) if error else None)
        assert producer.flush(SETUP_TIMEOUT_S) == 0 and not failures, f"{topic} could not be filled: {failures}"


def sendable_headers(engine, nulls):
    headers = HEADERS if engine.null_headers and nulls else [pair for pair in HEADERS if pair[1] is not None]
    return list(dict(headers).items()) if engine.headers == "map" else headers


def sample(engine, nulls=True):
    """Keys and values of every shape, headers of every shape, and enough plain records that a batch is worth compressing."""
    now = int(time.time() * 1000) if engine.timestamps else None
    shapes = [
        record(b"v1", b"k1"),
        record(b"no key"),
        record(None, b"a tombstone"),
        record(b"", b""),
        record(bytes(range(32, 127)) + bytes(range(128, 256)), b"\x00\x01\xff\xfe"),
        record(b"headers", b"h", sendable_headers(engine, nulls)),
    ]
    shapes += [record(f"line {i} ".encode() * 8, f"key-{i % 7}".encode()) for i in range(200)]
    return [dict(r, timestamp=now + i if now else None) for i, r in enumerate(shapes)]


def usual_headers(kept_as, pairs):
    """Headers as an engine keeps them, in an order that does not depend on its map."""
    if kept_as == "grouped":
        return sorted(pairs, key=lambda pair: pair[0])
    if kept_as == "map":
        return sorted([name, value or ""] for name, value in dict(pairs).items())
    return pairs


def without_position(kept_as, records):
    """What must survive the journey: key, value and headers."""
    return [{"key": r["key"], "value": r["value"], "headers": usual_headers(kept_as, r["headers"])} for r in records]


def check_read(writer, reader, sent, got):
    assert [r["offset"] for r in got] == list(range(len(sent)))
    assert {r["partition"] for r in got} == {0}
    # Compared the way the looser of the two keeps headers.
    kept_as = next((kind for kind in ("map", "grouped") if kind in (writer.headers, reader.headers)), "list")
    assert without_position(kept_as, got) == without_position(kept_as, sent), f"{reader.name} read something else than {writer.name} wrote"
    if writer.timestamps:
        assert [r["timestamp"] for r in got] == [r["timestamp"] for r in sent]
    else:
        assert all(r["timestamp"] > 0 for r in got)


def produce(world, engine, sent, **args):
    topic = world.topic()
    answer = engine.run(world.bootstrap, "produce", topic, {"records": sent, **args})
    if answer["offsets"] is not None:
        assert answer["offsets"] == [{"partition": 0, "offset": i} for i in range(len(sent))]
    return topic


def codec(world, engine, name, readers):
    """Writes with one codec; the engine itself and every reader read it; the log really holds that codec."""
    sent = sample(engine, nulls=all(reader.reads_null_headers for reader in readers))
    topic = produce(world, engine, sent, codec=name)
    stored = batches(world.bootstrap, topic)
    # librdkafka stores a batch plain when compressing would make it larger, so only the large batches must show the codec.
    assert {b["codec"] for b in stored} <= {name, "none"}, f"{engine.name} used another codec: {stored}"
    assert {b["codec"] for b in stored if b["count"] > 50} == {name}, f"{engine.name} did not compress as asked: {stored}"
    assert sum(b["count"] for b in stored) == len(sent)
    for reader in [engine, *readers]:
        read_back(world, engine, reader, sent, topic)


def read_back(world, writer, reader, sent, topic):
    got = reader.run(world.bootstrap, "consume", topic, {"partitions": {"0": 0}, "count": len(sent)})["records"]
    check_read(writer, reader, sent, got)


def large(world, engine):
    sent = [record(random.Random(SEED).randbytes(LARGE_BYTES).replace(b"\x1e", b"-").replace(b"\x1f", b"-"), b"large")]
    topic = produce(world, engine, sent)
    got = engine.run(world.bootstrap, "consume", topic, {"partitions": {"0": 0}, "count": 1})["records"]
    assert without_position(engine.headers, got) == without_position(engine.headers, sent)


def idempotent(world, engine):
    sent = [record(f"once-{i}".encode(), b"k") for i in range(50)]
    topic = produce(world, engine, sent, idempotent=True)
    stored = batches(world.bootstrap, topic)
    assert all(b["idempotent"] for b in stored), f"{engine.name} sent no producer id: {stored}"
    got = engine.run(world.bootstrap, "consume", topic, {"partitions": {"0": 0}, "count": 50})["records"]
    assert values(got) == [f"once-{i}" for i in range(50)]


def partitions(world, engine):
    """Several partitions written by one producer, then read from offsets in the middle."""
    topic = world.topic(partitions=3)
    sent = [record(f"{p}-{i}".encode(), partition=p) for i in range(20) for p in range(3)]
    answer = engine.run(world.bootstrap, "produce", topic, {"records": sent})
    if answer["offsets"] is not None:
        assert answer["offsets"] == [{"partition": p, "offset": i} for i in range(20) for p in range(3)]
    got = engine.run(world.bootstrap, "consume", topic, {"partitions": {"0": 5, "1": 12, "2": 19}, "count": 15 + 8 + 1})["records"]
    for p, start in enumerate([5, 12, 19]):
        mine = [r for r in got if r["partition"] == p]
        assert [r["offset"] for r in mine] == list(range(start, 20))
        assert values(mine) == [f"{p}-{i}" for i in range(start, 20)]


def group(world, engine):
    topic = world.topic(partitions=4)
    world.fill(topic, [record(f"early-{i:02}".encode(), partition=i % 4) for i in range(40)])
    args = {"group": f"g-{topic}", "partitions": 4, "count": 40}
    result = engine.run(world.bootstrap, "group", topic, args)
    assert result == {
        "alone": [0, 1, 2, 3],
        "shared_sizes": [2, 2],
        "shared_union": [0, 1, 2, 3],
        "late": [2, 2],
        "after": [0, 1, 2, 3],
        "read_by_first": [f"early-{i:02}" for i in range(40)],
    }
    return result


def commit_before(world, engine):
    """Before a restart: a group reads four of ten records and commits. Returns what `commit_after` needs."""
    topic = world.topic()
    world.fill(topic, [record(f"n-{i}".encode()) for i in range(10)])
    args = {"group": f"g-{topic}", "count": 4}
    result = engine.run(world.bootstrap, "commit", topic, args)
    assert result["values"] == [f"n-{i}" for i in range(4)]
    assert result["committed"] in (4, None)
    return topic


def commit_after(world, engine, topic):
    """After the restart the same group goes on where it stopped."""
    result = engine.run(world.bootstrap, "commit", topic, {"group": f"g-{topic}", "count": 6})
    assert result["values"] == [f"n-{i}" for i in range(4, 10)]
    assert result["committed"] in (10, None)


def times(world, engine):
    """Records one second apart, an hour ago; a time between two records finds the later one, a time past all finds none."""
    topic = world.topic()
    base = int(time.time() * 1000) - 3_600_000
    world.fill(topic, [record(f"t-{i}".encode(), timestamp=base + i * 1000) for i in range(10)])
    stamps = [base + 2500, base, base + 9000, base + 1_000_000]
    result = engine.run(world.bootstrap, "times", topic, {"timestamps": stamps})
    past_all = 10 if engine.end_when_no_offset else None
    expected = {"offsets": [3, 0, 9, past_all], "earliest": 0, "latest": 10, "first": pack(b"t-3")}
    assert result == expected
    return result


def admin(world, engine):
    name = f"engine-{uuid.uuid4().hex[:12]}"
    made = {"retention.ms": "123456789", "max.message.bytes": "2000000"}
    # Both keys, because an engine may only have AlterConfigs, which drops what it does not name.
    changed = {"retention.ms": "987654321", "max.message.bytes": "2000000"}
    result = engine.run(world.bootstrap, "admin", name, {"configs": made, "alter": changed})
    assert result["partitions"] == 2
    assert result["duplicate"] == 36, "creating a topic twice is TOPIC_ALREADY_EXISTS"
    if "configs" not in engine.lacks:
        assert made.items() <= result["before"].items()
        assert changed.items() <= result["after"].items()
        assert result["grown"] == 4
    assert result["deleted"] is True
    return result


def listing(world, engine):
    topic = world.topic(partitions=3)
    assert engine.run(world.bootstrap, "listing", topic) == {"topics": [{"topic": topic, "partitions": [0, 1, 2]}]}


def groups(world, engine):
    topic = world.topic(partitions=2)
    world.fill(topic, [record(b"x"), record(b"y")])
    result = engine.run(world.bootstrap, "groups", topic, {"group": f"g-{topic}", "count": 2})
    whole = {"listed": "stable", "state": "stable", "members": 1, "assigned": [0, 1], "committed": 2, "after_leave": "empty", "deleted": True,
             "protocol_type": "consumer"}
    assert result == {name: value for name, value in whole.items() if name in result}
    assert {"state", "members"} <= result.keys()
    return result


def delete_records(world, engine):
    topic = world.topic()
    world.fill(topic, [record(f"n-{i}".encode()) for i in range(10)])
    result = engine.run(world.bootstrap, "delete_records", topic, {"offset": 4})
    # sarama and kafkajs do not hand on the low watermark of the answer.
    assert {"low": 4, **result} == {"low": 4, "earliest": 4, "first": pack(b"n-4")}
    return result

