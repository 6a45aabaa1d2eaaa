"""The start scripts that test libraries inject (E5), as the libraries write them: image, entry point, command, script, log line.

The file arrives while the container waits for it, by `docker cp` as the libraries do it."""

import tarfile
import io
import subprocess
from dataclasses import dataclass, field

import pytest

RUNNING = "Transitioning from RECOVERY to RUNNING"

JAVA = {
    "CLUSTER_ID": "4L6g3nShT-eMCtK--X86sw",
    "KAFKA_LISTENERS": "PLAINTEXT://0.0.0.0:9092,BROKER://0.0.0.0:9093,CONTROLLER://0.0.0.0:9094",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "BROKER:PLAINTEXT,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "KAFKA_INTER_BROKER_LISTENER_NAME": "BROKER",
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "KAFKA_NODE_ID": "1",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9094",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "1",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_LOG_FLUSH_INTERVAL_MESSAGES": "9223372036854775807",
    "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
}

QUARKUS = JAVA | {
    "KAFKA_GROUP_COORDINATOR_REBALANCE_PROTOCOLS": "classic,consumer,share",
    "KAFKA_UNSTABLE_API_VERSIONS_ENABLE": "true",
    "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
}

# The older modules: clients come to 9093, brokers speak on 9092.
OLD = {
    "KAFKA_LISTENERS": "PLAINTEXT://0.0.0.0:9093,BROKER://0.0.0.0:9092",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "BROKER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "KAFKA_INTER_BROKER_LISTENER_NAME": "BROKER",
    "KAFKA_BROKER_ID": "1",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "1",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_LOG_FLUSH_INTERVAL_MESSAGES": "9223372036854775807",
    "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
}

OLD_KRAFT = OLD | {
    "CLUSTER_ID": "4L6g3nShT-eMCtK--X86sw",
    "KAFKA_NODE_ID": "1",
    "KAFKA_LISTENERS": OLD["KAFKA_LISTENERS"] + ",CONTROLLER://0.0.0.0:9094",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": OLD["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"] + ",CONTROLLER:PLAINTEXT",
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9094",
}

SED = "sed -i '/KAFKA_ZOOKEEPER_CONNECT/d' /etc/confluent/docker/configure\n"


@dataclass
class Flow:
    """One library: {host} is where clients of the host are to go, {ip} and {name} are the container's."""

    script: str
    place: str
    env: dict[str, str]
    command: list[str]
    entrypoint: str | None = None
    mode: int = 0o777
    port: int = 9092
    until: str = RUNNING
    as_user: bool = False
    """The script is written by the image's user, by exec, and not copied."""
    extra: list[str] = field(default_factory=list)


def waits_for(place: str, run: str | None = None) -> str:
    return f"while [ ! -f {place} ]; do sleep 0.1; done; {run or place}"


TMP = "/tmp/testcontainers_start.sh"

ZK_LOCAL = (
    "echo 'clientPort=2181' > zookeeper.properties\necho 'dataDir=/var/lib/zookeeper/data' >> zookeeper.properties\n"
    "echo 'dataLogDir=/var/lib/zookeeper/log' >> zookeeper.properties\nzookeeper-server-start zookeeper.properties &\n"
)

