# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tools print, made into the model.

8.4 is recorded from drbd-utils 9.22 with the kernel's DRBD 8.4.11. What DRBD 9 prints is written by
hand after user/v9/drbdsetup.c of drbd-utils 9.34: no kernel with DRBD 9 has been at hand.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._drbd import parse
from ansible_collections.clustered.storage.plugins.module_utils._drbd.model import (
    FRESH_UUID,
    Connection,
    PeerVolume,
    Status,
    Volume,
    is_same_uuid,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.read import NO_RESOURCE
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from helpers.recordings import recording

UTILS = "drbd-utils-9.22.0"


def recorded(name: str) -> Status:
    status = parse.parse_status("8.4", recording(UTILS, name).stdout, "r0")
    assert status is not None
    return status


# --- 8.4, recorded


def test_resource_that_is_not_up_has_no_status() -> None:
    seen = recording(UTILS, "status_none")

    assert (seen.rc, NO_RESOURCE in seen.stderr) == (10, True)
    assert parse.parse_status("8.4", seen.stdout, "r0") is None


def test_new_pair() -> None:
    status = recorded("status_fresh")

    assert (status.role, status.is_connected) == ("Secondary", True)
    assert [one.disk for one in status.volumes] == ["Inconsistent"]
    assert [(one.disk, one.is_syncing) for one in status.peer_volumes] == [("Inconsistent", False)]


def test_healthy_pair() -> None:
    status = recorded("status_healthy")

    assert status.is_up_to_date
    assert status.volumes[0].minor == 0
    assert status.volumes[0].size_kib == 16384
    assert parse.with_peer_name(status, "node2").connections[0].peer == "node2"


def test_primary_on_the_other_side() -> None:
    status = recorded("status_primary_there")

    assert (status.role, status.connections[0].role) == ("Secondary", "Primary")


def test_sync_on_its_way() -> None:
    (volume,) = recorded("status_source").peer_volumes

    assert (volume.replication, volume.percent_done) == ("SyncSource", 1.56)
    assert volume.out_of_sync_kib == 16128
    assert not recorded("status_source").is_up_to_date


def test_sync_that_is_about_to_begin_has_no_percentage_yet() -> None:
    (volume,) = recorded("status_target").peer_volumes

    assert (volume.is_syncing, volume.percent_done) == (True, None)
    assert volume.out_of_sync_kib == 16384


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("status_connecting", "Connecting"),
        ("status_disconnected", "StandAlone"),
        ("status_left", "Connecting"),
        ("status_gone", "Connecting"),
        ("status_victim_waits", "Connecting"),
    ],
)
def test_connection_that_is_not_there(name: str, state: str) -> None:
    status = recorded(name)

    assert [one.state for one in status.connections] == [state]
    assert not status.is_connected


def test_identifiers() -> None:
    fresh = parse.parse_identifiers(recording(UTILS, "identifiers_fresh").stdout)
    synced = parse.parse_identifiers(recording(UTILS, "identifiers_synced").stdout)
    offline = parse.parse_identifiers(recording(UTILS, "metadata_fresh").stdout)

    assert fresh is not None
    assert offline is not None
    assert synced is not None
    assert fresh.is_fresh
    assert offline.is_fresh
    assert not synced.is_fresh
    assert (synced.is_consistent, synced.is_up_to_date) == (True, True)


def test_disk_without_metadata_answers_with_nothing() -> None:
    seen = recording(UTILS, "metadata_none")

    assert (seen.rc, seen.stdout, seen.stderr) == (1, "", "")
    assert parse.parse_identifiers(seen.stdout) is None


def test_metadata_are_not_made_twice_by_the_tool_either() -> None:
    assert recording(UTILS, "create_metadata").rc == 0
    assert recording(UTILS, "create_metadata_again").rc != 0


def test_nothing_to_adjust_prints_nothing() -> None:
    assert parse.parse_adjust(recording(UTILS, "adjust_nothing").stdout, "") == ()


def test_adjust_prints_the_secret_and_we_do_not() -> None:
    text = recording(UTILS, "adjust_disconnected").stdout

    (command,) = parse.parse_adjust(text, "lab-secret")
    assert "lab-secret" in text
    assert "lab-secret" not in command
    assert "--shared-secret=(hidden)" in command
    assert " connect r0 " in command


# --- DRBD 9, by hand

