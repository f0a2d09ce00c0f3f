# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets the engine follow what is wanted."""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from . import commands, steps
from .engine import EngineError, run
from .guest import Guest, archive, seed
from .model import Site
from .plan import Plan, plan
from .read import read_actual

LOG = logging.getLogger("ec2.hypervisor")
SIDE_BY_SIDE = 8
# Commands of a follow that was killed go on: the next look at the engine sees their effect.
DONE_MEANWHILE = re.compile(
    r"already exists|already in use by container|no such (container|network|image)|is not paused",
    re.IGNORECASE,
)

_following = threading.Lock()


class FollowError(Exception):
    """Why the engine has not become what is wanted."""


def follow(site: Site, lab: str = "") -> None:
    """Make the engine have all of the site and nothing else; raises FollowError.

    The lab is that of the environment's LAB_EC2_NAME where none is named. What has been done when
    it fails stays; the next call goes on from there.
    """
    lab = lab_of(lab)
    with _following:
        done: tuple[steps.Step, ...] = ()
        while True:
            current = look(lab, site)
            if not current.steps:
                break
            if current.steps == done:
                raise FollowError(f"no effect: {', '.join(map(name_of_step, done))}")
            apply_all(lab, current.steps)
            done = current.steps
    if current.obstacles:
        raise FollowError("; ".join(current.obstacles))


def lab_of(named: str) -> str:
    """That of the environment where none is named."""
    return named or os.environ.get("LAB_EC2_NAME", "lab")


def look(lab: str, site: Site) -> Plan:
    """What is to be done now."""
    try:
        return plan(lab, site, read_actual(lab))
    except EngineError as error:
        raise FollowError(str(error)) from error


def apply_all(lab: str, wanted: tuple[steps.Step, ...]) -> None:
    """All steps side by side; when some fail, the others are still done."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        failures = [said for said in pool.map(lambda step: attempt(lab, step), wanted) if said]
    if failures:
        raise FollowError("; ".join(failures))


def attempt(lab: str, step: steps.Step) -> str:
    """What went wrong, or nothing."""
    started = time.monotonic()
    try:
        apply(lab, step)
    except EngineError as error:
        return "" if DONE_MEANWHILE.search(str(error)) else f"{name_of_step(step)}: {error}"
    LOG.info("%s (%.1f s)", name_of_step(step), time.monotonic() - started)
    return ""


def name_of_step(step: steps.Step) -> str:
    """For people: StartMachine i-0123."""
    return f"{type(step).__name__} {step.id}"


def apply(lab: str, step: steps.Step) -> None:
    """Do it; raises EngineError."""
    kind = type(step)
    if kind in COMMANDS:
        run(COMMANDS[kind](lab, step))
    else:
        PROCEDURES[kind](lab, step)


def start_machine(lab: str, step: steps.StartMachine) -> None:
    """Its files first: cloud-init and ec2-guest read them while it boots."""
    with telling(lab, step.id, step.guest):
        run(commands.put(lab, step), archive({**seed(step.machine), **step.guest.files}))
        run(commands.start_machine(lab, step))


def tell_machine(lab: str, step: steps.TellMachine) -> None:
    """The same files, and it acts on them now."""
    with telling(lab, step.id, step.guest):
        run(commands.receive(lab, step), archive(step.guest.files))


@contextmanager
def telling(lab: str, machine: str, guest: Guest) -> Iterator[None]:
    """Note what a machine has been told: nothing while nobody knows how far that got."""
    run(commands.array(lab, "forget", machine))
    yield
    run(commands.array(lab, "note", machine, guest.digest))


def take_snapshot(lab: str, step: steps.TakeSnapshot) -> None:
    """What the machine has written so far, and nothing that it writes during the copy."""
    copy = commands.array(lab, "copy", step.disk, step.id)
    if not step.machine:
        run(copy)
        return
    machine = steps.Step(step.machine)
    run(commands.flush(lab, machine))
    run(commands.pause_machine(lab, machine))
    try:
        run(copy)
    finally:
        run(commands.unpause_machine(lab, machine))


COMMANDS: dict[type, Callable[..., commands.Argv]] = {
    steps.CreateArray: commands.create_array,
    steps.StartArray: commands.start_array,
    steps.RemoveArray: commands.remove_array,
    steps.CreateNetwork: commands.create_network,
    steps.RemoveNetwork: commands.remove_network,
    steps.CommitImage: commands.commit_image,
    steps.RemoveImage: commands.remove_image,
    steps.RemoveSnapshot: commands.remove_file,
    steps.MakeDisk: commands.make_disk,
    steps.GrowDisk: commands.grow_disk,
    steps.RemoveDisk: commands.remove_file,
    steps.AttachDisk: commands.attach_disk,
    steps.DetachDisk: commands.detach_disk,
    steps.CreateMachine: commands.create_machine,
    steps.UnpauseMachine: commands.unpause_machine,
    steps.StopMachine: commands.stop_machine,
    steps.RemoveMachine: commands.remove_machine,
}
PROCEDURES: dict[type, Callable[..., None]] = {
    steps.TakeSnapshot: take_snapshot,
    steps.StartMachine: start_machine,
    steps.TellMachine: tell_machine,
}
