# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is waited for: each says what is still missing in crm_mon's answer. Pure.

Private to the clustered.storage collection: it may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ansible_collections.clustered.storage.plugins.module_utils._cluster.commands import show_status
from ansible_collections.clustered.storage.plugins.module_utils._cluster.model import (
    Failure,
    Instance,
    active_on,
    promoted_on,
)
from ansible_collections.clustered.storage.plugins.module_utils._cluster.parse import (
    parse_failures,
    parse_instances,
    parse_xml,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.errors import (
    StorageError,
    format_names,
)
from ansible_collections.clustered.storage.plugins.module_utils._engine.plan import Step

# A failed start is not tried again on the node; a failed monitor is followed by another start.
START = "start"

Where = Callable[[Iterable[Instance], str], tuple[str, ...]]
# What is missing, by what runs and what has failed.
Judge = Callable[[tuple[Instance, ...], tuple[Failure, ...]], str]


def missing_by(judge: Judge) -> Callable[[str], str]:
    """What a judge of crm_mon's answer misses; while Pacemaker is busy that may be empty."""

    def missing(text: str) -> str:
        if not text.strip():
            return "crm_mon says nothing"
        seen = parse_xml(text, "crm_mon")
        return judge(tuple(parse_instances(seen)), parse_failures(seen))

    return missing


def failures_in_words(failures: Iterable[Failure]) -> str:
    """Failures in one line."""
    return "; ".join(f"{f.task} of {f.resource} on {f.node}: {f.words}" for f in failures)


def wait_started(places: Mapping[str, tuple[str, ...]], timeout: int) -> Step:
    """Until fence devices run, which Pacemaker says only after their monitor was content.

    ``places`` are the nodes that each of them may run on.
    """

    def missing(instances: tuple[Instance, ...], failures: tuple[Failure, ...]) -> str:
        idle = [name for name in places if not active_on(instances, name)]
        for name in idle:
            failed = [f for f in failures if f.resource == name and f.task == START]
            refuse_failed(name, failed, places[name])
        return f"{format_names(idle)} not started" if idle else ""

    why = f"wait until {format_names(places)} {'is' if len(places) == 1 else 'are'} started"
    return Step(why, show_status(), until=missing_by(missing), timeout_seconds=timeout)


def refuse_failed(device: str, failures: list[Failure], nodes: tuple[str, ...]) -> None:
    """A device that failed wherever it may run will not start by itself."""
    if failures and {failure.node for failure in failures} >= set(nodes):
        raise StorageError(
            "stonith_not_started",
            f"The fence device {device} does not start: {failures_in_words(failures)}.",
            "Try the agent by hand with the same options and action monitor; then run this again.",
        )


def wait_on(resource: str, nodes: tuple[str, ...], where: Where, words: str, timeout: int) -> Step:
    """Until a resource is so on all of the nodes."""

    def missing(instances: tuple[Instance, ...], failures: tuple[Failure, ...]) -> str:
        left = sorted(set(nodes) - set(where(instances, resource)))
        if not left:
            return ""
        own = failures_in_words(f for f in failures if f.resource == resource)
        return f"not {words} on {format_names(left)}{f' ({own})' if own else ''}"

    why = f"wait until {resource} is {words} on {format_names(nodes)}"
    return Step(why, show_status(), until=missing_by(missing), timeout_seconds=timeout)


def wait_promoted(resource: str, nodes: tuple[str, ...], timeout: int) -> Step:
    """Until DRBD is promoted on all of the nodes."""
    return wait_on(resource, nodes, promoted_on, "promoted", timeout)


def wait_mounted(resource: str, nodes: tuple[str, ...], timeout: int) -> Step:
    """Until the file system is mounted on all of the nodes."""
    return wait_on(resource, nodes, active_on, "mounted", timeout)


def wait_stopped(resource: str, timeout: int) -> Step:
    """Until a resource runs nowhere, not even failed."""

    def missing(instances: tuple[Instance, ...], failures: tuple[Failure, ...]) -> str:
        left = {n for one in instances if resource in (one.id, *one.within) for n in one.nodes}
        own = failures_in_words(f for f in failures if f.resource == resource)
        return f"still on {format_names(sorted(left))}{f' ({own})' if own else ''}" if left else ""

    why = f"wait until {resource} is stopped everywhere"
    return Step(why, show_status(), until=missing_by(missing), timeout_seconds=timeout)
