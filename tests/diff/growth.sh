#!/bin/sh
# Eight times as much of anything costs eight times as many instructions, counted by valgrind, not a square of that (growth.py has the kinds).
# growth.sh KIND N...: millions of instructions, seconds of CPU and KB for each, with names and stripped, of any size.
. "$srcdir/tests/lib.sh"
need_cross
have python3 || skip_all "no python3"
have valgrind || skip_all "no valgrind"
lpdiff=$builddir/lpdiff
[ ! -x "$builddir/.libs/lpdiff" ] || { lpdiff=$builddir/.libs/lpdiff LD_LIBRARY_PATH=$builddir/.libs; export LD_LIBRARY_PATH; }
cd "$scratch" || exit 1

# pair KIND N [FLAG]: old and new
pair()
{
    for side in 0 1; do
        python3 "$tests/diff/growth.py" "$1" "$2" $side >x.s && "$CROSS_CC" -nostdlib -shared ${3:-} -Wl,--build-id -o x.$side x.s || return
    done
    mv x.0 old && mv x.1 new
}
# count FILE FILE: instructions
count()
{
    valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null "$lpdiff" --heuristic "$1" "$2" 2>&1 >patch |
        sed -n '/refs:/ { s/.*: *//; s/,//g; p; }'
}
if [ $# != 0 ]; then
    [ -x /usr/bin/time ] || skip_all "no GNU time"
    kind=$1
    shift
    for n; do
        pair "$kind" "$n" && "${CROSS_CC%gcc}strip" -o old.stripped old && "${CROSS_CC%gcc}strip" -o new.stripped new || exit
        for as in '' .stripped; do
            instructions=$(count old$as new$as)
            /usr/bin/time -f '%U %M' -o usage "$lpdiff" --heuristic old$as new$as >patch 2>/dev/null
            printf '%-12s %8d %10s %8d M %6s s %8s KB\n' "$kind" "$n" "$as" $((instructions / 1000000)) $(tail -n 1 usage)
        done
    done
    exit
fi

pair changed 1
[ -n "$(count old new)" ] || skip_all "valgrind does not run this lpdiff"
while read -r kind n flag; do
    pair "$kind" "$n" $flag && few=$(count old new)
    pair "$kind" $((8 * n)) $flag && many=$(count old new)
    if [ "$many" -lt $((11 * few)) ]; then ok "$kind: $n and $((8 * n))"; else not_ok "$kind: $n and $((8 * n))"; fi
    echo "$few and $many instructions" | note
done <<'E2'
texts 250
pointers 500
changed 500
added 125
newtexts 125
resized 125
reworded 125
tables 250
bss 500
backwards 2500
passed 2500
opaque 250
page 250
bases 125
apart 250
siblings 125
ends 125
tails 1000
slots 125
branches 250
nops 2000 -s
E2
tap_done
