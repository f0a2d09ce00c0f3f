# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done to the engine. Each step finishes what an earlier one began."""

from __future__ import annotations

from dataclasses import dataclass

from .guest import Guest
from .model import Machine


@dataclass(frozen=True)
class Step:
    """Something to do, and the identifier of what it is about."""

    id: str

    @property
    def touches(self) -> frozenset[str]:
        """What no other step may touch at the same time."""
        return frozenset({self.id})


class CreateArray(Step):
    """Make the container that keeps the disks, and let it run."""


class StartArray(Step):
    """Let the container that keeps the disks run again."""


class RemoveArray(Step):
    """Remove the container that kept the disks."""


@dataclass(frozen=True)
class CreateNetwork(Step):
    """Make the bridge of a subnet."""

    cidr: str


class RemoveNetwork(Step):
    """Remove the bridge of a subnet."""


@dataclass(frozen=True)
class CommitImage(Step):
    """Make an image of the root of a machine, which stands still meanwhile."""

    machine: str

    @property
    def touches(self) -> frozenset[str]:
        """The image and the machine."""
        return frozenset({self.id, self.machine})


class RemoveImage(Step):
    """Remove an image that was made of a machine."""


@dataclass(frozen=True)
class TakeSnapshot(Step):
    """Copy a disk, while the machine that uses it, if one does, stands still."""

    disk: str
    machine: str

    @property
    def touches(self) -> frozenset[str]:
        """The snapshot, the disk, and the machine if there is one."""
        return frozenset({self.id, self.disk, self.machine}) - {""}


class RemoveSnapshot(Step):
    """Remove the copy of a disk."""


@dataclass(frozen=True)
class MakeDisk(Step):
    """Make a disk, blank or a copy of a snapshot."""

    size_gib: int
    snapshot: str


@dataclass(frozen=True)
class GrowDisk(Step):
    """Make a disk larger, also for the machine that uses it, if one does."""

    size_gib: int
    machine: str


class RemoveDisk(Step):
    """Remove a disk and what is on it."""


@dataclass(frozen=True)
class AttachDisk(Step):
    """Give a disk a loop device, for one machine."""

    machine: str


@dataclass(frozen=True)
class DetachDisk(Step):
    """Take its loop device away; fails while something uses it."""

    machine: str


@dataclass(frozen=True)
class CreateMachine(Step):
    """Make the container of a machine. It does not run yet."""

    container_image: str
    network: str
    address: str
    hostname: str


@dataclass(frozen=True)
class StartMachine(Step):
    """Tell a machine all that it shall know, and let it boot."""

    machine: Machine
    guest: Guest


@dataclass(frozen=True)
class TellMachine(Step):
    """Give a machine that runs the disks and rules that it now has, and no others."""

    guest: Guest


class UnpauseMachine(Step):
    """Let a machine go on that an interrupted copy left standing."""


class StopMachine(Step):
    """Shut a machine down; its root stays."""


class RemoveMachine(Step):
    """Remove a machine and its root."""
