#!/bin/sh
# What may be read in two ways: a word of data as a number or as an address, an address as the end of one thing or the start of the next. lpdiff finds
# out, or refuses with its reason: with a patch, the program does what the new one does, and without one the two do the same.
. "$srcdir/tests/lib.sh"
need_cross
cd "$scratch" || exit 1
sysroot=$(arm64_sysroot) || sysroot=/
run() { timeout 60 lprun --no-control -L "$sysroot" "$@" 2>&1; }
gcc() { "$CROSS_CC" -w "$@" -Wl,--build-id; }
options=
# right NAME OLD NEW [STATUS [REASON]]: a patch that is right, no difference, or a reason (STATUS and REASON: this and nothing else)
right()
{
    lpdiff --data $options "$2" "$3" >r.lpatch 2>r.err
    rc=$? want=$(run "./$3") old=$(run "./$2") reason=$(sed -n 's/^lpdiff: [^ ]*: \(E[0-9]*\): .*/\1/p' r.err | sort -u | paste -s -d ' ')
    case $rc in
    0) got=$old ;;
    1) got=$(run -P r.lpatch "./$2") ;;
    2) got=$want ;;
    *) got="status $rc" ;;
    esac
    ! grep -q -e Sanitizer -e 'runtime error' r.err || got="a sanitizer's report"
    is "$got" "$want" "$1: nothing is missed ($rc $reason)"
    case " $rc $reason" in " 2 "*E199* | " 2 ") not_ok "$1: with a reason that is listed" ; note <r.err ;; esac
    [ $# -lt 4 ] || is "$rc $reason" "$4 ${5-}" "$1: as it should be"
}

# ---- texts behind pointers whose own bytes are letters: 0x614240 is "@Ba" ----
cat >letters.c <<'C'
#include <stdio.h>
extern const char *const names[4];
__asm__(".section texts, \"a\"\n" TEXTS "\n.section " WHERE "\n"
        " .balign 8\n .globl names\n .type names, %object\n .size names, 32\nnames: .quad .Ltext0, .Ltext1, .Ltext2, .Ltext3\n .text");
#ifdef MORE
int more[MORE] = {1};
int use(int n) { return more[n] * 3; }
#endif
__attribute__((noinline)) const char *name(int n) { return names[n]; }
int main(void) { for (int i = 0; i < 4; i++) puts(name(i)); return 0; }
C
texts()
{
    i=0
    printf '"'
    for t; do printf '.balign 8\\n.Ltext%d: .asciz \\"%s\\"\\n' "$i" "$t"; i=$((i + 1)); done
    printf '"'
}
for where in .data .rodata; do
    for how in -static '-static -Wl,-q' '-static -s'; do
        build() { out=$1 t=$2; shift 2; gcc -O1 -no-pie $how -Wl,--section-start=texts=0x614240 "-DTEXTS=$t" "-DWHERE=\"$where\"" "$@" -o "$out" letters.c; }
        build l.old "$(texts zero one two three)" && build l.same "$(texts zero one TWO three)" && build l.last "$(texts zero one two seventeen)" &&
            build l.first "$(texts nothing one two three)" && build l.long "$(texts 'nothing at all' one two three)" &&
            build l.swap "$(texts one zero two three)" && build l.both "$(texts zero one two drei-und-vier)" -DMORE=40 || exit 1
        for new in same last first swap both; do
            case $how in *-s) right "$how $where, $new" l.old l.$new ;; *) right "$how $where, $new" l.old l.$new 1 ;; esac
        done
        right "$how $where, long" l.old l.long
        right "$how $where, and back" l.long l.old
    done
done

# ---- numbers and letters that look like addresses ----
cat >numbers.c <<'C'
#include <stdio.h>
#ifdef SHIFT
const char *const front[] = {"some text in front", "and more of it"};
int room[SHIFT] = {1};
int use(int n) { return puts(front[n & 1]) * 3 + room[n]; }
#endif
const struct { char code[8]; unsigned long n; } table[] = {{"USA", 1}, {"LIB", N}, {CODE, 3}};
unsigned long big[] = {0x400760, 0x410000, BIG};
__attribute__((noinline)) int fixed(int n) { return n FIXED; }
int main(void)
{
    for (int i = 0; i < 3; i++) printf("%s %lx %lx %d\n", table[i].code, table[i].n, big[i], fixed(i));
    return 0;
}
C
for how in -static '-static -Wl,-q' ''; do
    build() { out=$1; shift; gcc -O1 -no-pie $how "$@" -o "$out" numbers.c; }
    same='-DCODE="DKK" -DN=2 -DBIG=0x450000'
    build n.old $same -DFIXED=+1 && build n.shift $same -DFIXED=+1 -DSHIFT=40 && build n.fix $same -DFIXED=+2 -DSHIFT=40 &&
        build n.code '-DCODE="PLH"' -DN=2 -DBIG=0x450000 -DFIXED=+1 && build n.codes '-DCODE="PLH"' -DN=2 -DBIG=0x450000 -DFIXED=+1 -DSHIFT=40 &&
        build n.big '-DCODE="DKK"' -DN=2 -DBIG=0x451008 -DFIXED=+1 && build n.bigs '-DCODE="DKK"' -DN=0x400764 -DBIG=0x450010 -DFIXED=+1 -DSHIFT=40 || exit 1
    for new in shift fix code codes big bigs; do right "numbers $how, $new" n.old n.$new; done
