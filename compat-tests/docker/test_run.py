"""Brokers in containers: without any setting, with a read-only root, as any user, stopped and started, wrapped by scripts."""

import pytest
from talk import consume, produce, there_and_back

from harness import eventually, free_port


@pytest.fixture
def published():
    """Options that publish the broker on a free port of the host, and the address for clients of the host."""
    port = free_port()
    return [
        "-p", f"127.0.0.1:{port}:{port}", "-e", f"KAFKA_LISTENERS=PLAINTEXT://:9092,HOST://:{port}",
        "-e", "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=PLAINTEXT:PLAINTEXT,HOST:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "-e", f"KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://localhost:9092,HOST://localhost:{port}",
        # Nobody else joins the groups of these tests.
        "-e", "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS=0",
    ], f"localhost:{port}"


def test_a_broker_without_any_setting_serves_the_host_and_other_containers(container, network, docker, image):
    broker = container("-p", "127.0.0.1:9092:9092", "--network", network, "--network-alias", "kafka").wait_until_ready()
    produce("localhost:9092", "hello", ["from the host"])
    run = docker("run", "--rm", "-i", "--network", network, image, "kafka-console-producer", "--bootstrap-server", "kafka:9092",
                 "--topic", "hello", stdin="from a container\n")
    assert "ERROR" not in run.err
    out = docker("run", "--rm", "--network", network, image, "kafka-console-consumer", "--bootstrap-server", "kafka:9092",
                 "--topic", "hello", "--from-beginning", "--max-messages", 2, "--timeout-ms", 60000).lines
    assert sorted(out) == ["from a container", "from the host"]
    assert len(consume("localhost:9092", "hello", 2)) == 2
    assert broker.exec("kafka-cluster", "cluster-id", "--bootstrap-server", "localhost:9092").out.strip() == \
        "Cluster ID: 5L6g3nShT-eMCtK--X86sw"


def test_the_root_may_be_read_only_where_the_data_has_a_volume(container, published, volume):
    options, host = published
    broker = container("--read-only", "-v", f"{volume}:/var/lib/kafka/data", *options).wait_until_ready()
    there_and_back(host, "read-only")
    assert broker.exec("sh", "-c", "ls /var/lib/kafka/data/meta.properties /var/lib/kafka/data/read-only-0").code == 0


@pytest.mark.parametrize("user", ["1000:1000", "1001", "12345:0", "12345:12345", "root"])
def test_a_broker_runs_as_any_user(container, published, user):
    options, host = published
    container("-u", user, *options).wait_until_ready()
    there_and_back(host, "any-user")


def test_a_read_only_root_and_a_user_of_ones_own_go_together(container, published, volume):
    options, host = published
    container("--read-only", "-u", "12345:12345", "-v", f"{volume}:/var/lib/kafka/data", *options).wait_until_ready()
    there_and_back(host, "both")


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_data_is_kept_over_stop_and_start(container, docker, published, how):
    options, host = published
    broker = container(*options).wait_until_ready()
    produce(host, "kept", ["1", "2"])
    if how == "stop":
        broker.stop()
    else:
        docker("kill", broker.id)
    docker("start", broker.id)
    broker.wait_for_log("Transitioning from RECOVERY to RUNNING", times=2)
    produce(host, "kept", ["3"])
    assert consume(host, "kept", 3) == ["1", "2", "3"]


@pytest.mark.parametrize("run", ["/etc/kafka/docker/run", "/etc/confluent/docker/run", "/opt/bitnami/scripts/kafka/run.sh", "start-kafka.sh"])
def test_a_broker_is_process_1_and_stops_by_sigterm_with_143(container, run):
    broker = container(command=[run]).wait_until_ready()
    assert broker.exec("cat", "/proc/1/cmdline").out.split("\0")[:2] == ["klamm", "server"]
    assert broker.stop() == 143
    assert "Terminating process due to signal SIGTERM" in broker.logs()


def test_the_stop_tool_finds_the_broker_behind_a_shell(container):
    broker = container(command=["bash", "-c", "/etc/kafka/docker/run & wait $!; echo it ended with $?"]).wait_until_ready()
    broker.exec("kafka-server-stop.sh")
    assert broker.wait() == 0
    assert "it ended with 143" in broker.logs()
    assert broker.logs().count("Terminating process due to signal SIGTERM") == 1


