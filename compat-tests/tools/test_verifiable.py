"""kafka-verifiable-producer and kafka-verifiable-consumer: every record is told of in JSON."""

import json


def events(run, kind=None):
    """The JSON lines of a run, of one kind or all."""
    found = [json.loads(line) for line in run.lines]
    return [event for event in found if kind in (None, event["name"])]


def test_every_record_that_was_sent_is_acknowledged_with_its_offset(shell, name, same):
    topic = shell.create(name("verified"), 1)
    run = shell.run("VerifiableProducer", "--topic", topic, "--max-messages", 300, "--repeating-keys", 7).ok()
    assert [event["offset"] for event in events(run, "producer_send_success")] == list(range(300))
    assert events(run, "tool_data")[0]["acked"] == 300
    same(events(run), keys=["timestamp", "avg_throughput"])


def test_acks_one_and_a_value_prefix_work_too(shell, name, same):
    topic = shell.create(name("prefixed"), 1)
    run = shell.run("VerifiableProducer", "--topic", topic, "--max-messages", 20, "--acks", 1, "--value-prefix", 4).ok()
    same(events(run), keys=["timestamp", "avg_throughput"])


def consumed(out):
    return sum(json.loads(line)["count"] for line in out.splitlines() if '"records_consumed"' in line)


def assigned(out):
    """The partitions that the last assignment names."""
    found = [json.loads(line) for line in out.splitlines() if '"partitions_assigned"' in line]
    return sorted(partition["partition"] for partition in found[-1]["partitions"]) if found else None


def consumer(shell, topic, group, *args):
    return shell.start("VerifiableConsumer", "--topic", topic, "--group-id", group, "--group-protocol", "classic",
                       "--reset-policy", "earliest", *args)


def test_one_consumer_gets_all_and_commits_it(shell, name, same):
    topic, group = shell.create(name("read"), 2), name("read")
    shell.run("VerifiableProducer", "--topic", topic, "--max-messages", 100).ok()
    run = consumer(shell, topic, group, "--max-messages", 100, "--verbose").wait().ok()
    assert consumed(run.out) == 100
    assert len(events(run, "record_data")) == 100
    last = {}
    for event in events(run, "offsets_committed"):
        assert event["success"] is True
        last |= {offset["partition"]: offset["offset"] for offset in event["offsets"]}
    assert sum(last.values()) == 100
    same(sorted({event["name"] for event in events(run)}))


def test_two_consumers_share_the_partitions_and_one_takes_over(shell, name, same):
    topic, group = shell.create(name("shared"), 4), name("shared")
    strategy = ["--assignment-strategy", "org.apache.kafka.clients.consumer.RoundRobinAssignor"]
    one = consumer(shell, topic, group, *strategy)
    one.wait_for(lambda out: assigned(out) == [0, 1, 2, 3])
    two = consumer(shell, topic, group, *strategy)
    two.wait_for(lambda out: assigned(out) is not None and len(assigned(out)) == 2)
    one.wait_for(lambda out: len(assigned(out)) == 2)
    assert sorted(assigned(one.out) + assigned(two.out)) == [0, 1, 2, 3]
    one.stop().ok()
    two.wait_for(lambda out: assigned(out) == [0, 1, 2, 3])
    two.stop().ok()
    same([sorted({event["name"] for event in events(run)}) for run in (one, two)])
