#!/bin/sh
# Stripped files whose constants are the same in both: what is at a place is at that place in the other one, wherever it begins and ends. So nothing comes
# along, no function is changed because of them, and no address is in doubt.
. "$srcdir/tests/lib.sh"
need_cross
cd "$scratch" || exit 1
sysroot=$(arm64_sysroot) || sysroot=/
run() { timeout 60 lprun --no-control -L "$sysroot" "$@" 2>&1; }
cat >same.c <<'C'
#include <stdio.h>
static const unsigned sums[40] = {7, 21, 63, 189, 567, 1701, 5103, 15309, 45927, 6, 18, 54, 162, 486, 1458, 4374, 13122, 39366, 5, 15, 45, 135, 405, 1215, 3645,
    10935, 32805, 4, 12, 36, 108, 324, 972, 2916, 8748, 26244, 3, 9, 27, 81};
static const int range[32] = {-11, -1, 3, 1, 5, 2, 9, 4, 17, 8, 33, 16, 65, 32, 129, 64, 257, 128, 513, 256, 1025, 512, 2049, 1024, 4097, 2048, 8193, 4096,
    9, 2, 3, 1};
static const int last[24] = {33, 77, 1, 5, 31, 7, 99, 45, 12, 76, 4, 87, 9, 66, 34, 2, 90, 11, 13, 17, 19, 23, 29, 31};
__attribute__((noinline)) int ranged(int x, const unsigned char *p)
{
    int r = 0;
    for (int i = 0; i < x; i++) r = r * 3 + range[p[i] - 28] + last[p[i] - 30];
    return r;
}
__attribute__((noinline)) unsigned summed(unsigned x)
{
    unsigned z = x;
#ifdef NEW
    for (unsigned j = 5; j < 40; j++) z = z * 3 + sums[j];
#else
    for (unsigned j = 0; j < 40; j++) z = z * 5 + sums[j];
#endif
    return z;
}
__attribute__((noinline)) int lasts(int x) { return last[x & 15] + range[x & 7]; }
int main(int argc, char **argv)
{
    static const unsigned char p[] = "\36\37\40\41\42\43\44\45";
    for (int x = argc; x < 8; x++) printf("%d %u %d\n", ranged(x, p), summed(x), lasts(x));
    return 0;
}
C

for flags in -O0 -O1 -O2 '-O2 -fno-section-anchors' -Os -O3 '-O2 -fno-pie -no-pie' '-O2 -fPIE -static-pie'; do
    "$CROSS_CC" -w $flags -s -Wl,--build-id -o old same.c && "$CROSS_CC" -w $flags -DNEW -s -Wl,--build-id -o new same.c || exit 1
    lpdiff --heuristic -o p old new 2>err
    is "$?" 1 "$flags: there is a patch"
    note <err
    is "$(grep -c '^data' p) $(grep -c '^func\|^quiet' p)" "0 1" "$flags: of one function, with no constants"
    is "$(run -P p ./old)" "$(run ./new)" "$flags: the patched program does what the new one does"
done

"$CROSS_CC" -w -O2 -fPIC -shared -s -Wl,--build-id -o old same.c && "$CROSS_CC" -w -O2 -fPIC -shared -DNEW -s -Wl,--build-id -o new same.c || exit 1
lpdiff --heuristic -o p old new 2>err
is "$?" 1 "a library: no address is in doubt"
note <err

# Two tables of pointers that a loader fills in, with nothing in the file where they are (lld): they are not the same because their bytes are.
cat >filled.c <<'C'
#include <stdio.h>
#define TIMES(name, by) __attribute__((noinline)) int name(int a) { return a * by + by; }
TIMES(x, 3) TIMES(y, 5) TIMES(z, 11) TIMES(w, 13)
typedef int (*fn)(int);
static const fn A[] = {x, y, x}, B[] = {z, w, z};
#ifdef NEW
__attribute__((noinline)) fn f(unsigned i) { return B[i]; }
__attribute__((noinline)) fn g(unsigned i) { return A[i]; }
#else
__attribute__((noinline)) fn f(unsigned i) { return A[i]; }
__attribute__((noinline)) fn g(unsigned i) { return B[i]; }
#endif
int main(int argc, char **argv) { return printf("%d %d\n", f(argc)(2), g(argc)(2)) < 0; }
C
if have clang && have ld.lld; then
    for flags in '-fno-pic -pie -Wl,-z,notext' '-fno-pic -no-pie' '-fPIE -pie'; do
        lld() { clang --target=aarch64-linux-gnu -fuse-ld=lld -w -O2 $flags -s -Wl,--build-id "$@" filled.c; }
        lld -o old && lld -DNEW -o new || exit 1
        lpdiff --heuristic -o p old new 2>err
        status=$? patched=$(run -P p ./old)
        note <err
        is "$status $patched" "1 $(run ./new)" "$flags: tables of pointers, each in the other one's place"
    done
else
    skip "tables of pointers that lld leaves empty" "no clang with ld.lld"
fi
tap_done
