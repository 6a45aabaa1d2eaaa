"""kcat as Debian ships it (librdkafka 2.0), called as a user calls it: one process per step, its output parsed.

kcat has no admin commands, sends no timestamps of the caller's choice, and puts the same headers on all messages of one call, so
records are sent in runs of equal headers.
"""

import itertools
import json
import re
import subprocess
import threading

import driver
from driver import record_in, record_out, until

# Delimiters that occur in no record of the tests.
BETWEEN_RECORDS, AFTER_KEY = b"\x1e", b"\x1f"


def kcat(*words, stdin=None):
    done = subprocess.run(["kcat", *words], input=stdin, capture_output=True, timeout=driver.WAIT_S, check=False)
    if done.returncode:
        raise RuntimeError(f"kcat {' '.join(words)} ended with {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def send_run(bootstrap, topic, args, like, records):
    """Sends records that share a partition, headers, and whether they contain nulls (-Z makes every empty field a null)."""
    partition, headers, nulls = like
    words = ["-P", "-b", bootstrap, "-t", topic, "-p", str(partition), "-z", args.get("codec", "none"),
             "-X", f"enable.idempotence={str(args.get('idempotent', False)).lower()}", "-X", "acks=all", "-X", "linger.ms=50",
             "-D", BETWEEN_RECORDS.decode(), "-K", AFTER_KEY.decode()]
    for name, value in headers:
        words += ["-H", name if value is None else f"{name}={value.decode()}"]
    lines = [(key or b"") + AFTER_KEY + (value or b"") for key, value in records]
    if any(BETWEEN_RECORDS in line or line.count(AFTER_KEY) > 1 for line in lines):
        raise ValueError("a record contains a delimiter")
    kcat(*words, *(["-Z"] if nulls else []), stdin=BETWEEN_RECORDS.join(lines))


def produce(bootstrap, topic, args):
    def alike(record):
        partition, key, value, headers, _ = record_in(record)
        return partition, tuple(headers), key is None or value is None

    # Order matters within a partition only.
    for like, run in itertools.groupby(sorted(args["records"], key=lambda r: r.get("partition", 0)), alike):
        send_run(bootstrap, topic, args, like, [record_in(record)[1:3] for record in run])
    return {"offsets": None}


def headers_in(text):
    """kcat prints headers as a=1,b=2, and a null value as NULL."""
    pairs = [pair.split("=", 1) for pair in text.split(",")] if text else []
    return [(name, None if value == "NULL" else value.encode()) for name, value in pairs]


def parse(output, count):
    """Reads what `-f` below printed: a line of numbers and headers, then key and value by their lengths."""
    records, rest = [], output
    for _ in range(count):
        line, rest = rest.split(b"\n", 1)
        partition, offset, stamp, key_size, value_size, headers = line.decode().split("|", 5)
        key, rest = cut(rest, int(key_size))
        value, rest = cut(rest, int(value_size))
        rest = rest[1:]
        records.append(record_out(int(partition), int(offset), int(stamp), key, value, headers_in(headers)))
    return records


def cut(data, size):
    return (None, data) if size < 0 else (data[:size], data[size:])


def read(bootstrap, topic, starts, count):
    records = []
    for partition, offset in starts.items():
        start = "beginning" if offset == -2 else str(offset)
        stop = [] if len(starts) > 1 else ["-c", str(count)]
        output = kcat("-C", "-q", "-e", "-b", bootstrap, "-t", topic, "-p", partition, "-o", start, *stop,
                      "-f", "%p|%o|%T|%K|%S|%h\\n%k%s\\n")
        found = []
        while output:
            found += parse(output, 1)
            output = output[consumed(output):]
        records += found
    if len(records) != count:
        raise RuntimeError(f"kcat read {len(records)} records instead of {count}")
    return records


def consumed(output):
    line = output.split(b"\n", 1)[0]
    key_size, value_size = (max(0, int(size)) for size in line.decode().split("|", 5)[3:5])
    return len(line) + 1 + key_size + value_size + 1


def consume(bootstrap, topic, args):
    return {"records": read(bootstrap, topic, args["partitions"], args["count"])}


class Member:
    """One `kcat -G`: what it reads comes on stdout, its assignments on stderr."""

    def __init__(self, bootstrap, topic, group):
        words = ["kcat", "-G", group, "-u", "-b", bootstrap, "-X", "auto.offset.reset=earliest", "-X", "heartbeat.interval.ms=500",
                 "-X", "session.timeout.ms=10000", "-X", "auto.commit.interval.ms=100", "-X", "fetch.wait.max.ms=100",
                 "-f", "%s\\n", topic]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.values, self.assigned = [], []
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self.read_values, self.read_assignments)]
        for thread in self.threads:
            thread.start()

    def read_values(self):
        for line in self.process.stdout:
            self.values.append(line.rstrip(b"\n"))

    def read_assignments(self):
        for line in self.process.stderr:
            text = line.decode(errors="replace")
            if "rebalanced" in text:
                self.assigned = [int(p) for p in re.findall(r"\[(\d+)\]", text)] if "assigned" in text else []

    def check(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"kcat -G ended with {self.process.returncode}")

    def stop(self):
        self.process.terminate()
        self.process.wait(driver.WAIT_S)
        for thread in self.threads:
            thread.join(driver.WAIT_S)


