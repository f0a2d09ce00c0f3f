# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""All layers together, and how a device and what becomes of it are shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.format import (
    format_machine,
    format_machine_diff,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    MIB,
    Device,
    Lvm,
    Machine,
    Mount,
    Signature,
    VolumeGroup,
)
from helpers.devices import (
    GIB,
    UUID,
    commands_of,
    divided,
    holding,
    machine,
    partition,
    planned,
    reason,
    wanted,
)

HERE = Mount("/srv/data", here=True)
ALL: dict[str, Any] = {
    "partition": {},
    "lvm": {"vg": "pool", "lv": "data", "size": "1GiB"},
    "filesystem": {"type": "xfs", "label": "brick1", "uuid": UUID},
    "mount": {"path": "/srv/data"},
}


def tools(facts: Machine, **given: Any) -> list[str]:
    return [line.split()[0] for line in commands_of(planned(facts, **given))]


def without(*layers: str) -> dict[str, Any]:
    return {name: layer for name, layer in ALL.items() if name not in layers}


# --- layers


def test_layers_are_made_from_below() -> None:
    assert tools(machine(lvm=Lvm()), **ALL) == [
        "sfdisk", "until", "vgcreate", "lvcreate", "dd", "dd", "lvchange", "mkfs.xfs",
        "mkdir", "mount", "write",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("left_out", "target"),
    [
        (("lvm",), "/dev/sdb1"),
        (("partition",), "/dev/pool/data"),
        (("partition", "lvm"), "/dev/sdb"),
    ],
)
def test_each_layer_may_be_left_out(left_out: tuple[str, ...], target: str) -> None:
    done = commands_of(planned(machine(lvm=Lvm()), **without(*left_out)))

    assert next(line for line in done if line.startswith("mkfs")).split()[-1] == target


def test_layer_that_is_left_out_is_not_looked_for() -> None:
    """A file system on a partition is none on the disk."""
    facts = divided(holding("xfs", of=partition()))

    assert reason(facts, filesystem={"type": "xfs"}) == "has_xfs"


def test_nothing_destroys_without_wipe() -> None:
    assert not any(step.destroys for step in planned(machine(lvm=Lvm()), **ALL).steps)


def test_plan_for_what_is_reached_is_empty() -> None:
    after = planned(machine(), **without("lvm")).after
    numbered = replace(after.device.partitions[0], number="8:17", file_system_bytes=10 * GIB)
    facts = replace(
        after,
        device=replace(after.device, partitions=(numbered,)),
        mount_point_entries=(),
        mount_point_number="8:17",
    )

    assert commands_of(planned(facts, **without("lvm"))) == []
    assert commands_of(planned(facts, **without("lvm"), grow=True)) == []


def test_what_is_in_use_as_a_whole_is_not_filled_through_its_partition() -> None:
    """A guest may have the disk."""
    facts = divided(partition(), users=("qemu (7)",))

    assert reason(facts, **without("lvm")) == "held_open"


def test_disk_is_in_use_by_what_stands_on_it_rightly() -> None:
    group = VolumeGroup("pool", "vg", 4 * MIB, 2000, 2000, ("8:17",))
    member = holding("LVM2_member", of=partition(), group=group, holders=("dm-0",), busy="busy")
    taken = {"8:17": MIB + 2000 * 4 * MIB}
    facts = machine(divided(member, busy="busy"), lvm=Lvm((group,), (), taken))

    assert tools(facts, **ALL)[0] == "lvcreate"


# --- what is shown


def mounted() -> Machine:
    """A machine with a file system in a partition of sdb, mounted."""
    signature = Signature("xfs", 0, UUID, "brick1")
    part = partition(signatures=(signature,), zero_ends=False, mounts=(HERE,), busy="busy")
    return machine(divided(part, busy="busy"), fstab=f"# x\nUUID={UUID} /srv/data xfs ro\n")


def test_device_is_shown_with_everything_on_it() -> None:
    shown = format_machine(mounted())["device"]

    assert (shown["path"], shown["kind"], shown["size_bytes"]) == ("/dev/sdb", "disk", 10 * GIB)
    assert (shown["serial"], shown["wwn"], shown["table"]) == ("S1", "0x5", "gpt")
    assert (shown["blank"], shown["volume_group"], shown["volumes"]) == (False, None, [])
    (part,) = shown["partitions"]
    assert part["signatures"] == [
        {"type": "xfs", "offset": 0, "uuid": UUID, "label": "brick1"},
    ]
    assert part["mounts"] == [{"path": "/srv/data", "here": True}]


def test_blank_device_is_shown_as_blank() -> None:
    assert format_machine(machine())["device"]["blank"] is True


def test_group_and_its_volumes_are_shown() -> None:
    group = VolumeGroup("pool", "vg", 4 * MIB, 100, 40, ("8:16",))
    volume = Device("/dev/pool/data", "253:0", "lvm", 60 * 4 * MIB, volume_uuid="lv")
    facts = machine(holding("LVM2_member", group=group, volumes=(volume,)))

    shown = format_machine(facts)["device"]

    assert shown["volume_group"] == {
        "name": "pool",
        "uuid": "vg",
        "size_bytes": 400 * MIB,
        "free_bytes": 160 * MIB,
    }
    assert [one["volume_uuid"] for one in shown["volumes"]] == ["lv"]


def test_diff_shows_the_layers_and_our_line() -> None:
    shown = format_machine_diff(mounted(), wanted(**without("lvm")))

    assert [one["path"] for one in shown["layers"]] == ["/dev/sdb", "/dev/sdb1"]
    assert shown["layers"][1] == {
        "path": "/dev/sdb1",
        "size_bytes": 10 * GIB - 2 * MIB,
        "content": ["xfs"],
        "uuid": [UUID],
        "mounted": ["/srv/data"],
    }
    assert shown["fstab"] == [f"UUID={UUID} /srv/data xfs ro"]


def test_diff_shows_logical_volumes_as_layers() -> None:
    plan = planned(machine(lvm=Lvm()), **ALL)

    shown = format_machine_diff(plan.after, wanted(**ALL))

    assert [one["path"] for one in shown["layers"]] == ["/dev/sdb", "/dev/sdb1", "/dev/pool/data"]


def test_diff_without_a_mount_shows_nothing_of_the_table() -> None:
    assert format_machine_diff(mounted(), wanted(partition={}))["fstab"] == []
