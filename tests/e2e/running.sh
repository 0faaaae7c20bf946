#!/bin/sh
# Patches on programs in the middle of something: counting, blocking, spinning, forking, moving their own memory.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
build prog -static -no-pie || { not_ok "compile"; tap_done; }

# ---- counts are exact ----
lpmake -t prog --meta name=ret -o ret.lpatch 'counted=ret 77'
nop=$(offset prog site '"nop"')
lpmake -t prog --meta name=nop -o nop.lpatch "site+0x$(printf %x "$nop")=word 0xd503245f"
start prog
is "$(say call)" "call 2 4 21 6 5" "before"
run "apply while it is blocked in read()" 0 lpapply -c sock ret.lpatch nop.lpatch
is "$(hits ret) $(hits nop)" "0 0" "no execution yet"
is "$(say many 1234)" "many 1234" "read() was not interrupted"
is "$(hits ret) $(hits nop)" "1234 1234" "every execution is counted"
is "$(say call)" "call 77 4 21 6 5" "patched"
is "$(hits ret) $(hits nop)" "1235 1235" "one more"
run "revert" 0 lpapply -c sock -R

# ---- order ----
lpmake -t prog --meta name=one -o one.lpatch 'victim=ret 1'
{ head_of prog two; echo '@ victim'; echo '- d2800020'; echo '+ d2800040'; echo end; } >two.lpatch
{ head_of prog three 'replaces  two'; echo '@ victim'; echo '- d2800020'; echo '+ d2800060'; echo end; } >three.lpatch
run "on top of nothing" 1 lpapply -c sock two.lpatch
like "$(cat run)" 'two.lpatch:.*victim: found .*, patch expects d2800020' "what was found and expected"
run "one" 0 lpapply -c sock one.lpatch
lpmake -t prog --meta name=other -o other.lpatch 'victim=ret 5'
run "another one for what the file has" 1 lpapply -c sock other.lpatch
like "$(cat run)" 'hint: that is of the patch `one`' "whose place it is"
run "both on disk, by one call" 1 lpapply -n prog one.lpatch other.lpatch
like "$(cat run)" 'hint: that is of the patch `one`' "whose place it is"
run "two on it" 0 lpapply -c sock two.lpatch
is "$(say victim)" "victim 2" "the upper one runs"
run "the lower one first" 1 lpapply -c sock -R one
like "$(cat run)" 'two.*on top at victim' "the upper one is named"
run "three replaces two" 0 lpapply -c sock three.lpatch
is "$(names) $(say victim)" "one three  victim 3" "in one step"
run "all" 0 lpapply -c sock -R
is "$(say victim)" "victim 8" "as before"

# ---- memory ----
run "one again" 0 lpapply -c sock one.lpatch
is "$(say memory protect)" "protect 1" "mprotect keeps it"
is "$(say memory dontneed)" "dontneed 0 1" "MADV_DONTNEED keeps it"
say memory overwrite >/dev/null
run "a place that the program changed" 1 lpapply -c sock -R one
like "$(cat run)" 'victim: found d503201f, the patch wrote d2800020' "what was found and written"
is "$(say memory unmap)" "unmap 0" "the page goes"
is "$(names)" "" "and the patch with it"
leave
start prog -P one.lpatch
is "$(say memory remap)" "remap 1" "mremap takes the patched code along"
is "$(names) $(places one)" "one  1" "the journal follows"
is "$(hits one)" 1 "it is counted there"
run "two on it: its own place is empty" 1 lpapply -c sock two.lpatch
is "$(say memory back)" "back 1" "and back"
run "two on it" 0 lpapply -c sock two.lpatch
is "$(say memory remap)" "remap 2" "both move"
run "one by one" 0 lpapply -c sock -R two
is "$(say memory moved)" "moved 1" "the lower one runs"
run "the other" 0 lpapply -c sock -R one
is "$(say memory moved)" "moved 8" "reverted where it is now"
say memory back >/dev/null
lpmake -t prog --meta name=branch -o branch.lpatch 'victim=b thrice'
for how in near remap; do
    run "$how: a branch" 0 lpapply -c sock branch.lpatch
    is "$(say victim)" "victim 3" "$how: before"
    is "$(say memory $how)" "$how 3" "$how: a branch goes where it went"
    is "$(places branch)" 1 "$how: and the journal says so"
    lpapply -q -c sock -R
    is "$(say memory moved) $(say memory back)" "moved 8 back 8" "$how: reverted"
