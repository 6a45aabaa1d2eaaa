"""confluent-kafka: the current librdkafka under Confluent's Python client."""

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
)
import driver
from driver import Deadline, record_in, record_out, until

WAIT = driver.WAIT_S


def producer(bootstrap, args):
    return Producer({
        "bootstrap.servers": bootstrap,
        "compression.type": args.get("codec", "none"),
        "enable.idempotence": args.get("idempotent", False),
        "acks": "all",
        "linger.ms": 50,
        "message.max.bytes": 1_000_000,
        "message.timeout.ms": WAIT * 1000,
    })


def consumer(bootstrap, **more):
    return Consumer({
        "bootstrap.servers": bootstrap,
        "group.id": "unused",
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "session.timeout.ms": 10_000,
        "heartbeat.interval.ms": 500,
        "fetch.wait.max.ms": 100,
        **more,
    })


def poll(reader, deadline, seen=None):
    """The next message, or None while nothing came."""
    message = reader.poll(0.1)
    deadline.check(seen)
    if message is not None and message.error():
        raise KafkaException(message.error())
    return message


def produce(bootstrap, topic, args):
    sender, offsets = producer(bootstrap, args), [None] * len(args["records"])

    def delivered(index):
        def note(error, message):
            offsets[index] = str(error) if error else {"partition": message.partition(), "offset": message.offset()}
        return note

    for index, record in enumerate(args["records"]):
        partition, key, value, headers, timestamp = record_in(record)
        more = {} if timestamp is None else {"timestamp": timestamp}
        sender.produce(topic, value, key, partition, on_delivery=delivered(index), headers=headers, **more)
    if sender.flush(WAIT):
        raise TimeoutError(f"records undelivered after {WAIT} s: {offsets}")
    return {"offsets": offsets}


def read(bootstrap, topic, starts, count):
    reader, records, deadline = consumer(bootstrap), [], Deadline(f"{count} records")
    reader.assign([TopicPartition(topic, int(p), offset) for p, offset in starts.items()])
    while len(records) < count:
        message = poll(reader, deadline, len(records))
        if message is not None:
            records.append(record_out(message.partition(), message.offset(), message.timestamp()[1],
                                      message.key(), message.value(), message.headers()))
    reader.close()
    return records


def consume(bootstrap, topic, args):
    return {"records": read(bootstrap, topic, args["partitions"], args["count"])}


class Member:
    def __init__(self, bootstrap, topic, group):
        self.reader = consumer(bootstrap, **{"group.id": group})
        self.reader.subscribe([topic])

    def step(self):
        message = self.reader.poll(0.1)
        if message is None:
            return []
        if message.error():
            raise KafkaException(message.error())
        self.reader.commit(message=message, asynchronous=True)
        return [(message.partition(), message.value())]

    def assignment(self):
        return [part.partition for part in self.reader.assignment()]

    def close(self):
        self.reader.close()


def group(bootstrap, topic, args):
    def late():
        records = [{"partition": p, "key": None, "value": driver.pack(b"late-%d" % p)} for p in range(args["partitions"])]
        produce(bootstrap, topic, {"records": records})
    return driver.group_of_two(lambda: Member(bootstrap, topic, args["group"]), late, args)


def commit(bootstrap, topic, args):
    reader, values = consumer(bootstrap, **{"group.id": args["group"]}), []
    reader.subscribe([topic])
    deadline = Deadline(f"{args['count']} records of group {args['group']}")
    message = None
    while len(values) < args["count"]:
        got = poll(reader, deadline, values)
        if got is not None:
            message = got
            values.append(message.value().decode())
    reader.commit(message=message, asynchronous=False)
    committed = reader.committed([TopicPartition(topic, 0)], WAIT)[0].offset
    reader.close()
    return {"values": values, "committed": committed}


