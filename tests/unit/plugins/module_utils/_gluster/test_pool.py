# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who joins the pool, who leaves it, and who has to stay."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._engine.converge import live
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Plan, Refusal
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import Cluster, Host
from ansible_collections.clustered.storage.plugins.module_utils._gluster.pool import plan_peers
from ansible_collections.clustered.storage.plugins.module_utils._gluster.wanted import wanted_peers
from ansible_collections.clustered.storage.plugins.modules import gluster_peer
from helpers.build import (
    cluster,
    commands_of,
    host,
    params,
    peer,
    peer_life,
    steps_of,
    uid,
    volume,
)
from helpers.glusterd import Glusterd, Killed, PoolHost

B = "/b/brick"


def peers_plan(facts: Cluster, *nodes: str, **given: Any) -> Plan[Cluster]:
    wanted = params(gluster_peer.ARGUMENT_SPEC, {"nodes": list(nodes), **given})
    return plan_peers(facts, wanted_peers(wanted))


def peers_refused(facts: Cluster, *nodes: str, **given: Any) -> str:
    with pytest.raises(Refusal) as raised:
        peers_plan(facts, *nodes, **given)
    return raised.value.reason


def test_missing_node_is_probed() -> None:
    plan = peers_plan(cluster(), "node1", "node2", "node7")

    assert steps_of(plan) == [
        "peer probe node7",
        "until pool list",
        "until --remote-host=node2 pool list",
        "until --remote-host=node7 pool list",
    ]
    assert [p.hostname for p in plan.after.peers or ()][-1] == "node7"


def test_pool_as_it_is_is_no_change() -> None:
    assert peers_plan(cluster(), "node1", "node2").steps == ()


def test_names_of_one_machine_are_probed_once() -> None:
    alias = host("node7", name="seven", addresses=("10.0.0.7", "fd00::7"))
    facts = cluster(hosts={"node7": host("node7"), "seven": alias, "node8": host("node8")})

    plan = peers_plan(facts, "node7", "seven", "node8")

    assert commands_of(plan) == ["peer probe node7", "peer probe node8"]


def test_alias_of_a_peer_is_no_change() -> None:
    facts = cluster(hosts={"10.0.0.2": host("node2", name="10.0.0.2")})

    assert peers_plan(facts, "10.0.0.2").steps == ()


def test_disconnected_peer_is_awaited_and_not_probed() -> None:
    facts = cluster(peers=(peer("node1"), peer("node2", connected=False)))

    plan = peers_plan(facts, "node2")

    assert steps_of(plan) == ["until pool list", "until --remote-host=node2 pool list"]
    assert not plan.changes


def test_disconnected_peer_that_nobody_asked_about_is_warned_of() -> None:
    facts = cluster(peers=(peer("node1"), peer("node2"), peer("node3", connected=False)))

    plan = peers_plan(facts, "node2")

    assert plan.steps == ()
    assert plan.warnings == ("node3 is in the pool but Peer in Cluster, disconnected.",)


def test_node_joins_while_another_that_nobody_asked_about_is_down() -> None:
    """As when it is to take the other's place."""
    pool = Glusterd(nodes=3, strangers=1)
    pool.machines["node3"].connected = False

    result, _machine = run(pool, nodes=["node1", "node2", "node4"])

    assert members(pool) == {"node1", "node2", "node3", "node4"}
    assert result["changed"] is True


def test_node_that_is_down_and_listed_is_awaited_in_vain() -> None:
    pool = Glusterd(nodes=3, strangers=1)
    pool.machines["node3"].connected = False

    with pytest.raises(StorageError) as raised:
        run(pool, nodes=["node1", "node2", "node3", "node4"])

    assert raised.value.reason == "timeout"
    assert "node3" in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"addresses": ()}, "unknown_host"), ({"answers": False}, "host_unreachable")],
)
def test_node_that_can_not_join_is_refused(changes: dict[str, Any], reason: str) -> None:
    facts = cluster(hosts={"node2": host("node2"), "node7": host("node7", **changes)})

    assert peers_refused(facts, "node2", "node7") == reason


