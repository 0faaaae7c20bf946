#!/bin/sh
# Stripped files: constants and variables without names, next to which others grew, came or moved. There is a patch, of the functions that changed alone, and
# with it the program does what the new one does.
. "$srcdir/tests/lib.sh"
need_cross
cd "$scratch" || exit 1
sysroot=$(arm64_sysroot) || sysroot=/
run() { timeout 60 lprun --no-control -L "$sysroot" "$@" 2>&1; }
options=
# build SOURCE FLAGS...: old and new
build()
{
    source=$1
    shift
    "$CROSS_CC" -w "$@" -s -Wl,--build-id -o old "$source" && "$CROSS_CC" -w "$@" -DNEW -s -Wl,--build-id -o new "$source" || exit 1
}
# patched NAME COUNT: as many functions change (-: some), and the patch is right, at start and on disk
patched()
{
    lpdiff --heuristic $options -o p old new 2>err
    rc=$?
    is "$rc" 1 "$1: there is a patch"
    [ $rc -eq 1 ] || note <err
    [ "$2" = - ] || is "$(lpdiff --heuristic $options --summary old new 2>&1 | grep -c '^changed')" "$2" "  of $2 changed functions"
    is "$(run -P p ./old)" "$(run ./new)" "  and it is right"
    lpapply -o disk old p >/dev/null
    is "$(run ./disk)" "$(run ./new)" "  on disk, too"
}
# guessed NAME COUNT TEXT ID: the same by a guess, of which the warning has this text; without one it is refused for this reason
guessed()
{
    patched "$1" "$2"
    like "$(lpdiff --heuristic -o p old new 2>&1)" "$3" "  which is said"
    like "$(lpdiff -o p old new 2>&1)" "$4" "  and else refused"
}

# ---- a table that grew, behind another one that is read with an index of which no bound is known ----
cat >behind.c <<'C'
#include <stdio.h>
typedef int (*op)(int);
static int a(int x) { return x + 1; }
static int b(int x) { return x * 2; }
static int c(int x) { return x - 3; }
static int d(int x) { return x ^ 4; }
__attribute__((noinline)) int numbers(int x)
{
    static const int table[7] = {880, 542, 54, 43, 161, 977, 32};
    return table[(x & 255) % 7];
}
__attribute__((noinline)) int ops(int x)
{
    static const op table[] = {
        a, b, c,
#ifdef NEW
        d
#endif
    };
    return table[(x & 255) % 3
#ifdef NEW
        + x / 9
#endif
    ](x);
}
__attribute__((noinline)) const char *name(int x)
{
    static const char names[4][8] = {"north", "east", "south", "west"};
    return names[x & 3];
}
int main(void)
{
    for (int i = 0; i < 11; i++) printf("%d %d %s\n", numbers(i), ops(i), name(i));
    printf("%s %s\n", "a text behind them", d(1) ? "and another" : "or this");
    return 0;
}
C
build behind.c -O2 -fno-section-anchors -no-pie -fno-pie
patched 'a table grew behind another one' 1
build behind.c -O2 -fno-section-anchors -no-pie -fno-pie -static # (where other texts of libc are beside tables now, these might go on there)
patched 'the same in a static program' -

