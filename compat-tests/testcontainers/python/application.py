"""What an application does with a broker that has just become ready, on librdkafka: the client under .NET's and Python's usual ones."""

import os
import subprocess
import time

from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

TOPIC, PARTITIONS, COUNT = "orders", 3, 10
# Ends a hopeless wait. Nothing here is expected to come near it.
LIMIT_S = 60


def since(start):
    return round((time.monotonic() - start) * 1000, 1)


def show_surroundings():
    """Runs the command that the tests name for it: what the engine looks like while the container is still there."""
    subprocess.run(os.environ.get("SURROUNDINGS", "true").split(), check=False)


def use(bootstrap):
    """Creates a topic, writes to it and reads it back in a group; the client may not repeat a request that was refused."""
    ready = time.monotonic()
    common = {"bootstrap.servers": bootstrap}
    admin = AdminClient(common)
    admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)], request_timeout=LIMIT_S)[TOPIC].result(LIMIT_S)
    cluster_id = admin.list_topics(timeout=LIMIT_S).cluster_id
    producer = Producer({**common, "enable.idempotence": True, "linger.ms": 0, "message.timeout.ms": LIMIT_S * 1000})
    first_record_ms = None
    for n in range(COUNT):
        write(producer, n)
        if first_record_ms is None:
            first_record_ms = since(ready)
    return {"bootstrap": bootstrap, "cluster_id": cluster_id, "first_record_ms": first_record_ms,
            **read_in_group(common), "group_ms": since(ready)}


def write(producer, n):
    failures = []
    producer.produce(TOPIC, f"value-{n}".encode(), partition=n % PARTITIONS, on_delivery=lambda error, _: failures.append(error))
    if producer.flush(LIMIT_S) or failures != [None]:
        raise TimeoutError(f"record {n} was not written: {failures}")


def read_in_group(common):
    """Every value, the partitions that the only member got, and the sum of the offsets that it committed."""
    owned, values, deadline = [], [], time.monotonic() + LIMIT_S
    reader = Consumer({**common, "group.id": "readers", "auto.offset.reset": "earliest", "enable.auto.commit": False})
    reader.subscribe([TOPIC], on_assign=lambda _, given: owned.extend(each.partition for each in given))
    while len(values) < COUNT:
        message = reader.poll(0.1)
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(values)} of {COUNT} records after {LIMIT_S} s in a group that owns {owned}")
        if message is None:
            continue
        if message.error():
            raise KafkaException(message.error())
        values.append(message.value().decode())
    reader.commit(asynchronous=False)
    committed = sum(max(0, each.offset) for each in reader.committed(reader.assignment(), timeout=LIMIT_S))
    reader.close()
    return {"values": values, "owned": sorted(owned), "committed": committed}
