#!/bin/sh
# The EXAMPLES of the manuals of the commands and formats, verbatim, each page's in one folder and one shell: what they say happens. (lpdis(1): dis/lpdis.sh;
# git and make in arm64lp(7): git.sh, lpmake_recipe.sh; section 3: lint/manuals.sh.)
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
sysroot=$(arm64_sysroot) || skip_all "no AArch64 C library"
XDG_CONFIG_HOME=$scratch/config
export XDG_CONFIG_HOME

# What the pages speak of: app, greet, server and hello, of one source. The places that they name by offset and line are of assembly.
cat >app.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#ifndef LIMIT
#define LIMIT 100
#endif
#define APART __attribute__((noinline, noclone))
APART void fail(void) { puts("fail"); exit(3); }
APART void give_up(void) { puts("give up"); exit(4); }
int check(int v);
__asm__(".text\n.global check\n.type check, %function\ncheck:\n.rept 8\nnop\n.endr\ncmp w0, #5\nb.gt 1f\nmov w0, #1\nret\n1: mov w0, #0\nret\n.size check, . - check");
APART int limit(int v) { __asm__ volatile(""); return v < LIMIT; }
APART int licensed(void) { __asm__ volatile(""); return 0; }
APART int parse(int n)
{
#line 42 "parse.c"
    __asm__ volatile("cmp %w0, #32\n\tb.hi fail" :: "r"(n) : "cc");
    return n + 1;
}
APART int retry(int n)
{
#line 17 "retry.c"
    __asm__ volatile("cmp %w0, #1\n\tb.hi give_up" :: "r"(n) : "cc");
    return n;
}
static int start(int argc, char **argv)
{
    do {
        printf("check %d limit %d licensed %d\n", check(9), limit(50), licensed());
        printf("parse %d retry %d\n", parse(argc > 1 ? atoi(argv[1]) : 1), retry(1));
        fflush(stdout);
        nanosleep(&(struct timespec){0, 20000000}, NULL);
    } while (FOREVER);
    return 0;
}
int (*const started)(int, char **) = start;
__asm__(".text\n.global main\n.type main, %function\nmain:\nstp x29, x30, [sp, #-16]!\nmov x29, sp\ncmp w0, #1\nb.lt 1f\nadrp x2, started\n"
    "ldr x2, [x2, #:lo12:started]\nblr x2\n1: mov w0, #0\nldp x29, x30, [sp], #16\nret\n.size main, . - main");
C
cat >fix.c <<'C'
int parse(int n) { return n * 2; }
int parse_checked(int n) { return n <= 0 ? -1 : n + 10; }
C
cc="$CROSS_CC -w -g -O2 -fno-ipa-ra -no-pie -static -Wl,--build-id"
$cc -DFOREVER=0 -o app app.c && $cc -DFOREVER=1 -o server app.c &&
    $cc -DFOREVER=0 -DLIMIT=10 -o app.new app.c && $cc -DFOREVER=1 -DLIMIT=10 -o server.new app.c &&
    "$CROSS_CC" -w -O2 -DFOREVER=0 -o hello-dynamic app.c || { not_ok "the programs compile"; tap_done; }
plain='check 0 limit 1 licensed 0
parse 2 retry 1'

# examples PAGE: its commands, line by line in the file `examples`, in a folder of its own
examples()
{
    page=$1
    mkdir "$scratch/$page" && cd "$scratch/$page" && cp ../app ../fix.c . || exit 1
    sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$srcdir/man/$page" | sed -n 's/^\.Dl \$ /$ /; s/^\$ //p' |
        sed 's/\\&//g; s/\\e/\\/g; s/\\(dq/"/g' | sed "s,/usr/aarch64-linux-gnu,$sysroot,; s,aarch64-linux-gnu-gcc,$CROSS_CC," >examples
    [ -s examples ] || not_ok "$page has examples"
}
# does EXAMPLE STATUS [OUTPUT]: the next one of them is this; what it prints is the file done
does()
{
    e=$(head -n 1 examples)
    sed -i 1d examples
    is "$e" "$1" "$page: ${1%%\(*}"
    case $e in *\&) # a child of this shell
        eval "$e" >running 2>&1
        children="$children $!"
        wait_for 20 test -S s.sock || not_ok "it starts"
        return ;;
    esac
    timeout 60 sh -c "$e" >done 2>&1 </dev/null
    status=$?
    is "$status" "$2" "its exit status"
    [ "$status" = "$2" ] || note <done
    [ $# -lt 3 ] || is "$(cat done)" "$3" "and output"
}
# served NAME: this program goes on and on, under lprun
served() { cp ../server "$1"; lprun -c s.sock "./$1" >running 2>&1 & children="$children $!"; wait_for 20 test -S s.sock || not_ok "$page: $1 starts"; }
# goes_on LINE: what the program in the background prints from now on
goes_on() { n=$(wc -l <running); wait_for 20 sh -c "[ \$(wc -l <running) -gt $((n + 4)) ]"; like "$(tail -n 3 running | head -n 2)" "$1" "the program: $1"; }
no_more() { is "$(cat examples)" "" "$page: that is all"; }

