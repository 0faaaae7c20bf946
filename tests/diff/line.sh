#!/bin/sh
# Functions in which only line numbers differ are left out with proof, and that is said; a number that merely is near one is a change.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1

# ---- __LINE__: left out where the files' own debugging information proves it, and nowhere else ----
cat >line.c <<'C'
#include <stdio.h>
#include <stdlib.h>
int seen;
__attribute__((noinline, noclone)) void report(const char *what, int value, int line, int more) { printf("%s %d %d %d\n", what, value, line, more); seen++; }
static inline void narrow(int value, int line) { if (value > 3) report("narrow", value, line, 0); }
#define CHECK(x) do { if (!(x)) report(#x, seen, __LINE__, 1); } while (0)
//
__attribute__((noinline)) int plain(int n)
{
    CHECK(n != 3);
    for (int i = 0; i < n; i++) CHECK(i != 4);
    return n;
}
__attribute__((noinline)) int deep(int n)
{
    narrow(n, __LINE__);
    for (; n > 1; n /= 2)
        narrow(n / 2, __LINE__);
    return n;
}
__attribute__((noinline)) void told(const char *file, int line, int value) { printf("%s %d %d\n", file, line, value); }
__attribute__((noinline)) int named(int n)
{
    told(__FILE__,
         __LINE__, n);
    return n + 1;
}
__attribute__((noinline)) int spread(int n)
{
    report("spread", n,
           __LINE__, 3);
    return n + 2;
}
__attribute__((noinline)) int number(int n)
{
    report("number", n, NUMBER, 2);
    return n;
}
__attribute__((noinline)) int fixed(int n) { return n FIXED; }
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) printf("%d\n", plain(atoi(argv[i])) + deep(atoi(argv[i])) + named(i) + spread(i) + number(i) + fixed(i));
    return 0;
}
C
mkdir -p changed && sed 's,^//$,//\n//\n//,' line.c >changed/line.c
for flag in -O0 -O2 '-O3 -fno-inline-functions' -Os; do
    build() { out=$PWD/$1 from=$2; shift 2; (cd $from && "$CROSS_CC" -w -g $flag "$@" -Wl,--build-id -o "$out" line.c); }
    build n.old . -DNUMBER=5000 -DFIXED= && build n.new changed -DNUMBER=5000 '-DFIXED=* 3' && build n.two changed -DNUMBER=5002 '-DFIXED=* 3' || exit 1
    is "$(lpdiff --summary n.old n.new 2>n.err | awk '{ print $1, $2 $3 }' | sed 's/out\([a-z]*\):/out \1/; s/(.*//; s/:a$//' | sort | paste -s -d ,)" \
        "changed fixed,changed spread,left out deep,left out named,left out plain" "$flag: what differs in line numbers alone is left out"
    is "$(sed 's/([+-]*[0-9]*)//; s/lpdiff: warning: //; s/ in which nothing.*shows (\(.*\))/ \1/; s/,* which no.*//' n.err | paste -s -d ';')" \
        "spread: what differs looks like __LINE__ ;functions are left out 3, the first: plain" \
        "$flag: and that is said; a line without code is proved by the source's name alone"
    is "$(lpdiff n.old n.two 2>&1 | sed -n 's/^func \([^ ]*\).*/\1/p; s/^@ \([^ +]*\).*/\1/p' | sort | paste -s -d ' ')" \
        "fixed number spread" "$flag: a number that grew as much is not"
    lpdiff --assume-line -o n.lpatch n.old n.new 2>n.err
    is "$?$(grep -c 'look like line numbers, which --assume-line takes them for without proof (1, the first: spread)' n.err)" 11 "$flag: so is what is left out on request"
done

