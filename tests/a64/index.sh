#!/bin/sh
# index.sh - is the manual's index of instructions (lib/a64/index.def) what the tables have, and are the words of every row called as it says?
# A fixed seed and a fresh one. By hand: index.sh [--seed S] [-v]
. "${srcdir:?}/tests/lib.sh"
# tried NAME OPTION...
tried()
{
    name=$1
    shift
    "$builddir/tests/a64/index" "$@" >"$scratch/log" 2>&1
    case $? in
    0) ok "$name" ;;
    77) skip_all "no capstone" ;;
    *) not_ok "$name" ;;
    esac
    sed 's/^# //' "$scratch/log" | note
}
with_seeds tried "$@"
[ $# = 0 ] || tap_done
# What lpdis lists: as many lines as index has read, in every format; states and proofs are those of the rows.
lines=$(sed -n 's/^# \([1-9][0-9]*\) lines, .*/\1/p' "$scratch/log")
lpdis --coverage --tsv >"$scratch/list"
lpdis --rows --tsv | cut -f2,8,9 >"$scratch/rows"
is "$(wc -l <"$scratch/list") $(lpdis --coverage | wc -l) $(lpdis --coverage --json | wc -l)" "$lines $lines $lines" "lpdis --coverage: a line for each instruction"
awk -F'\t' '
    function add(list, x) { return index("," list ",", "," x ",") ? list : list (list ? "," : "") x }
    function sorted(list, names,  k, n, i, out) { n = split(names, k, " "); for (i = 1; i <= n; i++) if (index("," list ",", "," k[i] ",")) out = add(out, k[i]); return out }
    NR == FNR { state[$1] = $2; proof[$1] = $3; next }
    { n = split($8, r, " "); s = p = ""
      for (i = 1; i <= n; i++) { s = add(s, state[r[i]]); if (proof[r[i]] != "none") p = add(p, proof[r[i]]) }
      known += state[r[1]] != ""
      if (sorted(s, "executed todo el1 off") != $6 || (p ? sorted(p, "qemu qemu-new vectors property") : "none") != $7) print $2, $6, $7 }
    END { print known, "lines have rows" }' \
    "$scratch/rows" "$scratch/list" >"$scratch/different"
is "$(tail -n 5 "$scratch/different")" "$lines lines have rows" "lpdis --coverage: states and proofs of the rows"
is "$(awk -F'\t' '$2 ~ /^SETG/ { print $5 }' "$scratch/list" | sort | uniq -c | tr -s ' ')" " 4 FEAT_MTE and FEAT_MOPS" "lpdis --coverage: what is needed together"
is "$(awk -F'\t' '$2 == "AT" || $2 == "TLBI" { print $5 }' "$scratch/list" | tr '\n' ' ')" "(FEAT_PAN2) (FEAT_TLBIOS, FEAT_TLBIRANGE, FEAT_XS) " "lpdis --coverage: what some operations of AT and TLBI need"
is "$(lpdis --coverage | awk '{ title = $0; sub(/ (C6|C7)\.2 .*/, " &", title); sub(/\.2 .*/, ".2", title); print title }' | sort | uniq -d)" "" "lpdis --coverage: no line begins as another one"
tap_done
