# lib.sh - real programs of an arm64 root of Debian, run by lprun -L and by qemu-aarch64 -L. Sourced by the tests of this folder.
# ARM64LP_ROOT=full (make check-root): qemu runs everything too; without it only where the expected output is qemu's.
. "$srcdir/tests/lib.sh"
here=$tests/debian-root
full=; [ "${ARM64LP_ROOT:-}" = full ] && full=y

# need_groups GROUP...: $root has them, or the test is skipped with the reason
need_groups() { fetched "$here/fetch.sh" "$@"; }

# runner lprun|qemu PATH: how a program is started that finds others in PATH (lprun in the build folder is a script of libtool's)
runner()
{
    case $1 in
    lprun) echo "/usr/bin/env PATH=/usr/bin:/bin $builddir/lprun --no-control -L $root -E PATH=$2" ;;
    qemu) echo "$(command -v "$QEMU_AARCH64") -L $root -E PATH=$2" ;;
    esac
}

# Where the programs are, the first last.
folders="/usr/sbin /usr/bin /usr/lib/postgresql/15/bin"
# stubs FILE: for every word in FILE that is a program of the root a script that runs it, in $scratch/lprun.bin and $scratch/qemu.bin.
# With nothing else in PATH, a command line of the host's shell is one of arm64 programs.
stubs()
{
    for r in lprun qemu; do
        mkdir -p "$scratch/$r.bin"
        for d in $folders; do
            printf '#!/bin/sh\nexec %s "%s%s/${0##*/}" "$@"\n' "$(runner $r "$scratch/$r.bin")" "$root" "$d" >"$scratch/$r.bin/.$(echo "$d" | tr / _)"
        done
        chmod +x "$scratch/$r.bin"/._*
    done
    tr -c 'a-zA-Z0-9_.+\n-' '\n' <"$1" | sort -u | while read -r word; do
        for d in $folders; do
            [ -n "$word" ] && [ -f "$root$d/$word" ] || continue
            for r in lprun qemu; do ln -sf ".$(echo "$d" | tr / _)" "$scratch/$r.bin/$word"; done
        done
    done
}

# split FILE: its checks as $scratch/N.{name,do,want,how}; prints how many. The format is told in README.md.
split()
{
    awk -v to="$scratch/" '
        /^#/ { next }
        /^@ / { if (n) shut(); n++; base = to n; print substr($0, 3) >(base ".name"); printf "" >(base ".want"); printf "" >(base ".how"); next }
        /^% / { print substr($0, 3) >(base ".how"); next }
        /^[$>] / { print substr($0, 3) >(base ".do"); next }
        /^>$/ { print "" >(base ".do"); next }
        /^$/ { next }
        { print >(base ".want") }
        function shut() { close(base ".name"); close(base ".want"); close(base ".how"); close(base ".do") }
        END { print n + 0 }' "$1"
}
how() { sed -n "s/^$1 *//p" "$scratch/$n.how"; }
said() { grep -q "^$1" "$scratch/$n.how"; }

# attempt lprun|qemu: check $n in a folder of its own; all that it says and its status, if that is not 0, are in $scratch/$n.RUNNER
attempt()
{
    limit=$(how limit)
    work=$scratch/$n.$1.d
    mkdir -p "$work"
    path=$scratch/$1.bin
    # Programs that a guest starts: lprun finds them in the root; qemu would start the host's, were it not for the scripts.
    if said inside && [ "$1" = lprun ]; then path=/usr/lib/postgresql/15/bin:/usr/bin:/usr/sbin; fi
    if said inside; then set -- "$1" $(runner "$1" "$path") "$root/usr/bin/bash"; else set -- "$1" /bin/sh; fi
    log=$scratch/$n.$1
    shift
    # Some servers refuse to be root's.
    if said user && [ "$(id -u)" = 0 ]; then set -- /usr/bin/unshare --user --map-user=1 --map-group=1 "$@"; fi
    status=0
    (cd "$work" && env -i PATH="$path" HOME="$work" TMPDIR="$work" LC_ALL=C TZ=UTC0 TERM=dumb SRC="$here/src" \
        /usr/bin/timeout -k 5 "${limit:-120}" "$@" "$scratch/$n.do" </dev/null >"$log" 2>&1 9>&-) || status=$?
    sed -i "s|$root||g; s|$work|.|g" "$log"
    [ $status = 0 ] || echo "status $status" >>"$log"
    chmod -R u+w "$work"
    rm -rf "$work"
}

# judge NAME: lprun's output is what is expected, and so is qemu's unless the check says why not
judge()
{
    if said 'as qemu'; then
        have_qemu || { skip "$1" "no qemu-aarch64"; return; }
        attempt qemu
        cp "$scratch/$n.qemu" "$scratch/$n.want"
    elif [ -n "$full" ] && have_qemu; then
        attempt qemu
        judge_qemu "$1"
    fi
    attempt lprun
    same "$scratch/$n.lprun" "$scratch/$n.want" "$1"
}
judge_qemu()
{
    if said qemu; then
        if cmp -s "$scratch/$n.qemu" "$scratch/$n.want"; then not_ok "$1: qemu-aarch64 is right here, in spite of \`% qemu\`"; fi
    else
        same "$scratch/$n.qemu" "$scratch/$n.want" "$1 (qemu-aarch64)"
    fi
}

# checks FILE...: every check of these, or those that ARM64LP_ROOT_ONLY (a part of their name) picks
checks()
{
    for list; do
        count=$(split "$here/$list")
        stubs "$here/$list"
        n=0
        while [ $n -lt "$count" ]; do
            n=$((n + 1))
            name=${list%.checks}:\ $(cat "$scratch/$n.name")
            case $name in *"${ARM64LP_ROOT_ONLY:-}"*) judge "$name" ;; esac
        done
    done
}
