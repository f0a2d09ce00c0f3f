# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers of amazon.aws: as they were recorded, and as EC2 gives them elsewhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.model import (
    CLUSTER_TAG,
    DEVICE_TAG,
    MACHINE_TAG,
    Device,
    Found,
    Image,
)
from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.parse import (
    parse_found,
    parse_images,
    parse_instances,
    parse_interfaces,
    parse_security_groups,
    parse_volumes,
    parse_vpc,
)
from helpers.account import image_answer, vpc_answer
from helpers.recordings import recording

KEYS = {"key_pairs": "keypairs", "interfaces": "network_interfaces"}
PARTS = (
    *("vpcs", "subnets", "security_groups", "instances", "volumes"),
    *("key_pairs", "placement_groups", "interfaces"),
)


def answer(name: str) -> list[dict[str, Any]]:
    """What a module returned."""
    body = json.loads(recording("amazon.aws/10.1.2", name).stdout)
    return list(body[KEYS.get(name, name)])


def recorded(cluster: str = "gfs") -> Found:
    answers = {name: answer(name) for name in PARTS}
    return parse_found(answers | {"images": {"debian-12": answer("images")}}, cluster)


def instance(**more: Any) -> dict[str, Any]:
    """The least that EC2 says of an instance."""
    state = {"name": "running", "code": 16}
    least = {"instance_id": "i-1", "instance_type": "t3.micro", "image_id": "ami-1", "state": state}
    return least | more


def volume(**more: Any) -> dict[str, Any]:
    tags = {CLUSTER_TAG: "gfs", MACHINE_TAG: "gfs-1", DEVICE_TAG: "/dev/sdb"}
    least = {"id": "vol-1", "size": 2, "type": "gp3", "zone": "eu-west-1a", "tags": tags}
    return least | {"status": "available", "attachment_set": []} | more


# --- recorded


def test_recording_is_that_of_the_version_that_is_required() -> None:
    assert recording("amazon.aws/10.1.2", "instances").version == "10.1.2"


def test_instances_are_read_with_their_disks() -> None:
    first = recorded().instances[0]

    assert (first.name, first.cluster, first.group, first.user) == (
        *("gfs-1", "gfs", "storage_nodes", "admin"),
    )
    assert (first.state, first.address, first.type) == ("running", "172.31.16.100", "t3.micro")
    assert first.root_device == "/dev/xvda"
    assert [device.name for device in first.devices] == ["/dev/xvda", "/dev/sdb"]
    assert [device.goes_with_instance for device in first.devices] == [True, False]


def test_machines_come_by_name() -> None:
    assert [one.name for one in recorded().instances] == ["gfs-1", "gfs-2", "gfs-client"]


def test_root_disks_have_the_tags_of_their_instance_and_are_no_data_volumes() -> None:
    roots = [one["tags"] for one in answer("volumes") if DEVICE_TAG not in one["tags"]]

    assert {tags[CLUSTER_TAG] for tags in roots} == {"gfs"}
    assert [(one.machine, one.device) for one in recorded().volumes] == [
        ("gfs-1", "/dev/sdb"),
        ("gfs-2", "/dev/sdb"),
    ]


def test_volumes_are_read_with_whom_they_are_attached_to() -> None:
    found = recorded()

    first = found.volumes[0]
    assert (first.size_gib, first.type, first.zone) == (2, "gp3", "eu-west-1b")
    assert first.instance == found.instances[0].id
    assert found.instances[0].data_devices == (Device("/dev/sdb", first.id),)


def test_security_groups_are_read_with_the_names_of_groups_they_let_in() -> None:
    storage, clients = recorded().security_groups

    assert (storage.name, storage.is_ours) == ("gfs-storage_nodes", True)
    assert sorted(map(str, storage.rules)) == [
        "22/tcp from 0.0.0.0/0",
        "24007/tcp from gfs-clients",
        "24007/tcp from gfs-storage_nodes",
        "49152-60999/tcp from gfs-clients",
        "49152-60999/tcp from gfs-storage_nodes",
    ]
    assert [str(rule) for rule in clients.rules] == ["22/tcp from 0.0.0.0/0"]


