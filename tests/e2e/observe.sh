#!/bin/sh
# What is said about patches in a running program: places, functions, the journal; times, threads in old code, counts of many threads.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
cat >crowd.c <<'E2'
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
__attribute__((noinline)) int busy(int v) { __asm__ volatile(""); return v + 1; }
static void *work(void *a) { long s = 0; for (int i = 0; i < 10000; i++) s += busy(i); return (void *)s; }
int main(void)
{
    char line[80];
    setvbuf(stdout, NULL, _IONBF, 0);
    puts("ready");
    while (fgets(line, sizeof line, stdin)) {
        pthread_t t[8];
        for (int i = 0; i < 8; i++) pthread_create(&t[i], NULL, work, NULL);
        for (int i = 0; i < 8; i++) pthread_join(t[i], NULL);
        if (line[0] == 'f') { pid_t p = fork(); if (p == 0) { work(0); work(0); printf("child %d\n", getpid()); pause(); } }
        else puts("done");
    }
}
E2
build prog -static -no-pie || { not_ok "compile"; tap_done; }
"$CROSS_CC" -w -O2 -static -no-pie -Wl,--build-id -o crowd crowd.c -lpthread
# column NAME TYPE FIELD: of records in the file run, of the patch or function NAME
column() { awk -F '\t' -v n="$1" -v t="$2" -v f="$3" '$1 == t && $2 == n { print $f }' run; }
# seconds TIME: since 1970
seconds() { date -d "$1" +%s; }

# ---- places ----
lpmake -t prog --meta name=ret --meta version=1.5 -o ret.lpatch 'counted=ret 77'
before=$(date +%s)
start prog
run "apply" 0 lpapply -c sock ret.lpatch
run "places" 0 lpapply -c sock --places --tsv
is "$(column ret place 3) $(column ret place 4) $(column ret place 7) $(column ret place 8) $(column ret place 9)" "counted site 0  " "not executed yet"
is "$(column ret place 5)" "0x$(tool nm prog | awk '$3 == "counted" { sub(/^0*/, "", $1); print $1 }')" "its address"
say many 1234 >/dev/null
run "places" 0 lpapply -c sock --places --tsv
is "$(column ret place 7)" 1234 "executions"
first=$(column ret place 8)
[ "$(seconds "$first")" -ge "$before" ] && [ "$(seconds "$first")" -le "$(date +%s)" ] && ok "when it was executed first" || not_ok "when it was executed first: $first"
sleep 2
say many 1 >/dev/null
run "places" 0 lpapply -c sock --places --tsv
is "$(column ret place 7) $(column ret place 8)" "1235 $first" "the first time stays"
[ "$(seconds "$(column ret place 9)")" -ge $(($(seconds "$first") + 1)) ] && ok "the last time moves" || not_ok "the last time moves: $(column ret place 9)"
run "as text" 0 lpapply -c sock --places
like "$(cat run)" '^ret  *counted  *site  *1235  *0  20..-..-..T..:..:..\....Z 20' "with times"

# ---- functions ----
run "functions" 0 lpapply -c sock --functions --tsv
is "$(column counted function 6) $(column counted function 7) $(column counted function 8)" "ret 1 1235" "the changed one is marked, with its executions"
is "$(column main function 6)|$(column main function 3)" "|prog" "another is not"
[ "$(wc -l <run)" -gt 300 ] && ok "all of the program's functions" || not_ok "all of the program's functions"
is "$(awk -F '\t' '{ print $4 }' run | sort -c 2>&1)" "" "in order"
run "changed ones" 0 lpapply -c sock --functions --changed --json
is "$(wc -l <run)" 1 "only those"
like "$(cat run)" '"name":"counted","object":"prog","address":"0x[0-9a-f]*","size":[0-9]*,"patch":"ret","places":1,"hits":1235,"pid":[0-9]*}' "as JSON"
run "as text" 0 lpapply -c sock --functions --changed
like "$(cat run)" '^\* [0-9a-f]\{16\}  *[0-9]* counted .* 1235  ret$' "with a mark"

# ---- threads in old code ----
two_words inner >inner.lpatch
say inner >/dev/null
run "forced while somebody will return there" 0 lpapply -c sock --force inner.lpatch
run "places" 0 lpapply -c sock --places --tsv
is "$(column inner place 10) $(column ret place 10)" "1 0" "one thread is in the old code"
say 1 >/dev/null
run "places" 0 lpapply -c sock --places --tsv
is "$(column inner place 10)" 0 "then none"

