#!/bin/sh
# lpdiff as people use it: same in, nothing out; the command line; files that are no two builds of one program.
. "$srcdir/tests/lib.sh"
need_cross
cd "$scratch" || exit 1

cat >a.c <<'C'
#include <stdio.h>
#include <stdlib.h>
static int counter;
int limits[4] = {3, 1, 4, 1};
int check(const char *s)
{
    int n = atoi(s);
    counter++;
    return n < LIMIT ? limits[n & 3] : -1;
}
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) printf("%s: %d\n", argv[i], check(argv[i]));
    return counter & 1;
}
C
"$CROSS_CC" -O1 -DLIMIT=10 -Wl,--build-id -o old a.c && "$CROSS_CC" -O1 -DLIMIT=20 -Wl,--build-id -o new a.c || exit 1

lpdiff old old >same.out 2>same.err
is "$?" 0 "a file and itself: exit status 0"
is "$(cat same.out same.err)" "" "and nothing is said"
lpdiff old new >fix.lpatch 2>fix.err
is "$?" 1 "files that differ: exit status 1"
lpmake --fmt fix.lpatch >again.lpatch
same fix.lpatch again.lpatch "the patch is in its canonical form"
like "$(cat fix.lpatch)" '^@ check+0x' "one word of check() is changed where it is"
id=$("${CROSS_CC%gcc}readelf" -n old | sed -n 's/.*Build ID: //p')
is "$(sed -n 's/^build-id  //p' fix.lpatch)" "$(echo "$id" | cut -c 1-16)" "for the build-id that begins so"
given=0011223344556677
"$CROSS_CC" -O1 -DLIMIT=10 -Wl,--build-id=0x${given}88 -o given.old a.c && "$CROSS_CC" -O1 -DLIMIT=20 -Wl,--build-id=0x${given}99 -o given.new a.c || exit 1
is "$(lpdiff given.old given.new | sed -n 's/^build-id  //p')" "${given}88" "  or the whole, if that of the new file begins so, too"
lpdiff --exit-zero -o out.lpatch old new
is "$?" 0 "--exit-zero"
same fix.lpatch out.lpatch "-o writes the same"
is "$(lpdiff -s old new; echo $?)" 1 "-s writes nothing"
like "$(lpdiff --summary old new)" '^changed *check' "--summary names the function"
like "$(lpdiff --why old new)" '^  ! ' "--why marks the line that differs"
is "$(lpdiff --symbol 'mai*' old new; echo $?)" 0 "--symbol leaves out the others"
for unknown in "--symbol chekc" "--map chekc=check"; do
    lpdiff $unknown old new >out 2>err
    is "$? $(wc -c <out)" "2 0" "$unknown: refused"
    like "$(cat err)" 'E110: `chekc`: .*$' "  named"
    is "$(grep -c '^lpdiff: hint: did you mean check?$' err)" 1 "  with the near name"
done
lpdiff old 2>err
is "$?" 2 "one operand: exit status 2"
like "$(cat err)" "two files are needed" "and it is said what is needed"
lpdiff old missing 2>err
is "$?" 2 "a file that is not there: exit status 2"
lpdiff old a.c 2>err
is "$?" 2 "a file that is no ELF: exit status 2"

"$CROSS_CC" -O1 -DLIMIT=10 -c -o old.o a.c
lpdiff old.o old.o >out 2>err
is "$?" 2 "object files are refused"
like "$(cat err)" 'old.o: E101: ' "with the reason's number"
"$CROSS_CC" -O1 -no-pie -DLIMIT=10 -o fixed a.c
lpdiff old fixed >out 2>err
is "$?$(cat out)" 2 "PIE against non-PIE is refused, and nothing is written"
like "$(cat err)" 'E102: ' "with the reason's number"

