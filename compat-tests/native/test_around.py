"""What stands around a broker: starting and stopping it, checks of ports and readiness, and names that are not built."""

import http.server
import os
import signal
import socket
import threading

import pytest

from harness import paths
from harness.native import native, start_native
from harness.ports import free_port

MISSING = ["kafka-acls", "kafka-reassign-partitions", "kafka-transactions", "kafka-share-groups", "kafka-console-share-consumer",
           "kafka-streams-application-reset", "kafka-verifiable-producer", "kafka-delegation-tokens", "kafka-mirror-maker", "kafka-jmx",
           "connect-distributed", "connect-standalone", "trogdor"]


@pytest.fixture
def node(tmp_path):
    """A configuration file and the port of a broker that nothing has started yet; its node id is like no other's."""
    port, node_id = free_port(), 800_000 + os.getpid()
    file = tmp_path / "server.properties"
    file.write_text(f"process.roles=broker,controller\nnode.id={node_id}\nlisteners=PLAINTEXT://127.0.0.1:{port}\n"
                    f"log.dirs={tmp_path}/data\n")
    yield file, port, node_id
    # Of a test that failed: a broker that has left its terminal would outlive the session.
    native("kafka-server-stop", f"--node-id={node_id}", env={"SIGNAL": "KILL"})


def serves(port, brokers=1, seconds=90):
    return native("cub", "kafka-ready", "-b", f"127.0.0.1:{port}", brokers, seconds)


def test_a_broker_is_started_and_stopped_by_the_stock_names(node):
    file, port, node_id = node
    run = start_native("kafka-server-start.sh", file, "--override", "num.partitions=3", "--override", "log.retention.hours=7")
    serves(port).ok()
    told = native("kafka-configs", "--bootstrap-server", f"127.0.0.1:{port}", "--describe", "--all", "--entity-type", "brokers",
                  "--entity-name", node_id).ok()
    assert "num.partitions=3 " in told.out
    other = native("kafka-server-stop", f"--node-id={node_id + 1}")
    assert (other.code, other.out) == (1, "No kafka server to stop\n")
    assert native("kafka-server-stop", f"--node-id={node_id}", "--process-role=nothing").code == 1
    native("kafka-server-stop.sh", f"--node-id={node_id}", "--process-role=broker").ok()
    assert run.wait().code == 143
    again = native("kafka-server-stop", f"--node-id={node_id}")
    assert (again.code, again.out) == (1, "No kafka server to stop\n")


def test_a_broker_leaves_its_terminal(node, tmp_path):
    file, port, node_id = node
    native("kafka-server-start", "-daemon", file, env={"LOG_DIR": str(tmp_path / "logs")}).ok()
    serves(port).ok()
    native("kafka-server-stop", f"--node-id={node_id}", env={"SIGNAL": "KILL"}).ok()
    assert (tmp_path / "logs" / "kafkaServer.out").stat().st_size > 0


def test_a_class_starts_a_broker_too(node):
    file, port, _ = node
    run = start_native("kafka-run-class.sh", "-name", "kafkaServer", "-loggc", "kafka.Kafka", file)
    serves(port).ok()
    assert run.stop(signal.SIGINT).code == 130


@pytest.mark.parametrize("line, first", [
    ("", "USAGE: kafka-server-start [-daemon] server.properties [--override property=value]*"),
    ("--help", "USAGE: java [options] kafka.Kafka server.properties [--override property=value]*"),
    ("s.properties x", "Found non argument parameters: x"), ("s.properties --overide a=b", "overide is not a recognized option"),
])
def test_a_start_that_makes_no_sense(line, first):
    run = native("kafka-server-start", *line.split())
    assert run.code == 1 and (run.out + run.err).splitlines()[0] == first


def test_a_file_that_is_missing_is_named():
    run = native("kafka-server-start", "/nonexistent.properties")
    assert run.code == 1 and "/nonexistent.properties" in run.err


def test_classes_are_tools(broker, name):
    where, topic = f"--bootstrap-server={broker.bootstrap}", name("classes")
    native("kafka-run-class", "org.apache.kafka.tools.TopicCommand", where, "--create", "--topic", topic).ok()
    assert topic in native("kafka-run-class", "kafka.admin.TopicCommand", where, "--list").ok().lines
    offsets = native("kafka-run-class.sh", "kafka.tools.GetOffsetShell", "--broker-list", broker.bootstrap, "--topic", topic).ok()
    assert offsets.out == f"{topic}:0:0\n"
    assert "4.3.1" in native("kafka-run-class", "org.apache.kafka.tools.ConsoleConsumer", "--version").ok().out
    unknown = native("kafka-run-class", "com.example.Tool", "--list")
    assert unknown.code == 1 and unknown.err.splitlines()[0] == "Error: Could not find or load main class com.example.Tool"


