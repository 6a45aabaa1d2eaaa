"""One broker process: klamm, or Apache Kafka as the yardstick. Both get the same server.properties."""

import ctypes
import os
import secrets
import signal
import subprocess
import base64
import uuid
from pathlib import Path

from . import paths, probe
from .ports import free_port
from .wait import eventually

START_LIMIT_S = 90.0
STOP_LIMIT_S = 60.0

_PR_SET_PDEATHSIG = 1
# Looked up now: between fork and exec another thread's lock on the loader is held for ever.
_prctl = ctypes.CDLL(None, use_errno=True).prctl


def _die_with_parent() -> None:
    """Runs in the child: a broker must not outlive a test session that was killed.

    The kernel takes the thread that started the child for the parent, so brokers are started from the main thread.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class BrokerFailed(AssertionError):
    """The process ended, or did not serve in time; the message carries the end of its log."""


class Broker:
    """A broker on 127.0.0.1 with its own data directory, which it keeps over restarts.

    `kind` is "klamm" or "kafka"; `bootstrap` is "127.0.0.1:PORT"; `data` the log directory; `log` the file with the
    output of the process; `pid` the process id while it runs. `overrides` are added to the properties of both kinds.
    """

    kind = ""

    answers_early = False
    """Whether a change of topics or settings may be answered before the broker shows it and new leaders serve."""

    def __init__(self, name: str | None = None, overrides: dict[str, object] | None = None):
        self.name = name or f"{self.kind}-{secrets.token_hex(3)}"
        self.home = paths.SESSION / self.name
        self.home.mkdir(parents=True)
        self.data = self.home / "data"
        self.log = self.home / "output.log"
        self.properties_file = self.home / "server.properties"
        self.port = free_port()
        self.controller_port = free_port()
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.overrides: dict[str, object] = dict(overrides or {})
        self.process: subprocess.Popen | None = None

    # What the two kinds do differently.

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _own_properties(self) -> dict[str, object]:
        return {}

    def _prepare(self) -> None:
        """Before a start, once the properties are written."""

    # What they have in common.

    def properties(self) -> dict[str, object]:
        """The server.properties of a combined single node, as it is written to disk."""
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{self.controller_port}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": str(self.data),
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
        } | self._own_properties() | self.overrides

    def start(self, overrides: dict[str, object] | None = None) -> "Broker":
        """Starts the process and returns once it answers; `overrides` stay for later restarts."""
        assert self.process is None, f"{self.name} runs already"
        self.overrides |= overrides or {}
        text = "".join(f"{key}={value}\n" for key, value in self.properties().items())
        self.properties_file.write_text(text)
        self._prepare()
        self._launch()
        eventually(self._ready, f"{self.name} answers on {self.bootstrap} (log: {self.log})", START_LIMIT_S, 0.02)
        return self

    def _launch(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self._command(), cwd=self.home, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=_die_with_parent,
            )

    def _ready(self) -> bool:
        code = self.process.poll()
        if code is not None:
            self.process = None
            raise BrokerFailed(f"{self.name} ended with {code} at its start:\n{self.log_tail()}")
        return probe.serves(self.port)

    @property
    def pid(self) -> int:
        assert self.process is not None, f"{self.name} does not run"
        return self.process.pid

    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> int | None:
        """Stops by SIGTERM and returns the exit code; kills what does not stop, and fails then."""
        if self.process is None:
            return None
        process, self.process = self.process, None
        process.terminate()
        try:
            return process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise BrokerFailed(f"{self.name} did not stop in {STOP_LIMIT_S} s:\n{self.log_tail()}") from None

    def kill9(self) -> None:
        """Ends the process as a power cut of the process would: nothing is closed, nothing is flushed."""
        if self.process is not None:
            process, self.process = self.process, None
            process.kill()
            process.wait()

    def restart(self, overrides: dict[str, object] | None = None, hard: bool = False) -> "Broker":
        """Stops (`hard`: by kill -9) and starts on the same port and data."""
        if hard:
            self.kill9()
        else:
            self.stop()
        return self.start(overrides)

    def log_tail(self, lines: int = 40) -> str:
        """The last lines that the process wrote."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def rss_bytes(self) -> int:
        """Resident memory of the process."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise BrokerFailed(f"{self.name} has no VmRSS")

    def __enter__(self) -> "Broker":
        return self if self.process else self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<{self.name} {self.bootstrap}>"


class Klamm(Broker):
    """The binary under test. `admin` is "127.0.0.1:PORT" of its HTTP port."""

    kind = "klamm"

    def __init__(self, name: str | None = None, overrides: dict[str, object] | None = None):
        super().__init__(name, overrides)
        self.admin_port = free_port()
        self.admin = f"127.0.0.1:{self.admin_port}"

    def _own_properties(self) -> dict[str, object]:
        return {"klamm.admin.listener": self.admin}

    def _command(self) -> list[str]:
        binary = paths.klamm_binary()
        if not binary.exists():
            raise BrokerFailed(f"{binary} is not there: cargo build --release")
        return [str(binary), "server", str(self.properties_file)]


class Kafka(Broker):
    """Apache Kafka 4.3.1, from its published jars."""

    kind = "kafka"
    answers_early = True
    # A short-lived process on a small machine: no time for the second compiler, no threads for a parallel collector.
    JVM = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]

    def _java(self, main: str, *arguments: str) -> list[str]:
        return ["java", *self.JVM, "-Dorg.slf4j.simpleLogger.showDateTime=true",
                "-cp", paths.jars("kafka-4.3.1"), main, *arguments]

    def _prepare(self) -> None:
        if (self.data / "meta.properties").exists():
            return
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if cluster_id.startswith("-"):
            cluster_id = "A" + cluster_id[1:]
        result = subprocess.run(
            self._java("kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(self.properties_file)),
            cwd=self.home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        if result.returncode != 0:
            raise BrokerFailed(f"{self.name} could not be formatted:\n{result.stdout}")

    def _command(self) -> list[str]:
        return self._java("kafka.Kafka", str(self.properties_file))
