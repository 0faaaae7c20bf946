#!/bin/sh
# everyword.sh - which words are instructions: capstone's opinion of random words of every leaf of the decision tree, and of every 509th word.
# By hand, all 2^32 of them: everyword.sh --step 1 [--part I/N] [--threads T]
. "${srcdir:?}/tests/lib.sh"
everyword=$builddir/tests/a64/everyword
# compare NAME OPTION...
compare()
{
    name=$1
    shift
    "$everyword" "$@" >"$scratch/log" 2>&1
    status=$?
    case $status in
    0) ok "$name" ;;
    77) skip "$name" "another capstone" ;; # everyword.def has the opinions of one
    *) not_ok "$name" ;;
    esac
    head -n 200 "$scratch/log" | note
}
# A hint with a row has its name, which the assembler takes for that hint; one without is a number.
hints_have_names()
{
    words=$(n=0; while [ $n -lt 128 ]; do printf '%08x ' $((0xd503201f + 32 * n)); n=$((n + 1)); done)
    lpdis -w $words | tr -s ' \t' ' ' | cut -d' ' -f4- >"$scratch/hints"
    named=$(cat "$srcdir"/lib/a64/*.decode | grep -c '^[A-Z0-9_]* *| 11010101000000110010 [01]')
    is "$(grep -cv '^hint #' "$scratch/hints")" $((named + 3)) "every hint with a row has its name" # BTI has four
    have_cross || { skip "the assembler knows the names of hints" "no cross compiler"; return; }
    { echo .arch armv8.5-a+profile; cat "$scratch/hints"; } >"$scratch/hints.s"
    "$CROSS_CC" -c "$scratch/hints.s" -o "$scratch/hints.o" 2>&1 | head -n 5 | note
    "${CROSS_CC%gcc}objcopy" -O binary -j .text "$scratch/hints.o" "$scratch/hints.bin" 2>&1 | note
    is "$(od -An -v -tx4 "$scratch/hints.bin" | tr -d '\n')" " ${words% }" "the assembler knows the names of hints"
}
if [ $# -gt 0 ]; then
    compare "by hand" "$@"
else
    compare "1000 words of every leaf" --leaves 1000
    compare "every 509th word" --step 509 --seed "$(fresh_seed)"
    lpdis --rows -v --tsv >"$scratch/tsv" 2>"$scratch/sum"
    rows=$(wc -l <"$scratch/tsv")
    is "$(cut -f8 "$scratch/tsv" | sort -u | tr '\n' ' ')" 'el1 executed off todo ' "lpdis --rows has the states"
    is "$(awk -F'\t' '{ print ($8 == "executed") == ($9 != "none") }' "$scratch/tsv" | sort -u)" 1 "what is executed has a proof, and nothing else"
    is "$(lpdis --rows | wc -l) $(lpdis --rows --json | wc -l) $(cut -f2 "$scratch/tsv" | sort -u | wc -l)" "$rows $rows $rows" "one line for each row"
    numbers() { tr -s ' ,' '\n\n' | awk '/^[0-9]+$/ { n += $1 } END { print n }'; }
    executed=$(grep -c '	executed	' "$scratch/tsv")
    is "$(grep -v proved: "$scratch/sum" | numbers) $(grep proved: "$scratch/sum" | numbers)" "$rows $executed" "with -v, the numbers go to standard error"
    hints_have_names
    names="lpdis names what capstone does not know"
    [ $status = 77 ] && skip "$names" "another capstone" || is "$(lpdis -w 04220020 d9200820 d69f03e0 042057f3 | tr -s ' \t' ' ')" ' 0: 04220020 add z0.b, z1.b, z2.b
 4: d9200820 stg x0, [x1]
 8: d69f03e0 eret
 c: 042057f3 .inst 0x042057f3 ; ADDVL_rri' "$names"
fi
tap_done
