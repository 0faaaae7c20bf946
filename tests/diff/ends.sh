#!/bin/sh
# Texts whose both ends code makes, as constructors of std::string get those of a literal: the end goes where the text goes. The same place is an empty text
# for whoever has that alone.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers

cat >put.c <<'C'
#include <stdio.h>
#define PUT(text) put(text, text + sizeof text - 1)
static __attribute__((noinline)) void put(const char *s, const char *end) { for (int most = 99; s != end && most; most--) putchar(*s++); putchar('\n'); }
static __attribute__((noinline)) void tell(const char *a, const char *b) { printf("%s the next one %s\n", a, b); }
int main(int argc, char **argv)
{
    PUT("first");
    tell("begin", argc > 1 ? "of a tail" : "");
    PUT(TEXT);
    PUT("a much longer text");
    PUT("b");
    return 0;
}
C
for cc in $compilers; do
    for how in '-O1' '-O2 -fPIE -pie' '-O2 -no-pie -fno-pie' '-Os -static -no-pie -fno-pie' '-O2 -fPIE -pie -Wl,-q'; do
        build() { out=$1; shift; $cc $how "$@" -Wl,--build-id -o "$out" put.c || not_ok "compile $out"; }
        build old '-DTEXT="open"'
        for text in opens op 'open with many words' 'of a tail'; do
            build new "-DTEXT=\"$text\""
            becomes "$cc, $how, '$text'" old new
        done
    done
done

# ---- letters without an end, and what begins behind them with a byte of 0: no text ends there ----
cat >tag.c <<'C'
#include <stdio.h>
struct rec { char tag[4]; unsigned char key[8]; };
static const struct rec x = {TAG, {KEY}}, y = {"ABCD", {0, 9, 8, 7, 6, 5, 4, 3}};
__attribute__((noinline)) void tag(const char *p) { for (int i = 0; i < 4; i++) putchar(p[i]); putchar('\n'); }
__attribute__((noinline)) void key(const unsigned char *p) { for (int i = 0; i < 8; i++) printf("%d ", p[i]); putchar('\n'); }
__attribute__((noinline)) void both(int n) { if (n) tag(WHICH.tag); key(WHICH.key); }
__attribute__((noinline)) void other(int n) { tag(x.tag); key(x.key); if (n == 77) tag(y.tag), key(y.key); }
int main(int argc, char **argv) { puts("ABCD"); puts("another text"); both(argc); other(argc); return 0; }
C
for cc in $compilers; do
    for how in '-O1 -fno-section-anchors' '-O2 -no-pie -fno-pie -fno-section-anchors' '-O1 -static'; do
        case "$cc $how" in with_clang*anchors*) how=${how%-fno-section-anchors} ;; esac
        build() { out=$1; shift; $cc $how -s "$@" -Wl,--build-id -o "$out" tag.c || not_ok "compile $out"; }
        build old -DWHICH=x '-DTAG="ABCD"' -DKEY=0,1,2,3,4,5,6,7
        build new.other -DWHICH=y '-DTAG="ABCD"' -DKEY=0,1,2,3,4,5,6,7
        build new.zeros -DWHICH=x '-DTAG="ABCD"' -DKEY=0
        build new.tag -DWHICH=x '-DTAG="ABCE"' -DKEY=0,1,2,3,4,5,6,7
        for new in new.other new.zeros new.tag; do
            becomes=--heuristic
            may "$cc, $how, $new" 'E110 E121 E148 E181' old $new
            [ "$(run ./old)" != "$(run "./$new")" ] && ok "  and does something else than the old one" || not_ok "  and does something else than the old one"
        done
    done
done

# ---- "" is not taken to be what fills the room behind an array, of which the function has the address, too ----
cat >row.c <<'C'
__attribute__((used, visibility("hidden"))) const unsigned char row[13] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
__attribute__((used, visibility("hidden"))) const long next[2] = {1, 2};
__attribute__((noinline)) int sum(int x)
{
    for (const unsigned char *p = row; p < row + sizeof row; p++) x = x * 3 + *p;
    return x;
}
C
cat >empty.c <<'C'
#include <stdio.h>
#include <string.h>
extern __attribute__((visibility("hidden"))) const unsigned char row[13];
extern __attribute__((visibility("hidden"))) const long next[2];
int sum(int);
__attribute__((noinline)) void show(const char *a, const char *b) { printf("%s|%s\n", a, b); }
__attribute__((noinline)) int pick(int n, char **v)
{
    int found = 0;
    for (int i = 0; i < n; i++) {
        const char *arg = v[i], *word = "";
        if (*arg++ != '-') break;
        if (*arg == '-') word = arg + 1, arg += strlen(arg);
        for (; *arg || *word; word = "") {
            const char letter = *arg;
            if (letter) arg++;
            if (letter == 's' || !strcmp(word, "show")) show(arg, TEXT), found MORE;
            else if (letter != 'h' && strcmp(word, "help")) printf("unknown option '%s'\n", word);
        }
    }
    return found + (int)next[n & 1] + row[n & 7];
}
int main(int argc, char **argv) { printf("%d %d\n", sum(argc), pick(argc - 1, argv + 1)); return 0; }
C
for cc in $compilers; do
    for opt in -O1 -O2 -Os; do
        $cc $opt '-DTEXT="x"' '-DMORE= ' -o e.old row.c empty.c && $cc $opt '-DTEXT="some more of it"' '-DMORE=+= 2' -o e.new row.c empty.c || not_ok "compile"
        fix "$cc $opt, an empty text" e.old e.new pick -s --show --help -h --other -x
    done
done
tap_done
