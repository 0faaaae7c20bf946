#!/bin/sh
# Every system call with hostile arguments (syscalls.c): lprun neither crashes nor hangs. In name spaces and with no rights at all, in a folder
# of its own, as the calls are real: where that cannot be had, nothing is run.
# syscalls.sh [SEED [CHILDREN [CALLS [FIRST [LAST]]]]]
. "$srcdir/tests/lib.sh"
need_cross
[ "$(uname -s)" = Linux ] || skip_all "not Linux"
for tool in unshare setpriv; do command -v $tool >/dev/null || skip_all "no $tool"; done
chmod 755 "$scratch"
mkdir -p "$scratch/cwd/deep" && chmod 777 "$scratch/cwd" "$scratch/cwd/deep"
bare="setpriv --no-new-privs --bounding-set=-all --inh-caps=-all"
if [ "$(id -u)" = 0 ]; then
    spaces="unshare --fork --pid --kill-child --net --ipc --uts --mount"
    bare="$bare --reuid=65534 --regid=65534 --clear-groups"
else
    spaces="unshare --user --map-root-user --fork --pid --kill-child --net --ipc --uts --mount"
fi
$spaces $bare true 2>"$scratch/err" || skip_all "no sandbox: $(head -n 1 "$scratch/err")"
arm64_cc "$scratch/syscalls" "$srcdir/tests/fuzz/syscalls.c" -O1 || { not_ok "compile"; tap_done; }
# The tree may be where nobody else may look: the program and what it needs go along.
lprun_is=$(command -v lprun)
case $(head -c 2 "$lprun_is") in '#!') lprun_is=$builddir/.libs/lprun ;; esac
[ -x "$lprun_is" ] || lprun_is=$builddir/lprun
cp "$lprun_is" "$scratch/lprun" && cp -L "$builddir"/.libs/libarm64lp.so* "$scratch/" 2>/dev/null
run()
{
    (cd "$scratch/cwd/deep" && LD_LIBRARY_PATH=$scratch timeout -k 5 "${limit:-300}" $spaces $bare "$scratch/lprun" -q --no-control "$scratch/syscalls" "$@" </dev/null)
}
[ $# -gt 0 ] || set -- 1 2 12
for seed in "$1" "$(fresh_seed)"; do
    shift
    set -- "$seed" "$@"
    run "$@" >"$scratch/out" 2>&1
    is "$?" 0 "seed $seed"
    tail -n 20 "$scratch/out" | note
done
tap_done
