# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the engine printed, and what is said to it and to the machines."""

from __future__ import annotations

import io
import json
import re
import tarfile

import pytest
from helpers.recordings import recording

from lab.ec2.embedded.hypervisor import apply, commands, steps
from lab.ec2.embedded.hypervisor.actual import RUNNING, Actual, Container, Loop
from lab.ec2.embedded.hypervisor.guest import archive, backing_file, guest_of, seed
from lab.ec2.embedded.hypervisor.model import Machine, Rule
from lab.ec2.embedded.hypervisor.parse import parse_actual, parse_containers
from lab.ec2.embedded.hypervisor.security_groups import ruleset

IMAGE = "clustered-storage/lab-ec2:debian-12"
INSPECTED = recording("docker-20.10.24", "ec2_containers").stdout
ARRAY = """\
file vol-a1.img 1073741824
file snap-1.img 2147483648
loop loop0 brick1.6eae9dd8-c5aa-4116-b7b6-e940587ccda2.img 2147483648 0
loop loop3 hv.vol-a1.i-2 1073741824 0
loop loop4 hv2.vol-a1.i-2 1073741824 0
loop loop5 hv.vol-c3.i-1 1073741824 1
note i-1 ba7e1cf184473a99
"""
WEB = Rule("tcp", 80, 443, ("10.0.0.0/8", "192.0.2.1/32"))


def test_machines_are_told_from_the_array_by_their_label() -> None:
    machines, array = parse_containers(INSPECTED)
    assert machines == (
        Container("i-1", RUNNING, IMAGE, "subnet-1"),
        Container("i-2", RUNNING, IMAGE, "subnet-1"),
    )
    assert array == RUNNING


def test_only_disks_of_the_lab_itself_are_seen() -> None:
    actual = parse_actual("hv", INSPECTED, "subnet-1\n", "ami-2\nami-1\n", ARRAY)
    assert actual.disks == {"vol-a1": 1073741824}
    assert actual.snapshots == ("snap-1",)
    assert actual.loops == (
        Loop("vol-a1", "i-2", "loop3", 1073741824),
        Loop("vol-c3", "i-1", "loop5", 1073741824, is_leaving=True),
    )
    assert (actual.networks, actual.images) == (("subnet-1",), ("ami-1", "ami-2"))
    assert actual.told == {"i-1": "ba7e1cf184473a99"}
    assert actual.is_array_running


def test_where_nothing_is_nothing_is_found() -> None:
    assert parse_actual("hv", "[]", "", "", "") == Actual()


def test_name_of_a_file_behind_a_loop_device_is_read_as_it_was_given() -> None:
    line = f"loop loop3 {backing_file('my-lab', 'vol-1', 'i-9')} 512 0\n"
    assert parse_actual("my-lab", "[]", "", "", line).loops == (Loop("vol-1", "i-9", "loop3", 512),)


def rules_in(text: str) -> list[str]:
    """The lines that accept something by a rule."""
    return [line.strip() for line in text.splitlines() if "saddr" in line]


@pytest.mark.parametrize(
    ("rule", "lines"),
    [
        (WEB, ["ip saddr { 10.0.0.0/8, 192.0.2.1/32 } tcp dport 80-443 accept"]),
        (Rule("-1", -1, -1, ("10.0.0.5",)), ["ip saddr { 10.0.0.5 } accept"]),
        (Rule("udp", 0, 65535, ("10.0.0.5",)), ["ip saddr { 10.0.0.5 } meta l4proto udp accept"]),
        (Rule("icmp", -1, -1, ("10.0.0.5",)), ["ip saddr { 10.0.0.5 } meta l4proto icmp accept"]),
        (Rule("icmp", 8, -1, ("10.0.0.5",)), ["ip saddr { 10.0.0.5 } icmp type 8 accept"]),
        (
            Rule("icmp", 3, 4, ("10.0.0.5",)),
            ["ip saddr { 10.0.0.5 } icmp type 3 icmp code 4 accept"],
        ),
        (Rule("17", 53, 53, ("10.0.0.5",)), ["ip saddr { 10.0.0.5 } udp dport 53-53 accept"]),
        (Rule("tcp", 22, 22, ("::/0",)), ["ip6 saddr { ::/0 } tcp dport 22-22 accept"]),
        (
            Rule("tcp", 22, 22, ("::/0", "0.0.0.0/0")),
            [
                "ip saddr { 0.0.0.0/0 } tcp dport 22-22 accept",
                "ip6 saddr { ::/0 } tcp dport 22-22 accept",
            ],
        ),
        (Rule("tcp", 22, 22, ()), []),
    ],
)
def test_rule_accepts_its_sources_and_ports_only(rule: Rule, lines: list[str]) -> None:
    assert rules_in(ruleset((rule,))) == lines


