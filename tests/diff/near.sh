#!/bin/sh
# Addresses that code makes by ADR, which leads 1 MB far (-mcmodel=tiny, code in assembly): a new body may be farther away.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
cat >near.c <<'C'
#include <stdio.h>
struct row { const char *name; int n; };
static const struct row rows[] = {{"one", 1}, {"two", 2}, {"three", 3}};
static int count[4] = {1, 2, 3, 4};
int total;
static int twice(int x) { return x * 2; }
static int thrice(int x) { return x * 3; }
__attribute__((noinline)) const struct row *find(int n)
{
    static int calls;
#ifdef NEW
    if (n < 0) n = -n, total += 7;
    printf("a new text, and %d\n", n);
#endif
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].n == n) return calls++, &rows[i];
    return rows + calls % 3;
}
__attribute__((noinline)) int (*choose(int n))(int)
{
#ifdef NEW
    total++;
#endif
    return n & 1 ? twice : thrice;
}
__attribute__((noinline)) int add(int i)
{
#ifdef NEW
    static int seen[3] = {4, 5, 6};
    total += seen[(unsigned)i % 3]++;
#endif
    count[i & 3] += i;
    return count[0] * 3 + count[1] + count[3];
}
__attribute__((noinline)) int by_case(int i)
{
    switch (i) {
    case 0: return add(3);
    case 1: return total;
    case 2: return find(3)->n;
#ifdef NEW
    case 3: return count[1] + 5;
#else
    case 3: return count[1];
#endif
    case 4: return twice(total);
    case 5: total += 3; return 9;
    case 6: return rows[1].n;
    }
    return 77;
}
#ifdef ASSEMBLY
int by_hand(int);
__asm__(".text; .type by_hand, %function; .global by_hand; by_hand: .cfi_startproc; stp x29, x30, [sp, #-16]!; .cfi_def_cfa_offset 16; .cfi_offset 29, -16;"
        ".cfi_offset 30, -8; adr x1, by_hand.table; and x0, x0, #3;"
#ifdef NEW
        "add w0, w0, #1; and x0, x0, #3;"
#endif
        "ldrb w0, [x1, x0]; ldp x29, x30, [sp], #16; .cfi_restore 29; .cfi_restore 30; .cfi_def_cfa_offset 0; ret; .cfi_endproc; .size by_hand, .-by_hand;"
        ".type by_hand.table, %object; by_hand.table: .byte 3, 1, 4, 1; .size by_hand.table, 4; .text");
#else
#define by_hand(i) i
#endif
int main(void)
{
    for (int i = -3; i < 9; i++) printf("%s %d %d %d %d %d\n", find(i)->name, choose(i)(i), add(i), total, by_case(i), by_hand(i));
    return 0;
}
C
for flags in '-O0 -mcmodel=tiny' '-O1 -mcmodel=tiny' '-O2 -mcmodel=tiny' '-Os -mcmodel=tiny -Wl,-q' '-O2 -mcmodel=tiny -fno-section-anchors -static' '-O2 -DASSEMBLY' '-O2 -DASSEMBLY -fPIE -pie'; do
    case $flags in *pie) ;; *) flags="$flags -fno-pie -no-pie" ;; esac
    with_gcc $flags -Wl,--build-id -o near.old near.c && with_gcc $flags -DNEW -Wl,--build-id -o near.new near.c || exit 1
    becomes "$flags" near.old near.new
done
tap_done
