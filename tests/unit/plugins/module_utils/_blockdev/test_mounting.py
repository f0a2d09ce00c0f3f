# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mount, now and at boot; and the file system table, of which every other line stays."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    Device,
    FstabLine,
    Machine,
    Mount,
    Signature,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.mounting import (
    names_of,
    wanted_fstab,
)
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.parse import escape
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal, Step
from helpers.devices import (
    DISK,
    OTHER_UUID,
    UUID,
    commands_of,
    device,
    machine,
    planned,
    reason,
    refusal,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st

PLACE = "/srv/data"
LINE = f"UUID={UUID} {PLACE} xfs defaults 0 0\n"
MKDIR = f"mkdir -p -- {PLACE}"
MOUNT = f"mount -t xfs -o defaults /dev/sdb {PLACE}"
WRITE = "write /etc/fstab"
RELOAD = "systemctl daemon-reload"
OTHERS = "# the system's own\nUUID=root / ext4 defaults 0 1\n\n/dev/sdz1\t/old  xfs\tnofail\n"


def disk(kind: str = "xfs", *mounts: Mount, **given: Any) -> Device:
    """sdb with a file system."""
    signature = Signature(kind, 0, UUID)
    busy = "Device or resource busy" if mounts else ""
    whole = device(signatures=(signature,), zero_ends=False, mounts=mounts, busy=busy)
    return replace(whole, **given)


def here(*options: str, target: str = PLACE) -> Mount:
    return Mount(target, here=True, options=options or ("rw", "relatime"))


def mounted(*options: str, **given: Any) -> Machine:
    """A machine on which it is mounted where it is wanted."""
    facts = machine(disk("xfs", here(*options)), mount_point_number="8:16")
    return replace(facts, fstab=LINE, mount_point_entries=("file",), **given)


def wish(kind: str = "xfs", path: str = PLACE, **given: Any) -> dict[str, Any]:
    return {"filesystem": {"type": kind}, "mount": {"path": path, **given}}


def steps(facts: Machine | Device, **given: Any) -> list[str]:
    return commands_of(planned(facts, **wish(**given)))


def refused(facts: Machine | Device, **given: Any) -> str:
    return reason(facts, **wish(**given))


def written(facts: Machine | Device, **given: Any) -> str | None:
    """The text of the table that the plan writes; None if it writes none."""
    writes = (step.writes for step in planned(facts, **wish(**given)).steps if step.writes)
    return next(writes, None)


def write_step(facts: Machine, **given: Any) -> Step:
    return next(step for step in planned(facts, **wish(**given)).steps if step.writes)


# --- now


def test_file_system_is_mounted_now_and_by_its_uuid_at_boot() -> None:
    assert steps(disk()) == [MKDIR, MOUNT, WRITE]
    assert written(disk()) == LINE


def test_table_is_written_when_the_mount_has_worked() -> None:
    """A line that can not be mounted would keep the machine from booting."""
    done = steps(disk())

    assert done.index(MOUNT) < done.index(WRITE)


def test_mount_that_is_there_is_left_alone() -> None:
    assert steps(mounted()) == []


def test_mount_point_that_is_there_is_used() -> None:
    assert steps(machine(disk(), mount_point_entries=()))[0] == MOUNT


def test_mount_without_the_table() -> None:
    assert steps(disk(), fstab=False) == [MKDIR, MOUNT]
    assert steps(replace(mounted(), fstab=""), fstab=False) == []


def test_path_with_a_blank() -> None:
    path = "/srv/a b"

    assert steps(disk(), path=path)[:2] == [
        f"mkdir -p -- {shlex.quote(path)}",
        f"mount -t xfs -o defaults /dev/sdb {shlex.quote(path)}",
    ]
    assert written(disk(), path=path) == f"UUID={UUID} /srv/a\\040b xfs defaults 0 0\n"


def test_ext4_is_checked_at_boot_after_the_root() -> None:
    assert written(disk("ext4"), kind="ext4") == f"UUID={UUID} {PLACE} ext4 defaults 0 2\n"


def test_device_afterwards() -> None:
    plan = planned(disk(), **wish(options="noatime"))

    assert [(one.target, one.here) for one in plan.after.device.mounts] == [(PLACE, True)]
    assert plan.after.fstab == f"UUID={UUID} {PLACE} xfs noatime 0 0\n"


# --- options


@pytest.mark.parametrize(
    ("has", "options"),
    [
        (("rw", "noatime"), "noatime"),
        (("rw", "noatime", "nosuid"), "rw,noatime"),
        (("rw", "relatime"), "defaults"),
        (("rw", "relatime"), "nofail,_netdev,x-systemd.device-timeout=10"),
    ],
)
def test_mount_with_its_options_is_left_alone(has: tuple[str, ...], options: str) -> None:
    assert steps(mounted(*has), options=options, fstab=False) == []


@pytest.mark.parametrize("options", ["noatime", "ro", "noatime,nodev", "defaults,noexec"])
def test_option_that_a_mount_lacks_is_given_to_it(options: str) -> None:
    facts = mounted("rw", "relatime")

    writable = "" if "ro" in options else "rw,"
    remount = f"mount -o remount,{writable}{options} /dev/sdb {PLACE}"

    assert steps(facts, options=options, fstab=False) == [remount]


def test_new_options_are_tried_before_they_are_written() -> None:
    assert steps(mounted(), options="noatime") == [
        f"mount -o remount,rw,noatime /dev/sdb {PLACE}",
        WRITE,
    ]
    assert steps(mounted(), options="nofail") == [
        f"mount -o remount,rw,nofail /dev/sdb {PLACE}",
        WRITE,
    ]


# --- systemd


def test_systemd_is_told_of_the_new_table() -> None:
    assert RELOAD in steps(machine(disk(), has_systemd=True))
    assert RELOAD not in steps(machine(disk(), has_systemd=False))


def test_systemd_is_not_told_of_the_same_table() -> None:
    assert steps(mounted(has_systemd=True)) == []


# --- what speaks against it


@pytest.mark.parametrize(
    ("facts", "seen"),
    [
        (machine(disk("xfs", here(target="/elsewhere"))), "mounted"),
        (machine(disk(), own_mounts={PLACE: "8:32"}), "mount_point_in_use"),
        (machine(disk(), mount_point_blocker="/srv"), "mount_point_in_use"),
        (replace(mounted(), mount_point_number="8:32"), "mount_point_in_use"),
        (machine(disk(), mount_point_entries=("a", "b")), "mount_point_not_empty"),
        (machine(disk(), mount_point="/data/data"), "invalid_mount"),
        (machine(disk(), by_uuid={UUID: {"8:16": DISK, "8:32": "/dev/sdc"}}), "same_uuid"),
        (machine(disk(), by_uuid={UUID: {"8:32": "/dev/sdc"}}), "same_uuid"),
        (machine(disk(signatures=(Signature("xfs", 0),))), "no_uuid"),
        (machine(disk(users=("qemu (7)",))), "held_open"),
        (machine(disk(holders=("dm-0",))), "in_use"),
        (machine(disk(busy="Device or resource busy")), "in_use"),
    ],
)
def test_mount_is_refused(facts: Machine, seen: str) -> None:
    assert refused(facts) == seen


def test_what_is_mounted_elsewhere_only_for_others_may_be_mounted_here() -> None:
    assert MOUNT in steps(machine(disk("xfs", Mount("/data", here=False))))


def test_mount_that_is_read_only_becomes_writable() -> None:
    facts = mounted("ro", "relatime")

    assert steps(facts, fstab=False) == [f"mount -o remount,rw,defaults /dev/sdb {PLACE}"]


def test_refusal_names_the_first_of_many_files() -> None:
    facts = machine(disk(), mount_point_entries=("a", "b", "c", "d"))

    assert f"{PLACE} holds a, b, c, which" in str(refusal(lambda: planned(facts, **wish())))


def test_one_device_with_that_uuid_is_no_copy() -> None:
    assert steps(machine(disk(), by_uuid={UUID: {"8:16": DISK}}))


def test_copy_does_not_disturb_what_is_mounted() -> None:
    assert steps(mounted(by_uuid={UUID: {"8:16": DISK, "8:32": "/dev/sdc"}})) == []


# --- the table


def table(text: str, path: str = PLACE, options: str = "defaults") -> str:
    """The table with the line that is wanted."""
    line = f"UUID={UUID} {escape(path)} xfs {options} 0 0"
    wish = FstabLine(line, f"UUID={UUID}", path, "xfs", options)
    return wanted_fstab(text, wish, names_of(disk()))


def conflict(text: str, path: str = PLACE) -> str:
    return refusal(lambda: table(text, path)).reason


def test_line_is_put_at_the_end() -> None:
    assert table(OTHERS) == f"{OTHERS}{LINE}"
    assert table("") == LINE


def test_last_line_without_an_end_gets_one() -> None:
    assert table("# theirs") == f"# theirs\n{LINE}"


def test_machine_without_a_table_gets_one() -> None:
    facts = machine(disk(), fstab=None)

    assert written(facts) == LINE
    assert write_step(facts).replaces is None


def test_table_has_to_be_still_what_was_read() -> None:
    assert write_step(machine(disk(), fstab=OTHERS)).replaces == OTHERS


@pytest.mark.parametrize(
    "line",
    [
        LINE,
        LINE.rstrip("\n"),
        f"UUID={UUID}\t{PLACE}/  xfs\tdefaults\n",
        f"  UUID={UUID} {PLACE} xfs defaults 0 2 # ours\n",
    ],
)
def test_line_that_says_the_same_stays_as_it_is(line: str) -> None:
    assert table(f"{OTHERS}{line}") == f"{OTHERS}{line}"


def test_line_with_other_options_is_replaced_where_it_is() -> None:
    text = f"{OTHERS}UUID={UUID} {PLACE} xfs ro 0 0 # old\n# theirs"

    assert table(text) == f"{OTHERS}{LINE}# theirs"


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_line_with_another_end_is_replaced(end: str) -> None:
    text = f"# theirs{end}UUID={UUID} {PLACE} xfs ro 0 0{end}"

    assert table(text) == f"# theirs{end}{LINE}"


@pytest.mark.parametrize(
    "line",
    [
        f"UUID={OTHER_UUID} {PLACE} xfs defaults 0 0",
        f"/dev/sdc1 {PLACE}/ ext4 defaults",
        f"LABEL=x\t{PLACE}\txfs\tdefaults",
        f"UUID={UUID} /elsewhere xfs defaults 0 0",
        f"{LINE}UUID={OTHER_UUID} {PLACE} xfs defaults 0 0",
    ],
)
def test_line_that_contradicts_is_a_conflict(line: str) -> None:
    assert conflict(f"{OTHERS}{line}\n") == "fstab_conflict"


def test_conflict_about_a_path_with_a_blank() -> None:
    line = f"UUID={OTHER_UUID} /a\\040b xfs defaults 0 0\n"

    assert conflict(line, "/a b") == "fstab_conflict"


@pytest.mark.parametrize(
    "line",
    [
        f"# UUID={OTHER_UUID} {PLACE} xfs defaults 0 0",
        f"UUID={OTHER_UUID} {PLACE}/below xfs defaults 0 0",
        f"UUID={OTHER_UUID} {PLACE}2 xfs defaults 0 0",
        f"{PLACE} /elsewhere none bind",
        f"# note\f UUID={OTHER_UUID} {PLACE} xfs defaults",
        f"UUID={OTHER_UUID} /\u00a0{PLACE} xfs defaults",
    ],
)
def test_line_about_something_else_is_none(line: str) -> None:
    assert table(f"{line}\n") == f"{line}\n{LINE}"


OTHER_NAMES = (
    DISK,
    f"/dev/disk/by-uuid/{UUID}",
    "LABEL=old",
    "/dev/disk/by-label/old",
    "PARTUUID=part",
    "/dev/disk/by-partuuid/part",
    "/dev/disk/by-id/virtio-S1",
)


def named() -> Device:
    """A file system with all the names that there are."""
    links = ("/dev/disk/by-id/virtio-S1",)
    return disk(signatures=(Signature("xfs", 0, UUID, "old"),), partition_uuid="part", links=links)


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_line_that_names_the_device_in_another_way_becomes_ours(name: str) -> None:
    facts = machine(named(), fstab=f"{name} {PLACE} xfs defaults\n")

    assert written(facts) == LINE
    assert written(facts, options="noatime") == LINE.replace("defaults", "noatime")


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_line_that_mounts_it_elsewhere_by_another_name_is_a_conflict(name: str) -> None:
    assert refused(machine(named(), fstab=f"{name} /elsewhere xfs\n")) == "fstab_conflict"


def test_place_above_that_is_mounted_later_would_hide_it() -> None:
    facts = machine(disk(), fstab=f"UUID={OTHER_UUID} /srv xfs\n")

    assert refused(facts) == "mount_point_in_use"
    assert steps(replace(facts, own_mounts={"/srv": "8:32"}))
    assert steps(replace(facts, fstab=f"UUID={OTHER_UUID} /srv/dat xfs\n"))


LINES = st.one_of(
    st.sampled_from(OTHERS.splitlines()),
    st.builds(
        " ".join,
        st.lists(
            st.sampled_from(
                [f"UUID={UUID}", f"UUID={OTHER_UUID}", PLACE, f"{PLACE}/", "xfs", "ro", "defaults",
                 "#", "\t", "\f", "0"]
            ),
            max_size=7,
        ),
    ),
    st.text(st.characters(exclude_characters="\n"), max_size=20),
)  # fmt: skip


def is_ours(line: str) -> bool:
    return line.split()[:2] in ([f"UUID={UUID}", PLACE], [f"UUID={UUID}", f"{PLACE}/"])


@given(st.lists(LINES, max_size=6), st.sampled_from(["\n", "\r\n"]), st.booleans())
@settings(max_examples=200)
def test_every_other_line_survives(lines: list[str], end: str, ended: bool) -> None:
    text = end.join(lines) + (end if lines and ended else "")
    try:
        after = table(text)
    except Refusal:
        assume(False)

    assume(after != text)
    if after.startswith(text):
        assert after.removeprefix(text).lstrip("\n") == LINE
        return
    pairs = zip(text.split("\n"), after.split("\n"), strict=True)
    changed = [(old, new) for old, new in pairs if old != new]
    assert changed
    assert all(is_ours(old) and f"{new}\n" == LINE for old, new in changed)


@given(st.lists(LINES, max_size=6))
def test_table_that_was_written_is_right(lines: list[str]) -> None:
    try:
        after = table("\n".join(lines))
    except Refusal:
        assume(False)

    assert table(after) == after


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1), st.booleans())
def test_any_mount_point_is_found_again(name: str, blank: bool) -> None:
    path = f"/srv/{name.replace('/', '_')}{' x' if blank else ''}"
    assume(not path.endswith(("/.", "/..")))

    after = table(OTHERS, path)

    assert table(after, path) == after
    assert conflict(after.replace(UUID, OTHER_UUID), path) == "fstab_conflict"
