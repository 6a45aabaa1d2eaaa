"""The cases of `restarts.py` over a clean stop and over a kill -9, on Kafka and on klamm, answers compared."""

import pytest

from harness import Kafka, Klamm
from raw.case import Broker, Context, without
from raw.conftest import OVERRIDES
from raw.deviations import compare
from raw.restarts import EPOCHS, RESTARTS


class Restarted:
    """One broker that has lived through all cases: the answers and errors of each."""

    def __init__(self, kind: type, hard: bool, prefix: str, strict: bool) -> None:
        self.answers: dict[str, dict] = {}
        self.errors: dict[str, Exception] = {}
        with kind(f"raw-restart-{kind.kind}-{'hard' if hard else 'clean'}", OVERRIDES) as process:
            broker = Broker(process.kind, "127.0.0.1", process.port, prefix)
            broker.prepare()
            # A crash undoes what Kafka has not written down yet; the statements are then those of klamm alone.
            running = {name: (Context(broker, name, strict and not hard), None) for name in RESTARTS}
            running = {name: (context, RESTARTS[name](context)) for name, (context, _) in running.items()}
            for name in running:
                self._step(name, running, last=False)
            for context, _ in running.values():
                context.finish()
            process.restart(hard=hard)
            broker.prepare()
            for name, (context, _) in running.items():
                context.renew()
                if name not in self.errors:
                    self._step(name, running, last=True)
                self.answers[name] = context.answers
                context.finish()

    def _step(self, name: str, running: dict, last: bool) -> None:
        try:
            next(running[name][1], None)
        except Exception as error:  # told by the test of that case
            self.errors[name] = error


@pytest.fixture(scope="module", params=[False, True], ids=["clean", "kill9"])
def pair(request, prefix):
    """Both brokers over the same kind of end; None for one that --only leaves out."""
    only, hard = request.config.getoption("--only"), request.param
    kafka = Restarted(Kafka, hard, prefix, strict=True) if only != "klamm" else None
    klamm = Restarted(Klamm, hard, prefix, strict=kafka is None) if only != "kafka" else None
    return kafka, klamm, hard


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", RESTARTS)
def test_over_a_restart(pair, name):
    kafka, klamm, hard = pair
    for which, broker in (("Kafka", kafka), ("klamm", klamm)):
        if broker and name in broker.errors:
            pytest.fail(f"{RESTARTS[name].__doc__}\non {which}: {broker.errors[name]!r}", pytrace=False)
    if kafka and klamm:
        lines = []
        for label, answer in kafka.answers[name].items():
            mine = klamm.answers[name].get(label, "not reached")
            lines += [f"{label}{line}" for line in compare(name + ("-kill9" if hard else ""), label,
                      without(answer, set(EPOCHS)), without(mine, set(EPOCHS)))]
        assert not lines, f"{RESTARTS[name].__doc__}\n" + "\n".join(lines)

