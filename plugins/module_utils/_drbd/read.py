# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looking at a DRBD resource and what is around it, and acting on it.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from ansible_collections.clustered.storage.plugins.module_utils._blockdev import read as blockdev
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import Expectation
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.parse import (
    parse_mountinfo,
    parse_swaps,
)
from ansible_collections.clustered.storage.plugins.module_utils._cluster.read import read_cluster
from ansible_collections.clustered.storage.plugins.module_utils._drbd import commands, gates, parse
from ansible_collections.clustered.storage.plugins.module_utils._drbd.cause import (
    REMEDIES,
    cause_of,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.config import render
from ansible_collections.clustered.storage.plugins.module_utils._drbd.dialect import (
    handler_programs,
    settings,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.model import (
    DIALECT_84,
    DISKLESS,
    Cause,
    FirstSync,
    Identifiers,
    Machine,
    Metadata,
    Pacemaker,
    Promotion,
    Status,
    Victim,
    dialect_of,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.wanted import (
    WantedResource,
    WantedVolume,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.host import Host
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Step

NODE_FILE = "/proc/sys/kernel/hostname"
# What /etc/drbd.conf holds as it comes in every package.
MAIN_TEXT = 'include "drbd.d/global_common.conf";\ninclude "drbd.d/*.res";\n'
INCLUDE = "drbd.d/*.res"
NO_RESOURCE = "No such resource"
NO_METADATA = "No valid meta data found"
# What the kernel says when it does not do as told, and the code for it.
REFUSALS = (
    ("held open by someone", "held_open"),
    ("Multiple primaries not allowed", "peer_is_primary"),
    ("Need access to UpToDate data", "not_up_to_date"),
)

Reader = Callable[[Host, Machine, WantedResource], Machine]


def read_resource(wanted: WantedResource) -> Callable[[Host, Machine | None, str], Machine]:
    """The reader of one resource, for the life cycle."""

    def read(host: Host, machine: Machine | None, part: str) -> Machine:
        if machine is None:
            return read_first(host, wanted)
        return READERS[part](host, machine, wanted)

    return read


def read_first(host: Host, wanted: WantedResource) -> Machine:
    """What every run needs: the file, and one look at the state."""
    path = commands.config_path(wanted.name)
    kernel = read_line(host, commands.VERSION_FILE)
    node = read_line(host, NODE_FILE)
    config = host.text(path)
    peers = [one.name for one in wanted.peers(node)]
    peers = peers or [name for name in parse.parse_hosts(config or "") if name != node]
    return Machine(
        name=wanted.name,
        node=node,
        kernel=kernel,
        config=config,
        config_mode=host.mode(path),
        status=read_status(host, kernel, wanted.name, peers),
        local={one.address: host.is_local(one.address) for one in wanted.nodes},
    )


def read_line(host: Host, path: str) -> str:
    """A file of one line, "" where there is none."""
    return (host.text(path) or "").strip()


def read_status(host: Host, kernel: str, name: str, peers: Sequence[str]) -> Status | None:
    """The state of the resource, None while it is not up."""
    if not kernel:
        return None
    dialect = dialect_of(kernel)
    status = parse.parse_status(dialect, run(host, commands.status(dialect, name)), name)
    return parse.with_peer_name(status, peers[0]) if status and len(peers) == 1 else status


# ---- what is read when a plan asks for it ----


def read_loadable(host: Host, machine: Machine, _wanted: WantedResource) -> Machine:
    """The version that modprobe would load, "" where there is none."""
    output = host.run(commands.loadable_version())
    return replace(machine, loadable=output.stdout.strip() if output.rc == 0 else "")


def read_verdict(host: Host, machine: Machine, wanted: WantedResource) -> Machine:
    """What the generation's own parser says of the new file beside all the others."""
    with candidate(host, machine, wanted) as folder:
        main = f"{folder}/drbd.conf"
        output = host.run(commands.check(parser(host, machine), main))
    if output.rc == 0:
        return replace(machine, verdict=unread(host))
    words = (output.stderr or output.stdout).replace(f"{folder}/", "").strip()
    # The parser looks for the module to say which grammar it is, and grumbles where kmod is not.
    lines = [one.strip() for one in words.splitlines() if "modinfo" not in one]
    said = parse.scrub(" ".join(lines[:4]), wanted.secret)
    return replace(machine, verdict=said or f"status {output.rc}")


def unread(host: Host) -> str:
    """Why DRBD would never see the new file, "" if it does."""
    main = host.text(commands.MAIN_FILE)
    if main is None or INCLUDE in main:
        return ""
    return f"{commands.MAIN_FILE} does not include {INCLUDE}"


def parser(host: Host, machine: Machine) -> str:
    """The program that reads a dialect: drbdadm finds it by what is loaded."""
    if machine.kernel or machine.dialect != DIALECT_84:
        return "drbdadm"
    return next((path for path in commands.PARSERS_84 if host.finds(path)), "drbdadm")


@contextmanager
def candidate(host: Host, machine: Machine, wanted: WantedResource) -> Iterator[str]:
    """A copy of the configuration with the new file in place of the old."""
    name = f"drbd.d/{wanted.name}.res"
    main = (host.text(commands.MAIN_FILE) or MAIN_TEXT).replace("/etc/drbd.d/", "drbd.d/")
    others = [one for one in host.entries(commands.FOLDER) or () if f"drbd.d/{one}" != name]
    files = {"drbd.conf": main, name: render(wanted, machine.dialect)}
    links = {f"drbd.d/{one}": f"{commands.FOLDER}/{one}" for one in others}
    with host.scratch(files, links) as folder:
        yield folder


def read_adjust(host: Host, machine: Machine, wanted: WantedResource) -> Machine:
    """What would have to run for the state to be as the file says, or will say."""
    if machine.config == render(wanted, machine.dialect):
        text = run(host, commands.dry_adjust(wanted.name), wanted.secret)
    else:
        with candidate(host, machine, wanted) as folder:
            argv = commands.dry_adjust(wanted.name, f"{folder}/drbd.conf")
            text = run(host, argv, wanted.secret)
    return replace(machine, adjust=parse.parse_adjust(text, wanted.secret))


def read_metadata(host: Host, machine: Machine, wanted: WantedResource) -> Machine:
    """What is on the disks of volumes that are not attached."""
    status = machine.status
    found = {
        volume.number: read_disk(host, machine, wanted, volume)
        for volume in wanted.volumes
        if status is None or not status.is_attached(volume.number)
    }
    return replace(machine, metadata=found)


def read_disk(
    host: Host, machine: Machine, wanted: WantedResource, volume: WantedVolume
) -> Metadata:
    """The metadata of one volume, and where there are none, all that is on its devices."""
    disk, meta_disk = volume.disks[machine.node], volume.meta_disk
    paths = [disk] if meta_disk == "internal" else [disk, meta_disk]
    real = [blockdev.existing_path(host, path) for path in paths]
    peer = wanted.peers(machine.node)[0].id
    place = commands.metadata_place(disk, meta_disk)
    output = host.run(commands.read_metadata(machine.dialect, volume.minor, place, peer))
    found = parse.parse_identifiers(output.stdout) if output.rc == 0 else None
    if found:
        return Metadata(found)
    problem = (output.stderr + output.stdout).strip().replace(NO_METADATA, "")
    if output.rc != 1 and not problem:
        problem = f"status {output.rc}"
    around = blockdev.read_surroundings(host)
    devices = tuple(blockdev.read_device(host, path, around) for path in real)
    return Metadata(None, devices, problem)


def read_identifiers(host: Host, machine: Machine, _wanted: WantedResource) -> Machine:
    """The generation identifiers of the volumes that are attached."""
    volumes = machine.status.volumes if machine.status else ()
    found = {
        one.number: parse.parse_identifiers(
            run(host, commands.identifiers(machine.name, one.number))
        )
        for one in volumes
        if one.disk != DISKLESS
    }
    known = {number: one for number, one in found.items() if one}
    return replace(machine, identifiers=known)


def read_users(host: Host, machine: Machine, _wanted: WantedResource) -> Machine:
    """Who has the devices mounted or open, and what stands on them."""
    minors = [volume.minor for volume in machine.status.volumes] if machine.status else []
    users = [user for minor in minors for user in device_users(host, f"/dev/drbd{minor}")]
    return replace(machine, users=tuple(dict.fromkeys(users)))


def device_users(host: Host, path: str) -> Iterator[str]:
    """Who uses a device, in words."""
    number = host.number(path)
    for table in host.mount_tables():
        for mounted in parse_mountinfo(table):
            if mounted.number == number:
                yield f"mounted at {mounted.target}"
    if path in parse_swaps(host.text("/proc/swaps") or ""):
        yield "swap"
    for holder in host.entries(f"/sys/dev/block/{number}/holders") or ():
        yield f"device {holder}"
    yield from blockdev.staying(host.openers().get(number, ()))


def read_log(host: Host, machine: Machine, _wanted: WantedResource) -> Machine:
    """What the kernel has said about the resource."""
    minors = [volume.minor for volume in machine.status.volumes] if machine.status else []
    for argv in (commands.journal(), commands.kernel_ring()):
        output = host.run(argv) if host.finds(argv[0]) else None
        lines = parse.parse_log(output.stdout, machine.name, minors) if output else ()
        if lines:
            return replace(machine, log=lines)
    return replace(machine, log=())


def read_pacemaker(host: Host, machine: Machine, _wanted: WantedResource) -> Machine:
    """What Pacemaker says."""
    return replace(machine, pacemaker=Pacemaker(read_cluster(host)))


def read_missing(host: Host, machine: Machine, wanted: WantedResource) -> Machine:
    """The programs for fencing that are not there."""
    programs = fencing_programs(machine, wanted)
    return replace(machine, missing=tuple(one for one in programs if not host.finds(one)))


def read_outdated(host: Host, machine: Machine, wanted: WantedResource) -> Machine:
    """The programs for fencing that do not understand Pacemaker since 2.1.7."""
    programs = fencing_programs(machine, wanted)
    found = tuple(one for one in programs if parse.knows_only_words(host.text(one) or ""))
    return replace(machine, outdated=found)


def fencing_programs(machine: Machine, wanted: WantedResource) -> tuple[str, ...]:
    """The programs that DRBD is to call when it loses the peer, and when it is back."""
    handlers = settings(wanted, machine.dialect).sections["handlers"]
    return handler_programs(
        {name: handlers[name] for name in ("fence-peer", "unfence-peer") if name in handlers}
    )


def read_others(host: Host, machine: Machine, wanted: WantedResource) -> Machine:
    """Which of the wanted disks are in other resources' files."""
    own = {host.real_path(volume.disks[machine.node]) for volume in wanted.volumes}
    found: dict[str, tuple[str, ...]] = {}
    for name in host.entries(commands.FOLDER) or ():
        path = f"{commands.FOLDER}/{name}"
        if name.endswith(".res") and path != commands.config_path(wanted.name):
            disks = parse.parse_disks(host.text(path) or "", machine.node)
            shared = tuple(disk for disk in disks if host.real_path(disk) in own)
            found |= {path: shared} if shared else {}
    return replace(machine, others=found)


READERS: Mapping[str, Reader] = {
    "loadable": read_loadable,
    "verdict": read_verdict,
    "adjust": read_adjust,
    "metadata": read_metadata,
    "identifiers": read_identifiers,
    "users": read_users,
    "log": read_log,
    "pacemaker": read_pacemaker,
    "missing": read_missing,
    "outdated": read_outdated,
    "others": read_others,
}


# ---- acting ----


def run(host: Host, argv: Sequence[str], secret: str = "") -> str:
    """The output of a command; raises when it fails. A resource that is not up has no state."""
    output = host.run(argv)
    words = parse.scrub((output.stderr or output.stdout).strip(), secret)
    if output.rc == 0 or (NO_RESOURCE in words and argv[:2] == ("drbdsetup", "status")):
        return output.stdout
    reason = next((code for sign, code in REFUSALS if sign in words), "tool_failed")
    raise StorageError(
        reason,
        f"{' '.join(argv)} failed with status {output.rc}: {words}",
        "Nothing after this command was done; see the kernel's log too.",
    )


def runner(wanted: WantedResource) -> Callable[[Host, Sequence[str]], str]:
    """Carries commands out without ever showing the secret."""
    return lambda host, argv: run(host, argv, wanted.secret)


def actor(wanted: WantedResource) -> Callable[[Host, Step], None]:
    """Carries steps out; what they stand on is looked at once more right before."""

    def act(host: Host, step: Step) -> None:
        if step.expects is not None:
            look_again(host, wanted, step.expects)
        if step.writes is not None:
            host.write_text(step.command[-1], step.writes, step.replaces, step.mode)
            return
        run(host, step.command, wanted.secret)

    return act


def look_again(host: Host, wanted: WantedResource, expected: object) -> None:
    """Refuse what has changed since it was planned for."""
    if isinstance(expected, tuple):
        blockdev.settle(host)
        for one in expected:
            if isinstance(one, Expectation):
                blockdev.refuse_changed(host, one)
        return
    machine = read_first(host, wanted)
    if isinstance(expected, Promotion):
        gates.refuse_promotion(machine.status, expected)
        return
    found: Mapping[int, Identifiers] = read_identifiers(host, machine, wanted).part("identifiers")
    if isinstance(expected, FirstSync):
        gates.refuse_first_sync(machine.status, found)
    if isinstance(expected, Victim):
        users = read_users(host, machine, wanted).part("users")
        gates.refuse_victim(machine.status, found, users, expected)


def explainer(wanted: WantedResource) -> Callable[[Host, StorageError], StorageError]:
    """Looks for the cause of a connection that did not come."""

    def explain(host: Host, error: StorageError) -> StorageError:
        if error.reason not in ("timeout", "not_connected"):
            return error
        machine = read_first(host, wanted)
        cause = read_cause(host, machine, wanted)
        if cause is None:
            return error
        seen = "; ".join(cause.evidence)
        return StorageError(
            cause.reason, f"{error.message} {cause.words}. Seen: {seen}.", REMEDIES[cause.reason]
        )

    return explain


def read_cause(host: Host, machine: Machine, wanted: WantedResource) -> Cause | None:
    """Why it is not connected, None if it is or is not up."""
    if machine.status is None or machine.status.is_connected:
        return None
    return cause_of(machine.status, read_log(host, machine, wanted).part("log"))
