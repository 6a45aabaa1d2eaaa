"""kafka-configs, the stock tool beside ours."""

import re

import pytest

from harness import Shell, eventually
from harness.compare import assert_equal

TOOL = "kafka-configs"
AT = ("--bootstrap-server", "{bootstrap}")
OWN_KEYS = [(r"(?m)^  klamm\..*\n", "")]
"""Settings that only klamm has need no tool that knows them."""


@pytest.fixture
def shell(tools, broker):
    return Shell(tools, broker)


@pytest.fixture
def topics(shell, twins):
    """A topic for each side."""
    for side in ("stock", "ours"):
        shell.create(twins.fill(side, "{topic}"), 1, retention_ms=1000)


def settle(shell):
    """Kafka answers a change before its own reads show it."""
    if shell.broker.answers_early:
        shell.settle()


def words_of(run):
    """What the tools say: Kafka's behind its first exception is a stack trace."""
    lines = [line for line in run.err.splitlines() if line.strip() and not re.match(r"\s+at |\s*\.\.\. |Caused by: ", line)]
    return [line.removeprefix('Exception in thread "main" ') for line in lines]


def fault(twins, *args, lines=2):
    """Both tools must say the same, in the first lines of standard error, too, and end with the same code."""
    stock, ours = twins.stock(TOOL, *args), twins.ours(TOOL, *args)
    def shape(side, run):
        return [run.code, twins.masked(side, run.out), [twins.masked(side, line) for line in words_of(run)[:lines]]]
    assert_equal(shape("ours", ours), shape("stock", stock), f"{TOOL} {' '.join(map(str, args))}")
    return stock, ours


TOPIC = ("--entity-type", "topics", "--entity-name", "t")
NONSENSE = [
    ["--describe"], ["--alter"], [*AT], [*AT, "--describe", "--alter", *TOPIC], [*AT, "--describe", "--add-config", "a=b", *TOPIC],
    [*AT, "--describe", *TOPIC, "--delete-config", "a"], ["--describe", *TOPIC], [*AT, "--describe"],
    [*AT, "--describe", "--entity-type", "things"], [*AT, "--describe", "--entity-type", "topics", "--entity-type", "topics"],
    [*AT, "--describe", "--entity-type", "topics", "--entity-type", "users"], [*AT, "--describe", "--topic", "t", "--entity-name", "u"],
    [*AT, "--bootstrap-controller", "localhost:1", "--describe", *TOPIC], [*AT, "--describe", "--entity-type", "brokers", "--entity-name", "x"],
    [*AT, "--describe", "--broker", "x"], [*AT, "--describe", "--ip", "no such host"], [*AT, "--describe", "--entity-type", "topics", "--entity-default"],
    [*AT, "--describe", "--entity-type", "broker-loggers"], [*AT, "--alter", "--entity-type", "users", "--add-config", "a=b"],
    [*AT, "--alter", "--entity-type", "topics", "--add-config", "a=b"], [*AT, "--alter", *TOPIC],
    [*AT, "--alter", *TOPIC, "--add-config", "a=b", "--add-config-file", "f"], [*AT, "--alter", *TOPIC, "--add-config", "a"],
    [*AT, "--alter", *TOPIC, "--add-config", "a=b=c"], [*AT, "--alter", *TOPIC, "--add-config", "a b=c"],
    [*AT, "--alter", *TOPIC, "--add-config-file", "/no/such/file"], [*AT, "--alter", "--entity-type", "users", "--entity-type", "clients", "--entity-name", "u", "--add-config", "a=b"],
    [*AT, "--alter", "--user", "u", "--add-config", "a=b"], [*AT, "--alter", "--user", "u", "--delete-config", "a"],
    [*AT, "--alter", "--client", "c", "--add-config", "SCRAM-SHA-256=[password=p]"], [*AT, "--alter", "--client", "c", "--delete-config", "a"],
    [*AT, "--alter", "--user-defaults", "--add-config", "SCRAM-SHA-256=[password=p]"], [*AT, "--alter", "--ip", "127.0.0.1", "--add-config", "a=b"],
    [*AT, "--alter", "--user", "u", "--add-config", "SCRAM-SHA-256=[password=p],producer_byte_rate=1"],
    [*AT, "--alter", "--user", "u", "--add-config", "SCRAM-SHA-256=[iterations=1,password=p]"], [*AT, "--alter", "--user", "u", "--add-config", "SCRAM-SHA-512=p"],
    [*AT, "--no-such-option"], [*AT, "--describe", "--topic"], [*AT, *AT, "--describe", *TOPIC], [*AT, "--describe", *TOPIC, "--command-config", "/no/such/file"],
    ["--bootstrap-server", "nowhere", "--describe", *TOPIC],
]