def test_without_rules_everything_but_answers_is_dropped() -> None:
    text = ruleset(())
    assert "policy drop;" in text
    assert re.findall(r"^\t\t(.+) accept$", text, re.MULTILINE) == [
        'iifname "lo"',
        "ct state established,related",
    ]


def test_order_of_rules_is_no_difference() -> None:
    other = Rule("tcp", 22, 22, ("0.0.0.0/0",))
    assert ruleset((WEB, other)) == ruleset((other, WEB, WEB))


def machine(rules: tuple[Rule, ...] = (), user_data: str = "") -> Machine:
    return Machine(
        "i-9", True, "ami-1", "subnet-1", "10.0.0.9", "ip-10-0-0-9", "ssh-ed25519 AAAA", user_data,
        rules=rules,
    )  # fmt: skip


def test_other_disks_or_other_rules_are_news() -> None:
    loops = (Loop("vol-1", "i-9", "loop3", 512),)
    guests = {
        guest_of("hv", machine(), ()).digest,
        guest_of("hv", machine(), loops).digest,
        guest_of("hv", machine((WEB,)), loops).digest,
    }
    assert len(guests) == 3
    assert guest_of("hv", machine(), loops).disks == "vol-1 loop3 hv.vol-1.i-9\n"


def test_machine_knows_the_names_of_all_addresses() -> None:
    names = guest_of("hv", machine(), (), (machine(),)).names

    assert (
        names == f"{machine().address} {machine().hostname}.compute.internal {machine().hostname}\n"
    )


def test_cloud_init_gets_identity_key_and_user_data() -> None:
    packed = archive(seed(machine(user_data="#!/bin/sh\n")))
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        files = {one.name.rpartition("/")[2]: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]
        assert {one.mode for one in tar} == {0o600}
    assert json.loads(files["meta-data"]) == {
        "instance-id": "i-9",
        "local-hostname": "ip-10-0-0-9",
        "public-keys": ["ssh-ed25519 AAAA"],
    }
    assert files["user-data"] == b"#!/bin/sh\n"


def test_machine_is_not_privileged_and_can_not_make_loop_devices() -> None:
    argv = commands.create_machine(
        "hv", steps.CreateMachine("i-1", IMAGE, "subnet-1", "10.0.0.9", "h")
    )
    assert "--privileged" not in argv
    assert [word for word in argv if word.startswith("--cap-add")] == [
        "--cap-add=SYS_ADMIN",
        "--cap-add=NET_ADMIN",
    ]
    assert [word for word in argv if word.startswith("--device=")] == ["--device=/dev/fuse"]
    assert "--ip=10.0.0.9" in argv
    assert argv[-1] == IMAGE


def test_copy_of_a_snapshot_names_its_source_and_a_blank_disk_none() -> None:
    array = ("docker", "exec", "clustered-storage-ec2-hv-disks", "ec2-array")
    blank = commands.make_disk("hv", steps.MakeDisk("vol-1", 2, ""))
    copy = commands.make_disk("hv", steps.MakeDisk("vol-1", 2, "snap-1"))
    assert blank == (*array, "make", "vol-1", "2G")
    assert copy == (*array, "make", "vol-1", "2G", "snap-1")


def kinds_of_steps() -> set[type]:
    return set(steps.Step.__subclasses__())


def test_every_step_has_its_command_or_procedure_and_only_one() -> None:
    assert set(apply.COMMANDS) | set(apply.PROCEDURES) == kinds_of_steps()
    assert not set(apply.COMMANDS) & set(apply.PROCEDURES)
