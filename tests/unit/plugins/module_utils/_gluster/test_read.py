# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading: which calls are made, who a name is, and what a lock is worth waiting for."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.host import Output
from ansible_collections.clustered.storage.plugins.module_utils._gluster import commands, read
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import Cluster
from ansible_collections.clustered.storage.plugins.module_utils._gluster.read import (
    LOCK_SECONDS,
    Subject,
    read_cluster,
    run_gluster,
)
from helpers.build import volume, wanted
from helpers.glusterd import Glusterd, PoolHost
from helpers.hosts import OK, ScriptedHost, refused, reply
from helpers.recordings import VERSIONS, recording

G = "gluster --mode=script --xml"
LOCKED = refused("Another transaction is in progress for vol. Please try again after some time.")


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """Each version of which there are recordings."""
    return request.param


def recorded(version: str, name: str) -> Output:
    seen = recording(version, name)
    return Output(seen.rc, seen.stdout, seen.stderr)


def part(host: Any, name: str, subject: Subject, start: Cluster | None = None) -> Cluster:
    """The cluster with this part read."""
    reader = read_cluster(subject)
    return reader(host, start or reader(host, None, ""), name)


# --- locks


def test_answer_is_returned() -> None:
    host = ScriptedHost((f"{G} volume start vol", reply()))

    assert run_gluster(host, commands.volume_start("vol")) == OK
    host.verify()


def test_lock_is_waited_for() -> None:
    locked = [(f"{G} volume start vol", LOCKED)] * 18
    host = ScriptedHost(*locked, (f"{G} volume start vol", reply()))

    assert run_gluster(host, commands.volume_start("vol")) == OK
    host.verify()
    assert len(host.slept) == 18


def test_lock_is_given_up_after_its_deadline() -> None:
    host = ScriptedHost(*[(f"{G} volume start vol", LOCKED)] * 100)

    with pytest.raises(StorageError) as raised:
        run_gluster(host, commands.volume_start("vol"))

    assert raised.value.reason == "locked"
    assert LOCK_SECONDS < sum(host.slept) < LOCK_SECONDS + 10


@pytest.mark.parametrize(
    "output",
    [
        refused("Volume vol does not exist"),
        refused("Quorum not met. Volume operation not allowed."),
        reply("Connection failed. Please check if gluster daemon is operational.", 1),
        reply("Error : Request timed out", 1),
    ],
)
def test_other_failures_are_not_tried_again(output: Output) -> None:
    host = ScriptedHost((f"{G} volume start vol", output))

    with pytest.raises(StorageError):
        run_gluster(host, commands.volume_start("vol"))

    host.verify()
    assert host.slept == []


# --- parts


@pytest.mark.parametrize(
    ("name", "call", "recorded_as", "field"),
    [
        ("volumes", "volume info all", "volumes", "volumes"),
        ("peers", "pool list", "pool_three", "peers"),
        ("statuses", "volume status rep3", "status_online", "statuses"),
        ("tasks", "volume status rep3", "status_rebalance", "tasks"),
        ("heal", "volume heal rep3 info summary", "heal_healed", "heal"),
        ("pool_options", "volume get all all", "pool_options", "pool_options"),
        ("quotas", "volume quota rep3 list", "quota_list", "quotas"),
    ],
)
def test_part_is_read_by_one_call(
    version: str, name: str, call: str, recorded_as: str, field: str
) -> None:
    host = ScriptedHost((f"{G} {call}", recorded(version, recorded_as)))

    cluster = part(host, name, Subject("rep3"))

    host.verify()
    assert getattr(cluster, field)


def test_first_state_is_read_by_no_call() -> None:
    host = ScriptedHost()

    assert read_cluster(Subject("rep3"))(host, None, "") == Cluster()


def test_no_limits_are_none(version: str) -> None:
    host = ScriptedHost((f"{G} volume quota dist list", recorded(version, "quota_none")))

    assert part(host, "quotas", Subject("dist")).quotas == ()


def test_limits_that_can_not_be_read_are_an_error(version: str) -> None:
    host = ScriptedHost((f"{G} volume quota dist list", recorded(version, "quota_disabled")))

    with pytest.raises(StorageError):
        part(host, "quotas", Subject("dist"))


def test_option_names_come_from_any_volume(version: str) -> None:
    host = ScriptedHost((f"{G} volume get vol all", recorded(version, "volume_options")))

    cluster = part(host, "option_names", Subject("new"), Cluster(volumes=(volume("1"),)))

    assert "performance.cache-size" in (cluster.option_names or ())


def test_option_names_come_from_the_help_where_there_is_no_volume(version: str) -> None:
    call = "gluster --mode=script volume set help-xml"
    host = ScriptedHost((call, recorded(version, "options_help")))

    cluster = part(host, "option_names", Subject("new"), Cluster(volumes=()))

    assert "cluster.lookup-unhashed" in (cluster.option_names or ())


