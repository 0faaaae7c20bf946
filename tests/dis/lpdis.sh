#!/bin/sh
# lpdis: what each option shows, the words that capstone does not know, ways in which input and output end, and the examples of its manual.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/body.sh"
need_cross
cd "$scratch" || exit 1
cat >app.c <<'C'
#include <stdio.h>
int limit = 3;
static const char *const names[] = {"first name", "second name"};
__attribute__((noinline)) int check(int v) { __asm__ volatile(""); return v < limit; }
__attribute__((noinline)) const char *name(int i) { return names[i]; }
__attribute__((noinline)) int say(void) { return puts("a sentence that is pointed to"); }
__attribute__((noinline, naked)) void mixed(void) { __asm__("b 1f\n .word 0x11223344\n .byte 1,2,3,4\n 1: .inst 0xb8e00020\n ret\n .inst 0x02000000"); }
int (*pointer(void))(const char *) { return puts; }
int main(void) { mixed(); return check(5) + say() + (name(0) == (char *)pointer()); }
C
"$CROSS_CC" -w -O2 -g -o app app.c && "$CROSS_CC" -w -O2 -g -c app.c || { not_ok "compile"; tap_done; }
# shows PATTERN NAME COMMAND...
shows()
{
    pattern=$1 name=$2
    shift 2
    "$@" >out 2>err </dev/null || { note <err; }
    like "$(cat out)" "$pattern" "$name"
}
hides() { if grep -q -e "$1" out; then not_ok "$2"; grep -e "$1" out | head -n 3 | note; else ok "$2"; fi; }
status() { want=$1 name=$2; shift 2; "$@" >out 2>err; is "$?" "$want" "$name: exit status"; }
tab=$(printf '\t')

shows '^Disassembly of section \.text:$' "sections have heads" lpdis app
shows '<puts@plt>:$' "PLT entries have names" lpdis -d app
shows 'b.0x[0-9a-f]* <puts@plt>$' "branches have targets" lpdis --symbol say app
like "$(cat out)" '; 0x[0-9a-f]* "a sentence that is pointed to"' "a string that adrp and add point to"
hides '<main>:' "--symbol shows no other function"
status 2 "--symbol of none" lpdis --symbol chekc app
like "$(cat err)" '^lpdis: hint: did you mean check?$' "a near name"
shows 'ldr.*; 0x[0-9a-f]* -> puts' "what a GOT slot holds" lpdis --symbol pointer app
shows '; 0x[0-9a-f]* <limit>' "a variable that is loaded" lpdis --symbol check app
shows "11223344 ${tab}\.word${tab}0x11223344" "data in the text, by \$d" lpdis --symbol mixed app
like "$(cat out)" "b8e00020 ${tab}ldaddal${tab}w0, w0, \[x1\]" "an instruction that capstone does not know has our text"
like "$(lpdis -w 043f57ff)" "\.inst.*0x043f57ff ; ADDVL_rri" "or at least our name"
shows '/app\.c:4$' "-l: source lines" lpdis -l --symbol check app
shows 'R_AARCH64_JUMP26.puts' "-r: relocations of an object file" lpdis -r app.o
shows 'R_AARCH64_RELATIVE' "-r: relocations for the dynamic linker" lpdis -rD -j .data.rel.ro app
shows '\.word' "-D: data" lpdis -D -j .rodata app
shows '<names>' "-D --symbol: objects" lpdis -D --symbol names app
lpdis -q app >out
hides 'Disassembly\|file format' "-q: no heads"
start=$(lpdis --symbol check app | sed -n 's/^ *\([0-9a-f]*\):.*/\1/p' | sed -n 2p)
lpdis --start-address 0x$start --stop-address $((0x$start + 8)) app | grep -c "^ *[0-9a-f]*:$tab" >count
is "$(cat count)" 2 "--start-address, --stop-address"
lpdis --start-address $((0x$start - 3)) --stop-address $((0x$start + 8)) app >out 2>err
is "$(grep -c "^ *[0-9a-f]*:$tab" out) $(cat err)" \
    "2 lpdis: warning: --start-address 0x$(printf %x $((0x$start - 3))) is no multiple of 4: from 0x$start" "  not aligned: said so"
