"""The two brokers as they are measured: one and the same server.properties, and for Kafka the JVM flags of its own scripts."""

import hashlib
import subprocess
import time

from harness import Kafka, Klamm
from harness.paths import CACHE, klamm_binary

import first_answers
import proc

# What kafka-run-class.sh gives every JVM, so that the second compiler and the collector are those of a stock installation.
STOCK_JVM = ["-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35",
             "-XX:+ExplicitGCInvokesConcurrent", "-XX:MaxInlineLevel=15", "-Djava.awt.headless=true"]
BROKER_JVM = ["-Xmx1G", "-Xms1G", *STOCK_JVM]
TOOL_JVM = ["-Xmx512M", *STOCK_JVM]

KAFKA_JARS = CACHE / "jars" / "kafka-4.3.1"


class Timed:
    """Start and stop with a clock beside them; mixed into the brokers of the compatibility tests."""

    needs_format = False
    """Whether a new directory is formatted by a step of its own before the first start."""

    def format(self) -> float:
        """Writes server.properties and does what the kind needs before its first start. Returns the seconds it took."""
        text = "".join(f"{key}={value}\n" for key, value in self.properties().items())
        self.properties_file.write_text(text)
        began = time.monotonic()
        self._prepare()
        return time.monotonic() - began

    def start_timed(self) -> dict[str, float]:
        """Starts a formatted broker. Returns seconds from before the spawn until it answered, took a record, gave it back;
        the processor seconds that took, and the share of the machine that others took meanwhile."""
        began, own = time.monotonic(), time.process_time()
        with proc.Meter() as meter:
            self._launch()
            meter.watch(self.pid)
            moments = first_answers.wait_for(self.port, self._check_alive)
            meter.known_cpu_s = time.process_time() - own
        figures = {f"{name}_s": moment - began for name, moment in moments.items()}
        return figures | {"cpu_s": meter.cpu_s, "others": meter.others}

    def stop_timed(self) -> float:
        """Stops by SIGTERM; the seconds until the process was gone."""
        began = time.monotonic()
        code = self.stop()
        # 143 is how a JVM reports that it left by SIGTERM.
        if code not in (0, 143):
            raise RuntimeError(f"{self.name} ended with {code}:\n{self.log_tail(15)}")
        return time.monotonic() - began

    def _check_alive(self) -> None:
        if not self.alive():
            raise RuntimeError(f"{self.name} ended with {self.process.poll()} at its start:\n{self.log_tail(15)}")


class TimedKafka(Timed, Kafka):
    """Apache Kafka with the heap that kafka-server-start.sh gives it."""

    JVM = BROKER_JVM
    needs_format = True


class TimedKlamm(Timed, Klamm):
    """The release binary."""


KINDS = {"kafka": TimedKafka, "klamm": TimedKlamm}


def versions(kinds: list[str]) -> dict[str, str]:
    """What is measured, in words."""
    known = {}
    if "kafka" in kinds:
        java = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr.splitlines()
        known["kafka"] = f"Apache Kafka 4.3.1 on {java[0]}, {' '.join(BROKER_JVM)}"
    if "klamm" in kinds:
        asked = subprocess.run([str(klamm_binary()), "--version"], capture_output=True, text=True)
        digest = hashlib.sha256(klamm_binary().read_bytes()).hexdigest()
        known["klamm"] = f"{(asked.stdout.splitlines() or ['version unknown'])[0]}, SHA-256 {digest[:16]} ({klamm_binary()})"
    return known


def installed_bytes(kind: str) -> int:
    """The size of what is installed: the binary, or Kafka's jars without their JVM."""
    files = KAFKA_JARS.glob("*.jar") if kind == "kafka" else [klamm_binary()]
    return sum(file.stat().st_size for file in files)
