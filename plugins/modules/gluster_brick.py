#!/usr/bin/python

# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: gluster_brick
short_description: A directory that is to become a GlusterFS brick
version_added: 0.1.0
description:
  - Makes sure that a directory of the machine it runs on can become a brick, and makes the
    directory above it.
  - Only the machine itself can see what a directory holds. Run this on every machine before a
    volume is made or grown, then M(clustered.storage.gluster_volume) can not meet a surprise there.
    The role C(clustered.storage.storage_node) does so.
  - A directory that a failed attempt left marked and empty is cleared away. Anything that holds
    files, or belongs to another volume, is refused. No file is ever removed.
options:
  path:
    description: The brick's directory, absolute. GlusterFS makes it itself.
    type: path
    required: true
  volume:
    description:
      - Name of the volume it is or will be a brick of. When it is one already there is nothing to
        do.
    type: str
  mount:
    description:
      - Mount point that has to be there, with O(path) below it. Without it the brick is refused,
        also one that the volume has already. Otherwise a missing disk would go unnoticed, and the
        root disk be filled in its place.
    type: path
  allow_root_partition:
    description: Allow a brick on the root partition, which it could fill.
    type: bool
    default: false
  allow_mount_point:
    description: Allow a mount point itself as a brick. Without its disk, the root disk would be
      filled.
    type: bool
    default: false
  allow_brick_reuse:
    description: Allow a directory that holds files or was a brick; what it holds becomes part of
      the volume.
    type: bool
    default: false
seealso:
  - module: clustered.storage.gluster_volume
requirements:
  - GlusterFS 6 or later, with its daemon running on this machine
  - Python 3.9 or later on this machine
author:
  - clustered.storage contributors (@clustered-storage)
attributes:
  check_mode:
    support: full
    description: The plan of check mode is the plan of the real run, and so is a refusal.
  diff_mode:
    support: full
    description: Shows what changes, made from the same plan.
  platform:
    support: full
    platforms: posix
    description: Runs where the tools of GlusterFS run.
"""

EXAMPLES = r"""
---
- name: See to the brick's directory on every node
  clustered.storage.gluster_brick:
    path: /srv/gluster/vol1/brick
    volume: vol1

- name: The brick lies on a disk of its own, which has to be mounted
  clustered.storage.gluster_brick:
    path: /srv/disk1/brick
    volume: vol1
    mount: /srv/disk1
"""

RETURN = r"""
---
brick:
  description: The directory.
  returned: success
  type: dict
  contains:
    path:
      description: The path in its normal form.
      type: str
    exists:
      description: Whether it exists.
      type: bool
    volume_id:
      description: UUID of the volume it is marked for, empty for none.
      type: str
plan:
  description:
    - The steps in their order. In check mode they are what would run, otherwise what ran.
    - After a failure they are the steps that ran, and last the one that failed.
  returned: always
  type: list
  elements: dict
  contains:
    why:
      description: The reason for the step, in words.
      type: str
    command:
      description: The exact command.
      type: str
    destroys:
      description: Whether the step destroys data.
      type: bool
    failed:
      description: V(true) for the step that failed.
      returned: only for that step
      type: bool
reason:
  description: A code for the kind of failure, to be matched by C(failed_when) or a rescue block.
  returned: failure
  type: str
  sample: shrink_refused
remedy:
  description: What to do about the failure.
  returned: failure
  type: str
"""

from functools import partial
from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._engine.converge import (
    Life,
    converge,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.format import (
    format_directory,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.plan import plan_brick
from ansible_collections.clustered.storage.plugins.module_utils._gluster.read import (
    brick_subject,
    read_cluster,
    run_gluster,
)
from ansible_collections.clustered.storage.plugins.module_utils._gluster.wanted import (
    wanted_local_brick,
)

ARGUMENT_SPEC = {
    "path": {"type": "path", "required": True},
    "volume": {"type": "str"},
    "mount": {"type": "path"},
    "allow_root_partition": {"type": "bool", "default": False},
    "allow_mount_point": {"type": "bool", "default": False},
    "allow_brick_reuse": {"type": "bool", "default": False},
}


def life(params: dict[str, Any]) -> Life:
    """The life cycle for these parameters."""
    wanted = wanted_local_brick(params)
    return Life(
        read=read_cluster(brick_subject(wanted)),
        plan=partial(plan_brick, wanted=wanted),
        run=run_gluster,
        format_result=partial(format_directory, path=wanted.path),
        format_diff=partial(format_directory, path=wanted.path),
    )


def main() -> None:
    """Run the module."""
    converge(ARGUMENT_SPEC, life)


if __name__ == "__main__":
    main()
