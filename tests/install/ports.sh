#!/bin/sh
# Other compilers, C libraries and machines (make check-ports): the tree builds there without a warning, and the tools do what they do here.
# PORTS='clang arm64 s390x musl deb' picks; ARM64LP_PORTS=FOLDER has the builds, and keeps them; by default they go away.
# They are not optimised: what differs between machines is not that, and the dispatch takes compilers minutes.
. "$srcdir/tests/lib.sh"
builds=${ARM64LP_PORTS:-$scratch}
tools='lprun lpmake lpdiff lpapply lpdis'
mkdir -p "$builds" "$scratch/files"
need_cross

# built NAME CONFIGURE-ARGUMENT...: in $builds/NAME
built()
{
    name=$1 dir=$builds/$1
    shift
    mkdir -p "$dir"
    {
        [ -e "$dir/config.status" ] || (cd "$dir" && "$srcdir/configure" -q --enable-werror CFLAGS=-O0 "$@") &&
            make -C "$dir" -s -j "$(nproc 2>/dev/null || echo 1)"
    } >"$scratch/$name.log" 2>&1 && ok "$name: builds without a warning" && return
    not_ok "$name: builds without a warning"
    grep -E 'error|warning|\*\*\*' "$scratch/$name.log" | head -n 20 | note
    return 1
}
# units NAME COMMAND...: some unit tests, run by the command
units()
{
    name=$1 dir=$builds/$1
    shift
    for t in test_base test_elf test_a64 test_patch_parse $units; do
        make -C "$dir" -s "tests/unit/$t" >"$scratch/log" 2>&1 && (cd "$dir" && timeout 300 "$@" "tests/unit/$t") >>"$scratch/log" 2>&1 &&
            ok "$name: $t" || { not_ok "$name: $t"; tail -n 20 "$scratch/log" | note; }
    done
}
# shell_tests NAME FOLDER TEST...: with the tools of the folder
shell_tests()
{
    name=$1 bin=$2
    shift 2
    for t; do
        PATH=$bin:$PATH builddir=$builds/$name timeout 600 sh "$srcdir/tests/$t" >"$scratch/log" 2>&1 && ! grep -q '^not ok' "$scratch/log" && ok "$name: $t" ||
            { not_ok "$name: $t"; grep -A 6 '^not ok' "$scratch/log" | head -n 30 | note; }
    done
}
# wrapped NAME ROOT QEMU: $bin has the tools of a build, each run by qemu, and `run`, which runs any program so. qemu keeps a record of each page that was
# ever mapped, and lprun maps as much as it may: of the addresses that -R sets aside, which are used again.
wrapped()
{
    dir=$builds/$1 bin=$scratch/bin-$1
    mkdir -p "$bin"
    printf '#!/bin/sh\nexec %s -R 8G -L %s -E LD_LIBRARY_PATH=%s/.libs "$@"\n' "$3" "$2" "$dir" >"$bin/run"
    for t in $tools; do printf '#!/bin/sh\nexec %s/run %s/.libs/%s "$@"\n' "$bin" "$dir" $t >"$bin/$t"; done
    chmod +x "$bin"/*
}

# ---- the same bytes on every machine ----
cat >"$scratch/files/app.c" <<'C'
#include <stdio.h>
int table[4] = {1, 2, 3, 4};
const char *const names[] = {"one", "two"};
__attribute__((noinline)) int check(int v) { __asm__ volatile(""); return v < LIMIT ? table[v & 3] : -1; }
__attribute__((noinline)) double half(double d) { return d / 2; }
int main(void) { printf("%s %d %g\n", names[LIMIT & 1], check(5), half(LIMIT)); return 7; }
C
(cd "$scratch/files" && arm64_cc old app.c -O2 -g -DLIMIT=3 && arm64_cc new app.c -O2 -g -DLIMIT=9 &&
    "$CROSS_CC" -w -O2 -shared -fPIC -DLIMIT=3 -o old.so app.c && "$CROSS_CC" -w -O2 -shared -fPIC -DLIMIT=9 -o new.so app.c &&
    "$CROSS_CC" -w -O2 -ffunction-sections -DLIMIT=4 -c -o fix.o app.c) || { not_ok "the files to work on"; tap_done; }
# worked FOLDER: what the tools that are first in PATH make of the files, all of it in the folder
worked()
{
    mkdir -p "$1" && cp "$scratch"/files/* "$1" && (
        cd "$1" || exit 1
        try() { out=$1; shift; "$@" >"$out" 2>"$out.err"; echo "$?" >>"$out.err"; }
        try dis lpdis -r old
        try dis.so lpdis -r old.so
        try dis.lines lpdis -l --symbol main old
        try dis.json lpdis --json --symbol check new
        try words lpdis -w 8b020020 d503201f 00000000 1e621820
        try fix.lpatch lpdiff old new
        try so.lpatch lpdiff old.so new.so
        try why lpdiff --why old new
        try made.lpatch lpmake -t old --meta name=made 'check=ret -1' 'half+0x4=nop'
        try replaced.lpatch lpmake -t old --meta name=replaced 'check=replace from fix.o'
        try applied lpapply -o patched old fix.lpatch
        try applied.so lpapply -o patched.so old.so so.lpatch
        try applied2 lpapply -o patched2 old replaced.lpatch
        try list lpapply -l patched
        cp patched back && try reverted lpapply -R back
        try dis.patched lpdis -P made.lpatch --symbol check old
        try dis.lpatch lpdis fix.lpatch
    )
}
worked "$scratch/here"
same "$scratch/here/back" "$scratch/here/old" "here: patched and back"
# works_alike NAME FOLDER
works_alike()
{
    PATH=$2:$PATH worked "$scratch/$1"
    is "$(diff -r "$scratch/here" "$scratch/$1" | head -n 20)" "" "$1: lpdis, lpdiff, lpmake and lpapply write the same $(find "$scratch/here" -type f | wc -l) files"
}

# foreign NAME HOST QEMU: what a build for another machine needs; says what is missing
foreign()
{
    command -v "$2-gcc" >/dev/null || { skip "$1" "no $2-gcc (gcc-$2 and libc6-dev-$1-cross)"; return 1; }
    have "$3" || { skip "$1" "no $3 (qemu-user)"; return 1; }
    root=$(sh "$tests/install/fetch-port.sh" "$1" 2>"$scratch/log")
    case $? in
    0) ;;
    3) skip "$1" "its packages are not to be had"; note <"$scratch/log"; return 1 ;;
    *) not_ok "$1: fetching its packages"; note <"$scratch/log"; return 1 ;;
    esac
    export PKG_CONFIG_LIBDIR="$root/usr/lib/$2/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root"
    built "$1" --host="$2" CC="${CCACHE:-} $2-gcc" CPPFLAGS="$cppflags" LDFLAGS="-Wl,-rpath-link=$root/lib/$2:$root/usr/lib/$2" || return
    wrapped "$1" "$root" "$3"
}

# ---- the ports ----
port_clang()
{
    command -v clang >/dev/null || { skip clang "no clang"; return; }
    built clang CC="${CCACHE:-} clang" CXX=clang++ --enable-static --disable-shared || return
    units="test_exec test_live" units clang env
    shell_tests clang "$builds/clang" e2e/lprun.sh e2e/pipes.sh install/install.sh
    works_alike clang "$builds/clang"
}
port_arm64()
{
    cppflags=
    foreign arm64 aarch64-linux-gnu qemu-aarch64 || return
    units="test_exec test_fp" units arm64 "$bin/run"
    works_alike arm64 "$bin"
    PATH=$bin:$PATH
    lprun "$scratch/here/old" >"$scratch/out" 2>&1
    is "$? $(cat "$scratch/out")" "7 two -1 1.5" "arm64: lprun runs a program, under qemu-aarch64"
    lprun -P "$scratch/here/fix.lpatch" "$scratch/here/old" >"$scratch/out" 2>&1
    is "$? $(cat "$scratch/out")" "7 two 2 4.5" "arm64: and patches it"
    shell_tests arm64 "$bin" e2e/pipes.sh
}
# Big-endian: the tools work on files, and the engine says that it does not work here.
port_s390x()
{
    # gcc announces a compare-and-swap of 16 bytes, and without optimisation calls a function for it that nobody has.
    cppflags=-U__GCC_HAVE_SYNC_COMPARE_AND_SWAP_16
    foreign s390x s390x-linux-gnu qemu-s390x || return
    units= units s390x "$bin/run"
    works_alike s390x "$bin"
    "$bin/lprun" "$scratch/here/old" >"$scratch/out" 2>&1
    is "$? $(grep -c . "$scratch/out")" "125 2" "s390x: lprun fails with a line and a hint"
    like "$(cat "$scratch/out")" '64-bit little-endian' "s390x: which says what it requires"
}
# Debian has musl and no libelf for it: every file is compiled, and nothing is linked. Headers of Linux and libelf are this machine's.
port_musl()
{
    command -v musl-gcc >/dev/null || { skip musl "no musl-gcc (musl-tools)"; return; }
    cp "$builddir/config.h" "$scratch/config.h"
    make -C "$builddir" -s print-sources | tr ' ' '\n' | grep -E '^(lib|tools)/.*\.c$' >"$scratch/all"
    machine=$(${CC:-cc} -print-multiarch)
    (cd "$srcdir" && <"$scratch/all" xargs -n 1 -P "$(nproc 2>/dev/null || echo 1)" sh -c 'musl-gcc -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Werror -fsyntax-only \
        -I"$0" -Iinclude -Ilib -I"$1/lib" -idirafter /usr/include -idirafter "/usr/include/$2" -I/usr/include/capstone -DLP_SYSCONFDIR=\"/etc\" "$3" 2>"$0/musl.$$" ||
        { echo "$3"; grep -m 2 error: "$0/musl.$$"; }' "$scratch" "$builddir" "$machine") >"$scratch/out"
    is "$(cat "$scratch/out")" "" "musl: each of $(wc -l <"$scratch/all") files compiles"
}
port_deb()
{
    { command -v dpkg-buildpackage && command -v dh; } >/dev/null || { skip deb "no dpkg-buildpackage or no dh (dpkg-dev, debhelper)"; return; }
    mkdir -p "$scratch/dist"
    { make -C "$builddir" -s distdir distdir="$scratch/dist/arm64lp-$version" && tar -C "$scratch/dist" -czf "$scratch/dist/arm64lp-$version.tar.gz" "arm64lp-$version"; } \
        >"$scratch/log" 2>&1 || { not_ok "deb: a tarball"; tail -n 30 "$scratch/log" | note; return; }
    DEB_CFLAGS_SET=-O0 DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=$(nproc)" sh "$srcdir/.ci/deb" "$scratch/dist/arm64lp-$version.tar.gz" "$builds/deb" >"$scratch/log" 2>&1 &&
        ok "deb: packages" || { not_ok "deb: packages"; tail -n 30 "$scratch/log" | note; return; }
    is "$(cd "$builds/deb" && ls ./*.deb | sed 's/_.*//' | grep -v dbgsym | tr '\n' ' ')" "./arm64lp ./libarm64lp-dev ./libarm64lp0 " "deb: three of them"
    if command -v lintian >/dev/null; then
        lintian --allow-root --fail-on error,warning "$builds"/deb/*.changes >"$scratch/log" 2>&1 && ok "deb: lintian" || { not_ok "deb: lintian"; note <"$scratch/log"; }
    else skip "deb: lintian" "no lintian"; fi
    for p in "$builds"/deb/*.deb; do dpkg-deb -x "$p" "$scratch/debian"; done
    DESTDIR=$scratch/debian bindir=/usr/bin libdir=/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH) sh "$srcdir/tests/install/installed.sh" >"$scratch/log" 2>&1 &&
        ok "deb: the commands work" || { not_ok "deb: the commands work"; note <"$scratch/log"; }
}
version=$(sed -n "s/^VERSION *= *//p" "$builddir/Makefile")
for port in ${PORTS:-clang arm64 s390x musl deb}; do
    path=$PATH
    port_$port
    PATH=$path
    unset PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR
done
tap_done
