"""kafka-storage: both tools on directories of their own, and a broker on what ours has formatted."""

import re
from types import SimpleNamespace

import pytest

from harness import Klamm
from harness.compare import assert_equal
from harness.native import Twins, native
from native.stock_words import words

IDS = [(r"directory\.id=[\w-]{22}", "directory.id=ID")]

STATIC = {
    "process.roles": "broker,controller", "node.id": 1, "controller.quorum.voters": "1@localhost:9093",
    "listeners": "PLAINTEXT://:9092,CONTROLLER://:9093", "controller.listener.names": "CONTROLLER", "log.dirs": "HOME/a,HOME/b",
}
DYNAMIC = {key: value for key, value in STATIC.items() if key != "controller.quorum.voters"} | {
    "controller.quorum.bootstrap.servers": "localhost:9093"
}


class Storage:
    """One node of each side: `same(...)` runs both tools, in whose arguments FILE stands for the node's configuration."""

    def __init__(self, twins, home):
        self.twins, self.home = twins, home
        self.configure(STATIC)

    def side(self, side):
        return self.home / self.twins.fill(side, "{node}")

    def configure(self, properties):
        for side in ("stock", "ours"):
            home = self.side(side)
            home.mkdir(exist_ok=True)
            lines = "".join(f"{key}={value}\n" for key, value in properties.items())
            (home / "server.properties").write_text(lines.replace("HOME", str(home)))

    def each(self, change):
        """Does something to the folder of each side."""
        for side in ("stock", "ours"):
            change(self.side(side))

    def same(self, *args, order=True):
        # Where a failure is printed with its stack, ours prints its first line.
        # Which of two formatted directories is named is chance in Java.
        rules = [*IDS, (r"(?m)^\tat .*\n", ""), (r"/[ab] is already formatted", "/a is already formatted"),
                 (r"in(:?) (\S+)/[ab]/meta.properties", r"in\1 \2/a/meta.properties")]
        file = f"{self.home}/{{node}}/server.properties"
        stock, ours = self.twins.same(
            "kafka-storage", *(str(word).replace("FILE", file) for word in args), rules=rules, order=order)
        self.same_words(stock, ours, rules)
        return ours

    def same_words(self, stock, ours, rules=(), ignored="\n"):
        told = lambda side, run: once(re.sub('^Exception in thread "main" ', "", line)
                                      for line in words(self.twins.masked(side, run.err, rules)) if ignored not in line)
        assert_equal(told("ours", ours), told("stock", stock), f"stderr of {ours}")


def once(lines):
    """An exit with a message prints it once more in the host of the stock tools."""
    found = []
    for line in lines:
        if found[-1:] != [line]:
            found.append(line)
    return found


@pytest.fixture
def storage(tools, name, tmp_path):
    return Storage(Twins(tools, SimpleNamespace(bootstrap="-"), name), tmp_path)


def test_a_node_is_formatted_once_and_told_about(storage):
    assert storage.same("info", "-c", "FILE").code == 1
    ours = storage.same("format", "-t", "abc", "-c", "FILE", order=False)
    assert "Formatting metadata directory" in ours.out
    meta = lambda home: dict(line.split("=") for line in (home / "a" / "meta.properties").read_text().splitlines() if "=" in line)
    of_ours, of_stock = meta(storage.side("ours")), meta(storage.side("stock"))
    assert of_ours.keys() == of_stock.keys() and of_ours["cluster.id"] == "abc" and of_ours["version"] == "1"
    storage.same("info", "--config", "FILE")
    assert storage.same("format", "-t", "abc", "-c", "FILE").code == 1
    storage.same("format", "-t", "abc", "-c", "FILE", "--ignore-formatted")
    storage.same("format", "-t", "other", "-c", "FILE", "-g")
    storage.configure(STATIC | {"node.id": 2, "controller.quorum.voters": "2@localhost:9093"})
    storage.same("format", "-t", "abc", "-c", "FILE", "-g")
    storage.same("info", "-c", "FILE")
    storage.configure(STATIC)
    storage.each(lambda home: (home / "b" / "meta.properties").unlink())
    storage.same("format", "-t", "abc", "-c", "FILE", "-g")


