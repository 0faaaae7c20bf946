#!/bin/sh
# lpmake: what of an object file is the program's own and what is new, by the source file and by who uses it; and what a patch cannot bring.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/making/lib.sh"
# built NAME FLAG...: NAME from NAME.c with -DK=1, NAME.new with -DK=2, which says what the patched program is to do, and NAME.o of that
built()
{
    name=$1
    shift
    "$CROSS_CC" -w $SECTIONS "$@" -DK=1 -o "$name" "$name.c" && "$CROSS_CC" -w $SECTIONS "$@" -DK=2 -o "$name.new" "$name.c" &&
        "$CROSS_CC" -w $SECTIONS "$@" -DK=2 -c -o "$name.o" "$name.c" || not_ok "compile $name"
}
# as_new NAME WHAT CHANGE...: the patched program does what the new one does
as_new()
{
    name=$1 what=$2
    shift 2
    lpmake -t "$name" -o "$name.lpatch" "$@" 2>err || { not_ok "$what"; note <err; return; }
    is "$(run_patched "$name.lpatch" "./$name")" "$(run_lprun "./$name.new")" "$what"
}
# Static variables of functions have numbers, and others of that name lie about: the function that uses one says which it is.
head='#include <stdio.h>
#define OUT __attribute__((noipa))
'
G='OUT void g(void) { static int count; printf("g %d\n", ++count); }
'
main='int main(void) { for (int i = 0; i < 3; i++) f(), g(); return 0; }'
new_one='OUT void f(void) {
#if K > 1
    static int count;
    printf("f %d\n", ++count);
#else
    puts("f");
#endif
}
'
old_one='#if K > 1
OUT void h(void) { static int count; printf("h %d\n", ++count); }
#endif
OUT void f(void) { static int count; printf("f %d\n", K + ++count);
#if K > 1
    h();
#endif
}
'
news() { grep '^data ' "$1.lpatch" | grep -vc ' rodata '; } # variables
for how in -static -pie '-static -O0' '-static -Os'; do
    printf '%s\n' "$head$G$new_one$main" >above.c && printf '%s\n' "$head$new_one$G$main" >below.c && printf '%s\n' "$head$G$old_one$main" >known.c
    for name in above below; do
        built $name $how
        as_new $name "$how: a new static variable, another function's of the name $name" "f=replace from $name.o"
        is "$(cat err)" "" "  without a doubt"
    done
    built known $how
    as_new known "$how: one that the function had, and a new function's" 'f=replace from known.o'
    is "$(news known) $(cat err)" "1 " "  one is new"
done
printf '%s' '#include <stdio.h>
void f(void) { static int count; printf("f %d\n", ++count); }' >f.c && "$CROSS_CC" $SECTIONS -c -o f.o f.c
as_new above "an object of nothing but the function" 'f=replace from f.o'
like "$(cat err)" 'warning: .*`count.0` is new: the program.s `count.0` is another variable, by its users (`g`)' "  a warning"
printf '%s\n' "$head"'OUT void f(void) {
#if K > 1
    { static int count; printf("block %d\n", ++count); }
#endif
    { static int count; printf("f %d\n", ++count); }
}
int main(void) { f(); return 0; }' >two.c
built two -static
refused two "one was there, two are of that name" '`count.[01]` and others of the object may be the program.s' 'f=replace from two.o'
# A function with a variable that becomes part of another, and the other way round.
for way in 'K == 1' 'K > 1'; do
    printf '%s\n' "$head"'#if '"$way"'
__attribute__((noipa))
#else
__attribute__((always_inline)) inline
#endif
static int tick(void) { static int count; return ++count; }
OUT void f(void) { printf("f %d\n", K * 100 + tick()); }
OUT void g(void) { printf("g %d\n", tick()); }
int main(void) { f(), g(), f(); return 0; }' >inlined.c
    built inlined -static
    lpmake -t inlined -o inlined.lpatch 'f=replace from inlined.o' 2>err || note <err
    is "$(run_patched inlined.lpatch ./inlined | tr '\n' ' ')$(news inlined)" "f 201 g 2 f 203 0" "a variable of a function that is inlined on one side ($way)"
