# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user writes: its normal form, and the one reason for each thing that can not be."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import MIB
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.wanted import (
    Expected,
    WantedFileSystem,
    WantedLvm,
    WantedMount,
    WantedPartition,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal
from helpers.devices import GIB, UUID, refusal, wanted
from hypothesis import given
from hypothesis import strategies as st

XFS = {"type": "xfs"}
EXT4 = {"type": "ext4"}
LVM = {"vg": "pool", "lv": "data"}


def refused(**given: Any) -> str:
    """The reason for which these parameters are refused."""
    return refusal(lambda: wanted(**given)).reason


def test_layers_that_are_left_out_are_not_wanted() -> None:
    found = wanted(filesystem=XFS)

    assert (found.partition, found.lvm, found.mount) == (None, None, None)
    assert found.expected == Expected()
    assert (found.wipe, found.confirm_wipe, found.grow) == ((), "", False)


def test_all_layers() -> None:
    found = wanted(
        expect={"serial": "S1", "wwn": "0x5", "min_size": "1GiB", "max_size": "2TiB"},
        partition={},
        lvm=LVM,
        filesystem={**XFS, "label": "brick", "uuid": UUID.upper(), "options": ["-i", "size=512"]},
        mount={"path": "/srv/brick"},
        wipe=["xfs", "data"],
        confirm_wipe="S1",
        grow=True,
    )

    assert found.expected == Expected("S1", "0x5", GIB, 2048 * GIB)
    assert found.partition == WantedPartition("gpt", None)
    assert found.lvm == WantedLvm("pool", "data", None, 100)
    assert found.file_system == WantedFileSystem("xfs", "brick", UUID, ("-i", "size=512"))
    assert found.mount == WantedMount("/srv/brick", "defaults", True)
    assert (found.wipe, found.confirm_wipe, found.grow) == (("xfs", "data"), "S1", True)


# --- the whole


def test_nothing_wanted_is_refused() -> None:
    assert refused() == "nothing_wanted"


def test_relative_path_of_a_disk_is_refused() -> None:
    assert refused(device="sdb", filesystem=XFS) == "no_device"


def test_wipe_without_the_disk_is_refused() -> None:
    assert refused(filesystem=XFS, wipe=["xfs"]) == "wipe_not_confirmed"


def test_disk_to_wipe_without_wipe_erases_nothing() -> None:
    assert wanted(filesystem=XFS, confirm_wipe="S1").wipe == ()


def test_mount_without_a_file_system_is_refused() -> None:
    assert refused(partition={}, mount={"path": "/srv"}) == "invalid_mount"


@pytest.mark.parametrize("name", ["serial", "wwn"])
@pytest.mark.parametrize("value", ["", " "])
def test_expectation_that_every_disk_meets_is_refused(name: str, value: str) -> None:
    assert refused(filesystem=XFS, expect={name: value}) == "invalid_expect"


# --- sizes


@pytest.mark.parametrize("size", ["much", "", "-1GiB", "1e3", "GiB", "1.5.5GiB", "1 000", "²GiB"])
@pytest.mark.parametrize("where", ["min_size", "max_size"])
def test_size_that_is_none_is_refused(where: str, size: str) -> None:
    assert refused(filesystem=XFS, expect={where: size}) == "invalid_size"


@pytest.mark.parametrize("size", ["much", "0", "512KiB", "1048575", "10%"])
def test_partition_of_less_than_a_mebibyte_is_refused(size: str) -> None:
    assert refused(partition={"size": size}) == "invalid_size"


@pytest.mark.parametrize(
    ("size", "found"),
    [("1MiB", MIB), ("1.5MiB", MIB), ("2097153", 2 * MIB), ("1GiB", GIB), ("1G", GIB)],
)
def test_partition_is_rounded_down_to_whole_mebibytes(size: str, found: int) -> None:
    partition = wanted(partition={"label": "mbr", "size": size}).partition

    assert partition == WantedPartition("mbr", found)


@pytest.mark.parametrize("share", ["0%", "101%", "999%", "-1%", "50.5%", "%", "\u0665%"])
def test_share_that_is_none_is_refused(share: str) -> None:
    assert refused(lvm={**LVM, "size": share}) == "invalid_size"


@pytest.mark.parametrize(("share", "percent"), [("1%", 1), ("80 %", 80), ("100%", 100)])
def test_share_of_the_group(share: str, percent: int) -> None:
    assert wanted(lvm={**LVM, "size": share}).lvm == WantedLvm("pool", "data", None, percent)


def test_volume_of_a_size() -> None:
    assert wanted(lvm={**LVM, "size": "50GiB"}).lvm == WantedLvm("pool", "data", 50 * GIB)


@given(st.text(max_size=12))
def test_any_text_is_a_size_or_refused(text: str) -> None:
    reasons = []
    try:
        found = wanted(filesystem=XFS, expect={"min_size": text}).expected.min_bytes
    except Refusal as refused:
        reasons.append(refused.reason)

    assert reasons == ["invalid_size"] or (found is not None and found >= 0)


# --- names


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-pool",
        ".",
        "..",
        "a/b",
        "a b",
        "pöol",
        "a" * 128,
        "snapshot1",
        "pvmove0",
        "a_tdata",
        "a_rimage_0",
    ],
)
@pytest.mark.parametrize("layer", ["vg", "lv"])
def test_name_that_lvm_does_not_take_is_refused(layer: str, name: str) -> None:
    assert refused(lvm={**LVM, layer: name}) == "invalid_name"


