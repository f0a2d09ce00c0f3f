# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    Device,
    FstabLine,
    Mount,
)
from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import (
    Failure,
    Instance,
    Node,
    active_on,
    promoted_on,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import (
    Plan,
    Refusal,
    Unread,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.model import (
    Action,
    Content,
    Corosync,
    DrbdSettings,
    Preflight,
    Simulation,
    State,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.plan import (
    plan_cluster,
    plan_mount,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.transaction import Push
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.wanted import (
    Wanted,
    WantedFenceDevice,
)
from helpers.pacemaker import (
    BLANK,
    DEVICE,
    FENCE1,
    FENCE2,
    FILE_SYSTEM,
    GOOD,
    NODES,
    OWN,
    cib,
    cluster_of,
    planned,
    settled,
    simulate,
    state_of,
    wanted_all,
    wanted_fencing,
)

EXT4 = "2f4a7c1e-6d0b-4a53-9a1b-8a3b5d9c0e11"
DUMMY = (
    '<primitive id="foreign" class="ocf" provider="pacemaker" type="Dummy"/>'
    '<clone id="theirs-clone"><primitive id="theirs" class="ocf" provider="x" type="y"/></clone>'
)
ABSENT = {"present": False, "fence_devices": (), "file_system": None, "properties": {}}


def programs(plan: Plan[State]) -> list[str]:
    return [step.command[0] for step in plan.steps]


def reason(state: State, wanted: Wanted | None = None) -> str:
    with pytest.raises(Refusal) as caught:
        planned(state, wanted or wanted_all())
    assert caught.value.remedy
    return caught.value.reason


def changed(state: State, **cluster: Any) -> State:
    """The state with other facts of the cluster."""
    assert state.cluster
    return replace(state, cluster=replace(state.cluster, **cluster))


def with_text(state: State, old: str, new: str) -> State:
    """The state with another text in its CIB."""
    assert state.cluster
    assert old in state.cluster.cib
    text = state.cluster.cib.replace(old, new)
    return replace(state, cluster=cluster_of(text, state.cluster.instances))


def fs(**others: Any) -> Wanted:
    """What is wanted of the file system, in other ways."""
    return wanted_all(file_system=replace(FILE_SYSTEM, **others))


# ---- a first run


def test_first_run_does_everything_in_its_order() -> None:
    plan = planned(state_of(), wanted_all())

    assert programs(plan) == [
        "cibadmin", "crm_mon", "cibadmin", "crm_mon", "mkfs.gfs2", "cibadmin", "crm_mon",
    ]  # fmt: skip
    assert [step.why for step in plan.steps if step.until] == [
        "wait until fence1, fence2 are started",
        "wait until drbd_r0 is promoted on node1, node2",
        "wait until fs_web is mounted on node1, node2",
    ]


def test_first_run_leads_to_what_is_wanted() -> None:
    after = planned(state_of(), wanted_all()).after

    assert after.cluster
    assert promoted_on(after.cluster.instances, "drbd_r0") == NODES
    assert active_on(after.cluster.instances, "fs_web") == NODES
    assert after.content
    assert (after.content.lock_table, after.content.journals) == ("pair:web", 2)


def test_second_run_does_nothing() -> None:
    plan = planned(settled(wanted_all()), wanted_all())

    assert plan.steps == ()
    assert plan.warnings == ()


def test_fencing_alone_is_just_that() -> None:
    plan = planned(state_of(content=None, corosync=None, preflight=None), wanted_fencing())

    assert programs(plan) == ["cibadmin", "crm_mon"]
    assert planned(settled(wanted_fencing()), wanted_fencing()).steps == ()


def test_properties_alone_wait_for_nothing() -> None:
    assert programs(planned(state_of(), Wanted(properties=OWN))) == ["cibadmin"]


def test_file_system_can_follow_in_a_second_call() -> None:
    fenced = settled(wanted_fencing())
    rest = wanted_all(fence_devices=())

    assert programs(planned(fenced, rest))[:3] == ["cibadmin", "crm_mon", "mkfs.gfs2"]


def test_file_system_without_drbd_is_not_bound_to_it() -> None:
    wanted = wanted_all(drbd_resource="", drbd_id="")
    after = settled(wanted)

    assert after.cluster
    assert "linbit" not in after.cluster.cib
    assert planned(after, wanted).steps == ()


def test_second_transaction_is_planned_on_the_cib_after_the_first() -> None:
    pushes = [one.expects for one in planned(state_of(), wanted_all()).steps if one.expects]
    prints = [one.fingerprint for one in pushes if isinstance(one, Push)]

    assert len(set(prints)) == 3


def test_password_is_nowhere_in_a_plan() -> None:
    plan = planned(state_of(), wanted_all())

    assert FENCE1.options["passwd"] not in repr([(s.why, s.command, s.stdin) for s in plan.steps])
    assert FENCE1.options["passwd"] not in repr(plan)


# ---- drift


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name="notify" value="true"', 'name="notify" value="false"'),
        ('name="plug" value="node1"', 'name="plug" value="nodeX"'),
        ('name="options" value="noatime"', 'name="options" value="atime"'),
        (' kind="Mandatory"', ' kind="Optional"'),
    ],
)
def test_drift_is_mended_by_one_transaction(old: str, new: str) -> None:
    plan = planned(with_text(settled(wanted_all()), old, new), wanted_all())

    assert [step.command[0] for step in plan.steps if not step.until] == ["cibadmin"]
    assert planned(replace(plan.after, simulations={}), wanted_all()).steps == ()


def test_stopped_file_system_is_waited_for_and_what_failed_is_tried_again() -> None:
    state = settled(wanted_all())
    assert state.cluster
    left = tuple(one for one in state.cluster.instances if one.id != "fs_web")
    failure = Failure("fs_web", "node2", "start", "no journal")
    plan = planned(changed(state, instances=left, failures=(failure,)), wanted_all())

    assert plan.steps[0].command == (
        "crm_resource", "--cleanup", "--resource", "fs_web",
    )  # fmt: skip
    assert "no journal" in plan.steps[0].why
    assert plan.steps[-1].why == "wait until fs_web is mounted on node1, node2"


def test_demoted_drbd_is_waited_for() -> None:
    state = settled(wanted_all())
    assert state.cluster
    left = tuple(one for one in state.cluster.instances if one.id != "drbd_r0")
    plan = planned(changed(state, instances=left), wanted_all())

    assert not plan.changes
    assert [step.why for step in plan.steps] == ["wait until drbd_r0 is promoted on node1, node2"]


def test_idle_fence_device_is_tried_again_and_waited_for() -> None:
    state = settled(wanted_fencing())
    failure = Failure("fence1", "node1", "start", "timed out")
    plan = planned(changed(state, instances=(), failures=(failure,)), wanted_fencing())

    assert [step.command[0] for step in plan.steps] == ["crm_resource", "crm_mon"]


def test_node_that_is_away_is_not_waited_for() -> None:
    state = settled(wanted_all())
    assert state.cluster
    here = tuple(one for one in state.cluster.instances if "node2" not in one.nodes)
    members = (Node("node1", "online"), Node("node2", "offline"))
    fence = Instance("fence1", "stonith:fence_lab", "Started", ("node1",))
    state = changed(state, instances=(*here, fence), members=members)

    plan = planned(state, wanted_all())
    assert plan.steps == ()
    assert "node2 is offline." in plan.warnings


def test_constraint_of_drbd_is_told() -> None:
    state = changed(settled(wanted_all()), fence_constraints=("drbd-fence-by-handler-r0-x",))

    assert "drbd-fence-by-handler-r0-x" in " ".join(planned(state, wanted_all()).warnings)


def test_single_link_is_told() -> None:
    state = state_of(corosync=Corosync("pair", 1))

    assert "one link" in " ".join(planned(state, wanted_all()).warnings)


def test_foreign_fence_device_that_is_idle_is_told() -> None:
    fence = '<primitive id="other" class="stonith" type="fence_x"/>'
    plan = planned(state_of(cluster_of(cib(fence))), wanted_fencing())

    assert "The fence device other is not started." in plan.warnings


# ---- the cluster is not fit


def test_pacemaker_that_does_not_run_is_refused() -> None:
    assert reason(replace(state_of(), cluster=None)) == "not_running"


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"has_dc": False}, "no_dc"),
        ({"has_quorum": False}, "no_quorum"),
        ({"members": (Node("node1", "online"), Node("node2", "unclean"))}, "node_unclean"),
        ({"properties": {"maintenance-mode": "true"}}, "maintenance"),
        ({"members": (Node("node1", "online"), Node("node2", "offline"))}, "node_offline"),
        ({"members": (Node("node1", "online"), Node("node2", "standby"))}, "node_offline"),
        ({"members": (Node("node1", "online"),)}, "not_two_nodes"),
        ({"members": tuple(Node(f"node{n}", "online") for n in (1, 2, 3))}, "not_two_nodes"),
        ({"members": (Node("a", "online"), Node("b", "online"))}, "not_a_member"),
    ],
)
def test_cluster_that_is_not_fit_is_refused(facts: dict[str, Any], code: str) -> None:
    fenced = settled(wanted_fencing())

    assert reason(changed(fenced, **facts), wanted_all(fence_devices=())) == code


