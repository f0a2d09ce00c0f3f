# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module parameters made into what is wanted: defaults, normal forms, validation. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import (
    Brick,
    Quota,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.options import (
    wanted_option,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.parse import parse_size

# What a playbook written for gluster.gluster says, in our words.
REBALANCE = {"no": "never", "yes": "full"}
# The name under which glusterd keeps the options of the whole pool.
POOL = "all"
# Those that ``volume get all all`` lists (10.3 and 11.1).
POOL_OPTIONS = frozenset(
    {
        "cluster.brick-graceful-cleanup",
        "cluster.brick-multiplex",
        "cluster.daemon-log-level",
        "cluster.enable-shared-storage",
        "cluster.localtime-logging",
        "cluster.max-bricks-per-process",
        "cluster.max-op-version",
        "cluster.op-version",
        "cluster.server-quorum-ratio",
        "glusterd.vol_count_per_thread",
    }
)
MAX_PERCENT = 100
ARBITER_DATA_COPIES = 2


@dataclass(frozen=True)
class Policy:
    """What the user allows, and how long to wait."""

    shrink: str = "refuse"
    rebalance: str = "never"
    allow_root_partition: bool = False
    allow_mount_point: bool = False
    allow_same_host: bool = False
    allow_brick_reuse: bool = False
    checked_bricks: bool = False
    heal_timeout: int = 600
    timeout: int = 3600

    @property
    def needs_force(self) -> bool:
        """Whether glusterd's own checks have to be silenced; ours stay."""
        return (
            self.allow_root_partition
            or self.allow_mount_point
            or self.allow_same_host
            or self.allow_brick_reuse
        )


@dataclass(frozen=True)
class WantedVolume:
    """A volume as the user wants it; None for whatever is to stay as it is."""

    name: str
    state: str
    bricks: tuple[Brick, ...] | None
    probe: tuple[str, ...]
    replicas: int | None
    arbiters: int | None
    disperses: int | None
    redundancies: int | None
    transport: str | None
    start: bool
    options: Mapping[str, str | None]
    option_group: str
    purge_options: bool
    quotas: tuple[Quota, ...]
    replace_bricks: tuple[tuple[Brick, Brick], ...]
    policy: Policy


@dataclass(frozen=True)
class WantedPeers:
    """Nodes that shall be in the pool, or not."""

    nodes: tuple[str, ...]
    present: bool
    aliases: Mapping[str, tuple[str, ...]]
    remove_unlisted: bool
    force: bool
    timeout: int


@dataclass(frozen=True)
class WantedBrick:
    """A directory of this machine that shall be fit to become a brick.

    ``mount`` is the mount point above it that has to be there, "" for any.
    """

    host: str
    path: str
    volume: str
    mount: str
    policy: Policy


def wanted_local_brick(params: Mapping[str, Any]) -> WantedBrick:
    """The parameters of gluster_brick."""
    path = wanted_brick(f"localhost:{params['path']}").path
    policy = Policy(
        allow_root_partition=params["allow_root_partition"],
        allow_mount_point=params["allow_mount_point"],
        allow_brick_reuse=params["allow_brick_reuse"],
    )
    mount = wanted_brick(f"localhost:{params['mount']}").path if params["mount"] else ""
    refuse_outside(path, mount)
    return WantedBrick("localhost", path, params["volume"] or "", mount, policy)


def refuse_outside(path: str, mount: str) -> None:
    """A brick is a directory below its mount point: without the disk that directory is missing."""
    if mount and not path.startswith(f"{mount}/"):
        raise Refusal(
            "outside_mount",
            f"{path} is not below the mount point {mount}.",
            f"Use a directory such as {mount}/brick.",
        )


def wanted_peers(params: Mapping[str, Any]) -> WantedPeers:
    """The parameters of gluster_peer."""
    nodes = wanted_hosts(params["nodes"])
    if not nodes:
        raise Refusal("no_nodes", "nodes is empty.", "Name at least one node.")
    aliases = {node: wanted_hosts(further) for node, further in (params["aliases"] or {}).items()}
    for node in aliases:
        if node not in nodes:
            raise Refusal(
                "invalid_host",
                f"aliases has names for {node}, which is not listed in nodes.",
                "List the node, or correct its name.",
            )
    return WantedPeers(
        nodes,
        params["state"] == "present",
        aliases,
        params["remove_unlisted"],
        params["force"],
        params["timeout"],
    )


def wanted_hosts(given: Any) -> tuple[str, ...]:
    """Host names or addresses, each once."""
    listed = [given] if isinstance(given, str) else given
    hosts = tuple(dict.fromkeys(str(host).strip() for host in listed if str(host).strip()))
    for host in hosts:
        if "/" in host or " " in host:
            raise Refusal(
                "invalid_host",
                f"{host!r} is not a host name or address.",
                "List host names or addresses, without a path.",
            )
    return hosts


def wanted_volume(params: Mapping[str, Any]) -> WantedVolume:
    """The parameters of gluster_volume."""
    refuse_stripes(params["stripes"])
    name = wanted_name(params["name"])
    hosts = [host.strip() for host in params["cluster"] or () if host.strip()]
    replicas, arbiters = wanted_replicas(params["replicas"], params["arbiters"])
    options = {key.strip(): wanted_option(key, value) for key, value in wanted_dict(params).items()}
    volume = WantedVolume(
        name=name,
        state=params["state"],
        bricks=wanted_bricks(params["bricks"], hosts),
        probe=tuple(dict.fromkeys(hosts)),
        replicas=replicas,
        arbiters=arbiters,
        disperses=params["disperses"] or None,
        redundancies=params["redundancies"] or None,
        transport=params["transport"],
        start=params["state"] == "started" or bool(params["start_on_create"]),
        option_group=options.pop("group", None) or "",
        options=options,
        purge_options=params["purge_options"],
        quotas=wanted_quotas(params),
        replace_bricks=wanted_replacements(params["replace_bricks"] or {}),
        policy=wanted_policy(params),
    )
    refuse_mixed(volume)
    return volume


def wanted_dict(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options parameter, {} when it is not given."""
    options: Mapping[str, Any] = params["options"] or {}
    return options


def wanted_name(name: str) -> str:
    """A volume's name as glusterd accepts it."""
    if name.replace("-", "").replace("_", "").isalnum() and name.isascii():
        return name
    raise Refusal(
        "invalid_name",
        f"{name!r} can not be the name of a volume.",
        "Use letters, digits, dashes and underscores.",
    )


def refuse_stripes(stripes: int | None) -> None:
    """Striped volumes are gone from GlusterFS since release 6: say what replaced them."""
    if stripes and stripes > 1:
        raise Refusal(
            "stripe_unsupported",
            "GlusterFS has no striped volumes since release 6.",
            "For the sum of the space with large files in pieces over all bricks, leave out "
            "stripes and set the option features.shard: on before the first file is written. To "
            "survive the loss of a machine as well, use disperses and redundancies.",
        )


def wanted_replicas(replicas: int | None, arbiters: int | None) -> tuple[int | None, int | None]:
    """Replica and arbiter count as the CLI shows them: the arbiter is one of the replicas.

    ``replica 2 arbiter 1`` is the newer spelling of ``replica 3 arbiter 1``.
    """
    for count, what in ((replicas, "replicas"), (arbiters, "arbiters")):
        if count is not None and count < 0:
            raise Refusal("invalid_count", f"{what} is {count}.", "Counts are not negative.")
    if arbiters and arbiters != 1:
        raise Refusal("invalid_count", f"arbiters is {arbiters}.", "A replica set has one arbiter.")
    if arbiters and replicas == ARBITER_DATA_COPIES:
        return ARBITER_DATA_COPIES + 1, 1
    if arbiters and replicas != ARBITER_DATA_COPIES + 1:
        raise Refusal(
            "invalid_count",
            f"An arbiter goes with replicas: 3 (two copies and the arbiter), not {replicas}.",
            "Set replicas: 3 and arbiters: 1, and list three bricks a set, the arbiter last.",
        )
    return replicas or None, arbiters


def wanted_bricks(bricks: Sequence[str] | None, hosts: Sequence[str]) -> tuple[Brick, ...] | None:
    """Bricks in their order; paths alone are taken on each host, path by path."""
    given = [brick.strip() for brick in bricks or () if brick.strip()]
    if not given:
        return None
    paths = [brick for brick in given if brick.startswith("/")]
    if not paths:
        wanted = tuple(wanted_brick(brick) for brick in given)
    elif len(paths) == len(given) and hosts:
        wanted = tuple(wanted_brick(f"{host}:{path}") for path in paths for host in hosts)
    else:
        raise Refusal(
            "invalid_brick",
            f"It is not said on which hosts {', '.join(paths)} are bricks.",
            "List every brick as host:/path, or all as paths and their hosts in cluster.",
        )
    refuse_duplicates(wanted)
    refuse_loopback(wanted)
    return wanted


def wanted_brick(text: str) -> Brick:
    """A brick in its normal form: no trailing or doubled slash, no dots."""
    host, colon, path = text.rpartition(":")
    plain = text.isprintable() and not any(letter.isspace() for letter in text)
    absolute = bool(colon and host and path.startswith("/")) and posixpath.normpath(path) != "/"
    if not (plain and absolute):
        raise Refusal(
            "invalid_brick",
            f"{text!r} is not a brick.",
            "Write host:/path with an absolute path to a directory below /, and without blanks: "
            "glusterd would take what stands before a blank for the brick.",
        )
    return Brick(host.strip("[]"), "/" + posixpath.normpath(path).lstrip("/"))


def refuse_loopback(bricks: Sequence[Brick]) -> None:
    """A brick's host has one name for all nodes and clients."""
    for brick in bricks:
        if brick.host.startswith(("localhost", "127.")) or brick.host in ("::1", "::", "0.0.0.0"):
            raise Refusal(
                "invalid_brick",
                f"{brick.name} means another machine on every node.",
                "Write the name or address by which all nodes and clients reach that machine.",
            )


def refuse_duplicates(bricks: Sequence[Brick]) -> None:
    """A brick that is listed twice is a slip of the pen."""
    counts = Counter(brick.name for brick in bricks)
    twice = sorted(name for name, count in counts.items() if count > 1)
    if twice:
        raise Refusal(
            "duplicate_brick",
            f"Listed more than once: {', '.join(twice)}.",
            "List every brick once; two bricks on one host need two directories.",
        )


def wanted_replacements(pairs: Mapping[str, str]) -> tuple[tuple[Brick, Brick], ...]:
    """Old and new bricks; the same brick twice means that its disk was exchanged."""
    wanted = tuple((wanted_brick(str(old)), wanted_brick(str(new))) for old, new in pairs.items())
    refuse_duplicates([old for old, _new in wanted])
    refuse_duplicates([new for _old, new in wanted])
    refuse_loopback([brick for pair in wanted for brick in pair])
    return wanted


def wanted_quotas(params: Mapping[str, Any]) -> tuple[Quota, ...]:
    """All the limits, also the one in the way of gluster.gluster."""
    quotas = [wanted_quota(limit) for limit in params["quotas"] or ()]
    if params["quota"]:
        path = params["directory"] or "/"
        quotas.append(wanted_quota({"path": path, "hard_limit": params["quota"]}))
    return tuple(quotas)


def wanted_quota(limit: Mapping[str, Any]) -> Quota:
    """One limit, in bytes."""
    size = parse_size(str(limit["hard_limit"]))
    soft = limit.get("soft_limit")
    if not size:
        raise Refusal(
            "invalid_quota",
            f"{limit['hard_limit']!r} is not a size.",
            "Write a number of bytes, or a number with KB, MB, GB, TB or PB.",
        )
    if not limit["path"].startswith("/"):
        raise Refusal(
            "invalid_quota",
            f"{limit['path']!r} is not a directory of the volume.",
            "Write the path inside of the volume, beginning with a slash.",
        )
    if soft is not None and not 0 < soft <= MAX_PERCENT:
        raise Refusal("invalid_quota", f"A soft limit of {soft} %.", "Use a percentage to 100.")
    return Quota(posixpath.normpath("/" + limit["path"].lstrip("/")), size, soft)


def wanted_policy(params: Mapping[str, Any]) -> Policy:
    """What is allowed; ``force`` of gluster.gluster allows where a brick is, not what it holds."""
    force = params["force"]
    return Policy(
        shrink=params["shrink"],
        rebalance=REBALANCE.get(params["rebalance"], params["rebalance"]),
        allow_root_partition=params["allow_root_partition"] or force,
        allow_mount_point=params["allow_mount_point"] or force,
        allow_same_host=params["allow_same_host"] or force,
        allow_brick_reuse=params["allow_brick_reuse"],
        checked_bricks=params["checked_bricks"],
        heal_timeout=params["heal_timeout"],
        timeout=params["timeout"],
    )


def refuse_pool_options(volume: WantedVolume) -> None:
    """Options that only the pool as a whole has."""
    found = [name for name in volume.options if name in POOL_OPTIONS]
    if found and volume.name != POOL:
        raise Refusal(
            "pool_option",
            f"{', '.join(found)} is an option of the whole pool, not of a volume.",
            "Set it in a task of its own with name: all.",
        )


def refuse_mixed(volume: WantedVolume) -> None:
    """Parameters that contradict each other."""
    if (volume.disperses or volume.redundancies) and (volume.replicas or 1) > 1:
        raise Refusal(
            "invalid_layout",
            "A volume is either replicated or dispersed.",
            "Use replicas (and arbiters), or disperses and redundancies.",
        )
    refuse_pool_options(volume)
    if volume.name == POOL and (
        volume.bricks
        or volume.state != "present"
        or volume.quotas
        or volume.purge_options
        or volume.option_group
        or None in volume.options.values()
    ):
        raise Refusal(
            "invalid_name",
            "The name all stands for the options of the whole pool.",
            "With name: all use state: present and options with values, nothing else.",
        )
