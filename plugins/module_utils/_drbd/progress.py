# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a wait still misses, in words with figures. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.clustered.storage.plugins.module_utils._drbd.model import (
    INCONSISTENT,
    STANDALONE,
    UP_TO_DATE,
    Connection,
    PeerVolume,
    Status,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.parse import parse_status
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError

Missing = Callable[[str], str]


def until_connected(dialect: str, name: str, *, patient: bool) -> Missing:
    """Waits for the connection; one that was given up comes back only where somebody is patient."""

    def missing(output: str) -> str:
        status = parse_status(dialect, output, name)
        if status is None:
            return f"{name} is not up"
        if not patient:
            raise_given_up(status)
        return connection_words(status)

    return missing


def until_up_to_date(dialect: str, name: str, *, here: bool) -> Missing:
    """Waits for all the data to be here, or on all sides."""

    def missing(output: str) -> str:
        status = parse_status(dialect, output, name)
        if status is None:
            return f"{name} is not up"
        raise_given_up(status)
        done = status.is_local_up_to_date if here else status.is_up_to_date
        return "" if done else data_words(status)

    return missing


def raise_given_up(status: Status) -> None:
    """A connection that stands alone does not come back by itself."""
    if any(one.state == STANDALONE for one in status.connections):
        raise StorageError(
            "not_connected",
            f"{status.name} has given the connection up.",
            "See the kernel's log.",
        )


def connection_words(status: Status) -> str:
    """The connections that are not there, "" when all are."""
    if not status.connections:
        return f"{status.name} has no connection"
    return "; ".join(
        f"the connection to {one.peer or 'the peer'} is {state_words(one)}"
        for one in status.connections
        if not one.is_connected
    )


def state_words(connection: Connection) -> str:
    """How far a connection is."""
    return connection.state if not connection.volumes else f"{connection.state}, not yet settled"


def data_words(status: Status) -> str:
    """Which data are not up to date, and how far the copying is."""
    missing = connection_words(status)
    if missing:
        return missing
    syncing = [one for one in status.peer_volumes if one.is_syncing]
    if syncing:
        return "; ".join(sync_words(one) for one in syncing)
    disks = [(one.number, one.disk) for one in status.volumes]
    disks += [(one.number, one.disk) for one in status.peer_volumes]
    if {disk for _number, disk in disks} == {INCONSISTENT}:
        return "no side has good data, and the node that sync_source names has not begun"
    behind = [(number, disk) for number, disk in disks if disk != UP_TO_DATE]
    return "; ".join(f"a disk of volume {number} is {disk}" for number, disk in behind)


def sync_words(volume: PeerVolume) -> str:
    """How far the copying of a volume is."""
    figures = (
        (volume.percent_done, "{:.1f} % done"),
        (volume.out_of_sync_kib, "{} KiB left"),
        (volume.mib_per_second, "{:.1f} MiB/s"),
        (volume.seconds_left, "about {} s more"),
    )
    words = [words.format(value) for value, words in figures if value is not None]
    paused = f"paused by {volume.suspended}" if volume.suspended else ""
    return ", ".join(
        filter(None, (f"volume {volume.number}: {volume.replication}", *words, paused))
    )
