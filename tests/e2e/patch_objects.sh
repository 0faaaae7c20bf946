#!/bin/sh
# Patches reach every object of a dynamically linked program: the executable (PIE or not), libraries that are there, that come, go and come back.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
root=$(arm64_sysroot) || skip_all "no AArch64 C library to link with"
dir=$tests/e2e/objects

cc() { "$CROSS_CC" -w -O2 -fno-ipa-ra -Wl,--build-id "$@"; }
link_all()
{
    cc -fPIC -shared -Wl,-soname,libwork.so.1 -o libwork.so.1 "$dir/work.c" && cc -fPIC -shared -o libplug.so "$dir/plug.c" &&
        cc -fPIE -pie -o pie "$dir/main.c" ./libwork.so.1 -ldl && cc -fno-pie -no-pie -o fixed "$dir/main.c" ./libwork.so.1 -ldl
}
link_all 2>log || { not_ok "compile"; note <log; tap_done; }

# func_of FILE FUNCTION CFLAG...: the whole block, compiled with these
func_of()
{
    of=$1 fn=$2
    shift 2
    new_code "$dir/new.c" -O1 "$@"
    new_func "$of" "$fn"
}
work_patch()
{
    head_of libwork.so.1 work
    printf 'data fresh_count data size 4 align 4\nzero 4\nend\n'
    func_of libwork.so.1 work "$@"
    printf 'set shared_count b4\n- 0x7\n+ 0x8\nset pointer b8\n- *\n+ &other_count\n'
}
work_patch -fPIC >work.lpatch
{ head_of libplug.so plug; echo optional; func_of libplug.so plug -fPIC; } >plug.lpatch
grep -q 'tlsdesc_adr_page21 tls_seen' work.lpatch && grep -q 'adr_got_page shared_count' work.lpatch && grep -q 'call26 labs' work.lpatch &&
    ok "the compiler made GOT, TLS and import relocations" || { not_ok "relocations"; note <work.lpatch; }

# ---- a library that is there: run-time addresses of everything ----
# 5+1 + 8*100 + 9*1000 + tls*10000 + 1000*100 + 1 + 7 + calls
for kind in pie fixed; do
    [ $kind = pie ] && own="-fPIE" || own="-fno-pie"
    { head_of $kind own; func_of $kind own $own; } >own.lpatch
    start $kind -L "$root" -E LD_LIBRARY_PATH=.
    is "$(say work)" "work 26 1003 7 8" "$kind: before"
    run "$kind: dry run" 0 lpapply -n -c sock work.lpatch
    run "$kind: apply to a library" 0 lpapply -c sock work.lpatch
    is "$(say work)" "work 149815 1010 8 9" "$kind: GOT, TLS descriptor, IFUNC, imports, new data, copied data"
    is "$(say work)" "work 159816 1010 8 9" "$kind: thread-local and new data keep their values"
    run "$kind: apply to the executable" 0 lpapply -c sock own.lpatch
    is "$(say work)" "work 169817 1010 8 84" "$kind: the executable's function"
    is "$(places work)" 3 "$kind: three places"
    run "$kind: revert" 0 lpapply -c sock -R
    is "$(say work)" "work 29 1003 7 8" "$kind: as before, but for what the new code counted"
    leave
done

# ---- other ways to reach the same: what -mcmodel and the TLS models make ----
for flags in "-fPIC -mcmodel=tiny" "-fPIC -ftls-model=initial-exec" "-fPIC -ftls-model=local-exec" "-fno-pic"; do
    work_patch $flags >x.lpatch
    is "$(echo work | timeout 60 lprun --no-control -L "$root" -E LD_LIBRARY_PATH=. -P x.lpatch ./pie 2>&1 | tail -n 1)" "work 149815 1010 8 9" "$flags"
done
{ head_of pie own; func_of pie own -fPIE -DOWN_TLS; } >x.lpatch
is "$(echo work | timeout 60 lprun --no-control -L "$root" -E LD_LIBRARY_PATH=. -P x.lpatch ./pie 2>&1 | tail -n 1)" "work 26 1003 7 374" \
    "a library's thread-local variable from the executable, which did not use it"
