#!/usr/bin/env python3
"""Tells on stderr what harness/docker.py's `surroundings` finds out of the engine at $DOCKER_HOST. The programs call it where they fail, while their
container is still there: $SURROUNDINGS names it."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from harness.docker import surroundings

print(surroundings(os.environ["DOCKER_HOST"]), file=sys.stderr, flush=True)
