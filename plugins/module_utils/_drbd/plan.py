# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to be done on this node for a resource to be as wanted. Pure: the heart of the module.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import expect
from ansible_collections.clustered.storage.plugins.module_utils._drbd import commands, gates
from ansible_collections.clustered.storage.plugins.module_utils._drbd.cause import (
    PASSING,
    cause_of,
    refusal_of,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.config import render
from ansible_collections.clustered.storage.plugins.module_utils._drbd.dialect import settings
from ansible_collections.clustered.storage.plugins.module_utils._drbd.draft import (
    Draft,
    attached,
    connected,
    status_after_up,
    wait_step,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.model import (
    FRESH_UUID,
    INCONSISTENT,
    PRIMARY,
    STANDALONE,
    Cause,
    Identifiers,
    Machine,
    Metadata,
    Status,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.progress import (
    until_connected,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.roles import (
    plan_first_sync,
    plan_role,
    plan_up_to_date,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.split_brain import (
    plan_recovery,
    uuids,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.wanted import WantedResource
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Plan, Step

CONFIG_MODE = 0o600


def plan_resource(machine: Machine, wanted: WantedResource) -> Plan[Machine]:
    """All the steps on this node, from what it is to what is wanted."""
    draft = Draft(machine, machine, wanted)
    if wanted.state != "up":
        draft = plan_removal(plan_down(draft))
    else:
        gates.refuse_host(machine, wanted)
        for phase in PHASES:
            draft = phase(draft)
    # What they are then, nobody knows before.
    after = replace(draft.machine, identifiers=machine.identifiers)
    return Plan(machine, after, draft.steps, draft.warnings)


# ---- taking down ----


def plan_down(draft: Draft) -> Draft:
    """Take the resource down, if nobody needs it."""
    status, machine = draft.status, draft.seen
    if status is None:
        return draft
    name = machine.name
    gates.refuse_managed(machine, "it is to be taken down")
    if status.role == PRIMARY:
        gates.refuse_held(machine)
        draft = draft.then(
            Step(f"{name} is Primary and is to be taken down", commands.demote(name))
        )
    there = machine.config is not None
    argv = commands.down(name) if there else commands.down_unconfigured(name)
    return draft.then(Step(f"{name} is up", argv), status=None)


def plan_removal(draft: Draft) -> Draft:
    """Take its file away; what is on its disks stays."""
    if draft.wanted.state != "absent" or draft.seen.config is None:
        return draft
    path = commands.config_path(draft.machine.name)
    step = Step(f"{draft.machine.name} is configured", commands.remove(path))
    return draft.then(step, config=None, config_mode=None)


# ---- bringing up ----


def plan_module(draft: Draft) -> Draft:
    """Load the kernel's part: it decides which grammar the tools speak."""
    if draft.seen.kernel:
        return draft
    gates.refuse_no_module(draft.seen)
    step = Step("DRBD is not loaded", commands.load())
    return draft.then(step, kernel=draft.seen.part("loadable"))


def plan_config(draft: Draft) -> Draft:
    """Write the file, if the generation's own parser takes it."""
    seen, wanted = draft.seen, draft.wanted
    text = render(wanted, seen.dialect)
    if seen.config == text and seen.config_mode == CONFIG_MODE:
        return draft
    if wanted.fencing not in ("", "dont-care"):
        gates.refuse_handlers(seen)
    if wanted.two_primaries:
        gates.refuse_unfenced(seen, wanted)
        gates.refuse_outdated(seen)
    gates.refuse_verdict(seen)
    gates.refuse_shared_disk(seen)
    path = commands.config_path(wanted.name)
    why = f"{path} is not as wanted" if seen.config is not None else f"there is no {path}"
    step = Step(why, ("write", path), writes=text, replaces=seen.config, mode=CONFIG_MODE)
    draft = draft.then(step, config=text, config_mode=CONFIG_MODE)
    for note in settings(wanted, seen.dialect).notes:
        draft = draft.warned(note)
    return draft


def plan_metadata(draft: Draft) -> Draft:
    """Make metadata on blank disks; metadata that are there are used as they are."""
    seen, wanted = draft.seen, draft.wanted
    status = seen.status
    unattached = [v for v in wanted.volumes if status is None or not status.is_attached(v.number)]
    if not unattached:
        return draft
    known: Mapping[int, Metadata] = seen.part("metadata")
    found = {}
    for volume in unattached:
        metadata = known[volume.number]
        if metadata.identifiers is None:
            draft = draft.then(metadata_step(wanted, volume.number, metadata))
        elif seen.config is None:
            draft = draft.warned(adopted(wanted.name, volume.number, metadata.identifiers))
        found[volume.number] = metadata.identifiers or Identifiers(FRESH_UUID)
    return draft.then(identifiers=found)


def metadata_step(wanted: WantedResource, number: int, metadata: Metadata) -> Step:
    """Metadata for one volume, if everything that it touches is blank, now and right before."""
    gates.refuse_no_metadata(wanted, number)
    for device in metadata.devices:
        gates.refuse_filled(device)
    gates.refuse_unknown(metadata)
    return Step(
        f"{metadata.devices[-1].path} is blank and has no metadata of volume {number}",
        commands.create_metadata(wanted.name, number),
        expects=tuple(expect(device, blank=True) for device in metadata.devices),
    )


def adopted(name: str, number: int, identifiers: Identifiers) -> str:
    """What to say of metadata that somebody made before."""
    return (
        f"The disk of {name}/{number} has DRBD metadata already (current UUID "
        f"{identifiers.current}): they are used as they are."
    )


def plan_running(draft: Draft) -> Draft:
    """Bring it up, or make it run as its file says."""
    seen, wanted, name = draft.seen, draft.wanted, draft.machine.name
    if seen.status is None:
        # Right after a boot the cluster is on its way to do it, and would do it a second time.
        if seen.config is not None and gates.is_managed(seen):
            return draft.then(status=after_up(draft))
        return draft.then(Step(f"{name} is not up", commands.up(name)), status=after_up(draft))
    # adjust would connect by itself, without giving anything up.
    differences = () if draft.recovers else seen.part("adjust")
    if not differences:
        return draft
    gates.refuse_taking_apart(seen, differences)
    if is_left_apart(draft, seen.status):
        return draft.warned(f"{name} was disconnected by hand, and is left so.")
    step = adjust_step(draft, differences)
    minors = {volume.number: volume.minor for volume in wanted.volumes}
    found = draft.machine.identifiers if draft.machine.identifiers != seen.identifiers else {}
    status = attached(draft.status or seen.status, found or {}, minors)
    # The other side may be about to learn the same: until then it may refuse.
    nudge = step.command if seen.config != draft.machine.config else ()
    return replace(draft.then(step, status=status), nudge=draft.nudge or nudge)


def adjust_step(draft: Draft, differences: tuple[str, ...]) -> Step:
    """Make it run as its file says."""
    name = draft.machine.name
    why = f"{name} does not run as its file says: {'; '.join(differences)}"
    return Step(why, commands.adjust(name))


def after_up(draft: Draft) -> Status:
    """The resource as it comes up."""
    return status_after_up(draft.seen, draft.wanted, draft.machine.identifiers or {})


def is_left_apart(draft: Draft, status: Status) -> bool:
    """Whether adjust would connect what is apart for a reason; refuses where that is in the way."""
    apart = any(one.state == STANDALONE for one in status.connections)
    if not apart:
        return False
    cause = cause_of(status, draft.seen.part("log"))
    if cause is None or cause.reason in PASSING:
        return False
    if cause.reason == "disconnected_by_admin" and draft.wanted.wait_for == "none":
        return True
    raise refusal_of(status.name, cause, own_uuid(draft, cause))


def own_uuid(draft: Draft, cause: Cause) -> str:
    """What somebody who decides about a split brain needs to know of this side."""
    if cause.reason != "split_brain":
        return ""
    found = uuids(draft.seen.part("identifiers"))
    return f" The data of {draft.seen.node} have the current UUID {found}."


def plan_connection(draft: Draft) -> Draft:
    """Wait for the peers, where that is asked for or something that follows needs them."""
    status, wanted = draft.status, draft.wanted
    if status is None or status.is_connected:
        return draft
    begins = wanted.initial_sync != "none" and wanted.sync_source == draft.seen.node
    incomplete = any(volume.disk == INCONSISTENT for volume in status.volumes)
    if wanted.wait_for == "none" and not (begins and incomplete) and not draft.recovers:
        return draft
    found = draft.machine.part("identifiers") if incomplete else {}
    names = " and ".join(one.name for one in wanted.peers(draft.seen.node))
    until = until_connected(draft.machine.dialect, wanted.name, patient=bool(draft.nudge))
    step = wait_step(draft, f"wait until {wanted.name} is connected to {names}", until)
    return replace(draft.then(step, status=connected(status, found)), nudge=())


def plan_options(draft: Draft) -> Draft:
    """After a split brain: what the connection has not brought of what the file says."""
    differences = draft.seen.part("adjust") if draft.recovers else ()
    left = tuple(one for one in differences if "connect" not in one.split())
    if not left:
        return draft
    gates.refuse_taking_apart(draft.seen, left)
    return draft.then(adjust_step(draft, left))


PHASES = (
    plan_module,
    plan_config,
    plan_metadata,
    plan_recovery,
    plan_running,
    plan_connection,
    plan_options,
    plan_first_sync,
    plan_role,
    plan_up_to_date,
)
