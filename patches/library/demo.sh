#!/bin/sh
# demo.sh BUILD-FOLDER - close a door in a library under a program of Debian's, before the packages with the fix are there.
. "$(dirname "$0")/../story.sh"
root=$(sh "$here/../../tests/debian-arm64/fetch.sh" sqlite3 libsqlite3-0 libreadline8 libtinfo6 zlib1g libc6 2>fetch.log) || { cat fetch.log >&2; exit 77; }
lib=$root/usr/lib/aarch64-linux-gnu/libsqlite3.so.0
cat >door.c <<'C'
/* door.so - an extension of SQLite that says it was there. */
#include <stdio.h>
int sqlite3_door_init(void *db, char **error, const void *api)
{
    (void)db, (void)error, (void)api;
    puts("door: I run inside your database");
    fflush(stdout);
    return 0;
}
C
run '$cc -O2 -shared -fPIC -o door.so door.c'
talk 'lprun -c sock -L $root $root/usr/bin/sqlite3'
say "Debian's sqlite3, with a table in memory. It loads machine code if a statement asks for it."
echo 'create table t(x); insert into t values(20), (22);' >&3
ask 'select sum(x) from t;'
ask "select load_extension('./door.so');"
grep -q 'I run inside' answers || fail "the extension did not load"
say "The library's function that does it returns SQLITE_AUTH (23) from now on. The patch is for the library, by its build-id."
run "lpmake -t \$lib --meta name=shut -o shut.lpatch 'sqlite3_load_extension=ret 23'"
run 'cat shut.lpatch'
run 'lpapply -c sock shut.lpatch'
ask "select load_extension('./door.so');"
shows 'rror' answers
[ "$(grep -c 'I run inside' answers)" = 1 ] || fail "the extension was loaded again"
say "The database in memory is as it was."
ask 'select sum(x) from t;'
shows '^42' answers
exec 3>&-
