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
tap_done
