#!/bin/sh
# The same source in another layout, without symbols: what a variable is, is to be found in spite of what is beside it now. A variable that is larger is
# another one.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers

cat >pad.c <<'C'
#include <stdio.h>
static char room[200] = {1};
static long zeros[9];
int pad(int n) { return printf("pad %ld\n", zeros[n & 7]++) * 3; }
char *pads(void) { return room; }
C
cat >one.c <<'C'
#include <stdio.h>
static int table[5] = {3, 1, 4, 1, 5}, never[12] = {39, 583, 256, 525, 769, 577, 902, 446, 8, 7, 6, 5};
int unused[5] = {33, 212, 39, 583, 256}, flag = 3;
static char buf[13];
static int add(int *p, int n) { for (int i = 0; i < n; i++) p[i] += i; return p[n - 1]; }
int one(int n) { snprintf(buf, sizeof buf, "<%d>", n); puts(buf); flag += n; return add(table, 5) + flag; }
C
cat >two.c <<'C'
#include <stdio.h>
int more[4] = {90, 61, 939, 931};
static long sums[3] = {2, 7, 1};
static short count = 8, all[7];
static char name[11] = "a name";
int two(int n) { sums[n % 3u] += ++count; all[n & 3]++; name[n & 7]++; return printf("%s %ld %d\n", name, sums[0], all[2]); }
C
cat >main.c <<'C'
int one(int), two(int);
int main(void) { int n = 1; for (int i = 0; i < 5; i++) n += one(n) ^ two(i); return n & 1; }
C
for cc in $compilers; do
    for how in -O0 -O2 '-O2 -fno-pie -no-pie' '-Os -fno-pie -static'; do
        build() { out=$1; shift; $cc $how -s -Wl,--build-id -o "$out" "$@" || not_ok "compile $out"; }
        build old main.c one.c two.c && build front pad.c main.c one.c two.c && build back two.c one.c main.c pad.c
        for new in front back; do
            # Which functions and variables they are is a guess. What is said of variables is what that leaves open.
            is "$(lpdiff --heuristic --summary old $new 2>&1 | grep -v -e '^new ' -e '^lpdiff: warning: variables without names have more room')" "" \
                "$cc $how: the same source, $new"
        done
    done
done

# ---- more room for the same code: a larger buffer may be all of a fix ----
cat >grown.c <<'C'
#include <stdio.h>
#include <string.h>
static char text[SIZE] = "x";
static int behind = 7;
int main(int argc, char **argv) { strcpy(text, argc > 1 ? argv[1] : "y"); printf("%s %d\n", text, behind++); return 0; }
C
build() { out=$1; shift; "$CROSS_CC" -O1 -fno-section-anchors -s "$@" -Wl,--build-id -o "$out" grown.c; }
build g.old -DSIZE=16 && build g.more -DSIZE=24 && build g.much -DSIZE=200 || exit 1
for new in g.more g.much; do
    lpdiff g.old $new >g.lpatch 2>g.err
    is "$?$(grep -o 'E110' g.err | sort -u)" 2E110 "a larger variable, $new, is another one"
    lpdiff --heuristic g.old $new >g.lpatch 2>g.err
    is "$(grep -c "^lpdiff: " g.err | sed "s,[1-9].*,said,")" said "--heuristic: it is said that $new may be one"
done
lpdiff g.much g.more >g.lpatch 2>g.err
is "$?$(grep -o 'E110' g.err | sort -u)" 2E110 "and so is a smaller one, whose end may be what is behind it"

