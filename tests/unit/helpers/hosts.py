# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stand-ins for the machine: a strict list of calls, and nothing but a clock."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.clustered.storage.plugins.module_utils._engine.host import Output

OK = "<?xml version='1.0'?><cliOutput><opRet>0</opRet><opErrno>0</opErrno><opErrstr/></cliOutput>"


def reply(stdout: str = OK, rc: int = 0, stderr: str = "") -> Output:
    """What a command leaves behind; without words, a plain success."""
    return Output(rc, stdout, stderr)


def refused(words: str, errno: int = 30800) -> Output:
    """How glusterd refuses: with exit status 0."""
    return reply(
        f"<?xml version='1.0'?><cliOutput><opRet>-1</opRet><opErrno>{errno}</opErrno>"
        f"<opErrstr>{words}</opErrstr></cliOutput>"
    )


@dataclass
class Clock:
    """Time that passes only while somebody sleeps."""

    seconds: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


class ScriptedHost(Clock):
    """A machine that expects these calls, each once and in this order, and no others."""

    def __init__(self, *calls: tuple[str, Output]) -> None:
        super().__init__()
        self._calls = list(calls)
        self.texts: dict[str, str] = {}
        self.folders: dict[str, tuple[str, ...]] = {}
        self.resolves: dict[str, tuple[str, ...]] = {}
        self.links: dict[str, str] = {}
        self.contents: dict[str, bytes] = {}
        self.claimed: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.opened: dict[str, tuple[str, ...]] = {}
        self.tables: tuple[str, ...] = ("",)
        self.missing: tuple[str, ...] = ()
        self.unwritable: tuple[str, ...] = ()

    def run(self, argv: Sequence[str], stdin: str = "") -> Output:
        called = f"{shlex.join(argv)}{f' <<< {stdin!r}' if stdin else ''}"
        assert self._calls, f"unexpected call: {called}"
        expected, output = self._calls.pop(0)
        assert called == expected, f"{called} was called instead of {expected}"
        return output

    def verify(self) -> None:
        """No expected call has been left out."""
        assert [call for call, _output in self._calls] == []

    def text(self, path: str) -> str | None:
        return self.texts.get(path)

    def entries(self, path: str) -> tuple[str, ...] | None:
        return self.folders.get(path)

    def addresses(self, name: str) -> tuple[str, ...]:
        return self.resolves.get(name, ())

    def is_local(self, address: str) -> bool:
        return address.startswith("127.")

    def answers(self, _address: str, _port: int) -> bool:
        return True

    def xattr(self, _path: str, _name: str) -> bytes:
        return b""

    def device(self, path: str) -> int | None:
        return 1 if path == "/" or path in self.folders else None

    def real_path(self, path: str) -> str:
        return self.links.get(path, path)

    def file_system(self, _path: str) -> str:
        return "8:1"

    def can_write(self, path: str) -> bool:
        return path not in self.unwritable

    def finds(self, program: str) -> bool:
        return program not in self.missing

    def read_at(self, path: str, offset: int, size: int) -> bytes:
        return self.contents.get(path, b"")[offset : offset + size]

    def busy(self, device: str) -> str:
        return self.claimed.get(device, "")

    def number(self, path: str) -> str:
        return self.numbers.get(path, "")

    def openers(self) -> Mapping[str, tuple[str, ...]]:
        return self.opened

    def mount_tables(self) -> tuple[str, ...]:
        return self.tables

    def write_text(self, path: str, text: str, expected: str | None) -> None:
        assert self.texts.get(path) == expected
        self.texts[path] = text
