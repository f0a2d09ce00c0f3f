# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects that are ours, as the XML of a CIB. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement

from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.wanted import (
    Wanted,
    WantedFenceDevice,
    WantedFileSystem,
)

# The first schema that has Promoted and Unpromoted; those before it know only the old words.
NEW_ROLES = (3, 7)
OLD_ROLES = {"Promoted": "Master", "Unpromoted": "Slave"}

DLM_META = {"interleave": "true", "ordered": "true"}
# drbd.ocf refuses more than two, and one without notify. Without interleave a node that joins
# would restart what stands on it everywhere.
DRBD_META = {
    "promotable": "true",
    "promoted-max": "2",
    "promoted-node-max": "1",
    "clone-max": "2",
    "clone-node-max": "1",
    "notify": "true",
    "interleave": "true",
}
FILE_SYSTEM_META = {"interleave": "true"}

Operation = dict[str, str]


def operation(name: str, timeout: str, interval: str = "0s", **more: str) -> Operation:
    """An operation of a resource; a "_" in a name stands for "-"."""
    further = {key.replace("_", "-"): value for key, value in more.items()}
    return {"name": name, "interval": interval, "timeout": timeout, **further}


# A node that can not stop or watch one of these is fenced: the others wait for it until then.
DLM_OPERATIONS = (
    operation("start", "120s"),
    operation("stop", "120s", on_fail="fence"),
    operation("monitor", "60s", "60s", on_fail="fence"),
)
# Two monitors of one resource need two intervals: Pacemaker knows them apart by that.
DRBD_OPERATIONS = (
    operation("start", "240s"),
    operation("promote", "120s"),
    operation("demote", "120s"),
    operation("stop", "120s"),
    operation("notify", "90s"),
    operation("monitor", "60s", "29s", role="Promoted"),
    operation("monitor", "60s", "31s", role="Unpromoted"),
)
# An I/O error makes GFS2 withdraw; only a new start of the machine mends that.
FILE_SYSTEM_OPERATIONS = (
    operation("start", "120s"),
    operation("stop", "120s", on_fail="fence"),
    operation("monitor", "60s", "30s", on_fail="fence"),
)


def clone_id(resource: str) -> str:
    """The id of the clone around a resource."""
    return f"{resource}-clone"


def schema_version(root: Element) -> tuple[int, ...]:
    """The version of the schema that the CIB is validated with; a very new one for "none"."""
    numbers = re.findall(r"\d+", root.get("validate-with", ""))
    return tuple(int(number) for number in numbers) or (99,)


def role_word(root: Element, role: str) -> str:
    """A role in the words of the CIB's schema."""
    return role if schema_version(root) >= NEW_ROLES else OLD_ROLES.get(role, role)


# ---- resources ----


def add_pairs(parent: Element, tag: str, owner: str, pairs: Mapping[str, str]) -> None:
    """A set of names and values, where there are any."""
    if not pairs:
        return
    holder = SubElement(parent, tag, {"id": f"{owner}-{tag}"})
    for name, value in pairs.items():
        add_pair(holder, name, value)


def add_pair(holder: Element, name: str, value: str) -> None:
    """A name and its value at the end of a set."""
    identity = f"{holder.get('id')}-{xml_id(name)}"
    SubElement(holder, "nvpair", {"id": identity, "name": name, "value": value})


