"""Metadata (M1-M8), FindCoordinator (M9), DescribeCluster (M11), DescribeTopicPartitions (M12)."""

import uuid

from raw.case import Context, case, errors

STRANGER = uuid.UUID(int=0x77)
RANDOM = ("controller_id",)


def own(c: Context, answer: dict) -> dict:
    """An answer with only the topics of this case: other cases' topics are none of its business."""
    prefix = c.name("")
    return {**answer, "topics": [t for t in answer["topics"] if (t["name"] or "").startswith(prefix)]}


@case("M1")
def all_topics_and_none(c: Context) -> None:
    """v0 empty means all; v1 and later null means all and empty means none."""
    topic = c.topic(partitions=2)
    for version in range(14):
        answer = c.quiet("metadata", version, {"topics": [] if version == 0 else None})
        c.add(f"v{version} all", own(c, answer), error=0, says={"name": topic.name})
        if version:
            c.call(f"v{version} none", "metadata", version, {"topics": []}, says={"topics": []})
    internal = [t for t in c.quiet("metadata", 12, {"topics": None})["topics"] if t["name"] == "__consumer_offsets"]
    c.add("the offsets topic", [[t["is_internal"], len(t["partitions"])] for t in internal], says=[[True, 50]])


@case("M1")
def topics_by_name_at_every_version(c: Context) -> None:
    """Known and unknown names, each with its own code; a name twice is answered once."""
    topic = c.topic(partitions=3)
    for version in range(14):
        more = {"allow_auto_topic_creation": False} if version >= 4 else {}
        if version >= 4:
            c.call(f"v{version}", "metadata", version, {"topics": [{"name": topic.name}, {"name": c.name("absent")}],
                                                        **more}, error=3)
        c.call(f"v{version} twice", "metadata", version, {"topics": [{"name": topic.name}] * 2, **more}, error=0)


@case("M1")
def null_names_and_ids_before_version_12(c: Context) -> None:
    """v10 and v11 with a null name or an id: the whole answer is INVALID_REQUEST without brokers."""
    topic = c.topic()
    for version in (10, 11):
        for what, rows in (("null name", [{"name": None}]), ("id", [{"topic_id": topic.id, "name": topic.name}]),
                           ("null beside good", [{"name": None}, {"name": topic.name}]),
                           ("id and null", [{"topic_id": topic.id, "name": None}])):
            c.call(f"v{version} {what}", "metadata", version, {"topics": rows}, error=42, says={"brokers": []})


@case("M1")
def topics_by_id(c: Context) -> None:
    """v12 and later: unknown ids are UNKNOWN_TOPIC_ID with a null name, a name beside an id is ignored."""
    topic, other = c.topic(), c.topic("other")
    for version in (12, 13):
        for what, rows in (("known", [{"topic_id": topic.id, "name": None}]), ("stranger", [{"topic_id": STRANGER, "name": None}]),
                           ("known and stranger", [{"topic_id": topic.id, "name": None}, {"topic_id": STRANGER, "name": None}]),
                           ("id and another name", [{"topic_id": topic.id, "name": other.name}]),
                           ("id twice", [{"topic_id": topic.id, "name": None}] * 2),
                           ("id and name", [{"topic_id": topic.id, "name": None}, {"name": other.name}]),
                           ("zero id and null", [{"name": None}]),
                           ("zero id and null beside good", [{"name": None}, {"name": other.name}])):
            c.call(f"v{version} {what}", "metadata", version, {"topics": rows})


@case("M2")
def a_topic_is_created_when_asked_for(c: Context) -> None:
    """The first answer is UNKNOWN_TOPIC_OR_PARTITION, the topic is there soon; with the flag off it is not made."""
    for version in (0, 3, 4, 12, 13):
        name = c.name(f"auto-{version}")
        c.call(f"v{version} first", "metadata", version, {"topics": [{"name": name}], "allow_auto_topic_creation": True},
               error=3)
        c.await_leaders(name)
        c.call(f"v{version} then", "metadata", version, {"topics": [{"name": name}]}, error=0)
    name = c.name("never")
    c.call("flag off", "metadata", 12, {"topics": [{"name": name}], "allow_auto_topic_creation": False}, error=3)
    c.call("still none", "metadata", 12, {"topics": [{"name": name}], "allow_auto_topic_creation": False}, error=3)


