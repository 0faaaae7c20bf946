#!/bin/sh
# Real fixes of real projects (fixes.def): lpdiff finds the functions that truly changed and no others, and its patch is the fix: at the start, in the
# running program, in its file, and taken back. Three small ones; ARM64LP_DIFF=full (make check-diff): all, each built in VARIANTS ways too, and a table of sizes.
# fixes.sh [NAME...]: these. ARM64LP_DIFF_KEEP=FOLDER keeps what is built.
. "$srcdir/tests/lib.sh"
. "$tests/diff/build.sh"
. "$tests/diff/drive.sh"
full=; [ "${ARM64LP_DIFF:-}" = full ] && full=y
variants=${VARIANTS-${full:+O0 O3 Os lto clang relocs stripped debug}}
need_cross
for tool in python3 patch xz; do have $tool || skip_all "no $tool"; done
sysroot=$(arm64_sysroot) || skip_all "no AArch64 shared libraries"
[ $# != 0 ] || set -- cjson-insert gif-copy minizip-traversal
[ -z "$full" ] || set -- $(sed -n 's/^fix  *\([^ ]*\).*/\1/p' "$fixes")
fetched "$tests/diff/fetch.sh" zlib $(for pair; do field "$pair" 1; done | sort -u)
sources=$root
tools=$(sh "$tests/diff/fetch.sh" --tools 2>/dev/null) || tools=
work=${ARM64LP_DIFF_KEEP:-$scratch/work}
XDG_RUNTIME_DIR=$scratch LC_ALL=C
export XDG_RUNTIME_DIR LC_ALL
prefix=${CROSS_CC%gcc}

# compiled PAIR OUT COMPILER FLAG...: the objects of both sides
compiled()
(
    pair=$1 out=$2
    shift 2
    objects "$pair" OLD "$out" "$@" && objects "$pair" NEW "$out" "$@"
)
# built PAIR OUT AS COMPILER FLAG...: both sides in OUT.OLD and OUT.NEW
built()
(
    pair=$1 out=$2 as=$3
    shift 3
    compiled "$pair" "$out.o" "$@" && rm -f again.o || return
    for side in OLD NEW; do driver "$pair" $side "$@" && link "$pair" $side "$out.o" "$as" "$out" "$@" || return; done
)
# truth PAIR OUT AS COMPILER FLAG...: $out.truth, of objects with a section for each function; what link-time optimisation makes is one such object, which the
# same link leaves behind (in another, functions are inlined elsewhere)
truth()
(
    pair=$1 out=$2 as=$3
    shift 3
    compiled "$pair" "$out.t" "$@" -ffunction-sections -fdata-sections || return
    case "$*" in *-flto*)
        for side in OLD NEW; do
            link "$pair" $side "$out.t" "$as" "$out.l" "$@" -ffunction-sections -fdata-sections -save-temps || return
            rm -rf "$out.t.$side"
            mkdir "$out.t.$side"
            mv "$out.l.$side"/*.ltrans.o "$out.t.$side" || return
        done
        ;;
    esac
    python3 "$tests/diff/truth.py" "$out.t.OLD" "$out.t.NEW" >"$out.truth"
)
# judged NAME OUT OLD NEW: the patch names what truly changed; the figures are in $figures
judged()
{
    python3 "$tests/diff/truth.py" --judge "$2.truth" "$3" "$4" "$2.lpatch" "$2.summary" >"$2.judged" || { not_ok "$1: the patch is looked at"; return; }
    figures=$(sed -n 1p "$2.judged")
    is "$(sed -n '2s/ *$//p' "$2.judged")" missed: "$1: no function is missed"
    is "$(sed -n '3s/ *$//p' "$2.judged")" false: "$1: none is named that is the same"
}
# sizes NAME OUT: a row of the table; files without debugging information
sizes()
{
    for side in OLD NEW; do "${prefix}strip" -g -o $side.bin "$2.$side/$subject"; done
    text=$(wc -c <"$2.lpatch") xz=$(xz -9e <"$2.lpatch" | wc -c) bsdiff=- xdelta=-
    if [ -n "$tools" ]; then
        "$tools/bsdiff" OLD.bin NEW.bin delta && bsdiff=$(wc -c <delta)
        "$tools/xdelta3" -f -e -9 -s OLD.bin NEW.bin delta && xdelta=$(wc -c <delta)
        set -- "$1" "$2" "$1: $xz bytes in xz, bsdiff $bsdiff"
        # What bsdiff's output does not say: for which file and which code it is (16 digits each), and in which function
        if [ "$xz" -lt "$bsdiff" ]; then ok "$3"
        elif [ "$1" = cjson-pointer ]; then todo "$3" "ten words, and a name of 43 letters"
        else not_ok "$3"; fi
    else
        skip "$1: $xz bytes in xz" "bsdiff is not to be had"
    fi
    echo "$1 $(field "$pair" 3) $(wc -c <OLD.bin) $figures $text $xz $bsdiff $xdelta" >>"$scratch/table"
}

# flags VARIANT: compiler and flags
flags()
{
    case $1 in
    O0 | O3 | Os) echo "$CROSS_CC -g -$1" ;;
    lto) echo "$CROSS_CC -g -O2 -flto -flto-partition=one" ;;
    clang) echo "arm64_clang -g -O2" ;;
    relocs) echo "$CROSS_CC -g -O2 -Wl,-q" ;;
    *) echo "$CROSS_CC -g -O2" ;;
    esac
}
pic() { [ "$1" = static ] || echo -fPIC; }
# strip_both OUT: its subjects have no symbols, those are in OUT.SIDE/debug
strip_both()
(
    for side in OLD NEW; do
        mv "$1.$side/$subject" "$1.$side/whole"
        "${prefix}objcopy" --only-keep-debug "$1.$side/whole" "$1.$side/debug" && "${prefix}strip" -o "$1.$side/$subject" "$1.$side/whole" || return
    done
)
# variant PAIR VARIANT: built in another way, compared and used
variant()
{
    [ "$2" != clang ] || have_arm64_clang || { skip "$1, $2" "no clang"; return; }
    as=$(field "$1" 3)
    subject=$(subject "$as")
    built "$1" "$2" "$as" $(flags "$2") $(pic "$as") >log 2>&1 || { not_ok "$1, $2: builds"; tail log | note; return; }
    case $2 in
    stripped | debug) cp base.truth "$2.truth" && strip_both "$2" ;;
    relocs) cp base.truth "$2.truth" ;;
    *) truth "$1" "$2" "$as" $(flags "$2") $(pic "$as") >log 2>&1 ;;
    esac || { not_ok "$1, $2: what truly changed"; tail log | note; return; }
    whole=$subject
    [ ! -e "$2.OLD/whole" ] || whole=whole
    [ "$2" = debug ] && set -- "$1" "$2" --debug debug.OLD/debug debug.NEW/debug
    [ "$2" = stripped ] && set -- "$1" "$2" --heuristic
    pair=$1 v=$2 misbehaves=
    shift 2
    wrong "$(tried lprun --no-control "$v.OLD/try")" "$pair, $v: OLD is wrong"
    compared "$pair, $v" "$v" "$@" || return
    judged "$pair, $v" "$v" "$v.OLD/$whole" "$v.NEW/$whole"
    started "$pair, $v" "$v"
    live "$pair, $v" "$v"
    stored "$pair, $v" "$v"
}
fix()
{
    mkdir -p "$work/$1"
    cd "$work/$1" || exit
    rm -rf ./*
    series "$1" >log 2>&1 || { not_ok "$1: the patches apply"; note <log; return; }
    as=$(field "$1" 3)
    subject=$(subject "$as")
    set -- "$1" $(flags base) $(pic "$as")
    pair=$1
    shift
    built "$pair" base "$as" "$@" >log 2>&1 && truth "$pair" base "$as" "$@" >log 2>&1 || { not_ok "$pair: builds"; tail log | note; return; }
    misbehaves=
    wrong "$(tried lprun --no-control base.OLD/try)" "$pair: OLD is wrong"
    is "$(tried lprun --no-control base.NEW/try)" right "$pair: NEW is right"
    if [ -n "$full" ] && have_qemu; then
        misbehaves= # a jump to an odd address: SIGSEGV there, SIGBUS here and on machines
        wrong "$(tried timeout -k 5 60 "$QEMU_AARCH64" -L "$sysroot" base.OLD/try)" "$pair: OLD is wrong (qemu-aarch64)"
        misbehaves=
        is "$(tried timeout -k 5 60 "$QEMU_AARCH64" -L "$sysroot" base.NEW/try)" right "$pair: NEW is right (qemu-aarch64)"
    fi
    compared "$pair" base || return
    judged "$pair" base base.OLD/$subject base.NEW/$subject
    started "$pair" base
    live "$pair" base
    stored "$pair" base
    sizes "$pair" base
    for v in $variants; do variant "$pair" "$v"; done
}

for p; do fix "$p"; cd "$scratch" || exit; [ -n "${ARM64LP_DIFF_KEEP:-}" ] || rm -rf "$work"; done
{ echo "fix linked bytes functions differ changed reported missed false text xz bsdiff xdelta3"; cat "$scratch/table" 2>/dev/null; } | column -t | note
tap_done
