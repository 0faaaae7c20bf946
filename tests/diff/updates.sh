#!/bin/sh
# What builds of distributions look like before and after an update: stripped, with no relocations, and with a layout that is another one everywhere.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
gcc() { "$CROSS_CC" -w -O2 "$@" -s -Wl,--build-id; }
# update NAME OLD NEW COUNT [WORD...]: a patch of so many functions that does what the new program does, from its start and in its file
update()
{
    name=$1 old=$2 new=$3 count=$4
    shift 4
    lpdiff --heuristic "$old" "$new" >u.lpatch 2>u.err
    is "$?$(cat u.err)" 1 "$name: there is a patch"
    is "$(grep -c '^func \|^@ ' u.lpatch)" "$count" "$name: of so many functions or places"
    want=$(run "./$new" "$@"; echo $?)
    is "$(run -P u.lpatch "./$old" "$@"; echo $?)" "$want" "$name: the patched program does what the new one does"
    is "$(lpapply -q -o u.file "$old" u.lpatch 2>&1; run ./u.file "$@"; echo $?)" "$want" "$name: and so does the patched file"
}

# ---- main is another one, beside a function that is new: only _start, through its slot, says which one it is ----
cat >start.c <<'C'
#include <stdio.h>
#ifdef FIX
__attribute__((noipa, section(".text.startup"))) int clean(int n) { return n < 0 ? 0 : n * 3; }
#else
#define clean(n) (n)
#endif
int main(int argc, char **argv)
{
    printf("%d\n", clean(argc - 5) + 1);
    return 0;
}
C
gcc -fPIE -pie -o s.old start.c && gcc -DFIX -fPIE -pie -o s.new start.c || exit 1
update "main by who hands it over" s.old s.new 2

