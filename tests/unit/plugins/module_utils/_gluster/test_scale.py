# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ten thousand bricks are planned like ten."""

from __future__ import annotations

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import (
    Brick,
    Cluster,
    Host,
    Layout,
    Peer,
    Volume,
)
from helpers.build import commands_of, counts, directory, planned, statuses

SETS = 3333
NODES = 102


def brick(number: int) -> Brick:
    host = f"node{number % NODES}"
    return Brick(host, f"/b/{number // NODES}", f"uuid-{host}")


BRICKS = tuple(brick(number) for number in range(3 * SETS))
NEW = tuple(brick(number) for number in range(3 * SETS, 3 * SETS + 3))


@pytest.fixture(scope="module")
def facts() -> Cluster:
    peers = tuple(
        Peer(f"uuid-node{n}", f"node{n}", (f"node{n}",), True, 3, "Peer in Cluster", n == 0)
        for n in range(NODES)
    )
    return Cluster(
        volumes=(Volume("vol", "id", "started", "tcp", Layout(3), BRICKS),),
        peers=peers,
        hosts={p.hostname: Host(p.hostname, p.uuid, p.is_self, (), True) for p in peers},
        statuses=statuses(BRICKS),
        tasks=(),
        heal=counts(BRICKS),
        option_names=(),
        directories={b.path: directory(b.path) for b in (*BRICKS, *NEW)},
    )


def test_ten_thousand_bricks_as_they_are_are_no_change(facts: Cluster) -> None:
    plan = planned(facts, bricks=[b.name for b in BRICKS], replicas=3)

    assert plan.steps == ()


def test_ten_thousand_bricks_grow_by_one_set(facts: Cluster) -> None:
    plan = planned(facts, bricks=[b.name for b in (*BRICKS, *NEW)], replicas=3)

    names = " ".join(b.name for b in NEW)
    after = plan.after.volume("vol")
    assert commands_of(plan) == [f"volume add-brick vol {names}"]
    assert after is not None
    assert after.bricks == BRICKS + NEW