# ---- a place in a variable of which the new file has a part by itself ----
cat >part.c <<'C'
#include <stdio.h>
static struct { int a, b, c, d; } v = {1, 2, 3, 4};
__attribute__((noinline)) void fill(int *p, int n) { for (int i = 0; i < 4; i++) p[i] += n; }
__attribute__((noinline)) int fixed(int n) { BODY return n; }
int main(void) { for (int i = 0; i < 5; i++) { fill(&v.a, i); printf("%d\n", fixed(i)); } return 0; }
C
for how in '' '-no-pie'; do
    "$CROSS_CC" -O1 $how -fno-section-anchors -s -Wl,--build-id -DBODY= -o p.old part.c &&
        "$CROSS_CC" -O1 $how -fno-section-anchors -s -Wl,--build-id '-DBODY=n += v.c;' -o p.new part.c || exit 1
    lpdiff p.old p.new >p.lpatch 2>p.err
    is "$?$(grep -o 'E110' p.err | sort -u)" 2E110 "$how: a part of a variable is no new one"
    lpdiff --heuristic p.old p.new >p.lpatch 2>p.err
    [ $? -eq 2 ] || is "$(grep -c '^data' p.lpatch)$(run -P p.lpatch ./p.old)" "0$(run ./p.new)" "$how: --heuristic: it is the old one's"
done

# ---- one pointer more, which the dynamic linker writes: in the file it is zeros, as padding is ----
cat >names.c <<'C'
#include <stdio.h>
static const char *names[N] = {"a", "b", LIST};
static int behind[4] __attribute__((aligned(32))) = {1, 2};
__attribute__((noipa)) int find(const char **p, int n) { int k = 0; for (; *p && p < names + 9; p++) k++; return k + n; }
__attribute__((noipa)) int fixed(int n) { return find(names, n) + behind[n & 3]++; }
int main(void) { for (int i = 0; i < 3; i++) printf("%d\n", fixed(i)); return 0; }
C
build() { out=$1; shift; "$CROSS_CC" -O1 -fPIE -pie -fno-section-anchors -s "$@" -Wl,--build-id -o "$out" names.c; }
build l.old -DN=3 '-DLIST="c"' && build l.new -DN=4 '-DLIST="c", "d"' || exit 1
lpdiff --heuristic l.old l.new >l.lpatch 2>l.err
is "$?$(grep -o E110 l.err | sort -u)" 2E110 "one pointer more is no padding"

