"""Fixtures: klamm's image under the names that the modules ask for, and the times that the programs measured."""

import pytest

import programs
from engine_door import EngineDoor
from harness import paths
from harness.docker import pytest_runtest_makereport  # noqa: F401 (a hook of pytest)

TIMES = []


@pytest.fixture(scope="session")
def api_version(docker):
    """The newest version of its API that the engine speaks, like "1.41"."""
    return docker("version", "--format", "{{.Server.APIVersion}}").out.strip()


@pytest.fixture(scope="session")
def images(docker, image):
    """Puts klamm's image under every name that the modules ask for, so that none of them looks for one elsewhere."""
    assert image == programs.OWN
    for name in programs.OTHER_NAMES:
        docker("tag", image, name)
    yield
    docker("rmi", "-f", *programs.OTHER_NAMES)


@pytest.fixture(scope="session")
def door(docker_host, api_version):
    """The engine for libraries that name a version of its API without asking it."""
    paths.SESSION.mkdir(parents=True, exist_ok=True)
    with EngineDoor(docker_host, paths.SESSION, api_version) as address:
        yield address


@pytest.fixture
def left_behind(docker, image):
    """`left_behind()`: the containers of the image that this test has made and that are still there. After the test they are not."""

    def look():
        return set(docker("ps", "-aq", "--filter", f"ancestor={image}").lines)

    before = look()
    yield lambda: sorted(look() - before)
    if look() - before:
        docker("rm", "-f", "-v", *(look() - before))


@pytest.fixture
def run(request, docker_host, api_version, images):
    """`run(program, module, image)`: what the program's runs saw; their times are shown at the end of the session."""

    def start(program, module, name):
        address = request.getfixturevalue("door") if program.insists_on_version else docker_host
        runs = program.run(module, name, address, api_version)
        TIMES.append((program.language, module, name, runs))
        return runs

    return start


def pytest_terminal_summary(terminalreporter):
    if not TIMES:
        return
    terminalreporter.section("Testcontainers: ms to ready, then to the first record, then to a group's last; ms to stop")
    for language, module, name, runs in TIMES:
        for each in runs:
            times = [each[step] for step in ("ready_ms", "first_record_ms", "group_ms", "stop_ms")]
            terminalreporter.write_line(f"{language:7} {module:23} {name:36}" + "".join(f"{time:9.1f}" for time in times))
