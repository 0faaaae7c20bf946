#!/bin/sh
# lprun --syscalls lists every system call number of arm64 Linux by the kernel's name: offered, or refused with an errno and a reason.
. "$srcdir/tests/lib.sh"
newest=471 # rseq_slice_yield: beyond that, the headers here decide
lprun --syscalls --tsv >"$scratch/tsv" || not_ok "lprun --syscalls"
cut -f2 "$scratch/tsv" >"$scratch/listed"
is "$(sort -n "$scratch/listed" | uniq | cmp - "$scratch/listed" 2>&1)" "" "in the order of their numbers, each once"
awk -v newest=$newest 'BEGIN { for (n = 0; n <= newest; n++) if (n < 244 || (n >= 260 && n < 295) || n >= 424) print n }' >"$scratch/numbers"
is "$(cat "$scratch/numbers" "$scratch/listed" | sort -n | uniq -u)" "" "every number of the table up to $newest is there, and no other (244-259 belong to other machines, 295-423 to 32-bit ones)"
is "$(awk -F '\t' '$4 == "refused" && ($5 !~ /^E[A-Z]+$/ || $6 == "")' "$scratch/tsv")" "" "what is refused has an errno and a reason"
is "$(awk -F '\t' '$4 != "refused" && ($5 != "" || $4 !~ /^(implemented|passed)$/)' "$scratch/tsv")" "" "and nothing else has"
is "$(awk -F '\t' '$4 != "refused" && $6 != "" { print $3 }' "$scratch/tsv" | tr '\n' ' ')" "ioctl setsockopt getsockopt " "what is refused of a call is said too"
sed -n 's/^\(SYS\|PART\|NO\)(\([0-9]*\), .*/\2/p' "$srcdir/lib/kernel/syscall.def" | sort -n >"$scratch/rows"
same "$scratch/listed" "$scratch/rows" "the list is syscall.def"
is "$(lprun --syscalls | wc -l)" "$(wc -l <"$scratch/tsv")" "as text"
is "$(lprun --syscalls --json | grep -c '^{"type":"syscall","number":[0-9]*,"name":"[a-z0-9_]*","state":"[a-z]*","error":\("E[A-Z]*"\|null\),"reason":.*}$')" \
    "$(wc -l <"$scratch/tsv")" "as JSON"
lprun --json /bin/true >/dev/null 2>"$scratch/err"
is "$?" 125 "--json without --syscalls is a usage error"

# The kernel's own names, from whatever headers are installed.
if have_cross; then
    echo '#include <asm/unistd.h>' | "$CROSS_CC" -E -dM - | sed -n 's/^#define __NR\(3264\)\{0,1\}_\([a-z0-9_]*\) \([0-9][0-9]*\)$/\3 \2/p' | sort -n |
        grep -v -e ' syscalls$' -e ' arch_specific_syscall$' >"$scratch/kernel"
fi
if [ -s "$scratch/kernel" ]; then
    awk -F '\t' '{ print $2, $3 }' "$scratch/tsv" >"$scratch/names"
    is "$(awk 'NR == FNR { name[$1] = $2; next } $1 != 79 && name[$1] != $2' "$scratch/names" "$scratch/kernel")" "" \
        "the installed headers ($(tail -n 1 "$scratch/kernel" | cut -d' ' -f1) is their last) have no number or name that is not listed"
else
    skip "names of the kernel headers" "the cross compiler has none"
fi
tap_done
