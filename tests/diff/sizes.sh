#!/bin/sh
# Data that changed its size, which is a part of what it is, and other data that must be beside the old one.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers
# refused NAME IDS OLD NEW: for these reasons alone
refused()
{
    lpdiff "$3" "$4" >out 2>err
    is "$?$(cat out)" 2 "$1: refused"
    found=$(sed -n 's/^lpdiff: [^:]*: \(E[0-9]*\): .*/\1/p' err | sort -u | paste -s -d ' ')
    for id in $found none; do case " $2 " in *" $id "*) ;; *) break ;; esac; done
    if [ "$found" ] && [ "$id" = none ]; then ok "  with $2 alone"; else not_ok "  with $2 alone"; note <err; fi
}

# ---- a variable that grew: what was behind it in the old file is not its own ----
cat >last.c <<'C'
static int first = 3;
static char buffer[SIZE]; /* in the middle of it is what crtstuff.c takes for the end of .data */
__attribute__((noinline)) const char *put(const char *s)
{
    unsigned i;
    for (i = 0; s[i] && i < SIZE - 1; i++) buffer[i] = s[i];
    buffer[i] = 0;
    first++;
    return buffer;
}
int count(void) { return first; }
C
for cc in $compilers; do
    for flags in '-O0' '-O0 -s' '-O2' '-O2 -s' '-Os' '-Os -s' '-Os -s -Wl,-q'; do
        $cc $flags -shared -fPIC -Wl,--build-id -DSIZE=16 -o l.old last.c && $cc $flags -shared -fPIC -Wl,--build-id -DSIZE=200000 -o l.new last.c || exit 1
        refused "$cc $flags: the last variable grew" "E110 E120 E148" l.old l.new
    done
done

# ---- a constant that grew: the new one comes along, and who uses the old one uses it ----
cat >table.c <<'C'
#include <stdio.h>
static int one(int x) { return x + 1; }
static int two(int x) { return x * 3; }
#if MORE > 0
static int three(int x) { return x * x - 1; }
#endif
static const int numbers[] = {3, 1, 4, 1, 5,
#if MORE > 0
    9, 2,
#endif
};
static const int others[] = {100, 200, 300, 400};
static const struct { const char *name; int (*fn)(int); } list[] = {{"one", one}, {"two", two},
#if MORE > 0
    {"three", three},
#endif
};
static const int *const of_constants[] = {others, numbers};
#define COUNT(x) (sizeof x / sizeof *x)
__attribute__((noinline)) int sum(int n) { for (const int *p = numbers; p < numbers + COUNT(numbers); p++) n += *p; return n; }
__attribute__((noinline)) int beside(int n) { return others[n & 3] + n; }
__attribute__((noinline)) int call(int n) { return list[n % COUNT(list)].fn(n); }
__attribute__((noinline)) const char *name(int n) { return list[n % COUNT(list)].name; }
__attribute__((noinline)) const char *word(unsigned n)
{
    static const char *const words[] = {"a", MORE < 0 ? "cc" : "bb",
#if MORE > 0
        "ccc", "dddd",
#endif
    };
    return words[MORE < 0 && n == 3 ? 0 : n % COUNT(words)];
}
__attribute__((noinline)) int far(int n) { return of_constants[n & 1][n & 3]; }
int main(void)
{
    for (int i = 0; i < 6; i++) printf("%d %d %d %s %s %d\n", sum(i), beside(i), call(i), name(i), word(i), far(i));
    return 0;
}
C
for cc in $compilers; do
    for flags in '-O0' '-O2 -fPIE -pie' '-O1 -fPIC -static-pie' '-Os' '-O2 -no-pie -fno-pie' '-O2 -Wl,-q' '-Os -static'; do
        build() { out=$1; shift; $cc $flags -Wl,--build-id "$@" -o "$out" table.c; }
        how="$cc $flags" becomes=
        [ $cc = with_clang ] || flags="$flags -fno-section-anchors"
        build t.old -DMORE=0 && build t.new -DMORE=1 && build t.text -DMORE=-1 || exit 1
        case "$cc $flags" in # clang adds the size to the address; and an address may be where one constant ends or the next one begins
        'with_clang -O0') reasons="E120 E148" ;;
        *no-pie* | *-static*) reasons=E120 ;;
        *) reasons= ;;
        esac
        if [ "$reasons" ]; then
            may "$how: constants that grew" "$reasons" t.old t.new
        else
            becomes "$how: constants that grew" t.old t.new
            is "$(grep -c -e '^func beside' -e '^@ beside' p.lpatch)" 0 "  who uses the constant behind one of them only is not in the patch"
            becomes "$how: constants that shrank" t.new t.old
        fi
        becomes "$how: one that changed, with the code that uses it" t.old t.text
        "${CROSS_CC%gcc}strip" t.old t.new t.text
        becomes=--heuristic
        may "$how, stripped: constants that grew" "E110 E121 E147 E148 E181" t.old t.new
        may "$how, stripped: constants that shrank" "E110 E121 E147 E148 E181" t.new t.old
        may "$how, stripped: one that changed, with the code that uses it" "E110 E121 E147 E148 E181" t.old t.text
    done
