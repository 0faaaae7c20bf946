#!/bin/sh
# lpmake: every change in static, position-independent and shared code, made and run; places, warnings, errors.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/making/lib.sh"
objdump=${CROSS_CC%gcc}objdump
AS=${CROSS_CC%gcc}as
have "$AS" || AS=none

# makes NAME TARGET CHANGE... : it makes NAME.lpatch and says nothing but what $may_warn matches
makes()
{
    name=$1 target=$2
    shift 2
    if lpmake -t "$target" -o "$name.lpatch" "$@" 2>err; then ok "$name: made"; else not_ok "$name: made"; note <err; fi
}
# gives PATCH PROGRAM LINE: the patched program prints this line
gives() { out=$(run_patched "$1.lpatch" "./$2"); like "$out" "^$3\$" "$1: $3"; }
# refuses STATUS TEXT ARGUMENT...
refuses()
{
    want=$1 text=$2 status=0
    shift 2
    lpmake "$@" >out 2>err || status=$?
    is "$status $(wc -c <out)" "$want 0" "refused ($want): $*"
    like "$(cat err)" "$text" "  because: $text"
}
# warns TEXT ARGUMENT...
warns()
{
    text=$1
    shift
    lpmake "$@" >out 2>err || not_ok "made: $*"
    like "$(cat err)" "warning: .*$text" "warned: $text"
    lpmake -q "$@" >out 2>err
    is "$(cat err)" "" "  not with -q"
}
at() { "$objdump" -d --no-show-raw-insn --disassemble="$2" "$1" | awk -v p="$3" '/^ *[0-9a-f]+:\t/ { n++; if ($0 ~ p && !hit) { hit = 1; printf "0x%x\n", 4 * (n - 1) } }'; }

for kind in static pie so; do
    made_app $kind
    object=app-$kind program=app-$kind
    [ $kind != so ] || object=libapp.so
    is "$(run_lprun ./$program | head -n 3 | tr '\n' ' ')" "check 4 twice 8 parse 47 " "$kind: runs"
    makes $kind-ret $object 'check=ret 77' && gives $kind-ret $program 'check 77'
    makes $kind-b $object 'other=b check' && gives $kind-b $program 'other 10'
    off=$(at $object calc '[[:space:]]bl[[:space:]]')
    [ -n "$off" ] || { not_ok "$kind: calc calls"; continue; }
    makes $kind-bl $object "calc+$off=bl other" && gives $kind-bl $program 'calc 0'
    makes $kind-nop $object "calc+$off=nop" && gives $kind-nop $program 'calc 3'
    makes $kind-word $object 'other=word 0x51000c00' && gives $kind-word $program 'other 6' # sub w0, w0, #3
    if [ "$AS" != none ]; then
        makes $kind-asm $object 'other=asm "mov w0, #5; ret"' && gives $kind-asm $program 'other 5'
        makes $kind-symbols $object "calc+$off=asm \"bl other\"" 'other=asm "b \"check\""' && gives $kind-symbols $program 'calc 6'
    fi
    line=$(awk '/return v - 1;/ { print NR }' app.c)
    makes $kind-line $object "app.c:$line=ret 8" && gives $kind-line $program 'other 8'
    like "$(cat $kind-line.lpatch)" "^# app.c:$line\$" "$kind-line: the line is told"
done

# ---- places ----
line() { awk -v t="$1" 'index($0, t) { print NR; exit }' app.c; }
refuses 1 'no source file `nofile.c`' -t app-pie 'nofile.c:3=nop'
refuses 1 "app.c:$(line 'int limit') has no code; the next line that has is $(line 'return limit;' | awk '{ print $1 - 1 }')" -t app-pie "app.c:$(line 'int limit')=nop"
"$CROSS_CC" -O2 -o plain app.c
refuses 1 'compile with -g' -t plain "app.c:3=nop"
mkdir -p a b
echo 'int one(int v) { return v * 3; }' >a/same.c
echo 'int two(int v) { return v * 5; }' >b/same.c
echo 'int one(int), two(int); int main(int c, char **v) { return one(c) + two(c); }' >main2.c
"$CROSS_CC" -O1 -g -static -o files a/same.c b/same.c main2.c
refuses 1 'same.c. is ambiguous: .*a/same.c, .*b/same.c' -t files 'same.c:1=ret 1'
makes file-of-two files 'b/same.c:1=ret 40'
run_patched file-of-two.lpatch ./files
is $? 43 "the file is chosen by its folder"

