# lib.sh - what the shell tests share: TAP, a scratch folder that goes away, the cross compiler and the oracle.
# Sourced with $srcdir and $builddir set (make check sets them).
set -u
: "${srcdir:?run by make check, or set srcdir and builddir}" "${builddir:?}"
srcdir=$(cd "$srcdir" && pwd) builddir=$(cd "$builddir" && pwd) # a test changes folder
CROSS_CC=${CROSS_CC:-aarch64-linux-gnu-gcc}
QEMU_AARCH64=${QEMU_AARCH64:-qemu-aarch64}
tests=$srcdir/tests
# Words of the make that runs the test are not for another one.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL GNUMAKEFLAGS
scratch=$(mktemp -d "${TMPDIR:-/tmp}/arm64lp-test.XXXXXX")
trap 'status=$?; trap - EXIT; cleanup; exit $status' EXIT
trap 'exit 130' INT TERM HUP
children=
cleanup()
{
    [ -z "$children" ] || kill $children 2>/dev/null
    rm -rf "$scratch"
}

tap_count=0
tap_failed=0
ok() { tap_count=$((tap_count + 1)); echo "ok $tap_count - $*"; }
not_ok() { tap_count=$((tap_count + 1)); tap_failed=$((tap_failed + 1)); echo "not ok $tap_count - $*"; }
# skip NAME REASON: one check that cannot be made here
skip() { ok "$1 # SKIP $2"; }
# todo NAME REASON: one that is known to fail
todo() { tap_count=$((tap_count + 1)); echo "not ok $tap_count - $1 # TODO $2"; }
note() { sed 's/^/# /'; }
# is FOUND EXPECTED NAME
is() { if [ "$1" = "$2" ]; then ok "$3"; else not_ok "$3"; printf 'found:    %s\nexpected: %s\n' "$1" "$2" | note; fi; }
# like TEXT PATTERN NAME (a basic regular expression that some line matches)
like() { if printf '%s\n' "$1" | grep -q -e "$2"; then ok "$3"; else not_ok "$3"; printf 'found:    %s\nexpected: /%s/\n' "$1" "$2" | note; fi; }
# same FILE FILE NAME
same() { if cmp -s "$1" "$2"; then ok "$3"; else not_ok "$3"; diff -a "$1" "$2" 2>&1 | head -n 10 | note; fi; }
tap_done() { echo "1..$tap_count"; exit 0; }
skip_all() { echo "1..0 # SKIP $*"; exit 0; }
# fetched FETCH.SH WHAT...: $root has them; or the test ends, skipped if they cannot be had here (status 3), failed if anything else is wrong
fetched()
{
    fetch_status=0
    root=$(sh "$@" 2>"$scratch/apt.log") || fetch_status=$?
    [ $fetch_status != 0 ] || return 0
    note <"$scratch/apt.log"
    shift
    [ $fetch_status != 3 ] || skip_all "no arm64 packages to be had: $*"
    not_ok "fetching $*"
    tap_done
}

# configure says none
have() { [ "$1" != none ] && command -v "$1" >/dev/null; }
have_cross() { have "$CROSS_CC"; }
have_qemu() { have "$QEMU_AARCH64"; }
# qemu_version QEMU: in hundreds; 7.2 is 702
qemu_version() { "$1" --version | sed -n 's/^[^ ]* version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | awk '{ print 100 * $1 + $2 }'; }
need_cross() { have_cross || skip_all "no AArch64 cross compiler"; }
need_cross_cxx() { need_cross; cxx=${CROSS_CC%gcc}g++; have "$cxx" || skip_all "no $cxx"; } # it is $cxx
need_qemu() { have_qemu || skip_all "no qemu-aarch64"; }
# A folder with an AArch64 C library, as -L wants it: the compiler's, or Debian's.
arm64_sysroot()
{
    for r in "$("$CROSS_CC" -print-sysroot 2>/dev/null)" /usr/aarch64-linux-gnu; do
        [ ! -e "$r/lib/ld-linux-aarch64.so.1" ] || { echo "$r"; return; }
    done
    return 1
}
# arm64_cc OUTPUT SOURCE [FLAG...]: a static program
arm64_cc() { out=$1 src=$2; shift 2; "$CROSS_CC" -w -static "$@" -o "$out" "$src" -lm; }
# arm64_clang FLAG...: in the place of "$CROSS_CC"
arm64_clang() { clang --target=aarch64-linux-gnu -fuse-ld="$(command -v "${CROSS_CC%gcc}ld")" "$@"; }
have_arm64_clang() { have clang && echo 'int main(void) { return 0; }' | arm64_clang -o "$scratch/clang.try" -x c - 2>/dev/null; }
# bare_cc OUTPUT SOURCE [FLAG...]: a static program without libc; none of its loops becomes a call of memcpy
bare_cc()
{
    out=$1 src=$2
    shift 2
    "$CROSS_CC" -w -O2 -ffreestanding -fno-stack-protector -fno-builtin -fno-tree-loop-distribute-patterns -static -nostdlib -nostartfiles -no-pie \
        "$@" -o "$out" "$src" -lgcc
}
# A seed for this run; tests print it.
fresh_seed() { od -An -N4 -tu4 /dev/urandom | tr -d ' '; }
# with_seeds TEST [OPTION...]: TEST NAME OPTION..., by hand with these options; without any, with a fixed seed and a fresh one
with_seeds()
{
    test=$1
    shift
    if [ $# -gt 0 ]; then
        "$test" "by hand" "$@"
        return
    fi
    "$test" "seed 1" --seed 1
    fresh=$(fresh_seed)
    "$test" "seed $fresh" --seed "$fresh"
}
# wait_for SECONDS COMMAND...: until it succeeds
wait_for()
{
    limit=$(($1 * 20))
    shift
    while [ "$limit" -gt 0 ]; do
        "$@" >/dev/null 2>&1 && return 0
        limit=$((limit - 1))
        sleep 0.05
    done
    return 1
}
