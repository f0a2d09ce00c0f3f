# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fails when the unit tests left a function of plan.py, parse.py and kin unexecuted."""

from __future__ import annotations

import json
import sys
from pathlib import Path

REPORT = Path(".cache/coverage.json")  # made by `coverage json`
MODULE_UTILS = Path("plugins/module_utils")


def is_to_be_complete(path: Path) -> bool:
    """Whether it lies in a tool's folder; what reads the host has other tests."""
    folder = path.parent
    return folder.parent == MODULE_UTILS and folder.name != "_engine" and path.name != "read.py"


def unexecuted(files: dict) -> list[str]:
    """Names of the functions without an executed line, as path:line name."""
    return [
        f"{path}:{function['start_line']} {name}"
        for path, measured in sorted(files.items())
        if is_to_be_complete(Path(path))
        for name, function in measured["functions"].items()
        if name and function["missing_lines"] and not function["executed_lines"]
    ]


def main() -> int:
    report = json.loads(REPORT.read_text(encoding="utf-8"))
    missing = unexecuted(report["files"])
    for name in missing:
        print(f"never executed by a unit test: {name}")
    print(f"coverage of plugins: {report['totals']['percent_covered']:.0f} % of lines and branches")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