FLOWS = {
    "java, apache": Flow(
        f"#!/bin/bash\nexport KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://{{host}},BROKER://{{name}}:9093\n/etc/kafka/docker/run \n",
        TMP, JAVA, ["sh", "-c", waits_for(TMP)]),
    "java, confluent": Flow(
        f"#!/bin/bash\nexport KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://{{host}},BROKER://{{name}}:9093\n/etc/confluent/docker/run \n",
        TMP, JAVA, ["sh", "-c", waits_for(TMP)]),
    "java, deprecated, kraft": Flow(
        "#!/bin/bash\nexport KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://{host},BROKER://{name}:9092\n" + SED +
        "echo 'kafka-storage format --ignore-formatted -t \"4L6g3nShT-eMCtK--X86sw\" -c /etc/kafka/kafka.properties' "
        ">> /etc/confluent/docker/configure\n/etc/confluent/docker/run \n",
        TMP, OLD_KRAFT, ["-c", waits_for(TMP)], entrypoint="sh", port=9093),
    "java, deprecated, zookeeper": Flow(
        "#!/bin/bash\nexport KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://{host},BROKER://{name}:9092\n"
        "echo 'clientPort=2181' > /tmp/zookeeper.properties\necho 'dataDir=/var/lib/zookeeper/data' >> /tmp/zookeeper.properties\n"
        "echo 'dataLogDir=/var/lib/zookeeper/log' >> /tmp/zookeeper.properties\n"
        "zookeeper-server-start /tmp/zookeeper.properties &\necho '' > /etc/confluent/docker/ensure \n/etc/confluent/docker/run \n",
        TMP, OLD | {"KAFKA_ZOOKEEPER_CONNECT": "localhost:2181"}, ["-c", waits_for(TMP)], entrypoint="sh", port=9093,
        until="[KafkaServer id=1] started"),
    "go": Flow(
        "#!/bin/bash\nsource /etc/confluent/docker/bash-config\n"
        "export KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://{host},BROKER://{name}:9092\necho Starting Kafka KRaft mode\n" + SED +
        "echo 'kafka-storage format --ignore-formatted -t \"$(kafka-storage random-uuid)\" -c /etc/kafka/kafka.properties' "
        ">> /etc/confluent/docker/configure\necho '' > /etc/confluent/docker/ensure\n"
        "/etc/confluent/docker/configure\n/etc/confluent/docker/launch\n",
        "/usr/sbin/testcontainers_start.sh",
        {key: value for key, value in OLD_KRAFT.items() if key != "CLUSTER_ID"}
        | {"KAFKA_REST_BOOTSTRAP_SERVERS": "PLAINTEXT://0.0.0.0:9093,BROKER://0.0.0.0:9092"},
        ["-c", waits_for("/usr/sbin/testcontainers_start.sh", "bash /usr/sbin/testcontainers_start.sh")], entrypoint="sh",
        mode=0o755, port=9093),
    "python, zookeeper": Flow(
        "#!/bin/bash\n" + ZK_LOCAL +
        "export KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://{host},BROKER://$(hostname -i):9092\n"
        ". /etc/confluent/docker/bash-config\n/etc/confluent/docker/configure\n/etc/confluent/docker/launch\n",
        "/tc-start.sh", OLD | {"KAFKA_ZOOKEEPER_CONNECT": "localhost:2181"},
        ["sh", "-c", waits_for("/tc-start.sh", "sh /tc-start.sh")], mode=0o644, port=9093, until="[KafkaServer id=1] started"),
    "python, kraft": Flow(
        "#!/bin/bash\n" + SED +
        "echo 'kafka-storage format --ignore-formatted -t \"MkU3OEVBNTcwNTJENDM2Qk\" -c /etc/kafka/kafka.properties' "
        ">> /etc/confluent/docker/configure\n"
        "export KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://{host},BROKER://$(hostname -i | cut -d' ' -f1):9092\n"
        ". /etc/confluent/docker/bash-config\n/etc/confluent/docker/configure\n/etc/confluent/docker/launch\n",
        "/tc-start.sh", OLD_KRAFT | {"CLUSTER_ID": "MkU3OEVBNTcwNTJENDM2Qk"},
        ["sh", "-c", waits_for("/tc-start.sh", "sh /tc-start.sh")], mode=0o644, port=9093, until="Kafka Server started"),
    "node, kraft": Flow(
        "#!/bin/bash\nexport KAFKA_ADVERTISED_LISTENERS=BROKER://{name}:9092,PLAINTEXT://{host}\n" + SED +
        "echo 'kafka-storage format --ignore-formatted -t \"4L6g3nShT-eMCtK--X86sw\" -c /etc/kafka/kafka.properties' "
        ">> /etc/confluent/docker/configure\necho '' > /etc/confluent/docker/ensure\n/etc/confluent/docker/run\n",
        TMP, OLD_KRAFT, ["-c", f"echo 'Waiting for script...'; {waits_for(TMP)}"], entrypoint="sh", port=9093),
    "dotnet, apache": Flow(
        "#!/bin/bash\nexport KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://{host},BROKER://{ip}:9093,\nexec /etc/kafka/docker/run\n",
        "/testcontainers.sh",
        JAVA | {"KAFKA_LISTENERS": "PLAINTEXT://:9092,BROKER://:9093,CONTROLLER://:9094", "KAFKA_BROKER_ID": "1"},
        ["while [ ! -f /testcontainers.sh ]; do sleep 0.1; done; /testcontainers.sh"], entrypoint="/bin/sh -c", mode=0o755),
    "dotnet, confluent, zookeeper": Flow(
        "#!/bin/bash\n" + ZK_LOCAL +
        "export KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://{host},BROKER://{ip}:9093,\nexec /etc/confluent/docker/run\n",
        "/testcontainers.sh",
        OLD | {"KAFKA_LISTENERS": "PLAINTEXT://:9092,BROKER://:9093", "KAFKA_ZOOKEEPER_CONNECT": "localhost:2181"},
        ["while [ ! -f /testcontainers.sh ]; do sleep 0.1; done; /testcontainers.sh"], entrypoint="/bin/sh -c", mode=0o755,
        until="[KafkaServer id=1] started"),
    "rust, apache": Flow(
        "#!/usr/bin/env bash\nexport KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://{host},BROKER://localhost:9093\n/etc/kafka/docker/run",
        "/opt/kafka/testcontainers_start.sh",
        {key: value for key, value in JAVA.items() if key != "KAFKA_NODE_ID"} | {"KAFKA_BROKER_ID": "1"},
        ["-c", "while [ ! -f /opt/kafka/testcontainers_start.sh  ]; do sleep 0.1; done; "
         "chmod 755 /opt/kafka/testcontainers_start.sh && /opt/kafka/testcontainers_start.sh"], entrypoint="bash",
        until="Kafka Server started", as_user=True),
    "quarkus": Flow(
        "#!/bin/bash\nexport KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://{host},BROKER://{name}:9093\n"
        "if [ -f /opt/kafka/kafka.Kafka ]; then exit 99; else exec /etc/kafka/docker/run; fi\n",
        TMP, QUARKUS, ["sh", "-c", f"while [ ! -x {TMP} ]; do sleep 0.1; done; {TMP}"]),
    "strimzi": Flow(
        "#!/bin/bash\nbin/kafka-storage.sh format -t \"$(bin/kafka-storage.sh random-uuid)\" -c config/kraft/server.properties\n"
        "bin/kafka-server-start.sh config/kraft/server.properties --override listeners=PLAINTEXT://0.0.0.0:9092,BROKER1://0.0.0.0:9091,"
        "CONTROLLER://0.0.0.0:9094 --override advertised.listeners=PLAINTEXT://{host},BROKER1://{ip}:9091 "
        "--override controller.quorum.voters=1@localhost:9094 --override node.id=1 --override inter.broker.listener.name=BROKER1 "
        "--override listener.security.protocol.map=PLAINTEXT:PLAINTEXT,BROKER1:PLAINTEXT,CONTROLLER:PLAINTEXT "
        "--override controller.listener.names=CONTROLLER --override log.dirs=/tmp/strimzi-logs\n",
        "/testcontainers_start.sh", {}, ["-c", waits_for("/testcontainers_start.sh")], entrypoint="sh"),
}


