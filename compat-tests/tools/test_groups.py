"""kafka-consumer-groups and kafka-groups: groups of the classic protocol, alive, empty and absent."""

import pytest

from harness import eventually

COUNTER = (r"consumer-([\w-]+?)-\d+-UUID", r"consumer-\1-N-UUID")
"""The client numbers its consumers for as long as its JVM lives."""

IDS = [(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UUID"), COUNTER,
       (r"(\s)consumer-([\w-]+?)-\d+(?=\s|$)", r"\1consumer-\2-N")]


@pytest.fixture
def topic(shell, name):
    """Two partitions, five records in each."""
    topic = shell.create(name("grouped"), 2)
    for partition_key in ("a", "b", "c"):
        shell.produce(topic, [f"{partition_key}\tv{number}" for number in range(5)], "--reader-property", "parse.key=true").ok()
    return topic


@pytest.fixture
def empty_group(shell, topic, name):
    """A group whose only member has read everything and left."""
    group = name("empty")
    shell.consume(topic, 15, "--group", group, "--from-beginning").ok()
    return group


@pytest.fixture
def live_group(shell, topic, name):
    """A group with one member that has read and committed everything."""
    group = name("live")
    run = shell.start("VerifiableConsumer", "--topic", topic, "--group-id", group, "--group-protocol", "classic",
                      "--reset-policy", "earliest")
    run.wait_for(lambda out: '"offsets_committed"' in out)
    yield group
    run.stop()


def test_an_empty_group_is_described(shell, empty_group, same):
    for view in (["--offsets"], ["--members"], ["--state"], ["--members", "--verbose"], ["--offsets", "--verbose"]):
        run = shell.groups("--describe", "--group", empty_group, *view)
        same([run.code, run.table, run.err.strip()])


def test_a_live_group_is_described(shell, live_group, same):
    for view in (["--members"], ["--state"], ["--state", "--verbose"], ["--members", "--verbose"]):
        run = shell.groups("--describe", "--group", live_group, *view)
        same([run.code, run.table], IDS)
    assert "/127.0.0.1" in shell.groups("--describe", "--group", live_group, "--members").out
    state = shell.groups("--describe", "--group", live_group, "--state").table[1].split()
    assert state[0] == live_group and state[-2:] == ["Stable", "1"] and state[3] == "range"
    offsets = shell.groups("--describe", "--group", live_group, "--offsets")
    assert all(row.split()[6].startswith(f"consumer-{live_group}-") for row in offsets.table[1:])


def test_groups_are_listed_with_their_state_and_type(shell, empty_group, live_group, same):
    for words in ([], ["--state"], ["--state", "Empty"], ["--state", "Stable"], ["--type"], ["--type", "classic"], ["--state", "Empty", "--type", "classic"]):
        run = shell.groups("--list", *words).ok()
        own = sorted(row for row in run.table if row.split()[0] in (empty_group, live_group))
        same([words, own])
        if words == ["--state"]:
            assert own == [f"{empty_group} Empty", f"{live_group} Stable"]


def test_the_groups_tool_lists_them_too(shell, empty_group, live_group, same):
    for words in ([], ["--consumer"], ["--group-type", "classic"], ["--protocol", "consumer"], ["--share"]):
        run = shell.run("GroupsCommand", "--list", *words).ok()
        same([words, sorted(row for row in run.table if row.split()[0] in (empty_group, live_group))])


def test_a_group_that_is_not_there(shell, name, same):
    group = name("missing")
    for view in (["--offsets"], ["--members"], ["--state"]):
        run = shell.groups("--describe", "--group", group, *view)
        same([run.code, run.out.strip(), run.err.strip()])
    run = shell.groups("--delete", "--group", group)
    same([run.code, run.lines, run.refusals])
    run = shell.groups("--delete-offsets", "--group", group, "--topic", name("t"))
    same([run.code, run.lines, run.refusals])


RESETS = {
    "earliest": ["--to-earliest"],
    "latest": ["--to-latest"],
    "offset": ["--to-offset", "3"],
    "offset beyond the end": ["--to-offset", "3000"],
    "back": ["--shift-by", "-2"],
    "forward beyond the end": ["--shift-by", "5000"],
    "datetime": ["--to-datetime", "2020-01-01T00:00:00.000"],
    "future": ["--to-datetime", "2090-01-01T00:00:00.000"],
    "duration": ["--by-duration", "P1D"],
    "current": ["--to-current"],
}


def test_offsets_are_reset_in_every_way(shell, empty_group, topic, same):
    for way, words in RESETS.items():
        planned = shell.groups("--reset-offsets", "--group", empty_group, "--topic", topic, *words, "--dry-run")
        done = shell.groups("--reset-offsets", "--group", empty_group, "--topic", topic, *words, "--execute")
        now = shell.groups("--describe", "--group", empty_group, "--offsets")
        same([way, planned.code, planned.table, done.table, now.table])
        assert planned.table == done.table


def test_offsets_of_one_partition_or_of_all_topics_are_reset(shell, empty_group, topic, same):
    for scope in (["--topic", f"{topic}:1"], ["--all-topics"]):
        same(shell.groups("--reset-offsets", "--group", empty_group, *scope, "--to-offset", 1, "--execute").table)
        same(shell.groups("--describe", "--group", empty_group).table)


def test_a_plan_is_exported_and_executed_from_a_file(shell, empty_group, topic, same, tmp_path):
    plan = shell.groups("--reset-offsets", "--group", empty_group, "--topic", topic, "--to-offset", 2, "--dry-run", "--export").ok()
    same(sorted(plan.lines))
    file = tmp_path / "plan.csv"
    file.write_text("".join(line + "\n" for line in plan.lines if not line.startswith("Option")))
    same(shell.groups("--reset-offsets", "--group", empty_group, "--from-file", file, "--execute").table)
    same(shell.groups("--describe", "--group", empty_group).table)


def test_a_reset_makes_a_group_that_only_commits(shell, topic, name, same):
    group = name("simple")
    same(shell.groups("--reset-offsets", "--group", group, "--topic", topic, "--to-earliest", "--execute").table)
    same(shell.groups("--describe", "--group", group).table)
    same(shell.groups("--describe", "--group", group, "--state").table)
    same([row for row in shell.groups("--list", "--state").table if row.startswith(group)])
    same([row for row in shell.run("GroupsCommand", "--list").table if row.startswith(group)])


def test_a_live_group_can_be_neither_reset_nor_deleted(shell, live_group, topic, same):
    for words in (["--reset-offsets", "--topic", topic, "--to-earliest", "--execute"], ["--delete"], ["--delete-offsets", "--topic", topic]):
        run = shell.groups(*words, "--group", live_group)
        same([run.code, run.table, run.refusals, run.err.strip().splitlines()[:1]])
    assert len(shell.groups("--describe", "--group", live_group).table) == 3


def test_offsets_of_an_empty_group_are_deleted(shell, empty_group, topic, same):
    run = shell.groups("--delete-offsets", "--group", empty_group, "--topic", f"{topic}:0")
    same([run.code, run.table])
    same(shell.groups("--describe", "--group", empty_group).table)
    run = shell.groups("--delete-offsets", "--group", empty_group, "--topic", topic)
    same([run.code, run.table])
    same(shell.groups("--describe", "--group", empty_group).table)


def test_an_empty_group_is_deleted(shell, empty_group, same):
    run = shell.groups("--delete", "--group", empty_group)
    same([run.code, run.lines])
    assert empty_group not in shell.groups("--list").lines
    gone = shell.groups("--describe", "--group", empty_group)
    same([gone.code, gone.out.strip(), gone.err.strip()])


def test_deleting_a_topic_forgets_its_committed_offsets(shell, empty_group, topic, same):
    shell.topics("--delete", "--topic", topic).ok()

    def forgotten():
        """The offsets go a moment after the topic."""
        run = shell.groups("--describe", "--group", empty_group)
        return None if topic in run.out else run

    same(eventually(forgotten, f"{empty_group} forgets {topic}", 60).table)
