"""Shells as the command of a container: their signals, their end, their terminal, and that they are shells like any other.

klamm is the first process there, the shell its child."""

import os
import pty
import re
import secrets
import select
import subprocess
import time

import pytest
from talk import consume, produce

from harness import eventually
from harness.docker import KILLED, Container

BROKER = "/etc/kafka/docker/run"
TERMINATING = "Terminating process due to signal SIG"

WRAPPERS = {
    "a broker in front": (f"{BROKER}; exit $?", 143),
    "a broker that takes the shell's place": (f"exec {BROKER}", 143),
    "a broker behind a condition": (f"true && {BROKER}", 143),
    "Confluent's script behind a condition": ("echo waiting && /etc/confluent/docker/run", 143),
    "a broker in the background": (f"{BROKER} & wait", 143),
    "shells in shells": (f"bash -c 'sh -c \"{BROKER}; true\"; true'; true", 143),
    # Who traps the signal ends the broker himself; a second signal would cut its stop short.
    "a trap that hands it on": (f"trap 'kill -TERM $PID' TERM; {BROKER} & PID=$!; wait $PID; wait $PID", 143),
    "a trap for the end": (f"trap 'echo cleaned' EXIT; {BROKER}; true", 143),
    "a trap that ends": (f"trap 'exit 5' TERM; {BROKER} & wait", 5),
    "a shell that does not hear": (f"trap '' TERM; {BROKER}; echo the broker ended with $?; exit 9", 9),
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_broker_behind_a_shell_is_stopped_cleanly_and_at_once(container, docker, wrapper):
    command, wanted = WRAPPERS[wrapper]
    broker = container("-e", "KAFKA_LOG_DIRS=/tmp/kafka-logs", command=["bash", "-c", command]).wait_until_ready()
    assert wanted != KILLED and broker.stop() == wanted
    assert broker.logs().count(TERMINATING) == 1, broker.logs()
    # Only a stop that came to its end leaves this file.
    docker("cp", f"{broker.id}:/tmp/kafka-logs/.kafka_cleanshutdown", "-")


IDLE = {
    "a loop of short sleeps": ("sh", "while true; do sleep 0.1; done", 143),
    "a long sleep": ("sh", "sleep 1000; true", 143),
    "a long sleep in the background": ("bash", "sleep 1000 & wait", 143),
    "what the shell does not wait for": ("bash", "(sleep 1000 &); sleep 1000", 143),
    "a trap": ("bash", "while :; do sleep 0.05; done", 5),
}


@pytest.mark.parametrize("case", IDLE)
def test_a_shell_without_a_broker_ends_at_once(container, case):
    shell, command, wanted = IDLE[case]
    # The trap is there before the line is.
    trap = "'echo bye; exit 5' TERM" if wanted == 5 else ": USR1"
    idle = container(command=[shell, "-c", f"trap {trap}; echo started; {command}"])
    idle.wait_for_log("started")
    assert wanted != KILLED and idle.stop() == wanted


@pytest.mark.parametrize("signal, wanted", [("INT", 130), ("TERM", 143)])
def test_a_signal_from_outside_or_inside_reaches_the_broker(container, docker, signal, wanted):
    for send in (lambda broker: docker("kill", "-s", signal, broker.id), lambda broker: broker.exec("kill", f"-{signal}", 1)):
        broker = container(command=["sh", "-c", f"{BROKER}; exit $?"]).wait_until_ready()
        send(broker)
        assert broker.wait() == wanted
        assert broker.logs().count(f"{TERMINATING[:-3]}SIG{signal}") == 1


def test_a_second_signal_is_handed_on_too(container, docker):
    twice = container(command=["bash", "-c", "n=0; trap 'n=$((n+1)); echo heard $n; [ $n = 1 ] || exit 4' TERM; echo up; "
                               "while :; do sleep 0.05; done"])
    twice.wait_for_log("up")
    docker("kill", "-s", "TERM", twice.id)
    twice.wait_for_log("heard 1")
    assert twice.running()
    docker("kill", "-s", "TERM", twice.id)
    assert twice.wait() == 4


def test_what_somebody_runs_beside_it_does_not_hold_up_a_stop(container, docker):
    broker = container(command=["sh", "-c", f"{BROKER}; exit $?"]).wait_until_ready()
    docker("exec", "-d", broker.id, "bash", "-c", "trap '' TERM; echo > /tmp/deaf; while :; do sleep 1; done")
    eventually(lambda: broker.exec("test", "-e", "/tmp/deaf", check=False).code == 0, "the deaf shell")
    assert broker.stop() == 143


def test_the_end_of_the_shell_is_the_end_of_the_container(container):
    assert container(command=["bash", "-c", f"{BROKER} & sleep 0.2; exit 6"]).wait() == 6


@pytest.mark.parametrize("command, wanted", [
    ("true", 0), ("exit 7", 7), ("exit 255", 255), ("/etc/passwd", 126), ("no-such-command", 127), ("kill -9 $$", 137),
    ("kill -TERM $$", 143), ("kill -SEGV $$", 139), ("if", 2),
])
def test_exit_codes_are_the_shells(docker, image, command, wanted):
    for shell in ("bash", "sh"):
        assert docker("run", "--rm", "--entrypoint", shell, image, "-c", command, check=False).code == wanted


def test_who_loses_its_parent_is_waited_for(container):
    orphans = container(command=["sh", "-c", "for i in 1 2 3 4 5 6 7 8; do (sleep 0.01 & exec true); done; echo orphaned; exec sleep 1000"])
    orphans.wait_for_log("orphaned")
    look = "grep -l '^State:.Z' /proc/[0-9]*/status; grep -c . /proc/1/status"
    # Another parent than the shell's is not to be expected: `sleep` waits for nobody.
    eventually(lambda: "/proc/" not in orphans.exec("sh", "-c", look).out, "an end without zombies")


def test_a_file_on_standard_input_reaches_the_shell(docker, image):
    assert docker("run", "--rm", "-i", image, "sh", stdin="echo read: $((6 * 7))\nexit 3\n", check=False).out == "read: 42\n"
    assert docker("run", "--rm", "-i", image, "bash", "-c", "cat; cat", stdin="all of it\n").out == "all of it\n"


LIKE_ANY_OTHER = {
    "#!/bin/bash": ("/tmp/script one", "/tmp/script /bin/bash one"),
    "#!/bin/sh": ("/tmp/script one", "/tmp/script /bin/sh one"),
    "#!/usr/bin/env bash": ("/tmp/script one", "/tmp/script /usr/bin/bash one"),
    "": ("sh /tmp/script one", "/tmp/script /usr/bin/sh one"),
    "# nothing": ("bash /tmp/script one", "/tmp/script /usr/bin/bash one"),
}


@pytest.mark.parametrize("first_line", LIKE_ANY_OTHER)
def test_scripts_see_their_own_names_and_their_shells(docker, image, first_line):
    call, wanted = LIKE_ANY_OTHER[first_line]
    text = f"{first_line}\\necho $0 $BASH $1\\n".replace("$", "\\$")
    for inside in (call, f"bash -c '{call}; true'", f"exec {call}"):
        run = docker("run", "--rm", image, "bash", "-c", f'printf "{text}" > /tmp/script; chmod +x /tmp/script; {inside}')
        assert run.out == f"{wanted}\n"


def test_the_shell_is_told_by_its_name_in_the_list_of_processes(docker, image):
    out = docker("run", "--rm", image, "bash", "-c", "cat /proc/$$/comm; sh -c 'cat /proc/$$/comm; shopt -oq posix && echo posix'; ps; true").lines
    assert out[:3] == ["bash", "sh", "posix"]
    # klamm, the first process, goes by the name of the shell that it has started.
    assert [line.split()[2:4] for line in out if "appuser  bash" in line] == [["bash", "-c"], ["bash", "-c"]]


class Terminal:
    """`docker run -it` at a terminal of its own."""

    def __init__(self, docker, *options: object):
        ours, theirs = pty.openpty()
        self.container = Container(docker, f"t{secrets.token_hex(4)}")
        command = ["docker", "run", "--rm", "-it", "--name", self.container.id, *map(str, options)]
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=docker.environment, start_new_session=True)
        os.close(theirs)
        self.ours, self.out = ours, ""

    def write(self, text: str) -> None:
        os.write(self.ours, text.encode())

    def read_until(self, pattern: str, within_s: float = 60.0) -> str:
        """What came since the last call, once the pattern is in it."""
        deadline = time.monotonic() + within_s
        while not re.search(pattern, self.out):
            assert select.select([self.ours], [], [], max(0.0, deadline - time.monotonic()))[0], f"{pattern!r} in {self.out!r}"
            try:
                self.out += os.read(self.ours, 65536).decode(errors="replace")
            except OSError:
                raise AssertionError(f"the end before {pattern!r}: {self.out!r}") from None
        out, self.out = self.out, ""
        return out

    def end(self, within_s: float = 60.0) -> int:
        """The exit code. The client ends only when somebody has read its last words."""
        deadline = time.monotonic() + within_s
        while True:
            left = max(0.0, deadline - time.monotonic())
            assert select.select([self.ours], [], [], left)[0], f"no end after {self.out!r}"
            try:
                self.out += os.read(self.ours, 65536).decode(errors="replace")
            except OSError:
                # Nobody has the other side of the terminal any more.
                return self.process.wait(within_s)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.ours)
        # Without its client it would live on.
        self.container.remove()


