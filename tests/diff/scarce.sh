#!/bin/sh
# Without memory there is no patch, or a whole one, and nothing crashes: whichever allocation fails.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
cat >scarce.c <<'C'
#include <stdio.h>
int acc;
__attribute__((noinline)) int note(int n) { return acc += n; }
#define A(n) case n: note(n * 3 + 1); acc ^= n << 2; break;
__attribute__((noinline)) int jump(int n)
{
    switch (n) {
    A(0) A(1) A(2) A(4) A(5) A(6) A(8) A(9)
    case 3: for (int i = 0; i < TIMES; i++) note(i), acc *= 3;
        break;
    default: printf("%s %d\n", "another one", n);
    }
    return note(n) & TIMES;
}
int main(int argc, char **argv) { for (int i = -1; i < 12; i++) printf("%d %d\n", i, jump(i)); return 0; }
C
with_gcc -O1 -fPIE -pie -Wl,--build-id -DTIMES=2 -o s.old scarce.c && with_gcc -O1 -fPIE -pie -Wl,--build-id -DTIMES=40 -o s.new scarce.c || exit 1
"$builddir/tests/diff/scarce" s.old s.new 1 >out 2>&1
is "$?" 0 "no patch, or a whole one"
like "$(cat out)" '^[0-9][0-9]* allocations, [0-9]* patches$' "  to the end"
note <out
tap_done
