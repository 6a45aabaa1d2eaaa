"""kafka-console-producer and kafka-console-consumer, the stock tools beside ours."""

import json
import os
import re
import signal
import subprocess

import pytest

from harness import Shell, eventually, paths
from harness.compare import assert_equal
from harness.native import native, start_native
from native.stock_words import alike

PRODUCER, CONSUMER = "kafka-console-producer", "kafka-console-consumer"
AT = ("--bootstrap-server", "{bootstrap}")
NOBODY = ("--bootstrap-server", "127.0.0.1:1")
TIME = (r"(CreateTime|LogAppendTime):\d+", r"\1:TIME")
PATIENT = ("--request-timeout-ms", "60000", "--message-send-max-retries", "1000")
"""The producer's own limits, 1.5 s for a request and three retries, are no measure of a broker on a busy machine; without
idempotence a retry writes twice."""
EVERYTHING = [word for name in ("key", "headers", "partition", "offset", "timestamp", "delivery", "epoch")
              for word in ("--formatter-property", f"print.{name}=true")]
NOTICES = re.compile(r"^(Warning: --\S+ is deprecated.*|Option --\S+ is deprecated.*)\n", re.M)
"""What the stock tools say on stdout about old names; ours do not (scripts read stdout)."""
THREAD = (r'(?m)^Exception in thread "main" ', "")
"""What the Java machine says before an exception that nobody catches; in the host of the stock tools it is caught."""
EXCEPTION = re.compile(r"^(?:\[[^\]]*\] ERROR |Exception in thread \"main\" )?((?:java|org|joptsimple)\.[\w.$]+: .*|java\.[\w.]+Exception$)", re.M)


@pytest.fixture
def shell(tools, broker):
    return Shell(tools, broker)


@pytest.fixture
def topic(shell, twins):
    """A topic of two partitions for each side."""
    for side in ("stock", "ours"):
        shell.create(twins.fill(side, "{topic}"), 2)


@pytest.fixture
def single(shell, twins):
    """A topic of one partition for each side."""
    for side in ("stock", "ours"):
        shell.create(twins.fill(side, "{topic}"), 1)


@pytest.fixture
def read(shell):
    """What the stock consumer finds in a topic: every line with all that can be shown of it, sorted by partition and offset."""
    def lines(topic: str, count: int) -> list[str]:
        run = shell.consume(topic, count, "--from-beginning", *EVERYTHING, "--formatter-property", "null.literal=<null>").ok()
        return sorted(re.sub(*TIME, line) for line in run.lines)
    return lines


def thrown(text: str) -> list[str]:
    """The exceptions that a text names, their first lines."""
    return EXCEPTION.findall(text)


def produced_alike(twins, read, stdin: str, count: int, *args):
    """Both producers send the same lines; the topics then hold the same."""
    for side, run in (("stock", twins.stock), ("ours", twins.ours)):
        run(PRODUCER, *AT, "--topic", "{topic}", *args, stdin=stdin).ok()
    stock, ours = (read(twins.fill(side, "{topic}"), count) for side in ("stock", "ours"))
    assert_equal(ours, stock, f"what {' '.join(args)} produced")
    return ours


def consumed_alike(twins, *args, rules=(TIME,), order=True):
    """Both consumers; at the same time, since some wait out a time limit."""
    stock, ours = twins.both(CONSUMER, *AT, *args)
    shape = lambda text: text if order else sorted(text.splitlines())
    assert_equal(shape(twins.masked("ours", ours.out, rules)), shape(twins.masked("stock", NOTICES.sub("", stock.out), rules)), f"{args}")
    assert_equal(ours.code, stock.code, f"exit code of {args}")
    total = lambda run: re.findall(r"Processed a total of \d+ messages", run.err)
    assert_equal(total(ours), total(stock), f"the total of {args}")
    assert_equal(thrown(ours.err), thrown(stock.err), f"exceptions of {args}")
    return ours


