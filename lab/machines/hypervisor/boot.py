# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for machines to boot."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from .model import Lab, Machine
from .power import is_on

DEADLINE_SECONDS = 600  # where all is emulated on a host that has much else to do
SAID_EVERY_SECONDS = 10
CONSOLE_LINES = 15
ESCAPE = re.compile(r"\x1b\[[0-9;?!]*[@-~]")  # systemd clears the screen


class BootError(Exception):
    """A machine does not answer."""


def wait_for_ssh(lab: Lab, machines: tuple[Machine, ...], say: Callable[[str], None]) -> None:
    """Until all answer by SSH; BootError, with the end of its console, when one does not."""
    if not machines:
        return
    with ThreadPoolExecutor(len(machines)) as pool:
        waits = [pool.submit(_wait, lab, machine, say) for machine in machines]
    failures = [str(wait.exception()) for wait in waits if wait.exception()]
    if failures:
        raise BootError("\n".join(failures))


def _wait(lab: Lab, machine: Machine, say: Callable[[str], None]) -> None:
    started = time.monotonic()
    said = 0
    while not (_has_banner(machine.ssh_port) and _lets_in(lab, machine)):
        elapsed = int(time.monotonic() - started)
        if elapsed >= DEADLINE_SECONDS or not is_on(machine):
            raise BootError(_what_was_seen(machine, elapsed))
        if elapsed - said >= SAID_EVERY_SECONDS:
            said = elapsed
            say(f"{machine.name}: {elapsed} s of at most {DEADLINE_SECONDS}; {_last_line(machine)}")
        time.sleep(0.5)
    say(f"{machine.name}: answers after {time.monotonic() - started:.0f} s")


def _has_banner(port: int) -> bool:
    """Whether an SSH daemon answers: QEMU itself takes connections long before that."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 3) as stream:
        stream.settimeout(10)
        return stream.recv(4) == b"SSH-"
    return False


def _lets_in(lab: Lab, machine: Machine) -> bool:
    argv = ["ssh", "-F", str(lab.state / "ssh_config"), "-o", "BatchMode=yes"]
    argv += ["-o", "ConnectTimeout=20", machine.name, "true"]
    with contextlib.suppress(subprocess.TimeoutExpired):
        return not subprocess.run(
            argv, check=False, timeout=30, stdin=subprocess.DEVNULL, capture_output=True
        ).returncode
    return False


def _console(machine: Machine) -> list[str]:
    with contextlib.suppress(OSError):
        text = (machine.folder / "console.log").read_text(encoding="utf-8", errors="replace")
        lines = (ESCAPE.sub("", line).strip() for line in text.splitlines())
        return [line for line in lines if line]
    return []


def _last_line(machine: Machine) -> str:
    lines = _console(machine)
    return f"{len(lines)} lines on its console: {lines[-1][:70]}" if lines else "console empty"


def _what_was_seen(machine: Machine, elapsed: int) -> str:
    state = "does not answer by SSH" if is_on(machine) else "has ended"
    lines = "\n".join(f"  {line}" for line in _console(machine)[-CONSOLE_LINES:])
    where = machine.folder / "console.log"
    return f"{machine.name} {state} after {elapsed} s; the end of {where}:\n{lines}"
