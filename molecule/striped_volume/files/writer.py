# Copyright: (c) 2026, clustered.storage contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""writer.py DIR STOP: make, change, rename and delete files until STOP is there.

Each change is on disk before the next one. Prints the checksums that the files have to have, in the
way of the script `checksums`. What fails is tried again for some seconds, as by any program that
writes while files move: a rename may not find its file, and a write to a brick that goes fails.
"""

import hashlib
import os
import random
import sys
import time
from collections.abc import Callable

MB = 1 << 20
SIZES = (0, 1, 70_000, 3 * MB, 9 * MB)
TOTAL = 80 * MB
KINDS = {"make": 8, "append": 4, "overwrite": 3, "shorten": 1, "rename": 1, "delete": 2}


def put(path: str, offset: int, data: bytes) -> None:
    """Write at an offset, and wait until it is on disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.lseek(descriptor, offset, os.SEEK_SET)
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left[: 128 << 10]) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def again(do: Callable[[], None]) -> None:
    """Do it, and when that fails, do it again."""
    for _attempt in range(20):
        try:
            return do()
        except OSError as error:
            print(error, file=sys.stderr)
            time.sleep(0.2)
    return do()


def change(chance: random.Random, top: str, files: dict[str, bytearray], number: int) -> None:
    """One change of one file, on the volume and in what it should be."""
    name = chance.choice(sorted(files)) if files else ""
    full = sum(map(len, files.values())) > TOTAL
    kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
    if not name or (kind == "make" and not full):
        name = f"file{number}"
        files[name] = bytearray(chance.randbytes(chance.choice(SIZES)))
        again(lambda: put(f"{top}/{name}", 0, files[name]))
    elif kind == "append" and not full:
        data = chance.randbytes(chance.randrange(2 * MB))
        again(lambda: put(f"{top}/{name}", len(files[name]), data))
        files[name] += data
    elif kind == "overwrite" and files[name]:
        start = chance.randrange(len(files[name]))
        data = chance.randbytes(min(MB, len(files[name]) - start))
        again(lambda: put(f"{top}/{name}", start, data))
        files[name][start : start + len(data)] = data
    elif kind == "shorten":
        del files[name][len(files[name]) // 2 :]
        again(lambda: os.truncate(f"{top}/{name}", len(files[name])))
    elif kind == "rename":
        again(lambda: os.rename(f"{top}/{name}", f"{top}/renamed{number}"))
        files[f"renamed{number}"] = files.pop(name)
    elif kind == "delete" or full:
        again(lambda: os.unlink(f"{top}/{name}"))
        del files[name]


def main(top: str, stop: str) -> None:
    """Change files until told to stop."""
    os.makedirs(top)
    files: dict[str, bytearray] = {}
    chance, number = random.Random(top), 0
    while not os.path.exists(stop):
        number += 1
        change(chance, top, files, number)
        time.sleep(0.1)  # a load, not the heaviest: two processors do all of this
    for name in sorted(files):
        print(f"{hashlib.sha256(files[name]).hexdigest()}  ./{name}")
    print(f"{number} changes", file=sys.stderr)


main(sys.argv[1], sys.argv[2])
