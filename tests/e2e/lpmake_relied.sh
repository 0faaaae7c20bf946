#!/bin/sh
# lpmake: what callers rely on because their compiler has seen the old body, and the new one does not keep: it is said; where it is kept, it is not.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/making/lib.sh"
lines=yes
echo 'int main(void) { return 0; }' | "$CROSS_CC" -g -o try -x c - && case $(lpmake -t try '<stdin>:1=nop' 2>&1) in *libdw*) lines= ;; esac
# said TARGET CHANGE...: what is said about callers
said() { t=$1; shift; lpmake -t "$t" -o p.lpatch "$@" 2>err || { not_ok "$*: made"; note <err; }; grep 'the old body of\|the new body' err | grep -v 'no effect but\|may be held'; }

# ---- it never returned ----
cat >ends.c <<'C'
#include <stdio.h>
#include <stdlib.h>
int errors, count;
#if K == 1
__attribute__((noinline, noreturn)) void fail(const char *s) { printf("error: %s\n", s); exit(1); }
#else
__attribute__((noinline)) void fail(const char *s) { printf("error: %s\n", s); if (K > 2) exit(2); errors++; }
#endif
__attribute__((noinline)) void stop(int n) { count += n; fail("stopped"); }
__attribute__((noinline)) int after(int n) { if (n > 100) puts("after"); return n; }
int main(int c, char **v) { if (after(c) > 2) stop(c); return 0; }
C
"$CROSS_CC" $STANDARD -w -static -DK=1 -o ends ends.c || not_ok "compile ends.c"
for k in 2 3; do "$CROSS_CC" $SECTIONS -w -DK=$k -c -o ends$k.o ends.c || not_ok "compile ends$k.o"; done
like "$(said ends 'fail=replace from ends2.o')" 'old body of fail never returns, and the new one does: there is nothing behind calls of it.*: stop+0x[0-9a-f]*' "a body that returns, where the old one never did"
is "$(said ends 'fail=replace from ends3.o')" "" "  nothing if it does not, either"
is "$(said ends 'fail=replace from ends2.o' 'stop=replace from ends2.o' | grep -o stop+0x)" "" "  nothing of callers that are replaced, too"
like "$(said ends fail=ret)" 'fail=ret: the old body of fail never returns' "  ret"
like "$(said ends exit=ret)" 'exit=ret: the old body of exit never returns' "  ret in the C library"
like "$(said ends 'fail=b after')" 'fail=b after: the old body of fail never returns' "  a branch to what returns"
is "$(said ends 'fail=b exit' 'after=ret' 'main=ret')" "" "  nothing of functions that did return, or of a branch to what does not"
# Of a function of another source file that is not known to be one there is code behind the call.
echo 'void fail(const char *); void stop(int n); int count; int main(int c, char **v) { fail("a"); return c * 3 + count; }' >callers.c
printf '#include <stdlib.h>\nvoid fail(const char *s) { exit(s[0]); }\n' >failing.c
"$CROSS_CC" $STANDARD -static -o apart callers.c failing.c && echo 'int n; void fail(const char *s) { n++; }' | object apart
is "$(said apart 'fail=replace from apart.o')" "" "  nothing of calls that have code behind them"
[ -z "$lines" ] || {
    sed 's/, noreturn//' ends.c >undeclared.c
    "$CROSS_CC" $STANDARD -fno-ipa-pure-const -g -w -static -DK=1 -o undeclared undeclared.c || not_ok "compile undeclared.c"
    is "$(said undeclared 'fail=replace from ends2.o')" "" "  nothing where the compiler has not looked for it"
}

