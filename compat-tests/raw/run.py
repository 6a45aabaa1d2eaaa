"""Runs cases against one Apache Kafka from the command line, to prove what they state.

    cd compat-tests && .cache/venv/bin/python -m raw.run HOST:PORT [substring of case ids ...]
"""

import random
import sys
import time
import traceback

from raw import cases  # noqa: F401
from raw.case import CASES, Broker, Context


def main() -> int:
    """Runs, prints what is disproved, returns the number of such cases."""
    host, port = sys.argv[1].rsplit(":", 1)
    wanted = [arg for arg in sys.argv[2:] if not arg.startswith("-")]
    broker = Broker("kafka", host, int(port), f"r{random.randrange(16**6):06x}")
    broker.prepare()
    failed, start = 0, time.monotonic()
    for name, one in CASES.items():
        if wanted and not any(part in name for part in wanted):
            continue
        began = time.monotonic()
        context = Context(broker, name, strict="-l" not in sys.argv)
        try:
            one.run(context)
        except Exception:
            failed += 1
            print(f"--- {name}: {one.doc}\n" + "".join(traceback.format_exc(limit=-3)))
        finally:
            context.finish()
        if "-v" in sys.argv:
            for label, answer in context.answers.items():
                print(f"    {name} | {label} | {answer!r:.600}")
        if time.monotonic() - began > 2:
            print(f"slow: {name} {time.monotonic() - began:.1f} s")
    print(f"{failed} failed of {len(CASES)}, {time.monotonic() - start:.1f} s")
    return failed


if __name__ == "__main__":
    sys.exit(main())
