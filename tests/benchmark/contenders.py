# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Three ways to the same pool and volume, and Ansible doing nothing."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any

from nodes import INVENTORY, WORK, run, script_on

PATH_OF_BRICK = "/bricks/bench"
REPLICAS = 3


@dataclass(frozen=True)
class Contender:
    """The commands of a first run and of a run that finds nothing to do."""

    name: str
    first: tuple[str, ...]
    again: tuple[str, ...]
    environment: dict[str, str]


def node_names(count: int) -> list[str]:
    """Names of the nodes."""
    return [f"node{number}" for number in range(1, count + 1)]


def brick_names(count: int) -> list[str]:
    """A brick on each node, set by set."""
    return [f"{name}:{PATH_OF_BRICK}" for name in node_names(count)]


def playbook(name: str, tasks: list[dict[str, Any]]) -> str:
    """A play of these tasks on one node, written to a file; the file's path."""
    once = [{**task, "name": next(iter(task)), "run_once": True} for task in tasks]
    play = {"name": name, "hosts": "storage_nodes", "gather_facts": False, "tasks": once}
    path = WORK / f"{name}.yml"
    path.write_text(json.dumps([play], indent=2), encoding="utf-8")
    return str(path)


def empty_play(name: str, program: str, environment: dict[str, str]) -> Contender:
    """Ansible's own start-up."""
    command = (program, "-i", str(INVENTORY), playbook("empty", []))
    return Contender(name, command, command, environment)


def play(name: str, tasks: list[dict[str, Any]]) -> Contender:
    """Tasks of this collection."""
    path = playbook(name.replace(" ", "-").replace(",", ""), tasks)
    command = ("ansible-playbook", "-i", str(INVENTORY), path)
    return Contender(name, command, command, dict(os.environ))


def ours_apart(count: int) -> Contender:
    """A task for the pool and one for the volume."""
    volume = {
        "name": "bench",
        "state": "started",
        "replicas": REPLICAS,
        "bricks": brick_names(count),
    }
    tasks: list[dict[str, Any]] = [
        {"clustered.storage.gluster_peer": {"nodes": node_names(count)}},
        {"clustered.storage.gluster_volume": volume},
    ]
    return play("clustered.storage, pool and volume in two tasks", tasks)


def ours(count: int) -> Contender:
    """A single task, which makes the pool where it makes the volume."""
    volume = {
        "name": "bench",
        "state": "started",
        "replicas": REPLICAS,
        "cluster": node_names(count),
        "bricks": PATH_OF_BRICK,
    }
    return play("clustered.storage", [{"clustered.storage.gluster_volume": volume}])


def other_program() -> str:
    """The ansible-playbook of ansible 9."""
    return str(WORK / "venv/bin/ansible-playbook")


def other_environment() -> dict[str, str]:
    """Our settings, but only the collections of ansible 9."""
    (packages,) = (WORK / "venv/lib").glob("python3*/site-packages")
    return {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(packages)}


def other(name: str, program: str, count: int) -> Contender:
    """Three tasks of gluster.gluster, as its documentation has them."""
    nodes = node_names(count)
    volume = {"name": "bench", "bricks": PATH_OF_BRICK, "cluster": nodes, "replicas": REPLICAS}
    tasks: list[dict[str, Any]] = [
        {"gluster.gluster.gluster_peer": {"state": "present", "nodes": nodes[1:]}},
        {"gluster.gluster.gluster_volume": {**volume, "state": "present"}},
        {"gluster.gluster.gluster_volume": {"name": "bench", "state": "started"}},
    ]
    command = (program, "-i", str(INVENTORY), playbook("other", tasks))
    return Contender(name, command, command, other_environment())


def make_script(count: int) -> str:
    """The fewest commands that make the pool and the volume."""
    probes = [f"gluster --mode=script peer probe {name}" for name in node_names(count)[1:]]
    connected = "gluster peer status | grep -c 'Peer in Cluster (Connected)'"
    return "\n".join(
        [
            *probes,
            f'until [ "$({connected})" -eq {count - 1} ]; do sleep 0.1; done',
            f"gluster --mode=script volume create bench replica {REPLICAS} "
            + " ".join(brick_names(count)),
            "gluster --mode=script volume start bench",
        ]
    )


def compare_script(count: int) -> str:
    """Read the pool and the volume, and fail unless they are as wanted."""
    expected = "\n".join(["Status: Started", *brick_names(count)])
    lines = "sed -nE '/^Status: /p; s/^Brick[0-9]+: //p'"
    return "\n".join(
        [
            f'[ "$(gluster pool list | grep -c Connected)" -eq {count} ]',
            f"""[ "$(gluster volume info bench | {lines})" = "{expected}" ]""",
        ]
    )


def script(count: int) -> Contender:
    """No Ansible at all."""
    make, compare = script_on(1, make_script(count)), script_on(1, compare_script(count))
    return Contender("bare script, one `docker exec`", make, compare, dict(os.environ))


def check(count: int) -> None:
    """Raise unless GlusterFS shows the pool and the started volume."""
    run(*script_on(1, compare_script(count)))
