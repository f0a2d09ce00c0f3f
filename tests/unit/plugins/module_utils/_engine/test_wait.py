# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting: short pauses first, a deadline, and words for what was seen last."""

from __future__ import annotations

from itertools import islice

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.wait import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    PATIENCE_SECONDS,
    pauses,
    wait_until,
)
from helpers.hosts import Clock


class Answers:
    """What is still missing, look by look; the last answer stays. An error is raised."""

    def __init__(self, *answers: str | StorageError) -> None:
        self._answers = list(answers)
        self.looks = 0

    def __call__(self) -> str:
        self.looks += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, StorageError):
            raise answer
        return answer


def wait(missing: Answers, timeout: float = 60, steady: float = 0) -> Clock:
    clock = Clock()
    wait_until(
        missing,
        what="wait until it rains",
        timeout_seconds=timeout,
        clock=clock,
        steady_seconds=steady,
    )
    return clock


def failure(reason: str = "tool_failed") -> StorageError:
    return StorageError(reason, "gluster failed.", "")


def test_pauses_grow_to_five_seconds() -> None:
    first = list(islice(pauses(), 13))

    assert first[0] == FIRST_PAUSE_SECONDS
    assert first == sorted(first)
    assert first[-1] == 5.0


def test_what_is_there_already_is_not_waited_for() -> None:
    clock = wait(Answers(""))

    assert clock.slept == []


def test_wait_ends_as_soon_as_nothing_is_missing() -> None:
    missing = Answers("rain", "rain", "")

    clock = wait(missing)

    assert missing.looks == 3
    assert len(clock.slept) == 2


def test_timeout_says_what_was_awaited_and_what_was_seen() -> None:
    with pytest.raises(StorageError) as raised:
        wait(Answers("3 clouds", "2 clouds"), timeout=30)

    assert raised.value.reason == "timeout"
    assert "Waited 30 s in vain: wait until it rains. Last seen: 2 clouds." in str(raised.value)
    assert "run this again" in raised.value.remedy


def test_last_look_is_at_the_deadline() -> None:
    clock = Clock()

    with pytest.raises(StorageError):
        wait_until(Answers("rain"), what="", timeout_seconds=7, clock=clock)

    assert sum(clock.slept) == pytest.approx(7)


def test_no_time_still_looks_once() -> None:
    missing = Answers("rain")

    with pytest.raises(StorageError):
        wait(missing, timeout=0)

    assert missing.looks == 1


@pytest.mark.parametrize("reason", ["tool_failed", "daemon_down"])
def test_tool_that_fails_for_a_moment_is_asked_again(reason: str) -> None:
    missing = Answers(failure(reason), failure(reason), "")

    wait(missing)

    assert missing.looks == 3


@pytest.mark.parametrize("reason", ["tool_failed", "daemon_down"])
def test_tool_that_fails_for_a_minute_ends_the_wait(reason: str) -> None:
    clock = Clock()

    with pytest.raises(StorageError) as raised:
        wait_until(Answers(failure(reason)), what="", timeout_seconds=600, clock=clock)

    assert raised.value.reason == reason
    assert PATIENCE_SECONDS < sum(clock.slept) <= PATIENCE_SECONDS + LONGEST_PAUSE_SECONDS


def test_answer_between_failures_renews_the_patience() -> None:
    missing = Answers(*[failure()] * 14, "rain", *[failure()] * 11, "")

    clock = wait(missing, timeout=600)

    assert missing.looks == 27
    assert sum(clock.slept) > PATIENCE_SECONDS


@pytest.mark.parametrize("reason", ["migration_failed", "no_quorum", "locked", "timeout"])
def test_any_other_failure_ends_the_wait_at_once(reason: str) -> None:
    missing = Answers(failure(reason), "")

    with pytest.raises(StorageError):
        wait(missing)

    assert missing.looks == 1


# --- content for a while


def test_one_good_look_is_not_steady() -> None:
    missing = Answers("")

    clock = wait(missing, timeout=600, steady=30)

    assert 30 <= sum(clock.slept) <= 30 + LONGEST_PAUSE_SECONDS
    assert missing.looks > 6


@pytest.mark.parametrize("bad", ["rain", failure(), failure("daemon_down")])
def test_bad_look_begins_the_steady_time_anew(bad: str | StorageError) -> None:
    clock = Clock()
    bad_at = []

    def missing() -> str:
        if len(clock.slept) != 10:
            return ""
        bad_at.append(clock.now())
        if isinstance(bad, StorageError):
            raise bad
        return bad

    wait_until(missing, what="", timeout_seconds=600, clock=clock, steady_seconds=30)

    assert 30 <= clock.now() - bad_at[0] <= 30 + 2 * LONGEST_PAUSE_SECONDS


@pytest.mark.parametrize("period", [1, 2, 3, 5])
def test_what_comes_and_goes_is_never_steady(period: int) -> None:
    clock = Clock()

    def missing() -> str:
        return "" if len(clock.slept) % (period + 1) else "rain"

    with pytest.raises(StorageError) as raised:
        wait_until(missing, what="", timeout_seconds=600, clock=clock, steady_seconds=30)

    assert raised.value.reason == "timeout"
    assert sum(clock.slept) == pytest.approx(600)


def test_deadline_holds_while_it_is_not_yet_steady() -> None:
    with pytest.raises(StorageError) as raised:
        wait(Answers(*["rain"] * 15, ""), timeout=60, steady=30)

    assert raised.value.reason == "timeout"
    assert "Last seen: well, but not for long enough." in str(raised.value)


def test_steady_time_may_end_with_the_deadline() -> None:
    clock = wait(Answers(""), timeout=30, steady=30)

    assert sum(clock.slept) == pytest.approx(30)
