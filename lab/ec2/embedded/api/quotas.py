# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The limits of the account: vCPUs that run, and GiB of all volumes.

They stand in a file of ``name=number`` lines that is read at each call, so they can be changed
while the server runs. A limit that is not there does not limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.ec2.models.instance_types import INSTANCE_TYPES

from .patch import refusal

_files: list[Path] = []  # the one that counts is the last one


@dataclass(frozen=True)
class Quotas:
    """What the account may have at most; None for no limit."""

    vcpus: int | None = None
    volumes_gib: int | None = None


def keep_in(file: Path, quotas: Quotas) -> None:
    """Write the limits to a file and read them from there from now on."""
    known = {"vcpus": quotas.vcpus, "volumes_gib": quotas.volumes_gib}
    lines = [f"{name}={number}\n" for name, number in known.items() if number is not None]
    file.write_text("".join(lines), encoding="utf-8")
    _files.append(file)


def read_quotas() -> Quotas:
    """The limits of this moment."""
    if not _files or not _files[-1].exists():
        return Quotas()
    lines = _files[-1].read_text(encoding="utf-8").split()
    return Quotas(**{name: int(number) for name, number in (line.split("=") for line in lines)})


def vcpus_of(instance_type: str) -> int:
    """How many vCPUs an instance of a type counts."""
    return int(INSTANCE_TYPES[instance_type]["VCpuInfo"]["DefaultVCpus"])


def refuse_vcpus(backend: Any, more: int) -> None:
    """Raise EC2's refusal where so many more running vCPUs are too many.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html
    """
    limit = read_quotas().vcpus
    running = sum(vcpus_of(one.instance_type) for one in backend.all_running_instances())
    if limit is None or running + more <= limit:
        return
    raise refusal(
        "VcpuLimitExceeded",
        f"You have requested more vCPU capacity than your current vCPU limit of {limit} allows "
        "for the instance bucket that the specified instance type belongs to. Please visit "
        "http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.",
    )


def refuse_volumes(backend: Any, more_gib: int) -> None:
    """Raise EC2's refusal where so many more GiB of volumes are too many.

    https://docs.aws.amazon.com/ebs/latest/userguide/ebs-resource-quotas.html
    """
    limit = read_quotas().volumes_gib
    have = sum(int(volume.size) for volume in backend.volumes.values())
    if limit is None or have + more_gib <= limit:
        return
    raise refusal(
        "VolumeLimitExceeded",
        f"You have exceeded your maximum storage limit of {limit} GiB in this region. Please "
        "contact AWS Support to request an Elastic Block Store service limit increase.",
    )