# ---- what is wrong, all of it ----
refuses 1 'near\|did you mean check' -t app-pie 'chekc=nop'
refuses 1 'no multiple of 4' -t app-pie 'check+0x2=nop'
refuses 1 'takes one number' -t app-pie 'check=ret 08'
refuses 1 'a change is nop' -t app-pie 'check=frob'
refuses 1 'a change is nop' -t app-pie 'check=nop 3'
refuses 1 'there is no code' -t app-pie 'limit=nop'
refuses 1 'no valid A64' -t app-pie 'check=word 0xffffffff'
refuses 2 'No such file' -t missing 'check=nop'
refuses 2 'No such file' -t app-pie missing.lps
refuses 2 'is needed' -t app-pie
refuses 2 'needs -o' -t app-pie -M x.d 'check=nop'
lpmake -t app-pie 'check=frob' 'chekc=nop' 'twice=nop' 'nosuch=ret' >out 2>err
is "$? $(grep -c '^lpmake: .*frob\|^lpmake: .*chekc\|^lpmake: .*nosuch' err)" "1 3" "three errors are three messages"
lpmake --raw -t app-pie -o raw.lpatch 'check=word 0xffffffff' && like "$(cat raw.lpatch)" '^+ ffffffff' "--raw: any word" || not_ok "--raw"
echo 'int same(int v) { return v; }' >a/s.c
echo 'static int hidden(int v) { __asm__(""); return v; } int (*f)(int) = hidden;' >h1.c
echo 'static int hidden(int v) { __asm__(""); return v + 1; } int (*g)(int) = hidden; int main(void) { return 0; }' >h2.c
"$CROSS_CC" -O1 -g -static -o twins h1.c h2.c
refuses 1 'hidden. is ambiguous: #1 0x.*h1.c.*#2 0x.*h2.c' -t twins 'hidden=nop'
makes by-file twins 'hidden!h2.c=ret 1'
makes by-number twins 'hidden#1=nop'
# What to do: hints TEXT ARGUMENT...
hints()
{
    text=$1
    shift
    lpmake "$@" >out 2>err && not_ok "refused: $*"
    like "$(cat err)" "^lpmake: hint: .*$text" "hinted: $text"
}
hints 'see lpmake(1)' -t app-pie 'check=frob'
hints 'without a .=. it is the file of a recipe' -t app-pie check nop
refuses 1 'this place overlaps that of `check=ret 1`' -t app-pie 'check=ret 1' 'check+0x4=nop'
hints 'it is imported: .*, or printf@plt,' -t app-pie 'printf=nop'
cp app-pie bare && "${CROSS_CC%gcc}strip" bare
hints 'it is stripped' -t bare 'check=nop'
echo 'static inline __attribute__((always_inline)) int within(int v) { return v * 7; } int main(int c, char **v) { return within(c); }' >within.c
"$CROSS_CC" -O1 -g -static -o within within.c
hints 'it is inlined .*, for one at main+\{0,1\}[0-9a-fx]* (within.c:1): name a line of it' -t within 'within=nop'
cat >names.s <<'E2'
        .globl _ZN4Bank3payERKi, _ZL3payi, _Z6repayai, _start, refund.constprop.0
        .type _ZN4Bank3payERKi, %function
_start:
_ZN4Bank3payERKi: ret
        .size _ZN4Bank3payERKi, 4
_ZL3payi: ret
refund.constprop.0: ret
_Z6repayai: ret
E2
"$CROSS_CC" -nostdlib -static -o names names.s
hints 'did you mean _ZN4Bank3payERKi?$' -t names 'Bank::pay+0x0=nop'
hints 'did you mean refund.constprop.0? What the compiler has made of a function may have other parameters$' -t names 'refund=nop'
hints 'did you mean _ZL3payi, _ZN4Bank3payERKi?$' -t names 'pay=nop'

