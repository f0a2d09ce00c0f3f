# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was measured, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

INTRODUCTION = """\
# Benchmarks

Written by `make benchmark` (five rounds, about a quarter of an hour; `ROUNDS=n make benchmark` for
more or less). It makes a container lab of its own and removes it.

Seconds are wall time: the median, in brackets the least and the most. Calls are calls of the
command `gluster` on the node. The contenders take turns within each round, after a round that does
not count. Before a first run the pool is made blank, outside of the measured time. Ratios are taken
round by round; their median is shown. Both collections have the same nodes, `ansible.cfg` and
connection (`docker`, pipelining), and gather no facts. gluster.gluster is 1.0.2, three tasks, once
on the Ansible that brings it (the package ansible 9, whose start-up is shorter), once on ours.
"""

MEANING = """\
## What it means

A first run takes what GlusterFS itself takes, most of it to start the volume, plus Ansible's
start-up and a task; that every node sees every other is asked of each of them. A run that finds
nothing to do makes one call, however many nodes there are, and does not even send the module; the
rest is Ansible's start-up. All containers share one machine: the figures
for many nodes show how calls grow, not how fast that many machines would be. Compare ratios, not
seconds, with those of another machine.
"""


@dataclass(frozen=True)
class Run:
    """One measured run."""

    seconds: float
    calls: int


@dataclass(frozen=True)
class Pair:
    """A first run, and one that finds nothing to do."""

    first: Run
    again: Run


Pairs = Sequence[Pair]


def first(pair: Pair) -> Run:
    """The first run of a pair."""
    return pair.first


def again(pair: Pair) -> Run:
    """The second."""
    return pair.again


def format_seconds(runs: Sequence[Run]) -> str:
    """Median, least and most."""
    seconds = [run.seconds for run in runs]
    return f"{median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f})"


def format_calls(runs: Sequence[Run]) -> str:
    """How many there were, from the least to the most where they differ."""
    counts = sorted({run.calls for run in runs})
    return str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"


def format_row(name: str, pairs: Pairs) -> str:
    """A line of a table."""
    if not pairs:
        return f"| {name} | failed | | | |"
    cells = [name]
    for choose in (first, again):
        runs = [choose(pair) for pair in pairs]
        cells += [format_seconds(runs), format_calls(runs)]
    return f"| {' | '.join(cells)} |"


def format_table(heading: str, rows: Mapping[str, Pairs]) -> str:
    """A table of first runs and runs without a change."""
    head = f"| {heading} | first run, s | calls | no-change run, s | calls |\n|---|---|---|---|---|"
    return "\n".join([head, *(format_row(name, pairs) for name, pairs in rows.items())])


def ratio(parts: Sequence[float], wholes: Sequence[float]) -> float:
    """The median of the rounds' ratios."""
    return median(part / whole for part, whole in zip(parts, wholes))


def format_ratio(what: str, value: float, limit: float) -> str:
    """A ratio beside what it is meant to be at most."""
    verdict = "kept" if value <= limit else "missed"
    return f"- {what}: **{value:.2f}** (meant to be at most {limit:.2f}: {verdict})"


def format_planner(planner: Mapping[str, float]) -> str:
    """Seconds of the planner."""
    rows = [f"| {what} | {value:.3f} |" for what, value in planner.items()]
    return "\n".join(["| plan for a volume of 10,002 bricks | s |", "|---|---|", *rows])
