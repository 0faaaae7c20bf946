#!/bin/sh
# What people do with patched files: pipes from lpdiff, unwinding through new bodies, several patches in a file, other tools on it; and what goes wrong.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
root=$(arm64_sysroot) || skip_all "no AArch64 C library to link with"
scenes=$tests/e2e/scenes
cxx=${CROSS_CXX:-${CROSS_CC%gcc}g++}
limited() { timeout -k 5 60 "$@"; }
under_lprun() { limited lprun --no-control -L "$root" -E LD_LIBRARY_PATH=. "$@"; }
under_qemu() { limited "$QEMU_AARCH64" -cpu max -L "$root" -E LD_LIBRARY_PATH=. "$@"; }
engines=under_lprun
have_qemu && engines="$engines under_qemu"
sum() { sha256sum <"$1" | cut -d' ' -f1; }

# ---- unwinding, as in unwinding.sh: what is said of a return, an exception, one that is thrown again, two ends of the thread, and calls within ----
new_code "$scenes/through.c" -O2 -fPIC -DNEW && "$CROSS_CC" -w -O2 -fPIC -c "$scenes/through.c" -o through.o || { not_ok "compile"; tap_done; }
"$CROSS_CC" -w -O2 -fPIC -shared -Wl,-soname,libthrough.so -Wl,--build-id -o libthrough.so through.o || not_ok "compile a library"
program() { compiler=$1 main=$2; shift 2; "$compiler" -w -O2 -Wl,--build-id -o prog "$scenes/$main" "$@" -lpthread; }
patched() { { head_of "$1" through; new_func "$1" through; } >through.lpatch; cp "$1" was; run "$2: apply" 0 lpapply "$1" through.lpatch; }
lines() { seq 0 5 | "$1" ./prog 2>&1 | grep -v ready | tr '\n' ' '; }
thrown()
{
    patched "$2" "$1"
    for engine in $engines; do
        is "$(lines $engine)" '100 2 thrown 2 thrown 3 ended 2 ended 2 300 4 ' "$1: exceptions and ends of threads go through the new body: $engine"
    done
    cp was "$2"
}
traced()
{
    for engine in $engines; do eval "frames_$engine=\$(echo 0 | $engine ./prog 2>&1 | tail -n 1)"; done
    patched "$2" "$1"
    for engine in $engines; do
        eval "frames=\$frames_$engine"
        is "$(echo 0 | $engine ./prog 2>&1 | tail -n 1)" $((frames + 99)) "$1: backtrace() goes through the new body: $engine"
    done
    cp was "$2"
}
in_all()
{
    program "$1" "$2" through.o -static && "$3" "static $2" prog || not_ok "static $2"
    program "$1" "$2" through.o -static-pie -fPIE && "$3" "static-pie $2" prog || not_ok "static-pie $2"
    program "$1" "$2" through.o -pie && "$3" "dynamic $2" prog || not_ok "dynamic $2"
    program "$1" "$2" ./libthrough.so -Wl,-rpath,. && "$3" "library $2" libthrough.so || not_ok "$2 with a library"
}
in_all "$CROSS_CC" trace.c traced
if have "$cxx"; then in_all "$cxx" thrown.cc thrown; else skip exceptions "no AArch64 C++ compiler"; fi

# ---- two builds, a pipe, and the new program ----
cat >version.c <<'X'
#include <stdio.h>
static int table[4] = {1, 2, 3, 4};
const char *names[] = {"zero", "one", "two"};
__thread int calls;
__attribute__((noinline)) int check(int n) { calls++; return n > LIMIT ? -1 : table[n & 3]; }
#if LIMIT > 5
__attribute__((noinline)) void say(int n) { printf("number %d, %s\n", n, "small"); }
#else
__attribute__((noinline)) void say(int n) { printf("number %s, %d calls, %s\n", n < 3 ? names[n] : "many", calls, "or more"); }
#endif
int main(int argc, char **argv) { for (int i = 0; i < 6; i++) printf("%d ", check(i)); say(argc); say(argc + 2); return 0; }
X
for kind in -pie -no-pie; do
    for limit in 7 3; do "$CROSS_CC" -w -O2 -fno-inline $kind -Wl,--build-id -DLIMIT=$limit -o v$limit version.c || not_ok "$kind: compile"; done
    rm -f v
    lpdiff v7 v3 2>log | lpapply -q -o v v7 -
    for engine in $engines; do is "$($engine ./v 2>&1)" "$($engine ./v3 2>&1)" "$kind: lpdiff | lpapply: as the new program: $engine"; done
    is "$($engine ./v 2>&1 | tail -n 1)" "number many, 6 calls, or more" "$kind: what that is"
    run "$kind: revert" 0 lpapply -R v
    is "$(sum v)" "$(sum v7)" "$kind: the old file"
done
: | lpapply -o v v7 - >log 2>&1
is "$?" 2 "an empty patch, as a pipe whose other end failed leaves it, is none"

