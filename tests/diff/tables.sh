#!/bin/sh
# Jump tables without a bound, tables of offsets, and addresses that only seem to lead somewhere.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1

# ---- a table without a bound, as compilers make it where the index is known to be in range: entries that cannot be reached lead to the end of the function,
# what follows a copy of it in a patch is nobody's, and a number that is added to a register in which a page was is no address ----
cat >jump.c <<'C'
#include <stdio.h>
#ifdef SHIFT
char front[SHIFT] = "front";
__attribute__((used)) int before(int n) { return n * 7 + front[n]; }
#endif
int jump(unsigned), away(int);
__attribute__((noinline)) int fixed(int n) { return n FIXED; }
__asm__(".text\n .globl jump\n .type jump, %function\njump: " ROOM "adrp x1, table\n add x1, x1, :lo12:table\n adr x2, 1f\n ldrb w3, [x1, w0, uxtw]\n"
        " add x2, x2, w3, sxtb #2\n br x2\n1: mov w0, #11\n ret\n2: mov w0, #22\n ret\n3: mov w0, #" LAST "\n ret\n4: .size jump, .-jump\n"
        " .globl away\n .type away, %function\naway: adrp x5, other\n add x4, x5, :lo12:other\n ldrb w6, [x4]\n mov x5, x0\n add x5, x5, #4\n"
        " sub w0, w5, w5\n ret\n .size away, .-away\n"
        ".section .rodata\n .p2align 12\n other: .byte 7\n"
        "table: .byte (1b-1b)/4, (2b-1b)/4, (3b-1b)/4, (4b-1b)/4, (3b-1b)/4, (2b-1b)/4, (1b-1b)/4, (3b-1b)/4\n .byte 99, 0, 1, 2, 1\n.text\n");
int main(int argc, char **argv) { for (int i = 0; i < 8; i++) if (i != 3) printf("%d %d %d\n", jump(i), fixed(i), away(i)); return 0; }
C
for how in -pie '-no-pie -static'; do
    build() { out=$1; shift; "$CROSS_CC" -w -O1 $how "$@" -Wl,--build-id -o "$out" jump.c; }
    build j.old '-DROOM=""' '-DLAST="33"' -DFIXED=+1 && build j.shift '-DROOM=""' '-DLAST="33"' -DFIXED=+1 -DSHIFT=40 &&
        build j.fix '-DROOM=""' '-DLAST="33"' '-DFIXED=*3' -DSHIFT=40 && build j.more '-DROOM="nop\n nop\n"' '-DLAST="34"' -DFIXED=+1 -DSHIFT=40 || exit 1
    is "$(lpdiff --summary j.old j.shift 2>&1 | grep -v '^new ')" "" "$how: a table without a bound, in another layout"
    fix "$how: a fix elsewhere" j.old j.fix fixed
    fix "$how: a fix of the function with the table" j.old j.more jump
done

# ---- the address of a function in its own body: of the old one, which goes on in the new one ----
cat >own.c <<'C'
#include <stdio.h>
typedef int fn(int);
__attribute__((noinline)) void keep(fn *f, int n) { static fn *seen; if (seen && seen != f) puts("another"); seen = f; printf("%d\n", n); }
__attribute__((noinline)) int own(int n) { keep(own, n); BODY; return n; }
fn *volatile start = own;
int main(void) { return start(own(4)) & 1; }
C
for how in -pie '-no-pie -static'; do
    "$CROSS_CC" -w -O1 $how -DBODY= -Wl,--build-id -o s.old own.c && "$CROSS_CC" -w -O1 $how '-DBODY=n *= 3; puts("more")' -Wl,--build-id -o s.new own.c || exit 1
    fix "$how: a function that has its own address" s.old s.new own
done

