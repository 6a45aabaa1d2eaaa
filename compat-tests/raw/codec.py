"""The Kafka messages as plain dicts, in both directions, driven by the schemas of the package `kio`.

kio supplies what the message definitions say (field order, types, nullability, tags, defaults, per version); reading and
writing bytes is done here, because the runner must be able to write what no honest codec writes: a null where none may
be, a length that lies, a body cut at any point.
"""

from __future__ import annotations

import dataclasses
import struct
import uuid
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from kio.index import load_payload_module
from kio.schema.index import api_key_map
from kio.static.constants import EntityType

KEYS = {name: key for key, name in api_key_map.items()}
"""API key by name: `KEYS["produce"] == 0`."""

ZERO_ID = uuid.UUID(int=0)

_INTS = {
    "int8": ">b",
    "int16": ">h",
    "int32": ">i",
    "int64": ">q",
    "uint8": ">B",
    "uint16": ">H",
    "uint32": ">I",
    "float64": ">d",
    "bool": ">?",
    "error_code": ">h",
    "timedelta_i32": ">i",
    "timedelta_i64": ">q",
    "datetime_i64": ">q",
}


class Malformed(Exception):
    """An answer that does not parse by its own schema."""


@dataclasses.dataclass(frozen=True)
class Field:
    """One field of one version of a message."""

    name: str
    type: str
    nullable: bool
    array: bool
    tag: int | None
    default: Any
    struct: "Struct | None"


@dataclasses.dataclass(frozen=True)
class Struct:
    """One struct of one version of a message, fields in wire order."""

    name: str
    flexible: bool
    fields: tuple[Field, ...]


def _plain(value: Any) -> Any:
    """A kio default as a plain value (timedeltas become milliseconds, entities become dicts)."""
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if hasattr(value, "total_seconds"):
        return int(value.total_seconds() * 1000)
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value


def _field(field: dataclasses.Field) -> Field:
    hint, nullable = field.type, False
    if get_origin(hint) in (UnionType, Union) and NoneType in get_args(hint):
        nullable = True
        hint = next(arg for arg in get_args(hint) if arg is not NoneType)
    array = get_origin(hint) is tuple
    if array:
        hint = get_args(hint)[0]
    inner = _struct(hint) if dataclasses.is_dataclass(hint) else None
    kind = "struct" if inner else field.metadata["kafka_type"]
    if field.default is not dataclasses.MISSING:
        default = _plain(field.default)
    elif array:
        default = []
    elif inner:
        default = {}
    else:
        default = {"string": "", "bytes": b"", "records": b"", "uuid": None, "bool": False}.get(kind, 0)
    if kind == "string" and isinstance(default, str):
        default = str(default)
    return Field(field.name, kind, nullable, array, field.metadata.get("tag"), default, inner)


@cache
def _struct(entity: type) -> Struct:
    return Struct(entity.__name__, entity.__flexible__, tuple(_field(f) for f in dataclasses.fields(entity)))


@cache
def _entity(api: str, version: int, kind: EntityType) -> type:
    module = load_payload_module(KEYS[api], version, kind)
    suffix = "Request" if kind is EntityType.request else "Response"
    for name in vars(module).values():
        if dataclasses.is_dataclass(name) and name.__type__ is kind and name.__name__.endswith(suffix):
            return name
    raise KeyError((api, version, kind))


def request_schema(api: str, version: int) -> Struct:
    """The request's schema at a version; KeyError or kio's UnknownEntity where there is none."""
    return _struct(_entity(api, version, EntityType.request))


def response_schema(api: str, version: int) -> Struct:
    """The answer's schema at a version."""
    return _struct(_entity(api, version, EntityType.response))


@cache
def versions(api: str) -> tuple[int, ...]:
    """The versions that the schema package knows."""
    found = []
    for version in range(0, 30):
        try:
            request_schema(api, version)
            found.append(version)
        except Exception:  # kio raises several kinds for a version that is not there
            continue
    return tuple(found)


@cache
def _known_names(api: str) -> frozenset[str]:
    names: set[str] = set()

    def walk(schema: Struct) -> None:
        for field in schema.fields:
            names.add(field.name)
            if field.struct:
                walk(field.struct)

    for version in versions(api):
        walk(request_schema(api, version))
    return frozenset(names)