done
right "relocations that the linker kept say which is which" n.old n.code 1
gcc -O1 -no-pie -static -Wl,-q -DCODE='"DKK"' -DN=2 -DBIG=0x450000 -DFIXED=+1 -o n.old numbers.c &&
    gcc -O1 -no-pie -static -Wl,-q -DSHIFT=40 -DCODE='"PLH"' -DN=0x400764 -DBIG=0x451008 -DFIXED=+2 -o n.new numbers.c || exit 1
right "relocations that the linker kept, in another layout" n.old n.new 1

# ---- a text right behind a named constant; the end of an array, and what is behind it ----
cat >ends.c <<'C'
#include <stdio.h>
const int first[2] = {3, 4};
__attribute__((noinline)) int text(int k) { printf(TEXT); return first[k]; }
__attribute__((noinline)) const int *start(void) { return first; }
static int list[5] = {1, 2, 3, 4, 5};
#ifdef ROOM
static int room[ROOM] = {7};
__attribute__((noinline)) int other(int n) { return room[n]++; }
#endif
static int tail[3] = {9, 9, 9};
__attribute__((noinline)) int sum(int m) { int s = 0; for (volatile int *p = list; p < list + 5; p++) s OP; return s; }
__attribute__((noinline)) int more(int n) { return tail[n]++ + list[n]++; }
__attribute__((noinline)) int before(int n) { int s = 0; for (int i = 2; i < n; i++) s += FROM[i - 2] * i; return s; }
int main(void)
{
#ifdef ROOM
    other(1);
#endif
    printf(" %d %d %d %d", text(1), *start(), sum(3), more(1));
    printf(" %d\n", before(5));
    return 0;
}
C
ends()
{
    cc=$1
    shift
    for flag in -O0 -O1 -O2 -Os; do
        build() { out=$1; shift; $cc -w $flag $how "$@" -Wl,--build-id -o "$out" ends.c; }
        same='-DTEXT="text"' op='-DOP=+=*p*m' from=-DFROM=list
        build e.old "$same" "$op" $from && build e.text '-DTEXT="TEXT"' "$op" $from && build e.long '-DTEXT="a text that is longer"' "$op" $from &&
            build e.op "$same" '-DOP=^=*p+m' $from && build e.room "$same" '-DOP=^=*p+m' $from -DROOM=9 &&
            build e.from "$same" "$op" -DFROM=tail -DROOM=9 || exit 1
        for new in text long op room from; do right "$cc $flag $how, $new" e.old e.$new; done
    done
}
for how in '-no-pie -fno-pie' '-pie -fPIE' '-no-pie -fno-pie -static'; do
    ends "$CROSS_CC"
    ! have_arm64_clang || ends arm64_clang
done

# ---- constants between functions, as -mcmodel=large has them ----
cat >large.c <<'C'
#include <stdio.h>
typedef int four __attribute__((vector_size(16)));
static int a = 5, b = 6;
__attribute__((noinline)) int vector(int x)
{
    four v = {x, x, x, x};
    v = v * (four){7, 2, 3, LAST} + (four){9, 8, 7, 6};
    return v[0] + 3 * v[1] + 5 * v[2] + 7 * v[3];
}
__attribute__((noinline)) int get(int n) { return (n ? VAR : 1) * n; }
__attribute__((noinline)) void put(int n) { a += n, b -= n; }
__attribute__((noinline)) const char *text(void) { return TEXT; }
int main(void) { put(3); printf("%d %d %s\n", vector(5), get(2), text()); return 0; }
C
for flag in -O0 -O1 -O3 '-O2 -Wl,-q'; do
    build() { out=$1; shift; gcc -no-pie -fno-pie -static -mcmodel=large $flag "$@" -o "$out" large.c; }
    build g.old -DLAST=4 -DVAR=a '-DTEXT="text"' && build g.vector -DLAST=5 -DVAR=a '-DTEXT="text"' && build g.var -DLAST=4 -DVAR=b '-DTEXT="text"' &&
        build g.text -DLAST=4 -DVAR=a '-DTEXT="TEXT"' || exit 1
    for new in vector var text; do right "-mcmodel=large $flag, $new" g.old g.$new; done
