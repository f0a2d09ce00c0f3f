# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file system: made on what is blank, kept as it is, grown with its device."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    MIB,
    Device,
    Machine,
    Mount,
    Signature,
)
from helpers.devices import (
    DISK,
    GIB,
    OTHER_UUID,
    UUID,
    commands_of,
    device,
    divided,
    holding,
    machine,
    partition,
    planned,
    reason,
    touched,
    zeroed,
)

HERE = Mount("/srv/data", here=True, options=("rw", "relatime"))


def wish(kind: str = "xfs", **given: Any) -> dict[str, Any]:
    """Words that a file system has are of it, others of the whole."""
    named = {name: given.pop(name) for name in ("label", "uuid", "options") if name in given}
    return {"filesystem": {"type": kind, **named}, **given}


def steps(facts: Machine | Device, kind: str = "xfs", **given: Any) -> list[str]:
    return commands_of(planned(facts, **wish(kind, **given)))


def refused(facts: Machine | Device, kind: str = "xfs", **given: Any) -> str:
    return reason(facts, **wish(kind, **given))


def found(kind: str = "xfs", **given: Any) -> Device:
    """sdb with a file system that fills it."""
    signature = Signature(kind, 0, UUID, "old")
    whole = device(signatures=(signature,), zero_ends=False, file_system_bytes=10 * GIB)
    return replace(whole, **given)


def identity_of(facts: Machine, **given: Any) -> str:
    """The UUID that a new file system gets there."""
    after = planned(facts, **{**wish(), **given}).after.device
    target = after.partitions[0] if after.partitions else after
    return target.signatures[0].uuid


# --- new


@pytest.mark.parametrize(
    ("kind", "given", "command"),
    [
        ("xfs", {"uuid": UUID}, f"mkfs.xfs -q -m uuid={UUID} {DISK}"),
        (
            "xfs",
            {"uuid": UUID, "label": "b1", "options": ["-i", "size=512"]},
            f"mkfs.xfs -q -m uuid={UUID} -L b1 -i size=512 {DISK}",
        ),
        ("ext4", {"uuid": UUID}, f"mkfs.ext4 -q -U {UUID} {DISK}"),
        (
            "ext4",
            {"uuid": UUID, "label": "-x", "options": ["-m", "0"]},
            f"mkfs.ext4 -q -U {UUID} -L -x -m 0 {DISK}",
        ),
    ],
)
def test_blank_disk_gets_a_file_system(kind: str, given: dict[str, Any], command: str) -> None:
    plan = planned(device(), **wish(kind, **given))

    assert commands_of(plan) == [command]
    assert not plan.steps[0].destroys
    assert plan.steps[0].expects.blank  # type: ignore[attr-defined]


def test_partition_gets_the_file_system() -> None:
    plan = planned(device(), partition={}, **wish(uuid=UUID))

    assert commands_of(plan)[-1] == f"mkfs.xfs -q -m uuid={UUID} /dev/sdb1"
    assert plan.steps[-1].expects.path == "/dev/sdb1"  # type: ignore[attr-defined]


def test_device_afterwards() -> None:
    after = planned(device(), **wish(uuid=UUID, label="b1")).after.device

    assert after.signatures == (Signature("xfs", 0, UUID, "b1"),)
    assert not after.is_blank


def test_nothing_is_left_in_sight_of_what_was_erased() -> None:
    facts = divided(holding("ext4", of=partition()))
    wipe = {"wipe": ["gpt", "PMBR", "ext4"], "confirm_wipe": "S1"}

    after = planned(facts, **wish(), **wipe).after.device

    assert (after.table, after.table_uuid, after.partitions) == ("", "", ())


@pytest.mark.parametrize(("kind", "size"), [("xfs", 300 * MIB), ("ext4", MIB)])
def test_smallest_device_that_a_file_system_takes(kind: str, size: int) -> None:
    assert steps(device(size_bytes=size), kind)
    assert refused(device(size_bytes=size - 512), kind) == "too_small"


def test_other_content_is_refused_or_erased() -> None:
    assert refused(found("ext4")) == "has_ext4"
    plan = planned(found("ext4"), wipe=["ext4"], confirm_wipe=UUID, **wish())
    assert len(touched(zeroed(plan))) == 2
    assert commands_of(plan)[-1].startswith("mkfs.xfs")


# --- its UUID


def test_uuid_is_the_same_in_each_plan() -> None:
    """So check mode can tell it, and a run that was interrupted knows its own."""
    first = identity_of(machine())

    assert first == identity_of(machine())
    assert str(uuid.UUID(first)) == first


def test_other_disks_machines_and_places_get_other_uuids() -> None:
    different = {
        identity_of(machine()),
        identity_of(machine(device(serial="S2"))),
        identity_of(machine(machine_id="beef")),
        identity_of(machine(), partition={}),
    }

    assert len(different) == 4


def test_disk_without_a_serial_number_is_known_by_its_wwn() -> None:
    nameless = machine(device(serial=""))

    assert identity_of(nameless) != identity_of(machine(device(serial="", wwn="0x6")))


