"""Records in and out by a client of other hands, as a program on the host would."""

from confluent_kafka import Consumer, Producer

LIMIT_S = 60.0


def produce(bootstrap: str, topic: str, values: list[str]) -> None:
    """Returns once the broker has acknowledged every value."""
    failures = []
    producer = Producer({"bootstrap.servers": bootstrap, "message.timeout.ms": int(LIMIT_S * 1000)})
    for value in values:
        producer.produce(topic, value, on_delivery=lambda error, _: failures.append(error) if error else None)
    assert producer.flush(LIMIT_S) == 0, f"{bootstrap} did not acknowledge"
    assert not failures, failures


def consume(bootstrap: str, topic: str, count: int, group: str = "readers") -> list[str]:
    """The first `count` values of a topic, read as a member of a group."""
    values: list[str] = []
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest"})
    try:
        consumer.subscribe([topic])
        while len(values) < count:
            # The limit only ends a hopeless wait.
            message = consumer.poll(LIMIT_S)
            assert message is not None, f"{len(values)} of {count} records of {topic} from {bootstrap}"
            if message.error() is None:
                values.append(message.value().decode())
    finally:
        consumer.close()
    return values


def there_and_back(bootstrap: str, topic: str, words: str = "one two three") -> None:
    """What is produced comes back."""
    produce(bootstrap, topic, words.split())
    assert consume(bootstrap, topic, len(words.split()), f"readers-of-{topic}") == words.split()
