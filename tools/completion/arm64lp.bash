# bash completion for lprun, lpmake, lpdiff, lpapply and lpdis: the options are those that --help of the command lists, what follows them is
# what the name of their argument there says.

# "-P --patch FILE" for each option of a command.
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
    *) compgen -f -- "$2" ;;
    esac
}

_arm64lp()
{
    local IFS=$'\n' word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} short long argument i
    COMPREPLY=()
    # What follows the program is the program's.
    if [[ ${COMP_WORDS[0]##*/} == lprun ]]; then
        for ((i = 1; i < COMP_CWORD; i++)); do [[ ${COMP_WORDS[i]} == -- ]] && return; done
    fi
    while IFS=' ' read -r short long argument; do
        [[ $short == --* ]] && argument=$long long=$short short=
        if [[ $COMP_CWORD -gt 1 && -n $argument && ( $before == "$short" || $before == "$long" ) ]]; then
            COMPREPLY=($(_arm64lp_argument "$argument" "$word"))
            return
        fi
        [[ $word == -* && -n $short && $short == "$word"* ]] && COMPREPLY+=("$short")
        [[ $word == -* && -n $long && $long == "$word"* ]] && COMPREPLY+=("$long")
    done < <(_arm64lp_options "${COMP_WORDS[0]}")
    [[ $word == -* ]] || COMPREPLY=($(compgen -f -- "$word"))
}
complete -o filenames -o bashdefault -F _arm64lp lprun lpmake lpdiff lpapply lpdis
