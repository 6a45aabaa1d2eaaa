"""What can be wrong in the benches without a broker: reading the tools, counting time, making the table.

    PYTHONPATH=../compat-tests ../compat-tests/.cache/venv/bin/python -m pytest
"""

import os
import time

import pytest

import perf
import plan as plans
import proc
import report
from first_answers import Answer, NotYet, _accept, _until
from results import Results

SENT = """\
49821 records sent, 9964.2 records/sec (9.73 MB/sec), 3.1 ms avg latency, 301.0 ms max latency.
130000 records sent, 9990.0 records/sec (9.76 MB/sec), 2.50 ms avg latency, 301.00 ms max latency, \
2 ms 50th, 5 ms 95th, 40 ms 99th, 90 ms 99.9th.
100000 steady state records sent, 9999.5 records/sec (9.77 MB/sec), 1.90 ms avg latency, 31.00 ms max latency, \
1 ms 50th, 3 ms 95th, 9 ms 99th, 20 ms 99.9th.
"""
RECEIVED = """\
start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, \
rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec
2026-01-01 00:00:00:000, 2026-01-01 00:00:02:000, 95.4, 47.7, 1000000, 500000.0, 400, 1600, 59.6, 625000.0
"""
ABOUT = {"versions": {"kafka": "Kafka"}, "settings": {"a": 1},
         "machine": {"cores": 2, "cpu": "x", "memory_gib": 1.0, "kernel": "y", "load_average": [0.5, 0, 0]}}


def test_the_producers_summary_is_the_whole_run_or_the_run_without_warm_up():
    assert perf.sent(SENT, 130_000)["p99_ms"] == 40
    assert perf.sent(SENT, 100_000, steady=True) == {
        "records_per_s": 9999.5, "avg_ms": 1.9, "max_ms": 31, "p50_ms": 1, "p95_ms": 3, "p99_ms": 9, "p999_ms": 20}


@pytest.mark.parametrize("out, records", [(SENT, 130_001), ("", 1), (SENT + "org.x.TimeoutException: late\n", 130_000)])
def test_a_producer_that_lost_or_missed_records_is_no_measurement(out, records):
    with pytest.raises(perf.ToolFailed):
        perf.sent(out, records)


def test_a_consumers_rate_leaves_out_the_joining_of_its_group():
    assert perf.received(RECEIVED, 1_000_000)["records_per_s"] == 625_000
    with pytest.raises(perf.ToolFailed, match="fewer than 1000001"):
        perf.received(RECEIVED, 1_000_001)


def test_brokers_take_turns_in_going_first():
    assert plans.visits(3, ["a", "b"]) == [(1, "a"), (1, "b"), (2, "b"), (2, "a"), (3, "a"), (3, "b")]
    assert plans.loads(2) == plans.loads(1)[::-1]


def test_a_meter_sees_the_work_of_its_process_and_does_not_count_it_as_others():
    with proc.Meter(os.getpid()) as meter:
        end = time.process_time() + 0.3
        while time.process_time() < end:
            pass
    assert 0.2 < meter.cpu_s <= meter.wall_s + 0.05
    assert 0 <= meter.others <= 1 - meter.cpu_s / meter.wall_s / proc.CORES + 0.1


def test_the_peak_of_memory_outlives_what_was_given_back():
    block = bytearray(b"x") * (64 << 20)
    full = proc.memory_bytes(os.getpid(), "VmRSS")
    del block
    now, peak = proc.memory_bytes(os.getpid(), "VmRSS"), proc.memory_bytes(os.getpid(), "VmHWM")
    assert full > 64 << 20 and now < full - (32 << 20)
    assert peak > full - (1 << 20), "the kernel's own slack is some pages per core"


def test_an_answer_is_read_from_front_to_back():
    answer = Answer(b"\0\2ab\xff\xff\0\0\0\7")
    assert (answer.blob("h"), answer.blob("h"), answer.take("i")) == (b"ab", b"", 7)


def test_a_broker_that_is_not_there_yet_is_asked_again_and_a_refusal_is_not():
    with pytest.raises(NotYet):
        _accept(5)
    with pytest.raises(RuntimeError, match="error 41"):
        _accept(41)
    errors, checked = [5, 3, 0], []
    _until(time.monotonic() + 10, lambda: checked.append(1), lambda: _accept(errors.pop(0)))
    assert errors == [] and len(checked) == 2


def test_the_table_has_median_spread_ratio_and_a_mark_for_noise(tmp_path):
    results = Results(ABOUT, tmp_path)
    for number, mine, theirs in ((1, 0.1, 4.0), (2, 0.3, 2.0), (3, 0.2, 3.0)):
        results.measured(number, "klamm", "start on an empty directory", {"answered_s": mine, "others": 0.0})
        results.measured(number, "kafka", "start on an empty directory", {"answered_s": theirs, "others": 0.2 if number == 2 else 0.0})
    text = report.markdown(ABOUT, results.cases, plans.DEFAULT)
    assert "| ms | less | 200 (100-300) | 3,000 (2,000-4,000) ! | 0.067 ! |" in text
    assert "## Failed" not in text


def test_a_failure_is_in_the_report_and_in_the_lines(tmp_path):
    results = Results(ABOUT, tmp_path)
    results.measured(1, "kafka", "idle", {"rss_bytes": 4e8})
    results.failed(1, "klamm", "idle", "it ended\nwith more to say")
    assert results.has_failed(1, "klamm") and not results.has_failed(1, "kafka")
    text = report.markdown(ABOUT, results.cases, plans.QUICK)
    assert "| idle memory (RSS) | MB | less | - | 400 | - |" in text
    assert "- round 1, klamm, idle: it ended\n" in text
    assert len(results.file.read_text().splitlines()) == 3


def test_every_row_names_a_figure_that_is_measured_once():
    rows = report.rows()
    assert len({(row.case, row.figure) for row in rows}) == len({row.title for row in rows}) == len(rows)


def test_small_and_large_numbers_keep_three_digits():
    assert [report.number(value) for value in (0.034, 9.416, 56.42, 134.74, 18145.5)] == ["0.03", "9.42", "56.4", "135", "18,146"]


def test_a_tool_that_fails_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(perf, "TOOL_JVM", [])
    with pytest.raises(perf.ToolFailed, match="NoSuchTool ended with 1"):
        perf.run(tmp_path, "NoSuchTool")
