#!/bin/sh
# The sysroot of lprun -L: which file a name is, links, new files, sockets, and programs that are executed from it.
. "$srcdir/tests/lib.sh"
need_cross
cd "$scratch" || exit 1
scratch=$(pwd -P)
arm64_cc paths "$tests/e2e/paths.c" -O1 || exit 1
root=$scratch/root host=$scratch/host
mkdir -p "$root/etc/deep" "$root/usr/lib" "$root/only" "$root$host" "$host/both" "$root$host/both" "$root/proc" "$root/bin"
echo inside >"$root/etc/inside"
echo deep >"$root/etc/deep/file"
echo host >"$host/file"
echo "host's" >"$host/both/file"
echo "sysroot's" >"$root$host/both/file"
echo "host's" >"$host/both/host"
ln -s /etc/inside "$root/usr/absolute"
ln -s /etc "$root/usr/folder"
ln -s ../../../../../../../../etc/inside "$root/usr/climbs"
ln -s "$host/file" "$root/etc/to-host"
ln -s /loop "$root/loop"
ln -s /nowhere "$root/etc/dangling"
ask() { timeout 30 lprun --no-control -L "$root" ./paths "$@" 2>&1 | sed 's,/fd/[0-9]*,/fd/N,'; }
# same_as NAME WANT ARGUMENT...
same_as() { name=$1 want=$2; shift 2; is "$(ask "$@")" "$want" "$name"; }

same_as "a file of the sysroot" "inside" read /etc/inside
same_as "a file of the host" "host" read "$host/file"
same_as "a file in both is the sysroot's" "sysroot's" read "$host/both/file"
same_as "a file in neither" ENOENT read /etc/neither
same_as "below a file" ENOTDIR read "$host/file/x"
same_as "an absolute link" "inside" read /usr/absolute
same_as "an absolute link in the middle" "deep" read /usr/folder/deep/file
same_as "no links are asked for: there is one in the sysroot, or none" "ELOOP
ELOOP
deep" nolinks /usr/absolute nolinks /usr/folder/deep/file nolinks /etc/deep/file
same_as "up from what is no folder" ENOTDIR read /etc/inside/../inside
same_as "a link that climbs out" "inside" read /usr/climbs
same_as "dots that climb out" "inside" read /usr/../../../../etc/./inside
same_as "the full name of a file in the sysroot" "inside" read "$root/usr/absolute"
same_as "a link to a file that the host has" "host" read /etc/to-host
same_as "a link that goes in circles" ELOOP read /loop
same_as "a link itself" "a link
/etc/inside" lstat /usr/absolute link /usr/absolute
same_as "no link follows, a slash at the end does" "a link
a folder" lstat /usr/folder lstat /usr/folder/
same_as "/proc is the host's" "a file" lstat /proc/version
same_as "the current directory" "done /usr
a folder
done /usr/lib
done /etc
inside" cd /usr lstat lib cd lib cd ../folder read inside
same_as "up from the sysroot's root" "done /
done /
inside" cd / cd ../.. read etc/inside
same_as "out of the sysroot by dots" "done /usr
host" cd /usr read "../$host/file"
same_as "relative to a descriptor" "done
inside
deep
inside
ENOENT" in /usr read absolute read folder/deep/file read ../etc/inside read nothing
same_as "realpath" "/etc/inside
$host/file" real /usr/absolute real /etc/to-host
same_as "a descriptor's name" "/etc/inside
$host/file" fdlink /etc/inside fdlink "$host/file"
same_as "a folder in both shows the sysroot's part" "file " list "$host/both"

