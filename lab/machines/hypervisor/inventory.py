# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the machines are reached: the files for Ansible and for ssh."""

from __future__ import annotations

import json

from .model import FENCE_ADDRESS, NETWORKS, Lab, Machine

PAIR = 2
# A machine is new after each reset, and on this host's loopback.
SSH_OPTIONS = {
    "IdentitiesOnly": "yes",
    "LogLevel": "ERROR",
    "StrictHostKeyChecking": "no",
    "UserKnownHostsFile": "/dev/null",
}


def hosts_yml(lab: Lab) -> str:
    """The inventory: all machines, of which the first two are the pair."""
    hosts = {machine.name: _variables(machine) for machine in lab.machines}
    pair: dict[str, object] = {machine.name: {} for machine in lab.machines[:PAIR]}
    machines = {"vars": _common(lab), "hosts": hosts}
    groups = {"machines": machines, "drbd_pair": {"hosts": pair}}
    # YAML too: each JSON document is one.
    text = json.dumps({"all": {"children": groups}}, indent=2)
    return f"---\n# Written by lab/machines/up, removed by lab/machines/down.\n{text}\n"


def _common(lab: Lab) -> dict[str, object]:
    return {
        "ansible_host": "127.0.0.1",
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(lab.state / "key"),
        "ansible_ssh_common_args": " ".join(f"-o {k}={v}" for k, v in SSH_OPTIONS.items()),
        "ansible_ssh_timeout": 60,
        "ansible_pipelining": True,
        "ansible_python_interpreter": "/usr/bin/python3",
        "fence_lab_address": FENCE_ADDRESS,
        "fence_lab_port": lab.fence_port,
        "fence_lab_log": str(lab.state / "fencing.log"),
    }


def _variables(machine: Machine) -> dict[str, object]:
    first, second = (network.address(machine.number) for network in NETWORKS)
    return {
        "ansible_port": machine.ssh_port,
        "drbd_address": first,
        "second_address": second,
    }


def ssh_config(lab: Lab) -> str:
    """For ``ssh -F``: the machines by their names."""
    entries = [
        f"Host {machine.name}\n    HostName 127.0.0.1\n    Port {machine.ssh_port}\n"
        for machine in lab.machines
    ]
    options = "".join(f"    {key} {value}\n" for key, value in SSH_OPTIONS.items())
    return f'{"".join(entries)}Host *\n    User root\n    IdentityFile "{lab.state}/key"\n{options}'
