# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for a condition, never for a time.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
PATIENCE_SECONDS = 60.0
# Failures of a look that may pass.
PASSING = ("tool_failed", "daemon_down")


class Clock(Protocol):
    """What a wait needs of a host."""

    def now(self) -> float:
        """Seconds on a clock that only moves forward."""

    def sleep(self, seconds: float) -> None:
        """Pause."""


def pauses() -> Iterator[float]:
    """Seconds to pause between looks: short at first, then half as long again, at most five."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        yield pause
        pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)


def wait_until(
    missing: Callable[[], str],
    *,
    what: str,
    timeout_seconds: float,
    clock: Clock,
    steady_seconds: float = 0,
) -> None:
    """Return when ``missing()`` is "" and has been so long enough; past the deadline raise.

    A look that the tool fails is not yet the end: glusterd for one can not tell the status of a
    rebalance in its first moments. A minute of nothing but failures is.
    """
    now = clock.now
    deadline = now() + timeout_seconds
    last_answer, steady_since = now(), None
    for pause in pauses():
        try:
            seen = missing()
            last_answer = now()
        except StorageError as error:
            if error.reason not in PASSING or now() - last_answer > PATIENCE_SECONDS:
                raise
            seen = error.message
        steady_since = None if seen else (now() if steady_since is None else steady_since)
        if steady_since is not None and now() - steady_since >= steady_seconds:
            return
        left = deadline - now()
        if left <= 0:
            raise StorageError(
                "timeout",
                f"Waited {timeout_seconds:g} s in vain: {what}. Last seen: "
                f"{seen.rstrip('.') or 'well, but not for long enough'}.",
                "What was begun goes on by itself; run this again to go on waiting, "
                "or with a longer timeout.",
            )
        clock.sleep(min(pause, left))
