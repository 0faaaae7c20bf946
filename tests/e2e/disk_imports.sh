#!/bin/sh
# New imports: lpmake finds their version in the target's libraries, lpdis shows them, other tools take the files that have them, and what cannot be is refused.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
root=$(arm64_sysroot) || skip_all "no AArch64 C library to link with"
limited() { timeout -k 5 60 "$@"; }
under_lprun() { limited lprun --no-control -L "$root" -E LD_LIBRARY_PATH=. "$@" 2>&1; }
under_qemu() { limited "$QEMU_AARCH64" -cpu max -L "$root" -E LD_LIBRARY_PATH=. "$@" 2>&1; }
engines=under_lprun
have_qemu && engines="$engines under_qemu"
cat >old.c <<'C'
#include <stdio.h>
#include <string.h>
__attribute__((noipa)) int parse(const char *s) { return (int)strlen(s); }
int main(int argc, char **argv) { for (int i = 1; i < argc; i++) printf("%d\n", parse(argv[i])); return 0; }
C
cat >fix.c <<'C'
#include <ctype.h>
#include <stdio.h>
#include <string.h>
int parse(const char *s)
{
    if (!isalpha(*s)) fprintf(stderr, "bad %s\n", s), fflush(stderr);
    return (int)strnlen(s, 4);
}
C
expected='bad 12
4
2'
cc() { "$CROSS_CC" -w -O2 -Wl,--build-id "$@"; }
cc -o prog old.c && "$CROSS_CC" -O2 -fPIC -c -o fix.o fix.c || { not_ok "compile"; tap_done; }
works() { for engine in $engines; do is "$($engine ./$1 abcdefgh 12)" "$expected" "$2: $engine"; done; }

# ---- lpmake: where the libraries are, and where they are not ----
run "lpmake -L" 0 lpmake -L "$root" -t prog -o fix.lpatch -M fix.d 'parse=replace from fix.o'
is "$(cat run)" "" "nothing is to be said"
is "$(grep -c 'strnlen@GLIBC_2.17!libc.so.6$' fix.lpatch) $(grep -c 'stderr@GLIBC_2.17!libc.so.6$' fix.lpatch)" "2 2" "versions are those of the C library"
like "$(cat fix.d)" '/libc.so.6' "which the patch depends on"
is "$(LPRUN_LD_PREFIX=$root lpmake -t prog 'parse=replace from fix.o')" "$(cat fix.lpatch)" "LPRUN_LD_PREFIX says it, too"
run "lpmake without libraries" 0 lpmake -L /nowhere -t prog -o none.lpatch 'parse=replace from fix.o'
like "$(cat run)" '`strnlen` is neither in the program nor among its imports, and not in a library of it that is found here (-L)' "a warning says so"
is "$(under_lprun -P none.lpatch ./prog abcdefgh 12)" "$expected" "such a patch is for programs that run"
run "and not for files" 1 lpapply -o none prog none.lpatch
like "$(cat run)" 'symbol `strnlen` is neither here nor imported, and a patched file must say which version it imports' "which is said"
is "$(under_lprun -P fix.lpatch ./prog abcdefgh 12)" "$expected" "from the start"
run "in the file" 0 lpapply -o patched prog fix.lpatch
works patched "in the file"
like "$(lpdis -P fix.lpatch --symbol parse prog)" 'bl	0x0 -> strnlen@GLIBC_2.17!libc.so.6$' "lpdis -P shows the call"
like "$(lpdis -P fix.lpatch --symbol parse prog)" 'ldr	x[0-9]*,.*-> stderr@GLIBC_2.17!libc.so.6$' "and the slot"
like "$(lpdis patched)" 'ldr	x16.*-> strnlen$' "and lpdis what the file has"
run "lpapply -l" 0 lpapply -l patched
like "$(cat run)" '^fix ' "lists the patch"

