# body.sh - sourced after lib.sh: a function patch that does what the function does, from the binary alone: its words again, with relocations where they
# depend on their place. Works for stripped programs and libraries, by their dynamic symbols.
binutil() { command -v "${CROSS_CC%gcc}$1" >/dev/null && echo "${CROSS_CC%gcc}$1" || echo "$1"; }
# where_is FILE FUNCTION: its address and size, in hexadecimal
where_is()
{
    { "$(binutil nm)" -S "$1"; "$(binutil nm)" -D -S "$1"; } 2>/dev/null |
        awk -v f="$2" 'NF == 4 && $3 ~ /[TtWwi]/ { n = $4; sub(/@.*/, "", n); if (n == f) { print $1, $2; exit } }'
}
# head_of_patch FILE NAME [META LINE...]: the first lines of a patch; object_of FILE: where its items go, a library or the program
head_of_patch() { printf 'lpatch 1\nname      %s\n' "$2"; shift 2; for meta; do echo "$meta"; done; }
object_of()
{
    so=$("$(binutil readelf)" -d "$1" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
    printf 'object    %s\nbuild-id  %s\nmachine   aarch64\n' "${so:-*}" "$("$(binutil readelf)" -n "$1" | sed -n 's/.*Build ID: //p')"
}
# same_func FILE FUNCTION [OLD-WORD NEW-WORD]...: a func block; words may be exchanged. Status 1: it cannot be moved.
same_func()
{
    file=$1 function=$2
    shift 2
    swap=$*
    set -- $(where_is "$file" "$function")
    [ $# = 2 ] || return 1
    "$(binutil objcopy)" -O binary --only-section=.text "$file" "$scratch/text.bin" &&
        text=$("$(binutil readelf)" -S -W "$file" | sed -n 's/.* \.text  *PROGBITS  *\([0-9a-f]*\) .*/\1/p')
    size=$((0x$2)) from=$((0x$1 - 0x$text))
    printf 'func %s size %d\nold size %d sha256 ' "$function" "$size" "$size"
    tail -c +$((from + 1)) "$scratch/text.bin" | head -c "$size" | sha256sum | cut -d' ' -f1
    "$(binutil objdump)" -d --no-show-raw-insn --start-address="0x$1" --stop-address="$(printf '0x%x' $((0x$1 + size)))" "$file" >"$scratch/dis" || return
    sed -n 's/^ *\([0-9a-f]*\):[ \t]*\([^ \t]*\)[ \t]*\(.*\)/\1 \2 \3/p' "$scratch/dis" >"$scratch/insns"
    tail -c +$((from + 1)) "$scratch/text.bin" | head -c "$size" | od -An -v -tx4 -w4 | tr -d ' ' | paste -d' ' - "$scratch/insns" |
        awk -v start="$1" -v end="$(printf %x $((0x$1 + size)))" -v swap="$swap" '
        function number(h, i, v) { v = 0; for (i = 1; i <= length(h); i++) v = v * 16 + index("0123456789abcdef", substr(h, i, 1)) - 1; return v }
        function inside(h) { return number(h) >= number(start) && number(h) < number(end) }
        # the operand that is an address: the last hexadecimal number that is not an immediate
        function target(i) { for (i = NF; i > 3; i--) if ($i ~ /^[0-9a-f]+,?$/ && $(i) !~ /^[wx][0-9]/) { sub(/,/, "", $i); return $i } return "" }
        BEGIN { n = split(swap, s); for (i = 1; i < n; i += 2) other[s[i]] = s[i + 1] }
        { t = target() }
        $1 in other { print "| " other[$1]; next }
        $3 == "bl" { print "| 94000000 call26 0x" t; next }
        $3 == "b" && !inside(t) { print "| 14000000 jump26 0x" t; next }
        $3 == "adrp" { reg = $4; sub(/^x/, "", reg); sub(/,/, "", reg); printf "| 900000%02x adr_prel_pg_hi21 0x%s\n", reg, t; next }
        ($3 == "adr" || $3 ~ /^(b\.|cb|tb)/ || ($3 ~ /^ldr/ && t != "" && $0 !~ /\[/)) && !inside(t) { bad = 1 }
        { print "| " $1 }
        END { print "end"; exit bad }'
}
# same_patch FILE FUNCTION NAME: a whole patch
same_patch() { head_of_patch "$1" "$3" && object_of "$1" && same_func "$1" "$2"; }
