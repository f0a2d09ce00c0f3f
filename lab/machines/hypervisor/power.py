# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plugs and the cables of a machine."""

from __future__ import annotations

import fcntl
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from . import process, qmp
from .clock import clock_khz
from .model import DISKS, NETWORKS, Machine
from .qemu import command

START_TIMEOUT_SECONDS = 60


class PowerError(Exception):
    """A machine can not be switched on or off."""


def is_on(machine: Machine) -> bool:
    """Whether its QEMU runs."""
    return bool(process.running(machine.pid_file))


def switch(machine: Machine, action: str) -> str:
    """Do ``on``, ``off``, ``reboot`` or ``status``; ``on`` or ``off``, as it is after that."""
    with _alone(machine):
        if action in ("off", "reboot"):
            _pull_plug(machine)
        if action in ("on", "reboot"):
            _put_plug_in(machine)
        return "on" if is_on(machine) else "off"


def plug_cable(machine: Machine, interface: str, plugged: bool) -> None:
    """Pull a cable or plug it in; it stays so when the machine is switched off and on."""
    with _alone(machine):
        mark = machine.folder / f"{interface}.unplugged"
        if plugged:
            mark.unlink(missing_ok=True)
        else:
            mark.touch()
        if is_on(machine):
            qmp.execute(machine.folder, "set_link", name=interface, up=plugged)


def clean(machine: Machine) -> None:
    """Off, and all it had is gone: disks, cables as they were, console."""
    with _alone(machine):
        _pull_plug(machine)
        for path in machine.folder.iterdir():
            if path.name != "lock":
                path.unlink()


@contextmanager
def _alone(machine: Machine) -> Iterator[None]:
    """The fence listener and a person at the keyboard must not start it twice."""
    machine.folder.mkdir(parents=True, exist_ok=True)
    with (machine.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _pull_plug(machine: Machine) -> None:
    process.end(machine.pid_file, signal.SIGKILL)


def _put_plug_in(machine: Machine) -> None:
    if is_on(machine):
        return
    _make_disks(machine)
    _keep_console(machine)
    key = (machine.lab.state / "key.pub").read_text(encoding="ascii").split()[1]
    _run([*command(machine, clock_khz(), key)], machine)
    for network in NETWORKS:
        if (machine.folder / f"{network.interface}.unplugged").exists():
            qmp.execute(machine.folder, "set_link", name=network.interface, up=False)


def _keep_console(machine: Machine) -> None:
    """The console of the boot before is what tells why it has ended."""
    console = machine.folder / "console.log"
    if console.exists():
        shutil.move(console, machine.folder / "console.log.1")


def _make_disks(machine: Machine) -> None:
    for disk in DISKS:
        path = machine.folder / disk.file
        if not path.exists():
            with path.open("wb") as file:
                file.truncate(disk.size_mib * 1024 * 1024)
    if not (machine.folder / "root.qcow2").exists():
        base = str(machine.lab.image / "root.img")
        _run(
            ["qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", "raw", "root.qcow2"],
            machine,
        )


def _run(argv: list[str], machine: Machine) -> None:
    """Run it in the machine's folder; PowerError with what it said when it fails."""
    try:
        subprocess.run(
            argv,
            cwd=machine.folder,
            check=True,
            timeout=START_TIMEOUT_SECONDS,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            start_new_session=True,
        )
    except subprocess.CalledProcessError as error:
        raise PowerError(f"{machine.name}: {argv[0]}: {error.stderr.strip()}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PowerError(f"{machine.name}: {argv[0]}: {error}") from error
