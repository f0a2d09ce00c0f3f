# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only door to the machine: commands, names, directories, time.

Everything above it is given a ``Host``, so that tests can stand in for the machine.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import errno
import os
import random
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError

Seen = TypeVar("Seen")


@dataclass(frozen=True)
class Output:
    """What a command left behind: exit status, standard output and standard error."""

    rc: int
    stdout: str
    stderr: str


class Host(Protocol):
    """What the tools may do on the managed machine."""

    def run(self, argv: Sequence[str]) -> Output:
        """The command's output; it runs in the C locale, without a shell, without input."""

    def addresses(self, name: str) -> tuple[str, ...]:
        """The addresses that a host name resolves to here; none when it does not."""

    def is_local(self, address: str) -> bool:
        """Whether an address belongs to this machine."""

    def answers(self, address: str, port: int) -> bool:
        """Whether something accepts TCP connections there within three seconds."""

    def xattr(self, path: str, name: str) -> bytes:
        """The extended attribute, or b"" where there is none."""

    def entries(self, path: str) -> tuple[str, ...] | None:
        """Sorted names in a directory, or None where there is no such directory."""

    def text(self, path: str) -> str | None:
        """The text of a file, or None where there is none."""

    def device(self, path: str) -> int | None:
        """The number of the file system a path is on, or None where there is no such path."""

    def now(self) -> float:
        """Seconds on a clock that only moves forward."""

    def sleep(self, seconds: float) -> None:
        """Pause, with up to a fifth more at random, so that many hosts do not march in step."""


# Nothing is sent there: to connect a datagram socket only looks up the route.
DISCARD_PORT = 9

# What "there is nothing" looks like; any other error means that nobody knows.
NOTHING = (errno.ENOENT, errno.ENOTDIR, errno.ENODATA, errno.ENOTSUP)


def look(read: Callable[[], Seen], path: str) -> Seen | None:
    """What ``read`` finds, or None where there is nothing; a look that fails raises."""
    try:
        return read()
    except OSError as error:
        if error.errno in NOTHING:
            return None
        raise StorageError(
            "unreadable",
            f"{path} can not be looked at: {error.strerror}.",
            "Find out why (a broken disk, missing rights) before going on.",
        ) from error


def read_text(path: str) -> str:
    """The text of a file."""
    with open(path, encoding="utf-8") as file:
        return file.read()


class AnsibleHost:
    """The managed machine, seen from a module that runs on it."""

    def __init__(self, module: AnsibleModule) -> None:
        self._module = module

    def run(self, argv: Sequence[str]) -> Output:
        program = self._module.get_bin_path(argv[0])
        if program is None:
            raise StorageError(
                "tool_missing",
                f"{argv[0]} is not installed on this machine.",
                "Install the package that brings it and run this again.",
            )
        locale = {"LANGUAGE": "C", "LC_ALL": "C"}
        rc, stdout, stderr = self._module.run_command(
            [program, *argv[1:]], environ_update=locale, data=""
        )
        return Output(rc, stdout, stderr)

    def addresses(self, name: str) -> tuple[str, ...]:
        try:
            found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return ()
        return tuple(sorted({str(info[4][0]) for info in found}))

    def is_local(self, address: str) -> bool:
        # To reach its own address a machine sends from that address. To bind a socket to it would
        # not tell: with net.ipv4.ip_nonlocal_bind that works for every address.
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((address, DISCARD_PORT))
            except OSError:
                return False
            return bool(probe.getsockname()[0] == address)

    def answers(self, address: str, port: int) -> bool:
        try:
            with socket.create_connection((address, port), timeout=3):
                return True
        except OSError:
            return False

    def xattr(self, path: str, name: str) -> bytes:
        value = look(lambda: os.getxattr(path, name, follow_symlinks=False), path)
        return b"" if value is None else value

    def entries(self, path: str) -> tuple[str, ...] | None:
        return look(lambda: tuple(sorted(os.listdir(path))), path)

    def text(self, path: str) -> str | None:
        return look(lambda: read_text(path), path)

    def device(self, path: str) -> int | None:
        return look(lambda: os.lstat(path).st_dev, path)

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds * random.uniform(1.0, 1.2))
