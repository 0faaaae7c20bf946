#!/bin/sh
# What an object leaves undefined, of which no program or library has made an import yet: hidden names, weak ones that nobody has, thread-local variables, and
# addresses that code without a GOT does not reach; in the running program and in the file.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/making/lib.sh"
live() { p=$1; shift; run_patched "$p" -E LD_LIBRARY_PATH=. "$@"; }
plain() { run_lprun -E LD_LIBRARY_PATH=. "$@"; }
cc() { "$CROSS_CC" -w $STANDARD "$@" || not_ok "compile: $*"; }

# ---- hidden: of the program or library itself, whatever its libraries export by that name ----
cat >work.c <<'C'
__attribute__((visibility("hidden"))) int error(int, int, const char *), of_nobody(int);
__attribute__((visibility("default"))) int work(int n) { return error(n + MORE, 0, "own %d") + (MORE == 2 ? of_nobody(n) : 0); }
C
cat >own.c <<'C'
#include <stdio.h>
int error(int a, int b, const char *f) { printf("own error %d\n", a); return a * 2; }
int of_nobody(int n) { return n; }
C
printf '#include <stdio.h>\nint work(int);\nint main(void) { printf("%%d\\n", work(3)); return 0; }\n' >main.c
cc -DMORE=0 -fPIC -fvisibility=hidden -shared -Wl,-soname,libwork.so -o libwork.so work.c own.c
cc -o main main.c libwork.so
for n in 1 2; do cc -DMORE=$n -ffunction-sections -fPIC -c -o work$n.o work.c; done
at=$("${CROSS_CC%gcc}nm" libwork.so | sed -n 's/^\([0-9a-f]*\) t error$/0x\1/p')
lpmake -t libwork.so -o named.lpatch 'work=replace from work1.o' 2>err
is "$? $(live named.lpatch ./main | tr '\n' ' ')" "0 own error 4 8 " "a hidden name that the library still has"
"${CROSS_CC%gcc}strip" libwork.so
for n in 1:error 2:error; do
    lpmake -t libwork.so -o refused.lpatch "work=replace from work${n%:*}.o" 2>err
    like "$? $(cat err)" "^1 .*it needs \`${n#*:}\`, which is hidden, so that no library can have it, and the program has none" "and has lost: no import"
    like "$(cat err)" "hint: .*\`symbol NAME 0xADDRESS\` in a recipe says where" "  what to do"
done
printf 'symbol error %s\nwork = replace from work1.o\n' "$at" | lpmake -t libwork.so -o given.lpatch - 2>err
is "$? $(live given.lpatch ./main | tr '\n' ' ')" "0 own error 4 8 " "  which helps"
mkdir -p patched && lpapply -q -o patched/libwork.so libwork.so given.lpatch
is "$(run_lprun -E LD_LIBRARY_PATH=patched ./main | tr '\n' ' ')" "own error 4 8 " "  in the file, too"

# ---- b and bl: to what is imported, or can be, and to IFUNCs, by the PLT ----
cat >leaves.c <<'C'
#include <stdio.h>
#include <string.h>
__attribute__((noipa)) long first(const char *s) { return s[0]; }
long call(const char *);
__asm__(".text; .p2align 4; .type call, %function; call: hint 25; stp x29, x30, [sp, -16]!; bl first; add x0, x0, 1; ldp x29, x30, [sp], 16; hint 29; ret; .size call, .-call");
int main(int c, char **v) { printf("%ld %ld %zu\n", first("abcd"), call("abcde"), strlen(v[0]) / 1000); return 0; }
C
for how in '-static -no-pie' '-pie -fPIE' '-no-pie -mbranch-protection=standard' '-pie -fPIE -Wl,-z,now'; do
    cc $how -o leaves leaves.c
    for to in strlen:6 atoi:1; do
        case $how:$to in *static*:atoi*) continue ;; esac # which is not in it
        lpmake -t leaves -o leaves.lpatch "call+0x8=bl ${to%:*}" 'first=b labs' 2>err || lpmake -t leaves -o leaves.lpatch "call+0x8=bl ${to%:*}" 2>err
        is "$? $(live leaves.lpatch ./leaves | cut -d' ' -f2)" "0 ${to#*:}" "$how: bl ${to%:*}"
        lpapply -q -o leaves.new leaves leaves.lpatch && is "$(plain ./leaves.new | cut -d' ' -f2)" "${to#*:}" "  in the file, too"
    done
    lpmake -q -t leaves -o leaves.lpatch 'first=b strlen' && is "$(live leaves.lpatch ./leaves)" "4 6 0" "  b strlen"
    lpapply -q -o leaves.new leaves leaves.lpatch && is "$(plain ./leaves.new)" "4 6 0" "  in the file, too"
