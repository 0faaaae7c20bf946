#!/bin/sh
# Every guest program, compiled with $1 (-O0, -O2, -O3), gives byte for byte the output and the exit status that it gives under qemu-aarch64,
# or, where qemu-user cannot be the oracle (exec without binfmt_misc), those of NAME.out beside it. A source that says "oracle: host", for system
# calls that qemu-user does otherwise than Linux or not at all, is compiled for this machine as well: its kernel is the oracle.
level=$1
shift
. "$srcdir/tests/lib.sh"
need_cross
need_qemu
[ $# -gt 0 ] || set -- "$tests"/guest/*.c
have "${HOST_CC:-cc}" || skip_all "no compiler for this machine"
for source; do
    name=$(basename "$source" .c)
    program=$scratch/$name
    extra=$(sed -n 's,^/\* flags: \(.*\) \*/,\1,p' "$source")
    if ! arm64_cc "$program" "$source" "$level" $extra 2>"$scratch/cc.log"; then
        not_ok "$name $level does not compile"
        note <"$scratch/cc.log"
        continue
    fi
    host=
    if grep -q 'oracle: host' "$source"; then
        host=$scratch/$name.host
        if ! ${HOST_CC:-cc} -w -O1 -o "$host" "$source" -lrt 2>"$scratch/cc.log"; then
            not_ok "$name $level does not compile for this machine"
            note <"$scratch/cc.log"
            continue
        fi
    fi
    if [ -n "$host" ]; then
        timeout 60 "$host" one 'two words' '' >"$scratch/want" 2>&1 </dev/null
        echo "status $?" >>"$scratch/want"
    elif [ -e "$tests/guest/$name.out" ]; then
        cp "$tests/guest/$name.out" "$scratch/want"
    else
        LP_TEST='a value' timeout 60 "$QEMU_AARCH64" "$program" one 'two words' '' >"$scratch/want" 2>&1 </dev/null
        echo "status $?" >>"$scratch/want"
        # qemu's own remark about a child that a signal ended
        sed -i '/^qemu: uncaught target signal/d' "$scratch/want"
    fi
    LP_TEST='a value' timeout 120 lprun --no-control "$program" one 'two words' '' >"$scratch/have" 2>&1 </dev/null
    echo "status $?" >>"$scratch/have"
    # the shell's remark about how the program itself ended: the status says it
    sed -i '/^Terminated$/d' "$scratch/have" "$scratch/want"
    same "$scratch/have" "$scratch/want" "$name $level"
    rm -f "$program" "$host"
done
tap_done
