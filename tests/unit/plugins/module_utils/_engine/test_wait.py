# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting: short pauses first, a deadline, and words for what was seen last."""

from __future__ import annotations

from itertools import islice

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.wait import (
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


def wait(missing: Answers, timeout: float = 60) -> Clock:
    clock = Clock()
    wait_until(
        missing,
        what="wait until it rains",
        timeout_seconds=timeout,
        now=clock.now,
        sleep=clock.sleep,
    )
    return clock


def failure(reason: str = "tool_failed") -> StorageError:
    return StorageError(reason, "gluster failed.", "")


def test_pauses_grow_to_five_seconds() -> None:
    first = list(islice(pauses(), 12))

    assert first[0] == 0.2
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
        wait_until(Answers("rain"), what="", timeout_seconds=7, now=clock.now, sleep=clock.sleep)

    assert sum(clock.slept) == pytest.approx(7)


def test_no_time_still_looks_once() -> None:
    missing = Answers("rain")

    with pytest.raises(StorageError):
        wait(missing, timeout=0)

    assert missing.looks == 1


def test_tool_that_fails_for_a_moment_is_asked_again() -> None:
    missing = Answers(failure(), failure(), "")

    wait(missing)

    assert missing.looks == 3


def test_tool_that_fails_for_a_minute_ends_the_wait() -> None:
    with pytest.raises(StorageError) as raised:
        wait(Answers(failure()), timeout=600)

    assert raised.value.reason == "tool_failed"


@pytest.mark.parametrize("reason", ["migration_failed", "daemon_down", "locked", "timeout"])
def test_any_other_failure_ends_the_wait_at_once(reason: str) -> None:
    missing = Answers(failure(reason), "")

    with pytest.raises(StorageError):
        wait(missing)

    assert missing.looks == 1