done
no() { lpmake -t leaves -o leaves.lpatch "$1" 2>err; like "$? $(tr '\n' ' ' <err)" "^1 .*$2" "$1: no patch, and what to do"; }
no 'first=b cbrtl' 'not found.*hint: no library that the program needs has it: `patchelf'
no 'first=b atoi@plt' 'not found.*hint: .*without `@plt` it may become a new import'
no 'first=b frist' 'hint: did you mean first'
lpmake -L /nowhere -t leaves -o leaves.lpatch 'first=b atoi' 2>err
like "$? $(tr '\n' ' ' <err)" '^1 .*not found.*hint: if a library of the program has it: .*`-L DIR`' "libraries that are not found: where they are is what to say"

# ---- a program at a fixed address, whose libraries are far away, and code that takes addresses without a GOT ----
cat >far.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static char text[] = "cab";
int f(int n);
#ifdef FIX
int f(int n)
{
    qsort(text, 3, 1, (int (*)(const void *, const void *))strcmp);
    if (n > 5) fputs("many\n", stderr), fputs(text, stderr);
    return n + (optarg != 0);
}
#else
__attribute__((noipa)) int f(int n) { return n + text[0]++; }
int main(int c, char **v) { printf("%d\n", f(c)); return 0; }
#endif
C
cc -fno-pie -no-pie -o far far.c
cc -fno-pie -DFIX -ffunction-sections -c -o near.o far.c
cc -fPIC -DFIX -ffunction-sections -c -o got.o far.c
lpmake -t far -o refused.lpatch 'f=replace from near.o' 2>err
like "$? $(cat err)" "^1 .*\`[a-z]*\` is a library's, which is too far from this program for code that takes its address without a GOT" "too far: refused"
like "$(cat err)" 'hint: compile the new code with -fPIC$' "  what to do"
is "$(grep -c 'too far' err)" 1 "  once"
lpmake -t far -o got.lpatch 'f=replace from got.o' 2>err
is "$? $(cat err) $(run_patched got.lpatch ./far)" "0  1" "  which helps"
printf '#include <stdio.h>\nint f(int n) { int (*volatile say)(const char *, ...) = printf; return say("%%d ", n); }\n' | object calls -fno-pie
lpmake -t far -o refused.lpatch 'f=replace from calls.o' 2>err
like "$? $(cat err)" "^1 .*\`printf\` is a library's, which is too far" "  an entry for calls alone is not the address of what it calls"
sed 's/got_page [^ ]*stderr[^ ]*/prel_pg_hi21 optarg/;s/adr_got_page \([^ ]*\)/adr_prel_pg_hi21 \1/' got.lpatch | lpmake --redigest -o far.lpatch
like "$(run_patched far.lpatch ./far)" 'hint: .[a-z]*. is in libc.so.6: compile the new code with -fPIC' "  and said by lprun of a patch that has it"

# ---- weak, and of nobody ----
cat >weak.c <<'C'
#include <stdio.h>
__attribute__((weak)) int nofn(void);
__attribute__((weak)) extern int nodata;
#ifdef FIX
static int (*const table[])(void) = {nofn, nofn};
int f(int n) { return nofn ? nofn() + table[n](): &nodata ? nodata : table[n] ? 3 : n + 100; }
#elif defined LIB
int nofn(void) { return 20; }
#else
static int calls;
__attribute__((noipa)) int f(int n) { return n + ++calls; }
int main(int c, char **v) { printf("%d\n", f(c)); return 0; }
#endif
C
cc -fPIC -shared -DLIB -o libweak.so weak.c
for way in -pie -no-pie -static; do
    cc $way -fPIE -o weak weak.c
    cc -fPIE -DFIX -ffunction-sections -c -o weak.o weak.c
    lpmake -t weak -o weak.lpatch 'f=replace from weak.o' 2>err
    is "$?" 0 "$way: weak symbols of nobody"
    is "$(grep -c '`no[a-z]*`, which is weak: as for a linker it is 0' err) $(wc -l <err)" "2 2" "  said so"
    is "$(run_patched weak.lpatch ./weak)" 101 "  live"
    rm -f weak.new
    lpapply -q -o weak.new weak weak.lpatch 2>err
    is "$? $(cat err) $(run_lprun ./weak.new)" "0  101" "  in the file"
    [ "$way" = -static ] || is "$(run_lprun -E LD_PRELOAD=./libweak.so ./weak.new) $(run_lprun -E LD_PRELOAD=./libweak.so -P weak.lpatch ./weak)" "40 40" "  or of one that comes"
    have_qemu && is "$(timeout 60 "$QEMU_AARCH64" -L "$sysroot" ./weak.new)" 101 "  in the file, qemu"
    lpapply -q -R -o back weak.new && same back weak "  and back"
