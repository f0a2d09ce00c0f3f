# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to be done to two hosts to make them a pair, and what speaks against it."""

from __future__ import annotations

from typing import Any

from ansible_collections.clustered.storage.plugins.plugin_utils._pair.decisions import decisions
from ansible_collections.clustered.storage.plugins.plugin_utils._pair.model import (
    parse_seen,
    parse_wanted,
)
from ansible_collections.clustered.storage.plugins.plugin_utils._pair.problems import (
    faults_of,
    problems_of_content,
    problems_of_replacing,
)


def pair_decisions(surveys: dict[str, Any], host: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """What the role drbd_gfs2_pair does on a host."""
    seen = {name: parse_seen(survey) for name, survey in surveys.items()}
    return decisions(seen, host, parse_wanted(wanted))


def pair_disk_problems(device: dict[str, Any]) -> list[str]:
    """Why DRBD can not have a disk."""
    return [str(problem) for problem in problems_of_content(device)]


def pair_replacing_problems(found: dict[str, str], device: str, named: str = "") -> list[str]:
    """Why GFS2 can not take the place of what is there."""
    return [str(problem) for problem in problems_of_replacing(found, device, named)]


def pair_faults(
    resource: dict[str, Any], cluster: dict[str, Any], host: str, wanted: dict[str, Any]
) -> list[str]:
    """What a pair falls short of on a host."""
    return faults_of(resource, cluster, host, parse_wanted(wanted))


class FilterModule:
    """Filters of the role drbd_gfs2_pair."""

    def filters(self) -> dict[str, Any]:
        """By name."""
        return {
            "pair_decisions": pair_decisions,
            "pair_disk_problems": pair_disk_problems,
            "pair_faults": pair_faults,
            "pair_replacing_problems": pair_replacing_problems,
        }
