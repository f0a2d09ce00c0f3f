# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands that change a disk, one function a verb. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import MIB

Command = tuple[str, ...]

# Partition tables in sfdisk's words, and what it calls a partition of theirs by its use.
LABELS = {"gpt": "gpt", "mbr": "dos"}
PARTITION_TYPES = {
    "gpt": {
        "data": "0FC63DAF-8483-4772-8E79-3D69D8477DE4",
        "lvm": "E6D6D379-F507-44C2-A23C-238F2A3DF928",
    },
    "mbr": {"data": "83", "lvm": "8e"},
}
EXTENT_BYTES = 4 * MIB
FSTAB = "/etc/fstab"


def list_devices() -> Command:
    """Read what block devices there are."""
    columns = "NAME,PATH,PKNAME,TYPE,SIZE,SERIAL,WWN,MODEL,RO,MAJ:MIN,UUID,PTUUID"
    return ("lsblk", "--json", "--bytes", "--output", columns)


def list_signatures(path: str) -> Command:
    """Read every signature on a device."""
    return ("wipefs", "--json", path)


def probe(path: str) -> Command:
    """Read what a device holds, past every cache."""
    return ("blkid", "-p", "-o", "export", path)


def probe_region(path: str, offset: int, size: int) -> Command:
    """Read what a part of a device holds, which may become a partition."""
    return ("blkid", "-p", "-o", "export", "-O", str(offset), "-S", str(size), path)


def zero(path: str, offset: int, size: int) -> Command:
    """Write zeros."""
    return (
        "dd", "if=/dev/zero", f"of={path}", f"bs={MIB}", f"seek={offset}", f"count={size}",
        "iflag=count_bytes", "oflag=seek_bytes", "conv=fsync,notrunc,nocreat", "status=none",
    )  # fmt: skip


def write_table(path: str) -> Command:
    """Write a partition table, which comes on standard input; nothing else is wiped."""
    return ("sfdisk", "--quiet", "--wipe", "never", "--wipe-partitions", "never", path)


def table_script(label: str, size_bytes: int, kind: str) -> str:
    """One aligned partition, for sfdisk."""
    size = size_bytes // MIB
    use = PARTITION_TYPES[label][kind]
    return f"label: {LABELS[label]}\nstart=1MiB, size={size}MiB, type={use}\n"


def grow_partition(path: str, number: int) -> Command:
    """Move the end of a partition, whose new size comes on standard input, while it is in use."""
    return ("sfdisk", "--quiet", "--no-reread", "--partno", str(number), path)


def growth_script(size_bytes: int) -> str:
    """The partition's size; its beginning stays."""
    return f", {size_bytes // MIB}MiB\n"


def list_table(path: str) -> Command:
    """Read the partitions as the table has them."""
    return ("sfdisk", "--json", path)


def list_known(path: str) -> Command:
    """Read the partitions as the kernel has them."""
    return ("lsblk", "--json", "--bytes", "--output", "NAME,TYPE,SIZE,MAJ:MIN", path)


def tell_kernel(path: str) -> Command:
    """Let the kernel know the partitions as they are now."""
    return ("partx", "--update", path)


def forget(path: str) -> Command:
    """Let the kernel forget the partitions of a disk whose table is gone."""
    return ("partx", "--delete", path)


def report_lvm() -> Command:
    """Read all that LVM knows, in one go."""
    return ("lvm", "fullreport", "--reportformat", "json", "--units", "b", "--nosuffix")


def make_group(name: str, path: str) -> Command:
    """Make a physical volume and a group of it; LVM asks, and so fails, where it sees a signature.

    With the alignment and the extent size given, its size is known before.
    """
    return (
        "vgcreate", "--dataalignment", "1m", "--physicalextentsize", f"{EXTENT_BYTES}b", name, path,
    )  # fmt: skip


def resize_member(path: str) -> Command:
    """Let a physical volume fill its device."""
    return ("pvresize", path)


def make_volume(group: str, name: str, extents: int, tag: str) -> Command:
    """Make a logical volume of free extents; what they still hold is nobody's, and is wiped."""
    return (
        "lvcreate", "--yes", "--wipesignatures", "y", "--zero", "y", "--addtag", tag,
        "--extents", str(extents), "--name", name, group,
    )  # fmt: skip


def remove_tag(path: str, tag: str) -> Command:
    """Take a tag from a logical volume."""
    return ("lvchange", "--deltag", tag, path)


def grow_volume(path: str, extents: int) -> Command:
    """Let a logical volume grow to so many extents."""
    return ("lvextend", "--extents", str(extents), path)


def make_xfs(path: str, uuid: str, label: str, options: Iterable[str]) -> Command:
    """Make an xfs file system; without -f, so that it refuses a device that holds one."""
    named = ("-L", label) if label else ()
    return ("mkfs.xfs", "-q", "-m", f"uuid={uuid}", *named, *options, path)


def make_ext4(path: str, uuid: str, label: str, options: Iterable[str]) -> Command:
    """Make an ext4 file system."""
    named = ("-L", label) if label else ()
    return ("mkfs.ext4", "-q", "-U", uuid, *named, *options, path)


def list_xfs(mount_point: str) -> Command:
    """Read the size of a mounted xfs: what its superblock says on the disk may be older."""
    return ("xfs_growfs", "-n", mount_point)


def grow_xfs(mount_point: str) -> Command:
    """Let a mounted xfs fill its device."""
    return ("xfs_growfs", "-d", mount_point)


def grow_ext4(path: str) -> Command:
    """Let an ext4 fill its device, mounted or not."""
    return ("resize2fs", path)


def make_directory(path: str) -> Command:
    """Make a directory and those above it."""
    return ("mkdir", "-p", "--", path)


def mount(source: str, kind: str, options: str, path: str) -> Command:
    """Mount a file system."""
    return ("mount", "-t", kind, "-o", options, source, path)


def remount(source: str, options: str, path: str) -> Command:
    """Give a mounted file system these options; without its source those of fstab would join."""
    writable = "" if "ro" in options.split(",") else "rw,"
    return ("mount", "-o", f"remount,{writable}{options}", source, path)


def reload_systemd() -> Command:
    """Let systemd read the file system table: it would undo a mount that its units contradict."""
    return ("systemctl", "daemon-reload")


def settle() -> Command:
    """Wait until udev has looked at what was written, and has closed it again."""
    return ("udevadm", "settle", "--timeout=60")


MAKE: Mapping[str, Callable[[str, str, str, Iterable[str]], Command]] = {
    "xfs": make_xfs,
    "ext4": make_ext4,
}
