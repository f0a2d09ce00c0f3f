# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes known by their pid file, and talking to a QEMU."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.machines.hypervisor import process, qmp

# The line says that it runs: right after its start its arguments are not there yet.
SLEEP = "import time; print(flush=True); time.sleep(60)"


@pytest.fixture
def pid_file(tmp_path: Path) -> Path:
    return tmp_path / "pid"


def started(*arguments: str) -> subprocess.Popen[bytes]:
    """A process that runs, with those arguments."""
    argv = [sys.executable, "-c", SLEEP, *arguments]
    child = subprocess.Popen(argv, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    return child


@pytest.fixture
def sleeper(pid_file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that names its pid file in its arguments, as QEMU does."""
    with started("-pidfile", str(pid_file)) as child:
        pid_file.write_text(f"{child.pid}\n")
        yield child
        child.kill()


def test_a_process_is_known_by_its_pid_file(
    pid_file: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    assert process.running(pid_file) == sleeper.pid


def test_a_number_that_belongs_to_another_process_is_nobodys(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with started() as stranger:
        pid_file.write_text(str(stranger.pid))
        assert process.running(pid_file) == 0
        process.end(pid_file, signal.SIGKILL)
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("content", ["", "no number", "0", "-1", "99999999"])
def test_a_pid_file_of_nonsense_is_nobodys(pid_file: Path, content: str) -> None:
    pid_file.write_text(content)
    assert process.running(pid_file) == 0


def test_no_pid_file_is_nobody(pid_file: Path) -> None:
    assert process.running(pid_file) == 0


def test_ending_it_leaves_nothing_running(pid_file: Path, sleeper: subprocess.Popen[bytes]) -> None:
    process.end(pid_file, signal.SIGKILL)  # a zombie until its parent, this test, asks for it
    assert process.running(pid_file) == 0
    assert sleeper.wait(5) == -signal.SIGKILL


def test_one_that_does_not_end_is_an_error(
    pid_file: Path, sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "END_TIMEOUT_SECONDS", 0.2)
    with pytest.raises(TimeoutError, match=f"process {sleeper.pid} does not end"):
        process.end(pid_file, signal.SIGCONT)


# --- QEMU's monitor


class FakeQemu(threading.Thread):
    """Takes one connection; answers each command with the next of its lines."""

    def __init__(self, folder: Path, lines: list[str]) -> None:
        super().__init__()
        self.asked: list[dict[str, object]] = []
        self.lines = lines
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(folder / "qmp"))
        self.server.listen()

    def run(self) -> None:
        connection, _address = self.server.accept()
        with self.server, connection, connection.makefile("rw") as line:
            line.write('{"QMP": {}}\n')
            line.flush()
            for answer in ['{"return": {}}', *self.lines]:
                self.asked.append(json.loads(line.readline()))
                line.write(f"{answer}\n")
                line.flush()


def test_a_command_is_sent_with_its_arguments(tmp_path: Path) -> None:
    event = '{"event": "STOP", "timestamp": {}}'
    qemu = FakeQemu(tmp_path, [f'{event}\n{{"return": {{"status": "running"}}}}'])
    qemu.start()
    answer = qmp.execute(tmp_path, "set_link", name="eth1", up=False)
    qemu.join()
    assert answer == {"status": "running"}
    assert qemu.asked[1] == {"execute": "set_link", "arguments": {"name": "eth1", "up": False}}


def test_what_qemu_refuses_is_an_error(tmp_path: Path) -> None:
    qemu = FakeQemu(tmp_path, ['{"error": {"class": "DeviceNotFound", "desc": "no eth9"}}'])
    qemu.start()
    with pytest.raises(qmp.QmpError, match="set_link: no eth9"):
        qmp.execute(tmp_path, "set_link", name="eth9", up=False)
    qemu.join()


def test_a_qemu_that_has_ended_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(qmp.QmpError, match="set_link: "):
        qmp.execute(tmp_path, "set_link", name="eth1", up=False)


def test_a_folder_may_have_a_longer_path_than_a_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 100) / ("y" * 100)
    folder.mkdir(parents=True)
    with pytest.raises(qmp.QmpError, match="No such file"):
        qmp.execute(folder, "query-status")
