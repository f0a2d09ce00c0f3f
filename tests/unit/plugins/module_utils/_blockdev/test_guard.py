# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What speaks against writing to a disk, and which of several reasons is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._blockdev import guard
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    Device,
    Entry,
    Mount,
    Signature,
)
from helpers.devices import (
    GIB,
    OTHER_UUID,
    TABLE_UUID,
    UUID,
    device,
    divided,
    holding,
    machine,
    partition,
    planned,
    reason,
    refusal,
    wanted,
)

XFS: dict[str, Any] = {"filesystem": {"type": "xfs"}}
PARTITION: dict[str, Any] = {"partition": {}}
HERE = Mount("/srv/x", here=True)
ELSEWHERE = Mount("/data", here=False)


def refused(facts: Device, **given: Any) -> str:
    """The reason for which nothing may be written there."""
    return refusal(lambda: guard.refuse_write(facts, wanted(**XFS, **given))).reason


def test_blank_disk_may_be_written_to() -> None:
    guard.refuse_write(device(), wanted(**XFS))


# --- the disk that was meant


@pytest.mark.parametrize(
    ("expected", "reason_seen"),
    [
        ({"serial": "S2"}, "id_mismatch"),
        ({"wwn": "0x6"}, "id_mismatch"),
        ({"serial": "S2", "min_size": "20GiB"}, "id_mismatch"),
        ({"min_size": "11GiB"}, "too_small"),
        ({"max_size": "9GiB"}, "too_large"),
    ],
)
def test_other_disk_than_expected_is_refused(expected: dict[str, str], reason_seen: str) -> None:
    assert reason(device(), expect=expected, **XFS) == reason_seen


def test_disk_without_a_serial_number_is_not_the_expected_one() -> None:
    assert reason(device(serial=""), expect={"serial": "S1"}, **XFS) == "id_mismatch"


def test_disk_as_expected_is_taken() -> None:
    given = {"serial": "S1", "wwn": "0x5", "min_size": "10GiB", "max_size": "10GiB"}

    guard.refuse_identity(device(), wanted(expect=given, **XFS).expected)


# --- uses


USES: list[tuple[dict[str, Any], str]] = [
    ({"is_system": True}, "system_disk"),
    ({"problem": "it is broken"}, "probe_failed"),
    ({"read_only": True}, "read_only"),
    ({"mounts": (HERE,)}, "mounted"),
    ({"mounts": (ELSEWHERE,)}, "mounted"),
    ({"swap": True}, "in_use"),
    ({"holders": ("dm-0",)}, "in_use"),
    ({"users": ("qemu (7)",)}, "held_open"),
    ({"busy": "Device or resource busy"}, "in_use"),
]


@pytest.mark.parametrize(("use", "reason_seen"), USES)
def test_disk_that_is_used_is_refused(use: dict[str, Any], reason_seen: str) -> None:
    assert refused(device(**use)) == reason_seen


@pytest.mark.parametrize(("use", "reason_seen"), USES)
def test_disk_is_refused_for_a_use_of_its_partition(use: dict[str, Any], reason_seen: str) -> None:
    """The kernel keeps a disk whose partition is in use, but that says less."""
    busy = "" if use.keys() <= {"is_system", "problem", "read_only"} else "Device or resource busy"
    facts = divided(partition(1), partition(2, **use), busy=busy)

    assert refused(facts) == reason_seen


@pytest.mark.parametrize(("use", "reason_seen"), USES)
def test_wipe_does_not_allow_what_is_used(use: dict[str, Any], reason_seen: str) -> None:
    facts = holding("xfs", **use)

    assert refused(facts, wipe=["xfs"], confirm_wipe="S1") == reason_seen


@pytest.mark.parametrize("place", range(len(USES) - 1))
def test_reasons_have_an_order(place: int) -> None:
    """What is worse, or says more, is named first."""
    every: dict[str, Any] = {}
    for use, _reason in reversed(USES[place:]):
        every |= use

    assert refused(device(**every)) == USES[place][1]


def test_use_is_named_before_content() -> None:
    assert refused(holding("xfs", mounts=(HERE,))) == "mounted"


def test_mount_in_a_container_is_named_so() -> None:
    found = refusal(lambda: guard.refuse_use(device(mounts=(HERE, ELSEWHERE))))

    assert "/srv/x, /data (in another mount namespace)" in str(found)


@pytest.mark.parametrize("given", [XFS, PARTITION, {"lvm": {"vg": "v", "lv": "l"}}])
def test_system_disk_is_refused_whatever_is_wanted(given: dict[str, Any]) -> None:
    assert reason(divided(partition(is_system=True), is_system=True), **given) == "system_disk"


# --- content


@pytest.mark.parametrize(
    ("kind", "reason_seen"),
    [
        ("gpt", "has_gpt"),
        ("PMBR", "has_gpt"),
        ("dos", "has_mbr"),
        ("ext2", "has_ext4"),
        ("ext3", "has_ext4"),
        ("ext4", "has_ext4"),
        ("xfs", "has_xfs"),
        ("gfs2", "has_gfs2"),
        ("swap", "has_swap"),
        ("swsuspend", "has_swap"),
        ("crypto_LUKS", "has_luks"),
        ("LVM2_member", "has_lvm"),
        ("linux_raid_member", "has_raid"),
        ("drbd", "has_drbd"),
        ("btrfs", "has_signature"),
        ("zfs_member", "has_signature"),
        ("something new", "has_signature"),
    ],
)
def test_content_has_its_reason(kind: str, reason_seen: str) -> None:
    assert refused(holding(kind)) == reason_seen
    assert refused(divided(holding(kind, of=partition(2)))) in (reason_seen, "has_gpt", "has_mbr")


