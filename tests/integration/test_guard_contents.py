# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a disk holds, it is refused, it stays, and it goes only by its name on a named disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from disks.contents import GPT, RECOGNISED, TABLES, UNKNOWN, Content
from disks.loop import Disk, MakeDisk
from disks.module import done, inform, prepare, refused
from disks.tools import identity, run, signatures

SERIAL = "S3X9NB0K500123"
ON_A_DISK = {**TABLES, **RECOGNISED, **UNKNOWN}
ON_A_PARTITION = {**RECOGNISED, **UNKNOWN}
# The programs that erase; all others look, or make something of what is blank.
ERASERS = ("dd ", "wipefs ", "blkdiscard ")


@dataclass(frozen=True)
class Held:
    """A disk that holds something, and what would be written to it."""

    disk: Disk
    content: Content
    where: str
    wish: dict[str, Any]

    @property
    def types(self) -> list[str]:
        """What has to be listed for it to go."""
        return list(self.content.types or ("data",))


def wish_for(content: Content, layers: dict[str, Any]) -> dict[str, Any]:
    """Another file system than the one that is there."""
    return {**layers, "filesystem": {"type": "ext4" if content.types == ("xfs",) else "xfs"}}


def on_a_disk(disk: Disk, content: Content) -> Held:
    content.write(disk.path)
    return Held(disk, content, disk.path, wish_for(content, {"partition": {"label": "gpt"}}))


def table_on_a_disk(disk: Disk, content: Content) -> Held:
    """A GPT with a blank partition may be used as it is: it is in the way of a whole-disk xfs."""
    content.write(disk.path)
    return Held(disk, content, disk.path, wish_for(content, {}))


def on_a_partition(disk: Disk, content: Content) -> Held:
    where = disk.partitioned()
    content.write(where)
    return Held(disk, content, where, wish_for(content, {"partition": {"label": "gpt"}}))


CASES = {
    **{f"{name}-table": (table_on_a_disk, content) for name, content in TABLES.items()},
    **{f"{name}-disk": (on_a_disk, ON_A_DISK[name]) for name in ON_A_PARTITION},
    **{f"{name}-partition": (on_a_partition, ON_A_PARTITION[name]) for name in ON_A_PARTITION},
}


@pytest.fixture(scope="module", params=CASES.values(), ids=list(CASES))
def held(request: pytest.FixtureRequest, make_disk: MakeDisk) -> Iterator[Held]:
    """One disk for all the tests of a case: none but the last changes it."""
    hold, content = request.param
    disk = make_disk()
    disk.identify(SERIAL)
    yield hold(disk, content)
    disk.close()


def test_content_is_what_the_tools_take_it_for(held: Held) -> None:
    assert signatures(held.where) == set(held.content.types)


def test_info_shows_what_the_tools_see(held: Held) -> None:
    disk = inform(held.disk.path)
    seen = next(one for one in (disk, *disk["partitions"]) if one["path"] == held.where)

    assert {one["type"] for one in seen["signatures"]} == set(held.content.types)
    assert seen["blank"] is False


def test_content_is_refused_by_its_name_and_stays(held: Held) -> None:
    before = held.disk.digest()

    assert refused(held.disk.path, **held.wish) == held.content.reason
    assert held.disk.digest() == before


def test_content_that_is_not_listed_stays(held: Held) -> None:
    before = held.disk.digest()
    others = ["ntfs", *held.types[1:]]

    result = prepare(held.disk.path, **held.wish, wipe=others, confirm_wipe=SERIAL)

    assert result["reason"] == held.content.reason
    assert held.disk.digest() == before


@pytest.mark.parametrize("confirmation", [None, "", "S3X9NB0K500124"])
def test_content_of_a_disk_that_is_not_named_stays(held: Held, confirmation: str | None) -> None:
    before = held.disk.digest()

    result = prepare(held.disk.path, **held.wish, wipe=held.types, confirm_wipe=confirmation)

    assert result["reason"] == "wipe_not_confirmed"
    assert held.disk.digest() == before


def test_content_that_is_listed_and_named_goes(held: Held) -> None:
    before = held.disk.digest()
    wish = {**held.wish, "wipe": held.types, "confirm_wipe": identity(held.where) or SERIAL}

    forecast = prepare(held.disk.path, check=True, **wish)
    assert held.disk.digest() == before
    result = done(held.disk.path, **wish)

    assert result["plan"] == forecast["plan"]
    assert result["diff"] == forecast["diff"]
    for step in result["plan"]:
        assert step["destroys"] is step["command"].startswith(ERASERS)
    assert any(step["destroys"] for step in result["plan"])
    kind = held.wish["filesystem"]["type"]
    if "partition" in held.wish:
        assert signatures(held.disk.path) == set(GPT)
        assert signatures(held.disk.partition) == {kind}
    else:
        assert signatures(held.disk.path) == {kind}
        assert held.disk.paths == (held.disk.path,)
    assert done(held.disk.path, **held.wish)["plan"] == []


def test_partition_that_the_kernel_does_not_know_stays(disk: Disk) -> None:
    """Nobody looks into it: what it holds is not known."""
    disk.identify("own-serial")  # another disk has the one of the other tests
    RECOGNISED["ext4"].write(disk.partitioned())
    run("partx", "--delete", disk.path)
    before = disk.digest()
    wish = {"partition": {"label": "mbr"}, "filesystem": {"type": "xfs"}}

    reason = refused(disk.path, **wish, wipe=[*GPT, "ext4", "data"], confirm_wipe="own-serial")

    assert reason == "unknown_partition"
    assert disk.digest() == before


def test_serial_number_that_two_disks_share_confirms_nothing(
    make_disk: MakeDisk, disk: Disk
) -> None:
    twin = make_disk()
    for one in (disk, twin):
        one.identify("0123456789")
    RECOGNISED["ext4"].write(disk.path)
    before = disk.digest()

    wish = {"filesystem": {"type": "xfs"}, "wipe": ["ext4"], "confirm_wipe": "0123456789"}

    assert refused(disk.path, **wish) == "wipe_not_confirmed"
    assert disk.digest() == before
    twin.close()
