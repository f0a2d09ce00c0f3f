#!/usr/bin/python

# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: block_device_prepare
short_description: From a blank disk to a mounted file system
version_added: 0.1.0
description:
  - Makes a partition, an LVM volume group with a logical volume in it, a file system, and mounts it
    now and at boot by its UUID. Each layer may be left out; what is left out is not looked for.
  - It writes only to what is blank. A disk that is in use, that holds anything, or that can not be
    read is refused, each with a reason of its own in RV(reason). What the system runs or boots from
    is always refused.
  - Blank means that nothing is recognised on the disk and its partitions, and that the first and
    the last 4 MiB are zero.
  - Right before each command that writes, the disk is opened exclusively and looked at once more.
  - What is there already as wanted is left alone; a run that was interrupted is finished by the
    next. Only C(mkfs.ext4) or C(sfdisk) themselves, killed in the middle of their writes, leave a
    disk that is refused as not blank.
  - What it can not see is whether data without a signature lies between the ends of a disk. From
    within a container it does not see the processes outside of it that have a disk open either.
  - 'Reasons for a refusal: V(system_disk); V(id_mismatch), V(too_small), V(too_large); V(mounted),
    V(in_use), V(held_open), V(read_only), V(probe_failed); V(has_gpt), V(has_mbr), V(has_ext4),
    V(has_xfs), V(has_gfs2), V(has_swap), V(has_luks), V(has_lvm), V(has_raid), V(has_drbd),
    V(has_signature), V(not_blank), V(wipe_not_confirmed); V(would_shrink), V(would_grow);
    V(other_file_system), V(other_group), V(other_volume), V(group_trouble), V(inactive),
    V(same_uuid), V(unknown_partition); V(fstab_conflict),
    V(mount_point_in_use), V(mount_point_not_empty), V(not_mounted), V(no_uuid); V(tool_missing),
    V(unwritable); V(changed_meanwhile).'
options:
  device:
    description:
      - The disk, partition or logical volume, by any absolute path. Links below C(/dev/disk/by-id)
        do not change with a reboot.
    type: path
    required: true
  expect:
    description: What the disk has to be. Another one is refused.
    type: dict
    suboptions:
      serial:
        description: Serial number.
        type: str
      wwn:
        description: World wide name.
        type: str
      min_size:
        description: Smallest size, in bytes or with V(MiB), V(GiB), V(TiB).
        type: str
      max_size:
        description: Largest size.
        type: str
  partition:
    description: One aligned partition.
    type: dict
    suboptions:
      label:
        description: Kind of the partition table.
        type: str
        choices: [gpt, mbr]
        default: gpt
      size:
        description:
          - Size, rounded down to whole MiB. Left out, as large as possible; a partition that is
            there is then right with any size.
        type: str
  lvm:
    description:
      - A logical volume in a volume group on the partition, or on the disk itself. A group of that
        name that is on other disks is refused; other volumes in the group are left alone.
    type: dict
    suboptions:
      vg:
        description: Name of the volume group.
        type: str
        required: true
      lv:
        description: Name of the logical volume.
        type: str
        required: true
      size:
        description:
          - Size, rounded up to whole extents, or a share of the group in percent. What is left of
            the group is room to grow.
        type: str
        default: 100%
  filesystem:
    description: File system on the logical volume, the partition, or the disk itself.
    type: dict
    suboptions:
      type:
        description: Kind.
        type: str
        choices: [xfs, ext4]
        required: true
      label:
        description:
          - Label, at most 12 bytes for xfs and 16 for ext4. That of a file system that is there
            already has to be the same.
        type: str
      uuid:
        description:
          - UUID. That of a file system that is there already has to be the same. Left out, one is
            made from what the disk is.
        type: str
      options:
        description:
          - Further arguments for C(mkfs), such as V(-i) and V(size=512). They matter only when the
            file system is made.
        type: list
        elements: str
  mount:
    description: Mount point. It is made if it is missing, and has to be empty.
    type: dict
    suboptions:
      path:
        description: Directory.
        type: path
        required: true
      options:
        description:
          - Options, separated by commas. Of a file system that is mounted already, those that can
            be changed by a remount are.
        type: str
        default: defaults
      fstab:
        description:
          - Whether it is mounted at boot, by a line in C(/etc/fstab). Other lines stay as they are;
            one that mounts something else there is refused.
        type: bool
        default: true
  wipe:
    description:
      - Types of content that may be erased, as RV(device.signatures) names them, V(data) for
        content of an unknown kind. Everything on the disk and its partitions has to be listed.
      - What is in use is never erased.
    type: list
    elements: str
  confirm_wipe:
    description:
      - The disk whose content may be erased. Its serial number, its WWN, or a UUID of what is on
        it.
    type: str
  grow:
    description:
      - Let the partition, the logical volume and the file system grow to the size that is wanted.
        Nothing ever shrinks.
    type: bool
    default: false
