# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all integration tests share. They run as root, in the namespaces that `run` makes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from disks.fstab import FSTAB, fresh_fstab
from disks.loop import MIB, Disk, MakeDisk, allow_lvm

MARK = Path("/etc/clustered-storage-integration")
SIZE = 400 * MIB


def pytest_configure() -> None:
    if not MARK.exists():
        pytest.exit(
            "These tests mount, and write /etc/fstab: start them by tests/integration/run.", 3
        )


@pytest.fixture(scope="module")
def make_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeDisk]:
    """Makes disks; they go with the last test of the file, whatever happened to them."""
    folder = tmp_path_factory.mktemp("disks")
    made: list[Disk] = []

    def make(size: int = SIZE, *options: str) -> Disk:
        disk = Disk(folder / f"{len(made)}.img", size, *options)
        made.append(disk)
        allow_lvm([one.path for one in made if one.image.exists()])
        return disk

    yield make
    for disk in reversed(made):
        if disk.image.exists():
            disk.close()


@pytest.fixture
def disk(make_disk: MakeDisk) -> Iterator[Disk]:
    """A blank disk of 400 MiB, which xfs needs most of."""
    disk = make_disk()
    yield disk
    disk.close()


@pytest.fixture(autouse=True)
def fstab() -> Iterator[Path]:
    """The file system table: private to the run, and fresh for each test."""
    yield fresh_fstab()
    FSTAB.unlink(missing_ok=True)


@pytest.fixture
def place(tmp_path: Path) -> str:
    """A mount point that does not exist yet."""
    return str(tmp_path / "brick")