def copy_in(docker, container_id: str, place: str, text: str, mode: int) -> None:
    """`docker cp` of one file, as root's, the way of the libraries: an archive through the engine's door.

    The container is held meanwhile. It looks for the file, and may find it before its content is there; that is the libraries'
    own race, and not what is tested.
    """
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo(place.rsplit("/", 1)[1])
        member.size, member.mode = len(text.encode()), mode
        tar.addfile(member, io.BytesIO(text.encode()))
    folder = place.rsplit("/", 1)[0] or "/"
    docker("pause", container_id)
    subprocess.run(["docker", "cp", "-", f"{container_id}:{folder}"], input=archive.getvalue(), env=docker.environment, check=True,
                   capture_output=True)
    docker("unpause", container_id)


@pytest.mark.parametrize("library", FLOWS)
def test_the_start_script_of_a_library_starts_a_broker(library, container, docker):
    from talk import there_and_back

    flow = FLOWS[library]
    options = ["-p", f"127.0.0.1::{flow.port}", *(word for key, value in flow.env.items() for word in ("-e", f"{key}={value}"))]
    command = flow.command
    if flow.entrypoint:
        first, *rest = flow.entrypoint.split()
        options += ["--entrypoint", first]
        command = [*rest, *command]
    broker = container(*options, command=command)
    host = f"127.0.0.1:{broker.published(flow.port)}"
    script = flow.script.format(host=host, ip=broker.address, name=broker.inspect("{{.Config.Hostname}}"))
    if flow.as_user:
        # It comes under its name when it is whole, for the same reason.
        broker.exec("sh", "-c", f"echo '{script}' > {flow.place}.part && mv {flow.place}.part {flow.place}")
    else:
        copy_in(docker, broker.id, flow.place, script, flow.mode)
    logs = broker.wait_for_log(flow.until)
    assert "Permission denied" not in logs and "command not found" not in logs
    there_and_back(host, "from-a-test")
    assert broker.stop() == 143
    assert broker.logs().count("Terminating process due to signal SIGTERM") == 1


