#!/bin/sh
# New functions and data in running programs: position-dependent, static PIE, and guarded by BTI.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"

# The C library here has no landing pads: a CPU without BTI runs the guarded program all the same, and the patch must keep them.
for kind in plain pie bti; do
    cpu=max
    case $kind in
    plain) flags='-static -no-pie' ;;
    pie) flags=-static-pie ;;
    bti) flags='-static -no-pie -mbranch-protection=standard -Wl,-z,force-bti' cpu=neoverse-n1 ;;
    esac
    build $kind $flags 2>log || { not_ok "$kind: compile"; note <log; continue; }
    make_bodies $kind >$kind.lpatch
    start $kind --cpu $cpu
    is "$(say call)" "call 2 4 21 6 5" "$kind: before"
    run "$kind: apply" 0 lpapply -c sock $kind.lpatch
    is "$(say call)" "call 2 4 666 103 5" "$kind: new body, new function, data, pointer in data"
    is "$(say call)" "call 2 4 672 103 5" "$kind: new data keeps its value"
    is "$(places bodies)" 2 "$kind: two places"
    is "$(lpapply -c sock --functions --changed --tsv | awk -F '\t' '{ print $2, $3, $6, $7 }' | sort | tr '\n' ';')" \
        "calc $kind bodies 1;plus100 $kind bodies 0;" "$kind: the function that it changed and the one that it brought"
    run "$kind: revert" 0 lpapply -c sock -R bodies
    is "$(say call)" "call 2 4 21 6 5" "$kind: as before"
    run "$kind: apply again" 0 lpapply -c sock $kind.lpatch
    is "$(say call)" "call 2 4 666 103 5" "$kind: with fresh data"
    run "$kind: and revert" 0 lpapply -c sock -R
    # A body that keeps the two nops and the end of the old one.
    off=$(offset $kind calc '"nop"')
    size=$(old_of $kind calc | cut -d' ' -f3)
    {
        head_of $kind keeps
        echo "func calc size $((8 + size - off))"
        old_of $kind calc
        echo "| $(word $kind calc 0)"
        [ $kind = bti ] && echo "| $(word $kind calc 4)" || echo "| a9bf7bfd"
        echo "= +0x$(printf %x "$off") $(((size - off) / 4))"
        echo end
    } >keep.lpatch
    run "$kind: keep" 0 lpapply -c sock -n keep.lpatch
    # One that keeps all of the old one, and adds 1 behind its call.
    {
        head_of $kind kept
        echo "func calc size $((size + 4))"
        old_of $kind calc
        echo "= $((off / 4))"
        echo "| 11000400"
        echo "= +0x$(printf %x "$off") $(((size - off) / 4))"
        echo "cfi old"
        echo end
    } >kept.$kind.lpatch
    run "$kind: keep a call" 0 lpapply -c sock kept.$kind.lpatch
    is "$(say call)" "call 2 4 22 6 5" "$kind: the call is kept"
    run "$kind: revert that" 0 lpapply -c sock -R kept
    is "$(say call)" "call 2 4 21 6 5" "$kind: as before again"
    leave
    run "$kind: keep a call in the file" 0 lpapply -o $kind.kept $kind kept.$kind.lpatch
    for how in "-P kept.$kind.lpatch ./$kind" ./$kind.kept; do
        is "$(echo call | timeout 60 lprun --no-control --cpu $cpu $how 2>&1 | tail -n 1)" "call 2 4 22 6 5" "$kind: lprun $how"
    done
    [ $kind = bti ] || ! have_qemu || is "$(echo call | timeout 60 "$QEMU_AARCH64" ./$kind.kept | tail -n 1)" "call 2 4 22 6 5" "$kind: qemu-aarch64"
done

# The landing pad stays where an indirect call may arrive; without BTI the entry is one word.
tool readelf -n bti | grep -q BTI && ok "the program is marked" || not_ok "the program is marked"
lpdis -P bti.lpatch --symbol calc bti >bti.dis
sed -n '/new body/q;p' bti.dis >entry.dis
is "$(grep -c '^+.*d503245f' entry.dis) $(grep -c '^+' entry.dis) $(grep '^+' entry.dis | tail -n 1 | grep -c '[[:space:]]b[[:space:]]')" "1 2 1" "BTI: landing pad and branch"
lpdis -P plain.lpatch --symbol calc plain >plain.dis
is "$(sed -n '/new/q;p' plain.dis | grep -c '^+')" 1 "no BTI: one word"

# At start: the position-dependent program has its pointer already, the other one when it has relocated itself.
for kind in plain pie; do is "$(echo call | timeout 60 lprun --no-control -P $kind.lpatch ./$kind 2>&1 | tail -n 1)" "call 2 4 666 103 5" "$kind: lprun -P"; done

# What is refused, with a reason.
refused() { run "$1" 1 lpapply -c sock x.lpatch; like "$(cat run)" "$2" "$1: $3"; }
start plain
{ head_of plain x; echo 'func far size 4 new'; echo '| 94000000 call26 0x40000000'; echo end; } >x.lpatch
refused "out of range" 'x.lpatch:.*range' "the relocation is named"
sed 's/sha256 ..../sha256 0000/' plain.lpatch >x.lpatch
refused "other old body" 'expects 0000' "both digests"
{ head_of plain x; echo 'func get size 4'; old_of plain get; echo "= +0x$(printf %x "$(offset plain get '"\(b\.\|cb\)')") 1"; echo end; } >x.lpatch
refused "kept branch" 'cannot be kept: it leads to' "said so"
is "$(names)" "" "nothing is applied"
# What the file marks as data in the old body is kept as it is, though it looks like a call and a branch.
cat >pool.s <<'E2'
    .globl _start
    .type pool, %function
pool: ldr w0, 1f
    ret
1:  .word 0x97ffff00, 0x14000001
    .size pool, . - pool
_start:
    bl pool
    ldr w1, =0x97ffff00
    cmp w0, w1
    cset w0, ne
    mov x8, #93
    svc #0
E2
"$CROSS_CC" -nostdlib -static -Wl,--build-id -o pool pool.s || not_ok "assemble pool.s"
{ head_of pool x; echo 'func pool size 16'; old_of pool pool; echo '| 18000040'; echo '= 3'; echo end; } >pool.lpatch
run "data is kept: start" 0 lprun --no-control -P pool.lpatch ./pool
run "data is kept: a file" 0 lpapply -o pooled pool pool.lpatch
run "and runs" 0 lprun --no-control ./pooled
is "$(say call)" "call 2 4 21 6 5" "nothing has changed"
leave
tap_done
