"""kafka-topics: create, list, describe, alter, delete, and what is refused."""

import re

import pytest


def test_a_created_topic_is_listed_and_described(shell, name, same):
    topic = name("made")
    created = shell.topics("--create", "--topic", topic, "--partitions", 3, "--replication-factor", 1,
                           "--config", "retention.ms=360000", "--config", "segment.bytes=2097152")
    listed = shell.topics("--list").ok()
    described = shell.topics("--describe", "--topic", topic).ok()
    # The tool keeps settings in a hash map: those that share a bucket stand in the order in which the broker sent them.
    overrides = re.search(r"Configs: (\S+)", described.out)[1]
    same([created.out, described.out.replace(overrides, ",".join(sorted(overrides.split(","))))])
    assert created.out.strip() == f"Created topic {topic}."
    assert topic in listed.lines
    assert re.search(rf"Topic: {topic}\tTopicId: [\w-]{{22}}\tPartitionCount: 3\tReplicationFactor: 1\tConfigs: .*retention.ms=360000",
                     described.out)
    assert described.out.count("Leader: 1\tReplicas: 1\tIsr: 1") == 3


def test_a_topic_without_counts_gets_the_defaults_of_the_broker(shell, name, same):
    topic = name("plain")
    same(shell.topics("--create", "--topic", topic).ok().out)
    same(shell.topics("--describe", "--topic", topic).ok().out)


def test_a_name_with_a_dot_is_created_with_a_warning(shell, name, same):
    same(shell.topics("--create", "--topic", name("a.b")).ok().lines)


def test_replicas_may_be_assigned_by_hand(shell, name, same):
    topic = name("assigned")
    same(shell.topics("--create", "--topic", topic, "--replica-assignment", "1,1,1").ok().out)
    same(shell.topics("--describe", "--topic", topic).ok().out)


def test_a_topic_can_be_described_by_its_id(shell, name, same):
    topic = shell.create(name("by-id"), 2)
    by_name = shell.topics("--describe", "--topic", topic).ok().out
    topic_id = re.search(r"TopicId: ([\w-]{22})", by_name)[1]
    by_id = shell.topics("--describe", "--topic-id", topic_id).ok().out
    assert by_id.split("\n")[0] == by_name.split("\n")[0]
    same(by_id)


def test_topics_are_chosen_by_a_pattern(shell, name, same):
    wanted = [shell.create(name("pick-one")), shell.create(name("pick-two"))]
    shell.create(name("leave"))
    pattern = name("pick-.*")
    same(shell.topics("--list", "--topic", pattern).ok().lines)
    same(shell.topics("--describe", "--topic", pattern).ok().out)
    assert shell.topics("--list", "--topic", pattern).lines == sorted(wanted)


@pytest.mark.parametrize("state", ["--under-replicated-partitions", "--unavailable-partitions", "--under-min-isr-partitions",
                                   "--at-min-isr-partitions", "--topics-with-overrides"])
def test_describe_filters_partitions_by_their_state(shell, name, same, state):
    shell.create(name("filtered"), 2)
    shell.create(name("filtered-override"), 1, max_message_bytes=4096)
    same(shell.topics("--describe", "--topic", name("filtered.*"), state).ok().out)


def test_describe_pages_through_partitions(shell, name, same):
    topic = shell.create(name("paged"), 25)
    run = shell.topics("--describe", "--topic", topic, "--partition-size-limit-per-response", 4).ok()
    assert run.out.count("\tPartition: ") == 25
    same(run.out)


def test_internal_topics_can_be_left_out(shell, name):
    topic = shell.create(name("any"))
    shell.produce(topic, ["v"]).ok()
    shell.consume(topic, 1, "--group", name("any"), "--from-beginning").ok()
    assert "__consumer_offsets" in shell.topics("--list").ok().lines
    assert not [topic for topic in shell.topics("--list", "--exclude-internal").ok().lines if topic.startswith("__")]


def test_partitions_are_added_and_never_taken_away(shell, name, same):
    topic = shell.create(name("grown"), 2)
    more = shell.topics("--alter", "--topic", topic, "--partitions", 5)
    same([more.out, more.code, shell.topics("--describe", "--topic", topic).ok().out])
    assert shell.topics("--describe", "--topic", topic).out.count("\tPartition: ") == 5
    for count in (5, 3):
        refused = shell.topics("--alter", "--topic", topic, "--partitions", count)
        assert refused.code == 1
        same([refused.out, refused.refusals])


