#!/bin/sh
# demo.sh BUILD-FOLDER - make a disk that is full, and one that breaks, without either.
. "$(dirname "$0")/../story.sh"
cp "$here/save.c" .
run '$cc -O2 -static -o save save.c'
run 'echo old >file; echo new | lprun ./save file; cat file' >out
cat out
shows new out
say "A full disk: write_all() returns -28, which is -ENOSPC."
run "lpmake -t save --meta name=full -o full.lpatch 'write_all=ret -28'"
run 'echo newer | lprun -P full.lpatch ./save file || echo "exit status $?, the file: $(cat file)"' >out 2>&1
cat out
shows 'exit status 1, the file: new$' out
say "The program keeps the old file and says so. Now a disk that breaks when it is told to keep what it has: sync_file() returns -5, -EIO."
run "lpmake -t save --meta name=broken -o broken.lpatch 'sync_file=ret -5'"
run 'echo newest | lprun -P broken.lpatch ./save file && echo "exit status $?, the file: $(cat file)"' >out 2>&1
cat out
shows 'exit status 0, the file: newest$' out
say "There is the fault: the old file is gone, the new one may never have reached the disk, and nobody was told."
