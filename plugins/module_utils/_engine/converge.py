# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life cycle of every module: read, plan, apply, read again.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.host import (
    AnsibleHost,
    Host,
    tool_missing,
    unwritable,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import (
    Plan,
    Step,
    Unread,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.wait import wait_until

State = TypeVar("State")
# How often a wait that stands still is hastened before it fails.
NUDGES = 3


@dataclass(frozen=True)
class Life(Generic[State]):
    """What one module brings to the life cycle.

    ``read(host, state, part)`` reads the named part of the present state on top of what has been
    read before; the first call gets no state and the part "". ``run`` carries out one command of
    the tool and returns its output or raises; ``act`` carries out a step that changes something,
    where that is more than to run its command. ``format_result`` makes the module's own return
    values, ``format_diff`` the plain data that a diff shows; both take any state. ``explain`` looks
    for the cause behind a step's failure, and returns the error that names it.
    """

    read: Callable[[Host, State | None, str], State]
    plan: Callable[[State], Plan[State]]
    run: Callable[[Host, Sequence[str]], str]
    format_result: Callable[[State], dict[str, Any]]
    format_diff: Callable[[State], Mapping[str, Any]]
    act: Callable[[Host, Step], None] | None = None
    explain: Callable[[Host, StorageError], StorageError] | None = None


def format_step(step: Step) -> dict[str, Any]:
    """A step as a module returns it."""
    return {"why": step.why, "command": shlex.join(step.command), "destroys": step.destroys}


def format_failure(error: StorageError) -> dict[str, Any]:
    """A failure as a module returns it: the steps that ran, the one that failed last."""
    steps = [format_step(step) for step in error.completed]
    failed = [{**format_step(error.failed), "failed": True}] if error.failed else []
    return {
        "msg": str(error),
        "reason": error.reason,
        "remedy": error.remedy,
        "plan": steps + failed,
        "changed": any(step.until is None for step in error.completed),
    }


def settle(life: Life[State], host: Host) -> Plan[State]:
    """The plan for the present state, after reading as much of it as the planner asks for."""
    state = life.read(host, None, "")
    asked: set[str] = set()
    while True:
        try:
            return life.plan(state)
        except Unread as unread:
            if unread.part in asked:
                raise AssertionError(f"{unread.part} was read and is asked for again") from None
            asked.add(unread.part)
            state = life.read(host, state, unread.part)


class Watch(Generic[State]):
    """Looks at what a step waits for, hastens it, and finds out when it stands still."""

    def __init__(self, life: Life[State], host: Host, step: Step) -> None:
        self._life, self._host, self._step = life, host, step
        self._answer: str | None = None
        self._since = host.now()
        self._nudges = 0

    def look(self) -> str:
        """What is still missing."""
        answer = self._life.run(self._host, self._step.command)
        missing = self._step.until(answer) if self._step.until else ""
        if answer != self._answer:
            self._answer, self._since = answer, self._host.now()
        if missing and self._host.now() - self._since >= self._step.patience_seconds:
            self._hasten(missing)
        return missing

    def _hasten(self, missing: str) -> None:
        """Nudge it; a step that is patient is nudged so often and no more."""
        if self._step.patience_seconds and (not self._step.nudge or self._nudges == NUDGES):
            raise stands_still(self._step, missing)
        self._nudges, self._since = self._nudges + 1, self._host.now()
        if self._step.nudge:
            with contextlib.suppress(StorageError):
                self._life.run(self._host, self._step.nudge)


def stands_still(step: Step, missing: str) -> StorageError:
    """The error for a wait in which nothing moves any more."""
    return StorageError(
        "stands_still",
        f"Nothing has moved for {step.patience_seconds} s: {step.why}. "
        f"Last seen: {missing.rstrip('.')}.",
        "See the tool's own log. Run this again: it begins anew, or goes on.",
    )


def carry_out(life: Life[State], host: Host, step: Step) -> None:
    """Run one step; a step with ``until`` runs until it is content."""
    if step.until is None:
        if life.act is None:
            life.run(host, step.command)
        else:
            life.act(host, step)
        return
    wait_until(
        Watch(life, host, step).look,
        what=step.why,
        timeout_seconds=step.timeout_seconds,
        steady_seconds=step.steady_seconds,
        clock=host,
    )


def undo(life: Life[State], host: Host, step: Step, error: StorageError) -> None:
    """Take a failed step back; what merely takes long is left to go on."""
    if not step.undo or error.reason == "timeout":
        return
    try:
        life.run(host, step.undo)
    except StorageError as second:
        error.args = (f"{error} Taking it back failed too: {second}",)


def apply(life: Life[State], host: Host, steps: Sequence[Step]) -> None:
    """Carry out the steps in order; a failure says which were done."""
    for done, step in enumerate(steps):
        try:
            carry_out(life, host, step)
        except StorageError as error:
            undo(life, host, step, error)
            cause = life.explain(host, error) if life.explain else error
            cause.completed, cause.failed = tuple(steps[:done]), step
            if cause is error:
                raise
            raise cause from error


def refuse_missing_means(host: Host, steps: Sequence[Step]) -> None:
    """What can not be run or written is missed before the first step, not in the middle."""
    argvs = (
        argv for step in steps if step.writes is None for argv in (step.command, step.nudge) if argv
    )
    for program in dict.fromkeys(argv[0] for argv in argvs):
        if not host.finds(program):
            raise tool_missing(program)
    for step in steps:
        if step.writes is not None and not host.can_write(step.command[-1]):
            raise unwritable(step.command[-1])


def live(life: Life[State], host: Host, check_mode: bool) -> dict[str, Any]:
    """One whole run: what a module returns."""
    plan = settle(life, host)
    refuse_missing_means(host, plan.steps)
    after = plan.after
    if plan.steps and not check_mode:
        apply(life, host, plan.steps)
        after = converged(life, host)
    result = life.format_result(after)
    result["changed"] = plan.changes
    result["plan"] = [format_step(step) for step in plan.steps]
    result["diff"] = {"before": life.format_diff(plan.before), "after": life.format_diff(after)}
    result["warnings"] = list(plan.warnings)
    return result


def converged(life: Life[State], host: Host) -> State:
    """The state after a run, read again; that the tool said yes to everything is not enough."""
    plan = settle(life, host)
    if plan.changes:
        left = "; ".join(step.why for step in plan.steps)
        raise StorageError(
            "not_converged",
            f"Every command succeeded, and yet there is something left to do: {left}.",
            "Run this again; if it stays so, something else is changing the same thing.",
        )
    return plan.before


def converge(
    argument_spec: dict[str, Any],
    life: Callable[[dict[str, Any]], Life[State]],
    **constraints: Any,
) -> None:
    """Run a module that changes something: ``life`` makes its part from the parameters."""
    module = AnsibleModule(argument_spec, supports_check_mode=True, **constraints)
    try:
        result = live(life(module.params), AnsibleHost(module), module.check_mode)
    except StorageError as error:
        module.fail_json(**format_failure(error))
    for warning in result.pop("warnings"):
        module.warn(warning)
    module.exit_json(**result)


def inform(
    argument_spec: dict[str, Any], read: Callable[[Host, dict[str, Any]], dict[str, Any]]
) -> None:
    """Run a module that only reads."""
    module = AnsibleModule(argument_spec, supports_check_mode=True)
    try:
        result = read(AnsibleHost(module), module.params)
    except StorageError as error:
        module.fail_json(msg=str(error), reason=error.reason, remedy=error.remedy)
    module.exit_json(changed=False, **result)
