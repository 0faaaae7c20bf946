#!/bin/sh
# Words that capstone does not know, whose text is of our own tables (lib/a64/spell.c, spell_base.def): as objdump and llvm-objdump print them.
. "$srcdir/tests/lib.sh"
as=${CROSS_CC%gcc}as
have "$as" || skip_all "no AArch64 assembler"
seed=${SEED:-$(fresh_seed)}
echo "# SEED=$seed"
{ grep -o 'A64_[A-Z][A-Za-z0-9_]*' "$srcdir/lib/a64/spell.c" | sed 's/A64_//'; sed -n 's/^TEXT(\([^,]*\),.*/\1/p' "$srcdir/lib/a64/spell_base.def"; } | sort -u >"$scratch/rows"
# Bits of a row's words that are set and cleared, since the others do not know what is written otherwise.
cat >"$scratch/usual" <<'END'
SB 0 0xf00
CFINV 0 0xf00
XAFLAG 0 0xf00
AXFLAG 0 0xf00
MSR_imm_SSBS 0 0xe00
MSR_imm_DIT 0 0xe00
MSR_imm_TCO 0 0xe00
LDAPR 0x1f0000 0
LDRA 0x1000 0
SUBPS 0 0x1
BRB 0x1f 0
END
# Of each row 100 words: any, with XZR or SP, with the same register everywhere. Products of 16 bits, because awk's numbers are doubles.
lpdis --rows --tsv | awk -F'\t' -v seed="$seed" '
    function bits(hex,  i, v) { v = 0; for (i = 3; i <= length(hex); i++) v = v * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1; return v }
    function both(a, b,  r, p) { r = 0; for (p = 1; p < 4294967296; p *= 2) { if (a % 2 && b % 2) r += p; a = int(a / 2); b = int(b / 2) } return r }
    FILENAME ~ /rows$/ { want[$1] = 1; next }
    FILENAME ~ /usual$/ { split($0, u, " "); ones[u[1]] = bits(u[2]); zeros[u[1]] = bits(u[3]); next }
    want[$2] && $4 != "CSSC" {
        value = bits($5)
        for (i = 0; i < 100; i++) {
            r = int(rand() * 65536) * 65536 + int(rand() * 65536)
            if (i % 4 == 1) r = r - r % 32 + 31
            if (i % 4 == 2) r = r - r % 1024 + 992 + r % 32
            if (i % 4 == 3) { k = int(rand() * 16); r = r - r % 2097152 + k * (65536 + 1024 + 32 + 1) }
            r = both(r, 4294967295 - bits($6))
            if ($2 in ones) { r = both(r, 4294967295 - zeros[$2]); r += ones[$2] - both(r, ones[$2]) }
            printf "%s %08x\n", $2, r + value
        }
    }
    BEGIN { srand(seed) }' "$scratch/rows" "$scratch/usual" - | sort -u >"$scratch/words"
# Those that have the row's name: some are undefined, some have a name of their own.
lpdis --tsv -w $(cut -d' ' -f2 "$scratch/words") | awk -F'\t' '{ print $7 }' | paste -d' ' - "$scratch/words" | awk '$1 == $2 { print $2, $3 }' >"$scratch/legal"
is "$(cut -d' ' -f1 "$scratch/legal" | sort -u | wc -l)" "$(cut -d' ' -f1 "$scratch/words" | sort -u | wc -l)" "every row has words"
# Conditions that an alias would invert: AL and NV have no inverse.
for w in 5a99e329 5a99f329 1a9fe7e0 da9fe3e0 1a99e329 9a99e729 5a99e729 da9fe729 5a9fe3e0 9a9ff7e0 1a99c729 5a9f13e0; do echo "CSINV $w"; done >>"$scratch/legal"
features=+v8.7a,+sve2,+mte,+bf16,+i8mm,+crypto,+sha3,+sm4,+fullfp16,+fp16fml,+rand,+ls64,+tme,+pauth,+mops,+hbc,+brbe
for theirs in "${CROSS_CC%gcc}objdump" llvm-objdump; do
    have "$theirs" || { skip "as $theirs prints them" "no $theirs"; continue; }
    case $theirs in llvm*) options=--mattr=$features unknown=MSR_imm_ALLINT ;; *) options= unknown=BRB ;; esac
    grep -v "^$unknown " "$scratch/legal" | sed 's/.* /.inst 0x/' >"$scratch/words.s"
    "$as" -o "$scratch/words.o" "$scratch/words.s" || not_ok "assemble"
    out=$(echo "$scratch/words.o" | "$builddir/tests/dis/compare" lpdis "$theirs -dz $options")
    like "$out" "^files 1 words $(wc -l <"$scratch/words.s") differ 0 missing 0 named 0 stubs 0\$" "as $theirs prints them"
done
tap_done
