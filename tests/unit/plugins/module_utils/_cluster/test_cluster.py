# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._cluster import parse
from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import (
    Cluster,
    FenceDevice,
    active_on,
    promoted_on,
)
from ansible_collections.clustered.storage.plugins.module_utils._cluster.read import read_cluster
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from helpers.hosts import ScriptedHost, reply
from helpers.pacemaker import cib
from helpers.recordings import recording

VERSION = "pacemaker-2.1.5"
NO_STATUS = "<pacemaker-result><summary/><nodes/><resources/></pacemaker-result>"


def recorded(cib_name: str, status_name: str) -> Cluster:
    return parse.parse_cluster(
        recording(VERSION, cib_name).stdout, recording(VERSION, status_name).stdout
    )


RUNNING = recorded("cib-running", "status-running")


def stonith(identity: str, agent: str, **options: str) -> str:
    pairs = "".join(
        f'<nvpair id="{identity}-{name}" name="{name}" value="{value}"/>'
        for name, value in options.items()
    )
    return (
        f'<primitive id="{identity}" class="stonith" type="{agent}">'
        f'<instance_attributes id="{identity}-i">{pairs}</instance_attributes></primitive>'
    )


def device(agent: str, **options: str) -> FenceDevice:
    return parse.parse_cluster(cib(stonith("f", agent, **options)), NO_STATUS).fence_devices[0]


# ---- a cluster that runs, recorded


def test_name_nodes_and_quorum_are_read() -> None:
    assert (RUNNING.name, RUNNING.nodes, RUNNING.online) == (
        "pair",
        ("node1", "node2"),
        RUNNING.nodes,
    )
    assert RUNNING.has_dc
    assert RUNNING.has_quorum


def test_fence_devices_are_read_with_where_they_run() -> None:
    found = {one.id: (one.agent, one.started_on, one.targets) for one in RUNNING.fence_devices}

    assert found == {
        "fence_node1": ("fence_lab", ("node2",), ("node1",)),
        "fence_node2": ("fence_lab", ("node1",), ("node2",)),
    }


def test_managed_drbd_resource_is_read() -> None:
    assert RUNNING.drbd_resources == ("r0",)
    assert RUNNING.fence_constraints == ()


def test_what_runs_where_is_read() -> None:
    assert promoted_on(RUNNING.instances, "drbd_r0") == ("node1", "node2")
    assert active_on(RUNNING.instances, "fs_web-clone") == ("node1", "node2")
    assert promoted_on(RUNNING.instances, "dlm") == ()


def test_password_in_the_cib_is_not_in_the_words_for_a_cluster() -> None:
    assert "Gehe1mnis" in RUNNING.cib
    assert "Gehe1mnis" not in repr(RUNNING)


def test_failed_start_is_read() -> None:
    found = recorded("cib-running", "status-failed")

    assert [(one.resource, one.node, one.task) for one in found.failures] == [
        ("fence_node1", "node2", "start")
    ]
    assert found.fence_devices[0].started_on == ()


def test_failure_that_is_only_counted_any_more_is_read() -> None:
    found = recorded("cib-counted", "status-running").failures

    assert [(one.resource, one.node, one.task, one.words) for one in found] == [
        ("fence_node1", "node2", "start", "fail-count INFINITY")
    ]


# ---- pieces


@pytest.mark.parametrize(
    ("agent", "options"),
    [
        ("fence_dummy", {}),
        ("null", {}),
        ("external/ssh", {}),
        ("meatware", {}),
        ("fence_legacy", {"plugin": "external/ssh"}),
        ("fence_ipmilan", {"pcmk_reboot_action": "metadata"}),
        ("fence_ipmilan", {"pcmk_off_action": "monitor"}),
    ],
)
def test_agent_that_kills_nobody_is_a_pretender(agent: str, options: dict[str, str]) -> None:
    assert device(agent, **options).pretends


