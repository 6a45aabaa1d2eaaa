"""What a case records: answers made comparable between two brokers, and the comparison itself."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

from raw import batch
from raw import codec

ANY = object()
"""In an expectation: whatever the broker says."""

_TEXTS = {"error_message", "batch_index_error_message", "documentation"}
_HIDDEN = {"throttle_time", "finalized_features_epoch", "log_dir", "total_bytes", "usable_bytes", "log_end_offset",
           "last_fetch_timestamp", "last_caught_up_timestamp"}
_HIDDEN_IF_SET = {"host", "port", "cluster_id"}
_NODES = {"node_id", "leader_id", "controller_id", "broker_id", "replica_nodes", "isr_nodes", "offline_replicas",
          "replica_id"}
_KEYS = ("name", "topic", "topic_id", "topic_name", "group_id", "resource_name", "partition_index", "index",
         "partition", "api_key", "member_id", "log_dir")
_PLAIN_KEYS = ("name", "topic", "topic_name", "group_id", "resource_name", "partition_index", "index", "partition",
               "group_instance_id", "client_id", "metadata", "member_metadata")
_UUID_TAIL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
_TWO_DAYS_MS = 172_800_000


class Masker:
    """Replaces what may differ between two brokers by names that may not: ids by the order of their appearance,
    times near now by the word, texts for people by whether there is one."""

    def __init__(self, node_id: int) -> None:
        self.node_id = node_id
        self.seen: dict[tuple[str, Any], str] = {}

    def alias(self, kind: str, value: Any) -> str:
        """A stable name for a value of a kind."""
        known = sum(1 for name, _ in self.seen if name == kind)
        return self.seen.setdefault((kind, value), f"<{kind} {known + 1}>")

    def mask(self, value: Any, name: str = "", ordered: bool = False) -> Any:
        """`value` of a field `name`, and all that is in it. Lists of structs are sorted by their (masked)
        keys unless `ordered`."""
        if isinstance(value, dict):
            return {key: self.mask(item, key, ordered) for key, item in value.items()}
        if isinstance(value, list):
            if not ordered and value and isinstance(value[0], dict):
                value = sorted(value, key=_first_key)  # before ids are named by their order of appearance
            masked = [self.mask(item, name, ordered) for item in value]
            return masked if ordered or not masked or not isinstance(masked[0], dict) else sorted(masked, key=_sort_key)
        if name in _HIDDEN:
            return "<hidden>"
        if name in _HIDDEN_IF_SET:
            return value if value in ("", -1, None) else "<hidden>"
        if name in _TEXTS:
            return "<text>" if value else value
        if isinstance(value, uuid.UUID):
            return "<zero id>" if value == codec.ZERO_ID else self.alias("id", value)
        if isinstance(value, bytes):
            return self.records(value) if name == "records" else repr(value)
        if isinstance(value, str):
            return _UUID_TAIL.sub(lambda found: self.alias("uuid", found[0]), value)
        if isinstance(value, int) and not isinstance(value, bool):
            return self.number(value, name)
        return value

    def number(self, value: int, name: str) -> Any:
        """Node ids, producer ids, session ids and the time of day are masked; all other numbers count."""
        if name in _NODES and value == self.node_id:
            return "<self>"
        if name == "producer_id" and value >= 0:
            return self.alias("producer", value)
        if name == "session_id" and value > 0:
            return self.alias("session", value)
        if abs(value - time.time() * 1000) < _TWO_DAYS_MS:
            return "<now>"
        return value

    def records(self, data: bytes) -> Any:
        """Fetched bytes as batches. Where the broker writes the time (LogAppendTime) the CRC cannot be compared."""
        batches = batch.parse(data)
        for one in batches:
            if one["attributes"] & 8 or one["producer_id"] >= 0:
                one["crc"] = "<hidden>"
        return [self.mask(one, "", ordered=True) for one in batches]


def _first_key(item: dict) -> list:
    return [str(item[key]).zfill(12) for key in _PLAIN_KEYS if key in item]


def _sort_key(item: dict) -> list:
    return [str(item[key]).zfill(12) for key in _KEYS if key in item]


def errors(answer: Any) -> list[int]:
    """Every error code in an answer, top first."""
    if isinstance(answer, dict):
        own = [answer["error_code"]] if "error_code" in answer else []
        return own + [code for item in answer.values() for code in errors(item)]
    if isinstance(answer, list):
        return [code for item in answer for code in errors(item)]
    return []


def first(answer: Any, name: str) -> Any:
    """The first field of that name, breadth before depth; KeyError where there is none."""
    layer = [answer]
    while layer:
        below = []
        for item in layer:
            if isinstance(item, dict):
                if name in item:
                    return item[name]
                below += item.values()
            elif isinstance(item, list):
                below += item
        layer = below
    raise KeyError(name)


def differences(kafka: Any, klamm: Any, ignore: set[str], path: str = "") -> list[str]:
    """Every place where two masked answers differ, as readable lines."""
    if isinstance(kafka, dict) and isinstance(klamm, dict):
        lines = []
        for name in sorted(set(kafka) | set(klamm)):
            if name in ignore:
                continue
            if name not in kafka or name not in klamm:
                lines.append(f"{path}.{name}: only in {'Kafka' if name in kafka else 'klamm'}")
            else:
                lines += differences(kafka[name], klamm[name], ignore, f"{path}.{name}")
        return lines
    if isinstance(kafka, list) and isinstance(klamm, list) and len(kafka) == len(klamm):
        return [line for i, (a, b) in enumerate(zip(kafka, klamm)) for line in differences(a, b, ignore, f"{path}[{i}]")]
    return [] if kafka == klamm else [f"{path}: Kafka {_short(kafka)}  klamm {_short(klamm)}"]


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 400 else text[:400] + "..."
