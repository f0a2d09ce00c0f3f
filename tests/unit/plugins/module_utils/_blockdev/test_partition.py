# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The partition: made, found as it is, grown, never shrunk."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    MIB,
    Device,
    Entry,
    Lvm,
    Machine,
    Mount,
    Region,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Step, Unread
from helpers.devices import (
    DISK,
    GIB,
    commands_of,
    device,
    divided,
    holding,
    machine,
    partition,
    planned,
    reason,
    zeroed,
)

TIB = 1024 * GIB
WRITE = f"sfdisk --quiet --wipe never --wipe-partitions never {DISK}"
GROW = f"sfdisk --quiet --no-reread --partno 1 {DISK}"
KNOWN = f"until lsblk --json --bytes --output NAME,TYPE,SIZE,MAJ:MIN {DISK}"
HERE = Mount("/srv/x", here=True)


def partitioned(facts: Machine | Device, **given: Any) -> list[str]:
    """The commands for a partition; options of it among the others."""
    return commands_of(planned(facts, **wish(**given)))


def refused(facts: Machine | Device, **given: Any) -> str:
    return reason(facts, **wish(**given))


def wish(label: str = "gpt", size: str | None = None, **given: Any) -> dict[str, Any]:
    return {"partition": {"label": label, "size": size}, **given}


def listed(*sizes: int) -> str:
    """lsblk of a disk with partitions of these sizes."""
    parts = [
        {"name": f"sdb{number}", "type": "part", "size": size, "maj:min": f"8:{16 + number}"}
        for number, size in enumerate(sizes, 1)
    ]
    disk = {"name": "sdb", "type": "disk", "size": 10 * GIB, "maj:min": "8:16", "children": parts}
    return json.dumps({"blockdevices": [disk]})


# --- new


def test_blank_disk_gets_a_partition() -> None:
    plan = planned(device(), partition={})

    assert commands_of(plan) == [WRITE, KNOWN]
    write, wait = plan.steps
    assert write.stdin == (
        f"label: gpt\nstart=1MiB, size={10 * 1024 - 2}MiB, "
        "type=0FC63DAF-8483-4772-8E79-3D69D8477DE4\n"
    )
    assert not write.destroys
    assert write.expects.blank  # type: ignore[attr-defined]
    assert wait.nudge == ("partx", "--update", DISK)


@pytest.mark.parametrize(
    ("label", "more", "script"),
    [
        ("mbr", {}, "label: dos\nstart=1MiB, size=100MiB, type=83\n"),
        ("mbr", {"lvm": {"vg": "v", "lv": "l"}}, "label: dos\nstart=1MiB, size=100MiB, type=8e\n"),
        (
            "gpt",
            {"lvm": {"vg": "v", "lv": "l"}},
            "label: gpt\nstart=1MiB, size=100MiB, type=E6D6D379-F507-44C2-A23C-238F2A3DF928\n",
        ),
    ],
)
def test_table_says_what_a_partition_is_for(label: str, more: dict[str, Any], script: str) -> None:
    plan = planned(machine(lvm=Lvm()), **wish(label, "100MiB", **more))

    assert plan.steps[0].stdin == script


@pytest.mark.parametrize(
    ("path", "name"),
    [("/dev/sdb", "/dev/sdb1"), ("/dev/nvme0n1", "/dev/nvme0n1p1"), ("/dev/loop0", "/dev/loop0p1")],
)
def test_partition_has_the_name_that_the_kernel_gives_it(path: str, name: str) -> None:
    (part,) = planned(device(path=path), partition={}).after.device.partitions

    assert part.path == name


def test_disk_afterwards() -> None:
    after = planned(device(), partition={}).after.device

    assert (after.table, after.types) == ("gpt", ("gpt", "PMBR"))
    assert after.partitions[0].size_bytes == 10 * GIB - 2 * MIB
    assert after.partitions[0].serial == "S1"


@pytest.mark.parametrize("size", [10 * GIB + 1, 10 * GIB + 512 * 1000, 10 * GIB - 512])
def test_partition_is_whole_mebibytes_and_leaves_room_for_the_second_table(size: int) -> None:
    (part,) = planned(device(size_bytes=size), partition={}).after.device.partitions

    assert part.size_bytes % MIB == 0
    assert MIB <= size - (part.start_bytes + part.size_bytes) < 2 * MIB


