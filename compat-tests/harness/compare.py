"""Two brokers, one case, one answer: what may differ is masked, the rest must be equal."""

import difflib
import json
import re
from typing import Any, Callable, Iterable

Rule = tuple[str, str]
"""A regular expression and what replaces its matches."""

DEFAULT_RULES: tuple[Rule, ...] = (
    (r"127\.0\.0\.1:\d+", "HOST:PORT"),
    (r"localhost:\d+", "HOST:PORT"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UUID"),
    (r"\bTopicId: [\w-]{22}", "TopicId: ID"),
    (r"\b1[6-9]\d{11}\b", "TIME"),
    # Kafka tells of cordoned log directories when replicas find no place. klamm has none.
    (r" or some brokers have all their log directories cordoned", ""),
)
"""Ports, member ids, topic ids, milliseconds of this decade, and what only Kafka can speak of."""


def mask(value: Any, rules: Iterable[Rule] = (), keys: Iterable[str] = ()) -> Any:
    """`value` (strings, numbers, lists, dicts) with every match of the default rules and of `rules` replaced, in dict keys
    too, and with the values of the dict keys named in `keys` replaced by "*"."""
    every = tuple(rules) + DEFAULT_RULES
    hidden = frozenset(keys)
    return _mask(value, every, hidden)


def _mask(value: Any, rules: tuple[Rule, ...], hidden: frozenset[str]) -> Any:
    if isinstance(value, str):
        for pattern, replacement in rules:
            value = re.sub(pattern, replacement, value)
        return value
    if isinstance(value, dict):
        return {
            _mask(key, rules, hidden): "*" if key in hidden else _mask(item, rules, hidden) for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_mask(item, rules, hidden) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and 1_600_000_000_000 <= value < 2_000_000_000_000:
        return "TIME"
    return value


def assert_equal(klamm: Any, kafka: Any, what: str = "the answers") -> None:
    """Fails with a line by line difference, Kafka's side first."""
    if klamm != kafka:
        difference = difflib.unified_diff(_lines(kafka), _lines(klamm), "kafka", "klamm", lineterm="")
        raise AssertionError(f"{what} differ:\n" + "\n".join(difference))


def _lines(value: Any) -> list[str]:
    text = value if isinstance(value, str) else json.dumps(value, indent=1, sort_keys=True, default=repr)
    return text.splitlines()


class Comparison:
    """Remembers what Kafka answered to a case and holds klamm's answer against it.

    Every test that takes the fixture `broker` runs for Kafka first, then for klamm; `same(value)` records in the first
    run and compares in the second. When only one of the two runs, there is nothing to compare and nothing is.
    """

    def __init__(self) -> None:
        self._answers: dict[str, Any] = {}

    def check(self, case: str, kind: str, value: Any) -> None:
        """One answer of one broker to one case, already masked."""
        # Through JSON, so that tuples and lists, and what was read back from text, compare alike.
        value = json.loads(json.dumps(value, sort_keys=True, default=repr))
        if kind == "kafka":
            self._answers[case] = value
        elif case in self._answers:
            assert_equal(value, self._answers[case], case)


def run_on_both(case: Callable[[Any], Any], brokers: Iterable[Any], rules: Iterable[Rule] = (),
                keys: Iterable[str] = ()) -> dict[str, Any]:
    """Runs `case(broker)` on each broker and asserts that the masked answers are equal. Returns them by kind."""
    answers = {broker.kind: mask(case(broker), rules, keys) for broker in brokers}
    if len(answers) == 2:
        assert_equal(answers["klamm"], answers["kafka"])
    return answers
