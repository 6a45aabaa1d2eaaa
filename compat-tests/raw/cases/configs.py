"""DescribeConfigs, AlterConfigs, IncrementalAlterConfigs, ListConfigResources (V1-V6)."""

from raw.batch import Rec, batch
from raw.case import SILENT, Context, case

TOPIC, BROKER, LOGGER, METRICS, GROUP = 2, 4, 8, 16, 32
SET, DELETE, APPEND, SUBTRACT = range(4)


def describe(kind: int, name: str, keys: list[str] | None = None, **more) -> dict:
    """A DescribeConfigs request for one resource."""
    return {"resources": [{"resource_type": kind, "resource_name": name, "configuration_keys": keys}], **more}


def change(name: str, *changes: tuple, kind: int = TOPIC, **more) -> dict:
    """An IncrementalAlterConfigs request of (key, operation, value)."""
    return {"resources": [{"resource_type": kind, "resource_name": name, "configs": [
        {"name": key, "config_operation": op, "value": value} for key, op, value in changes]}], **more}


def altered(c: Context, label: str, body: dict, *, version: int = 1, **checks) -> None:
    """Records an IncrementalAlterConfigs and waits until the broker lives by it."""
    c.call(label, "incremental_alter_configs", version, body, **checks)
    c.barrier()


def configs(c: Context, name: str, *keys: str, kind: int = TOPIC, **more) -> dict:
    """Values, sources and synonyms of some keys, by key."""
    answer = c.quiet("describe_configs", 4, describe(kind, name, list(keys) or None, include_synonyms=True, **more))
    return {row["name"]: row for row in answer["results"][0]["configs"]}


@case("V1")
def every_config_of_a_topic(c: Context) -> None:
    """All names, values, types, sources and synonyms of a fresh topic are Kafka's."""
    topic = c.topic(retention_ms=777_000, cleanup_policy="compact,delete")
    found = configs(c, topic.name)
    c.add("names", sorted(found))
    for name in sorted(found):
        c.add(name, found[name])


@case("V1")
def descriptions_at_every_version(c: Context) -> None:
    """Chosen keys at each version with and without synonyms and documentation; unknown keys are dropped."""
    topic = c.topic(retention_ms=777_000)
    keys = ["retention.ms", "cleanup.policy", "no.such.key", "retention.ms", "segment.bytes"]
    for version in range(1, 5):
        for synonyms in (False, True):
            c.call(f"v{version} {synonyms}", "describe_configs", version, describe(
                TOPIC, topic.name, keys, include_synonyms=synonyms,
                **({"include_documentation": synonyms} if version >= 3 else {})), error=0)
    c.call("only unknown", "describe_configs", 4, describe(TOPIC, topic.name, ["no.such.key"]), says={"configs": []})
    for empty in ([], None):
        answer = c.quiet("describe_configs", 4, describe(TOPIC, topic.name, empty))
        c.add(f"keys {empty}", len(answer["results"][0]["configs"]) > 20, says=True)


@case("V1")
def resources_that_cannot_be_described(c: Context) -> None:
    """Unknown topics, invalid names, brokers that are others, types that do not exist."""
    for name, kind, resource in (
            ("unknown topic", TOPIC, c.name("absent")), ("invalid topic", TOPIC, "a b"), ("empty topic", TOPIC, ""),
            ("another broker", BROKER, "77"), ("no broker", BROKER, "x"), ("type 0", 0, "x"), ("type 1", 1, "x"),
            ("type 3", 3, "x"), ("type 99", 99, "x"), ("type -1", -1, "x")):
        for version in (1, 4):
            c.call(f"v{version} {name}", "describe_configs", version, describe(kind, resource))
    c.call("nothing", "describe_configs", 4, {"resources": []}, says={"results": []})
    topic = c.topic()
    c.call("good beside bad", "describe_configs", 4, {"resources": [
        {"resource_type": TOPIC, "resource_name": name, "configuration_keys": ["retention.ms"]}
        for name in (topic.name, c.name("absent"), topic.name)]})


BROKER_KEYS = ["message.max.bytes", "log.retention.ms", "log.retention.hours", "num.io.threads", "log.cleanup.policy",
               "log.segment.bytes", "auto.create.topics.enable", "default.replication.factor", "num.partitions",
               "offsets.topic.num.partitions", "group.max.size", "socket.request.max.bytes", "ssl.keystore.password",
               "compression.type", "min.insync.replicas", "log.roll.ms", "offsets.retention.minutes",
               "connections.max.idle.ms", "sasl.enabled.mechanisms", "group.initial.rebalance.delay.ms"]


