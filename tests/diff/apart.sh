#!/bin/sh
# GCC reaches several variables from one address (section anchors), and a new body those that the old file has elsewhere, or that only the patch brings: such
# words reach theirs by stubs behind the body. The patched program does what the new one does, at the start, while it runs, and as a file.
. "$srcdir/tests/lib.sh"
. "$tests/e2e/driven.sh"
sysroot=$(arm64_sysroot) || sysroot=/
gcc() { "$CROSS_CC" -w -Wl,--build-id "$@"; }
guest() { timeout 60 lprun --no-control -L "$sysroot" "$@" 2>&1; }
answers() { for n in 3 1 4 1 5 9 2 6; do echo $n; done | guest "$@"; }
stubs() { grep -c 'whose address is made at' p.lpatch; }
# patched NAME OLD NEW PROGRAM NEW-PROGRAM LEAST: there is a patch, with so many stubs or more, and of the three uses, two (OLD, NEW: files that differ)
patched()
{
    lpdiff "$2" "$3" >p.lpatch 2>err
    is "$?$(grep -v '^lpdiff: warning: .* is at a multiple of\|^lpdiff: warning: other objects find more' err)" 1 "$1: there is a patch"
    [ "$(stubs)" -ge "$6" ] && ok "$1: with stubs" || not_ok "$1: $(stubs) stubs"
    want=$(answers "./$5")
    is "$(answers -P p.lpatch "./$4")" "$want" "$1: the patched program does what the new one does"
    cp "$2" kept && lpapply -q -o done "$2" p.lpatch && mv done "$2"
    is "$?$(answers "./$4")" "0$want" "$1: and so does the patched file"
    lpapply -q -R "$2"
    is "$?$(cmp kept "$2" 2>&1)" 0 "$1: which becomes the old one again"
}

# ---- loads, stores, pairs, SIMD, addresses that are handed on; of integers of all sizes ----
cat >things.c <<'C'
#include <stdio.h>
#include <stdlib.h>
typedef int v4 __attribute__((vector_size(16)));
static int calls, total, last;
static long sum, most;
static double mean = 1.5, scale = 2;
static v4 lanes, more = {1, 2, 3, 4};
static short pair[2] = {3, 4};
static unsigned char bytes[3];
static int table[8] = {8, 7, 6, 5, 4, 3, 2, 1};
#ifdef NEW
static int seen;
static long limit = 3;
static double factor = 0.5;
static v4 extra = {5, 6, 7, 8};
static signed char level = 'n';
static unsigned short width = 7;
#endif
__attribute__((noipa)) void note(int *p, long *q) { *p += 1, *q += 2; }
__attribute__((noipa)) int count(int n)
{
    calls++;
    total += n;
#ifdef NEW
    if (seen++ > 2) total -= seen;
#endif
    last = n;
    return total;
}
__attribute__((noipa)) long most_of(long n)
{
#ifdef NEW
    if (n > limit) limit = n, sum -= 1;
#endif
    sum += n;
    if (n > most) most = n;
    return most + sum;
}
__attribute__((noipa)) double mean_of(double x)
{
#ifdef NEW
    factor += x;
    mean *= factor;
#endif
    mean = (mean + x) / scale;
    return mean;
}
__attribute__((noipa)) int vectors(int k)
{
    lanes += more * k;
#ifdef NEW
    lanes += extra;
    extra += k;
#endif
    return lanes[0] + lanes[3];
}
__attribute__((noipa)) void hand_on(int n)
{
#ifdef NEW
    note(&seen, &limit);
#endif
    note(&calls, &most);
    scale += n;
}
__attribute__((noipa)) int small(int n)
{
    bytes[1] += n;
    pair[1] -= n;
#ifdef NEW
    level++, width += level;
    if (level == 'p') pair[0] = bytes[1] + table[n & 7] - width;
#endif
    return bytes[1] * 3 + pair[0] + pair[1];
}
__attribute__((noipa)) int look(int n)
{
#ifdef NEW
    if (seen > 3) table[(n + 1) & 7] = seen;
    seen++;
#endif
    return table[n & 7]++ + last;
}
void answer(int i)
{
    printf("%d %ld %g ", count(i), most_of(i * 3 % 7), mean_of(i));
    hand_on(i);
    printf("%d %d %d %d %d %d %ld %ld\n", vectors(i), small(i), look(i), calls, total, last, sum, most);
    fflush(stdout);
}
C
cat >asks.c <<'C'
#include <stdio.h>
#include <stdlib.h>
void answer(int n);
int main(void)
{
    char line[80];
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) && *line != 'b') answer(atoi(line));
    return 0;
}
C
for how in -O1 -O2 -O3 -Os '-O2 -no-pie -fno-pie' '-Os -static' '-O2 -Wl,-q' '-O2 -mbranch-protection=standard -fstack-protector-strong'; do
    gcc $how -o prog things.c asks.c && gcc $how -DNEW -o new things.c asks.c || { not_ok "compile $how"; continue; }
    patched "$how" prog new prog new 5
