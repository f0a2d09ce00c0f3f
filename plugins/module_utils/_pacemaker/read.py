# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading the cluster and the file system, one part at a time; and acting on them.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from xml.etree import ElementTree

from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import ENDS_BYTES
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.parse import (
    SECTOR,
    parse_fstab,
    parse_mountinfo,
    parse_signatures,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.read import (
    is_zero,
    read_device,
    read_surroundings,
)
from ansible_collections.clustered.storage.plugins.module_utils._cluster.commands import query_cib
from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import active_on
from ansible_collections.clustered.storage.plugins.module_utils._cluster.read import read_cluster
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.host import Host
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Step
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker import commands, parse
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.filesystem import (
    Expected,
    is_named,
    refuse_device,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.gates import running
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.judge import UNCHANGED
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.model import (
    GFS2,
    Content,
    Preflight,
    State,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.patch import make_patch
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.secret import scrub
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.stages import (
    fingerprint,
    simulated,
    stage_of,
    stages_for,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.transaction import Push
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.wanted import Wanted

# CRM_EX_OLD, include/crm/common/results.h: the CIB has moved on; its status does so all the time.
OLD = 103
PUSHES = 10
# CRM_EX_NOSUCH: what was asked for does not exist.
NO_SUCH = 105
MODULES = ("dlm", "gfs2")
DLM_CONFIG, DLM_AGENT, AGENT_BYTES = "/etc/dlm/dlm.conf", "/usr/sbin/dlm_stonith", 1 << 20
SUPERBLOCK_FIELDS = ("File system UUID", "Lock table", "Lock protocol")


def read_state(wanted: Wanted) -> Callable[[Host, State | None, str], State]:
    """The reader for these parameters, for the life cycle."""

    def read(host: Host, state: State | None, part: str) -> State:
        if state is None:
            name = (host.text("/proc/sys/kernel/hostname") or "").strip()
            return State(read_cluster(host), name)
        kind, _blank, what = part.partition(" ")
        if kind == "simulate":
            return read_simulation(host, state, wanted, what)
        if kind == "agent":
            return replace(state, agents={**state.agents, what: read_agent(host, what)})
        return PARTS[kind](host, state, wanted)

    return read


def run(host: Host, argv: Sequence[str], stdin: str = "") -> str:
    """The output of a command; raises when it fails."""
    output = host.run(argv, stdin)
    if output.rc:
        raise tool_failed(argv, output.rc, output.stderr or output.stdout, stdin)
    return output.stdout


def tool_failed(argv: Sequence[str], rc: int, words: str, stdin: str = "") -> StorageError:
    """The error for a command that fails, with what is secret in its input taken out."""
    return StorageError(
        "tool_failed",
        f"{' '.join(argv)} failed with status {rc}: {scrub(words.strip(), stdin)[-500:]}",
        "Nothing after this command was done.",
    )


# ---- what is read when a plan asks for it ----


def read_simulation(host: Host, state: State, wanted: Wanted, name: str) -> State:
    """What Pacemaker would do after a transaction; or anyway, if nothing was changed."""
    cluster = running(state)
    stages = {stage.name: stage.after for stage in stages_for(cluster, wanted)}
    cib = stages.get(name, cluster.cib) if name != UNCHANGED else cluster.cib
    text = run(host, commands.simulate(), simulated(cluster, wanted, cib))
    found = {**state.simulations, name: parse.parse_simulation(text)}
    return replace(state, simulations=found)


def read_agent(host: Host, agent: str) -> frozenset[str] | None:
    """The options of a fence agent, None where there is no such agent."""
    output = host.run(commands.describe_agent(agent))
    if output.rc == NO_SUCH:
        return None
    if output.rc:
        raise tool_failed(commands.describe_agent(agent), output.rc, output.stderr)
    return parse.parse_agent(output.stdout)


def read_corosync(host: Host, state: State, _wanted: Wanted) -> State:
    """The cluster's name by Corosync."""
    return replace(state, corosync=parse.parse_corosync(run(host, commands.show_corosync())))


def read_drbd(host: Host, state: State, wanted: Wanted) -> State:
    """What DRBD's configuration here says about the resource."""
    text = run(host, commands.dump_drbd())
    return replace(state, drbd=parse.parse_drbd(text, wanted.drbd_resource))


def read_preflight(host: Host, state: State, wanted: Wanted) -> State:
    """What this machine says about itself."""
    kernel = (host.text("/proc/sys/kernel/osrelease") or "").strip()
    folder = f"/lib/modules/{kernel}"
    loaded = tuple(f"/{one}.ko" for one in MODULES if host.entries(f"/sys/module/{one}"))
    listings = (host.text(f"{folder}/{n}") or "" for n in ("modules.dep", "modules.builtin"))
    preflight = Preflight(
        missing_modules=parse.parse_missing_modules(MODULES, (*listings, *loaded)),
        distribution=parse.parse_distribution(host.text("/etc/os-release") or ""),
        kernel=kernel,
        dlm_service=read_dlm_service(host),
        fencing_library=read_fencing_library(host),
        fstab=parse_fstab(host.text("/etc/fstab") or ""),
        mounted=read_mounted(host, wanted),
        machine_id=(host.text("/etc/machine-id") or "").strip(),
    )
    return replace(state, preflight=preflight)


def read_dlm_service(host: Host) -> str:
    """Whether systemd runs the lock manager, or will."""
    if host.entries("/run/systemd/system") is None:
        return ""
    return parse.parse_unit(run(host, commands.show_dlm_service()))


def read_fencing_library(host: Host) -> str:
    """The library without which DLM's fence agent can not ask Pacemaker, if it is missing."""
    program = host.read_at(DLM_AGENT, 0, AGENT_BYTES)
    library = parse.parse_fencing_library(host.text(DLM_CONFIG) or "", program)
    if not library or parse.has_library(library, run(host, commands.list_libraries())):
        return ""
    return library


def read_mounted(host: Host, wanted: Wanted) -> str:
    """What is mounted at the mount point here, "" for nothing."""
    target = host.real_path(wanted.file_system.mount_point) if wanted.file_system else ""
    mounts = parse_mountinfo(host.mount_tables()[0])
    return next((one.source for one in reversed(mounts) if one.target == target), "")


def read_room(host: Host, state: State, wanted: Wanted) -> State:
    """What the file system can grow by; only where it is mounted can that be seen."""
    fs = wanted.file_system
    if fs is None or state.node not in active_on(running(state).instances, wanted.filesystem_id):
        return replace(state, room_mib=0)
    output = host.run(commands.try_growth(fs.mount_point))
    # Where there is no room it fails (gfs2_grow 3.5): the device is filled already.
    if output.rc and parse.HAS_NOT_GROWN not in output.stdout + output.stderr:
        raise tool_failed(commands.try_growth(fs.mount_point), output.rc, output.stderr)
    return replace(state, room_mib=parse.parse_growth_mib(output.stdout))


# ---- what is on the device ----


def read_content(host: Host, state: State, wanted: Wanted) -> State:
    """What is on the device; where DRBD lets nobody look, what is on the disk below it."""
    fs = wanted.file_system
    if fs is None:
        return state
    path = host.real_path(fs.device)
    if not host.number(path):
        raise no_device(fs.device, wanted)
    mounted = bool(active_on(running(state).instances, wanted.filesystem_id))
    if not can_read(host, path):
        content = read_below(host, path, wanted)
    elif mounted:
        content = with_superblock(host, Content(path, (GFS2,)))
    else:
        content = read_plain(host, path)
    return replace(state, content=content)


def no_device(device: str, wanted: Wanted) -> StorageError:
    """The error for a device that is not there."""
    remedy = (
        "Bring the DRBD resource up first (clustered.storage.drbd_resource)."
        if wanted.drbd_resource
        else "See lsblk for what there is."
    )
    return StorageError("no_device", f"There is no block device {device}.", remedy)


def can_read(host: Host, path: str) -> bool:
    """Whether a device lets itself be read; a Secondary of DRBD does not."""
    try:
        return bool(host.read_at(path, 0, SECTOR))
    except StorageError:
        return False


def read_plain(host: Host, path: str) -> Content:
    """What is on a device that nobody uses."""
    device = read_device(host, path, read_surroundings(host))
    signature = device.signatures[0] if device.signatures else None
    head = host.read_at(path, 0, parse.HEAD_BYTES)
    content = Content(
        path,
        device.types,
        signature.uuid if signature else "",
        is_blank=device.is_blank,
        is_unfinished=not device.all_types and parse.is_unfinished_gfs2(head),
        device=device,
    )
    return with_superblock(host, content) if content.is_gfs2 else content


def read_below(host: Host, path: str, wanted: Wanted) -> Content:
    """What is on the disk below a DRBD device; its own metadata there does not count."""
    if not wanted.drbd_resource:
        raise StorageError(
            "unreadable",
            f"{path} can not be read on this node.",
            "If it is a DRBD device, give drbd_resource too.",
        )
    disk = read_disk_below(host, path, wanted.drbd_resource)
    # DRBD writes past the disk's page cache: what others read there before would be seen again.
    run(host, commands.drop_cache(disk))
    found = [
        one for one in parse_signatures(run(host, ("wipefs", "--json", disk))) if one.type != "drbd"
    ]
    size = read_size(host, path)
    head = host.read_at(disk, 0, min(size, ENDS_BYTES))
    tail = host.read_at(disk, max(size - ENDS_BYTES, 0), min(size, ENDS_BYTES))
    content = Content(
        disk,
        tuple(dict.fromkeys(one.type for one in found)),
        found[0].uuid if found else "",
        is_blank=not found and bool(head) and is_zero(head) and is_zero(tail),
        is_unfinished=not found and parse.is_unfinished_gfs2(head),
    )
    return with_superblock(host, content) if content.is_gfs2 else content


def read_disk_below(host: Host, path: str, resource: str) -> str:
    """The disk of this node below a device of a resource, which may have several volumes."""
    disks = run(host, commands.disks_below(resource)).split()
    if len(disks) == 1:
        return disks[0]
    devices = [host.real_path(one) for one in run(host, commands.devices_of(resource)).split()]
    if path not in devices or len(devices) != len(disks):
        raise StorageError(
            "no_device",
            f"{path} is none of the devices of {resource}: {', '.join(devices)}.",
            "Name the device that belongs to the resource.",
        )
    return disks[devices.index(path)]


def read_size(host: Host, path: str) -> int:
    """The size of a device in bytes, which the kernel tells even where it can not be read."""
    text = host.text(f"/sys/dev/block/{host.number(path)}/size") or "0"
    return int(text.strip()) * SECTOR


def with_superblock(host: Host, content: Content) -> Content:
    """A GFS2 with what its superblock says, and how many journals it has."""
    path = content.seen_at
    values = parse.parse_superblock(run(host, commands.show_superblock(path)))
    identity, table, protocol = (values.get(name, "") for name in SUPERBLOCK_FIELDS)
    journals = parse.parse_journals(run(host, commands.list_journals(path)))
    return replace(
        content, uuid=identity, lock_table=table, lock_protocol=protocol, journals=journals
    )


PARTS: dict[str, Callable[[Host, State, Wanted], State]] = {
    "corosync": read_corosync,
    "drbd": read_drbd,
    "preflight": read_preflight,
    "content": read_content,
    "room": read_room,
}


# ---- acting ----


def act(host: Host, step: Step) -> None:
    """Carry out a step; what it changes is looked at once more right before."""
    if isinstance(step.expects, Push):
        push(host, step.command, step.expects)
        return
    if isinstance(step.expects, Expected):
        refuse_changed(host, step.expects)
    run(host, step.command, step.stdin)


def push(host: Host, command: Sequence[str], transaction: Push) -> None:
    """Change the CIB of this moment, if nobody else has changed it since it was planned on.

    The patch fits one version only. What the status section counts is part of that: then it is
    made once more.
    """
    output = None
    for _attempt in range(PUSHES):
        cib = run(host, query_cib())
        if fingerprint(cib) != transaction.fingerprint:
            raise changed_meanwhile()
        stage = stage_of("", transaction.change, cib)
        before, after = ElementTree.fromstring(stage.before), ElementTree.fromstring(stage.after)
        patch = make_patch(before, after)
        output = host.run(command, patch)
        if output.rc == 0:
            return
        if output.rc != OLD:
            raise tool_failed(command, output.rc, output.stderr or output.stdout, patch)
    raise changed_meanwhile()


def changed_meanwhile() -> StorageError:
    """The error for a CIB that somebody else has changed."""
    return StorageError(
        "changed_meanwhile",
        "Somebody else has changed the CIB since this was planned; it was left as they made it.",
        "Run this again: it plans on what is there then.",
    )


def refuse_changed(host: Host, expected: Expected) -> None:
    """The device holds what it held when this was planned, and nobody uses it."""
    path = host.real_path(expected.device)
    if not host.number(path) or not can_read(host, path):
        raise StorageError(
            "not_primary",
            f"{expected.device} can not be read on this node; DRBD is not Primary here.",
            "See drbdadm status; run this again when it is.",
        )
    content = read_plain(host, path)
    if content.device is not None:
        refuse_device(content.device)
    blank = content.is_blank or content.is_unfinished
    if is_named(content, expected.uuid) if expected.uuid else blank:
        return
    raise StorageError(
        "changed_meanwhile",
        f"{expected.device} does not hold any more what it held when this was planned.",
        "Find out who else works on it, and run this again.",
    )
