# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures the contenders on the lab `bench` and writes docs/benchmarks.md. Started by `run`."""

from __future__ import annotations

import os
import platform
import re
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import contenders
import nodes
import report
from contenders import Contender
from planner import measure_planner
from report import Pair, Pairs, Run, format_ratio, ratio

DOCUMENT = Path("docs/benchmarks.md")
SIZES = (3, 6, 12, 24)
BUSY = " **The machine was busy with other work: seconds and ratios say little, calls are exact.**"
OURS, APART, SCRIPT = contenders.ours(3), contenders.ours_apart(3), contenders.script(3)
OTHER = contenders.other("gluster.gluster, ansible 9", contenders.other_program(), 3)
OTHER_HERE = contenders.other("gluster.gluster, the same Ansible as ours", "ansible-playbook", 3)
EMPTY = contenders.empty_play("an empty play, our Ansible", "ansible-playbook", dict(os.environ))
OTHER_EMPTY = contenders.empty_play(
    "an empty play, ansible 9", contenders.other_program(), contenders.other_environment()
)


def say(text: str) -> None:
    """A line of progress."""
    print(f"benchmark: {text}", flush=True)


def timed(contender: Contender, command: Sequence[str]) -> tuple[Run, str]:
    """One run, and what it said."""
    nodes.forget_calls()
    started = time.perf_counter()
    said = nodes.run(*command, environment=contender.environment)
    seconds = time.perf_counter() - started
    return Run(seconds, nodes.count_calls()), said


def measure(contender: Contender, count: int) -> Pair:
    """From blank nodes to pool and volume, checked with GlusterFS itself; then once more."""
    nodes.make_blank(count)
    first, _said = timed(contender, contender.first)
    contenders.check(count)
    again, said = timed(contender, contender.again)
    if re.search(r"changed=[1-9]", said):
        raise nodes.BenchmarkError(f"{contender.name} changes what is as it should be:\n{said}")
    say(
        f"  {contender.name}: first run {first.seconds:.2f} s, {first.calls} calls; "
        f"no change {again.seconds:.2f} s, {again.calls} calls"
    )
    return Pair(first, again)


def measure_empty(contender: Contender) -> Pair:
    """Twice nothing."""
    pair = Pair(*(timed(contender, contender.first)[0] for _time in range(2)))
    say(f"  {contender.name}: {pair.first.seconds:.2f} s, {pair.again.seconds:.2f} s")
    return pair


def one_round(number: int) -> dict[str, Pair]:
    """All contenders; each round another one begins."""
    empty = {c.name: measure_empty(c) for c in (EMPTY, OTHER_EMPTY)}
    order = [OURS, OTHER, SCRIPT, APART, OTHER_HERE]
    order = order[number % 5 :] + order[: number % 5]
    return {**empty, **{c.name: measure(c, 3) for c in order}}


def compare(rounds: int) -> dict[str, Pairs]:
    """The pairs of each contender, round by round."""
    say("three nodes; a round to warm up, which does not count")
    one_round(0)
    measured = []
    for number in range(1, rounds + 1):
        say(f"round {number} of {rounds}, load {os.getloadavg()[0]:.1f}")
        measured.append(one_round(number))
    order = (EMPTY, OTHER_EMPTY, SCRIPT, OURS, APART, OTHER, OTHER_HERE)
    return {c.name: [pairs[c.name] for pairs in measured] for c in order}


def scale(rounds: int) -> dict[str, Pairs]:
    """Our pairs for each size of the pool; a run that fails leaves none."""
    measured: dict[str, Pairs] = {}
    for count in SIZES:
        say(f"{count} nodes, load {os.getloadavg()[0]:.1f}")
        nodes.bring_up(count)
        contender = contenders.ours(count)
        pairs = [pair for _round in range(rounds) for pair in measure_or_tell(contender, count)]
        failed = rounds - len(pairs)
        note = f" ({failed} of {rounds} first runs failed)" if failed else ""
        measured[f"{count} nodes{note}"] = pairs
    return measured


def measure_or_tell(contender: Contender, count: int) -> Pairs:
    """One pair, or none and the error on the terminal."""
    try:
        return (measure(contender, count),)
    except nodes.BenchmarkError as error:
        say(f"FAILED with {count} nodes: {error}")
        return ()


def format_ratios(table: dict[str, Pairs]) -> str:
    """What the collection wants to keep to."""
    start_up, bare = table[EMPTY.name], table[SCRIPT.name]
    lines = []
    for contender in (OURS, APART):
        pairs = table[contender.name]
        own = ratio(
            [pair.first.seconds for pair in pairs],
            [s.first.seconds + b.first.seconds for s, b in zip(start_up, bare)],
        )
        lines.append(
            format_ratio(f"{contender.name}: first run to bare script and start-up", own, 1.15)
        )
        for other in (OTHER, OTHER_HERE):
            no_change = ratio(
                [pair.again.seconds for pair in pairs],
                [pair.again.seconds for pair in table[other.name]],
            )
            lines.append(
                format_ratio(f"{contender.name}: no change, to {other.name}", no_change, 0.5)
            )
    return "\n".join(lines)


def describe(loads: Sequence[float]) -> str:
    """When and on what it was measured."""
    ansible, other = (
        nodes.run(program, "--version").split("\n")[0]
        for program in ("ansible-playbook", contenders.other_program())
    )
    cores = len(os.sched_getaffinity(0))
    return (
        f"{date.today()}: {cores} cores, Linux {platform.release().split('-')[0]}, "
        f"GlusterFS {nodes.gluster_version()}, {ansible} (gluster.gluster: {other}), "
        f"Python {platform.python_version()}. Load average of the machine before, "
        f"between and after: {', '.join(f'{load:.1f}' for load in loads)}."
        + (BUSY if loads[0] > cores / 2 else "")
    )


def main() -> int:
    """Measure, write, show."""
    rounds = int(os.environ.get("ROUNDS", "5"))
    loads = [os.getloadavg()[0]]
    say("bringing up three nodes")
    nodes.bring_up(3)
    table = compare(rounds)
    loads.append(os.getloadavg()[0])
    scale_rounds = (rounds + 1) // 2
    sizes = scale(scale_rounds)
    loads.append(os.getloadavg()[0])
    say("planning")
    figures = "\n\n".join(
        [
            describe(loads),
            report.format_table("pool of three, replica 3", table),
            format_ratios(table),
            report.format_table("clustered.storage, sets of three", sizes),
            report.format_planner(measure_planner(rounds)),
        ]
    )
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(f"{report.INTRODUCTION}\n{figures}\n\n{report.MEANING}", encoding="utf-8")
    print(f"\n{figures}\n\nwritten to {DOCUMENT}")
    return int(any(len(pairs) < scale_rounds for pairs in sizes.values()))


if __name__ == "__main__":
    sys.exit(main())
