# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands of DRBD, one function a verb. Pure.

drbdadm turns to the tools of 8.4 by itself while that generation's module is loaded. Only where
nothing may be loaded yet is the parser named.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from ansible_collections.clustered.storage.plugins.module_utils._drbd.model import DIALECT_84

Command = tuple[str, ...]

FOLDER = "/etc/drbd.d"
MAIN_FILE = "/etc/drbd.conf"
VERSION_FILE = "/sys/module/drbd/version"
# Where packages put the parser of 8.4: Debian, and those that have no /lib of their own.
PARSERS_84 = ("/lib/drbd/drbdadm-84", "/usr/lib/drbd/drbdadm-84")
METADATA_VERSIONS = {DIALECT_84: "v08", "9": "v09"}


def config_path(name: str) -> str:
    """The file of a resource."""
    return f"{FOLDER}/{name}.res"


def loadable_version() -> Command:
    """Read which version of the kernel's part there is."""
    return ("modinfo", "-F", "version", "drbd")


def load() -> Command:
    """Load the kernel's part."""
    return ("modprobe", "drbd")


def status(dialect: str, name: str = "") -> Command:
    """Read the state of one resource or all; 8.4 has no JSON."""
    how = ("--verbose", "--statistics") if dialect == DIALECT_84 else ("--json",)
    return ("drbdsetup", "status", *((name,) if name else ()), *how)


def versions() -> Command:
    """Read the versions of the tools and the kernel's part."""
    return ("drbdadm", "--version")


def check(parser: str, config: str) -> Command:
    """Let a parser read a whole configuration."""
    return (parser, "--config-file", config, "sh-nop")


def dry_adjust(name: str, config: str = "") -> Command:
    """Read what would have to be done for the running state to be as the file says.

    It prints the shared secret.
    """
    return ("drbdadm", *(("--config-file", config) if config else ()), "--dry-run", "adjust", name)


def adjust(name: str) -> Command:
    """Make the running state as the file says."""
    return ("drbdadm", "adjust", name)


def read_metadata(dialect: str, minor: int, place: tuple[str, str], peer_id: int) -> Command:
    """Read the identifiers from a disk that is not attached; of none it says nothing, rc 1."""
    peer = () if dialect == DIALECT_84 else (f"--node-id={peer_id}",)
    return ("drbdmeta", str(minor), METADATA_VERSIONS[dialect], *place, *peer, "get-gi")


def metadata_place(disk: str, meta_disk: str) -> tuple[str, str]:
    """Where metadata are, in the words of drbdmeta."""
    return (disk, "internal") if meta_disk == "internal" else (meta_disk, "flex-external")


def identifiers(name: str, volume: int) -> Command:
    """Read the identifiers of a volume that is attached."""
    return ("drbdadm", "get-gi", f"{name}/{volume}")


def create_metadata(name: str, volume: int) -> Command:
    """Make metadata. Without --force, and without a terminal, it refuses what it finds."""
    return ("drbdadm", "create-md", f"{name}/{volume}")


def up(name: str) -> Command:
    """Attach the disks and begin to connect."""
    return ("drbdadm", "up", name)


def down(name: str) -> Command:
    """Disconnect, and let go of the disks."""
    return ("drbdadm", "down", name)


def down_unconfigured(name: str) -> Command:
    """The same for a resource whose file is gone."""
    return ("drbdsetup", "down", name)


def remove(path: str) -> Command:
    """Remove a file."""
    return ("rm", "-f", path)


def promote(name: str) -> Command:
    """Become Primary."""
    return ("drbdadm", "primary", name)


def demote(name: str) -> Command:
    """Become Secondary."""
    return ("drbdadm", "secondary", name)


def first_sync(name: str) -> Command:
    """Declare the data here the good ones, and become Primary."""
    return ("drbdadm", "primary", "--force", name)


def skip_sync(name: str, volume: int) -> Command:
    """Declare the data on both sides equal."""
    return ("drbdadm", "new-current-uuid", "--clear-bitmap", f"{name}/{volume}")


def connect(name: str) -> Command:
    """Begin to connect."""
    return ("drbdadm", "connect", name)


def connect_discarding(name: str) -> Command:
    """The same, and should the sides have gone apart, give up what was written here."""
    return ("drbdadm", "connect", "--discard-my-data", name)


def disconnect(name: str) -> Command:
    """End the connections."""
    return ("drbdadm", "disconnect", name)


def journal() -> Command:
    """Read the kernel's log since the machine was started."""
    return ("journalctl", "--dmesg", "--boot", "--no-pager", "--output=cat", "--lines=20000")


def kernel_ring() -> Command:
    """The same where there is no journal; it forgets."""
    return ("dmesg", "--notime")
