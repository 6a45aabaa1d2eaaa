"""klamm alone: whatever bytes a stranger sends, the process lives, its memory stays, and others are served."""

import random
import socket
import struct
import threading
import time
from pathlib import Path

import pytest

from raw import codec
from raw.batch import Rec, batch
from raw.bombs import bombs
from raw.case import Broker, Context, fetch_body, produce_body
from raw.codec import LengthLied, Struct, Writer, request_header, request_schema
from raw.wire import ANSWER_S, CLOSED, SILENT, Conn

GROWTH_LIMIT = 64 << 20
"""Bytes by which resident memory may grow at its peak."""

LIES = [(2**31 - 1, 2**32 - 1), (2**31 - 2, 2**31 - 1), (200_000_000, 200_000_001), (-(2**31), 2**31)]
"""Lengths in the plain and in the compact form."""


def status_bytes(pid: int, field: str) -> int:
    """VmRSS (now) or VmHWM (peak since the last reset) of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"process {pid} has no {field}")


class Bystander(threading.Thread):
    """Another client: produces and fetches on its own connection all the while, and notes what went wrong."""

    def __init__(self, broker: Broker, topic) -> None:
        super().__init__(daemon=True)
        self.broker, self.topic = broker, topic
        self.done, self.turns, self.failure = threading.Event(), 0, ""

    def run(self) -> None:
        conn = self.broker.connect("bystander")
        while not self.done.is_set() and not self.failure:
            for api, version, body in (("produce", 9, produce_body(self.topic, {0: batch([Rec(b"%d" % self.turns)])})),
                                       ("fetch", 11, fetch_body(self.topic, {0: self.turns}, max_bytes=100)),
                                       ("metadata", 12, {"topics": [{"name": self.topic.name}]})):
                answer = conn.call(api, version, body)
                if not isinstance(answer, dict) or "_malformed" in answer:
                    self.failure = f"{api} in turn {self.turns}: {answer!r:.300}"
                    return
            self.turns += 1
            self.done.wait(0.01)
        conn.close()


@pytest.fixture
def guarded(raw_klamm, request):
    """The broker under watch: a bystander works meanwhile, and at the end memory and life are checked."""
    if raw_klamm is None:
        pytest.skip("klamm only")
    context = Context(raw_klamm, "hostile-" + "".join(c if c.isalnum() else "-" for c in request.node.name[5:])[-30:], strict=False)
    topic = context.topic("bystander")
    Path(f"/proc/{raw_klamm.pid}/clear_refs").write_text("5")  # the peak starts again from here
    before = status_bytes(raw_klamm.pid, "VmRSS")
    bystander = Bystander(raw_klamm, topic)
    bystander.start()
    yield raw_klamm
    turns = bystander.turns
    deadline = time.monotonic() + ANSWER_S
    while bystander.turns < turns + 2 and not bystander.failure:
        assert time.monotonic() < deadline, "another client is not served any more"
        bystander.done.wait(0.01)
    bystander.done.set()
    bystander.join(2 * ANSWER_S)
    assert not bystander.failure, bystander.failure
    grown = status_bytes(raw_klamm.pid, "VmHWM") - before
    context.finish()
    assert grown < GROWTH_LIMIT, f"memory grew by {grown >> 20} MiB"


def filled(schema: Struct) -> dict:
    """A body in which every array has an item and every text a byte, so that every length is written."""
    body = {}
    for field in schema.fields:
        if field.type == "struct":
            one = filled(field.struct)
        else:
            one = {"string": "x", "bytes": b"x", "records": b"x", "uuid": codec.uuid.UUID(int=7), "bool": True}.get(field.type, 1)
        body[field.name] = [one] if field.array else one
    return body


def advertised(broker: Broker) -> list[tuple[str, int]]:
    """Every (api, version) in the broker's own list that the schemas know."""
    conn = broker.connect()
    rows = conn.call("api_versions", 0, {})["api_keys"]
    conn.close()
    names = {key: name for name, key in codec.KEYS.items()}
    pairs = [(names[row["api_key"]], version) for row in rows if row["api_key"] in names
             for version in range(row["min_version"], row["max_version"] + 1) if version in codec.versions(names[row["api_key"]])]
    assert len(pairs) > 100
    return pairs


