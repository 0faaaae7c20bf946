#!/bin/sh
# A running program: applied, listed, counted, reverted, refused, by socket and by process ID.
. "$srcdir/tests/lib.sh"
need_cross
cat >"$scratch/loop.c" <<'E2'
#include <stdio.h>
#include <time.h>
int limit = 3;
long long big = 1000;
__attribute__((noinline)) int check(int v) { __asm__ volatile(""); return v < limit; }
__attribute__((noinline)) int other(int v) { __asm__ volatile(""); return v * 2 + 1; }
__attribute__((noinline, used)) int always(int v) { __asm__ volatile(""); return 7; }
int main(void)
{
    for (int i = 0;; i++) {
        printf("%d %d %lld\n", check(5), other(4), big);
        fflush(stdout);
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
}
E2
arm64_cc "$scratch/loop" "$scratch/loop.c" -O2 -Wl,--build-id || { not_ok "compile"; tap_done; }
cd "$scratch" || exit 1
lprun -c "$scratch/sock" ./loop >out &
children=$!
pid=$!
wait_for 10 test -s out
wait_for 10 test -S sock && ok "the control socket is there" || not_ok "the control socket is there"
is "$(stat -c %a sock)" 600 "nobody else may use the socket"

# Does a new line with this text come?
now() { sleep 0.1; : >mark; wait_for 5 sh -c "tail -n 1 out | grep -qx '$1'"; }
shows() { if now "$1"; then ok "$2"; else not_ok "$2"; tail -n 1 out | note; fi; }
# run NAME STATUS COMMAND...: exit status, output kept in $scratch/run
run()
{
    name=$1 want=$2
    shift 2
    "$@" >run 2>&1 </dev/null
    have=$?
    is "$have" "$want" "$name: exit status"
    [ "$have" = "$want" ] || note <run
}

shows '0 9 1000' "before"
run "make a nop" 0 lpmake -t loop -o a.lpatch --meta name=a 'other=ret 100'
run "make a branch" 0 lpmake -t loop -o b.lpatch --meta name=b 'check=b always'
run "dry run" 0 lpapply -n -c sock a.lpatch
shows '0 9 1000' "a dry run changes nothing"
run "apply" 0 lpapply -c sock a.lpatch
shows '0 100 1000' "applied"
run "apply again" 0 lpapply -c sock a.lpatch
like "$(cat run)" 'already' "applying twice is a success"
run "apply another from standard input" 0 sh -c 'lpapply -c sock - <b.lpatch'
shows '7 100 1000' "both applied"
run "list" 0 lpapply -c sock -l
like "$(cat run)" '^a ' "the list has a"
like "$(cat run)" '^b ' "the list has b"
hits() { lpapply -c sock -l --json | sed -n 's/.*"name":"a".*"hits":"\{0,1\}\([0-9a-fx]*\).*/\1/p'; }
h1=$(hits); sleep 0.3; h2=$(hits)
[ "$((h2))" -gt "$((h1))" ] && ok "hits grow" || { not_ok "hits grow"; echo "$h1 $h2" | note; }
run "revert by file" 0 lpapply -c sock -R a.lpatch
shows '7 9 1000' "one reverted"
run "revert what is not applied" 1 lpapply -c sock -R a.lpatch
like "$(cat run)" "patch .a. is not applied" "said so"
run "revert all" 0 lpapply -c sock -R
shows '0 9 1000' "all reverted"
run "list of nothing" 0 lpapply -c sock -l

# ---- by process ID, through the default socket ----
XDG_RUNTIME_DIR=$scratch/rt
export XDG_RUNTIME_DIR
mkdir -m 700 rt
lprun ./loop >out2 &
pid2=$!
children="$children $pid2"
wait_for 10 test -s out2
run "apply by pid" 0 lpapply -p "$pid2" a.lpatch
wait_for 5 sh -c 'tail -n 1 out2 | grep -qx "0 100 1000"' && ok "applied by pid" || not_ok "applied by pid"
run "no such process" 2 lpapply -p 999999999 a.lpatch
like "$(cat run)" "there is no such process" "said so"
kill "$pid2"; wait "$pid2" 2>/dev/null
is "$(ls rt/arm64lp 2>/dev/null)" "" "the socket is gone with the program"

# ---- refusals: nothing changes ----
sed 's/^+ .*/+ d503201f/; s/^- \(.\)......./- \1fffffff/; /^digest/d' b.lpatch >wrong.lpatch
run "wrong old word" 1 lpapply -c sock wrong.lpatch
like "$(cat run)" 'found' "the message says what was found"
sed 's/^build-id .*/build-id  00112233445566778899aabbccddeeff00112233/; /^digest/d' a.lpatch >build.lpatch
run "wrong build" 1 lpapply -c sock build.lpatch
like "$(cat run)" '0011223344' "the message prints the build-ids"
run "one bad of two" 1 lpapply -c sock a.lpatch wrong.lpatch
like "$(cat run)" "^lpapply: nothing was changed" "said so"
shows '0 9 1000' "all or none"
printf 'lpatch 1\nnonsense here\n' >syntax.lpatch
run "syntax error" 2 lpapply -c sock syntax.lpatch
like "$(cat run)" 'syntax.lpatch:2' "with file and line"
run "missing file" 2 lpapply -c sock none.lpatch
like "$(cat run)" "none.lpatch: cannot open" "said so"
run "no socket" 2 lpapply -c nosock a.lpatch
like "$(cat run)" "nosock: cannot connect to the control socket" "said so"
case $(uname) in Linux)
    # One that comes late is waited for.
    lpapply --timeout 240s -c late -l >late.out 2>&1 &
    late=$!
    sleep 0.3
    ln -s sock late
    wait $late
    is "$? $(sed 1d late.out)" "$(lpapply -c sock -l >now.out; echo $?) $(sed 1d now.out)" "a control socket that comes late"
    rm late
