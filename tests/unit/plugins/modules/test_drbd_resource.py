# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""drbd_resource and drbd_resource_info from parameters to JSON."""

from __future__ import annotations

from typing import Any

from ansible_collections.clustered.storage.plugins.modules import drbd_resource
from helpers.drbd import ADDRESSES, DISK, NODES, SECRET, Pair, PairHost
from helpers.modules import Runner, argument_spec, documented_options

TASK: dict[str, Any] = {
    "name": "r0",
    "nodes": [{"name": name, "address": ADDRESSES[name]} for name in NODES],
    "volumes": [{"disks": dict.fromkeys(NODES, DISK)}],
    "shared_secret": SECRET,
    "wait_for": "none",
}


def test_page_documents_the_argument_spec() -> None:
    spec = {**argument_spec(drbd_resource), "shared_secret": {"type": "str"}}

    assert documented_options(drbd_resource) == spec
    assert argument_spec(drbd_resource)["shared_secret"]["no_log"] is True


def test_resource_comes_up(run_module: Runner) -> None:
    pair = Pair()

    result = run_module(drbd_resource, PairHost(pair, "node1"), **TASK, _ansible_diff=True)

    assert result["changed"] is True
    assert [step["command"] for step in result["plan"]] == [
        "write /etc/drbd.d/r0.res",
        "drbdadm create-md r0/0",
        "drbdadm up r0",
    ]
    assert result["resource"]["disk_state"] == "Inconsistent"
    assert result["resource"]["connections"][0]["name"] == "node2"
    assert result["diff"]["before"]["up"] is False
    assert result["diff"]["after"]["up"] is True
    assert pair["node1"].is_up


def test_secret_is_nowhere_in_the_answer(run_module: Runner) -> None:
    result = run_module(drbd_resource, PairHost(Pair(), "node1"), **TASK, _ansible_diff=True)

    assert SECRET not in str(result)
    assert any("(hidden)" in line for line in result["diff"]["after"]["config"])


def test_refusal_has_a_code_and_a_remedy(run_module: Runner) -> None:
    pair = Pair()
    pair["node1"].content = "ext4"
    host = PairHost(pair, "node1")

    result = run_module(drbd_resource, host, **TASK)

    assert (result["failed"], result["reason"]) == (True, "has_ext4")
    assert "block_device_prepare" in result["remedy"]
    assert host.changes == []


def test_up_needs_nodes_and_volumes(run_module: Runner) -> None:
    result = run_module(drbd_resource, PairHost(Pair(), "node1"), name="r0")

    assert "nodes, volumes" in result["msg"]


def test_failed_command_tells_what_was_done_before(run_module: Runner) -> None:
    pair = Pair()
    host = PairHost(pair, "node1")
    host.fails = {"up": "device is on fire; --shared-secret=whatever"}

    result = run_module(drbd_resource, host, **TASK)

    assert result["reason"] == "tool_failed"
    assert [step.get("failed", False) for step in result["plan"]] == [False, False, True]
    assert result["changed"] is True
    assert "on fire" in result["msg"]
    assert "whatever" not in result["msg"]
