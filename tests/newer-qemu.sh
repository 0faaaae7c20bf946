#!/bin/sh
# newer-qemu.sh - print the path of a qemu-aarch64 of Debian's backports, which knows extensions that bookworm's does not (MOPS, WFxT, HBC, LSE2).
# It is unpacked into the cache (fetch.sh), not installed. Exit status 3: there is none to be had; the reason is on standard error.
set -eu
root=$("$(dirname "$0")/debian-arm64/fetch.sh" --backports qemu-user)
qemu=$root/usr/bin/qemu-aarch64
"$qemu" --version >/dev/null 2>&1 || { echo "newer-qemu.sh: the fetched qemu-aarch64 does not run here" >&2; exit 3; }
echo "$qemu"
