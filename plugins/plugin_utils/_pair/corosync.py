# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose cluster it is that a host has, and the next corosync.conf of ours. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from ansible_collections.clustered.storage.plugins.plugin_utils._pair.model import (
    Problem,
    Seen,
    Wanted,
)

MARK = "Written by clustered.storage.drbd_gfs2_pair"
VERSION = re.compile(r"^(\s*config_version:\s*)(\d+)$", re.MULTILINE)
# What Debian's package comes with: one node on the loopback.
READYMADE = (r"^\s*cluster_name:\s*debian\s*$", r"^\s*ring0_addr:\s*127\.0\.0\.1\s*$")
# What Corosync can not change while it runs.
FIXED = re.compile(
    r"^\s*(cluster_name|transport|crypto_cipher|crypto_hash|provider|two_node|wait_for_all|name|"
    r"nodeid|ring\d_addr):\s*(\S+)",
    re.MULTILINE,
)
KEY_MODE = "0400"


def is_readymade(seen: Seen) -> bool:
    """Whether it is the cluster of a Debian package, and nobody has put anything in it."""
    texts = all(re.search(one, seen.corosync, re.MULTILINE) for one in READYMADE)
    return texts and not seen.has_resources


def next_text(body: str, texts: Iterable[str]) -> str:
    """What both hosts are to have; its version goes up when anything else in it changes."""
    ours = {text for text in texts if MARK in text}
    version = max((version_of(text) for text in ours), default=0)
    same = with_version(body, version)
    return same if ours == {same} else with_version(body, version + 1)


def version_of(text: str) -> int:
    """The version that a text has, 0 for none."""
    found = VERSION.search(text)
    return int(found[2]) if found else 0


def with_version(body: str, version: int) -> str:
    """The text with that version."""
    return VERSION.sub(rf"\g<1>{version}", body, count=1)


def cluster_problems(surveys: Mapping[str, Seen], name: str, wanted: Wanted) -> list[Problem]:
    """Why the cluster of a host can not be what is wanted."""
    keys = {seen.key for seen in surveys.values() if seen.key}
    problems = [*problems_of_text(surveys[name], sorted(surveys), wanted)]
    if len(keys) > 1:
        problems.append(
            Problem(
                "different_keys",
                "/etc/corosync/authkey differs between the two.",
                "Remove the wrong one.",
            )
        )
    return problems


def problems_of_text(seen: Seen, names: list[str], wanted: Wanted) -> Iterator[Problem]:
    """Somebody else's cluster, or one that would have to be stopped for this."""
    if not seen.corosync or is_readymade(seen):
        return
    now, then = FIXED.findall(seen.corosync), FIXED.findall(wanted.corosync)
    members = sorted(value for key, value in now if key == "name")
    if members != names:
        yield Problem(
            "foreign_cluster",
            f"/etc/corosync/corosync.conf is that of {', '.join(members) or 'somebody else'}.",
            "Take that cluster apart and move the file away, if it is not needed any more.",
        )
    elif seen.unit("corosync").is_active and now != then:
        yield Problem(
            "needs_restart",
            f"Corosync would have to be stopped on both nodes for this: {words(now, then)} would "
            f"become {words(then, now)}.",
            "Stop the cluster on both (systemctl stop pacemaker corosync) and run this again. "
            "Another cluster_name needs another lock table of GFS2, too.",
        )


def words(one: list[tuple[str, str]], other: list[tuple[str, str]]) -> str:
    """What the one has that the other has not."""
    return ", ".join(f"{key} {value}" for key, value in one if (key, value) not in other) or "less"


def keyless(surveys: Mapping[str, Seen]) -> list[str]:
    """Hosts without the key, or with one that others can read."""
    return [name for name, seen in surveys.items() if seen.key_mode != KEY_MODE]


def key_holder(surveys: Mapping[str, Seen]) -> str:
    """The host that has the key, or is to make it."""
    return next((name for name, seen in surveys.items() if seen.key), next(iter(surveys)))
