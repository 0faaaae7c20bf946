#!/bin/sh
# Debian's static arm64 bash: its own features give the same text and status as under qemu-aarch64.
. "$srcdir/tests/lib.sh"
need_qemu
fetched "$tests/debian-arm64/fetch.sh" bash-static
cd "$scratch" || exit 1
# both NAME: the script on standard input
both()
{
    cat >script
    for engine in qemu lprun; do
        rm -rf d; mkdir d
        (
            cd d || exit 1
            if [ $engine = qemu ]; then set -- "$QEMU_AARCH64"; else set -- lprun --no-control; fi
            timeout 60 "$@" "$root/bin/bash-static" ../script </dev/null
            echo "status $?"
        ) 2>&1 | sed 's/\(line [0-9]*:\) *[0-9]* /\1 N /' >$engine.out # process numbers
    done
    same lprun.out qemu.out "bash: $1"
}
both 'arrays and arithmetic' <<'X'
a=(one two "three four"); a[7]=x; echo ${#a[@]} "${!a[@]}" "${a[@]:1:2}"
declare -A m=([k]=v [z]=y); for k in $(printf '%s\n' "${!m[@]}" | sort); do echo $k=${m[$k]}; done
echo $((2**40)) $((16#ff)) $((5%3)) $((1<<4|3)); ((x=5,y=x*2)); echo $y; let z=y+1; echo $z; echo $((1/0)); echo not reached
X
both 'words' <<'X'
f() { local -n ref=$1; ref=changed; }; v=1; f v; echo $v; printf '%q %s\n' 'a b' "${v^^}"; echo ${v/ch/CH} ${v:1:3} ${#v}
[[ abc =~ ^a(.)c$ ]] && echo ${BASH_REMATCH[1]}; shopt -s extglob; echo ${v//+(a|e)/_}; mapfile -t L < <(seq 5); echo ${L[3]}
echo {1..5} {a..e}; IFS=:; read a b c <<<"x:y:z"; echo $c $b $a; type -t cd; getopts ab: o -a; echo $o; printf '%(%Y)T\n' 0
X
both 'traps and signals' <<'X'
trap 'echo usr1' USR1; kill -USR1 $$; trap 'echo exit $?' EXIT; trap 'echo err' ERR; false; trap - ERR
(trap 'echo rt' RTMIN+3; kill -RTMIN+3 $BASHPID; trap '' INT; kill -INT $BASHPID; echo alive); kill -l 34 32; kill -l | tail -n 2
(kill -SEGV $BASHPID) 2>/dev/null; echo $?; sleep 5 & sleep 0.3; kill $!; wait $!; echo $?; exit 3
X
both 'process substitution, pipes, here-strings' <<'X'
cat <(echo p1) <(echo p2); diff <(seq 3) <(seq 4); echo $?; tee >(wc -c >count) <<<"here string"; while [ ! -s count ]; do sleep 0.1; done; cat count
set -o pipefail; false | true; echo $?; cat <<-EOF
	tab
	EOF
exec 3<>/dev/tcp/127.0.0.1/1 || echo refused
X
both 'coprocess and job control' <<'X'
coproc CP { while read l; do echo "got $l"; done; }; echo hi >&${CP[1]}; read r <&${CP[0]}; echo $r; eval "exec ${CP[1]}>&-"; wait $CP_PID; echo $?
sleep 5 & kill -STOP $!; kill -CONT $!; kill $!; wait $!; echo $?; (exit 7) & wait -n; echo $?
X
both 'descriptors and limits' <<'X'
(ulimit -n 50; exec 40>/dev/null; echo 40; exec 49>&1; echo 49 >&49; exec 50>&1; echo 50); (exec 60>&1; ulimit -n 50; echo 60 >&60)
ulimit -Sn 300; ulimit -Sn; exec {n}>/dev/null; echo $n; for i in 10 100 200 255; do eval "exec $i>&1; echo to $i >&$i; exec $i>&-"; done
X
tap_done