# ---- fencing


def test_no_fence_device_is_refused() -> None:
    assert reason(state_of(), wanted_all(fence_devices=())) == "stonith_missing"


def test_fence_device_that_does_not_run_is_refused() -> None:
    state = changed(settled(wanted_fencing()), instances=())
    assert state.cluster
    state = replace(state, cluster=cluster_of(state.cluster.cib))

    assert reason(state, wanted_all(fence_devices=())) == "stonith_not_started"


@pytest.mark.parametrize("agent", ["fence_dummy", "external/ssh", "null"])
def test_fence_device_that_pretends_is_refused(agent: str) -> None:
    state = state_of(agents={agent: frozenset()})
    devices = (WantedFenceDevice("f", agent),)

    assert reason(state, wanted_fencing(fence_devices=devices)) == "stonith_pretends"
    allowed = wanted_all(fence_devices=devices, allow_pretended_fencing=True)
    assert planned(state, allowed).changes


def test_fence_device_of_others_that_pretends_is_refused() -> None:
    fence = '<primitive id="other" class="stonith" type="fence_dummy"/>'
    state = state_of(cluster_of(cib(fence)))

    assert reason(state) == "stonith_pretends"


def test_fence_device_that_can_not_fence_for_drbd_is_refused() -> None:
    state = state_of(agents={"fence_scsi": frozenset()})
    devices = (WantedFenceDevice("f", "fence_scsi"),)

    assert reason(state, wanted_all(fence_devices=devices)) == "stonith_unsuited"


