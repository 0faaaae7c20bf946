#!/bin/sh
# lpmake: what the references of an object mean in the program, where several things may be meant.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/making/lib.sh"

# Strings behind a constant with a name that clang, too, puts among them: by the section, and by a label in front of them.
cat >text.c <<'E2'
#include <stdio.h>
static const char digits[] = "0123456789abcdef";
__attribute__((noinline)) int digit(unsigned i) { return digits[i & 15]; }
__attribute__((noinline)) void note(void) { puts("old"); }
int main(int c, char **v) { printf("%c\n", digit(c)); note(); }
E2
cat >text.s <<'E2'
    .text
    .globl digit, note, tail
    .type digit, %function
digit:
    adrp x0, digits+17
    add x0, x0, :lo12:digits+17
    ldrb w0, [x0, -1]
    ret
    .size digit, .-digit
    .type note, %function
note:
    adrp x0, AT
    add x0, x0, :lo12:AT
    b puts
    .size note, .-note
    .section .rodata.str1.1,"aMS",@progbits,1
    .type digits, %object
digits:
    .asciz "0123456789abcdef"
    .size digits, 17
.Ltext:
    .asciz "a new text"
E2
"$CROSS_CC" -O2 -w -static -o text text.c
for at in .rodata.str1.1+17 .Ltext digits; do
    sed "s/AT/$at/" text.s >at.s
    "$CROSS_CC" -c -o at.o at.s && lpmake -t text -o p.lpatch 'note=replace from at.o' 2>err || note <err
    case $at in digits) want=0123456789abcdef ;; *) want='a new text' ;; esac
    is "$(run_patched p.lpatch ./text | tail -n 1)" "$want" "a string behind a constant with a name: $at"
done
"$CROSS_CC" -c -o at.o at.s && lpmake -t text -o p.lpatch 'digit=replace from at.o' 2>err || note <err
like "$(cat p.lpatch)" 'adr_prel_pg_hi21 digits+0x11' "the end of a constant by its own name is its end"
# Two constants in one section, the second without a name.
cat >two.s <<'E2'
    .text
    .globl note
    .type note, %function
note:
    adrp x0, .rodata+4
    add x0, x0, :lo12:.rodata+4
    b puts
    .size note, .-note
    .section .rodata
    .type digits, %object
digits:
    .ascii "0123"
    .size digits, 4
    .asciz "new and long"
E2
"$CROSS_CC" -c -o two.o two.s && lpmake -t text -o p.lpatch 'note=replace from two.o' 2>err || note <err
is "$(run_patched p.lpatch ./text | tail -n 1)" "new and long" "a constant without a name right behind one with a name"
# Functions that the compiler has made one of, for their being equal.
cat >icf.c <<'E2'
#include <stdio.h>
static __attribute__((noinline)) int first(int a) { int r = a * 5 + 7; for (int i = 0; i < a; i++) r ^= r << 2; return K == 2 ? r + 1000 : r; }
static __attribute__((noinline)) int second(int a) { int r = a * 5 + 7; for (int i = 0; i < a; i++) r ^= r << 2; return r; }
int __third(int a) { return a * K + 3; }
int third(int a) __attribute__((weak, alias("__third")));
int main(int c, char **v) { printf("%d %d %d\n", first(c + 1), second(c + 1), third(c)); }
E2
"$CROSS_CC" $STANDARD -DK=1 -static -o icf icf.c && "$CROSS_CC" $SECTIONS -DK=2 -c -o icf.o icf.c && "$CROSS_CC" $SECTIONS -Dfirst=other -Dmain=notmain -DK=2 -c -o part.o icf.c
one() { lpmake -t icf -o p.lpatch "$1" 2>&1; }
if [ "$("${CROSS_CC%gcc}nm" icf | sed -n 's/ t first$//p')" = "$("${CROSS_CC%gcc}nm" icf | sed -n 's/ t second$//p')" ]; then
    like "$(one 'first=ret 5')" '`first` is one body with `second`, and all of them change: lpdiff' "a function that is one with another: said"
    like "$(one 'second=ret 5')" '`second` is one body with `first`, and' "  either way"
    like "$(one 'first=replace from icf.o')" 'change; `second` is another function in icf.o: lpdiff' "  and that the object has them apart"
else
    skip "functions made one" "this compiler does not"
fi
is "$(one 'third=ret 5')$(one '__third=ret 5')$(one 'third=replace from icf.o')" "" "two names of one function: no word"
# Global functions of other names are one body where their source says so, or the linker was one that may make them.
cat >named.c <<'E2'
#include <stdio.h>
#include <stdlib.h>
__attribute__((noinline)) long take(const char *s) { return strtol(s, NULL, 0); }
long grab(const char *s) __attribute__((alias("take")));
int main(int c, char **v) { printf("%ld %ld\n", take("1"), grab("2")); }
E2
"$CROSS_CC" $STANDARD -static -o icf named.c
is "$(one 'take=ret 5')$(one 'strtol=ret 5')" "" "aliases of other names: no word"
cat >folded.c <<'E2'
__attribute__((noinline)) int left(int a) { return a * 77 + 3; }
__attribute__((noinline)) int right(int a) { return a * 77 + 3; }
int main(int c, char **v) { return left(c) - right(c); }
E2
if have clang && have ld.lld && clang --target=aarch64-linux-gnu -fuse-ld=lld -O1 -ffunction-sections -Wl,--icf=all -o icf folded.c 2>/dev/null; then
    like "$(one 'left=ret 5')" '`left` is one body with `right`' "global ones that the linker made one: said"
