#!/bin/sh
# lpmake: what a library exports is, in new code of it too, what the dynamic linker finds: the program's, or a preloaded library's. At the start and in the file.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/making/lib.sh"
need_qemu
cat >lib.c <<'E2'
int number = 5;
const int table[2] = {1, 2};
__attribute__((weak)) int weak(int a) { return a + 10; }
int called(int a) { return a + 1; }
int taken(int a) { return a + 2; }
int kept(int a) { return called(a) + taken(a) + number; }
#ifdef NEW
int (*const list[])(int) = {taken, called};
int work(int a) { int (*volatile p)(int) = taken; int (*const *volatile q)(int) = list; return called(a) + 1000 * p(a) + weak(a) + 100000 * q[0](a) + 1000000 * number; }
#elif defined(PART)
extern int number;
int called(int), taken(int), weak(int);
int (*const list[])(int) = {taken, called};
int work(int a) { int (*volatile p)(int) = taken; int (*const *volatile q)(int) = list; return called(a) + 1000 * p(a) + weak(a) + 100000 * q[0](a) + 1000000 * number; }
#else
int work(int a) { return weak(a) + a; }
#endif
E2
sed -n '/(PART)/,/^#else/p' lib.c | grep -v '^#' >part.c
cat >main.c <<'E2'
#include <stdio.h>
int work(int);
#ifdef OWN
int called(int a) { return a + 100; }
int taken(int a) { return a + 3; }
int weak(int a) { return a + 4; }
int number = 7;
#endif
int main(void) { printf("%d\n", work(1)); }
E2
printf 'int called(int a) { return a + 200; }\nint taken(int a) { return a + 4; }\n' >before.c
"$CROSS_CC" -O2 -fPIC -shared -o before.so before.c
"$CROSS_CC" $SECTIONS -fPIC -c -o part.o part.c || not_ok "compile part.c"
mkdir new disk
# in PROGRAM LIBRARY_FOLDER WHAT...: by qemu, or by lprun
by_qemu() { "$QEMU_AARCH64" -L "$sysroot" -E LD_LIBRARY_PATH="$1" ${3:+-E LD_PRELOAD="$3"} "./$2" 2>&1; }
by_lprun() { run_lprun -E LD_LIBRARY_PATH=. ${2:+-E LD_PRELOAD="$2"} -P p.lpatch "./$1"; }
# agree NAME FLAGS...: old and new library with these flags, and the patch in all four ways
agree()
{
    name=$1
    shift
    "$CROSS_CC" $STANDARD -fPIC -shared -Wl,-soname,libi.so "$@" -o libi.so lib.c && "$CROSS_CC" $STANDARD -fPIC -shared -Wl,-soname,libi.so "$@" -DNEW -o new/libi.so lib.c &&
        "$CROSS_CC" $SECTIONS -fPIC "$@" -DNEW -c -o lib.o lib.c && "$CROSS_CC" -O2 -o plain main.c -L. -li && "$CROSS_CC" -O2 -DOWN -o own main.c -L. -li ||
        { not_ok "$name: compile"; return; }
    for o in lib.o part.o; do
        lpmake -t libi.so -o p.lpatch "work=replace from $o" 2>err && rm -f disk/libi.so && lpapply -q -o disk/libi.so libi.so p.lpatch || { not_ok "$name: $o"; note <err; continue; }
        for run in plain own 'plain ./before.so' 'own ./before.so'; do
            want=$(by_qemu new $run)
            is "$(by_lprun $run) $(by_qemu disk $run)" "$want $want" "$name: $o, $run"
        done
        [ ! -s err ] || note <err
    done
}
agree "a PLT"
agree "no PLT" -fno-plt
agree "-Bsymbolic" -Wl,-Bsymbolic
# What the file shows of it is nothing: said.
echo 'int work(int a) { return a; } int called(int a) { return a + 1; }' >bare.c
"$CROSS_CC" $STANDARD -fPIC -shared -Wl,-soname,libi.so -o bare.so bare.c
echo 'int called(int); int work(int a) { return called(a) * 2; }' | object x -fPIC
lpmake -t bare.so -o p.lpatch 'work=replace from x.o' 2>err
like "$(cat err)" 'x.o: `called` is the library.s own here, even if the program' "a library that does not show it: said"
echo 'int called(int); int work(int a) { int (*volatile p)(int) = called; return p(a) * 2; }' | object x -fno-pic
lpmake -t bare.so -o p.lpatch 'work=replace from x.o' 2>err
like "$(cat err)" 'one of that name: compile it with -fPIC' "an object of a program's code: said"
# Hidden, protected, versioned away: the library's own, and no word.
echo '__attribute__((visibility("hidden"))) int called(int); int work(int a) { return called(a) * 2; }' | object x -fPIC
lpmake -t libi.so -o p.lpatch 'work=replace from x.o' 2>err
is "$(cat err)$(sed -n 's/.* call26 //p' p.lpatch)" "called" "hidden in the object: the library's own"
"$CROSS_CC" $STANDARD -fPIC -fvisibility=protected -shared -Wl,-soname,libi.so -o libi.so lib.c
lpmake -t libi.so -o p.lpatch 'work=replace from part.o' 2>err
is "$(cat err)$(sed -n 's/.* call26 //p' p.lpatch | sort -u | tr '\n' ' ')" "called weak " "protected in the library: its own"
tap_done
