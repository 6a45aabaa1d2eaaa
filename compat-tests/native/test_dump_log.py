"""kafka-dump-log: both tools on the same files, of Kafka's broker and of klamm's, whole and broken."""

import json
import re
import shutil
import struct
from pathlib import Path

import pytest

from harness import Shell
from harness.compare import assert_equal
from harness.native import Twins
from native.stock_words import words

TOOL = "kafka-dump-log"
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
SEGMENT = "1048576"


def same(twins, paths, *options):
    """Both tools on these very files; stdout, exit code and the words on stderr must be equal. Returns our run."""
    paths = [paths] if isinstance(paths, (str, Path)) else paths
    stock, ours = (run(TOOL, "--files", ",".join(map(str, paths)), *options) for run in (twins.stock, twins.ours))
    line = f"{[str(path) for path in paths]} {options}"
    assert_equal(ours.out, stock.out, f"stdout of {line}")
    assert_equal(told(ours), told(stock), f"stderr of {line}")
    assert ours.code == stock.code, f"{line}: {ours.code}, stock {stock.code}"
    return ours


def told(run):
    """The words on stderr. What is wrong within a record is said in words of our own; that and where it is must be the same."""
    text = re.sub('(?m)^Exception in thread "main" ', "", run.err)
    text = re.sub("(?m)^org.apache.kafka.common.errors.", "", text)
    return words(re.sub("(?m)^(org.apache.kafka.common.InvalidRecordException): .*", r"\1", text))


@pytest.fixture
def shell(tools, broker):
    return Shell(tools, broker)


def files(partition: Path, *suffixes: str) -> list[Path]:
    return sorted(path for path in partition.iterdir() if path.suffix in suffixes)


def copied(partition: Path, target: Path, *suffixes: str) -> list[Path]:
    """Copies of a partition's files of these kinds: a broker that runs makes, grows and renames others beside them."""
    target.mkdir(parents=True)
    return [Path(shutil.copy(path, target)) for path in files(partition, *suffixes)]


LOGS: dict[str, Path] = {}


@pytest.fixture
def log(shell, broker, name, tmp_path):
    """The log of a copied partition, with batches of every codec; made once for each broker."""
    if broker.kind not in LOGS:
        topic = shell.create(f"mixed-{broker.kind}")
        for codec in CODECS:
            lines = [f"h:{codec},i:\tkey{number}\t{codec} \u00e4 {number}" for number in range(3)]
            shell.produce(topic, lines, "--compression-codec", codec, "--reader-property", "parse.key=true",
                          "--reader-property", "parse.headers=true", "--reader-property", "null.marker=none \u00e4 1").ok()
        LOGS[broker.kind] = broker.data / f"{topic}-0"
    copied(LOGS[broker.kind], tmp_path / "partition", ".log", ".index", ".timeindex")
    return files(tmp_path / "partition", ".log")[0]


@pytest.mark.parametrize("options", [
    [], ["--deep-iteration"], ["--print-data-log"], ["--print-data-log", "--skip-record-metadata"], ["--max-bytes", "300"],
    ["--value-decoder-class", "org.apache.kafka.tools.api.StringDecoder"], ["--key-decoder-class"],
    ["--key-decoder-class", "org.apache.kafka.tools.api.IntegerDecoder"], ["--offsets-decoder"], ["--transaction-log-decoder"],
    ["--share-group-state-decoder", "--skip-record-metadata"], ["-deep-iteration"], ["--max-bytes", "x"], ["--max-bytes", "-1"],
    ["--value-decoder-class", "x.Y"], ["--bogus"],
], ids=" ".join)
def test_a_log_of_every_codec(twins, log, options):
    same(twins, log, *options)


def test_a_log_with_the_broker_s_time(twins, shell, broker, name):
    topic = shell.create(name("appended"), 1, message_timestamp_type="LogAppendTime")
    shell.produce(topic, ["a", "b"]).ok()
    ours = same(twins, files(broker.data / f"{topic}-0", ".log"), "--print-data-log")
    assert "LogAppendTime: " in ours.out


