#!/bin/sh
# lpmake: a stripped target, whose symbols and lines are in a separate debug file.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/making/lib.sh"
objcopy=${CROSS_CC%gcc}objcopy
have "$objcopy" || skip_all "no $objcopy"
"$CROSS_CC" $SECTIONS -fPIC -c fix.c || { not_ok "compile"; tap_done; }
line=$(awk '/return v - 1;/ { print NR }' app.c)
# stripped FLAG...: root/bin/app without symbols, app.debug with them
stripped()
{
    rm -rf root && mkdir -p root/bin
    "$CROSS_CC" $STANDARD -g -o app "$@" app.c && "$objcopy" --only-keep-debug app app.debug && "$objcopy" -g -x --strip-all app root/bin/app || not_ok "compile"
}
link() { "$objcopy" --add-gnu-debuglink="${1:-app.debug}" root/bin/app; }
# put FOLDER NAME
put() { mkdir -p "$1" && cp app.debug "$1/$2"; }
# found NAME: places by symbol and by line, and a function from C
found()
{
    lpmake -t root/bin/app -o one.lpatch 'check=ret 77' "app.c:$line=ret 8" 'twice=replace from fix.o' 2>err || { not_ok "$1"; note <err; return; }
    is "$(run_patched one.lpatch root/bin/app | grep -E '^(check|other|twice)' | tr '\n' ' ')" "check 77 twice 7280 other 8 " "$1"
}
missing()
{
    lpmake -t root/bin/app 'check=ret 77' >out 2>err
    is "$? $(wc -c <out)" "1 0" "$1"
}
for flags in -pie '-static -no-pie'; do
    stripped $flags -Wl,--build-id
    missing "$flags: no debug file"
    lpmake -t root/bin/app "app.c:$line=nop" 2>err
    like "$(cat err)" 'or have its debug file' "  which is said"
    id=$("${CROSS_CC%gcc}readelf" -n app | sed -n 's/.*Build ID: //p')
    two=${id%"${id#??}"}
    put "root/usr/lib/debug/.build-id/$two" "${id#??}.debug"
    found "$flags: by build-id, below a folder above the program"
    is "$(grep -c '^func 0x\|^@ 0x' one.lpatch) $(grep -c '^func [a-z].*[0-9]$\|^@ [a-z]' one.lpatch)" "3 0" "  the patch has addresses: the program has no names"
    lpmake -t root/bin/app 'twice=replace from fix.o' 'check=b other' 'parse=asm "bl other"' -o two.lpatch 2>err && rm -rf root/usr &&
        lpapply -q -o new root/bin/app two.lpatch && ok "  it is applied without the debug file" || { not_ok "  it is applied without the debug file"; note <err; }
done
stripped -pie -Wl,--build-id=none
link
put root/bin app.debug && found "by .gnu_debuglink, beside the program"
rm root/bin/app.debug
put root/bin/.debug app.debug && found "  in .debug"
rm -r root/bin/.debug
put root/usr/lib/debug/bin app.debug && found "  in usr/lib/debug of a folder above"
printf x >>root/usr/lib/debug/bin/app.debug
missing "  not another one: its CRC differs"
stripped -pie -Wl,--build-id
link
"$CROSS_CC" -O1 -g -Wl,--build-id -o root/bin/app.debug app.c
missing "  not another one: its build-id differs"
cp app.debug root/bin
found "  the right one"
echo '__thread int seen; int check(int v) { return seen + v; }' | object tls -fPIC
lpmake -t root/bin/app 'check=replace from tls.o' >out 2>err
is "$? $(wc -c <out)" "1 0" "thread-local storage, which a patch can only name: refused"
"$builddir/lpdis" -l root/bin/app 2>err | grep -q 'app.c:[0-9]' && ok "lpdis -l has the lines, too" || not_ok "lpdis -l has the lines, too"
tap_done
