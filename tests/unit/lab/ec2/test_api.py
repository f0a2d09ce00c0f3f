# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the embedded EC2 answers, and that what it refuses leaves nothing behind."""

from __future__ import annotations

import configparser
import signal
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.ec2 import CONTAINER_IMAGE, IMAGE, ZONE, Account

from lab.ec2.embedded.api.credentials import AccessKey

EC2_REFUSES = ("AuthFailure", 401)
EMBEDDED = Path(__file__).resolve().parents[4] / "lab/ec2/embedded"


def test_server_says_where_it_is_and_ends_when_told(tmp_path: Path) -> None:
    command = [sys.executable, str(EMBEDDED), "--state", "state", "--no-machines"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        endpoint = server.stdout.readline()
        assert endpoint.startswith("http://127.0.0.1:")
        assert (tmp_path / "state/endpoint").read_text(encoding="utf-8") == endpoint
        assert (tmp_path / "state/quotas").read_text(encoding="utf-8") == "vcpus=32\n"
        server.send_signal(signal.SIGTERM)
        _rest, said = server.communicate(timeout=10)
    assert (server.returncode, said) == (0, "")
    assert not (tmp_path / "state/endpoint").exists()


@pytest.mark.parametrize(
    ("service", "call", "is_key_known", "expected"),
    [
        ("ec2", "describe_vpcs", False, EC2_REFUSES),
        ("ec2", "describe_vpcs", True, EC2_REFUSES),
        ("sts", "get_caller_identity", False, ("InvalidClientTokenId", 403)),
        ("sts", "get_caller_identity", True, ("SignatureDoesNotMatch", 403)),
    ],
)
def test_other_credentials_are_refused(
    account: Account, service: str, call: str, is_key_known: bool, expected: tuple[str, int]
) -> None:
    key = AccessKey(account.key.id if is_key_known else "AKIAUNKNOWNUNKNOWN00", "not the secret")
    with closing(account.client(service, key)) as client, pytest.raises(ClientError) as raised:
        getattr(client, call)()
    answer = raised.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == expected


def test_own_credentials_are_known_to_sts(account: Account) -> None:
    with closing(account.client("sts", account.key)) as sts:
        assert sts.get_caller_identity()["Account"] == "123456789012"


def test_call_without_signature_is_refused(account: Account) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    url = account.server.endpoint + "/?Action=TerminateInstances&InstanceId.1=i-1"
    with pytest.raises(urllib.error.HTTPError) as raised:
        opener.open(url)
    with closing(raised.value):
        assert raised.value.code == 403
        assert b"MissingAuthenticationToken" in raised.value.read()


def test_credentials_are_a_file_of_their_owner(account: Account) -> None:
    file = account.state / "credentials"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    parsed = configparser.ConfigParser()
    parsed.read(file)
    assert parsed["default"]["aws_access_key_id"] == account.key.id
    assert parsed["default"]["aws_secret_access_key"] == account.key.secret


def test_unknown_action_is_refused(account: Account) -> None:
    account.refused(
        account.ec2.create_network_insights_path,
        "InvalidAction",
        Source="eni-1",
        Protocol="tcp",
        ClientToken="x",
    )


def test_failure_of_moto_is_no_reason_to_try_again(account: Account) -> None:
    # moto 5.2.5 raises a KeyError
    said = account.refused(
        account.ec2.describe_image_attribute,
        "UnsupportedOperation",
        ImageId="ami-00000000000000000",
        Attribute="launchPermission",
    )
    assert said == "The embedded EC2 failed: KeyError: 'ami-00000000000000000'"


# Images


def test_catalogue_has_what_was_offered(account: Account) -> None:
    images = account.ec2.describe_images()["Images"]
    assert [one["Name"] for one in images] == [IMAGE]
    image = images[0]
    assert image["OwnerId"] == "136693071363"
    assert image["Architecture"] == "x86_64"
    assert image["VirtualizationType"] == "hvm"
    assert image["RootDeviceName"] == "/dev/xvda"
    assert image["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 8
    assert image["Description"] == f"Stands for {CONTAINER_IMAGE}"


def test_image_has_the_same_id_after_a_reset(account: Account) -> None:
    before = account.image
    account.backend.reset()
    assert account.image == before


DATA_DISK = {
    "DeviceName": "/dev/sdf",
    "Ebs": {"VolumeSize": 5, "VolumeType": "gp3", "DeleteOnTermination": False},
}


def described_image(account: Account, **asked: Any) -> dict[str, Any]:
    """An image of an instance with a data disk."""
    instance = account.run(BlockDeviceMappings=[DATA_DISK])["InstanceId"]
    image = account.ec2.create_image(InstanceId=instance, Name="golden", **asked)["ImageId"]
    return dict(account.ec2.describe_images(ImageIds=[image])["Images"][0])


def test_image_has_a_snapshot_of_each_device(account: Account) -> None:
    image = described_image(account)
    devices = {one["DeviceName"]: one["Ebs"] for one in image["BlockDeviceMappings"]}
    assert {name: ebs["VolumeSize"] for name, ebs in devices.items()} == {
        "/dev/xvda": 8,
        "/dev/sdf": 5,
    }
    assert devices["/dev/xvda"]["DeleteOnTermination"] is True
    assert devices["/dev/sdf"]["DeleteOnTermination"] is False
    snapshots = account.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert {one["SnapshotId"] for one in snapshots} == {
        ebs["SnapshotId"] for ebs in devices.values()
    }
    assert image["Architecture"] == "x86_64"
    assert image["RootDeviceName"] == "/dev/xvda"
    assert image["Public"] is False


def test_image_leaves_out_and_adds_devices(account: Account) -> None:
    image = described_image(
        account,
        BlockDeviceMappings=[
            {"DeviceName": "/dev/sdf", "NoDevice": ""},
            {"DeviceName": "/dev/sdg", "Ebs": {"VolumeSize": 3}},
        ],
    )
    names = [one["DeviceName"] for one in image["BlockDeviceMappings"]]
    assert names == ["/dev/xvda", "/dev/sdg"]
    assert image["BlockDeviceMappings"][1]["Ebs"] == {"VolumeSize": 3}


def test_image_and_its_snapshots_are_tagged(account: Account) -> None:
    image = described_image(
        account,
        TagSpecifications=[
            {"ResourceType": "image", "Tags": [{"Key": "of", "Value": "image"}]},
            {"ResourceType": "snapshot", "Tags": [{"Key": "of", "Value": "snapshot"}]},
        ],
    )
    assert image["Tags"] == [{"Key": "of", "Value": "image"}]
    snapshots = account.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    tags = [one["Tags"] for one in snapshots]
    assert tags == [[{"Key": "of", "Value": "snapshot"}]] * 2


def test_name_of_an_image_is_used_once(account: Account) -> None:
    instance = account.run()["InstanceId"]
    account.ec2.create_image(InstanceId=instance, Name="golden")
    account.refused(
        account.ec2.create_image, "InvalidAMIName.Duplicate", InstanceId=instance, Name="golden"
    )


def test_image_of_a_terminated_instance_is_refused(account: Account) -> None:
    instance = account.run()["InstanceId"]
    account.ec2.terminate_instances(InstanceIds=[instance])
    account.refused(account.ec2.create_image, "IncorrectState", InstanceId=instance, Name="golden")


def test_image_is_shared_and_deregistered(account: Account) -> None:
    image = described_image(account)["ImageId"]
    account.ec2.modify_image_attribute(
        ImageId=image, LaunchPermission={"Add": [{"UserId": "111122223333"}]}
    )
    shared = account.ec2.describe_image_attribute(ImageId=image, Attribute="launchPermission")
    assert shared["LaunchPermissions"] == [{"UserId": "111122223333"}]
    account.ec2.deregister_image(ImageId=image)
    assert account.ec2.describe_images(Owners=["self"])["Images"] == []
    account.refused(account.run, "InvalidAMIID.Unavailable", ImageId=image)


def test_image_of_another_owner_stays(account: Account) -> None:
    account.refused(account.ec2.deregister_image, "AuthFailure", ImageId=account.image)


# Instances


def test_instance_has_the_devices_of_its_image_and_those_asked_for(account: Account) -> None:
    image = described_image(account)["ImageId"]
    blank = {"DeviceName": "/dev/sdg", "Ebs": {"VolumeSize": 1, "DeleteOnTermination": True}}
    larger = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 12}}
    instance = account.run(ImageId=image, BlockDeviceMappings=[blank, larger])
    volumes = account.volumes()
    devices = {
        one["DeviceName"]: (
            volumes[one["Ebs"]["VolumeId"]]["Size"],
            one["Ebs"]["DeleteOnTermination"],
        )
        for one in instance["BlockDeviceMappings"]
    }
    assert devices == {"/dev/xvda": (12, True), "/dev/sdf": (5, False), "/dev/sdg": (1, True)}
    sources = {
        one["DeviceName"]: bool(volumes[one["Ebs"]["VolumeId"]]["SnapshotId"])
        for one in instance["BlockDeviceMappings"]
    }
    assert sources == {"/dev/xvda": True, "/dev/sdf": True, "/dev/sdg": False}


