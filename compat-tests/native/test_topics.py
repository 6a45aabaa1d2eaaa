"""kafka-topics, the stock tool beside ours."""

import re

import pytest

from harness import Shell
from native.stock_words import alike, equal

TOOL = "kafka-topics"
AT = ("--bootstrap-server", "{bootstrap}")
NOBODY = ("--bootstrap-server", "127.0.0.1:1")
SETS = [(r'Option combination "\[[^"]*\]"', 'Option combination "[...]"')]
"""Kafka prints sets in an order that differs from run to run."""


@pytest.fixture
def shell(tools, broker):
    return Shell(tools, broker)


@pytest.fixture
def topics(shell, twins):
    """A topic for each side."""
    for side in ("stock", "ours"):
        shell.create(twins.fill(side, "{topic}"), 3, retention_ms=1000, segment_bytes=2097152, cleanup_policy="compact")


def settle(shell):
    """Kafka answers a change before its own reads show it."""
    if shell.broker.answers_early:
        shell.settle()


def test_topics_are_created_and_described(twins, shell):
    alike(twins, TOOL, *AT, "--create", "--topic", "{topic}", "--partitions", 3, "--replication-factor", 1,
          "--config", "retention.ms=360000", "--config", "segment.bytes = 2097152")
    alike(twins, TOOL, *AT, "--create", "--topic", "{plain}")
    alike(twins, TOOL, *AT, "--create", "--topic", "a.b_{dotted}", "--replica-assignment", "1,1")
    settle(shell)
    for topic in ("{topic}", "{plain}", "a.b_{dotted}"):
        alike(twins, TOOL, *AT, "--describe", "--topic", topic)
    stock, ours = alike(twins, TOOL, *AT, "--describe", "--topic", "{plain},{topic}")
    assert ours.out.count("TopicId: ") == 2 and ours.out.count("\tPartition: ") == 4


def test_the_old_and_the_short_forms_of_options_are_understood(twins, topics):
    ours = twins.ours(TOOL, "-bootstrap-server={bootstrap}", "-topic={topic}", "--describe").ok()
    assert ours.out == twins.ours(TOOL, "--broker-list", "{bootstrap}", "--topic", "{topic}", "--describe").ok().out
    alike(twins, TOOL, "-bootstrap-server={bootstrap}", "-topic={topic}", "--describe")


def test_everything_is_listed_and_described_alike(twins, shell, topics):
    shell.create(twins._name("third"), 1)
    for words in ([], ["--exclude-internal"], ["--topic", ".*"], ["--topic", twins._name("t.*") + ",x"], ["--topic", "nothing at all"]):
        equal(twins, TOOL, *AT, "--list", *words)
    equal(twins, TOOL, *AT, "--describe")


@pytest.mark.parametrize("state", ["--under-replicated-partitions", "--unavailable-partitions", "--under-min-isr-partitions",
                                   "--at-min-isr-partitions", "--topics-with-overrides", "--exclude-internal"])
def test_descriptions_are_filtered_alike(twins, topics, state):
    alike(twins, TOOL, *AT, "--describe", "--topic", "{topic}", state)


def test_a_topic_is_described_by_its_id_and_in_pages(twins, topics):
    one = twins.fill("stock", "{topic}")
    topic_id = re.search(r"TopicId: (\S+)", twins.ours(TOOL, *AT, "--describe", "--topic", one).ok().out)[1]
    equal(twins, TOOL, *AT, "--describe", "--topic-id", topic_id)
    equal(twins, TOOL, *AT, "--describe", "--topic-id", topic_id, "--topic", one, "--if-exists")
    alike(twins, TOOL, *AT, "--describe", "--topic-id", "MkU3OEVBNTcwNTJENDM2Qg")
    alike(twins, TOOL, *AT, "--describe", "--topic-id", "MkU3OEVBNTcwNTJENDM2Qg", "--if-exists")
    alike(twins, TOOL, *AT, "--describe", "--topic", "{topic}", "--partition-size-limit-per-response", 1)


def test_partitions_are_added_and_topics_deleted_alike(twins, shell, topics):
    alike(twins, TOOL, *AT, "--alter", "--topic", "{topic}", "--partitions", 5)
    settle(shell)
    alike(twins, TOOL, *AT, "--describe", "--topic", "{topic}")
    for words in (["5"], ["3"], ["7", "--replica-assignment", "1,1,1,1,1,1,1"], ["8", "--replica-assignment", "1,2"]):
        alike(twins, TOOL, *AT, "--alter", "--topic", "{topic}", "--partitions", *words)
        settle(shell)
    alike(twins, TOOL, *AT, "--delete", "--topic", "{topic}")
    settle(shell)
    alike(twins, TOOL, *AT, "--describe", "--topic", "{topic}")
    alike(twins, TOOL, *AT, "--delete", "--topic", "{topic}")


