#!/bin/sh
# lpmake: functions compiled from C come into static, position-independent and shared code, with relocations of every kind, strings, functions and variables.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/making/lib.sh"
for kind in static pie so; do made_app $kind; done

# try NAME TARGET PROGRAM OBJECT: every function by itself, then all at once
try()
{
    what=$1 target=$2 program=$3 object=$4
    for pair in 'parse|^parse 9245$' 'name_of|^name nil$' 'counted|^counted 20$' 'calc|^calc 1010$' 'other|^other 94$'; do
        f=${pair%%|*} want=${pair#*|}
        lpmake -t "$target" -o one.lpatch "$f=replace from $object" 2>err || { not_ok "$what: $f is made"; note <err; continue; }
        out=$(run_patched one.lpatch "./$program" || echo "status $?")
        like "$out" "$want" "$what: $f"
    done
    lpmake -t "$target" -o all.lpatch --meta name=all "parse=replace from $object" "name_of=replace from $object:name_of" "counted=replace from $object" \
        "calc=replace from $object" "other=replace from $object" "twice=replace from $object" 2>err || { not_ok "$what: all are made"; note <err; return; }
    run_patched all.lpatch "./$program" x >got
    is "$(cat got)" "$(cat want-all)" "$what: all at once"
    is "$(grep -c '^data steps ' all.lpatch) $(grep -c '^data fixes ' all.lpatch)" "1 1" "$what: new variables are there once"
    [ "$(grep -c '^cfi ' all.lpatch)" -ge 3 ] && ok "$what: call frame information comes along" || not_ok "$what: call frame information comes along"
    lpmake --fmt all.lpatch >again && same again all.lpatch "$what: canonical"
}
cat >want-all <<'E2'
check 4
twice 7206
  fixed 4, 2
parse 9246
name nil
counted 20
calc 1010
other 94
pointer 11
calls 1 depth 15 shared 3
check 4
twice 7208
  fixed 4, 2
parse 9250
name uno
counted 40
calc 1010
other 94
pointer 11
calls 2 depth 25 shared 7
E2
"$CROSS_CC" $SECTIONS -c -o fix.o fix.c && try "static" app-static app-static fix.o
try "pie" app-pie app-pie fix.o
"$CROSS_CC" $SECTIONS -O0 -fPIC -c -o fix0.o fix.c && try "-O0 -fPIC, pie" app-pie app-pie fix0.o
"$CROSS_CC" $SECTIONS -fPIC -mtls-dialect=trad -c -o fixt.o fix.c && try "-fPIC, traditional TLS, pie" app-pie app-pie fixt.o
"$CROSS_CC" $SECTIONS -fPIC -g -mbranch-protection=standard -c -o fixb.o fix.c && try "-fPIC, descriptors, branch protection, library" libapp.so app-so fixb.o
"$CROSS_CC" $SECTIONS -Os -fPIE -fno-toplevel-reorder -c -o fixs.o fix.c && try "-Os -fPIE, pie" app-pie app-pie fixs.o

# What cannot come along is said.
"$CROSS_CC" $STANDARD -c -o shared.o fix.c
refused app-pie "variables of one section" 'fdata-sections' 'parse=replace from shared.o'
echo '__thread int brand_new; int other(int v) { return brand_new++ + v; }' | object x
refused app-pie "a thread-local variable" '`brand_new` is a new thread-local variable' 'other=replace from x.o'
echo 'int limit[4]; int other(int v) { return limit[v]; }' | object x
refused app-pie "a variable of another size" '`limit` has 16 bytes there and 4 in the program' 'other=replace from x.o'
echo 'int check(int v) { return v; }' | object x
refused app-pie "no such function" 'it has no function `other`' 'other=replace from x.o'
refused app-pie "no function at the place" 'inside of check' 'check+0x4=replace from x.o'
refused app-pie "a variable's place" 'needs a function' 'limit=replace from x.o:check'
refused app-pie "no file" 'cannot open' 'check=replace from missing.o'
refused app-pie "a program" 'compile it with -c' 'check=replace from app-pie'
refused app-pie "a stub" 'is a PLT stub' 'printf@plt=replace from x.o:check'
refused app-pie "syntax" 'replace from FILE' 'check=replace x.o'
if have "${CROSS_CC%gcc}g++"; then
    for body in 'struct held { ~held(); }; extern "C" int check(int); extern "C" int other(int v) { held h; return check(v); }' \
        'extern "C" int check(int); extern "C" int other(int v) { try { return check(v); } catch (...) { return 0; } }'; do
        echo "$body" | "${CROSS_CC%gcc}g++" -O2 -c -o x.o -x c++ -
        refused app-pie "handlers of exceptions" '`other` catches exceptions or has something to destroy.*-fno-exceptions (rustc: -C panic=abort)' 'other=replace from x.o'
    done
fi
# A function beside the new one that has changed, too: a warning, unless another change of the same patch replaces it, before or behind.
printf '__attribute__((noipa)) static int step(int v) { return v + 1; }\nextern int sink; __attribute__((noipa)) int walk(int v) { return step(v) * 3; }\nint main(int c, char **v) { return walk(c); }\n' >walk.c
"$CROSS_CC" $SECTIONS -static -o walk walk.c && sed 's/v + 1/v + 100/; s/\* 3/* 2/' walk.c | object walk
stale() { want=$1 name=$2; shift 2; lpmake -t walk -o x.lpatch "$@" 2>err; is "$? $(grep -c '`step` is another one there' err)" "0 $want" "$name"; }
stale 1 "a function beside it that differs is warned of" 'walk=replace from walk.o'
stale 0 "  not if it is replaced behind it" 'walk=replace from walk.o' 'step=replace from walk.o'
stale 0 "  nor before" 'step=replace from walk.o' 'walk=replace from walk.o'
word() { lpdis --symbol "$2" --json "$1" | sed -n 's/.*"word":"0x\([0-9a-f]*\)".*/\1/p' | sed -n "$(($3 / 4 + 1))p"; }
# A change that changes nothing: the same words, or a body that is the old one, wherever its calls and addresses lead to.
cat >idle.c <<'C'
#include <stdio.h>
static int table[4] = {1, 2, 3, 4};
__attribute__((noipa)) int plus(int v) { return v + table[v & 3]; }
__attribute__((noipa)) int work(int v) { int s = 0; for (int i = 0; i < v; i++) s += plus(i); putchar(48 + s % 10); return plus(s); }
int main(int n, char **v) { (void)v; return work(n) > 100; }
C
for flags in '-static -no-pie' -pie; do
    "$CROSS_CC" -O2 $SECTIONS $flags -o idle idle.c && "$CROSS_CC" -O2 $SECTIONS -c -o idle.o idle.c || not_ok "compile"
    sed 's/table\[v & 3\]/table[v \& 1]/; s/48 + s/65 + s/' idle.c >other.c && "$CROSS_CC" -O2 $SECTIONS -c -o other.o other.c || not_ok "compile"
    for change in 'work=replace from idle.o|1' 'plus=replace from idle.o|1' 'work=replace from other.o|0' 'plus=replace from other.o|0' "work=word 0x$(word idle work 0)|1" 'work=nop|0'; do
        lpmake -t idle -o x.lpatch "${change%|*}" 2>err
        is "$? $(grep -c 'warning: .*changes nothing: the new code is what is there' err)" "0 ${change#*|}" "$flags: ${change%|*}: ${change#*|} warnings"
    done
done
lpmake -q -t idle -o x.lpatch "work=word 0x$(word idle work 0)"
like "$(lpapply -n idle x.lpatch 2>&1)" 'x: it changes nothing: its new words are the old ones' "lpapply says so of the patch"
# What only a running program takes is said when the patch is made, and lpapply says the same of the file.
# only_running NAME TEXT TARGET CHANGE
only_running()
{
    lpmake -t "$3" -o x.lpatch "$4" >out 2>err
    is "$? $(grep -c "warning: .*$2" err)" "0 1" "$1: a warning, once"
    lpapply -n "$3" x.lpatch >out 2>&1
    is "$(($? > 0))" 1 "  lpapply refuses it for the file"
}
if have "${CROSS_CC%gcc}g++"; then
    echo 'extern "C" __attribute__((noinline)) int may(int v) { if (v > 2) throw 3; return v; }
        extern "C" __attribute__((noinline)) int safe(int v) { try { return may(v); } catch (int) { return -1; } }
        int main(int n, char **) { return safe(n); }' | "${CROSS_CC%gcc}g++" -O1 -static -o catching -x c++ - && echo 'int safe(int v) { return v + 3; }' | object x
    only_running "a function with handlers" 'it cannot go into the file itself: safe catches exceptions' catching 'safe=replace from x.o'
fi
# A weak symbol that nobody has is what it is for a linker: 0 in the GOT and in data, and a call of it does nothing.
cat >weak.c <<'C'
#include <stdio.h>
extern int hook(int) __attribute__((weak));
#ifdef FIXED
extern int nowhere(int) __attribute__((weak)), unset __attribute__((weak));
int (*table[2])(int) = {nowhere, hook};
#define MORE if (v == 8) return 2 + nowhere(v); if (&unset) return unset; if (nowhere || table[0] || table[1]) return 99;
#else
#define MORE
#endif
__attribute__((noipa)) int use(int v) { MORE return hook ? hook(v) : v * FACTOR; }
int main(void) { printf("%d %d\n", use(3), use(8)); return 0; }
C
for how in '-fPIE -pie' '-fPIE -static-pie' '-fno-pic -no-pie' '-fno-pic -static'; do
    # shellcheck disable=SC2086
    "$CROSS_CC" $SECTIONS $how -DFACTOR=2 -o weak weak.c && "$CROSS_CC" $SECTIONS ${how% *} -DFIXED -DFACTOR=5 -c -o weak.o weak.c || not_ok "compile"
    lpmake -t weak -o weak.lpatch 'use=replace from weak.o' 2>err || note <err
    is "$(run_patched weak.lpatch ./weak)" "15 10" "a weak symbol that nobody has, $how: it is 0, and a call does nothing"
    like "$(cat err)" '`nowhere`, which is weak: as for a linker it is 0' "  a warning"
    case $how in
    *static*)
        lpapply -q -o weak.disk weak weak.lpatch
        is "$(run_lprun ./weak.disk)" "15 10" "  and in the file" ;;
    *) lpmake -L /nowhere -t weak -o other.lpatch 'use=replace from weak.o' 2>err || note <err
        like "$(cat err)" '`nowhere` is neither in the program.*(and is 0 if none has it, as it is weak)' "  of libraries that are not found, another"
        like "$(lpapply -n weak other.lpatch 2>&1)" 'symbol `nowhere` is neither here nor imported' "  whose libraries the file does not tell" ;;
    esac
    lpmake --fmt weak.lpatch >again && same again weak.lpatch "  canonical"
