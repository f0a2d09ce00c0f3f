# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only door to the machine: commands, names, directories, time.

Everything above it is given a ``Host``, so that tests can stand in for the machine.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import random
import socket
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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

    def run(self, argv: Sequence[str], stdin: str = "") -> Output:
        """The command's output; it runs in the C locale and without a shell."""

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

    def file_system(self, path: str) -> str:
        """major:minor of the file system that is seen at a path, "" where there is no such path."""

    def finds(self, program: str) -> bool:
        """Whether a command is installed."""

    def real_path(self, path: str) -> str:
        """The path with all symbolic links followed."""

    def read_at(self, path: str, offset: int, size: int) -> bytes:
        """Bytes of a file or block device."""

    def busy(self, device: str) -> str:
        """Why the kernel does not grant exclusive use of a block device, "" when it does."""

    def number(self, path: str) -> str:
        """major:minor of a block device, or "" where the path is none."""

    def openers(self) -> Mapping[str, tuple[str, ...]]:
        """The processes that have block devices open, as "name (pid)", by the device's number."""

    def mount_tables(self) -> tuple[str, ...]:
        """mountinfo of every mount namespace, that of this process first."""

    def can_write(self, path: str) -> bool:
        """Whether a file can be written, or made where there is none."""

    def mode(self, path: str) -> int | None:
        """The permissions of a file, or None where there is none."""

    def scratch(
        self, files: Mapping[str, str], links: Mapping[str, str]
    ) -> contextlib.AbstractContextManager[str]:
        """A folder with these files and links, for nobody else, and only for so long."""

    def write_text(
        self, path: str, text: str, expected: str | None, mode: int | None = None
    ) -> None:
        """Replace a file atomically if it holds the expected text still; its owner stays.

        Its mode stays too, unless another one is given: then no byte is ever seen with the old.
        """

    def now(self) -> float:
        """Seconds on a clock that only moves forward."""

    def sleep(self, seconds: float) -> None:
        """Pause, with up to a fifth more at random, so that many hosts do not march in step."""


# Nothing is sent there: to connect a datagram socket only looks up the route.
DISCARD_PORT = 9

# What "there is nothing" looks like; any other error means that nobody knows.
NOTHING = (errno.ENOENT, errno.ENOTDIR, errno.ENODATA, errno.ENOTSUP)
# A file of /sys whose device goes away while it is read. Of a device itself it says no such thing.
NOTHING_IN_TEXT = (*NOTHING, errno.ENODEV)


def look(read: Callable[[], Seen], path: str, nothing: tuple[int, ...] = NOTHING) -> Seen | None:
    """What ``read`` finds, or None where there is nothing; a look that fails raises."""
    try:
        return read()
    except OSError as error:
        if error.errno in nothing:
            return None
        raise StorageError(
            "unreadable",
            f"{path} can not be looked at: {error.strerror}.",
            "Find out why (a broken disk, missing rights) before going on.",
        ) from error


def read_text(path: str) -> str:
    """The text of a file, so that written again it is the same bytes."""
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        return file.read()


def read_bytes(path: str, offset: int, size: int) -> bytes:
    """Bytes of a file or block device."""
    with open(path, "rb") as file:
        file.seek(offset)
        return file.read(size)


def processes() -> tuple[str, ...]:
    """The ids of all processes."""
    return tuple(name for name in os.listdir("/proc") if name.isdigit())


def block_number(seen: os.stat_result) -> str:
    """major:minor of what was looked at, "" for anything but a block device."""
    if not stat.S_ISBLK(seen.st_mode):
        return ""
    return f"{os.major(seen.st_rdev)}:{os.minor(seen.st_rdev)}"


def held_devices(pid: str) -> set[str]:
    """The block devices that a process has open."""
    found = set()
    # A process may end, or close a file, while it is looked at: then it holds nothing.
    with contextlib.suppress(OSError):
        for entry in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                found.add(block_number(os.stat(f"/proc/{pid}/fd/{entry}")))
    return found - {""}


def process_name(pid: str) -> str:
    """A process as "name (pid)"."""
    with contextlib.suppress(OSError):
        return f"{read_text(f'/proc/{pid}/comm').strip()} ({pid})"
    return f"a process ({pid})"


def write_beside(path: str, text: str) -> str:
    """A new file with the text in the same directory."""
    handle, beside = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".clustered-storage-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        os.unlink(beside)
        raise
    return beside


