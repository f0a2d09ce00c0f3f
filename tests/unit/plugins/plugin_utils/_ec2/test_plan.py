# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done in an account, from what is there and what is wanted: step by step."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.account import (
    CLIENT,
    DISK,
    IMAGE,
    INGRESS,
    ROOT,
    STORAGE,
    Account,
    Variables,
    image_answer,
    made,
    tagged,
    variables,
)

ORDER = (
    "TerminateInstances",
    "DeleteVolume",
    "CreateVpc",
    "CreateSubnet",
    "CreateSecurityGroup",
    "AuthorizeSecurityGroupIngress",
    "ImportKeyPair",
    "CreatePlacementGroup",
    "CreateVolume",
    "ModifyVolume",
    "RunInstances",
    "StartInstances",
    "AttachVolume",
)


def steps(account: Account, wanted: Variables) -> list[str]:
    """Calls and whom they concern."""
    plan = account.plan(wanted)
    assert plan["refusals"] == []
    return [f"{step['call']} {step['name']}" for step in plan["steps"]]


def step(account: Account, wanted: Variables, call: str) -> dict[str, Any]:
    """The one step of that call."""
    (found,) = (one for one in account.plan(wanted)["steps"] if one["call"] == call)
    return dict(found)


def notices(account: Account, **changes: Any) -> list[str]:
    return list(account.plan(variables(**changes))["notices"])


# --- from nothing, and from everything


def test_all_is_made_in_an_empty_account() -> None:
    account = Account()
    account.vpcs, account.subnets = [], []

    assert steps(account, variables(vpc="own", vpc_cidr="172.31.0.0/16")) == [
        "CreateVpc own",
        "CreateSubnet 172.31.16.0/20",
        "CreateSecurityGroup gfs-storage_nodes",
        "CreateSecurityGroup gfs-clients",
        "AuthorizeSecurityGroupIngress gfs-storage_nodes",
        "AuthorizeSecurityGroupIngress gfs-clients",
        "ImportKeyPair gfs-0123456789ab",
        "CreatePlacementGroup gfs",
        "CreateVolume gfs-1 /dev/sdb",
        "CreateVolume gfs-2 /dev/sdb",
        "RunInstances gfs-1",
        "RunInstances gfs-2",
        "RunInstances gfs-client",
        "AttachVolume gfs-1 /dev/sdb",
        "AttachVolume gfs-2 /dev/sdb",
    ]


def test_nothing_is_done_where_all_is_there() -> None:
    account, wanted = made()

    plan = account.plan(wanted)

    assert (plan["steps"], plan["notices"], plan["cost"]) == ([], [], [])


def test_network_that_is_there_is_used() -> None:
    assert steps(Account(), variables())[0] == "CreateSecurityGroup gfs-storage_nodes"


def test_only_what_was_named_is_destroyed() -> None:
    account, _wanted = made()
    account.terminate("gfs-1")

    plan = account.plan(variables(machines=[*STORAGE, {"name": "gfs-9"}]))

    assert not any(one["destroys"] for one in plan["steps"])


# --- one thing is missing


def test_missing_subnet_is_made() -> None:
    wanted = variables(subnet="172.31.32.0/20", machines=[{"name": "n1"}])

    assert steps(Account(), wanted)[0] == "CreateSubnet 172.31.32.0/20"


def test_missing_security_group_is_made_with_its_rules_and_let_in_by_others() -> None:
    account, wanted = made()
    clients = account.group("gfs-clients")
    account.security_groups.remove(clients)

    # Its old id is no name: the rule that has let it in is one of others by now.
    assert steps(account, wanted) == [
        "CreateSecurityGroup gfs-clients",
        "AuthorizeSecurityGroupIngress gfs-storage_nodes",
        "AuthorizeSecurityGroupIngress gfs-clients",
    ]


