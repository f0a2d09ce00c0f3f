# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refusals: one sentence for one cause, before anything is changed; none for what is fine."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.model import CLUSTER_TAG
from helpers.account import (
    CLIENT,
    DISK,
    IMAGE,
    STORAGE,
    SUBNET,
    Account,
    image_answer,
    made,
    subnet_answer,
    tagged,
    variables,
    vpc_answer,
)


def refusals(account: Account, **changes: Any) -> list[str]:
    """Why nothing is done."""
    plan = account.plan(variables(**changes))
    assert not plan["steps"] or not plan["refusals"]
    return list(plan["refusals"])


def refusal(account: Account, **changes: Any) -> str:
    """The one reason why nothing is done."""
    (words,) = refusals(account, **changes)
    return str(words)


def is_planned(account: Account, **changes: Any) -> bool:
    return refusals(account, **changes) == []


def at(address: str, **more: Any) -> list[dict[str, Any]]:
    return [{"name": "n1", "address": address, **more}]


def with_disks(*sizes: int, name: str = "gfs-1") -> list[dict[str, Any]]:
    """One machine with data volumes sdb, sdc, ..."""
    disks = [{"device": f"/dev/sd{'bcd'[i]}", "size": size} for i, size in enumerate(sizes)]
    return [{"name": name, "address": "172.31.16.100", "volumes": disks}]


def somebody(account: Account, name: str = "stranger", **tags: str) -> dict[str, Any]:
    """An instance that is not ours."""
    instance = {
        "instance_id": account.new_id("i"),
        "instance_type": "m5.large",
        "image_id": "ami-9",
        "state": {"name": "running"},
        "private_ip_address": "172.31.16.200",
        "subnet_id": "subnet-1",
        "root_device_name": "/dev/sda1",
        "block_device_mappings": [],
        "tags": {"Name": name, **tags},
    }
    account.instances.append(instance)
    return instance


# --- names


@pytest.mark.parametrize("name", ["n1", "1", "a-b", "a" * 63])
def test_name_may_be_that_of_a_host(name: str) -> None:
    assert is_planned(Account(), machines=[{"name": name}], cluster=name)


@pytest.mark.parametrize(
    "name", ["N1", "n_1", "-n", "n-", "n.example", "a" * 64, "n 1", "né", "n1\n"]
)
def test_name_that_is_that_of_no_host_is_refused(name: str) -> None:
    words = f"{name!r} is no name: use small letters, digits and dashes, 63 at most"

    assert refusal(Account(), machines=[{"name": name}]) == words
    assert refusal(Account(), cluster=name) == words


def test_cluster_has_a_name() -> None:
    assert refusal(Account(), cluster="").startswith("'' is no name")


@pytest.mark.parametrize("name", ["sg", "sg-1"])
def test_cluster_is_not_called_as_ids_of_security_groups_are(name: str) -> None:
    words = f"the cluster {name} needs another name: EC2 has no security groups sg-..."

    assert refusal(Account(), cluster=name) == words


def test_machine_that_is_listed_twice_is_refused() -> None:
    twice = refusal(Account(), machines=[STORAGE[0], STORAGE[0]])

    assert twice == "gfs-1 is listed twice: give each machine a name of its own"


def test_address_of_two_machines_is_refused() -> None:
    both = [{"name": "n1", "address": "172.31.16.9"}, {"name": "n2", "address": "172.31.16.9"}]

    words = "172.31.16.9 is given to two machines: give each its own"
    assert refusal(Account(), machines=both) == words


def test_machines_without_addresses_are_not_in_each_others_way() -> None:
    assert is_planned(Account(), machines=[{"name": "n1"}, {"name": "n2"}])


def test_device_of_two_volumes_is_refused() -> None:
    both = refusal(Account(), machines=at("172.31.16.9", volumes=[DISK, DISK]))

    assert both == "/dev/sdb of n1 is listed twice: a device is one volume"


