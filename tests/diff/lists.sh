#!/bin/sh
# Tables of texts, some of one letter, in programs for a fixed address, which do not say what is an address: the words of such a table say it together. And
# GCC has the texts of a table in front of it: one that begins where another table ends is not the end of that.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers

cat >lists.c <<'C'
#include <stdio.h>
#include <string.h>
#ifdef NEW
static const char *const names[] = {"a", "b", "x"};
static const struct { const char *name; long n; } more[] = {{"p", 3}, {"q", 0x600000000000}, {"r", 0}};
#else
static const char *const names[] = {"a", "x"};
static const struct { const char *name; long n; } more[] = {{"p", 3}, {"r", 0}};
#endif
enum { N = sizeof names / sizeof *names, M = sizeof more / sizeof *more };
static const char *const others[] = {"u", "vv", "www"};
#ifdef BOUNDS
static const struct { const char *title; const char *const *end; } bounds = {"t", names + N};
#endif
__attribute__((noinline)) int find(const char *s)
{
    for (int i = 0; i < N; i++) if (!strcmp(s, names[i])) return i;
    return -1;
}
__attribute__((noinline)) long number(const char *s)
{
    for (int i = 0; i < M; i++) if (!strcmp(s, more[i].name)) return more[i].n;
    return -1;
}
__attribute__((noinline)) const char *get(int i) { return i >= 0 && i < N ? names[i] : "?"; }
__attribute__((noinline)) const char *other(int i) { return others[i % 3]; }
__attribute__((noinline)) const char *last(void)
{
#ifdef BOUNDS
    return bounds.end[-1];
#else
    return "";
#endif
}
int main(int argc, char **argv)
{
    for (char i = 0, s[2] = {'p'}; i < 4; i++, s[0]++) printf("%s %s %d %ld %s\n", get(i), other(i), find(get(i)), number(s), last());
    return 0;
}
C
# may NAME IDS: there is a patch, which is right, or none for these reasons
may()
{
    lpdiff $becomes l.old l.new >p.lpatch 2>err
    if [ $? = 1 ]; then behaves "$1: if there is a patch" l.old l.new; else like "$(cat err)" "$2" "$1: refused"; fi
}
for cc in $compilers; do
    for opt in -O0 -O1 -O2 -Os; do
        for how in '-fno-pie -no-pie' '-fno-pie -no-pie -static' '-fno-pie -no-pie -Wl,-q' '-fPIE -pie'; do
            $cc $opt $how -Wl,--build-id -o l.old lists.c && $cc $opt $how -DNEW -Wl,--build-id -o l.new lists.c || not_ok "compile"
            case $opt$how in # (texts that are the tails of others have nothing in front of them)
            -O0*) becomes "$cc $opt $how" l.old l.new ;;
            *-static) may "$cc $opt $how" E147 ;;
            *) becomes "$cc $opt $how" l.old l.new ;;
            esac
            $cc $opt $how -DBOUNDS -Wl,--build-id -o l.old lists.c && $cc $opt $how -DBOUNDS -DNEW -Wl,--build-id -o l.new lists.c || not_ok "compile"
            may "$cc $opt $how, its end" 'E1[24][07]'
        done
        how='-fno-pie -no-pie'
        $cc $opt $how -s -Wl,--build-id -o l.old lists.c && $cc $opt $how -s -DNEW -Wl,--build-id -o l.new lists.c || not_ok "compile"
        becomes=--heuristic
        may "$cc $opt, stripped" 'E14[78]'
        becomes=
    done
done
tap_done
