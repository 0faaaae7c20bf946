#!/bin/sh
# Functions without an end of their own: they go on in what is behind them, as several entries of one routine do in assembly. Behind a new body is something
# else.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers

# Each names what is in fa, and in fb, of the old file and of the new one; ENTRY: whether the old one has fa at all.
cat >falls.c <<'C'
#include <stdio.h>
#define FUNCTION(name, code) ".globl " #name "\n.type " #name ", %function\n" #name ":\n.cfi_startproc\n" code ".cfi_endproc\n.size " #name ", .-" #name "\n"
#define LONG " add w0, w0, w0\n cmp w0, #100\n csel w0, w0, wzr, lt\n add w0, w0, #3\n"
__asm__(".text\n.p2align 2\n"
#if CASE == 1   /* the one that goes on changes */
        FUNCTION(fa, " add w0, w0, #1\n" MORE) FUNCTION(fb, " add w0, w0, #10\n ret\n") FUNCTION(fc, " ret\n")
#elif CASE == 2 /* the one that it goes on in, into whose middle it also branches */
        FUNCTION(fa, " add w0, w0, #1\n cbz w0, 1f\n add w0, w0, #5\n") FUNCTION(fb, " add w0, w0, #10\n" MORE "1: ret\n") FUNCTION(fc, " ret\n")
#elif CASE == 3 /* the one in the middle, with padding behind it */
        FUNCTION(fa, " add w0, w0, #1\n") FUNCTION(fb, " add w0, w0, #10\n" MORE) ".p2align 4\n" FUNCTION(fc, " add w0, w0, #100\n ret\n")
#elif CASE == 4 /* it is another one, and nothing else has changed */
        FUNCTION(fa, " add w0, w0, #1\n") FIRST SECOND
#elif CASE == 5 /* the one that goes on is new */
        ENTRY FUNCTION(fb, " add w0, w0, #10\n ret\n") FUNCTION(fc, " ret\n")
#endif
);
#ifndef fa
int fa(int);
#endif
int fb(int), fc(int);
int main(int argc, char **argv) { printf("%d %d %d %d\n", fa(argc), fa(-argc), fb(argc), fc(argc)); return 0; }
C
FB='FUNCTION(fb, " add w0, w0, #10\n ret\n")' FC='FUNCTION(fc, " add w0, w0, #100\n ret\n")' FA='FUNCTION(fa, " add w0, w0, #1\n")'
# falls NAME: old and new are built
falls()
{
    lpdiff --heuristic old new >falls.lpatch 2>falls.err
    is "$?$(cat falls.err)" 1 "$1: there is a patch"
    is "$(run -P falls.lpatch ./old)" "$(run ./new)" "  the patched program does what the new one does"
    lpapply -q -o file old falls.lpatch 2>falls.err
    is "$?$(cat falls.err)$(run ./file)" "0$(run ./new)" "  and so does the patched file"
    lpapply -q -R -o back file 2>falls.err
    is "$?$(cmp old back 2>&1)" 0 "  which becomes the old one again"
}
for cc in $compilers; do
    for how in -O0 -O2 '-O2 -Wl,-q' '-O2 -s' '-O1 -no-pie -fno-pie' '-O2 -static -s'; do
        build() { out=$1; shift; $cc $how "$@" -Wl,--build-id -o "$out" falls.c || not_ok "compile $out"; }
        for case in 1 2 3; do
            build old -DCASE=$case '-DMORE=""' && build new -DCASE=$case -DMORE=LONG && falls "$cc $how, $case"
        done
        build old -DCASE=4 "-DFIRST=$FB" "-DSECOND=$FC" && build new -DCASE=4 "-DFIRST=$FC" "-DSECOND=$FB" && falls "$cc $how, another one is behind it"
        build old -DCASE=5 '-DENTRY=""' -Dfa=fb && build new -DCASE=5 "-DENTRY=$FA" && falls "$cc $how, a new entry"
        is "$(lpdiff --summary new new 2>&1)" "" "$cc $how: the same file"
    done
done

tap_done
