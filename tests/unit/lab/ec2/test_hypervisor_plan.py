# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the hypervisor does: by hand for what must not go wrong, by Hypothesis for all of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from helpers.ec2_engine import GIB, LAB, applied, listed, run_to_the_end, running
from hypothesis import given
from hypothesis import strategies as st

from lab.ec2.embedded.hypervisor.actual import PAUSED, RUNNING, Actual, Container, Loop
from lab.ec2.embedded.hypervisor.model import (
    Attachment,
    Disk,
    Image,
    Machine,
    Network,
    Site,
    Snapshot,
)
from lab.ec2.embedded.hypervisor.plan import plan
from lab.ec2.embedded.hypervisor.steps import (
    AttachDisk,
    CommitImage,
    CreateArray,
    DetachDisk,
    GrowDisk,
    MakeDisk,
    RemoveDisk,
    RemoveMachine,
    RemoveSnapshot,
    StartArray,
    StopMachine,
    TakeSnapshot,
    TellMachine,
    UnpauseMachine,
)

REMOVING = (RemoveDisk, RemoveMachine, RemoveSnapshot)
NET = Network("subnet-1", "10.0.0.0/24")
AMI = Image("ami-1", container_image="debian")
DATA = Attachment("vol-1", "/dev/sdb")


def machine(number: int = 1, **changes: Any) -> Machine:
    made = Machine(f"i-{number}", True, "ami-1", NET.id, f"10.0.0.{number}", f"ip-{number}")
    return replace(made, **changes)


def site(*machines: Machine, disks: tuple[Disk, ...] = (), **more: Any) -> Site:
    return Site(networks=(NET,), images=(AMI,), disks=disks, machines=machines, **more)


ONE = site(machine(attachments=(DATA,)), disks=(Disk("vol-1", 1),))


def kinds(wanted: Site, actual: Actual) -> list[type]:
    return [type(step) for step in plan(LAB, wanted, actual).steps]


def test_nothing_is_known_of_disks_before_the_array_runs() -> None:
    assert kinds(ONE, Actual()) == [CreateArray]
    assert kinds(ONE, Actual(has_array=True)) == [StartArray]
    assert kinds(Site(), Actual(has_array=True)) == [StartArray]
    assert kinds(Site(), Actual()) == []


def test_what_is_as_wanted_needs_no_step() -> None:
    actual, obstacles = run_to_the_end(ONE, Actual())
    assert plan(LAB, ONE, actual).steps == ()
    assert obstacles == ()


def test_three_machines_are_made_side_by_side() -> None:
    wanted = site(machine(1), machine(2), machine(3))
    actual = Actual(has_array=True, is_array_running=True, networks=(NET.id,))
    assert len(plan(LAB, wanted, actual).steps) == 3


def test_machine_boots_only_when_its_disks_are_there() -> None:
    actual, _obstacles = run_to_the_end(ONE, Actual())
    stopped = replace(actual, containers=(replace(actual.containers[0], state="exited"),), loops=())
    assert kinds(ONE, stopped) == [AttachDisk]


def test_stopped_machine_lets_go_of_its_disk_after_it_has_stopped() -> None:
    actual, _obstacles = run_to_the_end(ONE, Actual())
    wanted = replace(ONE, machines=(machine(is_running=False, attachments=(DATA,)),))
    (step,) = plan(LAB, wanted, actual).steps
    assert step == StopMachine("i-1")
    assert kinds(wanted, applied(step, actual)) == [DetachDisk]


def test_detached_disk_disappears_from_its_machine_before_its_device_goes() -> None:
    actual, _obstacles = run_to_the_end(ONE, Actual())
    wanted = replace(ONE, machines=(machine(),))
    (step,) = plan(LAB, wanted, actual).steps
    assert isinstance(step, TellMachine)
    assert plan(LAB, wanted, applied(step, actual)).steps == (DetachDisk("vol-1", "i-1"),)


