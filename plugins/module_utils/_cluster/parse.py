# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The CIB and crm_mon's XML, made into the model. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import (
    HANDLER_PREFIX,
    Cluster,
    Failure,
    FenceDevice,
    Instance,
    Node,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError

# They say that a node is dead without having looked: a test's, and cluster-glue's.
PRETENDERS = frozenset(
    {
        "fence_dummy", "fence_manual", "fence_ack_manual", "fence_null", "null", "external/null",
        "ssh", "external/ssh", "meatware", "st-null",
    }
)  # fmt: skip
# A reservation of a shared disk means nothing to DRBD; kdump answers only after a crash.
UNSUITED = frozenset({"fence_scsi", "fence_mpath", "fence_kdump", "suicide"})
# An action that only looks, put in the place of one that kills, is a pretence too.
HARMLESS = frozenset({"metadata", "monitor", "status", "list", "validate-all", "on"})
KILLING = ("pcmk_off_action", "pcmk_reboot_action")
TRUE = frozenset({"true", "yes", "on", "y", "1"})
BOOTSTRAP = "cib-bootstrap-options"
# Pacemaker 3.0.2 renames the property and goes on understanding the old name.
STONITH = ("fencing-enabled", "stonith-enabled")
FAIL_COUNT = re.compile(r"fail-count-(.+?)(?::\d+)?#(\w+)_\d+")
TROUBLES = ("orphaned", "failed", "blocked")


def parse_xml(text: str, tool: str) -> Element:
    """A tool's XML."""
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise StorageError(
            "unexpected_output",
            f"{tool} answered with something that is not XML ({error}).",
            "Run it by hand to see; Pacemaker 2.0.3 or later is needed.",
        ) from error


def is_true(value: str) -> bool:
    """A boolean as Pacemaker reads it (crm_is_true)."""
    return value.lower() in TRUE


def parse_cluster(cib: str, status: str) -> Cluster:
    """What the CIB and crm_mon say, together."""
    root, seen = parse_xml(cib, "cibadmin"), parse_xml(status, "crm_mon")
    instances = tuple(parse_instances(seen))
    properties = parse_properties(root)
    summary = seen.find("summary/current_dc")
    return Cluster(
        name=properties.get("cluster-name", ""),
        members=parse_nodes(seen),
        properties=properties,
        stonith_enabled=is_stonith_enabled(properties),
        fence_devices=tuple(parse_devices(root, instances)),
        drbd_resources=tuple(parse_drbd_resources(root)),
        fence_constraints=parse_fence_constraints(root),
        instances=instances,
        failures=parse_all_failures(root, seen),
        has_dc=summary is not None and summary.get("present") == "true",
        has_quorum=summary is not None and summary.get("with_quorum") == "true",
        tells_times=any(
            one.get("in_ccm", "").isdigit() for one in root.iterfind("status/node_state")
        ),
        cib=cib,
    )


# ---- the CIB ----


def parse_properties(root: Element) -> dict[str, str]:
    """The cluster's options; those of the usual set count before those of others."""
    sets = list(root.iterfind("configuration/crm_config/cluster_property_set"))
    ordered = sorted(sets, key=lambda one: one.get("id") == BOOTSTRAP)
    return {name: value for one in ordered for name, value in nvpairs(root, one).items()}


def is_stonith_enabled(properties: Mapping[str, str]) -> bool:
    """Whether Pacemaker fences; it does unless it is told not to."""
    said = next((properties[name] for name in STONITH if name in properties), "true")
    return is_true(said)


def nvpairs(root: Element, holder: Element | None) -> dict[str, str]:
    """Names and values of a set; one that refers to another by id-ref has the values of that."""
    if holder is None:
        return {}
    if holder.get("id-ref"):
        holder = by_id(root, holder.get("id-ref", ""))
    pairs = [] if holder is None else holder.findall("nvpair")
    meant = [by_id(root, one.get("id-ref", "")) if one.get("id-ref") else one for one in pairs]
    return {one.get("name", ""): one.get("value", "") for one in meant if one is not None}


def by_id(root: Element, name: str) -> Element | None:
    """The element of the configuration that has the id; the status section repeats ids."""
    found = root.find("configuration")
    within = root if found is None else found
    return next((one for one in within.iter() if one.get("id") == name), None)


def attributes(
    root: Element, resource: Element, kind: str = "instance_attributes"
) -> dict[str, str]:
    """The parameters of a resource, with those of its template."""
    template = resource.get("template")
    base = by_id(root, template) if template else None
    found = {} if base is None else attributes(root, base, kind)
    for holder in resource.findall(kind):
        found |= nvpairs(root, holder)
    return found


def agent_of(root: Element, resource: Element) -> tuple[str, str, str]:
    """Class, provider and type of a primitive, or of its template."""
    template = resource.get("template")
    if template:
        base = by_id(root, template)
        return ("", "", "") if base is None else agent_of(root, base)
    return resource.get("class", ""), resource.get("provider", ""), resource.get("type", "")


def parse_devices(root: Element, instances: tuple[Instance, ...]) -> Iterator[FenceDevice]:
    """The fence devices, with where they run."""
    for primitive in root.iterfind("configuration/resources//primitive"):
        kind, _provider, agent = agent_of(root, primitive)
        if kind == "stonith":
            options = attributes(root, primitive)
            yield parse_device(primitive.get("id", ""), agent, options, instances)


