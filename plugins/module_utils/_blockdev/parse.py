# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What lsblk, wipefs, blkid and the kernel say, made into the model. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    MIB,
    Entry,
    FstabLine,
    LogicalVolume,
    Lvm,
    Signature,
    VolumeGroup,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError

# Exit statuses of blkid -p, blkid(8): 2 is "nothing found", 8 "ambivalent".
BLKID_FOUND, BLKID_NOTHING, BLKID_AMBIVALENT = 0, 2, 8
# Fields of a line of /proc/PID/mountinfo, proc(5), and of those after its separator.
MOUNTINFO_NUMBER, MOUNTINFO_TARGET, MOUNTINFO_OPTIONS = 2, 4, 5
MOUNTINFO_SOURCE = 1
FSTAB_FIELDS, FSTAB_LEAST = 4, 2
# The unit of sysfs, whatever the disk's own sectors are; and the usual one of a table.
SECTOR = 512
EXT4_SUPERBLOCK, EXT4_MAGIC = 1024, b"\x53\xef"
XFS_MAGIC, XFS_IN_PROGRESS = b"XFSB", 126
LVM_ACTIVE = "active"
SIZE = re.compile(r"([0-9]+(?:[.][0-9]+)?) ?(?:([KMGT])(?:iB)?|B)?")
UNITS = {"": 1, "K": 1024, "M": MIB, "G": 1024 * MIB, "T": MIB * MIB}
# A line ends with a line feed, and blanks and tabs separate: str.split takes much more for that.
BLANKS = re.compile(r"[ \t]+")


@dataclass(frozen=True)
class Mounted:
    """A line of mountinfo."""

    number: str
    target: str
    source: str
    options: tuple[str, ...]


def parse_json(text: str, tool: str) -> dict[str, Any]:
    """A tool's JSON; nothing at all, which older wipefs prints for a blank device, is {}."""
    try:
        found = json.loads(text) if text.strip() else {}
    except json.JSONDecodeError as error:
        raise StorageError(
            "unexpected_output",
            f"{tool} answered with something that is not JSON: {text[:200]!r}.",
            "util-linux 2.34 or later is needed.",
        ) from error
    return dict(found)


def parse_lsblk(text: str) -> tuple[Mapping[str, Any], ...]:
    """All devices, those that stand on others too, each once."""
    return tuple(flatten(parse_json(text, "lsblk").get("blockdevices", [])))


