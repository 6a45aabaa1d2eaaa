"""The engine of the tests itself: two of them do not meet, and none leaves anything behind."""

import subprocess

from harness.docker import Container, Docker, build_image
from harness.engine import Engine

IDLE = ["sh", "-c", "while true; do sleep 0.1; done"]


def test_two_engines_of_one_process_give_their_containers_different_addresses(container, docker, image):
    # On one bridge with the same addresses it depends on who spoke last which of two containers a client comes to.
    ours = container(command=IDLE)
    with Engine() as other:
        their_docker = Docker(other.host)
        theirs = Container(their_docker, their_docker("run", "-d", build_image(their_docker), *IDLE).out.strip())
        assert theirs.address != ours.address
        assert theirs.inspect("{{.NetworkSettings.MacAddress}}") != ours.inspect("{{.NetworkSettings.MacAddress}}")
        bridge = other.bridge
    assert not other.home.exists()
    assert bridge not in subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    assert ours.running()


def test_a_port_is_published_once_and_for_this_machine_alone(container):
    # An address of each family would have a port of its own, and not always the same one.
    published = container("-p", "9092", "-p", "9093", command=IDLE)
    assert published.inspect("{{range .NetworkSettings.Ports}}{{range .}}{{.HostIp}} {{end}}{{end}}").split() == ["127.0.0.1"] * 2
