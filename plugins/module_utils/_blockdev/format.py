# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The model as modules return it and diffs show it. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    Device,
    Machine,
    VolumeGroup,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.parse import parse_fstab
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.wanted import (
    WantedDevice,
)


def format_device(device: Device) -> dict[str, Any]:
    """A device with everything on it."""
    return {
        "path": device.path,
        "kind": device.kind,
        "size_bytes": device.size_bytes,
        "serial": device.serial,
        "wwn": device.wwn,
        "model": device.model,
        "links": list(device.links),
        "table": device.table,
        "table_uuid": device.table_uuid,
        "partition_uuid": device.partition_uuid,
        "volume_uuid": device.volume_uuid,
        "signatures": [
            {"type": one.type, "offset": one.offset, "uuid": one.uuid, "label": one.label}
            for one in device.signatures
        ],
        "blank": device.is_blank,
        "file_system_bytes": device.file_system_bytes,
        "mounts": [{"path": one.target, "here": one.here} for one in device.mounts],
        "swap": device.swap,
        "holders": list(device.holders),
        "users": list(device.users),
        "busy": device.busy,
        "system": device.is_system,
        "read_only": device.read_only,
        "problem": device.problem,
        "partitions": [format_device(part) for part in device.partitions],
        "volume_group": format_group(device.group) if device.group else None,
        "volumes": [format_device(volume) for volume in device.volumes],
    }


def format_group(group: VolumeGroup) -> dict[str, Any]:
    """A volume group."""
    return {
        "name": group.name,
        "uuid": group.uuid,
        "size_bytes": group.size_bytes,
        "free_bytes": group.free_extents * group.extent_bytes,
    }


def format_machine(machine: Machine) -> dict[str, Any]:
    """What block_device_prepare returns."""
    return {"device": format_device(machine.device)}


def format_machine_diff(machine: Machine, wanted: WantedDevice) -> dict[str, Any]:
    """What block_device_prepare shows in a diff: the layers, and our line of the table."""
    place = wanted.mount.path if wanted.mount else ""
    return {
        "layers": [format_layer(device) for device in layers(machine.device)],
        "fstab": [
            line.text for line in parse_fstab(machine.fstab or "") if place and line.target == place
        ],
    }


def layers(device: Device) -> tuple[Device, ...]:
    """It, its partitions, and the volumes on them."""
    return tuple(layer for one in device.tree for layer in (one, *one.volumes))


def format_layer(device: Device) -> dict[str, Any]:
    """A layer in short."""
    return {
        "path": device.path,
        "size_bytes": device.size_bytes,
        "content": list(device.types),
        "uuid": [one.uuid for one in device.signatures if one.type in ("xfs", "ext4")],
        "mounted": [one.target for one in device.mounts if one.here],
    }
