"""A Kafka connection of the plainest kind: a socket, frames, and what became of them."""

from __future__ import annotations

import socket
import struct
import time
from dataclasses import dataclass, field

from raw import codec

CLOSED = "closed"
"""The broker ended the connection without an answer."""
SILENT = "no answer"
"""Nothing came within the window, and the connection is still open."""

ANSWER_S = 60.0
"""How long an answer may take that must come; only a broken broker ever uses it up."""
SILENCE_S = 0.3
"""How long we listen where the statement is that nothing comes."""


@dataclass
class Sent:
    """One request on its way: what is needed to read its answer."""

    api: str
    version: int
    correlation: int
    since: float = field(default_factory=time.monotonic)
    """When it had not been sent yet."""


@dataclass
class Conn:
    """One connection, used by one case."""

    host: str
    port: int
    client_id: str | bytes | None = "raw"
    correlation: int = 0
    sock: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.sock = socket.create_connection((self.host, self.port), timeout=ANSWER_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """End it at once."""
        self.sock.close()

    def raw(self, data: bytes) -> None:
        """Bytes as they are. A broker that has already closed is no error here: reading will tell."""
        try:
            self.sock.settimeout(ANSWER_S)  # reading leaves what was left of its own time
            self.sock.sendall(data)
        except OSError:
            pass

    def frame(self, payload: bytes) -> None:
        """A payload behind its true size."""
        self.raw(struct.pack(">i", len(payload)) + payload)

    def send(self, api: str, version: int, body: dict | bytes, *, correlation: int | None = None,
             header_tags: bytes = b"\x00", tail: bytes = b"") -> Sent:
        """A request with its header; `body` may be bytes for what the codec does not write."""
        if correlation is None:
            self.correlation += 1
            correlation = self.correlation
        payload = body if isinstance(body, bytes) else codec.encode(api, version, body)
        flexible = codec.request_schema(api, version).flexible
        head = codec.request_header(codec.KEYS[api], version, correlation, self.client_id, flexible, header_tags)
        sent = Sent(api, version, correlation)
        self.frame(head + payload + tail)
        return sent

    def read_frame(self, wait_s: float = ANSWER_S) -> bytes | str:
        """The next frame's payload, CLOSED, or SILENT."""
        deadline = time.monotonic() + wait_s
        head = self._exactly(4, deadline)
        if isinstance(head, str):
            return head
        return self._exactly(struct.unpack(">i", head)[0], max(deadline, time.monotonic() + 5))

    def _exactly(self, count: int, deadline: float) -> bytes | str:
        parts = bytearray()
        while len(parts) < count:
            left = deadline - time.monotonic()
            if left <= 0:
                return SILENT
            self.sock.settimeout(left)
            try:
                part = self.sock.recv(min(count - len(parts), 1 << 20))
            except TimeoutError:
                return SILENT
            except OSError:
                return CLOSED
            if not part:
                return CLOSED
            parts += part
        return bytes(parts)

    def recv(self, sent: Sent, wait_s: float = ANSWER_S) -> dict | str:
        """The answer to a request: its body, CLOSED or SILENT. A wrong correlation id is told in the body."""
        frame = self.read_frame(wait_s)
        if isinstance(frame, str):
            return frame
        try:
            correlation, body = codec.decode_response(sent.api, sent.version, frame)
        except codec.Malformed as error:
            return {"_malformed": str(error), "_bytes": frame[:2000].hex()}
        if correlation != sent.correlation:
            body["_correlation"] = [correlation, sent.correlation]
        return body

    def call(self, api: str, version: int, body: dict | bytes, wait_s: float = ANSWER_S, **options) -> dict | str:
        """Send and receive."""
        return self.recv(self.send(api, version, body, **options), wait_s)
