#!/bin/sh
# vectors.sh - the vectors of every table (vec.h) in our three engines and in the oracle, and their assembly against their words.
# By hand: vectors.sh FILE...
. "${srcdir:?}/tests/lib.sh"
vectors=$builddir/tests/a64/vectors
runner=$scratch/runner
oracle=
have_cross && have_qemu && oracle=yes
[ -z "$oracle" ] || bare_cc "$runner" "$tests/a64/runner.c" || { not_ok "the runner compiles"; tap_done; }

# result STATUS NAME: of what is in $scratch/log
result()
{
    if [ "$1" = 0 ]; then ok "$2: $(tail -n 1 "$scratch/log")"; else not_ok "$2"; fi
    head -n 100 "$scratch/log" | sed '$!b; /^[0-9]* vectors$/d' | note
}

# in_oracle QEMU FILE
in_oracle()
{
    version=$(qemu_version "$1")
    "$vectors" emit "$2" "$scratch/cases" "$version" &&
        { timeout 120 "$1" -cpu max "$runner" <"$scratch/cases" >"$scratch/results" || { echo "the oracle's exit status: $?"; false; }; } &&
        "$vectors" check "$2" "$scratch/results" "$version"
}
# Rows that the oracle does not know, in a newer one where there is one to be had.
in_newer_oracle()
{
    : "${newer:=$("$tests/newer-qemu.sh" 2>"$scratch/newer.log" || echo none)}"
    [ "$newer" != none ] || { skip "$name: newer oracle" "$(tail -n 1 "$scratch/newer.log")"; return; }
    in_oracle "$newer" "$1" >"$scratch/log" 2>&1
    result $? "$name: newer oracle"
}
assembles()
{
    "$vectors" asm "$1" >"$scratch/code.s" && "$CROSS_CC" -Wa,--no-warn -c "$scratch/code.s" -o "$scratch/code.o" &&
        "${CROSS_CC%gcc}objcopy" -O binary -j .text "$scratch/code.o" "$scratch/code" && "$vectors" words "$1" "$scratch/code"
}

asked_of_oracle()
{
    [ -n "$oracle" ] || { skip "$name: oracle" "no cross compiler or no qemu-aarch64"; return; }
    in_oracle "$QEMU_AARCH64" "$1" >"$scratch/log" 2>&1
    result $? "$name: oracle"
    ! grep -q 'does not know$' "$scratch/log" || in_newer_oracle "$1"
}

one_file()
{
    name=$(basename "$1")
    for engine in calls dispatch checked; do
        timeout 60 "$vectors" run $engine "$1" >"$scratch/log" 2>&1
        result $? "$name: $engine"
    done
    asked_of_oracle "$1"
    have_cross || { skip "$name: assembly" "no cross compiler"; return; }
    assembles "$1" >"$scratch/log" 2>&1
    result $? "$name: assembly"
}

