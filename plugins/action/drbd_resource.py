# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""drbd_resource, which says how far the copying is while it waits for the data."""

from __future__ import annotations

from ansible_collections.clustered.storage.plugins.module_utils._drbd import commands
from ansible_collections.clustered.storage.plugins.module_utils._drbd.model import Status
from ansible_collections.clustered.storage.plugins.module_utils._drbd.progress import data_words
from ansible_collections.clustered.storage.plugins.module_utils._drbd.read import read_status
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.modules.drbd_resource import ARGUMENT_SPEC
from ansible_collections.clustered.storage.plugins.plugin_utils.command_host import CommandHost
from ansible_collections.clustered.storage.plugins.plugin_utils.watched import WatchedAction


class ActionModule(WatchedAction):
    """The action of the module of that name."""

    def is_long(self) -> bool:
        """A sync of large disks takes hours; where there is nothing to copy, it is over at once."""
        if self._task.args.get("wait_for") != "uptodate" or not self.timeout().isdigit():
            return False
        status = self.status()
        return status is None or not status.is_up_to_date

    def timeout(self) -> str:
        """Of each wait, in seconds, as it was written."""
        return str(self._task.args.get("timeout", ARGUMENT_SPEC["timeout"]["default"]))

    def job_seconds(self) -> int:
        """Three waits, for the peer and twice for data, and the commands between them."""
        return 4 * int(self.timeout()) + 600

    def figures(self) -> str:
        """What is missing, with percent, KiB and seconds of what is being copied."""
        status = self.status()
        return "" if status is None or status.is_up_to_date else data_words(status)

    def status(self) -> Status | None:
        """The state of the resource; None while it is not up, or can not be read."""
        host = CommandHost(self)
        kernel = host.run(("cat", commands.VERSION_FILE)).stdout.strip()
        try:
            return read_status(host, kernel, self._task.args.get("name", ""), ())
        except StorageError:
            return None
