#!/bin/sh
# Stripped files without call frame information: functions begin where something has their address, or is called, and nowhere else. There is a patch of the
# functions that changed alone, and with it the program does what the new one does. What leads into the middle of a function that is elsewhere in the new file
# is no place of the old one.
. "$srcdir/tests/lib.sh"
. "$tests/diff/pair.sh"
need_cross
cd "$scratch" || exit 1
both_compilers
becomes=--heuristic
bare='-fno-asynchronous-unwind-tables -fno-unwind-tables -s'
# build SOURCE COMPILER FLAGS...: old and new
build()
{
    source=$1 cc=$2
    shift 2
    $cc "$@" -Wl,--build-id -o old "$source" && $cc "$@" -DNEW -Wl,--build-id -o new "$source" || exit 1
}
# changes NAME MOST: a patch, of so many functions or less
changes()
{
    becomes "$1" old new
    n=$(lpdiff $becomes --summary old new 2>&1 | grep -c '^changed')
    [ "$n" -ge 1 ] && [ "$n" -le "$2" ] && ok "$1: of $2 changed functions or less" || not_ok "$1: of $n changed functions"
}
ids() { sed -n 's/^lpdiff: [^ ]*: \(E[0-9]*\): .*/\1/p' | sort -u | paste -s -d ' '; }

# ---- functions that only slots lead to, in another order ----
cat >slots.c <<'C'
#include <stdio.h>
int first(int), one(int), two(int), three(int);
__attribute__((noinline)) int call(const char *n, int (*f)(int), int x) { printf("%s %d\n", n, f(x)); return x; }
int main(int c, char **v)
{
    first(c);
    if (c) call("one", one, c + 4);
    if (c < 9) call("two", two, c + 4);
    if (c < 7) call("three", three, c + 4);
    return 0;
}
#define W(n, k, m) int n(int x) { int s = 0; for (int i = 0; i < x; i++) s = s * 3 + i * k; return s m k; }
int first(int x) { return x + 1; }
#ifdef NEW
W(three, 33, +) W(two, 22, +) W(one, 11, * x +)
#else
W(one, 11, +) W(two, 22, +) W(three, 33, +)
#endif
C
for cc in $compilers; do
    for how in '-O2' '-O1 -fPIC' '-O2 -fno-pie -no-pie'; do
        build slots.c $cc $bare $how
        changes "functions that slots lead to, $cc $how" 1
    done
done

# ---- functions of tables, and those whose address a call gets, from the start of the code on; labels, which are no functions; last calls ----
cat >tables.c <<'C'
#include <stdio.h>
#include <stdlib.h>
typedef int (*op)(int);
static int a(int x) { return x + 1; }
static int b(int x)
{
#ifdef NEW
    if (x > 2) printf("large\n");
#endif
    return x * 2;
}
static int c(int x) { return x - 3; }
static const op table[] = {a, b, c};
static int up(const void *p, const void *q) { return *(const int *)p - *(const int *)q; }
static int down(const void *p, const void *q)
{
#ifdef NEW
    return (*(const int *)q & 255) - (*(const int *)p & 255);
#else
    return *(const int *)q - *(const int *)p;
#endif
}
__attribute__((noinline)) static int last(int x, int y) { printf("last %d\n", x); return y; }
__attribute__((noinline)) static int run(const unsigned char *p, int x)
{
    static void *const to[] = {&&add, &&twice, &&less, &&end};
    goto *to[*p];
add:
    x += 5;
    if (x > 100) goto less;
    goto *to[*++p];
twice:
    x *= 2;
    goto *to[*++p];
less:
    x -= 1;
    goto *to[*++p];
end:
    return x;
}
int main(int n, char **v)
{
    static const unsigned char code[] = {0, 1, 2, 1, 0, 3};
    int k[] = {300, 1, 2, 515};
    for (int i = 0; i < 6; i++) printf("%d\n", table[(i + n) % 3](i));
    qsort(k, 4, 4, n > 1 ? up : down);
    for (int i = 0; i < 4; i++) printf("%d\n", k[i]);
    printf("%d\n", run(code, n));
    return last(n, 0);
}
C
for cc in $compilers; do
    for how in '-O2' '-Os' '-O2 -fno-pie -no-pie'; do
        build tables.c $cc $bare $how
        changes "functions of tables, $cc $how" 3 # the third has the table
    done
done