def test_arguments_of_run_become_variables(container):
    broker = container(command=["/etc/kafka/docker/run", "CLUSTER_ID=MkU3OEVBNTcwNTJENDM2Qk", "KAFKA_NUM_PARTITIONS=3"])
    broker.wait_until_ready()
    assert "MkU3OEVBNTcwNTJENDM2Qk" in broker.exec("kafka-cluster", "cluster-id", "--bootstrap-server", "localhost:9092").out
    broker.exec("kafka-topics", "--bootstrap-server", "localhost:9092", "--create", "--topic", "three")
    assert "PartitionCount: 3" in broker.exec("kafka-topics", "--bootstrap-server", "localhost:9092", "--describe", "--topic", "three").out


def test_an_argument_of_run_that_is_no_variable_is_named(container):
    broker = container(command=["/etc/kafka/docker/run", "nonsense"])
    assert broker.wait() == 1
    assert "'nonsense' is not NAME=VALUE" in broker.logs()


def test_the_entry_point_takes_a_command_as_it_stands(docker, image):
    assert docker("run", "--rm", image, "echo", "hello").out == "hello\n"
    assert docker("run", "--rm", "--entrypoint", "sh", image, "-c", "exec /__cacert_entrypoint.sh echo hello").out == "hello\n"
    assert docker("run", "--rm", image, "sh", "-c", "exit 7", check=False).code == 7


HEALTH_CHECKS = [
    "kafka-topics --bootstrap-server localhost:9092 --list",
    "kafka-topics.sh --list --bootstrap-server kafka:9092",
    "/opt/kafka/bin/kafka-topics.sh --bootstrap-server localhost:9092 --list",
    "$KAFKA_HOME/bin/kafka-topics.sh --bootstrap-server localhost:9092 --list",
    "kafka-broker-api-versions --bootstrap-server localhost:9092",
    "/opt/bitnami/kafka/bin/kafka-broker-api-versions.sh --bootstrap-server localhost:9092 > /dev/null 2>&1",
    "kafka-cluster.sh cluster-id --bootstrap-server localhost:9092",
    "nc -z localhost 9092",
    "nc -z kafka 9092",
    "bash -c 'exec 3<>/dev/tcp/localhost/9092'",
    "cub kafka-ready -b localhost:9092 1 20",
    "klamm ready",
]


@pytest.mark.parametrize("check", HEALTH_CHECKS)
def test_a_health_check_turns_healthy(container, network, check):
    # 1.7, 3.4, 9.9: what people write; the first answer may come before the broker serves.
    broker = container("--network", network, "--network-alias", "kafka", "--health-cmd", check, "--health-interval", "1s",
                       "--health-retries", 60, "--health-timeout", "5s")
    eventually(lambda: broker.inspect("{{.State.Health.Status}}") == "healthy", "healthy", 60)


def test_metrics_are_served_to_other_containers_where_somebody_says_so(container, network, docker, image):
    container("--network", network, "--network-alias", "kafka", "-e", "KAFKA_KLAMM_ADMIN_LISTENER=0.0.0.0:9644").wait_until_ready()
    out = docker("run", "--rm", "--network", network, image, "wget", "-q", "-O", "-", "http://kafka:9644/metrics").out
    assert "# TYPE" in out


def test_a_data_directory_of_somebody_else_is_named_in_one_line(container, docker, image, volume):
    # As a bind mount of root's directory. A file in it keeps the engine from giving the volume the image's owner.
    mount = ["-v", f"{volume}:/var/lib/kafka/data"]
    docker("run", "--rm", "-u", "root", *mount, image, "sh", "-c", "cd /var/lib/kafka/data && : > x && chown 0:0 . && chmod 755 .")
    broker = container(*mount, command=["/etc/confluent/docker/run"])
    assert broker.wait() == 1
    complaints = [line for line in broker.logs().splitlines() if "/var/lib/kafka/data" in line and "===>" not in line]
    assert len(complaints) == 1 and "1000" in complaints[0], broker.logs()