# ---- warnings ----
cat >inl.c <<'E2'
int sink(int v);
int small(int v) { return v > 100 ? sink(v) : v * 3 + 1; }
int first(int v) { return small(v + 1) + small(v + 2); }
int main(int c, char **v) { return first(c) + small(c); }
E2
echo 'int sink(int v) { return v; }' >sink.c
"$CROSS_CC" -O2 -g -finline-functions -static -o inl inl.c sink.c
warns '.small. is inlined in [0-9]* places, which keep the old code: .*inl.c:' -t inl 'small=ret 3'
warns 'the line has [0-9]* copies; this change is at small.*the others are at .*first' -t inl 'inl.c:2=nop'
cat >clones.c <<'E2'
__attribute__((noinline)) static int scaled(int v, int by) { return by > 50 ? v / by : v * by + 3; }
__attribute__((noinline)) int twice(int v) { return scaled(v, 2); }
int (*volatile by)(int, int) = scaled;
int main(int c, char **v) { return twice(c) + by(c, 7); }
E2
"$CROSS_CC" -O3 -static -o clones clones.c
clone=$("${CROSS_CC%gcc}nm" clones | sed -n 's/.* \(scaled\.[a-z]*\.[0-9]*\)$/\1/p')
warns 'copies of .scaled., which keep the old code: .scaled[.]' -t clones 'scaled=ret 3'
lpmake -t clones 'scaled=ret 3' "$clone=ret 3" >/dev/null 2>err
is "$(grep -c 'copies of' err)" 0 "no warning of a copy that is changed, too"
inside=$(: | "$builddir/tests/unit/line_rows" inl | awk '$1 == "inlined" && $4 == "small" { print $2; exit }')
warns 'inlined copy of .small.' -t inl "0x$inside=nop"
warns 'small has [0-9]* bytes, and this place is behind its end: [a-z]' -t inl 'small+0x40=nop'
cat >odd.s <<'E2'
        .arch armv8.5-a
        .text
        .globl _start, guarded, leaf, framed
        .type _start, %function
_start: mov x0, #1
        bl guarded
        bl framed
        mov x8, #93
        svc #0
        .size _start, .-_start
        .type guarded, %function
guarded: bti c
1:      subs x0, x0, #1
        b.gt 1b
        ret
        .size guarded, .-guarded
        .type leaf, %function
leaf:   .cfi_startproc
        add x0, x0, #1
        add x0, x0, #2
        ret
        .cfi_endproc
        .size leaf, .-leaf
        .type framed, %function
