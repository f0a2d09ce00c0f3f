# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done to take a cluster out of an account, and what stays."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.filter.ec2 import ec2_destruction
from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.model import CLUSTER_TAG
from helpers.account import (
    CLUSTER,
    IMAGE,
    Account,
    Answer,
    image_answer,
    made,
    subnet_answer,
    tagged,
    vpc_answer,
)


def found(account: Account, *images: Answer) -> Answer:
    """What roles/ec2_machines/tasks/destroy.yml reads: all that is tagged as the cluster's."""

    def own(answers: list[Answer]) -> list[Answer]:
        return [one for one in answers if one.get("tags", {}).get(CLUSTER_TAG) == CLUSTER]

    return {
        "instances": own(account.present()),
        "volumes": own(account.volumes),
        "security_groups": own(account.security_groups),
        "placement_groups": account.placement_groups,  # asked for by name
        "key_pairs": own(account.key_pairs),
        "subnets": own(account.subnets),
        "vpcs": own(account.vpcs),
        "images": {"own": list(images)},
    }


def destruction(
    account: Account, *volumes: str, images: tuple[Answer, ...] = (), image: str = ""
) -> dict[str, Any]:
    return ec2_destruction(found(account, *images), CLUSTER, list(volumes), image)


def steps(account: Account, *volumes: str, **more: Any) -> list[str]:
    """Calls and whom they concern."""
    plan = destruction(account, *volumes, **more)
    assert plan["refusals"] == []
    return [f"{step['call']} {step['name']}" for step in plan["steps"]]


def test_cluster_goes_machines_first_and_the_network_last() -> None:
    account, _wanted = made()
    account.vpcs = [vpc_answer("vpc-7", "10.0.0.0/16", tags=tagged(CLUSTER, Name="own"))]
    account.subnets = [subnet_answer("subnet-7", "10.0.0.0/20") | {"tags": tagged(CLUSTER)}]

    assert steps(account) == [
        "TerminateInstances gfs-1",
        "TerminateInstances gfs-2",
        "TerminateInstances gfs-client",
        "DeleteSecurityGroup gfs-storage_nodes",
        "DeleteSecurityGroup gfs-clients",
        "DeletePlacementGroup gfs",
        "DeleteKeyPair gfs-0123456789ab",
        "DeleteSubnet 10.0.0.0/20",
        "DeleteVpc own",
    ]


def test_network_that_was_there_before_stays() -> None:
    calls = [words.split()[0] for words in steps(made()[0])]

    assert not {"DeleteSubnet", "DeleteVpc"} & {*calls}


def test_data_volumes_stay_and_are_told() -> None:
    account, _wanted = made()

    assert destruction(account)["notices"] == [
        f"{account.volume(name)['id']} (/dev/sdb of {name}, 2 GiB) stays, and costs"
        for name in ("gfs-1", "gfs-2")
    ]


def test_volume_that_is_named_goes_after_the_machines() -> None:
    account, _wanted = made()
    volume = account.volume("gfs-1")["id"]

    plan = destruction(account, volume)

    calls = [step["call"] for step in plan["steps"]]
    assert calls[:4] == ["TerminateInstances"] * 3 + ["DeleteVolume"]
    assert [step.get("volume") for step in plan["steps"] if step["call"] == "DeleteVolume"] == [
        volume
    ]
    assert len(plan["notices"]) == 1


def test_only_machines_volumes_and_images_are_destroyed() -> None:
    account, _wanted = made()
    volumes = [account.volume(name)["id"] for name in ("gfs-1", "gfs-2")]

    plan = destruction(account, *volumes, images=(image_answer("ami-1"),), image=IMAGE)

    assert {step["call"] for step in plan["steps"] if step["destroys"]} == {
        "TerminateInstances",
        "DeleteVolume",
        "DeregisterImage",
    }
    assert plan["notices"] == []


def test_only_the_image_of_exactly_that_name_goes() -> None:
    account, _wanted = made()
    images = (image_answer("ami-1"), image_answer("ami-2", "gluster_share_storage_2"))

    def ended(name: str) -> list[str]:
        plan = destruction(account, images=images, image=name)
        return [step["image"] for step in plan["steps"] if step["call"] == "DeregisterImage"]

    assert ended(IMAGE) == ["ami-1"]
    assert ended("gluster_*") == ended("") == []


def test_volume_that_a_stranger_has_is_not_deleted() -> None:
    account, _wanted = made()
    volume = account.volume("gfs-1")
    volume["attachment_set"] = [{"instance_id": "i-9", "status": "attached"}]

    plan = destruction(account, volume["id"])

    words = f"{volume['id']} is attached to i-9, which is not one of gfs: detach it there"
    assert (plan["refusals"], plan["steps"]) == ([words], [])
    assert destruction(account)["refusals"] == []


