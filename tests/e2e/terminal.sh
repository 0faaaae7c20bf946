#!/bin/sh
# Programs on a terminal: Debian's static busybox (vi, an interactive shell with job control) shows what it shows under qemu-aarch64, gets the
# terminal's signals, and leaves the terminal and its session as they were.
. "$srcdir/tests/lib.sh"
need_qemu
fetched "$tests/debian-arm64/fetch.sh" busybox-static
${CC:-cc} -w -o "$scratch/pty" "$tests/e2e/pty.c" -lutil 2>"$scratch/cc.log" || { note <"$scratch/cc.log"; skip_all "no forkpty here"; }
busybox=$root/bin/busybox
TERM=vt100 HOME=$scratch ENV= PS1='$ '
export TERM HOME ENV PS1 # (the shell that starts a program from the build tree takes PS1 away: -E)
unset HISTFILE

# Process numbers differ.
plain() { sed -e 's/[0-9]\{3,\}/N/g' -e 's/^qemu: uncaught.*//' "$1"; }
# both NAME SCRIPT ARGUMENT...: the same screen under both
both()
{
    name=$1 script=$2
    shift 2
    for engine in qemu lprun; do
        rm -rf "$scratch/d"
        mkdir "$scratch/d"
        (
            cd "$scratch/d" || exit 1
            if [ $engine = qemu ]; then set -- "$QEMU_AARCH64" "$busybox" "$@"; else set -- lprun --no-control -E 'PS1=$ ' "$busybox" "$@"; fi
            printf '%s\n' "$script" | "$scratch/pty" "$@"
            for f in *; do [ -f "$f" ] && { echo "== $f"; cat "$f"; }; done
        ) >"$scratch/$engine.raw" 2>&1
        plain "$scratch/$engine.raw" >"$scratch/$engine.out"
    done
    same "$scratch/lprun.out" "$scratch/qemu.out" "$name"
}
# alone NAME SCRIPT PATTERN ARGUMENT...: what qemu-user cannot show (it starts no programs by exec)
alone()
{
    name=$1 script=$2 pattern=$3
    shift 3
    (cd "$scratch" && printf '%s\n' "$script" | "$scratch/pty" "$@") >"$scratch/alone.out" 2>&1
    if grep -q -e "$pattern" "$scratch/alone.out"; then ok "$name"; else not_ok "$name"; note <"$scratch/alone.out"; fi
}

both 'vi: insert, move, delete, write' 'quiet
modes
send ione\rtwo\rthree\e
quiet
send ggdd
quiet
send :w out\r
quiet
send :q!\r
end' vi
both 'vi: a new window size' 'quiet
size 10 40
quiet
send \x0c
quiet
send ihello\e
quiet
send :wq! f\r
end' vi
both 'sh: the line editor' 'expect $ 
quiet
modes
send echo onf\x7fe two\r
expect one two
quiet
send cd /\x03
quiet
send exit 3\r
end' sh -i
# The foreground job is a shell of its own (qemu-user cannot exec), which reads the terminal. In the background it stops at the first key that the other one
# has not taken before (SIGTTIN), and its shell's SIGCHLD might end the write of what that key shows: ^A shows nothing.
jobs='expect $ 
quiet
send (while read x; do echo got $x; done)\r
quiet
send line\r
expect got line
quiet
send \x1a
expect Stopped
quiet
send jobs\r
expect Stopped
quiet
send bg\r
quiet
stopped \x01
quiet
send fg\r
quiet
send again\r
expect got again
quiet
send \x03
quiet
modes
send echo still $?\r
expect still
quiet
send exit\r
end'
both 'sh: ^Z, jobs, bg, fg, ^C' "$jobs" sh -i
# It stops when the prompt is there: a shell that sees a job stop before says so at once, not when it is asked.
both 'sh: SIGTTOU of a background job' 'expect $ 
quiet
send stty tostop\r
quiet
send (sleep 1; echo from the back) &\r
stopped
send jobs\r
expect Stopped
quiet
send fg\r
expect \nfrom the back
quiet
send stty -tostop\r
quiet
send exit\r
end' sh -i
both 'a trap for SIGWINCH and the size' 'quiet
size 33 111
expect 33 111
send x\r
end' sh -c 'trap "stty size; exit 0" WINCH; while :; do read x; done'
both 'SIGHUP and SIGINT end it' 'quiet
send \x03
end' sh -c 'while :; do read x; done'
alone 'exec from an interactive shell: sleep, ^Z, fg, ^C' 'expect $ 
quiet
send sleep 100\r
quiet
send \x1a
expect Stopped
quiet
send kill %1; fg\r
quiet
send sleep 100\r
quiet
send \x03
quiet
send vi x\r
quiet
modes
send iok\e
quiet
send :q!\r
quiet
send exit 5\r
end' 'exit 5, .* nothing left' lprun --no-control -E 'PS1=$ ' "$busybox" sh -i
grep -q 'echo 0 canonical 0' "$scratch/alone.out" && grep -q 'exit 5' "$scratch/alone.out" && ok "vi by exec: raw and back" || not_ok "vi by exec: raw and back"
# The engine is killed: nothing of it is left behind (the raw modes of a killed editor are nobody's to restore, here as on Linux).
alone 'killed from outside' 'quiet
send kill -9 $$\r
end' 'signal 9, .* nothing left' lprun --no-control -E 'PS1=$ ' "$busybox" sh -i
tap_done
