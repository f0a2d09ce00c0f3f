# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a change of bricks, between its gates. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal, Step
from ansible_collections.clustered.storage.plugins.module_utils._gluster import commands
from ansible_collections.clustered.storage.plugins.module_utils._gluster.copies import (
    dead_bricks,
    refuse_last_copies,
    settle_heal,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.gates import (
    missing_task,
    refuse_disabled_heal,
    refuse_offline_bricks,
    refuse_unready_hosts,
    wait_filled,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import (
    UNFINISHED,
    Brick,
    Cluster,
    Task,
    Volume,
    read_part,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.topology import (
    Reshape,
    bricks_after,
    names,
)

DELETING_RELEASE = "11.0"
# A process that moves files changes a figure in this time, its own run time at least.
PATIENCE_SECONDS = 30
# A rebalance under way, as its status is spelled, and which kind it is.
RUNNING = {"in progress": "full", "fix-layout in progress": "fix-layout"}


def plan_reshape(cluster: Cluster, reshape: Reshape) -> tuple[Step, ...]:
    """All the steps that lead to the wanted bricks; refuses what is not safe to begin.

    What is dead goes first, so that every wait for healing is a wait for all the copies.
    """
    refuse_unnamed_loss(reshape)
    going = frozenset(reshape.discarded + reshape.replaced)
    staying = tuple(brick for brick in reshape.volume.bricks if brick not in going)
    refuse_unready_hosts(cluster, (*staying, *reshape.changes.new_bricks), reshape.joining)
    refuse_offline_bricks(cluster, staying)
    if reshape.changes.replaced or reshape.changes.gained:
        refuse_disabled_heal(reshape.volume)
    refuse_deleting_release(cluster, reshape)
    dead = dead_bricks(cluster, reshape.replaced)
    refuse_last_copies(reshape, dead)
    # glusterd adds and replaces no brick while a removal is not committed.
    resumed = any(resumes(task, reshape) for task in read_part(cluster.tasks, "tasks"))
    migration = migrate_steps(reshape, resumed=resumed)
    gone = len(reshape.discarded) + (len(reshape.changes.removed) if resumed else 0)
    count = len(reshape.volume.bricks) - gone
    steps = (
        *settle_tasks(cluster, reshape),
        *settle_heal(cluster, reshape),
        *(migration if resumed else ()),
        *discard_steps(reshape),
        *replace_steps(reshape, dead, count),
        *resize_steps(reshape, count),
        *grow_steps(reshape),
        *(() if resumed else migration),
        *finish_steps(cluster, reshape),
    )
    return between_marks(reshape, steps)


def refuse_not_started(volume: Volume) -> None:
    """Only a running volume can say whether its copies are complete."""
    if volume.status != "started":
        raise Refusal(
            "not_started",
            f"Volume {volume.name} is {volume.status}; its bricks change only while it runs.",
            "Start it first (state: started without bricks), then run this again.",
        )


def refuse_unnamed_loss(reshape: Reshape) -> None:
    """Bricks go only when the task says how."""
    changes, policy = reshape.changes, reshape.policy
    if changes.shrinks and policy.shrink == "refuse":
        going = names(changes.lost + changes.removed)
        raise Refusal(
            "shrink_refused",
            f"Volume {reshape.volume.name} has bricks that are not listed: {going}. "
            "Nothing is removed.",
            "List them, or say what is to happen to them: shrink: migrate moves their files to the "
            "other bricks first and loses nothing.",
        )
    single = reshape.volume.layout.set_size == 1
    dead = [old.name for old, new in changes.replaced if single]
    if dead:
        raise Refusal(
            "no_other_copy",
            f"{', '.join(dead)} has the only copy of its files; putting another brick in its place "
            "would lose them.",
            "List the new brick beside the old ones, then leave the old one out with "
            "shrink: migrate.",
        )


def refuse_deleting_release(cluster: Cluster, reshape: Reshape) -> None:
    """One release deletes files that it should move: gluster/glusterfs issue 4148."""
    moves = (reshape.changes.removed and reshape.policy.shrink == "migrate") or (
        reshape.changes.grown and reshape.policy.rebalance == "full"
    )
    if moves and read_part(cluster.release, "release") == DELETING_RELEASE:
        raise Refusal(
            "broken_release",
            f"GlusterFS {DELETING_RELEASE} deletes files while it moves them between bricks.",
            "Upgrade every node to 11.1 or later first.",
        )


def refuse_running_tasks(cluster: Cluster, volume: Volume) -> None:
    """A volume whose files are on the move is not stopped."""
    for task in read_part(cluster.tasks, "tasks"):
        if task.status in RUNNING:
            raise Refusal(
                "task_in_progress",
                f"A {task.kind} of volume {volume.name} is under way ({task.status}).",
                "Wait until it is complete, or stop it first.",
            )


def settle_tasks(cluster: Cluster, reshape: Reshape) -> tuple[Step, ...]:
    """What is under way is waited for, or taken back where the wanted bricks contradict it."""
    steps: list[Step] = []
    for task in read_part(cluster.tasks, "tasks"):
        if task.kind == "rebalance" and task.status in RUNNING:
            kind = RUNNING[task.status]
            steps.append(wait_rebalance(reshape, reshape.volume.bricks, kind))
        if task.kind == "remove-brick" and not resumes(task, reshape):
            steps.append(stop_removal(reshape, task))
    return tuple(steps)


def resumes(task: Task, reshape: Reshape) -> bool:
    """Whether a removal under way is the one that is wanted."""
    wanted = {brick.name for brick in reshape.changes.removed}
    return reshape.policy.shrink == "migrate" and set(task.bricks) == wanted


def stop_removal(reshape: Reshape, task: Task) -> Step:
    """Take back a removal of bricks that are wanted; one of other bricks is somebody else's."""
    listed = {brick.name for brick in reshape.bricks} | {b.name for b in reshape.changes.removed}
    if not set(task.bricks) <= listed:
        raise Refusal(
            "task_in_progress",
            f"A removal of {', '.join(task.bricks)} is under way and is not the one asked for.",
            "Finish it (gluster volume remove-brick ... commit) or stop it first.",
        )
    bricks = tuple(brick for brick in reshape.volume.bricks if brick.name in task.bricks)
    return Step(
        f"stop the unfinished removal of {names(bricks)}, which shall stay",
        commands.remove_brick(reshape.volume.name, bricks, "stop"),
    )


def discard_steps(reshape: Reshape) -> tuple[Step, ...]:
    """Take out what the task gives up, with the files that are on it."""
    volume, changes = reshape.volume, reshape.changes
    if not reshape.discarded:
        return ()
    if changes.lost:
        return (lower_replicas(reshape),)
    why = f"remove {names(changes.removed)} from {volume.name} with the files on them"
    argv = commands.remove_brick(volume.name, changes.removed, "force")
    return (Step(why, argv, destroys=True),)


def lower_replicas(reshape: Reshape) -> Step:
    """Take copies out of every set."""
    lost = reshape.changes.lost
    return Step(
        f"make {reshape.volume.name} {reshape.layout.text} without {names(lost)}",
        commands.reduce_replica(reshape.volume.name, reshape.layout.replicas, lost),
        destroys=bool(reshape.discarded),
    )


def replace_steps(reshape: Reshape, dead: tuple[Brick, ...], count: int) -> tuple[Step, ...]:
    """The dead bricks in a row, then the living ones, each after all copies are complete."""
    pairs = reshape.changes.replaced
    buried = [(old, new) for old, new in pairs if old in dead]
    groups = [buried] if buried else []
    groups += [[(old, new)] for old, new in pairs if old not in dead]
    steps: list[Step] = []
    for group in groups:
        for old, new in group:
            steps.extend(replace_brick(reshape, old, new))
        filled = [new for _old, new in group]
        steps.extend(wait_filled(reshape.volume, filled, count, reshape.policy))
    return tuple(steps)


def replace_brick(reshape: Reshape, old: Brick, new: Brick) -> tuple[Step, ...]:
    """The commands that put one brick in place of another, or of its own former self."""
    name = reshape.volume.name
    if old != new:
        why = f"put {new.name} in the place of {old.name}; its copy is made from the others"
        return (Step(why, commands.replace_brick(name, old, new)),)
    return (
        Step(f"take {old.name} offline", commands.reset_brick_start(name, old)),
        Step(
            f"bring {old.name} back on its new disk; its copy is made from the others",
            commands.reset_brick_commit(name, old),
        ),
    )


def resize_steps(reshape: Reshape, count: int) -> tuple[Step, ...]:
    """More or fewer copies in every set."""
    volume, changes, policy = reshape.volume, reshape.changes, reshape.policy
    if changes.lost and not reshape.discarded:
        return (lower_replicas(reshape),)
    if not changes.gained:
        return ()
    why = f"make {volume.name} {reshape.layout.text} with {names(changes.gained)}"
    argv = commands.add_brick(volume.name, reshape.layout, changes.gained, force=policy.needs_force)
    resized = replace(volume, layout=reshape.layout)
    count += len(changes.gained)
    return (Step(why, argv), *wait_filled(resized, changes.gained, count, policy))


def grow_steps(reshape: Reshape) -> tuple[Step, ...]:
    """Whole new sets; finish_steps spreads files over them when asked."""
    grown, name = reshape.changes.grown, reshape.volume.name
    if not grown:
        return ()
    argv = commands.add_brick(name, None, grown, force=reshape.policy.needs_force)
    add = Step(f"add {names(grown)} to {name}", argv)
    kind = reshape.policy.rebalance
    return (add,) if kind == "never" else (add, *rebalance_steps(reshape, kind))


def rebalance_steps(reshape: Reshape, kind: str) -> tuple[Step, ...]:
    """Spread directories, or directories and files, over the bricks that there are by then."""
    what = "directories" if kind == "fix-layout" else "directories and files"
    name = reshape.volume.name
    begin = Step(f"spread the {what} of {name} over all bricks", commands.rebalance(name, kind))
    return (begin, wait_rebalance(reshape, bricks_after(reshape.volume, reshape.changes), kind))


def wait_rebalance(reshape: Reshape, bricks: tuple[Brick, ...], kind: str) -> Step:
    """Wait until every node that has one of the bricks has done its part.

    A node that is asked how far it is in the moment in which it ends says "in progress" for ever
    (seen with 10.3). At work it counts its seconds; so when nothing changes it begins anew, which
    glusterd refuses as long as it does work somewhere.
    """
    hosts = frozenset(brick.host_uuid for brick in bricks if brick.host_uuid)
    return Step(
        f"wait until the rebalance of {reshape.volume.name} is complete",
        commands.rebalance_status(reshape.volume.name),
        until=missing_task(hosts, "rebalance"),
        timeout_seconds=reshape.policy.timeout,
        patience_seconds=PATIENCE_SECONDS,
        nudge=commands.rebalance(reshape.volume.name, kind),
    )


def migrate_steps(reshape: Reshape, *, resumed: bool) -> tuple[Step, ...]:
    """Whole sets go after their files have moved to the others."""
    removed, policy, name = reshape.changes.removed, reshape.policy, reshape.volume.name
    if not removed or policy.shrink != "migrate":
        return ()
    begin = Step(
        f"move the files off {names(removed)}", commands.remove_brick(name, removed, "start")
    )
    wait = Step(
        f"wait until the files of {names(removed)} have moved",
        commands.remove_brick(name, removed, "status"),
        until=missing_task(frozenset(b.host_uuid for b in removed), "remove-brick"),
        timeout_seconds=policy.timeout,
        patience_seconds=PATIENCE_SECONDS,
        undo=commands.remove_brick(name, removed, "stop"),
    )
    commit = Step(
        f"take the emptied {names(removed)} out of {name}",
        commands.remove_brick(name, removed, "commit"),
    )
    return (wait, commit) if resumed else (begin, wait, commit)


def finish_steps(cluster: Cluster, reshape: Reshape) -> tuple[Step, ...]:
    """What an earlier, interrupted change has left to do and this one does not do anyway."""
    changes = reshape.changes
    steps: list[Step] = []
    earlier = reshape.volume.unfinished_kinds
    spreads_over = len(bricks_after(reshape.volume, changes)) // reshape.layout.set_size
    covered = {
        RUNNING.get(task.status)
        for task in read_part(cluster.tasks, "tasks")
        if task.kind == "rebalance"
    }
    if changes.grown and reshape.policy.rebalance == "full":
        covered = {"fix-layout", "full"}
    for kind in ("fix-layout", "full"):
        if kind in earlier and kind not in covered and spreads_over > 1:
            steps.extend(rebalance_steps(reshape, kind))
    if "heal" in earlier and not (changes.replaced or changes.gained):
        refuse_disabled_heal(reshape.volume)
        after = replace(reshape.volume, layout=reshape.layout)
        bricks = bricks_after(reshape.volume, changes)
        steps.extend(wait_filled(after, bricks, len(bricks), reshape.policy))
    return tuple(steps)


def plan_unfinished(cluster: Cluster, reshape: Reshape) -> tuple[Step, ...]:
    """What an interrupted run left to do on a volume whose bricks are as wanted."""
    volume = reshape.volume
    left = kinds_left(reshape)
    if volume.status != "started" or volume.unfinished in ("", "+".join(left)):
        return ()
    if not volume.filling:
        refuse_offline_bricks(cluster, volume.bricks)
    steps = (*settle_tasks(cluster, reshape), *finish_steps(cluster, reshape))
    return (*steps, mark(volume.name, left))


def kinds_left(reshape: Reshape) -> tuple[str, ...]:
    """What is still to be done after a run: healing that nobody waits for.

    Without the note the next change could take a brick for filled that is not.
    """
    waits = bool(reshape.policy.heal_timeout)
    return () if waits else tuple(kind for kind in reshape.kinds if kind.startswith("heal"))


def between_marks(reshape: Reshape, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps, remembered in the volume while they are under way."""
    name, kinds, left = reshape.volume.name, reshape.kinds, kinds_left(reshape)
    begin = () if "+".join(kinds) == reshape.volume.unfinished else (mark(name, kinds),)
    end = () if kinds == left else (mark(name, left),)
    return (*begin, *steps, *end)


def mark(name: str, kinds: tuple[str, ...]) -> Step:
    """Remember in the volume what has to be taken up again, or that nothing has."""
    if kinds:
        why = f"note in {name} what is under way, to be taken up again: {', '.join(kinds)}"
    else:
        why = f"note that the change of {name} is complete"
    return Step(why, commands.volume_set(name, {UNFINISHED: "+".join(kinds) or "none"}))
