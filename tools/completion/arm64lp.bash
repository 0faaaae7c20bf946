# bash completion for lprun, lpmake, lpdiff, lpapply and lpdis: the options are those that --help of the command lists, what follows them is
# what the name of their argument there says.

# "-P --patch PATCH" for each option of a command.
_arm64lp_options()
{
    "$1" --help 2>/dev/null | sed -nE 's/^ +(-[^ ,-])?,? ?(--[a-z0-9-]+)?(\[=| )?([^] ]*).*$/\1 \2 \4/p' | grep -E '^(-| --)'
}

_arm64lp_argument()
{
    case $1 in
    DIR) compgen -d -- "$2" ;;
    PID) compgen -W $'all\n'"$(pgrep -x lprun)" -- "$2" ;;
    MODE) compgen -W $'now\nquiesce\nlazy' -- "$2" ;;
    CPU) compgen -W $'help\n'"$(lprun --cpu help 2>/dev/null | cut -d' ' -f1)" -- "$2" ;;
    PATCH) compgen -o plusdirs -f -X '!*.lpatch' -- "$2" ;;
    KEY=VALUE) compgen -W $'name=\nversion=\nsummary=\ntext=\nauthor=\ncve=\nlicense=\nurl=\nrequires=\nreplaces=\nconflicts=\nmode=' -- "$2" ;;
    VAR | VAR=VALUE) compgen -e -- "$2" ;;
    TIME | SIZE | NAME | GLOB | ADDR | OLD=NEW) ;;
    *) compgen -f -- "$2" ;;
    esac
}

# The words up to the one that is completed, as the command would have them: bash parts --mode=now. Sets words, which begin with the command.
_arm64lp_words()
{
    local i
    words=("${COMP_WORDS[0]}")
    for ((i = 1; i <= COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} == = && ${words[-1]} == --* ]]; then
            ((i < COMP_CWORD)) || words+=('')
        else
            words+=("${COMP_WORDS[i]}")
        fi
    done
}

_arm64lp()
{
    local IFS=$'\n' word before short long argument with=$'\n' words patches= i
    _arm64lp_words
    word=${words[-1]} before=${words[-2]}
    COMPREPLY=()
    while IFS=' ' read -r short long argument; do
        [[ $short == --* ]] && argument=$long long=$short short=
        [[ -n $argument ]] && with+=$short$'\n'$long$'\n'
        if [[ ${#words[@]} -gt 2 && -n $argument && ( $before == "$short" || $before == "$long" ) ]]; then
            COMPREPLY=($(_arm64lp_argument "$argument" "$word"))
            [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
        fi
        [[ $word == -* && -n $short && $short == "$word"* ]] && COMPREPLY+=("$short")
        [[ $word == -* && -n $long && $long == "$word"* ]] && COMPREPLY+=("$long")
    done < <(_arm64lp_options "${words[0]}")
    for ((i = 1; i < ${#words[@]} - 1; i++)); do
        case ${words[i]} in
        --) [[ ${words[0]##*/} != lprun ]] || { COMPREPLY=(); return; } ;;
        -p | --pid | -c | --control | --exe | --install | --uninstall) patches=1 ;;&
        -*) [[ $with != *$'\n'"${words[i]}"$'\n'* ]] || ((++i)) ;;
        *) [[ ${words[0]##*/} != lprun ]] || { COMPREPLY=($(compgen -f -- "$word")); return; } ;; # what follows the program is the program's
        esac
    done
    [[ $word == -* || ( ${#words[@]} -gt 2 && -n $before && $with == *$'\n'"$before"$'\n'* ) ]] && return
    [[ ${words[0]##*/} == lpapply && -n $patches ]] && COMPREPLY=($(_arm64lp_argument PATCH "$word")) || COMPREPLY=($(compgen -f -- "$word"))
}
complete -o filenames -o bashdefault -F _arm64lp lprun lpmake lpdiff lpapply lpdis
