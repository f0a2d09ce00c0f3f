# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done, from what is there and what is wanted: tables of facts, step by step."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import (
    Plan,
    Refusal,
    Unread,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import (
    UNFINISHED,
    Cluster,
    Layout,
    Quota,
    Task,
    Volume,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.plan import (
    managed_options,
    overlaps,
    plan_brick,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.wanted import (
    wanted_local_brick,
)
from ansible_collections.clustered.storage.plugins.modules import gluster_brick
from helpers.build import (
    OTHER_ID,
    VOLUME_ID,
    bricks,
    cluster,
    commands_of,
    counts,
    directory,
    host,
    listed,
    params,
    peer,
    planned,
    steps_of,
    uid,
    volume,
    wanted,
)

ONE, TWO, THREE, ARBITER = Layout(), Layout(2), Layout(3), Layout(3, 1)
DISPERSE = Layout(disperses=3, redundancies=1)
MARK, UNMARK = f"volume set vol {UNFINISHED}", f"volume set vol {UNFINISHED} none"


def heal_of(nodes: str) -> str:
    """The note that the bricks of these nodes are being filled."""
    return "heal=" + ",".join(f"node{node}:{B}" for node in nodes.split())


ONLINE, HEALED = "until volume status vol", "until volume heal vol info summary"
B = "/b/brick"


def refused(facts: Cluster, **given: Any) -> Refusal:
    with pytest.raises(Refusal) as raised:
        planned(facts, **given)
    return raised.value


def no_change(facts: Cluster, **given: Any) -> bool:
    plan = planned(facts, **given)
    return plan.steps == () and plan.before == plan.after


# --- states


@pytest.mark.parametrize(
    ("status", "state", "commands"),
    [
        ("created", "present", ["volume start vol"]),
        ("created", "started", ["volume start vol"]),
        ("created", "stopped", []),
        ("created", "absent", ["volume delete vol"]),
        ("started", "present", []),
        ("started", "started", []),
        ("started", "stopped", ["volume stop vol"]),
        ("started", "absent", ["volume stop vol", "volume delete vol"]),
        ("stopped", "present", ["volume start vol"]),
        ("stopped", "started", ["volume start vol"]),
        ("stopped", "stopped", []),
        ("stopped", "absent", ["volume delete vol"]),
    ],
)
def test_any_state_is_reached_from_any(status: str, state: str, commands: list[str]) -> None:
    plan = planned(cluster(volume("1", status=status)), state=state)

    assert commands_of(plan) == commands


def test_present_leaves_a_volume_as_it_is_where_told() -> None:
    facts = cluster(volume("1", status="created"))

    assert no_change(facts, state="present", start_on_create=False)


@pytest.mark.parametrize("state", ["present", "started", "stopped"])
def test_missing_volume_without_bricks_is_refused(state: str) -> None:
    assert refused(cluster(), state=state).reason == "no_volume"


def test_missing_volume_is_absent_already() -> None:
    assert no_change(cluster(), state="absent")


def test_absent_volume_is_gone_from_the_plan_and_others_stay() -> None:
    other = volume("2", name="other")

    plan = planned(cluster(volume("1"), other), state="absent")

    assert plan.after.volumes == (other,)


def test_nothing_that_destroys_is_needed_to_forget_a_volume() -> None:
    plan = planned(cluster(volume("1")), state="absent")

    assert not any(step.destroys for step in plan.steps)


def test_volume_with_snapshots_stays() -> None:
    assert refused(cluster(volume("1", snapshots=2)), state="absent").reason == "has_snapshots"


def test_volume_is_not_forgotten_while_a_peer_is_down() -> None:
    peers = (peer("node1"), peer("node2", connected=False))

    assert refused(cluster(volume("1"), peers=peers), state="absent").reason == "peer_down"


@pytest.mark.parametrize(
    ("facts", "needed"),
    [
        (Cluster(), "volumes"),
        (Cluster(volumes=()), "peers"),
        (Cluster(volumes=(), peers=()), "hosts"),
    ],
)
def test_plan_asks_for_what_it_needs(facts: Cluster, needed: str) -> None:
    with pytest.raises(Unread, match=needed):
        planned(facts, bricks=listed("1"))


# --- making a volume


@pytest.mark.parametrize(
    ("text", "given", "words"),
    [
        ("1", {}, f"transport tcp node1:{B}"),
        ("1 2 3", {"replicas": 3}, f"replica 3 transport tcp node1:{B} node2:{B} node3:{B}"),
        (
            "1 2 3",
            {"replicas": 2, "arbiters": 1},
            f"replica 3 arbiter 1 transport tcp node1:{B} node2:{B} node3:{B}",
        ),
        (
            "1 2 3",
            {"disperses": 3},
            f"disperse 3 redundancy 1 transport tcp node1:{B} node2:{B} node3:{B}",
        ),
        ("1", {"transport": "tcp,rdma"}, f"transport tcp,rdma node1:{B}"),
        ("1", {"force": True}, f"transport tcp node1:{B} force"),
        ("1", {"allow_brick_reuse": True}, f"transport tcp node1:{B} force"),
    ],
)
def test_volume_is_made_and_started(text: str, given: dict[str, Any], words: str) -> None:
    plan = planned(cluster(), bricks=listed(text), **given)

    assert commands_of(plan) == [f"volume create vol {words}", "volume start vol"]


def test_options_are_set_before_the_first_start_and_limits_after_it() -> None:
    plan = planned(
        cluster(),
        bricks=listed("1"),
        options={"cache-size": "1MB"},
        quotas=[{"path": "/", "hard_limit": "1KB", "soft_limit": 70}],
    )

    assert commands_of(plan) == [
        f"volume create vol transport tcp node1:{B}",
        "volume set vol performance.cache-size 1MB",
        "volume start vol",
        "volume quota vol enable",
        "volume quota vol limit-usage / 1024 70%",
    ]


@pytest.mark.parametrize(
    "given", [{"state": "stopped"}, {"state": "present", "start_on_create": 0}]
)
def test_volume_is_made_and_not_started(given: dict[str, Any]) -> None:
    plan = planned(cluster(), bricks=listed("1"), **given)

    assert commands_of(plan) == [f"volume create vol transport tcp node1:{B}"]


@pytest.mark.parametrize(
    ("text", "given", "reason"),
    [
        ("1 2", {"replicas": 3}, "wrong_brick_count"),
        ("1 2", {"redundancies": 1}, "invalid_count"),
        ("1 1:/b/x", {"replicas": 2}, "same_host"),
        ("7", {}, "not_in_pool"),
        ("1", {"quota": "1KB", "state": "present", "start_on_create": False}, "not_started"),
        ("1", {"options": {"cash-size": 1}}, "unknown_option"),
    ],
)
def test_volume_that_can_not_be_made_is_refused(
    text: str, given: dict[str, Any], reason: str
) -> None:
    assert refused(cluster(), bricks=listed(text), **given).reason == reason


def test_copies_on_one_machine_are_made_when_allowed() -> None:
    plan = planned(cluster(), bricks=listed("1 1:/b/x"), replicas=2, allow_same_host=True)

    assert commands_of(plan)[0].endswith(" force")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"connected": False}, "peer_down"),
        ({"state": 6, "state_text": "Peer Rejected"}, "peer_rejected"),
    ],
)
def test_volume_on_a_sick_peer_is_refused(changes: dict[str, Any], reason: str) -> None:
    facts = cluster(peers=(peer("node1"), peer("node2", **changes)))

    assert refused(facts, bricks=listed("1 2")).reason == reason


