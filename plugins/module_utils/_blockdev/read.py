# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looking at a disk and everything on it, and acting on it.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._blockdev import commands, parse
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    ENDS_BYTES,
    MIB,
    NEW_TAG,
    Device,
    Expectation,
    LogicalVolume,
    Lvm,
    Machine,
    Mount,
    Region,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.wanted import SYSTEM_PATHS
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.host import Host
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Step

LINK_FOLDER = "/dev/disk/by-id"
# Room that a table calls free is looked at in so many places: something older may lie there.
SAMPLES, SAMPLE_BYTES = 256, 16 * 1024
# udev opens whatever was written to, looks at it, and closes it.
PASSERS_BY = ("(udev-worker)", "systemd-udevd", "udevd")


@dataclass(frozen=True)
class Surroundings:
    """What is read once for all devices; devices go by their number."""

    described: Mapping[str, Mapping[str, Any]]
    by_uuid: Mapping[str, Mapping[str, str]]
    shared: frozenset[str]
    mounts: Mapping[str, tuple[Mount, ...]]
    own_mounts: Mapping[str, str]
    swaps: tuple[str, ...]
    system: frozenset[str]
    links: Mapping[str, tuple[str, ...]]
    openers: Mapping[str, tuple[str, ...]]


def read_machine(device: str, mount_path: str) -> Callable[[Host, Machine | None, str], Machine]:
    """The reader of one disk, for the life cycle; what is around is read once for all its parts."""
    around: Surroundings | None = None

    def read(host: Host, machine: Machine | None, part: str) -> Machine:
        nonlocal around
        if machine is None or around is None:
            around = read_surroundings(host)
        if machine is None:
            return read_first(host, device, mount_path, around)
        if part == "lvm":
            return read_lvm(host, machine, around)
        if part == "table":
            return read_table(host, machine)
        kind, start, size = part.split()
        return read_region(host, machine, (int(start), int(size)), is_room=kind == "room")

    return read


def read_first(host: Host, device: str, mount_path: str, around: Surroundings) -> Machine:
    """The disk with its surroundings."""
    return Machine(
        device=read_device(host, existing_path(host, device), around),
        fstab=host.text(commands.FSTAB),
        machine_id=(host.text("/etc/machine-id") or "").strip(),
        mount_point=host.real_path(mount_path) if mount_path else "",
        mount_point_number=host.file_system(mount_path) if mount_path else "",
        mount_point_blocker=read_blocker(host, mount_path) if mount_path else "",
        mount_point_entries=host.entries(mount_path) if mount_path else None,
        own_mounts=around.own_mounts,
        by_uuid=around.by_uuid,
        has_systemd=host.entries("/run/systemd/system") is not None,
    )


def read_blocker(host: Host, path: str) -> str:
    """What exists of the path if it is not a directory, "" if it is."""
    while path != "/" and host.device(path) is None:
        path = posixpath.dirname(path)
    return "" if host.entries(path) is not None else path


def existing_path(host: Host, path: str) -> str:
    """The device's own path; a name that leads nowhere is refused."""
    real = host.real_path(path)
    if host.device(real) is None:
        raise StorageError(
            "no_device", f"There is no {path}.", "See lsblk and /dev/disk/by-id for what there is."
        )
    return real


# ---- what is around ----


def read_surroundings(host: Host) -> Surroundings:
    """All block devices, mounts in all namespaces, swap, the disks of the system, who has open."""
    described = parse.parse_lsblk(probe(host, commands.list_devices()))
    tables = [located(host, parse.parse_mountinfo(table)) for table in host.mount_tables()]
    swaps = parse.parse_swaps(host.text("/proc/swaps") or "")
    return Surroundings(
        described={one["maj:min"]: one for one in described},
        by_uuid=parse.parse_by_uuid(described),
        shared=parse.parse_shared(described),
        mounts=read_mounts(tables),
        own_mounts={mounted.target: mounted.number for mounted in tables[0]},
        swaps=tuple(host.real_path(path) for path in swaps),
        system=read_system(host, tables),
        links=read_links(host),
        openers=host.openers(),
    )


