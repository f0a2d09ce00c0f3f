# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a cluster can not be made as it is wanted, in words, before anything has changed. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network

from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.model import (
    Found,
    Instance,
    Volume,
    Wanted,
    WantedMachine,
    WantedVolume,
)

# A spread placement group takes seven running instances in one availability zone.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-strategies.html
MOST_SPREAD = 7
# The first four addresses of a subnet and the last one are EC2's own.
# https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
RESERVED_FIRST = 4
SIZES = range(16, 29)  # the same page: of VPCs and subnets
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def repeated(values: Iterable[Hashable]) -> list[str]:
    """Those that occur more than once, as text."""
    return [str(value) for value, count in Counter(values).items() if count > 1]


def is_network(text: str) -> bool:
    """Whether it is an IPv4 network such as 172.31.16.0/20."""
    try:
        return "/" in text and bool(IPv4Network(text))
    except ValueError:
        return False


def is_address(text: str) -> bool:
    """Whether it is an IPv4 address."""
    try:
        return bool(IPv4Address(text))
    except ValueError:
        return False


def owned(found: Found, wanted: Wanted, name: str) -> list[Instance]:
    """The cluster's own instances of that name: one, unless something went wrong."""
    return [i for i in found.instances if i.cluster == wanted.cluster and i.name == name]


def volumes_at(found: Found, machine: str, device: str) -> list[Volume]:
    """The volumes of a machine that are meant for a device: one, unless something went wrong."""
    return [v for v in found.volumes if (v.machine, v.device) == (machine, device)]


def going_instances(found: Found, wanted: Wanted) -> list[str]:
    """Ids of those that are named to go."""
    return [instance.id for name in wanted.remove for instance in owned(found, wanted, name)]


def problems_of_names(wanted: Wanted) -> Iterator[str]:
    """Names that can not be used."""
    names = [machine.name for machine in wanted.machines]
    for name in [wanted.cluster, *names]:
        if not NAME.fullmatch(name):
            yield f"{name!r} is no name: use small letters, digits and dashes, 63 at most"
    if f"{wanted.cluster}-".startswith("sg-"):
        yield f"the cluster {wanted.cluster} needs another name: EC2 has no security groups sg-..."
    for name in repeated(names):
        yield f"{name} is listed twice: give each machine a name of its own"
    for name in sorted({*wanted.remove} & {*names}):
        yield f"{name} is to be removed, and listed as a machine: take it off one of the lists"


def problems_of_list(wanted: Wanted) -> Iterator[str]:
    """Machines that are in each other's way."""
    places = dict.fromkeys((m.name, m.address) for m in wanted.machines if m.address)
    for address in repeated(address for _name, address in places):
        yield f"{address} is given to two machines: give each its own"
    for machine in wanted.machines:
        for device in repeated(volume.device for volume in machine.volumes):
            yield f"{device} of {machine.name} is listed twice: a device is one volume"
    if sum(machine.is_spread for machine in wanted.machines) > MOST_SPREAD:
        yield (
            f"a spread placement group takes {MOST_SPREAD} machines: set ec2_machines_spread: false"
        )


def problems_of_addresses(wanted: Wanted) -> Iterator[str]:
    """Addresses that the subnet does not have, or keeps for EC2."""
    if not is_network(wanted.subnet):
        yield f"the subnet {wanted.subnet!r} is no network, such as 172.31.16.0/20"
        return
    network = IPv4Network(wanted.subnet)
    last = int(network.broadcast_address)
    for machine in wanted.machines:
        if not machine.address:
            continue
        if not is_address(machine.address):
            yield (
                f"{machine.address!r} of {machine.name} is no address, such as"
                f" {network.network_address + RESERVED_FIRST}"
            )
        elif IPv4Address(machine.address) not in network:
            yield f"{machine.address} of {machine.name} lies outside the subnet {network}"
        elif (
            int(IPv4Address(machine.address)) - int(network.network_address) < RESERVED_FIRST
            or int(IPv4Address(machine.address)) == last
        ):
            yield (
                f"{machine.address} of {machine.name} is one of the addresses that EC2 keeps in"
                f" {network}: the first {RESERVED_FIRST} and the last"
            )


def problems_of_vpc(found: Found, wanted: Wanted) -> Iterator[str]:
    """The VPC is missing and can not be made, or there are several."""
    if len(found.vpcs) > 1:
        ids = ", ".join(vpc.id for vpc in found.vpcs)
        yield f"{len(found.vpcs)} VPCs are called {wanted.vpc} ({ids}): name one by its id"
    if found.vpcs:
        return
    if is_network(wanted.vpc_cidr):
        if IPv4Network(wanted.vpc_cidr).prefixlen not in SIZES:
            yield f"a VPC {wanted.vpc_cidr} can not be made: it has to be between a /16 and a /28"
    elif wanted.vpc_cidr:
        yield f"ec2_machines_vpc_cidr is no network, such as 10.0.0.0/16: {wanted.vpc_cidr!r}"
    elif wanted.vpc == "default":
        yield (
            "this region has no default VPC: name another one in ec2_machines_vpc, or have one made"
            " (a name in ec2_machines_vpc, its network in ec2_machines_vpc_cidr)"
        )
    else:
        yield (
            f"there is no VPC {wanted.vpc} in this region: correct ec2_machines_vpc, or give its"
            " network in ec2_machines_vpc_cidr to have it made"
        )