done
for how in '-O1 -fPIC' '-O2 -fPIC' '-Os -fpic -Wl,-Bsymbolic'; do
    mkdir -p o n
    gcc $how -shared -Wl,-soname,libthings.so -o o/libthings.so things.c && gcc $how -DNEW -shared -Wl,-soname,libthings.so -o n/libthings.so things.c &&
        gcc -O2 -o o/prog asks.c o/libthings.so "-Wl,-rpath,\$ORIGIN" && gcc -O2 -o n/prog asks.c n/libthings.so "-Wl,-rpath,\$ORIGIN" ||
        { not_ok "compile a library $how"; continue; }
    patched "a library, $how" o/libthings.so n/libthings.so o/prog n/prog 5
done

# ---- with an index in the base: of arrays of either file, of bytes and more, read, written, handed on; and bases that are moved on ----
cat >index.c <<'C'
#include <stdio.h>
static int one = 1, ages[7] = {3, 4}, last[5];
static unsigned char bytes[9] = {1, 2};
static long longs[6];
static double reals[4] = {1, 2};
#ifdef NEW
static int fresh[8] = {5, 6}, two;
static signed char marks[11] = {1};
static short halves[6] = {7};
static double more[3] = {2, 3};
#endif
__attribute__((noipa)) void put(int *p, int n) { *p ^= n; }
static int seen[4];
static unsigned char low[8];
#ifdef NEW
static int third[4], fourth[4];
static signed char high[8];
#endif
__attribute__((noipa)) int area(int v) /* one index for all */
{
    seen[v & 3]++;
#ifdef NEW
    third[v & 3] += seen[1];
    fourth[v & 3] ^= third[v & 3];
#endif
    return seen[0] + seen[v & 3];
}
__attribute__((noipa)) int narrow(unsigned v)
{
    low[v % 8] += v;
#ifdef NEW
    high[v % 8] -= low[v % 8];
    fourth[v % 4] += high[v % 8];
#endif
    return low[v % 8] + low[1];
}
__attribute__((noipa)) long small(unsigned n)
{
    bytes[n & 7]++;
#ifdef NEW
    marks[n & 7] -= bytes[n & 7] + 3;
    halves[n & 3] += marks[n & 7];
#endif
    return bytes[n & 3];
}
__attribute__((noipa)) long all(unsigned n)
{
    ages[n & 3] += n;
    reals[n & 3] *= 1.5;
#ifdef NEW
    fresh[n & 3] += ages[n & 3];
    more[n & 1] += reals[n & 3];
    two += fresh[(n + 1) & 7];
#endif
    last[n & 3] ^= one++;
    return ages[n & 3] + small(n);
}
__attribute__((noipa)) int given(unsigned n)
{
#ifdef NEW
    put(&fresh[n & 7], two);
    put(&fresh[2], n);
#endif
    put(&ages[n % 7], one);
    put(&last[n % 5], n);
    return last[n % 5] + one;
}
__attribute__((noipa)) void steps(int n)
{
#ifdef NEW
    for (int i = 0; i < 8; i++) fresh[i] += n, last[i % 5] ^= fresh[i];
    one += fresh[n & 7] + halves[1];
#endif
    for (int i = 1; i < 6; i++) longs[i] += longs[i - 1] + n;
}
void answer(int n)
{
    printf("%ld %d %d %d ", all(n), given(n), area(n), narrow(n));
    steps(n);
    for (int i = 0; i < 4; i++) printf("%d %d %d %ld %g ", ages[i], last[i], bytes[i], longs[i], reals[i]);
    puts("");
}
C
for how in -O1 -O2 -O3 -Os '-O2 -no-pie -fno-pie' '-Os -static -Wl,-q'; do
    gcc $how -o prog index.c asks.c && gcc $how -DNEW -o new index.c asks.c || { not_ok "compile $how"; continue; }
    patched "$how, with an index" prog new prog new 3
    [ "$(grep -c ' cb[0-9a-f]\{6\}' p.lpatch)" -ge 1 ] && ok "$how: which stubs add" || not_ok "$how: no stub adds an index"
