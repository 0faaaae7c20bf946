#!/bin/sh
# What a file says besides its code and data: notes that it reads itself, numbers with names, versions, what the headers and the dynamic section say to the
# kernel and the dynamic linker. A patch changes nothing of the latter, and lpdiff must say so.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
# refused NAME OLD NEW TEXT: it is refused so
refused()
{
    lpdiff --heuristic "$2" "$3" >out 2>err
    is "$?$(cat out)" 2 "$1: refused"
    like "$(cat err)" "$4" "  so"
}
# said NAME OLD NEW TEXT: nothing is to be patched, and it is said that something differs
said()
{
    lpdiff --heuristic "$2" "$3" >out 2>err
    is "$?$(cat out)" 0 "$1: no patch"
    like "$(cat err)" "^lpdiff: warning: $4" "  and a warning"
}

# ---- data in a section of notes, or of a type of its own ----
cat >note.c <<'C'
#include <stdio.h>
#ifndef V
#define V 5
#endif
struct note { int namesz, descsz, type; char name[8]; int version; };
#ifdef ALONE
const char other[] __attribute__((section(".note.alone"), aligned(4), used)) = ALONE;
#endif
__attribute__((section(SECTION))) const struct note ver = {4, 4, 1, "App", V};
const struct note *led = &ver;
__attribute__((noinline)) static const struct note *own(void) { const struct note *p = &ver; __asm__("" : "+r"(p)); return p; }
int main(void) { printf("version %d %d\n", own()->version, led->version); return 0; }
C
both_compilers
for with in $compilers; do
    for how in '' -static '-no-pie -s' -s; do
        for section in .note.app '.own,\"a\",%0x6fff4321//'; do
            build() { out=$1; shift; $with -O2 $how -DSECTION="\"$section\"" "$@" -Wl,--build-id -o "$out" note.c; }
            build n.old && build n.new -DV=6 && becomes "$with $how: $section" n.old n.new
        done
    done
done
build() { out=$1; shift; with_gcc -O2 -DSECTION='".note.app"' "$@" -Wl,--build-id -o "$out" note.c; }
build n.one -DALONE='"1"' && build n.two -DALONE='"2, and longer"' || exit 1
nothing "a note that nobody refers to is none of the program's" n.one n.two
build n.three -Wl,--build-id=0x1234 && build n.four -Wl,--build-id=0x5678 || exit 1
nothing "the build-id is not" n.three n.four

# ---- what others find ----
cat >exports.c <<'C'
#ifndef N
#define N 0x1000
#endif
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#ifndef NONE
__asm__(".globl answer\n.set answer, " TEXT(N));
#endif
#ifdef LABEL
__asm__(".text\n.globl label\nlabel: ret");
#endif
#ifdef THREAD
_Thread_local int thread;
#endif
int f(int x) { return x * 3; }
int own __attribute__((visibility(VISIBLE))) = 1;
int f_one(int x) { return x * 5; }
__asm__(".symver f_one, g@" AT "V1");
C
printf 'V1 { global: *; };\n' >map
build() { out=$1; shift; with_gcc -O1 -fPIC -shared -Wl,-soname,x.so -Wl,--version-script=map -Wl,--build-id "$@" -o "$out" exports.c; }
build2() { out=$1; shift; build "$out" -DAT='"@"' -DVISIBLE='"default"' "$@"; }
build2 e.old && build2 e.same -DN=0x0fff+1 && build2 e.new -DN=0x1001 && build2 e.none -DNONE && build2 e.label -DLABEL && build2 e.thread -DTHREAD &&
    build e.hidden -DAT='""' -DVISIBLE='"default"' && build e.protected -DAT='"@"' -DVISIBLE='"protected"' || exit 1
nothing "numbers with names" e.old e.same
refused "another number" e.old e.new 'E113: other objects find another number by the name .answer. now: 0x1000 became 0x1001$'
said "a number that is gone" e.old e.none 'other objects do not find in the new file .*symbols: 1, the first: answer'
said "a label that is new" e.old e.label 'other objects find more in the new file.*: label)'
like "$(lpdiff e.old e.thread 2>&1)" 'E160: .*thread' "a thread-local variable that is new is refused"
said "a version that is no longer the first" e.old e.hidden 'who looks for g without a version finds V1 no longer in the new file'
said "a name that nobody takes away" e.old e.protected 'the library uses its own own, .* in the new file only (STV_PROTECTED)'

