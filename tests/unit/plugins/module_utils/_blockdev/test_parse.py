# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What real tools printed of disks, and what they might print on a bad day."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._blockdev import parse
from ansible_collections.clustered.storage.plugins.module_utils._blockdev.model import (
    MIB,
    Entry,
    FstabLine,
    LogicalVolume,
    Lvm,
    Signature,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from helpers.devices import GIB, UUID
from helpers.recordings import Recording, recording
from hypothesis import given
from hypothesis import strategies as st

UTIL_LINUX = "util-linux-2.38.1"
LVM2 = "lvm2-2.03.16"
LINUX = "linux-6.18.44"
XFSPROGS = "xfsprogs-6.1.0"


def util(name: str) -> Recording:
    return recording(UTIL_LINUX, name)


def probed(name: str) -> tuple[dict[str, str], str]:
    seen = util(f"blkid_{name}")
    return parse.parse_probe(seen.rc, seen.stdout, seen.stderr)


def reported(name: str) -> Lvm:
    """LVM's recorded report."""
    return parse.parse_lvm(recording(LVM2, f"fullreport_{name}").stdout)


def sample(**changes: Any) -> str:
    """The recorded report of one group, edited: a made-up sample of what could not be recorded."""
    report = json.loads(recording(LVM2, "fullreport_volumes").stdout)
    for path, value in changes.items():
        kind, _joint, name = path.partition("__")
        report["report"][0][kind][0][name] = value
    return json.dumps(report)


# --- JSON


@pytest.mark.parametrize("text", ["", " \n"])
def test_older_wipefs_prints_nothing_for_a_blank_device(text: str) -> None:
    assert parse.parse_signatures(text) == ()


@pytest.mark.parametrize("text", ["loop0  xfs", "{", "lsblk: unrecognized option '--json'"])
def test_words_in_place_of_json_are_not_nothing(text: str) -> None:
    with pytest.raises(StorageError, match="not JSON") as raised:
        parse.parse_lsblk(text)

    assert raised.value.reason == "unexpected_output"


# --- lsblk


def test_disk_and_its_partitions_are_listed() -> None:
    found = parse.parse_lsblk(util("lsblk").stdout)

    assert [(one["path"], one["type"], one["size"]) for one in found] == [
        (found[0]["path"], "loop", 64 * MIB),
        (f"{found[0]['path']}p1", "part", 20 * MIB),
        (f"{found[0]['path']}p2", "part", 40 * MIB),
    ]
    assert found[1]["pkname"] == found[0]["name"]


def test_logical_volume_is_listed() -> None:
    found = {one["name"]: one for one in parse.parse_lsblk(util("lsblk_volumes").stdout)}

    assert list(found) == ["vda", "vdb", "vdc", "vdc1", "glusterpool-glusterlv00"]
    assert found["vdc"]["serial"] == "lvm1"
    assert found["glusterpool-glusterlv00"]["pkname"] == "vdc1"
    assert found["glusterpool-glusterlv00"]["type"] == "lvm"


def test_device_on_several_others_is_listed_once() -> None:
    """As lsblk shows a mirror: below each of its members."""
    mirror = {"name": "md0", "maj:min": "9:0"}
    disks = [
        {"name": "sdb", "maj:min": "8:16", "children": [mirror]},
        {"name": "sdc", "maj:min": "8:32", "children": [mirror]},
    ]

    found = parse.parse_lsblk(json.dumps({"blockdevices": disks}))

    assert [one["name"] for one in found] == ["sdb", "md0", "sdc"]


def test_partitions_that_the_kernel_does_not_know_have_no_size() -> None:
    assert parse.parse_partition_sizes(util("lsblk_unknown").stdout) == ()


def test_sizes_of_the_partitions_that_the_kernel_knows() -> None:
    assert parse.parse_partition_sizes(util("lsblk_known").stdout) == (20 * MIB, 40 * MIB)


def test_devices_by_the_uuid_of_their_content() -> None:
    found = parse.parse_by_uuid(parse.parse_lsblk(util("lsblk_volumes").stdout))

    assert {"254:33": "/dev/vdc1"} in found.values()
    assert all(found)


def test_copy_has_the_uuid_too() -> None:
    described = (
        {"maj:min": "8:16", "path": "/dev/sdb", "uuid": UUID},
        {"maj:min": "8:32", "path": "/dev/sdc", "uuid": UUID},
        {"maj:min": "8:48", "path": "/dev/sdd", "uuid": None},
    )

    assert parse.parse_by_uuid(described) == {UUID: {"8:16": "/dev/sdb", "8:32": "/dev/sdc"}}


# --- signatures


@pytest.mark.parametrize(
    ("name", "types", "offsets"),
    [
        ("blank", [], []),
        ("xfs", ["xfs"], [0]),
        ("ext4", ["ext4"], [0x438]),
        ("swap", ["swap"], [0xFF6]),
        ("btrfs", ["btrfs"], [0x10040]),
        ("lvm", ["LVM2_member"], [0x218]),
        ("mbr", ["dos"], [0x1FE]),
        ("gpt", ["gpt", "gpt", "PMBR"], [0x200, 64 * MIB - 512, 0x1FE]),
        ("ambivalent", ["swap", "xfs"], [0xFF6, 0]),
    ],
)
def test_signatures_with_their_places(name: str, types: list[str], offsets: list[int]) -> None:
    found = parse.parse_signatures(util(f"wipefs_{name}").stdout)

    assert [one.type for one in found] == types
    assert [one.offset for one in found] == offsets


def test_signature_with_its_names() -> None:
    assert parse.parse_signatures(util("wipefs_xfs").stdout) == (
        Signature("xfs", 0, UUID, "brick1"),
    )


# --- what blkid says


def test_file_system_is_seen() -> None:
    values, problem = probed("xfs")

    assert (values["TYPE"], values["UUID"], values["LABEL"]) == ("xfs", UUID, "brick1")
    assert problem == ""


@pytest.mark.parametrize(("name", "label"), [("gpt", "gpt"), ("mbr", "dos")])
def test_table_is_seen(name: str, label: str) -> None:
    values, problem = probed(name)

    assert (values["PTTYPE"], "TYPE" in values, problem) == (label, False, "")


def test_partition_has_a_uuid_of_its_own() -> None:
    values, _problem = probed("partition")

    assert values["TYPE"] == "ext4"
    assert values["PART_ENTRY_UUID"] not in ("", values["UUID"])


@pytest.mark.parametrize("name", ["blank", "region_blank"])
def test_blank_device_has_no_values_and_no_problem(name: str) -> None:
    assert probed(name) == ({}, "")


def test_content_of_a_region_is_seen() -> None:
    assert probed("region")[0]["TYPE"] == "ext4"


def test_contradicting_signatures_are_a_problem() -> None:
    assert probed("ambivalent")[1] == "several signatures contradict each other"


@pytest.mark.parametrize("rc", [1, 4, 127, -9])
def test_probe_that_fails_is_a_problem(rc: int) -> None:
    assert parse.parse_probe(rc, "", "it is broken\n") == (
        {},
        f"blkid fails with status {rc}: it is broken",
    )


# --- tables


def test_table_with_its_partitions() -> None:
    end = 64 * MIB - 33 * 512

    assert parse.parse_table(util("sfdisk_gpt").stdout) == (
        (Entry(1, MIB, 20 * MIB), Entry(2, 21 * MIB, 40 * MIB)),
        end,
    )
    assert parse.parse_table(util("sfdisk_empty").stdout) == ((), end)


def test_mbr_does_not_say_where_its_room_ends() -> None:
    assert parse.parse_table(util("sfdisk_mbr").stdout) == ((Entry(1, MIB, 20 * MIB),), 0)


@pytest.mark.parametrize(
    ("disk", "node"), [("/dev/sdb", "/dev/sdb12"), ("/dev/nvme0n1", "/dev/nvme0n1p12")]
)
def test_table_counts_in_sectors_of_the_disk(disk: str, node: str) -> None:
    table = {"device": disk, "sectorsize": 4096, "lastlba": 1023}
    parts = [{"node": node, "start": 256, "size": 512}]

    found = parse.parse_table(json.dumps({"partitiontable": {**table, "partitions": parts}}))

    assert found == ((Entry(12, MIB, 2 * MIB),), 4 * MIB)


# --- mounts


def mounted(text: str) -> list[tuple[str, str, str]]:
    return [(one.number, one.target, one.source) for one in parse.parse_mountinfo(text)]


def test_mount_with_a_blank_in_its_path() -> None:
    (found,) = parse.parse_mountinfo(recording(LINUX, "mountinfo_ext4").stdout)

    assert found.target == "/mnt/a folder"
    assert set(found.options) == {"rw", "nodev", "noatime"}


def test_btrfs_has_a_number_that_is_no_device() -> None:
    ((number, target, source),) = mounted(recording(LINUX, "mountinfo_btrfs").stdout)

    assert number.startswith("0:")
    assert (target, source.rstrip("0123456789")) == ("/mnt/recorded", "/dev/loop")


def test_fields_without_a_fixed_place_are_passed_over() -> None:
    lines = (
        "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:7 - ext3 /dev/root rw,errors=continue\n"
        "37 35 0:21 / /proc rw - proc  rw\n"
        "38 35 0:22 / /run/a\\040-\\040b rw - tmpfs none rw\n"
        "no mount\n"
    )

    assert mounted(lines) == [
        ("98:0", "/mnt2", "/dev/root"),
        ("0:21", "/proc", ""),
        ("0:22", "/run/a - b", "none"),
    ]


@given(st.text(st.characters(exclude_characters="\n\0", exclude_categories=["Cs"]), min_size=1))
def test_any_name_of_a_mount_point_is_read_as_it_is(name: str) -> None:
    written = name.replace("\\", "\\134").replace(" ", "\\040").replace("\t", "\\011")
    line = f"36 35 8:17 / /{written} rw shared:1 - xfs /dev/sdb1 rw\n"

    assert mounted(f"{line}{line}") == [("8:17", f"/{name}", "/dev/sdb1")] * 2


def test_swaps() -> None:
    table = (
        "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
        "/dev/sdb2                               partition\t1048572\t\t0\t\t-2\n"
        "/srv/a\\040file                          file\t\t1024\t\t0\t\t-3\n"
    )

    assert parse.parse_swaps(table) == ("/dev/sdb2", "/srv/a file")
    assert parse.parse_swaps("Filename Type Size Used Priority\n") == ()
    assert parse.parse_swaps("") == ()


# --- the file system table


@given(st.text(st.characters(exclude_characters="\n\0", exclude_categories=["Cs"])))
def test_escaped_path_is_read_as_it_was(path: str) -> None:
    escaped = parse.escape(path)

    assert parse.unescape(escaped) == path
    assert not set(" \t") & set(escaped)


@pytest.mark.parametrize(
    "line",
    ["", "   ", "# a comment", "\t# UUID=x /srv xfs defaults 0 0", "#UUID=x /srv xfs defaults",
     "UUID=x"],
)  # fmt: skip
def test_comment_or_unusual_line_is_nothing_but_its_text(line: str) -> None:
    assert parse.parse_fstab(line) == (FstabLine(line),)


@pytest.mark.parametrize(
    ("line", "target"),
    [
        ("UUID=x /srv xfs noatime 0 0", "/srv"),
        ("  UUID=x\t/srv \t xfs noatime", "/srv"),
        ("UUID=x /srv/ xfs noatime 0 0 # ours", "/srv"),
        ("UUID=x /a\\040b xfs noatime 0 0", "/a b"),
        ("UUID=x /a\u00a0b xfs noatime 0 0", "/a\u00a0b"),
    ],
)
def test_line_of_the_table(line: str, target: str) -> None:
    assert parse.parse_fstab(line) == (FstabLine(line, "UUID=x", target, "xfs", "noatime"),)


@pytest.mark.parametrize(
    ("line", "kind", "options"),
    [
        ("UUID=x /srv", "auto", "defaults"),
        ("UUID=x /srv xfs", "xfs", "defaults"),
        ('UUID="x" /srv xfs ro', "xfs", "ro"),
    ],
)
def test_what_a_line_leaves_out_is_usual(line: str, kind: str, options: str) -> None:
    assert parse.parse_fstab(line) == (FstabLine(line, "UUID=x", "/srv", kind, options),)


@given(st.text())
def test_table_is_put_together_from_its_lines(text: str) -> None:
    assert "\n".join(line.text for line in parse.parse_fstab(text)) == text


# --- sizes


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (0, 0),
        ("1048576", MIB),
        ("1MiB", MIB),
        ("1.5GiB", 1536 * MIB),
        ("1K", 1024),
        (" 2 GiB ".strip().replace(" ", ""), 2 * GIB),
        ("3TiB", 3072 * GIB),
    ],
)
def test_size(text: str, size: int) -> None:
    assert parse.parse_size(text) == size


