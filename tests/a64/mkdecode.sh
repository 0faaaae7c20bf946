#!/bin/sh
# The table compiler rejects bad tables with file, line and reason, and accepts the good ones.
. "${srcdir:?}/tests/lib.sh"
mk=$builddir/lib/a64/mkdecode
here=$tests/a64
out=$scratch
# result STATUS NAME
result() { if [ "$1" = 0 ]; then ok "$2"; else not_ok "$2"; fi; }

# reject TABLE LINE TEXT: fails, and says FILE:LINE: ...TEXT...
reject() {
    "$mk" "$out" - "$srcdir/lib/a64/fields.decode" "$here/err_$1.decode" >"$out/log" 2>&1
    status=$?
    [ $status = 1 ] && grep -q "err_$1.decode:$2: .*$3" "$out/log"
    r=$?
    [ $r = 0 ] || sed 's/^/# /' "$out/log"
    result $r "err_$1.decode: $3"
}
reject width 1 'has 19 bits instead of 32'
reject field 1 "unknown field 'mystery'"
reject twice 1 "'Rd' occurs twice"
reject name 2 'used already at .*err_name.decode:1'
reject overlap 2 'TWO overlaps ONE .*err_overlap.decode:1'
reject bytes 1 'derive twice'
reject bytes 2 'the fields take 15 bytes, an op has 14'
reject hot 1 '7 bits would make 128 copies'
reject hot 2 "'Rn' is a register"
reject branch 1 'signed field off'
reject branch 2 'a branch is pcrel'
reject branch 3 'signed field (off:26.s), or immhi and immlo'
reject unless 1 "'sf' has 1 bits, it is never 2"
reject unless 1 "no field 'nothing'"
reject unless 1 "expected 'field==value', found 'sf'"
reject access 1 'mem goes with load(), store(), update() or block'
reject access 2 'mem goes with'
reject access 3 'a base register (Rn.sp)'
reject access 4 'expected a size'
reject access 5 "'X31' is neither X0 to X30 nor SP"
reject access 6 'expected list(V register'
reject access 7 "expected 'guard NAME"
reject circle 1 'the order of rows is circular'
reject syntax 1 'expected .NAME | pattern'
reject syntax 2 "'9BAD' is no instruction name"
reject syntax 3 "unknown role '.q'"
reject syntax 4 "unknown attribute 'frobnicate'"
reject syntax 5 "'hot(' has no ')'"
reject syntax 6 "field 'Rd' is declared already"
reject missing 0 'cannot be opened'

"$mk" "$out" - "$srcdir/lib/a64/fields.decode" "$here/ok_order.decode" >"$out/log" 2>&1
result $? 'ok_order.decode is accepted'
grep -q 'A64_NESTED' "$out/rows.gen.h"
result $? 'its rows are in the enum'
printf 'NOSUCH + ALL\nALL(sf=2) + ALL\nALL ALL\n' >"$out/bad.def"
"$mk" "$out" "$out/bad.def" "$srcdir/lib/a64/fields.decode" "$here/ok_order.decode" >"$out/log" 2>&1
[ $? = 1 ] && grep -q "bad.def:1: 'NOSUCH' is no hot row" "$out/log" && grep -q "bad.def:2: ALL: expected hot-field=value" "$out/log" &&
    grep -q "bad.def:3: 'ALL ALL' is no hot row" "$out/log"
result $? 'bad pairs are rejected'
{
    i=0
    while [ $i -lt 70 ]; do echo "feature F$i"; i=$((i + 1)); done
} >"$out/many.fields"
"$mk" "$out" - "$out/many.fields" "$here/ok_order.decode" 2>"$out/log"
[ $? = 1 ] && grep -q 'many.fields:65: F64: more than 64 features' "$out/log"
result $? 'more than 64 features are rejected'
echo 'feature NOROWS' | cat - "$srcdir/lib/a64/fields.decode" | grep -v '^feature [^N]' >"$out/declared.fields"
"$mk" "$out" - "$out/declared.fields" "$here/ok_order.decode"
is "$(sed -n '/^enum lp_feature/,/}/p' "$out/rows.gen.h" | tr -s ' \n' ' ')" \
    'enum lp_feature { LP_FEATURE_NOROWS, LP_FEATURE_A64, LP_FEATURE_COUNT }; ' 'features are numbered as they appear'
printf 'GONE | 00000000000000000000000000000000 | NEVER | el1\nALSO | 10000000000000000000000000000000 | A64 | off\n' >"$out/gone.decode"
"$mk" "$out" - "$srcdir/lib/a64/fields.decode" "$out/gone.decode"
is "$(sed -n 's/^    {"\([A-Z]*\)", "gone", "\([A-Z0-9]*\)", .*, \([0-9]*\), [0-9]*, 0, 0, 0, 0, 0},/\1 \2 \3/p' "$out/decode.gen.h" | tr '\n' ';')" \
    'GONE NEVER 33;ALSO A64 65;' 'rows that programs may not execute say so'
is "$(grep -c 'NEVER' "$out/rows.gen.h") $(ls "$out"/gone.export.gen.h 2>/dev/null)" '0 ' 'they name no feature of a CPU and need no semantics'
"$mk" "$out" - "$srcdir/lib/a64/fields.decode" "$here/ok_order.decode"
touch -t 200001010000 "$out/rows.gen.h"
"$mk" "$out" - "$srcdir/lib/a64/fields.decode" "$here/ok_order.decode"
is "$(find "$out/rows.gen.h" -newer "$here/ok_order.decode")" "" 'unchanged output keeps its time'
tap_done
