# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a lab is: its machines, their names, addresses, ports and files."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from pathlib import Path

FIRST_PORT = 21000  # below the ports that a host gives to its own connections
PORTS_OF_A_LAB = 16
BLOCKS = 600
FENCE_ADDRESS = "10.0.2.2"  # this host, as the machines see it through eth0
MOST_MACHINES = 9  # each has a digit of the addresses, and a port of the lab's


@dataclass(frozen=True)
class Network:
    """A cable between the machines, and where it is plugged in."""

    interface: str
    prefix: str
    number: int

    def address(self, machine: int) -> str:
        """The address of a machine in it."""
        return f"{self.prefix}.{10 + machine}"

    def hardware_address(self, machine: int) -> str:
        """The MAC address of a machine in it."""
        return f"52:54:00:00:{self.number:02x}:{machine:02x}"


NETWORKS = (Network("eth1", "10.77.0", 1), Network("eth2", "10.78.0", 2))


@dataclass(frozen=True)
class Disk:
    """A disk that a machine has beside its root."""

    serial: str
    size_mib: int

    @property
    def file(self) -> str:
        """Its name below the machine's folder."""
        return f"{self.serial}.raw"


DISKS = (Disk("drbd", 512), Disk("spare", 512))


@dataclass(frozen=True)
class Lab:
    """A lab: everything about it follows from these."""

    name: str
    state: Path
    image: Path
    first_port: int
    nodes: int
    accelerator: str = "tcg"
    memory_mib: int = 768

    @property
    def machines(self) -> tuple[Machine, ...]:
        """Its machines, in order."""
        return tuple(Machine(self, number) for number in range(1, self.nodes + 1))

    def machine(self, name: str) -> Machine:
        """The one of that name; KeyError when there is none."""
        return {machine.name: machine for machine in self.machines}[name]

    @property
    def fence_port(self) -> int:
        """Where the fence listener is, on loopback."""
        return self.first_port

    def multicast(self, network: Network) -> str:
        """Group and port of a network: those of no other lab."""
        high, low = divmod(self.first_port, 256)
        return f"239.{77 + network.number}.{high}.{low}:{self.first_port + network.number}"


@dataclass(frozen=True)
class Machine:
    """One machine of a lab."""

    lab: Lab
    number: int

    @property
    def name(self) -> str:
        """What `uname -n` says in it."""
        return f"node{self.number}"

    @property
    def folder(self) -> Path:
        """Where its disks and its console are."""
        return self.lab.state / self.name

    @property
    def pid_file(self) -> Path:
        """Written by QEMU."""
        return self.folder / "pid"

    @property
    def ssh_port(self) -> int:
        """Its SSH, on loopback."""
        return self.lab.first_port + self.number

    @property
    def machine_id(self) -> str:
        """What /etc/machine-id holds: that of no other machine, the same after a reset."""
        return uuid.uuid5(uuid.NAMESPACE_URL, f"{self.lab.state}/{self.name}").hex


def first_port_of(name: str, attempt: int = 0) -> int:
    """Where a lab's block of ports begins; each attempt is another block."""
    chosen = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    return FIRST_PORT + (chosen + attempt) % BLOCKS * PORTS_OF_A_LAB
