"""aiokafka: an asyncio client with a group implementation of its own."""

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

import driver
from driver import Deadline, record_in, record_out

WAIT_S = driver.WAIT_S


async def until(waiting_for, look, good):
    """The asyncio twin of driver.until; `look` is a coroutine function."""
    deadline = Deadline(waiting_for)
    while True:
        seen = await look()
        if good(seen):
            return seen
        deadline.check(seen)
        await asyncio.sleep(0.05)  # the pace of polling: `good` alone ends the wait


def consumer(bootstrap, *topics, **more):
    return AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest",
                            session_timeout_ms=10_000, heartbeat_interval_ms=500, fetch_max_wait_ms=100, **more)


async def produce(bootstrap, topic, args):
    codec = args.get("codec", "none")
    sender = AIOKafkaProducer(bootstrap_servers=bootstrap, compression_type=None if codec == "none" else codec, acks="all",
                              enable_idempotence=args.get("idempotent", False), linger_ms=50)
    await sender.start()
    try:
        futures = []
        for record in args["records"]:
            partition, key, value, headers, timestamp = record_in(record)
            futures.append(await sender.send(topic, value, key, partition, timestamp, headers))
        answers = await asyncio.wait_for(asyncio.gather(*futures), WAIT_S)
    finally:
        await sender.stop()
    return {"offsets": [{"partition": a.partition, "offset": a.offset} for a in answers]}


async def read(bootstrap, topic, starts, count):
    reader, records, deadline = consumer(bootstrap), [], Deadline(f"{count} records")
    await reader.start()
    try:
        parts = {TopicPartition(topic, int(p)): offset for p, offset in starts.items()}
        reader.assign(list(parts))
        for part, offset in parts.items():
            if offset == -2:
                await reader.seek_to_beginning(part)
            else:
                reader.seek(part, offset)
        while len(records) < count:
            got = await reader.getmany(timeout_ms=100, max_records=count - len(records))
            for batch in got.values():
                records += [record_out(r.partition, r.offset, r.timestamp, r.key, r.value, r.headers) for r in batch]
            deadline.check(len(records))
    finally:
        await reader.stop()
    return records


async def consume(bootstrap, topic, args):
    return {"records": await read(bootstrap, topic, args["partitions"], args["count"])}


class Member:
    """A group member that reads in a task of its own."""

    def __init__(self, bootstrap, topic, group):
        self.reader = consumer(bootstrap, topic, group_id=group)
        self.values = []
        self.task = asyncio.create_task(self.run())
        self.stopping = False

    async def run(self):
        await self.reader.start()
        try:
            while not self.stopping:
                got = await self.reader.getmany(timeout_ms=100)
                self.values += [record.value for batch in got.values() for record in batch]
                if got:
                    await self.commit()
        finally:
            await self.reader.stop()

    async def commit(self):
        try:
            await self.reader.commit()
        except for_code(27):
            # A rebalance came between reading and committing: the new owner reads these records again.
            pass

    async def assignment(self):
        if self.task.done():
            await self.task
        return sorted(part.partition for part in self.reader.assignment())

    async def stop(self):
        self.stopping = True
        await asyncio.wait_for(self.task, WAIT_S)


