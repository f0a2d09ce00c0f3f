# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""pacemaker_gfs2_info from parameters to JSON."""

from __future__ import annotations

from ansible_collections.clustered.storage.plugins.modules import pacemaker_gfs2_info
from helpers.hosts import ScriptedHost, reply
from helpers.modules import Runner, argument_spec, documented_options
from helpers.recordings import recording

VERSION = "pacemaker-2.1.5"


def test_page_documents_the_argument_spec() -> None:
    assert documented_options(pacemaker_gfs2_info) == argument_spec(pacemaker_gfs2_info)


def test_cluster_is_told(run_module: Runner) -> None:
    found = [recording(VERSION, name) for name in ("cib-running", "status-running")]
    host = ScriptedHost(*((" ".join(one.argv), reply(one.stdout)) for one in found))

    result = run_module(pacemaker_gfs2_info, host)

    assert (result["changed"], result["running"]) == (False, True)
    assert result["cluster"]["name"] == "pair"
    assert [one["resource"] for one in result["filesystems"]] == ["fs_web"]
    host.verify()


def test_machine_without_pacemaker_is_no_failure(run_module: Runner) -> None:
    host = ScriptedHost()
    host.missing = ("cibadmin",)

    assert run_module(pacemaker_gfs2_info, host)["running"] is False


def test_broken_pacemaker_is_a_failure(run_module: Runner) -> None:
    host = ScriptedHost(("cibadmin --query", reply("", 124, "timed out")))

    assert run_module(pacemaker_gfs2_info, host)["reason"] == "tool_failed"
