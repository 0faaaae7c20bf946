#!/bin/sh
# One set of options for each command: in --help, in its usage, in the SYNOPSIS of its manual, and in what bash, zsh and fish complete.
. "$srcdir/tests/lib.sh"
completion=$srcdir/tools/completion
options() { grep -oE -e '(^|[[ {|])--?[A-Za-z0-9][A-Za-z0-9-]*' | sed 's/^[[ {|]*//'; }
# -dDq is three options.
single() { awk '/^--/ { print; next } { for (i = 2; i <= length($0); i++) print "-" substr($0, i, 1) }' | sort -u; }
for tool in lprun lpmake lpdiff lpapply lpdis; do
    "$builddir/$tool" --help >"$scratch/help"
    sed -n '/^Options:/,/^$/p' "$scratch/help" | cut -c1-28 | sed 's/,/ /g' | options | sort -u >"$scratch/all"
    [ "$(wc -l <"$scratch/all")" -gt 8 ] && ok "$tool --help lists options" || not_ok "$tool --help lists options"
    sed -n '/^Usage:/,/^$/p' "$scratch/help" | options | single >"$scratch/usage"
    sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$srcdir/man/$tool.1" | sed -n '/Fl/p' | sed 's/| -/Fl -/g; s/| \([A-Za-z]\)$/Fl \1/; s/Oo//g; s/Oc//g' |
        grep -oE 'Fl -?[A-Za-z0-9-]+' | sed 's/^Fl /-/' | single | grep -vx -e -h -e -V >"$scratch/synopsis"
    same "$scratch/synopsis" "$scratch/usage" "$tool: SYNOPSIS has the options of the usage"
    is "$(grep -vxFf "$scratch/all" "$scratch/usage")" "" "$tool: every one of them is an option"

    bash -c '. "$1"; COMP_WORDS=("$2" -) COMP_CWORD=1; _arm64lp; printf "%s\n" "${COMPREPLY[@]}"' bash "$completion/arm64lp.bash" "$tool" | sort -u >"$scratch/bash"
    same "$scratch/bash" "$scratch/all" "$tool: bash completes every option"
    if command -v zsh >/dev/null; then
        zsh -fc '_call_program() { shift; "$@" }; _arguments() { print -rl -- $specs }; words=($2); . $1' zsh "$completion/_arm64lp" "$tool" |
            sed -n 's/^\*\([^[]*\)\[.*/\1/p' | sort -u >"$scratch/zsh"
        same "$scratch/zsh" "$scratch/all" "$tool: zsh completes every option"
    else skip "$tool: zsh completes every option" "no zsh"; fi
    if command -v fish >/dev/null; then
        cp "$completion/arm64lp.fish" "$scratch/$tool.fish"
        HOME=$scratch fish -N -c "source $scratch/$tool.fish; complete -C '$tool -'; complete -C '$tool --'" | cut -f1 | sort -u >"$scratch/fish"
        same "$scratch/fish" "$scratch/all" "$tool: fish completes every option"
    else skip "$tool: fish completes every option" "no fish"; fi
done

# Arguments, by the name that --help gives them.
cd "$scratch" || exit 1
mkdir folder && : >named.lpatch
bash_completes() { bash -c '. "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _arm64lp; printf "%s\n" "${COMPREPLY[@]}"' bash "$completion/arm64lp.bash" "$@" | sort | tr '\n' ' '; }
is "$(bash_completes lpdis -P na)" "named.lpatch " "bash: a file"
is "$(bash_completes lprun -L fo)" "folder " "bash: a folder"
is "$(bash_completes lpapply -p a)" "all " "bash: a process"
is "$(bash_completes lpdis --st)" "--start-address --stop-address --strict " "bash: the options that begin so"
is "$(bash_completes lpdis na)" "named.lpatch " "bash: an operand"

# Where the shells look for them.
make -s -C "$builddir" install-completions DESTDIR="$scratch/dest" prefix=/usr >/dev/null 2>err && ok "make install-completions" || { not_ok "make install-completions"; note <err; }
for f in bash-completion/completions/lpdis zsh/site-functions/_arm64lp fish/vendor_completions.d/lpdiff.fish; do
    [ -f "$scratch/dest/usr/share/$f" ] && ok "$f" || not_ok "$f"
done
tap_done
