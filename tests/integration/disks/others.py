# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Others who use a disk at the same time."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from disks.tools import run


@contextmanager
def held_open(path: str, flags: int = os.O_RDONLY) -> Iterator[int]:
    """A process has it open; its id."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.open(path, flags)
        os.write(writing, b"open")
        signal.pause()
    try:
        os.read(reading, 4)
        yield child
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reading)
        os.close(writing)


@contextmanager
def mounted(path: str, place: str) -> Iterator[None]:
    """It is mounted."""
    os.makedirs(place, exist_ok=True)
    run("mount", path, place)
    try:
        yield
    finally:
        run("umount", place)


@contextmanager
def mounted_elsewhere(path: str, place: str) -> Iterator[None]:
    """It is mounted, and this process can not see where."""
    os.makedirs(place, exist_ok=True)
    script = 'mount "$0" "$1" && echo mounted && read _ && umount "$1"'
    apart = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, path, place]
    with subprocess.Popen(
        apart, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == "mounted\n"
        try:
            yield
        finally:
            process.stdin.write("\n")
            process.stdin.close()
            process.wait()


@contextmanager
def swapped_on(path: str) -> Iterator[None]:
    """The machine swaps to it."""
    run("swapon", "--priority", "0", path)
    try:
        yield
    finally:
        run("swapoff", path)


@contextmanager
def looped(path: str) -> Iterator[str]:
    """Another loop device stands on it."""
    upper = run("losetup", "--find", "--show", path).strip()
    try:
        yield upper
    finally:
        run("losetup", "--detach", upper)