def uvarint(value: int) -> bytes:
    """Unsigned varint, as lengths and tags of flexible versions are written."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class LengthLied(Exception):
    """Raised inside the writer once the chosen length has been falsified: nothing follows it."""


class Writer:
    """Writes a dict by a schema. `lie_at` falsifies the n-th length (of an array, string or bytes) and stops there."""

    def __init__(self, lie_at: int | None = None, lie: int = 0x7FFFFFFF, lie_compact: int = 0xFFFFFFFF) -> None:
        self.out = bytearray()
        self.lie_at = lie_at
        self.lie, self.lie_compact = lie, lie_compact
        self.lengths: list[str] = []

    def _length(self, count: int | None, flexible: bool, small: str, path: str) -> None:
        """A length: `small` is the struct format of the non-flexible form."""
        self.lengths.append(path)
        if self.lie_at is not None and len(self.lengths) - 1 == self.lie_at:
            if flexible:
                self.out += uvarint(self.lie_compact)
            else:
                self.out += struct.pack(small, self.lie if small == ">i" else 0x7FFF)
            raise LengthLied(path)
        if flexible:
            self.out += uvarint(0 if count is None else count + 1)
        else:
            self.out += struct.pack(small, -1 if count is None else count)

    def struct(self, schema: Struct, values: dict, path: str = "") -> None:
        """All untagged fields in order, then the tags that differ from their default."""
        for field in schema.fields:
            if field.tag is None:
                self.field(field, values.get(field.name, field.default), schema.flexible, f"{path}.{field.name}")
        if not schema.flexible:
            return
        tagged = [f for f in schema.fields if f.tag is not None and values.get(f.name, f.default) != f.default]
        extra = values.get("_tags", {})
        self.out += uvarint(len(tagged) + len(extra))
        for field in sorted(tagged, key=lambda f: f.tag):
            inner = Writer(None if self.lie_at is None else self.lie_at - len(self.lengths), self.lie, self.lie_compact)
            try:
                inner.field(field, values[field.name], True, f"{path}.{field.name}", tagged=True)
            except LengthLied:
                self.out += uvarint(field.tag) + uvarint(len(inner.out)) + inner.out
                raise
            self.lengths += inner.lengths
            self.out += uvarint(field.tag) + uvarint(len(inner.out)) + inner.out
        for tag, payload in extra.items():
            self.out += uvarint(tag) + uvarint(len(payload)) + payload

    def field(self, field: Field, value: Any, flexible: bool, path: str, tagged: bool = False) -> None:
        """One field, arrays included."""
        if not field.array:
            self.value(field, value, flexible, path, tagged)
            return
        self._length(None if value is None else len(value), flexible, ">i", path + "[]")
        for item in value or []:
            self.value(field, item, flexible, path, in_array=True)

    def value(self, field: Field, value: Any, flexible: bool, path: str, tagged: bool = False,
              in_array: bool = False) -> None:
        """One value that is no array."""
        kind = field.type
        if kind == "struct":
            if field.nullable and not field.array and not tagged and not in_array:
                self.out += b"\xff" if value is None else b"\x01"
            if value is not None:
                self.struct(field.struct, value, path)
        elif kind == "string":
            raw = value.encode() if isinstance(value, str) else value
            self._length(None if raw is None else len(raw), flexible, ">h", path)
            self.out += raw or b""
        elif kind in ("bytes", "records"):
            self._length(None if value is None else len(value), flexible, ">i", path)
            self.out += value or b""
        elif kind == "uuid":
            self.out += (value or ZERO_ID).bytes
        else:
            self.out += struct.pack(_INTS[kind], value)


def encode(api: str, version: int, values: dict) -> bytes:
    """A request body. Names that no version of the message has are refused; names of other versions are left out."""
    _check_names(values, _known_names(api))
    writer = Writer()
    writer.struct(request_schema(api, version), values)
    return bytes(writer.out)


def _check_names(values: dict, known: frozenset[str]) -> None:
    for name, value in values.items():
        if name not in known and name != "_tags":
            raise KeyError(f"no version has a field {name}")
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict) and name != "_tags":
                _check_names(item, known)


def request_header(key: int, version: int, correlation: int, client_id: str | bytes | None, flexible: bool,
                   tags: bytes = b"\x00") -> bytes:
    """Header v1, or v2 when `flexible`; the client id is an int16 string in both."""
    raw = client_id.encode() if isinstance(client_id, str) else client_id
    head = struct.pack(">hhi", key, version, correlation)
    head += struct.pack(">h", -1) if raw is None else struct.pack(">h", len(raw)) + raw
    return head + (tags if flexible else b"")


class Reader:
    """Reads by a schema and never beyond the bytes that are there."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        if count < 0 or self.at + count > len(self.data):
            raise Malformed(f"{count} bytes wanted at {self.at} of {len(self.data)}")
        part = self.data[self.at:self.at + count]
        self.at += count
        return part

    def number(self, form: str) -> Any:
        """A fixed-size number in a struct format."""
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def uvarint(self) -> int:
        """An unsigned varint of at most five bytes."""
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 28:
                raise Malformed("a varint of more than five bytes")

    def length(self, flexible: bool, small: str) -> int | None:
        """A length, None for null."""
        count = self.uvarint() - 1 if flexible else self.number(small)
        if count < -1 or count > len(self.data):
            raise Malformed(f"length {count}")
        return None if count == -1 else count

    def struct(self, schema: Struct) -> dict:
        """A dict of all fields; absent tags have their default, a tag that is written though it equals it is told."""
        values: dict = {}
        for field in schema.fields:
            if field.tag is None:
                values[field.name] = self.field(field, schema.flexible)
        if schema.flexible:
            self.tags(schema, values)
        return values

    def tags(self, schema: Struct, values: dict) -> None:
        """The tag section of a flexible struct."""
        tagged = {f.tag: f for f in schema.fields if f.tag is not None}
        for field in tagged.values():
            values[field.name] = field.default
        last = -1
        for _ in range(self.uvarint()):
            tag, size = self.uvarint(), self.uvarint()
            inner = Reader(self.take(size))
            if tag <= last:
                raise Malformed(f"tag {tag} after {last}")
            last = tag
            if tag not in tagged:
                values.setdefault("_unknown_tags", {})[str(tag)] = inner.data.hex()
                continue
            field = tagged[tag]
            values[field.name] = inner.field(field, True, tagged=True)
            if inner.at != size:
                raise Malformed(f"tag {tag} has bytes to spare")
            if values[field.name] == field.default:
                values["_default_tag_written"] = field.name

    def field(self, field: Field, flexible: bool, tagged: bool = False) -> Any:
        """One field, arrays included."""
        if not field.array:
            return self.value(field, flexible, tagged)
        count = self.length(flexible, ">i")
        if count is None and not field.nullable:
            raise Malformed(f"null array {field.name}")
        return None if count is None else [self.value(field, flexible, in_array=True) for _ in range(count)]

    def value(self, field: Field, flexible: bool, tagged: bool = False, in_array: bool = False) -> Any:
        """One value that is no array."""
        kind = field.type
        if kind == "struct":
            if field.nullable and not field.array and not tagged and not in_array and self.number(">b") < 0:
                return None
            return self.struct(field.struct)
        if kind in ("string", "bytes", "records"):
            count = self.length(flexible, ">h" if kind == "string" else ">i")
            if count is None:
                if not field.nullable and not tagged:
                    raise Malformed(f"null {field.name}")
                return None
            raw = self.take(count)
            return raw.decode() if kind == "string" else raw
        if kind == "uuid":
            return uuid.UUID(bytes=self.take(16))
        return self.number(_INTS[kind])


def decode_response(api: str, version: int, frame: bytes) -> tuple[int, dict]:
    """The correlation id and the body of an answer; every byte must be accounted for."""
    reader = Reader(frame)
    correlation = reader.number(">i")
    # An ApiVersions answer has header v0 at every version, and a v0 body when it says UNSUPPORTED_VERSION (KIP-511).
    if api == "api_versions" and frame[4:6] == b"\x00\x23":
        version = 0
    schema = response_schema(api, version)
    if schema.flexible and api != "api_versions":
        tags: dict = {}
        reader.tags(Struct("header", True, ()), tags)
        if tags:
            raise Malformed(f"header tags {tags}")
    body = reader.struct(schema)
    if reader.at != len(frame):
        raise Malformed(f"{len(frame) - reader.at} bytes after the body")
    return correlation, body
