#!/bin/sh
# A function that stores addresses of places in itself and gets a new body: a running program goes on in the old one, which is said; of one that only jumps
# there nothing is.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers
cat >threaded.c <<'C'
#include <stdio.h>
#include <string.h>
static void *code[64];
static int acc;
__attribute__((noinline, noclone)) static int thread(const char *src)
{
    static const void *const place[] = {&&add, &&mul, &&neg, &&end};
    int n = 0;
    if (src) {
        for (; *src && n < 60; src++) code[n++] = (void *)place[*src == '+' ? 0 : *src == '*' ? 1 : 2];
        code[n] = (void *)place[3];
        return n;
    }
    void **ip = code;
    char room[THREAD];
    memset(room, acc, sizeof room);
    int s = acc;
    goto **ip++;
add: s += 1; goto **ip++;
mul: s = s * 3 + (THREAD > 99 ? room[90] & 1 : 0); goto **ip++;
neg: s = -s; goto **ip++;
end: return acc = s + room[3];
}
__attribute__((noinline, noclone)) static int step(const char *src)
{
    static const void *const place[] = {&&add, &&mul, &&neg, &&end};
    char room[STEP];
    memset(room, acc, sizeof room);
    int s = acc;
#define NEXT goto *place[!*src ? 3 : *src == '+' ? 0 : *src == '*' ? 1 : 2]
    NEXT;
add: s += 1, src++; NEXT;
mul: s = s * 3 + (STEP > 99 ? room[90] & 1 : 0), src++; NEXT;
neg: s = -s, src++; NEXT;
end: return acc = s + room[3];
}
int main(int argc, char **argv)
{
    thread("+*-++");
    printf("%d\n", thread(0));
    printf("%d\n", step("+-*+"));
    return 0;
}
C
for cc in $compilers; do
    for flags in -O0 -O2 '-Os -s' '-O2 -fno-pie -no-pie'; do
        build() { out=$1; shift; $cc $flags -Wl,--build-id "$@" -o "$out" threaded.c; }
        build t.old -DTHREAD=24 -DSTEP=24 && build t.thread -DTHREAD=200 -DSTEP=24 && build t.step -DTHREAD=24 -DSTEP=200 || exit 1
        lpdiff --heuristic t.old t.thread >p.lpatch 2>err
        is "$? $(grep -c 'addresses of places in the old one that a running program has stored' err)" '1 1' "$cc $flags: it is said of direct threaded code"
        behaves "$cc $flags" t.old t.thread
        lpdiff --heuristic t.old t.step >p.lpatch 2>err
        is "$? $(grep -c 'addresses of places' err)" '1 0' "$cc $flags: of a function that only jumps nothing is"
        behaves "$cc $flags" t.old t.step
    done
done
tap_done
