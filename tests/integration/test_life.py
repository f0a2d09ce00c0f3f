# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a blank disk to a mounted file system, and nothing more on the second run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from disks.lives import LIVES, SECTOR, assert_alive, assert_partition, target, wish
from disks.loop import MIB, Disk
from disks.module import done, inform, prepare, refused
from disks.tools import ext4_facts, probe, run, signatures, table, xfs_inode_bytes

every_life = pytest.mark.parametrize("name", LIVES)


@every_life
def test_check_mode_tells_what_the_real_run_does(
    disk: Disk, place: str, fstab: Path, name: str
) -> None:
    wanted, before, lines = wish(name, place), disk.digest(), fstab.read_text()

    forecast = prepare(disk.path, check=True, **wanted)
    assert disk.digest() == before
    assert fstab.read_text() == lines
    assert not Path(place).exists()
    real = done(disk.path, **wanted)

    assert forecast["changed"] is real["changed"] is True
    assert forecast["plan"] == real["plan"] != []
    assert forecast["diff"] == real["diff"]
    assert not any(step["destroys"] for step in real["plan"])


@every_life
def test_blank_disk_comes_to_life(disk: Disk, place: str, name: str) -> None:
    wanted = wish(name, place)

    done(disk.path, **wanted)

    assert_alive(disk, wanted)


@every_life
def test_second_run_changes_nothing(disk: Disk, place: str, fstab: Path, name: str) -> None:
    wanted = wish(name, place)
    first = done(disk.path, **wanted)
    lines = fstab.read_text()

    for check in (True, False):
        second = done(disk.path, check=check, **wanted)
        assert (second["changed"], second["plan"]) == (False, [])
        assert second["diff"]["before"] == second["diff"]["after"]
        assert second["device"] == first["device"]
    assert fstab.read_text() == lines


@every_life
def test_second_run_leaves_every_byte(disk: Disk, name: str) -> None:
    done(disk.path, **LIVES[name])
    before = disk.digest()

    assert done(disk.path, **LIVES[name])["plan"] == []
    assert disk.digest() == before


@every_life
def test_file_system_is_back_after_a_boot(disk: Disk, place: str, name: str) -> None:
    wanted = wish(name, place)
    done(disk.path, **wanted)
    Path(place, "file").write_text("kept")
    run("umount", place)

    run("mount", place)

    assert Path(place, "file").read_text() == "kept"
    assert done(disk.path, **wanted)["plan"] == []


@every_life
def test_unmounted_file_system_is_only_mounted_again(disk: Disk, place: str, name: str) -> None:
    wanted = wish(name, place)
    done(disk.path, **wanted)
    run("umount", place)

    again = done(disk.path, **wanted)

    assert [step["command"].split()[0] for step in again["plan"]] == ["mount"]
    assert_alive(disk, wanted)


@every_life
def test_returned_tree_is_what_blkid_sees(disk: Disk, place: str, name: str) -> None:
    wanted = wish(name, place)

    tree = done(disk.path, **wanted)["device"]

    assert tree == inform(disk.path)
    assert [one["path"] for one in (tree, *tree["partitions"])] == list(disk.paths)
    for one in (tree, *tree["partitions"]):
        assert_tree_is_true(one)
    holder = next(x for x in (tree, *tree["partitions"]) if x["path"] == target(disk, wanted))
    assert holder["mounts"] == [{"path": place, "here": True}]


def assert_tree_is_true(one: dict[str, Any]) -> None:
    """A device of the tree, compared to what blkid, wipefs and the kernel say."""
    seen = probe(one["path"])
    assert one["size_bytes"] == int(run("blockdev", "--getsize64", one["path"]))
    assert {found["type"] for found in one["signatures"]} == signatures(one["path"])
    assert one["table"] == seen.get("PTTYPE", "")
    assert one["table_uuid"] == seen.get("PTUUID", "")
    assert seen.get("UUID", "") in {found["uuid"] for found in one["signatures"]}
    assert seen.get("LABEL", "") in {found["label"] for found in one["signatures"]}


