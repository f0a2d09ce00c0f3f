# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Killed anywhere, the module finishes when run again, and the run after that changes nothing."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import select
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from disks.contents import RECOGNISED, TABLES, Content, each
from disks.fstab import fresh_fstab
from disks.lives import LIVES, Wish, assert_alive, target, wish
from disks.loop import Disk, MakeDisk
from disks.module import (
    Disturbance,
    counting_writes,
    done,
    killed,
    killed_while,
    play_prepare,
    prepare,
    refused,
    survived_by_its_tool,
)
from disks.tools import identity, is_clean, run

SERIAL = "S3X9NB0K500123"
# The tools that make something. What they leave half made may be anybody's: a human decides.
WRITERS = {"mkfs.ext4", "mkfs.xfs", "sfdisk"}
BLANK = Content("", (), lambda _: None)


def first_partition(path: str) -> None:
    run("mkfs.ext4", "-q", f"{path}p1")


# What a disk holds that is to become an xfs on a GPT partition, and what has to be listed for it.
WIPES = {
    "ext4": RECOGNISED["ext4"],
    "luks2": RECOGNISED["luks2"],
    "drbd_over_gfs2": RECOGNISED["drbd_over_gfs2"],
    "mbr": TABLES["mbr_with_partition"],
    "ext4_on_partition": Content(
        "has_ext4", ("ext4",), each(TABLES["gpt_with_partition"].write, first_partition)
    ),
}


def cases() -> Iterator[Any]:
    for name in ("gpt_xfs", "mbr_ext4", "whole_disk_xfs", "whole_disk_ext4"):
        yield pytest.param(LIVES[name], BLANK, "", id=name)
    for name, content in WIPES.items():
        # By serial it is the easier: a UUID is among what is erased.
        for confirmation in ("uuid", "serial") if name == "ext4" else ("uuid",):
            wanted = {**LIVES["gpt_xfs"], "wipe": list(content.types)}
            yield pytest.param(wanted, content, confirmation, id=f"wipe_{name}_by_{confirmation}")


every_case = pytest.mark.parametrize(("wanted", "content", "confirmation"), list(cases()))


def helped(wanted: Wish, refusal: dict[str, Any]) -> Wish:
    """What the refusal itself proposes for what may be a half-made thing of ours, or not."""
    assert refusal["reason"] in ("not_blank", "has_gpt", "has_xfs")
    types = re.search(r"wipe: \[(.*?)\]", refusal["remedy"])
    assert types
    return {**wanted, "wipe": types.group(1).split(", "), "confirm_wipe": SERIAL}


class Attempts:
    """The same disk and wish, as often as one likes."""

    def __init__(
        self, make_disk: MakeDisk, folder: Path, wanted: Wish, content: Content, confirmation: str
    ) -> None:
        self._make, self._folder = make_disk, folder
        self._wanted, self._content, self._confirmation = wanted, content, confirmation
        self._count = itertools.count()

    def fresh(self) -> tuple[Disk, Wish]:
        """A disk as it was at the start, and the wish for it."""
        fresh_fstab()
        disk = self._make()
        disk.identify(SERIAL)
        self._content.write(disk.path)
        place = str(self._folder / f"{next(self._count)}")
        wanted = {**self._wanted, "mount": {"path": place, "options": "noatime"}}
        named = {"serial": SERIAL, "uuid": identity(disk.path) or identity(disk.paths[-1])}
        if self._confirmation:
            wanted["confirm_wipe"] = named[self._confirmation]
        return disk, wanted

    def problem(self, disturbance: Disturbance, *, with_help: bool = False) -> str:
        """What is wrong after a run that was killed so, a second and a third; "" for nothing."""
        disk, wanted = self.fresh()
        try:
            ended = play_prepare(disk.path, disturbance, **wanted)
            assert ended.signal == -signal.SIGKILL, ended.output
            second = prepare(disk.path, **wanted)
            if with_help and second.get("failed"):
                second = prepare(disk.path, **helped(wanted, second))
            assert not second.get("failed"), second["msg"]
            assert_alive(disk, wanted)
            third = done(disk.path, **wanted)
            assert (third["changed"], third["plan"]) == (False, [])
            run("umount", wanted["mount"]["path"])
            assert is_clean(target(disk, wanted))
        except AssertionError as error:
            return str(error)
        finally:
            disk.close()
        return ""

    def places(self, step: int, program: str) -> set[int]:
        """Writes of a tool to be killed after: the first, one in the middle, the last but one."""
        if program == "dd":
            return {2}
        if program not in WRITERS or self._confirmation:
            return set()
        disk, wanted = self.fresh()
        writes = int(play_prepare(disk.path, counting_writes(step), **wanted).output)
        disk.close()
        return {1, writes // 2, writes - 1}

    def steps(self) -> list[tuple[int, str]]:
        """The steps of a whole run that are not the same in each case, with their programs.

        Once a disk has been wiped it is like any blank one.
        """
        disk, wanted = self.fresh()
        plan = done(disk.path, check=True, **wanted)["plan"]
        disk.close()
        erasing = [number for number, step in enumerate(plan) if step["destroys"]]
        last = erasing[-1] + 1 if erasing else len(plan) - 1
        return [
            (number, step["command"].split()[0]) for number, step in enumerate(plan[: last + 1])
        ]


@pytest.fixture
def attempts(
    make_disk: MakeDisk, tmp_path: Path, wanted: Wish, content: Content, confirmation: str
) -> Attempts:
    return Attempts(make_disk, tmp_path, wanted, content, confirmation)


@every_case
def test_killed_after_any_step(attempts: Attempts) -> None:
    problems = {
        f"step {number}, {program}": attempts.problem(killed(number, after=True))
        for number, program in attempts.steps()
    }

    assert {place: problem for place, problem in problems.items() if problem} == {}


@every_case
def test_killed_while_a_tool_writes(attempts: Attempts) -> None:
    problems = {
        f"step {number}, {program}, write {write}": attempts.problem(
            killed_while(number, write), with_help=program in WRITERS
        )
        for number, program in attempts.steps()
        for write in attempts.places(number, program)
    }

    assert {place: problem for place, problem in problems.items() if problem} == {}


def test_tool_that_outlives_the_module_is_left_alone(disk: Disk, place: str) -> None:
    """As when the connection is cut: mkfs goes on by itself."""
    wanted = wish("whole_disk_xfs", place)
    mkfs = int(play_prepare(disk.path, survived_by_its_tool(0, 5), **wanted).output)
    before = disk.digest()

    assert refused(disk.path, **wanted) == "held_open"
    assert disk.digest() == before
    os.kill(mkfs, signal.SIGCONT)
    wait_for_end(mkfs)
    done(disk.path, **wanted)

    assert_alive(disk, wanted)


def wait_for_end(pid: int) -> None:
    """Return when a process, whose parent is gone, has ended."""
    with contextlib.suppress(ProcessLookupError):
        ended = os.pidfd_open(pid)
        select.select([ended], [], [], 60)
        os.close(ended)
