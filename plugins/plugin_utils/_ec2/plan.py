# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to be done in the account, in which order, and why. Pure: the heart of the role.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.model import (
    Found,
    Image,
    Instance,
    Plan,
    Rule,
    Step,
    Volume,
    Wanted,
    WantedMachine,
    WantedVolume,
)
from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.problems import (
    owned,
    problems_of,
    volumes_at,
)


def own_instances(found: Found, cluster: str) -> list[Instance]:
    """Those of the cluster."""
    return [instance for instance in found.instances if instance.cluster == cluster]


def steps_to_remove(found: Found, wanted: Wanted) -> Iterator[Step]:
    """Machines and data volumes that were named to go."""
    for instance in own_instances(found, wanted.cluster):
        if instance.name in wanted.remove and instance.state != "shutting-down":
            why = "named in ec2_machines_remove; its data volumes stay"
            details = {"instance": instance.id}
            yield Step("TerminateInstances", instance.name, why, destroys=True, details=details)
    for volume in found.volumes:
        if volume.id in wanted.delete_volumes:
            yield step_to_delete(volume)


def step_to_delete(volume: Volume) -> Step:
    """The end of a data volume that was named."""
    name = f"{volume.id}, {volume.device} of {volume.machine}"
    why = "named in ec2_machines_delete_volumes"
    return Step("DeleteVolume", name, why, destroys=True, details={"volume": volume.id})


def steps_to_connect(found: Found, wanted: Wanted) -> Iterator[Step]:
    """The network that is missing."""
    if not found.vpcs:
        why = f"there is no VPC {wanted.vpc}"
        yield Step("CreateVpc", wanted.vpc, why, details={"cidr": wanted.vpc_cidr})
    if wanted.subnet not in [subnet.cidr for subnet in found.subnets]:
        yield Step("CreateSubnet", wanted.subnet, f"the VPC {wanted.vpc} has no such subnet")


def rule_details(rule: Rule) -> dict[str, object]:
    """As amazon.aws.ec2_security_group takes it."""
    kind = "cidr_ipv6" if ":" in rule.source else "cidr_ip"
    kind = kind if "/" in rule.source else "group_name"
    ports = {"from_port": rule.first_port, "to_port": rule.last_port}
    return {"proto": rule.protocol, **ports, kind: rule.source, "rule_desc": "clustered.storage"}


def steps_to_let_in(found: Found, wanted: Wanted) -> Iterator[Step]:
    """Security groups first, then their rules: these name other groups."""
    there = {group.name: group for group in found.security_groups}
    for group in wanted.security_groups:
        if group.name not in there:
            yield Step("CreateSecurityGroup", group.name, "the VPC has no such security group")
    for group in wanted.security_groups:
        known = there[group.name].rules if group.name in there else ()
        missing = [rule for rule in group.rules if rule not in known]
        if missing:
            yield Step(
                "AuthorizeSecurityGroupIngress",
                group.name,
                f"does not let in {', '.join(str(rule) for rule in missing)}",
                details={"group": group.name, "rules": [rule_details(rule) for rule in missing]},
            )


def steps_to_prepare(found: Found, wanted: Wanted) -> Iterator[Step]:
    """What instances need to start."""
    missing = [machine for machine in wanted.machines if not owned(found, wanted, machine.name)]
    if missing and wanted.key_pair not in found.key_pairs:
        yield Step("ImportKeyPair", wanted.key_pair, "EC2 does not know this SSH key")
    if (
        any(machine.is_spread for machine in missing)
        and wanted.cluster not in found.placement_groups
    ):
        why = "keeps the storage machines on different hardware"
        yield Step("CreatePlacementGroup", wanted.cluster, why)


def steps_for_volume(
    found: Found, machine: WantedMachine, volume: WantedVolume, instance: Instance | None
) -> Iterator[Step]:
    """One data volume: made, grown, attached."""
    there = volumes_at(found, machine.name, volume.device)
    name = f"{machine.name} {volume.device}"
    details = {
        "machine": machine.name,
        "device": volume.device,
        "size": volume.size_gib,
        "type": volume.type,
        "volume": there[0].id if there else "",
        "instance": instance.id if instance else "",
    }
    if not there:
        yield Step("CreateVolume", name, f"{machine.name} has no such volume", details=details)
    elif there[0].size_gib < volume.size_gib:
        why = f"{there[0].id} has {there[0].size_gib} GiB, {volume.size_gib} are wanted"
        yield Step("ModifyVolume", name, why, details=details)
    if not there or not instance or there[0].instance != instance.id:
        why = f"{there[0].id} has survived" if there and not instance else "it is not attached"
        yield Step("AttachVolume", name, why, details=details)


