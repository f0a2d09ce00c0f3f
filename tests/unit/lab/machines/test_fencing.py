# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fence listener on the host and the fence agent in the machines."""

from __future__ import annotations

import dataclasses
import io
import socket
import socketserver
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

import lab.machines.hypervisor.fencing as listener
from lab.machines.hypervisor.model import Lab, Machine
from lab.machines.hypervisor.power import PowerError

Run = Callable[..., int]
FILE = Path(listener.__file__).parents[1] / "context/guest/usr/lib/lab/fence_lab.py"


class Plugs:
    """Machines of which only the plugs are there; all are in at first."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.off: set[str] = set()

    def switch(self, machine: Machine, action: str) -> str:
        self.done.append(f"{action} {machine.name}")
        if action == "off":
            self.off.add(machine.name)
        elif action in ("on", "reboot"):
            self.off.discard(machine.name)
        return "off" if machine.name in self.off else "on"


@pytest.fixture
def plugs() -> Plugs:
    return Plugs()


@pytest.fixture(scope="module")
def agent() -> ModuleType:
    spec = spec_from_file_location("fence_lab", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("line", "said", "done"),
    [
        ("list", "OK node1 node2", []),
        ("list node1", "OK node1 node2", []),
        ("status node1", "OK on", ["status node1"]),
        ("off node1", "OK off", ["off node1"]),
        ("on node2", "OK on", ["on node2"]),
        ("reboot node2", "OK on", ["reboot node2"]),
    ],
)
def test_an_action_on_a_machine_of_the_lab_is_done(
    lab: Lab, plugs: Plugs, line: str, said: str, done: list[str]
) -> None:
    assert listener.answer(lab, line, plugs.switch) == said
    assert plugs.done == done


@pytest.mark.parametrize(
    "line",
    ["", "off", "off node3", "off ../node1", "off node1 node2", "kill node1", "GET / HTTP/1.1"],
)
def test_anything_else_is_refused(lab: Lab, plugs: Plugs, line: str) -> None:
    assert listener.answer(lab, line, plugs.switch).startswith("ERR ")
    assert plugs.done == []


def test_a_machine_that_can_not_be_switched_is_an_error_of_one_line(lab: Lab) -> None:
    def fail(_machine: Machine, _action: str) -> str:
        raise PowerError("node1: qemu:\nno disk")

    assert listener.answer(lab, "on node1", fail) == "ERR node1: qemu: no disk"


def test_a_machine_that_the_lab_got_later_can_be_fenced(lab: Lab) -> None:
    with listener.Listener(dataclasses.replace(lab, first_port=0, nodes=1)) as server:
        assert [machine.name for machine in server.read_lab().machines] == ["node1", "node2"]


def test_the_listener_answers_a_line_and_logs_it(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, plugs: Plugs, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listener.power, "switch", plugs.switch)
    with (
        listener.Listener(dataclasses.replace(lab, first_port=0)) as server,
        caplog.at_level("INFO"),
    ):
        assert server.server_address[0] == "127.0.0.1"
        threading.Thread(target=server.handle_request).start()
        with socket.create_connection(server.server_address[:2], 5) as connection:
            connection.sendall(b"off node2\n")
            assert connection.recv(100) == b"OK off\n"
    assert "off node2: OK off (0.0 s)" in caplog.text


# --- the agent


class FakeLab(socketserver.TCPServer):
    """Keeps the lines it is sent and gives one answer to all."""

    allow_reuse_address = True

    def __init__(self, answer: bytes) -> None:
        self.lines: list[str] = []
        lab = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                lab.lines.append(self.rfile.readline().decode())
                self.wfile.write(answer)

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def port(self) -> str:
        return str(self.server_address[1])


@pytest.fixture
def fake_lab(request: pytest.FixtureRequest) -> Iterator[FakeLab]:
    with FakeLab(request.param) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def run(agent: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The agent's exit status when Pacemaker sends it those options."""

    def run_agent(*options: str) -> int:
        text = "".join(f"{option}\n" for option in options)
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        return int(agent.main([]))

    return run_agent


@pytest.mark.parametrize(
    ("fake_lab", "action", "result"),
    [
        (b"OK on\n", "status", (0, "Status: ON\n")),
        (b"OK off\n", "status", (2, "Status: OFF\n")),
        (b"OK off\n", "off", (0, "")),
        (b"OK on\n", "off", (1, "")),  # it says that the machine still runs
        (b"OK on\n", "on", (0, "")),
        (b"OK off\n", "on", (1, "")),
        (b"OK on\n", "reboot", (0, "")),
        (b"OK off\n", "reboot", (1, "")),
        (b"OK node1 node2\n", "list", (0, "node1,\nnode2,\n")),
        (b"ERR no machine node2\n", "off", (1, "")),
        (b"ERR no machine node2\n", "status", (1, "")),
        (b"", "off", (1, "")),
        (b"SSH-2.0-OpenSSH_9.2\n", "off", (1, "")),
    ],
    indirect=["fake_lab"],
)
def test_only_what_the_lab_confirms_is_a_success(
    run: Run, capsys: pytest.CaptureFixture[str], fake_lab: FakeLab, action: str, result: object
) -> None:
    options = (f"action={action}", "ip=127.0.0.1", f"ipport={fake_lab.port}", "plug=node2")
    status = run(*options, "nodename=node1")
    assert fake_lab.lines == [f"{action} node2\n"]
    assert (status, capsys.readouterr().out) == result


@pytest.mark.parametrize("fake_lab", [b"OK node1 node2\n"], indirect=True)
def test_monitor_asks_the_lab_whether_it_is_there(run: Run, fake_lab: FakeLab) -> None:
    where = ("ip=127.0.0.1", f"ipport={fake_lab.port}")
    assert run("action=monitor", *where) == 0
    assert fake_lab.lines == ["list \n"]


def test_a_lab_that_does_not_answer_is_a_failure(run: Run) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and does not listen
        where = ("ip=127.0.0.1", f"ipport={closed.getsockname()[1]}", "plug=node2")
        for action in ("off", "on", "reboot", "status", "list", "monitor"):
            assert run(f"action={action}", *where) == 1


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (("action=validate-all", "ipport=21344"), 0),
        (("action=validate-all",), 1),
        (("action=off", "ipport=21344"), 1),  # of which machine?
        (("action=off", "ipport=x", "plug=node1"), 1),
        (("action=metadata=", "ipport=21344", "plug=node1"), 1),
    ],
)
def test_what_is_missing_fails_before_anybody_is_asked(
    run: Run,
    agent: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    status: int,
) -> None:
    monkeypatch.setattr(agent, "answer_of", lambda _asked: pytest.fail("asked the lab"))
    assert run(*options) == status


def test_options_of_the_command_line_are_those_of_standard_input(agent: ModuleType) -> None:
    by_hand = agent.parse_options(["-o", "off", "-a", "192.0.2.1", "-u", "5", "-n", "node1"], [])
    lines = ["action=off\n", "ipaddr=192.0.2.1\n", "ipport=5\n", "port=node1\n"]
    assert by_hand == agent.parse_options([], lines)
    assert by_hand == {"action": "off", "ip": "192.0.2.1", "ipport": "5", "plug": "node1"}


def test_metadata_names_every_action_and_option(
    agent: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert agent.main(["-o", "metadata"]) == 0
    described = ET.fromstring(capsys.readouterr().out)
    actions = {action.get("name") for action in described.iter("action")}
    assert actions == {*agent.ACTIONS, "metadata"}
    options = {option.get("name") for option in described.iter("parameter")}
    assert options == set(agent.LETTERS.values())
