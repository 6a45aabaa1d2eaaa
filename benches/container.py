"""How fast the image starts and stops, and how much memory it takes: ./container.py [RUNS]. Needs what compat-tests/setup.sh installs."""

import re
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "compat-tests"))

from harness import docker as parts  # noqa: E402
from harness.engine import Engine  # noqa: E402

READY = "Transitioning from RECOVERY to RUNNING"


def spread(values: list[float], unit: str) -> str:
    """`412 (398-450) ms`: the median, the least and the most."""
    return f"{statistics.median(values):.0f} ({min(values):.0f}-{max(values):.0f}) {unit}"


def resident_kb(docker, container: str) -> int:
    """The resident memory of the broker, in KiB."""
    pid = docker("inspect", "-f", "{{.State.Pid}}", container).out.strip()
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1))


def one_run(docker, image: str) -> dict[str, float]:
    began = time.monotonic()
    container = docker("run", "-d", "-p", "9092", image).out.strip()
    while READY not in docker("logs", container).out:
        time.sleep(0.005)
    ready_ms = (time.monotonic() - began) * 1000
    inside_ms = float(re.search(r"ready in (\d+) ms", docker("logs", container).out).group(1))
    began = time.monotonic()
    docker("exec", container, "kafka-topics", "--bootstrap-server", "localhost:9092", "--list")
    exec_ms = (time.monotonic() - began) * 1000
    began = time.monotonic()
    docker("exec", container, "true")
    plain_ms = (time.monotonic() - began) * 1000
    memory = resident_kb(docker, container) / 1024
    began = time.monotonic()
    docker("stop", container)
    stop_ms = (time.monotonic() - began) * 1000
    docker("rm", "-f", "-v", container)
    return {"docker run until it is ready": ready_ms, "of which the broker": inside_ms, "docker stop": stop_ms,
            "healthcheck by kafka-topics --list": exec_ms, "of which docker exec alone": plain_ms, "memory": memory}


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with Engine() as engine:
        docker = parts.Docker(engine.host)
        image = parts.build_image(docker)
        size = int(docker("image", "inspect", "-f", "{{.Size}}", image).out)
        results = [one_run(docker, image) for _ in range(runs + 1)][1:]
    print(f"{image}: {size / 1e6:.1f} MB uncompressed; median (least-most) of {runs} runs after one that does not count")
    for what in results[0]:
        print(f"  {what}: {spread([run[what] for run in results], 'MB' if what == 'memory' else 'ms')}")


if __name__ == "__main__":
    main()
