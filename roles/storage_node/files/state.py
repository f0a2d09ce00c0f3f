# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""state.py STATE MOUNT [--check] [--blank] [--address=ADDRESS]: keep glusterd's state on a disk.

STATE, on the disk at MOUNT, is mounted over /var/lib/glusterd, now and at boot. Prints a line of
JSON: `steps` that were taken, or would be with --check, and `words` about them; or a `refusal` with
its `reason`. --blank stands for a disk that has yet to be formatted. ADDRESS is how the pool knows
this machine. glusterd is left stopped when it was stopped here.

Before the first copy is made, systemd is told to start glusterd with a marked state only, and only
the copy is ever marked. So the copy on the disk is always the newer one, wherever a run ends.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

MARK = ".clustered-storage-state"
MARK_TEXT = "The disk's own copy. systemd starts glusterd with a marked state only.\n"

WORDS = {
    "mark": "take {state} for the state of glusterd",
    "guard": "let glusterd start from {state} only",
    "stop": "stop glusterd",
    "copy": "copy {root} to {state}",
    "list": "mount {state} at {root} at boot ({fstab})",
    "bind": "mount {state} at {root}",
}

GUARD = """\
# Without its disk glusterd would start with another UUID, as a stranger to its pool.
[Unit]
RequiresMountsFor={root}
AssertPathExists={root}/{mark}
"""
# systemd makes what a bind mount lacks: here a directory below the mount point of a missing disk.
MOUNT_GUARD = """\
[Unit]
ConditionPathExists={state}/{mark}
"""


@dataclass(frozen=True)
class Places:
    """Where things are."""

    state: str
    mount: str
    root: str = "/var/lib/glusterd"
    units: str = "/etc/systemd/system"
    fstab: str = "/etc/fstab"
    address: str = ""  # of this machine, as the pool knows it

    @property
    def guards(self) -> dict[str, str]:
        """What systemd is told, by file."""
        name = "clustered-storage-state.conf"
        state = self.state.replace("%", "%%")
        return {
            f"{self.units}/var-lib-glusterd.mount.d/{name}": MOUNT_GUARD.format(
                state=state, mark=MARK
            ),
            f"{self.units}/glusterd.service.d/{name}": GUARD.format(root=self.root, mark=MARK),
        }

    @property
    def partial(self) -> str:
        """A copy that is not complete."""
        return f"{self.state}.partial"


@dataclass(frozen=True)
class Holding:
    """What a directory holds: "nothing", a "state" of glusterd, or "other" things."""

    kind: str = "nothing"
    uuid: str = ""
    has_peers: bool = False
    has_volumes: bool = False
    is_marked: bool = False
    peer_names: tuple[str, ...] = ()

    @property
    def has_history(self) -> bool:
        """Whether others know this node, or it holds bricks."""
        return self.has_peers or self.has_volumes


@dataclass(frozen=True)
class Sight:
    """What there is; ``rival`` is what else the file system table mounts at the same place."""

    root: Holding
    disk: Holding
    is_bound: bool = False
    is_guarded: bool = False
    is_listed: bool = False
    is_mounted: bool = True
    is_link: bool = False
    rival: str = ""


