#!/usr/bin/python

# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: pacemaker_gfs2_info
short_description: A Pacemaker cluster, its fencing and its GFS2 file systems
version_added: 0.1.0
description:
  - Tells what Pacemaker says about the cluster, its fence devices and resources, and what the
    superblock of each GFS2 says that it mounts.
  - Where Pacemaker does not run, or is not installed, RV(running) is V(false) and the rest is
    empty.
options: {}
seealso:
  - module: clustered.storage.pacemaker_gfs2
requirements:
  - Pacemaker 2.1 or later, with its command line tools
  - Python 3.9 or later on this machine
author:
  - clustered.storage contributors (@clustered-storage)
attributes:
  check_mode:
    support: full
    description: It never changes anything.
  diff_mode:
    support: N/A
    description: It never changes anything.
  platform:
    support: full
    platforms: posix
    description: Runs where Pacemaker runs.
"""

EXAMPLES = r"""
---
- name: See the cluster
  clustered.storage.pacemaker_gfs2_info:
  register: __pair

- name: Each node has a fence device that runs
  ansible.builtin.assert:
    that:
      - __pair.cluster.fencing.enabled
      - __pair.cluster.fencing.devices | selectattr('started_on') | list | length > 0
"""

RETURN = r"""
---
running:
  description: Whether Pacemaker runs on this machine.
  returned: success
  type: bool
cluster:
  description: The cluster, as Pacemaker sees it.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      type: str
    has_quorum:
      description: Whether it has quorum.
      type: bool
    nodes:
      description: Its nodes, each with C(name) and C(state).
      type: list
      elements: dict
    properties:
      description: Its properties.
      type: dict
    fencing:
      description:
        - Whether fencing is C(enabled), and the C(devices), each with C(id), C(agent), the nodes
          that it is C(started_on), and whether it C(pretends).
      type: dict
    fence_constraints:
      description: Ids of the constraints by which DRBD keeps a node from being promoted.
      type: list
      elements: str
    objects:
      description:
        - All resources, each with C(id), C(agent), the nodes that it is C(active_on) and
          C(promoted_on).
      type: list
      elements: dict
    mounts:
      description:
        - Where Pacemaker has GFS2 mounted, each with C(node), C(path), C(device) and C(resource).
      type: list
      elements: dict
    failures:
      description:
        - Operations that failed and were not cleaned up, each with C(resource), C(node), C(task)
          and C(words).
      type: list
      elements: dict
filesystems:
  description:
    - Each GFS2 that Pacemaker mounts. What can not be read on this node is left out.
  returned: success
  type: list
  elements: dict
  contains:
    resource:
      description: Id of its resource.
      type: str
    device:
      description: Its device.
      type: str
    mount_point:
      description: Where it is mounted.
      type: str
    mounted_on:
      description: The nodes that have it mounted.
      type: list
      elements: str
    uuid:
      description: Its UUID.
      type: str
      returned: where the device can be read
    lock_table:
      description: Its lock table.
      type: str
      returned: where the device can be read
    lock_protocol:
      description: Its lock protocol.
      type: str
      returned: where the device can be read
    journals:
      description: How many journals it has.
      type: int
      returned: where the device can be read
reason:
  description: A code for the kind of failure.
  returned: failure
  type: str
remedy:
  description: What to do about the failure.
  returned: failure
  type: str
"""

from typing import Any

from ansible_collections.clustered.storage.plugins.module_utils._engine.converge import inform
from ansible_collections.clustered.storage.plugins.module_utils._pacemaker.info import read_info

ARGUMENT_SPEC: dict[str, Any] = {}


def main() -> None:
    """Run the module."""
    inform(ARGUMENT_SPEC, read_info)


if __name__ == "__main__":
    main()
