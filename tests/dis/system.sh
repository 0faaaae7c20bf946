#!/bin/sh
# Every system register: is one without a name called by its fields?
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
tap_done
