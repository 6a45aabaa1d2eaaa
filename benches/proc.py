"""What the kernel knows: processor time and memory of a process, and how busy the rest of the machine was meanwhile."""

import ctypes
import os
import platform
import time
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
CORES = os.cpu_count() or 1
_libc = ctypes.CDLL(None, use_errno=True)


def cpu_s(pid: int) -> float:
    """Processor seconds of a process, user and system, all its threads."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / TICKS_PER_S


def memory_bytes(pid: int, field: str) -> int:
    """`VmRSS` (resident now) or `VmHWM` (resident at most so far, as the kernel counts it: exact to some pages per core)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"no {field} of process {pid}")


def _busy_s() -> float:
    """Seconds that all cores together have worked for anybody, or were taken by the host."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_S


class Meter:
    """Processor time of a broker over a piece of work, and of everybody else.

    `cpu_s` is the broker's; `others` the share of the machine (0 to 1) used neither by the broker nor by `known_cpu_s`
    of tools: other people's processes, the kernel's own threads, the host. High `others` spoil a figure.
    """

    def __init__(self, pid: int | None = None):
        self._pid, self._own, self.known_cpu_s = pid, 0.0, 0.0

    def watch(self, pid: int) -> None:
        """Names a broker that was born within: all its time counts."""
        self._pid = pid

    def __enter__(self) -> "Meter":
        if self._pid is not None:
            self._own = cpu_s(self._pid)
        self._began, self._busy = time.monotonic(), _busy_s()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            return
        self.cpu_s = cpu_s(self._pid) - self._own
        self.wall_s = time.monotonic() - self._began
        unknown = _busy_s() - self._busy - self.cpu_s - self.known_cpu_s
        self.others = max(0.0, unknown / (self.wall_s * CORES))


def settle_disk(folder: Path) -> None:
    """Writes the file system's dirty pages out, so that a case does not pay for the one before."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        if _libc.syncfs(handle) != 0:
            raise OSError(ctypes.get_errno(), "syncfs")
    finally:
        os.close(handle)


def machine() -> dict[str, object]:
    """The machine in a few words."""
    cpu = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"cpu": cpu, "cores": CORES, "memory_gib": round(memory / 2**30, 1), "kernel": platform.release(),
            "load_average": os.getloadavg()}
