# What the setup scripts of the suite share; sourced, with `part` (a word for messages) and `cache` (the folder .cache) set before.
# Stamps of a part lie in $cache with the prefix $stamps, empty if it is not set.

retry() {
    local attempt
    for attempt in 1 2 3 4 5; do
        "$@" && return 0
        echo "$part: attempt $attempt of '$1' failed" >&2
        sleep "$attempt"
    done
    return 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# install PACKAGE...: Debian's packages; none is nothing to do.
install_packages() {
    if [ $# -eq 0 ]; then return; fi
    retry as_root apt-get update -q
    retry as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

# A step runs when its inputs differ from those of its last success: done_before NAME INPUT... ; mark NAME INPUT...
digest() { cat "$@" | sha256sum | cut -d' ' -f1; }
done_before() { local name=$1; shift; [ "$(cat "$cache/${stamps-}$name.stamp" 2>/dev/null)" = "$(digest "$@")" ]; }
mark() { local name=$1; shift; digest "$@" > "$cache/${stamps-}$name.stamp"; }

# Go 1.21 and later fetch the very toolchain that go.mod asks for; older ones cannot.
go_is_recent() {
    local version
    version=$(cd / && go env GOVERSION 2>/dev/null) || return 1
    version=${version#go1.}
    [ "${version%%.*}" -ge 21 ] 2>/dev/null
}