# ---- -mcmodel=tiny: loads of data by their distance, and ADR, of a page by chance ----
cat >tiny.c <<'C'
#include <stdio.h>
int length(void), counter = 5;
__attribute__((noinline)) int fixed(int n) { return n FIXED; }
__asm__(".text\n .globl length\n .type length, %function\nlength: adr x0, text\n mov w1, #0\n1: ldrb w2, [x0]\n add x0, x0, #1\n add w1, w1, #1\n cbnz w2, 1b\n"
        " ldr w0, counter\n add w0, w0, w1\n ret\n .size length, .-length\n"
        ".data\n .p2align 12\n .space " ROOM "\n.type text, %object\ntext: .asciz \"some text\"\n.size text, .-text\n.text\n");
int main(void) { printf("%d %d\n", length(), fixed(3)); return 0; }
C
for how in -pie '-no-pie -static'; do
    build() { out=$1; shift; "$CROSS_CC" -w -O1 $how "$@" -Wl,--build-id -o "$out" tiny.c; }
    build t.old -DFIXED=+1 '-DROOM="40"' && build t.page -DFIXED=+1 '-DROOM="0"' && build t.fix '-DFIXED=*5' '-DROOM="0"' || exit 1
    nothing "$how: ADR of what is at the start of a page now, and a load of what moved" t.old t.page
    nothing "$how: and the other way round" t.page t.old
    fix "$how: a fix elsewhere" t.old t.fix fixed
done

# ---- a register that is an address on some ways only leads nowhere: words that are filled in when the program starts stay whole ----
cat >words.c <<'C'
#include <stdio.h>
int fixed(int), go(int), maybe(int, const char *);
__asm__(".text\n .globl fixed\n .type fixed, %function\nfixed: add w0, w0, #1\n" BODY "ret\n .size fixed, .-fixed\n"
        " .globl go\n .type go, %function\ngo: adrp x1, .Lways\n add x1, x1, :lo12:.Lways\n ldr x1, [x1, w0, uxtw #3]\n br x1\n"
        "4: mov w0, #1\n ret\n5: mov w0, #2\n ret\n6: mov w0, #3\n ret\n .size go, .-go\n"
        " .globl maybe\n .type maybe, %function\nmaybe: adrp x9, .Lways\n add x9, x9, :lo12:.Lways\n cbnz w0, 1f\n ldr x0, [x9]\n ret\n"
        "1: cmp w0, #9\n b.ne 2f\n mov x1, x9\n2: ldrb w0, [x1, #9]\n ret\n .size maybe, .-maybe\n"
        ".section .data.rel.ro, \"aw\"\n .p2align 3\n.Lways: .xword 4b, 5b, 6b\n.text\n");
int main(void) { printf("%d %d\n", go(0) + 10 * go(1) + 100 * go(2), fixed(3)); return maybe(1, "0123456789") == '9'; }
C
"$CROSS_CC" -w -O1 -pie '-DBODY=""' -Wl,--build-id -o w.old words.c && "$CROSS_CC" -w -O1 -pie '-DBODY="lsl w0, w0, #1\n add w0, w0, #3\n"' -Wl,--build-id -o w.new words.c || exit 1
for how in symbols stripped; do
    [ $how = symbols ] || "${CROSS_CC%gcc}strip" w.old w.new
    lpdiff --heuristic w.old w.new >w.lpatch 2>w.err
    is "$?$(grep -c '^set ' w.lpatch)" 10 "$how: no part of a word that is filled in is changed"
    is "$(run -P w.lpatch ./w.old; echo $?)" "$(run ./w.new; echo $?)" "$how: the patched program does what the new one does"
done

# ---- a pointer that goes on through a text: nothing begins where it leads first ----
cat >step.c <<'C'
#include <stdio.h>
int length(int);
__asm__(".text\n .globl length\n .type length, %function\nlength: " BODY "adrp x1, text\n add x1, x1, :lo12:text\n ldrb w2, [x1]\n b 2f\n"
        "1: ldrb w2, [x1, #1]!\n2: add w0, w0, #1\n cbnz w2, 1b\n ret\n .size length, .-length\n"
        ".section .rodata.str1.1, \"aMS\", %progbits, 1\ntext: .asciz \"some text\"\n.text\n");
