# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""pacemaker_gfs2 from parameters to JSON."""

from __future__ import annotations

import copy

from ansible_collections.clustered.storage.plugins.modules import pacemaker_gfs2
from helpers.hosts import ScriptedHost, reply
from helpers.modules import Runner, argument_spec, documented_options
from helpers.recordings import recording

VERSION = "pacemaker-2.1.5"
PASSWORD = "Gehe1mnis"


def fence(node: str, **others: object) -> dict[str, object]:
    return {
        "id": f"fence_{node}",
        "agent": "fence_lab",
        "options": {"plug": node, "pcmk_host_list": node},
        "secrets": {"passwd": PASSWORD},
        "avoid_nodes": [node],
        **others,
    }


def machine(*further: str) -> ScriptedHost:
    """The recorded cluster, and further recordings in their order."""
    found = [recording(VERSION, name) for name in ("cib-running", "status-running", *further)]
    calls = [(" ".join(one.argv), reply(one.stdout, one.rc)) for one in found]
    return ScriptedHost(*calls)


def test_page_documents_the_argument_spec() -> None:
    spec = copy.deepcopy(argument_spec(pacemaker_gfs2))

    # A page has no word for it.
    assert spec["fence_devices"]["options"]["secrets"].pop("no_log") is True
    assert documented_options(pacemaker_gfs2) == spec


def test_cluster_as_wanted_takes_two_commands(run_module: Runner) -> None:
    host = machine()

    result = run_module(pacemaker_gfs2, host, fence_devices=[fence("node1"), fence("node2")])

    assert (result["changed"], result["plan"]) == (False, [])
    assert result["diff"]["before"] == result["diff"]["after"]
    assert [one["started_on"] for one in result["cluster"]["fencing"]["devices"]] == [
        ["node2"],
        ["node1"],
    ]
    assert [one["node"] for one in result["cluster"]["mounts"]] == ["node1", "node2"]
    assert PASSWORD not in str(result)
    host.verify()


def test_missing_agent_fails(run_module: Runner) -> None:
    said = recording(VERSION, "agent-missing")
    host = machine()
    host._calls.append(("stonith_admin --metadata --agent fence_none", reply("", said.rc)))

    result = run_module(pacemaker_gfs2, host, fence_devices=[fence("node3", agent="fence_none")])

    assert (result["failed"], result["reason"]) == (True, "no_agent")
    assert PASSWORD not in str(result)
    host.verify()


def test_parameters_that_contradict_fail_without_a_command(run_module: Runner) -> None:
    result = run_module(pacemaker_gfs2, ScriptedHost(), properties={"stonith-enabled": False})

    assert result["reason"] == "stonith_disabled"


def test_machine_without_pacemaker_fails(run_module: Runner) -> None:
    host = ScriptedHost(("cibadmin --query", reply("", 102)))

    assert run_module(pacemaker_gfs2, host, drbd_resource="r0")["reason"] == "not_running"
