# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Molecule's output from standard input, as a line for each action with the seconds it took."""

from __future__ import annotations

import re
import sys
import time

ACTION = re.compile(r"INFO +\[(?P<action>[^\]]+)\] (?P<what>Executing|Executed: .*)$")
# The last is what the virtual machines' tests say of how far they are.
WORTH_READING = re.compile(
    r"^(fatal:|failed:|ERROR|CRITICAL|E  )|FAILED!|^\[ERROR\]|^  \+ *\d+ s  (?!waiting)"
)
LONGEST_LINE = 400


def main() -> None:
    started: dict[str, float] = {}
    for line in map(str.rstrip, sys.stdin):
        found = ACTION.search(line)
        if found and found["what"] == "Executing":
            started[found["action"]] = time.monotonic()
        elif found:
            seconds = time.monotonic() - started.get(found["action"], time.monotonic())
            print(f"{seconds:6.0f} s  {found['action']}: {found['what']}", flush=True)
        elif WORTH_READING.search(line):
            print(line[:LONGEST_LINE], flush=True)


if __name__ == "__main__":
    main()
