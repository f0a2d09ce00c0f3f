# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small model of an EC2 account: answers as amazon.aws gives them, and what calls do."""

from __future__ import annotations

import copy
from collections.abc import Callable
from ipaddress import IPv4Network
from typing import Any

from ansible_collections.clustered.storage.plugins.filter.ec2 import ec2_plan
from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.model import (
    CLUSTER_TAG,
    DEVICE_TAG,
    GROUP_TAG,
    MACHINE_TAG,
    USER_TAG,
)

Answer = dict[str, Any]
Variables = dict[str, Any]
CLUSTER = "gfs"
SUBNET = "172.31.16.0/20"
ZONE = "eu-west-1b"
IMAGE = "gluster_share_storage"
ROOT = "/dev/xvda"
DISK = {"device": "/dev/sdb", "size": 2}
STORAGE = (
    {"name": "gfs-1", "address": "172.31.16.100", "volumes": [DISK]},
    {"name": "gfs-2", "address": "172.31.16.101", "volumes": [DISK]},
)
CLIENT = {"name": "gfs-client", "address": "172.31.16.110", "group": "clients"}
INGRESS = {"storage_nodes": [{"ports": ["24007/tcp"], "groups": ["storage_nodes", "clients"]}]}


def variables(**changes: Any) -> Variables:
    """What the role hands to the plan: two storage machines and a client, but for the changes."""
    given = {
        "cluster": CLUSTER,
        "vpc": "default",
        "vpc_cidr": "",
        "subnet": SUBNET,
        "zone": ZONE,
        "key_pair": "gfs-0123456789ab",
        "machines": [*STORAGE, CLIENT],
        "groups": ["storage_nodes", "clients"],
        "image": IMAGE,
        "instance_type": "t3.micro",
        "user": "admin",
        "spread": True,
        "ssh_sources": ["0.0.0.0/0"],
        "ingress": INGRESS,
        "remove": [],
        "delete_volumes": [],
        "foreseen_images": [],
    }
    return copy.deepcopy(given | changes)


def tagged(cluster: str, **tags: str) -> dict[str, str]:
    """Tags of something of a cluster."""
    names = {"machine": MACHINE_TAG, "device": DEVICE_TAG, "group": GROUP_TAG, "user": USER_TAG}
    return {CLUSTER_TAG: cluster, **{names.get(name, name): tag for name, tag in tags.items()}}


def vpc_answer(vpc: str, *cidrs: str, **more: Any) -> Answer:
    """A VPC as amazon.aws.ec2_vpc_net_info gives it."""
    sets = [{"cidr_block": cidr, "cidr_block_state": {"state": "associated"}} for cidr in cidrs]
    answer = {"vpc_id": vpc, "id": vpc, "cidr_block": cidrs[0], "tags": {}}
    return answer | {"cidr_block_association_set": sets} | more


def subnet_answer(subnet: str, cidr: str, zone: str = ZONE, vpc: str = "vpc-1") -> Answer:
    """A subnet as amazon.aws.ec2_vpc_subnet_info gives it."""
    return {"subnet_id": subnet, "cidr_block": cidr, "availability_zone": zone, "vpc_id": vpc}


def image_answer(image: str, name: str = IMAGE, created: str = "2026-01-01", **more: Any) -> Answer:
    """An image as amazon.aws.ec2_ami_info gives it."""
    answer = {"image_id": image, "name": name, "creation_date": created, "state": "available"}
    return answer | {"root_device_name": ROOT} | more


