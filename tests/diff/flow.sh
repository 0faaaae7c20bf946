#!/bin/sh
# The dataflow of lib/flow/flow.h against what the linker knows (ld -q): no address is wrong or missed, hardly one is not known, and every jump table is understood.
. "$srcdir/tests/lib.sh"
need_cross
check=$builddir/tests/diff/flow_truth
code="$tests/diff/flow_a.c $tests/diff/flow_b.c"
number() { echo "$line" | sed -n "s/.*\b$1 \([0-9]*\).*/\1/p"; }

# truth NAME LEAST COMPILER FLAG...: at least so many words with a relocation. $unknown: of a hundred words, so many may be unknown (and $lonely pages used alone)
unknown=1 lonely=1
truth()
{
    name=$1 least=$2
    shift 2
    "$@" -w -Wl,-q -o "$scratch/program" $code 2>"$scratch/log" || { not_ok "$name: compile"; note <"$scratch/log"; return; }
    timeout 60 "$check" -v "$scratch/program" >"$scratch/out" || { not_ok "$name: status $?"; return; }
    line=$(tail -n 1 "$scratch/out")
    bad="$(number wrong) wrong, $(number missed) missed, $(number unknown) tables not understood, $(number gave-up) given up"
    is "$bad" "0 wrong, 0 missed, 0 tables not understood, 0 given up" "$name: $(number right) of $(number relocated) words with a relocation, $(number tables) tables"
    [ "$(number relocated)" -ge "$least" ] && [ $((100 * $(number opaque))) -le $((unknown * $(number relocated))) ] && [ "$(number alone)" -le $lonely ] &&
        ok "$name: $(number opaque) not known, $(number alone) pages alone" || { not_ok "$name: $line"; head -n 20 "$scratch/out" | note; }
}

for opt in -O0 -O1 -O2 -O3 -Os '-O2 -fno-section-anchors' '-O2 -mtls-dialect=trad' '-O2 -mbranch-protection=standard -fstack-protector-all'; do
    truth "gcc $opt" 100 "$CROSS_CC" $opt
    truth "gcc $opt -no-pie -static" 150 "$CROSS_CC" $opt -no-pie -static
done
truth "gcc -O2 -fPIC -shared" 100 "$CROSS_CC" -O2 -fPIC -shared
truth "gcc -O2 -flto" 100 "$CROSS_CC" -O2 -flto
if have_arm64_clang; then
    for opt in -O0 -O1 -O2 -O3 -Os -Oz; do
        case $opt in -Oz) unknown=4 lonely=60 ;; esac # code of several functions is moved out of them, with their pages
        truth "clang $opt" 100 arm64_clang $opt
        truth "clang $opt -fPIC -shared" 100 arm64_clang $opt -fPIC -shared
    done
else
    skip "clang" "no clang for AArch64"
fi
tap_done