framed: .cfi_startproc
        stp x29, x30, [sp, #-32]!
        .cfi_def_cfa_offset 32
        .cfi_offset 29, -32
        .cfi_offset 30, -24
        mov x29, sp
        add x0, x0, #1
        ldp x29, x30, [sp], #32
        ret
        .cfi_endproc
        .size framed, .-framed
jump:   .word 0x11223344, 0x12345678
        .globl switch
        .type switch, %function
switch: b guarded+8
        .size switch, .-switch
        .globl chosen
        .type chosen, %gnu_indirect_function
chosen: adr x0, leaf
        ret
        .size chosen, .-chosen
        .section .note.gnu.property, "a"
        .p2align 3
        .word 4, 16, 5
        .asciz "GNU"
        .word 0xc0000000, 4, 1, 0
E2
"$CROSS_CC" -nostdlib -static -Wl,--build-id -o odd odd.s || not_ok "compile odd.s"
warns 'landing pad' -t odd 'guarded=nop'
warns 'branches to this place too.*guarded+0x8' -t odd 'guarded+0x4=nop'
warns 'into the middle of the change.*switch' -t odd 'guarded+0x4=ret 1'
warns 'x30 is not saved' -t odd 'leaf+0x4=bl guarded'
warns 'stack frame of 32 bytes' -t odd 'framed+0x8=ret'
warns 'data among the code' -t odd 'jump+0x4=word 0xd503201f'
refuses 1 'data among the code' -t odd 'jump+0x4=nop'
warns 'chosen is an IFUNC' -t odd 'chosen=ret 9'
warns 'is a PLT stub' -t app-pie 'printf@plt=ret'
lpmake -t odd -o quiet.lpatch 'leaf=ret 3' 'framed+0x8=nop' 2>err
is "$(cat err)" "" "nothing is said of what is well"

# ---- asm ----
mkdir own-tmp && export TMPDIR="$scratch/own-tmp" # where no other test's lpmake works
if [ "$AS" != none ]; then
    refuses 1 'asm: unknown mnemonic' -t app-pie 'check=asm "frobnicate x0"'
    refuses 1 'one string' -t app-pie 'check=asm nop'
    refuses 1 'a literal perhaps' -t app-pie 'main=asm "ldr x0, =0x123456789abc"'
    refuses 1 'instructions alone' -t app-pie 'check=asm ".data; .word 3"'
    refuses 1 'no instructions' -t app-pie 'check=asm ""'
    refuses 1 'takes the number' -t app-pie 'check=asm "b 0x100000"'
    refuses 1 'symbol .nowhere. not found' -t app-static 'check=asm "bl nowhere"'
    refuses 1 'needs .* words, other has' -t app-pie 'other=asm "nop; nop; nop; nop; nop; nop; nop; nop; nop"'
fi
LPMAKE_AS=/nowhere/as
export LPMAKE_AS
refuses 2 'needs an assembler.*/nowhere/as' -t app-pie 'check=asm "nop"'
like "$(cat err)" 'hint: install binutils-aarch64-linux-gnu' "  what to do"
unset LPMAKE_AS
is "$(ls own-tmp)" "" "nothing is left of the assembler's files"

# ---- output ----
lpmake -t app-static -o one.lpatch 'check=ret 1' 'app.c:'"$line"'=ret 8' && lpmake -t app-static 'check=ret 1' 'app.c:'"$line"'=ret 8' >two.lpatch && same one.lpatch two.lpatch "same input, same bytes"
cp one.lpatch kept.lpatch
lpmake -t app-static -o one.lpatch 'chekc=ret 1' 2>/dev/null
same one.lpatch kept.lpatch "an error leaves the file as it was"
# Return addresses that are signed.
cat >signed.c <<'E2'
extern int printf(const char *, ...);
__attribute__((noinline)) void other(void) { __asm__ volatile("nop"); }
__attribute__((noinline)) int work(int n)
{
    switch (n) { case 0: printf("a\n"); break; case 1: printf("b\n"); break; case 2: printf("c %d\n", n); break; case 3: printf("d\n"); break; case 4: other(); break; default: return 1; }
    return n + 1;
}
int main(int c, char **v) { return work(c); }
E2
for scheme in pac-ret+bti pac-ret+leaf+b-key; do
    arm64_cc signed signed.c -O2 -mbranch-protection=$scheme || { not_ok "compile signed.c"; continue; }
    lpdis --symbol work signed | sed -n 's/^ *\([0-9a-f]*\):.*\(paci[ab]sp\|auti[ab]sp\|reta[ab]\).*/\1 \2/p' >signs
    sign=work+0x$(printf %x $((0x$(sed -n 's/ paci.*//p' signs | head -n 1) - 0x$("${CROSS_CC%gcc}nm" signed | sed -n 's/ T work$//p'))))
    auths=$(sed -n 's/\([0-9a-f]*\) auti.*/0x\1=nop/p' signs)
    behind=work+0x$(printf %x $((${sign#work+} + 4)))
    signs() { lpmake -q -t signed -o /dev/null "$@" || not_ok "made: $*"; lpmake -t signed -o /dev/null "$@" 2>&1 | grep 'return address' >said; }
    for change in ret 'b other' 'asm "ret"'; do
        signs "$behind=$change"
        like "$(cat said)" "is signed (at work.*) where the function is left at $behind, .*autiasp. is needed" "$scheme: $change behind paciasp: said"
    done
    for change in nop 'asm "mov w0, 9"' 'word 0xd503201f'; do
        signs "$sign=$change"
        like "$(cat said)" 'is not signed any more (at work.*) where work+0x[0-9a-f]* authenticates it' "$scheme: $change for paciasp: said"
    done
    a=$(case $scheme in *b-key) echo b ;; *) echo a ;; esac)
    for change in 'asm "auti'$a'sp; ret"' 'asm "auti'$a'sp; b other"' nop 'bl other'; do
        signs "$behind=$change"
        is "$(cat said)" "" "$scheme: $change: no word"
    done
    signs "$sign=nop" $auths
    is "$(cat said)" "" "$scheme: both gone: no word"
    signs 'work=ret 3'
    is "$(cat said)" "" "$scheme: ret at the entry: no word"
done
# ---- lines of the original format: what they say of themselves ----
at=$("${CROSS_CC%gcc}nm" app-static | sed -n 's/^0*\([0-9a-f]*\) T check$/\1/p')
long=$(printf '\303\251%.0s' $(seq 115))
printf '# a patch\n%s d503201f fix: no count (bug 7)\n%x d503201f\n%x d503201f %s\n%x d503201f f\374r\rx\n' "$at" $((0x$at + 4)) $((0x$at + 8)) "$long" \
    $((0x$at + 12)) >lines
lpmake -q -t app-static -o seed.lpatch --from-seed lines || not_ok "--from-seed"
is "$(grep '^[#@]' seed.lpatch)" "# fix: no count (bug 7)
@ 0x$at
@ 0x$(printf %x $((0x$at + 4)))
# $long
@ 0x$(printf %x $((0x$at + 8)))
# f?r?x
@ 0x$(printf %x $((0x$at + 12)))" "a description becomes a comment"
lpmake --fmt -o again seed.lpatch || not_ok "--fmt"
same again seed.lpatch "is canonical"
tap_done
