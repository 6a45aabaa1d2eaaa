"""Waiting for a state that somebody else brings about."""

import time
from typing import Callable, TypeVar

T = TypeVar("T")


def eventually(check: Callable[[], T], what: str, within_s: float = 30.0, poll_s: float = 0.05) -> T:
    """Polls `check` until it answers something true and returns that; fails with `what` and the last answer after `within_s`.

    The bound only ends a hopeless wait. No test says how fast something must be.
    """
    deadline = time.monotonic() + within_s
    while True:
        last = check()
        if last:
            return last
        if time.monotonic() >= deadline:
            raise AssertionError(f"{what}: not within {within_s} s, last answer {last!r}")
        time.sleep(poll_s)
