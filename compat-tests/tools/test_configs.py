"""kafka-configs: topics, brokers, groups."""

import pytest

from harness import eventually

# What names this very process: ports and folders; and klamm's own keys, which Kafka does not know.
OWN = [(r"file:\S+|/\S*/data\b", "DATA"), (r"1@127.0.0.1:\d+", "1@HOST:PORT")]


def settings(run):
    """The lines of a describe, without klamm's own keys."""
    return [line for line in run.lines if not line.strip().startswith("klamm.")]


@pytest.fixture
def topic(shell, name):
    return shell.create(name("configured"), 1, retention_ms=1000)


def entity(kind, name):
    return ["--entity-type", kind, "--entity-name", name]


def test_the_settings_of_a_topic_are_changed_and_described(shell, topic, same):
    steps = [
        ["--describe"],
        ["--alter", "--add-config", "retention.ms=2000,max.message.bytes=5000,cleanup.policy=[compact,delete]"],
        ["--describe"],
        ["--alter", "--add-config", "segment.bytes=2097152", "--delete-config", "retention.ms,cleanup.policy"],
        ["--describe"],
    ]
    for step in steps:
        run = shell.configs(*entity("topics", topic), *step).ok()
        same(run.lines)
    assert "max.message.bytes=5000" in run.out and "retention.ms" not in run.out


def test_all_settings_of_a_topic_are_described(shell, topic, same):
    run = shell.configs(*entity("topics", topic), "--describe", "--all").ok()
    same(run.lines)
    assert len(run.lines) > 25


def test_settings_come_from_a_file(shell, topic, same, tmp_path):
    file = tmp_path / "settings.properties"
    file.write_text("retention.bytes=100000\nmessage.timestamp.type=LogAppendTime\n")
    same(shell.configs(*entity("topics", topic), "--alter", "--add-config-file", file).ok().lines)
    same(shell.configs(*entity("topics", topic), "--describe").ok().lines)


BAD = ["no.such.setting=1", "retention.ms=soon", "retention.ms=-7", "cleanup.policy=burn", "compression.type=rar",
       "segment.bytes=10", "min.insync.replicas=0", "message.timestamp.type=Sometimes", "preallocate=perhaps",
       "min.cleanable.dirty.ratio=2", "max.message.bytes=-1", "index.interval.bytes=-5", "compression.gzip.level=77",
       "local.retention.ms=5000", "retention.ms="]


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_setting_is_refused_and_nothing_changes(shell, topic, same, bad):
    refused = shell.configs(*entity("topics", topic), "--alter", "--add-config", bad)
    same([refused.code, refused.out, refused.refusals])
    same(shell.configs(*entity("topics", topic), "--describe").ok().lines)


def test_one_bad_setting_spoils_its_whole_request(shell, topic, same):
    refused = shell.configs(*entity("topics", topic), "--alter", "--add-config", "max.message.bytes=5000,retention.ms=soon")
    assert refused.code == 1
    described = shell.configs(*entity("topics", topic), "--describe").ok()
    assert "max.message.bytes" not in described.out
    same(described.lines)


def test_a_setting_that_is_not_set_cannot_be_deleted(shell, topic, same):
    refused = shell.configs(*entity("topics", topic), "--alter", "--delete-config", "max.message.bytes")
    same([refused.code, refused.out, refused.refusals])


def test_a_topic_that_is_not_there_has_no_settings(shell, name, same):
    for words in (["--describe"], ["--alter", "--add-config", "retention.ms=1"]):
        refused = shell.configs(*entity("topics", name("missing")), *words)
        same([refused.code, refused.out, refused.refusals])


def test_all_topics_are_described_at_once(shell, topic):
    run = shell.configs("--entity-type", "topics", "--describe").ok()
    assert f"Dynamic configs for topic {topic} are:" in run.out


def test_all_settings_of_a_broker_are_described(shell, same):
    run = shell.configs(*entity("brokers", "1"), "--describe", "--all").ok()
    same(settings(run), OWN)
    assert len(run.lines) > 200


def described(shell, words, check):
    """A describe that satisfies `check`. Kafka shows a new setting of its own as a synonym first and as the value later."""
    def once():
        run = shell.configs(*words, "--describe").ok()
        return run if check(run.out) else None

    if shell.broker.answers_early:
        return eventually(once, f"a describe of {words} shows the change")
    return once() or pytest.fail(f"a describe of {words} does not show the change")


def test_a_broker_keeps_dynamic_settings_until_they_are_deleted(shell, same):
    scopes = {"own": entity("brokers", "1"), "default": ["--entity-type", "brokers", "--entity-default"]}
    for scope, words in scopes.items():
        set_it = shell.configs(*words, "--alter", "--add-config", "log.retention.ms=86400000,background.threads=9").ok()
        shown = described(shell, words, lambda out: " background.threads=9 " in out and " log.retention.ms=86400000 " in out)
        unset = shell.configs(*words, "--alter", "--delete-config", "log.retention.ms,background.threads").ok()
        gone = described(shell, words, lambda out: "background.threads=9" not in out and "log.retention.ms=86400000" not in out)
        same([scope, *(settings(run) for run in (set_it, shown, unset, gone))], OWN)


def test_a_topic_shows_what_the_broker_gives_it(shell, topic, same):
    default = ["--entity-type", "brokers", "--entity-default"]
    shell.configs(*default, "--alter", "--add-config", "log.segment.bytes=3145728").ok()
    try:
        effective = "segment.bytes=3145728 sensitive=false synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:log.segment.bytes=3145728"
        run = described(shell, [*entity("topics", topic), "--all"], lambda out: effective in out)
    finally:
        shell.configs(*default, "--alter", "--delete-config", "log.segment.bytes").ok()
    same([line for line in run.lines if "segment.bytes" in line])


@pytest.mark.parametrize("bad", ["broker.rack=r1", "log.dirs=/elsewhere", "no.such.setting=1", "background.threads=none", "background.threads=0",
                                 "log.retention.ms=-5"])
@pytest.mark.parametrize("scope", ["own", "default"])
def test_a_bad_setting_of_a_broker_is_refused(shell, same, scope, bad):
    words = entity("brokers", "1") if scope == "own" else ["--entity-type", "brokers", "--entity-default"]
    refused = shell.configs(*words, "--alter", "--add-config", bad)
    same([refused.code, refused.out, refused.refusals], OWN)
    if refused.code == 0:
        # Kafka takes settings that it does not know; they must not stay on a shared broker.
        shell.configs(*words, "--alter", "--delete-config", bad.split("=")[0]).ok()


def test_listeners_that_make_no_sense_are_refused(shell, same):
    # Kafka can change its listeners as it runs, klamm cannot: the words differ, the refusal does not.
    refused = shell.configs(*entity("brokers", "1"), "--alter", "--add-config", "listeners=NONSENSE")
    same([refused.code, refused.out, [refusal.split(":")[0] for refusal in refused.refusals]])


def test_groups_have_settings_of_their_own(shell, name, same):
    words = entity("groups", name("set"))
    for step in (["--describe"], ["--alter", "--add-config", "consumer.session.timeout.ms=50000"], ["--describe"],
                 ["--describe", "--all"], ["--alter", "--delete-config", "consumer.session.timeout.ms"], ["--describe"]):
        run = shell.configs(*words, *step)
        same([step, run.code, run.lines, run.refusals])
