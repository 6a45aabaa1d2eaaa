"""One start of klamm, from the process to the first requests, each of which is made once."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from harness import free_port, paths
from harness.broker import _die_with_parent
from raw.batch import batch
from raw.case import produce_body
from raw.wire import Conn

LIMIT_S = 30.0
"""Ends a hopeless wait, and nothing else."""

LINES = (b"Transitioning from RECOVERY to RUNNING", b"Kafka Server started", b" ready in ")
"""Lines that people wait for; each start waits for another one."""


class Start:
    """A process of klamm on a data directory, and where it will be."""

    commands = 0
    """How often `klamm ready` was run: it asks the listener and the admin port in turn."""

    def __init__(self, data: Path, port: int, admin_port: int):
        self.port, self.admin_port = port, admin_port
        overrides = {
            "listeners": f"PLAINTEXT://127.0.0.1:{port}",
            "klamm.admin.listener": f"127.0.0.1:{admin_port}",
            "log.dirs": data,
            "offsets.topic.num.partitions": 1,
            "group.initial.rebalance.delay.ms": 0,
        }
        arguments = [part for key, value in overrides.items() for part in ("--override", f"{key}={value}")]
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [str(paths.klamm_binary()), "server", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self.errors, bufsize=0, preexec_fn=_die_with_parent,
        )
        self.said = b""

    def line(self, wanted: bytes) -> None:
        """Waits for a line of its output."""
        while wanted not in self.said:
            more = self.process.stdout.read(65536)
            if not more:
                self.errors.seek(0)
                raise AssertionError(f"klamm ended: {self.said.decode()}{self.errors.read().decode()}")
            self.said += more

    def admin(self) -> None:
        """Waits until the admin port says that it is ready."""
        deadline = time.monotonic() + LIMIT_S
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=LIMIT_S)
                connection.request("GET", "/ready")
                status = connection.getresponse().status
                connection.close()
                if status == 200:
                    return
            except OSError:
                pass
            self._goes_on(deadline, "/ready")

    def listener(self) -> None:
        """Waits until somebody accepts connections, as those do who probe ports: an open port means a broker that serves."""
        deadline = time.monotonic() + LIMIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=LIMIT_S).close()
                return
            except OSError:
                self._goes_on(deadline, "listener")

    def command(self) -> None:
        """Waits by `klamm ready`."""
        Start.commands += 1
        where = ["--bootstrap", f"127.0.0.1:{self.port}"] if Start.commands % 2 else ["--admin", f"127.0.0.1:{self.admin_port}"]
        run = subprocess.run([str(paths.klamm_binary()), "ready", "--wait", f"{LIMIT_S:.0f}s", *where],
                             capture_output=True, text=True)
        assert (run.returncode, run.stderr) == (0, ""), run

    def _goes_on(self, deadline: float, what: str) -> None:
        assert self.process.poll() is None, f"klamm ended with {self.process.returncode} before {what}"
        assert time.monotonic() < deadline, f"no {what}"

    def first_requests(self, tag: str) -> None:
        """Each request once: all must succeed at the first try."""
        conn = Conn("127.0.0.1", self.port, client_id=tag)
        made = conn.call("create_topics", 5, {"timeout": 60_000, "validate_only": False, "topics": [
            {"name": tag, "num_partitions": 1, "replication_factor": 1, "assignments": [], "configs": []}]})
        assert made["topics"][0]["error_code"] == 0, made
        produced = conn.call("produce", 9, produce_body(tag, {0: batch()}))
        partition = produced["responses"][0]["partition_responses"][0]
        assert (partition["error_code"], partition["base_offset"]) == (0, 0), produced
        found = conn.call("find_coordinator", 3, {"key": tag, "key_type": 0})
        assert (found["error_code"], found["port"]) == (0, self.port), found
        joined = conn.call("join_group", 3, {
            "group_id": tag, "session_timeout": 60_000, "rebalance_timeout": 60_000, "member_id": "",
            "protocol_type": "consumer", "protocols": [{"name": "range", "metadata": b"m"}]})
        assert joined["error_code"] == 0, joined
        synced = conn.call("sync_group", 2, {
            "group_id": tag, "generation_id": joined["generation_id"], "member_id": joined["member_id"],
            "assignments": [{"member_id": joined["member_id"], "assignment": b"a"}]})
        assert (synced["error_code"], synced["assignment"]) == (0, b"a"), synced
        producer = conn.call("init_producer_id", 4, {"transactional_id": None, "transaction_timeout": 60_000,
                                                     "producer_id": -1, "producer_epoch": -1})
        assert producer["error_code"] == 0 and producer["producer_id"] >= 0, producer
        conn.close()

    def end(self, how: signal.Signals) -> int:
        """Ends it and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(LIMIT_S)
        self.process.stdout.close()
        self.errors.close()
        return code


def ports() -> tuple[int, int]:
    """Two that are free now; the same ones serve start after start."""
    return free_port(), free_port()
