#!/bin/sh
# Same in, nothing out. lpdiff says nothing about a file and itself, nor about a program of the same objects whose layout is another one: functions and
# data in front, objects in the other order, other addresses. Files of the arm64 root, every one with ARM64LP_DIFF=full (make check-diff).
. "$srcdir/tests/lib.sh"
full=; [ "${ARM64LP_DIFF:-}" = full ] && full=y
need_cross
have python3 || skip_all "no python3"
sysroot=$(arm64_sysroot) || skip_all "no AArch64 shared libraries"
cd "$scratch" || exit 1
LC_ALL=C
export LC_ALL

# nothing NAME OLD NEW [OPTION...]
nothing()
{
    name=$1 old=$2 new=$3
    shift 3
    status=0
    timeout -k 5 300 "$builddir/lpdiff" "$@" "$old" "$new" >patch 2>err || status=$?
    is "$status $(wc -c <patch)" "0 0" "$name"
    [ "$status" = 0 ] || head -n 5 err | note
    [ "$status" != 1 ] || "$builddir/lpdiff" --summary "$@" "$old" "$new" 2>&1 | head -n 10 | note
}

# ---- the same objects ----
cat >front.c <<'E2'
int front_variable = 4;
static const char *const front_texts[] = {"something", "in", "front"};
const char *front_function(int n) { return front_variable > n ? front_texts[n % 3] : "front"; }
static char front_zero[777];
char *front_room(int n) { return front_zero + n; }
E2
# The layouts: what the linker is told, in front of the objects
layouts='front nothing
reversed nothing
elsewhere -Wl,-Ttext-segment=0x1230000
apart -Wl,-z,separate-code,-z,max-page-size=0x10000
sorted -Wl,--sort-section=name'
# objects AS SOURCE COMPILER FLAG...
objects()
{
    as=$1 source=$2
    shift 2
    "$@" -w $pic -c "$source" -o a.o && "$@" -w $pic -c "$tests/diff/layout.c" -o b.o && "$@" -w $pic -c front.c -o front.o
}
# linked AS OUT COMPILER FLAG... OBJECT...
linked()
{
    as=$1 out=$2
    shift 2
    case $as in
    static) "$@" -static -Wl,--build-id -o "$out" -lm -lpthread ;;
    pie) "$@" -pie -Wl,--build-id -o "$out" -lm -lpthread ;;
    shared) "$@" -shared -Wl,--build-id,-soname,lib.so -o "$out" -lm -lpthread ;;
    esac
}
# shifted NAME AS SOURCE COMPILER FLAG...
shifted()
{
    what=$1 as=$2 source=$3
    shift 3
    pic=; [ "$as" = static ] || pic=-fPIC
    objects "$as" "$source" "$@" && linked "$as" old "$@" a.o b.o || { not_ok "$what: builds"; return; }
    echo "$layouts" >layouts
    while read -r layout flag; do
        [ "$flag" != nothing ] || flag=
        [ "$as $layout" != 'pie elsewhere' ] || continue # the linker makes a position-dependent program of it
        case $layout in
        front) linked "$as" new "$@" front.o a.o b.o ;;
        reversed) linked "$as" new "$@" b.o front.o a.o ;;
        *) linked "$as" new "$@" $flag a.o b.o ;;
        esac || { not_ok "$what, $layout: builds"; continue; }
        nothing "$what, $layout" old new
    done <layouts
}
shifted 'library, -Os' shared "$tests/e2e/threads.c" "$CROSS_CC" -g -Os
shifted 'library' shared "$tests/e2e/threads.c" "$CROSS_CC" -O2
shifted 'static' static "$tests/guest/hashmap.c" "$CROSS_CC" -g -O2
shifted 'static, in sections' static "$tests/guest/hashmap.c" "$CROSS_CC" -O2 -ffunction-sections -fdata-sections -Wl,--gc-sections
if [ -n "$full" ]; then
    shifted 'PIE' pie "$tests/e2e/threads.c" "$CROSS_CC" -g -O2
    for flag in -O0 -O1 -O3 '-O2 -Wl,-q' '-O2 -ffunction-sections -fdata-sections -Wl,--gc-sections' '-O2 -mbranch-protection=standard'; do
        for as in static pie shared; do
            shifted "$as, $flag" $as "$tests/guest/hashmap.c" "$CROSS_CC" $flag
        done
    done
    have_arm64_clang && for flag in -O0 -O2 -Os; do for as in static pie shared; do shifted "$as, clang $flag" $as "$tests/guest/hashmap.c" arm64_clang $flag; done; done
fi

# ---- the root ----
if root=$(sh "$tests/debian-root/fetch.sh" ${full:+all} ${full:-tools} 2>apt.log); then
    find "$root/usr" "$root/opt" -type f -size +1k 2>/dev/null | sort | python3 -c '
import os, sys
for f in sys.stdin:
    b = open(f[:-1], "rb").read(20)
    if b[:6] == b"\177ELF\2\1" and b[16] in (2, 3) and b[18:] == b"\267\0" and (sys.argv[1:] or os.path.getsize(f[:-1]) < 3000000): print(f, end="")' $full >files
    [ -n "$full" ] || { awk 'NR % 40 == 7' files >some; mv some files; }
    count=0 wrong=0
    while read -r f; do
        count=$((count + 1))
        status=0
        timeout -k 5 300 "$builddir/lpdiff" "$f" "$f" >patch 2>err || status=$?
        [ "$status $(wc -c <patch)" = "0 0" ] || { wrong=$((wrong + 1)); [ $wrong -gt 20 ] || { echo "$status ${f#"$root"}"; head -n 2 err; } | note; }
    done <files
    is "$wrong $([ $count -gt 0 ] || echo none)" "0 " "$count files of the root against themselves"
else
    skip "files of the root" "not to be had"
fi
tap_done
