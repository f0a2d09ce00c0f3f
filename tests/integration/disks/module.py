# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules as Ansible runs them, in a process of their own that may be disturbed or killed."""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from unittest.mock import patch

from ansible.module_utils import _internal
from ansible.module_utils.testing import patch_module_args
from ansible_collections.clustered.storage.plugins.module_utils._engine import converge, host
from ansible_collections.clustered.storage.plugins.modules import (
    block_device_info,
    block_device_prepare,
)
from disks.trace import Traced

Result = dict[str, Any]
Disturbance = AbstractContextManager[Any]
MANY = 10**6


@dataclass(frozen=True)
class Ended:
    """How a process ended: by which signal (0 for none), and what it wrote."""

    signal: int
    output: str


def in_a_process(work: Callable[[], None]) -> Ended:
    """Do something in a forked process, and wait for its end."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        sys.stdout = os.fdopen(writing, "w", encoding="utf-8")
        try:
            work()
        except BaseException:
            traceback.print_exc(file=sys.stdout)
        sys.stdout.flush()
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        output = pipe.read()
    return Ended(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), output)


def play(module: ModuleType, params: Result, disturbance: Disturbance | None = None) -> Ended:
    """Run a module; it may be disturbed."""

    def work() -> None:
        # Ansible's controller code may have been imported: then it takes this for the controller.
        with (
            patch.object(_internal, "is_controller", False),
            patch_module_args(params),
            disturbance or nullcontext(),
        ):
            try:
                module.main()
            except SystemExit:
                return

    return in_a_process(work)


def answer(module: ModuleType, params: Result, disturbance: Disturbance | None = None) -> Result:
    """What the module returns; ``failed`` says how it ended, as for a task."""
    ended = play(module, params, disturbance)
    assert ended.signal == 0
    try:
        return dict(json.loads(ended.output))
    except json.JSONDecodeError:
        raise AssertionError(f"the module broke:\n{ended.output}") from None


def play_prepare(device: str, disturbance: Disturbance, **params: Any) -> Ended:
    """block_device_prepare, which may not live to answer."""
    return play(block_device_prepare, {"device": device, **params}, disturbance)


def prepare(
    device: str, *, check: bool = False, disturbance: Disturbance | None = None, **params: Any
) -> Result:
    """block_device_prepare."""
    mode = {"_ansible_check_mode": check, "_ansible_diff": True}
    return answer(block_device_prepare, {"device": device, **params, **mode}, disturbance)


def inform(device: str) -> Result:
    """The tree that block_device_info returns."""
    return dict(answer(block_device_info, {"device": device})["device"])


def done(device: str, **params: Any) -> Result:
    """block_device_prepare, which has to succeed."""
    result = prepare(device, **params)
    assert not result.get("failed"), result["msg"]
    return result


def refused(device: str, **params: Any) -> str:
    """The reason for which block_device_prepare refuses; in check mode it says the very same."""
    forecast, real = prepare(device, check=True, **params), prepare(device, **params)
    assert real.get("failed"), f"not refused: {real['plan']}"
    for key in ("reason", "msg", "remedy", "plan"):
        assert forecast[key] == real[key]
    assert real["changed"] is False
    assert real["plan"] == []
    assert real["remedy"]
    return str(real["reason"])


# ---- disturbances ----


@contextmanager
def killed(step: int, *, after: bool) -> Iterator[None]:
    """The module is killed right before or after it carries out a step."""
    carry_out, count = converge.carry_out, itertools.count()

    def carry_out_or_die(*args: Any) -> None:
        now = next(count)
        if now == step and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        carry_out(*args)
        if now == step:
            os.kill(os.getpid(), signal.SIGKILL)

    with patch.object(converge, "carry_out", carry_out_or_die):
        yield


def killed_while(step: int, write: int) -> Disturbance:
    """The module is killed, and the tool that a step runs too, after some of the tool's writes."""
    return traced(step, write, lambda tool: tool.kill())


def counting_writes(step: int) -> Disturbance:
    """How often the tool of a step writes; the module goes no further."""
    return traced(step, MANY, lambda tool: print(tool.writes, flush=True))


def survived_by_its_tool(step: int, write: int) -> Disturbance:
    """The module is killed; the tool stops after some writes, but lives. Its process id."""
    return traced(step, write, lambda tool: print(tool.stop(), flush=True))


@contextmanager
def traced(step: int, write: int, then: Callable[[Traced], Any]) -> Iterator[None]:
    """The tool of a step runs until it has written so often, and the module no further."""
    carry_out, run, count = converge.carry_out, host.AnsibleHost.run, itertools.count()
    awaited: list[Sequence[str]] = []

    def carry_out_and_note(life: Any, machine: Any, now: Any) -> None:
        if next(count) == step:
            awaited.append(now.command)
        carry_out(life, machine, now)

    def run_and_die(self: host.AnsibleHost, argv: Sequence[str], *others: Any) -> host.Output:
        if argv not in awaited:
            return run(self, argv, *others)
        tool = Traced(argv, others[0] if others else "")
        tool.run_until_write(write)
        then(tool)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("killed, and yet alive")

    with (
        patch.object(converge, "carry_out", carry_out_and_note),
        patch.object(host.AnsibleHost, "run", run_and_die),
    ):
        yield


@contextmanager
def intruder(step: int, presence: AbstractContextManager[Any]) -> Iterator[None]:
    """Somebody turns up after the plan was made, right before a step is carried out."""
    carry_out, count = converge.carry_out, itertools.count()

    with ExitStack() as present:

        def let_in_and_carry_out(*args: Any) -> None:
            if next(count) == step:
                present.enter_context(presence)
            carry_out(*args)

        with patch.object(converge, "carry_out", let_in_and_carry_out):
            yield
