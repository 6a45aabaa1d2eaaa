"""A Docker engine started by hand, beside whatever else runs on the machine, and cleaned away without a trace."""

import ctypes
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from .wait import eventually

START_LIMIT_S = 60.0
STOP_LIMIT_S = 30.0
PREFIX = "klamm-engine-"

_PR_SET_PDEATHSIG = 1
# Looked up now, as in broker.py.
_prctl = ctypes.CDLL(None, use_errno=True).prctl

SUDO = [] if os.geteuid() == 0 else ["sudo", "-n"]


class EngineFailed(AssertionError):
    """The engine could not start, or the image could not be built; the message says why."""


def _root(*command: str) -> str:
    """Runs a command of the system as root, whatever it says; its output."""
    return subprocess.run([*SUDO, *command], capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout


def _must(*command: str) -> None:
    """Runs a command of the system as root, which has to succeed."""
    done = subprocess.run([*SUDO, *command], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise EngineFailed(f"{' '.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}")


class Engine:
    """dockerd with data root, exec root, process id file, socket, containerd namespace and bridge of its own.

    It changes no packet filter beside one rule for its own addresses, so an engine that runs already is not disturbed: ports are
    published by its proxy, and containers reach each other and this machine, but nothing beyond it. `host` is what
    DOCKER_HOST has to be. With `running` that engine is used, and nothing is started.

    Ports of its default network are published on 127.0.0.1. Were it every address, as in networks that a test makes, the engine
    would take a port of IPv4 and one of IPv6, each by a count of its own, and the two get out of step where somebody's outgoing
    connection has one of them: what a library then tells as localhost:PORT may be another container's port, or another one of
    the same container, for who asks [::1] first.
    """

    def __init__(self, running: str | None = None):
        self.external = running
        self.process: subprocess.Popen | None = None
        if running:
            self.host = running
            return
        _sweep()
        # Under /tmp, since a socket's path may have no more than 107 bytes.
        # Its name is containerd's namespace too, which takes no underscore at its end, so mkdtemp's names will not do.
        own = secrets.token_hex(4)
        self.home = Path(f"/tmp/{PREFIX}{os.getpid()}-{own}")
        self.home.mkdir(mode=0o700)
        self.host = f"unix://{self.home}/sock"
        self.log = self.home / "log"
        # Nobody else's, not even another engine's of this process: two engines on one bridge give the same addresses to their
        # containers, and who connects to one of them comes to the other.
        self.bridge = f"klamm{own}"
        self.block, self._claim = _free_block()

    def __enter__(self) -> "Engine":
        if not self.external:
            try:
                self._start()
            except BaseException:
                self.stop()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> None:
        for program in ("dockerd", "docker", "ip"):
            if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
                raise EngineFailed(f"{program} is not installed: compat-tests/docker/setup.sh installs it")
        (self.home / "block").write_text(str(self.block))
        _must("ip", "link", "add", self.bridge, "type", "bridge")
        _must("ip", "addr", "add", f"10.{self.block}.0.1/24", "dev", self.bridge)
        _must("ip", "link", "set", self.bridge, "up")
        # Another engine may have set the policy of forwarded packets to drop, which then holds for our bridges as well.
        _root("iptables", "-I", "FORWARD", *_own_traffic(self.block))
        command = [
            *SUDO, "dockerd", "--data-root", f"{self.home}/data", "--exec-root", f"{self.home}/exec",
            "--pidfile", f"{self.home}/pid", "--host", self.host, "--group", str(os.getgid()), "--bridge", self.bridge,
            "--ip", "127.0.0.1",
            "--default-address-pool", f"base=10.{self.block}.128.0/17,size=24",
            "--containerd-namespace", self.home.name, "--containerd-plugins-namespace", f"{self.home.name}-plugins",
            "--iptables=false", "--ip-forward=false", "--ip-masq=false", "--log-level", "warn",
        ]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
                # A session that is killed takes the engine with it, which stops its containers.
                preexec_fn=_stop_with_parent,
            )
        eventually(self._answers, "the Docker engine answers", START_LIMIT_S, 0.1)

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            said = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
            raise EngineFailed(f"dockerd cannot run on this machine, it ended with {self.process.returncode}:\n{said}")
        return self._docker("version") == 0

    def _docker(self, *args: str) -> int:
        environment = os.environ | {"DOCKER_HOST": self.host}
        return subprocess.run(["docker", *args], env=environment, capture_output=True, stdin=subprocess.DEVNULL).returncode

    def stop(self) -> None:
        """Ends containers, networks and the engine, and leaves nothing mounted or running."""
        if self.external:
            return
        if self.process is not None and self.process.poll() is None:
            names = subprocess.run(["docker", "ps", "-aq"], env=os.environ | {"DOCKER_HOST": self.host}, capture_output=True, text=True)
            if names.stdout.split():
                self._docker("rm", "-f", "-v", *names.stdout.split())
            self._docker("network", "prune", "-f")
            pid_file = self.home / "pid"
            pid = pid_file.read_text().strip() if pid_file.exists() else str(self.process.pid)
            _root("kill", "-TERM", pid)
            try:
                self.process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                _root("kill", "-KILL", pid)
                self.process.wait()
        self.process = None
        _clean(self.home)
        self._claim.close()


def _stop_with_parent() -> None:
    """Runs in the child: SIGTERM for it when the thread that started it ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _own_traffic(block: int) -> list[str]:
    own = f"10.{block}.0.0/16"
    return ["-s", own, "-d", own, "-j", "ACCEPT"]


def _free_block() -> tuple[int, socket.socket]:
    """The second byte of a network 10.x.0.0/16 that this machine has no route into, and what keeps it ours: a name that only
    one socket of this machine can have, and that is free again when the process has ended."""
    routes = _root("ip", "-4", "route")
    free = [block for block in range(100, 250) if f"10.{block}." not in routes]
    random.shuffle(free)
    for block in free:
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0{PREFIX}block-{block}")
        except OSError:
            claim.close()
            continue
        return block, claim
    raise EngineFailed("no free network between 10.100.0.0 and 10.249.0.0")


def _sweep() -> None:
    """Cleans after sessions that were killed."""
    for home in Path("/tmp").glob(f"{PREFIX}*"):
        pid = home.name.removeprefix(PREFIX).split("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            _clean(home)


def _clean(home: Path) -> None:
    """Ends what still runs below `home`, unmounts, takes away bridges and the rule, and removes the folder."""
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and f"{home}/".encode() in (process / "cmdline").read_bytes():
                _root("kill", "-KILL", process.name)
        except OSError:
            continue
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for mount in sorted((each for each in mounts if each.startswith(f"{home}/")), reverse=True):
        _root("umount", "-l", mount)
    block_file = home / "block"
    if block_file.exists():
        block = int(block_file.read_text())
        for line in _root("ip", "-o", "-4", "addr").splitlines():
            if f" 10.{block}." in line:
                _root("ip", "link", "del", line.split()[1])
        _root("iptables", "-D", "FORWARD", *_own_traffic(block))
    _root("rm", "-rf", str(home))
