# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a wait still misses, in words with figures."""

from __future__ import annotations

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._drbd.model import (
    Connection,
    PeerVolume,
    Status,
    Volume,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.progress import (
    connection_words,
    data_words,
    sync_words,
    until_connected,
    until_up_to_date,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from helpers.recordings import recording

UTILS = "drbd-utils-9.22.0"


def recorded(name: str) -> str:
    return recording(UTILS, name).stdout


def status(disk: str, connection: Connection) -> Status:
    return Status("r0", "Secondary", volumes=(Volume(0, 0, disk),), connections=(connection,))


def there(disk: str, replication: str = "Established") -> Connection:
    return Connection("node2", "Connected", "Secondary", (PeerVolume(0, replication, disk),))


def test_all_figures_of_a_sync() -> None:
    volume = PeerVolume(1, "SyncTarget", "UpToDate", 204800, 34.56, 12.34, 16)

    assert sync_words(volume) == (
        "volume 1: SyncTarget, 34.6 % done, 204800 KiB left, 12.3 MiB/s, about 16 s more"
    )
    paused = PeerVolume(0, "PausedSyncS", suspended="user")
    assert sync_words(paused) == "volume 0: PausedSyncS, paused by user"


def test_wait_is_content_with_a_healthy_pair() -> None:
    healthy = recorded("status_healthy")

    assert until_connected("8.4", "r0", patient=False)(healthy) == ""
    assert until_up_to_date("8.4", "r0", here=False)(healthy) == ""


def test_wait_tells_how_far_the_first_sync_is() -> None:
    source = recorded("status_source")

    assert until_up_to_date("8.4", "r0", here=True)(source) == ""
    assert until_up_to_date("8.4", "r0", here=False)(source) == (
        "volume 0: SyncSource, 1.6 % done, 16128 KiB left"
    )


@pytest.mark.parametrize("here", [True, False])
def test_wait_ends_where_the_connection_was_given_up(here: bool) -> None:
    alone = recorded("status_disconnected")

    for missing in (
        until_connected("8.4", "r0", patient=False),
        until_up_to_date("8.4", "r0", here=here),
    ):
        with pytest.raises(StorageError) as raised:
            missing(alone)
        assert raised.value.reason == "not_connected"
    assert "StandAlone" in until_connected("8.4", "r0", patient=True)(alone)


def test_resource_that_went_away_is_missed() -> None:
    assert until_connected("8.4", "r0", patient=True)("") == "r0 is not up"
    assert until_up_to_date("8.4", "r0", here=True)("") == "r0 is not up"


def test_connection_that_is_missing_comes_before_the_data() -> None:
    waiting = Connection("node2", "Connecting")

    assert data_words(status("UpToDate", waiting)) == "the connection to node2 is Connecting"
    assert connection_words(Status("r0", "Secondary")) == "r0 has no connection"
    assert "not yet settled" in connection_words(status("UpToDate", there("DUnknown", "Off")))


def test_new_pair_waits_for_its_source() -> None:
    assert "sync_source" in data_words(status("Inconsistent", there("Inconsistent")))


def test_disk_that_is_behind_without_a_sync_is_named() -> None:
    assert data_words(status("UpToDate", there("Outdated"))) == "a disk of volume 0 is Outdated"
