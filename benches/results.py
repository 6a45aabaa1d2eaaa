"""The figures of one run, kept as JSON lines while they come in, so that an interrupted run keeps what it had."""

import json
import shutil
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "results"


class Results:
    """Collects cases; `cases` holds one dict each: round, broker, case, and either figures or failed."""

    def __init__(self, about: dict[str, object], folder: Path = FOLDER):
        folder.mkdir(exist_ok=True)
        self.about, self.cases = about, []
        self.file = folder / (time.strftime("%Y%m%d-%H%M%S") + ".jsonl")
        self._write({"about": about})

    def measured(self, round_number: int, broker: str, case: str, figures: dict[str, float]) -> None:
        """A case that succeeded. Seconds, bytes and shares by the names of their keys."""
        rounded = {name: round(value, 4) for name, value in figures.items()}
        self._add({"round": round_number, "broker": broker, "case": case, "figures": rounded})
        shown = "  ".join(f"{name}={value:.6g}" for name, value in rounded.items())
        print(f"round {round_number}  {broker}  {case}:  {shown}", file=sys.stderr, flush=True)

    def failed(self, round_number: int, broker: str, case: str, why: str) -> None:
        """A case that failed, and why."""
        self._add({"round": round_number, "broker": broker, "case": case, "failed": why})
        print(f"round {round_number}  {broker}  {case}:  FAILED: {why}", file=sys.stderr, flush=True)

    def has_failed(self, round_number: int, broker: str) -> bool:
        return any("failed" in case for case in self.cases if (case["round"], case["broker"]) == (round_number, broker))

    @property
    def failures(self) -> list[dict]:
        return [case for case in self.cases if "failed" in case]

    def keep_log(self, round_number: int, broker: str, log: Path) -> None:
        """Copies the output of a broker beside the results."""
        shutil.copyfile(log, self.file.with_suffix(f".{broker}-{round_number}.log"))

    def keep_report(self, text: str) -> Path:
        """Writes the report beside the results."""
        path = self.file.with_suffix(".md")
        path.write_text(text)
        return path

    def _add(self, case: dict) -> None:
        self.cases.append(case)
        self._write(case)

    def _write(self, line: dict) -> None:
        with self.file.open("a") as file:
            file.write(json.dumps(line) + "\n")