def test_replica_2_is_warned_of() -> None:
    plan = planned(cluster(), bricks=listed("1 2"), replicas=2)

    assert any("split its brain" in warning for warning in plan.warnings)


@pytest.mark.parametrize("given", [{"replicas": 3}, {"replicas": 3, "arbiters": 1}])
def test_three_copies_are_not_warned_of(given: dict[str, int]) -> None:
    assert planned(cluster(), bricks=listed("1 2 3"), **given).warnings == ()


def test_machines_in_cluster_join_first() -> None:
    plan = planned(cluster(), bricks="/b/brick", cluster=["node1", "node7"])

    assert steps_of(plan) == [
        "peer probe node7",
        "until pool list",
        "until --remote-host=node7 pool list",
        f"volume create vol transport tcp node1:{B} node7:{B}",
        "volume start vol",
    ]


def test_every_other_brick_host_is_asked_whether_it_sees_those_that_join() -> None:
    plan = planned(cluster(), bricks=listed("1 2 7"), replicas=3, cluster=["node7"])

    assert steps_of(plan) == [
        "peer probe node7",
        "until pool list",
        "until --remote-host=node7 pool list",
        "until --remote-host=node2 pool list",
        f"volume create vol replica 3 transport tcp node1:{B} node2:{B} node7:{B}",
        "volume start vol",
    ]


def test_every_other_brick_host_is_asked_before_a_volume_is_made() -> None:
    plan = planned(cluster(), bricks=listed("1 2 3 2:/b/x"))

    assert [step for step in steps_of(plan) if step.startswith("until")] == [
        "until --remote-host=node2 pool list",
        "until --remote-host=node3 pool list",
    ]


# --- bricks that are taken


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/b/brick", "brick_in_use"), ("/b/brick/in", "brick_in_use"), ("/b", "brick_in_use")],
)
def test_brick_of_another_volume_is_refused(path: str, reason: str) -> None:
    facts = cluster(volume("2", name="other"))

    assert refused(facts, bricks=[f"node2:{path}"]).reason == reason


def test_same_path_on_another_machine_is_free() -> None:
    plan = planned(cluster(volume("2", name="other")), bricks=listed("3"))

    assert len(commands_of(plan)) == 2


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("/b", "/b", True),
        ("/b", "/b/c", True),
        ("/b/c", "/b", True),
        ("/b", "/bc", False),
        ("/b/c", "/b/d", False),
    ],
)
def test_paths_overlap(one: str, other: str, expected: bool) -> None:
    assert overlaps(one, other) is expected


LOCAL = [
    ({"is_mount_point": True}, {}, "mount_point"),
    ({"is_mount_point": True}, {"allow_mount_point": True}, None),
    ({"is_mount_point": True}, {"allow_brick_reuse": True}, "mount_point"),
    ({"on_root": True}, {}, "root_partition"),
    ({"on_root": True}, {"allow_root_partition": True}, None),
    ({"on_root": True}, {"allow_mount_point": True}, "root_partition"),
    ({"marked_parent": "/b"}, {}, "brick_in_use"),
    ({"marked_parent": "/b"}, {"allow_brick_reuse": True}, None),
    ({"files": 3}, {}, "brick_not_empty"),
    ({"files": 3}, {"allow_brick_reuse": True}, None),
    ({"files": 3, "volume_id": OTHER_ID}, {}, "brick_in_use"),
    ({"files": 3, "volume_id": OTHER_ID}, {"allow_brick_reuse": True}, None),
    ({"files": 3, "volume_id": VOLUME_ID}, {}, "brick_in_use"),
    ({"volume_id": "33333333-3333-3333-3333-333333333333"}, {}, None),
    ({"volume_id": OTHER_ID}, {}, "brick_in_use"),
]


@pytest.mark.parametrize(("changes", "given", "reason"), LOCAL)
def test_local_directory_needs_its_own_permission(
    changes: dict[str, Any], given: dict[str, bool], reason: str | None
) -> None:
    other = volume("2", name="other", id=OTHER_ID)
    facts = cluster(other, directories={B: directory(B, **changes)})

    if reason is None:
        assert planned(facts, bricks=listed("1"), **given).steps
    else:
        assert refused(facts, bricks=listed("1"), **given).reason == reason


@pytest.mark.parametrize(("changes", "given", "reason"), LOCAL)
def test_gluster_brick_judges_as_gluster_volume_does(
    changes: dict[str, Any], given: dict[str, bool], reason: str | None
) -> None:
    other = volume("2", name="other", id=OTHER_ID)
    facts = cluster(other, directories={B: directory(B, **changes)})
    task = wanted_local_brick(params(gluster_brick.ARGUMENT_SPEC, {"path": B, **given}))

    if reason is None:
        assert plan_brick(facts, task)
        return
    with pytest.raises(Refusal) as raised:
        plan_brick(facts, task)
    assert raised.value.reason == reason


def test_directory_on_another_machine_is_not_judged_here() -> None:
    facts = cluster(directories={B: directory(B, files=3)})

    assert planned(facts, bricks=listed("2")).steps


