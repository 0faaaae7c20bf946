# story.sh - what the worked examples share; sourced by each demo.sh, which is called with the build folder.
# Each runs in a folder of its own, that goes away; exit status 0 only if every step did what it should, 77 if something that it needs is not there.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:?usage: demo.sh BUILD-FOLDER}" && pwd)
PATH=$build:$PATH
cc=${CROSS_CC:-aarch64-linux-gnu-gcc}
work=$(mktemp -d "${TMPDIR:-/tmp}/arm64lp-demo.XXXXXX")
pids=
trap '[ -z "$pids" ] || kill $pids 2>/dev/null || :; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cd "$work"

say() { printf '\n# %s\n' "$*"; }
# Show a command as one would type it, and run it.
run() { printf '$ %s\n' "$*"; eval "$*"; }
fail() { echo "demo: $*" >&2; exit 1; }
# shows PATTERN FILE: its last line
shows() { tail -n 1 "$2" | grep -q -e "$1" || fail "expected $1, found: $(tail -n 1 "$2")"; }
# until_ COMMAND...: wait for it, up to 20 s
until_()
{
    tries=400
    until "$@" 2>/dev/null; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "it took too long: $*"
        sleep 0.05
    done
}

# talk COMMAND: start it; `ask` gives it lines, and what it prints is in the file answers.
talk()
{
    mkfifo requests
    : >answers # before somebody looks
    run "$1 <requests >answers 2>&1 &"
    pids="$pids $!"
    exec 3>requests
}
answered() { [ "$(wc -l <answers)" -gt "$before" ]; }
ask()
{
    before=$(wc -l <answers)
    printf '%s\n' "$1" >&3
    until_ answered
    echo "> $1"
    tail -n +$((before + 1)) answers
}
