# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the two web servers have, and what they have kept."""

from __future__ import annotations

import pytest
from testinfra.host import Host

FORMER = "/var/www.before-clustered-storage/html"
SHARED = ("www-data", 0o2755)


@pytest.fixture
def number(host: Host) -> str:
    """1 or 2 for a web server; the other machines have no part in it."""
    name: str = host.backend.get_hostname()
    if name not in ("node1", "node2"):
        pytest.skip("not one of the web servers")
    return name[-1]


def test_disk_is_mounted_as_xfs(host: Host, number: str) -> None:
    disk = host.mount_point(f"/data/var-www/brick0{number}")

    assert disk.exists
    assert disk.filesystem == "xfs"
    assert disk.device == host.check_output("readlink -f /dev/disk/by-id/lab-brick1")
    assert "noatime" in disk.options


def test_inodes_have_room_for_attributes(host: Host, number: str) -> None:
    assert " isize=512 " in host.check_output(f"xfs_info /data/var-www/brick0{number}")


def test_disk_is_mounted_at_boot_by_its_uuid(host: Host, number: str) -> None:
    uuid = host.check_output("blkid -p -s UUID -o value /dev/disk/by-id/lab-brick1")

    table = host.file("/etc/fstab").content_string

    assert f"UUID={uuid} /data/var-www/brick0{number} xfs noatime " in table


def test_brick_is_below_the_mount_point(host: Host, number: str) -> None:
    bricks = host.check_output("gluster --mode=script volume info var-www")

    assert f"Brick{number}: storage-node{number}:/data/var-www/brick0{number}/volume" in bricks
    assert "Number of Bricks: 1 x 2 = 2" in bricks


def test_volume_is_mounted_from_the_machine_itself(host: Host, number: str) -> None:
    other = {"1": "2", "2": "1"}[number]

    assert host.mount_point("/var/www").filesystem == "fuse.glusterfs"
    assert host.mount_point("/var/www").device == f"storage-node{number}:/var-www"
    table = host.file("/etc/fstab").content_string
    assert f"storage-node{number}:/var-www /var/www glusterfs _netdev," in table
    assert f"backup-volfile-servers=storage-node{other} " in table


@pytest.mark.usefixtures("number")
def test_apache_waits_for_the_volume(host: Host) -> None:
    needs = host.check_output("systemctl show --property Requires --value apache2")

    assert "clustered-storage-mounts.service" in needs.split()
    assert host.service("apache2").is_running
    assert host.service("apache2").is_enabled


def test_former_page_is_kept(host: Host, number: str) -> None:
    former = host.file(f"{FORMER}/index.html")

    assert former.content_string == f"the former page of node{number}\n"
    assert host.file(f"{FORMER}/own/node{number}.html").exists


@pytest.mark.usefixtures("number")
def test_files_of_the_first_machine_are_in_the_volume(host: Host) -> None:
    page = host.file("/var/www/html/own/node1.html")

    assert (page.content_string, page.user, page.mode) == ("on one\n", "www-data", 0o640)
    assert (host.file("/var/www/html/own").user, host.file("/var/www/html/own").mode) == SHARED
    assert not host.file("/var/www/html/own/node2.html").exists


def test_names_for_the_storage_are_known(host: Host, number: str) -> None:
    names = host.file("/etc/hosts").content_string

    assert names.count("# BEGIN clustered.storage") == 1
    assert f" storage-node{number}\n" in names
