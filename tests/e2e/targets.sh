#!/bin/sh
# Several running programs at once: all of them, those of one file, named ones; what became of each; programs that hang, vanish or refuse; bad clients.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
cat >tick.c <<'E2'
#include <stdio.h>
#include <time.h>
__attribute__((noinline)) int value(int v) { __asm__ volatile(""); return v + 1; }
int main(void) { for (;;) { printf("%d\n", value(4)); fflush(stdout); nanosleep(&(struct timespec){0, 5000000}, NULL); } }
E2
arm64_cc tick tick.c -O2 -Wl,--build-id || { not_ok "compile"; tap_done; }
build prog -static -no-pie
mkdir -p root/bin && cp tick root/bin/tick
lpmake -t tick --meta name=ten -o ten.lpatch 'value=ret 10'
# tick NAME [OPTION...] PROGRAM: its output is NAME.out, its process $tick
tick() { name=$1; shift; lprun "$@" >"$name.out" 2>"$name.err" & tick=$!; children="$children $tick"; wait_for 10 test -s "$name.out" || not_ok "$name starts"; }
# now NAME VALUE: what it prints from now on
now() { n=$(wc -l <"$1.out"); wait_for 10 sh -c "[ \$(wc -l <$1.out) -gt $((n + 1)) ]"; is "$(tail -n 1 "$1.out")" "$2" "$3"; }
# state PID: in the records of the last run
state() { awk -F '\t' -v p="$1" '$1 == "target" && $3 == p { print $5 }' run; }

is "$(lpapply -l -p all)" "" "nobody is there"
run "nobody to apply to" 1 lpapply -p all ten.lpatch
like "$(cat run)" 'no such program' "said so"
tick a ./tick; a=$tick
tick b -c "$scratch/b.sock" ./tick; b=$tick
tick c -L root /bin/tick; c=$tick
start prog; d=$pid # another program, which blocks

# ---- by file ----
run "by file" 0 lpapply --exe tick --tsv ten.lpatch
is "$(state "$a") $(state "$b") $(wc -l <run)" "applied applied 2" "both that run it and nobody else, one of them with a socket of its own"
now a 10 "it changed"
now b 10 "the other too"
now c 5 "a copy did not"
run "by file in a sysroot" 0 lpapply --exe root/bin/tick --json ten.lpatch
is "$(cat run)" "{\"type\":\"target\",\"target\":\"process $c ($scratch/root/bin/tick)\",\"pid\":$c,\"exe\":\"$scratch/root/bin/tick\",\"state\":\"applied\",\"status\":\"OK\",\"reason\":null,\"applied\":1,\"already\":0,\"reverted\":0,\"dry_run\":false}" "as JSON"
now c 10 "it changed"
ln tick hard && ln -s tick soft
run "by another name of the file" 0 lpapply --exe hard --exe soft --tsv ten.lpatch
is "$(state "$a") $(state "$b") $(wc -l <run)" "already applied already applied 2" "each once"
run "no such file" 2 lpapply --exe nothing ten.lpatch

# ---- all ----
run "a patch that does not fit all" 1 lpapply -p all ten.lpatch
like "$(cat run)" "^lpapply: process $a ($scratch/tick): already applied" "one line for each"
like "$(cat run)" "^lpapply: process $d ($scratch/prog): refused: ten.lpatch:.*object .tick. is not here" "with the reason"
run "all, listed" 0 lpapply -l -p all --tsv
is "$(awk -F '\t' '$2 == "ten" { print $7 }' run | sort -n | tr '\n' ' ')" "$(printf '%s\n' "$a" "$b" "$c" | sort -n | tr '\n' ' ')" "each row has its process"
run "revert all" 0 lpapply -R -p all --tsv
is "$(state "$a") $(state "$d")" "reverted nothing to do" "those that have none too"
now a 5 "as before"

