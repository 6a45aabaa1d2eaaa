"""kafka-consumer-groups, the stock tool beside ours."""

import contextlib
import json
import re

import pytest

from harness import Shell, Twins, eventually
from harness.compare import assert_equal

TOOL = "kafka-consumer-groups"
AT = ("--bootstrap-server", "{bootstrap}")
CALM = (*AT, "--timeout", 60000)
"""Of a broker that answers: the tool's own 5 s for each call are no measure of one on a busy machine."""

SETS = [(r"^\nError: Executing consumer group command failed due to \n$", ""), (r"(, )?\[[a-z-]+\](?:, \[[a-z-]+\])+", r"\1[...]"), (r"(Valid (?:states|types) are): .*", r"\1: ..."),
        (r'(can\'t be used with option) "\[[a-z-]+\]"', r"\1 [...]")]
"""Kafka prints sets in an order that differs from run to run. An exit within the tool is an exception in the host of the stock tools,
and the tool tells of it; the main thread of a process of its own does not."""


@pytest.fixture
def shell(tools, broker):
    return Shell(tools, broker)


def make_topics(shell, twins):
    """A topic for each side: two partitions, five records for each of three keys."""
    for side in ("stock", "ours"):
        topic = shell.create(twins.fill(side, "{topic}"), 2)
        lines = [f"{key}\tv{number}" for key in "abc" for number in range(5)]
        shell.produce(topic, lines, "--reader-property", "parse.key=true").ok()


@pytest.fixture
def topics(shell, twins):
    make_topics(shell, twins)


def make_groups(shell, twins):
    """A group for each side that has read its topic and has no members."""
    for side in ("stock", "ours"):
        shell.consume(twins.fill(side, "{topic}"), 15, "--group", twins.fill(side, "{group}"), "--from-beginning").ok()


@pytest.fixture
def groups(shell, twins, topics):
    make_groups(shell, twins)


def committed(out):
    """How many records a VerifiableConsumer has committed, over all partitions. It commits after each poll."""
    events = [json.loads(line) for line in out.splitlines(keepends=True) if line.endswith("\n") and '"offsets_committed"' in line]
    return sum({offset["partition"]: offset["offset"] for event in events for offset in event["offsets"]}.values())


def consumer(shell, topic, group, *args):
    """A member that has read and committed everything."""
    run = shell.start("VerifiableConsumer", "--topic", topic, "--group-id", group, "--reset-policy", "earliest", *args)
    run.wait_for(lambda out: committed(out) == 15)
    return run


@contextlib.contextmanager
def living(shell, twins):
    """A group with a member, one and the same for both sides, and one for each side."""
    with contextlib.ExitStack() as runs:
        for group, args in ((twins.fill("stock", "{live}"), ()), (twins.fill("ours", "{live}"), ("--group-instance-id", "static-1"))):
            runs.callback(consumer(shell, twins.fill("stock", "{topic}"), group, "--group-protocol", "classic", *args).stop)
        yield twins.fill("stock", "{live}"), twins.fill("ours", "{live}")


@pytest.fixture
def live(shell, twins, topics):
    with living(shell, twins) as names:
        yield names


def alike(twins, *args, order=True, err=True):
    """Both tools about the same things: they must print the same, names and all."""
    stock, ours = twins.stock(TOOL, *CALM, *args), twins.ours(TOOL, *CALM, *args)
    shape = (lambda text: text) if order else (lambda text: sorted(text.splitlines()))
    said = [[run.code, shape(run.out), run.err if err else ""] for run in (ours, stock)]
    assert_equal(*said, " ".join(map(str, args)))


def fault(twins, *args):
    """Both tools must say the same on standard output, in the first line of standard error, and by their exit codes."""
    stock, ours = twins.stock(TOOL, *args), twins.ours(TOOL, *args)
    def shape(side, run):
        first = next((line for line in run.err.splitlines() if line.strip()), "")
        return [run.code, twins.masked(side, run.out, SETS), twins.masked(side, first, SETS).removeprefix('Exception in thread "main" ')]
    assert_equal(shape("ours", ours), shape("stock", stock), f"{TOOL} {' '.join(map(str, args))}")
    return stock, ours