int main(void) { printf("%d\n", length(0)); return 0; }
C
"$CROSS_CC" -w -O1 -pie '-DBODY=""' -Wl,--build-id -o p.old step.c && "$CROSS_CC" -w -O1 -pie '-DBODY="add w0, w0, #70\n"' -Wl,--build-id -o p.new step.c || exit 1
fix "a function that goes through a text" p.old p.new length
is "$(grep -c ^data fix.lpatch)" 0 "and the text is the old one"

# ---- an index with an offset in front of the first constant of all: it leads nowhere else ----
cat >front.c <<'C'
#include <stdio.h>
int take(int);
__asm__(".text\n .globl take\n .type take, %function\ntake: " BODY "adrp x1, .Lfirst\n add x1, x1, :lo12:.Lfirst\n add x1, x1, w0, sxtw #2\n ldur w0, [x1, #-4]\n ret\n .size take, .-take\n"
        ".section .rodata\n .p2align 2\n .space " ROOM "\n.section .a.rodata, \"a\"\n .p2align 4\n.Lfirst: .word 11, 22, 33, 44\n.text\n");
int main(void) { printf("%d %d\n", take(1), take(4)); return 0; }
C
build() { out=$1; shift; "$CROSS_CC" -w -O1 -pie "$@" -Wl,--build-id -o "$out" front.c; }
build f.old '-DBODY=""' '-DROOM="0"' || exit 1
for room in 4 8 12; do # with one of the four there is no gap in front
    build f.new '-DBODY=""' "-DROOM=\"$room\"" && build f.fix '-DBODY="sub w0, w0, #1\n add w0, w0, #1\n nop\n"' "-DROOM=\"$room\"" || exit 1
    nothing "an index behind an offset, with $room bytes more in front" f.old f.new
    fix "and a fix there" f.old f.fix take
done

# ---- new data of addresses that the linker left empty, because the dynamic linker fills them (as ld.lld does) ----
cat >empty.c <<'C'
#include <stdio.h>
int main(int argc, char **argv)
{
#ifdef NAMES
    static const char *const name[] = {"zero", "one", "two", "three", "four", "five"};
    for (int i = 0; i < 6; i++) puts(name[(i * 5 + argc) % 6]);
#endif
    puts("end");
    return 0;
}
C
build() { out=$1; shift; "$CROSS_CC" -w -O1 -pie "$@" -Wl,--build-id,--no-apply-dynamic-relocs -o "$out" empty.c; }
build z.old && build z.new -DNAMES || exit 1
fix "new data of addresses that are not in the file" z.old z.new main

# ---- two bases at one place, of which one is for an old variable and the other for a new one; and a text that is copied in pieces ----
cat >bases.c <<'C'
#include <stdio.h>
int use(int);
char to[8];
__asm__(".text\n .globl use\n .type use, %function\nuse: adrp x9, .Lanchor\n add x9, x9, :lo12:.Lanchor\n ldr w10, [x9, #4]\n add w0, w0, w10\n" MORE
        "adrp x0, .Ltext\n add x0, x0, :lo12:.Ltext\n b puts\n .size use, .-use\n"
        ".section .rodata.str1.1, \"aMS\", %progbits, 1\n.Ltext: .asciz \"abcdef\"\n"
        ".data\n .p2align 2\n.set .Lanchor, .\n.type first, %object\n.size first, 4\nfirst: .word 1\n.type second, %object\n.size second, 4\nsecond: .word 2\n" THIRD ".text\n");
int main(void) { for (int i = 0; i < 3; i++) use(i); puts(to); return 0; }
C
more='"adrp x11, .Lanchor\n add x11, x11, :lo12:.Lanchor\n ldr w12, [x11, #8]\n add w12, w12, #1\n str w12, [x11, #8]\n adrp x13, .Ltext\n add x13, x13, :lo12:.Ltext\n"
      "ldr w14, [x13]\n ldur w15, [x13, #3]\n adrp x13, to\n add x13, x13, :lo12:to\n str w14, [x13]\n stur w15, [x13, #3]\n add w12, w12, #48\n strb w12, [x13]\n"'
