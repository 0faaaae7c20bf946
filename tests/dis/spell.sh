#!/bin/sh
# Words that capstone does not know, whose text is of our own table (lib/a64/spell.c): as objdump and llvm-objdump print them.
. "$srcdir/tests/lib.sh"
as=${CROSS_CC%gcc}as
have "$as" || skip_all "no AArch64 assembler"
seed=${SEED:-$(fresh_seed)}
echo "# SEED=$seed"
grep -o 'A64_[A-Z][A-Za-z0-9_]*' "$srcdir/lib/a64/spell.c" | sed 's/A64_//' | sort -u >"$scratch/rows"
# Of each row 100 words: any, with XZR or SP, with the same register everywhere. Products of 16 bits, because awk's numbers are doubles.
lpdis --coverage --tsv | awk -F'\t' -v seed="$seed" '
    function bits(hex,  i, v) { v = 0; for (i = 3; i <= length(hex); i++) v = v * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1; return v }
    function both(a, b,  r, p) { r = 0; for (p = 1; p < 4294967296; p *= 2) { if (a % 2 && b % 2) r += p; a = int(a / 2); b = int(b / 2) } return r }
    NR == FNR { want[$1] = 1; next }
    want[$2] {
        value = bits($5)
        for (i = 0; i < 100; i++) {
            r = int(rand() * 65536) * 65536 + int(rand() * 65536)
            if (i % 4 == 1) r = r - r % 32 + 31
            if (i % 4 == 2) r = r - r % 1024 + 992 + r % 32
            if (i % 4 == 3) { k = int(rand() * 16); r = r - r % 2097152 + k * (65536 + 1024 + 32 + 1) }
            printf ".inst 0x%08x\n", both(r, 4294967295 - bits($6)) + value
        }
    }
    BEGIN { srand(seed) }' "$scratch/rows" - >"$scratch/words.s"
"$as" -o "$scratch/words.o" "$scratch/words.s" || not_ok "assemble"
features=+v8.7a,+sve2
for theirs in "${CROSS_CC%gcc}objdump" llvm-objdump; do
    have "$theirs" || { skip "as $theirs prints them" "no $theirs"; continue; }
    case $theirs in llvm*) options=--mattr=$features ;; *) options= ;; esac
    out=$(echo "$scratch/words.o" | "$builddir/tests/dis/compare" lpdis "$theirs -dz $options")
    like "$out" '^files 1 words [1-9][0-9]*00 differ 0 missing 0 named 0 stubs 0$' "as $theirs prints them"
done
tap_done
