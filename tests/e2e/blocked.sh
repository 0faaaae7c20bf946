#!/bin/sh
# A thread in each system call that waits: the function around it is patched and reverted, often, and the call goes on as if nothing had been.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
dir=$tests/e2e/scenes
source=scenes/blocked.c
hammer=$builddir/tests/e2e/hammer
flags='-O1 -fno-ipa-ra -mgeneral-regs-only'

build blocked -static -no-pie || { not_ok "compile"; tap_done; }
new_code "$dir/blocked.c" -DNEW $flags -fno-pie
functions=$(tool nm new.o | sed -n 's/.* T \(w_.*\)/\1/p')
n=$(echo $functions | wc -w)
{ head_of blocked calls 'mode lazy'; for f in $functions; do new_func blocked "$f"; done; } >calls.lpatch
start blocked
# while_blocked SUM NAME COMMAND...
while_blocked()
{
    sum=$1 name=$2
    shift 2
    is "$(say begin)" "blocked $n" "$name: all wait"
    "$@"
    is "$(say go)" "sum $sum" "$name: all return what they should"
}
storm() { [ ! -x "$hammer" ] || run "a hundred patches and reverts" 0 "$hammer" sock 50 calls.lpatch; }
apply() { storm; run "apply" 0 lpapply -c sock calls.lpatch; is "$(places calls)" "$n" "every function is another"; }
revert() { run "revert" 0 lpapply -c sock -R; storm; }
while_blocked "$n" "old" :
while_blocked "$n" "in the old body" apply
while_blocked $((100 * n)) "new" :
while_blocked $((100 * n)) "in the new body" revert
while_blocked "$n" "old again" storm
[ "$n" -gt 20 ] && ok "$n calls" || not_ok "$n calls"
leave
tap_done
