# pair.sh - for tests that compare two small programs. Sourced behind lib.sh.
sysroot=$(arm64_sysroot) || sysroot=/
run() { timeout 60 lprun --no-control -L "$sysroot" "$@" 2>&1; }
# both_compilers: $compilers are commands that compile, with GCC and, if it is there, clang
both_compilers()
{
    compilers=with_gcc
    if have_arm64_clang; then compilers="with_gcc with_clang"; else skip "clang" "no clang for AArch64"; fi
}
with_gcc() { "$CROSS_CC" -w "$@"; }
with_clang() { arm64_clang -w "$@"; }
# nothing NAME OLD NEW: no change
nothing()
{
    is "$(lpdiff --summary "$2" "$3" 2>&1)" "" "$1"
}
# fix NAME OLD NEW FUNCTION [WORD...]: this function alone, and the patched program does what the new one does
fix()
{
    name=$1 old=$2 new=$3 changed=$4
    shift 4
    lpdiff "$old" "$new" >fix.lpatch 2>fix.err
    is "$?$(cat fix.err)" 1 "$name: there is a patch"
    is "$(sed -n 's/^func \([^ ]*\).*/\1/p; s/^@ \([^ +]*\).*/\1/p' fix.lpatch | sort -u | paste -s -d ' ')" "$changed" "$name: of $changed alone"
    does "$name" "./$new" "$@"
    is "$(deeds -P fix.lpatch "./$old" "$@")" "$deeds" "$name: the patched program does what the new one does"
}
# becomes NAME OLD NEW: with the patch the program is the new one, when it starts and as a file; $becomes: other options of lpdiff
becomes=
becomes()
{
    lpdiff $becomes "$2" "$3" >p.lpatch 2>err
    is "$?$(grep -v -e 'looks like __LINE__' -e 'is taken for the address of what begins there' -e 'comes along, of another size' err)" 1 "$1: there is a patch"
    behaves "$@"
}
behaves()
{
    does "$1" "./$3"
    is "$(deeds -P p.lpatch "./$2")" "$deeds" "$1: the patched program does what the new one does"
    lpapply -q -o p.file "$2" p.lpatch 2>err
    is "$?$(deeds ./p.file)" "0$deeds" "$1: and so does the patched file"
}
# deeds WORD...: what a program prints, and how it ends
deeds() { run "$@"; echo "status $?"; }
# does NAME PROGRAM [WORD...]: $deeds is what it is to be like. A program that lprun cannot run, or that says nothing, is like any other such
does()
{
    does=$1
    shift
    deeds=$(deeds "$@")
    case $deeds in
    *lprun:* | "status 0" | *"status 12"[4-9] | *"status 1"[3-9]?) not_ok "$does: the new program says something, and ends by itself"; echo "$deeds" | note ;;
    esac
}
# may NAME IDS OLD NEW: no difference (0 among IDS: though there is one, which --heuristic does not see), or a patch, or none for these reasons
may()
{
    lpdiff $becomes "$3" "$4" >p.lpatch 2>err
    status=$? found=none
    ! grep -q -e Sanitizer -e 'runtime error' err || status="a sanitizer's report"
    case $status in
    0) case " $2 " in *" 0 "*) ok "$1: not seen"; return ;; esac
       does "$1" "./$4"
       is "$(deeds "./$3")" "$deeds" "$1: no difference"; return ;;
    1) behaves "$1" "$3" "$4"; return ;;
    esac
    is "$status" 2 "$1: lpdiff ends as it should"
    for found in $(sed -n 's/^lpdiff: [^:]*: \(E[0-9]*\): .*/\1/p' err | sort -u); do
        case " $2 " in *" $found "*) ok "$1: refused" ;; *) not_ok "$1: refused with one of $2"; note <err ;; esac
    done
    [ "$found" != none ] || { not_ok "$1: refused with a reason that is listed"; note <err; }
}
