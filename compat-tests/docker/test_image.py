"""What lies in the image: its size and settings, users and directories, the helpers that scripts call, tools in every place."""

import json

import pytest

IDLE = ["sh", "-c", "while true; do sleep 0.1; done"]

LIMIT_BYTES = 25_000_000

WITH_VERSION = """
kafka-topics kafka-console-producer kafka-console-consumer kafka-consumer-groups kafka-configs kafka-broker-api-versions
kafka-get-offsets kafka-log-dirs kafka-leader-election kafka-delete-records kafka-consumer-perf-test kafka-dump-log kafka-server-start
""".split()
"""Tools that tell their version."""

WITH_HELP = "kafka-storage kafka-cluster kafka-metadata-quorum kafka-producer-perf-test".split()
"""Tools whose parser knows --help and no version."""

TOOLS = [*WITH_VERSION, *WITH_HELP]

PLACES = ["/opt/kafka/bin", "/opt/bitnami/kafka/bin", "/usr/bin", "/kafka/bin"]

OTHERS = ["kafka-server-stop", "kafka-run-class", "zookeeper-server-start", "zookeeper-shell", "cub", "dub", "ub", "nc"]

HELPERS = {
    "sh is bash": "sh -c 'echo ${BASH_VERSION%%.*}'",
    "bash": "bash -c 'a=(x y); echo ${a[1]}'",
    "env": "/usr/bin/env bash -c 'echo through env'",
    "sleep of less than a second": "sleep 0.01",
    "chmod": "cd /tmp && : > c && chmod 755 c && [ -x c ]",
    "sed -i": "cd /tmp && echo a=b > s && sed -i 's/b/c/' s && grep -q a=c s",
    "cut": "echo a b | cut -d' ' -f2 | grep -qx b",
    "hostname -i": "hostname -i | grep -qE '^[0-9]+\\.[0-9]+\\.'",
    "cat and grep": "cat /etc/passwd | grep -q appuser",
    "awk": "echo a b | awk '{print $2}' | grep -qx b",
    "id": "[ $(id -u) = 1000 ]",
    "touch": "touch /tmp/t && [ -f /tmp/t ]",
    "tr, sort, head, tail, wc, xargs": "echo b a | tr ' ' '\\n' | sort | head -n1 | xargs echo | tail -n1 | wc -l | grep -q 1",
    "time zones": "[ \"$(TZ=Asia/Tokyo date +%z)\" = +0900 ]",
    "certificates": "grep -q 'BEGIN CERTIFICATE' /etc/ssl/certs/ca-certificates.crt",
}


@pytest.fixture(scope="module")
def idle(docker, image):
    """A container that does nothing, for looking around in."""
    made = docker("run", "-d", image, *IDLE).out.strip()
    yield lambda *command, **options: docker("exec", made, *command, **options)
    docker("rm", "-f", made)


def test_the_image_is_smaller_than_25_megabytes(docker, image):
    size = int(docker("image", "inspect", "-f", "{{.Size}}", image).out)
    files = docker("run", "--rm", image, "stat", "-c", "%s", "/usr/bin/klamm").out
    # A debug binary is not what the bound is about.
    debug = int(files) > 18_000_000
    assert size < LIMIT_BYTES + (30_000_000 if debug else 0), f"{size} bytes, of which klamm has {files}"


def test_the_image_says_what_apache_kafkas_says(docker, image):
    config = json.loads(docker("image", "inspect", "-f", "{{json .Config}}", image).out)
    assert config["Entrypoint"] == ["/__cacert_entrypoint.sh"] and config["Cmd"] == ["/etc/kafka/docker/run"]
    assert config["User"] == "appuser" and config["ExposedPorts"] == {"9092/tcp": {}}
    assert config["WorkingDir"] == "/opt/kafka"
    assert not config.get("Volumes") and not config.get("Healthcheck") and not config.get("StopSignal")


@pytest.mark.parametrize("what", HELPERS)
def test_a_helper_that_scripts_call_works(idle, what):
    idle("sh", "-c", HELPERS[what])


def test_sh_keeps_variables_whose_names_are_no_identifiers(docker, image):
    # E3: SASL settings of a listener named SCRAM-SHA-512 have such names.
    out = docker("run", "--rm", "-e", "KAFKA_LISTENER_NAME_SECURE_SCRAM-SHA-512_X=1", image, "sh", "-c", "sh -c env").out
    assert "KAFKA_LISTENER_NAME_SECURE_SCRAM-SHA-512_X=1" in out


@pytest.mark.parametrize("place", PLACES)
def test_every_tool_tells_its_version_in_every_place_with_and_without_sh(idle, place):
    script = 'for tool; do for name in "$0/$tool" "$0/$tool.sh"; do "$name" --version || echo "$name: $?"; done; done'
    lines = idle("sh", "-c", script, place, *WITH_VERSION).lines
    assert len(lines) == 2 * len(WITH_VERSION) and not [line for line in lines if not line[0].isdigit()], lines