seealso:
  - module: clustered.storage.block_device_info
requirements:
  - util-linux 2.34 or later (lsblk, wipefs, blkid, sfdisk, partx), which Debian has in the packages
    C(util-linux) and C(fdisk)
  - The tools of the file system (C(xfsprogs), C(e2fsprogs)), and C(lvm2) for O(lvm)
  - Python 3.9 or later on this machine
author:
  - clustered.storage contributors (@clustered-storage)
attributes:
  check_mode:
    support: full
    description: The plan of check mode is the plan of the real run, and so is a refusal.
  diff_mode:
    support: full
    description: Shows what changes, made from the same plan.
  platform:
    support: full
    platforms: posix
    description: Runs on Linux.
"""

EXAMPLES = r"""
---
- name: A disk for a brick
  clustered.storage.block_device_prepare:
    device: /dev/disk/by-id/virtio-brick1
    expect:
      serial: brick1
      min_size: 100GiB
    partition:
      label: gpt
    filesystem:
      type: xfs
      label: brick1
      options: [-i, size=512]
    mount:
      path: /srv/brick1
      options: noatime

- name: Let it fill the disk, which has become larger
  clustered.storage.block_device_prepare:
    device: /dev/disk/by-id/virtio-brick1
    partition: {}
    filesystem:
      type: xfs
    mount:
      path: /srv/brick1
      options: noatime
    grow: true

- name: A logical volume that leaves room to grow
  clustered.storage.block_device_prepare:
    device: /dev/disk/by-id/virtio-data
    partition: {}
    lvm:
      vg: glusterpool
      lv: glusterlv00
      size: 50GiB
    filesystem:
      type: xfs
    mount:
      path: /exports/glusterlv00
      options: noatime

- name: Erase an old file system, on this disk and no other
  clustered.storage.block_device_prepare:
    device: /dev/disk/by-id/virtio-old
    filesystem:
      type: xfs
    wipe: [ext4]
    confirm_wipe: S3X9NB0K500123
"""

RETURN = r"""
---
device:
  description: The device with everything on it. In check mode as it would be.
  returned: success
  type: dict
  contains:
    path:
      description: Path the kernel gave it.
      type: str
    kind:
      description: Kind in the words of lsblk.
      type: str
      sample: disk
    size_bytes:
      description: Size in bytes.
      type: int
    serial:
      description: Serial number, empty where there is none.
      type: str
    wwn:
      description: World wide name, empty where there is none.
      type: str
    model:
      description: Model.
      type: str
    links:
      description: Its names below C(/dev/disk/by-id).
      type: list
      elements: str
    table:
      description: Partition table, C(gpt) or C(dos), empty for none.
      type: str
    table_uuid:
      description: UUID of the partition table.
      type: str
    partition_uuid:
      description: UUID of the partition, for a partition.
      type: str
    signatures:
      description: Everything that is recognised on it, with C(type), C(offset), C(uuid), C(label).
      type: list
      elements: dict
    blank:
      description: Whether nothing is recognised on it and its first and last MiB are zero.
      type: bool
    file_system_bytes:
      description: Size of its xfs or ext4, 0 where there is none.
      type: int
    mounts:
      description: Where it is mounted, with C(path), and C(here) false for other mount namespaces.
      type: list
      elements: dict
    swap:
      description: Whether it is in use as swap.
      type: bool
    holders:
      description: Devices that stand on it.
      type: list
      elements: str
    users:
      description: Processes that have it open.
      type: list
      elements: str
    busy:
      description: Why the kernel does not grant exclusive use of it, empty when it does.
      type: str
    system:
      description: Whether the running system stands on it.
      type: bool
    read_only:
      description: Whether it is read-only.
      type: bool
    problem:
      description: Why it can not be said what it holds, empty when it can.
      type: str
    partitions:
      description: Its partitions, each described like this.
      type: list
      elements: dict
    volume_uuid:
      description: LVM's UUID of the logical volume, for a logical volume.
      type: str
    volume_group:
      description:
        - LVM volume group that it is a physical volume of, with C(name), C(uuid), C(size_bytes) and
          C(free_bytes). Nothing where it is none, or LVM was not asked.
      type: dict
    volumes:
      description: Active logical volumes of that group, each described like this.
      type: list
      elements: dict
