"""What the tools say about the broker as a whole."""

import re


def test_the_cluster_tool_prints_the_cluster_id(tools, broker, same):
    run = tools.run("ClusterTool", "cluster-id", "--bootstrap-server", broker.bootstrap).ok()
    same(run.out, [(r"Cluster ID: [\w-]{22}\b", "Cluster ID: ID")])
    assert re.fullmatch(r"Cluster ID: [\w-]{22}\n", run.out)


def _advertised(out: str) -> dict[int, tuple[int, int]]:
    found = {}
    for line in out.splitlines():
        match = re.fullmatch(r"\s+\S+\((\d+)\): (\d+)(?: to (\d+))? \[usable: (\d+)\],?", line)
        if match:
            key, first, last = int(match[1]), int(match[2]), match[3]
            found[key] = (first, int(last) if last else first)
    return found


# What a single node must serve; transactions, security, quotas and the new group protocol are not asked for.
SERVED = [
    0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 32, 33, 35, 37, 42, 44, 47, 55, 60, 61, 74, 75,
]


def test_broker_api_versions_lists_no_key_and_no_version_that_kafka_lacks(tools, brokers):
    answers = {}
    for broker in brokers:
        run = tools.run("BrokerApiVersionsCommand", "--bootstrap-server", broker.bootstrap).ok()
        assert run.lines[0].startswith(f"{broker.bootstrap} (id: 1 rack: null")
        answers[broker.kind] = _advertised(run.out)
    for kind, versions in answers.items():
        assert [key for key in SERVED if key not in versions] == [], kind
    if len(answers) == 2:
        for key, (first, last) in answers["klamm"].items():
            kafka_first, kafka_last = answers["kafka"][key]
            assert kafka_first <= first <= last <= kafka_last, f"key {key}"


def test_the_cluster_tool_lists_the_endpoints(tools, broker, same):
    run = tools.run("ClusterTool", "list-endpoints", "--bootstrap-server", broker.bootstrap).ok()
    same(run.table, [(r"127\.0\.0\.1 \d+", "HOST PORT")])
    assert f"127.0.0.1 {broker.port}" in run.table[1]


def test_the_quorum_tool_prints_its_status(tools, broker, same):
    run = tools.run("MetadataQuorumCommand", "--bootstrap-server", broker.bootstrap, "describe", "--status").ok()
    fields = dict(line.split(":", 1) for line in run.lines)
    assert int(fields["HighWatermark"]) >= 0 and int(fields["LeaderEpoch"]) >= 1
    assert fields["LeaderId"].strip() == "1" and '"id": 1' in fields["CurrentVoters"]
    # A listener of its own for the quorum, and a directory id, are matters of how the quorum is set up.
    set_up = [(r'"directoryId": "[\w-]{22}", ', ""), (r'"[A-Z]+://', '"LISTENER://')]
    same({key: value.strip() for key, value in fields.items()}, set_up, keys=["ClusterId", "HighWatermark", "LeaderEpoch"])


def test_the_quorum_tool_prints_the_replication(tools, broker, same):
    run = tools.run("MetadataQuorumCommand", "--bootstrap-server", broker.bootstrap, "describe", "--replication").ok()
    rows = [line.split() for line in run.lines]
    assert len(rows) == 2
    same([rows[0], rows[1][0], rows[1][3], rows[1][-1]])
