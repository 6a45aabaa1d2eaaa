"""The topics of a visit, made in one go before any load, by a process of its own: no client stays connected behind it.

    python topics.py 127.0.0.1:9092 orders=16 payments=1
"""

import subprocess
import sys
import time

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

LIMIT_S = 60.0


def create(bootstrap: str, partitions: dict[str, int]) -> None:
    """Creates topics with so many partitions each and returns once every leader answers."""
    words = [f"{topic}={count}" for topic, count in partitions.items()]
    done = subprocess.run([sys.executable, __file__, bootstrap, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=3 * LIMIT_S)
    if done.returncode != 0:
        raise RuntimeError(f"topics could not be created: {done.stdout.strip()}")


def _create_here(bootstrap: str, partitions: dict[str, int]) -> None:
    """A broker may answer a creation before its leaders serve; asking for offsets shows when they do."""
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


if __name__ == "__main__":
    _create_here(sys.argv[1], {topic: int(count) for topic, count in (word.split("=") for word in sys.argv[2:])})
