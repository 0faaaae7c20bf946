# storm_lib.sh - 8 clients patch and unpatch functions that 16 threads are calling all the time, and that must always fit together. STORM_COMMITS: so
# many commits of each kind.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/body.sh"
source=../torture/storm.c
. "$tests/e2e/driven.sh"
clients=$builddir/tests/torture/clients
scale() { if [ -n "${STORM_COMMITS:-}" ]; then echo "$STORM_COMMITS"; elif [ "${TORTURE:-}" = full ]; then echo "$2"; else echo "$1"; fi; }

# version FILE FUNCTION V: the function, with this number
version() { same_func "$1" "$2" 528ee009 "$(printf %x $((0x528ee009 + $3 * 32)))"; }
# patch V PROGRAM [OBJECTS]: vV.lpatch, which changes all functions to version V, and replaces the other versions
patch()
{
    {
        head_of_patch "$2" "v$1"
        for other in 1 2 3; do [ "$other" = "$1" ] || echo "replaces  v$other"; done
        [ -z "${mode:-}" ] || echo "mode      $mode"
        object_of "$2"
        version "$2" g "$1" && version "$2" f "$1" || not_ok "f and g can be moved"
        [ -z "${3:-}" ] || { object_of libstorm.so; version libstorm.so h "$1"; object_of plug.so; echo optional; version plug.so plug_f "$1"; version plug.so plug_g "$1"; }
    } >"v$1.lpatch"
}
# value KEY FILE: the number behind this word
value() { sed -n "s/.*\\b$1 \\([0-9]*\\).*/\\1/p" "$2" | tail -n 1; }

# storm NAME SHORT LONG PROGRAM LPRUN-OPTION... -- [WHAT GOES ON...]
storm()
{
    name=$1 commits=$(scale "$2" "$3") program=$4
    shift 4
    rm -f in out sock
    mkfifo in
    : >out
    options=
    while [ "$1" != -- ]; do options="$options $1"; shift; done
    shift
    lprun -c sock $options "./$program" "$@" <in >out 2>err &
    pid=$!
    children="$children $pid"
    exec 9>in
    wait_for 20 grep -q ready out || { not_ok "$name starts"; note <err; }
    timeout -k 5 3000 "$clients" sock 8 "$commits" v1.lpatch v2.lpatch v3.lpatch >run 2>&1
    is "$? $(value failures run)" "0 0" "$name: $(value commits run) commits, none fails"
    note <run
    echo bye >&9
    exec 9>&-
    wait "$pid"
    is "$? $(value disagreements out) $(value failures out)" "0 0 0" "$name: all functions of each call are of one version"
    # Other tests run at the same time in make check, on two CPUs: then what counts is that nobody is left behind.
    if [ "${TORTURE:-}" = full ]; then is "$(value starved out)" 0 "$name: every thread gets on in every second"
    elif [ "$(value longest out)" -lt 5000 ]; then ok "$name: every thread gets on"
    else not_ok "$name: every thread gets on"; fi
    tail -n 1 out | note
    note <err
    for k; do if [ "$(value "$k" out)" -gt 0 ]; then ok "$name: $(value "$k" out) $k"; else not_ok "$name: $k"; fi; done
}

# static_storm: makes ./storm and its patches
static_storm()
{
    build storm -static -no-pie 2>log || { not_ok "it compiles"; note <log; tap_done; }
    for v in 1 2 3; do patch $v storm; done
}
# dynamic_storm: makes ./dynamic, its libraries and its patches; status 1 if that cannot be
dynamic_storm()
{
    root=$(arm64_sysroot) && [ -e "$root/lib/ld-linux-aarch64.so.1" ] || { skip objects "no AArch64 shared libraries"; return 1; }
    for so in libstorm plug; do
        define=
        [ $so = libstorm ] || define=-DPLUG
        "$CROSS_CC" -w -O2 -fPIC -shared -Wl,-soname,$so.so -Wl,--build-id $define -o $so.so "$tests/torture/storm_h.c"
    done
    build dynamic -DOBJECTS -Wl,--no-as-needed ./libstorm.so -Wl,-rpath,. -ldl 2>log || { not_ok "dynamic compiles"; note <log; return 1; }
    for v in 1 2 3; do patch $v dynamic objects; done
}
