#!/usr/bin/env bash
# What the tests in containers need from the system: a Docker engine, its client, docker-compose, and ip to make a bridge.
set -euo pipefail

retry() {
    local attempt
    for attempt in 1 2 3 4 5; do
        "$@" && return 0
        echo "setup: attempt $attempt of '$1' failed" >&2
        sleep "$attempt"
    done
    return 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

PATH=$PATH:/usr/sbin:/sbin
missing=()
command -v dockerd >/dev/null || missing+=(docker.io)
command -v docker >/dev/null || missing+=(docker.io)
command -v docker-compose >/dev/null || missing+=(docker-compose)
command -v ip >/dev/null || missing+=(iproute2)
command -v iptables >/dev/null || missing+=(iptables)
if [ ${#missing[@]} -gt 0 ]; then
    retry as_root apt-get update -q
    retry as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
fi
