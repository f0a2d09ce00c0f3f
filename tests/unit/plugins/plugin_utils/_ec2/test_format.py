# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans and machines in words and values that playbooks use."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.filter.ec2 import ec2_destruction, ec2_hosts
from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.format import PRICES
from helpers.account import CLIENT, CLUSTER, DISK, STORAGE, Account, made, tagged, variables


def lines(account: Account, **changes: Any) -> list[str]:
    return list(account.plan(variables(**changes))["lines"])


def cost(account: Account, **changes: Any) -> list[str]:
    return list(account.plan(variables(**changes))["cost"])


def hosts(account: Account, *privately: Any) -> dict[str, dict[str, Any]]:
    """What is known of each machine, by its name."""
    found = account.found(variables())
    return {one["name"]: one["variables"] for one in ec2_hosts(found, CLUSTER, *privately)}


# --- lines


def test_each_step_is_one_line() -> None:
    assert lines(Account(), machines=STORAGE[:1], groups=[]) == [
        "CreateSecurityGroup gfs-storage_nodes: the VPC has no such security group",
        "AuthorizeSecurityGroupIngress gfs-storage_nodes: does not let in 22/tcp from 0.0.0.0/0,"
        " 24007/tcp from gfs-storage_nodes",
        "ImportKeyPair gfs-0123456789ab: EC2 does not know this SSH key",
        "CreatePlacementGroup gfs: keeps the storage machines on different hardware",
        "CreateVolume gfs-1 /dev/sdb (gp3 2 GiB): gfs-1 has no such volume",
        "RunInstances gfs-1 (t3.micro, ami-1, 172.31.16.100): it is not there",
        "AttachVolume gfs-1 /dev/sdb: it is not attached",
    ]


def test_line_of_what_is_destroyed_stands_out() -> None:
    account, _wanted = made()
    volume = account.volume("gfs-2")["id"]

    assert lines(account, machines=STORAGE[:1], remove=["gfs-2"], delete_volumes=[volume]) == [
        "  DESTROYS  TerminateInstances gfs-2: named in ec2_machines_remove; its data volumes stay",
        f"  DESTROYS  DeleteVolume {volume}, /dev/sdb of gfs-2: named in"
        " ec2_machines_delete_volumes",
    ]


def test_line_tells_how_a_volume_grows() -> None:
    account, _wanted = made()
    volume = account.volume("gfs-1")["id"]
    grown = [STORAGE[0] | {"volumes": [DISK | {"size": 5}]}]

    assert lines(account, machines=grown) == [
        f"ModifyVolume gfs-1 /dev/sdb (gp3 5 GiB): {volume} has 2 GiB, 5 are wanted"
    ]


def test_line_tells_the_network_that_is_made() -> None:
    account = Account()

    assert lines(account, vpc="own", vpc_cidr="172.31.0.0/16")[:2] == [
        "CreateVpc own: there is no VPC own",
        "CreateSubnet 172.31.16.0/20: the VPC own has no such subnet",
    ]


def test_each_step_of_a_destruction_is_one_line() -> None:
    account, _wanted = made(machines=[CLIENT], groups=[])
    found = account.found(variables(machines=[CLIENT])) | {"vpcs": [], "subnets": []}

    assert ec2_destruction(found, CLUSTER, [])["lines"] == [
        "  DESTROYS  TerminateInstances gfs-client: one of the cluster gfs; its data volumes stay"
        " unless they are named",
        "DeleteSecurityGroup gfs-clients: made for the cluster gfs",
    ]


# --- what it costs


def test_what_costs_is_told_before_it_is_made() -> None:
    mixed = [
        STORAGE[0],
        STORAGE[1] | {"volumes": [DISK, {"device": "/dev/sdc", "size": 10, "type": "st1"}]},
        CLIENT | {"type": "t3.small"},
    ]

    assert cost(Account(), machines=mixed) == [
        "starts 3 instance(s): 2 x t3.micro, 1 x t3.small (gfs-1, gfs-2, gfs-client)",
        "makes or grows 3 volume(s): 1 x 10 GiB st1, 2 x 2 GiB gp3, 14 GiB",
        f"They cost until they are removed. Prices: {PRICES}",
    ]


