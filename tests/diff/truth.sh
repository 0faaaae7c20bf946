#!/bin/sh
# The judge of fixes.sh (truth.py) by itself.
. "$srcdir/tests/lib.sh"
need_cross
have python3 || skip_all "no python3"
cd "$scratch" || exit 1
truth() { python3 "$tests/diff/truth.py" "$@" 2>&1; }

# ---- a table of distances to texts, as clang makes it: the addend has the place in the table ----
cat >table.s <<'S'
 .section .text.pick, "ax"
 .globl pick
 .type pick, %function
pick: adrp x0, .Ltable
 add x0, x0, :lo12:.Ltable
 ret
 .size pick, .-pick
 .section .rodata.table, "a"
.Ltable: .word .L.one - .Ltable, .L.two - .Ltable
 .section .rodata.str1.1, "aMS", %progbits, 1
 FRONT
.L.one: .asciz "one"
.L.two: .asciz TWO
S
# table SIDE FRONT TWO
table()
{
    mkdir -p "$1" && sed "s/FRONT/$2/; s/TWO/$3/" table.s >"$1.s" && "$CROSS_CC" -c -o "$1/table.o" "$1.s" || exit 1
}
table old '' '"2"' && table moved '.asciz "in front of it"' '"2"' && table fixed '' '"3"' || exit 1
is "$(truth old moved)" "" "texts elsewhere are no change"
is "$(truth old fixed)" "code pick" "the last text of a section is another one"

tap_done
