# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine has of a lab."""

from __future__ import annotations

from dataclasses import dataclass, field

RUNNING = "running"
PAUSED = "paused"


@dataclass(frozen=True)
class Container:
    """A machine as the engine knows it."""

    machine: str  # i-...
    state: str  # the engine's word; what is neither RUNNING nor PAUSED stands still
    image: str  # the image of the engine that it was made of
    network: str  # subnet-...


@dataclass(frozen=True)
class Loop:
    """A loop device that shows a disk to a machine."""

    disk: str  # vol-...
    machine: str  # i-...
    device: str  # loop7, a number of the host
    size: int  # bytes
    is_leaving: bool = False  # detached while it was mounted: goes when it is unmounted


@dataclass(frozen=True)
class Actual:
    """All of it. Of the disks nothing is known while the array does not run."""

    containers: tuple[Container, ...] = ()
    networks: tuple[str, ...] = ()
    images: tuple[str, ...] = ()  # ami-...
    has_array: bool = False
    is_array_running: bool = False
    disks: dict[str, int] = field(default_factory=dict)  # vol-... and its size in bytes
    snapshots: tuple[str, ...] = ()
    loops: tuple[Loop, ...] = ()
    told: dict[str, str] = field(
        default_factory=dict
    )  # i-... and the digest of what it has been told