def test_network_is_read() -> None:
    found = recorded()

    assert [vpc.cidrs for vpc in found.vpcs] == [("172.31.0.0/16",)]
    assert [(one.cidr, one.zone) for one in found.subnets] == [
        ("172.31.0.0/20", "eu-west-1a"),
        ("172.31.16.0/20", "eu-west-1b"),
    ]


def test_addresses_are_those_of_instances() -> None:
    found = recorded()
    ids = {one.address: one.id for one in found.instances}

    assert found.interfaces == {key: ids[key] for key in ("172.31.16.100", "172.31.16.110")}


def test_the_rest_is_read() -> None:
    found = recorded()

    assert [name.partition("-")[0] for name in found.key_pairs] == ["gfs"]
    assert found.placement_groups == ("gfs",)
    (image,) = found.images["debian-12"]
    assert (image.name, image.state) == ("debian-12-amd64-20260101-2000", "available")
    assert image.root_device == "/dev/xvda"


def test_what_another_cluster_has_is_not_ours() -> None:
    found = recorded("other")

    assert not any(group.is_ours for group in found.security_groups)
    assert found.placement_groups == ()


def test_nothing_is_read_of_nothing() -> None:
    assert parse_found({}, "gfs") == Found()


# --- other shapes that EC2 has


def test_instance_without_tags_addresses_and_disks_is_read() -> None:
    (bare,) = parse_instances([instance(tags=None, block_device_mappings=None)])

    assert (bare.name, bare.cluster, bare.address, bare.devices) == ("", "", "", ())


def test_disk_that_is_no_ebs_volume_is_left_out() -> None:
    mappings = [
        {"device_name": "/dev/sdb", "virtual_name": "ephemeral0"},
        {"device_name": "/dev/sdc", "ebs": None},
        {"device_name": "/dev/sdd", "ebs": {"volume_id": "vol-1"}},
    ]

    (one,) = parse_instances([instance(block_device_mappings=mappings)])

    assert one.devices == (Device("/dev/sdd", "vol-1"),)


def test_instance_that_two_questions_found_is_one() -> None:
    assert len(parse_instances([instance(), instance()])) == 1


@pytest.mark.parametrize(
    ("state", "count"),
    [("pending", 1), ("stopped", 1), ("stopping", 1), ("shutting-down", 1), ("terminated", 0)],
)
def test_only_terminated_instances_are_gone(state: str, count: int) -> None:
    assert len(parse_instances([instance(state={"name": state})])) == count


@pytest.mark.parametrize(
    ("status", "count"),
    [("creating", 1), ("in-use", 1), ("error", 1), ("deleting", 0), ("deleted", 0)],
)
def test_only_deleted_volumes_are_gone(status: str, count: int) -> None:
    assert len(parse_volumes([volume(status=status)])) == count


@pytest.mark.parametrize("tags", [None, {}, {CLUSTER_TAG: "gfs", MACHINE_TAG: "gfs-1"}])
def test_volume_that_is_for_no_device_is_no_data_volume(tags: Any) -> None:
    assert parse_volumes([volume(tags=tags)]) == ()


@pytest.mark.parametrize(
    ("status", "owner"),
    [("attaching", "i-1"), ("attached", "i-1"), ("detaching", "i-1"), ("detached", "")],
)
def test_volume_is_attached_until_it_is_detached(status: str, owner: str) -> None:
    (one,) = parse_volumes([volume(attachment_set=[{"instance_id": "i-1", "status": status}])])

    assert one.instance == owner


def test_volume_without_attachments_is_read() -> None:
    assert parse_volumes([volume(attachment_set=None)])[0].instance == ""


