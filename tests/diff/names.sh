#!/bin/sh
# What changed is in no code: which library a name leads to, of which version, what others find by it, and sections that code goes through.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers
# refused NAME ID TEXT OLD NEW
refused()
{
    lpdiff --heuristic "$4" "$5" >out 2>err
    is "$?$(cat out)" 2 "$1: refused"
    like "$(cat err)" "$2: $3" "  with $2"
}

# ---- imports: another version, another order of the libraries ----
echo 'int who_1(void) { return 1; } int who_2(void) { return 2; } __asm__(".symver who_1, who@V1; .symver who_2, who@@V2");' >lib.c
echo 'V1 { who; }; V2 { who; } V1;' >lib.map
echo 'int who(void) { return 3; }' >other.c
cat >use.c <<'C'
#include <stdio.h>
extern int who(void);
#ifdef FIRST
__asm__(".symver who, who@V1");
#endif
__attribute__((noinline)) int more(int n) { return n ADD; }
int main(void) { printf("%d\n", more(who())); return 0; }
C
with_gcc -shared -fPIC -Wl,-soname,libwho.so,--version-script=lib.map -o libwho.so lib.c && with_gcc -shared -fPIC -Wl,-soname,libother.so -o libother.so other.c || exit 1
for flag in -O1 '-O1 -fno-plt' '-O1 -s' '-O1 -fno-pie -no-pie'; do
    build() { out=$1; shift; with_gcc $flag -Wl,--no-as-needed,--build-id -o "$out" use.c "$@"; }
    build v.old -DADD= -DFIRST ./libwho.so && build v.new -DADD= ./libwho.so && build v.fix -DADD=+7 -DFIRST ./libwho.so || exit 1
    lpdiff --heuristic v.old v.new >out 2>err
    is "$?" 1 "$flag, an import of another version"
    like "$(cat out err)" 'who@V2!libwho.so$' "  is another import"
    lpdiff --heuristic v.old v.fix >out 2>err
    is "$?$(cat err)" 1 "$flag: and the same version is none"
    build o.old -DADD= ./libwho.so ./libother.so && build o.new -DADD= ./libother.so ./libwho.so || exit 1
    refused "$flag, another order of the libraries" E152 '`libother.so` is needed in front of `libwho.so`' o.old o.new
done

# ---- exports: two names of one body, and names that are new ----
cat >alias.c <<'C'
static const int one[] = {1, 2}, two[] = {1, 3};
extern const int table[2] __attribute__((alias(TABLE)));
int body_1(int n) { return n + 1 FIX; }
int body_2(int n) { return n * 5; }
int api(int) __attribute__((alias(BODY)));
int call(int n) { return api(n) + 2; }
#ifdef MORE
int extra(void) { return 1; }
#endif
#ifdef USED
int used = 9;
int uses(int n) { return used += n; }
#else
int uses(int n) { return n; }
#endif
C
for cc in $compilers; do
    for flag in -O0 -O2 '-O2 -s'; do
        build() { out=$1; shift; $cc $flag -shared -fPIC -DFIX="$1" -DBODY="\"$2\"" -DTABLE="\"$3\"" ${4-} -Wl,-soname,libapi.so,--build-id -o "$out" alias.c; }
        build a.old '' body_1 one && build a.body '' body_2 one && build a.fix +6 body_1 one && build a.more '' body_1 one -DMORE || exit 1
        refused "$cc $flag, another body by a name" E112 'other objects find another body by the name `\(api\|body_1\)`' a.old a.body
        lpdiff --heuristic a.old a.fix >out 2>err
        is "$?$(cat err)" 1 "$cc $flag: a change of the body that has both names is none"
        lpdiff a.old a.more >out 2>err
        is "$?$(cat out)" 0 "$cc $flag: a name that nobody had"
        like "$(cat err)" 'warning: other objects find more .*symbols: 1, the first: extra)$' "  is warned of"
        build a.used '' body_1 one -DUSED || exit 1
        lpdiff --heuristic a.old a.used >out 2>err
        is "$? $(grep -c 'symbols: 1, the first: used); and where an object in front of it has .* uses that object.s, and a patch its own (the first that it uses: used)' err)" '1 1' \
            "$cc $flag: that the library uses it itself, too"
    done
done

