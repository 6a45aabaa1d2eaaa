"""Record batches of format v2, built so that every field can lie, and read back as dicts.

The batch header (DefaultRecordBatch), big endian:

    base_offset i64 | length i32 | leader_epoch i32 | magic i8 | crc u32 | attributes i16 | last_offset_delta i32 |
    base_timestamp i64 | max_timestamp i64 | producer_id i64 | producer_epoch i16 | base_sequence i32 | count i32 | records

`length` counts what follows it; `crc` is CRC-32C of everything from `attributes` on.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any

import cramjam
import crc32c as crc32c_library

NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)
CODECS = {"none": NONE, "gzip": GZIP, "snappy": SNAPPY, "lz4": LZ4, "zstd": ZSTD}
BASE_TIME = 1_600_000_000_000
"""The time of records whose time does not matter: in the past, the same in every run."""

HEADER = struct.Struct(">qiibIhiqqqhii")


def varint(value: int) -> bytes:
    """Zigzag varint of up to 64 bits."""
    value = (value << 1) ^ (value >> 63)
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


@dataclass
class Rec:
    """One record; the fields that start with `lie_` replace what would be written."""

    value: bytes | None = b"v"
    key: bytes | None = b"k"
    headers: list[tuple[bytes | None, bytes | None]] = field(default_factory=list)
    time: int = BASE_TIME
    attributes: int = 0
    lie_offset_delta: int | None = None
    lie_length: int | bytes | None = None
    lie_key_length: int | None = None
    lie_value_length: int | None = None
    lie_header_count: int | None = None
    tail: bytes = b""

    def encode(self, index: int, base_time: int) -> bytes:
        """The record with its length in front."""
        offset_delta = index if self.lie_offset_delta is None else self.lie_offset_delta
        body = struct.pack(">b", self.attributes) + varint(self.time - base_time) + varint(offset_delta)
        body += _blob(self.key, self.lie_key_length) + _blob(self.value, self.lie_value_length)
        body += varint(len(self.headers) if self.lie_header_count is None else self.lie_header_count)
        for name, value in self.headers:
            body += _blob(name) + _blob(value)
        body += self.tail
        if isinstance(self.lie_length, bytes):
            return self.lie_length + body
        return varint(len(body) if self.lie_length is None else self.lie_length) + body


def _blob(data: bytes | None, lie: int | None = None) -> bytes:
    length = -1 if data is None else len(data)
    return varint(length if lie is None else lie) + (data or b"")


def compress(codec: int, data: bytes) -> bytes:
    """The framing that the Java client writes: gzip, xerial snappy, lz4 frame, zstd frame."""
    if codec == GZIP:
        return gzip.compress(data, mtime=0)
    if codec == SNAPPY:
        return xerial(data)
    if codec == LZ4:
        return lz4_frame(data)
    if codec == ZSTD:
        return bytes(cramjam.zstd.compress(data))
    return data


def xerial(data: bytes, block: int = 32 * 1024) -> bytes:
    """Snappy blocks in the stream framing of snappy-java."""
    out = b"\x82SNAPPY\x00" + struct.pack(">ii", 1, 1)
    for start in range(0, len(data), block):
        part = bytes(cramjam.snappy.compress_raw(data[start:start + block]))
        out += struct.pack(">i", len(part)) + part
    return out


def xxh32(data: bytes) -> int:
    """XXH32 with seed 0 of fewer than 16 bytes: all that the header checksum of an lz4 frame needs."""
    mask = 0xFFFFFFFF
    value = 374761393 + len(data) & mask
    for byte in data[len(data) // 4 * 4:]:
        value = value + byte * 374761393 & mask
        value = (value << 11 | value >> 21) * 2654435761 & mask
    value = (value ^ value >> 15) * 2246822519 & mask
    value = (value ^ value >> 13) * 3266489917 & mask
    return value ^ value >> 16


def lz4_frame(data: bytes, good_checksum: bool = True) -> bytes:
    """An lz4 frame of uncompressed and compressed blocks of 64 KiB, without content size or checksum."""
    flags = b"\x60\x40"
    checksum = xxh32(flags) >> 8 & 0xFF
    out = b"\x04\x22\x4d\x18" + flags + bytes([checksum if good_checksum else checksum ^ 0x55])
    for start in range(0, len(data), 65536):
        raw = data[start:start + 65536]
        part = bytes(cramjam.lz4.compress_block(raw, store_size=False))
        if len(part) < len(raw):
            out += struct.pack("<I", len(part)) + part
        else:
            out += struct.pack("<I", len(raw) | 0x80000000) + raw
    return out + b"\0\0\0\0"


def decompress(codec: int, data: bytes) -> bytes:
    """What a client would read; raises whatever the library raises on damage."""
    if codec == GZIP:
        return gzip.decompress(data)
    if codec == SNAPPY:
        if not data.startswith(b"\x82SNAPPY\x00"):
            return bytes(cramjam.snappy.decompress_raw(data))
        out, at = b"", 16
        while at < len(data):
            size = struct.unpack_from(">i", data, at)[0]
            out += bytes(cramjam.snappy.decompress_raw(data[at + 4:at + 4 + size]))
            at += 4 + size
        return out
    if codec == LZ4:
        return bytes(cramjam.lz4.decompress(data))
    if codec == ZSTD:
        return bytes(cramjam.zstd.decompress(data))
    return data


def batch(records: list[Rec] | None = None, codec: int = NONE, *, payload: bytes | None = None,
          extra_payload: bytes = b"", base_offset: int = 0, length: int | None = None, leader_epoch: int = -1,
          magic: int = 2, crc: int | None = None, attributes: int = 0, last_offset_delta: int | None = None,
          base_timestamp: int | None = None, max_timestamp: int | None = None, producer_id: int = -1,
          producer_epoch: int = -1, base_sequence: int = -1, count: int | None = None) -> bytes:
    """One batch. Everything that is not given is told truthfully; `payload` replaces the compressed record bytes,
    `extra_payload` is put behind the records before compression."""
    records = [Rec()] if records is None else records
    base = base_timestamp if base_timestamp is not None else (records[0].time if records else BASE_TIME)
    top = max_timestamp if max_timestamp is not None else max([r.time for r in records], default=base)
    plain = b"".join(r.encode(i, base) for i, r in enumerate(records)) + extra_payload
    body = compress(codec, plain) if payload is None else payload
    delta = len(records) - 1 if last_offset_delta is None else last_offset_delta
    tail = struct.pack(">HiqqqhiI", (attributes | codec) & 0xFFFF, delta, base, top, producer_id, producer_epoch,
                       base_sequence, (len(records) if count is None else count) & 0xFFFFFFFF) + body
    crc = crc32c_library.crc32c(tail) if crc is None else crc
    size = len(tail) + 9 if length is None else length
    return struct.pack(">qiibI", base_offset, size, leader_epoch, magic, crc) + tail


def message_set(magic: int, codec: int = 0) -> bytes:
    """One message of the old formats v0 and v1, with a correct CRC-32."""
    body = struct.pack(">bb", magic, codec)
    body += struct.pack(">q", BASE_TIME) if magic == 1 else b""
    body += struct.pack(">i", 1) + b"k" + struct.pack(">i", 1) + b"v"
    message = struct.pack(">I", zlib.crc32(body)) + body
    return struct.pack(">qi", 0, len(message)) + message


def parse(data: bytes | None) -> list[dict[str, Any]] | None:
    """Every complete batch in fetched bytes; what is cut off at the end is left out, as clients do."""
    if data is None:
        return None
    found, at = [], 0
    while at + HEADER.size <= len(data):
        names = ("base_offset", "length", "leader_epoch", "magic", "crc", "attributes", "last_offset_delta",
                 "base_timestamp", "max_timestamp", "producer_id", "producer_epoch", "base_sequence", "count")
        one: dict[str, Any] = dict(zip(names, HEADER.unpack_from(data, at)))
        end = at + 12 + one["length"]
        if one["length"] < 49 or end > len(data):
            break
        one["crc_holds"] = crc32c_library.crc32c(data[at + 21:end]) == one["crc"]
        one["records"] = _records(data[at + HEADER.size:end], one)
        found.append(one)
        at = end
    return found


def _records(body: bytes, head: dict[str, Any]) -> Any:
    """The records of one batch, or the raw bytes in hex where they do not parse."""
    try:
        plain, at, found = decompress(head["attributes"] & 7, body), 0, []
        for _ in range(head["count"]):
            size, at = _varint(plain, at)
            end = at + size
            attributes, at = plain[at], at + 1
            time, at = _varint(plain, at)
            offset, at = _varint(plain, at)
            key, at = _take(plain, at)
            value, at = _take(plain, at)
            count, at = _varint(plain, at)
            headers = []
            for _ in range(count):
                name, at = _take(plain, at)
                content, at = _take(plain, at)
                headers.append([name, content])
            if at != end:
                return "damaged:" + body.hex()
            found.append({"attributes": attributes, "time_delta": time, "offset_delta": offset, "key": key,
                          "value": value, "headers": headers})
        return found
    except Exception:  # any damage at all: the bytes themselves are then what is compared
        return "damaged:" + body.hex()


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1), at
        shift += 7


def _take(data: bytes, at: int) -> tuple[bytes | None, int]:
    size, at = _varint(data, at)
    if size < 0:
        return None, at
    if at + size > len(data):
        raise ValueError("past the end")
    return data[at:at + size], at + size
