# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DRBD resources as the kernel, the metadata on disk and the configuration show them.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import Device
from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import Cluster
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Unread

# The two grammars, by the generation of the kernel's part.
DIALECT_84, DIALECT_9 = "8.4", "9"
# Metadata that has never met a peer, drbd_int.h: UUID_JUST_CREATED.
FRESH_UUID = "0000000000000004"
# The lowest bit says that the node was Primary when the UUID was made: it is no part of the name.
PRIMARY_BIT = 1

PRIMARY, SECONDARY = "Primary", "Secondary"
CONNECTED, STANDALONE = "Connected", "StandAlone"
UP_TO_DATE, INCONSISTENT, DISKLESS = "UpToDate", "Inconsistent", "Diskless"
UNKNOWN_DISK = "DUnknown"
ESTABLISHED, OFF = "Established", "Off"


@dataclass(frozen=True)
class PeerVolume:
    """A volume as it is on the other side of a connection; None for what is not told."""

    number: int
    replication: str = OFF
    disk: str = UNKNOWN_DISK
    out_of_sync_kib: int | None = None
    percent_done: float | None = None
    mib_per_second: float | None = None
    seconds_left: int | None = None
    suspended: str = ""

    @property
    def is_syncing(self) -> bool:
        """Whether data are being copied, or wait for it."""
        return self.replication not in (OFF, ESTABLISHED)


@dataclass(frozen=True)
class Connection:
    """The connection to one peer; 8.4 does not tell the peer's name."""

    peer: str
    state: str
    role: str = "Unknown"
    volumes: tuple[PeerVolume, ...] = ()

    @property
    def is_connected(self) -> bool:
        """Whether both sides have agreed on what each of them has."""
        settled = all(volume.replication != OFF for volume in self.volumes)
        return self.state == CONNECTED and settled


@dataclass(frozen=True)
class Volume:
    """A volume on this side; ``is_open`` is None where the kernel does not tell."""

    number: int
    minor: int
    disk: str
    size_kib: int | None = None
    is_open: bool | None = None
    quorum: bool = True


@dataclass(frozen=True)
class Status:
    """A resource that is up, in the words of DRBD 9 for both generations."""

    name: str
    role: str
    suspended: str = ""
    volumes: tuple[Volume, ...] = ()
    connections: tuple[Connection, ...] = ()

    @property
    def is_connected(self) -> bool:
        """Whether all peers are connected; without any nobody is."""
        return bool(self.connections) and all(one.is_connected for one in self.connections)

    @property
    def peer_volumes(self) -> tuple[PeerVolume, ...]:
        """The volumes of all peers."""
        return tuple(volume for one in self.connections for volume in one.volumes)

    @property
    def is_local_up_to_date(self) -> bool:
        """Whether all the data are here."""
        return bool(self.volumes) and all(one.disk == UP_TO_DATE for one in self.volumes)

    @property
    def is_up_to_date(self) -> bool:
        """Whether all the data are here and on all peers, and nothing is being copied."""
        peers = all(one.disk == UP_TO_DATE and not one.is_syncing for one in self.peer_volumes)
        return self.is_connected and self.is_local_up_to_date and peers

    def volume(self, number: int) -> Volume | None:
        """The volume of that number."""
        return next((one for one in self.volumes if one.number == number), None)

    def is_attached(self, number: int) -> bool:
        """Whether the volume has its disk."""
        volume = self.volume(number)
        return volume is not None and volume.disk != DISKLESS


@dataclass(frozen=True)
class Identifiers:
    """The generation identifiers of a volume's data, as 16 hexadecimal digits; "" where unknown."""

    current: str
    bitmap: str = ""
    history: tuple[str, ...] = ()
    is_consistent: bool = False
    is_up_to_date: bool = False
    was_primary: bool = False
    crashed_primary: bool = False

    @property
    def is_fresh(self) -> bool:
        """Whether the metadata have been made and have never met a peer."""
        return self.current == FRESH_UUID


def is_same_uuid(one: str, other: str) -> bool:
    """Whether two names of data mean the same, in whatever spelling."""
    try:
        return int(one, 16) | PRIMARY_BIT == int(other, 16) | PRIMARY_BIT
    except ValueError:
        return False


@dataclass(frozen=True)
class Metadata:
    """What the disk of a volume that is not attached holds: identifiers, or none.

    ``devices`` are the disk, and the one that the metadata are on if it is another. ``problem`` is
    why drbdmeta could not tell.
    """

    identifiers: Identifiers | None
    devices: tuple[Device, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Cause:
    """Why a connection is not there: a code, words, and the lines that say so."""

    reason: str
    words: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pacemaker:
    """What Pacemaker says; ``cluster`` is None where it is not installed or does not run here."""

    cluster: Cluster | None


@dataclass(frozen=True)
class FirstSync:
    """That both sides are fresh still, right before the data of one of them are declared good."""


@dataclass(frozen=True)
class Promotion:
    """That the data here are up to date still, and no peer is Primary unless two may be."""

    two_primaries: bool


@dataclass(frozen=True)
class Victim:
    """That the data here are still those that may go, and that nobody uses them."""

    uuid: str


@dataclass(frozen=True)
class Machine:
    """What a plan may look at.

    ``node`` is this machine's name, ``kernel`` the version of the running DRBD, "" while it is not
    loaded. ``config`` is the resource's file, None where there is none. ``status`` is None while
    the resource is not up. ``local`` says of the addresses of nodes whether they are this
    machine's. What follows ``local`` is None until a plan asks for it: the version that would be
    ``loadable``, what the parser says of the new configuration (``verdict``, "" for nothing) and
    what ``adjust`` would run, what disks that are not attached hold (``metadata``), the data that
    are there (``identifiers``), who holds devices open (``users``), the lines of the kernel's
    ``log``, what ``pacemaker`` says, which of the programs that fencing needs are ``missing``,
    which of them only know the words of Pacemaker before 2.1.7 (``outdated``), and which of the
    wanted disks other resources have, by their file (``others``).
    """

    name: str
    node: str = ""
    kernel: str = ""
    config: str | None = None
    config_mode: int | None = None
    status: Status | None = None
    local: Mapping[str, bool] = field(default_factory=dict)
    loadable: str | None = None
    verdict: str | None = None
    adjust: tuple[str, ...] | None = None
    metadata: Mapping[int, Metadata] | None = None
    identifiers: Mapping[int, Identifiers] | None = None
    users: tuple[str, ...] | None = None
    log: tuple[str, ...] | None = None
    pacemaker: Pacemaker | None = None
    missing: tuple[str, ...] | None = None
    outdated: tuple[str, ...] | None = None
    others: Mapping[str, tuple[str, ...]] | None = None

    def part(self, name: str) -> Any:
        """A part that has been read; asks for it otherwise."""
        value = getattr(self, name)
        if value is None:
            raise Unread(name)
        return value

    @property
    def dialect(self) -> str:
        """The grammar of the kernel's part that runs, or that would be loaded."""
        return dialect_of(self.kernel or self.part("loadable"))


def dialect_of(version: str) -> str:
    """The grammar that a version of the kernel's part goes with."""
    return DIALECT_84 if version.startswith("8.") else DIALECT_9
