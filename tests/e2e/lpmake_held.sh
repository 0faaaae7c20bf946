#!/bin/sh
# lpmake: registers that callers hold over a call. A patch that changes them does harm, lpmake says so, and what the manual says helps.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/making/lib.sh"
"$CROSS_CC" -O2 -fipa-ra -o held "$tests/e2e/making/held.c" &&
    "$CROSS_CC" $STANDARD -o plain "$tests/e2e/making/held.c" || { not_ok "compile"; tap_done; }
# made TARGET CHANGE: x.lpatch, and what was said about registers
made() { lpmake -t "$1" -o x.lpatch "$2" 2>err || not_ok "$2: made"; grep 'may be held' err; }
# run PROGRAM LINES: what it says there with x.lpatch
run() { run_patched x.lpatch "./$1" | sed -n "$2p" | tr '\n' ' ' | sed 's/ $//'; }
is "$(run_lprun ./held | tr '\n' ' ')" "19 3 shown 1 34 " "the program"

object calls <<'C'
#include <stdio.h>
extern int total;
void note(int v) { printf("note %d\n", v); total += v + 1; }
C
said=$(made held 'note=replace from calls.o')
like "$said" 'note=replace from calls.o: x0, x.* may be held by callers.*twice+0xc.*: save x0, x' "a body with a call"
like "$said" 'outer+0x' "  a caller of the caller holds something, too"
harmed=$(run held 1,2)
like "$harmed" '^note 1 -\{0,1\}[0-9]*$' "  it runs"
[ "$harmed" != 'note 1 19' ] && ok "  and does harm" || not_ok "  and does harm"
is "$(made plain 'note=replace from calls.o') $(run plain 2)" " 19" "  no harm, and nothing said, with -fno-ipa-ra"
lpmake -q -t held -o x.lpatch 'note=replace from calls.o' 2>err
is "$(cat err)" "" "  nothing with -q"

# What the manual shows, with these registers.
{ echo '#include <stdio.h>'; echo 'extern int total;'; sed -n '/^static void __attribute__((used)) new_note/,/^\.Ed/{/^\.Ed/d;s/\\e/\\/g;p;}' "$srcdir/man/lpmake.1"; } | object wrapped
case $said in
*": save x0, x3, x4 around"*) is "$(made held 'note=replace from wrapped.o') $(run held 1,2)" " note 1 19" "registers saved around the new body, as the manual shows" ;;
*) skip "registers saved around the new body" "this compiler holds others: $said" ;;
esac

# A body that calls nothing can be compiled so that it saves them.
leaf='extern int total; void note(int v) { int w = v * 3, z = total ^ w; total = z + v * w; }'
echo "$leaf" | object leaf
said=$(made held 'note=replace from leaf.o')
like "$said" 'compile it with -fcall-saved-x0 -fcall-saved-x' "a body without a call"
echo "$leaf" | object leaf $(printf '%s\n' "$said" | grep -o 'fcall-saved-[xv][0-9]*' | sed 's/^/-/')
is "$(made held 'note=replace from leaf.o') $(run held 1)" " 19" "  with the options that are named"

leaf='extern double last; void keep(double v) { last = (v - 3) * (v + last) * (v - last / v) * (last - v * v) * (v * last + 1); }'
echo "$leaf" | object float
said=$(made held 'keep=replace from float.o')
like "$said" 'v[0-9].* may be held by callers.*half+0x' "registers of floating point"
echo "$leaf" | object float $(printf '%s\n' "$said" | grep -o 'fcall-saved-[xv][0-9]*' | sed 's/^/-/')
is "$(made held 'keep=replace from float.o') $(run held 2)" " 3" "  with the options that are named"

object shown <<'C'
#include <stdio.h>
int shown(int a) { printf("new %d\n", a); puts(""); return a + 1; }
C
is "$(made held 'shown=replace from shown.o') $(run held 5)" " 34" "nothing is said where the old body called something"

