"""The tools as scripts use them: signals, files that are pipes, names that nobody knows, options of old."""

import signal
import socket

import pytest

from harness import Shell
from harness.native import native, start_native
from native.stock_words import alike

AT = ("--bootstrap-server", "{bootstrap}")
UNKNOWN = "nobody.invalid:9092"


@pytest.fixture
def silent():
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(90)
        yield server


@pytest.mark.parametrize("how, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("tool, words", [
    ("kafka-topics", ["--list"]), ("kafka-consumer-groups", ["--list", "--timeout", "60000"]),
    ("kafka-configs", ["--describe", "--entity-type", "topics"]), ("kafka-get-offsets", []), ("kafka-cluster", ["cluster-id"]),
    ("cub", ["kafka-ready", "-b", "{at}", "1", "60"]),
])
def test_a_tool_that_waits_for_a_broker_ends_by_itself_when_it_is_told_to(silent, tool, words, how, code):
    """As the first process of a container it would not be ended by a signal that it leaves to the system."""
    at = "127.0.0.1:%d" % silent.getsockname()[1]
    place = [] if tool == "cub" else ["--bootstrap-server", at]
    words = [word.format(at=at) for word in words]
    run = start_native(tool, *words[:1], *place, *words[1:])
    with silent.accept()[0]:
        assert run.stop(how).code == code


def test_a_file_may_be_a_pipe(twins, tools, broker):
    Shell(tools, broker).create(twins.fill("ours", "{topic}"), 2)
    change = ("--alter", "--topic", "{topic}", "--add-config-file", "/dev/stdin")
    twins.ours("kafka-configs", *AT, *change, stdin=b"retention.ms=77777\n").ok()
    assert "retention.ms=77777 " in twins.ours("kafka-configs", *AT, "--describe", "--topic", "{topic}").ok().out
    text = '{"partitions": [{"topic": "%s", "partition": 0, "offset": 0}], "version": 1}' % twins.fill("ours", "{topic}")
    deleted = twins.ours("kafka-delete-records", *AT, "--offset-json-file", "/dev/stdin", stdin=text.encode()).ok()
    assert "low_watermark: 0" in deleted.out
    refused = native("kafka-topics", "--bootstrap-server", broker.bootstrap, "--list", "--command-config", "/dev/stdin",
                     stdin="request.timeout.ms=many\n")
    assert refused.code == 1 and "request.timeout.ms" in refused.err


@pytest.mark.parametrize("tool, words", [
    ("kafka-topics", ["--list"]), ("kafka-get-offsets", []), ("kafka-cluster", ["cluster-id"]), ("kafka-log-dirs", ["--describe"]),
    ("kafka-consumer-groups", ["--list"]), ("kafka-configs", ["--describe", "--entity-type", "topics"]), ("kafka-broker-api-versions", []),
])
def test_a_name_that_nobody_knows_is_not_waited_for(twins, tool, words):
    at = ("--bootstrap-server", UNKNOWN)
    alike(twins, tool, *words[:1], *at, *words[1:])


@pytest.mark.parametrize("tool, words", [
    ("kafka-console-producer", ["--topic", "t"]), ("kafka-console-consumer", ["--topic", "t"]),
    ("kafka-consumer-perf-test", ["--topic", "t", "--num-records", "1"]),
    ("kafka-producer-perf-test", ["--topic", "t", "--num-records", "1", "--record-size", "1", "--throughput", "-1"]),
])
def test_a_client_of_a_name_that_nobody_knows_is_not_made(twins, tool, words):
    runs = [run(tool, "--bootstrap-server", UNKNOWN, *words) for run in (twins.stock, twins.ours)]
    assert runs[1].out == runs[0].out and [run.code for run in runs] == [1, 1]
    # The stock tool tells the cause below a stack of calls, ours in the same line.
    client = "producer" if "producer" in tool else "consumer"
    for run in runs:
        assert f"org.apache.kafka.common.KafkaException: Failed to construct kafka {client}" in run.err
        assert "No resolvable bootstrap urls given in bootstrap.servers" in run.err
        assert f"Couldn't resolve server {UNKNOWN} from bootstrap.servers as DNS resolution failed for nobody.invalid" in run.err


def test_a_broker_with_an_address_is_enough(broker):
    listed = native("kafka-topics", "--bootstrap-server", f"{UNKNOWN},{broker.bootstrap}", "--list").ok()
    assert "Couldn't resolve server nobody.invalid:9092 from bootstrap.servers" in listed.err


def test_the_copied_way_to_ask_for_offsets_works(twins, tools, broker):
    Shell(tools, broker).create(twins.fill("ours", "{topic}"), 2)
    old = ("kafka.tools.GetOffsetShell", "--broker-list", "{bootstrap}", "--topic", "{topic}", "--time", "-1", "--offsets", "1",
           "--max-wait-ms", "1000")
    told = twins.ours("kafka-run-class", *old).ok()
    assert told.out == twins.fill("ours", "{topic}:0:0\n{topic}:1:0\n")
