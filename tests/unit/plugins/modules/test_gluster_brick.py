# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""gluster_brick from parameters to JSON."""

from __future__ import annotations

from ansible_collections.clustered.storage.plugins.modules import gluster_brick
from helpers.glusterd import Glusterd, PoolHost
from helpers.modules import Runner, argument_spec, documented_options

MARK = "33333333-3333-3333-3333-333333333333"


def test_page_documents_the_argument_spec() -> None:
    assert documented_options(gluster_brick) == argument_spec(gluster_brick)


def test_fit_directory_is_left_alone(run_module: Runner) -> None:
    result = run_module(gluster_brick, PoolHost(Glusterd()), path="/b/x")

    assert (result["changed"], result["brick"]["path"]) == (False, "/b/x")


def test_debris_is_cleared(run_module: Runner) -> None:
    pool = Glusterd()
    pool.marks[(pool.machines["node1"].uuid, "/b/x")] = MARK

    result = run_module(gluster_brick, PoolHost(pool), path="/b/x")

    assert [step["command"] for step in result["plan"]] == ["rmdir -- /b/x"]
    assert result["brick"]["volume_id"] == ""
    assert pool.marks == {}


def test_directory_with_files_fails(run_module: Runner) -> None:
    pool = Glusterd()
    pool.content[(pool.machines["node1"].uuid, "/b/x")] = 3

    result = run_module(gluster_brick, PoolHost(pool), path="/b/x")

    assert result["reason"] == "brick_not_empty"


def test_directory_on_the_root_fails(run_module: Runner) -> None:
    result = run_module(gluster_brick, PoolHost(Glusterd()), path="/srv/brick")

    assert result["reason"] == "root_partition"


def test_brick_below_a_mounted_disk_is_fit(run_module: Runner) -> None:
    result = run_module(gluster_brick, PoolHost(Glusterd()), path="/b/x", mount="/b")

    assert (result["changed"], result["brick"]["path"]) == (False, "/b/x")


def test_brick_below_a_disk_that_is_not_mounted_fails(run_module: Runner) -> None:
    machine = PoolHost(Glusterd())

    result = run_module(gluster_brick, machine, path="/srv/disk/brick", mount="/srv/disk")

    assert (result["reason"], machine.calls) == ("not_mounted", [])
