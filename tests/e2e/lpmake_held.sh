#!/bin/sh
# lpmake: registers that callers hold over a call. A patch that changes them does harm, lpmake says so, and what the manual says helps.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/making/lib.sh"
"$CROSS_CC" -O2 -fipa-ra -o held "$tests/e2e/making/held.c" && "$CROSS_CC" $STANDARD -o plain "$tests/e2e/making/held.c" || { not_ok "compile"; tap_done; }
# made TARGET CHANGE: x.lpatch, and what was said about registers
made() { lpmake -t "$1" -o x.lpatch "$2" 2>err || not_ok "$2: made"; grep 'may be held' err; }
# run PROGRAM LINES: what it says there with x.lpatch
run() { run_patched x.lpatch "./$1" | sed -n "$2p" | tr '\n' ' ' | sed 's/ $//'; }
is "$(run_lprun ./held | tr '\n' ' ')" "19 3 shown 1 34 " "the program"

object calls <<'C'
#include <stdio.h>
extern int total;
void note(int v) { printf("note %d\n", v); total += v + 1; }
C
said=$(made held 'note=replace from calls.o')
like "$said" 'note=replace from calls.o: x0, x.* may be held by callers.*twice+0xc.*: save x0, x' "a body with a call"
like "$said" 'outer+0x' "  a caller of the caller holds something, too"
harmed=$(run held 1,2)
like "$harmed" '^note 1 -\{0,1\}[0-9]*$' "  it runs"
[ "$harmed" != 'note 1 19' ] && ok "  and does harm" || not_ok "  and does harm"
is "$(made plain 'note=replace from calls.o') $(run plain 2)" " 19" "  no harm, and nothing said, with -fno-ipa-ra"
lpmake -q -t held -o x.lpatch 'note=replace from calls.o' 2>err
is "$(cat err)" "" "  nothing with -q"

# What the manual shows, with these registers.
{ echo '#include <stdio.h>'; echo 'extern int total;'; sed -n '/^static void __attribute__((used)) new_note/,/^\.Ed/{/^\.Ed/d;s/\\e/\\/g;p;}' "$srcdir/man/lpmake.1"; } | object wrapped
case $said in
*": save x0, x3, x4 around"*) is "$(made held 'note=replace from wrapped.o') $(run held 1,2)" " note 1 19" "registers saved around the new body, as the manual shows" ;;
*) skip "registers saved around the new body" "this compiler holds others: $said" ;;
esac

# A body that calls nothing can be compiled so that it saves them.
leaf='extern int total; void note(int v) { int w = v * 3, z = total ^ w; total = z + v * w; }'
echo "$leaf" | object leaf
said=$(made held 'note=replace from leaf.o')
like "$said" 'compile it with -fcall-saved-x0 -fcall-saved-x' "a body without a call"
echo "$leaf" | object leaf $(printf '%s\n' "$said" | grep -o 'fcall-saved-[xv][0-9]*' | sed 's/^/-/')
is "$(made held 'note=replace from leaf.o') $(run held 1)" " 19" "  with the options that are named"

leaf='extern double last; void keep(double v) { last = (v - 3) * (v + last) * (v - last / v) * (last - v * v) * (v * last + 1); }'
echo "$leaf" | object float
said=$(made held 'keep=replace from float.o')
like "$said" 'v[0-9].* may be held by callers.*half+0x' "registers of floating point"
echo "$leaf" | object float $(printf '%s\n' "$said" | grep -o 'fcall-saved-[xv][0-9]*' | sed 's/^/-/')
is "$(made held 'keep=replace from float.o') $(run held 2)" " 3" "  with the options that are named"

object shown <<'C'
#include <stdio.h>
int shown(int a) { printf("new %d\n", a); puts(""); return a + 1; }
C
is "$(made held 'shown=replace from shown.o') $(run held 5)" " 34" "nothing is said where the old body called something"
tap_done
