# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one kind of error that reaches a user: what was tried, what was seen, what to do next.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class StorageError(Exception):
    """A failure with a machine-readable reason code, a message and a remedy.

    ``completed`` holds the steps that had been carried out when it happened.
    """

    def __init__(self, reason: str, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.reason = reason
        self.message = message
        self.remedy = remedy
        self.completed: tuple[Any, ...] = ()
        self.failed: Any = None


def format_names(names: Iterable[str]) -> str:
    """The names in one line, for messages."""
    return ", ".join(names)