def exchange(broker: Broker, payload: bytes, wait_s: float = ANSWER_S) -> bytes | str:
    """One frame on a connection of its own."""
    conn = broker.connect()
    conn.frame(payload)
    answer = conn.read_frame(wait_s)
    conn.close()
    return answer


@pytest.mark.parametrize("lie,lie_compact", LIES, ids=[str(lie) for lie, _ in LIES])
def test_every_length_of_every_request_may_lie(guarded, lie, lie_compact):
    sent, kept_open = 0, []
    for api, version in advertised(guarded):
        schema = request_schema(api, version)
        probe = Writer()
        probe.struct(schema, filled(schema))
        for at, path in enumerate(probe.lengths):
            writer = Writer(lie_at=at, lie=lie, lie_compact=lie_compact)
            try:
                writer.struct(schema, filled(schema))
                raise AssertionError("nothing lied")
            except LengthLied:
                pass
            head = request_header(codec.KEYS[api], version, 1, "x", schema.flexible)
            answer = exchange(guarded, head + bytes(writer.out) + b"\0" * 20, ANSWER_S if 0 < lie and lie_compact < 2**31 else 0.5)
            sent += 1
            # A length that is negative as an int32 is null, which some fields may be; all others lie past the end.
            null = lie < 0 or (schema.flexible and lie_compact >= 2**31)
            if answer != CLOSED and not null:
                kept_open.append(f"{api} v{version} {path}: {answer!r:.60}")
    assert sent > 300
    assert not kept_open, "\n".join(kept_open[:40])


def test_tag_sections_may_lie(guarded):
    for api, version in advertised(guarded):
        schema = request_schema(api, version)
        if not schema.flexible:
            continue
        body = codec.encode(api, version, {})
        plain_head = request_header(codec.KEYS[api], version, 1, "x", True)
        for tags in (codec.uvarint(1) + codec.uvarint(1000) + codec.uvarint(2**31 - 1), codec.uvarint(2**31 - 1) + b"\x63\0" * 10,
                     b"\xff" * 12, codec.uvarint(200_000_000) + b"\x63\0" * 20):
            assert exchange(guarded, plain_head + body[:-1] + tags) == CLOSED, f"{api} v{version} body tags {tags[:6].hex()}"
            head = request_header(codec.KEYS[api], version, 1, "x", True, tags)
            assert exchange(guarded, head + body) == CLOSED, f"{api} v{version} header tags {tags[:6].hex()}"
        for tags in (codec.uvarint(2**32 - 1), codec.uvarint(1) + codec.uvarint(1000) + codec.uvarint(2**32 - 1)):
            # Kafka takes these for negative: what becomes of the request is nobody's concern, only the broker's life is.
            exchange(guarded, plain_head + body[:-1] + tags, 0.05)


def test_random_bodies_of_every_request(guarded):
    chance = random.Random(20261120)
    for api, version in advertised(guarded):
        if api in ("alter_configs", "incremental_alter_configs"):
            continue  # noise might set a config of the broker that the other tests stand on
        schema = request_schema(api, version)
        whole = Writer()
        whole.struct(schema, filled(schema))
        for turn in range(8):
            body = bytearray(whole.out)
            if turn < 4:
                body = bytearray(chance.randbytes(chance.randrange(1, 200)))
            else:
                for _ in range(chance.randrange(1, 4) if body else 0):
                    body[chance.randrange(len(body))] = chance.randrange(256)
            conn = guarded.connect()
            conn.frame(request_header(codec.KEYS[api], version, 1, "x", schema.flexible) + bytes(body))
            conn.read_frame(0.02)
            conn.close()


