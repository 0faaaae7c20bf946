# lib.sh - what the torture scripts share. Short in make check; TORTURE=full (make check-torture) does more of everything, and runs the tests under
# qemu-aarch64 too: it passes those that qemu.def does not list, so a test that it fails is a wrong one, or a new line there.
. "$srcdir/tests/lib.sh"
need_cross
dir=$tests/torture
export TORTURE_SECONDS=300
llsc='-march=armv8-a -mno-outline-atomics' lse='-march=armv8.1-a'

# build OUTPUT SOURCE FLAG...
build()
{
    out=$1 source=$2
    shift 2
    "$CROSS_CC" -w -O2 -pthread "$@" -o "$scratch/$out" "$dir/$source" -lrt -lm 2>"$scratch/cc.log" && return
    not_ok "$source does not compile ($*)"
    note <"$scratch/cc.log"
    return 1
}
# The tests of a program that qemu fails
qemu_fails() { sed -n "s/^$1 \([a-z_]*\) .*/\1/p" "$dir/qemu.def"; }
under_qemu()
{
    name=$1 scale=$2
    program=$3
    shift 3
    except=$(qemu_fails "$name")
    wanted=$("$@" "$program" list | grep -v -x -e "${except:-none of them}")
    "$@" "$program" "$scale" $wanted >"$scratch/out" 2>&1 </dev/null && ok "$name by qemu" || { not_ok "$name by qemu"; note <"$scratch/out"; }
}
# torture NAME SHORT LONG [OPTION...]: the program $scratch/NAME, so much of it, with options of lprun
torture()
{
    name=$1 scale=$2
    [ "${TORTURE:-}" != full ] || scale=$3
    shift 3
    timeout 900 lprun --no-control "$@" "$scratch/$name" "$scale" >"$scratch/out" 2>&1 </dev/null
    status=$?
    is "$status $(tail -n 1 "$scratch/out")" '0 all fine' "$name"
    [ "$status" = 0 ] || note <"$scratch/out"
    [ "${TORTURE:-}" != full ] || ! have_qemu || under_qemu "${name%%.*}" "$scale" "$scratch/$name" timeout 900 "$QEMU_AARCH64" "$@"
}
