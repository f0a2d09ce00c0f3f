# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What disks may hold before anybody asks us to use them. Written by the tools whose it is, or,
where a tool would need a kernel that has its driver, byte by byte as that tool writes it."""

from __future__ import annotations

import os
import random
import struct
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from disks.loop import MIB
from disks.tools import run

Writer = Callable[[str], object]


@dataclass(frozen=True)
class Content:
    """Something on a device; ``types`` are the names that wipefs has for it."""

    reason: str
    types: tuple[str, ...]
    write: Writer


def tool(*argv: str, stdin: str = "") -> Writer:
    """Written by a tool, whose last argument is the device."""
    return lambda path: run(*argv, path, stdin=stdin)


def each(*writers: Writer) -> Writer:
    """One after the other."""
    return lambda path: [write(path) for write in writers]


def put(offset: int, content: bytes) -> Writer:
    """Bytes; a negative offset counts from the end."""

    def write(path: str) -> None:
        with open(path, "r+b") as device:
            device.seek(offset, os.SEEK_SET if offset >= 0 else os.SEEK_END)
            device.write(content)

    return write


def noise(size: int) -> bytes:
    """Bytes without a meaning, the same each time."""
    return random.Random(size).randbytes(size)


def size_of(path: str) -> int:
    with open(path, "rb") as device:
        return device.seek(0, os.SEEK_END)


def table(script: str) -> Writer:
    return tool("sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", stdin=script)


tell_kernel = tool("partx", "--update")


def luks(kind: str) -> Writer:
    weak = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000")
    return lambda path: run(
        "cryptsetup", "luksFormat", "--batch-mode", "--type", kind, *weak, path, "-", stdin="secret"
    )


def group(path: str) -> None:
    """A physical volume that belongs to a group."""
    run("pvcreate", "--yes", path)
    run("vgcreate", f"group_{path.removeprefix('/dev/')}", path)


def drbd(path: str) -> None:
    """Internal metadata of DRBD, at the end of the device."""
    run("drbdmeta", "--force", "0", "v09", path, "internal", "create-md", "1")


def short_ext4(path: str) -> None:
    """An ext4 that leaves the end of the device to somebody else."""
    run("mkfs.ext4", "-q", path, f"{size_of(path) // 1024 - 1024}k")


def raid(version: int) -> Writer:
    """A superblock of MD, linux/raid/md_p.h: mdp_superblock_1; 1.0 is at the end, 1.2 near 0."""

    def write(path: str) -> None:
        sectors = size_of(path) // 512
        place = 8 if version == 2 else (sectors - 16) // 8 * 8
        data = 2048 if version == 2 else 0
        put(place * 512, raid_superblock(place, data, sectors - data - 16))(path)

    return write


def raid_superblock(place: int, data: int, sectors: int) -> bytes:
    """One of two members of a mirror; all offsets in sectors."""
    name, member = uuid.UUID(int=place + 1).bytes, uuid.UUID(int=place + 2).bytes
    array = struct.pack(
        "<4I16s32sQiIQ2I", 0xA92B4EFC, 1, 0, 0, name, b"lab:0", 0, 1, 0, sectors, 0, 2
    )
    shape = array.ljust(128, b"\0")
    whole = struct.pack("<4Q2I16s8s3Q", data, sectors, place, 0, 0, 0, member, b"", 0, 1, 2**64 - 1)
    body = (shape + whole).ljust(216, b"\0") + struct.pack("<2I", 0, 2)
    block = bytearray(body.ljust(256, b"\0") + struct.pack("<2H", 0, 1))
    total = sum(struct.unpack(f"<{len(block) // 4}I", block))
    struct.pack_into("<I", block, 216, (total & 0xFFFFFFFF) + (total >> 32))
    return bytes(block)


def crc32c(content: bytes) -> int:
    """The checksum of btrfs."""
    seen = 0xFFFFFFFF
    for byte in content:
        seen ^= byte
        for _bit in range(8):
            seen = seen >> 1 ^ (0x82F63B78 if seen & 1 else 0)
    return seen ^ 0xFFFFFFFF


def btrfs(path: str) -> None:
    """The superblock of a btrfs, fs/btrfs/ctree.h: btrfs_super_block."""
    head = struct.pack("<16s2Q8sQ", uuid.UUID(int=7).bytes, 65536, 1, b"_BHRfS_M", 1)
    sizes = struct.pack("<4Q3Q", 0, 0, 0, 0, size_of(path), 131072, 6) + struct.pack(
        "<Q2I", 1, 4096, 16384
    )
    block = (head + sizes).ljust(4096 - 32, b"\0")
    put(65536, crc32c(block).to_bytes(4, "little").ljust(32, b"\0") + block)(path)


def zfs(path: str) -> None:
    """Uberblocks of a member of a ZFS pool; libblkid believes in it when it sees some."""
    for slot in range(8):
        put(128 * 1024 + slot * 1024, struct.pack("<2Q", 0x00BAB10C, 5000))(path)


ISO = b"\1CD001\1".ljust(2048, b"\0") + b"\xffCD001\1".ljust(2048, b"\0")
GPT = ("gpt", "PMBR")
ONE = "start=1MiB, size=+\n"

# What a tool recognises, on a disk or on a partition.
RECOGNISED = {
    "ext4": Content("has_ext4", ("ext4",), tool("mkfs.ext4", "-q")),
    "ext3": Content("has_ext4", ("ext3",), tool("mkfs.ext3", "-q")),
    "xfs": Content("has_xfs", ("xfs",), tool("mkfs.xfs", "-q")),
    "gfs2": Content(
        "has_gfs2", ("gfs2",), tool("mkfs.gfs2", "-q", "-O", "-p", "lock_nolock", "-J", "8")
    ),
    "swap": Content("has_swap", ("swap",), tool("mkswap")),
    "luks1": Content("has_luks", ("crypto_LUKS",), luks("luks1")),
    "luks2": Content("has_luks", ("crypto_LUKS",), luks("luks2")),
    "lvm": Content("has_lvm", ("LVM2_member",), tool("pvcreate", "--yes")),
    "lvm_group": Content("has_lvm", ("LVM2_member",), group),
    "raid_at_start": Content("has_raid", ("linux_raid_member",), raid(2)),
    "raid_at_end": Content("has_raid", ("linux_raid_member",), raid(0)),
    "drbd": Content("has_drbd", ("drbd",), drbd),
    "drbd_over_gfs2": Content(
        "has_drbd",
        ("drbd", "gfs2"),
        each(tool("mkfs.gfs2", "-q", "-O", "-p", "lock_nolock", "-J", "8"), drbd),
    ),
    "drbd_behind_ext4": Content("has_drbd", ("drbd", "ext4"), each(short_ext4, drbd)),
    "btrfs": Content("has_signature", ("btrfs",), btrfs),
    "zfs": Content("has_signature", ("zfs_member",), zfs),
    "iso9660": Content("has_signature", ("iso9660",), put(32768, ISO)),
}

# What no tool recognises, and yet is somebody's.
UNKNOWN = {
    "noise_at_start": Content("not_blank", (), put(0, noise(MIB))),
    "noise_at_end": Content("not_blank", (), put(-MIB, noise(MIB))),
    "first_byte": Content("not_blank", (), put(0, b"\1")),
    "byte_in_first_mib": Content("not_blank", (), put(MIB - 1, b"\1")),
    "byte_in_fourth_mib": Content("not_blank", (), put(4 * MIB - 1, b"\1")),
    "byte_in_fourth_last_mib": Content("not_blank", (), put(-4 * MIB, b"\1")),
    "last_byte": Content("not_blank", (), put(-1, b"\1")),
}

# Partition tables, whole or what is left of them; only on a disk.
TABLES = {
    "gpt": Content("has_gpt", GPT, table("label: gpt\n")),
    "gpt_with_partition": Content("has_gpt", GPT, each(table("label: gpt\n" + ONE), tell_kernel)),
    "mbr": Content("has_mbr", ("dos",), table("label: dos\n")),
    "mbr_with_partition": Content(
        "has_mbr", ("dos",), each(table("label: dos\n" + ONE), tell_kernel)
    ),
    "gpt_without_first_sector": Content(
        "has_gpt", ("gpt",), each(table("label: gpt\n" + ONE), put(0, bytes(512)))
    ),
    "gpt_backup": Content(
        "has_gpt", ("gpt",), each(table("label: gpt\n" + ONE), put(0, bytes(MIB)))
    ),
}
