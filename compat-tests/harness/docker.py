"""A Docker engine of the test session's own, klamm's image in it, and containers for tests: fixtures, see ../docker/README.md."""

import json
import os
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from . import paths
from .engine import Engine, EngineFailed
from .wait import eventually

START_LIMIT_S = 60.0

KILLED = 137
"""The exit code of what the engine has killed."""


@dataclass
class DockerRun:
    """What one call of the docker client gave."""

    command: list[str]
    code: int
    out: str
    err: str

    def ok(self) -> "DockerRun":
        assert self.code == 0, f"{' '.join(self.command)} ended with {self.code}\n{self.out}{self.err}"
        return self

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


class Docker:
    """The docker client, speaking to one engine: `docker("run", "--rm", ...)` waits and asserts exit code 0 unless check=False."""

    def __init__(self, host: str):
        self.host = host
        self.environment = os.environ | {"DOCKER_HOST": host}

    def __call__(self, *args: object, stdin: str = "", check: bool = True, within_s: float = 120.0) -> DockerRun:
        command = ["docker", *map(str, args)]
        done = subprocess.run(command, input=stdin, env=self.environment, capture_output=True, text=True, timeout=within_s)
        run = DockerRun(command, done.returncode, done.stdout, done.stderr)
        return run.ok() if check else run


class Container:
    """A running container, or one that has ended; `id` is its name for the docker client."""

    def __init__(self, docker: Docker, container_id: str):
        self.docker, self.id = docker, container_id

    def inspect(self, form: str) -> str:
        return self.docker("inspect", "-f", form, self.id).out.strip()

    def logs(self) -> str:
        """Everything that it has written to both streams."""
        run = self.docker("logs", self.id)
        return run.out + run.err

    def exec(self, *command: object, stdin: str = "", check: bool = True, user: str | None = None) -> DockerRun:
        options = [*(["-i"] if stdin else []), *(["-u", user] if user else [])]
        return self.docker("exec", *options, self.id, *command, stdin=stdin, check=check)

    def running(self) -> bool:
        return self.inspect("{{.State.Running}}") == "true"

    @property
    def address(self) -> str:
        """Its address in the network that it is in."""
        return self.inspect("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")

    def published(self, port: int) -> int:
        """The port of the host that stands for this port of the container."""
        ports = json.loads(self.inspect("{{json .NetworkSettings.Ports}}"))
        return int(ports[f"{port}/tcp"][0]["HostPort"])

    def wait_for_log(self, text: str, times: int = 1, within_s: float = START_LIMIT_S) -> str:
        """Returns once the logs hold `text` so many times; fails with them when the container ends before."""

        def look() -> str | None:
            was_running = self.running()
            logs = self.logs()
            if logs.count(text) >= times:
                return logs
            assert was_running, f"the container ended with {self.inspect('{{.State.ExitCode}}')} before {text!r}:\n{logs}"
            return None

        try:
            return eventually(look, f"{text!r} in the logs", within_s)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.logs()}") from None

    def wait_until_ready(self, within_s: float = START_LIMIT_S) -> "Container":
        """Returns once the log tells what test libraries wait for."""
        self.wait_for_log("Transitioning from RECOVERY to RUNNING", within_s=within_s)
        return self

    def wait(self) -> int:
        """Waits for its end; the exit code."""
        return int(self.docker("wait", self.id).out)

    def stop(self) -> int:
        """`docker stop` with the usual grace of 10 s, at whose end it kills; the exit code. Any but KILLED is that of an end within
        the grace, by the container's own doing."""
        self.docker("stop", self.id)
        return int(self.inspect("{{.State.ExitCode}}"))

    def remove(self) -> None:
        self.docker("rm", "-f", "-v", self.id, check=False)


def version() -> str:
    """klamm's version, which is the image's tag."""
    package = (paths.ROOT.parent / "Cargo.toml").read_text().split("[workspace.package]")[1]
    return package.split('version = "')[1].split('"')[0]


@pytest.fixture(scope="session")
def engine():
    """The session's Docker engine. $KLAMM_DOCKER_HOST names one that runs already, which is then used instead."""
    with Engine(os.environ.get("KLAMM_DOCKER_HOST")) as running:
        yield running


@pytest.fixture(scope="session")
def docker_host(engine) -> str:
    """What DOCKER_HOST has to be for programs that speak to the engine themselves."""
    return engine.host


@pytest.fixture(scope="session")
def docker(engine) -> Docker:
    """`docker("ps")`: the docker client."""
    return Docker(engine.host)


