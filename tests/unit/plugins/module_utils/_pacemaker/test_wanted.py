# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.wanted import (
    OWN_PROPERTIES,
    Wanted,
    WantedFenceDevice,
    wanted_cluster,
)

UUID = "2f4a7c1e-6d0b-4a53-9a1b-8a3b5d9c0e11"
DEFAULTS: dict[str, Any] = {
    "state": "present",
    "properties": None,
    "fence_devices": None,
    "drbd_resource": None,
    "device": None,
    "mount_point": None,
    "filesystem_name": None,
    "mount_options": "noatime",
    "journals": None,
    "journal_size_mib": None,
    "cluster_name": None,
    "create_filesystem": "if_blank",
    "replace_filesystem": None,
    "lock_table": "refuse",
    "grow": False,
    "dlm_id": "dlm",
    "drbd_id": None,
    "filesystem_id": None,
    "allow_pretended_fencing": False,
    "timeout": 300,
}
FILE_SYSTEM = {"device": "/dev/drbd0", "mount_point": "/clustered/", "filesystem_name": "web"}
FENCE = {
    "id": "f1",
    "agent": "stonith:fence_ipmilan",
    "options": {"lanplus": True, "ip": "192.0.2.1"},
    "secrets": {"password": "s3cret"},
    "monitor_interval": 60,
    "timeout": 60,
    "avoid_nodes": ["node1"],
}


def wanted(**params: Any) -> Wanted:
    return wanted_cluster({**DEFAULTS, **params})


def reason(**params: Any) -> str:
    with pytest.raises(Refusal) as caught:
        wanted(**params)
    assert caught.value.remedy
    return caught.value.reason


def test_nothing_given_asks_for_what_gfs2_takes_on_itself() -> None:
    assert wanted().properties == OWN_PROPERTIES
    assert not wanted().needs_fencing


def test_ids_are_made_from_names() -> None:
    found = wanted(**FILE_SYSTEM, drbd_resource="r0")

    assert (found.dlm_id, found.drbd_id, found.filesystem_id) == ("dlm", "drbd_r0", "fs_web")
    assert found.needs_fencing


def test_ids_that_are_given_count() -> None:
    found = wanted(**FILE_SYSTEM, drbd_resource="r0", drbd_id="d", filesystem_id="f", dlm_id="l")

    assert (found.dlm_id, found.drbd_id, found.filesystem_id) == ("l", "d", "f")


def test_file_system_is_normalised() -> None:
    found = wanted(**FILE_SYSTEM, replace_filesystem=UUID.upper()).file_system

    assert found
    assert (found.mount_point, found.replace, found.create) == ("/clustered", UUID, True)


def test_fence_device_keeps_its_secrets_among_its_options() -> None:
    (found,) = wanted(fence_devices=[FENCE]).fence_devices

    assert found == WantedFenceDevice(
        "f1",
        "fence_ipmilan",
        {"lanplus": "true", "ip": "192.0.2.1", "password": "s3cret"},
        ("password",),
        avoid_nodes=("node1",),
    )
    assert "s3cret" not in repr(found)


def test_nodes_to_avoid_may_be_left_unsaid() -> None:
    (found,) = wanted(fence_devices=[{**FENCE, "avoid_nodes": None}]).fence_devices

    assert found.avoid_nodes is None


def test_taking_down_needs_names_only() -> None:
    found = wanted(state="absent", filesystem_name="web", fence_devices=[{**FENCE, "agent": None}])

    assert (found.filesystem_id, found.file_system, found.properties) == ("fs_web", None, {})


@pytest.mark.parametrize(
    "params",
    [
        {"properties": {"cluster-name": "other"}},
        {"properties": {"no-quorum-policy": "stop"}, **FILE_SYSTEM},
        {"device": "/dev/drbd0"},
        {**FILE_SYSTEM, "device": "drbd0"},
        {**FILE_SYSTEM, "mount_point": "/"},
        {**FILE_SYSTEM, "filesystem_name": "a:b"},
        {**FILE_SYSTEM, "filesystem_name": "x" * 31},
        {**FILE_SYSTEM, "journals": 0},
        {**FILE_SYSTEM, "journal_size_mib": 4},
        {**FILE_SYSTEM, "journal_size_mib": 1025},
        {**FILE_SYSTEM, "replace_filesystem": "true"},
        {"cluster_name": "a.b"},
        {"fence_devices": [{**FENCE, "id": "1 2"}]},
        {"fence_devices": [FENCE, FENCE]},
        {"fence_devices": [{**FENCE, "agent": None}]},
        {"fence_devices": [{**FENCE, "options": {"password": "x"}}]},
        {"fence_devices": [{**FENCE, "timeout": 0}]},
        {"drbd_resource": "r0", "drbd_id": "dlm", **FILE_SYSTEM},
    ],
)
def test_parameter_that_can_not_be_right_is_refused(params: dict[str, Any]) -> None:
    assert reason(**params) == "invalid_parameter"


@pytest.mark.parametrize("value", [False, "false", "no", "0"])
@pytest.mark.parametrize("name", ["stonith-enabled", "fencing-enabled"])
def test_fencing_can_not_be_switched_off(name: str, value: object) -> None:
    assert reason(properties={name: value}) == "stonith_disabled"


def test_id_that_misleads_the_agent_is_refused() -> None:
    assert reason(dlm_id="dlm_for_GFS") == "dlm_id_contains_gfs"


def test_quorum_policy_without_gfs2_is_free() -> None:
    assert wanted(properties={"no-quorum-policy": "stop"}).properties["no-quorum-policy"] == "stop"
