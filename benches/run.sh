#!/usr/bin/env bash
# Measures klamm beside Apache Kafka 4.3.1 on this machine: ./run.sh [--quick] [--only ...]; --help and README.md say more.
# The binary is target/release/klamm, or $KLAMM_BIN. Jars and Python come from compat-tests/setup.sh.
set -euo pipefail
cd "$(dirname "$0")"
../compat-tests/setup.sh
export PYTHONPATH="$PWD/../compat-tests"
exec ../compat-tests/.cache/venv/bin/python main.py "$@"
