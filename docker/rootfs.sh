#!/usr/bin/env bash
# rootfs.sh DEST KLAMM: makes DEST/rootfs.tar, the image's whole file system: the klamm binary with the libraries that it
# needs, the scripts of docker/root, and Debian's static bash and busybox, certificates and time zones from this machine.
# Runs on Debian, needs no rights (owners are written into the archive), downloads nothing.
set -o errexit -o nounset -o pipefail
shopt -s nullglob
here=$(cd "$(dirname "$0")" && pwd)
destination=$1
binary=$2
root=$destination/root

# Packages whose files end up in the image, libraries aside.
PACKAGES=(bash-static busybox-static ca-certificates tzdata)

# Owned by user 1000 and group 0 with the group's rights equal to the owner's: scripts and settings that wrappers edit, and
# the working directory. An arbitrary user id of group 0 may write there as well.
WRITABLE=(etc/kafka etc/confluent opt/kafka opt/bitnami home/appuser mnt/shared usr/logs docker-entrypoint-initdb.d)

# Where state may live: a fresh named volume takes over owner and mode of the directory under it. Anybody may write, since
# some files run the container as a user of their own, and the sticky bit keeps users from each other's files.
STATE=(
    var/lib/kafka var/lib/kafka/data var/lib/kafka/log var/lib/kafka/logs var/log/kafka
    bitnami bitnami/kafka bitnami/kafka/data bitnami/kafka/config
    kafka kafka/data kafka/logs kafka/config
    etc/kafka/secrets
    tmp tmp/kraft-combined-logs tmp/kafka-logs
    opt/kafka/logs
)

# What busybox can do but should not do here: shells and nc have better ones, the others would change a machine.
WITHOUT=' sh ash bash nc netcat dpkg dpkg-deb rpm rpm2cpio init linuxrc getty login sulogin watchdog udhcpc telnetd httpd '

directories() {
    mkdir -p "$root"/{dev,proc,sys,run,tmp,root,home,mnt,opt,etc/ssl/certs,var/lib,var/log}
    mkdir -p "$root"/usr/{bin,sbin,lib,lib64,local/bin,local/sbin,share/doc}
    # Debian's merged layout, so that /bin/bash and /usr/bin/bash are one.
    ln -s usr/bin "$root/bin"
    ln -s usr/sbin "$root/sbin"
    ln -s usr/lib "$root/lib"
    ln -s usr/lib64 "$root/lib64"
    ln -s /run "$root/var/run"
    (cd "$root" && mkdir -p "${WRITABLE[@]}" "${STATE[@]}" mnt/shared/config opt/kafka/bin opt/kafka/config)
}

# in_root PATH: the same path below $root. The libraries' directories are the same in both layouts once links are followed.
in_root() { echo "$root$(readlink -f "$(dirname "$1")")/$(basename "$1")"; }

klamm_binary() {
    local library target
    install -m 755 "$binary" "$root/usr/bin/klamm"
    strip --strip-all "$root/usr/bin/klamm"
    # Libraries are opened by the names that ldd tells, whatever the files behind them are called.
    ldd "$binary" | grep -o '/[^ ]*' | while read -r library; do
        target=$(in_root "$library")
        mkdir -p "$(dirname "$target")"
        install -m 755 "$(readlink -f "$library")" "$target"
    done
}

shell_and_applets() {
    local applet
    install -D -m 755 /bin/bash-static "$root/usr/lib/klamm/bash"
    # bash also as sh: busybox' own shell loses variables whose names are no identifiers, as listener names can make them.
    ln -s bash "$root/usr/lib/klamm/sh"
    # By the usual names they start through klamm, which stays before a shell that would be the container's first process.
    ln -s klamm "$root/usr/bin/bash"
    ln -s klamm "$root/usr/bin/sh"
    install -m 755 /bin/busybox "$root/usr/bin/busybox"
    for applet in $(/bin/busybox --list); do
        if [[ $WITHOUT != *" $applet "* && ! -e $root/usr/bin/$applet ]]; then ln -s busybox "$root/usr/bin/$applet"; fi
    done
}

