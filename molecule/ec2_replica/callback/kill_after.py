# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kills ansible-playbook right after something has changed, as a power cut would."""

from __future__ import annotations

import os
import signal
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: kill_after
type: notification
short_description: Kill the run after a change
description:
  - Kills it after KILL_AFTER_CHANGES changes by tasks that have KILL_AFTER_TASK in their names.
"""


class CallbackModule(CallbackBase):
    """Counts changes."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "kill_after"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._left = int(os.environ.get("KILL_AFTER_CHANGES", "1"))

    def _see(self, result: Any) -> None:
        is_change = result.result.get("changed") and "results" not in result.result
        if not is_change or os.environ.get("KILL_AFTER_TASK", "") not in result.task.get_name():
            return
        self._left -= 1
        if self._left <= 0:
            print(f"killed after {result.task.get_name()}", flush=True)
            os.killpg(0, signal.SIGKILL)

    def v2_runner_on_ok(self, result: Any) -> None:
        self._see(result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        self._see(result)
