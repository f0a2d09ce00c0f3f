# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be done so that the engine has what is wanted, and nothing else. Pure.

One plan holds the steps that can be done now, side by side: no two of them touch the same thing.
What they make possible is in the next plan, made after another look at the engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Union

from .actual import PAUSED, RUNNING, Actual, Container, Loop
from .commands import image_of
from .guest import Guest, guest_of
from .model import Disk, Machine, Site
from .steps import (
    AttachDisk,
    CommitImage,
    CreateArray,
    CreateMachine,
    CreateNetwork,
    DetachDisk,
    GrowDisk,
    MakeDisk,
    RemoveArray,
    RemoveDisk,
    RemoveImage,
    RemoveMachine,
    RemoveNetwork,
    RemoveSnapshot,
    StartArray,
    StartMachine,
    Step,
    StopMachine,
    TakeSnapshot,
    TellMachine,
    UnpauseMachine,
)

ARRAY = "disks"
GIB = 2**30


@dataclass(frozen=True)
class Obstacle:
    """Why something that is wanted can not be."""

    text: str


@dataclass(frozen=True)
class Plan:
    """Steps for now, and what no step helps against."""

    steps: tuple[Step, ...] = ()
    obstacles: tuple[str, ...] = ()


Finding = Union[Step, Obstacle]


class View:
    """What is wanted and what there is, by the questions that the rules below ask."""

    def __init__(self, lab: str, wanted: Site, actual: Actual) -> None:
        self.lab = lab
        self.wanted = wanted
        self.actual = actual
        self.machines = {one.id: one for one in wanted.machines}
        self.containers = {one.machine: one for one in actual.containers}
        self.loops = {one.disk: one for one in actual.loops}
        self.plugged = {
            attachment.disk: machine.id
            for machine in wanted.machines
            if machine.is_running
            for attachment in machine.attachments
        }

    def is_running(self, machine: str) -> bool:
        """Whether the machine runs, paused or not."""
        container = self.containers.get(machine)
        return container is not None and container.state in (RUNNING, PAUSED)

    def own_loops(self, machine: Machine) -> tuple[Loop, ...]:
        """The loop devices that show it the disks it shall have."""
        found = (self.loops.get(one.disk) for one in machine.attachments)
        return tuple(one for one in found if one and one.machine == machine.id)

    def guest(self, machine: Machine) -> Guest:
        """What it shall be told about what is there now."""
        return guest_of(self.lab, machine, self.own_loops(machine), self.wanted.machines)

    def is_told(self, machine: Machine) -> bool:
        """Whether it knows its disks and rules."""
        return self.actual.told.get(machine.id) == self.guest(machine).digest

    def copies_to_come(self) -> set[str]:
        """Disks of which a snapshot has yet to be taken."""
        return {one.disk for one in self.wanted.snapshots if one.id not in self.actual.snapshots}


def plan(lab: str, wanted: Site, actual: Actual) -> Plan:
    """The steps that can be done now, and the obstacles; both empty when all is as wanted."""
    view = View(lab, wanted, actual)
    array = plan_array(view)
    if array:
        return Plan((array,))
    findings = [finding for rule in RULES for finding in rule(view)]
    return Plan(
        side_by_side([one for one in findings if not isinstance(one, Obstacle)]),
        tuple(one.text for one in findings if isinstance(one, Obstacle)),
    )


def side_by_side(steps: list[Step]) -> tuple[Step, ...]:
    """The first step for each thing; the others wait for the next plan."""
    touched: set[str] = set()
    chosen = []
    for step in steps:
        if touched.isdisjoint(step.touches):
            chosen.append(step)
        touched.update(step.touches)
    return tuple(chosen)


def plan_array(view: View) -> Step | None:
    """The step without which nothing about disks is known, or the last one of all."""
    wanted, actual = view.wanted, view.actual
    is_wanted = bool(wanted.machines or wanted.disks or wanted.snapshots)
    if not actual.is_array_running:
        if actual.has_array:
            return StartArray(ARRAY)
        return CreateArray(ARRAY) if is_wanted else None
    is_empty = not (actual.containers or actual.disks or actual.snapshots or actual.loops)
    return RemoveArray(ARRAY) if is_empty and not is_wanted else None


def plan_snapshots(view: View) -> Iterator[Finding]:
    """Taken before anything happens to the disk."""
    actual = view.actual
    for snapshot in view.wanted.snapshots:
        if snapshot.id in actual.snapshots:
            continue
        if snapshot.disk not in actual.disks:
            yield Obstacle(f"{snapshot.id} can not be taken: {snapshot.disk} is gone")
            continue
        loop = view.loops.get(snapshot.disk)
        is_used = loop is not None and view.is_running(loop.machine)
        yield TakeSnapshot(snapshot.id, snapshot.disk, loop.machine if loop and is_used else "")
    sources = {one.snapshot for one in view.wanted.disks if one.id not in actual.disks}
    wanted = {one.id for one in view.wanted.snapshots}
    yield from (RemoveSnapshot(one) for one in actual.snapshots if one not in wanted | sources)


