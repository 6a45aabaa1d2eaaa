#!/usr/bin/env bash
# Brings a machine to where the compatibility tests can run: system packages when they are missing, a Python environment,
# the jars of Apache Kafka and of the older Java client, and the Java programs of this folder. Everything is pinned, lands in
# .cache/, and a second run does nothing and is quick.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p .cache
exec 9>.cache/setup.lock
flock 9

part=setup
cache=.cache
. ./setup_lib.sh

system_packages() {
    local missing=()
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3 python3-venv)
    command -v javac >/dev/null || missing+=(default-jdk-headless)
    command -v mvn >/dev/null || missing+=(maven)
    install_packages "${missing[@]}"
}

python_environment() {
    local inputs=(requirements.txt) file
    for file in raw/requirements.txt clients/requirements.txt; do
        if [ -f "$file" ]; then inputs+=("$file"); fi
    done
    if [ -x .cache/venv/bin/python ] && done_before venv "${inputs[@]}"; then return; fi
    if [ ! -x .cache/venv/bin/python ]; then python3 -m venv .cache/venv; fi
    local arguments=()
    for file in "${inputs[@]}"; do arguments+=(-r "$file"); done
    retry .cache/venv/bin/pip install --quiet "${arguments[@]}"
    mark venv "${inputs[@]}"
}

# jars FOLDER POM: the pinned artifacts of a pom with everything that they need.
jars() {
    local folder=.cache/jars/$1 pom=$2
    if [ -d "$folder" ] && done_before "jars-$1" "$pom"; then return; fi
    rm -rf "$folder"
    retry mvn -B -q -f "$pom" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
        -DoutputDirectory="$PWD/$folder" -DincludeScope=runtime
    mark "jars-$1" "$pom"
}

# classes FOLDER: the Java programs of this folder, compiled against one set of jars.
classes() {
    local folder=.cache/classes/$1 sources=(java/src/*.java)
    if [ -d "$folder" ] && done_before "classes-$1" "${sources[@]}" ".cache/jars-$1.stamp"; then return; fi
    rm -rf "$folder.new"
    javac --release 17 -Xlint:all,-processing,-classfile,-try -nowarn -d "$folder.new" -cp ".cache/jars/$1/*" "${sources[@]}"
    rm -rf "$folder"
    mv "$folder.new" "$folder"
    mark "classes-$1" "${sources[@]}" ".cache/jars-$1.stamp"
}

system_packages
python_environment
jars kafka-4.3.1 java/kafka/pom.xml
jars clients-3.9.1 java/clients-3.9/pom.xml
classes kafka-4.3.1
classes clients-3.9.1
for part in */setup.sh; do "$part"; done