def test_readiness_of_a_broker(broker, tmp_path):
    port = broker.bootstrap.split(":")[1]
    config = tmp_path / "client.properties"
    config.write_text("request.timeout.ms=30000\n")
    for line in (f"kafka-ready 1 90 -b {broker.bootstrap}", f"kafka-ready -b {broker.bootstrap} 1 90 -c {config}",
                 f"kafka-ready --bootstrap_broker_list={broker.bootstrap} 1 90 -s PLAINTEXT"):
        native("cub", *line.split()).ok()
        native("ub", *line.split()).ok()
    # All of its time passes, and the broker must have been reached in it.
    many = native("cub", "kafka-ready", "-b", broker.bootstrap, 3, 8)
    assert many.code == 1 and "Expected 3 brokers but found only 1." in many.err
    native("dub", "wait", "localhost", port, 90).ok()
    native("cub", "zk-ready", "zookeeper:2181", 40).ok()
    closed = free_port()
    gone = native("dub", "wait", "127.0.0.1", closed, 1)
    assert gone.code == 1 and gone.err.endswith(f"Command [dub wait 127.0.0.1 {closed} 1] FAILED !\n")
    assert native("cub", "kafka-ready", "-b", f"127.0.0.1:{closed}", 1, 1).code == 1
    assert native("cub", "kafka-ready", 1, 1).code == 1
    assert native("cub", "nonsense").code == native("dub").code == 1


def test_small_checks_of_start_scripts(tmp_path):
    native("dub", "ensure", "HOME").ok()
    assert native("dub", "ensure", "NO_SUCH_VARIABLE").err.splitlines()[0] == "NO_SUCH_VARIABLE is required."
    native("dub", "ensure-atleast-one", "NO_SUCH_VARIABLE", "HOME").ok()
    for mode in ("writable", "readable", "executable", "exists"):
        native("dub", "path", tmp_path, mode).ok()
    assert native("dub", "path", tmp_path / "missing", "exists").code == 1
    listeners = native("cub", "listeners", "PLAINTEXT://foo:9999,SSL://bar:9098").ok()
    assert listeners.out == "PLAINTEXT://0.0.0.0:9999,SSL://0.0.0.0:9098\n"


class Answers(http.server.BaseHTTPRequestHandler):
    """A schema registry that is ready, and nothing else."""

    def do_GET(self):
        body = b'{"compatibilityLevel":"BACKWARD"}'
        self.send_response(200 if self.path == "/config" else 404)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_readiness_of_services_that_speak_http():
    server = http.server.HTTPServer(("127.0.0.1", free_port()), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        port = server.server_address[1]
        native("cub", "sr-ready", "127.0.0.1", port, 90).ok()
        native("dub", "http-ready", f"http://127.0.0.1:{port}/config", 90).ok()
        refused = native("cub", "kr-ready", "127.0.0.1", port, 90)
        assert refused.code == 1 and "with code: 404" in refused.err
    finally:
        server.shutdown()
        server.server_close()


def test_nc_checks_ports(broker):
    port, closed = int(broker.bootstrap.split(":")[1]), free_port()
    for words in (["-z"], ["-vz", "-w", "60"], ["-z", "-v", "-w60"], ["-zv"]):
        native("nc", *words, "127.0.0.1", port).ok()
        assert native("nc", *words, "127.0.0.1", closed).code == 1
    told = native("nc", "-zv", "127.0.0.1", port)
    assert told.err == f"Connection to 127.0.0.1 {port} port [tcp/*] succeeded!\n"
    told = native("nc", "-zv", "127.0.0.1", closed)
    assert told.err == f"nc: connect to 127.0.0.1 port {closed} (tcp) failed: Connection refused\n"
    assert native("nc", "-z", "127.0.0.1", closed).err == ""


def test_nc_carries_what_is_said():
    with socket.create_server(("127.0.0.1", 0)) as server:
        def answer():
            peer, _ = server.accept()
            with peer:
                heard = b""
                while piece := peer.recv(4096):
                    heard += piece
                peer.sendall(heard.upper() + b"!" * 100_000)
        threading.Thread(target=answer, daemon=True).start()
        run = native("nc", "127.0.0.1", server.getsockname()[1], stdin="ruok").ok()
    assert run.out == "RUOK" + "!" * 100_000


def test_there_is_no_zookeeper_and_scripts_that_start_one_go_on(tmp_path):
    run = start_native("zookeeper-server-start", tmp_path / "zookeeper.properties")
    run.wait_for(lambda out: "klamm needs no ZooKeeper" in out)
    assert run.code is None
    assert run.stop().code == 143
    native("zookeeper-server-start.sh", "-daemon", "zookeeper.properties").ok()
    assert native("zookeeper-server-stop").out == "No zookeeper server to stop\n"
    shell = native("zookeeper-shell", "localhost:2181", "ls", "/brokers/ids")
    assert shell.code == 1 and "there is no ZooKeeper" in shell.err and "--bootstrap-server" in shell.err


@pytest.mark.parametrize("tool", MISSING)
def test_a_tool_that_is_not_built_says_so_in_a_line(tool):
    run = native(f"{tool}.sh", "--bootstrap-server", "localhost:9092", "--list")
    assert (run.code, run.out, run.err.count("\n")) == (1, "", 1) and run.err.startswith(f"{tool}: ")


def test_every_name_is_linked_with_and_without_sh_and_tells_a_version(tmp_path):
    native("klamm", "tools", "--link", tmp_path).ok()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert {"kafka-topics", "kafka-topics.sh", "kafka-server-start.sh", "nc", "cub", "kafka-acls.sh"} <= set(names)
    assert all(path.resolve() == paths.klamm_binary() for path in tmp_path.iterdir())
    told = native("klamm", "tools").ok().lines
    assert len(told) == len(set(told)) and set(names) == {name + end for name in told for end in ("", ".sh")}
    without = [name for name in told if native(name, "--version").code != 0]
    # Tools of argparse4j have no such option in Kafka.
    assert set(without) <= {"kafka-cluster", "kafka-metadata-quorum", "kafka-features", "kafka-producer-perf-test"}, without