@pytest.mark.parametrize("args", [
    [], ["--help"], ["--topic"], ["--topic", "x"], [*NOBODY], [*NOBODY, "--topic", "x", "--foo"], ["--bootstrap-server", "l", "--topic", "x"],
    [*NOBODY, "--topic", "x", "--batch-size", "y"], [*NOBODY, "--topic", "x", "--timeout", "y"], [*NOBODY, "--topic", "x", "--topic", "y"],
    [*NOBODY, "--topic", "x", "--command-property", "a=b", "--producer-property", "c=d"],
    [*NOBODY, "--topic", "x", "--command-config", "/a", "--producer.config", "/b"],
    [*NOBODY, "--topic", "x", "--property", "a=b", "--reader-property", "c=d"],
    [*NOBODY, "--topic", "x", "--command-property", "acks=7"], [*NOBODY, "--topic", "x", "--command-property", "linger.ms=zz"],
    [*NOBODY, "--topic", "x", "--compression-codec", "foo"], [*NOBODY, "--topic", "x", "--batch-size", "-5"],
    [*NOBODY, "--topic", "x", "--command-property", "enable.idempotence=true", "--request-required-acks", "1"],
    [*NOBODY, "--topic", "x", "--line-reader", "Foo"], [*NOBODY, "--topic", "x", "--command-config", "/nowhere"],
    [*NOBODY, "--topic", "x", "--reader-config", "/nowhere"],
    [*NOBODY, "--topic", "x", "--reader-property", "headers.delimiter=,"], [*NOBODY, "--topic", "x", "--reader-property", "null.marker=\t"],
], ids=" ".join)
def test_a_command_line_of_the_producer_that_is_none(twins, args):
    alike(twins, PRODUCER, *args)


@pytest.mark.parametrize("args", [
    [], ["--help"], ["--topic", "x"], [*NOBODY], [*NOBODY, "--topic", "x", "--include", "y"], [*NOBODY, "--topic", "x", "--offset", "1"],
    [*NOBODY, "--include", "x", "--partition", "1"], [*NOBODY, "--topic", "x", "--partition", "0", "--offset", "foo"],
    [*NOBODY, "--topic", "x", "--partition", "0", "--offset", "-3"], [*NOBODY, "--topic", "x", "--partition", "z"],
    [*NOBODY, "--topic", "x", "--partition", "0", "--offset", "3", "--from-beginning"],
    [*NOBODY, "--topic", "x", "--partition", "0", "--group", "g"], [*NOBODY, "--topic", "x", "--group", "g", "--command-property", "group.id=h"],
    [*NOBODY, "--topic", "x", "--from-beginning", "--command-property", "auto.offset.reset=latest"],
    [*NOBODY, "--topic", "x", "--formatter", "Foo"], [*NOBODY, "--topic", "x", "--formatter-property", "a=b", "--property", "c=d"],
    [*NOBODY, "--topic", "x", "--consumer-property", "a=b", "--command-property", "c=d"],
    [*NOBODY, "--topic", "x", "--consumer.config", "/a", "--command-config", "/b"],
    [*NOBODY, "--topic", "x", "--command-config", "/nowhere"], [*NOBODY, "--topic", "x", "--timeout-ms", "z"], [*NOBODY, "--topic", "x", "--bar"],
    [*NOBODY, "--topic", "x", "--command-property", "auto.offset.reset=foo"], [*NOBODY, "--topic", "x", "--isolation-level", "foo"],
], ids=" ".join)
def test_a_command_line_of_the_consumer_that_is_none(twins, args):
    alike(twins, CONSUMER, *args, rules=[THREAD])


@pytest.mark.parametrize("tool", [PRODUCER, CONSUMER])
def test_the_version_begins_with_kafkas(twins, tool):
    ours, stock = twins.ours(tool, "--version").ok(), twins.stock(tool, "--version").ok()
    assert ours.out.split()[0] == stock.out.split()[0] == "4.3.1"


