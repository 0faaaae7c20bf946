#!/bin/sh
# A shell with job control, and vi, in a terminal: terminal.py types.
. "$srcdir/tests/debian-root/lib.sh"
command -v python3 >/dev/null || skip_all "no python3 on this machine to type"
need_groups tools terminal
path=/usr/bin:/usr/sbin
timeout -k 5 600 python3 "$here/terminal.py" $(runner lprun "$path") -- "$root" "$path" >"$scratch/out" 2>"$scratch/err" || { not_ok "terminal.py ends"; note <"$scratch/err"; }
# The plan is made here.
while read -r line; do
    case $line in
    'ok - '*) ok "${line#ok - }" ;;
    'not ok - '*) not_ok "${line#not ok - }" ;;
    *) echo "$line" ;;
    esac
done <"$scratch/out"
tap_done