# ---- an index that a loop steps, or that has one bit, leads to no array behind its own: where another one comes there, nothing changes for it ----
cat >index.c <<'C'
#include <stdio.h>
static int front[12] = {1, 2, 3};
#ifdef NEW
int more[2] = {220};
int *use(void) { return more; }
struct option { const char *name; int value; };
#endif
static int row[3] = {565, 12, 672};
static int end[4] __attribute__((aligned(16))) = {4, 5, 6, 7};
__attribute__((noinline)) int f(int x) { front[x & 1] += x; return front[1] - front[2]; }
__attribute__((noinline)) int g(int x) { row[x & 1] += x; return row[2]; }
__attribute__((noinline)) int h(int x) { end[x & 3] += x; return end[1] ^ end[2]; }
__attribute__((noinline)) int sum(int x)
{
    static const int steps[3] = {880, 542, 54};
    for (const int *p = steps; p < steps + 3; p++) x += *p * 3;
    return x;
}
#ifdef NEW
static const struct option best = {"best", 3};
const struct option *find(void) { return &best; }
#endif
__attribute__((noinline)) int last(int x)
{
    static const int steps[5] = {1, 20, 300, 4000, 50000};
    return steps[x & 1] + steps[4];
}
int main(void)
{
    for (int i = 0; i < 9; i++) printf("%d %d %d %d %d\n", f(i), g(i), h(i), sum(i), last(i));
    return 0;
}
C
for flags in '-O2 -no-pie -fno-pie' -O2 '-O1 -fno-section-anchors' -Os; do
    build index.c $flags -fno-toplevel-reorder
    lpdiff --summary old new >rows 2>err
    is "$?$(grep -v '^new' rows)$(grep -v '^lpdiff: warning' err)" 0 "$flags: nothing changed"
done

# ---- what comes along is as it was aligned, whatever is in front of it ----
cat >aligned.c <<'C'
#include <stdio.h>
typedef float four __attribute__((vector_size(16)));
#ifdef NEW
static const int table[8] = {880, 542, 54, 43, 161, 977, 32, 5};
#else
static const int table[7] = {880, 542, 54, 43, 161, 977, 32};
#endif
static const four row = {1, 2, 3, 4};
__attribute__((noinline)) int mixed(int x)
{
    four v;
    __asm__("ldr %q0, %1" : "=w"(v) : "Q"(row));
    return table[(x & 255) % (sizeof table / sizeof *table)] + (int)(v[0] + v[1] * v[2] - v[3]);
}
int main(void)
{
    for (int i = 0; i < 9; i++) printf("%d\n", mixed(i));
    return 0;
}
C
build aligned.c -O2 -fno-section-anchors -fno-toplevel-reorder -no-pie -fno-pie
patched 'constants that are aligned to more than what is in front' 1
cat >lines.c <<'C'
#include <stdio.h>
#include <stdint.h>
__attribute__((noinline)) void show(const void *p, unsigned n)
{
    uintptr_t v = (uintptr_t)p;
    __asm__("" : "+r"(v));
    printf("%lu %d\n", (unsigned long)v & (n - 1), *(const char *)p);
}
__attribute__((noinline)) void f(int x)
{
#ifdef NEW
    static _Alignas(256) char a[300] = {1, 2};
    static const _Alignas(1024) char k[77] = {9};
    static _Alignas(64) char z[65];
    a[x] += 3;
    z[x]++;
    show(a, 256);
    show(k, 1024);
    show(z, 64);
    show(&z[x], 1);
#endif
    printf("f %d\n", x);
}
int main(int n, char **v)
{
    f(n);
    f(n + 1);
    return 0;
}
C
for flags in -O2 '-O2 -fno-pie -no-pie'; do
    build lines.c $flags
    patched "a new constant that is aligned to 1024, $flags" 1
done