@pytest.fixture
def terminal(docker):
    opened = []

    def start(*options: object) -> Terminal:
        opened.append(Terminal(docker, *options))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_a_shell_at_a_terminal_has_jobs_and_keys(terminal, image, shell):
    prompt = shell + r"-[0-9.]+\$ $"
    at = terminal(image, shell)
    assert "job control" not in at.read_until(prompt)
    at.write("echo $((6*7)); tty\n")
    at.read_until(r"42\r\n/dev/.*\r\n" + prompt)
    # A program that has read a line is there and has the terminal. It takes no signals: of a shell that waits for another
    # program only that one may end, where the key comes at the wrong moment.
    program = "awk '{ print \"read\", $0; fflush() }'\n"
    at.write(program + "one\n")
    at.read_until("read one\r\n")
    at.write("\x03")
    at.read_until(prompt)
    at.write("echo it was $?\n")
    at.read_until("it was 130\r\n" + prompt)
    at.write(program + "two\n")
    at.read_until("read two\r\n")
    at.write("\x1a")
    at.read_until(r"Stopped(?s:.*)\n" + prompt)
    at.write("fg\nthree\n")
    at.read_until("read three\r\n")
    at.write("\x03")
    at.read_until(prompt)
    at.write("exit 3\n")
    assert at.end() == 3


def test_a_key_of_the_terminal_reaches_the_broker_once(terminal, image):
    at = terminal(image, "bash", "-c", f"{BROKER}; echo ended with $?")
    at.read_until("ready in")
    at.write("\x03")
    out = at.read_until("ended with [0-9]+")
    assert out.count(f"{TERMINATING}INT") == 1 and "any longer" not in out and "ended with 130" in out
    assert at.end() == 0


def test_records_behind_a_shell_are_there_after_a_stop_and_a_kill(container, docker):
    broker = container("-p", "127.0.0.1:9092:9092", command=["bash", "-c", f"{BROKER} & wait $!; true"]).wait_until_ready()
    for times, end in enumerate(("stop", "kill"), 2):
        produce("localhost:9092", "kept", [end])
        docker(end, broker.id)
        docker("start", broker.id)
        broker.wait_for_log("Transitioning from RECOVERY to RUNNING", times=times)
    assert consume("localhost:9092", "kept", 2) == ["stop", "kill"]
