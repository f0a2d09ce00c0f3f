# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action that says how far its module is: real plays, of a module that takes its time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.clustered.storage.plugins.action.drbd_resource import ActionModule
from ansible_collections.clustered.storage.plugins.plugin_utils import watched
from helpers.recordings import recording

ACTION = """
from pathlib import Path

from ansible_collections.clustered.storage.plugins.plugin_utils import watched

watched.SAY_SECONDS = 0


class ActionModule(watched.WatchedAction):
    def is_long(self):
        return self._task.args["long"]

    def figures(self):
        Path(self._task.args["until"]).touch()
        return "half of it is done"

    def job_seconds(self):
        return 120
"""
MODULE = """#!/usr/bin/python
import os
import time
from ansible.module_utils.basic import AnsibleModule

spec = {name: {"type": "bool"} for name in ("long", "fails")}
spec |= {"until": {"type": "str"}, "secret": {"no_log": True}}
module = AnsibleModule(spec, supports_check_mode=True)
deadline = time.monotonic() + 60
while module.params["until"] and not os.path.exists(module.params["until"]):
    if time.monotonic() > deadline:
        module.fail_json(msg="nobody has said how far it is")
    time.sleep(0.1)
module.warn("it is late")
result = {"changed": True, "plan": [{"why": "so"}], "diff": {"before": {"a": 1}, "after": {}}}
if module.params["fails"]:
    module.fail_json(msg="it failed", reason="because", **result)
module.exit_json(**result)
"""
PLAY = """
- hosts: localhost
  gather_facts: false
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
    ansible_async_dir: "{{ playbook_dir }}/jobs"
    hidden: "{{ 'hu' ~ 'sh' }}"
  tasks:
    - register: long
      slow: { long: true, secret: "{{ hidden }}", until: "{{ playbook_dir }}/said" }
    - { register: short, slow: { long: false, secret: "{{ hidden }}" } }
    - { register: checked, slow: { long: true, secret: "{{ hidden }}" }, check_mode: true }
    - { register: own, slow: { long: true, secret: "{{ hidden }}" }, async: 60, poll: 1 }
    - register: failed
      slow: { long: true, secret: "{{ hidden }}", fails: true, until: "{{ playbook_dir }}/failing" }
      ignore_errors: true
    - copy:
        content: "{{ {'long': long, 'short': short, 'failed': failed, 'own': own} | to_json }}"
        dest: results.json
"""


@dataclass(frozen=True)
class Told:
    """What a play printed, the results of its tasks, and what it left of jobs."""

    output: str
    results: dict[str, dict[str, Any]]
    jobs: list[str]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The play, run once."""
    folder = tmp_path_factory.mktemp("watched")
    files = {"action_plugins/slow.py": ACTION, "library/slow.py": MODULE, "play.yml": PLAY}
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    command = str(Path(sys.executable).with_name("ansible-playbook"))
    argv = [command, "--inventory=localhost,", "--connection=local", "--diff", "-vvv", "play.yml"]
    done = subprocess.run(argv, cwd=folder, check=True, capture_output=True, text=True)
    results = json.loads((folder / "results.json").read_text())
    return Told(done.stdout + done.stderr, results, os.listdir(folder / "jobs"))


def test_figures_are_said_while_it_runs(told: Told) -> None:
    long, rest = told.output.split("TASK [slow]", 2)[1:]

    assert "localhost: half of it is done" in long
    assert "half of it is done" not in rest.split("ignoring")[0].rsplit("TASK [slow]", 1)[0]


def test_result_is_the_one_of_the_module(told: Told) -> None:
    assert told.results["long"] == told.results["short"]
    assert told.results["long"]["plan"] == [{"why": "so"}]
    assert told.results["long"]["warnings"] == ["it is late"]


def test_failure_is_the_one_of_the_module(told: Told) -> None:
    failed = told.results["failed"]

    assert (failed["failed"], failed["msg"], failed["reason"]) == (True, "it failed", "because")
    assert not set(failed) & set(watched.OF_THE_JOB)


def test_task_that_is_a_job_already_stays_one(told: Told) -> None:
    assert told.results["own"]["finished"]
    assert told.results["own"]["plan"] == [{"why": "so"}]


def test_no_job_is_left_and_no_secret_said(told: Told) -> None:
    assert told.jobs == []
    assert "hush" not in told.output


# --- the connection


class Long(watched.WatchedAction):
    """An action whose connection breaks so often, and whose job goes on so long."""

    def __init__(self, breaks: int = 0, looks: int = 0) -> None:
        self.breaks, self.looks, self.resets = breaks, looks, 0
        self._connection = SimpleNamespace(reset=self.reset)

    SECONDS = 5000

    def figures(self) -> str:
        return "some"

    def job_seconds(self) -> int:
        return self.SECONDS

    def reset(self) -> None:
        self.resets += 1

    def ask(self, job: str, _mode: str, _task_vars: dict[str, Any]) -> dict[str, Any]:
        self.breaks -= 1
        if self.breaks >= 0:
            raise AnsibleConnectionFailure("broken pipe")
        self.looks -= 1
        return {"finished": self.looks < 0, "ansible_job_id": job, "changed": True, "stdout": ""}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Time that passes only by sleeping; how long each sleep was."""
    slept: list[float] = []
    clock = SimpleNamespace(sleep=slept.append, monotonic=lambda: sum(slept))
    monkeypatch.setattr(watched, "time", clock)
    return slept