@pytest.mark.parametrize(
    ("changes", "command"),
    [({}, f"rmdir -- {B}"), ({"has_inner": True}, f"rmdir -- {B}/.glusterfs {B}")],
)
def test_debris_of_a_failed_attempt_is_cleared(changes: dict[str, Any], command: str) -> None:
    debris = directory(B, exists=True, volume_id=VOLUME_ID, **changes)

    plan = planned(cluster(directories={B: debris}), bricks=listed("1"))

    assert commands_of(plan)[0] == command


# --- options


@pytest.mark.parametrize(
    ("current", "given", "commands"),
    [
        ({}, {}, []),
        ({}, {"cache-size": "1MB"}, ["set vol performance.cache-size 1MB"]),
        ({"performance.cache-size": "1MB"}, {"cache-size": "1048576"}, []),
        (
            {"performance.quick-read": "on"},
            {"quick-read": False, "cache-size": "1MB"},
            ["set vol performance.quick-read off performance.cache-size 1MB"],
        ),
        (
            {"performance.quick-read": "on"},
            {"quick-read": None},
            ["reset vol performance.quick-read"],
        ),
        ({}, {"quick-read": None}, []),
        ({}, {"user.note": "a: b"}, ["set vol user.note 'a: b'"]),
        ({"user.note": "a: b"}, {"user.note": " a: b "}, []),
        (
            {"performance.quick-read": "on", "auth.allow": "*"},
            {"quick-read": None, "auth.allow": ["10.0.0.1", "10.0.0.2"]},
            ["set vol auth.allow 10.0.0.1,10.0.0.2", "reset vol performance.quick-read"],
        ),
    ],
)
def test_options_that_differ_are_set_in_one_transaction(
    current: dict[str, str], given: dict[str, Any], commands: list[str]
) -> None:
    plan = planned(cluster(volume("1", options=current)), options=given)

    assert commands_of(plan) == [f"volume {command}" for command in commands]


def test_satisfied_options_need_no_list_of_names() -> None:
    facts = cluster(volume("1", options={"performance.quick-read": "on"}), option_names=None)

    assert no_change(facts, options={"quick-read": True})


def test_purge_resets_what_is_not_listed() -> None:
    options = {
        "performance.quick-read": "on",
        "performance.cache-size": "1MB",
        "nfs.disable": "on",
        "user.note": "kept",
    }

    plan = planned(
        cluster(volume("1", options=options)), options={"cache-size": "1MB"}, purge_options=True
    )

    assert commands_of(plan) == ["volume reset vol performance.quick-read"]


def test_options_stay_without_purge() -> None:
    assert no_change(cluster(volume("1", options={"performance.quick-read": "on"})))


def test_group_lies_below_the_options() -> None:
    plan = planned(cluster(volume("1")), options={"group": "virt", "ping-timeout": 10})

    assert commands_of(plan) == [
        "volume set vol performance.quick-read off network.ping-timeout 10"
    ]


def test_group_that_is_in_force_changes_nothing() -> None:
    options = {"performance.quick-read": "off", "network.ping-timeout": "20"}

    assert no_change(cluster(volume("1", options=options)), options={"group": "virt"})


def test_diff_shows_what_purge_resets() -> None:
    facts = cluster(volume("1", options={"performance.quick-read": "on", "nfs.disable": "on"}))
    task = wanted(purge_options=True, options={"cache-size": "1MB"})

    assert managed_options(facts, facts.volumes[0], task) == {"performance.quick-read": "on"}


def test_purge_keeps_the_options_of_the_group() -> None:
    options = {"performance.quick-read": "off", "network.ping-timeout": "20"}

    assert no_change(
        cluster(volume("1", options=options)), options={"group": "virt"}, purge_options=True
    )


@pytest.mark.parametrize(
    ("given", "commands"),
    [
        ({"cluster.max-bricks-per-process": 250}, []),
        (
            {"max-bricks-per-process": 100},
            ["volume set all cluster.max-bricks-per-process 100"],
        ),
        ({}, []),
    ],
)
def test_pool_options_are_set(given: dict[str, Any], commands: list[str]) -> None:
    plan = planned(cluster(), name="all", state="present", options=given)

    assert commands_of(plan) == commands


def test_unknown_pool_option_is_refused() -> None:
    facts = cluster()

    assert refused(facts, name="all", state="present", options={"x": 1}).reason == "unknown_option"


# --- limits


@pytest.mark.parametrize(
    ("current", "limit", "commands"),
    [
        ((), {"hard_limit": "10MB"}, ["limit-usage /a 10485760"]),
        ((Quota("/a", 10485760, 80),), {"hard_limit": "10.0MB"}, []),
        ((Quota("/a", 10485760, 80),), {"hard_limit": "10MB", "soft_limit": 80}, []),
        (
            (Quota("/a", 10485760, 80),),
            {"hard_limit": "10MB", "soft_limit": 70},
            ["limit-usage /a 10485760 70%"],
        ),
        ((Quota("/a", 5, 80),), {"hard_limit": "10MB"}, ["limit-usage /a 10485760"]),
        ((Quota("/b", 10485760, 80),), {"hard_limit": "10MB"}, ["limit-usage /a 10485760"]),
    ],
)
def test_limits_that_differ_are_set(
    current: tuple[Quota, ...], limit: dict[str, Any], commands: list[str]
) -> None:
    facts = cluster(volume("1", options={"features.quota": "on"}), quotas=current)

    plan = planned(facts, quotas=[{"path": "/a", **limit}])

    assert commands_of(plan) == [f"volume quota vol {command}" for command in commands]


def test_quotas_are_turned_on_first() -> None:
    plan = planned(cluster(volume("1")), quota="1KB")

    assert commands_of(plan) == ["volume quota vol enable", "volume quota vol limit-usage / 1024"]


@pytest.mark.parametrize("status", ["created", "stopped"])
def test_limits_are_left_alone_while_the_volume_is_to_stand_still(status: str) -> None:
    assert no_change(cluster(volume("1", status=status)), quota="1KB", state="stopped")


def test_limits_are_set_before_the_volume_stops() -> None:
    plan = planned(cluster(volume("1")), quota="1KB", state="stopped")

    assert commands_of(plan)[-1] == "volume stop vol"
    assert "volume quota vol limit-usage / 1024" in commands_of(plan)


# --- growing and shrinking


