#!/bin/sh
# Stripped files: texts that nobody refers to any more, because compilers made numbers of what is compared with them, are behind others, which seem to have
# grown. Who hands the address of what begins behind them to a function that reads there means that, and not the end of what is in front.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers
becomes=--heuristic

cat >literals.c <<'C'
#include <stdio.h>
#include <string.h>
__attribute__((noinline)) int other(const char *s) { return puts("other one is here"), strlen(s); }
__attribute__((noinline)) int check(const char *s)
{
#ifdef NEW
    if (memcmp(s, "forbidden", 9) == 0) return -1;
    __asm__(".section .rodata.str1.8,\"aMS\",@progbits,1\n.string \"" DEAD "\"\n.balign 8\n.previous");
#endif
    return other(s);
}
__attribute__((noinline)) int first_of(const char *s) { return s[0] == 'l' ? s[5] : 0; }
__attribute__((noinline)) int last(const char *s) { return HOW(s, "last literal of all") + printf("%s %s\n", s, "behind it"); }
int main(int argc, char **argv)
{
    static const char *const w[] = {"forbidden fruit", "somewhere else"};
    for (int i = 0; i < 2; i++) printf("%d %d\n", check(w[i]), last(w[i]) > 0);
    return 0;
}
C
# An array instead, of which the end is handed to who reads elsewhere.
cat >ends.c <<'C'
#include <stdio.h>
#ifdef NEW
#define BYTES 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24
#else
#define BYTES 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
#endif
static const unsigned char bytes[] = {BYTES};
static const unsigned char behind[] = {90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 90, 91, 92, 93, 94, 95};
enum { N = sizeof bytes };
__attribute__((noinline)) int sum(const unsigned char *p, const unsigned char *end) { int n = 0; while (p != end) n += *p++; return n; }
__attribute__((noinline)) int last_of(const unsigned char *end) { return end[-1]; }
__attribute__((noinline)) int at(const unsigned char *end, int i) { return end[i]; }
__attribute__((noinline)) int user(int n) { return CALL; }
__attribute__((noinline)) int more(int n) { return behind[n & 15]; }
int main(int argc, char **argv) { return printf("%d %d\n", user(argc), more(argc)) < 0; }
C
for cc in $compilers; do
    for opt in -O0 -O1 -O2; do
        for how in '-fPIE -pie -s' '-fno-pie -no-pie -s' '-fPIE -pie'; do
            for reads in strcmp 'strlen(s) + first_of' 'strncmp(s, "somewhere", 5) + puts'; do
                case $reads in *first_of | *puts) as="-DHOW(s,t)=$reads(t)" ;; *) as="-DHOW(s,t)=$reads(s,t)" ;; esac
                $cc $opt $how "$as" -Wl,--build-id -o l.old literals.c && $cc $opt $how "$as" -DNEW '-DDEAD="abc"' -Wl,--build-id -o l.new literals.c || not_ok "compile"
                becomes "$cc $opt $how, $reads" l.old l.new
            done
            for call in 'sum(bytes, bytes + N)' 'last_of(bytes + N) + bytes[n]' 'at(bytes + N, -n) + bytes[n]'; do
                $cc $opt $how "-DCALL=$call" -Wl,--build-id -o e.old ends.c && $cc $opt $how "-DCALL=$call" -DNEW -Wl,--build-id -o e.new ends.c || not_ok "compile"
                lpdiff --heuristic e.old e.new >p.lpatch 2>err
                status=$?
                [ $status = 2 ] && ok "$cc $opt $how, $call: there is no patch" || behaves "$cc $opt $how, $call: if there is a patch" e.old e.new
            done
        done
    done
done

# ---- a table of texts, which lead elsewhere now, and behind it what a function of the C library that is the same hands on ----
cat >table.c <<'C'
#include <stdio.h>
#include <string.h>
__attribute__((noinline)) int entry(const char *s)
{
    if (memcmp(s, "abc", 3) == 0) return 1;
#ifdef NEW
    if (strncmp(s, "ab:", 3) == 0) return 3;
    if (memcmp(s, "\1\2\3\4", 4) == 0) return 5;
    if (memcmp(s, "GET /index", 10) == 0) return 6;
#endif
    return strncmp(s, "long text of old", 16) == 0;
}
__attribute__((noinline)) int second(const char *s) { return printf("second %s\n", s); }
int main(int argc, char **argv)
{
    static const char *const w[] = {"abcd", "quit", "ab:c", "exit", "\1\2\3\4", "GET /index.html", "HELLO", "long text of old", "other words long enough"};
    for (int i = 0; i < 9; i++) printf("%d %d\n", entry(w[i]), second(w[i]));
    return 0;
}
C
for cc in $compilers; do
    for opt in -O0 -O1 -O2; do
        how='-static -s -fno-pie -no-pie'
        $cc $opt $how -Wl,--build-id -o t.old table.c && $cc $opt $how -DNEW -Wl,--build-id -o t.new table.c || not_ok "compile"
        lpdiff --heuristic t.old t.new >p.lpatch 2>err # (it may be said that this is a guess)
        is "$?$(grep E1 err)" 1 "$cc $opt, a table: there is a patch"
        behaves "$cc $opt, a table" t.old t.new
    done
done
tap_done
