#!/usr/bin/python

# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: block_device_info
short_description: What a disk is and what is on it
version_added: 0.1.0
description:
  - Reads a disk, its partitions, everything that is recognised on them, and who uses them. It shows
    what M(clustered.storage.block_device_prepare) looks at before it writes.
  - Never changes anything.
options:
  device:
    description: The disk, by any path. Left out, all disks are read.
    type: path
seealso:
  - module: clustered.storage.block_device_prepare
requirements:
  - util-linux 2.34 or later (lsblk, wipefs, blkid)
  - Python 3.9 or later on this machine
author:
  - clustered.storage contributors (@clustered-storage)
attributes:
  check_mode:
    support: full
    description: Never changes anything.
  diff_mode:
    support: none
    description: Never changes anything.
  platform:
    support: full
    platforms: posix
    description: Runs on Linux.
"""

EXAMPLES = r"""
---
- name: Look at a disk
  clustered.storage.block_device_info:
    device: /dev/disk/by-id/virtio-brick1
  register: disk

- name: Stop if it is not blank
  ansible.builtin.assert:
    that: disk.device.blank

- name: Look at all disks
  clustered.storage.block_device_info:
  register: disks

- name: Name those that are blank
  ansible.builtin.debug:
    msg: "{{ disks.devices | selectattr('blank') | map(attribute='path') }}"
"""

RETURN = r"""
---
devices:
  description: All disks, each described like RV(device).
  returned: when O(device) is left out
  type: list
  elements: dict
device:
  description: The device with everything on it.
  returned: when O(device) is given
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
reason:
  description: A code for the kind of failure.
  returned: failure
  type: str
remedy:
  description: What to do about the failure.
  returned: failure
  type: str
"""

from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._blockdev.info import read_info
from ansible_collections.clustered.storage.plugins.module_utils._engine.converge import inform

ARGUMENT_SPEC: dict[str, Any] = {"device": {"type": "path"}}


def main() -> None:
    """Run the module."""
    inform(ARGUMENT_SPEC, read_info)


if __name__ == "__main__":
    main()
