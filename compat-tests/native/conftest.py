"""Fixtures for the tools of the binary."""

import pytest

from harness.native import Twins


@pytest.fixture
def twins(tools, broker, name):
    """The stock tools and ours against one broker: `twins.same("kafka-topics", "--list", "--bootstrap-server", "{bootstrap}")`."""
    return Twins(tools, broker, name)
