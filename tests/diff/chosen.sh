#!/bin/sh
# An address that is one of several: the first one's, and a number that is chosen and added. What that leads to must be there in the old file, too.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1

cat >chosen.c <<'C'
#include <stdio.h>
__asm__(".macro var name, value, size\n.type \\name, %object\n.size \\name, \\size\n"
        ".globl \\name\n.hidden \\name\n\\name: .byte \\value\n.zero \\size - 1\n.endm\n"
        ".data\n.p2align 3\n" VARS "\n.p2align 3\n.text\n"
        ".macro base reg\nadrp \\reg, a\nadd \\reg, \\reg, :lo12:a\n.endm\n"
        ".globl pick\n.hidden pick\n.type pick, %function\npick: cmp w0, #4\n" PICK "\n.size pick, .-pick\n");
char *pick(int k);
extern char a __attribute__((visibility("hidden"))), b __attribute__((visibility("hidden")));
__attribute__((noinline, used)) int sum(int k) { return a + 3 * b + k MORE; }
int main(int argc, char **argv)
{
    for (int k = argc; k < 9; k += 4) printf("%d ", ++*pick(k));
    return printf("%d\n", sum(argc)) < 0;
}
C
inc='base x0\ncinc x0, x0, gt\nret' # &a or the byte behind it
lsl='base x1\ncset w8, gt\nlsl x8, x8, #2\nldrb w2, [x1, x8]\nadd x0, x1, x8\nret'
flag='base x1\nubfiz x8, x0, #2, #1\nadd x0, x1, x8\nret'
sel='base x1\nmov w8, #8\nmov w9, #4\ncsel x8, x8, x9, gt\nadd x0, x1, x8\nret'
mem='base x1\nmov w8, #8\nmov w9, #4\ncsel x8, x8, x9, gt\nldr w2, [x1, x8]\nstr w2, [x1, x8]\nmov x0, x1\nret'
both='base x0\nadrp x1, b\nadd x1, x1, :lo12:b\ncsel x0, x1, x0, gt\nret'
# two OLD-VARIABLES OLD-CODE NEW-VARIABLES NEW-CODE [FLAG...]
two()
{
    oldvars=$1 oldcode=$2 vars=$3 text=$4
    shift 4
    "$CROSS_CC" -w -O1 $how "-DVARS=\"$oldvars\"" "-DPICK=\"$oldcode\"" -DMORE= -Wl,--build-id -o old chosen.c || not_ok "compile old"
    "$CROSS_CC" -w -O1 $how "-DVARS=\"$vars\"" "-DPICK=\"$text\"" "${1--DMORE=}" -Wl,--build-id -o new chosen.c || not_ok "compile new"
}
# elsewhere NAME: there is no patch, because pick() may mean something else
elsewhere()
{
    lpdiff old new >r.lpatch 2>err
    is "$?$(sed -n 's/.*\(E181: `pick`:\) at +0x[0-9a-f]* \(one of several\).*/\1 \2/p' err)" '2E181: `pick`: one of several' "$1, $how"
}
for how in '-fPIE -pie' '-fno-pie -no-pie' '-fno-pie -no-pie -static -Wl,-q' '-fPIE -pie -Wl,-q'; do
    two 'var a 1 1\nvar gone 9 1\nvar b 2 1' "$both" 'var a 1 1\nvar b 2 1' "$inc"
    elsewhere "two bytes are beside one another now"
    two 'var a 1 1\nvar b 2 1\nvar c 3 1' "$inc" 'var a 1 1\nvar c 3 1\nvar b 2 1' "$inc"
    elsewhere "the same code means another byte"
    two 'var a 1 1\nvar b 2 1' "$both" 'var a 1 1\nvar b 2 1' "$inc"
    fix "two bytes are where they were, $how" old new pick
    two 'var a 1 1\nvar b 2 1' "$inc" 'var a 1 1\nvar b 2 1' "$inc" '-DMORE=* 3'
    fix "who chooses is the same, $how" old new sum
    for form in lsl flag sel mem; do
        eval "new=\$$form"
        old=$(printf '%s' "$new" | sed 's/x8, #2/x8, #3/; s/x0, #2, #1/x0, #3, #1/; s/#8/#12/; s/#4/#8/')
        two 'var a 1 4\nvar gone 9 4\nvar b 2 4\nvar c 3 4' "$old" 'var a 1 4\nvar b 2 4\nvar c 3 4' "$new"
        elsewhere "another number for the same variable, $form"
        two 'var a 1 4\nvar b 2 4\nvar c 3 4' "$new" 'var a 1 4\nvar b 2 4\nvar c 3 4' "$new" '-DMORE=* 3'
        fix "the same number, $form, $how" old new sum
    done
done

