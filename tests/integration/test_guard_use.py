# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A disk that is in use, not the one that is meant, or unreadable, is never written to."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from disks import others
from disks.loop import MIB, Disk, MakeDisk, unused_loop
from disks.module import done, inform, prepare, refused
from disks.tools import run, signatures, succeeds, table

SERIAL, WWN = "S3X9NB0K500123", "0x5000c500a1b2c3d4"
WISH: dict[str, Any] = {"partition": {"label": "gpt"}, "filesystem": {"type": "xfs"}}
# Whatever may go, nothing goes while somebody uses it.
FORCE: dict[str, Any] = {
    "wipe": ["ext4", "swap", "data", "gpt", "PMBR", "dos"],
    "confirm_wipe": SERIAL,
}

EXCLUSIVE = os.O_RDONLY | os.O_EXCL
Use = Callable[[str, str], AbstractContextManager[object]]
USES: dict[str, tuple[str, str, Use]] = {
    "mounted": ("mounted", "mkfs.ext4 -q", others.mounted),
    "mounted_in_another_namespace": ("mounted", "mkfs.ext4 -q", others.mounted_elsewhere),
    "swap": ("in_use", "mkswap", lambda path, _: others.swapped_on(path)),
    "below_a_loop": ("in_use", "true", lambda path, _: others.looped(path)),
    "open_for_reading": ("held_open", "true", lambda path, _: others.held_open(path)),
    "open_for_writing": ("held_open", "true", lambda path, _: others.held_open(path, os.O_RDWR)),
    "open_exclusively": ("held_open", "true", lambda path, _: others.held_open(path, EXCLUSIVE)),
}


@pytest.mark.parametrize("on_partition", [False, True], ids=["disk", "partition"])
@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_disk_in_use_is_refused_though_it_may_be_wiped(
    disk: Disk, place: str, use: tuple[str, str, Use], on_partition: bool
) -> None:
    reason, maker, begin = use
    disk.identify(SERIAL)
    path = disk.partitioned() if on_partition else disk.path
    run(*maker.split(), path)

    with begin(path, place):
        before = signatures(path)
        assert refused(disk.path, **WISH, **FORCE) == reason
        assert signatures(path) == before
    disk_before = disk.digest()
    assert prepare(disk.path, check=True, **WISH, **FORCE).get("reason") != reason
    assert disk.digest() == disk_before


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_info_shows_who_uses_it(disk: Disk, place: str, use: tuple[str, str, Use]) -> None:
    _name, maker, begin = use
    run(*maker.split(), disk.path)
    keys = ("mounts", "swap", "holders", "users", "busy")
    idle = {key: inform(disk.path)[key] for key in keys}

    with begin(disk.path, place):
        assert {key: inform(disk.path)[key] for key in keys} != idle
    assert not any(idle.values())


def test_holder_is_named(disk: Disk) -> None:
    with others.held_open(disk.path) as pid:
        result = prepare(disk.path, **WISH)

    assert str(pid) in result["msg"]


# ---- the disk that is meant ----


@pytest.mark.parametrize(
    ("expect", "reason"),
    [
        ({"serial": "S3X9NB0K500124"}, "id_mismatch"),
        ({"serial": SERIAL, "wwn": "0x5000c500a1b2c3d5"}, "id_mismatch"),
        ({"min_size": "401MiB"}, "too_small"),
        ({"max_size": "399MiB"}, "too_large"),
        ({"min_size": str(400 * MIB + 1)}, "too_small"),
        ({"max_size": str(400 * MIB - 1)}, "too_large"),
    ],
)
def test_other_disk_than_expected_is_refused(
    disk: Disk, expect: dict[str, str], reason: str
) -> None:
    disk.identify(SERIAL, WWN)
    before = disk.digest()

    assert refused(disk.path, **WISH, expect=expect) == reason
    assert disk.digest() == before


