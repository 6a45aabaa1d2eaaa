"""Where klamm answers otherwise than Apache Kafka, on purpose: the whole list, each entry with its reason.

An entry names cases and labels by shell patterns. `says` are the fields that klamm answers differently, with klamm's
value (a tuple means one of these, ANY whatever it is); all other fields must still be Kafka's. Where Kafka does not
answer at all only `says` is checked. A string in `says` stands for the whole answer (CLOSED, SILENT).
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from raw.transcript import ANY, differences, first
from raw.wire import CLOSED

CORRUPT_MESSAGE, INVALID_TOPIC, UNSUPPORTED, INVALID_REQUEST, INVALID_RECORD = 2, 17, 35, 42, 87

NEVER_LEAKED = {CORRUPT_MESSAGE, INVALID_TOPIC, UNSUPPORTED, INVALID_REQUEST, INVALID_RECORD}
"""Rule B4. Kafka answers UNKNOWN_SERVER_ERROR (-1) where an exception escapes its handler. Clients take it for a fault
of the broker and give up. klamm may name the fault of the client by one of these codes, wherever Kafka says -1."""


@dataclass(frozen=True)
class Deviation:
    """One deliberate difference."""

    cases: str
    labels: str
    says: dict[str, Any] | str
    reason: str


DEVIATIONS = [
    Deviation("P4-null_records", "*", {"error_code": INVALID_RECORD},
              "Kafka never answers and mutes the connection for ever (an exception without an answer); klamm answers"),
    Deviation("V4-changes_that_are_refused", "long value", {"error_code": 40},
              "Kafka closes the connection over a value of more than 32767 characters; klamm refuses it by INVALID_CONFIG"),
    Deviation("V4-advertised_listeners_of_a_broker_that_runs", "own", {"error_code": 0, "error_message": ANY},
              "Kafka 4 refuses to change them; brokers before did not, and test libraries do so in a container that has started"),
    Deviation("V4-advertised_listeners_of_a_broker_that_runs", "no listener", {"error_message": ANY},
              "as above: it is the value that is refused here"),
    Deviation("V4-advertised_listeners_of_a_broker_that_runs", "cluster-wide", {"error_message": ANY},
              "as above: only for all brokers at once it is refused"),
    Deviation("V4-advertised_listeners_of_a_broker_that_runs", "described", {"read_only": False}, "as above"),
    Deviation("P4-a_length_of_two_to_the_31", "length", {"error_code": (INVALID_RECORD, CORRUPT_MESSAGE)},
              "a length past the end like any other; Kafka's sum overflows"),
    Deviation("P19-offset_deltas_that_are_not_dense", "* none", {
        "error_code": INVALID_RECORD, "base_offset": -1, "log_append_time": -1, "log_start_offset": ANY,
        "record_errors": ANY, "error_message": ANY},
              "Kafka stores an uncompressed batch with wrong offset deltas as sent: consumers see wrong offsets. Refused"),
    Deviation("P19-offset_deltas_that_are_not_dense", "* none log", {
        "high_watermark": 0, "last_stable_offset": 0, "records": []}, "refused, so not stored"),
    Deviation("P19-records_that_lie_about_their_sizes", "* length *", {
        "error_code": INVALID_RECORD, "base_offset": -1, "log_append_time": -1, "log_start_offset": ANY,
        "record_errors": ANY, "error_message": ANY},
              "in a compressed batch Kafka does not look at the record length and stores what its consumers cannot read"),
    Deviation("P19-records_that_lie_about_their_sizes", "what Kafka takes all the same", {
        "high_watermark": 0, "last_stable_offset": 0, "records": []}, "refused, so not stored"),
    Deviation("P16-a_damaged_batch_beside_good_ones", "magic *", {
        "error_code": (0, CORRUPT_MESSAGE), "base_offset": ANY, "log_start_offset": ANY, "error_message": ANY,
        "responses": ANY}, "Kafka fails the whole request; klamm only the partition whose bytes are wrong"),
    Deviation("P16-a_damaged_batch_beside_good_ones", "good ones *", {
        "high_watermark": ANY, "last_stable_offset": ANY, "records": ANY}, "as above: the good partition is appended"),
    Deviation("P26-a_partition_twice_in_one_request", "in one topic entry", {
        "error_code": INVALID_REQUEST, "base_offset": -1, "log_start_offset": ANY, "error_message": ANY,
        "partition_responses": ANY},
              "Kafka drops the records of the earlier entry without a word; klamm refuses the partition"),
    Deviation("P26-a_partition_twice_in_one_request", "log 0", {
        "high_watermark": 0, "last_stable_offset": 0, "records": []}, "refused, so not stored"),
    Deviation("P29-an_unknown_codec", "codec *", {"error_code": CORRUPT_MESSAGE, "log_start_offset": ANY,
                                                  "error_message": ANY},
              "UNKNOWN_SERVER_ERROR is not retriable and blames the broker (B4)"),
    Deviation("G22-consumer_metadata_that_does_not_parse", "*", {"error_code": 0, "generation_id": 1},
              "an exception in Kafka's timer: the join is never answered. Metadata is opaque to klamm"),
    Deviation("V4-alter_configs_with_a_resource_twice", "twice", {"error_code": INVALID_REQUEST},
              "Kafka never answers and mutes the connection for ever (N12); klamm answers"),
    Deviation("D6-deleted_records_stay_deleted-kill9", "earliest", {"offset": 4},
              "Kafka checkpoints the log start once a minute, so that a crash may undo DeleteRecords; klamm before it answers"),
    Deviation("D6-deleted_records_stay_deleted-kill9", "below", {"responses": ANY}, "as above"),
    Deviation("D6-deleted_records_stay_deleted-kill9", "at it", {"log_start_offset": 4}, "as above"),
    Deviation("N3-telemetry_is_answered_though_not_advertised", "subscriptions", CLOSED,
              "telemetry is not there yet: an api that is not advertised is not served"),
    Deviation("N3-telemetry_is_answered_though_not_advertised", "push", CLOSED, "as above"),
]


def compare(case_id: str, label: str, kafka: Any, klamm: Any) -> list[str]:
    """The differences of two masked answers that no entry allows."""
    entry = next((d for d in DEVIATIONS if fnmatchcase(case_id, d.cases) and fnmatchcase(label, d.labels)), None)
    if entry is None:
        return _plain(kafka, klamm)
    if isinstance(entry.says, str):
        return [] if klamm == entry.says else [f": klamm should say {entry.says!r} ({entry.reason}), says {klamm!r:.300}"]
    lines = []
    for name, value in entry.says.items():
        try:
            found = first(klamm, name)
        except KeyError:
            lines.append(f".{name}: missing in klamm's {klamm!r:.300} ({entry.reason})")
            continue
        allowed = value if isinstance(value, tuple) else (value,)
        if value is not ANY and found not in allowed:
            lines.append(f".{name}: klamm should say {value!r} ({entry.reason}), says {found!r:.300}")
    if isinstance(kafka, dict):
        lines += differences(kafka, klamm, set(entry.says))
    return lines


def _plain(kafka: Any, klamm: Any) -> list[str]:
    """Differences without an entry, but for rule B4."""
    return differences(_unleaked(kafka, klamm), klamm, set())


def _unleaked(kafka: Any, klamm: Any) -> Any:
    """Kafka's answer with -1 (and what explains it) replaced by klamm's code where that is one of NEVER_LEAKED."""
    if isinstance(kafka, dict) and isinstance(klamm, dict):
        told = kafka.get("error_code") == -1 and klamm.get("error_code") in NEVER_LEAKED
        mine = {"error_code", "error_message", "record_errors"} if told else set()
        return {key: klamm.get(key) if key in mine else _unleaked(value, klamm.get(key)) for key, value in kafka.items()}
    if isinstance(kafka, list) and isinstance(klamm, list) and len(kafka) == len(klamm):
        return [_unleaked(a, b) for a, b in zip(kafka, klamm)]
    return kafka
