#!/bin/sh
# The rooms but kernel, jit and mem, and the tools, are C11 and POSIX.1-2008, but for the files named here.
. "$srcdir/tests/lib.sh"
# file, and what it needs of Linux
linux='lib/base/os.c the calls that other rooms make through it
lib/control/creds.c credentials of one thread: raw system calls
lib/exec/dispatch.c labels as values: a jump of its own for each instruction
tools/lprun.c memfd_create: a patch from standard input is handed on by execve
tools/out.c mkostemp, realpath, and output without a lock for each line'
CC=$(sed -n "s/^CC *= *//p" "$builddir/Makefile")
flags='-std=c11 -D_POSIX_C_SOURCE=200809L -pedantic-errors -Wall -Wextra -Wno-unused-parameter -Werror -fsyntax-only'
make -C "$builddir" -s print-sources >"$scratch/said" || { not_ok "make print-sources"; tap_done; }
# config.h asks for every extension of the C library: here for none.
sed -E '/^# *define (_[A-Z0-9_]*(SOURCE|API|SEMANTICS)|__(EXTENSIONS__|STDC_WANT_[A-Z0-9_]*)) /d' "$builddir/config.h" >"$scratch/config.h"
like "$(cat "$scratch/config.h")" '^#define PACKAGE_VERSION' "a config.h without extensions"
is "$(grep -c SOURCE "$scratch/config.h")" "$(grep -c 'ifndef.*SOURCE\|#.*SOURCE.*\*/\|/\*.*SOURCE' "$scratch/config.h")" "and there are none"
cd "$srcdir" || exit 1
export CC flags scratch builddir
compile='f=$1
$CC $flags -I"$scratch" -Iinclude -Ilib -I"$builddir/lib" $(pkg-config --cflags libelf capstone libmd libdw 2>/dev/null) -DLP_SYSCONFDIR=\"/etc\" "$f" \
    >"$scratch/$(echo "$f" | tr / _).err" 2>&1 || echo "$f"'
# make may have more to say
tr ' ' '\n' <"$scratch/said" | grep -E '^(lib|tools)/.*\.c$' | grep -vE '^lib/(kernel|jit|mem)/' >"$scratch/all"
xargs <"$scratch/all" -n 1 -P "$(nproc 2>/dev/null || echo 1)" sh -c "$compile" x | sort >"$scratch/failed"
n=$(wc -w <"$scratch/all")
[ "$n" -gt 150 ] && ok "$n files" || not_ok "$n files: is the list made?"
is "$(echo "$linux" | sed 's/ .*//' | comm -23 "$scratch/failed" - | while read -r f; do echo "$f: $(grep -m 2 error: "$scratch/$(echo "$f" | tr / _).err")"; done)" "" "each is strict C11"
is "$(echo "$linux" | sed 's/ .*//' | comm -13 "$scratch/failed" -)" "" "what is excused needs it"
tap_done
