#!/bin/sh
# What a new body has besides its code: its own entry, constants in the middle of it, pages that other functions make for it.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1

# ---- ld.lld makes ADR of ADRP and ADD: a function's own address is that of its old entry, which all others have ----
cat >own.c <<'C'
#include <stdio.h>
typedef int fn(int, void *);
__attribute__((noinline)) int own(int x, void *p)
{
#ifdef FIX
    if (x > 3) { printf("large %d\n", x); x /= 2; }
#endif
    return p == (void *)own ? x * 2 : x;
}
static fn *const table[] = {own};
fn *volatile kept = own;
int main(int argc, char **argv) { printf("%d %d %d\n", own(argc, (void *)own), table[0](7, (void *)kept), kept == table[0]); return 0; }
C
if have clang && have ld.lld; then
    for how in -O0 -O2 '-O2 -no-pie -fno-pie' '-O2 -Wl,-q'; do
        build() { out=$1; shift; clang --target=aarch64-linux-gnu -fuse-ld=lld -w $how "$@" -Wl,--build-id -o "$out" own.c; }
        build o.old && build o.fix -DFIX || exit 1
        fix "$how, ld.lld: a function that compares its own address" o.old o.fix own
    done
else
    skip "a function that compares its own address" "no clang with ld.lld"
fi

# ---- constants in the middle of functions (literal pools of assembly): another value, and one that stays in a function that moves ----
cat >literal.c <<'C'
#include <stdio.h>
static int front[PAD] = {1}, one = 11, two = 22;
int literal(int n), address(int n);
__asm__(".text\n .globl literal\n .type literal, %function\nliteral:\n ldr w1, 1f\n add w0, w0, w1\n " MORE " ret\n1: .word " NUMBER "\n .size literal, .-literal\n"
#ifdef ADDRESS
        ".globl address\n .type address, %function\naddress: ldr x1, 1f\n ldr w1, [x1]\n add w0, w0, w1\n " THERE " ret\n .balign 8\n1: .xword " ADDRESS "\n"
        ".size address, .-address\n"
#endif
);
__attribute__((noipa)) unsigned long inner(unsigned long n)
{
    unsigned long r;
    __asm__("ldr %0, 1f\n b 2f\n .balign 8\n1: .xword 0x123456789abcdef0\n2: add %0, %0, %1" : "=&r"(r) : "r"(n));
#ifdef FIX
    if (n > 4) printf("%lu is large\n", n);
#endif
    return r;
}
#ifndef ADDRESS
int address(int n) { return n; }
#endif
int main(int argc, char **argv)
{
    printf("%d %d %d %d\n", literal(argc), front[0], one++, two++);
    printf("%lx %d\n", inner(argc * 5), address(argc));
    return 0;
}
C
for how in '-O1' '-O1 -s' '-O2 -no-pie -fno-pie' '-Os -Wl,-q'; do
    build() { out=$1; shift; "$CROSS_CC" -w $how -DPAD=3 "$@" -Wl,--build-id -o "$out" literal.c; }
    build l.old '-DNUMBER="1234567"' '-DMORE=""' && build l.word '-DNUMBER="7654321"' '-DMORE=""' && build l.body '-DNUMBER="1234567"' -DFIX \
        '-DMORE="add w0, w0, #1\n"' && build l.both '-DNUMBER="7654321"' '-DMORE="add w0, w0, #1\n"' || exit 1
    for new in l.word l.body; do
        lpdiff --heuristic l.old $new >p.lpatch 2>err
        is "$?$(cat err)" 1 "$how, $new: a constant in code: there is a patch"
        is "$(run -P p.lpatch ./l.old)" "$(run ./$new)" "  the patched program does what the new one does"
        lpapply -q -o l.file l.old p.lpatch 2>err
        is "$?$(run ./l.file)" "0$(run ./$new)" "  and so does the patched file"
        lpapply -q -R -o l.back l.file 2>err
        is "$?$(cmp l.old l.back 2>&1)" 0 "  which becomes the old one again"
    done
    lpdiff --heuristic l.old l.both >p.lpatch 2>err
    is "$? $(sed -n 's/^lpdiff: [^:]*: \(E[0-9]*\): .*/\1/p' err | sort -u)" "2 E144" "$how: another constant in a body that moves"