# ---- new variables, of every kind ----
cat >fresh.c <<'C'
#include <stdio.h>
#ifdef FIXED
static int few = 5, many[100], none;
static char name[16] = "ab", *last;
static const char *const words[] = {"zero", "one", "two"};
static int helper(int v) { none++; many[v] += few--; name[15]++; return many[v] + none + name[2] + name[15]; }
static int other(int v) { return helper(v) + 1; }
static int (*const table[])(int) = {helper, other};
int (*volatile hook)(int) = helper;
__attribute__((noinline)) int area(int v) { last = (char *)words[v % 3]; printf("%s %s ", last, name); return hook(v) + table[v & 1](v); }
#else
__attribute__((noinline)) int area(int v) { printf("x "); return v; }
#endif
int main(void) { for (int i = 0; i < 5; i++) printf("%d\n", area(i % 3)); return 0; }
C
fresh_root=$(arm64_sysroot) || fresh_root=/
for flags in -O0 -O2 '-O2 -static' '-Os -static' '-O3 -fPIE -pie'; do
    "$CROSS_CC" $flags -fno-section-anchors -o fresh.old fresh.c && "$CROSS_CC" $flags -fno-section-anchors -DFIXED -o fresh.new fresh.c || { not_ok "$flags: new variables are built"; continue; }
    lpdiff fresh.old fresh.new >fresh.lpatch 2>err
    is "$?$(cat err)" 1 "$flags: a patch with new variables"
    is "$(timeout 20 lprun --no-control -L "$fresh_root" -P fresh.lpatch ./fresh.old 2>&1 | head -n 20)" \
        "$(timeout 20 lprun --no-control -L "$fresh_root" ./fresh.new 2>&1)" "  does what the new program does"
done

# ---- programs in many versions ----
sysroot=$(arm64_sysroot) || sysroot=/
args="a beta 3 b xyz 50 c x 1 d x 2 e hello 1 f q 7 g zz 12 h four 1 i x 7 j A 1 z x 1"
# build FILE FLAGS...
build() { out=$1; shift; "$CROSS_CC" -w -fno-section-anchors "$@" -Wl,--build-id -o "$out" "$tests/diff/builds.c"; }
run() { timeout 60 lprun --no-control -L "$sysroot" "$@" 2>&1; }
# A fix, in another layout besides: the functions of it alone, and the program then does what the new one does.
fixed()
{
    name=$1
    shift
    build p.old "$@" && build p.shift "$@" -DSHIFT && build p.new "$@" -DSHIFT -DFIX || { not_ok "$name is built"; return; }
    is "$(lpdiff --summary p.old p.shift 2>&1 | grep -v '^new ')" "" "$name: another layout is no change"
    lpdiff p.old p.new >p.lpatch 2>p.err
    is "$?$(cat p.err)" 1 "$name: there is a patch"
    is "$(grep -c -e '^func [a-z]' -e '^@ ' p.lpatch)" "$(grep -c -e '^func \(on_sub\|dispatch\|limited\)' -e '^@ \(on_sub\|dispatch\)' p.lpatch)" "$name: of the fix alone"
    is "$(run -P p.lpatch ./p.old $args)" "$(run ./p.new $args)" "$name: the patched program does what the new one does"
}
fixed "a PIE" -O2
fixed "a PIE without optimisation" -O0
fixed "a position-dependent program" -O1 -no-pie
fixed "a program with its relocations" -Os -Wl,-q
fixed "functions in sections of their own" -O2 -ffunction-sections -fdata-sections

# Without symbols, functions are found by unwinding information and named by address.
build s.old -O2 -s && build s.new -O2 -s -DFIX || exit 1
is "$(lpdiff s.old s.old 2>&1)" "" "a stripped file and itself"
lpdiff s.old s.new >s.lpatch 2>s.err
is "$?" 2 "stripped: what neighbours alone match is not taken for sure"
like "$(cat s.err)" "E111: " "and it is said"
lpdiff --heuristic s.old s.new >s.lpatch 2>s.err
is "$?" 1 "--heuristic takes it"
like "$(cat s.lpatch)" '^func 0x' "functions have addresses"
is "$(run -P s.lpatch ./s.old $args)" "$(run ./s.new $args)" "stripped: the patched program does what the new one does"

# A file without a name, as of <(...).
lpdiff /dev/fd/3 new 3<old | sed -n 's/^object *//p' >name
is "$(cat name)" '*' "a descriptor has no name"

# With --symbol, functions that call one another by rules that the compiler changed with them.
cat >rules.c <<'C'
#include <stdio.h>
struct two { int number; const char *name; };
static __attribute__((noinline)) int help(const struct two *t, int n) { return LOOK + n; }
__attribute__((noinline)) int f(const struct two *t) { return help(t, 3) * TIMES; }
__attribute__((noinline)) int g(const struct two *t) { return help(t, 4); }
int main(int argc, char **argv) { struct two t = {argc, *argv}; return printf("%d %d\n", f(&t), g(&t)) < 0; }
C
for v in old new; do
    [ $v = old ] && look='t->number' times=1 || look='*t->name' times=2
    "$CROSS_CC" -w -O2 "-DLOOK=$look" -DTIMES=$times -Wl,--build-id -o rules.$v rules.c || exit 1