def parse_device(
    name: str, agent: str, options: Mapping[str, str], instances: tuple[Instance, ...]
) -> FenceDevice:
    """One fence device."""
    own = [one for one in instances if one.id.split(":")[0] == name]
    return FenceDevice(
        name,
        agent,
        started_on=tuple(sorted({node for one in own if one.is_active for node in one.nodes})),
        pretends=is_pretender(agent, options),
        unsuited=agent in UNSUITED,
        trouble=next((one.trouble for one in own if one.trouble), ""),
        targets=parse_targets(options),
    )


def parse_targets(options: Mapping[str, str]) -> tuple[str, ...] | None:
    """The nodes that a device is said to fence, None where it finds out itself."""
    listed = re.split(r"[\s,;]+", options.get("pcmk_host_list", ""))
    mapped = re.findall(r"([^\s;:]+):", options.get("pcmk_host_map", ""))
    names = tuple(sorted({*listed, *mapped} - {""}))
    check = options.get("pcmk_host_check", "static-list" if names else "")
    return names if check == "static-list" else None


def is_pretender(agent: str, options: Mapping[str, str]) -> bool:
    """Whether the device claims success on a living node."""
    plugin = options.get("plugin", "") if agent == "fence_legacy" else agent
    return plugin in PRETENDERS or any(options.get(action) in HARMLESS for action in KILLING)


def parse_drbd_resources(root: Element) -> Iterator[str]:
    """The DRBD resources that Pacemaker manages."""
    for primitive in root.iterfind("configuration/resources//primitive"):
        if agent_of(root, primitive) == ("ocf", "linbit", "drbd"):
            yield attributes(root, primitive).get("drbd_resource", "")


def parse_fence_constraints(root: Element) -> tuple[str, ...]:
    """The ids of what DRBD's fence-peer handler has put in."""
    ids = (one.get("id", "") for one in root.iterfind("configuration/constraints/*"))
    return tuple(sorted(name for name in ids if name.startswith(HANDLER_PREFIX)))


# ---- crm_mon ----


def parse_nodes(seen: Element) -> tuple[Node, ...]:
    """The members; remote nodes are none."""
    nodes = (one for one in seen.iterfind("nodes/node") if one.get("type", "member") == "member")
    return tuple(Node(one.get("name", ""), node_state(one)) for one in nodes)


def node_state(node: Element) -> str:
    """One word for the state of a node, the worst first."""
    if node.get("unclean") == "true":
        return "unclean"
    if node.get("online") != "true":
        return "offline"
    states = ("pending", "shutdown", "standby", "maintenance")
    return next((state for state in states if node.get(state) == "true"), "online")


def parse_instances(seen: Element) -> Iterator[Instance]:
    """Every instance of every resource."""
    for top in seen.iterfind("resources/*"):
        yield from instances_in(top, ())


def instances_in(element: Element, within: tuple[str, ...]) -> Iterator[Instance]:
    """The instances in a clone, a group or a bundle, or the resource itself."""
    if element.tag == "resource":
        yield parse_instance(element, within)
        return
    outer = (*within, element.get("id", ""))
    for inner in element:
        yield from instances_in(inner, outer)


def parse_instance(element: Element, within: tuple[str, ...]) -> Instance:
    """One instance; which role it should have is of no matter here."""
    trouble = next((word for word in TROUBLES if element.get(word) == "true"), "")
    return Instance(
        element.get("id", ""),
        element.get("resource_agent", ""),
        element.get("role", ""),
        tuple(node.get("name", "") for node in element.iterfind("node")),
        within,
        trouble,
        element.get("managed", "true") == "true",
    )


def parse_failures(seen: Element) -> tuple[Failure, ...]:
    """The operations that failed and were not cleaned up."""
    return tuple(parse_failure(one) for one in seen.iterfind("failures/failure"))


def parse_all_failures(root: Element, seen: Element) -> tuple[Failure, ...]:
    """Failed operations, and failures that are only counted any more.

    The count keeps a resource away from a node even when the operation itself is forgotten, and
    crm_mon (2.1.5) does not show it then.
    """
    failed = parse_failures(seen)
    known = {(one.resource, one.node) for one in failed}
    counted = (one for one in parse_counts(root) if (one.resource, one.node) not in known)
    return (*failed, *counted)


def parse_failure(element: Element) -> Failure:
    """A failed operation; op_key is resource_task_interval."""
    resource = element.get("op_key", "").rsplit("_", 2)[0].split(":")[0]
    words = element.get("exitreason", "") or element.get("exitstatus", "")
    return Failure(resource, element.get("node", ""), element.get("task", ""), words)


def parse_counts(root: Element) -> Iterator[Failure]:
    """The failures that are counted: transient attributes fail-count-RESOURCE#TASK_INTERVAL."""
    for state in root.iterfind("status/node_state"):
        for pair in state.iterfind("transient_attributes/instance_attributes/nvpair"):
            found = FAIL_COUNT.fullmatch(pair.get("name", ""))
            if found and pair.get("value", "0") != "0":
                words = f"fail-count {pair.get('value')}"
                yield Failure(found.group(1), state.get("uname", ""), found.group(2), words)
