"""Ports for brokers: below the range from which the kernel picks the ports of outgoing connections."""

import fcntl
import os
import random
import socket
import tempfile

FIRST, LAST = 20000, 31999

_taken: set[int] = set()

# One byte for each port, locked by the process that was given it for as long as it lives: a port is also kept while its
# broker has not bound it yet, or is being restarted.
_locks = open(os.path.join(tempfile.gettempdir(), f"klamm-compat-ports-{os.getuid()}"), "ab")


def _is_ours(port: int) -> bool:
    """Takes the port among all processes that ask here; false if another one has it."""
    try:
        fcntl.lockf(_locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    return True


def free_port() -> int:
    """A loopback port that nothing is bound to now and that neither this nor another living process was given here."""
    for _ in range(1000):
        port = random.randint(FIRST, LAST)
        if port in _taken or not _is_ours(port):
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _taken.add(port)
        return port
    raise RuntimeError(f"no free port between {FIRST} and {LAST}")
