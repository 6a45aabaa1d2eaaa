"""A case: one statement of how a Kafka broker behaves, as a function that talks to a broker and records the answers.

The same function runs against Apache Kafka and against klamm. `error=` and `says=` state what Kafka is known to answer:
they are checked on Kafka's run, so that a case which no longer shows its statement fails. klamm's run is then compared
with Kafka's, answer by answer and field by field; where klamm deviates on purpose, `deviations.py` says how and why.
"""

from __future__ import annotations

import dataclasses
import time
from typing import Any, Callable

from raw import batch
from raw.transcript import ANY, Masker, errors, first
from raw.wire import ANSWER_S, CLOSED, SILENCE_S, SILENT, Conn, Sent

CASES: dict[str, "Case"] = {}


@dataclasses.dataclass(frozen=True)
class Case:
    """One registered case."""

    id: str
    doc: str
    run: Callable[["Context"], None]


def case(statement: str) -> Callable:
    """Registers a function as a case named `<statement>-<function name>`; its docstring is the statement in words."""

    def register(function: Callable) -> Callable:
        name = f"{statement}-{function.__name__}"
        assert name not in CASES, name
        CASES[name] = Case(name, function.__doc__ or "", function)
        return function

    return register


class Disproved(AssertionError):
    """A broker did not say what the case states."""


@dataclasses.dataclass
class Broker:
    """A running broker: where it is and what is known about it."""

    name: str
    host: str
    port: int
    prefix: str
    node_id: int = -1
    pid: int | None = None
    log: str = ""

    def connect(self, client_id: str | bytes | None = "raw") -> Conn:
        """A new connection."""
        return Conn(self.host, self.port, client_id)

    def prepare(self) -> None:
        """Learns the node id and makes sure that coordinator and producer ids are served, within 60 s."""
        conn = self.connect()
        self.node_id = conn.call("metadata", 12, {"topics": []})["brokers"][0]["node_id"]
        deadline = time.monotonic() + 60
        while True:
            answer = conn.call("find_coordinator", 2, {"key": "g"})
            committed = conn.call("offset_fetch", 7, {"group_id": "warm", "topics": []})
            pid = conn.call("init_producer_id", 1, {"transactional_id": None, "transaction_timeout": 60_000})
            groups = conn.call("list_groups", 1, {})  # says so while any group's log is still being loaded
            if errors(answer) == errors(committed) == errors(pid) == errors(groups) == [0]:
                break
            assert time.monotonic() < deadline, (answer, committed, pid)
        conn.close()


@dataclasses.dataclass(frozen=True)
class Topic:
    """A topic that a case created."""

    name: str
    id: Any


