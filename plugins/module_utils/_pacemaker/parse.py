# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tools print, made into the model. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.clustered.storage.plugins.module_utils._cluster.parse import (
    parse_instances,
    parse_xml,
)
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.model import (
    Action,
    Corosync,
    DrbdSettings,
    Simulation,
)

# Where mkfs.gfs2 writes the superblock, last of all, and the first resource group, first of all.
SUPERBLOCK_OFFSET, BLOCK_BYTES = 0x10000, 4096
HEAD_BYTES = SUPERBLOCK_OFFSET + 2 * BLOCK_BYTES
# struct gfs2_meta_header: the magic number, and GFS2_METATYPE_RG.
GROUP_HEADER = b"\x01\x16\x19\x70\x00\x00\x00\x02"
# What dlm_stonith(8) loads when it is to ask Pacemaker, and dlm.conf(5) that names other agents.
FENCING_LIBRARY = re.compile(rb"libstonithd\.so\.\d+")
OTHER_AGENTS = re.compile(
    r"^\s*(device\s|fence_all\s+(?!(/usr/sbin/)?dlm_stonith\b)\S)", re.MULTILINE
)
JOURNAL = re.compile(r"^journal\d+:", re.MULTILINE)
GROWTH = re.compile(r"will grow by (\d+) ?([KMGT]?)B", re.IGNORECASE)
HAS_NOT_GROWN = "has not grown"
MIB = {"K": 1 / 1024, "M": 1, "G": 1024, "T": 1024 * 1024, "": 1 / 1024 / 1024}


def parse_simulation(text: str) -> Simulation:
    """What crm_simulate says would happen."""
    seen = parse_xml(text, "crm_simulate")
    after = seen.find("revised_cluster_status")
    fencing = (*seen.iterfind(".//fencing_action"), *seen.iterfind("actions/node_action"))
    return Simulation(
        actions=tuple(
            Action(one.get("op", ""), one.get("resource", "").split(":")[0], one.get("node", ""))
            for one in seen.iterfind("transition/rsc_action")
        ),
        fenced=tuple(sorted({one.get("target", "") or one.get("node", "") for one in fencing})),
        after=() if after is None else tuple(parse_instances(after)),
    )


def parse_agent(text: str) -> frozenset[str]:
    """The options of a fence agent."""
    described = parse_xml(text, "stonith_admin")
    return frozenset(one.get("name", "") for one in described.iterfind("parameters/parameter"))


def parse_corosync(text: str) -> Corosync:
    """``corosync-cmapctl``: the cluster's name, and the least number of links that a node has."""
    values = dict(re.findall(r"^(\S+) \(\w+\) = (.*)$", text, re.MULTILINE))
    links: dict[str, int] = {}
    for key in values:
        found = re.fullmatch(r"nodelist\.node\.(\d+)\.ring\d+_addr", key)
        if found:
            links[found.group(1)] = links.get(found.group(1), 0) + 1
    return Corosync(values.get("totem.cluster_name", ""), min(links.values(), default=0))


def parse_superblock(text: str) -> dict[str, str]:
    """``tunegfs2 -l``: names and values of a GFS2's superblock."""
    return dict(re.findall(r"^([^:\n]+): *(.*)$", text, re.MULTILINE))


def parse_journals(text: str) -> int:
    """``gfs2_edit -p journals``: how many there are, clean or dirty."""
    return len(JOURNAL.findall(text))


def parse_growth_mib(text: str) -> int:
    """``gfs2_grow -T``: how much it would grow by, 0 for less than a resource group."""
    found = GROWTH.search(text)
    return int(int(found.group(1)) * MIB[found.group(2).upper()]) if found else 0


def parse_drbd(text: str, resource: str) -> tuple[DrbdSettings, ...]:
    """``drbdadm dump all``: what one resource says, and the common part where it does not."""
    common = settings_in(text, "common")
    own = settings_in(text, f"resource {resource}")
    if own is None:
        return ()
    said = {**(common or {}), **own}
    return (
        DrbdSettings(
            said.get("allow-two-primaries", "no") in ("yes", ""),
            said.get("fencing", "dont-care"),
            said.get("protocol", "C"),
        ),
    )


def settings_in(text: str, name: str) -> dict[str, str] | None:
    """The statements of one section and of those in it; None where there is no such section."""
    lines = iter(text.splitlines())
    quoted = f"{name} {{"
    if not any(line.strip().replace('"', "") == quoted for line in lines):
        return None
    return dict(statements(lines))


def statements(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Names and values up to the brace that closes a section."""
    depth = 1
    for line in lines:
        words = line.strip()
        depth += words.endswith("{") - (words == "}")
        if not depth:
            return
        if words.endswith(";"):
            name, _blank, value = words.rstrip(";").partition(" ")
            yield name, value.strip()


def parse_unit(text: str) -> str:
    """``systemctl show``: what speaks against it, active or enabled; "" for neither."""
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    if values.get("ActiveState") in ("active", "activating", "reloading"):
        return "active"
    return "enabled" if values.get("UnitFileState") == "enabled" else ""


def parse_fencing_library(config: str, program: bytes) -> str:
    """The library that DLM's own fence agent loads, "" where DLM is told to run another agent."""
    found = FENCING_LIBRARY.search(program)
    return found.group().decode() if found and not OTHER_AGENTS.search(config) else ""


def has_library(name: str, text: str) -> bool:
    """``ldconfig -p``: whether programs find that library."""
    return any(line.split()[:1] == [name] for line in text.splitlines())


def parse_missing_modules(names: tuple[str, ...], listings: tuple[str, ...]) -> tuple[str, ...]:
    """The modules that none of the kernel's listings (modules.dep, modules.builtin) has."""
    known = "\n".join(listings)
    return tuple(name for name in names if not re.search(rf"/{name}\.ko\b", known))


def parse_distribution(text: str) -> str:
    """``/etc/os-release``: the distribution and what it is like, in one line."""
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return " ".join(values.get(key, "").strip('"') for key in ("ID", "ID_LIKE")).strip()


def is_unfinished_gfs2(head: bytes) -> bool:
    """Whether mkfs.gfs2 has begun and not ended: it writes the superblock last (3.5).

    A superblock that was erased by hand still has the rest of its block.
    """
    superblock = head[SUPERBLOCK_OFFSET : SUPERBLOCK_OFFSET + BLOCK_BYTES]
    group = head[SUPERBLOCK_OFFSET + BLOCK_BYTES :][: len(GROUP_HEADER)]
    return superblock.count(0) == BLOCK_BYTES and group == GROUP_HEADER