def xml_id(text: str) -> str:
    """The text with only what an id may hold."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", text)


def add_operations(root: Element, primitive: Element, operations: tuple[Operation, ...]) -> None:
    """The operations of a resource."""
    holder = SubElement(primitive, "operations")
    for one in operations:
        add_operation(root, primitive, holder, one)


def add_operation(root: Element, primitive: Element, holder: Element, one: Operation) -> None:
    """One operation, its role in the words of the schema."""
    said = {key: role_word(root, value) if key == "role" else value for key, value in one.items()}
    identity = f"{primitive.get('id')}-{one['name']}-{one['interval']}"
    SubElement(holder, "op", {"id": identity, **said})


def primitive_of(
    root: Element,
    identity: str,
    agent: tuple[str, str, str],
    options: Mapping[str, str],
    operations: tuple[Operation, ...],
) -> Element:
    """A resource; ``agent`` is class, provider and type."""
    kind, provider, name = agent
    words = {"id": identity, "class": kind, "provider": provider, "type": name}
    primitive = Element("primitive", {key: value for key, value in words.items() if value})
    add_pairs(primitive, "instance_attributes", identity, options)
    add_operations(root, primitive, operations)
    return primitive


def cloned(primitive: Element, meta: Mapping[str, str]) -> Element:
    """A clone of a resource."""
    identity = clone_id(primitive.get("id", ""))
    clone = Element("clone", {"id": identity})
    add_pairs(clone, "meta_attributes", identity, meta)
    clone.append(primitive)
    return clone


def fence_resource(root: Element, device: WantedFenceDevice) -> Element:
    """A fence device."""
    monitor = operation("monitor", f"{device.timeout}s", f"{device.monitor_interval}s")
    start = operation("start", f"{device.timeout}s")
    agent = ("stonith", "", device.agent)
    return primitive_of(root, device.id, agent, device.options, (start, monitor))


def dlm_resource(root: Element, wanted: Wanted) -> Element:
    """The clone of the lock manager; the agent guesses the daemon by the id if it is not told."""
    agent = ("ocf", "pacemaker", "controld")
    options = {"daemon": "dlm_controld"}
    return cloned(primitive_of(root, wanted.dlm_id, agent, options, DLM_OPERATIONS), DLM_META)


def drbd_resource(root: Element, wanted: Wanted) -> Element:
    """The promotable clone of a DRBD resource."""
    agent = ("ocf", "linbit", "drbd")
    options = {"drbd_resource": wanted.drbd_resource}
    return cloned(primitive_of(root, wanted.drbd_id, agent, options, DRBD_OPERATIONS), DRBD_META)


def file_system_resource(root: Element, wanted: Wanted, fs: WantedFileSystem) -> Element:
    """The clone of the mounted GFS2."""
    agent = ("ocf", "heartbeat", "Filesystem")
    options = {
        "device": fs.device,
        "directory": fs.mount_point,
        "fstype": "gfs2",
        "options": fs.mount_options,
    }
    primitive = primitive_of(root, wanted.filesystem_id, agent, options, FILE_SYSTEM_OPERATIONS)
    return cloned(primitive, FILE_SYSTEM_META)


# ---- constraints ----


def avoids(device: str, node: str) -> Element:
    """A fence device keeps off a node: off the one that it fences, say."""
    words = {"rsc": device, "node": node, "score": "-INFINITY"}
    return Element("rsc_location", {"id": f"{device}-avoids-{xml_id(node)}", **words})


def constraints(root: Element, wanted: Wanted) -> tuple[Element, ...]:
    """What the file system is bound to: the lock manager, and DRBD where that is given."""
    fs, dlm = wanted.filesystem_id, wanted.dlm_id
    found = [order(fs, dlm, "start"), beside(fs, dlm)]
    if wanted.drbd_resource:
        promoted = {"rsc-role": "Started", "with-rsc-role": role_word(root, "Promoted")}
        found += [order(fs, wanted.drbd_id, "promote"), beside(fs, wanted.drbd_id, **promoted)]
    return tuple(found)


def order(resource: str, first: str, action: str) -> Element:
    """A resource starts after another one has started, or has been promoted."""
    words = {
        "first": clone_id(first),
        "first-action": action,
        "then": clone_id(resource),
        "then-action": "start",
        "kind": "Mandatory",
    }
    return Element("rsc_order", {"id": f"{resource}-after-{first}", **words})


def beside(resource: str, other: str, **roles: str) -> Element:
    """A resource runs only where another one does, or where that is promoted."""
    words = {"rsc": clone_id(resource), "with-rsc": clone_id(other), "score": "INFINITY", **roles}
    return Element("rsc_colocation", {"id": f"{resource}-with-{other}", **words})
