# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the role ec2_machines, made into the model. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.model import (
    Rule,
    SecurityGroup,
    Wanted,
    WantedMachine,
    WantedVolume,
)

Variables = dict[str, Any]
SSH_PORT = 22
LAST_PORT = 65535
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html
DEVICE = re.compile(r"/dev/(sd|hd|xvd)[a-z]{1,2}[0-9]{0,2}")


class Unclear(ValueError):
    """A variable that can not be understood, in words."""


def wanted_ports(text: str) -> tuple[str, int, int]:
    """``49152-60999/tcp`` as protocol, first and last port; raises Unclear."""
    ports, slash, protocol = str(text).partition("/")
    first, _dash, last = ports.partition("-")
    numbers = (first, last or first)
    if not slash or protocol not in ("tcp", "udp") or not all(n.isdecimal() for n in numbers):
        raise Unclear(f"{text!r} is no port: write 24007/tcp or 49152-60999/tcp")
    if not 0 < int(numbers[0]) <= int(numbers[1]) <= LAST_PORT:
        raise Unclear(f"{text!r} is no range of ports")
    return protocol, int(numbers[0]), int(numbers[1])


def wanted_source(text: str) -> str:
    """A network as EC2 writes it; raises Unclear."""
    try:
        if "/" in str(text):
            return str(ip_network(text))
    except ValueError:
        pass
    raise Unclear(f"{text!r} is no network to let in: write 203.0.113.0/24")


def wanted_size(value: object, what: str) -> int:
    """GiB, 0 where nothing is said; raises Unclear."""
    text = str(value or 0)
    if not text.isdecimal():
        raise Unclear(f"{what} has the size {value!r}: write a number of GiB")
    return int(text)


def wanted_flag(value: object, what: str) -> bool:
    """Yes or no; raises Unclear."""
    try:
        return bool(boolean(value))
    except TypeError:
        raise Unclear(f"{what} is {value!r}: write true or false") from None


def wanted_names(value: Any) -> tuple[str, ...]:
    """A list of names; what is no list is one name."""
    names = value if isinstance(value, (list, tuple)) else [value]
    return tuple(str(name) for name in names if name)


def group_name(cluster: str, group: str) -> str:
    """The security group of the machines in a group of the inventory."""
    return f"{cluster}-{group}"


def wanted_security_group(variables: Variables, group: str, groups: list[str]) -> SecurityGroup:
    """What it lets in: SSH, and what ``ingress`` says of its group."""
    cluster = variables["cluster"]
    outside = [wanted_source(source) for source in wanted_names(variables["ssh_sources"])]
    rules = [Rule("tcp", SSH_PORT, SSH_PORT, source) for source in outside]
    for entry in variables["ingress"].get(group, []):
        members = [group_name(cluster, name) for name in entry.get("groups", []) if name in groups]
        outside = [wanted_source(source) for source in entry.get("sources", [])]
        for ports in map(wanted_ports, wanted_names(entry.get("ports"))):
            rules += [Rule(*ports, source) for source in [*members, *outside]]
    return SecurityGroup(group_name(cluster, group), tuple(dict.fromkeys(rules)))


def wanted_volume(name: str, volume: Variables) -> WantedVolume:
    """One data volume with everything filled in; raises Unclear."""
    if not isinstance(volume, Mapping) or not DEVICE.fullmatch(str(volume.get("device"))):
        raise Unclear(f"a volume of {name} has no device such as /dev/sdb: {volume!r}")
    device = volume["device"]
    size = wanted_size(volume.get("size"), f"{device} of {name}")
    if not size:
        raise Unclear(f"{device} of {name} has no size: write a number of GiB")
    return WantedVolume(device, size, str(volume.get("type") or "gp3"))


def wanted_machine(variables: Variables, machine: Variables) -> WantedMachine:
    """One machine with everything filled in; raises Unclear."""
    if not isinstance(machine, Mapping) or not machine.get("name"):
        raise Unclear(f"a machine has no name: {machine!r}")
    name = str(machine["name"])
    group = str(machine.get("group") or "storage_nodes")
    is_spread = wanted_flag(variables["spread"], "ec2_machines_spread")
    return WantedMachine(
        name=name,
        address=str(machine.get("address") or ""),
        group=group,
        type=str(machine.get("type") or variables["instance_type"]),
        image=str(machine.get("image") or variables["image"]),
        user=variables["user"],
        is_spread=is_spread and group == "storage_nodes",
        root_size_gib=wanted_size(machine.get("root_size"), f"the root disk of {name}"),
        volumes=tuple(wanted_volume(name, volume) for volume in machine.get("volumes") or []),
    )


def wanted_of(variables: Variables) -> Wanted:
    """All that is wanted; raises Unclear."""
    machines = tuple(wanted_machine(variables, machine) for machine in variables["machines"])
    # A group that others let in has to be there, with machines in it or without.
    groups = list(dict.fromkeys([machine.group for machine in machines] + variables["groups"]))
    return Wanted(
        cluster=variables["cluster"],
        vpc=variables["vpc"],
        vpc_cidr=variables["vpc_cidr"],
        subnet=variables["subnet"],
        zone=variables["zone"],
        key_pair=variables["key_pair"],
        machines=machines,
        security_groups=tuple(wanted_security_group(variables, group, groups) for group in groups),
        remove=wanted_names(variables.get("remove")),
        delete_volumes=wanted_names(variables.get("delete_volumes")),
        foreseen_images=tuple(variables.get("foreseen_images", [])),
    )
