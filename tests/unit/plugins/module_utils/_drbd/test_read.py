# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading and acting at the door of the machine: what the model of a pair does not tell."""

from __future__ import annotations

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._drbd import read
from ansible_collections.clustered.storage.plugins.module_utils._drbd.commands import PARSERS_84
from ansible_collections.clustered.storage.plugins.module_utils._drbd.model import (
    Machine,
    Promotion,
    Status,
    Victim,
    Volume,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.wanted import (
    WantedResource,
    wanted_resource,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from helpers.drbd import DISK, SECRET, Pair, PairHost, resource_params, run_both
from helpers.hosts import ScriptedHost, reply

MACHINE = Machine(
    "r0", "node1", "8.4.11", status=Status("r0", "Primary", volumes=(Volume(0, 0, "UpToDate"),))
)


def wanted(**given: object) -> WantedResource:
    return wanted_resource(resource_params(**given))


def reason(host: ScriptedHost, *argv: str) -> str:
    with pytest.raises(StorageError) as raised:
        read.run(host, argv, SECRET)
    assert SECRET not in str(raised.value)
    return raised.value.reason


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("0: State change failed: (-12) Device is held open by someone", "held_open"),
        ("State change failed: (-1) Multiple primaries not allowed by config", "peer_is_primary"),
        ("State change failed: (-2) Need access to UpToDate data", "not_up_to_date"),
        (f"anything --shared-secret={SECRET}", "tool_failed"),
    ],
)
def test_refusal_of_the_kernel_has_its_code(words: str, code: str) -> None:
    host = ScriptedHost(("drbdadm primary r0", reply("", 17, words)))

    assert reason(host, "drbdadm", "primary", "r0") == code


def test_status_of_what_is_not_up_is_empty_and_other_failures_are_not() -> None:
    argv = ("drbdsetup", "status", "r0")
    gone = ScriptedHost(("drbdsetup status r0", reply("", 10, "r0: No such resource\n")))
    broken = ScriptedHost(("drbdsetup status r0", reply("", 20, "Could not connect\n")))

    assert read.run(gone, argv) == ""
    assert reason(broken, *argv) == "tool_failed"


def test_kernel_without_drbd_can_load_none() -> None:
    host = ScriptedHost(("modinfo -F version drbd", reply("", 1, "modinfo: not found")))

    assert read.read_loadable(host, MACHINE, wanted()).loadable == ""


def test_parser_of_84_is_named_only_while_nothing_is_loaded() -> None:
    host = ScriptedHost()
    host.missing = PARSERS_84[:1]
    not_loaded = Machine("r0", loadable="8.4.11")

    assert read.parser(host, MACHINE) == "drbdadm"
    assert read.parser(host, not_loaded) == PARSERS_84[1]
    assert read.parser(host, Machine("r0", loadable="9.1.4")) == "drbdadm"


def test_users_of_a_device() -> None:
    host = ScriptedHost()
    host.numbers = {"/dev/drbd0": "147:0"}
    host.tables = ("36 35 147:0 / /data rw - ext4 /dev/drbd0 rw\n", "")
    host.texts = {"/proc/swaps": "Filename\n/dev/drbd0 partition 1 0 -2\n"}
    host.folders = {"/sys/dev/block/147:0/holders": ("dm-3",)}
    host.opened = {"147:0": ("dd (77)", "(udev-worker) (78)")}

    users = read.read_users(host, MACHINE, wanted()).users

    assert users == ("mounted at /data", "swap", "device dm-3", "dd (77)")


def test_log_comes_from_the_ring_where_there_is_no_journal() -> None:
    host = ScriptedHost(("dmesg --notime", reply("drbd r0: conn( a -> b )\n")))
    host.missing = ("journalctl",)

    assert read.read_log(host, MACHINE, wanted()).log == ("drbd r0: conn( a -> b )",)


def test_log_of_nothing_is_empty() -> None:
    host = ScriptedHost()
    host.missing = ("journalctl", "dmesg")

    assert read.read_log(host, MACHINE, wanted()).log == ()


def test_disk_in_another_file_is_found_under_any_name() -> None:
    host = ScriptedHost()
    host.folders = {"/etc/drbd.d": ("global_common.conf", "r0.res", "r1.res")}
    host.texts = {"/etc/drbd.d/r1.res": "resource r1 { on node1 { disk /dev/link; } }"}
    host.links = {"/dev/link": DISK}

    found = read.read_others(host, MACHINE, wanted())

    assert found.others == {"/etc/drbd.d/r1.res": ("/dev/link",)}


# --- looked at once more, right before


def look_again(pair: Pair, name: str, expected: object) -> str:
    with pytest.raises(StorageError) as raised:
        read.look_again(PairHost(pair, name), wanted(), expected)
    return raised.value.reason


def healthy() -> Pair:
    pair = Pair()
    run_both(pair, initial_sync="skip", sync_source="node1")
    return pair


def test_peer_that_became_primary_meanwhile_stops_a_promotion() -> None:
    pair = healthy()
    pair["node2"].role = "Primary"

    assert look_again(pair, "node1", Promotion(two_primaries=False)) == "peer_is_primary"
    read.look_again(PairHost(pair, "node1"), wanted(), Promotion(two_primaries=True))


def test_data_that_got_lost_meanwhile_stop_a_promotion() -> None:
    pair = healthy()
    pair["node1"].disk = "Outdated"

    assert look_again(pair, "node1", Promotion(two_primaries=False)) == "not_up_to_date"
    pair.down(pair["node1"])
    assert look_again(pair, "node1", Promotion(two_primaries=False)) == "changed_meanwhile"


def test_first_sync_needs_both_sides_new_to_the_last() -> None:
    pair = Pair()
    run_both(pair)
    read.look_again(PairHost(pair, "node1"), wanted(), read.FirstSync())

    pair["node1"].current = "A" * 16
    assert look_again(pair, "node1", read.FirstSync()) == "changed_meanwhile"
    pair.lose_peer(pair["node2"], "StandAlone")
    assert look_again(pair, "node1", read.FirstSync()) == "changed_meanwhile"
    assert look_again(healthy(), "node1", read.FirstSync()) == "peer_has_data"


def test_victim_is_the_one_that_was_named_and_unused_to_the_last() -> None:
    pair = healthy()
    uuid = str(pair["node2"].current)
    read.look_again(PairHost(pair, "node2"), wanted(), Victim(uuid))

    assert look_again(pair, "node2", Victim("B" * 16)) == "changed_meanwhile"
    pair["node2"].held = True
    assert look_again(pair, "node2", Victim(uuid)) == "changed_meanwhile"


def test_failure_that_is_no_broken_connection_is_not_explained() -> None:
    explain = read.explainer(wanted())
    error = StorageError("tool_failed", "x", "y")
    timeout = StorageError("timeout", "Waited in vain.", "y")

    assert explain(PairHost(healthy(), "node1"), error) is error
    assert explain(PairHost(healthy(), "node1"), timeout) is timeout
