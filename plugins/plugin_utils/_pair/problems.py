# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What speaks against making a pair of two hosts, before anything is written. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.clustered.storage.plugins.plugin_utils._pair.model import (
    Problem,
    Seen,
    Wanted,
)

# Which package has the modules of the kernel, by distribution.
MODULE_PACKAGES = {
    "debian": "linux-image-amd64 and boot it: the kernel named cloud has neither dlm nor gfs2",
    "ubuntu": "linux-modules-extra-{kernel}",
}
OTHER_PACKAGES = "kmod-drbd9x of ELRepo for drbd, kernel-modules-extra for dlm and gfs2"
# Links of udev, logical volumes, device mapper: names that stay.
STABLE_NAME = re.compile(r"/dev/(disk/by-[a-z]+|[A-Za-z0-9][^/]*)/[^/]+")
DRBD_DEVICE = re.compile(r"/dev/drbd")

Surveys = Mapping[str, Seen]


def problems_of(surveys: Surveys, name: str, wanted: Wanted) -> list[Problem]:
    """All that speaks against it on that host."""
    seen = surveys[name]
    return [
        *problems_of_system(seen, name),
        *problems_of_disk(seen, wanted),
        *problems_of_network(seen, name, wanted),
        *problems_of_clocks(surveys, wanted),
        *problems_of_wishes(surveys, wanted),
    ]


def problems_of_system(seen: Seen, name: str) -> Iterator[Problem]:
    """The operating system and what it calls itself."""
    if not seen.family:
        yield Problem(
            "unknown_system",
            f"this is {seen.distribution or 'no system with /etc/os-release'}.",
            "The role knows Debian, Ubuntu and Enterprise Linux.",
        )
    if seen.node != name:
        yield Problem(
            "wrong_host",
            f"the machine calls itself {seen.node} (uname -n), and DRBD and Pacemaker know it "
            "by that name.",
            "Give it that name in the inventory, or rename it with hostnamectl.",
        )
    if seen.missing_modules:
        packages = MODULE_PACKAGES.get(seen.distribution, OTHER_PACKAGES)
        yield Problem(
            "no_module",
            f"the kernel {seen.kernel} has no {', '.join(seen.missing_modules)}.",
            f"Install {packages.format(kernel=seen.kernel)}.",
        )


def problems_of_disk(seen: Seen, wanted: Wanted) -> Iterator[Problem]:
    """The name of the disk, and the place where it is to be mounted."""
    if not STABLE_NAME.fullmatch(wanted.disk):
        yield Problem(
            "unstable_name",
            f"{wanted.disk} may be another disk after a boot.",
            "Name it by a link below /dev/disk/by-id, or by its logical volume.",
        )
    for device, path in seen.mounts:
        if path == wanted.mount_point and not DRBD_DEVICE.match(device):
            yield Problem(
                "mount_point_in_use",
                f"{device} is mounted at {path}.",
                "Choose another mount point.",
            )


def problems_of_network(seen: Seen, name: str, wanted: Wanted) -> Iterator[Problem]:
    """The addresses and names of the two."""
    for address in wanted.links[name]:
        if address not in seen.addresses:
            yield Problem(
                "wrong_address",
                f"this machine does not have {address} but {', '.join(seen.addresses) or 'none'}.",
                "Correct drbd_gfs2_pair_address and drbd_gfs2_pair_second_address.",
            )
    if len({len(links) for links in wanted.links.values()}) > 1:
        yield Problem(
            "one_second_address",
            "drbd_gfs2_pair_second_address is set for one host only.",
            "Set it for both, or for none.",
        )
    unknown = [one for one, found in seen.resolved.items() if not found]
    if unknown and not wanted.manages_hosts:
        yield Problem(
            "unknown_name",
            f"this machine can not resolve {', '.join(unknown)}.",
            "drbd_gfs2_pair_manage_hosts writes the names to /etc/hosts.",
        )


