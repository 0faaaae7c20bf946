#!/bin/sh
# lpdis against objdump and llvm-objdump on files of 10 MB and more of the root that tests/debian-root fetches: the time that passes, and CPU time.
# usage: dis.sh [ROUNDS [FILE...]]
. "$srcdir/tests/lib.sh"
rounds=${1:-3}
[ $# = 0 ] || shift
root=${ARM64LP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/arm64lp}/root/usr
[ $# != 0 ] || set -- "$root/lib/aarch64-linux-gnu/libnode.so.108" "$root/lib/gcc/aarch64-linux-gnu/12/cc1" "$root/lib/aarch64-linux-gnu/libLLVM-14.so.1" \
    "$root/lib/go-1.19/pkg/tool/linux_arm64/compile"
lpdis=$builddir/lpdis
[ -x "$builddir/.libs/lpdis" ] && { lpdis=$builddir/.libs/lpdis; LD_LIBRARY_PATH=$builddir/.libs; export LD_LIBRARY_PATH; }
for theirs in aarch64-linux-gnu-objdump llvm-objdump; do
    command -v "$theirs" >/dev/null || { echo "no $theirs"; continue; }
    args=
    for file; do
        [ ! -e "$file" ] || args="$args $(basename "$file" | cut -c1-12) 'exec $lpdis $file' 'exec $theirs -d $file'"
    done
    [ -n "$args" ] || { echo "none of the files is here: $*"; exit 0; }
    echo "time that passes, against $theirs -d"
    eval "\"$builddir\"/tests/bench/compare -w -h 'lpdis ms' '${theirs##*-gnu-} ms' \"$rounds\" $args"
    echo "CPU time"
    eval "\"$builddir\"/tests/bench/compare -h 'lpdis ms' '${theirs##*-gnu-} ms' \"$rounds\" $args"
done
