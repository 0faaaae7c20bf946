#!/bin/sh
# make installcheck: the installed commands, by themselves, on a real AArch64 program: run, make, apply live and on disk, disassemble, compare.
. "$srcdir/tests/lib.sh"
need_cross
here=$DESTDIR$bindir
PATH=$here:$PATH
# Where it is installed for good, the commands know where their library is.
[ -z "$DESTDIR" ] || { LD_LIBRARY_PATH=$DESTDIR$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} && export LD_LIBRARY_PATH; }
cd "$scratch" || exit 1
cat >app.c <<'C'
#include <stdio.h>
#include <string.h>
#include <unistd.h>
__attribute__((noinline)) int allowed(int v) { __asm__ volatile(""); return v < LIMIT; }
int main(int argc, char **argv)
{
    do { printf("%d\n", allowed(5)); fflush(stdout); } while (argc > 1 && usleep(20000) == 0);
    return 7;
}
C
arm64_cc old app.c -O2 -DLIMIT=3 && arm64_cc new app.c -O2 -DLIMIT=9 || { not_ok "the program compiles"; exit 1; }
for t in lprun lpmake lpapply lpdis lpdiff; do
    is "$(command -v $t)" "$here/$t" "$t is there"
    like "$($t --version)" "^$t .*[0-9]" "$t --version"
done
lprun ./old >out
is "$? $(cat out)" "7 0" "lprun runs it"
is "$(lpmake -t old 'allowed=ret 1' | lprun -P - ./old)" 1 "lpmake | lprun"
lpdiff old new >fix.lpatch
is "$?" 1 "lpdiff finds the difference"
like "$(lpdis -P fix.lpatch --symbol allowed old)" '^+.*#9\|^+.*#8' "lpdis shows it"
lpapply -q -o patched old fix.lpatch && lprun ./patched >out
is "$? $(cat out)" "7 1" "lpapply patches the file"
lpapply -q -R patched
same old patched "and takes the patch out again"
lprun -c sock ./old forever >out &
children=$!
wait_for 10 test -S sock
lpapply -q -c sock fix.lpatch
is "$?" 0 "lpapply patches the program that runs"
wait_for 10 grep -qx 1 out && ok "which does it" || not_ok "which does it"
kill $children 2>/dev/null
echo "1..$tap_count"
[ $tap_failed = 0 ]