@case("M8")
def names_that_no_topic_may_have(c: Context) -> None:
    """Invalid names are INVALID_TOPIC_EXCEPTION, in Metadata and in CreateTopics."""
    for name in ("", ".", "..", "a b", "a/b", "é", "x" * 250, "a\n", "a:b"):
        c.call(f"metadata {name[:9]!r}", "metadata", 12, {"topics": [{"name": name}], "allow_auto_topic_creation": True})
        c.call(f"without creation {name[:9]!r}", "metadata", 12,
               {"topics": [{"name": name}], "allow_auto_topic_creation": False})
        c.call(f"create {name[:9]!r}", "create_topics", 7, {"timeout": 5000, "topics": [
            {"name": name, "num_partitions": 1, "replication_factor": 1}]}, error=17)
    longest = (c.name() + "x" * 249)[:249]
    c.call("249 characters", "create_topics", 7, {"timeout": 5000, "topics": [
        {"name": longest, "num_partitions": 1, "replication_factor": 1}]}, error=0, drop=("configs",))


@case("M8")
def names_that_collide(c: Context) -> None:
    """A name equal to another after '.' becomes '_' is INVALID_TOPIC_EXCEPTION at creation."""
    c.topic("a.b_c")
    for suffix in ("a_b_c", "a.b.c", "a_b.c"):
        c.call(suffix, "create_topics", 7, {"timeout": 5000, "topics": [
            {"name": c.name(suffix), "num_partitions": 1, "replication_factor": 1}]}, error=17)
    c.call("itself", "create_topics", 7, {"timeout": 5000, "topics": [
        {"name": c.name("a.b_c"), "num_partitions": 1, "replication_factor": 1}]}, error=36)
    c.call("two in one request", "create_topics", 7, {"timeout": 5000, "topics": [
        {"name": c.name(suffix), "num_partitions": 1, "replication_factor": 1} for suffix in ("q.r", "q_r")]},
        drop=("configs",))


@case("M5")
def brokers_and_controller(c: Context) -> None:
    """The brokers are this one, the controller is one of them, the cluster has an id."""
    for version in range(14):
        answer = c.quiet("metadata", version, {"topics": [] if version else []})
        c.add(f"v{version} brokers", [[row["host"], row["port"] == c.broker.port] for row in answer["brokers"]],
              says=[["127.0.0.1", True]])
        if version >= 1:
            c.add(f"v{version} controller", answer["controller_id"], says=c.broker.node_id)
        if version >= 2:
            c.add(f"v{version} cluster id", bool(answer["cluster_id"]), says=True)


@case("M6")
def authorized_operations_only_when_asked(c: Context) -> None:
    """INT32_MIN when not asked; every operation without an authorizer."""
    topic = c.topic()
    for version in range(8, 14):
        for asked in (False, True):
            c.call(f"v{version} {asked}", "metadata", version, {
                "topics": [{"name": topic.name}], "include_topic_authorized_operations": asked,
                **({"include_cluster_authorized_operations": asked} if version <= 10 else {})}, error=0)


@case("M7")
def ids_are_of_an_incarnation(c: Context) -> None:
    """A topic keeps its id; one made anew has another (B1)."""
    topic = c.topic()
    for _ in range(3):
        found = c.quiet("metadata", 12, {"topics": [{"name": topic.name}]})["topics"][0]["topic_id"]
        c.add(f"same {_}", found == topic.id, says=True)
    c.quiet("delete_topics", 6, {"topics": [{"name": topic.name}], "timeout": 10_000})
    c.add("another", c.topic().id != topic.id, says=True)


