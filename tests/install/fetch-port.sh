#!/bin/sh
# fetch-port.sh ARCH - unpack what a build for Debian's ARCH needs besides a cross compiler into a folder of the cache and print its name.
# Exit status 3: no network or no apt.
set -eu
. "$(dirname "$0")/../debian-arm64/apt.sh"
suite=${ARM64LP_SUITE:-bookworm} arch=$1 root=$cache/port-$1 state=$cache/apt-$1
# Headers and libraries to link with, what these need, and the C library to run with.
packages="libelf-dev libelf1 zlib1g-dev zlib1g libcapstone-dev libcapstone4 libmd-dev libmd0 libdw-dev libdw1 libbz2-1.0 liblzma-dev liblzma5 libcmocka-dev libcmocka0
    libc6 libgcc-s1"
apt_ready
missing=
for p in $packages; do [ -s "$root/.have/$p" ] || missing="$missing $p"; done
[ -z "$missing" ] || { renew_old && unpack "$root" $missing; }
echo "$root"
