# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole state of pool and volumes, for people and health checks; works with nodes down.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.host import (
    Host as Machine,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster import commands, parse
from ansible_collections.clustered.storage.plugins.module_utils._gluster.format import (
    format_brick_status,
    format_heal,
    format_peer,
    format_quota,
    format_task,
    format_volume,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.gates import BROKEN
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import Peer, Volume
from ansible_collections.clustered.storage.plugins.module_utils._gluster.read import (
    read_limits,
    run_gluster,
)

Seen = TypeVar("Seen")


def read_info(machine: Machine, params: Mapping[str, Any]) -> dict[str, Any]:
    """What gluster_info returns."""
    peers = parse.parse_pool(run_gluster(machine, commands.pool_list()))
    volumes = parse.parse_volumes(run_gluster(machine, commands.volume_info()))
    chosen = choose(volumes, params["volumes"])
    described = [read_volume(machine, volume, params["gather"]) for volume in chosen]
    problems = [problem for peer in peers for problem in peer_problems(peer)]
    problems += [f"{v['name']}: {problem}" for v in described for problem in v["problems"]]
    return {
        "peers": [format_peer(peer) for peer in peers],
        "volumes": described,
        "healthy": not problems,
        "problems": problems,
    }


def choose(volumes: tuple[Volume, ...], names: list[str] | None) -> list[Volume]:
    """The named volumes, or all of them."""
    if names is None:
        return list(volumes)
    by_name = {volume.name: volume for volume in volumes}
    for name in names:
        if name not in by_name:
            raise StorageError(
                "no_volume",
                f"There is no volume {name}.",
                f"Volumes of this pool: {', '.join(by_name) or 'none'}.",
            )
    return [by_name[name] for name in names]


def read_volume(machine: Machine, volume: Volume, gather: list[str]) -> dict[str, Any]:
    """One volume with its state."""
    runs = volume.status == "started"
    described = {**format_volume(volume), "heal": None, "tasks": [], "quotas": []}
    unread: list[str] = []
    if runs and "status" in gather:
        add_status(described, volume, attempt(unread, lambda: read_status(machine, volume)))
    if runs and "heal" in gather and volume.layout.set_size > 1:
        answer = attempt(unread, lambda: run_gluster(machine, commands.heal_summary(volume.name)))
        described["heal"] = format_heal(parse.parse_heal(answer) if answer else ())
    if "quota" in gather and volume.options.get("features.quota") == "on":
        limits = attempt(unread, lambda: read_limits(machine, volume.name))
        described["quotas"] = [format_quota(quota) for quota in limits or ()]
    described["problems"] = unread + volume_problems(described)
    described["healthy"] = not described["problems"]
    return described


def read_status(machine: Machine, volume: Volume) -> str:
    """The answer of ``volume status``."""
    return run_gluster(machine, commands.volume_status(volume.name))


def attempt(unread: list[str], read: Callable[[], Seen]) -> Seen | None:
    """What was read, or None with the failure among the problems: unknown is not healthy."""
    try:
        return read()
    except StorageError as error:
        unread.append(str(error))
        return None


def add_status(described: dict[str, Any], volume: Volume, answer: str | None) -> None:
    """Put the state of the processes beside the bricks."""
    statuses = {s.key: format_brick_status(s) for s in parse.parse_status(answer)} if answer else {}
    # A node that is down has no row at all: its bricks are as offline as can be.
    missing = {"online": False if answer else None, "port": None, "pid": None}
    for brick, shown in zip(volume.bricks, described["bricks"]):
        shown.update(statuses.get(brick.key, missing))
    tasks = parse.parse_tasks(answer) if answer else ()
    described["tasks"] = [format_task(task) for task in tasks]


def peer_problems(peer: Peer) -> list[str]:
    """What is wrong with a node, and what to do."""
    if peer.is_healthy:
        return []
    if not peer.connected:
        return [
            f"node {peer.hostname} is disconnected. Start it, or see to glusterd and the firewall "
            "(TCP 24007) there."
        ]
    return [f"node {peer.hostname} is in state {peer.state_text!r}. See gluster peer status there."]


def volume_problems(described: Mapping[str, Any]) -> list[str]:
    """What is wrong with a volume, and what to do."""
    name = described["name"]
    if described["status"] != "started":
        return [f"is {described['status']}. Start it: gluster volume start {name}"]
    problems = [
        f"brick {brick['name']} is offline. See to its host and disk, then: "
        f"gluster volume start {name} force"
        for brick in described["bricks"]
        if brick.get("online") is False
    ]
    if described["heal"] is not None:
        problems += heal_problems(name, described["heal"])
    problems += [
        f"its last {task['kind']} is {task['status']}: files may be left where they were. See the "
        "rebalance log, and run the task that began it again."
        for task in described["tasks"]
        if task["status"] in BROKEN
    ]
    if described["unfinished"]:
        problems.append(
            f"a change ({described['unfinished']}) was interrupted. Run its task again."
        )
    return problems


def heal_problems(name: str, heal: Mapping[str, Any]) -> list[str]:
    """What is wrong with the copies, and what to do."""
    problems = [
        f"brick {brick['name']} does not tell what is left to heal ({brick['status']})."
        for brick in heal["bricks"]
        if brick["pending"] is None
    ]
    split = sum(brick["split_brain"] or 0 for brick in heal["bricks"])
    pending = sum(brick["pending"] or 0 for brick in heal["bricks"])
    if split:
        problems.append(
            f"{split} entries are in split brain: nobody but you can say which copy is right. "
            f"List them: gluster volume heal {name} info split-brain"
        )
    if pending > split:
        problems.append(
            f"{pending - split} entries are left to heal. That goes on by itself while all bricks "
            f"are online; watch it: gluster volume heal {name} info summary"
        )
    return problems


def read_heal_info(machine: Machine, params: Mapping[str, Any]) -> dict[str, Any]:
    """What gluster_heal_info returns, in the shape that gluster.gluster gave it."""
    name, kind = params["name"], params["status_filter"]
    heals = kind == "self-heal"
    argv = commands.heal_summary(name) if heals else commands.rebalance_status(name)
    answer = run_gluster(machine, argv)
    return {
        "glusterfs": {
            "volume": name,
            "status_filter": kind,
            "heal_info": format_old_heal(answer) if heals else "",
            "rebalance": "" if heals else format_old_rebalance(answer),
        }
    }


def format_old_heal(answer: str) -> list[dict[str, str]]:
    """Bricks with what is left to heal, as text."""
    return [
        {
            "brick": f" {count.brick}",
            "status": count.status,
            "no_of_entries": "-" if count.pending is None else str(count.pending),
        }
        for count in parse.parse_heal(answer)
    ]


def format_old_rebalance(answer: str) -> list[dict[str, str]]:
    """Nodes that move or have moved files, as text."""
    return [
        {
            "node": node.host,
            "rebalanced_files": str(node.files),
            "failures": str(node.failures),
            "status": node.status.replace(" ", ""),
        }
        for node in parse.parse_task_nodes(answer)
        if node.status in ("in progress", "completed")
    ]
