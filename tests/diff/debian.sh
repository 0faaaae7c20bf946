#!/bin/sh
# Updates of libraries as Debian ships them for arm64 (`update` in fixes.def): stripped, by Debian's own compilers and flags, a whole update at a time. The old
# library with the patch does in all three uses what the new one does. By make check-diff. debian.sh [NAME...]: these.
. "$srcdir/tests/lib.sh"
. "$tests/diff/build.sh"
. "$tests/diff/drive.sh"
need_cross
have xz || skip_all "no xz"
sysroot=$(arm64_sysroot) || skip_all "no AArch64 shared libraries"
[ $# != 0 ] || set -- $(sed -n 's/^update  *\([^ ]*\).*/\1/p' "$fixes")
tools=$(sh "$tests/diff/fetch.sh" --tools 2>/dev/null) || tools=
XDG_RUNTIME_DIR=$scratch LC_ALL=C
export XDG_RUNTIME_DIR LC_ALL
update_field() { part "$(row update "$1")" "$2"; } # 1 package, 2 library, 3 old version, 4 new version, 5 what it needs

# unpacked NAME: $root has both versions, and what they need
unpacked()
{
    package=$(update_field "$1" 1)
    root=$(sh "$tests/diff/fetch.sh" --shipped "$package=$(update_field "$1" 3)" "$package=$(update_field "$1" 4)" $(update_field "$1" 5) 2>apt.log)
}
# libraries FOLDER OUT: those of an unpacked package, by the names under which they are looked for
libraries()
{
    find "$1" -name 'lib*.so.*' ! -path '*/gconv/*' | while read -r f; do cp -L "$f" "$2/" || return; done
}
# side SIDE VERSION: shipped.SIDE
side()
{
    mkdir "shipped.$1"
    for p in $(update_field "$name" 5) "$package=$2"; do libraries "$root/$p" "shipped.$1" || return; done
    "$CROSS_CC" -pie -o "shipped.$1/try" "$name.o" again.o "shipped.$1/$subject" '-Wl,-rpath,$ORIGIN,--disable-new-dtags,--allow-shlib-undefined' -lm
}
# Of a whole update, too, the patch in xz is smaller than bsdiff's output.
smaller()
{
    [ -n "$tools" ] || { skip "$1: size" "bsdiff is not to be had"; return; }
    "$tools/bsdiff" "shipped.OLD/$subject" "shipped.NEW/$subject" delta
    is "$(($(xz -9e <shipped.lpatch | wc -c) < $(wc -c <delta)))" 1 "$1: $(xz -9e <shipped.lpatch | wc -c) bytes in xz, bsdiff $(wc -c <delta)"
}
update()
{
    name=$1
    mkdir "$scratch/$1"
    cd "$scratch/$1" || exit
    [ -n "$(row update "$1")" ] || { not_ok "$1: no such update"; return; }
    status=0
    unpacked "$1" || status=$?
    [ $status != 3 ] || { skip "$1" "no such versions to be had"; return; }
    [ $status = 0 ] || { not_ok "$1: fetching"; note <apt.log; return; }
    subject=$(update_field "$1" 2)
    for c in "fixes/$1" again; do "$CROSS_CC" -w -O2 -c "$tests/diff/$c.c" -o "${c##*/}.o" || not_ok "$1: $c.c"; done
    side OLD "$(update_field "$1" 3)" >log 2>&1 && side NEW "$(update_field "$1" 4)" >log 2>&1 || { not_ok "$1: builds"; note <log; return; }
    misbehaves=
    wrong "$(tried lprun --no-control shipped.OLD/try)" "$1: the old library is wrong"
    is "$(tried lprun --no-control shipped.NEW/try)" right "$1: the new one is right"
    compared "$1" shipped --heuristic || return
    started "$1" shipped
    live "$1" shipped
    stored "$1" shipped
    smaller "$1"
}
[ $# != 0 ] || not_ok "there are updates to try"
for u; do update "$u"; cd "$scratch" || exit; rm -rf "${scratch:?}/$u"; done
tap_done