def step_for_instance(found: Found, machine: WantedMachine) -> Step:
    """The start of a machine that is not there."""
    image = (found.images.get(machine.image) or (Image("", machine.image, ""),))[-1]
    survived = [
        v.id for volume in machine.volumes for v in volumes_at(found, machine.name, volume.device)
    ]
    why = "it is not there"
    if survived:
        why = f"it is gone, its data volume is not: {', '.join(survived)}"
    details = {
        "machine": machine.name,
        "address": machine.address,
        "type": machine.type,
        "image": image.id,
        "image_name": image.name,
        "group": machine.group,
        "user": machine.user,
        "is_spread": machine.is_spread,
        "root_size": machine.root_size_gib,
        "root_device": image.root_device,
    }
    return Step("RunInstances", machine.name, why, details=details)


def steps_for_machines(found: Found, wanted: Wanted) -> Iterator[Step]:
    """Volumes, then instances, then what brings them together."""
    steps: list[Step] = []
    for machine in wanted.machines:
        instance = next(iter(owned(found, wanted, machine.name)), None)
        for volume in machine.volumes:
            steps += steps_for_volume(found, machine, volume, instance)
        if not instance:
            steps.append(step_for_instance(found, machine))
        elif instance.state in ("stopped", "stopping"):
            details = {"instance": instance.id}
            why = f"it is {instance.state}"
            steps.append(Step("StartInstances", machine.name, why, details=details))
    order = ("CreateVolume", "ModifyVolume", "RunInstances", "StartInstances", "AttachVolume")
    yield from sorted(steps, key=lambda step: order.index(step.call))


def notices_of_machine(machine: WantedMachine, instance: Instance) -> Iterator[str]:
    """How a machine differs from what is wanted where nothing is done about it."""
    if instance.type != machine.type:
        yield f"{machine.name} is {instance.type}, not {machine.type}: it stays so"
    for device in instance.data_devices:
        if device.goes_with_instance:
            yield (
                f"{device.volume} ({device.name} of {machine.name}) would be deleted with its"
                " instance (DeleteOnTermination)"
            )


def notices_of_volumes(found: Found, wanted: Wanted) -> Iterator[str]:
    """Data volumes that no machine has or is going to have."""
    names = {machine.name for machine in wanted.machines}
    for volume in found.volumes:
        if volume.instance or volume.machine in names or volume.id in wanted.delete_volumes:
            continue
        yield (
            f"{volume.id} ({volume.device} of {volume.machine}) is kept, and costs; no machine has"
            " it"
        )


def notices_of_security_groups(found: Found, wanted: Wanted) -> Iterator[str]:
    """What somebody else has added."""
    known = {group.name: group.rules for group in found.security_groups}
    for group in wanted.security_groups:
        extra = [str(rule) for rule in known.get(group.name, ()) if rule not in group.rules]
        if extra:
            yield f"{group.name} also lets in {', '.join(extra)}: left alone"


def notices_of(found: Found, wanted: Wanted) -> Iterator[str]:
    """What one should know."""
    listed = {machine.name: machine for machine in wanted.machines}
    for instance in own_instances(found, wanted.cluster):
        if instance.name in listed:
            yield from notices_of_machine(listed[instance.name], instance)
    yield from notices_of_volumes(found, wanted)
    yield from notices_of_security_groups(found, wanted)


def plan_of(found: Found, wanted: Wanted) -> Plan:
    """Steps in their order; or refusals and no step."""
    notices = tuple(notices_of(found, wanted))
    problems = problems_of(found, wanted)
    if problems:
        return Plan(refusals=problems, notices=notices)
    steps = (
        *steps_to_remove(found, wanted),
        *steps_to_connect(found, wanted),
        *steps_to_let_in(found, wanted),
        *steps_to_prepare(found, wanted),
        *steps_for_machines(found, wanted),
    )
    return Plan(steps=steps, notices=notices)