# Of a program that is built as most are, with -O2: the patch saves what callers hold, where it is no register of results.
cat >usual.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <execinfo.h>
static int depth(void) { void *at[30]; return backtrace(at, 30); }
__attribute__((noinline)) int discount(int price, int percent)
{
#ifdef FIXED
    static int used;
    printf("discount %d, depth %d\n", ++used, depth() - MORE);
    if (percent < 0 || percent > 100) { printf("bad percentage %d for %d\n", percent, price); return price; }
#endif
    return price - price * percent / 100;
}
__attribute__((noinline)) double scale(double x)
{
#ifdef FIXED
    printf("scale %g\n", x);
#endif
    return x * 3;
}
__attribute__((noinline)) int choose(int n)
{
#ifdef FIXED
    switch (n & 7) {
    case 0: puts("none"); return 70;
    case 1: printf("one %d\n", n); return choose(n + 1) + 3;
    case 2: printf("two %d\n", n); return 8;
    case 3: return abs(n) * 9;
    case 4: puts("four"); puts("or more"); return 31;
    case 6: exit(3);
    }
#endif
    return n * 5 + 1;
}
__attribute__((noinline)) double six(double a, double b, double c, double d, double e, double f) { double r = scale(a); return r + e * f; }
__attribute__((noinline)) int four(int a, int b, int c, int d) { int r = choose(a); return r * 100 + c * 10 + d; }
int main(int c, char **v)
{
    int price[3] = {100, 250, c * 30};
    for (int i = 0; i < 2; i++) printf("%d %d %d\n", discount(price[0], 10 + i), discount(price[1], 150), discount(price[2], i));
    double (*volatile a)(double, double, double, double, double, double) = six;
    int (*volatile b)(int, int, int, int) = four;
    printf("%g\n", a(c, 2, 3, 4, 5, 6));
    for (int i = 0; i < 6; i++) printf("%d\n", b(i, 2, 3, 4));
    if (c > 3) puts("fill"), backtrace(0, 0), exit(abs(c));
}
C
held='-O2 -fipa-ra -fno-ipa-pure-const -w'
for how in '-static -no-pie' '-pie -fPIE' '-static-pie -fPIE' '-no-pie -mbranch-protection=standard'; do
    "$CROSS_CC" $held $how -o usual usual.c && "$CROSS_CC" $held $how -DFIXED -DMORE=0 -o usual.new usual.c || not_ok "compile usual.c"
    # One frame more than in the new program: that of the code around.
    "$CROSS_CC" $held $how -DFIXED -DMORE=1 -ffunction-sections -fdata-sections -c usual.c
    lpmake -t usual -o x.lpatch 'discount=replace from usual.o' 'scale=replace from usual.o' 'choose=replace from usual.o' 2>err || not_ok "made: usual"
    saved=$(sed -n 's/.*\(discount\|scale\|choose\)=.*: the patch saves .* around the new body.*/\1/p' err | tr '\n' ' ')
    is "$(run_patched x.lpatch ./usual)" "$(run_lprun ./usual.new)" "$how: saved around ${saved:-nothing}" || note <err
    lpapply -q -o patched usual x.lpatch && is "$(run_lprun ./patched)" "$(run_lprun ./usual.new)" "  in the file, too"
    lpmake -q -t usual -o quiet.lpatch 'discount=replace from usual.o' 'scale=replace from usual.o' 'choose=replace from usual.o' && same quiet.lpatch x.lpatch "  the same with -q"
    lpmake --fmt x.lpatch | cmp -s - x.lpatch && ok "  canonical" || not_ok "  canonical"
