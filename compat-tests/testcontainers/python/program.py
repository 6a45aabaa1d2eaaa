"""Starts klamm with Testcontainers for Python, as a test of somebody's application would, and uses it with confluent-kafka.

Called as program.py MODULE IMAGE RUNS; prints one line of JSON: what each run saw, and how long its steps took.
"""

import json
import sys
import time
from pathlib import Path

from testcontainers.community.kafka import KafkaContainer
from testcontainers.core.network import Network

sys.path.insert(0, str(Path(__file__).resolve().parent))
from application import show_surroundings, since, use

MODULES = {
    # The default of the module: a broker and a ZooKeeper beside it.
    "zookeeper": lambda image, network: KafkaContainer(image),
    "kraft": lambda image, network: KafkaContainer(image).with_kraft(),
    "network": lambda image, network: KafkaContainer(image).with_kraft().with_network(network).with_network_aliases("kafka"),
}


def once(module, image):
    with Network() as network:
        start = time.monotonic()
        broker = MODULES[module](image, network)
        try:
            broker.start()
            ready_ms = since(start)
            seen = use(broker.get_bootstrap_server())
        except BaseException:
            if broker.get_wrapped_container() is not None:
                sys.stderr.buffer.write(b"".join(broker.get_logs()))
                sys.stderr.flush()
                show_surroundings()
                broker.stop()
            raise
        stopping = time.monotonic()
        broker.stop()
        return {"ready_ms": ready_ms, **seen, "stop_ms": since(stopping)}


def main(module, image, runs):
    print(json.dumps({"runs": [once(module, image) for _ in range(int(runs))]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
