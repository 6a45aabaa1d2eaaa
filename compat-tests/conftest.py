"""Fixtures for every part of the suite. README.md tells how to use them."""

import hashlib
import re
import shutil

import pytest

from harness import Comparison, JavaHost, Kafka, Klamm, mask, paths
from harness.compare import run_on_both
from harness.docker import container, docker, docker_host, engine, image, network, volume  # noqa: F401 (fixtures)

KINDS = {"kafka": Kafka, "klamm": Klamm}


def pytest_addoption(parser):
    parser.addoption("--self", action="store_true",
                     help="a second Kafka in the place of klamm: a case that differs then says too much about chance")
    parser.addoption("--only", choices=["klamm", "kafka", "both"], default="both", help="which brokers to test against")


class KafkaAsKlamm(Kafka):
    """What --self puts in the place of klamm."""

    kind = "klamm"


def pytest_configure(config):
    if config.getoption("--self"):
        KINDS["klamm"] = KafkaAsKlamm


def _kinds(config) -> list[str]:
    only = config.getoption("--only")
    return list(KINDS) if only == "both" else [only]


def pytest_generate_tests(metafunc):
    # Kafka comes first for each test: klamm's answer is held against the one that Kafka has just given.
    for name in ("broker", "fresh_broker"):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, _kinds(metafunc.config), indirect=True)


class Pool:
    """The shared brokers of a session, started when the first test wants them."""

    def __init__(self) -> None:
        self._brokers = {}

    def get(self, kind: str):
        broker = self._brokers.get(kind)
        if broker is None:
            broker = KINDS[kind](f"shared-{kind}")
            # Kept before it starts: a broker that cannot start fails every later test at once instead of slowly again.
            self._brokers[kind] = broker
            broker.start()
        if not broker.alive():
            pytest.fail(f"the shared {kind} is not running (log: {broker.log})\n{broker.log_tail()}", pytrace=False)
        return broker

    def stop(self) -> None:
        for broker in self._brokers.values():
            broker.stop()


@pytest.fixture(scope="session")
def pool():
    brokers = Pool()
    yield brokers
    brokers.stop()


@pytest.fixture
def broker(request, pool):
    """The shared broker of one kind. Other tests use it too: own topics and groups only, no restart."""
    return pool.get(request.param)


@pytest.fixture
def fresh_broker(request):
    """A broker of one kind for this test alone, not started yet: `fresh_broker.start({...})`; restart and kill at will."""
    own = KINDS[request.param]()
    yield own
    own.stop()
    shutil.rmtree(own.data, ignore_errors=True)


@pytest.fixture
def brokers(request, pool):
    """The shared brokers as a list, Kafka first; one of them only under --only."""
    return [pool.get(kind) for kind in _kinds(request.config)]


def _case(request) -> str:
    """The test's id without the broker's kind: the same for Kafka and for klamm."""
    function, bracket, parameters = request.node.nodeid.partition("[")
    return function + bracket + re.sub(r"\b(kafka|klamm)-|-?\b(kafka|klamm)\b(?=[\]-])", "", parameters)


@pytest.fixture
def name(request):
    """`name("orders")`: a topic or group name of this test alone, and the same one for both brokers."""
    digest = hashlib.sha256(_case(request).encode()).hexdigest()[:10]
    return lambda base="t": f"{base}-{digest}"


@pytest.fixture(scope="session")
def _comparison():
    return Comparison()


@pytest.fixture
def same(request, _comparison):
    """`same(value, rules=[], keys=[])`: this must be equal for Kafka and klamm once masked. May be called several times."""
    calls = iter(range(1_000_000))
    kind = next(
        request.node.callspec.params[fixture] for fixture in ("broker", "fresh_broker") if fixture in request.fixturenames
    )

    def check(value, rules=(), keys=()):
        _comparison.check(f"{_case(request)} #{next(calls)}", kind, mask(value, rules, keys))

    return check


@pytest.fixture
def compare(brokers):
    """`compare(case, rules=[], keys=[])`: runs `case(broker)` on both inside one test and asserts equal answers."""
    return lambda case, rules=(), keys=(): run_on_both(case, brokers, rules, keys)


@pytest.fixture(scope="session")
def tools():
    """The stock command line tools of 4.3.1, and the Java client of that version: see harness/host.py."""
    with JavaHost("kafka-4.3.1") as host:
        yield host


def pytest_sessionfinish(session, exitstatus):
    # A green session leaves nothing; the logs of a red one stay until the next session sweeps them.
    if exitstatus in (0, 5):
        shutil.rmtree(paths.SESSION, ignore_errors=True)
