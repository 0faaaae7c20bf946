#!/bin/sh
# demo.sh BUILD-FOLDER - give a running program a faster function, with data of its own, and go on with what it had in memory.
. "$(dirname "$0")/../story.sh"
cp "$here/words.c" "$here/fast.c" .
run '$cc -O2 -static -o words words.c'
run '$cc -O2 -c fast.c'
talk 'lprun -c sock ./words'
say "Five hundred words, then one that it does not know: it looks at all of them."
i=0
while [ $i -lt 500 ]; do
    echo "word$i"
    i=$((i + 1))
done >&3
all() { [ "$(wc -l <answers)" -ge 500 ]; }
until_ all
ask unknown
shows '^501 words, 500 compared' answers
say "The function is written again in C and compiled; its object file becomes a patch."
run "lpmake -t words --meta name=fast -o fast.lpatch 'known=replace from fast.o'"
run 'grep -E "^(func|data)" fast.lpatch'
run 'lpapply -c sock fast.lpatch'
ask another
shows '^502 words, [0-9]\{1,2\} compared' answers
ask word77
shows '^502 words, [0-9]\{1,2\} compared' answers
say "It knows what it knew: the words are the program's, the hash table came with the patch. And back:"
run 'lpapply -c sock -R fast'
ask 'one more'
shows '^503 words, 502 compared' answers
exec 3>&-