def located(host: Host, table: Iterable[parse.Mounted]) -> tuple[parse.Mounted, ...]:
    """btrfs shows a number of its own for a mount: there the source tells the device."""
    return tuple(
        replace(one, number=host.number(one.source) or one.number)
        if one.number.startswith("0:") and one.source.startswith("/dev/")
        else one
        for one in table
    )


def read_mounts(tables: Sequence[Iterable[parse.Mounted]]) -> dict[str, tuple[Mount, ...]]:
    """Where each device is mounted, in this process's namespace and in all others."""
    found: dict[str, tuple[Mount, ...]] = {}
    for place, table in enumerate(tables):
        for one in table:
            mount = Mount(one.target, here=place == 0, options=one.options)
            found[one.number] = (*found.get(one.number, ()), mount)
    return found


def read_links(host: Host) -> dict[str, tuple[str, ...]]:
    """The names below /dev/disk/by-id, by the device's path."""
    links: dict[str, tuple[str, ...]] = {}
    for name in host.entries(LINK_FOLDER) or ():
        real = host.real_path(f"{LINK_FOLDER}/{name}")
        links[real] = (*links.get(real, ()), f"{LINK_FOLDER}/{name}")
    return links


def read_system(host: Host, tables: Iterable[Iterable[parse.Mounted]]) -> frozenset[str]:
    """The numbers of the devices that the system stands on, down to the disks."""
    roots = {one.number for table in tables for one in table if one.target in SYSTEM_PATHS}
    return frozenset(number for root in roots for number in stack(host, root))


def stack(host: Host, number: str) -> set[str]:
    """A device and all that it stands on: a partition's disk, the members of LVM or RAID."""
    folder = host.real_path(f"/sys/dev/block/{number}")
    if host.entries(folder) is None:
        return set()
    found = {number}
    for below in host.entries(f"{folder}/slaves") or ():
        found |= stack(host, read_number(host, f"/sys/class/block/{below}"))
    if host.text(f"{folder}/partition") is not None:
        found |= stack(host, read_number(host, posixpath.dirname(folder)))
    return found


def read_number(host: Host, folder: str) -> str:
    """major:minor of a device, by its folder in sysfs."""
    return (host.text(f"{folder}/dev") or "").strip()


# ---- one device ----


def read_device(host: Host, path: str, around: Surroundings) -> Device:
    """A device with its partitions."""
    number = host.number(path)
    described = around.described.get(number)
    if described is None:
        raise StorageError(
            "not_a_disk",
            f"{path} is not a block device that lsblk knows.",
            "Name a disk by its path, best by its link below /dev/disk/by-id.",
        )
    if host.number(described["path"]) == number:
        path = described["path"]
    folder = host.real_path(f"/sys/dev/block/{number}")
    device = Device(
        path=path,
        number=number,
        kind=described["type"],
        size_bytes=int(described["size"]),
        read_only=described["ro"] in (True, "1"),
        serial=described.get("serial") or inherited(described, around, "serial"),
        wwn=described.get("wwn") or inherited(described, around, "wwn"),
        model=(described.get("model") or "").strip(),
        links=around.links.get(path, ()),
        start_bytes=int((host.text(f"{folder}/start") or "0").strip()) * parse.SECTOR,
        holders=(*(host.entries(f"{folder}/holders") or ()), *read_loops(host, path, number)),
        mounts=around.mounts.get(number, ()),
        swap=path in around.swaps,
        is_system=number in around.system,
        shared=around.shared,
        busy=host.busy(path),
        users=staying(around.openers.get(number, ())),
        partitions=tuple(
            read_partition(host, name, around) for name in read_partitions(host, folder)
        ),
    )
    device = read_content(host, device)
    parts = (replace(part, disk=path, disk_uuid=device.table_uuid) for part in device.partitions)
    return replace(device, partitions=tuple(parts))


def read_partition(host: Host, name: str, around: Surroundings) -> Device:
    """A partition; one that the kernel knows but that has no node here can not be looked at."""
    path = f"/dev/{name.replace('!', '/')}"
    if not host.number(path):
        raise StorageError(
            "probe_failed",
            f"There is a partition {name}, but no {path} to look at it.",
            "See why: udev makes these nodes.",
        )
    return read_device(host, path, around)


