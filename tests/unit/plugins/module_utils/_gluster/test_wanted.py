# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module parameters: their normal form, and each kind of bad input with its reason."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import Brick, Quota
from ansible_collections.clustered.storage.plugins.module_utils._gluster.wanted import (
    Policy,
    wanted_brick,
    wanted_local_brick,
    wanted_peers,
    wanted_volume,
)
from ansible_collections.clustered.storage.plugins.modules import (
    gluster_brick,
    gluster_peer,
    gluster_volume,
)
from helpers.build import params, wanted
from hypothesis import given
from hypothesis import strategies as st

SEGMENT = st.text("abc.-_09", min_size=1).filter(lambda text: text not in (".", ".."))


def peers(**given_params: Any) -> Any:
    return wanted_peers(params(gluster_peer.ARGUMENT_SPEC, given_params))


def quota(**limit: Any) -> dict[str, Any]:
    return {"quotas": [{"path": "/", "hard_limit": "1GB", **limit}]}


# --- bad input


@pytest.mark.parametrize(
    ("given_params", "reason"),
    [
        ({"name": "with blank"}, "invalid_name"),
        ({"name": ""}, "invalid_name"),
        ({"name": "a/b"}, "invalid_name"),
        ({"name": "ümlaut"}, "invalid_name"),
        ({"name": "all", "state": "started"}, "invalid_name"),
        ({"name": "all", "state": "absent"}, "invalid_name"),
        ({"name": "all", "state": "present", "bricks": ["a:/b"]}, "invalid_name"),
        ({"name": "all", "state": "present", **quota()}, "invalid_name"),
        ({"stripes": 2}, "stripe_unsupported"),
        ({"replicas": -1}, "invalid_count"),
        ({"arbiters": -1}, "invalid_count"),
        ({"arbiters": 2, "replicas": 3}, "invalid_count"),
        ({"arbiters": 1}, "invalid_count"),
        ({"arbiters": 1, "replicas": 4}, "invalid_count"),
        ({"replicas": 2, "disperses": 3}, "invalid_layout"),
        ({"replicas": 3, "redundancies": 1}, "invalid_layout"),
        ({"bricks": ["/b"]}, "invalid_brick"),
        ({"bricks": ["a:/b", "/c"], "cluster": ["a"]}, "invalid_brick"),
        ({"bricks": ["a:b"]}, "invalid_brick"),
        ({"bricks": ["a"]}, "invalid_brick"),
        ({"bricks": [":/b"]}, "invalid_brick"),
        ({"bricks": ["a:/"]}, "invalid_brick"),
        ({"bricks": ["a:/b/.."]}, "invalid_brick"),
        ({"bricks": ["a:/b", "a:/b/"]}, "duplicate_brick"),
        ({"bricks": ["a:/b", "a://b"]}, "duplicate_brick"),
        ({"bricks": ["/b", "/b/"], "cluster": ["a"]}, "duplicate_brick"),
        ({"bricks": ["/b"], "cluster": ["a", "a"]}, "duplicate_brick"),
        ({"replace_bricks": {"a:/b": "c"}}, "invalid_brick"),
        ({"replace_bricks": {"a:/b": None}}, "invalid_brick"),
        ({"options": {"auth.allow": {"a": 1}}}, "invalid_option"),
        (quota(hard_limit="lots"), "invalid_quota"),
        (quota(hard_limit="0"), "invalid_quota"),
        (quota(hard_limit="-5"), "invalid_quota"),
        (quota(path="home"), "invalid_quota"),
        (quota(soft_limit=0), "invalid_quota"),
        (quota(soft_limit=101), "invalid_quota"),
        ({"quota": "lots"}, "invalid_quota"),
        ({"quota": "1GB", "directory": "home"}, "invalid_quota"),
    ],
    ids=str,
)
def test_bad_input_is_refused_with_its_reason(given_params: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refusal) as raised:
        wanted(**given_params)

    assert raised.value.reason == reason
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        ([], "no_nodes"),
        (["", " "], "no_nodes"),
        (["a:/b"], "invalid_host"),
        (["a b"], "invalid_host"),
    ],
)
def test_bad_nodes_are_refused(nodes: list[str], reason: str) -> None:
    with pytest.raises(Refusal) as raised:
        peers(nodes=nodes)

    assert raised.value.reason == reason


def test_further_names_of_a_node_that_is_not_listed_are_refused() -> None:
    with pytest.raises(Refusal, match="aliases has names for c") as raised:
        peers(nodes=["a"], aliases={"c": ["d"]})

    assert raised.value.reason == "invalid_host"


@pytest.mark.parametrize("further", ["a2", ["a2"], ["a2", " a2 "]])
def test_further_names_are_a_list_or_one(further: Any) -> None:
    assert peers(nodes=["a"], aliases={"a": further}).aliases == {"a": ("a2",)}


def test_stripes_are_answered_with_what_to_use() -> None:
    with pytest.raises(Refusal) as raised:
        wanted(stripes=2)

    assert "features.shard" in raised.value.remedy
    assert "disperses" in raised.value.remedy


@pytest.mark.parametrize("stripes", [0, 1])
def test_no_stripes_said_in_full_are_accepted(stripes: int) -> None:
    assert wanted(stripes=stripes).name == "vol"