def test_node_that_nobody_fences_is_refused() -> None:
    device = replace(FENCE1, options={"pcmk_host_list": "node1"})

    assert reason(state_of(), wanted_all(fence_devices=(device,))) == "stonith_uncovered"


def test_agent_that_is_not_there_is_refused() -> None:
    assert reason(state_of(agents={"fence_lab": None})) == "no_agent"


def test_option_that_the_agent_does_not_know_is_refused() -> None:
    device = replace(FENCE1, options={"plug": "x", "pcmk_host_list": "y", "colour": "red"})

    assert reason(state_of(), wanted_fencing(fence_devices=(device,))) == "unknown_option"


def test_resource_that_was_switched_off_by_hand_is_left_so() -> None:
    meta = (
        '<meta_attributes id="x"><nvpair id="y" name="{}" value="{}"/></meta_attributes>'
        '<primitive id="dlm"'
    )
    for name, value in (("target-role", "Stopped"), ("is-managed", "false")):
        state = with_text(settled(wanted_all()), '<primitive id="dlm"', meta.format(name, value))
        assert reason(state) == "resource_disabled"


# ---- DRBD and this machine


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ((), "drbd_not_configured"),
        ((DrbdSettings(False, "resource-and-stonith", "C"),), "drbd_not_dual"),
        ((DrbdSettings(True, "resource-and-stonith", "A"),), "drbd_not_dual"),
        ((DrbdSettings(True, "resource-only", "C"),), "drbd_not_fencing"),
    ],
)
def test_drbd_that_is_not_for_two_primaries_is_refused(
    settings: tuple[DrbdSettings, ...], code: str
) -> None:
    assert reason(state_of(drbd=settings)) == code