for how in -pie '-no-pie -static'; do
    "$CROSS_CC" -w -O1 $how '-DMORE=""' '-DTHIRD=""' -Wl,--build-id -o b.old bases.c &&
        "$CROSS_CC" -w -O1 $how "-DMORE=$more" '-DTHIRD=".type third, %object\n.size third, 4\nthird: .word 5\n"' -Wl,--build-id -o b.new bases.c || exit 1
    fix "$how: a base for a new variable where an old one has one" b.old b.new use
    is "$(grep '^data' fix.lpatch | sed 's/ align .*//')" "data third data size 4" "$how: and the text is the old one"
done

# ---- variables and names of functions, which compilers number: one more of them gives others the numbers of others ----
cat >numbers.c <<'C'
#include <stdio.h>
#define COUNT(f, first) __attribute__((noinline)) int f(int n) { static int count = first; static long all[2]; count += n; all[n & 1] += count; \
    if (all[0] > 9) printf("%s %ld\n", __func__, all[0]); return count; }
FRONT
COUNT(one, 1)
COUNT(another, 2)
COUNT(third, 3)
__attribute__((noinline)) int fixed(int n) { static int count; count += n; BODY return count; }
COUNT(last, 4)
int main(void) { for (int i = 0; i < 5; i++) printf("%d %d %d %d %d\n", one(i), another(i), third(i), fixed(i), last(i)); return 0; }
C
for how in -O0 -O2 '-O2 -fno-toplevel-reorder -no-pie -static'; do
    build() { out=$1; shift; "$CROSS_CC" -w $how -fno-section-anchors "$@" -Wl,--build-id -o "$out" numbers.c; }
    build n.old -DFRONT= -DBODY= && build n.new '-DFRONT=COUNT(none, 9)' '-DBODY=static int all; printf("%s %d\n", __func__, all++);' || exit 1
    fix "$how: more variables with a number in their names" n.old n.new fixed
    is "$(grep -c '^data count' fix.lpatch)" 0 "$how: and those that were there are the old ones"
done

# ---- NOP, ADR, as ld.lld makes of ADRP, ADD: it does not lead far enough from new code, and another build may not have it ----
cat >relax.c <<'C'
#include <stdio.h>
int say(int), again(int);
__asm__(".text\n .globl say\n .type say, %function\nsay: " BODY "cbz w0, 1f\n" MAKE(x0, .La) " b puts\n1: " MAKE(x0, .Lb) " b puts\n .size say, .-say\n"
        " .globl again\n .type again, %function\nagain: mov w1, #0\n nop\n2: adr x0, .La\n tbnz w1, #0, 2b\n b puts\n .size again, .-again\n"
        ".section .rodata.str1.1, \"aMS\", %progbits, 1\n.La: .asciz \"one\"\n.Lb: .asciz \"" LAST "\"\n"
        ".section .comment, \"MS\", %progbits, 1\n .asciz \"Linker: LLD 19.1.7\"\n.text\n");
