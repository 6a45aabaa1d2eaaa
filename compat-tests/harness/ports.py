"""Ports for brokers: below the range from which the kernel picks the ports of outgoing connections."""

import random
import socket

FIRST, LAST = 20000, 31999

_taken: set[int] = set()


def free_port() -> int:
    """A loopback port that nothing is bound to now and that this process has not handed out before."""
    for _ in range(1000):
        port = random.randint(FIRST, LAST)
        if port in _taken:
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