plan:
  description:
    - The steps in their order. In check mode they are what would run, otherwise what ran.
    - After a failure they are the steps that ran, and last the one that failed.
  returned: always
  type: list
  elements: dict
  contains:
    why:
      description: The reason for the step, in words.
      type: str
    command:
      description: The exact command.
      type: str
    destroys:
      description: Whether the step destroys data.
      type: bool
    failed:
      description: V(true) for the step that failed.
      returned: only for that step
      type: bool
reason:
  description: A code for the kind of failure, to be matched by C(failed_when) or a rescue block.
  returned: failure
  type: str
  sample: has_xfs
remedy:
  description: What to do about the failure.
  returned: failure
  type: str
"""

from functools import partial
from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._blockdev.format import (
    format_machine,
    format_machine_diff,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.plan import plan_device
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.read import (
    act,
    read_machine,
    run,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.wanted import (
    wanted_device,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.converge import (
    Life,
    converge,
)

EXPECT = {
    "serial": {"type": "str"},
    "wwn": {"type": "str"},
    "min_size": {"type": "str"},
    "max_size": {"type": "str"},
}
PARTITION = {
    "label": {"type": "str", "choices": ["gpt", "mbr"], "default": "gpt"},
    "size": {"type": "str"},
}
LVM = {
    "vg": {"type": "str", "required": True},
    "lv": {"type": "str", "required": True},
    "size": {"type": "str", "default": "100%"},
}
FILESYSTEM = {
    "type": {"type": "str", "choices": ["xfs", "ext4"], "required": True},
    "label": {"type": "str"},
    "uuid": {"type": "str"},
    "options": {"type": "list", "elements": "str"},
}
MOUNT = {
    "path": {"type": "path", "required": True},
    "options": {"type": "str", "default": "defaults"},
    "fstab": {"type": "bool", "default": True},
}
ARGUMENT_SPEC = {
    "device": {"type": "path", "required": True},
    "expect": {"type": "dict", "options": EXPECT},
    "partition": {"type": "dict", "options": PARTITION},
    "lvm": {"type": "dict", "options": LVM},
    "filesystem": {"type": "dict", "options": FILESYSTEM},
    "mount": {"type": "dict", "options": MOUNT},
    "wipe": {"type": "list", "elements": "str"},
    "confirm_wipe": {"type": "str"},
    "grow": {"type": "bool", "default": False},
}


def life(params: dict[str, Any]) -> Life:
    """The life cycle for these parameters."""
    wanted = wanted_device(params)
    return Life(
        read=read_machine(wanted.device, wanted.mount.path if wanted.mount else ""),
        plan=partial(plan_device, wanted=wanted),
        run=run,
        act=act,
        format_result=format_machine,
        format_diff=partial(format_machine_diff, wanted=wanted),
    )


def main() -> None:
    """Run the module."""
    converge(ARGUMENT_SPEC, life)


if __name__ == "__main__":
    main()