USAGE = [
    [], ["--list"], ["--help"], [*AT], [*AT, "--list", "--describe", "--group", "g"], [*AT, "--list", "--group", "g"], [*AT, "--list", "--topic", "t"],
    [*AT, "--describe"], [*AT, "--describe", "--group", "g", "--members", "--state"], [*AT, "--describe", "--group", "g", "--state", "Stable"],
    [*AT, "--describe", "--group", "g", "--all-groups"], [*AT, "--describe", "--group", "g", "--topic", "t"],
    [*AT, "--delete"], [*AT, "--delete", "--group", "g", "--topic", "t"], [*AT, "--delete-offsets", "--group", "g"],
    [*AT, "--reset-offsets", "--group", "g", "--dry-run", "--execute"], [*AT, "--reset-offsets", "--dry-run", "--to-latest"],
    [*AT, "--reset-offsets", "--group", "g", "--to-latest"], [*AT, "--reset-offsets", "--group", "g", "--topic", "t", "--to-latest", "--to-earliest", "--dry-run"],
    [*AT, "--reset-offsets", "--group", "g", "--dry-run", "--to-latest"],
    [*AT, "--reset-offsets", "--group", "g", "--all-topics", "--dry-run"],
    [*AT, "--reset-offsets", "--group", "g", "--topic", "t:x", "--to-latest", "--dry-run"],
    [*AT, "--reset-offsets", "--group", "g", "--topic", "t:", "--to-latest", "--dry-run"],
    [*AT, "--reset-offsets", "--group", "g", "--topic", "t:0:1", "--to-latest", "--dry-run"],
    [*AT, "--members", "--list"], [*AT, "--list", "--verbose", "--offsets"], [*AT, "--describe", "--group", "g", "--type"],
    [*AT, "--no-such-option"], [*AT, "--describe", "--group"], [*AT, "--list", "--timeout", "soon"], [*AT, "--reset-offsets", "--group", "g", "--all-topics", "--to-offset", "x"],
    [*AT, "--list", "--state", "odd"], [*AT, "--list", "--type", "share"], [*AT, *AT, "--list"],
    ["--bootstrap-server", "nowhere", "--list"], [*AT, "--list", "--command-config", "/no/such/file"],
    ["--validate-regex", "a+"], ["--validate-regex", "(a"], ["--validate-regex", "a)"], ["--validate-regex", "[a"], ["--validate-regex", "*"], ["--validate-regex", "a(?=b)"],
]


@pytest.mark.parametrize("words", USAGE, ids=[" ".join(words).replace("{bootstrap}", "B") or "nothing" for words in USAGE])
def test_a_command_line_that_makes_no_sense_is_refused_in_the_same_words(twins, words):
    fault(twins, *words)


def test_the_table_of_options_is_the_stock_one(twins):
    def options(text):
        names = [line.split("  ")[0].strip() for line in text.splitlines() if re.match("--[a-z]", line)]
        return names
    stock, ours = twins.stock(TOOL, "--help"), twins.ours(TOOL, "--help")
    assert_equal(options(ours.err), options(stock.err), "the options")
    assert len(options(ours.err)) == 31


def test_the_version_begins_with_kafka_s(twins):
    stock, ours = twins.stock(TOOL, "--version"), twins.ours(TOOL, "--version")
    assert ours.code == stock.code == 0 and ours.out.split()[0] == stock.out.split()[0] == "4.3.1"


@pytest.fixture
def alone(tools, fresh_broker, name):
    """A broker of this test's own with two groups without members and two with one: their names, and the tools. On a shared
    broker all tests' groups come and go, and a group that goes between the listing and the describing of all groups ends the
    stock tool with GroupIdNotFoundException before it has printed a row. None need delete it: every
    offsets.retention.check.interval.ms a broker sweeps empty groups without offsets away, as console consumers leave them."""
    fresh_broker.start()
    shell, twins = Shell(tools, fresh_broker), Twins(tools, fresh_broker, name)
    make_topics(shell, twins)
    make_groups(shell, twins)
    with living(shell, twins) as live:
        yield twins, [*live, twins.fill("stock", "{group}"), twins.fill("ours", "{group}")]


def test_groups_are_listed(alone):
    twins, all_groups = alone
    for words in ([], ["--state"], ["--type"], ["--state", "Empty"], ["--state", "empty,Stable"], ["--type", "classic"], ["--type", "consumer", "--state"],
                  ["--state", "Dead"]):
        alike(twins, "--list", *words, order=False)
    assert set(all_groups) <= set(twins.ours(TOOL, *CALM, "--list").lines)


VIEWS = [[], ["--offsets"], ["--members"], ["--state"], ["--offsets", "--verbose"], ["--members", "--verbose"], ["--state", "--verbose"]]