def test_uuid_that_another_disk_has_is_not_given_again() -> None:
    """Without a serial number a disk goes by its path, which another had before a reboot."""
    facts = machine(device(serial="", wwn=""))
    taken = identity_of(facts)
    moved = replace(facts, by_uuid={taken: {"8:32": "/dev/sdc"}})

    assert identity_of(moved) != taken
    assert identity_of(replace(facts, by_uuid={taken: {"8:16": DISK}})) == taken


def test_wanted_uuid_that_another_device_has_is_refused() -> None:
    facts = machine(by_uuid={UUID: {"8:32": "/dev/sdc"}})

    assert refused(facts, uuid=UUID) == "same_uuid"
    assert steps(machine(by_uuid={UUID: {"8:16": DISK}}), uuid=UUID)


# --- found


@pytest.mark.parametrize("kind", ["xfs", "ext4"])
def test_file_system_that_is_there_is_left_alone(kind: str) -> None:
    assert steps(found(kind), kind) == []
    assert steps(found(kind), kind, label="old", uuid=UUID, options=["-b", "size=1024"]) == []
    assert steps(found(kind), kind, wipe=[kind], confirm_wipe="S1") == []


@pytest.mark.parametrize("given", [{"label": "new"}, {"uuid": OTHER_UUID}])
@pytest.mark.parametrize("kind", ["xfs", "ext4"])
def test_file_system_of_another_name_is_refused(kind: str, given: dict[str, Any]) -> None:
    assert refused(found(kind), kind, **given) == "other_file_system"
    assert refused(found(kind), kind, wipe=[kind], confirm_wipe="S1", **given) == (
        "other_file_system"
    )


def test_file_system_without_a_label_is_not_the_labelled_one() -> None:
    facts = holding("xfs")

    assert refused(facts, label="b1") == "other_file_system"


def test_file_system_with_a_problem_is_refused() -> None:
    assert refused(found(problem="it is broken")) == "probe_failed"


def test_file_system_beside_another_signature_is_refused() -> None:
    assert refused(holding("xfs", "swap")) in ("has_xfs", "has_swap")


# --- one whose making was interrupted


def test_file_system_that_was_not_finished_is_neither_taken_nor_erased() -> None:
    identity = identity_of(machine())
    facts = replace(found(is_unfinished=True), signatures=(Signature("xfs", 0, identity),))

    assert refused(facts) == "has_xfs"
    assert refused(facts, uuid=identity) == "has_xfs"


# --- its size


def small(kind: str = "xfs", **given: Any) -> Device:
    """A file system that fills half of its mounted disk."""
    facts = {"file_system_bytes": 5 * GIB, "mounts": (HERE,), **given}
    return found(kind, **facts)


@pytest.mark.parametrize(
    ("kind", "command"), [("xfs", "xfs_growfs -d /srv/data"), ("ext4", f"resize2fs {DISK}")]
)
def test_file_system_grows_where_that_is_allowed(kind: str, command: str) -> None:
    plan = planned(small(kind), grow=True, **wish(kind))

    assert commands_of(plan) == [command]
    assert plan.after.device.file_system_bytes == 10 * GIB
    assert steps(small(kind), kind) == []


@pytest.mark.parametrize(("kind", "slack"), [("xfs", MIB), ("ext4", 8 * MIB)])
def test_last_piece_of_a_device_may_be_unused(kind: str, slack: int) -> None:
    assert steps(small(kind, file_system_bytes=10 * GIB - slack), kind, grow=True) == []
    assert steps(small(kind, file_system_bytes=10 * GIB - slack - 512), kind, grow=True)


def test_file_system_of_unknown_size_does_not_grow() -> None:
    assert steps(small(file_system_bytes=0), grow=True) == []


def test_file_system_larger_than_its_device_is_left_alone() -> None:
    assert steps(small(file_system_bytes=11 * GIB), grow=True) == []


def test_file_system_grows_only_where_it_is_mounted_here() -> None:
    elsewhere = (Mount("/data", here=False),)

    assert refused(small(mounts=()), grow=True) == "not_mounted"
    assert refused(small(mounts=elsewhere), grow=True) in ("not_mounted", "mounted")


def test_file_system_is_mounted_and_then_grows() -> None:
    done = steps(small(mounts=()), grow=True, mount={"path": "/srv/x", "fstab": False})

    assert [line.split()[0] for line in done] == ["mkdir", "mount", "xfs_growfs"]


def test_file_system_grows_after_its_partition() -> None:
    used = holding("xfs", of=partition(size=GIB), mounts=(HERE,), file_system_bytes=GIB)

    done = steps(divided(used), partition={}, grow=True)

    assert [line.split()[0] for line in done] == ["sfdisk", "until", "xfs_growfs"]


@pytest.mark.parametrize(
    ("given", "seen"), [({"read_only": True}, "read_only"), ({"problem": "x"}, "probe_failed")]
)
def test_device_with_a_problem_does_not_grow(given: dict[str, Any], seen: str) -> None:
    assert refused(small(**given), grow=True) == seen
