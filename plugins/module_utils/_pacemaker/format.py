# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules return, and what a diff shows; without secrets. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import (
    Cluster,
    FenceDevice,
    active_on,
    promoted_on,
)
from ansible_collections.clustered.storage.plugins.module_utils._cluster.parse import (
    agent_of,
    attributes,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.model import (
    Content,
    State,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.secret import hidden
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.stages import (
    own_constraints,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.transaction import ours
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.wanted import Wanted


def format_state(state: State, wanted: Wanted) -> dict[str, Any]:
    """What pacemaker_gfs2 returns."""
    return {
        "cluster": format_cluster(state.cluster) if state.cluster else {},
        "filesystem": format_content(state.content) if wanted.file_system else {},
    }


def format_content(content: Content | None) -> dict[str, Any]:
    """The file system; empty where there is none."""
    if content is None or not content.is_gfs2:
        return {}
    return {
        "uuid": content.uuid,
        "lock_table": content.lock_table,
        "lock_protocol": content.lock_protocol,
        "journals": content.journals,
    }


def format_cluster(cluster: Cluster) -> dict[str, Any]:
    """The cluster."""
    root = ElementTree.fromstring(cluster.cib)
    return {
        "name": cluster.name,
        "has_quorum": cluster.has_quorum,
        "nodes": [{"name": node.name, "state": node.state} for node in cluster.members],
        "properties": dict(cluster.properties),
        "fencing": {
            "enabled": cluster.stonith_enabled,
            "devices": [format_device(one) for one in cluster.fence_devices],
        },
        "fence_constraints": list(cluster.fence_constraints),
        "objects": [format_resource(root, cluster, one) for one in root.iter("primitive")],
        "mounts": list(format_mounts(root, cluster)),
        "failures": [
            {"resource": one.resource, "node": one.node, "task": one.task, "words": one.words}
            for one in cluster.failures
        ],
    }


def format_device(device: FenceDevice) -> dict[str, Any]:
    """A fence device."""
    return {
        "id": device.id,
        "agent": device.agent,
        "started_on": list(device.started_on),
        "pretends": device.pretends,
    }


def format_resource(root: Element, cluster: Cluster, primitive: Element) -> dict[str, Any]:
    """A resource and where it runs."""
    identity = primitive.get("id", "")
    return {
        "id": identity,
        "agent": ":".join(word for word in agent_of(root, primitive) if word),
        "active_on": list(active_on(cluster.instances, identity)),
        "promoted_on": list(promoted_on(cluster.instances, identity)),
    }


def format_mounts(root: Element, cluster: Cluster) -> Iterator[dict[str, Any]]:
    """Where Pacemaker has GFS2 mounted."""
    for primitive in root.iter("primitive"):
        options = attributes(root, primitive)
        if agent_of(root, primitive)[2] == "Filesystem" and options.get("fstype") == "gfs2":
            for node in active_on(cluster.instances, primitive.get("id", "")):
                yield {
                    "node": node,
                    "path": options.get("directory", ""),
                    "device": options.get("device", ""),
                    "resource": primitive.get("id", ""),
                }


# ---- the diff ----


def format_diff(state: State, wanted: Wanted) -> Mapping[str, Any]:
    """What is ours in the CIB, where it runs, and the file system; for a diff."""
    cluster = state.cluster
    if cluster is None:
        return {}
    root = ElementTree.fromstring(cluster.cib)
    secrets = {name for device in wanted.fence_devices for name in device.secrets}
    names = [one for name in ours(wanted) for one in (name, f"{name}-clone")]
    constraints = own_constraints(root, wanted)
    objects = {
        one.get("id", ""): format_element(one, secrets)
        for section in ("resources", "constraints")
        for one in root.iterfind(f"configuration/{section}/*")
        if one.get("id") in names or one.get("id") in constraints
    }
    properties = {name: cluster.properties.get(name, "") for name in wanted.properties}
    return {
        "properties": properties,
        "objects": objects,
        "running": {
            name: list(promoted_on(cluster.instances, name) or active_on(cluster.instances, name))
            for name in ours(wanted)
        },
        "filesystem": format_content(state.content) if wanted.file_system else {},
    }


def format_element(element: Element, secrets: Collection[str]) -> dict[str, Any]:
    """An element of the CIB as plain data; names and values as such."""
    shown: dict[str, Any] = {name: value for name, value in element.attrib.items() if name != "id"}
    for child in element:
        if child.tag == "nvpair":
            name = child.get("name", "")
            shown[name] = hidden(name, child.get("value", ""), secrets)
        else:
            shown[child.get("id") or child.tag] = format_element(child, secrets)
    return shown
