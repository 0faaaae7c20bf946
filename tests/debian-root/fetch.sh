#!/bin/sh
# fetch.sh GROUP... - unpack groups of Debian's arm64 packages, with all that they depend on, into a root in the cache and print that root's name.
# fetch.sh all - every group of groups.def.
# Nothing is installed and no maintainer script runs: settle() below does what those would do, as far as programs need it.
# Exit status 3: no network or no apt (a test skips then).
set -eu
here=$(dirname "$0")
. "$here/../debian-arm64/apt.sh"
suite=${ARM64LP_SUITE:-bookworm} root=$cache/root state=$cache/apt arch=arm64
[ "${1:-}" != all ] || set -- $(sed -n 's/^\([a-z][a-z0-9]*\):.*/\1/p' "$here/groups.def")
packages_of() { sed -n "s/^$1: *//p" "$here/groups.def"; }

# Programs that Debian finds by update-alternatives: LINK TARGET, relative
alternatives='usr/bin/awk gawk
usr/bin/vi vim.tiny
usr/bin/cc gcc
usr/bin/c++ g++
usr/bin/nc nc.openbsd
usr/bin/lua lua5.4
usr/bin/java ../lib/jvm/java-17-openjdk-arm64/bin/java
usr/bin/javac ../lib/jvm/java-17-openjdk-arm64/bin/javac
usr/bin/jar ../lib/jvm/java-17-openjdk-arm64/bin/jar
usr/lib/aarch64-linux-gnu/libblas.so.3 blas/libblas.so.3
usr/lib/aarch64-linux-gnu/liblapack.so.3 lapack/liblapack.so.3'

# The merged /usr, which debootstrap makes before it unpacks anything
merge_usr() {
    for d in bin sbin lib; do
        mkdir -p "$root/usr/$d"
        [ -e "$root/$d" ] || ln -s "usr/$d" "$root/$d"
    done
}
settle() {
    echo "$alternatives" | while read -r link target; do
        [ ! -e "$root/${link%/*}/$target" ] || [ -L "$root/$link" ] || [ -e "$root/$link" ] || ln -s "$target" "$root/$link"
    done
    for f in passwd group; do
        [ ! -e "$root/usr/share/base-passwd/$f.master" ] || cp "$root/usr/share/base-passwd/$f.master" "$root/etc/$f"
    done
    [ ! -e "$root/usr/share/base-files/nsswitch.conf" ] || cp "$root/usr/share/base-files/nsswitch.conf" "$root/etc/nsswitch.conf"
    # Folders of the host: an empty one in the root would hide what is in them from opendir().
    (cd "$root" && rmdir boot dev home media mnt opt proc root run srv sys tmp 2>/dev/null) || :
}
list_of() { echo "$(packages_of base) $(packages_of "$1")"; }
# A group's mark in the root tells of what it was made, so that a changed one is made again.
mark_of() { echo "$(list_of "$1") $(cksum <"$0")"; }
here_already() { [ "$(cat "$root/.groups/$1" 2>/dev/null)" = "$(mark_of "$1")" ]; }
# closure GROUP: its packages and those that they depend on, as apt would install them on an empty machine
closure() {
    plan=$(apt -s --no-install-recommends install $(list_of "$1")) || return
    echo "$plan" | sed -n 's/^Inst \([^ ]*\) .*/\1/p'
}
fetch_group() {
    [ -n "$(packages_of "$1")" ] || { echo "fetch.sh: no group $1" >&2; exit 2; }
    ! here_already "$1" || return 0
    all=$(once closure "$1")
    missing=
    for p in $all; do [ -s "$root/.have/$p" ] || missing="$missing $p"; done
    [ -z "$missing" ] || unpack "$root" $missing
    settle
    mark_of "$1" >"$root/.groups/$1"
}

missing=
for group; do here_already "$group" || missing="$missing $group"; done
if [ -n "$missing" ]; then
    apt_ready
    mkdir -p "$root/.groups"
    merge_usr
    for group in $missing; do fetch_group "$group"; done
fi
echo "$root"