@pytest.mark.parametrize("name", ["a", "pool-1", "Pool_2.x+", "a" * 127, "data", "mysnapshot"])
def test_name_that_lvm_takes(name: str) -> None:
    assert wanted(lvm={"vg": name, "lv": "data"}).lvm == WantedLvm(name, "data")


# --- file systems


@pytest.mark.parametrize(
    ("kind", "label"), [(XFS, "x" * 13), (EXT4, "x" * 17), (XFS, "ääääääö"), (XFS, "a\nb")]
)
def test_label_that_does_not_fit_is_refused(kind: dict[str, Any], label: str) -> None:
    assert refused(filesystem={**kind, "label": label}) == "invalid_label"


@pytest.mark.parametrize(("kind", "label"), [(XFS, "x" * 12), (EXT4, "x" * 16), (XFS, "ääääää")])
def test_label_that_fits(kind: dict[str, Any], label: str) -> None:
    file_system = wanted(filesystem={**kind, "label": label}).file_system

    assert file_system
    assert file_system.label == label


@pytest.mark.parametrize(
    "text", ["x", UUID[:-1], f"{{{UUID}}}", UUID.replace("-", ""), f"urn:uuid:{UUID}", f" {UUID}"]
)
def test_uuid_in_an_unusual_form_is_refused(text: str) -> None:
    assert refused(filesystem={**XFS, "uuid": text}) == "invalid_uuid"


@pytest.mark.parametrize(
    "option",
    [
        "-f",
        "-qf",
        "-Kf",
        "-fdsize=1g",
        "-L",
        "-Lother",
        "-N",
        "-qN",
        "-V",
        "-p",
        "uuid=generate",
        "crc=1,uuid=generate",
        "/dev/sdc",
        "logdev=sdc1",
        "internal,logdev=x",
        "rtdev=x",
        "name=x",
        "file=1",
        "sub/path",
        "--help",
        "",
    ],
)
def test_option_that_reaches_beyond_the_xfs_is_refused(option: str) -> None:
    assert refused(filesystem={**XFS, "options": [option]}) == "invalid_options"


@pytest.mark.parametrize(
    "option",
    ["-F", "-qF", "-FEstride=16", "-L", "-U", "-n", "-qn", "-V", "-t", "-text3", "-S", "-d",
     "offset=1M", "stride=16,offset=1M", "device=/dev/sdc", "/dev/sdc"],
)  # fmt: skip
def test_option_that_reaches_beyond_the_ext4_is_refused(option: str) -> None:
    assert refused(filesystem={**EXT4, "options": [option]}) == "invalid_options"


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (XFS, ["-i", "size=512"]),
        (XFS, ["-d", "su=64k,sw=4"]),
        (XFS, ["-m", "reflink=0"]),
        (XFS, ["-n", "size=8192"]),
        (XFS, ["-K"]),
        (EXT4, ["-m", "0"]),
        (EXT4, ["-b", "4096"]),
        (EXT4, ["-E", "stride=16,stripe_width=64"]),
        (EXT4, ["-O", "^has_journal"]),
    ],
)
def test_option_of_the_file_system_is_taken(kind: dict[str, Any], options: list[str]) -> None:
    file_system = wanted(filesystem={**kind, "options": options}).file_system

    assert file_system
    assert file_system.options == tuple(options)


# --- mounts


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "//",
        "/etc",
        "/boot/",
        "/proc/x",
        "/dev/x",
        "/srv/..",
        "/a\nb",
        "/a\x00b",
        "/a\x0cb",
        "/a\u2028b",
    ],
)
def test_path_that_is_no_mount_point_is_refused(path: str) -> None:
    assert refused(filesystem=XFS, mount={"path": path}) == "invalid_mount"


@pytest.mark.parametrize(
    ("path", "normal"),
    [("/srv/", "/srv"), ("//srv", "/srv"), ("/a//b/./c", "/a/b/c"), ("/a b", "/a b")],
)
def test_mount_point_in_its_normal_form(path: str, normal: str) -> None:
    mount = wanted(filesystem=XFS, mount={"path": path}).mount

    assert mount
    assert mount.path == normal


@pytest.mark.parametrize(
    "options", ["bind", "ro,bind", "remount", "loop", "offset=1", "ro,noatime,rw"]
)
def test_options_that_mean_another_mount_are_refused(options: str) -> None:
    assert refused(filesystem=XFS, mount={"path": "/a", "options": options}) == "invalid_mount"


@pytest.mark.parametrize("options", ["a b", "a,,b", ",", "noatime,", "#", "a\tb", "a\n"])
def test_options_that_would_break_the_table_are_refused(options: str) -> None:
    assert refused(filesystem=XFS, mount={"path": "/a", "options": options}) == "invalid_mount"


def test_mount_that_is_not_for_the_next_boot() -> None:
    mount = wanted(filesystem=XFS, mount={"path": "/a", "options": "ro", "fstab": False}).mount

    assert mount == WantedMount("/a", "ro", at_boot=False)
