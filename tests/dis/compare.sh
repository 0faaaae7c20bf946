#!/bin/sh
# The same instructions at the same addresses as objdump and llvm-objdump see: in a sample of the ELF files of Debian's root (or of the cross
# compiler's C library, where there is no root), or with --all in every one. At most one word of 1000 may differ; the differences are listed by class.
. "$srcdir/tests/lib.sh"
root=${ARM64LP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/arm64lp}/root/usr
[ -d "$root" ] || root=$(arm64_sysroot) || skip_all "neither Debian's root nor a cross compiler's C library"
lpdis=$builddir/lpdis
[ -x "$builddir/.libs/lpdis" ] && { lpdis=$builddir/.libs/lpdis; LD_LIBRARY_PATH=$builddir/.libs; export LD_LIBRARY_PATH; }
# One name of each file; of the sample only small ones, spread over the tree.
find "$root" -type f \( -perm /111 -o -name '*.so*' -o -name '*.o' -o -name '*.node' -o -name '*.syso' \) -printf '%i %s %p\n' |
    sort -k1,1n -u | sort -k3 | cut -d' ' -f2- >"$scratch/files"
if [ "${1:-}" = --all ]; then
    cut -d' ' -f2- <"$scratch/files" >"$scratch/chosen"
else
    awk '$1 < 400000' "$scratch/files" | awk -v n="$(wc -l <"$scratch/files")" '{ step = int(n / 50) + 1 } NR % step == 0 { sub(/^[0-9]* /, ""); print }' >"$scratch/chosen"
fi
# LLVM knows what it is told to.
features=+v8.7a,+sve2,+sve2-aes,+sve2-sha3,+sve2-sm4,+sve2-bitperm,+sme,+mte,+bf16,+i8mm,+crypto,+sha3,+sm4,+fullfp16,+fp16fml,+rand,+ls64,+tme,+pauth
for theirs in aarch64-linux-gnu-objdump llvm-objdump llvm-objdump-14; do
    command -v $theirs >/dev/null || continue
    [ $theirs != llvm-objdump-14 ] || [ -z "${llvm:-}" ] || continue
    options=
    case $theirs in llvm*) llvm=1 options=--mattr=$features ;; esac
    "$builddir/tests/dis/compare" "$lpdis" "$theirs -dz $options" <"$scratch/chosen" >"$scratch/out" 2>"$scratch/err" &&
        ok "every file is printed as by $theirs" || { not_ok "every file is printed as by $theirs"; head "$scratch/err" | note; }
    set -- $(grep '^files' "$scratch/out")
    echo "# $theirs: $2 files, $4 words, $6 differ, ${10} are .inst with the right name, $8 are in one of the two alone, ${12} in PLT stubs that it takes for data; by class: how often, ours, theirs, an example"
    grep -v '^files' "$scratch/out" | head -n 60 | note
    [ "${2:-0}" -gt 0 ] && [ "$4" -gt 0 ] && ok "files were compared" || not_ok "files were compared"
    is "$8" 0 "no word is in one of the two alone"
    [ $((($6 + ${10}) * 1000)) -le "$4" ] && ok "at most 0.1 % of the words differ or have a name alone" || not_ok "at most 0.1 % of the words differ or have a name alone"
done
[ "$tap_count" != 0 ] || skip_all "neither objdump nor llvm-objdump"
tap_done
