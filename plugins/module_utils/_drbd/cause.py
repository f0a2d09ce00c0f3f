# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a connection is not there, from its state and the kernel's log. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ansible_collections.clustered.storage.plugins.module_utils._drbd.model import (
    CONNECTED,
    STANDALONE,
    Cause,
    Status,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal

# Each attempt to connect begins with this line, in both generations.
ATTEMPT = re.compile(r"successful: Agreed network protocol version")
# What an attempt ended with, in the kernel's words.
SIGNS = (
    ("split_brain", re.compile(r"Split-Brain detected but unresolved, dropping connection")),
    ("unrelated_data", re.compile(r"Unrelated data, aborting|Uncorrelated data")),
    (
        "wrong_secret",
        re.compile(
            r"Authentication of peer failed|expected AuthChallenge|expected AuthResponse|"
            r"peer .* shared secret|expected \S* ?Auth"
        ),
    ),
    ("different_settings", re.compile(r"incompatible \S+(?: \S+)* (?:settings|protocols?)")),
)
ASKED_FOR = re.compile(r"conn\( \w+ -> Disconnecting \)")
# Whoever finds a reason first says it in his log only; the other side sees the line go dead.
PEER_REFUSED = re.compile(r"WFReportParams -> (?:NetworkFailure|BrokenPipe|TearDown) \)")
PEER_ASKED = re.compile(r"-> TearDown \)")
WORDS = {
    "split_brain": "both sides were written to while they did not see each other: a split brain",
    "unrelated_data": "the data of the two sides have nothing to do with each other",
    "wrong_secret": "the sides do not have the same shared secret",
    "different_settings": "the sides are configured differently",
    "disconnected_by_admin": "somebody disconnected it here",
    "disconnected_by_peer": "somebody disconnected it on the other side",
    "refused_by_peer": "the peer broke off right after both had greeted each other",
    "standalone": "it has been given up, and the log does not say why",
    "peer_unreachable": "the peer does not answer",
}
REMEDIES = {
    "split_brain": "Look at the data of both sides, decide whose changes go, and run this on all "
    "nodes with split_brain_victim: that node, and split_brain_discard: the current UUID of its "
    "data (drbd_resource_info there shows it).",
    "unrelated_data": "See that the right disks are paired. If the data of one side may go, take "
    "the resource down there, drbdadm wipe-md, and let this module make it anew.",
    "wrong_secret": "Give the same shared_secret on all nodes, and run this on all of them.",
    "different_settings": "Run this with the same parameters on all nodes.",
    "disconnected_by_admin": "Find out who did it and why; then drbdadm connect.",
    "disconnected_by_peer": "Find out who did it there and why; then drbdadm connect there.",
    "refused_by_peer": "Its log says why: see drbd_resource_info on the peer.",
    "standalone": "See the kernel's log on both sides; then drbdadm connect.",
    "peer_unreachable": "See that the peer is up, that DRBD is up there, and that its address and "
    "port are reachable (firewall).",
}
# With these a split brain may be mended: only one side may have it in its log. DRBD itself gives
# nothing up unless it finds one.
SPLIT = ("split_brain", "refused_by_peer")
# What another attempt may cure, since it may have been mended meanwhile.
PASSING = ("wrong_secret", "different_settings", "standalone")


def cause_of(status: Status, log: Sequence[str]) -> Cause | None:
    """Why it is not connected; None if it is, or is about to be."""
    broken = [one for one in status.connections if not one.is_connected]
    if not broken or any(one.state == CONNECTED for one in broken):
        return None
    last = last_attempt(log)
    for reason, sign in SIGNS:
        evidence = tuple(line for line in last if sign.search(line))
        if evidence:
            return Cause(reason, WORDS[reason], (states(status), *evidence))
    reason = silent_reason([one.state for one in broken], last)
    return Cause(reason, WORDS[reason], (states(status),))


def last_attempt(log: Sequence[str]) -> Sequence[str]:
    """The lines since the sides last spoke to each other."""
    starts = [at for at, line in enumerate(log) if ATTEMPT.search(line)]
    return log[starts[-1] :] if starts else log


def silent_reason(seen: Sequence[str], last: Sequence[str]) -> str:
    """What it is when DRBD gave no reason."""
    if STANDALONE in seen:
        asked = any(ASKED_FOR.search(line) for line in last)
        return "disconnected_by_admin" if asked else "standalone"
    if any(PEER_REFUSED.search(line) for line in last):
        return "refused_by_peer"
    if any(PEER_ASKED.search(line) for line in last):
        return "disconnected_by_peer"
    return "peer_unreachable"


def states(status: Status) -> str:
    """The state of the connections in a line."""
    return "; ".join(
        f"{status.name}: connection to {one.peer or 'the peer'} is {one.state}"
        for one in status.connections
    )


def refusal_of(name: str, cause: Cause, more: str = "") -> Refusal:
    """The refusal that names a cause."""
    seen = "; ".join(cause.evidence)
    return Refusal(
        cause.reason,
        f"{name} is not connected: {cause.words}. Seen: {seen}.{more}",
        REMEDIES[cause.reason],
    )