def plan_images(view: View) -> Iterator[Finding]:
    """Made before anything happens to the machine; removed when nobody needs them."""
    actual = view.actual
    for image in view.wanted.images:
        if not image.machine or image.id in actual.images:
            continue
        if image.machine in view.containers:
            yield CommitImage(image.id, image.machine)
        else:
            yield Obstacle(f"{image.id} can not be made: {image.machine} is gone")
    needed = {one.id for one in view.wanted.images}
    needed |= {one.image for one in view.wanted.machines if one.id not in view.containers}
    used = {one.image.rpartition(":")[2] for one in actual.containers}
    yield from (RemoveImage(one) for one in actual.images if one not in needed | used)


def plan_networks(view: View) -> Iterator[Finding]:
    """One for each subnet that has machines."""
    known = {one.id: one for one in view.wanted.networks}
    needed = {one.network for one in view.wanted.machines}
    used = {one.network for one in view.actual.containers}
    for id_ in sorted(needed - set(view.actual.networks)):
        if id_ in known:
            yield CreateNetwork(id_, known[id_].cidr)
        else:
            yield Obstacle(f"{id_} does not exist")
    yield from (RemoveNetwork(one) for one in view.actual.networks if one not in needed | used)


def plan_machines(view: View) -> Iterator[Finding]:
    """Each machine by itself."""
    for id_ in view.containers:
        if id_ not in view.machines:
            yield RemoveMachine(id_)
    for machine in view.wanted.machines:
        container = view.containers.get(machine.id)
        if container is None:
            yield from plan_creation(view, machine)
        else:
            yield from plan_power(view, machine, container)


def plan_creation(view: View, machine: Machine) -> Iterator[Finding]:
    """When its network and its image are there."""
    image = next((one for one in view.wanted.images if one.id == machine.image), None)
    name = image.container_image if image else ""
    if not name and machine.image in view.actual.images:
        name = image_of(view.lab, machine.image)
    if not name and image is None:
        yield Obstacle(f"{machine.id} can not be made: {machine.image} is gone")
    if name and machine.network in view.actual.networks:
        yield CreateMachine(machine.id, name, machine.network, machine.address, machine.hostname)


def plan_power(view: View, machine: Machine, container: Container) -> Iterator[Finding]:
    """Started when its disks are there; told again when its disks or rules change."""
    is_complete = len(view.own_loops(machine)) == len(machine.attachments)
    if container.state == PAUSED:
        yield UnpauseMachine(machine.id)
    elif container.state == RUNNING and not machine.is_running:
        yield StopMachine(machine.id)
    elif container.state == RUNNING and not view.is_told(machine):
        yield TellMachine(machine.id, view.guest(machine))
    elif container.state != RUNNING and machine.is_running and is_complete:
        yield StartMachine(machine.id, machine, view.guest(machine))


def plan_disks(view: View) -> Iterator[Finding]:
    """Made, made larger, and removed when nothing shows or copies them."""
    wanted = {one.id for one in view.wanted.disks}
    for disk in view.wanted.disks:
        if disk.id in view.actual.disks:
            yield from plan_growth(view, disk)
        elif not disk.snapshot or disk.snapshot in view.actual.snapshots:
            yield MakeDisk(disk.id, disk.size_gib, disk.snapshot)
        elif disk.snapshot not in {one.id for one in view.wanted.snapshots}:
            yield Obstacle(f"{disk.id} can not be made: {disk.snapshot} is gone")
    for id_ in view.actual.disks:
        if id_ not in wanted | set(view.loops) | view.copies_to_come():
            yield RemoveDisk(id_)


def plan_growth(view: View, disk: Disk) -> Iterator[Finding]:
    """A disk never gets smaller."""
    loop = view.loops.get(disk.id)
    size = max(disk.size_gib * GIB, view.actual.disks[disk.id])
    if view.actual.disks[disk.id] < size or (loop and loop.size < size):
        yield GrowDisk(disk.id, disk.size_gib, loop.machine if loop else "")


def plan_loops(view: View) -> Iterator[Finding]:
    """A loop device for each disk of a machine that runs or shall run, and for no other."""
    for loop in view.actual.loops:
        target = view.plugged.get(loop.disk, loop.machine)
        if target != loop.machine and loop.is_leaving:
            yield Obstacle(f"{loop.disk} is still in use in {loop.machine}: unmount it there")
        elif not is_right(view, loop) and not is_held(view, loop.machine):
            yield DetachDisk(loop.disk, loop.machine)
    for disk, machine in view.plugged.items():
        if disk not in {one.id for one in view.wanted.disks}:
            yield Obstacle(f"{machine} can not have {disk}: it is gone")
        elif disk in view.actual.disks and disk not in view.loops:
            yield AttachDisk(disk, machine)


def is_right(view: View, loop: Loop) -> bool:
    """Whether it is wanted, or goes without our help."""
    return loop.is_leaving or view.plugged.get(loop.disk) == loop.machine


def is_held(view: View, machine: str) -> bool:
    """Whether the machine runs and has yet to learn which disks are no longer its own."""
    wanted = view.machines.get(machine)
    is_done = wanted is not None and wanted.is_running and view.is_told(wanted)
    return view.is_running(machine) and not is_done


RULES = (plan_snapshots, plan_images, plan_networks, plan_disks, plan_loops, plan_machines)
