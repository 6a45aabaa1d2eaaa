#!/usr/bin/env bash
# Builds the image klamm:VERSION and klamm:latest from target/release/klamm (or $KLAMM_BIN) without pulling anything.
# The packages that rootfs.sh copies from are installed when they are missing.
set -o errexit -o nounset -o pipefail
cd "$(dirname "$0")/.."
binary=${KLAMM_BIN:-target/release/klamm}
context=${KLAMM_IMAGE_CONTEXT:-target/image}
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)

retry() {
    local attempt
    for attempt in 1 2 3 4 5; do
        "$@" && return 0
        echo "build.sh: attempt $attempt of '$1' failed" >&2
        sleep "$attempt"
    done
    return 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

packages() {
    local package missing=()
    for package in bash-static busybox-static ca-certificates tzdata binutils; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    if [ ${#missing[@]} -eq 0 ]; then return; fi
    retry as_root apt-get update -q
    retry as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}

packages
docker/rootfs.sh "$context" "$binary"
# The last stage of the Dockerfile says what the image is; here its files come from the archive instead of another stage.
sed -n '/^FROM scratch/,$p' docker/Dockerfile | sed 's|^COPY --from=build .*|ADD rootfs.tar /|' > "$context/Dockerfile"
docker build --quiet --label org.opencontainers.image.version="$version" -t "klamm:$version" -t klamm:latest "$context"
echo "klamm:$version, $(docker image inspect -f '{{.Size}}' "klamm:$version") bytes"
