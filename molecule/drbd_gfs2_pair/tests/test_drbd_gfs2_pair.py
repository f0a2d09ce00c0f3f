# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pair with ext4 becomes one with GFS2, and lives through what may happen to it, in that order.

What is asserted is what DRBD, DLM, Pacemaker, GFS2 and checksums of files say.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from machines import (
    BOTH,
    NODE1,
    NODE2,
    SCENARIO,
    Machine,
    changes,
    fence_log_size,
    fenced,
    lab,
    on_both,
    play,
    say,
    wait_until,
    words_of,
)

EXT4 = ("-e", "drbd_gfs2_pair_filesystem=ext4")
SECRET = yaml.safe_load((SCENARIO / "vars/pair.yml").read_text())["drbd_gfs2_pair_shared_secret"]
# Corosync's token, consensus and the delay of a device, and what emulation takes on top.
FENCING_SECONDS = 90
RETURN_SECONDS = 300
FILES = 500
SOME = 10  # files that show that somebody writes


def disk_state(machine: Machine) -> str:
    """Role, connection and disks, as /proc/drbd says."""
    found = re.search(r"cs:(\S+) ro:(\S+) ds:(\S+)", machine.says("cat /proc/drbd"))
    return " ".join(found.groups()) if found else ""


def is_whole(machine: Machine) -> bool:
    """Whether both are Primary with all the data, both are members, and GFS2 is mounted."""
    return (
        disk_state(machine) == "Connected Primary/Primary UpToDate/UpToDate"
        and "gfs2" in machine.says("findmnt --noheadings --output FSTYPE /clustered")
        and re.search(r"members\s+1 2\b", machine.says("dlm_tool ls")) is not None
    )


def wait_until_whole(seconds: float = RETURN_SECONDS) -> float:
    """Wait until both are as they should be."""
    return wait_until("both are whole", lambda: is_whole(NODE1) and is_whole(NODE2), seconds)


def sums(machine: Machine, pattern: str) -> list[str]:
    """Checksum and name of each file of that pattern in /clustered, as that machine reads it."""
    command = (
        f"cd /clustered && find -type f -name '{pattern}' -print0 | sort -z | xargs -0r sha256sum"
    )
    return [line.replace("./", "") for line in machine.run(command, 300).splitlines()]


@dataclass(frozen=True)
class Writer:
    """A program on a machine that writes until it is killed, and what it said was safe."""

    machine: Machine
    process: subprocess.Popen[str]
    said: Path

    @property
    def confirmed(self) -> list[tuple[str, float]]:
        """Checksum and name of each file, and when it was safe."""
        text = self.said.read_text()
        whole = text[: text.rfind("\n") + 1].splitlines()
        return [(line.rsplit(" ", 1)[0], float(line.rsplit(" ", 1)[1])) for line in whole]


@contextmanager
def writers(prefix: str) -> Iterator[tuple[Writer, Writer]]:
    """A writer on each machine."""
    with tempfile.TemporaryDirectory() as folder:
        both = [start_writer(machine, prefix, Path(folder)) for machine in BOTH]
        try:
            wait_until("both write", lambda: all(len(one.confirmed) > SOME for one in both), 60)
            yield both[0], both[1]
        finally:
            for one in both:
                one.process.kill()  # the program itself ends with its next word
                one.process.wait()


def start_writer(machine: Machine, prefix: str, folder: Path) -> Writer:
    """A writer whose words arrive here, where they outlive the machine."""
    said = folder / machine.name
    with said.open("w") as output:
        command = f"python3 /root/writer.py /clustered {prefix}-{machine.name}"
        argv = machine.argv(command)
        process = subprocess.Popen(argv, stdout=output, stdin=subprocess.DEVNULL, text=True)
    return Writer(machine, process, said)


def longest_pause(writer: Writer) -> float:
    """The longest time between two files that were safe, in seconds."""
    times = [moment for _line, moment in writer.confirmed]
    return max(after - before for before, after in zip(times, times[1:]))


def confirmed_lines(*both: Writer) -> set[str]:
    """What was said to be safe, as sha256sum prints it."""
    return {line for writer in both for line, _moment in writer.confirmed}


# --- S3: a single primary


def test_ext4_is_on_the_first_host_and_both_disks_are_the_same() -> None:
    assert disk_state(NODE1) == "Connected Primary/Secondary UpToDate/UpToDate"
    assert NODE1.run("findmnt --noheadings --output SOURCE,FSTYPE /drbd").split() == [
        "/dev/drbd0",
        "ext4",
    ]
    assert NODE2.says("findmnt /drbd") == ""
    assert on_both("stat -c '%a %U' /etc/drbd.d/r0.res") == ("600 root\n", "600 root\n")
    assert on_both("systemctl is-enabled drbd || :") == ("disabled\n", "disabled\n")


