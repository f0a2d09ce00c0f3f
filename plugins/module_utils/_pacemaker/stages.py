# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The CIB after each transaction, and the CIB that Pacemaker is to simulate. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import (
    HANDLER_PREFIX,
    Cluster,
    active_on,
)
from ansible_collections.clustered.storage.plugins.module_utils._cluster.parse import (
    by_id,
    parse_properties,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker import compare, objects
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.wanted import (
    PACEMAKERS_PROPERTIES,
    Wanted,
)

# More than any agent gives: what a promotable resource says about its data is not known before it
# runs, and nothing is promoted without it.
SCORE = "10000"

Change = Callable[[Element], Iterator[str]]


@dataclass(frozen=True)
class Stage:
    """One transaction: what it does to a CIB, why, and the CIB after it."""

    name: str
    change: Change
    why: tuple[str, ...]
    before: str
    after: str


def stages_for(cluster: Cluster, wanted: Wanted) -> tuple[Stage, ...]:
    """All transactions in their order, each on the CIB after the one before."""
    named = present_changes(wanted) if wanted.present else absent_changes(cluster, wanted)
    found, cib = [], cluster.cib
    for name, change in named:
        stage = stage_of(name, change, cib)
        found.append(stage)
        cib = stage.after
    return tuple(found)


def stage_of(name: str, change: Change, cib: str) -> Stage:
    """One transaction on a CIB."""
    root = ElementTree.fromstring(cib)
    why = tuple(change(root))
    after = ElementTree.tostring(root, encoding="unicode") if why else cib
    return Stage(name, change, why, cib, after)


# ---- what is to be there ----


def present_changes(wanted: Wanted) -> Iterator[tuple[str, Change]]:
    """Fencing before DRBD, DRBD before the file system."""
    yield "fencing", lambda root: put_fencing(root, wanted)
    if wanted.drbd_resource:
        yield "drbd", lambda root: put_drbd(root, wanted)
    if wanted.file_system:
        yield "file_system", lambda root: put_file_system(root, wanted)


def put_fencing(root: Element, wanted: Wanted) -> Iterator[str]:
    """The properties and the fence devices."""
    yield from compare.merge_properties(root, in_words_of(root, wanted))
    for device in wanted.fence_devices:
        yield from compare.merge_resource(root, objects.fence_resource(root, device))
        if device.avoid_nodes is not None:
            yield from put_avoids(root, device.id, device.avoid_nodes)


def put_avoids(root: Element, device: str, nodes: tuple[str, ...]) -> Iterator[str]:
    """The device keeps off these nodes and, as far as that was ours to say, no others."""
    avoided = [objects.avoids(device, node) for node in nodes]
    kept = {one.get("id") for one in avoided}
    for constraint in list(compare.section(root, "constraints")):
        identity = constraint.get("id", "")
        if identity.startswith(f"{device}-avoids-") and identity not in kept:
            yield from compare.remove_object(root, identity)
    for one in avoided:
        yield from compare.merge_constraint(root, one)


def in_words_of(root: Element, wanted: Wanted) -> dict[str, str]:
    """The properties; Pacemaker 3.0.2 has a new name for one, which counts before the old."""
    properties = dict(wanted.properties)
    if "fencing-enabled" in {**parse_properties(root), **properties}:
        old = properties.pop("stonith-enabled", "true")
        properties.setdefault("fencing-enabled", old)
    return properties


def put_drbd(root: Element, wanted: Wanted) -> Iterator[str]:
    """The DRBD resource, promoted on both nodes."""
    compare.refuse_elsewhere(
        root, wanted.drbd_id, ("ocf", "linbit", "drbd"), {"drbd_resource": wanted.drbd_resource}
    )
    yield from compare.merge_resource(root, objects.drbd_resource(root, wanted))


def put_file_system(root: Element, wanted: Wanted) -> Iterator[str]:
    """The lock manager, the file system, and what binds them."""
    fs = wanted.file_system
    if fs is None:
        return
    compare.refuse_elsewhere(root, wanted.dlm_id, ("ocf", "pacemaker", "controld"), {})
    for option, value in (("device", fs.device), ("directory", fs.mount_point)):
        agent = ("ocf", "heartbeat", "Filesystem")
        compare.refuse_elsewhere(root, wanted.filesystem_id, agent, {option: value})
    yield from compare.merge_resource(root, objects.dlm_resource(root, wanted))
    yield from compare.merge_resource(root, objects.file_system_resource(root, wanted, fs))
    for constraint in objects.constraints(root, wanted):
        yield from compare.merge_constraint(root, constraint)


# ---- what is to go ----


def absent_changes(cluster: Cluster, wanted: Wanted) -> Iterator[tuple[str, Change]]:
    """Each is stopped by itself, the file system first; when all are stopped, all go."""
    root = ElementTree.fromstring(cluster.cib)
    going = going_resources(root, wanted)
    for resource in going:
        if active_on(cluster.instances, resource):
            yield f"stop {resource}", partial(stop, resource=resource)
    yield "remove", lambda found: remove(found, wanted, going)


def going_resources(root: Element, wanted: Wanted) -> tuple[str, ...]:
    """The resources that are to go and are there: what stands on others first."""
    dlm = [wanted.dlm_id] if wanted.filesystem_id and not dlm_users(root, wanted) else []
    listed = [device.id for device in wanted.fence_devices]
    names = [wanted.filesystem_id, wanted.drbd_id, *dlm]
    return tuple(n for n in (*names, *listed) if n and by_id(root, n) is not None)


def dlm_users(root: Element, wanted: Wanted) -> tuple[str, ...]:
    """The constraints by which others use the lock manager, another GFS2 say."""
    dlm = {wanted.dlm_id, objects.clone_id(wanted.dlm_id)}
    ours = own_constraints(root, wanted)
    return tuple(
        one.get("id", "")
        for one in compare.section(root, "constraints")
        if one.get("id") not in ours and compare.mentions(one, dlm)
    )


def own_constraints(root: Element, wanted: Wanted) -> frozenset[str]:
    """The ids of the constraints that are ours, by whatever options they were made."""
    devices = tuple(f"{device.id}-avoids-" for device in wanted.fence_devices)
    fs = wanted.filesystem_id
    return frozenset(
        one.get("id", "")
        for one in compare.section(root, "constraints")
        if (fs and binds(one, fs)) or (devices and one.get("id", "").startswith(devices))
    )


def binds(constraint: Element, fs: str) -> bool:
    """Whether it is the one that this task makes to bind a file system to what it stands on."""
    identity, clone = constraint.get("id", ""), objects.clone_id(fs)
    first, beside = constraint.get("first", ""), constraint.get("with-rsc", "")
    after = clone == constraint.get("then") and objects.clone_id(identity) == f"{fs}-after-{first}"
    return after or (
        clone == constraint.get("rsc") and objects.clone_id(identity) == f"{fs}-with-{beside}"
    )


def stop(root: Element, resource: str) -> Iterator[str]:
    """A resource is to stop everywhere; Pacemaker does so in the order of the constraints."""
    found = by_id(root, objects.clone_id(resource))
    owner = by_id(root, resource) if found is None else found
    if owner is not None:
        pairs = {"target-role": "Stopped"}
        yield from compare.merge_pairs(root, owner, "meta_attributes", pairs, compare.same_value)


def remove(root: Element, wanted: Wanted, going: tuple[str, ...]) -> Iterator[str]:
    """What is stopped goes, and with it what binds it."""
    for constraint in sorted(own_constraints(root, wanted)):
        yield from compare.remove_object(root, constraint)
    for resource in going:
        yield from compare.remove_object(root, objects.clone_id(resource))
        yield from compare.remove_object(root, resource)


# ---- what is simulated, and what is compared ----


def simulated(cluster: Cluster, wanted: Wanted, cib: str) -> str:
    """The CIB as Pacemaker is to simulate it: DRBD has good data, and nothing has failed yet."""
    root = ElementTree.fromstring(cib)
    ours = (wanted.dlm_id, wanted.drbd_id, wanted.filesystem_id)
    ids = (*(one for one in ours if one), *(device.id for device in wanted.fence_devices))
    for state in root.iterfind("status/node_state"):
        if wanted.drbd_id and state.get("uname") in cluster.online:
            put_score(state, wanted.drbd_id)
        forget_failures(state, ids)
    return ElementTree.tostring(root, encoding="unicode")


def put_score(state: Element, resource: str) -> None:
    """The resource may be promoted on the node."""
    name, node = f"master-{resource}", state.get("id", "")
    holder = state.find("transient_attributes/instance_attributes")
    if holder is None:
        transient = SubElement(state, "transient_attributes", {"id": node})
        holder = SubElement(transient, "instance_attributes", {"id": f"status-{node}"})
    for pair in [one for one in holder if one.get("name") == name]:
        holder.remove(pair)
    objects.add_pair(holder, name, SCORE)


def forget_failures(state: Element, resources: tuple[str, ...]) -> None:
    """A node does not know any more that these have failed on it."""
    prefixes = tuple(f"{what}-{r}#" for r in resources for what in ("fail-count", "last-failure"))
    for holder in state.iterfind("transient_attributes/instance_attributes"):
        for pair in list(holder):
            if pair.get("name", "").startswith(prefixes):
                holder.remove(pair)
    for resource in state.iterfind("lrm/lrm_resources/lrm_resource"):
        if resource.get("id", "").split(":")[0] in resources:
            for operation in list(resource):
                if operation.get("id", "").endswith("_last_failure_0"):
                    resource.remove(operation)


def fingerprint(cib: str) -> str:
    """The same for two configurations that differ only in what Pacemaker and DRBD write."""
    configuration = configuration_of(ElementTree.fromstring(cib))
    for holder in list(configuration.iter()):
        for child in [one for one in holder if is_passing(one)]:
            holder.remove(child)
    text = ElementTree.tostring(configuration, encoding="unicode")
    return hashlib.sha256(ElementTree.canonicalize(text, strip_text=True).encode()).hexdigest()


def configuration_of(root: Element) -> Element:
    """The configuration in a CIB."""
    found = root.find("configuration")
    return Element("configuration") if found is None else found


def is_passing(element: Element) -> bool:
    """Whether an element of the configuration comes and goes with what happens."""
    written = element.tag == "nvpair" and element.get("name") in PACEMAKERS_PROPERTIES
    return written or element.tag == "nodes" or element.get("id", "").startswith(HANDLER_PREFIX)
