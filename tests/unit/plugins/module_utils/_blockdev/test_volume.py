# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The volume group and the logical volume: made, found as they are, grown, never shrunk."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._blockdev import commands
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    MIB,
    NEW_TAG,
    Device,
    LogicalVolume,
    Lvm,
    Machine,
    VolumeGroup,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Unread
from helpers.devices import (
    DISK,
    GIB,
    UUID,
    commands_of,
    device,
    holding,
    machine,
    planned,
    reason,
    touched,
    zeroed,
)

EXTENT = 4 * MIB
EXTENTS = (10 * GIB - MIB) // EXTENT
MAKE_GROUP = f"vgcreate --dataalignment 1m --physicalextentsize 4194304b pool {DISK}"
GROW_GROUP = f"pvresize {DISK}"
PATH = "/dev/pool/data"
SETTLE = f"lvchange --deltag {NEW_TAG} {PATH}"


def make_volume(extents: int) -> list[str]:
    """It is made, both its ends are, and only then is it not new any more."""
    create = (
        f"lvcreate --yes --wipesignatures y --zero y --addtag {NEW_TAG} "
        f"--extents {extents} --name data pool"
    )
    return [create, *make_blank(extents)]


def make_blank(extents: int) -> list[str]:
    size = extents * EXTENT
    ends = (size - 4 * MIB, 0)
    return [*(shlex.join(commands.zero(PATH, end, 4 * MIB)) for end in ends), SETTLE]


def grow_volume(extents: int) -> str:
    return f"lvextend --extents {extents} /dev/pool/data"


def volume(extents: int, name: str = "data", **given: Any) -> Device:
    """An active logical volume of the group."""
    path = f"/dev/pool/{name}"
    blank = Device(path, f"253:{len(name)}", "lvm", extents * EXTENT, zero_ends=True)
    return replace(blank, volume_uuid=f"lv-{name}", **given)