done
# A constant that is an address, which another layout changes: that is none of the program's changes, and its value cannot be taken along.
for how in '-O1 -no-pie -fno-pie' '-O1 -no-pie -fno-pie -s' '-O1 -no-pie -fno-pie -Wl,-q' '-O1 -fPIE -pie -Wl,-z,notext'; do
    build() { out=$1; shift; "$CROSS_CC" -w $how '-DNUMBER="1234567"' '-DMORE=""' "$@" -Wl,--build-id -o "$out" literal.c; }
    build l.old -DPAD=3 '-DADDRESS="one"' '-DTHERE=""' && build l.moved -DPAD=30 '-DADDRESS="one"' '-DTHERE=""' &&
        build l.other -DPAD=3 '-DADDRESS="two"' '-DTHERE=""' && build l.body -DPAD=3 '-DADDRESS="one"' '-DTHERE="add w0, w0, #1\n"' || exit 1
    lpdiff --heuristic --data l.old l.moved >p.lpatch 2>err
    is "$(grep -c -e '^@' -e '^func' p.lpatch)$(grep -v -e E120 -e hint err)" 0 "$how: an address in code, in another layout"
    for new in l.other l.body; do
        lpdiff --heuristic l.old $new >p.lpatch 2>err
        is "$? $(sed -n 's/^lpdiff: [^:]*: \(E[0-9]*\): .*/\1/p' err | sort -u | paste -s -d ' ')" "2 E144" "$how, $new: an address in code that is another one, or moves"
    done
done
# ---- a page that goes from one function to the next through others, as code that was moved out of several functions has it: no such offset means itself ----
cat >handed.c <<'C'
#include <stdio.h>
__asm__(".data\n .space " ROOM "\n .text");
int word = 7;
int put(int), maybe(int, int);
__asm__(".text\n .type page, %function\npage: adrp x8, word\n ret\n .size page, .-page\n"
        " .type leave, %function\nleave: add w0, w0, #1\n ret\n .size leave, .-leave\n"
        " .type store, %function\nstore: ldr w9, [x8, :lo12:word]\n add w0, w0, w9\n str w0, [x8, :lo12:word]\n ret\n .size store, .-store\n"
        " .type more, %function\nmore: add w0, w0, #2\n b store\n .size more, .-more\n"
        " .globl put\n .type put, %function\nput: str x30, [sp, #-16]!\n bl page\n bl leave\n bl " STORE "\n ldr x30, [sp], #16\n ret\n .size put, .-put\n"
        " .globl maybe\n .type maybe, %function\nmaybe: str x30, [sp, #-16]!\n adrp x8, word\n cbz w1, 1f\n b 2f\n1: add w0, w0, #3\n2: bl " STORE "\n"
        " ldr x30, [sp], #16\n ret\n .size maybe, .-maybe\n");
int main(void) { printf("%d %d\n", WAY, word); return 0; }
C
for way in 'put(3)' 'maybe(4, 0)'; do
    for store in store more; do
        build() { out=$1; shift; "$CROSS_CC" -w -O1 "-DWAY=$way" "-DSTORE=\"$store\"" "$@" -Wl,--build-id -o "$out" handed.c; }
        build p.old '-DROOM="0"' && build p.new '-DROOM="8"' && build p.kept '-DROOM="0"' -Wl,-q && build p.moved '-DROOM="8"' -Wl,-q || exit 1
        lpdiff p.old p.new >p.lpatch 2>p.err
        is "$? $(sed -n 's/.*: \(E[0-9]*\): .*/\1/p' p.err | sort -u)" "2 E141" "$way by $store: a page that another function made"
        nothing "$way by $store: a relocation says what is meant" p.kept p.moved
    done
done

# ---- GCC's -mcmodel=large: an address that a literal pool holds is what several variables are reached from ----
cat >more.c <<'C'
#include <stdio.h>
int a = 1, b = 2, c = 3;
#ifdef FIX
int d = 40;
#else
#define d c
#endif
__attribute__((noinline)) int f(int x) { a += x; b ^= a; return a; }
__attribute__((noinline)) int g(int x) { a += d; return d + x; }
__attribute__((noinline)) int h(int x) { c += x; return c * x - a; }
int main(int k, char **v) { int i = f(k), j = g(k), l = h(k); printf("%d %d %d %d\n", i, j, l, f(2) + g(3) + h(4)); return 0; }
C
cat >alias.c <<'C'
#include <stdio.h>
int bb = 5;
#ifdef FIX
int aa = 5;
#else
extern int aa __attribute__((alias("bb")));
#endif
__attribute__((noinline)) int f(int x) { aa += x; return aa; }
__attribute__((noinline)) int g(int x) { return bb; }
int main(int c, char **v) { f(c); printf("%d %d\n", f(c), g(c)); return 0; }
C
for how in -O1 -O2 -Os '-O2 -Wl,-q' '-O2 -s' '-O2 -static'; do
    build() { out=$1; shift; "$CROSS_CC" -w $how -mcmodel=large -no-pie -fno-pie "$@" -Wl,--build-id -o "$out"; }
    for what in more alias; do
        build m.old $what.c && build m.new $what.c -DFIX || exit 1
        lpdiff --heuristic --data m.old m.new >p.lpatch 2>err
        is "$?$(cat err)" 1 "$how, $what: variables by a literal pool: there is a patch"
        is "$(run -P p.lpatch ./m.old)" "$(run ./m.new)" "  the patched program does what the new one does"
        lpapply -q -o m.file m.old p.lpatch 2>err
        is "$?$(run ./m.file)" "0$(run ./m.new)" "  and so does the patched file"
    done