def test_what_is_there_and_what_is_not_is_an_error_or_excused_alike(twins, topics):
    for excuse in ([], ["--if-not-exists"]):
        alike(twins, TOOL, *AT, "--create", "--topic", "{topic}", *excuse)
    for excuse in ([], ["--if-exists"]):
        for words in (["--delete"], ["--describe"], ["--alter", "--partitions", "9"]):
            alike(twins, TOOL, *AT, *words, "--topic", "{missing}", *excuse)


REFUSED = [
    ["--topic", "a b"], ["--topic", "x" * 250], ["--topic", ".."], ["--topic", ""], ["--topic", "t", "--partitions", "0"],
    ["--topic", "t", "--partitions", "x"], ["--topic", "t", "--replication-factor", "0"], ["--topic", "t", "--replication-factor", "40000"],
    ["--topic", "{t}", "--replication-factor", "3"], ["--topic", "t", "--config", "a"], ["--topic", "t", "--config", "a="],
    ["--topic", "t", "--config", "a=b"], ["--topic", "t", "--config", "a=b=c"], ["--topic", "t", "--config", "segment.bytes=x"],
    ["--topic", "t", "--config", "retention.ms=-5"], ["--topic", "t", "--config", "cleanup.policy=x"],
    ["--topic", "{t}", "--config", "min.compaction.lag.ms=9", "--config", "max.compaction.lag.ms=8"],
    ["--topic", "t", "--replica-assignment", "1:1"], ["--topic", "t", "--replica-assignment", "1:2,3"],
    ["--topic", "t", "--replica-assignment", "x"], ["--topic", "{t}", "--replica-assignment", "7"], ["--topic", "t", "--topic", "u"],
]


@pytest.mark.parametrize("words", REFUSED, ids=lambda words: " ".join(words)[:50])
def test_topics_that_cannot_be_are_refused_alike(twins, words):
    stock, ours = alike(twins, TOOL, *AT, "--create", *words)
    assert ours.code == 1


NONSENSE = [
    [], ["--help"], ["--help", "--list"], ["--list"], ["--foo"], ["-foo"], ["--list", "--topic"], [*NOBODY], [*NOBODY, "--list", "--create"],
    [*NOBODY, "--create"], [*NOBODY, "--delete"], [*NOBODY, "--alter"], [*NOBODY, "--alter", "--topic", "a"],
    [*NOBODY, "--alter", "--topic", "a", "--config", "a=b"], [*NOBODY, "--list", "--config", "a=b"], [*NOBODY, "--describe", "--partitions", "2"],
    [*NOBODY, "--alter", "--topic", "a", "--partitions", "2", "--replication-factor", "1"], [*NOBODY, "--list", "--replica-assignment", "1"],
    [*NOBODY, "--create", "--topic", "a", "--replica-assignment", "1", "--partitions", "3"], [*NOBODY, "--describe", "--if-exists"],
    [*NOBODY, "--describe", "--under-replicated-partitions", "--topics-with-overrides"], [*NOBODY, "--list", "--at-min-isr-partitions"],
    [*NOBODY, "--list", "--if-exists"], [*NOBODY, "--describe", "--if-not-exists"], [*NOBODY, "--create", "--topic", "a", "--exclude-internal"],
    [*NOBODY, "--delete", "--topic", "a", "--delete-config", "x", "--if-not-exists"], [*NOBODY, "--describe", "--topic-id", "abc"],
    [*NOBODY, "--describe", "--topic-id", "a" * 40], [*NOBODY, "--list", "--command-config", "/no/such/file"], ["--bootstrap-server", "x", "--list"],
    [*NOBODY, "--list", "--list", "--topic", "a", "--topic", "b"], [*NOBODY, "--bootstrap-server", "127.0.0.1:2", "--list"],
]


@pytest.mark.parametrize("words", NONSENSE, ids=lambda words: " ".join(words)[:60] or "nothing")
def test_command_lines_that_make_no_sense_are_told_so_alike(twins, words):
    alike(twins, TOOL, *words, rules=SETS)


def test_a_broker_that_is_not_there_is_waited_for_as_long_as_kafka_does(twins, tmp_path):
    config = tmp_path / "client.properties"
    config.write_text("default.api.timeout.ms=1500\nrequest.timeout.ms=1000\n")
    stock, ours = alike(twins, TOOL, *NOBODY, "--list", "--command-config", config)
    assert "Timed out waiting for a node assignment. Call: listTopics" in ours.out and ours.code == 1


def test_the_version_begins_with_kafka_s(twins):
    stock, ours = twins.stock(TOOL, "--version").ok(), twins.ours(TOOL, "--version").ok()
    assert re.fullmatch(r"(\d+\.\d+\.\d+) \(klamm \S+\)\n", ours.out)[1] == stock.out.strip()


def test_zookeeper_is_no_more_and_the_tool_says_what_to_write(twins, tmp_path):
    config = tmp_path / "client.properties"
    config.write_text("default.api.timeout.ms=1\nrequest.timeout.ms=1\n")
    ours = twins.ours(TOOL, "--list", "--zookeeper", "zk:2181", "--command-config", config)
    assert "--bootstrap-server" in ours.err and "localhost:9092" in ours.err
