"""kafka-producer-perf-test and kafka-consumer-perf-test, the stock tools beside ours: words and shapes; figures differ."""

import re

import pytest

from harness import Shell
from harness.compare import assert_equal
from native.stock_words import alike, words

PRODUCER, CONSUMER = "kafka-producer-perf-test", "kafka-consumer-perf-test"
AT = ("--bootstrap-server", "{bootstrap}")
NOBODY = ("--bootstrap-server", "127.0.0.1:1")
PLAN = ("--topic", "{topic}", "--num-records", 3000, "--throughput", -1)
FIGURES = [(r"\d+\.\d+|NaN|Infinity", "F"), (r"\b\d+ ms \d", "N ms P"), (r"\b\d+ ms (50|95|99)", r"N ms \1")]
NOTICES = re.compile(r"^(Option --\S+ has been deprecated.*|Warning: --\S+ is deprecated.*)\n", re.M)


@pytest.fixture
def shell(tools, broker):
    return Shell(tools, broker)


@pytest.fixture
def topic(shell, twins):
    for side in ("stock", "ours"):
        shell.create(twins.fill(side, "{topic}"), 2)


def shape(text: str) -> list[str]:
    """The last lines with their figures masked: how many windows there are is chance."""
    lines = [line for line in NOTICES.sub("", text).splitlines() if "max latency.\n" not in line + "\n"]
    return [re.sub(r"\d+(\.\d+)?|NaN", "N", line) for line in lines]


@pytest.mark.parametrize("args", [
    ["--topic", "x"], [*PLAN], [*PLAN, "--record-size", 10], [*PLAN, "--record-size", 0, *NOBODY], [*PLAN, "--record-size", "a", *NOBODY],
    ["--topic", "x", "--num-records", 0, "--throughput", -1, "--record-size", 10, *NOBODY],
    ["--topic", "x", "--num-records", "a", "--throughput", -1, "--record-size", 10, *NOBODY],
    [*PLAN, "--record-size", 10, "--payload-file", "x", *NOBODY], [*PLAN, "--record-size", 1, *NOBODY, "--foo"],
    [*PLAN, "--record-size", 1, *NOBODY, "--warmup-records", 3000], [*PLAN, "--record-size", 1, "--bootstrap-server"],
    [*PLAN, "--record-size", 1, *NOBODY, "--producer-props", "a=b", "--command-property", "c=d"],
    [*PLAN, "--record-size", 1, *NOBODY, "--producer.config", "/a", "--command-config", "/b"],
    [*PLAN, "--record-size", 1, *NOBODY, "--transaction-duration-ms", 0], [*PLAN, "--record-size", 1, *NOBODY, "--reporting-interval", 0],
    ["--topic", "x", "--num-records", 1, "--throughput", "z", "--record-size", 1], ["--version"],
], ids=lambda args: " ".join(map(str, args)))
def test_a_command_line_of_the_producer_test_that_is_none(twins, args):
    stock, ours = (run(PRODUCER, *args) for run in (twins.stock, twins.ours))
    assert_equal([ours.code, ours.out, ours.err], [stock.code, stock.out, stock.err], " ".join(map(str, args)))


def test_help_has_the_stock_tools_usage(twins):
    for args in ([], ["--help"]):
        stock, ours = (run(PRODUCER, *args) for run in (twins.stock, twins.ours))
        head = lambda run: run.out.split("\n\n")[0]
        assert_equal([ours.code, head(ours)], [stock.code, head(stock)], "usage")
        flags = lambda run: re.findall(r"^  (-\S.*?)(?:  .*)?$", run.out, re.M)
        assert_equal(flags(ours), flags(stock), "options")


@pytest.mark.parametrize("args", [
    ["--payload-file", "/nowhere"], ["--record-size", 1, "--command-property", "a"], ["--record-size", 1, "--command-config", "/nowhere"],
    ["--record-size", 1, "--command-property", "acks=7"],
], ids=lambda args: " ".join(map(str, args)))
def test_what_cannot_be_done_is_an_exception(twins, args):
    stock, ours = (run(PRODUCER, *PLAN, *NOBODY, *args) for run in (twins.stock, twins.ours))
    first = lambda run: re.sub(r'^Exception in thread "main" ', "", (words(run.err) or [""])[0])
    assert_equal([ours.code, ours.out, first(ours)], [stock.code, stock.out, first(stock)], str(args))


