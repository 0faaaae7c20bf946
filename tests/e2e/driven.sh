# driven.sh - sourced by the live tests after lib.sh: builds driven.c (or $source), starts it under lprun and talks to it.
need_cross
cd "$scratch" || exit 1
ARM64LP_RUNTIME_DIR=$scratch/rt # "all" must not mean what else this user runs
export ARM64LP_RUNTIME_DIR
mkdir -m 700 rt
ulimit -c 0

# build NAME [FLAG...]
# A replaced body may use other registers than the old one: no interprocedural register allocation.
build() { prog=$1; shift; "$CROSS_CC" -w -O2 -fno-inline-small-functions -fno-ipa-ra -Wl,--build-id "$@" -o "$prog" "$tests/e2e/${source:-driven.c}" -lpthread; }
# start NAME [LPRUN OPTION...]: its standard input is descriptor 9, its output the file out, its socket sock (unless $socket says otherwise)
start()
{
    started=$1
    shift
    rm -f in out sock
    mkfifo in
    : >out
    lprun ${socket--c sock} "$@" "./$started" <in >out 2>err &
    pid=$!
    children="$children $pid"
    exec 9>in
    wait_for 10 grep -q ready out || { not_ok "$started starts"; note <err; }
}
leave() { echo bye >&9; exec 9>&-; wait "$pid"; }
# say COMMAND: the last line of the answer
say()
{
    before=$(wc -l <out)
    echo "$*" >&9
    wait_for 20 sh -c "[ \$(wc -l <out) -gt $before ]"
    tail -n 1 out
}
# run NAME STATUS COMMAND...: its output is the file run
run()
{
    run_name=$1 want=$2
    shift 2
    timeout 60 "$@" >run 2>&1 </dev/null
    have=$?
    is "$have" "$want" "$run_name: exit status"
    [ "$have" = "$want" ] || note <run
}
# field NAME COLUMN: of lpapply -l
field() { lpapply -c "${3:-sock}" -l --tsv | awk -F'\t' -v n="$1" -v c="$2" '$2 == n { print $c }'; }
places() { field "$1" 4; }
hits() { field "$1" 5; }
names() { lpapply -c "${1:-sock}" -l --tsv | cut -f2 | tr '\n' ' '; }
tool() { "${CROSS_CC%gcc}$@"; }
# clean FILE OLD NAME: readelf and eu-elflint find no more fault with a patched file than with the old one
lint_elf() { eu-elflint --gnu-ld "$1" 2>&1 | sed 's/relocation [0-9]*/relocation/; /^No errors/d' | sort -u; }
complaints() { tool readelf -aW "$1" 2>&1 >/dev/null | grep -v '^$' | head -n 3; }
clean()
{
    is "$(complaints "$1")" "$(complaints "$2")" "$3: readelf has no complaint"
    have eu-elflint || return 0
    lint_elf "$1" >lint.new
    lint_elf "$2" >lint.old
    is "$(comm -23 lint.new lint.old)" "" "$3: eu-elflint has none"
}
# head_of PROGRAM NAME [META LINE...]: the first lines of a patch for it
head_of()
{
    echo "lpatch 1"
    echo "name      $2"
    binary=$1
    shift 2
    for meta; do echo "$meta"; done
    printf 'object    %s\nbuild-id  %s\nmachine   aarch64\n' "$binary" "$(tool readelf -n "$binary" | sed -n 's/.*Build ID: //p')"
}
# word PROGRAM FUNCTION OFFSET
word() { lpdis --symbol "$2" --json "$1" | sed -n 's/.*"word":"\(0x\)\{0,1\}\([0-9a-f]*\)".*/\2/p' | sed -n "$(($3 / 4 + 1))p"; }
# offset PROGRAM FUNCTION PATTERN: of the first instruction whose text has the pattern
offset() { echo $((4 * ($(lpdis --symbol "$2" --json "$1" | sed -n '/"word"/p' | grep -n "$3" | head -n 1 | cut -d: -f1) - 1))); }
# two_words NAME: a patch of prog's inner(), whose add is in the middle of its range
two_words()
{
    add=$(offset prog inner '"add"')
    head_of prog "$1"
    echo "@ inner+0x$(printf %x $((add - 4)))"
    echo "- $(word prog inner $((add - 4)))"; echo "+ $(word prog inner $((add - 4)))"
    echo "- $(word prog inner "$add")"; echo "+ 11001400"
    echo end
}
# old_of PROGRAM FUNCTION: the `old` line of a func block
old_of()
{
    set -- "$1" $(tool nm -S "$1" | awk -v f="$2" '$4 == f { print $1, $2 }')
    text=$(tool objdump -h "$1" | awk '$2 == ".text" { print $4 }')
    tool objcopy -O binary --only-section=.text "$1" text.bin
    size=$((0x$3))
    sha=$(tail -c +$((0x$2 - 0x$text + 1)) text.bin | head -c "$size" | sha256sum | cut -d' ' -f1)
    echo "old size $size sha256 $sha"
}
# make_bodies PROGRAM: calc(v) = 2 * 3 * (v + 100 + number of the call)
make_bodies()
{
    head_of "$1" bodies
    cat <<E2
data table rodata size 16 align 8
rel abs64 thrice
rel abs64 plus100
end
data .calls data size 4 align 4
| 00 00 00 00
end
func plus100 size 8 new
| 11019000                            ; add  w0, w0, #100
| d65f03c0
end
func calc size 60
$(old_of "$1" calc)
| d503245f                            ; bti  c
| a9bf7bfd
| 910003fd
| 94000000 call26 plus100
| 90000001 adr_prel_pg_hi21 .calls
| 91000021 add_abs_lo12_nc .calls
| b9400022                            ; ldr  w2, [x1]
| 11000442                            ; add  w2, w2, #1
| b9000022                            ; str  w2, [x1]
| 0b020000
| 90000001 adr_prel_pg_hi21 table
| f9400021 ldst64_abs_lo12_nc table
| d63f0020                            ; blr  x1
| a8c17bfd
| 14000000 jump26 twice
end
set hook b8
- &twice
+ &plus100
E2
}