@pytest.mark.parametrize(
    ("preflight", "code"),
    [
        (
            Preflight(missing_modules=("gfs2",), kernel="6.1", distribution="debian"),
            "module_missing",
        ),
        (Preflight(dlm_service="active"), "dlm_service_active"),
        (Preflight(dlm_service="enabled"), "dlm_service_active"),
        (Preflight(fencing_library="libstonithd.so.26"), "dlm_can_not_fence"),
        (Preflight(fstab=(FstabLine("x", "/dev/x", "/clustered"),)), "fstab_conflict"),
        (Preflight(fstab=(FstabLine("x", DEVICE, "/else"),)), "fstab_conflict"),
        (Preflight(mounted="/dev/sdb1"), "mounted"),
    ],
)
def test_machine_that_would_fight_with_pacemaker_is_refused(
    preflight: Preflight, code: str
) -> None:
    assert reason(state_of(preflight=preflight)) == code


@pytest.mark.parametrize(
    ("distribution", "package"),
    [
        ("debian", "linux-image-amd64"),
        ("ubuntu debian", "linux-image"),
        ("rocky rhel", "kernel-modules-extra"),
        ("arch", "a kernel that has them"),
    ],
)
def test_missing_module_names_the_package(distribution: str, package: str) -> None:
    preflight = Preflight(("gfs2",), distribution, "6.1")

    with pytest.raises(Refusal) as caught:
        planned(state_of(preflight=preflight), wanted_all())
    assert package in caught.value.remedy


@pytest.mark.parametrize(
    ("corosync", "wanted"),
    [
        (Corosync("pair", 2), wanted_all(cluster_name="other")),
        (Corosync("", 2), wanted_all()),
    ],
)
def test_other_cluster_name_is_refused(corosync: Corosync, wanted: Wanted) -> None:
    assert reason(state_of(corosync=corosync), wanted) == "cluster_name_mismatch"


# ---- the file system


def device(**others: Any) -> Content:
    found = Device(DEVICE, "147:0", "disk", 1000, zero_ends=True, **others)
    return replace(BLANK, device=found)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (Content(DEVICE, ("ext4",), EXT4), "has_ext4"),
        (Content(DEVICE, ("LVM2_member",), "x"), "has_lvm"),
        (Content(DEVICE, ("ext4", "gpt"), EXT4), "has_ext4"),
        (Content(DEVICE), "not_blank"),
        (Content("/dev/vdb", ("xfs",), EXT4), "has_xfs"),
        (device(mounts=(Mount("/x", True),)), "mounted"),
        (device(users=("dd (1)",)), "held_open"),
        (device(problem="odd"), "probe_failed"),
        (device(read_only=True), "read_only"),
        (device(busy="busy"), "in_use"),
        (device(is_system=True), "system_disk"),
    ],
)
def test_device_that_is_not_free_is_refused(content: Content, code: str) -> None:
    assert reason(state_of(content=content)) == code


def test_file_system_that_is_named_is_replaced() -> None:
    plan = planned(state_of(content=Content(DEVICE, ("ext4",), EXT4)), fs(replace=EXT4))
    (make,) = (step for step in plan.steps if step.command[0] == "mkfs.gfs2")

    assert make.destroys
    assert EXT4 in make.why
    assert planned(replace(plan.after, simulations={}), fs(replace=EXT4)).steps == ()


@pytest.mark.parametrize(
    "content",
    [
        Content(DEVICE, ("ext4",), "other"),
        Content(DEVICE, ("ext4", "gpt"), EXT4),
        Content(DEVICE, ("crypto_LUKS",), EXT4),
    ],
)
def test_anything_but_the_one_that_is_named_stays(content: Content) -> None:
    assert reason(state_of(content=content), fs(replace=EXT4)).startswith("has_")


def test_gfs2_that_is_named_is_made_anew_with_another_uuid() -> None:
    made = settled(wanted_all()).content
    assert made
    plan = planned(state_of(content=replace(made, device=None)), fs(replace=made.uuid))

    assert plan.after.content
    assert plan.after.content.uuid != made.uuid


def test_unfinished_file_system_is_made_again() -> None:
    plan = planned(state_of(content=Content(DEVICE, is_unfinished=True)), wanted_all())

    assert "mkfs.gfs2" in programs(plan)


def test_blank_device_is_left_blank_where_nothing_is_to_be_made() -> None:
    assert reason(state_of(), fs(create=False)) == "no_file_system"