@pytest.mark.parametrize("text", ["", "GiB", "1..5GiB", "1XiB", "-1", "²", "1IB", "10BIB", "nan"])
def test_no_size(text: str) -> None:
    assert parse.parse_size(text) is None


def xfs_head(block: int, blocks: int) -> bytes:
    return b"XFSB" + block.to_bytes(4, "big") + blocks.to_bytes(8, "big") + bytes(4096)


def ext4_head(log_block: int, blocks: int) -> bytes:
    block = bytearray(1024)
    block[4:8] = (blocks & 0xFFFFFFFF).to_bytes(4, "little")
    block[24:28] = log_block.to_bytes(4, "little")
    block[56:58] = b"\x53\xef"
    block[336:340] = (blocks >> 32).to_bytes(4, "little")
    return bytes(1024) + bytes(block)


@pytest.mark.parametrize(
    ("kind", "head", "size"),
    [
        ("xfs", xfs_head(4096, 131072), 512 * MIB),
        ("xfs", xfs_head(4096, 2**34), 2**46),
        ("ext4", ext4_head(0, 65536), 64 * MIB),
        ("ext4", ext4_head(2, 2**33), 2**45),
        ("ext4", xfs_head(4096, 131072), 0),
        ("xfs", ext4_head(2, 65536), 0),
        ("btrfs", xfs_head(4096, 131072), 0),
        ("xfs", b"", 0),
        ("ext4", b"", 0),
    ],
)
def test_size_of_a_file_system_by_its_superblock(kind: str, head: bytes, size: int) -> None:
    assert parse.parse_file_system_bytes(kind, head) == size