def test_only_missing_rules_are_added() -> None:
    account, wanted = made()
    del account.group("gfs-storage_nodes")["ip_permissions"][1]

    assert step(account, wanted, "AuthorizeSecurityGroupIngress") == {
        "call": "AuthorizeSecurityGroupIngress",
        "name": "gfs-storage_nodes",
        "why": "does not let in 24007/tcp from gfs-storage_nodes",
        "destroys": False,
        "group": "gfs-storage_nodes",
        "rules": [
            {
                "proto": "tcp",
                "from_port": 24007,
                "to_port": 24007,
                "group_name": "gfs-storage_nodes",
                "rule_desc": "clustered.storage",
            }
        ],
    }


@pytest.mark.parametrize(
    ("source", "kind"), [("10.0.0.0/8", "cidr_ip"), ("2001:db8::/32", "cidr_ipv6")]
)
def test_network_is_handed_over_as_what_it_is(source: str, kind: str) -> None:
    account, _wanted = made(ingress={})

    rules = step(
        account,
        variables(ingress={}, ssh_sources=["0.0.0.0/0", source], groups=[], machines=STORAGE),
        "AuthorizeSecurityGroupIngress",
    )["rules"]

    assert [rule[kind] for rule in rules] == [source]


def test_rules_of_others_stay_and_are_told() -> None:
    account, wanted = made()
    account.group("gfs-clients")["ip_permissions"].append(
        {"ip_protocol": "-1", "ipv6_ranges": [{"cidr_ipv6": "::/0"}]}
    )

    assert steps(account, wanted) == []
    assert notices(account) == ["gfs-clients also lets in everything from ::/0: left alone"]


def test_missing_volume_is_made_and_attached_to_the_instance_that_runs() -> None:
    account, _wanted = made(machines=[STORAGE[0] | {"volumes": []}])
    wanted = variables(machines=STORAGE[:1])

    assert steps(account, wanted) == ["CreateVolume gfs-1 /dev/sdb", "AttachVolume gfs-1 /dev/sdb"]
    attach = step(account, wanted, "AttachVolume")
    assert attach["instance"] == account.instance("gfs-1")["instance_id"]


def test_volume_that_is_not_attached_is_attached() -> None:
    account, wanted = made()
    account.volume("gfs-1")["attachment_set"] = []
    del account.instance("gfs-1")["block_device_mappings"][1]

    assert steps(account, wanted) == ["AttachVolume gfs-1 /dev/sdb"]
    attach = step(account, wanted, "AttachVolume")
    assert attach["volume"] == account.volume("gfs-1")["id"]
    assert attach["why"] == "it is not attached"


def test_volume_at_another_device_is_attached_already() -> None:
    account, wanted = made()
    account.instance("gfs-1")["block_device_mappings"][1]["device_name"] = "/dev/sdf"

    assert steps(account, wanted) == []


def test_volume_grows() -> None:
    account, _wanted = made()
    wanted = variables(machines=[STORAGE[0] | {"volumes": [DISK | {"size": "5"}]}, STORAGE[1]])

    grow = step(account, wanted, "ModifyVolume")

    volume = account.volume("gfs-1")["id"]
    assert (grow["volume"], grow["size"]) == (volume, 5)
    assert grow["why"] == f"{volume} has 2 GiB, 5 are wanted"
    assert steps(account, wanted) == ["ModifyVolume gfs-1 /dev/sdb"]


@pytest.mark.parametrize("state", ["stopped", "stopping"])
def test_stopped_instance_is_started(state: str) -> None:
    account, wanted = made()
    account.instance("gfs-2")["state"] = {"name": state}

    start = step(account, wanted, "StartInstances")

    assert steps(account, wanted) == ["StartInstances gfs-2"]
    assert start["instance"] == account.instance("gfs-2")["instance_id"]
    assert start["why"] == f"it is {state}"


def test_instance_that_is_starting_is_left_to_it() -> None:
    account, wanted = made()
    account.instance("gfs-2")["state"] = {"name": "pending"}

    assert steps(account, wanted) == []


def test_key_and_placement_group_are_of_no_account_once_the_machines_are_there() -> None:
    account, wanted = made()
    account.key_pairs, account.placement_groups = [], []

    assert steps(account, wanted) == []


