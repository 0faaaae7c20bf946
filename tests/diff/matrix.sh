#!/bin/sh
# Real programs, built in many ways, with a change of their sources made at random: a patch of lpdiff makes the old one do what the new one does, or there
# is a listed reason for none (matrix.py). By make check-diff, which always makes the same cells (ARM64LP_CELLS=n: so many of them).
# matrix.sh FIRST COUNT [PACKAGE...]: these. ARM64LP_DIFF_KEEP=FOLDER keeps what was not right.
. "$srcdir/tests/lib.sh"
need_cross
have python3 || skip_all "no python3"
SYSROOT=$(arm64_sysroot) || skip_all "no AArch64 shared libraries"
[ $# -ge 2 ] || set -- 0 "${ARM64LP_CELLS:-36}"
first=$1 count=$2
shift 2
[ $# != 0 ] || set -- $(sed -n 's/^cells  *//p' "$tests/diff/matrix.def")
fetched "$tests/diff/fetch.sh" "$@"
SOURCES=$root WORK=${ARM64LP_DIFF_KEEP:-$scratch/work} XDG_RUNTIME_DIR=$scratch
export SOURCES WORK SYSROOT CROSS_CC QEMU_AARCH64 XDG_RUNTIME_DIR builddir
mkdir -p "$WORK"
python3 "$tests/diff/matrix.py" "$first" "$count" "$@" >"$scratch/cells"
is "$?" 0 "cells $first to $((first + count - 1))"
while read -r verdict cell; do
    case $verdict in
    right | same | refused | nothing | internal) ok "$cell: $verdict" ;;
    unstable) skip "$cell" "the new program does not do the same each time, or in each layout" ;;
    *) not_ok "$cell: $verdict" ;;
    esac
done <"$scratch/cells"
cut -d ' ' -f 1,6 "$scratch/cells" | sort | uniq -c | note
all=$(wc -l <"$scratch/cells") good=$(grep -c -e '^right' -e '^same' "$scratch/cells") internal=$(grep -c '^internal' "$scratch/cells")
is "$((all > 0 && 2 * good >= all))" 1 "$good of $all are right"
is "$((20 * internal <= all))" 1 "$internal of $all patches failed their own check"
tap_done
