#!/bin/sh
# The start of an object that the new file has directly behind a new one is no end of that: what a list ends with, what a distance is from, and pointers to the
# end of an array that data has. The patched program does what the new one does, or there is no patch.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers
# build FLAG...: old and new, of $source
build()
{
    set -- -DLOCAL=${local-static} -Wl,--build-id "$@"
    $cc "$@" -o old "$source" && $cc "$@" -DNEW -o new "$source" || not_ok "compile $source $*"
}
# judge NAME: right, or it is not known what is meant
judge()
{
    lpdiff --data --heuristic old new >p.lpatch 2>err
    case $? in
    1) is "$(run -P p.lpatch ./old)" "$(run ./new)" "$1: the patched program does what the new one does" ;;
    *) is "$(sed -n 's/^lpdiff: [^ ]*: \(E[0-9]*\): .*/\1/p' err | sort -u | grep -v -x -e E110 -e E140 -e E148 -e E181)" '' "$1: a reason that says something" ;;
    esac
}

cat >list.c <<'C'
#include <stdio.h>
struct node { struct node *next; long v; };
static long n;
static struct node nil;
#ifdef NEW
static struct node spare;
#endif
static struct node root = {&nil, 1};
static struct node pool[4];
static int used;
__attribute__((noipa)) void add(int v) { struct node *x = &pool[used++]; x->v = v; x->next = root.next; root.next = x; }
__attribute__((noipa)) int sum(void)
{
    int s = 0;
#ifdef NEW
    if (spare.v > 1) return -1;
    spare.v++;
#endif
    for (struct node *x = &root; x != &nil; x = x->next) s = s * 3 + x->v;
    n++;
    return s;
}
int main(int argc, char **argv) { (void)argv; for (int i = 0; i < 3; i++) { add(i + argc); printf("%d\n", sum()); } return 0; }
C
cat >distance.c <<'C'
#include <stdio.h>
#ifdef NEW
static int count[2];
#endif
static char pool[64];
static int last[4];
__attribute__((noipa)) char *get(int i) { last[i & 3]++; return pool + i; }
__attribute__((noipa)) long distance(char *p)
{
#ifdef NEW
    if (count[0]++ > 1) return -1;
#endif
    return p - pool;
}
int main(int argc, char **argv) { (void)argv; for (int i = 0; i < 3; i++) printf("%ld\n", distance(get(i * 7 + argc))); return 0; }
C
cat >end.c <<'C'
#include <stdio.h>
static char buf[100];
#ifdef NEW
static int extra;
#endif
static int other;
static const struct { char *s; char *volatile e; } range = {buf, buf + sizeof buf};
static char *limit = buf + sizeof buf;
__attribute__((noipa)) long f(int x)
{
#ifdef NEW
    extra += x, x += extra;
#endif
    other += x;
    return (range.e - range.s) * 1000 + (limit - buf) * 10 + (other > 3);
}
int main(int argc, char **argv) { (void)argv; for (int i = 0; i < 3; i++) printf("%ld\n", f(argc)); return 0; }
C
cat >stack.c <<'C'
#include <stdio.h>
static int stack[4];
#ifdef NEW
static int count;
#endif
static int *sp = stack;
__attribute__((noipa)) int full(void) { return sp == stack + 4; }
__attribute__((noipa)) int push(int v)
{
#ifdef NEW
    count++;
#endif
    if (full()) return -1;
    *sp++ = v;
    return 0;
}
__attribute__((noipa)) int sum(void)
{
    int s = 0;
    for (int *p = stack; p < sp; p++) s = s * 3 + *p;
#ifdef NEW
    s += count;
#endif
    return s;
}
int main(int argc, char **argv) { (void)argv; for (int i = 0; i < 7; i++) printf("%d\n", push(i + argc)); printf("%d\n", sum()); return 0; }
C
cat >came.c <<'C'
#include <stdio.h>
static int arr[4];
#ifdef NEW
static int fresh;
#define PLACE &fresh
#else
#define PLACE (arr + 4)
#endif
__attribute__((noipa)) int *get(int i) { return i < 4 ? arr + i : PLACE; }
__attribute__((noipa)) int is_last(int *p) { arr[0]++; return p == PLACE; }
int main(int argc, char **argv) { for (int i = 0; i < 6; i++) printf("%d\n", is_last(get(i * argc))); return arr[0] != 6; }
C
cat >words.c <<'C'
#include <stdio.h>
LOCAL char buf[100];
#ifdef NEW
static int extra;
#endif
static int other;
static const struct { char *from, *volatile to; } ends = {buf, buf + sizeof buf};
__attribute__((noipa)) long f(int x)
{
#ifdef NEW
    extra += x, x += extra;
#endif
    other += x;
    return (ends.to - ends.from) * 10 + other;
}
int main(int argc, char **argv) { (void)argv; for (int i = 0; i < 3; i++) printf("%ld\n", f(i + argc)); return 0; }
C
cat >swapped.c <<'C'
#include <stdio.h>
char buf[104] = {1};
#ifdef NEW
long other = 2, third = 3;
#else
long third = 3, other = 2;
#endif
char *volatile limit = buf + 104;
static char *const volatile constant = buf + 104;
static const struct { char *from, *volatile to; } ends = {buf, buf + 104};
__attribute__((noipa)) long f(int x) { other += x; return (limit - buf) * 1000 + (constant - buf) * 10 + (ends.to - ends.from) + third; }
int main(int argc, char **argv)
{
#ifdef NEW
    puts("new");
#endif
    for (int i = 0; i < 3; i++) printf("%ld\n", f(i + argc));
    return 0;
}
C
cat >fresh.c <<'C'
#include <stdio.h>
static char buf[104] = "abc";
#ifdef NEW
static int extra = 4;
static const struct { char *from, *volatile to; } fresh = {buf, buf + 104};
#endif
static int other = 5;
__attribute__((noipa)) long f(int x)
{
    other += x;
#ifdef NEW
    extra += x;
    return fresh.to - fresh.from + extra + other;
#else
    return buf[0]++ + other;
#endif
}
int main(int argc, char **argv) { (void)argv; for (int i = 0; i < 3; i++) printf("%ld %s\n", f(i + argc), buf); return 0; }
C
for cc in $compilers; do
    for source in list.c distance.c end.c stack.c came.c words.c swapped.c fresh.c; do
        for how in -O0 '-O0 -Wl,-q' -O2 '-O2 -fno-pie -no-pie' '-Os -Wl,-q' '-O2 -s'; do
            [ "$cc" = with_clang ] || how="$how -fno-section-anchors"
            build $how
            judge "$cc $how, $source"
        done
    done
