#!/bin/sh
# Code that is read as data: a function that is copied from its start to its end. Where the old body was is a branch to the new one, and nothing else.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers

cat >copied.c <<'C'
#include <stdio.h>
#include <string.h>
static char room[400];
__attribute__((noinline, section(".text.code"))) long code(long x) { return FIX; }
__attribute__((noinline, section(".text.code"))) long code_end(long x) { return x ^ 0x55; }
__attribute__((noinline, noclone)) static void copy_some(long n, char *to, char *from)
{
    memcpy(to, from, n);
}
__attribute__((noinline, noclone)) static void copy_code(char *to, char *from, char *end) { copy_some(end - from < 300 ? end - from : 300, to, from); }
__attribute__((noinline, noclone)) static long call_both(long (*f)(long), long (*g)(long), long x) { return f(x) + g(x); }
int main(int argc, char **argv)
{
#if WAY == 1 /* how long is it? */
    long n = (char *)code_end - (char *)code;
    printf("%d\n", n > 4);
#elif WAY == 2 /* it is known how long it is */
    memcpy(room, (void *)code, argc + 3);
    printf("%d\n", room[0] == ((char *)code)[0]);
#elif WAY == 4 /* another function does it, that gets its start and its end */
    copy_code(room, (char *)code, (char *)code_end);
    printf("%d\n", room[0] == ((char *)main)[0]);
#elif WAY == 5 /* or its start, and how much */
    copy_some(argc + 3, room, (char *)code);
    printf("%d\n", room[0] == ((char *)main)[0]);
#elif WAY == 6 /* two functions beside one another that are only called */
    printf("%ld\n", call_both(code, code_end, argc));
#else
    printf("%d\n", room[0]);
#endif
    printf("%ld %ld\n", code(argc), code_end(argc));
    return 0;
}
C
# moves NAME: between old and long code moves that is copied, which is refused
moves()
{
    lpdiff --heuristic old long >p.lpatch 2>err
    is "$? $(sed -n 's/^lpdiff: [^:]*: \(E149\): .*/\1/p' err | sort -u)" "2 E149" "$1"
}
for cc in $compilers; do
    for how in -O0 -O1 -O2 '-Os -Wl,-q' '-O2 -s' '-O2 -no-pie -fno-pie'; do
        build() { out=$1; shift; $cc $how -fno-builtin "$@" -Wl,--build-id -o "$out" copied.c || not_ok "compile $out"; }
        for way in 1 2 4 5; do
            build old -DWAY=$way '-DFIX=x+1' && build long -DWAY=$way '-DFIX=x*5+x/3+7' && build same -DWAY=$way '-DFIX=x+2'
            moves "$cc $how, $way: a function that is copied moves"
            lpdiff --heuristic old same >p.lpatch 2>err
            is "$?$(cat err)" 1 "  and where it does not"
            is "$(run -P p.lpatch ./old)" "$(run ./same)" "  the patched program does what the new one does"
        done
        for way in 3 6; do
            build old -DWAY=$way '-DFIX=x+1' && build long -DWAY=$way '-DFIX=x*5+x/3+7'
            lpdiff --heuristic old long >p.lpatch 2>err
            is "$?$(cat err)" 1 "$cc $how, $way: nobody copies it"
        done
    done
done

# ---- two functions that are compared with one another: by == that is no distance; going through one of them up to the other, it is ----
cat >same.c <<'C'
#include <stdio.h>
__attribute__((noinline)) long first(long x) { return x * 7 + 3; }
#ifdef MORE
__attribute__((noinline)) long second(long x) { return x * 9 + x / 5; }
#endif
__attribute__((noinline)) long other(long x) { return x * 7 + 4; }
#ifndef MORE
#define second other
#endif
long (*volatile both[])(long) = {first, second};
int main(int argc, char **argv)
{
    long n = 0;
#ifdef LOOP
    for (const char *p = (const char *)both[0], *end = (const char *)both[1]; p != end; p++) n += !*p;
#endif
    n += both[0](argc) + both[1](argc);
    printf("%ld %d\n", n + other(n), both[0] == both[1]);
    return 0;
}
C
for cc in $compilers; do
    for how in -O1 -O2 -Os; do
        build() { out=$1; shift; $cc $how -ffunction-sections "$@" -Wl,--build-id -o "$out" same.c || not_ok "compile $out"; }
        build old && build new -DMORE && build old.loop -DLOOP && build new.loop -DMORE -DLOOP
        lpdiff --data old new >p.lpatch 2>err
        is "$?$(cat err)" 1 "$cc $how: two functions that are compared"
        is "$(run -P p.lpatch ./old)" "$(run ./new)" "  the patched program does what the new one does"
        lpdiff --data old.loop new.loop >p.lpatch 2>err
        is "$? $(sed -n 's/^lpdiff: [^:]*: \(E149\): .*/\1/p' err | sort -u)" "2 E149" "  and one that is gone through up to the other"
    done
