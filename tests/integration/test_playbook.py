# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as people run it: by ansible-playbook, with check mode, diff, and a second run."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from disks.lives import assert_alive
from disks.loop import Disk
from disks.module import done
from disks.tools import signatures

PLAY = """
- name: Prepare a disk
  hosts: localhost
  connection: local
  gather_facts: false
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
  tasks:
    - name: From a blank disk to a mounted file system
      clustered.storage.block_device_prepare: WISH
    - name: Look at it
      clustered.storage.block_device_info:
        device: DEVICE
"""


@pytest.fixture
def play(tmp_path: Path, disk: Disk, place: str) -> Path:
    """A playbook for that disk."""
    wish = {"device": disk.path, **wanted(place)}
    file = tmp_path / "play.yml"
    file.write_text(PLAY.replace("WISH", json.dumps(wish)).replace("DEVICE", disk.path))
    return file


def wanted(place: str) -> dict[str, Any]:
    return {
        "partition": {"label": "gpt"},
        "filesystem": {"type": "xfs", "label": "brick1"},
        "mount": {"path": place, "options": "noatime"},
    }


def results(play: Path, *options: str) -> list[dict[str, Any]]:
    """What each task returned."""
    environment = {**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}
    command = ["ansible-playbook", "--inventory", "localhost,", *options, str(play)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert ended.stdout.lstrip().startswith("{"), ended.stdout + ended.stderr
    tasks = json.loads(ended.stdout)["plays"][0]["tasks"]
    return [task["hosts"]["localhost"] for task in tasks]


def test_check_diff_real_and_second_run(disk: Disk, place: str, play: Path) -> None:
    before = disk.digest()
    forecast, seen = results(play, "--check", "--diff")
    assert disk.digest() == before
    assert seen["device"]["blank"] is True

    real, tree = results(play, "--diff")
    second, again = results(play)

    assert (forecast["changed"], real["changed"], second["changed"]) == (True, True, False)
    assert forecast["plan"] == real["plan"]
    assert forecast["diff"] == real["diff"]
    assert second["plan"] == []
    assert_alive(disk, wanted(place))
    assert real["device"] == tree["device"] == again["device"]


def test_refusal_reaches_whoever_runs_the_playbook(disk: Disk, play: Path) -> None:
    done(disk.path, filesystem={"type": "ext4"})

    (result,) = results(play)

    assert result["reason"] == "has_ext4"
    assert "ext4" in result["msg"]
    assert signatures(disk.path) == {"ext4"}
