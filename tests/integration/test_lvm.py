# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""LVM without the device mapper: groups are made; volumes only where the kernel has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from disks.lives import LIVES
from disks.loop import MIB, Disk, MakeDisk
from disks.module import done, inform, killed, play_prepare, prepare, refused
from disks.tools import probe, run, signatures, succeeds

XFS = {"filesystem": {"type": "xfs"}}


@pytest.fixture
def group(disk: Disk) -> Iterator[str]:
    """The name of a group that is not there yet; each disk has its own."""
    name = f"storage_{disk.name}"
    yield name
    succeeds("vgremove", "--force", "--yes", name)


def groups() -> dict[str, dict[str, Any]]:
    """What LVM says that there is."""
    report = run("vgs", "--reportformat", "json", "--options", "vg_name,pv_count,lv_count,vg_size")
    return {one["vg_name"]: one for one in json.loads(report)["report"][0]["vg"]}


def lvm(group: str, size: str = "80%", **layers: Any) -> dict[str, Any]:
    return {**layers, "lvm": {"vg": group, "lv": "brick1", "size": size}, **XFS}


def test_lvm_sees_our_disks_and_no_other(disk: Disk) -> None:
    """The tests must not touch the groups of whoever runs them."""
    run("pvcreate", "--yes", disk.path)

    assert run("pvs", "--noheadings", "--options", "pv_name").split() == [disk.path]


@pytest.mark.parametrize("layers", [{}, {"partition": {"label": "gpt"}}], ids=["disk", "partition"])
def test_check_mode_forecasts_the_volume(disk: Disk, group: str, layers: dict[str, Any]) -> None:
    before = disk.digest()

    forecast = prepare(disk.path, check=True, **lvm(group, **layers))

    programs = [step["command"].split()[0] for step in forecast["plan"]]
    assert [one for one in programs if one in ("sfdisk", "vgcreate", "lvcreate", "mkfs.xfs")] == [
        *(["sfdisk"] if layers else []), "vgcreate", "lvcreate", "mkfs.xfs",
    ]  # fmt: skip
    assert not any(step["destroys"] for step in forecast["plan"])
    assert disk.digest() == before


def test_group_that_was_made_before_the_interruption_is_used(disk: Disk, group: str) -> None:
    play_prepare(disk.path, killed(0, after=True), **lvm(group))
    assert list(groups()) == [group]

    plan = prepare(disk.path, check=True, **lvm(group))["plan"]

    programs = [step["command"].split()[0] for step in plan]
    assert programs[0] == "lvcreate"
    assert "vgcreate" not in programs


def test_physical_volume_without_a_group_is_refused(disk: Disk, group: str) -> None:
    run("pvcreate", "--yes", disk.path)
    before = disk.digest()

    assert refused(disk.path, **lvm(group)) == "has_lvm"
    assert disk.digest() == before


def test_physical_volume_of_another_group_is_refused(disk: Disk, group: str) -> None:
    run("vgcreate", group, disk.path)
    before = disk.digest()

    assert refused(disk.path, **lvm("other")) == "has_lvm"
    assert disk.digest() == before
    assert list(groups()) == [group]


def test_group_of_that_name_on_another_disk_is_refused(
    make_disk: MakeDisk, disk: Disk, group: str
) -> None:
    other = make_disk()
    run("vgcreate", group, other.path)
    before, others = disk.digest(), other.digest()

    assert refused(disk.path, **lvm(group)) == "other_group"
    assert (disk.digest(), other.digest()) == (before, others)
    run("vgremove", group)
    other.close()


@pytest.mark.parametrize("gone", [False, True], ids=["present", "gone"])
def test_group_of_several_disks_is_refused(
    make_disk: MakeDisk, disk: Disk, group: str, gone: bool
) -> None:
    other = make_disk()
    run("vgcreate", group, disk.path, other.path)
    if gone:
        other.close()
    before = disk.digest()

    assert refused(disk.path, **lvm(group)) == "other_group"
    assert disk.digest() == before
    if not gone:
        run("vgremove", group)
        other.close()


def test_group_in_trouble_is_refused(disk: Disk, group: str) -> None:
    run("vgcreate", group, disk.path)
    run("vgexport", group)
    before = disk.digest()

    assert refused(disk.path, **lvm(group)) == "group_trouble"
    assert disk.digest() == before
    run("vgimport", group)


@pytest.mark.parametrize("size", ["500MiB", "1TiB"])
def test_volume_that_does_not_fit_is_refused(disk: Disk, group: str, size: str) -> None:
    assert refused(disk.path, **lvm(group, size)) == "too_small"
    assert signatures(disk.path) == set()


@pytest.mark.parametrize("name", ["gpt_xfs", "whole_disk_ext4"])
def test_file_system_is_not_made_into_a_group(disk: Disk, group: str, name: str) -> None:
    done(disk.path, **LIVES[name])
    before = disk.digest()
    layers: dict[str, Any] = {key: LIVES[name][key] for key in ("partition",) if key in LIVES[name]}

    assert refused(disk.path, **lvm(group, **layers)) in ("has_xfs", "has_ext4")
    assert disk.digest() == before


def test_info_names_the_group(disk: Disk, group: str) -> None:
    run("vgcreate", group, disk.path)

    tree = inform(disk.path)

    assert [one["type"] for one in tree["signatures"]] == ["LVM2_member"]
    assert group in json.dumps(tree)


# ---- with the device mapper ----


@pytest.fixture
def mapper() -> None:
    if not succeeds("dmsetup", "version"):
        pytest.skip("this kernel has no device mapper: logical volumes can not be used here")


@pytest.mark.usefixtures("mapper")
def test_blank_disk_becomes_a_mounted_volume(disk: Disk, group: str, place: str) -> None:
    wanted = {**lvm(group, "90%", partition={"label": "gpt"}), "mount": {"path": place}}
    forecast = prepare(disk.path, check=True, **wanted)
    try:
        result = done(disk.path, **wanted)

        assert result["plan"] == forecast["plan"]
        assert probe(f"/dev/{group}/brick1")["TYPE"] == "xfs"
        assert succeeds("mountpoint", place)
        assert done(disk.path, **wanted)["plan"] == []
        disk.enlarge(800 * MIB)
        assert done(disk.path, **wanted, grow=True)["changed"] is True
        assert done(disk.path, **wanted, grow=True)["plan"] == []
    finally:
        succeeds("umount", place)
