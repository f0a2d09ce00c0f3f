# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a connection is not there: from states and lines of the kernel's log.

Those of 8.4.11 are recorded; those of DRBD 9 are written after drbd_receiver.c of drbd 9.3.
"""

from __future__ import annotations

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._drbd import parse
from ansible_collections.clustered.storage.plugins.module_utils._drbd.cause import (
    REMEDIES,
    WORDS,
    cause_of,
    refusal_of,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.model import (
    Cause,
    Connection,
    PeerVolume,
    Status,
)
from helpers.recordings import recording

UTILS = "drbd-utils-9.22.0"


def recorded(status: str, log: str) -> Cause | None:
    """The cause of a recorded state with the log of the same machine."""
    seen = parse.parse_status("8.4", recording(UTILS, f"status_{status}").stdout, "r0")
    assert seen is not None
    return cause_of(seen, parse.parse_log(recording(UTILS, f"log_{log}").stdout, "r0", [0]))


RECORDED = {
    "disconnected": ("disconnected", "disconnected", "disconnected_by_admin"),
    "the other one": ("left", "left", "disconnected_by_peer"),
    "gone": ("gone", "gone", "disconnected_by_peer"),
    "split brain on node1": ("split_node1", "split_node1", "split_brain"),
    "split brain on node2": ("split_node2", "split_node2", "split_brain"),
    "secret on node1": ("secret_node1", "secret_node1", "wrong_secret"),
    "secret on node2": ("secret_node2", "secret_node2", "wrong_secret"),
    "settings on node1": ("settings_node1", "settings_node1", "different_settings"),
    "settings on node2": ("settings_node2", "settings_node2", "different_settings"),
    "unrelated on node1": ("unrelated_node1", "unrelated_node1", "unrelated_data"),
    "unrelated on node2": ("unrelated_node2", "unrelated_node2", "refused_by_peer"),
}


@pytest.mark.parametrize(("status", "log", "reason"), RECORDED.values(), ids=list(RECORDED))
def test_recorded_cause(status: str, log: str, reason: str) -> None:
    found = recorded(status, log)

    assert found is not None
    assert found.reason == reason


@pytest.mark.parametrize("name", ["healthy", "fresh", "target", "source"])
def test_connected_pair_has_no_cause(name: str) -> None:
    assert recorded(name, "disconnected") is None


def apart(state: str) -> Status:
    there = (PeerVolume(0),)
    return Status("r0", "Secondary", connections=(Connection("node2", state, volumes=there),))


HANDSHAKE_9 = "drbd r0 node2: Handshake to peer 1 successful: Agreed network protocol version 121"
SPLIT_BRAIN = "Split-Brain detected but unresolved, dropping connection!"
LINES_9 = {
    "split_brain": f"drbd r0/0 drbd0 node2: {SPLIT_BRAIN}",
    "unrelated_data": "drbd r0/0 drbd0 node2: Unrelated data, aborting!",
    "wrong_secret": "drbd r0 node2: Authentication of peer failed",
    "different_settings": "drbd r0 node2: incompatible after-sb-0pri settings",
}


@pytest.mark.parametrize(("reason", "line"), LINES_9.items())
@pytest.mark.parametrize("state", ["StandAlone", "Connecting"])
def test_cause_in_words_of_9(reason: str, line: str, state: str) -> None:
    found = cause_of(apart(state), (HANDSHAKE_9, line, "drbd r0 node2: conn( X -> Disconnecting )"))

    assert found is not None
    assert found.reason == reason
    assert line in found.evidence


def test_what_was_before_the_last_attempt_does_not_count() -> None:
    log = (
        HANDSHAKE_9,
        LINES_9["split_brain"],
        HANDSHAKE_9,
        "drbd r0 node2: PingAck did not arrive",
    )

    found = cause_of(apart("Connecting"), log)

    assert found is not None
    assert found.reason == "peer_unreachable"


@pytest.mark.parametrize(
    ("state", "log", "reason"),
    [
        ("StandAlone", (), "standalone"),
        ("StandAlone", ("drbd r0: conn( Connected -> Disconnecting )",), "disconnected_by_admin"),
        ("Connecting", ("drbd r0: conn( Connected -> TearDown )",), "disconnected_by_peer"),
        ("Connecting", (), "peer_unreachable"),
    ],
)
def test_cause_that_drbd_does_not_name(state: str, log: tuple[str, ...], reason: str) -> None:
    found = cause_of(apart(state), log)

    assert found is not None
    assert found.reason == reason


def test_connection_that_is_just_made_has_no_cause_yet() -> None:
    assert cause_of(apart("Connected"), ()) is None


@pytest.mark.parametrize("reason", list(WORDS))
def test_every_cause_has_words_and_a_remedy(reason: str) -> None:
    refusal = refusal_of("r0", Cause(reason, WORDS[reason], ("a line",)), " More.")

    assert refusal.reason == reason
    assert "a line" in refusal.message
    assert refusal.message.endswith("More.")
    assert refusal.remedy == REMEDIES[reason]