done

# What others find by its name, or by a word that they have, is where it was.
cat >shared.c <<'C'
#include <stdio.h>
EXPORT const int shared[SIZE] = {1, 2, 3};
static const int pointed[SIZE] = {4, 5, 6};
const int *volatile pointer = POINTER;
__attribute__((noinline)) int use(void) { return shared[SIZE - 1] + pointed[SIZE - 2] + pointer[SIZE - 3] + SIZE; }
int main(void) { printf("%d\n", use()); return 0; }
C
for cc in $compilers; do
    for flags in -O0 -O2; do
        build() { out=$1; shift; $cc $flags -fPIC "$@" -Wl,--build-id -o "$out" shared.c; }
        build s.old -shared -DEXPORT= -DPOINTER=0 -DSIZE=3 && build s.new -shared -DEXPORT= -DPOINTER=0 -DSIZE=5 || exit 1
        refused "$cc $flags: a constant that others see" E120 s.old s.new
        build s.old -pie -DEXPORT=static -DPOINTER=pointed -DSIZE=3 && build s.new -pie -DEXPORT=static -DPOINTER=pointed -DSIZE=5 || exit 1
        refused "$cc $flags: a constant that a variable leads to" "E120 E121" s.old s.new # E120: or to its end
        becomes=--data
        may "$cc $flags: the same with --data" E120 s.old s.new
    done
done

# Nor is it known whether the address where it ends is meant to be that, or what begins there.
cat >ends.c <<'C'
#include <stdio.h>
#include <string.h>
static const char *const names[] = {"a", "bb",
#ifdef FIX
    "ccc", "dddd",
#endif
};
struct range { const char *const *from, *const *to; };
#define END (names + sizeof names / sizeof *names)
#ifdef CODE
__attribute__((noipa)) const char *const *from(void) { return names; }
__attribute__((noipa)) const char *const *to(void) { return END; }
static const char *const behind[] = {"x", "y"};
#else
static const struct range all = {names, END};
static const struct range *const ranges[] = {&all};
#endif
__attribute__((noipa)) int count(const struct range *r)
{
    int n = 0;
    for (const char *const *p = r->from; p < r->to; p++) n += strlen(*p);
    return n;
}
int main(int argc, char **argv)
{
#ifdef CODE
    struct range r = {from(), to()};
    printf("%d %s\n", count(&r), behind[argc & 1]);
#else
    printf("%d\n", count(ranges[argc - 1]));
#endif
    return 0;
}
C
for cc in $compilers; do
    for flags in -O0 -O2 '-O2 -DCODE' '-O2 -fno-toplevel-reorder -DCODE' '-O2 -Wl,-q' '-O2 -no-pie -fno-pie'; do
        case "$cc $flags" in with_clang*reorder*) continue ;; esac
        build() { out=$1; shift; $cc $flags "$@" -Wl,--build-id -o "$out" ends.c; }
        build d.old && build d.new -DFIX || exit 1
        becomes=
        may "$cc $flags: the end of a constant that grew" "E120 E147 E148" d.old d.new
    done
    # Without names nothing tells the end from what begins there.
    for flags in -O0 '-O0 -DCODE' -O2 '-O2 -fno-toplevel-reorder -DCODE' '-O1 -no-pie -fno-pie' '-Os -no-pie -fno-pie -DCODE'; do
        case "$cc $flags" in with_clang*reorder*) continue ;; esac
        $cc $flags -s -Wl,--build-id -o d.old ends.c && $cc $flags -s -DFIX -Wl,--build-id -o d.new ends.c || exit 1
        becomes=--heuristic
        may "$cc $flags, stripped: the end of a constant that grew" "E147 E148 E181" d.old d.new
        may "$cc $flags, stripped: the end of a constant that shrank" "E110 E121 E147 E148 E181" d.new d.old
    done
