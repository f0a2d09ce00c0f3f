# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tools that judge: what the storage itself says, never our modules."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any


def run(*argv: str, stdin: str = "") -> str:
    """The output of a command that has to succeed."""
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{argv} ended with {done.returncode}: {done.stderr}"
    return done.stdout


def succeeds(*argv: str) -> bool:
    """Whether a command succeeds."""
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


def signatures(path: str) -> set[str]:
    """The types of all signatures that wipefs finds."""
    found = json.loads(run("wipefs", "--json", "--no-act", path) or "{}").get("signatures", [])
    return {one["type"] for one in found}


def probe(path: str) -> dict[str, str]:
    """What blkid finds, past every cache."""
    done = subprocess.run(
        ["blkid", "-p", "-o", "export", path], capture_output=True, text=True, check=False
    )
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


def identity(path: str) -> str:
    """The UUID of what is on a device; "" where wipefs and blkid know none."""
    found = json.loads(run("wipefs", "--json", "--no-act", path) or "{}").get("signatures", [])
    uuids = [one["uuid"] for one in found if one["uuid"]]
    return uuids[0] if uuids else probe(path).get("PTUUID", "")


def table(path: str) -> dict[str, Any]:
    """The partition table, by sfdisk; sizes are in sectors."""
    return dict(json.loads(run("sfdisk", "--json", path))["partitiontable"])


def mounted(target: str) -> dict[str, str]:
    """What is mounted there: source, fstype, options; {} for nothing."""
    if not succeeds("findmnt", "--mountpoint", target):
        return {}
    columns = "SOURCE,FSTYPE,OPTIONS"
    found = run("findmnt", "--json", "--output", columns, "--mountpoint", target)
    return dict(json.loads(found)["filesystems"][-1])


def xfs_inode_bytes(target: str) -> int:
    """The size of an inode of a mounted xfs."""
    found = re.search(r"isize=(\d+)", run("xfs_info", target))
    assert found
    return int(found.group(1))


def ext4_facts(path: str) -> dict[str, str]:
    """The superblock of an ext4, by tune2fs."""
    lines = (line.split(":", 1) for line in run("tune2fs", "-l", path).splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, value in lines}


def file_system_bytes(target: str) -> int:
    """The size of what is mounted there, by statfs of its own blocks."""
    fields = run("stat", "--file-system", "--format=%S %b", target).split()
    return int(fields[0]) * int(fields[1])


def is_clean(path: str) -> bool:
    """Whether the file system, which is not mounted, is whole by its own checker."""
    checkers = {"xfs": ("xfs_repair", "-n"), "ext4": ("e2fsck", "-f", "-n")}
    return succeeds(*checkers[probe(path)["TYPE"]], path)