def test_device_of_the_image_can_be_left_out(account: Account) -> None:
    image = described_image(account)["ImageId"]
    without = [{"DeviceName": "/dev/sdf", "NoDevice": ""}]
    instance = account.run(ImageId=image, BlockDeviceMappings=without)
    assert [one["DeviceName"] for one in instance["BlockDeviceMappings"]] == ["/dev/xvda"]


def test_iops_and_throughput_are_as_asked(account: Account) -> None:
    fast = {"VolumeSize": 5, "VolumeType": "gp3", "Iops": 4000, "Throughput": 250}
    instance = account.run(BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": fast}])
    volume = account.volumes()[instance["BlockDeviceMappings"][1]["Ebs"]["VolumeId"]]
    assert (volume["Iops"], volume["Throughput"]) == (4000, 250)


def test_termination_deletes_exactly_what_is_to_be_deleted(account: Account) -> None:
    temporary = {"DeviceName": "/dev/sdg", "Ebs": {"VolumeSize": 1, "DeleteOnTermination": True}}
    instance = account.run(BlockDeviceMappings=[DATA_DISK, temporary])["InstanceId"]
    attached = account.volume()
    account.attach(attached, instance, "/dev/sdh")
    account.ec2.terminate_instances(InstanceIds=[instance])
    left = account.volumes()
    assert sorted(one["Size"] for one in left.values()) == [2, 5]
    assert attached in left
    assert {one["State"] for one in left.values()} == {"available"}


def test_address_is_free_again_after_termination(account: Account) -> None:
    asked = {"SubnetId": account.subnet["SubnetId"], "PrivateIpAddress": "172.31.0.10"}
    first = account.run(**asked)
    assert first["PrivateIpAddress"] == "172.31.0.10"
    account.ec2.terminate_instances(InstanceIds=[first["InstanceId"]])
    account.ec2.terminate_instances(InstanceIds=[first["InstanceId"]])  # EC2 accepts that
    assert "PrivateIpAddress" not in account.instance(first["InstanceId"])
    assert account.run(**asked)["PrivateIpAddress"] == "172.31.0.10"


def test_address_is_kept_while_stopped(account: Account) -> None:
    asked = {"SubnetId": account.subnet["SubnetId"], "PrivateIpAddress": "172.31.0.10"}
    instance = account.run(**asked)["InstanceId"]
    account.ec2.stop_instances(InstanceIds=[instance])
    account.refused(account.run, "InvalidIPAddress.InUse", **asked)
    account.ec2.start_instances(InstanceIds=[instance])
    assert account.instance(instance)["PrivateIpAddress"] == "172.31.0.10"


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("10.0.0.1", "Address 10.0.0.1 does not fall within the subnet's address range"),
        ("172.31.0.0", "reserved"),
        ("172.31.0.3", "reserved"),
        ("172.31.15.255", "reserved"),
    ],
)
def test_address_that_a_subnet_can_not_give_is_refused(
    account: Account, address: str, message: str
) -> None:
    interface = {
        "DeviceIndex": 0,
        "SubnetId": account.subnet["SubnetId"],
        "PrivateIpAddress": address,
    }
    said = account.refused(account.run, "InvalidParameterValue", NetworkInterfaces=[interface])
    assert message in said


