# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks to try things on: sparse files behind loop devices."""

from __future__ import annotations

import fcntl
import hashlib
import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from disks.tools import run, succeeds

MIB = 1024 * 1024
ZEROS = bytes(MIB)
# linux/loop.h
LOOP_CTL_ADD, LOOP_CTL_REMOVE = 0x4C80, 0x4C81
UDEV = Path("/run/udev/data")
LVM_CONFIGURATION = Path("/etc/lvm/lvm.conf")


class Disk:
    """A loop device and the file behind it, both gone after ``close``."""

    def __init__(self, image: Path, size: int, *options: str) -> None:
        self.image = image
        with image.open("wb") as file:
            file.truncate(size)
        self.path = run("losetup", "--find", "--show", *options, str(image)).strip()

    @property
    def name(self) -> str:
        return self.path.removeprefix("/dev/")

    @property
    def partition(self) -> str:
        """The path of its first partition."""
        return f"{self.path}p1"

    @property
    def size(self) -> int:
        return self.image.stat().st_size

    @property
    def paths(self) -> tuple[str, ...]:
        """It and the partitions that the kernel knows."""
        parts = sorted(Path("/sys/block", self.name).glob(f"{self.name}p*"))
        return (self.path, *(f"/dev/{part.name}" for part in parts))

    def partitioned(self, script: str = "label: gpt\nstart=1MiB, size=+\n") -> str:
        """Write a partition table as sfdisk reads it; the path of the first partition."""
        run("sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", self.path, stdin=script)
        run("partx", "--update", self.path)
        return self.partition

    def write(self, offset: int, content: bytes) -> None:
        """Write bytes, from the end for a negative offset."""
        with open(self.path, "r+b") as device:
            device.seek(offset if offset >= 0 else self.size + offset)
            device.write(content)

    def digest(self) -> str:
        """SHA-256 of all that is on it; whether zeros are stored or a hole makes no difference."""
        for path in self.paths:
            flush(path)
        seen = hashlib.sha256(str(self.size).encode())
        with self.image.open("rb") as file:
            for offset in chunks(file.fileno(), self.size):
                chunk = os.pread(file.fileno(), MIB, offset)
                if chunk != ZEROS[: len(chunk)]:
                    seen.update(offset.to_bytes(8, "big") + chunk)
        return seen.hexdigest()

    def enlarge(self, size: int) -> None:
        """What a cloud does to a volume while it is in use."""
        os.truncate(self.image, size)
        run("losetup", "--set-capacity", self.path)

    def identify(self, serial: str, wwn: str = "") -> None:
        """Give it what a loop device has not, through the data base of udev that lsblk reads."""
        facts = f"E:ID_SERIAL_SHORT={serial}\n" + (f"E:ID_WWN={wwn}\n" if wwn else "")
        self._udev.write_text(facts)

    @property
    def _udev(self) -> Path:
        number = Path("/sys/block", self.name, "dev").read_text().strip()
        return UDEV / f"b{number}"

    def close(self) -> None:
        """Take everything away that stands on it, then itself."""
        self._udev.unlink(missing_ok=True)
        for path in reversed(self.paths):
            while succeeds("findmnt", "--source", path):
                run("umount", "--lazy", path)
            if path in Path("/proc/swaps").read_text():
                run("swapoff", path)
        succeeds("partx", "--delete", self.path)
        run("losetup", "--detach", self.path)
        self.image.unlink()


MakeDisk = Callable[..., Disk]


@contextmanager
def unused_loop() -> Iterator[str]:
    """A loop device that stands for nothing; nobody else is given one with so high a number."""
    number = random.randrange(100_000, 1_000_000)
    with open("/dev/loop-control", "rb") as control:
        fcntl.ioctl(control, LOOP_CTL_ADD, number)
        try:
            yield f"/dev/loop{number}"
        finally:
            fcntl.ioctl(control, LOOP_CTL_REMOVE, number)


def flush(path: str) -> None:
    """What was written to a device is in its file afterwards."""
    with suppress(OSError), open(path, "rb") as device:
        os.fsync(device.fileno())


def chunks(file: int, size: int) -> Iterator[int]:
    """The offsets of the MiB of a sparse file that are not holes."""
    offset = 0
    while offset < size:
        try:
            offset = os.lseek(file, offset, os.SEEK_DATA) // MIB * MIB
        except OSError:  # nothing but a hole up to the end
            return
        yield offset
        offset += MIB


def allow_lvm(paths: Sequence[str]) -> None:
    """LVM sees these disks and none of the machine's own; /etc is private to the run."""
    LVM_CONFIGURATION.parent.mkdir(exist_ok=True)
    accepted = "".join(f'"a|^{path}(p[0-9]+)?$|", ' for path in paths)
    LVM_CONFIGURATION.write_text(
        f'devices {{ use_devicesfile = 0\nglobal_filter = [ {accepted}"r|.*|" ] }}\n'
    )
