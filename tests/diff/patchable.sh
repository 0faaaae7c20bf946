#!/bin/sh
# Functions with NOPs in front of where their FDEs begin, as -fpatchable-function-entry of GCC makes them: unwinding and exception tables are theirs all the same.
. "$srcdir/tests/lib.sh"
need_cross_cxx
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1

cat >catch.cc <<'C'
#include <cstdio>
struct base { int n; };
struct one : base {};
struct two : base {};
__attribute__((noinline)) void raise(int n) { if (n == 1) throw one{{n}}; if (n == 2) throw two{{n}}; if (n > 2) throw n; }
struct guard { int n; ~guard() { std::printf("left %d\n", n); } };
__attribute__((noinline)) int caught(int n)
{
    guard g{n};
#ifdef LONGER
    for (int i = 0; i < n; i++) std::printf("again %d\n", i);
#endif
    try { raise(n); } catch (CAUGHT &) { return RETURN; }
    return n;
}
__attribute__((noinline)) void through(int n)
{
#ifdef LONGER
    std::puts("through"), std::printf("with %d\n", n);
#endif
    raise(n);
    std::puts("nothing");
}
int main()
{
    for (int i = 0; i < 4; i++) {
        try { std::printf("%d\n", caught(i)); } catch (two &) { std::puts("two"); } catch (...) { std::puts("something"); }
        try { through(i); } catch (base &) { std::puts("base"); } catch (int) { std::puts("a number"); }
    }
    return 0;
}
C
for how in '-O2 -fpatchable-function-entry=4,2' '-Os -fpatchable-function-entry=3' '-O2 -static -fpatchable-function-entry=4,2' \
    '-O1 -fpatchable-function-entry=40,8'; do
    build() { out=$1; shift; "$cxx" -w $how -DRETURN=10 "$@" -Wl,--build-id -o "$out" catch.cc || not_ok "compile $out"; }
    build old -DCAUGHT=one
    build type -DCAUGHT=two
    build longer -DCAUGHT=one -DLONGER
    becomes "$how, longer functions" old longer
    becomes "$how, shorter ones" longer old
    becomes "$how, another type" old type
done

# ---- behind a function of another language, which has a table that another routine reads ----
cat >first.c <<'C'
#include <stdio.h>
void leave(int *n) { printf("leave %d\n", *n); }
__attribute__((noinline)) void in_c(void (*fn)(int), int n) { int g __attribute__((cleanup(leave))) = n; fn(n); puts("in C"); }
C
sed -i 's/^int main()/extern "C" void in_c(void (*)(int), int);\n&/; s/try { through(i); }/try { in_c(through, i); }/' catch.cc
for how in '-O2 -fpatchable-function-entry=4,2' '-Os -static -fpatchable-function-entry=4,2'; do
    "$CROSS_CC" -w $how -fexceptions -c first.c || not_ok "compile first.c"
    build() { out=$1; shift; "$cxx" -w $how -DRETURN=10 -DCAUGHT=one "$@" -Wl,--build-id -o "$out" first.o catch.cc || not_ok "compile $out"; }
    build old
    build longer -DLONGER
    becomes "$how, behind C" old longer
done

# ---- the list of such places, __patchable_function_entries, is for tracers, unless the program reads it; the first of the NOPs is where a function begins ----
cat >list.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#ifdef READ
extern void *__start___patchable_function_entries[], *__stop___patchable_function_entries[];
#endif
int total;
__attribute__((noinline)) int first(int n) { return n * 3 + total; }
#ifdef NEW
__attribute__((noinline)) int third(int n) { return n * 7; }
#endif
__attribute__((noinline)) int second(int n)
{
#ifdef NEW
    for (int i = 0; i < n; i++) total += third(first(i));
#endif
    total++;
    return first(n) + 1;
}
int (*volatile way)(int) = second;
int main(int argc, char **argv)
{
    char line[20];
    puts("ready"), fflush(stdout);
    for (int i = 0; argc > 1 && i < 4; i++) printf("%d %d\n", way(i), second(i + 1));
    while (argc == 1 && fgets(line, sizeof line, stdin) && *line != 'b') printf("%d %d\n", way(atoi(line)), second(1)), fflush(stdout);
#ifdef READ
    for (void **p = __start___patchable_function_entries; p < __stop___patchable_function_entries; p++) printf("%d\n", *(unsigned *)*p == 0xd503201f);
#endif
    return 0;
}
C
. "$tests/e2e/driven.sh"
both_compilers
run() { timeout 60 lprun --no-control -L "$sysroot" "$@" x 2>&1; }
becomes=--heuristic
for cc in $compilers; do
    for how in '-fpatchable-function-entry=2' '-fpatchable-function-entry=4,2 -s' '-fpatchable-function-entry=2 -mbranch-protection=standard' \
        '-fpatchable-function-entry=2 -mbranch-protection=standard -s' '-fpatchable-function-entry=4,2 -mbranch-protection=standard -s'; do
        $cc -O2 $how -Wl,--build-id -o old list.c && $cc -O2 $how -DNEW -Wl,--build-id -o new list.c || not_ok "$cc $how: compile"
        becomes "$cc $how" old new
        start new -L "$sysroot"
        want=$(say 1; say 2; say 3)
        leave
        start old -L "$sysroot"
        lpapply -q -c sock p.lpatch || not_ok "$cc $how: apply"
        is "$(say 1; say 2; say 3)" "$want" "$cc $how: and while it runs"
        leave
        for more in '' '-fno-pie -no-pie' -static; do
            $cc -O2 $how $more -DREAD -Wl,--build-id -o old list.c && $cc -O2 $how $more -DREAD -DNEW -Wl,--build-id -o new list.c || not_ok "$cc $how: compile"
            lpdiff --heuristic -o p.lpatch old new 2>err
            is "$?" 2 "$cc $how $more: refused where the program reads the list"
            like "$(cat err)" 'E123: section `__patchable_function_entries` changed' "$cc $how $more: said"
        done
    done
done
tap_done
