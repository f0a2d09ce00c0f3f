# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the machines are asked for, by what has been done with the API."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from helpers.ec2 import CONTAINER_IMAGE, Account

from lab.ec2.embedded.hypervisor.model import (
    Attachment,
    Disk,
    Image,
    Network,
    Rule,
    Snapshot,
)
from lab.ec2.embedded.wanted import read_site

DATA_DISK = {
    "DeviceName": "/dev/sdf",
    "Ebs": {"VolumeSize": 5, "VolumeType": "gp3", "DeleteOnTermination": False},
}


def public_key() -> str:
    """An ed25519 key in OpenSSH's form."""
    key = Ed25519PrivateKey.generate().public_key()
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def volume_at(instance: dict[str, Any], device: str) -> str:
    """Id of what is attached there."""
    return str(
        next(
            one["Ebs"]["VolumeId"]
            for one in instance["BlockDeviceMappings"]
            if one["DeviceName"] == device
        )
    )


def test_empty_account_wants_its_images_only(account: Account) -> None:
    site = read_site(account.backend)
    assert site.images == (Image(account.image, container_image=CONTAINER_IMAGE),)
    assert (site.networks, site.disks, site.snapshots, site.machines) == ((), (), (), ())


def test_machine_is_what_the_instance_is(account: Account) -> None:
    subnet = account.subnet
    instance = account.run(SubnetId=subnet["SubnetId"], PrivateIpAddress="172.31.0.100")
    machine = account.site.machines[0]
    assert machine.id == instance["InstanceId"]
    assert machine.is_running
    assert machine.image == account.image
    assert machine.network == subnet["SubnetId"]
    assert machine.address == "172.31.0.100"
    assert machine.hostname == "ip-172-31-0-100"
    assert account.site.networks == (Network(subnet["SubnetId"], "172.31.0.0/20"),)


def test_stopped_machine_stays_and_terminated_one_goes(account: Account) -> None:
    instance = account.run()["InstanceId"]
    account.ec2.stop_instances(InstanceIds=[instance])
    assert [one.is_running for one in account.site.machines] == [False]
    account.ec2.start_instances(InstanceIds=[instance])
    assert [one.is_running for one in account.site.machines] == [True]
    account.ec2.terminate_instances(InstanceIds=[instance])
    assert account.site.machines == ()
    assert account.site.networks == ()


@pytest.mark.parametrize("end", ["", "\n", " me@here\r\n"])
def test_imported_key_is_one_line(account: Account, end: str) -> None:
    key = public_key()
    account.ec2.import_key_pair(KeyName="mine", PublicKeyMaterial=(key + end).encode())
    account.run(KeyName="mine")
    assert account.site.machines[0].public_key == (key + end).strip()


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_created_key_is_one_line(account: Account, kind: str) -> None:
    account.ec2.create_key_pair(KeyName="mine", KeyType=kind)
    account.run(KeyName="mine")
    assert account.site.machines[0].public_key.startswith(f"ssh-{kind} AAAA")
    assert "\n" not in account.site.machines[0].public_key


def test_machine_keeps_its_key_when_the_key_pair_goes(account: Account) -> None:
    account.ec2.create_key_pair(KeyName="mine", KeyType="ed25519")
    account.run(KeyName="mine")
    key = account.site.machines[0].public_key
    account.ec2.delete_key_pair(KeyName="mine")
    account.group()
    assert read_site(account.backend).machines[0].public_key == key


def test_user_data_are_decoded(account: Account) -> None:
    account.run(UserData="#cloud-config\nhostname: ä\n")
    assert account.site.machines[0].user_data == "#cloud-config\nhostname: ä\n"
    encoded = base64.b64encode(b"#!/bin/sh\n").decode()  # as the AWS CLI may send it
    account.run(UserData=encoded)
    assert encoded in {one.user_data for one in account.site.machines}


def test_root_disk_is_part_of_its_machine(account: Account) -> None:
    instance = account.run(BlockDeviceMappings=[DATA_DISK])
    data = volume_at(instance, "/dev/sdf")
    assert account.site.disks == (Disk(data, 5),)
    assert account.site.machines[0].attachments == (Attachment(data, "/dev/sdf"),)


def test_root_disk_that_outlives_its_machine_is_no_disk(account: Account) -> None:
    keep = {"DeviceName": "/dev/xvda", "Ebs": {"DeleteOnTermination": False, "VolumeSize": 8}}
    instance = account.run(BlockDeviceMappings=[keep])["InstanceId"]
    account.ec2.terminate_instances(InstanceIds=[instance])
    assert len(account.volumes()) == 1
    assert account.site.disks == ()