def problems_of_subnet(found: Found, wanted: Wanted) -> Iterator[str]:
    """The subnet is not there and can not be made."""
    if any(subnet.cidr == wanted.subnet for subnet in found.subnets) or not is_network(
        wanted.subnet
    ):
        return
    network = IPv4Network(wanted.subnet)
    if network.prefixlen not in SIZES:
        yield f"the subnet {network} can not be made: it has to be between a /16 and a /28"
    around = [c for vpc in found.vpcs for c in vpc.cidrs] or [wanted.vpc_cidr]
    networks = [IPv4Network(cidr) for cidr in around if is_network(cidr)]
    if networks and not any(network.subnet_of(outer) for outer in networks):
        yield (
            f"the subnet {network} lies outside the VPC {wanted.vpc} ({', '.join(around)}): correct"
            " ec2_machines_subnet"
        )
    for subnet in found.subnets:
        if network.overlaps(IPv4Network(subnet.cidr)):
            yield (
                f"the subnet {network} overlaps with {subnet.id} ({subnet.cidr}): take that one, or"
                " another network"
            )


def is_at(instance: Instance, machine: WantedMachine, subnets: list[str]) -> bool:
    """Whether it has the address that is wanted, in one of these subnets."""
    return instance.address == (machine.address or instance.address) and instance.subnet in subnets


def problems_of_instances(found: Found, wanted: Wanted) -> Iterator[str]:
    """Names that are not one machine's alone, and machines that can not become what is wanted."""
    subnets = [subnet.id for subnet in found.subnets if subnet.cidr == wanted.subnet]
    going = ["", *going_instances(found, wanted)]
    for machine in wanted.machines:
        namesakes = [instance for instance in found.instances if instance.name == machine.name]
        own = owned(found, wanted, machine.name)
        if len(namesakes) > 1 or len(namesakes) > len(own):
            ids = ", ".join(f"{i.id} (cluster {i.cluster or 'none'})" for i in namesakes)
            yield (
                f"the name {machine.name} is not clear, it is that of {ids}: rename or end those"
                f" that are not the one of cluster {wanted.cluster}"
            )
        elif own and own[0].state == "shutting-down":
            yield f"{machine.name} ({own[0].id}) is being terminated: run this when it is gone"
        elif own and not is_at(own[0], machine, subnets):
            yield (
                f"{machine.name} ({own[0].id}) has the address {own[0].address} in {own[0].subnet},"
                f" not {machine.address or 'one'} in {wanted.subnet} of the VPC {wanted.vpc}: an"
                " instance keeps its address. Correct the variable, or remove the machine first"
                " (ec2_machines_remove)"
            )
        elif not own and found.interfaces.get(machine.address, going[0]) not in going:
            yield (
                f"the address {machine.address} of {machine.name} is taken, by"
                f" {found.interfaces[machine.address]}: choose another one"
            )


def problems_of_images(found: Found, wanted: Wanted) -> Iterator[str]:
    """Images that machines still have to be made of, and that can not be used."""
    missing = [m.image for m in wanted.machines if not owned(found, wanted, m.name)]
    for image in dict.fromkeys(missing):
        matches = found.images.get(image, ())
        if not matches and image not in wanted.foreseen_images:
            yield (
                f"there is no image {image} in this region that this account owns or may use"
                " (ec2_machines_image_owners): correct the name, or make the image first, as"
                " playbooks/ec2_bake_image.yml does"
            )
        elif len(matches) > 1 and not {*"*?"} & {*image}:
            ids = ", ".join(match.id for match in matches)
            yield f"{len(matches)} images are called {image}: name one by its id ({ids})"
        elif matches and matches[-1].state != "available":
            yield (
                f"the image {image} ({matches[-1].id}) is {matches[-1].state}, not available: wait"
                " until it is, or name another one"
            )


