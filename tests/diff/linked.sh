#!/bin/sh
# What linkers and compilers do to code that did not change, and lpdiff sees through; and changes of such code.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1

# ---- the erratum 843419 of Cortex-A53: an ADRP at the end of a page becomes ADR, or the load behind it goes elsewhere ----
cat >erratum.c <<'C'
#include <stdio.h>
int word = 40, more[1000];
int get(int *p);
#ifndef BODY
#define BODY "add w0, w0, w2"
#endif
__asm__(".text\n .p2align 12\n .space " ROOM "\n .globl get\n .type get, %function\n"
        "get: adrp x1, word\n ldr x2, [x0]\n ldr w0, [x1, :lo12:word]\n " BODY "\n ret\n .size get, .-get\n");
int main(void)
{
    int two[2] = {2, 0};
    printf("%d\n", get(two) + more[7]);
    return 0;
}
C
for way in adr adrp; do
    build() { out=$1; shift; "$CROSS_CC" -w -O1 "$@" -Wl,--build-id,--fix-cortex-a53-843419=$way -o "$out" erratum.c; }
    build e.old '-DROOM="0xf00"' && build e.new '-DROOM="0xff8"' && build e.fix '-DROOM="0xff8"' '-DBODY="sub w0, w0, w2\n add w0, w0, #100"' || exit 1
    nothing "an erratum that the linker works around ($way)" e.old e.new
    nothing "and the other way round" e.new e.old
    build e.bare -s '-DROOM="0xf00"' && build e.barer -s '-DROOM="0xff8"' || exit 1
    nothing "and stripped" e.bare e.barer
    fix "a fix there ($way)" e.old e.fix get
    fix "a fix of what was worked around ($way)" e.new e.fix get
done
# GNU ld leaves the stub where it is, behind the last function of a section, though ADR does; it is no code of the program's that changed.
cat >unused.c <<'C'
#include <stdio.h>
#ifdef FRONT
long front[5] = {1};
#endif
__attribute__((section(".data.word"))) int word = 40;
int more[1000];
int get(int *p);
__asm__(".section .last,\"ax\",%progbits\n .p2align 12\n .space 0xff8\n .globl get\n .type get, %function\n"
        "get: adrp x1, word\n ldr x2, [x0]\n ldr w0, [x1, :lo12:word]\n " BODY "\n ret\n .size get, .-get\n");
int main(void)
{
    int two[2] = {2, 0};
    printf("%d\n", get(two) + more[7]);
    return 0;
}
C
build() { out=$1; shift; "$CROSS_CC" -w -O1 "$@" -Wl,--build-id,--fix-cortex-a53-843419 -o "$out" unused.c; }
build u.old '-DBODY="add w0, w0, w2"' && build u.new '-DBODY="add w0, w0, w2"' -DFRONT && build u.fix '-DBODY="sub w0, w0, w2"' -DFRONT || exit 1
lpdiff u.old u.new >p.lpatch 2>err
is "$?$(cat p.lpatch err)" 0 "a stub that nothing leads to, in another layout"
fix "a fix beside it" u.old u.fix get
# Data between functions, of which a word happens to be an ADR that leads to the linker's code: get's third word is `b stub`, the ADR goes in front of get.
if have python3; then
    python3 - e.barer e.data <<'P'
import struct, sys
b = bytearray(open(sys.argv[1], 'rb').read())
at = next(o for o in range(0, len(b) - 16, 4096) if b[o - 4:o] == bytes.fromhex('020040f9') and b[o + 3] >> 2 == 5)
to = at + (struct.unpack_from('<I', b, at)[0] & 0x3ffffff) * 4
far = to - (at - 64)
struct.pack_into('<I', b, at - 64, 0x10000005 | (far & 3) << 29 | far >> 2 << 5)
open(sys.argv[2], 'wb').write(b)
P
    nothing "data that looks like an ADR of what the linker added" e.data e.data
else
    skip "data that looks like an ADR of what the linker added" "no python3"
fi