@pytest.mark.parametrize(
    ("permission", "words"),
    [
        (
            {"ip_protocol": "-1", "ip_ranges": [{"cidr_ip": "10.0.0.0/8"}]},
            "everything from 10.0.0.0/8",
        ),
        (
            {
                "ip_protocol": "tcp",
                "from_port": 22,
                "to_port": 22,
                "ipv6_ranges": [{"cidr_ipv6": "::/0"}],
            },
            "22/tcp from ::/0",
        ),
        (
            {
                "ip_protocol": "udp",
                "from_port": 1,
                "to_port": 9,
                "prefix_list_ids": [{"prefix_list_id": "pl-1"}],
            },
            "1-9/udp from pl-1",
        ),
        (
            {
                "ip_protocol": "icmp",
                "from_port": 8,
                "to_port": -1,
                "ip_ranges": [{"cidr_ip": "0.0.0.0/0"}],
            },
            "icmp from 0.0.0.0/0",
        ),
        (
            {
                "ip_protocol": "tcp",
                "from_port": 0,
                "to_port": 0,
                "user_id_group_pairs": [{"group_id": "sg-9"}],
            },
            "0/tcp from sg-9",
        ),
    ],
)
def test_rule_of_any_kind_can_be_told(permission: dict[str, Any], words: str) -> None:
    group = {"group_id": "sg-1", "group_name": "gfs-clients", "ip_permissions": [permission]}

    (one,) = parse_security_groups([group], "gfs")

    assert [str(rule) for rule in one.rules] == [words]


def test_networks_that_a_vpc_has_lost_do_not_count() -> None:
    vpc = vpc_answer("vpc-1", "10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16")
    for entry, state in zip(vpc["cidr_block_association_set"], ("associated", "associating")):
        entry["cidr_block_state"] = {"state": state}
    vpc["cidr_block_association_set"][2]["cidr_block_state"] = {"state": "disassociated"}

    assert parse_vpc(vpc).cidrs == ("10.0.0.0/16", "10.1.0.0/16")


def test_subnet_with_nothing_but_ipv6_is_none_of_ours() -> None:
    subnet = {"subnet_id": "subnet-1", "availability_zone": "a", "cidr_block": None}

    assert parse_found({"subnets": [subnet, {"subnet_id": "subnet-2"}]}, "gfs").subnets == ()


@pytest.mark.parametrize(
    ("interface", "owner"),
    [
        ({"attachment": None, "description": "NAT gateway", "id": "eni-1"}, "NAT gateway"),
        ({"attachment": {"instance_id": None}, "description": "", "id": "eni-1"}, "eni-1"),
        ({}, "something else"),
    ],
)
def test_address_may_belong_to_something_that_is_no_instance(
    interface: dict[str, Any], owner: str
) -> None:
    addresses = [{"private_ip_address": "10.0.0.4"}, {"private_ip_address": "10.0.0.5"}]

    found = parse_interfaces([interface | {"private_ip_addresses": addresses}])

    assert found == {"10.0.0.4": owner, "10.0.0.5": owner}


def test_interface_with_nothing_but_ipv6_has_no_address() -> None:
    assert parse_interfaces([{"id": "eni-1", "private_ip_addresses": None}]) == {}


def test_newest_image_comes_last() -> None:
    answers = [image_answer("ami-3", created="3"), image_answer("ami-1", created="1")]

    assert [one.id for one in parse_images(answers)] == ["ami-1", "ami-3"]


def test_image_without_name_date_and_root_disk_is_read() -> None:
    bare = {"image_id": "ami-1", "state": "pending"}

    assert parse_images([bare]) == (Image("ami-1", "", "", "pending"),)


@pytest.mark.parametrize(("state", "names"), [("available", ("gfs",)), ("deleted", ())])
def test_deleted_placement_group_is_gone(state: str, names: tuple[str, ...]) -> None:
    group = {"name": "gfs", "state": state, "tags": {CLUSTER_TAG: "gfs"}}

    assert parse_found({"placement_groups": [group]}, "gfs").placement_groups == names


def test_placement_group_of_somebody_else_is_not_ours() -> None:
    group = {"name": "gfs", "state": "available", "tags": {}}

    assert parse_found({"placement_groups": [group]}, "gfs").placement_groups == ()