def test_what_is_refused_changes_nothing() -> None:
    before = on_both(PICTURE)
    NODE2.run("umount /mnt/spare")
    play(playbook="molecule/drbd_gfs2_pair/refused.yml")
    uuid = NODE1.run("blkid -p -s UUID -o value /dev/drbd0").strip()
    unnamed = words_of(play(rc=(2,)))
    assert f"has_ext4: /dev/drbd0 holds ext4 with UUID {uuid}" in unnamed
    bad = ("drbd_gfs2_pair_primary=nobody", "drbd_gfs2_pair_second_address=10.9.9.9")
    wrong = words_of(play(*(word for one in bad for word in ("-e", one)), rc=(2,)))
    for reason in ("unknown_host: nobody", "wrong_address: this machine does not have 10.9.9.9"):
        assert reason in wrong

    assert on_both(PICTURE) == before


PICTURE = """
sha256sum /etc/drbd.d/* /etc/corosync/corosync.conf /etc/hosts /etc/fstab
for disk in /dev/disk/by-id/virtio-spare; do
    dd if=$disk bs=1M count=2 iflag=direct status=none | sha256sum
    dd if=$disk bs=1M skip=510 iflag=direct status=none | sha256sum
done
cat /proc/drbd | grep -o 'cs:.*ds:[^ ]*'
findmnt --noheadings --output TARGET --source /dev/drbd0 || :
systemctl is-active corosync pacemaker || :
"""


# All of it, and not before the playbook waits for it.
COPIED_ANEW = """
drbdadm invalidate r0 && drbdadm pause-sync r0
systemd-run --quiet sh -c '
    until ls /root/.ansible_async/j*; do sleep 1; done
    sleep 4; drbdadm resume-sync r0
'
"""


def test_a_marker_goes_there_and_back_with_the_swap() -> None:
    marker = NODE1.run(
        "head -c 3000000 /dev/urandom >/drbd/marker && sync && sha256sum /drbd/marker"
    )
    NODE2.run(COPIED_ANEW)
    said = play(*EXT4, "-e", "drbd_gfs2_pair_primary=node2")
    assert re.search(r"node2: volume 0: .*Sync.*, \d+\.\d % done, \d+ KiB left", said)
    assert disk_state(NODE2) == "Connected Primary/Secondary UpToDate/UpToDate"
    assert NODE2.run("sha256sum /drbd/marker && echo back >/drbd/other && sync") == marker
    assert NODE1.says("findmnt /drbd") == ""

    play(*EXT4)
    assert disk_state(NODE1) == "Connected Primary/Secondary UpToDate/UpToDate"
    assert NODE1.run("sha256sum /drbd/marker && cat /drbd/other") == f"{marker}back\n"
    assert NODE2.says("findmnt /drbd") == ""


# --- S4: both write


def test_gfs2_takes_the_place_of_the_ext4_that_is_named() -> None:
    uuid = NODE1.run("blkid -p -s UUID -o value /dev/drbd0").strip()
    output = play("-vvv", "--diff", "-e", f"drbd_gfs2_pair_replace_ext4={uuid}")
    wait_until_whole(60)

    assert SECRET not in output
    key = on_both("base64 -w 0 /etc/corosync/authkey; stat -c ' %a %U' /etc/corosync/authkey")
    assert key[0] == key[1]
    assert key[0].endswith(" 400 root\n")
    assert key[0].split()[0][:40] not in output
    assert "LABEL=pair:r0" in NODE1.run("blkid -p -o export /dev/drbd0")
    assert on_both("systemctl is-enabled corosync pacemaker dlm || :") == (
        ("enabled\nenabled\nmasked\n",) * 2
    )
    assert "value=pair" in NODE1.run("crm_attribute --query --name cluster-name")
    assert "Quorate:          Yes" in NODE1.run("corosync-quorumtool -s || :")
    assert NODE1.run("crm_node --list | sort").split()[1::3] == ["node1", "node2"]


def test_a_second_run_changes_nothing() -> None:
    assert changes(play()) == [0, 0]
    assert changes(play("--check")) == [0, 0]


# Without a process for each: to start one takes an emulated machine longer than to write a file.
WRITE_MANY = f"""
host=$(uname -n)
mkdir /clustered/of-$host && cd /clustered/of-$host
for number in $(seq {FILES}); do
    read -r text </proc/sys/kernel/random/uuid
    echo "$text" >many-$host-$number
done
sha256sum many-*
"""
COUNT = """
for time in $(seq 20); do
    flock /clustered/lock sh -c 'n=$(cat /clustered/count); echo $((n + 1)) >/clustered/count'
done
"""


def test_each_of_500_files_is_read_right_on_the_other_side() -> None:
    of_node1, of_node2 = on_both(WRITE_MANY, 300)

    for text in (of_node1, of_node2):
        assert len({line.split()[0] for line in text.splitlines()}) == FILES
    assert NODE2.run("cd /clustered/of-node1 && sha256sum many-*", 300) == of_node1
    assert NODE1.run("cd /clustered/of-node2 && sha256sum many-*", 300) == of_node2


def test_a_lock_on_one_side_holds_on_the_other() -> None:
    NODE1.run("echo 0 >/clustered/count")
    on_both(COUNT)

    assert on_both("cat /clustered/count") == ("40\n", "40\n")


