# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of pool and volumes for people: what is well, what is not, and what nobody knows."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.host import Output
from ansible_collections.clustered.storage.plugins.module_utils._gluster.info import (
    read_heal_info,
    read_info,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import UNFINISHED
from ansible_collections.clustered.storage.plugins.modules import gluster_heal_info, gluster_info
from helpers.build import params
from helpers.hosts import ScriptedHost
from helpers.recordings import VERSIONS, recording

G = "gluster --mode=script --xml"


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """Each version of which there are recordings."""
    return request.param


def call(version: str, words: str, name: str) -> tuple[str, Output]:
    seen = recording(version, name)
    return f"{G} {words}", Output(seen.rc, seen.stdout, seen.stderr)


def info(
    version: str, *calls: tuple[str, Output], pool: str = "pool_three", **given: Any
) -> dict[str, Any]:
    host = ScriptedHost(
        call(version, "pool list", pool), call(version, "volume info all", "volumes"), *calls
    )
    shown = read_info(host, params(gluster_info.ARGUMENT_SPEC, given))
    host.verify()
    return shown


def rep3(version: str, status: str, heal: str, pool: str = "pool_three") -> dict[str, Any]:
    """What is shown of a pool with this volume."""
    return info(
        version,
        call(version, "volume status rep3", status),
        call(version, "volume heal rep3 info summary", heal),
        pool=pool,
        volumes=["rep3"],
    )


def test_healthy_volume_has_no_problems(version: str) -> None:
    shown = rep3(version, "status_online", "heal_healed")

    (volume,) = shown["volumes"]
    assert (shown["healthy"], shown["problems"], volume["problems"]) == (True, [], [])
    assert [brick["online"] for brick in volume["bricks"]] == [True] * 3
    assert (volume["heal"]["pending"], volume["heal"]["split_brain"]) == (0, 0)
    assert volume["options"]["user.note"] == "a: b"
    assert (volume["layout"], volume["replicas"]) == ("replica 3", 3)


def test_dead_brick_is_a_problem_with_its_remedy(version: str) -> None:
    shown = rep3(version, "status_brick_down", "heal_brick_down")

    assert not shown["healthy"]
    assert any("brick node3:/bricks/rep3/brick is offline" in p for p in shown["problems"])
    assert any("gluster volume start rep3 force" in p for p in shown["problems"])


def test_unknown_healing_is_none_and_not_zero(version: str) -> None:
    (volume,) = rep3(version, "status_brick_down", "heal_brick_down")["volumes"]

    assert volume["heal"]["pending"] is None
    assert volume["heal"]["bricks"][-1]["pending"] is None


def test_dead_node_is_a_problem_and_so_are_its_bricks(version: str) -> None:
    shown = rep3(version, "status_node_down", "heal_node_down", "pool_disconnected")

    (volume,) = shown["volumes"]
    assert [brick["online"] for brick in volume["bricks"]] == [True, True, False]
    assert any("node node3 is disconnected" in p for p in shown["problems"])


def test_rejected_node_is_a_problem(version: str) -> None:
    shown = info(version, pool="pool_rejected", volumes=["made"])

    assert any("node3" in problem for problem in shown["problems"])


def test_pending_entries_are_a_problem(version: str) -> None:
    shown = rep3(version, "status_online", "heal_pending")

    assert shown["volumes"][0]["heal"]["pending"] == 12
    assert any("12 entries are left to heal" in p for p in shown["problems"])


def test_split_brain_is_a_problem_of_its_own(version: str) -> None:
    shown = rep3(version, "status_online", "heal_split_brain")

    assert any("2 entries are in split brain" in p for p in shown["problems"])
    assert not any("left to heal" in p for p in shown["problems"])


def test_task_under_way_is_shown(version: str) -> None:
    shown = info(
        version,
        call(version, "volume status dist", "status_remove_brick"),
        volumes=["dist"],
        gather=["status"],
    )

    (task,) = shown["volumes"][0]["tasks"]
    assert (task["kind"], task["status"]) == ("remove-brick", "in progress")
    assert task["bricks"] == ["node3:/bricks/dist/brick"]


@pytest.mark.parametrize(("name", "status"), [("made", "created"), ("halted", "stopped")])
def test_volume_that_does_not_run_is_a_problem_and_not_asked(
    version: str, name: str, status: str
) -> None:
    shown = info(version, volumes=[name])

    assert shown["problems"] == [f"{name}: is {status}. Start it: gluster volume start {name}"]


def test_only_what_is_asked_for_is_read(version: str) -> None:
    shown = info(version, gather=[])

    assert len(shown["volumes"]) == 7
    assert all("online" not in brick for v in shown["volumes"] for brick in v["bricks"])


def test_arbiter_is_shown(version: str) -> None:
    (volume,) = info(version, gather=[], volumes=["arb"])["volumes"]

    assert [brick["arbiter"] for brick in volume["bricks"]] == [False, False, True]


def test_unknown_volume_is_an_error_that_names_those_there_are(version: str) -> None:
    with pytest.raises(StorageError, match="arb, disp, dist, halted, made, rep3, two") as raised:
        info(version, volumes=["nothere"])

    assert raised.value.reason == "no_volume"


def test_status_that_can_not_be_read_is_a_problem_and_not_offline(version: str) -> None:
    shown = info(
        version,
        call(version, "volume status dist", "status_not_started"),
        volumes=["dist"],
        gather=["status"],
    )

    assert [brick["online"] for brick in shown["volumes"][0]["bricks"]] == [None, None]
    assert not shown["healthy"]


def test_heal_that_can_not_be_read_is_not_healed(version: str) -> None:
    shown = info(
        version,
        call(version, "volume heal rep3 info summary", "heal_not_replicated"),
        volumes=["rep3"],
        gather=["heal"],
    )

    assert not shown["healthy"]
    assert shown["volumes"][0]["heal"]["pending"] is None


def test_limits_are_read_where_quotas_are_on() -> None:
    xml = volume_xml(option("features.quota", "on"))
    host = ScriptedHost(
        call("11.1", "pool list", "pool_three"),
        (f"{G} volume info all", Output(0, xml, "")),
        call("11.1", "volume quota dist list", "quota_list"),
    )

    shown = read_info(host, params(gluster_info.ARGUMENT_SPEC, {"gather": ["quota"]}))

    assert shown["volumes"][0]["quotas"][0] == {
        "path": "/home",
        "hard_limit_bytes": 10485760,
        "soft_limit_percent": 80,
    }


def volume_xml(options: str = "") -> str:
    return (
        "<?xml version='1.0'?><cliOutput><opRet>0</opRet><volInfo><volumes><volume>"
        f"<name>dist</name><statusStr>Started</statusStr><options>{options}</options>"
        "</volume></volumes></volInfo></cliOutput>"
    )


def option(name: str, value: str) -> str:
    return f"<option><name>{name}</name><value>{value}</value></option>"


def test_interrupted_change_is_a_problem_and_no_option() -> None:
    xml = volume_xml(option(UNFINISHED, "full+heal"))
    host = ScriptedHost(
        call("11.1", "pool list", "pool_three"), (f"{G} volume info all", Output(0, xml, ""))
    )

    shown = read_info(host, params(gluster_info.ARGUMENT_SPEC, {"gather": []}))

    assert shown["problems"] == ["dist: a change (full+heal) was interrupted. Run its task again."]
    assert shown["volumes"][0]["options"] == {}


def test_stuck_peer_is_a_problem() -> None:
    stuck = (
        "<?xml version='1.0'?><cliOutput><opRet>0</opRet><peerStatus><peer><uuid>u</uuid>"
        "<hostname>node2</hostname><connected>1</connected><state>4</state>"
        "<stateStr>Accepted peer request</stateStr></peer></peerStatus></cliOutput>"
    )
    host = ScriptedHost(
        (f"{G} pool list", Output(0, stuck, "")),
        call("11.1", "volume info all", "volumes_none"),
    )

    shown = read_info(host, params(gluster_info.ARGUMENT_SPEC, {}))

    assert "node node2 is in state 'Accepted peer request'" in shown["problems"][0]


# --- the module of gluster.gluster


def old_info(version: str, words: str, recorded: str, **given: Any) -> dict[str, Any]:
    host = ScriptedHost(call(version, words, recorded))
    return read_heal_info(host, params(gluster_heal_info.ARGUMENT_SPEC, given))["glusterfs"]


def test_heal_info_has_its_old_shape(version: str) -> None:
    shown = old_info(version, "volume heal rep3 info summary", "heal_brick_down", name="rep3")

    assert (shown["volume"], shown["status_filter"], shown["rebalance"]) == (
        "rep3",
        "self-heal",
        "",
    )
    assert [entry["no_of_entries"] for entry in shown["heal_info"]] == ["6", "6", "-"]


def test_rebalance_has_its_old_shape(version: str) -> None:
    shown = old_info(
        version,
        "volume rebalance dist status",
        "rebalance_completed",
        name="dist",
        status_filter="rebalance",
    )

    assert shown["heal_info"] == ""
    assert {entry["status"] for entry in shown["rebalance"]} == {"completed"}
    assert {"node", "rebalanced_files", "failures", "status"} == set(shown["rebalance"][0])
