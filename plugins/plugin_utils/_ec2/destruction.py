# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to be done to take a cluster out of the account. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.model import (
    Found,
    Plan,
    Step,
)
from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.plan import (
    own_instances,
    step_to_delete,
)
from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.problems import (
    NAME,
    dies_with_instance,
)


def problems_of_destruction(found: Found, cluster: str, volumes: tuple[str, ...]) -> Iterator[str]:
    """Volumes that are named, and can not go; volumes that are not named, and would.

    A pattern is no name: EC2's filters would find the clusters of others by it.
    """
    if not NAME.fullmatch(cluster):
        yield f"{cluster!r} is no name of a cluster"
    instances = [instance.id for instance in own_instances(found, cluster)]
    for volume in found.volumes:
        if volume.id in volumes and volume.instance and volume.instance not in instances:
            yield (
                f"{volume.id} is attached to {volume.instance}, which is not one of {cluster}:"
                " detach it there"
            )
    for address, owner in sorted(found.interfaces.items()):
        if owner not in instances:
            yield (
                f"{owner} ({address}) is not one of {cluster}, but uses a security group or"
                " a subnet of it: give it others, or end it"
            )
    for instance in own_instances(found, cluster):
        yield from dies_with_instance(found, instance, volumes)


def steps_for_machines(found: Found, cluster: str) -> Iterator[Step]:
    """The end of every instance."""
    for instance in own_instances(found, cluster):
        if instance.state != "shutting-down":
            details = {"instance": instance.id}
            why = f"one of the cluster {cluster}; its data volumes stay unless they are named"
            yield Step("TerminateInstances", instance.name, why, destroys=True, details=details)


def steps_for_image(found: Found, name: str) -> Iterator[Step]:
    """The end of the image of exactly that name."""
    for image in found.images.get("own", ()):
        if image.name == name:
            why = f"named in ec2_machines_delete_image ({image.id})"
            yield Step("DeregisterImage", name, why, destroys=True, details={"image": image.id})


def steps_for_surroundings(found: Found, cluster: str) -> Iterator[Step]:
    """The end of what the machines had in common."""
    why = f"made for the cluster {cluster}"
    for group in found.security_groups:
        if group.is_ours:
            yield Step("DeleteSecurityGroup", group.name, why, details={"group": group.id})
    for name in found.placement_groups:
        yield Step("DeletePlacementGroup", name, why)
    for name in found.key_pairs:
        yield Step("DeleteKeyPair", name, why)
    for subnet in found.subnets:
        yield Step("DeleteSubnet", subnet.cidr, why, details={"subnet": subnet.id})
    for vpc in found.vpcs if not found.strange_subnets else ():
        yield Step("DeleteVpc", vpc.name, why, details={"vpc": vpc.id, "cidr": vpc.cidrs[0]})


def notices_of_destruction(found: Found, cluster: str, volumes: tuple[str, ...]) -> Iterator[str]:
    """What stays, and what was named and is not there."""
    for volume in found.volumes:
        if volume.id not in volumes:
            where = f"{volume.device} of {volume.machine}, {volume.size_gib} GiB"
            yield f"{volume.id} ({where}) stays, and costs"
    if found.strange_subnets:
        names = ", ".join(vpc.name or vpc.id for vpc in found.vpcs)
        strange = ", ".join(found.strange_subnets)
        yield f"the VPC {names} stays: others have subnets in it, {strange}"
    known = [volume.id for volume in found.volumes]
    for name in volumes:
        if name not in known:
            yield f"{name} is no data volume of {cluster}, or is gone: nothing is done about it"


def plan_destruction(found: Found, cluster: str, volumes: tuple[str, ...], image: str = "") -> Plan:
    """Steps in their order. ``found`` holds nothing but what is tagged as the cluster's."""
    problems = tuple(problems_of_destruction(found, cluster, volumes))
    notices = tuple(notices_of_destruction(found, cluster, volumes))
    if problems:
        return Plan(refusals=problems, notices=notices)
    steps = (
        *steps_for_machines(found, cluster),
        *(step_to_delete(volume) for volume in found.volumes if volume.id in volumes),
        *steps_for_image(found, image),
        *steps_for_surroundings(found, cluster),
    )
    return Plan(steps=steps, notices=notices)
