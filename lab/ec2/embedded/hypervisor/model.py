# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an EC2 account says there should be, in EC2's own words and identifiers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Network:
    """A subnet in which a machine runs."""

    id: str  # subnet-...
    cidr: str


@dataclass(frozen=True)
class Disk:
    """An EBS volume that is not a root disk: those are part of their machine."""

    id: str  # vol-...
    size_gib: int
    snapshot: str = ""  # snap-..., what it is a copy of; "" for a blank one


@dataclass(frozen=True)
class Snapshot:
    """A copy of a disk, made at the moment in which it is first asked for."""

    id: str  # snap-...
    disk: str  # vol-...


@dataclass(frozen=True)
class Image:
    """An AMI: one of the catalogue, or made of a machine when it is first asked for."""

    id: str  # ami-...
    container_image: str = ""  # of the catalogue: the image of the engine that it stands for
    machine: str = ""  # i-..., what it is made of


@dataclass(frozen=True)
class Rule:
    """What a security group lets in."""

    protocol: str  # tcp, udp, icmp, or -1 for everything
    first_port: int  # -1 for all
    last_port: int
    sources: tuple[str, ...]  # networks and addresses; the members of groups by their addresses


@dataclass(frozen=True)
class Attachment:
    """A disk as a device of a machine, under the name that was asked for."""

    disk: str  # vol-...
    device: str  # /dev/sdb


@dataclass(frozen=True)
class Machine:
    """An instance that has not been terminated."""

    id: str  # i-...
    is_running: bool
    image: str  # ami-...
    network: str  # subnet-...
    address: str
    hostname: str  # ip-172-31-16-100
    public_key: str = ""  # one line of authorized_keys
    user_data: str = ""
    attachments: tuple[Attachment, ...] = ()
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Site:
    """All of it: what is not here shall not be there."""

    networks: tuple[Network, ...] = ()
    images: tuple[Image, ...] = ()
    disks: tuple[Disk, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    machines: tuple[Machine, ...] = ()
