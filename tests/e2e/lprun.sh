#!/bin/sh
# lprun as a command: exit statuses, arguments, environment, signals, bad files.
. "$srcdir/tests/lib.sh"
need_cross
cd "$scratch" || exit 1
# status NAME WANT COMMAND...
status()
{
    name=$1 want=$2
    shift 2
    "$@" >out 2>err </dev/null
    have=$?
    is "$have" "$want" "$name: exit status"
    [ "$have" = "$want" ] || note <err
}
"$CROSS_CC" -nostdlib -static -o hello "$srcdir/examples/hello.s" && "$CROSS_CC" -nostdlib -static -o add "$srcdir/examples/add.s" || not_ok "assemble the examples"
status "hello.s" 0 lprun ./hello
[ -s out ] && ok "hello.s prints" || not_ok "hello.s prints"
for p in hello add; do
    lprun ./$p >out 2>&1
    echo "status $?" >>out
    if command -v "$QEMU_AARCH64" >/dev/null; then
        "$QEMU_AARCH64" ./$p >want 2>&1
        echo "status $?" >>want
        same out want "$p.s as under qemu"
    fi
done
cat >t.c <<'E2'
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    if (argc < 2) return 0;
    if (!strcmp(argv[1], "exit")) return atoi(argv[2]);
    if (!strcmp(argv[1], "kill")) raise(atoi(argv[2]));
    if (!strcmp(argv[1], "ill")) __asm__ volatile(".inst 0x0000beef");
    if (!strcmp(argv[1], "segv")) *(volatile int *)16 = 1;
    if (!strcmp(argv[1], "brk")) __asm__ volatile("brk #1");
    if (!strcmp(argv[1], "env")) puts(getenv(argv[2]) ? getenv(argv[2]) : "(none)");
    if (!strcmp(argv[1], "argv0")) puts(argv[0]);
    if (!strcmp(argv[1], "args")) for (int i = 0; i < argc; i++) puts(argv[i]);
    if (!strcmp(argv[1], "cat")) for (int c; (c = getchar()) != EOF;) putchar(c);
    if (!strcmp(argv[1], "stack")) { volatile char b[3 << 20]; b[0] = 1; b[(3 << 20) - 1] = 2; printf("%d\n", b[0]); }
    if (!strcmp(argv[1], "overflow")) { volatile char b[1 << 20]; b[0] = 1; if (argc > 1) main(argc, argv); printf("%d\n", b[0]); }
    return 0;
}
E2
arm64_cc t t.c -O1 || { not_ok "compile"; tap_done; }
for n in 0 1 42 255; do status "exit $n" $n lprun ./t exit $n; done
for n in 1 2 6 9 11 13 15; do status "signal $n is raised again" $((128 + n)) sh -c 'lprun ./t kill '$n'; exit $?'; done
# While it gets ready, as here where it waits for a patch, a signal does what it would do to any program.
mkfifo slow
lprun -P slow ./t exit 0 2>/dev/null &
starting=$!
sleep 0.5
kill -TERM $starting
sleep 0.5
kill -KILL $starting 2>/dev/null
wait $starting
is $? 143 "a signal before the program's start"
status "SIGSEGV" 139 sh -c 'lprun ./t segv; exit $?'
status "SIGTRAP" 133 sh -c 'lprun ./t brk; exit $?'
status "stack overflow" 139 sh -c 'lprun -s 8388608 ./t overflow; exit $?'
status "an unknown instruction" 132 sh -c 'lprun ./t ill; exit $?'
like "$(cat err)" '0*beef' "the word is named"
like "$(cat err)" '0x[0-9a-f]*' "the address is named"
status "-s" 0 lprun -s 16777216 ./t stack
status "no such file" 127 lprun ./none
status "a folder" 126 lprun .
status "an empty file" 126 sh -c ': >empty; chmod +x empty; lprun ./empty'
status "a text file" 126 sh -c 'echo text >text; chmod +x text; lprun ./text'
status "the host's own program" 126 lprun /bin/true
status "a cut program" 126 sh -c 'head -c 500 t >cut; chmod +x cut; lprun ./cut'
status "no program" 125 lprun
status "an unknown option" 125 lprun --nonsense ./t
like "$(cat err)" "Try 'lprun --help'" "with advice"
is "$(wc -l <err)" 1 "in one line"
status "--help" 0 lprun --help
status "--version" 0 lprun --version
is "$(lprun -E FOO=bar ./t env FOO)" bar "-E"
is "$(FOO=x lprun -U FOO ./t env FOO)" "(none)" "-U"
is "$(FOO=x lprun ./t env FOO)" x "the environment is passed on"
is "$(lprun -0 other ./t argv0)" other "-0"
is "$(lprun ./t args -h --version -- -P x)" "$(printf '%s\n' ./t args -h --version -- -P x)" "options end at the program's name"
is "$(lprun -- ./t argv0)" ./t "--"
is "$(printf 'a\nb' | lprun ./t cat)" "$(printf 'a\nb')" "standard input"
is "$(lprun ./t cat <&-; echo $?)" 0 "standard input closed"
status "standard output full" 0 sh -c 'lprun ./t args >/dev/full'
lprun -S ./t exit 3 >out 2>err
is "$?" 3 "-S keeps the status"
like "$(cat err)" 'exit_group(3)' "-S shows system calls"
is "$(lprun --isolate ./t args one | tail -n 1)" one "--isolate"
# Standard ELF hostile shapes: never a crash of lprun itself (its own signals would be 128+n).
size=$(wc -c <hello)
bad=
for n in 0 1 15 16 40 63 64 100 120 176; do
    head -c $n hello >cut; chmod +x cut
    lprun ./cut >/dev/null 2>&1; [ $? = 126 ] || bad="$bad $n"
done
is "$bad" "" "every short prefix is refused with 126"
tap_done