def test_a_lost_machine_is_fenced_and_no_confirmed_file_is_missing() -> None:
    boot = NODE2.run("cat /proc/sys/kernel/random/boot_id")
    since = fence_log_size()
    with writers("cut") as (one, two):
        lab("power", "node2", "off")
        wait_until("node2 is fenced", lambda: fenced(since) == ["node2"], FENCING_SECONDS)
        count = len(one.confirmed)
        wait_until("node1 goes on", lambda: len(one.confirmed) > count + SOME, FENCING_SECONDS)
        confirmed = confirmed_lines(one, two)
        pause = longest_pause(one)
        lost = len(two.confirmed)
    say(f"node1 paused for {pause:.1f} s; {lost} files of node2 were safe")

    assert confirmed <= set(sums(NODE1, "cut-*"))
    assert pause < FENCING_SECONDS

    wait_until_whole()
    assert NODE2.run("cat /proc/sys/kernel/random/boot_id") != boot
    assert sums(NODE1, "cut-*") == sums(NODE2, "cut-*")
    assert confirmed <= set(sums(NODE2, "cut-*"))
    assert fenced(since) == ["node2"]
    assert changes(play()) == [0, 0]


def test_of_two_that_lose_each_other_exactly_one_goes_on() -> None:
    since = fence_log_size()
    with writers("split") as (one, two):
        for link in ("eth1", "eth2"):
            lab("link", "node1", link, "off")
        wait_until("one is fenced", lambda: fenced(since), FENCING_SECONDS)
        count = len(one.confirmed)
        wait_until("the other goes on", lambda: len(one.confirmed) > count + SOME, FENCING_SECONDS)
        confirmed = confirmed_lines(one, two)
    assert set(fenced(since)) == {"node2"}
    assert confirmed <= set(sums(NODE1, "split-*"))
    wait_until("node2 is back", lambda: NODE2.says("systemctl is-active corosync"), RETURN_SECONDS)
    assert "Primary" not in disk_state(NODE2).split("/", maxsplit=1)[0]
    assert NODE2.says("findmnt /clustered") == ""

    for link in ("eth1", "eth2"):
        lab("link", "node1", link, "on")
    wait_until_whole()
    assert sums(NODE1, "split-*") == sums(NODE2, "split-*")
    assert confirmed <= set(sums(NODE2, "split-*"))
    assert "Split-Brain" not in NODE1.run("journalctl -k -b --no-pager")


def test_a_split_brain_is_refused_and_mended_only_by_naming_what_goes() -> None:
    make_split_brain()
    before = on_both(IDENTITY)
    uuid = NODE2.run("drbdadm get-gi r0").split(":")[0]
    unnamed = words_of(play(rc=(2,)))
    assert "reason: split_brain" in unnamed
    assert uuid in unnamed
    assert "reason: victim_uuid_mismatch" in words_of(play(*giving_up("0123456789ABCDEF"), rc=(2,)))
    assert on_both(IDENTITY) == before

    play(*giving_up(uuid))
    wait_until_whole()
    assert on_both("cat /clustered/side") == ("node1\n", "node1\n")
    assert changes(play()) == [0, 0]


IDENTITY = "drbdadm get-gi r0; sha256sum /etc/drbd.d/r0.res; systemctl is-active pacemaker || :"


def giving_up(uuid: str) -> tuple[str, ...]:
    """What the playbook is told to throw away what node2 has written."""
    victim = "drbd_gfs2_pair_split_brain_victim=node2"
    return ("-e", victim, "-e", f"drbd_gfs2_pair_split_brain_discard={uuid}")


SPLIT = """
set -e
drbdadm disconnect r0
drbdsetup disk-options 0 --fencing=dont-care # and so it runs until somebody sets it right
drbdadm primary r0
mount -t gfs2 -o lockproto=lock_nolock /dev/drbd0 /mnt
uname -n >/mnt/side
umount /mnt
drbdadm secondary r0
"""


def make_split_brain() -> None:
    """Both write on their own, as only somebody can bring about who goes round every guard."""
    on_both("systemctl stop pacemaker corosync", 300)
    on_both("modprobe drbd; drbdadm up r0", 60)
    wait_until("both are connected", lambda: "Connected Sec" in disk_state(NODE1), 60)
    on_both(SPLIT, 180)
    on_both("drbdadm connect r0")
    wait_until("they do not connect", lambda: "StandAlone" in disk_state(NODE2), 60)


def test_after_a_reboot_of_both_everything_is_back() -> None:
    boots = on_both("cat /proc/sys/kernel/random/boot_id")
    before = sums(NODE1, "[cs]*-node*")
    on_both("systemd-run --quiet --on-active=1 systemctl reboot")
    wait_until(
        "both have booted again",
        lambda: all(
            (found := machine.says("cat /proc/sys/kernel/random/boot_id")) and found not in boots
            for machine in BOTH
        ),
        RETURN_SECONDS,
    )
    wait_until_whole()
    assert sums(NODE2, "[cs]*-node*") == before
    assert changes(play("--tags", "verify")) == [0, 0]
