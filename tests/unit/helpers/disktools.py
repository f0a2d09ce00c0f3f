# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The machine of helpers.disks as modules see it: its tools with their refusals, sysfs, mounts.

Each command that changes something is kept, with the bytes that it writes and whether they held
anything. What no tool would do either (a partition beyond the disk, say) fails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import MIB
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.parse import escape
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.host import (
    Output,
    changed_meanwhile,
)
from helpers.disks import (
    SECTOR,
    Broken,
    Disk,
    Disks,
    Entry,
    Mark,
    Node,
    Place,
    Store,
    View,
    nodes_of,
)
from helpers.hosts import Clock

NOTHING, AMBIVALENT = 2, 8  # exit statuses of blkid -p
SMALLEST_XFS = 300 * MIB
BLOCK = 4096


class Killed(BaseException):
    """The run ends here, as by a power cut."""


@dataclass(frozen=True)
class Write:
    """A stretch that a command wrote to, and what had been there."""

    command: tuple[str, ...]
    store: Store
    start: int
    end: int
    held: tuple[str, ...]
    is_used: bool  # by anybody else


class Content(bytes):
    """Bytes of a disk; the model knows without counting whether they are zero."""

    is_zero: bool

    def count(self, *_what: object) -> int:
        return len(self) if self.is_zero else 0


@cache
def content(head: bytes, length: int) -> Content:
    """Bytes that begin with these; nothing else of them is looked at."""
    found = Content((head + b"\0" * (length - len(head)))[:length])
    found.is_zero = not head
    return found


