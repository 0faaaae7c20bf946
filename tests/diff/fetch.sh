#!/bin/sh
# fetch.sh PACKAGE... - Debian's source packages, in the cache: PACKAGE/source with debian/ in it and no patch applied; prints the folder of the packages.
# fetch.sh --tools - bsdiff and xdelta3 for this machine, unpacked and not installed; prints the folder with them.
# fetch.sh --shipped PACKAGE[=VERSION]... - binary packages for arm64, of the suite or its updates; prints the folder where each has one of its own.
# Exit status 3: no network or no apt (a test skips then).
set -eu
here=$(dirname "$0")
. "$here/../debian-arm64/apt.sh"
suite=${ARM64LP_SUITE:-bookworm} security=${ARM64LP_SECURITY:-http://deb.debian.org/debian-security} arch=$(dpkg --print-architecture)
if [ "${1:-}" = --tools ]; then
    root=$cache/tools state=$cache/apt-tools
    if [ ! -s "$root/.have/xdelta3" ]; then
        apt_ready
        renew_old
        unpack "$root" bsdiff xdelta3
    fi
    echo "$root/usr/bin"
    exit
fi
# shipped PACKAGE[=VERSION]
shipped()
{
    rm -rf "$root/$1" "$root/$1.new"
    mkdir -p "$root/$1.new"
    (
        cd "$root/$1.new"
        once apt download "$1" >&2
        for f in *.deb; do dpkg-deb --fsys-tarfile "$f" | tar -x --no-same-owner; done
        rm -f ./*.deb
    )
    mv "$root/$1.new" "$root/$1"
}
# bring KIND HOW PACKAGE...: the lines of apt's sources begin with KIND; HOW fetches one that is missing
bring()
{
    kind=$1 how=$2
    shift 2
    if [ $# != 0 ]; then
        apt_ready
        printf "$kind %s %s main\n" "$mirror" "$suite" "$security" "$suite-security" >"$state/etc/sources.list"
        renew_old
        for p; do "$how" "$p"; done
    fi
    echo "$root"
}
missing=
if [ "${1:-}" = --shipped ]; then
    shift
    root=$cache/shipped state=$cache/apt-shipped arch=arm64
    for p; do [ -d "$root/$p" ] || missing="$missing $p"; done
    bring "deb [arch=$arch signed-by=$keyring]" shipped $missing
    exit
fi
root=$cache/sources state=$cache/apt-source

# versions PACKAGE: the newest first; the archive may have dropped what the lists still name
versions()
{
    apt-cache -o Dir::Etc="$state/etc" -o Dir::Etc::sourcelist="$state/etc/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State="$state" \
        -o Dir::Cache="$state" showsrc --only-source "$1" 2>/dev/null | sed -n 's/^Version: //p' | sort -Vru
}
# download PACKAGE: its files in the folder where we are
download()
{
    for v in $(versions "$1"); do
        ! apt --download-only source "$1=$v" >&2 || return 0
        find . -maxdepth 1 -type f -delete
    done
    return 1
}
# one SOURCE: apt checks the signatures; the original tar file's first folder becomes source/
one()
{
    rm -rf "$root/$1" "$root/$1.new"
    mkdir -p "$root/$1.new/source"
    (
        cd "$root/$1.new"
        once download "$1"
        for f in *.orig.tar.gz *.orig.tar.xz *.orig.tar.bz2; do [ ! -e "$f" ] || tar -xf "$f" --no-same-owner --strip-components 1 -C source; done
        for f in *.debian.tar.*; do tar -xf "$f" --no-same-owner -C source; done
        ls ./*.dsc >version
        rm -f ./*.tar.*
    )
    mv "$root/$1.new" "$root/$1"
}
for p; do [ -s "$root/$p/version" ] || missing="$missing $p"; done
bring "deb-src [signed-by=$keyring]" one $missing
