#!/usr/bin/env bash
# Brings a machine to where the programs of this folder can run: the engine (../docker/setup.sh), and per language the library, its client and
# the program. Everything is pinned, lands in ../.cache/ (node_modules aside), and a second run does nothing and is quick.
set -euo pipefail
cd "$(dirname "$0")"
cache=$(cd .. && pwd)/.cache
mkdir -p "$cache/bin" "$cache/testcontainers/java"

part=testcontainers/setup
stamps=testcontainers-
. ../setup_lib.sh

system_packages() {
    local missing=()
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3 python3-venv)
    command -v javac >/dev/null || missing+=(default-jdk-headless)
    command -v mvn >/dev/null || missing+=(maven)
    command -v npm >/dev/null || missing+=(npm)
    command -v cc >/dev/null || missing+=(gcc libc6-dev)
    command -v c++ >/dev/null || missing+=(g++)
    command -v make >/dev/null || missing+=(make)
    go_is_recent || missing+=(golang-go)
    install_packages "${missing[@]}"
    go_is_recent || { echo "testcontainers/setup: Go 1.21 or later is needed (on Debian 12 from bookworm-backports)" >&2; return 1; }
}

python_packages() {
    local inputs=(../requirements.txt requirements.txt)
    if [ -x "$cache/venv/bin/python" ] && done_before python "${inputs[@]}"; then return; fi
    if [ ! -x "$cache/venv/bin/python" ]; then python3 -m venv "$cache/venv"; fi
    retry "$cache/venv/bin/pip" install --quiet -r ../requirements.txt -r requirements.txt
    mark python "${inputs[@]}"
}

java_program() {
    local home=$cache/testcontainers/java inputs=(java/pom.xml java/src/*.java)
    if [ -d "$home/classes" ] && done_before java "${inputs[@]}"; then return; fi
    rm -rf "$home"
    retry mvn -B -q -f java/pom.xml org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
        -DoutputDirectory="$home/jars" -DincludeScope=runtime
    javac --release 17 -Xlint:all,-processing,-classfile,-try,-deprecation -Werror -d "$home/classes" -cp "$home/jars/*" java/src/*.java
    mark java "${inputs[@]}"
}

# Scripts are left out: they would build what speeds up SSH, which nothing here uses.
node_packages() {
    local inputs=(node/package.json node/package-lock.json)
    if [ -d node/node_modules ] && done_before node "${inputs[@]}"; then return; fi
    (cd node && retry npm ci --omit=dev --no-audit --no-fund --silent --ignore-scripts)
    mark node "${inputs[@]}"
}

go_program() {
    local inputs=(go/go.mod go/go.sum go/*.go)
    if [ -x "$cache/bin/go-containers" ] && done_before go "${inputs[@]}"; then return; fi
    (cd go && retry go mod download && go build -mod=readonly -o "$cache/bin/go-containers" .)
    mark go "${inputs[@]}"
}

# In the build directory of ../clients/rust, where much of it is built already if that part of the tests has been set up.
rust_program() {
    (cd rust && retry cargo fetch --locked --quiet && cargo build --locked --quiet)
}

../docker/setup.sh
system_packages
python_packages
java_program
node_packages
go_program
rust_program