done

# What is done already is no advice, of a stripped file, either.
with_gcc -O2 -Wl,-q,--build-id -o d.full ends.c && "${CROSS_CC%gcc}strip" --strip-unneeded -o d.old d.full &&
    with_gcc -O2 -DFIX -Wl,-q,--build-id -o d.new ends.c || exit 1
lpdiff --heuristic d.old d.new >p.lpatch 2>err
is "$? $(sed -n 's/.*: \(E[0-9]*\): .*/\1/p' err)" "2 E148" "relinked already: refused"
like "$(cat err)" 'hint: give both files with their symbols (--debug, of a stripped one); or compile the source files that changed, only those, with -fno-section-anchors$' "  the hint"

# The same of texts and numbers behind one another, handed on in one function or by two; and of an array that is new.
cat >both_ends.c <<'C'
#include <stdio.h>
#include <string.h>
static const char words[] = "red\0green\0"
#ifdef FIX
    "blue\0white\0"
#endif
    ;
static const char behind[] = "x\0y\0";
static const short first[] = {1, 2, 3,
#ifdef FIX
    4, 5, 6
#endif
};
static const short second[] = {7, 8, 9};
static int kept[4], more[4];
__attribute__((noipa)) const char *from(void) { return words; }
__attribute__((noipa)) const char *to(void) { return words + sizeof words - 1; }
__attribute__((noipa)) const char *other(void) { return behind; }
__attribute__((noipa)) int count(const char *p, const char *e) { int n = 0; for (; p < e; p += strlen(p) + 1) n++; return n; }
__attribute__((noipa)) int sum(const short *p, const short *e) { int n = 0; while (e > p) n = n * 2 + *--e; return n; }
__attribute__((noipa)) int one(void) { return sum(first, first + sizeof first / sizeof *first); }
__attribute__((noipa)) int two(void) { return sum(second, second + sizeof second / sizeof *second); }
__attribute__((noipa)) int keep(int i) { return kept[i]++ + more[i]--; }
#ifdef FIX
static int fresh[8];
__attribute__((noipa)) static int fill(int *p, int *e) { int n = 0; while (p < e) *p++ = n++; return n; }
#endif
__attribute__((noipa)) int work(int i)
{
#ifdef FIX
    return fill(fresh, fresh + 8) + fresh[i];
#else
    return i;
#endif
}
int main(int argc, char **argv)
{
    printf("%d %s %d %d\n", count(from(), to()), other(), one(), two());
    printf("%d %d\n", work(argc), keep(argc));
    return 0;
}
C
for cc in $compilers; do
    for flags in -O0 -O2 -Os '-O2 -fno-toplevel-reorder' '-O2 -no-pie -fno-pie'; do
        case "$cc $flags" in with_clang*reorder*) continue ;; esac
        $cc $flags -s -Wl,--build-id -o h.old both_ends.c && $cc $flags -s -DFIX -Wl,--build-id -o h.new both_ends.c || exit 1
        becomes=--heuristic
        may "$cc $flags, stripped: both ends of arrays" "E110 E121 E147 E148 E181" h.old h.new
        may "$cc $flags, stripped: both ends of arrays that shrank" "E110 E121 E147 E148 E181" h.new h.old
    done
done

# Objects that are there already lead to their tables of virtual functions, which others cannot be put in the place of.
cat >virtual.cc <<'C'
#include <cstdio>
struct shape {
    virtual int area() { return 1; }
#ifdef FIX
    virtual int length() { return 2; }
#endif
};
__attribute__((noinline)) shape *make() { return new shape; }
__attribute__((noinline)) int measure(shape *s)
{
#ifdef FIX
    return s->area() + s->length();
#else
    return s->area();
#endif
}
int main() { printf("%d\n", measure(make())); return 0; }
C
cxx=${CROSS_CC%gcc}g++
if have "$cxx" && "$cxx" -w -O1 -Wl,--build-id -o v.old virtual.cc 2>/dev/null && "$cxx" -w -O1 -DFIX -Wl,--build-id -o v.new virtual.cc; then
    refused "a table of virtual functions that grew" E120 v.old v.new
else
    skip "C++" "no $cxx"
fi

