# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The door to the machine: what there is, what there is not, and what nobody can tell."""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils import _internal
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args
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
def writer(monkeypatch: pytest.MonkeyPatch) -> AnsibleHost:
    """The door with a module of Ansible's behind it, which replaces files."""
    monkeypatch.setattr(_internal, "is_controller", False)
    with patch_module_args({}):
        return AnsibleHost(AnsibleModule({}))


@pytest.fixture
def block_device() -> str:
    """Any block device of this machine, which is only looked at."""
    names = sorted(os.listdir("/sys/class/block")) if os.path.isdir("/sys/class/block") else []
    found = [f"/dev/{name}" for name in names if Path(f"/dev/{name}").is_block_device()]
    if not found:
        pytest.skip("this machine shows no block device")
    return found[0]


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


def test_command_gets_its_input() -> None:
    module = StubModule()

    AnsibleHost(module).run(("sfdisk", "/dev/sdb"), "label: gpt\n")

    ((_argv, how),) = module.commands
    assert (how["data"], how["binary_data"]) == ("label: gpt\n", True)


def test_tool_is_found_or_not() -> None:
    assert AnsibleHost(StubModule()).finds("gluster")
    assert not AnsibleHost(StubModule(installed=False)).finds("gluster")


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


def gone(*_path: Any) -> Any:
    raise OSError(errno.ENODEV, "No such device")


def test_device_that_goes_away_has_no_text(
    machine: AnsibleHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "read_text", gone)

    assert machine.text("/sys/block/loop0/loop/backing_file") is None


def test_device_that_went_away_is_not_an_empty_one(
    machine: AnsibleHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "read_bytes", gone)

    with pytest.raises(StorageError) as raised:
        machine.read_at("/dev/sdb", 0, 512)

    assert raised.value.reason == "unreadable"


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


def test_text_that_is_no_utf8_is_read(machine: AnsibleHost, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"# f\xfcr\r\nx\n")

    text = machine.text(str(tmp_path / "file"))

    assert text is not None
    assert text.encode("utf-8", "surrogateescape") == b"# f\xfcr\r\nx\n"


