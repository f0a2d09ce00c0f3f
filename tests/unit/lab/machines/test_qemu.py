# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What QEMU is told."""

from __future__ import annotations

import dataclasses
import json

from lab.machines.hypervisor import qemu
from lab.machines.hypervisor.model import DISKS, Lab


def command_of(lab: Lab, name: str = "node2") -> list[str]:
    return qemu.command(lab.machine(name), 2_596_000, "AAAAkey")


def values(argv: list[str], option: str) -> list[str]:
    return [value for key, value in zip(argv, argv[1:]) if key == option]


def kernel(argv: list[str]) -> list[str]:
    return values(argv, "-append")[0].split()


def test_disks_are_found_by_their_serials(lab: Lab) -> None:
    devices = [device for device in values(command_of(lab), "-device") if "blk" in device]
    assert [device.split(",serial=")[1].split(",")[0] for device in devices] == [
        "root",
        "drbd",
        "spare",
    ]
    assert all("write-cache=on" in device for device in devices)  # its flushes are what is kept


def test_every_disk_is_a_file_of_the_machines_own_folder(lab: Lab) -> None:
    disks = [json.loads(text) for text in values(command_of(lab), "-blockdev")]
    files = [disk["file"]["filename"] for disk in disks]
    assert files == ["root.qcow2", *(disk.file for disk in DISKS)]
    assert [disk["driver"] for disk in disks] == ["qcow2", "raw", "raw"]


def test_only_loopback_is_used(lab: Lab) -> None:
    host, *cables = values(command_of(lab), "-netdev")
    assert f"hostfwd=tcp:127.0.0.1:{lab.first_port + 2}-:22" in host
    assert [cable.split(",")[1] for cable in cables] == ["id=lan-eth1", "id=lan-eth2"]
    assert all(cable.endswith(",localaddr=127.0.0.1") for cable in cables)


def test_cables_are_named_so_that_they_can_be_pulled(lab: Lab) -> None:
    devices = [device for device in values(command_of(lab), "-device") if "net" in device]
    assert [device.split(",")[1] for device in devices] == ["id=eth0", "id=eth1", "id=eth2"]
    assert len({device.split("mac=")[1] for device in devices}) == 3


def test_two_machines_share_the_cables_and_nothing_else(lab: Lab) -> None:
    one, two = command_of(lab, "node1"), command_of(lab, "node2")
    assert values(one, "-netdev")[1:] == values(two, "-netdev")[1:]
    assert values(one, "-pidfile") != values(two, "-pidfile")
    assert values(one, "-netdev")[0] != values(two, "-netdev")[0]


def test_the_kernel_says_who_the_machine_is(lab: Lab) -> None:
    said = kernel(command_of(lab))
    assert {
        "lab.name=node2",
        "systemd.hostname=node2",
        f"systemd.machine_id={lab.machine('node2').machine_id}",
        "lab.address=eth1:10.77.0.12/24",
        "lab.address=eth2:10.78.0.12/24",
        "lab.key=AAAAkey",
    } <= set(said)


def test_an_emulated_processor_is_told_the_clock(lab: Lab) -> None:
    assert "tsc_early_khz=2596000" in kernel(command_of(lab))


def test_kvm_finds_the_clock_by_itself(lab: Lab) -> None:
    argv = command_of(dataclasses.replace(lab, accelerator="kvm"))
    assert values(argv, "-accel") == ["kvm"]
    assert not [word for word in kernel(argv) if "tsc" in word]


def test_memory_is_what_the_lab_says(lab: Lab) -> None:
    assert values(command_of(dataclasses.replace(lab, memory_mib=512)), "-m") == ["512"]


def test_the_process_is_known_by_its_pid_file(lab: Lab) -> None:
    machine = lab.machine("node1")
    assert values(command_of(lab, "node1"), "-pidfile") == [str(machine.pid_file)]
