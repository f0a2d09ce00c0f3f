# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The logical volume and its group. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ansible_collections.clustered.storage.plugins.module_utils._blockdev import commands
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.erase import wipe_steps
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.guard import (
    refuse_hidden,
    refuse_problem,
    refuse_write,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    ENDS_BYTES,
    MIB,
    NEW_TAG,
    Device,
    LogicalVolume,
    Lvm,
    Machine,
    Signature,
    VolumeGroup,
    emptied,
    expect,
    other_holders,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.wanted import (
    WHOLE,
    WantedDevice,
    WantedLvm,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import (
    Refusal,
    Step,
    Unread,
)

MEMBER = "LVM2_member"
# Where the extents begin, with the alignment that the group is made with.
EXTENTS_START = MIB


@dataclass(frozen=True)
class Layered:
    """What the layer leads to: its steps, the device below with its group, the device on top."""

    steps: tuple[Step, ...]
    below: Device
    target: Device


def plan_lvm(machine: Machine, below: Device, wanted: WantedDevice) -> Layered:
    """Make the group on what is blank and the volume in it, let them grow, or leave them."""
    lvm = wanted.lvm
    if lvm is None:
        return Layered((), below, below)
    if machine.lvm is None:
        raise Unread("lvm")
    group_steps, below, group = plan_group(machine, below, wanted, lvm)
    present = next(
        (
            volume
            for volume in machine.lvm.volumes
            if (volume.group, volume.name) == (lvm.group, lvm.volume)
        ),
        None,
    )
    if present is None:
        steps, target = make_volume(group, lvm)
    else:
        steps, target = keep_volume(below, present, group, wanted)
    taken = (target.size_bytes - (present.size_bytes if present else 0)) // group.extent_bytes
    group = replace(group, free_extents=group.free_extents - taken)
    below = replace(below, group=group)
    return Layered((*group_steps, *steps), below, target)


def path_of(lvm: WantedLvm) -> str:
    """The name of a volume below /dev."""
    return f"/dev/{lvm.group}/{lvm.volume}"


# ---- the group ----


def plan_group(
    machine: Machine, below: Device, wanted: WantedDevice, lvm: WantedLvm
) -> tuple[tuple[Step, ...], Device, VolumeGroup]:
    """The group of that name with this device in it."""
    known = machine.lvm or Lvm()
    present = next((group for group in known.groups if group.name == lvm.group), None)
    if present is None:
        refuse_taken_name(machine, lvm)
        refuse_write(below, wanted)
        refuse_hidden(machine, below)
        return make_group(below, wanted, lvm)
    refuse_copies(machine, below)
    if present.members != (below.number,):
        raise Refusal(
            "other_group",
            f"There is a volume group {lvm.group} already, which is not on {below.path} alone.",
            "Choose another name. Volumes in groups of several disks are made by hand (lvcreate).",
        )
    if present.trouble:
        raise Refusal(
            "group_trouble",
            f"The volume group {lvm.group} {present.trouble}.",
            "See vgs and pvs; nothing is done to it like this.",
        )
    return grow_group(known, below, wanted, present)


def refuse_copies(machine: Machine, below: Device) -> None:
    """LVM takes either of a disk and its copy."""
    members = [one.uuid for one in below.signatures if one.type == MEMBER]
    others = [path for uuid in members for path in other_holders(machine, below, uuid)]
    if others:
        raise Refusal(
            "same_uuid",
            f"{below.path} and {', '.join(others)} are the same physical volume: one is a copy.",
            "Take the copy away (vgimportclone gives it another identity).",
        )


def refuse_taken_name(machine: Machine, lvm: WantedLvm) -> None:
    """A group has a directory of its name below /dev."""
    if lvm.group in machine.nodes:
        raise Refusal(
            "invalid_name",
            f"There is a /dev/{lvm.group} already, which is no volume group.",
            "Choose another name.",
        )


def make_group(
    below: Device, wanted: WantedDevice, lvm: WantedLvm
) -> tuple[tuple[Step, ...], Device, VolumeGroup]:
    """A new group on a blank device."""
    extents = (below.size_bytes - EXTENTS_START) // commands.EXTENT_BYTES
    if extents < 1:
        raise Refusal(
            "too_small",
            f"{below.path} has {below.size_bytes} bytes: no room for a volume group.",
            "Use a larger disk.",
        )
    step = Step(
        f"there is no volume group {lvm.group}",
        commands.make_group(lvm.group, below.path),
        expects=expect(below, blank=True),
    )
    group = VolumeGroup(lvm.group, "", commands.EXTENT_BYTES, extents, extents, (below.number,))
    after = replace(emptied(below), signatures=(Signature(MEMBER, 0),), zero_ends=False)
    return (*wipe_steps(below, wanted), step), after, group


def grow_group(
    known: Lvm, below: Device, wanted: WantedDevice, group: VolumeGroup
) -> tuple[tuple[Step, ...], Device, VolumeGroup]:
    """A physical volume fills its device when growing is asked for."""
    grown = (below.size_bytes - known.taken_bytes[below.number]) // group.extent_bytes
    if not wanted.grow or grown < 1:
        return (), below, group
    refuse_problem(below)
    step = Step(
        f"{below.path} has room for {grown} more extents of {group.name}",
        commands.resize_member(below.path),
        expects=expect(below, types=(MEMBER,), in_use=True),
    )
    after = replace(group, extents=group.extents + grown, free_extents=group.free_extents + grown)
    return (step,), below, after


# ---- the volume ----


def wanted_extents(group: VolumeGroup, lvm: WantedLvm) -> int:
    """The size in extents, rounded as LVM does: a size up, a share down."""
    if lvm.size_bytes is None:
        return group.extents * lvm.percent // WHOLE
    return -(-lvm.size_bytes // group.extent_bytes)


def make_volume(group: VolumeGroup, lvm: WantedLvm) -> tuple[tuple[Step, ...], Device]:
    """A new volume of free extents, marked as never filled."""
    extents = wanted_extents(group, lvm)
    refuse_no_room(group, extents)
    path = path_of(lvm)
    step = Step(
        f"there is no logical volume {lvm.volume} in {lvm.group}: make one of {extents} extents",
        commands.make_volume(lvm.group, lvm.volume, extents, NEW_TAG),
    )
    target = Device(path, "", "lvm", extents * group.extent_bytes)
    return (step, *blank_steps(target)), replace(target, zero_ends=True)


def blank_steps(target: Device) -> tuple[Step, ...]:
    """Make a new volume blank: its extents were free, and what they still hold is nobody's."""
    length = min(target.size_bytes, ENDS_BYTES)
    zero = tuple(
        Step(
            f"{target.path} is new and is to be blank: {length} bytes at {offset}",
            commands.zero(target.path, offset, length),
            expects=expect(target),
        )
        for offset in (target.size_bytes - length, 0)
    )
    return (*zero, Step(f"{target.path} is blank now", commands.remove_tag(target.path, NEW_TAG)))


def refuse_no_room(group: VolumeGroup, extents: int) -> None:
    """The group has to have as many free extents."""
    if not 1 <= extents <= group.free_extents:
        raise Refusal(
            "too_small",
            f"{extents} extents of {group.extent_bytes} bytes are wanted of {group.name}, "
            f"which has {group.free_extents} free.",
            "Ask for another size, or give the group more room.",
        )


def keep_volume(
    below: Device, present: LogicalVolume, group: VolumeGroup, wanted: WantedDevice
) -> tuple[tuple[Step, ...], Device]:
    """The volume that is there."""
    target = next((one for one in below.volumes if one.path == present.path), None)
    if target is None:
        raise Refusal(
            "inactive",
            f"The logical volume {present.path} is not active, so nobody can see what it holds.",
            f"lvchange --activate y {present.path}",
        )
    if target.is_new and not target.types:
        steps, target = resize_volume(present, target, group, wanted)
        return (*steps, *blank_steps(target)), replace(target, is_new=False, zero_ends=True)
    return resize_volume(present, target, group, wanted)


def resize_volume(
    present: LogicalVolume, target: Device, group: VolumeGroup, wanted: WantedDevice
) -> tuple[tuple[Step, ...], Device]:
    """A volume grows when that is asked for, and never shrinks."""
    extents = wanted_extents(group, wanted.lvm) if wanted.lvm else 0
    has = present.size_bytes // group.extent_bytes
    if extents < has:
        raise Refusal(
            "would_shrink",
            f"{present.path} has {has} extents, more than {extents}.",
            "Logical volumes are never made smaller. Ask for its size or more.",
        )
    if extents == has or (wanted.lvm and wanted.lvm.size_bytes is None and not wanted.grow):
        return (), target
    if not wanted.grow:
        raise Refusal(
            "would_grow",
            f"{present.path} has {has} extents, fewer than {extents}.",
            "If it is to grow: grow: true.",
        )
    if not present.is_plain:
        raise Refusal(
            "other_volume",
            f"{present.path} is not a plain logical volume: a snapshot, thin, striped or mirrored.",
            "Let it grow by hand (lvextend), then run this again.",
        )
    refuse_no_room(group, extents - has)
    step = Step(
        f"{present.path} has {has} extents: let it grow to {extents}",
        commands.grow_volume(present.path, extents),
    )
    return (step,), replace(target, size_bytes=extents * group.extent_bytes)
