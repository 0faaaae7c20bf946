#!/bin/sh
# Jump tables of functions with new bodies: the patch has them as the old file's entries, of which those that lead behind the place where the body grew are so
# much more. Such a patch by hand, and what is refused of it.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
both_compilers
tool() { "${CROSS_CC%gcc}$@"; }
cat >jump.c <<'C'
#include <stdio.h>
#include <stdlib.h>
int acc;
__attribute__((noinline)) int note(int n) { return acc += n; }
#define A(n) case n: note(n * 3 + 1); acc ^= n << 2; break;
#define T(n) A(n) A(n + 1) A(n + 2) A(n + 4) A(n + 5) A(n + 6) A(n + 8) A(n + 9)
__attribute__((noinline)) int jump(int n)
{
    if (n == LONE) return 7;
    switch (n) {
    T(0) T(10) T(20) T(30)
    case 45: for (int i = 0; i < TIMES; i++) note(i), acc *= 3;
        if (TIMES > 2) acc += note(n) & 99;
        break;
    T(50) T(60)
#if MORE
    T(70)
#endif
    default: return -1;
    }
    return note(n) & 0xff;
}
int main(int argc, char **argv)
{
    for (int i = -1; i < 90; i++) printf("%d %d\n", i, jump(i));
    return 0;
}
C
for cc in $compilers; do
    for flags in '-O1 -fPIE -pie' '-O2 -fno-pie -no-pie' '-Os -s' '-O2 -fPIE -pie -mbranch-protection=standard'; do
        build() { out=$1; shift; $cc $flags -Wl,--build-id -o "$out" "$@" jump.c; }
        case $flags in *-s) becomes=--heuristic ;; *) becomes= ;; esac
        build j.old -DTIMES=2 -DLONE=99 -DMORE=0 && build j.body -DTIMES=40 -DLONE=99 -DMORE=0 && build j.more -DTIMES=40 -DLONE=99 -DMORE=1 || exit 1
        becomes "$cc $flags: a case that is longer" j.old j.body
        [ $cc = with_clang ] || like "$(cat p.lpatch)" '^old 0x[0-9a-f]* b[12] [0-9]*\( unsigned\)\{0,1\} sha256 [0-9a-f]\{16\}$' "  the table is the old file's entries"
        [ $cc = with_clang ] || like "$(cat p.lpatch)" '^from -\{0,1\}[0-9]* [+]' "  those behind that place are more"
        is "$(lpdis --json p.lpatch | grep -c '"kind": *"old"')" "$(grep -c '^old 0x' p.lpatch)" "  lpdis has its rows"
        lpapply -q -o p.file j.old p.lpatch && lpapply -q -R p.file
        is "$(cmp p.file j.old 2>&1)" "" "  reverted, the file is as it was"
        becomes "$cc $flags: more cases" j.old j.more
        becomes "$cc $flags: and fewer" j.more j.old
    done
done

