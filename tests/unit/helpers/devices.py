# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Short ways to make what tests of disks speak of: devices, machines, wishes, whole runs."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    MIB,
    Device,
    Entry,
    Machine,
    Region,
    Signature,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.plan import plan_device
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.wanted import (
    WantedDevice,
    wanted_device,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.converge import Life, live
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import (
    Plan,
    Refusal,
    Step,
)
from ansible_collections.clustered.storage.plugins.modules import block_device_prepare
from helpers.build import params

GIB = 1024 * MIB
DISK = "/dev/sdb"
UUID = "11111111-2222-4333-8444-555555555555"
OTHER_UUID = "99999999-2222-4333-8444-555555555555"
TABLE_UUID = "77777777-2222-4333-8444-555555555555"


def prepare_params(**given: Any) -> dict[str, Any]:
    """Parameters of block_device_prepare, of sdb unless told otherwise."""
    return params(block_device_prepare.ARGUMENT_SPEC, {"device": DISK, **given})


def wanted(**given: Any) -> WantedDevice:
    return wanted_device(prepare_params(**given))


def prepare_life(**given: Any) -> Life[Machine]:
    return block_device_prepare.life(prepare_params(**given))


def run_prepare(host: Any, check_mode: bool = False, **given: Any) -> dict[str, Any]:
    """A whole run of block_device_prepare on a stand-in."""
    return live(prepare_life(**given), host, check_mode)


# --- facts


class Blank(dict[tuple[int, int], Region]):
    """Regions that are blank, but for those that are told."""

    def __missing__(self, _place: tuple[int, int]) -> Region:
        return Region((), zero_ends=True)

    def get(self, place: tuple[int, int], _default: object = None) -> Region:
        return self[place]


def device(**given: Any) -> Device:
    """sdb, 10 GiB, blank."""
    blank = Device(DISK, "8:16", "disk", 10 * GIB, serial="S1", wwn="0x5", zero_ends=True)
    return replace(blank, **given)


def holding(*types: str, of: Device | None = None, **given: Any) -> Device:
    """The same with these signatures."""
    signatures = tuple(Signature(kind, 1024 * n, UUID) for n, kind in enumerate(types))
    return replace(of or device(), signatures=signatures, zero_ends=not types, **given)


def partition(number: int = 1, size: int | None = None, **given: Any) -> Device:
    """A partition of sdb, the first as large as it can be."""
    blank = Device(
        f"{DISK}{number}",
        f"8:{16 + number}",
        "part",
        10 * GIB - 2 * MIB if size is None else size,
        start_bytes=MIB,
        partition_uuid=f"part-{number}",
        zero_ends=True,
    )
    return replace(blank, **given)


def divided(*parts: Device, label: str = "gpt", **given: Any) -> Device:
    """sdb with a partition table and these partitions."""
    kinds = ("gpt", "PMBR") if label == "gpt" else ("dos",)
    signatures = tuple(Signature(kind, 512) for kind in kinds)
    table = device(table=label, table_uuid=TABLE_UUID, signatures=signatures, zero_ends=False)
    return replace(table, partitions=parts, **given)


def machine(disk: Device | None = None, **given: Any) -> Machine:
    """A machine with this disk, nothing old on it, and neither fstab nor mount point made yet."""
    seen = disk or device()
    written = tuple(
        Entry(number, part.start_bytes, part.size_bytes)
        for number, part in enumerate(seen.partitions, 1)
    )
    end = seen.size_bytes - 33 * 512 if seen.table == "gpt" else 0
    facts = Machine(seen, fstab="", machine_id="f00d", written=written, table_end_bytes=end)
    return replace(facts, **{"regions": Blank(), **given})


# --- plans


def planned(facts: Machine | Device, **given: Any) -> Plan[Machine]:
    """The plan of block_device_prepare for these facts and parameters."""
    whole = machine(facts) if isinstance(facts, Device) else facts
    return plan_device(whole, wanted(**given))


def commands_of(plan: Plan[Machine]) -> list[str]:
    """All steps; a wait begins with "until"."""
    return [format_step(step) for step in plan.steps]


def format_step(step: Step) -> str:
    return ("" if step.until is None else "until ") + shlex.join(step.command)


def refusal(plan: Callable[[], Any]) -> Refusal:
    """What speaks against it."""
    with pytest.raises(Refusal) as raised:
        plan()
    return raised.value


def reason(facts: Machine | Device, **given: Any) -> str:
    """The code of what speaks against a plan."""
    return refusal(lambda: planned(facts, **given)).reason


def zeroed(plan: Plan[Machine]) -> list[tuple[int, int]]:
    """The stretches of the disk that the plan erases, in its order: where each begins and ends."""
    erasing = (step.command for step in plan.steps if step.destroys)
    said = [dict(word.partition("=")[::2] for word in command) for command in erasing]
    return [(int(one["seek"]), int(one["seek"]) + int(one["count"])) for one in said]


def touched(stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches in the order of the disk, those that touch as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found
