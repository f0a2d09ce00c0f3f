# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The model as modules return it and diffs show it, without secrets. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._drbd.config import shown
from ansible_collections.clustered.storage.plugins.module_utils._drbd.model import (
    DISKLESS,
    INCONSISTENT,
    STANDALONE,
    UP_TO_DATE,
    Cause,
    Connection,
    Identifiers,
    Machine,
    PeerVolume,
    Status,
    Volume,
    dialect_of,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.wanted import WantedResource

# The disk state of a resource is that of its worst volume.
WORST_FIRST = (DISKLESS, "Failed", "Negotiating", INCONSISTENT, "Outdated", "Consistent")


def format_machine(machine: Machine) -> dict[str, Any]:
    """What drbd_resource returns."""
    return {"resource": format_resource(machine)}


def format_resource(machine: Machine, cause: Cause | None = None) -> dict[str, Any]:
    """A resource; what is not up has no role, disks or connections."""
    status = machine.status or Status(machine.name, "")
    version = machine.kernel or machine.loadable or ""
    return {
        "name": machine.name,
        "up": machine.status is not None,
        "configured": machine.config is not None,
        "kernel_version": version,
        "dialect": dialect_of(version) if version else "",
        "role": status.role,
        "disk_state": worst(status),
        "connected": status.is_connected,
        "up_to_date": status.is_up_to_date,
        "standalone": any(one.state == STANDALONE for one in status.connections),
        "suspended": status.suspended,
        "volumes": [
            format_volume(machine.name, one, (machine.identifiers or {}).get(one.number))
            for one in status.volumes
        ],
        "connections": [format_connection(one) for one in status.connections],
        "sync": format_sync(status),
        "problem": format_cause(cause),
    }


def worst(status: Status) -> str:
    """The disk state of the volume that is worst off, "" without volumes."""
    states = {volume.disk for volume in status.volumes}
    other = sorted(states - {*WORST_FIRST, UP_TO_DATE})
    order = (*other, *WORST_FIRST, UP_TO_DATE)
    return next((state for state in order if state in states), "")


def format_volume(name: str, volume: Volume, found: Identifiers | None) -> dict[str, Any]:
    """A volume; identifiers are null where nobody needed them."""
    return {
        "number": volume.number,
        "minor": volume.minor,
        "device": f"/dev/drbd{volume.minor}",
        "link": f"/dev/drbd/by-res/{name}/{volume.number}",
        "disk_state": volume.disk,
        "size_kib": volume.size_kib,
        "open": volume.is_open,
        "current_uuid": found.current if found else None,
        "identifiers": format_identifiers(found),
    }


def format_identifiers(found: Identifiers | None) -> dict[str, Any] | None:
    """Generation identifiers."""
    if found is None:
        return None
    return {
        "current_uuid": found.current,
        "bitmap_uuid": found.bitmap,
        "history": list(found.history),
        "fresh": found.is_fresh,
        "consistent": found.is_consistent,
        "up_to_date": found.is_up_to_date,
        "crashed_primary": found.crashed_primary,
    }


def format_connection(connection: Connection) -> dict[str, Any]:
    """A connection."""
    return {
        "name": connection.peer,
        "connection_state": connection.state,
        "role": connection.role,
        "connected": connection.is_connected,
        "volumes": [format_peer_volume(one) for one in connection.volumes],
    }


def format_peer_volume(volume: PeerVolume) -> dict[str, Any]:
    """A volume on the other side."""
    return {
        "number": volume.number,
        "replication_state": volume.replication,
        "disk_state": volume.disk,
        "out_of_sync_kib": volume.out_of_sync_kib,
        "percent_done": volume.percent_done,
        "mib_per_second": volume.mib_per_second,
        "seconds_left": volume.seconds_left,
        "suspended": volume.suspended,
    }


def format_sync(status: Status) -> dict[str, Any] | None:
    """How far the copying is, of the volume that is furthest behind; None while there is none."""
    running = [one for one in status.peer_volumes if one.is_syncing]
    if not running:
        return None
    slowest = min(running, key=lambda one: one.percent_done or 0.0)
    lefts = [one.out_of_sync_kib for one in running]
    return {
        "percent": slowest.percent_done,
        "out_of_sync_kib": sum(left or 0 for left in lefts),
        "mib_per_second": slowest.mib_per_second,
        "seconds_left": slowest.seconds_left,
    }


def format_cause(cause: Cause | None) -> dict[str, Any] | None:
    """Why it is not connected."""
    if cause is None:
        return None
    return {"reason": cause.reason, "message": cause.words, "evidence": list(cause.evidence)}


def format_diff(machine: Machine, wanted: WantedResource) -> Mapping[str, Any]:
    """What drbd_resource shows in a diff: the file without its secret, and the state in short."""
    status = machine.status
    peers = [] if status is None else status.connections
    return {
        "config": shown(machine.config, wanted.secret),
        "mode": None if machine.config_mode is None else f"{machine.config_mode:04o}",
        "module": machine.kernel,
        "up": status is not None,
        "role": status.role if status else "",
        "disks": {str(one.number): one.disk for one in status.volumes} if status else {},
        "connections": {one.peer: one.state for one in peers},
    }
