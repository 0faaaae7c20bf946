#!/bin/sh
# Objects beside one another, and a new one between two of them: an address at the end of one is the start of the next. Which of the two is meant shows what
# gets it; where nothing does, there is no patch.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers
flags='-fno-section-anchors -fno-toplevel-reorder'
# build OUT SOURCE FLAG...
build()
{
    out=$1 source=$2
    shift 2
    [ "$cc" = with_clang ] || set -- $flags "$@" # by which each object is by itself
    $cc $opt -Wl,--build-id "$@" -o "$out" "$source" || not_ok "compile $source"
}
# as_new DIR PROGRAM: with r.lpatch, of DIR.old's library, the program does what it does with DIR.new's
as_new() { is "$(LD_LIBRARY_PATH=$1.old run -P r.lpatch "./$2")" "$(LD_LIBRARY_PATH=$1.new run "./$2")" "  and it is right"; }
# patched NAME DIR LIBRARY PROGRAM: there is a patch of DIR.old/LIBRARY, and it is right
patched()
{
    lpdiff "$2.old/$3" "$2.new/$3" >r.lpatch 2>err
    is "$?$(cat err)" 1 "$1: there is a patch"
    as_new "$2" "$4"
}

# ---- one more of several of a kind ----
cat >kind.c <<'C'
#include <stdio.h>
struct kind { int (*f)(int); int k; const char *name; };
static int inc(int n) { return n + 1; }
static int dbl(int n) { return n * 2; }
static int dec(int n) { return n - 3; }
static CONST struct kind first = {inc, 1, "first"};
#ifdef NEW
static CONST struct kind between = {dec, 9, "between"};
#endif
static CONST struct kind last = {dbl, 2, "last"};
__attribute__((noinline)) int use(const struct kind *o, int n) { printf("%s\n", o->name); return o->f(n) + o->k; }
__attribute__((noinline)) int go(int i, int n)
{
    if (i == 0) return use(&first, n);
#ifdef NEW
    if (i == 2) return use(&between, n);
#endif
    return use(&last, n);
}
int main(void) { for (int i = 0; i < 3; i++) printf("%d\n", go(i, dec(i + 5))); return 0; }
C
for cc in $compilers; do
    for opt in '-O0' '-O2' '-Os -Wl,-q' '-O2 -fno-pie -no-pie'; do
        for const in const ''; do
            build kind.old kind.c "-DCONST=$const" && build kind.new kind.c "-DCONST=$const" -DNEW
            lpdiff kind.old kind.new >r.lpatch 2>err
            is "$?$(cat err)" 1 "$cc $opt, one more ${const:-variable}: there is a patch"
            is "$(run -P r.lpatch ./kind.old)" "$(run ./kind.new)" "  and it is right"
        done
    done
done

# ---- the end of an array, where a new object begins ----
cat >end.c <<'C'
#include <stdio.h>
static const int some[] = {1, 2, 3, 4};
#ifdef NEW
static const int fresh[] = {70, 80, 90, 100};
#endif
static const int more[] = {5, 6, 7, 8};
static const int *from;
__attribute__((noinline)) void range(const int *p, const int *end) { int n = 0; while (p < end) n += *p++; printf("%d\n", n); }
__attribute__((noinline)) void mark(const int *p) { if (from) range(p < from ? p : from, p < from ? from : p), from = 0; else from = p; }
struct ends { const int *p, *end; };
__attribute__((noinline)) void both(struct ends *e) { range(e->p, e->end); }
#if WAY == 1
#define WALK(a) range(a, a + 4)
#elif WAY == 2
#define WALK(a) mark(a + 4), mark(a)
#else
#define WALK(a) both(&(struct ends){a, a + 4})
#endif
__attribute__((noinline)) void go(int i)
{
    WALK(some);
#ifdef NEW
    printf("%d\n", fresh[i & 3]);
#endif
}
__attribute__((noinline)) void other(int i)
{
    printf("%d\n", more[i & 3]);
#ifdef NEW
    WALK(fresh);
#endif
}
int main(int argc, char **argv) { go(argc); other(argc); return 0; }
C
for cc in $compilers; do
    for opt in '-O0' '-O2' '-O1 -Wl,-q'; do
        for way in 1 2 3; do
            build end.old end.c -DWAY=$way && build end.new end.c -DWAY=$way -DNEW
            lpdiff end.old end.new >r.lpatch 2>err
            rc=$?
            want=$(run ./end.new)
            [ $rc = 2 ] && got="refused" || got=$(run -P r.lpatch ./end.old)
            if [ "$got" = refused ]; then
                got=$(grep -o 'E1[0-9]*' err | sort -u | paste -s -d ' ')
                want=$(echo "$got" | grep -x -e 'E148' -e 'E148 E181' -e E181)
            fi
            is "$got" "$want" "$cc $opt, way $way to have both ends: right, or none"
        done
    done