done

# What it is about is understood: the very address that the old function compares with.
cc=$CROSS_CC
for how in -O0 -O2; do
    for source in list.c distance.c; do
        build $how -fno-section-anchors
        lpdiff old new >p.lpatch 2>err
        is "$?$(cat err)" 1 "$how, $source: there is a patch"
    done
done

# A word behind one that has the start of an array: with names in kept relocations it is known what it is, without them it is not.
source=words.c local=
build -O0 -Wl,-q
lpdiff old new >p.lpatch 2>err
is "$?$(cat err)" 1 "both ends of an array in data, -Wl,-q: there is a patch"
is "$(run -P p.lpatch ./old)" "$(run ./new)" "  and it is right"
unset local
build -O0
lpdiff old new >out 2>err
is "$?$(grep -o 'E148' err)" 2E148 "  without: refused"
lpdiff --heuristic old new >out 2>err
is "$?$(grep -o 'E148' err)" 2E148 "  and no guess: another array in its stead looks the same"
# A text that is compared becomes numbers, and stays behind the text in front of it, where nobody refers to it: what begins behind that is no end of the two.
cat >dead.c <<'C'
#include <stdio.h>
#include <string.h>
__attribute__((noinline)) int kind(const char *p, size_t n)
{
    char own[32];
    memcpy(own, p, sizeof own);
    if (n < 8) { puts("too short"); return 0; }
    if (!memcmp(p, "\211PNG\r\n\032\n", 8)) return 1;
#ifdef NEW
    if (!memcmp(p, "GIF89a", 6)) return 3;
    if (!strcmp(own, "shutdown now")) return 7;
#endif
    puts("unknown");
    return -1;
}
__attribute__((noinline)) void help(void) { puts("unknown"); puts("usage: kind FILE"); }
int main(void)
{
    static const char *const all[] = {"GIF89a..", "\211PNG\r\n\032\n", "shutdown now", "something", "a"};
    char in[32] = "";
    for (int i = 0; i < 5; i++) strcpy(in, all[i]), printf("%d\n", kind(in, strlen(in)));
    help();
    return 0;
}
C
# A list of texts without a name, whose end is compared with.
cat >texts.c <<'C'
#include <stdio.h>
#include <string.h>
#ifdef NEW
#define LIST "first\0second\0third"
#else
#define LIST "first\0second"
#endif
__attribute__((noinline)) void walk(const char *p, const char *end) { for (; p < end; p += strlen(p) + 1) puts(p); }
__attribute__((noinline)) void other(void) { puts("what follows"); puts("more"); }
int main(void) { const char *list = LIST; walk(list, list + sizeof LIST); other(); puts("what follows"); return 0; }
C
for cc in $compilers; do
    for how in '-O2' '-O2 -Wl,-q' '-O2 -no-pie -fno-pie' '-O1 -static'; do
        source=dead.c
        build $how
        becomes=
        becomes "$cc $how, $source" old new
        source=texts.c
        build $how
        lpdiff old new >p.lpatch 2>err
        case $? in
        1) behaves "$cc $how, $source" old new ;;
        *) like "$(cat err)" 'E1[0-9][0-9]: ' "$cc $how, $source: refused" ;;
        esac
    done
