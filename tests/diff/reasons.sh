#!/bin/sh
# Reasons for no patch that the other tests have no use for: what is said, and with which hint. And each reason of the list has its test.
. "$srcdir/tests/lib.sh"
need_cross
cd "$scratch" || exit 1

# refused NAME PATTERN HINT FLAGS: -DNEW is refused, for this one reason
refused()
{
    "$CROSS_CC" -w $4 -Wl,--build-id -o old reason.c && "$CROSS_CC" -w $4 -DNEW -Wl,--build-id -o new reason.c || not_ok "$1: compile"
    rm -f p
    lpdiff -o p old new 2>err
    is "$? $(ls p 2>/dev/null)" "2 " "$1: refused, and nothing is written"
    like "$(cat err)" "^lpdiff: [a-z]*: $2" "$1: the reason"
    is "$(grep -c '^lpdiff: [a-z]*: E' err)" 1 "$1: the only one"
    like "$(cat err)" "^lpdiff: hint: $3" "$1: the hint"
}

cat >reason.c <<'C'
#include <stdio.h>
#ifdef NEW
const
#endif
int place[4] = {1, 2, 3, 4};
int main(int argc, char **argv) { return printf("%d\n", place[argc & 3]) < 0; }
C
refused "another kind of section" 'E122: `place` moved from .data to .rodata' 'keep it in the same kind of section' -O0

cat >reason.c <<'C'
#include <stdio.h>
char room[64] = "some letters";
#ifdef NEW
#define LOW "0x88" /* in `more`: all four parts are made, as those of addresses are */
char more[64] = "which the old file has not";
#else
#define LOW "0x3034"
#endif
int main(int argc, char **argv)
{
    unsigned long n;
    asm("movz %0, #" LOW "\n movk %0, #0x42, lsl #16\n movk %0, #0, lsl #32\n movk %0, #0, lsl #48" : "=r"(n));
    return printf("%d %s\n", argc, argv[0] == (char *)n ? "there" : room) < 0;
}
C
refused "a number that may be an address" 'E146: `main`+0x[0-9a-f]* makes the number 0x420088, an address of the new file' 'relink both files with -Wl,-q' '-O1 -no-pie -fno-pie'

cat >reason.c <<'C'
#include <stdio.h>
#ifdef NEW
__thread int mine = 6;
#else
__thread int mine = 5;
#endif
int main(int argc, char **argv) { return printf("%d\n", mine += argc) < 0; }
C
refused "what a thread begins with" 'E161: the initial value of thread-local `mine`+0x0 changed' 'restart the program' -O1

cat >reason.c <<'C'
#ifdef NEW
#define STEP 2
#else
#define STEP 1
#endif
int (*volatile way)(int);
__attribute__((noinline, noipa)) static int called(int n) { return n + 40 + STEP; }
void _start(void)
{
    int n = called(1);
#ifndef NEW
    way = called;
#endif
    register long x0 asm("x0") = n, x8 asm("x8") = 93;
    asm volatile("svc #0" :: "r"(x0), "r"(x8));
}
C
refused "no longer where an indirect branch may land" 'E190: the entry of `called` lost its BTI landing pad' 'compile both files with the same -mbranch-protection' '-O1 -mbranch-protection=standard -static -nostdlib'

ids=$(sed -n 's/^REFUSAL(\(E[0-9]*\),.*/\1/p' "$srcdir/lib/diff/refuse.def")
is "$(echo "$ids" | wc -l)" "$(grep -c '^REFUSAL(' "$srcdir/lib/diff/refuse.def")" "the reasons are listed"
for id in $ids; do
    grep -rq "$id" "$tests/diff" --include='*.sh' --include='*.def' || echo "$id"
done >untested
is "$(paste -s -d ' ' untested)" "" "each reason has a test"
tap_done