def test_lines_become_values(twins, read, single):
    lines = ["", "one", " two ", "grün\t日本", "x" * 5000, "last"]
    assert len(produced_alike(twins, read, "\n".join(lines), 6)) == 6


def test_keys_choose_partitions_and_headers_and_nulls_arrive(twins, read, topic):
    words = ["--reader-property", "parse.key=true", "--reader-property", "parse.headers=true", "--reader-property", "null.marker=NIL"]
    lines = ["h1:v1,h2:v2\tkey\tvalue", "h1:a,h1:b\ttwice\tthe same", "h:x\tgone\tNIL", "h:NIL\tk\tnull header", "h:ü\tß\t日本", "NIL\tkey\tno header"]
    produced_alike(twins, read, "\n".join([*lines, *(f"n:{n}\tk{n}\tv{n}" for n in range(50))]) + "\n", 56, *words)


def test_separators_and_old_names_of_options_are_taken_over(twins, read, topic, tmp_path):
    (tmp_path / "reader").write_text("parse.key=true\nkey.separator=|\n")
    (tmp_path / "producer").write_text("compression.type=gzip\nlinger.ms=0\n")
    produced_alike(twins, read, "k:v:w\nl:x\n", 2, "--property", "parse.key=true", "--property", "key.separator=:")
    produced_alike(twins, read, "k|v\n", 3, "--reader-config", str(tmp_path / "reader"), "--producer.config", str(tmp_path / "producer"))
    produced_alike(twins, read, "k#v\n", 4, "--reader-config", str(tmp_path / "reader"), "--reader-property", "key.separator=#",
                   "--producer-property", "batch.size=100")
    ours = native(PRODUCER, "-broker-list", twins.broker.bootstrap, "-topic=" + twins.fill("ours", "{topic}"), stdin="old\n")
    assert (ours.ok().out, ours.err) == ("", "")


@pytest.mark.parametrize("codec", [["none"], ["gzip"], ["snappy"], ["lz4"], ["zstd"], []], ids=lambda codec: " ".join(codec) or "no value")
def test_every_codec_is_written_so_that_kafkas_client_reads_it(twins, shell, codec):
    topic = shell.create(twins._name("codec"), 1)
    lines = [f"{number} " + "abc" * 100 for number in range(300)]
    native(PRODUCER, "--bootstrap-server", twins.broker.bootstrap, "--topic", topic, "--compression-codec", *codec, stdin="\n".join(lines)).ok()
    assert shell.consume(topic, 300, "--from-beginning").ok().lines == lines


@pytest.mark.parametrize("acks", ["0", "1", "all", "-1"])
@pytest.mark.parametrize("more", [[], ["--sync"], ["--batch-size", "1"], ["--timeout", "0"]], ids=" ".join)
def test_every_level_of_acks_delivers(twins, shell, acks, more):
    topic = shell.create(twins._name("acks"), 1)
    lines = [f"v{number}" for number in range(40)]
    native(PRODUCER, "--bootstrap-server", twins.broker.bootstrap, "--topic", topic, "--request-required-acks", acks, *PATIENT, *more,
           stdin="\n".join(lines)).ok()
    assert shell.consume(topic, 40, "--from-beginning").ok().lines == lines


def test_a_line_that_cannot_be_parsed_ends_the_producer_and_the_lines_before_it_arrive(twins, shell, single):
    for words in (["parse.key=true"], ["parse.headers=true"], ["parse.key=true", "null.marker=k"]):
        stock, ours = (run(PRODUCER, *AT, "--topic", "{topic}", *(part for word in words for part in ("--reader-property", word)),
                           stdin="k\tv\nbroken\nk\tw\n") for run in (twins.stock, twins.ours))
        assert (ours.code, ours.out, thrown(ours.err)) == (stock.code, stock.out, thrown(stock.err)) and ours.code == 1
    ends = [shell.offsets("--topic", twins.fill(side, "{topic}"))[0].split(":")[1:] for side in ("stock", "ours")]
    assert ends[0] == ends[1]


