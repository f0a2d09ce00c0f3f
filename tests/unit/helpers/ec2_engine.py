# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A model of the container engine: what each step makes of what there is, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lab.ec2.embedded.hypervisor import steps
from lab.ec2.embedded.hypervisor.actual import RUNNING, Actual, Container, Loop
from lab.ec2.embedded.hypervisor.guest import Guest
from lab.ec2.embedded.hypervisor.model import Site
from lab.ec2.embedded.hypervisor.plan import plan

LAB = "test"
GIB = 2**30
MOST_PLANS = 50

_guests: dict[str, Guest] = {}  # by digest


def listed(actual: Actual, machine: str) -> set[str]:
    """The disks that a machine has been told of."""
    guest = _guests.get(actual.told.get(machine, ""), Guest("", ""))
    return {line.split()[0] for line in guest.disks.splitlines()}


def running(actual: Actual) -> set[str]:
    """The machines that run."""
    return {one.machine for one in actual.containers if one.state == RUNNING}


def run_to_the_end(
    wanted: Site, actual: Actual, limit: int = MOST_PLANS
) -> tuple[Actual, tuple[str, ...]]:
    """What there is when no step is left, or after so many plans; with the obstacles."""
    for _number in range(limit):
        found = plan(LAB, wanted, actual)
        if not found.steps:
            return actual, found.obstacles
        for step in found.steps:
            actual = applied(step, actual)
    assert limit < MOST_PLANS, "it never ends"
    return actual, ()


def applied(step: steps.Step, actual: Actual) -> Actual:
    """What there is after the step."""
    return EFFECTS[type(step)](step, actual)


def _containers(actual: Actual, machine: str, *new: Container) -> Actual:
    others = tuple(one for one in actual.containers if one.machine != machine)
    return replace(actual, containers=(*others, *new))


def _container(actual: Actual, machine: str) -> Container:
    (found,) = (one for one in actual.containers if one.machine == machine)
    return found


def _powered(step: Any, actual: Actual, state: str) -> Actual:
    return _containers(actual, step.id, replace(_container(actual, step.id), state=state))


def _create_machine(step: Any, actual: Actual) -> Actual:
    assert step.network in actual.networks
    new = Container(step.id, "created", step.container_image, step.network)
    return _containers(actual, step.id, new)


def _remove_network(step: Any, actual: Actual) -> Actual:
    assert step.id not in {one.network for one in actual.containers}
    return replace(actual, networks=tuple(one for one in actual.networks if one != step.id))


def _told(step: Any, actual: Actual) -> Actual:
    _guests[step.guest.digest] = step.guest
    told = replace(actual, told={**actual.told, step.id: step.guest.digest})
    have = {one.disk for one in actual.loops if one.machine == step.id}
    assert listed(told, step.id) <= have, "a machine is told of a device that is not its own"
    return told


def _start_machine(step: Any, actual: Actual) -> Actual:
    told = _told(step, actual)
    assert listed(told, step.id) == {one.disk for one in step.machine.attachments}
    return _powered(step, told, RUNNING)


def _make_disk(step: Any, actual: Actual) -> Actual:
    assert step.id not in actual.disks
    assert not step.snapshot or step.snapshot in actual.snapshots
    return replace(actual, disks={**actual.disks, step.id: step.size_gib * GIB})


def _grow_disk(step: Any, actual: Actual) -> Actual:
    size = step.size_gib * GIB
    assert size > actual.disks[step.id]
    loops = tuple(replace(one, size=size) if one.disk == step.id else one for one in actual.loops)
    return replace(actual, disks={**actual.disks, step.id: size}, loops=loops)


def _remove_disk(step: Any, actual: Actual) -> Actual:
    assert step.id not in {one.disk for one in actual.loops}
    left = {name: size for name, size in actual.disks.items() if name != step.id}
    return replace(actual, disks=left)


def _attach_disk(step: Any, actual: Actual) -> Actual:
    assert step.id not in {one.disk for one in actual.loops}
    numbers = {one.device for one in actual.loops}
    device = next(f"loop{number}" for number in range(99) if f"loop{number}" not in numbers)
    new = Loop(step.id, step.machine, device, actual.disks[step.id])
    return replace(actual, loops=(*actual.loops, new))


def _detach_disk(step: Any, actual: Actual) -> Actual:
    shown = listed(actual, step.machine) if step.machine in running(actual) else set()
    assert step.id not in shown, "a machine still sees the disk"
    return replace(actual, loops=tuple(one for one in actual.loops if one.disk != step.id))


def _take_snapshot(step: Any, actual: Actual) -> Actual:
    assert step.disk in actual.disks
    return replace(actual, snapshots=(*actual.snapshots, step.id))


def _commit_image(step: Any, actual: Actual) -> Actual:
    assert _container(actual, step.machine)
    return replace(actual, images=(*actual.images, step.id))


def _remove_image(step: Any, actual: Actual) -> Actual:
    used = {one.image.rpartition(":")[2] for one in actual.containers}
    assert step.id not in used
    return replace(actual, images=tuple(one for one in actual.images if one != step.id))


def _remove_snapshot(step: Any, actual: Actual) -> Actual:
    left = tuple(one for one in actual.snapshots if one != step.id)
    return replace(actual, snapshots=left)


def _array(is_there: bool) -> Callable[[Any, Actual], Actual]:
    return lambda _step, actual: replace(actual, has_array=is_there, is_array_running=is_there)


EFFECTS: dict[type, Callable[[Any, Actual], Actual]] = {
    steps.CreateArray: _array(True),
    steps.StartArray: _array(True),
    steps.RemoveArray: _array(False),
    steps.CreateNetwork: lambda step, now: replace(now, networks=(*now.networks, step.id)),
    steps.RemoveNetwork: _remove_network,
    steps.CommitImage: _commit_image,
    steps.RemoveImage: _remove_image,
    steps.TakeSnapshot: _take_snapshot,
    steps.RemoveSnapshot: _remove_snapshot,
    steps.MakeDisk: _make_disk,
    steps.GrowDisk: _grow_disk,
    steps.RemoveDisk: _remove_disk,
    steps.AttachDisk: _attach_disk,
    steps.DetachDisk: _detach_disk,
    steps.CreateMachine: _create_machine,
    steps.StartMachine: _start_machine,
    steps.TellMachine: _told,
    steps.UnpauseMachine: lambda step, now: _powered(step, now, RUNNING),
    steps.StopMachine: lambda step, now: _powered(step, now, "exited"),
    steps.RemoveMachine: lambda step, now: _containers(now, step.id),
}
