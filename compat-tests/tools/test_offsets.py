"""kafka-get-offsets, kafka-delete-records and kafka-log-dirs."""

import json
import re

import pytest


@pytest.fixture
def topic(shell, name):
    """Three partitions: ten records in one of them, one in another."""
    topic = shell.create(name("offsets"), 3)
    keyed = ["--reader-property", "parse.key=true"]
    shell.produce(topic, [f"k\tv{number}" for number in range(10)], *keyed).ok()
    shell.produce(topic, ["other-key\tv"], *keyed).ok()
    return topic


@pytest.mark.parametrize("time", ["-1", "-2", "-4", "-5", "latest", "earliest", "earliest-local", "latest-tiered", "0",
                                  "4102444800000"])
def test_offsets_are_found_by_time(shell, topic, same, time):
    same(shell.offsets("--topic", topic, "--time", time))


def test_the_newest_record_is_found(shell, name, same):
    topic = shell.create(name("newest"), 2)
    shell.produce(topic, ["k\tv"], "--reader-property", "parse.key=true").ok()
    same(shell.offsets("--topic", topic, "--time", "max-timestamp"))
    same(shell.offsets("--topic", topic, "--time", "-3"))


def test_a_time_between_two_records_finds_the_second(shell, name, same):
    topic = shell.create(name("between"), 1)
    shell.produce(topic, ["a"]).ok()
    stamp = ["--formatter-property", "print.timestamp=true"]
    first = int(re.match(r"CreateTime:(\d+)", shell.consume(topic, 1, "--from-beginning", *stamp).ok().out)[1])
    shell.produce(topic, ["b", "c"]).ok()
    same(shell.offsets("--topic", topic, "--time", first))
    same(shell.offsets("--topic", topic, "--time", first + 1))
    assert shell.offsets("--topic", topic, "--time", first + 1) == [f"{topic}:0:1"]


def test_offsets_are_found_by_partition(shell, topic, same):
    same(shell.offsets("--topic", topic, "--partitions", "0,2"))
    same(shell.offsets("--topic-partitions", f"{topic}:1-3"))
    same(shell.offsets("--topic-partitions", f"{topic}:0,{topic}:2"))


def test_a_topic_that_is_not_there_has_no_offsets(shell, name, same):
    run = shell.run("GetOffsetShell", "--topic", name("missing"))
    assert run.code == 1
    same([run.out, run.refusals])


def test_internal_topics_can_be_left_out(shell, topic):
    lines = shell.run("GetOffsetShell", "--exclude-internal-topics").ok().lines
    assert lines and not [line for line in lines if line.startswith("__")]


def delete_records(shell, tmp_path, partitions):
    file = tmp_path / "delete.json"
    file.write_text(json.dumps({"version": 1, "partitions": partitions}))
    return shell.run("DeleteRecordsCommand", "--offset-json-file", file)


def test_records_are_deleted_up_to_an_offset(shell, name, same, tmp_path):
    topic = shell.create(name("deleted"), 2)
    for partition in (0, 1):
        # In one batch for each partition, however long the producer takes: where a batch begins this partitioner counts twice.
        shell.run("ConsoleProducer", "--topic", topic, "--timeout", 60000, "--command-property", "partitioner.class=org.apache.kafka.clients.producer.RoundRobinPartitioner",
                  stdin="".join(f"v{number}\n" for number in range(10))).ok()
    run = delete_records(shell, tmp_path, [{"topic": topic, "partition": 0, "offset": 4}, {"topic": topic, "partition": 1, "offset": -1}])
    same([run.code, sorted(run.lines)])
    same(shell.offsets("--topic", topic, "--time", "earliest"))
    latest = shell.offsets("--topic", topic)
    same(latest)
    read = shell.consume(topic, int(latest[0].split(":")[2]) - 4, "--partition", 0, "--offset", "earliest",
                         "--formatter-property", "print.offset=true").ok()
    assert read.lines[0].startswith("Offset:4")


def test_records_beyond_the_end_cannot_be_deleted(shell, topic, same, tmp_path):
    run = delete_records(shell, tmp_path, [{"topic": topic, "partition": 0, "offset": 1000}])
    same([run.code, sorted(run.lines), run.refusals])


def log_dirs(shell, *args):
    run = shell.run("LogDirsCommand", "--describe", *args).ok()
    return run, json.loads(run.lines[-1])


def test_log_dirs_tell_the_size_of_every_partition(shell, topic, broker, same):
    run, answer = log_dirs(shell, "--topic-list", topic)
    assert [found["broker"] for found in answer["brokers"]] == [1]
    folders = answer["brokers"][0]["logDirs"]
    assert [folder["logDir"] for folder in folders] == [str(broker.data)]
    partitions = sorted(folders[0]["partitions"], key=lambda partition: partition["partition"])
    assert [partition["partition"] for partition in partitions] == [f"{topic}-{number}" for number in range(3)]
    sizes = {partition["partition"]: (broker.data / partition["partition"] / f"{0:020}.log").stat().st_size for partition in partitions}
    assert {partition["partition"]: partition["size"] for partition in partitions} == sizes
    same(run.lines[:-1])
    same(partitions, keys=["size"])


def test_log_dirs_of_a_broker_that_is_not_there_are_refused(shell, topic, same):
    run = shell.run("LogDirsCommand", "--describe", "--broker-list", "7", "--topic-list", topic)
    same([run.code, run.out, run.refusals])
