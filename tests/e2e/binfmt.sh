#!/bin/sh
# AArch64 programs by their own name: the kernel starts lprun for them (binfmt_misc), in a namespace of its own, where a user may set it up (Linux 6.7).
. "$srcdir/tests/lib.sh"
need_cross
binfmt=/proc/sys/fs/binfmt_misc
conf=$builddir/tools/arm64lp.conf
have unshare || skip_all "no unshare"
have bash || skip_all "no bash, whose exec sets argv[0]"
unshare -Urm sh -c "mount -t binfmt_misc none $binfmt && test -w $binfmt/register" 2>/dev/null || skip_all "binfmt_misc cannot be mounted in a user namespace here"
lprun=$builddir/.libs/lprun
[ -x "$lprun" ] || lprun=$builddir/lprun
cd "$scratch" || exit 1
arm64_cc paths "$tests/e2e/paths.c" -O1 || exit 1
cp paths ./-c
here=$(pwd -P)

line=$(grep '^:' "$conf")
like "$line" ':/.*/lprun:POC$' "the file that is installed names lprun"
# with FLAGS COMMAND
with()
{
    timeout 60 unshare -Urm sh -c 'mount -t binfmt_misc none "$0" && printf %s "$1" >"$0/register" && eval "$2"' \
        $binfmt "$(printf %s "$line" | sed "s,:[^:]*:POC\$,:$lprun:$1,")" "$2" 2>&1
}
echo text >file
is "$(with POC './paths read file')" text "a program"
is "$(with POC 'PATH=.:$PATH; paths read file')" text "a program in PATH"
is "$(with POC 'exec bash -c "exec -a zero ./paths one two\ words"')" "runs one two words of 3, execfn $here/paths, preload none" "P: argv[0] is its own"
is "$(with POC 'exec bash -c "exec -a zero ./paths --help -P"')" "runs --help -P of 3, execfn $here/paths, preload none" "arguments are none of lprun's options"
is "$(with POC './-c read file')" text "nor is its name"
is "$(with POC './paths run ./paths')" "runs one two words of 3, execfn ./paths, preload none" "it executes another"
is "$(with POC './paths link /proc/self/exe')" "$here/paths" "/proc/self/exe"
is "$(with P 'exec bash -c "exec -a zero ./paths one two"')" "runs one two of 3, execfn $here/paths, preload none" "P without O"
is "$(with O './paths read file')" text "O without P"
is "$(with '' './paths read file')" text "no flags"
is "$(with POC 'LD_HELD=x exec bash -c "exec -a zero ./paths 1 2"')" "runs 1 2 of 3, execfn $here/paths, preload x" "variables"
printf '#!./paths read\n' >script && chmod +x script
is "$(with POC './script' | head -n 1)" '#!./paths read' "as an interpreter of scripts"
tap_done
