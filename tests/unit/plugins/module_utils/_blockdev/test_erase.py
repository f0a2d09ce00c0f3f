# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is erased where that is allowed: all of it, and what names the disk last."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    ENDS_BYTES,
    MIB,
    Device,
    Region,
    Signature,
    expect,
)
from helpers.devices import (
    DISK,
    GIB,
    OTHER_UUID,
    TABLE_UUID,
    UUID,
    commands_of,
    device,
    divided,
    holding,
    machine,
    partition,
    planned,
    touched,
    zeroed,
)

XFS: dict[str, Any] = {"filesystem": {"type": "xfs"}}
SIZE = 10 * GIB


def erased(facts: Device, confirm: str = "S1", **given: Any) -> list[tuple[int, int]]:
    """What goes when everything on it may."""
    wipe = [*facts.all_types, "data"]
    return zeroed(planned(facts, wipe=wipe, confirm_wipe=confirm, **(given or XFS)))


def covers(stretches: list[tuple[int, int]], start: int, end: int) -> bool:
    return any(first <= start and end <= last for first, last in touched(stretches))


def signed(*signatures: tuple[str, int, str]) -> Device:
    """sdb with signatures of these types, at these places, with these UUIDs."""
    found = (Signature(kind, offset, uuid) for kind, offset, uuid in signatures)
    return device(signatures=tuple(found), zero_ends=False)


def test_nothing_is_erased_of_a_blank_disk() -> None:
    assert erased(device()) == []


@pytest.mark.parametrize("facts", [holding("ext4"), device(zero_ends=False)])
def test_both_ends_go_and_nothing_else(facts: Device) -> None:
    assert touched(erased(facts)) == [(0, ENDS_BYTES), (SIZE - ENDS_BYTES, SIZE)]


@pytest.mark.parametrize("facts", [holding("ext4"), device(zero_ends=False), divided(partition())])
def test_beginning_goes_last(facts: Device) -> None:
    found = erased(facts)

    assert found[0][1] == SIZE
    assert found[-1][0] == 0


def test_every_step_that_erases_says_so_and_looks_once_more() -> None:
    plan = planned(holding("ext4"), wipe=["ext4"], confirm_wipe="S1", **XFS)
    *erasing, make = plan.steps

    assert all(step.destroys for step in erasing)
    assert not make.destroys
    for step in erasing:
        assert step.expects == expect(holding("ext4"), types=("ext4",), identity="S1")


def test_nothing_is_written_through_a_node_that_may_not_be_there() -> None:
    """dd would make a file below /dev."""
    plan = planned(holding("ext4"), wipe=["ext4"], confirm_wipe="S1", **XFS)

    assert all("nocreat" in " ".join(step.command) for step in plan.steps if step.destroys)


def test_signature_between_the_ends_goes_too() -> None:
    found = erased(signed(("btrfs", 0x10040, UUID), ("btrfs", 64 * MIB + 0x40, UUID)))

    assert covers(found, 64 * MIB + 0x40, 64 * MIB + 0x48)


@pytest.mark.parametrize("size", [512, 1024, MIB, 3 * MIB, 4 * MIB, 5 * MIB, 8 * MIB])
def test_nothing_is_written_beyond_a_small_partition(size: int) -> None:
    small = partition(1, size, start_bytes=100 * MIB)
    facts = divided(holding("swap", of=small), partition(2, start_bytes=200 * MIB, size=GIB))

    found = erased(facts)

    assert covers(found, 100 * MIB, 100 * MIB + min(size, ENDS_BYTES))
    assert not [one for one in found if 100 * MIB + size < one[1] <= 200 * MIB]


def test_content_of_every_partition_goes() -> None:
    facts = divided(
        holding("xfs", of=partition(1, GIB)),
        holding("ext4", of=partition(2, 2 * GIB, start_bytes=2 * GIB)),
    )

    found = erased(facts)

    for start, end in ((MIB, MIB + GIB), (2 * GIB, 4 * GIB), (0, SIZE)):
        assert covers(found, start, start + ENDS_BYTES)
        assert covers(found, end - ENDS_BYTES, end)


def test_kernel_is_to_forget_the_partitions() -> None:
    facts = divided(partition())
    plan = planned(facts, wipe=["gpt", "PMBR"], confirm_wipe="S1", **XFS)

    (wait,) = (step for step in plan.steps if step.until)

    assert wait.nudge == ("partx", "--delete", DISK)
    assert wait.until
    known = {"name": "sdb1", "type": "part", "size": GIB, "maj:min": "8:17"}
    disk = {"name": "sdb", "type": "disk", "size": SIZE, "maj:min": "8:16"}
    assert wait.until(json.dumps({"blockdevices": [{**disk, "children": [known]}]}))
    assert wait.until(json.dumps({"blockdevices": [disk]})) == ""


def test_kernel_is_to_forget_partitions_of_which_nothing_else_is_left() -> None:
    """As after a run that was interrupted there."""
    assert commands_of(planned(device(partitions=(partition(),)), **XFS))[0] == (
        f"until lsblk --json --bytes --output NAME,TYPE,SIZE,MAJ:MIN {DISK}"
    )


# --- the order


@pytest.mark.parametrize(
    ("facts", "confirm"),
    [
        (holding("ext4"), UUID),
        (divided(partition()), TABLE_UUID),
        (divided(holding("xfs", of=partition(1, GIB, start_bytes=GIB))), TABLE_UUID),
        (divided(partition(1, GIB, start_bytes=GIB, zero_ends=False)), "S1"),
    ],
)
def test_beginning_that_names_the_disk_goes_last(facts: Device, confirm: str) -> None:
    start, end = erased(facts, confirm)[-1]

    assert start == 0
    assert end > 0x1FE  # of an MBR, in the very first sector


@pytest.mark.parametrize("kind", ["ext4", "btrfs", "gfs2"])
@pytest.mark.parametrize("confirm", ["S1", UUID])
def test_signature_goes_when_nothing_else_is_left(kind: str, confirm: str) -> None:
    """Without it the rest would be data of an unknown kind, which was not named."""
    offset = {"ext4": 0x438, "btrfs": 0x10040, "gfs2": 0x10000}[kind]
    facts = signed((kind, offset, UUID))

    *before, (start, end) = erased(facts, confirm)

    assert start <= offset < end
    assert not covers(before, offset, offset + 1)


def test_end_that_names_the_disk_goes_last() -> None:
    facts = signed(("xfs", 0, OTHER_UUID), ("drbd", SIZE - 4096, UUID))

    assert erased(facts, UUID)[-1] == (SIZE - ENDS_BYTES, SIZE)
    assert erased(facts, OTHER_UUID)[-1][0] == 0


def test_signature_between_the_ends_that_names_the_disk_goes_last() -> None:
    facts = signed(("xfs", 0, OTHER_UUID), ("theirs", GIB, UUID))

    start, end = erased(facts, UUID)[-1]

    assert start <= GIB < end


def test_place_of_the_new_partition_is_erased_before_what_names_the_disk() -> None:
    place = (MIB, GIB)
    facts = machine(holding("xfs"), regions={place: Region((), zero_ends=False)})

    plan = planned(facts, partition={"size": "1GiB"}, wipe=["xfs"], confirm_wipe=UUID)

    assert covers(zeroed(plan), MIB, MIB + ENDS_BYTES)
    assert covers(zeroed(plan), MIB + GIB - ENDS_BYTES, MIB + GIB)
    assert zeroed(plan)[-1][0] == 0