def test_machine_that_is_to_be_removed_is_not_listed() -> None:
    both = refusal(Account(), remove=["gfs-1"])

    words = "gfs-1 is to be removed, and listed as a machine: take it off one of the lists"
    assert both == words


def test_seven_machines_can_be_spread() -> None:
    machines = [{"name": f"n{number}"} for number in range(1, 9)]

    assert is_planned(Account(), machines=machines[:7])
    assert refusal(Account(), machines=machines) == (
        "a spread placement group takes 7 machines: set ec2_machines_spread: false"
    )
    assert is_planned(Account(), machines=machines, spread=False)
    assert is_planned(Account(), machines=[*machines[:7], CLIENT])


# --- addresses


@pytest.mark.parametrize(
    "address", ["172.31.16.4", "172.31.31.254", "172.31.17.0", "172.31.20.255"]
)
def test_address_may_be_any_that_ec2_does_not_keep(address: str) -> None:
    assert is_planned(Account(), machines=at(address))


@pytest.mark.parametrize("address", ["172.31.16.0", "172.31.16.3", "172.31.31.255"])
def test_address_that_ec2_keeps_is_refused(address: str) -> None:
    assert refusal(Account(), machines=at(address)) == (
        f"{address} of n1 is one of the addresses that EC2 keeps in {SUBNET}: the first 4 and the"
        " last"
    )


@pytest.mark.parametrize("address", ["172.31.15.255", "172.31.32.0", "10.0.0.4"])
def test_address_outside_of_the_subnet_is_refused(address: str) -> None:
    words = f"{address} of n1 lies outside the subnet {SUBNET}"

    assert refusal(Account(), machines=at(address)) == words


@pytest.mark.parametrize("address", ["172.31.16", "gfs-1.example", "172.31.16.256", "::1", "4"])
def test_what_is_no_address_is_refused(address: Any) -> None:
    words = f"{address!r} of n1 is no address, such as 172.31.16.4"

    assert refusal(Account(), machines=at(address)) == words


def test_smallest_subnet_has_eleven_addresses() -> None:
    account = Account()
    account.subnets = [subnet_answer("subnet-1", "172.31.0.16/28")]

    def fits(last: int) -> bool:
        return is_planned(account, subnet="172.31.0.16/28", machines=at(f"172.31.0.{last}"))

    assert [last for last in range(16, 32) if fits(last)] == list(range(20, 31))


@pytest.mark.parametrize("subnet", ["172.31.16.5/20", "172.31.16.0", "default", "", "::/64", "/20"])
def test_subnet_that_is_no_network_is_refused(subnet: str) -> None:
    words = f"the subnet {subnet!r} is no network, such as 172.31.16.0/20"

    assert refusal(Account(), subnet=subnet) == words


def test_address_of_somebody_else_is_refused() -> None:
    account = Account()
    stranger = somebody(account)

    assert refusal(account, machines=at("172.31.16.200")) == (
        f"the address 172.31.16.200 of n1 is taken, by {stranger['instance_id']}: choose another"
        " one"
    )


def test_address_of_a_machine_that_is_removed_is_free() -> None:
    account, _wanted = made()
    taken = [{"name": "gfs-9", "address": "172.31.16.101"}]

    assert is_planned(account, machines=taken, remove=["gfs-2"])
    assert "172.31.16.101 of gfs-9 is taken" in refusal(account, machines=taken)


# --- VPC and subnet


def test_region_without_default_vpc_is_refused() -> None:
    account = Account()
    account.vpcs = []

    assert refusal(account) == (
        "this region has no default VPC: name another one in ec2_machines_vpc, or have one made (a"
        " name in ec2_machines_vpc, its network in ec2_machines_vpc_cidr)"
    )


@pytest.mark.parametrize("vpc", ["storage", "vpc-0123"])
def test_vpc_that_is_missing_is_refused(vpc: str) -> None:
    assert refusal(Account(), vpc=vpc) == (
        f"there is no VPC {vpc} in this region: correct ec2_machines_vpc, or give its network in"
        " ec2_machines_vpc_cidr to have it made"
    )