def problems_of_known_volume(
    found: Found, wanted: Wanted, machine: WantedMachine, volume: WantedVolume, known: Volume
) -> Iterator[str]:
    """Why a volume that is there can not be the one that is wanted."""
    where = f"{known.id}, {volume.device} of {machine.name}"
    zones = [subnet.zone for subnet in found.subnets if subnet.cidr == wanted.subnet]
    zone = (*zones, wanted.zone)[0]
    if known.instance and known.instance not in [i.id for i in owned(found, wanted, machine.name)]:
        yield f"{where}, is attached to {known.instance}: detach it there"
    if known.zone != zone:
        yield (
            f"{where}, lies in {known.zone}, the subnet {wanted.subnet} in {zone}: choose a subnet"
            f" that lies in {known.zone}"
            + ("" if zones else ", or set ec2_machines_zone for the one that is made")
        )
    if known.size_gib > volume.size_gib:
        yield (
            f"{where}, has {known.size_gib} GiB, {volume.size_gib} are wanted: EBS volumes do not"
            f" shrink, write {known.size_gib} or more"
        )


def root_devices(found: Found, wanted: Wanted, machine: WantedMachine) -> list[str]:
    """The root disk of the machine, or of the image that it will be made of."""
    there = [instance.root_device for instance in owned(found, wanted, machine.name)]
    return there or [image.root_device for image in found.images.get(machine.image, ())[-1:]]


def problems_of_volume(
    found: Found, wanted: Wanted, machine: WantedMachine, volume: WantedVolume
) -> Iterator[str]:
    """What is in the way of one data volume."""
    where = f"{volume.device} of {machine.name}"
    there = volumes_at(found, machine.name, volume.device)
    if len(there) > 1:
        ids = ", ".join(f"{known.id} ({known.size_gib} GiB)" for known in there)
        yield (
            f"{where} is not clear, {len(there)} volumes are tagged so: {ids}. Take the tags"
            " clustered-storage:machine and clustered-storage:device off those that are not it"
        )
        return
    for known in there:
        yield from problems_of_known_volume(found, wanted, machine, volume, known)
    for instance in owned(found, wanted, machine.name):
        for device in instance.data_devices:
            if device.name == volume.device and device.volume not in [v.id for v in there]:
                yield f"{where} is {device.volume}, which is not tagged as that: tag or detach it"
    if volume.device in root_devices(found, wanted, machine):
        yield f"{where} is its root disk: choose another device for the data volume"


def problems_of_volumes(found: Found, wanted: Wanted) -> Iterator[str]:
    """What is in the way of the data volumes, and of deleting some."""
    for machine in wanted.machines:
        for volume in machine.volumes:
            yield from problems_of_volume(found, wanted, machine, volume)
    staying = {m.name for m in wanted.machines}
    going = going_instances(found, wanted)
    for known in found.volumes:
        if known.id not in wanted.delete_volumes:
            continue
        if known.machine in staying:
            yield (
                f"{known.id} is to be deleted, but {known.machine}, whose it is, stays: take it off"
                " one of the lists"
            )
        elif known.instance and known.instance not in going:
            yield f"{known.id} is to be deleted, but attached to {known.instance}: detach it there"


def dies_with_instance(found: Found, instance: Instance, deleted: tuple[str, ...]) -> Iterator[str]:
    """Data volumes that would be deleted with an instance, and are not named to be."""
    ours = {volume.id for volume in found.volumes} - {*deleted}
    for device in instance.data_devices:
        if device.goes_with_instance and device.volume in ours:
            yield (
                f"{device.volume} ({device.name} of {instance.name}) would be deleted with its"
                f" instance {instance.id}: take DeleteOnTermination off it, or name it in"
                " ec2_machines_delete_volumes"
            )


def problems_of_removal(found: Found, wanted: Wanted) -> Iterator[str]:
    """Data volumes that would not outlive the machines that are removed."""
    going = going_instances(found, wanted)
    for instance in found.instances:
        if instance.id in going:
            yield from dies_with_instance(found, instance, wanted.delete_volumes)


def problems_of_security_groups(found: Found, wanted: Wanted) -> Iterator[str]:
    """Security groups of others that have our names."""
    ours = {group.name for group in wanted.security_groups}
    for group in found.security_groups:
        if group.name in ours and not group.is_ours:
            yield (
                f"the security group {group.name} ({group.id}) is not tagged as one of cluster"
                f" {wanted.cluster}: rename it, or choose another name for the cluster"
            )


def problems_of(found: Found, wanted: Wanted) -> tuple[str, ...]:
    """All of them, each once; without a VPC, a look at what is in it tells nothing."""
    problems = [
        *problems_of_names(wanted),
        *problems_of_list(wanted),
        *problems_of_addresses(wanted),
        *problems_of_vpc(found, wanted),
    ]
    if not problems:
        problems = [
            *problems_of_subnet(found, wanted),
            *problems_of_security_groups(found, wanted),
            *problems_of_instances(found, wanted),
            *problems_of_images(found, wanted),
            *problems_of_volumes(found, wanted),
            *problems_of_removal(found, wanted),
        ]
    return tuple(dict.fromkeys(problems))