done
is "$saved" 'discount scale choose ' "it has saved some"
# Not of bodies with arguments on the stack, which it would hide, nor with others that look like it.
cat >stacked.c <<'C'
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#define BODY __attribute__((noinline)) long
BODY plain(long a, long b) { printf("%ld\n", a); return a; }
BODY many(long a, long b, long c, long d, long e, long f, long g, long h, long i) { printf("%ld\n", a); return a + i; }
BODY passes(long a, long b, long c, long d, long e, long f, long g, long h, long i) { printf("%ld\n", a); return many(h, g, f, e, d, c, b, a, i + 1); }
BODY tail(long a, long b, long c, long d, long e, long f, long g, long h, long i) { return many(a, b, c, d, e, f, g, h, i); }
long (*volatile hook)(long, long, long, long, long, long, long, long, long);
BODY jumps(long a, long b, long c, long d, long e, long f, long g, long h, long i) { return hook(a, b, c, d, e, f, g, h, i); }
BODY varies(long a, ...) { va_list l; va_start(l, a); long n = 0; for (long i = 0; i < a; i++) n += va_arg(l, long); va_end(l); printf("%ld\n", a); return n; }
BODY grows(long a, long b) { char s[a]; memset(s, 0, a); puts(s); return a; }
BODY wide(long a, long b) { char s[4000]; memset(s, 0, a); puts(s); return a; }
struct two { long a, b; };
__attribute__((noinline)) struct two both(struct two s) { printf("%ld\n", s.a); s.b += 5; return s; }
long last;
__attribute__((noinline)) struct two kept(struct two s) { s.a = s.b * 3; s.b *= 2; last = s.b; return s; }
__attribute__((noinline)) struct two hands(struct two s) { printf("%ld\n", s.a); s = both(s); __asm__ volatile(""); return s; }
BODY one(long a, long b) { printf("%ld\n", a); if (a > 7) puts("more"); return a; }
C
cat >asks.c <<'C'
#define BODY __attribute__((noinline)) long
BODY plain(long a, long b) { return a; } BODY many(long a, long b, long c, long d, long e, long f, long g, long h, long i) { return a; }
BODY passes(long a, long b, long c, long d, long e, long f, long g, long h, long i) { return a; } BODY varies(long a, ...) { return a; }
BODY tail(long a, long b, long c, long d, long e, long f, long g, long h, long i) { return a; }
BODY jumps(long a, long b, long c, long d, long e, long f, long g, long h, long i) { return a; }
BODY grows(long a, long b) { return a; } BODY wide(long a, long b) { return a; }
struct two { long a, b; };
__attribute__((noinline)) struct two both(struct two s) { return s; } __attribute__((noinline)) struct two hands(struct two s) { return s; }
__attribute__((noinline)) struct two kept(struct two s) { return s; }
BODY one(long a, long b) { return a; }
__asm__(".text; .macro asks f; .type ask_\\f, %function; ask_\\f: stp x29, x30, [sp, -16]!; bl \\f; add x0, x0, x9; ldp x29, x30, [sp], 16; ret; .size ask_\\f, .-ask_\\f; .endm\n"
    "asks plain\nasks many\nasks passes\nasks tail\nasks jumps\nasks varies\nasks grows\nasks wide\n"
    ".macro pair f; .type ask_\\f, %function; ask_\\f: stp x29, x30, [sp, -16]!; bl \\f; add x0, x0, x1; ldp x29, x30, [sp], 16; ret; .size ask_\\f, .-ask_\\f; .endm\n"
    "pair both\npair hands\npair kept\npair one");
int printf(), puts(); void *memset();
int main(int c, char **v) { if (c > 3) printf(""), puts(""), memset(v, 0, c); return 0; }
C
"$CROSS_CC" $STANDARD -w -static -o asks asks.c && "$CROSS_CC" $SECTIONS -w -c stacked.c || not_ok "compile stacked.c"
for f in plain many passes tail jumps varies grows wide both hands kept one; do
    case $f in plain) want='the patch saves x9 around' ;; passes | tail | jumps) want='x9.*: save .*x9 around' ;; one) want='the patch saves x1 around the new body$' ;;
    kept) want='the patch saves x1 around the new body, which is wrong if it returns a structure in several registers' ;;
    both | hands) want='x1.*: save .*x1 around' ;; *) want=': save x9 around' ;; esac
    like "$(made asks "$f=replace from stacked.o")" "$want" "$f()"