def test_xfs_whose_making_was_interrupted() -> None:
    head = bytearray(xfs_head(4096, 131072))
    head[126] = 1

    assert parse.is_unfinished_xfs(bytes(head))
    assert not parse.is_unfinished_xfs(xfs_head(4096, 131072))
    assert not parse.is_unfinished_xfs(b"")


def test_size_of_a_mounted_xfs() -> None:
    assert parse.parse_xfs_bytes(recording(XFSPROGS, "xfs_growfs").stdout) == 512 * MIB


@pytest.mark.parametrize("text", ["", "xfs_growfs: /srv is not a mounted XFS filesystem"])
def test_size_that_is_not_told_is_none(text: str) -> None:
    assert parse.parse_xfs_bytes(text) == 0


# --- LVM


def test_machine_without_lvm() -> None:
    assert reported("none") == Lvm()


def test_physical_volume_without_a_group_is_no_member() -> None:
    assert reported("alone") == Lvm()


def test_group_with_its_member() -> None:
    found = reported("group")
    (group,) = found.groups

    assert (group.name, group.extent_bytes, group.extents) == ("pool", 4 * MIB, 15)
    assert (group.free_extents, group.size_bytes, group.trouble) == (15, 60 * MIB, "")
    assert found.taken_bytes == {group.members[0]: 61 * MIB}
    assert found.volumes == ()