@pytest.mark.parametrize(
    ("agent", "options"),
    [
        ("fence_ipmilan", {"pcmk_reboot_action": "off"}),
        ("fence_legacy", {"plugin": "external/ipmi"}),
        ("fence_xvm", {}),
    ],
)
def test_agent_that_kills_is_none(agent: str, options: dict[str, str]) -> None:
    assert not device(agent, **options).pretends


@pytest.mark.parametrize("agent", ["fence_scsi", "fence_mpath", "fence_kdump"])
def test_agent_that_can_not_fence_for_drbd_is_known(agent: str) -> None:
    assert device(agent).unsuited


@pytest.mark.parametrize(
    ("options", "fenced"),
    [
        ({"pcmk_host_list": "node1,node2"}, ("node1", "node2")),
        ({"pcmk_host_list": "node1 node2"}, ("node1", "node2")),
        ({"pcmk_host_map": "node1:5;node2:6,7"}, ("node1", "node2")),
        ({"pcmk_host_list": "node1", "pcmk_host_check": "none"}, None),
        ({"pcmk_host_check": "dynamic-list"}, None),
        ({}, None),
    ],
)
def test_targets_are_those_that_the_options_name(
    options: dict[str, str], fenced: tuple[str, ...] | None
) -> None:
    assert device("fence_lab", **options).targets == fenced


def test_device_without_named_targets_may_fence_anybody() -> None:
    assert device("fence_lab").fences("node9")
    assert not device("fence_lab", pcmk_host_list="node1").fences("node9")


@pytest.mark.parametrize(
    ("properties", "enabled"),
    [
        ({}, True),
        ({"stonith-enabled": "false"}, False),
        ({"stonith-enabled": "no"}, False),
        ({"stonith-enabled": "1"}, True),
        ({"stonith-enabled": "true", "fencing-enabled": "false"}, False),
    ],
)
def test_fencing_is_on_unless_it_is_switched_off(properties: dict[str, str], enabled: bool) -> None:
    assert parse.is_stonith_enabled(properties) is enabled


def test_properties_of_the_usual_set_count_first() -> None:
    pair = '<nvpair id="x" name="cluster-name" value="b"/>'
    other = f'<cluster_property_set id="a">{pair}</cluster_property_set>'
    text = cib().replace("</crm_config>", f"{other}</crm_config>")

    assert parse.parse_cluster(text, NO_STATUS).name == "pair"


def test_parameters_come_from_template_and_reference() -> None:
    text = cib(
        '<template id="t" class="ocf" provider="linbit" type="drbd"><instance_attributes id="ti">'
        '<nvpair id="tn" name="drbd_resource" value="r7"/></instance_attributes></template>'
        '<clone id="c"><primitive id="p" template="t"/></clone>'
        '<primitive id="q" class="ocf" provider="linbit" type="drbd">'
        '<instance_attributes id-ref="qi"/></primitive>'
        '<primitive id="d" class="ocf" provider="x" type="y"><instance_attributes id="qi">'
        '<nvpair id-ref="tn"/></instance_attributes></primitive>'
    )

    assert parse.parse_cluster(text, NO_STATUS).drbd_resources == ("r7", "r7")


def test_template_that_is_not_there_has_no_agent() -> None:
    text = cib(
        '<primitive id="p" template="gone"/><primitive id="q" class="ocf" type="x">'
        '<instance_attributes id-ref="gone"/></primitive>'
    )

    assert parse.parse_cluster(text, NO_STATUS).drbd_resources == ()


def test_constraint_of_the_fence_peer_handler_is_known() -> None:
    text = cib(
        constraints='<rsc_location id="drbd-fence-by-handler-r0-ms" rsc="ms"/><rsc_order id="o"/>'
    )

    assert parse.parse_cluster(text, NO_STATUS).fence_constraints == (
        "drbd-fence-by-handler-r0-ms",
    )