done
lpdiff --symbol f --symbol 'help*' rules.old rules.new >rules.lpatch 2>rules.err
like "$(cat rules.err)" 'left out (--symbol) though they call, or are called by, some that are in the patch' "--symbol: callers that changed and are left out are named"
is "$(lpdiff rules.old rules.new 2>&1 >/dev/null | grep -c 'left out')" 0 "  and without it none is"

# Symbols from files of their own.
if have aarch64-linux-gnu-objcopy; then
    for v in old new; do
        build "d.$v.full" -O2 $([ $v = new ] && echo -DFIX)
        aarch64-linux-gnu-objcopy --only-keep-debug "d.$v.full" "d.$v.debug" && aarch64-linux-gnu-objcopy --strip-all "d.$v.full" "d.$v"
    done
    lpdiff --debug d.old.debug d.new.debug d.old d.new >d.lpatch 2>d.err
    is "$?$(cat d.err)" 1 "with debug files no guess is needed"
    is "$(run -P d.lpatch ./d.old $args)" "$(run ./d.new $args)" "and the patch does what it should"
    for debug in 'd.new.debug d.old.debug' 'd.old.debug d.old.debug' 'd.old d.new.debug'; do
        [ "$debug" = 'd.old d.new.debug' ] && want=1 || want=2 # a file's own names, which it has not many of
        lpdiff --heuristic --debug $debug d.old d.new >d.out 2>d.err
        is "$?" $want "--debug $debug"
        [ $want = 1 ] || like "$(cat d.err)" "E105: d.[a-z]*.debug is the debug file of another build: build-id [0-9a-f]*, not [0-9a-f]*" "  another build's"
    done
    mkdir -p .debug
    for v in old new; do
        cp "d.$v.debug" .debug/ && aarch64-linux-gnu-objcopy --add-gnu-debuglink="d.$v.debug" "d.$v" "linked.$v" && rm "d.$v.debug" || exit 1
    done
    lpdiff linked.old linked.new >linked.lpatch 2>d.err
    is "$?$(cat d.err)" 1 "debug files are found where debuggers find them"
    like "$(cat linked.lpatch)" '^\(func\|@\) [a-z]' "  and functions have their names"
    rm .debug/d.new.debug
    lpdiff linked.old linked.new >linked.lpatch 2>d.err
    is "$?" 2 "one alone is not taken"
    rm -r .debug
else
    skip "debug files" "no aarch64-linux-gnu-objcopy"
fi

# ---- data ----
build base -O2 || exit 1
build weight -O2 '-DTABLE={"alpha",1},{"beta",7}'
lpdiff base weight >w.lpatch 2>w.err
is "$?$(cat w.err)" 1 "a constant that changed"
like "$(cat w.lpatch)" '^set rules+0x' "is a value in the patch"
is "$(run -P w.lpatch ./base $args)" "$(run ./weight $args)" "and the program uses it"
build key -O2 '-DTABLE={"alpha",1},{"gamma",2}'
lpdiff base key >k.lpatch 2>k.err
is "$?$(cat k.err)" 1 "a pointer to another text"
is "$(run -P k.lpatch ./base a gamma 3)" "$(run ./key a gamma 3)" "comes with the text"
build more -O2 '-DTABLE={"alpha",1},{"beta",2},{"gamma",3}'
lpdiff base more >m.lpatch 2>m.err
is "$?$(cat m.err)" 1 "a constant with one more entry"
is "$(run -P m.lpatch ./base a gamma 3)" "$(run ./more a gamma 3)" "comes along"

# refused FLAG NUMBER [OPTION]: built with FLAG there is no patch
refused()
{
    build other.bin -O2 $1
    lpdiff ${3-} base other.bin >r.out 2>r.err
    is "$?$(cat r.out)" 2 "$2: $1 is refused, nothing is written"
    like "$(cat r.err)" " $2: " "with the reason's number"
    like "$(cat r.err)" 'hint: ' "and a hint"
}
refused -DSTART=6 E121
refused -DROOM=9 E120
refused -DCONSTRUCTOR E130
refused -DTLS=4 E160