# ---- lprun(1) ----
examples lprun.1
cp ../app hello && cp ../hello-dynamic .
does 'lprun ./hello' 0 "$plain"
does 'lprun -S -D calls ./hello' 0
is "$(cat done)" "$plain" "and output"
like "$(cat calls)" 'write(1, ' "the file has the system calls"
does "lprun -L $sysroot ./hello-dynamic" 0 "$plain"
does 'lprun --cpu cortex-a72 ./hello' 0 "$plain"
does "lpmake -t app 'check+0x24=nop' | lprun -P - ./app" 0 'check 1 limit 1 licensed 0
parse 2 retry 1'
no_more

# ---- lpmake(1) ----
examples lpmake.1
does "lpmake -t app 'check+0x24=nop' > fix.lpatch" 0 ""
like "$(cat fix.lpatch)" '^@ check+0x24$' "the patch is there"
does "lpmake -t app --meta name=licence 'licensed=ret 1' | lprun -P - ./app" 0 'check 0 limit 1 licensed 1
parse 2 retry 1'
does "lpmake -t app 'parse.c:42=asm \"cmp w0, #64; b.hi fail\"'" 0
cp done asm.lpatch
is "$(lprun ./app 50 | tail -n 1) $(lprun -P asm.lpatch ./app 50 | tail -n 1) $(lprun -P asm.lpatch ./app 70 | tail -n 1)" "fail parse 51 retry 1 fail" "which raises the limit"
served app
does "$CROSS_CC -O2 -ffunction-sections -fdata-sections -fno-ipa-ra -c fix.c" 0 ""
does "lpmake -t app 'parse=replace from fix.o' | lpapply -c s.sock -" 0
goes_on '^parse 2 retry 1$'
no_more

# ---- lpdiff(1) ----
examples lpdiff.1
cp ../server server.old && cp ../server.new . && cp ../app app.old && cp ../app.new .
does 'lpdiff server.old server.new > fix.lpatch' 1 ""
like "$(cat fix.lpatch)" '^\(func\|@\) limit' "the patch is there"
does 'lpdiff --why server.old server.new' 1
like "$(cat done)" '^changed *limit' "which names the function"
does 'lpdiff app.old app.new | lprun -P - ./app.old' 0 'check 0 limit 0 licensed 0
parse 2 retry 1'
no_more
cp ../app old && cp ../app.new new
sed -n '/^fix.lpatch: old new/,/^\.Ed/p' "$srcdir/man/lpdiff.1" | sed '/^\.Ed/d' >Makefile
rm fix.lpatch
if command -v make >/dev/null; then
    make >done 2>&1 && make -q && ok "the rule" || { not_ok "the rule"; note <done; }
    is "$(lprun -P fix.lpatch ./old)" "$(lprun ./new)" "what it makes"
else skip "the rule" "no make"; fi

# ---- lpapply(1) ----
examples lpapply.1
cp ../server . && lpmake -t server --meta name=fix -o fix.lpatch 'limit=ret 0' || not_ok "fix.lpatch"
does 'lprun -c s.sock ./server &' 0
does 'lpapply -c s.sock fix.lpatch' 0 'lpapply: fix: applied'
goes_on '^check 0 limit 0 licensed 0$'
does 'lpapply -c s.sock -l' 0
like "$(cat done)" '^fix  *- *1 ' "which lists it"
does 'lpapply -c s.sock -R fix.lpatch' 0 'lpapply: fix: reverted'
goes_on '^check 0 limit 1 licensed 0$'
does 'lpapply -c s.sock --trial 5s fix.lpatch' 0
goes_on '^check 0 limit 0 licensed 0$'
lpapply -q -c s.sock -R
does 'lpapply --exe ./server fix.lpatch' 0
goes_on '^check 0 limit 0 licensed 0$'
does 'lpapply -l -p all' 0
like "$(cat done)" 'fix ' "which lists it"
does 'lpapply -o patched server fix.lpatch' 0
lpdis --symbol limit patched | grep -q 'd2800000' && ok "the file is patched" || not_ok "the file is patched"
does 'lpapply -l patched' 0
like "$(cat done)" '^fix  *- *1 ' "which lists it"
does 'lpapply -R patched' 0
same patched server "and takes it out"
does 'lpapply --install fix.lpatch' 0
is "$(lpapply -l --installed --tsv | cut -f2)" fix "it is stored"
lpapply -q --uninstall fix
no_more