# ---- a new array of pointers in front of another one: which of the two an index leads to is all the same to a copy of both ----
cat >led.c <<'C'
#include <stdio.h>
struct kind { int (*put)(int), (*get)(int); const char *name; };
static int put(int n) { return n + 1; }
static int get(int n) { return n * 2; }
#ifdef FIX
__attribute__((noinline)) static int safe(int n) { return n > 1 ? n + 7 : n * 2; }
#else
#define safe get
#endif
static const struct kind plain = {put, get, "plain"}, wide = {safe, put, "wide"}, more = {get, safe, "more"};
#define K {&plain, &wide, &more, &wide}
#ifdef FIX
static const struct kind *const kinds[] = K;
static const char *const text[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
#else
static const char *const text[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
static const struct kind *const kinds[] = K;
#endif
__attribute__((noipa)) int use(int k, int n) { return printf("%s ", kinds[k]->name) + kinds[k]->put(n) * 100 + kinds[k]->get(n); }
__attribute__((noipa)) const char *say(unsigned n) { return text[n % (sizeof text / sizeof *text)]; }
int main(int argc, char **argv)
{
    for (int i = 0; i < 9; i++) printf("%d %s\n", use(i & 3, i), say(i));
    return 0;
}
C
build() { out=$1; shift; "$CROSS_CC" -O0 -fPIE -pie -s "$@" -Wl,--build-id -o "$out" led.c; }
build l.old && build l.new -DFIX || exit 1
lpdiff --heuristic l.old l.new >l.lpatch 2>l.err
is "$?$(cat l.err)" 1 "an array of pointers that is longer, and in front of another one"
is "$(run -P l.lpatch ./l.old; echo $?)" "$(run ./l.new; echo $?)" "the patched program does what the new one does"

# ---- which data it is, by its address ----
at()
{
    "$CROSS_CC" -O1 -fno-section-anchors -DSIZE=$1 -Wl,--build-id -o g.named grown.c
    "${CROSS_CC%gcc}nm" g.named | sed -n 's/^0*\([0-9a-f]*\) d text$/0x\1/p'
}
lpdiff --heuristic --map "$(at 16)=$(at 24)" g.old g.more >g.lpatch 2>g.err
is "$?$(cat g.err)" 0 "--map, data without names: it is known which one it is"
for pair in "chekc=0x400001" "0x1=0x2" "$(at 16)=main"; do
    lpdiff --heuristic --map "$pair" g.old g.more >g.lpatch 2>g.err
    is "$?$(grep -c 'E110: .*(--map)' g.err | sed 's/[1-9].*/ is said/')" "2 is said" "--map $pair: nothing is there"
done

# ---- a variable that begins where a page does ----
cat >page.c <<'C'
#include <stdio.h>
static struct { int a, b, c; } v __attribute__((section(".mine"))) = {1, 2, 3};
__attribute__((noinline)) int *same(int *p) { return p; }
__attribute__((noinline)) int fixed(int n) { int *p = same(&v.a); BODY return *p + (v.c += n); }
int main(void) { for (int i = 0; i < 5; i++) printf("%d\n", fixed(i)); return 0; }
C
build() { out=$1; shift; "$CROSS_CC" -O1 -no-pie -Wl,--build-id "$@" -o "$out" page.c; }
for at in 0x500000 0x500ff8; do
    build q.old -Wl,--section-start=.mine=$at -DBODY= && build q.new -Wl,--section-start=.mine=0x600000 '-DBODY=printf("%d\n", p[1] + v.b);' || exit 1
    fix "at the start of a page" q.old q.new fixed
done

# ---- a table in front of another one: there is a patch, or a reason that says something ----
cat >goto.c <<'C'
#include <stdio.h>
__attribute__((noinline)) int f(int x)
{
    static int hist[16];
    hist[x & 15]++, x += hist[(x >> 2) & 15];
    static const int to[] = {&&a - &&a, &&b - &&a, &&c - &&a};
    goto *(&&a + to[(x & 255) % 3]);
a:  x += 409; goto e;
b:  x ^= 534; goto e;
c:  x -= 3;
e:;
#ifdef NEW
    printf("n %d\n", x);
#endif
    static const int more[] = {588, 385, 771};
    for (const int *p = more; p < more + sizeof more / 4; p++) x = x * 3 + *p;
    return x;
}
int main(void) { for (int i = 0; i < 5; i++) printf("%d\n", f(i)); return 0; }
C
for cc in $compilers; do
    for how in -O0 -O2 '-O2 -s' -Os; do
        $cc $how -Wl,--build-id -o t.old goto.c && $cc $how -DNEW -Wl,--build-id -o t.new goto.c || exit 1
        lpdiff --heuristic t.old t.new >t.lpatch 2>t.err
        case $? in
        1) is "$(run -P t.lpatch ./t.old; echo $?)" "$(run ./t.new; echo $?)" "$cc $how: the patched program does what the new one does" ;;
        *) is "$(sed -n 's/^lpdiff: .*: \(E[0-9]*\): .*/\1/p' t.err | grep -v -x -e E148 -e E181 -e E110)" "" "$cc $how: a reason that says something" ;;
        esac
    done
done

# ---- crti.o of another build: a landing pad that is none any more may stay ----
cat >crt.c <<'C'
__asm__(".section .init, \"ax\"\n .globl _init\n .hidden _init\n .type _init, %function\n"
        "_init: " PAD "\n stp x29, x30, [sp, #-16]!\n bl run\n ldp x29, x30, [sp], #16\n ret\n .text\n");
int count;
__attribute__((visibility("hidden"))) void run(void) { count++; }
C
build() { out=$1; shift; "$CROSS_CC" -O1 -fPIC -shared -nostdlib -s -Wl,--build-id "$@" -o "$out" crt.c; }
build c.bti '-DPAD="hint #34"' && build c.nop '-DPAD="nop"' || exit 1
nothing "_init without its landing pad" c.bti c.nop
lpdiff c.nop c.bti >c.lpatch 2>c.err
is "$? $(grep -o E142 c.err)" "2 E142" "_init that has one now"

