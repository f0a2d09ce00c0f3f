# shellcheck shell=sh disable=SC2034,SC2154
# What `up` and `down` of the embedded EC2 share. Sourced, never run; $here and $root are theirs.

lab=${LAB_EC2_NAME:-lab}
case $lab in
    *[!a-z0-9-]* | -* | "")
        say "LAB_EC2_NAME is $lab: use small letters, digits and dashes"
        exit 2
        ;;
esac
state=$root/.cache/lab-ec2/$lab
env_file=$here/env
down_command="make lab-down LAB=ec2"
if [ "$lab" != lab ]; then
    env_file=$here/env.$lab
    down_command="LAB_EC2_NAME=$lab $down_command"
fi

# Whether the server runs. Its number may by now be that of another process.
is_serving() {
    [ -f "$state/pid" ] || return 1
    case $(tr '\0' ' ' <"/proc/$(cat "$state/pid")/cmdline") in
        *"$here/embedded --state $state "*) ;;
        *) return 1 ;;
    esac 2>/dev/null
}

has_leftovers() {
    [ -n "$(docker ps --all --quiet --filter "label=clustered-storage-ec2=$lab")" ]
}
