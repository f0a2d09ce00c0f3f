# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine as it is now."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from . import commands
from .actual import RUNNING, Actual
from .engine import run
from .parse import parse_actual, parse_containers


def read_actual(lab: str) -> Actual:
    """What there is of a lab; raises EngineError."""
    with ThreadPoolExecutor() as pool:
        networks = pool.submit(run, commands.list_networks(lab))
        images = pool.submit(run, commands.list_images(lab))
        inspected = read_containers(lab)
        _machines, array = parse_containers(inspected)
        disks = run(commands.array(lab, "state")) if array == RUNNING else ""
        return parse_actual(lab, inspected, networks.result(), images.result(), disks)


def read_containers(lab: str) -> str:
    """JSON of all containers of the lab."""
    ids = run(commands.list_containers(lab)).split()
    return run(commands.inspect_containers(ids)) if ids else "[]"