done

# ---- a table of distances of labels, which new bodies have a copy of, and constants that the same base reaches ----
cat >labels.c <<'C'
#include <stdio.h>
__attribute__((noinline)) int f(int n)
{
    { static int seen[16]; seen[n & 15]++; n += seen[n >> 2 & 15]; }
    static const int way[] = {&&add - &&add, &&turn - &&add, &&less - &&add};
    goto *(&&add + way[(n & 255) % 3]);
add: n += 409; goto end;
turn: n ^= 534; goto end;
less: n -= 3;
end:;
#ifdef NEW
    printf("%d\n", n);
#endif
    { static const int step[] = {588, 385, 771}; for (const int *p = step; p < step + 3; p++) n = n * 3 + *p; }
    return n;
}
int main(void) { for (int i = 0; i < 5; i++) printf("%d\n", f(i)); return 0; }
C
flags=
for cc in $compilers; do
    for opt in '-O0' '-O1' '-O2' '-O2 -Wl,-q' '-Os' '-O2 -fno-pie -no-pie'; do
        build labels.old labels.c && build labels.new labels.c -DNEW
        lpdiff labels.old labels.new >r.lpatch 2>err
        is "$?$(cat err)" 1 "$cc $opt, constants behind a table of labels: there is a patch"
        is "$(run -P r.lpatch ./labels.old)" "$(run ./labels.new)" "  and it is right"
    done
done

# ---- a stripped library with a variable that it exports: that one has a symbol, and arrays have none ----
cat >last.c <<'C'
int seen = 1;
__attribute__((noinline)) int walk(int n)
{
    static const int some[] = {345, 387, 97, 11, 27, 93, 41}, more[] = {627, 8, 784, 9, 6, 4, 3};
    for (const int *p = some; p < some + 7; p++) n = n * 3 + *p;
    seen += n;
    for (const int *p = more; p < more + 7; p++) n = n * 3 + *p;
    return n;
}
__attribute__((noinline)) const char *name(int n)
{
#ifdef NEW
    static const int fresh[] = {190, 197, 201, 207, 8, 7, 5};
    for (int i = 0; i < 7; i++) n ^= fresh[i] >> (n & 1);
#endif
    return n & 1 ? "odd" : "even";
}
C
cat >use.c <<'C'
#include <stdio.h>
extern int seen;
int walk(int);
const char *name(int);
int main(void) { printf("%d %s %d\n", walk(3), name(4), seen); return 0; }
C
for cc in $compilers; do
    for opt in '-O1' '-O2' '-Os'; do
        for side in old new; do
            mkdir -p last.$side
            build last.$side/libl.so last.c -fPIC -shared -s -Wl,-soname,libl.so $([ $side = old ] || echo -DNEW)
        done
        $cc -o last use.c last.old/libl.so || not_ok 'compile use.c'
        is "$(lpdiff --summary last.old/libl.so last.new/libl.so 2>&1 | sed '/^data /d; s/[ :].*//' | sort -u)" changed "$cc $opt, new data behind the end of an array: a change"
        lpdiff last.old/libl.so last.new/libl.so >r.lpatch 2>err
        # Where GCC counts the steps of a loop, and keeps no end, nothing says that the array goes no farther: it may have grown, and walk() comes along.
        like "$?$(cat err)$(grep -c -e '^@ walk' -e '^func walk' r.lpatch)" '^1[01]$' "  of the function that uses it, and perhaps of that which uses what is in front"
        as_new last last
    done
done

# ---- the same with names: another constant behind the array, and a call that does not come back at the end of the function ----
cat >stop.c <<'C'
#include <stdio.h>
#include <stdlib.h>
__attribute__((noinline)) int step(int n)
{
    static const int part[] = {67, 323, 930, 17, 31, 34, 64, 77};
    if (n == 0x76831167) abort();
    for (const int *p = part; p < part + 8; p++) n = n * 3 + *p;
    if (n == 0x72589604) abort();
    return n;
}
__attribute__((noinline)) int get(int n)
{
#ifdef NEW
    static const double fresh[] = {3.5, 7.25, 1e9, 8.5};
    return (int)fresh[n & 3];
#else
    static const int before[] = {3, 7, 9, 7};
    return before[n & 3];
#endif
}
int main(int argc, char **argv) { printf("%d %d %d\n", step(argc), get(argc), get(argc + 2)); return 0; }
C
for cc in $compilers; do
    for opt in '-O1' '-O2' '-Os' '-O2 -Wl,-q'; do
        build stop.old stop.c && build stop.new stop.c -DNEW
        fix "$cc $opt, other data behind the end of an array" stop.old stop.new get
    done
