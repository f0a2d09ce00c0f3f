# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running a module that may take hours, and saying meanwhile how far it is.

The module runs on its machine as a job of Ansible's own, as with ``async``: it goes on when the
connection breaks. The end of it is the result of the task, the same as without all this.
"""

from __future__ import annotations

import time
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.playbook.task import Task
from ansible.plugins.action import ActionBase
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.display import Display

SAY_SECONDS = 10
# It is asked after a tenth of the time that it has taken, and within these.
ASK_SECONDS = (1.0, 15.0)
LOST_SECONDS = 300
# What Ansible says of a job, and the module does not.
OF_THE_JOB = ("ansible_job_id", "results_file", "started", "finished")
OF_COMMANDS = ("stdout", "stderr", "stdout_lines", "stderr_lines")


class WatchedAction(NormalAction):
    """An action that says how far its module is."""

    def is_long(self) -> bool:
        """Whether it may take long, from the parameters of the task."""
        raise NotImplementedError

    def figures(self) -> str:
        """How far it is, "" while there is nothing to say."""
        raise NotImplementedError

    def job_seconds(self) -> int:
        """More than it can take, all its waits together: after that it is given up."""
        raise NotImplementedError

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The result of the module."""
        if self._task.async_val or self._task.check_mode or not self.is_long():
            return super().run(tmp, task_vars)
        self._task.async_val = self.job_seconds()
        try:
            begun = super().run(tmp, task_vars)
        finally:
            self._task.async_val = 0
        job = begun.get("ansible_job_id")
        return self.watch(job, task_vars or {}) if job else begun

    def watch(self, job: str, task_vars: dict[str, Any]) -> dict[str, Any]:
        """The result of the job once it has ended."""
        host = task_vars.get("inventory_hostname", "")
        begun = heard = time.monotonic()
        said = begun - SAY_SECONDS  # the first figures at once
        while True:
            least, most = ASK_SECONDS
            time.sleep(min(most, max(least, (time.monotonic() - begun) / 10)))
            try:
                answer = self.ask(job, "status", task_vars)
                heard = time.monotonic()
                if answer.get("finished"):
                    self.ask(job, "cleanup", task_vars)
                    return own(answer)
                if heard - begun > self.job_seconds():
                    return lost(job)
                if heard - said >= SAY_SECONDS:
                    said = heard
                    say(host, self.figures())
            except AnsibleConnectionFailure as error:
                if time.monotonic() - heard > LOST_SECONDS:
                    raise
                say(host, f"the connection is lost, and tried again: {error}")
                self._connection.reset()

    def ask(self, job: str, mode: str, task_vars: dict[str, Any]) -> dict[str, Any]:
        """What Ansible's own action says of the job."""
        args = {"jid": job, "mode": mode}
        task = {"ansible.legacy.async_status": args, "environment": self._task.environment}
        action: ActionBase = self._shared_loader_obj.action_loader.get(
            "ansible.legacy.async_status",
            task=Task.load(task),
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=self._shared_loader_obj,
        )
        return action.run(task_vars=task_vars)


def say(host: str, words: str) -> None:
    """A line of progress, if there is anything to be said."""
    if words:
        Display().display(f"{host}: {words}")


def lost(job: str) -> dict[str, Any]:
    """The failure for a job that does not end."""
    return {
        "failed": True,
        "reason": "job_lost",
        "msg": f"The job {job} has not ended in time. Was the machine rebooted meanwhile?",
        "remedy": "Look at the machine, and run this again: it goes on with what it finds.",
    }


def own(answer: dict[str, Any]) -> dict[str, Any]:
    """The module's own part of an answer."""
    empty = tuple(name for name in OF_COMMANDS if not answer.get(name))
    return {name: one for name, one in answer.items() if name not in (*OF_THE_JOB, *empty)}
