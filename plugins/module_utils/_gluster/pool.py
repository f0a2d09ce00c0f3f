# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The trusted storage pool: which nodes join, get further names, or leave. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import (
    Plan,
    Refusal,
    Step,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster import commands
from ansible_collections.clustered.storage.plugins.module_utils._gluster.gates import (
    WholePool,
    missing_peers,
    refuse_unhealthy_peer,
    refuse_unknown_host,
    wait_connected,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import (
    PEER_REJECTED,
    Cluster,
    Host,
    Peer,
    read_part,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.topology import names
from ansible_collections.clustered.storage.plugins.module_utils._gluster.wanted import WantedPeers

QUORUM_TYPE = "cluster.server-quorum-type"
QUORUM_RATIO = "cluster.server-quorum-ratio"


def plan_peers(cluster: Cluster, wanted: WantedPeers) -> Plan[Cluster]:
    """Probe what is missing, or detach what is to go, and wait until the pool shows it."""
    peers = read_part(cluster.peers, "peers")
    hosts = read_part(cluster.hosts, "hosts")
    nodes = tuple(hosts[name] for name in wanted.nodes)
    listed = {node.uuid for node in nodes if node.uuid}
    if not wanted.present:
        return plan_leave(cluster, [p for p in peers if p.uuid in listed], wanted)
    join = plan_join(cluster, nodes, wanted.timeout)
    aliases = alias_steps(peers, hosts, wanted.aliases)
    unlisted = [p for p in peers if p.uuid not in listed and not p.is_self]
    leave = plan_leave(join.after, unlisted if wanted.remove_unlisted else [], wanted)
    warnings = () if wanted.remove_unlisted else join.warnings
    after = named(leave.after, hosts, wanted.aliases)
    return Plan(cluster, after, (*join.steps, *aliases, *leave.steps), warnings)


def plan_join(cluster: Cluster, nodes: Iterable[Host], timeout: int) -> Plan[Cluster]:
    """Probe every node that is not in the pool; names of one machine are one peer."""
    peers = {peer.uuid: peer for peer in read_part(cluster.peers, "peers")}
    others = [node for node in nodes if not node.is_self]
    for node in others:
        refuse_rejected(peers, node)
    joining = distinct(node for node in others if not node.uuid)
    known = [peers[node.uuid].hostname for node in others if node.uuid]
    waiting = [name for name in known if not by_name(peers.values(), name).is_healthy]
    listed = {node.uuid for node in others}
    pool = WholePool(len(peers) + len(joining), unwell(peers.values()) - listed, timeout)
    steps = probe_steps(joining, waiting, known, pool)
    after = replace(cluster, peers=read_part(cluster.peers, "peers") + joined(joining))
    return Plan(cluster, after, steps, disconnected_warnings(peers.values(), waiting))


def alias_steps(
    peers: Iterable[Peer], hosts: Mapping[str, Host], aliases: Mapping[str, tuple[str, ...]]
) -> tuple[Step, ...]:
    """Probe a peer by each further name that the pool does not know it by yet."""
    steps = []
    for node, further in aliases.items():
        known = next((p.hostnames for p in peers if p.uuid == hosts[node].uuid), ())
        for name in further:
            refuse_other_machine(hosts[node], hosts[name])
            if name not in known and not hosts[node].is_self:
                why = f"the pool does not know {node} as {name}"
                steps.append(Step(why, commands.peer_probe(name)))
    return tuple(steps)


def refuse_other_machine(node: Host, alias: Host) -> None:
    """A further name leads to the same machine, or probing it would add another one."""
    same = alias.uuid == node.uuid and bool(node.uuid)
    if not same and set(alias.addresses).isdisjoint(node.addresses):
        raise Refusal(
            "not_an_alias",
            f"{alias.name} is not {node.name}: they resolve to different machines.",
            "Correct the names, or list the other machine in nodes.",
        )


def named(
    cluster: Cluster, hosts: Mapping[str, Host], aliases: Mapping[str, tuple[str, ...]]
) -> Cluster:
    """The cluster with the further names."""
    further = {hosts[node].uuid: found for node, found in aliases.items() if hosts[node].uuid}
    peers = tuple(
        peer
        if peer.is_self
        else replace(
            peer, hostnames=tuple(dict.fromkeys((*peer.hostnames, *further.get(peer.uuid, ()))))
        )
        for peer in read_part(cluster.peers, "peers")
    )
    return replace(cluster, peers=peers)


def refuse_rejected(peers: dict[str, Peer], node: Host) -> None:
    """A node that can not join: rejected by the pool, unknown, or silent."""
    if not node.uuid:
        refuse_unknown_host(node)
    elif peers[node.uuid].state == PEER_REJECTED:
        refuse_unhealthy_peer(peers[node.uuid])


def distinct(nodes: Iterable[Host]) -> tuple[Host, ...]:
    """One name for each machine: the first of those that share an address."""
    seen: set[str] = set()
    found = []
    for node in nodes:
        if seen.isdisjoint(node.addresses):
            found.append(node)
        seen.update(node.addresses)
    return tuple(found)


def unwell(peers: Iterable[Peer]) -> frozenset[str]:
    """The UUIDs of peers that are down or not in the cluster."""
    return frozenset(peer.uuid for peer in peers if not peer.is_healthy)


def by_name(peers: Iterable[Peer], name: str) -> Peer:
    """The peer that has the name."""
    return next(peer for peer in peers if name in peer.hostnames)


def joined(nodes: Iterable[Host]) -> tuple[Peer, ...]:
    """The peers as they will be."""
    return tuple(Peer("", n.name, (n.name,), True, 3, "Peer in Cluster") for n in nodes)


def probe_steps(
    joining: tuple[Host, ...], waiting: list[str], known: list[str], pool: WholePool
) -> tuple[Step, ...]:
    """Probes, and waits until all nodes that were asked about see each other."""
    others = dict.fromkeys([*known, *(node.name for node in joining)])
    probes = tuple(
        Step(f"{node.name} is not in the pool", commands.peer_probe(node.name)) for node in joining
    )
    names_awaited = [node.name for node in joining] + waiting
    if not names_awaited:
        return ()
    wait = Step(
        f"wait until {', '.join(names_awaited)} is in the cluster and connected",
        commands.pool_list(),
        until=missing_peers(tuple(names_awaited), present=True),
        timeout_seconds=pool.timeout_seconds,
    )
    return (*probes, wait, *wait_connected(others, pool))


def disconnected_warnings(peers: Iterable[Peer], waiting: list[str]) -> tuple[str, ...]:
    """Peers that nobody asked about and that are not well."""
    return tuple(
        f"{peer.hostname} is in the pool but {peer.state_text}"
        + ("." if peer.connected else ", disconnected.")
        for peer in peers
        if not peer.is_healthy and peer.hostname not in waiting
    )


def plan_leave(cluster: Cluster, leaving: list[Peer], wanted: WantedPeers) -> Plan[Cluster]:
    """Detach the peers, if none of them holds bricks."""
    if not leaving:
        return Plan(cluster, cluster)
    peers = read_part(cluster.peers, "peers")
    for peer in leaving:
        refuse_self(peer)
        refuse_brick_host(cluster, peer)
    if not wanted.force:
        refuse_absent_peers(peers)
    refuse_lost_quorum(cluster, peers, leaving)
    left = tuple(peer for peer in peers if peer not in leaving)
    return Plan(cluster, replace(cluster, peers=left), leave_steps(leaving, wanted))


def leave_steps(leaving: list[Peer], wanted: WantedPeers) -> tuple[Step, ...]:
    """Detach them, and wait until the pool does not show them any more."""
    going = tuple(peer.hostname for peer in leaving)
    detach = [
        Step(f"{name} is to leave the pool", commands.peer_detach(name, force=wanted.force))
        for name in going
    ]
    wait = Step(
        f"wait until {', '.join(going)} has left the pool",
        commands.pool_list(),
        until=missing_peers(going, present=False),
        timeout_seconds=wanted.timeout,
    )
    return (*detach, wait)


def refuse_lost_quorum(cluster: Cluster, peers: Iterable[Peer], leaving: list[Peer]) -> None:
    """With server quorum glusterd kills the bricks when too few of the nodes are connected."""
    volumes = read_part(cluster.volumes, "volumes")
    guarded = [v.name for v in volumes if v.options.get(QUORUM_TYPE) == "server"]
    left = [peer for peer in peers if peer not in leaving]
    connected = sum(peer.connected for peer in left)
    if not guarded or connected == len(left):
        return
    ratio = read_part(cluster.pool_options, "pool_options").get(QUORUM_RATIO, "")
    percent = int(ratio.rstrip("%") or 0) if ratio.rstrip("%").isdigit() else 0
    # Without a ratio more than half is needed.
    if 100 * connected < percent * len(left) or 2 * connected <= len(left):
        raise Refusal(
            "quorum_lost",
            f"Only {connected} of {len(left)} nodes would be connected: server quorum would stop "
            f"the bricks of {', '.join(guarded)}.",
            "Bring the disconnected nodes back, or detach those first.",
        )


def refuse_self(peer: Peer) -> None:
    """A node can not detach itself."""
    if peer.is_self:
        raise Refusal(
            "is_self",
            "This node can not take itself out of the pool.",
            "Run the task on another node of the pool.",
        )


def refuse_brick_host(cluster: Cluster, peer: Peer) -> None:
    """A node that holds bricks stays: its files would be lost to the volumes."""
    for volume in read_part(cluster.volumes, "volumes"):
        held = [brick for brick in volume.bricks if brick.host_uuid == peer.uuid]
        if held:
            raise Refusal(
                "holds_bricks",
                f"{peer.hostname} holds bricks of volume {volume.name}: {names(held)}.",
                "Move them first: gluster_volume with replace_bricks, or without them and "
                "shrink: migrate.",
            )


def refuse_absent_peers(peers: Iterable[Peer]) -> None:
    """Without force every peer has to hear of a change of the pool."""
    down = [peer.hostname for peer in peers if not peer.is_healthy]
    if down:
        raise Refusal(
            "peer_down",
            f"Not connected: {', '.join(down)}.",
            "Bring it back, or give force: true to detach while a node is gone for good.",
        )
