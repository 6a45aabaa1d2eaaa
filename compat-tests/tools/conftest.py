"""What the tests of the command line tools share."""

import pytest

from harness import Shell


@pytest.fixture
def shell(tools, broker):
    """The tools against the shared broker."""
    return Shell(tools, broker)
