#!/bin/sh
# The house rules that a machine can check: who includes whom, sizes, names, manuals.
. "$srcdir/tests/lib.sh"
cd "$srcdir" || exit 1

# ---- who may include whom: room, then the rooms whose headers it may include ----
allowed()
{
    case $1 in
    base) echo base ;;
    elf | a64) echo base ;;
    mem) echo base a64/op.h ;;
    load) echo base elf mem exec/cpu.h ;;
    exec) echo base mem a64 ;;
    kernel) echo base exec mem load ;;
    patch) echo base elf a64 ;;
    make) echo base elf a64 patch ;;
    live) echo base elf mem a64 patch exec/gate.h exec/cpu.h ;;
    flow) echo base a64 ;;
    diff) echo base elf a64 patch flow ;;
    diff/side) echo base elf a64 flow ;;
    diff/pair) echo base elf a64 flow diff/side diff/diff.h ;;
    diff/write) echo base elf a64 patch flow diff/side diff/pair diff/diff.h ;;
    control) echo base patch exec ;;
    vm) echo base elf a64 mem load exec kernel patch live control ;;
    compat | tools) ;;
    esac
}
for room in base elf a64 mem load exec kernel patch make live flow diff diff/side diff/pair diff/write control vm compat tools; do
    dir=lib/$room
    [ $room = tools ] && dir=tools
    bad=
    for f in "$dir"/*.[chS]; do
        [ -e "$f" ] || continue
        case $f in */mkdecode*) continue ;; esac # a program of the build machine
        for inc in $(sed -n 's/^ *# *include "\([^"]*\)".*/\1/p' "$f"); do
            case $inc in
            "$room"/*) continue ;;
            */*.gen.h) ;;
            */*) ;;
            *) [ $room = tools ] && continue ;; # tools include their neighbours by name
            esac
            okay=
            for a in $(allowed $room); do
                case $inc in "$a" | "$a"/*) okay=1 ;; esac
            done
            [ -n "$okay" ] || bad="$bad $f:$inc"
        done
    done
    is "$bad" "" "$room includes only what it may"
done

is "$(grep -lE '^ *# *include *[<"]config\.h' lib/*/*.h lib/*/*/*.h tools/*.h include/*.h include/arm64lp/*.h 2>/dev/null | grep -v '^lib/.*_inc\.h')" "" "no header includes config.h"
is "$(for f in lib/*/*.c lib/*/*/*.c tools/*.c; do case $f in */mkdecode*) continue ;; esac; grep -qE '^#include <config\.h>|^#include "exec/[a-z_0-9]*\.c"' "$f" || echo "$f"; done)" "" "every source file includes config.h"
is "$(wc -l lib/*/*.[chS] lib/*/*/*.[chS] tools/*.[ch] include/*.h include/arm64lp/*.h | awk '$2 != "total" && $1 > 600 { print $2, $1 }')" "" "no file is longer than 600 lines"
is "$(grep -nIE '\b(TODO|FIXME|XXX)\b' -r lib tools include man 2>/dev/null | grep -v '\.decode:' | head -n 5)" "" "nothing calls itself unfinished"
is "$(awk 'length($0) > 160 { print FILENAME ":" FNR; n++ } n > 5 { exit }' lib/*/*.[ch] lib/*/*/*.[ch] tools/*.[ch] include/arm64lp/*.h $(find lib tools man -name local.mk))" "" "no line is longer than 160 columns"

# ---- exported names ----
lib=$builddir/.libs/libarm64lp.so
if [ -e "$lib" ] && command -v nm >/dev/null; then
    is "$(nm -D --defined-only "$lib" | awk '$2 ~ /[TDBRVW]/ { print $3 }' | sed 's/@.*//' | grep -vE '^(lp_|livepatch_|is_nop_instruction$|ARM64LP_)')" "" "the library exports lp_* and livepatch_* only"
    # Prototypes of the public headers: LP_API or LIVEPATCH_API up to the parameter list.
    cat include/arm64lp/*.h include/livepatch.h | tr '\n' ' ' | tr ';{}' '\n\n\n' |
        sed -n 's/.*\(LP_API\|LIVEPATCH_API\) [^()]*[ *]\([a-z_0-9]*\)(.*/\2/p' | sort -u >"$scratch/declared"
    nm -D --defined-only "$lib" | awk '$2 == "T" { print $3 }' | sed 's/@.*//' | grep -v '^ARM64LP_' | sort -u >"$scratch/exported"
    same "$scratch/exported" "$scratch/declared" "what is exported is declared in a public header, and the other way round"
    for f in $(grep -o 'livepatch_[a-z_]*\|is_nop_instruction' "$scratch/declared"); do grep -q "Nm $f\b" man/livepatch.3 || echo "$f"; done >"$scratch/missing"
    is "$(cat "$scratch/missing")" "" "livepatch.3 names every function of livepatch.h"
fi

# ---- manuals ----
if command -v mandoc >/dev/null; then
    for page in man/*.[1-9]; do
        is "$(mandoc -Tlint -Wwarning "$page" 2>&1 | head -n 5)" "" "$(basename "$page") is clean under mandoc -Tlint"
    done
fi
for tool in lprun lpmake lpdiff lpapply lpdis; do
    missing=
    for o in $("$builddir/$tool" --help | grep -oE -e '--[a-z][a-z-]+' | sort -u); do
        grep -qF -e "${o#--}" "man/$tool.1" || missing="$missing $o"
    done
    is "$missing" "" "$tool.1 names every option of --help"
done
tap_done