def test_an_init_container_waits_for_the_broker_that_starts_after_it(container, network):
    # The broker's container is there, and so is its name, for which nobody waits; what comes later is the broker.
    broker = container("--network", network, "--network-alias", "kafka", "-e", "KAFKA_LISTENERS=PLAINTEXT://:29092",
                       "-e", "KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://kafka:29092",
                       command=["sh", "-c", "until [ -e /tmp/go ]; do sleep 0.1; done; exec /etc/kafka/docker/run"])
    script = """
        kafka-topics --bootstrap-server kafka:29092 --list;
        kafka-topics --bootstrap-server kafka:29092 --create --if-not-exists --topic made --replication-factor 1 --partitions 1;
        kafka-topics --bootstrap-server kafka:29092 --list
    """
    setup = container("--network", network, "--entrypoint", "/bin/sh", command=["-c", script])
    # It has been there, and was refused.
    setup.wait_for_log("could not be established")
    broker.exec("touch", "/tmp/go")
    assert setup.wait() == 0, setup.logs()
    assert "made" in setup.logs().split()
    assert "Created topic made." in setup.logs()


@pytest.mark.parametrize("place", ["/var/lib/kafka/data", "/tmp/kraft-combined-logs", "/bitnami/kafka/data", "/tmp/kafka-logs",
                                   "/kafka", "/var/lib/kafka/log", "/bitnami"])
def test_a_volume_where_some_image_keeps_its_data_holds_the_data(container, published, volume, place):
    options, host = published
    directory = {"/kafka": "/kafka/kafka-logs", "/bitnami": "/bitnami/kafka/data"}.get(place, place)
    broker = container("-v", f"{volume}:{place}", "-u", "1000", "-e", f"KAFKA_LOG_DIRS={directory}", *options).wait_until_ready()
    produce(host, "kept", ["1"])
    broker.remove()
    container("-v", f"{volume}:{place}", "-e", f"KAFKA_LOG_DIRS={directory}", *options).wait_until_ready()
    assert consume(host, "kept", 1) == ["1"]


@pytest.mark.parametrize("place", ["/var/lib/kafka/data", "/tmp/kraft-combined-logs"])
def test_a_volume_holds_the_data_without_naming_its_directory(container, published, volume, place):
    options, host = published
    broker = container("-v", f"{volume}:{place}", *options).wait_until_ready()
    produce(host, "kept", ["1"])
    broker.remove()
    container("-v", f"{volume}:{place}", *options).wait_until_ready()
    assert consume(host, "kept", 1) == ["1"]


class TestVariablesThatNeedAShell:
    def test_a_command_gives_a_value(self, container):
        broker = container("-e", "BROKER_ID_COMMAND=echo 7", "-e", "RACK_COMMAND=echo shelf", "-e", "HOSTNAME_COMMAND=echo localhost",
                           "-e", "KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://_{HOSTNAME_COMMAND}:9092", "-e", "KAFKA_LISTENERS=PLAINTEXT://:9092",
                           command=["start-kafka.sh"]).wait_until_ready()
        assert "(id: 7 rack: shelf" in broker.exec("kafka-broker-api-versions.sh", "--bootstrap-server", "localhost:9092").out

    def test_a_command_that_fails_is_named(self, container):
        broker = container("-e", "PORT_COMMAND=docker port x", "-e", "KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://h:_{PORT_COMMAND}")
        assert broker.wait() == 1
        assert "PORT_COMMAND=docker port x: the command ended with 127" in broker.logs()

    def test_a_file_gives_a_value_to_bitnamis_variables(self, container):
        start = ["bash", "-c", "echo 4 > /tmp/number; exec /opt/bitnami/scripts/kafka/entrypoint.sh /opt/bitnami/scripts/kafka/run.sh"]
        broker = container("-e", "KAFKA_CFG_NUM_PARTITIONS_FILE=/tmp/number", "-e", "ALLOW_PLAINTEXT_LISTENER=yes", command=start)
        broker.wait_until_ready()
        broker.exec("kafka-topics.sh", "--bootstrap-server", "localhost:9092", "--create", "--topic", "four")
        out = broker.exec("kafka-topics.sh", "--bootstrap-server", "localhost:9092", "--describe", "--topic", "four").out
        assert "PartitionCount: 4" in out

    def test_init_scripts_run_once(self, container, docker):
        prepare = "printf 'echo an init script ran\\n' > /docker-entrypoint-initdb.d/a.sh 2>/dev/null; exec /etc/kafka/docker/run"
        broker = container("-e", "ALLOW_PLAINTEXT_LISTENER=yes", command=["bash", "-c", prepare]).wait_until_ready()
        docker("restart", broker.id)
        broker.wait_for_log("Transitioning from RECOVERY to RUNNING", times=2)
        assert broker.logs().count("an init script ran") == 1

    def test_a_custom_init_script_runs_before_the_broker(self, container):
        broker = container("-e", "CUSTOM_INIT_SCRIPT=echo an own script ran", command=["start-kafka.sh"])
        logs = broker.wait_for_log("Transitioning from RECOVERY to RUNNING")
        assert "an own script ran" in logs.splitlines()[0]


