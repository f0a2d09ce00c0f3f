# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes all that a lab has: .venv/bin/python -m lab.ec2.embedded.hypervisor NAME."""

from __future__ import annotations

import logging
import sys

from .apply import FollowError, follow
from .model import Site


def main() -> int:
    """Follow nothing; 1 when something stays."""
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stderr)
    try:
        follow(Site(), sys.argv[1])
    except FollowError as error:
        print(f"down: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
