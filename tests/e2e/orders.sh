#!/bin/sh
# Patches on patches, that require, conflict and replace: random orders of applying and reverting, each judged by a model of what is legal and what the
# program then does. Also several programs at once.   sh orders.sh [STEPS [SEED]]
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
steps=${1:-150} seed=${2:-$(fresh_seed)}
echo "# seed $seed"
build prog -static -no-pie || { not_ok "compile"; tap_done; }

# a, b and c lie on one another; x, y and w are about one place; x and y conflict; z requires x; r replaces z, w replaces x.
word_patch() { name=$1 place=$2 old=$3 new=$4; shift 4; { head_of prog "$name" "$@"; printf '@ %s\n- %s\n+ %s\nend\n' "$place" "$old" "$new"; } >"$name.lpatch"; }
set_patch() { name=$1 old=$2 new=$3; shift 3; { head_of prog "$name" "$@"; printf 'set answer b4\n- %s\n+ %s\n' "$old" "$new"; } >"$name.lpatch"; }
word_patch a counted 11000400 11002800
word_patch b counted 11002800 11005000
word_patch c counted 11005000 11007800
site=$(offset prog site '"add"')
word_patch x "site+0x$(printf %x "$site")" 11000c00 11004c00
word_patch y "site+0x$(printf %x "$site")" 11000c00 11005c00 'conflicts x'
word_patch w "site+0x$(printf %x "$site")" 11000c00 11006c00 'replaces  x'
set_patch z 0x5 0x6 'requires  x'
set_patch r 0x5 0x7 'replaces  z'

top=0 x=0 y=0 z=0 r=0 w=0
# level NAME: of the stack
level() { case $1 in a) echo 1 ;; b) echo 2 ;; c) echo 3 ;; esac; }
# model_apply NAME, model_revert NAME: 0 and the new state, or 1
model_apply()
{
    case $1 in
    a | b | c) n=$(level "$1"); [ "$n" -le "$top" ] || { [ "$n" = $((top + 1)) ] && top=$n; } ;;
    x) [ $x = 1 ] || { [ $y$w = 00 ] && x=1; } ;;
    y) [ $y = 1 ] || { [ $x$w = 00 ] && y=1; } ;;
    w) [ $w = 1 ] || { [ $y$z = 00 ] && w=1 x=0; } ;;
    z) [ $z = 1 ] || { [ $x = 1 ] && [ $r = 0 ] && z=1; } ;;
    r) [ $r = 1 ] || { z=0 r=1; } ;;
    esac
}
model_revert()
{
    case $1 in
    a | b | c) [ "$(level "$1")" = $top ] && top=$((top - 1)) ;;
    x) [ $x = 1 ] && [ $z = 0 ] && x=0 ;;
    y) [ $y = 1 ] && y=0 ;;
    z) [ $z = 1 ] && z=0 ;;
    r) [ $r = 1 ] && r=0 ;;
    w) [ $w = 1 ] && w=0 ;;
    esac
}
# What the program says in this state.
model_call()
{
    site_value=4 answer=5
    [ $x = 0 ] || site_value=20
    [ $y = 0 ] || site_value=24
    [ $w = 0 ] || site_value=28
    [ $z = 0 ] || answer=6
    [ $r = 0 ] || answer=7
    echo "call $((1 + (top == 0) + 10 * top)) $site_value 21 6 $answer"
}
back() { set -- $was; top=$1 x=$2 y=$3 z=$4 r=$5 w=$6; }
random() { seed=$(((seed * 1103515245 + 12345) % 2147483648)); random=$((seed / 65536 % $1)); }
pick() { random 8; pick=$(echo a b c x y z r w | cut -d' ' -f$((random + 1))); }

start prog
is "$(say call)" "$(model_call)" "at first"
wrong=0 good=0 refused=0
for i in $(seq "$steps"); do
    was="$top $x $y $z $r $w" want=0
    random 10
    kind=$random
    pick; first=$pick
    pick; second=$pick
    case $kind in
    0 | 1 | 2 | 3) do="$first.lpatch"; model_apply "$first" || want=1 ;;
    4 | 5 | 6) do="-R $first"; model_revert "$first" || want=1 ;;
    7 | 8) # both or none; what is required, and what takes the place of who requires what goes, may come in the same call
        do="$first.lpatch $second.lpatch"
        case $first$second in
        xy | yx | zr | rz | w[xyz] | [xyz]w) do="$first.lpatch"; model_apply "$first" || want=1 ;;
        zx | wr) { model_apply "$second" && model_apply "$first"; } || want=1 ;;
        *) { model_apply "$first" && model_apply "$second"; } || want=1 ;;
        esac ;;
    9)
        random 4
        if [ "$random" = 0 ]; then do=-R top=0 x=0 y=0 z=0 r=0 w=0
        else do="-n $first.lpatch"; model_apply "$first" || want=1; back; fi ;;
    esac
    [ $want = 0 ] || back
    lpapply -q -c sock $do >run 2>&1 </dev/null
    have=$? said=$(say call) expected=$(model_call)
    [ $want = 0 ] && good=$((good + 1)) || refused=$((refused + 1))
    [ "$have" = "$want" ] && [ "$said" = "$expected" ] && continue
    wrong=$((wrong + 1))
    printf 'step %s, in state %s: lpapply %s: status %s, expected %s; %s, expected %s\n' "$i" "$was" "$do" "$have" "$want" "$said" "$expected" | note
    note <run
    break
done
is "$wrong" 0 "$steps steps: $good are legal, $refused are not"
[ $good -gt 20 ] && [ $refused -gt 20 ] && ok "many of both" || not_ok "many of both"
run "all out" 0 lpapply -c sock -R
top=0 x=0 y=0 z=0 r=0 w=0
is "$(say call)" "$(model_call)" "as at first"
leave
tap_done