# ---- a section that code goes through ----
cat >list.c <<'C'
#include <stdio.h>
typedef int fn(int);
extern fn *__start_steps[], *__stop_steps[];
#define STEP(name, what) static int name(int n) { return n what; } static fn *p_##name __attribute__((section("steps"), used)) = name;
STEP(first, +1)
STEP(second, *3)
#ifdef MORE
STEP(third, -2)
#endif
__attribute__((noinline)) int after(int n) { return n AFTER; }
int main(int argc, char **argv) { int n = argc; for (fn **p = __start_steps; p < __stop_steps; p++) printf("%d\n", n = (*p)(n)); return after(n); }
C
for cc in $compilers; do
    for flag in -O1 -Os '-O1 -fno-pie -no-pie' '-O1 -static' '-O1 -s'; do
        $cc $flag -DAFTER= -Wl,--build-id -o l.old list.c && $cc $flag -DAFTER= -DMORE -Wl,--build-id -o l.new list.c && $cc $flag -DAFTER=*9 -Wl,--build-id -o l.fix list.c || exit 1
        refused "$cc $flag, an element more of a list" E123 'section `steps` changed (16 bytes, 24' l.old l.new
        lpdiff --heuristic l.old l.fix >out 2>err
        is "$?$(grep E123 err)" 1 "$cc $flag: a change beside the list is none of it"
        is "$(run -P out ./l.old; echo $?)" "$(run ./l.fix; echo $?)" "  and applies"
    done
done

# ---- what starts without being called: by lists, by -init and -fini, and resolvers ----
cat >starts.c <<'C'
#include <stdio.h>
static int v = 1;
static void early(void) { v = 42; }
#ifdef EARLY
__attribute__((section(".preinit_array"), used)) static void (*at_start)(void) = early;
#endif
__attribute__((used)) static void other(void) { early(); }
void one(void) { puts("one"); }
void two(void) { puts("two"); }
int main(void) { printf("%d\n", v); return 0; }
C
cat >becomes.c <<'C'
static int a(int x) { return x + 1; }
static int b(int x) { return x + 2; }
#ifdef FIX
static int (*resolver(void))(int) { return b; }
int api(int) __attribute__((ifunc("resolver")));
#else
int api(int x) { return a(x); }
#endif
__attribute__((noinline)) int two(int x) { return a(x) + b(x); }
C
for cc in $compilers; do
    for flag in -O0 -O2 '-O2 -s'; do
        build() { out=$1; shift; $cc $flag "$@" -Wl,--build-id -o "$out" starts.c; }
        build s.old && build s.new -DEARLY || exit 1
        refused "$cc $flag, a list of constructors that is new" E130 '.*preinit_array' s.old s.new
        refused "$cc $flag, one that is gone" E130 '.*preinit_array' s.new s.old
        for what in init fini; do
            build s.old -Wl,-$what,one && build s.new -Wl,-$what,two || exit 1
            refused "$cc $flag, another function by -$what" E130 '.*DT_' s.old s.new
        done
        $cc $flag -shared -fPIC -Wl,--build-id -o b.old becomes.c && $cc $flag -shared -fPIC -DFIX -Wl,--build-id -o b.new becomes.c || exit 1
        refused "$cc $flag, a function that is an IFUNC now" E131 '.*api' b.old b.new
        refused "$cc $flag, and the other way round" E131 '.*api' b.new b.old
    done
done

# ---- code that clang has moved out of several functions: its number says nothing ----
cat >outlined.c <<'C'
#include <stdio.h>
#define OUT __attribute__((noinline, noclone, noipa)) static int
OUT ONE(int n) { return n * 3 + 1; }
OUT TWO(int n) { return n ^ 77; }
OUT THREE(int n) { return n - CHANGED; }
int a(int n) { return ONE(n) + TWO(n + 1); }
int b(int n) { return TWO(n) * 5 + THREE(n); }
int c(int n) { return ONE(n + 2) - THREE(n + BODY); }
int main(int argc, char **argv) { printf("%d %d %d\n", a(argc), b(argc), c(argc)); return 0; }
C
build() { out=$1; shift; "$CROSS_CC" -w -O1 -fno-toplevel-reorder -fno-optimize-sibling-calls "$@" -Wl,--build-id -o "$out" outlined.c; }
x=OUTLINED_FUNCTION_
build o.old -DONE=${x}0 -DTWO=${x}1 -DTHREE=${x}2 -DBODY=1 -DCHANGED=4 && build o.other -DONE=${x}1 -DTWO=${x}2 -DTHREE=${x}0 -DBODY=1 -DCHANGED=4 &&
    build o.new -DONE=${x}1 -DTWO=${x}2 -DTHREE=${x}0 -DBODY=9 -DCHANGED=4 && build o.both -DONE=${x}2 -DTWO=${x}0 -DTHREE=${x}1 -DBODY=9 -DCHANGED=8 || exit 1
nothing "functions that are numbered in another order" o.old o.other
fix "  and one that calls them changed" o.old o.new c
fix "  and one of them as well" o.old o.both "${x}2 c"

