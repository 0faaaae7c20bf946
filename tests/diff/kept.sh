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

# ---- registers that are others throughout: said once ----
cat >other.c <<'C'
#include <stdio.h>
int other(const char *, int);
int less(int n) { return n - 1; }
__asm__(".text\n .globl other\n .type other, %function\nother: stp x29, x30, [sp, #-48]!\n mov x29, sp\n stp x19, x20, [sp, #16]\n stp x21, x22, [sp, #32]\n"
        " mov " A ", x0\n mov w" B ", w1\n" MORE
        "1: ldrb w0, [" A "], #1\n cbz w0, 9f\n tbz w" B ", #0, 2f\n add w" B ", w" B ", w0, lsl #1\n b 1b\n"
        "2: mul w" B ", w" B ", w0\n mov w0, w" B "\n bl less\n mov w" B ", w0\n add x" B ", x" B ", w0, uxtw\n str x" B ", [sp, #-16]!\n ldr w" B ", [sp], #16\n"
        " ldr w1, 8f\n eor w" B ", w" B ", w1\n madd w" B ", w" B ", w1, w" B "\n csel w" B ", w" B ", wzr, ne\n b 1b\n 8: .word 0x2a1403f3\n"
        "9: mov w0, w" B "\n ldp x19, x20, [sp, #16]\n ldp x21, x22, [sp, #32]\n ldp x29, x30, [sp], #48\n ret\n .size other, .-other\n");
int main(void) { printf("%d %d\n", other("a text", 5), other("another one", 6)); return 0; }
C
build() { out=$1; shift; with_gcc -O1 "$@" -Wl,--build-id -o "$out" other.c; }
build o.old '-DA="x19"' '-DB="20"' '-DMORE=""' && build o.new '-DA="x20"' '-DB="21"' '-DMORE=" add w21, w21, #3\n"' || exit 1
becomes "other registers" o.old o.new
like "$(cat p.lpatch)" '^~ .* x19>x20 x20>x21$' "  they are said"
is "$(written)" 2 "  beside the word that is new, and the load of a literal, which no body keeps"
lpapply -q -R p.file
is "$(cmp p.file o.old 2>&1)" "" "  reverted, the file is as it was"
becomes "and back" o.new o.old
build o.new '-DA="x20"' '-DB="19"' '-DMORE=" add w19, w19, #3\n"'
becomes "two that have changed places" o.old o.new
like "$(cat p.lpatch)" '^~ .* x19>x20 x20>x19$' "  they are said"

# ---- by hand: what names registers that are not known is refused, and what the file marks as data stays as it is ----
cat >pairs.c <<'C'
#include <stdio.h>
int pairs(int);
__asm__(".arch armv8.1-a\n.text\n .globl pairs\n .type pairs, %function\npairs: mov w2, w0\n ldr w1, 8f\n add w0, w2, w1\n ret\n casp x2, x3, x4, x5, [x6]\n 8: .word 0xb020042\n"
        " .size pairs, .-pairs\n");
int main(void) { printf("%d\n", pairs(1)); return 0; }
C
with_gcc -O1 -Wl,--build-id -o h.old pairs.c || exit 1
at=$("${CROSS_CC%gcc}nm" h.old | sed -n 's/ T pairs$//p')
sha=$("${CROSS_CC%gcc}objdump" -h h.old | awk '$2 == ".text" { print $4, $6 }')
sha=$(tail -c +$((0x$at - 0x${sha% *} + 0x${sha#* } + 1)) h.old | head -c 24 | sha256sum | cut -c1-16)
id=$("${CROSS_CC%gcc}readelf" -n h.old | sed -n 's/.*Build ID: //p')
# hand BODY: a patch of pairs() with these lines
hand() { printf "lpatch 1\nobject *\nbuild-id %s\nfunc pairs size 24\nold size 24 sha256 %s\n$1\nend\n" "$id" "$sha" >p.lpatch; run -P p.lpatch ./h.old; }
is "$(hand '~ 1 x2>x9\n| 18000081\n~ 2\n= 1\n~ +0x14 1')" "$(run ./h.old)" "one run after the other"
is "$(lpdis p.lpatch | grep -c '^~')" 3 "  lpdis shows it"
like "$(hand '= 1\n| 18000081\n= 2\n~ 1 x2>x9\n= 1')" 'the old word at +0x10 cannot be kept with other registers: which ones it names is not known' "CASP is refused"
like "$(hand '~ 2 x2>x9\n= 4')" 'cannot be kept: it uses +0x14 of the old body as an address or as data' "and so is what cannot be kept at all"
tap_done