def test_wait_is_over_when_the_kernel_knows_the_partition() -> None:
    (wait,) = (step for step in planned(device(), partition={}).steps if step.until)
    assert wait.until

    assert wait.until(listed(10 * GIB - 2 * MIB)) == ""
    assert wait.until(listed()) == "it knows none"
    assert wait.until(listed(GIB)) == f"it knows ({GIB},)"


# --- what does not fit


@pytest.mark.parametrize(
    ("disk", "label", "size", "seen"),
    [
        (10 * GIB, "gpt", "10GiB", "too_small"),
        (10 * GIB, "gpt", f"{10 * 1024 - 1}MiB", "too_small"),
        (2 * MIB, "gpt", None, "too_small"),
        (3 * TIB, "mbr", None, "too_large"),
        (3 * TIB, "mbr", "2TiB", "too_large"),
    ],
)
def test_partition_that_does_not_fit_is_refused(
    disk: int, label: str, size: str | None, seen: str
) -> None:
    assert refused(device(size_bytes=disk), label=label, size=size) == seen


@pytest.mark.parametrize(
    ("disk", "label", "size"),
    [
        (10 * GIB, "gpt", f"{10 * 1024 - 2}MiB"),
        (3 * MIB, "gpt", None),
        (3 * TIB, "gpt", None),
        (3 * TIB, "mbr", "2047GiB"),
    ],
)
def test_partition_that_just_fits_is_made(disk: int, label: str, size: str | None) -> None:
    assert partitioned(device(size_bytes=disk), label=label, size=size) == [WRITE, KNOWN]


@pytest.mark.parametrize("kind", ["disk", "loop", "raid1"])
def test_partition_is_made_on_what_takes_a_table(kind: str) -> None:
    assert partitioned(device(kind=kind)) == [WRITE, KNOWN]


@pytest.mark.parametrize("kind", ["part", "lvm", "crypt", "mpath", "rom"])
def test_partition_is_not_made_on_anything_but_a_disk(kind: str) -> None:
    assert refused(device(kind=kind)) == "not_a_disk"


# --- what lies where it will be


def old(types: tuple[str, ...] = (), **given: Any) -> Machine:
    """A disk with something where a partition of 1 GiB will be."""
    return machine(device(), regions={(MIB, GIB): Region(types, zero_ends=False, **given)})


def test_place_of_the_partition_is_looked_at() -> None:
    with pytest.raises(Unread) as asked:
        planned(machine(regions={}), **wish(size="1GiB"))

    assert asked.value.part == f"region {MIB} {GIB}"


@pytest.mark.parametrize(
    ("types", "seen"), [(("xfs",), "has_xfs"), (("LVM2_member",), "has_lvm"), ((), "not_blank")]
)
def test_old_content_where_the_partition_will_be_is_refused(
    types: tuple[str, ...], seen: str
) -> None:
    assert refused(old(types), size="1GiB") == seen


def test_place_that_can_not_be_looked_at_is_refused() -> None:
    assert refused(old(problem="it is broken"), size="1GiB") == "probe_failed"


def test_old_content_is_erased_where_that_is_allowed() -> None:
    plan = planned(old(("xfs",)), wipe=["xfs"], confirm_wipe="S1", **wish(size="1GiB"))

    assert zeroed(plan) == [(MIB + GIB - 4 * MIB, MIB + GIB), (MIB, 5 * MIB)]
    assert commands_of(plan)[2:] == [WRITE, KNOWN]


# --- found


def test_partition_that_is_there_is_right_with_any_size() -> None:
    assert partitioned(divided(partition(size=GIB))) == []


def test_partition_of_the_wanted_size_is_right() -> None:
    assert partitioned(divided(partition(size=GIB)), size="1GiB") == []