lpdis -D -j .bss app >out 2>err
is "$? $(wc -c <out) $(head -n 1 err)" "2 0 lpdis: app: section '.bss' has no bytes in the file, and is 0 when the program starts" "-j of a section without bytes"
shows 'nop' "-w" lpdis -w d503201f 94000001
like "$(cat out)" '4:.*bl.0x8' "-w: addresses count from 0"
lpmake -t app 'check=ret 1' >p.lpatch
lpdis -P p.lpatch --symbol check app >out
like "$(cat out)" "^- .*$start\|^-" "-P: old lines"
like "$(cat out)" "^+ .*mov.x0, #1" "-P: new lines"
lpmake -t app 'check+0x4=nop' >q.lpatch
lpmake -t app 'main=nop' >r.lpatch
status 1 "-P: two patches of one word" lpdis -P p.lpatch -P q.lpatch app
like "$(cat err)" 'two of the patches change the word at 0x' "said so"
is "$(lpdis -P p.lpatch -P r.lpatch app | grep -c '^+')" "$(($(lpdis -P p.lpatch app | grep -c '^+') + 1))" "-P: two patches of several words"
shows '^+ d2800020 .*; mov x0, #1' "a patch file" lpdis p.lpatch
printf 'lpatch 1\n\nobject a\nbuild-id 00\nmachine aarch64\n\nfunc f size 12\nold size 4 sha256 %064d\n| d2800020 d65f03c0 d503201f\nend\n' 0 >body.lpatch
is "$(lpdis body.lpatch | sed -n 's/^| \([0-9a-f]*\)  *; /\1 /p')" "d2800020 mov x0, #1
d65f03c0 ret
d503201f nop" "a body of a patch, word for word"
is "$(lpdis --tsv body.lpatch | grep -c '^insn')" 3 "and as --tsv"
printf 'lpatch 1\nobject a\nbuild-id 00\nfunc f size 40\nold size 40 sha256 %064d\n= 1\n| 14000000 d503201f\n= +0x10 2\n~ 2 x1>x2  ; 2\n~ +0x4 1\n| 14000000\n= 1\nend\n' 0 >kept.lpatch
is "$(lpdis --tsv kept.lpatch | cut -f 2,6 | tr '\t\n' ' ;')" "0x4 0x4;0x8 ;0x20 0x20;" "  behind words of the old body, where they are"
printf 'lpatch 1\nobject a\nbuild-id 00\n@ f+0x8 quiet\n- d2800020 d65f03c0\n+ d2800040 d503201f ; both\n- d503201f\n+ d65f03c0\nend\n' >site.lpatch
is "$(lpdis site.lpatch | sed -n 's/^\([-+] [0-9a-f]*\)  *; /\1 /p')" "- d2800020 mov x0, #1
+ d2800040 mov x0, #2
- d65f03c0 ret
+ d503201f both
- d503201f nop
+ d65f03c0 ret" "a site of several words, each old one in front of its new one"
is "$(lpdis --tsv site.lpatch | awk -F'\t' '{ printf "%s %s %s %s;", $2, $3, $8, $12 }')" \
    "0x0 0xd2800020 f+0x8 -;0x0 0xd2800040 f+0x8 +;0x4 0xd65f03c0 f+0x8 -;0x4 0xd503201f f+0x8 +;0x8 0xd503201f f+0x8 -;0x8 0xd65f03c0 f+0x8 +;" "  and as --tsv"
lpdis - <p.lpatch >again
same out again "a patch from standard input"
lpdis - <app >again
lpdis app | sed 's/^app:/standard input:/' >out
same again out "an ELF file from standard input"
hides "$(printf '\033')" "no colours into a file"

