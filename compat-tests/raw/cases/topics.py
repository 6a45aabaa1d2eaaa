"""CreateTopics, DeleteTopics, CreatePartitions, DescribeLogDirs, DescribeQuorum (the admin's part of the surface)."""

import uuid

from raw.batch import Rec, batch
from raw.case import Context, case


def create(*rows: dict, **more) -> dict:
    """A CreateTopics request; rows have one partition and one replica unless they say otherwise."""
    return {"timeout": 10_000, "topics": [{"num_partitions": 1, "replication_factor": 1, **row} for row in rows], **more}


@case("T1")
def created_topics_at_every_version(c: Context) -> None:
    """v2 to v7: the answer has partitions, factor, id and all configs as far as the version has them."""
    for version in range(2, 8):
        name = c.name(f"v{version}")
        c.call(f"v{version}", "create_topics", version, create({"name": name, "num_partitions": 3, "configs": [
            {"name": "retention.ms", "value": "12345"}, {"name": "cleanup.policy", "value": "compact"}]}), error=0,
            drop=("configs",))
        c.await_leaders(name)
        c.call(f"v{version} there", "metadata", 12, {"topics": [{"name": name}]}, error=0)
        c.call(f"v{version} again", "create_topics", version, create({"name": name}), error=36)


@case("T1")
def the_configs_in_the_answer(c: Context) -> None:
    """From v5 on the answer tells every config of the topic with its source."""
    answer = c.quiet("create_topics", 7, create({"name": c.name(), "configs": [
        {"name": "retention.ms", "value": "12345"}, {"name": "min.insync.replicas", "value": "2"}]}))
    configs = {row["name"]: row for row in answer["topics"][0]["configs"]}
    c.add("names", sorted(configs))
    for name in sorted(configs):
        c.add(name, configs[name])


@case("T2")
def defaults_of_the_broker(c: Context) -> None:
    """-1 for partitions and factor is the broker's default."""
    for version in (4, 7):
        c.call(f"v{version}", "create_topics", version, create(
            {"name": c.name(f"v{version}"), "num_partitions": -1, "replication_factor": -1}), error=0, drop=("configs",))
    c.call("v3", "create_topics", 3, create({"name": c.name("v3"), "num_partitions": -1, "replication_factor": -1}))


@case("T3")
def topics_that_cannot_be_created(c: Context) -> None:
    """Partition counts, factors, assignments and configs that make no sense; others of the request succeed."""
    me = c.broker.node_id
    for name, row in (
            ("no partitions", {"num_partitions": 0}), ("-2 partitions", {"num_partitions": -2}),
            ("factor 2", {"replication_factor": 2}), ("factor 0", {"replication_factor": 0}),
            ("factor -2", {"replication_factor": -2}),
            ("unknown config", {"configs": [{"name": "no.such.config", "value": "1"}]}),
            ("bad value", {"configs": [{"name": "retention.ms", "value": "soon"}]}),
            ("value out of range", {"configs": [{"name": "min.insync.replicas", "value": "0"}]}),
            ("null value", {"configs": [{"name": "retention.ms", "value": None}]}),
            ("bad policy", {"configs": [{"name": "cleanup.policy", "value": "burn"}]}),
            ("bad compression", {"configs": [{"name": "compression.type", "value": "zip"}]}),
            ("config twice", {"configs": [{"name": "retention.ms", "value": "1"}, {"name": "retention.ms", "value": "2"}]}),
            ("assignment and count", {"assignments": [{"partition_index": 0, "broker_ids": [me]}]}),
            ("assignment", {"num_partitions": -1, "replication_factor": -1,
                            "assignments": [{"partition_index": i, "broker_ids": [me]} for i in (0, 1)]}),
            ("assignment to a stranger", {"num_partitions": -1, "replication_factor": -1,
                                          "assignments": [{"partition_index": 0, "broker_ids": [77]}]}),
            ("assignment with a gap", {"num_partitions": -1, "replication_factor": -1, "assignments": [
                {"partition_index": 0, "broker_ids": [me]}, {"partition_index": 2, "broker_ids": [me]}]}),
            ("assignment from 1", {"num_partitions": -1, "replication_factor": -1, "assignments": [
                {"partition_index": 1, "broker_ids": [me]}]}),
            ("assignment twice", {"num_partitions": -1, "replication_factor": -1, "assignments": [
                {"partition_index": 0, "broker_ids": [me]}, {"partition_index": 0, "broker_ids": [me]}]}),
            ("broker twice", {"num_partitions": -1, "replication_factor": -1, "assignments": [
                {"partition_index": 0, "broker_ids": [me, me]}]}),
            ("nobody assigned", {"num_partitions": -1, "replication_factor": -1, "assignments": [
                {"partition_index": 0, "broker_ids": []}]})):
        c.call(name, "create_topics", 7, create({"name": c.name(name.replace(" ", "-")), **row}, {"name": c.name(
            name.replace(" ", "-") + "-good")}), drop=("configs",))


