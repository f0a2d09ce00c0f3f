# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands, one function a verb. Pure. What may hold a password goes by standard input.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.wanted import (
    WantedFileSystem,
)

Command = tuple[str, ...]

# What gfs2_jadd calls a bad journal size is below.
SMALLEST_ADDED_MIB = 32


def push_patch() -> Command:
    """Change the CIB all at once, by a patch that comes on standard input."""
    return ("cibadmin", "--patch", "--xml-pipe")


def simulate() -> Command:
    """What Pacemaker would do with the CIB on standard input."""
    return ("crm_simulate", "--simulate", "--xml-pipe", "--output-as=xml")


def forget_failures(resource: str) -> Command:
    """Let Pacemaker try again what has failed."""
    return ("crm_resource", "--cleanup", "--resource", resource)


def describe_agent(agent: str) -> Command:
    """Read what options a fence agent has."""
    return ("stonith_admin", "--metadata", "--agent", agent)


def show_corosync() -> Command:
    """Read the cluster's name and its nodes."""
    return ("corosync-cmapctl", "totem.cluster_name", "nodelist.")


def show_dlm_service() -> Command:
    """Read whether systemd runs the lock manager, which is Pacemaker's to run."""
    return ("systemctl", "show", "--property=ActiveState,UnitFileState", "dlm.service")


def list_libraries() -> Command:
    """Read which libraries programs find."""
    return ("ldconfig", "-p")


def dump_drbd() -> Command:
    """Read the configuration of all DRBD resources, the common part too; it holds secrets."""
    return ("drbdadm", "dump", "all")


def disks_below(resource: str) -> Command:
    """Read which disks of this node are below a DRBD resource, one for each volume."""
    return ("drbdadm", "sh-ll-dev", resource)


def devices_of(resource: str) -> Command:
    """Read which devices a DRBD resource has, in the same order."""
    return ("drbdadm", "sh-dev", resource)


def show_superblock(device: str) -> Command:
    """Read the superblock of a GFS2."""
    return ("tunegfs2", "-l", device)


def list_journals(device: str) -> Command:
    """Read which journals a GFS2 has."""
    return ("gfs2_edit", "-p", "journals", device)


def drop_cache(device: str) -> Command:
    """Let the next look at a device be at what is on it."""
    return ("blockdev", "--flushbufs", device)


def make_gfs2(fs: WantedFileSystem, table: str, journals: int, identity: str) -> Command:
    """Make the file system; without -O it asks, and nobody would answer.

    -K: discards by DRBD are slow, and the disk was blank.
    """
    size = ("-J", str(fs.journal_size_mib)) if fs.journal_size_mib else ()
    return (
        "mkfs.gfs2", "-q", "-O", "-K", "-p", "lock_dlm", "-t", table, "-j", str(journals), *size,
        "-U", identity, fs.device,
    )  # fmt: skip


def retune(device: str, table: str) -> Command:
    """Write another lock table into a GFS2 that nobody has mounted."""
    return ("tunegfs2", "-o", f"lockproto=lock_dlm,locktable={table}", device)


def add_journals(fs: WantedFileSystem, count: int) -> Command:
    """Add journals to a mounted GFS2; mkfs.gfs2 makes smaller ones than gfs2_jadd does."""
    mib = fs.journal_size_mib
    size = ("-J", str(max(mib, SMALLEST_ADDED_MIB))) if mib else ()
    return ("gfs2_jadd", "-q", "-j", str(count), *size, fs.mount_point)


def try_growth(mount_point: str) -> Command:
    """See by how much a mounted GFS2 could grow."""
    return ("gfs2_grow", "-T", mount_point)


def grow(mount_point: str) -> Command:
    """Let a mounted GFS2 fill its device."""
    return ("gfs2_grow", mount_point)
