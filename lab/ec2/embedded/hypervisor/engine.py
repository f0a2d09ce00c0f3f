# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only door to the engine: runs its command line."""

from __future__ import annotations

import subprocess

TIMEOUT_SECONDS = 300


class EngineError(Exception):
    """A command that failed, and what it said."""


def run(argv: tuple[str, ...], stdin: bytes = b"") -> str:
    """What the command printed; raises EngineError when it fails or takes too long."""
    try:
        done = subprocess.run(
            argv, input=stdin, capture_output=True, check=False, timeout=TIMEOUT_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"{' '.join(argv[:3])}: {error}") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip() or f"status {done.returncode}"
        raise EngineError(f"{' '.join(argv)}: {said}")
    return done.stdout.decode()