def test_several_instances_get_free_addresses(account: Account) -> None:
    subnet = account.subnet["SubnetId"]
    account.ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="172.31.0.5")
    ids = account.run_many(3, SubnetId=subnet)
    addresses = [account.instance(one)["PrivateIpAddress"] for one in ids]
    assert addresses == ["172.31.0.4", "172.31.0.6", "172.31.0.7"]


def test_instance_without_a_subnet_is_in_the_default_vpc(account: Account) -> None:
    instance = account.run(Placement={"AvailabilityZone": "eu-west-1b"})
    assert instance["Placement"]["AvailabilityZone"] == "eu-west-1b"
    assert instance["PrivateIpAddress"] == "172.31.16.4"
    assert [one["GroupName"] for one in instance["SecurityGroups"]] == ["default"]


def test_nobody_gets_a_public_address(account: Account) -> None:
    assert account.subnet["MapPublicIpOnLaunch"] is False
    account.ec2.modify_subnet_attribute(
        SubnetId=account.subnet["SubnetId"], MapPublicIpOnLaunch={"Value": True}
    )
    interface = {
        "DeviceIndex": 0,
        "SubnetId": account.subnet["SubnetId"],
        "AssociatePublicIpAddress": True,
    }
    instance = account.run(NetworkInterfaces=[interface])
    assert "PublicIpAddress" not in instance
    assert "Association" not in instance["NetworkInterfaces"][0]


