# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What pacemaker_gfs2_info tells.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import (
    Cluster,
    active_on,
)
from ansible_collections.clustered.storage.plugins.module_utils._cluster.parse import (
    agent_of,
    attributes,
)
from ansible_collections.clustered.storage.plugins.module_utils._cluster.read import read_cluster
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.host import Host
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.format import (
    format_cluster,
    format_content,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.model import (
    GFS2,
    Content,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.read import (
    can_read,
    with_superblock,
)


def read_info(host: Host, _params: Mapping[str, Any]) -> dict[str, Any]:
    """The cluster and its file systems."""
    cluster = read_cluster(host)
    if cluster is None:
        return {"running": False, "cluster": {}, "filesystems": []}
    return {
        "running": True,
        "cluster": format_cluster(cluster),
        "filesystems": list(read_file_systems(host, cluster)),
    }


def read_file_systems(host: Host, cluster: Cluster) -> Iterator[dict[str, Any]]:
    """Each GFS2 that Pacemaker mounts."""
    root = ElementTree.fromstring(cluster.cib)
    for primitive in root.iter("primitive"):
        options = attributes(root, primitive)
        if agent_of(root, primitive)[2] != "Filesystem" or options.get("fstype") != GFS2:
            continue
        yield {
            "resource": primitive.get("id", ""),
            "device": options.get("device", ""),
            "mount_point": options.get("directory", ""),
            "mounted_on": list(active_on(cluster.instances, primitive.get("id", ""))),
            **read_superblock(host, options.get("device", "")),
        }


def read_superblock(host: Host, device: str) -> dict[str, Any]:
    """What the superblock says; nothing where it can not be read, on a Secondary say."""
    path = host.real_path(device)
    if not host.number(path) or not can_read(host, path):
        return {}
    try:
        return format_content(with_superblock(host, Content(path, (GFS2,))))
    except StorageError:
        return {}