@case("M9")
def coordinators_of_groups(c: Context) -> None:
    """Every key type at every version: who is asked for, in the order of the request."""
    for version in range(7):
        for kind in (0, 1, 2, 3, 5, -1):
            if kind == 1:
                continue  # transactions are not there yet
            if version >= 4:
                c.call(f"v{version} type {kind}", "find_coordinator", version,
                       {"key_type": kind, "coordinator_keys": ["zz", "aa", "zz", ""]}, ordered=True)
                c.call(f"v{version} type {kind} none", "find_coordinator", version, {"key_type": kind, "coordinator_keys": []})
            else:
                c.call(f"v{version} type {kind}", "find_coordinator", version, {"key": "g", "key_type": kind})
    for version in (0, 1, 2, 3):
        answer = c.quiet("find_coordinator", version, {"key": "", "key_type": 0})
        c.add(f"v{version} empty key", errors(answer), says=[0])
        c.add(f"v{version} message", answer.get("error_message"), says="NONE" if version else None)
    for key in ("é", "x" * 30_000, "\U0001f600"):
        c.call(f"key {key[:3]}", "find_coordinator", 4, {"key_type": 0, "coordinator_keys": [key]}, error=0)
    c.add("endpoint", [[row["port"] == c.broker.port, row["node_id"] == c.broker.node_id] for row in c.quiet(
        "find_coordinator", 4, {"key_type": 0, "coordinator_keys": ["a"]})["coordinators"]], says=[[True, True]])


@case("M11")
def describe_cluster(c: Context) -> None:
    """Brokers are described; controllers on the broker's listener and unknown types are refused."""
    for version in range(3):
        for asked in (False, True):
            c.call(f"v{version} {asked}", "describe_cluster", version, {"include_cluster_authorized_operations": asked}, error=0)
    for version in (1, 2):
        for kind in (0, 1, 2, 3, -1):
            c.call(f"v{version} endpoint type {kind}", "describe_cluster", version, {"endpoint_type": kind})
    c.call("fenced too", "describe_cluster", 2, {"endpoint_type": 1, "include_fenced_brokers": True}, error=0)


def describe(*names: str, limit: int = 2000, cursor: dict | None = None) -> dict:
    """A DescribeTopicPartitions request."""
    return {"topics": [{"name": name} for name in names], "response_partition_limit": limit, "cursor": cursor}


@case("M12")
def pages_of_partitions(c: Context) -> None:
    """Topics sorted by name; a page is cut at the limit and the cursor leads on."""
    a, b, d = c.topic("a", 3), c.topic("b", 2), c.topic("d", 1)
    names = (d.name, a.name, b.name)
    for limit in (-5, 0, 1, 2, 3, 4, 5, 6, 7, 2000, 10**6):
        c.call(f"limit {limit}", "describe_topic_partitions", 0, describe(*names, limit=limit), ordered=True)
    for topic, partition in ((a, 0), (a, 1), (a, 2), (a, 3), (a, 99), (b, 0), (b, 1), (b, 2), (d, 0), (d, 1)):
        c.call(f"from {topic.name[-1]} {partition}", "describe_topic_partitions", 0, describe(
            *names, limit=2, cursor={"topic_name": topic.name, "partition_index": partition}), ordered=True)


@case("M12")
def cursors_that_lead_nowhere(c: Context) -> None:
    """A cursor outside the list or a negative partition is INVALID_REQUEST for each requested topic."""
    a, b = c.topic("a"), c.topic("b")
    for name, topic, partition in (("not asked for", c.name("c"), 0), ("before", c.name("A"), 0),
                                   ("negative", a.name, -1), ("empty", "", 0), ("unknown but asked", c.name("x"), 0)):
        asked = (a.name, b.name, c.name("x")) if name == "unknown but asked" else (a.name, b.name)
        c.call(name, "describe_topic_partitions", 0, describe(
            *asked, cursor={"topic_name": topic, "partition_index": partition}), ordered=True)


@case("M12")
def unknown_invalid_and_repeated_names(c: Context) -> None:
    """Unknown names have their code; an empty name spoils all; a name twice is answered once; none means all."""
    a = c.topic("a", 2)
    c.call("unknown", "describe_topic_partitions", 0, describe(a.name, c.name("x")), error=3)
    c.call("invalid", "describe_topic_partitions", 0, describe(a.name, "a b"))
    c.call("empty name", "describe_topic_partitions", 0, describe(a.name, ""))
    c.call("twice", "describe_topic_partitions", 0, describe(a.name, a.name), error=0)
    answer = c.quiet("describe_topic_partitions", 0, describe())
    c.add("all", own(c, {**answer, "next_cursor": None}), error=0)