def test_addresses_in_use_are_found_by_their_interfaces(account: Account) -> None:
    subnet = account.subnet["SubnetId"]
    instance = account.run(SubnetId=subnet, PrivateIpAddress="172.31.0.10")["InstanceId"]

    def found(address: str) -> list[str]:
        filters = [
            {"Name": "addresses.private-ip-address", "Values": [address]},
            {"Name": "subnet-id", "Values": [subnet]},
        ]
        answer = account.ec2.describe_network_interfaces(Filters=filters)
        return [one["Attachment"]["InstanceId"] for one in answer["NetworkInterfaces"]]

    assert found("172.31.0.10") == [instance]
    assert found("172.31.0.11") == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"ImageId": "ami-00000000000000000"}, "InvalidAMIID.NotFound"),
        ({"KeyName": "nobody"}, "InvalidKeyPair.NotFound"),
        ({"InstanceType": "t3.enormous"}, "InvalidParameterValue"),
        ({"SecurityGroupIds": ["sg-00000000000000000"]}, "InvalidGroup.NotFound"),
        ({"SecurityGroups": ["nobody"]}, "InvalidGroup.NotFound"),
        ({"SubnetId": "subnet-00000000000000000"}, "InvalidSubnetID.NotFound"),
        ({"Placement": {"GroupName": "nobody"}}, "InvalidPlacementGroup.Unknown"),
        (
            {"NetworkInterfaces": [{"DeviceIndex": 0, "Groups": ["sg-00000000000000000"]}]},
            "InvalidGroup.NotFound",
        ),
        (
            {"NetworkInterfaces": [{"DeviceIndex": 0}], "PrivateIpAddress": "172.31.0.9"},
            "InvalidParameterCombination",
        ),
        (
            {"NetworkInterfaces": [{"DeviceIndex": 0}], "SubnetId": "subnet-1"},
            "InvalidParameterCombination",
        ),
        (
            {"NetworkInterfaces": [{"DeviceIndex": 0}, {"DeviceIndex": 1}]},
            "UnsupportedOperation",
        ),
        (
            {"BlockDeviceMappings": [{"DeviceName": "sdf", "Ebs": {"VolumeSize": 1}}]},
            "InvalidParameterValue",
        ),
        (
            {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 7}}]},
            "InvalidParameterValue",
        ),
        (
            {
                "BlockDeviceMappings": [
                    {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1, "VolumeType": "io2"}},
                    {"DeviceName": "/dev/sdg", "Ebs": {"SnapshotId": "snap-00000000000000000"}},
                ]
            },
            "InvalidSnapshot.NotFound",
        ),
    ],
)
def test_unknown_things_are_refused_before_anything_is_made(
    account: Account, asked: dict[str, Any], code: str
) -> None:
    account.refused(account.run, code, **asked)


def test_failure_of_moto_half_way_leaves_nothing(account: Account) -> None:
    # moto finds out that io2 needs a number of IOPS when instance and root disk are there
    io2 = {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 4, "VolumeType": "io2"}}
    asked = {"SubnetId": account.subnet["SubnetId"], "PrivateIpAddress": "172.31.0.10"}
    account.refused(account.run, "InvalidParameterDependency", BlockDeviceMappings=[io2], **asked)
    assert account.run(**asked)["PrivateIpAddress"] == "172.31.0.10"


def test_group_of_another_vpc_is_refused(account: Account) -> None:
    vpc = account.ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    account.refused(account.run, "InvalidParameter", SecurityGroupIds=[account.group(VpcId=vpc)])


def test_same_client_token_is_the_same_instance(account: Account) -> None:
    first = account.run_many(1, ClientToken="once")
    assert account.run_many(1, ClientToken="once") == first
    assert len(account.site.machines) == 1
    account.refused(
        account.run, "IdempotentParameterMismatch", ClientToken="once", InstanceType="t3.small"
    )


def test_instances_are_started_in_one_way_only(account: Account) -> None:
    account.refused(
        account.ec2.request_spot_instances,
        "UnsupportedOperation",
        LaunchSpecification={"ImageId": account.image, "InstanceType": "t3.micro"},
    )


def test_dry_run_makes_nothing(account: Account) -> None:
    with pytest.raises(ClientError, match="DryRunOperation"):
        account.run(DryRun=True)
    assert account.everything()["reservations"] == set()


def test_as_many_instances_as_may_be_are_started(account: Account) -> None:
    answer = account.ec2.run_instances(
        ImageId=account.image, InstanceType="t3.micro", MinCount=1, MaxCount=3
    )
    assert len(answer["Instances"]) == 3


