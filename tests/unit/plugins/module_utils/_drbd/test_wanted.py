# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parameters made into what is wanted: normal forms, and one clear error for each mistake."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._drbd.wanted import wanted_resource
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal
from helpers.drbd import DISK, SECRET, resource_params


def reason(**given: Any) -> str:
    """The code of what speaks against these parameters."""
    with pytest.raises(Refusal) as raised:
        wanted_resource(resource_params(**given))
    assert raised.value.remedy
    assert SECRET not in str(raised.value)
    return raised.value.reason


def nodes(*given: tuple[str, str], **more: Any) -> list[dict[str, Any]]:
    return [{"name": name, "address": address, **more} for name, address in given]


def volume(**given: Any) -> dict[str, Any]:
    return {"disks": {"node1": DISK, "node2": DISK}, **given}


def test_nodes_get_the_port_and_the_place_in_the_list() -> None:
    wanted = wanted_resource(
        resource_params(
            port=7800,
            nodes=[
                {"name": "node1", "address": "10.0.0.1", "port": 7801},
                {"name": "node2", "address": "10.0.0.2", "node_id": 5},
            ],
        )
    )

    assert [(one.port, one.id) for one in wanted.nodes] == [(7801, 0), (7800, 5)]


def test_addresses_are_in_their_shortest_form() -> None:
    given = nodes(("node1", "FD00:0:0::0001"), ("node2", "fd00::2"))

    wanted = wanted_resource(resource_params(nodes=given))

    assert [one.address for one in wanted.nodes] == ["fd00::1", "fd00::2"]
    assert {one.family for one in wanted.nodes} == {"ipv6"}


def test_options_are_in_words_of_drbd() -> None:
    wanted = wanted_resource(
        resource_params(net={"ping_int": 10, "tcp-cork": False, "verify-alg": None})
    )

    assert wanted.sections["net"] == {"ping-int": "10", "tcp-cork": "no"}


def test_volumes_are_in_the_order_of_their_numbers() -> None:
    given = [volume(number=1, minor=1), volume(disks={"node1": "/dev/a", "node2": "/dev/a"})]

    wanted = wanted_resource(resource_params(volumes=given))

    assert [one.number for one in wanted.volumes] == [0, 1]


def test_secret_is_not_shown() -> None:
    assert SECRET not in repr(wanted_resource(resource_params()))


@pytest.mark.parametrize("state", ["down", "absent"])
def test_taking_down_needs_the_name_only(state: str) -> None:
    wanted = wanted_resource(resource_params(state=state, nodes=None, volumes=None))

    assert (wanted.nodes, wanted.volumes) == ((), ())


CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "name of all": ("bad_name", {"name": "all"}),
    "name with a slash": ("bad_name", {"name": "../r0"}),
    "empty name": ("bad_name", {"name": ""}),
    "one node": ("not_two_nodes", {"nodes": nodes(("node1", "10.0.0.1"))}),
    "no nodes": ("not_two_nodes", {"nodes": []}),
    "same name": ("duplicate_node", {"nodes": nodes(("a", "10.0.0.1"), ("a", "10.0.0.2"))}),
    "same address": (
        "duplicate_address",
        {"nodes": nodes(("a", "fd00::1"), ("b", "fd00:0::1"))},
    ),
    "same id": (
        "duplicate_node_id",
        {"nodes": nodes(("a", "10.0.0.1"), ("b", "10.0.0.2"), node_id=1)},
    ),
    "host name as address": (
        "bad_address",
        {"nodes": nodes(("a", "host.example"), ("b", "10.0.0.2"))},
    ),
    "no address": ("bad_address", {"nodes": nodes(("a", "0.0.0.0"), ("b", "10.0.0.2"))}),
    "multicast": ("bad_address", {"nodes": nodes(("a", "224.0.0.1"), ("b", "10.0.0.2"))}),
    "mixed families": ("bad_address", {"nodes": nodes(("a", "fd00::1"), ("b", "10.0.0.2"))}),
    "bad node name": ("bad_name", {"nodes": nodes(('a"', "10.0.0.1"), ("b", "10.0.0.2"))}),
    "port 0": ("bad_port", {"nodes": nodes(("a", "10.0.0.1"), ("b", "10.0.0.2"), port=99999)}),
    "id too high": (
        "bad_port",
        {"nodes": nodes(("a", "10.0.0.1"), ("b", "10.0.0.2"), node_id=32)},
    ),
    "no volumes": ("no_volumes", {"volumes": []}),
    "same number": ("duplicate_volume", {"volumes": [volume(), volume(minor=1)]}),
    "same minor": ("duplicate_minor", {"volumes": [volume(), volume(number=1)]}),
    "same disk": ("duplicate_disk", {"volumes": [volume(), volume(number=1, minor=1)]}),
    "no disk": ("no_disk", {"volumes": [{"disks": {"node1": DISK}}]}),
    "disk of nobody": (
        "no_disk",
        {"volumes": [volume(disks={"node1": DISK, "node2": DISK, "node3": DISK})]},
    ),
    "relative disk": ("bad_disk", {"volumes": [volume(disks={"node1": "vdb", "node2": DISK})]}),
    "relative metadata": ("bad_disk", {"volumes": [volume(meta_disk="vdc")]}),
    "quote in a disk": (
        "bad_disk",
        {"volumes": [volume(disks={"node1": '/dev/"x', "node2": DISK})]},
    ),
    "number out of range": ("bad_number", {"volumes": [volume(number=-1)]}),
    "long secret": ("bad_secret", {"shared_secret": "x" * 65}),
    "quote in a secret": ("bad_secret", {"shared_secret": 'a"b'}),
    "line break in a secret": ("bad_secret", {"shared_secret": "a\nb"}),
    "quote in an option": ("bad_option", {"net": {"verify-alg": 'sha1"; }'}}),
    "option that is no word": ("bad_option", {"disk": {"a b": 1}}),
    "full without a source": ("no_sync_source", {"initial_sync": "full"}),
    "skip without a source": ("no_sync_source", {"initial_sync": "skip"}),
    "unknown source": ("unknown_sync_source", {"sync_source": "node3"}),
    "victim without a uuid": ("victim_not_confirmed", {"split_brain_victim": "node1"}),
    "uuid without a victim": ("victim_not_confirmed", {"split_brain_discard": "A" * 16}),
    "unknown victim": (
        "unknown_split_brain_victim",
        {"split_brain_victim": "node3", "split_brain_discard": "A" * 16},
    ),
    "both primaries with protocol A": (
        "protocol_not_c",
        {"allow_two_primaries": True, "protocol": "A", "fencing": "resource-and-stonith"},
    ),
    "both primaries without fencing": ("no_fencing", {"allow_two_primaries": True}),
    "both primaries with half the fencing": (
        "no_fencing",
        {"allow_two_primaries": True, "fencing": "resource-only"},
    ),
}


@pytest.mark.parametrize(("code", "given"), CASES.values(), ids=list(CASES))
def test_mistake_has_its_own_code(code: str, given: dict[str, Any]) -> None:
    assert reason(**given) == code
