# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan in the making: the steps so far, and the machine as they leave it. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._drbd import commands
from ansible_collections.clustered.storage.plugins.module_utils._drbd.model import (
    CONNECTED,
    DISKLESS,
    ESTABLISHED,
    INCONSISTENT,
    SECONDARY,
    UP_TO_DATE,
    Connection,
    Identifiers,
    Machine,
    PeerVolume,
    Status,
    Volume,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.wanted import WantedResource
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Step

CONNECTING = "Connecting"


@dataclass(frozen=True)
class Draft:
    """What has been planned so far.

    ``machine`` is as it will be, ``seen`` as it is. ``nudge`` is what hastens the connection where
    another attempt may be needed, because the other side is only just changed too. ``recovers`` is
    said of a plan that ends a split brain.
    """

    seen: Machine
    machine: Machine
    wanted: WantedResource
    steps: tuple[Step, ...] = ()
    warnings: tuple[str, ...] = ()
    nudge: tuple[str, ...] = ()
    recovers: bool = False

    @property
    def status(self) -> Status | None:
        """The resource as it will be."""
        return self.machine.status

    def then(self, *steps: Step, **changes: Any) -> Draft:
        """With further steps, and what they change of the machine."""
        return replace(self, machine=replace(self.machine, **changes), steps=(*self.steps, *steps))

    def warned(self, words: str) -> Draft:
        """With a warning."""
        return replace(self, warnings=(*self.warnings, words))


def wait_step(draft: Draft, why: str, until: Any) -> Step:
    """Look at the state again and again."""
    return Step(
        why,
        commands.status(draft.machine.dialect, draft.machine.name),
        until=until,
        timeout_seconds=draft.wanted.timeout,
        nudge=draft.nudge,
    )


# ---- the state as it will be ----


def status_after_up(
    machine: Machine, wanted: WantedResource, found: Mapping[int, Identifiers]
) -> Status:
    """The resource as it is right after it was brought up."""
    volumes = tuple(
        Volume(one.number, one.minor, disk_after_attach(found.get(one.number)))
        for one in wanted.volumes
    )
    peers = tuple(Connection(one.name, CONNECTING) for one in wanted.peers(machine.node))
    return Status(wanted.name, SECONDARY, volumes=volumes, connections=peers)


def disk_after_attach(identifiers: Identifiers | None) -> str:
    """The state that a disk comes back in, from what its metadata say."""
    if identifiers is None:
        return DISKLESS
    if not identifiers.is_consistent:
        return INCONSISTENT
    return UP_TO_DATE if identifiers.is_up_to_date else "Outdated"


def attached(status: Status, found: Mapping[int, Identifiers], minors: Mapping[int, int]) -> Status:
    """The status with the disks that adjust attaches."""
    present = {one.number: one for one in status.volumes}
    for number, identifiers in found.items():
        old = present.get(number, Volume(number, minors[number], DISKLESS))
        present[number] = replace(old, disk=disk_after_attach(identifiers))
    return replace(status, volumes=tuple(present[number] for number in sorted(present)))


def connected(status: Status, found: Mapping[int, Identifiers]) -> Status:
    """The status once all peers are connected; those of a fresh disk are taken for fresh."""
    volumes = tuple(
        PeerVolume(one.number, ESTABLISHED, INCONSISTENT if is_fresh(one, found) else UP_TO_DATE)
        for one in status.volumes
    )
    peers = tuple(
        one if one.is_connected else replace(one, state=CONNECTED, role=SECONDARY, volumes=volumes)
        for one in status.connections
    )
    return replace(status, connections=peers)


def is_fresh(volume: Volume, found: Mapping[int, Identifiers]) -> bool:
    """Whether a volume has never met a peer."""
    return volume.number in found and found[volume.number].is_fresh


def synced(status: Status, *, here: bool = True, there: bool = True) -> Status:
    """The status once the data are here, and there."""
    volumes = tuple(replace(one, disk=UP_TO_DATE) for one in status.volumes)
    peers = tuple(
        replace(
            one,
            volumes=tuple(
                PeerVolume(volume.number, ESTABLISHED, UP_TO_DATE) for volume in one.volumes
            ),
        )
        for one in status.connections
    )
    return replace(
        status,
        volumes=volumes if here else status.volumes,
        connections=peers if there else status.connections,
    )


def syncing(status: Status) -> Status:
    """The status once the first sync from here has begun."""
    peers = tuple(
        replace(
            one,
            volumes=tuple(
                volume
                if volume.disk == UP_TO_DATE
                else PeerVolume(volume.number, "SyncSource", INCONSISTENT)
                for volume in one.volumes
            ),
        )
        for one in status.connections
    )
    return replace(synced(status, there=False), connections=peers)
