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

# ---- texts among other constants, as there are without optimisation ----
# texts SIDE FRONT TEXT
texts()
{
    mkdir -p "$1" && printf '%s\n' '.section .text.say, "ax"' '.globl say' '.type say, %function' 'say: adrp x0, .Ltext' ' add x0, x0, :lo12:.Ltext' ' ret' '.size say, .-say' \
        .section\ .rodata ".asciz \"$2\"" ".Ltext: .asciz \"$3\"" >"$1.s" && "$CROSS_CC" -c -o "$1/texts.o" "$1.s" || exit 1
}
texts say.old 'in front' 'a text' && texts say.moved 'more in front' 'a text' && texts say.fixed 'in front' 'another'
is "$(truth say.old say.moved)" "" "a text with another one in front of it"
is "$(truth say.old say.fixed)" "code say" "another text"

# ---- stripped: new code has its address in the new file as a name ----
for side in old new; do
    [ $side = old ] && room= body='add w0, w0, #1' || room='.space 64' body='add w0, w0, #2'
    printf '%s\n' .text ".globl _start" "_start: ret" "$room" ".type other, %function" "other: ret" ".size other, .-other" ".type twin, %function" \
        "twin: $body" " ret" ".size twin, .-twin" >$side.s
    "$CROSS_CC" -nostdlib -static -o $side.linked $side.s || exit 1
done
address() { "${CROSS_CC%gcc}nm" new.linked | sed -n "s/^0*\([0-9a-f]*\) . $1\$/\1/p"; }
echo code twin >twin.truth
: >twin.summary
# judged CODE: what is said of a patch that brings it
judged()
{
    echo "func .code.$1 size 8 new" >twin.lpatch
    truth --judge twin.truth old.linked new.linked twin.lpatch twin.summary | sed 1d | paste -s -d ' '
}
is "$(judged "$(address twin)")" "missed: false:" "a function whose new body has no name is not missed"
is "$(judged "$(address other)")" "missed: twin false: other" "one that is the same is false"

# ---- numbers alone: in the patch, or left out with proof; two names of one place are one function ----
echo line twin >twin.truth
is "$(judged "$(address other)")" "missed: twin false: other" "one of another number alone is missed"
echo "left out  twin: line numbers only; not in the patch" >twin.summary
is "$(judged "$(address other)")" "missed: false: other" "or left out with proof"
: >twin.summary
for side in old new; do
    sed 's/^twin: /.type second, %function\n.set second, twin\n.size second, 8\n&/' $side.s >$side.two.s && "$CROSS_CC" -nostdlib -static -o $side.linked $side.two.s || exit 1
done
printf 'code %s\n' twin second >twin.truth
judged "$(address twin)" >said
is "$(truth --judge twin.truth old.linked new.linked twin.lpatch twin.summary | paste -s -d ' ')" "2 1 1 1 0 0 missed: false:" "two names of one function"
tap_done
