#!/bin/sh
# A fix that uses what the old file does not import yet: with which version, from the start, in a running program, in the file (lprun, qemu-aarch64), and back;
# of programs and libraries of several linkers, and what other tools make of the file.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
. "$tests/diff/pair.sh"
both_compilers
engine_qemu() { timeout 60 "$QEMU_AARCH64" -cpu max -L "$sysroot" -E LD_LIBRARY_PATH=. "$@" 2>&1; }
engine_lprun() { run -E LD_LIBRARY_PATH=. "$@"; }
engines=engine_lprun
have_qemu && engines="$engines engine_qemu"

# ---- libraries: of two versions, of none, one in front of both; the program; a library that has the fix ----
cat >who.c <<'C'
int old_who(void) { return 1; } int new_who(void) { return 2; } int only(void) { return 7; } int who_count = 40;
__asm__(".symver old_who, who@V1; .symver new_who, who@@V2");
C
echo 'V1 { global: who; who_count; local: *; }; V2 { global: who; only; } V1;' >who.map
echo 'int plain(int n) { return n * 3; } int plain_count = 500; int used(void) { return 1; }' >plain.c
echo 'int plain(int n) { return n * 1000; } int who(void) { return 9; }' >front.c
cat >main.c <<'C'
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
extern int who(void), only(void), plain(int), used(void), plain_count, who_count;
#ifdef OLD_WHO
__asm__(".symver who, who@V1");
#endif
#ifdef TABLE
static int (*const way[])(int) = {toupper, plain};
#endif
#if defined PART && defined FIX
#ifdef STRIPPED /* a new variable at the end of .data moves that, and crtstuff.c has its address */
#define fresh_count 60
#else
int fresh_count = 60;
#endif
__attribute__((noipa)) int fresh(int n) { return n + fresh_count; }
#endif
#ifdef LIBRARY
extern int answer(const char *s);
#else
__attribute__((noipa)) int answer(const char *s)
{
    int n = used();
#ifdef FIX
    char *copy = strdup(s);
    if (!copy) return -1;
    n += only() + plain((int)strnlen(copy, 3));
    free(copy);
#ifdef PART /* what only the new library exports */
    int (*volatile way)(int) = fresh;
    n += fresh(n) + way(fresh_count);
#endif
#ifndef NO_DATA
    n += plain_count + who_count;
#endif
#endif
#ifdef TABLE
    n += way[n & 1](*s);
#endif
#ifdef WHO
    n += who();
#endif
    return n + atoi(s);
}
#endif
#ifndef PART
int main(int argc, char **argv)
{
    char line[80];
    for (int i = 1; i < argc; i++) printf("%d\n", answer(argv[i]));
    if (argc == 1) puts("ready"), fflush(stdout);
    while (argc == 1 && fgets(line, sizeof line, stdin) && strncmp(line, "bye", 3)) line[strcspn(line, "\n")] = 0, printf("%d\n", answer(line)), fflush(stdout);
    return 0;
}
#endif
C
lib() { out=$1; shift; with_gcc -O1 -shared -fPIC -Wl,-soname,"$out" -o "$out" "$@"; }
lib libwho.so -Wl,--version-script=who.map who.c && lib libplain.so plain.c && lib front.so front.c || { not_ok "compile libraries"; tap_done; }
libs='-Wl,--no-as-needed ./libwho.so ./libplain.so'
undefined() { tool readelf -W --dyn-syms "$1" | awk '$7 == "UND" && $8 { sub(/ .*/, "", $8); print $8 }' | sort | tr '\n' ' '; }
# in_file NAME FILE OLD NEW ARGUMENT...: FILE, which lpapply makes of OLD and the patch, does what NEW does, and can be OLD again
in_file()
{
    name=$1 file=$2 old=$3 new=$4
    shift 4
    lpapply -q -o "$file" "$old" p.lpatch >log 2>&1
    is "$?$(cat log)" 0 "$name: there is a file"
    for engine in $engines; do is "$($engine "./$file" "$@")" "$($engine "./$new" "$@")" "$name: the file does what the new one does: $engine"; done
    clean "$file" "$old" "$name"
    lpapply -q -o back -R "$file" && same back "$old" "$name: the old file comes back"
}
patch() { lpdiff --heuristic "$@" >p.lpatch 2>err; }

