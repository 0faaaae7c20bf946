#!/bin/sh
# LLVM's outliner moves pieces of functions out of them: the one has the ADRP, the other the word that completes it. Where nobody has changed them they are not in
# the patch, wherever their data is now; and what differs is seen.
. "$srcdir/tests/lib.sh"
. "$tests/e2e/driven.sh"
sysroot=$(arm64_sysroot) || sysroot=/
guest() { timeout 60 lprun --no-control -L "$sysroot" "$@" 2>&1; }
cat >main.c <<'C'
#include <stdio.h>
int f1(int n), f2(int n), g1(int n), g2(int n), h1(int n), k1(int n);
#ifdef TAKEN
int (*piece)(int);
#endif
int count;
#ifdef NEW
__attribute__((noipa)) int more(int n) { return n * 3 + ++count; }
#else
__attribute__((noipa)) int more(int n) { return n; }
#endif
int main(void)
{
    for (int n = 0; n < 3; n++) printf("%d %d %d %d %d %d %d\n", f1(n), f2(n), g1(n), g2(n), h1(n), k1(n), more(n));
    return 0;
}
C
# piece NAME WORDS: a function
piece() { printf '.type %s, %%function\n%s:\n%b\n.size %s, .-%s\n' "$1" "$1" "$2" "$1" "$1"; }
func() { printf '.global %s\n' "$1"; piece "$1" "stp x29, x30, [sp, #-32]!\nstp x19, x20, [sp, #16]\n$2\nldp x19, x20, [sp, #16]\nldp x29, x30, [sp], #32\nret"; }
var() { printf '.type %s, %%object\n.size %s, 8\n%s: .word %s, %s\n' "$1" "$1" "$1" "$2" "$3"; }
# asm ROOM: one, two, three, four are behind so many bytes; $f1 and the like are words of the functions
asm()
{
    echo .text
    func f1 "${f1:-mov w1, w0\nadrp x9, one\nbl load}"
    func f2 "${f2:-add w1, w0, #2\nadrp x9, one\nbl load}"
    func g1 "${g1:-mov w19, w0\nbl make\nldr w0, [x20, :lo12:two]\nadd w0, w0, w19}"
    func g2 "${g2:-bl make\nldr w1, [x20, :lo12:two]\nadd w0, w0, w1, lsl #4}"
    func h1 "${h1:-adrp x19, three\nmov w20, w0\nbl deep\nadd w0, w0, w20}"
    func k1 "${k1:-adrp x9, one\nadd x9, x9, :lo12:one\nldr w1, [x9]\nadd w0, w0, w1}"
    piece load "${load:-ldr w0, [x9, :lo12:one]\nadd w0, w0, w1\nret}"
    piece make "${make:-adrp x20, two\nret}"
    piece deep "str x30, [sp, #-16]!\nbl deeper\nadd w0, w0, #1\nldr x30, [sp], #16\nret"
    piece deeper "ldr w0, [x19, :lo12:three]\nret"
    printf '.data\n.balign 16\n.zero %s\n' "$1"
    var one 10 11
    var two 20 21
    var three 30 31
    var four 40 41
    printf '.section .comment\n.string "clang version 14"\n'
}
# build NAME ROOM FLAG...
build() { name=$1 room=$2; shift 2; asm "$room" >"$name.s" && "$CROSS_CC" -w -O1 -Wl,--build-id "$@" -o "$name" main.c "$name.s"; }
# compared NAME PATTERN [FUNCTION]: the patch does what the new program does, and has the changed functions of this pattern only; or it is refused, by what is
# said of this function
compared()
{
    lpdiff --summary old new >sum 2>err
    status=$?
    if [ -n "${3:-}" ] && [ $status = 2 ]; then like "$(cat err)" "$3" "$1: refused"; return; fi
    is "$status$(grep -o 'E1[0-9][0-9].*' err)" 1 "$1: there is a patch"
    is "$(sed -n 's/^changed  *\([^ :]*\).*/\1/p' sum | tr '\n' ' ')" "$2" "$1: of what changed"
    lpdiff old new >p.lpatch 2>err
    is "$(guest -P p.lpatch ./old)" "$(guest ./new)" "$1: it does what the new one does"
    cp old done && lpapply -q -o done old p.lpatch
    is "$(guest ./done)" "$(guest ./new)" "$1: and so does the patched file"
}

for how in '' -no-pie -static -Wl,-q; do
    f1= f2= g1= g2= h1= k1= load= make=
    build old 64 $how && build new 4096 -DNEW $how || not_ok "build $how"
    compared "data is elsewhere $how" 'more '

    # a function that changed lends its page to a piece that did not, or gets one of it
    f1='mov w1, w0\nadd w1, w1, #5\nadrp x9, one\nbl load' g2='bl make\nldr w1, [x20, :lo12:two]\nadd w0, w0, w1, lsl #3\nadd w0, w0, #1'
    build new 4096 -DNEW $how || not_ok "build $how"
    compared "functions that changed $how" 'more f1 g2 '
    f1= g2=

    # what is meant is another variable: in the piece, or in one of those that have to do with it
    load='ldr w0, [x9, :lo12:four]\nadd w0, w0, w1\nret' f1='mov w1, w0\nadrp x9, four\nbl load' f2='add w1, w0, #2\nadrp x9, four\nbl load'
    build new 64 $how || not_ok "build $how"
    compared "another variable in the piece $how" 'load ' load
    load= f1= f2=
    make='adrp x20, four\nret' g1='mov w19, w0\nbl make\nldr w0, [x20, :lo12:four]\nadd w0, w0, w19' g2='bl make\nldr w1, [x20, :lo12:four]\nadd w0, w0, w1, lsl #4'
    build new 64 $how || not_ok "build $how"
    compared "another variable behind the piece $how" 'g1 g2 ' g1
    make= g1= g2=
done

# two callers have two pages: the piece alone does not say what is meant, and the pages say it
# apart NAME: one and far are 4096 bytes from one another, at the same place of a page
load='ldr w0, [x9, #16]\nadd w0, w0, w1\nret'
asm_two()
{
    f1="mov w1, w0\nadrp x9, $1\nbl load" f2="add w1, w0, #2\nadrp x9, $2\nbl load"
    asm 0 | sed 's/^\.balign 16/.balign 4096\n.zero 16\n.type here, %object\n.size here, 8\nhere: .word 50, 51\n.zero 4088\n.type far, %object\n.size far, 8\nfar: .word 60, 61/'
}
for how in '' -static; do
    asm_two here far >old.s && asm_two far here >new.s
    for v in old new; do "$CROSS_CC" -w -O1 -Wl,--build-id $how -o $v main.c $v.s || not_ok "build $how"; done
    compared "two pages $how" 'f1 f2 ' 'f1\|load'
done
tap_done
