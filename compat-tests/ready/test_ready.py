"""Ready means ready: after any of the signs by which people wait for a broker, the first requests succeed at the first try."""

import os
import shutil
import signal

import pytest

from harness import paths
from ready.one_start import LINES, Start, ports

STARTS = int(os.environ.get("KLAMM_STARTS", "1000"))
"""How many starts in a row."""

KEPT_FOR = 25
"""So many starts share a data directory, before a fresh one takes its place."""


@pytest.mark.timeout(1800)
def test_the_first_requests_succeed_after_every_sign_in_a_row_of_starts():
    home = paths.SESSION / "starts"
    home.mkdir(parents=True)
    port, admin_port = ports()
    for turn in range(STARTS):
        # Four signs with fresh data, four with data of a clean stop, four with fresh data, four with data of a kill.
        kept = turn // 4 % 2 == 1
        data = home / (f"kept-{turn // (2 * KEPT_FOR)}" if kept else "fresh")
        how = signal.SIGTERM if turn // 4 % 4 == 3 else signal.SIGKILL
        start = Start(data, port, admin_port)
        try:
            signs = (lambda: start.line(LINES[turn // 4 % len(LINES)]), start.admin, start.command, start.listener)
            signs[turn % 4]()
            start.first_requests(f"t{turn}")
            code = start.end(how)
            assert code == (143 if how == signal.SIGTERM else -signal.SIGKILL), turn
        except BaseException:
            start.end(signal.SIGKILL)
            print(f"start {turn}")
            raise
        if not kept:
            shutil.rmtree(data)
    shutil.rmtree(home)