@pytest.mark.parametrize(
    ("text", "layout", "bricks_listed", "given", "steps"),
    [
        ("1 2", ONE, "1 2 3", {}, [f"volume add-brick vol node3:{B}"]),
        ("1 2", TWO, "1 2 3 4", {}, [f"volume add-brick vol node3:{B} node4:{B}"]),
        (
            "1",
            ONE,
            "1 2",
            {"rebalance": "full"},
            [
                f"{MARK} full",
                f"volume add-brick vol node2:{B}",
                "volume rebalance vol start",
                "until volume rebalance vol status",
                UNMARK,
            ],
        ),
        (
            "1",
            ONE,
            "1 2",
            {"rebalance": "fix-layout"},
            [
                f"{MARK} fix-layout",
                f"volume add-brick vol node2:{B}",
                "volume rebalance vol fix-layout start",
                "until volume rebalance vol status",
                UNMARK,
            ],
        ),
        (
            "1 2",
            TWO,
            "1 2 3",
            {"replicas": 3},
            [
                f"{MARK} {heal_of('3')}",
                f"volume add-brick vol replica 3 node3:{B}",
                ONLINE,
                HEALED,
                UNMARK,
            ],
        ),
        (
            "1 2",
            TWO,
            "1 2 3",
            {"replicas": 3, "arbiters": 1},
            [
                f"{MARK} {heal_of('3')}",
                f"volume add-brick vol replica 3 arbiter 1 node3:{B}",
                ONLINE,
                HEALED,
                UNMARK,
            ],
        ),
        (
            "1 2",
            TWO,
            "1 2 3",
            {"replicas": 3, "heal_timeout": 0, "force": True},
            [f"{MARK} {heal_of('3')}", f"volume add-brick vol replica 3 node3:{B} force", ONLINE],
        ),
        (
            "1 2 3",
            THREE,
            "1 2",
            {"replicas": 2, "shrink": "migrate"},
            [f"volume remove-brick vol replica 2 node3:{B} force"],
        ),
        (
            "1 2 3",
            ARBITER,
            "1 2",
            {"replicas": 2, "shrink": "migrate"},
            [f"volume remove-brick vol replica 2 node3:{B} force"],
        ),
        (
            "1 2",
            ONE,
            "1",
            {"shrink": "migrate"},
            [
                f"{MARK} remove-brick",
                f"volume remove-brick vol node2:{B} start",
                f"until volume remove-brick vol node2:{B} status",
                f"volume remove-brick vol node2:{B} commit",
                UNMARK,
            ],
        ),
        (
            "1 2 3 4",
            TWO,
            "1 2",
            {"shrink": "discard"},
            [f"volume remove-brick vol node3:{B} node4:{B} force"],
        ),
        (
            "1 2 3",
            THREE,
            "1 2 4",
            {"replace_bricks": {f"node3:{B}": f"node4:{B}"}},
            [
                f"{MARK} {heal_of('4')}",
                f"volume replace-brick vol node3:{B} node4:{B} commit force",
                ONLINE,
                HEALED,
                UNMARK,
            ],
        ),
    ],
)
def test_bricks_change(
    text: str, layout: Layout, bricks_listed: str, given: dict[str, Any], steps: list[str]
) -> None:
    plan = planned(cluster(volume(text, layout)), bricks=listed(bricks_listed), **given)

    assert steps_of(plan) == steps


@pytest.mark.parametrize(
    ("text", "layout", "bricks_listed", "given", "destroys"),
    [
        ("1 2", ONE, "1", {"shrink": "discard"}, True),
        ("1 2", ONE, "1", {"shrink": "migrate"}, False),
        ("1 2 3", THREE, "1 2", {"shrink": "discard", "replicas": 2}, True),
        ("1 2 3", THREE, "1 2", {"shrink": "migrate", "replicas": 2}, False),
        ("1 2", ONE, "1 2 3", {}, False),
    ],
)
def test_only_discard_destroys(
    text: str, layout: Layout, bricks_listed: str, given: dict[str, Any], destroys: bool
) -> None:
    plan = planned(cluster(volume(text, layout)), bricks=listed(bricks_listed), **given)

    assert any(step.destroys for step in plan.steps) is destroys


def test_plan_knows_the_bricks_it_leads_to() -> None:
    plan = planned(cluster(volume("1 2 3 4", TWO)), bricks=listed("1 2 5 3 4 6"), replicas=3)

    after = plan.after.volume("vol")
    assert after is not None
    assert (after.bricks, after.layout) == (bricks("1 2 5 3 4 6"), THREE)


def test_new_copies_come_in_the_order_of_the_volume() -> None:
    """glusterd deals new bricks out over the sets in its own order."""
    plan = planned(cluster(volume("1 2 3 4", TWO)), bricks=listed("3 4 6 1 2 5"), replicas=3)

    assert f"volume add-brick vol replica 3 node5:{B} node6:{B}" in commands_of(plan)


def test_growing_without_rebalance_is_warned_of() -> None:
    plan = planned(cluster(volume("1")), bricks=listed("1 2"))

    assert any("rebalance" in warning for warning in plan.warnings)


def test_alias_and_slash_are_the_brick_there_is() -> None:
    facts = cluster(volume("1"), hosts={"10.0.0.1": host("node1", name="10.0.0.1")})

    assert no_change(facts, bricks=["10.0.0.1:/b/brick/"])


def test_unchanged_bricks_need_nothing_but_the_volumes() -> None:
    facts = Cluster(volumes=(volume("1 2 3", THREE),))

    assert no_change(facts, bricks=listed("1 2 3"), replicas=3)


# --- a brick made anew in its place


def test_dead_brick_is_renewed_in_its_place() -> None:
    name = f"node3:{B}"

    plan = planned(
        cluster(volume("1 2 3", THREE), down="3"),
        bricks=listed("1 2 3"),
        replace_bricks={name: name},
    )

    assert steps_of(plan) == [
        f"{MARK} {heal_of('3')}",
        f"volume reset-brick vol {name} start",
        f"volume reset-brick vol {name} {name} commit force",
        ONLINE,
        HEALED,
        UNMARK,
    ]


def test_living_brick_is_not_renewed() -> None:
    name = f"node3:{B}"

    assert no_change(
        cluster(volume("1 2 3", THREE)), bricks=listed("1 2 3"), replace_bricks={name: name}
    )


