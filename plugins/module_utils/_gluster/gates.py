# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The conditions that a topology change begins with and waits for. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal, Step
from ansible_collections.clustered.storage.plugins.module_utils._gluster import commands
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import (
    PEER_REJECTED,
    Brick,
    Cluster,
    HealCount,
    Host,
    Peer,
    TaskNode,
    Volume,
    read_part,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.options import OFF
from ansible_collections.clustered.storage.plugins.module_utils._gluster.parse import (
    parse_heal,
    parse_healers_down,
    parse_pool,
    parse_status,
    parse_task_nodes,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.wanted import Policy

# Options that turn the self-heal daemons off.
HEALERS = (
    "cluster.self-heal-daemon",
    "cluster.disperse-self-heal-daemon",
    "disperse.self-heal-daemon",
)
# Ten times what the daemon needs to notice a new brick.
STEADY_SECONDS = 30
ONLINE_SECONDS = 60

# How a task ends (gf_defrag_status_t as the CLI spells it); everything else is still going on.
DONE = frozenset({"completed", "fix-layout completed"})
FAILED = frozenset({"failed", "fix-layout failed"})
BROKEN = FAILED | {"stopped", "fix-layout stopped"}


@dataclass(frozen=True)
class WholePool:
    """How many nodes each node has to list; which of them, by UUID, may be down; how long to wait.

    Those that may be down have no part in what is about to be done.
    """

    count: int
    ignored: frozenset[str]
    timeout_seconds: int


def refuse_unready_hosts(
    cluster: Cluster, bricks: Iterable[Brick], joining: Collection[str]
) -> None:
    """Every machine that has a part in a change is in the pool and connected."""
    peers = {peer.uuid: peer for peer in read_part(cluster.peers, "peers")}
    hosts = read_part(cluster.hosts, "hosts")
    for name, uuid in {brick.host: brick.host_uuid for brick in bricks}.items():
        if uuid in peers:
            refuse_unhealthy_peer(peers[uuid])
        else:
            refuse_unknown_host(hosts[name])
            refuse_stranger(name, joining)


def refuse_stranger(name: str, joining: Collection[str]) -> None:
    """A machine outside of the pool holds no bricks, unless it is about to join."""
    if name not in joining:
        raise Refusal(
            "not_in_pool",
            f"{name} is not in the trusted storage pool.",
            "Add it with clustered.storage.gluster_peer first.",
        )


def refuse_unknown_host(host: Host) -> None:
    """A machine that is to join resolves and has a glusterd that answers."""
    if not host.addresses:
        raise Refusal(
            "unknown_host",
            f"The name {host.name} does not resolve on this machine.",
            "Correct the name, or add it to DNS or /etc/hosts on every node.",
        )
    if not host.answers and not host.is_self:
        raise Refusal(
            "host_unreachable",
            f"Nothing answers at {host.name} ({', '.join(host.addresses)}), TCP port 24007.",
            "Start glusterd there and let the firewall pass 24007 and 49152-60999 between nodes.",
        )


def refuse_unhealthy_peer(peer: Peer) -> None:
    """A peer takes part only when it is in the cluster and connected."""
    if peer.state == PEER_REJECTED:
        raise Refusal(
            "peer_rejected",
            f"The pool rejects {peer.hostname}: its idea of the volumes differs from ours.",
            "On that node stop glusterd, keep /var/lib/glusterd/glusterd.info, move the rest of "
            "/var/lib/glusterd aside, start glusterd and probe it again from a healthy node.",
        )
    if not peer.is_healthy:
        seen = peer.state_text if peer.connected else "disconnected"
        raise Refusal(
            "peer_down",
            f"{peer.hostname} is {seen}.",
            "Bring it back before anything is changed on its bricks.",
        )


def refuse_offline_bricks(cluster: Cluster, bricks: Iterable[Brick]) -> None:
    """Every brick that holds data which has to survive is online."""
    online = {s.key for s in read_part(cluster.statuses, "statuses") if s.online}
    down = [brick.name for brick in bricks if brick.key not in online]
    if down:
        raise Refusal(
            "brick_down",
            f"Not online: {', '.join(down)}.",
            "Bring it back (gluster volume start NAME force on a healthy disk), or name it in "
            "replace_bricks if it is lost.",
        )


def refuse_split_brain(counts: Iterable[HealCount], ignored: Collection[str]) -> None:
    """A file in split brain has no good copy that a change could rely on."""
    for count in counts:
        if count.split_brain:
            raise Refusal(
                "split_brain",
                f"{count.split_brain} files are in split brain on {count.brick}.",
                "See gluster volume heal NAME info split-brain and resolve each file first.",
            )
        if count.pending is None and count.brick not in ignored:
            raise Refusal(
                "heal_unknown",
                f"{count.brick} does not say what is left to heal: {count.status}.",
                "Bring the brick back first; unknown is not healed.",
            )


def missing_heal(brick_count: int) -> Callable[[str], str]:
    """What a heal summary says is left; a brick that is missing or does not tell is not healed."""

    def missing(answer: str) -> str:
        counts = parse_heal(answer)
        if len(counts) != brick_count:
            return f"{len(counts)} of {brick_count} bricks answered"
        unknown = [count.brick for count in counts if count.pending is None]
        if unknown:
            return f"no answer from {', '.join(unknown)}"
        pending = sum(count.pending or 0 for count in counts)
        return f"{pending} entries to heal" if pending else ""

    return missing


def missing_online(bricks: Collection[str]) -> Callable[[str], str]:
    """Which of the bricks, and which self-heal daemons, a volume status does not show online."""

    def missing(answer: str) -> str:
        online = {f"{s.host}:{s.path}" for s in parse_status(answer) if s.online}
        down = [name for name in bricks if name not in online]
        down += [f"self-heal daemon of {host}" for host in parse_healers_down(answer)]
        return f"not online: {', '.join(down)}" if down else ""

    return missing


def missing_connected(pool: WholePool) -> Callable[[str], str]:
    """Which nodes another node does not list, or does not see connected."""

    def missing(answer: str) -> str:
        peers = parse_pool(answer)
        if len(peers) < pool.count:
            return f"it knows {len(peers)} of {pool.count} nodes"
        return ", ".join(
            f"{peer.hostname}: {describe_peer(peer)}"
            for peer in peers
            if not peer.is_healthy and peer.uuid not in pool.ignored
        )

    return missing


def wait_connected(hosts: Iterable[str], pool: WholePool) -> tuple[Step, ...]:
    """Wait until each of the nodes sees all the others: glusterd on every one has to agree."""
    return tuple(
        Step(
            f"wait until {host} is connected to every other node",
            commands.pool_list_of(host),
            until=missing_connected(pool),
            timeout_seconds=pool.timeout_seconds,
        )
        for host in hosts
    )


def missing_task(hosts: Collection[str], kind: str) -> Callable[[str], str]:
    """What a rebalance or remove-brick has to do still; raises when it can not succeed.

    Unknown is not done: each of the hosts has to report for itself, and no file may be left out.
    """

    def missing(answer: str) -> str:
        nodes = parse_task_nodes(answer)
        unfinished = [node.host for node in nodes if node.status not in DONE]
        refuse_broken_task(nodes, kind, bool(unfinished))
        silent = set(hosts) - {node.host_uuid for node in nodes}
        moved = sum(node.files for node in nodes)
        if silent:
            return f"{len(silent)} nodes have not reported, {moved} files moved"
        if is_lost(nodes, kind):
            return ", ".join(f"{node.host}: {node.status}" for node in nodes)
        return f"{', '.join(unfinished)} at work, {moved} files moved" if unfinished else ""

    return missing


def is_lost(nodes: Collection[TaskNode], kind: str) -> bool:
    """A rebalance that glusterd calls failed though no file was left: it may begin anew.

    So glusterd does when it misses the end of one while it begins another.
    """
    ended = {node.status for node in nodes if node.status in BROKEN}
    left = any(node.failures or node.skipped for node in nodes)
    return kind == "rebalance" and bool(ended) and ended <= FAILED and not left


def refuse_broken_task(nodes: Collection[TaskNode], kind: str, goes_on: bool) -> None:
    """A task that left files behind, or whose process ended without a word."""
    broken = any(node.status in BROKEN for node in nodes) and not is_lost(nodes, kind)
    left = sum(node.failures + node.skipped for node in nodes)
    where = ", ".join(f"{n.host}: {n.status}, {n.failures} failures" for n in nodes)
    if left and (broken or (kind == "remove-brick" and not goes_on)):
        raise StorageError(
            "migration_failed",
            f"The {kind} could not move {left} files ({where}).",
            "Every file is still in the volume. See the volume's rebalance log for the reason "
            "(no space, a brick down), mend it and run this again.",
        )
    if broken:
        raise StorageError(
            "migration_failed",
            f"The {kind} ended without saying that it is complete ({where}).",
            "Every file is still in the volume. Run this again: it begins anew.",
        )


def missing_peers(names: Collection[str], *, present: bool) -> Callable[[str], str]:
    """Which nodes a pool list does not show connected yet, or shows still."""

    def missing(answer: str) -> str:
        peers = {name: peer for peer in parse_pool(answer) for name in peer.hostnames}
        if not present:
            return ", ".join(f"{name} is still there" for name in names if name in peers)
        return ", ".join(
            f"{name}: {describe_peer(peers.get(name))}"
            for name in names
            if name not in peers or not peers[name].is_healthy
        )

    return missing


def describe_peer(peer: Peer | None) -> str:
    """A peer's state in words."""
    if peer is None:
        return "not in the pool"
    return peer.state_text + ("" if peer.connected else ", disconnected")


def refuse_disabled_heal(volume: Volume) -> None:
    """Without its daemon nothing makes the copies on a new brick."""
    off = [name for name in HEALERS if volume.options.get(name, "").lower() in OFF]
    if off:
        raise Refusal(
            "heal_disabled",
            f"Healing of {volume.name} is turned off ({', '.join(off)}).",
            "Turn it on: new bricks get their copies by healing.",
        )


def wait_filled(
    volume: Volume, bricks: Collection[Brick], brick_count: int, policy: Policy
) -> tuple[Step, ...]:
    """Wait until new bricks run and, unless nobody waits for that, have their copies."""
    if volume.layout.set_size == 1:
        return ()
    names = tuple(brick.name for brick in bricks)
    online = Step(
        f"wait until {', '.join(names)} is online",
        commands.volume_status(volume.name),
        until=missing_online(names),
        timeout_seconds=ONLINE_SECONDS,
        # Starts what does not run, a self-heal daemon that failed to take the volume on for one.
        nudge=commands.volume_start_missing(volume.name),
    )
    return (online, *wait_healed(volume, brick_count, policy))


def wait_healed(volume: Volume, brick_count: int, policy: Policy) -> tuple[Step, ...]:
    """Wait until every copy is complete; no step where there are no copies.

    A heal that fails once, as on a brick that was only just added, is tried again by the daemon
    after ten minutes (cluster.heal-timeout) unless it is asked to. In disperse sets nothing is
    marked as to be healed until the daemon has connected to a new brick, which it tries every
    three seconds (xlators/cluster/ec/src/ec.c): nothing left to heal has to be seen for a while.
    """
    if volume.layout.set_size == 1 or not policy.heal_timeout:
        return ()
    steady = STEADY_SECONDS if volume.layout.disperses else 0
    step = Step(
        f"wait until every brick of {volume.name} is healed",
        commands.heal_summary(volume.name),
        until=missing_heal(brick_count),
        timeout_seconds=policy.heal_timeout + steady,
        steady_seconds=steady,
        nudge=commands.heal(volume.name),
    )
    return (step,)
