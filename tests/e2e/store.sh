#!/bin/sh
# Stored patches: put in, taken out, loaded by build-id into programs, what they execute and their libraries; what is not trusted; a program that is not started.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
XDG_CONFIG_HOME=$scratch/config
export XDG_CONFIG_HOME
build prog -static -no-pie || { not_ok "compile"; tap_done; }
cat >value.c <<'E2'
#include <stdio.h>
#include <unistd.h>
__attribute__((noinline)) int value(int v) { __asm__ volatile(""); return v + 1; }
__attribute__((noinline)) int other(int v) { __asm__ volatile(""); return v + 2; }
int main(int argc, char **argv) { if (argc > 1) return execv(argv[1], argv + 1); printf("%d %d\n", value(4), other(4)); }
E2
arm64_cc value value.c -O2 -Wl,--build-id
arm64_cc anon value.c -O2 -Wl,--build-id=none
cat >start.c <<'E2'
#include <unistd.h>
int main(int argc, char **argv) { setenv("HOME", "/nonexistent", 1); unsetenv("XDG_CONFIG_HOME"); return execv(argv[1], argv + 1); }
E2
arm64_cc start start.c -O2 -Wl,--build-id=none
for v in 1 2; do lpmake -t value --meta name=ten --meta version=$v -o ten$v.lpatch "value=ret ${v}0"; done
lpmake -t value --meta name=other -o other.lpatch 'other=ret 7'
lpmake -t prog --meta name=ret -o ret.lpatch 'counted=ret 77'
lpmake -t anon -o anon.lpatch 'value=ret 1'
id=$(sed -n 's/^build-id *//p' ten1.lpatch)
def=$XDG_CONFIG_HOME/arm64lp/patches
program() { timeout 60 lprun --no-control "$@" 2>err; }

# ---- put in, take out ----
is "$(program ./value)" "5 6" "no store, no patch"
run "install" 0 lpapply --install ten1.lpatch
is "$(cat "$def/$id/ten.lpatch")" "$(cat ten1.lpatch)" "stored by its build-id"
is "$(stat -c %a "$XDG_CONFIG_HOME" "$def" "$def/$id" "$def/$id/ten.lpatch" | tr '\n' ' ')" "755 755 755 644 " "nobody else can write it"
is "$(program ./value)" "10 6" "loaded when the program starts"
is "$(program ./anon)" "5 6" "not into a program without a build-id"
is "$(program --no-patch-dir ./value)" "5 6" "--no-patch-dir"
is "$(LPRUN_NO_PATCH_DIR=1 program ./value)" "5 6" "LPRUN_NO_PATCH_DIR"
run "another version" 0 lpapply --install ten2.lpatch other.lpatch ret.lpatch
is "$(program ./value)" "20 7" "in the place of the first"
run "list" 0 lpapply -l --installed --tsv
is "$(cut -f2,3,4 run | sort | tr '\t\n' ' ;')" "$(printf '%s\n' "other  $id" "ret  $(sed -n 's/^build-id *//p' ret.lpatch)" "ten 2 $id" | sort | tr '\n' ';')" "what is stored"
run "take out by name" 0 lpapply --uninstall ten
is "$(program ./value)" "5 7" "the others stay"
run "what is not there" 1 lpapply --uninstall other nothing
is "$(program ./value)" "5 7" "all or none"
run "by file" 0 lpapply --uninstall other.lpatch
[ -e "$def/$id" ] && not_ok "nothing is left" || ok "nothing is left"
# a build-id by its first digits: a folder of their own, or the one that is there
first=$(echo "$id" | cut -c 1-16)
for v in 1 2; do sed "s/^build-id .*/build-id  $first/; /^digest/d" ten$v.lpatch >part$v.lpatch; done
run "by the first digits of its build-id" 0 lpapply --install part1.lpatch
is "$(ls "$def" | grep "^$first")" "$first" "  stored by them"
is "$(program ./value)" "10 6" "  loaded"
run "  another version, by the whole" 0 lpapply --install ten2.lpatch
is "$(ls "$def" | grep "^$first"; ls "$def/$first")" "$(printf '%s\nten.lpatch' "$first")" "  takes its place"
is "$(program ./value)" "20 6" "  loaded"
run "  taken out" 0 lpapply --uninstall ten
run "  by the whole first" 0 lpapply --install ten1.lpatch
run "  then by the first digits" 0 lpapply --install part2.lpatch
is "$(ls "$def" | grep "^$first"; ls "$def/$id")" "$(printf '%s\nten.lpatch' "$id")" "  the same folder"
is "$(program ./value)" "20 6" "  loaded"
mkdir "$def/${first%?}" && cp ten1.lpatch "$def/${first%?}/eleven.lpatch"
is "$(program ./value)" "20 6" "  a folder of fewer digits is of no build"
rm -r "$def/${first%?}"
run "  taken out again" 0 lpapply --uninstall ten
run "two of one name" 1 lpapply --install ten1.lpatch ten2.lpatch
run "no dry run" 2 lpapply -n --install ten1.lpatch
[ -e "$def/$id" ] && not_ok "nothing is stored" || ok "nothing is stored"
run "without build-id" 1 lpapply --install ten1.lpatch anon.lpatch
like "$(cat run)" 'anon.lpatch: an object has no build-id' "refused"
like "$(cat run)" 'hint: .*--build-id' "with what to do"
[ -e "$def/$id" ] && not_ok "all or none" || ok "all or none"
{ head_of value v3 'requires  ten'; echo '@ other'; echo '- *'; echo '+ d503201f'; echo end; } >v3.lpatch
sed -i "s/^- .*/- $(word value other 0)/" v3.lpatch
run "without what it requires" 1 lpapply --install v3.lpatch
like "$(cat run)" 'requires .ten' "said so"
run "with it" 0 lpapply --install ten1.lpatch v3.lpatch
run "what is required stays" 1 lpapply --uninstall ten
run "both" 0 lpapply --uninstall ten v3