done
# What only the compiler's library has: how it comes along.
echo '#include <stdio.h>
long double total; static int n; int other(int v) { total += v * 1.25L; return __atomic_fetch_add(&n, v, __ATOMIC_RELAXED) + (int)(total * 100); }' | object helped -moutline-atomics
for target in app-static app-pie; do
    lpmake -q -t $target 'other=replace from helped.o' >out 2>err
    is "$? $(grep -c 'needs `__[a-z0-9_]*`, which the program does not have' err)" "1 1" "$target: a function of the compiler's library"
done
lpmake -t app-pie 'other=replace from helped.o' >out 2>err
like "$(cat err)" '^lpmake: hint: .*-nostdlib -o ALL.o FIX.o -lgcc' "  what to do"
"$CROSS_CC" -r -nostdlib -o all.o helped.o -lgcc || not_ok "compile"
for target in app-static app-pie; do
    lpmake -q -t $target -o x.lpatch 'other=replace from all.o' 2>err || note <err
    like "$(run_patched x.lpatch ./$target)" '^other [1-9]' "  which helps, $target"
done
# Literals in the middle of a function: LDR finds them elsewhere, and what is reached otherwise has no place.
among() { printf '.text\n.globl other\n.type other, %%function\nother: %b\n.size other, .-other\n' "$1" | "$CROSS_CC" -c -x assembler -o x.o - || not_ok "assemble"; }
among 'ldr w0, =30\nb 1f\n.ltorg\n1: ldr x1, 3f\nldr w1, [x1]\nadd w0, w0, w1\nldr w2, =7\nadd w0, w0, w2\nret\n.p2align 3\n3: .xword limit\n.ltorg'
for target in app-static app-pie; do
    lpmake -t $target -o x.lpatch 'other=replace from x.o' 2>err && ok "literals in the middle of a function, $target" || { not_ok "literals in the middle"; note <err; }
    like "$(run_patched x.lpatch ./$target)" '^other 47$' "  it does what it says"