class Refused(Exception):
    """A reason, and what it means."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def decide(sight: Sight, places: Places) -> tuple[str, ...]:
    """The steps that are missing, in their order."""
    refuse_place(sight, places)
    refuse_other_node(sight, places)
    if not sight.is_bound:
        refuse_two_histories(sight, places)
    is_new = sight.disk.kind == "nothing"
    wanted = (
        ("mark", not is_new and not sight.disk.is_marked),
        ("guard", not sight.is_guarded),
        ("stop", not sight.is_bound),
        ("copy", is_new),
        ("list", not sight.is_listed),
        ("bind", not sight.is_bound),
    )
    return tuple(step for step, is_missing in wanted if is_missing)


def refuse_place(sight: Sight, places: Places) -> None:
    """A place that can not be used."""
    if not sight.is_mounted:
        raise Refused("not_mounted", f"Nothing is mounted at {places.mount}.")
    if sight.is_link:
        raise Refused("link", f"{places.root} is a symbolic link. Make it a directory.")
    if sight.rival:
        raise Refused(
            "in_fstab",
            f"{places.fstab} mounts {sight.rival} at {places.root}. Take that line out first.",
        )
    if sight.disk.kind == "other":
        raise Refused(
            "no_state",
            f"{places.state} is no directory, or holds something else than a state of glusterd.",
        )
    if sight.is_bound and sight.disk.kind == "nothing":
        raise Refused(
            "empty",
            f"{places.root} is {places.state}, which is empty. Unmount {places.root} first.",
        )


def refuse_other_node(sight: Sight, places: Places) -> None:
    """A state to which this machine's address is that of a peer: it is another node's."""
    if places.address and places.address in sight.disk.peer_names:
        raise Refused(
            "other_node",
            f"{places.state} is the state of another node, to which {places.address} is a peer."
            " The disk belongs to another machine: give each machine its own.",
        )


def refuse_two_histories(sight: Sight, places: Places) -> None:
    """Two states of which nobody can tell which one is right."""
    if sight.disk.kind != "state" or not sight.root.has_history:
        return
    remedy = "Move the one that is not wanted away."
    if sight.root.uuid != sight.disk.uuid:
        raise Refused(
            "two_nodes",
            f"{places.root} is of node {sight.root.uuid}, which has peers or volumes, and "
            f"{places.state} of node {sight.disk.uuid or 'without a UUID'}. {remedy}",
        )
    if not sight.is_guarded:
        raise Refused(
            "two_states",
            f"{places.root} and {places.state} are states of the same node, {sight.root.uuid}, and "
            f"either may be the newer one. {remedy}",
        )


def read_sight(places: Places, *, is_blank: bool = False) -> Sight:
    """What there is on this machine."""
    ours, others = read_table(places)
    return Sight(
        root=read_holding(places.root),
        disk=Holding() if is_blank else read_holding(places.state),
        is_bound=not is_blank and is_same(places.root, places.state),
        is_guarded=all(read(path) == text for path, text in places.guards.items()),
        is_listed=bool(ours),
        is_mounted=is_blank or os.path.ismount(places.mount),
        is_link=os.path.islink(places.root),
        rival=others[0] if others else "",
    )


def read_table(places: Places) -> tuple[list[str], list[str]]:
    """What the file system table mounts at the place: the state, and other things."""
    ours: list[str] = []
    others: list[str] = []
    for line in read(places.fstab).splitlines():
        source, target, _kind, options = (*line.split(), "", "", "", "")[:4]
        if target == places.root and not source.startswith("#"):
            is_ours = source == places.state and "bind" in options.split(",")
            (ours if is_ours else others).append(source)
    return ours, others


def read_holding(directory: str) -> Holding:
    """What a directory holds."""
    if not os.path.lexists(directory):
        return Holding()
    if os.path.islink(directory) or not os.path.isdir(directory):
        return Holding("other")
    names = set(os.listdir(directory))
    info = read(os.path.join(directory, "glusterd.info")).splitlines()
    return Holding(
        kind="state" if names & {"glusterd.info", MARK} else "other" if names else "nothing",
        uuid=next((line[5:].strip() for line in info if line.startswith("UUID=")), ""),
        has_peers=has_entries(os.path.join(directory, "peers")),
        has_volumes=has_entries(os.path.join(directory, "vols")),
        is_marked=MARK in names,
        peer_names=read_peer_names(os.path.join(directory, "peers")),
    )


def read_peer_names(directory: str) -> tuple[str, ...]:
    """The names of the peers: lines such as ``hostname1=node2`` in a file for each."""
    files = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    lines = [line for name in files for line in read(os.path.join(directory, name)).splitlines()]
    return tuple(line.partition("=")[2] for line in lines if line.startswith("hostname"))


def has_entries(directory: str) -> bool:
    """Whether there is something in it."""
    return os.path.isdir(directory) and bool(os.listdir(directory))


def is_same(one: str, other: str) -> bool:
    """Whether two names lead to one directory."""
    return os.path.exists(one) and os.path.exists(other) and os.path.samefile(one, other)


def read(path: str) -> str:
    """The text of a file; "" when there is none."""
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


def take(step: str, places: Places) -> None:
    """Take one step. Each may be taken again after it was interrupted."""
    if step == "mark":
        write(os.path.join(places.state, MARK), MARK_TEXT)
    elif step == "guard":
        for path, text in places.guards.items():
            os.makedirs(os.path.dirname(path), exist_ok=True)
            write(path, text)
    elif step == "stop":
        run("systemctl", "daemon-reload")
        run("systemctl", "stop", "glusterd.service")
    elif step == "copy":
        copy(places)
    elif step == "list":
        write(places.fstab, listed(read(places.fstab), places))
    elif step == "bind":
        run("systemctl", "daemon-reload")
        run("mount", "--bind", places.state, places.root)


def copy(places: Places) -> None:
    """Copy the state; it has its own name only when it is complete, marked and on the disk."""
    above = os.path.dirname(places.state)
    if os.path.lexists(places.partial):
        shutil.rmtree(places.partial)
    os.makedirs(above, exist_ok=True)
    os.makedirs(places.root, exist_ok=True)
    # With owners, modes, times and attributes, the context of SELinux among them.
    run("cp", "--archive", "--no-target-directory", f"{places.root}/.", places.partial)
    write(os.path.join(places.partial, MARK), MARK_TEXT)
    run("sync", "--file-system", places.partial)
    os.rename(places.partial, places.state)
    sync_directory(above)


def listed(table: str, places: Places) -> str:
    """The file system table with the state in it. A machine boots without it, glusterd does not."""
    options = f"bind,nofail,x-systemd.requires-mounts-for={places.mount}"
    end = "" if table.endswith("\n") or not table else "\n"
    return f"{table}{end}{places.state} {places.root} none {options} 0 0\n"


def write(path: str, text: str) -> None:
    """Write a file so that there is the whole of it or what was there, on the disk."""
    path = os.path.realpath(path)
    partial = f"{path}.clustered-storage"
    with open(partial, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
        file.flush()
        os.fchmod(file.fileno(), os.stat(path).st_mode & 0o7777 if os.path.exists(path) else 0o644)
        os.fsync(file.fileno())
    os.rename(partial, path)
    sync_directory(os.path.dirname(path))


def sync_directory(path: str) -> None:
    """Have its entries on the disk."""
    number = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def run(*command: str) -> None:
    """Run a command; a failure ends the program with what it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")


def keep(places: Places, *, is_check: bool, is_blank: bool = False) -> dict[str, object]:
    """Take the steps that are missing, none with ``is_check``; what is printed."""
    sight = read_sight(places, is_blank=is_blank)
    try:
        steps = decide(sight, places)
    except Refused as refused:
        return {"steps": [], "reason": refused.reason, "refusal": str(refused)}
    for step in () if is_check else steps:
        take(step, places)
    if steps and not is_check:
        run("systemctl", "daemon-reload")
    words = "; ".join(WORDS[step] for step in steps).format(**vars(places))
    stops_bricks = "stop" in steps and sight.root.has_volumes and not sight.is_guarded
    return {"steps": list(steps), "words": words, "stops_bricks": stops_bricks}


def main() -> None:
    """Do what the arguments say."""
    flags = sys.argv[3:]
    address = next((flag.partition("=")[2] for flag in flags if flag.startswith("--address=")), "")
    places = Places(sys.argv[1], sys.argv[2], address=address)
    print(json.dumps(keep(places, is_check="--check" in flags, is_blank="--blank" in flags)))


if __name__ == "__main__":
    main()
