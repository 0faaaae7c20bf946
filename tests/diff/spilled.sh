#!/bin/sh
# Two tables beside one another, of which one is new, in code that keeps addresses in its frame: where it only reads there, a copy of both does. Where somebody
# else gets the address, it counts which one it is, and there is no patch.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers

cat >tables.c <<'C'
#include <stdio.h>
static const int first[8] = {3, 1, 4, 1, 5, 9, 2, 6};
static const char *const words[4] = {"one", "two", "three", "four"};
#ifdef NEW
static const int second[8] = {2, 7, 1, 8, 2, 8, 1, 8};
static const char *const others[4] = {"eins", "zwei", "drei", "vier"};
#define EITHER(k, x, y) ((k) ? (x) : (y))
#else
#define EITHER(k, x, y) (x)
#endif
static const int behind[4] = {7, 7, 8, 9};
__attribute__((noinline)) int is_first(const int *t) { return t == first; }
__attribute__((noinline)) int last_is(int a, int b, int c, int d, int e, int f, int g, int h, const int *t) { return a + h + 10 * is_first(t); }
struct held { long n; const int *t; };
__attribute__((noinline)) int held_is(struct held *h) { return h->n + is_first(h->t); }
__attribute__((noinline)) int at_is(const int **t) { return is_first(*t); }
const int *kept;
#ifdef WORDS
__attribute__((noinline)) int number(int k, int i) { return first[i & 7]; }
#else
__attribute__((noinline)) int number(int k, int i)
{
    const int *t = EITHER(k, first, second);
    BODY
}
#endif
__attribute__((noinline)) const char *word(int k, int i)
{
#ifdef WORDS
    const char *const *t = EITHER(k, words, others);
    return t[i & 3];
#else
    return words[i & 3];
#endif
}
int main(int argc, char **argv)
{
    for (int i = 0; i < 8; i++)
        for (int k = argc - 1; k < 2; k++) printf("%d %s %d %d\n", number(k, i), word(k, i), behind[i & 3], kept && is_first(kept));
    return 0;
}
C
# two BODY
two()
{
    $cc $opt $how "-DBODY=$1" -Wl,--build-id -o t.old tables.c && $cc $opt $how "-DBODY=$1" -DNEW -Wl,--build-id -o t.new tables.c || not_ok "compile"
}
# right NAME: there is none, or it is right
right()
{
    lpdiff t.old t.new >p.lpatch 2>err
    status=$?
    if [ $status = 1 ]; then behaves "$1: if there is a patch" t.old t.new; else is "$status$(sed -n 's/.*\(E148\): `number`.*/\1/p' err | head -n 1)" 2E148 "$1: there is no patch"; fi
}
read='return t[i];'
steps='int sum = 0; const int *p = t; for (int n = i; n >= 0; n--) sum += *p++; return sum;'
null='if (i == 3) t = NULL; return t ? t[i] : -1;'
for cc in $compilers; do
    for opt in -O0 -O1 -O2; do
        for how in '-fPIE -pie' '-fno-pie -no-pie' '-fno-pie -no-pie -static' '-fPIE -pie -Wl,-q'; do
            two "$read"
            becomes "$cc $opt $how" t.old t.new
        done
        how='-fPIE -pie'
        for form in read null; do
            eval "body=\$$form"
            two "$body"
            becomes "$cc $opt, $form" t.old t.new
        done
        how='-fPIE -pie -DWORDS'
        two ''
        becomes "$cc $opt, texts" t.old t.new
        how='-fPIE -pie'
        two "$steps"
        right "$cc $opt, in two variables"
        two 'return t[i] + 100 * is_first(t);'
        right "$cc $opt, handed on"
        two 'kept = t; return t[i];'
        right "$cc $opt, stored"
        two 'return t[i] + 100 * (t == kept) + (kept = first, 0);'
        right "$cc $opt, compared"
        two 'return t[i] + 100 * last_is(1, 2, 3, 4, 5, 6, 7, 8, t);'
        right "$cc $opt, on the stack"
        two 'struct held h = {i, t}; return t[i] + 100 * held_is(&h);'
        right "$cc $opt, in a variable of several parts"
        two 'return t[i] + 100 * at_is(&t);'
        right "$cc $opt, where another one finds it"
        two 'const int *all[3] = {t, first, t}; return *all[i % 3] + 100 * is_first(all[(i + 1) % 3]);'
        right "$cc $opt, in an array"
        two 'return t[i] + (k ? (int)(t - first) : 5);'
        right "$cc $opt, a distance"
    done
done
tap_done
