#!/bin/sh
# Words of data that lead somewhere in another way than as 8 aligned bytes: by their distance, or as addresses in 4 bytes or at odd places.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1

# never_wrong NAME REASONS OLD NEW [OPTION...]: no patch for these reasons, or one with which the program does what the new one does
never_wrong()
{
    name=$1 reasons=$2 old=$3 new=$4
    shift 4
    becomes=$*
    may "$name" "$reasons" "$old" "$new"
    becomes=
}

# ---- words relative to themselves, to the start of their table and to a place in it; behind code that grew ----
cat >self.c <<'C'
#include <stdio.h>
#define CODE __attribute__((noinline, used))
CODE int grow(int x) { GROW return x; }
CODE int one(int x) { return x + 1; }
CODE int two(int x) { return x * 2; }
CODE int three(int x) { return x * 3 + 7; }
#pragma GCC visibility push(hidden) /* (a slot of the GOT cannot have the address of what is local to the assembly) */
extern const int own[], base[], point[], far[];
#pragma GCC visibility pop
__asm__(".section .rodata.tables, \"a\"\n .p2align 3\n"
        ".type own, %object\nown: .long one - ., two - ., " LAST " - .\n .size own, .-own\n"
        ".type base, %object\nbase: .long one - base, two - base, three - base\n .size base, .-base\n"
        ".type point, %object\npoint: .long 0, 0, one - point - 8, two - point - 8\n .size point, .-point\n"
        ".p2align 3\n.type far, %object\nfar: .quad one - ., two - .\n .size far, .-far\n.text\n");
typedef int fn(int);
int main(int argc, char **argv)
{
    for (int i = 0; i < 3; i++) printf("%d %d\n", ((fn *)((char *)&own[i] + own[i]))(i), ((fn *)((char *)base + base[i]))(i));
    for (int i = 0; i < 2; i++) printf("%d %d\n", ((fn *)((char *)(point + 2) + point[2 + i]))(i), ((fn *)((char *)&((long *)far)[i] + ((long *)far)[i]))(i));
    return grow(argc) & 1;
}
C
more='-DGROW=for (int i = 0; i < x; i++) printf("%d %d %d\n", i, i * x, x - i);'
for how in -pie '-pie -Wl,-q' '-no-pie -static -Wl,-q'; do
    build() { out=$1; shift; "$CROSS_CC" -w -O1 -fno-toplevel-reorder $how "$@" -Wl,--build-id -o "$out" self.c; }
    build s.old -DGROW= '-DLAST="three"' && build s.new "$more" '-DLAST="three"' && build s.last -DGROW= '-DLAST="two"' || exit 1
    fix "$how: distances are of what they lead to" s.old s.new grow
    is "$(grep -c '^set' fix.lpatch)" 0 "$how: so they stay"
    case $how in
    *-Wl,-q*) becomes "$how: one that leads elsewhere, as the linker says" s.old s.last; continue ;;
    esac
    lpdiff s.old s.last >s.lpatch 2>s.err
    is "$?$(grep -o '`own`+0x8' s.err)" '2`own`+0x8' "$how: one that leads elsewhere is a reason for no patch"
done
for how in '-pie -s' '-no-pie -static -s'; do
    build s.old -DGROW= '-DLAST="three"' && build s.new "$more" '-DLAST="three"' || exit 1
    never_wrong "$how: tables of several kinds beside one another, one of which is known: none comes along as bytes" E145 s.old s.new --heuristic
done

