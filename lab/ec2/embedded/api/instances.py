# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances: everything is looked at before anything is made, and said to moto explicitly."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2 import utils
from moto.ec2.models.amis import Ami
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.models.instances import Instance
from moto.ec2.models.subnets import Subnet
from moto.ec2.responses.fleets import Fleets
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.responses.spot_fleets import SpotFleets
from moto.ec2.responses.spot_instances import SpotInstances

from . import placement_groups, quotas
from .addresses import free_address, refuse_address
from .idempotency import answers_once
from .patch import all_or_nothing, refusal, replaces
from .security_groups import set_groups
from .volumes import checked_size, refuse_device_name

# moto answers any other filter of DescribeInstances with an error
utils.filter_dict_attribute_mapping.update(
    {
        "client-token": "client_token",
        "network-interface.addresses.private-ip-address": "private_ip",
        "network-interface.subnet-id": "subnet_id",
        "network-interface.vpc-id": "vpc_id",
        "placement-group-name": "placement.group_name",
        "root-device-name": "root_device_name",
    }
)


@replaces(InstanceResponse, "run_instances")
@answers_once
def run_instances(original: Any, response: Any) -> ActionResult:
    """Refuse before anything is made; write out what moto would leave out or make up.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html
    """
    backend = response.ec2_backend
    params = response.params
    ami = _image(backend, params.get("ImageId"))
    count = _count(params)
    _refuse_key_and_type(backend, params)
    _write_interfaces(backend, params, count)
    _write_devices(backend, params, ami, count)
    _refuse_capacity(backend, params, count)
    with all_or_nothing(backend):
        answer = original(response)
        for instance in answer.result.instances:
            _complete(backend, instance, params)
    return answer


def _image(backend: Any, image_id: str | None) -> Ami:
    """The image, or EC2's refusal. moto also starts from images that are deregistered."""
    if not image_id:  # launch templates, which can have it, are not in use here
        raise refusal("MissingParameter", "The request must contain the parameter ImageId")
    found: list[Ami] = backend.describe_images(ami_ids=[image_id])
    if not found or found[0].state != "available":
        raise refusal("InvalidAMIID.Unavailable", f"The image id '[{image_id}]' is not available")
    return found[0]


def _count(params: dict[str, Any]) -> int:
    """As many as may be; moto makes the smallest number that was asked for."""
    count = int(params.get("MaxCount", 1))
    if not 0 < int(params.get("MinCount", 1)) <= count:
        raise refusal("InvalidParameterValue", "minCount must be between 1 and maxCount")
    params["MinCount"] = count
    return count


def _refuse_key_and_type(backend: Any, params: dict[str, Any]) -> None:
    key = params.get("KeyName")
    if key and key not in backend.key_pairs:
        raise refusal("InvalidKeyPair.NotFound", f"The key pair '{key}' does not exist")
    kind = params.setdefault("InstanceType", "m1.small")
    if kind not in INSTANCE_TYPES:
        raise refusal("InvalidParameterValue", f"Invalid value '{kind}' for InstanceType.")


def _write_interfaces(backend: Any, params: dict[str, Any], count: int) -> None:
    """The network interfaces with subnet, address and groups, as EC2 completes them.

    moto keeps the interface and the address of an instance that it made of other parameters when
    the instance is terminated, takes any address where there is no subnet, and makes groups that
    are not there.
    """
    groups = params.pop("SecurityGroupIds", [])
    groups += [_group_named(backend, name) for name in params.pop("SecurityGroups", [])]
    _refuse_interfaces(params, groups)
    interfaces = params.get("NetworkInterfaces") or [{**_interface_of(params), "Groups": groups}]
    params["NetworkInterfaces"] = interfaces
    interface = interfaces[0]
    if "NetworkInterfaceId" in interface:
        _write_zone(params, backend.get_network_interface(interface["NetworkInterfaceId"]))
        return
    subnet = _subnet(backend, interface, params)
    interface["SubnetId"] = subnet.id
    interface.setdefault("DeleteOnTermination", True)
    interface["AssociatePublicIpAddress"] = False  # reached by their private ones
    _refuse_groups(backend, interface.get("Groups", []), subnet)
    _write_address(backend, interface, subnet, count)


