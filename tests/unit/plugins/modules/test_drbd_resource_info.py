# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""drbd_resource_info from parameters to JSON."""

from __future__ import annotations

from ansible_collections.clustered.storage.plugins.modules import drbd_resource_info
from helpers.drbd import NODES, Pair, PairHost, run_both, run_one
from helpers.modules import Runner, argument_spec, documented_options

SKIPPED = {"initial_sync": "skip", "sync_source": "node1"}


def test_page_documents_the_argument_spec() -> None:
    assert documented_options(drbd_resource_info) == argument_spec(drbd_resource_info)


def test_healthy_resource_with_its_uuid(run_module: Runner) -> None:
    pair = Pair()
    run_both(pair, **SKIPPED)

    result = run_module(drbd_resource_info, PairHost(pair, "node2"))

    (found,) = result["resources"]
    assert (result["kernel_version"], result["utils_version"]) == ("8.4.11", "9.22.0")
    assert result["dialect"] == "8.4"
    assert (found["name"], found["up_to_date"], found["problem"]) == ("r0", True, None)
    assert found["volumes"][0]["current_uuid"] == pair["node2"].current
    assert found["connections"][0]["name"] == "node1"
    assert result["changed"] is False


def test_split_brain_is_told_with_its_evidence(run_module: Runner) -> None:
    pair = Pair()
    run_both(pair, **SKIPPED)
    for name in NODES:
        pair.disconnect(pair[name])
        pair[name].role = "Primary"
        pair.write(name)
        pair[name].role = "Secondary"
    for name in NODES:
        pair[name].connection = "Connecting"
    pair.tick()

    result = run_module(drbd_resource_info, PairHost(pair, "node1"), name="r0")

    problem = result["resources"][0]["problem"]
    assert problem["reason"] == "split_brain"
    assert any("Split-Brain detected" in line for line in problem["evidence"])


def test_configured_resource_that_is_not_up_is_told(run_module: Runner) -> None:
    pair = Pair()
    run_both(pair, **SKIPPED)
    run_one(pair, "node1", state="down", nodes=None, volumes=None)

    result = run_module(drbd_resource_info, PairHost(pair, "node1"))

    assert (result["resources"][0]["up"], result["resources"][0]["configured"]) == (False, True)
    assert result["resources"][0]["volumes"] == []


def test_machine_without_drbd_has_no_resources(run_module: Runner) -> None:
    pair = Pair()
    pair["node1"].loaded = False

    result = run_module(drbd_resource_info, PairHost(pair, "node1"))

    assert (result["resources"], result["kernel_version"], result["dialect"]) == ([], "", "")


def test_sync_is_told_with_its_figures(run_module: Runner) -> None:
    pair = Pair()
    run_both(pair, initial_sync="full", sync_source="node1", wait_for="none")

    result = run_module(drbd_resource_info, PairHost(pair, "node2"))

    assert result["resources"][0]["sync"] == {
        "percent": 42.0,
        "out_of_sync_kib": 0,
        "mib_per_second": None,
        "seconds_left": None,
    }