# ---- a new variable in front of the others, behind one section anchor: from its address the old ones cannot be reached ----
cat >front.c <<'C'
#include <stdio.h>
static int count(void) { static int n; return ++n; }
static int more(void) { static int n = 10; return n += 3; }
#ifdef PAD
static long pad[5];
#endif
static int state[3];
static unsigned char seen[6];
__attribute__((noinline)) int first(int n)
{
#ifdef PAD
    pad[n % 5] += n;
    if (pad[n % 5] > 3) return -1;
#endif
    return count() + state[n % 3];
}
__attribute__((noinline)) int second(int n) { state[n % 3] += more(); return state[0]; }
__attribute__((noinline)) const char *third(int n) { if (seen[n]++) return "again"; return n & 1 ? "odd" : "even"; }
int main(void) { for (int i = 0; i < 6; i++) printf("%d %d %s\n", first(i), second(i), third(i)); return 0; }
C
for cc in $compilers; do
    for flags in -O0 -O2 -Os '-O2 -Wl,-q' '-O2 -no-pie -fno-pie' '-O2 -fno-section-anchors'; do
        build() { out=$1; shift; $cc $flags "$@" -Wl,--build-id -o "$out" front.c; }
        case "$cc $flags" in with_clang*anchors) continue ;; with_gcc*-O[2s]*) reasons="E181" ;; *) reasons= ;; esac
        case $flags in *anchors) reasons= ;; esac
        build f.old && build f.new -DPAD || exit 1
        becomes=
        may "$cc $flags: a new variable in front" "$reasons" f.old f.new
        "${CROSS_CC%gcc}strip" f.old f.new
        becomes=--heuristic
        may "$cc $flags, stripped: a new variable in front" "E110 E147 E148 $reasons" f.old f.new
    done
done

# ---- a new array without a name, and one element of it by itself ----
becomes=--heuristic
cat >element.c <<'C'
#include <stdio.h>
#ifdef FIX
static int extra[4];
#endif
static int a, b;
__attribute__((noinline)) int first(int n) { return a += n; }
__attribute__((noinline)) int second(int n) { return b += n * 100; }
__attribute__((noinline)) int both(int n)
{
#ifdef FIX
    extra[n & 3]++;
    return a - b + extra[1];
#else
    return a - b + 1;
#endif
}
int main(int argc, char **argv) { for (int i = 0; i < 3; i++) printf("%d %d %d\n", first(argc), second(argc), both(argc)); return 0; }
C
for cc in $compilers; do
    for flags in -O0 -O2 '-O2 -no-pie -fno-pie'; do
        build() { out=$1; shift; $cc $flags -s "$@" -Wl,--build-id -o "$out" element.c; }
        build n.old && build n.new -DFIX || exit 1
        case "$cc $flags" in
        with_clang*-O2*) becomes "$cc $flags: an element of a new array, stripped" n.old n.new ;;
        *) may "$cc $flags: an element of a new array, stripped" "E110 E148 E181" n.old n.new ;;
        esac
    done
done

# ---- a table of differences of labels, with a name: a new body has one of its own ----
cat >labels.c <<'C'
#include <stdio.h>
__attribute__((noinline)) int interpret(const unsigned char *p, int n)
{
    static const int way[] = {&&more - &&more, &&twice - &&more, &&square - &&more, &&show - &&more, &&end - &&more};
    goto *(&&more + way[*p++]);
more:
    n++;
    goto *(&&more + way[*p++]);
twice:
    n *= 2;
    goto *(&&more + way[*p++]);
square:
#ifdef FIX
    if (n > 3) printf("large %d\n", n - 1);
#endif
    n *= n;
    goto *(&&more + way[*p++]);
show:
    printf("%d\n", n);
    goto *(&&more + way[*p++]);
end:
    printf("end %d\n", n);
    return n;
}
int main(int argc, char **argv)
{
    static const unsigned char words[] = {0, 1, 3, 2, 3, 0, 3, 4};
    printf("%d\n", interpret(words, argc));
    return 0;
}
C
for cc in $compilers; do
    for flags in -O0 -O1 -O2 '-Os -static' '-O2 -no-pie -fno-pie' '-O2 -Wl,-q' '-O2 -ffunction-sections -fdata-sections'; do
        build() { out=$1; shift; $cc $flags "$@" -Wl,--build-id -o "$out" labels.c; }
        build i.old && build i.new -DFIX || exit 1
        becomes=
        case "$cc $flags" in # main() holds the table's address in a register, as a base, over the call
        with_gcc*-fdata-sections | with_gcc*-O[01s]* | with_clang*) becomes "$cc $flags: a table of differences of labels" i.old i.new ;;
        *) may "$cc $flags: a table of differences of labels" E143 i.old i.new ;;
        esac
        "${CROSS_CC%gcc}strip" i.old i.new
        becomes=--heuristic
        may "$cc $flags, stripped: a table of differences of labels" "E110 E148 E181" i.old i.new
    done
