#!/bin/sh
# Two files of which one was stripped, of all symbols or of local ones, and the other one was not: a file is the same as its stripped copy, and functions
# that changed are found.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers

cat >a.c <<'C'
#include <stdio.h>
static int state = 3;
static long hits;
static char line[24];
const char *const names[] = {"a", "bb", "ccc"};
int shared = 9;
static int __attribute__((noinline)) helper(int n) { state += n; hits++; return state * shared ADD; }
static void __attribute__((noinline)) reset(void) { if (hits > 3) state = 0; }
void __attribute__((constructor)) begin(void) { shared++; }
int run_a(int n) { snprintf(line, sizeof line, "%s %d", names[n % 3u], helper(n)); reset(); puts(line); return (int)hits; }
C
cat >b.c <<'C'
static int state = 5, hits;
static int __attribute__((noinline)) helper(int n) { state += n; hits++; return state * 3 + hits; }
static void __attribute__((noinline)) reset(void) { if (hits > 3) state = 0; }
int run_b(int n) { int x = helper(n); reset(); return x; }
C
cat >main.c <<'C'
#include <stdio.h>
int run_a(int), run_b(int);
int main(void) { for (int i = 0; i < 6; i++) printf("%d %d\n", run_a(i), run_b(i)); return 0; }
C
strip() { "${CROSS_CC%gcc}strip" "$@"; }
for cc in $compilers; do
    for how in -O0 -O2 '-O2 -fno-pie -no-pie' '-Os -static'; do
        $cc $how -Wl,--build-id -DADD= -o old a.c b.c main.c && $cc $how -Wl,--build-id -DADD=+7 -o new b.c a.c main.c || exit 1
        for f in old new; do strip -o $f.none $f && strip -x -o $f.global $f || exit 1; done
        for pair in old:old.none old.none:old old:old.global old.global:old old.global:old.none old.none:old.global; do
            nothing "$cc $how, the same file, $pair" "${pair%:*}" "${pair#*:}"
        done
        for pair in old:new.none old.none:new old.global:new; do
            lpdiff --heuristic "${pair%:*}" "${pair#*:}" >r.lpatch 2>err
            is "$?$(grep -v -e 'have more room' err)" 1 "$cc $how, a fix, $pair: there is a patch"
            is "$(grep -c -e '^func' -e '^@' r.lpatch)" 1 "  of one function"
            is "$(run -P r.lpatch ./"${pair%:*}")" "$(run ./new)" "  and it is right"
        done
    done
done
tap_done
