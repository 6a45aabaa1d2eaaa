"""A client of a few bytes that knocks from the moment of the spawn on: who answers first, and when can a record pass?

It speaks ApiVersions 0, Metadata 4, Produce 3 and Fetch 4 by hand, so that no client library's own start, back-off or
polling is in the figures, and both brokers are asked by the same bytes.
"""

import socket
import struct
import time
from typing import Callable

from raw.batch import Rec, batch

TOPIC = b"first"
KNOCK_EVERY_S = 0.001
LIMIT_S = 90.0
RECORD = batch([Rec(b"a first record")])


class NotYet(Exception):
    """The broker refuses for now; asking again is right."""


class Answer:
    """The body of an answer, read from front to back."""

    def __init__(self, body: bytes):
        self._body, self._at = body, 0

    def take(self, form: str) -> int:
        value, = struct.unpack_from(">" + form, self._body, self._at)
        self._at += struct.calcsize(">" + form)
        return value

    def blob(self, form: str) -> bytes:
        """Bytes with their length in front, `form` being the type of the length; null as empty."""
        size = max(self.take(form), 0)
        self._at += size
        return self._body[self._at - size:self._at]


class Client:
    """One connection."""

    def __init__(self, port: int):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        self._socket.close()

    def _ask(self, key: int, version: int, body: bytes) -> Answer:
        request = struct.pack(">hhih", key, version, 1, -1) + body
        self._socket.sendall(struct.pack(">i", len(request)) + request)
        size, = struct.unpack(">i", self._read(4))
        if not 4 <= size <= 1 << 20:
            raise RuntimeError(f"an answer of {size} bytes to request {key}")
        return Answer(self._read(size)[4:])

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self._socket.recv(count - len(data))
            if not piece:
                raise ConnectionError("closed by the broker")
            data += piece
        return data

    def api_versions(self) -> None:
        _accept(self._ask(18, 0, b"").take("h"))

    def find_leader(self) -> None:
        """Asks for the topic, which creates it, until it has a leader."""
        answer = self._ask(3, 4, struct.pack(">ih", 1, len(TOPIC)) + TOPIC + b"\1")
        answer.take("i")
        for _ in range(answer.take("i")):
            answer.take("i"), answer.blob("h"), answer.take("i"), answer.blob("h")
        answer.blob("h"), answer.take("i")
        if answer.take("i") != 1:
            raise NotYet
        _accept(answer.take("h"))
        answer.blob("h"), answer.take("b")
        if answer.take("i") < 1:
            raise NotYet
        _accept(answer.take("h"))

    def produce(self) -> int:
        """Appends one record with acks=all and returns its offset."""
        head = struct.pack(">hhiih", -1, -1, 30_000, 1, len(TOPIC)) + TOPIC
        answer = self._ask(0, 3, head + struct.pack(">iii", 1, 0, len(RECORD)) + RECORD)
        answer.take("i"), answer.blob("h"), answer.take("i"), answer.take("i")
        _accept(answer.take("h"))
        return answer.take("q")

    def fetch(self, offset: int) -> None:
        """Reads the record at `offset`."""
        head = struct.pack(">iiiibih", -1, 500, 1, 1 << 20, 0, 1, len(TOPIC)) + TOPIC
        answer = self._ask(1, 4, head + struct.pack(">iiqi", 1, 0, offset, 1 << 20))
        answer.take("i"), answer.take("i"), answer.blob("h"), answer.take("i"), answer.take("i")
        _accept(answer.take("h"))
        answer.take("q"), answer.take("q")
        for _ in range(answer.take("i")):
            answer.take("q"), answer.take("q")
        if b"a first record" not in answer.blob("i"):
            raise NotYet


# What a broker says of a topic that is being created: unknown, leader not available, not leader.
_FOR_NOW = {3, 5, 6}


def _accept(error: int) -> None:
    if error in _FOR_NOW:
        raise NotYet
    if error != 0:
        raise RuntimeError(f"the broker answered error {error}")


def wait_for(port: int, check: Callable[[], None]) -> dict[str, float]:
    """Monotonic moments of the first answered ApiVersions, the first produced and the first consumed record.

    `check` raises when there is nothing to wait for any more.
    """
    deadline = time.monotonic() + LIMIT_S
    client = _until(deadline, check, lambda: _knock(port))
    answered = time.monotonic()
    try:
        _until(deadline, check, client.find_leader)
        offset = _until(deadline, check, client.produce)
        produced = time.monotonic()
        _until(deadline, check, lambda: client.fetch(offset))
        return {"answered": answered, "produced": produced, "consumed": time.monotonic()}
    finally:
        client.close()


def _knock(port: int) -> Client:
    try:
        client = Client(port)
    except OSError as error:
        raise NotYet from error
    try:
        client.api_versions()
        return client
    except (OSError, NotYet) as error:
        client.close()
        raise NotYet from error


def _until(deadline: float, check: Callable[[], None], ask: Callable):
    while True:
        try:
            return ask()
        except NotYet:
            check()
            if time.monotonic() > deadline:
                raise RuntimeError(f"no success in {LIMIT_S} s") from None
            time.sleep(KNOCK_EVERY_S)