# Of a pointer, what it leads to is said.
cat >pointer.c <<'C'
#include <stdio.h>
const char *name = TEXT;
int main(void) { return puts(name) < 0; }
C
for text in first second; do "$CROSS_CC" -O2 -Wl,--build-id "-DTEXT=\"the $text text\"" -o pointer.$text pointer.c || exit 1; done
like "$(lpdiff pointer.first pointer.second 2>&1)" 'E121: .* `name`+0x0 changed from "the first text" to "the second text"' "a pointer in a variable leads to another text"

build import -O2 -DIMPORT
lpdiff base import >n.lpatch 2>n.err
is "$?$(cat n.err)" 1 "an import that the old file has not"
is "$(run -P n.lpatch ./base $args)" "$(run ./import $args)" "is there from the start"

# What the old file does not import at all, or has no PLT entry or slot for.
cat >import.c <<'C'
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int (*const known)(const char *) = atoi;
#ifdef TABLE
static int (*const way[])(int) = {toupper, tolower};
#endif
__attribute__((noipa)) int use(const char *s)
{
#ifdef TABLE
    putchar(way[*s & 1](*s));
#elif defined FIX
    char *copy = strdup(s);
    free(copy);
#elif defined COPIED
    fputc('e', stderr);
#endif
#ifdef KNOWN
    return atoi(s) + 1;
#else
    return known(s);
#endif
}
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) printf("%d\n", use(argv[i])), fputc('\n', stdout), putchar('-');
    return 0;
}
C
for way in -fplt -fno-plt '-fno-pic -no-pie'; do
    imports() { out=$1; shift; "$CROSS_CC" -w -O0 -fno-builtin $way "$@" -Wl,--build-id -o "$out" import.c; }
    imports i.old && imports i.known -DKNOWN || exit 1
    lpdiff i.old i.known >i.lpatch 2>r.err
    is "$?$(cat r.err)" 1 "an import for which the old file has no PLT entry ($way)"
    is "$(run -P i.lpatch ./i.old 7 8)" "$(run ./i.known 7 8)" "  the program does what the new one does"
    is "$(lpapply -q -o i.file i.old i.lpatch 2>&1; run ./i.file 7 8)" "$(run ./i.known 7 8)" "  and so does the file"
    for flag in -DFIX -DTABLE -DCOPIED; do
        imports i.fix $flag || exit 1
        case "$flag $way" in
        '-DTABLE -fno-pic'*) expected=E140 ;;
        '-DCOPIED -fno-pic'*) expected=E132 ;;
        *) expected= ;;
        esac
        lpdiff i.old i.fix >i.lpatch 2>r.err
        found=$?
        if [ "$expected" ]; then
            is "$found$(cat i.lpatch)" 2 "what cannot be had from another library is refused ($way $flag)"
            like "$(cat r.err)" " $expected: " "  with the reason's number"
            continue
        fi
        is "$found$(cat r.err)" 1 "imports that the old file has not ($way $flag)"
        is "$(run -P i.lpatch ./i.old a B)" "$(run ./i.fix a B)" "  the program does what the new one does"
        is "$(lpapply -q -o i.file i.old i.lpatch 2>&1; run ./i.file a B)" "$(run ./i.fix a B)" "  and so does the file"
    done
done

# GCC reaches one variable from the address of another, which may be anywhere in the patched program.
cat >anchor.c <<'C'
#include <stdio.h>
static int seen[4];
#ifdef FIXED
static int more[4];
#define MORE(v) (more[(v) & 3] += seen[1])
#else
#define MORE(v) 0
#endif
__attribute__((noinline)) int area(int v) { seen[v & 3]++; return MORE(v) + seen[0]; }
int main(int argc, char **argv) { printf("%d\n", area(argc)); return 0; }
C
anchored() { "$CROSS_CC" -w -O2 "$@" -Wl,--build-id anchor.c; }
for flag in -fsection-anchors -fno-section-anchors; do
    anchored $flag -o anchor.old && anchored $flag -DFIXED -o anchor.new || exit 1
    lpdiff anchor.old anchor.new >r.lpatch 2>r.err
    is "$?$(cat r.err)" 1 "$flag: a new variable behind an old one's address"
    is "$(run -P r.lpatch ./anchor.old a b)" "$(run ./anchor.new a b)" "  the program does what the new one does"
done

