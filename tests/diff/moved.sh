#!/bin/sh
# The same source in another layout, without symbols: what a variable is, is to be found in spite of what is beside it now. A variable that is larger is
# another one.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers

cat >pad.c <<'C'
#include <stdio.h>
static char room[200] = {1};
static long zeros[9];
int pad(int n) { return printf("pad %ld\n", zeros[n & 7]++) * 3; }
char *pads(void) { return room; }
C
cat >one.c <<'C'
#include <stdio.h>
static int table[5] = {3, 1, 4, 1, 5}, never[12] = {39, 583, 256, 525, 769, 577, 902, 446, 8, 7, 6, 5};
int unused[5] = {33, 212, 39, 583, 256}, flag = 3;
static char buf[13];
static int add(int *p, int n) { for (int i = 0; i < n; i++) p[i] += i; return p[n - 1]; }
int one(int n) { snprintf(buf, sizeof buf, "<%d>", n); puts(buf); flag += n; return add(table, 5) + flag; }
C
cat >two.c <<'C'
#include <stdio.h>
int more[4] = {90, 61, 939, 931};
static long sums[3] = {2, 7, 1};
static short count = 8, all[7];
static char name[11] = "a name";
int two(int n) { sums[n % 3u] += ++count; all[n & 3]++; name[n & 7]++; return printf("%s %ld %d\n", name, sums[0], all[2]); }
C
cat >main.c <<'C'
int one(int), two(int);
int main(void) { int n = 1; for (int i = 0; i < 5; i++) n += one(n) ^ two(i); return n & 1; }
C
for cc in $compilers; do
    for how in -O0 -O2 '-O2 -fno-pie -no-pie' '-Os -fno-pie -static'; do
        build() { out=$1; shift; $cc $how -s -Wl,--build-id -o "$out" "$@" || not_ok "compile $out"; }
        build old main.c one.c two.c && build front pad.c main.c one.c two.c && build back two.c one.c main.c pad.c
        for new in front back; do
            # Which functions and variables they are is a guess. What is said of variables is what that leaves open.
            is "$(lpdiff --heuristic --summary old $new 2>&1 | grep -v -e '^new ' -e '^lpdiff: warning: [0-9]* variables without names have more room')" "" \
                "$cc $how: the same source, $new"
        done
    done
done

# ---- more room for the same code: a larger buffer may be all of a fix ----
cat >grown.c <<'C'
#include <stdio.h>
#include <string.h>
static char text[SIZE] = "x";
static int behind = 7;
int main(int argc, char **argv) { strcpy(text, argc > 1 ? argv[1] : "y"); printf("%s %d\n", text, behind++); return 0; }
C
build() { out=$1; shift; "$CROSS_CC" -O1 -fno-section-anchors -s "$@" -Wl,--build-id -o "$out" grown.c; }
build g.old -DSIZE=16 && build g.more -DSIZE=24 && build g.much -DSIZE=200 || exit 1
for new in g.more g.much; do
    lpdiff g.old $new >g.lpatch 2>g.err
    is "$?$(grep -o 'E110' g.err | sort -u)" 2E110 "a larger variable, $new, is another one"
    lpdiff --heuristic g.old $new >g.lpatch 2>g.err
    is "$(grep -c "^lpdiff: " g.err | sed "s,[1-9].*,said,")" said "--heuristic: it is said that $new may be one"
done
lpdiff g.much g.more >g.lpatch 2>g.err
is "$?$(cat g.err)" 0 "a smaller one has room in the old file"

# ---- a place in a variable of which the new file has a part by itself ----
cat >part.c <<'C'
#include <stdio.h>
static struct { int a, b, c, d; } v = {1, 2, 3, 4};
__attribute__((noinline)) void fill(int *p, int n) { for (int i = 0; i < 4; i++) p[i] += n; }
__attribute__((noinline)) int fixed(int n) { BODY return n; }
int main(void) { for (int i = 0; i < 5; i++) { fill(&v.a, i); printf("%d\n", fixed(i)); } return 0; }
C
for how in '' '-no-pie'; do
    "$CROSS_CC" -O1 $how -fno-section-anchors -s -Wl,--build-id -DBODY= -o p.old part.c &&
        "$CROSS_CC" -O1 $how -fno-section-anchors -s -Wl,--build-id '-DBODY=n += v.c;' -o p.new part.c || exit 1
    lpdiff --heuristic p.old p.new >p.lpatch 2>p.err
    is "$?$(grep -o 'E110' p.err | sort -u)" 2E110 "$how: a part of a variable is no new one"
done
tap_done