work_patch -fPIC -mtls-dialect=trad >x.lpatch
echo work | timeout 60 lprun --no-control -L "$root" -E LD_LIBRARY_PATH=. -P x.lpatch ./pie >run 2>&1
is "$?" 125 "general dynamic in a library without it: refused"
like "$(cat run)" '.tls_seen. is thread-local, and nothing tells the number of libwork.so.1' "said so"
work_patch -fpic >x.lpatch
echo work | timeout 60 lprun --no-control -L "$root" -E LD_LIBRARY_PATH=. -P x.lpatch ./pie >run 2>&1
is "$?" 125 "a small GOT without the slot: refused"
like "$(cat run)" 'libwork.so.1 has no GOT slot of .fresh_count., .*-fPIC' "said so"
mkdir trad && cc -fPIC -mtls-dialect=trad -shared -Wl,-soname,libwork.so.1 -o trad/libwork.so.1 "$dir/work.c" && cp libplug.so pie trad && cd trad &&
    { work_patch -fPIC -mtls-dialect=trad >x.lpatch; printf 'work\n' | timeout 60 lprun --no-control -L "$root" -E LD_LIBRARY_PATH=. -P x.lpatch ./pie >have 2>&1; }
is "$(tail -n 1 have)" "work 149815 1010 8 9" "general dynamic"
# Each reads and counts: 3 + 1, then what the old body makes of the variable.
local_dynamic()
{
    new_code "$tests/e2e/scenes/localdynamic.s"
    { head_of libwork.so.1 x; new_func libwork.so.1 "$1" work; } >x.lpatch
    is "$(printf 'work\nwork\n' | timeout 60 lprun --no-control -L "$root" -E LD_LIBRARY_PATH=. -P x.lpatch ./pie 2>&1 | tail -n 2 | tr '\n' ' ')" \
        "work 4 1003 7 8 work 5 1003 7 8 " "$2"
}
local_dynamic traditional "local dynamic"
cd ..
local_dynamic descriptor "local dynamic by a descriptor"

# ---- refusals name the object ----
start pie -L "$root" -E LD_LIBRARY_PATH=.
refused() { run "$1" 1 lpapply -c sock x.lpatch; like "$(cat run)" "$2" "$1: $3"; }
sed 's/^- 0x7/- 0x6/' work.lpatch >x.lpatch
refused "other datum" 'libwork.so.1:shared_count: found bytes 07000000, patch expects 06000000' "object and symbol"
sed 's/call26 labs/call26 no_such_function/' work.lpatch >x.lpatch
refused "unknown import" 'libwork.so.1: symbol .no_such_function. is neither here nor in a library' "said so"
sed 's/^object .*/object    libother.so/' work.lpatch >x.lpatch
refused "absent" 'object .libother.so. is not here (found: pie, ld-linux-aarch64.so.1, .*libwork.so.1' "what is there is listed"
{ head_of libwork.so.1 x; printf '@ work\n- 00000001\n+ d503201f\nend\n'; } >x.lpatch
refused "other word" 'libwork.so.1:work: found [0-9a-f]*, patch expects 00000001' "object and symbol"
is "$(names)" "" "nothing is applied"

# By its DT_SONAME, whatever its file is called.
leave
cp libwork.so.1 libreal.so.9 && ln -sf libreal.so.9 libwork.so.1
start pie -L "$root" -E LD_LIBRARY_PATH=.
run "soname: apply" 0 lpapply -c sock work.lpatch
is "$(say work)" "work 149815 1010 8 9" "soname: patched"
leave
rm libwork.so.1 && mv libreal.so.9 libwork.so.1
start pie -L "$root" -E LD_LIBRARY_PATH=.

