# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The machines lab: what the scripts beside this folder call."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

if __package__ != "lab.machines.hypervisor":  # started as a folder
    sys.path[0] = str(Path(__file__).resolve().parents[3])

from lab.machines.hypervisor import commands
from lab.machines.hypervisor.accelerator import NoKvm
from lab.machines.hypervisor.boot import BootError
from lab.machines.hypervisor.model import NETWORKS
from lab.machines.hypervisor.power import PowerError
from lab.machines.hypervisor.qmp import QmpError

LACKS = 3  # this machine's owner has to do something first
EXPECTED = (commands.LabError, BootError, PowerError, QmpError, OSError)


def main() -> int:
    """Do what is asked; the exit status."""
    asked = _arguments()
    try:
        _do(asked)
    except NoKvm as error:
        commands.say(str(error))
        return LACKS
    except EXPECTED as error:
        commands.say(str(error))
        return 1
    return 0


def _do(asked: argparse.Namespace) -> None:
    where = (asked.lab, asked.state)
    if asked.verb in ("up", "reset"):
        nodes = getattr(asked, "nodes", None)
        wanted = commands.Wanted(asked.image, nodes, asked.accelerator, asked.memory_mib)
        {"up": commands.up, "reset": commands.reset}[asked.verb](*where, wanted)
    elif asked.verb == "down":
        commands.down(*where)
    elif asked.verb == "power":
        commands.switch(*where, asked.node, asked.action)
    else:
        commands.link(*where, asked.node, asked.interface, asked.action == "on")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lab/machines/hypervisor", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--lab", default="lab", metavar="NAME")
    common.add_argument("--state", type=Path, required=True, metavar="FOLDER")
    for verb in ("up", "reset"):
        _add_start(verbs.add_parser(verb, parents=[common]))
    verbs.choices["up"].add_argument("nodes", type=int, nargs="?")
    verbs.add_parser("down", parents=[common])
    power = verbs.add_parser("power", parents=[common])
    power.add_argument("node")
    power.add_argument("action", choices=("on", "off", "reboot", "status"))
    link = verbs.add_parser("link", parents=[common])
    link.add_argument("node")
    link.add_argument("interface", choices=[network.interface for network in NETWORKS])
    link.add_argument("action", choices=("on", "off"))
    return parser.parse_args()


def _add_start(parser: argparse.ArgumentParser) -> None:
    environ = os.environ
    parser.add_argument("--image", type=Path, required=True, metavar="FOLDER")
    parser.add_argument(
        "--accelerator", choices=("auto", "kvm", "tcg"), default=environ.get("LAB_ACCEL", "auto")
    )
    parser.add_argument(
        "--memory-mib", type=int, default=int(environ.get("LAB_MACHINES_MEMORY_MIB", "768"))
    )


if __name__ == "__main__":
    sys.exit(main())
