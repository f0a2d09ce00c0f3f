# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to happen: fencing, DRBD, the file system, mounted. The heart. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import (
    Cluster,
    Instance,
    active_on,
    promoted_on,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Plan, Step
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker import (
    gates,
    judge,
    watch,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.filesystem import (
    Phase,
    plan_content,
    plan_growth,
    plan_journals,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.model import (
    State,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.stages import (
    Stage,
    present_changes,
    stage_of,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.takedown import (
    plan_absent,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.transaction import (
    cleanup_steps,
    ours,
    push_step,
    pushed,
    with_instances,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.wanted import Wanted


def plan_cluster(state: State, wanted: Wanted) -> Plan[State]:
    """The plan, for whatever is wanted."""
    if not wanted.present:
        return plan_absent(state, wanted)
    gates.refuse_pretence(wanted)
    cluster = gates.refuse_cluster(state)
    phases: tuple[Callable[[State, Wanted], Phase], ...] = (
        plan_fencing,
        plan_drbd,
        plan_content,
        plan_mount,
        plan_journals,
        plan_growth,
    )
    steps: tuple[Step, ...] = ()
    carried = state
    for phase in phases:
        more, carried = phase(carried, wanted)
        steps += more
    return Plan(state, carried, steps, warnings(state, cluster, wanted))


def warnings(state: State, cluster: Cluster, wanted: Wanted) -> tuple[str, ...]:
    """What is not as it should be, though nobody asked."""
    away = tuple(
        f"{node.name} is {node.state}." for node in cluster.members if node.state != "online"
    )
    kept = tuple(f"DRBD keeps a node from being promoted: {c}." for c in cluster.fence_constraints)
    idle = tuple(
        f"The fence device {one.id} is not started."
        for one in cluster.fence_devices
        if not one.started_on and one.id not in {d.id for d in wanted.fence_devices}
    )
    return (*away, *kept, *idle, *gates.link_warnings(state.corosync))


def stage_named(state: State, wanted: Wanted, name: str) -> Stage | None:
    """A transaction on the CIB as it is by then; None where it is not wanted."""
    changes = dict(present_changes(wanted))
    return stage_of(name, changes[name], gates.running(state).cib) if name in changes else None


# ---- fencing ----


def plan_fencing(state: State, wanted: Wanted) -> Phase:
    """Properties and fence devices, and until these are started."""
    cluster = gates.running(state)
    stage = stage_named(state, wanted, "fencing")
    names = tuple(device.id for device in wanted.fence_devices)
    for name in names:
        gates.refuse_switched_off(cluster, name)
    if stage is None or not stage.why:
        return wait_for_devices(state, wanted)
    for device in wanted.fence_devices:
        gates.refuse_agent(state, device)
    simulation = judge.refuse_effects(state, stage.name, ours(wanted))
    judge.refuse_idle(simulation, names)
    after = pushed(state, stage, simulation, names)
    waiting = (wait_started(cluster, wanted, names),) if names else ()
    return (push_step(stage), *cleanup_steps(cluster, idle_of(cluster, names)), *waiting), after


def wait_for_devices(state: State, wanted: Wanted) -> Phase:
    """Fence devices that are as wanted, but do not run yet."""
    cluster = gates.running(state)
    idle = tuple(one.id for one in wanted.fence_devices if not active_on(cluster.instances, one.id))
    if not idle:
        return (), state
    wait = wait_started(cluster, wanted, idle)
    started = tuple(Instance(name, "", "Started", gates.able_nodes(cluster)[:1]) for name in idle)
    after = replace(state, cluster=with_instances(cluster, started, idle))
    return (*cleanup_steps(cluster, idle), wait), after


def idle_of(cluster: Cluster, names: Iterable[str]) -> tuple[str, ...]:
    """Those that run nowhere."""
    return tuple(name for name in names if not active_on(cluster.instances, name))


def wait_started(cluster: Cluster, wanted: Wanted, names: tuple[str, ...]) -> Step:
    """Until these fence devices are started, somewhere where they may be."""
    places = {
        one.id: tuple(n for n in gates.able_nodes(cluster) if n not in (one.avoid_nodes or ()))
        for one in wanted.fence_devices
        if one.id in names
    }
    return watch.wait_started(places, wanted.timeout)


# ---- DRBD ----


def plan_drbd(state: State, wanted: Wanted) -> Phase:
    """The DRBD resource in Pacemaker's hands, and until it is promoted on both nodes."""
    cluster = gates.running(state)
    stage = stage_named(state, wanted, "drbd")
    if stage is None:
        return (), state
    gates.refuse_switched_off(cluster, wanted.drbd_id)
    nodes = gates.able_nodes(cluster)
    if not stage.why:
        return wait_for_promotion(state, wanted, nodes)
    gates.refuse_unfenced(cluster.fence_devices, wanted)
    gates.refuse_uncovered(cluster.fence_devices, cluster.nodes)
    gates.refuse_members(state, cluster, gates.PAIR)
    gates.refuse_drbd(state, wanted)
    simulation = judge.refuse_effects(state, stage.name, ours(wanted))
    judge.refuse_unpromoted(simulation, wanted.drbd_id, nodes)
    after = pushed(state, stage, simulation, (wanted.drbd_id,))
    steps = (
        push_step(stage),
        *cleanup_steps(cluster, idle_of(cluster, (wanted.drbd_id,))),
        watch.wait_promoted(wanted.drbd_id, nodes, wanted.timeout),
    )
    return steps, after


def wait_for_promotion(state: State, wanted: Wanted, nodes: tuple[str, ...]) -> Phase:
    """A DRBD resource that is as wanted, but is not promoted everywhere yet."""
    cluster = gates.running(state)
    missing = set(nodes) - set(promoted_on(cluster.instances, wanted.drbd_id))
    if not missing:
        return (), state
    names = (wanted.drbd_id,)
    promoted = tuple(
        Instance(wanted.drbd_id, "ocf:linbit:drbd", "Promoted", (node,)) for node in nodes
    )
    after = replace(state, cluster=with_instances(cluster, promoted, names))
    wait = watch.wait_promoted(wanted.drbd_id, nodes, wanted.timeout)
    return (*cleanup_steps(cluster, names), wait), after


# ---- the file system, in Pacemaker's hands ----


def plan_mount(state: State, wanted: Wanted) -> Phase:
    """The lock manager and the file system, and until it is mounted on all nodes."""
    cluster = gates.running(state)
    stage = stage_named(state, wanted, "file_system")
    if stage is None:
        return (), state
    names = (wanted.dlm_id, wanted.filesystem_id)
    for name in names:
        gates.refuse_switched_off(cluster, name)
    nodes = gates.able_nodes(cluster)
    if not stage.why:
        return wait_for_mount(state, wanted, nodes)
    gates.refuse_unfenced(cluster.fence_devices, wanted)
    gates.refuse_uncovered(cluster.fence_devices, cluster.nodes)
    gates.refuse_members(state, cluster)
    gates.refuse_preflight(state, wanted)
    simulation = judge.refuse_effects(state, stage.name, ours(wanted))
    judge.refuse_early_start(cluster, simulation, wanted)
    judge.refuse_unmounted(simulation, wanted.filesystem_id, nodes)
    after = pushed(state, stage, simulation, names)
    steps = (
        push_step(stage),
        *cleanup_steps(cluster, idle_of(cluster, names)),
        watch.wait_mounted(wanted.filesystem_id, nodes, wanted.timeout),
    )
    return steps, after


def wait_for_mount(state: State, wanted: Wanted, nodes: tuple[str, ...]) -> Phase:
    """A file system that is as wanted, but is not mounted everywhere yet."""
    cluster = gates.running(state)
    name = wanted.filesystem_id
    if not set(nodes) - set(active_on(cluster.instances, name)):
        return (), state
    mounted = tuple(Instance(name, "ocf:heartbeat:Filesystem", "Started", (n,)) for n in nodes)
    after = replace(state, cluster=with_instances(cluster, mounted, (name,)))
    wait = watch.wait_mounted(name, nodes, wanted.timeout)
    return (*cleanup_steps(cluster, (wanted.dlm_id, name)), wait), after
