# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""gluster_volume, without sending the module when ``volume info`` shows that all is as wanted."""

from __future__ import annotations

from ansible_collections.clustered.storage.plugins.module_utils._gluster.model import Cluster
from ansible_collections.clustered.storage.plugins.modules.gluster_volume import (
    ARGUMENT_SPEC,
    life,
)
from ansible_collections.clustered.storage.plugins.plugin_utils.unchanged import UnchangedAction


class ActionModule(UnchangedAction):
    """The action of the module of that name."""

    argument_spec = ARGUMENT_SPEC
    life = staticmethod(life)

    def may_be_unchanged(self, state: Cluster) -> bool:
        """Not if the volume has yet to be made."""
        name = self._task.args.get("name", self._task.args.get("volume"))
        return state.volumes is None or state.volume(name) is not None
