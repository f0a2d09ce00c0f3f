# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A lab's own record of itself: what it was made as."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

from .model import BLOCKS, PORTS_OF_A_LAB, Lab, first_port_of

RECORD = "lab.json"


def load(name: str, state: Path) -> Lab | None:
    """The lab whose folder that is, or None when there is none."""
    try:
        said = json.loads((state / RECORD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Lab(
        name=name,
        state=state,
        image=Path(said["image"]),
        first_port=said["first_port"],
        nodes=said["nodes"],
        accelerator=said["accelerator"],
        memory_mib=said["memory_mib"],
    )


def save(lab: Lab) -> None:
    """Replace the record at once, for the fence listener reads it."""
    lab.state.mkdir(parents=True, exist_ok=True)
    said = {
        "image": str(lab.image),
        "first_port": lab.first_port,
        "nodes": lab.nodes,
        "accelerator": lab.accelerator,
        "memory_mib": lab.memory_mib,
    }
    new = lab.state / f"{RECORD}.new"
    new.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    os.replace(new, lab.state / RECORD)


def free_first_port(name: str) -> int:
    """Where a block of ports begins that nobody uses; OSError when there is none."""
    for attempt in range(BLOCKS):
        first = first_port_of(name, attempt)
        if all(_is_free(port) for port in range(first, first + PORTS_OF_A_LAB)):
            return first
    raise OSError("no free ports on loopback for a lab")


def _is_free(port: int) -> bool:
    with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagram:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            stream.bind(("127.0.0.1", port))
            datagram.bind(("", port))
        except OSError:
            return False
    return True
