# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The partition. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ansible_collections.clustered.storage.plugins.module_utils._blockdev import commands
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.erase import (
    KERNEL_TIMEOUT_SECONDS,
    Stretch,
    wipe_steps,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.guard import (
    content_types,
    refuse_hidden,
    refuse_problem,
    refuse_types,
    refuse_use,
    refuse_write,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    ENDS_BYTES,
    MIB,
    Device,
    Machine,
    Region,
    Signature,
    emptied,
    expect,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.parse import (
    parse_partition_sizes,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.wanted import (
    DATA,
    WantedDevice,
    WantedPartition,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import (
    Refusal,
    Step,
    Unread,
)

TABLE_SIGNATURES = {"gpt": ("gpt", "PMBR"), "mbr": ("dos",)}
# The room that a table and alignment leave free, at the beginning and at the end of a disk.
MARGIN_BYTES = MIB
# The header of the second GPT and its table, which follow the last sector that can be used.
GPT_COPY_BYTES = 33 * 512
# 32-bit sector numbers, of 512 bytes.
LARGEST_MBR_BYTES = 2**32 * 512

Layer = tuple[tuple[Step, ...], Device, Device]


def plan_partition(machine: Machine, wanted: WantedDevice) -> Layer:
    """The steps to the partition, the disk afterwards, and the device that the next layer uses."""
    device, partition = machine.device, wanted.partition
    if partition is None:
        return (), device, device
    refuse_no_disk(device)
    present = sole_partition(device, partition)
    if present is not None:
        steps, target = plan_size(machine, present, wanted)
        return steps, replace(device, partitions=(target,)), target
    if is_unknown(machine, partition):
        return adopt_written(machine, wanted)
    refuse_write(device, wanted)
    refuse_hidden(machine, device)
    refuse_no_room(device, partition)
    erase = wipe_steps(device, wanted, old_stretches(machine, partition, wanted))
    make, after, target = make_partition(device, wanted, partition)
    return (*erase, *make), after, target


def refuse_no_disk(device: Device) -> None:
    """A table belongs on a whole disk."""
    if device.kind not in ("disk", "loop") and not device.kind.startswith("raid"):
        raise Refusal(
            "not_a_disk",
            f"{device.path} is not a disk that could be partitioned ({device.kind}).",
            "Name the disk, or leave partition out.",
        )


def sole_partition(device: Device, wanted: WantedPartition) -> Device | None:
    """The partition that is there already: the only one, aligned, below a table as wanted."""
    if device.table != commands.LABELS[wanted.label] or len(device.partitions) != 1:
        return None
    only = device.partitions[0]
    return only if only.start_bytes % MIB == 0 else None


def refuse_no_room(device: Device, wanted: WantedPartition) -> None:
    """The partition has to fit, and the table has to be able to describe it."""
    room = device.size_bytes - 2 * MARGIN_BYTES
    if room < (wanted.size_bytes or MIB):
        raise Refusal(
            "too_small",
            f"{device.path} has {device.size_bytes} bytes: no room for such a partition.",
            "Ask for a smaller one, or use another disk.",
        )
    if wanted.label == "mbr" and (wanted.size_bytes or room) >= LARGEST_MBR_BYTES:
        raise Refusal(
            "too_large",
            "An MBR table can not describe a partition of 2 TiB or more.",
            "Use label: gpt, or a smaller size.",
        )


def make_partition(device: Device, wanted: WantedDevice, partition: WantedPartition) -> Layer:
    """Write the table to a blank disk."""
    target = new_partition(device, partition)
    use = "lvm" if wanted.lvm else "data"
    write = Step(
        f"{device.path} has no partition: make one of {target.size_bytes} bytes",
        commands.write_table(device.path),
        stdin=commands.table_script(partition.label, target.size_bytes, use),
        expects=expect(device, blank=True),
    )
    signatures = tuple(Signature(kind, 0) for kind in TABLE_SIGNATURES[partition.label])
    after = replace(
        emptied(device),
        table=commands.LABELS[partition.label],
        signatures=signatures,
        zero_ends=False,
        partitions=(target,),
    )
    return (write, tell_step(device, target)), after, target


def new_partition(device: Device, wanted: WantedPartition) -> Device:
    """The partition as it will be."""
    joint = "p" if device.path[-1].isdigit() else ""
    size = wanted.size_bytes or full_size(device, MARGIN_BYTES)
    return Device(
        f"{device.path}{joint}1",
        "",
        "part",
        size,
        serial=device.serial,
        wwn=device.wwn,
        disk=device.path,
        start_bytes=MARGIN_BYTES,
        zero_ends=True,
    )


def full_size(device: Device, start: int) -> int:
    """As large as a partition can be from there on, in whole MiB."""
    return (device.size_bytes - start - MARGIN_BYTES) // MIB * MIB


# ---- the place where it will be ----


def old_stretches(
    machine: Machine, partition: WantedPartition, wanted: WantedDevice
) -> tuple[Stretch, ...]:
    """Where the partition will begin and end something old may lie that the disk's ends hide."""
    device = machine.device
    start, size = MARGIN_BYTES, new_partition(device, partition).size_bytes
    region = region_at(machine, (start, size))
    if region.is_blank:
        return ()
    refuse_types(device, region_types(region, device), wanted)
    length = min(size, ENDS_BYTES)
    return (start, start + length), (start + size - length, start + size)


def region_at(machine: Machine, place: tuple[int, int], kind: str = "region") -> Region:
    """What lies there; it has to be known."""
    region = machine.regions.get(place)
    if region is None:
        raise Unread(f"{kind} {place[0]} {place[1]}")
    if region.problem:
        raise Refusal(
            "probe_failed",
            f"It can not be said what is at {place[0]} of {machine.device.path}: {region.problem}.",
            "Find out by hand (blkid -p -O -S) before anything is written.",
        )
    return region


def region_types(region: Region, device: Device) -> tuple[str, ...]:
    """What is there; without a type of its own it belongs to what is on the disk, if anything."""
    unknown = not (region.types or content_types(device))
    return (*region.types, *((DATA,) if unknown else ()))


# ---- its size ----


def plan_size(
    machine: Machine, present: Device, wanted: WantedDevice
) -> tuple[tuple[Step, ...], Device]:
    """A partition grows when that is asked for, and never shrinks."""
    device = machine.device
    size = wanted.partition.size_bytes if wanted.partition else None
    largest = full_size(device, present.start_bytes)
    if wanted.partition and wanted.partition.label == "mbr":
        largest = min(largest, LARGEST_MBR_BYTES - MIB)
    goal = largest if size is None else size
    if size is not None and present.size_bytes > size:
        raise Refusal(
            "would_shrink",
            f"{present.path} has {present.size_bytes} bytes, more than {size}.",
            "Partitions are never made smaller. Ask for its size or more.",
        )
    if present.size_bytes >= goal or (size is None and not wanted.grow):
        return (), present
    if not wanted.grow:
        raise Refusal(
            "would_grow",
            f"{present.path} has {present.size_bytes} bytes, fewer than {size}.",
            "If it is to grow: grow: true.",
        )
    if goal > largest:
        raise Refusal(
            "too_small",
            f"{device.path} has room for a partition of {largest} bytes, not of {goal}.",
            "Ask for less, or leave size out.",
        )
    refuse_problem(device)
    if device.partitions:
        refuse_other_table(machine, grows=True)
    refuse_data_behind(machine, present, goal)
    return grow_steps(device, present, goal), replace(present, size_bytes=goal)


def refuse_data_behind(machine: Machine, present: Device, goal: int) -> None:
    """Where a partition grows to, something else may lie, though no table tells."""
    # The table may have grown already, when the kernel was not told of it any more.
    written = (one.size_bytes for one in machine.written or ())
    ends = present.start_bytes + max(present.size_bytes, *written)
    for start, size in room_behind(machine, ends, present.start_bytes + goal):
        if not region_at(machine, (start, size), "room").is_blank:
            raise Refusal(
                "not_blank",
                f"Behind {present.path}, at {start} of {machine.device.path}, there is something.",
                "Leave the partition as large as it is, or see what that is and erase it by hand.",
            )


def room_behind(machine: Machine, start: int, end: int) -> tuple[tuple[int, int], ...]:
    """The room between, as start and size, but for the copy of a GPT that a smaller disk had."""
    last = machine.table_end_bytes
    rooms = ((start, min(end, last or end)), (last + GPT_COPY_BYTES if last else end, end))
    return tuple((begin, stop - begin) for begin, stop in rooms if begin < stop)


def refuse_other_table(machine: Machine, *, grows: bool) -> None:
    """The kernel has to know the partitions as they are in the table.

    Of a growth that was interrupted it does not know yet; growing again tells it.
    """
    device = machine.device
    if not (device.table and device.partitions):
        return
    if machine.written is None:
        raise Unread("table")
    known = {part.start_bytes: part.size_bytes for part in device.partitions}
    written = {one.start_bytes: one.size_bytes for one in machine.written}
    has_grown = grows and all(written.get(start, 0) >= size for start, size in known.items())
    if set(known) != set(written) or not (has_grown or known == written):
        raise Refusal(
            "unknown_partition",
            f"The table of {device.path} has other partitions than the kernel knows.",
            f"partx --update {device.path}, and run this again.",
        )


def grow_steps(device: Device, present: Device, size: int) -> tuple[Step, ...]:
    """Move the end of the partition; what is on it stays, and may be in use."""
    number = int(present.path[len(device.path) :].lstrip("p"))
    expects = expect(device, types=device.all_types, in_use=True)
    grow = Step(
        f"{present.path} has {present.size_bytes} bytes: let it grow to {size}",
        commands.grow_partition(device.path, number),
        stdin=commands.growth_script(size),
        expects=expects,
    )
    return grow, tell_step(device, replace(present, size_bytes=size))


# ---- what the kernel knows of it ----


def tell_step(device: Device, target: Device) -> Step:
    """Some kernels read the table themselves when it has been written, others have to be told."""
    return Step(
        f"the kernel is to know {target.path} with {target.size_bytes} bytes",
        commands.list_known(device.path),
        until=partial(missing_to_know, size_bytes=target.size_bytes),
        timeout_seconds=KERNEL_TIMEOUT_SECONDS,
        nudge=commands.tell_kernel(device.path),
    )


def missing_to_know(listed: str, size_bytes: int) -> str:
    """What it knows instead."""
    known = parse_partition_sizes(listed)
    return "" if size_bytes in known else f"it knows {known or 'none'}"


def is_unknown(machine: Machine, wanted: WantedPartition) -> bool:
    """Whether the table has a partition as it is made here, and the kernel knows none.

    So it is when a run was interrupted between writing the table and telling the kernel.
    """
    device = machine.device
    if device.table != commands.LABELS[wanted.label] or device.partitions:
        return False
    if machine.written is None:
        raise Unread("table")
    return [(one.number, one.start_bytes) for one in machine.written] == [(1, MARGIN_BYTES)]


def adopt_written(machine: Machine, wanted: WantedDevice) -> Layer:
    """Tell the kernel, if what it will find is blank; otherwise that is for a human."""
    device = machine.device
    size = (machine.written or ())[0].size_bytes
    region = region_at(machine, (MARGIN_BYTES, size))
    if not region.is_blank:
        raise Refusal(
            "unknown_partition",
            f"The table of {device.path} has a partition that holds something, "
            "but the kernel does not know it.",
            f"partx --update {device.path}, and run this again.",
        )
    refuse_problem(device)
    refuse_use(device)
    target = replace(new_partition(device, WantedPartition(size_bytes=size)), size_bytes=size)
    steps, grown = plan_size(machine, target, wanted)
    after = replace(device, partitions=(grown,))
    return (tell_step(device, target), *steps), after, grown