# ---- a library that comes, goes and comes back ----
is "$(say open)" "open 6 5" "plug: before"
run "plug: apply" 0 lpapply -c sock plug.lpatch
is "$(say plug)" "plug 201" "plug: applied"
is "$(say drop)" "drop 0 201" "it survives madvise and mprotect"
is "$(say fork)" "fork $((201 & 127))" "a child has it too"
is "$(say close)" "close 0" "plug: unloaded"
is "$(say fork)" "fork $((201 & 127))" "a child that loads it"
is "$(places plug)" 0 "plug: no places"
is "$(field plug 8)" "waits for libplug.so" "the list says what it waits for"
is "$(say open)" "open 201 200" "plug: back, in its constructor too"
is "$(field plug 8)" "" "the list says nothing more"
is "$(lpapply -c sock --journal --tsv | cut -f3 | tail -n 3 | tr '\n' ' ')" "applied unloaded loaded " "the journal says so"
is "$(say twice)" "twice 201" "a second mapping of the file"
is "$(places plug)" 2 "two places"
is "$(say close)" "close 0" "the first is unloaded"
is "$(say cycle)" "cycle 40100" "a hundred times, at changing places"
run "revert" 0 lpapply -c sock -R
is "$(say open)" "open 6 5" "not patched any more"
leave

# ---- the file is gone, or another one: what is mapped counts ----
start pie -L "$root" -E LD_LIBRARY_PATH=.
is "$(say work)" "work 26 1003 7 8" "replaced file: before"
cp libwork.so.1 libwork.copy && cp libplug.so libwork.new && mv libwork.new libwork.so.1
run "replaced file: apply" 0 lpapply -c sock work.lpatch
is "$(say work)" "work 149815 1010 8 9" "replaced file: patched in memory"
is "$(cmp libplug.so libwork.so.1)" "" "the new file is as it was"
run "replaced file: revert" 0 lpapply -c sock -R
is "$(say work)" "work 27 1003 7 8" "replaced file: reverted"
sed "s/^build-id .*/file-sha256 $(sha256sum <libwork.copy | cut -d' ' -f1)/" work.lpatch >x.lpatch
refused "replaced file by digest" 'its file is another one by now' "said so"
leave
mv libwork.copy libwork.so.1
tool strip libwork.so.1 -o libwork.stripped && mv libwork.stripped libwork.so.1
start pie -L "$root" -E LD_LIBRARY_PATH=.
run "stripped: apply" 0 lpapply -c sock work.lpatch
is "$(say work)" "work 149815 1010 8 9" "stripped: dynamic symbols suffice"
leave

# ---- at start ----
at_start() { printf 'work\nopen\n' | timeout 60 lprun --no-control -L "$root" -E LD_LIBRARY_PATH=. "$@" >have 2>err; echo $?; }
for kind in pie fixed; do
    is "$(at_start -P work.lpatch -P plug.lpatch ./$kind) $(tail -n 2 have | tr '\n' ' ')" "0 work 149815 1010 8 9 open 201 200 " "$kind: lprun -P"
done
for kind in pie fixed; do
    { head_of $kind hook; printf 'set hook b8\n- &own\n+ &other\n'; } >x.lpatch
    is "$(echo hook | timeout 60 lprun --no-control -L "$root" -E LD_LIBRARY_PATH=. -P x.lpatch ./$kind 2>&1 | tail -n 1)" "hook 42" "$kind: a pointer in data"
done
sed '/^optional/d' plug.lpatch >must.lpatch
is "$(at_start -P must.lpatch ./pie) $(cat have)" "125 " "a library that must be there and is not: not started"
like "$(cat err)" 'must.lpatch:3: object .libplug.so. is not loaded, and the program.s own code is about to start' "said so"
sed 's/^build-id .*/build-id  00112233/' work.lpatch >x.lpatch
is "$(at_start -P x.lpatch ./pie) $(cat have)" "125 " "a library of another build: not started"
like "$(cat err)" 'object .libwork.so.1.: build-id is [0-9a-f]*, the patch was made for 00112233' "said so"
id=$(sed -n 's/^build-id *//p' work.lpatch)
sed "s/^build-id .*/build-id  $(echo "$id" | cut -c 1-16)/" work.lpatch >x.lpatch
is "$(at_start -P x.lpatch ./pie) $(sed -n 2p have)" "0 work 149815 1010 8 9" "a library by the first 16 digits of its build-id"
sed "s/^build-id .*/build-id  $(echo "$id" | cut -c 1-14)/" work.lpatch >x.lpatch
is "$(at_start -P x.lpatch ./pie) $(cat have)" "125 " "  by fewer: not started"
like "$(cat err)" "build-id is $id, of which the patch says too little: [0-9a-f]*; the first 16 digits will do" "  said so"
sed 's/^build-id .*/build-id  00112233/' plug.lpatch >x.lpatch
is "$(at_start -P x.lpatch ./pie) $(tail -n 1 have)" "0 open 6 5" "an optional one of another build: goes on unpatched"
like "$(cat err)" 'patch plug: libplug.so goes on unpatched: .*00112233' "said so"

