# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A model of a machine with disks: what its tools do to them, and what they say of them.

It keeps which bytes hold something, so that a test can say what a command overwrites. There are no
bytes in between: a disk is a list of marks (signatures at their places) and of stretches of data.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import MIB

GIB = 1024 * MIB
SECTOR = 512
# Where each kind of content is recognised: offset from its beginning, or from its end, and length.
PLACES = {
    "ext2": (0x438, 2),
    "ext4": (0x438, 2),
    "xfs": (0, 4),
    "gfs2": (0x10000, 4),
    "btrfs": (0x10040, 8),
    "btrfs mirror": (64 * MIB + 0x40, 8),
    "swap": (0xFF6, 10),
    "crypto_LUKS": (0, 6),
    "LVM2_member": (0x218, 8),
    "linux_raid_member": (0x1000, 4),
    "drbd": (-0x1000, 4),
    "dos": (0x1FE, 2),
    "gpt": (0x200, 8),
    "gpt backup": (-0x200, 8),
    "PMBR": (0x1FE, 2),
}
ORDER = tuple(PLACES)
TABLE_KINDS = ("dos", "gpt", "gpt backup", "PMBR")
CONTENT = tuple(kind for kind in PLACES if kind not in TABLE_KINDS and kind != "btrfs mirror")


class Broken(Exception):
    """A tool says no; the words go to standard error."""


@dataclass(frozen=True)
class Mark:
    """A signature: where its bytes are, and the place whose beginning or end they belong to."""

    kind: str
    at: int
    length: int
    anchor: int
    uuid: str = ""
    label: str = ""
    bytes: int = 0  # what the file system measures

    @property
    def type(self) -> str:
        """As libblkid names it."""
        return self.kind.split()[0]

    @property
    def end(self) -> int:
        return self.at + self.length


@dataclass(frozen=True)
class Entry:
    """A partition in a table."""

    number: int
    start: int
    size: int
    uuid: str
    use: str = ""


@dataclass(frozen=True)
class Table:
    label: str
    uuid: str
    end: int  # of the disk when it was written
    entries: tuple[Entry, ...] = ()


@dataclass(eq=False)
class Store:
    """Something that keeps bytes: a disk, or a logical volume with its own extents."""

    size: int
    marks: list[Mark] = field(default_factory=list)
    data: list[tuple[int, int]] = field(default_factory=list)
    written_table: Table | None = None

    @property
    def table(self) -> Table | None:
        """The partition table, while its first copy is there."""
        kinds = {mark.kind for mark in self.marks if mark.anchor == 0}
        found = self.written_table
        if found is None:
            return None
        needed = {"gpt", "PMBR"} if found.label == "gpt" else {"dos"}
        return found if needed <= kinds else None

    def erase(self, start: int, end: int) -> None:
        """Zeros from start to end."""
        self.marks = [mark for mark in self.marks if mark.end <= start or mark.at >= end]
        pieces = [piece for one in self.data for piece in cut(one, start, end)]
        self.data = [(first, last) for first, last in pieces if first < last]

    def is_zero(self, start: int, end: int) -> bool:
        return not any(a < end and b > start for a, b in self.nonzero())

    def nonzero(self) -> Iterator[tuple[int, int]]:
        yield from self.data
        yield from ((mark.at, mark.end) for mark in self.marks)


def cut(one: tuple[int, int], start: int, end: int) -> list[tuple[int, int]]:
    """What is left of a stretch without what lies from start to end."""
    first, last = one
    return [(first, min(last, start)), (max(first, end), last)] if first < end else [one]