else
    skip "functions that the linker makes one" "no clang with ld.lld"
fi
# Functions that nothing leads to, and those that something leads to in one way or another.
cat >led.c <<'E2'
#include <stdio.h>
#define KEEP __attribute__((noinline, used))
extern int check(int a);
inline __attribute__((always_inline)) int check(int a) { return a / 2 + a; }
KEEP int listed(int a) { return a + 1; }
KEEP int shown(int a) { return a + 2; }
KEEP static int called(int a) { return a + 3; }
KEEP __attribute__((constructor)) void first(void) { __asm__ volatile(""); }
KEEP int itself(int a) { return a ? a * itself(a - 1) : 1; }
int (*const list[])(int) = {listed, listed};
int fallen(int);
__asm__(".text; .globl fallen, into; .type into, %function; .type fallen, %function; .type distant, %function\n"
    "fallen: add w0, w0, 1; .size fallen, .-fallen; nop; into: add w0, w0, 1; ret; .size into, .-into\n"
    "distant: mov w0, 3; ret; .size distant, .-distant; .section .rodata; far: .word distant - far; .text");
int main(int c, char **v) { int (*volatile p)(int) = shown; printf("%d %d %d %d\n", check(c + 9), list[c & 1](c), p(c), called(c) + fallen(c)); }
E2
said() { lpmake -t led -o /dev/null "$1" 2>&1 | grep -c 'nothing in the file leads'; }
for how in '-static -no-pie' -static-pie -pie '-pie -Wl,-z,pack-relative-relocs' '-no-pie -s'; do
    "$CROSS_CC" $STANDARD -w $how -o led led.c 2>/dev/null || { skip "$how" "the linker cannot"; continue; }
    "$CROSS_CC" $STANDARD -w ${how% -s} -o named led.c 2>/dev/null
    for f in check itself listed shown called first fallen into distant main _start; do
        at=$("${CROSS_CC%gcc}nm" named | sed -n "s/^\([0-9a-f]*\) [tT] $f$/0x\1/p")
        case $f in check | itself) want=1 ;; *) want=0 ;; esac
        is "$(said "$at=nop")" $want "$how: $f"
    done
done
"$CROSS_CC" $STANDARD -w -g -o led led.c
lpmake -t led -o /dev/null check=nop itself=nop >out 2>err
is "$(grep -c 'is inlined in 1 places' err) $(grep -c 'leads to .itself., and no copy of its code is known: nobody calls it' err) $(grep -c 'leads to .check' err)" "1 1 0" \
    "with debug information: the copies are named"