int main(void) { say(0); say(1); again(0); return 0; }
C
for how in -pie '-no-pie -static'; do
    build() { out=$1; shift; "$CROSS_CC" -w -O1 $how "$@" -Wl,--build-id -o "$out" relax.c; }
    adr='-DMAKE(r,to)="nop\n adr "#r", "#to"\n"' adrp='-DMAKE(r,to)="adrp "#r", "#to"\n add "#r", "#r", :lo12:"#to"\n"'
    build x.old "$adr" '-DBODY="mov w1, #0\n"' '-DLAST="two"' && build x.far "$adrp" '-DBODY="mov w1, #0\n"' '-DLAST="two"' &&
        build x.new "$adr" '-DBODY="mov w1, #0\n eor w0, w0, #1\n"' '-DLAST="two"' && build x.text "$adrp" '-DBODY="mov w1, #0\n"' '-DLAST="another"' || exit 1
    nothing "$how: an address that another build makes in the other way" x.old x.far
    nothing "$how: and the other way round" x.far x.old
    fix "$how: a fix of new code" x.old x.new say
    is "$(grep -c 'adr_prel_pg_hi21' fix.lpatch)" 2 "$how: which has ADRP again"
    lpdiff x.old x.text >x.lpatch
    is "$(run -P x.lpatch ./x.old; echo $?)" "$(run ./x.text; echo $?)" "$how: a text that is another one"
    for f in old new; do "${CROSS_CC%gcc}objcopy" -R .comment x.$f y.$f || exit 1; done
    fix "$how: a fix of new code, of which nobody says what linked it" y.old y.new say
    is "$(grep -c 'adr_prel_pg_hi21' fix.lpatch)" 2 "$how: which has ADRP again, too"
done

# ---- without symbols: a new variable where there was padding, which leaves less room for the one in front; and a place in a variable that is used by itself now ----
cat >room.c <<'C'
#include <stdio.h>
__attribute__((noinline)) int fixed(int n) { EXTRA return n; }
int main(void) { for (int i = 0; i < 5; i++) printf("%d\n", fixed(i)); return 0; }
C
build() { out=$1; shift; "$CROSS_CC" -w -O1 -pie -fno-section-anchors -s "$@" -Wl,--build-id -o "$out" room.c; }
build r.old -DEXTRA= && build r.new '-DEXTRA=static int count; n += ++count;' || exit 1
lpdiff --heuristic r.old r.new >r.lpatch 2>r.err
is "$?$(grep -v '^lpdiff: hint' r.err)" 1 "without symbols: a new variable"
is "$(run -P r.lpatch ./r.old; echo $?)" "$(run ./r.new; echo $?)" "the patched program does what the new one does"
cat >room.c <<'C'
#include <stdio.h>
static int pair[2];
__attribute__((noinline)) int fill(int i, int n) { return pair[i & 1] += n; }
__attribute__((noinline)) int fixed(int n) { EXTRA return n; }
int main(void) { for (int i = 0; i < 5; i++) printf("%d %d %d\n", fill(i, i), fixed(i), pair[0]); return 0; }
C
build r.old -DEXTRA= && build r.pair '-DEXTRA=n += pair[1];' || exit 1
lpdiff --heuristic r.old r.pair >r.lpatch 2>r.err
is "$?$(grep -o 'E110' r.err | sort -u)" 2E110 "a place in a variable that is used by itself now is nothing new"

# ---- a table of offsets from itself (clang makes such ones), of which texts changed, and which has grown: in the running program, and in the file ----
cat >offsets.c <<'C'
#include <stdio.h>
const char *name(int);
__asm__(".text\n .globl name\n .type name, %function\nname: adrp x9, table\n add x9, x9, :lo12:table\n ldrsw x8, [x9, w0, sxtw #2]\n add x0, x9, x8\n ret\n"
        " .size name, .-name\n .section .rodata.str1.1, \"aMS\", %progbits, 1\n.La: .asciz \"zero\"\n.Lb: .asciz \"" ONE "\"\n.Lc: .asciz \"two\"\n.Ld: .asciz \"more\"\n"
        ".section .rodata, \"a\"\n .p2align 2\n .type table, %object\ntable: .word .La-table, .Lb-table, .Lc-table" MORE "\n .size table, .-table\n .text\n");
