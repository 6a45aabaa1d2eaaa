"""Every case of `cases/`, first against Kafka, then against klamm, answers compared. See README.md."""

from fnmatch import fnmatchcase

import pytest

from raw import cases  # noqa: F401
from raw.case import CASES, Broker, Context, Disproved
from raw.deviations import DEVIATIONS, compare
from raw.restarts import RESTARTS


def run(broker: Broker, name: str, strict: bool) -> tuple[dict, Exception | None]:
    """The answers of a broker in a case, and what ended it early."""
    context = Context(broker, name, strict)
    try:
        CASES[name].run(context)
    except Exception as error:  # the case reports whatever happened, together with the differences up to there
        return context.answers, error
    finally:
        context.finish()
    return context.answers, None


@pytest.mark.parametrize("name", CASES)
def test_case(name, raw_kafka, raw_klamm):
    kafka = klamm = None
    if raw_kafka:
        kafka, error = run(raw_kafka, name, strict=True)
        if error:
            what = "Kafka does not show the statement" if isinstance(error, Disproved) else "the case broke on Kafka"
            pytest.fail(f"{CASES[name].doc}\n{what}: {type(error).__name__} {error}", pytrace=False)
    if raw_klamm:
        # Without Kafka beside it klamm is held to the statements themselves.
        klamm, error = run(raw_klamm, name, strict=raw_kafka is None)
        lines = []
        if kafka is not None:
            for label, answer in kafka.items():
                if label in klamm:
                    lines += [f"{label}{line}" for line in compare(name, label, answer, klamm[label])]
                elif not error:
                    lines.append(f"{label}: only Kafka came so far")
            lines += [f"{label}: only klamm has it" for label in klamm if label not in kafka]
        if error and (kafka is not None or not _deviates(name)):
            lines.append(f"the case ended early on klamm: {type(error).__name__} {error}")
        if lines:
            shown = "\n".join(lines[:60]) + (f"\n... and {len(lines) - 60} more" if len(lines) > 60 else "")
            pytest.fail(f"{CASES[name].doc}\n{shown}", pytrace=False)


def _deviates(name: str) -> bool:
    """Whether the table has an entry for the case: the statements are then Kafka's, not klamm's."""
    return any(fnmatchcase(name, entry.cases) for entry in DEVIATIONS)


def test_every_deviation_is_about_a_case_that_exists():
    names = [*CASES, *RESTARTS, *(f"{name}-kill9" for name in RESTARTS)]
    stale = [entry for entry in DEVIATIONS if not any(fnmatchcase(name, entry.cases) for name in names)]
    assert not stale
