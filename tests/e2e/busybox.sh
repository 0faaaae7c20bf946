#!/bin/sh
# Debian's static arm64 busybox: the same output as under qemu-aarch64; then changed by address while it runs, and changed back.
. "$srcdir/tests/lib.sh"
need_qemu
fetched "$tests/debian-arm64/fetch.sh" busybox-static
busybox=$root/bin/busybox

# both NAME ARGUMENT...: busybox with these arguments and standard input from $scratch/in (if any), under both.
both()
{
    name=$1
    shift
    for engine in qemu lprun; do
        rm -rf "$scratch/$engine.d"
        mkdir "$scratch/$engine.d"
        (
            cd "$scratch/$engine.d" || exit 1
            [ -e "$scratch/in" ] && exec <"$scratch/in" || exec </dev/null
            if [ $engine = qemu ]; then timeout 100 "$QEMU_AARCH64" "$busybox" "$@"; else timeout 100 lprun --no-control "$busybox" "$@"; fi
            echo "status $?"
        ) >"$scratch/$engine.out" 2>&1
    done
    same "$scratch/lprun.out" "$scratch/qemu.out" "busybox $name"
    rm -f "$scratch/in"
}

both 'echo' echo hello 'two  words'
both 'true' true
both 'false' false
both 'uname' uname -m
both 'expr' expr 6 '*' 7
both 'seq' seq 1 3 1000
both 'printf' printf '%05d|%-8s|%x|%c\n' 42 abc 255 z
both 'factor' factor 1234567890 97 1000000007
seq 1 2000 >"$scratch/in"
both 'sort' sort -rn
seq 1 500 >"$scratch/in"
both 'awk sums' awk '{ s += $1; q += $1 * $1; if ($1 % 97 == 0) print NR, $1, sqrt($1), sin($1) } END { print s, q, s / NR; printf "%.10f %e %s\n", q / 7, s, toupper("done") }'
both 'awk strings' awk 'BEGIN { x = "the quick brown fox"; n = split(x, a, " "); for (i = n; i > 0; i--) printf "%s ", a[i]; gsub(/o/, "0", x); print x, length(x), substr(x, 5, 5), index(x, "fox"), match(x, /b.0/) ; while (i < 5) h[i++] = i * i; for (k = 0; k < 5; k++) printf "%d,", h[k]; print "" }'
printf 'one\ntwo\nthree\nfour\n' >"$scratch/in"
both 'sed' sed -n -e '/o/{s/o/0/g;p}' -e '$!N;s/\n/+/;p'
seq 1 300 >"$scratch/in"
both 'grep' grep -n -E '^1[0-9]*[05]$'
seq 1 100 >"$scratch/in"
both 'md5sum' md5sum
seq 1 20000 >"$scratch/in"
both 'sha256sum' sha256sum
seq 1 20000 >"$scratch/in"
both 'cksum' cksum
seq 1 100 >"$scratch/in"
both 'od' od -A d -t x1z
seq 1 50 >"$scratch/in"
both 'head tail cut tr' sh -c 'head -n 40 | tail -n 30 | cut -c1 | tr 1-5 a-e | uniq -c'
both 'dc' dc -e '2 64 ^ p 10 k 2 v p'
both 'date' date -u -d @1000000000 '+%Y-%m-%d %H:%M:%S %j %a'
both 'cal' cal 2 2024

# The shell's own applets run in the same binary: busybox forks and goes on inside.
both 'sh arithmetic' sh -c 'i=0; s=0; while [ $i -lt 2000 ]; do i=$((i+1)); s=$((s + i * i % 7)); done; echo $s; echo $((0xff << 3)) $((7 / 2)) $((-7 % 3))'
both 'sh functions' sh -c 'f() { local n=$1; [ $n -le 1 ] && { echo 1; return; }; echo $((n * $(f $((n - 1))))); }; f 10; set -- a b c; echo $# $* "$@"; for x in 3 1 2; do echo $x; done | sort; case foo in f*) echo yes;; esac; echo ${x:-unset} ${#x}'
both 'sh here-document' sh -c 'n=5; cat <<EOF | sed "s/^/> /"
value $n
$(echo nested)
EOF
cat <<"EOF"
literal $n
EOF'
both 'sh pipes and status' sh -c 'echo a | cat | cat | wc -c; false | true; echo $?; (exit 3); echo $?; ! true; echo $?; echo x > f; echo y >> f; cat < f; test -s f && rm f; ls; trap "echo bye" EXIT; kill -0 $$ && echo alive; wait; sleep 0 & wait $!; echo $?'
both 'sh signals' sh -c 'trap "echo got usr1" USR1; kill -USR1 $$; sleep 5 & kill $!; wait $!; echo $?; sh -c "kill -9 \$\$"; echo $?'
both 'sh exec' sh -c 'exec echo replaced'
both 'files' sh -c 'mkdir -p a/b/c; echo 1 >a/x; ln -s x a/l; cp -a a d; find . | sort; mv a/x a/y; ls -l d | awk "{print \$1, \$9, \$10, \$11}"; du -s d >/dev/null; rm -r a; readlink d/l; stat -c "%s %F" d/x; touch -d @1000 d/x; stat -c %Y d/x; chmod 640 d/x; stat -c %a d/x; cmp d/x d/x; echo $?'
both 'tar gzip' sh -c 'mkdir t; seq 1 5000 >t/a; seq 5 9000 >t/b; tar cf t.tar t; tar tf t.tar; gzip -9 -c t.tar >t.tar.gz; gunzip -c t.tar.gz | cmp - t.tar && echo same; mkdir u; tar xzf t.tar.gz -C u; cmp t/a u/t/a; cmp t/b u/t/b; sha1sum u/t/*; bzip2 -k t/a; bunzip2 -c t/a.bz2 | md5sum; wc -c <t/a.bz2'
both 'vi-free ed' sh -c 'printf "a\none\ntwo\n.\n1,\$p\nw f\nq\n" | ed; cat f'
both 'not an applet' no-such-applet