esac
run "no folder of a socket" 2 lpapply --timeout 240s -c nofolder/late -l
like "$(cat run)" "nofolder/late: cannot connect to the control socket" "said so"
run "no target" 2 lpapply a.lpatch
like "$(cat run)" "no patch is given: 'a.lpatch' is the ELF file" "said so"

# ---- set, func ----
id=$(sed -n 's/^build-id *//p' a.lpatch)
cat >set.lpatch <<E2
lpatch 1
name      limits

object    loop
build-id  $id
machine   aarch64

set limit b4
- 0x3
+ 0x9
set big b8
- *
+ 0x7b
E2
run "set" 0 lpapply -c sock set.lpatch
shows '1 9 123' "data changed"
run "revert set" 0 lpapply -c sock -R set.lpatch
shows '0 9 1000' "data as before"
# The old body's digest is over its bytes in memory order.
words=$(lpdis --symbol other --json loop | sed -n 's/.*"word":"\(0x\)\{0,1\}\([0-9a-f]*\)".*/\2/p')
size=$(($(printf '%s\n' "$words" | wc -l) * 4))
for w in $words; do
    for b in "${w#??????}" "$(expr "$w" : '....\(..\)')" "$(expr "$w" : '..\(..\)')" "${w%??????}"; do printf "\\$(printf %03o "0x$b")"; done
done >body
cat >func.lpatch <<E2
lpatch 1
name      bodies

object    loop
build-id  $id
machine   aarch64

data .answer rodata size 4 align 4
| 39 05 00 00
end

func other size 16
old size $size sha256 $(sha256sum <body | cut -d' ' -f1)
| 90000000 adr_prel_pg_hi21 .answer
| b9400000 ldst32_abs_lo12_nc .answer
| d503201f
| d65f03c0
end
E2
run "func with data" 0 lpapply -c sock func.lpatch
shows '0 1337 1000' "the new body runs"
run "revert func" 0 lpapply -c sock -R func.lpatch
shows '0 9 1000' "the old body runs"
kill -0 "$pid" && ok "the program lives on" || not_ok "the program lives on"

# ---- at start ----
is "$(lprun --no-control -P a.lpatch ./loop | head -n 1)" "0 100 1000" "lprun -P"
is "$(lpmake -t loop 'other=ret 55' | lprun --no-control -P - ./loop | head -n 1)" "0 55 1000" "lpmake | lprun -P -"
lpmake -t loop --meta name=b 'other=ret 55' | sed 's/^name .*/&\nreplaces a/; /^digest/d' >b.lpatch
is "$(lprun --no-control -P a.lpatch -P b.lpatch ./loop 2>&1 | head -n 1)" "0 55 1000" "one that replaces the one in front of it"
lprun --no-control -P b.lpatch -P a.lpatch ./loop >run 2>&1
is "$?" 125 "one behind it: not started"
lprun --no-control -P wrong.lpatch ./loop >run 2>&1
is "$?" 125 "a patch that does not fit: not started"
grep -q '^0 ' run && not_ok "the program did not run" || ok "the program did not run"
tap_done