# ---- it let no exception out ----
cxx=${CROSS_CXX:-${CROSS_CC%gcc}g++}
cat >throws.cc <<'C'
#include <stdio.h>
long hits, lim = 3;
__attribute__((noinline)) void thrower(long v) { if (v > lim) throw v; hits += v; }
__attribute__((noinline)) void quiet(long v) { hits += v; if (KIND == 1) thrower(v); if (KIND == 2) printf("%ld\n", v); }
__attribute__((noinline)) void loud(long v) { hits += v; thrower(v + (KIND == 1)); }
__attribute__((noinline)) void passes(long v) { quiet(v); hits++; }
__attribute__((noinline)) void caller(long v) { try { quiet(v); passes(v + 1); thrower(v); loud(v); } catch (long e) { printf("caught %ld\n", e); } }
int main(int c, char **v) { for (long i = 1; i < 6; i++) caller(i); printf("%ld\n", hits); }
C
if have "$cxx"; then
    for o in -O0 -O2; do
        "$cxx" $STANDARD -w -static $o -DKIND=0 -o throws throws.cc || not_ok "compile throws.cc"
        for k in 1 2; do "$cxx" $SECTIONS -w -DKIND=$k -c -o throws$k.o throws.cc || not_ok "compile throws$k.o"; done
        like "$(said throws '_Z5quietl=replace from throws1.o')" \
            'let an exception out (by what it calls: _Z7throwerl).*std::terminate: _Z6callerl+0x[0-9a-f]*, _Z6callerl+0x[0-9a-f]*: replace' "an exception from a body that let none out ($o)"
        is "$(said throws '_Z5quietl=replace from throws1.o' '_Z6callerl=replace from throws1.o' '_Z6passesl=replace from throws1.o' 2>/dev/null | grep std::terminate)" "" "  nothing if callers are replaced"
        is "$(said throws '_Z4loudl=replace from throws1.o')" "" "  nothing of one that could before"
        is "$(said throws '_Z5quietl=replace from throws2.o')" "" "  nothing of one that calls C alone"
    done
else
    skip exceptions "no AArch64 C++ compiler"
fi
# ---- what it did not store to ----
cat >keeps.c <<'C'
#include <stdio.h>
static int total, seen, other;
struct s { int a, b, c; };
__attribute__((noinline)) void note(int v)
{
    seen += v;
    if (NOTE == 2 && total > 10) total = 0;
    if (NOTE == 3 && total > 10) other = 0;
}
__attribute__((noinline)) int look(struct s *p)
{
    seen += p->a;
    if (LOOK == 2) p->c = p->a + p->b;
    if (LOOK == 3) seen += p->a * 3;
    return p->a * 2;
}
__attribute__((noinline)) void add(int v) { total += v; note(v); printf("total %d\n", total); }
__attribute__((noinline)) int work(int x) { struct s z = {x, x + 1, x + 2}; int r = look(&z); return r + z.c; }
int main(int c, char **v) { for (int i = 0; i < 3; i++) add(5 + c), printf("%d\n", work(i)); other += c; printf("%d %d\n", seen, other); return 0; }
C
off='-fno-ipa-modref -fno-ipa-reference'
for k in 2 3; do "$CROSS_CC" $SECTIONS -w -DNOTE=$k -DLOOK=$k -c -o keeps$k.o keeps.c || not_ok "compile keeps$k.o"; done
# harmed CHANGE...: the patched program says something else than the new one, so that it must be warned of; or not, and then there is no word. Compilers differ.
harmed()
{
    what=$1 name=$2
    shift 2
    text=$(said keeps "$@")
    if [ "$(run_patched p.lpatch ./keeps)" = "$(run_lprun ./keeps.new)" ]; then
        is "$text" "" "$what: right"
    else
        like "$text" "the new body changes .*, which the old one does not: .*$name+0x" "$what: not right, and it is said"
    fi
}
for how in '-O1 -static' '-O2 -static' '-O2 -pie -fPIE' '-O2 -static -fno-section-anchors' "-O2 -static $off" -O0; do
    "$CROSS_CC" $STANDARD -fno-ipa-pure-const -w $how -DNOTE=1 -DLOOK=1 -o keeps keeps.c 2>/dev/null || { skip "$how" "the compiler cannot"; continue; }
    for f in note look; do
        # The new program, in which this function alone is new.
        new='-DNOTE=2 -DLOOK=1' by=add
        [ $f = note ] || new='-DNOTE=1 -DLOOK=2' by=work
        "$CROSS_CC" $STANDARD -fno-ipa-pure-const -w $how $new -o keeps.new keeps.c || not_ok "compile $f"
        harmed "$f, $how" $by "$f=replace from keeps2.o"
        is "$(said keeps "$f=replace from keeps3.o")" "" "  nothing of what no caller keeps"
    done
    is "$(said keeps note='replace from keeps2.o' add='replace from keeps2.o' look='replace from keeps2.o' work='replace from keeps2.o')" "" "  nothing if the callers are replaced"