def inherited(described: Mapping[str, Any], around: Surroundings, what: str) -> str:
    """What a partition has from its disk."""
    disks = (one for one in around.described.values() if one["name"] == described.get("pkname"))
    return next((disk.get(what) or "" for disk in disks if described["type"] == "part"), "")


def staying(users: tuple[str, ...]) -> tuple[str, ...]:
    """Without those who look at every device and go on."""
    return tuple(user for user in users if not user.startswith(PASSERS_BY))


def read_partitions(host: Host, folder: str) -> list[str]:
    """The names of a disk's partitions, in their order on it."""
    names = [n for n in host.entries(folder) or () if host.text(f"{folder}/{n}/partition")]
    return sorted(names, key=lambda name: int(host.text(f"{folder}/{name}/start") or "0"))


def read_loops(host: Host, path: str, number: str) -> tuple[str, ...]:
    """The loop devices that have this device as their backing file."""
    loops = [name for name in host.entries("/sys/block") or () if name.startswith("loop")]
    backing = {name: host.text(f"/sys/block/{name}/loop/backing_file") for name in loops}
    return tuple(
        name
        for name, file in backing.items()
        if file and (file.strip() == path or host.number(file.strip()) == number)
    )


def read_content(host: Host, device: Device) -> Device:
    """What is on it; the first problem is kept."""
    signatures = host.run(commands.list_signatures(device.path))
    output = host.run(commands.probe(device.path))
    values, problem = parse.parse_probe(output.rc, output.stdout, output.stderr)
    if signatures.rc:
        problem = f"wipefs fails with status {signatures.rc}: {signatures.stderr.strip()}"
    found = () if signatures.rc else parse.parse_signatures(signatures.stdout)
    kind = values.get("TYPE", "")
    if kind and kind not in {signature.type for signature in found}:
        problem = problem or f"blkid sees {kind}, wipefs does not"
    head, zero_ends, unreadable = read_ends(host, device.path, 0, device.size_bytes)
    return replace(
        device,
        table=values.get("PTTYPE", ""),
        table_uuid=values.get("PTUUID", ""),
        partition_uuid=values.get("PART_ENTRY_UUID", ""),
        signatures=found,
        problem=problem or unreadable,
        zero_ends=zero_ends,
        is_unfinished=parse.is_unfinished_xfs(head),
        file_system_bytes=read_xfs_bytes(host, device, kind)
        or parse.parse_file_system_bytes(kind, head),
    )


def read_xfs_bytes(host: Host, device: Device, kind: str) -> int:
    """The size of an xfs that is mounted here, 0 for anything else."""
    place = next((mount.target for mount in device.mounts if mount.here), "")
    if kind != "xfs" or not place:
        return 0
    return parse.parse_xfs_bytes(host.run(commands.list_xfs(place)).stdout)


def read_ends(host: Host, path: str, start: int, size: int) -> tuple[bytes, bool, str]:
    """The beginning of a stretch, whether both its ends are zero, and why it can not be read."""
    length = min(size, ENDS_BYTES)
    try:
        head = host.read_at(path, start, length)
        tail = host.read_at(path, start + size - length, length)
    except StorageError as error:
        return b"", False, str(error)
    if len(head) < length or len(tail) < length:
        return b"", False, "it can not be read to its end"
    return head[:MIB], is_zero(head) and is_zero(tail), ""


def is_zero(data: bytes) -> bool:
    """Whether there is nothing but zeros."""
    return data.count(0) == len(data)


# ---- what is read when a plan asks for it ----


def read_region(host: Host, machine: Machine, place: tuple[int, int], *, is_room: bool) -> Machine:
    """What lies where a partition is to be, or in the room that it is to grow into."""
    start, size = place
    path = machine.device.path
    output = host.run(commands.probe_region(path, start, size))
    values, problem = parse.parse_probe(output.rc, output.stdout, output.stderr)
    _head, zero_ends, unreadable = read_ends(host, path, start, size)
    types = tuple(values[key] for key in ("TYPE", "PTTYPE") if key in values)
    if is_room and zero_ends:
        zero_ends = all(
            is_zero(host.read_at(path, at, SAMPLE_BYTES)) for at in samples(start, size)
        )
    region = Region(types, zero_ends, problem or unreadable)
    return replace(machine, regions={**machine.regions, (start, size): region})


