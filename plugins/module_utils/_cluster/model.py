# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Pacemaker says about the cluster.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

# What DRBD's own fence-peer handler writes; it goes when the peer is up to date again.
HANDLER_PREFIX = "drbd-fence-by-handler-"
PROMOTED = ("Promoted", "Master")
STARTED = ("Started", "Promoted", "Master", "Unpromoted", "Slave")


@dataclass(frozen=True)
class Instance:
    """One running or stopped instance of a resource; ``within`` are its clones and groups.

    ``agent`` is in Pacemaker's words: ocf::linbit:drbd, stonith:fence_ipmilan (2.1.6 and later
    write ocf: with one colon). ``trouble`` says what speaks against it: failed, blocked, orphaned.
    """

    id: str
    agent: str
    role: str
    nodes: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    trouble: str = ""
    is_managed: bool = True

    @property
    def is_active(self) -> bool:
        """Whether it runs, in whatever role, and nothing speaks against it."""
        return self.role in STARTED and bool(self.nodes) and not self.trouble

    @property
    def is_promoted(self) -> bool:
        """Whether it runs promoted; a DRBD resource is Primary then."""
        return self.is_active and self.role in PROMOTED


@dataclass(frozen=True)
class FenceDevice:
    """A fence device; ``pretends`` is one that claims success on a living node.

    ``unsuited`` is one that can not fence for DRBD by itself: it reserves a shared disk, or asks
    the node's own crash kernel. ``targets`` are the nodes that it fences, None where it is asked.
    """

    id: str
    agent: str
    started_on: tuple[str, ...] = ()
    pretends: bool = False
    unsuited: bool = False
    trouble: str = ""
    targets: tuple[str, ...] | None = None

    def fences(self, node: str) -> bool:
        """Whether it may fence a node, as far as the CIB says."""
        return self.targets is None or node in self.targets


@dataclass(frozen=True)
class Failure:
    """An operation that failed on a node, and Pacemaker's words for why."""

    resource: str
    node: str
    task: str
    words: str


@dataclass(frozen=True)
class Node:
    """A member of the cluster; ``state`` is online, standby, maintenance, pending, unclean, off."""

    name: str
    state: str

    @property
    def is_online(self) -> bool:
        """Whether it takes part; what runs there is another question."""
        return self.state in ("online", "standby", "maintenance")


@dataclass(frozen=True)
class Cluster:
    """What Pacemaker says here. ``cib`` is the CIB as it was read; it may hold passwords.

    ``drbd_resources`` are the DRBD resources that a primitive ocf:linbit:drbd manages,
    ``fence_constraints`` the ids of what DRBD's fence-peer handler has put in. ``tells_times`` is
    whether the states of nodes are times, as since Pacemaker 2.1.7, and not words.
    """

    name: str
    members: tuple[Node, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    stonith_enabled: bool = True
    fence_devices: tuple[FenceDevice, ...] = ()
    drbd_resources: tuple[str, ...] = ()
    fence_constraints: tuple[str, ...] = ()
    instances: tuple[Instance, ...] = ()
    failures: tuple[Failure, ...] = ()
    has_dc: bool = False
    has_quorum: bool = False
    tells_times: bool = False
    cib: str = field(default="", repr=False)

    @property
    def nodes(self) -> tuple[str, ...]:
        """The names of all members, sorted."""
        return tuple(sorted(node.name for node in self.members))

    @property
    def online(self) -> tuple[str, ...]:
        """The names of the members that take part now, sorted."""
        return tuple(sorted(node.name for node in self.members if node.is_online))


def active_on(instances: Iterable[Instance], resource: str) -> tuple[str, ...]:
    """The nodes on which a resource, or what a clone or group of that id holds, runs."""
    return nodes_of(one for one in instances if one.is_active and is_of(one, resource))


def promoted_on(instances: Iterable[Instance], resource: str) -> tuple[str, ...]:
    """The nodes on which it runs promoted."""
    return nodes_of(one for one in instances if one.is_promoted and is_of(one, resource))


def is_of(instance: Instance, resource: str) -> bool:
    """Whether it is an instance of that resource, or of one in that clone or group."""
    return resource in (instance.id, *instance.within)


def nodes_of(instances: Iterable[Instance]) -> tuple[str, ...]:
    """The nodes that they run on, sorted."""
    return tuple(sorted({node for one in instances for node in one.nodes}))
