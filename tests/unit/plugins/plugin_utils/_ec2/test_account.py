# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever happens to an account and to the runs in it, the next run ends as wanted."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.model import (
    DEVICE_TAG,
    MACHINE_TAG,
)
from helpers.account import Account, Variables, variables
from hypothesis import given, settings
from hypothesis import strategies as st

NAMES = ("n1", "n2", "n3")
DEVICES = ("/dev/sdb", "/dev/sdc")


@st.composite
def machines(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A machine as somebody may want it."""
    devices = draw(st.sets(st.sampled_from(DEVICES)))
    address = draw(st.sampled_from(["", f"172.31.16.10{name[-1]}"]))
    group = draw(st.sampled_from(["storage_nodes", "clients"]))
    volumes = [{"device": device, "size": 2} for device in sorted(devices)]
    return {"name": name, "address": address, "group": group, "volumes": volumes}


@st.composite
def wishes(draw: st.DrawFn) -> Variables:
    """Some machines, spread or not, in a network that is there or not."""
    names = draw(st.sets(st.sampled_from(NAMES), min_size=1))
    listed = [draw(machines(name)) for name in sorted(names)]
    place = draw(
        st.sampled_from(
            [{}, {"subnet": "172.31.32.0/20"}, {"vpc": "own", "vpc_cidr": "172.31.0.0/16"}]
        )
    )
    if place.get("subnet"):
        listed = [machine | {"address": ""} for machine in listed]
    return variables(machines=listed, spread=draw(st.booleans()), **place)


EVENTS = st.one_of(
    st.tuples(st.just("run"), st.integers(0, 15)),
    st.tuples(
        st.sampled_from(["terminate", "stop", "drop", "remove", "delete"]), st.sampled_from(NAMES)
    ),
    st.tuples(st.just("grow"), st.integers(3, 9)),
)


def fail(account: Account, name: str, what: str) -> None:
    """A machine stops or is terminated by somebody, if there is one."""
    if name not in [one["tags"]["Name"] for one in account.present()]:
        return
    if what == "terminate":
        account.terminate(name)
    else:
        account.instance(name)["state"] = {"name": "stopped"}


def wish(wanted: Variables, what: str, value: Any, volumes: list[dict[str, Any]]) -> None:
    """Somebody changes the variables."""
    if what == "grow":
        for machine in wanted["machines"]:
            for volume in machine["volumes"]:
                volume["size"] = max(volume["size"], value)
        return
    wanted["machines"] = [one for one in wanted["machines"] if one["name"] != value]
    if what in ("remove", "delete"):
        wanted["remove"].append(value)
    if what == "delete":
        own = [volume for volume in volumes if volume["tags"][MACHINE_TAG] == value]
        wanted["delete_volumes"] += [one["id"] for one in own if DEVICE_TAG in one["tags"]]


def happen(account: Account, wanted: Variables, what: str, value: Any) -> None:
    """One event of a story."""
    if what == "run":
        assert account.run(wanted, value)["refusals"] == []
    elif what in ("terminate", "stop"):
        fail(account, value, what)
    else:
        wish(wanted, what, value, account.volumes)


def places(account: Account) -> dict[tuple[str, str], str]:
    """{(machine, device): volume}; no machine and no such volume is there twice."""
    names = Counter(one["tags"]["Name"] for one in account.present())
    data = [one for one in account.volumes if DEVICE_TAG in one["tags"]]
    found = [(one["tags"][MACHINE_TAG], one["tags"][DEVICE_TAG]) for one in data]
    assert {*names.values(), *Counter(found).values()} <= {1}
    return dict(zip(found, [one["id"] for one in data]))


def is_complete(account: Account, wanted: Variables) -> bool:
    """Whether each machine that is wanted runs, and has its own disks."""
    for machine in wanted["machines"]:
        instance = account.instance(machine["name"])
        disks = {
            mapping["device_name"]: mapping["ebs"]["volume_id"]
            for mapping in instance["block_device_mappings"][1:]
        }
        for volume in machine["volumes"]:
            there = account.volume(machine["name"], volume["device"])
            if disks.get(volume["device"]) != there["id"] or there["size"] != volume["size"]:
                return False
        if instance["state"]["name"] != "running":
            return False
    return not {*wanted["remove"]} & {one["tags"]["Name"] for one in account.present()}


@settings(max_examples=150)
@given(wishes(), st.lists(EVENTS, max_size=8))
def test_next_run_ends_as_wanted_and_no_disk_is_lost(
    wanted: Variables, story: list[tuple[str, Any]]
) -> None:
    account, known = Account(), {}
    for what, value in [*story, ("run", None)]:
        happen(account, wanted, what, value)
        found = places(account)
        assert {
            place: known[place] for place in known if known[place] not in account.deleted
        }.items() <= found.items()
        known = found

    again = account.plan(wanted)

    assert (again["refusals"], again["steps"]) == ([], [])
    assert is_complete(account, wanted)
    assert {*account.deleted} <= {*wanted["delete_volumes"]}


@settings(max_examples=50)
@given(wishes(), st.data())
def test_killed_run_is_finished_by_the_next_one(wanted: Variables, data: st.DataObject) -> None:
    straight, killed = Account(), Account()
    plan = straight.run(wanted)
    steps = data.draw(st.integers(0, len(plan["steps"])))

    killed.run(wanted, steps)
    killed.run(wanted)

    assert is_complete(killed, wanted)
    assert killed.plan(wanted)["steps"] == []
    assert [len(killed.instances), len(killed.volumes), len(killed.security_groups)] == [
        len(straight.instances),
        len(straight.volumes),
        len(straight.security_groups),
    ]
