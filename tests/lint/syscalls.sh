#!/bin/sh
# Every system call number of arm64 Linux (up to 441, and above what the headers name) has its row in syscall.def: offered, or named and ENOSYS.
# The table is printed, in order.
. "$srcdir/tests/lib.sh"
need_cross
echo '#include <asm/unistd.h>' | "$CROSS_CC" -E -dM - | sed -n 's/^#define __NR\(3264\)\{0,1\}_\([a-z0-9_]*\) \([0-9][0-9]*\)$/\3 \2/p' | sort -n |
    grep -v -e ' syscalls$' -e ' arch_specific_syscall$' -e ' nfsservctl$' >"$scratch/numbers"
sed -n 's/^SYS(\([0-9]*\), \([a-z0-9_]*\), "\([^"]*\)", \([a-z0-9_]*\), \([A-Z]*\))$/\1 \2 \4/p' "$srcdir/lib/kernel/syscall.def" | sort -n >"$scratch/rows"
[ -s "$scratch/numbers" ] || skip_all "the cross compiler has no kernel headers"
awk 'NR == FNR { row[$1] = $3; next } { state = !($1 in row) ? "no row" : row[$1] == "nosys" ? "ENOSYS" : "offered"; printf "%3d %-24s %s\n", $1, $2, state }' \
    "$scratch/rows" "$scratch/numbers" | tee "$scratch/table" | note
is "$(awk '$1 <= 441 && /no row/' "$scratch/table")" "" "every number up to 441 has a row"
is "$(awk 'NR == FNR { name[$1] = $2; next } $1 != 79 && $1 in name && name[$1] != $2' "$scratch/numbers" "$scratch/rows")" "" "and its name is the kernel's"
is "$(cut -d' ' -f1 "$scratch/rows" | uniq -d)" "" "no number has two rows"
note <<X
$(grep -c offered "$scratch/table") offered, $(grep -c ENOSYS "$scratch/table") ENOSYS, $(grep -c 'no row' "$scratch/table") without a row
X
tap_done
