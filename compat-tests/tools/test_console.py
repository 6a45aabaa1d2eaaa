"""kafka-console-producer and kafka-console-consumer."""

import pytest

SEEN = ["--formatter-property", "print.key=true", "--formatter-property", "print.headers=true",
        "--formatter-property", "print.partition=true", "--formatter-property", "print.offset=true",
        "--formatter-property", "print.timestamp=true"]

WORDS = ["--reader-property", "parse.key=true", "--reader-property", "parse.headers=true",
         "--reader-property", "null.marker=NIL"]


def test_lines_come_back_in_order(shell, name, same):
    topic = shell.create(name("lines"))
    lines = [f"line {number}" for number in range(200)]
    shell.produce(topic, lines).ok()
    read = shell.consume(topic, 200, "--from-beginning").ok()
    assert read.lines == lines
    assert "Processed a total of 200 messages" in read.err
    same(read.out)


def test_keys_headers_and_nulls_come_back(shell, name, same):
    topic = shell.create(name("rich"))
    lines = ["h1:v1,h2:v2\tkey\tvalue", "h1:a,h1:b\ttwice\tthe same header", "NIL\tNIL\tno key", "NIL\tgone\tNIL", "h:NIL\tk\tnull header", "h:ü\tß\t日本"]
    shell.produce(topic, lines, *WORDS).ok()
    read = shell.consume(topic, len(lines), "--from-beginning", *SEEN, "--formatter-property", "null.literal=NULL").ok()
    # The producer stamps each record by its own clock.
    same(read.lines, [(r"CreateTime:\d+", "CreateTime:TIME")])
    assert len(read.lines) == 6
    assert "h1:a,h1:b" in read.lines[1]


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_every_codec_comes_back(shell, name, same, codec):
    topic = shell.create(name("codec"))
    lines = [f"{codec} {number} " + "x" * 500 for number in range(100)]
    shell.produce(topic, lines, "--compression-codec", codec).ok()
    read = shell.consume(topic, 100, "--from-beginning").ok()
    assert read.lines == lines
    same(shell.offsets("--topic", topic))


@pytest.mark.parametrize("acks", ["0", "1", "all"])
def test_every_level_of_acks_delivers(shell, name, acks):
    topic = shell.create(name("acks"))
    idempotence = [] if acks == "all" else ["--command-property", "enable.idempotence=false"]
    shell.produce(topic, ["one", "two"], "--request-required-acks", acks, *idempotence).ok()
    assert shell.consume(topic, 2, "--from-beginning").ok().lines == ["one", "two"]


def test_each_line_may_be_its_own_request(shell, name):
    topic = shell.create(name("sync"))
    shell.produce(topic, ["a", "b", "c"], "--sync").ok()
    assert shell.consume(topic, 3, "--from-beginning").ok().lines == ["a", "b", "c"]


def test_a_partition_is_read_from_an_offset(shell, name, same):
    topic = shell.create(name("seek"), 1)
    shell.produce(topic, [f"v{number}" for number in range(10)]).ok()
    answers = {offset: shell.consume(topic, count, "--partition", 0, "--offset", offset, *SEEN).ok().lines
               for offset, count in (("7", 3), ("earliest", 10), ("0", 2))}
    same(answers, [(r"CreateTime:\d+", "CreateTime:TIME")])
    assert len(answers["7"]) == 3 and answers["7"][0].endswith("v7")


def test_an_offset_out_of_range_is_reset(shell, name):
    topic = shell.create(name("far"), 1)
    shell.produce(topic, ["a", "b"]).ok()
    read = shell.consume(topic, 2, "--partition", 0, "--offset", 1000, "--command-property", "auto.offset.reset=earliest").ok()
    assert read.lines == ["a", "b"]


@pytest.mark.parametrize("level", ["read_uncommitted", "read_committed"])
def test_both_isolation_levels_read_plain_records(shell, name, same, level):
    topic = shell.create(name("isolation"))
    shell.produce(topic, ["a", "b", "c"]).ok()
    same(shell.consume(topic, 3, "--from-beginning", "--isolation-level", level).ok().lines)


def test_several_topics_are_read_by_a_pattern(shell, name):
    for part in ("one", "two"):
        shell.produce(shell.create(name(f"many-{part}")), [part]).ok()
    read = shell.consume(None, 2, "--include", name("many-.*"), "--from-beginning").ok()
    assert sorted(read.lines) == ["one", "two"]


def test_a_group_goes_on_where_it_stopped(shell, name, same):
    topic = shell.create(name("resumed"))
    shell.produce(topic, [f"v{number}" for number in range(6)]).ok()
    first = shell.consume(topic, 2, "--group", name("resumed"), "--from-beginning").ok().lines
    second = shell.consume(topic, 4, "--group", name("resumed")).ok().lines
    assert (first, second) == (["v0", "v1"], ["v2", "v3", "v4", "v5"])
    same(shell.groups("--describe", "--group", name("resumed")).ok().table)


def test_a_topic_is_made_by_the_first_record(shell, name, same):
    topic = name("automatic")
    shell.produce(topic, ["hello"]).ok()
    assert shell.consume(topic, 1, "--from-beginning").ok().lines == ["hello"]
    same(shell.topics("--describe", "--topic", topic).ok().out)


def test_a_name_that_no_topic_can_have_is_an_error_of_the_producer(shell, same):
    refused = shell.produce("no/topic", ["hello"], "--command-property", "max.block.ms=60000")
    same([refused.code, refused.refusals])
    assert "InvalidTopicException: no/topic" in " ".join(refused.refusals) or "no/topic" in refused.err


def test_a_record_above_the_topics_limit_is_refused_and_the_rest_delivered(shell, name, same):
    topic = shell.create(name("limit"), 1, max_message_bytes=1000)
    run = shell.produce(topic, ["small", "x" * 3000, "small too"], "--sync")
    same([run.code, run.refusals])
    assert any(refusal.startswith("RecordTooLargeException") for refusal in run.refusals)
    same(shell.offsets("--topic", topic))


def test_a_topic_may_stamp_records_by_the_brokers_clock(shell, name, same):
    topic = shell.create(name("appended"), 1, message_timestamp_type="LogAppendTime")
    shell.produce(topic, ["a", "b"]).ok()
    read = shell.consume(topic, 2, "--from-beginning", "--formatter-property", "print.timestamp=true").ok()
    assert all(line.startswith("LogAppendTime:") for line in read.lines)
    same(read.lines)


def test_a_record_of_almost_a_mebibyte_passes(shell, name):
    topic = shell.create(name("large"), 1)
    shell.produce(topic, ["y" * 1_000_000]).ok()
    assert shell.consume(topic, 1, "--from-beginning").ok().lines == ["y" * 1_000_000]


def test_partitions_are_chosen_by_the_hash_of_the_key(shell, name, same):
    topic = shell.create(name("keyed"), 4)
    shell.produce(topic, [f"k{number}\tv{number}" for number in range(40)], "--reader-property", "parse.key=true").ok()
    same(shell.offsets("--topic", topic))
    read = shell.consume(topic, 40, "--from-beginning", "--formatter-property", "print.partition=true",
                         "--formatter-property", "print.key=true").ok()
    same(sorted(read.lines))
