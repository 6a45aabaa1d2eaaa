"""The brokers of this part: one of each kind for the whole session, with short session timeouts allowed."""

import secrets

import pytest

from harness import Kafka, Klamm
from raw.case import Broker

# Records of the cases are of 2020 and must outlive the session; sessions of members end in less than the usual 6 s.
OVERRIDES = {"group.min.session.timeout.ms": 500, "log.retention.ms": -1}


def _started(kind, name: str, prefix: str):
    process = kind(name, OVERRIDES)
    try:
        process.start()
        broker = Broker(process.kind, "127.0.0.1", process.port, prefix, pid=process.pid, log=str(process.log))
        broker.prepare()
        yield broker
    finally:
        process.stop()


@pytest.fixture(scope="session")
def prefix() -> str:
    """The start of all names of this session: the same on both brokers."""
    return "c" + secrets.token_hex(3)


@pytest.fixture(scope="session")
def raw_kafka(request, prefix):
    """Apache Kafka, or None under --only klamm."""
    if request.config.getoption("--only") == "klamm":
        yield None
        return
    yield from _started(Kafka, "raw-kafka", prefix)


@pytest.fixture(scope="session")
def raw_klamm(request, prefix):
    """klamm, or None under --only kafka."""
    if request.config.getoption("--only") == "kafka":
        yield None
        return
    yield from _started(Klamm, "raw-klamm", prefix)
