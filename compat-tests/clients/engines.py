"""The client engines: how each driver is started, and what an engine has no way to do.

`lacks` names the cases an engine cannot run, with the reason; the tests leave exactly these out, and README.md shows the same table.
"""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent / ".cache"
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
# Longer than any single wait inside a driver, so that a driver's own message is what a failing test shows.
DRIVER_TIMEOUT_S = 150


@dataclass(frozen=True)
class Engine:
    name: str
    command: tuple
    lacks: dict = field(default_factory=dict)
    # False where the engine cannot give a record a timestamp of the caller's choice.
    timestamps: bool = True
    # False where the engine refuses to send a header without a value.
    null_headers: bool = True
    # False where the engine fails on a record that has a header without a value.
    reads_null_headers: bool = True
    # How the engine keeps headers: "list" as they are, "grouped" by name with all values, "map" with one value per name.
    headers: str = "list"

    # True where the engine answers with the end of the partition when the broker knows no offset for a time.
    end_when_no_offset: bool = False

    def can(self, case):
        return case not in self.lacks

    def run(self, bootstrap, case, topic, args=None):
        """Runs one case in a driver process of its own and returns its result."""
        try:
            done = subprocess.run([*self.command, bootstrap, case, topic], input=json.dumps(args or {}).encode(),
                                  capture_output=True, timeout=DRIVER_TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired as late:
            raise AssertionError(f"{self.name} {case} {topic}: no end in {DRIVER_TIMEOUT_S} s\n{text(late.stderr)}") from None
        assert done.returncode == 0, f"{self.name} {case} {topic} ended with {done.returncode}\n{text(done.stderr)}"
        lines = done.stdout.decode().strip().splitlines()
        assert lines, f"{self.name} {case} {topic} printed no result\n{text(done.stderr)}"
        return json.loads(lines[-1])


def text(output):
    return (output or b"").decode(errors="replace")[-4000:]


def python(script):
    return (sys.executable, str(HERE / "python" / script))


def rust(binary):
    return (str(CACHE / "rust-target" / "debug" / binary),)


GO = str(CACHE / "bin" / "go-driver")
NODE = ("node", str(HERE / "node" / "driver.js"))
NO_ADMIN = "kcat has no admin commands"

ENGINES = [
    Engine("kcat", python("kcat_driver.py"), timestamps=False, lacks=dict.fromkeys(["admin", "groups", "delete_records"], NO_ADMIN)),
    Engine("confluent", python("confluent_driver.py")),
    Engine("kafka_python", python("kafka_python_driver.py"), null_headers=False),
    Engine("aiokafka", python("aiokafka_driver.py")),
    Engine("kafkajs", NODE, null_headers=False, headers="grouped", end_when_no_offset=True),
    Engine("franz_go", (GO, "franz-go")),
    Engine("sarama", (GO, "sarama")),
    Engine("rdkafka", rust("rdkafka-driver")),
    Engine("rskafka", rust("rskafka-driver"), null_headers=False, reads_null_headers=False, headers="map", lacks={
        "idempotent": "rskafka has no idempotent producer",
        "configs": "rskafka neither describes nor alters configs, nor adds partitions",
        **dict.fromkeys(["group", "groups", "commit"], "rskafka has no consumer groups"),
    }),
]
BY_NAME = {engine.name: engine for engine in ENGINES}