def build_image(docker: Docker) -> str:
    """Builds klamm's image from the binary under test; its name."""
    binary = paths.klamm_binary()
    if not binary.exists():
        raise EngineFailed(f"{binary} is not there: cargo build --release")
    paths.SESSION.mkdir(parents=True, exist_ok=True)
    build = subprocess.run(
        [str(paths.ROOT.parent / "docker" / "build.sh")], capture_output=True, text=True, stdin=subprocess.DEVNULL,
        env=docker.environment | {"KLAMM_BIN": str(binary), "KLAMM_IMAGE_CONTEXT": str(paths.SESSION / "image")},
    )
    if build.returncode != 0:
        raise EngineFailed(f"the image could not be built:\n{build.stdout}{build.stderr}")
    return f"klamm:{version()}"


@pytest.fixture(scope="session")
def image(docker) -> str:
    """The name of klamm's image, built from the binary under test."""
    return build_image(docker)


class Belongings:
    """What one test has in the engine. It goes in the order in which it can: a network or a volume that is in use stays."""

    def __init__(self, docker: Docker):
        self.docker = docker
        self.containers: list[Container] = []
        self.networks: list[str] = []
        self.volumes: list[str] = []

    def remove(self) -> None:
        for each in self.containers:
            each.remove()
        for kind, names in (("network", self.networks), ("volume", self.volumes)):
            for name in names:
                self.docker(kind, "rm", name)


def _belongings(request, docker: Docker) -> Belongings:
    """The same for everything that asks for it in one test; removed at the test's end."""
    if _BELONGINGS not in request.node.stash:
        request.node.stash[_BELONGINGS] = Belongings(docker)
        request.node.addfinalizer(request.node.stash[_BELONGINGS].remove)
    return request.node.stash[_BELONGINGS]


_BELONGINGS = pytest.StashKey[Belongings]()


@pytest.fixture
def container(request, docker, image):
    """`container("-p", "9092", command=["sh", "-c", "..."])`: starts a container of klamm's image, removed after the test."""
    own = _belongings(request, docker)

    def start(*options: object, command: list[object] = (), of: str = image) -> Container:
        made = Container(docker, docker("create", *options, of, *command).out.strip())
        own.containers.append(made)
        docker("start", made.id)
        return made

    return start


@pytest.fixture
def network(request, docker):
    """The name of a network of this test alone."""
    name = f"n{secrets.token_hex(4)}"
    docker("network", "create", name)
    _belongings(request, docker).networks.append(name)
    return name


@pytest.fixture
def volume(request, docker):
    """The name of an empty named volume of this test alone."""
    name = docker("volume", "create").out.strip()
    _belongings(request, docker).volumes.append(name)
    return name


def surroundings(host: str) -> str:
    """What a person wants to know of an engine in which a test has failed: its containers and what they say, who listens on this
    machine, by which way a container's address is reached, and the engine's own log."""
    looks = {
        "containers": ["docker", "ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Status}} {{.Image}} {{.Ports}} {{.Names}}"],
        "listening": ["ss", "-Hltnp"],
        "addresses": ["ip", "-br", "addr"],
        "neighbours": ["ip", "neigh"],
        "bridges": ["bridge", "fdb"],
        "names": ["getent", "ahosts", "localhost"],
    }
    texts = {name: _said(host, command) for name, command in looks.items()}
    # What every interface has says nothing.
    texts["bridges"] = "\n".join(line for line in texts["bridges"].splitlines() if not line.endswith("permanent"))
    for container_id in _said(host, ["docker", "ps", "-aq"]).split():
        about = "{{.State.Status}} {{.State.ExitCode}} {{json .Config.Cmd}} {{json .NetworkSettings.Networks}} {{json .NetworkSettings.Ports}}"
        texts[f"container {container_id}"] = _said(host, ["docker", "inspect", "-f", about, container_id]) + \
            _said(host, ["docker", "logs", "-t", "--tail", "60", container_id])
    log = Path(host.removeprefix("unix://")).with_name("log")
    if log.is_file():
        texts["the engine's log"] = "\n".join(log.read_text(errors="replace").splitlines()[-60:])
    return "\n".join(f"--- {name}\n{text.strip()}" for name, text in texts.items())


def _said(host: str, command: list[str]) -> str:
    """Both streams of a command, or why there is nothing."""
    environment = os.environ | {"DOCKER_HOST": host, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
    try:
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", timeout=20)
    except (OSError, subprocess.TimeoutExpired) as problem:
        return f"{problem}\n"
    return done.stdout


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A test that fails shows the engine's surroundings as they are at that moment, before anything is removed. For conftest.py."""
    report = (yield).get_result()
    engine = getattr(item, "funcargs", {}).get("engine")
    if report.failed and report.when == "call" and engine is not None:
        report.sections.append(("Docker engine", surroundings(engine.host)))
