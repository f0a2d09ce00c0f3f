# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action that sends its module only when there is something to do."""

from __future__ import annotations

import shlex
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.plugins.action import ActionBase
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible_collections.clustered.storage.plugins.action.gluster_volume import ActionModule
from ansible_collections.clustered.storage.plugins.plugin_utils.command_host import (
    CommandHost,
    NeedsModule,
)
from helpers.build import run_volume
from helpers.glusterd import Glusterd, PoolHost

BRICKS = ["node1:/b/1/brick", "node2:/b/1/brick", "node3:/b/1/brick"]
TASK = {"name": "vol", "state": "started", "replicas": "3", "bricks": BRICKS}
MODULE = {"sent": "module"}


class Connection(ActionModule):
    """The action with a model of glusterd at the other end of its connection."""

    def __init__(self, pool: Glusterd, args: dict[str, Any], async_seconds: int = 0) -> None:
        self._task = SimpleNamespace(args=args, async_val=async_seconds)
        self.pool = pool
        self.commands: list[str] = []

    def _compute_environment_string(self, *_args: Any) -> str:
        return "HTTP_PROXY=proxy"

    def _low_level_execute_command(self, cmd: str, *_args: Any, **_more: Any) -> dict[str, Any]:
        self.commands.append(cmd)
        argv = [word for word in shlex.split(cmd) if "=" not in word or word.startswith("--")]
        if argv[0] != "gluster":
            return {"rc": 127, "stdout": "", "stderr": "not found"}
        output = self.pool.run(argv)
        return {"rc": output.rc, "stdout": output.stdout, "stderr": output.stderr}


@pytest.fixture(autouse=True)
def _module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NormalAction, "run", lambda *_args, **_more: dict(MODULE))
    monkeypatch.setattr(ActionBase, "run", lambda *_args, **_more: {"base": True})


@pytest.fixture
def pool() -> Glusterd:
    made = Glusterd()
    run_volume(PoolHost(made), **{**TASK, "replicas": 3})
    return made


def test_volume_as_wanted_is_found_by_one_command(pool: Glusterd) -> None:
    action = Connection(pool, dict(TASK))

    result = action.run(None, {})

    assert (result["changed"], result["plan"], result["base"]) == (False, [], True)
    assert result["volume"]["status"] == "started"
    assert action.commands == [
        "HTTP_PROXY=proxy LANGUAGE=C LC_ALL=C gluster --mode=script --xml volume info all"
    ]


def test_module_is_sent_for_a_change(pool: Glusterd) -> None:
    action = Connection(pool, {**TASK, "options": {"performance.quick-read": False}})

    assert action.run(None, {}) == MODULE


def test_module_is_sent_where_only_it_can_look() -> None:
    action = Connection(Glusterd(), dict(TASK))

    assert action.run(None, {}) == MODULE


@pytest.mark.parametrize("wrong", [{"replicas": "many"}, {"nonsense": 1}, {"bricks": ["/b"]}])
def test_module_reports_wrong_parameters(pool: Glusterd, wrong: dict[str, Any]) -> None:
    action = Connection(pool, {**TASK, **wrong})

    assert action.run(None, {}) == MODULE
    assert action.commands == []


def test_module_reports_a_daemon_that_is_down(pool: Glusterd) -> None:
    action = Connection(pool, dict(TASK))
    action._low_level_execute_command = lambda *_args, **_more: {  # type: ignore[method-assign]
        "rc": 1,
        "stdout": "",
        "stderr": "Connection failed. Please check if gluster daemon is operational.",
    }

    assert action.run(None, {}) == MODULE


def test_module_is_sent_when_it_runs_in_the_background(pool: Glusterd) -> None:
    action = Connection(pool, dict(TASK), async_seconds=60)

    assert action.run(None, {}) == MODULE
    assert action.commands == []


def test_directories_need_the_module() -> None:
    with pytest.raises(NeedsModule):
        CommandHost(SimpleNamespace()).xattr("/b", "trusted.x")


@pytest.mark.parametrize(
    ("stdout", "rc", "found"),
    [
        ("10.0.0.2 STREAM node2\n10.0.0.2 DGRAM\nfd00::2 STREAM\n", 0, ("10.0.0.2", "fd00::2")),
        ("", 2, ()),
    ],
)
def test_addresses_are_those_that_resolve_there(
    stdout: str, rc: int, found: tuple[str, ...]
) -> None:
    action = SimpleNamespace(
        _compute_environment_string=lambda: "",
        _low_level_execute_command=lambda _cmd: {"rc": rc, "stdout": stdout, "stderr": ""},
    )

    assert CommandHost(action).addresses("node2") == found


@pytest.mark.parametrize(("stdout", "local"), [("2: eth0 inet 10.0.0.1/24\n", True), ("", False)])
def test_address_of_the_machine_is_known(stdout: str, local: bool) -> None:
    action = SimpleNamespace(
        _compute_environment_string=lambda: "",
        _low_level_execute_command=lambda _cmd: {"rc": 0, "stdout": stdout, "stderr": ""},
    )

    assert CommandHost(action).is_local("10.0.0.1") is local


@pytest.mark.parametrize("question", ["addresses", "is_local"])
def test_machine_without_the_tool_needs_the_module(question: str) -> None:
    action = SimpleNamespace(
        _compute_environment_string=lambda: "",
        _low_level_execute_command=lambda _cmd: {"rc": 127, "stdout": "", "stderr": "not found"},
    )

    with pytest.raises(NeedsModule):
        getattr(CommandHost(action), question)("node2")
