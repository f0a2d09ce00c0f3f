# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""drbd_resource with the real drbdadm of both generations and the real drbdmeta, on loop devices.

There is no DRBD in most kernels that tests run on. The module is told that one is loaded, and
drbdsetup that no resource is up: so everything is real up to the step that needs the kernel.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._drbd import commands
from ansible_collections.clustered.storage.plugins.modules import drbd_resource
from disks.contents import RECOGNISED, TABLES, UNKNOWN, Content
from disks.loop import MIB, Disk, MakeDisk
from disks.module import answer
from disks.tools import probe, run, signatures

SECRET = "kept-to-ourselves"
OTHER = "other-node"
FOLDER = Path("/etc/drbd.d")
CONFIG = FOLDER / "r0.res"
VERSIONS = {"8.4": "8.4.11", "9": "9.1.4"}
PARSERS = {"8.4": "/lib/drbd/drbdadm-84", "9": "drbdadm"}
FORMATS = {"8.4": "v08", "9": "v09"}
Result = dict[str, Any]

BOTH = pytest.mark.parametrize("dialect", ["8.4", "9"])


@pytest.fixture(autouse=True)
def folder() -> Iterator[None]:
    """The configuration as the package brings it, and nobody's resources."""
    for path in FOLDER.glob("*.res"):
        path.unlink()
    yield
    for path in FOLDER.glob("*.res"):
        path.unlink()


@contextmanager
def loaded(dialect: str, tmp: Path) -> Iterator[None]:
    """A machine on which a DRBD of that generation is loaded and no resource is up."""
    tools, version = tmp / f"bin-{dialect}", tmp / f"version-{dialect}"
    tools.mkdir(exist_ok=True)
    version.write_text(VERSIONS[dialect] + "\n")
    script(tools / "drbdsetup", 'echo "r0: No such resource" >&2\nexit 10\n')
    if dialect == "8.4":
        script(tools / "drbdadm", f'exec {PARSERS["8.4"]} "$@"\n')
    path = f"{tools}:{os.environ['PATH']}"
    with (
        patch.dict(os.environ, {"PATH": path}),
        patch.object(commands, "VERSION_FILE", str(version)),
    ):
        yield


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(0o755)


def params(path: str, **given: Any) -> Result:
    """Parameters of a pair of this machine and another one."""
    here = os.uname().nodename
    return {
        "name": "r0",
        "nodes": [
            {"name": here, "address": "127.0.0.1"},
            {"name": OTHER, "address": "198.51.100.2"},
        ],
        "volumes": [{"disks": {here: path, OTHER: "/dev/vdb"}}],
        "shared_secret": SECRET,
        "timeout": 1,
        **given,
    }


def resource(tmp: Path, path: str, dialect: str, *, check: bool = False, **given: Any) -> Result:
    """drbd_resource; for real it fails at ``up``, for want of a kernel."""
    mode = {"_ansible_check_mode": check, "_ansible_diff": True}
    return answer(drbd_resource, {**params(path, **given), **mode}, loaded(dialect, tmp))


def planned(result: Result) -> list[str]:
    assert not result.get("failed"), result["msg"]
    return [step["command"] for step in result["plan"]]


def refusal(tmp: Path, path: str, dialect: str, **given: Any) -> Result:
    """How it refuses; in check mode it says the very same, and nothing has changed."""
    before = sorted(FOLDER.iterdir())
    forecast = resource(tmp, path, dialect, check=True, **given)
    real = resource(tmp, path, dialect, **given)
    assert real.get("failed"), real
    for key in ("reason", "msg", "remedy", "plan"):
        assert forecast[key] == real[key]
    assert (real["plan"], real["changed"]) == ([], False)
    assert sorted(FOLDER.iterdir()) == before
    assert SECRET not in str(real)
    return real


