#!/bin/sh
# Cut and damaged files as OLD and NEW: an error, never a crash and never a hang; and code of a size that nobody writes. hostile.sh [COUNT [SEED]]
. "$srcdir/tests/lib.sh"
need_cross
have python3 || skip_all "no python3"
count=${1:-150}
[ "${ARM64LP_DIFF:-}" != full ] || count=${1:-3000}
cd "$scratch" || exit 1
lpdiff=$builddir/lpdiff
# libtool's script is slow to start
[ ! -x "$builddir/.libs/lpdiff" ] || { lpdiff=$builddir/.libs/lpdiff LD_LIBRARY_PATH=$builddir/.libs; export LD_LIBRARY_PATH; }
"$CROSS_CC" -w -g -O2 -pie -Wl,--build-id -o old "$tests/e2e/threads.c" "$tests/diff/layout.c" -lm -lpthread &&
    "$CROSS_CC" -w -g -O2 -DCHANGED -pie -Wl,--build-id -o new "$tests/diff/layout.c" "$tests/e2e/threads.c" -lm -lpthread || { not_ok "compile"; tap_done; }
for seed in 1 "${2:-$(fresh_seed)}"; do
    if timeout -k 5 3000 python3 "$tests/diff/hostile.py" "$seed" "$count" "$lpdiff" old new >out 2>&1; then ok "$count damaged pairs, seed $seed"; else not_ok "$count damaged pairs, seed $seed"; fi
    note <out
done

# A new import of a version whose name is outside of the string table, of a library whose name is there.
cat >import.c <<'C'
#include <stdio.h>
#include <stdlib.h>
int main(int c, char **v)
{
#ifdef MORE
    c += atoi(v[0]);
#endif
    return printf("%d\n", c);
}
C
cat >nameless.py <<'P'
import struct, sys
d = bytearray(open(sys.argv[1], "rb").read())
shoff, shnum = struct.unpack_from("<Q", d, 40)[0], struct.unpack_from("<H", d, 60)[0]
for at in range(shoff, shoff + 64 * shnum, 64):
    if struct.unpack_from("<I", d, at + 4)[0] != 0x6ffffffe: continue # SHT_GNU_verneed
    need, more = struct.unpack_from("<Q", d, at + 24)[0], True
    while more:
        aux, more = struct.unpack_from("<II", d, need + 8)
        aux += need
        while True:
            struct.pack_into("<I", d, aux + 8, 0xfffffff) # vna_name
            if not struct.unpack_from("<I", d, aux + 12)[0]: break
            aux += struct.unpack_from("<I", d, aux + 12)[0]
        need += more
open(sys.argv[2], "wb").write(d)
P
"$CROSS_CC" -w -O2 -pie -Wl,--build-id -o few import.c && "$CROSS_CC" -w -O2 -pie -Wl,--build-id -DMORE -o named import.c &&
    python3 nameless.py named nameless || not_ok "compile import.c"
"$lpdiff" -o patch few named >out 2>&1
is $? 1 "a new import"
"$lpdiff" -o patch few nameless >out 2>&1
status=$?
if [ "$status" -le 2 ]; then ok "a new import of a version without a name"; else not_ok "a new import of a version without a name: status $status"; note <out; fi

# A list of constructors that says it is of petabytes: nobody walks through what is not there.
cat >longer.py <<'P'
import struct, sys
d = bytearray(open(sys.argv[1], "rb").read())
phoff, phnum = struct.unpack_from("<Q", d, 32)[0], struct.unpack_from("<H", d, 56)[0]
for at in range(phoff, phoff + 56 * phnum, 56):
    if struct.unpack_from("<I", d, at)[0] != 2: continue # PT_DYNAMIC
    start, size = struct.unpack_from("<Q", d, at + 8)[0], struct.unpack_from("<Q", d, at + 32)[0]
    for e in range(start, start + size, 16):
        if struct.unpack_from("<Q", d, e)[0] == 27: struct.pack_into("<Q", d, e + 8, int(sys.argv[3])) # DT_INIT_ARRAYSZ
open(sys.argv[2], "wb").write(d)
P
python3 longer.py old long $((1 << 51)) && python3 longer.py new longer $(((1 << 51) + 8)) || not_ok "make long lists"
for pair in 'old longer' 'long new' 'long longer'; do
    status=0
    timeout -k 5 60 "$lpdiff" -s $pair >out 2>&1 || status=$?
    is "$status" 2 "a list of constructors that goes on and on: $pair"
done

