# shellcheck shell=sh
# What the scripts of the labs share. Sourced, never run.

say() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# Exit code 3: this machine lacks something that only its owner can give it.
lacks() {
    say "$*"
    exit 3
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

is_root_possible() {
    [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null
}

is_debian_family() {
    # shellcheck source=/dev/null
    [ -r /etc/os-release ] && (. /etc/os-release && case " $ID ${ID_LIKE:-} " in
        *" debian "* | *" ubuntu "*) exit 0 ;;
        *) exit 1 ;;
    esac)
}

# timed LABEL COMMAND...: run it quietly, say every ten seconds how far it is, and show the end of
# its output when it fails. Its exit status is the command's. A subshell, to keep its names to itself.
timed() (
    label=$1
    shift
    log=$(mktemp)
    started=$(date +%s)
    said=0
    status=0
    "$@" >"$log" 2>&1 </dev/null &
    job=$!
    while kill -0 "$job" 2>/dev/null; do
        sleep 0.2
        elapsed=$(($(date +%s) - started))
        if [ $((elapsed - said)) -ge 10 ]; then
            said=$elapsed
            say "$label: $elapsed s, $(wc -l <"$log") lines; $(tail -n 1 "$log" | tr -d '\r' | cut -c 1-60)"
        fi
    done
    wait "$job" || status=$?
    elapsed=$(($(date +%s) - started))
    if [ "$status" -eq 0 ]; then
        say "$label: done in $elapsed s"
    else
        say "$label: failed with status $status after $elapsed s; the end of its output:"
        tail -n 30 "$log" >&2
    fi
    rm -f "$log"
    exit "$status"
)

apt_install() {
    is_debian_family || lacks "install these packages' equivalents first: $*"
    is_root_possible || lacks "needs root or passwordless sudo to install: $*"
    timed "apt-get update" as_root apt-get -o Acquire::Retries=5 update &&
        timed "apt-get install $*" as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get -o Acquire::Retries=5 -o Dpkg::Lock::Timeout=120 \
            install --yes --no-install-recommends "$@"
}

# The rest is for images. $work is a folder of the caller's.

# What this machine's own apt uses as the archive called ORIGIN and LABEL.
own_mirrors() { # ORIGIN LABEL
    # shellcheck disable=SC2016 # apt's own placeholder
    apt-get indextargets --format '$(REPO_URI)' \
        'Created-By: Packages' "Origin: $1" "Label: $2" 2>/dev/null | sort -u
}

# The first of these mirrors that carries SUITE. apt's own downloader, for apt's proxy settings.
mirror_with() { # SUITE MIRROR...
    suite=$1
    shift
    for mirror; do
        # shellcheck disable=SC2154
        if /usr/lib/apt/apt-helper -o Acquire::Retries=2 -o Acquire::http::Timeout=15 \
            download-file "${mirror%/}/dists/$suite/InRelease" "$work/InRelease" >/dev/null 2>&1; then
            printf '%s\n' "${mirror%/}"
            return
        fi
    done
    lacks "no apt mirror within reach carries $suite; tried: $*"
}

write_debian_sources() { # SUITE
    # shellcheck disable=SC2046 # one word per mirror
    archive=$(mirror_with "$1" $(own_mirrors Debian Debian) http://deb.debian.org/debian)
    # shellcheck disable=SC2046
    security=$(mirror_with "$1-security" $(own_mirrors Debian Debian-Security) \
        http://deb.debian.org/debian-security)
    printf 'deb %s\n' "$archive $1 main" "$archive $1-updates main" "$security $1-security main" \
        >"$work/sources.list"
}
