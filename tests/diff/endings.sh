#!/bin/sh
# Imports that do not come back, though their names say nothing: the code does, if all calls are as if they did not.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1

cat >lib.c <<'C'
#include <stdio.h>
#include <stdlib.h>
void complain(const char *text) { printf("complaint: %s\n", text); fflush(stdout); if (text[0] != 'w') exit(3); }
C
# pick() has the page of a table in X19 where a branch leads behind a call of complain(), and that of a variable where that call would come back.
cat >end.c <<'C'
#include <stdio.h>
void complain(const char *);
int pick(int), other(int);
#define HERE __attribute__((used, visibility("hidden")))
HERE const char first[] = "one";
HERE int room[4096];
HERE const int table[] = {10, 20, 30, 40};
#ifdef MORE
HERE const char more[] = "in front of what pick() refers to";
#define ONE (more[n & 3] - more[n & 3] + 2)
#else
#define ONE 1
#endif
__asm__(".text\n.p2align 2\n.globl pick\n.type pick, %function\npick:\n.cfi_startproc\n stp x29, x30, [sp, #-32]!\n.cfi_def_cfa_offset 32\n"
        ".cfi_offset 29, -32\n.cfi_offset 30, -24\n str x19, [sp, #16]\n.cfi_offset 19, -16\n cmp w0, #9\n b.hi 2f\n adrp x19, table\n cmp w0, #3\n b.ls 1f\n"
        " adrp x19, room\n ldr w1, [x19, :lo12:room]\n"
        " adrp x0, first\n add x0, x0, :lo12:first\n bl complain\n"
        "1: add x1, x19, :lo12:table\n ldr w0, [x1, w0, uxtw #2]\n ldr x19, [sp, #16]\n ldp x29, x30, [sp], #32\n ret\n"
        "2: adrp x0, first\n add x0, x0, :lo12:first\n bl complain\n"
        ".cfi_endproc\n.size pick, .-pick\n");
#ifdef PASSED
int other(int n) { if (n == 77) n++; complain("w"); return n + ONE; }
#else
int other(int n) { return n + ONE; }
#endif
int main(int argc, char **argv) { printf("%d %s\n", pick(argc), first); printf("%d\n", other(argc)); return pick(argc + 1) + (argc == 2 ? pick(9) : 0); }
C
with_gcc -shared -fPIC -Wl,-soname,libend.so -o libend.so lib.c
for how in '-O2' '-O2 -s' '-O1 -no-pie -fno-pie' '-O2 -no-pie -s'; do
    build() { out=$1; shift; with_gcc $how "$@" -Wl,--build-id,-rpath,. -L. -o "$out" end.c -lend || not_ok "compile $out"; }
    build old && build new -DMORE
    becomes=--heuristic
    becomes "$how" old new
    case $how in *-s) continue ;; esac
    is "$(lpdiff --summary old new | sed -n 's/^changed *\([a-z]*\).*/\1/p' | sort | paste -s -d ' ')" "main other" "$how: pick() is the same"
    build passed -DPASSED && build longer -DPASSED -DMORE
    for both in passed old; do
        like "$(lpdiff --summary "$both" longer 2>&1)" '^changed *pick' "$how, $both: something is behind a call, in one file or both: it may be the variable's"
    done
done
tap_done