async def group(bootstrap, topic, args):
    total = args["partitions"]
    members = [Member(bootstrap, topic, args["group"])]

    async def assignments():
        return [await member.assignment() for member in members]

    async def seen():
        await assignments()
        return {value for member in members for value in member.values}

    alone = await until("the first member to own every partition", assignments, lambda a: len(a[0]) == total)
    await until("the first member to read the topic", seen, lambda values: len(values) >= args["count"])
    members.append(Member(bootstrap, topic, args["group"]))
    shared = await until("the two members to share the partitions", assignments,
                         lambda a: [len(part) for part in a] == [total // 2, total - total // 2] and not set(a[0]) & set(a[1]))
    await produce(bootstrap, topic, {"records": [
        {"partition": p, "key": None, "value": driver.pack(b"late-%d" % p)} for p in range(total)]})
    await until("the late records", seen, lambda values: len(values) >= args["count"] + total)
    late = [len({v for v in member.values if v.startswith(b"late-")}) for member in members]
    await members.pop().stop()
    after = await until("the first member to own every partition again", assignments, lambda a: len(a[0]) == total)
    await members[0].stop()
    return driver.group_result(alone[0], shared, late, after[0], members[0].values)


async def commit(bootstrap, topic, args):
    part, values = TopicPartition(topic, 0), []
    reader, deadline = consumer(bootstrap, topic, group_id=args["group"]), Deadline(f"{args['count']} records of the group")
    await reader.start()
    try:
        last = None
        while len(values) < args["count"]:
            for batch in (await reader.getmany(timeout_ms=100, max_records=args["count"] - len(values))).values():
                values += [record.value.decode() for record in batch]
                last = batch[-1].offset
            deadline.check(values)
        await reader.commit({part: last + 1})
        committed = await reader.committed(part)
    finally:
        await reader.stop()
    return {"values": values, "committed": committed}


async def times(bootstrap, topic, args):
    part, reader = TopicPartition(topic, 0), consumer(bootstrap)
    await reader.start()
    try:
        found = [(await reader.offsets_for_times({part: stamp}))[part] for stamp in args["timestamps"]]
        low, high = (await reader.beginning_offsets([part]))[part], (await reader.end_offsets([part]))[part]
    finally:
        await reader.stop()
    offsets = [None if answer is None or answer.offset < 0 else answer.offset for answer in found]
    first = (await read(bootstrap, topic, {"0": offsets[0]}, 1))[0]
    return {"offsets": offsets, "earliest": low, "latest": high, "first": first["value"]}


async def configs_of(client, topic):
    answers = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    _, _, _, _, entries = answers[0].resources[0]
    return {entry[0]: entry[1] for entry in entries}


async def partitions_of(client, topic):
    if topic not in await client.list_topics():
        return 0
    return sum(len(t["partitions"]) for t in await client.describe_topics([topic]) if not t["error_code"])


def raise_refusals(errors):
    for _, code, *_ in errors:
        if code:
            raise for_code(code)()


async def admin_steps(client, topic, args):
    made = await client.create_topics([NewTopic(topic, 2, 1, topic_configs=args["configs"])])
    raise_refusals(made.topic_errors)
    result = {"partitions": await until("the topic in the list", lambda: partitions_of(client, topic), lambda n: n == 2)}
    again = await client.create_topics([NewTopic(topic, 2, 1)])
    result["duplicate"] = again.topic_errors[0][1]
    result["before"] = await configs_of(client, topic)
    altered = await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=args["alter"])])
    for code, _, _, name in altered[0].resources:
        raise_refusals([(name, code)])
    result["after"] = await until("the altered config", lambda: configs_of(client, topic),
                                  lambda seen: args["alter"].items() <= seen.items())
    await client.create_partitions({topic: NewPartitions(4)})
    result["grown"] = await until("four partitions", lambda: partitions_of(client, topic), lambda n: n == 4)
    raise_refusals((await client.delete_topics([topic])).topic_error_codes)
    result["deleted"] = await until("the topic to go", lambda: partitions_of(client, topic), lambda n: n == 0) == 0
    return result


async def with_admin(bootstrap, work):
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    try:
        return await work(client)
    finally:
        await client.close()


async def admin(bootstrap, topic, args):
    return await with_admin(bootstrap, lambda client: admin_steps(client, topic, args))


async def group_steps(client, bootstrap, topic, args):
    name, part = args["group"], TopicPartition(topic, 0)
    member = Member(bootstrap, topic, name)

    async def described():
        return (await client.describe_consumer_groups([name]))[0].groups[0]

    async def committed():
        found = (await client.list_consumer_group_offsets(name)).get(part)
        return None if found is None else found.offset

    assigned = await until("the member's assignment", member.assignment, bool)
    offset = await until("the member's commit", committed, lambda seen: seen == args["count"])
    whole = await until("a stable group", described, lambda d: d[2] == "Stable")
    listed = dict(await client.list_consumer_groups())
    await member.stop()
    empty = await until("an empty group", described, lambda d: d[2] == "Empty")
    return {
        "protocol_type": listed[name],
        "state": whole[2].lower(),
        "members": len(whole[5]),
        "assigned": assigned,
        "committed": offset,
        "after_leave": empty[2].lower(),
    }


async def groups(bootstrap, topic, args):
    return await with_admin(bootstrap, lambda client: group_steps(client, bootstrap, topic, args))


async def delete_records(bootstrap, topic, args):
    part = TopicPartition(topic, 0)
    lows = await with_admin(bootstrap, lambda client: client.delete_records({part: RecordsToDelete(args["offset"])}))
    reader = consumer(bootstrap)
    await reader.start()
    try:
        earliest = (await reader.beginning_offsets([part]))[part]
    finally:
        await reader.stop()
    return {"low": lows[part], "earliest": earliest, "first": (await read(bootstrap, topic, {"0": -2}, 1))[0]["value"]}


def blocking(case):
    return lambda bootstrap, topic, args: asyncio.run(case(bootstrap, topic, args))


CASES = [produce, consume, group, commit, times, admin, groups, delete_records]

if __name__ == "__main__":
    driver.main({case.__name__: blocking(case) for case in CASES})
