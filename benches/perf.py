"""Kafka's own load tools, each call in a fresh JVM with the flags of its script: the same client for both brokers."""

import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from harness import paths
from harness.broker import _die_with_parent

from brokers import TOOL_JVM

LIMIT_S = 240.0


class ToolFailed(RuntimeError):
    """The tool ended badly, or never, or printed something else; the message carries the end of what it printed."""


@dataclass(frozen=True)
class Ran:
    """A finished tool: what it printed, and the processor seconds it took."""

    out: str
    cpu_s: float


def run(home: Path, main: str, *args: object) -> Ran:
    """Runs a main class of org.apache.kafka.tools to its end."""
    command = ["java", *TOOL_JVM, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", paths.jars("kafka-4.3.1"),
               f"org.apache.kafka.tools.{main}", *map(str, args)]
    log = home / "tool.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=home, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                   start_new_session=True, preexec_fn=_die_with_parent)
        cpu_s = _reap(process, main)
    text = log.read_text(errors="replace")
    if process.returncode != 0:
        raise ToolFailed(f"{main} ended with {process.returncode}:\n{_tail(text)}")
    return Ran(text, cpu_s)


def _reap(process: subprocess.Popen, main: str) -> float:
    """Waits by wait4, which tells the processor time of this one child."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid != 0:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage.ru_utime + usage.ru_stime
        if time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise ToolFailed(f"{main} did not end in {LIMIT_S} s")
        time.sleep(0.02)


def _tail(text: str, lines: int = 12) -> str:
    return "\n".join(text.splitlines()[-lines:])


def produce(home: Path, bootstrap: str, topic: str, records: int, size: int, acks: str, rate: int = -1,
            warmup: int = 0) -> Ran:
    """kafka-producer-perf-test.sh with the producer's default settings but for acks."""
    early = ["--warmup-records", warmup] if warmup else []
    return run(home, "ProducerPerformance", "--bootstrap-server", bootstrap, "--topic", topic, "--num-records", records,
               "--record-size", size, "--throughput", rate, *early, "--command-property", f"acks={acks}")


def consume(home: Path, bootstrap: str, topic: str, records: int) -> Ran:
    """kafka-consumer-perf-test.sh from the beginning of a topic."""
    return run(home, "ConsumerPerformance", "--bootstrap-server", bootstrap, "--topic", topic, "--num-records", records,
               "--timeout", 30000, "--command-property", "group.protocol=classic")


_SENT = re.compile(
    r"^(?P<records>\d+) (?P<steady>steady state )?records sent, (?P<rate>[\d.]+) records/sec \([\d.]+ MB/sec\), "
    r"(?P<avg>[\d.]+) ms avg latency, (?P<max>[\d.]+) ms max latency, "
    r"(?P<p50>\d+) ms 50th, (?P<p95>\d+) ms 95th, (?P<p99>\d+) ms 99th, (?P<p999>\d+) ms 99\.9th\.$", re.M)


def sent(out: str, records: int, steady: bool = False) -> dict[str, float]:
    """The last summary line of ProducerPerformance; `steady`: the one without the warm-up records.

    Raises ToolFailed unless exactly `records` were sent and none of them was refused.
    """
    lines = [line for line in _SENT.finditer(out) if bool(line["steady"]) == steady]
    if not lines or int(lines[-1]["records"]) != records or "Exception" in out:
        raise ToolFailed(f"ProducerPerformance did not send {records} records:\n{_tail(out)}")
    names = {"rate": "records_per_s", "avg": "avg_ms", "p50": "p50_ms", "p95": "p95_ms", "p99": "p99_ms",
             "p999": "p999_ms", "max": "max_ms"}
    return {name: float(lines[-1][group]) for group, name in names.items()}


def received(out: str, records: int) -> dict[str, float]:
    """The figures of ConsumerPerformance; raises ToolFailed when fewer than `records` came."""
    rows = [line.split(", ") for line in out.splitlines() if line.count(", ") == 9]
    if len(rows) != 2 or rows[0][0] != "start.time":
        raise ToolFailed(f"ConsumerPerformance printed something else:\n{_tail(out)}")
    row = dict(zip(rows[0], rows[1]))
    if int(row["data.consumed.in.nMsg"]) < records:
        raise ToolFailed(f"ConsumerPerformance got fewer than {records} records:\n{_tail(out)}")
    return {"records": int(row["data.consumed.in.nMsg"]), "records_per_s": float(row["fetch.nMsg.sec"]),
            "rebalance_ms": float(row["rebalance.time.ms"]), "fetch_ms": float(row["fetch.time.ms"])}
