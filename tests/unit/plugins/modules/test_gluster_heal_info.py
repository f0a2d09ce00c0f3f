# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""gluster_heal_info from parameters to JSON."""

from __future__ import annotations

from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import Layout
from ansible_collections.clustered.storage.plugins.modules import gluster_heal_info
from helpers.glusterd import Glusterd, PoolHost
from helpers.modules import Runner, argument_spec, documented_options


def test_page_documents_the_argument_spec() -> None:
    assert documented_options(gluster_heal_info) == argument_spec(gluster_heal_info)


def test_healing_is_read(run_module: Runner) -> None:
    pool = Glusterd()
    pool.add_volume(Layout(2), ["node1:/b/1", "node2:/b/1"])

    result = run_module(gluster_heal_info, PoolHost(pool), volume="vol")

    assert result["changed"] is False
    assert result["glusterfs"]["heal_info"] == [
        {"brick": f" {name}", "status": "Connected", "no_of_entries": "0"}
        for name in ("node1:/b/1", "node2:/b/1")
    ]


def test_missing_volume_fails(run_module: Runner) -> None:
    result = run_module(gluster_heal_info, PoolHost(Glusterd()), name="nothere")

    assert result["failed"] is True
    assert "Volume nothere does not exist" in result["msg"]
