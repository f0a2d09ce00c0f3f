# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every machine of a swarm has."""

from __future__ import annotations

import pytest
from testinfra.host import Host

FOLDER = "/data/shared"


def is_node(host: Host) -> bool:
    """Whether it is a storage node and no client."""
    return host.backend.get_hostname().startswith("node")


def test_daemon_runs_and_listens(host: Host) -> None:
    if not is_node(host):
        pytest.skip("clients have no daemon")

    assert host.service("glusterd").is_running
    assert host.service("glusterd").is_enabled
    assert host.socket("tcp://0.0.0.0:24007").is_listening


def test_clients_have_no_daemon(host: Host) -> None:
    if is_node(host):
        pytest.skip("nodes have one")

    assert not host.service("glusterd").is_running


def test_folder_is_mounted(host: Host) -> None:
    folder = host.mount_point(FOLDER)

    assert folder.exists
    assert folder.filesystem == "fuse.glusterfs"


def test_node_mounts_from_itself(host: Host) -> None:
    name = host.backend.get_hostname()
    if not is_node(host):
        pytest.skip("clients mount from the nodes")

    assert host.mount_point(FOLDER).device == f"{name}:/datapoint"


def test_folder_is_mounted_at_boot(host: Host) -> None:
    table = host.file("/etc/fstab").content_string

    assert f" {FOLDER} glusterfs _netdev," in table
    assert "backup-volfile-servers=node" in table
    assert host.service("clustered-storage-mounts").is_enabled


def test_names_are_known(host: Host) -> None:
    names = host.file("/etc/hosts").content_string

    assert names.count("# BEGIN clustered.storage") == 1
