"""The stock tools, run by one JVM that stays alive (java/src/ToolHost.java)."""

import base64
import json
import re
import subprocess
import threading
from typing import Callable

from . import paths
from .broker import _die_with_parent

TOOL_LIMIT_S = 120.0


class ToolRun:
    """One call of a tool: `out` and `err` so far, `code` once it has ended."""

    def __init__(self, host: "JavaHost", number: int, command: list[str]):
        self._host, self._number, self.command = host, number, command
        self._changed = threading.Condition()
        self.out, self.err = "", ""
        self.code: int | None = None

    def _event(self, event: dict) -> None:
        with self._changed:
            self.out += event.get("out", "")
            self.err += event.get("err", "")
            if "exit" in event:
                self.code = event["exit"]
            self._changed.notify_all()

    def wait_for(self, check: Callable[[str], bool], within_s: float = TOOL_LIMIT_S) -> str:
        """Waits until `check(stdout so far)` holds, and returns that stdout; fails if the tool ends or hangs before."""
        with self._changed:
            self._changed.wait_for(lambda: check(self.out) or self.code is not None, within_s)
            assert check(self.out), f"{self} never printed it (exit code {self.code}):\n{self.out}\n{self.err}"
            return self.out

    def wait(self, within_s: float = TOOL_LIMIT_S) -> "ToolRun":
        """Waits for the end of the tool."""
        with self._changed:
            ended = self._changed.wait_for(lambda: self.code is not None, within_s)
            assert ended, f"{self} did not end:\n{self.out}\n{self.err}"
            return self

    def stop(self) -> "ToolRun":
        """Asks the tool to end as SIGTERM would (its shutdown hooks run) and waits for its end."""
        self._host._send({"id": self._number, "stop": True})
        return self.wait()

    @property
    def lines(self) -> list[str]:
        """Stdout by lines, without empty ones."""
        return [line.rstrip() for line in self.out.splitlines() if line.strip()]

    @property
    def table(self) -> list[str]:
        """The lines with runs of blanks made one, the heading first and the rest sorted: what a table says, not how wide."""
        rows = [" ".join(line.split()) for line in self.lines]
        return rows[:1] + sorted(rows[1:])

    @property
    def refusals(self) -> list[str]:
        """What the broker refused, as the client's exceptions tell it: "TopicExistsException: Topic 'x' already exists."."""
        found = re.findall(r"org\.apache\.kafka\.common\.errors\.(\w+(?:: .*)?)", self.out + "\n" + self.err)
        return sorted({line.strip() for line in found})

    def ok(self) -> "ToolRun":
        """Asserts exit code 0."""
        assert self.code == 0, f"{self} ended with {self.code}:\n{self.out}\n{self.err}"
        return self

    def __repr__(self) -> str:
        return " ".join(self.command)


class JavaHost:
    """A JVM with the jars `jars` (a folder under .cache/jars) in which main classes run, several at once if need be."""

    # The jars whose classes each call loads anew: they keep state in statics.
    RELOADED = ("kafka-tools-4.3.1.jar", "kafka_2.13-4.3.1.jar")

    def __init__(self, jars: str):
        self.jars = jars
        self._lock = threading.Lock()
        self._runs: dict[int, ToolRun] = {}
        self._next = 0
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> "JavaHost":
        folder = paths.CACHE / "jars" / self.jars
        reloaded = [str(folder / jar) for jar in self.RELOADED if (folder / jar).exists()]
        paths.SESSION.mkdir(parents=True, exist_ok=True)
        with (paths.SESSION / f"host-{self.jars}.log").open("ab") as errors:
            self._process = subprocess.Popen(
                ["java", "-Xmx768m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
                 "--add-opens=java.base/java.lang=ALL-UNNAMED", "-Djava.security.manager=allow",
                 "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", paths.jars(self.jars), "compat.ToolHost", *reloaded],
                cwd=paths.SESSION, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                start_new_session=True, preexec_fn=_die_with_parent,
            )
        threading.Thread(target=self._read_events, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read_events(self) -> None:
        for line in self._process.stdout:
            event = json.loads(line)
            self._runs[event["id"]]._event(event)
        for run in list(self._runs.values()):
            if run.code is None:
                run._event({"err": "the Java host has ended\n", "exit": -1})

    def _send(self, command: dict) -> None:
        with self._lock:
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            self._process.stdin.flush()

    def start(self, main: str, *args: object, stdin: str | bytes = b"") -> ToolRun:
        """Starts a main class and returns at once. Kafka's own tools may be named without org.apache.kafka.tools."""
        if not main.startswith(("kafka.", "org.", "compat.")):
            main = f"org.apache.kafka.tools.{main}"
        data = stdin.encode() if isinstance(stdin, str) else stdin
        with self._lock:
            self._next += 1
            number = self._next
            run = self._runs[number] = ToolRun(self, number, [main, *map(str, args)])
        self._send({"id": number, "main": main, "args": list(map(str, args)), "stdin": base64.b64encode(data).decode()})
        return run

    def run(self, main: str, *args: object, stdin: str | bytes = b"") -> ToolRun:
        """Runs a main class to its end."""
        return self.start(main, *args, stdin=stdin).wait()
