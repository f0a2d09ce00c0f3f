# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plugs and cables, with a QEMU that only waits."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.machines.hypervisor import power, process, qmp
from lab.machines.hypervisor.model import DISKS, Lab, Machine

# As QEMU: goes to the background, writes the pid file, has its name among its arguments.
QEMU = """#!/bin/sh
while [ "$1" != -pidfile ]; do shift; done
[ -p wait ] || mkfifo wait
sh -c 'echo $$ >"$2.new"; mv "$2.new" "$2"; read -r _ <wait' qemu "$1" "$2" >/dev/null 2>&1 &
while [ "$(cat "$2" 2>/dev/null)" != $! ]; do sleep 0.01; done
"""
QEMU_IMG = """#!/bin/sh
for last; do :; done
echo "$*" >"$last"
"""
BROKEN_QEMU = """#!/bin/sh
echo "qemu: no disk" >&2
exit 1
"""


def install(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


@pytest.fixture
def cables(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """What the monitor was told, in order."""
    told: list[dict[str, object]] = []
    monkeypatch.setattr(qmp, "execute", lambda _folder, _name, **said: told.append(said))
    return told


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "programs"
    install(folder, "qemu-system-x86_64", QEMU)
    install(folder, "qemu-img", QEMU_IMG)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(power, "clock_khz", lambda: 2_596_000)
    return folder


@pytest.fixture
def machine(lab: Lab, programs: Path, cables: list[dict[str, object]]) -> Iterator[Machine]:
    """One that has never been switched on."""
    assert programs.is_dir()
    assert cables == []
    (lab.state / "key.pub").write_text("ssh-ed25519 AAAAkey lab\n")
    machine = lab.machine("node1")
    yield machine
    process.end(machine.pid_file, signal.SIGKILL)


def test_a_new_machine_is_off(machine: Machine) -> None:
    assert power.switch(machine, "status") == "off"


def test_the_plug_put_in_makes_the_disks_and_starts_it(machine: Machine) -> None:
    assert power.switch(machine, "on") == "on"
    sizes = {disk.serial: (machine.folder / disk.file).stat().st_size for disk in DISKS}
    assert sizes == {"drbd": 512 * 1024 * 1024, "spare": 512 * 1024 * 1024}
    base = machine.lab.image / "root.img"
    assert f"-b {base} -F raw root.qcow2" in (machine.folder / "root.qcow2").read_text()


def test_a_machine_that_is_on_is_not_started_again(machine: Machine) -> None:
    power.switch(machine, "on")
    pid = process.running(machine.pid_file)
    assert power.switch(machine, "on") == "on"
    assert process.running(machine.pid_file) == pid


def test_the_plug_pulled_ends_it_and_leaves_the_disks(machine: Machine) -> None:
    power.switch(machine, "on")
    with (machine.folder / "drbd.raw").open("r+b") as disk:
        disk.write(b"kept")
    assert power.switch(machine, "off") == "off"
    assert process.running(machine.pid_file) == 0
    assert power.switch(machine, "on") == "on"
    with (machine.folder / "drbd.raw").open("rb") as disk:
        assert disk.read(4) == b"kept"


def test_a_machine_that_is_off_stays_off(machine: Machine) -> None:
    assert power.switch(machine, "off") == "off"
    assert not machine.pid_file.exists()


@pytest.mark.parametrize("before", ["on", "off"])
def test_reboot_starts_it_anew_whatever_it_was(machine: Machine, before: str) -> None:
    power.switch(machine, before)
    pid = process.running(machine.pid_file)
    assert power.switch(machine, "reboot") == "on"
    assert process.running(machine.pid_file) not in (0, pid)


def test_a_pulled_cable_stays_out_when_the_machine_starts_again(
    machine: Machine, cables: list[dict[str, object]]
) -> None:
    power.switch(machine, "on")
    power.plug_cable(machine, "eth2", plugged=False)
    power.switch(machine, "reboot")
    assert cables == [{"name": "eth2", "up": False}] * 2
    power.plug_cable(machine, "eth2", plugged=True)
    power.switch(machine, "reboot")
    assert cables[2:] == [{"name": "eth2", "up": True}]


def test_a_cable_of_a_machine_that_is_off_can_be_pulled(
    machine: Machine, cables: list[dict[str, object]]
) -> None:
    power.plug_cable(machine, "eth1", plugged=False)
    assert cables == []
    power.switch(machine, "on")
    assert cables == [{"name": "eth1", "up": False}]


def test_a_clean_machine_is_off_and_has_nothing_left(machine: Machine) -> None:
    power.switch(machine, "on")
    power.plug_cable(machine, "eth1", plugged=False)
    pid = process.running(machine.pid_file)
    power.clean(machine)
    assert [path.name for path in machine.folder.iterdir()] == ["lock"]
    assert pid
    assert not is_alive(pid)


def is_alive(pid: int) -> bool:
    """Whether that process is more than a zombie."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def test_a_qemu_that_does_not_start_says_why(machine: Machine, programs: Path) -> None:
    install(programs, "qemu-system-x86_64", BROKEN_QEMU)
    with pytest.raises(power.PowerError, match="node1: qemu-system-x86_64: qemu: no disk"):
        power.switch(machine, "on")
    assert power.switch(machine, "status") == "off"


def test_the_console_of_the_boot_before_is_kept(machine: Machine) -> None:
    power.switch(machine, "on")
    (machine.folder / "console.log").write_text("why it ended")
    power.switch(machine, "reboot")
    assert (machine.folder / "console.log.1").read_text() == "why it ended"