# ---- a number that is near, and grew as much as lines were added ----
cat >near.c <<'C'
#include <stdio.h>
int tries;
//
__attribute__((noinline)) void wait_for(const char *what, int seconds) { printf("%s: %d s\n", what, seconds); }
__attribute__((noinline)) int get(int x)
{
    tries++;
    wait_for("server", T(7));
    return x;
}
__attribute__((noinline)) int next(int x)
{
    wait_for("next", T(14));

    return x;
}
__attribute__((noinline)) int early(int x)
{
    int n = T(20);
    tries += x;
    wait_for("early", n);
    return x;
}
__attribute__((noinline)) int twice(int x)
{
    int n = T(25);
    for (int i = 0; i < x; i++)
        wait_for("a", n), wait_for("b", n);
    return x;
}
__attribute__((noinline)) int result(void)
{
    return T(34);
}
int main(void) { return get(1) + next(2) + early(3) + twice(2) + result() > 99; }
C
sed 's,^//$,//\n//,' near.c >changed/near.c
sides() { cc=$1 name=$2; shift 2; $cc -w -g "$@" '-DT(n)=n' -o n.old $name.c && $cc -w -g "$@" '-DT(n)=n+1' -o n.new changed/$name.c; }
for cc in "$CROSS_CC" $(! have_arm64_clang || echo arm64_clang); do
    for flag in -O0 -O1 -O2 -Os '-O2 -gdwarf-4'; do
        sides $cc near $flag -Wl,--build-id || exit 1
        is "$(lpdiff -o n.lpatch n.old n.new 2>n.err; echo $?; lpdiff --summary n.old n.new 2>/dev/null | awk '{ print $1, $2 }' | sort)" \
            "$(printf '%s\n' 1 'changed early:' 'changed get:' 'changed next:' 'changed result:' 'changed twice:')" "$cc $flag: a number near the line is none"
        is "$(run -P n.lpatch ./n.old)" "$(run ./n.new)" "$cc $flag: the patched program does what the new one does"
    done
done

# ---- the line that assert() hands on is one without debugging information; not what may go elsewhere, too ----
cat >told.c <<'C'
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
//
int either(int);
__attribute__((noinline)) int checked(int n)
{
    assert(n != 3);
    for (int i = 0; i < n; i++) assert(puts("more") != i - 40);
    return n;
}
__attribute__((noinline)) void own(const char *what, const char *file, int line, const char *name) { printf("%s %s %d %s\n", what, file, line, name); }
__attribute__((noinline)) int other(int n)
{
    if (n > 2) own("other", "told.c", T(14), "n");
    return n;
}
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) printf("%d\n", checked(atoi(argv[i])) + other(atoi(argv[i])) + either(atoi(argv[i])));
    return 0;
}
__asm__(".text\n.globl either\n.type either, %function\neither: mov w2, #" N "\ncbnz w0, 1f\nstp x29, x30, [sp, #-16]!\nadr x0, 2f\nmov x1, x0\nmov x3, x0\n"
        "bl __assert_fail\n1: mov w0, w2\nret\n2: .asciz \"either\"\n.balign 4\n.size either, . - either\n");
C
sed 's,^//$,//\n//\n//,' told.c >changed/told.c
for cc in "$CROSS_CC" $(! have_arm64_clang || echo arm64_clang); do
    for flag in -O0 -O2 -Os '-O2 -static'; do
        $cc -w $flag '-DT(n)=n' '-DN="7"' -o n.old told.c || exit 1
        (cd changed && $cc -w $flag '-DT(n)=n+2' '-DN="9"' -o ../n.new told.c) || exit 1
        is "$(lpdiff --summary n.old n.new 2>/dev/null | sed -n 's/^\(changed\|left out\) *\([a-z]*\):.*/\1 \2/p' | sort | paste -s -d ,)" \
            "changed either,changed other,left out checked" "$cc $flag: the line of an assertion is proved"
        lpdiff -o n.lpatch n.old n.new 2>/dev/null
        is "$(run -P n.lpatch ./n.old 1 4 2>&1)" "$(run ./n.new 1 4 2>&1)" "$cc $flag: the patched program does what the new one does"
    done
done

# ---- nor is a result, though its statement is on that line ----
printf '%s\n' '//' '__attribute__((noinline)) int calls(void) { return T(2); }' 'int main(void) { return calls(); }' >exact.c
sed 's,^//$,//\n//,' exact.c >changed/exact.c
for flag in -O0 -O2; do
    sides "$CROSS_CC" exact $flag -Wl,--build-id || exit 1
    is "$(lpdiff -s n.old n.new 2>&1; echo $?)" 1 "$flag: a result on its own line may be any number"
done

# ---- a result is no line number, unless others differ by as much ----
cat >result.c <<'C'
#include <stdio.h>
__attribute__((noinline)) int one(void) { return ONE; }
__attribute__((noinline)) int two(void) { return TWO; }
int main(void) { printf("%d %d\n", one(), two()); return 0; }
C
build() { out=$1; shift; "$CROSS_CC" -O2 "$@" -Wl,--build-id -o "$out" result.c; }
build n.old -DONE=1 -DTWO=9 && build n.new -DONE=5 -DTWO=9 && build n.two -DONE=5 -DTWO=13 || exit 1
for new in n.new n.two; do lpdiff n.old $new 2>&1 >n.lpatch | grep -c 'looks like __LINE__' >>n.said; done
is "$(paste -s -d ' ' n.said)" "0 2" "a result that changed is not said to look like a line number"
tap_done
