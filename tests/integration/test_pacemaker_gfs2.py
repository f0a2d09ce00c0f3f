# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""GFS2 on loop devices: made once, never over anything that is not named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import Cluster
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import (
    Plan,
    Refusal,
    Step,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.model import State
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.read import act
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.wanted import Wanted
from disks.loop import Disk
from disks.tools import probe, run
from disks.trace import Traced
from pacemaker.local import cluster_in, host, planned, state_of, wanted_on, write_cib

OTHER = "2f4a7c1e-6d0b-4a53-9a1b-8a3b5d9c0e11"


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """A cluster of two nodes."""
    path = tmp_path / "cib.xml"
    monkeypatch.setenv("CIB_file", str(path))
    write_cib(path)
    return cluster_in(path)


def wanted(disk: Disk, **others: Any) -> Wanted:
    found = wanted_on(disk.path)
    assert found.file_system
    return replace(found, file_system=replace(found.file_system, **others))


def plan_for(cluster: Cluster, disk: Disk, **others: Any) -> Plan[State]:
    return planned(state_of(cluster), wanted(disk, **others))


def step_of(plan: Plan[State], program: str) -> Step:
    (step,) = (one for one in plan.steps if one.command[0] == program)
    return step


def make(cluster: Cluster, disk: Disk, **others: Any) -> Plan[State]:
    """Make the file system, and nothing else of the plan."""
    plan = plan_for(cluster, disk, **others)
    act(host(), step_of(plan, "mkfs.gfs2"))
    return plan


def reason(cluster: Cluster, disk: Disk, **others: Any) -> str:
    before = disk.digest()
    with pytest.raises(Refusal) as caught:
        plan_for(cluster, disk, **others)
    assert disk.digest() == before
    return caught.value.reason


def superblock(disk: Disk) -> dict[str, str]:
    lines = run("tunegfs2", "-l", disk.path).splitlines()
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def test_blank_device_gets_the_file_system_that_was_planned(cluster: Cluster, disk: Disk) -> None:
    plan = make(cluster, disk)

    assert plan.after.content
    assert probe(disk.path)["UUID"] == plan.after.content.uuid
    assert superblock(disk)["Lock table"] == "pair:web"
    assert superblock(disk)["Lock protocol"] == "lock_dlm"
    assert run("gfs2_edit", "-p", "journals", disk.path).count("8MB clean") == 2


def test_file_system_is_made_once(cluster: Cluster, disk: Disk) -> None:
    make(cluster, disk)
    before = disk.digest()
    plan = plan_for(cluster, disk)

    assert [one.command for one in plan.steps if one.command[0] == "mkfs.gfs2"] == []
    assert disk.digest() == before


def test_journals_are_as_many_as_asked_for(cluster: Cluster, disk: Disk) -> None:
    make(cluster, disk, journals=4)

    assert run("gfs2_edit", "-p", "journals", disk.path).count("8MB clean") == 4


def test_foreign_file_system_stays_and_is_named(cluster: Cluster, disk: Disk) -> None:
    run("mkfs.ext4", "-q", "-U", OTHER, disk.path)
    before = disk.digest()
    with pytest.raises(Refusal) as caught:
        plan_for(cluster, disk)

    assert caught.value.reason == "has_ext4"
    assert OTHER in caught.value.remedy
    assert disk.digest() == before


def test_foreign_file_system_goes_by_its_uuid_only(cluster: Cluster, disk: Disk) -> None:
    run("mkfs.ext4", "-q", disk.path)
    assert reason(cluster, disk, replace=OTHER) == "has_ext4"

    plan = make(cluster, disk, replace=probe(disk.path)["UUID"])
    assert step_of(plan, "mkfs.gfs2").destroys
    assert probe(disk.path)["TYPE"] == "gfs2"


@pytest.mark.parametrize(
    ("tool", "code"),
    [
        (("mkfs.xfs", "-q"), "has_xfs"),
        (("mkswap",), "has_swap"),
        (("sfdisk", "--quiet", "--no-reread", "--no-tell-kernel"), "has_gpt"),
    ],
)
def test_whatever_is_there_stays(
    cluster: Cluster, disk: Disk, tool: tuple[str, ...], code: str
) -> None:
    run(*tool, disk.path, stdin="label: gpt\n")

    assert reason(cluster, disk) == code
    assert reason(cluster, disk, replace=OTHER) == code


def test_data_of_an_unknown_kind_stays(cluster: Cluster, disk: Disk) -> None:
    disk.write(-4096, b"precious")

    assert reason(cluster, disk) == "not_blank"


def test_file_system_of_another_cluster_is_retuned_only_where_that_is_allowed(
    cluster: Cluster, disk: Disk
) -> None:
    run("mkfs.gfs2", "-q", "-O", "-t", "other:web", "-j", "2", "-J", "8", disk.path)
    assert reason(cluster, disk) == "cluster_name_mismatch"

    act(host(), step_of(plan_for(cluster, disk, retune=True), "tunegfs2"))
    assert superblock(disk)["Lock table"] == "pair:web"
    assert [one for one in plan_for(cluster, disk).steps if one.command[0] == "tunegfs2"] == []


def test_file_system_for_one_node_is_refused(cluster: Cluster, disk: Disk) -> None:
    run("mkfs.gfs2", "-q", "-O", "-p", "lock_nolock", "-j", "1", "-J", "8", disk.path)

    assert reason(cluster, disk) == "journals_short"


# ---- between the plan and its step


def fails_at(step: Step) -> str:
    with pytest.raises(StorageError) as caught:
        act(host(), step)
    return caught.value.reason


def test_file_system_that_turns_up_meanwhile_stays(cluster: Cluster, disk: Disk) -> None:
    step = step_of(plan_for(cluster, disk), "mkfs.gfs2")
    run("mkfs.ext4", "-q", disk.path)
    before = disk.digest()

    assert fails_at(step) == "changed_meanwhile"
    assert disk.digest() == before


def test_file_system_that_is_another_one_meanwhile_stays(cluster: Cluster, disk: Disk) -> None:
    run("mkfs.ext4", "-q", "-U", OTHER, disk.path)
    step = step_of(plan_for(cluster, disk, replace=OTHER), "mkfs.gfs2")
    run("mkfs.ext4", "-q", "-F", disk.path)
    before = disk.digest()

    assert fails_at(step) == "changed_meanwhile"
    assert disk.digest() == before


def test_device_that_is_mounted_meanwhile_is_not_written_to(
    cluster: Cluster, disk: Disk, tmp_path: Path
) -> None:
    run("mkfs.ext4", "-q", "-U", OTHER, disk.path)
    step = step_of(plan_for(cluster, disk, replace=OTHER), "mkfs.gfs2")
    place = tmp_path / "mounted"
    place.mkdir()
    run("mount", disk.path, str(place))

    assert fails_at(step) == "mounted"
    assert reason(cluster, disk, replace=OTHER) == "mounted"
    run("umount", str(place))
    assert probe(disk.path)["TYPE"] == "ext4"


@pytest.mark.parametrize("write", [2, 5, 20, 60, 100])
def test_mkfs_that_was_interrupted_is_made_again(cluster: Cluster, disk: Disk, write: int) -> None:
    tool = Traced(step_of(plan_for(cluster, disk), "mkfs.gfs2").command)
    tool.run_until_write(write)
    tool.kill()
    assert not tool.has_ended
    assert "TYPE" not in probe(disk.path)

    make(cluster, disk)
    assert probe(disk.path)["LABEL"] == "pair:web"


def test_replacement_that_was_interrupted_is_made_again(cluster: Cluster, disk: Disk) -> None:
    run("mkfs.ext4", "-q", "-U", OTHER, disk.path)
    tool = Traced(step_of(plan_for(cluster, disk, replace=OTHER), "mkfs.gfs2").command)
    tool.run_until_write(40)
    tool.kill()
    assert not tool.has_ended

    make(cluster, disk, replace=OTHER)
    assert probe(disk.path)["TYPE"] == "gfs2"
