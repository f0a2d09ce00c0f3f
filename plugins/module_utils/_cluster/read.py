# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asking Pacemaker.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from ansible_collections.clustered.storage.plugins.module_utils._cluster import commands, parse
from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import Cluster
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.module_utils._engine.host import Host

# CRM_EX_DISCONNECT, include/crm/common/results.h: the daemon is not there.
NOT_CONNECTED = 102
MORE_TIMES = 5


def read_cluster(host: Host) -> Cluster | None:
    """What Pacemaker says, or None where it is not installed or does not run."""
    if not host.finds(commands.query_cib()[0]):
        return None
    cib = ask(host, commands.query_cib())
    status = None if cib is None else ask(host, commands.show_status())
    return None if cib is None or status is None else parse.parse_cluster(cib, status)


def ask(host: Host, argv: commands.Command) -> str | None:
    """The answer of a command, None where Pacemaker does not run.

    While Pacemaker is busy, crm_mon may end well and say nothing: then it is asked again.
    """
    output = host.run(argv)
    for _time in range(MORE_TIMES):
        if output.rc or output.stdout.strip():
            break
        host.sleep(1)
        output = host.run(argv)
    if output.rc == NOT_CONNECTED:
        return None
    if output.rc:
        words = (output.stderr or output.stdout).strip()
        raise StorageError(
            "tool_failed",
            f"{' '.join(argv)} failed with status {output.rc}: {words[-500:]}",
            "See the state of Pacemaker: systemctl status pacemaker, crm_mon -1.",
        )
    return output.stdout
