# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cluster, the file system in it, and what a simulation of a change says.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    Device,
    FstabLine,
)
from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import (
    Cluster,
    Instance,
)

GFS2 = "gfs2"
LOCK_DLM = "lock_dlm"


@dataclass(frozen=True)
class Action:
    """What a simulated transition does to a resource: start, stop, promote ... on a node."""

    task: str
    resource: str
    node: str


@dataclass(frozen=True)
class Simulation:
    """What Pacemaker would do, in its order, and what would run then."""

    actions: tuple[Action, ...] = ()
    fenced: tuple[str, ...] = ()
    after: tuple[Instance, ...] = ()


@dataclass(frozen=True)
class Content:
    """What is on the device.

    ``seen_at`` is the device, or the disk below it where DRBD is not Primary here and lets nobody
    look. ``types`` are those of its signatures. ``is_unfinished``: mkfs.gfs2 was interrupted.
    ``lock_protocol``, ``lock_table`` and ``journals`` are those of a GFS2.
    """

    seen_at: str
    types: tuple[str, ...] = ()
    uuid: str = ""
    lock_table: str = ""
    lock_protocol: str = ""
    journals: int = 0
    is_blank: bool = False
    is_unfinished: bool = False
    device: Device | None = None

    @property
    def is_gfs2(self) -> bool:
        """Whether it is a GFS2 and nothing else."""
        return self.types == (GFS2,)


@dataclass(frozen=True)
class DrbdSettings:
    """What the configuration of a DRBD resource says here; None where it is not configured."""

    two_primaries: bool
    fencing: str
    protocol: str


@dataclass(frozen=True)
class Preflight:
    """What this machine says about itself: modules its kernel lacks, dlm.service, /etc/fstab.

    ``fencing_library`` is the one that DLM's fence agent needs, where it is not there.
    """

    missing_modules: tuple[str, ...] = ()
    distribution: str = ""
    kernel: str = ""
    dlm_service: str = ""
    fencing_library: str = ""
    fstab: tuple[FstabLine, ...] = ()
    mounted: str = ""
    machine_id: str = ""


@dataclass(frozen=True)
class Corosync:
    """The cluster's name and how many links its nodes have."""

    name: str = ""
    links: int = 0


@dataclass(frozen=True)
class State:
    """What a plan may look at; a part that is None, or not in its mapping, is read when asked for.

    ``agents`` are the options that each fence agent knows, None where there is no such agent.
    ``simulations`` go by the stage that is simulated. ``drbd`` is a tuple that is empty where the
    resource is not configured. ``room_mib`` is what the file system can grow by.
    """

    cluster: Cluster | None
    node: str = ""
    corosync: Corosync | None = None
    agents: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    simulations: Mapping[str, Simulation] = field(default_factory=dict)
    drbd: tuple[DrbdSettings, ...] | None = None
    content: Content | None = None
    preflight: Preflight | None = None
    room_mib: int | None = None
