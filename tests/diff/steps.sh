#!/bin/sh
# Pointers that go through an array in steps: where they stop, or start, is beside it, behind other things or in the middle of them.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers

# A loop over a field that is not the first one ends as far behind the array as that is in a structure; one that goes back ends in front of the array.
cat >steps.c <<'C'
#include <stdio.h>
#if defined NEW && defined SWAP
struct row { unsigned b, a; unsigned long c; double d; };
#else
struct row { unsigned a, b; unsigned long c; double d; };
#endif
#if defined NEW && defined GROW
#define ROWS 17
#else
#define ROWS 16
#endif
#ifdef NEW
#define CHANGED * 5
#else
#define CHANGED
#endif
#if KIND == 0
#define STORED static const
#elif KIND == 1
#define STORED static
#else
#define STORED static
#define fill(...)
#endif
#ifndef fill
#define fill(...) = __VA_ARGS__
#endif
STORED long front[3] fill({4, 5, 6});
STORED struct row tab[ROWS] fill({{1, 2, 3, 1.5}, {2, 3, 4, 2.5}, {9, 9, 9, 3.5}});
#if defined NEW && defined BETWEEN
STORED int came[5] fill({7, 7, 7});
#endif
STORED int next[40] fill({8, 9, 10});
__attribute__((noinline)) unsigned forth(unsigned z) { for (unsigned j = 0; j < ROWS; j++) z = z * 3 + tab[j].FIELD; return z CHANGED; }
__attribute__((noinline)) unsigned back(unsigned z) { for (unsigned j = ROWS; j-- > 0;) z = z * 3 + tab[j].FIELD; return z CHANGED; }
__attribute__((noinline)) double both(unsigned z)
{
    double s = 0;
    for (unsigned j = 0; j < ROWS; j++) s += tab[j].d * (s < 1e9 ? tab[j].FIELD : z);
    return s CHANGED;
}
__attribute__((noinline)) long ints(long z) { for (int j = 40; j-- > 0;) z = z * 3 + next[j]; return z CHANGED; }
__attribute__((noinline)) long longs(long z) { for (int j = 0; j < 3; j++) z = z * 7 + front[j]; return z; }
__attribute__((noinline)) int scaled(int x) { return (int)(x * 2.7182818 + 0.1); }
__attribute__((noinline)) void set(int n)
{
#if KIND
    front[n % 3] += n, tab[n % ROWS].FIELD = n, tab[n % 7].d = n * 2, next[n % 40] = n, next[n * 3 % 40] = 3 * n;
#if defined NEW && defined BETWEEN
    came[n % 5]++;
#endif
#elif defined NEW && defined BETWEEN
    printf("%d\n", came[n % 5]);
#endif
}
int main(void)
{
    for (int n = 0; n < 20; n++) {
        set(n * 7);
        printf("%u %u %.3f %ld %ld %d\n", forth(n), back(n), both(n), ints(n), longs(n), scaled(n));
    }
    return 0;
}
C
right=0 refused=0 sources=steps.c
# like_new NAME OPTION...: the patched program does what the new one does, or there is none
like_new()
{
    name=$1
    shift
    for side in old new; do
        define=; [ $side = old ] || define=-DNEW
        $compiler "$@" $define -Wl,--build-id -o s.$side $sources || { not_ok "$name: compiles"; return; }
    done
    lpdiff --heuristic --data s.old s.new >p.lpatch 2>err
    status=$?
    if [ $status = 2 ] && grep -q ': E1[0-8][0-9]: ' err && ! grep -q E199 err; then refused=$((refused + 1)); return; fi
    right=$((right + 1))
    if [ $status = 1 ] && run ./s.new >want && run -P p.lpatch ./s.old >have && cmp -s want have && lpapply -q -o p.file s.old p.lpatch && run ./p.file >have &&
        cmp -s want have; then return; fi
    not_ok "$name"
    head -n 3 err | note
    diff want have | head -n 4 | note
}
# all_of COMPILER OPTION...; ARM64LP_DIFF=full (make check-diff): more of them
fields=b pies=-pie
[ "${ARM64LP_DIFF:-}" != full ] || { fields='a b c' pies='-no-pie -pie'; }
all_of()
{
    compiler=$1
    shift
    for kind in 0 1 2; do
        for what in SWAP GROW BETWEEN; do
            case $kind$what in 1GROW | 2GROW) continue ;; esac # live data cannot be resized
            for field in $fields; do
                for pie in $pies; do
                    case $pie in -pie) code=-fpie ;; *) code=-fno-pie ;; esac
                    like_new "$compiler $* $pie, kind $kind, $what, $field" "$@" $pie $code -DKIND=$kind -D$what -DFIELD=$field
                done
            done
        done
    done
}
for compiler in $compilers; do
    all_of $compiler -O2
    all_of $compiler -O2 -s
    [ "${ARM64LP_DIFF:-}" != full ] || for how in -O1 -O3 '-O2 -Wl,-q'; do all_of $compiler $how; done