@pytest.mark.parametrize("args", [
    ["--record-size", 100], ["--payload-monotonic"], ["--record-size", 100, "--warmup-records", 1000],
    ["--record-size", 100, "--producer-props", "acks=1", "linger.ms=10"], ["--record-size", 100, "--print-metrics"],
    ["--record-size", 100, "--command-property", "compression.type=lz4"],
], ids=lambda args: " ".join(map(str, args)))
def test_what_was_sent_is_there_and_told_in_the_same_shape(twins, shell, topic, args):
    stock, ours = (run(PRODUCER, *PLAN, *AT, *args).ok() for run in (twins.stock, twins.ours))
    cut = lambda text: text.split("\nMetric Name")[0]
    assert_equal(shape(ours.out), [line for line in shape(cut(stock.out)) if line], str(args))
    for side in ("stock", "ours"):
        ends = shell.offsets("--topic", twins.fill(side, "{topic}"))
        assert sum(int(line.split(":")[2]) for line in ends) == 3000


def test_payloads_come_from_a_file(twins, shell, topic, tmp_path):
    (tmp_path / "payloads").write_text("\none\ntwo\n\nthree\n")
    for more, payloads in (([], {"one", "two", "three", ""}), (["--payload-delimiter", "t"], None)):
        stock, ours = (run(PRODUCER, *PLAN, *AT, "--payload-file", tmp_path / "payloads", *more).ok() for run in (twins.stock, twins.ours))
        assert_equal(ours.out.splitlines()[:2], stock.out.splitlines()[:2], "what is told of the payloads")
        if payloads:
            read = shell.consume(twins.fill("ours", "{topic}"), 3000, "--from-beginning").ok()
            assert set(read.out.split("\n")) == payloads


def test_a_rate_is_kept(twins, shell, topic):
    ours = twins.ours(PRODUCER, "--topic", "{topic}", "--num-records", 300, "--throughput", 300, "--record-size", 10, *AT).ok()
    assert float(re.search(r"sent, ([\d.]+) records/sec", ours.out).group(1)) < 450


def test_transactions_are_committed(twins, shell, topic):
    # klamm has no transactions, and all of this time passes; Kafka makes a topic first.
    patience = "max.block.ms=" + ("60000" if twins.broker.kind == "kafka" else "5000")
    args = [*PLAN, *AT, "--record-size", 10, "--transaction-duration-ms", 20, "--command-property", patience]
    stock, ours = twins.both(PRODUCER, *args)
    assert ours.code == stock.code
    if stock.code == 0:
        read = shell.consume(twins.fill("ours", "{topic}"), 3000, "--from-beginning", "--isolation-level", "read_committed").ok()
        assert len(read.lines) == 3000


@pytest.mark.parametrize("args", [
    [], ["--help"], ["--topic", "x"], [*NOBODY, "--topic", "x"], [*NOBODY, "--num-records", 1],
    [*NOBODY, "--topic", "x", "--num-records", 1, "--messages", 2], [*NOBODY, "--topic", "x", "--include", "y", "--num-records", 1],
    [*NOBODY, "--topic", "x", "--num-records", 1, "--reporting-interval", 0], [*NOBODY, "--topic", "x", "--num-records", "z"],
    [*NOBODY, "--topic", "x", "--num-records", 1, "--reporting-interval", "z"], [*NOBODY, "--topic", "x", "--num-records", 1, "--date-format", "jjj"],
    [*NOBODY, "--topic", "x", "--num-records", 1, "--consumer.config", "a", "--command-config", "b"], [*NOBODY, "--nothing"],
    [*NOBODY, "--topic", "x", "--num-records", 1, "--command-config", "/nowhere"],
], ids=lambda args: " ".join(map(str, args)))
def test_a_command_line_of_the_consumer_test_that_is_none(twins, args):
    alike(twins, CONSUMER, *args)


@pytest.mark.parametrize("args", [
    ["--num-records", 2000], ["--messages", 2000], ["--num-records", 2000, "--hide-header"],
    ["--num-records", 2000, "--show-detailed-stats", "--reporting-interval", 600_000], ["--num-records", 5000, "--timeout", 15_000], ["--num-records", 2000, "--date-format", "HH:mm"], ["--num-records", 2000, "--fetch-size", 20000],
], ids=lambda args: " ".join(map(str, args)))
def test_what_was_read_is_told_in_the_same_shape(twins, shell, topic, args):
    for side in ("stock", "ours"):
        name = twins.fill(side, "{topic}")
        shell.run("ProducerPerformance", "--topic", name, "--num-records", 3000, "--record-size", 100, "--throughput", -1).ok()
    # Records that are not there are waited for as long as `--timeout` says.
    stock, ours = (run.ok() for run in twins.both(CONSUMER, *AT, "--topic", "{topic}", *args))
    assert_equal(shape(ours.out), shape(stock.out), str(args))
    if "--show-detailed-stats" not in args:
        read = ours.lines[-1].split(", ")[4]
        assert int(read) >= 2000 and len(ours.lines[-1].split(", ")) == 10
