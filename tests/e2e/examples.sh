#!/bin/sh
# The library's examples do what they say, compiled as C and, with the same text, as C++.
. "$srcdir/tests/lib.sh"
need_cross
cd "$scratch" || exit 1
cat >p.c <<'C'
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
int __attribute__((noinline)) licensed(void) { return 0; }
int main(int argc, char **argv)
{
    printf("licensed: %d\n", licensed());
    printf("unlink: %d %d\n", unlink(argc > 1 ? argv[1] : "nothing"), errno);
    return 3;
}
C
cat >f.c <<'C'
long f(long a, long b) { return a * 100 + b; }
C
arm64_cc p p.c -O1 && arm64_cc f.o f.c -O1 -c && "${CROSS_CC%gcc}objcopy" -O binary -j .text f.o f.bin || { not_ok "the programs compile"; tap_done; }

# examples FOLDER NAME: what the programs there do
examples()
{
    is "$("$1/run_and_patch" ./p licensed 1 2>&1)" "licensed: 1
unlink: -1 2
status 3, signal 0, 1 patch applied" "$2: run_and_patch"
    "$1/run_and_patch" ./p nothing 1 >out 2>&1
    is "$? $(grep -c nothing out)" "1 1" "$2: run_and_patch, no such symbol"
    : >kept
    "$1/intercept" ./p kept >out 2>&1
    is "$? $(head -n 2 out) $(test -e kept && echo there)" "3 LICENSED: 0
UNLINK: -1 1 there" "$2: intercept"
    like "$(cat out)" '^ *1 unlinkat$' "$2: intercept counts"
    is "$("$1/flat" f.bin 4 2 2>&1)" "402
0
402" "$2: flat"
    for e in 'livepatch_example demo' 'livepatch_example create-patches' 'livepatch_example load-patches' 'livepatch_example memory-demo' \
        livepatch_security_demo security_patch_example; do
        status=0
        "$1"/$e >out 2>&1 || status=$?
        is "$status $(test -s out && echo text)" "0 text" "$2: $e" || note <out
    done
}
examples "$builddir/examples" C
if command -v "${CXX:-g++}" >/dev/null; then
    mkdir cxx
    for e in run_and_patch intercept flat livepatch_example livepatch_security_demo security_patch_example; do
        { "${CXX:-g++}" -x c++ -std=c++11 -Wall -Wextra -Wno-missing-field-initializers -Werror -I"$srcdir/include" -c -o $e.o "$srcdir/examples/$e.c" &&
            "$builddir/libtool" --quiet --mode=link "${CXX:-g++}" -o cxx/$e $e.o "$builddir/libarm64lp.la"; } >log 2>&1 ||
            { not_ok "C++: $e compiles"; note <log; }
    done
    examples cxx C++
else
    skip "the examples as C++" "no C++ compiler"
fi
tap_done