done
# ---- what it always returned ----
cat >always.c <<'C'
#include <stdio.h>
int n;
__attribute__((noinline)) LINKAGE int check(int x)
{
    n += x;
    printf("check %d\n", x);
    if (K == 2 && x == 2) return 7;
    if (K == 3 && x == 2) printf("two %d\n", x);
    return 0;
}
__attribute__((noinline)) int work(int x) { int r = check(x); if (r) { printf("bad %d\n", r); return -1; } return x; }
int main(int c, char **v) { for (int i = 0; i < 4; i++) printf("%d\n", work(i + c)); printf("n %d\n", n); return 0; }
C
for cc in "$CROSS_CC" arm64_clang; do
    [ $cc = "$CROSS_CC" ] || have_arm64_clang || { skip "results" "no clang"; continue; }
    for how in '-O0' '-O1' '-O2' '-O2 -DLINKAGE=static'; do
        case $how in *LINKAGE*) ;; *) how="$how -DLINKAGE=" ;; esac
        $cc -w -static $how -DK=1 -o keeps always.c && $cc -w -static $how -DK=2 -o keeps.new always.c &&
            $cc -w -O1 ${how#* } -ffunction-sections -fdata-sections -DK=2 -c -o always2.o always.c &&
            $cc -w -O1 ${how#* } -ffunction-sections -fdata-sections -DK=3 -c -o always3.o always.c || { not_ok "compile always.c"; continue; }
        text=$(said keeps 'check=replace from always2.o')
        if [ "$(run_patched p.lpatch ./keeps)" = "$(run_lprun ./keeps.new)" ]; then
            is "$text" "" "a result that was always the same, ${cc##*/} $how: right"
        else
            like "$text" 'the old body of check [a-z 0-9]*, and the new one returns something else: .*: work+0x' "a result that was always the same, ${cc##*/} $how: not right, and it is said"
        fi
        is "$(said keeps 'check=replace from always2.o' 'work=replace from always2.o')$(said keeps 'check=replace from always3.o')" "" "  nothing if the caller is replaced, or the result is the same"
    done
done
# ---- a variable that the program has no more ----
cat >limit.c <<'C'
#include <stdio.h>
static int limit = 5;
__attribute__((noinline)) int over(int n) { return n > limit; }
__attribute__((noinline)) void set(int n)
{
    if (K == 3) { static int calls; printf("call %d\n", ++calls); }
    printf("set %d\n", n);
    if (K == 2) limit = n;
}
int main(int c, char **v) { for (int i = 3; i < 8; i++) { if (i == 5) set(3 + c * 4); printf("%d over %d\n", i, over(i)); } return 0; }
C
limits() { lpmake -t limit -o p.lpatch "$@" 2>err || not_ok "$*: made"; grep 'is new' err; }
for k in 2 3; do "$CROSS_CC" $SECTIONS -w -DK=$k -c -o limit$k.o limit.c || not_ok "compile limit$k.o"; done
"$CROSS_CC" $STANDARD -w -static -DK=1 -o limit limit.c || not_ok "compile limit.c"
like "$(limits 'set=replace from limit2.o')" '`limit` is new, .*, and `over`, which stays the program.s, does not see it: replace it, too' "a variable that has become a constant"
is "$(limits 'set=replace from limit2.o' 'over=replace from limit2.o')" "" "  nothing if who uses it is replaced"
is "$(limits 'set=replace from limit3.o')" "" "  nothing of a new one that nobody else uses"
"$CROSS_CC" $STANDARD -O0 -w -static -DK=1 -o limit limit.c || not_ok "compile limit.c"
is "$(limits 'set=replace from limit2.o')" "" "  nothing if it is there"
# ---- an argument that it did not read, at the first call of a caller ----
cat >unread.c <<'C'
#include <stdio.h>
int cnt;
__attribute__((noinline)) static int put(int x, int more)
{
    cnt += x;
    printf("put %d\n", x);
    if (K == 2) cnt += more;
    return cnt;
}
__attribute__((noinline)) int work(int x) { put(x, x * 3 + 1); return x; }
int main(int c, char **v) { for (int i = 0; i < 4; i++) printf("%d\n", work(i + c)); printf("cnt %d\n", cnt); return 0; }
C
# Here the caller has the argument from its own callers, who set it as it is read.
sed 's/work(int x) { put(x, x \* 3 + 1); return x; }/work(int x, int y) { put(x, y); return x + y; }/; s/work(i + c)/work(i + c, i)/' unread.c >passed.c
if have_arm64_clang; then
    for f in unread passed; do
        arm64_clang -w -O1 -ffunction-sections -fdata-sections -DK=2 -c -o $f.o $f.c || not_ok "compile $f.o"
        for o in -O0 -O1 -O2; do
            arm64_clang -w -static $o -DK=1 -o keeps $f.c || not_ok "compile $f.c"
            text=$(said keeps "put=replace from $f.o")
            if [ $f.$o = unread.-O0 ] || [ $f = passed ]; then is "$text" "" "an argument that is set: $f, $o"
            else like "$text" 'reads an argument in x1, which the old one does not, and callers .*: work+0x' "an argument that nobody sets: $f, $o"; fi
            is "$(said keeps "put=replace from $f.o" "work=replace from $f.o" | grep 'reads an arg')" "" "  nothing if the caller is replaced"
        done
    done
else
    skip "arguments" "no clang"
fi

# ---- its parameters were the compiler's own ----
cat >remade.c <<'C'
#include <stdio.h>
struct s { int a, b, c; };
int sum;
__attribute__((noinline)) static int look(const struct s *p, int k) { int v = K == 2 ? p->b : p->a; sum += v; return v * 2 + k; }
__attribute__((noinline)) int work(int i) { struct s z = {i + 1, 10 * i, 7}; return look(&z, i); }
int main(int c, char **v) { for (int i = 0; i < 4; i++) printf("%d\n", work(i)); printf("sum %d\n", sum); return 0; }
C
"$CROSS_CC" $STANDARD -w -static -DK=1 -o remade remade.c && "$CROSS_CC" $SECTIONS -w -DK=2 -c -o remade.o remade.c || not_ok "compile remade.c"
clone=$("${CROSS_CC%gcc}nm" remade | sed -n 's/.* \(look\..*isra\.[0-9]*\)$/\1/p')
if [ "$clone" ] && "${CROSS_CC%gcc}nm" remade.o | grep -q " $clone$"; then
    parameters() { lpmake -t remade -o p.lpatch "$@" 2>&1 | grep 'parameters'; }
    like "$(parameters "$clone=replace from remade.o")" "remade.o: the parameters of .$clone. are the compiler's own.*(work+0x[0-9a-f]*).*-fno-ipa-sra" "a function whose parameters gcc has made"
    is "$(parameters "$clone=replace from remade.o" 'work=replace from remade.o')" "" "  nothing if its callers are replaced, too"
    like "$(parameters 'look=nop')" "did you mean $clone.*? What the compiler has made of a function may have other parameters" "  the hint says so"
else
    skip "parameters" "the compiler makes no such function"
fi
tap_done
