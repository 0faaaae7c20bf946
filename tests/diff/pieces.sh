#!/bin/sh
# What LLVM's outliner moves out of functions, and only these understand: the read of a table of offsets whose address they make, or one of its two words; and
# the comparison that says how long a jump table is.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1

# ---- a table of offsets to texts, some of them the end of another one, so that what it holds does not say what it is ----
cat >main.c <<'C'
#include <stdio.h>
const char *f1(int n), *f2(int n);
__attribute__((noipa)) int more(int n) {
#ifdef NEW
    for (int i = 0; i < n; i++) printf("%d %d\n", i, n);
#endif
    return n;
}
int main(int argc, char **argv)
{
    for (int n = 0; n < 3; n++) printf("%s %s %d\n", f1(n), f2(n), more(n));
    return 0;
}
C
func() { printf '.global %s\n.p2align 2\n.type %s, %%function\n%s: %b\n.size %s, .-%s\n' "$1" "$1" "$1" "$2" "$1" "$1"; }
# tables TEXT...: the words of the one that f1 reads; the other one is what it was
tables()
{
    printf '.section .rodata.%s, "a"\n.p2align 2\n.L1:\n' one
    for t in "$@"; do printf '.word .L%s - .L1\n' "$t"; done
    printf '.section .rodata.two, "a"\n.p2align 4\n.type between, %%object\n.size between, 48\nbetween: .zero 48\n.L2: .word .Lomega - .L2, .Lta - .L2, .Ltheta - .L2\n'
    printf '.section .rodata.text, "a"\n.Lsigma: .ascii "sig"\n.Lma: .string "ma"\n.Lomega: .ascii "ome"\n.Lga: .string "ga"\n'
    printf '.Ltheta: .ascii "the"\n.Lta: .string "ta"\n.Lpi: .ascii "p"\n.Li: .string "i"\n'
}
frame() { echo "stp x29, x30, [sp, #-16]!\n$1\nldp x29, x30, [sp], #16\nret"; }
table() { echo "adrp x9, .L$1\nadd x9, x9, :lo12:.L$1"; }
# code HOW: who reads a table, and who adds
code()
{
    load='ldrsw x8, [x9, w8, uxtw #2]' add='add x0, x9, x8'
    case $1 in
    both | chosen) in="$load\n$add" out= ;;
    load) in="$load" out="$add" ;;
    add) in="$add" out= ;;
    last) in="$load\n$add" out= ;;
    esac
    before=
    [ "$1" = add ] && before="$load\n"
    [ "$1" = chosen ] && before="$(table 1)\nadrp x10, .L2\nadd x10, x10, :lo12:.L2\ncmp w0, #1\ncsel x9, x9, x10, ge\n"
    for k in 1 2; do
        if [ "$1" = last ]; then func f$k "mov w8, w0\n$(table $k)\nb piece"
        else func f$k "$(frame "mov w8, w0\n$(table $k)\n${before}bl piece\n${out:-nop}")"; fi
    done
    func piece "$in\nret"
}
# made NAME HOW FLAGS TEXT...
made()
{
    name=$1 how=$2 flags=$3
    shift 3
    { echo .text; code $how; tables "$@"; printf '.section .comment\n.string "clang version 14"\n'; } >$name.asm.s
    with_gcc $flags -O1 -o $name main.c $name.asm.s -Wl,--build-id
}
# never_wrong NAME OLD NEW: no patch, since a table cannot be made, or one that does what the new program does
never_wrong()
{
    lpdiff $heuristic "$2" "$3" >r.lpatch 2>r.err
    status=$?
    case $status$(grep -o ': E[0-9]*:' r.err | sort -u | tr -d ' :\n') in
    2E145 | 2E147) ok "$1: refused" ;;
    *) is "$status $(run -P r.lpatch "./$2")" "1 $(run "./$3")" "$1: the patched program does what the new one does" ;;
    esac
}
for link in -pie -static -pie\ -Wl,-q; do
    for how in both load add last chosen; do
        made old $how "$link" ma ga i ta && made new $how "$link -DNEW" ma ga i ta && made other $how "$link" ma i ga ta ga || exit 1
        heuristic=
        if [ $how = chosen ]; then never_wrong "$link, $how: nothing but the places of the texts" old new
        else fix "$link, $how: nothing but the places of the texts" old new more; fi
        never_wrong "$link, $how: a table of other texts" old other
        for k in old other; do with_gcc -s $link -O1 -o $k.s main.c $k.asm.s -Wl,--build-id || exit 1; done
        heuristic=--heuristic
        never_wrong "$link, $how: the same, stripped" old.s other.s
    done
done

# ---- the length of a jump table ----
cat >jump.c <<'C'
#include <stdio.h>
int go(int i, int x);
__attribute__((noipa)) int more(int n) {
#ifdef NEW
    for (int i = 0; i < n; i++) printf("%d %d\n", i, n);
#endif
    return n;
}
int main(int argc, char **argv)
{
    for (int i = 0; i < 8; i++) printf("%d\n", go(i, 5));
    return more(argc) & 1;
}
C
# jump NAME BOUND BEHIND FLAGS [FIRST]: what the piece does with the index; bytes behind the table; the first words of the function
jump()
{
    {
        echo .text
        func go "mov w3, w1\nstr x30, [sp, #-16]!\nbl piece\nldr x30, [sp], #16\n${5:-nop}\n$after\nadrp x10, .Ljump\nadd x10, x10, :lo12:.Ljump\nadr x11, 1f\n"`
            `"ldrb w12, [x10, x9]\nadd x11, x11, x12, lsl #2\nbr x11\n1: add w0, w3, #1\nret\nadd w0, w3, w3\nret\nmul w0, w3, w3\nret\n2: mov w0, #0\nret"
        func piece "$2\nret"
        printf '.section .rodata.jump, "a"\n.Ljump: .byte 0, 2, 4, 0, 2\n.byte %s\n' "$3"
        printf '.section .comment\n.string "clang version 14"\n'
    } >$1.s
    "$CROSS_CC" -w -O1 $4 -o $1 jump.c $1.s -Wl,--build-id
}
for link in -pie -static -pie\ -Wl,-q; do
    after='b.hi 2f'
    for bound in 'mov w9, w0\ncmp w9, #4' 'mov w9, w0\nsubs w10, w9, #5\ncmp w9, #4\nadd w2, w2, #1'; do
        jump old "$bound" 0,2,99 "$link" && jump new "$bound" 4,0,2,99 "$link -DNEW" || exit 1
        fix "$link: a jump table, compared in a piece" old new more
        jump new "$bound" 4,0,2,99 "$link" 'add w3, w3, #3' || exit 1
        fix "$link: and the function changed" old new go
    done
    # nothing says how long it is
    bound='and w9, w0, #3' after=nop
    jump old "$bound" 0,2,99 "$link" && jump new "$bound" 4,0,2,99 "$link" 'add w3, w3, #3' || exit 1
    fix "$link: a jump table of which the length is not known" old new go
done
tap_done