class Account:
    """An account with a default VPC, a subnet and an image. A call that EC2 refuses is an error."""

    def __init__(self) -> None:
        self.vpcs = [vpc_answer("vpc-1", "172.31.0.0/16", is_default=True)]
        self.subnets = [subnet_answer("subnet-1", SUBNET)]
        self.security_groups: list[Answer] = []
        self.instances: list[Answer] = []
        self.volumes: list[Answer] = []
        self.key_pairs: list[Answer] = []
        self.placement_groups: list[Answer] = []
        self.images = {IMAGE: [image_answer("ami-1")]}
        self.interfaces: list[Answer] = []  # of others
        self.deleted: list[str] = []  # data volumes
        self.made = 0

    # --- what is read

    def present(self) -> list[Answer]:
        """Instances that have not been terminated."""
        return [one for one in self.instances if one["state"]["name"] != "terminated"]

    def instance(self, name: str) -> Answer:
        """The one instance of that name."""
        (found,) = (one for one in self.present() if one["tags"].get("Name") == name)
        return found

    def volume(self, machine: str, device: str = "/dev/sdb") -> Answer:
        """The one data volume of a machine with that device."""
        place = {MACHINE_TAG: machine, DEVICE_TAG: device}
        (found,) = (one for one in self.volumes if place.items() <= one["tags"].items())
        return found

    def group(self, name: str) -> Answer:
        """The one security group of that name."""
        (found,) = (one for one in self.security_groups if one["group_name"] == name)
        return found

    def by_id(self, instance: str) -> Answer:
        """An instance that has not been terminated."""
        (found,) = (one for one in self.present() if one["instance_id"] == instance)
        return found

    def subnets_of(self, vpcs: list[Answer]) -> list[Answer]:
        """Those that lie in one of them."""
        ids = [vpc["vpc_id"] for vpc in vpcs]
        return [subnet for subnet in self.subnets if subnet["vpc_id"] in ids]

    def subnet(self, wanted: Variables) -> Answer:
        """The one subnet that is wanted."""
        vpcs = [vpc for vpc in self.vpcs if is_called(vpc, wanted["vpc"])]
        there = self.subnets_of(vpcs)
        (found,) = (one for one in there if one["cidr_block"] == wanted["subnet"])
        return found

    def found(self, wanted: Variables) -> Answer:
        """What roles/ec2_machines/tasks/read.yml reads."""
        cluster = wanted["cluster"]
        vpcs = [vpc for vpc in self.vpcs if is_called(vpc, wanted["vpc"])]
        own = [one for one in self.present() if one["tags"].get(CLUSTER_TAG) == cluster]
        names = [machine["name"] for machine in wanted["machines"]]
        missing = {*names} - {one["tags"]["Name"] for one in own}
        namesakes = [one for one in self.present() if one["tags"].get("Name") in missing]
        found = {
            "vpcs": vpcs,
            "subnets": self.subnets_of(vpcs) if len(vpcs) == 1 else [],
            "security_groups": self.security_groups if len(vpcs) == 1 else [],
            "instances": own + namesakes,
            "volumes": [v for v in self.volumes if v["tags"].get(CLUSTER_TAG) == cluster],
        }
        if missing:
            found |= {
                "key_pairs": self.key_pairs,
                "placement_groups": self.placement_groups,
                "images": self.images,
                "interfaces": [*self.interfaces, *map(interface_of, self.present())],
            }
        return copy.deepcopy(found)

    def plan(self, wanted: Variables) -> dict[str, Any]:
        """What would be done now."""
        return ec2_plan(self.found(wanted), wanted)

    # --- what is done

    def run(self, wanted: Variables, steps: int | None = None) -> dict[str, Any]:
        """The plan, after all of its steps, or the first ones, have been done."""
        plan = self.plan(wanted)
        for step in plan["steps"][:steps]:
            CALLS[step["call"]](self, step, wanted)
        return plan

    def new_id(self, kind: str) -> str:
        """One that was never given before."""
        self.made += 1
        return f"{kind}-{self.made:08x}"

    def create_vpc(self, step: Answer, wanted: Variables) -> None:
        """As network.yml."""
        tags = tagged(wanted["cluster"], Name=step["name"])
        self.vpcs.append(vpc_answer(self.new_id("vpc"), step["cidr"], tags=tags))

    def create_subnet(self, step: Answer, wanted: Variables) -> None:
        """As network.yml."""
        (vpc,) = (vpc for vpc in self.vpcs if is_called(vpc, wanted["vpc"]))
        within = (IPv4Network(one["cidr_block"]) for one in vpc["cidr_block_association_set"])
        assert any(IPv4Network(step["name"]).subnet_of(outer) for outer in within)
        subnet = subnet_answer(self.new_id("subnet"), step["name"], wanted["zone"], vpc["vpc_id"])
        self.subnets.append(subnet)

    def create_group(self, step: Answer, wanted: Variables) -> None:
        """As surroundings.yml."""
        assert step["name"] not in [group["group_name"] for group in self.security_groups]
        answer = {"group_id": self.new_id("sg"), "group_name": step["name"], "ip_permissions": []}
        self.security_groups.append(answer | {"tags": tagged(wanted["cluster"])})

    def authorize(self, step: Answer, _wanted: Variables) -> None:
        """As surroundings.yml: groups are named, so they have to be there."""
        permissions = self.group(step["group"])["ip_permissions"]
        for rule in step["rules"]:
            ports = {"from_port": rule["from_port"], "to_port": rule["to_port"]}
            permission = {"ip_protocol": rule["proto"], **ports, "ip_ranges": []}
            if "group_name" in rule:
                source = self.group(rule["group_name"])["group_id"]
                permission["user_id_group_pairs"] = [{"group_id": source}]
            else:
                permission["ip_ranges"] = [{"cidr_ip": rule["cidr_ip"]}]
            assert permission not in permissions
            permissions.append(permission)

    def import_key(self, step: Answer, wanted: Variables) -> None:
        """As key.yml."""
        self.key_pairs.append({"key_name": step["name"], "tags": tagged(wanted["cluster"])})

    def create_placement_group(self, step: Answer, wanted: Variables) -> None:
        """As surroundings.yml."""
        tags = tagged(wanted["cluster"])
        self.placement_groups.append({"name": step["name"], "state": "available", "tags": tags})

    def create_volume(self, step: Answer, wanted: Variables) -> None:
        """As apply.yml."""
        zone = self.subnet(wanted)["availability_zone"]
        tags = tagged(wanted["cluster"], machine=step["machine"], device=step["device"])
        size = {"size": step["size"], "type": step["type"], "zone": zone}
        volume = {"id": self.new_id("vol"), **size, "status": "available", "attachment_set": []}
        self.volumes.append(volume | {"tags": tags})

    def modify_volume(self, step: Answer, _wanted: Variables) -> None:
        """As apply.yml."""
        (volume,) = (volume for volume in self.volumes if volume["id"] == step["volume"])
        assert volume["size"] < step["size"]
        volume["size"] = step["size"]

    def run_instances(self, step: Answer, wanted: Variables) -> None:
        """As start.yml; the root disk gets the tags of the instance."""
        assert wanted["key_pair"] in [pair["key_name"] for pair in self.key_pairs]
        if step["is_spread"]:
            assert wanted["cluster"] in [group["name"] for group in self.placement_groups]
        assert self.group(f"{wanted['cluster']}-{step['group']}")
        assert step["image"] in [one["image_id"] for found in self.images.values() for one in found]
        assert step["machine"] not in [one["tags"].get("Name") for one in self.present()]
        address = step["address"] or f"172.31.17.{self.made % 250 + 4}"
        assert address not in [one["private_ip_address"] for one in self.present()]
        machine = {"Name": step["machine"], "machine": step["machine"]}
        tags = tagged(wanted["cluster"], group=step["group"], user=step["user"], **machine)
        self.instances.append(
            {
                "instance_id": self.new_id("i"),
                "instance_type": step["type"],
                "image_id": step["image"],
                "state": {"name": "running"},
                "private_ip_address": address,
                "subnet_id": self.subnet(wanted)["subnet_id"],
                "root_device_name": ROOT,
                "block_device_mappings": [],
                "tags": tags,
            }
        )
        root = {"id": self.new_id("vol"), "size": 8, "type": "gp3", "zone": ZONE}
        self.volumes.append(root | {"status": "available", "attachment_set": [], "tags": tags})
        self.attach(root["id"], self.instances[-1], ROOT, goes=True)

    def start_instances(self, step: Answer, _wanted: Variables) -> None:
        """As start.yml."""
        instance = self.by_id(step["instance"])
        assert instance["state"]["name"] == "stopped"
        instance["state"] = {"name": "running"}

    def attach_volume(self, step: Answer, wanted: Variables) -> None:
        """As attach.yml, which plans once more when the machines run."""
        (again,) = (
            one
            for one in self.plan(wanted)["steps"]
            if (one["call"], one["name"]) == ("AttachVolume", step["name"])
        )
        self.attach(again["volume"], self.by_id(again["instance"]), again["device"])

    def attach(self, volume: str, instance: Answer, device: str, goes: bool = False) -> None:
        """The volume becomes a device of a running instance."""
        (found,) = (one for one in self.volumes if one["id"] == volume)
        assert instance["state"]["name"] == "running"
        assert found["zone"] == ZONE
        assert found["attachment_set"] == []
        assert device not in [one["device_name"] for one in instance["block_device_mappings"]]
        at = {"instance_id": instance["instance_id"], "device": device, "status": "attached"}
        found |= {"attachment_set": [at], "status": "in-use"}
        ebs = {"volume_id": volume, "delete_on_termination": goes, "status": "attached"}
        instance["block_device_mappings"].append({"device_name": device, "ebs": ebs})

    def terminate_instances(self, step: Answer, _wanted: Variables) -> None:
        """As remove.yml."""
        self.terminate(self.by_id(step["instance"])["tags"]["Name"])

    def terminate(self, name: str) -> None:
        """The instance is gone; its disks are not, unless they go with it."""
        instance = self.instance(name)
        instance["state"] = {"name": "terminated"}
        for mapping in instance["block_device_mappings"]:
            (volume,) = (v for v in self.volumes if v["id"] == mapping["ebs"]["volume_id"])
            volume |= {"attachment_set": [], "status": "available"}
            if mapping["ebs"]["delete_on_termination"]:
                self.delete(volume)

    def delete_volume(self, step: Answer, _wanted: Variables) -> None:
        """As remove.yml."""
        (volume,) = (one for one in self.volumes if one["id"] == step["volume"])
        assert volume["attachment_set"] == []
        self.delete(volume)

    def delete(self, volume: Answer) -> None:
        """It is gone."""
        self.volumes.remove(volume)
        if DEVICE_TAG in volume["tags"]:
            self.deleted.append(volume["id"])


