#!/bin/sh
# Functions and data in awkward places: at the end of a page, longer than one, in hundreds, under several names; the C library's own functions.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
dir=$tests/e2e/scenes
hammer=$builddir/tests/e2e/hammer
build_shapes() { "$CROSS_CC" -w -O2 -fno-ipa-ra -Wl,--build-id "$@" "$dir/shapes.c" "$dir/elsewhere.c" -lpthread; }
build_shapes -static -no-pie -o shapes 2>log || { not_ok "compile"; note <log; tap_done; }
new_code "$dir/shapes.c" -DNEW -O1 -fno-ipa-ra -fno-pie

# changes NAME BEFORE AFTER COMMAND: applied, reverted
changes()
{
    is "$(say "${4%% *}")" "$4 $2" "$1: before"
    run "$1: apply" 0 lpapply -c sock "$1.lpatch"
    is "$(say "${4%% *}")" "$4 $3" "$1: applied"
    run "$1: revert" 0 lpapply -c sock -R "$1"
    is "$(say "${4%% *}")" "$4 $2" "$1: reverted"
}
start shapes

# ---- dozens, hundreds ----
many() { head_of shapes "$1"; shift; for n; do new_func shapes "f$n"; done; }
many dozens $(seq 100 123) >dozens.lpatch
many hundreds $(seq 100 10 499) $(seq 101 2 499) >hundreds.lpatch
sum=0 dozens=0 hundreds=0
for i in $(seq 100 499); do
    sum=$((sum + 1 + i))
    dozens=$((dozens + (i < 124 ? 100 : 1) + i))
    hundreds=$((hundreds + (i % 2 || i % 10 == 0 ? 100 : 1) + i))
done
changes dozens $sum $dozens sum
changes hundreds $sum $hundreds sum
run "hundreds on dozens: the same places" 0 lpapply -c sock dozens.lpatch
run "refused" 1 lpapply -c sock hundreds.lpatch
like "$(cat run)" 'f10[0-9]: ' "it says which"
is "$(say sum)" "sum $dozens" "nothing has changed"
run "revert" 0 lpapply -c sock -R
[ ! -x "$hammer" ] || run "often" 0 "$hammer" sock 20 hundreds.lpatch
is "$(say sum)" "sum $sum" "often: as at first"

# ---- pages ----
{
    head_of shapes edges
    printf '@ cross+0x8\n- 11000400\n+ 11004000\n- 11000400\n+ 11004000\nend\n@ edge\n- 11000400\n+ 11004000\n- 11000400\n+ 11004000\nend\n'
    printf 'set wide+0xffc b8\n- *\n+ 0x1122334455667788\n'
} >edges.lpatch
changes edges "4 2 0 1" "34 32 1122334455667788 1" edges
{ head_of shapes vast; new_func shapes vast; } >vast.lpatch
changes vast 1500 150000 vast
{ head_of shapes span; printf 'data more bss size 10000 align 16\nend\n'; new_func shapes span; } >span.lpatch
changes span 1 110 span

# ---- names ----
one() { n=$1; shift; lpmake -t shapes --meta name="$n" -o "$n.lpatch" "$@"; }
one names-original 'original=ret 50'
one names-alias 'alias=ret 50'
one names-weak 'weakling=ret 50'
for n in original alias weak; do changes names-$n "2 2 2 3 4 5" "50 50 50 3 4 5" names; done
run "by one name" 0 lpapply -c sock names-alias.lpatch
run "by another name, the same change" 0 lpapply -c sock names-original.lpatch
like "$(cat run)" 'already' "is there already"
one names-other 'original=ret 51'
run "by another name, another change" 1 lpapply -c sock names-other.lpatch
run "revert" 0 lpapply -c sock -R
one hidden 'hidden=ret 50'
changes hidden "2 2 2 3 4 5" "2 2 2 50 4 5" names
one local-a 'local!shapes.c=ret 50'
changes local-a "2 2 2 3 4 5" "2 2 2 3 50 5" names
one local-b 'local!elsewhere.c=ret 50'
changes local-b "2 2 2 3 4 5" "2 2 2 3 4 50" names
run "ambiguous" 1 lpmake -t shapes 'local=ret 50'
like "$(cat run)" 'ambiguous: .*elsewhere.c.*' "it says which there are"
at=$(tool nm shapes | awk '$3 == "hidden" { sub(/^0*/, "", $1); print $1 }')
one numeric "0x$at=ret 50"
changes numeric "2 2 2 3 4 5" "2 2 2 50 4 5" names

# ---- the C library's own ----
# Which variant of strlen() it takes is the CPU's business: all of them.
{ head_of shapes strlen; for v in $(tool nm shapes | awk '$3 ~ /^__strlen_/ && $2 == "T" { print $3 }'); do new_func shapes new_strlen "$v"; done; } >strlen.lpatch
[ "$(grep -c '^func' strlen.lpatch)" -gt 1 ] && ok "strlen: an IFUNC" || not_ok "strlen: an IFUNC"
changes strlen "7 0" "7 1" length
{ head_of shapes malloc; new_func shapes new_malloc malloc; } >malloc.lpatch
few() { n=$(say aligned | cut -d' ' -f2); [ "$n" -lt 64 ] && ok "$1" || not_ok "$1: $n"; }
few "malloc: before"
is "$(say heap)" heap "four threads allocate"
run "malloc: apply" 0 lpapply -c sock malloc.lpatch
is "$(say aligned)" "aligned 64" "malloc: the new one"
[ ! -x "$hammer" ] || { lpapply -q -c sock -R; run "malloc: often" 0 "$hammer" sock 50 malloc.lpatch; lpapply -q -c sock malloc.lpatch; }
is "$(say still)" "still 0" "what was allocated by either is freed by either"
run "malloc: revert" 0 lpapply -c sock -R
few "malloc: reverted"
leave
tap_done
