# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters as playbooks use them: plain values in, plain values out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.filter.ec2 import (
    FilterModule,
    ec2_destruction,
    ec2_hosts,
    ec2_plan,
)
from helpers.account import CLUSTER, DISK, STORAGE, Account, made, variables
from hypothesis import given
from hypothesis import strategies as st


def test_filters_have_their_names() -> None:
    filters = FilterModule().filters()

    names = {"ec2_plan": ec2_plan, "ec2_hosts": ec2_hosts, "ec2_destruction": ec2_destruction}
    assert filters == names


def test_answers_are_plain_values() -> None:
    account, wanted = Account(), variables()
    plan = account.run(wanted)
    found = account.found(wanted)

    for value in (plan, ec2_hosts(found, CLUSTER), ec2_destruction(found, CLUSTER, [])):
        assert json.loads(json.dumps(value)) == value


def test_plan_has_all_that_the_role_uses() -> None:
    plan = ec2_plan(
        {}, variables(vpc="own", vpc_cidr="172.31.0.0/16", foreseen_images=["x"], image="x")
    )

    assert {*plan} == {
        *("refusals", "steps", "lines", "notices", "cost"),
        *("vpc", "subnet", "zone"),
    }
    assert all({"call", "name", "why", "destroys"} <= {*step} for step in plan["steps"])


def test_numbers_may_be_text_as_templates_make_them() -> None:
    def machines(number: type) -> list[dict[str, Any]]:
        disks = [{"device": "/dev/sdb", "size": number(2)}]
        return [{"name": "gfs-1", "root_size": number(20), "volumes": disks}]

    account = Account()

    def plan(number: type, spread: Any) -> dict[str, Any]:
        return account.plan(variables(machines=machines(number), spread=spread))

    assert plan(str, "false") == plan(int, False)


def test_volume_that_is_there_is_the_same_size_as_text() -> None:
    account, _wanted = made()
    listed = [STORAGE[0] | {"volumes": [DISK | {"size": "2"}]}]

    assert account.plan(variables(machines=listed))["steps"] == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"machines": [{"address": "10.0.0.4"}]}, "a machine has no name"),
        ({"ingress": {"clients": [{"ports": ["http"], "sources": []}]}}, "'http' is no port"),
        ({"ssh_sources": ["here"]}, "'here' is no network to let in"),
    ],
)
def test_what_is_unclear_is_refused_in_one_sentence(changes: dict[str, Any], words: str) -> None:
    plan = ec2_plan({}, variables(**changes))

    assert len(plan["refusals"]) == 1
    assert words in plan["refusals"][0]
    assert "\n" not in plan["refusals"][0]
    assert plan["steps"] == []


def test_what_is_refused_is_a_value_and_nothing_is_done() -> None:
    plan = ec2_plan({}, variables())

    assert len(plan["refusals"]) == 1
    assert (plan["steps"], plan["lines"], plan["cost"]) == ([], [], [])


def test_volume_is_named_alone_or_in_a_list() -> None:
    account, wanted = made()
    volume = account.volume("gfs-1")["id"]
    found = account.found(wanted)

    alone: Any = volume
    assert ec2_destruction(found, CLUSTER, alone) == ec2_destruction(found, CLUSTER, [volume])


WORDS = ["gfs-1", "172.31.16.9", "/dev/sdb", "24007/tcp", "10.0.0.0/8", "172.31.16.0/20", "2"]
TEXTS = st.text(max_size=9) | st.sampled_from(WORDS)
VALUES = TEXTS | st.none() | st.booleans() | st.integers() | st.floats()
VOLUMES = st.fixed_dictionaries({}, optional=dict.fromkeys(("device", "size", "type"), VALUES))
MACHINES = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("name", "address", "group", "type", "image", "root_size"), VALUES),
        "volumes": st.lists(VOLUMES | VALUES, max_size=2),
    },
)
INGRESS = st.fixed_dictionaries(
    {},
    optional={
        "ports": VALUES | st.lists(VALUES, max_size=2),
        "groups": st.lists(VALUES, max_size=2),
        "sources": st.lists(VALUES, max_size=2),
    },
)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "machines": st.lists(MACHINES | VALUES, max_size=3),
        "ingress": st.dictionaries(
            st.sampled_from(["storage_nodes", "clients"]), st.lists(INGRESS, max_size=2)
        ),
        "ssh_sources": st.lists(VALUES, max_size=2),
        **dict.fromkeys(("cluster", "vpc", "vpc_cidr", "subnet", "zone", "image"), TEXTS),
        **dict.fromkeys(("spread", "remove", "delete_volumes"), VALUES),
    },
)


@given(CHANGES, st.booleans())
def test_whatever_is_wanted_is_planned_or_told(changes: dict[str, Any], is_there: bool) -> None:
    account = made()[0] if is_there else Account()
    wanted = variables() | changes

    plan = ec2_plan(account.found(variables()), wanted)

    assert not (plan["refusals"] and plan["steps"])
