# fish completion, installed under the name of each command: the options are those that --help of the command lists.
set -l tool (basename (status filename) .fish)
for line in ($tool --help 2>/dev/null)
    set -l part (string match -r '^ +(-[^ ,-]|),? ?(--[a-z0-9-]+|)(\[=| |)([^\] ]*)\]?(?: *)(.*)$' -- $line)
    test (count $part) -eq 6; or continue
    set -l option
    test -n "$part[2]"; and set -a option -s (string sub -s 2 -- $part[2])
    test -n "$part[3]"; and set -a option -l (string sub -s 3 -- $part[3])
    test (count $option) -gt 0; or continue
    switch "$part[5]"
        case ''
        case PID
            set -a option -x -a '(echo all; pgrep -x lprun)'
        case DIR
            set -a option -x -a '(__fish_complete_directories)'
        case '*'
            set -a option -r
    end
    complete -c $tool $option -d "$part[6]"
end