# ---- programs ----
set -- with_gcc '-O2' with_gcc '-O2 -fno-plt -Wl,-z,now' with_gcc '-O1 -fno-pie -no-pie' with_gcc '-O2 -s -Wl,-z,relro,-z,now' \
    with_gcc '-O2 -Wl,--hash-style=sysv' with_gcc '-O2 -Wl,--hash-style=both -fuse-ld=gold' with_clang '-O0 -fPIE -pie -fuse-ld=lld -Wl,-z,now' with_clang '-O2 -fPIE -pie -fuse-ld=lld -Wl,-z,pack-relative-relocs' \
    with_clang '-O2 -fPIE -pie' with_clang '-O1 -fPIE -pie -Wl,--hash-style=both'
while [ $# -gt 0 ]; do
    compiler=$1 flags=$2
    shift 2
    case $compilers in *$compiler*) ;; *) continue ;; esac
    name="$compiler $flags"
    build() { out=$1; shift; $compiler $flags -Wl,--build-id "$@" -o "$out" main.c $libs; }
    build old 2>log || { skip "$name" "$(head -n 1 log)"; continue; }
    # (A program for a fixed address has copies of its libraries' variables, which a patch does not make.)
    case $flags in *no-pie*) more=1 ;; *) more= ;; esac
    build new -DFIX ${more:+-DNO_DATA} && { case $flags in *no-pie*) ;; *) build table -DTABLE ;; esac; } || { not_ok "$name: compile"; continue; }
    patch old new
    is "$(grep -c . err) $(grep 'version V2' err)" "${more:-2} lpdiff: warning: version V2 of libwho.so is needed, which the old file does without" \
        "$name: what else it needs is said"
    like "$(cat p.lpatch)" ' strdup@GLIBC_2.17!libc.so.6$' "$name: a version that the old file needs already"
    like "$(cat p.lpatch)" ' only@V2!libwho.so$' "$name: another one"
    like "$(cat p.lpatch)" ' plain@\*$' "$name: and none"
    is "$(engine_lprun -P p.lpatch ./old 10 2000)" "$(engine_lprun ./new 10 2000)" "$name: the program does from its start what the new one does"
    is "$(engine_lprun -E LD_PRELOAD=./front.so -P p.lpatch ./old 10)" "$(engine_lprun -E LD_PRELOAD=./front.so ./new 10)" "$name: with a library in front, too"
    in_file "$name" file old new 10 2000
    lpapply -q -o file old p.lpatch
    is "$(engine_lprun -E LD_PRELOAD=./front.so ./file 10)" "$(engine_lprun -E LD_PRELOAD=./front.so ./new 10)" "$name: and the file with a library in front"
    is "$(undefined file)" "$({ undefined old; undefined new; } | tr ' ' '\n' | sort -u | grep . | tr '\n' ' ')" "$name: the file imports what both do"
    [ "$more" ] && continue
    patch old table
    is "$(engine_lprun -P p.lpatch ./old 10 2000)" "$(engine_lprun ./table 10 2000)" "$name: a table with functions of other libraries"
    in_file "$name, a table" file old table 10 2000
done

# ---- a running program ----
build() { out=$1; shift; with_gcc -O2 -Wl,--build-id "$@" -o "$out" main.c $libs; }
build old && build new -DFIX || not_ok "live: compile"
patch old new
is "$?" 1 "live: a patch"
start old -E LD_LIBRARY_PATH=. -L "$sysroot"
before=$(say 10)
lpapply -q -c sock p.lpatch 2>log
is "$?$(cat log)" 0 "live: apply"
is "$(say 10)" "$(engine_lprun ./new 10)" "live: the program does what the new one does"
lpapply -q -c sock -R p.lpatch 2>log
is "$?$(cat log)" 0 "live: revert"
is "$(say 10)" "$before" "live: and it does what it did before"
leave

# ---- another version of what the old file imports: both are imports of the file then ----
build old -DWHO -DOLD_WHO && build new -DWHO && patch old new
like "$(cat p.lpatch)" ' call26 who@V2!libwho.so$' "another version of an import"
is "$(engine_lprun -P p.lpatch ./old 10)" "$(engine_lprun ./new 10)" "another version: from the start"
in_file "another version" file old new 10