# ---- variables that only changed functions use, where all others are where they were ----
cat >steady.c <<'C'
#include <stdio.h>
static volatile int v0 = 1, v1 = 2, v2 = 3, v3 = 4, v4 = 5, v5 = 6;
static volatile union { long both; int one[2]; } conf = {10};
static volatile int v6 = 7, v7 = 8;
__attribute__((noinline)) int f0(int x) { return v0 += x * 3; }
__attribute__((noinline)) int f1(int x) { return v1 -= x * 5; }
__attribute__((noinline)) int f2(int x) { return v2 ^= x + 7; }
__attribute__((noinline)) int f3(int x) { return v3 += x - 9; }
__attribute__((noinline)) int f4(int x) { return v4 *= x | 1; }
__attribute__((noinline)) int f5(int x) { return v5 += x & 6; }
__attribute__((noinline)) int f6(int x) { return v6 += x << 2; }
__attribute__((noinline)) int f7(int x) { return v7 -= x >> 1; }
__attribute__((noinline)) int set(int x)
{
#ifdef NEW
    conf.one[1] += x;
    return conf.one[0] += 2;
#else
    return conf.both += x;
#endif
}
int main(void)
{
    for (int i = 1; i < 5; i++) printf("%d %d\n", f0(i) + f1(i) + f2(i) + f3(i) + f4(i), f5(i) + f6(i) + f7(i) + set(i));
    return 0;
}
C
build steady.c -O2 -fno-section-anchors -fno-toplevel-reorder -no-pie -fno-pie
patched 'variables by their place' 2
is "$(grep -c '^data' p)" 0 '  none comes along: the program goes on with its own'
like "$(lpdiff --heuristic --summary old new 2>&1)" 'taken for those in the same places' '  which is said'
# one more in front of it: nothing is where it was
sed 's/^static volatile union/#ifdef NEW\nstatic volatile int more = 9, most = 10;\n#endif\n&/; s/conf.one.1. += x/& + more + most/' steady.c >moved.c
build moved.c -O2 -fno-section-anchors -fno-toplevel-reorder -no-pie -fno-pie
like "$(lpdiff --heuristic old new 2>&1)" E110 '  and not where one came'
like "$(lpdiff old new 2>&1)" 'hint: try --heuristic, or say which one' '  without --heuristic, that is what the hint says first'

# ---- a number that looks like a text with the first byte of a table behind it ----
cat >number.c <<'C'
#include <stdio.h>
extern const double number __attribute__((visibility("hidden")));
extern const int table[] __attribute__((visibility("hidden")));
__asm__(".section .rodata\n .balign 8\n"
#ifdef NEW
        " .globl number\nnumber: .quad 0x408a4bcccccccccd\n"
#endif
        " .globl table\ntable: .word .La - table, .Lb - table, .Lc - table, .Ld - table\n .skip 0x54\n"
        ".La: .asciz \"one\"\n.Lb: .asciz \"two\"\n.Lc: .asciz \"three\"\n.Ld: .asciz \"four\"\n .text");
__attribute__((noinline)) const char *name(int n) { return (const char *)table + table[n & 3]; }
__attribute__((noinline)) int scaled(int n)
{
#ifdef NEW
    return n * number;
#endif
    return n;
}
int main(void)
{
    for (int i = 0; i < 5; i++) printf("%s %d\n", name(i), scaled(i));
    return 0;
}
C
build number.c -O2
patched 'a number in front of a table of offsets' 2

# ---- -mcmodel=large: the constants between functions have no names ----
cat >large.c <<'C'
#include <stdio.h>
static int a = 3, b = 4;
__attribute__((noinline)) int f(int x) { return a += x; }
__attribute__((noinline)) int g(int x)
{
#ifdef NEW
    a -= x * 5;
#endif
    return b += x;
}
int main(void) { for (int i = 0; i < 5; i++) printf("%d %d\n", f(i), g(i)); return 0; }
C
build large.c -O2 -no-pie -fno-pie -mcmodel=large
lpdiff --heuristic old new >p 2>err
is "$?" 2 '-mcmodel=large: no patch'
like "$(cat err)" 'hint: .*-mcmodel=large' '  and the hint leads on'
build large.c -O2 -no-pie -fno-pie
patched '  and without it' 2
# ---- functions that only tables of functions have, which only pointers lead to: one changed, and calls a new one ----
cat >slots.c <<'C'
#include <stdio.h>
struct ops { int (*first)(int), (*second)(int); const char *name; };
static int plain(int x) { return x + 1; }
#ifdef NEW
__attribute__((noinline)) static int checked(int x) { return x > 6 ? 6 : x; }
static int odd(int x) { return checked(x) * 3 + checked(x ^ 1); }
#else
static int odd(int x) { return x * 3 + (x ^ 1); }
#endif
static int even(int x) { return x * 2; }
static const struct ops one = {plain, odd, "one"}, two = {odd, even, "two"};
static const struct ops *const all[] = {&one, &two};
__attribute__((noinline)) int run(int i, int x) { return all[i]->first(x) + 10 * all[i]->second(x); }
int main(int argc, char **argv)
{
    for (int i = 0; i < 20; i++) printf("%d %s\n", run(i & argc, i), all[i & argc]->name);
    return 0;
}
C
for flags in -O0 -O2; do
    build slots.c $flags
    patched "a function that only tables have, $flags" 1
    is "$(lpdiff -o p old new 2>&1; run -P p ./old)" "$(run ./new)" "  without a guess, as a new function"