# ---- folders that are named ----
run "another folder" 0 lpapply --install --patch-dir store ten1.lpatch
is "$(program ./value)" "5 6" "only where it is named"
is "$(program --patch-dir store ./value)" "10 6" "there it counts"
is "$(LPRUN_PATCH_DIR=store program ./value)" "10 6" "LPRUN_PATCH_DIR"
run "a second" 0 lpapply --install --patch-dir second ten2.lpatch
is "$(program --patch-dir store --patch-dir second ./value)" "20 6" "the later counts more"
is "$(program --patch-dir second --patch-dir store ./value)" "10 6" "whichever it is"
program --patch-dir nothing ./value >out
is "$? $(cat out)" "125 " "a folder that is not there is a mistake"
is "$(program --patch-dir store ./value "$scratch/value")" "10 6" "what the program executes gets its own"
run "install" 0 lpapply --install ten2.lpatch
is "$(program ./start "$scratch/value")" "20 6" "wherever the variables lead then"
run "uninstall" 0 lpapply --uninstall ten

# ---- who is trusted ----
# distrusted NAME MESSAGE: the patch is not applied, and why is said; the program runs
distrusted() { is "$(program --patch-dir store ./value)" "5 6" "$1: ignored"; like "$(cat err)" "stored patches are ignored: .*$2" "$1: said so"; }
chmod g+w store/"$id"/ten.lpatch; distrusted "a file that the group can write" "ten.lpatch: others may write"; chmod g-w store/"$id"/ten.lpatch
chmod o+w store/"$id"; distrusted "a folder that all can write" "$id: others may write"; chmod o-w store/"$id"
chmod o+w store; distrusted "a store that all can write" "store: others may write"
run "and nothing is put there" 1 lpapply --install --patch-dir store other.lpatch
chmod o-w store
mkdir -m 777 open && chmod 777 open && cp -r store open/store
is "$(program --patch-dir open/store ./value)" "5 6" "a folder above that all can write"
like "$(cat err)" "open: others may write" "said so"
ln -s "$scratch/store" link
is "$(program --patch-dir link ./value)" "10 6" "a link to a good one"
mv store/"$id"/ten.lpatch ten.kept && ln -s "$scratch/ten.kept" store/"$id"/ten.lpatch
distrusted "a link in the place of a file" "ten.lpatch"
rm store/"$id"/ten.lpatch && mv ten.kept store/"$id"/ten.lpatch
if [ "$(id -u)" = 0 ]; then
    chown 1234 store/"$id"/ten.lpatch; distrusted "another's file" "ten.lpatch: it belongs to user 1234"; chown 0 store/"$id"/ten.lpatch
    chown 1234 store; distrusted "another's store" "store: it belongs to user 1234"; chown 0 store
    chown -h 1234 link; is "$(program --patch-dir link ./value)" "5 6" "another's link"
