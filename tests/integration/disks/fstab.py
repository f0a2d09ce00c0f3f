# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file system table of this machine, as far as this run can see it."""

from __future__ import annotations

from pathlib import Path

FSTAB = Path("/etc/fstab")
TEXT = "# static file system information\nproc\t/proc\tproc defaults 0 0\n"


def fresh_fstab(text: str = TEXT) -> Path:
    """A new table: with a comment and a line of somebody else's, or with this text."""
    FSTAB.unlink(missing_ok=True)
    FSTAB.write_text(text)
    FSTAB.chmod(0o644)
    return FSTAB


def lines_for(place: str) -> list[list[str]]:
    """The fields of the lines that mount something there, as they are written."""
    fields = (line.split() for line in FSTAB.read_text().splitlines())
    return [line for line in fields if line[1:2] == [place] and not line[0].startswith("#")]
