# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""gluster_peer from parameters to JSON."""

from __future__ import annotations

from ansible_collections.clustered.storage.plugins.modules import gluster_peer
from helpers.glusterd import Glusterd, PoolHost
from helpers.modules import Runner, argument_spec, documented_options


def test_page_documents_the_argument_spec() -> None:
    assert documented_options(gluster_peer) == argument_spec(gluster_peer)


def test_node_joins(run_module: Runner) -> None:
    pool = Glusterd(nodes=1, strangers=1)

    result = run_module(gluster_peer, PoolHost(pool), nodes=["node1", "node2"])

    assert result["changed"] is True
    assert [peer["hostname"] for peer in result["peers"]] == ["localhost", "node2"]
    assert result["diff"]["after"] != result["diff"]["before"]
    assert pool.machines["node2"].in_pool


def test_unknown_node_fails(run_module: Runner) -> None:
    machine = PoolHost(Glusterd())

    result = run_module(gluster_peer, machine, nodes=["nowhere"])

    assert result["reason"] == "unknown_host"
    assert len(machine.calls) == 1


def test_empty_list_fails(run_module: Runner) -> None:
    result = run_module(gluster_peer, PoolHost(Glusterd()), nodes=[])

    assert (result["failed"], result["reason"]) == (True, "no_nodes")