def test_brick_of_a_volume_that_never_ran_is_not_renewed() -> None:
    name = f"node3:{B}"
    facts = cluster(volume("1 2 3", THREE, status="created"), statuses=None, tasks=None)

    plan = planned(facts, bricks=listed("1 2 3"), replace_bricks={name: name})

    assert steps_of(plan) == ["volume start vol"]


def test_brick_is_not_renewed_on_a_volume_that_does_not_run() -> None:
    """Nobody knows yet whether it is dead, so the run that starts it could not keep its word."""
    name = f"node3:{B}"
    facts = cluster(volume("1 2 3", THREE, status="stopped"), statuses=None, tasks=None)

    error = refused(facts, bricks=listed("1 2 3"), replace_bricks={name: name})

    assert error.reason == "not_started"


def test_replacement_that_is_made_already_is_no_change() -> None:
    assert no_change(
        cluster(volume("1 2 4", THREE)),
        bricks=listed("1 2 4"),
        replace_bricks={f"node3:{B}": f"node4:{B}"},
    )


def test_dead_bricks_are_replaced_before_living_ones() -> None:
    swaps = {f"node1:{B}": f"node4:{B}", f"node3:{B}": f"node5:{B}"}

    plan = planned(
        cluster(volume("1 2 3", THREE), down="3"),
        bricks=listed("4 2 5"),
        replace_bricks=swaps,
    )

    assert steps_of(plan) == [
        f"{MARK} {heal_of('4 5')}",
        f"volume replace-brick vol node3:{B} node5:{B} commit force",
        ONLINE,
        HEALED,
        f"volume replace-brick vol node1:{B} node4:{B} commit force",
        ONLINE,
        HEALED,
        UNMARK,
    ]


# --- refusals


@pytest.mark.parametrize(
    ("text", "layout", "bricks_listed", "given", "reason"),
    [
        ("1 2", ONE, "1", {}, "shrink_refused"),
        ("1 2 3", THREE, "1 2", {"replicas": 2}, "shrink_refused"),
        ("1 2", ONE, "1 3", {}, "shrink_refused"),
        ("1 2", TWO, "1 3", {}, "replacement_not_named"),
        ("1 2", ONE, "1 3", {"replace_bricks": {f"node2:{B}": f"node3:{B}"}}, "no_other_copy"),
        (
            "1 2",
            TWO,
            "3 4",
            {
                "replace_bricks": {f"node1:{B}": f"node3:{B}", f"node2:{B}": f"node4:{B}"},
                "heal_timeout": 0,
            },
            "no_other_copy",
        ),
        (
            "1 2",
            TWO,
            "1 2",
            {"replace_bricks": {f"node2:{B}": f"node3:{B}"}},
            "replacement_not_listed",
        ),
        ("1 2", TWO, "1 7", {"replace_bricks": {f"node2:{B}": f"node7:{B}"}}, "not_in_pool"),
        ("1 2", TWO, "1 2 1:/b/x", {"replicas": 3}, "same_host"),
        ("1 2", TWO, "1 2 3 4", {"transport": "rdma"}, "impossible_transport"),
    ],
)
def test_unsafe_change_is_refused(
    text: str, layout: Layout, bricks_listed: str, given: dict[str, Any], reason: str
) -> None:
    facts = cluster(volume(text, layout))

    assert refused(facts, bricks=listed(bricks_listed), **given).reason == reason


def test_replacement_in_a_volume_that_loses_its_copies_is_refused() -> None:
    error = refused(
        cluster(volume("1 2", TWO)),
        bricks=listed("3"),
        replicas=1,
        shrink="discard",
        replace_bricks={f"node1:{B}": f"node3:{B}"},
    )

    assert error.reason in ("two_changes", "no_other_copy")


@pytest.mark.parametrize("status", ["created", "stopped"])
@pytest.mark.parametrize("state", ["present", "started", "stopped"])
def test_bricks_of_a_volume_that_does_not_run_are_not_changed(status: str, state: str) -> None:
    facts = cluster(volume("1", status=status), statuses=None, tasks=None, heal=None)

    assert refused(facts, bricks=listed("1 2"), state=state).reason == "not_started"


@pytest.mark.parametrize(
    ("bricks_listed", "given"),
    [
        ("1 2 3 4 5 6", {}),
        ("1 2", {"replicas": 2, "shrink": "migrate"}),
        ("1 2 3 4", {"replicas": 4}),
        ("4 2 3", {"replace_bricks": {f"node1:{B}": f"node4:{B}"}}),
    ],
)
def test_nothing_changes_while_another_brick_is_down(
    bricks_listed: str, given: dict[str, Any]
) -> None:
    facts = cluster(volume("1 2 3", THREE), down="3")

    assert refused(facts, bricks=listed(bricks_listed), **given).reason == "brick_down"


def test_dead_copy_can_be_discarded() -> None:
    plan = planned(
        cluster(volume("1 2 3", THREE), down="3"),
        bricks=listed("1 2"),
        replicas=2,
        shrink="discard",
    )

    assert commands_of(plan) == [f"volume remove-brick vol replica 2 node3:{B} force"]


def test_nothing_changes_with_files_in_split_brain() -> None:
    facts = cluster(volume("1 2", TWO), heal=counts(bricks("1 2"), 1, 1))

    assert refused(facts, bricks=listed("1 2 3"), replicas=3).reason == "split_brain"


def test_healing_is_awaited_before_a_change() -> None:
    facts = cluster(volume("1 2", TWO), heal=counts(bricks("1 2"), 5))

    plan = planned(facts, bricks=listed("1 2 3"), replicas=3)

    assert steps_of(plan)[:3] == [
        f"{MARK} {heal_of('3')}",
        HEALED,
        f"volume add-brick vol replica 3 node3:{B}",
    ]


def test_incomplete_copies_refuse_where_nobody_waits() -> None:
    facts = cluster(volume("1 2", TWO), heal=counts(bricks("1 2"), 5))

    error = refused(facts, bricks=listed("1 2 3"), replicas=3, heal_timeout=0)

    assert error.reason == "heal_pending"


def test_unknown_healing_refuses() -> None:
    facts = cluster(volume("1 2", TWO), heal=counts(bricks("1 2"), None, None))

    assert refused(facts, bricks=listed("1 2 3"), replicas=3).reason == "heal_unknown"


