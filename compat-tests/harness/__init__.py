"""The ground under every compatibility test: brokers to start, tools to run, answers to compare. See ../README.md."""

from .broker import Broker, BrokerFailed, Kafka, Klamm
from .compare import mask, Comparison
from .host import JavaHost, ToolRun
from .native import NativeRun, Twins, native, start_native
from .paths import CACHE, ROOT
from .ports import free_port
from .shell import Shell
from .wait import eventually

__all__ = [
    "Broker", "BrokerFailed", "CACHE", "Comparison", "JavaHost", "Kafka", "Klamm", "NativeRun", "ROOT", "Shell", "ToolRun", "Twins",
    "eventually", "free_port", "mask", "native", "start_native",
]
