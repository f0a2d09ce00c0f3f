# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import (
    active_on,
    promoted_on,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker import parse
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.model import (
    Action,
    Corosync,
    DrbdSettings,
)
from helpers.recordings import recording

# With the file system's resource in each.
PACEMAKERS = pytest.mark.parametrize(
    ("version", "fs"), [("pacemaker-2.1.5", "fs_web"), ("pacemaker-3.0.0", "fs_r0")]
)
DUMP = """# /etc/drbd.conf
global {
    usage-count no;
}

common {
    net {
        allow-two-primaries  yes;
        shared-secret    geheim;
    }
}

# resource r0 on node1: not ignored, not stacked
# defined at /etc/drbd.d/r0.res:2
resource r0 {
    on node1 {
        device           /dev/drbd0 minor 0;
    }
    net {
        protocol           C;
    }
    disk {
        fencing          resource-and-stonith;
    }
}

resource "with space" {
    net {
        allow-two-primaries no;
        protocol A;
    }
}
"""


@PACEMAKERS
def test_simulation_tells_what_happens_in_its_order(version: str, fs: str) -> None:
    found = parse.parse_simulation(recording(version, "simulation-first").stdout)
    order = [one for one in found.actions if one.node == "node1"]

    promoted = order.index(Action("promote", "drbd_r0", "node1"))
    started = order.index(Action("start", fs, "node1"))
    assert promoted < started
    assert order.index(Action("start", "dlm", "node1")) < started
    assert found.fenced == ()


@PACEMAKERS
def test_simulation_tells_what_runs_then(version: str, fs: str) -> None:
    after = parse.parse_simulation(recording(version, "simulation-first").stdout).after

    assert promoted_on(after, "drbd_r0") == ("node1", "node2")
    assert active_on(after, fs) == ("node1", "node2")


@pytest.mark.parametrize("version", ["pacemaker-2.1.5", "pacemaker-3.0.0"])
def test_simulation_tells_who_is_fenced(version: str) -> None:
    found = parse.parse_simulation(recording(version, "simulation-fencing").stdout)

    assert found.fenced == ("node2",)


def test_simulation_of_nothing_is_empty() -> None:
    found = parse.parse_simulation("<pacemaker-result><status code='0'/></pacemaker-result>")

    assert (found.actions, found.fenced, found.after) == ((), (), ())


@pytest.mark.parametrize(
    ("version", "options"),
    [
        ("pacemaker-2.1.5", {"action", "plug", "passwd", "ip"}),
        ("pacemaker-3.0.0", {"action", "plug", "ip", "ipport"}),
    ],
)
def test_options_of_an_agent_are_read(version: str, options: set[str]) -> None:
    assert parse.parse_agent(recording(version, "agent").stdout) == options


@pytest.mark.parametrize(("version", "links"), [("corosync-3.1.7", 1), ("corosync-3.1.9", 2)])
def test_name_and_links_are_read(version: str, links: int) -> None:
    assert parse.parse_corosync(recording(version, "names").stdout) == Corosync("pair", links)


def test_least_number_of_links_counts() -> None:
    text = (
        "nodelist.node.0.ring0_addr (str) = 10.0.0.1\nnodelist.node.0.ring1_addr (str) = 10.1.0.1\n"
        "nodelist.node.1.ring0_addr (str) = 10.0.0.2\n"
    )

    assert parse.parse_corosync(text) == Corosync("", 1)
    assert parse.parse_corosync("") == Corosync("", 0)


@pytest.mark.parametrize(
    ("version", "table", "uuid"),
    [
        ("gfs2-utils-3.5.0", "pair:web", "12ad65d0-e9e4-5de1-9ba7-a4606ada0472"),
        ("gfs2-utils-3.6.1", "pair:r0", "e5f4df19-3658-5705-aa28-35c9f2962fe9"),
    ],
)
def test_superblock_is_read(version: str, table: str, uuid: str) -> None:
    found = parse.parse_superblock(recording(version, "superblock").stdout)

    assert found["Lock table"] == table
    assert found["Lock protocol"] == "lock_dlm"
    assert found["File system UUID"] == uuid