# ---- what is said is looked at: the digest, the place, the numbers; and who else is there ----
with_gcc -O1 -fPIE -pie -Wl,--build-id -DTIMES=2 -DLONE=99 -DMORE=0 -o j.old jump.c && with_gcc -O1 -fPIE -pie -Wl,--build-id -DTIMES=40 -DLONE=99 -DMORE=0 -o j.body jump.c || exit 1
becomes= becomes "by hand" j.old j.body
table=$(sed -n 's/^old \(0x[0-9a-f]*\) .*/\1/p' p.lpatch)
# wrong NAME TEXT SED: the patch with this in it is refused with this text, when the program starts and for the file
wrong()
{
    sed "$3" p.lpatch >wrong.lpatch
    like "$(run -P wrong.lpatch ./j.old)" "$2" "$1: refused at the start"
    rm -f w.file
    like "$(lpapply -o w.file j.old wrong.lpatch 2>&1; ls w.file 2>&1)" "$2" "$1: and of the file"
}
wrong "another digest" 'the old data has sha256 [0-9a-f]*, patch expects 0123456789abcdef' 's/^\(old 0x.* sha256\) .*/\1 0123456789abcdef/'
wrong "no such place" 'the old data is not in the file' 's/^old 0x[0-9a-f]*/old 0x7fffff00/'
wrong "the end of all addresses" 'the old data is not in the file' 's/^old 0x[0-9a-f]*/old 0xfffffffffffffff0/'
wrong "no such symbol" 'no symbol `nobody`\|nobody' 's/^old 0x[0-9a-f]*/old nobody/'
wrong "too much" 'lpatch:[0-9]*: entry [0-9]* would be [0-9]*, and must be ' 's/^from .*/from 0 +40000/'
for row in 'entry 1 3:s' 'from 3 +1:from 3 +2' 'entry 99999 0:' 'from 40000 +1:' 'entry 3 1:entry 3 2' 'entry 3 1:from 3 1' 'from 9 1:'; do
    first=${row%%:*} second=${row#*:}
    awk -v a="$first" -v b="$second" '/^old 0x/ { print; print a; print b; next } /^from/ { next } { print }' p.lpatch >wrong.lpatch
    is "$(lpdis wrong.lpatch >out 2>&1; echo $?)" 2 "read as no patch: $first, $second"
done
at=$(tool readelf -SW j.old | awk '{ for (i = 1; i < NF; i++) if ($i == ".init_array") print $(i + 2), $(i + 3) }')
sha=$(tail -c +$((0x${at#* } + 1)) j.old | head -c 8 | sha256sum | cut -c1-16)
{ sed -n '1,/^$/p' p.lpatch; printf 'data extra rodata size 8\nold 0x%s b4 2 sha256 %s\nend\n@ main quiet\n' "${at% *}" "$sha"
  w=$(tool objdump -d --disassemble=main j.old | awk '/^ *[0-9a-f]+:/ { print $2; exit }'); printf -- '- %s\n+ %s\nend\n' "$w" "$w"; } >wrong.lpatch
like "$(run -P wrong.lpatch ./j.old)" 'the dynamic linker writes into the old data' "what the dynamic linker fills is refused"

# ---- of a variable of which the program has a copy, the object's own ----
printf 'const int shared[4] = {1, 2, 3, 4};\nint get(int i) { return shared[i]; }\n' >shared.c
printf '#include <stdio.h>\nextern const int shared[4];\nint get(int);\nint main(void) { printf("%%d %%d\\n", shared[3], get(1)); return 0; }\n' >copy.c
with_gcc -O1 -fPIC -shared -Wl,--build-id,-soname,libshared.so -o libshared.so shared.c && with_gcc -O1 -fno-pie -no-pie -o copy copy.c libshared.so || exit 1
like "$(tool readelf -rW copy)" 'R_AARCH64_COPY.* shared' "the program has a copy"
at=$(tool nm -D libshared.so | sed -n 's/ R shared$//p') w=$(tool objdump -d --disassemble=get libshared.so | awk '/^ *[0-9a-f]+:/ { print $2; exit }')
sha=$(tail -c +$((0x$at + 1)) libshared.so | head -c 16 | sha256sum | cut -c1-16)
printf 'lpatch 1\nobject libshared.so\nbuild-id %s\ndata extra rodata size 16\nold shared b4 4 sha256 %s\nend\n@ get\n- %s\n+ %s\nend\n' \
    "$(tool readelf -n libshared.so | sed -n 's/.*Build ID: //p')" "$sha" "$w" "$w" >copy.lpatch
is "$(run -E LD_LIBRARY_PATH=. -P copy.lpatch ./copy)" "4 2" "  and the patch has the library's"

{ sed -n '1,/^$/p' p.lpatch; printf 'set %s b1\n- *\n+ 0x1\n' "$table"; } >first.lpatch
like "$(run -P first.lpatch -P p.lpatch ./j.old)" 'the patch `first` has changed the old data that this one is made of' "another patch has changed the table: refused at the start"
lpapply -q -o f.file j.old first.lpatch
like "$(lpapply f.file p.lpatch 2>&1)" 'the patch `first` has changed the old data that this one is made of' "  and of the file"
sed 's/^lpatch 1$/&\nname      second\nreplaces  first/' p.lpatch >second.lpatch
is "$(lpapply -q f.file second.lpatch 2>&1; run ./f.file)" "$(run ./j.body)" "  with \`replaces\` it takes its place"
is "$(run -P first.lpatch -P second.lpatch ./j.old)" "$(run ./j.body)" "  at the start, too"
{ cat p.lpatch; printf 'set %s b1\n- *\n+ 0x1\n' "$table"; } >both.lpatch
is "$(run -P both.lpatch ./j.old)" "$(run ./j.body)" "what the patch itself changes there is not in what it brings"
lpapply -q -o f.file j.old both.lpatch
is "$(run ./f.file)" "$(run ./j.body)" "  nor in the file"
tap_done