# ---- the address of a new function, through a slot that the old file has not ----
cat >slot.c <<'C'
#include <stdio.h>
#include <stdlib.h>
int up(const void *, const void *), down(const void *, const void *);
static int v[] = {3, 1, 2};
__attribute__((noipa)) void sort(int n)
{
#ifdef FIX
    qsort(v, 3, sizeof *v, n > 1 ? down : up);
#else
    qsort(v, 3, sizeof *v, up);
#endif
}
int main(int argc, char **argv)
{
    sort(argc);
    printf("%d%d%d\n", v[0], v[1], v[2]);
    return 0;
}
C
cat >order.c <<'C'
int up(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
#ifdef FIX
int down(const void *a, const void *b) { return *(const int *)b - *(const int *)a; }
#endif
C
for how in '-fPIE -pie' '-fPIC -no-pie'; do
    gcc $how -o o.old slot.c order.c && gcc -DFIX $how -o o.new slot.c order.c || exit 1
    update "a slot for a new function ($how)" o.old o.new 2
    is "$(run -P u.lpatch ./o.old 1)" "$(run ./o.new 1)" "and the same with an argument ($how)"
done

# ---- one of too many addresses, or none: what is added to it means itself ----
cat >many.c <<'C'
#include <stdio.h>
const char *pick(int n);
__asm__(".text\n .globl pick\n .type pick, %function\n"
        "pick: adrp x1, t0\n add x1, x1, :lo12:t0\n cbz w0, 9f\n"
        " adrp x1, t1\n add x1, x1, :lo12:t1\n cmp w0, #1\n b.eq 9f\n"
        " adrp x1, t2\n add x1, x1, :lo12:t2\n cmp w0, #2\n b.eq 9f\n"
        " adrp x1, t3\n add x1, x1, :lo12:t3\n cmp w0, #3\n b.eq 9f\n"
        " adrp x1, t4\n add x1, x1, :lo12:t4\n cmp w0, #4\n b.eq 9f\n"
        " mov x1, #0\n"
        "9: add x0, x1, #" AT "\n ret\n .size pick, .-pick\n"
        ".section .rodata\nt0: .asciz \"at 0 nothing\"\nt1: .asciz \"at 1 one\"\nt2: .asciz \"at 2 two\"\n"
        "t3: .asciz \"at 3 three\"\nt4: .asciz \"at 4 four\"\n .text\n");
#ifdef SHIFT
int room[SHIFT] = {1};
const char *shift(int n) { return room[n] ? "some text in front" : "and another"; }
#endif
int main(int argc, char **argv)
{
    for (int i = 0; i < 5; i++) puts(pick(i));
    return 0;
}
C
gcc -fPIE -pie '-DAT="3"' -o m.old many.c && gcc -fPIE -pie '-DAT="3"' -DSHIFT=40 -o m.same many.c && gcc -fPIE -pie '-DAT="5"' -o m.new many.c || exit 1
update "one of many addresses, or none" m.old m.new 1

# ---- code behind a call of what never returns, which the compiler did not know: it has the stack of that call ----
cat >never.c <<'C'
#include <stdio.h>
#include <stdlib.h>
const char *spilled(int n), *chosen(int n, const char *s);
__attribute__((noipa)) void die(void) { exit(3); }
__attribute__((noipa)) void other(void) { fflush(stdout); }
#ifdef SHIFT
int room[SHIFT] = {1};
__attribute__((noipa)) const char *shift(int n) { return room[n] ? "some text in front" : "and another"; }
#else
#define shift(n) ""
#endif
__asm__(".text\n .globl spilled\n .type spilled, %function\n"
        "spilled: sub sp, sp, #32\n str x30, [sp, #16]\n cbz w0, 2f\n adrp x1, tail\n str x1, [sp, #8]\n"
        "1: bl other\n ldr x1, [sp, #8]\n add x0, x1, :lo12:tail\n ldr x30, [sp, #16]\n add sp, sp, #32\n ret\n"
        "2: bl die\n b 1b\n .size spilled, .-spilled\n"
        " .globl chosen\n .type chosen, %function\n"
        "chosen: stp x19, x30, [sp, #-32]!\n str x20, [sp, #16]\n cmp w0, #2\n b.hi 3f\n mov x19, x1\n"
        " adrp x1, jumps\n add x1, x1, :lo12:jumps\n ldrb w1, [x1, w0, uxtw]\n adr x2, 1f\n add x1, x2, w1, sxtb #2\n br x1\n"
        "1: adrp x19, tail\n bl other\n add x0, x19, :lo12:tail\n b 9f\n"
        "2: bl other\n b 4f\n"
        "3: bl die\n"
        "4: ldrb w0, [x19, #1]\n cbz w0, 5f\n add x0, x19, #2\n b 9f\n"
        "5: add x0, x19, #1\n"
        "9: ldr x20, [sp, #16]\n ldp x19, x30, [sp], #32\n ret\n .size chosen, .-chosen\n"
        " .section .rodata\njumps: .byte 0, (2b - 1b) / 4, (5b - 1b) / 4\ntail: .asciz \"a text that is far\"\n .text\n");
__attribute__((noipa)) int count(int n) { return n FIX; }
int main(int argc, char **argv)
{
    puts(shift(0));
    printf("%d %s %s %s %s\n", count(argc), spilled(1), chosen(0, "abc"), chosen(1, "abc"), chosen(2, "abc"));
    return 0;
}
C
build() { out=$1; shift; gcc -fPIE -pie -Wl,-z,max-page-size=4096 "$@" -o "$out" never.c; }
build n.old -DFIX=+1 && build n.room -DFIX=+1 -DSHIFT=900 && build n.new -DFIX=+2 -DSHIFT=900 || exit 1
update "behind a call of what never returns" n.old n.new 3

# ---- constants to which an index is added, with others within reach behind them: all are as in the old file ----
cat >table.c <<'C'
#include <stdio.h>
#ifdef FIX
static const char front[] = "some text that is in front of everything";
#endif
static const struct { unsigned char a, b; signed char c; unsigned char d; unsigned short e, f; } lut[] = {
    {1, 2, 3, 4, 5, 6}, {7, 8, -9, 10, 11, 12}, {13, 14, 15, 16, 17, 18}
};
static const unsigned char order[10] = {1, 2, 3, 4, 0, 5, 17, 6, 16, 7}, symbols[6] = {0, 7, 3, 2, 1, 15}, lengths[6] = {2, 4, 3, 2, 2, 4};
__attribute__((noipa)) int decode(const unsigned short *at, int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++) {
#ifdef FIX
        if (at[i] > 2) { puts(front); continue; }
#endif
        sum += lut[at[i]].a * 2 + lut[at[i]].b * 3 + lut[at[i]].c * 5 + lut[at[i]].d * 7 + lut[at[i]].e * 11 + lut[at[i]].f * 13;
    }
    return sum;
}
__attribute__((noipa)) unsigned long store(const unsigned char *depth, int n)
{
    unsigned long v = 0;
    for (int i = 0; i < n; i++) {
        unsigned k = depth[order[i]];
#ifdef FIX
        if (k > 5) continue;
#endif
        v = v << lengths[k] | symbols[k];
    }
    return v;
}
int main(int argc, char **argv)
{
    static const unsigned short some[] = {0, 2, 1};
    static const unsigned char depth[18] = {1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0};
    printf("%d %lx\n", decode(some, 3), store(depth, 10));
    puts("done");
    return 0;
}
C
for how in '' -O3; do
    gcc $how -fPIE -pie -o t.old table.c && gcc $how -DFIX -fPIE -pie -o t.new table.c || exit 1
    update "tables with others behind them ($how)" t.old t.new 3
done
# ---- an index that is bounded leads to no neighbour, which is elsewhere in the old file ----
cat >bound.c <<'C'
#include <stdio.h>
#define HIDDEN __attribute__((visibility("hidden")))
extern const int one[2] HIDDEN, two[3] HIDDEN, more[4] HIDDEN;
extern const long three[3] HIDDEN;
__asm__(".section .rodata\n .balign 8\n .globl one, two, three, more\none: .word 3, 17\n" PAD "two: .word 5, 6, 7\n" PAD
        "three: .quad 19, 23, 29\n" PAD "more: .word 31, 37, 41, 43\n .space 80\n .text\n");
