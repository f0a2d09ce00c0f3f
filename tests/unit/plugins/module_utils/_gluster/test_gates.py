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
from ansible_collections.clustered.storage.plugins.module_utils._gluster.parse import parse_pool
from ansible_collections.clustered.storage.plugins.module_utils._gluster.wanted import Policy
from helpers.build import bricks, cluster, counts, host, peer, volume
from helpers.recordings import VERSIONS, recording

DISPERSE = Layout(disperses=3, redundancies=1)


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
    assert gates.missing_heal(3)(recording(version, name).stdout) == words


def summary(*names: str) -> str:
    """A heal summary with nothing pending on these bricks."""
    rows = "".join(
        f"<brick><name>{name}</name><totalNumberOfEntries>0</totalNumberOfEntries></brick>"
        for name in names
    )
    return f"<cliOutput><healInfo><bricks>{rows}</bricks></healInfo></cliOutput>"


@pytest.mark.parametrize(
    ("rows", "count", "words"),
    [
        ((), 2, "0 of 2 bricks answered"),
        (("a:/b",), 2, "1 of 2 bricks answered"),
        (("a:/b", "c:/b", "d:/b"), 2, "3 of 2 bricks answered"),
        (("a:/b", "c:/b"), 2, ""),
    ],
)
def test_summary_of_other_than_all_bricks_is_not_healed(
    rows: tuple[str, ...], count: int, words: str
) -> None:
    assert gates.missing_heal(count)(summary(*rows)) == words


def test_healed_summary_with_a_missing_row_is_not_healed(version: str) -> None:
    """Right after a replacement the summary may lack the new brick."""
    assert gates.missing_heal(4)(recording(version, "heal_healed").stdout) == (
        "3 of 4 bricks answered"
    )


@pytest.mark.parametrize(
    ("layout", "timeout", "waits"),
    [
        (Layout(3), 60, ["status", "heal"]),
        (DISPERSE, 60, ["status", "heal"]),
        (Layout(3), 0, ["status"]),
        (DISPERSE, 0, ["status"]),
        (Layout(), 60, []),
        (Layout(), 0, []),
    ],
)
def test_copies_are_awaited_where_there_are_any(
    layout: Layout, timeout: int, waits: list[str]
) -> None:
    """That new bricks run is awaited even where nobody waits for their copies."""
    facts, policy = volume("1 2 3", layout), Policy(heal_timeout=timeout)

    filled = gates.wait_filled(facts, bricks("3"), 3, policy)

    assert [step.command[4] for step in filled] == waits
    assert [step.command[4] for step in gates.wait_healed(facts, 3, policy)] == waits[1:]


@pytest.mark.parametrize(("layout", "steady"), [(Layout(3), False), (DISPERSE, True)])
def test_healing_of_disperse_sets_has_to_be_seen_to_last(layout: Layout, steady: bool) -> None:
    """The daemon marks nothing until it has connected to a new brick."""
    (step,) = gates.wait_healed(volume("1 2 3", layout), 3, Policy(heal_timeout=60))

    assert step.steady_seconds == (gates.STEADY_SECONDS if steady else 0)
    assert step.timeout_seconds == 60 + step.steady_seconds
    assert step.nudge == ("gluster", "--mode=script", "volume", "heal", "vol")


def test_healing_waits_for_exactly_the_bricks_there_are_by_then() -> None:
    (step,) = gates.wait_healed(volume("1 2 3", Layout(3)), 2, Policy(heal_timeout=60))

    assert step.until is not None
    assert step.until(summary("a:/b", "c:/b")) == ""
    assert step.until(summary("a:/b", "c:/b", "d:/b")) == "3 of 2 bricks answered"


# --- new bricks and self-heal daemons


@pytest.mark.parametrize(
    ("name", "names", "words"),
    [
        ("status_online", ["node1", "node2", "node3"], ""),
        ("status_online", ["node9"], "not online: node9:/bricks/rep3/brick"),
        ("status_brick_down", ["node1", "node2"], ""),
        ("status_brick_down", ["node1", "node3"], "not online: node3:/bricks/rep3/brick"),
        ("status_node_down", ["node3"], "not online: node3:/bricks/rep3/brick"),
    ],
)
def test_new_brick_is_awaited(version: str, name: str, names: list[str], words: str) -> None:
    missing = gates.missing_online([f"{node}:/bricks/rep3/brick" for node in names])

    assert missing(recording(version, name).stdout) == words


