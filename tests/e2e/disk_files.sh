#!/bin/sh
# The file that is patched, among others: what is kept of it, who else has it, what is behind it.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
have_cross || skip_all "no AArch64 cross compiler"
sum() { sha256sum <"$1" | cut -d' ' -f1; }
cat >app.c <<'E'
int twice(int n) { return n * 2; }
void _start(void) { register int a __asm__("x0") = twice(21), s __asm__("x8") = 93; __asm__("svc 0" :: "r"(a), "r"(s)); }
E
bare_cc app app.c -fno-inline -Wl,--build-id || skip_all "the compiler makes no program"
cp app pristine
lpmake -q -t app --meta name=one -o one.lpatch '_start=nop' && lpmake -q -t app --meta name=two -o two.lpatch '_start+0x4=nop' || not_ok "two patches"

# ---- -b: nothing is lost whatever fails ----
run "-b" 0 lpapply -q -b app one.lpatch
is "$(sum app.orig)" "$(sum pristine)" "keeps the file as it was"
cp app first
# full NAME STATUS COMMAND...: no file can be written further than 512 bytes
full()
{
    name=$1 status=$2
    shift 2
    (trap '' XFSZ; ulimit -f 1; exec "$@") >log 2>&1
    is "$?" "$status" "$name"
}
full "-b, and no room for the new file" 2 lpapply -b app two.lpatch
like "$(cat log)" 'app: cannot write: File too large' "  said so"
like "$(cat log)" 'nothing was changed' "  and that nothing was changed"
is "$(sum app.orig) $(sum app)" "$(sum pristine) $(sum first)" "  which is so"
is "$(stat -c %h app)" 1 "  the file has no second name"
mv app.orig kept && mkdir app.orig
run "-b, and what is kept cannot have its name" 2 lpapply -b app two.lpatch
like "$(cat run)" 'app.orig: cannot write: Is a directory' "  said so"
is "$(sum app)" "$(sum first)" "  nothing was changed"
rmdir app.orig && mv kept app.orig
run "-b, now" 0 lpapply -q -b app two.lpatch
is "$(sum app.orig)" "$(sum first)" "keeps the file before this call"
is "$(ls -A | grep -c '^.arm64lp')" 0 "nothing is left"

# ---- a patch that is made of a patched file, of what another one has replaced ----
echo 'int twice(int n) { return n * 2 + 1; }' >twice.c && "$CROSS_CC" -w -O2 -ffreestanding -c -o twice.o twice.c || not_ok "compile twice.c"
cp pristine done && lpmake -q -t done --meta name=first -o p1.lpatch 'twice=replace from twice.o' && lpapply -q done p1.lpatch || not_ok "a first patch"
cp done before
run "a second patch of it" 0 lpmake -t done --meta name=second -o p2.lpatch 'twice=replace from twice.o'
like "$(cat run)" \
    'it cannot go into the file itself: twice: the patch .first., which is in the file, has changed it already' "lpmake warns, and names the first"
run "into the file" 1 lpapply done p2.lpatch
like "$(cat run)" 'twice: the patch .first., which is in the file, has changed it already' "lpapply says the same"
like "$(cat run)" 'hint: make this patch of the file as it was (lpapply -R -o FILE), with .replaces first.' "  and what to do"
is "$(sum done)" "$(sum before)" "  nothing was changed"
run "what to do: the file as it was" 0 lpapply -q -R -o was done
run "  the patch of it" 0 lpmake -q -t was --meta name=second --meta replaces=first -o p2.lpatch 'twice=replace from twice.o'
run "  goes into the patched file" 0 lpapply -q done p2.lpatch
is "$(lpapply -l --tsv done | cut -f 2)" second "  in the place of the first"
run "a patch of the new body" 0 lpmake -q -t before --meta name=third -o p3.lpatch 'twice.lpatch=nop'
run "into the file" 1 lpapply before p3.lpatch
like "$(cat run)" 'hint: what a patch has brought to a file no other patch changes there' "says what to do"

# ---- what is behind the ELF file ----
{ cat pristine; printf 'an archive, of which the last bytes say where it begins'; } >packed
cp packed unpatched
run "a file with more behind it" 0 lpapply -q packed p1.lpatch
is "$(tail -c 55 packed)" "$(tail -c 55 unpatched)" "it is at the end again"
is "$(lpapply -l --tsv packed | cut -f 2)" first "  the patch is there"
is "$(tool readelf -h packed | awk '/Start of section/ { a = $5 } /Size of section/ { b = $5 } /Number of section/ { print a + b * $5 }')" \
    $(($(wc -c <packed) - 55)) "  and it follows the section headers"
run "revert" 0 lpapply -q -R packed
same packed unpatched "  the old file"
lpapply -q -o done pristine p1.lpatch
is "$(tool readelf -h done | awk '/Start of section/ { a = $5 } /Size of section/ { b = $5 } /Number of section/ { print a + b * $5 }')" \
    "$(wc -c <done)" "where there was nothing, nothing is"

# ---- a file that an earlier version has patched: its notes are not in one ----
cat >earlier.py <<'E'
import struct
b = bytearray(open('done', 'rb').read())
table, n, names = struct.unpack_from('<Q', b, 40)[0], *struct.unpack_from('<HH', b, 60)
at = [struct.unpack_from('<IIQQQQ', b, table + 64 * i) for i in range(n)]
for i, s in enumerate(at):
    if b[at[names][4] + s[0]:].startswith(b'.note.lpatch\0'):
        struct.pack_into('<QQ', b, table + 64 * i + 24, s[4] + 20, s[5] - 20)
        open('earlier', 'wb').write(b)
E
if have python3 && python3 earlier.py; then
    is "$(lpapply -l --tsv earlier | cut -f 2)" first "a file of an earlier version: its patch"
    run "  revert" 0 lpapply -q -R earlier
    same earlier pristine "  the old file"
else
    skip "a file of an earlier version" "no python3"
fi

# ---- another program has the file's lock ----
if have flock; then
    mkfifo go
    flock app sh -c 'echo held; read -r x <go' >held &
    holder=$!
    wait_for 20 grep -q held held
    lpapply -R app two >log 2>&1 &
    waiting=$!
    wait_for 20 grep -q waiting log
    like "$(cat log)" 'app: waiting for its lock (flock), which another program holds' "who waits for a lock says so"
    echo >go
    wait $waiting
    is "$?" 0 "and goes on when it is free"
    wait $holder
    is "$(sum app)" "$(sum first)" "  and does it"
else
    skip "a lock" "no flock"
fi
tap_done
