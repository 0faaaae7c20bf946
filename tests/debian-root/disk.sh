#!/bin/sh
# Programs and libraries of Debian with their own functions put anew: patched files do what the old ones do, and -R gives those back.
# A few in make check; by hand 200: ARM64LP_DISK=200 (of the root as it is: fetch.sh all has most), in the build folder:
#     make check TESTS=tests/debian-root/disk.sh ARM64LP_DISK=200
. "$srcdir/tests/debian-root/lib.sh"
need_groups tools
noop=$builddir/tests/e2e/noop
want=${ARM64LP_DISK:-8} done=0 tried=
cd "$scratch" || exit 1

is_program() { [ -f "$1" ] && [ ! -L "$1" ] && [ "$(head -c 20 "$1" | od -An -v -tx1 -w20 | cut -c 1-18,55-60)" = " 7f 45 4c 46 02 01 b7 00" ]; }
# says RUNNER PROGRAM NAME: what the program says of itself, whatever it takes for its name
says()
{
    case $1 in
    lprun) timeout -k 5 60 lprun --no-control -L "$root" -0 "$3" "$2" --version ;;
    qemu) timeout -k 5 60 "$QEMU_AARCH64" -L "$root" -0 "$3" "$2" --version ;;
    esac >said 2>&1 </dev/null
    echo "status $?" >>said
    sed "s|$2|$3|g" said
}
try()
{
    name=${1##*/}
    "$noop" "$1" 300 >x.lpatch 2>log || return 0 # it has no function that can be moved by relocations alone
    lpapply -q -o new "$1" x.lpatch >log 2>&1 || { not_ok "$name: apply"; note <log; return; }
    says lprun "$1" "$1" >before
    says lprun ./new "$1" >after
    same after before "$name: $(grep -c ^func x.lpatch) functions"
    if have_qemu; then says qemu ./new "$1" >other && says qemu "$1" "$1" >before && same other before "$name: under qemu-aarch64"; fi
    lpapply -q -R new && cmp -s new "$1" && ok "$name: the old file, byte for byte" || not_ok "$name: the old file"
    done=$((done + 1))
}
for p in bash grep sort sed tar find gzip ls $(ls "$root/usr/bin"); do
    [ "$done" -lt "$want" ] || break
    case " $tried " in *" $p "*) continue ;; esac
    tried="$tried $p"
    case $p in '[' | yes | reset | tset | java* | go | gofmt) continue ;; esac # they know no --version, or start others
    ! is_program "$root/usr/bin/$p" || try "$root/usr/bin/$p"
done

# The C library itself, and others, for programs that are as they were.
mkdir libs
for l in libc.so.6 libm.so.6 libselinux.so.1 libpcre2-8.so.0; do
    lib=$(readlink -f "$root/usr/lib/aarch64-linux-gnu/$l")
    [ -f "$lib" ] || continue
    "$noop" "$lib" 500 >x.lpatch && lpapply -q -o "libs/$l" "$lib" x.lpatch >log 2>&1 && ok "$l: $(grep -c ^func x.lpatch) functions" || { not_ok "$l"; note <log; }
    cp "libs/$l" back && lpapply -q -R back && cmp -s back "$lib" && ok "$l: the old file" || not_ok "$l: the old file"
done
with() { timeout -k 5 60 lprun --no-control -L "$root" -E LD_LIBRARY_PATH="$scratch/libs" "$root/usr/bin/$@" 2>&1; }
is "$(seq 1 2000 | with sort -rn | sha256sum)" "$(seq 1 2000 | sort -rn | sha256sum)" "sort with patched libraries"
is "$(with bash -c 'for i in 1 2 3; do printf "%d " $((i * i)); done; trap "echo out" EXIT; (exit 3); echo $?')" "1 4 9 3
out" "bash with patched libraries"
is "$(printf 'abc\nabd\nxyz\n' | with grep -P '^a(?=b)b[c]')" abc "grep with patched libraries"
tap_done
