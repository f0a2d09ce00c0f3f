# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of a resource: its text in the grammar of a generation, and as a diff shows it. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ansible_collections.clustered.storage.plugins.module_utils._drbd.dialect import settings
from ansible_collections.clustered.storage.plugins.module_utils._drbd.model import (
    DIALECT_9,
    DIALECT_84,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.parse import HIDDEN, SECRET
from ansible_collections.clustered.storage.plugins.module_utils._drbd.wanted import (
    LEAST_NODES,
    Node,
    WantedResource,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Refusal

HEAD = "# Written by clustered.storage.drbd_resource: what is changed here by hand is lost.\n"
PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
INDENT = "    "


def render(wanted: WantedResource, dialect: str) -> str:
    """The whole text of the resource's file."""
    refuse_generation(wanted, dialect)
    sections = settings(wanted, dialect).sections
    lines = [
        f"resource {quoted(wanted.name)} {{",
        *(line for name in sections for line in section_lines(name, sections[name])),
        *(line for node in wanted.nodes for line in node_lines(wanted, node, dialect)),
        *mesh_lines(wanted),
        "}",
    ]
    return HEAD + "\n".join(lines) + "\n"


def refuse_generation(wanted: WantedResource, dialect: str) -> None:
    """What 8.4 can not be: more than a pair."""
    if dialect == DIALECT_84 and len(wanted.nodes) != LEAST_NODES:
        raise Refusal(
            "not_two_nodes",
            f"nodes names {len(wanted.nodes)} machines; DRBD 8.4 has pairs only.",
            "Name two, or install DRBD 9.",
        )
    if dialect == DIALECT_9 and wanted.two_primaries and len(wanted.nodes) != LEAST_NODES:
        raise Refusal(
            "not_two_nodes",
            f"allow_two_primaries with {len(wanted.nodes)} machines.",
            "DRBD supports two primaries of a pair only.",
        )


def quoted(value: str) -> str:
    """A value as both parsers read it."""
    return value if PLAIN.fullmatch(value) else f'"{value}"'


def section_lines(name: str, options: Mapping[str, str]) -> Iterator[str]:
    """A section, if there is anything in it."""
    if not options:
        return
    yield f"{INDENT}{name} {{"
    for option, value in options.items():
        # A secret of digits only would be taken for a number.
        text = f'"{value}"' if option == "shared-secret" else quoted(value)
        yield f"{INDENT * 2}{option} {text};"
    yield f"{INDENT}}}"


def node_lines(wanted: WantedResource, node: Node, dialect: str) -> Iterator[str]:
    """What belongs to one machine."""
    address = f"[{node.address}]" if node.family == "ipv6" else node.address
    yield f"{INDENT}on {quoted(node.name)} {{"
    if dialect == DIALECT_9:
        yield f"{INDENT * 2}node-id {node.id};"
    yield f"{INDENT * 2}address {node.family} {address}:{node.port};"
    for volume in wanted.volumes:
        meta = volume.meta_disk
        yield f"{INDENT * 2}volume {volume.number} {{"
        yield f"{INDENT * 3}device minor {volume.minor};"
        yield f'{INDENT * 3}disk "{volume.disks[node.name]}";'
        yield f"{INDENT * 3}meta-disk {meta if meta == 'internal' else quoted(meta)};"
        yield f"{INDENT * 2}}}"
    yield f"{INDENT}}}"


def mesh_lines(wanted: WantedResource) -> Iterator[str]:
    """More than a pair: everybody is connected to everybody."""
    if len(wanted.nodes) > LEAST_NODES:
        names = " ".join(quoted(node.name) for node in wanted.nodes)
        yield f"{INDENT}connection-mesh {{"
        yield f"{INDENT * 2}hosts {names};"
        yield f"{INDENT}}}"


def shown(text: str | None, secret: str) -> list[str]:
    """The lines of a file without its secret, but saying whether it is the wanted one."""

    def hidden(found: re.Match[str]) -> str:
        same = found.group(2).strip('"') == secret
        return found.group(1) + (HIDDEN if same else "(hidden, another one)")

    return [SECRET.sub(hidden, line) for line in (text or "").splitlines()]