PEER_DEVICE: dict[str, Any] = {
    "volume": 0,
    "replication-state": "Established",
    "peer-disk-state": "UpToDate",
    "peer-client": False,
    "resync-suspended": "no",
    "out-of-sync": 0,
    "percent-in-sync": 100.00,
}
SYNCING: dict[str, Any] = {
    **PEER_DEVICE,
    "replication-state": "SyncTarget",
    "out-of-sync": 204800,
    "has-sync-details": True,
    "percent-in-sync": 60.10,
    "percent-resync-done": 34.56,
    "db1/dt1 [MiB/s]": 12.34,
    "estimated-seconds-to-finish": 16,
}


def json_9(peer_device: dict[str, Any], **given: Any) -> str:
    connection = {
        "peer-node-id": 1,
        "name": "node2",
        "connection-state": "Connected",
        "congested": False,
        "peer-role": "Secondary",
        "tls": False,
        "peer_devices": [peer_device],
    }
    device = {
        "volume": 0, "minor": 0, "disk-state": "UpToDate", "client": False, "open": False,
        "quorum": True, "size": 65492,
    }  # fmt: skip
    whole = {
        "name": "r0", "node-id": 0, "role": "Secondary", "suspended": False,
        "suspended-user": False, "suspended-no-data": False, "suspended-fencing": False,
        "suspended-quorum": False, "devices": [device], "connections": [connection],
    }  # fmt: skip
    return json.dumps([{**whole, **given}])


def status_9(text: str) -> Status:
    status = parse.parse_status("9", text, "r0")
    assert status is not None
    return status


def test_healthy_pair_of_9_is_the_same_as_one_of_84() -> None:
    assert status_9(json_9(PEER_DEVICE)) == Status(
        "r0",
        "Secondary",
        volumes=(Volume(0, 0, "UpToDate", 65492, is_open=False),),
        connections=(
            Connection(
                "node2",
                "Connected",
                "Secondary",
                (PeerVolume(0, "Established", "UpToDate", out_of_sync_kib=0),),
            ),
        ),
    )


def test_figures_of_a_sync_of_9() -> None:
    (volume,) = status_9(json_9(SYNCING)).peer_volumes

    assert (volume.percent_done, volume.out_of_sync_kib) == (34.56, 204800)
    assert (volume.mib_per_second, volume.seconds_left) == (12.34, 16)


def test_estimate_of_a_sync_that_stands_still_is_none() -> None:
    still = {**SYNCING, "estimated-seconds-to-finish": 987654321}

    assert status_9(json_9(still)).peer_volumes[0].seconds_left is None


@pytest.mark.parametrize("word", ["nan", "-nan", "inf", "-inf"])
def test_what_json_does_not_know_is_unknown(word: str) -> None:
    text = json_9(SYNCING).replace("34.56", word)

    assert status_9(text).peer_volumes[0].percent_done is None


def test_keys_that_a_version_does_not_have_do_no_harm() -> None:
    text = json.dumps([{"name": "r0", "devices": [{"volume": 0, "minor": 3}]}])

    status = status_9(text)
    assert (status.role, status.connections) == ("Unknown", ())
    assert status.volumes[0].disk == "Diskless"
    assert not status.is_connected


def test_reasons_for_a_suspended_resource() -> None:
    text = json_9(PEER_DEVICE, **{"suspended": True, "suspended-quorum": True})

    assert status_9(text).suspended == "quorum"
    assert status_9(json_9(PEER_DEVICE, suspended=True)).suspended == "yes"


@pytest.mark.parametrize("text", ["", "[]", "[ ]\n"])
def test_nothing_up_is_no_resource(text: str) -> None:
    assert parse.parse_status("9", text, "r0") is None


@pytest.mark.parametrize(("dialect", "text"), [("9", "modprobe failed"), ("8.4", "what is this")])
def test_answer_that_nobody_understands_is_an_error(dialect: str, text: str) -> None:
    with pytest.raises(StorageError) as raised:
        parse.parse_status(dialect, text, "r0")

    assert raised.value.reason == "unexpected_output"


def test_identifiers_of_9_have_more_flags() -> None:
    text = "A1B2C3D4E5F60719:0000000000000000:1122334455667788:0000000000000000:1:1:0:1:0:0:0:0\n"

    found = parse.parse_identifiers(text)

    assert found is not None
    assert (found.current, found.bitmap) == ("A1B2C3D4E5F60719", "")
    assert found.history == ("1122334455667788",)
    assert found.is_up_to_date


# --- both


