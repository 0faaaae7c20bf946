#!/bin/sh
# fetch.sh PACKAGE... - unpack Debian's arm64 packages into a cache folder and print that folder's name.
# fetch.sh --backports PACKAGE... - the same with packages of the backports for this machine.
#
# apt runs with a private state and cache, and verifies what it fetches: the host's package database, architectures and configuration are left alone.
# Exit status 3: no network or no apt (a test skips then).
set -eu
cache=${ARM64LP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/arm64lp}
mirror=${ARM64LP_MIRROR:-http://deb.debian.org/debian}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
suite=${ARM64LP_SUITE:-bookworm} root=$cache/arm64 state=$cache/apt

give_up() { echo "fetch.sh: $*" >&2; exit 3; }
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || give_up "apt-get and dpkg-deb are needed"
arch=arm64
if [ "${1:-}" = --backports ]; then
    shift
    suite=${ARM64LP_BACKPORTS:-bookworm-backports} root=$cache/backports state=$cache/apt-backports arch=$(dpkg --print-architecture)
fi
mkdir -p "$root/.have" "$state/lists/partial" "$state/archives/partial" "$state/etc/preferences.d" "$state/etc/apt.conf.d"
# One at a time: tests run side by side.
if command -v flock >/dev/null; then
    exec 9>"$cache/lock"
    flock 9
fi
missing=
for p; do [ -s "$root/.have/$p" ] || missing="$missing $p"; done

echo "deb [arch=$arch signed-by=$keyring] $mirror $suite main" >"$state/etc/sources.list"
: >"$state/status"
apt() {
    # APT_CONFIG is read last, so that proxies of the host still hold.
    apt-get -qq -o Dir::Etc="$state/etc" -o Dir::Etc::parts=/etc/apt/apt.conf.d -o Dir::Etc::sourcelist="$state/etc/sources.list" \
        -o Dir::Etc::sourceparts=- -o Dir::State="$state" -o Dir::State::status="$state/status" \
        -o Dir::Cache="$state" -o APT::Architecture="$arch" -o APT::Architectures::="$arch" \
        -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none "$@" >&2
}
renew() { apt update || give_up "cannot reach $mirror"; }
# once COMMAND...: and once more with fresh lists, in case the version that the old ones name has been replaced
once() { "$@" || { renew && "$@"; } || give_up "failed: $*"; }

unpack() {
    rm -f "$state/archives/$1"_*.deb
    (cd "$state/archives" && once apt download "$1")
    deb=$(find "$state/archives" -maxdepth 1 -name "${1}_*.deb")
    [ -n "$deb" ] || give_up "no file for $1"
    dpkg-deb -x "$deb" "$root"
    basename "$deb" >"$root/.have/$1"
    rm -f "$deb"
}

if [ -n "$missing" ]; then
    [ -n "$(find "$state/lists" -maxdepth 1 -name '*main*' -mtime -7 2>/dev/null)" ] || renew
    for p in $missing; do unpack "$p"; done
fi
echo "$root"