def parses(dialect: str) -> bool:
    """Whether the generation's own parser takes all of /etc/drbd.d."""
    run(PARSERS[dialect], "--config-file", "/etc/drbd.conf", "sh-nop")
    return True


# --- metadata


@BOTH
def test_metadata_are_made_on_a_blank_disk(disk: Disk, tmp_path: Path, dialect: str) -> None:
    before = disk.digest()
    forecast = resource(tmp_path, disk.path, dialect, check=True)
    assert not CONFIG.exists()
    assert disk.digest() == before
    assert signatures(disk.path) == set()

    result = resource(tmp_path, disk.path, dialect)

    steps = [step["command"] for step in result["plan"]]
    assert steps == planned(forecast)[: len(steps)]
    assert steps == [f"write {CONFIG}", "drbdadm create-md r0/0", "drbdadm up r0"]
    assert signatures(disk.path) == {"drbd"}
    uuid = run("drbdmeta", "0", FORMATS[dialect], disk.path, "internal", *peer(dialect), "get-gi")
    assert uuid.startswith("0000000000000004:")
    assert parses(dialect)


def peer(dialect: str) -> tuple[str, ...]:
    return ("--node-id=1",) if dialect == "9" else ()


@BOTH
def test_metadata_that_are_there_are_used_as_they_are(
    disk: Disk, tmp_path: Path, dialect: str
) -> None:
    """Nothing is made a second time: it would forget what the data are."""
    resource(tmp_path, disk.path, dialect)
    before = disk.digest()

    again = resource(tmp_path, disk.path, dialect, check=True)

    assert planned(again)[0] == "drbdadm up r0"
    assert disk.digest() == before


@BOTH
def test_metadata_below_a_file_system_are_used(disk: Disk, tmp_path: Path, dialect: str) -> None:
    """The file system is that of the DRBD device, which begins where the disk begins."""
    resource(tmp_path, disk.path, dialect)
    run("mkfs.ext4", "-q", disk.path, f"{disk.size // 1024 - 1024}k")
    before = disk.digest()

    again = resource(tmp_path, disk.path, dialect, check=True)

    assert "drbdadm create-md r0/0" not in planned(again)
    assert disk.digest() == before


def test_metadata_of_the_other_generation_stay(disk: Disk, tmp_path: Path) -> None:
    run("drbdmeta", "0", "v08", disk.path, "internal", "create-md")
    before = disk.digest()

    assert refusal(tmp_path, disk.path, "9")["reason"] == "has_drbd"
    assert disk.digest() == before


@BOTH
def test_metadata_on_another_disk(make_disk: MakeDisk, tmp_path: Path, dialect: str) -> None:
    data, meta = make_disk(64 * MIB), make_disk(64 * MIB)
    here = os.uname().nodename
    volumes = [{"disks": {here: data.path, OTHER: "/dev/vdb"}, "meta_disk": meta.path}]

    resource(tmp_path, data.path, dialect, volumes=volumes)

    assert signatures(data.path) == set()
    place = ("drbdmeta", "0", FORMATS[dialect], meta.path, "flex-external")
    assert run(*place, *peer(dialect), "get-gi").startswith("0000000000000004:")
    for one in (data, meta):
        one.close()


HELD = {**TABLES, **RECOGNISED, **UNKNOWN}


@pytest.mark.parametrize("content", HELD.values(), ids=list(HELD))
def test_disk_that_holds_something_gets_no_metadata(
    disk: Disk, tmp_path: Path, content: Content
) -> None:
    if content.reason == "has_drbd":
        pytest.skip("v09 metadata made by drbdmeta are used: the test above is about those of 8.4")
    content.write(disk.path)
    before = disk.digest()

    found = refusal(tmp_path, disk.path, "8.4")

    assert found["reason"] == content.reason
    assert "block_device_prepare" in found["remedy"]
    assert disk.digest() == before