done

# ---- LLVM merges variables into one, and lets loops count from the distance of one in that on: no stub helps then ----
cat >merged.c <<'C'
#include <stdio.h>
static int first = 3;
#ifdef NEW
static long fresh = 5;
#endif
static long second = 1;
static short narrow[17] = {1, 2};
static int wide[300] = {4, 2};
#ifdef NEW
static int other = 9;
#endif
void answer(int n)
{
    first += n, second += 2;
#ifdef NEW
    fresh ^= first, other += n;
#endif
    narrow[13] = n, wide[n] += narrow[13];
    for (int i = 0; i < 300; i++) printf("%d ", wide[i]);
    for (int i = 0; i < 17; i++) printf("%d ", narrow[i]);
    printf("%d %ld\n", first, second);
}
C
if have_arm64_clang; then
    for how in -O1 -O2 -Oz '-O3 -mglobal-merge' '-O2 -mglobal-merge' '-O3 -mglobal-merge -Wl,-q'; do
        arm64_clang -w $how -Wl,--build-id -o prog merged.c asks.c && arm64_clang -w $how -DNEW -Wl,--build-id -o new merged.c asks.c || not_ok "compile $how"
        lpdiff prog new >p.lpatch 2>err
        case $? in
        1) is "$(answers -P p.lpatch ./prog)" "$(answers ./new)" "clang $how: the patched program does what the new one does" ;;
        *) is "$(sed -n 's/^lpdiff: [^ ]*: \(E[0-9]*\): .*/\1/p' err | sort -u | grep -v -x -e E120 -e E148 -e E181)" '' "clang $how: a reason that says something" ;;
        esac
    done
else
    skip "variables that LLVM merges" "no clang for AArch64"
fi

# ---- while it runs: back, and again ----
gcc -O2 -fno-ipa-ra -o prog things.c asks.c && gcc -O2 -fno-ipa-ra -DNEW -o new things.c asks.c || not_ok "compile"
lpdiff prog new >live.lpatch 2>err
start new -L "$sysroot"
for n in 3 1 4; do say $n >new.$n; done
leave
start prog -L "$sysroot"
run "apply" 0 lpapply -c sock live.lpatch
is "$(say 3)" "$(cat new.3)" "what is patched while it runs does what the new one does"
is "$(say 1)" "$(cat new.1)" "and goes on with it"
is "$(say 4)" "$(cat new.4)" "and on"
run "revert" 0 lpapply -c sock -R
say 1 >reverted
run "apply again" 0 lpapply -c sock live.lpatch
run "revert again" 0 lpapply -c sock -R
like "$(say 5)" '^[0-9-]' "it goes on without the patch"
leave

