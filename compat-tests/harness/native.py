"""The binary's own tools beside the stock ones: the same command line, the same broker, the same words."""

import codecs
import os
import signal
import subprocess
import threading

from . import paths
from .broker import _die_with_parent
from .compare import assert_equal, mask
from .host import JavaHost

LIMIT_S = 120.0

STEADY_LOOKS = 20
"""How often a state that changes is looked at anew before the test gives up."""

CLASSES = {
    "kafka-topics": "TopicCommand",
    "kafka-get-offsets": "GetOffsetShell",
    "kafka-delete-records": "DeleteRecordsCommand",
    "kafka-log-dirs": "LogDirsCommand",
    "kafka-broker-api-versions": "BrokerApiVersionsCommand",
    "kafka-cluster": "ClusterTool",
    "kafka-metadata-quorum": "MetadataQuorumCommand",
    "kafka-leader-election": "LeaderElectionCommand",
    "kafka-features": "FeatureCommand",
    "kafka-groups": "GroupsCommand",
    "kafka-consumer-groups": "consumer.group.ConsumerGroupCommand",
    "kafka-configs": "kafka.admin.ConfigCommand",
    "kafka-console-producer": "ConsoleProducer",
    "kafka-console-consumer": "consumer.ConsoleConsumer",
    "kafka-producer-perf-test": "ProducerPerformance",
    "kafka-consumer-perf-test": "ConsumerPerformance",
    "kafka-dump-log": "DumpLogSegments",
    "kafka-storage": "kafka.tools.StorageTool",
}
"""What the stock scripts hand to kafka-run-class."""