def test_segments_indexes_and_snapshots_after_a_stop(tools, fresh_broker, name):
    shell = Shell(tools, fresh_broker.start())
    topic = shell.create(name("rolled"), 1, segment_bytes=SEGMENT, index_interval_bytes=1024)
    shell.run("ProducerPerformance", "--topic", topic, "--num-records", 3000, "--record-size", 1500, "--throughput", -1,
              "--command-property", "batch.size=8000").ok()
    fresh_broker.stop()
    twins, partition = Twins(tools, fresh_broker, name), fresh_broker.data / f"{topic}-0"
    logs, indexes, times, snapshots = (files(partition, suffix) for suffix in (".log", ".index", ".timeindex", ".snapshot"))
    assert len(logs) >= 4 and snapshots
    # One by one: Java tells of several files in the order of their names' hashes.
    for path in logs:
        same(twins, path, "--deep-iteration")
    for options in ([], ["--verify-index-only"], ["--index-sanity-check"]):
        same(twins, indexes[0], *options)
        same(twins, times[0], *options)
    same(twins, [*indexes, *times])
    same(twins, [*snapshots, indexes[0], logs[0]])


def test_indexes_that_are_still_written_to(twins, shell, broker, name, tmp_path):
    topic = shell.create(name("written"), 1, index_interval_bytes=1024)
    shell.run("ProducerPerformance", "--topic", topic, "--num-records", 300, "--record-size", 1500, "--throughput", -1,
              "--command-property", "batch.size=4000").ok()
    copied(broker.data / f"{topic}-0", tmp_path / "partition", ".log", ".index", ".timeindex")
    for path in files(tmp_path / "partition", ".index", ".timeindex"):
        same(twins, path)


def logs_of(broker, topic: str, tmp_path) -> list[Path]:
    """Copies of the logs of a topic that brokers write to by themselves, those that are not empty."""
    copies = [path for folder in sorted(broker.data.glob(f"{topic}-*")) for path in copied(folder, tmp_path / folder.name, ".log")]
    return [path for path in copies if path.stat().st_size]


def test_committed_offsets_and_groups(twins, shell, broker, name, tmp_path):
    topic, group = shell.create(name("kept"), 2), name("kept")
    shell.produce(topic, [f"k{number}\tv{number}" for number in range(10)], "--reader-property", "parse.key=true").ok()
    for protocol in ("classic", "consumer") if broker.kind == "kafka" else ("classic",):
        shell.run("consumer.ConsoleConsumer", "--topic", topic, "--max-messages", 10, "--timeout-ms", 60000, "--from-beginning",
                  "--group", f"{group}-{protocol}", "--command-property", f"group.protocol={protocol}").ok()
    shell.groups("--reset-offsets", "--group", f"{group}-classic", "--topic", topic, "--to-earliest", "--execute").ok()
    shell.groups("--delete", "--group", f"{group}-classic").ok()
    logs = logs_of(broker, "__consumer_offsets", tmp_path)
    ours = same(twins, logs, "--offsets-decoder")
    kinds = set(re.findall(r'key: \{"type":"(\d+)"', ours.out))
    assert kinds >= {"1", "2"} and (broker.kind == "klamm" or kinds >= {"1", "2", "3", "5", "6", "7", "8"}), kinds
    assert '"subscription":{"topics":["' in ours.out and "payload: <DELETE>" in ours.out
    same(twins, logs, "--offsets-decoder", "--skip-record-metadata")
    same(twins, logs, "--print-data-log")


def test_the_topics_that_only_kafka_writes(tools, pool, name, tmp_path):
    broker = pool.get("kafka")
    shell, twins = Shell(tools, broker), Twins(tools, broker, name)
    topic = shell.create(name("sent"))
    shell.run("ProducerPerformance", "--topic", topic, "--num-records", 20, "--record-size", 10, "--throughput", -1,
              "--transactional-id", name("tx")).ok()
    shell.configs("--alter", "--entity-type", "topics", "--entity-name", topic, "--add-config", "retention.ms=99999").ok()
    shell.configs("--alter", "--entity-type", "users", "--entity-name", name("u"), "--add-config", "producer_byte_rate=1048576").ok()
    shell.configs("--alter", "--entity-type", "users", "--entity-name", name("u"), "--add-config", "consumer_byte_rate=20000000").ok()
    shell.configs("--alter", "--entity-type", "users", "--entity-name", name("u"), "--add-config", "SCRAM-SHA-256=[password=p]").ok()
    # A commit is answered before its markers are written; behind them there is something to read.
    shell.consume(topic, 20, "--from-beginning", "--isolation-level", "read_committed").ok()
    ours = same(twins, logs_of(broker, "__transaction_state", tmp_path), "--transaction-log-decoder")
    assert '"transactionStatus":' in ours.out
    assert "endTxnMarker: COMMIT" in same(twins, broker.data / f"{topic}-0" / f"{0:020}.log", "--print-data-log").out
    metadata = copied(broker.data / "__cluster_metadata-0", tmp_path / "__cluster_metadata-0", ".log", ".checkpoint")
    ours = same(twins, [*metadata, broker.data / "bootstrap.checkpoint"], "--cluster-metadata-decoder")
    said = [json.loads(text) for text in re.findall(r"payload: (\{.*)", ours.out)]
    assert {"TOPIC_RECORD", "PARTITION_RECORD", "CONFIG_RECORD", "CLIENT_QUOTA_RECORD"} <= {one["type"] for one in said}
    assert "LeaderChange: {" in ours.out and "KRaft bootstrap snapshot" in ours.out
    same(twins, metadata, "--print-data-log", "--skip-record-metadata")