@case("V1")
def configs_of_the_broker(c: Context) -> None:
    """Values, types, sources, synonyms and whether they are read-only, of keys that are the same on both brokers."""
    me = str(c.broker.node_id)
    for key in BROKER_KEYS:
        found = configs(c, me, key, kind=BROKER)
        c.add(key, found.get(key))
    c.add("node id", configs(c, me, "node.id", kind=BROKER)["node.id"]["value"] == me, says=True)
    c.call("cluster-wide defaults", "describe_configs", 4, describe(BROKER, "", ["message.max.bytes", "num.io.threads"]))


@case("V2")
def sources_and_synonyms(c: Context) -> None:
    """A topic's own value comes first, then the broker's dynamic ones, then the file's, then the default."""
    topic = c.topic(retention_ms=1_000_000, max_message_bytes=5000)
    for key in ("retention.ms", "max.message.bytes", "segment.bytes", "min.insync.replicas"):
        c.add(key, configs(c, topic.name, key)[key], ordered=True)


@case("V4")
def a_config_is_set_and_deleted(c: Context) -> None:
    """SET takes effect at once, DELETE gives back the default, validate_only changes nothing."""
    topic = c.topic()
    for version in (0, 1):
        altered(c, f"v{version} set", change(topic.name, ("max.message.bytes", SET, "100")), version=version, error=0)
        c.add(f"v{version} is set", configs(c, topic.name, "max.message.bytes"), says={"value": "100", "config_source": 1})
        c.produce(f"v{version} in force", topic, batch([Rec(b"x" * 200)]), error=10)
        c.call(f"v{version} only validated", "incremental_alter_configs", version,
               change(topic.name, ("max.message.bytes", DELETE, None), validate_only=True), error=0)
        c.produce(f"v{version} still", topic, batch([Rec(b"x" * 200)]), error=10)
        altered(c, f"v{version} delete", change(topic.name, ("max.message.bytes", DELETE, None)), version=version, error=0)
        c.produce(f"v{version} gone", topic, batch([Rec(b"x" * 200)]), error=0)
        c.call(f"v{version} delete again", "incremental_alter_configs", version,
               change(topic.name, ("max.message.bytes", DELETE, None)), error=0)


@case("V4")
def lists_are_appended_to(c: Context) -> None:
    """APPEND and SUBTRACT work on lists only; subtracting the last item leaves the empty string."""
    topic = c.topic()
    steps = [("append", "cleanup.policy", APPEND, "compact"), ("append again", "cleanup.policy", APPEND, "compact"),
             ("subtract", "cleanup.policy", SUBTRACT, "delete"), ("subtract absent", "cleanup.policy", SUBTRACT, "delete"),
             ("subtract last", "cleanup.policy", SUBTRACT, "compact"), ("append two", "cleanup.policy", APPEND, "delete,compact"),
             ("append bad", "cleanup.policy", APPEND, "burn"), ("append number", "retention.ms", APPEND, "5"),
             ("subtract number", "retention.ms", SUBTRACT, "5"), ("append null", "cleanup.policy", APPEND, None)]
    for name, key, operation, value in steps:
        altered(c, name, change(topic.name, (key, operation, value)))
        c.add(f"after {name}", configs(c, topic.name, key), ordered=True)


