#!/bin/sh
# A call waits for a thread that is inside a changed function and cannot leave before a library is loaded, which is the engine's business too.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
root=$(arm64_sysroot) || skip_all "no AArch64 shared libraries"
scenes=$tests/e2e/scenes
lib() { "$CROSS_CC" -w -O2 -fPIC -shared -Wl,--build-id -Wl,-soname,plug.so "$@" -o plug.so "$scenes/through.c"; }
"$CROSS_CC" -w -O2 -Wl,--build-id -o prog "$scenes/loads.c" "$scenes/through.c" -ldl -lpthread && lib -Dthrough=plugged -Dinner=abs || { not_ok "compile"; tap_done; }
new_code "$scenes/through.c" -O2 -fPIC -DNEW && { head_of prog both; new_func prog through; } >both.lpatch
new_code "$scenes/through.c" -O2 -fPIC -DNEW -Dthrough=plugged -Dinner=abs &&
    { head_of plug.so both | sed -n '/^object/,$p'; echo optional; new_func plug.so plugged; } >>both.lpatch
start prog -L "$root"
for way in 0 1; do
    [ $way = 0 ] && name="by the thread itself" || name="by who has the lock that it wants"
    for change in both.lpatch -R; do
        is "$(say begin $way)" inside "$name: a thread is inside"
        timeout 60 lpapply -q -c sock --deadline 30s $change >wait.out 2>&1 & waiting=$!
        sleep 0.3
        begun=$(date +%s)
        is "$(say go)" "$([ $change = -R ] && echo 100 || echo 1) wrong 0" "$name: it ends as it began"
        wait "$waiting"
        is "$?" 0 "$name: the call is done"
        note <wait.out
        took=$(($(date +%s) - begun))
        [ $took -lt 8 ] && ok "$name: without stalling" || not_ok "$name: stalls for $took s"
        is "$(names)" "$([ $change = -R ] || echo 'both ')" "$name: what is applied"
    done
done
leave
tap_done