class TestWrappers:
    """9.8: what people do to files of the image before they start the broker."""

    def test_a_changed_line_of_the_default_settings_counts(self, container):
        script = "sed -i 's/^num.partitions=.*/num.partitions=5/' /etc/kafka/docker/server.properties && exec /etc/kafka/docker/run"
        self.has_partitions(container(command=["bash", "-c", script]), 5)

    def test_overwritten_default_settings_count(self, container):
        script = "cp /opt/kafka/config/kraft/server.properties /etc/kafka/docker/server.properties && " \
            "echo num.partitions=6 >> /etc/kafka/docker/server.properties && exec /etc/kafka/docker/run"
        self.has_partitions(container(command=["bash", "-c", script]), 6)

    def test_a_line_added_to_the_final_settings_counts(self, container):
        script = ". /etc/kafka/docker/bash-config; . /etc/kafka/docker/configureDefaults; . /etc/kafka/docker/configure; " \
            "echo num.partitions=7 >> /opt/kafka/config/server.properties; . /etc/kafka/docker/launch"
        self.has_partitions(container(command=["bash", "-c", script]), 7)

    def test_a_mounted_file_is_the_base_and_variables_win(self, container):
        script = "printf 'num.partitions=8\\nprocess.roles=broker,controller\\nnode.id=3\\n' > /mnt/shared/config/server.properties; " \
            "exec /etc/kafka/docker/run"
        self.has_partitions(container(command=["bash", "-c", script]), 8)
        self.has_partitions(container("-e", "KAFKA_NUM_PARTITIONS=9", command=["bash", "-c", script]), 9)

    def test_a_daemon_is_what_a_wrapper_may_make_of_the_broker(self, container):
        script = "sed -i 's|^exec /opt/kafka/bin/kafka-server-start.sh|& -daemon|' /etc/kafka/docker/launch && " \
            "(/etc/kafka/docker/run) && while true; do sleep 0.1; done"
        broker = container(command=["bash", "-c", script])

        def lists() -> bool:
            return broker.exec("kafka-topics.sh", "--bootstrap-server", "localhost:9092", "--list", check=False).code == 0

        eventually(lists, "a broker in the background serves")

    @staticmethod
    def has_partitions(broker, count: int) -> None:
        broker.wait_until_ready()
        tool = ["kafka-topics.sh", "--bootstrap-server", "localhost:9092"]
        broker.exec(*tool, "--create", "--topic", "some")
        assert f"PartitionCount: {count}" in broker.exec(*tool, "--describe", "--topic", "some").out


def test_debeziums_sub_commands(container, network, docker, image):
    container("--network", network, "--network-alias", "kafka", "-e", "CREATE_TOPICS=first:2:1", command=["start"]).wait_until_ready()

    def run(*command, **options):
        return docker("run", "--rm", "--network", network, image, *command, **options)

    run("create-topic", "-p", 3, "-c", "compact", "second")
    listed = run("list-topics").lines
    assert "Using KAFKA_BROKER=kafka:9092" in listed and {"first", "second"} <= set(listed)
    docker("run", "--rm", "-i", "--network", network, image, "kafka-console-producer.sh", "--bootstrap-server", "kafka:9092",
           "--topic", "second", "--property", "parse.key=true", "--property", "key.separator=:", stdin="k:v\n")
    out = run("watch-topic", "-a", "-k", "second", "--max-messages", 1, "--timeout-ms", 60000).lines
    assert "k\tv" in out
    assert run("watch-topic", check=False).code == 1
