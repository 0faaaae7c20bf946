#!/bin/sh
# Constants of another size come along beside the old ones. A running program may hold a pointer into one of those: that is said, where it may.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers
cat >held.c <<'C'
#include <stdio.h>
static int inc(int x) { return x + 1; }
static int dbl(int x) { return x * 2; }
static const struct cmd { const char *name; int (*fn)(int); } cmds[] = {{"a", inc}, {"b", dbl}, {"c", inc}, MORE};
static const int odds[] = {1, 3, 5, 7, SOME};
static const struct cmd *last;
__attribute__((noipa)) const struct cmd *find(int c)
{
    for (unsigned i = 0; i < sizeof cmds / sizeof *cmds; i++)
        if (*cmds[i].name == c) return &cmds[i];
    return NULL;
}
__attribute__((noipa)) long distance(void) { return last ? last - cmds : -1; }
__attribute__((noipa)) int odd(int n) { int sum = 0; for (const int *p = odds; p < odds + sizeof odds / sizeof *odds; p++) sum += *p * n; return sum + odds[n & 3]; }
int main(int argc, char **argv)
{
    for (int c = 'a'; c < 'd'; c++) last = find(c), printf("%d %ld %d\n", last->fn(argc), distance(), odd(c));
    return 0;
}
C
for cc in $compilers; do
    for flags in '-O2' '-Os -fPIE -pie'; do
        build() { out=$1; shift; $cc $flags -Wl,--build-id "$@" -o "$out" held.c; }
        build h.old -DMORE= -DSOME= && build h.cmd '-DMORE={"d", dbl}' -DSOME= && build h.odd -DMORE= -DSOME=9 || exit 1
        becomes "$cc $flags: a table of which the program keeps an entry" h.old h.cmd
        like "$(lpdiff h.old h.cmd 2>&1)" 'cmds comes along, of another size: pointers into the old one that a running program holds' "  which is said"
        [ $cc = with_gcc ] || continue # clang keeps the address of its end
        becomes "$cc $flags: one that is only gone through" h.old h.odd
        is "$(lpdiff h.old h.odd 2>&1 >p.lpatch)" '' "  of which nothing is said"
    done
done

# ---- a text of which another one is the tail: as long as it was, it changes where it is ----
cat >tail.c <<'C'
#include <stdio.h>
__attribute__((noinline, noclone)) const char *version(void) { return " a library, version 1.2 - March " DAY ", 2013\n\n"; }
__attribute__((noinline, noclone)) const char *line(void) { return "\n"; }
int main(void) { printf("%s%s%s", version(), line(), "unexpected end of a stream\n"); return 0; }
C
for cc in $compilers; do
    for flags in '-Os' '-O2 -fno-pie -no-pie' '-Os -s'; do
        case $flags in *-s) becomes=--heuristic ;; *) becomes= ;; esac
        $cc $flags -Wl,--build-id '-DDAY="2"' -o t.old tail.c && $cc $flags -Wl,--build-id '-DDAY="4"' -o t.new tail.c || exit 1
        becomes "$cc $flags: a text with a tail" t.old t.new
        is "$(grep -c '^set ' p.lpatch) $(grep -c '^func\|^@\|^data' p.lpatch)" '1 0' "  it changes where it is"
    done
done
tap_done