def test_instances_and_volumes_are_tagged_with_their_making(account: Account) -> None:
    tags = [
        {"ResourceType": kind, "Tags": [{"Key": "of", "Value": kind}]}
        for kind in ("instance", "volume")
    ]
    instance = account.run(TagSpecifications=tags, BlockDeviceMappings=[DATA_DISK])
    assert instance["Tags"] == [{"Key": "of", "Value": "instance"}]
    volumes = account.volumes().values()
    assert [one["Tags"] for one in volumes] == [[{"Key": "of", "Value": "volume"}]] * 2


def test_groups_of_an_instance_can_be_exchanged(account: Account) -> None:
    first, second = account.group("first"), account.group("second")
    instance = account.run(SecurityGroupIds=[first])["InstanceId"]
    account.ec2.modify_instance_attribute(InstanceId=instance, Groups=[second])
    described = account.instance(instance)
    assert [one["GroupId"] for one in described["SecurityGroups"]] == [second]
    assert [one["GroupId"] for one in described["NetworkInterfaces"][0]["Groups"]] == [second]
    account.ec2.modify_network_interface_attribute(
        NetworkInterfaceId=described["NetworkInterfaces"][0]["NetworkInterfaceId"], Groups=[first]
    )
    described = account.instance(instance)
    assert [one["GroupId"] for one in described["SecurityGroups"]] == [first]


@pytest.mark.parametrize("call", ["start_instances", "stop_instances"])
def test_terminated_instance_neither_starts_nor_stops(account: Account, call: str) -> None:
    instance = account.run()["InstanceId"]
    account.ec2.terminate_instances(InstanceIds=[instance])
    account.refused(getattr(account.ec2, call), "IncorrectInstanceState", InstanceIds=[instance])


# Volumes


def test_volume_is_described_in_full(account: Account) -> None:
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "a", "Value": "b"}]}]
    made = account.volume(VolumeType="gp3", TagSpecifications=tags)
    volume = account.volumes()[made]
    assert volume["MultiAttachEnabled"] is False
    assert volume["SnapshotId"] == ""
    assert volume["Tags"] == [{"Key": "a", "Value": "b"}]
    assert (volume["Iops"], volume["Throughput"]) == (3000, 125)


def test_volume_is_made_once_for_a_client_token(account: Account) -> None:
    assert account.volume(ClientToken="once") == account.volume(ClientToken="once")
    assert len(account.volumes()) == 1


def test_volume_in_use_stays_where_it_is(account: Account) -> None:
    first, second = account.run_many(2)
    volume = account.volume()
    account.attach(volume, first)
    account.refused(account.attach, "VolumeInUse", volume=volume, instance=second)
    account.refused(account.ec2.delete_volume, "VolumeInUse", VolumeId=volume)
    assert account.volumes()[volume]["Attachments"][0]["InstanceId"] == first


def test_device_is_taken_once(account: Account) -> None:
    instance = account.run()["InstanceId"]
    account.attach(account.volume(), instance)
    volume = account.volume()
    said = account.refused(
        account.attach, "InvalidParameterValue", volume=volume, instance=instance
    )
    assert said.endswith("/dev/sdf is already in use")


def test_volume_of_another_zone_is_refused(account: Account) -> None:
    instance = account.run(SubnetId=account.subnet["SubnetId"])["InstanceId"]
    volume = account.volume(zone="eu-west-1b")
    account.refused(account.attach, "InvalidVolume.ZoneMismatch", volume=volume, instance=instance)


def test_volume_is_not_attached_to_what_is_terminated(account: Account) -> None:
    instance = account.run()["InstanceId"]
    account.ec2.terminate_instances(InstanceIds=[instance])
    account.refused(account.attach, "IncorrectState", volume=account.volume(), instance=instance)


def test_volume_is_detached_without_naming_the_instance(account: Account) -> None:
    instance = account.run()["InstanceId"]
    volume = account.volume()
    account.attach(volume, instance)
    account.ec2.detach_volume(VolumeId=volume)
    assert account.volumes()[volume]["State"] == "available"
    account.refused(account.ec2.detach_volume, "IncorrectState", VolumeId=volume)


