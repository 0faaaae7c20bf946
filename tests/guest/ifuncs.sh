#!/bin/sh
# glibc's string functions in each variant that its IFUNCs can choose here (by the CPU that they find): the same results from all
# of them as under qemu-aarch64, and no variant left out but those that need SVE or MTE.
. "$srcdir/tests/lib.sh"
need_cross
need_qemu
nm=${CROSS_NM:-${CROSS_CC%gcc}nm}
program=$scratch/strfuncs
arm64_cc "$program" "$tests/guest/strfuncs.c" -O2 $(sed -n 's,^/\* flags: \(.*\) \*/,\1,p' "$tests/guest/strfuncs.c") || skip_all "strfuncs.c does not compile"
level=${ARM64LP_STRINGS:-1}
timeout 300 "$QEMU_AARCH64" "$program" "$level" >"$scratch/want" 2>&1
like "$(cat "$scratch/want")" '^0 wrong' "qemu finds nothing wrong"
timeout 300 "$QEMU_AARCH64" "$program" 0 >"$scratch/want0" 2>&1

"$nm" "$program" | sed -n 's/^\([0-9a-f]*\) [TtWi] \(__.*_[a-z0-9]*\)$/\1 \2/p' >"$scratch/symbols"
# chosen OPTION...: the names of the variants that these lprun options give
chosen() { lprun --no-control "$@" "$program" where | while read -r f address; do sed -n "s/^$address \(__${f}_.*\)/\1/p" "$scratch/symbols"; done; }
run() { timeout 300 lprun --no-control "$@" >"$scratch/have" 2>&1; }

for cpu in max cortex-a53 neoverse-n1 thunderxt88 thunderx2t99 falkor emag kunpeng920; do
    chosen --cpu $cpu >"$scratch/now"
    cat "$scratch/now" >>"$scratch/seen"
    run --cpu $cpu "$program" "$level"
    same "$scratch/have" "$scratch/want" "$cpu: $(sed 's/^__//' "$scratch/now" | tr '\n' ' ')"
done
run --isolate "$program" 0
same "$scratch/have" "$scratch/want0" "checked"
for variant in $(sed -n 's/^[0-9a-f]* \(__\(mem\|str\)[a-z]*_[a-z0-9]*\)$/\1/p' "$scratch/symbols" | grep -v -E '_(chk|ifunc|nocancel|internal|sve|a64fx|mte|r|l|c|g)$'); do
    grep -q -x "$variant" "$scratch/seen" && ok "$variant was chosen" || not_ok "$variant was never chosen"
done
tap_done