def pool(
    *volumes: Device, extents: int = EXTENTS, inactive: tuple[str, ...] = (), **given: Any
) -> Machine:
    """sdb as the only member of the group ``pool``, with these volumes."""
    free = extents - sum(one.size_bytes // EXTENT for one in volumes)
    group = VolumeGroup("pool", "vg", EXTENT, extents, free, ("8:16",))
    described = tuple(
        LogicalVolume(
            one.path.rpartition("/")[2],
            "pool",
            one.path,
            one.volume_uuid,
            one.size_bytes,
            one.path not in inactive,
            (NEW_TAG,) if one.is_new else (),
        )
        for one in volumes
    )
    active = tuple(one for one in volumes if one.path not in inactive)
    disk = holding("LVM2_member", group=replace(group, **given), volumes=active, holders=("dm-0",))
    disk = replace(disk, busy="Device or resource busy") if active else replace(disk, holders=())
    taken = {"8:16": MIB + extents * EXTENT}
    return machine(disk, lvm=Lvm((replace(group, **given),), described, taken))


def wish(size: str = "100%", **given: Any) -> dict[str, Any]:
    return {"lvm": {"vg": "pool", "lv": "data", "size": size}, **given}


def steps(facts: Machine | Device, size: str = "100%", **given: Any) -> list[str]:
    whole = machine(facts, lvm=Lvm()) if isinstance(facts, Device) else facts
    return commands_of(planned(whole, **wish(size, **given)))


def refused(facts: Machine | Device, size: str = "100%", **given: Any) -> str:
    whole = machine(facts, lvm=Lvm()) if isinstance(facts, Device) else facts
    return reason(whole, **wish(size, **given))


# --- new


def test_lvm_is_asked_when_it_is_wanted() -> None:
    with pytest.raises(Unread) as asked:
        planned(machine(), **wish())

    assert asked.value.part == "lvm"


def test_blank_disk_becomes_a_group_with_a_volume() -> None:
    assert steps(device()) == [MAKE_GROUP, *make_volume(EXTENTS)]


@pytest.mark.parametrize(
    ("size", "extents"),
    [
        ("50%", EXTENTS // 2),
        ("1%", EXTENTS // 100),
        ("1GiB", 256),
        ("1", 1),
        (str(EXTENT), 1),
        (str(EXTENT + 1), 2),
        (str(EXTENTS * EXTENT), EXTENTS),
    ],
)
def test_size_is_rounded_up_to_extents_and_a_share_down(size: str, extents: int) -> None:
    assert steps(device(), size)[1:] == make_volume(extents)


@pytest.mark.parametrize("size", ["10GiB", str(EXTENTS * EXTENT + 1)])
def test_volume_that_does_not_fit_is_refused(size: str) -> None:
    assert refused(device(), size) == "too_small"


@pytest.mark.parametrize("size", [MIB, 2 * MIB, 5 * MIB - 1])
def test_disk_without_room_for_an_extent_is_refused(size: int) -> None:
    assert refused(device(size_bytes=size)) == "too_small"


def test_share_of_less_than_an_extent_is_refused() -> None:
    assert refused(device(size_bytes=100 * MIB), "1%") == "too_small"


def test_device_afterwards() -> None:
    after = planned(machine(lvm=Lvm()), **wish("1GiB")).after.device

    assert after.types == ("LVM2_member",)
    assert after.group
    assert (after.group.size_bytes, after.group.free_extents) == (EXTENTS * EXTENT, EXTENTS - 256)
    assert [(one.path, one.size_bytes) for one in after.volumes] == [("/dev/pool/data", GIB)]


def test_nothing_is_made_on_a_disk_that_holds_something() -> None:
    assert refused(holding("xfs")) == "has_xfs"
    assert refused(device(swap=True)) == "in_use"


def test_disk_is_erased_for_a_group_where_that_is_allowed() -> None:
    plan = planned(machine(holding("xfs"), lvm=Lvm()), wipe=["xfs"], confirm_wipe="S1", **wish())

    assert len(touched(zeroed(plan))) == 2
    assert commands_of(plan)[len(zeroed(plan)) :] == [MAKE_GROUP, *make_volume(EXTENTS)]


def test_name_that_another_device_has_is_refused() -> None:
    assert refused(machine(lvm=Lvm(), nodes=("disk", "pool"))) == "invalid_name"


# --- a group that is there


def test_group_of_that_name_on_another_disk_is_refused() -> None:
    elsewhere = VolumeGroup("pool", "vg", EXTENT, 100, 100, ("8:32",))

    assert refused(machine(lvm=Lvm((elsewhere,)))) == "other_group"


def test_group_of_several_disks_is_left_to_its_makers() -> None:
    facts = pool()
    assert facts.lvm
    both = replace(facts.lvm.groups[0], members=("8:16", "8:32"))

    assert refused(replace(facts, lvm=replace(facts.lvm, groups=(both,)))) == "other_group"


def test_other_group_on_the_disk_is_not_taken() -> None:
    facts = pool()
    other = replace(facts.device.group, name="theirs") if facts.device.group else None
    assert other

    assert refused(replace(facts, lvm=Lvm((other,)))) == "has_lvm"


@pytest.mark.parametrize(
    "trouble", ["is exported", "misses a physical volume", "is shared with other machines"]
)
def test_group_in_trouble_is_left_alone(trouble: str) -> None:
    assert refused(pool(trouble=trouble)) == "group_trouble"


def test_volume_is_made_in_a_group_that_is_there() -> None:
    assert steps(pool(volume(100, "theirs")), "1GiB") == make_volume(256)


def test_volume_does_not_take_the_room_of_others() -> None:
    assert refused(pool(volume(100, "theirs"))) == "too_small"
    assert steps(pool(volume(100, "theirs")), "90%") == make_volume(EXTENTS * 90 // 100)


def test_other_volumes_of_the_group_stay_in_sight() -> None:
    after = planned(pool(volume(100, "theirs")), **wish("1GiB")).after.device

    assert [one.path for one in after.volumes] == ["/dev/pool/theirs", "/dev/pool/data"]


# --- a volume that is there


@pytest.mark.parametrize("size", ["100%", "50%", "1GiB"])
def test_volume_of_the_wanted_size_or_less_than_its_share_is_right(size: str) -> None:
    assert steps(pool(volume(256)), size) == []


def test_volume_never_shrinks() -> None:
    for grow in (False, True):
        assert refused(pool(volume(257)), "1GiB", grow=grow) == "would_shrink"
        assert refused(pool(volume(EXTENTS)), "50%", grow=grow) == "would_shrink"


def test_volume_grows_only_where_that_is_allowed() -> None:
    assert refused(pool(volume(256)), "2GiB") == "would_grow"
    assert steps(pool(volume(256)), "2GiB", grow=True) == [grow_volume(512)]
    assert steps(pool(volume(256)), "50%", grow=True) == [grow_volume(EXTENTS // 2)]


def test_volume_does_not_grow_over_others() -> None:
    facts = pool(volume(256), volume(EXTENTS - 300, "theirs"))

    assert refused(facts, grow=True) == "too_small"
    assert steps(facts, str(300 * EXTENT), grow=True) == [grow_volume(300)]


def test_group_fills_its_disk_when_growing_is_asked_for() -> None:
    facts = pool(volume(256), extents=300)

    assert steps(facts, "50%", grow=True) == [GROW_GROUP, grow_volume(EXTENTS // 2)]
    assert steps(facts, "1GiB", grow=True) == [GROW_GROUP]
    assert steps(facts, "1GiB") == []


def test_group_that_fills_its_disk_does_not_grow() -> None:
    assert steps(pool(volume(256)), "1GiB", grow=True) == []


def test_growing_group_is_seen_afterwards() -> None:
    after = planned(pool(volume(256), extents=300), grow=True, **wish("50%")).after.device

    assert after.group
    assert (after.group.extents, after.group.free_extents) == (EXTENTS, EXTENTS - EXTENTS // 2)


@pytest.mark.parametrize(
    ("given", "seen"), [({"read_only": True}, "read_only"), ({"problem": "x"}, "probe_failed")]
)
def test_disk_with_a_problem_does_not_grow(given: dict[str, Any], seen: str) -> None:
    facts = pool(volume(256), extents=300)

    assert refused(replace(facts, device=replace(facts.device, **given)), grow=True) == seen


def test_snapshot_or_mirror_does_not_grow_here() -> None:
    facts = pool(volume(256))
    assert facts.lvm
    other = replace(facts.lvm.volumes[0], is_plain=False)
    facts = replace(facts, lvm=replace(facts.lvm, volumes=(other,)))

    assert refused(facts, "2GiB", grow=True) == "other_volume"
    assert steps(facts, "1GiB") == []


def test_copy_of_the_disk_is_refused() -> None:
    """LVM takes either of them."""
    facts = replace(pool(), by_uuid={UUID: {"8:16": DISK, "8:32": "/dev/sdc"}})

    assert refused(facts, "1GiB") == "same_uuid"
    assert steps(replace(facts, by_uuid={UUID: {"8:16": DISK}}), "1GiB")


def test_volume_that_is_not_active_is_refused() -> None:
    assert refused(pool(volume(256), inactive=("/dev/pool/data",))) == "inactive"


# --- what is on it


XFS = {"type": "xfs"}


def mkfs(facts: Machine, **given: Any) -> list[str]:
    return [line.split()[0] for line in steps(facts, "1GiB", filesystem=XFS, **given)]


def test_new_volume_is_made_blank_and_filled() -> None:
    done = steps(machine(lvm=Lvm()), "1GiB", filesystem=XFS)

    assert done[1:-1] == make_volume(256)
    assert done[-1].split()[0] == "mkfs.xfs"


def test_making_a_new_volume_blank_destroys_nothing() -> None:
    """Its extents were free: what they hold is nobody's."""
    plan = planned(machine(lvm=Lvm()), **wish("1GiB"))

    assert not any(step.destroys for step in plan.steps)


@pytest.mark.parametrize("is_zero", [True, False])
def test_volume_that_was_just_made_is_made_blank(is_zero: bool) -> None:
    new = volume(256, zero_ends=is_zero, is_new=True)

    assert steps(pool(new), "1GiB") == make_blank(256)
    assert mkfs(pool(new)) == ["dd", "dd", "lvchange", "mkfs.xfs"]


def test_volume_that_was_just_made_grows_before_it_is_made_blank() -> None:
    new = volume(256, zero_ends=False, is_new=True)

    assert steps(pool(new), "2GiB", grow=True) == [grow_volume(512), *make_blank(512)]


def test_volume_with_something_on_it_is_not_made_blank() -> None:
    """Whatever its tag says."""
    facts = pool(holding("ext4", of=volume(256, is_new=True)))

    assert mkfs(pool(holding("xfs", of=volume(256, is_new=True)))) == []
    assert refused(facts, "1GiB", filesystem=XFS) == "has_ext4"


@pytest.mark.parametrize("extents", [1, 2])
def test_nothing_is_written_beyond_a_small_volume(extents: int) -> None:
    plan = planned(machine(lvm=Lvm()), **wish(str(extents * EXTENT)))
    zero = [dict(w.partition("=")[::2] for w in s.command) for s in plan.steps if "dd" in s.command]

    assert [int(one["seek"]) + int(one["count"]) <= extents * EXTENT for one in zero] == [True] * 2


def test_volume_that_somebody_else_made_has_to_be_blank() -> None:
    assert mkfs(pool(volume(256))) == ["mkfs.xfs"]
    assert refused(pool(volume(256, zero_ends=False)), "1GiB", filesystem=XFS) == "not_blank"
    assert refused(pool(holding("ext4", of=volume(256))), "1GiB", filesystem=XFS) == "has_ext4"


def test_volume_is_erased_where_that_is_allowed() -> None:
    facts = pool(holding("ext4", of=volume(256)))
    plan = planned(facts, filesystem=XFS, wipe=["ext4"], confirm_wipe="lv-data", **wish("1GiB"))

    *erasing, make = plan.steps
    assert touched(zeroed(plan)) == [(0, 4 * MIB), (GIB - 4 * MIB, GIB)]
    assert all(step.destroys and "of=/dev/pool/data" in step.command for step in erasing)
    assert make.command[0] == "mkfs.xfs"
