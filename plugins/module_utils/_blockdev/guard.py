# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What speaks against writing to a device. Pure; what is not known speaks against it.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    Device,
    Machine,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.wanted import (
    DATA,
    Expected,
    WantedDevice,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal, Unread

# The reason code and the words for what a signature stands for; others are has_signature.
MEANING = {
    "gpt": ("has_gpt", "a GPT partition table"),
    "PMBR": ("has_gpt", "the protective MBR of a GPT partition table"),
    "dos": ("has_mbr", "an MBR partition table"),
    "ext2": ("has_ext4", "an ext2 file system"),
    "ext3": ("has_ext4", "an ext3 file system"),
    "ext4": ("has_ext4", "an ext4 file system"),
    "xfs": ("has_xfs", "an xfs file system"),
    "gfs2": ("has_gfs2", "a GFS2 file system"),
    "swap": ("has_swap", "swap space"),
    "swsuspend": ("has_swap", "a hibernated system"),
    "crypto_LUKS": ("has_luks", "a LUKS encrypted container"),
    "LVM2_member": ("has_lvm", "an LVM physical volume"),
    "linux_raid_member": ("has_raid", "a member of an MD RAID"),
    "drbd": ("has_drbd", "DRBD metadata"),
}
# What hides another thing below it is named first; a table says less than what is in it.
RANK = ("drbd", "linux_raid_member", "LVM2_member", "crypto_LUKS")
TABLES = ("gpt", "PMBR", "dos")


def refuse_identity(device: Device, expected: Expected) -> None:
    """The disk is the one that was meant."""
    for what, seen, wanted in (
        ("serial number", device.serial, expected.serial),
        ("WWN", device.wwn, expected.wwn),
    ):
        if wanted and seen != wanted:
            raise Refusal(
                "id_mismatch",
                f"{device.path} has the {what} {seen or '(none)'}, not {wanted}.",
                "Name the disk by its link below /dev/disk/by-id, or correct what is expected.",
            )
    smallest, largest = expected.min_bytes, expected.max_bytes
    if smallest is not None and device.size_bytes < smallest:
        raise Refusal(
            "too_small",
            f"{device.path} has {device.size_bytes} bytes, fewer than {smallest}.",
            "This may be another disk than you mean. Check its name.",
        )
    if largest is not None and device.size_bytes > largest:
        raise Refusal(
            "too_large",
            f"{device.path} has {device.size_bytes} bytes, more than {largest}.",
            "This may be another disk than you mean. Check its name.",
        )


def refuse_write(device: Device, wanted: WantedDevice) -> None:
    """Nothing is written to a device that is in use, holds something, or can not be read."""
    for refuse in (refuse_system, refuse_problem, refuse_use, refuse_busy):
        for one in device.tree:
            refuse(one)
    refuse_content(device, wanted)


def refuse_system(device: Device) -> None:
    """What the running system stands on."""
    if device.is_system:
        raise Refusal(
            "system_disk",
            f"{device.path} is part of what this system runs or boots from.",
            "Use another disk; there is no option for this.",
        )


def refuse_problem(device: Device) -> None:
    """A device that can not be looked at may hold anything."""
    if device.problem:
        raise Refusal(
            "probe_failed",
            f"It can not be said what {device.path} holds: {device.problem}.",
            "Find out by hand (wipefs, blkid -p, the kernel's log) before anything is written.",
        )
    if device.read_only:
        raise Refusal(
            "read_only", f"{device.path} is read-only.", "See why; nothing can be written to it."
        )


def refuse_use(device: Device) -> None:
    """A device that somebody uses."""
    if device.mounts:
        places = ", ".join(
            mount.target if mount.here else f"{mount.target} (in another mount namespace)"
            for mount in device.mounts
        )
        raise Refusal("mounted", f"{device.path} is mounted at {places}.", "Unmount it first.")
    if device.swap:
        raise Refusal("in_use", f"{device.path} is in use as swap.", "swapoff it first.")
    if device.holders:
        raise Refusal(
            "in_use",
            f"{device.path} is in use by {', '.join(device.holders)}.",
            "Take apart what stands on it first.",
        )
    if device.users:
        raise Refusal(
            "held_open",
            f"{device.path} is held open by {', '.join(device.users)}.",
            "End that first.",
        )


def refuse_busy(device: Device) -> None:
    """A device that the kernel keeps for somebody; asked last, since others can say for whom."""
    if device.busy:
        raise Refusal(
            "in_use",
            f"The kernel does not grant exclusive use of {device.path}: {device.busy}.",
            "Find out what uses it (lsblk, fuser -v, other mount namespaces).",
        )


def refuse_content(device: Device, wanted: WantedDevice) -> None:
    """What is on a device goes only by its name, on a disk that is named."""
    refuse_types(device, content_types(device), wanted)


def refuse_types(device: Device, found: tuple[str, ...], wanted: WantedDevice) -> None:
    """The same for types that were found on it."""
    kept = [kind for kind in found if kind not in wanted.wipe]
    names = ", ".join(device.identities)
    if kept:
        first = min(kept, key=rank)
        reason, words = meaning(first)
        others = [meaning(kind)[1] for kind in kept if meaning(kind)[0] != reason]
        more = f", and {', '.join(dict.fromkeys(others))}" if others else ""
        raise Refusal(
            reason,
            f"{device.path} holds {words}{more}. Nothing is erased.",
            f"If it may go for good: wipe: [{', '.join(found)}] and confirm_wipe: one of {names}."
            if names
            else "Nothing names this disk for certain: erase it by hand if that is right.",
        )
    if found and wanted.confirm_wipe not in device.identities:
        raise Refusal(
            "wipe_not_confirmed",
            f"confirm_wipe is {wanted.confirm_wipe!r}, which is not what {device.path} is.",
            f"It is {names or 'nothing that has a stable name: erase it by hand'}.",
        )


def refuse_hidden(machine: Machine, device: Device) -> None:
    """Partitions that only the table knows can not be looked at, so they are not erased with it."""
    if device.path != machine.device.path or not device.table or device.partitions:
        return
    if machine.written is None:
        raise Unread("table")
    if machine.written:
        raise Refusal(
            "unknown_partition",
            f"The table of {device.path} has partitions, but the kernel does not know them.",
            f"partx --update {device.path}, and run this again.",
        )


def rank(kind: str) -> int:
    """Which of several types names the reason; the least does."""
    if kind in RANK:
        return RANK.index(kind)
    return len(RANK) + (kind in TABLES) + 2 * (kind == DATA)


def content_types(device: Device) -> tuple[str, ...]:
    """The types of everything on a device; data where it is unknown but not zero.

    Below a table or another signature the ends are not zero anyway; without one they tell.
    """
    unknown = any(not (one.types or one.zero_ends) for one in device.tree)
    return (*device.all_types, *((DATA,) if unknown else ()))


def meaning(kind: str) -> tuple[str, str]:
    """The reason code and the words for a type."""
    if kind == DATA:
        return "not_blank", "data of an unknown kind (its first or last 4 MiB are not zero)"
    return MEANING.get(kind, ("has_signature", f"a signature of type {kind}"))