def times(bootstrap, topic, args):
    reader = consumer(bootstrap)
    found = [reader.offsets_for_times([TopicPartition(topic, 0, stamp)], WAIT)[0].offset for stamp in args["timestamps"]]
    low, high = reader.get_watermark_offsets(TopicPartition(topic, 0), WAIT)
    reader.close()
    first = read(bootstrap, topic, {"0": found[0]}, 1)[0]
    return {"offsets": [offset if offset >= 0 else None for offset in found], "earliest": low, "latest": high, "first": first["value"]}


def configs_of(admin, topic):
    resource = ConfigResource(ResourceType.TOPIC, topic)
    entries = admin.describe_configs([resource])[resource].result(WAIT)
    return {name: entry.value for name, entry in entries.items()}


def partitions_of(admin, topic):
    found = admin.list_topics(timeout=WAIT).topics.get(topic)
    return 0 if found is None or found.error else len(found.partitions)


def admin(bootstrap, topic, args):
    client = AdminClient({"bootstrap.servers": bootstrap})
    client.create_topics([NewTopic(topic, 2, 1, config=args["configs"])])[topic].result(WAIT)
    result = {"partitions": until("the topic in the list", lambda: partitions_of(client, topic), lambda n: n == 2)}
    try:
        client.create_topics([NewTopic(topic, 2, 1)])[topic].result(WAIT)
    except KafkaException as refusal:
        result["duplicate"] = refusal.args[0].code()
    result["before"] = configs_of(client, topic)
    changes = [ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in args["alter"].items()]
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=changes)
    client.incremental_alter_configs([resource])[resource].result(WAIT)
    result["after"] = until("the altered config", lambda: configs_of(client, topic),
                            lambda seen: args["alter"].items() <= seen.items())
    client.create_partitions([NewPartitions(topic, 4)])[topic].result(WAIT)
    result["grown"] = until("four partitions", lambda: partitions_of(client, topic), lambda n: n == 4)
    client.delete_topics([topic])[topic].result(WAIT)
    result["deleted"] = until("the topic to go", lambda: partitions_of(client, topic), lambda n: n == 0) == 0
    return result


def groups(bootstrap, topic, args):
    client, name = AdminClient({"bootstrap.servers": bootstrap}), args["group"]
    runner = driver.Runner(lambda: Member(bootstrap, topic, name))

    def assigned():
        runner.check()
        return runner.assigned

    def listed():
        return {g.group_id: g for g in client.list_consumer_groups().result(WAIT).valid}

    def described():
        return client.describe_consumer_groups([name])[name].result(WAIT)

    def committed():
        request = [ConsumerGroupTopicPartitions(name, [TopicPartition(topic, 0)])]
        return client.list_consumer_group_offsets(request)[name].result(WAIT).topic_partitions[0].offset

    until("the member's assignment", assigned, bool)
    offset = until("the member's commit", committed, lambda seen: seen == args["count"])
    whole = until("a stable group", described, lambda d: d.state.name == "STABLE")
    in_list = listed()[name]
    member = whole.members[0]
    runner.stop()
    empty = until("an empty group", described, lambda d: d.state.name == "EMPTY")
    client.delete_consumer_groups([name])[name].result(WAIT)
    return {
        "listed": in_list.state.name.lower(),
        "state": whole.state.name.lower(),
        "members": len(whole.members),
        "assigned": sorted(part.partition for part in member.assignment.topic_partitions),
        "committed": offset,
        "after_leave": empty.state.name.lower(),
        "deleted": name not in listed(),
    }


def delete_records(bootstrap, topic, args):
    client = AdminClient({"bootstrap.servers": bootstrap})
    upto = TopicPartition(topic, 0, args["offset"])
    low = client.delete_records([upto])[upto].result(WAIT).low_watermark
    earliest = client.list_offsets({TopicPartition(topic, 0): OffsetSpec.earliest()})
    first = read(bootstrap, topic, {"0": -2}, 1)[0]
    return {"low": low, "earliest": list(earliest.values())[0].result(WAIT).offset, "first": first["value"]}


CASES = [produce, consume, group, commit, times, admin, groups, delete_records]

if __name__ == "__main__":
    driver.main({case.__name__: case for case in CASES})