def test_groups_are_described(twins, groups, live):
    empty = twins.fill("ours", "{group}")
    for view in VIEWS:
        for group in (empty, *live):
            alike(twins, "--describe", "--group", group, *view)
        both = [word for group in (live[0], empty) for word in ("--group", group)]
        alike(twins, "--describe", *both, *view)
    described = twins.ours(TOOL, *CALM, "--describe", "--group", live[1], "--members")
    assert "static-1" in described.out and "/127.0.0.1" in described.out


def test_all_groups_are_described(alone):
    twins, all_groups = alone
    for view in VIEWS:
        stock, ours = (run(TOOL, *CALM, "--describe", "--all-groups", *view).ok() for run in (twins.stock, twins.ours))
        assert_equal(ours.out, stock.out, f"--all-groups {view}")
    assert all(group in ours.out for group in all_groups)


def test_a_group_that_is_not_there_is_told_of(twins):
    for view in VIEWS[:4]:
        fault(twins, *CALM, "--describe", "--group", "{missing}", *view)
    fault(twins, *CALM, "--delete", "--group", "{missing}")
    fault(twins, *CALM, "--delete-offsets", "--group", "{missing}", "--topic", "{nothing}")
    fault(twins, *CALM, "--reset-offsets", "--group", "{missing}", "--topic", "{nothing}", "--to-latest", "--dry-run")
    fault(twins, *CALM, "--reset-offsets", "--group", "{missing}", "--topic", "{nothing}:0", "--to-latest", "--dry-run")
    fault(twins, *CALM, "--reset-offsets", "--group", "{missing}", "--topic", "no good", "--to-latest", "--dry-run")


RESETS = [
    ["--to-earliest"], ["--to-latest"], ["--to-offset", 3], ["--shift-by", -2], ["--shift-by", 1], ["--to-current"],
    ["--to-datetime", "2020-01-01T00:00:00.000"], ["--to-datetime", "2020-01-01T00:00:00.000+02:00"], ["--to-datetime", "2090-01-01T00:00:00.000"],
    ["--by-duration", "P1D"], ["--by-duration", "PT0S"], ["--to-offset", 3000], ["--to-offset", -4], ["--shift-by", 5000],
]


def test_offsets_are_reset_in_every_way(twins, groups):
    scope = (*CALM, "--reset-offsets", "--group", "{group}")
    for words in RESETS:
        twins.same(TOOL, *scope, "--topic", "{topic}", *words, "--dry-run", order=False)
        twins.same(TOOL, *scope, "--topic", "{topic}", *words, "--execute", order=False)
        twins.same(TOOL, *CALM, "--describe", "--group", "{group}", err=True)
    for words in (["--topic", "{topic}:1", "--to-offset", 2], ["--topic", "{topic}:0,1", "--to-offset", 1], ["--all-topics", "--to-earliest"]):
        twins.same(TOOL, *scope, *words, "--execute", order=False)
        twins.same(TOOL, *CALM, "--describe", "--group", "{group}", err=True)


def bucket(text):
    """Where Java's HashMap with 16 buckets puts a string."""
    code = 0
    for letter in text:
        code = (31 * code + ord(letter)) & 0xFFFFFFFF
    return (code ^ code >> 16) & 15


def test_a_plan_is_printed_in_the_stock_order(twins, shell, name):
    """Of many partitions, topics and groups: the order is that of Java's hash maps. No two groups share a bucket, for their order
    within it differs from run to run."""
    topics = [shell.create(name(f"wide{number}"), 20) for number in range(2)]
    groups = list({bucket(group): group for group in (name(f"planned{number}") for number in range(12))}.values())
    assert len(groups) > 3
    words = [word for group in groups for word in ("--group", group)] + [word for topic in topics for word in ("--topic", topic)]
    for more in ([], ["--export"]):
        alike(twins, "--reset-offsets", "--dry-run", "--to-latest", *words, *more)
    alike(twins, "--reset-offsets", "--dry-run", "--to-datetime", "2020-01-01T00:00:00.000", *words[:2], *words[-2:])


def test_times_and_places_that_make_no_sense_are_refused(twins, groups):
    scope = (*CALM, "--reset-offsets", "--group", "{group}", "--dry-run")
    for words in (["--to-datetime", "soon"], ["--to-datetime", "2020-13-01T00:00:00.000"], ["--to-datetime", "2020-01-01T00:00:00"],
                  ["--by-duration", "1 day"], ["--by-duration", "P1Y"], ["--from-file", "/no/such/file"]):
        fault(twins, *scope, "--topic", "{topic}", *words)
    fault(twins, *scope, "--topic", "{topic}:7", "--to-latest")
    fault(twins, *CALM, "--reset-offsets", "--dry-run", "--group", "{fresh}", "--topic", "{topic}:1", "--shift-by", "1")


