#!/bin/sh
# lprun --watch: a patch file that is applied anew when it changes, however it is written.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
build prog -static -no-pie || { not_ok "compile"; tap_done; }
make_patch() { lpmake -t prog --meta name="${2:-w}" -o "${3:-new}" "counted=ret $1"; }
# shows VALUE NAME: counted() soon returns it
shows() { limit=60; while [ $limit -gt 0 ] && ! say call | grep -q "^call $1 "; do sleep 0.1; limit=$((limit - 1)); done; is "$(say call | cut -d' ' -f2)" "$1" "$2"; }
# said TEXT NAME: on standard error, as one line with the time
said() { wait_for 6 grep -q "$1" err; like "$(cat err)" "^lprun: [0-2][0-9]:[0-5][0-9]:[0-6][0-9] $scratch/w.lpatch: .*$1" "$2"; }

start prog --watch w.lpatch
shows 2 "no file yet"
make_patch 10 && mv new w.lpatch
shows 10 "renamed into place, as editors do"
said 'applied: w' "said so"
make_patch 11 && cat new >w.lpatch
shows 11 "written in place"
said 'in the place of the former version: w' "said so"
make_patch 12 other && mv new w.lpatch
shows 12 "with another name"
is "$(names)" "other " "in the place of the former"
head -c 60 new 2>/dev/null >w.lpatch; printf 'lpatch 1\nname w\n\n@ cou' >w.lpatch
said 'not applied, the former version stays: .*w.lpatch:4' "half a file"
shows 12 "changes nothing"
make_patch 13 && sed -i 's/^- ......../- ffffffff/; /^digest/d' new && mv new w.lpatch
said 'the former version stays: .*found' "one that does not fit"
is "$(names)" "other " "changes nothing"
make_patch 14 && mv new w.lpatch
shows 14 "then a good one"
rm w.lpatch
shows 2 "removed: reverted"
said 'removed, and the patch reverted: w' "said so"
make_patch 15 w linked && ln -s linked w.lpatch
shows 15 "a link"
make_patch 16 w linked
shows 16 "what the link leads to"
rm w.lpatch && make_patch 17 w w.lpatch
shows 17 "removed and made"
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do make_patch $((100 + i)) && mv new w.lpatch; done
shows 120 "many changes: the last one counts"
is "$(names)" "w " "one patch"

# ---- fork: the child watches too ----
child=$(say fork | sed -n 's/fork //p')
[ -n "$child" ] || child=$(sed -n 's/^fork //p' out | tail -n 1)
make_patch 30 && mv new w.lpatch
wait_for 10 sh -c "lpapply -p $child --journal | grep -c replaced | grep -q ."
wait_for 10 sh -c "[ \"\$(lpapply -p $child --journal --tsv | tail -n 1 | cut -f3,4,7)\" = \"\$(printf 'applied\tw\t')\" ] && lpapply -c sock -l | grep -q '^w'" && ok "the child" || not_ok "the child"
kill "$child"
wait_for 5 grep -q joined out
shows 30 "and the parent"
is "$(awk '/w.lpatch/ { n++ } END { print (n > 10) }' err)" 1 "one line for each"
leave

# ---- many files, and what is no file ----
many=
for i in $(seq 40); do many="$many --watch w$i.lpatch"; done
rm w.lpatch
start prog $many --watch w.lpatch
run "a client" 0 lpapply -c sock -l
make_patch 31 many && mv new w1.lpatch
wait_for 10 sh -c 'lpapply -c sock -l | grep -q ^many'
shows 31 "the first of 41 watched files"
rm w1.lpatch
shows 2 "removed"
mkfifo w.fifo && mv w.fifo w.lpatch
said 'not applied: .*no regular file' "a pipe"
leave
is "$?" 0 "the program ends all the same"
rm w.lpatch
make_patch 30 && mv new w.lpatch

# ---- from the start, and through exec ----
is "$(lprun --no-control --watch w.lpatch ./prog once 2>/dev/null)" "30 4 21" "before the first instruction"
is "$(lprun --no-control --watch w.lpatch ./prog exec ./prog once 2>/dev/null)" "30 4 21" "what the program executes watches on"
tap_done
