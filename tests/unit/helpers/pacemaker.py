# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster of two nodes as a value, and what Pacemaker would make of a CIB."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import Device
from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import (
    Cluster,
    Instance,
    Node,
)
from ansible_collections.clustered.storage.plugins.module_utils._cluster.parse import (
    parse_devices,
    parse_drbd_resources,
    parse_fence_constraints,
    parse_properties,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Plan, Unread
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.model import (
    GFS2,
    LOCK_DLM,
    Action,
    Content,
    Corosync,
    DrbdSettings,
    Preflight,
    Simulation,
    State,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.plan import plan_cluster
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.stages import stages_for
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.wanted import (
    Wanted,
    WantedFenceDevice,
    WantedFileSystem,
)

NODES = ("node1", "node2")
DEVICE = "/dev/drbd0"
EMPTY = """<cib epoch="5" num_updates="6" admin_epoch="0" validate-with="{schema}">
  <configuration>
    <crm_config><cluster_property_set id="cib-bootstrap-options">
      <nvpair id="n" name="cluster-name" value="pair"/>
    </cluster_property_set></crm_config>
    <nodes><node id="1" uname="node1"/><node id="2" uname="node2"/></nodes>
    <resources>{resources}</resources>
    <constraints>{constraints}</constraints>
  </configuration>
  <status>
    <node_state id="1" uname="node1"/>
    <node_state id="2" uname="node2"/>
  </status>
</cib>"""
FENCE1 = WantedFenceDevice(
    "fence1", "fence_lab", {"plug": "node1", "passwd": "s3cret"}, ("passwd",)
)
FENCE2 = WantedFenceDevice("fence2", "fence_lab", {"plug": "node2"}, avoid_nodes=("node2",))
FILE_SYSTEM = WantedFileSystem(DEVICE, "/clustered", "web")
OWN = {"stonith-enabled": "true", "no-quorum-policy": "freeze"}
BLANK = Content(DEVICE, is_blank=True, device=Device(DEVICE, "147:0", "disk", 300 * 2**20))
GOOD = Content(DEVICE, (GFS2,), "5b1d", "pair:web", LOCK_DLM, 2)
KNOWN_OPTIONS = frozenset({"plug", "passwd", "ip"})


def cib(resources: str = "", constraints: str = "", schema: str = "pacemaker-3.9") -> str:
    """A CIB of two nodes with these objects."""
    return EMPTY.format(resources=resources, constraints=constraints, schema=schema)


def wanted_all(**others: Any) -> Wanted:
    """Fencing, DRBD and a file system."""
    given: dict[str, Any] = {
        "properties": OWN,
        "fence_devices": (FENCE1, FENCE2),
        "drbd_resource": "r0",
        "drbd_id": "drbd_r0",
        "filesystem_id": "fs_web",
        "file_system": FILE_SYSTEM,
    }
    return Wanted(**{**given, **others})


def wanted_fencing(**others: Any) -> Wanted:
    """Fencing and nothing else."""
    given: dict[str, Any] = {"properties": OWN, "fence_devices": (FENCE1, FENCE2)}
    return Wanted(**{**given, **others})


def cluster_of(text: str, instances: Iterable[Instance] = (), **others: Any) -> Cluster:
    """A healthy cluster with that CIB and these instances."""
    root, instances = ElementTree.fromstring(text), tuple(instances)
    given: dict[str, Any] = {
        "name": "pair",
        "members": tuple(Node(name, "online") for name in NODES),
        "properties": parse_properties(root),
        "fence_devices": tuple(parse_devices(root, instances)),
        "drbd_resources": tuple(parse_drbd_resources(root)),
        "fence_constraints": parse_fence_constraints(root),
        "instances": instances,
        "has_dc": True,
        "has_quorum": True,
        "cib": text,
    }
    return Cluster(**{**given, **others})


def state_of(cluster: Cluster | None = None, **parts: Any) -> State:
    """A state in which everything that a plan may ask for has been read, but the simulations."""
    given: dict[str, Any] = {
        "cluster": cluster or cluster_of(cib()),
        "node": "node1",
        "corosync": Corosync("pair", 2),
        "agents": {"fence_lab": KNOWN_OPTIONS},
        "drbd": (DrbdSettings(True, "resource-and-stonith", "C"),),
        "content": BLANK,
        "preflight": Preflight(machine_id="m", kernel="6.1", distribution="debian"),
        "room_mib": 0,
    }
    return State(**{**given, **parts})


# ---- what Pacemaker would do ----


def simulate(text: str, before: Iterable[Instance] = ()) -> Simulation:
    """Everything in the CIB runs wherever it may, in the order that the constraints ask for."""
    root = ElementTree.fromstring(text)
    after = tuple(
        one for top in root.iterfind("configuration/resources/*") for one in run(root, top)
    )
    known = {(one.id, node) for one in before for node in one.nodes}
    fresh = [(one, n) for one in after for n in one.nodes if (one.id, n) not in known]
    starts = [Action("start", one.id, n) for one, n in fresh if not is_file_system(one)]
    promotes = [Action("promote", one.id, n) for one, n in fresh if one.role == "Promoted"]
    mounts = [Action("start", one.id, n) for one, n in fresh if is_file_system(one)]
    return Simulation((*starts, *promotes, *mounts), (), after)


def is_file_system(instance: Instance) -> bool:
    """Whether it is a mount."""
    return instance.agent.endswith("Filesystem")


def run(root: Element, top: Element) -> Iterable[Instance]:
    """The instances of a resource that nothing keeps from running."""
    meta = {p.get("name"): p.get("value") for p in top.iterfind("meta_attributes/nvpair")}
    if meta.get("target-role") == "Stopped":
        return
    primitive = top if top.tag == "primitive" else top.find("primitive")
    assert primitive is not None
    identity = primitive.get("id", "")
    banned = {
        one.get("node")
        for one in root.iterfind("configuration/constraints/rsc_location")
        if one.get("rsc") in (identity, top.get("id")) and one.get("score") == "-INFINITY"
    }
    nodes = [node for node in NODES if node not in banned]
    words = [primitive.get(key) for key in ("class", "provider", "type") if primitive.get(key)]
    role = "Promoted" if meta.get("promotable") == "true" else "Started"
    within = (top.get("id", ""),) if top is not primitive else ()
    for node in nodes if within else nodes[:1]:
        yield Instance(identity, ":".join(str(w) for w in words), role, (node,), within)


def read_part(state: State, wanted: Wanted, part: str) -> State:
    """What a real reader would read: the simulation of a transaction."""
    kind, _blank, name = part.partition(" ")
    assert kind == "simulate", f"{part} is not there"
    assert state.cluster is not None
    texts = {stage.name: stage.after for stage in stages_for(state.cluster, wanted)}
    text = texts.get(name, state.cluster.cib)
    found = simulate(text, state.cluster.instances)
    return replace(state, simulations={**state.simulations, name: found})


def planned(state: State, wanted: Wanted) -> Plan[State]:
    """The plan, with Pacemaker simulated."""
    while True:
        try:
            return plan_cluster(state, wanted)
        except Unread as unread:
            state = read_part(state, wanted, unread.part)


def settled(wanted: Wanted, state: State | None = None) -> State:
    """The state that a whole first run leads to, as it is read afterwards."""
    after = planned(state or state_of(), wanted).after
    return replace(after, simulations={})
