"""kafka-log-dirs, kafka-broker-api-versions, kafka-leader-election and kafka-groups, the stock tools beside ours."""

import json
import re

import pytest

from harness import Shell
from native.stock_words import alike

AT = ("--bootstrap-server", "{bootstrap}")
NOBODY = ("--bootstrap-server", "127.0.0.1:1")
DIRS, VERSIONS, ELECTION, GROUPS = "kafka-log-dirs", "kafka-broker-api-versions", "kafka-leader-election", "kafka-groups"


@pytest.fixture
def shell(tools, broker):
    return Shell(tools, broker)


@pytest.fixture
def topic(shell, twins):
    """One topic for both sides."""
    name = shell.create(twins._name("topic"), 20)
    shell.produce(name, ["one", "two"]).ok()
    return name


def test_log_directories_are_told_alike(twins, topic):
    for words in ([], ["--topic-list", topic], ["--topic-list", f"{topic},,nothing"], ["--topic-list", "nothing"],
                  ["--broker-list", "1"], ["--broker-list", "1,7,8"], ["--broker-list", "x"], ["--broker-list", ","]):
        # The directories of all tests' topics, among them the log of all groups.
        alike(twins, DIRS, *AT, "--describe", *words, how=twins.steady)
    told = twins.ours(DIRS, *AT, "--describe", "--topic-list", topic).ok()
    assert len(json.loads(told.lines[-1])["brokers"][0]["logDirs"][0]["partitions"]) == 20


def test_api_versions_are_told_alike(twins):
    stock, ours = alike(twins, VERSIONS, *AT)
    assert re.match(r"\S+:\d+ \(id: 1 rack: null isFenced: false\) -> \(\n\tProduce\(0\): ", ours.out)


def test_groups_are_listed_alike(twins, shell, topic):
    for base in ("one", "two", "three"):
        shell.consume(topic, 1, "--group", twins._name(base), "--from-beginning").ok()
    for words in ([], ["--consumer"], ["--share"], ["--streams"], ["--group-type", "classic"], ["--group-type", "CONSUMER"],
                  ["--group-type", "classic", "--protocol", "consumer"], ["--protocol", "x"]):
        # The groups of all tests.
        alike(twins, GROUPS, *AT, "--list", *words, how=twins.steady)
    assert twins._name("two") in twins.ours(GROUPS, *AT, "--list").ok().out


def wish(tmp_path, *items):
    """A file for kafka-leader-election."""
    path = tmp_path / "partitions.json"
    path.write_text(json.dumps({"partitions": [{"topic": topic, "partition": partition} for topic, partition in items]}))
    return path


@pytest.mark.parametrize("kind", ["preferred", "UNCLEAN"])
def test_leaders_are_elected_alike(twins, topic, tmp_path, kind):
    how = ("--election-type", kind)
    alike(twins, ELECTION, *AT, *how, "--all-topic-partitions")
    alike(twins, ELECTION, *AT, *how, "--topic", topic, "--partition", 0)
    alike(twins, ELECTION, *AT, *how, "--topic", topic, "--partition", 99)
    alike(twins, ELECTION, *AT, *how, "--topic", "{missing}", "--partition", 0)
    alike(twins, ELECTION, *AT, *how, "--path-to-json-file", wish(tmp_path, *((topic, number) for number in range(20))))


def test_an_election_that_nobody_holds_is_told_alike(twins, tmp_path):
    config = tmp_path / "client.properties"
    config.write_text("default.api.timeout.ms=1500\nrequest.timeout.ms=1000\n")
    alike(twins, ELECTION, *NOBODY, "--election-type", "preferred", "--all-topic-partitions", "--command-config", config)
    alike(twins, DIRS, *NOBODY, "--describe", "--command-config", config)
    alike(twins, GROUPS, *NOBODY, "--list", "--command-config", config)
    alike(twins, VERSIONS, *NOBODY)


PREFERRED = ("--election-type", "preferred")
NONSENSE = [
    (DIRS, []), (DIRS, ["--help"]), (DIRS, ["--foo"]), (DIRS, ["--describe"]), (DIRS, [*NOBODY]),
    (DIRS, ["--describe", "--bootstrap-server", "x"]), (DIRS, ["--describe", *NOBODY, "--command-config", "/no/such/file"]),
    (VERSIONS, []), (VERSIONS, ["--help"]), (VERSIONS, ["--foo"]), (VERSIONS, ["--command-config", "x"]), (VERSIONS, ["--bootstrap-server", "x"]),
    (VERSIONS, [*NOBODY, "--command-config", "/no/such/file"]),
    (GROUPS, []), (GROUPS, ["--help"]), (GROUPS, ["--foo"]), (GROUPS, ["--list"]), (GROUPS, [*NOBODY]), (GROUPS, [*NOBODY, "--list", "--group-type", "x"]),
    (GROUPS, [*NOBODY, "--list", "--share", "--consumer"]), (GROUPS, [*NOBODY, "--list", "--streams", "--protocol", "x"]),
    (ELECTION, []), (ELECTION, ["--help"]), (ELECTION, ["--foo"]), (ELECTION, [*NOBODY]), (ELECTION, [*PREFERRED]), (ELECTION, [*NOBODY, *PREFERRED]),
    (ELECTION, [*NOBODY, "--election-type", "x", "--all-topic-partitions"]), (ELECTION, [*NOBODY, *PREFERRED, "--topic", "a"]),
    (ELECTION, [*NOBODY, *PREFERRED, "--topic", "a", "--all-topic-partitions"]), (ELECTION, [*NOBODY, *PREFERRED, "--topic", "a", "--partition", "x"]),
    (ELECTION, [*NOBODY, *PREFERRED, "--partition", "1", "--all-topic-partitions"]),
    (ELECTION, [*NOBODY, *PREFERRED, "--path-to-json-file", "/no/such/file"]),
    (ELECTION, [*NOBODY, *PREFERRED, "--all-topic-partitions", "--admin.config", "a", "--command-config", "b"]),
    (ELECTION, ["--bootstrap-server", "x", *PREFERRED, "--all-topic-partitions"]),
]


@pytest.mark.parametrize("tool, words", NONSENSE, ids=lambda words: " ".join(words)[:60] if isinstance(words, list) else words)
def test_command_lines_that_make_no_sense_are_told_so_alike(twins, tool, words):
    alike(twins, tool, *words)


@pytest.mark.parametrize("text", ["{", "", "[]", "{}", '{"partitions": 1}', '{"partitions": [{}]}', '{"partitions": [{"topic": "a", "partition": "x"}]}',
                                  '{"partitions": [{"topic": "a", "partition": 0}, {"topic": "a", "partition": 0}]}'])
def test_files_that_make_no_sense_are_told_so_alike(twins, tmp_path, text):
    path = tmp_path / "partitions.json"
    path.write_text(text)
    alike(twins, ELECTION, *NOBODY, *PREFERRED, "--path-to-json-file", path)
