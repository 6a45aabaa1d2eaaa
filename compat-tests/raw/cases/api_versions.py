"""ApiVersions (A1-A8)."""

import struct

from raw.case import ANSWER_S, CLOSED, Context, case
from raw.codec import KEYS, request_header
from raw.wire import Sent

SERVED = """api_versions metadata produce fetch list_offsets offset_for_leader_epoch create_topics delete_topics
create_partitions delete_records describe_configs alter_configs incremental_alter_configs list_config_resources
find_coordinator join_group sync_group heartbeat leave_group offset_commit offset_fetch offset_delete list_groups
describe_groups delete_groups init_producer_id describe_cluster describe_topic_partitions describe_log_dirs
describe_producers describe_quorum elect_leaders""".split()
"""What klamm serves; the ranges are to be Kafka's."""

NAMED = {"client_software_name": "raw", "client_software_version": "1.0"}


@case("A8")
def the_ranges_of_what_is_served_are_those_of_kafka(c: Context) -> None:
    """Every api that klamm serves is advertised with exactly the range of Kafka 4.3, at every version of the request."""
    for version in range(5):
        answer = c.call(f"v{version}", "api_versions", version, NAMED if version >= 3 else {}, error=0,
                        drop=("api_keys", "supported_features", "finalized_features"))
        ranges = {row["api_key"]: [row["min_version"], row["max_version"]] for row in answer["api_keys"]}
        c.add(f"v{version} ranges", {api: ranges.get(KEYS[api]) for api in SERVED})
        c.add(f"v{version} a key stands once", len(ranges) == len(answer["api_keys"]), says=True)


@case("A1")
def a_version_too_high_is_answered_in_v0(c: Context) -> None:
    """A version above the range or negative: UNSUPPORTED_VERSION in the v0 schema with the one entry of key 18."""
    for version, flexible in ((5, True), (99, True), (32767, True), (-1, False), (-32768, False)):
        conn = c.connect()
        conn.frame(request_header(18, version, 9, "raw", flexible) + b"garbage")
        c.add(f"v{version}", conn.recv(Sent("api_versions", 0, 9)), error=35,
              says={"api_keys": [{"api_key": 18, "min_version": 0, "max_version": 4}]})
        c.call(f"on after v{version}", "api_versions", 0, {}, conn=conn, error=0, drop=("api_keys",))


@case("A1")
def a_version_too_high_without_header_tags_closes(c: Context) -> None:
    """The header is parsed as v2 even at an unknown version."""
    conn = c.connect()
    conn.frame(request_header(18, 99, 9, "raw", False))
    c.silence("closed", conn, wait_s=ANSWER_S, says=CLOSED)


@case("A2")
def the_name_of_the_client_software_is_checked(c: Context) -> None:
    """From v3 on name and version must match Kafka's pattern, else INVALID_REQUEST; the connection goes on."""
    good = ("a", "Z9", "apache-kafka-java", "a.b-c", "0", "x" * 300)
    bad = ("", "-a", "a-", ".a", "a.", "a b", "a_b", "a\n", "é", "a/b", " ")
    for version in (3, 4):
        for text in good + bad:
            for name in ("client_software_name", "client_software_version"):
                c.call(f"v{version} {name} {text[:20]!r}", "api_versions", version, {**NAMED, name: text},
                       error=0 if text in good else 42,
                       drop=("api_keys", "supported_features", "finalized_features"))
    c.call("v2 has none", "api_versions", 2, {}, error=0, drop=("api_keys",))


@case("A4")
def features_whose_lowest_level_is_0_are_hidden_from_old_clients(c: Context) -> None:
    """v3 names no feature with a lowest level of 0; no finalized feature has level 0."""
    for version in (3, 4):
        answer = c.quiet("api_versions", version, NAMED)
        lowest = [row["min_version"] for row in answer["supported_features"]]
        levels = [row["max_version_level"] for row in answer["finalized_features"]]
        c.add(f"v{version} hidden", version == 4 or 0 not in lowest, says=True)
        c.add(f"v{version} levels", 0 not in levels, says=True)
        supported = {row["name"] for row in answer["supported_features"]}
        if version == 4:
            c.add("finalized is supported", {row["name"] for row in answer["finalized_features"]} <= supported, says=True)


@case("A1")
def api_versions_may_be_asked_again_and_again(c: Context) -> None:
    """It is answered first, later and pipelined, with correct correlation ids."""
    conn = c.connect()
    sent = [conn.send("api_versions", version, NAMED if version >= 3 else {}) for version in (0, 3, 1, 4, 2, 0)]
    for index, one in enumerate(sent):
        c.add(f"{index}", conn.recv(one), error=0, drop=("api_keys", "supported_features", "finalized_features"))


@case("A1")
def a_v3_body_that_is_cut_closes(c: Context) -> None:
    """A supported version whose body does not parse is a close as with every other api."""
    conn = c.connect()
    conn.frame(request_header(18, 3, 9, "raw", True) + struct.pack(">b", 100))
    c.silence("closed", conn, wait_s=ANSWER_S, says=CLOSED)
