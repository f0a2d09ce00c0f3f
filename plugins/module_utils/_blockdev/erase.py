# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Erasing what the guard has let pass. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ansible_collections.clustered.storage.plugins.module_utils._blockdev import commands
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.guard import (
    content_types,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    ENDS_BYTES,
    Device,
    expect,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.parse import (
    parse_partition_sizes,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.wanted import (
    DATA,
    WantedDevice,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Step

KERNEL_TIMEOUT_SECONDS = 30
# More than the magic of any signature, which is found where it begins.
SIGNATURE_BYTES = 4096
# What dd writes at once, and no more than what every kind of table and file system begins with.
HEAD_BYTES = 128 * 1024


# A stretch of a device: where it begins and where it ends.
Stretch = tuple[int, int]


def wipe_steps(
    device: Device, wanted: WantedDevice, stretches: Sequence[Stretch] = ()
) -> tuple[Step, ...]:
    """Erase a device with its partitions, and further stretches of it, so that it is blank.

    All is written through the device: the node of a partition goes away when the kernel or udev no
    longer finds a table. What names the device, and what is recognised, go last: whoever is
    interrupted can finish with the same words.
    """
    erased = [*stretches]
    if content_types(device):
        erased += [stretch for one in device.tree for stretch in stretches_of(device, one)]
    ordered = sorted(
        divided(merged(erased)),
        key=lambda stretch: (
            names_device(device, wanted, stretch),
            is_recognised(device, stretch),
            -stretch[0],
        ),
    )
    steps = [wipe_step(device, stretch, wanted) for stretch in ordered]
    if device.partitions:
        steps.append(forget_step(device))
    return tuple(steps)


def wipe_step(device: Device, stretch: Stretch, wanted: WantedDevice) -> Step:
    """Erase a stretch, provided that there is still nothing on the disk but what may go."""
    start, end = stretch
    what = ", ".join(content_types(device) or (DATA,))
    # Only LVM could tell that of a volume again.
    identity = "" if wanted.confirm_wipe == device.volume_uuid else wanted.confirm_wipe
    return Step(
        f"{device.path} holds {what}, which may be erased: {end - start} bytes at {start}",
        commands.zero(device.path, start, end - start),
        destroys=True,
        expects=expect(device, types=wanted.wipe, identity=identity),
    )


def stretches_of(disk: Device, device: Device) -> tuple[Stretch, ...]:
    """The beginning, the end, and what is recognised between them, where it is on the disk."""
    size, length = device.size_bytes, min(device.size_bytes, ENDS_BYTES)
    offsets = [one.offset for one in device.signatures if length <= one.offset < size - length]
    between = [(offset, min(offset + SIGNATURE_BYTES, size)) for offset in offsets]
    base = 0 if device is disk else device.start_bytes
    own = ((0, length), *between, (size - length, size))
    return tuple((base + start, base + end) for start, end in own)


def merged(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """Those that touch as one, in their order."""
    found: list[Stretch] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)


def divided(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """With the very beginning by itself, in one write: most is recognised by what is there."""
    return tuple(
        part
        for start, end in stretches
        for part in (
            ((0, HEAD_BYTES), (HEAD_BYTES, end))
            if start == 0 and end > HEAD_BYTES
            else ((start, end),)
        )
    )


def is_recognised(device: Device, stretch: Stretch) -> bool:
    """Whether something is recognised by what is there: without it the rest has no name."""
    start, end = stretch
    return any(
        start <= (0 if one is device else one.start_bytes) + signature.offset < end
        for one in device.tree
        for signature in one.signatures
    )


def names_device(device: Device, wanted: WantedDevice, stretch: Stretch) -> bool:
    """Whether what confirms that it is this device is written there."""
    start, end = stretch
    if wanted.confirm_wipe == device.table_uuid:
        return start == 0
    return any(
        one.uuid == wanted.confirm_wipe and start <= one.offset < end for one in device.signatures
    )


def forget_step(device: Device) -> Step:
    """Partitions without a table are gone; udev may have told the kernel already."""
    return Step(
        f"the kernel is to forget the partitions of {device.path}",
        commands.list_known(device.path),
        until=missing_to_forget,
        timeout_seconds=KERNEL_TIMEOUT_SECONDS,
        nudge=commands.forget(device.path),
    )


def missing_to_forget(listed: str) -> str:
    """What is left of them."""
    return "it still knows some" if parse_partition_sizes(listed) else ""
