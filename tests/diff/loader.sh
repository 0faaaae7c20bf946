#!/bin/sh
# What the kernel and the dynamic linker make of a file besides its code and data: a patch changes nothing of it, and lpdiff must see that.
. "$srcdir/tests/lib.sh"
need_cross
. "$tests/diff/pair.sh"
cd "$scratch" || exit 1
# refused NAME ID TEXT OLD NEW
refused()
{
    lpdiff --heuristic "$4" "$5" >out 2>err
    is "$?$(cat out)" 2 "$1: refused"
    like "$(cat err)" "$2: $3" "  with $2"
}

# accepted NAME OLD NEW
accepted()
{
    is "$(lpdiff --heuristic "$2" "$3" 2>&1; echo $?)" 0 "$1"
}

# ---- what runs at the start and at the end (names.sh: other lists and functions), the same where there is other code in front of it ----
cat >runs.c <<'C'
#include <stdio.h>
#include <unistd.h>
static int v = 1;
#ifdef MORE
__attribute__((used)) static void more(void) { for (int i = 0; i < v; i++) printf("%d %s\n", i, "more"); }
#endif
void one(void) { v = 42; }
#ifdef LIST
__attribute__((section(".preinit_array"), used)) static void (*list)(void) = one;
#endif
int main(void) { printf("%d\n", v); return 0; }
C
# bare FILE: without section headers
bare() { python3 -c 'import sys; b = bytearray(open(sys.argv[1], "rb").read()); b[40:48] = bytes(8); b[58:64] = bytes(6); open(sys.argv[1], "wb").write(b)' "$1"; }
for how in -O1 '-O1 -s' '-O1 -no-pie' '-O1 -static' '-O1 -static -s'; do
    build() { out=$1; shift; "$CROSS_CC" -w $how "$@" -Wl,--build-id -o "$out" runs.c; }
    build r.old && build r.more -DMORE && build r.list -DLIST && build r.init -Wl,-init,one -Wl,-fini,one && build r.same -DMORE -Wl,-init,one -Wl,-fini,one || exit 1
    accepted "$how: lists" r.old r.more
    accepted "$how: functions" r.init r.same
    case $how in *static*) continue ;; esac
    have python3 || { skip "$how: without section headers" "no python3"; continue; }
    bare r.old && bare r.list || exit 1
    refused "$how, without section headers, a list that is new" E130 '.*(\.preinit_array)' r.old r.list
    refused "$how, without section headers, a list that is gone" E130 '.*(\.preinit_array)' r.list r.old
done
build() { out=$1; shift; "$CROSS_CC" -w -O1 -nostdlib -static "$@" -Wl,--build-id -o "$out" entry.c; }
cat >entry.c <<'C'
#define EXIT(n) __asm__("mov x0, #" #n "\n mov x8, #93\n svc #0")
void first(void) { EXIT(1); }
void second(void) { EXIT(2); }
C
build e.old -Wl,-e,first && build e.new -Wl,-e,second || exit 1
refused "another entry" E130 ".*(the program's entry)" e.old e.new

# ---- on which terms: whether there may be code on the stack, who binds names, where libraries are looked for, what others find ----
cat >terms.c <<'C'
__attribute__((noinline)) int helper(int n) { return n * 3; }
int answer(int n) { return helper(n) + ADD; }
#ifdef HIDE
__attribute__((visibility("hidden")))
#endif
int more(int n) { return n; }
C
build() { out=$1; shift; "$CROSS_CC" -w -O1 -fPIC -shared -DADD=1 "$@" -Wl,--build-id -o "$out" terms.c; }
for how in '' -s; do
    build t.old $how && build t.stack $how -Wl,-z,execstack && build t.symbolic $how -Wl,-Bsymbolic && build t.path $how -Wl,-rpath,/elsewhere &&
        build t.hidden $how -DHIDE || exit 1
    refused "$how code on the stack" E153 'code may run on the stack.*' t.old t.stack
    refused "$how names of its own first" E153 'a name is looked for in the library itself first.*' t.old t.symbolic
    refused "$how no longer" E154 'a name is looked for in the library itself first.*' t.symbolic t.old
    like "$(lpdiff --heuristic t.old t.path 2>&1)" "warning: the new file looks for its libraries elsewhere .*: ./elsewhere., not ..$" "$how another place to look for libraries is warned of"
    like "$(lpdiff --heuristic t.old t.hidden 2>&1)" 'warning: other objects do not find in the new file .*symbols: 1, the first: more)' "$how a name that is gone is warned of"
    is "$(lpdiff --heuristic t.stack t.old 2>&1)" "" "$how a stack without code is no reason"