def is_called(vpc: Answer, name: str) -> bool:
    """Whether the role means this VPC."""
    if name == "default":
        return bool(vpc.get("is_default"))
    return name in (vpc["vpc_id"], vpc["tags"].get("Name"))


def interface_of(instance: Answer) -> Answer:
    """The network interface of an instance, as amazon.aws.ec2_eni_info gives it."""
    addresses = [{"private_ip_address": instance["private_ip_address"]}]
    attachment = {"instance_id": instance["instance_id"]}
    return {"id": "eni-1", "attachment": attachment, "private_ip_addresses": addresses}


CALLS: dict[str, Callable[[Account, Answer, Variables], None]] = {
    "CreateVpc": Account.create_vpc,
    "CreateSubnet": Account.create_subnet,
    "CreateSecurityGroup": Account.create_group,
    "AuthorizeSecurityGroupIngress": Account.authorize,
    "ImportKeyPair": Account.import_key,
    "CreatePlacementGroup": Account.create_placement_group,
    "CreateVolume": Account.create_volume,
    "ModifyVolume": Account.modify_volume,
    "RunInstances": Account.run_instances,
    "StartInstances": Account.start_instances,
    "AttachVolume": Account.attach_volume,
    "TerminateInstances": Account.terminate_instances,
    "DeleteVolume": Account.delete_volume,
}


def made(**changes: Any) -> tuple[Account, Variables]:
    """An account in which everything that is wanted is there."""
    account, wanted = Account(), variables(**changes)
    assert account.run(wanted)["refusals"] == []
    return account, wanted