# -C: names of C++, as objdump has them.
cxx=${CROSS_CC%gcc}g++
cat >names.cc <<'C'
#include <string>
namespace ns { struct Bank { int n; int pay(int); int pay(const char *); }; }
__attribute__((noinline)) int ns::Bank::pay(int i) { return n + i; }
__attribute__((noinline)) int ns::Bank::pay(const char *s) { return n + *s; }
template <class T> __attribute__((noinline)) T twice(T v) { return v + v; }
int main(int c, char **v) { ns::Bank b = {c}; std::string s = v[0]; return b.pay(3) + b.pay("x") + twice(c) + (int)twice(s).size(); }
C
if ! have "$cxx" || ! "$cxx" -O1 -o names names.cc 2>/dev/null; then skip "-C" "no AArch64 C++ compiler"
elif lpdis -C app 2>&1 >/dev/null | grep -q '^lpdis: warning: -C: names stay'; then skip "-C" "no C++ library"
else
    shows '<ns::Bank::pay(char const\*)>:$' "-C: the heads" lpdis -C names
    "${CROSS_CC%gcc}objdump" -d -C names | sed -n 's/^0.* <\(.*\)>:$/\1/p' | grep -v '^\.plt$' >want
    sed -n 's/^0.* <\(.*\)>:$/\1/p' out >have
    same have want "  as objdump has them"
    is "$(grep -c "bl${tab}0x.* <ns::Bank::pay(int)>$" out)" 1 "  and the targets"
    shows '"function":"ns::Bank::pay(int)"' "-C: records, and --symbol of such a name" lpdis -C --json --symbol 'ns::Bank::pay(int)' names
    shows '"function":"_ZN2ns4Bank3payEi"' "not without it" lpdis --json --symbol _ZN2ns4Bank3payEi names
    status 2 "-C does not go with words" lpdis -C -w d503201f
fi

# A new body is where the branch to it leads, and its own branches are called by where they lead.
cat >fix.c <<'C'
#include <stdio.h>
int limit;
__attribute__((noinline)) int other(int v) { __asm__ volatile(""); return v + 1; }
int check(int v) { puts("checked"); for (int i = 0; i < v; i++) other(i); return v > limit; }
C
"$CROSS_CC" -O1 -fno-builtin -c -o fix.o fix.c && lpmake -q -t app -o fix.lpatch 'check=replace from fix.o'
lpdis -P fix.lpatch --symbol check app >out
at=$(sed -n 's/^+ .*\tb\t0x\([0-9a-f]*\) <func check>$/\1/p' out)
like "$(sed -n '/^+ new body of func check/{n;p;}' out)" "^+ *$at:" "-P: the branch to a new body is called by its name, and leads to its first word"
is "$(grep -c "^+ .*bl${tab}0x.* <puts@plt>$" out) $(grep -c "^+ .*bl${tab}0x.* <func other>$" out)" "1 1" "-P: what the body calls, of the program and of the patch"
like "$(sed -n '/^+ new body of func check/,/ret/p' out)" '^+.*<func check+0x' "-P: and the loop in it"