# A global offset table, or a procedure linkage table without content, of exabytes, variables that go on behind their segment; and a version whose name is no
# text.
cat >sections.py <<'P'
import struct, sys
d = bytearray(open(sys.argv[1], "rb").read())
shoff, shnum, names = struct.unpack_from("<Q", d, 40)[0], struct.unpack_from("<H", d, 60)[0], struct.unpack_from("<H", d, 62)[0]
names = struct.unpack_from("<Q", d, shoff + 64 * names + 24)[0]
for at in range(shoff, shoff + 64 * shnum, 64):
    name = d[names + struct.unpack_from("<I", d, at)[0]:].split(b"\0")[0]
    if name.decode() != sys.argv[3]: continue
    if name == b".dynstr":
        start, size = struct.unpack_from("<QQ", d, at + 24)
        d[start + d[start:start + size].index(b"GLIBC_") + 3] = 0xff
        continue
    if name == b".bss": # goes on where a patch brings things
        d[at + 35] = 8
        continue
    d[at + 39] = 0x90 if name == b".got" else 0x10 # of the size
    if name == b".got": d[at + 23] = 0x26           # and of the address
    else: struct.pack_into("<I", d, at + 4, 8)     # SHT_NOBITS
open(sys.argv[2], "wb").write(d)
P
cat >slot.c <<'C'
#include <stdio.h>
#include <stdlib.h>
int kept = 1;
static int own(int n) { return n * 2; }
int (*hook)(int) = own;
int main(int c, char **v)
{
    kept += hook(c);
#ifdef MORE
    if (c > 3) { printf("%d\n", kept); kept = atoi(v[2]) + kept / 3; }
#endif
    return printf("%d %s\n", kept, stderr ? "yes" : "no");
}
C
"$CROSS_CC" -w -O0 -fPIC -pie -Wl,--build-id -o slots slot.c && "$CROSS_CC" -w -O0 -fPIC -pie -DMORE -Wl,--build-id -o more slot.c || not_ok "compile slot.c"
for section in .got .plt .dynstr .bss; do
    python3 sections.py slots slots.bad $section && python3 sections.py more more.bad $section || not_ok "damage $section"
    for pair in 'slots.bad more' 'slots more.bad' 'slots.bad more.bad' 'old slots.bad' 'few slots.bad'; do
        status=0
        timeout -k 5 60 "$lpdiff" -s --heuristic --data --force-unrelated $pair >out 2>&1 || status=$?
        is "$((status > 2))$(grep -o E199 out)" 0 "a section $section of exabytes, or with a byte that is no text: $pair"
    done
done

# A function of two megabytes: what a word means is not looked for among all others (that took minutes).
cat >huge.s <<'E'
    .globl _start
    .type _start, %function
_start:
    mov x1, #NUMBER
    .set n, 0
    .rept 150000
    adrp x0, area + (n * 1048) % 0x100000
    ldr w2, [x0, #:lo12:area + (n * 1048) % 0x100000]
    add w1, w1, w2
    .set n, n + 1
    .endr
    ret
    .size _start, . - _start
    .bss
    .globl area
    .type area, %object
    .balign 4096
area: .zero 0x100004
    .size area, . - area
E
sed 's/NUMBER/1/' huge.s >huge1.s
sed -e 's/NUMBER/2/' -e 's/^_start:/&nop/' huge.s >huge2.s
for k in 1 2; do "$CROSS_CC" -nostdlib -pie -Wl,--build-id -o huge$k huge$k.s || not_ok "assemble huge$k"; done
status=0
timeout -k 5 60 "$lpdiff" -o patch huge1 huge2 >out 2>&1 || status=$?
is "$status $(grep -c '^func _start' patch)" "1 1" "a function of two megabytes, in less than a minute"

# ---- more than a patch may have: that is no mistake of lpdiff ----
cat >large.c <<'C'
#define NEW(name, byte) \
    extern const unsigned char name[]; \
    asm(".section .rodata\n.globl " #name "\n.hidden " #name "\n.type " #name ",%object\n" #name ": .byte " #byte "\n.incbin \"part\"\n" \
        ".size " #name ",.-" #name "\n.text");
#if COUNT
NEW(a, 1)
#endif
#if COUNT > 1
NEW(b, 2) NEW(c, 3) NEW(d, 4) NEW(e, 5) NEW(f, 6) NEW(g, 7)
#endif
int _start(int n)
{
#if COUNT == 1
    n += a[n & 63];
#elif COUNT
    n += a[n & 63] + b[n & 63] + c[n & 63] + d[n & 63] + e[n & 63] + f[n & 63] + g[n & 63];
#endif
    return n;
}
C
# part NAME COUNT BYTES
part()
{
    python3 -c 'import random, sys; random.seed(1); open("part", "wb").write(random.randbytes(int(sys.argv[1])))' "$3" &&
        "$CROSS_CC" -w -O1 -fvisibility=hidden -nostdlib -pie -DCOUNT="$2" -Wl,--build-id -o "$1" large.c || not_ok "compile $1"
}
part small 0 1
part large 1 17000000
part many 7 3400000
rm part
for new in large many; do
    status=0
    timeout -k 5 60 "$lpdiff" -s small $new >out 2>&1 || status=$?
    is "$status $(grep -o 'E[0-9]*: ' out | sort -u | paste -s -d ' ')" "2 E180: " "more than a patch may have: $new"
done
tap_done
