#!/bin/sh
# demo.sh BUILD-FOLDER - test a program without the key that it asks for, and without a file of it changed.
. "$(dirname "$0")/../story.sh"
cp "$here/licence.c" .
run '$cc -O2 -static -o licence licence.c'
say "The test machine has no key."
run 'lprun ./licence 1 2 3 || echo "exit status $?"' >out 2>&1
cat out
shows 'exit status 3' out
say "One function answers what the test needs. The patch is made, read and applied in a pipe; nothing is written."
run "lpmake -t licence --meta name=unlocked 'licensed=ret 1' | lprun -P - ./licence 1 2 3" >out
cat out
shows 'total 6' out
say "The same patch for one program among others of a test, through the environment of a Makefile rule:"
run "lpmake -t licence --meta name=unlocked -o unlocked.lpatch 'licensed=ret 1'"
run 'for n in "1 1" "20 22"; do lprun -P unlocked.lpatch ./licence $n; done' >out
cat out
shows 'total 42' out
