#!/bin/sh
# Recipes for programs and libraries of Debian, which are stripped: functions replaced from C, by an exported name and by an address that lpdis shows; from
# the start, in the running program, and in the file.
. "$srcdir/tests/debian-root/lib.sh"
need_cross
need_groups tools languages
cd "$scratch" || exit 1
XDG_RUNTIME_DIR=$scratch
export XDG_RUNTIME_DIR LC_ALL=C
SECTIONS='-O2 -ffunction-sections -fdata-sections -fno-ipa-ra'
libs=$root/usr/lib/aarch64-linux-gnu
guest() { timeout -k 5 120 "$builddir/lprun" --no-control -L "$root" "$@" 2>&1; }
object() { "$CROSS_CC" $SECTIONS -c -o "$1.o" -x c - || not_ok "compile $1"; }
# in_file FILE PATCH NAME: NAME is the patched file; without the patch it is the file again
in_file()
{
    lpapply -q -o "$3" "$1" "$2" && lpapply -q -R -o "$3.back" "$3" "$2" || not_ok "$3: into the file"
    same "$3.back" "$1" "$3: reverted, it is the file as it was"
}
# around FILE TEXT: the function, by the name that lpdis gives it, in which there is a text
around() { lpdis "$1" | awk -v text="$2" '/^[0-9a-f]* <.*>:$/ { name = $2 } index($0, text) { gsub(/[<>:]/, "", name); print name; exit }'; }

# ---- lua: it exports its API; the new function has a table of texts and a counter ----
object lua <<'C'
typedef struct lua_State lua_State;
const char *lua_pushfstring(lua_State *, const char *, ...), *lua_tolstring(lua_State *, int, unsigned long *);
int lua_type(lua_State *, int);
static const char *const kinds[] = {"none", "truth", "address", "number", "text", "table", "function", "object", "thread"};
const char *luaL_tolstring(lua_State *L, int at, unsigned long *len)
{
    static int n;
    int t = lua_type(L, at);
    if (t == 3 || t == 4) lua_pushfstring(L, "'%s'", lua_tolstring(L, at, 0));
    else lua_pushfstring(L, "<%s %d>", kinds[t], ++n);
    return lua_tolstring(L, -1, len);
}
C
question='print("x", nil, {}, print, true)' answer="'x'	<none 1>	<table 2>	<function 3>	<truth 4>"
lua=$root/usr/bin/lua5.4
lpmake -t "$lua" -o lua.lpatch 'luaL_tolstring=replace from lua.o' 2>err || note <err
is "$(guest -P lua.lpatch "$lua" -e "$question")" "$answer" "lua: a function of its API, from C"
in_file "$lua" lua.lpatch lua.patched
is "$(guest "$scratch/lua.patched" -e "$question")" "$answer" "lua: in the file"
if have_qemu; then is "$("$QEMU_AARCH64" -L "$root" ./lua.patched -e "$question")" "$answer" "lua: under qemu-aarch64"; fi

# ---- sqlite: a library, while a program that has it loaded waits for input ----
echo 'const char *sqlite3_libversion(void) { static char v[] = "patched 0"; v[8]++; return v; }' | object sqlite
lib=$libs/libsqlite3.so.0
lpmake -t "$lib" -o sqlite.lpatch 'sqlite3_libversion=replace from sqlite.o' 2>err || note <err
like "$(cat sqlite.lpatch)" '^object *libsqlite3.so.0$' "sqlite: the patch is for the library"
mkfifo in
timeout -k 5 120 "$builddir/lprun" -c sock -L "$root" "$root/usr/bin/sqlite3" <in >answers 2>&1 &
children="$children $!"
exec 8>in
# ask NUMBER: each question another one
ask() { echo "select 'answer $1', sqlite_version();" >&8; wait_for 60 grep "^answer $1" answers; sed -n "s/^answer $1.//p" answers; }
before=$(ask 1)
wait_for 60 test -S sock
lpapply -q -c sock sqlite.lpatch && is "$(ask 2) $(ask 3)" "patched 1 patched 2" "sqlite: in the running program"
lpapply -q -c sock -R sqlite.lpatch && is "$(ask 4)" "$before" "sqlite: reverted"
exec 8>&-
in_file "$(readlink -f "$lib")" sqlite.lpatch libsqlite3.so.0
is "$(echo 'select sqlite_version();' | guest -E LD_LIBRARY_PATH="$scratch" "$root/usr/bin/sqlite3")" "patched 1" "sqlite: in the file"

# ---- bc: no symbol names what prints its version ----
bc=$root/usr/bin/bc
function=$(around "$bc" 'Copyright 1991-1994')
like "$function" '^0x[0-9a-f]*$' "bc: lpdis tells where the function with a text is"
like "$(lpdis -q --symbol "$function" "$bc")" 'Copyright 1991-1994' "bc: and shows it by that name"
echo 'int puts(const char *); void other(void) { puts("bc, patched"); }' | object bc
printf 'name      bc-version\nsummary   another text\n%s = replace from bc.o:other\n' "$function" >bc.lps
lpmake -t "$bc" -o bc.lpatch bc.lps 2>err || note <err
is "$(guest -P bc.lpatch "$bc" --version | head -n 1)" "bc, patched" "bc: a function by its address, from C"
in_file "$bc" bc.lpatch bc.patched
is "$(guest "$scratch/bc.patched" --version | head -n 1)" "bc, patched" "bc: in the file"
tap_done