def test_last_living_copy_is_not_replaced() -> None:
    facts = cluster(volume("1 2", TWO), down="1 2")
    swaps = {f"node1:{B}": f"node3:{B}", f"node2:{B}": f"node4:{B}"}

    assert refused(facts, bricks=listed("3 4"), replace_bricks=swaps).reason == "no_other_copy"


def test_arbiter_is_no_copy_to_make_others_from() -> None:
    facts = cluster(volume("1 2 3", ARBITER), down="1 2")
    swaps = {f"node1:{B}": f"node4:{B}", f"node2:{B}": f"node5:{B}"}

    assert refused(facts, bricks=listed("4 5 3"), replace_bricks=swaps).reason == "no_other_copy"


@pytest.mark.parametrize(
    ("old", "new", "given", "is_refused"),
    [
        ("2", "3", {}, True),
        ("2", "3", {"checked_bricks": True}, False),
        ("2", "3", {"allow_brick_reuse": True}, False),
        ("2", "1:/b/x", {"allow_same_host": True}, False),
        ("2", "2", {}, True),
        ("2", "2", {"checked_bricks": True}, False),
        ("1", "1", {}, False),
    ],
)
def test_what_nobody_has_looked_at_takes_no_bricks_place(
    old: str, new: str, given: dict[str, Any], is_refused: bool
) -> None:
    """glusterd puts in whatever is there; only this machine's directories can be seen."""
    task = {
        "bricks": [name for number in "12" for name in listed(new if number == old else number)],
        "replace_bricks": dict(zip(listed(old), listed(new), strict=True)),
        "checked_bricks": False,
        **given,
    }
    facts = cluster(volume("1 2", TWO), down=old if old == new else "")

    if is_refused:
        assert refused(facts, **task).reason == "brick_unchecked"
    else:
        assert planned(facts, **task).changes


# --- disperse sets


def swapped(*numbers: int) -> dict[str, Any]:
    """Six bricks of which these are replaced on their machines."""
    return {
        "bricks": [f"node{n}:/b/x" if n in numbers else f"node{n}:{B}" for n in range(1, 7)],
        "replace_bricks": {f"node{n}:{B}": f"node{n}:/b/x" for n in numbers},
    }


@pytest.mark.parametrize(
    ("down", "numbers", "given", "reason"),
    [
        ("", (1,), {}, ""),
        ("6", (6,), {}, ""),
        ("5 6", (5, 6), {}, ""),
        ("", (1, 2), {}, "two_changes"),
        ("6", (1, 6), {}, "two_changes"),
        ("6", (1,), {}, "brick_down"),
        ("4 5 6", (4, 5, 6), {}, "no_other_copy"),
        ("", (1,), {"heal_timeout": 0}, "no_other_copy"),
        ("6", (6,), {"heal_timeout": 0}, "no_other_copy"),
    ],
)
def test_living_bricks_of_a_disperse_set_are_replaced_one_in_a_task(
    down: str, numbers: tuple[int, ...], given: dict[str, Any], reason: str
) -> None:
    facts = cluster(volume("1 2 3 4 5 6", Layout(disperses=6, redundancies=2)), down=down)
    task = {**swapped(*numbers), **given}

    if reason:
        assert refused(facts, **task).reason == reason
    else:
        assert len([c for c in commands_of(planned(facts, **task)) if "commit force" in c]) == len(
            numbers
        )


def test_bricks_of_several_disperse_sets_are_replaced_in_one_task() -> None:
    facts = cluster(volume("1 2 3 4 5 6", DISPERSE))

    plan = planned(facts, **swapped(1, 4))

    assert steps_of(plan)[1:-1] == [
        f"volume replace-brick vol node1:{B} node1:/b/x commit force",
        ONLINE,
        HEALED,
        f"volume replace-brick vol node4:{B} node4:/b/x commit force",
        ONLINE,
        HEALED,
    ]


# --- copies that are not complete


@pytest.mark.parametrize(
    ("entries", "is_refused"),
    [
        ({}, False),
        ({"2": {"g1"}}, False),
        ({"2": {"g1"}, "3": {"g1"}}, False),
        ({"3": {"g1"}}, True),
    ],
)
def test_dead_brick_goes_only_if_a_brick_with_data_has_every_entry(
    entries: dict[str, set[str]], is_refused: bool
) -> None:
    """An arbiter knows of an entry that the others have missed, and does not have it."""
    found = volume("1 2 3", ARBITER)
    known = {f"node{n}:{B}": frozenset(files) for n, files in entries.items()}
    facts = cluster(found, down="1", heal_entries=known)
    given: dict[str, Any] = {
        "bricks": listed("4 2 3"),
        "replace_bricks": {f"node1:{B}": f"node4:{B}"},
    }

    if is_refused:
        assert refused(facts, **given).reason == "no_other_copy"
    else:
        assert planned(facts, **given).changes


@pytest.mark.parametrize("name", ["cluster.self-heal-daemon", "cluster.disperse-self-heal-daemon"])
@pytest.mark.parametrize(
    ("bricks_listed", "given"),
    [
        ("1 2 3", {"replicas": 3}),
        ("1 3", {"replace_bricks": {f"node2:{B}": f"node3:{B}"}}),
    ],
)
def test_no_new_copies_while_healing_is_turned_off(
    name: str, bricks_listed: str, given: dict[str, Any]
) -> None:
    facts = cluster(volume("1 2", TWO, options={name: "off"}), option_names=(name,))

    error = refused(facts, bricks=listed(bricks_listed), **given)
    plan = planned(facts, bricks=listed(bricks_listed), options={name: "on"}, **given)

    assert error.reason == "heal_disabled"
    assert commands_of(plan)[0] == f"volume set vol {name} on"


def test_new_sets_need_no_healing() -> None:
    options = {"cluster.self-heal-daemon": "off"}

    assert planned(cluster(volume("1 2", TWO, options=options)), bricks=listed("1 2 3 4")).changes


def test_counts_without_bricks_are_refused() -> None:
    assert refused(cluster(volume("1 2", TWO)), replicas=3).reason == "no_bricks"


def test_counts_as_they_are_need_no_bricks() -> None:
    assert no_change(cluster(volume("1 2", TWO)), replicas=2)


def test_transport_left_out_stays() -> None:
    assert no_change(cluster(volume("1", transport="tcp,rdma")), bricks=listed("1"))