def test_unknown_content_is_not_blank() -> None:
    assert refused(device(zero_ends=False)) == "not_blank"


def test_unknown_content_of_a_partition_is_not_blank() -> None:
    facts = divided(partition(zero_ends=False))

    assert refused(facts, wipe=["gpt", "PMBR"], confirm_wipe="S1") == "not_blank"


@pytest.mark.parametrize(
    ("kinds", "reason_seen"),
    [
        (("dos", "xfs"), "has_xfs"),
        (("gpt", "PMBR", "btrfs"), "has_signature"),
        (("xfs", "drbd"), "has_drbd"),
        (("xfs", "linux_raid_member"), "has_raid"),
        (("ext4", "LVM2_member"), "has_lvm"),
        (("swap", "crypto_LUKS"), "has_luks"),
        (("crypto_LUKS", "LVM2_member", "linux_raid_member", "drbd"), "has_drbd"),
    ],
)
def test_signature_says_more_than_a_table(kinds: tuple[str, ...], reason_seen: str) -> None:
    assert refused(holding(*kinds)) == reason_seen
    assert refused(holding(*reversed(kinds))) == reason_seen


def test_content_of_a_partition_says_more_than_the_table() -> None:
    facts = divided(partition(1), holding("xfs", of=partition(2)))

    assert refused(facts) == "has_xfs"


def test_table_says_more_than_unknown_data() -> None:
    assert refused(divided(partition(zero_ends=False))) == "has_gpt"


def test_refusal_names_everything_and_what_to_write() -> None:
    facts = divided(holding("swap", of=partition(1)), holding("xfs", of=partition(2)))

    found = str(refusal(lambda: guard.refuse_write(facts, wanted(**XFS))))

    assert "holds swap space, and a GPT partition table" in found
    assert "an xfs file system" in found
    assert "wipe: [gpt, PMBR, swap, xfs] and confirm_wipe: one of S1, 0x5" in found


# --- what may be erased


WIPE: dict[str, Any] = {**XFS, "wipe": ["xfs"]}


def test_what_is_named_on_the_disk_that_is_named_may_go() -> None:
    for name in ("S1", "0x5", UUID):
        guard.refuse_write(holding("xfs"), wanted(**WIPE, confirm_wipe=name))


@pytest.mark.parametrize("name", ["S2", "yes", "true", "/dev/sdb", OTHER_UUID])
def test_other_name_confirms_nothing(name: str) -> None:
    assert refused(holding("xfs"), wipe=["xfs"], confirm_wipe=name) == "wipe_not_confirmed"


def test_wipe_of_something_else_leaves_it() -> None:
    assert refused(holding("ext4"), wipe=["xfs"], confirm_wipe="S1") == "has_ext4"
    assert refused(holding("ext4", "xfs"), wipe=["xfs"], confirm_wipe="S1") == "has_ext4"


def test_wipe_of_a_table_leaves_what_is_in_it() -> None:
    facts = divided(holding("xfs", of=partition()))

    assert refused(facts, wipe=["gpt", "PMBR"], confirm_wipe="S1") == "has_xfs"


def test_unknown_content_goes_by_the_name_of_data() -> None:
    facts = device(zero_ends=False)

    assert refused(facts, wipe=["xfs"], confirm_wipe="S1") == "not_blank"
    guard.refuse_write(facts, wanted(**XFS, wipe=["data"], confirm_wipe="S1"))


def test_disk_without_a_name_can_not_be_confirmed() -> None:
    facts = device(zero_ends=False, serial="", wwn="")

    assert refused(facts, wipe=["data"], confirm_wipe="S1") == "wipe_not_confirmed"
    assert "erase it by hand" in str(refusal(lambda: guard.refuse_write(facts, wanted(**XFS))))


def test_blank_disk_needs_no_right_confirmation() -> None:
    guard.refuse_write(device(), wanted(**WIPE, confirm_wipe="S2"))


def test_uuid_of_the_table_names_the_disk() -> None:
    facts = divided(partition())
    wish = wanted(**XFS, wipe=["gpt", "PMBR"], confirm_wipe=TABLE_UUID)

    guard.refuse_write(facts, wish)


# --- partitions that only the table knows


def test_partition_that_only_the_table_knows_is_not_erased_with_it() -> None:
    facts = machine(divided(), written=(Entry(1, 8 * 1024**2, GIB),))
    wipe: dict[str, Any] = {"wipe": ["gpt", "PMBR"], "confirm_wipe": "S1"}

    assert reason(facts, **XFS, **wipe) == "unknown_partition"
    assert reason(facts, **PARTITION, **wipe) == "unknown_partition"
    assert reason(replace(facts, lvm=None), **XFS) == "has_gpt"


def test_empty_table_is_erased() -> None:
    facts = machine(divided(), written=())

    assert planned(facts, **XFS, wipe=["gpt", "PMBR"], confirm_wipe="S1").steps


# --- the model


def test_device_is_blank_when_nothing_at_all_is_on_it() -> None:
    assert device().is_blank
    for given in (
        {"zero_ends": False},
        {"problem": "broken"},
        {"signatures": (Signature("xfs", 0),)},
        {"partitions": (partition(),)},
    ):
        assert not device(**given).is_blank


def test_types_are_named_once() -> None:
    facts = divided(holding("xfs", of=partition(1)), holding("xfs", of=partition(2)))

    assert facts.types == ("gpt", "PMBR")
    assert facts.all_types == ("gpt", "PMBR", "xfs")


def test_tree_of_a_disk_is_it_and_its_partitions() -> None:
    assert [one.path for one in divided(partition(1), partition(2)).tree] == [
        "/dev/sdb",
        "/dev/sdb1",
        "/dev/sdb2",
    ]