done

# ---- a library's own, that other objects find, too ----
for cc in $compilers; do
    for how in -O0 -O2 '-O2 -Wl,-Bsymbolic' '-O2 -s'; do
        build() { out=$1; shift; $cc $how -fno-builtin -fPIC -shared -Dmain=work "$@" -Wl,--build-id -o "$out" copied.c || not_ok "compile $out"; }
        for way in 1 2 4 5; do
            build old -DWAY=$way '-DFIX=x+1' && build long -DWAY=$way '-DFIX=x*5+x/3+7'
            moves "$cc $how, $way: a library's function that is copied moves"
        done
    done
done

# ---- a long way to what copies it, a circle, and another way into it that is looked at first ----
cat >deep.c <<'C'
#include <stdio.h>
#include <string.h>
static char room[400];
__attribute__((noinline, section(".text.code"))) long code(long x) { return FIX; }
__attribute__((noinline, section(".text.code"))) long code_end(long x) { return x ^ 0x55; }
#define CALLEE static __attribute__((noinline, noclone)) void
CALLEE copy(char *to, char *from, char *end, int n) { memcpy(to, from, end - from < 300 ? end - from : 300); room[399] = n; }
CALLEE odd(char *to, char *from, char *end, int n);
CALLEE even(char *to, char *from, char *end, int n)
{
    if (n > 3) odd(to, from, end, n - 1);
    room[398]++;
}
CALLEE odd(char *to, char *from, char *end, int n)
{
    even(to, from, end, n - 1);
    if (n < 2) copy(to, from, end, n);
    room[397]++;
}
#define STEP(a, b) CALLEE a(char *to, char *from, char *end, int n) { b(to, from, end, n + 1); room[396]++; }
STEP(s1, odd) STEP(s2, s1) STEP(s3, s2) STEP(s4, s3) STEP(s5, s4) STEP(s6, s5) STEP(s7, s6) STEP(s8, s7) STEP(s9, s8) STEP(s10, s9)
#ifdef EARLY
__attribute__((noinline)) void early(int n) { s10(room, (char *)code, NULL, n); }
#else
#define early(n) (void)0
#endif
__attribute__((noinline)) void late(int n) { WAY(room, (char *)code, (char *)code_end, n); }
int main(int argc, char **argv)
{
    early(argc), late(argc);
    return printf("%ld %ld\n", code(argc), code_end(argc)) < 0;
}
C
for cc in $compilers; do
    for how in -O0 -O2; do
        for way in 'even -DEARLY' 's10 -DEARLY' 's9' 's1 -DEARLY'; do
            build() { out=$1; shift; $cc $how -fno-builtin "$@" -Wl,--build-id -o "$out" deep.c || not_ok "compile $out"; }
            build old -DWAY=$way '-DFIX=x+1' && build long -DWAY=$way '-DFIX=x*5+x/3+7'
            moves "$cc $how, $way: a function that is copied far away moves"
        done
    done
done


# ---- GCC's template of trampolines, which code copies: two literals of 0 are behind it, which are no padding ----
cat >nested.c <<'C'
#include <stdio.h>
static __attribute__((noinline)) long with(long (*f)(long), long v) { return f(v) + f(v + 1); }
__attribute__((noipa)) int front(int n) { return n * FRONT; }
__attribute__((noinline)) long sum(long x, long y)
{
    long k = y * 3;
    long add(long v) { k += v; return v * 3 + k; }
    return with(add, x) + k;
}
int main(int argc, char **argv) { printf("%ld %d\n", sum(argc, 3), front(argc)); return 0; }
C
for flag in -O0 '-O1 -fPIE -pie' '-O2 -no-pie -fno-pie -mbranch-protection=standard' '-O2 -static'; do
    for front in 3 10007; do with_gcc $flag -z execstack -Wl,--build-id -DFRONT=$front -o nested.$front nested.c 2>/dev/null || not_ok "compile nested.c"; done
    fix "$flag, a function in front of the template of trampolines" nested.3 nested.10007 front
done
tap_done
