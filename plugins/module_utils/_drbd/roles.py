# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Roles, and the first sync that a role needs. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.clustered.storage.plugins.module_utils._drbd import commands, gates
from ansible_collections.clustered.storage.plugins.module_utils._drbd.draft import (
    Draft,
    synced,
    syncing,
    wait_step,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.model import (
    INCONSISTENT,
    PRIMARY,
    SECONDARY,
    FirstSync,
    Identifiers,
    Promotion,
    Status,
    Volume,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.progress import (
    until_up_to_date,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal, Step


def due_volumes(status: Status) -> tuple[Volume, ...]:
    """The volumes of which no side has good data, and none is on its way."""
    return tuple(
        volume
        for volume in status.volumes
        if volume.disk == INCONSISTENT
        and all(
            peer.disk == INCONSISTENT and not peer.is_syncing
            for peer in status.peer_volumes
            if peer.number == volume.number
        )
    )


def plan_first_sync(draft: Draft) -> Draft:
    """Declare the data of this node good, where it was named and both sides are fresh."""
    status, wanted = draft.status, draft.wanted
    if wanted.initial_sync == "none" or wanted.sync_source != draft.seen.node:
        return draft
    if status is None or not status.is_connected or not due_volumes(status):
        return draft
    due = due_volumes(status)
    refuse_not_fresh(draft, due)
    if wanted.initial_sync == "skip":
        return draft.then(*skip_steps(draft, due), status=synced(status))
    gates.refuse_managed(draft.seen, "the first sync makes this node Primary")
    begin = Step(
        f"no side of {wanted.name} has good data yet: those of {wanted.sync_source} win",
        commands.first_sync(wanted.name),
        destroys=True,
        expects=FirstSync(),
    )
    begun = draft.then(begin, status=replace(syncing(status), role=PRIMARY))
    if wanted.role == "primary" or status.role == PRIMARY:
        return begun
    back = Step(
        f"{wanted.name} was made Primary only to begin the first sync",
        commands.demote(wanted.name),
    )
    return begun.then(back, status=replace(syncing(status), role=SECONDARY))


def refuse_not_fresh(draft: Draft, due: tuple[Volume, ...]) -> None:
    """Inconsistent data that are older than that are a broken sync: they hold somebody's files."""
    known: Mapping[int, Identifiers] = draft.machine.part("identifiers")
    for volume in due:
        found = known.get(volume.number)
        if found is None or not found.is_fresh:
            raise Refusal(
                "not_fresh",
                f"Volume {volume.number} of {draft.machine.name} is Inconsistent on all sides, but "
                f"it is not new: its current UUID is {found.current if found else 'unknown'}.",
                "A sync was broken off. Look for the side with the better data, and decide by hand "
                "(drbdadm primary --force there).",
            )


def skip_steps(draft: Draft, due: tuple[Volume, ...]) -> tuple[Step, ...]:
    """Declare both sides equal, volume by volume."""
    return tuple(
        Step(
            f"both sides of volume {volume.number} are new, and are taken for equal",
            commands.skip_sync(draft.machine.name, volume.number),
            expects=FirstSync(),
        )
        for volume in due
    )


def plan_role(draft: Draft) -> Draft:
    """Promote or demote, unless Pacemaker does that."""
    status, wanted = draft.status, draft.wanted
    role = {"primary": PRIMARY, "secondary": SECONDARY}.get(wanted.role)
    if status is None or role is None or status.role == role:
        return draft
    gates.refuse_managed(draft.seen, f"it is to become {role}")
    return plan_promotion(draft, status) if role == PRIMARY else plan_demotion(draft, status)


def plan_demotion(draft: Draft, status: Status) -> Draft:
    """Become Secondary, if nobody uses it."""
    gates.refuse_held(draft.seen)
    step = Step(f"{status.name} is Primary here", commands.demote(status.name))
    return draft.then(step, status=replace(status, role=SECONDARY))


def plan_promotion(draft: Draft, status: Status) -> Draft:
    """Become Primary, with all the data, and alone unless two may be."""
    wanted = draft.wanted
    gates.refuse_peer_primary(status, wanted.two_primaries)
    if wanted.two_primaries and draft.seen.config == draft.machine.config:
        gates.refuse_unfenced(draft.seen, wanted)
        gates.refuse_outdated(draft.seen)
    draft = with_data(draft, status)
    if not status.is_connected:
        draft = draft.warned(
            f"{status.name} becomes Primary without its peer: if the peer is Primary too, this is "
            "a split brain."
        )
    step = Step(
        f"{status.name} is Secondary here",
        commands.promote(status.name),
        expects=Promotion(wanted.two_primaries),
    )
    return draft.then(step, status=replace(draft.status or status, role=PRIMARY))


def with_data(draft: Draft, status: Status) -> Draft:
    """Wait for the data where they are on their way, or may be once the peer is heard."""
    heard = draft.seen.status is not None and draft.seen.status.is_connected
    if status.is_local_up_to_date and (heard or not status.is_connected):
        return draft
    peers = status.peer_volumes
    coming = any(peer.is_syncing or peer.disk != INCONSISTENT for peer in peers)
    named = draft.wanted.initial_sync != "none" and due_volumes(status)
    if not status.is_connected or not (coming or named):
        raise gates.not_up_to_date(status)
    until = until_up_to_date(draft.machine.dialect, status.name, here=True)
    step = wait_step(draft, f"wait until {status.name} has all the data here", until)
    return draft.then(step, status=synced(status, there=False))


def plan_up_to_date(draft: Draft) -> Draft:
    """Wait until the data are on all sides, where that is asked for."""
    status, wanted = draft.status, draft.wanted
    if status is None or wanted.wait_for != "uptodate":
        return draft
    # What a peer has that is not connected yet, nobody knows.
    seen = draft.seen.status
    if status.is_up_to_date and seen is not None and seen.is_up_to_date:
        return draft
    if status.is_connected and due_volumes(status) and wanted.initial_sync == "none":
        raise Refusal(
            "no_sync_source",
            f"No side of {status.name} has good data, and nobody is to begin.",
            "Give initial_sync (full, or skip for disks without data) and sync_source.",
        )
    until = until_up_to_date(draft.machine.dialect, status.name, here=False)
    step = wait_step(draft, f"wait until {status.name} is up to date on all sides", until)
    return draft.then(step, status=synced(status))
