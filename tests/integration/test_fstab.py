# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file system table and mount points: what is somebody else's stays as it stands."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from disks.fstab import FSTAB, fresh_fstab
from disks.lives import assert_alive, wish
from disks.loop import Disk
from disks.module import done, prepare, refused
from disks.tools import identity, mounted, run, signatures

LIFE = "whole_disk_ext4"
TABLES = {
    "comments": b"# one\n#two\n\n   # three\nproc /proc proc defaults 0 0\n\n",
    "tabs": b"proc\t\t/proc\tproc\tdefaults\t0\t0\n",
    "no_newline_at_the_end": b"proc /proc proc defaults 0 0",
    "carriage_returns": b"proc /proc proc defaults 0 0\r\n# two\r\n",
    "other_encoding": b"# Fr\xfchst\xfcck\nproc /proc proc defaults 0 0\n",
    "unusual_lines": b"nonsense\nUUID=1 /a\n/dev/cdrom /media/cd\\040rom iso9660 ro,noauto\n",
    "empty": b"",
}


@pytest.mark.parametrize("before", TABLES.values(), ids=TABLES.keys())
def test_other_lines_stay_byte_by_byte(disk: Disk, place: str, before: bytes) -> None:
    FSTAB.write_bytes(before)
    wanted = wish(LIFE, place)

    done(disk.path, **wanted)

    line = f"UUID={identity(disk.path)} {place} ext4 noatime 0 2\n".encode()
    joint = b"" if not before or before.endswith(b"\n") else b"\n"
    assert FSTAB.read_bytes() == before + joint + line
    assert done(disk.path, **wanted)["plan"] == []


def test_missing_table_is_made(disk: Disk, place: str) -> None:
    FSTAB.unlink()

    done(disk.path, **wish(LIFE, place))

    assert_alive(disk, wish(LIFE, place))
    assert FSTAB.stat().st_mode & 0o777 == 0o644


def test_link_to_the_table_stays_a_link(disk: Disk, place: str, tmp_path: Path) -> None:
    elsewhere = tmp_path / "fstab"
    elsewhere.write_text("# kept elsewhere\n")
    FSTAB.unlink()
    FSTAB.symlink_to(elsewhere)

    done(disk.path, **wish(LIFE, place))

    assert FSTAB.is_symlink()
    assert elsewhere.read_text().startswith("# kept elsewhere\nUUID=")
    assert_alive(disk, wish(LIFE, place))


def test_owner_and_mode_of_the_table_stay(disk: Disk, place: str) -> None:
    FSTAB.chmod(0o600)
    os.chown(FSTAB, 1234, 4321)

    done(disk.path, **wish(LIFE, place))

    seen = FSTAB.stat()
    assert (seen.st_mode & 0o777, seen.st_uid, seen.st_gid) == (0o600, 1234, 4321)


def test_nothing_is_left_beside_the_table(disk: Disk, place: str) -> None:
    before = set(os.listdir("/etc"))

    done(disk.path, **wish(LIFE, place))

    assert set(os.listdir("/etc")) == before


@pytest.mark.parametrize("source", ["UUID=0fb7b1c6-4e0c-4c3a-9a5b-6f0d2a3b4c5d", "/dev/sdz1"])
def test_mount_point_of_another_line_is_refused(disk: Disk, place: str, source: str) -> None:
    text = fresh_fstab(f"{source}\t{place}\text4\tdefaults\t0 2\n").read_text()
    before = disk.digest()

    assert refused(disk.path, **wish(LIFE, place)) == "fstab_conflict"
    assert disk.digest() == before
    assert FSTAB.read_text() == text
    assert not Path(place).exists()


def test_line_in_a_comment_is_no_line(disk: Disk, place: str) -> None:
    fresh_fstab(f"#/dev/sdz1 {place} ext4 defaults 0 2\n")

    done(disk.path, **wish(LIFE, place))

    assert_alive(disk, wish(LIFE, place))


def test_file_system_that_is_mounted_elsewhere_at_boot_is_refused(disk: Disk, place: str) -> None:
    done(disk.path, filesystem={"type": "ext4"})
    before = disk.digest()
    fresh_fstab(f"UUID={identity(disk.path)} /srv/elsewhere ext4 defaults 0 2\n")

    assert refused(disk.path, **wish(LIFE, place)) == "fstab_conflict"
    assert disk.digest() == before


