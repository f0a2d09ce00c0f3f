# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The door to the machine: what there is, what there is not, and what nobody can tell."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.clustered.storage.plugins.module_utils._engine import host as door
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.host import (
    AnsibleHost,
    Output,
    look,
)


class StubModule:
    """The two methods of AnsibleModule that the door uses."""

    def __init__(self, installed: bool = True) -> None:
        self._installed = installed
        self.commands: list[tuple[list[str], dict[str, Any]]] = []

    def get_bin_path(self, name: str) -> str | None:
        return f"/usr/sbin/{name}" if self._installed else None

    def run_command(self, argv: list[str], **how: Any) -> tuple[int, str, str]:
        self.commands.append((argv, how))
        return 3, "out", "err"


@pytest.fixture
def machine() -> AnsibleHost:
    return AnsibleHost(StubModule())


@pytest.fixture
def listener() -> Iterator[int]:
    """A port at which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def broken(_path: str, *_more: Any, **_named: Any) -> Any:
    raise OSError(errno.EIO, "Input/output error")


# --- commands


def test_command_runs_by_its_path_in_the_c_locale_without_input() -> None:
    module = StubModule()

    output = AnsibleHost(module).run(("gluster", "pool", "list"))

    assert output == Output(3, "out", "err")
    ((argv, how),) = module.commands
    assert argv == ["/usr/sbin/gluster", "pool", "list"]
    assert how["environ_update"] == {"LANGUAGE": "C", "LC_ALL": "C"}
    assert how["data"] == ""


def test_missing_tool_is_named() -> None:
    with pytest.raises(StorageError, match="gluster is not installed") as raised:
        AnsibleHost(StubModule(installed=False)).run(("gluster",))

    assert raised.value.reason == "tool_missing"


# --- looking at files


@pytest.mark.parametrize(
    "number", [errno.ENOENT, errno.ENOTDIR, errno.ENODATA, errno.ENOTSUP], ids=errno.errorcode.get
)
def test_look_tells_that_there_is_nothing(number: int) -> None:
    def nothing() -> str:
        raise OSError(number, "nothing")

    assert look(nothing, "/b") is None


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.ESTALE], ids=errno.errorcode.get)
def test_look_that_fails_is_not_nothing(number: int) -> None:
    def unreadable() -> str:
        raise OSError(number, "it is broken")

    with pytest.raises(StorageError, match="/b can not be looked at: it is broken") as raised:
        look(unreadable, "/b")

    assert raised.value.reason == "unreadable"


def test_entries_are_sorted(machine: AnsibleHost, tmp_path: Path) -> None:
    (tmp_path / "b").touch()
    (tmp_path / "a").mkdir()

    assert machine.entries(str(tmp_path)) == ("a", "b")


def test_missing_directory_has_no_entries(machine: AnsibleHost, tmp_path: Path) -> None:
    assert machine.entries(str(tmp_path / "none")) is None


def test_file_is_no_directory(machine: AnsibleHost, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert machine.entries(str(tmp_path / "file")) is None


def test_broken_directory_is_not_an_empty_one(
    machine: AnsibleHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "listdir", broken)

    with pytest.raises(StorageError) as raised:
        machine.entries("/b")

    assert raised.value.reason == "unreadable"


def test_text_of_a_file(machine: AnsibleHost, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a=b\n", encoding="utf-8")

    assert machine.text(str(tmp_path / "file")) == "a=b\n"


def test_missing_file_has_no_text(machine: AnsibleHost, tmp_path: Path) -> None:
    assert machine.text(str(tmp_path / "none")) is None


def test_path_without_attribute_has_an_empty_one(machine: AnsibleHost, tmp_path: Path) -> None:
    assert machine.xattr(str(tmp_path), "user.none") == b""


def test_attribute_is_read(machine: AnsibleHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getxattr", lambda *_path, **_how: b"mark")

    assert machine.xattr("/b", "trusted.x") == b"mark"


def test_attribute_that_can_not_be_read_is_not_absent(
    machine: AnsibleHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getxattr", broken)

    with pytest.raises(StorageError):
        machine.xattr("/b", "trusted.x")


def test_paths_of_one_file_system_have_one_device(machine: AnsibleHost, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()

    device = machine.device(str(tmp_path))

    assert device is not None
    assert machine.device(str(tmp_path / "below")) == device


def test_missing_path_is_on_no_device(machine: AnsibleHost, tmp_path: Path) -> None:
    assert machine.device(str(tmp_path / "none")) is None


# --- names and addresses


def test_name_resolves_to_its_addresses(
    machine: AnsibleHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def getaddrinfo(*_name: Any, **_how: Any) -> list[Any]:
        return [(0, 0, 0, "", (address, 0)) for address in ("10.0.0.2", "10.0.0.1", "10.0.0.2")]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    assert machine.addresses("node1") == ("10.0.0.1", "10.0.0.2")


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), UnicodeError("too long")])
def test_name_that_does_not_resolve_has_no_addresses(
    machine: AnsibleHost, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_name: Any, **_how: Any) -> Any:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)

    assert machine.addresses("nowhere") == ()


def test_loopback_is_local(machine: AnsibleHost) -> None:
    assert machine.is_local("127.0.0.1")


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_address_of_another_machine_is_not_local(machine: AnsibleHost, address: str) -> None:
    assert not machine.is_local(address)


def test_port_with_a_listener_answers(machine: AnsibleHost, listener: int) -> None:
    assert machine.answers("127.0.0.1", listener)


def test_port_without_a_listener_does_not_answer(machine: AnsibleHost) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    assert not machine.answers("127.0.0.1", port)


# --- time


def test_clock_moves_forward(machine: AnsibleHost) -> None:
    assert machine.now() <= machine.now()


def test_sleep_is_a_little_longer_at_random(
    machine: AnsibleHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(door.time, "sleep", slept.append)

    machine.sleep(10)

    assert 10 <= slept[0] <= 12