@pytest.mark.parametrize("place", PLACES)
def test_every_other_tool_explains_itself_in_every_place_with_and_without_sh(idle, place):
    script = 'for tool; do for name in "$0/$tool" "$0/$tool.sh"; do "$name" --help 2>&1 | grep -q "^usage: " || echo "$name"; done; done'
    assert idle("sh", "-c", script, place, *WITH_HELP).out == ""


@pytest.mark.parametrize("place", PLACES)
def test_every_other_name_is_a_command_in_every_place(idle, place):
    script = 'for tool; do for name in "$0/$tool" "$0/$tool.sh"; do [ -x "$name" ] || echo "$name"; done; done'
    assert idle("sh", "-c", script, place, *OTHERS).out == ""


@pytest.mark.parametrize("tool", [*TOOLS, *OTHERS])
def test_every_tool_is_on_the_path(idle, tool):
    idle("sh", "-c", 'command -v "$0" && command -v "$0.sh"', tool)


def test_cub_and_dub_are_where_confluents_image_has_them(idle):
    idle("sh", "-c", "[ -x /usr/local/bin/cub ] && [ -x /usr/local/bin/dub ] && [ -x /usr/bin/ub ]")


def test_files_that_wrappers_edit_are_there_and_are_files(idle):
    files = [
        "/etc/kafka/docker/bash-config", "/etc/kafka/docker/configureDefaults", "/etc/kafka/docker/configure",
        "/etc/kafka/docker/launch", "/etc/kafka/docker/run", "/etc/kafka/docker/server.properties",
        "/etc/confluent/docker/bash-config", "/etc/confluent/docker/configure", "/etc/confluent/docker/ensure",
        "/etc/confluent/docker/launch", "/etc/confluent/docker/run", "/opt/kafka/config/server.properties",
        "/opt/kafka/config/kraft/server.properties", "/opt/bitnami/scripts/kafka/entrypoint.sh",
        "/opt/bitnami/scripts/kafka/run.sh", "/usr/bin/start-kafka.sh",
    ]
    script = 'for file; do [ -f "$file" ] && [ ! -L "$file" ] && [ -r "$file" ] || echo "$file"; done'
    assert idle("sh", "-c", script, "sh", *files).out == ""
    writable = [file for file in files if file.startswith(("/etc/", "/opt/"))]
    assert idle("sh", "-c", 'for file; do [ -w "$file" ] || echo "$file"; done', "sh", *writable).out == ""
    # 9.8: wrappers add -daemon to this very line.
    idle("grep", "-q", "^exec /opt/kafka/bin/kafka-server-start.sh", "/etc/kafka/docker/launch")
    # Quarkus would take it for a native Kafka with sub-commands of its own.
    assert idle("sh", "-c", "[ ! -e /opt/kafka/kafka.Kafka ]").code == 0


STATE = [
    "/var/lib/kafka/data", "/var/lib/kafka/log", "/tmp/kraft-combined-logs", "/tmp/kafka-logs", "/bitnami", "/bitnami/kafka",
    "/bitnami/kafka/data", "/kafka", "/kafka/data", "/opt/kafka/logs", "/mnt/shared/config", "/etc/kafka/secrets",
]


@pytest.mark.parametrize("user", ["1000", "1001", "1000:1000", "12345:0"])
def test_a_user_of_any_image_may_write_where_it_has_to(docker, image, user):
    writable = [place for place in STATE if place != "/mnt/shared/config"]
    if user != "1001":
        writable += ["/opt/kafka", "/opt/kafka/config", "/etc/kafka", "/etc/confluent/docker"]
    script = 'for place; do : > "$place/written" && rm "$place/written" || echo "$place"; done'
    run = docker("run", "--rm", "-u", user, image, "sh", "-c", script, "sh", *writable)
    assert run.out == "", run.err


def test_a_fresh_volume_takes_over_owner_and_mode(docker, image, volume):
    # 9.7: otherwise it is root's, and the start fails.
    for place in STATE:
        docker("volume", "rm", "-f", volume)
        run = docker("run", "--rm", "-v", f"{volume}:{place}", image, "sh", "-c", ': > "$0/written" && stat -c %u "$0"', place)
        assert run.out.strip() == "1000", f"{place}: {run.err}"


def test_the_licences_name_the_sources_of_the_programs_under_the_gpl(idle):
    sources = idle("cat", "/usr/share/doc/klamm/SOURCES").out
    for package in ("bash-static", "busybox-static", "libc6", "ca-certificates", "tzdata"):
        assert f"\n{package} " in sources and "source package" in sources
        assert idle("cat", f"/usr/share/doc/{package}/copyright").out
    assert "GNU GENERAL PUBLIC LICENSE" in idle("cat", "/usr/share/common-licenses/GPL-3").out


def test_names_are_looked_up_as_the_system_does(docker, image, container, network):
    container("--network", network, "--network-alias", "a-name", command=IDLE)
    docker("run", "--rm", "--network", network, image, "nslookup", "a-name")
