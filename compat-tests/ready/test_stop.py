"""A stop waits for nobody: not for idle clients, not for those that wait for records or for members of their group."""

import signal
import time

import pytest

from harness import eventually
from raw.case import fetch_body, produce_body
from raw.batch import batch
from raw.wire import CLOSED, SILENT, Conn
from ready.one_start import LINES, Start, ports

REBALANCE_IN_PROGRESS = 27


def join(group: str, member: str = "") -> dict:
    return {"group_id": group, "session_timeout": 60_000, "rebalance_timeout": 300_000, "member_id": member,
            "protocol_type": "consumer", "protocols": [{"name": "range", "metadata": b"m"}]}


@pytest.mark.parametrize("how, code", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stop_waits_for_no_client(tmp_path, how, code):
    port, admin_port = ports()
    start = Start(tmp_path / "data", port, admin_port)
    start.line(LINES[1])
    start.first_requests("t")
    idle = [Conn("127.0.0.1", port) for _ in range(20)]
    fetching = []
    for _ in range(20):
        conn = Conn("127.0.0.1", port)
        conn.send("fetch", 11, fetch_body("t", {0: 1}, max_wait=60_000, min_bytes=1))
        fetching.append(conn)
    # The first member of a group is in; the second one waits for the first to come back.
    first, second = Conn("127.0.0.1", port), Conn("127.0.0.1", port)
    member = first.call("join_group", 3, join("g"))
    assert member["error_code"] == 0
    sent = second.send("join_group", 3, join("g"))
    alive = {"group_id": "g", "generation_id": member["generation_id"], "member_id": member["member_id"]}
    # The first one is told as soon as the second is one of those who wait.
    eventually(lambda: first.call("heartbeat", 2, alive)["error_code"] == REBALANCE_IN_PROGRESS, "a rebalance")
    assert second.recv(sent, wait_s=0.2) == SILENT, "it waits"
    producing = Conn("127.0.0.1", port)
    assert producing.call("produce", 9, produce_body("t", {0: batch()}))["responses"][0]["partition_responses"][0][
        "error_code"] == 0
    began = time.monotonic()
    assert start.end(how) == code
    print(f"stopped in {(time.monotonic() - began) * 1000:.0f} ms")
    for conn in (*idle, second):
        assert conn.read_frame() == CLOSED
        conn.close()
    for conn in fetching:
        conn.close()
    again = Start(tmp_path / "data", port, admin_port)
    try:
        again.line(LINES[1])
        kept = Conn("127.0.0.1", port).call("fetch", 11, fetch_body("t", {0: 0}))
        assert kept["responses"][0]["partitions"][0]["high_watermark"] == 2, "what was acknowledged is there"
    finally:
        again.end(signal.SIGKILL)


def test_a_second_signal_ends_it_at_once(tmp_path):
    """Whatever the stop is at: the exit code is the signal's, and the next start finds everything."""
    port, admin_port = ports()
    start = Start(tmp_path / "data", port, admin_port)
    start.line(LINES[1])
    start.first_requests("t")
    start.process.send_signal(signal.SIGTERM)
    assert start.end(signal.SIGTERM) == 143
    again = Start(tmp_path / "data", port, admin_port)
    try:
        again.line(LINES[1])
        kept = Conn("127.0.0.1", port).call("fetch", 11, fetch_body("t", {0: 0}))
        assert kept["responses"][0]["partitions"][0]["high_watermark"] == 1
    finally:
        again.end(signal.SIGKILL)