def test_disk_that_is_still_mounted_elsewhere_is_not_given_to_a_machine() -> None:
    wanted = site(machine(1), machine(2, attachments=(DATA,)), disks=(Disk("vol-1", 1),))
    actual, _obstacles = run_to_the_end(
        replace(wanted, machines=(machine(1), machine(2))), Actual()
    )
    leaving = replace(actual, loops=(Loop("vol-1", "i-1", "loop7", GIB, is_leaving=True),))
    found = plan(LAB, wanted, leaving)
    assert found.steps == ()
    assert found.obstacles == ("vol-1 is still in use in i-1: unmount it there",)


def test_disk_that_goes_by_itself_disturbs_nobody() -> None:
    wanted = replace(ONE, machines=(machine(),))
    actual, _obstacles = run_to_the_end(wanted, Actual())
    leaving = replace(actual, loops=(Loop("vol-1", "i-1", "loop7", GIB, is_leaving=True),))
    assert plan(LAB, wanted, leaving) == plan(LAB, wanted, actual)


def test_machines_that_swap_their_disks_do_not_wait_for_each_other() -> None:
    disks = (Disk("vol-1", 1), Disk("vol-2", 1))
    other = Attachment("vol-2", "/dev/sdb")
    before = site(machine(1, attachments=(DATA,)), machine(2, attachments=(other,)), disks=disks)
    after = site(machine(1, attachments=(other,)), machine(2, attachments=(DATA,)), disks=disks)
    actual, _obstacles = run_to_the_end(before, Actual())
    actual, obstacles = run_to_the_end(after, actual)
    assert {(one.disk, one.machine) for one in actual.loops} == {("vol-2", "i-1"), ("vol-1", "i-2")}
    assert obstacles == ()


def test_machine_left_paused_goes_on() -> None:
    actual, _obstacles = run_to_the_end(ONE, Actual())
    paused = replace(actual, containers=(replace(actual.containers[0], state=PAUSED),))
    assert kinds(ONE, paused) == [UnpauseMachine]


def test_image_is_made_before_its_machine_is_removed() -> None:
    actual, _obstacles = run_to_the_end(ONE, Actual())
    wanted = replace(ONE, machines=(), images=(AMI, Image("ami-2", machine="i-1")))
    assert CommitImage("ami-2", "i-1") in plan(LAB, wanted, actual).steps
    assert RemoveMachine not in kinds(wanted, actual)


def test_snapshot_is_taken_before_its_disk_is_removed() -> None:
    actual, _obstacles = run_to_the_end(site(disks=(Disk("vol-1", 1),)), Actual())
    wanted = site(snapshots=(Snapshot("snap-1", "vol-1"),))
    assert plan(LAB, wanted, actual).steps == (TakeSnapshot("snap-1", "vol-1", ""),)


def test_snapshot_stays_until_the_disk_made_of_it_is_there() -> None:
    actual = Actual(has_array=True, is_array_running=True, snapshots=("snap-1",))
    wanted = site(disks=(Disk("vol-2", 1, "snap-1"),))
    (step,) = plan(LAB, wanted, actual).steps
    assert step == MakeDisk("vol-2", 1, "snap-1")
    assert kinds(wanted, applied(step, actual)) == [RemoveSnapshot]


def test_image_stays_as_long_as_a_machine_runs_from_it() -> None:
    actual = Actual(
        containers=(Container("i-1", RUNNING, f"clustered-storage-ec2-{LAB}:ami-2", NET.id),),
        images=("ami-2",),
        networks=(NET.id,),
        has_array=True,
        is_array_running=True,
    )
    assert kinds(site(machine(image="ami-2")), actual) == [TellMachine]


def test_disk_never_gets_smaller() -> None:
    actual = Actual(has_array=True, is_array_running=True, disks={"vol-1": 3 * GIB})
    assert plan(LAB, site(disks=(Disk("vol-1", 1),)), actual).steps == ()
    assert kinds(site(disks=(Disk("vol-1", 4),)), actual) == [GrowDisk]


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (site(machine(image="ami-9")), "i-1 can not be made: ami-9 is gone"),
        (site(machine(network="subnet-9")), "subnet-9 does not exist"),
        (site(machine(attachments=(DATA,))), "i-1 can not have vol-1: it is gone"),
        (site(disks=(Disk("vol-1", 1, "snap-9"),)), "vol-1 can not be made: snap-9 is gone"),
        (
            site(snapshots=(Snapshot("snap-1", "vol-9"),)),
            "snap-1 can not be taken: vol-9 is gone",
        ),
        (
            Site(images=(Image("ami-2", machine="i-9"),)),
            "ami-2 can not be made: i-9 is gone",
        ),
    ],
)
def test_what_can_not_be_is_said(wanted: Site, text: str) -> None:
    _actual, obstacles = run_to_the_end(wanted, Actual())
    assert obstacles == (text,)


