"""`make bench`: measures both brokers in turn and prints a table. See README.md."""

import argparse
import dataclasses
import re
import shutil
import sys

from harness import paths

import brokers
import plan as plans
import proc
import report
from results import Results
from visit import Visit

# What differs from run to run, or from broker to broker, and is no setting that bears on speed.
_INCIDENTAL = re.compile(r"listener|quorum|log\.dirs|node\.id")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.sh", description="Measures klamm beside Apache Kafka 4.3.1 on this machine.")
    parser.add_argument("--quick", action="store_true", help="one round of small sizes: a look, not a result")
    parser.add_argument("--only", type=_areas, default=set(plans.AREAS), metavar="AREA,...", help=", ".join(plans.AREAS))
    parser.add_argument("--broker", choices=["both", *brokers.KINDS], default="both", help="measure one broker alone")
    parser.add_argument("--rounds", type=int, help="rounds, instead of the plan's")
    return parser.parse_args()


def _areas(text: str) -> set[str]:
    wanted = set(text.split(","))
    if not wanted <= set(plans.AREAS):
        raise argparse.ArgumentTypeError(f"areas are {', '.join(plans.AREAS)}")
    return wanted


def about(kinds: list[str], plan: plans.Plan) -> dict[str, object]:
    """What a reader of the figures must know."""
    settings = brokers.KINDS[kinds[0]]("settings").properties()
    return {
        "versions": brokers.versions(kinds),
        "machine": proc.machine(),
        "plan": dataclasses.asdict(plan),
        "settings": {key: value for key, value in settings.items() if not _INCIDENTAL.search(key)},
    }


def main() -> int:
    """Runs the plan; 1 when anything failed."""
    options = arguments()
    plan = plans.QUICK if options.quick else plans.DEFAULT
    if options.rounds:
        plan = dataclasses.replace(plan, rounds=options.rounds)
    kinds = list(brokers.KINDS) if options.broker == "both" else [options.broker]
    if "klamm" in kinds and not paths.klamm_binary().exists():
        print(f"{paths.klamm_binary()} is not there: cargo build --release", file=sys.stderr)
        return 1
    results = Results(about(kinds, plan))
    try:
        for number, kind in plans.visits(plan.rounds, kinds):
            Visit(number, kind, plan, options.only, results).run()
    finally:
        shutil.rmtree(paths.SESSION, ignore_errors=True)
    if brokers.versions(kinds) != results.about["versions"]:
        results.failed(plan.rounds, "klamm", "binary", "it was replaced during the run")
    text = report.markdown(results.about, results.cases, plan)
    written = results.keep_report(text)
    print(text)
    print(f"{written} and {results.file.name}", file=sys.stderr)
    return 1 if results.failures else 0


if __name__ == "__main__":
    sys.exit(main())