# ---- another number comes to the word by a branch ----
for v in old new; do
    { printf '.text\n.global f\n.type f, %%function\nf: adrp x0, a\nadd x0, x0, :lo12:a\ncbnz w5, 1f\nmov x1, #0\nmov x2, #4\ncmp w6, #0\ncsel x1, x1, x2, eq\n'
      printf '2: add x0, x0, x1\nldr w0, [x0]\nret\n1: mov x1, #8\nb 2b\n.size f, .-f\n.data\n.balign 8\n'
      [ $v = old ] && order='a b x c' || order='a b c x'
      for o in $order; do printf '.type %s, %%object\n.size %s, 4\n%s: .word 0x%s\n' $o $o $o $(printf %s $o | od -An -tx1 | tr -d ' '); done; } >way.s
    "$CROSS_CC" -shared -nostdlib -Wl,--build-id,-soname,libway.so -o way.$v way.s || exit 1
done
lpdiff way.old way.new >r.lpatch 2>err
is "$?$(grep -o 'E181: `f`: at +0x[0-9a-f]* one of several' err | sed 's/ at .* one/ one/')" '2E181: `f`: one of several' "a number that comes by another way"

# ---- no number comes to it behind a call of a function that has no way out ----
for v in old new; do
    { printf '.text\n.type ends, %%function\nends: b ends\n.size ends, .-ends\n.type dies, %%function\ndies: stp x29, x30, [sp, #-16]!\nbl ends\n.size dies, .-dies\n'
      printf '.global f\n.type f, %%function\nf: stp x29, x30, [sp, #-32]!\nstr x19, [sp, #16]\nmov x19, x0\ncbz w1, 2f\nadrp x19, a\nadd x19, x19, :lo12:a\n'
      printf 'ldr w0, [x19]\ncbnz w0, 3f\nbl dies\n2: add x0, x19, x2, lsl #2\nldr w0, [x0]\n3: ldr x19, [sp, #16]\nldp x29, x30, [sp], #32\nret\n.size f, .-f\n'
      printf '.data\n.balign 8\n'
      [ $v = old ] && order='a b x c' || order='a x c b'
      for o in $order; do printf '.type %s, %%object\n.size %s, 4\n%s: .word 0x%s\n' $o $o $o $(printf %s $o | od -An -tx1 | tr -d ' '); done; } >dies.s
    "$CROSS_CC" -shared -nostdlib -Wl,--build-id,-soname,libdies.so -o dies.$v dies.s || exit 1
done
nothing "an index is added behind a call that does not come back" dies.old dies.new

# ---- two new tables of texts beside one another, of which one is chosen: both come along in one piece, so that the end of the first is the second ----
cat >tables.c <<'C'
#include <stdio.h>
extern const char *pick(int table, int i);
int main(int argc, char **argv)
{
    for (int i = 0; i < 4; i++) puts(pick(argc - 1, i)), puts(pick(argc, i));
    return 0;
}
C
table() { printf '.type %s, %%object\n.size %s, 32\n%s: .xword %s\n' "$1" "$1" "$1" "$2"; }
for v in old new; do
    { printf '.text\n.global pick\n.type pick, %%function\npick:\n'
      [ $v = old ] && printf 'adrp x0, old\nadd x0, x0, :lo12:old\nret\n' ||
          printf 'adrp x8, first\nadrp x9, second\nadd x8, x8, :lo12:first\nadd x9, x9, :lo12:second\ncmp w0, #0\ncsel x8, x9, x8, eq\nldr x0, [x8, w1, sxtw #3]\nret\n'
      printf '.size pick, .-pick\n.section .rodata\n.type old, %%object\n.size old, 8\nold: .string "old"\n.balign 8\n'
      for t in one two three four five six seven eight; do [ $v = old ] || printf '.L%s: .string "%s"\n' $t $t; done
      printf '.section .data.rel.ro, "aw"\n.balign 8\n'
      [ $v = old ] || { table first '.Lone, .Ltwo, .Lthree, .Lfour'; table second '.Lfive, .Lsix, .Lseven, .Leight'; }
    } >tables.$v.s
done
for how in '-fPIE -pie' '-fPIE -pie -Wl,-q' '-fno-pie -no-pie' '-fPIE -static-pie'; do
    for v in old new; do "$CROSS_CC" -w -O1 $how -Wl,--build-id -o t.$v tables.c tables.$v.s || exit 1; done
    becomes "two tables, $how" t.old t.new
done

# ---- an address that is stored at a place which is chosen: it is no base ----
cat >stored.c <<'C'
#include <stdio.h>
const char *slots[8];
const char name[2] = "C";
#ifdef MORE
const long other[5] = {4, 5, 6};
#else
const long first[3] = {1, 2, 3};
#endif
__attribute__((noinline)) void store(unsigned k) { slots[k] = name; }
__attribute__((noinline)) long sum(int k)
{
#ifdef MORE
    return other[k & 1] * 2;
#else
    return first[k & 1];
#endif
}
int main(int argc, char **argv) { store(argc); return printf("%s %ld\n", slots[argc], sum(argc)) < 0; }
C
both_compilers
for cc in $compilers; do
    for how in -O1 -O2 '-O2 -static'; do
        $cc $how -Wl,--build-id -o old stored.c && $cc $how -DMORE -Wl,--build-id -o new stored.c || not_ok compile
        becomes "$cc $how: an address that is stored" old new
        is "$(lpdiff --summary old new | grep -c '[ ]store')" 0 "  who stores it is the same"
    done
done
tap_done