@dataclass(frozen=True)
class View:
    """A stretch of a store: a whole disk, a partition of it, a logical volume."""

    store: Store
    start: int
    size: int

    @property
    def end(self) -> int:
        return self.start + self.size

    def put(self, kind: str, **given: object) -> Mark:
        """A mark where this kind of content has it."""
        offset, length = PLACES[kind]
        anchor = self.start if offset >= 0 else self.end
        mark = replace(Mark(kind, anchor + offset, length, anchor), **given)
        assert self.takes(kind), f"{self.size} bytes are too few for {kind}"
        self.store.marks.append(mark)
        return mark

    def takes(self, kind: str) -> bool:
        """Whether its signature fits in here."""
        offset, length = PLACES[kind]
        return -offset <= self.size if offset < 0 else offset + length <= self.size

    def fill(self, offset: int, length: int) -> None:
        """Data of no known kind."""
        self.store.data.append((self.start + offset, self.start + offset + length))

    @property
    def marks(self) -> list[Mark]:
        """What is recognised here, in the order in which libblkid looks."""
        found = [
            mark
            for mark in self.store.marks
            if mark.anchor == (self.start if PLACES[mark.kind][0] >= 0 else self.end)
            and self.start <= mark.at
            and mark.end <= self.end
        ]
        return sorted(found, key=lambda mark: ORDER.index(mark.kind))

    @property
    def content(self) -> list[Mark]:
        """Without partition tables."""
        return [mark for mark in self.marks if mark.kind not in TABLE_KINDS]

    def find(self, kind: str) -> Mark | None:
        return next((mark for mark in self.marks if mark.kind == kind), None)

    def change(self, mark: Mark, **given: object) -> None:
        self.store.marks[self.store.marks.index(mark)] = replace(mark, **given)


@dataclass(eq=False)
class Disk:
    """A disk, and what the kernel thinks of it; the rest of a node's state goes by its name."""

    name: str
    store: Store
    number: str
    serial: str = ""
    wwn: str = ""
    known: tuple[Entry, ...] = ()

    @property
    def view(self) -> View:
        return View(self.store, 0, self.store.size)

    def partition(self, number: int = 1) -> View:
        """The place of one of the partitions that the kernel knows."""
        entry = next(one for one in self.known if one.number == number)
        return View(self.store, entry.start, entry.size)

    def part_name(self, number: int) -> str:
        """As the kernel names a partition."""
        return f"{self.name}{'p' if self.name[-1].isdigit() else ''}{number}"

    def write_table(self, label: str, identity: str, *entries: Entry) -> None:
        self.store.written_table = Table(label, identity, self.store.size, entries)
        kinds = TABLE_KINDS[:1] if label == "dos" else TABLE_KINDS[1:]
        for mark in [one for one in self.view.marks if one.kind in TABLE_KINDS]:
            self.store.marks.remove(mark)
        for kind in kinds:
            self.view.put(kind)


@dataclass(eq=False)
class Volume:
    """A logical volume."""

    name: str
    uuid: str
    minor: int
    store: Store
    extents: int
    tags: tuple[str, ...] = ()
    active: bool = True


@dataclass(eq=False)
class Group:
    """A volume group; ``members`` are the UUIDs of physical volumes with their extents."""

    name: str
    uuid: str
    members: dict[str, int]
    volumes: list[Volume] = field(default_factory=list)
    extent_bytes: int = 4 * MIB
    missing: int = 0
    exported: str = ""
    shared: str = ""

    @property
    def extents(self) -> int:
        return sum(self.members.values())

    @property
    def free(self) -> int:
        return self.extents - sum(volume.extents for volume in self.volumes)


@dataclass(frozen=True)
class Node:
    """A block device as the kernel shows it."""

    name: str
    path: str
    number: str
    kind: str
    view: View
    disk: Disk | None = None
    entry: Entry | None = None
    volume: Volume | None = None
    parents: tuple[str, ...] = ()


@dataclass
class Place:
    """A mount: of which device, with which options, and whether here or in a container."""

    name: str
    target: str
    kind: str
    options: tuple[str, ...]
    here: bool = True


@dataclass
class Use:
    """What else the kernel knows of a device."""

    swap: bool = False
    holders: tuple[str, ...] = ()
    openers: tuple[str, ...] = ()
    claimed: bool = False
    read_only: bool = False
    unreadable: bool = False
    loop_of: str = ""  # the loop device whose backing file this is


