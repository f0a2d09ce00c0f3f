# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module parameters made into what is wanted: defaults, normal forms, validation. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import MIB
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.parse import parse_size
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal

# What wipe calls content that has no signature.
DATA = "data"
# lvm(8), VALID NAMES.
LVM_NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_+.][A-Za-z0-9_+.-]{0,126}")
LVM_RESERVED = re.compile(
    r"^(snapshot|pvmove)|_([ct]data|[ct]meta|[civ]orig(in)?|imeta|mlog|mimage|pmspare|rimage|rmeta"
    r"|vdata|wcorig)"
)
PERCENT = re.compile(r"([0-9]+) ?%")
WHOLE = 100
FOREIGN_MOUNT_OPTIONS = re.compile(r"(^|,)(r?bind|move|remount|loop|offset|sizelimit)(=|,|$)")
# What the running system needs: none of it, nor what it stands on, is ever written to.
SYSTEM_PATHS = frozenset({"/", "/usr", "/var", "/etc", "/boot", "/boot/efi", "/efi"})
KERNEL_PATHS = ("/proc/", "/sys/", "/dev/")
MOUNT_OPTIONS = re.compile(r"[^\s,#]+(,[^\s,#]+)*")
# The options of mkfs that shape a file system: those with a value, and those without.
VALUED_OPTIONS = {"xfs": "bdilmns", "ext4": "bCEgGiIJmNOrT"}
PLAIN_OPTIONS = {"xfs": "K", "ext4": "jD"}
# What would name something else than this device, or contradict an option of ours.
FOREIGN_VALUE = re.compile(
    r"(^|,)((uuid|name|file|offset|(log|rt)?dev(ice)?)=|journal_dev)|/|^-|^$"
)
# Labels are kept in this many bytes, mkfs.xfs(8) and mke2fs(8).
LABEL_BYTES = {"xfs": 12, "ext4": 16}


@dataclass(frozen=True)
class Expected:
    """What the disk has to be; "" and None for whatever does not matter."""

    serial: str = ""
    wwn: str = ""
    min_bytes: int | None = None
    max_bytes: int | None = None


@dataclass(frozen=True)
class WantedPartition:
    """One partition; ``size_bytes`` None is as large as possible."""

    label: str = "gpt"
    size_bytes: int | None = None


@dataclass(frozen=True)
class WantedLvm:
    """A logical volume in a group; its size in bytes, or else as a share of the group."""

    group: str
    volume: str
    size_bytes: int | None = None
    percent: int = 100


@dataclass(frozen=True)
class WantedFileSystem:
    """A file system; "" for a label or UUID that does not matter."""

    type: str
    label: str = ""
    uuid: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class WantedMount:
    """A mount point, with its line in the file system table if it is to be mounted at boot."""

    path: str
    options: str = "defaults"
    at_boot: bool = True


@dataclass(frozen=True)
class WantedDevice:
    """A disk as the user wants it; None for a layer that is not wanted."""

    device: str
    expected: Expected
    partition: WantedPartition | None = None
    lvm: WantedLvm | None = None
    file_system: WantedFileSystem | None = None
    mount: WantedMount | None = None
    wipe: tuple[str, ...] = ()
    confirm_wipe: str = ""
    grow: bool = False


def wanted_device(params: Mapping[str, Any]) -> WantedDevice:
    """The parameters of block_device_prepare."""
    wanted = WantedDevice(
        device=params["device"],
        expected=wanted_expected(params["expect"] or {}),
        partition=wanted_partition(params["partition"]),
        lvm=wanted_lvm(params["lvm"]),
        file_system=wanted_file_system(params["filesystem"]),
        mount=wanted_mount(params["mount"]),
        wipe=tuple(params["wipe"] or ()),
        confirm_wipe=params["confirm_wipe"] or "",
        grow=params["grow"],
    )
    refuse_relative(wanted)
    refuse_unconfirmed(wanted)
    refuse_homeless(wanted)
    return wanted


def refuse_relative(wanted: WantedDevice) -> None:
    """What a relative path leads to depends on where Ansible happens to run."""
    if not wanted.device.startswith("/"):
        raise Refusal(
            "no_device",
            f"{wanted.device!r} is not an absolute path.",
            "Name the disk by its link below /dev/disk/by-id.",
        )


def refuse_unconfirmed(wanted: WantedDevice) -> None:
    """What may be erased is said together with where."""
    if wanted.wipe and not wanted.confirm_wipe:
        raise Refusal(
            "wipe_not_confirmed",
            f"wipe names {', '.join(wanted.wipe)} but not on which disk.",
            "Put the disk's serial number, WWN or a UUID of what is on it into confirm_wipe.",
        )


def refuse_homeless(wanted: WantedDevice) -> None:
    """A mount needs a file system, and something has to be wanted."""
    if wanted.mount and not wanted.file_system:
        raise Refusal(
            "invalid_mount",
            f"{wanted.mount.path} is to be mounted without a file system.",
            "Say which filesystem it has.",
        )
    if not (wanted.partition or wanted.lvm or wanted.file_system):
        raise Refusal(
            "nothing_wanted",
            f"Nothing is wanted of {wanted.device}.",
            "Name at least one of partition, lvm and filesystem; "
            "clustered.storage.block_device_info only looks.",
        )