done

# ---- a table that grew, in front of data whose addresses functions hand on that leave the table alone ----
cat >features.c <<'C'
#include <stdio.h>
struct feature { const char *name; long value; };
struct code { int (*next)(const struct code *c, int x); const char *name; };
#ifdef NEW
#define MORE , {"three", 3}
#else
#define MORE
#endif
static const struct feature features[] = {{"one", 1}, {"two", 2} MORE};
__attribute__((noinline)) static int step(const struct code *c, int x) { return c->name[x & 1] + x; }
__attribute__((noinline)) static int twice(const struct code *c, int x) { return c->name[x & 1] * 2 + x; }
static const struct code plain = {step, "plain"};
static const struct code other = {twice, "other"};
__attribute__((noinline)) const struct feature *list(int *n) { *n = sizeof features / sizeof *features; return features; }
__attribute__((noinline)) int scan(const struct code *c, int x) { return c->next(c, x) + 1; }
__attribute__((noinline)) int scan_plain(int x) { return scan(&plain, x); }
__attribute__((noinline)) int scan_other(int x) { return scan(&other, x) + scan(&plain, x + 1); }
int main(void)
{
    int n;
    const struct feature *f = list(&n);
    for (int i = 0; i < n; i++) printf("%s %ld\n", f[i].name, f[i].value);
    for (int i = 0; i < 4; i++) printf("%d %d\n", scan_plain(i), scan_other(i));
    return 0;
}
C
build features.c -O0
guessed "a table grew in front of what others hand on" 1 'what begins there' E148
build features.c -O2 -fno-toplevel-reorder
patched "the same to a function that is seen to read there" 1

# ---- the empty text, in front of another one that an index may lead to; and texts of which linkers have put the tails into one another ----
cat >empty.c <<'C'
#include <stdio.h>
#include <string.h>
#ifdef NEW
#define BEHIND "another text behind, of which the end is"
#define EXTRA 3
#else
#define BEHIND "a text behind, an end is"
#define EXTRA 1
#endif
__attribute__((noinline)) int front(int x) { return x > 3 ? puts("twenty-four letters here") : puts(BEHIND "the tail"); }
__attribute__((noinline)) int tail(int x) { return x > 2 ? puts("the tail") : 0; }
__attribute__((noinline)) int take(const char *s, int n) { return (int)strlen(s) + n; }
__attribute__((noinline)) int show(const char *s, int n)
{
    const char *p;
    int sum = EXTRA * n;
    if (n > 4) p = s;
    else p = "", sum += take(s, 7 * EXTRA);
    __asm__("" : "+r"(p)); /* the compiler has one loop for both */
    sum += take(p, n);
    if (n < (int)strlen(p)) sum = sum * 3 + p[n];
    return sum;
}
int main(int argc, char **argv)
{
    for (int i = 0; i < 8; i++) printf("%d %d %d\n", show("sixteen", i), front(i), tail(i));
    return 0;
}
C
for flags in -O1 -O2; do
    build empty.c $flags
    patched "the empty text in front of another one, $flags" 2
done
cat >tails.c <<'C'
#include <stdio.h>
#ifdef NEW
#define VERSION "7.88.2"
#else
#define VERSION "7.88.1"
#endif
#ifdef MORE
__attribute__((noinline)) void more(void) { puts("a text of some length, in front of the others"); }
#endif
#ifdef LONGER
#define PARTS "version!" VERSION "xx" "the end!" "last one"
__attribute__((noinline)) void longer(void) { puts("the end!" "last one"), puts("last one"); }
#else
#define PARTS VERSION
#endif
__attribute__((noinline)) void name(void) { puts("libcurl/" PARTS); }
__attribute__((noinline)) void version(void) { puts(PARTS); }
int main(void)
{
    name(), version();
#ifdef MORE
    more();
#endif
#ifdef LONGER
    longer();
#endif
    return 0;
}
C
for flags in -DLONGER '-DLONGER -Os'; do
    build tails.c -O2 $flags
    patched "a text of which another one is the tail, $flags" 0
