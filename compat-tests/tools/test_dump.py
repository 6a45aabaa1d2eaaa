"""kafka-dump-log reads what the broker wrote: logs, indexes, producer snapshots, committed offsets."""

import json
import re
from itertools import takewhile
from pathlib import Path

import pytest

from harness import Shell

SEGMENT = "2097152"
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]

VOLATILE = [(r"Dumping \S+/", "Dumping "), (r"CreateTime: \d+", "CreateTime: TIME"), (r"LogAppendTime: \d+", "LogAppendTime: TIME"),
            (r"crc: \d+", "crc: CRC"), (r"producerId: \d+", "producerId: PID"), (r"timestamp: \d+", "timestamp: TIME"),
            (r"lastTimestamp: \d+", "lastTimestamp: TIME")]


def dump(tools, *files, words=()):
    """One run over several files; a file that the tool finds fault with fails the test."""
    run = tools.run("DumpLogSegments", "--files", ",".join(map(str, files)), *words).ok()
    text = run.out + run.err
    for complaint in ("Mismatch", "out of order", "isvalid: false", "Exception", "Found"):
        assert complaint not in text, f"{complaint} in\n{text[-3000:]}"
    # The tool takes each segment but the first for a gap after offset -1. Any other gap is one.
    gaps = re.findall(r"^\s*\d+ is followed by .*$", text, re.M)
    assert not gaps, gaps
    return run


def files(partition: Path, *suffixes: str) -> list[Path]:
    return sorted(path for path in partition.iterdir() if path.suffix in suffixes)


def sizes(run) -> int:
    """What the batches of a log take together."""
    return sum(int(size) for size in re.findall(r"^baseOffset: .* size: (\d+) ", run.out, re.M))


def stamped_alike(lines: list[str]) -> list[str]:
    """The lines of a log with the sizes of its plain batches as if all their records were of one time.

    A record tells its time as a distance from the first one's, which takes more bytes the slower the producer was.
    """
    told = list(lines)
    for at, line in enumerate(lines):
        if line.startswith("baseOffset: ") and "compresscodec: none" in line:
            records = takewhile(lambda record: record.startswith("| offset: "), lines[at + 1:])
            times = [int(re.search(r"CreateTime: (\d+)", record)[1]) for record in records]
            more = sum(varint_bytes(time - times[0]) - 1 for time in times)
            told[at] = re.sub(r"(?<= size: )\d+", lambda size: str(int(size[0]) - more), line)
    return told