def first_batch_size(content: bytes) -> int:
    return struct.unpack(">i", content[8:12])[0] + 12


def put(where: int, value: bytes):
    return lambda content: content[:where] + value + content[where + len(value):]


@pytest.mark.parametrize("change", [
    put(8, struct.pack(">i", 5)), put(8, struct.pack(">i", -5)), put(8, struct.pack(">i", 20)), put(8, b"\x7f\xff\xff\xff"), put(16, b"\x03"),
    put(22, b"\x06"), put(22, b"\x05"), put(70, b"\xff"), put(61, b"\x7f"), put(57, struct.pack(">i", 1)), put(57, struct.pack(">i", 0)),
    put(57, struct.pack(">i", -1)), put(23, struct.pack(">i", 9)), put(0, struct.pack(">q", 77)), put(43, struct.pack(">q", 5)),
    put(21, b"\x00\x40"), put(21, b"\x00\x20"), lambda content: content[:-1], lambda content: content[:16], lambda content: b"",
    lambda content: content + b"\0" * 99, lambda content: content[first_batch_size(content):],
], ids=range(22))
def test_broken_logs(twins, log, change):
    log.write_bytes(change(log.read_bytes()))
    same(twins, log, "--print-data-log")
    same(twins, log)


@pytest.mark.parametrize("suffix, content", [
    (".index", struct.pack(">ii", 5, 99999)), (".index", struct.pack(">ii", 5, 0)), (".index", struct.pack(">ii", 5, -1)),
    (".index", b"\xff" * 9), (".index", b""), (".index", b"\0" * 80), (".index", b"\1"),
    (".timeindex", struct.pack(">qi", 5, 2) + struct.pack(">qi", 4, 1)), (".timeindex", b"\xff" * 13), (".timeindex", b""),
    (".timeindex", struct.pack(">qi", 5, 99)), (".timeindex", b"\0" * 48), (".timeindex", struct.pack(">qi", 5, 2) * 2),
    (".snapshot", b"\xff" * 13), (".snapshot", b""), (".snapshot", b"\0\1" + b"\0" * 8), (".snapshot", b"\0\1" + b"\0" * 4),
    (".txnindex", struct.pack(">hqqqq", 0, 1, 2, 3, 4) * 2 + b"x"), (".txnindex", b""), (".checkpoint", b"x"), (".other", b"x"),
])
def test_broken_files_beside_a_log(twins, log, suffix, content):
    path = log.with_suffix(suffix)
    path.write_bytes(content)
    same(twins, path)
    same(twins, path, "--index-sanity-check")


def test_names_that_say_nothing(twins, tmp_path):
    for name in ("1.log", "x.log", "x.txnindex", "x.checkpoint", f"{5:020}-{7:010}.checkpoint", "5.snapshot", "5.index", "noext", "5.timeindex"):
        same(twins, tmp_path / name)
    (tmp_path / "00000000000000000000.log").mkdir()
    same(twins, tmp_path / "00000000000000000000.log")
    same(twins, f"{tmp_path}//x,,")


@pytest.mark.parametrize("line", ["", "--help", "--version", "--print-data-log", "--files", "--files a --files b", "--deep x"])
def test_words_that_are_no_dump(twins, line):
    stock, ours = twins.stock(TOOL, *line.split()), twins.ours(TOOL, *line.split())
    if line == "--version":
        assert (stock.out, ours.out.split(" ")[0]) == ("4.3.1\n", "4.3.1")
    assert_equal(told(ours), told(stock), line)
    assert ours.code == stock.code