class Context:
    """What a case works with: one broker, its names, its record of answers."""

    def __init__(self, broker: Broker, case_id: str, strict: bool) -> None:
        self.broker, self.case_id, self.strict = broker, case_id, strict
        self.masker = Masker(broker.node_id)
        self.answers: dict[str, Any] = {}
        self.conns: list[Conn] = []
        self._own: Conn | None = None
        self.barriers = 0

    # Names and connections

    def name(self, suffix: str = "t") -> str:
        """A name of this case and run; the same on both brokers."""
        return f"{self.broker.prefix}-{self.case_id[:40]}-{suffix}"

    def connect(self, client_id: str | bytes | None = "raw") -> Conn:
        """A connection that is closed when the case ends."""
        self.conns.append(self.broker.connect(client_id))
        return self.conns[-1]

    @property
    def conn(self) -> Conn:
        """The case's own connection; a new one when the broker closed the last."""
        if self._own is None:
            self._own = self.connect()
        return self._own

    def renew(self) -> Conn:
        """Leaves the own connection and opens another."""
        self._own = self.connect()
        return self._own

    def finish(self) -> None:
        """Closes all connections."""
        for conn in self.conns:
            conn.close()

    # Recording

    def add(self, label: str, answer: Any, *, error: int | list[int] | None = None, says: Any = None,
            ordered: bool = False, drop: tuple[str, ...] = ()) -> Any:
        """Records an answer under a label. `error`: the only error code besides 0 (or all of them as a list).
        `says`: {field: value} found first in the masked answer, or the whole answer (CLOSED, SILENT, ...).
        `drop`: fields that cannot be compared here. Returns the answer as it came."""
        assert label not in self.answers, f"label {label} twice"
        kept = without(answer, set(drop)) if drop else answer
        masked = without(self.masker.mask(kept, ordered=ordered), set(drop))  # once more: records are read by now
        self.answers[label] = masked
        if self.strict:
            self._check(label, masked, error, says)
        return answer

    def _check(self, label: str, masked: Any, error: int | list[int] | None, says: Any) -> None:
        if error is not None:
            found = errors(masked)
            good = found == error if isinstance(error, list) else bool(found) and set(found) - {0} == {error} - {0}
            if not good:
                raise Disproved(f"{label}: errors {error} stated, {found} found in {masked!r:.600}")
        if isinstance(says, dict):
            for name, value in says.items():
                try:
                    found = first(masked, name)
                except KeyError:
                    raise Disproved(f"{label}: no {name} in {masked!r:.600}") from None
                if value is not ANY and found != value:
                    raise Disproved(f"{label}: {name} {value!r} stated, {found!r} found in {masked!r:.600}")
        elif says is not None and masked != says:
            raise Disproved(f"{label}: {says!r} stated, {masked!r:.600} found")

    def call(self, label: str, api: str, version: int, body: dict | bytes, *, conn: Conn | None = None,
             wait_s: float = ANSWER_S, error: int | list[int] | None = None, says: Any = None, ordered: bool = False,
             drop: tuple[str, ...] = (), **options) -> Any:
        """Sends a request, records its answer. After CLOSED or SILENT on the own connection a new one is opened."""
        own = conn is None
        answer = (conn or self.conn).call(api, version, body, wait_s, **options)
        if own and isinstance(answer, str):
            self.renew()
        return self.add(label, answer, error=error, says=says, ordered=ordered, drop=drop)

    def quiet(self, api: str, version: int, body: dict, conn: Conn | None = None) -> Any:
        """A request that prepares the case and must be answered; it is not recorded."""
        answer = (conn or self.conn).call(api, version, body)
        assert isinstance(answer, dict), f"{api} v{version}: {answer}"
        return answer

    # Topics

    def topic(self, suffix: str = "t", partitions: int = 1, **configs: Any) -> Topic:
        """Creates a topic (underscores in config names are dots) and waits until its leaders serve."""
        name = self.name(suffix)
        answer = self.quiet("create_topics", 7, {"timeout": 10_000, "topics": [
            {"name": name, "num_partitions": partitions, "replication_factor": 1,
             "configs": [{"name": k.replace("_", "."), "value": str(v)} for k, v in configs.items()]}]})
        assert errors(answer) == [0], answer
        self.await_leaders(name, answer["topics"][0]["topic_id"])
        self.masker.alias("id", answer["topics"][0]["topic_id"])
        return Topic(name, answer["topics"][0]["topic_id"])

    def await_leaders(self, name: str, topic_id: Any = None, partitions: int = 1) -> None:
        """Asks until every partition (of the topic with that id), and at least so many, answers a fetch without error."""
        deadline = time.monotonic() + ANSWER_S
        while True:
            found = self.quiet("metadata", 12, {"topics": [{"name": name}], "allow_auto_topic_creation": False})
            parts = found["topics"][0]["partitions"]
            right = topic_id in (None, found["topics"][0]["topic_id"])  # a topic made anew may still show its old self
            if len(parts) >= partitions and right and not any(errors(found)):
                asked = [{"partition": p["partition_index"], "fetch_offset": 0, "partition_max_bytes": 1} for p in parts]
                read = self.quiet("fetch", 4, {"max_wait": 0, "min_bytes": 0, "max_bytes": 1, "topics": [
                    {"topic": name, "partitions": asked}]})
                if not set(errors(read)) - {0, 1}:  # OFFSET_OUT_OF_RANGE: served, and the first records are deleted
                    return
            assert time.monotonic() < deadline, found

    def await_gone(self, name: str) -> None:
        """Asks until a deleted topic is unknown, to Metadata and to the log."""
        deadline = time.monotonic() + ANSWER_S
        while True:
            found = self.quiet("metadata", 12, {"topics": [{"name": name}], "allow_auto_topic_creation": False})
            read = self.quiet("fetch", 4, {"max_wait": 0, "min_bytes": 0, "max_bytes": 1, "topics": [
                {"topic": name, "partitions": [{"partition": 0, "fetch_offset": 0, "partition_max_bytes": 1}]}]})
            if 3 in errors(found) and 3 in errors(read):
                return
            assert time.monotonic() < deadline, (found, read)

    def barrier(self) -> None:
        """Waits until the broker has applied every metadata change so far: a new topic comes behind them and serves."""
        self.barriers += 1
        self.topic(f"barrier-{self.barriers}")

    # Records

    def produce(self, label: str, topic: Topic | str, data: bytes | None, *, version: int = 9, partition: int = 0,
                acks: int = -1, wait_s: float = ANSWER_S, conn: Conn | None = None, error: Any = None,
                says: Any = None, transactional_id: str | None = None, **options) -> Any:
        """One batch to one partition; the answer is recorded."""
        body = produce_body(topic, {partition: data}, acks=acks, version=version)
        body["transactional_id"] = transactional_id
        return self.call(label, "produce", version, body, wait_s=wait_s, conn=conn, error=error, says=says, **options)

    def put(self, topic: Topic | str, *batches: bytes, partition: int = 0) -> None:
        """Appends batches that must be accepted; not recorded."""
        for data in batches:
            answer = self.quiet("produce", 9, produce_body(topic, {partition: data}))
            assert set(errors(answer)) == {0}, answer

    def fetch(self, label: str, topic: Topic, offset: int = 0, *, version: int = 11, partition: int = 0,
              drop: tuple[str, ...] = (), error: Any = None, says: Any = None, conn: Conn | None = None,
              **fields: Any) -> Any:
        """One partition from an offset on, without waiting; the answer is recorded."""
        body = fetch_body(topic, {partition: offset}, version=version)
        body.update(fields)
        return self.call(label, "fetch", version, body, drop=drop, error=error, says=says, conn=conn)

    def content(self, label: str, topic: Topic, *, partition: int = 0, drop: tuple[str, ...] = (), says: Any = None,
                error: Any = 0) -> Any:
        """The whole partition, and what its offsets are."""
        return self.fetch(label, topic, 0, partition=partition, drop=drop, says=says, error=error)

    def producer(self) -> tuple[int, int]:
        """A fresh producer id and its epoch."""
        answer = self.quiet("init_producer_id", 1, {"transactional_id": None, "transaction_timeout": 60_000})
        assert errors(answer) == [0], answer
        return answer["producer_id"], answer["producer_epoch"]

    # Time

    @property
    def is_kafka(self) -> bool:
        """Whether it is Kafka that is asked."""
        return self.broker.name == "kafka"

    @property
    def mute_s(self) -> float:
        """How long an answer is waited for that Kafka never gives and klamm does: deviations.py tells of each."""
        return 1.0 if self.is_kafka else ANSWER_S

    def timed(self, label: str, conn: Conn, sent: Sent, wait_ms: int, **checks: Any) -> Any:
        """Records an answer together with whether it came at once or only after about `wait_ms`, counted from the request.

        Where it must come at once `wait_ms` is far longer than anything here takes."""
        answer = conn.recv(sent)
        elapsed_ms = (time.monotonic() - sent.since) * 1000
        self.add(label + " came", "at once" if elapsed_ms < wait_ms * 0.7 else "after the wait",
                 says=checks.pop("came", None))
        return self.add(label, answer, **checks)

    def silence(self, label: str, conn: Conn, wait_s: float = SILENCE_S, says: Any = SILENT) -> None:
        """Records that nothing comes within a short window, or (`wait_s=ANSWER_S`) that the connection ends."""
        frame = conn.read_frame(wait_s)
        self.add(label, frame if isinstance(frame, str) else "bytes came", says=says)


