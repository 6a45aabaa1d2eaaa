"""Batches whose few bytes decompress to very many."""

from __future__ import annotations

import struct
import zlib
from functools import cache

import cramjam

from raw.batch import GZIP, LZ4, SNAPPY, ZSTD, batch, Rec, varint, xxh32

MIB = 1 << 20


def _record_head(value_bytes: int) -> bytes:
    """The bytes of a record before a value of so many bytes; behind the value one 0 (no headers) must follow."""
    body = b"\0" + varint(0) + varint(0) + varint(-1) + varint(value_bytes)
    return varint(len(body) + value_bytes + 1) + body


def gzip_bomb(value_bytes: int) -> bytes:
    """One gzip member of zeros."""
    packer = zlib.compressobj(9, wbits=31)
    out = [packer.compress(_record_head(value_bytes))]
    zeros = bytes(MIB)
    for _ in range(value_bytes // MIB):
        out.append(packer.compress(zeros))
    return b"".join(out) + packer.compress(b"\0") + packer.flush()


def zstd_bomb(value_bytes: int, window_log: int = 17) -> bytes:
    """A frame of blocks that say "this byte 128 KiB times", and a window as large as one likes."""
    head = _record_head(value_bytes)
    out = b"\x28\xb5\x2f\xfd\x00" + bytes([(window_log - 10) << 3])
    out += struct.pack("<I", len(head) << 3)[:3] + head
    run = struct.pack("<I", (128 * 1024) << 3 | 1 << 1)[:3] + b"\0"
    return out + run * (value_bytes // (128 * 1024)) + struct.pack("<I", 1 << 3 | 1)[:3] + b"\0"


def lz4_bomb(value_bytes: int) -> bytes:
    """A frame of independent 4 MiB blocks of zeros, the same compressed block again and again."""
    flags = b"\x60\x70"
    out = b"\x04\x22\x4d\x18" + flags + bytes([xxh32(flags) >> 8 & 0xFF])
    head = _record_head(value_bytes)
    block = bytes(cramjam.lz4.compress_block(bytes(4 * MIB), store_size=False))
    out += struct.pack("<I", len(head) | 0x80000000) + head
    out += (struct.pack("<I", len(block)) + block) * (value_bytes // (4 * MIB))
    return out + struct.pack("<I", 1 | 0x80000000) + b"\0" + b"\0\0\0\0"


def snappy_bomb(value_bytes: int) -> bytes:
    """Frames of snappy-java of 32 KiB of zeros each."""
    out = b"\x82SNAPPY\x00" + struct.pack(">ii", 1, 1)
    for part in (_record_head(value_bytes), None, b"\0"):
        piece = bytes(cramjam.snappy.compress_raw(bytes(32 * 1024) if part is None else part))
        out += (struct.pack(">i", len(piece)) + piece) * (1 if part is not None else value_bytes // (32 * 1024))
    return out


def snappy_liar() -> bytes:
    """A raw snappy block whose length in front says 4 GiB - 1."""
    return b"\xff\xff\xff\xff\x0f" + b"\x00a"


@cache
def bombs() -> dict[str, bytes]:
    """Produce batches by name; each is below 1 MiB, the default max.message.bytes."""
    def one(codec: int, payload: bytes) -> bytes:
        return batch([Rec(None, None)], codec, payload=payload)

    return {
        "gzip 700 MiB": one(GZIP, gzip_bomb(700 * MIB)),
        "zstd 1 GiB": one(ZSTD, zstd_bomb(1024 * MIB)),
        "zstd 1 GiB in a window of 128 MiB": one(ZSTD, zstd_bomb(1024 * MIB, 27)),
        "zstd in a window of 2 GiB": one(ZSTD, zstd_bomb(1024 * MIB, 31)),
        "lz4 240 MiB": one(LZ4, lz4_bomb(240 * MIB)),
        "snappy 20 MiB": one(SNAPPY, snappy_bomb(20 * MIB)),
        "snappy that lies": one(SNAPPY, snappy_liar()),
        "snappy frame that lies": one(SNAPPY, b"\x82SNAPPY\x00" + struct.pack(">iii", 1, 1, 2**31 - 1) + b"x"),
    }
