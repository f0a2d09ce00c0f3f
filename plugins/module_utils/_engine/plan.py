# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module is going to do, as a value: check mode, diff and the real run are all made from it.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError

State = TypeVar("State")


class Refusal(StorageError):
    """A plan that would not be safe or can not work: raised before anything has changed."""


class Unread(Exception):
    """The planner needs a part of the present state that has not been read yet.

    It keeps a run that changes nothing at one read: whatever costs more is read when asked for.
    """

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


@dataclass(frozen=True)
class Step:
    """One command, why it runs, and whether it destroys data.

    A step with ``until`` waits: its command only reads, and runs again until ``until``
    returns "" for the command's output instead of the words for what is still missing; ``nudge``,
    where there is one, runs between two looks to hasten it, and may fail. With ``patience_seconds``
    it runs only when the command's output has not changed for so long, a few times, and then, or
    where there is none, the step fails: the tool has lost what is waited for.
    With ``steady_seconds`` the step has to be content without a break for so long: where a tool
    does not say that it has begun.
    ``stdin`` is the command's input. ``writes`` is the new text of the file that the command names
    last, for what no tool does, ``replaces`` its present text, None where there is no file, and
    ``mode`` what it is to have from its first byte, None for the mode that it has.
    ``expects`` is what a tool looks at once more right before.
    ``undo`` runs when the step fails, to leave nothing half done.
    """

    why: str
    command: tuple[str, ...]
    destroys: bool = False
    until: Callable[[str], str] | None = None
    timeout_seconds: int = 0
    steady_seconds: int = 0
    patience_seconds: int = 0
    nudge: tuple[str, ...] = ()
    stdin: str = ""
    writes: str | None = None
    replaces: str | None = None
    mode: int | None = None
    expects: object = None
    undo: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan(Generic[State]):
    """The steps in their order, with the state before and the state they lead to."""

    before: State
    after: State
    steps: tuple[Step, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether any step does more than wait."""
        return any(step.until is None for step in self.steps)