__attribute__((noipa)) long flag(int n) { return (long)one[n == 0] * 3 FIX; }
__attribute__((noipa)) int level(unsigned n)
{
    n--;
    if (n > 2) return 9 FIX;
    return two[n] FIX;
}
__attribute__((noipa)) long group(unsigned short n, const int *list)
{
    n -= 19;
    if (n > 2) return -1;
    if (list)
        while (*list != n)
            if (!*list++) return -2;
    return three[n] FIX;
}
__attribute__((noipa)) int other(int n) { return more[n] * 2; }
#ifdef LATE
__attribute__((noipa)) int late(unsigned n) { return n < 6 || n > 9 ? 2 : more[n - 6] FIX; } /* from more - 24 on */
#else
#define late(n) n
#endif
int main(int argc, char **argv)
{
    static const int list[] = {2, 1, 0};
    for (int i = 0; i < 4; i++) printf("%ld %d %ld %ld %d %d\n", flag(i), level(i), group(i + 18, list), group(i + 19, 0), other(i), late(i + 6));
    return 0;
}
C
build() { out=$1; shift; gcc -fPIE -pie "$@" -o "$out" bound.c; }
before='-DPAD=" .space 104\n"' fixed='-DFIX=+1+(n>70?n/7:0)'
build b.old "$before" -DFIX= && build b.new '-DPAD=""' "$fixed" && build b.late "$before" -DFIX= -DLATE && build b.later '-DPAD=""' "$fixed" -DLATE || exit 1
update "bounded indices" b.old b.new 4 # one of them uses a constant without a name, behind which there is something else now
lpdiff --heuristic b.late b.later >b.lpatch 2>b.err
case $? in
2) is "$(sed -n 's/.*: \(E1[0-9]*\): .*/\1/p' b.err | sort -u)" E148 "an index that is bounded and leads to the neighbour alone is not decided" ;;
*) is "$(run -P b.lpatch ./b.late)" "$(run ./b.later)" "an index that is bounded and leads to the neighbour alone means that" ;;
esac
# ---- constants that hold the same as others: all that one base, one page or one end is about is in one place ----
cat >near.c <<'C'
#include <stdio.h>
#include <string.h>
const char *pick(int n);
unsigned long both(int n);
const char *ends(int n);
/* pick: an ADD that two ADRPs lead to, with another use of the page next to the first; both: one ADRP for an ADD and a load; ends: where a constant ends. */
__asm__(".text\n .globl pick, both, ends\n .type pick, %function\n .type both, %function\n .type ends, %function\n"
        "pick: cbz w0, 1f\n adrp x1, ta\n cmp w0, #1\n b.eq 2f\n adrp x0, tb\n add x0, x0, :lo12:tb\n ret\n"
        "1: adrp x1, ta\n nop\n2: add x0, x1, :lo12:ta\n" MORE " ret\n .size pick, .-pick\n"
        "both: adrp x1, rates\n add x2, x1, :lo12:rates\n ldr w3, [x1, :lo12:rates]\n ldrh w4, [x2, #4]\n ldr w5, [x2, #12]\n"
        " add x0, x3, x4\n add x0, x0, x5\n"
        MORE " ret\n .size both, .-both\n"
        "ends: cbz w0, 1f\n adrp x0, tail\n add x0, x0, :lo12:tail\n" MORE " ret\n1: adrp x0, key\n add x0, x0, :lo12:key\n ret\n .size ends, .-ends\n"
        ".section .rodata\n .balign 8\n" FRONT
        "ta: .asciz \"the first\"\n" BETWEEN "tb: .asciz \"the second\"\n .balign 8\n .word 7, 0, 0\nother: .word 1200\n .space 20\n"
        "rates: .word 7\n .hword 11, 0\n .word 5, 1200\n .space 12\n"
        "key: .asciz \"the private key\"\nhead: .ascii \"0x\"\ntail: .asciz \"ffffffff\"\n .balign 8\n"
        "user: .quad 0\n .text\n");
int main(int argc, char **argv)
{
    for (int i = 0; i < 3; i++) printf("%s %lu %s\n", pick(i), both(i), ends(i));
    return 0;
}
C
build() { out=$1; shift; gcc -fPIE -pie "$@" -o "$out" near.c; }
build c.old '-DMORE=""' '-DFRONT=""' '-DBETWEEN=" .space 8192\n"' &&
    build c.new '-DMORE=" nop\n add x0, x0, #1\n"' '-DFRONT=" .space 24\n"' '-DBETWEEN=""' || exit 1
update "constants that hold the same as others" c.old c.new 3
tap_done
