# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fence listener: what can pull a machine's plug, on the host's loopback.

A line ``ACTION NAME`` a connection; the answer is ``OK on``, ``OK off``, ``OK node1 node2`` for
``list``, or ``ERR`` and why. It asks nobody who they are: only this host's users and the lab's
machines reach it, and it knows no other machines.
"""

from __future__ import annotations

import argparse
import logging
import socketserver
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

from . import power, qmp, store
from .model import Lab, Machine

LOG = logging.getLogger("fencing")
ACTIONS = ("on", "off", "reboot", "status")
LONGEST_LINE = 200
LINE_TIMEOUT_SECONDS = 10

Switch = Callable[[Machine, str], str]


def answer(lab: Lab, line: str, switch: Switch) -> str:
    """Do what the line asks for; the answer, one line."""
    action, name, *rest = [*line.split(), "", ""]
    names = [machine.name for machine in lab.machines]
    if action == "list":
        return f"OK {' '.join(names)}"
    if action not in ACTIONS or any(rest):
        return f"ERR no such action: use list or one of {' '.join(ACTIONS)} with a name"
    if name not in names:
        return f"ERR no machine {name} in this lab: it has {' '.join(names)}"
    try:
        return f"OK {switch(lab.machine(name), action)}"
    except (power.PowerError, qmp.QmpError, OSError) as error:
        return f"ERR {' '.join(str(error).split())}"


class Handler(socketserver.StreamRequestHandler):
    """One connection."""

    timeout = LINE_TIMEOUT_SECONDS

    def handle(self) -> None:
        """Read the line, do it, log it, answer."""
        line = self.rfile.readline(LONGEST_LINE).decode(errors="replace").strip()
        started = time.monotonic()
        said = answer(cast(Listener, self.server).read_lab(), line, power.switch)
        LOG.info("%s: %s (%.1f s)", line, said, time.monotonic() - started)
        self.wfile.write(f"{said}\n".encode())


class Listener(socketserver.ThreadingTCPServer):
    """Answers until it is ended."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        super().__init__(("127.0.0.1", lab.fence_port), Handler)

    def read_lab(self) -> Lab:
        """The lab as it is now: it may have got machines."""
        return store.load(self.lab.name, self.lab.state) or self.lab


def main() -> int:
    """Listen for the lab whose folder is given."""
    parser = argparse.ArgumentParser(description="The fence listener of a machines lab.")
    parser.add_argument("--lab", required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--pid-file", required=True, help="by which `down` knows it")
    asked = parser.parse_args()
    form = "%(asctime)s %(message)s"
    logging.basicConfig(format=form, level=logging.INFO, filename=asked.state / "fencing.log")
    lab = store.load(asked.lab, asked.state)
    if lab is None:
        return 1
    with Listener(lab) as listener:
        LOG.info("listening on 127.0.0.1 port %d", lab.fence_port)
        listener.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
