# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which copies are complete, and which bricks may go without taking the last good one. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal, Step
from ansible_collections.clustered.storage.plugins.module_utils._gluster.gates import (
    refuse_disabled_heal,
    refuse_split_brain,
    wait_healed,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import (
    Brick,
    Cluster,
    HealCount,
    Layout,
    Volume,
    read_part,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.topology import (
    BrickSet,
    Reshape,
    names,
)


def dead_bricks(cluster: Cluster, bricks: tuple[Brick, ...]) -> tuple[Brick, ...]:
    """Those of the bricks that are not online."""
    online = {s.key for s in read_part(cluster.statuses, "statuses") if s.online}
    return tuple(brick for brick in bricks if brick.key not in online)


def data_bricks(one: BrickSet, layout: Layout) -> BrickSet:
    """The bricks of a set that hold data: all but the arbiter."""
    return one[: len(one) - layout.arbiters]


def copies_needed(layout: Layout) -> int:
    """How many data bricks of a set it takes to read a file."""
    return layout.disperses - layout.redundancies or 1


def refuse_last_copies(reshape: Reshape, dead: tuple[Brick, ...]) -> None:
    """A new brick is filled from the others of its set: enough of them have to be alive."""
    layout = reshape.volume.layout
    for one in reshape.volume.sets:
        alive = [brick for brick in data_bricks(one, layout) if brick not in dead]
        if len(alive) < copies_needed(layout) and set(one) & set(dead):
            raise Refusal(
                "no_other_copy",
                f"Too few bricks of {names(one)} are alive to make new copies from.",
                "Bring one of them back first; their files are nowhere else.",
            )
        refuse_hasty_replacement(reshape, one, dead)


def refuse_hasty_replacement(
    reshape: Reshape, one: tuple[Brick, ...], dead: tuple[Brick, ...]
) -> None:
    """The next brick of a set goes when the new one before it is complete, and that is known.

    Dead bricks go together: as one.
    """
    living = len(set(one) & set(reshape.replaced) - set(dead))
    replaced = living + bool(set(one) & set(reshape.replaced) & set(dead))
    disperses = reshape.volume.layout.disperses
    if replaced > 1 and disperses:
        raise Refusal(
            "two_changes",
            f"Several bricks of the disperse set {names(one)} would be replaced at once.",
            "Replace one brick of a disperse set in a task.",
        )
    if not reshape.policy.heal_timeout and (replaced > 1 or (replaced and disperses)):
        raise Refusal(
            "no_other_copy",
            f"Bricks of {names(one)} would be replaced without waiting for the new copies.",
            "Give a heal_timeout: each new copy has to be complete before the next brick goes.",
        )


def settle_heal(cluster: Cluster, reshape: Reshape) -> tuple[Step, ...]:
    """Healing that is going on is waited for first; what can not be known refuses.

    That of an interrupted change is waited for even if nothing is left to heal: it may not have
    begun. With dead bricks that are about to go there is no end to wait for: then each set that
    loses one has to have a good copy of everything on the bricks that stay.
    """
    volume = reshape.volume
    if volume.layout.set_size == 1:
        return ()
    counts = read_part(cluster.heal, "heal")
    refuse_split_brain(counts, {brick.name for brick in reshape.discarded + reshape.replaced})
    if any(count.pending is None for count in counts):
        refuse_unhealed_sets(cluster, reshape, counts)
        return ()
    pending = any(count.pending for count in counts)
    begun = bool(volume.filling & {brick.name for brick in volume.bricks})
    if not (pending or begun):
        return ()
    refuse_disabled_heal(volume)
    if not reshape.policy.heal_timeout and (pending or volume.layout.disperses):
        raise Refusal(
            "heal_pending",
            f"Volume {volume.name} is not healed yet.",
            "Wait until gluster volume heal NAME info summary shows 0, or give heal_timeout.",
        )
    return wait_healed(volume, len(volume.bricks), reshape.policy)


def refuse_unhealed_sets(cluster: Cluster, reshape: Reshape, counts: tuple[HealCount, ...]) -> None:
    """Look at each set that bricks leave while some brick is dead; not at those given up whole."""
    pending = {count.brick: count.pending for count in counts}
    given_up = set(reshape.changes.removed) & set(reshape.discarded)
    going = set(reshape.discarded + reshape.replaced) - given_up
    for one in reshape.volume.sets:
        if not going & set(one):
            continue
        if any(pending.get(brick.name) is None for brick in one):
            refuse_unfilled_brick(reshape.volume, one, going)
            refuse_unfilled_copies(reshape.volume, one, pending)
            refuse_missing_copies(cluster, one, going, reshape.volume.layout)
        elif any(pending[brick.name] for brick in one):
            raise Refusal(
                "heal_pending",
                f"{names(one)} are not healed yet, and bricks of theirs would go.",
                "See to the dead bricks of other sets first; then this set heals, or can be "
                "waited for.",
            )


def refuse_unfilled_brick(volume: Volume, one: BrickSet, going: set[Brick]) -> None:
    """A brick that has only just come lists nothing, whatever it misses."""
    unfilled = [b.name for b in one if b.name in volume.filling and b not in going]
    if unfilled:
        raise Refusal(
            "heal_pending",
            f"{', '.join(unfilled)} may not be filled: the change that put it in was interrupted.",
            "Bring the dead brick of its set back and finish that change first.",
        )


def refuse_unfilled_copies(
    volume: Volume, one: BrickSet, pending: Mapping[str, int | None]
) -> None:
    """What replaces a dead brick is filled from those that are alive and were filled themselves."""
    known = [b for b in data_bricks(one, volume.layout) if pending.get(b.name) is not None]
    filled = [brick for brick in known if brick.name not in volume.filling]
    if len(filled) < copies_needed(volume.layout):
        raise Refusal(
            "heal_pending",
            f"Of {names(one)} too few are alive and known to be filled: an earlier change was "
            "interrupted.",
            "Bring the dead brick of its set back and finish that change first.",
        )


def refuse_missing_copies(
    cluster: Cluster, one: BrickSet, going: set[Brick], layout: Layout
) -> None:
    """A brick lists what others have missed: so it has it itself. Somebody who stays has to."""
    entries = read_part(cluster.heal_entries, "heal_entries")
    listed = {entry for brick in one for entry in entries.get(brick.name, ())}
    staying = [brick for brick in data_bricks(one, layout) if brick not in going]
    for entry in sorted(listed):
        having = [brick for brick in staying if entry in entries.get(brick.name, ())]
        if len(having) < copies_needed(layout):
            raise Refusal(
                "no_other_copy",
                f"{entry} is not complete on the bricks of {names(one)} that would stay.",
                "Bring the brick back that has it and let it heal: gluster volume heal NAME info",
            )
