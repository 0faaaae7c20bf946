#!/bin/sh
# Cut and damaged files as OLD and NEW: an error, never a crash and never a hang. hostile.sh [COUNT [SEED]]
. "$srcdir/tests/lib.sh"
need_cross
have python3 || skip_all "no python3"
count=${1:-150}
[ "${ARM64LP_DIFF:-}" != full ] || count=${1:-3000}
cd "$scratch" || exit 1
lpdiff=$builddir/lpdiff
# libtool's script is slow to start
[ ! -x "$builddir/.libs/lpdiff" ] || { lpdiff=$builddir/.libs/lpdiff LD_LIBRARY_PATH=$builddir/.libs; export LD_LIBRARY_PATH; }
"$CROSS_CC" -w -g -O2 -pie -Wl,--build-id -o old "$tests/e2e/threads.c" "$tests/diff/layout.c" -lm -lpthread &&
    "$CROSS_CC" -w -g -O2 -DCHANGED -pie -Wl,--build-id -o new "$tests/diff/layout.c" "$tests/e2e/threads.c" -lm -lpthread || { not_ok "compile"; tap_done; }
for seed in 1 "${2:-$(fresh_seed)}"; do
    if timeout -k 5 3000 python3 "$tests/diff/hostile.py" "$seed" "$count" "$lpdiff" old new >out 2>&1; then ok "$count damaged pairs, seed $seed"; else not_ok "$count damaged pairs, seed $seed"; fi
    note <out
done
tap_done