def test_what_cannot_be_parsed_may_be_ignored(twins, read, single):
    produced_alike(twins, read, "k\tv\nbroken\n", 2, "--reader-property", "parse.key=true", "--reader-property", "ignore.error=true")


@pytest.mark.parametrize("sync", [[], ["--sync"]], ids=["async", "sync"])
def test_a_record_above_a_limit_is_refused_as_the_stock_producer_refuses_it(twins, shell, sync):
    for side in ("stock", "ours"):
        shell.create(twins.fill(side, "{limit}"), 1, max_message_bytes=1000)
    for stdin in ("small\n" + "x" * 3000 + "\nsmall too\n", "y" * 2_000_000 + "\nsmall\n"):
        # The stock producer splits a batch of such a record into itself, thousands of times, until its stack ends or this time does.
        stock = twins.stock(PRODUCER, *AT, "--topic", "{limit}", *sync, "--command-property", "delivery.timeout.ms=5000", stdin=stdin)
        ours = twins.ours(PRODUCER, *AT, "--topic", "{limit}", *sync, *PATIENT, stdin=stdin)
        faults = {run: set(re.findall(r"RecordTooLargeException: .*", run.err)) for run in (stock, ours)}
        assert ours.code == stock.code and faults[ours]
        if sync:
            assert faults[ours] == faults[stock]
        else:
            # In the host of the stock tools the log, in which it says so, is not this tool's.
            told = re.findall(r"Error when sending message to topic \S+ with key: (.*), value: (\d+) bytes with error:", ours.err)
            assert told == [("null", str(max(map(len, stdin.split()))))]
    ends = [shell.offsets("--topic", twins.fill(side, "{limit}"))[0].split(":")[2] for side in ("stock", "ours")]
    # And loses what is beside it.
    assert ends[1] == ("3" if not sync else ends[0])


def test_a_name_that_no_topic_can_have_is_refused(twins):
    stock, ours = (run(PRODUCER, *AT, "--topic", "no/topic", stdin="a\n") for run in (twins.stock, twins.ours))
    faults = lambda run: sorted(set(re.findall(r"org\.apache\.kafka\.common\.errors\.\w+: .*", run.err)))
    assert (ours.code, faults(ours)) == (stock.code, faults(stock)) and faults(ours)


def test_a_broker_that_nobody_reaches_is_waited_for_no_longer_than_asked(twins):
    stock, ours = (run(PRODUCER, *NOBODY, "--topic", "x", "--max-block-ms", 300, stdin="a\n") for run in (twins.stock, twins.ours))
    faults = lambda run: re.findall(r"TimeoutException: .*", run.err)
    assert (ours.code, faults(ours)) == (stock.code, faults(stock)) == (0, ["TimeoutException: Topic x not present in metadata after 300 ms."])
    stock, ours = (run(CONSUMER, *NOBODY, "--topic", "x", "--timeout-ms", 300) for run in (twins.stock, twins.ours))
    assert (ours.code, ours.out) == (stock.code, stock.out) == (0, "") and "Processed a total of 0 messages" in ours.err


def test_a_topic_is_made_by_its_first_record(twins, shell, read):
    produced_alike(twins, read, "a\nb\n", 2, *PATIENT)


def test_many_lines_arrive_once_and_in_order(twins, shell):
    topic = shell.create(twins._name("many"), 1)
    lines = [f"line {number} " + "z" * (number % 200) for number in range(200_000)]
    native(PRODUCER, "--bootstrap-server", twins.broker.bootstrap, "--topic", topic, *PATIENT, stdin="\n".join(lines)).ok()
    run = native(CONSUMER, "--bootstrap-server", twins.broker.bootstrap, "--topic", topic, "--from-beginning", "--max-messages", len(lines)).ok()
    assert run.out.splitlines() == lines
    assert run.err.endswith(f"Processed a total of {len(lines)} messages\n")