# ---- arm64lp(7) ----
examples arm64lp.7
sed -i '/gitattributes\|git config/d' examples
cp ../server .
does 'lprun -c s.sock ./server &' 0
does "lpmake -t server 'check+0x24=nop' > off.lpatch" 0 ""
does 'lpapply -c s.sock off.lpatch' 0 'lpapply: off: applied'
goes_on '^check 1 limit 1 licensed 0$'
does 'lpapply -c s.sock -l' 0
like "$(cat done)" '^off  *- *1 ' "which lists it"
does 'lpapply -c s.sock -R off.lpatch' 0 'lpapply: off: reverted'
does "lpmake -t app 'licensed=ret 1' | lprun -P - ./app" 0 'check 0 limit 1 licensed 1
parse 2 retry 1'
no_more

# ---- lps(5), lpatch(5): what they show is one, for a program that has these places ----
# shown PAGE FIRST: the literal block that begins so
shown() { awk -v first="$2" '/^\.Bd/ { getline; on = $0 == first } /^\.Ed/ { on = 0 } on' "$srcdir/man/$1" | sed 's/\\&//g; s/\\e/\\/g'; }
examples lps.5
cp ../app greet && "$CROSS_CC" -O2 -ffunction-sections -fdata-sections -fno-ipa-ra -c fix.c || not_ok "fix.o"
shown lps.5 '# Reject lengths below 1.' >parse-length.lps
does 'lpmake -t greet -o parse-length.lpatch parse-length.lps' 0
no_more
is "$(lprun ./greet 5 | tail -n 1)" 'parse 6 retry 1' "greet"
is "$(lprun -P parse-length.lpatch ./greet 5 | tail -n 1)" 'parse 15 retry 1' "patched with the function"
is "$(lprun ./greet | tail -n 1)$(lprun -P parse-length.lpatch ./greet)" "parse 2 retry 1" "and with the words of main"
lpmake --fmt parse-length.lps >done 2>&1
is "$? $(head -n 1 done)" "0 # Reject lengths below 1." "the recipe is one"
shown lpatch.5 'lpatch 1' >shown.lpatch
id=$(tool readelf -n greet | sed -n 's/.*Build ID: //p')
sed "s/^build-id .*/build-id  $id/" shown.lpatch >retry.lpatch
is "$(lpdis shown.lpatch | grep -c '; cmp')" 2 "lpatch.5: the patch is one"
lpapply -q -o patched greet retry.lpatch >done 2>&1
is "$? $(lpdis --symbol main patched | grep -o '7100.*1f')" "0 7100081f" "and fits"
{ sed '/^@/,$d' retry.lpatch; shown lpatch.5 '@ main+0x8 quiet'; } >quiet.lpatch
lpapply -q -o patched greet quiet.lpatch >done 2>&1
is "$? $(lpdis --symbol main patched | grep -o '7100.*1f')" "0 7100081f" "  with quiet, too"
shown lpatch.5 '# switch a check off' >original
lpdis original >done 2>&1
like "$(cat done)" '4001000' "lpatch.5: the original format"

# ---- lpcontrol(5): the conversation; counts, process numbers and times differ ----
if [ -x "$builddir/tests/e2e/talk" ]; then
    mkdir "$scratch/lpcontrol.5" && cd "$scratch/lpcontrol.5" || exit 1
    served server
    lpmake -t server --meta name=range --meta version=1.2 'limit=ret 0' | lpapply -q -c s.sock - || not_ok "range is applied"
    shown lpcontrol.5 'C: arm64lp 1' >conversation
    numbers() { sed -E 's/^(row range 1.2 1|ok 0 0 1) [0-9]+/\1 N/; s/ [0-9]{13}/ TIME/'; }
    : >answered
    sed -n 's/^C: //p' conversation | while read -r ask; do
        n=$(($(grep -c '^ok\|^arm64lp\|^error' answered) + 1))
        echo "$ask"
        [ "${ask%% *}" = revert ] || wait_for 20 sh -c "[ \$(grep -c '^ok\|^arm64lp\|^error' answered) -ge $n ]"
    done | timeout 60 "$builddir/tests/e2e/talk" s.sock >>answered
    is "$(grep -v '^connected' answered | numbers)" "$(sed -n 's/^   //p' conversation | numbers)" "lpcontrol.5: what is answered"
else
    skip "lpcontrol.5: what is answered" "no talk"
fi
tap_done
