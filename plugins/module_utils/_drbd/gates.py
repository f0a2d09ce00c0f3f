# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What speaks against a step, by code. Pure; what is not known speaks against it.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.clustered.storage.plugins.module_utils._blockdev.guard import refuse_write
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import Device
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.wanted import (
    Expected,
    WantedDevice,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.model import (
    INCONSISTENT,
    PRIMARY,
    Identifiers,
    Machine,
    Metadata,
    Pacemaker,
    PeerVolume,
    Promotion,
    Status,
    Victim,
    Volume,
    is_same_uuid,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.wanted import WantedResource
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import (
    StorageError,
    format_names,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal

# What the parsers say, and the code for it.
VERDICTS = (
    ("conflicting use of device-minor", "minor_taken", "Give another minor."),
    ("conflicting use of IP", "port_taken", "Give another port."),
    ("is also used", "port_taken", "Give another port."),
)
# What adjust may not do to a disk that is in use.
TAKING_APART = ("detach", "del-minor", "del-resource", "down")


def refuse_host(machine: Machine, wanted: WantedResource) -> None:
    """This machine is one of the nodes, and has the address that it is to have."""
    names = [node.name for node in wanted.nodes]
    if machine.node not in names:
        raise Refusal(
            "wrong_host",
            f"This machine calls itself {machine.node}, which is none of {format_names(names)}.",
            "nodes holds what uname -n prints on each of them.",
        )
    for node in wanted.nodes:
        own = node.name == machine.node
        if machine.local.get(node.address, own) is not own:
            whose = "not one of this machine's" if own else "this machine's own"
            raise Refusal(
                "address_not_local" if own else "bad_address",
                f"The address {node.address} of {node.name} is {whose}.",
                "Correct the addresses in nodes, or bring the network up.",
            )


def refuse_no_module(machine: Machine) -> None:
    """There is a DRBD for this kernel."""
    if not machine.part("loadable"):
        raise Refusal(
            "no_module",
            "The running kernel has no DRBD.",
            "Debian: linux-image-amd64 has it. Ubuntu: linux-modules-extra of the running kernel. "
            "EL: kmod-drbd9x of ELRepo. A kernel that was updated needs a reboot first.",
        )


def refuse_verdict(machine: Machine) -> None:
    """The generation's own parser takes the new file, beside all the others."""
    verdict = machine.part("verdict")
    for words, reason, remedy in VERDICTS:
        if words in verdict:
            raise Refusal(reason, f"Another resource has it already: {verdict}", remedy)
    if verdict:
        raise Refusal(
            "invalid_config",
            f"DRBD {machine.dialect} does not take this configuration: {verdict}",
            "Correct the option that it names; drbd.conf(5) of that version has them all.",
        )


def refuse_shared_disk(machine: Machine) -> None:
    """No other resource is configured on the same disks."""
    for path, disks in machine.part("others").items():
        raise Refusal(
            "disk_taken",
            f"{format_names(disks)} belongs to the resource in {path}.",
            "Give another disk, or take that resource away first.",
        )


def refuse_taking_apart(machine: Machine, commands: tuple[str, ...]) -> None:
    """A running resource keeps its disks."""
    bad = [one for one in commands if set(one.split()) & set(TAKING_APART)]
    if bad:
        raise Refusal(
            "would_detach",
            f"{machine.name} runs with other disks or volumes; to follow the new file DRBD would: "
            f"{'; '.join(bad)}.",
            "Take the resource down first (state: down), if that is what you want.",
        )


def refuse_no_metadata(wanted: WantedResource, number: int) -> None:
    """Metadata may be made."""
    if wanted.metadata == "never":
        raise Refusal(
            "no_metadata",
            f"Volume {number} of {wanted.name} has no metadata, and none may be made.",
            "See that the right disk is named, or give metadata: create_if_blank.",
        )


def refuse_filled(device: Device) -> None:
    """Metadata are made only on what block_device_prepare would call blank."""
    try:
        refuse_write(device, WantedDevice(device.path, Expected()))
    except Refusal as refusal:
        remedy = (
            "block_device_prepare erases it, by its name (wipe, confirm_wipe); then run this again."
            if device.all_types or not device.zero_ends
            else refusal.remedy
        )
        raise Refusal(refusal.reason, refusal.message, remedy) from None


def refuse_unknown(metadata: Metadata) -> None:
    """It is known that there are no metadata."""
    if metadata.problem:
        raise Refusal(
            "probe_failed",
            f"It can not be said whether there are metadata: {metadata.problem}.",
            "Find out by hand (drbdmeta, wipefs) before anything is written.",
        )


def refuse_managed(machine: Machine, what: str) -> None:
    """What Pacemaker manages, it would undo."""
    if is_managed(machine):
        raise Refusal(
            "managed_by_pacemaker",
            f"Pacemaker manages {machine.name}, and is not to be surprised: {what}.",
            "Let Pacemaker do it (crm_resource --move, a standby node), or take the resource out "
            "of the cluster first. With role: unmanaged its role is left alone.",
        )


def is_managed(machine: Machine) -> bool:
    """Whether Pacemaker runs here and manages the resource."""
    pacemaker: Pacemaker = machine.part("pacemaker")
    return pacemaker.cluster is not None and machine.name in pacemaker.cluster.drbd_resources


def refuse_held(machine: Machine, reason: str = "held_open") -> None:
    """Nobody has the device open, mounted, or something standing on it."""
    users = machine.part("users")
    if users:
        raise Refusal(
            reason,
            f"{machine.name} is in use here: {format_names(users)}.",
            "End that first: unmount it, stop what stands on it.",
        )


def refuse_handlers(machine: Machine) -> None:
    """The programs that fencing calls are there."""
    missing = machine.part("missing")
    if missing:
        raise Refusal(
            "handler_missing",
            f"Not there, or not executable: {format_names(missing)}.",
            "drbd-utils brings the scripts below /usr/lib/drbd; correct handlers, or install it.",
        )


def refuse_unfenced(machine: Machine, wanted: WantedResource) -> None:
    """Two primaries only where a node that is lost is really killed."""
    pacemaker: Pacemaker = machine.part("pacemaker")
    cluster = pacemaker.cluster
    if cluster is None or not cluster.stonith_enabled:
        seen = "does not run here" if cluster is None else "has stonith-enabled=false"
        raise no_fencing(f"Pacemaker {seen}")
    devices = [one for one in cluster.fence_devices if not one.unsuited]
    if not devices:
        raise no_fencing("Pacemaker has no fence device that can fence for DRBD")
    started = [one for one in devices if one.started_on]
    if not started:
        raise Refusal(
            "fencing_not_started",
            f"No fence device is started: {format_names(one.id for one in devices)}.",
            "See crm_mon -1 and the devices' failures; pacemaker_gfs2 with fence_devices waits "
            "until they are started.",
        )
    if all(one.pretends for one in started) and not wanted.allow_pretended_fencing:
        raise Refusal(
            "fencing_pretends",
            "What is started only pretends to fence: "
            f"{format_names(f'{one.id} ({one.agent})' for one in started)}. It claims success on a "
            "node that lives and writes.",
            "Use a device that cuts the power; allow_pretended_fencing is for labs.",
        )


def refuse_outdated(machine: Machine) -> None:
    """What does not learn from Pacemaker that the other node is dead lets nobody go on."""
    pacemaker: Pacemaker = machine.part("pacemaker")
    if pacemaker.cluster is None or not pacemaker.cluster.tells_times:
        return
    outdated = machine.part("outdated")
    if outdated:
        raise Refusal(
            "handler_outdated",
            f"{format_names(outdated)} can not read the states of nodes as Pacemaker writes them "
            "since 2.1.7: when a node is lost, the other one would wait until it is back.",
            "Install drbd-utils that go with this Pacemaker, or give another fence-peer in "
            "handlers.",
        )


def no_fencing(seen: str) -> Refusal:
    """The refusal for a cluster that can not fence."""
    return Refusal(
        "no_fencing",
        f"allow_two_primaries needs working fencing, and {seen}.",
        "Set the cluster and its fence devices up first (pacemaker_gfs2 with fence_devices).",
    )


# ---- looked at once more, right before the step ----


def refuse_first_sync(status: Status | None, identifiers: Mapping[int, Identifiers]) -> None:
    """Both sides are fresh, or nobody's data are declared anything."""
    if status is None or not status.is_connected:
        raise changed("the connection is gone")
    due = [one for one in status.volumes if one.disk == INCONSISTENT]
    if not due or any(one.disk != INCONSISTENT or one.is_syncing for one in peers_of(status, due)):
        raise StorageError(
            "peer_has_data",
            f"The other side of {status.name} has data already, which are being copied to here.",
            "Nothing was declared. Run this again: the copying goes on by itself.",
        )
    for volume in due:
        if volume.number not in identifiers or not identifiers[volume.number].is_fresh:
            raise changed(f"volume {volume.number} is not fresh any more")


def peers_of(status: Status, volumes: list[Volume]) -> list[PeerVolume]:
    """The same volumes on the peers."""
    numbers = {one.number for one in volumes}
    return [one for one in status.peer_volumes if one.number in numbers]


def refuse_promotion(status: Status | None, promotion: Promotion) -> None:
    """The data here are good, and nobody else writes who should not."""
    if status is None:
        raise changed("the resource is not up any more")
    refuse_peer_primary(status, promotion.two_primaries)
    if not status.is_local_up_to_date:
        raise not_up_to_date(status)


def refuse_peer_primary(status: Status, two_primaries: bool) -> None:
    """One Primary, unless two may be."""
    others = [one.peer or "the peer" for one in status.connections if one.role == PRIMARY]
    if others and not two_primaries:
        raise Refusal(
            "peer_is_primary",
            f"{format_names(others)} is Primary.",
            "Make it Secondary first (role: secondary there).",
        )


def not_up_to_date(status: Status) -> Refusal:
    """The refusal to promote what is not complete."""
    disks = format_names(f"volume {one.number} is {one.disk}" for one in status.volumes)
    return Refusal(
        "not_up_to_date",
        f"{status.name} has not all the data here: {disks}.",
        "Let it sync from a peer that is UpToDate; a new pair needs initial_sync and sync_source.",
    )


def refuse_victim(
    status: Status | None,
    identifiers: Mapping[int, Identifiers],
    users: tuple[str, ...],
    victim: Victim,
) -> None:
    """What is thrown away is what was named, and nobody uses it."""
    if status is None or status.role == PRIMARY or users:
        raise changed("somebody uses the data that were to go")
    if not any(is_same_uuid(one.current, victim.uuid) for one in identifiers.values()):
        raise changed("the data are not those that were named")


def changed(what: str) -> StorageError:
    """The error for a state that is not any more what was planned for."""
    return StorageError("changed_meanwhile", f"Since this was planned, {what}.", "Run this again.")
