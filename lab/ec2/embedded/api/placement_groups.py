# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Placement groups, which moto does not have.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-groups.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2 import utils
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.responses import EC2Response
from moto.ec2.utils import generic_filter, random_resource_id

from .patch import refusal

SPREAD_PER_ZONE = 7
STRATEGIES = ("cluster", "spread", "partition")

# moto looks the kind of each tagged thing up by its prefix
utils.EC2_RESOURCE_TO_PREFIX["placement-group"] = "pg"
utils.EC2_PREFIX_TO_RESOURCE["pg"] = "placement-group"


@dataclass(eq=False)
class PlacementGroup(TaggedEC2Resource):
    """A placement group as DescribePlacementGroups shows it."""

    ec2_backend: Any
    id: str
    group_name: str
    strategy: str
    partition_count: int | None
    spread_level: str | None
    state: str = "available"

    @property
    def group_id(self) -> str:
        """Its id under the name that EC2 has for it."""
        return self.id

    @property
    def group_arn(self) -> str:
        """Its name in all of AWS."""
        backend = self.ec2_backend
        owner = f"arn:aws:ec2:{backend.region_name}:{backend.account_id}"
        return f"{owner}:placement-group/{self.group_name}"


def placement_groups(backend: Any) -> dict[str, PlacementGroup]:
    """All of them by their names; the dictionary goes when moto resets the backend."""
    groups: dict[str, PlacementGroup] = backend.__dict__.setdefault("placement_groups", {})
    return groups


def group_of(backend: Any, name: str) -> PlacementGroup:
    """The group with a name, or EC2's refusal."""
    if name not in placement_groups(backend):
        raise refusal("InvalidPlacementGroup.Unknown", f"The Placement Group '{name}' is unknown.")
    return placement_groups(backend)[name]


def members_of(backend: Any, name: str) -> list[Any]:
    """The instances of a group that are not terminated."""
    return [
        one
        for one in backend.all_instances()
        if one.placement.group_name == name and one.state != "terminated"
    ]


def refuse_spread(backend: Any, name: str, zone: str, more: int) -> None:
    """Raise EC2's refusal where so many more instances have no rack of their own in a zone."""
    if group_of(backend, name).strategy != "spread":
        return
    running = [
        one
        for one in members_of(backend, name)
        if one.placement.zone == zone and one.state == "running"
    ]
    if len(running) + more > SPREAD_PER_ZONE:
        raise refusal(
            "InsufficientInstanceCapacity",
            f"We currently do not have sufficient capacity in the Availability Zone you requested "
            f"({zone}): a spread placement group supports {SPREAD_PER_ZONE} running instances "
            "per Availability Zone.",
        )


def create_placement_group(response: Any) -> ActionResult:
    """CreatePlacementGroup."""
    backend = response.ec2_backend
    name = response._get_param("GroupName")
    strategy = response._get_param("Strategy", "cluster")
    tags = response._parse_tag_specification("placement-group").get("placement-group", {})
    _refuse_new(backend, name, strategy)
    response.error_on_dryrun()
    partitions = response._get_param("PartitionCount", 2) if strategy == "partition" else None
    level = response._get_param("SpreadLevel", "rack") if strategy == "spread" else None
    id_ = "pg-" + random_resource_id(17)
    group = PlacementGroup(backend, id_, name, strategy, partitions, level)
    group.add_tags(tags)
    placement_groups(backend)[name] = group
    return ActionResult({"PlacementGroup": group})


def _refuse_new(backend: Any, name: str, strategy: str) -> None:
    if not name:
        raise refusal("MissingParameter", "The request must contain the parameter groupName")
    if strategy not in STRATEGIES:
        raise refusal(
            "InvalidParameterValue", f"Value ({strategy}) for parameter strategy is invalid."
        )
    if name in placement_groups(backend):
        raise refusal(
            "InvalidPlacementGroup.Duplicate", f"The Placement Group '{name}' already exists."
        )


def describe_placement_groups(response: Any) -> ActionResult:
    """DescribePlacementGroups."""
    backend = response.ec2_backend
    names = response._get_param("GroupNames", [])
    ids = response._get_param("GroupIds", [])
    groups = [group_of(backend, name) for name in names] or list(placement_groups(backend).values())
    groups = [group for group in groups if not ids or group.id in ids]
    filters = response._filters_from_querystring()
    return ActionResult({"PlacementGroups": generic_filter(filters, groups)})


def delete_placement_group(response: Any) -> EmptyResult:
    """DeletePlacementGroup."""
    backend = response.ec2_backend
    name = group_of(backend, response._get_param("GroupName")).group_name
    if members_of(backend, name):
        raise refusal(
            "InvalidPlacementGroup.InUse",
            f"The Placement Group '{name}' is in use and may not be deleted.",
        )
    response.error_on_dryrun()
    del placement_groups(backend)[name]
    return EmptyResult()


EC2Response.create_placement_group = create_placement_group
EC2Response.describe_placement_groups = describe_placement_groups
EC2Response.delete_placement_group = delete_placement_group
