# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables of the role, made into the model; what is unclear is one sentence."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.model import (
    Rule,
    WantedMachine,
    WantedVolume,
)
from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.wanted import (
    Unclear,
    wanted_of,
    wanted_ports,
)
from helpers.account import variables


def unclear(**changes: Any) -> str:
    """What is said of variables that can not be understood."""
    with pytest.raises(Unclear) as raised:
        wanted_of(variables(**changes))
    return str(raised.value)


def machine(**given: Any) -> WantedMachine:
    return wanted_of(variables(machines=[{"name": "n1", **given}])).machines[0]


def rules(group: str = "storage_nodes", **changes: Any) -> list[str]:
    """What its security group shall let in."""
    groups = {group.name: group.rules for group in wanted_of(variables(**changes)).security_groups}
    return [str(rule) for rule in groups[f"gfs-{group}"]]


# --- ports and networks


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("24007/tcp", ("tcp", 24007, 24007)),
        ("49152-60999/tcp", ("tcp", 49152, 60999)),
        ("53/udp", ("udp", 53, 53)),
        ("1-65535/udp", ("udp", 1, 65535)),
    ],
)
def test_ports_are_numbers_and_a_protocol(text: str, ports: tuple[str, int, int]) -> None:
    assert wanted_ports(text) == ports


@pytest.mark.parametrize(
    "text",
    ["24007", "tcp", "24007/", "/tcp", "24007/sctp", "ssh/tcp", "1-/tcp-", "-1/tcp", "", None],
)
def test_what_is_no_port_is_told_with_an_example(text: Any) -> None:
    with pytest.raises(Unclear, match=r"is no port: write 24007/tcp or 49152-60999/tcp"):
        wanted_ports(text)


@pytest.mark.parametrize("text", ["0/tcp", "65536/tcp", "20-10/tcp", "0-10/udp"])
def test_range_without_ports_is_told(text: str) -> None:
    with pytest.raises(Unclear, match=f"'{text}' is no range of ports"):
        wanted_ports(text)


@pytest.mark.parametrize("source", ["10.0.0.0", "10.0.0.5/8", "office", "10.0.0.0/33", "/"])
def test_source_that_is_no_network_is_told(source: str) -> None:
    words = f"{source!r} is no network to let in: write 203.0.113.0/24"
    ingress = {"storage_nodes": [{"ports": ["80/tcp"], "sources": [source]}]}

    assert unclear(ssh_sources=[source]) == words
    assert unclear(ingress=ingress) == words


def test_networks_are_written_as_ec2_writes_them() -> None:
    assert rules(ssh_sources=["2001:DB8:0::/32", "10.0.0.0/8"], ingress={}) == [
        "22/tcp from 2001:db8::/32",
        "22/tcp from 10.0.0.0/8",
    ]


# --- security groups


def test_each_group_of_machines_lets_in_ssh_and_what_ingress_says_of_it() -> None:
    ingress = {
        "storage_nodes": [
            {"ports": ["24007/tcp", "49152-60999/tcp"], "groups": ["storage_nodes", "clients"]}
        ]
    }

    assert rules(ingress=ingress) == [
        "22/tcp from 0.0.0.0/0",
        "24007/tcp from gfs-storage_nodes",
        "24007/tcp from gfs-clients",
        "49152-60999/tcp from gfs-storage_nodes",
        "49152-60999/tcp from gfs-clients",
    ]
    assert rules("clients", ingress=ingress) == ["22/tcp from 0.0.0.0/0"]


def test_groups_without_machines_are_let_in_only_where_they_are_listed() -> None:
    ingress = {"storage_nodes": [{"ports": ["1/tcp"], "groups": ["web_heads"]}]}

    assert rules(ingress=ingress) == ["22/tcp from 0.0.0.0/0"]
    assert "1/tcp from gfs-web_heads" in rules(ingress=ingress, groups=["web_heads"])


def test_a_group_is_made_for_each_group_that_is_listed_or_has_machines() -> None:
    wanted = wanted_of(variables(groups=["clients", "web_heads"]))

    names = [group.name for group in wanted.security_groups]
    assert names == ["gfs-storage_nodes", "gfs-clients", "gfs-web_heads"]


def test_rule_that_is_listed_twice_is_one() -> None:
    ingress = {"storage_nodes": [{"ports": ["22/tcp", "22/tcp"], "sources": ["0.0.0.0/0"]}]}

    assert rules(ingress=ingress) == ["22/tcp from 0.0.0.0/0"]


def test_ssh_is_let_in_from_nowhere_where_no_network_is_named() -> None:
    assert rules(ssh_sources=[], ingress={}) == []