class Disks:
    """The disks of one machine; sda is what it runs from."""

    def __init__(self) -> None:
        self.disks: dict[str, Disk] = {}
        self.groups: list[Group] = []
        self.mounts: list[Place] = []
        self.uses: dict[str, Use] = {}
        self.fstab: str | None = "# the system's own\nUUID=root / ext4 defaults 0 1\n"
        self.folders: dict[str, tuple[str, ...]] = {"/": (), "/srv": ()}
        self.links: dict[str, str] = {}
        self.machine_id = "f00d"
        self.missing_tools: tuple[str, ...] = ()
        self.can_write_fstab = True
        self.has_udev = True
        self.has_systemd = True
        self.rereads = True  # whether the kernel reads a table that was written
        self.stale = False  # whether new extents hold what was there before
        self._made = 0
        self._nodes: list[Node] = []
        system = self.add("sda", 20 * GIB, serial="SYSTEM")
        self.divide(system, "gpt", (1 * MIB, 19 * GIB))
        system.partition().put("ext4", uuid=str(uuid.UUID(int=1)), bytes=19 * GIB)
        self.mounts.append(Place("sda1", "/", "ext4", ("rw", "relatime")))

    def __repr__(self) -> str:
        nodes = [(n.path, n.view.size, n.view.marks) for n in self.nodes() if "sda" not in n.name]
        data = {name: disk.store.data for name, disk in self.disks.items() if disk.store.data}
        kernel = (self.rereads, self.has_udev)
        return f"{nodes}, data {data}, {self.uses}, {self.mounts[1:]}, kernel {kernel}"

    # --- what tests set up and look at

    def add(self, name: str, size: int, serial: str = "", wwn: str = "") -> Disk:
        """A blank disk."""
        self.look_again()
        number = f"8:{16 * len(self.disks)}"
        self.disks[name] = Disk(name, Store(size), number, serial, wwn)
        if serial:
            self.links[f"/dev/disk/by-id/virtio-{serial}"] = f"/dev/{name}"
        return self.disks[name]

    def new_uuid(self) -> str:
        """One that nobody has, the same in every run of a test."""
        self._made += 1
        return str(uuid.UUID(int=0xABC << 64 | self._made))

    def divide(self, disk: Disk, label: str, *places: tuple[int, int]) -> None:
        """A partition table, which the kernel knows."""
        self.look_again()
        entries = (
            Entry(number, start, size, self.new_uuid())
            for number, (start, size) in enumerate(places, 1)
        )
        disk.write_table(label, self.new_uuid(), *entries)
        disk.known = disk.store.written_table.entries if disk.store.written_table else ()

    def use(self, name: str) -> Use:
        return self.uses.setdefault(name, Use())

    def group(self, name: str) -> Group | None:
        return next((group for group in self.groups if group.name == name), None)

    def add_group(self, name: str, view: View, extent_bytes: int = 4 * MIB) -> Group:
        """A volume group on one device."""
        self.look_again()
        mark = view.put("LVM2_member", uuid=self.new_uuid())
        extents = (view.size - MIB) // extent_bytes
        group = Group(name, self.new_uuid(), {mark.uuid: extents}, extent_bytes=extent_bytes)
        self.groups.append(group)
        return group

    def add_volume(
        self, group: Group, name: str, extents: int, tags: tuple[str, ...] = ()
    ) -> Volume:
        """A logical volume with nothing on it."""
        self.look_again()
        minors = [volume.minor for one in self.groups for volume in one.volumes]
        minor = next(n for n in range(len(minors) + 1) if n not in minors)
        store = Store(extents * group.extent_bytes)
        volume = Volume(name, self.new_uuid(), minor, store, extents, tags)
        group.volumes.append(volume)
        return volume

    def mount(self, name: str, target: str, here: bool = True) -> None:
        """Mount what is on the device of that name."""
        kind = self.node(f"/dev/{name}").view.content[0].type
        self.mounts.append(Place(name, target, kind, ("rw", "relatime"), here))
        self.folders.setdefault(target, ())

    # --- the devices there are

    def look_again(self) -> None:
        """Something has changed: what was found is not true any more."""
        self._nodes = []

    def nodes(self) -> list[Node]:
        """All block devices, each after those that it stands on."""
        self._nodes = self._nodes or self.find_nodes()
        return self._nodes

    def find_nodes(self) -> list[Node]:
        found = self.stored_nodes()
        for group in self.present_groups():
            parents = tuple(node.name for node, _mark in self.members(group))
            found += [
                Node(
                    f"dm-{volume.minor}",
                    f"/dev/mapper/{group.name}-{volume.name}",
                    f"253:{volume.minor}",
                    "lvm",
                    View(volume.store, 0, volume.store.size),
                    volume=volume,
                    parents=parents,
                )
                for volume in group.volumes
                if volume.active
            ]
        return found

    def stored_nodes(self) -> list[Node]:
        return [node for disk in self.disks.values() for node in nodes_of(disk)]

    def node(self, path: str) -> Node:
        real = self.real_path(path)
        found = next((n for n in self.nodes() if real in (n.path, f"/dev/{n.name}")), None)
        if found is None:
            raise Broken(f"{path}: No such file or directory")
        return found

    def members(self, group: Group) -> list[tuple[Node, Mark]]:
        """The devices that are physical volumes of a group."""
        return [
            (node, mark)
            for node in self.stored_nodes()
            for mark in node.view.content
            if mark.kind == "LVM2_member" and mark.uuid in group.members
        ]

    def present_groups(self) -> list[Group]:
        """The groups of which anything is left."""
        return [group for group in self.groups if self.members(group)]

    def real_path(self, path: str) -> str:
        """With links followed, those of the volumes and those that a test made."""
        for group in self.groups:
            for volume in group.volumes:
                names = (f"{group.name}/{volume.name}", f"mapper/{group.name}-{volume.name}")
                if path.removeprefix("/dev/") in names:
                    return f"/dev/dm-{volume.minor}"
        for link, target in self.links.items():
            if path == link or path.startswith(f"{link}/"):
                return target + path[len(link) :]
        return path

    # --- what is in use

    def mounts_of(self, node: Node) -> list[Place]:
        return [place for place in self.mounts if place.name == node.name]

    def above(self, node: Node) -> list[Node]:
        """The devices that stand on this one."""
        parts = [n for n in self.nodes() if n.entry and node.entry is None and n.disk is node.disk]
        return [*(parts if node.disk else ()), *(n for n in self.nodes() if node.name in n.parents)]

    def holders(self, node: Node) -> tuple[str, ...]:
        stand = tuple(n.name for n in self.nodes() if node.name in n.parents)
        return (*stand, *self.use(node.name).holders)

    def is_claimed(self, node: Node) -> bool:
        """Whether an exclusive open fails; a partition that is claimed claims its disk."""
        use = self.use(node.name)
        mine = use.swap or use.claimed or self.holders(node) or self.mounts_of(node)
        return bool(mine) or any(self.is_claimed(above) for above in self.above(node))

    # --- writing

    def read_table_again(self, disk: Disk) -> None:
        """The kernel takes the partitions from the table; not while one of them is in use."""
        if any(self.is_claimed(node) for node in nodes_of(disk) if node.entry):
            raise Broken("Device or resource busy")
        disk.known = disk.store.table.entries if disk.store.table else ()

    def note_write(self, node: Node) -> None:
        """udev sees that a disk was written to, and lets the kernel read its table."""
        if self.rereads and self.has_udev and node.disk and not node.entry:
            try:
                self.read_table_again(node.disk)
            except Broken:
                return


def nodes_of(disk: Disk) -> Iterable[Node]:
    """A disk and the partitions that the kernel knows."""
    yield Node(disk.name, f"/dev/{disk.name}", disk.number, "disk", disk.view, disk)
    major, minor = disk.number.split(":")
    for entry in disk.known:
        name = disk.part_name(entry.number)
        number = f"{major}:{int(minor) + entry.number}"
        view = View(disk.store, entry.start, entry.size)
        yield Node(name, f"/dev/{name}", number, "part", view, disk, entry)