done

# ---- addresses that MOVZ and MOVK make, of variables that change their places; numbers that look like such ----
cat >movz.c <<'C'
#include <stdio.h>
#ifdef SWAP
int b = 6, a = 5;
#else
int a = 5, b = 6;
#endif
__attribute__((noinline)) int both(void) { a++, b += 2; return a * 100 + b; }
__attribute__((noinline)) int get(void)
{
    int *p;
    __asm__("movz %0, #:abs_g0_nc:" VAR "\n movk %0, #:abs_g1_nc:" VAR "\n movk %0, #:abs_g2_nc:" VAR "\n movk %0, #:abs_g3:" VAR : "=r"(p));
    return *p;
}
__attribute__((noinline)) unsigned long number(unsigned long n) { return n ^ NUMBER; }
int main(void) { printf("%d ", both()); printf("%d %lx\n", get(), number(1)); return 0; }
C
for how in -static '-static -Wl,-q' ''; do
    build() { out=$1; shift; gcc -O1 -fno-section-anchors -fno-toplevel-reorder -no-pie -fno-pie $how "$@" -o "$out" movz.c; }
    build m.old '-DVAR="a"' -DNUMBER=0x400760 && build m.swap '-DVAR="b"' -DNUMBER=0x400760 -DSWAP && build m.moved '-DVAR="a"' -DNUMBER=0x400760 -DSWAP &&
        build m.other '-DVAR="b"' -DNUMBER=0x400760 && build m.number '-DVAR="a"' -DNUMBER=0x400768 || exit 1
    for new in swap other; do right "MOVZ and MOVK $how, $new" m.old m.$new 1; done
    right "MOVZ and MOVK $how, moved" m.old m.moved 0
    right "MOVZ and MOVK $how, a number" m.old m.number
done

# ---- a constant without a name behind an array, which a section anchor reaches as if it was the array's end ----
cat >behind.c <<'C'
#include <stdio.h>
#ifdef SHIFT
int room[SHIFT] = {1};
static const char *front[] = {"some text in front", "and more of it"};
__attribute__((noinline)) int use(int n) { return puts(front[n & 1]) * 3 + room[n]; }
#endif
static const int first[4] = {1, 2, 3, 4};
__attribute__((noinline)) int early(int k) { return first[k] * 2; }
__attribute__((noinline)) int sum(const int *p, int n) { int s = 0; for (int i = 0; i < n; i++) s = s * 3 + p[i]; return s; }
__attribute__((noinline)) int copy(int k)
{
    int a[] = {TEN, TEN, TEN, 5, LAST, 6, TEN, TEN, TEN};
    a[k] += first[k];
    return early(k) + sum(a, sizeof a / sizeof *a);
}
__attribute__((noinline)) int range(void) { return sum(first, first + 4 - first) MORE; }
__attribute__((noinline)) const char *text(void) { return "a text"; }
int main(void) { printf("%d %d %s\n", copy(3), range(), text()); return 0; }
C
for how in '-pie -fPIE' '-no-pie -fno-pie -static' '-pie -fPIE -s'; do
    case $how in *-s) options=--heuristic ;; esac
    for flag in -O1 -O2 -Os '-O2 -fno-merge-constants'; do
        build() { out=$1; shift; gcc $how $flag '-DTEN=3, 1, 4, 1, 5, 9, 2, 6, 5, 8, 9, 7' "$@" -o "$out" behind.c; }
        build b.old -DLAST=20 -DMORE= && build b.last -DLAST=21 -DMORE= -DSHIFT=40 && build b.shift -DLAST=20 -DMORE= -DSHIFT=40 &&
            build b.more -DLAST=20 -DMORE=+1 -DSHIFT=40 || exit 1
        for new in last shift more; do right "$how $flag, behind an array, $new" b.old b.$new; done
    done
done
options=

