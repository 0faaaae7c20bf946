# apt.sh - apt with a private state, sourced by the scripts that fetch packages. It verifies what it fetches; the host's package database,
# architectures and configuration are left alone.
# Sets $cache; the caller sets $state (a folder beneath it), $suite and $arch, and calls apt_ready.
cache=${ARM64LP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/arm64lp}
mirror=${ARM64LP_MIRROR:-http://deb.debian.org/debian}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

give_up() { echo "fetch.sh: $*" >&2; exit 3; }
apt() {
    # APT_CONFIG is read last, so that proxies of the host still hold.
    apt-get -qq -o Dir::Etc="$state/etc" -o Dir::Etc::parts=/etc/apt/apt.conf.d -o Dir::Etc::sourcelist="$state/etc/sources.list" \
        -o Dir::Etc::sourceparts=- -o Dir::State="$state" -o Dir::State::status="$state/status" \
        -o Dir::Cache="$state" -o APT::Architecture="$arch" -o APT::Architectures::="$arch" \
        -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none "$@"
}
update() { apt -o Acquire::http::Timeout=20 -o Acquire::Retries=0 -o APT::Update::Error-Mode=any update >&2 && touch "$state/renewed"; }
renew() { update || give_up "cannot reach $mirror"; }
# once COMMAND...: and once more with fresh lists, in case the version that the old ones name has been replaced
once() { "$@" || { renew && "$@"; } || give_up "failed: $*"; }
is_recent() { [ -n "$(find "$state" -maxdepth 1 -name "$1" -mtime "-$2" 2>/dev/null)" ]; }
# Fresh lists once a week, if there is a network; without one, the next try is tomorrow.
look_weekly() {
    is_recent renewed 7 || is_recent tried 1 || { touch "$state/tried" && update || :; }
}
# Lists of this week.
renew_old() { is_recent renewed 7 || renew; }

apt_ready() {
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || give_up "apt-get and dpkg-deb are needed"
    mkdir -p "$state/lists/partial" "$state/archives/partial" "$state/etc/preferences.d" "$state/etc/apt.conf.d"
    # One at a time: tests run side by side.
    if command -v flock >/dev/null; then
        exec 9>"$cache/lock"
        flock 9
    fi
    echo "deb [arch=$arch signed-by=$keyring] $mirror $suite main" >"$state/etc/sources.list"
    : >"$state/status"
}

# unpack ROOT PACKAGE...: ROOT/.have/PACKAGE tells that one is there, written last
unpack() {
    into=$1
    shift
    mkdir -p "$into/.have"
    for p; do rm -f "$state/archives/$p"_*.deb; done
    (cd "$state/archives" && once apt download "$@" >&2)
    for p; do
        deb=$(find "$state/archives" -maxdepth 1 -name "${p}_*.deb")
        [ -n "$deb" ] || give_up "no file for $p"
        # What dpkg-deb -x does, but links to folders (/bin of a merged /usr) stay.
        dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink --no-same-owner -C "$into" || { echo "fetch.sh: cannot unpack $deb" >&2; exit 1; }
        basename "$deb" >"$into/.have/$p"
        rm -f "$deb"
    done
}