def test_rejected_peer_is_explained() -> None:
    rejected = peer("node2", state=6, state_text="Peer Rejected")

    assert peers_refused(cluster(peers=(peer("node1"), rejected)), "node2") == "peer_rejected"


def test_peer_is_detached() -> None:
    plan = peers_plan(cluster(), "node6", state="absent")

    assert steps_of(plan) == ["peer detach node6", "until pool list"]
    assert uid("node6") not in {p.uuid for p in plan.after.peers or ()}


def test_peer_is_detached_by_the_name_the_pool_knows() -> None:
    facts = cluster(hosts={"10.0.0.6": host("node6", name="10.0.0.6")})

    assert commands_of(peers_plan(facts, "10.0.0.6", state="absent")) == ["peer detach node6"]


def test_unknown_node_is_absent_already() -> None:
    nowhere = Host("nowhere", "", False, (), False)
    facts = cluster(hosts={"nowhere": nowhere, "node7": host("node7")})

    assert peers_plan(facts, "nowhere", "node7", state="absent").steps == ()


def test_this_node_does_not_detach_itself() -> None:
    assert peers_refused(cluster(), "node1", state="absent") == "is_self"


@pytest.mark.parametrize("force", [False, True])
def test_node_with_bricks_stays(force: bool) -> None:
    facts = cluster(volume("1 2"))

    with pytest.raises(Refusal, match=f"volume vol: node2:{B}") as raised:
        peers_plan(facts, "node2", state="absent", force=force)

    assert raised.value.reason == "holds_bricks"


def test_nobody_leaves_while_another_is_down() -> None:
    peers = (peer("node1"), peer("node2"), peer("node3", connected=False))

    assert peers_refused(cluster(peers=peers), "node2", state="absent") == "peer_down"


def test_force_detaches_while_a_node_is_down() -> None:
    peers = (peer("node1"), peer("node2", connected=False))

    plan = peers_plan(cluster(peers=peers), "node2", state="absent", force=True)

    assert commands_of(plan) == ["peer detach node2 force"]


# --- further names


def alias(name: str, node: str, **given: Any) -> Host:
    return host(node, name=name, **given)


def test_further_name_of_a_peer_is_probed() -> None:
    facts = cluster(hosts={"node2": host("node2"), "two": alias("two", "node2")})

    plan = peers_plan(facts, "node2", aliases={"node2": ["two"]})

    assert commands_of(plan) == ["peer probe two"]


def test_further_name_that_the_pool_knows_is_no_change() -> None:
    known = peer("node2", hostnames=("node2", "two"))
    hosts = {"node2": host("node2"), "two": alias("two", "node2")}
    facts = cluster(peers=(peer("node1"), known), hosts=hosts)

    assert peers_plan(facts, "node2", aliases={"node2": "two"}).steps == ()


def test_further_name_of_this_node_is_not_probed() -> None:
    facts = cluster(hosts={"node1": host("node1"), "one": alias("one", "node1")})

    assert peers_plan(facts, "node1", aliases={"node1": ["one"]}).steps == ()


def test_further_name_of_a_joining_node_follows_it() -> None:
    facts = cluster(hosts={"node7": host("node7"), "seven": alias("seven", "node7")})

    plan = peers_plan(facts, "node7", aliases={"node7": ["seven"]})

    assert steps_of(plan) == [
        "peer probe node7",
        "until pool list",
        "until --remote-host=node7 pool list",
        "peer probe seven",
    ]


def test_name_of_another_machine_is_no_alias() -> None:
    facts = cluster(hosts={"node2": host("node2"), "node7": host("node7")})

    assert peers_refused(facts, "node2", aliases={"node2": ["node7"]}) == "not_an_alias"


# --- nodes that are not listed


def test_node_that_is_not_listed_stays() -> None:
    assert peers_plan(cluster(), "node1", "node2").steps == ()