# ---- two patches in one file: what both import comes once; and one of them leaves ----
printf '#include <string.h>\nint main(int c, char **v) { return (int)strnlen(v[0], 3) + (strdup(v[0]) == 0); }\n' | "$CROSS_CC" -w -O2 -fPIC -c -o main.o -x c - || not_ok "compile"
lpmake -q -L "$root" -t prog -o main.lpatch --meta name=main 'main=replace from main.o'
run "two patches" 0 lpapply -o both prog fix.lpatch main.lpatch
for engine in $engines; do $engine ./both abc; is "$?" 3 "two patches: $engine"; done
is "$(tool readelf -W --dyn-syms both | grep -c ' strnlen@GLIBC_2.17')" 1 "what both import is there once"
lpapply -q -R -o one both main && same one patched "one of them leaves"
lpapply -q -R -o none both && same none prog "both leave"

# ---- weak for one, and not for another: as for a linker, it must be there then, whoever comes first ----
printf '#include <string.h>\nint parse(const char *s) { return (int)(strnlen(s, 9) + strnlen(s + 1, 9)); }\n' | "$CROSS_CC" -w -O0 -fPIC -c -o call.o -x c -
lpmake -q -L "$root" -t prog -o call.lpatch 'parse=replace from call.o' || not_ok "two calls"
bind() { tool readelf -W --dyn-syms "$1" | awk '$8 ~ /^strnlen@/ { print $5 }'; }
weakly() { sed "$1" call.lpatch | lpmake --redigest -o weak.lpatch; }
is "$(grep -c 'strnlen@GLIBC_2.17!libc.so.6$' call.lpatch)" 2 "two calls of it"
for order in '0,/strnlen.*/s//& weak/:GLOBAL' 's/strnlen.*/& weak/:WEAK'; do
    weakly "${order%:*}"
    lpapply -q -o weak.new prog weak.lpatch
    is "$(bind weak.new)" "${order##*:}" "$order: in one patch"
done
lpapply -q -o weak.new prog weak.lpatch main.lpatch
is "$(bind weak.new)" GLOBAL "weak in the first one of two patches"
lpapply -q -o weak.new prog main.lpatch weak.lpatch
is "$(bind weak.new)" GLOBAL "weak in the second one"

# ---- other tools ----
changed() { if "$@" >log 2>&1; then works changed "$*"; else not_ok "$*"; note <log; fi; }
for way in '-pie -fPIE' -no-pie '-pie -fPIE -Wl,-z,now,--hash-style=both' stripped; do
    case $way in stripped) tool strip prog ;; *) cc $way -o prog old.c && at=0x$(tool nm prog | awk '$3 == "parse" { print $1 }') ;; esac
    lpmake -L "$root" -t prog -o fix.lpatch "$at=replace from fix.o:parse" 2>err || not_ok "$way: patch"
    [ "$way" != stripped ] || like "$(cat err)" '`strnlen` is not among the program.s imports, and is taken to be strnlen@GLIBC_2.17!libc.so.6. If the program' "$way: said so"
    rm -f patched
    run "$way: apply" 0 lpapply -o patched prog fix.lpatch
    works patched "$way"
    changed tool strip -o changed patched
    changed tool objcopy patched changed
    have eu-strip && changed eu-strip -o changed patched
    if have patchelf; then
        cp patched changed
        changed patchelf --set-rpath /nowhere changed
        changed patchelf --add-needed libc.so.6 changed
    fi
    have gdb-multiarch && like "$(gdb-multiarch -batch -ex 'info functions strnlen' patched 2>&1; tool readelf -W --dyn-syms patched)" 'strnlen' "$way: gdb reads it"
    is "$(have gdb-multiarch && gdb-multiarch -batch -ex 'info line main' patched 2>&1 | grep -i 'warning\|error\|bfd')" "" "$way: and has no complaint"
    lpapply -q -R -o back patched && same back prog "$way: the old file comes back"
done