# ---- an import that the old file has by its PLT entry alone, used through the GOT: its slot there is none, which may lead to the dynamic linker still ----
cat >slots.c <<'C'
#include <stdio.h>
#include <stdlib.h>
__attribute__((noipa)) int careful(int n)
{
#ifdef FIX
    if (n > 2) n = atoi("7");
#endif
    return n + 1;
}
int main(int argc, char **argv) { return careful(argc) + printf("%d\n", careful(argc)); }
C
cat >byplt.c <<'C'
#include <stdlib.h>
int byplt(const char *s) { return atoi(s); }
C
build() { out=$1; shift; "$CROSS_CC" -w -O1 -fPIE -pie -fno-plt -fno-builtin "$@" -Wl,--build-id,-z,lazy -o "$out" slots.c byplt.o; }
"$CROSS_CC" -w -O1 -fPIE -c byplt.c && build g.old && build g.fix -DFIX || exit 1
fix "an import with a PLT entry, through the GOT" g.old g.fix careful 1 2
is "$(lpapply -q -o g.file g.old fix.lpatch 2>&1; run ./g.file 1 2; echo $?)" "$(run ./g.fix 1 2; echo $?)" "and the patched file does what the new one does"

# ---- kept relocations (-q) of words that hold the PLT entry of an import: its address in the whole program, where the linker has moved it ----
cat >hooks.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#ifdef SHIFT
static int room[40] = {1};
int *shift(int n) { return room + n + rand(); }
#endif
struct { void *(*get)(size_t); void (*put)(void *); } const hooks = {malloc, free};
int main(int argc, char **argv)
{
    hooks.put(hooks.get(10));
#ifdef FIX
    argc++;
#endif
    return printf("%d\n", argc) - 2;
}
C
for linker in gnu lld; do
    build() { out=$1; shift; "$CROSS_CC" -w -O1 -fno-pic -no-pie "$@" -Wl,--build-id,-q -o "$out" hooks.c; }
    if [ $linker = lld ]; then
        build() { out=$1; shift; clang --target=aarch64-linux-gnu -fuse-ld=lld -w -O1 -fno-pic -no-pie "$@" -Wl,--build-id,-q -o "$out" hooks.c; }
        { have clang && build k.old 2>/dev/null; } || { skip "pointers to imports, by lld" "no clang for AArch64 with lld"; continue; }
    fi
    build k.old && build k.new -DSHIFT && build k.fix -DSHIFT -DFIX || exit 1
    is "$(lpdiff k.old k.new 2>&1)" "" "pointers to imports ($linker): nothing changed"
    fix "a fix there ($linker)" k.old k.fix main
done

# ---- PLT entries of a static program's IFUNCs: without symbols they have no names, and ld.lld puts them in the order in which they are used ----
cat >ifunc.c <<'C'
static int one(int n) { return n + 1; }
static int two(int n) { return n + 200; }
static void *pick_a(void) { return one; }
static void *pick_b(void) { return two; }
int a(int) __attribute__((ifunc("pick_a")));
int b(int) __attribute__((ifunc("pick_b")));
int first(int n) { return FIRST(n) * 3; }
#ifndef ALONE
#define ALONE b
#define OTHER a
#else
#define OTHER ALONE
#endif
int second(int n) { return ALONE(n) - 1; }
int third(int n) { return OTHER(n) + 1; }
C
cat >ifunc_main.c <<'C'
#include <stdio.h>
#include <string.h>
int first(int), second(int), third(int);
int main(int argc, char **argv)
{
    printf("%d %d %d\n", first(argc), second(argc), third(argc));
    return (int)strlen(argv[0]) & 0;
}
C
for linker in gnu lld; do
    build() { out=$1; shift; "$CROSS_CC" -w -O1 -static "$@" -Wl,--build-id -o "$out" ifunc.c ifunc_main.c; }
    if [ $linker = lld ]; then
        build() { out=$1; shift; clang --target=aarch64-linux-gnu -fuse-ld=lld -w -O1 -static "$@" -Wl,--build-id -o "$out" ifunc.c ifunc_main.c; }
        { have clang && build u.old -DFIRST=a 2>/dev/null; } || { skip "IFUNCs, by lld" "no clang for AArch64 with lld"; continue; }
    fi
    build u.old -DFIRST=a && build u.fix -DFIRST=b && build u.bare -s -DFIRST=a && build u.barer -s -DFIRST=b || exit 1
    fix "another IFUNC is called ($linker)" u.old u.fix first
    is "$(lpdiff --summary u.bare u.barer | wc -l)" 1 "and stripped: one function"
    lpdiff u.bare u.barer >fix.lpatch 2>fix.err
    is "$?$(cat fix.err)" 1 "  and there is a patch"
    is "$(run -P fix.lpatch ./u.bare)" "$(run ./u.barer)" "  with which the program does what the new one does"
    build u.bare -s -DFIRST=a -DALONE=a && build u.barer -s -DFIRST=b -DALONE=b || exit 1
    lpdiff --heuristic u.bare u.barer >out 2>err
    is "$?$(cat out)" 2 "  but none for one that the old program does not call ($linker)"
