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
printf '#include <stdio.h>\nint error(int a, int b, const char *f) { printf("own error %%d\\n", a); return a * 2; }\nint of_nobody(int n) { return n; }\n' >own.c
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
    like "$? $(cat err)" "^1 .*it needs \`${n#*:}\`, which is hidden, so that no library can have it, and the program has none of this name" "and has lost: no import"
    like "$(cat err)" "hint: .*\`symbol ${n#*:} 0xADDRESS\` in a recipe says where" "  what to do"
done
printf 'symbol error %s\nwork = replace from work1.o\n' "$at" | lpmake -t libwork.so -o given.lpatch - 2>err
is "$? $(live given.lpatch ./main | tr '\n' ' ')" "0 own error 4 8 " "  which helps"
mkdir -p patched && lpapply -q -o patched/libwork.so libwork.so given.lpatch
is "$(run_lprun -E LD_LIBRARY_PATH=patched ./main | tr '\n' ' ')" "own error 4 8 " "  in the file, too"
tap_done