def test_transport_left_out_stays_without_bricks_too() -> None:
    assert no_change(cluster(volume("1", transport="tcp,rdma")))


# --- what an interrupted run left


REMOVAL = Task("remove-brick", "t", "in progress", (f"node2:{B}",))
REBALANCE = Task("rebalance", "t", "in progress")


def unfinished(text: str, kinds: str, layout: Layout = ONE) -> Volume:
    return volume(text, layout, options={UNFINISHED: kinds})


@pytest.mark.parametrize(
    ("had", "listed_bricks", "given"),
    [
        ("1 2", "1", {"shrink": "migrate"}),
        ("1", "1 2", {"rebalance": "full"}),
    ],
)
def test_release_that_deletes_what_it_moves_is_refused(
    had: str, listed_bricks: str, given: dict[str, Any]
) -> None:
    facts = cluster(volume(had, ONE), release="11.0")

    refusal = refused(facts, bricks=listed(listed_bricks), **given)

    assert refusal.reason == "broken_release"


@pytest.mark.parametrize(
    ("had", "listed_bricks", "given", "options", "count"),
    [
        ("1 2", "1", {"shrink": "migrate"}, {}, 2),
        ("1 2", "1", {"shrink": "migrate"}, {"cluster.lookup-optimize": "off"}, 1),
        ("1", "1 2", {"rebalance": "full"}, {}, 2),
        ("1", "1 2", {"rebalance": "fix-layout"}, {}, 0),
    ],
)
def test_what_clients_may_see_while_files_move_is_said(
    had: str, listed_bricks: str, given: dict[str, Any], options: dict[str, str], count: int
) -> None:
    facts = cluster(volume(had, ONE, options=options))

    plan = planned(facts, bricks=listed(listed_bricks), **given)

    assert len([words for words in plan.warnings if "While files move" in words]) == count


def test_release_that_deletes_what_it_moves_may_grow() -> None:
    facts = cluster(volume("1", ONE), release="11.0")

    plan = planned(facts, bricks=listed("1 2"))

    assert steps_of(plan) == [f"volume add-brick vol node2:{B}"]


def test_removal_under_way_is_taken_up() -> None:
    facts = cluster(unfinished("1 2", "remove-brick"), tasks=(REMOVAL,))

    plan = planned(facts, bricks=listed("1"), shrink="migrate")

    assert steps_of(plan) == [
        f"until volume remove-brick vol node2:{B} status",
        f"volume remove-brick vol node2:{B} commit",
        UNMARK,
    ]


def test_removal_of_a_brick_that_is_wanted_again_is_stopped() -> None:
    facts = cluster(unfinished("1 2", "remove-brick"), tasks=(REMOVAL,))

    plan = planned(facts, bricks=listed("1 2"))

    assert steps_of(plan) == [f"volume remove-brick vol node2:{B} stop", UNMARK]


def test_removal_that_somebody_else_began_is_left_alone() -> None:
    facts = cluster(volume("1 2 3"), tasks=(REMOVAL,))

    assert no_change(facts, bricks=listed("1 2 3"))


def test_removal_of_other_bricks_refuses_a_change() -> None:
    other = Task("remove-brick", "t", "in progress", ("node6:/b/other",))
    facts = cluster(volume("1 2"), tasks=(other,))

    assert refused(facts, bricks=listed("1 2 3")).reason == "task_in_progress"


def test_rebalance_under_way_is_awaited_before_a_change() -> None:
    facts = cluster(volume("1 2"), tasks=(REBALANCE,))

    plan = planned(facts, bricks=listed("1 2 3"))

    assert steps_of(plan) == [
        "until volume rebalance vol status",
        f"volume add-brick vol node3:{B}",
    ]


@pytest.mark.parametrize("status", ["completed", "failed", "stopped"])
def test_rebalance_that_is_over_is_not_awaited(status: str) -> None:
    facts = cluster(volume("1 2"), tasks=(Task("rebalance", "t", status),))

    plan = planned(facts, bricks=listed("1 2 3"))

    assert steps_of(plan) == [f"volume add-brick vol node3:{B}"]


@pytest.mark.parametrize(("kind", "words"), [("full", "start"), ("fix-layout", "fix-layout start")])
def test_rebalance_that_was_not_begun_is_begun(kind: str, words: str) -> None:
    plan = planned(cluster(unfinished("1 2", kind)), bricks=listed("1 2"))

    assert steps_of(plan) == [
        f"volume rebalance vol {words}",
        "until volume rebalance vol status",
        UNMARK,
    ]


def test_rebalance_under_way_is_not_begun_again() -> None:
    facts = cluster(unfinished("1 2", "full"), tasks=(REBALANCE,))

    plan = planned(facts, bricks=listed("1 2"))

    assert steps_of(plan) == ["until volume rebalance vol status", UNMARK]


def test_healing_is_awaited_again() -> None:
    plan = planned(cluster(unfinished("1 2", "heal", TWO)), bricks=listed("1 2"))

    assert steps_of(plan) == [ONLINE, HEALED, UNMARK]


def test_killed_replacement_of_a_dead_brick_can_be_run_again() -> None:
    """Noted and not begun: what was to be filled is not in the volume yet."""
    facts = cluster(unfinished("1 2 3", heal_of("4"), THREE), down="3")

    plan = planned(facts, bricks=listed("1 2 4"), replace_bricks={f"node3:{B}": f"node4:{B}"})

    assert f"volume replace-brick vol node3:{B} node4:{B} commit force" in steps_of(plan)


def test_killed_renewal_of_a_dead_brick_can_be_run_again() -> None:
    facts = cluster(unfinished("1 2 3", heal_of("3"), THREE), down="3")
    name = f"node3:{B}"

    plan = planned(facts, bricks=listed("1 2 3"), replace_bricks={name: name})

    assert f"volume reset-brick vol {name} start" in steps_of(plan)


def test_note_of_healing_stays_where_nobody_waits() -> None:
    facts = cluster(unfinished("1 2", heal_of("2"), TWO))

    assert no_change(facts, bricks=listed("1 2"), heal_timeout=0)


def test_other_notes_go_where_nobody_waits() -> None:
    facts = cluster(unfinished("1 2", f"remove-brick+{heal_of('2')}", TWO))

    plan = planned(facts, bricks=listed("1 2"), heal_timeout=0)

    assert steps_of(plan)[-1] == f"{MARK} {heal_of('2')}"