done
for flags in -O0 -O2 '-O2 -static'; do
    "$CROSS_CC" -w $flags -Wl,--build-id -o old tails.c && "$CROSS_CC" -w $flags -DNEW -DMORE -Wl,--build-id -o new tails.c || exit 1
    lpdiff -o p old new 2>err
    is "$(run -P p ./old)" "$(run ./new)" "a text of which another one is the tail, and one in front, with symbols, $flags"
done

# ---- a long text that code refers to in very many places ----
cat >cuts.c <<'C'
#include <stdio.h>
static const char text[] = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen and on";
const char *whole = text;
#define SAY(i) puts(text + 4 * (i));
#define FOUR(i) SAY(i) SAY(i + 1) SAY(i + 2) SAY(i + 3)
int main(void) { FOUR(1) FOUR(5) FOUR(9) FOUR(13) FOUR(17) FOUR(21) FOUR(25) puts(whole); return 0; }
C
for flags in '-fno-pie -no-pie' '-fPIE -pie'; do
    "$CROSS_CC" -w -O1 $flags -s -Wl,--build-id -o cuts cuts.c || exit 1
    is "$(lpdiff cuts cuts 2>&1)" "" "a text in many parts and itself, $flags"
done

# ---- a new variable without a name, in a gap in front of another one that only a function uses which changed ----
cat >gap.c <<'C'
#include <stdio.h>
static long first = 5;
#ifdef NEW
static int fresh = 7;
__attribute__((noinline)) int count(int x) { return fresh += x; }
#endif
static int numbers[16] __attribute__((aligned(16))) = {3, 1, 4};
static int last = 9;
__attribute__((noinline)) int sum(const int *v) { return v[0] + 2 * v[1] + 3 * v[15]; }
__attribute__((noinline)) int step(int x)
{
    numbers[x & 15] += x;
#ifdef NEW
    numbers[(x + 1) & 15] ^= count(x);
#endif
    return sum(numbers);
}
__attribute__((noinline)) int other(int x) { return (last += x) + (int)(first ^= x); }
int main(void)
{
    for (int i = 0; i < 20; i++) printf("%d %d\n", step(i), other(i));
    return 0;
}
C
for flags in -O0 '-O2 -fno-toplevel-reorder'; do
    build gap.c $flags
    guessed "a new variable in a gap, $flags" 1 'that the same functions use (1,' E110
done
# Two that are alike might have changed places.
sed 's/^static int last/static int numbers2[16] __attribute__((aligned(16))) = {3, 1, 4};\n&/
    s/return sum(numbers);/return sum(numbers) + 5 * sum(numbers2);/' gap.c >gap2.c
build gap2.c -O0
like "$(lpdiff --heuristic -o p old new 2>&1)" E110 "  not so of two that are alike"

