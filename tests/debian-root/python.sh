#!/bin/sh
# Python's own tests (test.test_*): every test that passes under qemu-aarch64 passes under lprun.
# ARM64LP_PYTHON="math re" runs only these modules.
. "$srcdir/tests/debian-root/lib.sh"
need_groups pythontests
need_qemu
modules=${ARM64LP_PYTHON:-math struct json re decimal ctypes threading signal subprocess socket}

# passed lprun|qemu MODULE: the names of its tests that passed, in $scratch/MODULE.RUNNER
passed()
{
    path=/usr/bin:/usr/sbin
    mkdir -p "$scratch/d"
    (cd "$scratch/d" && env -i PATH="$path" HOME="$scratch/d" TMPDIR="$scratch/d" LC_ALL=C.UTF-8 timeout -k 5 1200 \
        $(runner "$1" "$path") "$root/usr/bin/python3" -m test -v "test_$2" </dev/null >"$scratch/log" 2>&1 9>&-)
    note="$(sed -n '$p' "$scratch/log")"
    awk '/^test[A-Za-z0-9_]* \(/ { name = $1 " " $2 } / \.\.\. ok$/ { print name }' "$scratch/log" | sort -u >"$scratch/$2.$1"
    rm -rf "$scratch/d"
    echo "# test_$2 under $1: $(grep -c . "$scratch/$2.$1") passed; $note"
}
for m in $modules; do
    passed lprun "$m"
    passed qemu "$m"
    comm -13 "$scratch/$m.lprun" "$scratch/$m.qemu" >"$scratch/lost"
    if [ -s "$scratch/$m.lprun" ] && [ -s "$scratch/$m.qemu" ] && [ ! -s "$scratch/lost" ]; then ok "test_$m"; else not_ok "test_$m"; note <"$scratch/lost"; fi
done
tap_done