def _refuse_interfaces(params: dict[str, Any], groups: list[str]) -> None:
    interfaces = params.get("NetworkInterfaces", [])
    if len(interfaces) > 1:
        raise refusal(
            "UnsupportedOperation", "Instances of the embedded EC2 have one network interface."
        )
    if interfaces and (groups or "PrivateIpAddress" in params):
        raise refusal(
            "InvalidParameterCombination",
            "Network interfaces and an instance-level security groups or private IP address may "
            "not be specified on the same request",
        )


def _write_zone(params: dict[str, Any], interface: Any) -> None:
    """The zone of an interface that is there already; moto takes the first one of the region."""
    if interface.instance is not None:
        raise refusal(
            "InvalidNetworkInterface.InUse", f"The network interface '{interface.id}' is in use."
        )
    zone = interface.subnet.availability_zone
    params["Placement"] = {**params.get("Placement", {}), "AvailabilityZone": zone}


def _interface_of(params: dict[str, Any]) -> dict[str, Any]:
    """What the request says about its only interface, taken out of it."""
    interface = {"DeviceIndex": 0}
    for name in ("SubnetId", "PrivateIpAddress"):
        if name in params:
            interface[name] = params.pop(name)
    return interface


def _group_named(backend: Any, name: str) -> str:
    group = backend.get_security_group_from_name(name, backend.default_vpc.id)
    if group is None:
        raise refusal("InvalidGroup.NotFound", f"The security group '{name}' does not exist")
    return str(group.id)


def _subnet(backend: Any, interface: dict[str, Any], params: dict[str, Any]) -> Subnet:
    """The subnet of an interface; without one, that of the default VPC in the zone."""
    if "SubnetId" in interface:
        return backend.get_subnet(interface["SubnetId"])
    subnets = backend.get_default_subnets()
    zone = params.get("Placement", {}).get("AvailabilityZone") or min(subnets, default="")
    if zone not in subnets:
        raise refusal(
            "MissingInput",
            f"No subnets found for the default VPC in zone '{zone}'. Please specify a subnet.",
        )
    return subnets[zone]


def _refuse_groups(backend: Any, group_ids: list[str], subnet: Subnet) -> None:
    for id_ in group_ids:
        group = backend.get_security_group_from_id(id_)
        if group is None:
            raise refusal("InvalidGroup.NotFound", f"The security group '{id_}' does not exist")
        if group.vpc_id != subnet.vpc_id:
            raise refusal(
                "InvalidParameter",
                f"Security group {id_} and subnet {subnet.id} belong to different networks.",
            )


def _write_address(backend: Any, interface: dict[str, Any], subnet: Subnet, count: int) -> None:
    """A free address where one instance is started; for several, moto asks again for each."""
    given = [one["PrivateIpAddress"] for one in interface.get("PrivateIpAddresses", [])]
    if "PrivateIpAddress" in interface:
        given.append(interface["PrivateIpAddress"])
    if given and count > 1:
        raise refusal(
            "InvalidParameterCombination",
            "Network interfaces with a private IP address can not be given to several instances",
        )
    for address in given:
        refuse_address(backend, subnet, address)
    if not given and count == 1:
        interface["PrivateIpAddress"] = free_address(backend, subnet)


@replaces(Subnet, "get_available_subnet_ip")
def get_available_subnet_ip(_original: Any, subnet: Subnet, instance: Any) -> str:
    """The lowest free address; moto gives away reserved ones and those of other interfaces."""
    address = free_address(subnet.ec2_backend, subnet)
    subnet.request_ip(address, instance)
    return address


def _write_devices(backend: Any, params: dict[str, Any], ami: Ami, count: int) -> None:
    """All devices with their sizes; moto takes those of the image or those of the request."""
    devices = _devices(ami, params.get("BlockDeviceMappings", []))
    for ebs in [one["Ebs"] for one in devices]:
        ebs["VolumeSize"] = checked_size(backend, ebs.get("VolumeSize"), ebs.get("SnapshotId"))
    quotas.refuse_volumes(backend, count * sum(one["Ebs"]["VolumeSize"] for one in devices))
    params["BlockDeviceMappings"] = devices


