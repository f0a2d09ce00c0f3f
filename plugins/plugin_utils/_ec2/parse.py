# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What modules of amazon.aws return, made into the model. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.model import (
    CLUSTER_TAG,
    DEVICE_TAG,
    GROUP_TAG,
    MACHINE_TAG,
    USER_TAG,
    Device,
    Found,
    Image,
    Instance,
    Rule,
    SecurityGroup,
    Subnet,
    Volume,
    Vpc,
)

Answer = dict[str, Any]
GONE = {"terminated"}


def parse_instance(answer: Answer) -> Instance:
    """An instance as amazon.aws.ec2_instance_info returns it."""
    tags = answer.get("tags") or {}
    return Instance(
        id=answer["instance_id"],
        # The name of ours is what it was made as, whatever somebody writes into the other tag.
        name=tags.get(MACHINE_TAG) or tags.get("Name", ""),
        cluster=tags.get(CLUSTER_TAG, ""),
        group=tags.get(GROUP_TAG, ""),
        state=answer["state"]["name"],
        address=answer.get("private_ip_address") or "",
        public_address=answer.get("public_ip_address") or "",
        subnet=answer.get("subnet_id") or "",
        type=answer["instance_type"],
        image=answer["image_id"],
        user=tags.get(USER_TAG, ""),
        root_device=answer.get("root_device_name") or "",
        devices=tuple(
            Device(
                mapping["device_name"],
                mapping["ebs"]["volume_id"],
                bool(mapping["ebs"].get("delete_on_termination")),
            )
            for mapping in answer.get("block_device_mappings") or []
            if mapping.get("ebs")
        ),
    )


def parse_instances(answers: Iterable[Answer]) -> tuple[Instance, ...]:
    """Those that are there, each once, by name."""
    found = {answer["instance_id"]: parse_instance(answer) for answer in answers}
    present = (instance for instance in found.values() if instance.state not in GONE)
    return tuple(sorted(present, key=lambda instance: (instance.name, instance.id)))


def parse_volume(answer: Answer) -> Volume:
    """A volume as amazon.aws.ec2_vol_info returns it."""
    attachments = answer.get("attachment_set") or []
    attached = [a.get("instance_id") or "" for a in attachments if a.get("status") != "detached"]
    tags = answer.get("tags") or {}
    return Volume(
        id=answer["id"],
        machine=tags.get(MACHINE_TAG, ""),
        device=tags.get(DEVICE_TAG, ""),
        size_gib=int(answer["size"]),
        type=answer["type"],
        zone=answer["zone"],
        instance=attached[0] if attached else "",
    )


def parse_volumes(answers: Iterable[Answer]) -> tuple[Volume, ...]:
    """Data volumes that are there, by machine and device.

    amazon.aws.ec2_instance gives root disks the tags of their instance: but no device.
    """
    present = (a for a in answers if a.get("status") not in ("deleting", "deleted"))
    found = [volume for volume in map(parse_volume, present) if volume.device]
    return tuple(sorted(found, key=lambda volume: (volume.machine, volume.device, volume.id)))


def parse_rules(permission: Answer, names: dict[str, str]) -> tuple[Rule, ...]:
    """One rule for each source of a permission; groups by their names where ``names`` has them."""
    groups = (pair["group_id"] for pair in permission.get("user_id_group_pairs") or [])
    sources = [entry["cidr_ip"] for entry in permission.get("ip_ranges") or []]
    sources += [names.get(group, group) for group in groups]
    sources += [entry["cidr_ipv6"] for entry in permission.get("ipv6_ranges") or []]
    sources += [entry["prefix_list_id"] for entry in permission.get("prefix_list_ids") or []]
    first, last = permission.get("from_port", -1), permission.get("to_port", -1)
    return tuple(Rule(permission["ip_protocol"], first, last, source) for source in sources)


def parse_security_groups(answers: list[Answer], cluster: str) -> tuple[SecurityGroup, ...]:
    """Security groups as amazon.aws.ec2_security_group_info returns them."""
    names = {answer["group_id"]: answer["group_name"] for answer in answers}
    return tuple(
        SecurityGroup(
            name=answer["group_name"],
            rules=tuple(
                rule
                for permission in answer.get("ip_permissions") or []
                for rule in parse_rules(permission, names)
            ),
            id=answer["group_id"],
            is_ours=(answer.get("tags") or {}).get(CLUSTER_TAG) == cluster,
        )
        for answer in answers
    )


def parse_vpc(answer: Answer) -> Vpc:
    """A VPC as amazon.aws.ec2_vpc_net_info returns it."""
    sets = answer.get("cidr_block_association_set") or []
    cidrs = [
        association["cidr_block"]
        for association in sets
        if association["cidr_block_state"]["state"] in ("associated", "associating")
    ] or [answer["cidr_block"]]
    return Vpc(answer["vpc_id"], tuple(cidrs), (answer.get("tags") or {}).get("Name", ""))


def parse_interfaces(answers: Iterable[Answer]) -> dict[str, str]:
    """{address: the instance that has it, or what else} of amazon.aws.ec2_eni_info."""
    found = {}
    for answer in answers:
        owner = (answer.get("attachment") or {}).get("instance_id") or answer.get("description")
        for entry in answer.get("private_ip_addresses") or []:
            found[entry["private_ip_address"]] = owner or answer.get("id") or "something else"
    return found


def parse_images(answers: Iterable[Answer]) -> tuple[Image, ...]:
    """Images as amazon.aws.ec2_ami_info returns them, the newest last."""
    found = [
        Image(
            answer["image_id"],
            answer.get("name") or "",
            answer.get("creation_date") or "",
            answer["state"],
            answer.get("root_device_name") or "",
        )
        for answer in answers
    ]
    return tuple(sorted(found, key=lambda image: (image.created, image.id)))


def parse_found(answers: Answer, cluster: str) -> Found:
    """All that the role has read, by the names of its variables."""
    return Found(
        vpcs=tuple(parse_vpc(vpc) for vpc in answers.get("vpcs", [])),
        subnets=tuple(
            Subnet(subnet["subnet_id"], subnet["cidr_block"], subnet["availability_zone"])
            for subnet in answers.get("subnets", [])
            if subnet.get("cidr_block")  # one with nothing but IPv6 has none
        ),
        strange_subnets=tuple(
            subnet["subnet_id"]
            for subnet in answers.get("all_subnets", [])
            if (subnet.get("tags") or {}).get(CLUSTER_TAG) != cluster
        ),
        security_groups=parse_security_groups(answers.get("security_groups", []), cluster),
        key_pairs=tuple(pair["key_name"] for pair in answers.get("key_pairs", [])),
        placement_groups=tuple(
            group["name"]
            for group in answers.get("placement_groups", [])
            if group.get("state") != "deleted"
            and (group.get("tags") or {}).get(CLUSTER_TAG) == cluster
        ),
        images={name: parse_images(found) for name, found in answers.get("images", {}).items()},
        instances=parse_instances(answers.get("instances", [])),
        volumes=parse_volumes(answers.get("volumes", [])),
        interfaces=parse_interfaces(answers.get("interfaces", [])),
    )