int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int c; (c = getchar()) != EOF;) if (c != '\n') puts(name(c - '0'));
    return 0;
}
C
build() { out=$1; shift; "$CROSS_CC" -w -O1 $how "$@" -Wl,--build-id -o "$out" offsets.c; }
ask() { echo $1 >&8; asked=$((asked + 1)); wait_for 60 sh -c "[ \$(wc -l <live.out) -ge $asked ]"; sed -n "${asked}p" live.out; }
for how in -pie '-no-pie -static'; do
    build o.old '-DONE="one"' '-DMORE=""' && build o.new '-DONE="eins"' '-DMORE=", .Ld-table"' || exit 1
    lpdiff o.old o.new >o.lpatch 2>o.err
    is "$?$(cat o.err)$(grep -c '^rel prel32' o.lpatch)" 14 "$how: a table of offsets comes along"
    is "$(echo 0123 | run -P o.lpatch ./o.old | paste -s -d ' ')" "zero eins two more" "$how: from the start"
    is "$(lpapply -q -o o.file o.old o.lpatch 2>&1; echo 0123 | run ./o.file | paste -s -d ' ')" "zero eins two more" "$how: in the file"
    rm -f live.in
    mkfifo live.in
    asked=0
    XDG_RUNTIME_DIR=$scratch lprun -L "$sysroot" ./o.old <live.in >live.out 2>live.err &
    pid=$!
    children=$pid
    exec 8>live.in
    is "$(ask 1)" one "$how: while it runs, without the patch"
    asked=1
    is "$(XDG_RUNTIME_DIR=$scratch timeout 60 lpapply -q -p $pid o.lpatch 2>&1; ask 1)" eins "$how: with it"
    asked=2
    is "$(ask 3)" more "$how: and what is new"
    asked=3
    is "$(XDG_RUNTIME_DIR=$scratch timeout 60 lpapply -q -R -p $pid 2>&1; ask 1)" one "$how: taken back"
    exec 8>&-
    wait $pid
    is "$?" 0 "$how: ends by itself"
    children=
done
# ---- stripped, for a fixed address: a table of labels comes along with a new table of pointers in front of it, and its labels are the old function's ----
cat >labels.c <<'C'
#include <stdio.h>
__attribute__((noinline)) int other(int n)
{
#ifdef FIX
    static const char *const names[] = {"nil", "one", "two"};
    if (n > 2) n += names[n % 3][1] * 7;
#endif
    return n * 3;
}
__attribute__((noinline)) int walk(const char *p, int n)
{
    static const void *const way[] = {&&add, &&less, &&times, &&end};
next:
    goto *way[*p++ & 3];
add: n += other(n); goto next;
less: n -= 2; goto next;
times: n *= 3; goto next;
end: return n;
}
int main(int argc, char **argv) { printf("%d\n", walk("\1\2\0\1\3", argc + 4)); return 0; }
C
for linker in gnu lld; do
    build() { out=$1; shift; "$CROSS_CC" -w -O1 -fno-pic -no-pie -s "$@" -Wl,--build-id -o "$out" labels.c; }
    if [ $linker = lld ]; then
        build() { out=$1; shift; clang --target=aarch64-linux-gnu -fuse-ld=lld -w -O1 -fno-pic -no-pie -s "$@" -Wl,--build-id -o "$out" labels.c; }
        { have clang && build l.old 2>/dev/null; } || { skip "tables of labels, by lld" "no clang for AArch64 with lld"; continue; }
    fi
    build l.old && build l.fix -DFIX || exit 1
    lpdiff --heuristic l.old l.fix >fix.lpatch 2>fix.err
    is "$?$(cat fix.err)" 1 "tables of labels ($linker): there is a patch"
    is "$(run -P fix.lpatch ./l.old)" "$(run ./l.fix)" "  with which the program does what the new one does"
done
# ---- a call of a weak function that nobody defines, of which gold makes a branch to address 0 ----
cat >nowhere.c <<'C'
#include <stdio.h>
int maybe(int);
__attribute__((noinline)) int fixed(int n) { BODY return n; }
__asm__(".text\n .globl maybe\n .type maybe, %function\nmaybe: cbz w0, 1f\n b nowhere\n1: ret\n .size maybe, .-maybe\n");
int main(int argc, char **argv) { printf("%d\n", fixed(argc)); return maybe(argc - 1); }
C
build() { out=$1; shift; "$CROSS_CC" -w -O1 -fno-pie -no-pie -static -fno-toplevel-reorder "$@" -Wl,--build-id,--defsym=nowhere=0 -o "$out" nowhere.c; }
build v.old -DBODY= && build v.new '-DBODY=for (int i = n * 3; i--;) n ^= n * 7 + i;' || exit 1
fix "a branch to nowhere, in code that moved" v.old v.new fixed