def test_unfinished_healing_is_awaited_before_the_next_change() -> None:
    """Even if nothing is left to heal: in disperse sets it may not have begun."""
    facts = cluster(unfinished("1 2 3", heal_of("2"), DISPERSE))

    plan = planned(facts, bricks=listed("1 2 4"), replace_bricks={f"node3:{B}": f"node4:{B}"})

    assert steps_of(plan) == [
        f"{MARK} {heal_of('2 4')}",
        HEALED,
        f"volume replace-brick vol node3:{B} node4:{B} commit force",
        ONLINE,
        HEALED,
        UNMARK,
    ]
    assert plan.steps[1].steady_seconds > 0


@pytest.mark.parametrize("shrink", ["refuse", "discard"])
def test_unfinished_healing_refuses_to_let_a_dead_brick_go(shrink: str) -> None:
    """The one that lives may be the one that was not filled."""
    facts = cluster(unfinished("1 2", "heal", TWO), down="1")
    given: dict[str, Any] = {
        "bricks": listed("3 2"),
        "replace_bricks": {f"node1:{B}": f"node3:{B}"},
    }
    if shrink == "discard":
        given = {"bricks": listed("2"), "replicas": 1}

    assert refused(facts, shrink=shrink, **given).reason == "heal_pending"


def test_mark_alone_is_taken_away() -> None:
    plan = planned(cluster(unfinished("1", "remove-brick")), bricks=listed("1"))

    assert steps_of(plan) == [UNMARK]


def test_mark_of_an_earlier_change_outlives_another_one() -> None:
    facts = cluster(unfinished("1 2", "full"))

    plan = planned(facts, bricks=listed("1 2 3"))

    assert steps_of(plan) == [
        f"volume add-brick vol node3:{B}",
        "volume rebalance vol start",
        "until volume rebalance vol status",
        UNMARK,
    ]


@pytest.mark.parametrize("status", ["stopped", "created"])
def test_volume_that_does_not_run_keeps_its_mark(status: str) -> None:
    facts = cluster(volume("1", status=status, options={UNFINISHED: "heal"}))

    assert no_change(facts, bricks=listed("1"), state="stopped")


@pytest.mark.parametrize("kind", ["full", "fix-layout"])
def test_left_over_rebalance_of_one_set_is_forgotten(kind: str) -> None:
    """glusterd would refuse it: there is nothing to spread files over."""
    plan = planned(cluster(unfinished("1 2", kind, TWO)), bricks=listed("1 2"))

    assert steps_of(plan) == [UNMARK]


def test_rebalance_under_way_reports_for_the_bricks_there_are() -> None:
    facts = cluster(volume("1 2"), tasks=(REBALANCE,))
    row = "<node><id>{}</id><statusStr>completed</statusStr></node>"
    answer = f"<x>{row.format(uid('node1'))}{row.format(uid('node2'))}</x>"

    wait = planned(facts, bricks=listed("1 2 3")).steps[0]

    assert wait.until is not None
    assert wait.until(answer) == ""


@pytest.mark.parametrize("task", [REBALANCE, REMOVAL])
@pytest.mark.parametrize("state", ["stopped", "absent"])
def test_volume_is_not_stopped_while_files_move(task: Task, state: str) -> None:
    facts = cluster(volume("1 2"), tasks=(task,))

    error = refused(facts, state=state, options={"quick-read": True})

    assert error.reason == "task_in_progress"


def test_removal_under_way_is_finished_before_bricks_are_added() -> None:
    """glusterd adds none while a removal is not committed."""
    facts = cluster(unfinished("1 2", "remove-brick"), tasks=(REMOVAL,))

    plan = planned(facts, bricks=listed("1 3"), shrink="migrate")

    assert steps_of(plan) == [
        f"until volume remove-brick vol node2:{B} status",
        f"volume remove-brick vol node2:{B} commit",
        f"volume add-brick vol node3:{B}",
        UNMARK,
    ]


# --- a directory of this machine


def brick_plan(facts: Cluster, **given: Any) -> Plan[Cluster]:
    task = params(gluster_brick.ARGUMENT_SPEC, {"path": B, **given})
    return plan_brick(facts, wanted_local_brick(task))


def test_fit_directory_is_left_alone() -> None:
    assert brick_plan(cluster(directories={B: directory(B, exists=True)})).steps == ()


def test_directory_above_is_made() -> None:
    plan = brick_plan(cluster(directories={B: directory(B, missing_parent=True)}))

    assert commands_of(plan) == ["mkdir -p -- /b"]


def test_debris_is_cleared() -> None:
    debris = directory(B, exists=True, volume_id=VOLUME_ID, has_inner=True)

    plan = brick_plan(cluster(directories={B: debris}))

    assert commands_of(plan) == [f"rmdir -- {B}/.glusterfs {B}"]


def test_brick_of_the_named_volume_is_left_alone() -> None:
    used = directory(B, exists=True, files=9, volume_id=VOLUME_ID, on_root=True)

    assert brick_plan(cluster(volume("1"), directories={B: used}), volume="vol").steps == ()


@pytest.mark.parametrize("volumes", [(), (volume("1"),)])
def test_brick_below_a_disk_that_is_not_mounted_is_refused(volumes: tuple[Volume, ...]) -> None:
    """Also one that the volume has: a second run finds that the disk has gone."""
    facts = cluster(*volumes, directories={B: directory(B), "/b": directory("/b", exists=True)})

    with pytest.raises(Refusal) as raised:
        brick_plan(facts, volume="vol", mount="/b")

    assert raised.value.reason == "not_mounted"


def test_brick_below_a_mounted_disk_is_fit() -> None:
    disk = directory("/b", exists=True, is_mount_point=True)

    assert brick_plan(cluster(directories={B: directory(B), "/b": disk}), mount="/b").steps == ()


@pytest.mark.parametrize("given", [{}, {"volume": "other"}])
def test_brick_of_any_other_volume_is_refused(given: dict[str, str]) -> None:
    facts = cluster(volume("1"), directories={B: directory(B, exists=True)})

    with pytest.raises(Refusal) as raised:
        brick_plan(facts, **given)

    assert raised.value.reason == "brick_in_use"