# ---- new files ----
same_as "a new file where only the sysroot has the folder" "made
done
made
EEXIST" make /only/new mkdir /only/dir read /only/new make /only/new
is "$(cat "$root/only/new")" made "is in the sysroot"
same_as "a new file where both have the folder" "made
made" make "$host/both/new" read "$host/both/new"
is "$(cat "$host/both/new"; ls "$root$host/both")" "madefile" "is the host's"
same_as "a new file in the current directory" "done $host/both
made" cd "$host/both" make here
is "$(ls "$root$host/both" "$host/both" | grep -c here)" 1 "is in the folder that it shows"
[ -e "$root$host/both/here" ] && ok "which is the sysroot's" || not_ok "which is the sysroot's"
same_as "no folder for it" ENOENT make /none/new
same_as "renaming, linking, removing" "done
done
/etc/inside
done
done
ENOENT" rename /only/new /only/newer symlink /etc/inside /only/link link /only/link unlink /only/link unlink /only/newer lstat /only/newer
is "$(cat "$root/etc/inside")" inside "what the removed link led to is still there"
same_as "a socket" "done /only/s
done /only/s" bind /only/s connect /only/s
[ -S "$root/only/s" ] && ok "is in the sysroot" || not_ok "is in the sysroot"
long=/only/a-rather-long-name-that-does-not-fit-behind-the-name-of-the-sysroot-any-more
same_as "a socket with a long name" "done
done" bind $long connect $long
same_as "no socket" ECONNREFUSED connect /etc/inside