def test_file_system_of_this_cluster_is_kept() -> None:
    plan = planned(state_of(content=GOOD), wanted_all())

    assert "mkfs.gfs2" not in programs(plan)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (replace(GOOD, lock_table="other:web"), "cluster_name_mismatch"),
        (replace(GOOD, lock_table="pair:x"), "lock_table_mismatch"),
        (replace(GOOD, lock_protocol="lock_nolock"), "lock_protocol_mismatch"),
        (replace(GOOD, journals=1), "journals_short"),
    ],
)
def test_file_system_that_this_cluster_can_not_mount_is_refused(
    content: Content, code: str
) -> None:
    assert reason(state_of(content=content)) == code


def test_lock_table_is_written_anew_where_that_is_allowed() -> None:
    state = state_of(content=replace(GOOD, lock_table="other:web"))
    plan = planned(state, fs(retune=True))

    (step,) = (step for step in plan.steps if step.command[0] == "tunegfs2")
    assert step.command == (
        "tunegfs2", "-o", "lockproto=lock_dlm,locktable=pair:web", DEVICE,
    )  # fmt: skip
    assert planned(replace(plan.after, simulations={}), fs(retune=True)).steps == ()


def test_fewer_journals_than_nodes_are_refused() -> None:
    assert reason(state_of(), fs(journals=1)) == "journals_short"
    assert reason(state_of(content=GOOD), fs(journals=1)) == "journals_short"


@pytest.mark.parametrize(("mib", "added"), [(8, "32"), (32, "32"), (64, "64")])
def test_journals_are_added_to_a_mounted_file_system(mib: int, added: str) -> None:
    """Measured: gfs2_jadd makes none below 32 MiB, which mkfs.gfs2 does."""
    wanted = fs(journals=4, journal_size_mib=mib)
    plan = planned(replace(settled(wanted_all()), content=GOOD), wanted)

    assert [step.command for step in plan.steps] == [
        ("gfs2_jadd", "-q", "-j", "2", "-J", added, "/clustered"),
        ("blockdev", "--flushbufs", DEVICE),
    ]
    assert planned(plan.after, wanted).steps == ()


def test_journals_are_added_where_it_is_mounted() -> None:
    state = replace(settled(wanted_all()), node="node3")

    assert reason(state, fs(journals=4)) == "not_mounted"


def test_mounted_file_system_grows_where_that_is_asked_for() -> None:
    state = replace(settled(wanted_all()), room_mib=100)

    assert planned(state, wanted_all()).steps == ()
    plan = planned(state, fs(grow=True))
    assert [step.command for step in plan.steps] == [("gfs2_grow", "/clustered")]
    assert planned(plan.after, fs(grow=True)).steps == ()


# ---- what a simulation says against it


def simulated(state: State, **simulations: Simulation) -> State:
    return replace(state, simulations=simulations)


def test_foreign_resource_that_would_be_stopped_is_a_reason_to_refuse() -> None:
    state = state_of(cluster_of(cib(DUMMY)))
    stops = Simulation((Action("stop", "foreign", "node1"),), (), simulate(cib(DUMMY)).after)

    assert reason(simulated(state, fencing=stops, unchanged=Simulation())) == "would_disturb"


def test_what_would_happen_anyway_is_no_reason() -> None:
    state = state_of(cluster_of(cib(DUMMY)))
    plan = planned(state, wanted_fencing())
    assert plan.after.cluster
    real = simulate(plan.after.cluster.cib)
    stops = replace(real, actions=(Action("stop", "foreign", "node1"),), fenced=("node2",))

    assert planned(simulated(state, fencing=stops, unchanged=stops), wanted_fencing()).changes


def test_fencing_of_a_node_is_a_reason_to_refuse() -> None:
    shot = Simulation((), ("node2",), ())

    assert reason(simulated(state_of(), fencing=shot, unchanged=Simulation())) == "would_fence"


def test_file_system_that_would_start_before_promotion_is_a_reason_to_refuse() -> None:
    after = settled(wanted_all()).cluster
    assert after
    early = Simulation((Action("start", "fs_web", "node1"),), (), after.instances)
    state = settled(wanted_all(file_system=None))
    assert state.cluster
    unpromoted = tuple(one for one in state.cluster.instances if one.id != "drbd_r0")
    state = replace(changed(state, instances=unpromoted), content=GOOD)
    state = simulated(state, file_system=early, unchanged=Simulation())
    with pytest.raises(Refusal) as caught:
        plan_mount(state, wanted_all())
    assert caught.value.reason == "starts_before_promotion"


