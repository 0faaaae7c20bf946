#!/bin/sh
# What an index is taken from at the end of an array ((a + N)[-i]) is where the next array begins, from which one may go back as well (errors[-status]): where
# the two are no longer beside one another there is no patch, or one that is right whichever is meant.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers

cat >negative.c <<'C'
#include <stdio.h>
#ifdef NEW
#define MORE 40
#define PLUS * 3
#else
#define MORE 0
#define PLUS
#endif
#ifdef VARIABLES
#define STORED static
#else
#define STORED static const
#endif
#ifdef TEXTS
#define TYPE char *const
#define V(x) #x
#define NUMBER(x) *(x)
#else
#define TYPE int
#define V(x) x
#define NUMBER(x) (x)
#endif
#ifdef FRONT_GROWS
#define N (4 + MORE)
#else
#define N 4
#endif
#ifdef NEXT_GROWS
#define M (5 + MORE)
#else
#define M 5
#endif
#ifdef TEXTS
STORED int front[N] = {10, 20, 30, 40};
#define FRONT(x) (x)
#else
STORED TYPE front[N] = {V(10), V(20), V(30), V(40)};
#define FRONT(x) NUMBER(x)
#endif
STORED TYPE next[M] = {V(1), V(2), V(3), V(4), V(5)};
__attribute__((noinline)) long get(int i)
{
#if END
    long n = FRONT((front + N)[-i]);
#else
    long n = NUMBER(next[-i]);
#endif
#ifdef CHANGED
    return n PLUS;
#else
    return n;
#endif
}
__attribute__((noinline)) long use(int i) { return FRONT(front[i & 3]) + NUMBER(next[i & 3]); }
int main(int argc, char **argv)
{
    long z = 0;
    for (int i = argc; i < 5; i++) z = z * 100 + get(END ? i : -i), z += use(i);
    printf("%ld\n", z);
    return 0;
}
C
# pair WORD...: n.old and n.new
pair()
{
    $cc $how "$@" -Wl,--build-id -o n.old negative.c && $cc $how "$@" -DNEW -Wl,--build-id -o n.new negative.c || not_ok "compile"
}
for cc in $compilers; do
    for how in "-O1 -fpie -pie" "-O2 -fpie -pie" "-Os -fno-pie -no-pie"; do
        for end in 0 1; do
            for of in -DNUMBERS -DVARIABLES; do
                pair -DEND=$end $of -DCHANGED
                becomes "$cc $how -DEND=$end $of: another body" n.old n.new
                becomes=--data
                for what in "-DNEXT_GROWS" "-DNEXT_GROWS -DCHANGED" "-DFRONT_GROWS"; do
                    pair -DEND=$end $of $what
                    may "$cc $how -DEND=$end $of $what" "E110 E120 E121 E148 E151 E181" n.old n.new
                done
                becomes=
            done
        done
        # Numbers in front of pointers: what has the addresses of texts is what begins there.
        pair -DEND=0 -DTEXTS -DNEXT_GROWS
        becomes "$cc $how: texts behind numbers" n.old n.new
    done
done
tap_done
