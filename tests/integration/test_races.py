# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Somebody turns up between the plan and a write: nothing of theirs is touched."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from disks import others
from disks.contents import drbd, put
from disks.lives import LIVES, wish
from disks.loop import MIB, Disk, MakeDisk
from disks.module import intruder, prepare
from disks.tools import identity, run, signatures

Presence = AbstractContextManager[object]
USES: dict[str, Callable[[str, str], Presence]] = {
    "opens": lambda path, _: others.held_open(path),
    "opens_exclusively": lambda path, _: others.held_open(path, os.O_RDONLY | os.O_EXCL),
    "loops": lambda path, _: others.looped(path),
}
MAKERS: dict[str, tuple[str, ...]] = {
    "ext4": ("mkfs.ext4", "-q"),
    "swap": ("mkswap",),
    "LVM2_member": ("pvcreate", "--yes"),
}
every_use = pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
every_maker = pytest.mark.parametrize(("kind", "maker"), MAKERS.items(), ids=MAKERS.keys())


@contextmanager
def act(deed: Callable[[], Any]) -> Iterator[None]:
    """Somebody does something and goes away again."""
    deed()
    yield


def step_of(disk: Disk, program: str, **wanted: Any) -> int:
    """The number of the first step that runs a program."""
    steps = prepare(disk.path, check=True, **wanted)["plan"]
    return next(n for n, step in enumerate(steps) if step["command"].startswith(f"{program} "))


def assert_stopped(result: dict[str, Any], step: int) -> None:
    """It stopped right before a step, and says which were done."""
    assert result["reason"] == "changed_meanwhile"
    assert [one.get("failed", False) for one in result["plan"]] == [False] * step + [True]


@every_use
@pytest.mark.parametrize("name", ["gpt_xfs", "mbr_ext4", "whole_disk_ext4"])
def test_disk_taken_into_use_is_not_written_to(
    disk: Disk, place: str, name: str, use: Callable[[str, str], Presence]
) -> None:
    before = disk.digest()

    result = prepare(disk.path, disturbance=intruder(0, use(disk.path, place)), **wish(name, place))

    assert_stopped(result, 0)
    assert disk.digest() == before


@every_use
def test_partition_taken_into_use_is_not_written_to(
    disk: Disk, place: str, use: Callable[[str, str], Presence]
) -> None:
    wanted = wish("gpt_xfs", place)
    step = step_of(disk, "mkfs.xfs", **wanted)

    presence = use(disk.partition, place)
    result = prepare(disk.path, disturbance=intruder(step, presence), **wanted)

    assert_stopped(result, step)
    assert signatures(disk.partition) == set()


@pytest.mark.parametrize("offset", [0, 2 * MIB, -1])
def test_bytes_that_somebody_wrote_stay(make_disk: MakeDisk, disk: Disk, offset: int) -> None:
    twin = make_disk()
    put(offset, b"mine")(twin.path) if offset >= 0 else put(offset, b"m")(twin.path)
    deed = put(offset, b"mine" if offset >= 0 else b"m")

    disturbance = intruder(0, act(lambda: deed(disk.path)))
    result = prepare(disk.path, disturbance=disturbance, **LIVES["gpt_xfs"])

    assert_stopped(result, 0)
    assert disk.digest() == twin.digest()
    twin.close()


@every_maker
def test_what_somebody_made_on_the_disk_stays(
    disk: Disk, kind: str, maker: tuple[str, ...]
) -> None:
    disturbance = intruder(0, act(lambda: run(*maker, disk.path)))

    result = prepare(disk.path, disturbance=disturbance, **LIVES["gpt_xfs"])

    assert_stopped(result, 0)
    assert signatures(disk.path) == {kind}


@every_maker
def test_what_somebody_made_on_the_partition_stays(
    disk: Disk, kind: str, maker: tuple[str, ...]
) -> None:
    step = step_of(disk, "mkfs.xfs", **LIVES["gpt_xfs"])
    disturbance = intruder(step, act(lambda: run(*maker, disk.partition)))

    result = prepare(disk.path, disturbance=disturbance, **LIVES["gpt_xfs"])

    assert_stopped(result, step)
    assert signatures(disk.partition) == {kind}


def test_mount_by_somebody_is_seen(disk: Disk, tmp_path: Path) -> None:
    """Even of what may be wiped, and in another mount namespace."""
    run("mkfs.ext4", "-q", disk.path)
    wanted = {**LIVES["gpt_xfs"], "wipe": ["ext4"], "confirm_wipe": identity(disk.path)}

    presence = others.mounted_elsewhere(disk.path, str(tmp_path / "theirs"))
    result = prepare(disk.path, disturbance=intruder(0, presence), **wanted)

    assert_stopped(result, 0)
    assert signatures(disk.path) == {"ext4"}


def test_what_was_not_listed_is_not_wiped_when_it_comes_later(disk: Disk) -> None:
    run("mkfs.ext4", "-q", disk.path, "300m")
    wanted = {**LIVES["gpt_xfs"], "wipe": ["ext4"], "confirm_wipe": identity(disk.path)}

    disturbance = intruder(0, act(lambda: drbd(disk.path)))
    result = prepare(disk.path, disturbance=disturbance, **wanted)

    assert_stopped(result, 0)
    assert signatures(disk.path) == {"drbd", "ext4"}


def test_another_file_system_of_the_same_kind_is_not_the_one_that_was_named(disk: Disk) -> None:
    run("mkfs.ext4", "-q", disk.path)
    wanted = {**LIVES["gpt_xfs"], "wipe": ["ext4"], "confirm_wipe": identity(disk.path)}
    theirs = "0fb7b1c6-4e0c-4c3a-9a5b-111111111111"

    deed = act(lambda: run("mkfs.ext4", "-q", "-F", "-U", theirs, disk.path))
    result = prepare(disk.path, disturbance=intruder(0, deed), **wanted)

    assert_stopped(result, 0)
    assert identity(disk.path) == theirs


def test_line_that_somebody_added_to_fstab_stays(disk: Disk, place: str, fstab: Path) -> None:
    wanted = wish("whole_disk_ext4", place)
    step = step_of(disk, "write", **wanted)
    theirs = fstab.read_text() + "tmpfs /srv/theirs tmpfs defaults 0 0\n"

    deed = act(lambda: fstab.write_text(theirs))
    result = prepare(disk.path, disturbance=intruder(step, deed), **wanted)

    assert_stopped(result, step)
    assert fstab.read_text() == theirs


def test_run_after_the_intruder_has_gone_finishes(disk: Disk, place: str) -> None:
    wanted = wish("gpt_xfs", place)
    step = step_of(disk, "mkfs.xfs", **wanted)
    presence = others.held_open(disk.path)
    assert prepare(disk.path, disturbance=intruder(step, presence), **wanted)["failed"]

    assert not prepare(disk.path, **wanted).get("failed")
    assert prepare(disk.path, **wanted)["plan"] == []