@pytest.mark.parametrize("stage", ["fencing", "drbd", "file_system"])
def test_what_would_not_start_is_a_reason_to_refuse(stage: str) -> None:
    assert reason(simulated(state_of(), **{stage: Simulation()})) == "would_not_start"


def test_a_part_that_is_not_read_is_asked_for() -> None:
    state = replace(settled(wanted_fencing()), agents={}, drbd=None, preflight=None)
    wanted = wanted_all()
    asked = []
    for part, value in (
        ("drbd", (DrbdSettings(True, "resource-and-stonith", "C"),)),
        ("corosync", Corosync("pair", 2)),
        ("content", BLANK),
        ("preflight", Preflight()),
    ):
        state = replace(state, **{part: None})
        asked.append((part, value))
    seen = []
    for _round in range(20):
        try:
            plan_cluster(state, wanted)
            break
        except Unread as unread:
            seen.append(unread.part)
            if unread.part.startswith("simulate"):
                stage = unread.part.partition(" ")[2]
                done = planned(replace(state_of(), cluster=state.cluster), wanted).after
                assert done.cluster
                found = simulate(done.cluster.cib)
                state = replace(state, simulations={**state.simulations, stage: found})
            else:
                state = replace(state, **{unread.part: dict(asked)[unread.part]})
    assert seen == [
        "drbd", "simulate drbd", "corosync", "content", "preflight", "simulate file_system",
    ]  # fmt: skip


def test_agent_that_is_not_read_is_asked_for() -> None:
    with pytest.raises(Unread) as caught:
        plan_cluster(state_of(agents={}), wanted_fencing())
    assert caught.value.part == "agent fence_lab"


def test_room_that_is_not_read_is_asked_for() -> None:
    with pytest.raises(Unread) as caught:
        plan_cluster(replace(settled(wanted_all()), room_mib=None), fs(grow=True))
    assert caught.value.part == "room"


# ---- taking down


def absent(**others: Any) -> Wanted:
    return wanted_all(**{**ABSENT, **others})


def test_everything_is_stopped_in_its_order_and_then_taken_away() -> None:
    plan = planned(settled(wanted_all()), absent())

    assert [step.why for step in plan.steps if step.until] == [
        "wait until fs_web is stopped everywhere",
        "wait until drbd_r0 is stopped everywhere",
        "wait until dlm is stopped everywhere",
    ]
    assert programs(plan) == [*(["cibadmin", "crm_mon"] * 3), "cibadmin"]
    assert plan.after.cluster
    assert planned(replace(plan.after, simulations={}), absent()).steps == ()


def test_fence_devices_stay_unless_they_are_listed() -> None:
    after = planned(settled(wanted_all()), absent()).after
    assert after.cluster
    assert [one.id for one in after.cluster.fence_devices] == ["fence1", "fence2"]

    gone = planned(settled(wanted_all()), absent(fence_devices=(FENCE1, FENCE2))).after
    assert gone.cluster
    assert gone.cluster.fence_devices == ()
    assert "avoids" not in gone.cluster.cib


def test_what_is_not_there_takes_nothing_to_take_away() -> None:
    assert planned(state_of(), absent()).steps == ()


def test_what_is_stopped_already_is_just_taken_away() -> None:
    state = changed(settled(wanted_all()), instances=())

    assert programs(planned(state, absent())) == ["cibadmin"]


def test_file_system_can_go_while_drbd_stays() -> None:
    after = planned(settled(wanted_all()), absent(drbd_resource="", drbd_id="")).after

    assert after.cluster
    assert "drbd_r0-clone" in after.cluster.cib
    assert "fs_web" not in after.cluster.cib


def test_lock_manager_stays_where_others_need_it() -> None:
    other = '<rsc_order id="theirs" first="dlm-clone" then="other"/></constraints>'
    state = with_text(settled(wanted_all()), "</constraints>", other)
    plan = planned(state, absent())

    assert plan.after.cluster
    assert "dlm-clone" in plan.after.cluster.cib
    assert "theirs" in " ".join(plan.warnings)


