#!/bin/sh
# The commands on damaged files: an error with the exit status of the manual and `tool: FILE: text`, never a crash.
. "$srcdir/tests/lib.sh"
need_cross
cd "$scratch" || exit 1
# A small program without the C library: _start is at a known place, the headers are the first 4 KiB.
cat >small.c <<'END'
int limit = 3;
char room[10000];
__attribute__((noinline)) int check(int v) { __asm__ volatile(""); return v < limit; }
void _start(void)
{
    register long x0 __asm__("x0") = check(5), x8 __asm__("x8") = 94;
    __asm__ volatile("svc 0" : : "r"(x0), "r"(x8));
    for (;;) ;
}
END
arm64_cc small small.c -O1 -nostdlib -Wl,--build-id || { not_ok "compile"; tap_done; }
lpmake -t small -o good.lpatch 'check=ret 1' && lprun --no-control -P good.lpatch ./small
is $? 1 "the undamaged program and patch"
sh=$(od -An -tu8 -j40 -N8 small | tr -d ' ')
shnum=$(od -An -tu2 -j60 -N2 small | tr -d ' ')
phnum=$(od -An -tu2 -j56 -N2 small | tr -d ' ')

# le VALUE BYTES: little-endian, as octal escapes for printf; VALUE may be a negative 64-bit number
le() { v=$1 n=$2; while [ "$n" -gt 0 ]; do printf '\\%03o' $((v & 255)); v=$((v >> 8)) n=$((n - 1)); done; }
# poke FILE OFFSET VALUE BYTES
poke() { printf "$(le "$3" "$4")" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }
# The offset of the header whose type word at +$1 is $2: headers of $5 bytes from $3 on, $4 of them.
header() { i=0; while [ $i -lt "$4" ]; do at=$(($3 + i * $5)); [ "$(od -An -td4 -j$((at + $1)) -N4 small | tr -d ' ')" = "$2" ] && { echo $at; return; }; i=$((i + 1)); done; }
segment() { header 0 "$1" 64 "$phnum" 56; }
section() { header 4 "$1" "$sh" "$shnum" 64; }
load=$(segment 1)
load2=$(i=0; n=0; while [ $i -lt "$phnum" ]; do at=$((64 + i * 56)); [ "$(od -An -tu4 -j$at -N4 small | tr -d ' ')" = 1 ] && n=$((n + 1)) && [ $n = 2 ] && echo $at; i=$((i + 1)); done)
note=$(segment 4) symtab=$(section 2) strtab=$(section 3)
[ -n "$load" ] && [ -n "$load2" ] && [ -n "$note" ] && [ -n "$symtab" ] && [ -n "$strtab" ] || { not_ok "the headers of the small program"; tap_done; }
noteoff=$(od -An -tu8 -j$((note + 8)) -N8 small | tr -d ' ')
symoff=$(od -An -tu8 -j$((symtab + 24)) -N8 small | tr -d ' ')
stroff=$(od -An -tu8 -j$((strtab + 24)) -N8 small | tr -d ' ') strsize=$(od -An -tu8 -j$((strtab + 32)) -N8 small | tr -d ' ')

crashed() { grep -qE 'Sanitizer|runtime error|Assertion|stack smashing' "$1"; }
# run TOOL ARGUMENT...: $have, out, err; anything that a crash leaves behind makes $have "crash"
run()
{
    timeout 20 "$@" >out 2>err </dev/null
    have=$?
    case $have in 124 | 13[0-9] | 14[0-9] | 15[0-9]) have="crash ($have)" ;; esac
    crashed err && have="crash ($have)"
}
# refused FILE NAME: lprun says 126 and lpmake 2, both `tool: FILE: text` in one line
refused()
{
    run lprun --no-control "./$1"
    is "$have" 126 "$2: lprun"
    [ "$(grep -c "^lprun: ./$1: ." err)" = 1 ] || { not_ok "$2: lprun names the file"; note <err; }
    for tool in "lpmake -t $1 check=nop" "lpdis $1"; do
        run $tool
        is "$have" 2 "$2: ${tool%% *}"
        like "$(cat err)" "^${tool%% *}: $1[:0-9]*: ." "$2: ${tool%% *} names the file"
    done
}
# not_run FILE NAME: for lprun alone; the other commands may read it
not_run()
{
    run lprun --no-control "./$1"
    is "$have" 126 "$2: lprun"
    like "$(cat err)" "^lprun: ./$1: ." "$2: lprun names the file"
    survived "$1" "$2"
}
# survived FILE NAME: 0, 1 or 2 of the commands that read
survived()
{
    for tool in "lpmake -t $1 check=nop" "lpdis $1" "lpdis -P good.lpatch $1"; do
        run $tool
        case $have in [012]) ;; *) not_ok "$2: $tool: $have"; note <err; return ;; esac
    done
    ok "$2: the other commands"
}
new() { cp small "$1"; chmod +x "$1"; }