@case("T3")
def a_name_twice_in_one_request(c: Context) -> None:
    """INVALID_REQUEST for that name; others succeed."""
    c.call("twice", "create_topics", 7, create({"name": c.name("a")}, {"name": c.name("a")}, {"name": c.name("b")}),
           drop=("configs",))
    c.call("none was made", "metadata", 12, {"topics": [{"name": c.name("a")}], "allow_auto_topic_creation": False}, error=3)


@case("T3")
def validate_only(c: Context) -> None:
    """Nothing is made; errors are found all the same."""
    c.call("good", "create_topics", 7, create({"name": c.name("a"), "num_partitions": 4}, validate_only=True), error=0,
           drop=("configs",))
    c.call("bad", "create_topics", 7, create({"name": c.name("a"), "replication_factor": 9}, validate_only=True), error=38)
    c.call("not there", "metadata", 12, {"topics": [{"name": c.name("a")}], "allow_auto_topic_creation": False}, error=3)
    c.call("nothing", "create_topics", 7, create(), says={"topics": []})


@case("T4")
def deleted_topics(c: Context) -> None:
    """By name at v1 to v5, by name or id at v6; unknown ones have their code; a deleted one is gone."""
    for version in range(1, 6):
        topic = c.topic(f"v{version}")
        c.call(f"v{version}", "delete_topics", version, {"topic_names": [topic.name, c.name("absent")], "timeout": 10_000})
        if c.is_kafka:
            # Kafka's controller answers, and the broker learns of it a moment later; with klamm the answer is the last step.
            c.await_gone(topic.name)
        c.call(f"v{version} gone", "metadata", 12, {"topics": [{"name": topic.name}], "allow_auto_topic_creation": False},
               error=3)
    a, b = c.topic("a"), c.topic("b")
    c.call("v6 by name and id", "delete_topics", 6, {"timeout": 10_000, "topics": [
        {"name": a.name}, {"name": None, "topic_id": b.id}]}, error=0)
    c.call("v6 unknown id", "delete_topics", 6, {"timeout": 10_000, "topics": [
        {"name": None, "topic_id": uuid.UUID(int=99)}]}, error=100)
    c.call("v6 by the id again", "delete_topics", 6, {"timeout": 10_000, "topics": [{"name": None, "topic_id": b.id}]},
           error=100)
    c.call("nothing", "delete_topics", 6, {"timeout": 10_000, "topics": []}, says={"responses": []})


@case("T4")
def deletions_that_contradict_themselves(c: Context) -> None:
    """Name and id in one entry, neither, a name twice, name and id of the same topic."""
    a, b = c.topic("a"), c.topic("b")
    for name, rows in (("name and id", [{"name": a.name, "topic_id": a.id}]), ("neither", [{"name": None}]),
                       ("twice", [{"name": a.name}, {"name": a.name}]),
                       ("id twice", [{"name": None, "topic_id": a.id}] * 2),
                       ("same by both", [{"name": a.name}, {"name": None, "topic_id": a.id}]),
                       ("invalid name", [{"name": "a b"}]), ("empty name", [{"name": ""}])):
        c.call(name, "delete_topics", 6, {"timeout": 10_000, "topics": rows})
    c.call("v5 twice", "delete_topics", 5, {"timeout": 10_000, "topic_names": [b.name, b.name]})
    c.barrier()
    c.call("what is left", "metadata", 12, {"topics": [{"name": a.name}, {"name": b.name}],
                                            "allow_auto_topic_creation": False})