# ---- a function of a table, over which another one of it makes its last call ----
cat >over.c <<'C'
#include <stdio.h>
__attribute__((noinline)) static int leaf(int *p, int y) { return *p && p[1] ? *p * y + p[1] : y; }
static int shown(int *p, int y)
{
    printf("%d %d\n", *p, y);
#ifdef NEW
    if (y > 2) printf("%d\n", p[1]);
#endif
    return y + 1;
}
static int counted(int *p, int y)
{
    printf("counted %d\n", y);
    return leaf(p + 1, 3);
}
static int (*const table[])(int *, int) = {shown, counted};
int main(int n, char **v)
{
    int k[] = {n, n + 1, n + 2};
    for (int i = 0; i < 6; i++) printf("%d\n", table[(i + n) & 1](k, i));
    return 0;
}
C
for cc in $compilers; do
    build over.c $cc $bare -O2
    changes "a last call over a function of a table, $cc" 2
done

# ---- a slot that leads into the middle of a function, which is another one there ----
cat >inside.c <<'C'
#include <stdio.h>
__asm__(".text\n.p2align 2\n.type fa,%function\n.globl inside\n.hidden inside\nfa: add w0, w0, #5\n ret\ninside: add w0, w0, #50\n"
#ifdef NEW
        " add w0, w0, #1\n"
#endif
        " ret\n.size fa, . - fa\n"
        ".type get,%function\nget: adrp x0, :got:inside\n ldr x0, [x0, :got_lo12:inside]\n ret\n.size get, . - get\n");
int fa(int);
int (*get(void))(int);
int main(int n, char **v) { return printf("%d %d\n", fa(n), get()(n)) < 0; }
C
build inside.c with_gcc -O2
is "$(lpdiff old new 2>&1 >p | ids)" E143 'a slot that leads into the middle of a function'

# ---- words of a position-dependent program that do so: they may be numbers, or not ----
cat >words.c <<'C'
#include <stdio.h>
__asm__(".text\n.p2align 2\n.globl fa\n.type fa,%function\nfa:\n"
#ifdef NEW
        " add w0, w0, #1\n add w0, w0, #2\n"
#endif
        " add w0, w0, #5\n ret\n.Lone: add w0, w0, #50\n ret\n.Ltwo: add w0, w0, #70\n ret\n.size fa, . - fa\n"
        ".data\n.type places,%object\n.p2align 3\nplaces: .quad .Lone, .Ltwo\n.size places, 16\n.text\n");
extern int (*places[2])(int);
int fa(int);
int main(int n, char **v) { return printf("%d %d %d\n", fa(n), places[0](n), places[1](n)) < 0; }
C
for how in '-O2 -fno-pie -no-pie' '-O2 -fno-pie -static'; do
    build words.c with_gcc $how
    is "$(lpdiff --data old new 2>&1 >p | ids)" 'E143 E147' "words that lead into the middle of a function, $how"
done
build words.c with_gcc -O2 -fno-pie -no-pie $bare
changes 'words that lead to what was taken for a function, where there are no symbols' 1

# ---- a table of hand-written code that counts from its end, where something else begins ----
cat >ends.c <<'C'
#include <stdio.h>
int jump(int, int);
__asm__(".text\n.p2align 2\n.globl jump\n.type jump, %function\njump: adrp x2, table\n add x2, x2, :lo12:table\n ldrh w3, [x2, w1, uxtw #1]\n"
        " adr x4, 1f\n sub x4, x4, x3, lsl #2\n br x4\n.Lc: mul w0, w0, w0\n ret\n.Lb: "
#ifdef NEW
        "add w0, w0, #5\n add w0, w0, #6\n "
#endif
        "add w0, w0, #2\n ret\n.La: add w0, w0, #1\n ret\n1: .size jump, . - jump\n"
#ifdef NEW
        ".globl next\n.type next, %function\nnext: eor w0, w0, #7\n mul w0, w0, w0\n ret\n.size next, . - next\n"
#endif
        ".section .rodata\ntable: .hword (1b - .La) / 4, (1b - .Lb) / 4, (1b - .Lc) / 4\n.type table, %object\n.size table, 6\n.text\n");
#ifdef NEW
int next(int);
#endif
int main(int n, char **v)
{
        for (int i = 0; i < 3; i++) printf("%d\n", jump(n + 6, i));
#ifdef NEW
    printf("%d\n", next(n));
#endif
    return 0;
}
C
build ends.c with_gcc -O2 $bare
is "$(lpdiff $becomes old new 2>&1 >p | ids)" E180 "a table that counts from the function's end"

tap_done
