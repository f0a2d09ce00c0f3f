# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to be done to a disk, from what it is and what is wanted. Pure: the heart of the module.

The layers have a file each: partition, volume, filesystem, mounting; erase is what wipe allows.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.clustered.storage.plugins.module_utils._blockdev.filesystem import (
    plan_file_system,
    plan_file_system_size,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.guard import (
    refuse_busy,
    refuse_identity,
    refuse_system,
    refuse_use,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    Device,
    Machine,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.mounting import plan_mount
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.partition import (
    plan_partition,
    refuse_other_table,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.volume import plan_lvm
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.wanted import WantedDevice
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Plan


def plan_device(machine: Machine, wanted: WantedDevice) -> Plan[Machine]:
    """All the steps from the disk as it is to the disk as it is wanted, layer by layer."""
    refuse_identity(machine.device, wanted.expected)
    refuse_system(machine.device)
    table, disk, part = plan_partition(machine, wanted)
    lvm = plan_lvm(machine, part, wanted)
    content, target = plan_file_system(machine, lvm.target, wanted)
    place, target, fstab = plan_mount(machine, target, wanted)
    growth, target = plan_file_system_size(target, wanted)
    steps = (*table, *lvm.steps, *content, *place, *growth)
    if steps:
        if wanted.partition and part.number:
            refuse_other_table(machine, grows=wanted.grow)
        if table or lvm.steps or content or not lvm.target.mounts:
            refuse_foreign_use(machine.device, part, lvm.target)
    device = stacked(disk, lvm.below, target)
    after = replace(machine, device=device, fstab=fstab)
    return Plan(machine, after, steps)


def refuse_foreign_use(disk: Device, part: Device, target: Device) -> None:
    """What somebody uses as a whole, a guest say, is not to be mounted or filled here.

    While its own file system is mounted here, it is in use rightly; so is what a volume group
    stands on, but nobody has that open.
    """
    if any(mount.here for mount in target.mounts):
        return
    present = {one.path: one for one in (disk, part, target) if one.number}
    for one in present.values():
        if part.group and one.path != target.path:
            refuse_use(replace(one, holders=()))
        else:
            refuse_use(one)
            refuse_busy(one)


def stacked(disk: Device, part: Device, target: Device) -> Device:
    """The disk with everything on it as it will be; each layer may be the one below itself."""
    if part.group and target.path != part.path:
        others = tuple(one for one in part.volumes if one.path != target.path)
        part = replace(part, volumes=(*others, target))
    else:
        part = target
    return replace(disk, partitions=(part,)) if part.path != disk.path else part
