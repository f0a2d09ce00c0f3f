# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""seed.py FORMER MOUNT [--check]: copy the files of a directory into an empty volume, once.

How far that is stands in an attribute of the volume's top directory, which all machines see. A run
that was interrupted is completed by the next. What is in the volume is never overwritten.
"""

from __future__ import annotations

import os
import shutil
import sys

MARK = "user.clustered-storage.seed"
BEGUN, DECIDED = b"begun by ", b"decided"
# A file has its own name only when it is complete.
PARTIAL = ".clustered-storage-seed"


def read_mark(mount: str) -> bytes:
    """How far the seeding of this volume is; b"" when nobody has begun."""
    return os.getxattr(mount, MARK) if MARK in os.listxattr(mount) else b""


def seed(former: str, mount: str, *, is_check: bool = False) -> str:
    """Copy what is to be copied; says what was done."""
    if not os.path.ismount(mount):
        raise SystemExit(f"nothing is mounted at {mount}")
    mark = read_mark(mount)
    if mark == DECIDED or not os.path.isdir(former):
        return "nothing to do"
    begun = BEGUN + os.uname().nodename.encode()
    if mark not in (b"", begun):
        raise SystemExit(f"{mark.decode()}, which has to end it first")
    if not mark and os.listdir(mount):
        if not is_check:
            os.setxattr(mount, MARK, DECIDED)
        return "the volume has files of its own, which are left alone"
    if is_check:
        return f"{former} would be copied"
    os.setxattr(mount, MARK, begun)
    count = copy_tree(former, mount, os.path.join(mount, PARTIAL))
    os.setxattr(mount, MARK, DECIDED)
    return f"copied {count} files"


def copy_tree(source: str, target: str, partial: str) -> int:
    """Copy what the target does not have yet; the number of files."""
    count = 0
    for entry in list(os.scandir(source)):
        place = os.path.join(target, entry.name)
        if entry.is_dir(follow_symlinks=False):
            os.makedirs(place, exist_ok=True)
            count += copy_tree(entry.path, place, partial)
            copy_owner(entry.path, place)
        elif not os.path.lexists(place):
            copy_file(entry, place, partial)
            count += 1
    return count


def copy_file(entry: os.DirEntry[str], place: str, partial: str) -> None:
    """A file or symbolic link, by way of a name that nobody looks at."""
    if os.path.lexists(partial):
        os.unlink(partial)
    shutil.copyfile(entry.path, partial, follow_symlinks=False)
    copy_owner(entry.path, partial)
    os.rename(partial, place)


def copy_owner(source: str, target: str) -> None:
    """Owner, mode and times."""
    status = os.lstat(source)
    os.chown(target, status.st_uid, status.st_gid, follow_symlinks=False)
    shutil.copystat(source, target, follow_symlinks=False)


if __name__ == "__main__":
    print(seed(sys.argv[1], sys.argv[2], is_check="--check" in sys.argv))