def group(bootstrap, topic, args):
    total = args["partitions"]
    members = [Member(bootstrap, topic, args["group"])]

    def assignments():
        for member in members:
            member.check()
        return [sorted(member.assigned) for member in members]

    def seen():
        assignments()
        return {value for member in members for value in member.values}

    try:
        alone = until("the first kcat to own every partition", assignments, lambda a: len(a[0]) == total)
        until("the first kcat to read the topic", seen, lambda values: len(values) >= args["count"])
        members.append(Member(bootstrap, topic, args["group"]))
        shared = until("the two kcats to share the partitions", assignments,
                       lambda a: [len(part) for part in a] == [total // 2, total - total // 2] and not set(a[0]) & set(a[1]))
        produce(bootstrap, topic, {"records": [
            {"partition": p, "key": None, "value": driver.pack(b"late-%d" % p)} for p in range(total)]})
        until("the late records", seen, lambda values: len(values) >= args["count"] + total)
        late = [len({v for v in member.values if v.startswith(b"late-")}) for member in members]
        members.pop().stop()
        after = until("the first kcat to own every partition again", assignments, lambda a: len(a[0]) == total)
    finally:
        for member in members:
            member.stop()
    return driver.group_result(alone[0], shared, late, after[0], members[0].values)


def commit(bootstrap, topic, args):
    output = kcat("-G", args["group"], "-q", "-c", str(args["count"]), "-b", bootstrap, "-X", "auto.offset.reset=earliest",
                  "-f", "%s\\n", topic)
    return {"values": output.decode().split(), "committed": None}


def times(bootstrap, topic, args):
    def query(stamp):
        output = kcat("-Q", "-b", bootstrap, "-t", f"{topic}:0:{stamp}").decode()
        return int(re.search(r"\[0\] offset (-?\d+)", output).group(1))

    found = [query(stamp) for stamp in args["timestamps"]]
    first = kcat("-C", "-q", "-e", "-c", "1", "-b", bootstrap, "-t", topic, "-p", "0", "-o", f"s@{args['timestamps'][0]}", "-f", "%s")
    return {"offsets": [offset if offset >= 0 else None for offset in found], "earliest": query(-2), "latest": query(-1),
            "first": driver.pack(first)}


def listing(bootstrap, topic, args):
    """What `kcat -L` says about one topic, in place of the admin case."""
    found = json.loads(kcat("-L", "-J", "-b", bootstrap, "-t", topic))["topics"]
    return {"topics": [{"topic": t["topic"], "partitions": sorted(p["partition"] for p in t["partitions"])} for t in found]}


CASES = [produce, consume, group, commit, times, listing]

if __name__ == "__main__":
    driver.main({case.__name__: case for case in CASES})