def test_new_partitions_may_be_assigned_by_hand(shell, name, same):
    topic = shell.create(name("grown-by-hand"), 1)
    for assignment in ("1,1,1", "1,2", "1"):
        run = shell.topics("--alter", "--topic", topic, "--partitions", len(assignment.split(",")),
                           "--replica-assignment", assignment)
        same([run.code, run.out, run.refusals])


def test_a_deleted_topic_is_gone_and_its_name_free(shell, name, same):
    topic = shell.create(name("gone"), 2)
    shell.produce(topic, ["before"]).ok()
    deleted = shell.topics("--delete", "--topic", topic)
    same([deleted.code, deleted.out])
    assert topic not in shell.topics("--list").ok().lines
    missing = shell.topics("--describe", "--topic", topic)
    assert missing.code == 1
    same(missing.out)
    shell.create(topic, 1)
    assert shell.offsets("--topic", topic) == [f"{topic}:0:0"]


@pytest.mark.parametrize("words", [["--delete"], ["--alter", "--partitions", "3"], ["--describe"]], ids=lambda words: words[0][2:])
def test_a_missing_topic_is_an_error_unless_if_exists_is_said(shell, name, same, words):
    refused = shell.topics(*words, "--topic", name("missing"))
    assert refused.code == 1
    excused = shell.topics(*words, "--topic", name("missing"), "--if-exists")
    assert excused.code == 0
    same([refused.out, excused.out])


def test_an_existing_topic_is_an_error_unless_if_not_exists_is_said(shell, name, same):
    topic = shell.create(name("twice"))
    refused = shell.topics("--create", "--topic", topic)
    assert refused.code == 1 and "already exists" in refused.out
    excused = shell.topics("--create", "--topic", topic, "--if-not-exists")
    assert excused.code == 0
    same([refused.out, refused.refusals, excused.out])


BAD_NAMES = {
    "blank": "a b", "mark": "what!", "dot": ".", "dots": "..", "umlaut": "übel", "slash": "a/b", "long": "x" * 250, "internal": "__consumer_offsets",
    "metadata": "__cluster_metadata",
}


@pytest.mark.parametrize("bad", BAD_NAMES)
def test_a_bad_name_is_refused(shell, same, bad):
    refused = shell.topics("--create", "--topic", BAD_NAMES[bad], "--partitions", 1, "--replication-factor", 1)
    assert refused.code == 1
    same([refused.out, refused.refusals])


def test_a_name_may_have_249_characters(shell, name, same):
    topic = name("x" * 238)
    assert len(topic) == 249
    shell.create(topic)
    same(shell.topics("--describe", "--topic", topic).ok().out)


def test_names_that_differ_in_dot_and_underscore_alone_collide(shell, name, same):
    shell.create(name("col.li_de"))
    refused = shell.topics("--create", "--topic", name("col_li.de"))
    assert refused.code == 1
    same([refused.out, refused.refusals])


BAD_CREATES = {
    "no replicas": ["--replication-factor", "0"],
    "too many replicas": ["--replication-factor", "2"],
    "no partitions": ["--partitions", "0"],
    "unknown config": ["--config", "no.such.config=1"],
    "bad value": ["--config", "retention.ms=soon"],
    "bad choice": ["--config", "cleanup.policy=burn"],
    "value out of range": ["--config", "max.message.bytes=-1"],
    "segment too small": ["--config", "segment.bytes=1000"],
    "min above max": ["--config", "min.insync.replicas=0"],
    "unknown broker": ["--replica-assignment", "2"],
    "broker twice": ["--replica-assignment", "1:1"],
    "uneven assignment": ["--replica-assignment", "1,1:2"],
}


@pytest.mark.parametrize("case", BAD_CREATES)
def test_a_bad_create_is_refused_and_leaves_no_topic(shell, name, same, case):
    topic = name("refused")
    words = BAD_CREATES[case]
    if "--partitions" not in words and "--replica-assignment" not in words:
        words = [*words, "--partitions", "1"]
    refused = shell.topics("--create", "--topic", topic, *words)
    assert refused.code == 1
    same([refused.out, refused.refusals])
    assert topic not in shell.topics("--list").ok().lines