class NativeRun:
    """One call of a tool of the binary: `out` and `err` so far, `code` once it has ended."""

    def __init__(self, tool: str, args: tuple[object, ...], stdin: bytes, env: dict[str, str] | None = None):
        self.command = [tool, *map(str, args)]
        self._changed = threading.Condition()
        self.out, self.err = "", ""
        self.code: int | None = None
        self._process = subprocess.Popen(
            self.command, executable=paths.klamm_binary(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={**os.environ, **(env or {})}, preexec_fn=_die_with_parent,
        )
        threads = [threading.Thread(target=self._read, args=(name,), daemon=True) for name in ("out", "err")]
        for thread in (*threads, threading.Thread(target=self._feed, args=(stdin,), daemon=True)):
            thread.start()
        threading.Thread(target=self._end, args=(threads,), daemon=True).start()

    def _read(self, name: str) -> None:
        pipe = self._process.stdout if name == "out" else self._process.stderr
        # A letter may be cut by the end of a piece.
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while piece := os.read(pipe.fileno(), 65536):
            with self._changed:
                setattr(self, name, getattr(self, name) + decoder.decode(piece))
                self._changed.notify_all()

    def _feed(self, stdin: bytes) -> None:
        try:
            self._process.stdin.write(stdin)
            self._process.stdin.close()
        except BrokenPipeError:
            pass

    def _end(self, threads: list[threading.Thread]) -> None:
        for thread in threads:
            thread.join()
        code = self._process.wait()
        with self._changed:
            self.code = code
            self._changed.notify_all()

    def wait_for(self, check, within_s: float = LIMIT_S) -> str:
        """Waits until `check(stdout so far)` holds, and returns that stdout; fails if the tool ends or hangs before."""
        with self._changed:
            self._changed.wait_for(lambda: check(self.out) or self.code is not None, within_s)
            assert check(self.out), f"{self} never printed it (exit code {self.code}):\n{self.out}\n{self.err}"
            return self.out

    def wait(self, within_s: float = LIMIT_S) -> "NativeRun":
        """Waits for the end of the tool; one that does not end is killed and fails the test."""
        with self._changed:
            ended = self._changed.wait_for(lambda: self.code is not None, within_s)
        if not ended:
            self._process.kill()
        assert ended, f"{self} did not end:\n{self.out}\n{self.err}"
        return self

    def stop(self, how: int = signal.SIGTERM) -> "NativeRun":
        """Sends a signal and waits for the end."""
        self._process.send_signal(how)
        return self.wait()

    @property
    def lines(self) -> list[str]:
        """Stdout by lines, without empty ones."""
        return [line.rstrip() for line in self.out.splitlines() if line.strip()]

    def ok(self) -> "NativeRun":
        """Asserts exit code 0."""
        assert self.code == 0, f"{self} ended with {self.code}:\n{self.out}\n{self.err}"
        return self

    def __repr__(self) -> str:
        return " ".join(self.command)


def start_native(tool: str, *args: object, stdin: str | bytes = b"", env: dict[str, str] | None = None) -> NativeRun:
    """Starts a tool of the binary under its stock name."""
    return NativeRun(tool, args, stdin.encode() if isinstance(stdin, str) else stdin, env)


def native(tool: str, *args: object, stdin: str | bytes = b"", env: dict[str, str] | None = None) -> NativeRun:
    """Runs a tool of the binary to its end."""
    return start_native(tool, *args, stdin=stdin, env=env).wait()


class Twins:
    """The stock tool and ours, one after the other, with one command line against one broker.

    `{topic}` and any other name in braces stands for a name of this test that differs between the two sides and has the
    same length, so that each works on things of its own; `{bootstrap}` is the broker's address. What the sides print is
    compared with these names masked.
    """

    def __init__(self, tools: JavaHost, broker, name):
        self.tools, self.broker, self._name = tools, broker, name

    def fill(self, side: str, word: object) -> str:
        """A word of the command line for one side: "stock" or "ours"."""
        names = {"bootstrap": self.broker.bootstrap}

        class Names(dict):
            def __missing__(inner, key: str) -> str:
                return f"{self._name(key)}-{side[0]}"

        return str(word).format_map(Names(names))

    def masked(self, side: str, text: str, rules=()) -> str:
        """`text` with the side's names masked."""
        digest = self._name("").lstrip("-")
        return mask(text, (*rules, (rf"{digest}-{side[0]}\b", digest)))

    def stock(self, tool: str, *args: object, stdin: str | bytes = b""):
        """The stock tool alone, to its end."""
        return self.tools.run(CLASSES[tool], *(self.fill("stock", word) for word in args), stdin=stdin)

    def ours(self, tool: str, *args: object, stdin: str | bytes = b"") -> NativeRun:
        """Our tool alone, to its end."""
        return native(tool, *(self.fill("ours", word) for word in args), stdin=stdin)

    def both(self, tool: str, *args: object, stdin: str | bytes = b""):
        """Both tools at the same time, to their ends, for command lines that wait out a time limit. Returns (stock, ours)."""
        stock = self.tools.start(CLASSES[tool], *(self.fill("stock", word) for word in args), stdin=stdin)
        ours = self.ours(tool, *args, stdin=stdin)
        return stock.wait(), ours

    def steady(self, tool: str, *args: object):
        """The stock tool, ours, and the stock tool again, until it says the same before and after ours: what all tests of a
        session have made may change between two looks (a member's session ends, a group without offsets is swept away). Returns
        (stock, ours)."""
        before = self.stock(tool, *args)
        for _ in range(STEADY_LOOKS):
            ours, after = self.ours(tool, *args), self.stock(tool, *args)
            if (before.code, before.out) == (after.code, after.out):
                return after, ours
            before = after
        raise AssertionError(f"{tool} {' '.join(map(str, args))} said something else each time:\n{before.out}\n{after.out}")

    def same(self, tool: str, *args: object, stdin: str | bytes = b"", rules=(), err: bool = False, order: bool = True, how=None):
        """Runs both; exit codes and masked stdout must be equal, and stderr with `err`. `order=False` sorts the lines. `how` runs
        them in another way than one after the other: `both` or `steady`. Returns (stock, ours)."""
        if how:
            stock, ours = how(tool, *args)
        else:
            stock, ours = self.stock(tool, *args, stdin=stdin), self.ours(tool, *args, stdin=stdin)
        line = f"{tool} {' '.join(map(str, args))}"
        shape = (lambda text: sorted(text.splitlines())) if not order else (lambda text: text)
        assert_equal(shape(self.masked("ours", ours.out, rules)), shape(self.masked("stock", stock.out, rules)), f"stdout of {line}")
        if err:
            assert_equal(self.masked("ours", ours.err, rules), self.masked("stock", stock.err, rules), f"stderr of {line}")
        assert ours.code == stock.code, f"{line}: exit code {ours.code}, the stock tool's is {stock.code}\n{ours.err}\n{stock.err}"
        return stock, ours