def varint_bytes(value: int) -> int:
    zigzag = 2 * value if value >= 0 else -2 * value - 1
    return max(1, -(-zigzag.bit_length() // 7))


# In one batch, however long the producer takes to read its lines.
LINGER = ["--timeout", 60000]


def test_a_log_is_read_as_it_was_written(shell, tools, broker, name, same):
    topic = shell.create(name("small"))
    for codec in CODECS:
        lines = [f"h:{codec}\tkey{number}\t{codec} {number}" for number in range(3)]
        shell.produce(topic, lines, *LINGER, "--compression-codec", codec, "--reader-property", "parse.key=true",
                      "--reader-property", "parse.headers=true").ok()
    logs = files(broker.data / f"{topic}-0", ".log")
    run = dump(tools, *logs, words=["--deep-iteration", "--print-data-log"])
    assert sizes(run) == sum(path.stat().st_size for path in logs)
    # The very bytes of a batch depend on the clock (gzip) and on nothing else, so sizes are compared for the plain one only.
    same(stamped_alike(run.lines), [*VOLATILE, (r"position: (?!0\b)\d+", "position: P"), (r"size: \d+ (?=magic: 2 compresscodec: (?!none))", "size: S ")])
    assert run.out.count("| offset: ") == 15
    assert [codec for codec in re.findall(r"compresscodec: (\w+)", run.out)] == CODECS


def test_a_log_of_broker_time_is_read_too(shell, tools, broker, name, same):
    topic = shell.create(name("appended"), 1, message_timestamp_type="LogAppendTime")
    shell.produce(topic, ["a", "b", "c"], *LINGER).ok()
    logs = files(broker.data / f"{topic}-0", ".log")
    run = dump(tools, *logs, words=["--deep-iteration", "--print-data-log"])
    assert sizes(run) == sum(path.stat().st_size for path in logs)
    # The distances between the producer's times are still in the log, unseen, and may take a byte more or less.
    same(run.lines, [*VOLATILE, (r" size: \d+ ", " size: S ")])
    assert "LogAppendTime: " in run.out


@pytest.mark.parametrize("codec", CODECS)
def test_rolled_segments_and_their_indexes_are_sound(shell, tools, broker, name, codec):
    # A codec that shrinks nothing here (the payload is random) keeps the number of segments the same for all.
    topic = shell.create(name("rolled"), 1, segment_bytes=SEGMENT, index_interval_bytes=1024)
    shell.run("ProducerPerformance", "--topic", topic, "--num-records", 6000, "--record-size", 2000, "--throughput", -1,
              "--command-property", f"compression.type={codec}", "--command-property", "batch.size=8000").ok()
    partition = broker.data / f"{topic}-0"
    logs, offset_indexes, time_indexes = (files(partition, suffix) for suffix in (".log", ".index", ".timeindex"))
    assert len(logs) >= 4
    assert [path.stem for path in logs] == [path.stem for path in offset_indexes] == [path.stem for path in time_indexes]
    assert all(path.stat().st_size <= int(SEGMENT) for path in logs)
    run = dump(tools, *logs, words=["--deep-iteration"])
    offsets = [int(number) for number in re.findall(r"^\| offset: (\d+)", run.out, re.M)]
    assert offsets == list(range(6000))
    # The indexes of the segment that is still written to may have room for more entries: Kafka's own do not pass before a stop.
    closed = [*offset_indexes[:-1], *time_indexes[:-1]]
    sane = dump(tools, *closed, words=["--index-sanity-check"])
    assert sane.out.count("passed sanity check.") == len(closed)
    # Without a flag every entry of an index is held against its log.
    entries = dump(tools, *offset_indexes[:-1])
    assert len(re.findall(r"^offset: \d+ position: \d+", entries.out, re.M)) > 100
    dump(tools, *time_indexes[:-1])


def test_everything_that_a_clean_stop_leaves_is_sound(tools, fresh_broker, name, same, tmp_path):
    shell = Shell(tools, fresh_broker.start())
    topic = shell.create(name("stopped"), 1, segment_bytes=SEGMENT, index_interval_bytes=1024)
    for codec in CODECS:
        shell.run("ProducerPerformance", "--topic", topic, "--num-records", 1500, "--record-size", 1500, "--throughput", -1,
                  "--command-property", f"compression.type={codec}").ok()
    cut = shell.create(name("cut"))
    shell.produce(cut, [f"v{number}" for number in range(9)]).ok()
    (tmp_path / "cut.json").write_text(json.dumps({"partitions": [{"topic": cut, "partition": 0, "offset": 5}], "version": 1}))
    shell.run("DeleteRecordsCommand", "--offset-json-file", tmp_path / "cut.json").ok()
    assert fresh_broker.stop() in (0, 143)
    partition = fresh_broker.data / f"{topic}-0"
    run = dump(tools, *files(partition, ".log"), words=["--deep-iteration"])
    assert [int(number) for number in re.findall(r"^\| offset: (\d+)", run.out, re.M)] == list(range(7500))
    dump(tools, *files(partition, ".index", ".timeindex"), words=["--index-sanity-check"])
    dump(tools, *files(partition, ".index", ".timeindex"))
    snapshots = files(partition, ".snapshot")
    last = dump(tools, snapshots[-1])
    # Kafka keeps the last batch of each producer. klamm keeps up to five, oldest first, and a reader lets the last one win.
    newest = {re.match(r"producerId: (\d+)", line)[1]: line for line in last.lines if line.startswith("producerId: ")}
    same(list(newest.values()), [*VOLATILE, (r"(firstSequence|lastSequence|lastOffset|offsetDelta): \d+", r"\1: N")])
    assert len(newest) == 5
    same([int(snapshots[-1].stem), (partition / "leader-epoch-checkpoint").read_text()])
    same(re.sub(r"topic_id: [\w-]{22}", "topic_id: ID", (partition / "partition.metadata").read_text()))
    starts = (fresh_broker.data / "log-start-offset-checkpoint").read_text()
    assert starts.splitlines() == ["0", "1", f"{cut} 0 5"]
    same(starts)
    checkpoint = (fresh_broker.data / "recovery-point-offset-checkpoint").read_text().splitlines()
    assert checkpoint[0] == "0" and f"{topic} 0 7500" in checkpoint
    shell.broker.start()
    assert shell.offsets("--topic", cut, "--time", "earliest") == [f"{cut}:0:5"]
    assert shell.offsets("--topic", topic) == [f"{topic}:0:7500"]
    shell.run("ConsumerPerformance", "--topic", topic, "--num-records", 7500, "--timeout", 60000).ok()


def test_a_killed_broker_recovers_to_sound_files(tools, fresh_broker, name, same):
    shell = Shell(tools, fresh_broker.start())
    topic = shell.create(name("killed"), 1, segment_bytes=SEGMENT, index_interval_bytes=1024)
    shell.run("ProducerPerformance", "--topic", topic, "--num-records", 3000, "--record-size", 2000, "--throughput", -1).ok()
    fresh_broker.restart(hard=True)
    same(shell.offsets("--topic", topic))
    shell.run("ProducerPerformance", "--topic", topic, "--num-records", 1000, "--record-size", 2000, "--throughput", -1).ok()
    assert shell.offsets("--topic", topic) == [f"{topic}:0:4000"]
    fresh_broker.stop()
    partition = fresh_broker.data / f"{topic}-0"
    run = dump(tools, *files(partition, ".log"), words=["--deep-iteration"])
    assert [int(number) for number in re.findall(r"^\| offset: (\d+)", run.out, re.M)] == list(range(4000))
    dump(tools, *files(partition, ".index", ".timeindex"))


def java_hash(text: str) -> int:
    """String.hashCode."""
    value = 0
    for character in text:
        value = (31 * value + ord(character)) & 0xFFFFFFFF
    return value - (1 << 32) if value >= 1 << 31 else value


def offsets_partition(group: str, partitions: int = 50) -> int:
    return abs(java_hash(group)) % partitions


def test_committed_offsets_and_groups_are_kept_in_kafkas_records(shell, tools, broker, name, same):
    topic, group = shell.create(name("kept"), 2), name("kept")
    shell.produce(topic, [f"k{number}\tv{number}" for number in range(10)], "--reader-property", "parse.key=true").ok()
    shell.consume(topic, 10, "--group", group, "--from-beginning").ok()
    shell.groups("--reset-offsets", "--group", group, "--topic", topic, "--to-earliest", "--execute").ok()
    shell.groups("--delete-offsets", "--group", group, "--topic", f"{topic}:1").ok()
    shell.groups("--delete", "--group", group).ok()
    partition = broker.data / f"__consumer_offsets-{offsets_partition(group)}"
    run = dump(tools, *files(partition, ".log"), words=["--deep-iteration", "--offsets-decoder"])
    rows = [re.sub(r"^.*?(key: )", r"\1", line) for line in run.lines if group in line and "key: " in line]
    kinds = {re.search(r'"type":"?(\d+)', row)[1] for row in rows if re.search(r'"type":"?(\d+)', row)}
    assert kinds == {"1", "2"}, rows
    ids = [(r"(consumer|console-consumer)(-[\w-]+?)?-\d*-?UUID", "MEMBER"), (r'"clientId":"[^"]*"', '"clientId":"ID"'),
           (r'"(subscription|assignment)":"[^"]*"', r'"\1":"BYTES"'),
           (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UUID"),
           (r'"topicId":"[\w-]{22}"', '"topicId":"ID"'), (r'[Tt]imestamp":\d+', 'timestamp":TIME')]
    same(sorted(set(mask_all(rows, ids))))


def mask_all(rows, rules):
    for pattern, replacement in [rules[3], *rules[:3], *rules[4:]]:
        rows = [re.sub(pattern, replacement, row) for row in rows]
    return rows


def test_a_formatter_reads_the_offsets_topic_as_a_consumer(shell, name, same):
    topic, group = shell.create(name("formatted"), 1), name("formatted")
    shell.produce(topic, ["a", "b"]).ok()
    shell.consume(topic, 2, "--group", group, "--from-beginning").ok()
    partition = offsets_partition(group)
    count = int(shell.offsets("--topic-partitions", f"__consumer_offsets:{partition}")[0].split(":")[2])
    for formatter in ("OffsetsMessageFormatter", "GroupMetadataMessageFormatter"):
        run = shell.consume("__consumer_offsets", count, "--partition", partition, "--offset", "earliest",
                            "--formatter", f"org.apache.kafka.tools.consumer.{formatter}").ok()
        # The formatters write no line ends.
        rows = [row for row in run.out.replace('}{"key"', '}\n{"key"').splitlines() if f'"{group}"' in row]
        assert rows, run.out
        if formatter.startswith("Offsets"):
            same(rows[-1], [(r'imestamp":\d+', 'imestamp":TIME'), (r'"topicId":"[\w-]{22}"', '"topicId":"ID"')])