# ---- distances from another place, which code that uses them adds: the assembler knows them, so that no relocation says so ----
cat >away.c <<'C'
#include <stdio.h>
#define CODE __attribute__((noinline, used))
#define HIDDEN __attribute__((visibility("hidden")))
CODE int from(int x) { return x - 3; }
CODE int one(int x) { return x + 1; }
CODE int grow(int x) { GROW return x; }
CODE int two(int x) { return x * 10; }
CODE int three(int x) { return x * 11 + 1; }
typedef int fn(int);
#ifdef LIST
extern const KIND away[] HIDDEN;
__asm__(".section .rodata.away, \"a\"\n.p2align 3\n.type away, %object\naway: ." AS " " LIST "\n.size away, . - away\n.text\n");
CODE int go(int i, int x) { return ((fn *)((char *)FROM + away[i]))(x) + 1; }
#else
CODE int go(int i, int x) { return i ? two(x) : one(x); }
#endif
int main(int argc, char **argv) { printf("%d %d %d\n", go(0, argc + 4), go(1, argc + 4), from(argc)); return grow(argc) & 1; }
C
for how in -pie '-pie -Wl,-q' '-no-pie -static' '-no-pie -fno-pie -Wl,-q'; do
    build() { out=$1; shift; "$CROSS_CC" -w -O1 -fno-toplevel-reorder $how "$@" -Wl,--build-id -o "$out" away.c; }
    for as in 'long int' 'hword short' 'quad long'; do
        type="-DAS=\"${as% *}\" -DKIND=${as#* } -DFROM=from"
        build a.old -DGROW= $type '-DLIST="one - from, two - from"' && build a.new "$more" $type '-DLIST="one - from, two - from"' &&
            build a.other "$more" $type '-DLIST="one - from, three - from"' && build a.none -DGROW= || exit 1
        fix "$how: distances from a function, ${as% *}" a.old a.new grow
        is "$(grep -c '^set' fix.lpatch)" 0 "$how: so they stay"
        [ "${as% *}" = hword ] || never_wrong "$how: one of them is another one, ${as% *}" "E145 E147" a.old a.other
        never_wrong "$how: a new table of them, ${as% *}" "E145" a.none a.new
    done
done
build() { out=$1; shift; "$CROSS_CC" -w -O1 -pie "$@" -Wl,--build-id -o "$out" away.c; }
build a.none -DGROW= -s && build a.new "$more" -DAS='"quad"' -DKIND=long -DFROM=away '-DLIST="one - away, two - away"' -s || exit 1
never_wrong "stripped: a new table of distances from itself of 8 bytes" "E145 E147" a.none a.new --heuristic
cat >blob.c <<'C'
#include <stdio.h>
#define HIDDEN __attribute__((visibility("hidden")))
extern const char blob[] HIDDEN, second[] HIDDEN;
extern const int offs[] HIDDEN;
__asm__(".section .rodata\n.type blob, %object\nblob: .asciz \"" TEXT "\"\n.size blob, . - blob\n.type second, %object\nsecond: .asciz \"second\"\n"
        ".size second, . - second\n.p2align 2\n.type offs, %object\noffs: .long 0, second - blob\n.size offs, . - offs\n.text\n");
__attribute__((noinline)) const char *get(int i) { return blob + offs[i]; }
int main(int argc, char **argv) { printf("%s %s %s\n", get(0), get(argc), second); return 0; }
C
for how in -pie '-pie -Wl,-q'; do
    build() { out=$1; shift; "$CROSS_CC" -w -O1 $how "$@" -Wl,--build-id -o "$out" blob.c; }
    build b.old '-DTEXT="hello"' && build b.new '-DTEXT="hello you there"' || exit 1
    never_wrong "$how: distances between texts" "E120 E145 E147" b.old b.new
done

# ---- two tables of offsets, of which the second one is reached from the first: both come along in one piece, and each is relative to its own start ----
cat >two.c <<'C'
#include <stdio.h>
#define OWN __attribute__((noinline, used))
struct two { const char *a, *b; };
#ifdef NEW
__asm__(".section .rodata\n.p2align 2\n.Lfirst: .long .Lone - .Lfirst, .Ltwo - .Lfirst, .Lthree - .Lfirst\n"
        ".Lsecond: .long .Ltwo - .Lsecond, .Lone - .Lsecond, .Lfour - .Lsecond, .Lthree - .Lsecond\n"
        ".Lone: .string \"one\"\n.Ltwo: .string \"two\"\n.Lthree: .string \"three\"\n.Lfour: .string \"four\"\n.text\n"
        ".p2align 2\n.globl pick\n.type pick, %function\npick: and x0, x0, #1\n adrp x9, .Lfirst\n add x9, x9, :lo12:.Lfirst\n add x10, x9, #12\n"
        " ldrsw x11, [x9, x0, lsl #2]\n ldrsw x12, [x10, x0, lsl #2]\n add x0, x9, x11\n add x1, x10, x12\n ret\n.size pick, .-pick\n");