def test_node_that_is_not_listed_leaves_where_told() -> None:
    nodes = [f"node{n}" for n in range(2, 6)]

    plan = peers_plan(cluster(), *nodes, remove_unlisted=True)

    assert commands_of(plan) == ["peer detach node6"]


def test_unlisted_node_with_bricks_stays() -> None:
    facts = cluster(volume("6"))

    reason = peers_refused(facts, *(f"node{n}" for n in range(1, 6)), remove_unlisted=True)

    assert reason == "holds_bricks"


@pytest.mark.parametrize(
    ("down", "options", "ratio", "refused"),
    [
        (3, {"cluster.server-quorum-type": "server"}, "", True),
        (2, {"cluster.server-quorum-type": "server"}, "", False),
        (2, {"cluster.server-quorum-type": "server"}, "80%", True),
        (0, {"cluster.server-quorum-type": "server"}, "80%", False),
        (3, {}, "", False),
    ],
)
def test_nobody_leaves_where_server_quorum_would_be_lost(
    down: int, options: dict[str, str], ratio: str, refused: bool
) -> None:
    peers = tuple(peer(f"node{n}", connected=n > 1 + down or n == 1) for n in range(1, 7))
    facts = cluster(
        volume("1", options=options),
        peers=peers,
        pool_options={"cluster.server-quorum-ratio": ratio},
    )

    if refused:
        assert peers_refused(facts, "node6", state="absent", force=True) == "quorum_lost"
    else:
        assert peers_plan(facts, "node6", state="absent", force=True).steps


# --- whole runs


def run(pool: Glusterd, kill_at: int | None = None, **given: Any) -> tuple[Any, PoolHost]:
    machine = PoolHost(pool, kill_at)
    return live(peer_life(**given), machine, check_mode=False), machine


def members(pool: Glusterd) -> set[str]:
    return {machine.name for machine in pool.machines.values() if machine.in_pool}


NODES = ["node1", "node2", "node3", "node4", "node1.example"]


def test_pool_is_made_and_left_alone_the_second_time() -> None:
    pool = Glusterd(nodes=1, strangers=3)

    first, _machine = run(pool, nodes=NODES)
    second, machine = run(pool, nodes=NODES)

    assert members(pool) == {"node1", "node2", "node3", "node4"}
    assert (first["changed"], second["changed"]) == (True, False)
    assert len(machine.calls) == 1
    assert first["diff"]["after"] == {"pool": ["node1", "node2", "node3", "node4"]} or first["diff"]


@pytest.mark.parametrize("kill_at", range(5))
def test_killed_run_is_finished_by_the_next(kill_at: int) -> None:
    pool = Glusterd(nodes=1, strangers=3)

    with pytest.raises(Killed):
        run(pool, kill_at, nodes=NODES)
    run(pool, nodes=NODES)

    assert members(pool) == {"node1", "node2", "node3", "node4"}


def test_silent_node_keeps_all_others_out() -> None:
    pool = Glusterd(nodes=1, strangers=3)
    pool.machines["node4"].answers = False

    with pytest.raises(Refusal):
        run(pool, nodes=NODES)

    assert members(pool) == {"node1"}


def test_nodes_leave_and_are_left_alone_the_second_time() -> None:
    pool = Glusterd(nodes=3, strangers=0)

    run(pool, nodes=["node2", "10.0.0.3"], state="absent")
    second, machine = run(pool, nodes=["node2", "node3"], state="absent")

    assert members(pool) == {"node1"}
    assert second["changed"] is False
    assert len(machine.calls) == 1


def test_dry_run_plans_the_same() -> None:
    pool = Glusterd(nodes=1, strangers=3)

    dry = live(peer_life(nodes=NODES), PoolHost(pool), check_mode=True)
    wet, _machine = run(pool, nodes=NODES)

    assert dry["plan"] == wet["plan"]
    assert dry["diff"] == wet["diff"]