# ---- labels in a function that is the same but for NOPs, which align what is in it: their offsets are others ----
cat >nops.c <<'C'
#include <stdio.h>
__attribute__((noinline)) int front(int n) { BODY return n + 1; }
__attribute__((noinline)) int walk(int n)
{
    static void *const way[] = {&&add, &&turn, &&less};
    __asm__(".p2align 6");
    goto *way[(unsigned)n % 3];
add:
    n += 409;
    goto end;
turn:
    n ^= 534;
    goto end;
less:
    n -= 3;
end:
    return n;
}
int main(void) { for (int i = 0; i < 6; i++) printf("%d\n", walk(front(i))); return 0; }
C
for how in -pie '-no-pie -static' '-pie -Wl,-q'; do
    build() { out=$1; shift; "$CROSS_CC" -w -O2 -falign-functions=4 -fno-toplevel-reorder $how "$@" -Wl,--build-id -o "$out" nops.c; }
    build n.old -DBODY= && build n.new '-DBODY=n = (n * 5 ^ 0x1234567) & 0xffff;' || exit 1
    fix "labels in a function with other NOPs ($how)" n.old n.new front
done

# ---- the same with a jump table: by its address in a word, its entries (1, 2 or 4 bytes) and its base; and by a section anchor that begins at something else
# now. Another entry, or another word beside the NOPs, is found as before. ----
cat >align.c <<'C'
#include <stdio.h>
#define X4(x) x x x x
#define X16(x) X4(X4(x))
#define X64(x) X4(X16(x))
#define X1024(x) X16(X64(x))
#ifdef OTHER
static int other[4];
#else
static int first;
#define OTHER first++
#endif
static int count, sum[5], last;
__attribute__((noipa)) int front(int n) { n += OTHER; BODY return n + 1; }
__attribute__((noipa)) int turn(int n, int end)
{
    for (unsigned i = 0; i < end; i++) {
        __asm__(".p2align 5" ::: "memory");
        switch ((i * 7 + n) % 23) {
        case 0: n += 409; break;
        case ONE: n ^= 534; __asm__ volatile("" MUCH("eor w9, w9, w9\n") ::: "x9"); break;
        case TWO: n -= LESS; break;
        case 3: n *= 5; count += n; break;
        case 4: puts("four"); break;
        case 5: n = ~n; last ^= n; break;
        case 6: putchar(n & 31 | 64); sum[n & 3]++; break;
        default: n ^= n >> 5;
        }
    }
    return n + count + last + sum[1];
}
int main(void) { for (int i = 0; i < 6; i++) printf("%d\n", turn(front(i), 40)); return 0; }
C
more='-DBODY=n = (n * 5 ^ 0x1234567) & 0xffff;' plain='-DONE=1 -DTWO=2 -DLESS=3'
for how in -pie '-no-pie -static' '-pie -Wl,-q'; do
    for much in 'X4(x)' 'X1024(x)' 'X64(X1024(x))'; do
        case $how$much in *-static*X64*) continue ;; esac
        build() { out=$1; shift; "$CROSS_CC" -w -O2 -falign-functions=4 --param case-values-threshold=4 $how "$@" "-DMUCH(x)=$much" -Wl,--build-id -o "$out" align.c; }
        build a.old $plain -DBODY= && build a.new $plain "$more" && build a.anchor $plain -DBODY= '-DOTHER=other[n & 3]++' &&
            build a.less -DONE=1 -DTWO=2 -DLESS=4 "$more" && build a.ways -DONE=2 -DTWO=1 -DLESS=3 "$more" || exit 1
        fix "a jump table in a function with other NOPs ($how, $much)" a.old a.new front
        fix "and another section anchor" a.old a.anchor front
        fix "and another instruction" a.old a.less 'front turn'
        fix "and other entries" a.old a.ways 'front turn'
    done