def test_the_directory_of_the_metadata_may_be_another_one(storage):
    storage.configure(STATIC | {"metadata.log.dir": "HOME/m"})
    ours = storage.same("format", "-t", "abc", "-c", "FILE", order=False)
    assert re.search(r"Formatting metadata directory \S+/m ", ours.out)
    storage.same("info", "-c", "FILE")


@pytest.mark.parametrize("meta", ["version=1\n", "version=7\ncluster.id=a\n", "version=0\ncluster.id=a\nbroker.id=1\n", ""])
def test_a_broken_directory_is_told_and_passed_over(storage, meta):
    storage.same("format", "-t", "abc", "-c", "FILE", order=False)
    storage.each(lambda home: (home / "a" / "meta.properties").write_text(meta))
    storage.same("info", "-c", "FILE")
    storage.same("format", "-t", "abc", "-c", "FILE", "-g")


def test_a_file_in_the_place_of_a_directory_is_told(storage):
    storage.each(lambda home: (home / "a").write_text("x"))
    storage.same("info", "-c", "FILE")
    storage.same("format", "-t", "abc", "-c", "FILE")


VOTER = "1@localhost:9093:JEXY6aqzQY-32P5TStzaFg"


@pytest.mark.parametrize("flags", [
    [], ["-s"], ["--standalone"], ["-N"], ["-I", VOTER], ["-I", VOTER.replace("1@", "2@")], ["-I", "nonsense"], ["-I", f"{VOTER},{VOTER}"],
    ["-I", "x@localhost:9093:xx"], ["-I", "1@localhost"], ["-I", "1@localhost:zz:xx"], ["-I", "1@localhost:9093:xx"], ["-I", "-1@a:1:b"],
    ["-s", "-N"], ["-N", "-r", "3.9"], ["-N", "-r", "3.0"], ["-N", "-r", "4.4-IV0"], ["-N", "-f", "metadata.version=9", "-r", "3.9"],
    ["-N", "-f", "metadata.version=99"], ["-N", "-f", "metadata.version=31"], ["-N", "-f", "x=9"], ["-N", "-f", "x"], ["-N", "-f", "=1"],
    ["-N", "-f", "group.version=9"], ["-N", "-f", "group.version=z"], ["-N", "-f", "group.version=0"], ["-N", "-f", "kraft.version=0"],
    ["-N", "-r", "3.9", "-f", "eligible.leader.replicas.version=1"], ["-N", "-S", "nonsense"], ["-N", "-S", "SCRAM-SHA-1=[name=a]"],
    ["-N", "-S", "SCRAM-SHA-256=name=a"], ["-N", "-S", "SCRAM-SHA-256=[password=b]"], ["-N", "-S", "SCRAM-SHA-256=[name=a]"],
], ids=" ".join)
def test_flags_of_a_quorum_features_and_releases(storage, flags):
    storage.configure(DYNAMIC)
    file = f"{storage.home}/{{node}}/server.properties"
    stock, ours = storage.twins.same(
        "kafka-storage", "format", "-t", "abc", "-c", file, *flags, rules=IDS, order=False)
    # Ours also says that the levels which were asked for change nothing.
    storage.same_words(stock, ours, ignored="a klamm broker serves its own feature levels")


@pytest.mark.parametrize("change", [
    {"process.roles": None}, {"node.id": None}, {"node.id": "x"}, {"node.id": -3}, {"controller.listener.names": None},
    {"process.roles": "foo"}, {"process.roles": ""}, {"log.dirs": ""}, {"log.dirs": "a,,b"}, {"controller.quorum.voters": "2@localhost:9093"},
    {"controller.quorum.voters": ""}, {"node.id": None, "broker.id": 1},
    {"process.roles": "broker", "listeners": "PLAINTEXT://:9092"},
], ids=str)
def test_a_configuration_that_says_no_node_is_refused(storage, change):
    storage.configure({key: value for key, value in (STATIC | change).items() if value is not None})
    storage.same("format", "-t", "abc", "-c", "FILE", order=False)