@pytest.fixture
def written(shell, twins):
    """One topic with records of every kind, written by the stock producer."""
    topic = shell.create(twins._name("written"), 3)
    lines = ["h1:v1,h2:v2\tkey\tvalue", "NIL\tNIL\tno key", "NIL\tgone\tNIL", "h:NIL\tk\tnull header", "h:ü\tß\t日本",
             *(f"n:{n}\tk{n}\tv{n}" for n in range(40))]
    shell.produce(topic, lines, "--reader-property", "parse.key=true", "--reader-property", "parse.headers=true",
                  "--reader-property", "null.marker=NIL").ok()
    return topic


def test_everything_of_a_record_is_printed_as_the_stock_consumer_prints_it(twins, written):
    most = ["--topic", written, "--from-beginning", "--max-messages", 45, "--timeout-ms", 60000]
    consumed_alike(twins, *most, order=False)
    ours = consumed_alike(twins, *most, *EVERYTHING, "--formatter-property", "null.literal=NULL", "--formatter-property", "headers.separator=;",
                          "--formatter-property", "key.separator=|", order=False)
    assert "h1:v1;h2:v2|key|value" in ours.out and "NO_HEADERS|NULL|no key" in ours.out
    consumed_alike(twins, *most, "--property", "print.key=true", "--property", "print.value=false", order=False)
    consumed_alike(twins, *most, "--property", "line.separator=\r\n", "--property", "print.key=true", order=False)
    for deserializer in ("String", "Bytes", "ByteBuffer"):
        consumed_alike(twins, *most, "--formatter-property", f"value.deserializer=org.apache.kafka.common.serialization.{deserializer}Deserializer",
                       "--key-deserializer", "org.apache.kafka.common.serialization.StringDeserializer", "--formatter-property", "print.key=true", order=False)
    consumed_alike(twins, *most, "--formatter", "org.apache.kafka.tools.consumer.NoOpMessageFormatter")
    consumed_alike(twins, *most, "--formatter", "org.apache.kafka.tools.consumer.LoggingMessageFormatter", order=False)


def test_bytes_that_a_deserializer_does_not_take_end_the_consumer_or_are_skipped(twins, shell, single):
    for side in ("stock", "ours"):
        shell.produce(twins.fill(side, "{topic}"), ["four", "toolong", "more"]).ok()
    most = ["--topic", "{topic}", "--from-beginning", "--max-messages", 3, "--timeout-ms", 60000,
            "--value-deserializer", "org.apache.kafka.common.serialization.IntegerDeserializer"]
    assert consumed_alike(twins, *most).code == 1
    assert consumed_alike(twins, *most, "--skip-message-on-error").code == 0
    consumed_alike(twins, *most[:-2], "--value-deserializer", "Foo")


@pytest.mark.parametrize("offset", [["--offset", "earliest"], ["--offset", "2"], ["--from-beginning"], ["--offset", "EARLIEST"]], ids=" ".join)
def test_one_partition_is_read_from_where_it_was_asked_for(twins, written, offset):
    for partition in range(3):
        consumed_alike(twins, "--topic", written, "--partition", partition, *offset, "--max-messages", 4, "--timeout-ms", 60000, *EVERYTHING)


def test_an_offset_out_of_range_is_reset_or_the_end(twins, written):
    far = ["--topic", written, "--partition", 0, "--offset", 100000]
    consumed_alike(twins, *far, "--max-messages", 3, "--command-property", "auto.offset.reset=earliest", "--timeout-ms", 60000)
    consumed_alike(twins, *far, "--timeout-ms", 1500)
    stock, ours = twins.both(CONSUMER, *AT, *far, "--command-property", "auto.offset.reset=none", "--timeout-ms", 60000)
    assert ours.code == stock.code and "OffsetOutOfRangeException" in ours.err and "OffsetOutOfRangeException" in stock.err