@pytest.mark.parametrize("words", NONSENSE, ids=[" ".join(words).replace("{bootstrap}", "B") for words in NONSENSE])
def test_a_command_line_that_makes_no_sense_is_refused_in_the_same_words(twins, words):
    # Behind a message that comes with the table of options there is only the table.
    shows_table = words[1:] == [] or "--describe" in words and "--alter" in words or {"--describe", "--add-config"} <= set(words) or {"--describe", "--delete-config"} <= set(words)
    fault(twins, *words, lines=1 if shows_table or words == [*AT] else 3)


def test_the_table_of_options_is_the_stock_one(twins):
    def options(text):
        return [line.split("  ")[0].strip() for line in text.splitlines() if re.match("--[a-z]", line)]
    stock, ours = twins.stock(TOOL, "--help"), twins.ours(TOOL, "--help")
    assert_equal([ours.code, options(ours.err)], [stock.code, options(stock.err)], "the options")
    assert len(options(ours.err)) == 26


def test_a_topic_s_settings_are_changed_and_described(twins, shell, topics, tmp_path):
    file = tmp_path / "settings.properties"
    file.write_text("retention.bytes=100000\nmessage.timestamp.type=LogAppendTime\n")
    entity = ("--entity-type", "topics", "--entity-name", "{topic}")
    steps = [
        ["--alter", "--add-config", "retention.ms=2000,max.message.bytes=5000,cleanup.policy=[compact,delete]"],
        ["--alter", "--add-config", "segment.bytes=2097152", "--delete-config", "retention.ms,cleanup.policy"],
        ["--alter", "--add-config-file", file], ["--alter", "--delete-config", "max.message.bytes"],
    ]
    twins.same(TOOL, *AT, *entity, "--describe", err=True)
    for step in steps:
        twins.same(TOOL, *AT, *entity, *step, err=True)
        settle(shell)
        twins.same(TOOL, *AT, *entity, "--describe", err=True)
        twins.same(TOOL, *AT, "--topic", "{topic}", "--describe", err=True)
    twins.same(TOOL, *AT, *entity, "--describe", "--all", rules=OWN_KEYS)


def test_what_a_broker_refuses_is_told_in_its_words(twins, topics):
    for bad in ("no.such.setting=1", "retention.ms=soon", "cleanup.policy=burn"):
        fault(twins, *AT, "--alter", "--topic", "{topic}", "--add-config", bad)
    fault(twins, *AT, "--alter", "--topic", "{topic}", "--delete-config", "max.message.bytes")
    fault(twins, *AT, "--alter", "--topic", "{missing}", "--add-config", "retention.ms=1")
    fault(twins, *AT, "--alter", "--topic", "no good", "--add-config", "retention.ms=1")


def test_entities_that_are_not_there_are_told_of(twins):
    for words in (["--topic", "{missing}"], ["--topic", "no good"], ["--broker", "77"], ["--group", "{missing}"], ["--client-metrics", "{missing}"],
                  ["--topic", "{missing}", "--all"], ["--group", "{missing}", "--all"], ["--broker-logger", "77"]):
        fault(twins, *AT, "--describe", *words)


def test_all_of_a_kind_are_described(twins, shell, topics):
    stock, ours = (run.out for run in (twins.stock(TOOL, *AT, "--entity-type", "topics", "--describe"), twins.ours(TOOL, *AT, "--entity-type", "topics", "--describe")))
    for side in ("stock", "ours"):
        topic = re.escape(twins.fill(side, "{topic}"))
        section = re.compile(rf"Dynamic configs for topic {topic} are:\n(?:  .*\n)*")
        assert section.search(ours) and section.search(ours)[0] == section.search(stock)[0]
    twins.same(TOOL, *AT, "--entity-type", "client-metrics", "--describe")


def test_brokers_are_described_and_changed(twins, shell):
    for words in (["--entity-type", "brokers", "--entity-name", "1"], ["--broker", "1"], ["--entity-type", "brokers"], ["--broker-defaults"],
                  ["--entity-type", "brokers", "--entity-default"], ["--broker", "1", "--all"], ["--broker-defaults", "--all"]):
        twins.same(TOOL, *AT, "--describe", *words, err=True)
    for words in (["--broker", "1"], ["--broker-defaults"], ["--entity-type", "brokers", "--entity-default"]):
        for step in (["--alter", "--add-config", "log.retention.ms=86400000,background.threads=9"], ["--alter", "--delete-config", "log.retention.ms, background.threads"]):
            twins.same(TOOL, *AT, *words, *step, err=True)
            settle(shell)
            if shell.broker.answers_early:
                wanted = "--add-config" in step
                shown = lambda: (" background.threads=9 " in twins.stock(TOOL, *AT, *words, "--describe").out) == wanted
                eventually(shown, "the change is shown")
            twins.same(TOOL, *AT, *words, "--describe", err=True)
    for bad in ("log.dirs=/elsewhere", "background.threads=none"):
        fault(twins, *AT, "--alter", "--broker", "1", "--add-config", bad)


