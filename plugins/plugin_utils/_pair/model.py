# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two hosts of a pair as the role's survey saw them, and what is wanted of them. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Unit:
    """A unit of systemd, in its own words; "" where it told nothing."""

    load: str = ""
    active: str = ""
    file: str = ""

    @property
    def is_active(self) -> bool:
        """Whether it runs."""
        return self.active == "active"


@dataclass(frozen=True)
class Seen:
    """What the survey saw on a host; ``role`` is DRBD's, ``online`` are Pacemaker's members."""

    node: str
    distribution: str
    family: str
    kernel: str
    time: float
    corosync: str
    key: str
    key_mode: str
    role: str
    is_configured: bool
    is_dual: bool
    has_resources: bool
    missing_modules: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    resolved: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    units: Mapping[str, Unit] = field(default_factory=dict)
    mounts: tuple[tuple[str, str], ...] = ()

    def unit(self, name: str) -> Unit:
        """A unit, whatever is known of it."""
        return self.units.get(name, Unit())


@dataclass(frozen=True)
class Wanted:
    """What is wanted of the pair; ``corosync`` is the text of corosync.conf but for its version.

    ``links`` are the addresses of each host, its first one first.
    """

    is_gfs2: bool
    disk: str
    resource: str
    mount_point: str
    primary: str
    sync_source: str
    has_fencing: bool
    manages_hosts: bool
    max_time_difference: int
    links: Mapping[str, tuple[str, ...]]
    corosync: str = ""


@dataclass(frozen=True)
class Problem:
    """What speaks against it: a code, what was seen, and what to do."""

    reason: str
    seen: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.reason}: {self.seen} {self.remedy}"


def parse_seen(survey: Mapping[str, Any]) -> Seen:
    """What survey.py has printed."""
    key, drbd = survey["key"], survey["drbd"]
    resolved = survey["resolved"].items()
    return Seen(
        **{name: survey[name] for name in ("node", "distribution", "family", "kernel", "time")},
        corosync=survey["corosync"],
        key=key["fingerprint"],
        key_mode=key["mode"],
        role=drbd["role"],
        is_configured=drbd["configured"],
        is_dual=drbd["dual"],
        has_resources=bool(survey["cib"]["resources"]),
        missing_modules=tuple(survey["missing_modules"]),
        addresses=tuple(survey["addresses"]),
        resolved={name: tuple(found) for name, found in resolved},
        units={name: parse_unit(facts) for name, facts in survey["units"].items()},
        mounts=tuple((one["device"], one["path"]) for one in survey["mounts"]),
    )


def parse_unit(facts: Mapping[str, str]) -> Unit:
    """The facts of a unit."""
    return Unit(facts["LoadState"], facts["ActiveState"], facts["UnitFileState"])


def parse_wanted(given: Mapping[str, Any]) -> Wanted:
    """What the role wants."""
    links = {name: tuple(filter(None, found)) for name, found in given["links"].items()}
    return Wanted(**{**given, "links": links})
