# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes that outlive the command that has started them, known by a file with their number."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

END_TIMEOUT_SECONDS = 20


def running(pid_file: Path) -> int:
    """The number of the process that wrote the file, or 0; it names the file in its arguments.

    The number in the file may by now be that of another process.
    """
    try:
        pid = int(pid_file.read_text(encoding="ascii"))
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return 0
    return pid if os.fsencode(pid_file) in arguments else 0


def end(pid_file: Path, number: signal.Signals) -> None:
    """Send it the signal and wait until nothing of it is left; TimeoutError when it stays."""
    pid = running(pid_file)
    if not pid:
        return
    os.kill(pid, number)
    deadline = time.monotonic() + END_TIMEOUT_SECONDS
    while not _is_gone(pid):
        if time.monotonic() > deadline:
            raise TimeoutError(f"process {pid} does not end within {END_TIMEOUT_SECONDS} s")
        time.sleep(0.02)


def _is_gone(pid: int) -> bool:
    """Whether all its threads have ended; a zombie that nobody has waited for holds no disk."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2][0]
    except (OSError, IndexError):
        return True
    return state in "ZX" and len(threads) <= 1