@pytest.mark.parametrize("status", ["0", "-1", "N/A", ""])
def test_self_heal_daemon_that_does_not_run_is_awaited(version: str, status: str) -> None:
    """Both of the brick and of the daemon have to run: the rows are told apart by their names."""
    head, daemon, tail = recording(version, "status_online").stdout.partition("Self-heal Daemon")
    stopped = head + daemon + tail.replace("<status>1<", f"<status>{status}<", 1)

    missing = gates.missing_online(["node1:/bricks/rep3/brick"])

    assert missing(stopped) == "not online: self-heal daemon of localhost"


def test_bricks_are_awaited_before_their_copies() -> None:
    facts = volume("1 2 3", Layout(3))

    online, healed = gates.wait_filled(facts, bricks("3"), 3, Policy(heal_timeout=60))

    assert "node3:/b/brick" in online.why
    assert online.command[-3:] == ("volume", "status", "vol")
    assert (online.timeout_seconds, online.steady_seconds) == (60, 0)
    assert healed.command[-2:] == ("info", "summary")


@pytest.mark.parametrize("name", gates.HEALERS)
@pytest.mark.parametrize("value", ["off", "OFF", "disable", "no", "false", "0"])
def test_healing_that_is_turned_off_refuses(name: str, value: str) -> None:
    error = refused(gates.refuse_disabled_heal, volume("1 2", Layout(2), options={name: value}))

    assert error.reason == "heal_disabled"
    assert name in str(error)


@pytest.mark.parametrize("options", [{}, {"cluster.self-heal-daemon": "on"}, {"other": "off"}])
def test_healing_that_is_on_is_accepted(options: dict[str, str]) -> None:
    gates.refuse_disabled_heal(volume("1 2", Layout(2), options=options))


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
        ([node("a", "failed")], {"uuid-a"}, "rebalance", "a: failed"),
        (
            [node("a", "fix-layout failed"), node("b")],
            {"uuid-a"},
            "rebalance",
            "a: fix-layout failed",
        ),
    ],
)
def test_task_is_awaited(nodes: list[TaskNode], hosts: set[str], kind: str, words: str) -> None:
    seen = gates.missing_task(hosts, kind)(task(*nodes))

    assert seen.startswith(words)
    assert bool(seen) == bool(words)


@pytest.mark.parametrize(
    ("nodes", "kind"),
    [
        ([node("a", "failed", failures=1)], "rebalance"),
        ([node("a", "fix-layout failed", skipped=1)], "rebalance"),
        ([node("a", "stopped")], "rebalance"),
        ([node("a", "failed")], "remove-brick"),
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


# --- as another node sees it


def pool_of(count: int, *ignored: str) -> gates.WholePool:
    return gates.WholePool(count, frozenset(ignored), 60)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pool_three", ""),
        ("pool_disconnected", "node3: Peer in Cluster, disconnected"),
        ("pool_rejected", "node3: Peer Rejected, disconnected"),
    ],
)
def test_node_has_to_see_every_other(version: str, name: str, words: str) -> None:
    assert gates.missing_connected(pool_of(3))(recording(version, name).stdout) == words


def test_node_that_is_known_to_be_down_is_not_awaited(version: str) -> None:
    answer = recording(version, "pool_disconnected").stdout
    down = [found.uuid for found in parse_pool(answer) if not found.is_healthy]

    assert len(down) == 1
    assert gates.missing_connected(pool_of(3, *down))(answer) == ""


def test_node_that_has_not_heard_of_another_is_awaited(version: str) -> None:
    """Its list says nothing bad of a node that it does not know yet."""
    missing = gates.missing_connected(pool_of(4))

    assert missing(recording(version, "pool_three").stdout) == "it knows 3 of 4 nodes"


def test_each_node_is_asked_itself() -> None:
    steps = gates.wait_connected(["node2", "fd00::2"], pool_of(3))

    assert [step.command[3] for step in steps] == ["--remote-host=node2", "--remote-host=fd00::2"]
    assert all(step.until and step.timeout_seconds == 60 for step in steps)