# ---- programs ----
cp paths "$root/bin/tool"
ln -s /bin/tool "$root/usr/tool"
printf '#!/bin/tool\n' >"$root/bin/script"
printf '#!/bin/script  an argument \n' >"$root/bin/nested"
printf '#!/bin/sh\necho host shell $0 $* is $(cat /proc/$$/comm)\n' >"$root/bin/shell"
printf '#!/bin/missing\n' >"$root/bin/lost"
printf '#!/etc\n' >"$root/bin/folder"
printf 'text\n' >"$root/bin/text"
printf '#!/bin/self\n' >"$root/bin/self"
chmod +x "$root"/bin/*
head -c 100 paths >"$root/bin/cut"
chmod +x "$root/bin/cut"
printf 'x' >"$root/bin/plain"
echo junk >"$root/lib-junk"
chmod +x "$root/lib-junk"
same_as "a program in the sysroot" "runs one two words of 3, execfn /bin/tool, preload none
runs one two words of 3, execfn /usr/tool, preload none" run /bin/tool run /usr/tool
same_as "variables of the loader reach the program" "runs one two words of 3, execfn /bin/tool, preload x y" hold "x y" run /bin/tool
same_as "by a descriptor that is closed on exec" "runs one two words of 3, execfn /dev/fd/N, preload none" runfd /bin/tool
same_as "from memory" "runs one two words of 3, execfn /dev/fd/N, preload none" runmem /bin/tool
same_as "a script whose interpreter is in the sysroot" "[/bin/script] [one] [two words] /bin/script is script" run /bin/script
same_as "a script of a script" "[/bin/script] [an argument] [/bin/nested] [one] [two words] /bin/nested is nested" run /bin/nested
same_as "a script for a program of the host" "host shell $root/bin/shell one two words is shell" run /bin/shell
same_as "no interpreter" ENOENT run /bin/lost
same_as "a folder as interpreter" EACCES run /bin/folder
same_as "its own interpreter" ELOOP run /bin/self
same_as "neither program nor script" ENOEXEC run /bin/text
same_as "a program that is cut off" ENOEXEC run /bin/cut
same_as "not executable" EACCES run /bin/plain
cp paths "$root/bin/unread"
chmod 111 "$root/bin/unread"
chmod 711 "$scratch"
as_other() { if [ "$(id -u)" = 0 ]; then setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; else "$@"; fi; }
if as_other lprun --no-control -L "$root" ./paths read /etc/inside >/dev/null 2>&1; then
    is "$(as_other timeout 30 lprun --no-control -L "$root" ./paths run /bin/unread 2>&1)" EACCES "a program that may be executed, not read: not for a shell's try as a script"
else
    skip "a program that may be executed, not read" "another user cannot come here"
fi
same_as "a folder" EACCES run /etc
same_as "no file" ENOENT run /bin/none
same_as "no name" ENOENT run ""
same_as "open for writing" ETXTBSY runbusy /bin/tool
same_as "arguments without end" E2BIG big 3000000
if "$CROSS_CC" -w -o dyn "$tests/e2e/paths.c" 2>/dev/null; then
    cp dyn "$root/bin/dyn"
    mkdir -p "$root/lib"
    same_as "no loader" ENOENT run /bin/dyn
    : >"$root/lib/ld-linux-aarch64.so.1"
    same_as "a loader that may not be run" EACCES run /bin/dyn
    chmod +x "$root/lib/ld-linux-aarch64.so.1"
    same_as "an empty loader" EIO run /bin/dyn
    cat /bin/sh >"$root/lib/ld-linux-aarch64.so.1"
    same_as "a loader of another machine" ELIBBAD run /bin/dyn
fi

# ---- another root ----
mkdir -p "$root/jail/etc" "$root/jail/bin"
echo jailed >"$root/jail/etc/inside"
ln -s /etc/inside "$root/jail/link"
ln -s /nowhere/x "$root/jail/dangling"
cp paths "$root/jail/bin/again"
cp paths "$root/jail/bin/tool"
printf '#!/bin/tool\n' >"$root/jail/bin/script"
chmod +x "$root"/jail/bin/*
same_as "chroot to what is no folder" "ENOTDIR
ENOENT
ELOOP" chroot /etc/inside chroot /none chroot /loop
without() { setpriv --bounding-set -sys_chroot true 2>/dev/null; }
if [ "$(ask chroot /)" != done ]; then
    skip "another root" "chroot is not permitted here"
else
    if without; then
        is "$(setpriv --bounding-set -sys_chroot lprun --no-control -L "$root" ./paths chroot /jail read /etc/inside)" "EPERM
inside" "chroot without the right to"
    fi
    same_as "chroot: the folder is all there is" "done
done /
jailed
jailed
ENOENT
ENOENT
ENOENT
ENOENT
ENOENT" chroot /jail cd / read /etc/inside read /link read "$root/jail/etc/inside" read "$host/file" read /dangling read /proc/self/stat lstat /dev
    same_as "nothing leads out of it" "done
done /
jailed
jailed
done /etc
jailed
done /" chroot /jail cd / read ../../../etc/inside read /../etc/../../etc/inside cd etc read ../link cd ../..
    same_as "files are made in it" "done
made
done
EEXIST" chroot /jail make /new mkdir /bin/new mkdir /bin/new
    is "$(cat "$root/jail/new")" made "there"
    rm -rf "$root/jail/new" "$root/jail/bin/new"
    same_as "programs are executed in it" "done
runs one two words of 3, execfn /bin/again, preload none
[/bin/script] [one] [two words] /bin/script is script
jailed" chroot /jail run /bin/again run /bin/script then /bin/again
    same_as "a current directory that is outside" "done /etc
done
inside
ENOENT" cd /etc chroot /jail read inside read /etc/deep
    mkdir -p "$root/jail/inner/etc"
    echo "further in" >"$root/jail/inner/etc/inside"
    same_as "chroot in a chroot" "done
done
further in" chroot /jail chroot /inner read /etc/inside
    same_as "chroot to the sysroot" "done
inside
ENOENT" chroot / read /etc/inside read "$host/file"
    is "$(timeout 30 lprun --no-control ./paths chroot "$root/jail" read /etc/inside run /bin/again 2>&1)" "done
jailed
runs one two words of 3, execfn /bin/again, preload none" "without a sysroot"
    if ${HOST_CC:-${CC:-cc}} -w -static -o "$root/jail/bin/host" "$tests/e2e/paths.c" 2>/dev/null; then
        same_as "a program of this machine begins in it too" "done
runs one two words of 3, execfn /bin/host, preload none
jailed" chroot /jail run /bin/host read /etc/inside
    fi
fi
is "$(PATH=/bin:$PATH timeout 30 lprun --no-control -L "$root" tool x 2>&1)" '' "a program is looked for in the sysroot's PATH"
timeout 20 lprun -L "$root/etc/inside" ./paths 2>have
is "$?" 125 "a sysroot that is no folder"
like "$(cat have)" 'etc/inside: no sysroot: Not a directory' "is named"
tap_done