@pytest.mark.parametrize("cidr", ["172.31.0.0", "172.31.0.1/16", "big"])
def test_vpc_is_made_of_a_network(cidr: str) -> None:
    words = f"ec2_machines_vpc_cidr is no network, such as 10.0.0.0/16: {cidr!r}"

    assert refusal(Account(), vpc="own", vpc_cidr=cidr) == words


@pytest.mark.parametrize("cidr", ["172.0.0.0/8", "172.31.16.0/29"])
def test_vpc_is_made_of_a_size_that_ec2_has(cidr: str) -> None:
    words = f"a VPC {cidr} can not be made: it has to be between a /16 and a /28"

    assert refusal(Account(), vpc="own", vpc_cidr=cidr) == words


def test_vpc_of_two_is_refused_and_nothing_else_is_said() -> None:
    account, _wanted = made(vpc="own", vpc_cidr="172.31.0.0/16")
    account.vpcs.append(vpc_answer("vpc-9", "172.31.0.0/16", tags={"Name": "own"}))

    words = f"2 VPCs are called own ({account.vpcs[1]['vpc_id']}, vpc-9): name one by its id"
    assert refusal(account, vpc="own", vpc_cidr="172.31.0.0/16") == words


def test_vpc_that_is_missing_is_the_only_thing_that_is_told_of_a_cluster() -> None:
    account, _wanted = made()

    assert refusal(account, vpc="other").startswith("there is no VPC other in this region")


def test_one_of_several_vpcs_is_named_by_its_id() -> None:
    account = Account()
    account.vpcs.append(vpc_answer("vpc-9", "10.0.0.0/16"))
    account.subnets.append(subnet_answer("subnet-9", "10.0.0.0/28", vpc="vpc-9"))

    assert is_planned(account, vpc="vpc-9", subnet="10.0.0.0/28", machines=at("10.0.0.4"))


def test_subnet_may_lie_in_any_network_of_the_vpc() -> None:
    account = Account()
    account.vpcs = [vpc_answer("vpc-1", "172.31.0.0/16", "10.9.0.0/20", is_default=True)]

    assert is_planned(account, subnet="10.9.1.0/24", machines=at("10.9.1.4"))
    assert refusal(account, subnet="10.9.16.0/24", machines=at("10.9.16.4")) == (
        "the subnet 10.9.16.0/24 lies outside the VPC default (172.31.0.0/16, 10.9.0.0/20): correct"
        " ec2_machines_subnet"
    )


def test_subnet_lies_in_the_vpc_that_is_made() -> None:
    assert is_planned(Account(), vpc="own", vpc_cidr="172.31.16.0/20")
    assert refusal(Account(), vpc="own", vpc_cidr="10.0.0.0/16") == (
        f"the subnet {SUBNET} lies outside the VPC own (10.0.0.0/16): correct ec2_machines_subnet"
    )


@pytest.mark.parametrize(
    ("subnet", "address"), [("172.31.16.0/24", "172.31.16.9"), ("172.31.0.0/19", "172.31.16.9")]
)
def test_subnet_that_overlaps_with_another_is_refused(subnet: str, address: str) -> None:
    assert refusal(Account(), subnet=subnet, machines=at(address)) == (
        f"the subnet {subnet} overlaps with subnet-1 ({SUBNET}): take that one, or another network"
    )


def test_subnet_that_is_too_small_for_ec2_is_refused() -> None:
    words = "the subnet 172.31.32.0/29 can not be made: it has to be between a /16 and a /28"

    assert refusal(Account(), subnet="172.31.32.0/29", machines=[]) == words
    assert is_planned(Account(), subnet="172.31.32.0/28", machines=[])


# --- instances


@pytest.mark.parametrize("tags", [{}, {CLUSTER_TAG: "other"}])
def test_name_of_a_stranger_is_refused(tags: dict[str, str]) -> None:
    account = Account()
    stranger = somebody(account, "gfs-1", **tags)

    assert refusal(account) == (
        f"the name gfs-1 is not clear, it is that of {stranger['instance_id']} (cluster"
        f" {tags.get(CLUSTER_TAG, 'none')}): rename or end those that are not the one of cluster"
        " gfs"
    )


