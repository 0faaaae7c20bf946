#!/bin/sh
# demo.sh BUILD-FOLDER - fix a running AArch64 program, and take the fix back. Exit status 0 only if every step did what it should.
. "$(dirname "$0")/../story.sh"
pid=

show() { printf '\n$ %s\n' "$*"; }
# Wait until n more lines are in the log, and print those.
from=1
lines()
{
    want=$((from + $1 - 1)) tries=200
    while [ "$(wc -l <log)" -lt "$want" ]; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] && kill -0 "$pid" 2>/dev/null || { echo "demo: the program stopped printing" >&2; exit 1; }
        sleep 0.05
    done
    sed -n "${from},${want}p" log
}
# After a change: skip the line in flight, show three ticks, check them.
expect()
{
    from=$(($(wc -l <log) + 2))
    lines 3 | tee seen
    for line; do grep -q -e "$line" seen || { echo "demo: expected a line with: $line" >&2; exit 1; }; done
}

show "$cc -O2 -g -static -o ticker ticker.c"
"$cc" -O2 -g -static -o ticker "$here/ticker.c"
show "lpmake -t ticker --meta name=range 'valid=b valid_range' > fix.lpatch; cat fix.lpatch"
lpmake -t ticker --meta name=range 'valid=b valid_range' >fix.lpatch
cat fix.lpatch
show "lprun -c socket ./ticker &"
lprun -c "$work/socket" ./ticker >log &
pid=$!
pids=$pid
: >>log
expect 'reading   0 rejected' 'reading 999 accepted'
show "lpapply -c socket fix.lpatch"
lpapply -c "$work/socket" fix.lpatch
expect 'reading   0 accepted' 'reading 999 rejected'
show "lpapply -c socket -l"
lpapply -c "$work/socket" -l
show "lpapply -c socket -R fix.lpatch"
lpapply -c "$work/socket" -R fix.lpatch
expect 'reading   0 rejected' 'reading 999 accepted'
printf '\nThe program ran on all the while; it was changed and changed back without a restart.\n'
