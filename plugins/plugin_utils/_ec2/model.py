# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role ec2_machines has found and wants, in EC2's own words.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Marks what is ours, and whose it is.
CLUSTER_TAG = "clustered-storage:cluster"
MACHINE_TAG = "clustered-storage:machine"
GROUP_TAG = "clustered-storage:group"
DEVICE_TAG = "clustered-storage:device"
USER_TAG = "clustered-storage:user"


@dataclass(frozen=True)
class Rule:
    """What a security group lets in. ``source``: a network, a prefix list, or a group's name."""

    protocol: str  # tcp, udp, icmp; -1: all
    first_port: int  # -1 with icmp: every type
    last_port: int
    source: str

    def __str__(self) -> str:
        ports = f"{self.first_port}-{self.last_port}".removesuffix(f"-{self.first_port}")
        without_ports = self.first_port < 0 or self.last_port < 0
        what = self.protocol if without_ports else f"{ports}/{self.protocol}"
        what = "everything" if self.protocol == "-1" else what
        return f"{what} from {self.source}"


@dataclass(frozen=True)
class SecurityGroup:
    """A security group and its rules."""

    name: str
    rules: tuple[Rule, ...]
    id: str = ""
    is_ours: bool = True


@dataclass(frozen=True)
class Vpc:
    """A virtual private cloud."""

    id: str
    cidrs: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True)
class Subnet:
    """A subnet, which lies in one availability zone."""

    id: str
    cidr: str
    zone: str


@dataclass(frozen=True)
class Image:
    """A machine image (AMI)."""

    id: str
    name: str
    created: str
    state: str = "available"
    root_device: str = ""


@dataclass(frozen=True)
class Volume:
    """An EBS volume of ours that belongs to a machine, under a device name."""

    id: str
    machine: str
    device: str
    size_gib: int
    type: str
    zone: str
    instance: str = ""  # i-..., while it is attached


@dataclass(frozen=True, order=True)
class Device:
    """A volume as an instance has it."""

    name: str  # /dev/sdb
    volume: str  # vol-...
    goes_with_instance: bool = False  # DeleteOnTermination


@dataclass(frozen=True)
class Instance:
    """An instance that has not been terminated."""

    id: str
    name: str  # its tag Name
    cluster: str  # "" where it is not one of a cluster of ours
    group: str  # of the inventory
    state: str
    address: str
    public_address: str
    subnet: str
    type: str
    image: str
    user: str
    root_device: str = ""
    devices: tuple[Device, ...] = ()

    @property
    def data_devices(self) -> tuple[Device, ...]:
        """All but the root disk, by device name."""
        return tuple(sorted(d for d in self.devices if d.name != self.root_device))


@dataclass(frozen=True)
class WantedVolume:
    """A data volume of a machine."""

    device: str
    size_gib: int
    type: str


@dataclass(frozen=True)
class WantedMachine:
    """A machine as it is asked for."""

    name: str
    address: str  # "" for one that EC2 chooses
    group: str
    type: str
    image: str  # a name, a pattern of names, or ami-...
    user: str
    is_spread: bool
    root_size_gib: int  # 0: as the image has it
    volumes: tuple[WantedVolume, ...]


@dataclass(frozen=True)
class Wanted:
    """All that a cluster shall have."""

    cluster: str
    vpc: str  # default, vpc-..., or a name
    vpc_cidr: str  # what it is made with; "" where it has to be there
    subnet: str  # its network
    zone: str
    key_pair: str
    machines: tuple[WantedMachine, ...]
    security_groups: tuple[SecurityGroup, ...]
    remove: tuple[str, ...] = ()
    delete_volumes: tuple[str, ...] = ()
    foreseen_images: tuple[str, ...] = ()  # in check mode: those that a real run has made by now


@dataclass(frozen=True)
class Found:
    """What the account has of it, as EC2 tells."""

    vpcs: tuple[Vpc, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    strange_subnets: tuple[str, ...] = ()  # ids of those of others in these VPCs
    security_groups: tuple[SecurityGroup, ...] = ()
    key_pairs: tuple[str, ...] = ()
    placement_groups: tuple[str, ...] = ()
    images: dict[str, tuple[Image, ...]] = field(default_factory=dict)  # by what was asked for
    instances: tuple[Instance, ...] = ()  # ours, and others of the same names
    volumes: tuple[Volume, ...] = ()
    interfaces: dict[str, str] = field(default_factory=dict)  # address: instance, or what it is of


@dataclass(frozen=True)
class Step:
    """A change of the account: the call, whom it concerns, why, and what it needs."""

    call: str  # as EC2's API names it
    name: str
    why: str
    destroys: bool = False
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What is going to be done, or, in words, why nothing is."""

    refusals: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    notices: tuple[str, ...] = ()
