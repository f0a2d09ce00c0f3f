# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks and what lies on them, layer by layer.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

MIB = 1024 * 1024
# How much of the beginning and of the end of a device has to be zero for it to be blank. It covers
# whatever an earlier partition or logical volume at the usual place began with.
ENDS_BYTES = 4 * MIB
# A logical volume carries it from its making until it has been made blank, right after.
NEW_TAG = "clustered_storage_new"


@dataclass(frozen=True)
class Signature:
    """Something that libblkid recognises on a device, in its words: gpt, ext4, LVM2_member ..."""

    type: str
    offset: int
    uuid: str = ""
    label: str = ""


@dataclass(frozen=True)
class Mount:
    """A place where a device is mounted; ``here`` is this process's own view of the machine."""

    target: str
    here: bool
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class VolumeGroup:
    """An LVM volume group; ``members`` are the numbers of its physical volumes.

    ``trouble`` says why nothing is to be done to it: exported, a member missing, shared.
    """

    name: str
    uuid: str
    extent_bytes: int
    extents: int
    free_extents: int
    members: tuple[str, ...]
    trouble: str = ""

    @property
    def size_bytes(self) -> int:
        """What it can hold."""
        return self.extents * self.extent_bytes


@dataclass(frozen=True)
class LogicalVolume:
    """An LVM logical volume; ``is_plain`` is one of nothing but extents, without a snapshot."""

    name: str
    group: str
    path: str
    uuid: str
    size_bytes: int
    active: bool
    tags: tuple[str, ...] = ()
    is_plain: bool = True


@dataclass(frozen=True)
class Lvm:
    """All that LVM knows; ``taken_bytes`` is how much of its device each physical volume uses."""

    groups: tuple[VolumeGroup, ...] = ()
    volumes: tuple[LogicalVolume, ...] = ()
    taken_bytes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Device:
    """A block device: a disk, one of its partitions, or a logical volume.

    ``problem`` says why it could not be looked at, ``busy`` why the kernel does not give exclusive
    use of it, ``users`` who has it open. ``zero_ends`` says that the first and the last 4 MiB hold
    nothing but zeros. ``file_system_bytes`` is 0 where there is none that can be measured.
    ``disk`` and ``disk_uuid`` are a partition's disk and the UUID of the table there. ``is_new`` is
    a logical volume that was just made, of extents that nobody has, and not yet made blank.
    ``is_unfinished`` is a file system whose mkfs, or copying, was interrupted. ``shared`` are
    identities that other disks have too.
    """

    path: str
    number: str
    kind: str
    size_bytes: int
    read_only: bool = False
    serial: str = ""
    wwn: str = ""
    model: str = ""
    links: tuple[str, ...] = ()
    start_bytes: int = 0
    table: str = ""
    table_uuid: str = ""
    disk: str = ""
    disk_uuid: str = ""
    partition_uuid: str = ""
    signatures: tuple[Signature, ...] = ()
    zero_ends: bool = False
    problem: str = ""
    busy: str = ""
    users: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    swap: bool = False
    is_system: bool = False
    file_system_bytes: int = 0
    volume_uuid: str = ""
    is_new: bool = False
    is_unfinished: bool = False
    shared: frozenset[str] = frozenset()
    partitions: tuple[Device, ...] = ()
    group: VolumeGroup | None = None
    volumes: tuple[Device, ...] = ()

    @property
    def types(self) -> tuple[str, ...]:
        """The types of its own signatures, each once."""
        return tuple(dict.fromkeys(signature.type for signature in self.signatures))

    @property
    def all_types(self) -> tuple[str, ...]:
        """The types of the signatures on it and on its partitions, each once."""
        below = (kind for part in self.partitions for kind in part.all_types)
        return tuple(dict.fromkeys((*self.types, *below)))

    @property
    def is_blank(self) -> bool:
        """Whether nothing is on it, as far as that can be said."""
        return self.zero_ends and not (self.problem or self.signatures or self.partitions)

    @property
    def tree(self) -> tuple[Device, ...]:
        """It and its partitions."""
        return (self, *(device for part in self.partitions for device in part.tree))

    @property
    def identities(self) -> tuple[str, ...]:
        """What names it for certain, for as long as anything on it is still to be erased.

        Its serial number and WWN; the UUID of its partition table, or without one the UUIDs of what
        is on it; those of what it is itself, a partition or a logical volume.
        """
        uuids = (signature.uuid for signature in self.signatures if not self.table)
        itself = (self.partition_uuid, self.disk_uuid, self.volume_uuid)
        own = (self.serial, self.wwn, self.table_uuid, *itself, *uuids)
        return tuple(dict.fromkeys(one for one in own if one and one not in self.shared))


@dataclass(frozen=True)
class Entry:
    """A partition as it stands in the table."""

    number: int
    start_bytes: int
    size_bytes: int


@dataclass(frozen=True)
class Region:
    """What a stretch of a device holds that is to become a partition."""

    types: tuple[str, ...]
    zero_ends: bool
    problem: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether a partition there would be blank."""
        return self.zero_ends and not self.types


@dataclass(frozen=True)
class Expectation:
    """What a device has to be still, right before it is written to.

    ``types`` are all that may be on it. ``blank``: nothing may. ``in_use``: others may use it.
    ``disk`` is the one that it is a part of, which nobody may use either. ``identity`` has to be
    among those of the device.
    """

    path: str
    size_bytes: int
    serial: str = ""
    disk: str = ""
    identity: str = ""
    types: tuple[str, ...] = ()
    blank: bool = False
    in_use: bool = False


def expect(device: Device, **what: Any) -> Expectation:
    """That it is still the same device."""
    return Expectation(device.path, device.size_bytes, device.serial, device.disk, **what)


@dataclass(frozen=True)
class FstabLine:
    """A line of the file system table; the text as it stands."""

    text: str
    source: str = ""
    target: str = ""
    fstype: str = ""
    options: str = ""


@dataclass(frozen=True)
class Machine:
    """What a plan may look at. ``fstab`` is None where there is no such file.

    ``mount_point`` is the wanted one without symbolic links, with the number of the file system
    that is seen there, and the first thing on the way to it that is no directory. ``own_mounts``
    are the mount points with the number of what is mounted there, ``by_uuid`` the paths of devices
    by their number, by the UUID of their content, ``nodes`` the names below /dev. ``lvm``,
    ``regions`` and ``written``, the partitions in the table, are read when a plan asks for them,
    the latter with ``table_end_bytes``, where the room that a GPT knows of ends.
    """

    device: Device
    fstab: str | None = None
    machine_id: str = ""
    mount_point: str = ""
    mount_point_number: str = ""
    mount_point_blocker: str = ""
    mount_point_entries: tuple[str, ...] | None = None
    own_mounts: Mapping[str, str] = field(default_factory=dict)
    by_uuid: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    has_systemd: bool = False
    lvm: Lvm | None = None
    nodes: tuple[str, ...] = ()
    written: tuple[Entry, ...] | None = None
    table_end_bytes: int = 0
    regions: Mapping[tuple[int, int], Region] = field(default_factory=dict)


def other_holders(machine: Machine, device: Device, identity: str) -> tuple[str, ...]:
    """The other devices whose content has that UUID."""
    holders = machine.by_uuid.get(identity, {})
    return tuple(path for number, path in holders.items() if number != device.number)


def emptied(device: Device) -> Device:
    """A device as it is when everything on it has been erased."""
    return replace(
        device,
        table="",
        table_uuid="",
        signatures=(),
        zero_ends=True,
        file_system_bytes=0,
        is_unfinished=False,
        partitions=(),
        group=None,
        volumes=(),
    )
