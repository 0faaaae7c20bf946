#!/bin/sh
# Constants that changed their size: what has the address of their end may have that of what begins there, and does where it reads there, or where that is
# elsewhere in the old file.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers
cat >resized.c <<'C'
#include <stdio.h>
#include <string.h>
static const int table[] = {1, 2, 3, 4, 5
#ifdef NEW
    , 6
#if MORE > 1
    , 7, 8
#endif
#endif
#if MORE > 1
    , 9
#endif
};
#define COUNT (sizeof table / sizeof *table)
int (*volatile print)(const char *) = puts;
__attribute__((noinline)) int use(unsigned n) { return table[n % COUNT] * 3; }
#if KIND == 0 /* a function reads there */
__attribute__((noinline)) int hand(void) { return puts("the first text of this file, and behind the table"); }
#elif KIND == 1 /* another one gets it, which is not known; in the old file there is room in front of it */
__attribute__((noinline)) int hand(void) { return print("the first text of this file, and behind the table"); }
#else /* a variable has it */
static const char *volatile text = "the first text of this file, and behind the table";
__attribute__((noinline)) int hand(void) { return puts(text); }
#endif
int main(void)
{
    int sum = 0;
    for (unsigned i = 0; i < 9; i++) sum = sum * 5 + use(i);
    hand();
    return printf("%d\n", sum) < 0;
}
C
for cc in $compilers; do
    for flags in '-O2 -static' '-O1 -static -fno-pie' '-O2 -fPIE -pie' '-Os -fno-pie -no-pie' '-O2 -static -s'; do
        for more in 1 2; do
            for kind in 0 1 2; do
                for v in '' -DNEW; do $cc $flags -DMORE=$more -DKIND=$kind $v -Wl,--build-id -o "r$v" resized.c || exit 1; done
                case "$cc $flags $more $kind" in # clang leaves no room
                *-s\ *) lpdiff --heuristic r r-DNEW >p.lpatch 2>err; [ $? = 2 ] || behaves "$cc $flags: stripped, $more, $kind" r r-DNEW ;;
                *2\ [12] | with_clang*\ 1) lpdiff r r-DNEW >p.lpatch 2>err; [ $? = 2 ] || behaves "$cc $flags: no room, $more, $kind" r r-DNEW ;;
                *) becomes "$cc $flags: a table that grew, $more, $kind" r r-DNEW ;;
                esac
            done
        done
    done
done
tap_done