# ---- what leads 1 MB far, from new code; a call of what a linker did not find, at the end of a function ----
cat >far.c <<'C'
#include <stdio.h>
#ifdef SHIFT
int room[SHIFT] = {1};
__attribute__((noinline)) int use(int n) { return puts("room") * 3 + room[n]; }
#endif
static int count = 4, other = 3;
__attribute__((noinline)) int both(int n) { count += n; other ^= count; return count * 3 + other; }
__attribute__((noinline)) int more(int n) { if (n > 9) { count = 0; puts("many"); } MORE return VAR * n + 2; }
__asm__(".text\n .balign 16\n .globl ends\n .type ends, %function\nends: cbnz w0, 1f\n ret\n1: .word 0x94000001\n .size ends, . - ends\n .balign 16, 0");
int ends(int);
int main(void) { printf("%d %d %d\n", both(3), more(4), ends(0)); return 0; }
C
build() { out=$1; shift; gcc -O1 -no-pie -fno-pie -mcmodel=tiny -fno-section-anchors "$@" -o "$out" far.c; }
build t.old -DMORE= -DVAR=count && build t.shift -DMORE= -DVAR=count -DSHIFT=40 && build t.word -DMORE= -DVAR=other -DSHIFT=40 &&
    build t.more '-DMORE=if (n == 7) puts("seven");' -DVAR=count || exit 1
right "-mcmodel=tiny, in another layout" t.old t.shift 0
right "-mcmodel=tiny, a word" t.old t.word 1
right "-mcmodel=tiny, a body" t.old t.more 1

# ---- texts that share bytes, and wide ones that grow over the next ----
cat >shared.c <<'C'
#include <stdio.h>
#include <stddef.h>
static const char *const names[] = {ONE, TWO, "middle of the road", "road"};
static const wchar_t *wide[] = {WIDE, L"same"};
__attribute__((noinline)) const char *name(int n) { return names[n]; }
__attribute__((noinline)) void say(int n) { puts(n ? ONE : TWO); }
__attribute__((noinline)) int sum(int k) { int s = 0; for (const wchar_t *p = wide[k]; *p; p++) s = s * 31 + *p; return s; }
int main(void) { for (int i = 0; i < 4; i++) puts(name(i)); say(0); say(1); printf("%d %d\n", sum(0), sum(1)); return 0; }
C
for how in '-no-pie -fno-pie -static' '-pie -fPIE' '-no-pie -fno-pie -static -Wl,-q'; do
    for flag in -O0 -O2; do
        build() { out=$1; shift; gcc $flag $how "$@" -o "$out" shared.c; }
        build h.old '-DONE="error: bad"' '-DTWO="bad"' '-DWIDE=L"xi theta"' && build h.one '-DONE="error: bax"' '-DTWO="bad"' '-DWIDE=L"xi theta"' &&
            build h.two '-DONE="error: bad"' '-DTWO="mad"' '-DWIDE=L"xi theta"' &&
            build h.wide '-DONE="error: bad"' '-DTWO="bad"' '-DWIDE=L"xi theta!"' || exit 1
        for new in one two wide; do right "$flag $how, $new" h.old h.$new; done
    done
done

# ---- without symbols: what is where is found by how it is used, and that holds for all who use it ----
cat >bare.c <<'C'
#include <stdio.h>
#ifdef SHIFT
int room[SHIFT];
__attribute__((noinline)) int use(int n) { return room[n] ^ n * 5; }
#endif
static int a, b;
static int *const both[] = {ONE, TWO};
static long x[4], y[4];
__attribute__((noinline)) int add(int k) { *both[k] += 7; return *both[1 - k]; }
__attribute__((noinline)) int sum(void) { return a * 3 + b; }
__attribute__((noinline)) void put(long *p) { p[1] += 5; }
__attribute__((noinline)) void fill(void) { put(WHICH); }
__attribute__((noinline)) int all(void) { return x[1] * 3 + y[1]; }
int main(void) { printf("%d ", add(0)); printf("%d ", sum()); fill(); printf("%d\n", all()); return 0; }
C
options=--heuristic
for how in '-no-pie -fno-pie' '-no-pie -fno-pie -static' '-pie -fPIE'; do
    build() { out=$1; shift; gcc -O2 -s -fno-section-anchors $how "$@" -o "$out" bare.c; }
    build q.old '-DONE=&a' '-DTWO=&b' -DWHICH=x && build q.words '-DONE=&b' '-DTWO=&a' -DWHICH=x && build q.shift '-DONE=&b' '-DTWO=&a' -DWHICH=x -DSHIFT=40 &&
        build q.code '-DONE=&a' '-DTWO=&b' -DWHICH=y && build q.codes '-DONE=&a' '-DTWO=&b' -DWHICH=y -DSHIFT=40 || exit 1
    for new in words shift code codes; do right "stripped, $how, $new" q.old q.$new; done
done

