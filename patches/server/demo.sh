#!/bin/sh
# demo.sh BUILD-FOLDER - close a buffer overflow in a server while clients are connected.
. "$(dirname "$0")/../story.sh"
cp "$here/server.c" "$here/client.c" .
run '$cc -O2 -static -o server server.c'
run '$cc -O2 -static -DFIXED -o server.fixed server.c'
run '$cc -O2 -static -o client client.c'
run 'lprun -c sock ./server talk &'
pids=$!
until_ test -S talk
talk 'lprun --no-control ./client talk'
say "A client that stays connected."
ask 'name Ada'
ask secret
shows 'not for you' answers
say "Another one has a name of 19 letters, and behind the 16 that there is room for, there is what it may see."
run "printf 'name AAAAAAAAAAAAAAAAAAA\nsecret\n' | lprun --no-control ./client talk" >out
cat out
shows 'the secret is 42' out
say "The fix is in the source. What does it change in the program?"
run 'lpdiff server server.fixed > fix.lpatch || [ $? = 1 ]'
run 'cat fix.lpatch'
run 'lpapply -c sock fix.lpatch'
say "The server was not stopped, and the first client is still who it was. The overflow is gone:"
ask whoami
shows '^Ada' answers
run "printf 'name AAAAAAAAAAAAAAAAAAA\nsecret\n' | lprun --no-control ./client talk" >out
cat out
shows 'not for you' out
run 'lpapply -c sock -l'
exec 3>&-