@pytest.mark.parametrize("spread", [True, False])
def test_missing_machine_needs_key_and_placement_group(spread: bool) -> None:
    account, wanted = made(spread=spread)
    account.key_pairs, account.placement_groups = [], []
    account.terminate("gfs-1")

    needed = ["ImportKeyPair gfs-0123456789ab", "CreatePlacementGroup gfs"]
    assert [one for one in steps(account, wanted) if one in needed] == needed[: 1 + spread]


def test_missing_client_needs_no_placement_group() -> None:
    account, wanted = made()
    account.placement_groups = []
    account.terminate("gfs-client")

    assert steps(account, wanted) == ["RunInstances gfs-client"]


# --- an instance is gone


def test_instance_that_was_terminated_gets_its_disk_back() -> None:
    account, wanted = made()
    volume = account.volume("gfs-1")["id"]
    account.terminate("gfs-1")

    assert steps(account, wanted) == ["RunInstances gfs-1", "AttachVolume gfs-1 /dev/sdb"]
    assert step(account, wanted, "RunInstances")["why"] == (
        f"it is gone, its data volume is not: {volume}"
    )
    assert step(account, wanted, "AttachVolume")["volume"] == volume
    assert step(account, wanted, "AttachVolume")["why"] == f"{volume} has survived"


def test_instance_starts_as_it_is_wanted() -> None:
    listed = [CLIENT | {"type": "t3.large", "image": "ami-5", "root_size": "12"}]
    account = Account()
    account.images["ami-5"] = [image_answer("ami-5", "other", root_device_name="/dev/sda1")]

    start = step(account, variables(machines=listed), "RunInstances")

    assert {key: start[key] for key in start if key not in ("call", "name", "why", "destroys")} == {
        "machine": "gfs-client",
        "address": "172.31.16.110",
        "type": "t3.large",
        "image": "ami-5",
        "image_name": "other",
        "group": "clients",
        "user": "admin",
        "is_spread": False,
        "root_size": 12,
        "root_device": "/dev/sda1",
    }


def test_image_that_is_only_foreseen_has_no_id_yet() -> None:
    account = Account()
    account.images = {}

    start = step(account, variables(machines=[CLIENT], foreseen_images=[IMAGE]), "RunInstances")

    assert (start["image"], start["image_name"]) == ("", IMAGE)


# --- growth and removal


def test_machine_is_added() -> None:
    account, _wanted = made()
    third = {"name": "gfs-3", "address": "172.31.16.102", "volumes": [DISK]}

    assert steps(account, variables(machines=[*STORAGE, CLIENT, third])) == [
        "CreateVolume gfs-3 /dev/sdb",
        "RunInstances gfs-3",
        "AttachVolume gfs-3 /dev/sdb",
    ]


def test_machines_that_are_not_listed_stay() -> None:
    account, _wanted = made()

    assert steps(account, variables(machines=STORAGE[:1])) == []
    assert notices(account, machines=STORAGE[:1]) == []


def test_machine_that_is_named_is_removed_and_its_disk_stays() -> None:
    account, _wanted = made()
    wanted = variables(machines=STORAGE[:1], remove=["gfs-2"])

    assert steps(account, wanted) == ["TerminateInstances gfs-2"]
    removal = step(account, wanted, "TerminateInstances")
    assert removal["destroys"]
    assert removal["why"] == "named in ec2_machines_remove; its data volumes stay"


def test_disk_that_nobody_has_is_told() -> None:
    account, _wanted = made()
    wanted = variables(machines=STORAGE[:1], remove=["gfs-2"])
    account.run(wanted)

    volume = account.volume("gfs-2")["id"]
    assert account.plan(wanted)["notices"] == [
        f"{volume} (/dev/sdb of gfs-2) is kept, and costs; no machine has it"
    ]


def test_disk_that_is_named_is_deleted_after_its_machine() -> None:
    account, _wanted = made()
    volume = account.volume("gfs-2")["id"]
    wanted = variables(machines=STORAGE[:1], remove=["gfs-2"], delete_volumes=[volume])

    assert steps(account, wanted) == [
        "TerminateInstances gfs-2",
        f"DeleteVolume {volume}, /dev/sdb of gfs-2",
    ]
    assert step(account, wanted, "DeleteVolume")["destroys"]