# ---- in front of an array without a name there is the tail of something else ----
cat >front.c <<'C'
#include <stdio.h>
FRONT
static int za[14] = {1, 2, 3, 4, 5}, zb[14] = {7, 8, 9, 10, 11};
__attribute__((noinline)) int loop(int m) { int s = 0; for (int k = 3; k < m; k++) s += WHICH[k - 3] * k; return s; }
__attribute__((noinline)) int both(int k) { return za[k - 2] + zb[k - 1] * 3; }
#ifdef LIMITS
static const int limits[] = {10, 20, 30};
static const double weights[] = {0.5, 1.25, 1e10};
__attribute__((noinline)) int limited(int n, int which) { return n > limits[which] ? limits[which] : n; }
__attribute__((noinline)) double weight(int n) { return weights[n] * limited(LIMITS, n); }
#endif
int main(void)
{
    printf("%s %d %d\n", text(2), loop(5), both(3));
#ifdef LIMITS
    printf("%g\n", weight(1));
#endif
    return 0;
}
C
text='const char *text(int n) { return n ? "a text with a tail" : "a tail"; }'
number='double more(double x) { return x * 3.7 + 1e10; } const char *text(int n) { return more(n) > 2.5 ? "one" : "two"; }'
for how in '-pie -fPIE -Os' '-pie -fPIE -O1' '-no-pie -fno-pie -O2 -static'; do
    for front in "$text" "$number"; do
        build() { out=$1; shift; gcc -s -fno-section-anchors $how "-DFRONT=$front" "$@" -o "$out" front.c; }
        build f.old -DWHICH=za && build f.new -DWHICH=zb && build f.more -DWHICH=za -DLIMITS=9 && build f.most -DWHICH=za -DLIMITS=25 || exit 1
        right "stripped, $how, in front of an array" f.old f.new
        right "stripped, $how, and back" f.new f.old
        right "stripped, $how, new tables" f.old f.more
        right "stripped, $how, a number" f.more f.most 1
    done
done

# ---- texts of three letters, which are addresses in a program that is so large: "#%X" is 0x582523, "uid" 0x646975 ----
cat >short.c <<'C'
#include <stdio.h>
static const unsigned short table[1 << 19] = {1, 2, 3, [70000] = 7};
static char names[][8] = {"get", "put", "old", "own"}, caps[][10] = {"flags", "asimd", "cpuid"};
__attribute__((noinline)) int at(int n) { return table[n]; }
__attribute__((noinline)) void tell(const char *how, int n) { printf(how, n); }
#ifdef MORE
__attribute__((noinline)) void tell_more(int c)
{
    tell("#%X\n", 7 * c);
    printf("ANY");
    printf("%s %d\n", "END", at(2));
}
#endif
int main(int c, char **v)
{
    for (int i = 0; i < 4; i++) printf("%s %s\n", names[i], i < 3 ? caps[i] : "");
    tell("%d numbers\n", at(c));
#ifdef MORE
    tell_more(c);
#endif
    names[0][0] = caps[0][0] = c;
    return 0;
}
C
for how in '' -s; do
    build() { out=$1; shift; gcc -O2 -fno-section-anchors -static -no-pie $how -Wl,-Ttext-segment=0x500000 "$@" -o "$out" short.c; }
    build s.old && build s.new -DMORE || exit 1
    right "texts of three letters $how" s.old s.new $([ -n "$how" ] || echo 1)
done

# ---- a page that an impossible way leaves in a register which is a pointer on the other ones: what is read there is not what begins that page ----
cat >rest.c <<'C'
#include <stdio.h>
int pick(const char *p, int n);
__asm__(".text\n .globl pick\n .type pick, %function\n"
        "pick: cbz w1, 1f\n mov x4, x0\n b 2f\n1: adrp x4, .Ltable\n add x5, x4, :lo12:.Ltable\n ldr w0, [x5]\n"
        "2: cbz w1, 3f\n ldrb w0, [x4]\n3: ret\n .size pick, .-pick\n"
        ".globl text\n .type text, %function\ntext: adrp x0, .Ltext\n add x0, x0, :lo12:.Ltext\n ret\n .size text, .-text\n"
        ".section .rodata\n .balign 4096\n .zero " FRONT "\n.Ltext: .asciz \"0123456789\"\n .balign 32\n.Ltable: .word 77\n .text");
const char *text(void);
__attribute__((noipa)) int add(int n) { return n + MORE; }
int main(void) { printf("%d %d %d %s\n", pick("abc", 1), pick("xyz", 0), add(1), text()); return 0; }
C
for how in -O1 '-O1 -s' '-O1 -static -Wl,-q'; do
    build() { out=$1; shift; gcc $how "$@" -o "$out" rest.c; }
    build r.old '-DFRONT="4090"' -DMORE=1 && build r.same '-DFRONT="4091"' -DMORE=1 && build r.new '-DFRONT="4091"' -DMORE=2 || exit 1
    same=0
    [ "$how" != '-O1 -s' ] || same=1 # what is beside a constant without a name is another number of zeros, and code comes along for that
    right "$how, the rest of a page: nothing" r.old r.same $same
    right "$how, the rest of a page, and something else" r.old r.new 1
