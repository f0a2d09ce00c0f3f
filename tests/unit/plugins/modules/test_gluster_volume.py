# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""gluster_volume from parameters to JSON."""

from __future__ import annotations

import pytest
from ansible_collections.clustered.storage.plugins.modules import gluster_volume
from helpers.glusterd import Glusterd, PoolHost
from helpers.modules import Runner, argument_spec, documented_options

BRICKS = ["node1:/b/1/brick", "node2:/b/1/brick", "node3:/b/1/brick"]
G = "gluster --mode=script --xml"
SEEN = [f"{G} --remote-host={node} pool list" for node in ("node2", "node3")]
TASK = {"name": "vol", "state": "started", "replicas": 3, "bricks": BRICKS}


def test_page_documents_the_argument_spec() -> None:
    assert documented_options(gluster_volume) == argument_spec(gluster_volume)


def test_volume_is_made(run_module: Runner) -> None:
    pool = Glusterd()

    result = run_module(gluster_volume, PoolHost(pool), **TASK, options={"write-behind": False})

    assert result["changed"] is True
    assert [step["command"] for step in result["plan"]] == [
        *SEEN,
        f"{G} volume create vol replica 3 transport tcp {' '.join(BRICKS)}",
        f"{G} volume set vol performance.write-behind off",
        f"{G} volume start vol",
    ]
    assert result["volume"]["status"] == "started"
    assert [brick["name"] for brick in result["volume"]["bricks"]] == BRICKS
    assert result["volume"]["options"]["performance.write-behind"] == "off"
    assert pool.volumes["vol"].status == "Started"


def test_second_run_changes_nothing(run_module: Runner) -> None:
    pool = Glusterd()
    run_module(gluster_volume, PoolHost(pool), **TASK)

    result = run_module(gluster_volume, PoolHost(pool), **TASK)

    assert (result["changed"], result["plan"]) == (False, [])
    assert result["diff"]["before"] == result["diff"]["after"]


def test_check_mode_changes_nothing_and_says_what_would(run_module: Runner) -> None:
    pool = Glusterd()

    result = run_module(gluster_volume, PoolHost(pool), **TASK, _ansible_check_mode=True)

    assert result["changed"] is True
    assert [step["command"] for step in result["plan"]] == [
        *SEEN,
        f"{G} volume create vol replica 3 transport tcp {' '.join(BRICKS)}",
        f"{G} volume start vol",
    ]
    assert pool.volumes == {}


def test_refusal_fails_with_reason_and_remedy(run_module: Runner) -> None:
    pool = Glusterd()
    run_module(gluster_volume, PoolHost(pool), **{**TASK, "replicas": 1})

    result = run_module(
        gluster_volume, PoolHost(pool), **{**TASK, "bricks": BRICKS[:1], "replicas": 1}
    )

    assert (result["failed"], result["changed"]) == (True, False)
    assert result["reason"] == "shrink_refused"
    assert result["remedy"] in result["msg"]
    assert len(pool.volumes["vol"].bricks) == 3


def test_wrong_parameters_fail_before_anything_is_read(run_module: Runner) -> None:
    machine = PoolHost(Glusterd())

    result = run_module(gluster_volume, machine, **{**TASK, "stripes": 2})

    assert result["reason"] == "stripe_unsupported"
    assert machine.calls == []


def test_failure_half_way_names_the_step(run_module: Runner) -> None:
    pool = Glusterd()
    pool.marks[(pool.machines["node2"].uuid, "/b/1/brick")] = "somebody"

    result = run_module(gluster_volume, PoolHost(pool), **TASK)

    assert result["failed"] is True
    assert "already part of a volume" in result["msg"]
    assert [step["command"] for step in result["plan"]] == [
        *SEEN,
        f"{G} volume create vol replica 3 transport tcp {' '.join(BRICKS)}",
    ]
    assert [step.get("failed") for step in result["plan"]] == [None, None, True]
    assert result["changed"] is False


def test_warnings_are_told(run_module: Runner) -> None:
    result = run_module(
        gluster_volume, PoolHost(Glusterd()), **{**TASK, "replicas": 2, "bricks": BRICKS[:2]}
    )

    assert any("split its brain" in str(warning) for warning in result["warnings"])


def test_pool_options_are_set(run_module: Runner) -> None:
    pool = Glusterd()

    result = run_module(
        gluster_volume,
        PoolHost(pool),
        name="all",
        state="present",
        options={"cluster.max-bricks-per-process": 100},
    )

    assert result["pool_options"]["cluster.max-bricks-per-process"] == "100"
    assert result["diff"]["before"] == {"cluster.max-bricks-per-process": "250"}
    assert pool.pool_options["cluster.max-bricks-per-process"] == "100"


@pytest.mark.parametrize("status", ["started", "created"])
def test_absent_volume_is_none(run_module: Runner, status: str) -> None:
    pool = Glusterd()
    run_module(gluster_volume, PoolHost(pool), **{**TASK, "state": "present"})
    pool.volumes["vol"].status = status.capitalize()

    result = run_module(gluster_volume, PoolHost(pool), name="vol", state="absent")

    assert (result["volume"], result["diff"]["after"], pool.volumes) == (None, {}, {})