done
run "one" 0 lpapply -c sock one.lpatch
say memory remap >/dev/null
say memory drift >/dev/null
run "changed by the program where it is now" 1 lpapply -c sock -R one
like "$(cat run)" 'found d503201f, the patch wrote d2800020' "what was found and written"
leave

# ---- waiting ----
start prog
two_words two-words >inner.lpatch
say inner >/dev/null
run "a return address in the range" 5 lpapply --deadline 200ms -c sock inner.lpatch
like "$(cat run)" "inner+0x" "the place is named"
is "$(names)" "" "nothing is applied"
lpapply -c sock --deadline 10s inner.lpatch >wait.out 2>&1 &
waiting=$!
sleep 0.3
kill -0 "$waiting" 2>/dev/null && ok "it waits" || not_ok "it waits"
is "$(say 1)" "inner 104" "the call in progress runs the old code"
wait "$waiting"; is "$?" 0 "then the patch comes"
say inner >/dev/null
is "$(say 1)" "inner 108" "the next one the new"
say inner >/dev/null
run "revert waits too" 5 lpapply --deadline 200ms -c sock -R two-words
run "--force does not" 0 lpapply --force -c sock -R two-words
is "$(say 1)" "inner 104" "and the old code is there"
nop=$(offset prog spin '"nop"')
{ head_of prog spin; echo "@ spin+0x$(printf %x "$nop")"; for i in 1 2 3 4 5 6 7 8; do echo '- d503201f'; echo '+ d503245f'; done; echo end; } >spin.lpatch
is "$(say spin)" spin "a thread spins in the range"
run "bounded" 0 timeout 20 lpapply --deadline 5s -c sock spin.lpatch
say stop >/dev/null
run "out again" 0 lpapply -c sock -R

# ---- under load ----
is "$(say busy)" busy "a busy thread"
if [ -x "$builddir/tests/e2e/hammer" ]; then
    run "2000 rounds" 0 "$builddir/tests/e2e/hammer" sock 2000 ret.lpatch one.lpatch
    "$builddir/tests/e2e/hammer" sock 300 ret.lpatch >hammer.out 2>&1 &
    hammer=$!
    is "$(say forks 50)" "forks 50" "forks meanwhile"
    wait "$hammer"; is "$?" 0 "rounds during forks"
fi
say idle >/dev/null
is "$(say call)" "call 2 4 21 6 5" "unharmed"

# ---- fork ----
run "before the fork" 0 lpapply -c sock ret.lpatch
child=$(say fork | sed -n 's/fork //p')
[ -n "$child" ] || child=$(sed -n 's/^fork //p' out | tail -n 1)
wait_for 5 lpapply -q -p "$child" -l && ok "the child has its own socket" || not_ok "the child has its own socket"
is "$(lpapply -p "$child" -l --tsv | cut -f2)" ret "with the patch"
run "revert in the child" 0 lpapply -p "$child" -R
is "$(names)" "ret " "not in the parent"
is "$(say call)" "call 2 4 21 6 5" "the child runs the old code"
kill "$child" 2>/dev/null
wait_for 5 grep -q joined out
is "$(say call)" "call 77 4 21 6 5" "the parent the new"
leave

# ---- exec ----
is "$(lprun --no-control -P ret.lpatch ./prog exec ./prog once)" "77 4 21" "a program that it executes is patched too"
tap_done