done

# What debug information says of results is known. Callers that hold something that a walk does not see, as what goes to printf() in v0 and v1.
cat >returns.c <<'C'
int printf(const char *, ...);
int total;
static int zero(void) { return 0; }
int (*volatile any)(void) = zero;
__attribute__((noinline)) void note(int v) { total += v; }
__attribute__((noinline)) double last(double v) { total += 2; return v; }
__asm__(".text; .type show, %function; show: stp x29, x30, [sp, -16]!; fmov d0, #1.5; fmov d1, #2.5; mov x9, #5; mov x0, #7; bl note; add x1, x0, x9; adrp x0, fmt\n"
    "add x0, x0, :lo12:fmt; bl printf; ldp x29, x30, [sp], 16; ret; .size show, .-show\n"
    ".type keep, %function; keep: stp x29, x30, [sp, -16]!; mov x9, #4; fmov d0, #4.5; bl last; mov x1, x9; adrp x0, fmt\n"
    "add x0, x0, :lo12:fmt; fmov d1, d0; bl printf; ldp x29, x30, [sp], 16; ret; .size keep, .-keep; .section .rodata; fmt: .asciz \"%ld %g %g\\n\"; .text");
void show(void), keep(void);
int main(void) { show(), keep(); return 0; }
C
object returns <<'C'
int printf(const char *, ...);
extern int total, (*volatile any)(void);
void note(int v) { printf("note %g\n", v * 1.5); total += v + any(); __asm__ volatile("fmov d1, #31" : : : "v1"); }
double last(double v) { printf("last %g\n", v); __asm__ volatile("mov x0, #99; mov x9, #98" : : : "x0", "x9"); return v * 2; }
C
for how in -g ''; do
    "$CROSS_CC" $held $how -static -o returns returns.c || not_ok "compile returns.c"
    lpmake -t returns -o x.lpatch 'note=replace from returns.o' 'last=replace from returns.o' 2>err || not_ok "returns: made"
    case $how in
    -g)
        like "$(cat err)" 'note=.*: the patch saves x0, .*x9, v0, v1 around the new body$' "known to return nothing: all is saved"
        like "$(cat err)" 'last=.*: the patch saves .*x9, v1 around the new body$' "  to return a double: all but that"
        is "$(run_patched x.lpatch ./returns | tr '\n' ' ')" "note 10.5 12 1.5 2.5 last 4.5 4 9 9 " "  it does what it did besides"
        lpapply -q -o patched returns x.lpatch && is "$(run_lprun ./patched | tr '\n' ' ')" "note 10.5 12 1.5 2.5 last 4.5 4 9 9 " "  in the file, too"
        ;;
    *) like "$(cat err)" 'note=.*: save x0, .*: debug information (-g) of the program says what it returns$' "  without debug information it is not known" ;;
    esac
done
sed -i 's/add x1, x0, x9/mov x1, x9/' returns.c
"$CROSS_CC" $held -static -o returns returns.c || not_ok "compile returns.c"
like "$(made returns 'note=replace from returns.o')" ': the patch saves x9 around the new body, but not v0, v1, in which it may return something: debug' "  and said of what may be a result"