def test_several_volumes_and_wrapped_lines_of_84() -> None:
    text = (
        "other role:Secondary suspended:no\n\n"
        "r0 role:Primary suspended:fencing\n    write-ordering:flush\n"
        "  volume:0 minor:0 disk:UpToDate\n      size:100\n"
        "  volume:1 minor:1 disk:Diskless\n"
        "  peer connection:Connected\n      role:Secondary congested:no\n"
        "    volume:0 replication:Established\n        peer-disk:UpToDate resync-suspended:no\n"
        "    volume:1 replication:PausedSyncT peer-disk:UpToDate done:12.50\n"
        "        resync-suspended:user,peer\n        out-of-sync:1024\n\n"
    )

    status = parse.parse_status("8.4", text, "r0")

    assert status is not None
    assert (status.role, status.suspended) == ("Primary", "fencing")
    assert [(one.number, one.disk) for one in status.volumes] == [(0, "UpToDate"), (1, "Diskless")]
    assert status.peer_volumes[1] == PeerVolume(
        1, "PausedSyncT", "UpToDate", 1024, 12.5, suspended="user,peer"
    )
    assert not status.is_attached(1)
    assert not status.is_attached(7)


def test_uuid_is_the_same_in_any_spelling() -> None:
    assert is_same_uuid("A1B2C3D4E5F60718", "0xa1b2c3d4e5f60719")
    assert not is_same_uuid("A1B2C3D4E5F60718", "A1B2C3D4E5F6071A")
    assert not is_same_uuid("", FRESH_UUID)


def test_version_of_the_tools() -> None:
    assert parse.parse_utils_version("X=1\nDRBDADM_VERSION_CODE=0x091600\n") == "9.22.0"
    assert parse.parse_utils_version("") == ""


@pytest.mark.parametrize(
    "text",
    [
        "drbdsetup-84 connect r0 a b --shared-secret=se\\ cr\\;et --protocol=C",
        "drbdsetup connect --shared-secret 'se cr;et'",
        '        shared-secret "se cr;et";',
        "but got 'se cr;et'",
    ],
)
def test_secret_is_taken_out_of_whatever_a_tool_says(text: str) -> None:
    shown = parse.scrub(text, "se cr;et")

    assert "cr;et" not in shown
    assert "cr\\;et" not in shown
    assert parse.HIDDEN in shown


CONFIG = """
resource r1 {   # on node9 { disk /dev/no; }
  disk { on-io-error detach; }
  meta-disk /dev/vg/md;
  on node1 { volume 0 { device minor 1; disk "/dev/disk/by-id/a b"; meta-disk internal; } }
  on node2 node3 { disk /dev/vdd; }
  floating 10.0.0.1:7788 { disk none; }
}
"""


def test_devices_of_another_resource_are_those_of_this_node() -> None:
    assert parse.parse_disks(CONFIG, "node1") == ("/dev/vg/md", "/dev/disk/by-id/a b")
    assert parse.parse_disks(CONFIG, "node3") == ("/dev/vg/md", "/dev/vdd")


def test_hosts_of_a_configuration() -> None:
    assert parse.parse_hosts('on "node1" { } on node2 {\n}') == ("node1", "node2")


def test_log_is_that_of_the_resource() -> None:
    text = (
        "[ 1.0] drbd r0: conn( a -> b )\n[ 1.1] drbd r01: other\nblock drbd0: x\nblock drbd01: y\n"
        "drbd r0/0 drbd0 node2: z\ndrbd r0 node2: w\nnothing\n"
    )

    assert parse.parse_log(text, "r0", [0]) == (
        "drbd r0: conn( a -> b )",
        "block drbd0: x",
        "drbd r0/0 drbd0 node2: z",
        "drbd r0 node2: w",
    )


# As in crm-fence-peer.sh of drbd-utils 9.22, and as what understands times as well may look.
WORDS_ONLY = """
    in_ccm=\\"*\\")  x=${x#*=\\"}; in_ccm=$x ;;
    [[ $in_ccm = false ]] || [[ $crmd != "online" ]] && will_fence=true
    crmadmin -t $(( cibtimeout * 200 )) -S $DRBD_PEER
"""


@pytest.mark.parametrize(
    ("script", "outdated"),
    [
        (WORDS_ONLY, True),
        (WORDS_ONLY + "    [[ $in_ccm = 0 ]] && in_ccm=false\n", False),
        (WORDS_ONLY + "    [[ $crmd =~ ^[1-9] ]] && crmd=online\n", False),
        ("stonith_admin --tolerance 5s --fence $DRBD_PEER\n", False),
        ("", False),
    ],
)
def test_handler_is_known_by_what_it_compares(script: str, outdated: bool) -> None:
    assert parse.knows_only_words(script) is outdated
