#!/usr/bin/env bash
# Runs the compatibility tests: ./run.sh [pytest arguments]. The binary under test is target/release/klamm, or $KLAMM_BIN.
set -euo pipefail
cd "$(dirname "$0")"
./setup.sh
exec .cache/venv/bin/python -m pytest "$@"