def test_root_disk_stays(account: Account) -> None:
    root = account.run()["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    account.refused(account.ec2.detach_volume, "OperationNotPermitted", VolumeId=root)


def test_volume_in_an_unknown_zone_is_refused(account: Account) -> None:
    account.refused(account.volume, "InvalidZone.NotFound", zone="eu-west-9z")


def test_volume_grows_and_never_shrinks(account: Account) -> None:
    volume = account.volume(2)
    account.ec2.modify_volume(VolumeId=volume, Size=3)
    changes = account.ec2.describe_volumes_modifications(VolumeIds=[volume])
    change = changes["VolumesModifications"][0]
    assert (change["OriginalSize"], change["TargetSize"]) == (2, 3)
    assert change["ModificationState"] == "completed"
    account.refused(account.ec2.modify_volume, "InvalidParameterValue", VolumeId=volume, Size=2)
    assert account.volumes()[volume]["Size"] == 3


def test_volume_is_as_large_as_its_snapshot_was(account: Account) -> None:
    volume = account.volume(2)
    snapshot = account.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    account.ec2.modify_volume(VolumeId=volume, Size=4)
    copy = account.ec2.create_volume(SnapshotId=snapshot, AvailabilityZone=ZONE)
    assert copy["Size"] == 2
    account.refused(account.volume, "InvalidParameterValue", size=1, SnapshotId=snapshot)


@pytest.mark.parametrize(
    ("call", "asked"),
    [
        ("copy_snapshot", {"SourceSnapshotId": "snap-1", "SourceRegion": "eu-west-1"}),
        ("copy_image", {"SourceImageId": "ami-1", "SourceRegion": "eu-west-1", "Name": "copy"}),
        ("register_image", {"Name": "own"}),
    ],
)
def test_what_no_machine_could_be_made_of_is_refused(
    account: Account, call: str, asked: dict[str, Any]
) -> None:
    account.refused(getattr(account.ec2, call), "UnsupportedOperation", **asked)


# Placement groups


@pytest.mark.parametrize("strategy", ["cluster", "spread", "partition"])
def test_placement_group_is_made_found_and_deleted(account: Account, strategy: str) -> None:
    tags = [{"ResourceType": "placement-group", "Tags": [{"Key": "a", "Value": "b"}]}]
    account.ec2.create_placement_group(GroupName="racks", Strategy=strategy, TagSpecifications=tags)
    wanted = [{"Name": "group-name", "Values": ["racks"]}]
    found = account.ec2.describe_placement_groups(Filters=wanted)["PlacementGroups"]
    assert [(one["Strategy"], one["State"]) for one in found] == [(strategy, "available")]
    assert found[0]["Tags"] == [{"Key": "a", "Value": "b"}]
    assert found[0].get("PartitionCount") == (2 if strategy == "partition" else None)
    account.ec2.delete_placement_group(GroupName="racks")
    assert account.ec2.describe_placement_groups()["PlacementGroups"] == []


def test_tags_are_described_beside_those_of_a_placement_group(account: Account) -> None:
    tags = [{"ResourceType": "placement-group", "Tags": [{"Key": "a", "Value": "b"}]}]
    account.ec2.create_placement_group(GroupName="racks", Strategy="spread", TagSpecifications=tags)
    wanted = [{"Name": "resource-type", "Values": ["placement-group"]}]
    assert len(account.ec2.describe_tags(Filters=wanted)["Tags"]) == 1


def test_placement_group_of_that_name_is_there_already(account: Account) -> None:
    asked = {"GroupName": "racks", "Strategy": "spread"}
    account.ec2.create_placement_group(**asked)
    account.refused(account.ec2.create_placement_group, "InvalidPlacementGroup.Duplicate", **asked)


def test_placement_group_in_use_stays(account: Account) -> None:
    account.ec2.create_placement_group(GroupName="racks", Strategy="spread")
    instance = account.run(Placement={"GroupName": "racks"})
    assert instance["Placement"]["GroupName"] == "racks"
    account.refused(
        account.ec2.delete_placement_group, "InvalidPlacementGroup.InUse", GroupName="racks"
    )
    account.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    account.ec2.delete_placement_group(GroupName="racks")


def test_unknown_placement_group_is_refused(account: Account) -> None:
    unknown = "InvalidPlacementGroup.Unknown"
    account.refused(account.ec2.delete_placement_group, unknown, GroupName="nobody")
    account.refused(account.ec2.describe_placement_groups, unknown, GroupNames=["nobody"])


def test_eighth_instance_of_a_zone_finds_no_rack(account: Account) -> None:
    account.ec2.create_placement_group(GroupName="racks", Strategy="spread")
    here = {"Placement": {"GroupName": "racks", "AvailabilityZone": ZONE}}
    there = {"Placement": {"GroupName": "racks", "AvailabilityZone": "eu-west-1b"}}
    ids = account.run_many(7, **here)
    account.refused(account.run, "InsufficientInstanceCapacity", **here)
    account.run(**there)
    account.ec2.stop_instances(InstanceIds=ids[:1])
    account.run(**here)
    account.refused(
        account.ec2.start_instances, "InsufficientInstanceCapacity", InstanceIds=ids[:1]
    )


# Quotas


def test_vcpus_are_limited_while_they_run(account: Account) -> None:
    (account.state / "quotas").write_text("vcpus=4\n", encoding="utf-8")
    ids = account.run_many(2)  # two vCPUs each
    said = account.refused(account.run, "VcpuLimitExceeded")
    assert said.startswith(
        "You have requested more vCPU capacity than your current vCPU limit of 4 allows"
    )
    account.ec2.stop_instances(InstanceIds=ids[:1])
    account.run()
    account.refused(account.ec2.start_instances, "VcpuLimitExceeded", InstanceIds=ids[:1])


def test_gib_of_volumes_are_limited(account: Account) -> None:
    (account.state / "quotas").write_text("volumes_gib=12\n", encoding="utf-8")
    volume = account.volume(4)
    account.refused(account.volume, "VolumeLimitExceeded", size=9)
    account.refused(account.ec2.modify_volume, "VolumeLimitExceeded", VolumeId=volume, Size=13)
    account.run()  # 8 for its root disk
    account.refused(account.run, "VolumeLimitExceeded")


# What is in use stays


def refuse_to_delete_group(account: Account) -> None:
    group = account.group()
    account.run(SecurityGroupIds=[group])
    account.refused(account.ec2.delete_security_group, "DependencyViolation", GroupId=group)


def refuse_to_delete_referred_group(account: Account) -> None:
    group, other = account.group(), account.group("other")
    account.ec2.authorize_security_group_ingress(
        GroupId=other,
        IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}],
    )
    account.refused(account.ec2.delete_security_group, "DependencyViolation", GroupId=group)