@case("V4")
def changes_that_are_refused(c: Context) -> None:
    """Unknown keys and operations, null and bad values, duplicates; nothing of such a change is applied."""
    topic = c.topic()
    for name, changes in (
            ("unknown key", [("no.such.key", SET, "1")]), ("delete unknown key", [("no.such.key", DELETE, None)]),
            ("null value", [("retention.ms", SET, None)]), ("bad value", [("retention.ms", SET, "soon")]),
            ("out of range", [("min.insync.replicas", SET, "0")]), ("operation 4", [("retention.ms", 4, "1")]),
            ("operation -1", [("retention.ms", -1, "1")]), ("key twice", [("retention.ms", SET, "1"), ("retention.ms", SET, "2")]),
            ("good and bad", [("retention.ms", SET, "5"), ("segment.ms", SET, "x")]),
            ("empty key", [("", SET, "1")]), ("broker key", [("log.retention.ms", SET, "1")]),
            ("empty value", [("retention.ms", SET, "")]), ("spaces", [("retention.ms", SET, " 5000 ")]),
            ("boolean", [("preallocate", SET, "maybe")]), ("float", [("min.cleanable.dirty.ratio", SET, "2.5")]),
            ("long value", [("follower.replication.throttled.replicas", SET, "1:1," * 9000)])):
        c.call(name, "incremental_alter_configs", 1, change(topic.name, *changes))
    c.barrier()
    c.add("what is set", {name: row for name, row in configs(c, topic.name).items() if row["config_source"] == 1})
    for name, resource in (("unknown topic", c.name("absent")), ("empty name", ""), ("invalid name", "a b")):
        c.call(name, "incremental_alter_configs", 1, change(resource, ("retention.ms", SET, "1")))
    c.call("resource twice", "incremental_alter_configs", 1, {"resources": [
        *change(topic.name, ("retention.ms", SET, "1"))["resources"], *change(topic.name, ("segment.ms", SET, "1"))["resources"]]},
        error=42)
    for kind in (0, 1, 3, 99):
        c.call(f"type {kind}", "incremental_alter_configs", 1, change("x", ("a", SET, "1"), kind=kind))
    c.call("nothing", "incremental_alter_configs", 1, {"resources": []}, says={"responses": []})
    c.call("no changes", "incremental_alter_configs", 1, change(topic.name), error=0)


@case("V4")
def alter_configs_replaces_all(c: Context) -> None:
    """The old AlterConfigs resets every key that it does not list."""
    topic = c.topic(retention_ms=5000, segment_ms=6000)
    for version in range(3):
        c.call(f"v{version}", "alter_configs", version, {"resources": [{
            "resource_type": TOPIC, "resource_name": topic.name, "configs": [
                {"name": "max.message.bytes", "value": str(7000 + version)}]}]}, error=0)
        c.barrier()
        c.add(f"v{version} now", {name: row["value"] for name, row in configs(c, topic.name).items()
                                  if row["config_source"] == 1}, says={"max.message.bytes": str(7000 + version)})
        c.call(f"v{version} validated", "alter_configs", version, {"validate_only": True, "resources": [{
            "resource_type": TOPIC, "resource_name": topic.name, "configs": []}]}, error=0)
    for name, rows in (("unknown key", [{"name": "no.such.key", "value": "1"}]), ("null", [{"name": "retention.ms", "value": None}]),
                       ("bad value", [{"name": "retention.ms", "value": "x"}]),
                       ("key twice", [{"name": "retention.ms", "value": "1"}, {"name": "retention.ms", "value": "2"}])):
        c.call(name, "alter_configs", 2, {"resources": [{"resource_type": TOPIC, "resource_name": topic.name, "configs": rows}]})
    c.barrier()
    c.add("unchanged", {name: row["value"] for name, row in configs(c, topic.name).items() if row["config_source"] == 1})
    c.call("unknown topic", "alter_configs", 2, {"resources": [{
        "resource_type": TOPIC, "resource_name": c.name("absent"), "configs": []}]})
    c.call("clear", "alter_configs", 2, {"resources": [{"resource_type": TOPIC, "resource_name": topic.name, "configs": []}]},
           error=0)
    c.barrier()
    c.add("cleared", {name: row["value"] for name, row in configs(c, topic.name).items() if row["config_source"] == 1}, says={})


@case("V4")
def alter_configs_with_a_resource_twice(c: Context) -> None:
    """Kafka gives no answer at all (N12)."""
    topic = c.topic()
    row = {"resource_type": TOPIC, "resource_name": topic.name, "configs": [{"name": "segment.ms", "value": "50000"}]}
    c.call("twice", "alter_configs", 2, {"resources": [row, row]}, wait_s=c.mute_s, says=SILENT)
    c.barrier()
    c.add("nothing changed", configs(c, topic.name, "segment.ms"), says={"config_source": 5})