# ---- new bodies, compiled: the relocations that the compiler makes become those of the patch ----
# new_code SOURCE CFLAG...: each function in a section of its own
new_code() { "$CROSS_CC" -w -fno-builtin -ffunction-sections "$@" -c -o new.o; }
# new_body FUNCTION: its `|` lines
new_body()
{
    tool objdump -dr -j ".text.$1" new.o | awk '
        $1 ~ /^[0-9a-f]+:$/ && $2 ~ /^[0-9a-f]+$/ { if (word) print "| " word; word = $2; next }
        /R_AARCH64_/ { reloc = tolower($2); sub(/^r_aarch64_/, "", reloc); word = word " " reloc " " $3 }
        END { print "| " word }'
}
# new_cfi FUNCTION: its `cfi` lines, of which a compiler's object has what follows the augmentation of the FDE
new_cfi()
{
    tool objcopy -O binary --only-section=.eh_frame new.o eh_frame.bin
    at=$(tool objdump -r -j .eh_frame new.o | awk -v s=".text.$1" '$3 == s { print $1; exit }')
    [ -z "$at" ] || od -An -v -tu1 -w1 eh_frame.bin | awk -v at=$((0x$at)) '
        { b[NR - 1] = $1 }
        END {
            end = at - 4 + b[at - 8] + 256 * b[at - 7]
            for (i = at + 9 + b[at + 8]; i < end; i++) line = line sprintf(" %02x", b[i])
            for (; line != ""; line = substr(line, 121)) print "cfi" substr(line, 1, 120)
        }'
}
# new_func PROGRAM FUNCTION [FOR]: the whole block, in the place of the function FOR; with its cfi lines, unless $no_cfi says no
new_func()
{
    new_body=$(new_body "$2")
    echo "func ${3:-$2} size $(($(printf '%s\n' "$new_body" | wc -l) * 4))"
    old_of "$1" "${3:-$2}"
    printf '%s\n' "$new_body"
    [ -n "${no_cfi:-}" ] || new_cfi "$2"
    echo end
}
