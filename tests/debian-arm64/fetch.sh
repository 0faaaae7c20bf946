#!/bin/sh
# fetch.sh PACKAGE... - unpack Debian's arm64 packages into a cache folder and print that folder's name.
# fetch.sh --backports PACKAGE... - the same with packages of the backports for this machine.
# Exit status 3: no network or no apt (a test skips then).
set -eu
. "$(dirname "$0")/apt.sh"
suite=${ARM64LP_SUITE:-bookworm} root=$cache/arm64 state=$cache/apt arch=arm64
if [ "${1:-}" = --backports ]; then
    shift
    suite=${ARM64LP_BACKPORTS:-bookworm-backports} root=$cache/backports state=$cache/apt-backports arch=$(dpkg --print-architecture)
fi
apt_ready
missing=
for p; do [ -s "$root/.have/$p" ] || missing="$missing $p"; done
if [ -n "$missing" ]; then
    renew_old
    unpack "$root" $missing
fi
echo "$root"
