# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is seen of a machine with disks, and the second look right before each command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._blockdev import commands
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.info import read_info
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    MIB,
    NEW_TAG,
    Device,
    Entry,
    Machine,
    expect,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.read import (
    act,
    read_machine,
    run,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Step
from helpers.devices import DISK, GIB, UUID
from helpers.disks import Disk, Disks, View
from helpers.disktools import DiskHost

Change = Callable[[Disks, Disk], object]


@pytest.fixture
def machine() -> Disks:
    """A machine with a blank sdb."""
    found = Disks()
    found.add("sdb", 10 * GIB, serial="S1", wwn="0x5")
    return found


def read(machine: Disks, path: str = DISK, mount: str = "") -> Machine:
    return read_machine(path, mount)(DiskHost(machine), None, "")


def seen(machine: Disks, path: str = DISK) -> Device:
    return read(machine, path).device


def failure(look: Callable[[], Any]) -> str:
    with pytest.raises(StorageError) as raised:
        look()
    return raised.value.reason


# --- one device


def test_blank_disk(machine: Disks) -> None:
    found = seen(machine)

    assert (found.path, found.number, found.kind) == (DISK, "8:16", "disk")
    assert (found.size_bytes, found.serial, found.wwn) == (10 * GIB, "S1", "0x5")
    assert found.links == ("/dev/disk/by-id/virtio-S1",)
    assert found.is_blank


def test_disk_is_found_by_its_link(machine: Disks) -> None:
    assert seen(machine, "/dev/disk/by-id/virtio-S1").path == DISK


def test_name_that_leads_nowhere_is_refused(machine: Disks) -> None:
    assert failure(lambda: seen(machine, "/dev/sdz")) == "no_device"


def test_directory_is_no_disk(machine: Disks) -> None:
    assert failure(lambda: seen(machine, "/srv")) == "not_a_disk"


def test_partitions_in_their_order_on_the_disk(machine: Disks) -> None:
    disk = machine.disks["sdb"]
    machine.divide(disk, "gpt", (2 * GIB, GIB), (MIB, GIB))

    found = seen(machine)

    assert [part.path for part in found.partitions] == ["/dev/sdb2", "/dev/sdb1"]
    assert [part.start_bytes for part in found.partitions] == [MIB, 2 * GIB]
    assert {part.serial for part in found.partitions} == {"S1"}
    assert (found.table, found.table_uuid != "") == ("gpt", True)
    assert all(part.partition_uuid for part in found.partitions)


@pytest.mark.parametrize("place", [0, 4 * MIB - 1, 10 * GIB - 4 * MIB, 10 * GIB - 1])
def test_disk_with_a_byte_near_an_end_is_not_blank(machine: Disks, place: int) -> None:
    machine.disks["sdb"].view.fill(place, 1)

    assert not seen(machine).is_blank


@pytest.mark.parametrize("kind", ["xfs", "ext4"])
def test_size_of_a_file_system(machine: Disks, kind: str) -> None:
    machine.disks["sdb"].view.put(kind, uuid=UUID, bytes=5 * GIB)

    assert seen(machine).file_system_bytes == 5 * GIB
    machine.mount("sdb", "/srv")
    assert seen(machine).file_system_bytes == 5 * GIB


USES: list[tuple[str, Change, Callable[[Device], Any]]] = [
    ("swap", lambda m, _d: setattr(m.use("sdb"), "swap", True), lambda d: d.swap),
    ("holder", lambda m, _d: setattr(m.use("sdb"), "holders", ("md0",)), lambda d: d.holders),
    ("backing", lambda m, _d: setattr(m.use("sdb"), "loop_of", "loop0"), lambda d: d.holders),
    ("opener", lambda m, _d: setattr(m.use("sdb"), "openers", ("qemu (7)",)), lambda d: d.users),
    ("claim", lambda m, _d: setattr(m.use("sdb"), "claimed", True), lambda d: d.busy),
    ("read-only", lambda m, _d: setattr(m.use("sdb"), "read_only", True), lambda d: d.read_only),
    ("broken", lambda m, _d: setattr(m.use("sdb"), "unreadable", True), lambda d: d.problem),
    ("twice", lambda _m, d: (d.view.put("xfs"), d.view.put("ext4")), lambda d: d.problem),
]


@pytest.mark.parametrize(("change", "look"), [use[1:] for use in USES], ids=[u[0] for u in USES])
def test_use_of_a_disk_is_seen(
    machine: Disks, change: Change, look: Callable[[Device], Any]
) -> None:
    assert not look(seen(machine))
    change(machine, machine.disks["sdb"])
    assert look(seen(machine))


def test_those_who_look_at_every_device_are_no_users(machine: Disks) -> None:
    machine.use("sdb").openers = ("(udev-worker) (7)", "systemd-udevd (8)")

    assert seen(machine).users == ()


def test_mounts_here_and_in_containers(machine: Disks) -> None:
    machine.disks["sdb"].view.put("xfs", uuid=UUID)
    machine.mount("sdb", "/srv/a b")
    machine.mount("sdb", "/data", here=False)

    assert [(one.target, one.here) for one in seen(machine).mounts] == [
        ("/srv/a b", True),
        ("/data", False),
    ]


def test_disk_of_the_system_is_known_by_its_mounts(machine: Disks) -> None:
    found = seen(machine, "/dev/sda")

    assert found.is_system
    assert found.partitions[0].is_system
    assert not seen(machine).is_system


def test_disks_below_a_logical_volume_of_the_system(machine: Disks) -> None:
    disk = machine.disks["sdb"]
    machine.divide(disk, "gpt", (MIB, 9 * GIB))
    group = machine.add_group("pool", disk.partition())
    volume = machine.add_volume(group, "var", 100)
    View(volume.store, 0, volume.store.size).put("ext4", uuid=UUID)
    machine.mount("dm-0", "/var")

    found = seen(machine)

    assert found.is_system
    assert found.partitions[0].is_system


def test_surroundings(machine: Disks) -> None:
    machine.disks["sdb"].view.put("xfs", uuid=UUID)
    machine.folders["/srv/data"] = ("file",)

    found = read(machine, mount="/srv/data")

    assert found.by_uuid[UUID] == {"8:16": DISK}
    assert (found.machine_id, found.has_systemd) == ("f00d", True)
    assert (found.mount_point, found.mount_point_entries) == ("/srv/data", ("file",))
    assert found.own_mounts == {"/": "8:1"}
    assert read(machine, mount="/srv/none").mount_point_entries is None


# --- what is read when it is asked for


def test_place_of_a_partition_is_read(machine: Disks) -> None:
    disk = machine.disks["sdb"]
    View(disk.store, MIB, GIB).put("xfs", uuid=UUID)
    look = read_machine(DISK, "")
    host = DiskHost(machine)

    found = look(host, look(host, None, ""), f"region {MIB} {GIB}")
    found = look(host, found, f"region {2 * GIB} {GIB}")

    assert found.regions[(MIB, GIB)].types == ("xfs",)
    assert found.regions[(2 * GIB, GIB)].is_blank


def test_table_is_read(machine: Disks) -> None:
    disk = machine.disks["sdb"]
    machine.divide(disk, "gpt", (MIB, GIB))
    disk.known = ()
    look = read_machine(DISK, "")
    host = DiskHost(machine)

    found = look(host, look(host, None, ""), "table")

    assert found.written == (Entry(1, MIB, GIB),)
    assert found.table_end_bytes == 10 * GIB - 33 * 512


def test_table_that_can_not_be_read_is_no_empty_one(machine: Disks) -> None:
    look = read_machine(DISK, "")
    host = DiskHost(machine)

    assert failure(lambda: look(host, look(host, None, ""), "table")) == "probe_failed"


def test_volumes_of_the_group_are_read(machine: Disks) -> None:
    disk = machine.disks["sdb"]
    group = machine.add_group("pool", disk.view)
    machine.add_volume(group, "data", 100, (NEW_TAG,))
    machine.add_volume(group, "idle", 100).active = False
    look = read_machine(DISK, "")
    host = DiskHost(machine)

    found = look(host, look(host, None, ""), "lvm")

    assert found.lvm
    assert [volume.name for volume in found.lvm.volumes] == ["data", "idle"]
    assert found.device.group == found.lvm.groups[0]
    (volume,) = found.device.volumes
    assert (volume.path, volume.kind, volume.is_new) == ("/dev/pool/data", "lvm", True)
    assert volume.size_bytes == 400 * MIB


# --- acting


MKFS = ("mkfs.xfs", "-q", "-m", f"uuid={UUID}", DISK)


def test_command_that_fails_raises_its_words(machine: Disks) -> None:
    machine.add("sdc", MIB)
    host = DiskHost(machine)

    with pytest.raises(StorageError, match=r"mkfs.xfs .* status 1: .* larger than 300MB") as raised:
        run(host, (*MKFS[:-1], "/dev/sdc"))

    assert raised.value.reason == "tool_failed"


def test_device_that_is_as_it_was_is_written_to(machine: Disks) -> None:
    host = DiskHost(machine)

    act(host, Step("", MKFS, expects=expect(seen(machine), blank=True)))

    assert host.changes == [MKFS]


CHANGES: list[tuple[str, Change]] = [
    *((name, change) for name, change, _look in USES if name != "read-only"),
    ("signature", lambda _m, d: d.view.put("swap")),
    ("table", lambda m, d: m.divide(d, "gpt", (MIB, GIB))),
    ("data", lambda _m, d: d.view.fill(0, 512)),
    ("size", lambda _m, d: setattr(d.store, "size", 9 * GIB)),
    ("other disk", lambda _m, d: setattr(d, "serial", "S2")),
]


@pytest.mark.parametrize("change", [c[1] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_device_that_has_changed_is_not_written_to(machine: Disks, change: Change) -> None:
    expected = expect(seen(machine), blank=True)
    change(machine, machine.disks["sdb"])
    host = DiskHost(machine)

    assert failure(lambda: act(host, Step("", MKFS, expects=expected))) == "changed_meanwhile"
    assert host.changes == []


def wiped(machine: Disks, identity: str, look: Callable[[Device], Device]) -> list[Any]:
    """What a step does that erases a part of sdb which this identity has to name."""
    host = DiskHost(machine)
    reader = read_machine(DISK, "")
    whole = reader(host, reader(host, None, ""), "lvm").device
    expected = expect(look(whole), types=("ext4",), identity=identity)
    wipe = commands.zero(expected.path, 0, MIB)
    act(host, Step("", wipe, destroys=True, expects=expected))
    return host.changes


def test_disk_that_is_named_still_is_erased(machine: Disks) -> None:
    for name in (UUID, "S1", "0x5"):
        machine.disks["sdb"].view.put("ext4", uuid=UUID)
        assert wiped(machine, name, lambda disk: disk)


def test_partition_that_its_table_names_is_erased(machine: Disks) -> None:
    disk = machine.disks["sdb"]
    machine.divide(disk, "gpt", (MIB, GIB))
    disk.partition().put("ext4", uuid=UUID)
    assert disk.store.table

    assert wiped(machine, disk.store.table.uuid, lambda whole: whole.partitions[0])


def test_logical_volume_that_its_content_names_is_erased(machine: Disks) -> None:
    group = machine.add_group("pool", machine.disks["sdb"].view)
    volume = machine.add_volume(group, "data", 100)
    View(volume.store, 0, volume.store.size).put("ext4", uuid=UUID)

    assert wiped(machine, UUID, lambda whole: whole.volumes[0])


def test_other_disk_of_the_same_kind_is_not_erased(machine: Disks) -> None:
    machine.disks["sdb"].view.put("ext4", uuid=UUID)

    assert failure(lambda: wiped(machine, "S2", lambda disk: disk)) == "changed_meanwhile"


def test_device_in_use_may_grow(machine: Disks) -> None:
    disk = machine.disks["sdb"]
    disk.view.put("xfs", uuid=UUID, bytes=GIB)
    machine.mount("sdb", "/srv")
    host = DiskHost(machine)
    grow = ("xfs_growfs", "-d", "/srv")

    act(host, Step("", grow, expects=expect(seen(machine), types=("xfs",), in_use=True)))

    assert host.changes == [grow]


def test_file_is_written_when_it_is_what_was_read(machine: Disks) -> None:
    host = DiskHost(machine)
    step = Step("", ("write", "/etc/fstab"), writes="new\n", replaces=machine.fstab)

    act(host, step)

    assert machine.fstab == "new\n"
    assert failure(lambda: act(host, step)) == "changed_meanwhile"


def test_step_without_expectation_just_runs(machine: Disks) -> None:
    act(DiskHost(machine), Step("", ("mkdir", "-p", "--", "/srv/new")))

    assert "/srv/new" in machine.folders


# --- what block_device_info tells


def info(machine: Disks, device: str | None = None) -> dict[str, Any]:
    return read_info(DiskHost(machine), {"device": device})


def test_all_disks(machine: Disks) -> None:
    machine.add("sdc", GIB)

    assert [one["path"] for one in info(machine)["devices"]] == ["/dev/sda", "/dev/sdb", "/dev/sdc"]


def test_disk_that_can_not_be_read_does_not_hide_the_others(machine: Disks) -> None:
    machine.use("sdb").unreadable = True

    shown = {one["path"]: one["problem"] for one in info(machine)["devices"]}

    assert shown["/dev/sda"] == ""
    assert "Input/output error" in shown[DISK]


def test_partition_without_a_node_does_not_hide_the_others(
    machine: Disks, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.divide(machine.disks["sdb"], "gpt", (MIB, GIB))
    number = DiskHost.number
    monkeypatch.setattr(
        DiskHost, "number", lambda host, path: "" if path == "/dev/sdb1" else number(host, path)
    )

    shown = {one["path"]: one["problem"] for one in info(machine)["devices"]}

    assert "no /dev/sdb1 to look at it" in shown[DISK]


def test_one_disk_with_its_group(machine: Disks) -> None:
    group = machine.add_group("pool", machine.disks["sdb"].view)
    machine.add_volume(group, "data", 100)

    shown = info(machine, DISK)["device"]

    assert shown["volume_group"]["name"] == "pool"
    assert [one["path"] for one in shown["volumes"]] == ["/dev/pool/data"]


@pytest.mark.parametrize(("reason", "raised"), [("tool_missing", False), ("tool_failed", True)])
def test_group_is_not_shown_where_lvm_is_not_installed(
    machine: Disks, monkeypatch: pytest.MonkeyPatch, reason: str, raised: bool
) -> None:
    machine.add_group("pool", machine.disks["sdb"].view)

    def fail(_host: DiskHost, _words: list[str]) -> str:
        raise StorageError(reason, "No lvm.", "")

    monkeypatch.setattr(DiskHost, "look_lvm", fail)

    if raised:
        assert failure(lambda: info(machine, DISK)) == reason
    else:
        assert info(machine, DISK)["device"]["volume_group"] is None