fi
is "$(program --patch-dir store ./value)" "10 6" "good again"

# ---- what does not fit ----
sed 's/^+ .*/+ d503201f/; s/^- .*/- ffffffff/; s/^name .*/name bad/; /^digest/d' other.lpatch >bad.lpatch
run "install what does not fit" 0 lpapply --install --patch-dir store bad.lpatch
program --patch-dir store ./value >out
is "$? $(cat out)" "125 " "the program is not started"
like "$(cat err)" 'bad.lpatch:[0-9]*: other: found' "why"
like "$(cat err)" 'hint: --no-patch-dir' "and what to do"
head -c 100 bad.lpatch >store/"$id"/bad.lpatch
program --patch-dir store ./value >out
is "$? $(cat out)" "125 " "nor with half a file"
for text in '' '# nothing' 'lpatch 1'; do
    printf %s "$text" >store/"$id"/bad.lpatch
    program --patch-dir store ./value >out
    is "$? $(cat out)" "125 " "nor with one that is cut off: $text"
done
rm store/"$id"/bad.lpatch

# ---- killed in the middle, and many at once ----
good=0
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    lpapply -q --install --patch-dir store ten$((i % 2 + 1)).lpatch other.lpatch &
    killed=$!
    sleep "0.00$i"
    kill -KILL "$killed" 2>/dev/null
    wait "$killed" 2>/dev/null
    case $(program --patch-dir store ./value) in "10 6" | "10 7" | "20 7") good=$((good + 1)) ;; esac
done
is "$good" 12 "the old state or the new, and a store that is whole"
for i in 1 2 3 4; do lpapply -q --install --patch-dir store ten$((i % 2 + 1)).lpatch & done
wait_for 10 sh -c "! pgrep -P $$ lpapply"
run "afterwards" 0 lpapply --install --patch-dir store ten1.lpatch other.lpatch
is "$(program --patch-dir store ./value)" "10 7" "as always"
is "$(ls -A store)" "$id" "nothing is left over"

# ---- libraries ----
printf '%s\n' '__attribute__((noinline)) int twice(int v) { __asm__ volatile(""); return 2 * v; }' >lib.c
printf '%s\n' '#include <stdio.h>' 'int twice(int); int main(void) { printf("%d\n", twice(4)); }' >user.c
"$CROSS_CC" -w -O2 -shared -fPIC -Wl,--build-id -o libtwice.so lib.c
if root=$(arm64_sysroot) && "$CROSS_CC" -w -O2 -Wl,--build-id -o user user.c -L. -ltwice -Wl,-rpath,"$scratch"; then
    is "$(program -L "$root" ./user)" 8 "a library"
    lpmake -t libtwice.so --meta name=lib -o lib.lpatch 'twice=ret 99'
    run "install for a library" 0 lpapply --install lib.lpatch
    is "$(program -L "$root" ./user)" 99 "it is patched in every program that loads it"
    [ -s err ] && note <err
    sed 's/^- .*/- ffffffff/; s/^+ .*/+ d503201f/; /^digest/d' lib.lpatch >badlib.lpatch
    run "one that does not fit" 0 lpapply --install badlib.lpatch
    program -L "$root" ./user >out
    is "$? $(cat out)" "125 " "the program is not started"
    run "out again" 0 lpapply --uninstall lib
    is "$(program -L "$root" ./user)" 8 "as before"
else
    skip "libraries" "no dynamic loader for AArch64"
fi
tap_done
