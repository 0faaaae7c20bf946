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
linked shared "$CROSS_CC" -Os -fPIC -shared && both "library, -Os" 60 shared
linked exec "$CROSS_CC" -O1 -no-pie && both "position-dependent" 120 exec
linked plain "$CROSS_CC" -O0 -pie && both "PIE, -O0" 60 plain
linked relocs "$CROSS_CC" -O2 -pie -Wl,-q && both "with relocations" 120 relocs
! have "${CROSS_CC%gcc}strip" || { "${CROSS_CC%gcc}strip" -o stripped pie && both "stripped" 120 stripped -S pie; }
# Texts of a switch: clang makes a table of offsets of them, and ld.lld keeps the relocations of that. (It makes an ADR of what loads from a slot, and
# leaves the slot there, which nothing reads then: not so with --no-relax.)
cat >texts.c <<'E2'
#include <stdio.h>
__attribute__((noinline)) const char *name_of(int n)
{
    switch (n) {
    case 0: return "no error";
    case 1: return "not found";
    case 2: return "not permitted";
    case 3: return "out of memory";
    case 4: return "interrupted";
    case 5: return "too large";
    case 6: return "not a directory";
    case 7: return "found";
    case 8: return "memory";
    default: return "unknown";
    }
}
__attribute__((noinline)) static const char *sign_of(int n)
{
    switch (n) {
    case 10: return "<";
    case 11: return ">=";
    case 12: return "not found";
    case 13: return ">";
    case 14: return "=";
    default: return "?";
    }
}
__attribute__((constructor)) static void name_all(void) { for (int i = 0; i < 16; i++) fprintf(stderr, "%s %s\n", name_of(i), sign_of(i)); }
E2
if have clang && have ld.lld; then
    linked lld clang --target=aarch64-linux-gnu -fuse-ld=lld -O2 -fPIE -pie -Wl,-q,--no-relax texts.c && both "clang and lld with relocations, texts of a switch" 60 lld
    linked lldexec clang --target=aarch64-linux-gnu -fuse-ld=lld -Os -fPIC -no-pie texts.c && both "the same, position-dependent, without relocations" 60 lldexec
else
    skip "clang and lld" "no clang with ld.lld"
fi
if have_arm64_clang; then linked clang arm64_clang -O2 && both "clang" 120 clang; else skip "clang" "no clang for AArch64"; fi
linked static "$CROSS_CC" -O2 -static && both "static, with the C library" 60 static
if [ "$total" -ge 10000 ]; then
    linked lto "$CROSS_CC" -O2 -flto -pie && both "link-time optimisation" 30 lto
    linked bti "$CROSS_CC" -O3 -mbranch-protection=standard -pie && both "BTI and PAC, -O3" 30 bti
    linked large "$CROSS_CC" -O1 -mcmodel=large -fno-pic -no-pie && both "literals" 30 large
    linked sections "$CROSS_CC" -O2 -fPIC -ffunction-sections -fdata-sections -Wl,--gc-sections -shared && both "library, in sections" 30 sections
fi
# Of real libraries, which have no symbols but those that others use.
both "libresolv" 100 "$sysroot/lib/libresolv.so.2"
[ "$total" -lt 10000 ] || for f in libm.so.6 libc.so.6 ld-linux-aarch64.so.1; do both "$f" 30 "$sysroot/lib/$f"; done
is "$((100 * right >= 98 * made))" 1 "$right of $made are named where they are"
is "$((100 * internal <= made))" 1 "$internal of $made patches failed their own check"
tap_done
