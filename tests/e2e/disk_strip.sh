#!/bin/sh
# A patched program still runs, and unwinds, after strip, objcopy and their relatives, however large its .bss is: tools that lay out a file anew
# leave no room in it for zeros.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
cc() { "$CROSS_CC" -w -O2 -fno-ipa-ra -fno-ipa-pure-const "$@"; }
echo 'int main(void) { return 0; }' >empty.c
cc -static -o empty empty.c 2>log || skip_all "no AArch64 C library to link with"
limited() { timeout -k 5 60 "$@"; }
under_lprun() { limited lprun --no-control "$@"; }
under_qemu() { limited "$QEMU_AARCH64" "$@"; }
engines=under_lprun
have_qemu && engines="$engines under_qemu"
cat >big.c <<'E'
#include <stdio.h>
static char pad[SIZE]; TLS int own = 9; static int more[5];
#ifdef NEW
__attribute__((noinline)) int f(int a)
{
    static int calls, from = 100;
    static const char *const names[] = {"a", "bc"};
    more[a]++, calls++;
    return calls + from++ + a + names[a & 1][0] - 'a' + more[a];
}
#else
__attribute__((noinline)) int f(int a) { return a; }
#endif
int main(void) { pad[0] = 1; printf("%d %d %d\n", f(1) + f(2), own++, pad[SIZE - 1]); return 0; }
E
cat >throw.cc <<'E'
#include <cstdio>
static char pad[200001];
#ifdef NEW
__attribute__((noinline)) int f(int a) { if (a > 1) throw a * 10; return a; }
#else
__attribute__((noinline)) int f(int a) { if (a > 1) throw a; return a; }
#endif
int main(int c, char **) { pad[c] = 1; try { std::printf("%d\n", f(c + 1)); } catch (int e) { std::printf("caught %d\n", e + pad[0]); } return 0; }
E
# changed NAME WANT WORD...: words make the file `changed` of `patched`, which is to print WANT, under each engine
changed()
{
    name=$1 want=$2
    shift 2
    rm -f changed
    "$@" >log 2>&1 || { not_ok "$name"; note <log; return; }
    for engine in $engines; do is "$($engine ./changed 2>&1)" "$want" "$name: $engine"; done
}
strip_g() { tool strip -g -o changed patched; }
strip_all() { tool strip -o changed patched; }
copy() { tool objcopy patched changed; }
copy_more() { tool objcopy --add-section .more=empty.c patched changed; }
llvm() { llvm-strip -o changed patched; }
elfutils() { eu-strip -o changed patched; }
# after NAME WANT: all tools; llvm-strip refuses what some linkers make
after()
{
    changed "$1: patched" "$2" cp patched changed
    for how in strip_all strip_g copy copy_more; do changed "$1: $how" "$2" $how; done
    have llvm-strip && llvm-strip -o /dev/null old 2>/dev/null && changed "$1: llvm-strip" "$2" llvm
    have eu-strip && changed "$1: eu-strip" "$2" elfutils
    run "$1: revert" 0 lpapply -R -o back patched
    same back old "$1: the old file"
}
for kind in -static '-static -Wl,-z,max-page-size=4096' '-static-pie -fPIE'; do
    for size in 1 80001 200001; do
        for tls in '' __thread; do
            name="$kind, $size bytes${tls:+, TLS}"
            cc $kind -DSIZE=$size -DTLS=$tls -o old big.c && cc $kind -DSIZE=$size -DTLS=$tls -DNEW -o new big.c &&
                cc ${kind#-static*} -ffunction-sections -fdata-sections -DSIZE=$size -DTLS=$tls -DNEW -c -o new.o big.c ||
                { not_ok "$name: compile"; continue; }
            lpmake -q -t old -o p.lpatch 'f=replace from new.o' && lpapply -q -o patched old p.lpatch || not_ok "$name: patch"
            after "$name" "$(under_lprun ./new 2>&1)"
        done
    done
done
cxx=${CROSS_CXX:-${CROSS_CC%gcc}g++}
if have "$cxx"; then
    "$cxx" -w -O2 -fno-ipa-ra -static -o old throw.cc && "$cxx" -w -O2 -ffunction-sections -DNEW -c -o new.o throw.cc || not_ok "compile throw.cc"
    lpmake -q -t old -o p.lpatch '_Z1fi=replace from new.o' && lpapply -q -o patched old p.lpatch || not_ok "throw: patch"
    after "exceptions" "caught 20"
else
    skip exceptions "no AArch64 C++ compiler"
fi
tap_done