done

# ---- a base that is kept in a register over the call which finds a thread-local variable ----
cat >mine.c <<'C'
static __thread int mine = 4;
#ifdef NEW
static int fresh[] = {533, 12, 13};
__attribute__((noinline)) static int *get_fresh(void) { return fresh; }
#endif
static int count = 1, other = 2;
__attribute__((noinline)) int put(int n) { mine += n; return mine; }
int f(int n)
{
    n = put(n);
    mine += n & 978;
    n += mine;
    count += n & 57;
    n ^= count;
    other += n;
    return n + other;
}
int g(int n)
{
#ifdef NEW
    n += get_fresh()[n & 1];
#endif
    return ++count + n;
}
C
cat >its.c <<'C'
#include <stdio.h>
int f(int), g(int);
int main(void) { for (int i = 0; i < 4; i++) printf("%d %d\n", f(i), g(i)); return 0; }
C
for cc in $compilers; do
    for opt in '-O2' '-O3'; do
        for side in old new; do
            mkdir -p mine.$side
            build mine.$side/libm.so mine.c -fPIC -shared -Wl,-soname,libm.so $([ $side = old ] || echo -DNEW)
        done
        $cc -o its its.c mine.old/libm.so || not_ok 'compile its.c'
        patched "$cc $opt, a new variable in front of others in a library" mine libm.so its
    done
done

# ---- a load that moves its base on, into the next variable: so clang -Oz makes the address of that one ----
cat >on.c <<'C'
#include <stdio.h>
int inc(int n) { return n + 1; }
__attribute__((noinline)) int sum(const int *p, int n) { int x = 0; while (n--) x = x * 5 + *p++; return x; }
static int list[] = {1, 2, 3};
__attribute__((noinline)) int f(int n)
{
#ifdef NEW
    static int (*volatile hook)(int) = inc;
    n += hook(23);
#endif
    return n + sum(list, 3);
}
__attribute__((noinline)) void set(int n) { list[n & 1]++; }
int main(int argc, char **argv) { set(argc); printf("%d\n", f(argc)); return 0; }
C
for cc in $compilers; do
    for opt in '-Os' $([ $cc = with_gcc ] || echo -Oz); do
        build on.old on.c && build on.new on.c -DNEW
        lpdiff on.old on.new >r.lpatch 2>err
        if [ $? = 2 ]; then
            is "$(grep -o 'E1[0-9]*' err)" E181 "$cc $opt, a new variable in front of another one: refused"
        else
            is "$(run -P r.lpatch ./on.old)" "$(run ./on.new)" "$cc $opt, a new variable in front of another one: right"
        fi
    done
done
# the same in code by hand, which does not change, and reaches another variable now
cat >hand.c <<'C'
#include <stdio.h>
long first(void);
__asm__(".text\n .balign 4\n .type first, %function\nfirst: adrp x1, one\n add x1, x1, :lo12:one\n ldr x0, [x1], #8\n ldr x2, [x1]\n mov x1, xzr\n add x0, x0, x2\n ret\n .size first, .-first\n"
        ".data\n .balign 8\n .type one, %object\n .size one, 8\none: .xword 4\n" BETWEEN
        " .type two, %object\n .size two, 8\ntwo: .xword 5\n .previous\n");
int main(void) { printf("%ld\n", first()); return 0; }
C
for cc in $compilers; do
    opt=-O1
    build hand.old hand.c '-DBETWEEN=""' && build hand.new hand.c '-DBETWEEN=" .type mid, %object\n .size mid, 8\nmid: .xword 70\n"'
    is "$(lpdiff --summary hand.old hand.new 2>/dev/null | grep -o '^changed *first')" 'changed   first' "$cc, a base that is moved on into another variable than before: a change"
done

