# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life cycle: read what is asked for, plan once, do it in order, look again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._engine.converge import (
    NUDGES,
    Life,
    apply,
    format_failure,
    live,
    settle,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import (
    StorageError,
    format_names,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import (
    Plan,
    Refusal,
    Step,
    Unread,
)
from helpers.hosts import ScriptedHost

LIT = Step("it is dark", ("lamp", "on"))


@dataclass(frozen=True)
class Room:
    lit: bool | None = None


@dataclass
class Tool:
    """A lamp; it counts what is read, and fails where it is told to."""

    lit: bool = False
    works: bool = True
    fails: dict[str, StorageError] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    def read(self, _host: Any, state: Room | None, part: str) -> Room:
        self.reads.append(part)
        return Room() if state is None else replace(state, lit=self.lit)

    def run(self, _host: Any, argv: Sequence[str]) -> str:
        words = " ".join(argv)
        self.runs.append(words)
        if words in self.fails:
            raise self.fails[words]
        self.lit = self.lit or (self.works and words == "lamp on")
        return self.answers.pop(0) if self.answers else ""


def plan_light(state: Room) -> Plan[Room]:
    if state.lit is None:
        raise Unread("lit")
    return Plan(state, Room(True), () if state.lit else (LIT,), ("candles are safer",))


def life(tool: Tool, plan: Callable[[Room], Plan[Room]] = plan_light) -> Life[Room]:
    return Life(
        read=tool.read,
        plan=plan,
        run=tool.run,
        format_result=lambda state: {"lit": state.lit},
        format_diff=lambda state: {"light": state.lit},
    )


def failure(reason: str = "tool_failed", message: str = "lamp failed.") -> StorageError:
    return StorageError(reason, message, "Buy another.")


def applied(tool: Tool, *steps: Step) -> StorageError:
    """The error of a run that fails."""
    with pytest.raises(StorageError) as raised:
        apply(life(tool), ScriptedHost(), steps)
    return raised.value


def switch(tool: Tool, *steps: Step, **given: Any) -> Life[Room]:
    """The life of a lamp with these steps, until it is lit."""

    def plan(state: Room) -> Plan[Room]:
        if state.lit is None:
            raise Unread("lit")
        return Plan(state, Room(True), () if state.lit else steps)

    return replace(life(tool, plan), **given)


# --- reading


def test_part_is_read_when_the_plan_asks_for_it() -> None:
    tool = Tool()

    settle(life(tool), ScriptedHost())

    assert tool.reads == ["", "lit"]


def test_part_that_stays_unread_is_our_fault() -> None:
    def greedy(_state: Room) -> Plan[Room]:
        raise Unread("lit")

    with pytest.raises(AssertionError, match="lit was read and is asked for again"):
        settle(life(Tool(), greedy), ScriptedHost())


def test_refusal_reaches_the_caller_before_anything_runs() -> None:
    def refuse(_state: Room) -> Plan[Room]:
        raise Refusal("no_lamp", "There is no lamp.", "Buy one.")

    tool = Tool()

    with pytest.raises(Refusal):
        live(life(tool, refuse), ScriptedHost(), check_mode=False)

    assert tool.runs == []


# --- a whole run


def test_run_changes_and_reads_again() -> None:
    tool = Tool()

    result = live(life(tool), ScriptedHost(), check_mode=False)

    assert tool.runs == ["lamp on"]
    assert tool.reads == ["", "lit", "", "lit"]
    assert result == {
        "lit": True,
        "changed": True,
        "plan": [{"why": "it is dark", "command": "lamp on", "destroys": False}],
        "diff": {"before": {"light": False}, "after": {"light": True}},
        "warnings": ["candles are safer"],
    }


def test_check_mode_says_the_same_and_runs_nothing() -> None:
    dry, wet = Tool(), Tool()

    result = live(life(dry), ScriptedHost(), check_mode=True)

    assert result == live(life(wet), ScriptedHost(), check_mode=False)
    assert dry.runs == []


def test_run_without_change_reads_once() -> None:
    tool = Tool(lit=True)

    result = live(life(tool), ScriptedHost(), check_mode=False)

    assert (result["changed"], result["plan"], tool.reads) == (False, [], ["", "lit"])


def test_tool_that_says_yes_and_does_nothing_is_found_out() -> None:
    with pytest.raises(StorageError, match="it is dark") as raised:
        live(life(Tool(works=False)), ScriptedHost(), check_mode=False)

    assert raised.value.reason == "not_converged"


def test_waiting_alone_is_no_change() -> None:
    waiting = Step("wait for the sun", ("look",), until=lambda _answer: "", timeout_seconds=1)
    tool = Tool()

    result = live(
        life(tool, lambda state: Plan(state, state, (waiting,))), ScriptedHost(), check_mode=False
    )

    assert result["changed"] is False
    assert tool.runs == ["look"]


# --- steps


def test_steps_run_in_their_order() -> None:
    tool = Tool()

    apply(life(tool), ScriptedHost(), (Step("a", ("one",)), Step("b", ("two",))))

    assert tool.runs == ["one", "two"]


def test_waiting_step_runs_until_it_is_content() -> None:
    tool = Tool(answers=["dark", "dim", "bright"])
    wait = Step(
        "wait for light",
        ("look",),
        until=lambda answer: "" if answer == "bright" else answer,
        timeout_seconds=60,
    )

    apply(life(tool), ScriptedHost(), (wait,))

    assert tool.runs == ["look", "look", "look"]


def test_waiting_step_is_nudged_between_looks() -> None:
    tool = Tool(answers=["dark", "", "bright"], fails={"shout": failure()})
    wait = Step(
        "wait for light",
        ("look",),
        until=lambda answer: "" if answer == "" else answer,
        timeout_seconds=60,
        nudge=("shout",),
    )

    apply(life(tool), ScriptedHost(), (wait,))

    assert tool.runs == ["look", "shout", "look"]


def patient(**given: Any) -> Step:
    """Waits for an answer that says nothing, and is told what is missing otherwise."""
    return Step(
        "wait for light",
        ("look",),
        until=lambda answer: answer,
        timeout_seconds=600,
        patience_seconds=30,
        **given,
    )


def test_wait_that_moves_is_not_nudged_before_its_patience_ends() -> None:
    tool = Tool(answers=[f"{percent} %" for percent in range(40)])

    apply(life(tool), ScriptedHost(), (patient(nudge=("shout",)),))

    assert set(tool.runs) == {"look"}


def test_wait_that_stands_still_is_nudged_once_its_patience_ends() -> None:
    tool = Tool(answers=["dark"] * 20)
    host = ScriptedHost()
    began = host.now()

    apply(life(tool), host, (patient(nudge=("look", "here")),))

    assert tool.runs.count("look here") == 1
    assert 30 <= host.now() - began < 60


def test_wait_that_nudges_do_not_help_fails_before_its_deadline() -> None:
    tool = Tool(answers=["dark"] * 1000)

    error = applied(tool, patient(nudge=("shout",)))

    assert error.reason == "stands_still"
    assert "dark" in str(error)
    assert tool.runs.count("shout") == NUDGES


def test_wait_that_stands_still_without_a_nudge_is_taken_back() -> None:
    tool = Tool(answers=["dark"] * 1000)

    error = applied(tool, patient(undo=("lamp", "off")))

    assert error.reason == "stands_still"
    assert tool.runs[-1] == "lamp off"


def test_failure_names_the_steps_done_and_the_one_that_failed() -> None:
    done, broken = Step("a", ("one",)), Step("b", ("two",), destroys=True)
    tool = Tool(fails={"two": failure()})

    error = applied(tool, done, broken, Step("c", ("three",)))

    assert error.completed == (done,)
    assert error.failed == broken
    assert tool.runs == ["one", "two"]


def test_failed_step_is_taken_back() -> None:
    tool = Tool(fails={"begin": failure()})

    applied(tool, Step("a", ("begin",), undo=("stop",)))

    assert tool.runs == ["begin", "stop"]


def test_step_that_merely_takes_long_is_not_taken_back() -> None:
    tool = Tool(fails={"begin": failure("timeout")})

    applied(tool, Step("a", ("begin",), undo=("stop",)))

    assert tool.runs == ["begin"]


def test_failure_to_take_back_is_told_too() -> None:
    tool = Tool(fails={"begin": failure(), "stop": failure(message="stop failed.")})

    error = applied(tool, Step("a", ("begin",), undo=("stop",)))

    assert "lamp failed." in str(error)
    assert "Taking it back failed too: stop failed." in str(error)


def test_cause_that_was_found_takes_the_place_of_the_failure() -> None:
    cause = failure("no_bulb", "There is no bulb.")
    tool = Tool(fails={"begin": failure()})
    step = Step("a", ("begin",))

    with pytest.raises(StorageError) as raised:
        apply(switch(tool, step, explain=lambda _host, _error: cause), ScriptedHost(), [step])

    assert raised.value is cause
    assert (cause.completed, cause.failed) == ((), step)


def test_failure_without_a_known_cause_is_itself() -> None:
    first = failure()
    tool = Tool(fails={"begin": first})
    step = Step("a", ("begin",))

    with pytest.raises(StorageError) as raised:
        apply(switch(tool, step, explain=lambda _host, error: error), ScriptedHost(), [step])

    assert raised.value is first
    assert first.failed is step


# --- what a failure says


def test_failure_carries_reason_remedy_and_plan() -> None:
    tool = Tool(fails={"two words": failure()})

    shown = format_failure(applied(tool, Step("a", ("one",)), Step("b", ("two", "words"))))

    assert shown == {
        "msg": "lamp failed. Buy another.",
        "reason": "tool_failed",
        "remedy": "Buy another.",
        "plan": [
            {"why": "a", "command": "one", "destroys": False},
            {"why": "b", "command": "two words", "destroys": False, "failed": True},
        ],
        "changed": True,
    }


def test_failure_of_the_first_step_has_changed_nothing() -> None:
    shown = format_failure(applied(Tool(fails={"one": failure()}), Step("a", ("one",))))

    assert shown["changed"] is False


def test_failure_before_the_first_step_has_no_plan() -> None:
    shown = format_failure(failure())

    assert (shown["plan"], shown["changed"]) == ([], False)


def test_plan_returns_commands_as_a_shell_takes_them() -> None:
    step = Step("a", ("gluster", "set", "user.note", "a: b"))

    shown = format_failure(applied(Tool(fails={" ".join(step.command): failure()}), step))

    assert shown["plan"][0]["command"] == "gluster set user.note 'a: b'"


def test_names_are_one_line() -> None:
    assert format_names(["a", "b"]) == "a, b"


# --- acting in another way than by running


def test_step_is_carried_out_by_what_the_tool_brings() -> None:
    tool = Tool()
    acted: list[Step] = []

    def act(_host: Any, step: Step) -> None:
        acted.append(step)
        tool.lit = True

    result = live(switch(tool, LIT, act=act), ScriptedHost(), check_mode=False)

    assert (acted, tool.runs, result["changed"]) == ([LIT], [], True)


def test_wait_only_looks_and_does_not_act() -> None:
    tool = Tool(answers=["lit"])
    wait = Step("it is to glow", ("lamp", "look"), until=lambda _text: "", timeout_seconds=1)
    acted: list[Step] = []

    apply(switch(tool, act=lambda _host, step: acted.append(step)), ScriptedHost(), [wait])

    assert (acted, tool.runs) == ([], ["lamp look"])


def test_act_that_fails_is_the_failed_step() -> None:
    def act(_host: Any, _step: Step) -> None:
        raise failure("changed_meanwhile")

    with pytest.raises(StorageError) as raised:
        live(switch(Tool(), LIT, act=act), ScriptedHost(), check_mode=False)

    assert (raised.value.failed, raised.value.completed) == (LIT, ())


# --- tools that are missing


NUDGED = Step(
    "it is to glow", ("look",), until=lambda _text: "", timeout_seconds=1, nudge=("poke", "it")
)


@pytest.mark.parametrize(
    ("steps", "missing"),
    [((LIT,), "lamp"), ((LIT, Step("", ("match",))), "match"), ((LIT, NUDGED), "poke")],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_missing_tool_is_missed_before_the_first_step(
    steps: tuple[Step, ...], missing: str, check_mode: bool
) -> None:
    tool, host = Tool(), ScriptedHost()
    host.missing = (missing,)

    with pytest.raises(StorageError, match=f"{missing} is not installed") as raised:
        live(switch(tool, *steps), host, check_mode)

    assert (raised.value.reason, tool.runs) == ("tool_missing", [])


def test_file_that_is_written_needs_no_tool() -> None:
    tool, host = Tool(), ScriptedHost()
    host.missing = ("write",)
    write = Step("", ("write", "/etc/lamp"), writes="on\n")

    def act(_host: Any, _step: Step) -> None:
        tool.lit = True

    assert live(switch(tool, write, act=act), host, check_mode=False)["changed"]


def test_file_that_can_not_be_written_is_found_out_before_the_first_step() -> None:
    tool, host = Tool(), ScriptedHost()
    host.unwritable = ("/etc/lamp",)
    write = Step("", ("write", "/etc/lamp"), writes="on\n")

    with pytest.raises(StorageError) as raised:
        live(switch(tool, LIT, write), host, check_mode=False)

    assert (raised.value.reason, tool.runs) == ("unwritable", [])