# ---- refused by all ----
: >empty; chmod +x empty; not_run empty "empty file"
head -c 63 small >cut; chmod +x cut; refused cut "header cut"
head -c 100 small >cut2; chmod +x cut2; refused cut2 "program headers cut"
new magic; poke magic 0 1 1; refused magic "no ELF"
new class; poke class 4 1 1; refused class "32-bit"
new endian; poke endian 5 2 1; refused endian "big-endian"
new machine; poke machine 18 62 2; refused machine "x86-64"
new phentsize; poke phentsize 54 0 2; refused phentsize "e_phentsize 0"
new phnum; poke phnum 56 65534 2; refused phnum "e_phnum 65534"
new xnum; poke xnum 56 65535 2; refused xnum "e_phnum 65535: the number is in section 0, which says 0"
new phoff; poke phoff 32 -8 8; refused phoff "e_phoff 2^64-8"
new memsz; poke memsz $((load + 40)) $((1 << 63)) 8; refused memsz "p_memsz 2^63"
new filesz; poke filesz $((load + 32)) 100000000 8; refused filesz "p_filesz beyond the end"
new offset; poke offset $((load + 8)) -4096 8; refused offset "p_offset 2^64-4096"
# ---- refused by lprun ----
new huge; poke huge $((load2 + 40)) $((1 << 46)) 8; not_run huge "segment of 64 TiB"
new overlap; dd if=small of=overlap bs=1 skip=$((load + 16)) seek=$((load2 + 16)) count=16 conv=notrunc status=none; not_run overlap "overlapping segments"
new align; poke align $((load + 48)) 3 8; run lprun --no-control ./align
case $have in 126) like "$(cat err)" '^lprun: ./align: .' "p_align 3: named" ;; 0) ok "p_align 3: Linux ignores it, and so does lprun" ;; *) not_ok "p_align 3: $have" ;; esac
new entry; poke entry 24 16 8; not_run entry "entry point outside"
new oddentry; poke oddentry 24 $(($(od -An -tu8 -j24 -N8 small | tr -d ' ') + 2)) 8; not_run oddentry "misaligned entry point"
new vaddr; poke vaddr $((load2 + 16)) $(((1 << 60) + 4096)) 8; not_run vaddr "address out of range"
new low; poke low $((load + 16)) 4096 8; not_run low "address below mmap_min_addr"
new noload; poke noload "$load" 0 4; poke noload "$load2" 0 4; not_run noload "no PT_LOAD"
new core; poke core 16 4 2; not_run core "a core file"
new object; poke object 16 1 2; not_run object "an object file"
# ---- runs, but what the sections say is nonsense ----
# harmless FILE NAME: it runs as the undamaged one does, or is refused; the others do not crash
harmless()
{
    run lprun --no-control "./$1"
    case $have in 0 | 126) ok "$2: lprun ($have)" ;; *) not_ok "$2: lprun: $have"; note <err ;; esac
    survived "$1" "$2"
}
new shoff; poke shoff 40 $((1 << 62)) 8; harmless shoff "e_shoff beyond the end"
new shoff2; poke shoff2 40 -64 8; harmless shoff2 "e_shoff 2^64-64"
new shentsize; poke shentsize 58 0 2; harmless shentsize "e_shentsize 0"
new shnum; poke shnum 60 65535 2; harmless shnum "e_shnum 65535"
new shnum0; poke shnum0 60 0 2; harmless shnum0 "e_shnum 0"
new shstrndx; poke shstrndx 62 65535 2; harmless shstrndx "e_shstrndx 65535"
new stname; i=1; while [ $i -lt 20 ]; do poke stname $((symoff + 24 * i)) $((0x7ffffff0 + i)) 4; i=$((i + 1)); done; harmless stname "st_name out of range"
new nonul; printf '%*s' "$strsize" '' | tr ' ' A | dd of=nonul bs=1 seek="$stroff" conv=notrunc status=none; harmless nonul "string table without NUL"
new symlink; poke symlink $((symtab + 40)) 99 4; harmless symlink "sh_link 99"
new symlink0; poke symlink0 $((symtab + 40)) 0 4; harmless symlink0 "sh_link 0"
new syment; poke syment $((symtab + 56)) 0 8; harmless syment "sh_entsize 0"
new syment1; poke syment1 $((symtab + 56)) 1 8; harmless syment1 "sh_entsize 1"
new symsize; poke symsize $((symtab + 32)) $((1 << 62)) 8; harmless symsize "symbol table of 2^62 bytes"
new stvalue; i=1; while [ $i -lt 20 ]; do poke stvalue $((symoff + 24 * i + 8)) -4 8; poke stvalue $((symoff + 24 * i + 16)) -1 8; i=$((i + 1)); done; harmless stvalue "st_value and st_size 2^64-1"
new notesz; poke notesz "$noteoff" -1 4; harmless notesz "n_namesz 2^32-1"
new descsz; poke descsz $((noteoff + 4)) -4 4; harmless descsz "n_descsz 2^32-4"
new notesize; poke notesize $((note + 32)) $((1 << 62)) 8; survived notesize "PT_NOTE of 2^62 bytes"