# ---- several patches in one file ----
build prog -static
add=$(offset prog site '"add"')
site() { head_of prog "$1"; printf '@ site+0x%x\n- %s\n+ %s\nend\n' "$add" "$2" "$3"; }
site one "$(word prog site "$add")" 11001c00 >one.lpatch
site two 11001c00 11002000 >two.lpatch
make_bodies prog >bodies.lpatch
cp prog was
chmod 751 prog
call() { printf 'call\n' | under_lprun ./prog 2>&1 | tail -n 1; }
run "one, two and bodies" 0 lpapply prog one.lpatch two.lpatch bodies.lpatch
is "$(call)" "call 2 9 666 103 5" "three patches, one on the other"
is "$(stat -c %a prog)" 751 "the mode is kept"
is "$(lpapply -l --tsv prog | cut -f 1-2,4 | tr '\t\n' ': ')" "patch:one:1 patch:two:1 patch:bodies:2 " "listed in their order"
cp prog all
run "take the lower one" 1 lpapply -R prog one
like "$(cat run)" 'patch .two. lies on top' "refused, and by whom"
is "$(sum prog)" "$(sum all)" "nothing was changed"
run "take the upper one" 0 lpapply -R prog two.lpatch
is "$(call)" "call 2 8 666 103 5" "two are left"
run "take both" 0 lpapply -R prog one bodies
is "$(sum prog)" "$(sum was)" "the old file"
for p in one two bodies; do lpapply -q prog $p.lpatch; done
is "$(sum prog)" "$(sum all)" "one after the other gives the same bytes"
site one "$(word prog site "$add")" 11002400 >other.lpatch
run "another of that name" 1 lpapply prog other.lpatch
like "$(cat run)" 'another patch named .one. is applied' "said so"
{ sed 's/^name .*/name      next/; 2a requires  two' other.lpatch; } >next.lpatch
sed -i 's/^name .*/&\nreplaces  two/; s/^- .*/- 11001c00/' other.lpatch && sed -i 's/^name .*/name      three/' other.lpatch
run "one that replaces another" 0 lpapply prog other.lpatch
is "$(lpapply -l --tsv prog | cut -f 2 | tr '\n' ' ')" "one bodies three " "has its place"
run "one that needs what is not there" 1 lpapply prog next.lpatch
like "$(cat run)" 'requires .two., which is not applied' "said so"
awk '/^name/ { print; print "requires  one"; next } { print }' two.lpatch | sed 's/^name .*/name      needs/' >needs.lpatch
cp prog kept && lpapply -q -R kept && lpapply -q kept one.lpatch needs.lpatch
run "one that another one requires" 1 lpapply -R kept one
like "$(cat run)" 'one: the applied patch .needs. requires it: revert that one first, or both by one call' "said so"
run "both by one call" 0 lpapply -R kept one needs
run "all of them" 0 lpapply -R prog
is "$(sum prog)" "$(sum was)" "the old file again"

# ---- other tools ----
needs() { have "$1" || { skip "$2" "no $1"; return 1; }; }
program "$CROSS_CC" trace.c through.o -pie
cp prog was
{ head_of prog through; new_func prog through; } >through.lpatch
lpapply -q -o new prog through.lpatch
frames=$(echo 0 | under_lprun ./new 2>&1 | tail -n 1)
after() { is "$(echo 0 | under_lprun "./$1" 2>&1 | tail -n 1)" "$frames" "$2: it runs, and unwinds"; is "$(lpapply -l --tsv "$1" | cut -f 2)" through "$2: the list"; }
tool strip -o stripped new 2>log
is "$(cat log)" "" "GNU strip has no complaint"
after stripped "GNU strip"
run "its old file cannot be had back" 1 lpapply -R stripped
like "$(cat run)" 'was changed after it was patched' "said so"
# The program headers of one for a fixed address move, and what is new and zero lies in front of them.
printf '%s\n' '__attribute__((noipa)) int price(int n) { return n * 2; }' 'int main(int c, char **v) { return price(c) + price(c); }' >fixed.c
printf '%s\n' 'static int calls; static int more = 5; int price(int n) { return n + ++calls + more++; }' >counts.c
"$CROSS_CC" -O2 -static -Wl,--build-id -o fixed fixed.c && "$CROSS_CC" -O2 -c counts.c || not_ok "compile fixed.c"
lpmake -q -t fixed "price=replace from counts.o" >counts.lpatch && lpapply -q -o counted fixed counts.lpatch
run "new variables of a static program" 16 lprun --no-control ./counted
tool strip -o stripped counted 2>/dev/null
run "GNU strip leaves them" 16 lprun --no-control ./stripped
run "the file before" 0 lpapply -R -o again counted
same again fixed "is the same"
needs eu-strip "elfutils" && { eu-strip -o eustripped new; after eustripped eu-strip; }
needs llvm-strip "llvm-strip" && { llvm-strip -o llstripped new; is "$(echo 0 | under_lprun ./llstripped 2>&1 | tail -n 1)" "$frames" "llvm-strip: it runs, and unwinds"; }
needs patchelf "patchelf" && { patchelf --set-rpath /nowhere --output elfed new; after elfed patchelf; }
needs gdb-multiarch "gdb" && like "$(gdb-multiarch -nx -batch -ex 'disassemble through' new 2>&1)" 'b.*<through.lpatch>' "gdb finds the new body"