def head_of(view: View) -> bytes:
    """What a device begins with, where that tells the size of a file system."""
    xfs, ext4 = view.find("xfs"), view.find("ext4")
    if xfs:
        return b"XFSB" + BLOCK.to_bytes(4, "big") + (xfs.bytes // BLOCK).to_bytes(8, "big")
    if ext4:
        block = bytearray(340)
        block[4:8] = (ext4.bytes // BLOCK & 0xFFFFFFFF).to_bytes(4, "little")
        block[24:28] = (2).to_bytes(4, "little")
        block[56:58] = b"\x53\xef"
        block[336:340] = (ext4.bytes // BLOCK >> 32).to_bytes(4, "little")
        return bytes(1024) + bytes(block)
    return b"\1"


def is_below(path: str, place: str) -> bool:
    return f"{path}/".startswith(f"{place}/".replace("//", "/"))


def shown_options(before: tuple[str, ...], asked: str) -> tuple[str, ...]:
    """The options of a mount as the kernel shows them."""
    found = list(before)
    for word in asked.split(","):
        for pair in (("ro", "rw"), ("noatime", "relatime")):
            found = [one for one in found if word not in pair or one not in pair]
        if word in ("ro", "rw", "noatime", "relatime", "nodiratime", "nosuid", "nodev", "noexec"):
            found = [*(one for one in found if one != word), word]
    return tuple(found)


class DiskHost(Clock):
    """One run on the machine. ``kill_at`` ends it in place of the change of that number."""

    def __init__(self, machine: Disks, kill_at: int | None = None) -> None:
        super().__init__()
        self.machine = machine
        self.changes: list[tuple[str, ...]] = []
        self.writes: list[Write] = []
        self._kill_at = kill_at
        machine.look_again()

    # --- commands

    def run(self, argv: Sequence[str], stdin: str = "") -> Output:
        name = argv[0].replace(".", "_")
        is_look = False
        try:
            answer = getattr(self, f"look_{name}", lambda _words: None)(list(argv[1:]))
            is_look = answer is not None
            if is_look:
                return answer if isinstance(answer, Output) else Output(0, answer, "")
            self.begin(tuple(argv))
            getattr(self, f"do_{name}")(list(argv[1:]), stdin)
            return Output(0, "", "")
        except Broken as error:
            return Output(1, "", f"{argv[0]}: {error}\n")
        finally:
            if not is_look:
                self.machine.look_again()

    def begin(self, argv: tuple[str, ...]) -> None:
        """Here the power may go; what is waited for is hastened as often as somebody looks."""
        if argv[0] in ("partx", "udevadm"):
            return
        if len(self.changes) == self._kill_at:
            raise Killed
        self.changes.append(argv)

    def write(self, node: Node, start: int, end: int) -> None:
        """Zeros to a stretch of a device; what had been there is kept for the tests."""
        first, last = node.view.start + start, node.view.start + end
        held = (
            *(m.kind for m in self.recognised(node.view.store) if m.at < last and m.end > first),
            *("data" for a, b in node.view.store.data if a < last and b > first),
        )
        write = Write(self.changes[-1], node.view.store, first, last, held, self.is_used(node))
        self.writes.append(write)
        node.view.store.erase(first, last)

    def recognised(self, store: Store) -> list[Mark]:
        """What any device shows of it; what is left of something older is none."""
        views = [node.view for node in self.machine.nodes() if node.view.store is store]
        return [mark for view in views for mark in view.marks]

    def is_used(self, node: Node) -> bool:
        """Whether anybody but this run uses a device, or the disk that it is on."""
        disk = [n for n in self.machine.nodes() if node.disk and n.name == node.disk.name]
        return self.machine.is_claimed(node) or any(
            use.openers or use.loop_of or use.read_only or use.unreadable or use.claimed
            for use in (self.machine.use(one.name) for one in (node, *disk))
        )

    # --- commands that look

    def look_lsblk(self, words: list[str]) -> str:
        columns = words[words.index("--output") + 1].lower().split(",")
        nodes = self.machine.nodes()
        if words[-1].startswith("/"):
            one = self.machine.node(words[-1])
            nodes = [n for n in nodes if n.name == one.name or (one.disk and n.disk is one.disk)]
        described = [self.describe(node, columns) for node in nodes if not node.volume]
        for node in nodes:
            for parent in (d for d in described if node.volume and d["name"] in node.parents):
                parent.setdefault("children", []).append(self.describe(node, columns))
        return json.dumps({"blockdevices": described})

    def describe(self, node: Node, columns: list[str]) -> dict[str, object]:
        disk = node.disk
        uuids = [mark.uuid for mark in node.view.content if mark.uuid]
        parents = (disk.name,) if disk and node.entry else node.parents
        table = disk.store.table if disk else None
        every = {
            "name": node.path.rpartition("/")[2],
            "path": node.path,
            "pkname": parents[0] if parents else None,
            "type": node.kind,
            "size": node.view.size,
            "serial": disk.serial or None if disk and not node.entry else None,
            "wwn": disk.wwn or None if disk else None,
            "model": None,
            "ro": self.machine.use(node.name).read_only,
            "maj:min": node.number,
            "uuid": uuids[0] if uuids else None,
            "ptuuid": table.uuid if table else None,
        }
        return {column: every[column] for column in columns}

    def look_wipefs(self, words: list[str]) -> str | None:
        if words[0] != "--json":
            return None
        view = self.machine.node(words[-1]).view
        found = [
            {"type": m.type, "offset": hex(m.at - view.start), "uuid": m.uuid, "label": m.label}
            for m in view.marks
        ]
        return json.dumps({"signatures": found}) if found else ""

    def look_blkid(self, words: list[str]) -> Output:
        node = self.machine.node(words[-1])
        view, values = node.view, {}
        if "-O" in words:
            start, size = (int(words[words.index(flag) + 1]) for flag in ("-O", "-S"))
            view = View(view.store, view.start + start, size)
        elif node.disk and node.entry:
            values["PART_ENTRY_UUID"] = node.entry.uuid
        kinds = list(dict.fromkeys(mark.type for mark in view.content))
        if len(kinds) > 1:
            return Output(AMBIVALENT, "", "")
        for mark in view.content[:1]:
            values |= {"TYPE": mark.type, "UUID": mark.uuid}
        table = view.store.table if view.start == 0 else None
        if table and not node.entry:
            values |= {"PTTYPE": table.label, "PTUUID": table.uuid}
        text = "".join(f"{key}={value}\n" for key, value in values.items() if value)
        return Output(0 if values else NOTHING, text, "")

    def look_lvm(self, words: list[str]) -> str:
        assert words[0] == "fullreport"
        reports = []
        for group in self.machine.present_groups():
            members = self.machine.members(group)
            partial = group.missing or len(members) < len(group.members)
            vg = {
                "vg_name": group.name,
                "vg_uuid": group.uuid,
                "vg_extent_size": str(group.extent_bytes),
                "vg_extent_count": str(group.extents),
                "vg_free_count": str(group.free),
                "vg_missing_pv_count": str(len(group.members) - len(members) + group.missing),
                "vg_partial": "partial" if partial else "",
                "vg_exported": group.exported,
                "vg_shared": group.shared,
                "vg_permissions": "writeable",
            }
            pvs = [
                {
                    "pv_major": node.number.split(":")[0],
                    "pv_minor": node.number.split(":")[1],
                    "pe_start": str(MIB),
                    "pv_size": str(group.members[mark.uuid] * group.extent_bytes),
                    "pv_duplicate": "",
                }
                for node, mark in members
            ]
            lvs = [
                {
                    "lv_name": volume.name,
                    "lv_path": f"/dev/{group.name}/{volume.name}",
                    "lv_uuid": volume.uuid,
                    "lv_size": str(volume.extents * group.extent_bytes),
                    "lv_active": "active" if volume.active else "",
                    "lv_tags": ",".join(volume.tags),
                    "lv_layout": "linear",
                    "lv_role": "public",
                }
                for volume in group.volumes
            ]
            reports.append({"vg": [vg], "pv": pvs, "lv": lvs})
        return json.dumps({"report": reports})

    def look_udevadm(self, _words: list[str]) -> str:
        return ""

    def look_xfs_growfs(self, words: list[str]) -> str | None:
        if words[0] != "-n":
            return None
        mark = self.mounted_at(words[-1], "xfs")[1]
        return f"data     =      bsize={BLOCK}   blocks={mark.bytes // BLOCK}, imaxpct=25\n"

    # --- partitions

    def look_sfdisk(self, words: list[str]) -> str | None:
        if words[0] != "--json":
            return None
        disk = self.disk(words[-1])
        table = disk.store.table
        if table is None:
            raise Broken("does not contain a recognized partition table")
        entries = [
            {
                "node": f"/dev/{disk.part_name(one.number)}",
                "start": one.start // SECTOR,
                "size": one.size // SECTOR,
            }
            for one in table.entries
        ]
        described: dict[str, object] = {"label": table.label, "device": f"/dev/{disk.name}"}
        described |= {"sectorsize": SECTOR, "partitions": entries}
        if table.label == "gpt":
            described["lastlba"] = table.end // SECTOR - 34
        return json.dumps({"partitiontable": described})

    def disk(self, path: str) -> Disk:
        node = self.machine.node(path)
        if node.disk is None or node.entry:
            raise Broken(f"{path} is no disk")
        return node.disk

    def do_sfdisk(self, words: list[str], stdin: str) -> None:
        disk, node = self.disk(words[-1]), self.machine.node(words[-1])
        if self.machine.use(disk.name).read_only:
            raise Broken("cannot open: Read-only file system")
        if "--partno" in words:
            assert "--no-reread" in words
            self.resize_entry(disk, int(words[words.index("--partno") + 1]), stdin)
        else:
            if self.machine.is_claimed(node):
                raise Broken("This disk is currently in use - repartitioning is probably bad.")
            self.new_table(node, disk, stdin)
        if self.machine.rereads:
            try:
                self.machine.read_table_again(disk)
            except Broken:
                return

    def new_table(self, node: Node, disk: Disk, script: str) -> None:
        match = re.fullmatch(
            r"label: (gpt|dos)\nstart=1MiB, size=(\d+)MiB, type=([\w-]+)\n", script
        )
        assert match, script
        size = int(match[2]) * MIB
        self.check_fits(disk, match[1], MIB + size)
        self.write(node, 0, 34 * SECTOR)
        self.write(node, disk.store.size - 33 * SECTOR, disk.store.size)
        entry = Entry(1, MIB, size, self.machine.new_uuid(), match[3])
        disk.write_table(match[1], self.machine.new_uuid(), entry)

    def check_fits(self, disk: Disk, label: str, end: int) -> None:
        last = disk.store.size - (33 * SECTOR if label == "gpt" else 0)
        if end > last:
            raise Broken("Failed to add #1 partition: Numerical result out of range")
        if label == "dos" and end > 2**32 * SECTOR:
            raise Broken("the size of a partition exceeds what this table can describe")

    def resize_entry(self, disk: Disk, number: int, script: str) -> None:
        match = re.fullmatch(r", (\d+)MiB\n", script)
        table = disk.store.table
        assert match
        assert table
        (old,) = (one for one in table.entries if one.number == number)
        new = replace(old, size=int(match[1]) * MIB)
        assert new.size > old.size, "a partition shrinks"
        self.check_fits(disk, table.label, new.start + new.size)
        entries = tuple(new if one is old else one for one in table.entries)
        disk.write_table(table.label, table.uuid, *entries)

    def do_partx(self, words: list[str], _stdin: str) -> None:
        disk = self.disk(words[-1])
        if words[0] == "--delete":
            if any(self.machine.is_claimed(node) for node in nodes_of(disk) if node.entry):
                raise Broken("error deleting partition: Device or resource busy")
            disk.known = ()
            return
        assert words[0] == "--update"
        if disk.store.table is None:
            raise Broken("failed to read partition table")
        disk.known = disk.store.table.entries

    # --- erasing

    def do_dd(self, words: list[str], _stdin: str) -> None:
        said = dict(word.partition("=")[::2] for word in words)
        assert said["if"] == "/dev/zero"
        assert said["iflag"] == "count_bytes"
        assert said["oflag"] == "seek_bytes"
        assert "notrunc" in said["conv"]
        # Without nocreat this would make a file below /dev.
        node = self.machine.node(said["of"])
        start, count = int(said["seek"]), int(said["count"])
        self.write(node, start, min(start + count, node.view.size))
        self.machine.note_write(node)
        if start + count > node.view.size:
            raise Broken("error writing: No space left on device")

    def do_wipefs(self, words: list[str], _stdin: str) -> None:
        node = self.machine.node(words[-1])
        if self.machine.is_claimed(node):
            raise Broken("probing initialization failed: Device or resource busy")
        at = node.view.start + int(words[words.index("--offset") + 1])
        (mark,) = (mark for mark in node.view.marks if mark.at == at)
        self.write(node, mark.at - node.view.start, mark.end - node.view.start)
        self.machine.note_write(node)

    # --- LVM

    def do_vgcreate(self, words: list[str], _stdin: str) -> None:
        name, path = words[-2:]
        node = self.machine.node(path)
        if self.machine.group(name) in self.machine.present_groups():
            raise Broken(f"A volume group called {name} already exists.")
        if node.view.marks:
            raise Broken("WARNING: signature detected. Wipe it? [y/n]: n. Aborted wiping.")
        if self.machine.is_claimed(node):
            raise Broken("Can't open exclusively. Mounted filesystem?")
        self.machine.groups = [g for g in self.machine.groups if g.name != name]
        self.write(node, 0, MIB)
        self.machine.add_group(name, node.view)

    def do_pvresize(self, words: list[str], _stdin: str) -> None:
        node = self.machine.node(words[-1])
        mark = node.view.find("LVM2_member")
        group = next(g for g in self.machine.groups if mark and mark.uuid in g.members)
        assert mark
        extents = (node.view.size - MIB) // group.extent_bytes
        assert extents >= group.members[mark.uuid], "a physical volume shrinks"
        group.members[mark.uuid] = extents

    def do_lvcreate(self, words: list[str], _stdin: str) -> None:
        group = self.machine.group(words[-1])
        extents = int(words[words.index("--extents") + 1])
        if group is None or extents > group.free:
            raise Broken("insufficient free space")
        name = words[words.index("--name") + 1]
        tags = (words[words.index("--addtag") + 1],) if "--addtag" in words else ()
        volume = self.machine.add_volume(group, name, extents, tags)
        if self.machine.stale:
            volume.store.data = [(BLOCK, volume.store.size)]

    def volume(self, path: str) -> Node:
        node = self.machine.node(path)
        if node.volume is None:
            raise Broken(f"{path} is no logical volume")
        return node

    def do_lvextend(self, words: list[str], _stdin: str) -> None:
        volume = self.volume(words[-1]).volume
        assert volume
        group = next(group for group in self.machine.groups if volume in group.volumes)
        extents = int(words[words.index("--extents") + 1])
        assert extents > volume.extents, "a logical volume shrinks"
        if extents - volume.extents > group.free:
            raise Broken("Insufficient free space")
        volume.extents, volume.store.size = extents, extents * group.extent_bytes

    def do_lvchange(self, words: list[str], _stdin: str) -> None:
        volume = self.volume(words[-1]).volume
        assert volume
        gone = words[words.index("--deltag") + 1]
        volume.tags = tuple(tag for tag in volume.tags if tag != gone)

    # --- file systems

    def do_mkfs_xfs(self, words: list[str], _stdin: str) -> None:
        node = self.machine.node(words[-1])
        if node.view.size < SMALLEST_XFS:
            raise Broken("Filesystem must be larger than 300MB.")
        if node.view.marks:
            raise Broken("appears to contain an existing filesystem. Use the -f option.")
        identity = words[words.index("-m") + 1].removeprefix("uuid=")
        self.make_file_system(node, "xfs", identity, words)

    def do_mkfs_ext4(self, words: list[str], _stdin: str) -> None:
        node = self.machine.node(words[-1])
        self.make_file_system(node, "ext4", words[words.index("-U") + 1], words)

    def make_file_system(self, node: Node, kind: str, identity: str, words: list[str]) -> None:
        if self.machine.is_claimed(node):
            raise Broken(f"{node.path} contains a mounted filesystem or is in use")
        label = words[words.index("-L") + 1] if "-L" in words else ""
        self.write(node, 0, node.view.size)
        node.view.put(kind, uuid=identity, label=label, bytes=node.view.size // BLOCK * BLOCK)

    def mounted_at(self, target: str, kind: str) -> tuple[Node, Mark]:
        place = next(
            (one for one in self.machine.mounts if one.target == target and one.here), None
        )
        if place is None:
            raise Broken(f"{target} is not mounted")
        node = self.machine.node(f"/dev/{place.name}")
        mark = node.view.find(kind)
        if mark is None:
            raise Broken(f"{target} is not a mounted {kind}")
        return node, mark

    def do_xfs_growfs(self, words: list[str], _stdin: str) -> None:
        assert words[0] == "-d"
        self.fill_device(*self.mounted_at(words[-1], "xfs"))

    def do_resize2fs(self, words: list[str], _stdin: str) -> None:
        node = self.machine.node(words[-1])
        mark = node.view.find("ext4")
        if mark is None or not self.machine.mounts_of(node):
            raise Broken("Please run 'e2fsck -f' first.")
        self.fill_device(node, mark)

    def fill_device(self, node: Node, mark: Mark) -> None:
        size = node.view.size // BLOCK * BLOCK
        assert size >= mark.bytes, "a file system shrinks"
        node.view.change(mark, bytes=size)

    # --- mounts

    def do_mkdir(self, words: list[str], _stdin: str) -> None:
        self.machine.folders.setdefault(self.real_path(words[-1]), ())

    def do_mount(self, words: list[str], _stdin: str) -> None:
        said, source = words[words.index("-o") + 1], words[-2]
        target = self.real_path(words[-1])
        options = shown_options(("rw", "relatime"), said)
        node = self.source(source)
        if said.startswith("remount,"):
            place = next(m for m in self.machine.mounts if m.target == target and m.here)
            assert place.name == node.name
            place.options = options
            return
        if target not in self.machine.folders:
            raise Broken("mount point does not exist.")
        kind = words[words.index("-t") + 1]
        assert kind == node.view.content[0].type
        self.machine.mounts.append(Place(node.name, target, kind, options))

    def source(self, name: str) -> Node:
        """The device that mount finds by a path or a UUID."""
        if name.startswith("/"):
            return self.machine.node(name)
        found = self.machine.find_by_uuid(name.removeprefix("UUID="))
        if not found:
            raise Broken(f"can't find {name}")
        return found[0]

    def do_systemctl(self, words: list[str], _stdin: str) -> None:
        assert words == ["daemon-reload"]

    # --- files

    def real_path(self, path: str) -> str:
        if path.startswith("/sys/dev/block/"):
            number = path.rpartition("/")[2]
            node = next((n for n in self.machine.nodes() if n.number == number), None)
            return self.folder(node) if node else path
        if path.startswith("/sys/class/block/"):
            name = path.split("/")[4]
            node = next((n for n in self.machine.nodes() if n.name == name), None)
            return self.folder(node) + path[len(f"/sys/class/block/{name}") :] if node else path
        return self.machine.real_path(path)

    def folder(self, node: Node) -> str:
        disk = f"/{node.disk.name}" if node.disk and node.entry else ""
        return f"/sys/devices{disk}/{node.name}"

    def node_of_folder(self, path: str) -> tuple[Node | None, str]:
        """The device whose folder in sysfs this is or is below, and what is asked for there."""
        real = self.real_path(path)
        folders = {self.folder(node): node for node in self.machine.nodes()}
        below = [one for one in folders if real == one or real.startswith(f"{one}/")]
        best = max(below, key=len, default="")
        return (folders[best], real[len(best) + 1 :]) if best else (None, "")

    def entries(self, path: str) -> tuple[str, ...] | None:
        if path.startswith("/sys/"):
            return self.sys_entries(path)
        if path == "/dev/disk/by-id":
            return tuple(
                sorted(one.rpartition("/")[2] for one in self.machine.links if path in one)
            )
        if path in ("/run/udev", "/run/systemd/system"):
            there = self.machine.has_udev if "udev" in path else self.machine.has_systemd
            return () if there else None
        if path == "/dev":
            return tuple(sorted(("disk", "mapper", *(n.name for n in self.machine.nodes()))))
        return self.machine.folders.get(self.real_path(path))

    def sys_entries(self, path: str) -> tuple[str, ...] | None:
        machine = self.machine
        if path == "/sys/block":
            loops = (use.loop_of for use in machine.uses.values() if use.loop_of)
            return tuple(sorted((*machine.disks, *loops)))
        node, rest = self.node_of_folder(path)
        if node is None:
            return None
        if rest == "holders":
            return machine.holders(node)
        if rest == "slaves":
            return tuple(node.parents)
        parts = (n.name for n in machine.nodes() if n.entry and n.disk is node.disk)
        return tuple(sorted(("dev", "holders", "slaves", *(() if node.entry else parts))))

    def text(self, path: str) -> str | None:
        if path.startswith("/sys/"):
            return self.sys_text(path)
        swaps = [f"/dev/{name} partition 1 0 -2" for name, u in self.machine.uses.items() if u.swap]
        files = {
            "/etc/fstab": self.machine.fstab,
            "/etc/machine-id": f"{self.machine.machine_id}\n",
            "/proc/swaps": "\n".join(["Filename Type Size Used Priority", *swaps, ""]),
        }
        return files.get(path)

    def sys_text(self, path: str) -> str | None:
        loops = {use.loop_of: name for name, use in self.machine.uses.items() if use.loop_of}
        words = path.split("/")
        if words[-1] == "backing_file":
            backing = loops.get(words[3])
            return f"/dev/{backing}\n" if backing else None
        node, rest = self.node_of_folder(path)
        if node is None:
            return None
        values = {"dev": node.number, "start": "0"}
        if node.entry:
            values |= {"partition": str(node.entry.number)}
            values |= {"start": str(node.entry.start // SECTOR)}
        elif rest == "start":
            return None
        return f"{values[rest]}\n" if rest in values else None

    def device(self, path: str) -> int | None:
        return 1 if self.number(path) or path in self.machine.folders else None

    def file_system(self, path: str) -> str:
        """The number of what is mounted there or above, the last mount being the one seen."""
        if self.real_path(path) not in self.machine.folders:
            return ""
        above = [m for m in self.machine.mounts if m.here and is_below(path, m.target)]
        seen = max(reversed(above), key=lambda place: len(place.target))
        return self.number(f"/dev/{seen.name}")

    def can_write(self, _path: str) -> bool:
        return self.machine.can_write_fstab

    def finds(self, program: str) -> bool:
        return program not in self.machine.missing_tools

    def number(self, path: str) -> str:
        try:
            return self.machine.node(path).number
        except Broken:
            return ""

    def read_at(self, path: str, offset: int, size: int) -> bytes:
        node = self.machine.node(path)
        if self.machine.use(node.name).unreadable:
            raise StorageError("unreadable", f"{path}: Input/output error.", "It is broken.")
        start = node.view.start + offset
        end = min(start + size, node.view.end)
        if node.view.store.is_zero(start, end):
            return content(b"", end - start)
        return content(head_of(node.view) if offset == 0 else b"\1", end - start)

    def busy(self, device: str) -> str:
        node = self.machine.node(device)
        return "Device or resource busy" if self.machine.is_claimed(node) else ""

    def openers(self) -> Mapping[str, tuple[str, ...]]:
        nodes = {node.name: node.number for node in self.machine.nodes()}
        return {
            nodes[name]: use.openers
            for name, use in self.machine.uses.items()
            if use.openers and name in nodes
        }

    def mount_tables(self) -> tuple[str, ...]:
        numbers = {node.name: node.number for node in self.machine.nodes()}
        tables = [
            "".join(
                f"30 1 {numbers[one.name]} / {escape(one.target)} {','.join(one.options)} shared:1"
                f" - {one.kind} /dev/{one.name} rw\n"
                for one in self.machine.mounts
                if one.here is here
            )
            for here in (True, False)
        ]
        return tuple(tables)

    def write_text(self, path: str, text: str, expected: str | None) -> None:
        assert path == "/etc/fstab"
        if self.machine.fstab != expected:
            raise changed_meanwhile(path)
        self.begin(("write", path))
        self.machine.fstab = text