def test_machine_that_is_being_terminated_is_not_terminated_once_more() -> None:
    account, _wanted = made()
    account.instance("gfs-2")["state"] = {"name": "shutting-down"}

    assert steps(account, variables(machines=STORAGE[:1], remove=["gfs-2"])) == []


def test_machine_of_another_cluster_is_not_removed() -> None:
    account, _wanted = made()
    account.instance("gfs-2")["tags"] |= tagged("other")

    assert steps(account, variables(machines=STORAGE[:1], remove=["gfs-2"])) == []


def test_steps_come_in_the_order_in_which_they_need_each_other() -> None:
    account, _wanted = made(vpc="own", vpc_cidr="172.31.0.0/16", machines=[*STORAGE, CLIENT])
    account.instance("gfs-2")["state"] = {"name": "stopped"}
    account.terminate("gfs-1")
    account.security_groups, account.key_pairs, account.placement_groups = [], [], []
    grown = [STORAGE[0] | {"volumes": [DISK | {"size": 3}, DISK | {"device": "/dev/sdc"}]}]
    volume = account.volume("gfs-1")["id"]
    account.volumes.append(
        account.volume("gfs-1") | {"id": "vol-old", "tags": tagged("gfs", machine="x", device="y")}
    )
    wanted = variables(
        vpc="own",
        vpc_cidr="172.31.0.0/16",
        machines=[*grown, STORAGE[1]],
        remove=["gfs-client"],
        delete_volumes=["vol-old"],
    )

    calls = [one.split()[0] for one in steps(account, wanted)]

    assert list(dict.fromkeys(calls)) == [
        call for call in ORDER if call not in ("CreateVpc", "CreateSubnet")
    ]
    assert account.volume("gfs-1")["id"] == volume


# --- notices


def test_machine_of_another_type_stays_so() -> None:
    account, _wanted = made()
    listed = [STORAGE[0] | {"type": "m5.large"}, STORAGE[1]]

    assert steps(account, variables(machines=listed)) == []
    assert notices(account, machines=listed) == ["gfs-1 is t3.micro, not m5.large: it stays so"]


def test_disk_that_would_go_with_its_instance_is_told() -> None:
    account, wanted = made()
    account.instance("gfs-1")["block_device_mappings"][1]["ebs"]["delete_on_termination"] = True

    assert steps(account, wanted) == []
    assert notices(account) == [
        f"{account.volume('gfs-1')['id']} (/dev/sdb of gfs-1) would be deleted with its instance"
        " (DeleteOnTermination)"
    ]


def test_root_disk_that_goes_with_its_instance_is_not_told() -> None:
    account, _wanted = made()
    root = account.instance("gfs-1")["block_device_mappings"][0]

    assert (root["device_name"], root["ebs"]["delete_on_termination"]) == (ROOT, True)
    assert notices(account) == []


def test_what_one_should_know_is_told_beside_refusals() -> None:
    account, _wanted = made()
    listed = [STORAGE[0] | {"type": "m5.large", "address": "10.0.0.4"}]

    plan = account.plan(variables(machines=listed))

    assert (len(plan["refusals"]), len(plan["notices"]), plan["steps"]) == (1, 1, [])


# --- where


def test_place_is_told_with_the_plan() -> None:
    plan = made()[0].plan(variables())

    assert [plan[key] for key in ("vpc", "subnet", "zone")] == ["vpc-1", "subnet-1", "eu-west-1b"]


def test_place_that_is_still_to_be_made_has_no_ids() -> None:
    wanted = variables(vpc="own", vpc_cidr="172.31.0.0/16", zone="eu-west-1c", ingress=INGRESS)

    plan = Account().plan(wanted)

    assert [plan[key] for key in ("vpc", "subnet", "zone")] == ["", "", "eu-west-1c"]
