# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is made of disks: the wishes, and what the tools say once they have come true."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from disks.contents import GPT
from disks.fstab import lines_for
from disks.loop import MIB, Disk
from disks.tools import mounted, probe, signatures, table

Wish = dict[str, Any]
UUID = str(uuid.uuid4())  # of this process: another one may run beside it
SECTOR = 512

LIVES: dict[str, Wish] = {
    "gpt_xfs": {"partition": {"label": "gpt"}, "filesystem": {"type": "xfs"}},
    "mbr_ext4": {"partition": {"label": "mbr"}, "filesystem": {"type": "ext4"}},
    "whole_disk_xfs": {"filesystem": {"type": "xfs"}},
    "whole_disk_ext4": {"filesystem": {"type": "ext4", "options": ["-m", "1", "-I", "512"]}},
    "all_told": {
        "partition": {"label": "gpt", "size": "350MiB"},
        "filesystem": {
            "type": "xfs",
            "label": "brick1",
            "uuid": UUID,
            "options": ["-i", "size=1024"],
        },
    },
}


def wish(name: str, place: str) -> Wish:
    """A life with its mount point."""
    return {**LIVES[name], "mount": {"path": place, "options": "noatime"}}


def target(disk: Disk, wanted: Wish) -> str:
    """The path of what holds the file system."""
    return disk.partition if "partition" in wanted else disk.path


def assert_partition(disk: Disk, wanted: Wish) -> None:
    """One aligned partition below the right table, known to the kernel."""
    label = {"gpt": "gpt", "mbr": "dos"}[wanted["partition"]["label"]]
    found = table(disk.path)
    (only,) = found["partitions"]
    assert found["label"] == label
    assert only["start"] * SECTOR % MIB == 0
    assert disk.paths == (disk.path, disk.partition)
    assert signatures(disk.path) == (set(GPT) if label == "gpt" else {"dos"})
    sectors = Path("/sys/class/block", disk.partition.removeprefix("/dev/"), "size").read_text()
    assert int(sectors) == only["size"]


def assert_alive(disk: Disk, wanted: Wish) -> None:
    """The tools see what was wished, and nothing else."""
    if "partition" in wanted:
        assert_partition(disk, wanted)
    holder, kind = target(disk, wanted), wanted["filesystem"]["type"]
    assert signatures(holder) == {kind}
    seen = probe(holder)
    assert seen["TYPE"] == kind
    assert seen.get("LABEL", "") == wanted["filesystem"].get("label", "")
    if "uuid" in wanted["filesystem"]:
        assert seen["UUID"] == wanted["filesystem"]["uuid"]
    if "mount" in wanted:
        assert_mounted(disk, wanted)


def assert_mounted(disk: Disk, wanted: Wish) -> None:
    """Mounted now with the options, and at boot by its UUID."""
    holder, place = target(disk, wanted), wanted["mount"]["path"]
    now = mounted(place)
    assert (now["source"], now["fstype"]) == (holder, wanted["filesystem"]["type"])
    assert wanted["mount"]["options"] in now["options"].split(",")
    kind, options = wanted["filesystem"]["type"], wanted["mount"]["options"]
    assert [line[:4] for line in lines_for(place)] == [
        [f"UUID={probe(holder)['UUID']}", place, kind, options]
    ]