@case("V5")
def values_at_their_limits(c: Context) -> None:
    """More than 32767 characters are refused; min.insync.replicas above the factor is accepted."""
    topic = c.topic()
    for size in (32_767, 32_768):
        value = ("1:1," * 9000)[:size - 3] + "1:1"
        c.add(f"{size}", len(value), says=size)
    c.call("min.insync.replicas 5", "incremental_alter_configs", 1, change(topic.name, ("min.insync.replicas", SET, "5")),
           error=0)
    c.produce("acks all", topic, batch(), error=0)


@case("V6")
def a_change_takes_effect_without_restart(c: Context) -> None:
    """message.timestamp.type and cleanup.policy of a living topic are in force for the next produce."""
    topic = c.topic()
    c.produce("create time", topic, batch(), error=0, says={"log_append_time": -1})
    altered(c, "append time", change(topic.name, ("message.timestamp.type", SET, "LogAppendTime")),
           error=0)
    c.produce("now the broker's time", topic, batch(), error=0, says={"log_append_time": "<now>"})
    altered(c, "compact", change(topic.name, ("cleanup.policy", SET, "compact")), error=0)
    c.produce("now a key is needed", topic, batch([Rec(key=None)]), error=87)
    c.content("epoch stays", topic)


@case("V4")
def dynamic_configs_of_the_broker(c: Context) -> None:
    """A dynamic broker config changes what topics inherit; unknown ones are accepted, read-only ones refused."""
    topic, me = c.topic(), str(c.broker.node_id)
    key = "log.delete.delay.ms"
    for name, resource in (("own", me), ("cluster-wide", "")):
        altered(c, f"{name} set", change(resource, (key, SET, "12345"), kind=BROKER), error=0)
        c.add(f"{name} topic inherits", configs(c, topic.name, "file.delete.delay.ms"), ordered=True)
        c.add(f"{name} described", configs(c, resource, key, kind=BROKER), ordered=True)
        altered(c, f"{name} delete", change(resource, (key, DELETE, None), kind=BROKER), error=0)
        c.add(f"{name} back", configs(c, topic.name, "file.delete.delay.ms"), ordered=True)
    for name, row in (("read-only", ("num.partitions", SET, "3")), ("bad value", ("log.retention.ms", SET, "x")),
                      ("unknown", ("my.own.key", SET, "1")), ("unknown away", ("my.own.key", DELETE, None))):
        c.call(f"{name} own", "incremental_alter_configs", 1, change(me, row, kind=BROKER))
        c.call(f"{name} cluster-wide", "incremental_alter_configs", 1, change("", row, kind=BROKER))
    c.call("another broker", "incremental_alter_configs", 1, change("77", (key, SET, "1"), kind=BROKER))


@case("V4")
def advertised_listeners_of_a_broker_that_runs(c: Context) -> None:
    """Brokers before Kafka 4 let them change; only validated here, since others use this broker too."""
    me, there = str(c.broker.node_id), f"PLAINTEXT://{c.broker.host}:{c.broker.port}"
    for name, resource, value in (("own", me, there), ("no listener", me, "OTHER://127.0.0.1:1"), ("cluster-wide", "", there)):
        c.call(name, "incremental_alter_configs", 1,
               change(resource, ("advertised.listeners", SET, value), kind=BROKER, validate_only=True))
    found = configs(c, me, "advertised.listeners", kind=BROKER)["advertised.listeners"]
    c.add("described", {key: value for key, value in found.items() if key not in ("value", "synonyms")})


@case("V1")
def config_resources_are_listed(c: Context) -> None:
    """v0 has client metrics only, v1 what is asked for; empty is all."""
    prefix = c.name("")
    c.topic()

    def mine(answer: dict) -> dict:
        rows = [r for r in answer["config_resources"] if r["resource_type"] != TOPIC or r["resource_name"].startswith(prefix)]
        return {**answer, "config_resources": [{**r, "resource_name": "me" if r["resource_name"] == str(
            c.broker.node_id) else r["resource_name"]} for r in rows if r["resource_type"] != GROUP]}

    c.call("v0", "list_config_resources", 0, {}, error=0)
    for types in ([], [TOPIC], [BROKER], [LOGGER], [METRICS], [TOPIC, BROKER], [TOPIC, TOPIC]):
        c.add(f"v1 {types}", mine(c.quiet("list_config_resources", 1, {"resource_types": types})), error=0)
    for types in ([0], [3], [99], [-1], [TOPIC, 77]):
        c.call(f"v1 {types}", "list_config_resources", 1, {"resource_types": types})
