# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine and the array print, made into what there is. Pure."""

from __future__ import annotations

import json
from typing import Any

from .actual import RUNNING, Actual, Container, Loop
from .commands import MACHINE_LABEL, NETWORK_LABEL


def parse_containers(inspected: str) -> tuple[tuple[Container, ...], str]:
    """The machines, and the state of the array: the engine's word, "" where there is none."""
    entries = json.loads(inspected)
    machines = [one for one in entries if MACHINE_LABEL in labels_of(one)]
    arrays = [one for one in entries if MACHINE_LABEL not in labels_of(one)]
    state = arrays[0]["State"]["Status"] if arrays else ""
    return tuple(sorted(map(parse_container, machines), key=lambda one: one.machine)), state


def parse_container(entry: dict[str, Any]) -> Container:
    """One machine out of `docker container inspect`."""
    labels = labels_of(entry)
    return Container(
        machine=labels[MACHINE_LABEL],
        state=entry["State"]["Status"],
        image=entry["Config"]["Image"],
        network=labels[NETWORK_LABEL],
    )


def labels_of(entry: dict[str, Any]) -> dict[str, str]:
    """Labels of a container, which may have none."""
    return entry["Config"]["Labels"] or {}


def parse_lines(printed: str) -> tuple[str, ...]:
    """The lines, sorted, without empty ones."""
    return tuple(sorted(filter(None, printed.splitlines())))


def parse_actual(lab: str, inspected: str, networks: str, images: str, array_state: str) -> Actual:
    """All of it, out of four outputs. That of the array is empty while it does not run."""
    containers, array = parse_containers(inspected)
    entries = [line.split(" ") for line in array_state.splitlines()]
    files = {
        words[1].removesuffix(".img"): int(words[2]) for words in entries if words[0] == "file"
    }
    return Actual(
        containers=containers,
        networks=parse_lines(networks),
        images=parse_lines(images),
        has_array=bool(array),
        is_array_running=array == RUNNING,
        disks={name: size for name, size in files.items() if name.startswith("vol-")},
        snapshots=tuple(sorted(name for name in files if name.startswith("snap-"))),
        loops=tuple(parse_loop(words) for words in entries if is_loop_of(lab, words)),
        told={words[1]: words[2] for words in entries if words[0] == "note"},
    )


def is_loop_of(lab: str, words: list[str]) -> bool:
    """Whether the line is about a loop device of this lab; the host has others."""
    return words[0] == "loop" and words[2].startswith(f"{lab}.vol-")


def parse_loop(words: list[str]) -> Loop:
    """One line: loop DEVICE LAB.DISK.MACHINE BYTES, and 1 if it goes by itself."""
    _lab, disk, machine = words[2].split(".")
    return Loop(disk, machine, words[1], int(words[3]), words[4:] == ["1"])
