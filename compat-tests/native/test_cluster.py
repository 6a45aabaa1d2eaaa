"""kafka-cluster, kafka-metadata-quorum and kafka-features, the stock tools beside ours."""

import re

import pytest

from native.stock_words import alike

CLUSTER, QUORUM, FEATURES = "kafka-cluster", "kafka-metadata-quorum", "kafka-features"
NOBODY = ("--bootstrap-server", "127.0.0.1:1")
MOVES = [(r"(HighWatermark: +)\d+", r"\1N"), (r"(?m)^(\d+ +\t\S+\t)\d+ *\t", r"\1N\t"), (r"\d+ ms ago", "N ms ago"), (r"(Epoch: )\d+", r"\1N"),
         (r" {2,}\t", "\t"), (r"(TIME|N ms ago) *\t", r"\1\t")]
"""The metadata log moves between two looks at it."""


@pytest.mark.parametrize("words", [
    ["cluster-id"], ["list-endpoints"], ["list-endpoints", "--include-fenced-brokers"], ["unregister", "--id", "77"], ["unregister", "-i", "77"],
], ids=" ".join)
def test_the_cluster_is_told_of_alike(twins, words):
    alike(twins, CLUSTER, *words, "--bootstrap-server", "{bootstrap}")


def test_a_broker_is_no_controller(twins):
    for words in (["cluster-id"], ["list-endpoints"]):
        stock, ours = alike(twins, CLUSTER, *words, "--bootstrap-controller", "{bootstrap}")
        assert ours.code == 1


@pytest.mark.parametrize("words", [
    ["describe", "--status"], ["describe", "--replication"], ["describe", "--replication", "--human-readable"], ["describe", "--rep", "--h"],
    ["remove-controller", "-i", "7", "-d", "MkU3OEVBNTcwNTJENDM2Qg"], ["remove-controller", "-i", "7", "-d", "MkU3OEVBNTcwNTJENDM2Qg", "--dry-run"],
    ["remove-controller", "-i", "-7", "-d", "x"], ["remove-controller", "-i", "7", "-d", "x"],
], ids=" ".join)
def test_the_quorum_is_told_of_alike(twins, words):
    alike(twins, QUORUM, "--bootstrap-server", "{bootstrap}", *words, rules=MOVES)


def test_features_are_told_alike(twins):
    stock, ours = alike(twins, FEATURES, "--bootstrap-server", "{bootstrap}", "describe", rules=MOVES)
    assert re.search(r"Feature: metadata.version +SupportedMinVersion: 3.3-IV3 ", ours.out)


@pytest.mark.parametrize("words", [["upgrade", "--metadata", "4.3"], ["downgrade"], ["disable", "--feature", "x"], ["version-mapping"]], ids=" ".join)
def test_what_is_left_to_kafka_s_own_tool_is_said(twins, words):
    ours = twins.ours(FEATURES, "--bootstrap-server", "{bootstrap}", *words)
    assert ours.code == 1 and "Apache Kafka" in ours.err and words[0] in ours.err


NONSENSE = [
    (CLUSTER, []), (CLUSTER, ["cluster-id"]), (CLUSTER, ["cluster-id", "x"]), (CLUSTER, ["foo"]), (CLUSTER, ["unregister"]),
    (CLUSTER, ["unregister", "--id", "x", "-b", "a:1"]), (CLUSTER, ["unregister", "--id"]), (CLUSTER, ["cluster-id", "--foo"]),
    (CLUSTER, ["cluster-id", "-b", "a:1", "-C", "b:1"]), (CLUSTER, ["list-endpoints"]), (CLUSTER, ["cluster-id", "-b", "x"]),
    (CLUSTER, ["cluster-id", "-b", "127.0.0.1:1", "--config", "a", "--command-config", "b"]), (CLUSTER, ["--version"]),
    (CLUSTER, ["list-endpoints", "-C", "127.0.0.1:1", "--include-fenced-brokers"]), (CLUSTER, ["cluster-id", "-b", "127.0.0.1:1", "-c", "/no/such/file"]),
    (QUORUM, []), (QUORUM, ["describe"]), (QUORUM, ["--bootstrap-server"]), (QUORUM, ["--bootstrap-server", "a:1"]), (QUORUM, ["--version"]),
    (QUORUM, [*NOBODY, "describe"]), (QUORUM, [*NOBODY, "describe", "--status", "--replication"]),
    (QUORUM, [*NOBODY, "describe", "--status", "--human-readable"]), (QUORUM, [*NOBODY, "--bootstrap-controller", "b:1", "describe", "--status"]),
    (QUORUM, [*NOBODY, "foo"]), (QUORUM, [*NOBODY, "describe", "--foo"]), (QUORUM, [*NOBODY, "remove-controller"]),
    (QUORUM, [*NOBODY, "--command-config", "/no/such/file", "describe", "--status"]), (QUORUM, [*NOBODY, "add-controller"]),
    (QUORUM, ["--bootstrap-server", "x", "describe", "--status"]),
    (FEATURES, []), (FEATURES, ["describe"]), (FEATURES, ["--foo"]), (FEATURES, [*NOBODY]), (FEATURES, ["--bootstrap-server", "x", "describe"]),
    (FEATURES, [*NOBODY, "--bootstrap-controller", "b:1", "describe"]), (FEATURES, ["--version"]),
]


@pytest.mark.parametrize("tool, words", NONSENSE, ids=lambda words: " ".join(words)[:60] if isinstance(words, list) else words)
def test_command_lines_that_make_no_sense_are_told_so_alike(twins, tool, words):
    alike(twins, tool, *words)


@pytest.mark.parametrize("tool, words", [
    (CLUSTER, ["--help"]), (CLUSTER, ["cluster-id", "-h"]), (QUORUM, ["--help"]), (QUORUM, [*NOBODY, "describe", "-h"]), (FEATURES, ["--help"]),
], ids=lambda words: " ".join(words) if isinstance(words, list) else words)
def test_help_begins_with_the_same_usage(twins, tool, words):
    stock, ours = twins.stock(tool, *words), twins.ours(tool, *words)
    assert ours.code == stock.code
    assert ours.out.split("\n\n")[0] == stock.out.split("\n\n")[0]
    options = lambda run: re.findall(r"(?m)^  (-\S.*?)(?:  |$)", run.out)
    assert options(ours) == options(stock)


def test_a_cluster_that_is_not_there_is_told_alike(twins, tmp_path):
    config = tmp_path / "client.properties"
    config.write_text("default.api.timeout.ms=1500\nrequest.timeout.ms=1000\n")
    alike(twins, CLUSTER, "cluster-id", *NOBODY, "-c", config)
    alike(twins, QUORUM, *NOBODY, "--command-config", config, "describe", "--status")
    alike(twins, FEATURES, *NOBODY, "--command-config", config, "describe")
