# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the machines are reached, and how long they are waited for."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from lab.machines.hypervisor import accelerator, boot, commands, inventory
from lab.machines.hypervisor.clock import clock_khz
from lab.machines.hypervisor.model import Lab

ROOT = Path(__file__).resolve().parents[4]


def children(lab: Lab) -> dict[str, dict[str, dict[str, dict[str, object]]]]:
    groups = yaml.safe_load(inventory.hosts_yml(lab))["all"]["children"]
    assert isinstance(groups, dict)
    return groups


def test_the_first_two_machines_are_the_pair(lab: Lab) -> None:
    groups = children(dataclasses.replace(lab, nodes=3))
    assert list(groups["drbd_pair"]["hosts"]) == ["node1", "node2"]
    assert list(groups["machines"]["hosts"]) == ["node1", "node2", "node3"]


def test_each_machine_has_its_port_and_both_addresses(lab: Lab) -> None:
    assert children(lab)["machines"]["hosts"]["node2"] == {
        "ansible_port": lab.first_port + 2,
        "drbd_address": "10.77.0.12",
        "second_address": "10.78.0.12",
    }


def test_the_inventory_says_how_to_fence(lab: Lab) -> None:
    common = children(lab)["machines"]["vars"]
    assert common["fence_lab_address"] == "10.0.2.2"
    assert common["fence_lab_port"] == lab.fence_port
    assert common["fence_lab_log"] == str(lab.state / "fencing.log")


def test_a_lab_may_be_in_a_folder_of_any_name(lab: Lab) -> None:
    strange = dataclasses.replace(lab, state=Path('/a: b #c "d"'))
    common = children(strange)["machines"]["vars"]
    assert common["ansible_ssh_private_key_file"] == '/a: b #c "d"/key'


def test_ssh_finds_each_machine_by_its_name(lab: Lab, tmp_path: Path) -> None:
    config = tmp_path / "ssh_config"
    config.write_text(inventory.ssh_config(lab))
    shown = subprocess.run(
        ["ssh", "-F", str(config), "-G", "node2"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    wanted = {"hostname 127.0.0.1", f"port {lab.first_port + 2}", "user root"}
    assert wanted <= set(shown)
    assert f"identityfile {lab.state}/key" in shown


def test_a_machine_that_is_off_is_not_waited_for(lab: Lab) -> None:
    said: list[str] = []
    (lab.state / "node1").mkdir()
    (lab.state / "node1/console.log").write_text("one\r\n\x1b[!p\x1b[?7h\r\nKernel panic\r\n")
    with pytest.raises(
        boot.BootError, match=r"(?s)node1 has ended after 0 s.*  one\n  Kernel panic$"
    ):
        boot.wait_for_ssh(lab, lab.machines[:1], said.append)


def test_kvm_is_not_tried_where_it_is_not_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accelerator, "_console_of_trial", lambda _image: pytest.fail("tried"))
    assert accelerator.choose("tcg", tmp_path) == "tcg"


@pytest.fixture
def is_device_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A /dev/kvm that can be opened, of use or not."""
    monkeypatch.setattr(os, "access", lambda _path, _mode: True)


@pytest.mark.usefixtures("is_device_there")
@pytest.mark.parametrize(
    ("console", "chosen"),
    [(b"lab: the kernel runs\r\n", "kvm"), (b"", "tcg"), (b"KVM internal error", "tcg")],
)
def test_kvm_is_taken_only_when_a_kernel_boots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, console: bytes, chosen: str
) -> None:
    monkeypatch.setattr(accelerator, "_console_of_trial", lambda _image: console)
    assert accelerator.choose("auto", tmp_path) == chosen
    monkeypatch.setattr(accelerator, "_console_of_trial", lambda _image: pytest.fail("again"))
    assert accelerator.choose("auto", tmp_path) == chosen


@pytest.mark.usefixtures("is_device_there")
def test_kvm_that_was_asked_for_and_does_not_work_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accelerator, "_console_of_trial", lambda _image: b"")
    with pytest.raises(accelerator.NoKvm, match="LAB_ACCEL=tcg"):
        accelerator.choose("kvm", tmp_path)


def test_the_clock_is_measured_the_same_twice() -> None:
    first = clock_khz()
    clock_khz.cache_clear()
    assert first > 100_000
    assert clock_khz() == pytest.approx(first, rel=0.01)


def test_what_is_not_there_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(commands.LabError, match="no lab other: start it with lab/machines/up"):
        commands.switch("other", tmp_path, "node1", "off")


def test_a_machine_that_is_not_the_labs_is_not_switched(lab: Lab) -> None:
    with pytest.raises(commands.LabError, match="no machine node9: the lab has node1 node2"):
        commands.switch("lab", lab.state, "node9", "off")


@pytest.mark.parametrize(
    ("asked", "has", "nodes"),
    [(None, None, 2), (1, None, 1), (0, None, 0), (None, 3, 3), (4, 3, 4), (1, 3, 3)],
)
def test_no_machine_is_taken_away_or_added_unasked(
    lab: Lab, asked: int | None, has: int | None, nodes: int
) -> None:
    existing = dataclasses.replace(lab, nodes=has) if has else None
    assert commands.wanted_nodes(asked, existing) == nodes


@pytest.mark.parametrize("name", ["../x", "image-x", "Lab", "-x", "a b"])
def test_a_labs_name_is_no_path(name: str) -> None:
    done = subprocess.run(
        [ROOT / "lab/machines/power", "node1", "off"],
        env={**os.environ, "LAB_MACHINES_NAME": name},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert f"LAB_MACHINES_NAME is {name}: use small letters" in done.stderr
