"""Where things are."""

import os
import secrets
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The folder compat-tests."""

CACHE = ROOT / ".cache"
"""Everything that is downloaded, built or written by the tests; not in version control."""

RUNS = CACHE / "run"


def klamm_binary() -> Path:
    """The binary under test: $KLAMM_BIN, or the release build."""
    return Path(os.environ.get("KLAMM_BIN", ROOT.parent / "target" / "release" / "klamm")).resolve()


def jars(name: str) -> str:
    """The class path of one set of jars, with our own Java programs compiled against it in front."""
    return f"{CACHE / 'classes' / name}:{CACHE / 'jars' / name}/*"


def _session_folder() -> Path:
    """A folder of this process alone. Folders whose process is gone are swept, so that a killed session leaves no litter."""
    RUNS.mkdir(parents=True, exist_ok=True)
    for old in RUNS.iterdir():
        pid = old.name.split("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(old, ignore_errors=True)
    return RUNS / f"{os.getpid()}-{secrets.token_hex(3)}"


SESSION = _session_folder()
"""Data directories and logs of the brokers that this session starts."""
