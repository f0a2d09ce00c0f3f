# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is left when the volumes have changed."""

from __future__ import annotations

import pytest
from testinfra.host import Host

HOSTS_BY_VOLUME = {
    "grow": ("node1", "node2", "node4"),
    "lean": ("node3", "node4", "node1"),
    "wide": ("node1", "node2"),
}


@pytest.mark.parametrize("volume", HOSTS_BY_VOLUME)
def test_bricks_are_those_wanted(host: Host, volume: str) -> None:
    name = host.backend.get_hostname()
    if not name.startswith("node"):
        pytest.skip("clients know no bricks")

    info = host.check_output(f"gluster --mode=script volume info {volume}")

    bricks = [line.split(": ")[1].split()[0] for line in info.splitlines() if ":/bricks" in line]
    assert bricks == [f"{node}:/bricks/{volume}" for node in HOSTS_BY_VOLUME[volume]]


@pytest.mark.parametrize("volume", HOSTS_BY_VOLUME)
def test_brick_process_listens(host: Host, volume: str) -> None:
    if host.backend.get_hostname() not in HOSTS_BY_VOLUME[volume]:
        pytest.skip("it holds no brick")

    bricks = host.process.filter(comm="glusterfsd")

    assert any(f"/bricks/{volume}" in brick.args for brick in bricks)


@pytest.mark.parametrize("volume", HOSTS_BY_VOLUME)
def test_client_has_it_mounted(host: Host, volume: str) -> None:
    if host.backend.get_hostname() != "client1":
        pytest.skip("only the client mounts")

    assert host.mount_point(f"/mnt/{volume}").filesystem == "fuse.glusterfs"
