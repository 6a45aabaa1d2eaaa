"""Does what Testcontainers for .NET does with a Kafka image, call by call on the engine's API, and uses the broker through librdkafka,
which is what Confluent.Kafka for .NET is made of. No .NET runtime is needed.

Called as program.py MODULE IMAGE RUNS; prints one line of JSON: what each run saw, and how long its steps took.
"""

import io
import json
import re
import sys
import tarfile
import time
from pathlib import Path

import docker

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))
from application import LIMIT_S, show_surroundings, since, use

SCRIPT = "/testcontainers.sh"
CLIENTS, BROKERS, ZOOKEEPER = 9092, 9093, 2181
CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw"
UNFENCED = r".*Transitioning from RECOVERY to RUNNING.*"
STARTED = r"\[KafkaServer id=\d+\] started"

# What the builder sets for every image: host names in listeners are empty, and a ZooKeeper-mode broker gets a controller listener too.
ENVIRONMENT = {
    "KAFKA_LISTENERS": f"PLAINTEXT://:{CLIENTS},BROKER://:{BROKERS},CONTROLLER://:9094",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "KAFKA_INTER_BROKER_LISTENER_NAME": "BROKER",
    "KAFKA_BROKER_ID": "1",
    "KAFKA_NODE_ID": "1",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9094",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "1",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_LOG_FLUSH_INTERVAL_MESSAGES": "9223372036854775807",
    "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    "CLUSTER_ID": CLUSTER_ID,
}
KRAFT = {"KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER", "KAFKA_PROCESS_ROLES": "broker,controller"}
WITH_ZOOKEEPER = {"KAFKA_ZOOKEEPER_CONNECT": f"localhost:{ZOOKEEPER}"}
# The releases before KRaft: their ZooKeeper mode has two listeners with hosts, and no cluster id.
BEFORE_KRAFT = {
    **{name: value for name, value in ENVIRONMENT.items() if name not in ("KAFKA_NODE_ID", "KAFKA_CONTROLLER_QUORUM_VOTERS", "CLUSTER_ID")},
    "KAFKA_LISTENERS": f"PLAINTEXT://0.0.0.0:{CLIENTS},BROKER://0.0.0.0:{BROKERS}",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "BROKER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
}

SKIP_CHECKS = "echo '' > /etc/confluent/docker/ensure\n"
START_ZOOKEEPER = (f"echo 'clientPort={ZOOKEEPER}' > zookeeper.properties\n"
                   "echo 'dataDir=/var/lib/zookeeper/data' >> zookeeper.properties\n"
                   "echo 'dataLogDir=/var/lib/zookeeper/log' >> zookeeper.properties\n"
                   "zookeeper-server-start zookeeper.properties &\n")


def advertise(addresses):
    return f"export KAFKA_ADVERTISED_LISTENERS={addresses}\n"


# Per module: the environment, the ready line, and the script, given the addresses for clients and for brokers.
MODULES = {
    "apache": (ENVIRONMENT | KRAFT, UNFENCED, lambda clients, brokers:
               f"#!/bin/bash\n{advertise(f'{clients},{brokers}')}exec /etc/kafka/docker/run\n"),
    # Releases 4.2 to 4.4 joined the list of added listeners, which is empty, behind one more comma.
    "apache-comma": (ENVIRONMENT | KRAFT, UNFENCED, lambda clients, brokers:
                     f"#!/bin/bash\n\n{advertise(f'{clients},{brokers},')}exec /etc/kafka/docker/run\n"),
    "confluent-kraft": (ENVIRONMENT | KRAFT, UNFENCED, lambda clients, brokers:
                        f"#!/bin/bash\n{advertise(f'{clients},{brokers}')}exec /etc/confluent/docker/run\n"),
    "confluent-zookeeper": (ENVIRONMENT | WITH_ZOOKEEPER, STARTED, lambda clients, brokers:
                            f"#!/bin/bash\n{SKIP_CHECKS}{START_ZOOKEEPER}{advertise(f'{clients},{brokers}')}exec /etc/confluent/docker/run\n"),
    # Releases before 4.2: no exec, so bash stays process 1.
    "confluent-before-kraft": (BEFORE_KRAFT | WITH_ZOOKEEPER, STARTED, lambda clients, brokers:
                               f"#!/bin/bash\n{START_ZOOKEEPER}{advertise(f'{clients},{brokers}')}{SKIP_CHECKS}/etc/confluent/docker/run"),
}


def create(client, image, environment):
    ports = [CLIENTS, BROKERS] + ([ZOOKEEPER] if "KAFKA_ZOOKEEPER_CONNECT" in environment else [])
    command = f"while [ ! -f {SCRIPT} ]; do sleep 0.1; done; {SCRIPT}"
    return client.containers.create(image, entrypoint=["/bin/sh", "-c"], command=[command], environment=environment,
                                    ports={f"{port}/tcp": None for port in ports})


def mapped_port(container, port):
    return int(container.attrs["NetworkSettings"]["Ports"][f"{port}/tcp"][0]["HostPort"])


def copy_script(container, text):
    """As CopyAsync with mode 755 does: an archive with one file of root's, put at the root."""
    archive, content = io.BytesIO(), text.encode()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo(SCRIPT)
        entry.size, entry.mode, entry.mtime = len(content), 0o755, time.time()
        tar.addfile(entry, io.BytesIO(content))
    if not container.put_archive("/", archive.getvalue()):
        raise RuntimeError(f"the engine did not take {SCRIPT}")


def wait_for_log(container, pattern):
    """UntilMessageIsLogged: stdout and stderr, either of them, are read again and again until the expression matches."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        for stream in ({"stdout": True, "stderr": False}, {"stdout": False, "stderr": True}):
            if re.search(pattern, container.logs(**stream).decode()):
                return
        container.reload()
        if container.status != "running" or time.monotonic() > deadline:
            raise RuntimeError(f"no line {pattern}; the container is {container.status}")
        time.sleep(0.05)


def start(client, module, image, started):
    """Starts the container up to its ready line; `started` gets it early, so that it is removed whatever happens."""
    environment, ready, script = MODULES[module]
    container = create(client, image, environment)
    started.append(container)
    container.start()
    container.reload()
    clients = f"localhost:{mapped_port(container, CLIENTS)}"
    address = next(iter(container.attrs["NetworkSettings"]["Networks"].values()))["IPAddress"]
    copy_script(container, script(f"PLAINTEXT://{clients}", f"BROKER://{address}:{BROKERS}"))
    wait_for_log(container, ready)
    return clients


def once(client, module, image):
    started, begin = [], time.monotonic()
    try:
        bootstrap = start(client, module, image, started)
        ready_ms = since(begin)
        seen = use(bootstrap)
        stopping = time.monotonic()
        # DisposeAsync removes without stopping first.
        started.pop().remove(force=True, v=True)
        return {"ready_ms": ready_ms, **seen, "stop_ms": since(stopping)}
    except BaseException:
        for container in started:
            sys.stderr.buffer.write(container.logs())
            sys.stderr.flush()
        show_surroundings()
        raise
    finally:
        for container in started:
            container.remove(force=True, v=True)


def main(module, image, runs):
    client = docker.from_env()
    print(json.dumps({"runs": [once(client, module, image) for _ in range(int(runs))]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