def test_a_plan_goes_into_a_file_and_out_again(twins, groups, tmp_path):
    scope = (*CALM, "--reset-offsets", "--group", "{group}")
    for more in ([], ["--group", "{other}"]):
        stock, ours = twins.same(TOOL, *scope, *more, "--topic", "{topic}", "--to-offset", 2, "--dry-run", "--export", order=False)
        for side, run in (("stock", stock), ("ours", ours)):
            (tmp_path / twins.fill(side, "{plan}")).write_text(run.out.replace("\n\n", "\n"))
        # Each tool reads what the other one wrote, too: but for names the files are equal.
        twins.same(TOOL, *scope, *more, "--from-file", tmp_path / "{plan}", "--execute", order=False)
        twins.same(TOOL, *CALM, "--describe", "--group", "{group}", *more, err=True)
    (tmp_path / "bad").write_text("no plan,at all\n")
    fault(twins, *scope, "--from-file", tmp_path / "bad", "--dry-run")


def test_a_live_group_is_neither_reset_nor_deleted(twins, live):
    topic = twins.fill("stock", "{topic}")
    for words in (["--reset-offsets", "--topic", topic, "--to-earliest", "--execute"], ["--delete"], ["--delete-offsets", "--topic", topic]):
        alike(twins, *words, "--group", live[0], err=False)


def test_offsets_and_groups_are_deleted(twins, groups):
    twins.same(TOOL, *CALM, "--delete-offsets", "--group", "{group}", "--topic", "{topic}:0", "--topic", "{nothing}")
    twins.same(TOOL, *CALM, "--describe", "--group", "{group}", err=True)
    twins.same(TOOL, *CALM, "--delete-offsets", "--group", "{group}", "--topic", "{topic}")
    twins.same(TOOL, *CALM, "--delete", "--group", "{group}", "--group", "{missing}", order=False)
    fault(twins, *CALM, "--describe", "--group", "{group}")


def test_a_broker_that_is_not_there_is_waited_for_and_told_of(twins):
    nowhere = ("--bootstrap-server", "127.0.0.1:9", "--timeout", 1500)
    for words in (["--list"], ["--list", "--state"], ["--describe", "--group", "g"], ["--delete", "--group", "g"]):
        stock, ours = twins.stock(TOOL, *nowhere, *words), twins.ours(TOOL, *nowhere, *words)
        assert_equal([ours.code, ours.out], [stock.code, stock.out], str(words))


def test_groups_of_the_new_protocol_are_described(twins, shell, topics):
    """KIP-848: their epochs, their target assignments."""
    if twins.broker.kind == "klamm":
        pytest.skip("klamm serves groups of the classic protocol only")
    topic, group = twins.fill("stock", "{topic}"), twins.fill("stock", "{modern}")
    run = consumer(shell, topic, group, "--group-protocol", "consumer")
    try:
        eventually(lambda: "Stable" in twins.stock(TOOL, *CALM, "--describe", "--group", group, "--state").out, "the group is stable")
        for view in VIEWS:
            alike(twins, "--describe", "--group", group, *view)
        # Of all the session's tests.
        stock, ours = twins.steady(TOOL, *CALM, "--list", "--type", "consumer")
        assert_equal([ours.code, ours.out], [stock.code, stock.out], "--list --type consumer")
        assert group in ours.out
    finally:
        run.stop()
    eventually(lambda: "Empty" in twins.stock(TOOL, *CALM, "--describe", "--group", group, "--state").out, "the group is empty")
    for view in VIEWS:
        alike(twins, "--describe", "--group", group, *view)
    alike(twins, "--reset-offsets", "--group", group, "--all-topics", "--to-earliest", "--dry-run")


def test_names_that_kafka_has_dropped_are_understood(twins, groups):
    listed = twins.ours(TOOL, "--new-consumer", "--broker-list", "{bootstrap}", "--list").ok()
    assert twins.fill("ours", "{group}") in listed.lines
    alone = twins.ours(TOOL, "--zookeeper", "localhost:2181", "--list", "--timeout", 100)
    assert "--bootstrap-server" in alone.err.splitlines()[0]
