#!/bin/sh
# --symbol: of data that changed, the patch has what the functions use that are asked for, by themselves or by what that leads to; and --summary lists data,
# too.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers
cat >asked.c <<'C'
#include <stdio.h>
struct part { int number; const char *name; };
static const int tab[] = {1, 2, 3, TAB, 5, 6, 7, 8};
static const struct part one = {PART, TEXT}, two = {8, "two"};
static const struct part *const parts[] = {&one, &two};
__attribute__((noinline)) int sum(int n) { return tab[n & 7] + n FIX; }
__attribute__((noinline)) int part(int n) { return parts[n & 1]->number * n FIX; }
__attribute__((noinline)) const char *name(int n) { return parts[n & 1]->name; }
__attribute__((noinline)) int alone(int n) { return n * 3 FIX; }
int main(int argc, char **argv)
{
    return printf("%d %d %s %d\n", sum(argc + 2), part(argc + 1), name(argc + 1), alone(argc)) & 1;
}
C
for cc in $compilers; do
    for flags in -O1 -O2 '-Os -fno-pie -no-pie'; do
        build() { out=$1; shift; $cc $flags -Wl,--build-id "$@" -o "$out" asked.c || not_ok "compile $out"; }
        build old -DTAB=4 -DPART=7 '-DTEXT="first"' -DFIX= && build new -DTAB=44 -DPART=77 '-DTEXT="second one"' -DFIX=+1
        lpdiff --summary -o p.lpatch old new >rows 2>err
        is "$(grep -c -e '^set  *tab+0xc (1 byte): 04 -> 2c$' -e '^set  *one (1 byte): 07 -> 4d$' -e '^data .*, rodata): "second one"$' rows)" 3 \
            "$cc $flags: constants that changed, and what comes along, are listed"
        behaves "$cc $flags" old new
        lpdiff --symbol alone -o p.lpatch old new 2>err
        is "$? $(grep -c '^set\|^data' p.lpatch) $(grep -c 'data that changed is left out (--symbol).*(2, the first: ' err)" '1 0 1' \
            "$cc $flags: a function that uses none of them, alone"
        is "$(run -P p.lpatch ./old)" '7 14 first 4' "  and it does what it should"
        lpdiff --symbol sum -o p.lpatch old new 2>err
        is "$? $(grep -c '^set' p.lpatch) $(grep -c '^set tab' p.lpatch)" '1 1 1' "$cc $flags: one that uses a table"
        is "$(run -P p.lpatch ./old)" '48 14 first 3' "  and it does what it should"
        lpdiff --symbol part -o p.lpatch old new 2>err
        is "$? $(grep -c '^set tab' p.lpatch) $(grep -c '^set one' p.lpatch) $(grep -c '^data' p.lpatch)" '1 0 2 1' \
            "$cc $flags: one that uses what a table leads to"
        is "$(run -P p.lpatch ./old)" '7 155 second one 3' "  and it does what it should"
    done
done

# ---- a library's own, that others find by their names, too ----
cat >library.c <<'C'
const int table[] = {1, 2, 3, TAB, 5};
const int *const tables[] = {table, table + 2};
int direct(int n) { return table[n & 3] FIX; }
int through(int n) { return *tables[n & 1] FIX; }
int none(int n) { return n * 5 FIX; }
C
for cc in $compilers; do
    for flags in -O0 -O2 '-O2 -Wl,-Bsymbolic'; do
        build() { out=$1; shift; $cc $flags -fPIC -shared -Wl,--build-id "$@" -o "$out" library.c || not_ok "compile $out"; }
        build old -DTAB=4 -DFIX= && build new -DTAB=44 -DFIX=+1
        for name in direct through none; do
            lpdiff --symbol $name -o p.lpatch old new 2>err
            is "$? $(grep -c '^set table+0xc' p.lpatch)" "1 $([ $name = none ] && echo 0 || echo 1)" "$cc $flags, a library: $name"
        done
    done
done
tap_done