done

# ---- a program at low addresses, as small systems are linked: numbers that happen to be where something begins ----
cat >low.c <<'C'
#include <stdio.h>
#ifdef MORE
__attribute__((noinline)) int one(int n) { return n * 3 + n / 7; }
#else
__attribute__((noinline)) int one(int n) { return n * 3; }
#endif
__attribute__((noinline)) int two(int n) { return n + 5; }
#ifdef MORE
static const long table[] = {0x10000, 0x11000, 0x12000, NUMBER, 0x10001};
__attribute__((noinline)) long f(int i) { return table[i]; }
#else
__attribute__((noinline)) long f(int i) { return i; }
#endif
int main(int argc, char **argv) { printf("%d %d", one(argc), two(argc)); for (int i = 0; i < 5; i++) printf(" %ld", f(i)); return 0; }
C
build() { out=$1; shift; gcc -O1 -no-pie -fno-pie -Wl,-Ttext-segment=0x10000 $how "$@" -o "$out" low.c; }
for how in '' -Wl,-q; do
    build l.old && build l.new -DMORE -DNUMBER=0x10004 || exit 1
    number=0x$("${CROSS_CC%gcc}nm" l.new | sed -n 's/^0*\([0-9a-f]*\) . two$/\1/p')
    build l.new -DMORE -DNUMBER=$number || exit 1
    lpdiff l.old l.new >l.lpatch 2>l.err
    status=$?
    if [ "$how" ]; then
        is "$status$(cat l.err)" 1 "a number where a function begins, low, with relocations: there is a patch"
        is "$(run -P l.lpatch ./l.old)" "$(run ./l.new)" "  and it is right"
    else
        is "$status$(grep -o 'E147: `table`+0x18' l.err)" '2E147: `table`+0x18' "a number where a function begins, low: it may be that address"
    fi
done

# ---- the same in a library that calls a function of its own, which others may have, too, and which does not come back ----
cat >ended.c <<'C'
#include <stdio.h>
#include <stdlib.h>
__attribute__((noreturn)) void die(int n) { printf("dead %d\n", n); fflush(stdout); exit(n); }
__asm__(".text\n .globl pick\n .type pick, %function\n"
        "pick: stp x29, x30, [sp, #-32]!\n str x20, [sp, #16]\n mov x20, x0\n cbz w1, 1f\n2: ldrb w0, [x20]\n adrp x20, .Ltable\n ldr w2, [x20, :lo12:.Ltable]\n cbz w2, 3f\n"
        "add w0, w0, w2\n" MORE "ldr x20, [sp, #16]\n ldp x29, x30, [sp], #32\n ret\n3: mov w0, #2\n bl die\n1: mov w1, #1\n b 2b\n .size pick, .-pick\n"
        ".section .rodata\n .balign 4096\n .Lfirst: .word 5\n .zero " FRONT "\n .balign 32\n.Ltable: .word 77\n .text\n"
        ".globl first\n .type first, %function\nfirst: adrp x0, .Lfirst\n ldr w0, [x0, :lo12:.Lfirst]\n ret\n .size first, .-first");
C
cat >asks.c <<'C'
int printf(const char *, ...), pick(const char *p, int n), first(void);
int main(void) { return printf("%d %d %d\n", pick("a", 1), pick("b", 0), first()) < 0; }
C
for how in -O1 '-O1 -s'; do
    build() { out=$1; shift; gcc -shared -fPIC $how "$@" -Wl,-soname,libended.so -o "$out" ended.c; }
    build libended.so '-DFRONT="90"' '-DMORE=""' && build e.new '-DFRONT="190"' '-DMORE="add w0, w0, w0\n add w0, w0, #1\n"' && gcc -o asks asks.c ./libended.so '-Wl,-rpath,$ORIGIN' || exit 1
    lpdiff --heuristic libended.so e.new >p.lpatch 2>err
    is "$?$(cat err)" 1 "$how, behind a call that does not come back: there is a patch"
    was=$(run ./asks)
    now=$(run -P p.lpatch ./asks)
    cp e.new libended.so
    is "$now" "$(run ./asks)" "  and it is right"
    [ "$was" != "$now" ] && ok "  as the old library was not" || not_ok "  as the old library was not"
done

# ---- the byte in front of an array, which indices begin behind, as real decoders have it: in the old file nothing begins there, but it is the same ----
cat >order.c <<'C'
struct job { int start, end, left; short bit; };
extern const int big[1200];
static const unsigned char order[79] = {0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28, 35, 42, 49, 56,
                                        57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};