def test_groups_have_settings_of_their_own(twins, shell):
    words = ("--entity-type", "groups", "--entity-name", "{group}")
    for step in (["--describe"], ["--alter", "--add-config", "consumer.session.timeout.ms=50000"], ["--describe"], ["--describe", "--all"],
                 ["--alter", "--delete-config", "consumer.session.timeout.ms"], ["--describe"]):
        fault(twins, *AT, *words, *step)
        settle(shell)


def test_loggers_of_a_broker_are_what_the_broker_says(twins):
    fault(twins, *AT, "--describe", "--broker-logger", "1")
    fault(twins, *AT, "--alter", "--broker-logger", "1", "--add-config", "no.such.Logger$Inner=DEBUG")
    fault(twins, *AT, "--alter", "--entity-type", "broker-loggers", "--entity-name", "1", "--add-config", "org.apache.kafka=INFO")


QUOTAS = [
    ["--alter", "--user", "{user}", "--add-config", "producer_byte_rate=1024,consumer_byte_rate=10485760"], ["--describe", "--user", "{user}"],
    ["--alter", "--entity-type", "users", "--entity-name", "{user}", "--delete-config", "consumer_byte_rate"], ["--describe", "--entity-type", "users", "--entity-name", "{user}"],
    ["--alter", "--user", "{user}", "--client", "{client}", "--add-config", "request_percentage=50.5"], ["--describe", "--user", "{user}", "--client", "{client}"],
    ["--describe", "--entity-type", "clients", "--entity-type", "users", "--entity-name", "nobody"],
    ["--alter", "--client", "{client}", "--delete-config", "request_percentage"], ["--alter", "--client", "{client}", "--add-config", "request_percentage=much"],
]

SHARED_QUOTAS = [
    (["--client-defaults"], "request_percentage=200"), (["--entity-type", "clients", "--entity-default"], "request_percentage=200"),
    (["--user-defaults", "--client-defaults"], "producer_byte_rate=1e9"), (["--ip", "127.0.0.1"], "connection_creation_rate=100"),
    (["--ip-defaults"], "connection_creation_rate=12345678"),
]
"""Of entities that both sides have in common."""


def test_quotas_are_what_the_broker_says(twins, shell):
    """klamm has no quotas: there both tools say which API is missing."""
    for words in QUOTAS:
        _, ours = fault(twins, *AT, *words)
        settle(shell)
        if "--alter" in words and shell.broker.kind == "klamm" and "much" not in words[-1]:
            assert "UnsupportedVersionException" in ours.err


def test_quotas_that_hold_for_all_are_what_the_broker_says(twins, shell):
    for entity, setting in SHARED_QUOTAS:
        set_it = ("--alter", *entity, "--add-config", setting)
        for words in (set_it, ("--describe", *entity), ("--describe", "--entity-type", "ips"), ("--alter", *entity, "--delete-config", setting.split("=")[0])):
            stock = twins.stock(TOOL, *AT, *words)
            if "--delete-config" in words:
                twins.stock(TOOL, *AT, *set_it)
            settle(shell)
            ours = twins.ours(TOOL, *AT, *words)
            settle(shell)
            assert_equal([ours.code, ours.out, words_of(ours)[:2]], [stock.code, stock.out, words_of(stock)[:2]], str(words))


def test_scram_credentials_are_what_the_broker_says(twins, shell):
    name = ("--entity-type", "users", "--entity-name", "{user}")
    for words in (["--alter", "--add-config", "SCRAM-SHA-256=[password=p]"], ["--alter", "--add-config", "SCRAM-SHA-256=[iterations=8192,password=p],SCRAM-SHA-512=[password=q]"],
                  ["--describe"], ["--alter", "--delete-config", "SCRAM-SHA-512"], ["--describe"], ["--alter", "--delete-config", "SCRAM-SHA-512"]):
        fault(twins, *AT, *words, *name)
        if shell.broker.kind == "kafka":
            settle(shell)
    fault(twins, *AT, "--describe", "--user", "{nobody}")


def test_a_broker_that_is_not_there_is_waited_for_and_told_of(twins, tmp_path):
    hasty = tmp_path / "hasty.properties"
    hasty.write_text("default.api.timeout.ms=1500\nrequest.timeout.ms=1000\n")
    nowhere = ("--bootstrap-server", "127.0.0.1:9", "--command-config", hasty)
    for words in (["--topic", "t"], ["--entity-type", "brokers"], ["--user", "u"]):
        stock, ours = twins.stock(TOOL, *nowhere, "--describe", *words), twins.ours(TOOL, *nowhere, "--describe", *words)
        said = [[line for line in words_of(run) if "WARN" not in line][:2] for run in (ours, stock)]
        assert_equal([ours.code, ours.out, said[0]], [stock.code, stock.out, said[1]], str(words))
