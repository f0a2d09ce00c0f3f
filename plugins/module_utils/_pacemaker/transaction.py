# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One transaction of the CIB: the step, and the state after it. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from xml.etree import ElementTree

from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import (
    Cluster,
    Instance,
    is_of,
)
from ansible_collections.clustered.storage.plugins.module_utils._cluster.parse import (
    parse_devices,
    parse_drbd_resources,
    parse_properties,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Step
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker import (
    commands,
    gates,
    watch,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.model import (
    Simulation,
    State,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.stages import (
    Change,
    Stage,
    fingerprint,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.wanted import Wanted


@dataclass(frozen=True)
class Push:
    """A transaction: the change, made again on the CIB of that moment, if it is the one planned on.

    ``fingerprint`` is that of the CIB that the change was simulated on.
    """

    change: Change
    fingerprint: str


def push_step(stage: Stage) -> Step:
    """The step that makes a transaction."""
    return Step(
        "; ".join(stage.why),
        commands.push_patch(),
        expects=Push(stage.change, fingerprint(stage.before)),
    )


def ours(wanted: Wanted) -> tuple[str, ...]:
    """The resources of this task."""
    dlm = wanted.dlm_id if wanted.filesystem_id else ""
    ids = (dlm, wanted.drbd_id, wanted.filesystem_id)
    return (*(one for one in ids if one), *(device.id for device in wanted.fence_devices))


def pushed(state: State, stage: Stage, simulation: Simulation, names: Iterable[str]) -> State:
    """The state after a transaction, with these resources running as simulated."""
    cluster = with_cib(gates.running(state), stage.after)
    return replace(state, cluster=with_instances(cluster, simulation.after, tuple(names)))


def with_cib(cluster: Cluster, cib: str) -> Cluster:
    """The cluster with another CIB."""
    root = ElementTree.fromstring(cib)
    return replace(
        cluster,
        cib=cib,
        properties=parse_properties(root),
        stonith_enabled=True,
        drbd_resources=tuple(parse_drbd_resources(root)),
        fence_devices=tuple(parse_devices(root, cluster.instances)),
    )


def with_instances(
    cluster: Cluster, simulated: tuple[Instance, ...], names: tuple[str, ...]
) -> Cluster:
    """The cluster with the instances of these resources as simulated."""
    others = [one for one in cluster.instances if not any(is_of(one, name) for name in names)]
    own = [one for one in simulated if any(is_of(one, name) for name in names)]
    failures = tuple(one for one in cluster.failures if one.resource not in names)
    instances = (*others, *own)
    devices = tuple(parse_devices(ElementTree.fromstring(cluster.cib), instances))
    return replace(cluster, instances=instances, fence_devices=devices, failures=failures)


def cleanup_steps(cluster: Cluster, names: Iterable[str]) -> tuple[Step, ...]:
    """Let Pacemaker try again what has failed and does not run."""
    return tuple(
        Step(
            f"{name} has failed: "
            + watch.failures_in_words(f for f in cluster.failures if f.resource == name),
            commands.forget_failures(name),
        )
        for name in names
        if any(one.resource == name for one in cluster.failures)
    )
