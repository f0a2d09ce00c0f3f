# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every machine has in the end, and what the volumes are made of."""

from __future__ import annotations

import pytest
from testinfra.host import Host

BRICK_HOSTS = ["node1", "node2", "node3"]
NODES = 4
VOLUMES = ("bt-vol", "bt-safe")


def name_of(host: Host) -> str:
    """The machine's name in the inventory."""
    return str(host.backend.get_hostname())


def volume_info(host: Host, volume: str) -> str:
    """What the gluster command says of a volume."""
    if not name_of(host).startswith("node"):
        pytest.skip("clients know no bricks")
    return str(host.check_output(f"gluster --mode=script volume info {volume}"))


@pytest.mark.parametrize("volume", VOLUMES)
def test_three_machines_hold_it(host: Host, volume: str) -> None:
    info = volume_info(host, volume)

    bricks = [line.split(": ")[1] for line in info.splitlines() if f":/bt/{volume}" in line]
    assert bricks == [f"{name}:/bt/{volume}" for name in BRICK_HOSTS]


def test_files_are_in_pieces_and_writes_in_order(host: Host) -> None:
    info = volume_info(host, "bt-vol")

    assert "features.shard: on" in info
    assert "performance.strict-write-ordering: on" in info


def test_one_machine_in_three_may_die(host: Host) -> None:
    assert "1 x (2 + 1) = 3" in volume_info(host, "bt-safe")


@pytest.mark.parametrize("volume", VOLUMES)
def test_no_mount_trusts_an_old_layout(host: Host, volume: str) -> None:
    assert "cluster.lookup-optimize: off" in volume_info(host, volume)


@pytest.mark.parametrize("volume", VOLUMES)
def test_it_is_mounted_now_and_at_boot(host: Host, volume: str) -> None:
    assert host.mount_point(f"/media/{volume}").filesystem == "fuse.glusterfs"
    assert f" /media/{volume} glusterfs _netdev," in host.file("/etc/fstab").content_string


def test_machine_without_a_brick_stays_in_the_pool(host: Host) -> None:
    if name_of(host) != "node4":
        pytest.skip("the others have bricks")

    pool = host.check_output("gluster --mode=script pool list")

    assert pool.count("Connected") == NODES
