# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to be true before a change, and what is awaited after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal
from ansible_collections.clustered.storage.plugins.module_utils._gluster import gates
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import (
    Layout,
    Peer,
    TaskNode,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.wanted import Policy
from helpers.build import bricks, cluster, counts, host, peer, volume
from helpers.recordings import VERSIONS, recording


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """Each version of which there are recordings."""
    return request.param


def refused(check: Callable[..., None], *facts: Any) -> Refusal:
    with pytest.raises(Refusal) as raised:
        check(*facts)
    return raised.value


def task(*nodes: TaskNode) -> str:
    rows = "".join(
        f"<node><nodeName>{n.host}</nodeName><id>{n.host_uuid}</id><files>{n.files}</files>"
        f"<failures>{n.failures}</failures><skipped>{n.skipped}</skipped>"
        f"<statusStr>{n.status}</statusStr></node>"
        for n in nodes
    )
    return f"<cliOutput><volRebalance>{rows}</volRebalance></cliOutput>"


def node(name: str, status: str = "completed", failures: int = 0, skipped: int = 0) -> TaskNode:
    return TaskNode(name, f"uuid-{name}", status, 5, failures, skipped)


# --- machines


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"state": 6, "state_text": "Peer Rejected"}, "peer_rejected"),
        ({"connected": False}, "peer_down"),
        ({"state": 4, "state_text": "Accepted peer request"}, "peer_down"),
    ],
)
def test_peer_that_is_not_well_refuses(changes: dict[str, Any], reason: str) -> None:
    assert refused(gates.refuse_unhealthy_peer, peer("node2", **changes)).reason == reason


def test_healthy_peer_is_accepted() -> None:
    gates.refuse_unhealthy_peer(peer("node2"))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"addresses": ()}, "unknown_host"), ({"answers": False}, "host_unreachable")],
)
def test_host_that_can_not_join_refuses(changes: dict[str, Any], reason: str) -> None:
    assert refused(gates.refuse_unknown_host, host("node7", **changes)).reason == reason


def test_stranger_is_refused_unless_it_joins() -> None:
    facts = cluster()

    error = refused(gates.refuse_unready_hosts, facts, bricks("7"), ())
    gates.refuse_unready_hosts(facts, bricks("7"), ("node7",))

    assert error.reason == "not_in_pool"


def test_peer_of_a_brick_has_to_be_well() -> None:
    peers = (peer("node1"), peer("node2", connected=False))
    facts = cluster(peers=peers)

    gates.refuse_unready_hosts(facts, bricks("1"), ())

    assert refused(gates.refuse_unready_hosts, facts, bricks("1 2"), ()).reason == "peer_down"


# --- bricks and copies


def test_offline_brick_refuses() -> None:
    facts = cluster(volume("1 2"), down="2")

    error = refused(gates.refuse_offline_bricks, facts, bricks("1 2"))

    assert (error.reason, "node2:/b/brick" in str(error)) == ("brick_down", True)


def test_brick_without_a_row_is_offline() -> None:
    facts = cluster(volume("1"))

    assert refused(gates.refuse_offline_bricks, facts, bricks("1 2")).reason == "brick_down"


@pytest.mark.parametrize(
    ("pending", "split", "reason"), [(3, 1, "split_brain"), (None, None, "heal_unknown")]
)
def test_copies_that_can_not_be_relied_on_refuse(
    pending: int | None, split: int | None, reason: str
) -> None:
    facts = counts(bricks("1 2"), pending, split)

    assert refused(gates.refuse_split_brain, facts, ()).reason == reason


def test_unknown_brick_that_is_given_up_is_accepted() -> None:
    gates.refuse_split_brain(counts(bricks("2"), None, None), ("node2:/b/brick",))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("heal_healed", ""),
        ("heal_pending", "12 entries to heal"),
        ("heal_brick_down", "no answer from node3:/bricks/rep3/brick"),
        ("heal_node_down", "no answer from node3:/bricks/rep3/brick"),
    ],
)
def test_healing_is_awaited(version: str, name: str, words: str) -> None:
    assert gates.missing_heal(recording(version, name).stdout) == words