def test_disk_follows_its_volume(account: Account) -> None:
    volume = account.volume(2)
    assert account.site.disks == (Disk(volume, 2),)
    instance = account.run()["InstanceId"]
    account.attach(volume, instance, "/dev/sdh")
    assert account.site.machines[0].attachments == (Attachment(volume, "/dev/sdh"),)
    account.ec2.modify_volume(VolumeId=volume, Size=3)
    assert account.site.disks == (Disk(volume, 3),)
    account.ec2.detach_volume(VolumeId=volume)
    assert account.site.machines[0].attachments == ()
    account.ec2.delete_volume(VolumeId=volume)
    assert account.site.disks == ()


def test_disk_is_a_copy_of_its_snapshot(account: Account) -> None:
    volume = account.volume(2)
    snapshot = account.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    copy = account.volume(2, SnapshotId=snapshot)
    assert account.site.snapshots == (Snapshot(snapshot, volume),)
    assert Disk(copy, 2, snapshot) in account.site.disks
    account.ec2.delete_snapshot(SnapshotId=snapshot)
    assert account.site.snapshots == ()


def test_image_is_made_of_its_instance_until_it_is_deregistered(account: Account) -> None:
    instance = account.run(BlockDeviceMappings=[DATA_DISK])
    image = account.ec2.create_image(InstanceId=instance["InstanceId"], Name="golden")["ImageId"]
    wanted = Image(image, machine=instance["InstanceId"])
    assert wanted in account.site.images
    account.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    assert wanted in account.site.images
    account.ec2.deregister_image(ImageId=image)
    assert wanted not in account.site.images


def test_snapshot_of_a_root_disk_is_part_of_its_image(account: Account) -> None:
    instance = account.run(BlockDeviceMappings=[DATA_DISK])
    account.ec2.create_image(InstanceId=instance["InstanceId"], Name="golden")
    data = volume_at(instance, "/dev/sdf")
    assert [one.disk for one in account.site.snapshots] == [data]
    assert len(account.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]) == 2


def test_disk_of_an_image_is_a_copy_for_each_machine(account: Account) -> None:
    instance = account.run(BlockDeviceMappings=[DATA_DISK])
    image = account.ec2.create_image(InstanceId=instance["InstanceId"], Name="golden")["ImageId"]
    snapshot = account.site.snapshots[0].id
    account.run_many(2, ImageId=image)
    copies = [one for one in account.site.disks if one.snapshot == snapshot]
    assert len(copies) == 2
    assert sorted(one.image == image for one in account.site.machines) == [False, True, True]


def test_rules_are_those_of_all_groups(account: Account) -> None:
    ssh, web = account.group("ssh"), account.group("web")
    for group, port in ((ssh, 22), (web, 80)):
        account.ec2.authorize_security_group_ingress(
            GroupId=group,
            IpPermissions=[
                {
                    "IpProtocol": "tcp",
                    "FromPort": port,
                    "ToPort": port + 1,
                    "IpRanges": [{"CidrIp": "10.0.0.0/8"}],
                    "Ipv6Ranges": [{"CidrIpv6": "fd00::/8"}],
                }
            ],
        )
    account.run(SecurityGroupIds=[ssh, web])
    sources = ("10.0.0.0/8", "fd00::/8")
    assert account.site.machines[0].rules == (
        Rule("tcp", 22, 23, sources),
        Rule("tcp", 80, 81, sources),
    )


def test_group_in_a_rule_is_the_addresses_of_its_members(account: Account) -> None:
    storage, clients = account.group("storage"), account.group("clients")
    account.ec2.authorize_security_group_ingress(
        GroupId=storage,
        IpPermissions=[
            {
                "IpProtocol": "-1",
                "UserIdGroupPairs": [{"GroupId": storage}, {"GroupId": clients}],
            }
        ],
    )
    subnet = account.subnet["SubnetId"]
    node = account.run(SubnetId=subnet, SecurityGroupIds=[storage])["InstanceId"]
    client = account.run(SubnetId=subnet, SecurityGroupIds=[clients])["InstanceId"]

    def rules(instance: str) -> tuple[Rule, ...]:
        machines = {one.id: one for one in account.site.machines}
        return machines[instance].rules

    assert rules(node) == (Rule("-1", -1, -1, ("172.31.0.4", "172.31.0.5")),)
    assert rules(client) == ()
    account.ec2.terminate_instances(InstanceIds=[client])
    assert rules(node) == (Rule("-1", -1, -1, ("172.31.0.4",)),)


def test_changed_rule_changes_its_machines(account: Account) -> None:
    group = account.group()
    account.run(SecurityGroupIds=[group])
    ping = {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1}
    permission = [{**ping, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    account.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permission)
    assert account.site.machines[0].rules == (Rule("icmp", -1, -1, ("0.0.0.0/0",)),)
    account.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=permission)
    assert account.site.machines[0].rules == ()


def test_same_account_is_the_same_site(account: Account) -> None:
    account.run_many(3, BlockDeviceMappings=[DATA_DISK])
    assert read_site(account.backend) == read_site(account.backend)
