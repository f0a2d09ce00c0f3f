# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the hypervisor goes from plan to plan, on the model of the engine."""

from __future__ import annotations

import pytest
from helpers.ec2_engine import LAB, applied

from lab.ec2.embedded.hypervisor import apply, steps
from lab.ec2.embedded.hypervisor.actual import Actual
from lab.ec2.embedded.hypervisor.engine import EngineError
from lab.ec2.embedded.hypervisor.model import Disk, Network, Site

SITE = Site(networks=(Network("subnet-1", "10.0.0.0/24"),), disks=(Disk("vol-1", 1),))


class Engine:
    """Takes steps; answers some kinds of them with an error, after having done them or not."""

    def __init__(self, errors: dict[type, str], does_it: bool) -> None:
        self.actual = Actual()
        self.errors = errors
        self.does_it = does_it

    def apply(self, _lab: str, step: steps.Step) -> None:
        error = self.errors.get(type(step))
        if self.does_it or error is None:
            self.actual = applied(step, self.actual)
        if error is not None:
            raise EngineError(error)


def follow_on(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply, "read_actual", lambda _lab: engine.actual)
    monkeypatch.setattr(apply, "apply", engine.apply)
    apply.follow(SITE, LAB)


def test_follow_ends_when_all_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine({}, does_it=True)
    follow_on(engine, monkeypatch)
    assert set(engine.actual.disks) == {"vol-1"}


def test_failed_step_is_said_with_the_words_of_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine({steps.MakeDisk: "no space left"}, does_it=False)
    with pytest.raises(apply.FollowError, match="MakeDisk vol-1: no space left"):
        follow_on(engine, monkeypatch)


def test_what_a_killed_run_has_done_meanwhile_is_no_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = Engine({steps.MakeDisk: "network with name x already exists"}, does_it=True)
    follow_on(engine, monkeypatch)
    assert set(engine.actual.disks) == {"vol-1"}


def test_step_without_effect_is_not_repeated_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine({steps.MakeDisk: "No such container: x"}, does_it=False)
    with pytest.raises(apply.FollowError, match="no effect: MakeDisk vol-1"):
        follow_on(engine, monkeypatch)