#else
__asm__(".section .rodata\n.Lone: .string \"one\"\n.Ltwo: .string \"two\"\n.text\n"
        ".p2align 2\n.globl pick\n.type pick, %function\npick: adrp x0, .Lone\n add x0, x0, :lo12:.Lone\n mov x1, x0\n ret\n.size pick, .-pick\n");
#endif
struct two pick(int i);
int main(int argc, char **argv) { for (int i = 0; i < 4; i++) { struct two t = pick(i + argc); printf("%s %s\n", t.a, t.b); } return 0; }
C
"$CROSS_CC" -O2 -Wl,--build-id -o t.old two.c && "$CROSS_CC" -O2 -Wl,--build-id -DNEW -o t.new two.c || exit 1
lpdiff --heuristic t.old t.new >t.lpatch 2>t.err
is "$?" 1 "a table of offsets that is reached from another one: there is a patch"
is "$(run -P t.lpatch ./t.old)" "$(run ./t.new)" "  with which the program does what the new one does"

# ---- words that the dynamic linker fills with the address of what the library exports itself, also at odd places: in the file, too ----
cat >own.c <<'C'
int helper(int x) { return x * 7; }
int same(int x) { return x + 1; }
static int mine(int x) { return x + 100; }
static struct PACKED { char k; int v; short s; int (*f)(int); } data[] = {{1, 2, 2, same}, {2, 5, 3, SECOND}, {3, 5, 1, THIRD}};
int call(int i) { data[i & 1].v++; return data[i].f(i) + data[i & 1].v + (mine != data[i].f); }
C
echo 'int call(int); int main(void) { return call(0) ^ 4 * call(1) ^ 16 * call(2); }' >owner.c
for packed in '' '__attribute__((packed))'; do
    build() { out=$1; shift; "$CROSS_CC" -O2 -fPIC -shared -Wl,--build-id "-DPACKED=$packed" "$@" -o "$out" own.c; }
    build ./libown.so -DSECOND=same -DTHIRD=helper && build own.new -DSECOND=helper -DTHIRD=mine && "$CROSS_CC" owner.c ./libown.so -o owner || exit 1
    lpdiff --data libown.so own.new >own.lpatch 2>own.err
    is "$? $(grep -c '^set' own.lpatch)" "1 2" "words of a library's own exports ${packed:+at odd places }are others"
    lpapply -q -o own.disk libown.so own.lpatch
    is "$?" 0 "  the file gets the patch"
    cp libown.so own.old
    cp own.new libown.so; want=$(run ./owner; echo $?)
    cp own.disk libown.so; is "$(run ./owner; echo $?)" "$want" "  and its words lead where the new one's do"
    lpapply -q -R -o own.back own.disk && cmp -s own.back own.old
    is "$?" 0 "  and it goes"
done

# ---- the linker kept its relocations: a new table of distances comes along with them ----
cat >bring.c <<'C'
#include <stdio.h>
#define CODE __attribute__((noinline, used))
typedef int fn(int);
CODE int one(int x) { return x + 1; }
CODE int two(int x) { return x * 2; }
extern const int own[] __attribute__((visibility("hidden")));
CODE int call(const int *t, int i) { return ((fn *)((char *)&t[i] + t[i]))(i); }
#ifdef FIX
__asm__(".section .rodata.tables, \"a\"\n .p2align 2\n.type own, %object\nown: .long one - ., two - .\n .size own, .-own\n.text\n");
CODE int fixed(int x) { return call(own, x & 1) + two(x); }
#else
CODE int fixed(int x) { static const int none[] = {0}; return x < 0 ? call(none, x) : one(x); }
#endif
int main(void) { for (int i = 0; i < 4; i++) printf("%d\n", fixed(i)); return 0; }
C
for how in -pie '-no-pie -static'; do
    build() { out=$1; shift; "$CROSS_CC" -w -O1 $how -Wl,-q "$@" -Wl,--build-id -o "$out" bring.c; }
    build b.old && build b.new -DFIX || exit 1
    fix "$how: a new table of distances" b.old b.new fixed
    is "$(grep -c '^rel prel32' fix.lpatch)" 2 "$how: as relocations"
    lpapply -q -o b.file b.old fix.lpatch
    is "$(run ./b.file)" "$(run ./b.new)" "$how: in the file, too"
