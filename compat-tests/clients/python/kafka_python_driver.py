"""kafka-python: a client written in Python alone."""

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError

import driver
from driver import Deadline, record_in, record_out, until

WAIT_MS = driver.WAIT_S * 1000


def consumer(bootstrap, **more):
    return KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest",
                         session_timeout_ms=10_000, heartbeat_interval_ms=500, fetch_max_wait_ms=100, **more)


def produce(bootstrap, topic, args):
    codec = args.get("codec", "none")
    sender = KafkaProducer(bootstrap_servers=bootstrap, compression_type=None if codec == "none" else codec, acks="all",
                           enable_idempotence=args.get("idempotent", False), linger_ms=50)
    futures = []
    for record in args["records"]:
        partition, key, value, headers, timestamp = record_in(record)
        futures.append(sender.send(topic, value, key, headers, partition, timestamp))
    sender.flush(driver.WAIT_S)
    answers = [future.get(driver.WAIT_S) for future in futures]
    sender.close(5)
    return {"offsets": [{"partition": a.partition, "offset": a.offset} for a in answers]}


def read(bootstrap, topic, starts, count):
    reader, records, deadline = consumer(bootstrap, group_id=None), [], Deadline(f"{count} records")
    reader.assign([TopicPartition(topic, int(p)) for p in starts])
    for partition, offset in starts.items():
        if offset == -2:
            reader.seek_to_beginning(TopicPartition(topic, int(partition)))
        else:
            reader.seek(TopicPartition(topic, int(partition)), offset)
    while len(records) < count:
        for batch in reader.poll(100).values():
            records += [record_out(r.partition, r.offset, r.timestamp, r.key, r.value, r.headers) for r in batch]
        deadline.check(len(records))
    reader.close()
    return records[:count]


def consume(bootstrap, topic, args):
    return {"records": read(bootstrap, topic, args["partitions"], args["count"])}


class Member:
    def __init__(self, bootstrap, topic, group):
        self.reader = consumer(bootstrap, group_id=group)
        self.reader.subscribe([topic])

    def step(self):
        got = [(part.partition, r.value) for part, batch in self.reader.poll(100).items() for r in batch]
        if got:
            self.reader.commit_async()
        return got

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
    reader, values, part = consumer(bootstrap, group_id=args["group"]), [], TopicPartition(topic, 0)
    reader.subscribe([topic])
    deadline, last = Deadline(f"{args['count']} records of group {args['group']}"), None
    while len(values) < args["count"]:
        for batch in reader.poll(100, max_records=args["count"] - len(values)).values():
            values += [record.value.decode() for record in batch]
            last = batch[-1]
        deadline.check(values)
    reader.commit({part: OffsetAndMetadata(last.offset + 1, "", last.leader_epoch)})
    committed = reader.committed(part)
    reader.close()
    return {"values": values, "committed": committed}


def times(bootstrap, topic, args):
    reader, part = consumer(bootstrap, group_id=None), TopicPartition(topic, 0)
    found = [reader.offsets_for_times({part: stamp})[part] for stamp in args["timestamps"]]
    offsets = [None if answer is None or answer.offset < 0 else answer.offset for answer in found]
    low, high = reader.beginning_offsets([part])[part], reader.end_offsets([part])[part]
    reader.close()
    first = read(bootstrap, topic, {"0": offsets[0]}, 1)[0]
    return {"offsets": offsets, "earliest": low, "latest": high, "first": first["value"]}


def configs_of(client, topic):
    answer = client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)], config_filter="all")
    return {name: entry["value"] for name, entry in answer["topic"][topic].items()}


def partitions_of(client, topic):
    if topic not in client.list_topics():
        return 0
    return sum(len(t["partitions"]) for t in client.describe_topics([topic]) if not t["error_code"])


def admin(bootstrap, topic, args):
    client = KafkaAdminClient(bootstrap_servers=bootstrap)
    client.create_topics({topic: {"num_partitions": 2, "replication_factor": 1, "configs": args["configs"]}})
    result = {"partitions": until("the topic in the list", lambda: partitions_of(client, topic), lambda n: n == 2)}
    try:
        client.create_topics({topic: {"num_partitions": 2, "replication_factor": 1}})
    except KafkaError as refusal:
        result["duplicate"] = refusal.errno
    result["before"] = configs_of(client, topic)
    client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=args["alter"])])
    result["after"] = until("the altered config", lambda: configs_of(client, topic),
                            lambda seen: args["alter"].items() <= seen.items())
    client.create_partitions({topic: 4})
    result["grown"] = until("four partitions", lambda: partitions_of(client, topic), lambda n: n == 4)
    client.delete_topics([topic])
    result["deleted"] = until("the topic to go", lambda: partitions_of(client, topic), lambda n: n == 0) == 0
    client.close()
    return result


def groups(bootstrap, topic, args):
    client, name = KafkaAdminClient(bootstrap_servers=bootstrap), args["group"]
    runner = driver.Runner(lambda: Member(bootstrap, topic, name))

    def assigned():
        runner.check()
        return runner.assigned

    def listed():
        return {g["group_id"]: g for g in client.list_groups()}

    def described():
        return client.describe_groups([name])[name]

    def committed():
        found = client.list_group_offsets({name: [TopicPartition(topic, 0)]})[name]
        return found[TopicPartition(topic, 0)].offset

    until("the member's assignment", assigned, bool)
    offset = until("the member's commit", committed, lambda seen: seen == args["count"])
    whole = until("a stable group", described, lambda d: d["group_state"] == "Stable")
    in_list = listed()[name]
    runner.stop()
    empty = until("an empty group", described, lambda d: d["group_state"] == "Empty")
    client.delete_groups([name])
    assignment = whole["members"][0]["member_assignment"]
    partitions = [p for part in assignment["assigned_partitions"] for p in part["partitions"]]
    result = {
        "listed": in_list["group_state"].lower(),
        "state": whole["group_state"].lower(),
        "members": len(whole["members"]),
        "assigned": sorted(partitions),
        "committed": offset,
        "after_leave": empty["group_state"].lower(),
        "deleted": name not in listed(),
    }
    client.close()
    return result


def delete_records(bootstrap, topic, args):
    client, part = KafkaAdminClient(bootstrap_servers=bootstrap), TopicPartition(topic, 0)
    low = client.delete_records({part: args["offset"]})[part]["low_watermark"]
    client.close()
    reader = consumer(bootstrap, group_id=None)
    earliest = reader.beginning_offsets([part])[part]
    reader.close()
    return {"low": low, "earliest": earliest, "first": read(bootstrap, topic, {"0": -2}, 1)[0]["value"]}


CASES = [produce, consume, group, commit, times, admin, groups, delete_records]

if __name__ == "__main__":
    driver.main({case.__name__: case for case in CASES})
