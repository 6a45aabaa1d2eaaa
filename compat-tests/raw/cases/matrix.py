"""Every served api at every version that Kafka advertises: a typical request, and one with nothing but defaults."""

from typing import Any, Callable

from raw import codec
from raw.batch import BASE_TIME, Rec, batch
from raw.case import Context, Topic, case
from raw.cases.api_versions import SERVED

ADVERTISED = {
    "api_versions": (0, 4), "metadata": (0, 13), "produce": (3, 13), "fetch": (4, 18), "list_offsets": (1, 11),
    "offset_for_leader_epoch": (2, 4), "create_topics": (2, 7), "delete_topics": (1, 6), "create_partitions": (0, 3),
    "delete_records": (0, 2), "describe_configs": (1, 4), "alter_configs": (0, 2), "incremental_alter_configs": (0, 1),
    "list_config_resources": (0, 1), "find_coordinator": (0, 6), "join_group": (0, 9), "sync_group": (0, 5),
    "heartbeat": (0, 4), "leave_group": (0, 5), "offset_commit": (2, 10), "offset_fetch": (1, 10), "offset_delete": (0, 0),
    "list_groups": (0, 5), "describe_groups": (0, 6), "delete_groups": (0, 2), "init_producer_id": (0, 5),
    "describe_cluster": (0, 2), "describe_topic_partitions": (0, 0), "describe_log_dirs": (1, 5),
    "describe_producers": (0, 0), "describe_quorum": (0, 2), "elect_leaders": (0, 2)}
"""The versions that answer, of what klamm serves. A case holds them against the live ApiVersions answer."""

assert set(ADVERTISED) == set(SERVED)


def typical(api: str, c: Context, t: Topic, group: str = "g") -> dict:
    """A body that is good at every version: fields of other versions are left out by the codec."""
    group, me = c.name(group), str(c.broker.node_id)
    row = {"name": t.name, "topic_id": t.id}
    bodies: dict[str, Callable[[], dict[str, Any]]] = {
        "api_versions": lambda: {"client_software_name": "raw", "client_software_version": "1"},
        "metadata": lambda: {"topics": [{"name": t.name}], "allow_auto_topic_creation": False},
        "produce": lambda: {"acks": -1, "timeout": 5000, "topic_data": [
            {"name": t.name, "topic_id": t.id, "partition_data": [{"index": 0, "records": batch()}]}]},
        "fetch": lambda: {"max_wait": 0, "min_bytes": 1, "max_bytes": 10**6, "topics": [
            {"topic": t.name, "topic_id": t.id, "partitions": [{"partition": 0, "fetch_offset": 1, "partition_max_bytes": 10**6}]}]},
        "list_offsets": lambda: {"replica_id": -1, "topics": [{"name": t.name, "partitions": [
            {"partition_index": 0, "timestamp": BASE_TIME + 1}, {"partition_index": 1, "timestamp": -1}]}]},
        "offset_for_leader_epoch": lambda: {"replica_id": -2, "topics": [
            {"topic": t.name, "partitions": [{"partition": 0, "leader_epoch": 0}]}]},
        "create_topics": lambda: {"timeout": 10_000, "topics": [
            {"name": c.name("new"), "num_partitions": 2, "replication_factor": 1,
             "configs": [{"name": "retention.ms", "value": "9999"}]}]},
        "delete_topics": lambda: {"timeout": 10_000, "topic_names": [t.name], "topics": [{"name": t.name}]},
        "create_partitions": lambda: {"timeout": 10_000, "topics": [{"name": t.name, "count": 4, "assignments": None}]},
        "delete_records": lambda: {"timeout": 5000, "topics": [
            {"name": t.name, "partitions": [{"partition_index": 0, "offset": 1}]}]},
        "describe_configs": lambda: {"include_synonyms": True, "resources": [
            {"resource_type": 2, "resource_name": t.name, "configuration_keys": ["retention.ms", "cleanup.policy"]},
            {"resource_type": 4, "resource_name": me, "configuration_keys": ["log.retention.ms"]}]},
        "alter_configs": lambda: {"resources": [{"resource_type": 2, "resource_name": t.name, "configs": [
            {"name": "retention.ms", "value": "12345"}]}]},
        "incremental_alter_configs": lambda: {"resources": [{"resource_type": 2, "resource_name": t.name, "configs": [
            {"name": "retention.ms", "config_operation": 0, "value": "12345"}]}]},
        "list_config_resources": lambda: {"resource_types": [16]},
        "find_coordinator": lambda: {"key": group, "key_type": 0, "coordinator_keys": [group]},
        "join_group": lambda: {"group_id": group, "session_timeout": 10_000, "rebalance_timeout": 10_000, "member_id": "",
                               "group_instance_id": "instance", "protocol_type": "p",
                               "protocols": [{"name": "one", "metadata": b"x"}]},
        "sync_group": lambda: {"group_id": group, "generation_id": 1, "member_id": "m", "protocol_type": "p",
                               "protocol_name": "one", "assignments": [{"member_id": "m", "assignment": b"a"}]},
        "heartbeat": lambda: {"group_id": group, "generation_id": 1, "member_id": "m"},
        "leave_group": lambda: {"group_id": group, "member_id": "m", "members": [{"member_id": "m"}]},
        "offset_commit": lambda: {"group_id": group, "generation_id_or_member_epoch": -1, "member_id": "", "topics": [
            {**row, "partitions": [{"partition_index": 0, "committed_offset": 5, "committed_metadata": "m"}]}]},
        "offset_fetch": lambda: {"group_id": group, "topics": [{**row, "partition_indexes": [0, 1]}], "groups": [
            {"group_id": group, "topics": [{**row, "partition_indexes": [0, 1]}]}]},
        "offset_delete": lambda: {"group_id": group, "topics": [{"name": t.name, "partitions": [{"partition_index": 0}]}]},
        "list_groups": lambda: {"states_filter": ["Dead"]},
        "describe_groups": lambda: {"groups": [group]},
        "delete_groups": lambda: {"groups_names": [group]},
        "init_producer_id": lambda: {"transactional_id": None, "transaction_timeout": 1000},
        "describe_cluster": lambda: {},
        "describe_topic_partitions": lambda: {"topics": [{"name": t.name}], "response_partition_limit": 100},
        "describe_log_dirs": lambda: {"topics": [{"topic": t.name, "partitions": [0, 1]}]},
        "describe_producers": lambda: {"topics": [{"name": t.name, "partition_indexes": [0, 1]}]},
        "describe_quorum": lambda: {"topics": [{"topic_name": "__cluster_metadata", "partitions": [{"partition_index": 0}]}]},
        "elect_leaders": lambda: {"topic_partitions": [{"topic": t.name, "partitions": [0, 1, 2]}]},
    }
    body = bodies[api]()
    if api == "offset_fetch":  # by name before v10, by id from then on; the two never meet in one version
        body["topics"] = [{"name": t.name, "partition_indexes": [0, 1]}]
    return body