@case("T5")
def more_partitions(c: Context) -> None:
    """The count must grow; the new partitions serve; the old ones keep their records."""
    for version in range(4):
        topic = c.topic(f"v{version}")
        c.put(topic, batch([Rec(b"kept")]))
        for count in (1, 0, -1, 3, 2):
            c.call(f"v{version} to {count}", "create_partitions", version, {"timeout": 10_000, "topics": [
                {"name": topic.name, "count": count, "assignments": None}]}, error=0 if count == 3 else 37)
        c.await_leaders(topic.name, partitions=3)
        c.call(f"v{version} there", "metadata", 12, {"topics": [{"name": topic.name}]}, error=0)
        c.produce(f"v{version} new serves", topic, batch(), partition=2, error=0)
        c.content(f"v{version} old kept", topic)


@case("T5")
def partitions_that_cannot_be_added(c: Context) -> None:
    """Unknown topics, assignments that do not fit, a name twice, validate_only."""
    topic, me = c.topic(), c.broker.node_id
    for name, rows in (("unknown topic", [{"name": c.name("absent"), "count": 3}]),
                       ("too few assignments", [{"name": topic.name, "count": 3, "assignments": [{"broker_ids": [me]}]}]),
                       ("too many assignments", [{"name": topic.name, "count": 2, "assignments": [{"broker_ids": [me]}] * 2}]),
                       ("no assignments", [{"name": topic.name, "count": 2, "assignments": []}]),
                       ("a stranger", [{"name": topic.name, "count": 2, "assignments": [{"broker_ids": [55]}]}]),
                       ("two replicas", [{"name": topic.name, "count": 2, "assignments": [{"broker_ids": [me, 55]}]}]),
                       ("nobody", [{"name": topic.name, "count": 2, "assignments": [{"broker_ids": []}]}]),
                       ("twice", [{"name": topic.name, "count": 2, "assignments": None}] * 2),
                       ("internal topic", [{"name": "__consumer_offsets", "count": 10, "assignments": None}])):
        c.call(name, "create_partitions", 3, {"timeout": 10_000, "topics": [{"assignments": None, **row} for row in rows]})
    c.call("validate only", "create_partitions", 3, {"timeout": 10_000, "validate_only": True, "topics": [
        {"name": topic.name, "count": 5, "assignments": None}]}, error=0)
    c.call("with assignment", "create_partitions", 3, {"timeout": 10_000, "topics": [
        {"name": topic.name, "count": 2, "assignments": [{"broker_ids": [me]}]}]}, error=0)
    c.await_leaders(topic.name, partitions=2)
    c.call("two now", "metadata", 12, {"topics": [{"name": topic.name}]}, error=0)


@case("T6")
def log_dirs(c: Context) -> None:
    """Sizes of partitions at every version; unknown partitions are left out."""
    topic = c.topic(partitions=2)
    c.put(topic, batch([Rec(b"x" * 1000)]))
    for version in range(1, 6):
        for name, rows in (("both", [{"topic": topic.name, "partitions": [0, 1]}]),
                           ("one", [{"topic": topic.name, "partitions": [0]}]),
                           ("unknown", [{"topic": topic.name, "partitions": [0, 9]},
                                        {"topic": c.name("absent"), "partitions": [0]}]),
                           ("no partitions", [{"topic": topic.name, "partitions": []}]), ("none", [])):
            c.call(f"v{version} {name}", "describe_log_dirs", version, {"topics": rows})
        answer = c.quiet("describe_log_dirs", version, {"topics": None})
        mine = [t for row in answer["results"] for t in row["topics"] if t["name"] == topic.name]
        c.add(f"v{version} all", mine)


@case("T7")
def the_quorum(c: Context) -> None:
    """One topic __cluster_metadata with one partition, whose leader is among the voters; others are unknown."""
    drop = ("leader_epoch", "high_watermark", "replica_directory_id", "listeners", "leader_id")
    good = {"topics": [{"topic_name": "__cluster_metadata", "partitions": [{"partition_index": 0}]}]}
    for version in range(3):
        answer = c.call(f"v{version}", "describe_quorum", version, good, error=0, drop=drop)
        part = answer["topics"][0]["partitions"][0]
        c.add(f"v{version} leader votes", part["leader_id"] in [v["replica_id"] for v in part["current_voters"]], says=True)
        c.add(f"v{version} watermark", part["high_watermark"] > 0, says=True)
        for name, rows in (("another topic", [{"topic_name": "x", "partitions": [{"partition_index": 0}]}]),
                           ("partition 1", [{"topic_name": "__cluster_metadata", "partitions": [{"partition_index": 1}]}]),
                           ("nothing", [])):
            c.call(f"v{version} {name}", "describe_quorum", version, {"topics": rows}, drop=drop)
