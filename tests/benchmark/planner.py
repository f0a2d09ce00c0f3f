# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The planner alone, on a volume of ten thousand bricks: no machine, no Ansible."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any

sys.path.insert(0, ".collections")

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import (
    Brick,
    BrickStatus,
    Cluster,
    HealCount,
    Host,
    Layout,
    Peer,
    Volume,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.plan import plan_volume
from ansible_collections.clustered.storage.plugins.module_utils._gluster.wanted import wanted_volume
from ansible_collections.clustered.storage.plugins.modules.gluster_volume import ARGUMENT_SPEC

SETS = 3334  # of three: 10,002 bricks
HOSTS = 30


def bricks(sets: int) -> tuple[Brick, ...]:
    """Three bricks a set, on thirty machines in turn."""
    return tuple(
        Brick(f"node{n % HOSTS}", f"/bricks/{n // HOSTS}/brick", f"uuid-{n % HOSTS}")
        for n in range(3 * sets)
    )


def large_cluster() -> Cluster:
    """A healthy pool with one large started volume, everything read."""
    every = bricks(SETS)
    names = [f"node{number}" for number in range(HOSTS)]
    uuids = {name: f"uuid-{number}" for number, name in enumerate(names)}
    return Cluster(
        volumes=(Volume("large", "an-id", "started", "tcp", Layout(replicas=3), every),),
        peers=tuple(Peer(uuids[n], n, (n,), True, 3, "Peer in Cluster") for n in names),
        hosts={name: Host(name, uuids[name], name == "node0", (), True) for name in names},
        statuses=tuple(BrickStatus(b.host, b.path, b.host_uuid, True, 50000, 1) for b in every),
        tasks=(),
        heal=tuple(HealCount(b.name, b.host_uuid, "Connected", 0, 0) for b in every),
        directories={},
        option_names=(),
        quotas=(),
    )


def parameters(sets: int) -> dict[str, Any]:
    """What a task of gluster_volume says."""
    given = {
        "name": "large",
        "state": "started",
        "replicas": 3,
        "bricks": [brick.name for brick in bricks(sets)],
    }
    checked = ArgumentSpecValidator(ARGUMENT_SPEC).validate(given)
    return dict(checked.validated_parameters)


def steps_of(cluster: Cluster, task: dict[str, Any]) -> int:
    """The number of steps from the cluster to what the task says."""
    return len(plan_volume(cluster, wanted_volume(task)).steps)


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    started = perf_counter()
    work()
    return perf_counter() - started


def measure_planner(rounds: int) -> dict[str, float]:
    """Median seconds from a task's parameters to its plan."""
    cluster = large_cluster()
    same, more = parameters(SETS), parameters(SETS + 1)
    assert steps_of(cluster, same) == 0
    assert steps_of(cluster, more) > 0
    return {
        what: median(seconds(partial(steps_of, cluster, task)) for _round in range(rounds))
        for what, task in (("nothing to do", same), ("growing by one set", more))
    }