# ---- version sections cut, on a shared library ----
echo 'int one(void) { return 1; } int two(void) { return 2; }' >so.c
echo 'V1 { global: one; }; V2 { global: two; } V1;' >so.map
if "$CROSS_CC" -w -shared -nostdlib -fPIC -Wl,--version-script=so.map -o so so.c; then
    sh2=$(od -An -tu8 -j40 -N8 so | tr -d ' ') n=$(od -An -tu2 -j60 -N2 so | tr -d ' ') i=0
    while [ "$i" -lt "$n" ]; do
        at=$((sh2 + i * 64)) i=$((i + 1))
        case $(od -An -tx4 -j$((at + 4)) -N4 so | tr -d ' ') in
        6fffffff | 6ffffffd | 6ffffffe)
            for value in 0 1 2 19 -1; do
                cp so so.cut; poke so.cut $((at + 32)) $value 8; survived so.cut "version section $i of size $value"
            done
            off=$(od -An -tu8 -j$((at + 24)) -N8 so | tr -d ' ')
            cp so so.bad; poke so.bad "$off" -1 8; poke so.bad $((off + 8)) -1 8; survived so.bad "version section $i of ones" ;;
        esac
    done
fi

# ---- many small changes: the headers of a program (lprun may run what is left of it), and a patch ----
ROUNDS=${ROUNDS:-150}
"$builddir/tests/fuzz/fuzz_load" -w m.elf -n "$ROUNDS" -s 7 small >/dev/null || not_ok "fuzz_load -w"
"$builddir/tests/fuzz/fuzz_live" -w m.lpatch -n "$ROUNDS" -s 7 good.lpatch >/dev/null || not_ok "fuzz_live -w"
# What a guest does after damage is its own affair (signals, endless loops): only lprun's own death counts.
bad=0
for i in $(seq "$ROUNDS"); do
    chmod +x "m.elf$i"
    timeout -k 1 5 lprun --no-control "./m.elf$i" >out 2>err </dev/null
    have=$?
    if crashed err || [ $have = 134 ] || { [ $have = 126 ] && ! grep -q "^lprun: ./m.elf$i: ." err; }; then
        bad=$((bad + 1))
        note <err
    fi
    for tool in "lpdis m.elf$i" "lpmake -t m.elf$i check=nop" "lpdis -P m.lpatch$i small" "lpdis m.lpatch$i"; do
        run $tool
        case $have in
        0 | 1) ;;
        2) grep -q "^${tool%% *}: m\.[a-z]*$i[:0-9]*: ." err || { bad=$((bad + 1)); echo "# $tool:"; note <err; } ;;
        *) bad=$((bad + 1)); echo "# $tool: $have"; note <err ;;
        esac
    done
    run lprun --no-control -P "m.lpatch$i" ./small
    case $have in
    0 | 1) ;; # the mutation was harmless, or changed the result
    125) grep -q '^lprun: .' err || bad=$((bad + 1)) ;;
    *) # a patched program may do anything that a program does, but then the patch applies
        run lpdis -P "m.lpatch$i" small
        [ "$have" = 0 ] || { bad=$((bad + 1)); echo "# lprun -P m.lpatch$i: $have"; note <err; } ;;
    esac
done
is $bad 0 "$ROUNDS mutations of a program and of a patch: exit statuses as in the manual"

# ---- lpapply on a running program ----
cat >loop.c <<'END'
#include <unistd.h>
__attribute__((noinline)) int check(int v) { __asm__ volatile(""); return v < 3; }
int main(void) { for (;;) { if (check(5) > 1) return 3; usleep(10000); } }
END
arm64_cc loop loop.c -O1 && lpmake -t loop -o loop.lpatch 'check=ret 1' || not_ok "compile"
lprun -c sock ./loop 2>loop.err &
children=$!
wait_for 10 lpapply -c sock -l || not_ok "lprun listens"
"$builddir/tests/fuzz/fuzz_live" -w a.lpatch -n "$ROUNDS" -s 9 loop.lpatch >/dev/null
bad=0
for i in $(seq "$ROUNDS"); do
    run lpapply -n -c sock "a.lpatch$i" # only checked: what applies could end the program
    case $have in
    0) ;;
    1 | 2) grep -q '^lpapply: .' err || bad=$((bad + 1)) ;;
    *) bad=$((bad + 1)); echo "# lpapply a.lpatch$i: $have"; note <err ;;
    esac
done
is $bad 0 "$ROUNDS mutated patches sent to a running program"
run lpapply -c sock loop.lpatch
is "$have" 0 "after that the right one applies"
kill "$children"; wait "$children" 2>/dev/null; children=
crashed loop.err && not_ok "lprun is sound" || ok "lprun is sound"
tap_done