done

# ---- a static program whose data have moved by pages, with files of symbols: __preinit_array_start is no thread-local variable ----
cat >moved.c <<'C'
#include <stdio.h>
#ifdef FIX
const char room[0x10000] = {1};
#endif
int main(int argc, char **argv)
{
#ifdef FIX
    argc += room[argc];
#endif
    return printf("%d\n", argc) & 0;
}
C
prefix=${CROSS_CC%gcc}
for x in old fix; do
    flag=; [ $x = old ] || flag=-DFIX
    "$CROSS_CC" -w -O1 -static $flag -Wl,--build-id -o m.$x moved.c || exit 1
    "${prefix}objcopy" --only-keep-debug m.$x m.$x.debug && "${prefix}strip" -o m.$x.bare m.$x || exit 1
done
is "$(lpdiff -s --debug m.old.debug m.fix.debug m.old.bare m.fix.bare 2>&1; echo $?)" 1 "a static program's data in other pages, with files of symbols"

# ---- code behind a BR that is not understood: what that code itself leads to has its state and no other ----
cat >behind.c <<'C'
#include <stdio.h>
char front[FRONT];
int counter, b1[3], b2[9], b3[1000];
struct s { void *way; int pad[2]; char *p; } it;
int helper(void);
int take(struct s *);
__asm__(".text\n .globl take\n .type take, %function\n"
        "take: adrp x2, counter\n ldr w3, [x2, :lo12:counter]\n ldr x3, [x0]\n br x3\n"
        "1: ldr x2, [x0, #16]\n cbz w3, 3f\n"
        "2: ldr w0, [x2, #56]\n ret\n"
        "3: stp x2, x30, [sp, #-16]!\n bl helper\n ldp x2, x30, [sp], #16\n b 2b\n .size take, .-take\n"
        " .globl helper\n .type helper, %function\nhelper: mov w0, #1\n ret\n .size helper, .-helper\n");
int main(void) { return front[0] + b1[1] + b2[1] + b3[1] + (it.way ? take(&it) : 0); }
C
"$CROSS_CC" -w -O1 -fno-common -DFRONT=16 -Wl,--build-id -o b.old behind.c && "$CROSS_CC" -w -O1 -fno-common -DFRONT=88 -Wl,--build-id -o b.new behind.c || exit 1
is "$(lpdiff --summary b.old b.new 2>&1 | grep take)" "" "a base that only code behind a BR has"

# ---- imports that do not come back: what follows in memory is no way on ----
cat >never.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#ifdef ROOM
char room[ROOM] = "room";
#endif
int counter = 1, b1[3] = {1}, b2[9] = {1};
struct s { int pad[14]; int n; } it = {{1}};
int take(struct s *);
__asm__(".text\n .globl take\n .type take, %function\n"
        "take: mov x19, x0\n cbnz x0, 2f\n adrp x19, counter\n ldr w0, [x19, :lo12:counter]\n bl exit\n"
        "2: ldr w0, [x19, #56]\n ret\n .size take, .-take\n");