done

# ---- a table that comes along: who compares places in it, and has not changed, has them of the new one ----
cat >compared.c <<'C'
#define OWN __attribute__((noinline, noclone))
struct entry { const char *name; int n; };
static const struct entry table[] = {{"one", 1}, {"two", 2},
#ifdef NEW
    {"mid", 5},
#endif
    {"three", 3}};
OWN const struct entry *find(int n)
{
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].n == n) return &table[i];
    return 0;
}
OWN int step(int n) { const struct entry *p = find(n); return p->n + 8 * (p >= table); }
int main(int argc, char **argv) { (void)argv; return step(argc) + 16 * step(argc + 1); }
C
for how in '-O2 -fno-pie -no-pie' '-O2' '-O2 -fno-pie -no-pie -Wl,-q'; do
    x=-s; case $how in *-q) x= ;; esac
    "$CROSS_CC" $how $x -Wl,--build-id -o old compared.c && "$CROSS_CC" $how $x -Wl,--build-id -DNEW -o new compared.c || not_ok "compile"
    lpdiff --heuristic old new >patch 2>err && status=0 || status=$?
    case $status in
    1) is "$(run -P patch ./old; echo $?)" "$(run ./new; echo $?)" "$how: places in a table that comes along are compared" ;;
    *) is "$status $(grep -c ': E1[0-8]' err)" "2 1" "$how: places in a table that comes along are compared" ;;
    esac
done

# ---- labels that are where they were, behind another function's anchor: the new body has a table of its own all the same ----
cat >stay.c <<'C'
#include <stdio.h>
static int w[4][3];
__attribute__((noinline)) void say(const char *s) { puts(s); }
__attribute__((noinline)) int first(int x)
{
    static void *const to[] = {&&a, &&b, &&c};
    goto *to[(x & 255) % 3];
a:  x += 586; goto e;
b:  x ^= 143; goto e;
c:  x -= 3;
e:;
    static const int te[] = {555, 817, 883};
    for (const int *p = te; p < te + 3; p++) x = x * 3 + *p;
    return x;
}
__attribute__((noinline)) int second(int x)
{
    static const union { int i[4]; double d[2]; const char *p; } uu[] = {{.i = {761, 813, 3, 4}}, {.d = {269.5, 2}}, {.p = "uni4"}};
    x += uu[x & 1].i[x >> 1 & 3];
    say(uu[2].p);
    static void *const to[] = {&&a, &&b, &&c};
    goto *to[(x & 255) % 3];
a:  x += 442;
#ifdef NEW
    printf("n62 %d\n", x);
#endif
    goto e;
b:  x ^= 918; goto e;
c:  x -= 3;
e:;
    static const short tt[3][5] = {{718, 2, 3}, {4, 770}, {6, 7, 8, 9, 107}};
    w[x & 3][(x & 255) % 3] += tt[(x & 255) % 3][x & 3];
    x += w[x & 1][1] + w[3][2];
    return x;
}
int main(int argc, char **argv)
{
    for (int i = 0; i < 12; i++) printf("%d %d\n", first(i * argc), second(i));
    return 0;
}
C
for opt in -O1 -O2 -O3; do
    build() { out=$1; shift; "$CROSS_CC" -w $opt -no-pie -fno-pie -s "$@" -Wl,--build-id -o "$out" stay.c; }
    build stay.old && build stay.new -DNEW || exit 1
    lpdiff --heuristic stay.old stay.new >stay.lpatch 2>err
    status=$?
    if [ $status = 2 ]; then
        like "$(cat err)" 'E181' "stripped, $opt, labels that stay in their places: refused"
    else
        is "$status" 1 "stripped, $opt, labels that stay in their places: a patch"
        is "$(run -P stay.lpatch ./stay.old)" "$(run ./stay.new)" "  which is right"
    fi
done
tap_done
