#!/bin/sh
# alone.sh COMMAND...: a test in a session of its own, with signals as a program expects them, and no process of it left behind at its end, or at ours.
# A shell that was started in the background ignores SIGINT and SIGQUIT, cannot change that, and hands it on.
default='env --default-signal=INT,QUIT'
$default true 2>/dev/null || default=
command -v setsid >/dev/null || exec $default "$@"
setsid $default "$@" <&0 &
group=$!
trap 'kill -s KILL -- -$group 2>/dev/null; exit 130' INT TERM HUP
wait $group
status=$?
kill -s KILL -- -$group 2>/dev/null
exit $status
