# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for any disk and any wish: whole runs against a model of a machine with disks."""

from __future__ import annotations

import contextlib
import copy
import shlex
from dataclasses import dataclass, replace
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    ENDS_BYTES,
    MIB,
    NEW_TAG,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.converge import live
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal
from helpers.devices import prepare_life
from helpers.disks import CONTENT, GIB, Disk, Disks, Node, View
from helpers.disktools import BLOCK, DiskHost, Killed, Write
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

SIZES = (200 * MIB, 2 * GIB, 10 * GIB + 12345 * 512, 3 * 1024 * GIB)
PARTITION_SIZES = ("512MiB", "1GiB", "1500MiB", "20GiB")
FOREIGN_LINES = "# ours\nUUID=root / ext4 defaults 0 1\n\n/dev/sdz1\t/old  xfs\tnofail\n"
# What check mode can not know: it is made at random, or by the kernel and udev.
UNKNOWN = ("table_uuid", "partition_uuid", "volume_uuid", "links", "holders", "busy", "uuid")


@dataclass
class Story:
    """A machine, and what somebody wants of its disk sdb."""

    machine: Disks
    task: dict[str, Any]

    def again(self) -> Disks:
        return copy.deepcopy(self.machine)


# --- disks


def known_uuid(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


def fits(kind: str, view: View) -> bool:
    if kind == "group":
        return view.size > 8 * MIB
    return kind not in CONTENT or view.takes(kind)


def put_content(draw: st.DrawFn, machine: Disks, view: View, kinds: tuple[str, ...]) -> None:
    """Something, or nothing, on a device."""
    kind = draw(st.sampled_from([one for one in kinds if fits(one, view)]))
    if kind in ("xfs", "ext4"):
        full = view.size // BLOCK * BLOCK
        size = draw(st.sampled_from([full, full // 2 // BLOCK * BLOCK]))
        label = draw(st.sampled_from(["", "old"]))
        view.put(kind, uuid=machine.new_uuid(), bytes=size, label=label)
    elif kind == "group":
        machine.add_group(f"vg{len(machine.groups)}", view)
    elif kind == "data":
        put_data(draw, view)
    elif kind:
        view.put(kind, uuid=machine.new_uuid() if draw(st.booleans()) else "")


def put_data(draw: st.DrawFn, view: View) -> None:
    """Bytes of no known kind, at places where somebody may forget to look."""
    middle = view.size // 2
    places = (view.size - 512, view.size - 9 * MIB // 2, 0, 3 * MIB, 4 * MIB, 9 * MIB // 2)
    fitting = [one for one in (*places, 512 * MIB, middle) if 0 <= one < view.size]
    for place in draw(st.lists(st.sampled_from(fitting), min_size=1, max_size=2)):
        length = draw(st.sampled_from([512, 2 * MIB, view.size]))
        view.fill(place, min(length, view.size - place))


KINDS = ("", "", "", "xfs", "xfs", "ext4", "ext4", "data", "group", *CONTENT)


@st.composite
def places(draw: st.DrawFn, size: int) -> list[tuple[int, int]]:
    """Where partitions are: one that is ours, or any up to three."""
    last = (size - MIB) // MIB * MIB
    if draw(st.booleans()):
        ends = [last, 513 * MIB, 1025 * MIB, last - 8 * MIB]
        end = draw(st.sampled_from([end for end in ends if end <= last]))
        return [(MIB, end - MIB)]
    steps = [MIB // 2, MIB, 2 * MIB, 8 * MIB, 50 * MIB]
    found, start = [], draw(st.sampled_from(steps))
    for _number in range(draw(st.integers(1, 3))):
        length = draw(st.sampled_from([1024, MIB, 3 * MIB, 40 * MIB]))
        found.append((start, length))
        start += length + draw(st.sampled_from(steps))
    return found


@st.composite
def content_of_disk(draw: st.DrawFn, machine: Disks, disk: Disk) -> None:
    if draw(st.booleans()):
        put_content(draw, machine, disk.view, ("", "data", *KINDS))
        return
    if draw(st.booleans()):
        put_data(draw, disk.view)
    machine.divide(disk, draw(st.sampled_from(["gpt", "dos"])), *draw(places(disk.store.size)))
    for entry in disk.known:
        put_content(draw, machine, disk.partition(entry.number), KINDS)
    if not draw(st.integers(0, 7)):
        disk.known = ()
    if not draw(st.integers(0, 3)):
        disk.store.size += draw(st.sampled_from([64 * MIB, GIB]))  # since the table was written


@st.composite
def volumes(draw: st.DrawFn, machine: Disks) -> None:
    for group in machine.groups:
        for name in draw(st.lists(st.sampled_from(["lv", "other"]), unique=True)):
            extents = draw(st.sampled_from([100, 200, group.free]))
            if not 0 < extents <= group.free:
                continue
            tags = draw(st.sampled_from([(), (), (NEW_TAG,)]))
            volume = machine.add_volume(group, name, extents, tags)
            if not (tags and draw(st.booleans())):
                view = View(volume.store, 0, volume.store.size)
                put_content(draw, machine, view, ("", "xfs", "ext4", "swap", "data"))
            volume.active = bool(draw(st.integers(0, 5)))


@st.composite
def uses(draw: st.DrawFn, machine: Disks, is_rare: bool = True) -> None:
    """Whatever makes a device one that is not to be written to; mostly nothing."""
    names = [node.name for node in machine.nodes() if node.name not in ("sda", "sda1")]
    with_content = [
        node.name
        for node in machine.nodes()
        if node.name in names and [m.type for m in node.view.content] in (["xfs"], ["ext4"])
    ]
    for name in with_content:
        if not draw(st.integers(0, 2)):
            machine.mount(name, draw(st.sampled_from(["/srv/data", "/mnt"])), draw(st.booleans()))
    if is_rare and draw(st.integers(0, 3)):
        return
    use = machine.use(draw(st.sampled_from(names)))
    kind = draw(st.sampled_from(["swap", "holders", "openers", "claimed", "loop_of"]))
    given = {"holders": ("dm-9",), "openers": ("qemu (7)",), "loop_of": "loop0"}
    setattr(use, kind, given.get(kind, True))
    use.read_only = not draw(st.integers(0, 3))
    use.unreadable = not draw(st.integers(0, 3))


@st.composite
def machines(draw: st.DrawFn, is_calm: bool) -> Disks:
    """A machine; on a calm one nobody uses its disks."""
    machine = Disks()
    machine.rereads = draw(st.booleans())
    machine.stale = draw(st.booleans())
    machine.has_udev = draw(st.booleans())
    machine.has_systemd = draw(st.booleans())
    machine.fstab = draw(st.sampled_from([None, "", FOREIGN_LINES]))
    serial, wwn = draw(st.sampled_from([("S1", "0x5"), ("S1", ""), ("", "")]))
    disk = machine.add("sdb", draw(st.sampled_from(SIZES)), serial, wwn)
    draw(content_of_disk(machine, disk))
    other = machine.add("sdc", 5 * GIB, "S2")
    draw(content_of_disk(machine, other))
    draw(volumes(machine))
    if not is_calm:
        draw(uses(machine))
    return machine


# --- wishes


@st.composite
def layers(draw: st.DrawFn) -> dict[str, Any]:
    task: dict[str, Any] = {}
    if draw(st.integers(0, 3)):
        size = draw(st.sampled_from([None, None, *PARTITION_SIZES]))
        label = draw(st.sampled_from(["gpt", "gpt", "mbr"]))
        task["partition"] = {"label": label} | ({"size": size} if size else {})
    if not draw(st.integers(0, 2)):
        size = draw(st.sampled_from(["100%", "50%", "400MiB", "1GiB"]))
        task["lvm"] = {"vg": draw(st.sampled_from(["vg0", "new"])), "lv": "lv", "size": size}
    if draw(st.integers(0, 5)):
        kind = draw(st.sampled_from(["xfs", "ext4"]))
        named = draw(st.sampled_from([{}, {}, {"label": "old"}, {"uuid": known_uuid(9)}]))
        task["filesystem"] = {"type": kind, **named}
        if draw(st.integers(0, 3)):
            options = draw(st.sampled_from(["defaults", "noatime", "noatime,nodev"]))
            at_boot = draw(st.booleans())
            task["mount"] = {"path": "/srv/data", "options": options, "fstab": at_boot}
    task["grow"] = draw(st.booleans())
    return task


def all_types(machine: Disks) -> list[str]:
    return sorted({mark.type for node in on_sdb(machine) for mark in node.view.marks})


def identities(machine: Disks) -> list[str]:
    disk = machine.disks["sdb"]
    marks = [mark.uuid for node in on_sdb(machine) for mark in node.view.marks]
    table = disk.store.table
    named = [table.uuid, *(one.uuid for one in table.entries)] if table else []
    return [one for one in dict.fromkeys([disk.serial, disk.wwn, *marks, *named]) if one]


def on_sdb(machine: Disks) -> list[Node]:
    """The disk with all that stands on it."""
    own = [node for node in machine.nodes() if node.disk is machine.disks["sdb"]]
    names = {node.name for node in own}
    return [*own, *(node for node in machine.nodes() if names & set(node.parents))]


@st.composite
def stories(draw: st.DrawFn, may_wipe: bool = True, is_calm: bool = False) -> Story:
    """Any machine and wish; a calm one is hardly ever refused."""
    machine = draw(machines(is_calm))
    task = draw(layers())
    assume({"partition", "lvm", "filesystem"} & set(task))
    # What is recognised by the end of a partition is lost when that grows: refused half-way.
    assume(not (task["grow"] and "drbd" in all_types(machine)))
    names = identities(machine)
    if may_wipe and names and (is_calm or draw(st.booleans())):
        listed = [*all_types(machine), "data"]
        task["wipe"] = listed if is_calm or draw(st.integers(0, 3)) else listed[1:]
        task["confirm_wipe"] = draw(st.sampled_from(names))
    return Story(machine, task)


@st.composite
def grown(draw: st.DrawFn) -> Story:
    """What an earlier run made, on a disk that has become larger since, and is now to fill it."""
    machine = Disks()
    machine.rereads, machine.has_udev = draw(st.booleans()), draw(st.booleans())
    disk = machine.add("sdb", draw(st.sampled_from([2 * GIB, 5 * GIB])), "S1")
    task = draw(layers())
    task.setdefault("filesystem", {"type": draw(st.sampled_from(["xfs", "ext4"]))})
    task["mount"] = {"path": "/srv/data", "options": "defaults", "fstab": True}
    for layer in ("partition", "lvm"):
        task.get(layer, {}).pop("size", None)
    run_or_skip(Story(machine, task), machine)
    disk.store.size += draw(st.sampled_from([0, 64 * MIB, GIB, 3 * 1024 * GIB]))
    return Story(machine, {**task, "grow": draw(st.integers(0, 3)) > 0})


@st.composite
def used(draw: st.DrawFn) -> Story:
    """Nothing but its use speaks against what is wanted of a disk."""
    story = draw(stories(is_calm=True))
    draw(uses(story.machine, is_rare=False))
    return story


CALM = st.one_of(stories(is_calm=True), grown())


# --- runs


@dataclass
class Watched:
    """A run, and which of its steps wrote what."""

    result: dict[str, Any]
    host: DiskHost
    writes: list[tuple[Any, Write]]


def run(
    story: Story, machine: Disks, kill_at: int | None = None, check_mode: bool = False
) -> Watched:
    """The result of a run with all that it wrote, each with its step."""
    host = DiskHost(machine, kill_at)
    life = prepare_life(**story.task)
    writes: list[tuple[Any, Write]] = []

    def act(door: Any, step: Any) -> None:
        before = len(host.writes)
        assert life.act
        try:
            life.act(door, step)
        finally:
            writes.extend((step, write) for write in host.writes[before:])

    try:
        result = live(replace(life, act=act), host, check_mode)
    finally:
        for change in host.changes:
            note(shlex.join(change))
    return Watched(result, host, writes)


def run_or_skip(story: Story, machine: Disks, check_mode: bool = False) -> Watched:
    """The run; a wish that is refused is no case for the test that asks."""
    try:
        return run(story, machine, check_mode=check_mode)
    except Refusal:
        assume(False)
        raise


def refusal_of(story: Story, check_mode: bool) -> tuple[str, str]:
    try:
        run(story, story.again(), check_mode=check_mode)
    except Refusal as refused:
        return refused.reason, str(refused)
    return "", ""


def state_of(machine: Disks) -> Any:
    """Everything in the model; without the numbers that are made at random."""
    return {
        "nodes": [
            (
                node.path,
                node.view.size,
                [(m.kind, m.at, m.label, m.bytes) for m in node.view.marks],
                node.volume.tags if node.volume else None,
            )
            for node in machine.nodes()
        ],
        # The kernel shows options in an order of its own, whoever gave them.
        "mounts": {(m.name, m.target, frozenset(m.options), m.here) for m in machine.mounts},
        "fstab": machine.fstab,
        "groups": [(g.name, g.extents, g.free) for g in machine.present_groups()],
    }


def target_of(story: Story, machine: Disks) -> Node:
    """The device that the last layer is on."""
    task = story.task
    if "lvm" in task:
        return machine.node(f"/dev/{task['lvm']['vg']}/{task['lvm']['lv']}")
    return machine.node("/dev/sdb1" if "partition" in task else "/dev/sdb")


def reaches(story: Story, machine: Disks) -> None:
    """The machine is as it was wanted, says its own model."""
    task = story.task
    target = target_of(story, machine)
    table = machine.disks["sdb"].store.table
    if "partition" in task:
        assert table
        assert table.label == {"gpt": "gpt", "mbr": "dos"}[task["partition"]["label"]]
        assert machine.disks["sdb"].known == table.entries
    if "filesystem" not in task:
        return
    (mark,) = target.view.marks
    assert mark.type == task["filesystem"]["type"]
    assert mark.label == task["filesystem"].get("label", mark.label)
    assert mark.uuid == task["filesystem"].get("uuid", mark.uuid)
    if target.volume:
        assert NEW_TAG not in target.volume.tags
    if "mount" in task:
        (place,) = (one for one in machine.mounts if one.target == "/srv/data" and one.here)
        assert place.name == target.name
        assert set(task["mount"]["options"].split(",")) - {"defaults"} <= set(place.options)
    if task.get("mount", {}).get("fstab"):
        lines = [line.split() for line in (machine.fstab or "").splitlines()]
        assert [line[0] for line in lines if "/srv/data" in line] == [f"UUID={mark.uuid}"]


# --- what is wanted is reached


@given(stories())
@settings(max_examples=100)
def test_run_reaches_what_is_wanted_or_refuses_before_the_first_change(story: Story) -> None:
    machine = story.again()
    before = state_of(machine)

    try:
        run(story, machine)
    except Refusal:
        assert state_of(machine) == before
        return

    reaches(story, machine)


@given(CALM)
@settings(max_examples=100)
def test_second_run_changes_nothing(story: Story) -> None:
    machine = story.again()
    run_or_skip(story, machine)
    before = state_of(machine)

    result = run(story, machine).result

    assert (result["plan"], result["changed"]) == ([], False)
    assert state_of(machine) == before


@given(CALM, st.data())
@settings(max_examples=100)
def test_killed_run_is_finished_by_running_it_again(story: Story, data: st.DataObject) -> None:
    untouched = story.again()
    changes = run_or_skip(story, untouched).host.changes
    assume(changes)
    kill_at = data.draw(st.integers(0, len(changes) - 1), label="killed at")
    machine = story.again()

    with pytest.raises(Killed):
        run(story, machine, kill_at)
    run(story, machine)

    reaches(story, machine)
    assert state_of(machine) == state_of(untouched)


# --- check mode


@given(stories())
@settings(max_examples=100)
def test_check_mode_refuses_what_the_real_run_refuses_and_changes_nothing(story: Story) -> None:
    machine = story.again()
    before = state_of(machine)

    with contextlib.suppress(Refusal):
        run(story, machine, check_mode=True)

    assert state_of(machine) == before
    assert refusal_of(story, check_mode=True) == refusal_of(story, check_mode=False)


def known(value: Any, key: str = "") -> Any:
    """What a module returns without what can not be known before; sizes to the MiB."""
    if isinstance(value, dict):
        return {name: known(one, name) for name, one in value.items() if name not in UNKNOWN}
    if isinstance(value, list):
        return [known(one) for one in value]
    return round(value / 16 / MIB) if key == "file_system_bytes" else value


def shown_signatures(device: dict[str, Any]) -> None:
    """Only the kinds of signatures: where mkfs puts them is its own affair."""
    device["signatures"] = sorted({one["type"] for one in device["signatures"]})
    for below in (*device["partitions"], *device["volumes"]):
        shown_signatures(below)


def returned_device(result: dict[str, Any]) -> Any:
    device = copy.deepcopy(result["device"])
    shown_signatures(device)
    return known(device)


@given(CALM)
@settings(max_examples=100)
def test_check_mode_foresees_what_comes_of_it(story: Story) -> None:
    foreseen = run_or_skip(story, story.again(), check_mode=True).result
    came = run(story, story.again()).result

    assert foreseen["plan"] == came["plan"]
    assert foreseen["diff"] == came["diff"]
    assert returned_device(foreseen) == returned_device(came)


# --- what must never happen


def ends(view: View) -> list[tuple[int, int]]:
    return [
        (view.start, view.start + min(view.size, ENDS_BYTES)),
        (max(view.start, view.end - ENDS_BYTES), view.end),
    ]


def holds(machine: Disks) -> dict[str, Any]:
    """What is on the disk, as far as anybody could see: signatures, and data at an end."""
    found = {}
    for node in machine.nodes():
        seen = [
            (max(a, start), min(b, end))
            for a, b in node.view.store.data
            for start, end in ends(node.view)
            if a < end and b > start
        ]
        is_new = node.volume and NEW_TAG in node.volume.tags
        found[node.path] = (
            [(m.kind, m.at, m.uuid) for m in node.view.marks],
            () if is_new else seen,
        )
    return found


def keeps(before: Any, after: Any) -> bool:
    """Whether all that was on the devices is there still; tables may tell of larger partitions."""
    tables = ("gpt", "gpt backup", "PMBR", "dos")
    for path, (marks, data) in before.items():
        now_marks, now_data = after.get(path, ([], []))
        if not {m for m in marks if m[0] not in tables} <= set(now_marks):
            return False
        if not {m[0] for m in marks} <= {m[0] for m in now_marks} or not set(data) <= set(now_data):
            return False
    return True


def try_run(story: Story, machine: Disks, kill_at: int | None = None) -> None:
    try:
        run(story, machine, kill_at)
    except (Killed, StorageError) as end:
        note(repr(end))


@given(st.one_of(stories(may_wipe=False), stories(may_wipe=False, is_calm=True)))
@settings(max_examples=100)
def test_nothing_is_lost_without_wipe(story: Story) -> None:
    machine = story.again()
    before = holds(machine)

    try_run(story, machine)

    assert keeps(before, holds(machine))


@given(CALM)
@settings(max_examples=100)
def test_only_a_step_that_says_so_overwrites_something(story: Story) -> None:
    watched = run_or_skip(story, story.again())
    seen = {id(step): step for step, _write in watched.writes}

    for key, step in seen.items():
        held = [kind for one, w in watched.writes if id(one) == key for kind in w.held]
        overwritten = [kind for kind in held if kind != "data"]
        assert step.destroys or overwritten == []


@given(stories())
@settings(max_examples=100)
def test_other_disks_are_never_touched(story: Story) -> None:
    machine = story.again()
    others = {
        name: copy.deepcopy((disk.store.marks, disk.store.data, disk.known, disk.store.table))
        for name, disk in machine.disks.items()
        if name != "sdb"
    }
    volumes_elsewhere = {
        node.path: copy.deepcopy((node.view.store.marks, node.view.store.data, node.view.size))
        for node in machine.nodes()
        if node.volume and node not in on_sdb(machine)
    }

    try_run(story, machine)

    for name, facts in others.items():
        store = machine.disks[name].store
        assert (store.marks, store.data, machine.disks[name].known, store.table) == facts
    for path, facts in volumes_elsewhere.items():
        store = machine.node(path).view.store
        assert (store.marks, store.data, store.size) == facts


@given(used())
@settings(max_examples=100)
def test_device_that_is_in_use_is_never_written_to(story: Story) -> None:
    host = DiskHost(story.again())

    with contextlib.suppress(Refusal):
        live(prepare_life(**story.task), host, check_mode=False)

    assert not any(write.is_used for write in host.writes)


@given(stories())
@settings(max_examples=100)
def test_foreign_lines_of_the_file_system_table_stay(story: Story) -> None:
    machine = story.again()
    before = (machine.fstab or "").splitlines(keepends=True)

    try_run(story, machine)

    after = (machine.fstab or "").splitlines(keepends=True)
    assert [line for line in after if "/srv/data" not in line] == before


@pytest.mark.parametrize("name", ["sda", "sda1"])
@given(task=layers())
@settings(max_examples=100)
def test_system_disk_is_always_refused(name: str, task: dict[str, Any]) -> None:
    assume({"partition", "lvm", "filesystem"} & set(task))
    machine = Disks()
    host = DiskHost(machine)

    with pytest.raises(Refusal) as raised:
        live(prepare_life(device=f"/dev/{name}", **task), host, check_mode=False)

    assert (raised.value.reason, host.changes) == ("system_disk", [])
