# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of a resource in both grammars, and what is translated, moved or refused on the way.

That the real parsers take these files is for tests/integration/test_drbd_config.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._drbd.config import render, shown
from ansible_collections.clustered.storage.plugins.module_utils._drbd.dialect import (
    handler_programs,
    settings,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.wanted import (
    WantedResource,
    wanted_resource,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal
from helpers.drbd import SECRET, resource_params

BOTH = pytest.mark.parametrize("dialect", ["8.4", "9"])


def wanted(**given: Any) -> WantedResource:
    return wanted_resource(resource_params(**given))


def section(name: str, dialect: str, **given: Any) -> dict[str, str]:
    return dict(settings(wanted(**given), dialect).sections[name])


def refusal(dialect: str, **given: Any) -> Refusal:
    with pytest.raises(Refusal) as raised:
        render(wanted(**given), dialect)
    return raised.value


PAIR_84 = """\
# Written by clustered.storage.drbd_resource: what is changed here by hand is lost.
resource r0 {
    net {
        protocol C;
        cram-hmac-alg sha256;
        shared-secret "a-well-kept-secret";
    }
    on node1 {
        address ipv4 10.77.0.11:7788;
        volume 0 {
            device minor 0;
            disk "/dev/vdb";
            meta-disk internal;
        }
    }
    on node2 {
        address ipv4 10.77.0.12:7788;
        volume 0 {
            device minor 0;
            disk "/dev/vdb";
            meta-disk internal;
        }
    }
}
"""


def test_pair_of_84() -> None:
    assert render(wanted(), "8.4") == PAIR_84


def test_pair_of_9_has_node_ids_and_promotes_nobody_by_itself() -> None:
    text = render(wanted(), "9")

    assert "node-id 0;" in text
    assert "node-id 1;" in text
    assert "auto-promote no;" in text
    assert "connection-mesh" not in text


def test_three_nodes_are_all_connected_to_each_other() -> None:
    names = ("a", "b", "c")
    three = {
        "nodes": [{"name": n, "address": f"10.0.0.{i}"} for i, n in enumerate(names, 1)],
        "volumes": [{"disks": dict.fromkeys(names, "/dev/vdb")}],
    }

    assert "hosts a b c;" in render(wanted(**three), "9")
    assert refusal("8.4", **three).reason == "not_two_nodes"
    fenced = {"fencing": "resource-and-stonith", "allow_two_primaries": True}
    assert refusal("9", **three, **fenced).reason == "not_two_nodes"


def test_ipv6_and_metadata_on_another_disk() -> None:
    nodes = [{"name": f"node{n}", "address": f"fd00::{n}"} for n in (1, 2)]
    disks = {"node1": "/dev/vdb", "node2": "/dev/vdb"}

    text = render(wanted(nodes=nodes, volumes=[{"disks": disks, "meta_disk": "/dev/vg/md"}]), "8.4")

    assert "address ipv6 [fd00::1]:7788;" in text
    assert 'meta-disk "/dev/vg/md";' in text


def test_fencing_is_where_each_generation_looks_for_it() -> None:
    given = {"fencing": "resource-and-stonith"}

    assert section("disk", "8.4", **given)["fencing"] == "resource-and-stonith"
    assert section("net", "9", **given)["fencing"] == "resource-and-stonith"
    assert "fencing" not in section("net", "8.4", **given)
    assert "fencing" not in section("disk", "9", **given)


@pytest.mark.parametrize(
    ("dialect", "script"), [("8.4", "crm-fence-peer.sh"), ("9", "crm-fence-peer.9.sh")]
)
def test_fencing_brings_its_handlers(dialect: str, script: str) -> None:
    handlers = section("handlers", dialect, fencing="resource-and-stonith")

    assert handlers["fence-peer"] == f"/usr/lib/drbd/{script} --timeout 90 --dc-timeout 120"
    assert handlers["unfence-peer"] == f"/usr/lib/drbd/{script.replace('fence', 'unfence')}"
    assert "--timeout" not in section("handlers", dialect, fencing="resource-only")["fence-peer"]
    assert section("handlers", dialect, fencing="dont-care") == {}


@BOTH
def test_given_handler_stays(dialect: str) -> None:
    own = {"fence-peer": "/opt/fence now"}

    handlers = section("handlers", dialect, fencing="resource-only", handlers=own)

    assert handlers["fence-peer"] == "/opt/fence now"
    assert handler_programs(handlers)[0] == "/opt/fence"


@BOTH
def test_words_of_2013_are_translated_with_a_note(dialect: str) -> None:
    made = settings(
        wanted(
            disk={"rate": "30M", "no-disk-flushes": True, "verify-alg": "sha1"},
            net={"after": "r1"},
            handlers={"outdate-peer": "/opt/x"},
        ),
        dialect,
    )

    assert made.sections["disk"] == {
        "resync-rate": "30M",
        "disk-flushes": "no",
        "resync-after": "r1",
    }
    assert made.sections["net"]["verify-alg"] == "sha1"
    assert made.sections["handlers"] == {"fence-peer": "/opt/x"}
    assert len(made.notes) == 5
    assert "rate of disk is written as resync-rate 30M of disk." in made.notes


@BOTH
def test_old_and_new_word_together_are_refused(dialect: str) -> None:
    given = {"disk": {"rate": "30M", "resync-rate": "40M"}}

    assert refusal(dialect, **given).reason == "bad_option"


@BOTH
@pytest.mark.parametrize("name", ["become-primary-on", "use-bmbv"])
def test_word_without_a_meaning_is_refused_with_the_reason(dialect: str, name: str) -> None:
    found = refusal(dialect, startup={name: "both"})

    assert found.reason == "unsupported_option"
    assert name in found.message


@BOTH
@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("net", "protocol"),
        ("net", "shared-secret"),
        ("net", "allow-two-primaries"),
        ("net", "fencing"),
        ("disk", "fencing"),
    ],
)
def test_what_has_an_option_of_its_own_is_named(dialect: str, place: str, name: str) -> None:
    found = refusal(dialect, **{place: {name: "x"}})

    assert found.reason == "own_option"
    assert name.replace("-", "_") in found.remedy


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("options", "quorum"),
        ("options", "auto-promote"),
        ("net", "transport"),
        ("handlers", "quorum-lost"),
    ],
)
def test_word_of_drbd_9_is_refused_on_84(place: str, name: str) -> None:
    found = refusal("8.4", **{place: {name: "x"}})

    assert found.reason == "unsupported_option"
    assert "DRBD 9" in found.message
    assert name in render(wanted(**{place: {name: "x"}}), "9")