# Data: what a set changes, in its place or at the end, and what is new, by its name.
cat >data.c <<'C'
#include <stdio.h>
int num = 42, other_num = 1; char letters[7] = "abcdef";
__attribute__((noipa)) int tell(int v)
{
#ifdef FIXED
    static int calls;
    static const short table[3] = {1, 2, 3};
    printf("a new text\n"), v += table[v % 3] + calls++;
#endif
    return v + num;
}
int main(int c, char **v) { (void)v; return tell(c) + other_num + letters[c]; }
C
"$CROSS_CC" -w -O1 -ffunction-sections -fdata-sections -o data data.c && "$CROSS_CC" -w -O1 -ffunction-sections -fdata-sections -DFIXED -c -o data.o data.c &&
    lpmake -q -t data -o new.lpatch 'tell=replace from data.o' || not_ok "compile"
{ sed '/^digest/d; /^data/,$d' new.lpatch; printf 'set num b4\n- 0x2a\n+ 0x2b\nset letters+0x5 bytes 2\n- 66 00\n+ 67 68\n'; } >set.lpatch
lpdis -P set.lpatch data >out 2>err || note <err
is "$(sed -n '/^0.* <num>:$/,/^$/p' out | grep -c "^- .*${tab}0*2a \|^- .*:${tab}0000002a \|^+ .*:${tab}0000002b ")" 2 "-P: a set, at the end"
is "$(sed -n '/^0.* <letters+0x5>:$/,$p' out | grep -c "^- .*:${tab}0066 \|^+ .*:${tab}6867 ")" 2 "  and of bytes"
lpdis -D -P set.lpatch data >out 2>err || note <err
is "$(grep -A 8 '^0.* <num>:$' out | grep -c "^- .*:${tab}0000002a \|^+ .*:${tab}0000002b ")" 2 "-D -P: in its place"
is "$(grep -c '<letters+0x5>:$' out)" 0 "  and no second time"
is "$(lpdis -D --symbol letters --tsv -P set.lpatch data | cut -f 3,5,8,12 | tr '\t\n' ',;')" \
    "0x64636261,.word,letters,;0x00006665,.short,letters,-;0x00006765,.short,letters,+;0x00000000,.byte,letters,-;0x00000068,.byte,letters,+;" "  records, of an object whose size is no multiple of 4"
status 1 "-P: two patches of one datum" lpdis -P set.lpatch -P set.lpatch data
like "$(cat err)" 'two of the patches change the datum at 0x' "said so"
lpdis -P new.lpatch data >out 2>err || note <err
like "$(cat out)" '^+ .*; 0x[0-9a-f]* <data .str> "a new text"' "-P: new data that code refers to have names, and texts"
like "$(cat out)" '^+ new data .str, rodata, 11 bytes: "a new text"$' "  and are shown"
like "$(sed -n '/^+ new data table/,/^$/p' out)" "^+ .*:${tab}00020001 " "  word for word"
like "$(lpdis --json -P new.lpatch data)" '"word":"0x00020001","status":"data",.*"function":"data table.*"change":"+"' "  records"
is "$(lpdis --tsv set.lpatch | tr '\t\n' ',;')" "set,num,b4,0x2a,0x2b;set,letters+0x5,bytes 2,66 00,67 68;" "a patch's sets as records"
is "$(lpdis --tsv new.lpatch | grep '^data' | sed 's/\(calls\|table\)\.[0-9]*/\1/' | sort | tr '\t\n' ',;')" \
    'data,.str,rodata size 11 align 8,string,"a new text\\0";data,calls,bss size 4 align 4,bss,;data,table,rodata size 6 align 8,bytes,01 00 02 00 03 00;' "  and its new data"
is "$(lpdis --tsv new.lpatch | grep '^insn' | cut -f 8 | sort -u)" "func tell" "  and whose words are which"

# Labels of assembly have neither type nor size.
printf '.text\n.globl one, two\none: nop\n nop\ntwo: add x0, x0, #2\ninner: ret\n.data\n.globl cell\ncell: .word 7\n' | "$CROSS_CC" -c -x assembler -o label.o -
is "$(lpdis -q --symbol one label.o | grep -c nop) $(lpdis -q --symbol one label.o | grep -c add)" "2 0" "--symbol: a label without a type, up to the next one"
is "$(lpdis -q --symbol two label.o | grep -c 'add\|ret')" 1 "  up to a local one, too"
is "$(lpdis -q --symbol '*' label.o | grep -c "^ *[0-9a-f]*:$tab")" 4 "  all of them, each word once"
like "$(lpdis -D --symbol cell label.o)" '00000007' "  and of data"

