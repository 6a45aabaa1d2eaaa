"""A look at the batches that really lie in a partition, by one raw Fetch request (version 4) on a plain socket.

An engine that silently ignores its codec or its idempotence setting would still read back what it wrote; the batch headers tell.
"""

import socket
import struct

CODEC_NAMES = {0: "none", 1: "gzip", 2: "snappy", 3: "lz4", 4: "zstd"}
HEADER_SIZE = 61
TIMEOUT_S = 30


def string(text):
    return struct.pack(">h", len(text)) + text.encode()


def read_exactly(connection, size):
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise ConnectionError("the broker closed the connection")
        data += piece
    return data


def fetch(bootstrap, topic, partition, offset):
    """The record bytes that one Fetch answers, and the high watermark."""
    host, port = bootstrap.rsplit(":", 1)
    body = struct.pack(">iiiib", -1, 100, 1, 50_000_000, 0)
    body += struct.pack(">i", 1) + string(topic) + struct.pack(">iiqi", 1, partition, offset, 10_000_000)
    frame = struct.pack(">hhi", 1, 4, 7) + string("batches") + body
    with socket.create_connection((host, int(port)), TIMEOUT_S) as connection:
        connection.sendall(struct.pack(">i", len(frame)) + frame)
        answer = read_exactly(connection, struct.unpack(">i", read_exactly(connection, 4))[0])
    at = 4 + 4 + 4  # correlation id, throttle time, number of topics
    at += 2 + struct.unpack_from(">h", answer, at)[0] + 4  # topic name, number of partitions
    _, error, high_watermark, _, aborted = struct.unpack_from(">ihqqi", answer, at)
    at += 26 + max(0, aborted) * 16
    size = struct.unpack_from(">i", answer, at)[0]
    if error:
        raise RuntimeError(f"fetch of {topic}-{partition} at {offset} answered error {error}")
    return answer[at + 4:at + 4 + size], high_watermark


def batches(bootstrap, topic, partition=0):
    """Every batch of the partition: its base offset, codec, record count and whether its producer was idempotent."""
    found, offset = [], 0
    while True:
        data, high_watermark = fetch(bootstrap, topic, partition, offset)
        at = 0
        while at + HEADER_SIZE <= len(data):
            base, length = struct.unpack_from(">qi", data, at)
            if at + 12 + length > len(data):
                break
            attributes, last_delta = struct.unpack_from(">hi", data, at + 21)
            producer_id, = struct.unpack_from(">q", data, at + 43)
            count, = struct.unpack_from(">i", data, at + 57)
            found.append({"base": base, "codec": CODEC_NAMES[attributes & 7], "count": count, "idempotent": producer_id >= 0})
            offset, at = base + last_delta + 1, at + 12 + length
        if offset >= high_watermark:
            return found
        if at == 0:
            raise RuntimeError(f"no whole batch at {topic}-{partition} offset {offset}")