def test_logical_volume_of_a_group() -> None:
    found = reported("volumes")
    (group,) = found.groups
    (volume,) = found.volumes

    assert (group.name, group.members) == ("glusterpool", ("254:33",))
    assert volume == LogicalVolume(
        "glusterlv00",
        "glusterpool",
        "/dev/glusterpool/glusterlv00",
        "3qivGa-nJYk-RlGi-nuHs-9Tkx-CmCK-cMF9JW",
        408 * 4 * MIB,
        active=True,
    )
    assert group.free_extents == group.extents - 408


def test_tags_of_a_logical_volume() -> None:
    (volume,) = parse.parse_lvm(sample(lv__lv_tags="clustered_storage_new,theirs")).volumes

    assert volume.tags == ("clustered_storage_new", "theirs")


@pytest.mark.parametrize(
    ("changes", "is_plain"),
    [
        ({}, True),
        ({"lv__lv_layout": "striped"}, False),
        ({"lv__lv_layout": "thin,sparse"}, False),
        ({"lv__lv_role": "public,origin,thickorigin"}, False),
    ],
)
def test_logical_volume_that_is_not_plain(changes: dict[str, str], is_plain: bool) -> None:
    (volume,) = parse.parse_lvm(sample(**changes)).volumes

    assert volume.is_plain is is_plain


@pytest.mark.parametrize("state", ["", "local exclusive", "unknown"])
def test_logical_volume_that_is_not_active(state: str) -> None:
    (volume,) = parse.parse_lvm(sample(lv__lv_active=state)).volumes

    assert not volume.active


def test_group_of_two_members() -> None:
    (group,) = reported("two").groups

    assert (len(set(group.members)), group.extents, group.trouble) == (2, 30, "")


@pytest.mark.parametrize(
    ("name", "words"), [("exported", "is exported"), ("partial", "misses a physical volume")]
)
def test_recorded_trouble_of_a_group(name: str, words: str) -> None:
    (group,) = reported(name).groups

    assert group.trouble == words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vg__vg_shared": "shared"}, "is shared with other machines"),
        ({"vg__vg_clustered": "clustered"}, "is shared with other machines"),
        ({"vg__vg_permissions": "read-only"}, "is not writeable"),
        ({"vg__vg_missing_pv_count": "1"}, "misses a physical volume"),
        ({"pv__pv_duplicate": "duplicate"}, "has a physical volume twice"),
    ],
)
def test_trouble_of_a_group_by_sample(changes: dict[str, str], words: str) -> None:
    (group,) = parse.parse_lvm(sample(**changes)).groups

    assert group.trouble == words