done
build() { out=$1; shift; "$CROSS_CC" -w -O1 -pie "$@" -Wl,--build-id -o "$out" bring.c; }
build b.old && build b.new -DFIX || exit 1
never_wrong "-pie, without relocations: a new table of distances" "E145 E147" b.old b.new

# ---- tables of offsets to texts (as clang makes them): where relocations are kept, a place that is as far behind a text as the entry is in the table is the
# start of nothing; and where the code that adds an entry to the start is in another function, the table is one nevertheless ----
cat >texts.c <<'C'
#include <stdio.h>
const char *name(int);
__asm__(".text\n .globl name\n .type name, %function\nname: adrp x8, table\n add x8, x8, :lo12:table\n" JOIN
        " .size name, .-name\n .section .rodata.texts, \"a\"\n" FRONT ".La: .asciz \"zero\"\n.Lc: .asciz \"seven\"\n.Lb: .asciz \"" TEXT "\"\n.Ld: .asciz \"last\"\n"
        ".section .rodata.table, \"a\"\n .p2align 3\ntable: .word .La-table, .Lb-table, .Lc-table, .Ld-table\n .text\n"
        ".type join, %function\njoin: ldrsw x9, [x8, w0, sxtw #2]\n add x0, x8, x9\n ret\n .size join, .-join\n");
__attribute__((noinline)) int fixed(int n) { return n FIXED; }
int main(void) { for (int i = 0; i < 4; i++) printf("%s %d\n", name(i), fixed(i)); return 0; }
C
own='-DJOIN="ldrsw x9, [x8, w0, sxtw #2]\n add x0, x8, x9\n ret\n"' other='-DJOIN="b join\n"'
for how in '' -Wl,-q; do
    for code in own other; do
        eval "join=\$$code"
        build() { out=$1; shift; "$CROSS_CC" -w -O1 -pie $how "$join" "$@" -Wl,--build-id -o "$out" texts.c; }
        build x.old '-DTEXT="e3"' '-DFRONT=""' -DFIXED=+1 && build x.new '-DTEXT="e3a"' '-DFRONT=""' -DFIXED=+1 &&
            build x.fix '-DTEXT="e3"' '-DFRONT=".asciz \"in front of all\"\n"' '-DFIXED=*3' || exit 1
        fix "${how:-no relocations}, $code code: a text that grew" x.old x.new name
        fix "${how:-no relocations}, $code code: texts that moved" x.old x.fix fixed
    done
done

# ---- small ones, which clang names so; without names, three words may be such a table, or not ----
cat >small.c <<'C'
#include <stdio.h>
const char *name(int), *other(int);
#ifdef TABLES
#define GET(f, table) #f ": adrp x8, " table "\n add x8, x8, :lo12:" table "\n b join\n .size " #f ", . - " #f "\n"
#define TABLE(table, texts) ".p2align 2\n.type " table ", %object\n" table ": .word " texts "\n.size " table ", . - " table "\n"
__asm__(".section .rodata.texts, \"a\"\n.La: .asciz \"zero\"\n.Lb: .asciz \"one" TEXT "\"\n.Lc: .asciz \"last\"\n.Ld: .asciz \"red\"\n.Le: .asciz \"green\"\n"
        ".section .rodata.tables, \"a\"\n" TABLE("reltable.name", ".La-reltable.name, .Lb-reltable.name, .Lc-reltable.name")
        TABLE("reltable.other", ".Ld-reltable.other, .Le-reltable.other, .La-reltable.other"));
#else
#define GET(f, table) #f ": adrp x8, texts\n add x8, x8, :lo12:texts\n b join\n .size " #f ", . - " #f "\n"
__asm__(".section .rodata.texts, \"a\"\ntexts: .word 0x6e6f\n");
#endif
__asm__(".text\n.type name, %function\n" GET(name, "reltable.name") ".type other, %function\n" GET(other, "reltable.other")
#ifdef TABLES
        ".type join, %function\njoin: ldrsw x9, [x8, w0, sxtw #2]\n add x0, x8, x9\n ret\n .size join, . - join\n");
#else
        ".type join, %function\njoin: mov x0, x8\n ret\n .size join, . - join\n");
