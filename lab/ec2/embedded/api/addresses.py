# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private addresses: which ones a subnet gives away, and who has them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

from moto.ec2.models.subnets import Subnet, SubnetBackend
from moto.ec2.responses.elastic_network_interfaces import ElasticNetworkInterfaces
from moto.ec2.responses.subnets import Subnets

from .patch import refusal, replaces

RESERVED_FIRST = 4  # https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html


def addresses_in_use(backend: Any, subnet: Subnet) -> set[str]:
    """All private addresses of the network interfaces of a subnet."""
    interfaces = [one for one in backend.enis.values() if one.subnet.id == subnet.id]
    return {
        address["PrivateIpAddress"]
        for interface in interfaces
        for address in interface.private_ip_addresses
    }


def refuse_address(backend: Any, subnet: Subnet, address: str) -> None:
    """Raise EC2's refusal of an address that the subnet can not give."""
    network = IPv4Network(subnet.cidr_block)
    if IPv4Address(address) not in network:
        raise refusal(
            "InvalidParameterValue",
            f"Address {address} does not fall within the subnet's address range",
        )
    if _is_reserved(network, IPv4Address(address)):
        raise refusal(
            "InvalidParameterValue", f"Address {address} is in subnet's reserved address range"
        )
    if address in addresses_in_use(backend, subnet):
        raise refusal("InvalidIPAddress.InUse", f"Address {address} is in use.")


def free_address(backend: Any, subnet: Subnet) -> str:
    """The lowest address that the subnet can give."""
    network = IPv4Network(subnet.cidr_block)
    used = addresses_in_use(backend, subnet)
    for address in network.hosts():
        if not _is_reserved(network, address) and str(address) not in used:
            return str(address)
    raise refusal(
        "InsufficientFreeAddressesInSubnet",
        f"There are not enough free addresses in subnet '{subnet.id}' "
        "to satisfy the requested number of instances.",
    )


def _is_reserved(network: IPv4Network, address: IPv4Address) -> bool:
    """EC2 keeps the first four addresses and the last one of each subnet."""
    return int(address) - int(network.network_address) < RESERVED_FIRST or (
        address == network.broadcast_address
    )


@replaces(SubnetBackend, "create_subnet")
def create_subnet(original: Any, backend: Any, *args: Any, **kwargs: Any) -> Subnet:
    """EC2 gives public addresses in the default VPC; here there are only private ones."""
    subnet: Subnet = original(backend, *args, **kwargs)
    subnet.map_public_ip_on_launch = False
    return subnet


@replaces(Subnets, "delete_subnet")
def delete_subnet(original: Any, response: Any) -> Any:
    """moto deletes a subnet with machines in it; EC2 does not."""
    subnet = response.ec2_backend.get_subnet(response._get_param("SubnetId"))
    if addresses_in_use(response.ec2_backend, subnet):
        raise refusal(
            "DependencyViolation",
            f"The subnet '{subnet.id}' has dependencies and cannot be deleted.",
        )
    return original(response)


@replaces(ElasticNetworkInterfaces, "attach_network_interface")
def attach_network_interface(_original: Any, _response: Any) -> None:
    """No machine here has a second one."""
    raise refusal(
        "UnsupportedOperation", "Instances of the embedded EC2 have one network interface."
    )


@replaces(ElasticNetworkInterfaces, "create_network_interface")
def create_network_interface(original: Any, response: Any) -> Any:
    """moto does not look whether the address is free, and picks any of the subnet's."""
    backend = response.ec2_backend
    subnet = backend.get_subnet(response._get_param("SubnetId"))
    address = response._get_param("PrivateIpAddress")
    if address:
        refuse_address(backend, subnet, address)
    elif not response._get_param("PrivateIpAddresses"):
        response.params["PrivateIpAddress"] = free_address(backend, subnet)
    return original(response)
