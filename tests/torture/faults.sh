#!/bin/sh
# Faults and limits: what Linux says to programs that break, how they end, and that nothing of them is left.
. "$srcdir/tests/torture/lib.sh"
build faults faults.c -static && torture faults 1 20
build limits limits.c -static && torture limits 1 3
checked()
{
    out=$(timeout 600 lprun --no-control --isolate "$scratch/$1" 1 2>&1 </dev/null)
    is "$(echo "$out" | tail -n 1)" 'all fine' "$1, every access checked"
}
checked faults
checked limits

# ---- lprun itself under limits of the shell: it is no script here ----
real=$builddir/.libs/lprun
[ -x "$real" ] && { LD_LIBRARY_PATH=$builddir/.libs; export LD_LIBRARY_PATH; } || real=$builddir/lprun
build dies dies.c -static
for limit in '-v 4000000' '-v 1000000' '-Sv 4000000' '-d 1000000' '-s 64' '-n 64' '-n 10' '-Sn 10'; do
    (ulimit $limit && "$real" --no-control "$scratch/dies" nine) >"$scratch/out" 2>&1
    is "$? $(cat "$scratch/out")" '9 ' "under ulimit $limit"
done
(ulimit -v 100000 && "$real" --no-control "$scratch/dies" nine) >"$scratch/out" 2>&1
is "$?" 125 "under ulimit -v 100000 it says that it cannot"
like "$(cat "$scratch/out")" 'ulimit -v' "and what to do"

# ---- ends ----
if command -v python3 >/dev/null; then
    ulimit -c "$(ulimit -Hc)"
    for options in --no-control --isolate; do
        timeout -k 5 400 python3 "$dir/deaths.py" "$real" $options -- "$scratch/dies" >"$scratch/out" 2>"$scratch/err" || { not_ok "deaths.py ends"; note <"$scratch/err"; }
        while IFS= read -r line; do
            case $line in
            'ok - '*) ok "${line#ok - } ($options)" ;;
            'not ok - '*) not_ok "${line#not ok - } ($options)" ;;
            *) echo "$line" ;;
            esac
        done <"$scratch/out"
    done
else
    skip "ends" "no python3"
fi
tap_done