done

# ---- a page that the body is in as well, whose register holds something else behind a call that does not come back ----
cat >page.c <<'C'
#include <stdio.h>
int last(int);
__asm__(".text\n .p2align 12\n .skip 0xf00\n .globl last\n .type last, %function\nlast: stp x29, x30, [sp, #-48]!\n str x26, [sp, #16]\n str x0, [sp, #24]\n"
        " add x26, sp, #24\n" BODY " tbnz w0, #0, 1f\n adrp x26, .Ltext\n add x0, x26, :lo12:.Ltext\n bl puts\n add x0, x26, :lo12:.Ltext\n bl perror\n"
        " mov w0, #3\n bl exit\n1: ldr x0, [x26]\n ldr x26, [sp, #16]\n ldp x29, x30, [sp], #48\n ret\n .rept 64\n nop\n .endr\n .size last, .-last\n"
        ".section .rodata\n.Ltext: .asciz \"one text\"\n.text\n");
int main(void) { printf("%d\n", last(7)); fflush(stdout); return last(8); }
C
for how in -pie '-pie -Wl,-q'; do
    build() { out=$1; shift; "$CROSS_CC" -w -O1 $how "$@" -Wl,--build-id -o "$out" page.c; }
    build g.old '-DBODY=""' && build g.new '-DBODY="add w1, w0, #2\n str w1, [x26]\n"' || exit 1
    fix "$how: a page that the body is in" g.old g.new last
done


# ---- a number that MOVZ and MOVK make, which is no address because it is none of an instruction: 0x440801 asks for four of 32 cases ----
cat >mask.c <<'C'
#include <stdio.h>
__attribute__((noinline)) int asks(unsigned k) { return k < 32 && 0x440801UL >> k & 1; }
#define A(x) x = x * 31 + (x >> 3) + __LINE__; x ^= x << 7;
#define B(x) A(x) A(x) A(x) A(x) A(x) A(x) A(x) A(x) A(x) A(x) A(x) A(x) A(x) A(x) A(x) A(x)
__attribute__((noinline, section(".there"))) long moves(volatile long x)
{
    B(x) B(x) B(x) B(x) B(x) B(x) B(x) B(x)
#ifdef MORE
    B(x)
#endif
    return x;
}
int main(int argc, char **argv) { printf("%d %d %ld\n", asks(argc + 10), asks(argc), moves(argc)); return 0; }
C
both_compilers
for cc in $compilers; do
    build() { out=$1; shift; $cc -O2 -no-pie -fno-pie -Wl,--section-start=.there=0x440000 -Wl,--build-id "$@" -o "$out" mask.c || not_ok "compile $out"; }
    build m.old && build m.new -DMORE
    becomes "$cc: a mask in a function that moves" m.old m.new
done

# ---- call frame instructions that are none, or that no patch has: said with the byte and its place, not as a mistake of lpdiff ----
cat >frame.s <<'S'
    .text
    .globl main
    .type main, %function
    START
main:
    stp x29, x30, [sp, #-16]!
    .cfi_adjust_cfa_offset 16
    .cfi_offset 29, -16
    .cfi_offset 30, -8
    BAD
    mov w0, #NUMBER
    ldp x29, x30, [sp], #16
    .cfi_adjust_cfa_offset -16
    ret
    .cfi_endproc
    .size main, . - main
S
# frame OUT NUMBER BAD [START]
frame() { sed -e "s/BAD/$3/" -e "s/NUMBER/$2/" -e "s/START/${4:-.cfi_startproc}/" frame.s >frame2.s && "$CROSS_CC" -pie -Wl,--build-id -o "$1" frame2.s; }
frame c.old 1 '' || not_ok "assemble frame.s"
# unsaid NAME BYTE BAD [START]
unsaid()
{
    what=$1 byte=$2
    shift 2
    frame c.new '2\nnop' "$@" && lpdiff c.old c.new >out 2>err
    is "$?$(cat out)" 2 "$what: refused"
    like "$(cat err)" "E171: \`main\`: its call frame instruction $byte at 0x[0-9a-f]* is damaged or one that no patch has; .* are expected" "$what: said"
}
unsaid "a byte that is no call frame instruction" 0x17 '.cfi_escape 0x17'
unsaid "rules that nobody remembered" 0x0b '.cfi_escape 0x0b'
unsaid "an expression that is longer than all" 0x0f '.cfi_escape 0x0f, 0x7f'
unsaid "another register of the return address" 0x.. '' '.cfi_startproc; .cfi_return_column 29'
tap_done