build start -O2 -DSTART=6
lpdiff --data base start >st.lpatch 2>st.err
is "$?$(cat st.err)" 1 "--data includes the value"
is "$(run -P st.lpatch ./base $args)" "$(run ./start $args)" "and it is there from the start"
cat >zero.c <<'C'
#include <stdio.h>
int value VALUE;
int main(void) { printf("%d\n", value++); return 0; }
C
"$CROSS_CC" -O2 -DVALUE= -Wl,--build-id zero.c -o zero.old && "$CROSS_CC" -O2 -DVALUE='= 3' -Wl,--build-id zero.c -o zero.new || exit 1
lpdiff --data zero.old zero.new >zero.lpatch 2>zero.err
is "$?" 1 "--data includes the value of what the old file has no bytes of"
like "$(cat zero.err)" 'warning: the old file has no bytes of value, .* (.bss): the patch is not for lpapply -o' "  and says for what that does not do"
is "$(run -P zero.lpatch ./zero.old)" 3 "  it is there from the start"
like "$(lpapply -q -o zero.file zero.old zero.lpatch 2>&1)" 'the file has no bytes for this place' "  lpapply -o does not take it"

# Texts: one that grows over the padding behind it, while all else stays where it is; new ones whose ends the linker shares with others.
cat >text.c <<'E2'
#include <stdio.h>
#ifdef NEW
#define GROWS "second text"
#define SHARED "a new long middle"
#define END "fixed: tail end"
#else
#define GROWS "first text"
#define SHARED "old"
#define END "x"
#endif
static const int prime[] = {2, 3, 5, 7};
__attribute__((noipa)) int number(unsigned i) { return prime[i & 3]; }
__attribute__((noipa)) const char *grows(int x) { return x ? GROWS : 0; }
#ifdef TAILS
__attribute__((noipa)) void tail(int x) { puts("tail end"); fputs("middle", stdout); printf("d: %d\n", x); }
__attribute__((noipa)) void shared(int x) { fputs(SHARED, stdout); printf("%d;", x); puts(END); }
#endif
int main(int c, char **v)
{
    printf("%s %d\n", grows(c), number(c));
#ifdef TAILS
    tail(3), shared(4);
#endif
    return 0;
}
E2
for flags in -Os -O2 '-Os -DTAILS' '-O2 -static -DTAILS'; do
    "$CROSS_CC" -w $flags -Wl,--build-id -o text.old text.c && "$CROSS_CC" -w $flags -DNEW -Wl,--build-id -o text.new text.c || exit 1
    lpdiff text.old text.new >text.lpatch 2>r.err
    is "$?" 1 "texts, $flags: a patch"
    is "$(run -P text.lpatch ./text.old)" "$(run ./text.new)" "  the program does what the new one does"
done
# ---- a file that lpapply -o has patched, as the old one: where that is in the way, it is said, and what to do ----
cat >again.c <<'C'
#include <stdio.h>
static int total;
__attribute__((noinline)) int f(int x)
{
#if V > 0
    if (x > 3) puts("more than three");
    total ^= x;
#endif
#if V > 1
    total -= 2;
#endif
    return total += x;
}
int main(void) { for (int i = 0; i < 7; i++) printf("%d\n", f(i)); return 0; }
C
for v in 0 1 2; do "$CROSS_CC" -O2 -s -Wl,--build-id -DV=$v -o again.$v again.c || exit 1; done
lpdiff --heuristic -o again.lpatch again.0 again.1 2>/dev/null
lpapply -o again.disk again.0 again.lpatch >/dev/null 2>&1
lpdiff --heuristic again.disk again.2 >out 2>err
is "$?$(cat err)" 1 "a patched file as the old one, stripped: a patch"
is "$(run -P out ./again.disk)" "$(run ./again.2)" "  with which the program does what the new one does"
is "$(lpapply -o again.more again.disk out 2>&1 | grep -c 'has changed it already')" 1 "  but it is not put beside the other one into the file"
"$CROSS_CC" -O2 -s -Wl,--build-id,--no-as-needed -DV=2 -o again.3 again.c -lm
lpdiff --heuristic again.disk again.3 >out 2>err
is "$?$(cat out)" 2 "a patched file as the old one, and another reason for no patch"
like "$(cat err)" ' E106: ' "  which is said"
like "$(cat err)" 'hint: .*lpapply -R -o' "  and what to do"
lpapply -R -o again.back again.disk >/dev/null 2>&1
lpdiff --heuristic -o again.lpatch again.back again.2 2>err
is "$?$(cat err)" 1 "  of the file as it was there is one"
tap_done
