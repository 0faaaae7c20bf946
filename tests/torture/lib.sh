# lib.sh - what the torture scripts share. Short in make check; TORTURE=full (make check-torture) does more of everything, isolated and live-patched
# too, and runs the tests under qemu-aarch64: it passes those that qemu.def does not list, so a test that it fails is a wrong one, or a new line there.
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
# Where the libraries of dynamically linked programs are
root=$(arm64_sysroot) || root=
have_root() { [ -n "$root" ] && [ -e "$root/lib/libgcc_s.so.1" ]; }
# judge STATUS NAME: of what is in $scratch/out; with TORTURE_TIMES all of it is told
judge()
{
    is "$1 $(tail -n 1 "$scratch/out")" '0 all fine' "$2"
    [ "$1" = 0 ] && [ -z "${TORTURE_TIMES:-}" ] || note <"$scratch/out"
}
# The tests of a program that qemu fails
qemu_fails() { sed -n "s/^$1 \([a-z_]*\) .*/\1/p" "$dir/qemu.def"; }
under_qemu()
{
    name=$1 scale=$2
    program=$3
    shift 3
    except=$(qemu_fails "${name%%.*}")
    wanted=$("$@" "$program" list | grep -v -x -e "${except:-none of them}")
    "$@" "$program" "$scale" $wanted >"$scratch/out" 2>&1 </dev/null
    judge $? "$name by qemu"
}
# isolated NAME SCALE: in full, the program $scratch/NAME once more, so much of it, with every access checked
isolated()
{
    [ "${TORTURE:-}" = full ] || return 0
    timeout 900 lprun --no-control --isolate "$scratch/$1" "$2" >"$scratch/out" 2>&1 </dev/null
    judge $? "$1 isolated"
}
# patched NAME SCALE [OPTION...]: in full, once more, while a function that all threads call is patched and unpatched in every process that there is
patched()
{
    [ "${TORTURE:-}" = full ] || return 0
    name=$1 scale=$2
    shift 2
    XDG_RUNTIME_DIR=$scratch/rt
    export XDG_RUNTIME_DIR
    rm -rf "$scratch/rt" "$scratch/done"
    mkdir -m 700 "$scratch/rt"
    lpmake -t "$scratch/$name" -o "$scratch/held.lpatch" --meta name=held 'held=ret 7' || { not_ok "$name: a patch"; return; }
    while [ ! -e "$scratch/done" ]; do
        for s in "$scratch"/rt/arm64lp/*.sock; do timeout 60 "$builddir/tests/e2e/hammer" "$s" 10 "$scratch/held.lpatch"; done
    done >"$scratch/rounds" 2>/dev/null &
    hammer=$!
    timeout 900 lprun "$@" "$scratch/$name" "$scale" >"$scratch/out" 2>&1 </dev/null
    judge $? "$name patched meanwhile"
    : >"$scratch/done"
    wait "$hammer"
    commits=$(($(grep -c rounds "$scratch/rounds") * 20)) hits=$(awk '{ n += $3 } END { print n + 0 }' "$scratch/rounds")
    name="$name: $commits commits, $hits hits"
    if [ "$commits" -ge 200 ] && [ "$hits" -gt 0 ]; then ok "$name"; else not_ok "$name"; fi
}
# dynamic NAME SHORT LONG FLAG...: the program NAME.c with shared libraries; where SHORT is 0, only in full
dynamic()
{
    name=$1 short=$2 long=$3
    shift 3
    have_root || { skip "$name.dynamic" "no AArch64 shared libraries"; return; }
    [ "$short" != 0 ] || [ "${TORTURE:-}" = full ] || return 0
    build "$name.dynamic" "$name.c" "$@" && torture "$name.dynamic" "$short" "$long" -L "$root"
}
# torture NAME SHORT LONG [OPTION...]: the program $scratch/NAME, so much of it, with options of lprun
torture()
{
    name=$1 scale=$2
    [ "${TORTURE:-}" != full ] || scale=$3
    shift 3
    timeout 900 lprun --no-control "$@" "$scratch/$name" "$scale" >"$scratch/out" 2>&1 </dev/null
    judge $? "$name"
    [ "${TORTURE:-}" != full ] || ! have_qemu || under_qemu "$name" "$scale" "$scratch/$name" timeout 900 "$QEMU_AARCH64" "$@"
}
