#!/bin/sh
# The program's own unwinders go through new bodies: backtrace(), C++ exceptions, pthread_exit and pthread_cancel; in the program and in a library, with
# an unwinder that is loaded after the patch.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
scenes=$tests/e2e/scenes
cxx=${CROSS_CXX:-${CROSS_CC%gcc}g++}
new_code "$scenes/through.c" -O2 -fPIC -DNEW && "$CROSS_CC" -w -O2 -fPIC -c "$scenes/through.c" -o through.o || { not_ok "compile"; tap_done; }
"$CROSS_CC" -w -O2 -fPIC -shared -Wl,-soname,libthrough.so -Wl,--build-id -o libthrough.so through.o || not_ok "compile a library"
# program COMPILER SOURCE WITH FLAG...: ./prog
program() { compiler=$1 main=$2; shift 2; "$compiler" -w -O2 -Wl,--build-id -o prog "$scenes/$main" "$@" -lpthread; }
patch_for() { { head_of "$1" through; new_func "$1" through; } >through.lpatch; }
# The old body with a word more, and what unwinds it made of the old one's.
kept_for()
{
    old=$(old_of "$1" through)
    size=$(echo "$old" | cut -d' ' -f3)
    { head_of "$1" kept; echo "func through size $((size + 4))"; echo "$old"; printf '= 2\n| d503201f\n= +0x8 %d\ncfi old\nend\n' $((size / 4 - 2)); } >kept.lpatch
}
answers() { for way in 0 1 2 3 4 5; do say $way; done | tr '\n' ' '; }

# traced NAME OBJECT LPRUN-OPTION...: as many frames through the new body as through the old one, though the unwinder may not be there yet
traced()
{
    name=$1
    patch_for "$2"
    shift 2
    start prog "$@"
    frames=$(say 0)
    [ "$frames" -gt 4000 ] && ok "$name: $frames" || not_ok "$name: $frames"
    leave
    start prog "$@"
    run "$name: apply before the unwinder is loaded" 0 lpapply -c sock through.lpatch
    is "$(say 0)" $((frames + 99)) "$name: backtrace() goes through the new body"
    run "$name: revert" 0 lpapply -c sock -R
    is "$(say 0)" "$frames" "$name: and the old one"
    leave
}
# thrown NAME OBJECT LPRUN-OPTION...: what is said of a return, an exception, one that is thrown again, two ends of the thread, and calls within
thrown()
{
    name=$1
    patch_for "$2"
    kept_for "$2"
    shift 2
    old='1 2 thrown 2 thrown 3 ended 2 ended 2 3 4 ' new='100 2 thrown 2 thrown 3 ended 2 ended 2 300 4 '
    start prog "$@"
    is "$(answers)" "$old" "$name: the old body"
    for i in 1 2; do
        run "$name: apply" 0 lpapply -c sock through.lpatch
        is "$(answers)" "$new" "$name: the new body"
        run "$name: revert" 0 lpapply -c sock -R
        is "$(answers)" "$old" "$name: the old body again"
    done
    run "$name: apply what keeps the old body" 0 lpapply -c sock kept.lpatch
    is "$(places kept)" 1 "$name: a new body"
    is "$(answers)" "$old" "$name: the unwinder finds through it"
    leave
}
# in_all COMPILER SOURCE CHECK: static, position-independent, with a library
in_all()
{
    program "$1" "$2" through.o -static && "$3" static prog || not_ok "static $2"
    program "$1" "$2" through.o -static-pie -fPIE && "$3" static-pie prog || not_ok "static-pie $2"
    if root=$(arm64_sysroot); then
        program "$1" "$2" through.o -pie && "$3" dynamic prog -L "$root" || not_ok "dynamic $2"
        program "$1" "$2" ./libthrough.so -Wl,-rpath,. && "$3" library libthrough.so -L "$root" || not_ok "$2 with a library"
    else
        skip "dynamic $2" "no AArch64 shared libraries"
    fi
}
in_all "$CROSS_CC" trace.c traced
if have "$cxx"; then in_all "$cxx" thrown.cc thrown; else skip exceptions "no AArch64 C++ compiler"; fi

# ---- an FDE that begins behind NOPs at the old body's start (-fpatchable-function-entry) ----
# in_file NAME PATCH: what is thrown goes through the body that the file has then
in_file()
{
    run "$1: applied to the file" 0 lpapply -q -o patched prog "$2"
    start patched
    is "$(answers)" "$old" "$1: and the unwinder finds through it there"
    leave
}
if have "$cxx"; then
    "$CROSS_CC" -w -O2 -fpatchable-function-entry=4,2 -c "$scenes/through.c" -o nops.o && program "$cxx" thrown.cc nops.o -static && thrown "behind NOPs" prog ||
        not_ok "behind NOPs"
    in_file "behind NOPs, with a word more" kept.lpatch
    { head_of prog same; echo "func through size $size"; old_of prog through; printf '= %d\nend\n' $((size / 4)); } >same.lpatch
    in_file "behind NOPs, the same" same.lpatch
fi
tap_done