# Every name under which klamm is a tool, with and without .sh, in every place where some image has its tools.
tools() {
    local directory name
    "$root/usr/bin/klamm" tools --link "$root/opt/kafka/bin"
    if [ ! -L "$root/opt/kafka/bin/kafka-server-start.sh" ]; then
        echo "rootfs.sh: '$binary tools --link' made no link kafka-server-start.sh" >&2
        exit 1
    fi
    for name in "$root"/opt/kafka/bin/*; do
        name=$(basename "$name")
        ln -sf /usr/bin/klamm "$root/opt/kafka/bin/$name"
        ln -sf klamm "$root/usr/bin/$name"
    done
    for name in cub dub ub; do ln -s /usr/bin/klamm "$root/usr/local/bin/$name"; done
    for directory in opt/bitnami/kafka kafka; do
        mkdir -p "$root/$directory"
        ln -s /opt/kafka/bin "$root/$directory/bin"
    done
}

certificates_and_zones() {
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
    ln -s certs/ca-certificates.crt "$root/etc/ssl/cert.pem"
    mkdir -p "$root/usr/share/zoneinfo"
    # The folders posix and right repeat every zone.
    (cd /usr/share/zoneinfo && tar -cf - --exclude=./posix --exclude=./right .) | tar -C "$root/usr/share/zoneinfo" -xf -
}

# Licences, and where the sources are: bash and busybox are under the GPL.
notices() {
    local package notes=$root/usr/share/doc/klamm libraries
    mkdir -p "$notes" "$root/usr/share/common-licenses"
    cp "$here/../LICENSE" "$notes/LICENSE"
    cp "$here/SOURCES" "$notes/SOURCES"
    mapfile -t libraries < <(ldd "$binary" | grep -o '/[^ ]*' | while read -r file; do
        dpkg-query -S "$(readlink -f "$file")" 2>/dev/null || dpkg-query -S "$file"
    done | cut -d: -f1 | sort -u)
    for package in "${PACKAGES[@]}" "${libraries[@]}"; do
        mkdir -p "$root/usr/share/doc/$package"
        cp -L "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/copyright"
        dpkg-query -W -f '${Package} ${Version}: source package ${source:Package} ${source:Version}\n' "$package" >> "$notes/SOURCES"
    done
    for package in GPL-2 GPL-3 LGPL-2.1; do cp -L "/usr/share/common-licenses/$package" "$root/usr/share/common-licenses/"; done
}

scripts() {
    local file
    (cd "$here/root" && find . -type f) | while read -r file; do
        case $file in
            *.properties) install -D -m 644 "$here/root/$file" "$root/$file" ;;
            *.sh | ./etc/kafka/docker/* | ./etc/confluent/docker/*) install -D -m 755 "$here/root/$file" "$root/$file" ;;
            *) install -D -m 644 "$here/root/$file" "$root/$file" ;;
        esac
    done
}

# The archive: root's files first, then what belongs to user 1000. The same input gives the same bytes.
archive() {
    local own=("${WRITABLE[@]}" "${STATE[@]}") path pruned=()
    local reproducible=(--sort=name --mtime=@0 --numeric-owner --format=gnu)
    chmod -R u+rwX,go+rX,go-w "$root"
    chmod 1777 "$root/tmp"
    (
        cd "$root"
        for path in "${WRITABLE[@]}"; do chmod -R g=u "$path"; done
        for path in "${STATE[@]}"; do chmod 1777 "$path"; done
        for path in "${own[@]}"; do
            if [ "$path" != tmp ]; then pruned+=("--exclude=./$path"); fi
        done
        tar "${reproducible[@]}" --owner=0 --group=0 --anchored "${pruned[@]}" -cf ../rootfs.tar .
        find "${own[@]}" -path tmp -o -print | LC_ALL=C sort -u > ../own.list
        tar "${reproducible[@]}" --owner=1000 --group=0 --no-recursion -rf ../rootfs.tar -T ../own.list
    )
    rm -rf "$root" "$destination/own.list"
}

rm -rf "$destination"
mkdir -p "$root"
directories
klamm_binary
shell_and_applets
scripts
tools
certificates_and_zones
notices
archive
