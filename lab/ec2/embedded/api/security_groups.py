# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Security groups, VPCs: what is in use stays."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.elastic_network_interfaces import NetworkInterface, NetworkInterfaceBackend
from moto.ec2.models.instances import InstanceBackend
from moto.ec2.responses.security_groups import SecurityGroups
from moto.ec2.responses.vpcs import VPCs

from .patch import refusal, replaces


def _group_set(interface: NetworkInterface) -> list[Any]:
    return list(interface._group_set)


# moto adds the groups that the instance was started with, also when they have been taken away
NetworkInterface.group_set = property(_group_set)

_moto_association = NetworkInterface.association.fget


def _association(interface: NetworkInterface) -> dict[str, Any] | None:
    return _moto_association(interface) or None


# moto answers with an empty one where there is no public address
NetworkInterface.association = property(_association)


def set_groups(interface: NetworkInterface, groups: list[Any]) -> None:
    """EC2 shows the groups of the first network interface as those of the instance."""
    interface._group_set = list(groups)
    if interface.instance is not None and interface.device_index == 0:
        interface.instance.security_groups = list(groups)


@replaces(InstanceBackend, "modify_instance_security_groups")
def modify_instance_security_groups(
    original: Any, backend: Any, instance_id: str, new_group_id_list: list[str]
) -> Any:
    """moto changes the instance but not its network interface."""
    backend.describe_security_groups(group_ids=new_group_id_list)
    instance = original(backend, instance_id, new_group_id_list)
    set_groups(instance.nics[0], instance.security_groups)
    return instance


@replaces(NetworkInterfaceBackend, "modify_network_interface_attribute")
def modify_network_interface_attribute(
    original: Any, backend: Any, eni_id: str, group_ids: list[str], *args: Any, **kwargs: Any
) -> None:
    """moto changes the network interface but not its instance."""
    if group_ids:
        backend.describe_security_groups(group_ids=group_ids)
    original(backend, eni_id, group_ids, *args, **kwargs)
    interface = backend.get_network_interface(eni_id)
    set_groups(interface, interface._group_set)


@replaces(SecurityGroups, "delete_security_group")
def delete_security_group(original: Any, response: Any) -> Any:
    """moto deletes groups that are in use, and the default one.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html
    """
    backend = response.ec2_backend
    asked = response._get_param("GroupId") or response._get_param("GroupName")
    group = backend.get_security_group_by_name_or_id(asked)
    if group is not None and group.is_default:
        raise refusal(
            "CannotDelete",
            f'the specified group: "{group.id}" name: "default" cannot be deleted by a user',
        )
    if group is not None and (_has_members(backend, group) or _is_referred_to(backend, group)):
        raise refusal("DependencyViolation", f"resource {group.id} has a dependent object")
    return original(response)


def _has_members(backend: Any, group: Any) -> bool:
    return any(group in interface._group_set for interface in backend.enis.values())


def _is_referred_to(backend: Any, group: Any) -> bool:
    """Whether a rule of another group is about this one."""
    return any(
        rule.source_group.get("GroupId") == group.id
        for other in backend.describe_security_groups()
        for rule in (*other.ingress_rules, *other.egress_rules)
        if other.id != group.id
    )


@replaces(VPCs, "delete_vpc")
def delete_vpc(original: Any, response: Any) -> Any:
    """moto looks for subnets only: groups and internet gateways hold a VPC as well."""
    backend = response.ec2_backend
    vpc_id = response._get_param("VpcId")
    groups = [one for one in backend.groups.get(vpc_id, {}).values() if not one.is_default]
    gateways = [
        one for one in backend.internet_gateways.values() if one.vpc and one.vpc.id == vpc_id
    ]
    if groups or gateways:
        raise refusal(
            "DependencyViolation", f"The vpc '{vpc_id}' has dependencies and cannot be deleted."
        )
    return original(response)