# ---- the old file has them too far apart for one base ----
cat >far.c <<'C'
#include <stdio.h>
static int one;
static long two;
static double three = 1, four = 2;
static int between[5][700], a[700], b[700], c[700], d[700];
static double e[400], f[400] = {1};
__attribute__((noipa)) int order(int n)
{
#ifdef NEW
    two += n;
    four += n;
#endif
    one += n;
    three += n;
    return a[n]++ + b[n]++ + c[n]++ + d[n]++ + e[n]++ + f[n]++ + between[2][n]++;
}
void answer(int n)
{
    one += n;
    two += one;
    three *= two;
#ifdef NEW
    one ^= 3;
    four -= one;
#endif
    two ^= order(n);
    printf("%d %ld %g %g\n", one, two, three, four);
}
C
for how in -O1 -O2 -O3 '-Os -static'; do
    gcc $how -o prog far.c asks.c && gcc $how -DNEW -o new far.c asks.c || not_ok "compile $how"
    patched "$how: too far apart" prog new prog new 1
done

# ---- the register that a stub has: what is loaded, or one that nobody needs, and that is used in the function anyway; never one that is needed ----
cat >needed.c <<'C'
#include <stdio.h>
static int one = 1;
static long two = 2;
#ifdef NEW
static int fresh = 5;
static long other = 6;
#endif
#define ADD(r) "add x0, x0, " #r "\n"
#define NEED(r) register long r __asm__(#r);
#define OUT(r) , "=r"(r)
#define IN(r) , "r"(r)
#define MOST(X) X(x0) X(x1) X(x2) X(x3) X(x4) X(x5) X(x6) X(x7) X(x8) X(x9) X(x10) X(x11) X(x12) X(x13) X(x14) X(x15)
__attribute__((noipa)) long ipa(long n) /* the linker's two are needed */
{
    register long x16 __asm__("x16") = n + 7, x17 __asm__("x17") = n * 5;
    __asm__ volatile("mov x9, 5" : "+r"(n), "+r"(x16), "+r"(x17) : : "memory", "x9");
    one = n;
#ifdef NEW
    fresh = one + 1;
#endif
    two = n + 4;
#ifdef NEW
    other += 3;
#endif
    __asm__ volatile("mov x9, 5" : "+r"(n), "+r"(x16), "+r"(x17) : : "memory", "x9");
    return x16 * 3 + x17 + n * 100;
}
#ifdef ALL
__attribute__((noipa)) void all(long n)
{
    MOST(NEED) NEED(x16) NEED(x17)
    __asm__ volatile("" : "=m"(one) MOST(OUT) OUT(x16) OUT(x17) : : "memory");
    one = 0;
    two = 0;
#ifdef NEW
    fresh = 0;
    other = 0;
#endif
    __asm__ volatile(MOST(ADD) ADD(x16) ADD(x17) : : "m"(one) MOST(IN) IN(x16) IN(x17) : "memory");
}
#else
void all(long n) { one += n; }
#endif
void answer(int n)
{
    printf("%ld %d %ld", ipa(n), one, two);
    all(n);
    printf(" %d %ld\n", one, two);
}
C
for how in -O1 -O2 -Os; do
    gcc $how -o prog needed.c asks.c && gcc $how -DNEW -o new needed.c asks.c || not_ok "compile $how"
    patched "$how, X16 and X17 are needed" prog new prog new 1
    is "$(sed -n '/^func ipa /,/^end/p' p.lpatch | grep -c '^| 9[0-9a-f]*1[01] ')" 0 "$how: and no stub has them"
    gcc $how -DALL -o prog needed.c asks.c && gcc $how -DALL -DNEW -o new needed.c asks.c || not_ok "compile $how"
    lpdiff prog new >p.lpatch 2>err
    is "$? $(sed -n 's/^lpdiff: [^ ]*: \(E[0-9]*: `[a-z]*`\): .*\(no register is free\).*/\1 \2/p' err | sort -u)" '2 E181: `all` no register is free' \
        "$how, all are needed: no patch"
    like "$(cat err)" 'source files that changed with -fno-section-anchors' "$how: and what helps then"
done