static const unsigned bias[3] = {1, 2, 3};
int printf(const char *, ...);
__attribute__((noinline)) int more(struct job *j) { return --j->left & 1; }
__attribute__((noinline)) int decode(struct job *j, short *data)
{
    int k = j->start;
    if (j->left < 0) printf("%s", __func__), k += (int)bias[j->left & 1] + big[j->end & 1023];
    do {
        int r = more(j) ? 3 : 0, s = 1;
        while (k <= j->end) {
            short *p = &data[order[FIRST]];
            THEN;
            if (*p != 0) *p += more(j) ? j->bit : 0;
            else if (r-- == 0) {
                *p = (short)(s FIX);
                break;
            }
        }
    } while (k <= j->end);
    return k;
}
int main(int argc, char **argv)
{
    static short out[64];
    struct job j = {1, 63, 1000, 4};
    decode(&j, out), j.bit = 2, decode(&j, out);
    for (int i = 0; i < 64; i++) printf("%d ", out[i]);
    return printf("%s%s\n", EXTRA, argc > 1 ? "" : "x") < 0;
}
C
echo 'const int big[1200] = {1, 2, 3};' >big.c
for how in -O1 -O2; do
    gcc $how '-DFIX=' '-DFIRST=k' '-DTHEN=k += j->left < 0 ? 2 : 1' '-DEXTRA="a"' -o order.old big.c order.c &&
        gcc $how '-DFIX=* 3 + (r & 1) + k' '-DFIRST=k++' '-DTHEN=' '-DEXTRA="a longer one than that"' -o order.new big.c order.c || exit 1
    right "$how, in front of an array" order.old order.new 1
done

# ---- of an array of texts' first word, one byte is read, if that is what the register has: on a way that is never gone ----
cat >bytes.c <<'C'
int printf(const char *, ...);
static const char *const names[] = {FIRST, "beta", "gamma", "delta"};
__attribute__((noinline)) int letter(int n, int other)
{
    register const char *p __asm__("x9") = names[n & 3];
    __asm__ volatile("cbnz %w1, 1f\n adrp %0, %2\n add %0, %0, :lo12:%2\n1:" : "+r"(p) : "r"(other), "S"(names));
    return *p;
}
__attribute__((noinline)) int work(int n) { return printf("%s %d\n", names[n & 3], letter(n, 1)) FIX; }
int main(void) { int k = printf(TEXT "%s\n", "one"); for (int i = 0; i < 4; i++) k = k * 3 + work(i); return printf("%d\n", k) < 0; }
C
for how in -O1 -O2 -Os; do
    build() { out=$1; shift; gcc $how -fno-pie -no-pie "$@" -o "$out" bytes.c; }
    build bytes.old '-DFIX=' '-DFIRST="alpha"' '-DTEXT="a"' && build bytes.new '-DFIX=* 3 + n' '-DFIRST="alpha"' '-DTEXT="one, and more of it "' &&
        build bytes.text '-DFIX=' '-DFIRST="omega"' '-DTEXT="a"' || exit 1
    right "$how, a byte of an address" bytes.old bytes.new 1
    right "$how, a byte of an address that changed" bytes.old bytes.text
done

# ---- the end of the last variable, which nothing in the file has a name for ----
cat >behind.c <<'C'
int printf(const char *, ...);
#ifdef GROWN
int grown[50] = {1, 2, 3};
#endif
static char buf[104];
char *volatile from = buf, *volatile to = buf + 104;
__attribute__((noinline)) static int count(void) { int n = 0; for (char *p = from; p < to; p++) n += *p + 1; return n; }
int main(int argc, char **argv)
{
#ifdef GROWN
    printf("%d\n", grown[argc]);
#endif
    buf[3] = 5;
    return printf("%d\n", count()) < 0;
}
C
for how in -s -Wl,-x; do
    gcc -O1 -fno-pie -no-pie $how -o behind.old behind.c && gcc -O1 -fno-pie -no-pie $how -DGROWN -o behind.new behind.c || exit 1
    options=--heuristic right "$how, the end of the last variable" behind.old behind.new
done

# ---- the address of an array whose first index is 1: it leads into what is in front of that ----
cat >ones.c <<'C'
int printf(const char *, ...);
extern const int pre[], arr[], post[];
__asm__(".section .rodata\n .balign 8\n .globl pre\n .type pre, %object\npre: .word 1, 2, 3 " MORE "\n .size pre, . - pre\n" MID
        ".globl arr\n .type arr, %object\n .size arr, 16\narr: .word 10, 20, 30, 40\n"
        ".globl post\n .type post, %object\n .size post, 12\npost: .word 50, 60, 70\n .text");