"$CROSS_CC" $STANDARD -w -fPIC -shared -o led led.c
is "$(said check=nop)" 0 "a library's, which it exports"
# From outside of an array, which its section alone tells.
cat >outside.c <<'E2'
#include <stdio.h>
#ifdef __clang__
#define NI __attribute__((noinline, weak))
#else
#define NI __attribute__((noipa))
#endif
static int numbers[10] = {5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
static char zeros[100];
static const int fixed[10] = {K, 6, 7, 8, 9, 10, 11, 12, 13, 14};
NI int down(void) { int s = K; for (int *p = numbers + 9; p >= numbers; p--) s += *p; return s; }
NI int digit(int c) { return numbers[c - '0'] += K; }
NI int far(int c) { return zeros[c - 1000] += K; }
NI int constant(int c) { int s = K; for (const int *p = fixed + 9; p >= fixed; p--) s += *p * c; return s + fixed[c - '0']; }
int main(void) { for (int i = 0; i < 2; i++) printf("%d %d %d %d\n", down(), digit('4'), far(1005), constant('4')); }
E2
for cc in "$CROSS_CC" arm64_clang; do
    [ $cc = "$CROSS_CC" ] || have_arm64_clang || continue
    for flags in -O1 '-O2 -fno-ipa-ra' -Os '-O2 -fPIC' '-O0 -fno-section-anchors'; do
        [ $cc = "$CROSS_CC" ] || flags=$(echo "$flags" | sed 's/-fno-ipa-ra//; s/-fno-section-anchors//')
        $cc $flags -w -static -DK=1 -o old outside.c && $cc $flags -w -static -DK=2 -o new outside.c &&
            $cc $flags -w -ffunction-sections -fdata-sections -DK=2 -c -o outside.o outside.c || { not_ok "compile outside.c"; continue; }
        lpmake -q -t old -o p.lpatch down='replace from outside.o' digit='replace from outside.o' far='replace from outside.o' constant='replace from outside.o' 2>err || note <err
        is "$(run_patched p.lpatch ./old)" "$(run_lprun ./new)" "references from outside of arrays: $cc $flags"
    done
done
# Two versions of a function, as nm writes them.
printf 'int old_api(int a) { return a + 1; }\nint new_api(int a) { return a + 2; }\n__asm__(".symver old_api,api@V1"); __asm__(".symver new_api,api@@V2");\n' >versions.c
echo 'V1 { global: api; local: *; }; V2 { global: api; } V1;' >versions.map
"$CROSS_CC" -O2 -fPIC -shared -Wl,--version-script=versions.map -s -o versions.so versions.c
like "$(lpmake -t versions.so api=nop 2>&1)" 'choose one with SYMBOL@VERSION' "a function with two versions: the hint"
new=$(lpmake -t versions.so 'api@@V2=nop' | grep '^- ')
is "$new" "$(lpmake -t versions.so 'api@V2=nop' | grep '^- ')" "  @@ is the default one"
[ "$new" != "$(lpmake -t versions.so 'api@V1=nop' | grep '^- ')" ] && ok "  and not the other" || not_ok "  and not the other"
lpmake -t versions.so -o v.lpatch 'api@@V2=nop' && lpmake --fmt v.lpatch | cmp - v.lpatch && ok "  canonical" || not_ok "  canonical"

# An `extern` variable that may be one of several static ones: nothing in C says which, a recipe does.
printf 'static int state = 10;\n__attribute__((noinline)) int other(void) { return state++; }\n' >other.c
cat >one.c <<'E2'
#include <stdio.h>
static int state = 1;
int other(void);
__attribute__((noinline)) int take(int n) { return state++ + n; }
int main(int c, char **v) { printf("%d %d %d\n", take(c), other(), take(1)); }
E2
printf 'extern int state;\nint take(int n) { return state + n + 1000; }\n' >take.c
"$CROSS_CC" $STANDARD -w -static -o several one.c other.c && "$CROSS_CC" $SECTIONS -w -c take.c
lpmake -t several 'take=replace from take.o' 2>err
is "$?" 1 "one of several static variables"
like "$(cat err)" 'hint: in a recipe, `symbol state 0xADDRESS`.*lps(5)' "  says what to do"
at=0x$("${CROSS_CC%gcc}nm" -n several | awk '$3 == "state" { print $1; exit }' | sed 's/^0*//')
for which in "$at" 'state!one.c' 'state#1'; do
    printf 'symbol    state %s\ntake = replace from take.o\n' "$which" >which.lps
    lpmake -t several -o p.lpatch which.lps 2>err || note <err
    is "$(run_patched p.lpatch ./several)" "1002 10 1002" "symbol state $which"
    is "$(lpmake --fmt which.lps)" "$(cat which.lps)" "  its canonical form"
done
printf 'symbol state 0x400000\nsymbol state nowhere\nsymbol main main\nsymbol state state#9\nsymbol state\ntake = nop\n' >bad.lps
lpmake -t several bad.lps 2>err
is "$?" 1 "symbols that are none"
is "$(sed -n 's/^lpmake: bad.lps:\([0-9:]*\): .*/\1/p' err | tr '\n' ' ')" "1:8 2:8 3:8 4:8 5:13 " "  each has its place" || note <err

# A nested function whose address is taken: its trampoline is code of no function.
cat >nest.c <<'E2'
#include <stdio.h>
__attribute__((noinline)) static int each(int (*f)(int), int n) { int s = 0; for (int i = 0; i < n; i++) s += f(i); return s; }
__attribute__((noinline)) int nest(int n) { int k = n; int inner(int i) { return i * k + K; } return each(inner, n); }
int main(int c, char **v) { printf("%d\n", nest(c + 2)); }
E2
"$CROSS_CC" -O1 -w -static -DK=1 -o nest nest.c 2>err && "$CROSS_CC" -O1 $SECTIONS -w -DK=2 -c nest.c && lpmake -t nest 'nest=replace from nest.o' 2>err
like "$? $(cat err)" '^1 .*of a nested function.*or assembly without .type and .size' "a nested function: what it may be"

# An object with more sections than a symbol has bits for.
{ awk 'BEGIN { for (i = 0; i < 65300; i++) printf ".section .text.g%d,\"ax\",%%progbits\nnop\n", i }'
  printf '.section .text.take,"ax",%%progbits\n.globl take\n.type take, %%function\ntake: adrp x1, mine\nldr w1, [x1, :lo12:mine]\nadd w0, w0, w1\nret\n.size take, .-take\n'
  printf '.section .rodata.mine,"a"\n.p2align 2\n.type mine, %%object\nmine: .word 2000\n.size mine, 4\n'; } >many.s
"$CROSS_CC" -c -o many.o many.s && lpmake -t several -o p.lpatch 'take=replace from many.o' 2>err || note <err
is "$(run_patched p.lpatch ./several)" "2001 10 2001" "an object of 65 300 sections"
tap_done