def _devices(ami: Ami, asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The devices of the image, changed and completed by those that were asked for.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-device-mapping-concepts.html
    """
    devices = {one["DeviceName"]: dict(one["Ebs"]) for one in ami.block_device_mappings}
    for device in asked:
        name = device.get("DeviceName", "")
        refuse_device_name(name)
        if "NoDevice" in device:
            devices.pop(name, None)
        else:
            devices[name] = {**devices.get(name, {}), **device.get("Ebs", {})}
    return [{"DeviceName": name, "Ebs": ebs} for name, ebs in devices.items()]


def _refuse_capacity(backend: Any, params: dict[str, Any], count: int) -> None:
    """Raise EC2's refusals of vCPUs and of racks."""
    quotas.refuse_vcpus(backend, count * quotas.vcpus_of(params["InstanceType"]))
    group = params.get("Placement", {}).get("GroupName")
    if not group:
        return
    placement_groups.group_of(backend, group)
    subnet = params["NetworkInterfaces"][0].get("SubnetId")
    zone = params["Placement"].get("AvailabilityZone")
    zone = backend.get_subnet(subnet).availability_zone if subnet else zone
    placement_groups.refuse_spread(backend, group, zone, count)


def _complete(backend: Any, instance: Instance, params: dict[str, Any]) -> None:
    """What moto does not take from the request."""
    instance.placement.group_name = params.get("Placement", {}).get("GroupName") or ""
    set_groups(instance.nics[0], instance.nics[0]._group_set)
    key = backend.key_pairs.get(instance.key_name)
    instance.public_key = key.public_key if key else ""  # stays when the key pair is deleted
    asked = {one["DeviceName"]: one["Ebs"] for one in params["BlockDeviceMappings"]}
    for name, block in instance.get_block_device_mapping:
        volume = backend.get_volume(block.volume_id)
        volume.is_root_disk = name == instance.root_device_name
        volume.iops = asked[name].get("Iops", volume.iops)
        volume.throughput = asked[name].get("Throughput", volume.throughput)


def refuse_other_ways(_original: Any, _response: Any) -> None:
    """moto would make instances about which nothing has been checked."""
    raise refusal("UnsupportedOperation", "The embedded EC2 starts instances by RunInstances only.")


replaces(Fleets, "create_fleet")(refuse_other_ways)
replaces(SpotFleets, "request_spot_fleet")(refuse_other_ways)
replaces(SpotInstances, "request_spot_instances")(refuse_other_ways)


@replaces(InstanceResponse, "start_instances")
def start_instances(original: Any, response: Any) -> Any:
    """moto starts what is terminated, and more than the account may have."""
    backend = response.ec2_backend
    chosen = backend.get_multi_instances_by_id(response._get_param("InstanceIds", []))
    _refuse_terminated(chosen, "started")
    stopped = [one for one in chosen if one.state == "stopped"]
    quotas.refuse_vcpus(backend, sum(quotas.vcpus_of(one.instance_type) for one in stopped))
    for one in stopped:
        if one.placement.group_name:
            placement_groups.refuse_spread(backend, one.placement.group_name, one.placement.zone, 1)
    return original(response)


@replaces(InstanceResponse, "stop_instances")
def stop_instances(original: Any, response: Any) -> Any:
    """moto stops what is terminated."""
    ids = response._get_param("InstanceIds", [])
    _refuse_terminated(response.ec2_backend.get_multi_instances_by_id(ids), "stopped")
    return original(response)


def _refuse_terminated(instances: list[Instance], verb: str) -> None:
    for one in instances:
        if one.state == "terminated":
            raise refusal(
                "IncorrectInstanceState",
                f"The instance '{one.id}' is not in a state from which it can be {verb}.",
            )


@replaces(Instance, "terminate")
def terminate(original: Any, instance: Instance) -> Any:
    """EC2 shows no interface and no address of what is terminated; moto does, and fails twice."""
    previous = original(instance)
    for interface in list(instance.nics.values()):
        instance.detach_eni(interface)
    instance._subnet_id = None
    instance._private_ips = set()
    instance.security_groups = []
    return previous


def _first_interface(name: str) -> property:
    return property(lambda instance: getattr(instance.nics.get(0), name, None))


def _private_dns_name(instance: Instance) -> str:
    if not instance.private_ip:
        return ""
    return f"ip-{instance.private_ip.replace('.', '-')}.{instance.region_name}.compute.internal"


# moto takes it for granted that there is an interface
Instance.private_ip = _first_interface("private_ip_address")
Instance.private_ip_address = _first_interface("private_ip_address")
Instance.public_ip = _first_interface("public_ip")
Instance.public_ip_address = _first_interface("public_ip")
Instance.private_dns_name = property(_private_dns_name)