# ---- the journal ----
sed 's/^- .*/- ffffffff/; s/^+ .*/+ d503201f/; /^digest/d; s/^name .*/name wrong/' ret.lpatch >wrong.lpatch
run "a patch that does not fit" 1 lpapply -c sock wrong.lpatch
sed 's/ret 77//; s/^version .*/version 2/; s/; .*//; /^digest/d' ret.lpatch >two.lpatch
run "another of the same name" 1 lpapply -c sock two.lpatch
run "in its place" 0 lpapply -c sock --replace two.lpatch
is "$(names)" "inner ret " "it is there"
run "revert what is not there" 1 lpapply -c sock -R nothing
run "revert" 0 lpapply -c sock -R ret
run "the journal" 0 lpapply -c sock --journal --tsv
is "$(cut -f3-6 run | tr '\t\n' ' ;')" "applied ret 1.5 OK;applied inner  OK;refused wrong 1.5 OLD_WORD;refused ret 2 RELATION;replaced ret 1.5 OK;applied ret 2 OK;kept nothing  NOT_APPLIED;reverted ret 2 OK;" "what happened"
is "$(cut -f8 run | sort -u)" "$(id -u)" "by whom"
is "$(sed -n 3p run | cut -f9)" "$(awk -F '\t' '$4 == "wrong" { print $9 }' run)" "and why"
like "$(sed -n 3p run | cut -f9)" 'wrong.lpatch:[0-9]*: counted: found' "with its place"
is "$(cut -f2 run | sort -c 2>&1)" "" "in the order of time"
run "as text" 0 lpapply -c sock --journal
like "$(cat run)" '^20.*Z  refused  wrong .*by process [0-9]* of user '"$(id -u)"',* *[a-z0-9. ]*: wrong.lpatch' "with the reason"
run "inner out" 0 lpapply -c sock --force -R inner
lpmake -t prog --meta name=one -o one.lpatch 'victim=ret 1'
run "one" 0 lpapply -c sock one.lpatch
say memory unmap >/dev/null
lpapply -q -c sock -l >/dev/null
is "$(lpapply -c sock --journal --tsv | tail -n 1 | cut -f3,4,7)" "$(printf 'retired\tone\t')" "what the program unmaps, by nobody"
run "stats" 0 lpapply -c sock --stats --tsv
awk -F '\t' '{ exit !($6 >= 5 && $7 > 0 && $8 > 0 && $8 <= $9 && $9 <= $10) }' run && ok "how often and how long it stood still" || { not_ok "how often and how long it stood still"; note <run; }
run "as text" 0 lpapply -c sock --stats
like "$(cat run)" '^stops   [0-9]*  ms: last [0-9.]*, median [0-9.]*, p99 [0-9.]*, max [0-9.]*$' "in milliseconds"
is "$(lpapply -c sock --journal --tsv | awk -F '\t' '{ print $3, ($11 > 0) }' | sort -u | grep -v -e retired -e refused | tr '\n' ';')" "applied 1;kept 0;replaced 1;reverted 1;" "the journal says for how long"
leave
start prog -P ret.lpatch
is "$(lpapply -c sock --journal --tsv | cut -f3,4,7)" "$(printf 'applied\tret\t')" "applied at start, by lprun itself"
# More than it keeps.
"$builddir/tests/e2e/hammer" sock 600 one.lpatch >/dev/null 2>&1
is "$(lpapply -c sock --journal --tsv | wc -l)" 1000 "1000 events are kept"
leave

# ---- counts of many threads, across their ends and fork ----
lpmake -t crowd --meta name=hot -o hot.lpatch "busy+0x0=word 0x11000800"
start crowd
run "apply" 0 lpapply -c sock hot.lpatch
for i in 1 2 3; do say go >/dev/null; done
is "$(hits hot)" 240000 "each of 24 threads' executions is counted, and none twice"
echo f >&9
wait_for 20 grep -q child out
child=$(sed -n 's/^child //p' out)
is "$(hits hot)" 320000 "those of the parent"
is "$(lpapply -p "$child" -l --tsv | cut -f5)" 340000 "a child goes on from there"
kill "$child"
run "revert" 0 lpapply -c sock -R
run "apply again" 0 lpapply -c sock hot.lpatch
is "$(hits hot)" 0 "from the beginning"
say go >/dev/null
is "$(hits hot)" 80000 "counted again"
leave
tap_done