int main(void) { return b1[1] + b2[1] + counter + (it.n ? take(&it) : 0); }
C
"$CROSS_CC" -w -O1 -fno-common -Wl,--build-id -o x.old never.c && "$CROSS_CC" -w -O1 -fno-common -DROOM=84 -Wl,--build-id -o x.new never.c || exit 1
is "$(lpdiff --summary x.old x.new 2>&1)" "" "code behind a call of exit() is not reached from there"

# ---- labels in data: a new body has its own, and the old one keeps what it has ----
cat >labels.c <<'C'
#include <stdio.h>
int run(const char *s, int n)
{
    static const void *const way[] = {&&a, &&b, &&c, &&d};
    for (; *s; s++) {
        goto *way[*s & 3];
a: n += K; n *= 3; n ^= K; n += K; n *= 3; continue;
b: n -= K; n *= 5; n ^= K; n -= K; n *= 5; continue;
c: n ^= K; n *= 7; printf("c %d\n", n); continue;
d: n |= K; n -= K; n += K; ROOM; printf("d %d\n", n); continue;
    }
    return n;
}
int main(int argc, char **argv) { printf("%d\n", run(argv[1], argc)); return 0; }
C
for how in -pie '-no-pie' '-no-pie -static'; do
    build() { out=$1; shift; "$CROSS_CC" -w -O0 $how "$@" -Wl,--build-id -o "$out" labels.c; }
    build l.old -DK=1000 -DROOM= && build l.new -DK=1001 -DROOM= && build l.more -DK=1000 '-DROOM=n += 77; n ^= 3' || exit 1
    lpdiff l.old l.new >l.lpatch 2>l.err
    is "$?$(cat l.err)$(grep -c '^data way' l.lpatch)" 11 "$how: a table of labels comes along with a new body of the old size"
    is "$(run -P l.lpatch ./l.old abcdbca)" "$(run ./l.new abcdbca)" "$how: the patched program does what the new one does"
    lpdiff l.old l.more >l.lpatch 2>l.err
    is "$?$(cat l.err)$(grep -c '^data way' l.lpatch)" 11 "$how: and with one that is longer"
    is "$(run -P l.lpatch ./l.old abcdbca)" "$(run ./l.more abcdbca)" "$how: the patched program does what the new one does"
done
cat >middle.c <<'C'
#include <stdio.h>
int whole(int), half(int);
__asm__(".text\n .globl whole\n .type whole, %function\nwhole: add w0, w0, #1\n.Lmiddle: " BODY "ret\n .size whole, .-whole\n"
        " .globl half\n .type half, %function\nhalf: add w0, w0, #2\n b .Lmiddle\n .size half, .-half\n");
int main(int argc, char **argv) { return whole(argc) + half(argc); }
C
"$CROSS_CC" -w -Wl,--build-id '-DBODY="add w0, w0, #5\n"' -o h.old middle.c && "$CROSS_CC" -w -Wl,--build-id '-DBODY="add w0, w0, #5\n lsl w0, w0, #1\n"' -o h.new middle.c || exit 1
lpdiff h.old h.new >h.lpatch 2>h.err
is "$?$(cat h.lpatch)$(grep -c 'E143: `half`+0x4 leads into the middle of `whole`' h.err)" 21 "code that would go on in the old body is a reason for no patch"

# ---- symbols of sections that are not loaded are at no address (clang marks its debugging information) ----
{
    echo '.section .debug_marks, "", %progbits'
    seq -f '$d.%.0f: .space 16' 4096
} >marks.s
build() { out=$1; shift; "$CROSS_CC" -w -fno-section-anchors -O2 "$@" -Wl,--build-id -o "$out" "$tests/diff/builds.c" marks.s; }
build m.old && build m.shift -DSHIFT || exit 1
is "$(lpdiff --summary m.old m.shift 2>&1 | grep -v '^new ')" "" "marks that are no addresses, in another layout"