def test_path_without_its_links(machine: AnsibleHost, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")

    real = str((tmp_path / "file").resolve())

    assert machine.real_path(str(tmp_path / "link")) == real
    assert machine.real_path(str(tmp_path / "none")).endswith("/none")


def test_bytes_of_a_file(machine: AnsibleHost, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")

    assert machine.read_at(str(tmp_path / "file"), 2, 3) == b"234"
    assert machine.read_at(str(tmp_path / "file"), 8, 3) == b"89"
    assert machine.read_at(str(tmp_path / "none"), 0, 3) == b""


def test_file_system_that_is_seen_at_a_path(machine: AnsibleHost, tmp_path: Path) -> None:
    number = os.stat(tmp_path).st_dev

    assert machine.file_system(str(tmp_path)) == f"{os.major(number)}:{os.minor(number)}"
    assert machine.file_system(str(tmp_path / "none")) == ""


# --- writing


def test_file_is_replaced(writer: AnsibleHost, tmp_path: Path) -> None:
    path = tmp_path / "fstab"
    path.write_text("old\n", encoding="utf-8")
    path.chmod(0o640)
    before = path.stat()

    writer.write_text(str(path), "new\n", "old\n")

    after = path.stat()
    assert path.read_text(encoding="utf-8") == "new\n"
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )
    assert after.st_ino != before.st_ino
    assert [one.name for one in tmp_path.iterdir()] == ["fstab"]


def test_missing_file_is_made(writer: AnsibleHost, tmp_path: Path) -> None:
    writer.write_text(str(tmp_path / "fstab"), "new\n", None)

    assert (tmp_path / "fstab").read_text(encoding="utf-8") == "new\n"
    assert (tmp_path / "fstab").stat().st_mode & 0o200


def test_link_to_a_file_stays_a_link(writer: AnsibleHost, tmp_path: Path) -> None:
    (tmp_path / "managed").mkdir()
    target = tmp_path / "managed/fstab"
    target.write_text("old\n", encoding="utf-8")
    (tmp_path / "fstab").symlink_to("managed/fstab")

    writer.write_text(str(tmp_path / "fstab"), "new\n", "old\n")

    assert (tmp_path / "fstab").is_symlink()
    assert target.read_text(encoding="utf-8") == "new\n"


@pytest.mark.parametrize(
    "text", [b"# f\xfcr uns\n", b"a\r\nb\rc\n", b"no end", b"\x0c\xc2\x85\n", b""]
)
def test_bytes_that_were_read_are_written(writer: AnsibleHost, tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "fstab"
    path.write_bytes(text)
    read = writer.text(str(path))
    assert read is not None

    writer.write_text(str(path), f"{read}more\n", read)

    assert path.read_bytes() == text + b"more\n"


def test_write_that_fails_leaves_the_file_and_nothing_else(
    writer: AnsibleHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "fstab"
    path.write_text("old\n", encoding="utf-8")
    monkeypatch.setattr(os, "fsync", broken)

    with pytest.raises(StorageError) as raised:
        writer.write_text(str(path), "new\n", "old\n")

    assert raised.value.reason == "unwritable"
    assert path.read_text(encoding="utf-8") == "old\n"
    assert [one.name for one in tmp_path.iterdir()] == ["fstab"]


@pytest.mark.parametrize("expected", ["other\n", None])
def test_file_that_has_changed_is_left_alone(
    writer: AnsibleHost, tmp_path: Path, expected: str | None
) -> None:
    path = tmp_path / "fstab"
    path.write_text("old\n", encoding="utf-8")

    with pytest.raises(StorageError) as raised:
        writer.write_text(str(path), "new\n", expected)

    assert raised.value.reason == "changed_meanwhile"
    assert path.read_text(encoding="utf-8") == "old\n"


@pytest.mark.parametrize("before", [None, 0o644])
def test_file_has_its_mode_from_its_first_byte(
    writer: AnsibleHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int | None
) -> None:
    path = tmp_path / "r0.res"
    if before is not None:
        path.write_text("old\n", encoding="utf-8")
        path.chmod(before)
    seen: list[int] = []
    move = os.replace

    def watched(source: str, target: str) -> None:
        seen.append(Path(source).stat().st_mode & 0o777)
        move(source, target)
        seen.append(Path(target).stat().st_mode & 0o777)

    monkeypatch.setattr(os, "replace", watched)

    writer.write_text(str(path), "secret\n", None if before is None else "old\n", 0o600)

    assert seen == [0o600, 0o600]
    assert writer.mode(str(path)) == 0o600
    assert path.read_text(encoding="utf-8") == "secret\n"
    assert [one.name for one in tmp_path.iterdir()] == ["r0.res"]


def test_missing_file_has_no_mode(machine: AnsibleHost, tmp_path: Path) -> None:
    assert machine.mode(str(tmp_path / "none")) is None


def test_scratch_folder_is_private_and_goes(machine: AnsibleHost, tmp_path: Path) -> None:
    (tmp_path / "other.res").write_text("theirs", encoding="utf-8")

    with machine.scratch(
        {"drbd.conf": "main", "drbd.d/r0.res": "secret"},
        {"drbd.d/other.res": str(tmp_path / "other.res")},
    ) as folder:
        assert Path(folder).stat().st_mode & 0o777 == 0o700
        assert Path(folder, "drbd.d/r0.res").stat().st_mode & 0o777 == 0o600
        assert Path(folder, "drbd.d/r0.res").read_text(encoding="utf-8") == "secret"
        assert Path(folder, "drbd.d/other.res").read_text(encoding="utf-8") == "theirs"

    assert not Path(folder).exists()
    assert (tmp_path / "other.res").exists()


def test_two_writers_wait_for_each_other(writer: AnsibleHost, tmp_path: Path) -> None:
    """The second one finds out that the first has been there."""
    path = tmp_path / "fstab"
    path.write_text("old\n", encoding="utf-8")
    reasons: list[str] = []

    def write() -> None:
        try:
            writer.write_text(str(path), "new\n", "old\n")
        except StorageError as error:
            reasons.append(error.reason)

    with door.locked(str(tmp_path)):
        writers = [threading.Thread(target=write) for _number in range(2)]
        for one in writers:
            one.start()
        assert path.read_text(encoding="utf-8") == "old\n"
    for one in writers:
        one.join()

    assert (path.read_text(encoding="utf-8"), reasons) == ("new\n", ["changed_meanwhile"])


def test_file_that_can_be_written(machine: AnsibleHost, tmp_path: Path) -> None:
    assert machine.can_write(str(tmp_path / "none"))
    assert not machine.can_write(str(tmp_path / "none/below"))


# --- block devices


def test_block_device_has_a_number(machine: AnsibleHost, block_device: str) -> None:
    name = block_device.rpartition("/")[2]
    number = Path(f"/sys/class/block/{name}/dev").read_text(encoding="ascii").strip()

    assert machine.number(block_device) == number


@pytest.mark.parametrize("path", ["/dev/null", "/", "/nowhere/at/all"])
def test_anything_else_has_no_number(machine: AnsibleHost, path: str) -> None:
    assert machine.number(path) == ""


def test_process_that_has_a_device_open_is_named(
    machine: AnsibleHost, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file takes the part of the device: to open one needs rights."""
    device = tmp_path / "device"
    device.touch()
    inode = device.stat().st_ino
    monkeypatch.setattr(door, "block_number", lambda seen: "8:16" if seen.st_ino == inode else "")

    assert "8:16" not in machine.openers()
    with device.open(encoding="utf-8"), device.open(encoding="utf-8"):
        (opener,) = machine.openers()["8:16"]

    assert opener.endswith(f" ({os.getpid()})")


def test_process_that_has_ended_holds_nothing() -> None:
    assert door.held_devices("0") == set()
    assert door.process_name("0") == "a process (0)"


def test_nobody_keeps_what_can_be_opened(machine: AnsibleHost, tmp_path: Path) -> None:
    (tmp_path / "device").touch()

    assert machine.busy(str(tmp_path / "device")) == ""


@pytest.mark.parametrize("number", [errno.EBUSY, errno.ENOENT, errno.EIO, errno.ENOMEDIUM])
def test_device_that_can_not_be_opened_is_busy(
    machine: AnsibleHost, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(*_path: Any, **_how: Any) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", fail)

    assert machine.busy("/dev/sdb") == os.strerror(number)


def test_own_mounts_come_first_and_each_namespace_once(machine: AnsibleHost) -> None:
    first, *others = machine.mount_tables()
    own = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")

    assert first == own
    assert len(set(others)) == len(others) or first not in others


def test_process_that_ends_while_mounts_are_read_is_left_out(
    machine: AnsibleHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "processes", lambda: ("0",))

    assert len(machine.mount_tables()) == 1


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