# A structure that is no larger than a register is not in x1, which is held.
cat >small.c <<'C'
int printf(const char *, ...);
struct small { int a; };
__attribute__((noinline)) struct small get(int v) { __asm__ volatile(""); return (struct small){v}; }
int show(void);
__asm__(".text; .type show, %function; show: stp x29, x30, [sp, -16]!; mov x1, #5; bl get; add x0, x0, x1; ldp x29, x30, [sp], 16; ret; .size show, .-show");
int main(void) { return printf("%d\n", show() + get(1).a); }
C
object small <<'C'
int printf(const char *, ...);
struct small { int a; };
struct small get(int v) { printf("get %d\n", v); return (struct small){v}; }
C
"$CROSS_CC" $held -g -static -o small small.c || not_ok "compile small.c"
like "$(made small 'get=replace from small.o')" 'x1 may be held.* the patch saves x1 around the new body$' "a small structure: saved"

# A body of many branches, each of which may be the way to a RET.
awk 'BEGIN { print ".section .text.one,\"ax\"\n.globl one\n.type one,%function\none: mov x1, x0"
             for (i = 0; i < 200000; i++) printf "cbz x0, .L%d\nnop\n.L%d:\n", i, i
             print "mov x0, x1\nret\n.size one,.-one" }' >many.s
"$CROSS_CC" -c many.s || not_ok "compile many.s"
like "$(made asks 'one=replace from many.o')" 'the patch saves x1 around the new body$' "a body of 200000 branches"

# What an old body returns that is its argument, is in x0 for its callers all the same.
cat >same.c <<'C'
#include <stdio.h>
int total;
double last;
__attribute__((noinline)) static int same(int a) { total += 3; return a; }
__attribute__((noinline)) static double same_too(double a) { last = 2; return a; }
__attribute__((noinline)) static void hold(int a) { total += a; }
__attribute__((noinline)) int twice(int a, int b) { return same(a) * 16 + b; }
__attribute__((noinline)) double half(double a) { return same_too(a) + 1; }
__attribute__((noinline)) int held(int a) { hold(a); return a * 5; }
int main(int c, char **v) { printf("%d %g %d\n", twice(c, 2), half(c), held(c)); return 0; }
C
"$CROSS_CC" -O2 -fipa-ra -o same same.c || not_ok "compile"
object same <<'C'
#include <stdio.h>
extern int total;
int same(int a) { if (a > 5) return 7; printf("new %d\n", a); return a + 1; }
double same_too(double a) { printf("new %g\n", a); return a + 1; }
void hold(int a) { printf("new %d\n", a); total = a; }
C
said=$(made same 'same=replace from same.o')
case $said in *': x0'*) not_ok "an argument that is returned is no register that is held"; echo "$said" | note ;; *) ok "an argument that is returned is no register that is held" ;; esac
said=$(made same 'same_too=replace from same.o')
case $said in *v0*) not_ok "  nor in v0"; echo "$said" | note ;; *) ok "  nor in v0" ;; esac
like "$(made same 'hold=replace from same.o')" ': x0' "  but what a function without a result leaves alone is"

# Arguments that the old body does not read, and that a caller therefore leaves as another call has left them.
cat >args.s <<'E2'
        .macro function name
        .globl \name
        .type \name, %function