done
among 'adr x0, 1f\nldr w0, [x0]\nret\n1: .word 5'
refused app-pie "data among the code that ADR finds" 'data among the code of a function, .* unless LDR reads it' 'other=replace from x.o'
among 'adrp x0, 1f\nldr w0, [x0, :lo12:1f]\nret\n1: .word 5'
refused app-pie "  or ADRP" 'data among the code' 'other=replace from x.o'
echo 'extern int nowhere(int); int other(int v) { return nowhere(v) + 1; }' | object x
status=0
lpmake -t app-static 'other=replace from x.o' >out 2>err || status=$?
is "$status" 1 "a function that a static program does not have"
like "$(cat err)" 'needs `nowhere`' "  said so"
lpmake -t app-pie 'other=replace from x.o' >out 2>err
like "$(cat err)" 'warning: .*`nowhere` is neither in the program' "of a dynamic one it may come"
# Tables of distances from their own start, as clang makes them of a switch that gives texts or constants: an entry's addend has its place in the table.
cat >table.c <<'E2'
#include <stdio.h>
#ifdef FIXED
#define P "new"
#else
#define P "old"
#endif
const char *pick(unsigned n);
int number(unsigned n);
#define TABLE(name, a, b, c) \
    ".section .rodata." #name ",\"a\"\n.balign 4\n" #name ": .word " a " - " #name "\n.word " b " - " #name "\n.word " c " - " #name "\n.text\n"