done
all_of with_gcc -O1
all_of with_gcc -O2 -fno-section-anchors
ok "$right are right, and $refused are refused"
[ $right -gt $((3 * refused)) ] && ok "most of them" || not_ok "most of them"

# ---- other loops: right, or refused ----
# Backwards, by pointers, by an index below 0 (-Os), or in memory (-O0); and of data without names, which are cut nowhere between.
cat >back.c <<'C'
#include <stdio.h>
#ifdef NEW
#define ROWS 10
#else
#define ROWS 9
#endif
struct row { int a; float f; double d; };
static const struct row tab[ROWS] = {{5, 1.5, 2.5}, {6, 2.25, 3.5}, {7, 3.25, 4.5}, {8, 9.5, 7.5}, {9, 10.5, 11.5}, [ROWS - 1] = {1, 2, 3}};
static const int next[40] = {8, 9, 10};
__attribute__((noinline)) unsigned back(unsigned z) { for (const struct row *q = tab + ROWS; q != tab;) --q, z = z * 7 + (unsigned)q->f; return z; }
__attribute__((noinline)) unsigned last(unsigned z, unsigned x)
{
    const struct row *q = tab + ROWS - 1;
    while (q >= tab && (unsigned)q->d != x) q--;
    return z + (unsigned)(q - tab);
}
__attribute__((noinline)) unsigned forth(unsigned z) { for (const struct row *q = tab; q != tab + ROWS; q++) z = z * 5 + q->a; return z; }
__attribute__((noinline)) unsigned steps(unsigned z) { for (int j = 1; j < ROWS; j++) z = z * 3 + (unsigned)(tab[j].d - tab[j - 1].d); return z; }
__attribute__((noinline)) int ints(int n) { return next[n % 40]; }
int main(int argc, char **argv)
{
    for (unsigned x = argc; x < 12; x += 3) printf("%u %u %u %u %d\n", back(x), last(x, x), forth(x), steps(x), ints(x));
    return 0;
}
C
# Where an array ends, and another one begins, is kept in memory and compared later.
cat >kept.c <<'C'
#include <stdio.h>
struct row { long a, b; };
#ifdef NEW
static const short came[4] = {9, 8, 7};
#endif
static const struct row tab[8] = {{1, 2}, {3, 4}, {5, 6}, {7, 8}};
static const short next[40] = {6, 5, 4};
static const long front[2] = {4, 5};
__attribute__((noinline)) long both(long z)
{
    z += front[z & 1];
    const struct row *volatile end = tab + 8;
    for (const struct row *q = tab; q != end; q++) z = z * 3 + q->b;
#ifdef NEW
    for (int i = z & 1; i < 4; i += 2) z = z * 5 + came[i];
#endif
    return z;
}
__attribute__((noinline)) long other(long z) { return z + tab[z & 7].b + next[z & 15]; }
int main(int argc, char **argv) { return printf("%ld %ld\n", both(argc), other(argc)) < 0; }
C
# A function gets an array's start and its last element, and compares the two.
cat >given.c <<'C'
#include <stdio.h>
struct row { long a; int b; };
#ifdef NEW
struct item { char c; unsigned d; unsigned char e; };
#else
struct item { char c; unsigned d; long long more; unsigned char e; };
#endif
static const struct row tab[7] = {{1, 20}, {3, 40}, {5, 60}, {7, 80}, {9, 100}, {11, 120}, {13, 140}};
static const struct item items[20] = {{.c = 1, .d = 2, .e = 3}, {.c = 4, .d = 5, .e = 6}, {.c = 7, .d = 8, .e = 9}, [19] = {.c = 10, .d = 11, .e = 12}};
__attribute__((noinline)) int back(const struct row *p, const struct row *first)
{
    int z = 1;
    for (; p >= first; p--) z = z * 3 + p->b;
    return z;
}
__attribute__((noinline)) int user(int n)
{
    n = n * 3 + back(tab + 6, tab);
    for (const struct item *q = items; q != items + 20; q++) n = n * 5 + q->d;
    return n;
}
__attribute__((noinline)) int forth(int n)
{
    for (const struct item *q = items, *p = items + 20; q < p; q++) p--, n = n * 3 + q->e - p->e;
    return n;
}
int main(int argc, char **argv) { return printf("%d %d\n", user(argc), forth(argc)) < 0; }
C
sources=back.c
for compiler in $compilers; do
    for how in -O1 -Os '-O0 -s' '-O1 -s' '-O2 -s' '-Os -s'; do like_new "$compiler $how: backwards" $how; done
