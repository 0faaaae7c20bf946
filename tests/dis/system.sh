#!/bin/sh
# Every system register and every system instruction: is what has no name called by its fields, and is what objdump and llvm-objdump agree on ours too?
. "$srcdir/tests/lib.sh"
cd "$scratch" || exit 1
# words FIRST COUNT STEP: numbers, because awk knows no others.
words() { awk -v first="$1" -v n="$2" -v step="$3" 'BEGIN { for (i = 0; i < n; i++) printf "%08x\n", first + i * step }'; }
# MRS and MSR (register) of op0 2 and 3 with X3; MRS is 0xd5300003, MSR 0xd5100003.
{ words 3576692739 32768 32; words 3574595587 32768 32; } >registers
# Those that name no register say op0, op1, CRn, CRm and op2 (Arm ARM C5.1.2).
xargs lpdis -w <registers | awk '
    function digit(c) { return index("0123456789abcdef", c) - 1 }
    { w = $2
      low = digit(substr(w, 4, 1)); op2 = int(digit(substr(w, 7, 1)) / 2)
      want = sprintf("s%d_%d_c%d_c%d_%d", 2 + int(low / 8), low % 8, digit(substr(w, 5, 1)), digit(substr(w, 6, 1)), op2) }
    / s[0-9]_[0-9]_c/ { n++; if (!index($0, want)) print }
    END { print n + 0 > "unnamed" }' >wrong
is "$(head -n 5 wrong)" "" "a register without a name is called by its fields"
[ "$(cat unnamed)" -gt 1000 ] && ok "there are such registers" || not_ok "there are such registers: $(cat unnamed)"
is "$(lpdis -w d5089103 d5089203 d50892a3 | cut -f3- | tr '\t\n' ' ;')" "tlbi vmalle1osnxs;sys #0, c9, c2, #0, x3;tlbi rvale1isnxs, x3;" "TLBI without the XS attribute"
as=${CROSS_CC%gcc}as gnu=${CROSS_CC%gcc}objdump
for tool in "$as" "$gnu" llvm-objdump; do
    have "$tool" || { skip "names that objdump and llvm-objdump agree on" "no $tool"; tap_done; exit; }
done
# SYS with X3 and without a register.
{ words 3574071299 16384 32; words 3574071327 16384 32; } | cat registers - | sed 's/^/.inst 0x/' >words.s
"$as" -o words.o words.s || not_ok "assemble"
# texts COMMAND...: a line for each word, in one spelling.
texts() { "$@" words.o | sed -n 's,//.*,,; s/^ *[0-9a-f]*:[ \t]*[0-9a-f][0-9a-f ]*\t//p' | tr 'A-Z\t' 'a-z ' | sed 's/  */ /g; s/ $//'; }
texts "$gnu" -dz >gnu
texts llvm-objdump -dz --mattr=+v8.7a,+mte,+rand,+ls64,+pauth,+brbe,+sve >llvm
texts lpdis >ours
# capstone knows two of the GIC's and a vendor's that the others do not.
paste -d'|' gnu llvm ours | awk -F'|' '$1 == $2 && $1 ~ /^(mrs|msr|sys|dc|ic|at|tlbi) / { n++; if ($3 != $1 && $3 !~ /icc_seien_el1|ich_vseir_el2|cpm_ioacc_ctl_el3/) print }
    END { if (n < 90000) print n + 0, "words"; print "compared" }' >differ
is "$(tail -n 5 differ)" "compared" "names that objdump and llvm-objdump agree on"
tap_done
