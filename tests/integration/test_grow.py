# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks become larger in use. What is on them may follow, keeps every byte, and never shrinks."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from disks.contents import noise
from disks.fstab import fresh_fstab
from disks.lives import LIVES, SECTOR, assert_alive, target, wish
from disks.loop import MIB, Disk, MakeDisk
from disks.module import done, killed, play_prepare, prepare, refused
from disks.tools import file_system_bytes, is_clean, run, succeeds, table

GROWING = ("gpt_xfs", "mbr_ext4", "whole_disk_xfs", "whole_disk_ext4")
every_life = pytest.mark.parametrize("name", GROWING)
CAP_SYS_RESOURCE = 24


def is_capable(capability: int) -> bool:
    """Whether this process has it; root in a container may lack some."""
    status = Path("/proc/self/status").read_text()
    return bool(int(status.split("CapEff:")[1].split()[0], 16) >> capability & 1)


@pytest.fixture
def grows_mounted(name: str) -> None:
    """Skips what this machine's kernel does not allow."""
    if name.endswith("ext4") and not is_capable(CAP_SYS_RESOURCE):
        pytest.skip("this machine's root lacks CAP_SYS_RESOURCE: no mounted ext4 can grow here")


def fill(place: str) -> str:
    """Some files; their checksum."""
    for number in range(20):
        Path(place, f"file{number}").write_bytes(noise(number * 50_000))
    return checksum(place)


def checksum(place: str) -> str:
    """Of all the files."""
    seen = hashlib.sha256()
    for path in sorted(Path(place).glob("file*")):
        seen.update(path.read_bytes())
    return seen.hexdigest()


@every_life
def test_larger_disk_changes_nothing_unless_growing_is_asked_for(
    disk: Disk, place: str, name: str
) -> None:
    wanted = wish(name, place)
    done(disk.path, **wanted)
    disk.enlarge(500 * MIB)
    before = file_system_bytes(place)

    result = done(disk.path, **wanted)

    assert (result["changed"], result["plan"]) == (False, [])
    assert file_system_bytes(place) == before


@pytest.mark.usefixtures("grows_mounted")
@every_life
@pytest.mark.parametrize("size", [500 * MIB, 441 * MIB + 777 * SECTOR])
def test_file_system_grows_in_use_and_keeps_its_files(
    disk: Disk, place: str, name: str, size: int
) -> None:
    wanted = {**wish(name, place), "grow": True}
    done(disk.path, **wanted)
    before, files = file_system_bytes(place), fill(place)
    disk.enlarge(size)

    forecast = prepare(disk.path, check=True, **wanted)
    assert file_system_bytes(place) == before
    result = done(disk.path, **wanted)

    assert forecast["plan"] == result["plan"] != []
    assert forecast["diff"] == result["diff"]
    assert not any(step["destroys"] for step in result["plan"])
    assert file_system_bytes(place) > before + (size - 400 * MIB) * 0.9
    assert checksum(place) == files
    assert_alive(disk, wanted)
    assert done(disk.path, **wanted)["plan"] == []
    run("umount", place)
    assert is_clean(target(disk, wanted))


@pytest.mark.usefixtures("grows_mounted")
@every_life
def test_file_system_that_was_not_mounted_grows_once_it_is(
    disk: Disk, place: str, name: str
) -> None:
    wanted = {**wish(name, place), "grow": True}
    done(disk.path, **wanted)
    before, files = file_system_bytes(place), fill(place)
    run("umount", place)
    disk.enlarge(500 * MIB)

    done(disk.path, **wanted)

    assert file_system_bytes(place) > before + 90 * MIB
    assert checksum(place) == files


def test_table_is_whole_after_growing(disk: Disk, place: str) -> None:
    """A GPT has a copy at the end of the disk, which has moved."""
    wanted = {**wish("gpt_xfs", place), "grow": True}
    done(disk.path, **wanted)
    names = [one["uuid"] for one in table(disk.path)["partitions"]]
    disk.enlarge(500 * MIB)

    done(disk.path, **wanted)

    with open(disk.path, "rb") as device:
        device.seek(-SECTOR, 2)
        assert device.read(8) == b"EFI PART"
    assert succeeds("sfdisk", "--verify", disk.path)
    assert [one["uuid"] for one in table(disk.path)["partitions"]] == names
    assert table(disk.path)["lastlba"] > 499 * MIB // SECTOR


@pytest.mark.parametrize("name", ["whole_disk_xfs", "whole_disk_ext4"])
def test_file_system_without_a_mount_does_not_grow(disk: Disk, name: str) -> None:
    done(disk.path, **LIVES[name])
    disk.enlarge(500 * MIB)
    before = disk.digest()

    assert refused(disk.path, **LIVES[name], grow=True) == "not_mounted"
    assert disk.digest() == before


def test_larger_partition_is_refused_unless_growing_is_asked_for(disk: Disk, place: str) -> None:
    wanted = wish("all_told", place)
    done(disk.path, **wanted)
    files, before = fill(place), file_system_bytes(place)
    larger = {**wanted, "partition": {"label": "gpt", "size": "390MiB"}}

    assert refused(disk.path, **larger) == "would_grow"
    assert file_system_bytes(place) == before
    done(disk.path, **larger, grow=True)

    assert table(disk.path)["partitions"][0]["size"] == 390 * MIB // SECTOR
    assert file_system_bytes(place) > before + 35 * MIB
    assert checksum(place) == files
    assert done(disk.path, **larger)["plan"] == []


def test_partition_does_not_grow_beyond_the_disk(disk: Disk, place: str) -> None:
    wanted = wish("all_told", place)
    done(disk.path, **wanted)
    larger = {**wanted, "partition": {"label": "gpt", "size": "400MiB"}}

    assert refused(disk.path, **larger, grow=True) == "too_small"


@pytest.mark.parametrize("grow", [False, True])
def test_nothing_ever_shrinks(disk: Disk, grow: bool) -> None:
    done(disk.path, **LIVES["all_told"])
    before = disk.digest()
    smaller = {**LIVES["all_told"], "partition": {"label": "gpt", "size": "320MiB"}}

    assert refused(disk.path, **smaller, grow=grow) == "would_shrink"
    assert disk.digest() == before


@pytest.mark.usefixtures("grows_mounted")
@every_life
def test_growing_that_was_interrupted_is_finished(
    make_disk: MakeDisk, tmp_path: Path, name: str
) -> None:
    for step in range(growth_steps(make_disk, tmp_path / "first", name)):
        disk, wanted, files = grown(make_disk, tmp_path / f"{step}", name)
        place = wanted["mount"]["path"]
        before = file_system_bytes(place)

        play_prepare(disk.path, killed(step, after=True), **wanted)
        done(disk.path, **wanted)

        assert file_system_bytes(place) > before + 90 * MIB
        assert checksum(place) == files
        assert done(disk.path, **wanted)["plan"] == []
        assert_alive(disk, wanted)
        disk.close()


def growth_steps(make_disk: MakeDisk, place: Path, name: str) -> int:
    disk, wanted, _files = grown(make_disk, place, name)
    steps = len(done(disk.path, check=True, **wanted)["plan"])
    disk.close()
    return steps


def grown(make_disk: MakeDisk, place: Path, name: str) -> tuple[Disk, dict[str, Any], str]:
    """A disk with files that has become larger."""
    fresh_fstab()
    disk, wanted = make_disk(), {**wish(name, str(place)), "grow": True}
    done(disk.path, **wanted)
    files = fill(str(place))
    disk.enlarge(500 * MIB)
    return disk, wanted, files