# ---- the C library and the dynamic loader ----
libc=$root/lib/libc.so.6
start pie -L "$root" -E LD_LIBRARY_PATH=.
is "$(say env)" "env 0" "libc: before"
lpmake -t "$libc" --meta name=env 'getenv=ret 1' >libc.lpatch
run "libc: apply" 0 lpapply -c sock libc.lpatch
is "$(say env)" "env 1000" "libc: getenv is the new one"
is "$(hits env)" 1000 "libc: counted"
run "libc: revert" 0 lpapply -c sock -R
is "$(say env)" "env 0" "libc: as before"
loader=$root/lib/ld-linux-aarch64.so.1
lpmake -t "$loader" --meta name=loader '__tls_get_addr+0x0=nop' >loader.lpatch
run "loader: apply" 0 lpapply -c sock loader.lpatch
is "$(places loader)" 1 "loader: patched"
run "loader: revert" 0 lpapply -c sock -R
leave

# A program whose first word must be a landing pad: what waits for its libraries waits behind that.
cat >guarded.c <<'C'
int puts(const char *), atoi(const char *);
void exit(int);
__attribute__((noinline)) int add(int n) { return n + atoi(K); }
void start(void) { puts(atoi(K) == add(0) ? "right" : "wrong"); exit(add(1)); }
C
for pads in bti standard; do
    guarded() { "$CROSS_CC" -w -O2 -fno-ipa-ra -mbranch-protection=$pads "$@"; }
    guarded '-DK="4"' -nostartfiles -Wl,-e,start -Wl,-z,force-bti -Wl,--build-id -o guarded guarded.c && guarded '-DK="6"' -c -o guarded.o guarded.c ||
        not_ok "compile guarded.c, $pads"
    lpmake -q -t "$libc" --meta name=atoi 'atoi=ret 7' >atoi.lpatch
    lpmake -q -t guarded -o guarded.lpatch 'add=replace from guarded.o'
    for pair in atoi:8 guarded:7; do
        lprun -L "$root" -P "${pair%:*}.lpatch" ./guarded >guarded.out 2>&1
        is "$?" "${pair#*:}" "$pads at the first word: ${pair%:*}.lpatch" || note <guarded.out
    done
done

# The very function at the entry is replaced by one that calls what the program does not import: it waits for the C library, which is loaded by then.
cat >first.c <<'C'
int puts(const char *), printf(const char *, ...);
void exit(int), start(void);
__attribute__((noinline)) int again(int n) { return n ? again(n - 1) : 3; }
void start(void) {
#ifdef FIXED
    printf("new %d\n", again(2));
#else
    puts("old");
#endif
    exit(again(1));
}
C
for pads in none bti; do
    for how in '' --isolate; do
        first() { "$CROSS_CC" -w -O2 -fno-ipa-ra -mbranch-protection=$pads "$@"; }
        first -nostartfiles -Wl,-e,start -Wl,--build-id -o first first.c && first -DFIXED -c -o first.o first.c || not_ok "compile first.c, $pads"
        lpmake -q -t first -o first.lpatch 'start=replace from first.o'
        is "$(lprun $how -L "$root" -P first.lpatch ./first 2>&1; echo $?)" "new 3
3" "the function at the entry waits for a library: $pads $how"
        lpmake -q -t "$libc" --meta name=exit 'exit=b _exit' >exit.lpatch
        is "$(lprun $how -L "$root" -P exit.lpatch ./first 2>&1; echo $?)" 3 "the program's first word as it was: $pads $how"
    done
done
tap_done
