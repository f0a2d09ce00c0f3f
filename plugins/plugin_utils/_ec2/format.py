# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan as values and words that a playbook and its reader can use. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.clustered.storage.plugins.plugin_utils._ec2.model import (
    Found,
    Instance,
    Plan,
    Step,
    Volume,
    Wanted,
)

PRICES = "https://aws.amazon.com/ec2/pricing/on-demand/ and https://aws.amazon.com/ebs/pricing/"


def format_step(step: Step) -> dict[str, Any]:
    """One step, with what it needs."""
    return {
        "call": step.call,
        "name": step.name,
        "why": step.why,
        "destroys": step.destroys,
        **step.details,
    }


def format_counts(counts: Counter[str]) -> str:
    """``2 x t3.micro, 1 x t3.small``."""
    return ", ".join(f"{count} x {what}" for what, count in sorted(counts.items()))


def format_cost(plan: Plan) -> list[str]:
    """What will cost money from now on; nothing when nothing is added."""
    calls: dict[str, list[Step]] = {}
    for step in plan.steps:
        calls.setdefault(step.call, []).append(step)
    starts = calls.get("RunInstances", [])
    volumes = calls.get("CreateVolume", []) + calls.get("ModifyVolume", [])
    lines = []
    if starts:
        types = Counter(str(step.details["type"]) for step in starts)
        names = ", ".join(step.name for step in starts)
        lines.append(f"starts {len(starts)} instance(s): {format_counts(types)} ({names})")
    if volumes:
        sizes = Counter(f"{s.details['size']} GiB {s.details['type']}" for s in volumes)
        total = sum(int(str(step.details["size"])) for step in volumes)
        lines.append(
            f"makes or grows {len(volumes)} volume(s): {format_counts(sizes)}, {total} GiB"
        )
    if calls.get("StartInstances"):
        names = ", ".join(step.name for step in calls["StartInstances"])
        lines.append(f"starts instances that were stopped: {names}")
    if lines:
        lines.append(f"They cost until they are removed. Prices: {PRICES}")
    return lines


def format_line(step: Step) -> str:
    """One step as one line to read."""
    mark = "  DESTROYS  " if step.destroys else ""
    what = [str(step.details[key]) for key in ("type", "image", "address") if step.details.get(key)]
    size = f" {step.details['size']} GiB" if step.call in ("CreateVolume", "ModifyVolume") else ""
    detail = f" ({', '.join(what)}{size})" if what and step.call != "AttachVolume" else ""
    return f"{mark}{step.call} {step.name}{detail}: {step.why}"


def format_plan(plan: Plan) -> dict[str, Any]:
    """What a plan says and does."""
    return {
        "refusals": list(plan.refusals),
        "steps": [format_step(step) for step in plan.steps],
        "lines": [format_line(step) for step in plan.steps],
        "notices": list(plan.notices),
        "cost": format_cost(plan),
    }


def format_place(found: Found, wanted: Wanted) -> dict[str, str]:
    """Where the machines are or will be; identifiers are empty as long as there is none."""
    subnet = next((s for s in found.subnets if s.cidr == wanted.subnet), None)
    return {
        "vpc": found.vpcs[0].id if found.vpcs else "",
        "subnet": subnet.id if subnet else "",
        "zone": subnet.zone if subnet else wanted.zone,
    }


def host_variables(
    instance: Instance, volumes: list[Volume], connects_privately: bool
) -> dict[str, Any]:
    """What an inventory says of a machine."""
    public = "" if boolean(connects_privately) else instance.public_address
    return {
        "ansible_host": public or instance.address,
        "ansible_user": instance.user,
        # A machine that was rebuilt has another host key at the same address, and another id.
        "ansible_ssh_common_args": (
            f"-o HostKeyAlias={instance.id} -o StrictHostKeyChecking=accept-new"
        ),
        # Nor may a connection that is kept open lead to the one before.
        "ansible_control_path": f"%(directory)s/{instance.id}",
        "ansible_become": True,
        "storage_node_address": instance.address,
        "storage_node_address_ip": instance.address,
        "ec2_instance": instance.id,
        "ec2_volumes": [{"device": volume.device, "volume": volume.id} for volume in volumes],
    }


def format_hosts(
    found: Found, cluster: str, connects_privately: bool = False
) -> list[dict[str, Any]]:
    """The cluster's machines that are up, as add_host takes them."""
    return [
        {
            "name": instance.name,
            "group": instance.group,
            "variables": host_variables(
                instance,
                [
                    volume
                    for volume in found.volumes
                    if (volume.machine, volume.instance) == (instance.name, instance.id)
                ],
                connects_privately,
            ),
        }
        for instance in found.instances
        if instance.cluster == cluster and instance.state in ("pending", "running")
    ]