# Applets that the shell starts by exec of itself: qemu-user cannot do that without binfmt_misc, so the expected text stands here.
alone()
{
    name=$1 want=$2
    shift 2
    rm -rf "$scratch/alone.d"
    mkdir "$scratch/alone.d"
    have=$(cd "$scratch/alone.d" && timeout 100 lprun --no-control "$busybox" sh -c "$*" 2>&1 </dev/null)
    is "$have" "$want" "busybox $name"
}
alone 'xargs' '197 198 199 200
a b
one' 'seq 1 200 | xargs -n 7 echo | tail -n 1; echo a b | xargs; echo one >f; find . -name f | xargs cat'
alone 'cpio' 'x
y' 'echo a >x; echo b >y; printf "x\ny\n" | cpio -o -H newc 2>/dev/null | cpio -t 2>/dev/null'
alone 'diff' '--- a
+++ b
@@ -1,2 +1,2 @@
 1
-2
+3' 'printf "1\n2\n" >a; printf "1\n3\n" >b; diff a b'
alone 'env nice timeout' 'X=5
in time' 'env -i X=5 env; nice -n 1 timeout 20 echo in time'

# ---- live: a stripped binary, changed by address while it runs ----
# The write wrapper's SVC (the instruction after `mov x8, #64`, the number of write) becomes `mov x0, x2`: "all written", and nothing
# comes out any more. Reverted, lines come again, with a gap in their numbers: the program ran on.
lpdis --json "$busybox" 2>/dev/null | sed -n 's/.*"address":"0x0*\([0-9a-f]*\)".*"word":"\(0x\)\{0,1\}\([0-9a-f]\{8\}\)".*/\1 \3/p' |
    awk '$2 == "d4000001" && near > 0 { printf "0x%s=word 0xaa0203e0\n", $1 } $2 == "d2800808" { near = 6 } { near-- }' >"$scratch/places"
[ -s "$scratch/places" ] && ok "the write wrapper is found by its words" || not_ok "the write wrapper is found by its words"
set --
while read -r place; do set -- "$@" "$place"; done <"$scratch/places"
lpmake -t "$busybox" -o "$scratch/mute.lpatch" --meta name=mute "$@" 2>"$scratch/err" && ok "lpmake by address" || { not_ok "lpmake by address"; note <"$scratch/err"; }
socket=$scratch/socket
lprun -c "$socket" "$busybox" sh -c 'n=0; while [ $n -lt 100000 ]; do n=$((n+1)); echo "line $n"; usleep 5000; done' >"$scratch/live" 2>&1 &
children=$!
wait_for 10 test -S "$socket"
wait_for 10 test -s "$scratch/live" && ok "the program prints" || not_ok "the program prints"
lpapply -q -c "$socket" "$scratch/mute.lpatch" && ok "applied" || not_ok "applied"
sleep 0.2
muted=$(wc -l <"$scratch/live")
sleep 0.3
is "$(wc -l <"$scratch/live")" "$muted" "patched: silent"
kill -0 "$children" && ok "and alive" || not_ok "and alive"
lpapply -q -c "$socket" -R mute && ok "reverted" || not_ok "reverted"
more() { [ "$(wc -l <"$scratch/live")" -gt $((muted + 3)) ]; }
wait_for 10 more && ok "it prints again" || not_ok "it prints again"
awk '{ if ($2 != last + 1) gap++; last = $2 } END { exit gap != 1 }' "$scratch/live" && ok "one gap in the numbers: it ran on while silent" || { not_ok "one gap in the numbers"; tail -n 3 "$scratch/live" | note; }
tap_done