\name:
        .endm
        function take           // reads x0
        add w0, w0, #1
        ret
        .size take, .-take
        function len            // reads x0 and x1
        add w0, w0, w1
        ret
        .size len, .-len
        function lazy           // leaves x1 and x2
        stp x29, x30, [sp, #-16]!
        bl len
        mov w0, #3
        bl take
        ldp x29, x30, [sp], #16
        ret
        .size lazy, .-lazy
        function careful        // sets them
        stp x29, x30, [sp, #-16]!
        bl len
        mov w0, #3
        mov w1, #4
        mov w2, #5
        bl take
        ldp x29, x30, [sp], #16
        ret
        .size careful, .-careful
        function passes         // its own
        b take
        .size passes, .-passes
        function joins          // another way comes in between
        stp x29, x30, [sp, #-16]!
        cbz w0, 1f
        bl len
1:      bl take
        ldp x29, x30, [sp], #16
        ret
        .size joins, .-joins
E2
echo 'int lazy(int, int, int); int main(void) { return lazy(1, 2, 3); }' >args.c
"$CROSS_CC" -O1 -o args args.c args.s || not_ok "compile"
unset_by() { lpmake -t args -o x.lpatch 'take=replace from args.o' 2>err || not_ok "made"; grep 'leave it undefined' err; }
echo 'int take(int a, int b, int c) { return a + b * c; }' | object args
like "$(unset_by)" 'an argument in x1, x2, which the old one does not, .*undefined (clang does): lazy+0xc: replace' "arguments that a caller leaves undefined: it alone"
echo 'int len(int, int); int take(int a, int b, int c) { return len(a, b); }' | object args
like "$(unset_by)" 'an argument in x1, which' "  read by what the new body calls"
echo 'int take(int a, int b, int c) { return a * 7; }' | object args
is "$(unset_by)" "" "  nothing if the new body does not read them"
echo 'int take(int a, int b, int c) { b = a * 7, c = 2; return b + c; }' | object args
is "$(unset_by)" "" "  or has set them"
# Functions that call themselves have no effect by that.
cat >fib.c <<'E2'
extern int printf(const char *, ...);
__attribute__((noinline)) int fib(int n) { return n < 2 ? K : fib(n - 1) + fib(n - 2); }
int main(int c, char **v) { printf("%d\n", fib(c + 9)); }
E2
for o in -O0 -O1 -Os; do
    "$CROSS_CC" $STANDARD $o -static -DK=1 -o fib fib.c && "$CROSS_CC" $SECTIONS $o -DK=2 -c -o fib.o fib.c || not_ok "compile fib.c"
    lpmake -t fib -o p.lpatch 'fib=replace from fib.o' 2>err
    is "$(grep -c 'no effect but its result' err)" 0 "a function that calls itself: no word ($o)"
done
sed 's/return n < 2/printf("x %d\\n", n); return n < 2/' fib.c | "$CROSS_CC" $SECTIONS -DK=2 -c -o fib.o -x c - && "$CROSS_CC" $STANDARD -static -DK=1 -o fib fib.c
lpmake -t fib -o p.lpatch 'fib=replace from fib.o' 2>err
like "$(cat err)" 'no effect but its result' "  and what it does besides is said"
# What debug information says that the compiler has not done needs no word: the options of the unit, the last of which counts.
case $(lpmake -t fib fib.c:1=nop 2>&1) in *libdw*) skip "options of the compiler" "no libdw"; tap_done; exit ;; esac
for options in '-O2|1' '-O2 -fno-ipa-pure-const|0' '-fno-ipa-pure-const -O2|0' '-O2 -fno-ipa-pure-const -fipa-pure-const|1' '-O2 -O0|0' '-O0 -O1|1'; do
    "$CROSS_CC" -fno-ipa-ra -g ${options%|*} -static -DK=1 -o fib fib.c || not_ok "compile fib.c"
    lpmake -t fib -o p.lpatch 'fib=replace from fib.o' 2>err
    is "$(grep -c 'no effect but its result' err)" "${options#*|}" "${options%|*}: it has made nothing of that"
done
cat >kept.c <<'E2'
__attribute__((noinline)) int callee(int n) { __asm__ volatile(""); return n; }
int main(int c, char **v) { int k; __asm__ volatile("mov x3, 7"); c = callee(c); __asm__ volatile("mov %w0, w3" : "=r"(k)); return c + k; }
E2
echo 'int callee(int n) { __asm__ volatile("mov x3, 1" : : : "x3"); return n + 1; }' | object kept
for options in '-fipa-ra|1' '-fno-ipa-ra|0'; do
    "$CROSS_CC" -O2 -g ${options%|*} -static -o kept kept.c || not_ok "compile kept.c"
    lpmake -t kept -o p.lpatch 'callee=replace from kept.o' 2>err
    is "$(grep -c 'x3 may be held by callers' err)" "${options#*|}" "${options%|*}: it has held nothing"
done
tap_done
