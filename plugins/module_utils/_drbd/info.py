# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What drbd_resource_info tells.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._drbd import commands, parse
from ansible_collections.clustered.storage.plugins.module_utils._drbd.format import format_resource
from ansible_collections.clustered.storage.plugins.module_utils._drbd.model import (
    Machine,
    Status,
    dialect_of,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.read import (
    NODE_FILE,
    read_cause,
    read_identifiers,
    read_line,
    run,
)
from ansible_collections.clustered.storage.plugins.module_utils._drbd.wanted import WantedResource
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.host import Host


def read_info(host: Host, params: Mapping[str, Any]) -> dict[str, Any]:
    """One resource, or all that are up or configured."""
    kernel = read_line(host, commands.VERSION_FILE)
    dialect = dialect_of(kernel) if kernel else ""
    statuses = read_statuses(host, dialect)
    names = [params["name"]] if params["name"] else all_names(host, statuses)
    return {
        "resources": [read_one(host, name, kernel, statuses.get(name)) for name in names],
        "kernel_version": kernel,
        "utils_version": read_utils_version(host),
        "dialect": dialect,
    }


def read_statuses(host: Host, dialect: str) -> dict[str, Status]:
    """All the resources that are up, by name."""
    if not dialect:
        return {}
    text = run(host, commands.status(dialect))
    return {one.name: one for one in parse.parse_statuses(dialect, text)}


def all_names(host: Host, statuses: Mapping[str, Status]) -> list[str]:
    """The resources that are up, and those that have a file of their name."""
    files = host.entries(commands.FOLDER) or ()
    configured = {one.removesuffix(".res") for one in files if one.endswith(".res")}
    return sorted(configured | set(statuses))


def read_utils_version(host: Host) -> str:
    """The version of the tools, "" where they are not installed."""
    argv = commands.versions()
    return parse.parse_utils_version(host.run(argv).stdout) if host.finds(argv[0]) else ""


def read_one(host: Host, name: str, kernel: str, status: Status | None) -> dict[str, Any]:
    """A resource with its identifiers, and why it is not connected."""
    config = host.text(commands.config_path(name))
    node = read_line(host, NODE_FILE)
    peers = [one for one in parse.parse_hosts(config or "") if one != node]
    if status and len(peers) == 1:
        status = parse.with_peer_name(status, peers[0])
    machine = Machine(name, node, kernel, config, status=status)
    wanted = WantedResource(name, "up")
    try:
        machine = read_identifiers(host, machine, wanted) if status else machine
    except StorageError:
        machine = replace(machine, identifiers={})
    return format_resource(machine, read_cause(host, machine, wanted))
