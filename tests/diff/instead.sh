#!/bin/sh
# Variables of one size and content: one may have taken the place of another one, which went, or both may have changed their places. Who uses them tells.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers

# build NAME FLAG...: one source, and all of it that NEW has otherwise
build() { $cc -s -Wl,--build-id "$@" -o old "$source" && $cc -s -Wl,--build-id "$@" -DNEW -o new "$source" || not_ok "compile $*"; }

# ---- declared in another order: the functions that use them have not changed ----
cat >order.c <<'C'
#ifdef NEW
static int b = 1, c = 1, a = 1;
#else
static int a = 1, b = 1, c = 1;
#endif
#define OWN __attribute__((noinline))
OWN int f(int x) { a += x; return a; }
OWN int g(int x) { b += 3 * x; return b; }
OWN int h(int x) { c ^= 7 * x; return c; }
OWN int scaled(int x) { return x * FACTOR; }
int main(int argc, char **argv) { (void)argv; return f(argc) + g(argc) + h(argc) + scaled(argc); }
C
for cc in $compilers; do
    for how in -O0 -O2 '-O2 -fno-section-anchors'; do
        case $cc in *clang*) how=${how%% -fno*} ;; esac
        $cc $how -s -Wl,--build-id -DFACTOR=5 -o old order.c && $cc $how -s -Wl,--build-id -DFACTOR=9 -DNEW -o new order.c || not_ok "compile"
        is "$(lpdiff --heuristic --summary old new 2>/dev/null | grep -c .)" 1 "$cc $how: variables in another order: one function changed"
    done
done

# ---- used by one function alone, which has not changed but for their places; and by one that has changed, too: it is said ----
cat >both.c <<'C'
#ifdef NEW
static int used[8], other[8], third[8];
#else
static int third[8], used[8], other[8];
#endif
#define OWN __attribute__((noinline, noclone))
OWN int f(int x) { used[x & 7] += x; third[x & 3] ^= x; x ^= other[x >> 3 & 7]; return x + MORE; }
OWN int scaled(int x) { return x * FACTOR; }
int main(int argc, char **argv) { (void)argv; return f(argc) + scaled(argc); }
C
for how in -O0 '-O2 -fno-section-anchors'; do
    compile() { "$CROSS_CC" $how -s -Wl,--build-id "$@" both.c || not_ok "compile"; }
    compile -DFACTOR=5 -DMORE=5 -o old && compile -DFACTOR=9 -DMORE=5 -DNEW -o new && compile -DFACTOR=5 -DMORE=9 -DNEW -o more
    lpdiff --heuristic --summary old new >out 2>err
    is "$(grep -c . out) $(grep -c 'have changed places, as ' err)" "1 1" "$how: alike variables of one function in another order"
    lpdiff --heuristic old more >out 2>err
    is "$? $(grep -c 'that are alike are taken for those in the same places' err)" "1 1" "$how: of one that changed, too"
    sed -e 's/x ^= other/x ^= used/' both.c >one.c
    for x in both one; do "$CROSS_CC" $how -s -Wl,--build-id -DFACTOR=5 -DMORE=5 -DNEW -o $x $x.c || not_ok "compile"; done
    lpdiff --heuristic --summary both one >out 2>err
    is "$?" 1 "$how: another reference is a change"
done

# ---- one went, and another one came into its place, which begins with what it has at the start ----
cat >went.c <<'C'
#ifdef NEW
static int came;
#else
static int went;
#endif
static int stays;
#define OWN __attribute__((noinline, noclone))
#ifdef NEW
OWN int f(int x) { return x * x; }
OWN int g(int x) { came += 3 * x; return came; }
#else
OWN int f(int x) { went += x; return went; }
OWN int g(int x) { return x - 1; }
#endif
OWN int k(int x) { stays += x; return stays; }
int main(int argc, char **argv) { (void)argv; return f(argc) + g(argc) + k(argc); }
C
source=went.c
for cc in $compilers; do
    for how in -O0 -O2; do
        build $how
        lpdiff --heuristic old new >out 2>err
        is "$? $(grep -c 'E110: .*not known which' err)" "2 1" "$cc $how: another variable in the place of one that went"
    done
