# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""gluster_info from parameters to JSON."""

from __future__ import annotations

from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import Layout
from ansible_collections.clustered.storage.plugins.modules import gluster_info
from helpers.glusterd import Glusterd, PoolHost
from helpers.hosts import ScriptedHost, reply
from helpers.modules import Runner, argument_spec, documented_options


def test_page_documents_the_argument_spec() -> None:
    assert documented_options(gluster_info) == argument_spec(gluster_info)


def test_everything_is_read_and_nothing_changed(run_module: Runner) -> None:
    pool = Glusterd()
    pool.add_volume(Layout(2), ["node1:/b/1", "node2:/b/1"])
    machine = PoolHost(pool)

    result = run_module(gluster_info, machine)

    assert (result["changed"], result["healthy"]) == (False, True)
    assert [volume["name"] for volume in result["volumes"]] == ["vol"]
    assert [" ".join(call[3:]) for call in machine.calls] == [
        "pool list",
        "volume info all",
        "volume status vol",
        "volume heal vol info summary",
    ]


def test_daemon_that_is_down_fails_with_its_remedy(run_module: Runner) -> None:
    down = reply("Connection failed. Please check if gluster daemon is operational.\n", 1)
    machine = ScriptedHost(("gluster --mode=script --xml pool list", down))

    result = run_module(gluster_info, machine)

    assert (result["failed"], result["reason"]) == (True, "daemon_down")
    assert result["remedy"] == "Start glusterd on this machine first."