@pytest.mark.parametrize("options", ["noatime,nodev", "defaults,nofail"])
def test_new_options_change_our_line_and_no_other(
    disk: Disk, place: str, fstab: Path, options: str
) -> None:
    done(disk.path, **wish(LIFE, place))
    lines = f"# above\n{fstab.read_text()}# below\n"
    fstab.write_text(lines)
    wanted = {**wish(LIFE, place), "mount": {"path": place, "options": options}}

    forecast = prepare(disk.path, check=True, **wanted)
    assert fstab.read_text() == lines
    result = done(disk.path, **wanted)

    assert forecast["plan"] == result["plan"] != []
    assert fstab.read_text() == lines.replace(" noatime ", f" {options} ")
    assert done(disk.path, **wanted)["plan"] == []


def test_new_options_take_effect_now(disk: Disk, place: str) -> None:
    done(disk.path, **wish(LIFE, place))

    done(disk.path, **{**wish(LIFE, place), "mount": {"path": place, "options": "nodev,noatime"}})

    assert {"nodev", "noatime"} <= set(mounted(place)["options"].split(","))


def test_without_fstab_it_is_mounted_only_now(disk: Disk, place: str, fstab: Path) -> None:
    before = fstab.read_bytes()
    wanted = {**wish(LIFE, place), "mount": {"path": place, "fstab": False}}

    done(disk.path, **wanted)

    assert mounted(place)["source"] == disk.path
    assert fstab.read_bytes() == before
    assert done(disk.path, **wanted)["plan"] == []


# ---- mount points ----


def test_file_system_that_is_mounted_elsewhere_is_refused(disk: Disk, tmp_path: Path) -> None:
    first, second = str(tmp_path / "first"), str(tmp_path / "second")
    done(disk.path, **wish(LIFE, first))
    FSTAB.write_text("")

    assert refused(disk.path, **wish(LIFE, second)) == "mounted"
    assert not Path(second).exists()


def test_mount_point_that_holds_files_is_refused(disk: Disk, place: str) -> None:
    file = Path(place, "theirs")
    file.parent.mkdir()
    file.write_text("theirs")

    assert refused(disk.path, **wish(LIFE, place)) == "mount_point_not_empty"
    assert signatures(disk.path) == set()
    assert file.read_text() == "theirs"


def test_mount_point_that_is_a_file_is_refused(disk: Disk, place: str) -> None:
    Path(place).write_text("theirs")

    assert refused(disk.path, **wish(LIFE, place))
    assert signatures(disk.path) == set()


def test_mount_point_of_something_else_is_refused(disk: Disk, place: str) -> None:
    Path(place).mkdir()
    run("mount", "-t", "tmpfs", "tmpfs", place)
    try:
        assert refused(disk.path, **wish(LIFE, place)) == "mount_point_in_use"
        assert signatures(disk.path) == set()
    finally:
        run("umount", place)


def test_empty_mount_point_is_used_as_it_is(disk: Disk, place: str) -> None:
    Path(place).mkdir(mode=0o700)

    result = done(disk.path, **wish(LIFE, place))

    assert not any(step["command"].startswith("mkdir") for step in result["plan"])
    assert_alive(disk, wish(LIFE, place))


@pytest.mark.parametrize("name", ["tab\there", "line\nfeed"])
def test_mount_point_with_a_control_character_is_refused(
    disk: Disk, tmp_path: Path, name: str
) -> None:
    assert refused(disk.path, **wish(LIFE, str(tmp_path / name))) == "invalid_mount"
    assert signatures(disk.path) == set()


@pytest.mark.parametrize("name", ["my brick", "back\\slash", "Frühstück", "#1"])
def test_mount_point_may_have_any_name(disk: Disk, tmp_path: Path, name: str) -> None:
    place = str(tmp_path / name)
    wanted = wish(LIFE, place)

    done(disk.path, **wanted)

    assert run("findmnt", "--noheadings", "--output", "SOURCE", place).strip() == disk.path
    assert done(disk.path, **wanted)["plan"] == []
    run("umount", place)
    run("mount", place)  # by the table, as at boot
    assert done(disk.path, **wanted)["plan"] == []