def test_strangers_of_other_names_do_not_matter() -> None:
    account = Account()
    somebody(account, "gfs-9")
    somebody(account, "gfs-1")["state"] = {"name": "terminated"}
    del somebody(account, "")["tags"]["Name"]

    assert is_planned(account)


def test_two_machines_of_one_name_are_refused() -> None:
    account, _wanted = made()
    first = account.instance("gfs-1")["instance_id"]
    second = somebody(account, "gfs-1", **tagged("gfs"))["instance_id"]

    assert refusal(account) == (
        f"the name gfs-1 is not clear, it is that of {first} (cluster gfs), {second} (cluster gfs):"
        " rename or end those that are not the one of cluster gfs"
    )


def test_machine_that_is_being_terminated_is_waited_for() -> None:
    account, _wanted = made()
    account.instance("gfs-1")["state"] = {"name": "shutting-down"}

    first = account.instance("gfs-1")["instance_id"]
    words = f"gfs-1 ({first}) is being terminated: run this when it is gone"
    assert refusal(account) == words


def test_machine_does_not_change_its_address() -> None:
    account, _wanted = made()
    other = [STORAGE[0] | {"address": "172.31.16.150"}, STORAGE[1]]

    assert refusal(account, machines=other) == (
        f"gfs-1 ({account.instance('gfs-1')['instance_id']}) has the address 172.31.16.100 in"
        f" subnet-1, not 172.31.16.150 in {SUBNET} of the VPC default: an instance keeps its"
        " address. Correct the variable, or remove the machine first (ec2_machines_remove)"
    )


def test_machine_keeps_the_address_that_ec2_has_chosen() -> None:
    account, _wanted = made(machines=[{"name": "n1"}])

    assert is_planned(account, machines=[{"name": "n1"}])


def test_machine_of_another_vpc_is_refused() -> None:
    account, _wanted = made()
    account.instance("gfs-1")["subnet_id"] = "subnet-7"

    words = f"has the address 172.31.16.100 in subnet-7, not 172.31.16.100 in {SUBNET} of the VPC"
    assert words in refusal(account)


# --- images


@pytest.mark.parametrize("image", ["ami-1", IMAGE, "gluster_*", "gluster_share_storag?"])
def test_image_is_found_by_id_name_and_pattern(image: str) -> None:
    account = Account()
    account.images = {image: [image_answer("ami-1")]}

    plan = account.plan(variables(image=image))

    starts = [step for step in plan["steps"] if step["call"] == "RunInstances"]
    assert {step["image"] for step in starts} == {"ami-1"}


@pytest.mark.parametrize("image", ["gluster_*", "gluster_share_storag?"])
def test_newest_image_of_a_pattern_is_taken(image: str) -> None:
    account = Account()
    account.images = {image: [image_answer("ami-2", created="2026-02"), image_answer("ami-1")]}

    plan = account.plan(variables(image=image))

    assert plan["refusals"] == []
    assert {step["image"] for step in plan["steps"] if step["call"] == "RunInstances"} == {"ami-2"}


@pytest.mark.parametrize("image", ["gone", "ami-9", "gone-*"])
def test_image_that_is_missing_is_refused(image: str) -> None:
    assert refusal(Account(), image=image) == (
        f"there is no image {image} in this region that this account owns or may use"
        " (ec2_machines_image_owners): correct the name, or make the image first, as"
        " playbooks/ec2_bake_image.yml does"
    )


def test_image_that_a_real_run_would_have_made_is_not_missing() -> None:
    account = Account()
    account.images = {}

    assert is_planned(account, foreseen_images=[IMAGE])


def test_image_of_two_is_refused() -> None:
    account = Account()
    account.images = {IMAGE: [image_answer("ami-2"), image_answer("ami-1")]}

    assert refusal(account) == f"2 images are called {IMAGE}: name one by its id (ami-1, ami-2)"


