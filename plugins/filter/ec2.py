# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an EC2 account needs to hold a cluster, planned before it is changed."""

from __future__ import annotations

from typing import Any

from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.destruction import (
    plan_destruction,
)
from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.format import (
    format_hosts,
    format_place,
    format_plan,
)
from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.model import Plan
from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.parse import parse_found
from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.plan import plan_of
from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.wanted import (
    Unclear,
    wanted_names,
    wanted_of,
)


def ec2_plan(found: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """The plan of the role ec2_machines."""
    try:
        cluster = wanted_of(wanted)
    except Unclear as unclear:
        return format_plan(Plan(refusals=(str(unclear),))) | {"vpc": "", "subnet": "", "zone": ""}
    there = parse_found(found, cluster.cluster)
    return format_plan(plan_of(there, cluster)) | format_place(there, cluster)


def ec2_destruction(
    found: dict[str, Any], cluster: str, volumes: list[str] | str, image: str = ""
) -> dict[str, Any]:
    """The plan that takes a cluster away."""
    there = parse_found(found, cluster)
    return format_plan(plan_destruction(there, cluster, wanted_names(volumes), image))


def ec2_hosts(
    found: dict[str, Any], cluster: str, connects_privately: bool = False
) -> list[dict[str, Any]]:
    """The machines of a cluster that are up, as ansible.builtin.add_host takes them."""
    return format_hosts(parse_found(found, cluster), cluster, connects_privately)


class FilterModule:
    """Filters of the role ec2_machines."""

    def filters(self) -> dict[str, Any]:
        """By name."""
        return {
            "ec2_plan": ec2_plan,
            "ec2_hosts": ec2_hosts,
            "ec2_destruction": ec2_destruction,
        }
