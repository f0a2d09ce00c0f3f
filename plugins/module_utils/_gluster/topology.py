# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the bricks a volume has to the bricks it shall have: which change that is. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal
from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import (
    Brick,
    Host,
    Layout,
    Volume,
    brick_sets,
    read_part,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.wanted import (
    Policy,
    WantedVolume,
)

BrickSet = tuple[Brick, ...]
Pairs = tuple[tuple[BrickSet, BrickSet], ...]
Matched = tuple[Pairs, BrickSet, BrickSet]
Replacements = tuple[tuple[Brick, Brick], ...]


@dataclass(frozen=True)
class Changes:
    """The brick changes between two states, in the order in which they are made."""

    replaced: tuple[tuple[Brick, Brick], ...] = ()
    gained: tuple[Brick, ...] = ()  # copies added to existing sets, set by set
    lost: tuple[Brick, ...] = ()  # copies taken from existing sets
    grown: tuple[Brick, ...] = ()  # whole new sets
    removed: tuple[Brick, ...] = ()  # whole sets that go

    @property
    def new_bricks(self) -> tuple[Brick, ...]:
        """Every brick that is not in the volume yet."""
        return tuple(new for old, new in self.replaced if new != old) + self.gained + self.grown

    @property
    def leaving(self) -> tuple[Brick, ...]:
        """Every brick that will not be in the volume any more."""
        return tuple(old for old, _new in self.replaced) + self.lost + self.removed

    @property
    def shrinks(self) -> bool:
        """Whether bricks go without another one in their place."""
        return bool(self.lost or self.removed)

    def __bool__(self) -> bool:
        return bool(self.new_bricks or self.leaving)


@dataclass(frozen=True)
class Reshape:
    """A change of bricks about to be planned."""

    volume: Volume
    layout: Layout
    bricks: BrickSet
    changes: Changes
    policy: Policy
    joining: tuple[str, ...] = ()

    @property
    def discarded(self) -> BrickSet:
        """Bricks that go with what is on them, because the task says so."""
        return self.changes.lost + self.changes.removed if self.policy.shrink == "discard" else ()

    @property
    def replaced(self) -> BrickSet:
        """Bricks whose copies the user has given up by naming them."""
        return tuple(old for old, _new in self.changes.replaced)

    @property
    def filled(self) -> tuple[str, ...]:
        """The bricks to be filled by healing: by this change, or by an earlier one."""
        changes = self.changes
        new = [new.name for _old, new in changes.replaced] + [b.name for b in changes.gained]
        return tuple(sorted({*new, *self.volume.filling}))

    @property
    def kinds(self) -> tuple[str, ...]:
        """What has to be taken up again after an interruption, of this change or an earlier one."""
        changes, policy = self.changes, self.policy
        own = {
            "remove-brick": changes.removed and policy.shrink == "migrate",
            policy.rebalance: changes.grown and policy.rebalance != "never",
        }
        earlier = [kind for kind in self.volume.unfinished_kinds if kind != "heal"]
        heal = [f"heal={','.join(self.filled)}"] if self.filled else []
        return (
            *dict.fromkeys([*earlier, *(kind for kind, has in own.items() if has)]),
            *heal,
        )


def new_layout(wanted: WantedVolume, brick_count: int) -> Layout:
    """The layout of a volume that is to be made."""
    disperses = wanted.disperses or (brick_count if wanted.redundancies else 0)
    if not disperses:
        return Layout(wanted.replicas or 1, wanted.arbiters or 0)
    redundancies = wanted.redundancies or usual_redundancy(disperses)
    if not 0 < 2 * redundancies < disperses:
        raise Refusal(
            "invalid_count",
            f"{redundancies} redundant of {disperses} bricks is not possible.",
            "redundancies is at least 1 and less than half of disperses; disperses at least 3.",
        )
    return Layout(disperses=disperses, redundancies=redundancies)


def usual_redundancy(disperses: int) -> int:
    """The redundancy that the gluster CLI proposes: the data bricks a power of two, or else 1."""
    smallest_data = disperses // 2 + 1
    powers = [data for data in range(smallest_data, disperses) if data & (data - 1) == 0]
    return disperses - powers[-1] if powers else 1


def changed_layout(current: Layout, wanted: WantedVolume) -> Layout:
    """The layout of an existing volume, with what the user gave counts for changed."""
    if wanted.disperses or wanted.redundancies:
        return Layout(
            disperses=wanted.disperses or current.disperses,
            redundancies=wanted.redundancies or current.redundancies,
        )
    if wanted.replicas is None and wanted.arbiters is None:
        return current
    if current.disperses:
        # Said in full by playbooks that fill in every count: one replica is no replication.
        return current if (wanted.replicas or 1) == 1 else Layout(replicas=wanted.replicas or 1)
    replicas = wanted.replicas or current.replicas
    kept = current.arbiters if replicas == current.replicas else 0
    return Layout(replicas, kept if wanted.arbiters is None else wanted.arbiters)


def refuse_wrong_count(bricks: BrickSet, layout: Layout) -> None:
    """Whole sets only; glusterd 10 accepts less at create and leaves a ruin."""
    size = layout.set_size
    if len(bricks) % size:
        raise Refusal(
            "wrong_brick_count",
            f"{len(bricks)} bricks do not make whole sets of {size} ({layout.text}).",
            f"List a multiple of {size} bricks, set by set.",
        )


def adopted(
    wanted: Iterable[Brick], current: BrickSet, hosts: Mapping[str, Host] | None
) -> BrickSet:
    """The wanted bricks, those that the volume has already under the name glusterd gave them."""
    by_name = {brick.name: brick for brick in current}
    by_key = {brick.key: brick for brick in current}
    found = []
    for brick in wanted:
        known = by_name.get(brick.name)
        if known is None:
            uuid = read_part(hosts, "hosts")[brick.host].uuid
            named = Brick(brick.host, brick.path, uuid)
            known = by_key.get(named.key, named)
        found.append(known)
    return tuple(found)


def classify(current: Volume, layout: Layout, wanted: BrickSet, replaced: Replacements) -> Changes:
    """The changes that lead from a volume to the wanted bricks; impossible ones are refused."""
    refuse_wrong_count(wanted, layout)
    refuse_layout_change(current.layout, layout)
    exchanged = dict(replaced)
    sets = tuple(tuple(exchanged.get(b, b) for b in one) for one in current.sets)
    pairs, grown, removed = match_sets(sets, brick_sets(wanted, layout))
    gained, lost = compare_pairs(pairs, current.layout, layout)
    if lost and replaced:
        raise Refusal(
            "two_changes",
            f"{names(lost)} would go while other bricks are replaced.",
            "Replace bricks first; lower the replica count in a second task.",
        )
    if removed and layout != current.layout:
        raise Refusal(
            "two_changes",
            f"{names(removed)} would go while the volume becomes {layout.text}.",
            "Change the replica count first, with all sets listed; remove sets in a second task.",
        )
    if removed and not pairs:
        raise Refusal(
            "no_common_brick",
            f"None of the bricks of volume {current.name} is listed.",
            f"It has {names(current.bricks)}. Check the names, or add the new bricks first.",
        )
    return Changes(replaced, gained, lost, grown, removed)


def refuse_layout_change(current: Layout, layout: Layout) -> None:
    """The changes of layout for which glusterd has no command."""
    remedy = ""
    if layout == current:
        return
    if current.disperses or layout.disperses:
        remedy = "Make a new volume with the layout you want and copy the files."
    elif current.arbiters and layout.replicas >= current.replicas:
        remedy = "Take the arbiters out first (replicas: 2), then add full copies (replicas: 3)."
    elif current.arbiters and layout.replicas != current.replicas - 1:
        remedy = "Take the arbiters out first (replicas: 2), then lower the replica count further."
    elif layout.arbiters and current.replicas != layout.replicas - 1:
        remedy = "An arbiter joins sets of two copies: change to replicas: 2 first."
    if remedy:
        raise Refusal(
            "impossible_layout",
            f"GlusterFS can not make {layout.text} out of {current.text} in one step.",
            remedy,
        )


def match_sets(current: tuple[BrickSet, ...], wanted: tuple[BrickSet, ...]) -> Matched:
    """Existing sets beside what they shall become, then the new sets, then those that go.

    The pairs are in the volume's order, whatever the order of the list: glusterd gives new copies
    to its sets in that order.
    """
    index = {brick.key: number for number, one in enumerate(current) for brick in one}
    becomes: dict[int, BrickSet] = {}
    grown: list[Brick] = []
    for one in wanted:
        numbers = {index[brick.key] for brick in one if brick.key in index}
        if not numbers:
            grown.extend(one)
            continue
        number = min(numbers)
        if len(numbers) > 1 or number in becomes:
            refuse_order(one, current, numbers)
        becomes[number] = one
    pairs = tuple((one, becomes[n]) for n, one in enumerate(current) if n in becomes)
    removed = tuple(b for n, one in enumerate(current) if n not in becomes for b in one)
    return pairs, tuple(grown), removed


def refuse_order(wanted: BrickSet, current: tuple[BrickSet, ...], numbers: set[int]) -> None:
    """Bricks stay in the set they are in: say which sets there are."""
    sets = "; ".join(names(current[number]) for number in sorted(numbers))
    raise Refusal(
        "wrong_brick_order",
        f"{names(wanted)} would be one set, but the volume has the sets {sets}.",
        "List the bricks set by set in the volume's order, new bricks beside the copies they join "
        "or at the end as new sets.",
    )


def compare_pairs(pairs: Pairs, current: Layout, layout: Layout) -> tuple[BrickSet, BrickSet]:
    """The bricks that existing sets gain and lose."""
    gained: list[Brick] = []
    lost: list[Brick] = []
    for old, new in pairs:
        more, less = without(new, old), without(old, new)
        refuse_exchange(more, less)
        refuse_misplaced_arbiter(old, new, current, layout)
        gained.extend(more)
        lost.extend(less)
    return tuple(gained), tuple(lost)


def without(bricks: BrickSet, others: BrickSet) -> BrickSet:
    """The bricks that are not among the others."""
    keys = {brick.key for brick in others}
    return tuple(brick for brick in bricks if brick.key not in keys)


def refuse_exchange(more: BrickSet, less: BrickSet) -> None:
    """A brick in place of another has to be named, it abandons the copy on the old one."""
    if not (more and less):
        return
    pairs = ", ".join(f"{old.name}: {new.name}" for old, new in zip(less, more))
    raise Refusal(
        "replacement_not_named",
        f"{names(more)} would take the place of {names(less)}.",
        f"If that is meant, say so: replace_bricks: {{{pairs}}}",
    )


def refuse_misplaced_arbiter(old: BrickSet, new: BrickSet, current: Layout, layout: Layout) -> None:
    """The arbiter, which holds no data, is the last brick of its set."""
    before = old[-1] if current.arbiters else None
    kept = {brick.key for brick in old}
    if layout.arbiters and (new[-1] != before if before else new[-1].key in kept):
        raise Refusal(
            "wrong_brick_order",
            f"{new[-1].name} is last of {names(new)} but holds data.",
            "List the arbiter last in each set.",
        )
    if before and not layout.arbiters and before in new:
        raise Refusal(
            "wrong_brick_order",
            f"{before.name} is the arbiter of {names(old)} and has no data.",
            "Leave the arbiter out of the list, not a brick with data.",
        )


def refuse_shared_host(bricks: BrickSet, layout: Layout) -> None:
    """Copies on one machine die together."""
    for one in brick_sets(bricks, layout):
        ids = [brick.host_id for brick in one]
        if len(set(ids)) < len(ids):
            raise Refusal(
                "same_host",
                f"{names(one)} are one set, and at least two of them are on one machine.",
                "Spread every set over machines (order the list set by set), "
                "or allow it with allow_same_host: true.",
            )


def bricks_after(volume: Volume, changes: Changes) -> BrickSet:
    """The bricks in glusterd's own order after the changes."""
    exchanged = dict(changes.replaced)
    share = len(changes.gained) // len(volume.sets)
    bricks: list[Brick] = []
    for number, one in enumerate(volume.sets):
        bricks.extend(exchanged.get(brick, brick) for brick in one)
        bricks.extend(changes.gained[number * share : (number + 1) * share])
    gone = frozenset(changes.lost + changes.removed)
    return tuple(brick for brick in (*bricks, *changes.grown) if brick not in gone)


def names(bricks: Iterable[Brick]) -> str:
    """The bricks in one line, for messages."""
    return ", ".join(brick.name for brick in bricks)
