# fish completion, installed under the name of each command: the options are those that --help of the command lists, what follows them is what the
# name of their argument there says.
set -l tool (basename (status filename) .fish)

# Is the program of lprun there already? What follows it is the program's. The arguments are the options that have arguments.
function __arm64lp_behind_program
    set -l words (commandline -opc)[2..]
    while test (count $words) -gt 0
        switch $words[1]
            case --
                return 0
            case '-*'
                contains -- $words[1] $argv; and set -e words[1]
            case '*'
                return 0
        end
        set -e words[1]
    end
    return 1
end

set -l options
set -l with
for line in ($tool --help 2>/dev/null)
    set -l part (string match -r '^ +(-[^ ,-]|),? ?(--[a-z0-9-]+|)(\[=| |)([^\] ]*)\]?(?: *)(.*)$' -- $line)
    test (count $part) -eq 6; or continue
    test -n "$part[2]$part[3]"; or continue
    test -n "$part[5]"; and set -a with $part[2] $part[3]
    set -a options $line
end
set -l when
test $tool = lprun; and set when -n "not __arm64lp_behind_program "(string escape -- $with | string join ' ')
for line in $options
    set -l part (string match -r '^ +(-[^ ,-]|),? ?(--[a-z0-9-]+|)(\[=| |)([^\] ]*)\]?(?: *)(.*)$' -- $line)
    set -l option
    test -n "$part[2]"; and set -a option -s (string sub -s 2 -- $part[2])
    test -n "$part[3]"; and set -a option -l (string sub -s 3 -- $part[3])
    switch "$part[5]"
        case ''
        case PID
            set -a option -x -a '(echo all; pgrep -x lprun)'
        case DIR
            set -a option -x -a '(__fish_complete_directories)'
        case MODE
            set -a option -x -a 'now quiesce lazy'
        case CPU
            set -a option -x -a "(echo help; lprun --cpu help 2>/dev/null | string split -f 1 ' ')"
        case PATCH
            set -a option -x -a '(__fish_complete_suffix .lpatch | string match -r "^.*(?:\.lpatch|/)(?:\t.*|)\$")'
        case 'KEY=VALUE'
            set -a option -x -a 'name= version= summary= text= author= cve= license= url= requires= replaces= conflicts= mode='
        case VAR 'VAR=VALUE'
            set -a option -x -a '(set -nx)'
        case TIME SIZE NAME GLOB ADDR 'OLD=NEW'
            set -a option -x
        case '*'
            set -a option -r
    end
    complete -c $tool $when $option -d "$part[6]"
end
if test $tool = lpapply
    set -l patches '__fish_contains_opt -s p -s c pid control exe install uninstall'
    complete -c $tool -n $patches -f -a '(__fish_complete_suffix .lpatch | string match -r "^.*(?:\.lpatch|/)(?:\t.*|)\$")'
end
