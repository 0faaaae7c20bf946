#!/bin/sh
# A library's new code calls and takes what the library itself exports, for the first time: it is the one that the dynamic linker finds, the program's if that
# has one of its name, or the library's own where the linker has settled that (-Bsymbolic). And a program's new code takes what no slot had.
. "$srcdir/tests/lib.sh"
need_cross
need_qemu
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers
mkdir new disk
cat >lib.c <<'C'
int number = 5;
int called(int n) { return n * 3; }
int taken(int n) { return n + 1; }
__attribute__((visibility("protected"))) int shielded(int n) { return n + 2; }
static int own(int n) { return n - 1; }
#ifdef NEW
#define THEN taken
#else
#define THEN own
#endif
static int (*const steps[])(int) = {own, THEN};
int step(int i, int n) { return steps[i & 1](n); }
int work(int n)
{
#ifdef NEW
    static int (*volatile first)(int) = taken, (*volatile second)(int) = shielded, *volatile place = &number;
    int (*volatile here)(int) = taken;
    n = called(n) + 100 * first(n) + 10000 * second(n) + 1000000 * here(n) + 20000000 * *place + 300000000 * number;
#endif
    return n + 1;
}
C
cat >main.c <<'C'
#include <stdio.h>
int work(int), step(int, int);
#ifdef OWN
int called(int n) { return n * 4; }
int taken(int n) { return n + 5; }
int shielded(int n) { return n + 7; }
int number = 6;
#endif
int main(void) { printf("%d %d %d\n", work(2), step(0, 7), step(1, 7)); return 0; }
C
by_qemu() { "$QEMU_AARCH64" -L "$sysroot" -E LD_LIBRARY_PATH="$1" "./$2" 2>&1; }
for how in 'with_gcc -O0' 'with_gcc -O2' 'with_gcc -O2 -fno-plt' 'with_gcc -O2 -Wl,-q' 'with_gcc -O2 -s' 'with_gcc -O2 -Wl,-Bsymbolic' \
    'with_gcc -O2 -Wl,-Bsymbolic-functions' 'with_gcc -O2 -fno-plt -Wl,-Bsymbolic-functions' 'with_clang -O2' 'with_clang -O2 -fuse-ld=lld' \
    'with_clang -O2 -fsemantic-interposition' 'with_clang -O0 -Wl,-Bsymbolic-functions'; do
    case $how,$compilers in with_clang*,*with_clang*) ;; with_clang*) continue ;; esac
    case $how in *ld=lld*) command -v ld.lld >/dev/null || { skip "$how" "no ld.lld"; continue; } ;; esac
    build() { $how -fPIC -shared -Wl,-soname,libi.so,--build-id "$@" lib.c; }
    build -o libi.so && build -DNEW -o new/libi.so && with_gcc -o plain main.c libi.so && with_gcc -DOWN -o own main.c libi.so ||
        { not_ok "$how: compile"; continue; }
    lpdiff --heuristic libi.so new/libi.so >r.lpatch 2>err
    is "$?$(cat err)" 1 "$how: there is a patch"
    rm -f disk/libi.so
    lpapply -q -o disk/libi.so libi.so r.lpatch
    for program in plain own; do
        want=$(by_qemu new $program)
        is "$(run -E LD_LIBRARY_PATH=. -P r.lpatch "./$program") $(by_qemu disk $program) $(run -E LD_LIBRARY_PATH=disk "./$program")" "$want $want $want" \
            "$how, $program: the patched library does what the new one does"
    done
    lpapply -q -R disk/libi.so
    same disk/libi.so libi.so "$how: the old library comes back"
done

# ---- a program: what another source file has, of which no code had the address ----
printf 'int level = 5;\nint helper(int n) { return level + n; }\n' >other.c
cat >first.c <<'C'
#include <stdio.h>
extern int level;
int helper(int);
__attribute__((noinline)) int f(int n)
{
#ifdef NEW
    level += n;
#endif
    return n * 2;
}
int main(int argc, char **argv) { printf("%d %d\n", f(argc), helper(argc)); return 0; }
C
for how in 'with_gcc -O2' 'with_gcc -O0 -Wl,-q' 'with_gcc -O2 -fno-plt -s' 'with_gcc -O2 -static-pie' 'with_clang -O2' 'with_clang -O2 -fuse-ld=lld'; do
    case $how,$compilers in with_clang*,*with_clang*) ;; with_clang*) continue ;; esac
    case $how in *ld=lld*) command -v ld.lld >/dev/null || continue ;; esac
    case $how in *static*) pie= ;; *) pie=-pie ;; esac
    build() { $how -fPIE $pie -Wl,--build-id "$@" first.c other.c; }
    build -o first.old && build -DNEW -o first.new || { not_ok "$how: compile"; continue; }
    lpdiff --heuristic first.old first.new >r.lpatch 2>err
    is "$?$(cat err)" 1 "$how: there is a patch for the first use of a variable of another source file"
    want=$(run ./first.new)
    lpapply -q -o first.disk first.old r.lpatch
    is "$(run -P r.lpatch ./first.old) $("$QEMU_AARCH64" -L "$sysroot" ./first.disk 2>&1)" "$want $want" "$how:   and it is right"
done
tap_done