# ---- constants in .text behind a function: hand-written code has them there ----
cat >table.c <<'C'
#include <stdio.h>
int table(int);
__asm__(".text\n.globl table\n.type table, %function\ntable: " ADDRESS "\n ldr w0, [x1, w0, sxtw #2]\n ret\n.size table, . - table\n"
        ".p2align 3\n1: .word 1, 2, 3, " FOURTH ", 5, 6\n");
#ifdef MORE
__attribute__((noinline)) int more(int n) { return n * 3 + 1; }
#else
__attribute__((noinline)) int more(int n) { return n * 2; }
#endif
int main(int argc, char **argv) { (void)argv; printf("%d %d %d\n", table(1), table(3), more(argc)); return 0; }
C
for cc in $compilers; do
    for how in '' -Wl,-q -s; do
        for address in 'adr x1, 1f' 'adrp x1, 1f; add x1, x1, :lo12:1f'; do
            build() { out=$1; shift; $cc -O2 $how -Wl,--build-id "-DADDRESS=\"$address\"" "$@" -o "$out" table.c; }
            build t.old '-DFOURTH="8"' && build t.new '-DFOURTH="9"' && build t.more '-DFOURTH="8"' -DMORE || exit 1
            lpdiff t.old t.new >t.lpatch 2>t.err
            is "$? $(grep -o E142 t.err)" "2 E142" "$cc $how, $address: one of them changes"
            lpdiff --heuristic t.old t.more >t.lpatch 2>t.err
            is "$?$(cat t.err) $(grep -c -e '^func' -e '^@' t.lpatch)" '1 1' "$cc $how, $address: none does, another function changes alone"
            is "$(run -P t.lpatch ./t.old)" "$(run ./t.more)" '  and it is right'
        done
    done
done

# ---- hints are of use to the very files ----
cat >sym.c <<'C'
#include <stdio.h>
extern char limit[];
__attribute__((noinline)) long lim(void) { return (long)limit; }
int main(void) { printf("%ld\n", lim()); return 0; }
C
build() { out=$1; shift; "$CROSS_CC" -O1 -no-pie -Wl,--build-id "$@" -o "$out" sym.c; }
build h.old -Wl,-q -Wl,--defsym=limit=0x401004 && build h.new -Wl,-q -Wl,--defsym=limit=0x7000123 || exit 1
lpdiff h.old h.new >h.lpatch 2>h.err
is "$? $(grep -c 'hint: .*-Wl,-q' h.err)" "2 0" "files with relocations: no hint to keep them"

# ---- a table that a loop goes through, of which other functions read single entries: it has no end there ----
cat >walked.c <<'C'
#include <stdio.h>
struct entry { int key, value; };
#ifdef NEW
static const struct entry table[] = {{10, 1}, {20, 2}, {30, 3}, {40, 5}, {50, 6}, {0, 0}};
#else
static const struct entry table[] = {{10, 1}, {20, 2}, {30, 3}, {50, 6}, {0, 0}};
#endif
static const short behind[9] = {1, 7, 0, 3, 4};
int all(int x) { int n = 0; for (const struct entry *p = table; p->key; p++) n = n * 3 + p->key + p->value * x; return n; }
int one(int x) { return table[1].key + x; }
int two(int x) { return table[2].value * x; }
int main(int argc, char **argv) { (void)argv; printf("%d %d %d %d\n", all(argc), one(argc), two(argc), behind[argc]); return 0; }
C
for cc in $compilers; do
    $cc -O0 -s -Wl,--build-id -o w.old walked.c && $cc -O0 -s -Wl,--build-id -DNEW -o w.new walked.c || exit 1
    lpdiff --heuristic w.old w.new >w.lpatch 2>w.err && status=0 || status=$?
    case $status in
    1) is "$(run -P w.lpatch ./w.old)" "$(run ./w.new)" "$cc: all of a table is compared" ;;
    *) is "$status" 2 "$cc: all of a table is compared" ;;
    esac
done
tap_done