@pytest.mark.parametrize("name", ["ext4", "gfs2", "luks2", "noise_at_end"])
def test_data_disk_counts_when_the_metadata_are_elsewhere(
    make_disk: MakeDisk, tmp_path: Path, name: str
) -> None:
    """drbdmeta itself never looks at it, and the first sync would go over it."""
    data, meta = make_disk(), make_disk(64 * MIB)
    HELD[name].write(data.path)
    here = os.uname().nodename
    volumes = [{"disks": {here: data.path, OTHER: "/dev/vdb"}, "meta_disk": meta.path}]
    before = data.digest(), meta.digest()

    found = refusal(tmp_path, data.path, "8.4", volumes=volumes)

    assert found["reason"] == HELD[name].reason
    assert (data.digest(), meta.digest()) == before
    for one in (data, meta):
        one.close()


def test_mounted_disk_gets_no_metadata(disk: Disk, tmp_path: Path, place: str) -> None:
    run("mkfs.ext4", "-q", disk.path)
    Path(place).mkdir()
    run("mount", disk.path, place)

    assert refusal(tmp_path, disk.path, "8.4")["reason"] == "mounted"


def test_disk_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path, "/dev/nowhere", "8.4")["reason"] == "no_device"


# --- the file


@BOTH
def test_file_is_for_root_only(disk: Disk, tmp_path: Path, dialect: str) -> None:
    resource(tmp_path, disk.path, dialect)

    assert CONFIG.stat().st_mode & 0o777 == 0o600
    assert SECRET in CONFIG.read_text()


@BOTH
def test_secret_is_nowhere_but_in_the_file(disk: Disk, tmp_path: Path, dialect: str) -> None:
    forecast = resource(tmp_path, disk.path, dialect, check=True)
    real = resource(tmp_path, disk.path, dialect)
    other = resource(tmp_path, disk.path, dialect, check=True, shared_secret="a-newer-one")

    for result in (forecast, real, other):
        result.pop("invocation", None)
        assert SECRET not in str(result)
        assert "a-newer-one" not in str(result)
    assert any("another one" in line for line in other["diff"]["before"]["config"])


FULL: Result = {
    "protocol": "C",
    "fencing": "resource-and-stonith",
    "net": {
        "after-sb-0pri": "discard-zero-changes",
        "after-sb-1pri": "discard-secondary",
        "after-sb-2pri": "disconnect",
        "verify-alg": "sha1",
        "max-buffers": 8000,
        "sndbuf-size": 0,
        "timeout": 60,
        "ping-int": 10,
        "ping-timeout": 9,
        "connect-int": 10,
        "tcp-cork": False,
    },
    "disk": {"rate": "30M", "c-max-rate": "100M", "al-extents": 3389, "no-md-flushes": True},
    "handlers": {"split-brain": "/usr/lib/drbd/notify-split-brain.sh root"},
    "startup": {"wfc-timeout": 60},
    "options": {"on-no-data-accessible": "io-error"},
}


@BOTH
def test_everything_that_is_rendered_is_taken_by_its_parser(
    disk: Disk, tmp_path: Path, dialect: str
) -> None:
    resource(tmp_path, disk.path, dialect, **FULL)

    assert parses(dialect)
    assert "resync-rate 30M" in CONFIG.read_text()


def test_three_nodes_are_taken_by_the_parser_of_9(disk: Disk, tmp_path: Path) -> None:
    here = os.uname().nodename
    nodes = [
        {"name": here, "address": "127.0.0.1"},
        *({"name": f"other{n}", "address": f"198.51.100.{n}"} for n in (2, 3)),
    ]
    disks = {here: disk.path, "other2": "/dev/vdb", "other3": "/dev/vdb"}

    resource(tmp_path, disk.path, "9", nodes=nodes, volumes=[{"disks": disks}])

    assert parses("9")


