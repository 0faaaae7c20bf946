#!/bin/sh
# Orders and looks do no harm: to a program whose memory faults where it is looked at, or whose clients say nothing, and to each other.
. "$srcdir/tests/lib.sh"
source=scenes/control.c
. "$srcdir/tests/e2e/driven.sh"
build prog -static -no-pie || { not_ok "compile"; tap_done; }
lpmake -t prog --meta name=seven -o seven.lpatch 'value=ret 7'
talk() { timeout 60 "$builddir/tests/e2e/talk" "$@"; }
answers() { [ "$(grep -c '^ok\|^error' answered)" -ge "$1" ]; }
# ask N LINE...: the file answered has what the server says, until it has answered N times
ask()
{
    n=$1
    shift
    : >answered
    { printf '%s\n' "$@"; wait_for 20 answers "$n"; } | talk sock >>answered
}
# look: everything that can be asked for; what fails is said
look()
{
    for what in -l --stats --places --functions --journal; do timeout 20 lpapply -c sock $what >looked 2>&1 || { echo "$what"; note <looked; }; done
    timeout 20 lpdis -p "$pid" --symbol value >looked 2>&1 || { echo lpdis; note <looked; }
}

# ---- a mapped file, an ELF file even, that was cut off ----
head -c 65536 prog >data
start prog --watch w.lpatch
at=$(say cut | sed -n 's/^cut \(0x[0-9a-f]*\) 1$/\1/p')
[ -n "$at" ] && ok "a file is cut off" || not_ok "a file is cut off"
is "$(look)" "" "it is looked at"
ask 2 'arm64lp 1' "read $((at)) 64" list
like "$(cat answered)" '^error ADDRESS' "what is not there cannot be read"
is "$(tail -n 1 answered)" "ok 0 0 0 0" "and the next request is answered"
run "applied" 0 lpapply -c sock seven.lpatch
is "$(say value)" "value 7" "it is"
run "reverted" 0 lpapply -c sock -R
cp seven.lpatch w.lpatch
wait_for 10 sh -c 'lpapply -c sock -l | grep -q ^seven'
is "$(say value)" "value 7" "a watched file is applied"
leave
is "$?" 0 "the program has lived through it"

# ---- addresses at the end of all ----
start prog --read-only-control
ask 4 'arm64lp 1' 'read 18446744073709551615 1' 'read 18446744073709551614 2' 'read 72057594037927935 1' list
is "$(grep -c '^error ADDRESS' answered) $(tail -n 1 answered)" "3 ok 0 0 0 0" "they are no addresses of the program"

# ---- memory that comes and goes while it is looked at ----
is "$(say churn)" churn "threads map and unmap"
is "$(for i in 1 2 3 4 5 6 7 8; do look; done)" "" "it is looked at meanwhile"
leave
is "$?" 0 "the program has lived through it"

# ---- clients that say nothing ----
start prog
mkfifo hold
talk sock 100 <hold >silent.out &
exec 8>hold
wait_for 20 grep -q connected silent.out
for i in 1 2 3; do run "among 100 silent connections" 0 lpapply -c sock -l; done
is "$(say exec)" "exec 0" "the program executes"
exec 8>&-
ask 2 'arm64lp 1 later' list 'list x'
is "$(tail -n 2 answered | cut -d' ' -f1,2 | tr '\n' ' ')" "ok 0 error PROTOCOL " "a greeting may say more, a request may not"

# ---- orders that nobody wants any more ----
{ head_of prog held 'mode      quiesce deadline 80s'; echo 'func held size 8'; old_of prog held; printf '| 528000e0\n| d65f03c0\nend\n'; } >held.lpatch
is "$(say held)" held "a thread stays in a function"
run "checked" 0 lpapply -v -n -c sock held.lpatch
like "$(cat run)" 'at most 140000 ms' "what the patch says is waited for"
for order in --deadline=40s --deadline=0; do
    lpapply -c sock $order held.lpatch >lost 2>&1 &
    lost=$!
    sleep 0.7
    kill -TERM "$lost"
    wait "$lost" 2>/dev/null
    begun=$(date +%s)
    run "another's order" 0 lpapply -c sock --deadline 10s seven.lpatch
    [ $(($(date +%s) - begun)) -lt 8 ] && ok "at once" || not_ok "at once"
    lpapply -q -c sock -R
done
is "$(lpapply -c sock --journal --tsv | awk -F '\t' '$3 == "refused" { print $4, $6 }' | sort | uniq -c | tr -s ' ')" " 2 held BUSY" "the journal has what was given up"
is "$(say 5)" "held 6" "nothing was changed"
run "applied" 0 lpapply -c sock held.lpatch
run "reverted by name" 0 lpapply -v -c sock -R held
like "$(cat run)" 'at most 140000 ms' "what it says is waited for"

# ---- names of patches that are names of something else, too ----
for made in 'mkdir seven' 'rmdir seven' 'cp prog seven'; do
    $made
    run "apply" 0 lpapply -q -c sock seven.lpatch
    run "$made: revert by name" 0 lpapply -c sock -R seven
done
printf 'lpatch 1\n@ val' >seven.lpatch
run "half a patch, by its file" 2 lpapply -c sock -R seven.lpatch
leave
is "$?" 0 "the program ends as it should"
tap_done