done

# ---- the first atomic operation brings a constructor of libgcc's, which need not run ----
cat >first.c <<'C'
#include <stdio.h>
static int hits;
__attribute__((noinline)) int hit(int n)
{
#ifdef ATOMIC
    return __atomic_add_fetch(&hits, n, __ATOMIC_SEQ_CST);
#else
    return hits += n;
#endif
}
#ifdef MORE
__attribute__((constructor)) static void more(void) { hits = MORE; }
#endif
int main(int argc, char **argv) { hit(argc); printf("%d\n", hit(argc + 1)); return 0; }
C
build() { out=$1; shift; "$CROSS_CC" -w -O2 "$@" -Wl,--build-id -o "$out" first.c; }
build f.old && build f.new -DATOMIC && build f.more -DATOMIC -DMORE=4 || exit 1
lpdiff -o f.lpatch f.old f.new 2>f.err
is "$?$(cat f.err)" 1 "the first atomic operation: a patch"
is "$(run -P f.lpatch ./f.old)" "$(run ./f.new)" "  which does what the new file does"
lpdiff f.new f.old >f.back 2>f.err
is "$?$(cat f.err)" 1 "  and back"
is "$(run -P f.back ./f.new)" "$(run ./f.old)" "  likewise"
refused "a constructor besides" E130 '.*(.init_array)' f.old f.more

# ---- constructors that are in the patch: a running program does not run them again ----
cat >start.c <<'C'
#include <stdio.h>
static int n, m;
static __attribute__((noinline)) void set(int v) { n = v * SET; puts("set"); }
static __attribute__((noinline)) void both(int v) { m += v * BOTH; puts("both"); }
static __attribute__((noinline)) void held(int v) { n += v * HELD; puts("held"); }
void (*volatile hold)(int) = held;
__attribute__((constructor)) static void start(void) { set(2); both(START); }
int main(void) { both(3); hold(1); printf("%d %d\n", n, m); return 0; }
C
for how in '-O0' '-O2 -fno-ipa-cp -fPIE -pie' '-O1 -fPIE -static-pie' '-O1 -no-pie -fno-pie -Wl,-q' '-O1 -no-pie -fno-pie' '-O2 -fno-ipa-cp -static'; do
    build() { out=$1; shift; "$CROSS_CC" -w $how "$@" -Wl,--build-id -o "$out" start.c || not_ok "compile $out"; }
    build s.old -DSET=5 -DBOTH=5 -DSTART=5 -DHELD=5
    # macro, the first function that does not run again (none: -)
    for what in START:start SET:set BOTH:- HELD:-; do
        build s.new -DSET=5 -DBOTH=5 -DSTART=5 -DHELD=5 -U${what%:*} -D${what%:*}=7
        lpdiff -o s.lpatch s.old s.new 2>s.err
        is "$? $(sed -n 's/.*constructors, and what only they call,.*the first: \(.*\))$/\1/p' s.err)" "1 $(echo "${what#*:}" | tr -d -)" "$how ${what%:*}: what does not run again is said"
        is "$(run -P s.lpatch ./s.old)" "$(run ./s.new)" "  and at the start it does what the new file's does"
    done
done
tap_done