# ---- tables of offsets from themselves to texts, as clang makes them: what they lead to counts, not the numbers ----
cat >offsets.c <<'C'
#include <stdio.h>
#ifdef SHIFT
char front[SHIFT] = "front";
const char *before(int n) { return &"some text in front"[n]; }
#endif
const char *name(int);
__attribute__((noinline)) int fixed(int n) { return n FIXED; }
__asm__(".text\n .globl name\n .type name, %function\nname: and w8, w0, #3\n adrp x9, table\n add x9, x9, :lo12:table\n"
        LOAD " add x0, x9, x8\n" ROOM " ret\n .size name, .-name\n"
        ".section .rodata.str1.1, \"aMS\", %progbits, 1\n.La: .asciz \"zero\"\n.Lb: .asciz \"" ONE "\"\n.Lc: .asciz \"two\"\n.Ld: .asciz \"" LAST "\"\n"
        ".section .rodata, \"a\"\n .p2align 2\n" TYPE "table: .word .La-table, .Lb-table, .Lc-table, .Ld-table\n.Ltend: .text\n");
int main(int argc, char **argv) { for (int i = 0; i < 4; i++) printf("%s %d\n", name(i), fixed(i)); return 0; }
C
named='-DTYPE=".globl table\n .type table, %object\n .size table, 16\n"' plain='-DTYPE=""'
indexed='-DLOAD="ldrsw x8, [x9, w8, uxtw #2]\n"' stepped='-DLOAD="add x8, x9, w8, uxtw #2\n ldrsw x8, [x8]\n"'
for way in "$named $indexed" "$plain $indexed" "$plain $stepped"; do
    case $way in $named*) type=$named ;; *) type=$plain ;; esac
    case $way in *$indexed) load=$indexed ;; *) load=$stepped ;; esac
    for how in -pie '-no-pie -static'; do
        build()
        {
            out=$1 one=$2 last=$3
            shift 3
            "$CROSS_CC" -w -O1 $how "$type" "$load" "-DONE=\"$one\"" "-DLAST=\"$last\"" "$@" -Wl,--build-id -o "$out" offsets.c
        }
        build o.old one three -DFIXED=+1 -DROOM='""' && build o.shift one three -DSHIFT=40 -DFIXED=+1 -DROOM='""' &&
            build o.text ONE drei -DFIXED=+1 -DROOM='""' && build o.fix one three -DSHIFT=40 '-DFIXED=*5+2' -DROOM='""' &&
            build o.both five three '-DROOM="nop\n nop\n add x0, x0, #0\n"' -DFIXED=+1 -DSHIFT=40 || exit 1
        is "$(lpdiff --summary o.old o.shift 2>&1 | grep -v '^new ')" "" "$how: a table of offsets in another layout"
        fix "$how: a fix elsewhere" o.old o.fix fixed
        lpdiff o.old o.text >o.lpatch 2>o.err
        is "$?$(cat o.err)" 1 "$how: a text that such a table leads to changed"
        is "$(run -P o.lpatch ./o.old; echo $?)" "$(run ./o.text; echo $?)" "$how: the patched program does what the new one does"
        fix "$how: and the function, too" o.old o.both name
    done
done

# ---- addresses as numbers: what they are the address of counts ----
cat >number.c <<'C'
#include <stdio.h>
int a = 5, b = 6;
#ifdef SHIFT
int room[40] = {1};
#endif
int c = 7, get(int);
__attribute__((noinline)) int fixed(int n) { return n FIXED; }
__asm__(".text\n .globl get\n .type get, %function\nget: movz x8, #:abs_g0_nc:c\n movk x8, #:abs_g1_nc:c\n movk x8, #:abs_g2_nc:c\n movk x8, #:abs_g3:c\n"
        " ldr w8, [x8]\n add w0, w8, w0\n ret\n .size get, .-get\n");
