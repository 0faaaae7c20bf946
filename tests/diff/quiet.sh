#!/bin/sh
# A function of which a few words are changed in their places, while threads are in it: it is waited for, as for one that gets a new body.
. "$srcdir/tests/lib.sh"
. "$tests/diff/pair.sh"
. "$tests/e2e/driven.sh"
both_compilers
cat >serve.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#define KEEP __attribute__((noipa))
KEEP int ask(void) { char line[100]; puts("asks"); return fgets(line, sizeof line, stdin) ? atoi(line) : 0; }
/* The limit is asked for in front of a question and behind it. What negative numbers come to is cut off, as compilers do. */
int serve(int n);
#define TEXT(x) #x
#define NUMBER(x) TEXT(x)
#ifndef MORE
#define MORE
#endif
#define FRAME ".cfi_def_cfa_offset 32\n .cfi_offset 29, -32\n .cfi_offset 30, -24\n .cfi_offset 19, -16\n"
__asm__(".text\n .balign 4\n .global serve\n .type serve, %function\nserve: .cfi_startproc\n stp x29, x30, [sp, #-32]!\n str x19, [sp, #16]\n" FRAME
        " mov x29, sp\n mov w19, #" NUMBER(LIMIT) "\n sub w19, w19, w0\n" MORE " tbnz w0, #31, serve.cold\n bl ask\n"
        "1: cmp w0, #" NUMBER(LIMIT) "\n csinv w0, w19, wzr, lt\n ldr x19, [sp, #16]\n ldp x29, x30, [sp], #32\n"
        " .cfi_restore 30\n .cfi_restore 29\n .cfi_restore 19\n .cfi_def_cfa_offset 0\n ret\n .cfi_endproc\n .size serve, . - serve\n"
        ".section .text.unlikely, \"ax\"\n .balign 4\n .type serve.cold, %function\nserve.cold: .cfi_startproc\n" FRAME
        " bl ask\n b 1b\n .cfi_endproc\n .size serve.cold, . - serve.cold\n .text\n");
int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("ready");
    for (int n; (n = ask());) printf("answer %d\n", serve(n));
    return 0;
}
C
# ends: the second question is answered; what serve() says
ends() { echo 50 >&9; wait_for 20 sh -c 'tail -n 2 out | grep -q answer'; tail -n 2 out | head -n 1; }
answers() { say "$1" >/dev/null; ends; }
# waits NAME FIRST OLD NEW: a thread is in serve(), or in what is cut off from it, when the patch is to come and to go
waits()
{
    is "$(say "$2")" asks "$1: it is under way"
    run "$1: not while it is" 5 lpapply -c sock --deadline 100ms p.lpatch
    is "$(ends)" "answer $3" "$1: it ends as it began"
    run "$1: applied" 0 lpapply -c sock p.lpatch
    is "$(answers "$2")" "answer $4" "$1: the new limit"
    say "$2" >/dev/null
    run "$1: not taken back while it is" 5 lpapply -c sock --deadline 100ms -R
    is "$(ends)" "answer $4" "$1: it ends as it began"
    run "$1: taken back" 0 lpapply -c sock -R
    is "$(answers "$2")" "answer $3" "$1: the old limit"
}
for cc in $compilers; do
    for kind in named stripped; do
        flags='-O2 -static -Wl,--build-id'
        options= cut=',.cold part,'
        [ $kind = named ] || flags="$flags -s" options=--heuristic cut=', part,'
        name="$cc, $kind"
        $cc $flags -DLIMIT=40 -o old serve.c && $cc $flags -DLIMIT=400 -o new serve.c || { not_ok "$name: compile"; continue; }
        run "$name: lpdiff" 1 lpdiff $options -o p.lpatch old new
        is "$(sed -n 's/^quiet [^ .]*//p; s/^@ serve+0x[0-9a-f]* quiet$//p' p.lpatch | sort | tr '\n' ,)" "$cut" "$name: the function, and what is cut off from it"
        is "$(grep -c '^@' p.lpatch)" 2 "$name: two places"
        run "$name: the patch reads as it is written" 0 sh -c 'lpmake --redigest p.lpatch | head -n "$(wc -l <p.lpatch)" | cmp - p.lpatch'
        run "$name: applied to the file" 0 lpapply -q -o patched old p.lpatch
        start old; wait_for 20 grep -q asks out
        waits "$name" 5 -1 395
        waits "$name, what is cut off" -5 -1 405
        leave
        start patched; wait_for 20 grep -q asks out
        is "$(answers 5)" "answer 395" "$name: in the file nobody waits"
        leave
        [ $kind = named ] || continue
        # a new body: what is cut off from the old one is the old function, too
        $cc $flags -DLIMIT=400 '-DMORE=" add w19, w19, #1\n"' -o new serve.c
        run "$name: lpdiff, of another size" 1 lpdiff -o p.lpatch old new
        is "$(sed -n 's/^func \([^ ]*\) size .*[0-9]$/func \1/p; /^quiet/p' p.lpatch | sort | tr '\n' ,)" 'func serve,quiet serve.cold part,' "$name: and nobody may be in what is cut off"
        start old; wait_for 20 grep -q asks out
        waits "$name, a new body" 5 -1 396
        waits "$name, what is cut off from a new body" -5 -1 406
        leave
    done
done
tap_done
