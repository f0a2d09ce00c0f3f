# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""writer.py DIRECTORY PREFIX: write files, one after the other, and say of each that it is safe.

A line is printed when a file and its name are on the disk: checksum, name and time.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import random
import sys
import time


def write(path: str, content: bytes) -> None:
    """A new file, on the disk when this returns."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)


def main() -> None:
    directory, prefix = sys.argv[1:]
    parent = os.open(directory, os.O_RDONLY)
    for number in itertools.count():
        name = f"{prefix}-{number}"
        content = os.urandom(random.randint(1, 6000))
        write(f"{directory}/{name}", content)
        os.fsync(parent)
        print(f"{hashlib.sha256(content).hexdigest()}  {name} {time.time():.2f}", flush=True)


if __name__ == "__main__":
    main()