int main(int argc, char **argv) { printf("%d %d %d\n", fixed(3), get(4), a + b); return 0; }
C
for how in '' -Wl,-q; do
    build() { out=$1; shift; "$CROSS_CC" -w -O1 -fno-section-anchors -fno-toplevel-reorder -no-pie -static $how "$@" -Wl,--build-id -o "$out" number.c; }
    build i.old -DFIXED=+1 && build i.new -DFIXED=+1 -DSHIFT && build i.fix -DFIXED=+2 || exit 1
    is "$(lpdiff --summary i.old i.new 2>&1 | grep -v '^new ')" "" "an address that MOVZ and MOVK make, of what moved $how"
    fix "elsewhere it is none $how" i.old i.fix fixed
done

# ---- unwinding information alone: it is said ----
cat >frame.c <<'C'
int frame(int n);
__asm__(".text\n .globl frame\n .type frame, %function\nframe: .cfi_startproc\n sub sp, sp, #32\n .cfi_def_cfa_offset " SIZE "\n"
        " add w0, w0, #1\n add sp, sp, #32\n .cfi_def_cfa_offset 0\n ret\n .cfi_endproc\n .size frame, .-frame\n");
int main(int argc, char **argv) { return frame(argc); }
C
"$CROSS_CC" -w '-DSIZE="16"' -Wl,--build-id -o f.old frame.c && "$CROSS_CC" -w '-DSIZE="32"' -Wl,--build-id -o f.new frame.c || exit 1
lpdiff f.old f.new >f.out 2>f.err
is "$?$(cat f.out)$(grep -c '1 functions of the same code have other unwinding information, which stays; the first: frame' f.err)" 01 \
    "a function of which the unwinding information alone changed"

# ---- clang, with debugging information ----
if have_arm64_clang; then
    for flag in -O0 -O2 -Os -Oz; do
        build() { out=$1; shift; arm64_clang -w -g $flag "$@" -Wl,--build-id -o "$out" "$tests/diff/builds.c"; }
        build c.old && build c.shift -DSHIFT && build c.new -DSHIFT -DFIX || exit 1
        is "$(lpdiff --summary c.old c.shift 2>&1 | grep -v '^new ')" "" "clang $flag: another layout is no change"
        fix "clang $flag" c.old c.new "dispatch limited on_sub" a beta 3 b xyz 50 c x 1 d x 2 g zz 12 f q 7
    done
    "$CROSS_CC" -w -O2 -Wl,--build-id -o u.old "$tests/diff/builds.c" && flag=-O2 build u.new || exit 1
    lpdiff u.old u.new >u.out 2>u.err
    is "$?$(cat u.out)$(grep -c 'E104: .*clang' u.err)" 21 "builds of two compilers are refused"
    lpdiff --force-unrelated u.old u.new >u.out 2>u.err
    is "$(grep -c E104 u.err)" 0 "--force-unrelated"
else
    skip "clang" "no clang for AArch64"
fi