# ---- --map says which variables are which: behind one base, others are at other distances from it, and who uses them is not changed; and a variable that is
# a field of what grew does not end where the new one does ----
cat >mapped.c <<'C'
#include <stdio.h>
static int first;
#ifdef NEW
static int fresh;
#endif
static int second, third;
__attribute__((noinline)) int change(int x)
{
    first += x;
#ifdef NEW
    fresh ^= x;
    return first + fresh;
#else
    return first;
#endif
}
__attribute__((noinline)) int both(int x) { return second += first * x; }
__attribute__((noinline)) int all(int x) { return first + second + (third += x); }
int main(void)
{
    for (int i = 0; i < 9; i++) printf("%d %d %d\n", change(i), both(i), all(i));
    return 0;
}
C
cat >conf.c <<'C'
#include <stdio.h>
struct conf {
    int mode, size;
#ifdef NEW
    int level;
#endif
    char flag;
};
static struct conf conf = {1, 2};
__attribute__((noinline)) struct conf *get(void) { return &conf; }
__attribute__((noinline)) void set_mode(int x) { conf.mode = x; }
#ifdef NEW
__attribute__((noinline)) void set_size(int x, int y) { conf.size = x, conf.level = y; }
#else
__attribute__((noinline)) void set_size(int x, int y) { conf.size = x; }
#endif
__attribute__((noinline)) void set_flag(int x) { conf.flag = x; }
__attribute__((noinline)) int show(int n)
{
    struct conf *c = get();
    for (int i = 0; i < n; i++) printf("%d %d %d\n", c->mode, c->size, c->flag);
#ifdef NEW
    return c->level;
#else
    return n;
#endif
}
int main(void)
{
    set_mode(3), set_size(4, 5), set_flag(6);
    printf("%d\n", show(2));
    return 0;
}
C
# address FILE NAME [OFFSET]: of a variable, before the file was stripped
address() { printf '0x%x' $((0x$(aarch64-linux-gnu-nm "$1.full" | awk -v name="$2" '$3 == name { print $1 }') + ${3:-0})); }
# kept SOURCE FLAGS...: old and new, and both with their symbols
kept()
{
    source=$1
    shift
    "$CROSS_CC" -w "$@" -Wl,--build-id -o old.full "$source" && "$CROSS_CC" -w "$@" -DNEW -Wl,--build-id -o new.full "$source" || exit 1
    aarch64-linux-gnu-strip -o old old.full && aarch64-linux-gnu-strip -o new new.full || exit 1
}
kept mapped.c -O2
maps="--map $(address old second)=$(address new second) --map $(address old third)=$(address new third)"
lpdiff --heuristic $maps --summary old new >out 2>/dev/null
is "$(grep -c '^changed' out)" 1 'a new variable between those that --map names: one function changed'
for flags in -O2 -Os; do
    kept conf.c $flags
    lpdiff --heuristic --map "$(address old conf 4)=$(address new conf 4)" -o p old new 2>err
    like "$(cat err)" 'E110.*how much of the data' "a field that --map names, and another one behind it, $flags"
done

# ---- pointers to texts beside one another, of which one changed: none is the end of the one in front of it ----
cat >types.c <<'C'
#include <stdio.h>
#ifdef NEW
#define WHAT "Key Exchange" + 6
#else
#define WHAT "Key Exchange"
#endif
struct type { long number; const char *name, *what; };
static const struct type types[] = {{1, "KX", WHAT}, {2, "CERT", "Certificate"}, {3, "A", "Address"}};
__attribute__((noinline)) const struct type *find(int n) { return &types[n % 3]; }
int main(void)
{
    for (int i = 0; i < 3; i++) printf("%ld %s %s\n", find(i)->number, find(i)->name, find(i)->what);
    return 0;
}
C
for flags in -O2 -Os; do
    build types.c $flags
    patched "a pointer to the middle of a text, $flags" 0
done

# ---- rows of one table that lead to one another, and get a member: all of it comes along, though each row is cut off ----
cat >rows.c <<'C'
#include <stdio.h>
struct row {
#ifdef NEW
    long flag;
#endif
    long number;
    const struct row *next;
};
static const struct row rows[] = {{.number = 3}, {.number = 2, .next = &rows[0]}, {.number = 4, .next = &rows[1]}};
__attribute__((noinline)) const struct row *find(int n)
{
    for (unsigned i = 0; i < 3; i++)
        if (rows[i].number == n) return &rows[i];
    return 0;
}
int main(void) { return printf("%ld %ld\n", find(2)->next->number, find(4)->next->next->number); }
C
for flags in -O0 -O2 '-O0 -fno-pie -no-pie' '-O1 -fno-pie -no-pie' '-O2 -fno-pie -no-pie'; do
    build rows.c $flags
    patched "rows that lead to one another, $flags" 2
done

tap_done