__asm__(".section .rodata.str1.1,\"aMS\",%progbits,1\n.LS0: .asciz \"" P "-zero\"\n.LS1: .asciz \"" P "-i\"\n.LS2: .asciz \"" P "-the second\"\n.text\n"
        TABLE(.Ltexts, ".LS0", ".LS1", ".LS2"));
__asm__(".global pick\n.type pick, %function\npick: cmp w0, #2\nb.hi 1f\nadrp x8, .Ltexts\nadd x8, x8, :lo12:.Ltexts\nldrsw x9, [x8, w0, uxtw #2]\n"
        "add x0, x8, x9\nret\n1: mov x0, #0\nret\n.size pick, . - pick\n");
__asm__(".section .rodata.a,\"a\"\n.balign 4\n.type ka, %object\n.size ka, 4\nka: .word " NUMBER "\n.section .rodata.b,\"a\"\n.balign 4\n.type kb, %object\n.size kb, 4\n"
        "kb: .word 22\n.text\n" TABLE(.Lnumbers, "ka", "kb", "kb"));
__asm__(".global number\n.type number, %function\nnumber: adrp x8, .Lnumbers\nadd x8, x8, :lo12:.Lnumbers\nldrsw x9, [x8, w0, uxtw #2]\nldr w0, [x8, x9]\nret\n"
        ".size number, . - number\n");