# --- normal forms


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a:/b/c", "a:/b/c"),
        ("a:/b/c/", "a:/b/c"),
        ("a://b//c/./d/..", "a:/b/c"),
        ("10.0.0.1:/b", "10.0.0.1:/b"),
        ("fd00::1:/b", "fd00::1:/b"),
        ("[fd00::1]:/b", "fd00::1:/b"),
    ],
)
def test_brick_has_one_form(text: str, name: str) -> None:
    assert wanted_brick(text).name == name


@given(st.lists(SEGMENT, min_size=1, max_size=4))
def test_normal_form_is_its_own(segments: list[str]) -> None:
    once = wanted_brick(f"a:/{'/'.join(segments)}")

    assert wanted_brick(once.name) == once


def test_paths_are_taken_on_each_host_path_by_path() -> None:
    bricks = wanted(bricks=["/b/1", "/b/2"], cluster=["a", "c"]).bricks

    assert [b.name for b in bricks or ()] == ["a:/b/1", "c:/b/1", "a:/b/2", "c:/b/2"]


def test_comma_separated_bricks_are_several() -> None:
    volume = wanted(bricks="/b/1,/b/2", cluster="a")

    assert volume.bricks == (Brick("a", "/b/1"), Brick("a", "/b/2"))


@pytest.mark.parametrize("bricks", [None, [], "", [" "]])
def test_no_bricks_leave_them_as_they_are(bricks: Any) -> None:
    assert wanted(bricks=bricks).bricks is None


@pytest.mark.parametrize(
    ("replicas", "arbiters", "expected"),
    [
        (None, None, (None, None)),
        (0, 0, (None, 0)),
        (3, None, (3, None)),
        (3, 0, (3, 0)),
        (3, 1, (3, 1)),
        (2, 1, (3, 1)),
    ],
)
def test_arbiter_is_one_of_the_replicas(
    replicas: int | None, arbiters: int | None, expected: tuple[int | None, int | None]
) -> None:
    volume = wanted(replicas=replicas, arbiters=arbiters)

    assert (volume.replicas, volume.arbiters) == expected


def test_option_group_is_no_option() -> None:
    volume = wanted(options={"group": "virt", "cache-size": "1MB"})

    assert (volume.option_group, dict(volume.options)) == ("virt", {"cache-size": "1MB"})


@pytest.mark.parametrize(
    ("state", "start_on_create", "start"),
    [
        ("started", False, True),
        ("present", True, True),
        ("present", False, False),
    ],
)
def test_volume_is_to_be_started(state: str, start_on_create: bool, start: bool) -> None:
    assert wanted(state=state, start_on_create=start_on_create).start is start


@pytest.mark.parametrize(
    ("given_params", "expected"),
    [
        (quota(), (Quota("/", 1024**3),)),
        (quota(path="/home/", soft_limit=80), (Quota("/home", 1024**3, 80),)),
        (quota(path="//home"), (Quota("/home", 1024**3),)),
        (quota(hard_limit=4096), (Quota("/", 4096),)),
        ({"quota": "20.0MB", "directory": "/foo"}, (Quota("/foo", 20 * 1024**2),)),
        ({"quota": "1GB"}, (Quota("/", 1024**3),)),
        ({"directory": "/foo"}, ()),
    ],
    ids=str,
)
def test_limits_are_bytes(given_params: dict[str, Any], expected: tuple[Quota, ...]) -> None:
    assert wanted(**given_params).quotas == expected


@pytest.mark.parametrize(
    ("rebalance", "expected"),
    [("yes", "full"), ("no", "never"), (True, "full"), (False, "never"), ("fix-layout",) * 2],
)
def test_rebalance_of_old_playbooks_is_understood(rebalance: Any, expected: str) -> None:
    assert wanted(rebalance=rebalance).policy.rebalance == expected


def policy_of(**given_params: Any) -> Policy:
    """The policy of a task that says nothing else, not even what tests usually say."""
    task = {"name": "vol", "state": "started", **given_params}
    return wanted_volume(params(gluster_volume.ARGUMENT_SPEC, task)).policy


def test_force_allows_places_but_neither_loss_nor_reuse() -> None:
    policy = policy_of(force=True)

    assert policy == Policy(allow_root_partition=True, allow_mount_point=True, allow_same_host=True)
    assert policy.needs_force


def test_nothing_is_forced_by_default() -> None:
    assert policy_of() == Policy()
    assert not Policy().needs_force


def test_nodes_are_listed_once() -> None:
    assert peers(nodes=["a", " b ", "a", ""]).nodes == ("a", "b")


def test_local_brick_has_a_normal_path() -> None:
    given_params = params(
        gluster_brick.ARGUMENT_SPEC, {"path": "/b//c/", "allow_mount_point": True}
    )

    brick = wanted_local_brick(given_params)

    assert (brick.path, brick.volume, brick.mount) == ("/b/c", "", "")
    assert brick.policy == Policy(allow_mount_point=True)


@pytest.mark.parametrize("mount", ["/b/c", "/b/cc", "/d", "/b/c/d"])
def test_local_brick_is_below_its_mount_point(mount: str) -> None:
    given_params = params(gluster_brick.ARGUMENT_SPEC, {"path": "/b/c", "mount": mount})

    with pytest.raises(Refusal) as raised:
        wanted_local_brick(given_params)

    assert raised.value.reason == "outside_mount"


def test_mount_point_of_a_local_brick_has_a_normal_path() -> None:
    given_params = params(gluster_brick.ARGUMENT_SPEC, {"path": "/b/c/d", "mount": "/b//c/"})

    assert wanted_local_brick(given_params).mount == "/b/c"
