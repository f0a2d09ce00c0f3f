# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What moto's EC2 knows, as the site that the machines have to follow. Pure: nothing is changed."""

from __future__ import annotations

import base64
from typing import Any

from .hypervisor.model import (
    Attachment,
    Disk,
    Image,
    Machine,
    Network,
    Rule,
    Site,
    Snapshot,
)

GONE = ("terminated", "shutting-down")
ALL_PORTS = -1


def read_site(backend: Any) -> Site:
    """All that there should be, in a stable order, so that ``==`` is the whole comparison."""
    instances = [one for one in backend.all_instances() if one.state not in GONE]
    machines = [_machine(backend, one, instances) for one in instances]
    snapshots = [one for one in backend.snapshots.values() if not one.volume.is_root_disk]
    disks = [one for one in backend.volumes.values() if not one.is_root_disk]
    return Site(
        networks=_networks(backend, {one.network for one in machines}),
        images=_by_id(_image(one) for one in backend.amis.values()),
        disks=_by_id(Disk(one.id, int(one.size), one.snapshot_id or "") for one in disks),
        snapshots=_by_id(Snapshot(one.id, one.volume.id) for one in snapshots),
        machines=_by_id(machines),
    )


def _by_id(things: Any) -> tuple[Any, ...]:
    return tuple(sorted(things, key=lambda thing: thing.id))


def _networks(backend: Any, ids: set[str]) -> tuple[Network, ...]:
    return _by_id(Network(id_, backend.get_subnet(id_).cidr_block) for id_ in ids)


def _image(ami: Any) -> Image:
    return Image(ami.id, getattr(ami, "container_image", ""), ami.instance_id or "")


def _machine(backend: Any, instance: Any, instances: list[Any]) -> Machine:
    address = instance.private_ip_address
    return Machine(
        id=instance.id,
        is_running=instance.state in ("running", "pending"),
        image=instance.image_id,
        network=instance.subnet_id,
        address=address,
        hostname="ip-" + address.replace(".", "-"),
        public_key=_one_line(instance.public_key),
        user_data=_text(instance.user_data),
        attachments=_attachments(backend, instance),
        rules=_rules(instance, instances),
    )


def _one_line(public_key: str) -> str:
    """A line of authorized_keys; EC2 takes keys with line ends as well."""
    return " ".join(public_key.split())


def _text(user_data: Any) -> str:
    """User data as they were before boto3 encoded them."""
    if not user_data:
        return ""
    return base64.b64decode(user_data.as_bytes()).decode("utf-8", "replace")


def _attachments(backend: Any, instance: Any) -> tuple[Attachment, ...]:
    attached = [
        Attachment(block.volume_id, device)
        for device, block in instance.get_block_device_mapping
        if not backend.volumes[block.volume_id].is_root_disk
    ]
    return tuple(sorted(attached, key=lambda one: one.device))


def _rules(instance: Any, instances: list[Any]) -> tuple[Rule, ...]:
    """What the groups of an instance let in, without what is said twice."""
    views = [view for group in _groups(instance) for view in group.ip_permissions]
    rules = {_rule(view, instances) for view in views}
    kept = [rule for rule in rules if rule.sources]
    return tuple(sorted(kept, key=lambda rule: (rule.protocol, rule.first_port, rule.sources)))


def _groups(instance: Any) -> list[Any]:
    return [group for interface in instance.nics.values() for group in interface.group_set]


def _rule(view: Any, instances: list[Any]) -> Rule:
    sources = {one["CidrIp"] for one in view.ip_ranges}
    sources.update(one["CidrIpv6"] for one in view.ipv6_ranges)
    for pair in view.user_id_group_pairs:
        sources.update(_members(pair["GroupId"], instances))
    return Rule(
        protocol=view.ip_protocol,
        first_port=ALL_PORTS if view.from_port is None else view.from_port,
        last_port=ALL_PORTS if view.to_port is None else view.to_port,
        sources=tuple(sorted(sources)),
    )


def _members(group_id: str, instances: list[Any]) -> list[str]:
    """The private addresses of the instances in a group."""
    return [
        one.private_ip_address
        for one in instances
        if group_id in [group.id for group in _groups(one)]
    ]
