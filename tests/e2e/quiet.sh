#!/bin/sh
# Nobody may be inside a function that is patched: found on every kind of stack, named, waited for, and not seen where nobody is.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
. "$srcdir/tests/body.sh"
source=quiet.c

# patch_of PROGRAM NAME FUNCTION...: new bodies that do the same, but for g, which adds 2
patch_of()
{
    head_of "$1" "$2"
    binary=$1
    shift 2
    for function; do same_func "$binary" "$function" 11000400 11000800 || return; done
}

# now_busy WAY: patching is refused while a thread is there, and the error says where; then it is done
refused()
{
    run "$name, $1: refused" 5 lpapply -c sock --deadline 50ms both.lpatch
    like "$(cat run)" "${2:-is in}" "$name, $1: by its stack"
    case $1 in libc | interrupted | jump) ;; *) like "$(cat run)" " f+0x[0-9a-f]*" "$name, $1: which function" ;; esac
}
# way WAY [PATTERN]: from outside in: refused, the thread ends as it began, applied, what it does then, reverted
way()
{
    is "$(say in $1 5000)" inside "$name, $1: a thread sleeps in f"
    refused "$1" "$2"
    is "$(say out)" 2002 "$name, $1: it ends as it began"
    run "$name, $1: applied" 0 lpapply -c sock both.lpatch
    is "$(say in $1 5000)" inside "$name, $1: a thread sleeps in the new f"
    run "$name, $1: reverting is refused" 5 lpapply -c sock --deadline 50ms -R
    is "$(say out)" 3003 "$name, $1: the new f ends as it began"
    run "$name, $1: reverted" 0 lpapply -c sock -R
}
# program NAME PATTERN WAYS FLAG...
program()
{
    name=$1 pattern=$2 all=$3
    shift 3
    build prog "$@" || { not_ok "$name: compile"; tap_done; }
    patch_of prog both f g >both.lpatch && patch_of prog g g >g.lpatch && patch_of prog quick quick g >quick.lpatch && patch_of prog slow slow g >slow.lpatch ||
        { not_ok "$name: make patches"; return; }
    start prog
    for w in $all; do way "$w" "$pattern"; done
    way register possibly
    is "$(say in elsewhere)" inside "$name: a thread sleeps elsewhere"
    run "$name: elsewhere is no obstacle" 0 lpapply -c sock --deadline 50ms both.lpatch
    say out >/dev/null
    run "$name: reverted" 0 lpapply -c sock -R
}

# churned TIMES PATCH ORDER: so often patched and back while there are calls without end; each time the new body is executed, and then the old one
churned()
{
    is "$(say $3)" busy "$3: calls without end"
    for i in $(seq "$1"); do
        lpapply -q -c sock --deadline 10s "$2.lpatch" && say until 3003 && lpapply -q -c sock --deadline 10s -R && say until 2002
    done >versions
    is "$(grep -c 3003 versions) $(grep -c 2002 versions) $(wc -l <versions)" "$1 $1 $(($1 * 2))" "$3: patched and back $1 times"
    is "$(say calm)" "mixed 0" "$3: no call saw two versions"
}

every="plain deep handler altstack interrupted context jump libc"
program static 'is in' "$every" -static
# a patch of what f calls, and only of that, need not wait for f
is "$(say in plain)" inside "a thread sleeps in f"
run "g alone" 0 lpapply -c sock --deadline 50ms g.lpatch
is "$(say out)" 2003 "g was exchanged under f"
run "reverted" 0 lpapply -c sock -R
# forced, lazy: what is in the old body ends there, and it can be undone
for how in --force; do
    say in plain >/dev/null
    run "$how" 0 lpapply -c sock $how both.lpatch
    is "$(say out)" 2003 "$how: the old f goes on, with the new g"
    say in plain >/dev/null
    is "$(say out)" 3003 "$how: the new one is in place"
    run "$how: reverted" 0 lpapply -c sock -R
done
sed 's/^name .*/&\nmode      lazy/; /^digest/d' both.lpatch >lazy.lpatch
say in plain >/dev/null
run "lazy" 0 lpapply -c sock lazy.lpatch
is "$(say out)" 2003 "lazy: the old f goes on"
run "lazy: reverted" 0 lpapply -c sock -R
# words in their places: who is in a quiet function is waited for, though it stays as it is, or the words are few
in_place() { head_of prog "$1"; shift; printf '%s\n' "$@"; printf '@ g+0x%x\n- 11000400\n+ 11000800\nend\n' "$(offset prog g '"add"')"; }
cp both.lpatch bodies.lpatch
in_place both 'quiet f' >both.lpatch
for w in $every; do way "$w" 'is in'; done
way register possibly
say in plain >/dev/null
in_place part "quiet 0x$(where_is prog f | sed 's/ .*//; s/^0*//')" 'quiet g part' | sed 's/^name .*/&\nmode      lazy/' >part.lpatch
run "lazy, by its address: refused" 5 lpapply -c sock --deadline 50ms part.lpatch
run "forced" 0 lpapply -c sock --force part.lpatch
is "$(say out)" 2003 "g was changed under f"
run "reverted" 0 lpapply -c sock -R
in_place quick 'quiet quick' >quick.lpatch
churned 10 quick "busy 16"
patch_of prog quick quick g >quick.lpatch
mv bodies.lpatch both.lpatch
# waiting: it goes on as soon as the last one has left
say in plain >/dev/null
{ sleep 1; echo out >&9; } &
begun=$(date +%s%N)
run "waiting for a thread" 0 lpapply -c sock --deadline 20s both.lpatch
took=$((($(date +%s%N) - begun) / 1000000))
[ "$took" -ge 800 ] && [ "$took" -lt 10000 ] && ok "it goes on when the thread has left" || { not_ok "it goes on when the thread has left"; echo "$took ms" | note; }
run "reverted" 0 lpapply -c sock -R
# threads that call it without end do not keep it from coming, nor does a child of vfork
churned 10 quick "busy 16"
churned 5 slow vforked
leave

program "static, -O0" 'is in' "$every" -static -O0
program "static, no frame pointers" 'is in' "$every" -static -fomit-frame-pointer
program "static, no CFI" 'is in\|possibly' "$every" -static -fno-asynchronous-unwind-tables -fno-unwind-tables
program "static, no CFI, no frame pointers" 'is in\|possibly' "plain handler altstack interrupted context jump libc" \
    -static -fno-asynchronous-unwind-tables -fno-unwind-tables -fomit-frame-pointer
program "static, PAuth and BTI" 'is in' "$every" -static -mbranch-protection=standard
tap_done