# A running program: what patches have made of it.
printf '#include <unistd.h>\n__attribute__((noinline)) int check(int v) { __asm__ volatile(""); return v + 3; }\nint main(void) { for (int i = 0; i < 600; i++) { check(i); usleep(100000); } }\n' >wait.c
"$CROSS_CC" -w -O2 -static-pie -fPIE -o wait wait.c || "$CROSS_CC" -w -O2 -static -o wait wait.c
XDG_RUNTIME_DIR=$scratch/run
export XDG_RUNTIME_DIR
mkdir -m 700 run
lprun ./wait &
pid=$!
children="$children $pid"
wait_for 20 lpapply -p $pid -l
lpdis -p $pid --symbol check >out 2>err || note <err
like "$(cat out)" 'process .*wait' "-p: whose code it is"
hides '^[-+]' "-p: nothing is changed yet"
lpmake -t wait --meta name=two 'check=ret 2' >two.lpatch
lpapply -q -p $pid two.lpatch
lpdis -p $pid --symbol check >out 2>err || note <err
lpdis -P two.lpatch --symbol check wait >want
same_lines() { grep '^[-+]' "$1"; }
[ "$(same_lines out | wc -l)" -ge 4 ] && is "$(same_lines out)" "$(same_lines want)" "-p: the same changed lines as -P of that patch"
lpapply -q -p $pid -R
same_patch wait check body >body.lpatch && lpapply -q -p $pid body.lpatch
lpdis -p $pid --symbol check >out 2>err || note <err
like "$(cat out)" '^+ new body of check, at 0x' "-p: the new body of a function"
like "$(sed -n '/new body/,$p' out)" '^+.*add.w0, w0, #3' "-p: which is there"
is "$(lpdis --json -p $pid | grep -c '"change":"+"')" "$(grep -c "^+.*:$tab" out)" "-p: nothing else is changed"
lpapply -q -p $pid -R
lpdis --json -p $pid >out 2>err || note <err
hides '"change":"' "-p: all of it, after the patch has gone"
status 2 "-p: nobody" lpdis -p 1
status 2 "-p with a file" lpdis -p $pid wait
kill $pid

# Of 100 000 words in several parts, each part begins where the last one ended, and the same bytes come every time.
{ echo '.text'; for f in a b c d e; do echo ".globl $f"; echo ".type $f, %function"; echo "$f: .rept 60000"; echo 'add x0, x0, #1'; echo '.endr'; echo ".size $f, .-$f"; done; } >big.s
"$CROSS_CC" -nostdlib -shared -o big big.s && lpdis big >out && lpdis big >again
same out again "the same bytes for the same input"
is "$(grep -c 'add' out)" 300000 "every word of a large section"
is "$(sed -n 's/^ *\([0-9a-f]*\):.*/0000000\1/p' out | sed 's/^0*\(........\)$/\1/' | LC_ALL=C sort -c 2>&1 | head -n 1)" "" "in the order of addresses"
is "$(grep -c '>:$' out)" 5 "every function once"

status 0 "--strict" lpdis --strict -w d503201f
status 0 "--strict, and UDF, which has a name" lpdis --strict -w 00000000 0000ffff
like "$(cat out)" '0000ffff.*udf.#65535$' "which is said"
status 1 "--strict, and an undefined word" lpdis --strict -w 02000000
status 0 "an undefined word" lpdis -w 02000000
like "$(cat out)" 'undefined' "which is said"
status 2 "no such section" lpdis -j .none app
like "$(cat err)" '^lpdis: hint: there are .*\.text, ' "which there are"
status 2 "no such function" lpdis --symbol none app
printf '%s\n' 'd503201f 0xd65f03c0' 'd503233f' >words
status 0 "words of standard input" sh -c 'lpdis -w 14000001 - <words'
is "$(cut -f3 out | tr '\n' ' ')" "b nop ret paciasp " "  behind those that are given"
status 2 "what is no word there" sh -c 'echo d503201f nop | lpdis -w -'
like "$(cat err)" "'nop' is no instruction word" "  is named"
status 2 "no file" lpdis none
status 2 "a usage error" lpdis -j
status 2 "full disk" sh -c 'lpdis big >/dev/full'
like "$(cat err)" 'standard output' "which is said"
status 2 "full disk, -o" lpdis -o /dev/full big
status 2 "closed standard input" sh -c 'lpdis - <&-'
status 2 "closed standard output" sh -c 'lpdis app >&-'
sh -c 'lpdis big; echo $? >status' | head -n 1 >/dev/null
is "$(cat status)" 141 "a reader that goes: SIGPIPE ends it"
lpdis -o copy app && lpdis app >out
same copy out "-o"
is "$(ls -A | grep -c '^\.arm64lp')" 0 "no temporary file is left"