@pytest.mark.parametrize("state", ["pending", "failed"])
def test_image_that_is_not_available_is_refused(state: str) -> None:
    account = Account()
    account.images = {IMAGE: [image_answer("ami-1", state=state)]}

    assert refusal(account) == (
        f"the image {IMAGE} (ami-1) is {state}, not available: wait until it is, or name another"
        " one"
    )


def test_image_of_machines_that_are_there_may_be_gone() -> None:
    account, _wanted = made()
    account.images = {}

    assert is_planned(account)


# --- data volumes


def test_volume_does_not_shrink() -> None:
    account, _wanted = made(machines=with_disks(4))
    volume = account.volume("gfs-1")["id"]

    assert is_planned(account, machines=with_disks(5))
    assert refusal(account, machines=with_disks(3)) == (
        f"{volume}, /dev/sdb of gfs-1, has 4 GiB, 3 are wanted: EBS volumes do not shrink,"
        " write 4 or more"
    )


def test_volume_that_a_stranger_has_is_refused() -> None:
    account, _wanted = made()
    volume = account.volume("gfs-1")
    volume["attachment_set"] = [{"instance_id": "i-9", "status": "attached"}]

    words = f"{volume['id']}, /dev/sdb of gfs-1, is attached to i-9: detach it there"
    assert refusal(account) == words


def test_volume_in_another_zone_is_refused() -> None:
    account, _wanted = made()
    account.terminate("gfs-1")
    volume = account.volume("gfs-1")
    volume["zone"] = "eu-west-1c"

    assert refusal(account) == (
        f"{volume['id']}, /dev/sdb of gfs-1, lies in eu-west-1c, the subnet {SUBNET} in eu-west-1b:"
        " choose a subnet that lies in eu-west-1c"
    )


def test_subnet_is_not_made_in_another_zone_than_the_volumes_lie_in() -> None:
    account, _wanted = made(vpc="own", vpc_cidr="172.31.0.0/16", machines=with_disks(2))
    account.terminate("gfs-1")
    del account.vpcs[1], account.subnets[1]
    again = {"vpc": "own", "vpc_cidr": "172.31.0.0/16", "machines": with_disks(2)}

    assert refusal(account, **again, zone="eu-west-1a") == (
        f"{account.volume('gfs-1')['id']}, /dev/sdb of gfs-1, lies in eu-west-1b, the subnet"
        f" {SUBNET} in eu-west-1a: choose a subnet that lies in eu-west-1b, or set"
        " ec2_machines_zone for the one that is made"
    )
    assert is_planned(account, **again)


def test_volume_of_two_is_refused() -> None:
    account, _wanted = made()
    first = account.volume("gfs-1")
    account.volumes.append(first | {"id": "vol-zz", "size": 9, "attachment_set": []})

    assert refusal(account) == (
        f"/dev/sdb of gfs-1 is not clear, 2 volumes are tagged so: {first['id']} (2 GiB), vol-zz (9"
        " GiB). Take the tags clustered-storage:machine and clustered-storage:device off those that"
        " are not it"
    )


def test_volume_that_is_being_deleted_is_not_in_the_way() -> None:
    account, _wanted = made()
    account.volumes.append(account.volume("gfs-1") | {"id": "vol-zz", "status": "deleting"})

    assert is_planned(account)


def test_device_with_a_volume_that_is_not_tagged_is_refused() -> None:
    account, _wanted = made()
    ebs = {"volume_id": "vol-zz", "delete_on_termination": False}
    mapping = {"device_name": "/dev/sdc", "ebs": ebs}
    account.instance("gfs-1")["block_device_mappings"].append(mapping)

    words = "/dev/sdc of gfs-1 is vol-zz, which is not tagged as that: tag or detach it"
    assert refusal(account, machines=with_disks(2, 2)) == words
    assert is_planned(account)


