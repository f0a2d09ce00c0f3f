# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The GFS2 itself: made once, its lock table, its journals, its size. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from itertools import count

from ansible_collections.clustered.storage.plugins.module_utils._blockdev.guard import (
    meaning,
    rank,
    refuse_busy,
    refuse_problem,
    refuse_system,
    refuse_use,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import Device
from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import active_on
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import (
    Refusal,
    Step,
    Unread,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker import commands
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.gates import (
    cluster_name,
    refuse_members,
    refuse_preflight,
    running,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.model import (
    GFS2,
    LOCK_DLM,
    Content,
    State,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.wanted import (
    Wanted,
    WantedFileSystem,
)

# The UUID is made from what the file system is: check mode names the one of the real run.
NAMESPACE = uuid.UUID("c9f4c7c2-5d63-4f0f-9d53-2f0d6a0d7d61")
# Signatures that replace_filesystem can name; all else that has a UUID is no file system.
FILE_SYSTEMS = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "ocfs2", GFS2})

Phase = tuple[tuple[Step, ...], State]


@dataclass(frozen=True)
class Expected:
    """What the device has to hold still, right before the file system is made.

    ``uuid`` is that of the file system that may go; "" is for a device that is blank, or holds
    what an interrupted mkfs.gfs2 has left.
    """

    device: str
    uuid: str = ""


def content_of(state: State) -> Content:
    """What is on the device."""
    if state.content is None:
        raise Unread("content")
    return state.content


def journals_wanted(state: State, fs: WantedFileSystem) -> int:
    """One for each node, unless a number is given; two mounts can not share one."""
    nodes = len(running(state).members)
    if fs.journals is not None and fs.journals < nodes:
        raise Refusal(
            "journals_short",
            f"{fs.journals} journals are wanted, for {nodes} nodes.",
            "Each node needs one of its own; leave journals out for just that.",
        )
    return fs.journals or nodes


def plan_content(state: State, wanted: Wanted) -> Phase:
    """Make the file system, or give it another lock table, or leave it as it is."""
    fs = wanted.file_system
    if fs is None or active_on(running(state).instances, wanted.filesystem_id):
        return (), state
    table = f"{cluster_name(state, wanted)}:{fs.name}"
    content = content_of(state)
    if content.is_gfs2 and content.uuid != (fs.replace or None):
        return keep(state, content, fs, table)
    refuse_preflight(state, wanted)
    return make(state, content, fs, table)


# ---- one that is there ----


def keep(state: State, content: Content, fs: WantedFileSystem, table: str) -> Phase:
    """A GFS2 stays as it is, if the cluster can mount it."""
    nodes = len(running(state).members)
    journals_wanted(state, fs)
    if content.journals < nodes:
        raise Refusal(
            "journals_short",
            f"The GFS2 on {fs.device} has {content.journals} journals for {nodes} nodes.",
            f"Mount it on one node alone (mount -t gfs2 -o lockproto=lock_nolock), "
            f"gfs2_jadd -j {nodes - content.journals}, unmount it, and run this again.",
        )
    if content.lock_table == table and content.lock_protocol == LOCK_DLM:
        return (), state
    if not fs.retune:
        raise wrong_table(content, fs, table)
    step = Step(
        f"the lock table is {content.lock_protocol} {content.lock_table}, not {LOCK_DLM} {table}",
        commands.retune(fs.device, table),
        expects=Expected(fs.device, content.uuid),
    )
    after = replace(content, lock_table=table, lock_protocol=LOCK_DLM)
    return (step,), replace(state, content=after)


def wrong_table(content: Content, fs: WantedFileSystem, table: str) -> Refusal:
    """The refusal of a file system that was made for another cluster."""
    here, there = table.partition(":")[0], content.lock_table.partition(":")[0]
    reason = "cluster_name_mismatch" if here != there else "lock_table_mismatch"
    if content.lock_table == table:
        reason = "lock_protocol_mismatch"
    return Refusal(
        reason,
        f"The GFS2 on {fs.device} has the lock table {content.lock_table} "
        f"({content.lock_protocol}); this cluster needs {table} ({LOCK_DLM}).",
        "If no other cluster uses it and it is mounted nowhere: lock_table: retune.",
    )


# ---- one that is to be made ----


def make(state: State, content: Content, fs: WantedFileSystem, table: str) -> Phase:
    """A new GFS2 on what is blank, or over the file system that is named."""
    replaced = refuse_content(content, fs)
    refuse_members(state, running(state))
    journals = journals_wanted(state, fs)
    identity = own_uuid(state, content, table)
    why = f"{fs.device} has no GFS2"
    if replaced:
        why = f"{fs.device} holds {content.types[0]} {content.uuid}, which may be erased"
    step = Step(
        why,
        commands.make_gfs2(fs, table, journals, identity),
        destroys=bool(replaced),
        expects=Expected(fs.device, replaced),
    )
    made = Content(fs.device, (GFS2,), identity, table, LOCK_DLM, journals)
    return (step,), replace(state, content=made)


def refuse_content(content: Content, fs: WantedFileSystem) -> str:
    """The UUID of what may be erased, "" where there is nothing; all else is kept."""
    if content.device is not None:
        refuse_device(content.device)
    if content.is_blank or content.is_unfinished:
        if not fs.create:
            raise Refusal(
                "no_file_system",
                f"{fs.device} has no file system, and none is to be made.",
                "Make it by hand, or give create_filesystem: if_blank.",
            )
        return ""
    if is_named(content, fs.replace):
        return fs.replace
    kind = min(content.types, key=rank, default="data")
    reason, words = meaning(kind)
    mine = len(content.types) == 1 and kind in FILE_SYSTEMS and content.uuid
    seen = f" (seen on {content.seen_at})" if content.seen_at != fs.device else ""
    raise Refusal(
        reason,
        f"{fs.device} holds {words}{f' {content.uuid}' if mine else ''}{seen}. Nothing is erased.",
        f"If it may go for good: replace_filesystem: {content.uuid}."
        if mine
        else "Erase it by hand if that is right.",
    )


def is_named(content: Content, uuid_named: str) -> bool:
    """Whether just that file system is there, and nothing else."""
    lone = len(content.types) == 1 and content.types[0] in FILE_SYSTEMS
    return bool(uuid_named) and lone and content.uuid == uuid_named


def refuse_device(device: Device) -> None:
    """A device that is in use, or that nobody can look at, is not written to."""
    for refuse in (refuse_system, refuse_problem, refuse_use, refuse_busy):
        for one in device.tree:
            refuse(one)


def own_uuid(state: State, content: Content, table: str) -> str:
    """A UUID for a new file system, the same whenever it is planned in this place."""
    machine = state.preflight.machine_id if state.preflight else ""
    made = (str(uuid.uuid5(NAMESPACE, f"{machine}/{table}/{attempt}")) for attempt in count())
    return next(one for one in made if one != content.uuid)


# ---- one that is mounted ----


def plan_journals(state: State, wanted: Wanted) -> Phase:
    """A mounted GFS2 gets the journals that it lacks."""
    fs = wanted.file_system
    if fs is None:
        return (), state
    content, target = content_of(state), journals_wanted(state, fs)
    if content.journals >= target:
        return (), state
    refuse_elsewhere(state, wanted, fs)
    lacking = target - content.journals
    steps = (
        Step(
            f"the GFS2 has {content.journals} journals, {target} are wanted",
            commands.add_journals(fs, lacking),
        ),
        # Without it the next look may be at what was on the disk before.
        Step("the device is to show them", commands.drop_cache(fs.device)),
    )
    return steps, replace(state, content=replace(content, journals=target))


def plan_growth(state: State, wanted: Wanted) -> Phase:
    """A mounted GFS2 fills its device, where that is asked for."""
    fs = wanted.file_system
    if fs is None or not fs.grow or state.node not in mounted_before(state, wanted):
        return (), state
    if state.room_mib is None:
        raise Unread("room")
    if not state.room_mib:
        return (), state
    step = Step(
        f"the device is larger than the GFS2 by {state.room_mib} MiB", commands.grow(fs.mount_point)
    )
    return (step,), replace(state, room_mib=0)


def mounted_before(state: State, wanted: Wanted) -> tuple[str, ...]:
    """Where the file system is mounted now; what it could grow by shows only there."""
    return active_on(running(state).instances, wanted.filesystem_id)


def refuse_elsewhere(state: State, wanted: Wanted, fs: WantedFileSystem) -> None:
    """Journals are added where the file system is mounted."""
    if state.node not in active_on(running(state).instances, wanted.filesystem_id):
        raise Refusal(
            "not_mounted",
            f"{fs.mount_point} is not mounted on this node ({state.node}).",
            "Run the task on a node that has it mounted.",
        )