def wanted_expected(given: Mapping[str, Any]) -> Expected:
    """What the disk has to be; an empty word, of a variable that is not set, would say nothing."""
    for name in ("serial", "wwn"):
        value = given.get(name)
        if value is not None and not value.strip():
            raise Refusal(
                "invalid_expect",
                f"expect.{name} is empty, so it would let every disk pass.",
                f"Say which {name} the disk has, or leave it out.",
            )
    return Expected(
        serial=given.get("serial") or "",
        wwn=given.get("wwn") or "",
        min_bytes=wanted_size(given.get("min_size")),
        max_bytes=wanted_size(given.get("max_size")),
    )


def wanted_size(given: str | None) -> int | None:
    """A size in bytes."""
    if given is None:
        return None
    size = parse_size(given)
    if size is None:
        raise Refusal(
            "invalid_size",
            f"{given!r} is not a size.",
            "Write a number of bytes, or a number with KiB, MiB, GiB or TiB: powers of 1024.",
        )
    return size


def wanted_partition(given: Mapping[str, Any] | None) -> WantedPartition | None:
    """The partition; whole MiB, for alignment."""
    if given is None:
        return None
    size = wanted_size(given.get("size"))
    if size is not None and size < MIB:
        raise Refusal("invalid_size", f"{given['size']!r} is less than 1 MiB.", "Ask for more.")
    return WantedPartition(given["label"], None if size is None else size // MIB * MIB)


def wanted_lvm(given: Mapping[str, Any] | None) -> WantedLvm | None:
    """The logical volume and its group."""
    if given is None:
        return None
    for word in (given["vg"], given["lv"]):
        if not LVM_NAME.fullmatch(word) or LVM_RESERVED.search(word):
            raise Refusal(
                "invalid_name",
                f"LVM does not take {word!r} as a name.",
                "Use letters, digits and + _ . - , not - first; some words are LVM's own (lvm(8)).",
            )
    share = PERCENT.fullmatch(given["size"])
    if not share:
        return WantedLvm(given["vg"], given["lv"], wanted_size(given["size"]))
    percent = int(share.group(1))
    if not 1 <= percent <= WHOLE:
        raise Refusal(
            "invalid_size", f"{given['size']!r} is not a share.", "Write 1% to 100% of the group."
        )
    return WantedLvm(given["vg"], given["lv"], None, percent)


def wanted_file_system(given: Mapping[str, Any] | None) -> WantedFileSystem | None:
    """The file system."""
    if given is None:
        return None
    wanted = WantedFileSystem(
        given["type"],
        given.get("label") or "",
        (given.get("uuid") or "").lower(),
        tuple(given.get("options") or ()),
    )
    refuse_bad_uuid(wanted.uuid)
    refuse_bad_label(wanted)
    refuse_bad_options(wanted)
    return wanted


def refuse_bad_label(wanted: WantedFileSystem) -> None:
    """mkfs would cut a long label off, or fail when the disk has been partitioned already."""
    most = LABEL_BYTES[wanted.type]
    is_cut = wanted.label != wanted.label.strip() or len(wanted.label.encode()) > most
    if is_cut or not wanted.label.isprintable():
        raise Refusal(
            "invalid_label",
            f"{wanted.label!r} can not be the label of an {wanted.type}.",
            f"Use at most {most} bytes of printable characters, no blank at an end.",
        )


def refuse_bad_options(wanted: WantedFileSystem) -> None:
    """What would switch a guard off, name another device, or contradict an option of ours."""
    words = list(wanted.options)
    while words:
        word = words.pop(0)
        letter = word[1:] if word.startswith("-") else ""
        if letter and letter in PLAIN_OPTIONS[wanted.type]:
            continue
        is_known = len(letter) == 1 and letter in VALUED_OPTIONS[wanted.type]
        value = words.pop(0) if is_known and words else ""
        if not is_known or FOREIGN_VALUE.search(value):
            raise Refusal(
                "invalid_options",
                f"{f'{word} {value}'.strip()!r} is not taken as an option of mkfs.{wanted.type}.",
                "Write an option and its value as two words. Labels and UUIDs have options of "
                "their own; force and other devices are not possible here.",
            )


def refuse_bad_uuid(text: str) -> None:
    """A UUID in its usual form, or none."""
    try:
        is_usual = not text or (str(uuid.UUID(text)) == text and uuid.UUID(text).int != 0)
    except ValueError:
        is_usual = False
    if not is_usual:
        raise Refusal("invalid_uuid", f"{text!r} is not a UUID.", "Leave it out, or use uuidgen.")


def wanted_mount(given: Mapping[str, Any] | None) -> WantedMount | None:
    """The mount point in its normal form."""
    if given is None:
        return None
    path = "/" + posixpath.normpath(given["path"]).lstrip("/")
    if not given["path"].startswith("/") or path == "/" or not path.isprintable():
        raise Refusal(
            "invalid_mount",
            f"{given['path']!r} can not be a mount point.",
            "Write an absolute path below /.",
        )
    if path in SYSTEM_PATHS or path.startswith(KERNEL_PATHS):
        raise Refusal(
            "invalid_mount",
            f"{path} belongs to the system.",
            "Choose another mount point.",
        )
    options = given.get("options") or "defaults"
    words = options.split(",")
    foreign = FOREIGN_MOUNT_OPTIONS.search(options) or {"ro", "rw"} <= set(words)
    if foreign or not MOUNT_OPTIONS.fullmatch(options):
        raise Refusal(
            "invalid_mount",
            f"{options!r} are not options for a mount of the device itself.",
            "Separate them by commas, without blanks; bind, remount, loop and offset are not "
            "possible here, nor ro and rw at once.",
        )
    return WantedMount(path, options, given.get("fstab", True))
