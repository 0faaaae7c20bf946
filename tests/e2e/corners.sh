#!/bin/sh
# Corners: patched pages that are cut off, moved and kept, or shared; versions of a symbol; a call for many programs at once.
. "$srcdir/tests/lib.sh"
source=scenes/corners.c
. "$srcdir/tests/e2e/driven.sh"
scenes=$tests/e2e/scenes
# add N: the word add w0, w0, #N
add() { printf %08x $((0x11000000 + $1 * 1024)); }
# adds FILE FUNCTION OLD NEW [SPEC]: a site that adds NEW where OLD was added
adds() { printf '@ %s+0x%x\n- %s\n+ %s\nend\n' "${5:-$2}" "$(offset "$1" "$2" '"add"')" "$(add "$3")" "$(add "$4")"; }

build prog -static -no-pie -fno-toplevel-reorder || { not_ok "compile"; tap_done; }
for f in 'first 1 10' 'second 2 20' 'third 3 30'; do
    set -- $f
    { head_of prog "$1"; adds prog "$1" "$2" "$3"; } >"$1.lpatch"
done

# ---- mremap ----
start prog
run "apply" 0 lpapply -c sock first.lpatch second.lpatch third.lpatch
is "$(say first) $(say second) $(say third)" "110 120 130 130" "all three are patched"
is "$(say shrink)" "shrunk 1" "the second page is cut off"
is "$(say first)" 110 "the first is still patched"
is "$(names)" "first third " "what was on the page that is gone is retired"
kept=$(say keep)
if [ "$kept" = "kept 1" ]; then
    is "$(say third)" "103 130" "the third has moved with its patch, and its file is where it was"
    run "revert it" 0 lpapply -c sock -R third
    is "$(say third)" "103 103" "and is as it was"
else
    skip "MREMAP_DONTUNMAP of a file" "$kept"
fi
run "revert the rest" 0 lpapply -c sock -R
is "$(say first)" 101 "the first is as it was"
leave

# A replaced function whose page moves out of its reach goes on in the new body, from the new place too, and back.
if [ "$kept" = "kept 1" ]; then
    { head_of prog far; printf 'func third size 8\n%s\n| 11007800\n| d65f03c0\nend\n' "$(old_of prog third)"; } >far.lpatch
    start prog
    run "replace a function" 0 lpapply -c sock far.lpatch
    is "$(say keep)" "kept 1" "its page is moved"
    is "$(say third)" "103 130" "far from the new body, which it still leads to"
    is "$(names)" "far " "the patch is still applied"
    is "$(say keep)" "kept 1" "once more"
    is "$(say third)" "103 130" "the same"
    run "revert it" 0 lpapply -c sock -R far
    is "$(say third)" "103 103" "and it is as it was"
    leave
fi

# ---- code that the program writes by one mapping and runs by another ----
echo '9000000 D2800140 ten' >jit.lpatch
start prog
say emit 1 >/dev/null
is "$(say jit)" 1 "a JIT's function"
for round in first second; do
    run "patch it, $round time" 0 lpapply -c sock jit.lpatch
    is "$(say jit)" 10 "it is patched"
    say emit 2 >/dev/null
    is "$(say jit)" 10 "the patch is not overwritten"
    run "revert it" 0 lpapply -c sock -R
    is "$(say jit)" 2 "what the JIT has written meanwhile is there"
    say emit 3 >/dev/null
    is "$(say jit)" 3 "and what it writes now"
done
leave

# ---- versions ----
if root=$(arm64_sysroot); then
    echo 'V1 { global: f; local: *; }; V2 { global: f; } V1;' >map
    "$CROSS_CC" -w -O2 -fPIC -shared -DLIBRARY -Wl,--version-script=map -Wl,-soname,libver.so -Wl,--build-id -o libver.so "$scenes/corners.c" &&
        build dynamic -DVERSIONS -Wl,--no-as-needed ./libver.so -Wl,-rpath,. || not_ok "compile with versions"
    { head_of libver.so v1; adds libver.so first_f 1 10 f@V1; } >v1.lpatch
    { head_of libver.so v2; adds libver.so second_f 2 20 f@V2; } >v2.lpatch
    { head_of libver.so v; adds libver.so first_f 1 10 f; } >v.lpatch
    start dynamic -L "$root"
    is "$(say versions)" "101 102" "two versions"
    run "f@V1" 0 lpapply -c sock v1.lpatch
    is "$(say versions)" "110 102" "f@V1 is patched"
    run "f@V2" 0 lpapply -c sock v2.lpatch
    is "$(say versions)" "110 120" "f@V2 is patched"
    run "revert" 0 lpapply -c sock -R
    run "f" 1 lpapply -c sock v.lpatch
    like "$(cat run)" 'ambiguous\|found' "f alone says nothing"
    # in new code: what the program has under both names
    jump() { printf 'func %s size 4\n%s\n| 14000000 jump26 %s\nend\n' "$1" "$(old_of dynamic "$1")" "$2"; }
    { head_of dynamic jumps; jump first f@V2; jump second f@V1; } >jumps.lpatch
    is "$(say first) $(say second)" "101 102" "the program's functions"
    run "jumps" 0 lpapply -c sock jumps.lpatch
    is "$(say first) $(say second)" "102 101" "new code calls f@V2 and f@V1"
    leave
else
    skip versions "no AArch64 shared libraries"
fi

# ---- many programs ----
mkfifo hold
exec 8<>hold
many=24
for i in $(seq $many); do lprun ./prog <hold >"out.$i" 2>&1 & children="$children $!"; done
wait_for 60 sh -c "[ \$(cat out.* | grep -c ready) = $many ]" && ok "$many programs run" || not_ok "$many programs run"
everywhere() { lpapply -p all -l --tsv | cut -f2 | grep -c '^second$'; }
run "a patch for all" 0 lpapply -p all second.lpatch
is "$(everywhere)" $many "each has it"
run "and reverted in all" 0 lpapply -p all -R
is "$(everywhere)" 0 "none has it"
for i in $(seq $many); do echo bye >&8; done
tap_done
