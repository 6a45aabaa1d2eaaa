"""The topics of a visit, made in one go before any load."""

import time

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

LIMIT_S = 60.0


def create(bootstrap: str, partitions: dict[str, int]) -> None:
    """Creates topics with so many partitions each and returns once every leader answers.

    A broker may answer a creation before its leaders serve; asking for offsets shows when they do.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap})
    created = admin.create_topics([NewTopic(topic, count, 1) for topic, count in partitions.items()], operation_timeout=LIMIT_S)
    for future in created.values():
        future.result(LIMIT_S)
    wanted = {TopicPartition(topic, number): OffsetSpec.latest()
              for topic, count in partitions.items() for number in range(count)}
    deadline = time.monotonic() + LIMIT_S
    while not _all_answer(admin, wanted):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{', '.join(partitions)}: no leaders in {LIMIT_S} s")
        time.sleep(0.1)


def _all_answer(admin: AdminClient, wanted: dict[TopicPartition, OffsetSpec]) -> bool:
    try:
        return all(future.result(LIMIT_S).offset == 0 for future in admin.list_offsets(wanted).values())
    except KafkaException:
        return False