@pytest.mark.parametrize("line", [
    "", "foo", "f", "format", "format -t a", "format --standalone --no-initial-controllers", "format --bogus", "format --cluster-ids",
    "format -t", "format --standalone=x", "info a b", "info -c /nonexistent", "info -c /tmp", "version-mapping", "version-mapping -r 3.9",
    "version-mapping -r 4.0-IV1", "version-mapping -r 4.4-IV0", "version-mapping -r 2.9", "version-mapping -r 3.7.1",
    "feature-dependencies", "feature-dependencies -f x", "feature-dependencies -f x=1", "feature-dependencies -f group.version=y",
    "feature-dependencies -f metadata.version=99", "feature-dependencies -f kraft.version=2", "feature-dependencies -f streams.version=1",
    "feature-dependencies -f metadata.version=30 -f eligible.leader.replicas.version=1 -f transaction.version=2 -f group.version=1",
    "feature-dependencies -f share.version=1 -f transaction.version=1 -f kraft.version=1 -f kraft.version=0",
])
def test_words_that_are_no_format(storage, line):
    storage.same(*line.split())


@pytest.mark.parametrize("line", ["-h", "format --help", "info -h", "random-uuid -h", "version-mapping -h", "feature-dependencies -h"])
def test_the_help_has_the_same_usage_and_options(storage, line):
    # The descriptions are our own; what stands left of them, and the usage, are Kafka's.
    shape = lambda text: [row for row in (re.sub(r"(?<=\S)(  +).*", "", row[:26]) if row.startswith("  ") and usage_ended(text, row) else row
                                          for row in text.splitlines()) if not row.startswith(" " * 25) and row.strip()]
    usage_ended = lambda text, row: text.index(row) > text.index("\n\n")
    stock, ours = storage.twins.stock("kafka-storage", *line.split()), storage.twins.ours("kafka-storage", *line.split())
    assert_equal(shape(ours.out), shape(stock.out), f"help of {line}")
    assert ours.code == stock.code == 0


def test_an_id_is_random_and_fit_for_a_command_line():
    ids = {native("kafka-storage", "random-uuid").ok().out for _ in range(20)}
    assert len(ids) == 20 and all(re.fullmatch(r"[\w][\w-]{21}\n", one) for one in ids)


def test_a_broker_takes_the_cluster_over_from_a_formatted_directory():
    with Klamm() as broker:
        broker.stop()
        for path in sorted(broker.data.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        native("kafka-storage", "format", "-t", "4L6g3nShT-eMCtK--X86sw", "-c", broker.properties_file).ok()
        meta = (broker.data / "meta.properties").read_text()
        broker.start()
        assert (broker.data / "meta.properties").read_text() == meta
        told = native("kafka-cluster", "cluster-id", "--bootstrap-server", broker.bootstrap).ok()
        assert told.out == "Cluster ID: 4L6g3nShT-eMCtK--X86sw\n"
        again = native("kafka-storage", "format", "-g", "-t", "4L6g3nShT-eMCtK--X86sw", "-c", broker.properties_file).ok()
        assert again.out == "All of the log directories are already formatted.\n"
        refused = native("kafka-storage", "format", "-t", "4L6g3nShT-eMCtK--X86sw", "-c", broker.properties_file)
        assert refused.code == 1 and "is already formatted" in refused.err
        assert "4L6g3nShT-eMCtK--X86sw" in native("kafka-storage", "info", "-c", broker.properties_file).ok().out


def test_the_start_scripts_of_test_libraries_may_format_before_there_is_a_file(tmp_path):
    # A line that Testcontainers adds to the image's configure script, which fails if the line does.
    args = ["format", "--ignore-formatted", "-t", native("kafka-storage", "random-uuid").ok().out.strip(), "-c"]
    run = native("kafka-storage", *args, tmp_path / "missing.properties", env={"KLAMM_DIALECT": "confluent"})
    assert run.code == 0 and "is not there" in run.err
    assert native("kafka-storage", *args, tmp_path / "missing.properties").code == 1
    (tmp_path / "gaps.properties").write_text(f"log.dirs={tmp_path}/data\n")
    native("kafka-storage", *args, tmp_path / "gaps.properties", env={"KLAMM_DIALECT": "confluent"}).ok()
    assert (tmp_path / "data" / "meta.properties").exists()
    args[3] = "another-id-at-the-second-start"
    again = native("kafka-storage", *args, tmp_path / "gaps.properties", env={"KLAMM_DIALECT": "confluent"}).ok()
    assert again.out == "All of the log directories are already formatted.\n" and "Invalid cluster.id" in again.err