# ---- named ones ----
run "two sockets" 1 lpapply -c b.sock -c sock ten.lpatch
like "$(cat run)" '^lpapply: b.sock: applied' "by the name that was given"
run "two numbers" 0 lpapply -p "$a" -p "$b" -p "$a" --tsv ten.lpatch
is "$(state "$a") $(state "$b") $(wc -l <run)" "applied already applied 2" "each once"
run "one is not there" 2 lpapply -p "$a" -p 999999999 --tsv ten.lpatch
is "$(state "$a") $(awk -F '\t' '$5 == "failed" { print $6 }' run)" "already applied NOT_FOUND" "the other is served"
lpapply -R -q -p all

# ---- one that hangs, one that vanishes ----
kill -STOP "$d"
date +%s >begin
run "one does not answer" 2 lpapply -p all --timeout 2s --tsv ten.lpatch
[ $(($(date +%s) - $(cat begin))) -lt 15 ] && ok "in time" || not_ok "in time"
is "$(state "$a") $(state "$b") $(state "$c") $(state "$d")" "applied applied applied silent" "the others are served"
now a 10 "at once"
lpapply -R -q -p "$a"
many=
for i in 1 2 3 4 5 6 7; do many="$many -c sock -c sock -c sock -c sock -c sock -c sock -c sock -c sock -c sock -c sock"; done
run "seventy do not answer" 2 lpapply $many -p "$a" --timeout 3s --tsv ten.lpatch
is "$(state "$a")" "applied" "the other is served"
kill -CONT "$d"
lpapply -R -q -p all
tick e ./tick; e=$tick
kill -STOP "$e"
lpapply -p all --tsv --timeout 20s ten.lpatch >vanish.out 2>vanish.err &
waiting=$!
sleep 0.5
kill -KILL "$e"
kill -CONT "$e" 2>/dev/null
wait "$waiting"; is "$?" 1 "one that was found and vanishes does not count"
cp vanish.out run
is "$(state "$e")" gone "it is said"
[ -e "rt/arm64lp/$e.sock" ] && lpapply -l -q -p all >/dev/null
[ -e "rt/arm64lp/$e.sock" ] && not_ok "its socket is cleaned up" || ok "its socket is cleaned up"

# ---- children that come meanwhile ----
lpmake -t prog --meta name=ret -o ret.lpatch 'counted=ret 77'
child=$(say fork | sed -n 's/fork //p')
[ -n "$child" ] || child=$(sed -n 's/^fork //p' out | tail -n 1)
run "with its child" 0 lpapply --exe prog --tsv ret.lpatch
is "$(state "$d") $(state "$child")" "applied applied" "both"
kill "$child"

# ---- read-only ----
tick f --read-only-control ./tick; f=$tick
run "read-only" 1 lpapply -p "$f" ten.lpatch
like "$(cat run)" 'takes no orders that change it' "refused, with its own text"
run "read-only revert" 1 lpapply -R -p "$f"
run "read-only list" 0 lpapply -l -p "$f"
run "read-only check" 0 lpapply -n -p "$f" ten.lpatch
tick g --no-control ./tick; g=$tick
run "no control" 2 lpapply -p "$g" ten.lpatch
like "$(cat run)" 'has no control socket' "said so"
[ "$(id -u)" = 0 ] && command -v setpriv >/dev/null && {
    chmod 755 . ; setpriv --reuid 1234 --clear-groups lpapply -c sock -l >run 2>&1
    is "$?" 1 "another user is refused"
}

# ---- bad clients ----
lpapply -R -q -p "$a"
mkfifo abuse.in
"$builddir/tests/e2e/abuse" "rt/arm64lp/$a.sock" <abuse.in >abuse.out 2>&1 &
abuse=$!
exec 8>abuse.in
good=0
for i in 1 2 3 4 5 6 7 8; do
    timeout 20 lpapply -q -p "$a" ten.lpatch && timeout 20 lpapply -l -p "$a" | grep -q '^ten ' && timeout 20 lpapply -q -R -p "$a" && good=$((good + 1))
done
is "$good" 8 "a good client is served among 1000 bad ones"
now a 5 "the program goes on"
exec 8>&-
wait "$abuse"
[ "$(cat abuse.out)" -gt 100000 ] && ok "they did what they could" || { not_ok "they did what they could"; note <abuse.out; }
run "and afterwards" 0 lpapply -p "$a" ten.lpatch
now a 10 "as always"
leave
tap_done