def test_counts_and_time_limits(twins, written):
    consumed_alike(twins, "--topic", written, "--from-beginning", "--max-messages", 0)
    consumed_alike(twins, "--topic", written, "--from-beginning", "--max-messages", -2)
    ours = consumed_alike(twins, "--topic", written, "--from-beginning", "--timeout-ms", 15000, order=False)
    assert len(ours.lines) == 45
    consumed_alike(twins, "--topic", written, "--max-messages", 0, "--enable-systest-events")
    consumed_alike(twins, "--topic", written, "--from-beginning", "--max-messages", "z")


def test_several_topics_are_read_by_a_pattern(twins, shell):
    for part in ("one", "two", "xtwo"):
        shell.produce(shell.create(part[:1] * (part[0] == "x") + twins._name(f"many-{part.lstrip('x')}"), 1), [part]).ok()
    name = twins._name("many-(one|two)")
    ours = consumed_alike(twins, "--include", name, "--from-beginning", "--max-messages", 2, "--timeout-ms", 60000, order=False)
    assert sorted(ours.lines) == ["one", "two"]
    old = native(CONSUMER, "--bootstrap-server", twins.broker.bootstrap, "--whitelist", name, "--from-beginning", "--max-messages", 2).ok()
    assert sorted(old.lines) == ["one", "two"]


@pytest.mark.parametrize("bad", ["*a", "["])
def test_a_pattern_that_is_none_is_the_end(twins, bad):
    stock, ours = (run(CONSUMER, *AT, "--include", bad, "--timeout-ms", 10) for run in (twins.stock, twins.ours))
    assert ours.code == stock.code == 1 and "java.util.regex.PatternSyntaxException" in ours.err


def test_a_group_goes_on_where_it_stopped_whoever_consumed(twins, shell):
    topic, group = shell.create(twins._name("resumed"), 1), twins._name("resumed")
    shell.produce(topic, [f"v{number}" for number in range(9)]).ok()
    consume = ["--topic", topic, "--max-messages", 3, "--timeout-ms", 60000, "--group", group, "--from-beginning"]
    assert twins.ours(CONSUMER, *AT, *consume).ok().lines == ["v0", "v1", "v2"]
    assert twins.stock(CONSUMER, *AT, *consume).ok().lines == ["v3", "v4", "v5"]
    assert twins.ours(CONSUMER, *AT, *consume).ok().lines == ["v6", "v7", "v8"]
    rows = shell.groups("--describe", "--group", group).ok().table
    assert rows[-1].split()[:6] == [group, topic, "0", "9", "9", "0"]


def test_members_of_a_group_share_the_partitions_whoever_they_are(twins, shell):
    topic, group = shell.create(twins._name("shared"), 4), twins._name("shared")
    # From the beginning: that a member has a partition is seen before it knows where the partition ends.
    at = ["--bootstrap-server", twins.broker.bootstrap, "--topic", topic, "--group", group, "--from-beginning"]
    ours = start_native(CONSUMER, *at)
    eventually(lambda: owned(shell, group) == [4], "the first member has all partitions", 90)
    second = start_native(CONSUMER, *at, "--command-property",
                          "partition.assignment.strategy=org.apache.kafka.clients.consumer.CooperativeStickyAssignor")
    eventually(lambda: owned(shell, group) == [2, 2], "the second has half of them", 90)
    stock = shell.start("consumer.ConsoleConsumer", "--topic", topic, "--group", group, "--from-beginning",
                        "--command-property", "group.protocol=classic")
    eventually(lambda: owned(shell, group) == [1, 1, 2], "the stock consumer has its share", 90)
    shell.produce(topic, [f"k{number}\tv{number}" for number in range(100)], "--reader-property", "parse.key=true").ok()
    eventually(lambda: len(ours.lines) + len(second.lines) + len(stock.lines) == 100, "every record is read by one of them", 90)
    assert ours.stop(signal.SIGTERM).code == 143
    assert second.stop(signal.SIGINT).code == 130
    eventually(lambda: owned(shell, group) == [4], "who leaves is gone at once")
    stock.stop()
    for run in (ours, second):
        assert run.err.rstrip().endswith(f"Processed a total of {len(run.lines)} messages")


