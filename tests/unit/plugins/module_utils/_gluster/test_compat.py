# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks written for gluster.gluster 1.0.2: the parameters of its documented examples.

Each keeps its meaning, except the two that would lose data: they are refused with what to write.
"""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import (
    Brick,
    Cluster,
    Host,
    Layout,
    Peer,
    Quota,
    Volume,
)
from ansible_collections.clustered.storage.plugins.modules import (
    gluster_heal_info,
    gluster_peer,
    gluster_volume,
)
from helpers.build import commands_of, directory, params, statuses

OLD = ("10.70.42.85", "10.70.42.86")


def known(address: str) -> Peer:
    return Peer(address, address, (address,), True, 3, "Peer in Cluster")


def pool(addresses: tuple[str, ...], strangers: tuple[str, ...] = (), *volumes: Volume) -> Cluster:
    """A pool of these machines, seen from one that is not among them."""
    hosts = {name: Host(name, name, False, (name,), True) for name in addresses}
    joining = {name: Host(name, "", False, (name,), True) for name in strangers}
    every = tuple(brick for volume in volumes for brick in volume.bricks)
    paths = ["/bricks/brick1/g1", "/bricks/brick1/g2", "/bricks/brick2/g2"]
    this = Peer("self", "localhost", ("localhost",), True, 3, "Peer in Cluster", is_self=True)
    return Cluster(
        volumes=volumes,
        peers=(this, *map(known, addresses)),
        hosts={**hosts, **joining},
        statuses=statuses(every),
        tasks=(),
        heal=(),
        option_names=(
            "performance.cache-size",
            "performance.quick-read",
            "performance.write-behind",
        ),
        quotas=(),
        release="10.3",
        directories={path: directory(path) for path in paths},
    )


def volume(name: str, *bricks: str, layout: Layout | None = None, **options: str) -> Volume:
    found = tuple(Brick(host, path, host) for host, path in (b.split(":") for b in bricks))
    return Volume(name, "id", "started", "tcp", layout or Layout(), found, options)


def planned(facts: Cluster, **task: Any) -> list[str]:
    life = gluster_volume.life(params(gluster_volume.ARGUMENT_SPEC, task))
    return commands_of(life.plan(facts))


TEST1 = volume("test1", "192.0.2.10:/bricks/brick1/g1", "192.0.2.11:/bricks/brick1/g1")
BOTH = ("192.0.2.10", "192.0.2.11")
MAKE_TEST1 = {
    "state": "present",
    "name": "test1",
    "bricks": "/bricks/brick1/g1",
    "rebalance": True,
    "cluster": list(BOTH),
}


# --- gluster_volume


def test_volume_of_its_first_example_is_made_and_started() -> None:
    assert planned(pool(BOTH), **MAKE_TEST1) == [
        "volume create test1 transport tcp "
        "192.0.2.10:/bricks/brick1/g1 192.0.2.11:/bricks/brick1/g1",
        "volume start test1",
    ]


def test_machines_of_its_first_example_join_the_pool() -> None:
    commands = planned(pool((), BOTH), **MAKE_TEST1)

    assert commands[:2] == ["peer probe 192.0.2.10", "peer probe 192.0.2.11"]


def test_volume_of_its_first_example_is_left_alone_the_second_time() -> None:
    assert planned(pool(BOTH, (), TEST1), **MAKE_TEST1) == []


def test_volume_grows_when_a_machine_is_listed_and_is_rebalanced() -> None:
    start = volume("test1", "192.0.2.10:/bricks/brick1/g1")

    commands = planned(pool(BOTH, (), start), **MAKE_TEST1)

    assert "volume add-brick test1 192.0.2.11:/bricks/brick1/g1" in commands
    assert "volume rebalance test1 start" in commands


@pytest.mark.parametrize(
    ("options", "command"),
    [
        (
            {"performance.cache-size": "256MB"},
            "volume set test1 performance.cache-size 256MB",
        ),
        (
            {"performance.cache-size": "128MB", "write-behind": "off", "quick-read": "on"},
            "volume set test1 performance.cache-size 128MB "
            "performance.write-behind off performance.quick-read on",
        ),
    ],
)
def test_volume_is_tuned(options: dict[str, str], command: str) -> None:
    task = {"state": "present", "name": "test1", "options": options}

    assert planned(pool(BOTH, (), TEST1), **task) == [command]


def test_short_names_of_options_are_left_alone_the_second_time() -> None:
    options = {"performance.write-behind": "off", "performance.quick-read": "on"}
    tuned = volume("test1", "192.0.2.10:/bricks/brick1/g1", **options)
    task = {
        "state": "present",
        "name": "test1",
        "options": {"write-behind": "off", "quick-read": "on"},
    }

    assert planned(pool(BOTH, (), tuned), **task) == []


@pytest.mark.parametrize(
    ("status", "state", "commands"),
    [
        ("stopped", "started", ["volume start test1"]),
        ("started", "started", []),
        ("started", "stopped", ["volume stop test1"]),
        ("started", "absent", ["volume stop test1", "volume delete test1"]),
        ("stopped", "absent", ["volume delete test1"]),
    ],
)
def test_volume_is_started_stopped_and_removed(
    status: str, state: str, commands: list[str]
) -> None:
    start = Volume(TEST1.name, TEST1.id, status, TEST1.transport, TEST1.layout, TEST1.bricks)

    assert planned(pool(BOTH, (), start), state=state, name="test1") == commands


LIMIT = {"state": "present", "name": "test1", "directory": "/foo", "quota": "20.0MB"}


def test_usage_is_limited() -> None:
    assert planned(pool(BOTH, (), TEST1), **LIMIT) == [
        "volume quota test1 enable",
        "volume quota test1 limit-usage /foo 20971520",
    ]


def test_usage_that_is_limited_is_left_alone() -> None:
    limited = volume("test1", "192.0.2.10:/bricks/brick1/g1", **{"features.quota": "on"})
    facts = pool(BOTH, (), limited)
    read = Cluster(**{**vars(facts), "quotas": (Quota("/foo", 20 * 1024**2, 80),)})

    assert planned(read, **LIMIT) == []


def test_volume_with_several_bricks_on_each_host_is_made() -> None:
    task = {
        "state": "present",
        "name": "test2",
        "bricks": "/bricks/brick1/g2,/bricks/brick2/g2",
        "cluster": list(BOTH),
    }

    assert planned(pool(BOTH), **task)[0] == (
        "volume create test2 transport tcp "
        "192.0.2.10:/bricks/brick1/g2 192.0.2.11:/bricks/brick1/g2 "
        "192.0.2.10:/bricks/brick2/g2 192.0.2.11:/bricks/brick2/g2"
    )


REMOVE_BRICKS = {
    "state": "present",
    "name": "testvol",
    "bricks": "/bricks/brick1/b1,/bricks/brick2/b2",
    "cluster": [OLD[0]],
    "force": True,
}
REDUCE = {
    "state": "present",
    "name": "testvol",
    "bricks": "/bricks/brick3/b1,/bricks/brick4/b2",
    "replicas": 2,
    "cluster": [OLD[0]],
    "force": True,
}


@pytest.mark.parametrize(
    ("task", "start"),
    [
        (
            REMOVE_BRICKS,
            volume(
                "testvol",
                *(f"{OLD[0]}:/bricks/brick{n}/b{m}" for n, m in ((1, 1), (2, 2), (3, 3))),
            ),
        ),
        (
            REDUCE,
            volume(
                "testvol",
                *(f"{OLD[0]}:/bricks/brick{n}/b{m}" for n, m in ((3, 1), (4, 2), (5, 3))),
                layout=Layout(3),
            ),
        ),
    ],
    ids=["remove bricks", "reduce"],
)
def test_example_that_would_lose_data_is_refused(task: dict[str, Any], start: Volume) -> None:
    with pytest.raises(Refusal) as raised:
        planned(pool(OLD, (), start), **task)

    assert raised.value.reason == "shrink_refused"
    assert "shrink: migrate" in raised.value.remedy


# --- gluster_peer


def peer_commands(facts: Cluster, **task: Any) -> list[str]:
    life = gluster_peer.life(params(gluster_peer.ARGUMENT_SPEC, task))
    return commands_of(life.plan(facts))


def test_pool_is_made() -> None:
    nodes = ("10.0.1.5", "10.0.1.10")

    commands = peer_commands(pool((), nodes), state="present", nodes=list(nodes))

    assert commands == ["peer probe 10.0.1.5", "peer probe 10.0.1.10"]


@pytest.mark.parametrize(
    ("task", "command"),
    [
        ({"nodes": ["10.0.1.10"]}, "peer detach 10.0.1.10"),
        ({"nodes": ["10.0.0.1"], "force": True}, "peer detach 10.0.0.1 force"),
    ],
)
def test_node_is_deleted(task: dict[str, Any], command: str) -> None:
    facts = pool(("10.0.1.10", "10.0.0.1"))

    assert peer_commands(facts, state="absent", **task) == [command]


def test_node_that_is_deleted_already_is_left_alone() -> None:
    facts = pool((), ("10.0.1.10",))

    assert peer_commands(facts, state="absent", nodes=["10.0.1.10"]) == []


# --- gluster_heal_info


@pytest.mark.parametrize("status_filter", ["self-heal", "rebalance"])
@pytest.mark.parametrize("name", ["name", "volume"])
def test_its_parameters_are_accepted(name: str, status_filter: str) -> None:
    given = params(
        gluster_heal_info.ARGUMENT_SPEC, {name: "test_volume", "status_filter": status_filter}
    )

    assert (given["name"], given["status_filter"]) == ("test_volume", status_filter)
