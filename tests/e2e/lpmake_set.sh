#!/bin/sh
# lpmake: set, which changes data.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/making/lib.sh"
cat >data.c <<'C'
#include <stdio.h>
int limit = 10, zero;
char title[100] = "plain";
short pair[2] = {1, -2};
unsigned char one = 3;
long wide = -1;
struct { char first[4], second[4]; } texts = {"abc", "def"};
const char fixed[] = "constant text";
const char *pointer = fixed;
int main(void) { printf("%d %s %d %d %d %ld %s %s\n", limit, title, pair[0], pair[1], one, wide, fixed, pointer); return 0; }
C
long=0123456789012345678901234567890123456789012345678901234567890123456789
cat >data.lps <<E2
limit = set b4 0x40   # more
title = set "# $long\0"
pair+0x2 = set b2 -7
one = set b1 255
wide = set b8 -3
fixed = set "CONSTANT"
E2
for how in '-static -no-pie' '-pie -fPIE'; do
    "$CROSS_CC" -O1 $how -o data data.c || not_ok "compile"
    lpmake -t data -o data.lpatch data.lps 2>err && ok "$how: data of each size, and texts" || { not_ok "$how: made"; note <err; }
    is "$(run_patched data.lpatch ./data) $(cat err)" "64 # $long 1 -7 255 -3 CONSTANT text CONSTANT text " "  it does what it says"
    lpapply -q -o patched data data.lpatch && is "$(run_lprun ./patched)" "64 # $long 1 -7 255 -3 CONSTANT text CONSTANT text" "  in the file, too"
    lpapply -q -R -o back patched data.lpatch && same back data "  and reverted"
    is "$(lpmake -q -t data 'limit=set b4 20' | sed -n '/^set/,/^+/p')" "set limit b4
- 0xa
+ 0x14" "  the file has what it expects"
    refused data "code" 'there is code at this place' 'main=set b4 1'
    refused data "more than there is" 'needs 2 bytes, one has 1 left' 'one=set b2 1'
    refused data "a longer text" 'title has 100 left' "title=set \"$long$long\""
done
refused data "what the dynamic linker fills" 'there is an address here, which the dynamic linker fills in: `set b8 &SYMBOL`' 'pointer=set b8 0'
for wrong in 'b1 256' 'b1 -129' 'b3 1' 'b4' '""' '"a' 'b4 1 2' '012' 'b4 010' 'b8 18446744073709551616'; do
    refused data "$wrong" 'set b1|b2|b4|b8 NUMBER' "one=set $wrong"
done
for right in 'b1 -128|0x80' 'b1 255|0xff' 'b1 0|0x0'; do
    like "$(lpmake -q -t data "one=set ${right%|*}")" "^+ ${right#*|}\$" "${right%|*}"
done
like "$(lpmake -q -t data 'wide=set b8 -9223372036854775808')" '^+ 0x8000000000000000$' "b8 -9223372036854775808"
lpmake -t data 'texts=set "abcd"' >out 2>err
like "$? $(cat err)" '^0 .*the old text has its end (.0) among these bytes, and the new one has none' "a text without an end: a warning"
lpmake -t data 'texts=set "ab\0"' >out 2>err
is "$? $(cat err)" "0 " "  not of one that has it"
# Addresses, which the dynamic linker fills in or not.
cat >leads.c <<'C'
#include <stdio.h>
static int one(int n) { return n + 1; }
int two(int n) { return n + 2; }
int (*hook)(int) = one;
int (*say)(const char *) = puts;
const char fixed[] = "a fixed text", *text = "text", *more = fixed;
char *none;
int (*table[3])(int) = {one, two, one};
int main(void) { printf("%d %s %s %s %d\n", hook(1), text, more, none ? none : "none", table[2](1)); return say("said") < 0; }
C
printf '__attribute__((noinline)) int three(int n) { return n + 3; }\nint two(int n) { return three(n) + 100; }\n' >three.c
cat >leads.lps <<'E2'
two = replace from three.o
hook = set b8 &three     # which comes along
text = set b8 &fixed+0x2
say = set b8 &printf
table+0x10 = set b8 &two
E2
"$CROSS_CC" $SECTIONS -c three.c
for how in '-static -no-pie' '-pie -fPIE' '-no-pie' '-static-pie -fPIE' '-static-pie -fPIE -Wl,-z,norelro'; do
    "$CROSS_CC" $STANDARD -fno-inline $how -o leads leads.c || not_ok "compile"
    lpmake -t leads -o leads.lpatch leads.lps 2>err && ok "$how: addresses" || { not_ok "$how: made"; note <err; }
    is "$(run_patched leads.lpatch ./leads; echo $?)" "4 fixed text a fixed text none 104
said0" "  they lead there"
    lpapply -q -o patched leads leads.lpatch && is "$(run_lprun ./patched)" "4 fixed text a fixed text none 104
said" "  in the file, too"
    lpmake -q -t leads 'hook=set b8 &two' 'none=set b8 &fixed' >other.lpatch
    is "$(run_patched other.lpatch ./leads)" "3 text a fixed text a fixed text 2
said" "  where there was one, or none"
    sed -n '/^set hook/,/^+/p' other.lpatch >set
    case $how in *-no-pie) number=yes ;; *) number= ;; esac
    [ "$number" ] || like "$(cat set)" '^- &0x[0-9a-f]*$' "  what was there is an address of the program"
    [ ! "$number" ] || like "$(cat set)" '^- 0x[0-9a-f]*$' "  what was there is a number"