# ---- single layers and their sizes ----


@pytest.mark.parametrize(
    ("label", "size", "sectors"),
    [
        ("gpt", "100MiB", 100 * MIB // SECTOR),
        ("mbr", "100MiB", 100 * MIB // SECTOR),
        ("gpt", str(100 * MIB), 100 * MIB // SECTOR),
        ("gpt", "0.25GiB", 256 * MIB // SECTOR),
    ],
)
def test_partition_has_the_size_that_was_asked_for(
    disk: Disk, label: str, size: str, sectors: int
) -> None:
    wanted = {"partition": {"label": label, "size": size}}

    done(disk.path, **wanted)

    assert_partition(disk, wanted)
    assert table(disk.path)["partitions"][0]["size"] == sectors
    assert done(disk.path, **wanted)["plan"] == []


@pytest.mark.parametrize("label", ["gpt", "mbr"])
def test_partition_without_a_size_fills_the_disk(disk: Disk, label: str) -> None:
    wanted = {"partition": {"label": label}}

    done(disk.path, **wanted)

    assert_partition(disk, wanted)
    (only,) = table(disk.path)["partitions"]
    assert (only["start"] + only["size"]) * SECTOR > disk.size - 2 * MIB
    assert done(disk.path, **wanted)["plan"] == []


def test_layers_may_be_added_one_by_one(disk: Disk, place: str) -> None:
    wanted = wish("gpt_xfs", place)
    layers: dict[str, Any] = {}

    for layer, value in wanted.items():
        layers[layer] = value
        assert done(disk.path, **layers)["changed"] is True

    assert_alive(disk, wanted)


def test_options_of_mkfs_take_effect_for_xfs(disk: Disk, place: str) -> None:
    done(disk.path, **wish("all_told", place))

    assert xfs_inode_bytes(place) == 1024


def test_options_of_mkfs_take_effect_for_ext4(disk: Disk, place: str) -> None:
    done(disk.path, **wish("whole_disk_ext4", place))

    facts = ext4_facts(disk.path)
    assert facts["Inode size"] == "512"
    assert int(facts["Reserved block count"]) == int(facts["Block count"]) // 100


@pytest.mark.parametrize("name", ["label", "uuid"])
def test_file_system_with_another_name_is_refused(disk: Disk, name: str) -> None:
    done(disk.path, **LIVES["all_told"])
    before = disk.digest()
    other = {"label": "brick2", "uuid": "0fb7b1c6-4e0c-4c3a-9a5b-000000000000"}[name]
    wanted = {**LIVES["all_told"], "filesystem": {"type": "xfs", name: other}}

    assert refused(disk.path, **wanted) == "other_file_system"
    assert disk.digest() == before


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"partition": {"size": "ten apples"}}, "invalid_size"),
        ({"partition": {"size": "-1MiB"}}, "invalid_size"),
        ({"filesystem": {"type": "xfs", "uuid": "brick1"}}, "invalid_uuid"),
        ({"filesystem": {"type": "xfs"}, "mount": {"path": "srv/brick1"}}, "invalid_mount"),
        ({"filesystem": {"type": "xfs"}, "mount": {"path": "/"}}, "invalid_mount"),
    ],
)
def test_wish_that_makes_no_sense_is_refused(
    disk: Disk, wanted: dict[str, Any], reason: str
) -> None:
    assert refused(disk.path, **wanted) == reason
    assert signatures(disk.path) == set()


@pytest.mark.parametrize("offset", [4 * MIB + 7, -4 * MIB - 7])
def test_data_just_behind_the_ends_is_no_trap(disk: Disk, offset: int) -> None:
    """The partition begins and ends a little inside the disk: what is at its ends counts too."""
    disk.write(offset, b"\1")
    before = disk.digest()

    result = prepare(disk.path, **LIVES["gpt_xfs"])

    if result.get("failed"):
        assert result["plan"] == []
        assert disk.digest() == before
    else:
        assert_alive(disk, LIVES["gpt_xfs"])