def test_connection_that_breaks_is_made_anew(clock: list[float]) -> None:
    action = Long(breaks=5)

    assert action.watch("j1", {}) == {"changed": True}
    assert action.resets == 5
    assert len(clock) == 6


def test_connection_that_stays_broken_is_given_up(clock: list[float]) -> None:
    with pytest.raises(AnsibleConnectionFailure):
        Long(breaks=1000).watch("j1", {})

    assert sum(clock) > watched.LOST_SECONDS


def test_job_that_never_ends_is_given_up(clock: list[float]) -> None:
    """A machine that was rebooted knows of the job, and nobody works on it."""
    found = Long(looks=10**6).watch("j1", {})

    assert found["failed"]
    assert (found["reason"], "j1" in found["msg"]) == ("job_lost", True)
    assert Long.SECONDS < sum(clock) <= Long.SECONDS + watched.ASK_SECONDS[1]


def test_waiting_costs_a_tenth_at_most(clock: list[float]) -> None:
    Long(looks=60).watch("j1", {})

    assert max(clock) <= watched.ASK_SECONDS[1]
    assert all(one <= max(1, sum(clock[:n]) / 10) for n, one in enumerate(clock))


# --- what drbd_resource says


class OnMachine(ActionModule):
    """The action with recorded output at the other end of its connection."""

    def __init__(self, name: str, **args: Any) -> None:
        self._task = SimpleNamespace(args={"name": "r0", **args})
        self.name = name

    def _compute_environment_string(self, *_args: Any) -> str:
        return ""

    def _low_level_execute_command(self, cmd: str, *_args: Any, **_more: Any) -> dict[str, Any]:
        if "/sys/module/drbd/version" in cmd:
            return {"rc": 0, "stdout": "8.4.11\n", "stderr": ""}
        said = recording("drbd-utils-9.22.0", self.name)
        assert cmd.endswith(" ".join(said.argv))
        return {"rc": said.rc, "stdout": on_terminal(said.stdout), "stderr": said.stderr}


def on_terminal(text: str) -> str:
    """Recorded: Ansible gives a command a terminal, and drbdsetup colours what it says on one."""
    for word, colour in (("UpToDate", "1;32"), ("Primary", "1;36"), ("SyncSource", "31")):
        text = text.replace(f":{word}", f":\x1b[{colour}m{word}\x1b[0m")
    return text.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("status_source", "volume 0: SyncSource, 1.6 % done, 16128 KiB left"),
        ("status_connecting", "the connection to the peer is Connecting, not yet settled"),
        ("status_healthy", ""),
        ("status_none", ""),
    ],
)
def test_words_about_a_resource(name: str, words: str) -> None:
    assert OnMachine(name).figures() == words


def test_only_the_wait_for_data_is_long() -> None:
    assert OnMachine("status_source", wait_for="uptodate").is_long()
    assert OnMachine("status_none", wait_for="uptodate").is_long()
    assert not OnMachine("status_healthy", wait_for="uptodate").is_long()
    assert not OnMachine("status_source", wait_for="connected").is_long()
    assert not OnMachine("status_source").is_long()


def test_job_may_take_what_all_its_waits_may_take() -> None:
    assert OnMachine("status_source").job_seconds() > 3 * 300
    assert OnMachine("status_source", timeout="7200").job_seconds() > 3 * 7200
    wrong = OnMachine("status_source", wait_for="uptodate", timeout="soon")
    assert not wrong.is_long()  # the module says what is wrong
