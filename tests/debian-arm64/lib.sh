# lib.sh - programs linked statically with Debian's arm64 libraries, whose hand-written assembly then runs here as anywhere: the same output
# as under qemu-aarch64. Sourced by the tests of this folder; ARM64LP_DEBIAN=full (make check-debian) does more of everything.
. "$srcdir/tests/lib.sh"
need_cross
need_qemu
here=$tests/debian-arm64
full=; [ "${ARM64LP_DEBIAN:-}" = full ] && full=y
# How much the drivers do, and how much where that was done before in another way.
level=1 less=0
# How long one program may take: libjpeg-turbo takes ten minutes of a processor at level 2, which may have other work.
limit=1800
[ -z "$full" ] || { level=${ARM64LP_DEBIAN_LEVEL:-2} less=$level limit=10800; }

# packages PACKAGE...: unpacked in $root, or the test is skipped with the reason
packages()
{
    fetched "$here/fetch.sh" "$@"
    programs=${root%/*}/programs
    mkdir -p "$programs"
    versions=$(for p; do cat "$root/.have/$p"; done)
}

# link NAME FLAG...: NAME.c and these archives as one static program, $program. Kept in the cache under the digest of all that it is made of.
link()
{
    name=$1
    shift
    key=$({ "$CROSS_CC" --version; echo "$versions" "$@"; cat "$here/$name.c" "$here/common.h"; } | sha256sum | cut -c 1-16)
    program=$programs/$name-$key
    [ -e "$program" ] && return 0
    rm -f "$programs/$name"-????????????????
    "$CROSS_CC" -static -O2 -w -I"$root/usr/include" -I"$root/usr/include/aarch64-linux-gnu" -o "$scratch/$name" "$here/$name.c" \
        -L"$root/usr/lib/aarch64-linux-gnu" -Wl,--start-group "$@" -lm -Wl,--end-group 2>"$scratch/ld.log" &&
        cp "$scratch/$name" "$program.$$" && mv "$program.$$" "$program" && return 0
    not_ok "$name does not link"
    note <"$scratch/ld.log"
    return 1
}

# $environment is of both; $oracle only of qemu, whose CPU is always the same.
environment= oracle=
# both WHAT LPRUN-OPTION... -- ARGUMENT...: $program with these arguments has the same output and status under lprun as under qemu.
# What qemu said is kept for further runs of the same in this test.
both()
{
    what=$1 options=
    shift
    while [ "$1" != -- ]; do options="$options $1"; shift; done
    shift
    want=$scratch/$(basename "$program").$(echo "$* $environment $oracle" | tr -c 'a-zA-Z0-9\n' _).want
    if [ ! -e "$want" ]; then
        { env $environment $oracle timeout $limit "$QEMU_AARCH64" -cpu max "$program" "$@" </dev/null; echo "status $?"; } >"$want" 2>&1
    fi
    { env $environment timeout $limit lprun --no-control $options "$program" "$@" </dev/null; echo "status $?"; } >"$scratch/have" 2>&1
    same "$scratch/have" "$want" "$name: $what"
}
