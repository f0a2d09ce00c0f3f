# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The model as modules return it and diffs show it. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import (
    UNFINISHED,
    Brick,
    BrickStatus,
    Cluster,
    HealCount,
    Peer,
    Quota,
    Task,
    Volume,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.plan import (
    managed_options,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.wanted import (
    POOL,
    WantedPeers,
    WantedVolume,
)


def format_peer(peer: Peer) -> dict[str, Any]:
    """A node of the pool."""
    return {
        "uuid": peer.uuid,
        "hostname": peer.hostname,
        "hostnames": list(peer.hostnames),
        "connected": peer.connected,
        "state": peer.state_text,
        "is_self": peer.is_self,
    }


def format_brick(brick: Brick, *, arbiter: bool) -> dict[str, Any]:
    """A brick with its place."""
    return {"name": brick.name, "host": brick.host, "path": brick.path, "arbiter": arbiter}


def format_volume(volume: Volume) -> dict[str, Any]:
    """A volume with its settings."""
    return {
        "name": volume.name,
        "id": volume.id,
        "status": volume.status,
        "transport": volume.transport,
        **asdict(volume.layout),
        "layout": volume.layout.text,
        "bricks": [
            format_brick(brick, arbiter=bool(volume.layout.arbiters) and brick == one[-1])
            for one in volume.sets
            for brick in one
        ],
        "options": {n: v for n, v in sorted(volume.options.items()) if n != UNFINISHED},
        "snapshots": volume.snapshots,
        "unfinished": volume.unfinished,
    }


def format_brick_status(status: BrickStatus) -> dict[str, Any]:
    """A brick's process."""
    return {"online": status.online, "port": status.port, "pid": status.pid}


def format_heal(counts: tuple[HealCount, ...]) -> dict[str, Any]:
    """What is left to heal: None where a brick did not tell, for it is not nothing."""
    known = [count for count in counts if count.pending is not None]
    complete = bool(counts) and len(known) == len(counts)
    return {
        "pending": sum(c.pending or 0 for c in known) if complete else None,
        "split_brain": sum(c.split_brain or 0 for c in known) if complete else None,
        "bricks": [
            {
                "name": count.brick,
                "status": count.status,
                "pending": count.pending,
                "split_brain": count.split_brain,
            }
            for count in counts
        ],
    }


def format_task(task: Task) -> dict[str, Any]:
    """A long operation."""
    return {**asdict(task), "bricks": list(task.bricks)}


def format_quota(quota: Quota) -> dict[str, Any]:
    """A limit."""
    return {
        "path": quota.path,
        "hard_limit_bytes": quota.hard_bytes,
        "soft_limit_percent": quota.soft_percent,
    }


def format_pool(cluster: Cluster) -> dict[str, Any]:
    """What gluster_peer returns."""
    return {"peers": [format_peer(peer) for peer in cluster.peers or ()]}


def format_pool_diff(cluster: Cluster, wanted: WantedPeers) -> dict[str, Any]:
    """What gluster_peer shows in a diff: the pool, by the names that the task uses."""
    hosts = cluster.hosts or {}
    asked = {hosts[name].uuid: name for name in wanted.nodes if name in hosts and hosts[name].uuid}
    shown: list[str] = []
    for peer in cluster.peers or ():
        name = asked.get(peer.uuid, peer.hostname)
        shown.append(name)
        further = wanted.aliases.get(name, ())
        shown += [f"{name} = {alias}" for alias in further if alias in peer.hostnames]
    return {"pool": sorted(shown)}


def format_subject(cluster: Cluster, name: str) -> dict[str, Any]:
    """What gluster_volume returns."""
    if name == POOL:
        return {"volume": None, "pool_options": dict(cluster.pool_options or {})}
    volume = cluster.volume(name)
    return {"volume": format_volume(volume) if volume else None}


def format_volume_diff(cluster: Cluster, wanted: WantedVolume) -> dict[str, Any]:
    """What gluster_volume shows in a diff: what it sets, nothing that glusterd adds by itself."""
    if wanted.name == POOL:
        options = cluster.pool_options or {}
        return {name: options[name] for name in wanted.options if name in options}
    volume = cluster.volume(wanted.name)
    if volume is None:
        return {}
    return {
        "name": volume.name,
        "status": volume.status,
        "transport": volume.transport,
        "layout": volume.layout.text,
        "bricks": [brick.name for brick in volume.bricks],
        "options": managed_options(cluster, volume, wanted),
    }


def format_directory(cluster: Cluster, path: str) -> dict[str, Any]:
    """What gluster_brick returns."""
    directory = (cluster.directories or {}).get(path)
    return {
        "brick": {
            "path": path,
            "exists": bool(directory and directory.exists),
            "volume_id": directory.volume_id if directory else "",
        }
    }