# ---- libraries ----
for flags in '-O2' '-O2 -Wl,-Bsymbolic -Wl,-z,now' '-O2 -s -Wl,--hash-style=both' '-O1 -fno-plt -Wl,--hash-style=sysv' '-O2 -fuse-ld=gold'; do
    mkdir -p one two
    part() { out=$1; shift; with_gcc $flags -shared -fPIC -DPART -Wl,-soname,libpart.so,--build-id "$@" -o "$out" main.c $libs; }
    part one/libpart.so 2>log || { skip "library $flags" "$(head -n 1 log)"; continue; }
    case $flags in *' -s '*) part two/libpart.so -DFIX -DSTRIPPED ;; *) part two/libpart.so -DFIX ;; esac && with_gcc -O1 -DLIBRARY -o user main.c one/libpart.so -Wl,--allow-shlib-undefined || not_ok "compile"
    patch one/libpart.so two/libpart.so
    use() { cp "$1" libpart.so; shift; engine_lprun "$@"; }
    want=$(use two/libpart.so ./user 10 2000)
    like "$want" '^[0-9]*$' "library $flags: the new one works"
    is "$(use one/libpart.so -P p.lpatch ./user 10 2000)" "$want" "library $flags: from the start"
    rm -f patched
    lpapply -q -o patched one/libpart.so p.lpatch
    is "$(use patched ./user 10 2000)" "$want" "library $flags: in the file"
    clean patched one/libpart.so "library $flags"
    lpapply -q -o back -R patched && same back one/libpart.so "library $flags: the old file comes back"
done

# A library that defines versions itself, and wants none: one that it wants gets another number.
printf 'L1 { global: answer; local: *; }; L2 { } L1;\n' >part.map
cat >small.c <<'C'
extern int used(void), only(void);
static int here;
int *volatile way = &here; /* so that it has relocations, for which the dynamic section has no room else */
#ifdef FIX
int answer(const char *s) { return used() + only() + s[0]; }
#else
int answer(const char *s) { return used() + s[0]; }
#endif
C
part() { out=$1; shift; with_gcc -O1 -shared -fPIC -nostdlib -Wl,-soname,libpart.so,--build-id,--version-script=part.map "$@" -o "$out" small.c $libs; }
part one/libpart.so && part two/libpart.so -DFIX && with_gcc -O1 -DLIBRARY -o user main.c one/libpart.so -Wl,--allow-shlib-undefined || not_ok "compile"
patch one/libpart.so two/libpart.so
rm -f patched
lpapply -q -o patched one/libpart.so p.lpatch
is "$(use patched ./user 10)" "$(use two/libpart.so ./user 10)" "a library with versions of its own"
tool readelf -VW patched | sed -n 's/.*Index: \([0-9]*\).*/\1/p; s/.*Version: \([0-9]*\)$/\1/p' | sort >numbers
is "$(uniq -d numbers; [ -s numbers ] || echo none)" "" "no number is there twice"
clean patched one/libpart.so "a library with versions of its own"

# ---- a weak one that nobody has, or a library ----
cat >weak.c <<'C'
#include <stdio.h>
#include <string.h>
extern int nobody(int) __attribute__((weak)), only(void) __attribute__((weak)), nothing __attribute__((weak));
__attribute__((noipa, noinline)) int answer(int n)
{
#ifdef FIX
    static int (*const way[])(int) = {nobody, nobody};
    return n + (nobody ? nobody(n) : -2) + (only ? only() : -1) + 100 * (&nothing == NULL) + (way[n & 1] ? 1000 : 2000);
#else
    return n + 1;
#endif
}
int main(int argc, char **argv)
{
    char line[80];
    if (argc > 1) return printf("%d\n", answer((int)strlen(argv[1]))) < 0;
    puts("ready"), fflush(stdout);
    while (fgets(line, sizeof line, stdin) && strncmp(line, "bye", 3)) printf("%d\n", answer((int)strlen(line) - 1)), fflush(stdout);
    return 0;
}
C
for flags in '-O2 -fPIE -pie' '-O1 -fPIE -no-pie' '-O2 -fPIE -pie -Wl,-z,now'; do
    for compiler in $compilers; do
        name="weak: $compiler $flags"
        build() { out=$1; shift; $compiler $flags -Wl,--build-id "$@" -o "$out" weak.c $libs; }
        build old && build new -DFIX || not_ok "$name: compile"
        patch old new
        like "$(cat p.lpatch)" ' nobody@\* weak$' "$name: of nobody"
        like "$(cat p.lpatch)" ' only@V2!libwho.so weak$' "$name: of a library"
        is "$(engine_lprun ./new abc)" 2108 "$name: the new program"
        is "$(engine_lprun -P p.lpatch ./old abc)" 2108 "$name: from the start"
        in_file "$name" file old new abc
        start old -E LD_LIBRARY_PATH=. -L "$sysroot"
        lpapply -q -c sock p.lpatch 2>log
        is "$?$(cat log)" 0 "$name: live: apply"
        is "$(say abc)" 2108 "$name: live"
        leave
    done
