#!/bin/sh
# lpdiff as people use it: same in, nothing out; the command line; files that are no two builds of one program.
. "$srcdir/tests/lib.sh"
need_cross
cd "$scratch" || exit 1

cat >a.c <<'C'
#include <stdio.h>
#include <stdlib.h>
static int counter;
int limits[4] = {3, 1, 4, 1};
int check(const char *s)
{
    int n = atoi(s);
    counter++;
    return n < LIMIT ? limits[n & 3] : -1;
}
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) printf("%s: %d\n", argv[i], check(argv[i]));
    return counter & 1;
}
C
"$CROSS_CC" -O1 -DLIMIT=10 -Wl,--build-id -o old a.c && "$CROSS_CC" -O1 -DLIMIT=20 -Wl,--build-id -o new a.c || exit 1

lpdiff old old >same.out 2>same.err
is "$?" 0 "a file and itself: exit status 0"
is "$(cat same.out same.err)" "" "and nothing is said"
lpdiff old new >fix.lpatch 2>fix.err
is "$?" 1 "files that differ: exit status 1"
lpmake --fmt fix.lpatch >again.lpatch
same fix.lpatch again.lpatch "the patch is in its canonical form"
like "$(cat fix.lpatch)" '^@ check+0x' "one word of check() is changed where it is"
lpdiff --exit-zero -o out.lpatch old new
is "$?" 0 "--exit-zero"
same fix.lpatch out.lpatch "-o writes the same"
is "$(lpdiff -s old new; echo $?)" 1 "-s writes nothing"
like "$(lpdiff --summary old new)" '^changed *check' "--summary names the function"
like "$(lpdiff --why old new)" '^  ! ' "--why marks the line that differs"
is "$(lpdiff --symbol 'nothing*' old new; echo $?)" 0 "--symbol leaves out the others"
lpdiff old 2>err
is "$?" 2 "one operand: exit status 2"
like "$(cat err)" "two files are needed" "and it is said what is needed"
lpdiff old missing 2>err
is "$?" 2 "a file that is not there: exit status 2"
lpdiff old a.c 2>err
is "$?" 2 "a file that is no ELF: exit status 2"

"$CROSS_CC" -O1 -DLIMIT=10 -c -o old.o a.c
lpdiff old.o old.o >out 2>err
is "$?" 2 "object files are refused"
like "$(cat err)" 'old.o: E101: ' "with the reason's number"
"$CROSS_CC" -O1 -no-pie -DLIMIT=10 -o fixed a.c
lpdiff old fixed >out 2>err
is "$?$(cat out)" 2 "PIE against non-PIE is refused, and nothing is written"
like "$(cat err)" 'E102: ' "with the reason's number"
tap_done
