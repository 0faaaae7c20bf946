#!/bin/sh
# proof.sh - the proof of every row that is executed is what lib/a64/proof.def (and so `lpdis --rows` and `--coverage`) says: the row has been compared with an oracle
# 200 times in this `make check`, or not at all and has a vector, or a line that property.sh printed and that passed.
. "${srcdir:?}/tests/lib.sh"
need_cross
need_qemu
"$builddir/tests/a64/difftest" proof "$srcdir" "$builddir/tests/a64/property.rows" "$builddir/tests/a64/difftest.counts" "$builddir/tests/a64/chunks.counts" >"$scratch/list" 2>&1 &&
    ok "every row has the proof that is said of it" || not_ok "every row has the proof that is said of it"
grep -v '	qemu[^ ]*: compared [0-9]* times$' "$scratch/list" | sed 's/^# //' | note
# The marks of the rows are those of the list, and a mark that the runs do not bear out is noticed.
lpdis --rows --tsv | awk -F'\t' '$8 == "executed" { print $2, $9 }' | sort >"$scratch/coverage"
sed -n 's/^[^	#]*	\([^	]*\)	\([a-z-]*\)[: ].*/\1 \2/p' "$scratch/list" | sort >"$scratch/judged"
same "$scratch/coverage" "$scratch/judged" "lpdis --rows has the same marks"
notices()
{
    "$builddir/tests/a64/difftest" proof "$srcdir" "$builddir/tests/a64/property.rows" "$scratch/counts" >"$scratch/list" 2>&1
    is "$? $(grep 'NOT SO' "$scratch/list" | cut -f2-)" "1 $1" "$2"
}
cat "$builddir/tests/a64/difftest.counts" "$builddir/tests/a64/chunks.counts" >"$scratch/all"
grep -v '^ADD_reg ' "$scratch/all" >"$scratch/counts"
notices 'ADD_reg	NOT SO: qemu: compared 0 times' "a row that was not compared is noticed"
{ cat "$scratch/all"; echo 'SVC 200 702'; } >"$scratch/counts"
notices 'SVC	NOT SO: property (leaves the program: every system call), but it was compared' "a row that was compared in spite of its mark is noticed"
tap_done