done

# ---- behind the loop, the pointer that went to the end of an array is the next one's address: both are to be beside one another, too ----
cat >past.c <<'C'
#include <stdio.h>
#define ARRAY(name, type, ...) static const type name[] = {__VA_ARGS__};
ARRAY(first, unsigned char, 14, 21, 28, 35, 42, 49, 56, 63)
#if WAY == 1 && defined NEW
ARRAY(third, int, 91, 92, 93)
ARRAY(second, int, 21, 28, 35)
#else
ARRAY(second, int, 21, 28, 35)
ARRAY(third, int, 91, 92, 93)
#endif
__attribute__((noinline)) int others(unsigned x) { return second[x % 3] * 3 + third[x % 3]; }
__attribute__((noinline)) int sum(unsigned x)
{
    for (const unsigned char *p = first; p < first + sizeof first; p++) x = x * 3 + *p;
#if WAY == 1 && defined NEW
    x += third[x % 3u];
#elif WAY == 1 || defined NEW
    x += second[x % 3u];
#endif
#if WAY == 2 && defined NEW
    x += second[0];
#endif
    return x;
}
int main(int argc, char **argv)
{
    for (int k = argc; k < 5; k++) printf("%d %d\n", sum(k), others(k));
    return 0;
}
C
sed 's/^ARRAY(second, int, 21, 28, 35)$/#ifdef NEW\n&\n#endif/; s/second\[x % 3\] \* 3 + //' past.c >fresh.c
for cc in $compilers; do
    for opt in -O1 -O2 -Os -O3; do
        for how in '-fPIE -pie' '-fno-pie -no-pie' '-fPIE -pie -Wl,-q'; do
            for way in 1 2 3; do
                source=fresh.c
                [ $way != 1 ] || source=past.c
                $cc $opt $how -DWAY=$way -Wl,--build-id -o b.old $source && $cc $opt $how -DWAY=$way -DNEW -Wl,--build-id -o b.new $source || not_ok "compile"
                lpdiff b.old b.new >p.lpatch 2>err
                case $? in
                0) is "$(run ./b.old)" "$(run ./b.new)" "$cc $opt $how, $way: no difference" ;;
                1) behaves "$cc $opt $how, $way" b.old b.new ;;
                *) like "$(cat err)" 'E1[48][18]' "$cc $opt $how, $way: refused" ;;
                esac
            done
        done
    done
done
tap_done
