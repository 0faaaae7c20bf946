#!/bin/sh
# lpdiff beside bsdiff and xdelta3: time, memory and size, over sizes of text. OLD is a file of the arm64 root, NEW the same with one instruction changed,
# so the work is that of reading and comparing all of both. usage: diff.sh [FILE...], by default programs from 0.3 to 100 MB.
# BSDIFF_MAX=MB: bsdiff for larger files too (it needs 17 times the memory of the file); 20 by default.
. "$srcdir/tests/lib.sh"
have python3 || skip_all "no python3"
[ $# != 0 ] || set -- usr/bin/grep usr/bin/bash usr/lib/aarch64-linux-gnu/libsqlite3.so.0 usr/lib/aarch64-linux-gnu/libstdc++.so.6 \
    usr/lib/aarch64-linux-gnu/libcrypto.so.3 usr/bin/python3.11 usr/lib/postgresql/15/bin/postgres usr/lib/jvm/java-17-openjdk-arm64/lib/server/libjvm.so \
    usr/lib/gcc/aarch64-linux-gnu/12/cc1 usr/lib/aarch64-linux-gnu/libnode.so.108 usr/lib/aarch64-linux-gnu/libLLVM-14.so.1
root=$(sh "$tests/debian-root/fetch.sh" all 2>/dev/null) || root=${ARM64LP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/arm64lp}/root
tools=$(sh "$tests/diff/fetch.sh" --tools 2>/dev/null) || tools=/usr/bin
cd "$scratch" || exit 1
lpdiff=$builddir/lpdiff
# libtool's script is not measured.
[ ! -x "$builddir/.libs/lpdiff" ] || { lpdiff=$builddir/.libs/lpdiff LD_LIBRARY_PATH=$builddir/.libs; export LD_LIBRARY_PATH; }
cat >measure.py <<'E2'
import os, struct, sys, time
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
def run(argv):
    begin = time.time()
    child = os.fork()
    if child == 0:
        out = os.open('/dev/null' if argv[0] == '-' else argv[0], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(os.open('errors', os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        os.execvp(argv[1], argv[1:])
    _, status, usage = os.wait4(child, 0)
    print('%.2f %.2f %d %d' % (time.time() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss >> 10, status >> 8))
change(*sys.argv[2:]) if sys.argv[1] == 'change' else run(sys.argv[2:])
E2
size() { [ -s "$1" ] && wc -c <"$1" || echo -; }
printf '%-16s %8s %8s | %7s %6s %7s %8s | %7s %6s %8s | %7s %6s %8s\n' 'KB; s, MB, bytes' text file lpdiff memory 'x files' patch bsdiff memory delta xdelta3 memory delta
for f; do
    case $f in /*) old=$f ;; *) old=$root/$f ;; esac
    [ -f "$old" ] || { echo "no $f" | note; continue; }
    rm -f new patch delta xdelta
    set -- $(python3 measure.py change "$old" new)
    text=$1 file=$2
    set -- $(python3 measure.py run patch "$lpdiff" --assume-line --heuristic "$old" new)
    if [ "$4" = 1 ]; then patch=$(size patch); else patch="status $4"; head -n 3 errors | note; fi
    printf '%-16s %8d %8d | %7s %6d %7s %8s | ' "${f##*/}" "$text" "$file" "$2" "$3" "$(awk -v m="$3" -v f="$file" 'BEGIN { printf "%.1f", m * 1024 / (2 * f) }')" "$patch"
    if [ -x "$tools/bsdiff" ] && [ "$file" -lt $((${BSDIFF_MAX:-20} * 1024)) ]; then
        set -- $(python3 measure.py run - "$tools/bsdiff" "$old" new delta)
        printf '%7s %6d %8s | ' "$2" "$3" "$(size delta)"
    else
        printf '%7s %6s %8s | ' - - -
    fi
    if [ -x "$tools/xdelta3" ]; then
        set -- $(python3 measure.py run - "$tools/xdelta3" -f -e -9 -s "$old" new xdelta)
        printf '%7s %6d %8s\n' "$2" "$3" "$(size xdelta)"
    else
        printf '%7s %6s %8s\n' - - -
    fi
done