done
# What is static in another source file has nothing to do with it, be it the C library's.
printf '%s\n' "$head"'OUT int f(int a) { return a ^ 1; }
static int seen; int *where = &seen;
int main(int c, char **v) { seen = 70; printf("%d", f(c)); printf(" %d %d\n", f(c), seen); return 0; }' >alone.c
echo 'static int once, stage, running, seen; static long cache_size;
static int error(int v) { return v + 1000; }
int f(int a)
{
    static int pagesize;
    if (!once) once = 1, stage = 7, running = 99;
    cache_size++, pagesize += 3, seen++;
    return error(a + stage + pagesize + cache_size);
}' >fix.c
"$CROSS_CC" -w $SECTIONS -static -o alone alone.c && "$CROSS_CC" -w $SECTIONS -fno-inline -c -o fix.o fix.c
lpmake -t alone -o alone.lpatch 'f=replace from fix.o' 2>err || note <err
is "$(run_patched alone.lpatch ./alone)" "1012 1016 72" "static variables and functions of the C library are others"
is "$(news alone) $(grep -c 'seen\.' alone.lpatch) $(grep -c '`seen` is taken for the program.s static variable of alone.c: if a new one is meant, it needs another name' err)" "4 0 1" "  and the program's own source file's is the one"
# Two source files with a static function of one name, by whole objects and by one of both.
printf '%s\n' "$head"'OUT static int helper(int a) { return a + 100; } int fromb(int), fromc(int);
OUT int froma(int a) { return helper(a) * K; }
int main(int c, char **v) { printf("%d %d %d\n", froma(c), fromb(1), fromc(c)); return 0; }' >ha.c
printf '%s\n' "$head"'#if K > 1
OUT static int helper(int a) { return a * 7; }
OUT int fromb(int a) { return helper(a) + 1; }
#else
OUT int fromb(int a) { return a + 1; }
#endif' >hb.c
printf '%s\n' "$head"'OUT static int helper(int a) { return a - 50; } OUT int fromc(int a) { return helper(a) * K; }' >hc.c
for k in 1 2; do "$CROSS_CC" -w $SECTIONS -DK=$k -static -o h.$k ha.c hb.c hc.c || not_ok "compile"; done
mv h.1 h && mv h.2 h.new && for o in ha hb hc; do "$CROSS_CC" -w $SECTIONS -DK=2 -c -o $o.o $o.c; done
as_new h "static functions of one name in three source files" 'froma=replace from ha.o' 'fromb=replace from hb.o' 'fromc=replace from hc.o'
is "$(grep -c '^func helper.* new' h.lpatch) $(cat err)" "1 " "  one of them is new"
"${CROSS_CC%gcc}ld" -r -o hall.o ha.o hb.o hc.o
as_new h "  of one object (ld -r)" 'froma=replace from hall.o' 'fromb=replace from hall.o' 'fromc=replace from hall.o'
is "$(grep -c '^func helper.* new' h.lpatch) $(cat err)" "1 " "  one of them is new"
# Link-time optimisation leaves no source files: what is one by its users is it, and what may be several is refused.
cat >lto.c <<'C'
#include <stdio.h>
static int seen, mine;
__attribute__((noipa)) int f(int v)
{
    mine += v;
#if K > 1
    seen++;
#endif
    return mine * K;
}
__attribute__((noipa)) int g(int v) { return seen += v; }
int more(int v);
int main(void) { for (int i = 1; i < 4; i++) printf("%d %d %d\n", f(i), g(i), more(i)); return 0; }
C
echo 'static int seen, mine; int more(int v) { seen -= v, mine += seen; return mine; }' >lto2.c
for k in 1 2; do "$CROSS_CC" -w $SECTIONS -flto -DK=$k -static -o lto.$k lto.c lto2.c || not_ok "compile"; done
"$CROSS_CC" -w $SECTIONS -DK=2 -c -o lto.o lto.c && mv lto.1 lto && mv lto.2 lto.new
as_new lto "link-time optimisation: by the users" 'f=replace from lto.o'
is "$(news lto) $(cat err)" "0 " "  all are the program's"
# What is done before main() is not done in a patch.
cat >filled.c <<'C'
#include <stdio.h>
#if K > 1
static int table[16], seen, calm = 3;
__attribute__((noinline)) static void one(int i) { table[i] = i * i; }
__attribute__((noipa)) void count(int n) { seen += n; }
__attribute__((constructor)) static void fill(void) { for (int i = 0; i < 16; i++) one(i); count(2); }
__attribute__((noipa)) int f(int a) { return table[a & 15]; }
__attribute__((noipa)) int quiet(int a) { return a + calm++; }
__attribute__((noipa)) int counted(int a) { count(1); return a + seen; }
#else
__attribute__((noipa)) int f(int a) { return a ^ 1; }
#endif
int main(int c, char **v) { printf("%d\n", f(c + 3)); return 0; }
C
built filled -static
refused filled "a new variable that a constructor fills" '`table` is new, and the constructor `one` fills it, which does not run' 'f=replace from filled.o'
lpmake -t filled -o x.lpatch 'f=replace from filled.o:quiet' 2>err
is "$? $(grep -c 'calm' err)" "0 0" "  not one that it leaves alone"
lpmake -t filled -o x.lpatch 'f=replace from filled.o:counted' 2>err
like "$? $(cat err)" '^0 .*`seen` is new, and constructors call what uses it' "  one that it reaches by what others call, too: a warning"
if have "${CROSS_CC%gcc}g++"; then
    echo 'struct conf { int v; conf(int n); }; __attribute__((noipa)) conf::conf(int n) : v(n + 1) { } static conf first(20); extern "C" int f(int a) { return first.v + a; }' |
        "${CROSS_CC%gcc}g++" $SECTIONS -c -o cc.o -x c++ -
    refused filled "an object of C++ that is built before main()" '`_ZL5first` is new, and the constructor `_GLOBAL__sub_I_.*` fills it' 'f=replace from cc.o'