# ---- the dynamic section ----
with_gcc -shared -fPIC -o libother.so -Wl,-soname,libother.so -x c /dev/null || exit 1
# differ NAME OPTION TEXT: E153, and the other way round E154
differ()
{
    build2 e.term "$2" || exit 1
    refused "$1" e.old e.term "E153: $3 in the new file, and not in the old one\$"
    refused "$1, no longer" e.term e.old "E154: $3 in the old file, and not in the new one\$"
}
differ "another library's names" -Wl,--filter=libother.so "its names are those of another library (DT_FILTER): libother.so"
differ "another library's names if it has them" -Wl,--auxiliary=libother.so ".*another library's if that has them (DT_AUXILIARY): libother.so"
differ "initfirst" -Wl,-z,initfirst '.*(DF_1_INITFIRST)'
differ "nodelete" -Wl,-z,nodelete '.*(DF_1_NODELETE)'
differ "nodlopen" -Wl,-z,nodlopen '.*(DF_1_NOOPEN)'
differ "interpose" -Wl,-z,interpose '.*(DF_1_INTERPOSE)'
differ "symbolic" -Wl,-Bsymbolic '.*(DT_SYMBOLIC)'
# warned NAME OPTION TEXT
warned()
{
    build2 e.term "$2" || exit 1
    said "$1" e.old e.term "in the new file, not in the old one, and not with a patch: $3"
    said "$1, no longer," e.term e.old "in the old file, and with a patch, and not in the new one: $3"
}
warned "now" -Wl,-z,now 'all that it imports .* (DT_BIND_NOW)'
warned "nodefaultlib" -Wl,-z,nodefaultlib '.*(DF_1_NODEFLIB)'
warned "audit" -Wl,--audit=libother.so '.*(DT_AUDIT): libother.so'
warned "a flag that is not known" -Wl,-z,global '.*(DT_FLAGS_1)'
build2 e.lib -Wl,--no-as-needed ./libother.so || exit 1
said "a library that is no longer needed" e.lib e.old 'the new file does not need libother.so'

# ---- program headers ----
cat >plain.c <<'C'
int main(void) { return 3; }
C
build() { out=$1; shift; with_gcc -O1 plain.c -Wl,--build-id "$@" -o "$out"; }
build p.old && build p.linker -Wl,--dynamic-linker=/elsewhere/ld.so && build p.stack -Wl,-z,stack-size=1048576 && build p.bti -Wl,-z,force-bti 2>/dev/null &&
    build p.static -static-pie || exit 1
said "another dynamic linker" p.old p.linker 'the new file is loaded by another dynamic linker.*/elsewhere/ld.so'
said "another stack" p.old p.stack 'the new file wants another size of the stack (1048576, not '
like "$(lpdiff p.old p.bti 2>&1)" 'not with a patch: indirect branches lead to landing pads only (BTI)' "landing pads are warned of"
refused "a program that needs no dynamic linker" p.old p.static 'E102: .* a position-independent program against a static program'

# ---- files of another machine, and of which nobody knows what is loaded ----
# poke FILE OUT OFFSET BYTE
poke() { cp "$1" "$2" && printf "$(printf '\\%03o' "$4")" | dd of="$2" bs=1 seek="$3" conv=notrunc 2>/dev/null; }
poke p.old p.machine 18 62 && poke p.old p.class 4 1 || exit 1
lpdiff p.machine p.class >out 2>err
is "$?$(cat out)" 2 "two files of other machines: refused"
is "$(grep -c 'E101: not an AArch64' err)" 2 "  both with a number"
header=$(($(od -An -tu8 -j32 -N8 p.old)))
load=$(od -An -v -tu4 -w56 -j$header -N560 p.old | awk '$1 == 1 { n = NR } END { print 56 * (n - 1) }')
poke p.old p.gone $((header + load)) 129 && poke p.old p.shifted $((header + load + 16)) 1 || exit 1
for bad in p.gone p.shifted; do
    refused "$bad" p.old $bad 'E107: section .* is not loaded as the file has it'
    refused "$bad as the old file" $bad p.old 'E107: section .* is not loaded as the file has it'
done
tap_done
