#!/bin/sh
# Files as distributions ship them: stripped, and nothing in them says which compiler made them (--heuristic).
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
# shipped OUT ARG...: built and stripped
shipped() { out=$1; shift; "$CROSS_CC" -w -O2 -pie "$@" -Wl,--build-id -o "$out" && aarch64-linux-gnu-strip --strip-all -R .comment "$out"; }
# restored WHAT OLD NEW: the old file with the patch does as the new one, from its start and on disk
restored()
{
    lpdiff --heuristic "$2" "$3" >r.lpatch 2>r.err
    is "$?" 1 "$1: there is a patch" || sed 's/^/# /' r.err
    run "./$3" >want 2>&1
    run -P r.lpatch "./$2" >got 2>&1
    is "$(cat got)" "$(cat want)" "$1: the old program with it does as the new one"
    lpapply -o r.out "$2" r.lpatch && run ./r.out >got 2>&1
    is "$(cat got)" "$(cat want)" "$1: and so does the file"
}

# ---- a scanner as flex makes it: all its tables behind one section anchor, of which the later ones changed, and an index is added to what ends the first;
# its function is a switch of many cases in a loop ----
tables() # ROWS
{
    awk -v n="$1" 'function table(type, name, n, k, m) {
        printf "static const %s %s[%d] = {", type, name, n; for (i = 0; i < n; i++) printf "%d,", (i * k + n) % m; print "};" }
        BEGIN { table("unsigned char", "class", 256, 7, 41); table("unsigned char", "meta", 42, 5, 3); table("short", "check", n, 11, 9); table("short", "next", n, 13, n)
            for (i = 0; i < 24; i++) cases = cases sprintf("case %d: total = total * %d + text[%d]; note(%d); break;\n", i, i + 3, i % 5, i)
            printf "#define CASES %s\n", "\\"; gsub("\n", " \\\n", cases); print cases; print "" }'
}
cat >scan.c <<'C'
#include <stdio.h>
#include "tables.h"
static long notes;
__attribute__((noinline)) void note(int n) { notes += n; }
__attribute__((noinline)) long scan(const char *text, int state)
{
    long total = FIRST;
    for (int i = 0; text[i]; i++) {
        unsigned c = class[(unsigned char)text[i]];
        while (check[state + c] % 4 == 3) {
            state = next[state];
            if (state >= 40) c = meta[c];
        }
        state = next[state + c] % 60;
        total += state + meta[c];
        switch ((c + state) % 24) { CASES }
    }
    return total;
}
int main(void)
{
    printf("%ld\n", scan("a line with Words, 12 numbers; and {marks}", 1));
    printf("%ld %ld\n", scan("another one", 5), notes);
    return 0;
}
C
tables 700 >tables.h; shipped scan.old -DFIRST=0 scan.c || exit 1
tables 752 >tables.h; shipped scan.new -DFIRST=3 scan.c || exit 1
restored 'a scanner with other tables' scan.old scan.new

# ---- texts behind one section anchor: of two that one page leads to, one is another now; and a table of numbers that is read from its second element on ----
cat >texts.c <<'C'
#include <stdio.h>
#include <stdlib.h>
static const unsigned order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
static const char a[] = "not enough memory to ", b[] = "inflate", c[] = THIRD, e[] = "unsupported extra field", f[] = "\n  error:  %s%s\n", g[] = FIRST;
__attribute__((noinline)) int say(int n, const char *x)
{
    const char *t = a;
    if (n != 3) t = c;
    printf(f, t, b);
    if (n > 4) printf(f, e, x);
    if (n > 5) printf("%s %s\n", g, e);
    return n + (ADD);
}
__attribute__((noinline)) long weigh(const unsigned *v, int n)
{
    long sum = ADD;
    for (int j = 1; j < n; j++) sum += v[j] * order[j - 1];
    return sum;
}
int main(int argc, char **argv)
{
    unsigned v[19];
    int sum = 0;
    for (int i = 0; i < 19; i++) v[i] = i * argc;
    for (int i = 2; i < 8; i++) sum += say(i, argv[0] ? "x" : "y");
    printf("%d %ld\n", sum, weigh(v, argc + 17));
    return 0;
}
C
for merge in -fno-merge-constants -fmerge-constants; do
    shipped texts.old $merge -DADD=0 '-DTHIRD="invalid compressed data to "' '-DFIRST="checked"' texts.c &&
        shipped texts.new $merge -DADD=1 '-DTHIRD="compressed data is not valid: "' '-DFIRST="checked again and again, with a longer text"' texts.c || exit 1
    restored "texts and numbers behind an anchor, $merge" texts.old texts.new
    restored "and back, $merge" texts.new texts.old
done

# ---- a table of structures, of whose fields a function makes the addresses one by one: they are one array, whatever of it changed ----
cat >fields.c <<'C'
#include <stdio.h>
struct row { unsigned code; unsigned char class, flags; unsigned short at; };
static const unsigned char front[] = {FRONT};
static const struct row rows[] = {{160, 0, 97, 32}, {168, 0, 34, 0}, {170, 0, 97, 97}, {175, 0, 34, 2}, {178, 1, 97, 50}, {180, 2, 34, 4}, {SECOND, 3, 35, 956}, {184, 0, 34, 6}
#ifdef MORE
    , {185, 1, 97, 49}, {186, 0, 97, 111}, {188, 9, 3, 8}
#endif
};
enum { N = sizeof rows / sizeof *rows };
__attribute__((noinline)) const struct row *find(unsigned code)
{
    int low = 0, high = N;
    while (low < high) {
        int middle = (low + high) / 2;
        if (rows[middle].code == code) return &rows[middle];
        if (rows[middle].code < code) low = middle + 1;
        else high = middle;
    }
    return 0;
}
__attribute__((noinline)) unsigned sum(int class)
{
    unsigned sum = 0;
    for (int i = 0; i < N; i++)
        if (rows[i].class == class) sum += rows[i].flags * rows[i].at + rows[i].code;
    return sum;
}
__attribute__((noinline)) unsigned flags(void)
{
    unsigned all = 0;
    for (int i = 0; i < N; i++) all = all * 3 + rows[i].flags;
    return all;
}
int main(int argc, char **argv)
{
    const struct row *r;
    for (unsigned c = 150; c < 200; c++) if ((r = find(c))) printf("%u %u %u\n", c, r->class, r->at);
    for (int c = 0; c < 10; c++) printf("%u ", sum(c));
    printf("%u %u\n", flags(), front[argc]);
    return 0;
}
C
for level in -O1 -O2 -O3; do
    shipped fields.old $level -DFRONT=7,8,9 -DSECOND=181 fields.c && shipped fields.one $level -DFRONT=7,8,9 -DSECOND=182 fields.c &&
        shipped fields.more $level -DFRONT=7,8,9 -DSECOND=181 -DMORE fields.c || exit 1
    restored "$level: a row of a table of structures" fields.old fields.one
    restored "$level: more rows" fields.old fields.more
    restored "$level: less rows" fields.more fields.one
done
tap_done
