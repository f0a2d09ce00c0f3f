# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The managed machine as an action sees it, which has a connection and no module there."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Sequence
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.clustered.storage.plugins.module_utils._engine.host import Output

# getent(1): one or more of the keys could not be found.
GETENT_NOTHING = 2
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class NeedsModule(Exception):
    """The planner asks for something that only a module on the machine can see."""


class CommandHost:
    """The managed machine through its connection: what commands can tell, and nothing else."""

    def __init__(self, action: ActionBase) -> None:
        self._action = action

    def run(self, argv: Sequence[str]) -> Output:
        """The command's output; it runs in the C locale."""
        environment = self._action._compute_environment_string()
        command = f"{environment} LANGUAGE=C LC_ALL=C {shlex.join(argv)}".strip()
        answer = self._action._low_level_execute_command(command)
        return Output(answer["rc"], plain(answer["stdout"]), plain(answer["stderr"]))

    def addresses(self, name: str) -> tuple[str, ...]:
        """The addresses that a host name resolves to there; none when it does not."""
        answer = self.run(("getent", "ahosts", name))
        if answer.rc not in (0, GETENT_NOTHING):
            raise NeedsModule("addresses")
        return tuple(sorted({line.split()[0] for line in answer.stdout.splitlines() if line}))

    def is_local(self, address: str) -> bool:
        """Whether an address belongs to that machine."""
        answer = self.run(("ip", "-oneline", "address", "show", "to", address))
        if answer.rc:
            raise NeedsModule("is_local")
        return bool(answer.stdout.strip())

    def now(self) -> float:
        """Seconds on a clock that only moves forward."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Pause."""
        time.sleep(seconds)

    def __getattr__(self, name: str) -> Any:
        raise NeedsModule(name)


def plain(text: str) -> str:
    """Output without what a terminal adds: Ansible gives a command one, and some tools colour."""
    return COLOUR.sub("", text).replace("\r\n", "\n")
