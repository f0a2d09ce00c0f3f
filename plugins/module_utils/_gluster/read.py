# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading the pool and its volumes, one part at a time.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.host import (
    Host as Machine,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.wait import pauses
from ansible_collections.clustered.storage.plugins.module_utils._gluster import commands, parse
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import (
    Cluster,
    Directory,
    Host,
    Peer,
    Quota,
    read_part,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.wanted import (
    WantedBrick,
    WantedPeers,
    WantedVolume,
)

# glusterd's management port, rpc/rpc-lib/src/protocol-common.h
GLUSTERD_PORT = 24007
# glusterd gives a lock up after 180 s (mgmt_v3 lock timeout); no command holds one longer.
LOCK_SECONDS = 240
GROUPS_FOLDER = "/var/lib/glusterd/groups"
VOLUME_ID = "trusted.glusterfs.volume-id"


@dataclass(frozen=True)
class Subject:
    """What a module asks about: the volume, host names that matter, paths of new bricks."""

    volume: str = ""
    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    option_group: str = ""


def volume_subject(wanted: WantedVolume) -> Subject:
    """What gluster_volume asks about."""
    exchanged = tuple(brick for pair in wanted.replace_bricks for brick in pair)
    bricks = (*(wanted.bricks or ()), *exchanged)
    hosts = (*(brick.host for brick in bricks), *wanted.probe)
    return Subject(
        wanted.name,
        tuple(dict.fromkeys(hosts)),
        tuple(dict.fromkeys(brick.path for brick in bricks)),
        wanted.option_group,
    )


def peers_subject(wanted: WantedPeers) -> Subject:
    """What gluster_peer asks about."""
    further = (name for names in wanted.aliases.values() for name in names)
    return Subject(hosts=tuple(dict.fromkeys((*wanted.nodes, *further))))


def brick_subject(wanted: WantedBrick) -> Subject:
    """What gluster_brick asks about."""
    paths = (wanted.path, wanted.mount) if wanted.mount else (wanted.path,)
    return Subject(wanted.volume, paths=paths)


def run_gluster(machine: Machine, argv: Sequence[str]) -> str:
    """The answer of a command; while the pool is locked by another one, it is asked again."""
    deadline = machine.now() + LOCK_SECONDS
    for pause in pauses():
        output = machine.run(argv)
        try:
            return parse.parse_reply(argv, output.rc, output.stdout, output.stderr)
        except StorageError as error:
            if error.reason != "locked" or machine.now() > deadline:
                raise
        machine.sleep(pause)
    raise AssertionError("unreachable")


def read_cluster(subject: Subject) -> Callable[[Machine, Cluster | None, str], Cluster]:
    """The reader of one subject, for the life cycle."""

    def read(machine: Machine, cluster: Cluster | None, part: str) -> Cluster:
        if cluster is None:
            return Cluster()
        return READERS[part](machine, cluster, subject)

    return read


def read_volumes(machine: Machine, cluster: Cluster, _subject: Subject) -> Cluster:
    """All the volumes."""
    answer = run_gluster(machine, commands.volume_info())
    return replace(cluster, volumes=parse.parse_volumes(answer))


def read_peers(machine: Machine, cluster: Cluster, _subject: Subject) -> Cluster:
    """The pool."""
    answer = run_gluster(machine, commands.pool_list())
    return replace(cluster, peers=parse.parse_pool(answer))


def read_hosts(machine: Machine, cluster: Cluster, subject: Subject) -> Cluster:
    """Who the named hosts are."""
    if cluster.peers is None:
        cluster = read_peers(machine, cluster, subject)
    peers = read_part(cluster.peers, "peers")
    by_name = {name.lower(): peer for peer in peers for name in peer.hostnames}
    hosts = {
        name: read_host(machine, name, by_name.get(name.lower()), peers) for name in subject.hosts
    }
    return replace(cluster, hosts=hosts)


def read_host(machine: Machine, name: str, known: Peer | None, peers: Sequence[Peer]) -> Host:
    """One host: by its name in the pool, as this machine, by its addresses, or a stranger."""
    if known is not None:
        return Host(name, known.uuid, known.is_self, (), True)
    addresses = machine.addresses(name)
    if any(machine.is_local(address) for address in addresses):
        this = next((peer for peer in peers if peer.is_self), None)
        return Host(name, this.uuid if this else "", True, addresses, True)
    found = next((peer for peer in peers if shares_address(machine, peer, addresses)), None)
    if found is not None:
        return Host(name, found.uuid, False, addresses, True)
    answers = any(machine.answers(address, GLUSTERD_PORT) for address in addresses)
    return Host(name, "", False, addresses, answers)


def shares_address(machine: Machine, peer: Peer, addresses: Sequence[str]) -> bool:
    """Whether one of a peer's names resolves here to one of the addresses."""
    if peer.is_self:
        return False
    return any(
        address in addresses for name in peer.hostnames for address in machine.addresses(name)
    )


def read_status(machine: Machine, cluster: Cluster, subject: Subject) -> Cluster:
    """The brick processes and the long operations of the volume."""
    answer = run_gluster(machine, commands.volume_status(subject.volume))
    return replace(cluster, statuses=parse.parse_status(answer), tasks=parse.parse_tasks(answer))


def read_heal(machine: Machine, cluster: Cluster, subject: Subject) -> Cluster:
    """What is left to heal in the volume."""
    answer = run_gluster(machine, commands.heal_summary(subject.volume))
    return replace(cluster, heal=parse.parse_heal(answer))


def read_heal_entries(machine: Machine, cluster: Cluster, subject: Subject) -> Cluster:
    """What is left to heal in the volume, entry by entry."""
    answer = run_gluster(machine, commands.heal_info(subject.volume))
    return replace(cluster, heal_entries=parse.parse_heal_entries(answer))


def read_option_names(machine: Machine, cluster: Cluster, _subject: Subject) -> Cluster:
    """The options that glusterd knows: from any volume, else the documented ones."""
    volumes = read_part(cluster.volumes, "volumes")
    if volumes:
        answer = run_gluster(machine, commands.volume_get_all(volumes[0].name))
    else:
        answer = run_gluster(machine, commands.volume_set_help())
    return replace(cluster, option_names=parse.parse_option_names(answer))


def read_option_group(machine: Machine, cluster: Cluster, subject: Subject) -> Cluster:
    """The options of the named group."""
    text = machine.text(f"{GROUPS_FOLDER}/{posixpath.basename(subject.option_group)}")
    if text is None:
        known = ", ".join(machine.entries(GROUPS_FOLDER) or ("none",))
        raise StorageError(
            "unknown_option_group",
            f"There is no option group {subject.option_group} in {GROUPS_FOLDER}.",
            f"Groups on this machine: {known}.",
        )
    return replace(cluster, option_group=parse.parse_option_group(text))


def read_pool_options(machine: Machine, cluster: Cluster, _subject: Subject) -> Cluster:
    """The options of the whole pool."""
    answer = run_gluster(machine, commands.pool_get_all())
    return replace(cluster, pool_options=parse.parse_option_values(answer))


def read_quotas(machine: Machine, cluster: Cluster, subject: Subject) -> Cluster:
    """The limits of the volume; to have none is an error for glusterd."""
    return replace(cluster, quotas=read_limits(machine, subject.volume))


def read_limits(machine: Machine, volume: str) -> tuple[Quota, ...]:
    """The limits of a volume on which quotas are on."""
    try:
        return parse.parse_quotas(run_gluster(machine, commands.quota_list(volume)))
    except StorageError as error:
        if "No quota configured" in error.message:
            return ()
        raise


def read_release(machine: Machine, cluster: Cluster, _subject: Subject) -> Cluster:
    """Which release of GlusterFS this machine runs."""
    return replace(cluster, release=parse.parse_release(machine.run(commands.version()).stdout))


def read_directories(machine: Machine, cluster: Cluster, subject: Subject) -> Cluster:
    """The directories of this machine that may become bricks."""
    directories = {path: read_directory(machine, path) for path in subject.paths}
    return replace(cluster, directories=directories)


def read_directory(machine: Machine, path: str) -> Directory:
    """One directory, whether it exists or not."""
    entries = machine.entries(path)
    inner = machine.entries(f"{path}/.glusterfs")
    above = parents(path)
    home = next((p for p in (path, *above) if machine.device(p) is not None), "/")
    others = [name for name in entries or () if name != ".glusterfs"]
    return Directory(
        path=path,
        exists=entries is not None,
        files=len(others) + len(inner or ()),
        has_inner=inner is not None,
        volume_id=format_id(machine.xattr(path, VOLUME_ID)),
        marked_parent=next((p for p in above if machine.xattr(p, VOLUME_ID)), ""),
        is_mount_point=entries is not None and machine.device(path) != machine.device(above[0]),
        on_root=machine.device(home) == machine.device("/"),
        missing_parent=machine.device(above[0]) is None,
    )


def parents(path: str) -> list[str]:
    """The directories above a path, the nearest first, / last."""
    above = posixpath.dirname(path)
    return [above] if above == "/" else [above, *parents(above)]


def format_id(mark: bytes) -> str:
    """The volume id that a brick is marked with."""
    return str(uuid.UUID(bytes=mark)) if len(mark) == 16 else mark.hex()  # noqa: PLR2004


READERS: Mapping[str, Callable[[Machine, Cluster, Subject], Cluster]] = {
    "volumes": read_volumes,
    "peers": read_peers,
    "hosts": read_hosts,
    "statuses": read_status,
    "tasks": read_status,
    "heal": read_heal,
    "heal_entries": read_heal_entries,
    "option_names": read_option_names,
    "release": read_release,
    "option_group": read_option_group,
    "pool_options": read_pool_options,
    "quotas": read_quotas,
    "directories": read_directories,
}
