# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is left after all experiments: one healthy volume, and nothing half done."""

from __future__ import annotations

from testinfra.host import Host

testinfra_hosts = ["ansible://storage_nodes"]


def test_daemon_runs_and_has_not_crashed(host: Host) -> None:
    assert host.service("glusterd").is_running
    assert "signal received" not in host.check_output("cat /var/log/glusterfs/glusterd.log")


def test_all_four_nodes_are_connected(host: Host) -> None:
    states = [line.split()[-1] for line in host.check_output("gluster pool list").splitlines()]

    assert states == ["State"] + ["Connected"] * 4


def test_only_the_volume_of_the_load_is_left(host: Host) -> None:
    assert host.check_output("gluster volume list") == "load"
    assert "Number of Bricks: 1 x 3 = 3" in host.check_output("gluster volume info load")
    assert "no active volume tasks" in host.check_output("gluster volume status load tasks")


def test_no_brick_of_another_volume_runs(host: Host) -> None:
    bricks = host.process.filter(comm="glusterfsd")

    assert [brick.args for brick in bricks if "/bricks/load" not in brick.args] == []


def test_no_rebalance_runs(host: Host) -> None:
    processes = host.process.filter(comm="glusterfs")

    assert [process.args for process in processes if "rebalance/" in process.args] == []


def test_nothing_is_mounted(host: Host) -> None:
    assert "fuse.glusterfs" not in host.check_output("cat /proc/mounts")