def test_user_decides_about_auto_promote() -> None:
    assert section("options", "9", options={"auto-promote": True}) == {"auto-promote": "yes"}


@BOTH
@pytest.mark.parametrize(
    "net",
    [
        {"timeout": 180},
        {"timeout": 180, "ping-int": 3},
        {"timeout": 60, "ping-int": 6},
        {"timeout": 100},
        {"connect-int": 6},
    ],
)
def test_timeout_that_breaks_the_rule_is_refused(dialect: str, net: dict[str, int]) -> None:
    assert refusal(dialect, net=net).reason == "timeout_rule"


@BOTH
@pytest.mark.parametrize(
    "net", [{"timeout": 99}, {"timeout": 180, "ping-int": 19, "connect-int": 19}]
)
def test_timeout_that_keeps_the_rule_is_taken(dialect: str, net: dict[str, int]) -> None:
    assert f"timeout {net['timeout']};" in render(wanted(net=net), dialect)


@BOTH
@pytest.mark.parametrize("name", ["after-sb-1pri", "after-sb-2pri"])
def test_policy_that_does_not_exist_is_refused(dialect: str, name: str) -> None:
    """The parser of 8.4 takes it."""
    assert refusal(dialect, net={name: "discard-zero-changes"}).reason == "bad_option"


def test_secret_of_digits_is_no_number() -> None:
    assert 'shared-secret "12345";' in render(wanted(shared_secret="12345"), "8.4")


def test_without_a_secret_nobody_is_asked_for_one() -> None:
    text = render(wanted(shared_secret=None), "8.4")

    assert "shared-secret" not in text
    assert "cram-hmac-alg" not in text


def test_diff_shows_whether_the_secret_changes_and_not_what_it_is() -> None:
    lines = shown(PAIR_84, SECRET)
    other = shown(PAIR_84.replace(SECRET, "older"), SECRET)

    assert "        shared-secret (hidden);" in lines
    assert "        shared-secret (hidden, another one);" in other
    assert SECRET not in str(lines + other)
    assert "older" not in str(other)
    assert shown(None, SECRET) == []
