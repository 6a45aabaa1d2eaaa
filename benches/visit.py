"""One visit to one broker: everything that a round measures of it, in one directory that is gone afterwards."""

import shutil
import time
import traceback
from typing import Callable


import brokers
import perf
import plan as plans
import proc
import topics
from results import Results

EMPTY_START, RESTART = "start on an empty directory", "restart with the data of the work"


class Visit:
    """Measures a broker of `kind` and hands each case to `results`. `areas` says which are wanted."""

    def __init__(self, number: int, kind: str, plan: plans.Plan, areas: set[str], results: Results):
        self.number, self.kind, self.plan, self.areas, self.results = number, kind, plan, areas, results
        self.broker: brokers.Timed | None = None

    def run(self) -> None:
        """All wanted areas. A case that fails is reported and the next one is tried, as long as the broker lives."""
        if "size" in self.areas:
            self._case("size", lambda: {"installed_bytes": brokers.installed_bytes(self.kind)})
        if self.areas - {"size"}:
            try:
                self._with_a_broker()
            finally:
                self._leave()

    def _with_a_broker(self) -> None:
        starts = self.plan.starts if "start" in self.areas else 1
        for left in reversed(range(starts)):
            if not self._case(EMPTY_START, lambda: self._first_start(keep=left == 0), "start" in self.areas):
                return
        if "idle" in self.areas:
            self._case("idle", self._idle)
        if self.areas & {"produce", "consume", "latency"}:
            self._work()

    def _case(self, name: str, measure: Callable[[], dict[str, float]], wanted: bool = True) -> bool:
        """Runs one case and keeps its figures; whether it succeeded."""
        try:
            figures = measure()
        except Exception as error:  # A failed case is a result too: it is kept, and the others go on.
            detail = "" if isinstance(error, (RuntimeError, AssertionError)) else traceback.format_exc()
            self.results.failed(self.number, self.kind, name, f"{error}\n{detail}".strip())
            return False
        if wanted:
            self.results.measured(self.number, self.kind, name, figures)
        return True

    # Start and idle.

    def _first_start(self, keep: bool) -> dict[str, float]:
        """A new directory, its format step, the start; and the stop unless the broker is kept for what follows."""
        self.broker = brokers.KINDS[self.kind]()
        format_s = self.broker.format()
        figures = self.broker.start_timed() | ({"format_s": format_s} if self.broker.needs_format else {})
        if not keep:
            figures["stop_s"] = self.broker.stop_timed()
            shutil.rmtree(self.broker.home)
        return figures

    def _idle(self) -> dict[str, float]:
        time.sleep(self.plan.idle_settle_s)
        with proc.Meter(self.broker.pid) as meter:
            time.sleep(self.plan.idle_window_s)
        return {"rss_bytes": proc.memory_bytes(self.broker.pid, "VmRSS"), "cpu_percent": 100 * meter.cpu_s / meter.wall_s,
                "others": meter.others}

    # Work.

    def _work(self) -> None:
        if not self._case("topics and warm-up", self._warm_up, wanted=False):
            return
        if "latency" in self.areas:
            for acks in plans.ACKS:
                self._while_alive(f"latency, acks={acks}", lambda: self._latency(acks))
        if self.areas & {"produce", "consume"}:
            for load in plans.loads(self.number):
                for acks in plans.ACKS if "produce" in self.areas else plans.ACKS[:1]:
                    self._while_alive(f"produce, {load.name}, acks={acks}", lambda: self._produce(load, acks),
                                      "produce" in self.areas)
                if "consume" in self.areas:
                    self._while_alive(f"consume, {load.name}", lambda: self._consume(load))
            self._case("memory after the work", lambda: {
                "rss_bytes": proc.memory_bytes(self.broker.pid, "VmRSS"),
                "peak_rss_bytes": proc.memory_bytes(self.broker.pid, "VmHWM")})
        if "start" in self.areas:
            self._while_alive(RESTART, self._restart)

    def _while_alive(self, name: str, measure: Callable[[], dict[str, float]], wanted: bool = True) -> None:
        if self.broker.alive():
            self._case(name, measure, wanted)
        else:
            self.results.failed(self.number, self.kind, name, f"the broker is gone:\n{self.broker.log_tail(15)}")

    def _warm_up(self) -> dict[str, float]:
        home, bootstrap, records = self.broker.home, self.broker.bootstrap, self.plan.warmup_records
        topics.create(bootstrap, self._topics())
        perf.sent(perf.produce(home, bootstrap, "warm-up", records, 100, "all").out, records)
        perf.received(perf.consume(home, bootstrap, "warm-up", records).out, records)
        return {}

    @staticmethod
    def _topics() -> dict[str, int]:
        """Partitions of every topic of the visit."""
        loads = {load.topic(acks): load.partitions for load in plans.loads(1) for acks in plans.ACKS}
        return {"warm-up": 16} | {f"latency-{acks}": 1 for acks in plans.ACKS} | loads

    def _latency(self, acks: str) -> dict[str, float]:
        rate, early = self.plan.latency_rate, int(self.plan.latency_rate * self.plan.latency_warmup_s)
        steady, topic = int(rate * self.plan.latency_s), f"latency-{acks}"
        ran, meter = self._metered(lambda: perf.produce(
            self.broker.home, self.broker.bootstrap, topic, steady + early, 1024, acks, rate, early))
        figures = perf.sent(ran.out, steady, steady=True)
        return figures | {"cpu_percent": 100 * meter.cpu_s / meter.wall_s, "others": meter.others}

    def _produce(self, load: plans.Load, acks: str) -> dict[str, float]:
        records, topic = self.plan.records[load.size_name], load.topic(acks)
        ran, meter = self._metered(lambda: perf.produce(
            self.broker.home, self.broker.bootstrap, topic, records, load.record_size, acks))
        return self._throughput(perf.sent(ran.out, records), records, load, meter)

    def _consume(self, load: plans.Load) -> dict[str, float]:
        records, topic = self.plan.records[load.size_name], load.topic(plans.ACKS[0])
        ran, meter = self._metered(lambda: perf.consume(self.broker.home, self.broker.bootstrap, topic, records))
        figures = perf.received(ran.out, records)
        return self._throughput(figures, figures["records"], load, meter)

    def _metered(self, work: Callable[[], perf.Ran]) -> tuple[perf.Ran, proc.Meter]:
        proc.settle_disk(self.broker.home)
        with proc.Meter(self.broker.pid) as meter:
            ran = work()
            meter.known_cpu_s = ran.cpu_s
        return ran, meter

    def _throughput(self, figures: dict[str, float], records: int, load: plans.Load, meter: proc.Meter) -> dict[str, float]:
        return figures | {
            "mb_per_s": figures["records_per_s"] * load.record_size / 1e6,
            "cpu_s_per_gb": meter.cpu_s / (records * load.record_size / 1e9),
            "others": meter.others,
        }

    def _restart(self) -> dict[str, float]:
        """A clean stop and a start on everything that the cases have written."""
        stop_s = self.broker.stop_timed()
        return self.broker.start_timed() | {"stop_s": stop_s}

    def _leave(self) -> None:
        """Stops the broker and removes its directory; after a failure its output stays in the results."""
        if self.broker is None:
            return
        try:
            self.broker.stop()
        except AssertionError as error:
            self.results.failed(self.number, self.kind, "stop", str(error))
        if self.results.has_failed(self.number, self.kind) and self.broker.log.exists():
            self.results.keep_log(self.number, self.kind, self.broker.log)
        shutil.rmtree(self.broker.home, ignore_errors=True)
