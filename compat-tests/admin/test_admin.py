"""The admin HTTP port of klamm: metrics for Prometheus, life and readiness. Kafka has no such port to compare with."""

import re
import urllib.error
import urllib.request

import pytest

from harness import Klamm


@pytest.fixture
def klamm():
    with Klamm() as broker:
        yield broker


def get(broker, path):
    with urllib.request.urlopen(f"http://{broker.admin}{path}", timeout=60) as answer:
        return answer.status, answer.headers.get_content_type(), answer.read().decode()


def value(text, name, **labels):
    """The value of one sample, found by its name and labels in any order."""
    for line in text.splitlines():
        found = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
        if found and found[1] == name and dict(re.findall(r'(\w+)="([^"]*)"', found[2] or "")) == labels:
            return float(found[3])
    return None


def test_the_port_tells_that_the_broker_lives_and_serves(klamm):
    assert get(klamm, "/healthz")[0] == 200
    assert get(klamm, "/ready")[0] == 200
    with pytest.raises(urllib.error.HTTPError) as missing:
        get(klamm, "/nothing")
    assert missing.value.code == 404


def test_what_is_produced_and_fetched_is_counted(klamm, tools):
    topic = "counted"
    tools.run("TopicCommand", "--bootstrap-server", klamm.bootstrap, "--create", "--topic", topic).ok()
    tools.run("ConsoleProducer", "--bootstrap-server", klamm.bootstrap, "--topic", topic,
              stdin=b"one\ntwo\nthree\n").ok()
    tools.run("consumer.ConsoleConsumer", "--bootstrap-server", klamm.bootstrap, "--topic", topic, "--from-beginning",
              "--max-messages", 3).ok()
    status, kind, text = get(klamm, "/metrics")
    assert (status, kind) == (200, "text/plain")
    counts = "kafka_server_brokertopicmetrics_"
    assert value(text, counts + "messagesin_total", topic=topic) == 3
    assert value(text, counts + "bytesin_total", topic=topic) > 0
    assert value(text, counts + "bytesout_total", topic=topic) > 0
    assert value(text, counts + "messagesin_total") >= 3, "the sum over all topics stands beside"
    assert value(text, "kafka_log_log_logendoffset", topic=topic, partition="0") == 3
    assert value(text, "kafka_log_log_size", topic=topic, partition="0") > 0
    assert value(text, "kafka_server_replicamanager_partitioncount") == 51


def test_requests_and_connections_are_counted_and_timed(klamm, tools):
    tools.run("TopicCommand", "--bootstrap-server", klamm.bootstrap, "--list").ok()
    text = get(klamm, "/metrics")[2]
    versions = re.findall(r'kafka_network_requestmetrics_requests_total\{[^}]*request="ApiVersions"[^}]*\} (\d+)', text)
    assert sum(map(int, versions)) >= 1
    assert 'kafka_network_requestmetrics_totaltimems{request="Metadata",quantile="0.99"}' in text
    assert value(text, "kafka_server_socket_server_metrics_connection_creation_total", listener="PLAINTEXT") >= 1
    assert value(text, "kafka_server_socket_server_metrics_connection_count", listener="PLAINTEXT") is not None
