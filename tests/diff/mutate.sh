#!/bin/sh
# One instruction or one datum of a linked file becomes another one (mutate.c): lpdiff names the function or the object, or refuses with a reason of its
# list; it never says that the files are the same. ARM64LP_MUTATIONS=10000: so many in all. mutate.sh [SEED [FILE...]]
. "$srcdir/tests/lib.sh"
total=${ARM64LP_MUTATIONS:-2000}
need_cross
sysroot=$(arm64_sysroot) || skip_all "no AArch64 shared libraries"
mutate=$builddir/tests/diff/mutate
fresh=${1:-$(fresh_seed)}
[ $# = 0 ] || shift
code="$tests/e2e/threads.c $tests/diff/layout.c"
cd "$scratch" || exit 1

# mutated NAME COUNT SEED FILE [OPTION...]
made=0 right=0 internal=0
mutated()
{
    name=$1 count=$2 seed=$3 file=$4
    shift 4
    status=0
    timeout -k 5 7200 "$mutate" -n "$count" -s "$seed" "$@" "$file" >out 2>&1 || status=$?
    line=$(tail -n 1 out)
    number() { echo "$line" | sed -n "s/.*\b$1 \([0-9]*\).*/\1/p"; }
    is "$status $(number missed) $(number elsewhere)" "0 0 0" "$name, seed $seed: $line"
    [ "$status" = 0 ] || head -n 20 out | note
    made=$((made + $(number changes) + 0)) right=$((right + $(number right) + 0)) internal=$((internal + $(number internal) + 0))
}
# both NAME PER-MILLE FILE [OPTION...]: that share of all changes, by a fixed seed and by a fresh one
both()
{
    share=$((total * $2 / 2000 + 1))
    name=$1 file=$3
    shift 3
    for seed in 1 "$fresh"; do mutated "$name" $share $seed "$file" "$@"; done
}
# linked OUT COMPILER FLAG...
linked()
{
    out=$1
    shift
    "$@" -w -Wl,--build-id -o "$out" $code -lm -lpthread 2>log && return
    not_ok "$out: builds"
    note <log
    return 1
}

if [ $# != 0 ]; then
    for f; do both "$f" 1000 "$f"; done
    tap_done
fi
linked pie "$CROSS_CC" -O2 -pie && both "PIE" 120 pie
linked shared "$CROSS_CC" -Os -fPIC -shared && both "library, -Os" 120 shared
linked exec "$CROSS_CC" -O1 -no-pie && both "position-dependent" 120 exec
linked plain "$CROSS_CC" -O0 -pie && both "PIE, -O0" 120 plain
linked relocs "$CROSS_CC" -O2 -pie -Wl,-q && both "with relocations" 120 relocs
! have "${CROSS_CC%gcc}strip" || { "${CROSS_CC%gcc}strip" -o stripped pie && both "stripped" 120 stripped -S pie; }
if have_arm64_clang; then linked clang arm64_clang -O2 && both "clang" 120 clang; else skip "clang" "no clang for AArch64"; fi
linked static "$CROSS_CC" -O2 -static && both "static, with the C library" 60 static
# Of real libraries, which have no symbols but those that others use.
both "libresolv" 100 "$sysroot/lib/libresolv.so.2"
[ "$total" -lt 10000 ] || for f in libm.so.6 libc.so.6 ld-linux-aarch64.so.1; do both "$f" 30 "$sysroot/lib/$f"; done
is "$((100 * right >= 98 * made))" 1 "$right of $made are named where they are"
is "$((100 * internal <= made))" 1 "$internal of $made patches failed their own check"
tap_done