def test_text_in_place_of_a_list_is_one_name() -> None:
    wanted = wanted_of(variables(remove="gfs-9", delete_volumes="vol-1", ssh_sources="10.0.0.0/8"))

    assert (wanted.remove, wanted.delete_volumes) == (("gfs-9",), ("vol-1",))
    assert wanted.security_groups[0].rules[0] == Rule("tcp", 22, 22, "10.0.0.0/8")


# --- machines


def test_machine_needs_only_a_name() -> None:
    assert machine() == WantedMachine(
        name="n1",
        address="",
        group="storage_nodes",
        type="t3.micro",
        image="gluster_share_storage",
        user="admin",
        is_spread=True,
        root_size_gib=0,
        volumes=(),
    )


def test_machine_may_differ_from_the_others() -> None:
    given = {"type": "t3.large", "image": "ami-2", "group": "clients", "address": "10.0.0.4"}

    special = machine(**given)

    assert {key: getattr(special, key) for key in given} == given
    assert not special.is_spread


def test_only_storage_machines_are_spread_and_only_if_wanted() -> None:
    listed = [{"name": "n1"}, {"name": "n2", "group": "clients"}]

    def spread(value: Any) -> list[bool]:
        wanted = wanted_of(variables(machines=listed, spread=value))
        return [one.is_spread for one in wanted.machines]

    assert spread(True) == spread("true") == spread("yes") == [True, False]
    assert spread(False) == spread("false") == spread("no") == [False, False]


def test_sizes_may_be_text_as_templates_make_them() -> None:
    sized = machine(root_size="20", volumes=[{"device": "/dev/sdb", "size": "2"}])

    assert (sized.root_size_gib, sized.volumes) == (20, (WantedVolume("/dev/sdb", 2, "gp3"),))


@pytest.mark.parametrize("nothing", [None, "", 0, "0"])
def test_what_is_empty_is_the_default(nothing: Any) -> None:
    assert machine(root_size=nothing, volumes=None, type=None, group="", address=None) == machine()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"machines": [{"address": "10.0.0.4"}]}, "a machine has no name: {'address': '10.0.0.4'}"),
        ({"machines": [{"name": ""}]}, "a machine has no name: {'name': ''}"),
        ({"machines": ["gfs-1"]}, "a machine has no name: 'gfs-1'"),
        ({"spread": "perhaps"}, "ec2_machines_spread is 'perhaps': write true or false"),
        (
            {"machines": [{"name": "n1", "root_size": "much"}]},
            "the root disk of n1 has the size 'much': write a number of GiB",
        ),
    ],
)
def test_unclear_machine_is_told(changes: dict[str, Any], words: str) -> None:
    assert unclear(**changes) == words


@pytest.mark.parametrize(
    ("volume", "words"),
    [
        ({"size": 2}, "a volume of n1 has no device such as /dev/sdb: {'size': 2}"),
        ("/dev/sdb", "a volume of n1 has no device such as /dev/sdb: '/dev/sdb'"),
        ({"device": "sdb", "size": 2}, "a volume of n1 has no device such as /dev/sdb: "),
        ({"device": "/dev/nvme1n1", "size": 2}, "a volume of n1 has no device such as /dev/sdb: "),
        ({"device": "/dev/sdb"}, "/dev/sdb of n1 has no size: write a number of GiB"),
        ({"device": "/dev/sdb", "size": 0}, "/dev/sdb of n1 has no size: write a number of GiB"),
        (
            {"device": "/dev/sdb", "size": "2G"},
            "/dev/sdb of n1 has the size '2G': write a number of GiB",
        ),
        (
            {"device": "/dev/sdb", "size": -2},
            "/dev/sdb of n1 has the size -2: write a number of GiB",
        ),
        (
            {"device": "/dev/sdb", "size": 2.5},
            "/dev/sdb of n1 has the size 2.5: write a number of GiB",
        ),
    ],
)
def test_unclear_volume_is_told(volume: Any, words: str) -> None:
    assert unclear(machines=[{"name": "n1", "volumes": [volume]}]).startswith(words)


@pytest.mark.parametrize("device", ["/dev/sdb", "/dev/sdf1", "/dev/xvdf", "/dev/xvdba", "/dev/hdc"])
def test_devices_are_those_that_ec2_knows(device: str) -> None:
    assert machine(volumes=[{"device": device, "size": 1}]).volumes[0].device == device


def test_name_of_digits_is_a_name() -> None:
    assert wanted_of(variables(machines=[{"name": 7}])).machines[0].name == "7"