fi
# New elements of a list that the linker makes.
cat >list.c <<'C'
#include <stdio.h>
struct item { const char *name; int n; };
#define ITEM(x, v) static const struct item x __attribute__((section("items"), used)) = {#x, v};
ITEM(one, 1) ITEM(two, 2)
#if K > 1
ITEM(three, 3)
#endif
extern const struct item __start_items[], __stop_items[];
__attribute__((noipa)) int sum(void) { int s = 0; for (const struct item *i = __start_items; i < __stop_items; i++) s += K * i->n; return s; }
int main(void) { printf("%d\n", sum()); return 0; }
C
built list -static
lpmake -t list -o list.lpatch 'sum=replace from list.o' 2>err
is "$? $(grep -c 'is not in the program.s list' err) $(run_patched list.lpatch ./list)" "0 1 6" "a new element of a linker's list: a warning"
like "$(cat err)" '`three` in the section `items` is not in the program.s list of that name' "  of that one"
# Elements that are there and changed, by a number, a text or a function.
sed -i 's/ITEM(one, 1) ITEM(two, 2)/ITEM(one, 1) ITEM(two, TWO)/; s/^#if K > 1/#if 0/' list.c
for how in -static '-pie -fPIE'; do
    "$CROSS_CC" -w $SECTIONS $how -DK=1 -DTWO=2 -o list list.c || not_ok "compile"
    for two in 2 5; do
        "$CROSS_CC" -w $SECTIONS ${how#-static} -DK=2 -DTWO=$two -c -o list.o list.c || not_ok "compile"
        lpmake -t list -o list.lpatch 'sum=replace from list.o' 2>err
        is "$? $(grep -c 'another one there than in the program.s list' err)" "0 $((two / 5))" "$how: an element that is $two, and was 2"
    done
    like "$(cat err)" '`two` in the section `items`' "  it is named"
    sed 's/{#x, v}/{#x "!", v}/' list.c | "$CROSS_CC" -w $SECTIONS ${how#-static} -DK=2 -DTWO=2 -c -o list.o -x c - || not_ok "compile"
    lpmake -t list -o list.lpatch 'sum=replace from list.o' 2>err
    is "$? $(grep -c '`\(one\|two\)` in the section .* is another one there' err)" "0 2" "  texts that changed"
done
cat >calls.c <<'C'
#include <stdio.h>
#if K > 1
static int later(int v) { return v + 7; }
#define later(v) later
#else
#define later(v) double_of
#endif
__attribute__((noipa)) int double_of(int v) { return 2 * v; }
static int (*const one)(int) __attribute__((section("calls"), used)) = double_of, (*const two)(int) __attribute__((section("calls"), used)) = later(2);
extern int (*const __start_calls[])(int), (*const __stop_calls[])(int);
__attribute__((noipa)) int sum(void) { int s = 0; for (int (*const *f)(int) = __start_calls; f < __stop_calls; f++) s += K * (*f)(3); return s; }
int mode = 1;
#if K > 1
__attribute__((constructor)) static void choose(void) { mode = 7; }
#endif
__attribute__((constructor)) static void also(void) { mode++; }
__attribute__((noipa)) int moded(int v) { return v + mode * K; }
int main(void) { printf("%d %d\n", sum(), moded(1)); return 0; }
C
for how in -static '-pie -fPIE'; do
    built calls $how
    lpmake -t calls -o calls.lpatch 'sum=replace from calls.o' 2>err
    is "$? $(grep -o '`[a-z]*` in the section .calls. is another' err | tr '\n' ' ')" "0 \`two\` in the section \`calls\` is another " "$how: a function in a list"
    lpmake -t calls -o calls.lpatch 'moded=replace from calls.o' 2>err
    is "$? $(grep -c 'the constructor `choose`, which uses `mode`, is new, and does not run in a patch' err) $(run_patched calls.lpatch ./calls)" "0 1 12 5" "  a new constructor that sets the program's variable"
done
"$CROSS_CC" -w $SECTIONS -DK=1 -c -o calls.o calls.c
lpmake -t calls -o calls.lpatch 'moded=replace from calls.o' 2>err
is "$(grep -c constructor err)" 0 "  nothing of one that the program has"
# Several objects of one patch: what is not static in them is one, as a linker makes it.
cat >both.c <<'C'
#include <stdio.h>
#if K > 1
#ifdef WEAK
__attribute__((weak)) int all = 5;
__attribute__((weak, noipa)) int next(void) { return ++all; }
#elif defined F
int all = 5;
static int own = 100;
__attribute__((noipa)) int next(void) { return ++all + own++; }
#else
extern int all;
int next(void);
#endif
#else
#define next() 0
#define all 0
#endif
#ifndef G
__attribute__((noipa)) int f(void) { return next() + all; }
#endif
#ifndef F
__attribute__((noipa)) int g(void) { return next() * 10 + all; }
#endif
#if K == 1
int main(void) { for (int i = 0; i < 2; i++) printf("%d ", f()), printf("%d\n", g()); return 0; }
#endif
C
for way in '-DWEAK|12 77 16 99' '|112 1087 118 1129'; do
    "$CROSS_CC" -w $SECTIONS -static -DK=1 -o both both.c || not_ok "compile"
    for half in F G; do "$CROSS_CC" -w $SECTIONS -DK=2 ${way%%|*} -D$half -c -o both$half.o both.c || not_ok "compile"; done
    lpmake -t both -o both.lpatch 'f=replace from bothF.o' 'g=replace from bothG.o' 2>err || note <err
    is "$(run_patched both.lpatch ./both | tr '\n' ' ') $(grep -c '^data all' both.lpatch) $(grep -c '^func next' both.lpatch)" "${way#*|}  1 1" "two objects, one variable and one function ${way%%|*}"
done
refused both "an object in front of the one that defines what it needs" 'it needs `\(all\|next\)`, which the program does not have' 'g=replace from bothG.o' 'f=replace from bothF.o'
like "$(cat err)" 'name that one in front; or make one object of them' "  and what to do"
"$CROSS_CC" -w $SECTIONS -DK=1 -o both both.c
refused both "  likewise of a dynamic program" 'it defines `\(all\|next\)`, which a change in front of it needs' 'g=replace from bothG.o' 'f=replace from bothF.o'
"${CROSS_CC%gcc}ld" -r -o bothall.o bothF.o bothG.o
lpmake -t both -o both.lpatch 'g=replace from bothall.o' 'f=replace from bothall.o' 2>err || note <err
is "$(run_patched both.lpatch ./both | tr '\n' ' ')" "112 1087 118 1129 " "  which helps"
cp bothF.o bothH.o
refused both "two of one name" '`\(all\|next\)` is new in bothF.o, too' 'f=replace from bothF.o' 'g=replace from bothH.o:f'
# What the compiler has seen to have no effect but its result, it calls less often.
cat >pure.c <<'C'
#include <stdio.h>
int calls, scale = 1;
static const int odd[] = {1, 3, 5, 7};
__attribute__((noinline)) int limit(int a)
{
#if K == 3
    calls++;
#elif K == 4
    a *= scale;
#elif K == 5
    a += odd[a & 3];
#elif K == 6
    char t[16];
    __asm__("" : "=m"(t) : "r"(t));
    a += t[a & 15] & 1;
#endif
    return a * K;
}
__attribute__((noinline)) int reads(int a) { return a * scale + (K == 3 ? ++calls : 0); }
__attribute__((noinline)) int calling(int a) { printf("%d\n", a); return limit(a) + K; }
int main(int c, char **v) { int s = 0; for (int i = 0; i < 5; i++) s += limit(c) + reads(c) + calling(c); return s & 1; }
C
"$CROSS_CC" -w $SECTIONS -static -DK=1 -o pure pure.c || not_ok "compile"
# pure K FUNCTION PATTERN NAME
pure()
{
    "$CROSS_CC" -w $SECTIONS -DK=$1 -c -o pure.o pure.c && lpmake -t pure -o pure.lpatch "$2=replace from pure.o" 2>err || note <err
    text=$(grep 'no effect but' err)
    [ -z "$3$text" ] && ok "$4" || like "${text:-nothing}" "$3" "$4"
}
pure 3 limit 'the old body of limit has no effect but its result, which its arguments alone decide, and the new one has: .*main+0x' "a function that had no effect, and now has: a warning"
pure 4 limit 'and the new one reads memory' "  that reads memory now"
pure 2 limit '' "  not if it has none still"
pure 5 limit '' "  nor if it reads constants"
pure 6 limit '' "  or its stack"
pure 3 reads 'the old body of reads has no effect but its result, and the new one has' "  of one that has read memory"
pure 4 reads '' "  that does so still"
pure 3 calling '' "  not of one that has had effects"
# An IFUNC that the object defines, too, is the program's; a new one is nobody's.
cat >ifunc.c <<'C'
#include <stdio.h>
static int by(int x) { return x ^ 1; }
static void *resolve(void) { return (void *)by; }
int chosen(int) __attribute__((ifunc("resolve")));
#if K > 1
int late(int) __attribute__((ifunc("resolve")));
__attribute__((noinline)) int more(int n) { return late(n); }
#endif
__attribute__((noinline)) int work(int n) { return K * chosen(n); }
int main(void) { printf("%d\n", work(4)); return 0; }
C
built ifunc -static
as_new ifunc "an IFUNC of the object is the program's" 'work=replace from ifunc.o'
refused ifunc "a new IFUNC" '`late` is an IFUNC that the program does not have' 'work=replace from ifunc.o:more'
# An alignment is kept or refused.
cat >aligned.c <<'C'
#include <stdint.h>
#include <stdio.h>
__attribute__((noinline)) uintptr_t work(int n)
{
#if K > 1
    static char page[A] __attribute__((aligned(A))) = {1};
    __asm__ volatile("" : : "r"(page) : "memory");
    return (uintptr_t)page & (A - 1);
#else
    return n;
#endif
}
int main(void) { printf("%d\n", (int)work(4)); return 0; }
C
for how in -static '-pie -fPIE'; do
    for a in 4096 65536; do
        built aligned $how -DA=$a
        "$CROSS_CC" -w $SECTIONS -DA=$a -O0 -DK=2 -c -o aligned.o aligned.c
        as_new aligned "an alignment of $a, $how" 'work=replace from aligned.o'
    done
done
"$CROSS_CC" -w $SECTIONS -DA=131072 -DK=2 -c -o aligned.o aligned.c
refused aligned "a larger one than can be had" 'is aligned to 131072 bytes' 'work=replace from aligned.o'
# A header that is included by two ways is one file.
mkdir x y
printf 'static inline int helper(int a)\n{\n    a += 3;\n    return a * 7;\n}\n' >x/util.h
printf '#include "util.h"\nint y(int);\nint main(int c, char **v) { return helper(c) + y(c); }\n' >x/a.c
printf '#include "../x/util.h"\nint y(int a) { return helper(a) + a * 9; }\n' >y/a.c
"$CROSS_CC" -g -o header x/a.c y/a.c || not_ok "compile"
for file in util.h x/util.h ./x/util.h y/../x/util.h; do
    lpmake -t header -o x.lpatch "$file:3=nop" 2>err
    like "$? $(cat err)" '^0 .*the line has 2 copies' "$file:3 of a header that is included by two ways"
done
tap_done
