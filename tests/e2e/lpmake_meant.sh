#!/bin/sh
# lpmake: what the references of an object mean in the program, where several things may be meant.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/making/lib.sh"

# Strings behind a constant with a name that clang, too, puts among them: by the section, and by a label in front of them.
cat >text.c <<'E2'
#include <stdio.h>
static const char digits[] = "0123456789abcdef";
__attribute__((noinline)) int digit(unsigned i) { return digits[i & 15]; }
__attribute__((noinline)) void note(void) { puts("old"); }
int main(int c, char **v) { printf("%c\n", digit(c)); note(); }
E2
cat >text.s <<'E2'
    .text
    .globl digit, note, tail
    .type digit, %function
digit:
    adrp x0, digits+17
    add x0, x0, :lo12:digits+17
    ldrb w0, [x0, -1]
    ret
    .size digit, .-digit
    .type note, %function
note:
    adrp x0, AT
    add x0, x0, :lo12:AT
    b puts
    .size note, .-note
    .section .rodata.str1.1,"aMS",@progbits,1
    .type digits, %object
digits:
    .asciz "0123456789abcdef"
    .size digits, 17
.Ltext:
    .asciz "a new text"
E2
"$CROSS_CC" -O2 -w -static -o text text.c
for at in .rodata.str1.1+17 .Ltext digits; do
    sed "s/AT/$at/" text.s >at.s
    "$CROSS_CC" -c -o at.o at.s && lpmake -t text -o p.lpatch 'note=replace from at.o' 2>err || note <err
    case $at in digits) want=0123456789abcdef ;; *) want='a new text' ;; esac
    is "$(run_patched p.lpatch ./text | tail -n 1)" "$want" "a string behind a constant with a name: $at"
done
"$CROSS_CC" -c -o at.o at.s && lpmake -t text -o p.lpatch 'digit=replace from at.o' 2>err || note <err
like "$(cat p.lpatch)" 'adr_prel_pg_hi21 digits+0x11' "the end of a constant by its own name is its end"
# Two constants in one section, the second without a name.
cat >two.s <<'E2'
    .text
    .globl note
    .type note, %function
note:
    adrp x0, .rodata+4
    add x0, x0, :lo12:.rodata+4
    b puts
    .size note, .-note
    .section .rodata
    .type digits, %object
digits:
    .ascii "0123"
    .size digits, 4
    .asciz "new and long"
E2
"$CROSS_CC" -c -o two.o two.s && lpmake -t text -o p.lpatch 'note=replace from two.o' 2>err || note <err
is "$(run_patched p.lpatch ./text | tail -n 1)" "new and long" "a constant without a name right behind one with a name"
tap_done