DISKS = ("vol-1", "vol-2", "vol-3")
MACHINES = (1, 2, 3)


@st.composite
def sites(draw: st.DrawFn) -> Site:
    """A site as the API can have it: each disk is attached once at most."""
    disks = draw(st.lists(st.sampled_from(DISKS), unique=True))
    numbers = draw(st.lists(st.sampled_from(MACHINES), unique=True))
    holders = {disk: draw(st.sampled_from((0, *numbers))) for disk in disks}
    machines = tuple(
        machine(
            number,
            is_running=draw(st.booleans()),
            attachments=tuple(Attachment(d, "/dev/sdb") for d in disks if holders[d] == number),
        )
        for number in numbers
    )
    sizes = tuple(Disk(disk, draw(st.integers(1, 3))) for disk in disks)
    copied = draw(st.lists(st.sampled_from(disks), unique=True)) if disks else []
    snapshots = tuple(Snapshot(f"snap-{disk}", disk) for disk in copied)
    baked = draw(st.lists(st.sampled_from(numbers), unique=True)) if numbers else []
    images = (AMI, *(Image(f"ami-9{number}", machine=f"i-{number}") for number in baked))
    return Site((NET,), images, sizes, snapshots, machines)


def plugged(wanted: Site) -> set[tuple[str, str]]:
    """Disk and machine, of the machines that run."""
    return {(d.disk, m.id) for m in wanted.machines if m.is_running for d in m.attachments}


def assert_reached(wanted: Site, actual: Actual) -> None:
    """What there is is what is wanted, and no more."""
    assert running(actual) == {one.id for one in wanted.machines if one.is_running}
    assert {one.machine for one in actual.containers} == {one.id for one in wanted.machines}
    assert set(actual.networks) == {one.network for one in wanted.machines}
    assert set(actual.images) == {one.id for one in wanted.images if one.machine}
    assert set(actual.disks) == {one.id for one in wanted.disks}
    assert all(actual.disks[one.id] >= one.size_gib * GIB for one in wanted.disks)
    assert set(actual.snapshots) == {one.id for one in wanted.snapshots}
    assert {(one.disk, one.machine) for one in actual.loops} == plugged(wanted)
    seen = {(disk, one) for one in running(actual) for disk in listed(actual, one)}
    assert seen == plugged(wanted)
    assert actual.has_array == bool(wanted.machines or wanted.disks or wanted.snapshots)


@given(sites(), sites(), st.integers(0, 6))
def test_every_site_is_reached_after_an_interruption(first: Site, second: Site, plans: int) -> None:
    interrupted, _obstacles = run_to_the_end(first, Actual(), limit=plans)
    actual, obstacles = run_to_the_end(second, interrupted)
    assert_reached(second, actual)
    assert obstacles == ()


@given(sites(), sites())
def test_no_step_ever_harms_what_is_wanted(first: Site, second: Site) -> None:
    actual, _obstacles = run_to_the_end(first, Actual())
    wanted = {one.id for one in (*second.disks, *second.snapshots, *second.machines)}
    while steps := plan(LAB, second, actual).steps:
        touched = [id_ for step in steps for id_ in step.touches]
        assert len(touched) == len(set(touched))
        removed = {one.id for one in steps if isinstance(one, REMOVING)}
        assert not removed & wanted
        for step in steps:
            actual = applied(step, actual)


@given(sites())
def test_nothing_is_left_of_a_site_that_is_not_wanted_any_more(first: Site) -> None:
    actual, _obstacles = run_to_the_end(first, Actual())
    actual, _obstacles = run_to_the_end(Site(), actual)
    assert replace(actual, told={}) == Actual()
