# drive.sh - OUT.OLD and OUT.NEW, each with a program `try` (again.c) and, what is compared, $subject: the patch from one to the other, in its three uses.
# Sourced behind lib.sh with $sysroot set; $misbehaves is set to nothing for each pair.
lprun() { timeout -k 5 200 "$builddir/lprun" -L "$sysroot" "$@"; }
# tried COMMAND...: the last word about one try
tried() { echo go | "$@" 2>tried.err | tail -n 1; }
# wrong ANSWER NAME: the first answer is OLD's, and the others must be as that one
wrong()
{
    : "${misbehaves:=$1}"
    case $1 in wrong | signal*) is "$1" "$misbehaves" "$2 ($1)" ;; *) not_ok "$2: '$1'"; note <tried.err ;; esac
}

# compared NAME OUT [OPTION...]: OUT.lpatch
compared()
{
    name=$1 out=$2
    shift 2
    status=0
    timeout -k 5 100 "$builddir/lpdiff" --summary -o "$out.lpatch" "$@" "$out.OLD/$subject" "$out.NEW/$subject" >"$out.summary" 2>"$out.err" || status=$?
    is "$status" 1 "$name: lpdiff"
    head -n 8 "$out.err" | note
    [ $status = 1 ]
}
# started NAME OUT: OLD with the patch is right
started()
{
    is "$(tried lprun --no-control -P "$2.lpatch" "$2.OLD/try")" right "$1: right from the start with the patch"
    [ ! -s tried.err ] || note <tried.err
}

# stored NAME OUT: OLD's file with the patch in it is right, and OLD's again when it is taken back
stored()
{
    rm -rf stored
    cp -a "$2.OLD" stored
    is "$(timeout -k 5 60 "$builddir/lpapply" -q -o stored/$subject "$2.OLD/$subject" "$2.lpatch" 2>&1; echo $?)" 0 "$1: applied to the file"
    is "$(tried lprun --no-control stored/try)" right "$1: the file is right"
    ! have_qemu || is "$(tried timeout -k 5 60 "$QEMU_AARCH64" -L "$sysroot" stored/try)" right "$1: the file is right (qemu-aarch64)"
    timeout -k 5 60 "$builddir/lpapply" -q -R -o stored/back stored/$subject "$2.lpatch" 2>tried.err || note <tried.err
    same stored/back "$2.OLD/$subject" "$1: taken back out of the file"
}

# ask: one more try of the running program
ask()
{
    asked=$((asked + 1))
    echo go >&8
    wait_for 60 sh -c "[ \$(wc -l <live.out) -ge $asked ]"
    sed -n "${asked}p" live.out
}
# live NAME OUT: the running program is patched, and the patch is taken back
live()
{
    rm -f live.in
    mkfifo live.in
    asked=0
    "$builddir/lprun" -L "$sysroot" "$2.OLD/try" <live.in >live.out 2>live.err &
    pid=$!
    children=$pid
    exec 8>live.in
    : >tried.err
    wrong "$(ask)" "$1: wrong while it runs"
    asked=1
    is "$(timeout -k 5 60 "$builddir/lpapply" -q -p $pid "$2.lpatch" 2>&1; echo $?)" 0 "$1: applied to the running program"
    is "$(ask)" right "$1: right then"
    asked=2
    is "$(timeout -k 5 60 "$builddir/lpapply" -q -R -p $pid 2>&1; echo $?)" 0 "$1: taken back"
    wrong "$(ask)" "$1: wrong again"
    exec 8>&-
    wait $pid
    is "$?" 0 "$1: ends by itself"
    children=
}