def test_summary_without_bricks_is_not_healed() -> None:
    assert gates.missing_heal("<cliOutput><healInfo><bricks/></healInfo></cliOutput>")


@pytest.mark.parametrize(
    ("layout", "timeout", "waits"),
    [(Layout(3), 60, 1), (Layout(3), 0, 0), (Layout(), 60, 0)],
)
def test_copies_are_awaited_where_there_are_any(layout: Layout, timeout: int, waits: int) -> None:
    steps = gates.wait_healed(volume("1 2 3", layout), Policy(heal_timeout=timeout))

    assert len(steps) == waits


# --- tasks


@pytest.mark.parametrize(
    ("nodes", "hosts", "kind", "words"),
    [
        ([node("a")], {"uuid-a"}, "rebalance", ""),
        ([node("a", "fix-layout completed")], {"uuid-a"}, "rebalance", ""),
        ([node("a", "in progress")], {"uuid-a"}, "rebalance", "a at work, 5 files moved"),
        ([node("a", "not started")], {"uuid-a"}, "rebalance", "a at work, 5 files moved"),
        ([node("a", "something new")], {"uuid-a"}, "rebalance", "a at work, 5 files moved"),
        ([], {"uuid-a"}, "rebalance", "1 nodes have not reported, 0 files moved"),
        ([node("a")], {"uuid-a", "uuid-b"}, "remove-brick", "1 nodes have not reported"),
        ([node("a", skipped=2)], {"uuid-a"}, "rebalance", ""),
        ([node("a", "in progress", 1)], {"uuid-a"}, "remove-brick", "a at work"),
    ],
)
def test_task_is_awaited(nodes: list[TaskNode], hosts: set[str], kind: str, words: str) -> None:
    seen = gates.missing_task(hosts, kind)(task(*nodes))

    assert seen.startswith(words)
    assert bool(seen) == bool(words)


@pytest.mark.parametrize(
    ("nodes", "kind"),
    [
        ([node("a", "failed")], "rebalance"),
        ([node("a", "fix-layout failed")], "rebalance"),
        ([node("a", "stopped"), node("b", "in progress")], "remove-brick"),
        ([node("a", failures=1)], "remove-brick"),
        ([node("a"), node("b", skipped=3)], "remove-brick"),
    ],
)
def test_task_that_left_files_behind_fails(nodes: list[TaskNode], kind: str) -> None:
    with pytest.raises(StorageError) as raised:
        gates.missing_task({"uuid-a"}, kind)(task(*nodes))

    assert raised.value.reason == "migration_failed"
    assert "Every file is still in the volume" in raised.value.remedy


@pytest.mark.parametrize(
    ("name", "is_over"),
    [
        ("rebalance_running", False),
        ("rebalance_completed", True),
        ("remove_running", False),
        ("remove_completed", True),
    ],
)
def test_real_task_is_awaited(version: str, name: str, is_over: bool) -> None:
    missing = gates.missing_task((), name.partition("_")[0])

    assert (missing(recording(version, name).stdout) == "") is is_over


# --- peers


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pool_three", ""),
        ("pool_one", "node2: not in the pool, node3: not in the pool"),
        ("pool_disconnected", "node3: Peer in Cluster, disconnected"),
        ("pool_rejected", "node3: Peer Rejected, disconnected"),
    ],
)
def test_peers_are_awaited(version: str, name: str, words: str) -> None:
    missing = gates.missing_peers(("node2", "node3"), present=True)

    assert missing(recording(version, name).stdout) == words


@pytest.mark.parametrize(
    ("name", "words"), [("pool_one", ""), ("pool_three", "node3 is still there")]
)
def test_leaving_peers_are_awaited(version: str, name: str, words: str) -> None:
    missing = gates.missing_peers(("node3",), present=False)

    assert missing(recording(version, name).stdout) == words


def test_peer_is_described() -> None:
    gone = Peer("u", "a", ("a",), False, 3, "Peer in Cluster")

    assert gates.describe_peer(gone) == "Peer in Cluster, disconnected"