#endif
int main(void) { for (int i = 0; i < 3; i++) printf("%s %s\n", name(i), other(i)); return 0; }
C
for how in '' -Wl,-q -Wl,-z,separate-code; do
    build() { out=$1; shift; "$CROSS_CC" -w -O1 -pie $how "$@" -Wl,--build-id -o "$out" small.c; }
    build x.old && build x.new -DTABLES '-DTEXT=""' && build x.more -DTABLES '-DTEXT=" and more"' || exit 1
    lpdiff x.old x.new >x.lpatch 2>x.err
    is "$?$(cat x.err)" 1 "new tables by name${how:+, $how}: there is a patch"
    is "$(run -P x.lpatch ./x.old)" "$(run ./x.new)" "  with which the program does what the new one does"
    is "$(grep -c '^rel prel32' x.lpatch)" 6 "  of words that lead to the texts"
    fix "tables by name of which a text grew${how:+, $how}" x.new x.more name
    "${CROSS_CC%gcc}strip" x.old x.new x.more
    never_wrong "no names, new tables${how:+, $how}" "E110 E141 E142 E145 E147 E148" x.old x.new --heuristic
    never_wrong "no names, a text grew${how:+, $how}" "E110 E141 E142 E145 E147 E148" x.new x.more --heuristic
done

# ---- structures of small numbers and zeros, each of which would be an offset back to the start: no tables of offsets to texts ----
cat >nil.c <<'C'
struct nil { int count, status; long rest[10]; };
static const struct nil one = {-1, 35}, two = {-1, 34}, three = {-1, 0};
const void *nil_of(int status)
{
    switch (status) {
    case 35: return &one;
    case 34: return &two;
    case 0: return 0;
    default: return &three;
    }
}
C
"$CROSS_CC" -O2 -fPIC -shared -Wl,--build-id -s -o nil.so nil.c || exit 1
lpdiff nil.so nil.so >nil.lpatch 2>nil.err
is "$?$(cat nil.lpatch nil.err)" 0 "structures that begin with -1: a stripped library and itself"

# ---- for a fixed address: addresses in structures without padding, and in 4 bytes ----
cat >packed.c <<'C'
#include <stdio.h>
#define CODE __attribute__((noinline, used))
CODE int grow(int x) { GROW return x; }
CODE int one(int x) { return x + 1; }
CODE int two(int x) { return x * 2; }
int first = 5, second = 6;
typedef int fn(int);
#pragma pack(1)
static const struct { char k; fn *f; int *p; short z; } fixed[] = {{1, one, &first, 2}, {2, LAST, &second, 3}};
static struct { char k; fn *f; } live[] = {{1, one}, {2, two}};
#pragma pack()
extern const unsigned words[];
__asm__(".section .rodata.words, \"a\"\n .p2align 3\n.type words, %object\nwords: .word one, two\n .size words, .-words\n.text\n");
CODE int call(int i) { live[i].k++; return fixed[i].f(3) + *fixed[i].p + live[i].f(4) + ((fn *)(unsigned long)words[i])(5); }
int main(int argc, char **argv) { printf("%d %d\n", call(0), call(argc)); return grow(argc) & 1; }
C
for how in '' -Wl,-q; do
    build() { out=$1; shift; "$CROSS_CC" -w -O1 -fno-pie -no-pie -static -fno-section-anchors -fno-toplevel-reorder $how "$@" -Wl,--build-id -o "$out" packed.c; }
    build p.old -DGROW= -DLAST=two && build p.new "$more" -DLAST=two && build p.last -DGROW= -DLAST=one || exit 1
    fix "fixed address${how:+ $how}: addresses at odd places and in 4 bytes" p.old p.new grow
    is "$(grep -c '^set' fix.lpatch)" 0 "fixed address${how:+ $how}: so they stay"
    never_wrong "fixed address${how:+ $how}: one that changed" "E140 E147 E180" p.old p.last
    "${CROSS_CC%gcc}strip" p.old p.new
    never_wrong "fixed address${how:+ $how}, stripped" "E110 E140 E141 E147 E148" p.old p.new --heuristic
done

