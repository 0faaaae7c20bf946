#!/bin/sh
# Which words of an old body a new one keeps: so that the patch says what changed.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
written() { sed -n 's/^| //p' p.lpatch | tr ' ' '\n' | grep -c '^[0-9a-f]\{8\}$'; }

# ---- a word to which branches lead is kept, though what is beside it is not: so they are kept, too ----
cat >led.c <<'C'
#include <stdio.h>
int led(const char *);
__asm__(".text\n .globl led\n .type led, %function\nled: mov w2, #" START "\n" ROOM "1: ldrb w1, [x0], #1\n add w2, w2, w1" HOW "\n cbz w1, 9f\n tbz w1, #0, 2f\n"
        " eor w2, w2, #1\n b 1b\n2: tbz w1, #1, 3f\n eor w2, w2, #2\n b 1b\n3: eor w2, w2, #4\n b 1b\n9: mov w0, w2\n ret\n .size led, .-led\n");
int main(void) { printf("%d %d\n", led("a text"), led("another one")); return 0; }
C
build() { out=$1; shift; with_gcc -O1 "$@" -Wl,--build-id -o "$out" led.c; }
build l.old '-DSTART="0"' '-DROOM=""' '-DHOW=""' && build l.new '-DSTART="7"' '-DROOM=" eor w2, w2, #8\n"' '-DHOW=", lsl #1"' || exit 1
becomes "a loop" l.old l.new
is "$(written)" 3 "  three words are written"
like "$(cat p.lpatch)" '^= +0x4 1$' "  and the first of the loop is kept"
tap_done