done

# A table of addresses, two of which change: one of another object's that the old file has there, and one that it has not yet.
cat >table.c <<'C'
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
extern int plain(int);
static int own(int n) { return n + 1; }
#ifdef FIX
int (*const table[])(int) = {own, tolower, plain, abs};
#else
int (*const table[])(int) = {toupper, tolower, own, abs};
#endif
int main(int argc, char **argv)
{
    for (int i = 0; i < 4; i++) printf("%d ", table[i](i + argc + 'b'));
    return puts("") < 0;
}
C
for how in '' -Wl,-z,now '-Wl,-z,pack-relative-relocs'; do
    build() { out=$1; shift; with_gcc -O1 -fPIE -pie $how -Wl,--build-id "$@" -o "$out" table.c $libs; }
    build old && build new -DFIX || not_ok "table, $how: compile"
    patch old new
    like "$(cat p.lpatch)" '^+ &plain@\*$' "table, $how: of a library without versions"
    is "$(engine_lprun -P p.lpatch ./old)" "$(engine_lprun ./new)" "table, $how: from the start"
    in_file "table, $how" file old new
done

# A library that needs no other one: what it imports may be the program's.
cat >free.c <<'C'
extern int nobody(int) __attribute__((weak)), plain(int) __attribute__((weak)), nothing __attribute__((weak));
#ifdef FIX
int answer(const char *s) { return s[0] + (nobody ? nobody(1) : -2) + (plain ? plain(5) : -1) + 100 * (&nothing == 0); }
#else
int answer(const char *s) { return s[0]; }
#endif
C
part() { out=$1; shift; with_gcc -O2 -shared -fPIC -nostdlib -Wl,-soname,libpart.so,--build-id "$@" -o "$out" free.c; }
part one/libpart.so && part two/libpart.so -DFIX && with_gcc -O1 -DLIBRARY -o user main.c one/libpart.so $libs || not_ok "compile"
patch one/libpart.so two/libpart.so
like "$(cat p.lpatch)" ' plain@\* weak$' "weak, of a library that needs none"
want=$(use two/libpart.so ./user 10)
is "$(use one/libpart.so -P p.lpatch ./user 10)" "$want" "weak, of a library that needs none: from the start"
rm -f patched
lpapply -q -o patched one/libpart.so p.lpatch
for engine in $engines; do cp patched libpart.so; is "$($engine ./user 10)" "$want" "weak, of a library that needs none: in the file: $engine"; done

# ---- what cannot be had ----
echo 'int third(void) { return 3; }' >third.c
lib libthird.so third.c
echo 'int third(void); int main(void) { return third(); }' >needs.c
build old && with_gcc -O2 -Wl,--build-id -DFIX -o new main.c $libs ./libthird.so && patch old new
is "$?" 2 "a library that the old file does not need"
like "$(cat err)" ' E151: .*libthird.so$' "is refused"
long=long_$(printf '%0150d' 0)
cat >long.c <<C
#ifdef LIBRARY
int $long(void) { return 2; } int other(void) { return 1; }
#else
int $long(void), other(void);
int main(void) { return other() + CALL(); }
#endif
C
lib liblong.so -DLIBRARY long.c
for side in other $long; do with_gcc -O2 -Wl,--build-id -DCALL=$side -o long.$side long.c ./liblong.so; done
patch long.other "long.$long"
is "$?" 2 "a name that is too long"
like "$(cat err)" " E150: the import .$long. cannot be written into a patch: its name is too long" "is refused, with the reason"
cat >version.c <<'C'
#ifdef LIBRARY
int dashed(void) { return 2; } int other(void) { return 1; }
#else
int dashed(void), other(void);
int main(void) { return other() + CALL(); }
#endif
C
echo 'A_1 { dashed; };' >version.map
lib libversion.so -DLIBRARY -Wl,--version-script=version.map version.c
for side in other dashed; do with_gcc -O2 -Wl,--build-id -DCALL=$side -o v.$side version.c ./libversion.so || not_ok "compile v.$side"; done
LC_ALL=C sed 's/A_1/A-1/g' v.dashed >v.odd # (linkers make none of it)
patch v.other v.odd
is "$?" 2 "a version with a dash"
like "$(cat err)" " E150: the import .dashed. cannot be written into a patch: its version has other bytes than" "is refused, with the reason"
tap_done
