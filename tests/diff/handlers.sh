#!/bin/sh
# Functions that catch exceptions, or clean up behind them, get new bodies, with exception tables of their own: while the program runs, and in the file.
. "$srcdir/tests/lib.sh"
need_cross_cxx
. "$tests/diff/pair.sh"
. "$tests/e2e/driven.sh"
both_compilers
with_gcc() { "$cxx" -w "$@"; }
with_clang() { arm64_clang --driver-mode=g++ -w "$@"; }

cat >serve.cc <<'C'
#include <cstdio>
#include <cstdlib>
#include <string>
#define KEEP __attribute__((noipa))
struct odd { int n; };
KEEP void raise(int n) { if (n % 3 == 1) throw odd{n}; if (n % 3 == 2) throw n; if (n > 9) throw std::string("large"); }
struct guard { const char *name; KEEP ~guard() { std::printf("left %s; ", name); } };
KEEP int served(int n) { HEAD try { raise(n); } CATCH return n; }
int main()
{
    char line[100];
    setvbuf(stdout, NULL, _IOLBF, 0);
    std::puts("ready");
    while (std::fgets(line, sizeof line, stdin) && line[0] != 'b') {
        int n = std::atoi(line);
        try { std::printf("answer %d\n", served(n)); } catch (odd &o) { std::printf("odd %d\n", o.n); } catch (int n) { std::printf("number %d\n", n); } catch (...) { std::puts("lost"); }
    }
}
C
answers() { for n in 1 2 3 12; do say $n; done | paste -s -d ,; }
old_answers='answer 100,number 2,answer 3,lost'
new_answers='left new; odd 1,left new; answer 7,left new; answer 3,left new; answer 5'
for cc in $compilers; do
    for flags in '-O0' '-O2' '-Os -static' '-O2 -fno-pie -no-pie' '-O2 -s' '-O2 -mbranch-protection=pac-ret+b-key'; do
        name="$cc $flags"
        with=--heuristic
        $cc $flags -Wl,--build-id -Dnoipa=noinline -DHEAD= '-DCATCH=catch (odd &) { return 100; }' -o old serve.cc &&
            $cc $flags -Wl,--build-id -Dnoipa=noinline '-DHEAD=guard g{"new"};' '-DCATCH=catch (int) { return 7; } catch (std::string &s) { return s.size(); }' -o new serve.cc ||
            { not_ok "$name: compile"; continue; }
        run "$name: lpdiff" 1 lpdiff $with -o p.lpatch old new
        is "$(grep -q "^lsda " p.lpatch; echo $?)" 0 "$name: a body with a table"
        run "$name: the patch reads as it is written" 0 sh -c 'lpmake --redigest p.lpatch | head -n "$(wc -l <p.lpatch)" | cmp - p.lpatch'
        start old -L "$sysroot"
        is "$(answers)" "$old_answers" "$name: as it was"
        run "$name: applied" 0 lpapply -c sock p.lpatch
        is "$(answers)" "$new_answers" "$name: what is caught, and what is left, while it runs"
        run "$name: taken back" 0 lpapply -c sock -R
        is "$(answers)" "$old_answers" "$name: as it was"
        leave
        rm -f patched
        run "$name: applied to the file" 0 lpapply -q -o patched old p.lpatch
        start patched -L "$sysroot"
        is "$(answers)" "$new_answers" "$name: in the file"
        leave
        clean patched old "$name"
    done
done

# ---- what is no exception table ----
with_gcc -O2 -Wl,--build-id -DHEAD= '-DCATCH=catch (odd &) { return 100; }' -o old serve.cc &&
    with_gcc -O2 -Wl,--build-id -DHEAD= '-DCATCH=catch (int) { return 7; } catch (odd &) { return 10; }' -o new serve.cc || exit 1
lpdiff -o good.lpatch old new
table=$(sed -n 's/^lsda //p' good.lpatch)
# bad NAME SCRIPT SAID: the patch, edited, is refused, at the start and in the file
bad()
{
    sed "$2" good.lpatch >p.lpatch
    run "$1: at the start" 125 lprun --no-control -L "$sysroot" -P p.lpatch ./old
    like "$(cat run)" "p.lpatch:[0-9]*: .* is no exception table of the function: $3" "$1: and says so"
    run "$1: in the file" 2 lpapply -q -o never old p.lpatch
    like "$(cat run)" "is no exception table of the function: $3" "$1: and says so"
}
# content SIZE BYTE...: of the table
content() { size=$1; shift; printf '%s' "/^data $table/,/^end/{/^[r|]/d; s/size .*/size $size/; /^data/a| $*
}"; }
bad "a table that is not there" 's/^lsda .*/lsda nowhere/' 'the patch has no rodata of this name'
bad "of writable data" "/^data $table/s/rodata/data/" 'the patch has no rodata of this name'
bad "a cut table" "$(content 3 ff ff 01)" 'it is '
bad "a landing pad that is not in the function" "$(content 9 ff ff 01 05 00 04 ff 7f 00)" 'what it has is not in the function'
bad "landing pads relative to another place" "$(content 12 03 00 00 00 01 ff 01 04 00 04 00 00)" 'its landing pads are not relative to the function'
tap_done