done
cc=$CROSS_CC
"$cc" -O2 -Wl,--build-id -o old went.c && "$cc" -O2 -Wl,--build-id -DNEW -o new went.c || exit 1
is "$(lpdiff old new 2>&1 | grep -c went)" 0 "with names: that others are reached from it makes it no pair"

# ---- static variables of functions that have changed their order ----
cat >inner.c <<'C'
#define OWN __attribute__((noinline, noclone))
#ifdef NEW
OWN int g(int x) { static int count; count += 9 * x; return count; }
OWN int f(int x) { static int count; count += x * 4; return count; }
#else
OWN int f(int x) { static int count; count += x * 3; return count; }
OWN int g(int x) { static int count; count += 3 * x; return count; }
#endif
int main(int argc, char **argv) { (void)argv; return f(argc) + g(argc); }
C
source=inner.c
for how in -O2 -Os; do
    build $how
    lpdiff --heuristic old new >out 2>err
    is "$? $(grep -c 'E110: .*not known which' err)" "2 1" "$how: changed functions in another order"
done

# ---- the same of thread-local variables, whose block looks the same ----
sed -e 's/static int/static __thread int/' -e 's/__thread int \([a-z]*\);/__thread int \1 = 1;/' went.c >threads.c
source=threads.c
for cc in $compilers; do
    for how in -O0 -O2 '-O2 -fPIC -shared'; do
        build $how
        lpdiff --heuristic old new >out 2>err
        is "$? $(grep -c 'E160: thread-local .0x' err)" "2 1" "$cc $how: another thread-local variable in the place of one that went"
    done
    build -O2 -DFACTOR=1
    lpdiff --heuristic new new >out 2>err
    is "$? $(cat out err)" "0 " "$cc: thread-local variables of the same file"
done

# ---- a field that nothing used: it is a part of what is in front of it, in its place there, and no new variable ----
cat >field.c <<'C'
static struct { int first, unused[3], last; long end; } all = {1, {2, 3, 4}, 5, 6};
#define OWN __attribute__((noinline, noclone))
#ifdef NEW
OWN int f(int x) { all.first += x; all.last += x; return all.first; }
#else
OWN int f(int x) { all.first += x; return all.first; }
#endif
OWN int g(int x) { all.end += x; return (int)all.end; }
OWN int h(int x) { all.first ^= x; return 7 * x; }
int main(int argc, char **argv) { (void)argv; return f(argc) + g(argc) + h(argc); }
C
source=field.c
for cc in $compilers; do
    build -O0 # (with more, clang makes a variable of each field)
    lpdiff --heuristic old new >out 2>err
    is "$? $(grep -c 'taken for those in the same places' err) $(grep -c '^data' out)" "1 1 0" "$cc: a field that only the new file uses, it is said"
    lpdiff old new >out 2>err
    is "$? $(grep -c 'E110: .*not known which' err)" "2 1" "$cc: and no guess without --heuristic"
done

# ---- one word reads two variables that are side by side: both count ----
cat >beside.c <<'C'
#define OWN __attribute__((noinline))
#ifdef NEW
int first = 9, a = 1, c = 5, b = 3;
OWN int f(void) { return first ^ (7 * a + c); }
#else
int first = 9, a = 1, b = 3, c = 5;
OWN int f(void) { return first ^ (7 * a + b); }
#endif
OWN int g(int x) { return c += x; }
OWN int h(int x) { return b += x; }
int main(void) { g(4), h(2); return f(); }
C
for how in '' '-Wl,-q'; do
    build() { out=$1; shift; "$CROSS_CC" -O2 -fno-common $how -Wl,--build-id "$@" -o "$out" beside.c; }
    build old && build new -DNEW || exit 1
    lpdiff old new >patch 2>err && status=0 || status=$?
    case $status in
    1) is "$(run -P patch ./old; echo $?)" "$(run ./new; echo $?)" "${how:-symbols}: both of what one word reads" ;;
    *) is "$status $(grep -c 'E181: .f.: at +0x[0-9a-f]* two objects are too far apart' err)" "2 1" "${how:-symbols}: both of what one word reads" ;;
    esac
done
tap_done