done
sources=kept.c compiler=with_gcc
for how in -O1 '-O1 -fno-section-anchors' '-O2 -fno-section-anchors'; do like_new "$how: an end that is kept" $how; done
sources=given.c
for how in '-Os -s' '-Os -s -fno-section-anchors' '-O2 -s -fno-section-anchors'; do like_new "$how: two that are handed on" $how; done

# ---- an end that is made by SUB of the array itself, in front of which a constant changes; one to which structures of vectors go (LD2) ----
cat >scaled.c <<'C'
#include <stdio.h>
#ifdef NEW
#define BY 2.7182818
#else
#define BY 12345.678
#endif
long find(long z, long x);
__attribute__((noinline)) double scaled(double x) { return x * BY; }
int main(int argc, char **argv)
{
    for (int x = 4; x < 9; x++) printf("%ld %g\n", find(argc, x), scaled(x));
    return 0;
}
C
cat >find.c <<'C'
struct row { long a; };
static const struct row tab[2] = {{5}, {7}};
long find(long z, long x)
{
#ifdef NEW
    const struct row *q = tab + 1;
    while (q >= tab && q->a > x) q--;
    return z + (q - tab);
#else
    return z + tab[x & 1].a;
#endif
}
C
cat >pairs.c <<'C'
#include <stdio.h>
#ifdef NEW
#define CHANGED * 3
#define ROWS 208
#else
#define ROWS 200
#define CHANGED
#endif
static const struct { int a, b; } tab[ROWS] = {{1, 2}, {3, 4}, {5, 6}, {7, 8}};
static const int next[40] = {1, 2, 3, 4};
__attribute__((noinline)) int sum(int n) { for (int i = 0; i < ROWS; i++) n += tab[i].a * tab[i].b; return n CHANGED; }
__attribute__((noinline)) int other(int n) { return n + next[n % 40]; }
int main(int argc, char **argv) { return printf("%d %d\n", sum(argc), other(argc)) < 0; }
C
for what in '-O1 scaled.c find.c' '-O1 -fPIE -pie scaled.c find.c' '-O3 pairs.c' '-O3 -fno-section-anchors pairs.c'; do
    with_gcc $what -Wl,--build-id -o old.prog && with_gcc $what -DNEW -Wl,--build-id -o new.prog || exit 1
    becomes "$what" old.prog new.prog
done

# ---- a stripped library: a table that ends in zeros, which code goes through from a field on, and into whose middle a pointer leads ----
cat >walked.c <<'C'
struct opt { const char *n; unsigned v; };
static inline unsigned sum(const char *s) { unsigned h = 7; while (*s) h = h * 31 + (unsigned char)*s++; return h; }
static const struct opt other[] = {{"rhox", 13}, {"lambda", 27637}, {0, 0}};
static const struct opt t[] = {{"beta", 202142729}, ADDED {"mu y", 15}, {"rho", VALUE}, {"gamma y", 3874}, {0, 0}};
static const struct { const struct opt *o; const char *s; } deep[] = {{other + 1, "rhox"}, {t + 1, "rhox"}};
unsigned one(unsigned x)
{
    unsigned z = x;
    for (const struct opt *o = deep[x % 2].o; o->n; o++) z = z * 5 + sum(o->n) + o->v;
    for (unsigned i = 0; t[i].n; i++) z = z * 3 + sum(t[i].n) + t[i].v;
    return z;
}
unsigned two(unsigned x)
{
    unsigned z = x;
    for (unsigned i = 0; t[i].n; i++) z = z * 3 + sum(t[i].n) + t[i].v;
    return z FIX;
}
C
cat >walks.c <<'C'
#include <stdio.h>
unsigned one(unsigned), two(unsigned);
int main(void) { for (unsigned i = 0; i < 4; i++) printf("%u %u\n", one(i), two(i)); return 0; }
C
mkdir -p old new
for how in -O1 -O2 -Os; do
    for what in '-DVALUE=3 -DADDED= -DFIX=' '-DVALUE=2 -DADDED={"theta",489341}, -DFIX=' '-DVALUE=2 -DADDED={"theta",489341}, -DFIX=*3'; do
        "$CROSS_CC" -w $how -fPIC -shared -s -Wl,-soname,libw.so -DVALUE=2 -DADDED= -DFIX= -o old/libw.so walked.c &&
            "$CROSS_CC" -w $how -fPIC -shared -s -Wl,-soname,libw.so $what -o new/libw.so walked.c && "$CROSS_CC" -o walks walks.c old/libw.so || exit 1
        lpdiff old/libw.so new/libw.so >p.lpatch 2>err
        status=$?
        does "$how, $what" -E LD_LIBRARY_PATH=new ./walks
        if [ $status = 2 ]; then like "$(cat err)" 'E1[0-8]' "$how, $what: refused"
        else is "$(deeds -E LD_LIBRARY_PATH=old -P p.lpatch ./walks)" "$deeds" "$how, $what: as the new one"; fi
    done
done
tap_done