@pytest.mark.parametrize(
    ("attributes", "state"),
    [
        ('online="true"', "online"),
        ('online="false"', "offline"),
        ('online="false" unclean="true"', "unclean"),
        ('online="true" standby="true"', "standby"),
        ('online="true" pending="true"', "pending"),
        ('online="true" maintenance="true"', "maintenance"),
    ],
)
def test_state_of_a_node_is_one_word(attributes: str, state: str) -> None:
    nodes = f'<node name="n" {attributes}/><node name="r" type="remote"/>'
    status = f"<pacemaker-result><nodes>{nodes}</nodes></pacemaker-result>"

    (node,) = parse.parse_cluster(cib(), status).members
    assert (node.state, node.is_online) == (state, state in ("online", "standby", "maintenance"))


@pytest.mark.parametrize("word", ["failed", "blocked", "orphaned"])
def test_instance_in_trouble_is_not_active(word: str) -> None:
    status = (
        '<pacemaker-result><resources><group id="g"><resource id="r" role="Started" '
        f'{word}="true"><node name="n"/></resource></group></resources></pacemaker-result>'
    )

    (instance,) = parse.parse_cluster(cib(), status).instances
    assert (instance.trouble, instance.is_active, instance.within) == (word, False, ("g",))


# ---- reading


def test_states_of_nodes_are_words_or_times() -> None:
    said = [recording("pacemaker-3.0.0", name).stdout for name in ("cib-running", "status-running")]
    later = parse.parse_cluster(*said)

    assert later.tells_times
    assert not RUNNING.tells_times
    assert (later.name, later.online, later.has_quorum) == ("pair", ("node1", "node2"), True)
    assert [one.started_on for one in later.fence_devices] == [("node2",), ("node1",)]
    assert promoted_on(later.instances, "drbd_r0") == ("node1", "node2")
    assert active_on(later.instances, "fs_r0") == ("node1", "node2")
    assert later.failures == ()


def test_two_commands_tell_everything() -> None:
    cib_said, status_said = recording(VERSION, "cib-running"), recording(VERSION, "status-running")
    host = ScriptedHost(
        ("cibadmin --query", reply(cib_said.stdout)),
        ("crm_mon --output-as=xml --inactive", reply(status_said.stdout)),
    )

    assert read_cluster(host) == RUNNING
    host.verify()


def test_pacemaker_that_does_not_run_is_no_cluster() -> None:
    said = recording(VERSION, "cib-none")

    assert read_cluster(ScriptedHost(("cibadmin --query", reply(said.stdout, said.rc)))) is None


def test_pacemaker_that_ends_meanwhile_is_no_cluster() -> None:
    host = ScriptedHost(
        ("cibadmin --query", reply(cib())),
        ("crm_mon --output-as=xml --inactive", reply("", 102)),
    )

    assert read_cluster(host) is None


def test_pacemaker_that_is_not_installed_is_no_cluster() -> None:
    host = ScriptedHost()
    host.missing = ("cibadmin",)

    assert read_cluster(host) is None


def test_answer_without_a_word_is_asked_for_again() -> None:
    """Seen under load while Pacemaker started resources: nothing on standard output, status 0."""
    said = recording(VERSION, "status-running").stdout
    host = ScriptedHost(
        ("cibadmin --query", reply(recording(VERSION, "cib-running").stdout)),
        ("crm_mon --output-as=xml --inactive", reply("")),
        ("crm_mon --output-as=xml --inactive", reply(said)),
    )

    assert read_cluster(host) == RUNNING
    host.verify()
    assert len(host.slept) == 1


def test_tool_that_fails_is_not_taken_for_no_cluster() -> None:
    with pytest.raises(StorageError) as caught:
        read_cluster(ScriptedHost(("cibadmin --query", reply("", 124, "timed out"))))

    assert caught.value.reason == "tool_failed"


def test_answer_that_is_no_xml_is_not_taken_for_an_empty_cluster() -> None:
    with pytest.raises(StorageError) as caught:
        parse.parse_cluster("nonsense", NO_STATUS)

    assert caught.value.reason == "unexpected_output"
