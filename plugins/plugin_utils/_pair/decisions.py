# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one host of a pair is to do, from what was seen of both. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.clustered.storage.plugins.plugin_utils._pair.corosync import (
    cluster_problems,
    is_readymade,
    key_holder,
    keyless,
    next_text,
)
from ansible_collections.clustered.storage.plugins.plugin_utils._pair.model import Seen, Wanted
from ansible_collections.clustered.storage.plugins.plugin_utils._pair.problems import problems_of


def decisions(surveys: Mapping[str, Seen], name: str, wanted: Wanted) -> dict[str, Any]:
    """All that the role has to know; ``wanted.corosync`` is the text in any version."""
    seen = surveys[name]
    cluster = cluster_problems(surveys, name, wanted) if wanted.is_gfs2 else []
    return {
        "problems": [str(one) for one in [*problems_of(surveys, name, wanted), *cluster]],
        "is_fresh": is_fresh(surveys),
        "is_dual": any(one.is_dual for one in surveys.values()),
        "is_readymade": is_readymade(seen),
        "role": first_role(surveys, name, wanted),
        "unnamed": unnamed(seen, wanted),
        "unwanted_units": unwanted_units(seen, wanted.is_gfs2),
        "idle_units": idle_units(seen),
        "corosync": next_text(wanted.corosync, [one.corosync for one in surveys.values()]),
        "keyless": keyless(surveys),
        "key_holder": key_holder(surveys),
    }


def is_fresh(surveys: Mapping[str, Seen]) -> bool:
    """Whether neither host has the resource: only then does somebody's disk win."""
    return not any(seen.is_configured for seen in surveys.values())


def first_role(surveys: Mapping[str, Seen], name: str, wanted: Wanted) -> str:
    """The role of a host; of two primaries Pacemaker decides.

    Where there is one at most, it is promoted at once, unless the other host is Primary still or
    begins the first sync with its data: then it has to wait until that one has stepped back.
    """
    if any(seen.is_dual for seen in surveys.values()):
        return "unmanaged"
    if wanted.is_gfs2 or name != wanted.primary:
        return "secondary"
    others = any(seen.role == "Primary" for other, seen in surveys.items() if other != name)
    begins = is_fresh(surveys) and wanted.sync_source != name
    return "unmanaged" if others or begins else "primary"


def unnamed(seen: Seen, wanted: Wanted) -> list[str]:
    """Names that do not lead to the address that the pair is to use."""
    return [
        name for name, links in wanted.links.items() if links[0] not in seen.resolved.get(name, ())
    ]


def unwanted_units(seen: Seen, is_gfs2: bool) -> list[dict[str, Any]]:
    """Units that would get in Pacemaker's way, and are not off, or come with a package only now."""
    units: list[dict[str, Any]] = []
    dlm, drbd = seen.unit("dlm"), seen.unit("drbd")
    if is_gfs2 and dlm.load != "masked":
        state = "stopped" if dlm.is_active else ""
        units.append({"name": "dlm", "masked": True, "state": state, "found": dlm.load == "loaded"})
    if drbd.load != "loaded" or drbd.file == "enabled":
        units.append({"name": "drbd", "found": drbd.load == "loaded"})
    return units


def idle_units(seen: Seen) -> list[str]:
    """The daemons of the cluster that do not run yet, or would not after a boot."""
    readymade = is_readymade(seen)
    return [
        name
        for name in ("corosync", "pacemaker")
        if readymade or not seen.unit(name).is_active or seen.unit(name).file != "enabled"
    ]
