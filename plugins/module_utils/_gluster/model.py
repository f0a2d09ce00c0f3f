# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GlusterFS in its own words: pool, volumes, bricks, healing.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Unread

Part = TypeVar("Part")

# enum glusterd_friend_sm_state, xlators/mgmt/glusterd/src/glusterd-sm.h
PEER_IN_CLUSTER = 3
PEER_REJECTED = 6

# The volume option in which an unfinished topology change is remembered. It lives in the pool, so
# that a run that was killed is taken up from any node, and is seen by the one read of every run.
UNFINISHED = "user.clustered-storage.unfinished"


@dataclass(frozen=True)
class Peer:
    """A node of the trusted storage pool; ``is_self`` is the one we run on."""

    uuid: str
    hostname: str
    hostnames: tuple[str, ...]
    connected: bool
    state: int
    state_text: str
    is_self: bool = False

    @property
    def is_healthy(self) -> bool:
        """Whether it is in the cluster and connected."""
        return self.connected and self.state == PEER_IN_CLUSTER


@dataclass(frozen=True)
class Brick:
    """A directory on a node; ``host_uuid`` is "" while the node is not in the pool."""

    host: str
    path: str
    host_uuid: str = ""

    @property
    def name(self) -> str:
        """``host:path``, as glusterd is told and tells."""
        return f"{self.host}:{self.path}"

    @property
    def host_id(self) -> str:
        """What is equal for two bricks on the same machine."""
        return self.host_uuid or self.host

    @property
    def key(self) -> tuple[str, str]:
        """What is equal for two names of the same brick."""
        return (self.host_id, self.path)


@dataclass(frozen=True)
class Layout:
    """How bricks make up replica or disperse sets; counts as the CLI takes them.

    ``replicas`` includes the arbiter; 1 means distribute. ``disperses`` 0 means no disperse.
    """

    replicas: int = 1
    arbiters: int = 0
    disperses: int = 0
    redundancies: int = 0

    @property
    def set_size(self) -> int:
        """Bricks in one replica or disperse set; 1 for distribute."""
        return self.disperses or self.replicas

    @property
    def text(self) -> str:
        """In words, for messages."""
        if self.disperses:
            return f"disperse {self.disperses} redundancy {self.redundancies}"
        if self.replicas == 1:
            return "distribute"
        return f"replica {self.replicas}" + (" arbiter 1" if self.arbiters else "")


@dataclass(frozen=True)
class Volume:
    """A volume as ``volume info`` shows it; ``status`` is created, started or stopped."""

    name: str
    id: str
    status: str
    transport: str
    layout: Layout
    bricks: tuple[Brick, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    snapshots: int = 0

    @property
    def sets(self) -> tuple[tuple[Brick, ...], ...]:
        """The bricks by replica or disperse set."""
        return brick_sets(self.bricks, self.layout)

    @property
    def unfinished(self) -> str:
        """What an interrupted run still has to do, as it was noted; "" for nothing.

        Words joined by "+": remove-brick, fix-layout, full, and heal with the bricks that are being
        filled, as in ``heal=node1:/b,node2:/b``.
        """
        kind = self.options.get(UNFINISHED, "none")
        return "" if kind == "none" else kind

    @property
    def unfinished_kinds(self) -> tuple[str, ...]:
        """The kinds of what is unfinished, without the bricks."""
        words = self.unfinished.split("+") if self.unfinished else []
        return tuple(word.partition("=")[0] for word in words)

    @property
    def filling(self) -> frozenset[str]:
        """The names of bricks that an interrupted run was about to fill, or is filling.

        Without names it may be any of them.
        """
        for word in self.unfinished.split("+"):
            kind, _sign, names = word.partition("=")
            if kind == "heal":
                return frozenset(names.split(",") if names else (b.name for b in self.bricks))
        return frozenset()


def brick_sets(bricks: tuple[Brick, ...], layout: Layout) -> tuple[tuple[Brick, ...], ...]:
    """The bricks cut into sets of the layout's size, in their order."""
    size = layout.set_size
    return tuple(bricks[start : start + size] for start in range(0, len(bricks), size))


@dataclass(frozen=True)
class BrickStatus:
    """A brick process as ``volume status`` shows it."""

    host: str
    path: str
    host_uuid: str
    online: bool
    port: int | None
    pid: int | None

    @property
    def key(self) -> tuple[str, str]:
        """The brick it belongs to."""
        return (self.host_uuid, self.path)


@dataclass(frozen=True)
class HealCount:
    """What ``heal info summary`` says of a brick; None where it could not tell."""

    brick: str
    host_uuid: str
    status: str
    pending: int | None
    split_brain: int | None


@dataclass(frozen=True)
class Task:
    """A long operation on a volume: its kind is rebalance or remove-brick."""

    kind: str
    id: str
    status: str
    bricks: tuple[str, ...] = ()


@dataclass(frozen=True)
class TaskNode:
    """A node's part in a rebalance or remove-brick: files moved, failed and skipped."""

    host: str
    host_uuid: str
    status: str
    files: int
    failures: int
    skipped: int


@dataclass(frozen=True)
class Quota:
    """A limit on a directory of a volume, in bytes; ``soft_percent`` None leaves the default."""

    path: str
    hard_bytes: int
    soft_percent: int | None = None


@dataclass(frozen=True)
class Directory:
    """A local directory seen as a possible brick.

    ``files`` counts everything in it but an empty ``.glusterfs``; ``volume_id`` is the mark that
    glusterd left on it, "" for none; ``marked_parent`` is the nearest directory above that carries
    such a mark, "" for none; ``missing_parent`` says that the directory above does not exist.
    """

    path: str
    exists: bool
    files: int
    has_inner: bool
    volume_id: str
    marked_parent: str
    is_mount_point: bool
    on_root: bool
    missing_parent: bool = False


@dataclass(frozen=True)
class Host:
    """How the machine we run on sees a host name.

    ``uuid`` is "" for a machine that is not in the pool; only for such a one ``answers`` says
    whether a glusterd listens there.
    """

    name: str
    uuid: str
    is_self: bool
    addresses: tuple[str, ...]
    answers: bool


@dataclass(frozen=True)
class Cluster:
    """Everything a plan may look at. None is not "nothing" but "not read yet"."""

    volumes: tuple[Volume, ...] | None = None
    peers: tuple[Peer, ...] | None = None
    hosts: Mapping[str, Host] | None = None
    statuses: tuple[BrickStatus, ...] | None = None
    tasks: tuple[Task, ...] | None = None
    heal: tuple[HealCount, ...] | None = None
    heal_entries: Mapping[str, frozenset[str]] | None = None
    option_names: tuple[str, ...] | None = None
    option_group: Mapping[str, str] | None = None
    pool_options: Mapping[str, str] | None = None
    quotas: tuple[Quota, ...] | None = None
    directories: Mapping[str, Directory] | None = None
    release: str | None = None

    def volume(self, name: str) -> Volume | None:
        """The volume of that name, if there is one."""
        return next((v for v in read_part(self.volumes, "volumes") if v.name == name), None)


def read_part(part: Part | None, name: str) -> Part:
    """A part of the cluster; raises Unread when it has to be read first."""
    if part is None:
        raise Unread(name)
    return part
