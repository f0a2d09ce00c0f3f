# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Short ways to make what tests speak of: parameters, bricks, volumes, clusters, whole runs."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.clustered.storage.plugins.module_utils._engine.converge import Life, live
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Plan
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import (
    Brick,
    BrickStatus,
    Cluster,
    Directory,
    HealCount,
    Host,
    Layout,
    Peer,
    Task,
    Volume,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.plan import plan_volume
from ansible_collections.clustered.storage.plugins.module_utils._gluster.wanted import (
    WantedVolume,
    wanted_volume,
)
from ansible_collections.clustered.storage.plugins.modules import (
    gluster_brick,
    gluster_peer,
    gluster_volume,
)

VOLUME_ID = "11111111-1111-1111-1111-111111111111"
OTHER_ID = "22222222-2222-2222-2222-222222222222"
KNOWN_OPTIONS = (
    "auth.allow",
    "features.cache-invalidation",
    "features.read-only",
    "network.ping-timeout",
    "performance.cache-invalidation",
    "performance.cache-size",
    "performance.quick-read",
    "performance.write-behind",
)


def params(spec: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Parameters as a module gets them from Ansible: checked, converted, with defaults."""
    result = ArgumentSpecValidator(spec).validate(given)
    assert not result.error_messages
    return result.validated_parameters


def volume_params(**given: Any) -> dict[str, Any]:
    """Parameters of gluster_volume: of the started volume ``vol`` unless told otherwise.

    Somebody has looked at the directories on other machines, unless told otherwise too.
    """
    usual = {"name": "vol", "state": "started", "checked_bricks": True}
    return params(gluster_volume.ARGUMENT_SPEC, {**usual, **given})


def volume_life(**given: Any) -> Life[Cluster]:
    return gluster_volume.life(volume_params(**given))


def peer_life(**given: Any) -> Life[Cluster]:
    return gluster_peer.life(params(gluster_peer.ARGUMENT_SPEC, given))


def brick_life(**given: Any) -> Life[Cluster]:
    return gluster_brick.life(params(gluster_brick.ARGUMENT_SPEC, given))


def wanted(**given: Any) -> WantedVolume:
    return wanted_volume(volume_params(**given))


def run_volume(host: Any, check_mode: bool = False, **given: Any) -> dict[str, Any]:
    """A whole run of gluster_volume on a stand-in."""
    return live(volume_life(**given), host, check_mode)


# --- facts


def uid(name: str) -> str:
    """The uuid of a host in these tests."""
    return f"uuid-{name}"


def brick(text: str) -> Brick:
    """``1:/b/x`` is a brick on node1 of the pool, ``7:/b/x`` one on a machine outside of it."""
    number, _colon, path = text.partition(":")
    name = f"node{number}"
    return Brick(name, path, uid(name) if int(number) <= 6 else "")


def bricks(text: str) -> tuple[Brick, ...]:
    """``1 2 3:/b/x`` for one path each: several bricks in a line, path /b/brick by default."""
    return tuple(brick(word if ":" in word else f"{word}:/b/brick") for word in text.split())


def listed(text: str) -> list[str]:
    """The same as a task lists them."""
    return [found.name for found in bricks(text)]


def volume(text: str, layout: Layout | None = None, **given: Any) -> Volume:
    """A started volume of these bricks."""
    whole = Volume("vol", VOLUME_ID, "started", "tcp", layout or Layout(), bricks(text))
    return replace(whole, **given)


def peer(name: str, **given: Any) -> Peer:
    whole = Peer(uid(name), name, (name,), True, 3, "Peer in Cluster", is_self=name == "node1")
    return replace(whole, **given)


def host(node: str, **given: Any) -> Host:
    """A host as node1 sees it: node1 to node6 are in the pool, node7 to node9 could join."""
    number = int(node.removeprefix("node"))
    known = uid(node) if number <= 6 else ""
    whole = Host(node, known, number == 1, (f"10.0.0.{number}",), True)
    return replace(whole, **given)


def directory(path: str, **given: Any) -> Directory:
    """A place for a brick that has nothing against it."""
    return replace(Directory(path, False, 0, False, "", "", False, False), **given)


def counts(
    of: Iterable[Brick], pending: int | None = 0, split: int | None = 0
) -> tuple[HealCount, ...]:
    status = "Connected" if pending is not None else "Transport endpoint is not connected"
    return tuple(HealCount(b.name, b.host_uuid, status, pending, split) for b in of)


def statuses(of: Iterable[Brick], down: str = "") -> tuple[BrickStatus, ...]:
    dead = {found.key for found in bricks(down)}
    return tuple(
        BrickStatus(b.host, b.path, b.host_uuid, b.key not in dead, 50000, 100) for b in of
    )


def cluster(
    *volumes: Volume, down: str = "", tasks: tuple[Task, ...] = (), **given: Any
) -> Cluster:
    """All parts of a healthy pool of six with these volumes, the bricks in ``down`` offline."""
    every = tuple(found for one in volumes for found in one.bricks)
    dead = {found.key for found in bricks(down)}
    heal = tuple(
        count
        for found in every
        for count in (counts([found], None, None) if found.key in dead else counts([found]))
    )
    paths = {f"/b/{name}" for name in ("brick", "x", "y", "z")} | {found.path for found in every}
    whole = Cluster(
        volumes=volumes,
        peers=tuple(peer(f"node{n}") for n in range(1, 7)),
        hosts={f"node{n}": host(f"node{n}") for n in range(1, 10)},
        statuses=statuses(every, down),
        tasks=tasks,
        heal=heal,
        heal_entries={count.brick: frozenset() for count in heal},
        option_names=KNOWN_OPTIONS,
        option_group={"performance.quick-read": "off", "network.ping-timeout": "20"},
        pool_options={"cluster.max-bricks-per-process": "250"},
        release="10.3",
        quotas=(),
        directories={path: directory(path) for path in paths},
    )
    return replace(whole, **given)


def planned(facts: Cluster, **given: Any) -> Plan[Cluster]:
    """The plan of gluster_volume for these facts and parameters."""
    return plan_volume(facts, wanted(**given))


def commands_of(plan: Plan[Cluster]) -> list[str]:
    """The steps that change something, without the words that every command begins with."""
    return [
        shlex.join(step.command).removeprefix("gluster --mode=script --xml ")
        for step in plan.steps
        if step.until is None
    ]


def steps_of(plan: Plan[Cluster]) -> list[str]:
    """All steps, waits too."""
    prefix = "gluster --mode=script --xml "
    return [
        ("" if step.until is None else "until ") + shlex.join(step.command).removeprefix(prefix)
        for step in plan.steps
    ]