static const int *volatile one = arr - 1;
int work(int n) { return one[n] * 10 + pre[n] + arr[n - 1] FIX; }
int main(void) { int k = 0; for (int i = 1; i < 3; i++) k = k * 7 + work(i); return printf("%d %d\n", k, post[1]) < 0; }
C
mid='".globl mid\n .type mid, %object\n .size mid, 8\nmid: .word 8, 9\n"'
for how in '-fpie -pie' '-fno-pie -no-pie' '-fno-pie -no-pie -Wl,-q'; do
    build() { out=$1; shift; gcc -O1 $how "$@" -o "$out" ones.c; }
    build ones.old -DFIX= '-DMORE=""' '-DMID=""' && build ones.more -DFIX=+1 '-DMORE=", 4, 5, 6, 7, 8, 9"' '-DMID=""' &&
        build ones.mid -DFIX=+1 '-DMORE=""' "-DMID=$mid" || exit 1
    case $how in *-q) status=1 ;; *) status='2 E148' ;; esac
    right "$how, an array from 1 on behind one that grew" ones.old ones.more
    right "$how, behind another one" ones.old ones.mid $status
done

# ---- a row in the middle of a table, to a later one of which a word leads: all that is behind moves as far as that row ----
cat >rows.c <<'C'
int printf(const char *, ...);
struct row { int id, prio; const char *name; long w; };
#ifdef NEW
const struct row tab[] = {{1, 5, "n1", 7}, {9, 9, "n9", 9}, {2, 6, "n2", 8}, {3, 7, "n3", 9}};
const struct row *const first = &tab[2], *const last = &tab[3];
#else
const struct row tab[] = {{1, 5, "n1", 7}, {2, 6, "n2", 8}, {3, 7, "n3", 9}};
const struct row *const first = &tab[1], *const last = &tab[2];
#endif
const struct row other[] = {{11, 5, "n11", 7}, {12, 6, "n12", 8}};
const int nums[] = {1,
#ifdef NEW
    9, 9, 9, 9,
#endif
    2, 3, 4, 5}, after[] = {6, 7}, *const num = &nums[sizeof nums / 4 - 3];
__attribute__((noinline)) long sum(int i) { long s = 0; for (unsigned k = 0; k < sizeof tab / sizeof *tab; k++) s += tab[k].w * (tab[k].id == i); return s; }
__attribute__((noinline)) long get(int i) { return other[i].w + other[i].id + after[i] + nums[i]; }
__attribute__((noinline)) long via(const struct row *const *p) { __asm__("" : "+r"(p)); return (*p)->w + (*p)->name[1] + (*p)->prio; }
__attribute__((noinline)) int value(const int *const *p) { __asm__("" : "+r"(p)); return **p; }
int main(int argc, char **argv) { return printf("%ld %ld %ld %ld %ld %d\n", sum(9), sum(2), get(argc), via(&first), via(&last), value(&num)) < 0; }
C
for how in '-O2 -fPIE -pie' '-O1 -fPIE -pie -fno-section-anchors' '-O2 -fno-pie -no-pie -Wl,-q'; do
    gcc $how -o rows.old rows.c && gcc $how -DNEW -o rows.new rows.c || exit 1
    right "$how, a row in the middle" rows.old rows.new 1
done

# ---- a list of constants that lead to the next one each, which lies right behind: nothing holds its own end ----
cat >chain.c <<'C'
#include <stdio.h>
struct node { const struct node *next; const char *text; };
static const struct node c = {0, "c"};
#ifdef NEW
static const struct node x = {&c, "x"}, b = {&x, "b"};
#else
static const struct node b = {&c, "b"};
#endif
static const struct node a = {&b, "a"};
__attribute__((noinline)) int walk(const struct node *p) { int n = 0; for (; p; p = p->next, n++) printf("%s ", p->text); return n; }
int main(void) { return printf("%d\n", walk(&a)) < 0; }
C
# ---- an index from 1 on, of what another section is in front of ----
cat >from1.c <<'C'
#include <stdio.h>
#ifdef NEW
static const char *const names[] = {"alpha", "beta", "xi", "gamma"};
#else
static const char *const names[] = {"alpha", "beta", "gamma"};
#endif
static const char *name(int i) { return i < 0 || i >= (int)(sizeof names / sizeof *names) ? "none" : names[i]; }
int main(int argc, char **argv) { for (int i = -1; i < 6; i++) printf("%d %s\n", i, name(i + argc - 1)); return 0; }
C
for how in '-O2 -fPIE -pie' '-Os -fPIE -pie -Wl,-q' '-O2 -fno-pie -no-pie -Wl,-q'; do
    for of in chain from1; do
        gcc $how -o chain.old $of.c && gcc $how -DNEW -o chain.new $of.c || exit 1
        right "$how, $of" chain.old chain.new 1
    done
done
tap_done
