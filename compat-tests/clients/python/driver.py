"""What the Python drivers share: the contract with the tests, and the script of a group of two.

A driver is called as `DRIVER BOOTSTRAP CASE TOPIC` with the case's arguments as one JSON object on stdin, and prints its
result as one line of JSON on stdout. Bytes travel as base64, and null stays null. See clients/README.md for the cases.
"""

import base64
import json
import sys
import threading
import time

# How long any single wait inside a driver may last before it gives up and says what it waited for.
WAIT_S = 45


def pack(data):
    return None if data is None else base64.b64encode(bytes(data)).decode()


def unpack(text):
    return None if text is None else base64.b64decode(text)


def record_in(record):
    """The arguments of a produce call: partition, key, value, headers, timestamp (milliseconds or None)."""
    headers = [(name, unpack(value)) for name, value in record.get("headers", [])]
    return record.get("partition", 0), unpack(record["key"]), unpack(record["value"]), headers, record.get("timestamp")


def record_out(partition, offset, timestamp, key, value, headers):
    return {
        "partition": partition,
        "offset": offset,
        "timestamp": timestamp,
        "key": pack(key),
        "value": pack(value),
        "headers": [[name, pack(data)] for name, data in headers or []],
    }


class Deadline:
    """A bounded wait. `check` raises with a message that says what did not happen."""

    def __init__(self, waiting_for, seconds=WAIT_S):
        self.waiting_for = waiting_for
        self.end = time.monotonic() + seconds

    def check(self, seen=None):
        if time.monotonic() > self.end:
            raise TimeoutError(f"gave up waiting for {self.waiting_for}; last seen: {seen!r}")


def until(waiting_for, look, good):
    """Calls `look` until `good(result)` holds, for at most WAIT_S, and returns that result."""
    deadline = Deadline(waiting_for)
    while True:
        seen = look()
        if good(seen):
            return seen
        deadline.check(seen)
        time.sleep(0.05)  # the pace of polling, not a synchronisation: `good` alone ends the wait


class Runner:
    """Polls one group member in a thread of its own, and keeps what it was assigned and what it read.

    A member has `step()` (poll once, return [(partition, value)]), `assignment()` (partition numbers) and `close()`.
    """

    def __init__(self, make_member):
        self.make_member = make_member
        self.assigned = []
        self.values = []
        self.failure = None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            member = self.make_member()
            while not self.stopping.is_set():
                self.values.extend(value for _, value in member.step())
                self.assigned = sorted(member.assignment())
            self.assigned = []
            member.close()
        except Exception as failure:  # handed to the main thread, which fails the case with it
            self.failure = failure

    def stop(self):
        self.stopping.set()
        self.thread.join(WAIT_S)
        if self.thread.is_alive():
            raise TimeoutError("gave up waiting for a member to leave its group")
        self.check()

    def check(self):
        if self.failure is not None:
            raise self.failure


def group_of_two(make_member, produce_late, args):
    """One member takes everything, a second one halves it, and when that one leaves the first has everything again.

    `produce_late()` writes one record "late-N" to every partition while the group is shared.
    """
    total = args["partitions"]
    runners = [Runner(make_member)]

    def assignments():
        for runner in runners:
            runner.check()
        return [list(runner.assigned) for runner in runners]

    def seen():
        assignments()
        return {value for runner in runners for value in runner.values}

    alone = until("the first member to own every partition", assignments, lambda a: len(a[0]) == total)
    until("the first member to read the topic", seen, lambda values: len(values) >= args["count"])
    runners.append(Runner(make_member))
    shared = until(
        "the two members to share the partitions",
        assignments,
        lambda a: [len(part) for part in a] == [total // 2, total - total // 2] and not set(a[0]) & set(a[1]),
    )
    produce_late()
    until("the late records", seen, lambda values: len(values) >= args["count"] + total)
    late = [len({v for v in runner.values if v.startswith(b"late-")}) for runner in runners]
    runners.pop().stop()
    after = until("the first member to own every partition again", assignments, lambda a: len(a[0]) == total)
    runners[0].stop()
    return group_result(alone[0], shared, late, after[0], runners[0].values)


def group_result(alone, shared, late, after, first_values):
    return {
        "alone": alone,
        "shared_sizes": [len(part) for part in shared],
        "shared_union": sorted(shared[0] + shared[1]),
        "late": late,
        "after": after,
        "read_by_first": sorted({v.decode() for v in first_values if not v.startswith(b"late-")}),
    }


def main(cases):
    """Runs the case that the command line names. `cases` maps a name to a function (bootstrap, topic, args) -> dict."""
    bootstrap, case, topic = sys.argv[1:4]
    args = json.loads(sys.stdin.read() or "{}")
    result = cases[case](bootstrap, topic, args)
    sys.stdout.write(json.dumps(result) + "\n")
    sys.stdout.flush()