# ---- two variables without names that are alike, and may have changed their places: who uses them tells, or it is said that nothing does ----
cat >alike.c <<'C'
#include <stdio.h>
static int FIRST, SECOND;
static long third;
__attribute__((noinline)) int f(int n)
{
    one += n;
    if (n > 3) two += one * 2;
#ifdef NEW
    if (n & 1) one ^= n * 77;
#endif
    return one * 5 - two;
}
__attribute__((noinline)) int g(int n)
{
#ifdef NEW
    n ^= 5;
    if (n & 4) G ^= n * 7;
#endif
    G += n;
    return (int)G * 3;
}
int main(int argc, char **argv) { for (int i = 0; i < 9; i++) printf("%d %d\n", f(i), g(i)); return 0; }
C
build() { out=$1; shift; "$CROSS_CC" -w -O1 -fno-section-anchors -fno-toplevel-reorder -rdynamic -s "$@" -Wl,--build-id -o "$out" alike.c; }
straight='-DFIRST=one -DSECOND=two' crossed='-DFIRST=two -DSECOND=one'
for other in two third; do
    build alike.old $straight -DG=$other && build alike.new $straight -DG=$other -DNEW || exit 1
    lpdiff --heuristic alike.old alike.new >r.lpatch 2>err
    is "$? $(grep -c 'that are alike' err)" "1 $([ $other = two ] && echo 0 || echo 1)" "variables that are alike, and another function has $other: there is a patch, and it is said if it is a guess"
    is "$(run -P r.lpatch ./alike.old)" "$(run ./alike.new)" "  and it is right"
done
build alike.old $straight -DG=two && build alike.new $crossed -DG=two -DNEW || exit 1
lpdiff --heuristic alike.old alike.new >r.lpatch 2>err
is "$? $(grep -c 'the same functions use (2,' err)" "1 1" "two that have changed their places: by who uses them, which is said"
is "$(run -P r.lpatch ./alike.old)" "$(run ./alike.new)" "  and it is right"
lpdiff alike.old alike.new >out 2>err
is "$?$(cat out)" 2 "  else refused"
like "$(cat err)" "E110" "  with E110"

# ---- thread-local variables by way of pairs of words, of which only the first has a relocation ----
cat >pairs.c <<'C'
static __thread int one = 4;
static __thread int pad[20];
int f(int n)
{
#ifdef NEW
    n ^= 5;
    pad[n & 15] += n;
    n += one * 7;
#else
    one += n;
    n += pad[n & 15] * 5;
#endif
    return n;
}
int g(int n) { one += n; pad[n & 15] += one; return pad[3] + one; }
C
printf '#include <stdio.h>\nint f(int), g(int);\nint main(void) { for (int i = 0; i < 9; i++) printf("%%d %%d\\n", f(i), g(i)); return 0; }\n' >by.c
for side in old new; do
    mkdir -p pairs.$side
    "$CROSS_CC" -w -O2 -mtls-dialect=trad -fno-section-anchors -fPIC -shared -Wl,-soname,libp.so,--build-id $([ $side = old ] || echo -DNEW) -o pairs.$side/libp.so pairs.c || exit 1
done
"$CROSS_CC" -w -o by by.c pairs.old/libp.so || exit 1
patched "thread-local variables by pairs of words" pairs libp.so by

# ---- one base for constants that are new and one that is not: they come along in one piece, if nobody else gets the old one's address ----
cat >assert.c <<'C'
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
static const int power[] = {1, 10, 100, 1000, 10000, 100000};
typedef struct { unsigned long f; int e; } number;
#ifdef KEEP
const int *volatile kept = power;
#endif
static number minus(number x, number y)
{
    assert(x.e == y.e);
    return (number){x.f - y.f, x.e};
}
static number norm(number in)
{
#ifdef NEW
    static int count;
    count++;
    assert(count < 10000000);
    if (count == 1) printf("%s: %d\n", __func__, count);
#endif
    while (!(in.f & 1ul << 40)) in.f <<= 1, in.e--;
    return in;
}
__attribute__((noinline)) int use(unsigned long a, int b)
{
    number x = {a, b}, y = norm(x), z = {1ul << 39, y.e}, w = minus(y, z);
    return (int)(w.f >> 20) * power[b & 3] + w.e;
}
int main(void)
{
    for (int i = 1; i < 6; i++) printf("%d\n", use((unsigned long)i * 77777, i));
    return 0;
}
C
for cc in $compilers; do
    for how in -O2 '-O2 -Wl,-q' '-O2 -fno-pie -no-pie' -Os '-Os -fno-section-anchors'; do
        [ "$cc$how" != 'with_clang-Os -fno-section-anchors' ] || continue
        make() { out=$1; shift; $cc $how -Wl,--build-id "$@" -o "$out" assert.c || not_ok "compile assert.c"; }
        make assert.old && make assert.new -DNEW && fix "$cc $how, an assertion" assert.old assert.new use
    done
