#!/bin/sh
# fetch.sh PACKAGE... - unpack Debian's arm64 packages into a cache folder and print that folder's name.
# fetch.sh --backports PACKAGE... - the same with packages of the backports for this machine.
# What is there is used without the network; once a week, where there is one, packages of which the archive has another version are fetched again.
# Exit status 3: no network or no apt (a test skips then).
set -eu
. "$(dirname "$0")/apt.sh"
suite=${ARM64LP_SUITE:-bookworm} root=$cache/arm64 state=$cache/apt arch=arm64
if [ "${1:-}" = --backports ]; then
    shift
    suite=${ARM64LP_BACKPORTS:-bookworm-backports} root=$cache/backports state=$cache/apt-backports arch=$(dpkg --print-architecture)
fi
apt_ready
# There, and not another version than apt would fetch, if it has newer lists than when that was asked (and the package in them)
here_already() {
    [ -s "$root/.have/$1" ] || return 1
    [ "$state/renewed" -nt "$root/.have/$1" ] || return 0
    file=$(apt download --print-uris "$1" 2>/dev/null | awk '{ print $2 }')
    [ -z "$file" ] || { [ "$file" = "$(cat "$root/.have/$1")" ] && touch "$root/.have/$1"; }
}
look_weekly
missing=
for p; do here_already "$p" || missing="$missing $p"; done
if [ -n "$missing" ]; then
    renew_old
    unpack "$root" $missing
fi
echo "$root"