def refuse_to_delete_subnet(account: Account) -> None:
    account.run(SubnetId=account.subnet["SubnetId"])
    account.refused(
        account.ec2.delete_subnet, "DependencyViolation", SubnetId=account.subnet["SubnetId"]
    )


def refuse_to_delete_vpc_with_group(account: Account) -> None:
    vpc = account.ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    account.group(VpcId=vpc)
    account.refused(account.ec2.delete_vpc, "DependencyViolation", VpcId=vpc)


def refuse_to_delete_vpc_with_gateway(account: Account) -> None:
    vpc = account.ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    gateway = account.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    account.ec2.attach_internet_gateway(VpcId=vpc, InternetGatewayId=gateway)
    account.refused(account.ec2.delete_vpc, "DependencyViolation", VpcId=vpc)


@pytest.mark.parametrize(
    "refuse",
    [
        refuse_to_delete_group,
        refuse_to_delete_referred_group,
        refuse_to_delete_subnet,
        refuse_to_delete_vpc_with_group,
        refuse_to_delete_vpc_with_gateway,
    ],
)
def test_what_is_in_use_is_not_deleted(account: Account, refuse: Callable[[Account], None]) -> None:
    refuse(account)


def test_what_is_free_is_deleted(account: Account) -> None:
    vpc = account.ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    subnet = account.ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.1.0/24")["Subnet"]["SubnetId"]
    group = account.group(VpcId=vpc)
    instance = account.run(SubnetId=subnet, SecurityGroupIds=[group])["InstanceId"]
    account.ec2.terminate_instances(InstanceIds=[instance])
    account.ec2.delete_security_group(GroupId=group)
    account.ec2.delete_subnet(SubnetId=subnet)
    account.ec2.delete_vpc(VpcId=vpc)
    assert vpc not in [one["VpcId"] for one in account.ec2.describe_vpcs()["Vpcs"]]


def test_default_group_stays(account: Account) -> None:
    groups = account.ec2.describe_security_groups(GroupNames=["default"])["SecurityGroups"]
    account.refused(account.ec2.delete_security_group, "CannotDelete", GroupId=groups[0]["GroupId"])


def test_interface_gets_no_address_in_use(account: Account) -> None:
    subnet = account.subnet["SubnetId"]
    account.run(SubnetId=subnet, PrivateIpAddress="172.31.0.4")
    account.refused(
        account.ec2.create_network_interface,
        "InvalidIPAddress.InUse",
        SubnetId=subnet,
        PrivateIpAddress="172.31.0.4",
    )
    made = account.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
    assert made["PrivateIpAddress"] == "172.31.0.5"
    account.refused(
        account.run, "InvalidIPAddress.InUse", SubnetId=subnet, PrivateIpAddress="172.31.0.5"
    )


def test_instance_gets_no_second_interface(account: Account) -> None:
    subnet = account.subnet["SubnetId"]
    made = account.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
    account.refused(
        account.ec2.attach_network_interface,
        "UnsupportedOperation",
        NetworkInterfaceId=made["NetworkInterfaceId"],
        InstanceId=account.run()["InstanceId"],
        DeviceIndex=1,
    )