def without(value: Any, names: set[str]) -> Any:
    """A value without the fields of these names, at any depth."""
    if isinstance(value, dict):
        return {k: without(v, names) for k, v in value.items() if k not in names}
    if isinstance(value, list):
        return [without(v, names) for v in value]
    return value


def _ref(topic: Topic | str, by_id: bool, name_field: str) -> dict:
    if by_id:
        return {"topic_id": topic.id}
    return {name_field: topic if isinstance(topic, str) else topic.name}


def produce_body(topic: Topic | str, data: dict[int, bytes | None], *, acks: int = -1, version: int = 9) -> dict:
    """A produce request of batches by partition."""
    return {"acks": acks, "timeout": 10_000, "topic_data": [
        {**_ref(topic, version >= 13, "name"),
         "partition_data": [{"index": p, "records": d} for p, d in data.items()]}]}


def fetch_body(topic: Topic | str, offsets: dict[int, int], *, version: int = 11, max_bytes: int = 50_000_000,
               partition_max_bytes: int = 10_000_000, max_wait: int = 0, min_bytes: int = 0, **more: Any) -> dict:
    """A fetch request of offsets by partition."""
    body = {"max_wait": max_wait, "min_bytes": min_bytes, "max_bytes": max_bytes, "topics": [
        {**_ref(topic, version >= 13, "topic"),
         "partitions": [{"partition": p, "fetch_offset": o, "partition_max_bytes": partition_max_bytes}
                        for p, o in offsets.items()]}]}
    body.update(more)
    return body


__all__ = ["ANSWER_S", "ANY", "CLOSED", "SILENT", "SILENCE_S", "batch", "case", "Context", "Topic", "errors", "first",
           "produce_body", "fetch_body"]
