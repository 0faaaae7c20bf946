#!/bin/sh
# Dynamically linked programs do as under qemu-aarch64 -L: PIE and not, lazy and early binding, IFUNC, TLS of all models, dlopen and dlclose.
. "$srcdir/tests/lib.sh"
need_cross
need_qemu
root=$(arm64_sysroot) || skip_all "no AArch64 C library to link with"
cd "$scratch" || exit 1
dir=$tests/guest/dynamic

# run [OPTION...] PROGRAM [ARG...]
run() { timeout 60 lprun --no-control -L "$root" -E LD_LIBRARY_PATH=. "$@"; }
# try NAME PROGRAM [ARG...]
try()
{
    name=$1
    shift
    timeout 60 "$QEMU_AARCH64" -L "$root" -E LD_LIBRARY_PATH=. "$@" >want 2>&1 </dev/null
    echo "status $?" >>want
    run "$@" >have 2>&1 </dev/null
    echo "status $?" >>have
    same have want "$name"
}

build()
{
    "$CROSS_CC" -w -O2 "$2" -fPIC -shared -o libdyn.so "$dir/dynlib.c" &&
        "$CROSS_CC" -w -O2 "$2" -fPIC -shared -o plugin.so "$dir/plugin.c" -L. -ldyn &&
        "$CROSS_CC" -w -O2 $1 -rdynamic -o dyn "$dir/dynmain.c" -L. -ldyn -ldl -lm
}
for tls in -mtls-dialect=desc -mtls-dialect=trad; do
    for how in '-fPIE -pie -Wl,-z,lazy' '-fPIE -pie -Wl,-z,now -Wl,-z,relro' '-fno-pie -no-pie -Wl,-z,lazy' '-fno-pie -no-pie -Wl,-z,now'; do
        if build "$how" "$tls" 2>cc.log; then
            try "$tls $how" ./dyn ./plugin.so
        else
            not_ok "$tls $how does not compile"
            note <cc.log
        fi
    done
done
grep -q '^plugin 1115 1119' want && grep -q 'object ld-linux' want || { not_ok "the test is none"; note <want; }
like "$(run -E LD_BIND_NOW=1 ./dyn ./plugin.so)" 'ifunc 1001 by pointer 1002' "LD_BIND_NOW"
like "$(run -E LD_PRELOAD=./plugin.so ./dyn ./plugin.so | head -n 2)" '^plugin: constructor' "LD_PRELOAD"
# The loader as a program: by its own name, and what ldd does.
try "the loader with a program as its argument" "$root/lib/ld-linux-aarch64.so.1" --library-path "$root/lib:." ./dyn ./plugin.so
run -E LD_TRACE_LOADED_OBJECTS=1 ./dyn >have 2>&1
like "$(cat have)" 'libc.so.6 => /lib/libc.so.6' "LD_TRACE_LOADED_OBJECTS shows files without the sysroot"

# A few programs of this folder, with the C library as a shared one.
for name in hello tls setjmp strings malloc stdio_files printf_fp; do
    "$CROSS_CC" -w -O2 -o p "$tests/guest/$name.c" -lm -lpthread && try "$name" ./p one two
done
"$CROSS_CC" -w -O2 -static-pie -o p "$tests/guest/tls.c" && try "static PIE" ./p

# Without the loader
"$CROSS_CC" -w -O2 -o p "$tests/guest/hello.c"
timeout 20 lprun --no-control -L "$scratch" ./p >have 2>&1
is "$?" 127 "no loader: status 127"
like "$(cat have)" 'p: its interpreter "/lib/ld-linux-aarch64.so.1": .*No such file' "the loader is named"
like "$(cat have)" 'lprun -L' "and what to do"
"$CROSS_CC" -w -O2 -Wl,--dynamic-linker=/bin/sh -o q "$tests/guest/hello.c"
timeout 20 lprun --no-control -L "$root" ./q >have 2>&1
is "$?" 126 "a loader for another machine: status 126"
LPRUN_LD_PREFIX=$root timeout 20 lprun --no-control ./p >have 2>&1
is "$?" 42 "LPRUN_LD_PREFIX"
QEMU_LD_PREFIX=$root timeout 20 lprun --no-control ./p >have 2>&1
is "$?" 42 "QEMU_LD_PREFIX"
QEMU_LD_PREFIX=/nowhere LPRUN_LD_PREFIX=$root timeout 20 lprun --no-control ./p >have 2>&1
is "$?" 42 "LPRUN_LD_PREFIX comes first"
LPRUN_LD_PREFIX=/nowhere timeout 20 lprun --no-control -L "$root" ./p >have 2>&1
is "$?" 42 "-L comes before both"
tap_done
