# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What block_device_info tells.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._blockdev.format import (
    format_device,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    Device,
    Machine,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.read import (
    Surroundings,
    read_device,
    read_first,
    read_lvm,
    read_surroundings,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.volume import MEMBER
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.host import Host


def read_info(host: Host, params: Mapping[str, Any]) -> dict[str, Any]:
    """One device, or all disks."""
    around = read_surroundings(host)
    if params["device"]:
        machine = read_first(host, params["device"], "", around)
        return {"device": format_device(with_lvm(host, machine, around))}
    disks = [one for one in around.described.values() if not one.get("pkname")]
    return {"devices": [format_device(read_disk(host, disk, around)) for disk in disks]}


def with_lvm(host: Host, machine: Machine, around: Surroundings) -> Device:
    """With groups and volumes, where LVM is installed."""
    if MEMBER not in machine.device.all_types:
        return machine.device
    try:
        return read_lvm(host, machine, around).device
    except StorageError as error:
        if error.reason == "tool_missing":
            return machine.device
        raise


def read_disk(host: Host, described: Mapping[str, Any], around: Surroundings) -> Device:
    """One of all disks; what is wrong with it does not keep the others from being shown."""
    try:
        return read_device(host, described["path"], around)
    except StorageError as error:
        return Device(
            described["path"],
            described["maj:min"],
            described["type"],
            int(described["size"]),
            problem=str(error),
        )