def test_instance_that_starts_again_costs_again() -> None:
    account, _wanted = made()
    account.instance("gfs-2")["state"] = {"name": "stopped"}

    assert cost(account)[0] == "starts instances that were stopped: gfs-2"


def test_what_costs_nothing_is_not_told() -> None:
    account, _wanted = made()

    assert cost(account, groups=["web_heads"], remove=["gfs-2"], machines=STORAGE[:1]) == []


# --- machines as hosts


def test_machine_is_known_by_its_id_whatever_its_address() -> None:
    account, _wanted = made()

    first = hosts(account)["gfs-1"]

    instance = account.instance("gfs-1")["instance_id"]
    assert first == {
        "ansible_host": "172.31.16.100",
        "ansible_user": "admin",
        "ansible_ssh_common_args": (
            f"-o HostKeyAlias={instance} -o StrictHostKeyChecking=accept-new"
        ),
        "ansible_control_path": f"%(directory)s/{instance}",
        "ansible_become": True,
        "storage_node_address": "172.31.16.100",
        "storage_node_address_ip": "172.31.16.100",
        "ec2_instance": instance,
        "ec2_volumes": [{"device": "/dev/sdb", "volume": account.volume("gfs-1")["id"]}],
    }


def test_machine_that_was_made_anew_has_another_host_key() -> None:
    account, wanted = made()
    before = hosts(account)["gfs-1"]
    account.terminate("gfs-1")
    account.run(wanted)

    after = hosts(account)["gfs-1"]

    assert before["ansible_ssh_common_args"] != after["ansible_ssh_common_args"]
    assert before["ec2_volumes"] == after["ec2_volumes"]


@pytest.mark.parametrize(
    ("privately", "address"),
    [
        (False, "203.0.113.7"),
        ("false", "203.0.113.7"),
        (True, "172.31.16.100"),
        ("true", "172.31.16.100"),
    ],
)
def test_machine_is_reached_at_its_public_address_unless_told(privately: Any, address: str) -> None:
    account, _wanted = made()
    account.instance("gfs-1")["public_ip_address"] = "203.0.113.7"

    first = hosts(account, privately)["gfs-1"]

    assert first["ansible_host"] == address
    assert first["storage_node_address"] == "172.31.16.100"
    assert hosts(account, privately)["gfs-2"]["ansible_host"] == "172.31.16.101"


def test_disks_come_by_device_and_the_root_disk_is_none_of_them() -> None:
    devices = ["/dev/sdd", "/dev/sdb", "/dev/sdc"]
    account, _wanted = made(
        machines=[STORAGE[0] | {"volumes": [DISK | {"device": device} for device in devices]}]
    )

    disks = hosts(account)["gfs-1"]["ec2_volumes"]

    assert [disk["device"] for disk in disks] == sorted(devices)


@pytest.mark.parametrize("attachments", [[], [{"instance_id": "i-9", "status": "attached"}]])
def test_disk_that_a_machine_does_not_have_is_not_waited_for(attachments: list[Any]) -> None:
    account, _wanted = made()
    account.volume("gfs-1")["attachment_set"] = attachments

    assert hosts(account)["gfs-1"]["ec2_volumes"] == []


@pytest.mark.parametrize(
    ("state", "is_up"),
    [("pending", 1), ("running", 1), ("stopping", 0), ("stopped", 0), ("shutting-down", 0)],
)
def test_only_machines_that_are_up_are_hosts(state: str, is_up: int) -> None:
    account, _wanted = made()
    account.instance("gfs-1")["state"] = {"name": state}

    assert ("gfs-1" in hosts(account)) == bool(is_up)


def test_machines_that_are_not_listed_are_hosts_and_those_of_others_are_not() -> None:
    account, _wanted = made(machines=[*STORAGE, CLIENT, {"name": "gfs-9"}])
    account.instance("gfs-2")["tags"] |= tagged("other")

    assert [*hosts(account)] == ["gfs-1", "gfs-9", "gfs-client"]


def test_machines_are_hosts_of_their_group() -> None:
    account, _wanted = made()

    found = ec2_hosts(account.found(variables()), CLUSTER)

    assert [one["group"] for one in found] == ["storage_nodes", "storage_nodes", "clients"]