def flatten(described: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """lsblk's tree as a list; a device that stands on several is under each of them."""
    found: dict[str, dict[str, Any]] = {}
    for one in described:
        found[one["maj:min"]] = one
        found |= {below["maj:min"]: below for below in flatten(one.get("children") or [])}
    return list(found.values())


def parse_partition_sizes(text: str) -> tuple[int, ...]:
    """lsblk of one disk: the sizes of the partitions that the kernel knows."""
    return tuple(int(one["size"]) for one in parse_lsblk(text) if one["type"] == "part")


def parse_table(text: str) -> tuple[tuple[Entry, ...], int]:
    """``sfdisk --json``: the partitions, and where the room for them ends; 0 if it does not say."""
    table = parse_json(text, "sfdisk").get("partitiontable", {})
    sector = int(table.get("sectorsize", SECTOR))
    entries = tuple(
        Entry(
            int(one["node"].removeprefix(table["device"]).lstrip("p")),
            int(one["start"]) * sector,
            int(one["size"]) * sector,
        )
        for one in table.get("partitions", [])
    )
    return entries, (int(table["lastlba"]) + 1) * sector if "lastlba" in table else 0


def parse_by_uuid(described: tuple[Mapping[str, Any], ...]) -> dict[str, dict[str, str]]:
    """Every UUID that lsblk knows, with the devices whose content has it: paths by number."""
    found: dict[str, dict[str, str]] = {}
    for one in described:
        if one.get("uuid"):
            found.setdefault(one["uuid"], {})[one["maj:min"]] = one["path"]
    return found


def parse_shared(described: tuple[Mapping[str, Any], ...]) -> frozenset[str]:
    """Serial numbers, WWNs and UUIDs that several devices have: of copies, say."""
    disks = [one for one in described if one["type"] != "part"]
    seen = Counter(one.get(key) or "" for key in ("serial", "wwn", "ptuuid") for one in disks)
    seen.update(one.get("uuid") or "" for one in described)
    return frozenset(identity for identity, count in seen.items() if count > 1)


def parse_signatures(text: str) -> tuple[Signature, ...]:
    """``wipefs --json``: everything that is recognised, at every offset."""
    found = parse_json(text, "wipefs").get("signatures", [])
    return tuple(
        Signature(
            one["type"], int(str(one["offset"]), 0), one.get("uuid") or "", one.get("label") or ""
        )
        for one in found
    )


def parse_probe(rc: int, text: str, stderr: str) -> tuple[dict[str, str], str]:
    """``blkid -p -o export``: its values, and the problem if it could not say for sure."""
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    if rc in (BLKID_FOUND, BLKID_NOTHING):
        return values, ""
    if rc == BLKID_AMBIVALENT:
        return values, "several signatures contradict each other"
    return values, f"blkid fails with status {rc}: {stderr.strip()}"


def parse_mountinfo(table: str) -> tuple[Mounted, ...]:
    """One namespace's mounts, in their order: the last one at a place is the one that is seen."""
    return tuple(parse_mountinfo_line(line) for line in table.split("\n") if " - " in line)


def parse_mountinfo_line(line: str) -> Mounted:
    """One mount; fields without a fixed place end at the separator."""
    before, _separator, after = line.partition(" - ")
    fields, described = before.split(" "), after.split(" ")
    return Mounted(
        fields[MOUNTINFO_NUMBER],
        unescape(fields[MOUNTINFO_TARGET]),
        unescape(described[MOUNTINFO_SOURCE]) if len(described) > MOUNTINFO_SOURCE else "",
        tuple(fields[MOUNTINFO_OPTIONS].split(",")),
    )


def unescape(path: str) -> str:
    """A path as the kernel and fstab write it: blanks and the like in octal."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        path = path.replace(code, character)
    return path


def escape(path: str) -> str:
    """A path as it is written in the file system table."""
    return path.replace("\\", "\\134").replace(" ", "\\040").replace("\t", "\\011")


def parse_swaps(text: str) -> tuple[str, ...]:
    """``/proc/swaps``: the devices and files in use as swap."""
    return tuple(unescape(BLANKS.split(line)[0]) for line in text.split("\n")[1:] if line)


def parse_fstab(text: str) -> tuple[FstabLine, ...]:
    """The file system table, line by line, comments too."""
    return tuple(parse_fstab_line(line) for line in text.split("\n"))


def parse_fstab_line(line: str) -> FstabLine:
    """One line; a comment has nothing but its text. Type and options may be missing."""
    fields = BLANKS.split(line.strip(" \t"))
    if fields[0].startswith("#") or len(fields) < FSTAB_LEAST:
        return FstabLine(line)
    usual = ("auto", "defaults")[len(fields) - FSTAB_LEAST :]
    source, target, fstype, options = (*fields, *usual)[:FSTAB_FIELDS]
    return FstabLine(
        line, source.replace('"', ""), posixpath.normpath(unescape(target)), fstype, options
    )


def parse_file_system_bytes(kind: str, head: bytes) -> int:
    """The size of an xfs or ext4 file system, from the first bytes of its device; 0 for others.

    xfs: sb_blocksize at 4, sb_dblocks at 8, big endian (fs/xfs/libxfs/xfs_format.h). ext4: from the
    superblock at 1024 s_blocks_count_lo at 4, s_log_block_size at 24, s_blocks_count_hi at 336,
    little endian (fs/ext4/ext4.h).
    """
    if kind == "xfs" and head[:4] == XFS_MAGIC:
        return int.from_bytes(head[4:8], "big") * int.from_bytes(head[8:16], "big")
    block = head[EXT4_SUPERBLOCK:]
    if kind == "ext4" and block[56:58] == EXT4_MAGIC:
        low, high = block[4:8], block[336:340]
        count = int.from_bytes(low, "little") + (int.from_bytes(high, "little") << 32)
        return count * (1024 << int.from_bytes(block[24:28], "little"))
    return 0


def is_unfinished_xfs(head: bytes) -> bool:
    """Whether mkfs.xfs has begun and not ended: sb_inprogress, which then keeps it from a mount."""
    return head[:4] == XFS_MAGIC and bool(head[XFS_IN_PROGRESS])


def parse_xfs_bytes(text: str) -> int:
    """``xfs_growfs -n``: the size of the data section; 0 where it does not say."""
    data = re.search(r"^data\s.*bsize=(\d+)\s+blocks=(\d+)", text, re.MULTILINE)
    return int(data.group(1)) * int(data.group(2)) if data else 0


def parse_size(text: str | int) -> int | None:
    """Bytes of ``10GiB``, ``10G``, ``512MiB`` or a number of bytes; None for anything else."""
    found = SIZE.fullmatch(str(text).strip())
    return int(float(found.group(1)) * UNITS[found.group(2) or ""]) if found else None


def parse_lvm(text: str) -> Lvm:
    """``lvm fullreport``, in bytes: groups, volumes, and what physical volumes take.

    Physical volumes without a group come in a report of their own that names none.
    """
    everything = parse_json(text, "lvm fullreport").get("report", [])
    reports = [report for report in everything if report.get("vg")]
    groups = tuple(parse_group(report) for report in reports)
    volumes = tuple(
        parse_volume(one, report["vg"][0]["vg_name"])
        for report in reports
        for one in report.get("lv", [])
    )
    taken = {
        number(pv): int(pv["pe_start"]) + int(pv["pv_size"])
        for report in reports
        for pv in report.get("pv", [])
    }
    return Lvm(groups, volumes, taken)


def number(described: Mapping[str, Any]) -> str:
    """major:minor of a physical volume."""
    return f"{described['pv_major']}:{described['pv_minor']}"


def parse_group(report: Mapping[str, Any]) -> VolumeGroup:
    """A volume group, and whatever speaks against touching it."""
    group = report["vg"][0]
    members = report.get("pv", [])
    troubles = (
        ("is exported", group.get("vg_exported")),
        (
            "misses a physical volume",
            group.get("vg_partial") or group["vg_missing_pv_count"] != "0",
        ),
        ("is shared with other machines", group.get("vg_shared") or group.get("vg_clustered")),
        ("is not writeable", group.get("vg_permissions", "writeable") != "writeable"),
        ("has a physical volume twice", any(pv.get("pv_duplicate") for pv in members)),
    )
    return VolumeGroup(
        group["vg_name"],
        group["vg_uuid"],
        int(group["vg_extent_size"]),
        int(group["vg_extent_count"]),
        int(group["vg_free_count"]),
        tuple(number(pv) for pv in members),
        next((words for words, found in troubles if found), ""),
    )


def parse_volume(described: Mapping[str, Any], group: str) -> LogicalVolume:
    """A logical volume."""
    return LogicalVolume(
        described["lv_name"],
        group,
        described["lv_path"],
        described["lv_uuid"],
        int(described["lv_size"]),
        described.get("lv_active") == LVM_ACTIVE,
        tuple(tag for tag in (described.get("lv_tags") or "").split(",") if tag),
        described.get("lv_layout") == "linear" and "origin" not in described.get("lv_role", ""),
    )
