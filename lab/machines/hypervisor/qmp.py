# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Talking to a running QEMU."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TIMEOUT_SECONDS = 15


class QmpError(Exception):
    """QEMU has refused a command, or does not answer."""


def execute(folder: Path, command: str, /, **arguments: Any) -> Any:
    """What the QEMU whose socket is in that folder returns; QmpError when it does not."""
    try:
        with _connected(folder) as connection, connection.makefile("rw", encoding="utf-8") as line:
            line.readline()  # its greeting
            _ask(line, "qmp_capabilities", {})
            return _ask(line, command, arguments)
    except (OSError, ValueError) as error:
        raise QmpError(f"{command}: {error}") from error


def _ask(line: Any, command: str, arguments: dict[str, Any]) -> Any:
    line.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
    line.flush()
    while True:
        said = json.loads(line.readline())
        if "error" in said:
            raise QmpError(f"{command}: {said['error']['desc']}")
        if "return" in said:
            return said["return"]


@contextmanager
def _connected(folder: Path) -> Iterator[socket.socket]:
    """A connection; by the folder's number, as the path of a socket has no more than 107 bytes."""
    number = os.open(folder, os.O_PATH)
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT_SECONDS)
            connection.connect(f"/proc/self/fd/{number}/qmp")
            yield connection
    finally:
        os.close(number)
