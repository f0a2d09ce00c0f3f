# shellcheck shell=sh disable=SC2034,SC2154
# What the scripts of the machines lab share. Sourced after lab/containers/lib.sh, never run;
# $here is theirs.

root=$(cd "$here/../.." && pwd)
cache=$root/.cache/lab-machines
# What makes file systems is there, not on an ordinary user's path.
PATH=$PATH:/usr/sbin:/sbin

lab=${LAB_MACHINES_NAME:-lab}
case $lab in
    *[!a-z0-9-]* | -* | "" | image-*)
        say "LAB_MACHINES_NAME is $lab: use small letters, digits and dashes, not image-..."
        exit 2
        ;;
esac
state=$cache/$lab

hypervisor() { # VERB ARGUMENT...
    verb=$1
    shift
    python3 "$here/hypervisor" "$verb" --lab "$lab" --state "$state" "$@"
}
