#!/bin/sh
# The tour of README.md, verbatim: each command in order in one shell, and what it prints; build-ids, digests (but not their length), times and process numbers differ.
# readme.sh --print: the tour with what the commands print here.
. "${srcdir:?}/tests/lib.sh"
need_cross
need_qemu
cp "$srcdir"/patches/server/*.c "$scratch"
mkdir "$scratch/t"
# A line that begins with "$ " is a command; the lines up to the next one are what it prints.
awk -v to="$scratch/t/" '/^## / { on = $0 == "## A tour" }
    on && /^    / { sub(/^    /, ""); if (sub(/^\$ /, "")) print >(to "command." ++n); else print >>(to "prints." n); close(to "prints." n) }' "$srcdir/README.md" 2>/dev/null
plain() { sed -e 's/\<[0-9a-f]\{64\}\>/H64/g' -e 's/\<[0-9a-f]\{40\}\>/H40/g' -e 's/\<[0-9a-f]\{16\}\>/H16/g' -e 's/20[0-9-]*T[0-9:]*Z/T/g' -e 's/ *$//' -e '/^$/d' "$1"; }
n=0
cd "$scratch" || exit 1
while [ -e "t/command.$((n + 1))" ]; do
    n=$((n + 1))
    # Where what went before may change what the shell knows, and a program stays in the background.
    . "./t/command.$n" >"t/out.$n" 2>&1
    children="$children ${!:-}"
    touch "t/prints.$n"
    if [ "${1:-}" = --print ]; then
        { printf '$ '; cat "t/command.$n" "t/out.$n"; } | sed 's/^/    /'
    else
        plain "t/out.$n" >t/have
        plain "t/prints.$n" >t/want
        same t/have t/want "$(tr -d "\\\\" <"t/command.$n")"
    fi
done
[ "${1:-}" = --print ] && exit 0
[ $n -ge 12 ] && ok "the tour has $n steps" || not_ok "the tour has $n steps"
tap_done