int main(void)
{
    for (unsigned n = 0; n < 3; n++) printf("%s %d\n", pick(n), number(n));
    return 0;
}
E2
for how in "static -static" "pie -fPIE -pie"; do
    as=${how%% *}
    # shellcheck disable=SC2086
    "$CROSS_CC" -O2 ${how#* } -DNUMBER='"1"' -o "table-$as" table.c && "$CROSS_CC" -O2 ${how#* } -DNUMBER='"77"' -DFIXED -c -o table.o table.c
    lpmake -t "table-$as" -o table.lpatch 'pick=replace from table.o' 'number=replace from table.o' 2>err || note <err
    is "$(run_patched table.lpatch "./table-$as" | tr '\n' ' ')" "new-zero 77 new-i 22 new-the second 22 " "tables of distances, $as"
    lpapply -q -o table-disk "table-$as" table.lpatch 2>err || note <err
    is "$(run_lprun ./table-disk | tr '\n' ' ')" "new-zero 77 new-i 22 new-the second 22 " "  and in the file"
done
# Functions of the C library that it chooses by the CPU, of which no object has asked for the choice: the new code asks for it. All arguments are kept.
cat >chosen.c <<'C'
#include <stdio.h>
#include <string.h>
__attribute__((noipa)) int use(int v, double d)
{
#ifdef FIXED
    char b[300], c[300];
    void *(*volatile move)(void *, const void *, size_t) = memmove;
    memset(b, v + 64, v + 200), memcpy(c, b, v + 150), memmove(c + 10, c, v + 100), move(c + 100, c + 1, v + 3);
    return (int)(c[50] + c[120] + d * 2) + (memchr(c, v + 64, v + 99) != NULL);
#else
    return v + (int)d;
#endif
}
int main(void) { printf("%d %d\n", use(1, 2.5), use(2, 7.25)); return 0; }
C
for flags in -fno-pic -fPIC '-fPIC -fno-plt'; do
    # shellcheck disable=SC2086
    "$CROSS_CC" $SECTIONS -fno-builtin -o chosen chosen.c && "$CROSS_CC" $SECTIONS -fno-builtin $flags -DFIXED -c -o chosen.o chosen.c || not_ok "compile"
    lpmake -q -t chosen -o chosen.lpatch 'use=replace from chosen.o' 2>err || note <err
    is "$(run_patched chosen.lpatch ./chosen)" "136 147" "IFUNCs of the C library that nobody has called yet, $flags"
done
# A static variable of that name in another source file, as of a library that is linked in, is another one.
printf 'static int mark = 1000; __attribute__((noipa)) int lib(int v) { return mark += v; }\n' >lib.c
printf 'int lib(int); static int own = 5; __attribute__((noipa)) int prog(int v) { return own + v; } int main(void) { own += lib(1) > 0; return prog(1) * 10 + lib(0) %% 100; }\n' >prog.c
"$CROSS_CC" $SECTIONS -o mixed prog.c lib.c || not_ok "compile"
new='static int mark = 2; extern int lib(int); int prog(int v) { return v + mark++; }'
echo "$new" >again.c
for name in prog again; do
    echo "$new" >$name.c
    "$CROSS_CC" -w $SECTIONS -c -o mark.o $name.c && lpmake -t mixed -o x.lpatch 'prog=replace from mark.o' 2>err || note <err
    run_patched x.lpatch ./mixed >out
    rc=$?
    is "$rc $(grep -c '`mark`' err) $(grep -c '^data mark' x.lpatch)" "31 0 1" "a new static variable is new, in $name.c"
done
# The tiny code model reaches the patch's own only.
echo 'static int here; extern int limit; int other(int v) { return v + here++; }' | object tiny -mcmodel=tiny
is "$(lpmake -t app-static 'other=replace from tiny.o' 2>&1 >x.lpatch | grep -c '1 MiB')" 0 "-mcmodel=tiny: a variable that comes along"
like "$(run_patched x.lpatch ./app-static)" '^other 9$' "  is near enough"
echo 'extern int limit; int other(int v) { return v + limit++; }' | object tiny -mcmodel=tiny -fno-pic
is "$(lpmake -t app-static 'other=replace from tiny.o' 2>&1 >x.lpatch | grep -c 'no further than 1 MiB.*near to `limit`: compile it with -mcmodel=small')" 1 "  one of the program: a warning, once"
# The large code model, and literals of the assembler: data behind a function, which the patch has as constants.
cat >large.c <<'C'
#include <stdio.h>
double scale = 1.5;
__attribute__((noipa)) long whole(void) { return 7; }
__attribute__((noipa)) double calc(int v, const char *s)
{
#ifdef FIXED
    static int calls;
    printf("%s %d\n", s, ++calls);
    switch (v) { case 0: return 3.14159 * scale; case 1: return 1e100; case 2: return 2.5e-7; case 3: return whole(); case 4: return 77; }
#endif
    return v * scale + *s;
}
int main(void) { for (int i = 0; i < 6; i++) printf("%g %ld\n", calc(i, "a"), whole()); return 0; }
C
printf '.text\n.globl whole\n.type whole, %%function\nwhole: ldr x0, =0x123456789\nldr w1, =77777\nadd x0, x0, x1\nret\n.size whole, .-whole\n.ltorg\n' |
    "$CROSS_CC" -c -x assembler -o whole.o -
for how in -no-pie -static; do
    "$CROSS_CC" $SECTIONS -mcmodel=large -fno-pic $how -o large large.c && "$CROSS_CC" $SECTIONS -mcmodel=large -fno-pic -DFIXED -c -o large.o large.c || not_ok "compile"
    lpmake -q -t large -o large.lpatch 'calc=replace from large.o' 'whole=replace from whole.o' 2>err || note <err
    run_patched large.lpatch ./large >got
    is "$(tr '\n' ' ' <got)" "a 1 4.71238 4886796122 a 2 1e+100 4886796122 a 3 2.5e-07 4886796122 a 4 4.8868e+09 4886796122 a 5 77 4886796122 a 6 104.5 4886796122 " \
        "-mcmodel=large, $how"
    lpapply -q -o large.disk large large.lpatch 2>err || note <err
    run_lprun ./large.disk >again
    same again got "  and in the file"
done
# The program's file may have another name: a link leads to it, as with redis-server, or it has been renamed. Another build it is not.
echo 'int fixed(int v) { return v + 30; } int main(int c, char **v) { (void)v; return fixed(c); }' >named.c
for how in '-static -no-pie' '-pie' '-static -no-pie -Wl,--build-id=none' '-pie -Wl,--build-id=none'; do
    # shellcheck disable=SC2086
    "$CROSS_CC" -O1 -fno-inline $how -o real named.c && ln -sf real link && cp real copy || not_ok "compile"
    lpmake -q -t link -o named.lpatch 'fixed=ret 77'
    for name in link real copy; do is "$(run_patched named.lpatch ./$name; echo $?)" 77 "$how: the patch of a link, run as $name"; done
done
"$CROSS_CC" -O2 -pie -DOTHER -o other named.c
like "$(run_patched named.lpatch ./other)" 'object .link. is not ' "another program"
# What is given instead of an object file.
cc_lto() { object lto -flto "$@"; }
echo 'int calc(int v) { return v; }' | cc_lto
lpmake -t app-pie 'calc=replace from lto.o' >out 2>err
is "$? $(cat err)" "1 lpmake: calc=replace from lto.o: lto.o: it has no function \`calc\`: it has no code before the linker makes some of it (-flto)
lpmake: hint: compile it with -fno-lto" "an object of link-time optimisation"
echo 'int calc(int v) { return v; }' | cc_lto -ffat-lto-objects
lpmake -q -t app-pie 'calc=replace from lto.o' >out 2>err && ok "  one that has code, too" || { not_ok "  one that has code, too"; note <err; }
lpmake -t app-pie 'calc=replace from lto.o:cal' >out 2>err
like "$? $(cat err)" 'did you mean calc' "  which has names"
printf 'BC\300\336xxxx' >bitcode.o
lpmake -t app-pie 'calc=replace from bitcode.o' >out 2>err
like "$? $(cat err)" 'hint: it is LLVM.s code for link-time optimisation: compile it with -fno-lto' "  clang's"
"${CROSS_CC%gcc}ar" rc fix.a fix.o
lpmake -t app-pie 'calc=replace from fix.a' >out 2>err
like "$? $(cat err)" 'hint: it is an archive: take the object out of it, `ar x ARCHIVE OBJECT`' "an archive"
lpmake -t app-pie 'calc=replace from fix.c' >out 2>err
like "$? $(cat err)" 'hint: an object file is expected, as .*gcc -O2 -c FILE.c' "a source file"
# Where a nameless array ends, and one that has nothing in it (of Rust: \`&[]`).
"${CROSS_CC%gcc}as" -o ends.o - <<'S' || not_ok "assemble"
    .section .rodata.vals,"a"
.Lv: .word 1, 2, 30
.Lend:
    .section .rodata.none,"a"
    .p2align 3
.Lnone:
    .section .data.rel.ro.slice,"aw"
    .p2align 3
    .type slice, %object
slice: .xword .Lnone, 0
    .size slice, . - slice
    .section .text.calc,"ax"
    .globl calc
    .type calc, %function
calc:
    adrp x1, .Lv
    add x1, x1, :lo12:.Lv
    adrp x2, .Lend
    add x2, x2, :lo12:.Lend
    adrp x3, slice
    ldr x3, [x3, :lo12:slice]
    mov w0, #0
1:  ldr w4, [x1], #4
    add w0, w0, w4
    cmp x1, x2
    b.ne 1b
    cbnz x3, 2f
    mov w0, #0
2:  ret
    .size calc, . - calc
S
lpmake -t app-pie -o ends.lpatch 'calc=replace from ends.o' 2>err && ok "the end of an array without a name, and an empty one" || { not_ok "the end of an array"; note <err; }
like "$(run_patched ends.lpatch ./app-pie)" '^calc 33$' "  it does what it says"
# Go's stacks are small.
printf '#include <stdio.h>\n__attribute__((section(".note.go.buildid"))) const char id[8] = "go";\n__attribute__((noipa)) int work(int a) { return a; }\nint main(int c, char **v) { printf("%%d\\n", work(c)); return 0; }\n' >go.c
"$CROSS_CC" $STANDARD -o go go.c || not_ok "compile"
for body in '|return a + 1;' 'may use|int puts(const char *); puts("x"); return a;' 'it uses more|char t[600]; __asm__ volatile("" : : "r"(t) : "memory"); return a;' \
    'it uses more|char t[9000]; __asm__ volatile("" : : "r"(t) : "memory"); return a;' '|char t[100]; __asm__ volatile("" : : "r"(t) : "memory"); return a;'; do
    echo "int work(int a) { ${body#*|} }" | object gowork
    status=0
    lpmake -t go -o go.lpatch 'work=replace from gowork.o' 2>err || status=$?
    [ -z "${body%%|*}" ] && is "$status $(cat err)" "0 " "a program of Go: ${body#*|}" || like "$status $(tail -n 1 err)" "^0 .*one of Go, whose stacks are small.*${body%%|*}" "a program of Go: ${body#*|}"
done
printf '!<arch>\n__.PKGDEF       0 ' >gopackage.o
lpmake -t go 'work=replace from gopackage.o' >out 2>err
like "$? $(cat err)" '^1 .*' "an object of Go"
like "$(cat err)" 'hint: it is an object of Go, which Go.s linker alone reads' "  said so"
# Debug information may be compressed.
for z in zlib zlib-gnu; do
    echo 'int check(int v) { return v + 50; }' | "$CROSS_CC" -g -gz=$z $SECTIONS -c -o z.o -x c - 2>/dev/null || { skip "-gz=$z" "the compiler cannot"; continue; }
    lpmake -q -t app-static -o z.lpatch 'check=replace from z.o' 2>err && ok "an object of -g -gz=$z" || { not_ok "an object of -g -gz=$z"; note <err; }
done
# Mutated objects: a patch or a refusal, and nothing else.
"$builddir/tests/fuzz/fuzz_elf" -n 150 -s 7 -w "$scratch/m.o" "$scratch/fix.o" >/dev/null 2>&1
bad=0 n=0
for o in m.o*; do
    status=0
    timeout 20 lpmake -q -t app-pie -o m.lpatch "parse=replace from $o" "other=replace from $o" "calc=replace from $o" >/dev/null 2>err || status=$?
    n=$((n + 1))
    [ $status -le 1 ] || { bad=$((bad + 1)); note <err; }
done
is "$bad of $((n > 100))" "0 of 1" "mutated objects are no trouble"
for cut in 64 200 500 900 1200; do
    head -c $cut fix.o >cut.o
    status=0
    lpmake -t app-pie 'parse=replace from cut.o' >out 2>err || status=$?
    is "$status" 1 "an object of $cut bytes"
done
tap_done