def test_ipv6_is_taken_by_both_parsers(disk: Disk, tmp_path: Path) -> None:
    here = os.uname().nodename
    nodes = [{"name": here, "address": "::1"}, {"name": OTHER, "address": "2001:db8::2"}]
    for dialect in ("8.4", "9"):
        resource(tmp_path, disk.path, dialect, nodes=nodes)
        assert parses(dialect)


@BOTH
@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"net": {"max-buffers": "many"}}, "many"),
        ({"disk": {"no-such-option": 1}}, "no-such-option"),
        ({"net": {"connect-int": 180}}, "connect-int"),
    ],
)
def test_what_the_parser_does_not_take_is_never_written(
    disk: Disk, tmp_path: Path, dialect: str, given: Result, word: str
) -> None:
    found = refusal(tmp_path, disk.path, dialect, **given)

    assert found["reason"] == "invalid_config"
    assert word in found["msg"]
    assert signatures(disk.path) == set()


def neighbour(text: str) -> None:
    """Another resource of this machine, in words that both generations take."""
    here = os.uname().nodename
    one = text.replace("HERE", here).replace("OTHER", OTHER)
    (FOLDER / "r1.res").write_text(one)


NEIGHBOUR = """resource r1 {
  on HERE { address 127.0.0.1:7799; device minor 1; disk /dev/vdc; meta-disk internal; }
  on OTHER { address 198.51.100.2:7799; device minor 1; disk /dev/vdc; meta-disk internal; }
}
"""


@BOTH
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("7799", "7788"), "port_taken"),
        (("minor 1", "minor 0"), "minor_taken"),
    ],
)
def test_what_another_resource_has_is_not_taken(
    disk: Disk, tmp_path: Path, dialect: str, change: tuple[str, str], code: str
) -> None:
    neighbour(NEIGHBOUR.replace(*change))

    assert refusal(tmp_path, disk.path, dialect)["reason"] == code


@BOTH
def test_disk_of_another_resource_is_not_taken(disk: Disk, tmp_path: Path, dialect: str) -> None:
    """Neither parser minds."""
    neighbour(NEIGHBOUR.replace("/dev/vdc", disk.path))

    assert refusal(tmp_path, disk.path, dialect)["reason"] == "disk_taken"


@BOTH
def test_neighbour_that_has_other_things_does_not_matter(
    disk: Disk, tmp_path: Path, dialect: str
) -> None:
    neighbour(NEIGHBOUR)

    result = resource(tmp_path, disk.path, dialect, check=True)

    assert planned(result)[0] == f"write {CONFIG}"
    assert (FOLDER / "r1.res").exists()


def test_configuration_that_drbd_does_not_read_is_found_out(disk: Disk, tmp_path: Path) -> None:
    main = Path("/etc/drbd.conf")
    kept = main.read_text()
    main.write_text('include "drbd.d/global_common.conf";\n')
    try:
        found = refusal(tmp_path, disk.path, "8.4")
    finally:
        main.write_text(kept)

    assert found["reason"] == "invalid_config"
    assert "does not include" in found["msg"]


def test_handler_that_is_not_executable_is_refused(disk: Disk, tmp_path: Path) -> None:
    given = {"fencing": "resource-only", "handlers": {"fence-peer": "/usr/lib/drbd/nothing"}}

    assert refusal(tmp_path, disk.path, "8.4", **given)["reason"] == "handler_missing"


def test_nothing_of_the_check_is_left_behind(disk: Disk, tmp_path: Path) -> None:
    work = Path(os.environ["TMPDIR"])
    before = {path.name for path in work.glob("clustered-storage-*")}

    resource(tmp_path, disk.path, "8.4", check=True)
    refusal(tmp_path, disk.path, "8.4", disk={"no-such-option": 1})

    assert {path.name for path in work.glob("clustered-storage-*")} == before


def test_parsers_of_both_generations_are_there() -> None:
    """Without them these tests would say nothing."""
    assert shutil.which("drbdadm")
    assert os.access(PARSERS["8.4"], os.X_OK)
    assert probe("/dev/null") == {}