@pytest.mark.parametrize("version", ["gfs2-utils-3.5.0", "gfs2-utils-3.6.1"])
def test_journals_are_counted(version: str) -> None:
    assert parse.parse_journals(recording(version, "journals").stdout) == 2


@pytest.mark.parametrize(
    ("text", "mib"),
    [
        ("The file system will grow by 100MB.\ngfs2_grow complete.\n", 100),
        ("The file system will grow by 2GB.\n", 2048),
        ("Error: The device has grown by less than one resource group.\n", 0),
        ("(Test mode - file system will not be changed)\ngfs2_grow complete.\n", 0),
    ],
)
def test_growth_is_read(text: str, mib: int) -> None:
    assert parse.parse_growth_mib(text) == mib


def test_common_part_counts_where_the_resource_does_not_say() -> None:
    assert parse.parse_drbd(DUMP, "r0") == (DrbdSettings(True, "resource-and-stonith", "C"),)


def test_resource_counts_before_the_common_part() -> None:
    assert parse.parse_drbd(DUMP, "with space") == (DrbdSettings(False, "dont-care", "A"),)


def test_resource_that_is_not_configured_has_no_settings() -> None:
    assert parse.parse_drbd(DUMP, "r1") == ()


def test_text_that_ends_early_ends_the_section() -> None:
    assert parse.parse_drbd("resource r0 {\n  protocol A;\n", "r0")[0].protocol == "A"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ActiveState=active\nUnitFileState=disabled\n", "active"),
        ("ActiveState=activating\nUnitFileState=masked\n", "active"),
        ("ActiveState=inactive\nUnitFileState=enabled\n", "enabled"),
        ("ActiveState=inactive\nUnitFileState=masked\n", ""),
        ("ActiveState=inactive\nUnitFileState=\n", ""),
    ],
)
def test_dlm_service_is_in_the_way_when_active_or_enabled(text: str, says: str) -> None:
    assert parse.parse_unit(text) == says


@pytest.mark.parametrize(
    ("listing", "missing"),
    [
        ("kernel/fs/dlm/dlm.ko: \nkernel/fs/gfs2/gfs2.ko: kernel/fs/dlm/dlm.ko\n", ()),
        ("kernel/fs/dlm/dlm.ko.xz:\nkernel/fs/gfs2/gfs2.ko.zst:\n", ()),
        ("kernel/fs/dlm/dlm.ko: \n", ("gfs2",)),
        ("kernel/fs/ocfs2/ocfs2_dlm.ko: \n", ("dlm", "gfs2")),
        ("", ("dlm", "gfs2")),
    ],
)
def test_missing_modules_are_those_that_no_listing_has(
    listing: str, missing: tuple[str, ...]
) -> None:
    assert parse.parse_missing_modules(("dlm", "gfs2"), ("", listing)) == missing


def test_distribution_is_its_name_and_what_it_is_like() -> None:
    assert parse.parse_distribution('ID="rocky"\nID_LIKE="rhel fedora"\n') == "rocky rhel fedora"
    assert parse.parse_distribution("") == ""


def head(superblock: bytes, group: bytes) -> bytes:
    text = bytearray(parse.HEAD_BYTES)
    text[parse.SUPERBLOCK_OFFSET : parse.SUPERBLOCK_OFFSET + len(superblock)] = superblock
    start = parse.SUPERBLOCK_OFFSET + parse.BLOCK_BYTES
    text[start : start + len(group)] = group
    return bytes(text)


@pytest.mark.parametrize(
    ("superblock", "group", "unfinished"),
    [
        (b"", parse.GROUP_HEADER, True),
        (b"\x01\x16\x19\x70\x00\x00\x00\x01", parse.GROUP_HEADER, False),
        (b"\0" * 100 + b"lock_dlm", parse.GROUP_HEADER, False),
        (b"", b"", False),
    ],
)
def test_file_system_without_a_superblock_is_unfinished(
    superblock: bytes, group: bytes, unfinished: bool
) -> None:
    assert parse.is_unfinished_gfs2(head(superblock, group)) is unfinished


def test_short_device_is_not_unfinished() -> None:
    assert not parse.is_unfinished_gfs2(b"\0" * 100)
