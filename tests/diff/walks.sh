#!/bin/sh
# Stripped files: loops through constants, of which a copy comes along with others, or which grew.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1

# ---- one of several constants comes along with what is beside it: who goes through another one to its end, and makes both addresses itself, stays ----
cat >beside.c <<'C'
#include <stdio.h>
static const unsigned short more[] = {5, 6, 8, 9, 10, 11, 12, 13};
static const unsigned char counts[17] = {0, 0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1};
static const unsigned char values[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
static const unsigned short steps[40] = {5, 6, 7, 8, 9, 10};
#ifdef NEW
static const unsigned short extra[8] = {3, 1, 4, 1, 5, 9, 2, 6};
#define OTHER + extra[n % 8]
#else
#define OTHER
#endif
__attribute__((noinline)) unsigned walk(const unsigned short *to)
{
    unsigned z = *to;
    const unsigned char *p = counts + 1;
    do z = z * 3 + to[*p]; while (++p != counts + 17);
    for (unsigned i = 0; i < 12; i++) z = z * 5 + values[i];
    return z;
}
__attribute__((noinline)) unsigned count(unsigned n) { return counts[n % 17] * 3 + values[n % 12]; }
__attribute__((noinline)) unsigned grown(unsigned n) { return more[n % 7] OTHER; }
__attribute__((noinline)) unsigned third(unsigned n) { return steps[n % 40] * 7; }
int main(void)
{
    static unsigned short to[256];
    for (unsigned i = 0; i < 9; i++) to[i] = i * i, printf("%u %u %u %u\n", walk(to), count(i), grown(i), third(i));
    return 0;
}
C
# unchanged: no word of a patch's sites is the old one, without a relocation
unchanged() { awk '/^- /{old = substr($0, 3)} /^\+ /{n += NF > 1 && substr($0, 3) == old} END {print n + 0}' "$1"; }
for how in '-O2 -fno-section-anchors' '-O2 -fPIE -pie' '-O1 -fPIE -pie' '-O2 -fno-pie -no-pie'; do
    with_gcc $how -s -Wl,--build-id -o old.prog beside.c && with_gcc $how -s -DNEW -Wl,--build-id -o new.prog beside.c || exit 1
    becomes=--heuristic
    becomes "$how, beside another constant" old.prog new.prog
    is "$(unchanged p.lpatch)" 0 "$how: each word of a site is another one, or has a relocation"
done
with_gcc -O2 -fno-section-anchors -s -Wl,--build-id -o old.prog beside.c || exit 1
with_gcc -O2 -fno-section-anchors -s -DNEW -Wl,--build-id -o new.prog beside.c || exit 1
why=$(lpdiff --heuristic --why old.prog new.prog 2>&1)
unlike "$why" 'jump table' "nobody has a jump table"
is "$(echo "$why" | grep -c '^changed')" 2 "who goes through a constant beside the one that changed, to its end, stays"

# ---- backwards by an index that a loop counts, from the last row's field on, into which a pointer leads ----
cat >rows.c <<'C'
struct row { const char *text; unsigned number; };
static const struct row rows[] = {{"delta", 4}, {"nu", 247794289}, {"alpha", 6}, {"epsilon", 241948612}, MORE};
#define N (sizeof rows / sizeof *rows)
static const struct { const struct row *at; unsigned n; const char *s; } deep[] = {
    {&rows[3], N - 3, "delta"}, {&rows[N - 1], 1, "epsilon"}, {rows, N, "alpha"}};
unsigned back(unsigned z) { for (const struct row *q = rows + N; q-- > rows;) z = z * 3 + q->number; return z; }
unsigned all(unsigned i)
{
    unsigned z = *deep[i].s;
    for (unsigned k = 0; k < deep[i].n; k++) z = z * 7 + deep[i].at[k].number + *deep[i].at[k].text;
    return z;
}
C
cat >prog.c <<'C'
#include <stdio.h>
unsigned back(unsigned), all(unsigned);
int main(void) { for (unsigned i = 0; i < 3; i++) printf("%u %u\n", back(i), all(i)); return 0; }
C
mkdir -p old new
for how in -O1 -O2 -Os '-O1 -fdata-sections -ffunction-sections' '-O2 -fdata-sections -ffunction-sections' '-Os -fdata-sections -ffunction-sections'; do
    "$CROSS_CC" -w $how -fPIC -shared -s -Wl,--build-id,-soname,librows.so -DMORE= -o old/librows.so rows.c &&
        "$CROSS_CC" -w $how -fPIC -shared -s -Wl,--build-id,-soname,librows.so '-DMORE={"gamma",9}' -o new/librows.so rows.c &&
        "$CROSS_CC" -o prog prog.c old/librows.so || exit 1
    lpdiff --heuristic old/librows.so new/librows.so >p.lpatch 2>err
    is "$?" 1 "$how: there is a patch"
    does "$how" -E LD_LIBRARY_PATH=new ./prog
    is "$(deeds -E LD_LIBRARY_PATH=old -P p.lpatch ./prog)" "$deeds" "$how: as the new one"
    is "$(unchanged p.lpatch)" 0 "$how: each word of a site is another one, or has a relocation"
done

# ---- a table grows into padding, and is cut where words lead into it, which lead elsewhere now: rows in front are in their places, and no things by themselves ----
cat >grown.c <<'C'
#include <stdio.h>
static const unsigned short pad[] = {9, 8, 7, 6};
static const unsigned t[] = {458526027, 664731789, 287627692 MORE};
static const unsigned long rest[] = {3141592653, 2718281828, 1618033988, 1414213562};
#define N (sizeof t / sizeof *t)
static const unsigned *const at[] = {AT};
__attribute__((noinline)) unsigned pick(unsigned x) { return t[(x + 27) % N] + t[N - 1]; }
__attribute__((noinline)) unsigned led(unsigned x) { unsigned z = x; for (unsigned i = 0; i < 3; i++) z = z * 9 + *at[i]; return z; }
__attribute__((noinline)) unsigned sum(unsigned x) { unsigned z = x; for (const unsigned *q = t; q < t + N; q++) z = z * 3 + *q; return z; }
__attribute__((noinline)) unsigned back(unsigned x) { unsigned z = x; for (unsigned i = N; i-- > 0;) z = z * 3 + t[i]; return z + pad[x % 4]; }
__attribute__((noinline)) unsigned others(unsigned x) { return (unsigned)rest[x % 4]; }
int main(void) { for (unsigned i = 0; i < 5; i++) printf("%u %u %u %u %u\n", pick(i), led(i), sum(i), back(i), others(i)); return 0; }
C
both_compilers
for compiler in $compilers; do
    for how in '-O0 -fno-pie -no-pie' '-O0 -fPIE -pie'; do
        $compiler -w $how -s -Wl,--build-id -DMORE= '-DAT=&t[2],&t[0],&t[1]' -o old.prog grown.c &&
            $compiler -w $how -s -Wl,--build-id -DMORE=,63597 '-DAT=&t[0],&t[3],&t[1]' -o new.prog grown.c || exit 1
        becomes=--heuristic
        becomes "$compiler $how, a table that grew where words lead elsewhere" old.prog new.prog
        becomes=
    done
done
tap_done