# ---- the reader and the comparison themselves ----
mistakes()
{
    cat >"$scratch/dp_reg.vec" <<'END'
ADD_rge 8b020020 -> ; add x0, x1, x2
B 14000002 -> pc=+8 ; b .+8
ADD_reg 8b02002 -> ; add x0, x1, x2
ADD_reg 8b020021 x1=1 x31=2 -> ; add x1, x1, x2
ADD_reg 8b020020 x1=1 x1=2 -> ; add x0, x1, x2
ADD_reg 8b420020 x1=1 -> ; add x0, x1, x2, lsr #0
ADD_reg 8b020020 x1=12345678_9abcdef01 -> ; add x0, x1, x2
ADD_reg 8b020020 x1=1 x2=2 ; add x0, x1, x2
ADD_reg 8b020020 x1=1 x2=2 -> x0=3
ADD_reg 8b020020 sig=ILL -> x0=3 ; add x0, x1, x2
ADD_reg 8b020020 -> sig=HUP ; add x0, x1, x2
ADD_reg 8b020020 -> pc=-8 ; add x0, x1, x2
ADD_reg 8b020020 [m+18000]=00 -> ; add x0, x1, x2
ADD_reg 8b020020 [m]=001 -> ; add x0, x1, x2
!qemu ADD_reg 8b020020 -> ; add x0, x1, x2
ADD_reg 8b020020 v1=0g -> ; add x0, x1, x2
ADD_reg - property
END
    "$vectors" --list "$scratch/dp_reg.vec" | sed "s|^$scratch/||" >"$scratch/found"
    status=$?
    cat >"$scratch/expected" <<'END'
dp_reg.vec:1:1: no row 'ADD_rge'
dp_reg.vec:2:1: B is a row of branch.decode
dp_reg.vec:3:9: a word has 8 hexadecimal digits
dp_reg.vec:4:23: no register of this name
dp_reg.vec:5:23: named twice
dp_reg.vec:6:9: 8b420020 is ADD_shift
dp_reg.vec:7:21: more than 16 hexadecimal digits
dp_reg.vec:8:28: '->' expected
dp_reg.vec:9:35: ';' expected
dp_reg.vec:10:18: not known before '->'
dp_reg.vec:11:25: not ILL, TRAP, BUS or SEGV
dp_reg.vec:12:21: the test's own code is there
dp_reg.vec:13:18: outside the scratch area
dp_reg.vec:14:24: half a byte
dp_reg.vec:15:1: !qemu, but the line before does not say why
dp_reg.vec:16:22: unexpected 'g'
dp_reg.vec:17:11: proof.def says another proof: qemu
dp_reg.vec: ADD_reg has no vector
END
    head -n 17 "$scratch/found" >"$scratch/places"
    grep 'ADD_reg has' "$scratch/found" >>"$scratch/places"
    same "$scratch/places" "$scratch/expected" "every mistake is told with its place"
}

# Each engine, the oracle and the assembler must notice one wrong bit.
notices()
{
    sed 's/^ADDS_reg.*/ADDS_reg ab020020 x1=1 x2=2 nzcv=0 -> x0=2 nzcv=0 ; adds x0, x1, x3/' "$tests/a64/dp_reg.vec" >"$scratch/dp_reg.vec"
    for engine in calls dispatch checked; do
        "$vectors" run $engine "$scratch/dp_reg.vec" >"$scratch/log" 2>&1
        is "$? $(grep -c 'x0: expected 0*2, found 0*3$' "$scratch/log")" "1 $1" "$engine: a wrong vector is noticed"
    done
    if [ -n "$oracle" ]; then
        in_oracle "$QEMU_AARCH64" "$scratch/dp_reg.vec" >"$scratch/log" 2>&1
        is "$? $(grep -c 'x0: expected 0*2, found 0*3$' "$scratch/log")" "1 $1" "oracle: a wrong vector is noticed"
    else
        skip "oracle: a wrong vector is noticed" "no cross compiler or no qemu-aarch64"
    fi
    have_cross || { skip "assembly: a wrong text is noticed" "no cross compiler"; return; }
    assembles "$scratch/dp_reg.vec" >"$scratch/log" 2>&1
    is "$? $(grep -c "'adds x0, x1, x3' is ab030020, not ab020020" "$scratch/log")" "1 $1" "assembly: a wrong text is noticed"
}

# A table without a file of its own has no row that is executed.
tables_without()
{
    for table in "$srcdir"/lib/a64/*.decode; do
        name=$(basename "$table" .decode)
        [ -e "$tests/a64/$name.vec" ] && continue
        : >"$scratch/$name.vec"
        "$vectors" --list "$scratch/$name.vec" >/dev/null || echo "$name"
    done
}

if [ $# = 0 ]; then
    mistakes
    is "$(tables_without)" "" "every table has its vectors"
    set -- "$tests"/a64/*.vec
    notices "$(grep -c '^ADDS_reg' "$tests/a64/dp_reg.vec")"
fi
for file in "$@"; do
    one_file "$file"
done
tap_done
