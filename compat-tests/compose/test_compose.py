"""Compose files as people have them: each is started, used from the host and from a container, stopped and taken away.

The files name the images that they always named; what runs is ours under those names (`docker tag`), as somebody would try it."""

import re
import subprocess
from dataclasses import dataclass, field

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient

from harness import eventually, free_port, paths

FILES = paths.ROOT / "compose" / "files"


@dataclass
class Case:
    """One file: the service of the broker, and how it is reached."""

    file: str
    service: str = "kafka"
    outside: str | None = "localhost:{port}"
    inside: str | None = None
    port: int | None = None
    """The port on the host where the file fixes one."""
    keeps: bool = False
    """True where records survive `down` and `up`, which is what the named volume is for."""
    topics: dict[str, int] = field(default_factory=dict)
    """Topics that are there once everything is up, with their partitions."""
    topic_partitions: int = 1
    """How many partitions a topic gets that comes into being by itself."""
    ends: tuple[str, ...] = ()
    """Services that do their work and end with 0."""


CASES = [
    Case("apache-no-settings", "broker", outside="localhost:9092", inside="broker:9092", port=9092),
    Case("apache-three-listeners", "broker", inside="broker:19092", keeps=True),
    Case("apache-one-listener", outside=None, inside="kafka:9092"),
    Case("apache-native-nc", inside="kafka:29092"),
    Case("apache-listeners-only", outside="localhost:9092", inside="kafka:9092", port=9092),
    Case("apache-mounted-file", inside="kafka:19092", topic_partitions=3),
    Case("apache-read-only", inside="kafka:29092", keeps=True),
    Case("confluent-kraft-init", "broker", inside="broker:29092", topics={"orders": 3, "payments": 1}, ends=("init-kafka",)),
    Case("confluent-zookeeper", inside="kafka:29092"),
    Case("confluent-api-versions", "broker", inside="broker:29092", keeps=True),
    Case("confluent-local", "broker", inside="broker:29092"),
    Case("bitnami-kraft", inside="kafka:9092", keeps=True, topic_partitions=2),
    Case("bitnami-zookeeper", inside="kafka:9092"),
    Case("wurstmeister", inside="kafka:9093", topics={"clicks": 3, "views": 1}),
    Case("wurstmeister-host-name", outside="127.0.0.1:{port}"),
    Case("debezium", topics={"dbserver1.inventory.customers": 2}),
]


class Project:
    """A running compose file."""

    def __init__(self, case: Case, docker, image: str):
        self.case, self._docker, self._image = case, docker, image
        self.port = case.port or free_port()
        self.name = "klamm" + re.sub(r"\W", "", case.file)
        self.outside = case.outside.format(port=self.port) if case.outside else None

    def __call__(self, *args: str, check: bool = True) -> str:
        """docker-compose with this file; what it prints."""
        variables = {"KAFKA_PORT": str(self.port), "PROJECT": self.name, "IMAGE": self._image}
        done = subprocess.run(
            ["docker-compose", "-p", self.name, "-f", FILES / f"{self.case.file}.yml", *args], capture_output=True, text=True,
            stdin=subprocess.DEVNULL, env=self._docker.environment | variables, timeout=120,
        )
        assert done.returncode == 0 or not check, f"docker-compose {' '.join(args)}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def container(self, service: str) -> str:
        """The id of a service's container."""
        labels = (f"project={self.name}", f"service={service}")
        return self._docker("ps", "-aq", *(word for label in labels for word in ("--filter", f"label=com.docker.compose.{label}"))).out.strip()

    def inspect(self, service: str, template: str) -> str:
        """One fact about a service's container."""
        return self._docker("inspect", "-f", template, self.container(service)).out.strip()

    def logs(self) -> str:
        """What everybody said."""
        return self("logs", "--no-color", check=False)

    def said(self, service: str) -> str:
        """What a service's container said."""
        run = self._docker("logs", self.container(service))
        return run.out + run.err

    def up(self) -> None:
        """Starts everything and waits until the broker is up: healthy where the file knows how to ask, else by its log."""
        self("up", "-d")

        def ready() -> bool:
            state = self.inspect(self.case.service, "{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}}")
            assert state.startswith("running"), f"the broker is {state}:\n{self.logs()}"
            return "healthy" in state.split() or (len(state.split()) == 1 and "Kafka Server started" in self.said(self.case.service))

        eventually(ready, f"{self.case.file} is up", within_s=60)
        for service in self.case.ends:
            eventually(lambda: self.inspect(service, "{{.State.Status}}") == "exited", f"{service} has ended", within_s=60)
            assert self.inspect(service, "{{.State.ExitCode}}") == "0", self.logs()

    def in_container(self, *command: str, stdin: str = ""):
        """Runs a command in a container of its own in the project's network."""
        return self._docker("run", "--rm", "-i", "--network", f"{self.name}_default", self._image, *command, stdin=stdin)


@pytest.fixture(params=CASES, ids=lambda case: case.file)
def project(request, docker, image):
    running = Project(request.param, docker, image)
    for name in re.findall(r"^ *image: *([^$\s]+)$", (FILES / f"{request.param.file}.yml").read_text(), re.M):
        docker("tag", image, name)
    try:
        yield running
    finally:
        running("down", "-v", "--remove-orphans", "-t", "1", check=False)


def produce_outside(bootstrap: str, topic: str, values: list[str]) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "broker.address.family": "v4"})
    failures = []
    for value in values:
        producer.produce(topic, value.encode(), on_delivery=lambda error, _: failures.append(error) if error else None)
    assert producer.flush(60) == 0 and not failures, failures


def consume_outside(bootstrap: str, topic: str, group: str, count: int) -> list[str]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "broker.address.family": "v4", "group.id": group,
                         "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    seen: list[str] = []

    def enough() -> bool:
        for message in consumer.consume(100, timeout=1.0):
            assert message.error() is None, message.error()
            seen.append(message.value().decode())
        return len(seen) >= count

    try:
        eventually(enough, f"{count} records of {topic}", within_s=60)
    finally:
        consumer.close()
    return sorted(seen)


def test_a_compose_file_of_the_wild_starts_serves_and_stops(project):
    case = project.case
    project.up()
    written: list[str] = []
    if project.outside:
        written += ["from the host 1", "from the host 2"]
        produce_outside(project.outside, "t", written)
        assert consume_outside(project.outside, "t", "outside", len(written)) == sorted(written)
        topics = AdminClient({"bootstrap.servers": project.outside}).list_topics(timeout=30).topics
        assert len(topics["t"].partitions) == case.topic_partitions
        for topic, partitions in case.topics.items():
            assert len(topics[topic].partitions) == partitions
    if case.inside:
        project.in_container("kafka-console-producer", "--bootstrap-server", case.inside, "--topic", "t", stdin="from inside\n")
        written.append("from inside")
        read = project.in_container("kafka-console-consumer.sh", "--bootstrap-server", case.inside, "--topic", "t", "--group",
                                    "inside", "--from-beginning", "--max-messages", str(len(written)), "--timeout-ms", "60000")
        assert sorted(read.lines) == sorted(written)
    if case.keeps:
        project("down", "-t", "10")
        project.up()
        assert project.outside
        assert consume_outside(project.outside, "t", "again", len(written)) == sorted(written)
    project("stop", "-t", "10")
    assert int(project.inspect(case.service, "{{.State.ExitCode}}")) == 143, project.logs()
