# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stopping a tool in the middle of its work, at the same place each time."""

from __future__ import annotations

import ctypes
import os
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

# linux/ptrace.h
PTRACE_TRACEME, PTRACE_DETACH, PTRACE_SYSCALL = 0, 17, 24

libc = ctypes.CDLL(None, use_errno=True)


def ptrace(request: int, pid: int, data: int = 0) -> None:
    """ptrace(2)."""
    if libc.ptrace(ctypes.c_long(request), pid, None, ctypes.c_void_p(data)) < 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request}")


class Traced:
    """A program that is stopped after one of its writes.

    A write is a system call after which the kernel has counted more bytes as written.
    """

    def __init__(self, argv: Sequence[str], stdin: str = "") -> None:
        self.writes = 0
        self.has_ended = False
        self._written = 0
        self._pid = start_traced(argv, stdin)
        os.waitpid(self._pid, 0)  # it stops at its first instruction

    def run_until_write(self, last: int) -> None:
        """Let it go on until it has written so often, or ends."""
        while self.writes < last:
            ptrace(PTRACE_SYSCALL, self._pid)
            if not os.WIFSTOPPED(os.waitpid(self._pid, 0)[1]):
                self.has_ended = True
                return
            now = bytes_written(self._pid)
            self.writes, self._written = self.writes + (now > self._written), now

    def kill(self) -> None:
        """It does nothing more."""
        if not self.has_ended:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)

    def stop(self) -> int:
        """It waits, without its tracer, for what will be done to it; its process id."""
        ptrace(PTRACE_DETACH, self._pid, signal.SIGSTOP)
        return self._pid


def start_traced(argv: Sequence[str], stdin: str) -> int:
    """The process id of a program that waits for its tracer."""
    with tempfile.TemporaryFile("w+") as source:
        source.write(stdin)
        source.seek(0)
        pid = os.fork()
        if pid == 0:
            os.dup2(source.fileno(), 0)
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            ptrace(PTRACE_TRACEME, 0)
            os.execvp(argv[0], list(argv))
    return pid


def bytes_written(pid: int) -> int:
    """All that a process has written so far, to whatever."""
    facts = Path(f"/proc/{pid}/io").read_text()
    return int(facts.split("wchar:")[1].split()[0])