done
"$CROSS_CC" -O2 -Wl,--build-id -DKEEP -o assert.old assert.c && "$CROSS_CC" -O2 -Wl,--build-id -DKEEP -DNEW -o assert.new assert.c || exit 1
fix "an assertion, and a pointer has the old one's address" assert.old assert.new use
# ---- the end of an array that nothing but padding is behind, in another order of what is around it ----
cat >pad.c <<'C'
#include <stdio.h>
int sum(int), other(int);
#define OBJECT(name, what) " .p2align 3\n .type " #name ", %object\n" #name ": " what "\n .size " #name ", .-" #name "\n"
#define W OBJECT(w, ".dword 4, 5, 6, 7, 8, 9, 10")
#define Y OBJECT(y, ".dword 4, 5, 6, 7, 8")
__asm__(".section .rodata\n" OBJECT(x, ".dword 1, 2, 3") FRONT OBJECT(tab, ".word 9, 8, 7, 6, 5, 4, 3, 2, 1, 2, 3, 4, 5") BACK ".text\n"
        " .globl sum\n .type sum, %function\nsum: adrp x3, x\n add x3, x3, :lo12:x\n add x3, x3, #(tab - x)\n b 2f\n1: ldr w1, [x3], #4\n"
        " add w0, w1, w0, lsl #1\n2: adrp x2, x\n add x2, x2, :lo12:x\n add x2, x2, #(tab - x + 52)\n cmp x3, x2\n b.ne 1b\n ret\n .size sum, .-sum\n"
        " .globl other\n .type other, %function\nother: adrp x3, w\n add x3, x3, :lo12:w\n ldr w1, [x3, #8]\n adrp x3, y\n add x3, x3, :lo12:y\n"
        " ldr w2, [x3, #16]\n adrp x3, x\n ldr w3, [x3, :lo12:x]\n add w0, w0, w1\n add w0, w0, w2\n add w0, w0, w3\n ret\n .size other, .-other\n");
__attribute__((noinline)) int fixed(int n) { return n FIX; }
int main(void) { for (int i = 0; i < 9; i++) printf("%d %d %d\n", sum(i), other(i), fixed(i)); return 0; }
C
for how in '-no-pie -fno-pie' '-pie -fpie'; do
    build() { out=$1; shift; "$CROSS_CC" -w -O1 $how "$@" -Wl,--build-id -o "$out" pad.c; }
    build e.old -DFRONT=Y -DBACK=W -DFIX= && build e.new -DFRONT=W -DBACK=Y '-DFIX=*3' || exit 1
    fix "$how: an end with padding behind it" e.old e.new fixed
done

# ---- an index from in front of an array, over a text: words are read there ----
cat >front.c <<'C'
#include <stdio.h>
int sum(int);
__asm__(".section .rodata\n .p2align 3\n.Lk: .asciz \"kappa\"\n.Lm: .asciz \"mu zeta\"\n .p2align 3\n .type tab, %object\n"
        "tab: .quad 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12\n .size tab, .-tab\n.text\n"
        " .globl sum\n .type sum, %function\nsum: adrp x3, " BASE "\n add x3, x3, :lo12:" BASE "\n mov x2, #0\n1: add x2, x2, #24\n cmp x2, #0x60\n b.eq 2f\n"
        " ldr w4, [x3, x2]\n add w0, w4, w0, lsl #1\n b 1b\n2: " BODY "ret\n .size sum, .-sum\n"
        " .globl say\n .type say, %function\nsay: cbz w0, 1f\n adrp x0, .Lk\n add x0, x0, :lo12:.Lk\n b puts\n1: adrp x0, .Lm\n add x0, x0, :lo12:.Lm\n b puts\n .size say, .-say\n");
void say(int);
int main(void) { say(0); say(1); for (int i = 0; i < 9; i++) printf("%d\n", sum(i)); return 0; }
C
for how in '-no-pie -fno-pie' '-pie -fpie'; do
    build() { out=$1; shift; "$CROSS_CC" -w -O1 $how "$@" -Wl,--build-id -o "$out" front.c; }
    build t.old '-DBODY=""' '-DBASE="tab-8"' && build t.new '-DBODY="add w0, w0, #5\n mvn w0, w0\n"' '-DBASE="tab-12"' || exit 1
    fix "$how: an index from in front of an array" t.old t.new sum
    is "$(sed -n 's/^data .* size \([0-9]*\) .*/\1/p' fix.lpatch)" 108 "$how: all of the array comes along, if anything"
done
tap_done
