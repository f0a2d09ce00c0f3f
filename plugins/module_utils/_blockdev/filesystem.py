# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file system. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from itertools import count

from ansible_collections.clustered.storage.plugins.module_utils._blockdev import commands
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.erase import wipe_steps
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.guard import (
    refuse_hidden,
    refuse_problem,
    refuse_write,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    MIB,
    Device,
    Machine,
    Signature,
    emptied,
    expect,
    other_holders,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.wanted import (
    WantedDevice,
    WantedFileSystem,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal, Step

# UUIDs are made from what the disk is: the plan of check mode is that of the real run.
NAMESPACE = uuid.UUID("6f0c35a4-5d7b-4c5e-9b37-3c1f6f1d2b10")
# mkfs.xfs makes no smaller one since version 5.19.
SMALLEST_BYTES = {"xfs": 300 * MIB, "ext4": MIB}
# A file system ends on a whole block, and that of ext4 on a whole group of them.
SLACK_BYTES = {"xfs": MIB, "ext4": 8 * MIB}

Layer = tuple[tuple[Step, ...], Device]


def plan_file_system(machine: Machine, target: Device, wanted: WantedDevice) -> Layer:
    """Make the file system on what is blank, or leave it as it is."""
    file_system = wanted.file_system
    if file_system is None:
        return (), target
    if target.types == (file_system.type,) and not target.is_unfinished:
        refuse_problem(target)
        refuse_other(target, file_system)
        return (), target
    refuse_write(target, wanted)
    refuse_hidden(machine, target)
    refuse_too_small(target, file_system)
    refuse_taken(machine, target, file_system)
    identity = file_system.uuid or own_uuid(machine, target)
    make = Step(
        f"{target.path} has no {file_system.type} file system",
        commands.MAKE[file_system.type](
            target.path, identity, file_system.label, file_system.options
        ),
        expects=expect(target, blank=True),
    )
    signature = Signature(file_system.type, 0, identity, file_system.label)
    after = replace(
        emptied(target),
        signatures=(signature,),
        zero_ends=False,
        file_system_bytes=target.size_bytes,
    )
    return (*wipe_steps(target, wanted), make), after


def refuse_too_small(target: Device, wanted: WantedFileSystem) -> None:
    """mkfs would fail, after the disk has been partitioned."""
    smallest = SMALLEST_BYTES[wanted.type]
    if target.size_bytes < smallest:
        raise Refusal(
            "too_small",
            f"{target.path} has {target.size_bytes} bytes; an {wanted.type} takes {smallest}.",
            "Make it larger, or use another kind of file system.",
        )


def refuse_taken(machine: Machine, target: Device, wanted: WantedFileSystem) -> None:
    """Two file systems with one UUID can not be told apart."""
    others = other_holders(machine, target, wanted.uuid)
    if wanted.uuid and others:
        raise Refusal(
            "same_uuid",
            f"{', '.join(others)} has the UUID {wanted.uuid} already.",
            "Leave uuid out, or give another one.",
        )


def refuse_other(target: Device, wanted: WantedFileSystem) -> None:
    """A file system that is there keeps its name."""
    present = target.signatures[0]
    for what, seen, asked in (
        ("label", present.label, wanted.label),
        ("UUID", present.uuid, wanted.uuid),
    ):
        if asked and asked != seen:
            raise Refusal(
                "other_file_system",
                f"The {wanted.type} on {target.path} has the {what} {seen or '(none)'}, "
                f"not {asked}.",
                "This may be another disk than you mean. If it is right, change what is wanted.",
            )


def own_uuid(machine: Machine, target: Device) -> str:
    """A UUID for a new file system, the same whenever it is planned for the same disk here."""
    disk = machine.device.serial or machine.device.wwn or machine.device.path
    place = f"{machine.machine_id}/{disk}/{target.start_bytes}/{target.path}"
    made = (str(uuid.uuid5(NAMESPACE, f"{place}/{attempt}")) for attempt in count())
    # A disk without a serial number goes by its path, which another disk may have had before.
    return next(one for one in made if not other_holders(machine, target, one))


def plan_file_system_size(target: Device, wanted: WantedDevice) -> Layer:
    """A file system grows with its device when that is asked for; xfs can do so mounted only."""
    if not (wanted.grow and wanted.file_system):
        return (), target
    kind = wanted.file_system.type
    if not 0 < target.file_system_bytes < target.size_bytes - SLACK_BYTES[kind]:
        return (), target
    refuse_problem(target)
    place = next((mount.target for mount in target.mounts if mount.here), "")
    if not place:
        raise Refusal(
            "not_mounted",
            f"The {kind} on {target.path} can only grow while it is mounted.",
            "Give it a mount.",
        )
    step = Step(
        f"the {kind} on {target.path} has {target.file_system_bytes} bytes and does not fill it",
        commands.grow_xfs(place) if kind == "xfs" else commands.grow_ext4(target.path),
        expects=expect(target, types=(kind,), in_use=True),
    )
    return (step,), replace(target, file_system_bytes=target.size_bytes)
