"""What a failing test of this folder shows."""

from harness.docker import pytest_runtest_makereport  # noqa: F401 (a hook of pytest)
