# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a change of bricks, between its gates. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal, Step
from ansible_collections.clustered.storage.plugins.module_utils._gluster import commands
from ansible_collections.clustered.storage.plugins.module_utils._gluster.gates import (
    BROKEN,
    DONE,
    missing_task,
    refuse_offline_bricks,
    refuse_split_brain,
    refuse_unready_hosts,
    wait_healed,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import (
    UNFINISHED,
    Brick,
    Cluster,
    Layout,
    Task,
    Volume,
    read_part,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.topology import (
    Changes,
    names,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.wanted import Policy


@dataclass(frozen=True)
class Reshape:
    """A change of bricks about to be planned."""

    volume: Volume
    layout: Layout
    bricks: tuple[Brick, ...]
    changes: Changes
    policy: Policy
    joining: tuple[str, ...] = ()

    @property
    def abandoned(self) -> tuple[Brick, ...]:
        """Bricks whose own data the user has given up by naming them."""
        changes = self.changes
        discarded = changes.lost + changes.removed if self.policy.shrink == "discard" else ()
        return tuple(old for old, _new in changes.replaced) + discarded

    @property
    def kinds(self) -> str:
        """What has to be taken up again after an interruption."""
        kinds = []
        if self.changes.removed and self.policy.shrink == "migrate":
            kinds.append("remove-brick")
        if self.changes.grown and self.policy.rebalance != "never":
            kinds.append(self.policy.rebalance)
        if self.changes.replaced or self.changes.gained:
            kinds.append("heal")
        return "+".join(kinds)


def plan_reshape(cluster: Cluster, reshape: Reshape) -> tuple[Step, ...]:
    """All the steps that lead to the wanted bricks; refuses what is not safe to begin."""
    refuse_unnamed_loss(reshape)
    staying = tuple(b for b in reshape.volume.bricks if b not in reshape.abandoned)
    refuse_unready_hosts(cluster, (*staying, *reshape.changes.new_bricks), reshape.joining)
    refuse_offline_bricks(cluster, staying)
    steps = (
        *settle_tasks(cluster, reshape),
        *settle_heal(cluster, reshape),
        *replace_steps(reshape),
        *resize_steps(reshape),
        *grow_steps(reshape),
        *shrink_steps(cluster, reshape),
    )
    return between_marks(reshape.volume, reshape.kinds, steps)


def refuse_not_started(volume: Volume) -> None:
    """Only a running volume can say whether its copies are complete."""
    if volume.status != "started":
        raise Refusal(
            "not_started",
            f"Volume {volume.name} is {volume.status}; its bricks change only while it runs.",
            "Start it first (state: started with the bricks it has), then change its bricks.",
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


def settle_tasks(cluster: Cluster, reshape: Reshape) -> tuple[Step, ...]:
    """What is under way is waited for, or taken back where the wanted bricks contradict it."""
    steps: list[Step] = []
    for task in read_part(cluster.tasks, "tasks"):
        if task.kind == "rebalance" and task.status not in DONE | BROKEN:
            steps.append(wait_rebalance(reshape.volume, reshape.policy))
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


def settle_heal(cluster: Cluster, reshape: Reshape) -> tuple[Step, ...]:
    """Healing that is going on is waited for first; what can not be known refuses."""
    if reshape.volume.layout.set_size == 1:
        return ()
    ignored = {brick.name for brick in reshape.abandoned}
    counts = read_part(cluster.heal, "heal")
    refuse_split_brain(counts, ignored)
    dead = any(count.pending is None for count in counts)
    # The survivors count what they hold for a dead brick: that is no reason to wait for it.
    if dead or not any(count.pending for count in counts):
        return ()
    if not reshape.policy.heal_timeout:
        raise Refusal(
            "heal_pending",
            f"Volume {reshape.volume.name} is not healed yet.",
            "Wait until gluster volume heal NAME info summary shows 0, or give heal_timeout.",
        )
    return wait_healed(reshape.volume, reshape.policy)


def replace_steps(reshape: Reshape) -> tuple[Step, ...]:
    """One brick after the other, each healed before the next."""
    steps: list[Step] = []
    left = [old.name for old, _new in reshape.changes.replaced]
    for old, new in reshape.changes.replaced:
        left.remove(old.name)
        steps.extend(replace_brick(reshape.volume.name, old, new))
        steps.extend(wait_healed(reshape.volume, reshape.policy, left))
    return tuple(steps)


def replace_brick(name: str, old: Brick, new: Brick) -> tuple[Step, ...]:
    """The commands that put one brick in place of another, or of its own former self."""
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


def resize_steps(reshape: Reshape) -> tuple[Step, ...]:
    """More or fewer copies in every set."""
    volume, changes, policy = reshape.volume, reshape.changes, reshape.policy
    if changes.gained:
        why = f"make {volume.name} {reshape.layout.text} with {names(changes.gained)}"
        argv = commands.add_brick(
            volume.name, reshape.layout, changes.gained, force=policy.needs_force
        )
        resized = replace(volume, layout=reshape.layout)
        return (Step(why, argv), *wait_healed(resized, policy))
    if changes.lost:
        why = f"make {volume.name} {reshape.layout.text} without {names(changes.lost)}"
        argv = commands.reduce_replica(volume.name, reshape.layout.replicas, changes.lost)
        return (Step(why, argv, destroys=policy.shrink == "discard"),)
    return ()


def grow_steps(reshape: Reshape) -> tuple[Step, ...]:
    """Whole new sets, and files spread over them when asked."""
    grown, policy = reshape.changes.grown, reshape.policy
    if not grown:
        return ()
    name = reshape.volume.name
    argv = commands.add_brick(name, None, grown, force=policy.needs_force)
    add = Step(f"add {names(grown)} to {name}", argv)
    if policy.rebalance == "never":
        return (add,)
    after = replace(reshape.volume, bricks=reshape.volume.bricks + grown)
    return (add, start_rebalance(name, policy.rebalance), wait_rebalance(after, policy))


def start_rebalance(name: str, kind: str) -> Step:
    """Begin to spread directories, or directories and files."""
    what = "directories" if kind == "fix-layout" else "directories and files"
    return Step(f"spread the {what} of {name} over all bricks", commands.rebalance(name, kind))


def wait_rebalance(volume: Volume, policy: Policy) -> Step:
    """Wait until every node has done its part."""
    hosts = frozenset(brick.host_uuid for brick in volume.bricks if brick.host_uuid)
    return Step(
        f"wait until the rebalance of {volume.name} is complete",
        commands.rebalance_status(volume.name),
        until=missing_task(hosts, "rebalance"),
        timeout_seconds=policy.timeout,
    )


def shrink_steps(cluster: Cluster, reshape: Reshape) -> tuple[Step, ...]:
    """Whole sets go: their files first, or never."""
    removed, policy, name = reshape.changes.removed, reshape.policy, reshape.volume.name
    if not removed:
        return ()
    if policy.shrink == "discard":
        why = f"remove {names(removed)} from {name} with the files on them"
        return (Step(why, commands.remove_brick(name, removed, "force"), destroys=True),)
    stop = commands.remove_brick(name, removed, "stop")
    begin = Step(
        f"move the files off {names(removed)}", commands.remove_brick(name, removed, "start")
    )
    wait = Step(
        f"wait until the files of {names(removed)} have moved",
        commands.remove_brick(name, removed, "status"),
        until=missing_task(frozenset(b.host_uuid for b in removed), "remove-brick"),
        timeout_seconds=policy.timeout,
        undo=stop,
    )
    commit = Step(
        f"take the emptied {names(removed)} out of {name}",
        commands.remove_brick(name, removed, "commit"),
    )
    running = any(resumes(t, reshape) for t in read_part(cluster.tasks, "tasks"))
    return (wait, commit) if running else (begin, wait, commit)


def plan_unfinished(cluster: Cluster, reshape: Reshape) -> tuple[Step, ...]:
    """What an interrupted run left to do on a volume whose bricks are as wanted."""
    volume, policy = reshape.volume, reshape.policy
    if not volume.unfinished or volume.status != "started":
        return ()
    steps = list(settle_tasks(cluster, reshape))
    kinds = volume.unfinished.split("+")
    for kind in ("fix-layout", "full"):
        if kind in kinds and not steps:
            steps += [start_rebalance(volume.name, kind), wait_rebalance(volume, policy)]
    if "heal" in kinds:
        steps.extend(wait_healed(volume, policy))
    return (*steps, mark(volume.name, "none"))


def between_marks(volume: Volume, kinds: str, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps, remembered in the volume while they are under way."""
    if not kinds:
        return steps
    return (mark(volume.name, kinds), *steps, mark(volume.name, "none"))


def mark(name: str, kinds: str) -> Step:
    """Remember in the volume what has to be taken up again, or that nothing has."""
    if kinds == "none":
        why = f"note that the change of {name} is complete"
    else:
        why = f"note in {name} that a change is under way, to be taken up again if interrupted"
    return Step(why, commands.volume_set(name, {UNFINISHED: kinds}))