def test_the_cluster_id_of_the_library_is_the_clusters(container):
    env = [word for key, value in JAVA.items() for word in ("-e", f"{key}={value}")]
    broker = container(*env, "-e", "KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://localhost:9092,BROKER://localhost:9093").wait_until_ready()
    out = broker.exec("kafka-cluster.sh", "cluster-id", "--bootstrap-server", "localhost:9092").out
    assert out.strip() == "Cluster ID: 4L6g3nShT-eMCtK--X86sw"


PORT_CHECKS = {
    # 2.2: what the libraries run inside the container to see whether a port is open; 9092 is 2384.
    "java": "while true; do ( true && (grep -i ':0*2384' /proc/net/tcp* || nc -vz -w 1 localhost 9092 || "
            "/bin/bash -c '</dev/tcp/localhost/9092') ) && exit 0 || sleep 0.1; done",
    "go": "cat /proc/net/tcp* | awk '{print $2}' | grep -i :2384 || nc -vz -w 1 localhost 9092 || /bin/sh -c '</dev/tcp/localhost/9092'",
    "node, by the table of sockets": "cat /proc/net/tcp* | awk '{print $2}' | grep -i ':0*2384'",
    "node, by nc": "nc -vz -w 1 localhost 9092",
    "node, by bash": "/bin/bash -c '</dev/tcp/localhost/9092'",
    "a health check": "nc -z localhost 9092",
    "a health check by an open file": "bash -c 'exec 3<>/dev/tcp/localhost/9092'",
}


@pytest.fixture(scope="module")
def open_port(docker, image):
    """A broker that has been ready before; answers the id of its container."""
    from harness.docker import Container

    made = Container(docker, docker("run", "-d", image).out.strip())
    try:
        yield made.wait_until_ready()
    finally:
        made.remove()


@pytest.mark.parametrize("strategy", PORT_CHECKS)
def test_a_look_at_the_port_from_inside_sees_it_open(open_port, strategy):
    open_port.exec("/bin/sh", "-c", PORT_CHECKS[strategy])


@pytest.mark.parametrize("strategy", [name for name in PORT_CHECKS if name != "java"])
def test_a_look_at_the_port_from_inside_sees_it_closed(container, strategy):
    idle = container(command=["sh", "-c", "while true; do sleep 0.1; done"])
    assert idle.exec("/bin/sh", "-c", PORT_CHECKS[strategy], check=False).code != 0
