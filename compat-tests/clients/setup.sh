#!/usr/bin/env bash
# Brings a machine to where the client engines can run: kcat, the driver in Go, the packages of the driver in JavaScript, and the drivers in
# Rust. The Python engines are installed by ../setup.sh from requirements.txt. Everything is pinned; a second run is quick.
set -euo pipefail
cd "$(dirname "$0")"
cache=$(cd .. && pwd)/.cache
mkdir -p "$cache/bin"

part=clients/setup
. ../setup_lib.sh

system_packages() {
    local missing=()
    command -v kcat >/dev/null || missing+=(kcat)
    command -v cc >/dev/null || missing+=(gcc libc6-dev)
    command -v c++ >/dev/null || missing+=(g++)
    command -v make >/dev/null || missing+=(make)
    command -v node >/dev/null || missing+=(nodejs)
    command -v npm >/dev/null || missing+=(npm)
    go_is_recent || missing+=(golang-go)
    install_packages "${missing[@]}"
    go_is_recent || { echo "clients/setup: Go 1.21 or later is needed (on Debian 12 from bookworm-backports)" >&2; return 1; }
}

go_driver() {
    local inputs=(go/go.mod go/go.sum go/*.go)
    if [ -x "$cache/bin/go-driver" ] && done_before go-driver "${inputs[@]}"; then return; fi
    (cd go && retry go mod download && go build -mod=readonly -o "$cache/bin/go-driver" .)
    mark go-driver "${inputs[@]}"
}

node_packages() {
    local inputs=(node/package.json node/package-lock.json)
    if [ -d node/node_modules ] && done_before node "${inputs[@]}"; then return; fi
    (cd node && retry npm ci --omit=dev --no-audit --no-fund --silent)
    mark node "${inputs[@]}"
}

# librdkafka is built from the sources that rdkafka-sys carries.
rust_drivers() {
    (cd rust && retry cargo fetch --locked --quiet && cargo build --locked --quiet)
}

system_packages
node_packages
go_driver
rust_drivers