@pytest.mark.parametrize(
    "facts",
    [
        divided(partition(1, GIB), partition(2, GIB, start_bytes=2 * GIB)),
        divided(partition(start_bytes=MIB // 2)),
        divided(partition(), label="dos", table="dos"),
        divided(),
    ],
)
def test_other_table_is_no_partition_of_ours(facts: Device) -> None:
    assert refused(facts) in ("has_gpt", "has_mbr")


def test_partition_may_be_in_use() -> None:
    used = partition(mounts=(HERE,), busy="Device or resource busy")

    assert partitioned(divided(used, busy="Device or resource busy")) == []


# --- its size


def test_partition_never_shrinks() -> None:
    assert refused(divided(partition(size=2 * GIB)), size="1GiB") == "would_shrink"
    assert refused(divided(partition(size=2 * GIB)), size="1GiB", grow=True) == "would_shrink"


def test_partition_grows_only_where_that_is_allowed() -> None:
    assert refused(divided(partition(size=GIB)), size="2GiB") == "would_grow"


def test_partition_grows_to_the_wanted_size() -> None:
    plan = planned(divided(partition(size=GIB)), grow=True, **wish(size="2GiB"))

    assert commands_of(plan) == [GROW, KNOWN]
    assert plan.steps[0].stdin == ", 2048MiB\n"
    assert plan.after.device.partitions[0].size_bytes == 2 * GIB


def test_partition_grows_to_the_end_of_the_disk() -> None:
    plan = planned(divided(partition(size=GIB)), partition={}, grow=True)

    assert plan.steps[0].stdin == f", {10 * 1024 - 2}MiB\n"


def test_partition_grows_while_it_is_in_use() -> None:
    used = holding("xfs", of=partition(size=GIB), mounts=(HERE,), busy="busy")

    plan = planned(divided(used, busy="busy"), partition={}, grow=True)

    assert commands_of(plan) == [GROW, KNOWN]
    assert plan.steps[0].expects.in_use  # type: ignore[attr-defined]


def test_partition_that_fills_the_disk_does_not_grow() -> None:
    assert partitioned(divided(partition()), grow=True) == []


def test_partition_does_not_grow_beyond_the_disk() -> None:
    assert refused(divided(partition(size=GIB)), size="10GiB", grow=True) == "too_small"


def test_partition_does_not_grow_beyond_what_its_table_can_describe() -> None:
    facts = divided(partition(size=GIB), label="dos", table="dos", size_bytes=4 * TIB)

    (part,) = planned(facts, grow=True, **wish("mbr")).after.device.partitions

    assert part.size_bytes == 2 * TIB - MIB
    assert refused(facts, label="mbr", size="3TiB", grow=True) == "too_small"


@pytest.mark.parametrize(
    ("given", "seen"), [({"read_only": True}, "read_only"), ({"problem": "x"}, "probe_failed")]
)
def test_table_of_a_disk_with_a_problem_is_not_written(given: dict[str, Any], seen: str) -> None:
    assert refused(divided(partition(size=GIB), **given), grow=True) == seen


def grows(*rooms: tuple[int, int], was: int = 10 * GIB) -> str:
    """What happens when sdb1 of 1 GiB is to fill the disk, which was so large once."""
    blank = {(start, end - start): Region((), zero_ends=True) for start, end in rooms}
    facts = machine(divided(partition(size=GIB)), regions=blank, table_end_bytes=was - 33 * 512)
    try:
        return partitioned(facts, grow=True)[0]
    except Unread as asked:
        return asked.part


def test_room_that_a_partition_grows_into_is_looked_at() -> None:
    ends, goal = MIB + GIB, 10 * GIB - MIB

    assert grows() == f"room {ends} {goal - ends}"
    assert grows((ends, goal)) == GROW


def test_copy_of_the_table_that_a_smaller_disk_had_is_passed_over() -> None:
    ends, goal, last = MIB + GIB, 10 * GIB - MIB, 5 * GIB - 33 * 512

    assert grows((ends, last), was=5 * GIB) == f"room {5 * GIB} {goal - 5 * GIB}"
    assert grows((ends, last), (5 * GIB, goal), was=5 * GIB) == GROW


@pytest.mark.parametrize("holding_something", [True, False])
def test_partition_does_not_grow_over_old_data(holding_something: bool) -> None:
    part = partition(size=GIB)
    part = holding("xfs", of=part, mounts=(HERE,)) if holding_something else part
    room = (MIB + GIB, 9 * GIB - 2 * MIB)
    facts = machine(divided(part), regions={room: Region((), zero_ends=False)})

    assert refused(facts, grow=True) == "not_blank"


def told(*written: tuple[int, int]) -> Machine:
    """The kernel knows a partition of 1 GiB, the table these."""
    entries = tuple(Entry(number, *place) for number, place in enumerate(written, 1))
    return machine(divided(partition(size=GIB)), written=entries)


@pytest.mark.parametrize(
    "written", [((MIB, GIB // 2),), ((2 * MIB, GIB),), ((MIB, GIB), (2 * GIB, GIB)), ()]
)
@pytest.mark.parametrize("grow", [True, False])
def test_kernel_has_to_know_what_the_table_says(
    written: tuple[tuple[int, int], ...], grow: bool
) -> None:
    facts = told(*written)

    assert refused(facts, grow=grow, filesystem={"type": "xfs"}) == "unknown_partition"


def test_table_is_read_before_a_partition_of_it_is_filled() -> None:
    facts = machine(divided(partition()), written=None)

    with pytest.raises(Unread) as asked:
        planned(facts, partition={}, filesystem={"type": "xfs"})

    assert asked.value.part == "table"


def test_partition_that_was_interrupted_while_it_grew_grows_again() -> None:
    assert partitioned(told((MIB, 2 * GIB)), grow=True) == [GROW, KNOWN]
    assert refused(told((MIB, 2 * GIB)), filesystem={"type": "xfs"}) == "unknown_partition"


# --- a table that the kernel does not know


def interrupted(*written: tuple[int, int], region: Region | None = None) -> Machine:
    """A disk with this in its table, of which the kernel knows nothing."""
    entries = tuple(Entry(number, *place) for number, place in enumerate(written, 1))
    facts = machine(divided(), written=entries)
    return replace(facts, regions={written[0]: region}) if region else facts


def test_table_is_read_where_the_kernel_knows_no_partition() -> None:
    with pytest.raises(Unread) as asked:
        planned(machine(divided(), written=None), partition={})

    assert asked.value.part == "table"


def test_kernel_is_told_of_a_partition_that_was_just_made() -> None:
    plan = planned(interrupted((MIB, 10 * GIB - 2 * MIB)), partition={})

    assert commands_of(plan) == [KNOWN]
    assert plan.after.device.partitions[0].path == "/dev/sdb1"


def test_partition_that_was_just_made_is_used_further() -> None:
    plan = planned(interrupted((MIB, GIB)), filesystem={"type": "xfs"}, **wish(size="1GiB"))

    assert [line.split()[0] for line in commands_of(plan)] == ["until", "mkfs.xfs"]


def test_partition_that_was_just_made_grows_after_the_kernel_was_told() -> None:
    plan = planned(interrupted((MIB, GIB)), grow=True, **wish(size="2GiB"))

    assert commands_of(plan) == [KNOWN, GROW, KNOWN]
    assert refused(interrupted((MIB, GIB)), size="2GiB") == "would_grow"


@pytest.mark.parametrize("region", [Region(("xfs",), zero_ends=False), Region((), zero_ends=False)])
def test_unknown_partition_that_holds_something_is_for_a_human(region: Region) -> None:
    facts = interrupted((MIB, GIB), region=region)

    assert refused(facts, size="1GiB") == "unknown_partition"
    assert (
        refused(facts, size="1GiB", wipe=["gpt", "PMBR", "data", "xfs"], confirm_wipe="S1")
        == "unknown_partition"
    )


@pytest.mark.parametrize(
    ("given", "seen"),
    [({"problem": "x"}, "probe_failed"), ({"holders": ("md0",)}, "in_use"),
     ({"users": ("qemu (7)",)}, "held_open"), ({"read_only": True}, "read_only")],
)  # fmt: skip
def test_unknown_partition_of_a_disk_in_use_is_refused(given: dict[str, Any], seen: str) -> None:
    facts = interrupted((MIB, GIB))

    assert refused(replace(facts, device=replace(facts.device, **given)), size="1GiB") == seen


def waits(steps: tuple[Step, ...]) -> list[int]:
    return [step.timeout_seconds for step in steps if step.until]


def test_every_wait_ends() -> None:
    assert all(waits(planned(device(), partition={}).steps))