# ---- what goes wrong ----
refused() { run "$1" "$2" lpapply "$3" "$4"; like "$(cat run)" "$5" "$1: said so"; }
sed 's/^\(build-id  .\{16\}\).*/\1/; /^digest/d' through.lpatch >x.lpatch
run "a build-id's first 16 digits" 0 lpapply -o part prog x.lpatch
sed 's/^build-id .*/build-id  00112233/' through.lpatch >x.lpatch
refused "another build" 1 prog x.lpatch 'build-id is .*, the patch was made for 00112233'
{ head_of prog x; printf '@ main\n- 00000001\n+ d503201f\nend\n@ through\n- 00000002\n+ d503201f\nend\n'; } >x.lpatch
refused "two other words" 1 prog x.lpatch 'main: found'
like "$(cat run)" 'through: found' "both are told"
for n in 0 3 63 64 100 200 4000; do
    head -c $n new >cut
    timeout 20 lpapply cut through.lpatch >run 2>&1
    status=$?
    [ $status = 2 ] || [ $status = 1 ] && ok "cut at $n" || { not_ok "cut at $n: $status"; note <run; }
done
lpapply -o /dev/full prog through.lpatch >run 2>&1
is "$?" 2 "a full disk"
like "$(cat run)" 'No space left' "said so"
lpapply -o - prog through.lpatch 2>run >/dev/full
is "$?" 2 "a full standard output"
lpapply -o /nowhere/x prog through.lpatch >run 2>&1
is "$?" 2 "no such folder"
if [ "$(id -u)" != 0 ]; then
    mkdir -p closed && cp prog closed && chmod 555 closed
    refused "a folder that cannot be written" 2 closed/prog through.lpatch 'ermission denied'
    chmod 755 closed
else
    skip "a folder that cannot be written" "root may write everywhere"
fi
# Several at once: all are in, one after the other.
cp prog race
for n in 0 4 8 c 10 14; do lpmake -q -t prog --meta name=n$n -o race$n.lpatch "main+0x$n=nop" 2>run || { not_ok "a patch of main+0x$n"; note <run; }; done
for n in 0 4 8 c 10 14; do (exec 9>&-; timeout 60 lpapply -q race race$n.lpatch || echo "$n: $?") & done >run 2>&1
wait
is "$(cat run)" "" "six at once: each is applied"
is "$(lpapply -l -q race | wc -l)" 6 "  and stays"
run "  and all are taken out" 0 lpapply -q -R race
is "$(sum race)" "$(sum prog)" "  without a trace"
# Whose it is, and what it may do: a copy is nobody's way to root.
about() { stat -c '%A %u:%g' "$@" | tr '\n' ' '; }
cp prog own && chmod 4755 own
if [ "$(id -u)" = 0 ]; then
    chown 12345:12345 own && chmod 6755 own
    who=12345:12345 set=-rwsr-sr-x
else
    who=$(id -u):$(id -g) set=-rwsr-xr-x
fi
run "a set-user-ID program" 0 lpapply -q -b own through.lpatch
is "$(about own own.orig)" "$set $who $set $who " "stays its owner's, and so does what is kept"
is "$(sum own.orig) $(sum own)" "$(sum was) $(sum new)" "with the right bytes in each"
mask=$(umask)
umask 022
run "another file" 0 lpapply -q -o own2 own.orig through.lpatch
umask "$mask"
is "$(about own2)" "-rwxr-xr-x $(id -u):$(id -g) " "is not set-user-ID"
run "once more" 0 lpapply -q -b -R own
is "$(sum own.orig) $(sum own)" "$(sum new) $(sum was)" "what is kept is replaced"
if have python3 && python3 -c "import os; os.setxattr('own', 'user.arm64lp', b'kept')" 2>/dev/null; then
    lpapply -q own through.lpatch
    is "$(python3 -c "import os; print(os.getxattr('own', 'user.arm64lp').decode())" 2>&1)" kept "an extended attribute stays"
else
    skip "an extended attribute stays" "python3 or the file system does not set any"
fi
is "$(sum prog)" "$(sum was)" "the file is as it was"
is "$(ls -A | grep -c '^.arm64lp')" 0 "nothing is left"
lpapply - through.lpatch <prog 2>run | cmp - new
is "$?" 0 "a file by a pipe, to a pipe"
like "$(lpapply --json -n prog through.lpatch)" '"type":"file","file":"prog","output":null,"state":"applied","status":"OK","reason":null,"applied":1,.*"dry_run":true}$' "a record, which says that it was a dry run"
run "no patch" 2 lpapply prog
like "$(cat run)" "no patch is given: 'prog' is the ELF file" "said so"
run "a list of what has none" 0 lpapply -l -q prog
is "$(cat run)" "" "is empty"
run "nothing to take out" 0 lpapply -R prog
run "a name that is not there" 1 lpapply -R prog nobody
like "$(cat run)" "patch .nobody. is not applied" "said so"
tap_done