# ---- a table of labels that code reads which the compiler moved out of the function (clang -Oz) ----
cat >moved.c <<'C'
#include <stdio.h>
int step(int n);
__asm__(".text\n.balign 4\n.globl step\n.type step, %function\nstep: str x30, [sp, #-16]!\nand w9, w0, #1\nbl OUTLINED_FUNCTION_0\nbr x9\n"
        "1: add w0, w0, #7\nb 3f\n2: add w0, w0, w0\n3: ldr x30, [sp], #16\nret\n.size step, . - step\n"
        ".type OUTLINED_FUNCTION_0, %function\nOUTLINED_FUNCTION_0: adrp x10, way\nadd x10, x10, :lo12:way\nldr x9, [x10, x9, lsl #3]\nret\n"
        ".size OUTLINED_FUNCTION_0, . - OUTLINED_FUNCTION_0\n"
        ".section .rodata\n.balign 8\n.type way, %object\nway: .xword 1b, 2b\n.size way, . - way\n.text\n");
int main(void) { printf("%d %d\n", step(4), step(5)); return 0; }
C
echo 'int grow(int n) { return n MORE; }' >grow.c
for flag in -no-pie '-no-pie -Wl,-q' -static; do
    for side in old new; do
        [ $side = old ] && more='+ 1' || more='* 3 + (n & 12) * n'
        with_gcc -O1 -fno-pie $flag -Wl,--build-id "-DMORE=$more" -o moved.$side grow.c moved.c || not_ok "compile moved.c"
    done
    fix "$flag, a table of labels that code elsewhere reads" moved.old moved.new grow
done
# ---- a number behind a pointer that the dynamic linker fills: with that one's last byte it would be the distance to something ----
cat >beside.c <<'C'
#include <stdio.h>
extern const struct option { const char *name; long n; } options[];
extern const char near[], far[];
__asm__(".section .data.rel.ro, \"aw\"\n.p2align 4\n.globl options, near, far\n.hidden options, near, far\n"
        "options: .xword name, " NUMBER "\n.org options + 0x807\nnear: .byte 1\n.org options + 0x1007\nfar: .byte 2\n.previous\n"
        ".section .rodata\nname: .string \"limit\"\n.previous\n");
int main(int argc, char **argv) { printf("%s %ld %d %d\n", options[argc - 1].name, options[argc - 1].n, near[argc - 1], far[argc - 1]); return 0; }
C
for side in old:8 new:16; do
    with_gcc -O1 -fPIE -pie -s -Wl,--build-id "-DNUMBER=\"${side#*:}\"" -o "beside.${side%:*}" beside.c || not_ok "compile beside.c"
done
becomes=--heuristic
becomes "a number behind a filled word" beside.old beside.new

# ---- a table of distances, known by the linker's relocations, and behind it an array of which code takes the place in front: day[m - 1] ----
cat >front.c <<'C'
#include <stdio.h>
asm(".section .rodata\n.balign 64\n.Lways: .word .Lone - ., .Ltwo - ., .Lthree - .\nday: .hword 10, 20, 30, 40\n.previous\n"
    ".type go, %function\ngo: adrp x1, .Lways\nadd x1, x1, :lo12:.Lways\nadd x1, x1, x0, lsl #2\nldr w2, [x1]\nadd x1, x1, w2, sxtw\nbr x1\n"
    ".Lone: mov w0, #1\nret\n.Ltwo: mov w0, #2\nret\n.Lthree: mov w0, #3\nret\n.size go, . - go\n"
    ".type before, %function\nbefore: adrp x1, day - 2\nadd x1, x1, :lo12:day - 2\nldrh w0, [x1, w0, sxtw #1]\nret\n.size before, . - before\n");
int go(int n), before(int n);
int main(int argc, char **argv) { printf("%d %d\n", go(argc % 3) + ADD, before(argc)); return 0; }
C
for flag in '-no-pie -fno-pie' '-fPIE -pie'; do
    for add in 1 2; do with_gcc -O1 $flag -Wl,-q -Wl,--build-id -DADD=$add -o front.$add front.c || not_ok "compile front.c"; done
    nothing "$flag, a place in front of an array is none in a distance: the same file" front.1 front.1
    fix "$flag, a place in front of an array is none in a distance" front.1 front.2 main
done
tap_done
