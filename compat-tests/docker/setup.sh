#!/usr/bin/env bash
# What the tests in containers need from the system: a Docker engine, its client, docker-compose, and ip to make a bridge.
set -euo pipefail

cd "$(dirname "$0")"
part=docker/setup
. ../setup_lib.sh

PATH=$PATH:/usr/sbin:/sbin
missing=()
command -v dockerd >/dev/null || missing+=(docker.io)
command -v docker >/dev/null || missing+=(docker.io)
command -v docker-compose >/dev/null || missing+=(docker-compose)
command -v ip >/dev/null || missing+=(iproute2)
command -v iptables >/dev/null || missing+=(iptables)
install_packages "${missing[@]}"