done

# ---- an array without a name, of addresses, whose last byte code has the address of: it is one array all the same ----
cat >last_byte.c <<'C'
#include <stdio.h>
typedef int (*fn)(int);
static int one(int x) { return x + 1; }
static int two(int x) { return x * 2; }
#ifdef FIX
static int three(int x) { return x * x; }
#define MORE , three
#else
#define MORE
#endif
static fn const list[] = {one, two MORE};
__attribute__((noinline)) int all(const char *from, const char *last, int n)
{
    for (; from < last; from += sizeof(fn)) printf("%d\n", n = (*(const fn *)from)(n));
    return n;
}
int main(int argc, char **argv) { return all((const char *)list, (const char *)list + sizeof list - 1, argc + 4) & 1; }
C
for cc in $compilers; do
    build() { out=$1; shift; $cc -O2 -no-pie -fno-pie -s "$@" -Wl,--build-id -o "$out" last_byte.c; }
    build e.old && build e.new -DFIX || exit 1
    becomes=--heuristic
    becomes "$cc: an array of addresses that grew, stripped" e.old e.new
done

# ---- ld.lld -q keeps the names .L.str.N of texts that tables of offsets lead to: numbers of the compiler, and one text may have several ----
cat >text.c <<'C'
#include <stdio.h>
#ifdef PART
const char *other(int n) { static const char *const words[] = {"red", "blue", "white"}; return words[n % 3]; }
#else
const char *other(int);
__attribute__((noinline)) const char *colour(int n) { static const char *const words[] = {"green", TEXT}; return words[n & 1]; }
int main(void) { for (int i = 0; i < 4; i++) printf("%s %s\n", other(i), colour(i)); return 0; }
#endif
C
lld() { clang --target=aarch64-linux-gnu -fuse-ld=lld -w -O2 "$@"; }
if [ "$compilers" != with_gcc ] && have ld.lld; then
    build() { out=$1; shift; lld -c "$@" -o text.o text.c && lld -c -DPART -o part.o text.c && lld text.o part.o -Wl,-q,--build-id -o "$out"; }
    build x.old '-DTEXT="red"' && build x.same '-DTEXT="tan"' && build x.long '-DTEXT="crimson"' || exit 1
    for new in x.same x.long; do
        becomes=
        becomes "ld.lld -q, $new: another text" x.old $new
        is "$(grep -c -e '^set ' -e '^@ other' -e '^func other' p.lpatch) $(grep -c '^"' p.lpatch)" "0 1" "  only who uses it is in the patch, and one text"
    done
else
    skip "ld.lld -q" "no clang with ld.lld"
fi
# ---- what is aligned to more in the new file: the address in the old one stays; new data is aligned as it should be ----
cat >aligned.c <<'C'
#include <stdio.h>
#include <stdint.h>
char first = 1;
ALIGNED char one[40] = {2};
ALIGNED char two[40] = {2};
char last = 3;
__attribute__((noinline)) int low(void *p, int n) { __asm__("" : "+r"(p)); return (uintptr_t)p & (n - 1); }
__attribute__((noinline)) int fixed(int n)
{
#ifdef FIX
    static ALIGN(256) char more[300] = {4, 5};
    static ALIGN(65536) char zeros[100];
    more[n] += 3, zeros[n] = 7;
    printf("%d %d %d %d\n", low(more, 256), low(zeros, 65536), more[n], zeros[n]);
#endif
    n += ADD;
    __asm__("" : "+r"(n));
    return n;
}
int main(void) { printf("%d %d\n", fixed(1), fixed(2) + first + one[0] + two[0] + last); return 0; }
C
for cc in $compilers; do
    for how in -O0 '-O1 -no-pie' '-O1 -static -no-pie' '-O1 -Wl,-q'; do
        case $cc in with_gcc) apart=-fno-section-anchors ;; *) apart= ;; esac
        build() { out=$1; shift; $cc $how $apart '-DALIGN(n)=__attribute__((aligned(n)))' "$@" -Wl,--build-id -o "$out" aligned.c; }
        build a.old -DALIGNED= -DADD=1 && build a.add -DALIGNED= -DADD=2 && build a.more '-DALIGNED=ALIGN(64)' -DADD=2 && build a.fix -DALIGNED= -DADD=1 -DFIX || exit 1
        fix "$cc $how: a variable that stays as it is" a.old a.add fixed
        lpdiff a.old a.more >a.out 2>a.err
        is "$?$(cat a.out)" 2 "$cc $how: one that is aligned to more: refused"
        like "$(cat a.err)" 'E124: `\(one\|two\)` is aligned to 64' "  with E124"
        lpdiff a.old a.fix >a.lpatch 2>a.err
        is $? 1 "$cc $how: new variables that are aligned to much"
        is "$(run -P a.lpatch ./a.old)" "$(run ./a.fix)" "  which they are"
        is "$(lpapply -q -o a.file a.old a.lpatch 2>&1; run ./a.file)" "$(run ./a.fix)" "  in the patched file, too"
    done
