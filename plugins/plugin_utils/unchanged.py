# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finding out from the controller that a module has nothing to do, without sending the module.

Most runs of most tasks change nothing. To send and start a module costs five times what the one
command costs that tells so: that command is run first, and the very same planner looks at its
answer here. Whatever else it is, a change, an error, a question that no command can answer, is the
module's, as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible_collections.clustered.storage.plugins.module_utils._engine.converge import Life, live
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import StorageError
from ansible_collections.clustered.storage.plugins.plugin_utils.command_host import (
    CommandHost,
    NeedsModule,
)


class UnchangedAction(NormalAction):
    """An action that sends its module only when there is something to do."""

    argument_spec: dict[str, Any]
    life: Callable[[dict[str, Any]], Life]

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The result of a module, or the same without it."""
        if not self._task.async_val:
            found = self.unchanged()
            if found is not None:
                return {**ActionBase.run(self, tmp, task_vars), **found}
        return super().run(tmp, task_vars)

    def unchanged(self) -> dict[str, Any] | None:
        """The result if nothing is to be done, None if that is not so or can not be told."""
        checked = ArgumentSpecValidator(self.argument_spec).validate(self._task.args)
        if checked.error_messages:
            return None
        try:
            life = self.life(checked.validated_parameters)
            life = replace(life, read=self.reading(life))
            result = live(life, CommandHost(self), check_mode=True)
        except (StorageError, NeedsModule):
            return None
        return None if result["plan"] else result

    def reading(self, life: Life) -> Callable[[CommandHost, Any, str], Any]:
        """The life's reader, which gives up as soon as there is no hope of nothing to do."""

        def read(host: CommandHost, state: Any, part: str) -> Any:
            if state is not None and not self.may_be_unchanged(state):
                raise NeedsModule(part)
            return life.read(host, state, part)

        return read

    def may_be_unchanged(self, state: Any) -> bool:
        """Whether what has been read so far leaves room for a run without a change."""
        return state is not None