def test_instance_takes_an_interface_that_is_there(account: Account) -> None:
    wanted = [{"Name": "availability-zone", "Values": ["eu-west-1b"]}]
    subnet = account.ec2.describe_subnets(Filters=wanted)["Subnets"][0]["SubnetId"]
    made = account.ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="172.31.16.9")
    interface = made["NetworkInterface"]["NetworkInterfaceId"]
    asked = {"NetworkInterfaces": [{"DeviceIndex": 0, "NetworkInterfaceId": interface}]}
    instance = account.run(**asked)
    assert instance["PrivateIpAddress"] == "172.31.16.9"
    assert instance["Placement"]["AvailabilityZone"] == "eu-west-1b"
    account.refused(account.run, "InvalidNetworkInterface.InUse", **asked)
    account.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    assert account.run(**asked)["PrivateIpAddress"] == "172.31.16.9"


# The machines follow


def test_answer_goes_out_when_the_machines_have_followed(account: Account) -> None:
    followed = len(account.machines.sites)
    instance = account.run()["InstanceId"]
    assert [one.id for one in account.site.machines] == [instance]
    assert len(account.machines.sites) == followed + 1


def test_nobody_follows_where_no_machine_changes(account: Account) -> None:
    followed = len(account.machines.sites)
    account.ec2.create_vpc(CidrBlock="10.20.0.0/16")
    account.ec2.describe_instances()
    account.group()
    assert len(account.machines.sites) == followed


def test_next_change_waits_for_the_machines_and_a_question_does_not(account: Account) -> None:
    followed = len(account.machines.sites)
    account.machines.may_go_on.clear()
    with ThreadPoolExecutor(2) as pool:
        try:
            made = [pool.submit(account.volume), pool.submit(account.volume)]
            wait_until(lambda: len(account.machines.sites) > followed)
            assert len(account.volumes()) == 1
            assert [one.done() for one in made] == [False, False]
        finally:
            account.machines.may_go_on.set()
    assert {one.result() for one in made} == set(account.volumes())
    assert [len(one.disks) for one in account.machines.sites[followed:]] == [1, 2]


def wait_until(is_so: Callable[[], bool]) -> None:
    """Return when it is so, after 10 seconds at the latest."""
    end = time.monotonic() + 10
    while not is_so() and time.monotonic() < end:
        time.sleep(0.01)


def test_instance_whose_machine_does_not_start_is_terminated(account: Account) -> None:
    account.machines.failures.append("no space left on <device>")
    with pytest.raises(ClientError) as raised:
        account.run(BlockDeviceMappings=[DATA_DISK], ClientToken="once")
    answer = raised.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answer["ResponseMetadata"]["RetryAttempts"] == 0
    assert answer["Error"]["Code"] == "UnsupportedOperation"
    assert answer["Error"]["Message"] == "no space left on <device>"
    assert account.site.machines == ()
    assert account.volumes() == {}
    account.run(ClientToken="once")
    assert len(account.site.machines) == 1


def test_volume_that_is_not_attached_is_available(account: Account) -> None:
    instance = account.run()["InstanceId"]
    volume = account.volume()
    account.machines.failures.append("no loop device")
    with pytest.raises(ClientError, match="UnsupportedOperation"):
        account.attach(volume, instance)
    assert account.volumes()[volume]["State"] == "available"
    assert account.site.machines[0].attachments == ()


def test_instance_that_does_not_start_again_is_stopped(account: Account) -> None:
    instance = account.run()["InstanceId"]
    account.ec2.stop_instances(InstanceIds=[instance])
    account.machines.failures.append("no memory")
    with pytest.raises(ClientError, match="no memory"):
        account.ec2.start_instances(InstanceIds=[instance])
    assert account.instance(instance)["State"]["Name"] == "stopped"


@pytest.mark.parametrize("call", ["create_image", "create_snapshot", "create_volume"])
def test_copy_that_could_not_be_made_is_not_there(account: Account, call: str) -> None:
    instance = account.run(BlockDeviceMappings=[DATA_DISK])
    asked = {
        "create_image": {"InstanceId": instance["InstanceId"], "Name": "golden"},
        "create_snapshot": {"VolumeId": instance["BlockDeviceMappings"][1]["Ebs"]["VolumeId"]},
        "create_volume": {"Size": 1, "AvailabilityZone": ZONE},
    }
    account.machines.failures.append("no space")
    account.refused(getattr(account.ec2, call), "UnsupportedOperation", **asked[call])


def test_machines_are_asked_again_after_a_failure(account: Account) -> None:
    instance = account.run()["InstanceId"]
    account.machines.failures.extend(["busy", "still busy"])
    with pytest.raises(ClientError, match="busy"):
        account.ec2.terminate_instances(InstanceIds=[instance])
    followed = len(account.machines.sites)
    account.group()
    assert len(account.machines.sites) == followed + 1
    assert account.site.machines == ()
