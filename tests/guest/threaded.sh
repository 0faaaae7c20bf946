#!/bin/sh
# Programs with threads, processes and signals at -O2: for the sanitizer builds, beside quick.sh.
cd "$srcdir/tests/guest" || exit 1
exec "${SHELL:-/bin/sh}" "$srcdir/tests/guest/run.sh" -O2 threads.c tls.c atomics.c signals.c sigchld.c sigrestarts.c sigfaults.c sigstacks.c sockets.c ipc.c
