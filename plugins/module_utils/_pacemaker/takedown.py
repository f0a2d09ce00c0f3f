# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking down: the file system, DRBD, the lock manager, each waited for; then all go. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import Cluster
from ansible_collections.clustered.storage.plugins.module_utils._cluster.parse import (
    agent_of,
    attributes,
    by_id,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import format_names
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import (
    Plan,
    Refusal,
    Step,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker import (
    compare,
    gates,
    judge,
    watch,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.model import State
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.objects import clone_id
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.stages import (
    Stage,
    dlm_users,
    going_resources,
    own_constraints,
    stages_for,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.transaction import (
    ours,
    push_step,
    with_cib,
    with_instances,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.wanted import Wanted

STOP = "stop "
# What stands where by itself, and what it is.
KINDS = {
    "dlm_id": ("ocf", "pacemaker", "controld"),
    "drbd_id": ("ocf", "linbit", "drbd"),
    "filesystem_id": ("ocf", "heartbeat", "Filesystem"),
}


def plan_absent(state: State, wanted: Wanted) -> Plan[State]:
    """Stop them one after the other, then take them away all at once."""
    cluster = gates.refuse_cluster(state)
    root = ElementTree.fromstring(cluster.cib)
    going = going_resources(root, wanted)
    refuse_strangers(root, wanted, going)
    refuse_references(root, wanted, going)
    refuse_last_fencing(root, cluster, wanted, going)
    steps: tuple[Step, ...] = ()
    for stage in stages_for(cluster, wanted):
        more, cluster = plan_stage(state, cluster, stage, wanted)
        steps += more
    users = dlm_users(root, wanted) if wanted.filesystem_id else ()
    kept = f"{wanted.dlm_id} stays: {format_names(users)} needs it."
    return Plan(state, replace(state, cluster=cluster), steps, (kept,) if users else ())


def plan_stage(
    state: State, cluster: Cluster, stage: Stage, wanted: Wanted
) -> tuple[tuple[Step, ...], Cluster]:
    """One resource is stopped, or all are taken away."""
    after = with_cib(cluster, stage.after) if stage.why else cluster
    if stage.why:
        judge.refuse_effects(state, stage.name, ours(wanted))
    pushed = (push_step(stage),) if stage.why else ()
    if not stage.name.startswith(STOP):
        return pushed, after
    name = stage.name[len(STOP) :]
    return (*pushed, watch.wait_stopped(name, wanted.timeout)), with_instances(after, (), (name,))


def refuse_strangers(root: Element, wanted: Wanted, going: tuple[str, ...]) -> None:
    """Only what is what this task makes is taken away."""
    agents = {getattr(wanted, name): agent for name, agent in KINDS.items()}
    devices = {device.id: ("stonith", "", device.agent) for device in wanted.fence_devices}
    for name in going:
        agent = agents.get(name) or devices[name]
        top = name if name in devices else clone_id(name)
        strange = name == wanted.drbd_id and is_of_other(root, by_id(root, name), wanted)
        if strange or not is_ours(root, name, top, agent):
            raise Refusal(
                "id_taken",
                f"{name} is in the CIB, but is not what this task makes.",
                "Take it away by hand if nobody needs it.",
            )


def is_ours(root: Element, name: str, top: str, agent: tuple[str, str, str]) -> bool:
    """Whether a resource is of that agent, and stands where this task puts it."""
    primitive = by_id(root, name)
    if primitive is None or by_id(root, top) not in list(compare.section(root, "resources")):
        return False
    found = agent_of(root, primitive)
    return found[:2] == agent[:2] and agent[2] in ("", found[2])


def is_of_other(root: Element, primitive: Element | None, wanted: Wanted) -> bool:
    """Whether it manages another DRBD resource than the one that is named."""
    found = {} if primitive is None else attributes(root, primitive)
    return bool(wanted.drbd_resource) and found.get("drbd_resource") != wanted.drbd_resource


def refuse_references(root: Element, wanted: Wanted, going: tuple[str, ...]) -> None:
    """What others have bound to it would be left hanging."""
    names = {*going, *(clone_id(name) for name in going)}
    users = sorted(references(root, wanted, names))
    if users:
        raise Refusal(
            "referenced",
            f"Others refer to {format_names(going)}: {format_names(users)}.",
            "Take these away first, if they are not needed any more.",
        )


def references(root: Element, wanted: Wanted, names: set[str]) -> Iterator[str]:
    """The ids of what is not ours and refers to these."""
    own = own_constraints(root, wanted)
    for section in ("constraints", "tags", "fencing-topology"):
        for one in root.iterfind(f"configuration/{section}/*"):
            listed = set(one.get("devices", "").split(","))
            if one.get("id") not in own and (compare.mentions(one, names) or listed & names):
                yield one.get("id", "")


def refuse_last_fencing(
    root: Element, cluster: Cluster, wanted: Wanted, going: tuple[str, ...]
) -> None:
    """DRBD, the lock manager and GFS2 are not left without fencing."""
    listed = {device.id for device in wanted.fence_devices} & set(going)
    left = [one.id for one in cluster.fence_devices if one.id not in listed]
    agents = {agent[1:] for agent in KINDS.values()}
    users = [
        primitive.get("id", "")
        for primitive in compare.section(root, "resources").iter("primitive")
        if agent_of(root, primitive)[1:] in agents - {("heartbeat", "Filesystem")}
        and primitive.get("id") not in going
    ]
    if listed and not left and users:
        raise Refusal(
            "fencing_needed",
            f"{format_names(sorted(users))} would be left without fencing.",
            "Take those down first, or keep the fence device.",
        )