def samples(start: int, size: int) -> tuple[int, ...]:
    """Places that are spread evenly over a stretch."""
    step = max(size // SAMPLES, SAMPLE_BYTES)
    return tuple(range(start, start + size - SAMPLE_BYTES, step))


def read_table(host: Host, machine: Machine) -> Machine:
    """The partitions that are in the table, whether the kernel knows them or not."""
    text = probe(host, commands.list_table(machine.device.path))
    written, end = parse.parse_table(text)
    return replace(machine, written=written, table_end_bytes=end)


def read_lvm(host: Host, machine: Machine, around: Surroundings) -> Machine:
    """All that LVM knows, with the volumes on this disk."""
    lvm = parse.parse_lvm(run(host, commands.report_lvm()))
    device = replace(
        with_volumes(host, machine.device, lvm, around),
        partitions=tuple(
            with_volumes(host, part, lvm, around) for part in machine.device.partitions
        ),
    )
    return replace(machine, lvm=lvm, device=device, nodes=host.entries("/dev") or ())


def with_volumes(host: Host, device: Device, lvm: Lvm, around: Surroundings) -> Device:
    """A physical volume with its group and the active volumes of that."""
    group = next((group for group in lvm.groups if device.number in group.members), None)
    if group is None:
        return device
    volumes = tuple(
        read_volume(host, volume, around)
        for volume in lvm.volumes
        if volume.group == group.name and volume.active and volume.path
    )
    return replace(device, group=group, volumes=volumes)


def read_volume(host: Host, volume: LogicalVolume, around: Surroundings) -> Device:
    """A logical volume by the name that LVM gives it; that of device mapper is one of its links."""
    device = read_device(host, host.real_path(volume.path), around)
    return replace(
        device,
        path=volume.path,
        links=(*device.links, device.path),
        volume_uuid=volume.uuid,
        is_new=NEW_TAG in volume.tags,
    )


# ---- acting ----


def run(host: Host, argv: Sequence[str], stdin: str = "") -> str:
    """The output of a command; raises when it fails."""
    output = host.run(argv, stdin)
    if output.rc:
        words = (output.stderr or output.stdout).strip()
        raise StorageError(
            "tool_failed",
            f"{' '.join(argv)} failed with status {output.rc}: {words}",
            "Nothing after this command was done.",
        )
    return output.stdout


def probe(host: Host, argv: Sequence[str]) -> str:
    """The output of a command that looks; what can not be looked at may hold anything."""
    try:
        return run(host, argv)
    except StorageError as error:
        raise StorageError(
            "probe_failed" if error.reason == "tool_failed" else error.reason,
            str(error),
            error.remedy,
        ) from error


def act(host: Host, step: Step) -> None:
    """Carry out a step; what it writes to is looked at once more right before."""
    settle(host)
    if isinstance(step.expects, Expectation):
        refuse_changed(host, step.expects)
    if step.writes is not None:
        host.write_text(step.command[-1], step.writes, step.replaces)
        return
    run(host, step.command, step.stdin)


def settle(host: Host) -> None:
    """Let udev look at what was written before, and make the links to it."""
    if host.entries("/run/udev") is not None:
        host.run(commands.settle())


def refuse_changed(host: Host, expected: Expectation) -> None:
    """Somebody else may have begun to use the device since it was planned for."""
    around = read_surroundings(host)
    seen = read_device(host, host.real_path(expected.path), around)
    disk = read_device(host, expected.disk, around) if expected.disk else seen
    used = not expected.in_use and any(
        one.busy or one.users or one.mounts or one.holders or one.swap for one in (disk, *seen.tree)
    )
    other = (
        any(one.problem for one in seen.tree)
        or seen.size_bytes != expected.size_bytes
        or seen.serial != (expected.serial or seen.serial)
        or (expected.identity and expected.identity not in (*seen.identities, disk.table_uuid))
        or not set(seen.all_types) <= set(expected.types)
        or (expected.blank and not seen.zero_ends)
    )
    if used or other:
        raise StorageError(
            "changed_meanwhile",
            f"{expected.path} is not any more what it was when this was planned.",
            "Find out who else works on it, and run this again.",
        )