done
# A start of its own, that relocates the program and calls what DT_INIT says, but does not protect what PT_GNU_RELRO names.
cat >start.c <<'C'
extern unsigned long _DYNAMIC[] __attribute__((visibility("hidden")));
extern char __ehdr_start[] __attribute__((visibility("hidden")));
static long call(long number, long a, const void *b, long c)
{
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x2 __asm__("x2") = c;
    register const void *x1 __asm__("x1") = b;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
}
const char one[] = "one\n", two[] = "two\n";
const char *word[] = {one, one};
void _init(void) { call(64, 1, "init\n", 5); }
__attribute__((used)) void begin(void)
{
    unsigned long base = (unsigned long)__ehdr_start, at = 0, size = 0;
    for (unsigned long *d = _DYNAMIC; *d; d += 2) at = d[0] == 7 ? d[1] : at, size = d[0] == 8 ? d[1] : size;
    for (unsigned long *r = (unsigned long *)(base + at); size; r += 3, size -= 24)
        if ((unsigned)r[1] == 1027) *(unsigned long *)(base + r[0]) = base + r[2];
    _init();
    call(64, 1, *(const char *volatile *)&word[1], 4);
    call(94, 0, 0, 0);
}
__asm__(".globl _start\n_start: mov x29, 0\n mov x30, 0\n bl begin\n");
C
for how in -Wl,-z,relro -Wl,-z,norelro; do
    "$CROSS_CC" -w -O1 -ffreestanding -fno-builtin -fno-stack-protector -nostdlib -static-pie -fPIE $how -o start start.c || not_ok "compile"
    lpmake -q -t start -o start.lpatch 'word+0x8=set b8 &two' || not_ok "$how: made"
    is "$(run_patched start.lpatch ./start; echo $?)" "init
two
0" "$how: a program that relocates itself, and protects nothing"
done
is "$(lpmake --fmt leads.lps | grep -c 'set b8 &')" 4 "  in a recipe's canonical form"
for wrong in 'b8 &' 'b8 &two+' 'b8 &two+7' 'b8 &two*2' 'b8 &two+0x1 2' 'b8 & two'; do
    refused leads "hook=set $wrong" 'set b8 &SYMBOL' "hook=set $wrong"
done
for off in 0x7fffffffffffffff 0xe; do
    lpmake -t leads -o out "text=set b8 &fixed+$off" 2>err
    like "$? $(cat err)" '^0 .*: fixed has 13 bytes, and the new address is outside of it: ' "an address behind the object ($off): a warning"
done
lpmake -t leads -o out "text=set b8 &fixed-0x1" 2>err
like "$(cat err)" ': fixed has 13 bytes, and the new address is outside of it' "  in front of it"
lpmake -t leads -o out "text=set b8 &fixed+0xd" 2>err
is "$(cat err)" "" "  not at its end"
refused leads "an address in four bytes" 'set b8 &SYMBOL' 'hook=set b4 &two'
refused leads "a place that is no pointer's" 'needs 8 bytes, hook has 4 left' 'hook+0x4=set b8 &two'
refused leads "nobody's" 'symbol .tow. not found' 'hook=set b8 &tow'
printf 'extern char **environ; int one, *pair[2] = {&one, &one};\nint main(void) { return !environ || !pair[0]; }\n' >filled.c
"$CROSS_CC" -O1 -fno-pie -no-pie -o copied filled.c && "$CROSS_CC" -O1 -fPIE -pie -o filled filled.c || not_ok "compile"
for change in 'set b8 &one' 'set b8 0'; do
    refused copied "$change of a copied variable" 'fills this in at every start: it is the program.s copy of a library.s variable' "environ=$change"
done
refused filled "an address in the middle of one" 'fills this in at every start, with an address that begins at 0x' 'pair+0x4=set b8 &one'
lpmake -t data 'zero=set b4 3' >out 2>err
like "$? $(cat err)" '^0 .*it cannot go into the file itself: .*\.bss' "what the file has no bytes for: a warning"
# A constant whose value is in the code, and others that something leads to.
cat >values.c <<'C'
#include <stdio.h>
const int limit = 5;
const char *const cptr = "constant";
const int table[4] = {70001, 70002, 70003, 70004}, *const leads = &table[1];
__thread int mine = 4;
int main(int c, char **v) { printf("%d %s %d %d\n", c > limit, cptr, table[c & 3], *leads + mine); return 0; }
C
for how in -no-pie '-pie -fPIE'; do
    "$CROSS_CC" $STANDARD $how -o values values.c || not_ok "compile values.c"
    lpmake -t values -o out 'limit=set b4 10' 2>err
    like "$? $(cat err)" '^0 .*limit=set b4 10: nothing in the file leads to .limit.: the compiler has put its value into the code' "$how: a constant in the code: a warning"
    lpmake -t values -o out 'table=set b4 10' 2>err
    is "$? $(cat err)" "0 " "  not of one that code reads"
done
refused values "a thread's own" '.mine. is thread-local: each thread has its own' 'mine=set b4 1'
lpmake -t data 'limit=5' >out 2>err
like "$(cat err)" '`set b4 5` changes data' "a number alone: what may be meant"
tap_done
