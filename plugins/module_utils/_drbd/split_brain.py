# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Split brain: the changes of one side go, and only those that were named. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.clustered.storage.plugins.module_utils._drbd import commands
from ansible_collections.clustered.storage.plugins.module_utils._drbd.cause import SPLIT, cause_of
from ansible_collections.clustered.storage.plugins.module_utils._drbd.draft import (
    CONNECTING,
    Draft,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.gates import (
    refuse_held,
    refuse_managed,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.model import (
    INCONSISTENT,
    PRIMARY,
    SECONDARY,
    STANDALONE,
    Identifiers,
    Status,
    Victim,
    is_same_uuid,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import format_names
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal, Step


def plan_recovery(draft: Draft) -> Draft:
    """Nothing, unless there is a split brain and somebody has decided whose changes go."""
    status, wanted = draft.seen.status, draft.wanted
    if status is None or status.is_connected or not wanted.victim:
        return draft
    cause = cause_of(status, draft.seen.part("log"))
    if cause is None or cause.reason not in SPLIT:
        return draft
    refuse_other_changes(draft)
    found = draft.seen.part("identifiers")
    draft = replace(draft, recovers=True)
    if wanted.victim == draft.seen.node:
        return plan_victim(draft, status, found)
    return plan_survivor(draft, status, found)


def refuse_other_changes(draft: Draft) -> None:
    """To follow another file DRBD would connect without giving anything up: not both at once."""
    if draft.machine.config != draft.seen.config:
        raise Refusal(
            "recover_first",
            f"{draft.machine.name} is in a split brain, and its configuration is to change too.",
            "End the split brain with the present parameters; then change them.",
        )


def is_named(found: Mapping[int, Identifiers], uuid: str) -> bool:
    """Whether it names the data here."""
    return any(is_same_uuid(one.current, uuid) for one in found.values())


def uuids(found: Mapping[int, Identifiers]) -> str:
    """The current UUIDs of the data here."""
    return format_names(one.current for one in found.values())


def plan_victim(draft: Draft, status: Status, found: Mapping[int, Identifiers]) -> Draft:
    """Give up what was written here since the sides parted."""
    name, wanted = draft.machine.name, draft.wanted
    if not is_named(found, wanted.discard):
        raise Refusal(
            "victim_uuid_mismatch",
            f"The data here have the current UUID {uuids(found)}, not {wanted.discard}.",
            "Nothing was discarded. Look again which data are to go.",
        )
    if status.role == PRIMARY:
        draft = demoted_victim(draft, status)
    if any(one.state != STANDALONE for one in status.connections):
        draft = draft.then(
            Step("it waits for its peer without giving anything up", commands.disconnect(name))
        )
    discard = Step(
        f"what was written on {wanted.victim} since the split brain is given up",
        commands.connect_discarding(name),
        destroys=True,
        expects=Victim(wanted.discard),
    )
    return draft.then(discard, status=behind(reconnecting(draft.status or status)))


def demoted_victim(draft: Draft, status: Status) -> Draft:
    """It can not be Primary; whoever uses it would be left with data that change below him."""
    refuse_managed(draft.seen, "the victim of a split brain has to become Secondary")
    refuse_held(draft.seen, "victim_in_use")
    step = Step("the victim of a split brain can not be Primary", commands.demote(status.name))
    return draft.then(step, status=replace(status, role=SECONDARY))


def plan_survivor(draft: Draft, status: Status, found: Mapping[int, Identifiers]) -> Draft:
    """Only reconnect."""
    name, wanted = draft.machine.name, draft.wanted
    if is_named(found, wanted.discard):
        raise Refusal(
            "victim_uuid_mismatch",
            f"{wanted.discard} is the current UUID of the data here, not of {wanted.victim}.",
            "Nothing was discarded. Look again whose changes are to go.",
        )
    nudged = replace(draft, nudge=commands.connect(name))
    if all(one.state != STANDALONE for one in status.connections):
        return nudged
    step = Step(f"{wanted.victim} gives its changes up, and connects", commands.connect(name))
    return nudged.then(step, status=reconnecting(status))


def behind(status: Status) -> Status:
    """The status of who has to be given the other side's data first."""
    return replace(status, volumes=tuple(replace(one, disk=INCONSISTENT) for one in status.volumes))


def reconnecting(status: Status) -> Status:
    """The status while it tries again."""
    return replace(
        status,
        connections=tuple(
            one if one.is_connected else replace(one, state=CONNECTING)
            for one in status.connections
        ),
    )
