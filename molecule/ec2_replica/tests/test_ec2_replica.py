# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""After all of it has been taken away, nothing is left of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

LAB = "molecule"


def test_no_machine_is_left() -> None:
    argv = ["docker", "ps", "--all", "--quiet", "--filter", f"label=clustered-storage-ec2={LAB}"]
    listed = subprocess.run(argv, check=True, capture_output=True, text=True)

    assert listed.stdout == ""


def test_no_disk_is_left() -> None:
    loops = Path("/sys/block").glob("loop*/loop/backing_file")
    files = [Path(loop.read_text(encoding="utf-8").strip()).name for loop in loops]

    assert [name for name in files if name.startswith(f"{LAB}.vol-")] == []