done

# ---- a byte that begins where a new variable behind it must be aligned ----
cat >first.c <<'C'
#include <stdio.h>
static char small;
#ifdef NEW
static int fresh;
#endif
__attribute__((noinline)) int add(int n)
{
#ifdef NEW
    fresh += n;
    n ^= fresh;
#endif
    return small += n;
}
int main(int argc, char **argv)
{
    int a = add(argc), b = add(7);
    return printf("%d %d\n", a, b) < 0;
}
C
for cc in $compilers; do
    for how in -O0 -O2 '-O2 -no-pie -fno-pie'; do
        $cc $how -Wl,--build-id -o f.old first.c && $cc $how -DNEW -Wl,--build-id -o f.new first.c || exit 1
        becomes "$cc $how: a byte in front of a new variable" f.old f.new
    done
done

# ---- no more is said of it than that new code has an instruction there which needs it ----
cat >strict.c <<'C'
#include <stdio.h>
extern char pair[16];
__asm__(".data\n .balign 16\n .type room, %object\n .size room, 8\nroom: .xword 1\n" MORE " .type pair, %object\n .size pair, 16\npair: .xword 2, 3\n .previous\n");
int main(void)
{
    unsigned long low = 0, high = 0;
#ifdef FIX
    __asm__ volatile("ldaxp %0, %1, [%2]\n clrex" : "=r"(low), "=r"(high) : "r"(pair) : "memory");
#endif
    printf("%d %lu %lu\n", pair[8], low, high);
    return 0;
}
C
for cc in $compilers; do
    build() { out=$1; shift; $cc -O1 -fno-pie -no-pie "$@" -Wl,--build-id -o "$out" strict.c; }
    build p.old '-DMORE=""' && build p.new '-DMORE=".type more, %object\n .size more, 8\nmore: .xword 7\n"' -DFIX || exit 1
    lpdiff p.old p.new >p.out 2>p.err
    is "$?$(cat p.out)" 2 "$cc: an exclusive pair at what is aligned to 8 in the old file: refused"
    like "$(cat p.err)" 'E124: `pair` is aligned to 16' "  with E124"
done

# ---- E120, and what its hint says: with another name, the larger one comes along ----
cat >renamed.c <<'C'
#include <stdio.h>
#ifdef NEW
#define ROOM 9
#else
#define ROOM 4
#define LIST list
#define FOUND found
#endif
static int FOUND[ROOM];
static const int none[] = {9, 8, 0}, LIST[ROOM] = {4, 5, 6}, last[] = {7, 0};
static const struct { const int *p; int n; } all[] = {{none, 1}, {LIST, 2}, {last, 3}};
__attribute__((noinline)) int find(int x)
{
    int r = 0;
    for (const int *p = all[x].p; *p; p++) r = r * 10 + *p;
    FOUND[(x + r) % ROOM]++;
    return r + all[x].n + FOUND[ROOM - 1];
}
int main(void)
{
    for (int i = 0; i < 12; i++) printf("%d\n", find(i % 3));
    return 0;
}
C
for cc in $compilers; do
    for flags in -O0 '-O2 -fPIE -pie'; do
        build() { out=$1; shift; $cc $flags "$@" -Wl,--build-id -o "$out" renamed.c; }
        build n.old && build n.same -DNEW -DLIST=list -DFOUND=found && build n.new -DNEW -DLIST=longer -DFOUND=more || exit 1
        lpdiff n.old n.same >p.lpatch 2>err
        is "$?" 2 "$cc $flags: a variable that grew: refused"
        like "$(cat err)" 'E120: object `found`' "  by its name"
        like "$(cat err)" 'hint: give it another name in the new file' "  with a hint"
        becomes "$cc $flags: with other names" n.old n.new
    done
done
tap_done