lpdis --tsv app | awk -F"$tab" '{ print NF }' | sort -u >out
is "$(wc -l <out | tr -d ' ')" 1 "--tsv: as many columns in every row"
if command -v python3 >/dev/null; then
    lpdis --json -l app >out
    python3 - <<'P' >found 2>&1
import json
rows = [json.loads(l) for l in open('out')]
assert all(r['type'] == 'insn' for r in rows)
check = [r for r in rows if r['function'] == 'check']
assert check and all(int(r['address'], 16) % 4 == 0 for r in check)
assert any(r['line'] == 4 and r['file'].endswith('app.c') for r in check), check
assert any(r['symbol'] == 'limit' for r in check), check
assert any(r['symbol'] == 'puts' and r['slot'] for r in rows if r['function'] == 'pointer')
assert any(r['status'] == 'data' for r in rows if r['function'] == 'mixed')
P
    is "$(cat found)" "" "--json says what the text says"
    python3 - >found 2>&1 <<'P'
import os, pty, sys
def run(env):
    pid, fd = pty.fork()
    if pid == 0:
        # The shell stays: what was written last is lost if nobody has the terminal any more.
        os.execvpe('sh', ['sh', '-c', 'lpdis -P p.lpatch --symbol check app; printf "<end>"; read stay'], {**os.environ, 'TERM': 'xterm', **env})
    text = b''
    while b'<end>' not in text: text += os.read(fd, 65536)
    os.close(fd)
    os.waitpid(pid, 0)
    return text
assert b'\033[31m-' in run({}) and b'\033[32m+' in run({}), 'colours'
assert b'\033' not in run({'NO_COLOR': '1'}), 'NO_COLOR'
assert b'\033' not in run({'TERM': 'dumb'}), 'dumb'
P
    is "$(cat found)" "" "colours on a terminal, not with NO_COLOR"
fi

# arm64lp(7): git shows patches with their instructions.
if command -v git >/dev/null; then
    mkdir repository && cd repository && git init -q && git config user.name test && git config user.email test@example.org
    sed -n '/\.gitattributes/p; /git config/p' "$srcdir/man/arm64lp.7" | sed 's/^\$ //' >commands
    sh -e commands && lpmake -t ../app -o fix.lpatch 'check=ret 1' && git add fix.lpatch && git commit -qm one && lpmake -t ../app -o fix.lpatch 'check=nop'
    git diff >../out 2>&1
    cd ..
    like "$(cat out)" '^++ d503201f .*; nop' "git diff shows instructions"
else skip "git diff shows instructions" "no git"; fi

# The examples of the manual are commands that work.
sed -n 's/^\.Dl \$ //p' "$srcdir/man/lpdis.1" | sed 's/\\&//g; s/\\e/\\/g; s/\\(dq/"/g' >examples
[ -s examples ] || not_ok "the manual has examples"
cp app old; lpmake -t app 'check=ret 1' -o fix.lpatch
while read -r example; do
    if [ "${example#*jq}" != "$example" ] && ! command -v jq >/dev/null; then skip "example: $example" "no jq"; continue; fi
    sh -c "$example" >out 2>err </dev/null && [ -s out ] && ok "example: $example" || { not_ok "example: $example"; note <err; }
done <examples
tap_done