def test_option_group_is_a_file() -> None:
    host = ScriptedHost()
    host.texts["/var/lib/glusterd/groups/virt"] = "performance.quick-read=off\n"

    cluster = part(host, "option_group", Subject("vol", option_group="virt"))

    assert cluster.option_group == {"performance.quick-read": "off"}


def test_option_group_stays_in_its_folder() -> None:
    host = ScriptedHost()
    host.texts["/etc/passwd"] = "a=b"

    with pytest.raises(StorageError):
        part(host, "option_group", Subject("vol", option_group="../../../../etc/passwd"))


@pytest.mark.parametrize(
    ("folders", "known"),
    [({}, "none"), ({"/var/lib/glusterd/groups": ("db", "virt")}, "db, virt")],
)
def test_unknown_option_group_names_those_there_are(
    folders: dict[str, tuple[str, ...]], known: str
) -> None:
    host = ScriptedHost()
    host.folders.update(folders)

    with pytest.raises(StorageError, match=f"Groups on this machine: {known}") as raised:
        part(host, "option_group", Subject("vol", option_group="fast"))

    assert raised.value.reason == "unknown_option_group"


# --- who a name is


@pytest.mark.parametrize(
    ("name", "node", "is_self"),
    [
        ("node1", "node1", True),
        ("10.0.0.1", "node1", True),
        ("localhost", "node1", True),
        ("node2", "node2", False),
        ("NODE2", "node2", False),
        ("node2.example", "node2", False),
        ("10.0.0.2", "node2", False),
    ],
)
def test_every_name_of_a_peer_is_that_peer(name: str, node: str, is_self: bool) -> None:
    pool = Glusterd()

    hosts = part(PoolHost(pool), "hosts", Subject(hosts=(name,))).hosts or {}

    assert hosts[name].uuid == pool.machines[node].uuid
    assert hosts[name].is_self is is_self


def test_names_that_the_pool_knows_are_not_resolved() -> None:
    host = PoolHost(Glusterd())
    host.addresses = None  # type: ignore[assignment,method-assign]

    hosts = part(host, "hosts", Subject(hosts=("node2", "node3"))).hosts or {}

    assert [found.is_self for found in hosts.values()] == [False, False]


def test_stranger_is_asked_whether_it_answers() -> None:
    pool = Glusterd()
    pool.machines["node8"].answers = False

    hosts = part(PoolHost(pool), "hosts", Subject(hosts=("node7", "node8", "nowhere"))).hosts or {}

    assert [(h.uuid, h.answers, bool(h.addresses)) for h in hosts.values()] == [
        ("", True, True),
        ("", False, True),
        ("", False, False),
    ]


def test_pool_that_is_known_is_not_read_again() -> None:
    pool = Glusterd()
    host = PoolHost(pool)
    start = part(host, "peers", Subject())

    part(host, "hosts", Subject(hosts=("node2",)), start)

    assert len(host.calls) == 1


# --- directories


def directory_of(pool: Glusterd, path: str) -> Any:
    found = part(PoolHost(pool), "directories", Subject(paths=(path,))).directories or {}
    return found[path]


def test_missing_directory_is_seen() -> None:
    found = directory_of(Glusterd(), "/b/x/brick")

    assert (found.exists, found.files, found.volume_id, found.on_root) == (False, 0, "", False)


def test_marked_directory_is_seen() -> None:
    pool = Glusterd()
    mark = str(uuid.UUID(int=7))
    pool.marks[(pool.machines["node1"].uuid, "/b/x/brick")] = mark

    found = directory_of(pool, "/b/x/brick")

    assert (found.exists, found.volume_id, found.is_mount_point) == (True, mark, False)


def test_marked_directory_above_is_seen() -> None:
    pool = Glusterd()
    pool.marks[(pool.machines["node1"].uuid, "/b/x")] = str(uuid.UUID(int=7))

    assert directory_of(pool, "/b/x/brick/deep").marked_parent == "/b/x"


def test_files_are_counted() -> None:
    pool = Glusterd()
    pool.content[(pool.machines["node1"].uuid, "/b/x")] = 3

    assert directory_of(pool, "/b/x").files == 3


def test_directory_without_a_disk_of_its_own_is_on_the_root() -> None:
    assert directory_of(Glusterd(), "/srv/brick").on_root


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/b", ["/"]), ("/b/c/d", ["/b/c", "/b", "/"])],
)
def test_directories_above_come_nearest_first(path: str, expected: list[str]) -> None:
    assert read.parents(path) == expected


def test_odd_mark_is_shown_as_it_is() -> None:
    assert read.format_id(b"\x01\x02") == "0102"


def test_subject_names_every_host_and_path_once() -> None:
    subject = read.volume_subject(
        wanted(
            bricks=["/b/1", "/b/2"],
            cluster=["a", "c"],
            replace_bricks={"d:/b/1": "c:/b/1"},
            options={"group": "virt"},
        )
    )

    assert subject == Subject("vol", ("a", "c", "d"), ("/b/1", "/b/2"), "virt")
