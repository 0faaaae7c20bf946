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
            sed -n 's/^\*\([^[+=]*\)[+=]*\[.*/\1/p' | sort -u >"$scratch/zsh"
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
mkdir folder words && : >named.lpatch && : >words/one.lpatch && : >words/two.lpatch && : >words/three.txt
bash_completes() { bash -c '. "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _arm64lp; printf "%s\n" "${COMPREPLY[@]}"' bash "$completion/arm64lp.bash" "$@" | sort | tr '\n' ' '; }
is "$(bash_completes lpdis -P na)" "named.lpatch " "bash: a file"
is "$(bash_completes lprun -L fo)" "folder " "bash: a folder"
is "$(bash_completes lpapply -p a)" "all " "bash: a process"
is "$(bash_completes lpdis --st)" "--start-address --stop-address --strict " "bash: the options that begin so"
is "$(bash_completes lpdis na)" "named.lpatch " "bash: an operand"

# The same in bash and fish, and in zsh as far as the values of options: LINE|what may be there, "-" for nothing.
cpus=$("$builddir/lprun" --cpu help | cut -d' ' -f1 | tr '\n' ' ')
keys=$(sed -n 's/^\.It Ic \(name , version , .*\) Ar value$/\1/p; s/^\.It Ic \(requires , .*\) Ar name .*/\1/p; s/^\.It Ic \(mode\) .*/\1/p' "$srcdir/man/lpatch.5" | tr -d ' ' | tr ',' '\n' | sed 's/$/=/' | sort | tr '\n' ' ')
like "$keys" '^author= .*mode= name= .*version= $' "keys that lpatch(5) has"
PATH=$builddir:$PATH
for tool in lprun lpmake lpdiff lpapply lpdis; do cp "$completion/arm64lp.fish" "$scratch/$tool.fish"; done
fish_completes() { tool=${1%% *}; HOME=$scratch fish -N -c "source $scratch/$tool.fish; complete -C '$1'" 2>/dev/null | cut -f1; }
# completes LINE WANT
completes()
{
    want=$(printf '%s\n' $2 | sort)
    line=$1
    set -- $line
    case $line in *' ') set -- "$@" '' ;; esac
    is "$(bash -c '. "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _arm64lp; printf "%s\n" "${COMPREPLY[@]}"' bash "$completion/arm64lp.bash" "$@" 2>&1 | grep . | sort)" "$want" "bash: $line"
    if have fish; then is "$(fish_completes "$line" | sed 's,/$,,' | sort)" "$want" "fish: $line"
    else skip "fish: $line" "no fish"; fi
}
completes 'lprun --cpu ' "help $cpus"
completes 'lprun --cpu thunderx2' "thunderx2t99 thunderx2t99p1"
completes 'lpmake --mode ' 'lazy now quiesce'
completes 'lpmake --meta ' "$keys"
completes 'lpmake --meta su' 'summary='
completes 'lprun -P words/' 'words/one.lpatch words/two.lpatch'
completes 'lprun --watch words/t' 'words/two.lpatch'
completes 'lpdis -P words/' 'words/one.lpatch words/two.lpatch'
completes 'lpapply -c sock -R words/' 'words/one.lpatch words/two.lpatch'
completes 'lpapply -R words/' 'words/one.lpatch words/two.lpatch words/three.txt'
completes 'lpapply --deadline ' ''
completes 'lpdis --symbol ' ''
completes 'lprun -v -P words/one.lpatch --iso' '--isolate'
for line in 'lprun ./app -' 'lprun -P words/one.lpatch ./app --' 'lprun --cpu max -v ./app --is' 'lprun -- ./app -'; do completes "$line" ''; done
completes 'lprun ./app words/t' 'words/two.lpatch words/three.txt'
if have zsh; then
    zsh_has() # TOOL OPTION ACTION
    {
        action=$(zsh -fc '_call_program() { shift; "$@" }; _arguments() { print -rl -- $specs }; words=($2); . $1' zsh "$completion/_arm64lp" "$1" | sed -n "s/^\*$2[+=]\[[^]]*\]:[^:]*://p")
        is "$action" "$3" "zsh: $1 $2"
    }
    zsh_has lprun --cpu "(help \$(lprun --cpu help 2>/dev/null | cut -d' ' -f1))"
    zsh_has lpmake --mode '(now quiesce lazy)'
    zsh_has lprun -P "_files -g '*.lpatch(-.)'"
    zsh_has lpapply -p '(all $(pgrep -x lprun))'
    zsh_has lpmake --meta "compadd -S '' $(sed -n "s/.*compadd -S '' \(.*=\)\".*/\1/p" "$completion/_arm64lp")"
    is "$(echo "$action" | sed "s/compadd -S '' //" | tr ' ' '\n' | sort | tr '\n' ' ')" "$keys" "  with every key"
    zsh_has lpapply --trial ' '
else skip "zsh: values" "no zsh"; fi

# Where the shells look for them.
make -s -C "$builddir" install-completions DESTDIR="$scratch/dest" prefix=/usr >/dev/null 2>err && ok "make install-completions" || { not_ok "make install-completions"; note <err; }
for f in bash-completion/completions/lpdis zsh/site-functions/_arm64lp fish/vendor_completions.d/lpdiff.fish; do
    [ -f "$scratch/dest/usr/share/$f" ] && ok "$f" || not_ok "$f"
done
tap_done