def test_root_disk_is_no_data_volume() -> None:
    account, _wanted = made()
    words = "/dev/xvda of gfs-1 is its root disk: choose another device for the data volume"
    listed = [{"name": "gfs-1", "volumes": [{"device": "/dev/xvda", "size": 2}]}]

    assert refusal(account, machines=listed) == words
    assert refusal(Account(), machines=listed) == words


@pytest.mark.parametrize("root", ["/dev/nvme0n1", "/dev/sda1", ""])
def test_root_disk_may_have_any_name(root: str) -> None:
    account, _wanted = made()
    for instance in account.instances:
        instance["root_device_name"] = root
    account.images = {IMAGE: [image_answer("ami-1", root_device_name=root)]}

    assert is_planned(account)
    assert is_planned(Account())


# --- removal


def test_volume_of_a_machine_that_stays_is_not_deleted() -> None:
    account, _wanted = made()
    volume = account.volume("gfs-1")["id"]

    assert refusal(account, delete_volumes=[volume]) == (
        f"{volume} is to be deleted, but gfs-1, whose it is, stays: take it off one of the lists"
    )


def test_volume_of_a_machine_that_is_not_removed_is_not_deleted() -> None:
    account, _wanted = made()
    volume = account.volume("gfs-2")["id"]
    owner = account.instance("gfs-2")["instance_id"]
    deletes = {"machines": [STORAGE[0]], "delete_volumes": [volume]}

    words = f"{volume} is to be deleted, but attached to {owner}: detach it there"
    assert refusal(account, **deletes) == words
    assert is_planned(account, **deletes, remove=["gfs-2"])


def test_volume_is_deleted_with_no_machine_of_another_cluster() -> None:
    account, _wanted = made()
    account.terminate("gfs-2")
    stranger = somebody(account, "gfs-2", **tagged("other"))
    volume = account.volume("gfs-2")
    volume["attachment_set"] = [{"instance_id": stranger["instance_id"], "status": "attached"}]

    words = f"{volume['id']} is to be deleted, but attached to {stranger['instance_id']}: detach it"
    removal = {"remove": ["gfs-2"], "delete_volumes": [volume["id"]]}
    assert words in refusal(account, machines=[STORAGE[0]], **removal)


def test_volume_that_would_go_with_its_instance_is_not_lost() -> None:
    account, _wanted = made()
    instance, volume = account.instance("gfs-2"), account.volume("gfs-2")["id"]
    instance["block_device_mappings"][1]["ebs"]["delete_on_termination"] = True
    removal = {"machines": [STORAGE[0]], "remove": ["gfs-2"]}

    assert refusal(account, **removal) == (
        f"{volume} (/dev/sdb of gfs-2) would be deleted with its instance"
        f" {instance['instance_id']}: take DeleteOnTermination off it, or name it in"
        " ec2_machines_delete_volumes"
    )
    assert is_planned(account, **removal, delete_volumes=[volume])
    assert is_planned(account)


def test_what_is_gone_can_be_removed_again() -> None:
    assert is_planned(Account(), remove=["gfs-9"], delete_volumes=["vol-9"])


# --- security groups


def test_security_group_of_somebody_else_is_refused() -> None:
    account, _wanted = made()
    group = account.group("gfs-clients")
    group["tags"] = {}

    assert refusal(account) == (
        f"the security group gfs-clients ({group['group_id']}) is not tagged as one of cluster gfs:"
        " rename it, or choose another name for the cluster"
    )


def test_security_group_of_another_name_is_not_in_the_way() -> None:
    account, _wanted = made()
    other = {"group_id": "sg-9", "group_name": "gfs-2-clients", "ip_permissions": []}
    account.security_groups.append(other | {"tags": tagged("gfs-2")})

    assert is_planned(account)


# --- all of them


def test_all_that_is_wrong_is_told_at_once() -> None:
    account = Account()
    somebody(account, "gfs-1")
    account.images = {}

    assert [words.split(":")[0].split(",")[0] for words in refusals(account)] == [
        "the name gfs-1 is not clear",
        f"there is no image {IMAGE} in this region that this account owns or may use"
        " (ec2_machines_image_owners)",
    ]