def problems_of_clocks(surveys: Surveys, wanted: Wanted) -> Iterator[Problem]:
    """Two clocks that tell different times."""
    times = [seen.time for seen in surveys.values()]
    difference = max(times) - min(times)
    if difference > wanted.max_time_difference:
        yield Problem(
            "time_difference",
            f"the clocks of the two differ by {difference:.0f} s.",
            "Let both follow the same source (chrony).",
        )


def problems_of_wishes(surveys: Surveys, wanted: Wanted) -> Iterator[Problem]:
    """What is wanted can not be had, or not from what there is."""
    for name in sorted({wanted.primary, wanted.sync_source} - set(surveys)):
        yield Problem(
            "unknown_host",
            f"{name} is none of {', '.join(surveys)}.",
            "Correct drbd_gfs2_pair_primary and drbd_gfs2_pair_sync_source.",
        )
    if wanted.is_gfs2 and not wanted.has_fencing:
        yield Problem(
            "no_fencing",
            "without fencing, DLM and GFS2 stand still for ever when a node is lost.",
            "Two nodes that write need drbd_gfs2_pair_fence_devices.",
        )
    if not wanted.is_gfs2 and any(seen.is_dual for seen in surveys.values()):
        yield Problem(
            "is_gfs2",
            f"{wanted.resource} is set up for two primaries, and there is no way back to ext4.",
            "Take it apart first, with pacemaker_gfs2 (state: absent) and drbd_resource.",
        )


def problems_of_replacing(found: Mapping[str, str], device: str, named: str) -> list[Problem]:
    """What would be erased by GFS2 without having been named."""
    kind, uuid = found.get("type", ""), found.get("uuid", "")
    if kind in ("", "gfs2") or (kind == "ext4" and uuid == named):
        return []
    says = f" Say drbd_gfs2_pair_replace_ext4={uuid}" if kind == "ext4" else " Erase it by hand"
    seen = f"{device} holds {kind} with UUID {uuid}, and GFS2 would erase it."
    return [Problem(f"has_{kind}", seen, f"{says.strip()} if nothing on it is needed any more.")]


def problems_of_content(device: Mapping[str, Any]) -> list[Problem]:
    """Why a disk is not blank, as block_device_info says; what DRBD made of it is not judged."""
    types = {one["type"] for one in device["signatures"]} - {"drbd"}
    facts = {
        "system_disk": device["system"],
        "probe_failed": device["problem"],
        "mounted": device["mounts"],
        "has_partitions": device["partitions"],
    }
    reasons = [
        *(f"has_{kind}" for kind in sorted(types)),
        *(r for r, is_so in facts.items() if is_so),
    ]
    return [
        Problem(
            reason,
            f"{device['path']} is not blank, and DRBD would write over what is there.",
            "Choose another disk, or clear this one (wipefs) if nothing on it is needed any more.",
        )
        for reason in reasons[:1]
    ]


def faults_of(
    resource: Mapping[str, Any], cluster: Mapping[str, Any], name: str, wanted: Wanted
) -> list[str]:
    """What the pair that there is falls short of on that host, in words."""
    faults = []
    role = "Primary" if wanted.is_gfs2 or name == wanted.primary else "Secondary"
    if resource.get("role") != role:
        faults.append(f"{wanted.resource} is {resource.get('role') or 'down'} and not {role}")
    if not resource.get("connected"):
        problem = resource.get("problem") or {}
        faults.append(f"it is not connected: {problem.get('message', 'the other host is away')}")
    elif not resource["up_to_date"]:
        faults.append("not all data are on both sides yet")
    return faults + (faults_of_cluster(cluster, name, wanted) if wanted.is_gfs2 else [])


def faults_of_cluster(cluster: Mapping[str, Any], name: str, wanted: Wanted) -> list[str]:
    """What the cluster falls short of."""
    faults = []
    mounts = {(one["node"], one["path"]) for one in cluster.get("mounts", ())}
    if (name, wanted.mount_point) not in mounts:
        faults.append(f"GFS2 is not mounted at {wanted.mount_point}")
    if not any(one["started_on"] for one in cluster.get("fencing", {}).get("devices", ())):
        faults.append("no fence device is started")
    return faults