# ---- without section headers: everything by PT_DYNAMIC ----
cc -o prog old.c && lpmake -q -L "$root" -t prog -o fix.lpatch 'parse=replace from fix.o' || not_ok "patch"
at=$(tool nm prog | awk '$3 == "parse" { print "0x" $1 }')
cp prog bare && printf '\0\0\0\0\0\0\0\0' | dd of=bare bs=1 seek=40 conv=notrunc 2>/dev/null && printf '\0\0\0\0' | dd of=bare bs=1 seek=60 conv=notrunc 2>/dev/null
sed "s/^func parse/func $at/; s/^object .*/object    bare/" fix.lpatch | lpmake --redigest -o bare.lpatch
run "no section headers" 0 lpapply -o bare.new bare bare.lpatch
works bare.new "no section headers"
lpapply -q -R -o back bare.new && same back bare "no section headers: the old file comes back"

# ---- without relocations of data, versions and the C library ----
cat >bare.c <<'C'
extern int twice(int), thrice(int), five;
void quit(int);
#ifdef LIB
int twice(int n) { return 2 * n; }
int thrice(int n) { return 3 * n; }
int five = 5;
void quit(int n) { register long x8 __asm__("x8") = 94, x0 __asm__("x0") = n; __asm__ volatile("svc 0" : : "r"(x8), "r"(x0)); }
#elif defined FIX
int work(int n) { return thrice(n) + five; }
#else
__attribute__((noipa)) int work(int n) { return twice(n); }
void _start(void) { quit(work(4)); }
#endif
C
mkdir -p sr/lib
for way in '-fPIE -pie' '-no-pie -Wl,--hash-style=sysv'; do
    cc -nostdlib -shared -fPIC -DLIB -Wl,-soname,libbare.so -o sr/lib/libbare.so bare.c && cc -nostdlib $way -o bare bare.c -Lsr/lib -lbare &&
        cc -fPIC -DFIX -c -o bare.o bare.c || not_ok "compile"
    lpmake -q -L sr -t bare -o bare.lpatch 'work=replace from bare.o'
    run "$way: no relocations of data before" 0 lpapply -o bare.new bare bare.lpatch
    is "$(tool readelf -W -r bare.new 2>&1 | grep -i 'error\|warning')" "" "$way: what readelf -r has to say"
    like "$(tool objdump -R bare.new)" 'R_AARCH64_GLOB_DAT *five' "$way: objdump -R"
    have eu-elflint && is "$(eu-elflint --gnu-ld bare.new)" "$(eu-elflint --gnu-ld bare)" "$way: eu-elflint"
    limited lprun --no-control -L "$root" -E LD_LIBRARY_PATH=sr/lib ./bare.new
    is "$?" 17 "$way: and it runs"
done

# ---- what cannot be ----
refused()
{
    sed "s/strnlen@GLIBC_2.17!libc.so.6/$2/" fix.lpatch | lpmake --redigest -o other.lpatch
    run "$1: refused" 1 lpapply -o other prog other.lpatch
    like "$(cat run)" "$3" "$1: said so"
}
refused "a library that is not needed" 'strnlen@GLIBC_2.17!libm.so.6' 'the file does not need the library that has it, and gets none: libm.so.6$'
refused "a version of nobody" 'strnlen@GLIBC_9' 'it is not said whose version that is$'
for way in -static -static-pie; do
    cc $way -o alone old.c || { not_ok "$way: compile"; continue; }
    { head_of alone x; printf '@ parse\n- %s\n+ 94000000 call26 iconvx@GLIBC_2.17!libc.so.6\nend\n' "$(word alone parse 0)"; } >other.lpatch
    run "$way: refused" 1 lpapply -o other alone other.lpatch
    like "$(cat run)" 'iconvx@GLIBC_2.17.*\(a static program imports nothing\|no dynamic linker would look for it: the file needs no library\)$' "$way: said so"
done
tap_done
