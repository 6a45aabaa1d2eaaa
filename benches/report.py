"""From cases to a table: the median over the rounds, the spread beside it, and klamm as a fraction of Kafka."""

from dataclasses import dataclass
from statistics import median

import plan as plans

NOISY = 0.10
"""Others took more than this share of the machine: the figure is marked."""


@dataclass(frozen=True)
class Row:
    """One line of the table: a figure of a case, how to scale it, and which way is better."""

    case: str
    figure: str
    title: str
    unit: str
    scale: float = 1.0
    higher_is_better: bool = False


def rows() -> list[Row]:
    """Every line, in the order of the table."""
    empty, again = "start on an empty directory", "restart with the data of the work"
    found = [
        Row("size", "installed_bytes", "installed (binary; jars without a JVM)", "MB", 1e-6),
        Row(empty, "format_s", "format step before the first start", "ms", 1e3),
        Row(empty, "answered_s", "spawn to first answered ApiVersions", "ms", 1e3),
        Row(empty, "produced_s", "spawn to first record produced", "ms", 1e3),
        Row(empty, "consumed_s", "spawn to first record consumed", "ms", 1e3),
        Row(empty, "cpu_s", "broker CPU until then", "s"),
        Row(empty, "stop_s", "stop after that", "ms", 1e3),
        Row(again, "stop_s", "stop after all the work", "ms", 1e3),
        Row(again, "consumed_s", "restart on that data to first record consumed", "ms", 1e3),
        Row("idle", "rss_bytes", "idle memory (RSS)", "MB", 1e-6),
        Row("idle", "cpu_percent", "idle CPU", "% of a core"),
        Row("memory after the work", "peak_rss_bytes", "peak memory under load (RSS)", "MB", 1e-6),
    ]
    for acks in plans.ACKS:
        case = f"latency, acks={acks}"
        found += [Row(case, f"{point}_ms", f"latency {label}, acks={acks}", "ms")
                  for point, label in (("p50", "p50"), ("p99", "p99"), ("p999", "p99.9"))]
        found.append(Row(case, "cpu_percent", f"broker CPU meanwhile, acks={acks}", "% of a core"))
    for load in plans.loads(1):
        cases = [f"produce, {load.name}, acks={acks}" for acks in plans.ACKS] + [f"consume, {load.name}"]
        for case in cases:
            found.append(Row(case, "mb_per_s", case, "MB/s", higher_is_better=True))
            found.append(Row(case, "cpu_s_per_gb", f"broker CPU: {case}", "s/GB"))
    return found


def values(cases: list[dict], row: Row, broker: str) -> list[float]:
    """The row's figure of every round in which it was measured, in the row's unit."""
    return [case["figures"][row.figure] * row.scale for case in cases
            if case["broker"] == broker and case["case"] == row.case and row.figure in case.get("figures", {})]


def _noisy(cases: list[dict], row: Row, broker: str) -> bool:
    return any(case["figures"].get("others", 0) > NOISY for case in cases
               if case["broker"] == broker and case["case"] == row.case and "figures" in case)


def number(value: float) -> str:
    """Three significant digits, never fewer than the integer has."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def cell(found: list[float], noisy: bool) -> str:
    """Median, and the spread where there is one; "!" when others used the machine meanwhile."""
    if not found:
        return "-"
    least, most = number(min(found)), number(max(found))
    spread = f" ({least}-{most})" if least != most else ""
    return number(median(found)) + spread + (" !" if noisy else "")


def ratio(klamm: list[float], kafka: list[float]) -> str:
    """klamm's median as a fraction of Kafka's."""
    if not klamm or not kafka or median(kafka) == 0:
        return "-"
    quotient = median(klamm) / median(kafka)
    return f"{quotient:.2f}" if quotient >= 0.1 else f"{quotient:.3f}"


def table(cases: list[dict]) -> str:
    """The markdown table of everything that was measured."""
    lines = ["| | unit | better | klamm | Kafka | klamm / Kafka |", "| --- | --- | --- | ---: | ---: | ---: |"]
    for row in rows():
        klamm, kafka = (values(cases, row, broker) for broker in ("klamm", "kafka"))
        if klamm or kafka:
            better = "more" if row.higher_is_better else "less"
            noisy = [_noisy(cases, row, broker) for broker in ("klamm", "kafka")]
            mine, theirs = cell(klamm, noisy[0]), cell(kafka, noisy[1])
            doubt = " !" if klamm and kafka and any(noisy) else ""
            lines.append(f"| {row.title} | {row.unit} | {better} | {mine} | {theirs} | {ratio(klamm, kafka)}{doubt} |")
    return "\n".join(lines)


def _legend(plan: plans.Plan) -> list[str]:
    sizes = ", ".join(f"{count:,} records of {name}" for name, count in plan.records.items())
    return [
        f"Median of {plan.rounds} round(s), (least-most). One broker at a time, in the order A B, B A. `!`: other processes, the "
        f"kernel or the host took more than {NOISY:.0%} of the machine in at least one round, so the ratio says little. "
        "MB is 10^6, GB 10^9 bytes of record values.",
        f"Per case: {sizes}; latency at {plan.latency_rate:,} records/s of 1 KB to one partition for {plan.latency_s:.0f} s after "
        f"{plan.latency_warmup_s:.0f} s. Each tool is a fresh JVM with the producer's and consumer's default settings.",
    ]


def markdown(about: dict, cases: list[dict], plan: plans.Plan) -> str:
    """The whole report: what was measured, the table, what failed."""
    machine = about["machine"]
    parts = ["# klamm beside Apache Kafka", ""]
    parts += [f"- {kind}: {text}" for kind, text in about["versions"].items()]
    parts += [f"- machine: {machine['cores']} x {machine['cpu']}, {machine['memory_gib']} GiB, Linux {machine['kernel']}, load "
              f"average {machine['load_average'][0]:.1f} at the start",
              f"- both: {', '.join(f'{key}={value}' for key, value in about['settings'].items())}", ""]
    parts += [table(cases), "", *_legend(plan)]
    failures = [case for case in cases if "failed" in case]
    if failures:
        parts += ["", "## Failed", ""]
        parts += [f"- round {case['round']}, {case['broker']}, {case['case']}: {case['failed'].splitlines()[0]}" for case in failures]
    return "\n".join(parts) + "\n"
