"""The programs: how each is started, under which name it wants the image, and what its library must be told on a machine without a registry."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from harness.docker import version

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent / ".cache"
# Longer than any wait inside a program, so that a program's own message is what a failing test shows.
PROGRAM_LIMIT_S = 170
RUNS = 2


@dataclass(frozen=True)
class Program:
    language: str
    command: tuple
    environment: dict = field(default_factory=dict)
    # True where the library names a version of the engine's API without asking the engine (engine_door.py).
    insists_on_version: bool = False

    def run(self, module: str, image: str, engine: str, api_version: str) -> list[dict]:
        """Runs one module of the library against an image; one dict for each of its RUNS runs.

        `engine` is what DOCKER_HOST has to be, `api_version` the newest version of its API that the engine speaks.
        """
        # No image can be pulled for the reaper, and host ports are reached by this machine's own name.
        environment = {**os.environ, "DOCKER_HOST": engine, "TESTCONTAINERS_RYUK_DISABLED": "true",
                       "TESTCONTAINERS_HOST_OVERRIDE": "localhost", "SURROUNDINGS": f"{sys.executable} {HERE / 'surroundings.py'}",
                       **self.environment}
        try:
            command = [word.format(api_version=api_version) for word in self.command]
            done = subprocess.run([*command, module, image, str(RUNS)], env=environment, capture_output=True,
                                  timeout=PROGRAM_LIMIT_S, check=False)
        except subprocess.TimeoutExpired as late:
            raise AssertionError(f"{self.language} {module}: no end in {PROGRAM_LIMIT_S} s\n{text(late.stderr)}") from None
        assert done.returncode == 0, f"{self.language} {module} ended with {done.returncode}\n{text(done.stderr)}"
        lines = done.stdout.decode().strip().splitlines()
        assert lines, f"{self.language} {module} printed no result\n{text(done.stderr)}"
        return json.loads(lines[-1])["runs"]


def text(output: bytes | None) -> str:
    return (output or b"").decode(errors="replace")[-30_000:]


def node() -> str:
    """The runtime that the library asks for, installed beside it; the machine's own may be older."""
    found = sorted(HERE.glob("node/node_modules/node-linux-*/bin/node"))
    return str(found[0]) if found else "node"


JARS = CACHE / "testcontainers" / "java"

JAVA = Program("java", ("java", "-Dapi.version={api_version}", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-XX:TieredStopAtLevel=1",
                        "-cp", f"{JARS / 'classes'}:{JARS / 'jars'}/*", "Containers"))
# Inside a container, as in many CI jobs, the library takes the bridge's gateway for the host, whatever host it is told.
PYTHON = Program("python", (sys.executable, str(HERE / "python" / "program.py")), {"TESTCONTAINERS_CONNECTION_MODE": "docker_host"})
NODE = Program("node", (node(), str(HERE / "node" / "program.js")))
GO = Program("go", (str(CACHE / "bin" / "go-containers"),))
RUST = Program("rust", (str(CACHE / "rust-target" / "debug" / "rust-containers"),), insists_on_version=True)
DOTNET = Program("dotnet", (sys.executable, str(HERE / "dotnet" / "program.py")))

# The names under which the modules accept an image without being told, or that decide what they do: Node's and Python's read the tag.
APACHE, NATIVE = "apache/kafka:4.3.1", "apache/kafka-native:4.3.1"
CONFLUENT, CONFLUENT_7, CONFLUENT_7_3 = "confluentinc/cp-kafka:8.1.0", "confluentinc/cp-kafka:7.6.0", "confluentinc/cp-kafka:7.3.0"
LOCAL = "confluentinc/confluent-local:7.5.0"
OTHER_NAMES = [APACHE, NATIVE, CONFLUENT, CONFLUENT_7, CONFLUENT_7_3, LOCAL]
# The image under its own name, which is what the one changed line of a project says.
OWN = f"klamm:{version()}"

# The ids that the modules give the cluster; ANY where it is ZooKeeper that would make one up, or the start script: Go's formats with an id by
# chance, even where the user asked for one (which ends in a variable that Confluent's image then does not look at).
USUAL, RUSTS, PYTHONS, ANY = "4L6g3nShT-eMCtK--X86sw", "5L6g3nShT-eMCtK--X86sw", "MkU3OEVBNTcwNTJENDM2Qk", None


class Case(NamedTuple):
    program: Program
    module: str
    image: str
    cluster_id: str | None

    def __str__(self) -> str:
        return f"{self.program.language}-{self.module}-{self.image.replace('/', '_')}"


CASES = [
    Case(JAVA, "apache", OWN, USUAL),
    Case(JAVA, "apache", APACHE, USUAL),
    Case(JAVA, "apache-native", NATIVE, USUAL),
    Case(JAVA, "apache-listener", OWN, USUAL),
    Case(JAVA, "confluent", OWN, USUAL),
    Case(JAVA, "confluent", CONFLUENT, USUAL),
    Case(JAVA, "confluent-listener", CONFLUENT, USUAL),
    Case(JAVA, "older-kraft", CONFLUENT, USUAL),
    Case(JAVA, "older-kraft", CONFLUENT_7_3, USUAL),
    Case(JAVA, "older-zookeeper", CONFLUENT_7, ANY),
    Case(PYTHON, "zookeeper", OWN, ANY),
    Case(PYTHON, "zookeeper", CONFLUENT_7, ANY),
    Case(PYTHON, "kraft", CONFLUENT_7, PYTHONS),
    Case(PYTHON, "network", CONFLUENT, PYTHONS),
    Case(NODE, "by-tag", OWN, ANY),
    Case(NODE, "by-tag", CONFLUENT, USUAL),
    Case(NODE, "by-tag", CONFLUENT_7, ANY),
    Case(NODE, "kraft", CONFLUENT_7_3, USUAL),
    Case(NODE, "network", CONFLUENT, USUAL),
    Case(NODE, "listening", CONFLUENT, USUAL),
    Case(NODE, "listening", CONFLUENT_7, ANY),
    Case(NODE, "running", CONFLUENT, USUAL),
    Case(GO, "kafka", OWN, ANY),
    Case(GO, "kafka", LOCAL, ANY),
    Case(GO, "cluster-id", LOCAL, ANY),
    Case(RUST, "apache", OWN, RUSTS),
    Case(RUST, "apache", NATIVE, RUSTS),
    Case(RUST, "confluent", CONFLUENT_7, ANY),
    Case(DOTNET, "apache", OWN, USUAL),
    Case(DOTNET, "apache-comma", APACHE, USUAL),
    Case(DOTNET, "confluent-kraft", CONFLUENT, USUAL),
    Case(DOTNET, "confluent-zookeeper", CONFLUENT_7, ANY),
    Case(DOTNET, "confluent-before-kraft", CONFLUENT_7, ANY),
]