def java_hash(text: str) -> int:
    """`String.hashCode`, made positive as the group coordinator does (`Utils.abs`)."""
    code = 0
    for letter in text:
        code = (31 * code + ord(letter)) & 0xFFFFFFFF
    code -= (code & 0x80000000) << 1
    return 0 if code == -0x80000000 else abs(code)


def owned(shell, group: str) -> list[int]:
    """How many partitions each member has."""
    run = shell.groups("--describe", "--group", group, "--members")
    rows = [line.split() for line in run.lines if line.startswith(group) and not line.startswith("GROUP")]
    return sorted(int(row[-1]) for row in rows)


def test_nobody_reading_the_output_ends_the_consumer(twins, written):
    command = [CONSUMER, "--bootstrap-server", twins.broker.bootstrap, "--topic", written, "--from-beginning"]
    # Closed before the start: what fits into a pipe may be written before anybody could close it.
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(command, executable=paths.klamm_binary(), stdout=writing, stderr=subprocess.PIPE) as run:
        os.close(writing)
        err = run.stderr.read().decode()
        assert run.wait(60) == 0
    assert "Unable to write to standard out, closing consumer." in err


def test_records_of_coordinators_are_printed_as_json(twins, shell):
    topic, group = shell.create(twins._name("json"), 1), twins._name("json")
    shell.produce(topic, ["a", "b"]).ok()
    shell.consume(topic, 2, "--group", group, "--from-beginning").ok()
    # The one partition that is this group's, up to its end: no time limit needs to guess when everything was read.
    partition = java_hash(group) % 50
    end = shell.offsets("--topic-partitions", f"__consumer_offsets:{partition}")[0].split(":")[2]
    for formatter in ("OffsetsMessageFormatter", "GroupMetadataMessageFormatter"):
        args = ["--topic", "__consumer_offsets", "--partition", partition, "--offset", "earliest", "--max-messages", end, "--timeout-ms", 60000,
                "--formatter", f"org.apache.kafka.tools.consumer.{formatter}"]
        stock, ours = twins.both(CONSUMER, *AT, *args)
        rows = [sorted(row for row in run.out.replace('}{"key"', '}\n{"key"').splitlines() if group in row) for run in (stock, ours)]
        assert_equal(rows[1], rows[0], formatter)
        assert rows[1] and all(json.loads(row)["key"]["data"]["group"] == group for row in rows[1])


def test_a_signal_ends_the_producer_and_what_was_read_is_sent(twins, shell):
    topic = shell.create(twins._name("stopped"), 1)
    command = [PRODUCER, "--bootstrap-server", twins.broker.bootstrap, "--topic", topic, "--timeout", "600000", "--command-property",
               "delivery.timeout.ms=900000"]
    # Two of them are too large for one batch: with the fourth one there, the fifth is in a batch that lingers.
    lines = [f"v{number}" + "." * 10_000 for number in range(5)]
    with subprocess.Popen(command, executable=paths.klamm_binary(), stdin=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        run.stdin.write("".join(f"{line}\n" for line in lines).encode() + b"this line has no end")
        run.stdin.flush()
        eventually(lambda: int(shell.offsets("--topic", topic)[0].split(":")[2]) == 4, "all but the last batch are there")
        run.send_signal(signal.SIGTERM)
        assert run.wait(60) == 143, run.stderr.read()
    assert int(shell.offsets("--topic", topic)[0].split(":")[2]) == 5
    assert shell.consume(topic, 5, "--from-beginning").ok().lines == lines
