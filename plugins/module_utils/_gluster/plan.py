# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to be done, from what is there and what is wanted. Pure: the heart of the modules.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import replace

from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import (
    Plan,
    Refusal,
    Step,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster import commands
from ansible_collections.clustered.storage.plugins.module_utils._gluster.gates import (
    WholePool,
    refuse_unhealthy_peer,
    refuse_unready_hosts,
    wait_connected,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import (
    Brick,
    Cluster,
    Directory,
    Layout,
    Volume,
    read_part,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.options import (
    OFF,
    OWN_OPTIONS,
    UNDOCUMENTED,
    differs,
    find_name,
    full_names,
    is_satisfied,
    surplus_options,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.pool import (
    plan_join,
    unwell,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.reshape import (
    plan_reshape,
    plan_unfinished,
    refuse_not_started,
    refuse_running_tasks,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.topology import (
    Reshape,
    adopted,
    bricks_after,
    changed_layout,
    classify,
    new_layout,
    refuse_shared_host,
    refuse_wrong_count,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.wanted import (
    POOL,
    Policy,
    WantedBrick,
    WantedVolume,
)

PEER_TIMEOUT_SECONDS = 60
REPLICA_2 = (
    "replica 2 can split its brain: two copies can not decide which is right. "
    "Add an arbiter (replicas: 3, arbiters: 1, a third brick that holds no data)."
)


def plan_volume(cluster: Cluster, wanted: WantedVolume) -> Plan[Cluster]:
    """All the steps from the volume as it is to the volume as it is wanted."""
    if wanted.name == POOL:
        return plan_pool_options(cluster, wanted)
    current = cluster.volume(wanted.name)
    if wanted.state == "absent":
        return plan_absent(cluster, current)
    if current is None:
        return plan_create(cluster, wanted)
    return plan_existing(cluster, current, wanted)


def plan_pool_options(cluster: Cluster, wanted: WantedVolume) -> Plan[Cluster]:
    """Set options of the whole pool."""
    current = read_part(cluster.pool_options, "pool_options")
    options = full_names(wanted.options, current)
    changed = {
        name: value
        for name, value in options.items()
        if value is not None and differs(current, name, value)
    }
    if not changed:
        return Plan(cluster, cluster)
    step = Step(f"set {', '.join(changed)} for the pool", commands.volume_set(POOL, changed))
    return Plan(cluster, replace(cluster, pool_options={**current, **changed}), (step,))


def plan_absent(cluster: Cluster, current: Volume | None) -> Plan[Cluster]:
    """Stop and forget a volume; its bricks keep their files."""
    if current is None:
        return Plan(cluster, cluster)
    if current.snapshots:
        raise Refusal(
            "has_snapshots",
            f"Volume {current.name} has {current.snapshots} snapshots.",
            "Delete them first (gluster snapshot delete volume NAME).",
        )
    for peer in read_part(cluster.peers, "peers"):
        refuse_unhealthy_peer(peer)
    if current.status == "started":
        refuse_running_tasks(cluster, current)
    stop = Step(f"{current.name} is to go and is running", commands.volume_stop(current.name))
    delete = Step(
        f"{current.name} is to go; its bricks keep their files",
        commands.volume_delete(current.name),
    )
    steps = (stop, delete) if current.status == "started" else (delete,)
    volumes = read_part(cluster.volumes, "volumes")
    left = tuple(volume for volume in volumes if volume.name != current.name)
    return Plan(cluster, replace(cluster, volumes=left), steps)


def plan_create(cluster: Cluster, wanted: WantedVolume) -> Plan[Cluster]:
    """Make a volume, with its options set before it starts."""
    if wanted.bricks is None:
        raise Refusal(
            "no_volume",
            f"There is no volume {wanted.name}.",
            "To make it, list its bricks.",
        )
    layout = new_layout(wanted, len(wanted.bricks))
    refuse_wrong_count(wanted.bricks, layout)
    read_part(cluster.peers, "peers")
    bricks = adopted(wanted.bricks, (), read_part(cluster.hosts, "hosts"))
    check_new_bricks(cluster, bricks, layout, wanted)
    refuse_unready_hosts(cluster, bricks, wanted.probe)
    volume = Volume(wanted.name, "", "created", wanted.transport or "tcp", layout, bricks)
    create = Step(
        f"there is no volume {wanted.name}: make it {layout.text} of {len(bricks)} bricks",
        commands.volume_create(volume, force=wanted.policy.needs_force),
    )
    option_steps, volume = plan_options(cluster, volume, wanted)
    state_steps, volume = plan_state(volume, wanted)
    quota_steps = plan_quotas(replace(cluster, quotas=()), volume, wanted)
    before = (*connect_steps(cluster, bricks, wanted), *clean_steps(cluster, bricks))
    steps = (*before, create, *option_steps, *state_steps, *quota_steps)
    return Plan(cluster, with_volume(cluster, volume), steps, layout_warnings(layout))


def plan_existing(cluster: Cluster, current: Volume, wanted: WantedVolume) -> Plan[Cluster]:
    """Bring an existing volume to its wanted options, state, bricks and quotas.

    It starts before its bricks change, and stops only afterwards.
    """
    refuse_transport(current, wanted)
    stops = wanted.state == "stopped"
    option_steps, volume = plan_options(cluster, current, wanted)
    start_steps, volume = ((), volume) if stops else plan_state(volume, wanted)
    brick_steps, volume = plan_bricks(cluster, volume, wanted)
    quota_steps = plan_quotas(cluster, volume, wanted)
    if stops and volume.status == "started" and not brick_steps:
        refuse_running_tasks(cluster, volume)
    stop_steps, volume = plan_state(volume, wanted) if stops else ((), volume)
    steps = (*option_steps, *start_steps, *brick_steps, *quota_steps, *stop_steps)
    warnings = grow_warnings(current, volume, wanted.policy)
    return Plan(cluster, with_volume(cluster, volume), steps, warnings)


def with_volume(cluster: Cluster, volume: Volume) -> Cluster:
    """The cluster with that volume in place of the one of its name."""
    volumes = read_part(cluster.volumes, "volumes")
    others = tuple(other for other in volumes if other.name != volume.name)
    return replace(cluster, volumes=(*others, volume))


def refuse_transport(current: Volume, wanted: WantedVolume) -> None:
    """glusterd changes the transport of stopped volumes only, and RDMA is gone since release 8."""
    if wanted.transport not in (None, current.transport):
        raise Refusal(
            "impossible_transport",
            f"Volume {current.name} uses {current.transport}, not {wanted.transport}.",
            "Set transport to what it uses, or make a new volume.",
        )


def layout_warnings(layout: Layout) -> tuple[str, ...]:
    """What a layout is known to do to people."""
    return (REPLICA_2,) if layout.replicas == 2 else ()  # noqa: PLR2004


def grow_warnings(before: Volume, after: Volume, policy: Policy) -> tuple[str, ...]:
    """What a change leaves to be known."""
    grown = len(after.sets) > len(before.sets) and policy.rebalance == "never"
    spread = (
        "New bricks get no files in directories that exist already until the volume is "
        "rebalanced: give rebalance: fix-layout (new files only) or full.",
    )
    changed = layout_warnings(after.layout) if after.layout != before.layout else ()
    return changed + (spread if grown else ()) + move_warnings(before, after, policy)


def move_warnings(before: Volume, after: Volume, policy: Policy) -> tuple[str, ...]:
    """What clients may see while files move between sets; measured on 10.3 with four writers."""
    more = len(after.sets) > len(before.sets) and policy.rebalance == "full"
    fewer = len(after.sets) < len(before.sets) and policy.shrink == "migrate"
    if not (more or fewer):
        return ()
    renames = (
        "While files move, nothing should be renamed onto a file that exists: GlusterFS may fail "
        "that, or keep the old file.",
    )
    lookups = (
        "While files move, clients may not find some of them, or list them twice: set "
        "cluster.lookup-optimize: off first.",
    )
    is_off = after.options.get("cluster.lookup-optimize", "on").lower() in OFF
    return renames if is_off else (*renames, *lookups)


def plan_state(volume: Volume, wanted: WantedVolume) -> tuple[tuple[Step, ...], Volume]:
    """Start or stop."""
    runs = volume.status == "started"
    if wanted.state == "stopped" and runs:
        step = Step(f"{volume.name} is running", commands.volume_stop(volume.name))
        return (step,), replace(volume, status="stopped")
    if wanted.state != "stopped" and wanted.start and not runs:
        step = Step(f"{volume.name} is {volume.status}", commands.volume_start(volume.name))
        return (step,), replace(volume, status="started")
    return (), volume


def plan_options(
    cluster: Cluster, volume: Volume, wanted: WantedVolume
) -> tuple[tuple[Step, ...], Volume]:
    """Set what differs in one transaction; put back what is not wanted any more."""
    options = wanted_options(cluster, wanted)
    surplus = surplus_options(volume.options, options) if wanted.purge_options else []
    if is_satisfied(volume.options, options) and not surplus:
        return (), volume
    if not is_satisfied(volume.options, options):
        options = full_names(options, known_options(cluster, volume))
    changed = {
        name: value
        for name, value in options.items()
        if value is not None and differs(volume.options, name, value)
    }
    unset = [name for name, value in options.items() if value is None and name in volume.options]
    steps = []
    if changed:
        why = f"{volume.name} has other values for {', '.join(changed)}"
        steps.append(Step(why, commands.volume_set(volume.name, changed)))
    for name in (*unset, *surplus):
        why = f"{name} of {volume.name} is to have its default"
        steps.append(Step(why, commands.volume_reset(volume.name, name)))
    kept = {n: v for n, v in volume.options.items() if n not in unset and n not in surplus}
    return tuple(steps), replace(volume, options={**kept, **changed})


def known_options(cluster: Cluster, volume: Volume) -> tuple[str, ...]:
    """Every option that glusterd is known to take.

    What is set is known: 11.1 sets nfs.disable on every volume and lists it nowhere.
    """
    listed = read_part(cluster.option_names, "option_names")
    beyond = () if cluster.volumes else UNDOCUMENTED
    return (*listed, *volume.options, *OWN_OPTIONS, *beyond)


def wanted_options(cluster: Cluster, wanted: WantedVolume) -> dict[str, str | None]:
    """The options of the group, if one is named, below the options themselves."""
    if not wanted.option_group:
        return dict(wanted.options)
    group = read_part(cluster.option_group, "option_group")
    return {**group, **wanted.options}


def managed_options(cluster: Cluster, volume: Volume, wanted: WantedVolume) -> dict[str, str]:
    """The options that the task speaks of, as the volume has them."""
    options = {**(cluster.option_group or {}), **wanted.options}
    spoken = {find_name(name, volume.options) or name for name in options}
    if wanted.purge_options:
        spoken |= set(surplus_options(volume.options, options))
    return {name: volume.options[name] for name in sorted(spoken) if name in volume.options}


def plan_quotas(cluster: Cluster, volume: Volume, wanted: WantedVolume) -> tuple[Step, ...]:
    """Limits that are missing or differ, compared in bytes."""
    if not wanted.quotas or (wanted.state == "stopped" and volume.status != "started"):
        return ()
    if volume.status != "started":
        raise Refusal(
            "not_started",
            f"Limits are set on a running volume only; {volume.name} is {volume.status}.",
            "Start it with state: started.",
        )
    enabled = volume.options.get("features.quota") == "on"
    known = enabled and runs(cluster, volume)
    current = {q.path: q for q in read_part(cluster.quotas, "quotas")} if known else {}
    steps = [] if enabled else [Step("quotas are off", commands.quota_enable(volume.name))]
    for quota in wanted.quotas:
        present = current.get(quota.path)
        soft = quota.soft_percent or (present.soft_percent if present else None)
        if present is None or present != replace(quota, soft_percent=soft):
            why = f"the limit of {quota.path} is to be {quota.hard_bytes} bytes"
            steps.append(Step(why, commands.quota_limit(volume.name, quota)))
    return tuple(steps)


def plan_bricks(
    cluster: Cluster, volume: Volume, wanted: WantedVolume
) -> tuple[tuple[Step, ...], Volume]:
    """Change the bricks, take up what an earlier run left unfinished, or do nothing."""
    if wanted.bricks is None:
        refuse_layout_alone(volume, wanted)
        return (), volume
    layout = changed_layout(volume.layout, wanted)
    bricks = adopted(wanted.bricks, volume.bricks, cluster.hosts)
    replaced = live_replacements(cluster, volume, bricks, wanted)
    changes = classify(volume, layout, bricks, replaced)
    reshape = Reshape(volume, layout, bricks, changes, wanted.policy, wanted.probe)
    if changes or (volume.unfinished and volume.status == "started"):
        # What the volume is now, not what an earlier step of this plan makes of it.
        refuse_not_started(cluster.volume(volume.name) or volume)
    if not changes:
        return plan_unfinished(cluster, reshape), volume
    check_new_bricks(cluster, bricks, layout, wanted, volume)
    clean = clean_steps(cluster, changes.new_bricks)
    steps = plan_reshape(cluster, reshape)
    probes = connect_steps(cluster, bricks, wanted) if plan_probes(cluster, wanted) else ()
    after = replace(volume, layout=layout, bricks=bricks_after(volume, changes))
    return (*probes, *clean, *steps), after


def refuse_layout_alone(volume: Volume, wanted: WantedVolume) -> None:
    """Counts without bricks can not be brought about."""
    if changed_layout(volume.layout, wanted) != volume.layout or wanted.replace_bricks:
        raise Refusal(
            "no_bricks",
            f"Volume {volume.name} is {volume.layout.text}; to change that its bricks are needed.",
            "List all the bricks the volume is to have, in their order.",
        )


def live_replacements(
    cluster: Cluster, volume: Volume, bricks: tuple[Brick, ...], wanted: WantedVolume
) -> tuple[tuple[Brick, Brick], ...]:
    """The replacements that are not made yet: the old brick is still there, and the new is listed.

    A brick named as its own replacement is renewed only while it is offline.
    """
    listed = {brick.key: brick for brick in bricks}
    pairs = []
    for old_name, new_name in wanted.replace_bricks:
        old, new = adopted((old_name, new_name), volume.bricks, cluster.hosts)
        refuse_unlisted(old, new, listed)
        renewed = old == new and needs_renewal(cluster, volume, old)
        if renewed or (old != new and old in volume.bricks and new not in volume.bricks):
            refuse_unchecked(cluster, new, wanted.policy)
            pairs.append((old, new))
    refuse_overlaps(new for _old, new in pairs)
    refuse_overlaps(old for old, _new in pairs)
    return tuple(pairs)


def refuse_unchecked(cluster: Cluster, brick: Brick, policy: Policy) -> None:
    """glusterd puts in whatever is in the place of a brick, and we see this machine only."""
    own = {peer.uuid for peer in read_part(cluster.peers, "peers") if peer.is_self}
    if policy.checked_bricks or policy.allow_brick_reuse or brick.host_uuid in own:
        return
    raise Refusal(
        "brick_unchecked",
        f"What {brick.name} holds can not be seen from here, and GlusterFS does not look.",
        "Run clustered.storage.gluster_brick on that machine, then say checked_bricks: true. "
        "The role storage_node does both.",
    )


def refuse_unlisted(old: Brick, new: Brick, listed: dict[tuple[str, str], Brick]) -> None:
    """The list of bricks says what the volume has afterwards."""
    if new.key not in listed or (old != new and old.key in listed):
        raise Refusal(
            "replacement_not_listed",
            f"replace_bricks puts {new.name} in the place of {old.name}, bricks does not.",
            f"List {new.name} in bricks where {old.name} stood.",
        )


def runs(cluster: Cluster, volume: Volume) -> bool:
    """Whether a volume runs now, whatever an earlier step of the plan makes of it."""
    return (cluster.volume(volume.name) or volume).status == "started"


def needs_renewal(cluster: Cluster, volume: Volume, brick: Brick) -> bool:
    """Whether a brick of a running volume is known not to be online."""
    current = cluster.volume(volume.name)
    if volume.status != "started" or current is None or current.status == "created":
        return False
    refuse_not_started(current)
    statuses = read_part(cluster.statuses, "statuses")
    return any(status.key == brick.key and not status.online for status in statuses)


# ---- a directory of this machine ----


def plan_brick(cluster: Cluster, wanted: WantedBrick) -> Plan[Cluster]:
    """Make a directory fit to become a brick; one that is a brick of the volume is left alone."""
    refuse_unmounted(cluster, wanted)
    this = next(peer for peer in read_part(cluster.peers, "peers") if peer.is_self)
    brick = Brick(wanted.host, wanted.path, this.uuid)
    volumes = read_part(cluster.volumes, "volumes")
    own = next((volume for volume in volumes if volume.name == wanted.volume), None)
    if own and brick.key in {other.key for other in own.bricks}:
        return Plan(cluster, cluster)
    for volume in volumes:
        refuse_used_brick((brick,), volume)
    directory = read_part(cluster.directories, "directories")[wanted.path]
    refuse_directory(cluster, brick, directory, own.id if own else "", wanted.policy)
    ready = replace(directory, volume_id="", missing_parent=False)
    after = replace(cluster, directories={wanted.path: ready})
    return Plan(cluster, after, ready_directory(brick, directory))


def refuse_unmounted(cluster: Cluster, wanted: WantedBrick) -> None:
    """Below a mount point without its disk lies the root disk."""
    if not wanted.mount:
        return
    if not read_part(cluster.directories, "directories")[wanted.mount].is_mount_point:
        raise Refusal(
            "not_mounted",
            f"Nothing is mounted at {wanted.mount}, where the disk of {wanted.path} belongs.",
            f"Find out where the disk is (findmnt, lsblk) and mount it: mount {wanted.mount}",
        )


# ---- the machines and directories of new bricks ----


def plan_probes(cluster: Cluster, wanted: WantedVolume) -> tuple[Step, ...]:
    """Machines listed in cluster join the pool first, as with gluster.gluster."""
    hosts = read_part(cluster.hosts, "hosts")
    return plan_join(cluster, [hosts[name] for name in wanted.probe], PEER_TIMEOUT_SECONDS).steps


def connect_steps(
    cluster: Cluster, bricks: tuple[Brick, ...], wanted: WantedVolume
) -> tuple[Step, ...]:
    """All brick hosts in the pool and connected to each other.

    A create that one of them refuses leaves marked directories on the others.
    """
    peers = read_part(cluster.peers, "peers")
    probes = plan_probes(cluster, wanted)
    asked = set(wanted.probe if probes else ()) | this_node(cluster)
    others = dict.fromkeys(brick.host for brick in bricks if brick.host not in asked)
    count = len(peers) + sum(step.until is None for step in probes)
    pool = WholePool(count, unwell(peers), PEER_TIMEOUT_SECONDS)
    return (*probes, *wait_connected(others, pool))


def this_node(cluster: Cluster) -> set[str]:
    """The names of the machine we run on, as bricks may have them."""
    volumes = read_part(cluster.volumes, "volumes")
    hosts = read_part(cluster.hosts, "hosts").values()
    own = {peer.uuid for peer in read_part(cluster.peers, "peers") if peer.is_self}
    in_bricks = {b.host for volume in volumes for b in volume.bricks if b.host_uuid in own}
    return in_bricks | {host.name for host in hosts if host.is_self}


def check_new_bricks(
    cluster: Cluster,
    bricks: tuple[Brick, ...],
    layout: Layout,
    wanted: WantedVolume,
    volume: Volume | None = None,
) -> None:
    """Everything that speaks against new bricks, before anything is changed."""
    old = frozenset(volume.bricks if volume else ())
    new = tuple(brick for brick in bricks if brick not in old)
    if not wanted.policy.allow_same_host:
        refuse_shared_host(bricks, layout)
    refuse_overlaps(bricks)
    for other in read_part(cluster.volumes, "volumes"):
        refuse_used_brick(new, other)
    volume_id = volume.id if volume else ""
    directories = read_part(cluster.directories, "directories")
    for brick in new:
        if brick.path in directories and is_local(cluster, brick):
            refuse_directory(cluster, brick, directories[brick.path], volume_id, wanted.policy)


def is_local(cluster: Cluster, brick: Brick) -> bool:
    """Whether the brick is on the machine we run on."""
    return read_part(cluster.hosts, "hosts")[brick.host].is_self


def refuse_used_brick(bricks: Iterable[Brick], volume: Volume) -> None:
    """A brick belongs to one volume; it does not lie in another brick, nor the other way round."""
    used: dict[str, list[Brick]] = {}
    for other in volume.bricks:
        used.setdefault(other.host_id, []).append(other)
    for brick in bricks:
        for other in used.get(brick.host_id, ()):
            if overlaps(brick.path, other.path):
                raise Refusal(
                    "brick_in_use",
                    f"{brick.name} is, contains or lies in {other.name}, "
                    f"a brick of volume {volume.name}.",
                    "Use a directory of its own for every brick.",
                )


def refuse_overlaps(bricks: Iterable[Brick]) -> None:
    """Two names of one brick, or one brick inside of another, in the same list."""
    last: dict[str, Brick] = {}
    for brick in sorted(bricks, key=lambda brick: f"{brick.path}/"):
        other = last.get(brick.host_id)
        if other and overlaps(brick.path, other.path):
            raise Refusal(
                "duplicate_brick",
                f"{other.name} and {brick.name} are the same directory, or one lies in the other.",
                "Use a directory of its own for every brick.",
            )
        last[brick.host_id] = brick


def overlaps(one: str, other: str) -> bool:
    """Whether two paths are the same or one lies below the other."""
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def refuse_directory(
    cluster: Cluster, brick: Brick, directory: Directory, volume_id: str, policy: Policy
) -> None:
    """What a local directory has against being a brick, each with its own permission."""
    if directory.is_mount_point and not policy.allow_mount_point:
        raise Refusal(
            "mount_point",
            f"{brick.name} is a mount point: without its disk the root disk would fill silently.",
            "Use a directory below it, or allow it with allow_mount_point: true.",
        )
    if directory.on_root and not policy.allow_root_partition:
        raise Refusal(
            "root_partition",
            f"{brick.name} is on the root partition, which it could fill.",
            "Use a disk of its own, or allow it with allow_root_partition: true.",
        )
    if policy.allow_brick_reuse:
        return
    if directory.marked_parent:
        raise Refusal(
            "brick_in_use",
            f"{brick.name} lies in {directory.marked_parent}, which is or was a brick.",
            "Use a directory outside of it.",
        )
    if directory.files and not directory.volume_id:
        raise Refusal(
            "brick_not_empty",
            f"{brick.name} is not empty, and what it holds would become part of the volume.",
            "Use an empty directory, or adopt what it holds with allow_brick_reuse: true.",
        )
    if directory.volume_id and not is_debris(cluster, directory, volume_id):
        raise Refusal(
            "brick_in_use",
            f"{brick.name} is or was a brick of volume {directory.volume_id} and is not empty.",
            "Use another directory, or adopt what it holds with allow_brick_reuse: true.",
        )


def is_debris(cluster: Cluster, directory: Directory, volume_id: str) -> bool:
    """Whether a marked directory is what a failed transaction leaves behind: marked but empty."""
    volumes = read_part(cluster.volumes, "volumes")
    foreign = {volume.id for volume in volumes} - {volume_id}
    return directory.files == 0 and directory.volume_id not in foreign


def clean_steps(cluster: Cluster, bricks: Iterable[Brick]) -> tuple[Step, ...]:
    """Clear away what a failed transaction left of the bricks on this machine."""
    directories = read_part(cluster.directories, "directories")
    return tuple(
        step
        for brick in bricks
        if brick.path in directories and is_local(cluster, brick)
        for step in ready_directory(brick, directories[brick.path])
    )


def ready_directory(brick: Brick, directory: Directory) -> tuple[Step, ...]:
    """Clear the directory of an earlier failure away, and make the one above it."""
    clean = clean_directory(brick, directory)
    if not directory.missing_parent:
        return clean
    parent = posixpath.dirname(brick.path)
    return (*clean, Step(f"there is no directory {parent}", commands.make_directory(parent)))


def clean_directory(brick: Brick, directory: Directory) -> tuple[Step, ...]:
    """Remove a marked directory without files; rmdir would not take a single one."""
    if directory.files or not directory.volume_id:
        return ()
    why = f"{brick.name} is empty and marked by an earlier attempt that failed"
    inner = (f"{brick.path}/.glusterfs",) if directory.has_inner else ()
    return (Step(why, commands.remove_directories(*inner, brick.path)),)