def write_private(path: str, text: str) -> None:
    """A new file with the text, which only its owner reads; folders on the way to it are made."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(text.encode("utf-8", "surrogateescape"))


@contextlib.contextmanager
def locked(folder: str) -> Iterator[None]:
    """Nobody else who asks for it has this lock: two runs would each drop the other's line."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def changed_meanwhile(path: str) -> StorageError:
    """The error for a file that is not any more what was planned for."""
    return StorageError(
        "changed_meanwhile",
        f"{path} has been changed since it was read.",
        "Run this again.",
    )


def unwritable(path: str) -> StorageError:
    """The error for a file that can not be replaced."""
    return StorageError(
        "unwritable",
        f"{path} can not be written.",
        "See why (a read-only file system, an immutable or bind-mounted file).",
    )


def tool_missing(program: str) -> StorageError:
    """The error for a command that is not installed."""
    return StorageError(
        "tool_missing",
        f"{program} is not installed on this machine.",
        "Install the package that brings it and run this again.",
    )


class AnsibleHost:
    """The managed machine, seen from a module that runs on it."""

    def __init__(self, module: AnsibleModule) -> None:
        self._module = module

    def run(self, argv: Sequence[str], stdin: str = "") -> Output:
        program = self._module.get_bin_path(argv[0])
        if program is None:
            raise tool_missing(argv[0])
        locale = {"LANGUAGE": "C", "LC_ALL": "C"}
        rc, stdout, stderr = self._module.run_command(
            [program, *argv[1:]], environ_update=locale, data=stdin, binary_data=True
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
        return look(lambda: read_text(path), path, NOTHING_IN_TEXT)

    def device(self, path: str) -> int | None:
        return look(lambda: os.lstat(path).st_dev, path)

    def file_system(self, path: str) -> str:
        number = look(lambda: os.stat(path).st_dev, path)
        return "" if number is None else f"{os.major(number)}:{os.minor(number)}"

    def finds(self, program: str) -> bool:
        return self._module.get_bin_path(program) is not None

    def real_path(self, path: str) -> str:
        return os.path.realpath(path)

    def read_at(self, path: str, offset: int, size: int) -> bytes:
        value = look(lambda: read_bytes(path, offset, size), path)
        return b"" if value is None else value

    def busy(self, device: str) -> str:
        try:
            os.close(os.open(device, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC))
        except OSError as error:
            return error.strerror or str(error)
        return ""

    def number(self, path: str) -> str:
        seen = look(lambda: os.stat(path), path)
        return block_number(seen) if seen else ""

    def openers(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for pid in processes():
            for number in held_devices(pid):
                found[number] = (*found.get(number, ()), process_name(pid))
        return found

    def mount_tables(self) -> tuple[str, ...]:
        tables: dict[str, str] = {}
        for pid in ("self", *processes()):
            with contextlib.suppress(OSError):
                space = os.readlink(f"/proc/{pid}/ns/mnt")
                if space not in tables:
                    tables[space] = read_text(f"/proc/{pid}/mountinfo")
        return tuple(tables.values())

    def mode(self, path: str) -> int | None:
        return look(lambda: stat.S_IMODE(os.stat(path).st_mode), path)

    @contextlib.contextmanager
    def scratch(self, files: Mapping[str, str], links: Mapping[str, str]) -> Iterator[str]:
        with tempfile.TemporaryDirectory(prefix="clustered-storage-") as folder:
            for name, text in files.items():
                write_private(f"{folder}/{name}", text)
            for name, target in links.items():
                os.makedirs(os.path.dirname(f"{folder}/{name}"), exist_ok=True)
                os.symlink(target, f"{folder}/{name}")
            yield folder

    def write_text(
        self, path: str, text: str, expected: str | None, mode: int | None = None
    ) -> None:
        target = os.path.realpath(path)
        with locked(os.path.dirname(target)):
            if self.text(path) != expected:
                raise changed_meanwhile(path)
            try:
                self._replace(target, text, mode)
            # atomic_move raises a plain Exception.
            except Exception as error:
                raise unwritable(path) from error

    def _replace(self, target: str, text: str, mode: int | None) -> None:
        beside = write_beside(target, text)
        try:
            if mode is None:
                self._module.atomic_move(beside, target, unsafe_writes=True)
            else:
                self._put(beside, target, mode)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(beside)

    def _put(self, beside: str, target: str, mode: int) -> None:
        """Rename; atomic_move would give a new file the mode 0644, and an old one its old mode."""
        os.chmod(beside, mode)
        context = self._module.selinux_default_context(target)
        self._module.set_context_if_different(beside, context, False)
        os.replace(beside, target)

    def can_write(self, path: str) -> bool:
        target = os.path.realpath(path)
        return os.access(target if os.path.exists(target) else os.path.dirname(target), os.W_OK)

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds * random.uniform(1.0, 1.2))
