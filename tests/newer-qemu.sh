#!/bin/sh
# newer-qemu.sh - print the path of a qemu-aarch64 of Debian's backports, which knows extensions that bookworm's does not (MOPS, WFxT, HBC, LSE2).
#
# The package is fetched and unpacked into a cache folder, not installed: apt runs with a private state, and verifies what it fetches.
# Exit status 1: there is none to be had; the reason is on standard error.
set -eu
cache=${ARM64LP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/arm64lp}
suite=${ARM64LP_BACKPORTS:-bookworm-backports}
mirror=${ARM64LP_MIRROR:-http://deb.debian.org/debian}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
state=$cache/apt-backports root=$cache/newer-qemu
qemu=$root/usr/bin/qemu-aarch64

give_up() { echo "newer-qemu.sh: $*" >&2; exit 1; }
works() { "$qemu" --version >/dev/null 2>&1; }
works && { echo "$qemu"; exit 0; }
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || give_up "apt-get and dpkg-deb are needed"
arch=$(dpkg --print-architecture)
mkdir -p "$root" "$state/lists/partial" "$state/archives/partial" "$state/etc/preferences.d" "$state/etc/apt.conf.d"
# One at a time: tests run side by side.
if command -v flock >/dev/null; then
    exec 9>"$cache/lock"
    flock 9
    works && { echo "$qemu"; exit 0; }
fi
echo "deb [arch=$arch signed-by=$keyring] $mirror $suite main" >"$state/etc/sources.list"
: >"$state/status"
apt() {
    apt-get -qq -o Dir::Etc="$state/etc" -o Dir::Etc::parts=/etc/apt/apt.conf.d -o Dir::Etc::sourcelist="$state/etc/sources.list" \
        -o Dir::Etc::sourceparts=- -o Dir::State="$state" -o Dir::State::status="$state/status" -o Dir::Cache="$state" \
        -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none "$@" >&2
}
apt update || give_up "cannot reach $mirror $suite"
rm -f "$state"/archives/qemu-user_*.deb
(cd "$state/archives" && apt download qemu-user) || give_up "no qemu-user in $suite"
dpkg-deb -x "$state"/archives/qemu-user_*.deb "$root"
rm -f "$state"/archives/qemu-user_*.deb
works || give_up "the fetched qemu-aarch64 does not run here"
echo "$qemu"
