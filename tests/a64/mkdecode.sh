#!/bin/sh
# The table compiler rejects bad tables with file, line and reason, and accepts the good ones.
mk=$builddir/lib/a64/mkdecode
here=$srcdir/tests/a64
out=${TMPDIR:-/tmp}/mkdecode-test.$$
mkdir "$out" || exit 99
trap 'rm -rf "$out"' EXIT
n=0
result() { n=$((n + 1)); if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi; }

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
reject unless 1 "'sf' has 1 bits, it is never 2"
reject unless 1 "no field 'nothing'"
reject unless 1 "expected 'field==value', found 'sf'"
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
    grep -q "bad.def:3: expected 'FIRST + SECOND'" "$out/log"
result $? 'bad pairs are rejected'
touch -t 200001010000 "$out/rows.gen.h"
"$mk" "$out" - "$srcdir/lib/a64/fields.decode" "$here/ok_order.decode" && [ "$here/ok_order.decode" -nt "$out/rows.gen.h" ]
result $? 'unchanged output keeps its time'
echo "1..$n"