def test_volume_that_would_go_with_its_instance_is_not_lost() -> None:
    account, _wanted = made()
    instance, volume = account.instance("gfs-2"), account.volume("gfs-2")["id"]
    instance["block_device_mappings"][1]["ebs"]["delete_on_termination"] = True

    plan = destruction(account)

    words = (
        f"{volume} (/dev/sdb of gfs-2) would be deleted with its instance"
        f" {instance['instance_id']}: take DeleteOnTermination off it, or name it in"
        " ec2_machines_delete_volumes"
    )
    assert (plan["refusals"], plan["steps"]) == ([words], [])
    assert destruction(account, volume)["refusals"] == []


def test_nothing_of_another_cluster_goes() -> None:
    account, _wanted = made()
    everything = found(account)

    plan = ec2_destruction(everything, "other", [])

    calls = {step["call"] for step in plan["steps"]}
    assert not {"TerminateInstances", "DeleteVolume", "DeleteSecurityGroup"} & calls


def test_placement_group_of_somebody_else_stays() -> None:
    account, _wanted = made()
    account.placement_groups[0]["tags"] = {}

    assert "DeletePlacementGroup gfs" not in steps(account)


def test_machine_that_is_being_terminated_is_not_terminated_once_more() -> None:
    account, _wanted = made()
    account.instance("gfs-1")["state"] = {"name": "shutting-down"}

    assert steps(account)[0] == "TerminateInstances gfs-2"


@pytest.mark.parametrize("state", ["pending", "running", "stopping", "stopped"])
def test_machine_in_any_state_goes(state: str) -> None:
    account, _wanted = made()
    account.instance("gfs-1")["state"] = {"name": state}

    assert steps(account)[0] == "TerminateInstances gfs-1"


def test_nothing_is_done_in_an_empty_account() -> None:
    plan = destruction(Account())

    assert (plan["refusals"], plan["steps"], plan["notices"]) == ([], [], [])


def test_volume_that_is_named_and_not_there_is_told() -> None:
    plan = destruction(Account(), "vol-9")

    words = "vol-9 is no data volume of gfs, or is gone: nothing is done about it"
    assert (plan["refusals"], plan["steps"], plan["notices"]) == ([], [], [words])


@pytest.mark.parametrize("cluster", ["gf*", "?fs", "*", "", "GFS"])
def test_pattern_is_no_name_of_a_cluster(cluster: str) -> None:
    account, _wanted = made()

    plan = ec2_destruction(found(account), cluster, [])

    words = f"{cluster!r} is no name of a cluster"
    assert (plan["refusals"], plan["steps"]) == ([words], [])


def test_stranger_in_our_groups_stops_it() -> None:
    account, _wanted = made()
    answers = found(account)
    answers["interfaces"] = [
        {
            "id": "eni-9",
            "attachment": {"instance_id": "i-stranger"},
            "private_ip_addresses": [{"private_ip_address": "172.31.16.200"}],
        }
    ]

    plan = ec2_destruction(answers, CLUSTER, [])

    assert plan["steps"] == []
    assert len(plan["refusals"]) == 1
    assert plan["refusals"][0].startswith("i-stranger (172.31.16.200) is not one of gfs, but uses")


def test_vpc_with_a_stranger_s_subnet_stays() -> None:
    account, _wanted = made()
    answers = found(account) | {
        "vpcs": [{"vpc_id": "vpc-1", "cidr_block": "10.0.0.0/16", "tags": {"Name": "ours"}}],
        "all_subnets": [{"subnet_id": "subnet-theirs", "tags": {}}],
    }

    plan = ec2_destruction(answers, CLUSTER, [])

    assert "DeleteVpc" not in [step["call"] for step in plan["steps"]]
    words = "the VPC ours stays: others have subnets in it, subnet-theirs"
    assert words in plan["notices"]


def test_root_disks_are_not_told_as_kept() -> None:
    account, _wanted = made()
    account.volumes = [one for one in account.volumes if one["size"] == 8]

    assert destruction(account)["notices"] == []


def test_disks_that_were_kept_come_back_with_the_next_cluster() -> None:
    account, wanted = made()
    volume = account.volume("gfs-1")["id"]
    for name in ("gfs-1", "gfs-2", "gfs-client"):
        account.terminate(name)
    account.security_groups, account.key_pairs, account.placement_groups = [], [], []

    plan = account.run(wanted)

    assert "CreateVolume" not in [step["call"] for step in plan["steps"]]
    mappings = account.instance("gfs-1")["block_device_mappings"]
    assert mappings[1]["ebs"]["volume_id"] == volume