def test_disk_without_a_serial_is_not_the_expected_one(disk: Disk) -> None:
    assert refused(disk.path, **WISH, expect={"serial": SERIAL}) == "id_mismatch"
    assert refused(disk.path, **WISH, expect={"wwn": WWN}) == "id_mismatch"


def test_expected_disk_is_prepared_and_any_other_refused_even_then(disk: Disk) -> None:
    disk.identify(SERIAL, WWN)
    expect = {"serial": SERIAL, "wwn": WWN, "min_size": "400MiB", "max_size": str(400 * MIB)}

    assert done(disk.path, **WISH, expect=expect)["changed"] is True
    assert refused(disk.path, **WISH, expect={"serial": "other"}) == "id_mismatch"


@pytest.mark.parametrize("size", ["400MiB", "1TiB"])
def test_partition_that_does_not_fit_is_refused(disk: Disk, size: str) -> None:
    assert refused(disk.path, partition={"size": size}) == "too_small"
    assert signatures(disk.path) == set()


# ---- what is no disk ----


def test_missing_path_is_refused() -> None:
    assert refused("/dev/disk/by-id/none", **WISH) == "no_device"


@pytest.mark.parametrize("kind", ["file", "folder", "character device"])
def test_what_is_no_block_device_is_refused(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "disk.img"
    file.write_bytes(bytes(1000))
    path = {"file": str(file), "folder": str(tmp_path), "character device": "/dev/null"}[kind]

    assert refused(path, **WISH) == "not_a_disk"
    assert file.read_bytes() == bytes(1000)


def test_partition_is_no_disk_for_another_table(disk: Disk) -> None:
    partition = disk.partitioned()
    before = disk.digest()

    assert refused(partition, **WISH) == "not_a_disk"
    assert disk.digest() == before


def test_loop_device_without_a_file_is_refused() -> None:
    with unused_loop() as path:
        assert refused(path, **WISH) in ("not_a_disk", "probe_failed")


def test_link_leads_to_the_disk(disk: Disk, tmp_path: Path) -> None:
    link = tmp_path / "virtio-brick1"
    link.symlink_to(disk.path)

    result = done(str(link), **WISH)

    assert result["device"]["path"] == disk.path
    assert table(disk.path)["label"] == "gpt"


def test_disk_of_the_system_is_refused() -> None:
    source = run("findmnt", "--noheadings", "--output", "SOURCE", "/").strip().split("[")[0]
    if not Path(source).is_block_device():
        pytest.skip(f"/ is on {source}, which is no block device")
    stack = run(
        "lsblk", "--noheadings", "--inverse", "--list", "--paths", "-o", "NAME,TYPE", source
    )
    disks = [line.split()[0] for line in stack.splitlines() if line.split()[-1] == "disk"]

    for path in disks or [source]:
        # Check mode only: a mistake here must not cost somebody's machine.
        assert prepare(path, check=True, **WISH)["reason"] == "system_disk"
        assert inform(path)["system"] is True


# ---- what can not be written to, or not be read ----


def test_read_only_disk_is_refused(make_disk: MakeDisk) -> None:
    disk = make_disk(400 * MIB, "--read-only")

    assert refused(disk.path, **WISH) == "read_only"
    assert inform(disk.path)["read_only"] is True
    disk.close()


@pytest.mark.parametrize("left", [0, MIB, 399 * MIB])
def test_disk_that_can_not_be_read_is_refused(disk: Disk, left: int) -> None:
    """Its file ends too early. blkid finds nothing then, and wipefs does not fail either."""
    run("mkfs.ext4", "-q", disk.path)
    os.truncate(disk.image, left)
    assert not succeeds("dd", f"if={disk.path}", "of=/dev/null", "bs=1M")
    before = disk.image.read_bytes()

    assert refused(disk.path, **WISH, **FORCE) == "probe_failed"
    assert disk.image.read_bytes() == before
    assert inform(disk.path)["problem"]
