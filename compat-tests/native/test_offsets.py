"""kafka-get-offsets and kafka-delete-records, the stock tools beside ours."""

import json

import pytest

from harness import Shell
from native.stock_words import alike

OFFSETS, DELETE = "kafka-get-offsets", "kafka-delete-records"
AT = ("--bootstrap-server", "{bootstrap}")
NOBODY = ("--bootstrap-server", "127.0.0.1:1")
TRIES = [(r"Call\(callName=([^,)]*\)).*? timed out.*|Timed out waiting for a node assignment. Call: (\S*)", r"timed out: \1\2")]
"""How often a call was tried is chance, and so is which of two ways of running out of time is told."""


@pytest.fixture
def shell(tools, broker):
    return Shell(tools, broker)


@pytest.fixture
def topic(shell, twins):
    """One topic for both sides with five records for each of three keys."""
    name = shell.create(twins._name("topic"), 3)
    lines = [f"{key}\tv{number}" for key in "abcdef" for number in range(5)]
    shell.produce(name, lines, "--reader-property", "parse.key=true").ok()
    return name


def test_offsets_of_every_kind_are_told_alike(twins, topic):
    for time in ("-1", "-2", "-3", "-4", "-5", "latest", "earliest", "max-timestamp", "earliest-local", "latest-tiered", "0",
                 "1600000000000", "4000000000000"):
        alike(twins, OFFSETS, *AT, "--topic", topic, "--time", time)
    stock, ours = alike(twins, OFFSETS, *AT, "--topic", topic)
    assert sum(int(line.rsplit(":", 1)[1]) for line in ours.lines) == 30


def test_partitions_are_chosen_alike(twins, topic):
    for words in (["--partitions", "0,2"], ["--partitions", "9"], ["--exclude-internal-topics"], ["--partitions", ""]):
        alike(twins, OFFSETS, *AT, "--topic", topic, *words)
    for rule in ("{0}", "{0}:1", "{0}:0-2", "{0}:1-", "{0}:-1", "{0}:-", "{0}.*:0,nothing", "nothing:1", "{0}:0,{0}:2"):
        alike(twins, OFFSETS, *AT, "--topic-partitions", rule.format(topic))


def test_the_old_name_of_the_tool_and_of_its_option_are_understood(twins, topic):
    ours = twins.ours(OFFSETS, "--broker-list", "{bootstrap}", "--topic", topic, "--time", "-1").ok()
    assert ours.out == twins.ours(OFFSETS, *AT, "--topic", topic).ok().out


@pytest.mark.parametrize("words", [
    [], ["--help"], ["--foo"], ["--topic", "x"], ["--bootstrap-server", "x"], ["--bootstrap-server", ""], [*NOBODY, "--time", "abc"],
    [*NOBODY, "--partitions", "a"], [*NOBODY, "--topic-partitions", "a:b"], [*NOBODY, "--topic-partitions", "a:1", "--topic", "b"],
    [*NOBODY, "--topic-partitions", "a:99999999999"], [*NOBODY, "--topic", "["], [*NOBODY, "--topic", "a", "--topic", "b"],
    [*NOBODY, "--command-config", "/no/such/file"], [*NOBODY, "--topic"],
], ids=lambda words: " ".join(words) or "nothing")
def test_command_lines_for_offsets_that_make_no_sense_are_told_so_alike(twins, words):
    alike(twins, OFFSETS, *words)


def wish(tmp_path, *items, **fields):
    """A file for kafka-delete-records."""
    path = tmp_path / "offsets.json"
    path.write_text(json.dumps({"partitions": [dict(zip(("topic", "partition", "offset"), item)) for item in items], **fields}))
    return path


def test_records_are_deleted_alike(twins, shell, tmp_path):
    topics = [shell.create(twins.fill(side, "{topic}"), 1) for side in ("stock", "ours")]
    for topic in topics:
        shell.produce(topic, [str(number) for number in range(10)]).ok()
    for offset in (4, 2, 99, -1):
        runs = []
        for side, topic in zip(("stock", "ours"), topics):
            run = getattr(twins, side)(DELETE, *AT, "--offset-json-file", wish(tmp_path, (topic, 0, offset), version=1)).ok()
            runs.append(twins.masked(side, run.out))
        assert runs[0] == runs[1]
    assert "low_watermark: 10" in runs[1]


def test_partitions_that_are_not_there_are_waited_for_alike(twins, topic, tmp_path):
    config = tmp_path / "client.properties"
    config.write_text("default.api.timeout.ms=15000\nrequest.timeout.ms=10000\n")
    path = wish(tmp_path, (topic, 0, 0), (topic, 9, 0), (topic + "-not", 0, 0), ("a b", 0, 0), (topic, 1, 10_000))
    # All of the time passes, and the partitions that are there must have been dealt with in it.
    alike(twins, DELETE, *AT, "--offset-json-file", path, "--command-config", config, rules=TRIES, order=False, how=twins.both)
    config.write_text("default.api.timeout.ms=1500\nrequest.timeout.ms=1000\n")
    alike(twins, DELETE, *NOBODY, "--offset-json-file", wish(tmp_path, (topic, 0, 0)), "--command-config", config, rules=TRIES)


@pytest.mark.parametrize("text", [
    "{", "", "\n", "[]", '{"version": 2}', '{"version": "x"}', '{"version": 1}', '{"partitions": {}}', '{"partitions": [{}]}', '{"partitions": [1]}',
    '{"partitions": [{"topic": 1}]}', '{"partitions": [{"topic": "a", "partition": "x"}]}',
    '{"partitions": [{"topic": "a", "partition": 0, "offset": 1.5}]}', '{"partitions": []}',
    '{"partitions": [{"topic": "a", "partition": 0, "offset": 1}, {"topic": "a", "partition": 0, "offset": 2}]}',
])
def test_files_that_make_no_sense_are_told_so_alike(twins, tmp_path, text):
    path = tmp_path / "offsets.json"
    path.write_text(text)
    alike(twins, DELETE, *NOBODY, "--offset-json-file", path)


@pytest.mark.parametrize("words", [
    [], ["--help"], ["--foo"], [*NOBODY], ["--offset-json-file", "x"], [*NOBODY, "--offset-json-file", "/no/such/file"],
    ["--bootstrap-server", "x", "--offset-json-file", "x"], [*NOBODY, "--offset-json-file", "x", "--command-config", "/no/such/file"],
], ids=lambda words: " ".join(words) or "nothing")
def test_command_lines_for_deleting_that_make_no_sense_are_told_so_alike(twins, words):
    alike(twins, DELETE, *words)