# ---- what unwinds: a fault in a stub ----
cat >fault.c <<'C'
#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
struct state { int frames; char *page; };
#define STATE ((struct state *)0x20000000) /* on no page of the program's own */
static int before, kept, behind;
#ifdef NEW
static int fresh;
#endif
#ifdef NEW
__attribute__((noipa)) int place(void) { return fresh; } /* so that it is the first one: what others are reached from */
#endif
static void allow(int what) { mprotect(STATE->page, 4096, what); }
static void caught(int sig)
{
    void *pc[64];
    STATE->frames = backtrace(pc, 64);
    allow(PROT_READ | PROT_WRITE);
}
__attribute__((noipa)) int touch(int n)
{
    char room[200];
    snprintf(room, sizeof room, "%d", n);
    n = atoi(room) + before;
#ifdef NEW
    __asm__ volatile("" ::: "memory");
    fresh += n;
    __asm__ volatile("" ::: "memory");
#endif
    behind += n;
    kept = behind;
    before = n & 7;
    snprintf(room, sizeof room, "%d", n + behind);
    return atoi(room);
}
__attribute__((noipa)) int deep(int n, int more) { return more ? deep(n, more - 1) + 1 : touch(n) + 1; }
void answer(int n)
{
    void *pc[4];
    if (!backtrace(pc, 4) || mmap(STATE, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != STATE) exit(2);
    signal(SIGSEGV, caught);
    STATE->page = (char *)((unsigned long)&before & -4096UL);
#ifdef NEW
    if (place() < 0) exit(3);
#endif
    printf("%d", before);
    fflush(stdout);
    allow(PROT_NONE);
    int r = deep(n, 3), frames = STATE->frames;
    allow(PROT_READ | PROT_WRITE);
    printf(" %d %d %d %d\n", r, frames, kept, before);
}
C
for how in -O2 -Os '-O2 -fomit-frame-pointer' '-O2 -no-pie -fno-pie'; do
    gcc $how -Wl,-z,relro,-z,now -o prog fault.c asks.c && gcc $how -DNEW -Wl,-z,relro,-z,now -o new fault.c asks.c || not_ok "compile $how"
    patched "$how: unwound from a stub" prog new prog new 1
    like "$(sed -n '/^func touch /,/^end/p' p.lpatch | sed -n '1,/back to/p' | tail -n 3 | head -n 1)" 'lo12_nc before$' "$how: what faults is in one"
done

# ---- one ADRP for all GOT slots of a function, of which the old file has not all, or on another page ----
cat >slots.c <<'C'
#include <stdio.h>
int first = 1, second = 2, third = 3, row[4] = {4, 5, 6, 7};
extern int asked, answered;
int (*hook)(int);
#ifdef NEW
int fresh = 50;
static int many[600];
static int *const all[] = {many, many + 1, &third};
#endif
__attribute__((noipa)) int helper(int n) { return n * first + row[n & 3]; }
void say(void) { puts("first"); }
__attribute__((noipa)) int count(int n)
{
    first += n, second ^= first;
#ifdef NEW
    fresh += asked, third += fresh + *all[n % 3];
#endif
    return first + second + third + row[1] + (hook ? hook(n) : helper(n)) + asked;
}
__attribute__((noipa)) int other(int n)
{
    third = n;
#ifdef NEW
    third += second + fprintf(stderr, "(%d)", n);
#endif
    return row[2] + answered;
}
C
cat >slot_asks.c <<'C'
#include <stdio.h>
#include <stdlib.h>
int asked = 100, answered = 7;
extern int count(int n), other(int n), (*hook)(int);
static int twice(int n) { return 2 * n; }
int main(void)
{
    char line[80];
    while (fgets(line, sizeof line, stdin)) {
        int n = atoi(line);
        hook = n & 1 ? twice : 0;
        printf("%d %d\n", count(n), other(n));
    }
    return 0;
}
C
for how in '-O2 -fpic' '-Os -fpic' '-O2 -fpic -Wl,-q' '-O1 -fpic -s' '-O2 -fpic -fno-plt -Wl,-z,now'; do
    gcc $how -shared -Wl,-soname,libthings.so -o o/libthings.so slots.c && gcc $how -DNEW -shared -Wl,-soname,libthings.so -o n/libthings.so slots.c &&
        gcc -O2 -fPIE -pie -o o/prog slot_asks.c o/libthings.so "-Wl,-rpath,\$ORIGIN" &&
        gcc -O2 -fPIE -pie -o n/prog slot_asks.c n/libthings.so "-Wl,-rpath,\$ORIGIN" || { not_ok "compile slots $how"; continue; }
    patched "slots, $how" o/libthings.so n/libthings.so o/prog n/prog 2
    like "$(grep -A1 'adr_got_page fresh' p.lpatch)" 'f94000[0-9a-f]* ld64_got_lo12_nc fresh' "slots, $how: a stub loads one of the patch"
done

# ---- several ADRPs of one page, which meet at one use: all of them make its page, and what is on another page in the old file is apart ----
# joined SIDE ROOM TIMES: so many bytes between the texts
joined()
{
    cat >joined.s <<S
.section .rodata
.type one, %object
.size one, 8
one: .string "one"
.balign 8
.zero $2
.type two, %object
.size two, 8
two: .string "second"
.balign 8
.type three, %object
.size three, 8
three: .string "third"
.balign 8
.zero $((6000 - $2))
.text
.global pick
.type pick, %function
pick: .cfi_startproc
cbz w0, 1f
adrp x1, one
ldrb w3, [x1, :lo12:one]
add w0, w0, w3
b 2f
1: adrp x1, one
add x2, x1, :lo12:two
ldrb w3, [x2, #$3]
add w0, w0, w3
2: add x1, x1, :lo12:three
ldrb w3, [x1, #$3]
add w0, w0, w3
ret
.cfi_endproc
.size pick, .-pick
S
    cat >joined.c <<'C'
#include <stdio.h>
extern int pick(int n);
void answer(int n) { printf("%d %d\n", pick(n), pick(0)), fflush(stdout); }
C
    gcc -O1 $4 -o "$1" joined.c joined.s asks.c
}
for how in '' -no-pie -static -Wl,-q; do
    joined prog 5000 0 "$how" && joined new 40 1 "$how" || not_ok "compile joined $how"
    patched "joined $how" prog new prog new 1
done

# ---- X16 and X17 are the linker's, but code has values in them over a call of a TLS descriptor's resolver, and hand-written code over one of its own ----
# held CALL CALLEE: with a new variable at an anchor, while W16 has something that is read behind the call
held()
{
    for v in old new; do
        [ $v = old ] && off=4 fresh= || off=8 fresh='.type b, %object\n.size b, 8\nb: .word 3, 4'
        { printf '.text\n%b\n.global f\n.type f, %%function\nf: stp x29, x30, [sp, #-16]!\nmov w16, #5\nadrp x3, a\nadd x3, x3, :lo12:a\n' "$2"
          printf 'mov w4, #1\nstr w4, [x3]\nstr w4, [x3, #%d]\n%b\nldp x29, x30, [sp], #16\nret\n.size f, .-f\n' "$off" "$1"
          printf '.data\n.balign 8\n.type a, %%object\n.size a, 8\na: .word 1, 2\n%b\n.type z, %%object\n.size z, 8\nz: .word 9, 9\n' "$fresh"
          printf '.section .tbss, "awT", %%nobits\n.type t, %%object\n.size t, 4\nt: .zero 4\n.section .comment\n.string "GCC: (here) 12"\n'; } >held.s
        "$CROSS_CC" -shared -nostdlib -Wl,--build-id,-soname,libheld.so -o held.$v held.s || exit 1
    done
    lpdiff held.old held.new >p.lpatch 2>err
}
held 'adrp x0, :tlsdesc:t\nldr x1, [x0, #:tlsdesc_lo12:t]\nadd x0, x0, :tlsdesc_lo12:t\n.tlsdesccall t\nblr x1\nmov w0, w16' ''
is "$?$(grep -c '^| 900000[0-9a-f]* adr_prel_pg_hi21 b' p.lpatch)$(grep -c '^| 90000010' p.lpatch)" 110 "W16 over the call of a TLS descriptor: another register"
held 'mov w12, #6\nbl h' '.type h, %function\nh: add w0, w16, w12\nret\n.size h, .-h'
is "$?$(grep -c '^| 900000[0-9a-f]* adr_prel_pg_hi21 b' p.lpatch)$(grep -c '^| 90000010' p.lpatch)" 110 "W16 as an argument: another register"
tap_done
