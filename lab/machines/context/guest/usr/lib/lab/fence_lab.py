# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fence agent: asks the lab, outside of the machines, to pull or to put in a machine's plug.

Options come as ``key=value`` lines on standard input, as Pacemaker sends them, or by hand as
``fence_lab -a 10.0.2.2 -u PORT -o status -n node2``.
"""

from __future__ import annotations

import socket
import sys

METADATA = """<?xml version="1.0" ?>
<resource-agent name="fence_lab" shortdesc="Fence agent of the machines lab">
<longdesc>Asks the host of the machines to pull the plug of one, and to put it in.</longdesc>
<vendor-url></vendor-url>
<parameters>
<parameter name="action" unique="0" required="1">
<getopt mixed="-o" /><content type="string" default="reboot" />
<shortdesc lang="en">on, off, reboot, status, list, monitor, metadata, validate-all</shortdesc>
</parameter>
<parameter name="ip" unique="0" required="0">
<getopt mixed="-a" /><content type="string" default="10.0.2.2" />
<shortdesc lang="en">Address of the host, as the machines see it</shortdesc>
</parameter>
<parameter name="ipport" unique="0" required="1">
<getopt mixed="-u" /><content type="integer" />
<shortdesc lang="en">TCP port of the lab there</shortdesc>
</parameter>
<parameter name="plug" unique="0" required="0">
<getopt mixed="-n" /><content type="string" />
<shortdesc lang="en">Name of the machine</shortdesc>
</parameter>
</parameters>
<actions>
<action name="on" automatic="0" />
<action name="off" />
<action name="reboot" />
<action name="status" />
<action name="list" />
<action name="monitor" />
<action name="metadata" />
<action name="validate-all" />
</actions>
</resource-agent>"""

LETTERS = {"-o": "action", "-a": "ip", "-u": "ipport", "-n": "plug"}
SPELLINGS = {"ipaddr": "ip", "port": "plug", "option": "action"}
WITHOUT_PLUG = ("list", "monitor", "validate-all")
ACTIONS = ("on", "off", "reboot", "status", *WITHOUT_PLUG)
DONE, FAILED, IS_OFF = 0, 1, 2  # what `status` and all agents exit with
ANSWER_TIMEOUT_SECONDS = 50  # Pacemaker waits for 60


def parse_options(arguments: list[str], lines: list[str]) -> dict[str, str]:
    """What is asked: from the command line where there is one, else from standard input."""
    pairs = [(LETTERS.get(key, key), value) for key, value in zip(arguments[::2], arguments[1::2])]
    if not arguments:
        split = (line.strip().partition("=") for line in lines if "=" in line)
        pairs = [(key, value) for key, _equals, value in split]
    asked = {"action": "reboot", "ip": "10.0.2.2"}
    asked.update({SPELLINGS.get(key, key): value for key, value in pairs if value})
    return asked


def missing(asked: dict[str, str]) -> str:
    """What has to be given and is not, in words; empty when nothing is missing."""
    if asked["action"] not in ACTIONS:
        return f"action is {asked['action']}: choose one of {', '.join(ACTIONS)}"
    if not asked.get("ipport", "").isdigit():
        return "ipport is not a port: give the port of the lab's fence listener"
    if asked["action"] not in WITHOUT_PLUG and not asked.get("plug"):
        return "plug is missing: give the name of a machine"
    return ""


def answer_of(asked: dict[str, str]) -> str:
    """What the lab answers, one line; OSError when nobody does."""
    address = (asked["ip"], int(asked["ipport"]))
    action = "list" if asked["action"] == "monitor" else asked["action"]
    with socket.create_connection(address, ANSWER_TIMEOUT_SECONDS) as connection:
        connection.sendall(f"{action} {asked.get('plug', '')}\n".encode())
        with connection.makefile(encoding="utf-8") as answer:
            return answer.readline().strip()


def conclude(action: str, answer: str) -> tuple[int, str]:
    """The exit status for an answer, and what is printed."""
    word, _space, said = answer.partition(" ")
    if word != "OK":
        return FAILED, ""
    if action == "list":
        return DONE, "\n".join(f"{name}," for name in said.split())
    if action == "status":
        return (DONE, "Status: ON") if said == "on" else (IS_OFF, "Status: OFF")
    wanted = {"on": "on", "off": "off", "reboot": "on"}
    return (DONE if wanted.get(action, said) == said else FAILED), ""


def main(arguments: list[str]) -> int:
    """Do what is asked; 0 when it is done."""
    asked = parse_options(arguments, [] if arguments else sys.stdin.readlines())
    if asked["action"] == "metadata":
        print(METADATA)
        return DONE
    lack = missing(asked)
    if lack or asked["action"] == "validate-all":
        if lack:
            print(f"fence_lab: {lack}", file=sys.stderr)
        return FAILED if lack else DONE
    try:
        answer = answer_of(asked)
    except OSError as error:
        print(f"fence_lab: {asked['ip']} port {asked['ipport']}: {error}", file=sys.stderr)
        return FAILED
    status, text = conclude(asked["action"], answer)
    print(text or f"fence_lab: {answer}", file=sys.stdout if text else sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