done

# ---- thread-local, of a library, and not imported yet ----
cat >tls.c <<'C'
#include <pthread.h>
#include <stdio.h>
extern __thread int spare, count;
int bump(void);
#ifdef LIB
__thread int spare = 5, count = 40;
int bump(void) { return ++count; }
#elif defined FIX
int f(int n) { count += n; return count * 100 + spare++; }
#else
static int calls;
__attribute__((noipa)) int f(int n) { return n + ++calls; }
static void *run(void *p) { printf("%d\n", f(*(int *)p)); return p; }
int main(int c, char **v)
{
    pthread_t t;
    bump(), run(&c), run(&c);
    pthread_create(&t, NULL, run, &c), pthread_join(t, NULL);
    printf("%d\n", bump());
    return 0;
}
#endif
C
echo 'V1 { global: bump; local: *; }; V2 { global: spare; count; } V1;' >tls.map
cc -fPIC -shared -DLIB -Wl,--version-script,tls.map -o libtls.so tls.c
# The C library's folder, with this one.
mkdir -p sr/lib && ln -s "$PWD/libtls.so" sr/lib/ && for f in "$sysroot"/lib/*.so*; do ln -s "$f" sr/lib/; done
for way in -pie -no-pie; do
    cc -fPIE $way -o tls tls.c libtls.so
    for how in '-fPIE -mtls-dialect=desc' '-fPIE -mtls-dialect=trad' '-fPIC -mtls-dialect=desc' '-fPIC -mtls-dialect=trad'; do
        # shellcheck disable=SC2086
        object tls -DFIX $how <tls.c
        lpmake -L sr -t tls -o tls.lpatch 'f=replace from tls.o' 2>err
        is "$? $(cat err)" "0 " "$way, $how: thread-local variables of a library"
        like "$(cat tls.lpatch)" ' count@V2!libtls.so$' "  with their version"
        rm -f tls.new
        lpapply -q -o tls.new tls tls.lpatch 2>err
        is "$? $(cat err) $(plain ./tls.new | tr '\n' ' ')" "0  4205 4306 4105 44 " "  in the file"
        have_qemu && is "$(timeout 60 "$QEMU_AARCH64" -L "$sysroot" -E LD_LIBRARY_PATH=. ./tls.new | tr '\n' ' ')" "4205 4306 4105 44 " "  in the file, qemu"
        lpapply -q -R -o back tls.new && same back tls "  and back"
        is "$(live tls.lpatch ./tls | tr '\n' ' ')" "4205 4306 4105 44 " "  live"
    done
done
printf 'extern int count; int f(int n) { return count; }\n' | object tls -fPIE
lpmake -L sr -t tls -o refused.lpatch 'f=replace from tls.o' 2>err
like "$? $(cat err)" '^1 .*`count` is thread-local in the library that has it: declare it so' "a declaration that says something else: refused"
printf 'extern __thread int bump, environ; int f(int n) { return environ; }\n' | object tls -fPIE
lpmake -L sr -t tls -o refused.lpatch 'f=replace from tls.o' 2>err
like "$? $(cat err)" '^1 .*`environ` is not thread-local in the library that has it: declare it so' "  the other way round"
printf 'extern __thread int count; int f(int n) { return count; }\n' | object tls -fPIC -mtls-dialect=trad
echo 'int bump(void); int f(int n) { return n + bump(); }' | "$CROSS_CC" $STANDARD -fPIC -shared -o libuse.so -x c - -x none libtls.so || not_ok "compile libuse.so"
like "$(lpmake -L sr -t libuse.so -o trad.lpatch 'f=replace from tls.o' 2>&1)" '`__tls_get_addr` is neither .*ompile with -mtls-dialect=desc$' "the old dialect, in a library: what to do"
# Nothing in the running program tells where a library that does not use its own variable has it; the file's dynamic linker knows.
echo '__thread int spare = 5, count = 40; int bump(void) { return 1; }' >dumb.c
cc -fPIC -shared -Wl,--version-script,tls.map -o libtls.so dumb.c
printf 'extern __thread int count; int f(int n) { return count; }\n' | object tls -fPIE
lpmake -L sr -t tls -o tls.lpatch 'f=replace from tls.o' || not_ok "patch"
like "$(live tls.lpatch ./tls)" 'nothing tells where libtls.so has its thread-local storage: .* or change the file (lpapply -o)' "a library that tells nothing: live"
lpapply -q -o tls.dumb tls tls.lpatch && is "$(plain ./tls.dumb | head -n 1)" 40 "  in the file"

# ---- weak, in a library that needs no other one: of whoever loads it ----
cat >free.c <<'C'
extern int nobody(void) __attribute__((weak)), later(int) __attribute__((weak));
#ifdef FIX
int free_one(int n) { return (nobody ? nobody() : 40) + (later ? later(n) : n); }
#else
int free_one(int n) { return n + 1; }
#endif
C
printf '#include <stdio.h>\nint free_one(int);\nint main(void) { printf("%%d\\n", free_one(1)); return 0; }\n' >free_main.c
echo 'int later(int n) { return n * 1000; }' >later.c
cc -shared -fPIC -nostdlib -Wl,-soname,libfree.so -o libfree.so free.c
cc -DFIX -ffunction-sections -fPIC -c free.c
cc -o without free_main.c libfree.so
cc -o with -rdynamic free_main.c later.c libfree.so
lpmake -t libfree.so -o free.lpatch 'free_one=replace from free.o' 2>err
like "$? $(cat err)" '^0 .*has `nobody`, which is weak: as for a linker it is 0, until one has it' "a weak symbol in a library that needs none: said"
mkdir -p free && lpapply -q -o free/libfree.so libfree.so free.lpatch || not_ok "free: apply"
for p in without:41 with:1040; do
    is "$(live free.lpatch ./${p%:*}) $(plain -E LD_LIBRARY_PATH=free ./${p%:*})" "${p#*:} ${p#*:}" "  ${p%:*} one: live, and in the file"
    have_qemu && is "$("$QEMU_AARCH64" -L "$sysroot" -E LD_LIBRARY_PATH=free ./${p%:*})" "${p#*:}" "  under qemu-aarch64"
done

# ---- what no library has that the program needs ----
cat >alien.c <<'C'
#include <stdio.h>
double cbrt(double);
int oldapi(int), bump(void);
#ifdef LIB
int oldapi_1(int n) { return n; }
int bump(void) { return 1; }
__asm__(".symver oldapi_1, oldapi@V1");
#elif defined FIX
int f(int n) { return (int)cbrt(n) + oldapi(n); }
#else
static int calls;
__attribute__((noipa)) int f(int n) { return n + ++calls; }
int main(int c, char **v) { printf("%d\n", f(c + bump())); return 0; }
#endif
C
echo 'V1 { global: oldapi; bump; local: *; };' >old.map
cc -fPIC -shared -DLIB -Wl,--version-script,old.map -o libold.so alien.c && ln -s "$PWD/libold.so" sr/lib/
cc -fno-stack-protector -o alien alien.c libold.so
object alien -fPIE -DFIX -fstack-protector-all <alien.c
lpmake -L sr -t alien -o alien.lpatch 'f=replace from alien.o' 2>err
is "$? $(grep -c 'and no library that it needs has it: the file cannot have this patch' err)" "0 3" "a library that the program does not need"
like "$(grep cbrt err)" 'comes along by `gcc -r -nostdlib .*`patchelf --add-needed`' "  what to do"
like "$(grep oldapi err)" 'libold.so has it in an old version alone, V1, which linkers do not take$' "  an old version"
like "$(grep stack_chk_guard err)" 'Compile with -fno-stack-protector$' "  the guard of stacks"
like "$(run_lprun -E LD_LIBRARY_PATH=. -P alien.lpatch ./alien)" 'hint: the program has to load the library that has it' "  live"
sed 's/ cbrt$/ cbrt@GLIBC_2.17!libm.so.6/' alien.lpatch | lpmake --redigest -o named.lpatch
like "$(lpapply -n alien named.lpatch 2>&1)" 'the file does not need the library that has it, and gets none: libm.so.6' "  in the file"
like "$(lpapply -n alien named.lpatch 2>&1)" 'hint: `patchelf --add-needed LIBRARY FILE` makes it need the library' "  what to do"
tap_done
