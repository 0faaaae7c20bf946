#!/bin/sh
# chunks.sh - sequences of random instructions of every row, and of the chains that run as one op: the same program under qemu-aarch64, lprun and
# lprun --isolate, a digest of the whole state after each sequence. A fixed seed, and a fresh one (printed).
# By hand: chunks.sh --instructions N [--jobs J] [--seed S] [--row PATTERN]   (make difftest INSTRUCTIONS=... JOBS=...)
. "${srcdir:?}/tests/lib.sh"
need_cross
need_qemu
chunktest=$builddir/tests/a64/chunktest
runner=$scratch/runner
oracle="$QEMU_AARCH64 -cpu max,pauth=off" version=$(qemu_version "$QEMU_AARCH64")
lprun="$builddir/lprun -q --no-control"
bare_cc "$runner" "$tests/a64/chunk_runner.c" -mgeneral-regs-only || { not_ok "the runner compiles"; tap_done; }

# batch NAME OPTION...: generate, run three times, compare; status 1 if anything differs. What there is to say is in NAME.log.
batch()
{
    name=$scratch/$1
    shift
    "$chunktest" emit --oracle-version "$version" "$@" --counts "$name.counts" "$name" >"$name.log" 2>&1 || return 1
    $oracle "$runner" <"$name" >"$name.oracle" || { echo "# the oracle's exit status: $?" >>"$name.log"; return 1; }
    status=0
    for mode in "" " --isolate"; do
        $lprun$mode "$runner" <"$name" >"$name.ours" 2>>"$name.log" || { echo "# lprun$mode: exit status $?" >>"$name.log"; status=1; }
        "$chunktest" compare --runner "$runner" --oracle "$oracle" --ours "$lprun$mode" "$name" "$name.oracle" "$name.ours" >"$name.compare" 2>&1 ||
            { status=1; echo "# lprun$mode:"; cat "$name.compare"; } >>"$name.log"
    done
    rm -f "$name" "$name.oracle" "$name.ours" "$name.compare"
    return $status
}

report() { sed 's/^# //' "$scratch/$1.log" | head -n 400 | note; }

# Rows that only a newer oracle knows.
compare_with_newer()
{
    "$chunktest" emit --oracle-version 99999 --unknown-to "$version" --words 1 "$scratch/none" >/dev/null 2>&1 || { ok "no row needs a newer oracle"; return; }
    newer=$("$tests/newer-qemu.sh" 2>"$scratch/apt.log") || { note <"$scratch/apt.log"; skip "rows for a newer oracle" "there is none: vectors only"; return; }
    oracle="$newer -cpu max,pauth=off"
    batch newer --oracle-version "$(qemu_version "$newer")" --count 250 --seed "$fresh" --unknown-to "$version" && { ok "rows for a newer oracle"; cat "$scratch/newer.counts" >>"$counts"; } ||
        not_ok "rows for a newer oracle"
    report newer
    oracle="$QEMU_AARCH64 -cpu max,pauth=off"
}

# A wrong word on one side must be found and named: the digests of another file's chunks.
notices_a_wrong_instruction()
{
    "$chunktest" emit --oracle-version "$version" --words 3000 --seed 7 "$scratch/right" >"$scratch/log"
    $oracle "$runner" <"$scratch/right" >"$scratch/digests"
    cp "$scratch/digests" "$scratch/wrong"
    printf 'x' | dd of="$scratch/wrong" bs=1 seek=8 conv=notrunc 2>/dev/null
    "$chunktest" compare --runner "$runner" --oracle "$oracle" --ours "$oracle" "$scratch/right" "$scratch/digests" "$scratch/wrong" >"$scratch/log"
    is "$? $(grep -c 'chunk 1 differs only when' "$scratch/log")" "1 1" "a wrong digest is noticed"
    # The other side runs without FEAT_LSE: the difference is an instruction of that extension.
    "$chunktest" emit --oracle-version "$version" --words 3000 --seed 7 --row 'LDADD' "$scratch/right" >"$scratch/log"
    $oracle "$runner" <"$scratch/right" >"$scratch/digests"
    small="$QEMU_AARCH64 -cpu cortex-a53"
    $small "$runner" <"$scratch/right" >"$scratch/wrong"
    "$chunktest" compare --show 1 --runner "$runner" --oracle "$oracle" --ours "$small" "$scratch/right" "$scratch/digests" "$scratch/wrong" >"$scratch/log"
    is "$? $(grep -c '^# LDADD: chunk' "$scratch/log") $(grep -c 'ours: signal 4' "$scratch/log")" "1 1 1" "a wrong instruction is found in its chunk"
}

# by_hand INSTRUCTIONS JOBS SEED OPTION...: batches of a million instructions
by_hand()
{
    left=$(printf '%.0f' "$1") jobs=$2 seed=$3 failed=0 batches=0
    shift 3
    began=$(date +%s)
    while [ "$left" -gt 0 ]; do
        pids=
        for job in $(seq "$jobs"); do
            [ "$left" -gt 0 ] || break
            (trap - EXIT; batch "job$job" --words "$((left < 1000000 ? left : 1000000))" --seed "$((seed + batches))" "$@") &
            pids="$pids $!" batches=$((batches + 1)) left=$((left - 1000000))
        done
        job=0
        for pid in $pids; do
            job=$((job + 1))
            wait "$pid" || { failed=$((failed + 1)); report "job$job"; }
            cat "$scratch/job$job.counts" >>"$scratch/counts"
            sed -n 's/^# [0-9]* chunks, \([0-9]*\) instructions.*/\1/p' "$scratch/job$job.log" >>"$scratch/words"
            rm -f "$scratch/job$job.counts"
        done
    done
    total=$(awk '{ n += $1 } END { printf "%.0f", n }' "$scratch/words")
    fewest=$(awk '{ n[$1] += $2 } END { for (r in n) if (m == "" || n[r] < m) { m = n[r]; w = r } print m, w }' "$scratch/counts")
    echo "# $total instructions in $batches batches, seeds $seed to $((seed + batches - 1)), $(($(date +%s) - began)) s; fewest of one row: $fewest"
    is "$failed" 0 "no batch differs"
}

fresh=$(fresh_seed)
if [ "${1-}" = --instructions ]; then
    instructions=$2 jobs=1 seed=$fresh
    shift 2
    while [ $# -gt 1 ]; do
        case $1 in
        --jobs) jobs=$2 && shift 2 ;;
        --seed) seed=$2 && shift 2 ;;
        *) break ;;
        esac
    done
    by_hand "$instructions" "$jobs" "$seed" "$@"
else
    counts=$builddir/tests/a64/chunks.counts # for proof.sh
    rm -f "$counts"
    for seed in 1 "$fresh"; do
        batch "seed$seed" --count 100 --seed "$seed" && { ok "seed $seed"; cat "$scratch/seed$seed.counts" >>"$counts"; } || not_ok "seed $seed"
        report "seed$seed"
    done
    compare_with_newer
    notices_a_wrong_instruction
fi
tap_done
