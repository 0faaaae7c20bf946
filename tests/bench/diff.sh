#!/bin/sh
# lpdiff beside bsdiff and xdelta3: time, memory and size, over sizes of text. OLD is a file of the arm64 root, NEW the same with one instruction changed,
# so the work is that of reading and comparing all of both. usage: diff.sh [FILE...], by default programs from 0.1 to 100 MB;
# memory: the peak of resident memory as GNU time has it, the pages of both files and of the libraries counted; x files: as often as both files are large.
# rest: the same without what the process itself takes: the C library, ours, and its tables of instructions (of a file of 66 KB with itself).
# BSDIFF_MAX=MB: bsdiff for larger files too (it needs 17 times the memory of the file); 20 by default.
. "$srcdir/tests/lib.sh"
have python3 || skip_all "no python3"
[ -x /usr/bin/time ] || skip_all "no GNU time"
[ $# != 0 ] || set -- usr/bin/true usr/bin/grep usr/bin/bash usr/lib/aarch64-linux-gnu/libsqlite3.so.0 usr/lib/aarch64-linux-gnu/libstdc++.so.6 \
    usr/lib/aarch64-linux-gnu/libcrypto.so.3 usr/bin/python3.11 usr/lib/postgresql/15/bin/postgres usr/lib/jvm/java-17-openjdk-arm64/lib/server/libjvm.so \
    usr/lib/gcc/aarch64-linux-gnu/12/cc1 usr/lib/aarch64-linux-gnu/libnode.so.108 usr/lib/aarch64-linux-gnu/libLLVM-14.so.1
root=$(sh "$tests/debian-root/fetch.sh" all 2>/dev/null) || root=${ARM64LP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/arm64lp}/root
tools=$(sh "$tests/diff/fetch.sh" --tools 2>/dev/null) || tools=/usr/bin
cd "$scratch" || exit 1
lpdiff=$builddir/lpdiff
# libtool's script is not measured.
[ ! -x "$builddir/.libs/lpdiff" ] || { lpdiff=$builddir/.libs/lpdiff LD_LIBRARY_PATH=$builddir/.libs; export LD_LIBRARY_PATH; }
cat >change.py <<'E2'
import struct, sys
def change(old, new):
    """One 32-bit addition in the middle of the text adds something else; prints the text's size in KB."""
    b = bytearray(open(old, 'rb').read())
    at, = struct.unpack_from('<Q', b, 40)
    size, count, names = struct.unpack_from('<HHH', b, 58)
    sections = [struct.unpack_from('<IIQQQQ', b, at + i * size) for i in range(count)]
    text = max((s for s in sections if s[1] == 1 and s[2] & 4), key=lambda s: s[5])
    for o in range(text[4] + text[5] // 8 * 4, text[4] + text[5], 4):
        w, = struct.unpack_from('<I', b, o)
        if w & 0xffc003ff == 0x11000021:
            struct.pack_into('<I', b, o, w ^ 0x400)
            break
    open(new, 'wb').write(b)
    print(text[5] >> 10, len(b) >> 10)
change(*sys.argv[1:])
E2
# run OUTPUT COMMAND...: seconds, seconds of CPU, MB, status. (What a process had before it became another program counts for its memory: not python's.)
run()
{
    output=$1
    shift
    /usr/bin/time -f '%e %U %S %M %x' -o usage "$@" >"$output" 2>errors || :
    awk '/^[0-9.]+ [0-9.]+ [0-9.]+ [0-9]+ [0-9]+$/ { printf "%s %.2f %.1f %d\n", $1, $2 + $3, $4 / 1024, $5 }' usage
}
size() { [ -s "$1" ] && wc -c <"$1" || echo -; }
# per VALUE UNIT N: one of so many of a unit
per() { awk -v v="$1" -v u="$2" -v n="$3" 'BEGIN { printf "%.2f", v * u / n }'; }
base=0
small=$root/usr/bin/true
[ ! -f "$small" ] || base=$(run /dev/null "$lpdiff" "$small" "$small" | cut -d ' ' -f 3)
printf '%-16s %8s %8s | %6s %6s %6s %6s %7s %5s %8s | %7s %6s %8s | %7s %6s %8s\n' 'KB; s, MB, bytes' text file wall CPU CPU/MB memory 'x files' rest patch \
    bsdiff memory delta xdelta3 memory delta
for f; do
    case $f in /*) old=$f ;; *) old=$root/$f ;; esac
    [ -f "$old" ] || { echo "no $f" | note; continue; }
    rm -f new patch delta xdelta
    set -- $(python3 change.py "$old" new)
    text=$1 file=$2
    set -- $(run patch "$lpdiff" --assume-line --heuristic "$old" new)
    if [ "$4" = 1 ]; then patch=$(size patch); else patch="status $4"; head -n 3 errors | note; fi
    rest=$(awk -v m="$3" -v b="$base" 'BEGIN { print (m > b ? m - b : 0) }')
    printf '%-16s %8d %8d | %6s %6s %6s %6s %7s %5s %8s | ' "${f##*/}" "$text" "$file" "$1" "$2" "$(per "$2" 1024 "$text")" "$3" "$(per "$3" 512 "$file")" \
        "$(per "$rest" 512 "$file")" "$patch"
    if [ -x "$tools/bsdiff" ] && [ "$file" -lt $((${BSDIFF_MAX:-20} * 1024)) ]; then
        set -- $(run /dev/null "$tools/bsdiff" "$old" new delta)
        printf '%7s %6s %8s | ' "$2" "$3" "$(size delta)"
    else
        printf '%7s %6s %8s | ' - - -
    fi
    if [ -x "$tools/xdelta3" ]; then
        set -- $(run /dev/null "$tools/xdelta3" -f -e -9 -s "$old" new xdelta)
        printf '%7s %6s %8s\n' "$2" "$3" "$(size xdelta)"
    else
        printf '%7s %6s %8s\n' - - -
    fi
done
