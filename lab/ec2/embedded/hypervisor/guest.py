# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine is told: who it is, which disks it has, who may talk to it. Pure."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass

from .actual import Loop
from .model import Machine
from .security_groups import ruleset

FOLDER = "var/lib/clustered-storage-ec2"  # that of context's ec2-guest
# EC2's resolver knows an address by a name that is made of it. Docker's would tell the container's
# name, which is another one when a machine is made anew: GlusterFS keeps such names.
DOMAIN = "compute.internal"
SEED = "var/lib/cloud/seed/nocloud"


@dataclass(frozen=True)
class Guest:
    """The files from which a machine knows its disks, its security groups and its neighbours."""

    disks: str
    security_groups: str
    names: str = ""

    @property
    def digest(self) -> str:
        """The same for the same files."""
        text = f"{self.disks}\0{self.security_groups}\0{self.names}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def files(self) -> dict[str, str]:
        """Path below the root, and content."""
        return {
            f"{FOLDER}/disks": self.disks,
            f"{FOLDER}/security-groups.nft": self.security_groups,
            f"{FOLDER}/names": self.names,
        }


def guest_of(
    lab: str, machine: Machine, loops: tuple[Loop, ...], machines: tuple[Machine, ...] = ()
) -> Guest:
    """What it shall know of its disks, each with the device and the file behind that, and names."""
    lines = [
        f"{one.disk} {one.device} {backing_file(lab, one.disk, one.machine)}\n" for one in loops
    ]
    names = [f"{one.address} {one.hostname}.{DOMAIN} {one.hostname}\n" for one in machines]
    return Guest("".join(sorted(lines)), ruleset(machine.rules), "".join(sorted(names)))


def backing_file(lab: str, disk: str, machine: str) -> str:
    """The name of the file behind a loop device: it says for whom that is."""
    return f"{lab}.{disk}.{machine}"


def seed(machine: Machine) -> dict[str, str]:
    """The files from which cloud-init makes the instance what it is."""
    data = {
        "instance-id": machine.id,
        "local-hostname": machine.hostname,
        "public-keys": [machine.public_key] if machine.public_key else [],
    }
    return {
        f"{SEED}/meta-data": json.dumps(data) + "\n",
        f"{SEED}/user-data": machine.user_data,
    }


def archive(files: dict[str, str]) -> bytes:
    """A tar archive of root's files, which nobody else reads."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path, text in files.items():
            content = text.encode()
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            entry.mode = 0o600
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
