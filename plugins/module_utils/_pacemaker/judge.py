# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a simulation says against a change. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import (
    Cluster,
    active_on,
    promoted_on,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import format_names
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal, Unread
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.model import (
    Action,
    Simulation,
    State,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.wanted import Wanted

# What a running service notices.
DISTURBING = ("stop", "demote", "migrate_to", "migrate_from")
# The simulation of the CIB as it is, to know what would happen anyway.
UNCHANGED = "unchanged"


def simulation_of(state: State, stage: str) -> Simulation:
    """What Pacemaker would do after a transaction."""
    if stage not in state.simulations:
        raise Unread(f"simulate {stage}")
    return state.simulations[stage]


def refuse_effects(state: State, stage: str, ours: Iterable[str]) -> Simulation:
    """A transaction that would disturb what is not ours, or let a node be fenced, is not made."""
    simulation = simulation_of(state, stage)
    disturbed = disturbances(simulation, ours)
    if disturbed or simulation.fenced:
        anyway = simulation_of(state, UNCHANGED)
        disturbed -= disturbances(anyway, ours)
        refuse_fencing(simulation, anyway)
    if disturbed:
        what = format_names(
            f"{one.resource} ({one.task} on {one.node})" for one in sorted(disturbed, key=str)
        )
        raise Refusal(
            "would_disturb",
            f"Pacemaker would disturb what is not this task's: {what}.",
            "Find out what binds them to these resources; move or stop them by hand first.",
        )
    return simulation


def disturbances(simulation: Simulation, ours: Iterable[str]) -> Counter[Action]:
    """The actions that a running resource of others notices."""
    own = frozenset(ours)
    return Counter(
        one for one in simulation.actions if one.task in DISTURBING and one.resource not in own
    )


def refuse_fencing(simulation: Simulation, anyway: Simulation) -> None:
    """Nobody is to be fenced by what is planned."""
    shot = sorted(set(simulation.fenced) - set(anyway.fenced))
    if shot:
        raise Refusal(
            "would_fence",
            f"Pacemaker would fence {format_names(shot)} after this change.",
            "See crm_mon -1 for what has failed there, and mend that first.",
        )


def refuse_idle(simulation: Simulation, names: Iterable[str]) -> None:
    """A fence device that Pacemaker would not start is of no use."""
    for name in names:
        if not active_on(simulation.after, name):
            raise would_not_start(name, "anywhere")


def refuse_unpromoted(simulation: Simulation, resource: str, nodes: Iterable[str]) -> None:
    """DRBD is to be promoted on all of these nodes."""
    missing = sorted(set(nodes) - set(promoted_on(simulation.after, resource)))
    if missing:
        raise would_not_start(resource, f"promoted on {format_names(missing)}")


def refuse_unmounted(simulation: Simulation, resource: str, nodes: Iterable[str]) -> None:
    """The file system is to be mounted on all of these nodes."""
    missing = sorted(set(nodes) - set(active_on(simulation.after, resource)))
    if missing:
        raise would_not_start(resource, f"on {format_names(missing)}")


def would_not_start(resource: str, where: str) -> Refusal:
    """The refusal to wait for what will not come."""
    return Refusal(
        "would_not_start",
        f"By Pacemaker's own simulation {resource} would not run {where}.",
        "Look for constraints that keep it away, symmetric-cluster=false, or a node in standby.",
    )


def refuse_early_start(cluster: Cluster, simulation: Simulation, wanted: Wanted) -> None:
    """Where DRBD is not promoted yet, the file system starts after that and not before."""
    promoted = set(promoted_on(cluster.instances, wanted.drbd_id))
    for action in simulation.actions:
        if action.resource == wanted.drbd_id and action.task == "promote":
            promoted.add(action.node)
        starts = action.resource == wanted.filesystem_id and action.task == "start"
        if starts and wanted.drbd_id and action.node not in promoted:
            raise Refusal(
                "starts_before_promotion",
                f"{wanted.filesystem_id} would start on {action.node} before DRBD is promoted.",
                "Something takes the order away; look for constraints with these resources.",
            )
