# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""block_device_prepare from parameters to JSON."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.modules import block_device_prepare
from helpers.devices import DISK, GIB, UUID
from helpers.disks import Disks
from helpers.disktools import DiskHost
from helpers.modules import Runner, argument_spec, documented_options

BRICK: dict[str, Any] = {
    "device": DISK,
    "partition": {},
    "filesystem": {"type": "xfs", "label": "brick1"},
    "mount": {"path": "/srv/brick1", "options": "noatime"},
}


@pytest.fixture
def machine() -> Disks:
    """A machine with a blank sdb."""
    found = Disks()
    found.add("sdb", 10 * GIB, serial="S1")
    return found


def prepare(run_module: Runner, machine: Disks, **params: Any) -> dict[str, Any]:
    return run_module(block_device_prepare, DiskHost(machine), **{**BRICK, **params})


def tools(result: dict[str, Any]) -> list[str]:
    return [step["command"].split()[0] for step in result["plan"]]


def test_page_documents_the_argument_spec() -> None:
    assert documented_options(block_device_prepare) == argument_spec(block_device_prepare)


def test_every_reason_of_a_refusal_is_documented() -> None:
    page = block_device_prepare.DOCUMENTATION

    for reason in ("has_xfs", "not_blank", "wipe_not_confirmed", "held_open", "other_group"):
        assert f"V({reason})" in page


def test_blank_disk_is_prepared_and_then_left_alone(run_module: Runner, machine: Disks) -> None:
    result = prepare(run_module, machine)
    again = prepare(run_module, machine)

    assert tools(result)[:3] == ["sfdisk", "lsblk", "mkfs.xfs"]
    assert result["changed"]
    (part,) = result["device"]["partitions"]
    assert part["mounts"] == [{"path": "/srv/brick1", "here": True}]
    assert [one["label"] for one in part["signatures"]] == ["brick1"]
    assert (again["changed"], again["plan"]) == (False, [])


def test_logical_volume_is_prepared(run_module: Runner, machine: Disks) -> None:
    result = prepare(run_module, machine, lvm={"vg": "pool", "lv": "data", "size": "1GiB"})

    (part,) = result["device"]["partitions"]
    assert part["volume_group"]["name"] == "pool"
    assert [(one["path"], one["size_bytes"]) for one in part["volumes"]] == [
        ("/dev/pool/data", GIB)
    ]


def test_check_mode_says_what_it_would_do(run_module: Runner, machine: Disks) -> None:
    foreseen = prepare(run_module, machine, _ansible_check_mode=True)

    assert machine.disks["sdb"].store.marks == []
    assert foreseen["plan"] == prepare(run_module, machine)["plan"]


def test_disk_that_holds_something_fails_with_what_to_do(
    run_module: Runner, machine: Disks
) -> None:
    machine.disks["sdb"].view.put("ext4", uuid=UUID)

    result = prepare(run_module, machine)

    assert (result["reason"], result["plan"], result["changed"]) == ("has_ext4", [], False)
    assert "wipe: [ext4] and confirm_wipe" in result["remedy"]
    wiped = prepare(run_module, machine, wipe=["ext4"], confirm_wipe=UUID)
    assert [step["destroys"] for step in wiped["plan"]][:2] == [True, True]


def test_failure_shows_the_steps_that_ran(
    run_module: Runner, machine: Disks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpers.disktools.SMALLEST_XFS", 20 * GIB)

    result = prepare(run_module, machine)

    assert tools(result) == ["sfdisk", "lsblk", "mkfs.xfs"]
    assert [step.get("failed", False) for step in result["plan"]] == [False, False, True]
    assert (result["reason"], result["changed"]) == ("tool_failed", True)


def test_tool_that_is_missing_is_missed_before_the_first_step(
    run_module: Runner, machine: Disks
) -> None:
    machine.missing_tools = ("mkfs.xfs",)

    result = prepare(run_module, machine)

    assert (result["reason"], result["changed"]) == ("tool_missing", False)
    assert machine.disks["sdb"].store.marks == []


def test_wish_that_can_not_be_fails(run_module: Runner, machine: Disks) -> None:
    result = prepare(run_module, machine, partition={"size": "much"})

    assert result["reason"] == "invalid_size"