# ---- tables that hold the same in one function, which is another one now: it is all the same which of them is which ----
cat >tables.c <<'C'
#include <stdio.h>
extern int puts(const char *);
int pick(int n)
{
    { static const char *const t[] = {"one", "two", "three"}; puts(t[n % 3]); }
#ifdef NEW
    { static const unsigned short t[] = {748, 577, 329, 945, 532, 22, 469, 575}; n += t[n & 7]; }
#endif
    { static const char *const t[] = {"one", "two", "three"}; puts(t[(n + 1) % 3]); }
#ifdef NEW
    { static const char *const t[] = {"one", "two", "other"}; puts(t[(n + 1) % 3]); }
#endif
    return n * 2;
}
int main(int argc, char **argv) { for (int n = argc; n < 9; n++) printf("%d\n", pick(n)); return 0; }
C
for cc in $compilers; do
    for how in -O0 -O1 -O2 '-O1 -Wl,-q' '-O2 -no-pie -fno-pie' '-O1 -static'; do
        $cc $how -Wl,--build-id -o t.old tables.c && $cc $how -DNEW -Wl,--build-id -o t.new tables.c || exit 1
        becomes "$cc $how, tables that hold the same" t.old t.new
    done
done

# ---- lambdas and functions of one name, which are numbered in their order: the program may have their addresses ----
cat >lambdas.c <<'C'
#include <stdio.h>
static int (*taken[4])(int), n;
__attribute__((noinline)) void take(int (*f)(int)) { taken[n++] = f; }
#define LAMBDA(name, label, body) static int name(int) __asm__(label); __attribute__((noinline)) static int name(int x) { return body; }
#ifdef THIRD
LAMBDA(third, THIRD, x * 1000)
#endif
LAMBDA(one, FIRST, x + ADDED)
LAMBDA(two, SECOND, x * 2)
__attribute__((noinline)) void setup(int k)
{
#ifdef THIRD
    if (k > 100) { take(third); return; }
#endif
    take(one);
    take(two);
}
int main(int argc, char **argv)
{
    setup(argc);
    for (int i = 0; i < n; i++) printf("%d\n", taken[i](7 * argc));
    return 0;
}
C
build() { out=$1; shift; "$CROSS_CC" -w -O2 -fno-toplevel-reorder -DADDED=1 "$@" -Wl,--build-id -o "$out" lambdas.c; }
lambdas() # NAME FIRST SECOND THIRD: what they are called
{
    build a.old "-DFIRST=\"$2\"" "-DSECOND=\"$3\"" && build a.new "-DTHIRD=\"$2\"" "-DFIRST=\"$3\"" "-DSECOND=\"$4\"" &&
        build a.other -UADDED -DADDED=4 "-DFIRST=\"$2\"" "-DSECOND=\"$3\"" || exit 1
    is "$(lpdiff --summary -o a.lpatch a.old a.new 2>&1 | awk '{ print $1, $2 }' | paste -s -d ' ')" "changed setup new $2" "$1, one more in front"
    is "$(run -P a.lpatch ./a.old)" "$(run ./a.new)" "  the patched program does what the new one does"
    fix "  one of them changed" a.old a.other "$2"
    build a.guess -UADDED -DADDED=4 "-DTHIRD=\"$2\"" "-DFIRST=\"$3\"" "-DSECOND=\"$4\"" || exit 1
    lpdiff a.old a.guess >g.lpatch 2>g.err
    is "$? $(sed -n 's/^lpdiff: [^ ]*: \(E[0-9]*\): .*/\1/p' g.err)" "2 E111" "  both: it is not known which of them is which"
}
lambdas 'lambdas of GCC' _ZZ5setupiENUliE_4_FUNEi _ZZ5setupiENUliE0_4_FUNEi _ZZ5setupiENUliE1_4_FUNEi
lambdas 'lambdas of clang' '_ZZ5setupiEN3$_08__invokeEi' '_ZZ5setupiEN3$_18__invokeEi' '_ZZ5setupiEN4$_108__invokeEi'
lambdas 'functions of one name' cb cb.1 cb.3
lambdas 'functions of one name, by GCC' cb.lto_priv.0 cb.lto_priv.1 cb.lto_priv.2
# ---- two functions have changed their names: what has the address of one may mean the other one now ----
cat >traded.c <<'C'
#define OWN __attribute__((noinline, noclone))
#ifdef NEW
OWN int two(int x) { return x + 1000; }
OWN int one(int x) { return x * 2 - 7; }
#else
OWN int one(int x) { return x + 1; }
OWN int two(int x) { return x * 2 - 7; }
#endif
static int (*volatile at)(int);
int main(int argc, char **argv) { (void)argv; if (POINT) at = one; return one(argc) + two(argc) + (at ? at(argc) : 0); }
C
for point in 0 1; do
    "$CROSS_CC" -O2 -DPOINT=$point -Wl,--build-id -o old traded.c && "$CROSS_CC" -O2 -DPOINT=$point -DNEW -Wl,--build-id -o new traded.c || exit 1
    lpdiff old new >patch 2>err
    is "$? $(grep -c 'one has the body that two had: ' err)" "1 $point" "names that two functions have changed, and a pointer to one of them: $point"
done

tap_done
