#!/bin/sh
# lpmake: what of an object file is the program's own and what is new, by the source file and by who uses it; and what a patch cannot bring.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/making/lib.sh"
# built NAME FLAG...: NAME from NAME.c with -DK=1, NAME.new with -DK=2, which says what the patched program is to do, and NAME.o of that
built()
{
    name=$1
    shift
    "$CROSS_CC" -w $SECTIONS "$@" -DK=1 -o "$name" "$name.c" && "$CROSS_CC" -w $SECTIONS "$@" -DK=2 -o "$name.new" "$name.c" &&
        "$CROSS_CC" -w $SECTIONS "$@" -DK=2 -c -o "$name.o" "$name.c" || not_ok "compile $name"
}
# as_new NAME WHAT CHANGE...: the patched program does what the new one does
as_new()
{
    name=$1 what=$2
    shift 2
    lpmake -t "$name" -o "$name.lpatch" "$@" 2>err || { not_ok "$what"; note <err; return; }
    is "$(run_patched "$name.lpatch" "./$name")" "$(run_lprun "./$name.new")" "$what"
}
# refused NAME WHAT TEXT CHANGE...
refused()
{
    name=$1 what=$2 text=$3 status=0
    shift 3
    lpmake -t "$name" "$@" >out 2>err || status=$?
    is "$status $(wc -c <out)" "1 0" "refused: $what"
    like "$(cat err)" "$text" "  said so"
}
# An IFUNC that the object defines, too, is the program's; a new one is nobody's.
cat >ifunc.c <<'C'
#include <stdio.h>
static int by(int x) { return x ^ 1; }
static void *resolve(void) { return (void *)by; }
int chosen(int) __attribute__((ifunc("resolve")));
#if K > 1
int late(int) __attribute__((ifunc("resolve")));
__attribute__((noinline)) int more(int n) { return late(n); }
#endif
__attribute__((noinline)) int work(int n) { return K * chosen(n); }
int main(void) { printf("%d\n", work(4)); return 0; }
C
built ifunc -static
as_new ifunc "an IFUNC of the object is the program's" 'work=replace from ifunc.o'
refused ifunc "a new IFUNC" '`late` is an IFUNC that the program does not have' 'work=replace from ifunc.o:more'
# An alignment is kept or refused.
cat >aligned.c <<'C'
#include <stdint.h>
#include <stdio.h>
__attribute__((noinline)) uintptr_t work(int n)
{
#if K > 1
    static char page[A] __attribute__((aligned(A))) = {1};
    __asm__ volatile("" : : "r"(page) : "memory");
    return (uintptr_t)page & (A - 1);
#else
    return n;
#endif
}
int main(void) { printf("%d\n", (int)work(4)); return 0; }
C
built aligned -static -DA=4096
"$CROSS_CC" -w $SECTIONS -DA=4096 -O0 -DK=2 -c -o aligned.o aligned.c
as_new aligned "an alignment of a page" 'work=replace from aligned.o'
"$CROSS_CC" -w $SECTIONS -DA=131072 -DK=2 -c -o aligned.o aligned.c
refused aligned "a larger one than can be had" 'is aligned to 131072 bytes' 'work=replace from aligned.o'
# A header that is included by two ways is one file.
mkdir x y
printf 'static inline int helper(int a)\n{\n    a += 3;\n    return a * 7;\n}\n' >x/util.h
printf '#include "util.h"\nint y(int);\nint main(int c, char **v) { return helper(c) + y(c); }\n' >x/a.c
printf '#include "../x/util.h"\nint y(int a) { return helper(a) + a * 9; }\n' >y/a.c
"$CROSS_CC" -g -o header x/a.c y/a.c || not_ok "compile"
for file in util.h x/util.h ./x/util.h y/../x/util.h; do
    lpmake -t header -o x.lpatch "$file:3=nop" 2>err
    like "$? $(cat err)" '^0 .*the line has 2 copies' "$file:3 of a header that is included by two ways"
done
tap_done
