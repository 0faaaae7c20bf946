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
tap_done
