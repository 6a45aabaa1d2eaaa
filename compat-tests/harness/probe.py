"""The two requests by which a broker shows that it serves, written byte by byte so that no client library stands between."""

import socket
import struct


def _exchange(connection: socket.socket, api_key: int, version: int, body: bytes) -> bytes:
    """Sends one request with header version 1 and returns the body of its answer."""
    request = struct.pack(">hhih", api_key, version, 7, -1) + body
    connection.sendall(struct.pack(">i", len(request)) + request)
    size = struct.unpack(">i", _read(connection, 4))[0]
    if not 4 <= size <= 1 << 20:
        raise OSError(f"an answer of {size} bytes")
    answer = _read(connection, size)
    if answer[:4] != struct.pack(">i", 7):
        raise OSError("the correlation id of another request")
    return answer[4:]


def _read(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise OSError("connection closed")
        data += piece
    return data


def serves(port: int) -> bool:
    """Whether the broker on `port` answers ApiVersions, and Metadata with itself in it."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            versions = _exchange(connection, 18, 0, b"")
            if struct.unpack(">h", versions[:2])[0] != 0:
                return False
            # Metadata v1 for no topics at all: the brokers come first, a count and then each.
            metadata = _exchange(connection, 3, 1, struct.pack(">i", 0))
            return struct.unpack(">i", metadata[:4])[0] >= 1
    except OSError:
        return False
