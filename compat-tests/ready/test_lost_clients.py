"""A client that is sent to an address that it cannot reach is told of in the log, once, and no other is.

One broker has two listeners: what GOOD advertises works, and is another name than the clients use at first; what BAD
advertises is nowhere.
"""

import re

import confluent_kafka
import pytest

from harness import JavaHost, Klamm, eventually, free_port

NOWHERE = "kafka.invalid:9092"


@pytest.fixture
def klamm():
    broker = Klamm()
    good, bad = broker.port, free_port()
    broker.bad = f"127.0.0.1:{bad}"
    broker.start({
        "listeners": f"GOOD://127.0.0.1:{good},BAD://127.0.0.1:{bad},CONTROLLER://127.0.0.1:{broker.controller_port}",
        "advertised.listeners": f"GOOD://localhost:{good},BAD://{NOWHERE}",
        "listener.security.protocol.map": "GOOD:PLAINTEXT,BAD:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "GOOD",
    })
    yield broker
    broker.stop()


def lost(broker) -> list[str]:
    """The clients that were told of, in order, each as often as it was."""
    # One look, and at whole lines: the broker goes on writing.
    log = broker.log.read_text()
    log = log[:log.rfind("\n") + 1]
    found = re.findall(rf'WARN client "([^"]*)" at 127\.0\.0\.1 reached this broker at {broker.bad} '
                       rf"but was told to go to {NOWHERE} and never came: set advertised\.listeners", log)
    assert len(found) == log.count("never came"), "of clients on the good listener nothing is told"
    return found


@pytest.fixture
def lost_tools():
    """Tools that are ended with their JVM: by themselves they would try for minutes."""
    with JavaHost("kafka-4.3.1") as host:
        yield host


def test_lost_clients_are_told_of_and_others_are_not(klamm, tools, lost_tools):
    good = ("--bootstrap-server", klamm.bootstrap)
    # Healthchecks and honest work, by way of a name that is not the one that was reached.
    tools.run("TopicCommand", *good, "--create", "--topic", "t").ok()
    for _ in range(4):
        tools.run("TopicCommand", *good, "--list").ok()
        tools.run("BrokerApiVersionsCommand", *good).ok()
    tools.run("ConsoleProducer", *good, "--topic", "t", stdin=b"one\n").ok()
    consumer = tools.start("consumer.ConsoleConsumer", *good, "--topic", "t", "--from-beginning")
    consumer.wait_for(lambda out: "one" in out)
    idle = confluent_kafka.Producer({"bootstrap.servers": klamm.bootstrap, "client.id": "idle"})
    assert "t" in idle.list_topics("t", timeout=30).topics
    waits = confluent_kafka.Consumer({"bootstrap.servers": klamm.bootstrap, "client.id": "waits", "group.id": "waits"})
    waits.subscribe(["there-is-none"])
    # And those who are sent to nowhere: Java's tools, and a client of another hand.
    bad = ("--bootstrap-server", klamm.bad)
    lost_tools.start("TopicCommand", *bad, "--list")
    lost_tools.start("ConsoleProducer", *bad, "--topic", "t", stdin=b"two\n")
    lost_tools.start("consumer.ConsoleConsumer", *bad, "--topic", "t", "--group", "g")
    producer = confluent_kafka.Producer({"bootstrap.servers": klamm.bad, "client.id": "lost", "log_level": 0})
    producer.produce("t", b"three")
    expected = ["adminclient", "console-consumer", "console-producer", "lost"]

    def all_told():
        producer.poll(0)
        waits.poll(0)
        names = sorted(re.sub(r"-\d+$", "", name) for name in lost(klamm))
        assert len(names) <= len(expected), f"each once: {names}"
        return names == expected

    eventually(all_told, f"{expected} are told of (log: {klamm.log})", 60)
    consumer.stop()
    waits.close()
    producer.purge()