ALL_WHEN_EMPTY = {"metadata", "list_groups", "list_config_resources", "describe_topic_partitions", "describe_log_dirs",
                  "elect_leaders"}
"""Without arguments these tell of everything there is, other cases' things too."""

NOT_COMPARED = {"api_versions": ("api_keys", "supported_features", "finalized_features"), "create_topics": ("configs",),
                "describe_quorum": ("leader_epoch", "high_watermark", "replica_directory_id", "listeners", "leader_id"),
                "metadata": ("controller_id",), "list_groups": ("groups",), "describe_cluster": ()}


def _register(api: str, version: int) -> None:
    def run(c: Context) -> None:
        topic = c.topic(partitions=2)
        c.put(topic, batch([Rec(time=BASE_TIME + i) for i in range(3)]))
        drop = NOT_COMPARED.get(api, ())
        c.call("typical", api, version, typical(api, c, topic), drop=drop)
        c.call("by a fresh connection without a client id", api, version, typical(api, c, topic, "h"),
               conn=c.connect(None), drop=drop)
        if api not in ALL_WHEN_EMPTY and api != "produce":
            c.call("defaults only", api, version, {}, conn=c.connect(), drop=drop)

    run.__name__ = f"{api}_v{version}"
    run.__doc__ = f"{api} v{version}: a typical request is answered as Kafka answers it."
    case("matrix")(run)


for _api, (_low, _high) in ADVERTISED.items():
    for _version in range(_low, _high + 1):
        _register(_api, _version)


@case("A7")
def the_matrix_covers_what_is_advertised(c: Context) -> None:
    """The versions of the matrix are those of the live answer (Produce answers from v3 on, A6)."""
    rows = {row["api_key"]: (row["min_version"], row["max_version"]) for row in c.quiet("api_versions", 0, {})["api_keys"]}
    live = {api: rows.get(codec.KEYS[api]) for api in ADVERTISED}
    c.add("covered", live == {**ADVERTISED, "produce": (0, 13)}, says=True)
