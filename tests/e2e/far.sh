#!/bin/sh
# Programs whose .bss is longer than a branch reaches: new code is near the old one in a program that runs, and far away in its file.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
root=$(arm64_sysroot) || skip_all "no AArch64 C library to link with"
limited() { timeout -k 5 60 "$@"; }
sum() { sha256sum <"$1" | cut -d' ' -f1; }
runs()
{
    is "$(limited lprun --no-control -L "$root" "./$1" 2>&1)" "$2" "$3: lprun"
    have_qemu || return 0
    is "$(limited "$QEMU_AARCH64" -cpu max -L "$root" "./$1" 2>&1)" "$2" "$3: qemu-aarch64"
}
cat >far.c <<'E'
#include <stdio.h>
static char big[300u << 20];
#ifdef NEW
__attribute__((noipa)) int f(int a) { static int calls; printf("new %d\n", ++calls); big[a]++; return a * 3 + big[1]; }
__attribute__((noipa)) int same(int a) { return a + 1; }
#else
__attribute__((noipa)) int f(int a) { big[a]++; return a + big[1]; }
__attribute__((noipa)) int same(int a) { return a; }
#endif
int main(void) { int a = f(1), b = f(1); printf("%d %d %d\n", a, b, same(5)); return 0; }
E
cc() { "$CROSS_CC" -w -O2 -fno-ipa-ra -ffunction-sections -fdata-sections -Wl,--build-id "$@"; }
old='2 3 5'
new='new 1
new 2
4 5 5'
all='new 1
new 2
4 5 6'
for kind in -pie -static '-static-pie -fPIE'; do
    cc $kind -o old far.c && cc $kind -DNEW -o new far.c && cc ${kind#-static} -DNEW -c -o new.o far.c || { not_ok "$kind: compile"; continue; }
    runs old "$old" "$kind: as it was"
    run "$kind: lpmake" 0 lpmake -q -t old -o p.lpatch 'f=replace from new.o'
    is "$(limited lprun --no-control -L "$root" -P p.lpatch ./old 2>&1)" "$new" "$kind: a program that runs"
    run "$kind: lpapply" 0 lpapply -q -o patched old p.lpatch
    runs patched "$new" "$kind: the file"
    run "$kind: revert" 0 lpapply -q -R patched
    is "$(sum patched)" "$(sum old)" "$kind: the old file"
    [ "$kind" = -static ] && continue # what may be an address there is too much
    run "$kind: lpdiff" 1 lpdiff -q -o d.lpatch old new
    is "$(limited lprun --no-control -L "$root" -P d.lpatch ./old 2>&1)" "$all" "$kind: its patch"
done

# ---- guarded pages: the three words begin with a pad, and lead to one ----
cat >guarded.c <<'E'
char big[300u << 20];
#ifdef NEW
__attribute__((noipa)) int f(int a) { big[a]++; return a * 3 + big[1]; }
#else
__attribute__((noipa)) int f(int a) { big[a]++; return a + big[1]; }
#endif
int (*volatile by)(int) = f;
void _start(void) { register int a __asm__("x0") = by(1), s __asm__("x8") = 93; __asm__("svc 0" :: "r"(a), "r"(s)); }
E
guarded="lprun --no-control --cpu max"
bti='-mbranch-protection=bti -fno-ipa-ra -ffunction-sections -fdata-sections'
bare_cc old guarded.c $bti -Wl,-z,force-bti -Wl,--build-id 2>log || { not_ok "compile guarded.c"; note <log; }
for with in bti none; do
    "$CROSS_CC" -w -O2 -ffreestanding $bti -mbranch-protection=$with -DNEW -c -o $with.o guarded.c || not_ok "compile guarded.c: $with"
done
run "guarded: as it was" 2 $guarded ./old
run "guarded: lpmake" 0 lpmake -q -t old -o p.lpatch 'f=replace from bti.o'
run "guarded: a program that runs" 4 $guarded -P p.lpatch ./old
run "guarded: lpapply" 0 lpapply -q -o patched old p.lpatch
run "guarded: the file: lprun" 4 $guarded ./patched
have_qemu && run "guarded: the file: qemu-aarch64" 4 "$QEMU_AARCH64" -cpu max ./patched

# ---- and the way out: to a PLT entry, which has no pad in a PIE, and to a function that has none ----
cat >out.c <<'E'
#include <stdio.h>
#include <unistd.h>
static char big[300u << 20];
int bare(int);
__attribute__((noipa)) int f(int a) { big[a]++; if (K == 1) return a; printf("new %d\n", a); return K == 2 ? a + 1 : bare(a); }
int main(void) { printf("%d\n", f(1)); printf("%d %d\n", f(2), bare(big[1])); fflush(stdout); _exit(0); }
E
printf '.text\n.globl bare\n.type bare, %%function\nbare: add w0, w0, 7\nret\n.size bare, .-bare\n' >bare.s
standard='-w -O2 -fno-ipa-ra -mbranch-protection=standard'
if "$CROSS_CC" $standard -DK=1 -nostartfiles -Wl,-e,main -Wl,-z,force-bti -Wl,--build-id -pie -fPIE -o out out.c bare.s 2>log; then
    for k in 2 3; do "$CROSS_CC" $standard -ffunction-sections -fPIE -DK=$k -c -o out$k.o out.c || not_ok "compile out$k.o"; done
    said='new 1
2
new 2
3 8'
    run "the way out: lpmake" 0 lpmake -q -t out -o p.lpatch 'f=replace from out2.o'
    run "the way out: lpapply" 0 lpapply -q -o patched out p.lpatch
    is "$(limited $guarded -L "$root" ./patched 2>&1)" "$said" "a PLT entry without a pad: lprun"
    have_qemu && is "$(limited "$QEMU_AARCH64" -cpu max -L "$root" ./patched 2>&1)" "$said" "  qemu-aarch64"
    run "a function without a pad: lpmake" 0 lpmake -t out -o p.lpatch 'f=replace from out3.o'
    like "$(cat run)" '.bare. is 30[0-9] MiB away from the new code, .*and has no landing pad, which the branch there needs' "  it warns"
    run "  lpapply refuses" 1 lpapply -o none out p.lpatch
    like "$(limited $guarded -L "$root" -P p.lpatch ./out 2>&1)" '^new 2' "  the program that runs takes it"
else
    skip "the way out" "this compiler does not link it"
fi

# The code that saves what callers hold begins with the pad of the body.
cat >around.c <<'E'
#include <stdio.h>
#include <unistd.h>
static char big[300u << 20];
long hits;
__attribute__((noinline)) void note(long v) { if (K == 2) printf("note %ld\n", v); hits += v; }
__attribute__((noinline)) long work(long x, long y, long z) { long a = x * 3, b = y * 5, c = z * 7, d = x ^ y; note(x); return a + b * 2 + c * 4 + d + x + y + z; }
int main(void) { for (int i = 0; i < 3; i++) big[i] = i, printf("%ld\n", work(i, big[1], i + 3)); printf("%ld\n", hits); fflush(stdout); _exit(0); }
E
around='-w -O2 -mbranch-protection=standard'
if "$CROSS_CC" $around -DK=1 -nostartfiles -Wl,-e,main -Wl,-z,force-bti -Wl,--build-id -pie -fPIE -o around around.c 2>log &&
   "$CROSS_CC" $around -DK=2 -nostartfiles -Wl,-e,main -Wl,-z,force-bti -pie -fPIE -o direct around.c 2>log; then
    "$CROSS_CC" $around -ffunction-sections -fdata-sections -fPIE -DK=2 -c -o around.o around.c || not_ok "compile around.o"
    lpmake -t around -o p.lpatch 'note=replace from around.o' >said 2>&1 || not_ok "a body with code around: lpmake"
    is "$(grep -c "no landing pad" said)" 0 "a body with code around: it can go into the file"
    run "  lpapply" 0 lpapply -q -o patched around p.lpatch
    is "$(limited $guarded -L "$root" ./patched 2>&1)" "$(limited $guarded -L "$root" ./direct 2>&1)" "  the file"
    is "$(limited $guarded -L "$root" -P p.lpatch ./around 2>&1)" "$(limited $guarded -L "$root" ./direct 2>&1)" "  the program that runs"
    ! grep -q 'may be held' said || like "$(sed -n '/^func note /,/^end/p' p.lpatch)" '^| d503245f' "  it begins with BTI"
else
    skip "code around" "this compiler does not link it"
fi

# ---- what the file cannot take, the program can ----
# refused NAME REASON OBJECT WANT: lpmake warns, lpapply refuses, lprun takes it
refused()
{
    run "$1: lpmake" 0 lpmake -t old -o p.lpatch "f=replace from $3"
    like "$(cat run)" "it cannot go into the file itself: f: the new body is 30[0-9] MiB away, behind all data of the file, and $2" "$1: warns"
    run "$1: lpapply" 1 lpapply -o patched old p.lpatch
    like "$(cat run)" "$2" "$1: says why"
    like "$(cat run)" 'hint: apply the patch to the running program' "$1: and what to do"
    run "$1: lprun -P" "$4" $guarded -P p.lpatch ./old
}
sed 's/^#ifdef NEW/#if 0/; s/^__attribute__.*/int f(int);/' guarded.c >main.c
echo 'int f(int a) { return a + 10; }' >f.c
printf '.text\n.globl f\n.type f, %%function\nf: add w0, w0, 1\nret\n.size f, .-f\n' >short.s
{ sed 's/^ret/add w0, w0, 1\nret/' short.s; printf '.globl g\n.type g, %%function\ng: b f+4\n.size g, .-g\n'; } >into.s
refused "no pad" 'the new body has no landing pad' none.o 4
"$CROSS_CC" -w -O2 -ffreestanding -c -o f.o f.c || not_ok "compile f.c"
bare_cc old main.c short.s -Wl,--build-id || not_ok "compile short.s"
refused "a short function" 'it is too short for a branch that reaches it' f.o 11
bare_cc old main.c into.s -Wl,--build-id || not_ok "compile into.s"
refused "a function that is entered elsewhere" 'other code branches into the words' f.o 11

# ---- a segment of zeros alone, with an offset behind the end of the file, at an address from which nothing is near ----
sed '/^int (\*volatile by/d; s/by(1)/f(1)/' guarded.c >high.c
bare_cc old high.c -Wl,-Ttext-segment=0x10000000 -Wl,--build-id || not_ok "compile high.c"
run "zeros alone" 2 $guarded ./old
sed -i 's/return a \* 3 + big\[1\];/static int n; n += a; return a * 3 + big[1] + n;/' high.c
bare_cc new high.c -Wl,-Ttext-segment=0x10000000 -Wl,--build-id -DNEW || not_ok "compile high.c"
run "nothing near: lpdiff" 2 lpdiff -o d.lpatch old new
like "$(cat run)" 'E180: .new code.: the branch from .* is out of range' "says so"
tap_done