@pytest.mark.parametrize(
    "other",
    [
        '<rsc_order id="theirs" first="fs_web-clone" then="other"/>',
        '<rsc_location id="cli-ban-x" rsc="drbd_r0-clone" node="node1" score="-INFINITY"/>',
        '<rsc_colocation id="theirs"><resource_set id="s"><resource_ref id="fs_web-clone"/>'
        "</resource_set></rsc_colocation>",
    ],
)
def test_what_others_refer_to_is_not_taken_away(other: str) -> None:
    state = with_text(settled(wanted_all()), "</constraints>", f"{other}</constraints>")

    assert reason(state, absent()) == "referenced"


def test_fence_device_in_a_topology_is_not_taken_away() -> None:
    topology = (
        '</constraints><fencing-topology><fencing-level id="l" devices="x,fence1"/>'
        "</fencing-topology>"
    )
    state = with_text(settled(wanted_fencing()), "</constraints>", topology)
    wanted = wanted_fencing(present=False, fence_devices=(FENCE1,))

    assert reason(state, wanted) == "referenced"


def test_last_fence_device_stays_while_drbd_is_there() -> None:
    wanted = wanted_fencing(present=False)

    assert reason(settled(wanted_all()), wanted) == "fencing_needed"
    one = wanted_fencing(present=False, fence_devices=(FENCE1,))
    assert planned(settled(wanted_all()), one).changes


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('type="Filesystem"', 'type="Dummy"'),
        ('name="drbd_resource" value="r0"', 'name="drbd_resource" value="r1"'),
        ('id="fs_web-clone"', 'id="other"'),
    ],
)
def test_what_this_task_does_not_make_is_not_taken_away(old: str, new: str) -> None:
    assert reason(with_text(settled(wanted_all()), old, new), absent()) == "id_taken"


# ---- what is waited for


STATUS = (
    '<pacemaker-result><resources><resource id="{name}" role="{role}">{node}</resource></resources>'
    "<failures>{failures}</failures></pacemaker-result>"
)
FAILED = '<failure op_key="{}_start_0" node="{}" task="start" exitstatus="error" exitreason="why"/>'


def status(name: str, role: str, node: str = "", failed: tuple[str, ...] = ()) -> str:
    place = f'<node name="{node}"/>' if node else ""
    failures = "".join(FAILED.format(name, one) for one in failed)
    return STATUS.format(name=name, role=role, node=place, failures=failures)


def waiting(what: str, wanted: Wanted | None = None, state: State | None = None) -> Any:
    plan = planned(state or state_of(), wanted or wanted_all())
    (step,) = (one for one in plan.steps if one.until and what in one.why)
    return step.until


def test_fence_devices_are_waited_for() -> None:
    until = waiting("fence1", wanted_fencing(fence_devices=(FENCE1,)))

    assert until(status("fence1", "Started", "node1")) == ""
    assert until(status("fence1", "Stopped")) == "fence1 not started"
    assert until(status("fence1", "Stopped", failed=("node1",))) == "fence1 not started"


def test_fence_device_that_failed_wherever_it_may_run_ends_the_wait() -> None:
    until = waiting("fence2", wanted_fencing(fence_devices=(FENCE2,)))

    with pytest.raises(StorageError) as caught:
        until(status("fence2", "Stopped", failed=("node1",)))
    assert caught.value.reason == "stonith_not_started"
    assert "why" in caught.value.message


def test_promotion_is_waited_for_on_both() -> None:
    until = waiting("promoted")

    assert "node2" in until(status("drbd_r0", "Promoted", "node1"))
    assert "node1" not in until(status("drbd_r0", "Promoted", "node1"))


@pytest.mark.parametrize("what", ["promoted", "mounted"])
def test_wait_goes_on_when_crm_mon_says_nothing(what: str) -> None:
    """Seen under load while Pacemaker started resources: nothing on standard output, status 0."""
    assert waiting(what)("") == "crm_mon says nothing"
    with pytest.raises(StorageError):
        waiting(what)("Error: what is this?")


def test_failure_is_told_while_waiting() -> None:
    assert "why" in waiting("mounted")(status("fs_web", "Stopped", failed=("node2",)))


def test_stop_is_waited_for_even_where_it_failed() -> None:
    until = waiting("fs_web is stopped", absent(), settled(wanted_all()))

    assert until(status("fs_web", "Stopped")) == ""
    assert until(status("fs_web", "Started", "node1")) == "still on node1"
    assert "why" in until(status("fs_web", "Started", "node1", failed=("node1",)))