# ---- C++: methods, vtables, exceptions elsewhere in the program ----
cat >shape.cc <<'C'
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>
#ifdef SHIFT
static const char front_text[] = "some room in front";
int front_room[37] = {1};
int front_use(int n) { return front_text[n] + front_room[n]; }
#endif
struct shape {
    virtual ~shape() {}
    virtual int area() const = 0;
    virtual const char *name() const { return "shape"; }
};
struct square : shape {
    int side;
    explicit square(int n) : side(n) {}
    int area() const override
    {
#ifdef METHOD
        if (side < 0) return 0;
#endif
        return side * side;
    }
};
struct box : shape {
    int w, h;
    box(int a, int b) : w(a), h(b) {}
    int area() const override { return w * h; }
#ifdef OVERRIDE
    const char *name() const override { return "box"; }
#endif
};
template <class T> struct counter {
    T total{};
    __attribute__((noinline)) T add(T v)
    {
#ifdef TEMPLATE
        if (v < 0) v = -v;
#endif
        return total += v;
    }
};
__attribute__((noinline)) int careful(const shape &s)
{
    try {
        if (s.area() > 1000) throw std::runtime_error("too large");
        return s.area();
    } catch (const std::exception &e) {
        std::printf("caught %s\n", e.what());
        return -1;
    }
}
int main(int argc, char **argv)
{
    std::vector<shape *> all;
    for (int i = 1; i < argc; i++) all.push_back(i & 1 ? static_cast<shape *>(new square(std::stoi(argv[i]))) : new box(i, std::stoi(argv[i])));
    counter<int> c;
    for (auto *s : all) std::printf("%s %d %d\n", s->name(), careful(*s), c.add(s->area()));
    return 0;
}
C
cxx=${CROSS_CC%gcc}g++
if have "$cxx" && "$cxx" -o shape.old shape.cc 2>/dev/null; then
    for flag in -O0 '-O2 -fno-devirtualize-speculatively' '-Os -static'; do
        build() { out=$1; shift; "$cxx" -w $flag "$@" -Wl,--build-id -o "$out" shape.cc; }
        build s.old && build s.shift -DSHIFT && build s.method -DSHIFT -DMETHOD && build s.slot -DSHIFT -DOVERRIDE && build s.template -DSHIFT -DTEMPLATE || exit 1
        is "$(lpdiff --summary s.old s.shift 2>&1 | grep -v -e '^new ' -e '^removed  *0x')" "" "C++ $flag: another layout is no change"
        fix "C++ $flag, a method" s.old s.method _ZNK6square4areaEv 3 -4 -5 6 100 7
        fix "C++ $flag, a method that was inherited" s.old s.slot _ZNK3box4nameEv 3 -4 -5 6 100 7
        fix "C++ $flag, a template" s.old s.template _ZN7counterIiE3addEi 3 -4 -5 6 100 7
    done
else
    skip "C++" "no $cxx"
fi

# ---- data far away: new code and data are between it and the old code ----
cat >far.c <<'C'
#include <stdio.h>
#include <stdlib.h>
__attribute__((section("far"))) int far_away[64] = {1};
int value(const char *s)
{
    if (!s[0]) puts("nothing");
    return atoi(s) BODY;
}
int main(int argc, char **argv)
{
    far_away[argc] = value(argv[1]);
    printf("%d\n", far_away[argc]);
    return 0;
}
C
build() { out=$1; shift; "$CROSS_CC" -w -O1 "$@" -Wl,--build-id,--section-start=far=0x8000000 -o "$out" far.c; }
build far.old -DBODY= && build far.new '-DBODY=+ (puts("more"), puts(s), far_away[0])' || exit 1
fix "data far away" far.old far.new value 5
# ---- code that completes a page which its callers make (clang -Oz moves it out of several functions): the relocations say of what ----
cat >page.c <<'C'
#include <stdio.h>
const char *front(void);
int say(int n), again(int n);
__asm__(".section .rodata\n.Lfront: .asciz \"" FRONT "\"\n.Ltext: .asciz \"%d said\\n\"\n.text\n"
        ".type front, %function\nfront: adrp x0, .Lfront\nadd x0, x0, :lo12:.Lfront\nret\n.size front, . - front\n"
        ".type say, %function\nsay: str x30, [sp, #-16]!\nmov w1, w0\nadrp x0, .Ltext\nbl moved\nldr x30, [sp], #16\nret\n.size say, . - say\n"
        ".type again, %function\nagain: str x30, [sp, #-16]!\nadd w1, w0, #1\nadrp x0, .Ltext\nbl moved\nldr x30, [sp], #16\nret\n.size again, . - again\n"
        ".type moved, %function\nmoved: add x0, x0, :lo12:.Ltext\nb printf\n.size moved, . - moved\n");
int main(int argc, char **argv) { return puts(front()), say(argc) + again(argc) != 14; }
C
for how in '-no-pie -fno-pie' -pie '-no-pie -fno-pie -static'; do
    for side in old new; do
        [ $side = old ] && front=one || front='one and more'
        with_gcc -O1 $how -Wl,-q "-DFRONT=\"$front\"" -Wl,--build-id -o page.$side page.c || not_ok "compile page.c"
    done
    fix "a page that callers make, $how" page.old page.new front
done
tap_done