def test_random_bytes_and_other_protocols(guarded):
    chance = random.Random(7)
    hello = bytes.fromhex("16030100c8010000c40303") + chance.randbytes(190)
    for data in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"POST /topics HTTP/1.0\r\n\r\n", hello, b"SSH-2.0-x\r\n",
                 b"\xff" * 1000, struct.pack(">i", -1), struct.pack(">i", 104_857_601), struct.pack(">i", 2**31 - 1) + b"\0" * 50):
        conn = guarded.connect()
        conn.raw(data)
        assert conn.read_frame() == CLOSED, data[:20]
    for _ in range(300):
        conn = guarded.connect()
        conn.raw(chance.randbytes(chance.randrange(1, 4000)))
        conn.close()
    for _ in range(300):
        conn = guarded.connect()
        noise = chance.randbytes(chance.randrange(0, 300))
        conn.frame(noise)
        conn.read_frame(0.005)
        conn.close()


def test_many_connections_that_announce_large_frames(guarded):
    conns = []
    for _ in range(400):
        conn = guarded.connect()
        conn.raw(struct.pack(">i", 104_857_600) + b"\0\x03\0\x01" + b"\0" * 100)
        conns.append(conn)
    assert conns[0].read_frame(0.3) == SILENT
    for conn in conns:
        conn.close()


def test_half_frames_and_connections_that_are_dropped(guarded):
    payload = request_header(0, 8, 1, "x", False) + codec.encode("produce", 8, {"acks": 1, "topic_data": []})
    frame = struct.pack(">i", len(payload)) + payload
    for cut in range(len(frame)):
        for reset in (False, True):
            conn = guarded.connect()
            conn.raw(frame[:cut])
            if reset:
                conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            conn.close()


def test_compression_bombs(guarded):
    context = Context(guarded, "hostile-bombs", strict=False)
    topic = context.topic()
    for name, data in bombs().items():
        assert len(data) < 1_048_588, name
        answer = context.conn.call("produce", 9, produce_body(topic, {0: data}))
        assert isinstance(answer, dict) and "_malformed" not in answer, f"{name}: {answer!r:.200}"
        code = answer["responses"][0]["partition_responses"][0]["error_code"]
        assert code != -1, f"{name}: a code that blames the broker (B4)"
        if "lies" in name or "2 GiB" in name:
            assert code != 0, f"{name} was accepted"
    context.finish()


def test_several_bombs_at_once(guarded):
    context = Context(guarded, "hostile-many-bombs", strict=False)
    topic = context.topic(partitions=4)
    data = bombs()["zstd 1 GiB"]
    conns = [guarded.connect() for _ in range(4)]
    sent = [conn.send("produce", 9, produce_body(topic, {index: data})) for index, conn in enumerate(conns)]
    for conn, one in zip(conns, sent):
        assert isinstance(conn.recv(one, 2 * ANSWER_S), dict)
        conn.close()
    context.finish()


def test_readers_that_do_not_read(guarded):
    """N11: answers are not kept in memory once per connection that asks and does not read."""
    context = Context(guarded, "hostile-slow-readers", strict=False)
    topic = context.topic()
    for index in range(16):
        context.put(topic, batch([Rec(b"%d" % (index % 10) * 900_000)]))
    conns = [guarded.connect() for _ in range(24)]
    for conn in conns:
        conn.send("fetch", 11, fetch_body(topic, {0: 0}, partition_max_bytes=50_000_000))
    slow = Conn(guarded.host, guarded.port)
    answer = slow.call("fetch", 11, fetch_body(topic, {0: 0}, partition_max_bytes=50_000_000))
    assert len(answer["responses"][0]["partitions"][0]["records"]) > 10_000_000
    for conn in (*conns, slow):
        conn.close()
    context.finish()
