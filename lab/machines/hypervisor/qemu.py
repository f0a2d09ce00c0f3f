# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line of QEMU for a machine."""

from __future__ import annotations

import json
import os

from .model import DISKS, FENCE_ADDRESS, NETWORKS, Machine

# What the lab costs where KVM does not work is boot time: no firmware, no PCI, no tables to walk.
BOARD = ("-M", "microvm,x-option-roms=off", "-nodefaults", "-no-user-config", "-display", "none")


def command(machine: Machine, clock_khz: int, public_key: str) -> list[str]:
    """How it is started, in its folder; QEMU goes to the background when it runs."""
    lab = machine.lab
    return [
        *("qemu-system-x86_64", "-name", f"{lab.name}/{machine.name}", *BOARD),
        *processor(lab.accelerator),
        *("-m", str(lab.memory_mib)),
        *("-kernel", str(lab.image / "vmlinuz"), "-initrd", str(lab.image / "initrd")),
        *("-append", " ".join(kernel_arguments(machine, clock_khz, public_key))),
        *_disk("root", {"driver": "qcow2", "file": _file("root.qcow2")}),
        *(part for disk in DISKS for part in _disk(disk.serial, _raw(disk.file))),
        *_networks(machine),
        *("-device", "virtio-rng-device"),
        *("-qmp", "unix:qmp,server=on,wait=off", "-serial", "file:console.log"),
        *("-D", "qemu.log", "-pidfile", str(machine.pid_file), "-daemonize"),
    ]


def processor(accelerator: str) -> list[str]:
    """Options for two processors, or as many as the host has."""
    count = ["-smp", str(min(2, os.cpu_count() or 1))]
    if accelerator == "kvm":
        return ["-accel", "kvm", "-cpu", "host", *count]
    return ["-accel", "tcg,thread=multi,tb-size=256", "-cpu", "qemu64", *count]


def kernel_arguments(machine: Machine, clock_khz: int, public_key: str) -> list[str]:
    """What the kernel is told, and through it the machine: who it is."""
    return [
        *console_arguments(machine.lab.accelerator, clock_khz),
        *("quiet", "mitigations=off", "net.ifnames=0", "root=/dev/vda", "rw"),
        f"systemd.hostname={machine.name}",
        f"systemd.machine_id={machine.machine_id}",
        f"lab.name={machine.name}",
        "lab.address=eth0:10.0.2.15/24",
        *(f"lab.address={n.interface}:{n.address(machine.number)}/24" for n in NETWORKS),
        f"lab.gateway={FENCE_ADDRESS}",
        f"lab.key={public_key}",
    ]


def console_arguments(accelerator: str, clock_khz: int) -> list[str]:
    """What any kernel on this board needs."""
    arguments = ["console=ttyS0", "reboot=t"]
    if accelerator == "tcg":
        # Measuring the clock fails on a busy host ("Unable to calibrate against PIT"), and then
        # the boot hangs without a word. An emulated processor has the host's clock.
        arguments += [f"tsc_early_khz={clock_khz}", "tsc=reliable", "no_timer_check"]
    return arguments


def _file(name: str) -> dict[str, object]:
    return {"driver": "file", "filename": name, "cache": {"no-flush": True}}


def _raw(name: str) -> dict[str, object]:
    return {"driver": "raw", "file": _file(name)}


def _disk(name: str, backend: dict[str, object]) -> list[str]:
    """A disk; what a machine has flushed outlives QEMU's end, though not that of the host."""
    block = {"node-name": f"disk-{name}", "cache": {"no-flush": True}, **backend}
    device = f"virtio-blk-device,drive=disk-{name},serial={name},write-cache=on"
    return ["-blockdev", json.dumps(block), "-device", device]


def _networks(machine: Machine) -> list[str]:
    """eth0 to the host only, by loopback; the others from machine to machine."""
    backends = [("eth0", f"user,id=lan-eth0,ipv6=off,hostfwd=tcp:127.0.0.1:{machine.ssh_port}-:22")]
    hardware = {"eth0": f"52:54:00:00:00:{machine.number:02x}"}
    for network in NETWORKS:
        group = machine.lab.multicast(network)
        name = network.interface
        backends.append((name, f"socket,id=lan-{name},mcast={group},localaddr=127.0.0.1"))
        hardware[name] = network.hardware_address(machine.number)
    words = []
    for name, backend in backends:
        device = f"virtio-net-device,id={name},netdev=lan-{name},mac={hardware[name]}"
        words += ["-netdev", backend, "-device", device]
    return words
