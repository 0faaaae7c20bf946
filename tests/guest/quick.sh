#!/bin/sh
# A few programs at -O2: for the sanitizer builds, where each instruction costs more.
cd "$srcdir/tests/guest" || exit 1
exec "${SHELL:-/bin/sh}" "$srcdir/tests/guest/run.sh" -O2 hello.c strings.c malloc.c setjmp.c forks.c execs.c mmaps.c stdio_files.c pipes.c varargs.c vectors.c neon.c printf_fp.c fenv.c
