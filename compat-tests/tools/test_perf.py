"""kafka-producer-perf-test and kafka-consumer-perf-test, as programs that must work: their figures are looked at elsewhere."""

import re

import pytest


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
@pytest.mark.parametrize("acks", ["1", "all"])
def test_what_the_producer_test_sends_the_consumer_test_gets(shell, name, same, codec, acks):
    topic = shell.create(name("perf"), 3)
    sent = shell.run("ProducerPerformance", "--topic", topic, "--num-records", 20000, "--record-size", 100, "--throughput", -1,
                     "--command-property", f"compression.type={codec}", "--command-property", f"acks={acks}").ok()
    assert re.search(r"^20000 records sent, ", sent.out, re.M)
    assert sum(int(line.split(":")[2]) for line in shell.offsets("--topic", topic)) == 20000
    got = shell.run("ConsumerPerformance", "--topic", topic, "--num-records", 20000, "--timeout", 60000).ok()
    heading, figures = got.lines[-2:]
    assert figures.split(", ")[4] == "20000"
    same(heading)
