#!/bin/sh
# Functions that are patched while threads are inside them, and left in every way: returns, locks, handlers, cancellation, jumps, exceptions, coroutines, children.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
dir=$tests/e2e/scenes
source=scenes/inside.c
flags='-O2 -fno-inline-small-functions -fno-ipa-ra'

# patch_of FUNCTION [META LINE...]: its new body
patch_of() { fn=$1; shift; head_of inside "$fn" "$@"; new_func inside "$fn"; }
# held NAME SCENE THREADS HELD SUM [cancel]: threads are held, $then is done, and they give SUM
held()
{
    is "$(say begin "$2" "$3" "$4")" "inside $3" "$1: inside"
    $then
    is "$(say "${6:-go}")" "sum $5 wrong 0" "$1"
}
lazily() { run "$fn: applied while they are inside" 0 lpapply -c sock "$fn.lpatch"; is "$(places "$fn")" 1 "$fn: one place"; }
out() { run "$fn: reverted while they are inside" 0 lpapply -c sock -R "$fn"; is "$(names)" "" "$fn: nothing is applied"; }
# scene FUNCTION SCENE THREADS HELD OLD MIXED NEW MIXED [cancel]: before, from old to new, after, from new to old, and after that
scene()
{
    fn=$1
    patch_of "$1" 'mode lazy' >"$1.lpatch"
    then=: held "$1: the old body" "$2" "$3" "$4" "$5" "${9:-go}"
    then=lazily held "$1: who is inside ends in the old body" "$2" "$3" "$4" "$6" "${9:-go}"
    then=: held "$1: the new body" "$2" "$3" "$4" "$7" "${9:-go}"
    then=out held "$1: who is inside ends in the new body" "$2" "$3" "$4" "$8" "${9:-go}"
    then=: held "$1: the old body again" "$2" "$3" "$4" "$5" "${9:-go}"
}

refuses() { run "$fn: not while they are inside" 5 lpapply -c sock --deadline 150ms "$fn.wait"; is "$(names)" "" "$fn: nothing is applied"; }
waits() { timeout 60 lpapply -q -c sock --deadline 30s "$fn.wait" >wait.out 2>&1 & waiting=$!; sleep 0.2; is "$(names)" "" "$fn: it waits"; }
# quiet FUNCTION SCENE THREADS HELD OLD NEW [cancel]: in the usual mode a patch comes when the last has left
quiet()
{
    fn=$1
    patch_of "$1" >"$1.wait"
    then=refuses held "$1: as nobody had come" "$2" "$3" "$4" "$5" "${7:-go}"
    then=waits held "$1: the last leaves" "$2" "$3" "$4" "$5" "${7:-go}"
    wait "$waiting"; is "$?" 0 "$1: then it comes"
    then=: held "$1: it is there" "$2" "$3" "$4" "$6" "${7:-go}"
    run "$1: revert" 0 lpapply -c sock -R
}

all()
{
    new_code "$dir/inside.c" -DNEW $flags "$@"
    scene deep recursion 8 8 192 2568 19200 16824
    scene locked locks 5 1 5 5 500 500
    scene handler signals 8 8 8 8 800 800
    scene cancelled cancel 6 6 6 6 600 600 cancel
    scene jumper jumps 8 8 8 8 800 800
    scene body coroutines 8 8 8 8 800 800
    scene forker vforks 1 1 1 1 100 100
    scene spawner spawns 4 4 4 4 400 400
    scene heap heaps 8 8 8 8 800 800
    for way in exceptions exits; do scene passed $way 8 8 8008 8008 8800 8800; done
    scene passed cancels 6 6 6006 6006 6600 6600 cancel
    quiet deep recursion 4 4 96 9600
    quiet locked locks 5 1 5 500
    quiet handler signals 4 4 4 400
    quiet cancelled cancel 4 4 4 400 cancel
    quiet jumper jumps 4 4 4 400
    quiet heap heaps 4 4 4 400
    fn=middle # the old body is known to the program's unwinder; each frame's cleanup adds 1000
    patch_of middle 'mode lazy' >middle.lpatch
    then=: held "middle: thrown over" throws 4 4 4004
    then=lazily held "middle: thrown over when it is the old body" throws 4 4 4004
    out
    then=: held "middle: thrown over as before" throws 4 4 4004
}

for kind in fixed pie; do
    [ $kind = fixed ] && link='-static -no-pie -fexceptions' code=-fno-pie || link='-static-pie -fexceptions' code=-fPIE
    build inside $link $code || { not_ok "$kind: compile"; continue; }
    start inside
    all $code
    leave
done
if root=$(arm64_sysroot); then
    build inside -pie -fPIE -fexceptions
    start inside -L "$root"
    all -fPIE
    leave
else
    skip dynamic "no AArch64 shared libraries"
fi
tap_done
