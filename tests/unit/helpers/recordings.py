# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What real tools printed: the files of recorded/, taken apart."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path

RECORDED = Path(__file__).parents[1] / "recorded"
VERSIONS = ("10.3", "11.1")  # of GlusterFS; other tools have their name in their folder's
HEADER = re.compile(r"# \S+ (?P<version>\S+): (?P<command>.*) \(rc (?P<rc>\d+)\)(?:; .*)?")


@dataclass(frozen=True)
class Recording:
    """A command of one version with what it left behind."""

    version: str
    argv: tuple[str, ...]
    rc: int
    stdout: str
    stderr: str


@cache
def recording(version: str, name: str) -> Recording:
    """The recording of that name; its header and the mark of standard error are not part of it."""
    (path,) = (RECORDED / version).glob(f"{name}.*")
    header, _newline, body = path.read_text(encoding="utf-8").partition("\n")
    match = HEADER.fullmatch(header)
    assert match, f"{path} has no header"
    stdout, _mark, stderr = body.partition("# stderr\n")
    argv = tuple(shlex.split(match["command"]))
    return Recording(match["version"], argv, int(match["rc"]), stdout, stderr)
